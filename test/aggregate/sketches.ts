/**
 * Laws of sketches, each checked on data of every kind in windows of every shape: `sketches.test.ts` runs them on short
 * streams, `sketches.large.test.ts` on long ones.
 */

import { expect } from 'vitest';
import {
  type Aggregate,
  count,
  distinct,
  type Frequent,
  histogram,
  hopping,
  median,
  quantile,
  type Spec,
  session,
  timeWeightedMean,
  topK,
  tumbling,
  type Window,
  windowed,
} from '../../bindings';
import { random } from '../support/helpers';

export interface Event {
  t: number;
  v: number;
}

export interface Shape {
  window: Window;
  spec?: Partial<Spec>;
}

export type Rows<Result> = (Result & { start: number; end: number; events: Event[] })[];

/** Values of every kind, n of each. */
export function dataOf(n: number): Record<string, number[]> {
  const drawn = (draw: (next: () => number) => number) => {
    const next = random(7);
    return Array.from({ length: n }, () => draw(next));
  };
  const next = random(3);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const lognormal = drawn(() => Math.exp(3 * normal()));
  return {
    uniform: drawn((next) => next() * 1000),
    lognormal,
    pareto: drawn((next) => (1 - next()) ** (-1 / 1.1)),
    constant: drawn(() => 42.5),
    rising: lognormal.toSorted((a, b) => a - b),
    falling: lognormal.toSorted((a, b) => b - a),
    'from the middle outward': lognormal
      .toSorted((a, b) => a - b)
      .map((_, i, sorted) => sorted[(n >> 1) + (i % 2 ? 1 : -1) * (i >> 1)] ?? 1),
    negative: lognormal.map((v) => -v),
    'of both signs': drawn((next) => (next() - 0.5) * 10 ** (6 * next())),
    'with zeros': drawn((next) => (next() < 0.3 ? 0 : next() < 0.5 ? -0 : next() - 0.5)),
    'with infinities': drawn((next) => {
      const kind = next();
      return kind < 0.05 ? Infinity : kind < 0.1 ? -Infinity : (next() - 0.4) * 100;
    }),
    'too small for bins': drawn((next) => (next() < 0.5 ? 5e-324 : 1e-310) * (next() < 0.5 ? -1 : 1)),
    'whole numbers': drawn((next) => Math.floor(next() * 50) - 10),
    'with missing values': drawn((next) => (next() < 0.3 ? Number.NaN : next())),
    'at the ends of the range': drawn((next) => (next() < 0.5 ? 1.7e308 : 1.79e308)),
  };
}

//   tumbling   one row per window     hopping   rows of slices, combined in any grouping     session   rows that merge
const SHAPES: Record<string, Shape> = {
  'one window': { window: tumbling(1e6) },
  'tumbling windows': { window: tumbling(211) },
  'hops that divide': { window: hopping(1000, 50) },
  'hops that do not': { window: hopping(700, 300) },
  'hops of one event': { window: hopping(40, 1) },
  sessions: { window: session(3) },
  'out of order': { window: hopping(600, 200), spec: { outOfOrder: 100 } },
};

/** Events of the values, at times with a gap now and then, in order of time or slightly out of it. */
export function eventsOf(values: number[], isShuffled = false): Event[] {
  const next = random(5);
  let t = 0;
  const events = values.map((v) => {
    t += next() < 0.01 ? 10 : 1;
    return { t, v };
  });
  return isShuffled ? events.map((event, i) => events[i ^ 37] ?? event) : events;
}

