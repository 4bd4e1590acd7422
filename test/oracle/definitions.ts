/**
 * Every aggregate by its definition, over the events of one row in order of arrival. An aggregate reads the column `v`,
 * and `w` if it has a second one.
 */

import type { OracleEvent } from './store';

type Define = (events: OracleEvent[]) => number;

export const definitions: Record<string, Define> = {
  events: (events) => events.length,
  count: (events) => present(events).length,
  sum: over((values) => total(values)),
  mean: over(meanOf),
  min: over((values) => Math.min(...values)),
  max: over((values) => Math.max(...values)),
  range: over((values) => Math.max(...values) - Math.min(...values)),
  product: over((values) => values.reduce((a, b) => a * b, 1)),
  first: (events) => byTime(events).at(0)?.v ?? Number.NaN,
  last: (events) => byTime(events).at(-1)?.v ?? Number.NaN,
  variance: over(twoPass),
  stddev: over((values) => Math.sqrt(twoPass(values))),
  skewness: over((values) => {
    const n = values.length;
    if (n < 3) return Number.NaN;
    return (Math.sqrt(n * (n - 1)) / (n - 2)) * (central(values, 3) / central(values, 2) ** 1.5);
  }),
  kurtosis: over((values) => central(values, 4) / central(values, 2) ** 2 - 3),
  covariance: overPairs((x, y) => (x.length > 1 ? coproducts(x, y) / (x.length - 1) : Number.NaN)),
  correlation: overPairs((x, y) => coproducts(x, y) / Math.sqrt(coproducts(x, x) * coproducts(y, y))),
  slope: overPairs(slopeOf),
  intercept: overPairs((y, x) => meanOf(y) - slopeOf(y, x) * meanOf(x)),
  r2: overPairs((y, x) => {
    if (coproducts(x, x) === 0) return Number.NaN;
    return coproducts(y, y) === 0 ? 1 : coproducts(y, x) ** 2 / (coproducts(y, y) * coproducts(x, x));
  }),
  weightedMean: overPairs((v, w) => (total(w) === 0 ? Number.NaN : total(v.map((x, i) => x * at(w, i))) / total(w))),
  any: over((values) => (values.some((v) => v !== 0) ? 1 : 0)),
  all: over((values) => (values.every((v) => v !== 0) ? 1 : 0)),
  bitAnd: over((values) => Number(values.map(bits).reduce((a, b) => a & b))),
  bitOr: over((values) => Number(values.map(bits).reduce((a, b) => a | b))),
  argmin: (events) => bestOf(events, (a, b) => a < b),
  argmax: (events) => bestOf(events, (a, b) => a > b),
  delta: (events) => deltaOf(events),
  median: over((values) => {
    const sorted = values.sort((a, b) => a - b);
    const [low, high] = [at(sorted, (sorted.length - 1) >> 1), at(sorted, sorted.length >> 1)];
    return low === high ? low : (low + high) / 2;
  }),
  distinct: (events) => new Set(present(events).map(({ v }) => v + 0)).size,
  timeWeightedMean: (events) => {
    const list = byTime(events);
    const [start, end] = [list.at(0)?.t ?? 0, list.at(-1)?.t ?? 0];
    if (start === end) return list.at(-1)?.v ?? Number.NaN;
    const area = list.slice(1).map(({ t }, i) => {
      const { v, t: before } = list[i] as OracleEvent;
      return t === before ? 0 : v * (t - before);
    });
    return total(area) / (end - start);
  },
  increase: (events) => {
    const steps = events.map(({ step = Number.NaN }) => step).filter((step) => !Number.isNaN(step));
    return steps.length ? total(steps) : Number.NaN;
  },
};

/** The value at the given place, from 0, of all values in order; NaN if there are none. */
export function quantileOf(events: OracleEvent[], place: (n: number) => number): number {
  const sorted = valuesOf(events).sort((a, b) => a - b);
  return sorted.length ? at(sorted, place(sorted.length)) : Number.NaN;
}

/** The values that are not missing, in order of time. */
export function valuesOf(events: OracleEvent[]): number[] {
  return byTime(events).map(({ v }) => v);
}

