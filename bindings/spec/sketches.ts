/**
 * Aggregates with states of variable size: quantiles, distinct and frequent values, histograms, and lists of the values
 * themselves.
 */

import { only, reject } from '../base/errors';
import {
  type Aggregate,
  type AnyInput,
  columnOf,
  type NumberInput,
  ofAny,
  type ValueIn,
  withParameters,
} from './aggregates';
import type { ColumnIn, TextIn } from './expression';

function between(value: unknown, field: string, accepted: string, least: number, most: number): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  return reject(field, accepted, value);
}

function whole(value: unknown, field: string, least: number, most: number): number {
  const accepted = `a whole number from ${least} to ${most}`;
  return Number.isInteger(value) ? between(value, field, accepted, least, most) : reject(field, accepted, value);
}

/** Copies numbers to a plain array. A loop is several times faster than Array.from. */
function listOf(values: Float64Array): number[] {
  const list = new Array<number>(values.length);
  for (let i = 0; i < values.length; i++) list[i] = values[i] as number;
  return list;
}

/** Checks the names of an aggregate's options and the type of `exact`. @throws {OrielError} ERR_ORIEL_SPEC */
function optionsOf<Options extends object>(given: unknown, names: (keyof Options & string)[], field: string): Options {
  if (typeof given !== 'object' || given === null) reject(field, `{ ${names.join(', ')} }`, given);
  const options = given as Options & { exact?: unknown };
  only(options, names, field);
  if (options.exact !== undefined && typeof options.exact !== 'boolean') {
    reject(`${field}: exact`, 'true or false', options.exact);
  }
  return options;
}

/** `accuracy`: the relative error of a quantile, 0.0001 to 0.99, default 0.01. `exact`: keep all values instead. */
export type QuantileOptions =
  | { readonly accuracy?: number; readonly exact?: false }
  | { readonly exact: true; readonly accuracy?: never };

/** Bins per power of two (see assembly/sketch/ddsketch.ts), with a margin of 1e-9 for rounding. */
const scaleOf = (accuracy: number) => (0.7 / Math.log((1 + accuracy) / (1 - accuracy))) * (1 + 1e-9);

/**
 * Quantile: the value at rank `floor(q * (n - 1))` of the n sorted values, with a relative error of at most `accuracy`
 * (default 0.01) for every q. It is a DDSketch (Masson, Rim, Lee 2019). NaN if there are no values.
 *
 * The bound holds if the values of one sign span at most 17 powers of ten (1.7 at an accuracy of 0.001), and always up
 * to 29 values. If they span more, the values below the greatest 2,048 bins lose accuracy. A sketch takes 2 to 4 kB as
 * a rule and at most 33 kB for each key and slice of time; all quantiles of a column with the same accuracy share it.
 * In rolling windows all values of the frame are kept.
 *
 * With `exact: true` all values are kept, and the result is the least value v such that at least a share q of the
 * values is <= v (SQL's `percentile_disc`).
 *
 * @param q from 0 (least value) to 1 (greatest value)
 * @throws {OrielError} ERR_ORIEL_SPEC
 * @example quantile('ms', 0.99)
 */
export function quantile<O extends NumberInput>(column: O, q: number, options: QuantileOptions = {}) {
  between(q, 'quantile: q', 'a number from 0 to 1', 0, 1);
  const { accuracy, exact } = optionsOf<QuantileOptions>(options, ['accuracy', 'exact'], 'quantile');
  if (exact) {
    if (accuracy !== undefined) reject('quantile: accuracy', 'nothing where exact is true', accuracy);
    return withParameters('exactQuantile', column, [q]);
  }
  const given = between(accuracy ?? 0.01, 'quantile: accuracy', 'a number from 0.0001 to 0.99', 0.0001, 0.99);
  return withParameters('quantile', column, [q, given, scaleOf(given)]);
}

/**
 * Exact median: the middle value, or the mean of the middle two; NaN if there are no values. It keeps all values,
 * whereas `quantile(column, 0.5)` keeps a sketch.
 */
export const median = <O extends NumberInput>(column: O) => withParameters('median', column, []);