/** The index of the first of ascending times that is not less than t. */
function firstFrom(times: number[], t: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The results of all windows, at least one, each with the events that lie in it, without those that miss a value. */
export function run<Result>(
  events: Event[],
  { window, spec }: Shape,
  aggregates: Record<string, Aggregate<string, unknown>>,
): Rows<Result> {
  using stream = windowed({ time: 't', window, aggregates, ...spec } as Spec);
  for (let i = 0; i < events.length; i += 997) {
    const part = events.slice(i, i + 997);
    stream.pushColumns({ t: part.map(({ t }) => t), v: part.map(({ v }) => v) } as never);
  }
  const rows = stream.close().toArray() as unknown as Rows<Result>;
  expect(rows.length).toBeGreaterThan(0);
  const sorted = events.filter(({ v }) => !Number.isNaN(v)).sort((a, b) => a.t - b.t);
  const times = sorted.map(({ t }) => t);
  return rows.map((row) => ({ ...row, events: sorted.slice(firstFrom(times, row.start), firstFrom(times, row.end)) }));
}

/** Calls `check` for data of every kind, n values of each, in windows of every shape. */
function everywhere(n: number, check: (data: string, shape: Shape, events: Event[]) => void): void {
  for (const [data, values] of Object.entries(dataOf(n))) {
    for (const shape of Object.values(SHAPES)) check(data, shape, eventsOf(values, shape.spec !== undefined));
  }
}

const ascending = (events: Event[]) => events.map(({ v }) => v + 0).sort((a, b) => a - b);

export const QS = [0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];

/** A quantile is within its relative error at every q. */
export function expectNearQuantiles(n: number, accuracy: number): void {
  const quantiles = Object.fromEntries(QS.map((q) => [`q${q}`, quantile('v', q, { accuracy })]));
  let checked = 0;
  everywhere(n, (data, shape, events) => {
    // At 0.1 % the bins span 1.7 powers of ten. Where values span more, only the greatest are within the bound.
    if (accuracy === 0.001 && !['uniform', 'constant', 'at the ends of the range'].includes(data)) return;
    for (const row of run<Record<string, number>>(events, shape, quantiles)) {
      const values = ascending(row.events);
      for (const q of QS) {
        const wanted = values[Math.floor(q * (values.length - 1))] ?? Number.NaN;
        const given = row[`q${q}`] as number;
        const tiny = Math.abs(wanted) < 2 ** -1022 && given === 0;
        const near = tiny || Object.is(given, wanted) || Math.abs(given - wanted) <= accuracy * Math.abs(wanted);
        if (accuracy === 0.001 && wanted < 500 && row.events.length > 29) continue;
        checked++;
        if (!near) expect({ data, q, n: values.length, given }).toEqual({ data, q, n: values.length, given: wanted });
      }
    }
  });
  expect(checked).toBeGreaterThan(n);
}

/**
 * An exact quantile is the value of the nearest rank, and the median the middle or the mean of the two middle values.
 */
export function expectExactQuantiles(n: number): void {
  const exact = Object.fromEntries(QS.map((q) => [`q${q}`, quantile('v', q, { exact: true })]));
  everywhere(n, (data, shape, events) => {
    for (const row of run<Record<string, number>>(events, shape, { ...exact, median: median('v') })) {
      const values = ascending(row.events);
      const n = values.length;
      for (const q of QS) {
        const rank = Math.max(n - Math.floor(n - n * q), 1);
        const [given, wanted] = [row[`q${q}`], values[rank - 1] ?? Number.NaN];
        if (!Object.is(given, wanted)) expect({ data, q, n, given }).toEqual({ data, q, n, given: wanted });
      }
      const [a, b] = [values[(n - 1) >> 1] as number, values[n >> 1] as number];
      const middle = n ? (a === b ? a : Number.isFinite(a + b) ? (a + b) / 2 : a / 2 + b / 2) : Number.NaN;
      if (!Object.is(row.median, middle)) expect({ data, n, median: row.median }).toEqual({ data, n, median: middle });
    }
  });
}

/** `distinct` is exact if asked to be, and in any case up to 256 values; beyond, it is within four standard errors. */
export function expectDistinct(n: number): void {
  everywhere(n, (data, shape, events) => {
    const rows = run<{ exact: number; near: number }>(events, shape, {
      exact: distinct('v', { exact: true }),
      near: distinct('v'),
    });
    for (const { exact, near, events } of rows) {
      const wanted = new Set(events.map(({ v }) => v)).size;
      const error = wanted <= 256 ? 0 : 4 * 0.01625 * wanted;
      const isRight = exact === wanted && Math.abs(near - wanted) <= error;
      if (!isRight) expect({ data, exact, near, error }).toEqual({ data, exact: wanted, near: wanted, error });
    }
  });
}

/** n whole numbers from -5, the one of rank r as often as 1 / r. */
function zipf(n: number): number[] {
  const next = random(11);
  const ranks = Array.from({ length: n }, (_, i) => 1 / (i + 1));
  const total = ranks.reduce((a, b) => a + b, 0);
  return Array.from({ length: n }, () => {
    let rest = next() * total;
    let rank = 0;
    while (rest > (ranks[rank] as number) && rank < ranks.length - 1) rest -= ranks[rank++] as number;
    return rank - 5;
  });
}

function expectCounted(top: Frequent[], events: Event[], k: number): void {
  const counts = new Map<number, number>();
  for (const { v } of events) counts.set(v + 0, (counts.get(v + 0) ?? 0) + 1);
  const capacity = Math.max(64, 8 * k);
  expect(top).toHaveLength(Math.min(k, counts.size));
  const bound = events.length / capacity;
  for (const { value, count, error } of top) {
    const wanted = counts.get(value) ?? 0;
    const isRight = count >= wanted && count - error <= wanted && error >= 0 && error <= bound;
    if (!isRight) expect({ value, count, error, bound }).toEqual({ value, count: wanted, error: 0, bound });
  }
  const order = top.toSorted((a, b) => b.count - a.count || a.value - b.value);
  expect(top).toEqual(order);
  const best = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, k);
  if (counts.size <= capacity) {
    expect(top).toEqual(best.map(([value, count]) => ({ value, count, error: 0 })));
  } else {
    const least = top.at(-1)?.count as number;
    const listed = new Set(top.map(({ value }) => value));
    for (const [value, count] of counts) {
      if (count > Math.max(bound, least) && !listed.has(value)) expect([...listed]).toContain(value);
    }
  }
}

