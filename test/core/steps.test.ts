/**
 * Catches work for an event that grows with what a stream holds, as when all open windows, or all keys, are looked at
 * one by one. The steps of the core are counted, so it does not depend on the machine.
 */

import { describe, expect, test } from 'vitest';
import { count, everything, hopping, type Spec, session, tumbling, windowed } from '../../bindings';
import { stepsOf } from './counted-core';

const N = 2 ** 10;
/** Among four times the events, one may take this many times the steps: logarithms grow as well. */
const MOST = 2;

const ORDERS: Record<string, (n: number) => number[]> = {
  /** In an order without a pattern: n is a power of two. */
  scattered: (n) => Array.from({ length: n }, (_, i) => (Math.imul(i, 0x9e3779b1) >>> 0) % n),
  ascending: (n) => Array.from({ length: n }, (_, i) => i),
  descending: (n) => Array.from({ length: n }, (_, i) => n - 1 - i),
};

interface Events {
  t: number[];
  k?: number[];
}

/** The steps for each event of a stream, from the first one until its results are taken at its end. */
function stepsPerEvent(spec: Partial<Spec>, { t, k = t.map(() => 0) }: Events): number {
  using stream = windowed({ time: 't', key: 'k', aggregates: { n: count() }, ...spec } as never as Spec);
  const steps = stepsOf(() => {
    stream.pushColumns({ t: Float64Array.from(t), k: Float64Array.from(k) } as never);
    stream.close();
  });
  return steps / t.length;
}

/** How much more steps an event takes among 4 n others than among n. */
function growthOf(spec: Partial<Spec>, events: (n: number) => Events): number {
  return stepsPerEvent(spec, events(4 * N)) / stepsPerEvent(spec, events(N));
}

describe.each(Object.entries(ORDERS))('%s events', (_, order) => {
  const late = { outOfOrder: 1e9 };
  const pairs = (n: number) => order(n / 4).flatMap((i) => [10 * i, 10 * i + 3]);

  test.each<[string, Partial<Spec>, (n: number) => Events]>([
    ['in sessions of one key', { window: session(2), ...late }, (n) => ({ t: order(n).map((i) => 3 * i) })],
    [
      'in sessions of 50 keys',
      { window: session(100), ...late },
      (n) => ({ t: order(n).map((i) => 150 * i), k: order(n).map((i) => i % 50) }),
    ],
    [
      'that merge sessions',
      { window: session(2), ...late },
      (n) => ({ t: [...pairs(n), ...order(n / 4).map((i) => 10 * i + 1.5)] }),
    ],
    [
      'in sessions with a greatest length',
      { window: session(2, { max: 5 }), ...late },
      (n) => ({ t: order(n).map((i) => 3 * i) }),
    ],
    ['in slices', { window: tumbling(10), ...late }, (n) => ({ t: order(n).map((i) => 10 * i) })],
    [
      'in windows that are long over',
      { window: hopping(5, 1), emit: 'updates', allowedLateness: 1e9 },
      (n) => ({ t: [1e6, ...order(n).map((i) => 10 * i)] }),
    ],
  ])('%s', (_what, spec, events) => {
    expect(growthOf(spec, events)).toBeLessThan(MOST);
  });
});

test.each([
  ['tumbling windows', tumbling(1e9)],
  ['everything()', everything()],
])('a mark of %s does not look at keys without new events', (_, window) => {
  /** The steps for n keys that come once each, and then ten of them, with a mark between any two events. */
  const stepsWith = (n: number, marks: number) => {
    const t = Array.from({ length: n + marks }, (_, i) => Math.max(0, i - n));
    const k = t.map((_, i) => (i < n ? i : i % 10));
    return stepsPerEvent({ window, emit: { every: 1 } }, { t, k }) * t.length;
  };
  // The first mark gives all keys.
  const [few, many] = [N, 4 * N].map((n) => stepsWith(n, N) - stepsWith(n, 10)) as [number, number];
  expect(many / few).toBeLessThan(MOST);
});
