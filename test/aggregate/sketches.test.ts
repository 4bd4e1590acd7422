/**
 * Sketches keep the bounds they state, whatever the values and however the core cut and combined the windows; what is exact is what the
 * definition gives.
 */

import { DDSketch } from '@datadog/sketches-js';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  type Aggregate,
  collect,
  count,
  distinct,
  type Frequent,
  fold,
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
import { random, refused, scaled } from '../support/helpers';

const N = 500 + scaled(2500);

function normals(seed: number): () => number {
  const next = random(seed);
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

function drawn(draw: (next: () => number) => number, seed = 7): number[] {
  const next = random(seed);
  return Array.from({ length: N }, () => draw(next));
}

const normal = normals(3);
const lognormal = drawn(() => Math.exp(3 * normal()));

const DATA: Record<string, number[]> = {
  uniform: drawn((next) => next() * 1000),
  lognormal,
  pareto: drawn((next) => (1 - next()) ** (-1 / 1.1)),
  constant: drawn(() => 42.5),
  rising: lognormal.toSorted((a, b) => a - b),
  falling: lognormal.toSorted((a, b) => b - a),
  'from the middle outward': lognormal
    .toSorted((a, b) => a - b)
    .map((_, i, sorted) => sorted[(N >> 1) + (i % 2 ? 1 : -1) * (i >> 1)] ?? 1),
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

//   tumbling   one row for each window         hopping   rows of slices, combined in any grouping        session   rows that meet
const SHAPES: Record<string, { window: Window; spec?: Partial<Spec> }> = {
  'one window': { window: tumbling(1e6) },
  'tumbling windows': { window: tumbling(211) },
  'hops that divide': { window: hopping(1000, 50) },
  'hops that do not': { window: hopping(700, 300) },
  'hops of one event': { window: hopping(40, 1) },
  sessions: { window: session(3) },
  'out of order': { window: hopping(600, 200), spec: { outOfOrder: 100 } },
};

interface Event {
  t: number;
  v: number;
}

/** Times with gaps now and then; of the last shape in a different order of arrival. */
function eventsOf(values: number[], shuffled: boolean): Event[] {
  const next = random(5);
  let t = 0;
  const events = values.map((v) => {
    t += next() < 0.01 ? 10 : 1;
    return { t, v };
  });
  return shuffled
    ? events.toSorted((a, b) => a.t - b.t || 0).map((_, i) => events[i ^ 37] ?? (events[i] as Event))
    : events;
}

type Rows<Result> = (Result & { start: number; end: number; events: Event[] })[];

/** The results of all windows, with the events that lie in them, those without a value left out. */
function run<Result>(
  events: Event[],
  { window, spec }: { window: Window; spec?: Partial<Spec> },
  aggregates: Record<string, Aggregate<string, unknown>>,
): Rows<Result> {
  const stream = windowed({ time: 't', window, aggregates, ...spec } as Spec);
  for (let i = 0; i < events.length; i += 997) {
    const part = events.slice(i, i + 997);
    stream.pushColumns({ t: part.map(({ t }) => t), v: part.map(({ v }) => v) } as never);
  }
  const rows = stream.close().toArray() as unknown as Rows<Result>;
  stream[Symbol.dispose]();
  const sorted = events.toSorted((a, b) => a.t - b.t);
  return rows.map((row) => ({
    ...row,
    events: sorted.filter(({ t, v }) => t >= row.start && t < row.end && !Number.isNaN(v)),
  }));
}

/** Every kind of data in every shape. */
function everywhere(
  check: (data: string, shape: { window: Window; spec?: Partial<Spec> }, events: Event[]) => void,
): void {
  for (const [data, values] of Object.entries(DATA)) {
    for (const shape of Object.values(SHAPES)) check(data, shape, eventsOf(values, shape.spec !== undefined));
  }
}

const ascending = (events: Event[]) => events.map(({ v }) => v + 0).sort((a, b) => a - b);
const QS = [0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];

describe('quantile', () => {
  test.each([0.01, 0.001, 0.05, 0.3])('is within a relative error of %s, at every q', (accuracy) => {
    const quantiles = Object.fromEntries(QS.map((q) => [`q${q}`, quantile('v', q, { accuracy })]));
    everywhere((data, shape, events) => {
      // At 0.1 % the bins reach over 1.7 powers of ten: of more, only the greatest are within it.
      if (accuracy === 0.001 && !['uniform', 'constant', 'at the ends of the range'].includes(data)) return;
      for (const row of run<Record<string, number>>(events, shape, quantiles)) {
        const values = ascending(row.events);
        for (const q of QS) {
          const wanted = values[Math.floor(q * (values.length - 1))] ?? Number.NaN;
          const given = row[`q${q}`] as number;
          const tiny = Math.abs(wanted) < 2 ** -1022 && given === 0;
          const near = tiny || Object.is(given, wanted) || Math.abs(given - wanted) <= accuracy * Math.abs(wanted);
          if (accuracy === 0.001 && wanted < 500 && row.events.length > 29) continue;
          if (!near) expect({ data, q, n: values.length, given }).toEqual({ data, q, n: values.length, given: wanted });
        }
      }
    });
  });

  test('is within the bound for single values all over the range of numbers', () => {
    const values: number[] = [];
    for (let e = -1022; e < 1024; e++) {
      for (const s of [1, 1 + 2 ** -52, 1.1, 1.2222, 1.5, 1.6666, 1.9, 2 - 2 ** -52]) values.push(s * 2 ** e);
    }
    for (const accuracy of [0.0001, 0.01, 0.2, 0.9, 0.99]) {
      const stream = windowed({
        time: 't',
        window: tumbling(1),
        aggregates: { v: quantile('v', 0.5, { accuracy }), minus: quantile('minus', 0.5, { accuracy }) },
      });
      stream.pushColumns({ t: values.map((_, i) => i), v: values, minus: values.map((v) => -v) });
      const { v, minus } = stream.close().columns;
      stream[Symbol.dispose]();
      const worst = Math.max(...values.map((value, i) => Math.abs((v[i] as number) - value) / value));
      expect(worst).toBeLessThanOrEqual(accuracy);
      // The bound is not slack: bins are as wide as they may be.
      expect(worst).toBeGreaterThan(accuracy * 0.9);
      expect(minus.map((x) => -x)).toEqual(v);
    }
  });

  test('depends on nothing but which values came', () => {
    for (const values of Object.values(DATA)) {
      const expected = run<{ q: number }>(
        eventsOf(values, false),
        { window: tumbling(1e6) },
        { q: quantile('v', 0.9) },
      );
      for (const order of [values.toReversed(), values.toSorted((a, b) => a - b)]) {
        for (const window of [hopping(1e6, 1e5), session(100)]) {
          const rows = run<{ q: number }>(eventsOf(order, false), { window }, { q: quantile('v', 0.9) });
          for (const { q, events } of rows) if (events.length > 2500) expect(q).toBe(expected[0]?.q);
        }
      }
    }
  });

  //   1e-300 … 1e300: of either sign the 2,048 greatest bins are told apart, whatever came first
  test('keeps its bound for the greatest magnitudes where values reach over more than its bins', () => {
    const values = Array.from({ length: 2401 }, (_, i) => 10 ** ((i - 1200) / 4));
    const signed = [...values, ...values.map((v) => -v)];
    const shuffle = random(8);
    const orders = [signed, signed.toReversed(), signed.toSorted(() => shuffle() - 0.5)];
    const results = orders.flatMap((order) =>
      [tumbling(1e6), hopping(1e6, 1e3)].map((window) => {
        const aggregates = Object.fromEntries(QS.map((q) => [`q${q}`, quantile('v', q)]));
        const events = order.map((v, t) => ({ t: t + 1e6, v }));
        const row = run<Record<string, number>>(events, { window }, aggregates).find(({ start }) => start === 1e6);
        return QS.map((q) => row?.[`q${q}`] as number);
      }),
    );
    for (const result of results) expect(result).toEqual(results[0]);
    const sorted = signed.toSorted((a, b) => a - b);
    QS.forEach((q, i) => {
      const wanted = sorted[Math.floor(q * (sorted.length - 1))] as number;
      const given = results[0]?.[i] as number;
      if (Math.abs(wanted) > 1e284) expect(Math.abs(given - wanted)).toBeLessThanOrEqual(0.01 * Math.abs(wanted));
      else expect(Math.abs(given)).toBeLessThan(1e285);
    });
  });

  test('agrees with @datadog/sketches-js within both bounds', () => {
    for (const [data, values] of Object.entries(DATA)) {
      if (data === 'with infinities' || data === 'too small for bins' || data === 'at the ends of the range') continue;
      const other = new DDSketch({ relativeAccuracy: 0.01 });
      for (const v of values) if (!Number.isNaN(v)) other.accept(v);
      const aggregates = Object.fromEntries(QS.map((q) => [`q${q}`, quantile('v', q)]));
      const [row] = run<Record<string, number>>(eventsOf(values, false), { window: tumbling(1e6) }, aggregates);
      for (const q of QS) {
        const theirs = other.getValueAtQuantile(q);
        expect(Math.abs((row?.[`q${q}`] as number) - theirs)).toBeLessThanOrEqual(0.0203 * Math.abs(theirs));
      }
    }
  });

  test('is the nearest rank where it is exact, and median the middle', () => {
    const exact = Object.fromEntries(QS.map((q) => [`q${q}`, quantile('v', q, { exact: true })]));
    everywhere((data, shape, events) => {
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
        if (!Object.is(row.median, middle))
          expect({ data, n, median: row.median }).toEqual({ data, n, median: middle });
      }
    });
  });
});

describe('distinct', () => {
  test('is exact where it is asked to be, and up to 256 values in any case', () => {
    everywhere((data, shape, events) => {
      const rows = run<{ exact: number; near: number }>(events, shape, {
        exact: distinct('v', { exact: true }),
        near: distinct('v'),
      });
      for (const { exact, near, events } of rows) {
        const wanted = new Set(events.map(({ v }) => v)).size;
        expect([data, exact]).toEqual([data, wanted]);
        if (wanted <= 256) expect([data, near]).toEqual([data, wanted]);
        // Four standard errors.
        else expect(Math.abs(near - wanted)).toBeLessThanOrEqual(4 * 0.01625 * wanted);
      }
    });
  });

  test.each([4, 8, 12, 14])('has the standard error of its precision, %i', (precision) => {
    const next = random(precision);
    for (const n of [2 ** precision / 16 + 1, 2 ** (precision - 1), 2 ** precision * 3, 2 ** precision * 20]) {
      const rounds = Math.max(4, Math.min(200, Math.floor(2e5 / n)));
      const stream = windowed({ time: 't', window: tumbling(1), aggregates: { d: distinct('v', { precision }) } });
      for (let round = 0; round < rounds; round++) {
        const v = Float64Array.from({ length: Math.ceil(n) }, () => next());
        stream.pushColumns({ t: v.map(() => round), v });
      }
      const errors = [...stream.close().columns.d].map((d) => d / Math.ceil(n) - 1);
      stream[Symbol.dispose]();
      expect(errors.length).toBe(rounds);
      const spread = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / rounds);
      const bias = errors.reduce((sum, e) => sum + e, 0) / rounds;
      const stated = 1.04 / Math.sqrt(2 ** precision);
      expect(spread).toBeLessThan(stated * (1 + 3 / Math.sqrt(2 * rounds)));
      // What is given is a whole number: that much may be rounded away.
      expect(Math.abs(bias)).toBeLessThan((4 * stated) / Math.sqrt(rounds) + 0.5 / n);
    }
  });

  test('depends on nothing but which values came, in sets and in registers', () => {
    const next = random(4);
    for (const n of [1, 2, 5, 6, 200, 256, 257, 300, 2000]) {
      const values = Array.from({ length: n }, () => next() - 0.5);
      const repeated = [...values, ...values.toReversed(), ...values].map((v, i) => ({ t: i, v }));
      for (const precision of [4, 12, 18]) {
        const aggregates = { d: distinct('v', { precision }) };
        const [whole] = run<{ d: number }>(repeated, { window: tumbling(1e5) }, aggregates);
        for (const hops of [16, 100]) {
          const size = 4 * repeated.length;
          const rows = run<{ d: number }>(repeated, { window: hopping(size, size / hops) }, aggregates);
          for (const { d, events } of rows) if (events.length === 3 * n) expect(d).toBe(whole?.d);
        }
      }
    }
  });
});

