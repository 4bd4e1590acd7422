/**
 * References that do not round, and laws of sums and variances against them: `numbers.test.ts` checks the laws over
 * some thousand values, `numbers.large.test.ts` over many.
 */

import { expect } from 'vitest';
import { count, hopping, mean, stddev, sum, tumbling, variance, windowed } from '../../bindings';
import { random } from '../support/helpers';

/** A double of magnitude 1e-8 or more, times this, is a whole number. */
export const SCALE_BITS = 80n;
export const SCALE = 2 ** 80;

/** Sums of the first i values, times 2^80, without rounding. */
export function prefixSums(values: Float64Array): bigint[] {
  const sums = [0n];
  let total = 0n;
  for (const value of values) {
    const whole = value * SCALE;
    if (!Number.isInteger(whole)) throw new RangeError(`${value} is finer than 2^-80`);
    total += BigInt(whole);
    sums.push(total);
  }
  return sums;
}

/** The double nearest to a / (n 2^80). */
export function quotient(a: bigint, n: bigint): number {
  const magnitude = a < 0n ? -a : a;
  const shifted = (magnitude << 200n) / n;
  // What the division dropped can only matter as "a little more than": the lowest bit stands for it.
  const sticky = (magnitude << 200n) % n ? shifted | 1n : shifted;
  return (Math.sign(Number(a)) * Number(sticky)) / 2 ** 140 / 2 ** 140;
}

/** Distance to the next double of greater magnitude. */
export function ulp(x: number): number {
  const bits = new BigInt64Array(new Float64Array([Math.abs(x)]).buffer);
  const next = new Float64Array(new BigInt64Array([(bits[0] as bigint) + 1n]).buffer);
  return (next[0] as number) - Math.abs(x);
}

/** Mixed sign, magnitude 1e-8 to 1e8, spread evenly over the powers. */
export function mixed(n: number, seed: number): Float64Array {
  const next = random(seed);
  return Float64Array.from({ length: n }, () => (next() < 0.5 ? -1 : 1) * 10 ** (next() * 16 - 8));
}

export const timesTo = (n: number) => Float64Array.from({ length: n }, (_, i) => i);

/** The sum and the mean of n values of mixed sign and magnitude are within an ulp of the exact ones. */
export function expectExactSums(n: number): void {
  for (const seed of [1, 2]) {
    const values = mixed(n, seed);
    const exact = prefixSums(values)[n] as bigint;
    for (const key of [undefined, 'k']) {
      using stream = windowed({
        time: 't',
        ...(key ? { key } : {}),
        window: tumbling(n),
        aggregates: { s: sum('v'), m: mean('v'), n: count(), c: count('v') },
      });
      const columns = { t: timesTo(n), v: values, k: new Float64Array(n) };
      stream.pushColumns(columns as never);
      const [row] = stream.close().toArray() as unknown as [{ s: number; m: number; n: number; c: number }];
      expect([row.n, row.c]).toEqual([n, n]);
      const s = quotient(exact, 1n);
      const m = quotient(exact, BigInt(n));
      expect(Math.abs(row.s - s)).toBeLessThanOrEqual(ulp(s));
      expect(Math.abs(row.m - m)).toBeLessThanOrEqual(ulp(m));
    }
  }
}

//   [0 ........................ n)
//        [n / 10 .................. 1.1 n)      each window combines ten panes or more
/** Sums and means over n values are within an ulp of the exact ones in hopping windows too, which combine panes. */
export function expectExactHoppingSums(n: number): void {
  const values = mixed(n, 4);
  const sums = prefixSums(values);
  for (const [size, every] of [
    [n, n / 10],
    [n, n / 1000],
    [n / 10, (n / 1000) * 7],
  ] as const) {
    using stream = windowed({ time: 't', window: hopping(size, every), aggregates: { s: sum('v'), m: mean('v') } });
    stream.pushColumns({ t: timesTo(n), v: values });
    const rows = stream.close().toArray();
    expect(rows.length).toBeGreaterThan(18);
    for (const { start, end, s, m } of rows) {
      const from = Math.max(0, start);
      const to = Math.min(n, end);
      const exact = (sums[to] as bigint) - (sums[from] as bigint);
      const exactSum = quotient(exact, 1n);
      const exactMean = quotient(exact, BigInt(to - from));
      if (!(Math.abs(s - exactSum) <= ulp(exactSum) && Math.abs(m - exactMean) <= ulp(exactMean))) {
        expect({ start, end, s, m }).toEqual({ start, end, s: exactSum, m: exactMean });
      }
    }
  }
}

/**
 * The variance by two passes over the values less `shift`, which is so near their mean that the difference is exact.
 */
function twoPass(values: Float64Array, shift: number): number {
  let total = 0;
  for (const value of values) total += value - shift;
  const mean = total / values.length;
  let squares = 0;
  for (const value of values) squares += (value - shift - mean) ** 2;
  return squares / (values.length - 1);
}

/** The variance of n values agrees with two passes to 1e-9, even if the mean is 1e9 times the deviation. */
export function expectExactVariance(n: number): void {
  const next = random(5);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  for (const [shift, deviation] of [
    [1e9, 1],
    [-1e9, 1],
    [1, 1e-9],
    [1e15, 1e6],
    [0, 1],
    [123.456, 1e-5],
  ] as const) {
    const values = Float64Array.from({ length: n }, () => shift + deviation * normal());
    for (const [window, key] of [
      [tumbling(n), undefined],
      [tumbling(n), 'k'],
      [hopping(n / 2, n / 50), undefined],
      [hopping(n / 2, n / 50), 'k'],
      [hopping(n / 2, n / 1000), undefined],
    ] as const) {
      using stream = windowed({
        time: 't',
        ...(key ? { key } : {}),
        window,
        aggregates: { v: variance('v'), d: stddev('v') },
      });
      stream.pushColumns({ t: timesTo(n), v: values, k: new Uint8Array(n) } as never);
      const rows = stream.close().toArray() as unknown as { start: number; end: number; v: number; d: number }[];
      expect(rows.length).toBeGreaterThan(0);
      for (const [i, { start, end, v, d }] of rows.entries()) {
        if (i % 50 && window.every < n / 100) continue;
        const wanted = twoPass(values.subarray(Math.max(0, start), Math.min(n, end)), shift);
        const near = Math.abs(v / wanted - 1) <= 1e-9 && Math.abs(d / Math.sqrt(wanted) - 1) <= 1e-9;
        if (!near)
          expect({ shift, deviation, window, key, start, v, d }).toMatchObject({ v: wanted, d: Math.sqrt(wanted) });
      }
    }
  }
}
