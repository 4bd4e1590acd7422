/** The figures that need more of the values than a few numbers: quantiles, distinct and frequent values, histograms, the values themselves. */

import { only, reject } from '../base/errors';
import { type Aggregate, type AnyOf, columnOf, type Of, ofAny, type ValueIn, withParameters } from './aggregates';
import type { ColumnIn, TextIn } from './expression';

function between(value: unknown, field: string, accepted: string, least: number, most: number): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  return reject(field, accepted, value);
}

function whole(value: unknown, field: string, least: number, most: number): number {
  const accepted = `a whole number from ${least} to ${most}`;
  return Number.isInteger(value) ? between(value, field, accepted, least, most) : reject(field, accepted, value);
}

/** The numbers as a plain list: what Array.from does, in a fraction of its time. */
function listOf(values: Float64Array): number[] {
  const list = new Array<number>(values.length);
  for (let i = 0; i < values.length; i++) list[i] = values[i] as number;
  return list;
}

/** The options of an aggregate; `exact` excludes the others. */
function optionsOf<Options extends object>(given: unknown, names: (keyof Options & string)[], field: string): Options {
  if (typeof given !== 'object' || given === null) reject(field, `{ ${names.join(', ')} }`, given);
  const options = given as Options & { exact?: unknown };
  only(options, names, field);
  if (options.exact !== undefined && typeof options.exact !== 'boolean') {
    reject(`${field}: exact`, 'true or false', options.exact);
  }
  return options;
}

/** How exact a quantile is to be. */
export type QuantileOptions =
  | { readonly accuracy?: number; readonly exact?: false }
  | { readonly exact: true; readonly accuracy?: never };

/** Bins for each power of two, see assembly/sketch/ddsketch.ts; and a little more, for what rounding takes. */
const scaleOf = (accuracy: number) => (0.7 / Math.log((1 + accuracy) / (1 - accuracy))) * (1 + 1e-9);

/**
 * Quantile: the value at rank `floor(q * (n - 1))` of n in order, within a relative error of `accuracy`, 1 % by default, for every q (DDSketch;
 * Masson, Rim, Lee 2019). That holds over 17 powers of ten at 1 %, 1.7 at 0.1 %: of values of one sign that reach further only those below the
 * greatest 2,048 bins are worse. Of up to 29 values it holds always. Memory is bounded: 33 kB for each key and slice of time at the
 * most, 2 to 4 kB as a rule. Several quantiles of a column share it.
 *
 * With `exact: true`, from all values: the least value such that a share of q is no greater (SQL's percentile_disc).
 *
 * @param q from 0, the least, to 1, the greatest value
 * @example quantile('ms', 0.99)
 */
export function quantile<O extends Of>(column: O, q: number, options: QuantileOptions = {}) {
  between(q, 'quantile: q', 'a number from 0 to 1', 0, 1);
  const { accuracy, exact } = optionsOf<QuantileOptions>(options, ['accuracy', 'exact'], 'quantile');
  if (exact) {
    if (accuracy !== undefined) reject('quantile: accuracy', 'nothing where exact is true', accuracy);
    return withParameters('exactQuantile', column, [q]);
  }
  const given = between(accuracy ?? 0.01, 'quantile: accuracy', 'a number from 0.0001 to 0.99', 0.0001, 0.99);
  return withParameters('quantile', column, [q, given, scaleOf(given)]);
}

/** Median, exactly: the middle value, of an even number the mean of the middle two. It keeps all values; `quantile(column, 0.5)` does not. */
export const median = <O extends Of>(column: O) => withParameters('median', column, []);

/** How exact a number of distinct values is to be. */
export type DistinctOptions =
  | { readonly precision?: number; readonly exact?: false }
  | { readonly exact: true; readonly precision?: never };

/**
 * Number of different values; -0 and 0 are one. Exact up to 2^precision / 16 of them, 256 by default; of more an estimate with a standard error
 * of 1.04 / √2^precision, 1.6 % by default, from 2^precision bytes (HyperLogLog, read as in Ertl 2017). With `exact: true`, and in rolling
 * windows, it keeps every different value.
 *
 * @example distinct('page'), distinct('page', { precision: 14 })
 */
export function distinct<O extends AnyOf>(
  column: O,
  options: DistinctOptions = {},
): Aggregate<ColumnIn<O>, number, TextIn<O>> {
  const { precision, exact } = optionsOf<DistinctOptions>(options, ['precision', 'exact'], 'distinct');
  if (!exact) return ofAny('distinct', column, 'hashed', [whole(precision ?? 12, 'distinct: precision', 4, 18)]);
  if (precision !== undefined) reject('distinct: precision', 'nothing where exact is true', precision);
  return ofAny('distinct', column, 'hashed', [0]);
}

