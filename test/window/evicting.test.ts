/**
 * States that own memory run along with the frames of rolling windows: events enter and leave them. What they give is what the events of
 * each frame give where they are folded anew, here as a tumbling window of their own.
 */

import { describe, expect, test } from 'vitest';
import {
  type Aggregate,
  collect,
  count,
  distinct,
  everything,
  fold,
  last,
  max,
  median,
  quantile,
  rolling,
  rows,
  type Spec,
  stddev,
  sum,
  timeWeightedMean,
  topK,
  type Window,
  type WindowedStream,
  windowed,
} from '../../bindings';
import { About, isNear } from '../oracle';
import { random } from '../support/helpers';

interface Event {
  t: number;
  v: number;
}
type Result = Record<string, unknown>;
type Closed = 'right' | 'left' | 'both' | 'none';

/** Quantiles within a bound: which, and which bound. */
const WITHIN: Record<string, readonly [q: number, accuracy: number]> = {
  p10: [0.1, 0.01],
  p50: [0.5, 0.01],
  p99: [0.99, 0.01],
  fine: [0.3, 0.001],
};

const AGGREGATES: Record<string, Aggregate<string, unknown>> = {
  n: count(),
  ...Object.fromEntries(Object.entries(WITHIN).map(([name, [q, accuracy]]) => [name, quantile('v', q, { accuracy })])),
  least: quantile('v', 0, { exact: true }),
  most: quantile('v', 0.9, { exact: true }),
  m: median('v'),
  d: distinct('v', { precision: 14 }),
  exact: distinct('v', { exact: true }),
  top: topK('v', 40),
  first: collect('v', { limit: 3 }),
  mean: timeWeightedMean('v'),
  all: fold({ column: 'v', identity: () => '', lift: String, combine: (a, b) => `${a} ${b}`, lower: (s) => s }),
  greatest: max('v'),
  latest: last('v'),
};

/** Results of all events, which come in batches of many lengths. */
function run(
  window: Window,
  events: Event[],
  aggregates: Spec['aggregates'] = AGGREGATES,
  options: Partial<Spec> = {},
): Result[] {
  using stream = windowed({ time: 't', window, aggregates, ...options } as Spec) as unknown as WindowedStream;
  const results: Result[] = [];
  for (let i = 0, n = 1; i < events.length; i += n, n = (n * 7 + 3) % 61) {
    stream.pushRows(events.slice(i, i + n) as never[]);
    results.push(...(stream.take() as unknown as Iterable<Result>));
  }
  results.push(...(stream.close() as unknown as Iterable<Result>));
  return results.map(({ t, ...figures }) => figures);
}

/** The same figures of lists of events, each folded by itself; of what has a bound the value that it is the bound of. */
function anew(frames: Event[][], aggregates: Spec['aggregates'] = AGGREGATES): Result[] {
  using stream = windowed({ time: 't', key: 'k', window: everything(), aggregates } as Spec);
  const given = new Map<number, Result>();
  frames.forEach((frame, k) => {
    // An event without a value makes sure that there is a window.
    const all = frame.length ? frame : [{ t: 0, v: Number.NaN }];
    stream.pushRows(all.map((event) => ({ ...event, k })) as never[]);
  });
  for (const { k, ...figures } of stream.close() as unknown as Iterable<Result>) given.set(k as number, figures);
  return frames.map((frame, k) => {
    const { start, end, ...figures } = given.get(k) as Result;
    if ('n' in figures) figures.n = frame.length;
    const sorted = Float64Array.from(frame.map(({ v }) => v).filter((v) => !Number.isNaN(v))).sort();
    for (const [name, [q, accuracy]] of Object.entries(WITHIN)) {
      const value = sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
      if (name in figures) figures[name] = new About(value, accuracy);
    }
    return figures;
  });
}

