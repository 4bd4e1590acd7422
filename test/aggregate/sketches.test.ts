/**
 * Sketches keep the bounds they state, whatever the values and however the core cut and combined the windows. Exact
 * aggregates give what their definition gives. This suite catches wrong bounds, results that depend on order or
 * grouping, and states that are shared too little or too much.
 */

import { DDSketch } from '@datadog/sketches-js';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  type Aggregate,
  collect,
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
import {
  dataOf,
  type Event,
  eventsOf,
  expectDistinct,
  expectExactQuantiles,
  expectFrequent,
  expectFrequentAnywhere,
  expectHistogram,
  expectNearQuantiles,
  expectTimeWeightedMean,
  QS,
  run,
} from './sketches';

/** The number of values where a law is checked on a short stream. `sketches.large.test.ts` checks it on long ones. */
const FEW = 300;
const DATA = dataOf(500 + scaled(2500));

describe('quantile', () => {
  test.each([0.01, 0.001, 0.05, 0.3])('a quantile is within a relative error of %s at every q', (accuracy) => {
    expectNearQuantiles(FEW, accuracy);
  });

  test('a quantile of a single value is within its bound over the whole range of numbers', () => {
    const values: number[] = [];
    for (let e = -1022; e < 1024; e++) {
      for (const s of [1, 1 + 2 ** -52, 1.1, 1.2222, 1.5, 1.6666, 1.9, 2 - 2 ** -52]) values.push(s * 2 ** e);
    }
    for (const accuracy of [0.0001, 0.01, 0.2, 0.9, 0.99]) {
      using stream = windowed({
        time: 't',
        window: tumbling(1),
        aggregates: { v: quantile('v', 0.5, { accuracy }), minus: quantile('minus', 0.5, { accuracy }) },
      });
      stream.pushColumns({ t: values.map((_, i) => i), v: values, minus: values.map((v) => -v) });
      const { v, minus } = stream.close().columns;
      const worst = Math.max(...values.map((value, i) => Math.abs((v[i] as number) - value) / value));
      expect(worst).toBeLessThanOrEqual(accuracy);
      // The bound is not slack: bins are as wide as they may be.
      expect(worst).toBeGreaterThan(accuracy * 0.9);
      expect(minus.map((x) => -x)).toEqual(v);
    }
  });

  test('a quantile depends only on the values, not on their order or grouping', () => {
    for (const values of Object.values(DATA)) {
      const expected = run<{ q: number }>(
        eventsOf(values, false),
        { window: tumbling(1e6) },
        { q: quantile('v', 0.9) },
      );
      for (const order of [values.toReversed(), values.toSorted((a, b) => a - b)]) {
        for (const window of [hopping(1e6, 1e5), session(100)]) {
          const rows = run<{ q: number }>(eventsOf(order, false), { window }, { q: quantile('v', 0.9) });
          const whole = rows.filter(({ events }) => events.length === expected[0]?.events.length);
          expect(whole.length).toBeGreaterThan(0);
          for (const { q } of whole) expect(q).toBe(expected[0]?.q);
        }
      }
    }
  });

  //   1e-300 … 1e300      the 2,048 greatest bins of either sign are kept apart, whatever came first
  test('a quantile keeps its bound for the greatest magnitudes if the values span more bins than there are', () => {
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
    expect(results).toHaveLength(6);
    for (const result of results) expect(result).toEqual(results[0]);
    const sorted = signed.toSorted((a, b) => a - b);
    QS.forEach((q, i) => {
      const wanted = sorted[Math.floor(q * (sorted.length - 1))] as number;
      const given = results[0]?.[i] as number;
      if (Math.abs(wanted) > 1e284) expect(Math.abs(given - wanted)).toBeLessThanOrEqual(0.01 * Math.abs(wanted));
      else expect(Math.abs(given)).toBeLessThan(1e285);
    });
  });

  test('a quantile agrees with that of @datadog/sketches-js within both bounds', () => {
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

  test('an exact quantile is the value of the nearest rank, and the median the middle', () => {
    expectExactQuantiles(FEW);
  });
});

describe('distinct', () => {
  test('distinct is exact if asked to be, and up to 256 values in any case', () => {
    expectDistinct(FEW);
  });

  test.each([4, 8, 12, 14])('distinct of precision %i has the standard error of that precision', (precision) => {
    const next = random(precision);
    for (const n of [2 ** precision / 16 + 1, 2 ** (precision - 1), 2 ** precision * 3, 2 ** precision * 20]) {
      const rounds = Math.max(4, Math.min(200, Math.floor(2e5 / n)));
      using stream = windowed({ time: 't', window: tumbling(1), aggregates: { d: distinct('v', { precision }) } });
      for (let round = 0; round < rounds; round++) {
        const v = Float64Array.from({ length: Math.ceil(n) }, () => next());
        stream.pushColumns({ t: v.map(() => round), v });
      }
      const errors = [...stream.close().columns.d].map((d) => d / Math.ceil(n) - 1);
      expect(errors).toHaveLength(rounds);
      const spread = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / rounds);
      const bias = errors.reduce((sum, e) => sum + e, 0) / rounds;
      const stated = 1.04 / Math.sqrt(2 ** precision);
      expect(spread).toBeLessThan(stated * (1 + 3 / Math.sqrt(2 * rounds)));
      // The result is a whole number, so up to 0.5 is lost by rounding.
      expect(Math.abs(bias)).toBeLessThan((4 * stated) / Math.sqrt(rounds) + 0.5 / n);
    }
  });

  test('distinct depends only on the values, both in sets and in registers', () => {
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
          const all = rows.filter(({ events }) => events.length === 3 * n);
          expect(all.length).toBeGreaterThan(0);
          for (const { d } of all) expect(d).toBe(whole?.d);
        }
      }
    }
  });
});