/** A value that is there: what is missing is not listed. */
type Present<Given> = Exclude<ValueIn<Given>, null>;

/** A value that came often. */
export interface Frequent<Value = number> {
  value: Value;
  /** It came no more often than this … */
  count: number;
  /** … and no less often than this less `error`. */
  error: number;
}

/**
 * The k values that come most often, greatest count first, of the same count the least number first, strings in any order. Up to max(64, 8 k) different values are
 * counted exactly; of more, every count is over by no more than its `error`, which is at most the number of values / max(64, 8 k), and
 * every value that comes more often than that is counted (Space-Saving; Metwally et al. 2005, Agarwal et al. 2012). In rolling windows all
 * are counted exactly.
 *
 * @param k from 1 to 1,000
 */
export function topK<O extends AnyOf>(column: O, k: number): Aggregate<ColumnIn<O>, Frequent<Present<O>>[], TextIn<O>> {
  whole(k, 'topK: k', 1, 1000);
  const read = (numbers: Float64Array, meaning: (number: number) => unknown) => {
    const all: Frequent<Present<O>>[] = [];
    for (let i = 0; i < numbers.length; i += 3) {
      const value = meaning(numbers[i] as number) as Present<O>;
      all.push({ value, count: numbers[i + 1] as number, error: numbers[i + 2] as number });
    }
    return all;
  };
  return ofAny('topK', column, 'kept', [k, Math.max(64, 8 * k)], { most: 3 * k, read });
}

/**
 * How many values lie below the first edge, from each edge to the next, and from the last on: one number more than there are edges.
 *
 * @param edges from 1 to 1,000 finite numbers, ascending
 * @example histogram('ms', [1, 10, 100])   // [below 1, 1 to 10, 10 to 100, 100 and more]
 */
export function histogram<O extends Of>(column: O, edges: readonly number[]) {
  const accepted = 'from 1 to 1000 finite numbers, ascending';
  if (!Array.isArray(edges) || edges.length < 1 || edges.length > 1000) reject('histogram: edges', accepted, edges);
  edges.forEach((edge, i) => {
    const rises = Number.isFinite(edge) && (i === 0 || edge > (edges[i - 1] as number));
    if (!rises) reject(`histogram: edges[${i}]`, accepted, edge);
  });
  const most = edges.length + 1;
  const read = (counts: Float64Array) => listOf(counts.length ? counts : new Float64Array(most));
  return withParameters('histogram', column, edges, { most, read });
}

/**
 * The values themselves in order of event time, of one time as they came.
 *
 * @param options `limit`: how many at the most; of more the earliest are kept
 * @example collect('page', { limit: 100 })
 */
export function collect<O extends AnyOf>(
  column: O,
  options: { readonly limit: number },
): Aggregate<ColumnIn<O>, Present<O>[], TextIn<O>> {
  const { limit } = optionsOf<{ limit: number }>(options, ['limit'], 'collect');
  whole(limit, 'collect: limit', 1, 10_000_000);
  const read = (numbers: Float64Array, meaning: (number: number) => unknown) =>
    Array.from(numbers, meaning) as Present<O>[];
  return ofAny('collect', column, 'kept', [limit, limit], { most: limit, read });
}

/** Mean of the values over time: each holds until the next one of the window. Of values that are all of one time it is the last. */
export const timeWeightedMean = <O extends Of>(column: O) => withParameters('timeWeightedMean', column, []);

/** An aggregate of the user's own. */
export interface FoldOf<O extends Of, State, Result> {
  /** The column whose values it is of. */
  readonly column: O;
  /** The state of no values. */
  identity(): State;
  /** The state of one value. */
  lift(value: number): State;
  /** The state of the values of both; `later` has those that come after. It may change `earlier` and return it. */
  combine(earlier: State, later: State): State;
  lower(state: State): Result;
}

/**
 * An aggregate of the user's own, in JavaScript: `lower` of the values in order of event time, each lifted, combined from `identity()` on. The
 * values are kept until their window has fired; the functions are called when its result is taken, or asked for.
 *
 * @example fold({ column: 'v', identity: () => 0, lift: (v) => v ** 4, combine: (a, b) => a + b, lower: (s) => s ** 0.25 })
 */
export function fold<const O extends Of, State, Result>(
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
  return withParameters('collect', definition.column, [], { most: Number.POSITIVE_INFINITY, read });
}