/** Each is as wanted, but for the last digits of what is rounded. */
function expectSame(given: Result[], wanted: Result[], what: unknown): void {
  expect(given.length).toBe(wanted.length);
  wanted.forEach((figures, i) => {
    for (const [name, figure] of Object.entries(figures)) {
      const actual = given[i]?.[name];
      const isSame = isNear(actual, figure, ['mean', 's', 'dev'].includes(name) ? 1e-9 : 0);
      if (!isSame) expect({ what, i, [name]: actual }).toEqual({ what, i, [name]: figure });
    }
  });
}

function rowsBefore(events: Event[], size: number, closed: Closed): Event[][] {
  const isRight = closed === 'right' || closed === 'both';
  const most = closed === 'both' ? size + 1 : closed === 'none' ? size - 1 : size;
  return events.map((_, i) => {
    const end = isRight ? i + 1 : i;
    return events.slice(Math.max(0, end - most), end);
  });
}

function timesBefore(events: Event[], size: number, closed: Closed): Event[][] {
  const isRight = closed === 'right' || closed === 'both';
  const isLeft = closed === 'left' || closed === 'both';
  return events.map(({ t }) =>
    events.filter(
      (one) => (one.t < t || (isRight && one.t === t)) && (one.t > t - size || (isLeft && one.t === t - size)),
    ),
  );
}

const VALUES: Record<string, (next: () => number, i: number) => number> = {
  few: (next) => Math.floor(next() * 6) - 2,
  many: (next) => (next() - 0.3) * 1e3,
  'that are missing now and then': (next) => (next() < 0.4 ? Number.NaN : Math.floor(next() * 9)),
  'zeros of both signs': (next) => (next() < 0.5 ? -0 : next() < 0.5 ? 0 : next() - 0.5),
  infinite: (next) => (next() < 0.1 ? Infinity : next() < 0.1 ? -Infinity : next() * 20),
  rising: (_, i) => i / 3,
  falling: (_, i) => -i,
  'over all powers of ten': (next) => (next() < 0.5 ? -1 : 1) * 10 ** (next() * 600 - 300),
  'ever greater, by powers of ten': (next, i) => 1.5 ** (i - 150) * (1 + next()),
  'ever less, and then again': (next, i) => 2 ** -(i % 180) * next(),
  'of one kind for a while': (next, i) => (i % 90 < 45 ? 7 : next()),
};

describe.each(Object.keys(VALUES))('of values that are %s', (kind) => {
  const draw = VALUES[kind] as (next: () => number, i: number) => number;

  //   the last n arrived, whatever their times: what leaves is not always the earliest
  test.each<[number, Closed]>([
    [1, 'right'],
    [2, 'left'],
    [3, 'none'],
    [30, 'right'],
    [29, 'both'],
    [70, 'left'],
    [140, 'right'],
  ])('frames of %i rows, closed %s, are what their events give', (size, closed) => {
    const next = random(size);
    for (const disorder of [0, 30]) {
      const events = Array.from({ length: 420 }, (_, i) => ({
        t: Math.floor(i / 2 - next() * disorder),
        v: draw(next, i),
      }));
      expectSame(run(rolling(rows(size), { closed }), events), anew(rowsBefore(events, size, closed)), disorder);
    }
  });

  //   ●●● ●        ●● ●●●●●   bursts and silences, peers
  test.each<[number, Closed]>([
    [3, 'right'],
    [25, 'both'],
    [40, 'left'],
    [60, 'none'],
  ])('frames of %i units of time, closed %s, are what their events give', (size, closed) => {
    const next = random(size);
    let t = 0;
    const events = Array.from({ length: 420 }, (_, i) => {
      t += next() < 0.02 ? 70 : Math.floor(next() * 2);
      return { t, v: draw(next, i) };
    });
    const wanted = anew(timesBefore(events, size, closed));
    expectSame(run(rolling(size, { closed }), events), wanted, 'in order');
    expectSame(run(rolling(size, { closed }), events, AGGREGATES, { outOfOrder: 20 }), wanted, 'waiting');
  });
});

