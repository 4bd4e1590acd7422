/** Every aggregate as its public function makes it, and its definition. */

import {
  all,
  any,
  argmax,
  argmin,
  bitAnd,
  bitOr,
  collect,
  correlation,
  count,
  covariance,
  delta,
  distinct,
  ewma,
  first,
  fold,
  histogram,
  increase,
  kurtosis,
  last,
  max,
  mean,
  median,
  min,
  ohlc,
  product,
  quantile,
  range,
  rate,
  regression,
  skewness,
  stddev,
  sum,
  timeWeightedMean,
  topK,
  variance,
  weightedMean,
} from '../../bindings';
import type { AnyAggregate } from '../../bindings/spec/aggregates';
import { countsOf, definitions, ewmaOf, frequent, quantileOf, rateOf, valuesOf } from './definitions';
import type { OracleEvent } from './store';

export type Figure = number | About | Figure[] | { [field: string]: Figure };

/** A number that a result may miss by a share of it. */
export class About {
  constructor(
    readonly value: number,
    readonly within: number,
  ) {}
}

export interface Case {
  make: () => AnyAggregate;
  define: (events: OracleEvent[]) => Figure;
  /** Whether events before the window affect its result. */
  carries?: true;
}

const OF_ONE: Record<string, (column: 'v') => AnyAggregate> = {
  all,
  any,
  bitAnd,
  bitOr,
  delta,
  distinct,
  first,
  kurtosis,
  last,
  max,
  mean,
  median,
  min,
  product,
  range,
  skewness,
  stddev,
  sum,
  timeWeightedMean,
  variance,
};
const OF_TWO: Record<string, (v: 'v', w: 'w') => AnyAggregate> = {
  argmax,
  argmin,
  correlation,
  covariance,
  weightedMean,
};

const fields = (kinds: Record<string, string>) => (events: OracleEvent[]) =>
  Object.fromEntries(Object.entries(kinds).map(([field, kind]) => [field, define(kind)(events)]));

function define(kind: string): (events: OracleEvent[]) => number {
  return definitions[kind] as (events: OracleEvent[]) => number;
}

export const cases: Record<string, Case> = {
  events: { make: () => count(), define: define('events') },
  count: { make: () => count('v'), define: define('count') },
  ...Object.fromEntries(
    Object.entries(OF_ONE).map(([name, of]) => [name, { make: () => of('v'), define: define(name) }]),
  ),
  ...Object.fromEntries(
    Object.entries(OF_TWO).map(([name, of]) => [name, { make: () => of('v', 'w'), define: define(name) }]),
  ),
  regression: {
    make: () => regression('v', 'w'),
    define: fields({ slope: 'slope', intercept: 'intercept', r2: 'r2' }),
  },
  ohlc: {
    make: () => ohlc('v'),
    define: fields({ open: 'first', high: 'max', low: 'min', close: 'last' }),
  },
  increase: { make: () => increase('v'), define: define('increase'), carries: true },
  rate: { make: () => rate('v', { per: 10 }), define: (events) => rateOf(events, 10) },
  ewma: { make: () => ewma('v', 4), define: (events) => ewmaOf(events, 4) },
  quantile: {
    make: () => quantile('v', 0.75),
    define: (events) =>
      new About(
        quantileOf(events, (n) => Math.floor(0.75 * (n - 1))),
        0.01,
      ),
  },
  exactQuantile: {
    make: () => quantile('v', 0.3, { exact: true }),
    define: (events) => quantileOf(events, (n) => Math.max(0, Math.ceil(0.3 * n) - 1)),
  },
  topK: { make: () => topK('v', 3), define: (events) => frequent(events).slice(0, 3) },
  histogram: { make: () => histogram('v', [-1, 0, 1.5]), define: (events) => countsOf(events, [-1, 0, 1.5]) },
  collect: { make: () => collect('v', { limit: 5 }), define: (events) => valuesOf(events).slice(0, 5) },
  fold: {
    make: () =>
      fold({
        column: 'v',
        identity: () => ({ list: [] as number[] }),
        lift: (v) => ({ list: [v] }),
        combine: (a, b) => ({ list: [...a.list, ...b.list] }),
        lower: ({ list }) => list.map((v, i) => (i % 2 ? -v : v)),
      }),
    define: (events) => valuesOf(events).map((v, i) => (i % 2 ? -v : v)),
  },
};

/** The core's aggregates that compute the fields of a public aggregate. */
export function kindsOf({ kind, fields }: AnyAggregate): string[] {
  return fields ? Object.values(fields).flatMap(kindsOf) : [kind];
}

/** The value of the second column: a whole number computed from the first two, or missing. */
export function companion(t: number, v: number): number {
  const mixed = Math.abs(Math.round(t) * 7 + (Math.abs(v) < 1e6 ? Math.round(v * 4) * 5 : 3)) % 17;
  return mixed === 11 ? Number.NaN : mixed - 4;
}

/** Whether the values are equal, or so near that only the order of roundings can differ. */
export function isNear(actual: unknown, wanted: unknown, tolerance = 1e-9): boolean {
  if (wanted instanceof About) {
    return isNear(actual, wanted.value, Math.max(tolerance, wanted.within * Math.min(1, Math.abs(wanted.value))));
  }
  if (typeof actual === 'number' && typeof wanted === 'number') {
    // An infinity is near itself only, and -0 equals 0.
    const near = Math.abs(actual - wanted) <= tolerance * Math.max(1, Math.abs(wanted));
    return near || actual === wanted || (Number.isNaN(actual) && Number.isNaN(wanted));
  }
  if (typeof actual !== 'object' || typeof wanted !== 'object' || !actual || !wanted) return Object.is(actual, wanted);
  const names = Object.keys({ ...actual, ...wanted });
  return names.every((name) => isNear((actual as never)[name], (wanted as never)[name], tolerance));
}