/**
 * `precision`: log2 of the number of registers, 4 to 18, default 12. `seed`: see {@link distinct}. `exact`: keep every
 * different value instead.
 */
export type DistinctOptions =
  | { readonly precision?: number; readonly seed?: number; readonly exact?: false }
  | { readonly exact: true; readonly precision?: never; readonly seed?: never };

/**
 * Number of different values; -0 and 0 are the same value. It is exact up to 2^precision / 16 different values (256 by
 * default). Beyond that it is an estimate with a standard error of 1.04 / √2^precision (1.6 % by default) from
 * 2^precision bytes (HyperLogLog with the estimator of Ertl 2017). With `exact: true`, and in rolling windows, every
 * different value is kept and the count is exact.
 *
 * The estimate hashes values by a fixed function, so that the same values give the same estimate everywhere. Someone
 * who chooses the values can therefore raise or lower it at will. A secret `seed`, a whole number from 0 to 2^53 - 1,
 * prevents that; the same values give the same estimate wherever the seed is the same.
 *
 * @throws {OrielError} ERR_ORIEL_SPEC
 * @example distinct('page'), distinct('page', { precision: 14 })
 */
export function distinct<O extends AnyInput>(
  column: O,
  options: DistinctOptions = {},
): Aggregate<ColumnIn<O>, number, TextIn<O>> {
  const { precision, seed, exact } = optionsOf<DistinctOptions>(options, ['precision', 'seed', 'exact'], 'distinct');
  if (!exact) {
    const parameters = [whole(precision ?? 12, 'distinct: precision', 4, 18)];
    if (seed !== undefined) parameters.push(whole(seed, 'distinct: seed', 0, Number.MAX_SAFE_INTEGER));
    return ofAny('distinct', column, 'estimated', parameters);
  }
  if (precision !== undefined) reject('distinct: precision', 'nothing where exact is true', precision);
  if (seed !== undefined) reject('distinct: seed', 'nothing where exact is true', seed);
  return ofAny('distinct', column, 'hashed', [0]);
}

/** The type of an input's values without null: missing values are not listed. */
type Present<Given> = Exclude<ValueIn<Given>, null>;

/** A frequent value: it occurred at least `count - error` and at most `count` times. */
export interface Frequent<Value = number> {
  value: Value;
  /** Upper bound on the number of occurrences. */
  count: number;
  /** By how much `count` may be too high; 0 if it is exact. */
  error: number;
}

/**
 * The k most frequent values as `{ value, count, error }`, greatest count first. Values with equal counts are ordered
 * from the least number up, strings by their hash. `[]` if there are no values.
 *
 * Up to max(64, 8 k) different values are counted exactly. Beyond that a count is too high by at most its `error`,
 * which is at most the number of values / max(64, 8 k), and every value that occurs more often than that is among those
 * counted (Space-Saving; Metwally et al. 2005, Agarwal et al. 2012). In rolling windows all counts are exact.
 *
 * @param k from 1 to 1,000
 * @throws {OrielError} ERR_ORIEL_SPEC
 * @example topK(text('page'), 10)
 */
export function topK<O extends AnyInput>(
  column: O,
  k: number,
): Aggregate<ColumnIn<O>, Frequent<Present<O>>[], TextIn<O>> {
  whole(k, 'topK: k', 1, 1000);
  const read = (numbers: Float64Array, meaning: (number: number) => unknown) => {
    const all: Frequent<Present<O>>[] = [];
    for (let i = 0; i < numbers.length; i += 3) {
      const value = meaning(numbers[i] as number) as Present<O>;
      all.push({ value, count: numbers[i + 1] as number, error: numbers[i + 2] as number });
    }
    return all;
  };
  return ofAny('topK', column, 'ranked', [k, Math.max(64, 8 * k)], { maxLength: 3 * k, read });
}

/**
 * Histogram: the number of values below the first edge, in `[edge, next edge)` for each edge, and from the last edge
 * on. The list has one count more than there are edges; all are 0 if there are no values.
 *
 * @param edges 1 to 1,000 finite numbers, ascending
 * @throws {OrielError} ERR_ORIEL_SPEC
 * @example histogram('ms', [1, 10, 100])   // [below 1, 1 to 10, 10 to 100, 100 and more]
 */