//   3 3 5 │ 5 1 1        of the same count the least value first, and last in last out
test('topK has counts that go down as well, and ties by value', () => {
  const events = [3, 3, 5, 5, 1, 1, 1].map((v, t) => ({ t, v }));
  const given = run(rolling(rows(4)), events, { top: topK('v', 2) });
  const lists = given.map(({ top }) => (top as { value: number; count: number; error: number }[]).map(Object.values));
  expect(lists).toEqual([
    [[3, 1, 0]],
    [[3, 2, 0]],
    [
      [3, 2, 0],
      [5, 1, 0],
    ],
    [
      [3, 2, 0],
      [5, 2, 0],
    ],
    [
      [5, 2, 0],
      [1, 1, 0],
    ],
    [
      [1, 2, 0],
      [5, 2, 0],
    ],
    [
      [1, 3, 0],
      [5, 1, 0],
    ],
  ]);
});

test('a list of the earliest is filled up as they leave', () => {
  const events = [1, 2, 3, 4, 5, 6].map((v, t) => ({ t, v }));
  const given = run(rolling(rows(4)), events, { first: collect('v', { limit: 2 }) });
  expect(given.map(({ first }) => first)).toEqual([[1], [1, 2], [1, 2], [1, 2], [2, 3], [3, 4]]);
});

test('distinct counts exactly, also where a sketch would estimate', () => {
  const next = random(4);
  const events = Array.from({ length: 6000 }, (_, t) => ({ t, v: Math.floor(next() ** 2 * 3000) }));
  const aggregates = { d: distinct('v'), exact: distinct('v', { exact: true }) };
  const given = run(rolling(rows(2000)), events, aggregates);
  for (let i = 0; i < events.length; i += 97) {
    const wanted = new Set(events.slice(Math.max(0, i - 1999), i + 1).map(({ v }) => v)).size;
    expect(given[i]).toEqual({ d: wanted, exact: wanted });
  }
});

//   of values that lie within 17 powers of ten
test('quantiles within a bound are the same as in any other window', () => {
  const next = random(12);
  const events = Array.from({ length: 1000 }, (_, t) => ({ t, v: (next() < 0.2 ? -1 : 1) * 10 ** (8 * next()) }));
  const aggregates = { p10: quantile('v', 0.1), p99: quantile('v', 0.99) };
  const given = run(rolling(rows(100)), events, aggregates);
  for (let i = 0; i < events.length; i += 9) {
    const [row] = run(everything(), events.slice(Math.max(0, i - 99), i + 1), aggregates) as [Result];
    expect(given[i]).toEqual({ p10: row.p10, p99: row.p99 });
  }
});

//   asked for later than the newest event some have left the frame; those that wait are in it
test('a query gives what the events of its frame give, and changes nothing', () => {
  const aggregates = { ...AGGREGATES, s: sum('v'), dev: stddev('v') };
  for (const [kind, draw] of Object.entries(VALUES)) {
    for (const byRows of [false, true]) {
      const window = byRows ? rolling(rows(45), { closed: 'left' }) : rolling(60, { closed: 'both' });
      const next = random(8);
      const make = () => windowed({ time: 't', window, aggregates, outOfOrder: 15 }) as unknown as WindowedStream;
      using asked = make();
      using twin = make();
      let t = 0;
      const events = Array.from({ length: 400 }, (_, i) => {
        t += next() < 0.1 ? 20 * next() : next();
        return { t: t - next() * 10, v: draw(next, i) };
      });
      const [frames, answers]: [Event[][], Result[]] = [[], []];
      events.forEach((event, i) => {
        asked.push(event as never);
        twin.push(event as never);
        if (i % 20) return;
        const newest = Math.max(...events.slice(0, i + 1).map((one) => one.t));
        const at = newest + (i % 40 ? 0 : 30);
        answers.push(asked.query(undefined as never, at) as Result);
        const came = events.slice(0, i + 1);
        frames.push(byRows ? came.slice(-45) : came.filter((one) => one.t >= at - 60).sort((a, b) => a.t - b.t));
      });
      expectSame(answers, anew(frames, aggregates), kind);
      expect(asked.close().toArray()).toEqual(twin.close().toArray());
    }
  }
});