/** `topK` never counts too few of a value, nor too many by more than the error it states. */
export function expectFrequent(n: number, k: number): void {
  const values = zipf(n);
  for (const window of [
    tumbling(1e6),
    tumbling(1000),
    hopping(4000, 500),
    hopping(3000, 1100),
    hopping(90, 10),
    session(3),
  ]) {
    for (const order of [values, values.toSorted((a, b) => a - b), values.map((v) => (v > 30 ? v % 7 : v))]) {
      const events = eventsOf(window.size === 90 ? order.slice(0, 3000) : order);
      const rows = run<{ top: Frequent[] }>(events, { window }, { top: topK('v', k) });
      expect(rows.length).toBeGreaterThan(0);
      for (const { top, events } of rows) expectCounted(top, events, k);
    }
  }
}

/** `topK` counts numbers of any kind. */
export function expectFrequentAnywhere(n: number): void {
  everywhere(n, (_, shape, events) => {
    if (shape === SHAPES['hops of one event']) return;
    for (const { top, events: those } of run<{ top: Frequent[] }>(events, shape, { top: topK('v', 5) })) {
      expectCounted(top, those, 5);
    }
  });
}

const EDGES = [-10, -1, 0, 0.5, 1, 40, 42.5, 100, 1e6];

/** A histogram counts the values below its first edge, from each edge up to the next, and from its last edge on. */
export function expectHistogram(n: number): void {
  const aggregates = { h: histogram('v', EDGES), one: histogram('v', [42.5]), n: count('v') };
  everywhere(n, (data, shape, events) => {
    const rows = run<{ h: number[]; one: number[]; n: number }>(events, shape, aggregates);
    for (const { h, one, n, events: those } of rows) {
      const from = (edge: number) => those.filter(({ v }) => v >= edge).length;
      const above = [-Infinity, ...EDGES, Number.NaN].map(from);
      const wanted = above.slice(0, -1).map((many, i) => many - (above[i + 1] as number));
      const two = [those.filter(({ v }) => v < 42.5).length, from(42.5)];
      const isSame = (a: number[], b: number[]) => a.length === b.length && a.every((many, i) => many === b[i]);
      if (!isSame(h, wanted) || !isSame(one, two) || n !== those.length) {
        expect({ data, h, one, n }).toEqual({ data, h: wanted, one: two, n: those.length });
      }
    }
  });
}

/** In `timeWeightedMean` every value holds until the next. */
export function expectTimeWeightedMean(n: number): void {
  everywhere(n, (data, shape, events) => {
    if (data === 'with infinities') return;
    for (const { mean, events: those } of run<{ mean: number }>(events, shape, { mean: timeWeightedMean('v') })) {
      const first = those[0]?.t as number;
      const lastTime = those.at(-1)?.t as number;
      let area = 0;
      those.forEach(({ t, v }, i) => {
        area += v * (((those[i + 1]?.t ?? t) - t) / (lastTime - first));
      });
      const wanted = those.length === 0 ? Number.NaN : lastTime === first ? (those.at(-1)?.v as number) : area;
      const error = 1e-9 * Math.max(...those.map(({ v }) => Math.abs(v)));
      const isRight = Number.isNaN(wanted) ? Number.isNaN(mean) : Math.abs(mean - wanted) <= error;
      if (!isRight) expect({ data, mean, error }).toEqual({ data, mean: wanted, error });
    }
  });
}