test('estimates of distinct are equal where the seed is, without one everywhere', () => {
  const v = Float64Array.from({ length: 10_000 }, (_, i) => i * 1.5);
  const t = new Float64Array(v.length);
  const options = [{}, {}, { seed: 0 }, { seed: 0 }, { seed: 1 }, { seed: Number.MAX_SAFE_INTEGER }];
  const estimates = options.map((given) => {
    using stream = windowed({ time: 't', window: tumbling(1), aggregates: { d: distinct('v', given) } });
    stream.pushColumns({ t, v });
    return stream.close().toArray()[0]?.d as number;
  });
  expect(estimates.every((d) => Math.abs(d / v.length - 1) < 0.08)).toBe(true);
  expect(estimates[0]).toBe(estimates[1]);
  expect(estimates[2]).toBe(estimates[3]);
  expect(new Set(estimates).size).toBe(4);
});

describe('topK and histogram', () => {
  test.each([1, 3, 10, 100])('topK of %i never counts too few of a value, nor too many by more than its error', (k) => {
    expectFrequent(2000, k);
  });

  test('topK counts numbers of any kind', () => {
    expectFrequentAnywhere(FEW);
  });

  test('a histogram counts the values below, between and from its edges on', () => {
    expectHistogram(FEW);
  });
});

/** Runs events that arrive in any order, with disorder enough for all of them. */
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

  //   events arrive in any order, and some share a time
  test('collect and fold take values in order of time, then of arrival', () => {
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
    expectTimeWeightedMean(FEW);
  });

  //   t   0 ── 4 ───── 10      of the two events at 4 the later arrival holds
  test('timeWeightedMean goes by time, and among equal times by arrival', () => {
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

test('a window without values gives NaN, empty lists and counts of 0', () => {
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
  using stream = windowed({ time: 't', window: tumbling(10), aggregates, empty: 'fill' });
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
});

test('aggregates of one column with the same accuracy share one state', () => {
  const bytes = (aggregates: Record<string, Aggregate<string, unknown>>) => {
    using stream = windowed({ time: 't', key: 'k', window: tumbling(1e9), aggregates } as Spec);
    stream.push({ t: 0, k: 0, v: 0 } as never);
    const before = stream.stats().bytes;
    const next = random(6);
    const v = Float64Array.from({ length: 40_000 }, () => next() * 1e4);
    stream.pushColumns({ t: v.map((_, i) => i), k: v.map((_, i) => i % 20), v } as never);
    const { bytes } = stream.stats();
    stream.close();
    return bytes - before;
  };
  const one = bytes({ a: quantile('v', 0.5) });
  expect(bytes({ a: quantile('v', 0.5), b: quantile('v', 0.9), c: quantile('v', 0.99) })).toBeLessThan(one * 1.2);
  expect(bytes({ a: quantile('v', 0.5), b: quantile('v', 0.5, { accuracy: 0.02 }) })).toBeGreaterThan(one * 1.2);
  const exact = bytes({ a: median('v') });
  expect(bytes({ a: median('v'), b: quantile('v', 0.1, { exact: true }) })).toBeLessThan(exact * 1.2);
});

test('the types of results follow from the aggregates', () => {
  using stream = windowed({
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
});

describe('invalid arguments', () => {
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
    [() => distinct('v', { seed: -1 }), 'distinct: seed', '-1', '0 to 9007199254740991'],
    [() => distinct('v', { seed: 0.5 }), 'distinct: seed'],
    [() => distinct('v', { seed: 2 ** 53 }), 'distinct: seed'],
    [() => distinct('v', { seed: 1n } as never), 'distinct: seed'],
    [() => distinct('v', { seed: 1, exact: true } as never), 'distinct: seed', 'exact'],
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
  ])('%s is refused with a message that names the argument', (make, ...parts) =>
    refused('ERR_ORIEL_SPEC', make, ...parts),
  );
});
