/** The figures of a window: which there are, of which columns, with which parameters. */

import { OrielError, show } from '../base/errors';
import { type Extent, lengthOf } from './duration';
import { type ColumnIn, conditionOf, Expression, type TextIn } from './expression';

/** What an aggregate does with strings of a column: none may come, it sees whether there is one, it tells them apart, it gives them back. */
export type StringUse = 'none' | 'present' | 'hashed' | 'kept';

/** How a figure that is a list of numbers comes out of the core, and what is made of it. */
export interface ListOf<Result> {
  /** How many numbers there can be at the most. */
  readonly most: number;
  /** @param meaning what a number that the aggregate was given stands for: itself, or a string of the column */
  read(values: Float64Array, meaning: (number: number) => number | string): Result;
}

/** What an aggregate is of: a column by its name, or an expression; `AnyOf` where strings will do. */
export type Of = string | Expression<string, number, string>;
export type AnyOf = string | Expression;

/** A value of what was given: NaN where a number is missing, null where a string is. */
export type ValueIn<Given> = Given extends Expression<string, infer Value> ? Value : number;

/** Any aggregate. */
export type AnyAggregate = Aggregate<string, unknown, string>;

/** One figure of a window, as the functions below make it; a plain value that several streams may share. */
export class Aggregate<Column extends string = string, Result = number, Text extends string = never> {
  /** Only there for inference. */
  declare readonly result?: Result;
  declare readonly column?: readonly Column[];
  declare readonly text?: readonly Text[];

  constructor(
    /** The aggregate of the core that it is; or `'record'`, of others. */
    readonly kind: string,
    /** What it is of: none, one or two columns. */
    readonly columns: readonly (string | Expression)[] = [],
    /** Numbers that belong to its definition. Of an aggregate that reads the state of another only the first is its own. */
    readonly parameters: readonly number[] = [],
    readonly list?: ListOf<Result>,
    readonly fields?: Readonly<Record<string, AnyAggregate>>,
    /** What it does with strings in each of the columns; of those that are not there it takes none. */
    readonly texts: readonly StringUse[] = [],
    /** Which events it is of; none: all of them. */
    readonly condition?: Expression,
  ) {}

  /**
   * The same over those events alone for which a condition holds. Of several all have to hold.
   * @throws {OrielError} ERR_ORIEL_SPEC
   *
   * @example count().where(col('status').gte(500))
   */
  where<O extends Expression<string, number, string>>(
    condition: O,
  ): Aggregate<Column | ColumnIn<O>, Result, Text | TextIn<O>> {
    const given = conditionOf('where', condition);
    const both = this.condition ? new Expression('and', [this.condition, given]) : given;
    return new Aggregate(this.kind, this.columns, this.parameters, this.list, this.fields, this.texts, both);
  }
}

/** An aggregate of the core by its name: what the functions below are made of. */
export function aggregate<O extends Of>(kind: string, ...columns: O[]): Aggregate<ColumnIn<O>, number, TextIn<O>> {
  return new Aggregate(
    kind,
    columns.map((column) => columnOf(kind, column)),
  );
}

/** The same with parameters, and with what becomes a list of numbers. */
export function withParameters<O extends Of, Result = number>(
  kind: string,
  column: O,
  parameters: readonly number[],
  list?: ListOf<Result>,
): Aggregate<ColumnIn<O>, Result, TextIn<O>> {
  return new Aggregate(kind, [columnOf(kind, column)], parameters, list);
}

/** An aggregate of one column, which may hold strings. */
export function ofAny<Result>(
  kind: string,
  column: unknown,
  texts: StringUse,
  parameters: readonly number[] = [],
  list?: ListOf<Result>,
): Aggregate<never, Result, never> {
  return new Aggregate(kind, [columnOf(kind, column, texts)], parameters, list, undefined, [texts]);
}

/** Several figures as one that has them as fields. */
function record<Result>(fields: { [Name in keyof Result]: AnyAggregate }): Aggregate<never, Result, never> {
  return new Aggregate<never, Result, never>('record', [], [], undefined, fields);
}