/** Each value and its count, the most frequent first, then the least value. */
export function frequent(events: OracleEvent[]): { value: number; count: number; error: number }[] {
  const counts = new Map<number, number>();
  for (const v of valuesOf(events)) counts.set(v + 0, (counts.get(v + 0) ?? 0) + 1);
  const all = [...counts].map(([value, count]) => ({ value, count, error: 0 }));
  return all.sort((a, b) => b.count - a.count || a.value - b.value);
}

/** The counts of values below the first edge, between each two edges, and from the last edge on. */
export function countsOf(events: OracleEvent[], edges: number[]): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (const v of valuesOf(events)) {
    const i = edges.filter((edge) => edge <= v).length;
    counts[i] = (counts[i] ?? 0) + 1;
  }
  return counts;
}

/** The change from the first to the last value, for each `per` units of time. */
export function rateOf(events: OracleEvent[], per: number): number {
  const times = present(events).map(({ t }) => t);
  const time = Math.max(...times) - Math.min(...times);
  return time > 0 ? (deltaOf(events) * per) / time : Number.NaN;
}

export function ewmaOf(events: OracleEvent[], halfLife: number): number {
  const latest = Math.max(...present(events).map(({ t }) => t));
  const weigh = ({ t }: OracleEvent) => 2 ** (-(latest - t) / halfLife);
  return total(present(events).map((event) => weigh(event) * event.v)) / total(present(events).map(weigh));
}

const present = (events: OracleEvent[]) => events.filter(({ v }) => !Number.isNaN(v));
const pairs = (events: OracleEvent[]) => present(events).filter(({ w = Number.NaN }) => !Number.isNaN(w));
/** Present events in order of time. The sort is stable, so events of one time stay in order of arrival. */
const byTime = (events: OracleEvent[]) => present(events).sort((a, b) => a.t - b.t);
const deltaOf = (events: OracleEvent[]) =>
  (byTime(events).at(-1)?.v ?? Number.NaN) - (byTime(events).at(0)?.v ?? Number.NaN);
const total = (values: number[]) => values.reduce((a, b) => a + b, 0);
const at = (values: number[], i: number) => values[i] as number;

function over(figure: (values: number[]) => number): Define {
  return (events) => {
    const values = present(events).map(({ v }) => v);
    return values.length ? figure(values) : Number.NaN;
  };
}

function overPairs(figure: (v: number[], w: number[]) => number): Define {
  return (events) => {
    const list = pairs(events);
    if (list.length === 0) return Number.NaN;
    return figure(
      list.map(({ v }) => v),
      list.map(({ w }) => w as number),
    );
  };
}

function meanOf(values: number[]): number {
  return total(values) / values.length;
}

export function twoPass(values: number[]): number {
  if (values.length < 2) return Number.NaN;
  return total(values.map((x) => (x - meanOf(values)) ** 2)) / (values.length - 1);
}

/** The central moment of a population, divided by n. */
function central(values: number[], power: number): number {
  const mean = meanOf(values);
  return total(values.map((x) => (x - mean) ** power)) / values.length;
}

/** The sum of the products of deviations from the two means. */
function coproducts(x: number[], y: number[]): number {
  const [meanX, meanY] = [meanOf(x), meanOf(y)];
  return total(x.map((_, i) => (at(x, i) - meanX) * (at(y, i) - meanY)));
}

function slopeOf(y: number[], x: number[]): number {
  const spread = coproducts(x, x);
  return spread === 0 ? Number.NaN : coproducts(y, x) / spread;
}

/** A number as a signed integer of 64 bits: truncated, and clamped to the range. */
function bits(value: number): bigint {
  if (value >= 2 ** 63) return 2n ** 63n - 1n;
  return value < -(2 ** 63) ? -(2n ** 63n) : BigInt(Math.trunc(value));
}

function bestOf(events: OracleEvent[], isBetter: (a: number, b: number) => boolean): number {
  let best: OracleEvent | undefined;
  for (const event of byTime(pairs(events))) if (!best || isBetter(event.v, best.v)) best = event;
  return best?.w ?? Number.NaN;
}
