/** The figures of a window: which there are, of which columns, with which parameters. */

import { OrielError, show } from './errors';
import { type Extent, lengthOf } from './extent';

/** How a figure that is a list of numbers comes out of the core, and what is made of it. */
export interface ListOf<Result> {
  /** How many numbers there can be at the most. */
  readonly most: number;
  read(values: Float64Array): Result;
}

/** One figure of a window, as the functions below make it; a plain value that several streams may share. */
export class Aggregate<Column extends string = string, Result = number> {
  /** Only there for inference. */
  declare readonly result?: Result;

  constructor(
    /** The aggregate of the core that it is; or `'record'`, of others. */
    readonly kind: string,
    /** What it is of: none, one or two columns. */
    readonly columns: readonly Column[] = [],
    /** Numbers that belong to its definition. Of an aggregate that reads the state of another only the first is its own. */
    readonly parameters: readonly number[] = [],
    readonly list?: ListOf<Result>,
    readonly fields?: Readonly<Record<string, Aggregate<Column, unknown>>>,
  ) {}
}

/** An aggregate of the core by its name: what the functions below are made of. */
export function aggregate<Column extends string>(kind: string, ...columns: Column[]): Aggregate<Column> {
  return new Aggregate(
    kind,
    columns.map((column) => checked(kind, column)),
  );
}

/** Several figures as one that has them as fields. */
function record<Column extends string, Result>(
  fields: {
    [Name in keyof Result]: Aggregate<Column>;
  },
): Aggregate<Column, Result> {
  return new Aggregate<Column, Result>('record', [], [], undefined, fields);
}

/** A length of time that is more than 0. */
function lengthAbove0(extent: Extent, field: string): number {
  const length = lengthOf(extent, field);
  if (length > 0) return length;
  throw new OrielError('ERR_ORIEL_SPEC', `${field}: expected a length of time of more than 0, got ${show(extent)}`);
}

function checked<Column extends string>(kind: string, column: Column): Column {
  if (typeof column === 'string' && column !== '') return column;
  throw new OrielError('ERR_ORIEL_SPEC', `${kind}: expected the name of a column, got ${show(column)}`);
}

/** Number of events, or, of a column, of its values: of events where it is not missing. */
export function count(): Aggregate<never>;
export function count<Column extends string>(column: Column): Aggregate<Column>;
export function count(column?: string): Aggregate {
  return column === undefined ? new Aggregate('events') : aggregate('count', column);
}

/** Sum of the values, compensated: within an ulp of the exact sum for ordinary data. */
export const sum = <Column extends string>(column: Column) => aggregate('sum', column);

/** Arithmetic mean of the values. */
export const mean = <Column extends string>(column: Column) => aggregate('mean', column);

/** Least value. */
export const min = <Column extends string>(column: Column) => aggregate('min', column);

/** Greatest value. */
export const max = <Column extends string>(column: Column) => aggregate('max', column);

/** Greatest less least value. */
export const range = <Column extends string>(column: Column) => aggregate('range', column);

/** Product of the values. What overflows on the way spoils nothing: only a product that is itself beyond numbers is an infinity, or 0. */
export const product = <Column extends string>(column: Column) => aggregate('product', column);

/** Value of the earliest event in event time that has one; of several at that time the first to arrive. */
export const first = <Column extends string>(column: Column) => aggregate('first', column);

/** Value of the latest event in event time that has one; of several at that time the last to arrive. */
export const last = <Column extends string>(column: Column) => aggregate('last', column);

/** Sample variance (over n - 1); NaN below two values. */
export const variance = <Column extends string>(column: Column) => aggregate('variance', column);

/** Sample standard deviation (over n - 1); NaN below two values. */
export const stddev = <Column extends string>(column: Column) => aggregate('stddev', column);

/** Sample skewness, adjusted (Fisher and Pearson's); NaN below three values and where all are equal. */
export const skewness = <Column extends string>(column: Column) => aggregate('skewness', column);

/** Excess kurtosis of the values as a population, 0 for a normal distribution; NaN below two values and where all are equal. */
export const kurtosis = <Column extends string>(column: Column) => aggregate('kurtosis', column);