/** A length of time that is more than 0. */
function lengthAbove0(extent: Extent, field: string): number {
  const length = lengthOf(extent, field);
  if (length > 0) return length;
  throw new OrielError('ERR_ORIEL_SPEC', `${field}: expected a length of time of more than 0, got ${show(extent)}`);
}

/** A column as an aggregate was given it. @throws {OrielError} ERR_ORIEL_SPEC */
export function columnOf(kind: string, column: unknown, texts: StringUse = 'none'): string | Expression {
  if (typeof column === 'string' && column !== '') return column;
  if (column instanceof Expression && (column.op !== 'text' || texts !== 'none')) return column;
  const accepted = "the name of a column or an expression, such as col('a').mul(col('b'))";
  const instead =
    column instanceof Expression ? `text(${show(column.operands[0])}): it has no use for strings` : show(column);
  throw new OrielError('ERR_ORIEL_SPEC', `${kind}: expected ${accepted}, got ${instead}`);
}

/** Number of events, or, of a column, of its values: of events where it is not missing. */
export function count(): Aggregate<never, number, never>;
export function count<O extends AnyOf>(column: O): Aggregate<ColumnIn<O>, number, TextIn<O>>;
export function count(column?: unknown): Aggregate<never, number, never> {
  return column === undefined ? new Aggregate('events') : ofAny('count', column, 'present');
}

/** Sum of the values, compensated: within an ulp of the exact sum for ordinary data. */
export const sum = <O extends Of>(column: O) => aggregate('sum', column);

/** Arithmetic mean of the values. */
export const mean = <O extends Of>(column: O) => aggregate('mean', column);

/** Least value. */
export const min = <O extends Of>(column: O) => aggregate('min', column);

/** Greatest value. */
export const max = <O extends Of>(column: O) => aggregate('max', column);

/** Greatest less least value. */
export const range = <O extends Of>(column: O) => aggregate('range', column);

/** Product of the values. What overflows on the way spoils nothing: only a product that is itself beyond numbers is an infinity, or 0. */
export const product = <O extends Of>(column: O) => aggregate('product', column);

/** Value of the earliest event in event time that has one; of several at that time the first to arrive. */
export const first = <O extends AnyOf>(column: O): Aggregate<ColumnIn<O>, ValueIn<O>, TextIn<O>> =>
  ofAny('first', column, 'kept');

/** Value of the latest event in event time that has one; of several at that time the last to arrive. */
export const last = <O extends AnyOf>(column: O): Aggregate<ColumnIn<O>, ValueIn<O>, TextIn<O>> =>
  ofAny('last', column, 'kept');

/** Sample variance (over n - 1); NaN below two values. */
export const variance = <O extends Of>(column: O) => aggregate('variance', column);

/** Sample standard deviation (over n - 1); NaN below two values. */
export const stddev = <O extends Of>(column: O) => aggregate('stddev', column);

/** Sample skewness, adjusted (Fisher and Pearson's); NaN below three values and where all are equal. */
export const skewness = <O extends Of>(column: O) => aggregate('skewness', column);

/** Excess kurtosis of the values as a population, 0 for a normal distribution; NaN below two values and where all are equal. */
export const kurtosis = <O extends Of>(column: O) => aggregate('kurtosis', column);

/** Sample covariance (over n - 1), of events where neither column is missing; NaN below two. */
export const covariance = <X extends Of, Y extends Of>(x: X, y: Y) => aggregate<X | Y>('covariance', x, y);

/** Pearson's correlation, of events where neither column is missing; NaN where one of them does not vary. */
export const correlation = <X extends Of, Y extends Of>(x: X, y: Y) => aggregate<X | Y>('correlation', x, y);

/** A line through events, y = intercept + slope x, and how much of the variance of y it explains. */
export interface Line {
  slope: number;
  intercept: number;
  r2: number;
}

/**
 * The least-squares line of y over x, of events where neither is missing. All NaN where x does not vary; r2 is 1 where only y does not.
 * @example regression('price', 'size')
 */
