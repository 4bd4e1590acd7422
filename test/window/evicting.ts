/**
 * Helpers for rolling windows over aggregates whose states own memory: events enter and leave such states. Each frame
 * has to give what its events give when they are folded anew, here in a window of their own.
 */

import { expect, test } from 'vitest';
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
  timeWeightedMean,
  topK,
  type Window,
  type WindowedStream,
  windowed,
} from '../../bindings';
import { About, isNear } from '../oracle';
import { checkLaws } from '../support/check-laws';
import { random } from '../support/helpers';

checkLaws();

export interface Event {
  t: number;
  v: number;
}
export type Result = Record<string, unknown>;
export type Closed = 'right' | 'left' | 'both' | 'none';

/** Quantiles by sketch, each with its accuracy. */
const WITHIN: Record<string, readonly [q: number, accuracy: number]> = {
  p10: [0.1, 0.01],
  p50: [0.5, 0.01],
  p99: [0.99, 0.01],
  fine: [0.3, 0.001],
};

export const AGGREGATES: Record<string, Aggregate<string, unknown>> = {
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

/** The results of the events, pushed in batches of many lengths. */
export function run(
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
  return results.map(({ t, ...outputs }) => outputs);
}

/**
 * The aggregates of lists of events, each folded by itself in a window of its own. A quantile by sketch is the exact
 * value with its accuracy.
 */
export function anew(frames: Event[][], aggregates: Spec['aggregates'] = AGGREGATES): Result[] {
  using stream = windowed({ time: 't', key: 'k', window: everything(), aggregates } as Spec);
  const given = new Map<number, Result>();
  frames.forEach((frame, k) => {
    // An event without a value makes sure that an empty frame has a window.
    const all = frame.length ? frame : [{ t: 0, v: Number.NaN }];
    stream.pushRows(all.map((event) => ({ ...event, k })) as never[]);
  });
  for (const { k, ...outputs } of stream.close() as unknown as Iterable<Result>) given.set(k as number, outputs);
  return frames.map((frame, k) => {
    const { start, end, ...outputs } = given.get(k) as Result;
    if ('n' in outputs) outputs.n = frame.length;
    const sorted = Float64Array.from(frame.map(({ v }) => v).filter((v) => !Number.isNaN(v))).sort();
    for (const [name, [q, accuracy]] of Object.entries(WITHIN)) {
      const value = sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
      if (name in outputs) outputs[name] = new About(value, accuracy);
    }
    return outputs;
  });
}

/** Expects the wanted results, but for the last digits of aggregates that are rounded. */
export function expectSame(given: Result[], wanted: Result[], what: unknown): void {
  expect(given).toHaveLength(wanted.length);
  expect(wanted.length).toBeGreaterThan(0);
  wanted.forEach((outputs, i) => {
    for (const [name, figure] of Object.entries(outputs)) {
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

export const VALUES: Record<string, (next: () => number, i: number) => number> = {
  few: (next) => Math.floor(next() * 6) - 2,
  many: (next) => (next() - 0.3) * 1e3,
  'missing now and then': (next) => (next() < 0.4 ? Number.NaN : Math.floor(next() * 9)),
  'zeros of both signs': (next) => (next() < 0.5 ? -0 : next() < 0.5 ? 0 : next() - 0.5),
  infinite: (next) => (next() < 0.1 ? Infinity : next() < 0.1 ? -Infinity : next() * 20),
  rising: (_, i) => i / 3,
  falling: (_, i) => -i,
  'over all powers of ten': (next) => (next() < 0.5 ? -1 : 1) * 10 ** (next() * 600 - 300),
  'ever greater, by powers of ten': (next, i) => 1.5 ** (i - 150) * (1 + next()),
  'ever less, and then again': (next, i) => 2 ** -(i % 180) * next(),
  'constant for a while': (next, i) => (i % 90 < 45 ? 7 : next()),
};

/** The kinds of values that the quick suite tests; the large one tests the others. */
export const QUICK = ['few', 'missing now and then', 'infinite', 'over all powers of ten'];

/** Tests that frames of every length and end give the aggregates of their events, with values of one kind. */
export function testFrames(kind: string): void {
  const draw = VALUES[kind] as (next: () => number, i: number) => number;

  //   the last n events to arrive: the event that leaves is not always the earliest
  test.each<[number, Closed]>([
    [1, 'right'],
    [2, 'left'],
    [3, 'none'],
    [30, 'right'],
    [29, 'both'],
    [70, 'left'],
    [140, 'right'],
  ])('frames of %i rows, closed %s, give the aggregates of their events', (size, closed) => {
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
  ])('frames of %i units of time, closed %s, give the aggregates of their events', (size, closed) => {
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
}