describe('topK', () => {
  const next = random(11);
  const ranks = Array.from({ length: 20_000 }, (_, i) => 1 / (i + 1));
  const total = ranks.reduce((a, b) => a + b, 0);
  const zipf = Array.from({ length: 20_000 }, () => {
    let rest = next() * total;
    let rank = 0;
    while (rest > (ranks[rank] as number) && rank < ranks.length - 1) rest -= ranks[rank++] as number;
    return rank - 5;
  });

  function expectCounted(top: Frequent[], events: Event[], k: number): void {
    const counts = new Map<number, number>();
    for (const { v } of events) counts.set(v + 0, (counts.get(v + 0) ?? 0) + 1);
    const capacity = Math.max(64, 8 * k);
    expect(top.length).toBe(Math.min(k, counts.size));
    const bound = events.length / capacity;
    for (const { value, count, error } of top) {
      const wanted = counts.get(value) ?? 0;
      expect(count).toBeGreaterThanOrEqual(wanted);
      expect(count - error).toBeLessThanOrEqual(wanted);
      expect(error).toBeLessThanOrEqual(bound);
      expect(error).toBeGreaterThanOrEqual(0);
    }
    const order = top.toSorted((a, b) => b.count - a.count || a.value - b.value);
    expect(top).toEqual(order);
    const best = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, k);
    if (counts.size <= capacity) {
      expect(top).toEqual(best.map(([value, count]) => ({ value, count, error: 0 })));
    } else {
      const least = top.at(-1)?.count as number;
      for (const [value, count] of counts) {
        if (count > Math.max(bound, least)) expect(top.map((one) => one.value)).toContain(value);
      }
    }
  }

  test.each([1, 3, 10, 100])('counts never under, and over by no more than the error it states: the first %i', (k) => {
    const shapes = [
      tumbling(1e6),
      tumbling(1000),
      hopping(4000, 500),
      hopping(3000, 1100),
      hopping(90, 10),
      session(3),
    ];
    for (const window of shapes) {
      for (const values of [zipf, zipf.toSorted((a, b) => a - b), zipf.map((v) => (v > 30 ? v % 7 : v))]) {
        const events = eventsOf(window.size === 90 ? values.slice(0, 3000) : values, false);
        const rows = run<{ top: Frequent[] }>(events, { window }, { top: topK('v', k) });
        expect(rows.length).toBeGreaterThan(0);
        for (const { top, events } of rows) expectCounted(top, events, k);
      }
    }
  });

  test('takes any numbers for values', () => {
    everywhere((_, shape, events) => {
      if (shape === SHAPES['hops of one event']) return;
      for (const { top, events: those } of run<{ top: Frequent[] }>(events, shape, { top: topK('v', 5) })) {
        expectCounted(top, those, 5);
      }
    });
  });
});