//   100,000 events pass through frames of 500: what is held stays what a frame needs
test('a long run stays right, and holds no more in the end than at the beginning', () => {
  const next = random(21);
  const N = 100_000;
  const t = Float64Array.from({ length: N }, (_, i) => i - Math.floor(next() * 4));
  const v = Float64Array.from({ length: N }, (_, i) => {
    const kind = next();
    if (kind < 0.02) return Number.NaN;
    if (kind < 0.03) return Infinity;
    return kind < 0.5 ? Math.floor(next() * 40) : Math.floor(next() * 1e5) / 7 + i / 50;
  });
  const { all, ...aggregates } = AGGREGATES;
  using stream = windowed({ time: 't', window: rolling(rows(500)), aggregates } as Spec) as unknown as WindowedStream;
  const [sizes, samples]: [number[], [number, Result][]] = [[], []];
  for (let i = 0; i < N; i += 1000) {
    stream.pushColumns({ t: t.subarray(i, i + 1000), v: v.subarray(i, i + 1000) } as never);
    const batch = stream.take().toArray() as unknown as Result[];
    samples.push([i + 999, batch[999] as Result]);
    sizes.push(stream.stats().bytes);
  }
  expect(Math.max(...sizes.slice(50))).toBeLessThanOrEqual(Math.max(...sizes.slice(1, 50)) * 1.1);
  const frames = samples.map(([end]) =>
    Array.from({ length: 500 }, (_, i) => ({ t: t[end - 499 + i] as number, v: v[end - 499 + i] as number })),
  );
  // Of so many values the others are estimates.
  const { d, top, ...sure } = aggregates;
  expectSame(
    samples.map(([, figures]) => figures),
    anew(frames, sure),
    'samples',
  );
  for (const [end, { d, exact, top }] of samples) {
    expect(d).toBe(exact);
    const counts = new Map<number, number>();
    for (const one of v.subarray(end - 499, end + 1)) counts.set(one, (counts.get(one) ?? 0) + 1);
    counts.delete(Number.NaN);
    const all = [...counts].map(([value, count]) => ({ value, count, error: 0 }));
    expect(top).toEqual(all.sort((a, b) => b.count - a.count || a.value - b.value).slice(0, 40));
  }
});

//   a burst of 20,000 of each key, then one now and then
test('what a burst took is given back when it has left', () => {
  const { all, ...aggregates } = AGGREGATES;
  const spec = { time: 't', key: 'k', window: rolling(1000), aggregates } as Spec;
  using stream = windowed(spec) as unknown as WindowedStream;
  const next = random(3);
  const push = (times: number[]) => {
    const t = Float64Array.from(times);
    stream.pushColumns({ t, k: t.map((_, i) => i % 4), v: t.map(() => Math.floor(next() * 1e6)) } as never);
    stream.take();
  };
  push([0, 0, 0, 0]);
  stream.advance(900);
  const { bytes: before } = stream.stats();
  push(Array.from({ length: 80_000 }, (_, i) => 1000 + i / 80));
  const { bytes: full } = stream.stats();
  for (let t = 2000; t < 8000; t += 50) push([t, t, t, t]);
  const { bytes: after } = stream.stats();
  expect(full).toBeGreaterThan(before + 4e6);
  expect(after).toBeLessThan(before + (full - before) / 50);
  stream.advance(20_000);
  expect(stream.stats()).toMatchObject({ liveKeys: 0 });
});