export function regression<Y extends Of, X extends Of>(y: Y, x: X): Aggregate<ColumnIn<Y | X>, Line, TextIn<Y | X>> {
  const of = (kind: string) => aggregate<Y | X>(kind, y, x);
  return record<Line>({ slope: of('slope'), intercept: of('intercept'), r2: of('r2') });
}

/** Mean of the values, each as often as its weight says: Σ w v / Σ w, NaN where the weights come to 0. */
export const weightedMean = <Value extends Of, Weight extends Of>(value: Value, weight: Weight) =>
  aggregate<Value | Weight>('weightedMean', value, weight);

/** Whether any value is not 0: 1 or 0. */
export const any = <O extends Of>(column: O) => aggregate('any', column);

/** Whether no value is 0: 1 or 0. */
export const all = <O extends Of>(column: O) => aggregate('all', column);

/**
 * Bits that all values have, as whole numbers of 64 bits in two's complement: exact for safe integers. What is behind the point is cut
 * off, and what is beyond such numbers becomes the last of them.
 */
export const bitAnd = <O extends Of>(column: O) => aggregate('bitAnd', column);

/** Bits that any value has, as `bitAnd` takes them. */
export const bitOr = <O extends Of>(column: O) => aggregate('bitOr', column);

/** Value of `of` where `by` is least: of several such events the earliest, and of those the first to arrive. @example argmin('price', 'shop') */
export const argmin = <By extends Of, Value extends AnyOf>(by: By, of: Value) => ofExtreme('argmin', by, of);

/** Value of `of` where `by` is greatest, as `argmin`. */
export const argmax = <By extends Of, Value extends AnyOf>(by: By, of: Value) => ofExtreme('argmax', by, of);

function ofExtreme<By extends Of, Value extends AnyOf>(
  kind: string,
  by: By,
  of: Value,
): Aggregate<ColumnIn<By | Value>, ValueIn<Value>, TextIn<By | Value>> {
  const columns = [columnOf(kind, by), columnOf(kind, of, 'kept')];
  return new Aggregate(kind, columns, [], undefined, undefined, ['none', 'kept']);
}

/** First, greatest, least and last price of a window. */
export interface Candle {
  open: number;
  high: number;
  low: number;
  close: number;
}

/** First, greatest, least and last value. */
export function ohlc<O extends Of>(price: O): Aggregate<ColumnIn<O>, Candle, TextIn<O>> {
  columnOf('ohlc', price);
  const of = (kind: string) => aggregate(kind, price);
  return record<Candle>({ open: of('first'), high: of('max'), low: of('min'), close: of('last') });
}

/** The last value less the first, by event time. */
export const delta = <O extends Of>(column: O) => aggregate('delta', column);

/**
 * How fast a value changes: the last less the first, over the time between them, for each second, or each `per`. NaN where there are no
 * two times. @example rate('odometer', { per: '1h' })
 */
export const rate = <O extends Of>(column: O, { per = '1s' }: { per?: Extent } = {}) =>
  withParameters('rate', column, [lengthAbove0(per, 'rate.per')]);

/**
 * By how much a counter grew: the sum of the steps between its samples, where a value below the one before it means that the counter began
 * anew. The step from the last sample before a window counts in the window of the later one; the first sample of a key is none. A
 * sample that comes after a later one of its key adds nothing.
 *
 * The last sample of every key is remembered, and the key with it, until more than `within` of event time has passed: by default an hour,
 * 3,600,000 units of time; `Infinity` is for ever. The sample after that is a first one.
 * @example increase('requests', { within: '5m' })
 */
export function increase<O extends Of>(column: O, { within = '1h' }: { within?: Extent } = {}) {
  const length =
    within === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : lengthAbove0(within, 'increase.within');
  return withParameters('increase', column, [length]);
}

/**
 * Mean of the values, each weighing half as much for every `halfLife` of time that it is older than the latest.
 * @example ewma('load', '5m')
 */
export const ewma = <O extends Of>(column: O, halfLife: Extent) =>
  withParameters('ewma', column, [lengthAbove0(halfLife, 'ewma.halfLife')]);