/** Sample covariance (over n - 1), of events where neither column is missing; NaN below two. */
export const covariance = <X extends string, Y extends string>(x: X, y: Y) => aggregate<X | Y>('covariance', x, y);

/** Pearson's correlation, of events where neither column is missing; NaN where one of them does not vary. */
export const correlation = <X extends string, Y extends string>(x: X, y: Y) => aggregate<X | Y>('correlation', x, y);

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
export function regression<Y extends string, X extends string>(y: Y, x: X): Aggregate<Y | X, Line> {
  const of = (kind: string) => aggregate<Y | X>(kind, y, x);
  return record<Y | X, Line>({ slope: of('slope'), intercept: of('intercept'), r2: of('r2') });
}

/** Mean of the values, each as often as its weight says: Σ w v / Σ w, NaN where the weights come to 0. */
export const weightedMean = <Value extends string, Weight extends string>(value: Value, weight: Weight) =>
  aggregate<Value | Weight>('weightedMean', value, weight);

/** Whether any value is not 0: 1 or 0. */
export const any = <Column extends string>(column: Column) => aggregate('any', column);

/** Whether no value is 0: 1 or 0. */
export const all = <Column extends string>(column: Column) => aggregate('all', column);

/**
 * Bits that all values have, as whole numbers of 64 bits in two's complement: exact for safe integers. What is behind the point is cut
 * off, and what is beyond such numbers becomes the last of them.
 */
export const bitAnd = <Column extends string>(column: Column) => aggregate('bitAnd', column);

/** Bits that any value has, as `bitAnd` takes them. */
export const bitOr = <Column extends string>(column: Column) => aggregate('bitOr', column);

/** Value of `of` where `by` is least: of several such events the earliest, and of those the first to arrive. @example argmin('price', 'shop') */
export const argmin = <By extends string, Of extends string>(by: By, of: Of) => aggregate<By | Of>('argmin', by, of);

/** Value of `of` where `by` is greatest, as `argmin`. */
export const argmax = <By extends string, Of extends string>(by: By, of: Of) => aggregate<By | Of>('argmax', by, of);

/** First, greatest, least and last price of a window. */
export interface Candle {
  open: number;
  high: number;
  low: number;
  close: number;
}

/** First, greatest, least and last value. */
export const ohlc = <Column extends string>(price: Column) =>
  record<Column, Candle>({ open: first(price), high: max(price), low: min(price), close: last(price) });

/** The last value less the first, by event time. */
export const delta = <Column extends string>(column: Column) => aggregate('delta', column);

/**
 * How fast a value changes: the last less the first, over the time between them, for each second, or each `per`. NaN where there are no
 * two times. @example rate('odometer', { per: '1h' })
 */
export function rate<Column extends string>(column: Column, { per = '1s' }: { per?: Extent } = {}): Aggregate<Column> {
  return new Aggregate('rate', [checked('rate', column)], [lengthAbove0(per, 'rate.per')]);
}

/**
 * By how much a counter grew: the sum of the steps between its samples, where a value below the one before it means that the counter began
 * anew. The step from the last sample before a window counts in the window of the later one; the first sample of a key is none. A
 * sample that comes after a later one of its key adds nothing.
 *
 * The last sample of every key is remembered, and the key with it, until more than `within` of event time has passed; without it for ever.
 * @example increase('requests', { within: '5m' })
 */
export function increase<Column extends string>(
  column: Column,
  { within }: { within?: Extent } = {},
): Aggregate<Column> {
  const length = within === undefined ? Number.POSITIVE_INFINITY : lengthAbove0(within, 'increase.within');
  return new Aggregate('increase', [checked('increase', column)], [length]);
}

/**
 * Mean of the values, each weighing half as much for every `halfLife` of time that it is older than the latest.
 * @example ewma('load', '5m')
 */
export function ewma<Column extends string>(column: Column, halfLife: Extent): Aggregate<Column> {
  return new Aggregate('ewma', [checked('ewma', column)], [lengthAbove0(halfLife, 'ewma.halfLife')]);
}
