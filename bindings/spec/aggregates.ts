/**
 * Aggregates as plain values: their kind, the columns they read and their parameters. docs/aggregates.md has bytes and
 * error bounds.
 */

import { OrielError, only, show } from '../base/errors';
import { type Extent, lengthOf } from './duration';
import { type ColumnIn, conditionOf, Expression, type TextIn } from './expression';

/**
 * What an aggregate does with strings in a column: refuses them (`'none'`), only counts whether one is present
 * (`'present'`), tells them apart by hash (`'hashed'`), or returns them in results (`'kept'`). If the result depends on
 * the hashes themselves, these are the same in all streams (`'estimated'`, `'ranked'`).
 */
export type StringUse = 'none' | 'present' | 'hashed' | 'estimated' | 'kept' | 'ranked';

/**
 * For an aggregate that the core lowers to a list of numbers: the bound of its length, and how the list becomes the
 * result.
 */
export interface ListOf<Result> {
  /** Maximum length of the list, in numbers. */
  readonly maxLength: number;
  /** @param meaning maps a number in the list to the value it stands for: itself, or a string of the column */
  read(values: Float64Array, meaning: (number: number) => number | string): Result;
}

/** The input of an aggregate: the name of a column, or an expression. `AnyInput` also accepts columns of strings. */
export type NumberInput = string | Expression<string, number, string>;
export type AnyInput = string | Expression;

/** The type of an input's values: `number` (NaN if missing), or `string | null` for a column of strings. */
export type ValueIn<Given> = Given extends Expression<string, infer Value> ? Value : number;

export type AnyAggregate = Aggregate<string, unknown, string>;

/**
 * One aggregate of a window, such as `count()` or `sum('bytes')`. Make it with the functions of this package. It is
 * immutable, and several streams may share it.
 */
export class Aggregate<Column extends string = string, Result = number, Text extends string = never> {
  /** Only there for inference. */
  declare readonly result?: Result;
  declare readonly column?: readonly Column[];
  declare readonly text?: readonly Text[];

  /** Nothing that was made in another way has it. */
  readonly #isMade = true;

  constructor(
    /** The name of the core's aggregate, or `'record'` for an aggregate that consists of others (`fields`). */
    readonly kind: string,
    /** Its inputs: none, one or two. */
    readonly columns: readonly (string | Expression)[] = [],
    /**
     * Numbers that its definition needs. If it reads the state of another aggregate, all but the first are passed on to
     * that one.
     */
    readonly parameters: readonly number[] = [],
    readonly list?: ListOf<Result>,
    readonly fields?: Readonly<Record<string, AnyAggregate>>,
    /** What it does with strings, by column; `'none'` for columns beyond the end of the list. */
    readonly texts: readonly StringUse[] = [],
    /** The events that it aggregates; undefined: all. */
    readonly condition?: Expression,
  ) {
    Object.freeze(this);
  }

  /** Whether a value was made by the constructor, and is not a copy with other fields. */
  static isMade(value: unknown): value is AnyAggregate {
    return typeof value === 'object' && value !== null && #isMade in value;
  }

