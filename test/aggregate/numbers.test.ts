/**
 * Sums, means, variances and counts against references that do not round. This suite catches digits that are lost by
 * cancellation, and what an evicted value leaves behind in a later window.
 */

import { expect, test } from 'vitest';
import { count, hopping, mean, stddev, sum, tumbling, variance, windowed } from '../../bindings';
import {
  expectExactHoppingSums,
  expectExactSums,
  expectExactVariance,
  mixed,
  quotient,
  SCALE,
  SCALE_BITS,
  timesTo,
  ulp,
} from './numbers';

test('the reference itself is exact', () => {
  expect(quotient(BigInt(1.5 * SCALE) + BigInt(2.25 * SCALE), 1n)).toBe(3.75);
  expect(quotient(BigInt(SCALE), 3n)).toBe(1 / 3);
  expect(quotient(-BigInt(SCALE), 3n)).toBe(-1 / 3);
  expect([ulp(1), ulp(-3), ulp(2 ** 53)]).toEqual([2 ** -52, 2 ** -51, 2]);
  expect(SCALE).toBe(Number(1n << SCALE_BITS));
});

//   1e16 │ 0 0 0 0 0 0 0 0      an evicted value leaves nothing behind
test('the sum of eight zeros that follow 1e16 is exactly 0', () => {
  for (const window of [tumbling(1), hopping(8, 1), hopping(3, 1), hopping(2, 1)]) {
    for (const huge of [1e16, -1e16, 1e300, 2 ** 1023]) {
      using stream = windowed({ time: 't', window, aggregates: { s: sum('v'), m: mean('v'), d: variance('v') } });
      stream.pushColumns({ t: timesTo(9), v: Float64Array.of(huge, 0, 0, 0, 0, 0, 0, 0, 0) });
      const rest = stream
        .close()
        .toArray()
        .filter(({ start }) => start > 0);
      expect(rest).toHaveLength(8);
      for (const { s, m, d } of rest) expect([s, m, d || 0]).toEqual([0, 0, 0]);
    }
  }
});

//   1e16 1e16 1e16 │ 0.1 0.2 0.3 ...
test('a window does not depend on the values that came before it', () => {
  const n = 400;
  const values = mixed(n, 3);
  for (let i = 0; i < n; i += 50) values[i] = 1e300 * (i % 100 ? -1 : 1);
  for (const [size, every] of [
    [20, 5],
    [16, 1],
    [7, 3],
  ] as const) {
    const run = (from: number) => {
      using stream = windowed({
        time: 't',
        window: hopping(size, every),
        aggregates: { s: sum('v'), m: mean('v'), d: variance('v') },
      });
      stream.pushColumns({ t: timesTo(n).subarray(from), v: values.subarray(from) });
      const rows = stream.close().toArray();
      return rows;
    };
    const whole = run(0);
    for (let from = 51; from < n; from += 50) {
      const later = run(from).filter(({ start }) => start >= from);
      const near = later.filter(({ end }) => end <= from + 49);
      expect(near.length).toBeGreaterThan(0);
      for (const row of near) {
        const same = whole.find(({ start }) => start === row.start);
        const close = (a: number, b: number) => Math.abs(a - b) <= ulp(b);
        expect([row.start, close(same?.s as number, row.s), close(same?.m as number, row.m)]).toEqual([
          row.start,
          true,
          true,
        ]);
        expect(Math.abs((same?.d as number) - row.d)).toBeLessThanOrEqual(1e-12 * row.d);
      }
    }
  }
});

test('sum and mean of values of mixed sign and magnitude are within an ulp of the exact ones', () => {
  expectExactSums(20_000);
});

test('sum and mean of hopping windows are within an ulp of the exact ones', () => {
  expectExactHoppingSums(20_000);
});

test('variance agrees with two passes to 1e-9, even if the mean is 1e9 times the deviation', () => {
  expectExactVariance(2000);
});

test('the variance of equal values is 0 but for one rounding, however large they are', () => {
  for (const v of [0.1, 1e9 + 0.1, 1e15 + 0.3, -1 / 3]) {
    for (const window of [tumbling(1000), hopping(100, 7)]) {
      using stream = windowed({ time: 't', window, aggregates: { d: variance('v'), s: stddev('v'), n: count() } });
      stream.pushColumns({ t: timesTo(500), v: new Float64Array(500).fill(v) });
      const rows = stream
        .close()
        .toArray()
        .filter(({ n }) => n > 1);
      expect(rows.length).toBeGreaterThan(0);
      for (const { d, s } of rows) {
        expect(Math.abs(d)).toBeLessThanOrEqual((ulp(v) / 2) ** 2);
        expect(s).toBeGreaterThanOrEqual(0);
      }
    }
  }
});

test('counts of events and of values are exact over millions and over combined panes', () => {
  const n = 3_000_000;
  const t = timesTo(n);
  const v = Float64Array.from({ length: n }, (_, i) => (i % 3 ? i : Number.NaN));
  using stream = windowed({
    time: 't',
    window: { whole: tumbling(n), hops: hopping(n / 3, n / 30) },
    aggregates: { events: count(), values: count('v') },
  });
  stream.pushColumns({ t, v });
  const rows = stream.close().toArray();
  expect(rows).toHaveLength(1 + 39);
  for (const { start, end, events, values } of rows) {
    const from = Math.max(0, start);
    const to = Math.min(n, end);
    expect([events, values]).toEqual([to - from, to - from - (Math.ceil(to / 3) - Math.ceil(from / 3))]);
  }
});
