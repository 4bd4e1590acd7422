/** Every aggregate as its public function makes it, beside its definition. */

import {
  type Aggregate,
  all,
  any,
  argmax,
  argmin,
  bitAnd,
  bitOr,
  correlation,
  count,
  covariance,
  delta,
  ewma,
  first,
  increase,
  kurtosis,
  last,
  max,
  mean,
  min,
  ohlc,
  product,
  range,
  rate,
  regression,
  skewness,
  stddev,
  sum,
  variance,
  weightedMean,
} from '../../bindings';
import { definitions, ewmaOf, rateOf } from './definitions';
import type { OracleEvent } from './store';

export type Figure = number | number[] | { [field: string]: Figure };

export interface Case {
  make: () => Aggregate<string, unknown>;
  define: (events: OracleEvent[]) => Figure;
  /** Whether events before the window count as well. */
  carries?: true;
}

const OF_ONE = {
  all,
  any,
  bitAnd,
  bitOr,
  delta,
  first,
  kurtosis,
  last,
  max,
  mean,
  min,
  product,
  range,
  skewness,
  stddev,
  sum,
  variance,
};
const OF_TWO = { argmax, argmin, correlation, covariance, weightedMean };

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
};

/** The kinds of the core that a figure is made of. */
export function kindsOf({ kind, fields }: Aggregate<string, unknown>): string[] {
  return fields ? Object.values(fields).flatMap(kindsOf) : [kind];
}

/** A second column, as any function of the first two would be: whole numbers, some missing. */
export function companion(t: number, v: number): number {
  const mixed = Math.abs(Math.round(t) * 7 + (Math.abs(v) < 1e6 ? Math.round(v * 4) * 5 : 3)) % 17;
  return mixed === 11 ? Number.NaN : mixed - 4;
}

/** Equal, or so nearly that only the order of roundings can differ. */
export function isNear(actual: unknown, wanted: unknown, tolerance = 1e-9): boolean {
  if (typeof actual === 'number' && typeof wanted === 'number') {
    // An infinity is near nothing but itself, and 0 is -0.
    const near = Math.abs(actual - wanted) <= tolerance * Math.max(1, Math.abs(wanted));
    return near || actual === wanted || (Number.isNaN(actual) && Number.isNaN(wanted));
  }
  if (typeof actual !== 'object' || typeof wanted !== 'object' || !actual || !wanted) return Object.is(actual, wanted);
  const names = Object.keys({ ...actual, ...wanted });
  return names.every((name) => isNear((actual as never)[name], (wanted as never)[name], tolerance));
}