const EDGES = [-10, -1, 0, 0.5, 1, 40, 42.5, 100, 1e6];

test('histogram counts what lies below, between and from its edges on', () => {
  everywhere((data, shape, events) => {
    const aggregates = { h: histogram('v', EDGES), one: histogram('v', [42.5]), n: count('v') };
    for (const { h, one, n, events: those } of run<{ h: number[]; one: number[]; n: number }>(
      events,
      shape,
      aggregates,
    )) {
      const wanted = [-Infinity, ...EDGES].map((edge, i) => {
        const above = those.filter(({ v }) => v >= edge).length;
        return above - those.filter(({ v }) => v >= (EDGES[i] ?? Number.NaN)).length;
      });
      expect([data, h]).toEqual([data, wanted]);
      expect(one).toEqual([those.filter(({ v }) => v < 42.5).length, those.filter(({ v }) => v >= 42.5).length]);
      expect(n).toBe(those.length);
    }
  });
});

/** Like run, of events that come as they are, all taken. */
const arrived = (events: Event[], window: Window, aggregates: Record<string, Aggregate<string, unknown>>) =>
  run<Record<string, unknown>>(events, { window, spec: { outOfOrder: 1e6 } }, aggregates);

describe('values by time', () => {
  const fourth = {
    column: 'v',
    identity: () => ({ sum: 0, order: [] as number[] }),
    lift: (v: number) => ({ sum: v ** 4, order: [v] }),
    combine: (a: { sum: number; order: number[] }, b: { sum: number; order: number[] }) => ({
      sum: a.sum + b.sum,
      order: [...a.order, ...b.order],
    }),
    lower: ({ sum, order }: { sum: number; order: number[] }) => ({ mean: (sum / order.length) ** 0.25, order }),
  };

  //   arrival in any order, times that repeat: earliest first, of one time as they came
  test('collect and fold have them in order of time, then of arrival', () => {
    const next = random(21);
    const events = Array.from({ length: 800 }, (_, i) => ({
      t: Math.floor(next() * 300),
      v: next() < 0.1 ? Number.NaN : i,
    }));
    for (const window of [tumbling(1000), tumbling(7), hopping(50, 10), hopping(30, 11), session(2)]) {
      const rows = arrived(events, window, {
        c: collect('v', { limit: 9 }),
        all: collect('v', { limit: 1e4 }),
        f: fold(fourth),
      });
      expect(rows.length).toBeGreaterThan(0);
      for (const { c, all, f, events: those } of rows) {
        const wanted = those.map(({ v }) => v);
        expect(all).toEqual(wanted);
        expect(c).toEqual(wanted.slice(0, 9));
        const mean = (wanted.reduce((sum, v) => sum + v ** 4, 0) / wanted.length) ** 0.25;
        expect(f).toEqual({ mean, order: wanted });
      }
    }
  });

  test('timeWeightedMean lets every value hold until the next', () => {
    everywhere((data, shape, events) => {
      if (data === 'with infinities') return;
      for (const { mean, events: those } of run<{ mean: number }>(events, shape, { mean: timeWeightedMean('v') })) {
        const first = those[0]?.t as number;
        const lastTime = those.at(-1)?.t as number;
        let area = 0;
        those.forEach(({ t, v }, i) => {
          area += v * (((those[i + 1]?.t ?? t) - t) / (lastTime - first));
        });
        const wanted = those.length === 0 ? Number.NaN : lastTime === first ? (those.at(-1)?.v as number) : area;
        if (Number.isNaN(wanted)) expect(mean).toBeNaN();
        else expect(Math.abs(mean - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(...those.map(({ v }) => Math.abs(v))));
      }
    });
    const [row] = arrived(
      [
        { t: 10, v: 5 },
        { t: 0, v: 1 },
        { t: 4, v: 2 },
        { t: 4, v: 3 },
      ],
      tumbling(100),
      { mean: timeWeightedMean('v') },
    );
    expect(row?.mean).toBe((1 * 4 + 3 * 6) / 10);
  });
});

test('windows without values give NaN, lists without anything, and counts of 0', () => {
  const aggregates = {
    q: quantile('v', 0.5),
    e: quantile('v', 0.5, { exact: true }),
    m: median('v'),
    d: distinct('v'),
    x: distinct('v', { exact: true }),
    k: topK('v', 3),
    h: histogram('v', [1, 2]),
    c: collect('v', { limit: 3 }),
    w: timeWeightedMean('v'),
    f: fold({ column: 'v', identity: () => 'none', lift: String, combine: (a, b) => a + b, lower: (s) => s }),
  };
  const nothing = {
    q: Number.NaN,
    e: Number.NaN,
    m: Number.NaN,
    d: 0,
    x: 0,
    k: [],
    h: [0, 0, 0],
    c: [],
    w: Number.NaN,
    f: 'none',
  };
  const stream = windowed({ time: 't', window: tumbling(10), aggregates, empty: 'fill' });
  stream.pushColumns({ t: [1, 25], v: [null, 7] });
  const rows = stream.close().toArray();
  expect(rows).toEqual([
    { start: 0, end: 10, ...nothing },
    { start: 10, end: 20, ...nothing },
    {
      ...rows[2],
      start: 20,
      end: 30,
      e: 7,
      m: 7,
      d: 1,
      x: 1,
      k: [{ value: 7, count: 1, error: 0 }],
      h: [0, 0, 1],
      c: [7],
      w: 7,
      f: 'none7',
    },
  ]);
  stream[Symbol.dispose]();
});

test('several figures of one column share what they keep', () => {
  const bytes = (aggregates: Record<string, Aggregate<string, unknown>>) => {
    const stream = windowed({ time: 't', key: 'k', window: tumbling(1e9), aggregates } as Spec);
    const before = stream.stats().bytes;
    const next = random(6);
    const v = Float64Array.from({ length: 40_000 }, () => next() * 1e4);
    stream.pushColumns({ t: v.map((_, i) => i), k: v.map((_, i) => i % 20), v } as never);
    const { bytes } = stream.stats();
    stream.close();
    stream[Symbol.dispose]();
    return bytes - before;
  };
  const one = bytes({ a: quantile('v', 0.5) });
  expect(bytes({ a: quantile('v', 0.5), b: quantile('v', 0.9), c: quantile('v', 0.99) })).toBeLessThan(one * 1.2);
  expect(bytes({ a: quantile('v', 0.5), b: quantile('v', 0.5, { accuracy: 0.02 }) })).toBeGreaterThan(one * 1.2);
  const exact = bytes({ a: median('v') });
  expect(bytes({ a: median('v'), b: quantile('v', 0.1, { exact: true }) })).toBeLessThan(exact * 1.2);
});

//   60 slices open, each key in every one of them with an event or none
test('keys that see little take little', () => {
  const stream = windowed({ time: 't', key: 'k', window: hopping(60, 1), aggregates: { p99: quantile('v', 0.99) } });
  const next = random(9);
  let most = 0;
  for (let t = 0; t < 70; t++) {
    const k = Float64Array.from({ length: 2000 }, () => Math.floor(next() * 2e4));
    stream.pushColumns({ t: k.map(() => t), k, v: k.map(() => next() * 100) });
    stream.take();
    most = Math.max(most, stream.stats().bytes);
  }
  // Of a key at a time, its rows in all slices: five values or so.
  expect(most).toBeLessThan(20_000 * 2000);
  stream[Symbol.dispose]();
});

//   what was open fires and is taken; nothing that states owned is left
test('what states own is given back with their rows', () => {
  const aggregates = {
    q: quantile('v', 0.5),
    m: median('v'),
    d: distinct('v'),
    x: distinct('v', { exact: true }),
    top: topK('v', 3),
    c: collect('v', { limit: 50 }),
    w: timeWeightedMean('v'),
  };
  for (const window of [tumbling(100), hopping(100, 30), hopping(100, 1)]) {
    for (const emit of ['final', 'updates', { every: 25 }] as const) {
      const stream = windowed({ time: 't', key: 'k', window, aggregates, emit, allowedLateness: 50, outOfOrder: 20 });
      const next = random(31);
      const sizes: number[] = [];
      for (let round = 0; round < 12; round++) {
        const t = Float64Array.from({ length: 400 }, (_, i) => round * 1000 + i - Math.floor(next() * 30));
        stream.pushColumns({ t, k: t.map(() => Math.floor(next() * 4)), v: t.map(() => next() * 1e6) });
        stream.query(1 as never);
        stream.take();
        stream.advance(round * 1000 + 700);
        stream.take();
        sizes.push(stream.stats().bytes);
      }
      expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual((sizes[0] as number) * 1.05);
      stream.close();
      stream[Symbol.dispose]();
    }
  }
});

test('types of results follow from the aggregates', () => {
  const stream = windowed({
    time: 't',
    window: tumbling(10),
    aggregates: {
      q: quantile('ms', 0.5),
      d: distinct('page'),
      top: topK('page', 3),
      h: histogram('ms', [1]),
      c: collect('page', { limit: 3 }),
      f: fold({ column: 'ms', identity: () => 0, lift: (v) => v, combine: (a, b) => a + b, lower: (s) => `${s}` }),
    },
  });
  stream.push({ t: 1, ms: 5, page: 7 });
  const rows = stream.close().toArray();
  expectTypeOf(rows).toEqualTypeOf<
    { start: number; end: number; q: number; d: number; top: Frequent[]; h: number[]; c: number[]; f: string }[]
  >();
  expect(rows[0]).toMatchObject({ d: 1, top: [{ value: 7, count: 1, error: 0 }], h: [0, 1], c: [7], f: '5' });
  stream[Symbol.dispose]();
});

describe('what is not accepted', () => {
  test.each<[() => unknown, ...string[]]>([
    [() => quantile('v', -0.1), 'quantile: q', '-0.1', '0 to 1'],
    [() => quantile('v', 1.1), 'quantile: q', '1.1'],
    [() => quantile('v', Number.NaN), 'quantile: q', 'NaN'],
    [() => quantile('v', '0.5' as never), 'quantile: q', '"0.5"'],
    [() => quantile('', 0.5), 'quantile', 'name of a column'],
    [() => quantile('v', 0.5, { accuracy: 0 }), 'quantile: accuracy', '0.0001'],
    [() => quantile('v', 0.5, { accuracy: 1 }), 'quantile: accuracy'],
    [() => quantile('v', 0.5, { accuracy: 0.1, exact: true } as never), 'quantile: accuracy', 'exact'],
    [() => quantile('v', 0.5, { exact: 1 } as never), 'quantile: exact', 'true or false'],
    [() => quantile('v', 0.5, { precise: true } as never), 'quantile', 'precise', 'accuracy, exact'],
    [() => quantile('v', 0.5, 0.01 as never), 'quantile', '0.01'],
    [() => distinct('v', { precision: 3 }), 'distinct: precision', '3', '4 to 18'],
    [() => distinct('v', { precision: 19 }), 'distinct: precision'],
    [() => distinct('v', { precision: 12.5 }), 'distinct: precision'],
    [() => distinct('v', { precision: 12, exact: true } as never), 'distinct: precision', 'exact'],
    [() => topK('v', 0), 'topK: k', '0', '1 to 1000'],
    [() => topK('v', 1001), 'topK: k'],
    [() => topK('v', 2.5), 'topK: k'],
    [() => histogram('v', []), 'histogram: edges', 'an array of 0'],
    [() => histogram('v', [1, 1]), 'histogram: edges[1]', '1'],
    [() => histogram('v', [1, Infinity]), 'histogram: edges[1]', 'Infinity'],
    [() => histogram('v', [Number.NaN]), 'histogram: edges[0]', 'NaN'],
    [() => histogram('v', 5 as never), 'histogram: edges', '5'],
    [() => collect('v', {} as never), 'collect: limit', 'undefined'],
    [() => collect('v', undefined as never), 'collect', 'limit'],
    [() => collect('v', { limit: 0 }), 'collect: limit', '0'],
    [() => fold(undefined as never), 'fold', 'column'],
    [
      () => fold({ column: 'v', identity: () => 0, lift: Number, combine: 5, lower: Number } as never),
      'fold: combine',
      '5',
    ],
    [() => median(5 as never), 'median', 'name of a column'],
  ])('%s', (make, ...parts) => refused('ERR_ORIEL_SPEC', make, ...parts));
});