  /**
   * Returns this aggregate over only the events for which `condition` is true. After several calls all conditions must
   * be true.
   * @throws {OrielError} ERR_ORIEL_SPEC if it is not a condition
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

/** Makes the aggregate that the core calls `kind`. @throws {OrielError} ERR_ORIEL_SPEC if an input is invalid */
export function aggregate<O extends NumberInput>(
  kind: string,
  ...columns: O[]
): Aggregate<ColumnIn<O>, number, TextIn<O>> {
  return new Aggregate(
    kind,
    columns.map((column) => columnOf(kind, column)),
  );
}

/** Makes an aggregate of one column of numbers with parameters and, if its result is a list, with a way to read it. */
export function withParameters<O extends NumberInput, Result = number>(
  kind: string,
  column: O,
  parameters: readonly number[],
  list?: ListOf<Result>,
): Aggregate<ColumnIn<O>, Result, TextIn<O>> {
  return new Aggregate(kind, [columnOf(kind, column)], parameters, list);
}

/** Makes an aggregate of one column that may hold strings. */
export function ofAny<Result>(
  kind: string,
  column: unknown,
  texts: StringUse,
  parameters: readonly number[] = [],
  list?: ListOf<Result>,
): Aggregate<never, Result, never> {
  return new Aggregate(kind, [columnOf(kind, column, texts)], parameters, list, undefined, [texts]);
}

/** Makes one aggregate whose result is a record of the results of others. */
function record<Result>(fields: { [Name in keyof Result]: AnyAggregate }): Aggregate<never, Result, never> {
  return new Aggregate<never, Result, never>('record', [], [], undefined, fields);
}

/** Reads a length of time. @throws {OrielError} ERR_ORIEL_SPEC unless it is greater than 0 */
function lengthAbove0(extent: Extent, field: string): number {
  const length = lengthOf(extent, field);
  if (length > 0) return length;
  throw new OrielError('ERR_ORIEL_SPEC', `${field}: expected a length of time of more than 0, got ${show(extent)}`);
}

/**
 * Checks the input of an aggregate and returns it.
 * @throws {OrielError} ERR_ORIEL_SPEC if it is no input that `kind` accepts
 */
export function columnOf(kind: string, column: unknown, texts: StringUse = 'none'): string | Expression {
  if (typeof column === 'string' && column !== '') return column;
  if (column instanceof Expression && (column.op !== 'text' || texts !== 'none')) return column;
  const accepted = "the name of a column or an expression, such as col('a').mul(col('b'))";
  const instead =
    column instanceof Expression ? `text(${show(column.operands[0])}): it has no use for strings` : show(column);
  throw new OrielError('ERR_ORIEL_SPEC', `${kind}: expected ${accepted}, got ${instead}`);
}

/** Number of events; `count(column)`: number of events in which the column is not missing. 0 if there are none. */
export function count(): Aggregate<never, number, never>;
export function count<O extends AnyInput>(column: O): Aggregate<ColumnIn<O>, number, TextIn<O>>;
export function count(column?: unknown): Aggregate<never, number, never> {
  return column === undefined ? new Aggregate('events') : ofAny('count', column, 'present');
}

/** Sum of the values, compensated: within one ulp of the exact sum for ordinary data. NaN if there are no values. */
export const sum = <O extends NumberInput>(column: O) => aggregate('sum', column);

/** Arithmetic mean of the values; NaN if there are none. */
export const mean = <O extends NumberInput>(column: O) => aggregate('mean', column);

/** Least value; NaN if there are none. */
export const min = <O extends NumberInput>(column: O) => aggregate('min', column);

/** Greatest value; NaN if there are none. */
export const max = <O extends NumberInput>(column: O) => aggregate('max', column);

/** Greatest minus least value; NaN if there are no values. */
export const range = <O extends NumberInput>(column: O) => aggregate('range', column);

/**
 * Product of the values; NaN if there are none. Intermediate products cannot overflow or underflow: the result is
 * infinite or 0 only if the product itself is out of the range of a double, or a value is infinite or 0.
 */
export const product = <O extends NumberInput>(column: O) => aggregate('product', column);

/**
 * Value of the earliest event (by event time) that has one; at equal times of the first to arrive. NaN, or null for
 * strings, if none.
 */
export const first = <O extends AnyInput>(column: O): Aggregate<ColumnIn<O>, ValueIn<O>, TextIn<O>> =>
  ofAny('first', column, 'kept');

/**
 * Value of the latest event (by event time) that has one; at equal times of the last to arrive. NaN, or null for
 * strings, if none.
 */
export const last = <O extends AnyInput>(column: O): Aggregate<ColumnIn<O>, ValueIn<O>, TextIn<O>> =>
  ofAny('last', column, 'kept');

/** Sample variance (divides by n - 1); NaN for fewer than 2 values. */
export const variance = <O extends NumberInput>(column: O) => aggregate('variance', column);

/** Sample standard deviation (divides by n - 1); NaN for fewer than 2 values. */
export const stddev = <O extends NumberInput>(column: O) => aggregate('stddev', column);

/** Adjusted Fisher-Pearson sample skewness G₁; NaN for fewer than 3 values, or if all are equal. */
export const skewness = <O extends NumberInput>(column: O) => aggregate('skewness', column);

/** Population excess kurtosis: 0 for a normal distribution; NaN for fewer than 2 values, or if all are equal. */
export const kurtosis = <O extends NumberInput>(column: O) => aggregate('kurtosis', column);

/** Sample covariance (divides by n - 1) over the events in which neither column is missing; NaN for fewer than 2. */
export const covariance = <X extends NumberInput, Y extends NumberInput>(x: X, y: Y) =>
  aggregate<X | Y>('covariance', x, y);

/** Pearson correlation over the events in which neither column is missing; NaN if one of the columns does not vary. */
export const correlation = <X extends NumberInput, Y extends NumberInput>(x: X, y: Y) =>
  aggregate<X | Y>('correlation', x, y);

/** A fitted line `y = intercept + slope * x`, and the share of the variance of y that it explains (`r2`). */
export interface Line {
  slope: number;
  intercept: number;
  r2: number;
}

/**
 * Least-squares line of y over x, over the events in which neither is missing. All fields are NaN if x does not vary;
 * `r2` is 1 if only y does not vary.
 * @example regression('price', 'size')
 */
export function regression<Y extends NumberInput, X extends NumberInput>(
  y: Y,
  x: X,
): Aggregate<ColumnIn<Y | X>, Line, TextIn<Y | X>> {
  const of = (kind: string) => aggregate<Y | X>(kind, y, x);
  return record<Line>({ slope: of('slope'), intercept: of('intercept'), r2: of('r2') });
}

/** Weighted mean Σ w v / Σ w over the events in which neither column is missing; NaN if the weights sum to 0. */
export const weightedMean = <Value extends NumberInput, Weight extends NumberInput>(value: Value, weight: Weight) =>
  aggregate<Value | Weight>('weightedMean', value, weight);

/** 1 if a value is not 0, else 0; NaN if there are no values. */
export const any = <O extends NumberInput>(column: O) => aggregate('any', column);

/** 1 if no value is 0, else 0; NaN if there are no values. */
export const all = <O extends NumberInput>(column: O) => aggregate('all', column);

/**
 * Bitwise and of the values as 64-bit integers in two's complement; NaN if there are no values. Fractions are cut off
 * towards 0, values out of range become -2^63 or 2^63 - 1, and the result is exact up to 2^53.
 */
export const bitAnd = <O extends NumberInput>(column: O) => aggregate('bitAnd', column);

/** Bitwise or of the values, which become 64-bit integers as in {@link bitAnd}; NaN if there are no values. */
export const bitOr = <O extends NumberInput>(column: O) => aggregate('bitOr', column);

/**
 * Value of `of` in the event with the least `by`; of several such events in the earliest, at equal times in the first
 * to arrive. Only events in which neither is missing count.
 * @example argmin('price', text('shop'))
 */
export const argmin = <By extends NumberInput, Value extends AnyInput>(by: By, of: Value) =>
  ofExtreme('argmin', by, of);

/**
 * Value of `of` in the event with the greatest `by`; of several such events in the earliest, at equal times in the
 * first to arrive. Only events in which neither is missing count.
 * @example argmax('price', text('shop'))
 */
export const argmax = <By extends NumberInput, Value extends AnyInput>(by: By, of: Value) =>
  ofExtreme('argmax', by, of);

function ofExtreme<By extends NumberInput, Value extends AnyInput>(
  kind: string,
  by: By,
  of: Value,
): Aggregate<ColumnIn<By | Value>, ValueIn<Value>, TextIn<By | Value>> {
  const columns = [columnOf(kind, by), columnOf(kind, of, 'kept')];
  return new Aggregate(kind, columns, [], undefined, undefined, ['none', 'kept']);
}

/** First, greatest, least and last value of a window. */
export interface Candle {
  open: number;
  high: number;
  low: number;
  close: number;
}

/**
 * First, greatest, least and last value as a record, by event time; all NaN if there are no values.
 * @example ohlc('price')
 */
export function ohlc<O extends NumberInput>(price: O): Aggregate<ColumnIn<O>, Candle, TextIn<O>> {
  columnOf('ohlc', price);
  const of = (kind: string) => aggregate(kind, price);
  return record<Candle>({ open: of('first'), high: of('max'), low: of('min'), close: of('last') });
}

/** Last value minus first value, by event time; NaN if there are no values. */
export const delta = <O extends NumberInput>(column: O) => aggregate('delta', column);

/**
 * Rate of change: last value minus first value, divided by the time between them, per second or per `per` (a length of
 * time). NaN if all values have the same time. Without `per` times must be in milliseconds.
 * @example rate('odometer', { per: '1h' })
 */
export function rate<O extends NumberInput>(column: O, options: { per?: Extent } = {}) {
  only(options, ['per'], 'rate');
  const { per = '1s' } = options;
  return withParameters('rate', column, [lengthAbove0(per, 'rate.per')]);
}

/**
 * Increase of a counter: the sum of the steps from each sample of a key to the next. A value below the one before it
 * means that the counter restarted at 0, so the step is the value itself. The step from the last sample before a window
 * counts in the window of the later sample. The first sample of a key adds 0, and so does a sample that arrives after a
 * later one of its key.
 *
 * The last sample of each key, and so the key, is kept until more than `within` of event time has passed; the next
 * sample is then a first one. The default is an hour, which is 3,600,000 units of time; `Infinity` keeps samples for
 * ever.
 * @example increase('requests', { within: '5m' })
 */
export function increase<O extends NumberInput>(column: O, options: { within?: Extent } = {}) {
  only(options, ['within'], 'increase');
  const { within = '1h' } = options;
  const length =
    within === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : lengthAbove0(within, 'increase.within');
  return withParameters('increase', column, [length]);
}

/**
 * Exponentially weighted mean by event time: a value that is one `halfLife` older than the latest weighs half as much.
 * NaN if there are no values.
 * @example ewma('load', '5m')
 */
export const ewma = <O extends NumberInput>(column: O, halfLife: Extent) =>
  withParameters('ewma', column, [lengthAbove0(halfLife, 'ewma.halfLife')]);