export function histogram<O extends NumberInput>(column: O, edges: readonly number[]) {
  const accepted = 'from 1 to 1000 finite numbers, ascending';
  if (!Array.isArray(edges) || edges.length < 1 || edges.length > 1000) reject('histogram: edges', accepted, edges);
  edges.forEach((edge, i) => {
    const rises = Number.isFinite(edge) && (i === 0 || edge > (edges[i - 1] as number));
    if (!rises) reject(`histogram: edges[${i}]`, accepted, edge);
  });
  const most = edges.length + 1;
  const read = (counts: Float64Array) => listOf(counts.length ? counts : new Float64Array(most));
  return withParameters('histogram', column, edges, { maxLength: most, read });
}

/**
 * List of the values, ordered by event time, at equal times by arrival; `[]` if there are none.
 *
 * @param options `limit`: the maximum length of the list, 1 to 10,000,000; the earliest values are kept
 * @throws {OrielError} ERR_ORIEL_SPEC
 * @example collect(text('page'), { limit: 100 })
 */
export function collect<O extends AnyInput>(
  column: O,
  options: { readonly limit: number },
): Aggregate<ColumnIn<O>, Present<O>[], TextIn<O>> {
  const { limit } = optionsOf<{ limit: number }>(options, ['limit'], 'collect');
  whole(limit, 'collect: limit', 1, 10_000_000);
  const read = (numbers: Float64Array, meaning: (number: number) => unknown) =>
    Array.from(numbers, meaning) as Present<O>[];
  return ofAny('collect', column, 'kept', [limit, limit], { maxLength: limit, read });
}

/**
 * Time-weighted mean: each value weighs as long as it holds, until the next value of the window; the last one holds for
 * no time. If all values have the same time it is the last of them; NaN if there are no values.
 */
export const timeWeightedMean = <O extends NumberInput>(column: O) => withParameters('timeWeightedMean', column, []);

/** The definition of an aggregate in JavaScript; see {@link fold}. */
export interface FoldOf<O extends NumberInput, State, Result> {
  /** The column, or expression, whose values are aggregated. */
  readonly column: O;
  /** Returns the state of no values, a new one for each call if `combine` changes it. */
  identity(): State;
  /** Returns the state of one value. */
  lift(value: number): State;
  /** Returns the state of the values of both; those of `later` come after. It may change `earlier` and return it. */
  combine(earlier: State, later: State): State;
  /** Turns the final state into the result. */
  lower(state: State): Result;
}

/**
 * An aggregate defined in JavaScript. The values, ordered by event time, are lifted one by one and combined into the
 * state that starts as `identity()`; `lower` turns it into the result. The core keeps all values until their window has
 * fired. The functions run when the result is taken or queried, and what they throw reaches that caller.
 *
 * @throws {OrielError} ERR_ORIEL_SPEC
 * @example
 * fold({
 *   column: 'v',
 *   identity: () => 0,
 *   lift: (v) => v ** 4,
 *   combine: (a, b) => a + b,
 *   lower: (s) => s ** 0.25,
 * })
 */
export function fold<const O extends NumberInput, State, Result>(
  definition: FoldOf<O, State, Result>,
): Aggregate<ColumnIn<O>, Result, TextIn<O>> {
  const roles = ['identity', 'lift', 'combine', 'lower'] as const;
  if (typeof definition !== 'object' || definition === null)
    reject('fold', `{ column, ${roles.join(', ')} }`, definition);
  only(definition, ['column', ...roles], 'fold');
  for (const role of roles) {
    if (typeof definition[role] !== 'function') reject(`fold: ${role}`, 'a function', definition[role]);
  }
  const read = (values: Float64Array): Result => {
    let state = definition.identity();
    for (let i = 0; i < values.length; i++) state = definition.combine(state, definition.lift(values[i] as number));
    return definition.lower(state);
  };
  columnOf('fold', definition.column);
  return withParameters('collect', definition.column, [], { maxLength: Number.POSITIVE_INFINITY, read });
}
