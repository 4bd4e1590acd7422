/** How exact the figures are, against references that do not round. */

import { expect, test } from 'vitest';
import { count, hopping, mean, stddev, sum, tumbling, variance, windowed } from '../../bindings';
import { random } from '../support/helpers';

/** A double of magnitude 1e-8 or more, times this, is a whole number. */
const SCALE_BITS = 80n;
const SCALE = 2 ** 80;

/** Sums of the first i values, times 2^80, without rounding. */
function prefixSums(values: Float64Array): bigint[] {
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
function quotient(a: bigint, n: bigint): number {
  const magnitude = a < 0n ? -a : a;
  const shifted = (magnitude << 200n) / n;
  // What the division dropped can only matter as "a little more than": the lowest bit stands for it.
  const sticky = (magnitude << 200n) % n ? shifted | 1n : shifted;
  return (Math.sign(Number(a)) * Number(sticky)) / 2 ** 140 / 2 ** 140;
}

/** Distance to the next double of greater magnitude. */
function ulp(x: number): number {
  const bits = new BigInt64Array(new Float64Array([Math.abs(x)]).buffer);
  const next = new Float64Array(new BigInt64Array([(bits[0] as bigint) + 1n]).buffer);
  return (next[0] as number) - Math.abs(x);
}

/** Mixed sign, magnitude 1e-8 to 1e8, spread evenly over the powers. */
function mixed(n: number, seed: number): Float64Array {
  const next = random(seed);
  return Float64Array.from({ length: n }, () => (next() < 0.5 ? -1 : 1) * 10 ** (next() * 16 - 8));
}

const timesTo = (n: number) => Float64Array.from({ length: n }, (_, i) => i);

test('the reference itself is exact', () => {
  expect(quotient(BigInt(1.5 * SCALE) + BigInt(2.25 * SCALE), 1n)).toBe(3.75);
  expect(quotient(BigInt(SCALE), 3n)).toBe(1 / 3);
  expect(quotient(-BigInt(SCALE), 3n)).toBe(-1 / 3);
  expect([ulp(1), ulp(-3), ulp(2 ** 53)]).toEqual([2 ** -52, 2 ** -51, 2]);
  expect(SCALE).toBe(Number(1n << SCALE_BITS));
});

//   1e16 │ 0 0 0 0 0 0 0 0      what slid out has left nothing behind
test('after 1e16 come eight zeros, and their sum is exactly 0', () => {
  for (const window of [tumbling(1), hopping(8, 1), hopping(3, 1), hopping(2, 1)]) {
    for (const huge of [1e16, -1e16, 1e300, 2 ** 1023]) {
      const stream = windowed({ time: 't', window, aggregates: { s: sum('v'), m: mean('v'), d: variance('v') } });
      stream.pushColumns({ t: timesTo(9), v: Float64Array.of(huge, 0, 0, 0, 0, 0, 0, 0, 0) });
      const rest = stream
        .close()
        .toArray()
        .filter(({ start }) => start > 0);
      expect(rest.length).toBe(8);
      for (const { s, m, d } of rest) expect([s, m, d || 0]).toEqual([0, 0, 0]);
      stream[Symbol.dispose]();
    }
  }
});

//   1e16 1e16 1e16 │ 0.1 0.2 0.3 ...
test('what passed through before changes no bit of a later window', () => {
  const n = 400;
  const values = mixed(n, 3);
  for (let i = 0; i < n; i += 50) values[i] = 1e300 * (i % 100 ? -1 : 1);
  for (const [size, every] of [
    [20, 5],
    [16, 1],
    [7, 3],
  ] as const) {
    const run = (from: number) => {
      const stream = windowed({
        time: 't',
        window: hopping(size, every),
        aggregates: { s: sum('v'), m: mean('v'), d: variance('v') },
      });
      stream.pushColumns({ t: timesTo(n).subarray(from), v: values.subarray(from) });
      const rows = stream.close().toArray();
      stream[Symbol.dispose]();
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

//   [0 ........................ 1e6)
test('sum and mean of a million values of mixed sign and magnitude are within an ulp of the exact ones', () => {
  const n = 1_000_000;
  for (const seed of [1, 2]) {
    const values = mixed(n, seed);
    const exact = prefixSums(values)[n] as bigint;
    for (const key of [undefined, 'k']) {
      const stream = windowed({
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
      stream[Symbol.dispose]();
    }
  }
});

//   [0 ........................ 1e6)
//        [1e5 ..................... 1.1e6)      ten panes and more combined in each
test('so they are where panes are combined to hopping windows', () => {
  const n = 1_000_000;
  const values = mixed(n, 4);
  const sums = prefixSums(values);
  for (const [size, every] of [
    [1e6, 1e5],
    [1e6, 1e3],
    [1e5, 7e3],
  ] as const) {
    const stream = windowed({ time: 't', window: hopping(size, every), aggregates: { s: sum('v'), m: mean('v') } });
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
    stream[Symbol.dispose]();
  }
});

/** Two passes over the values less `shift`, which is near enough to their mean that the difference is exact. */
function twoPass(values: Float64Array, shift: number): number {
  let total = 0;
  for (const value of values) total += value - shift;
  const mean = total / values.length;
  let squares = 0;
  for (const value of values) squares += (value - shift - mean) ** 2;
  return squares / (values.length - 1);
}

test('variance agrees with two passes to 1e-9 even where the mean is 1e9 times the deviation', () => {
  const n = 100_000;
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
      const stream = windowed({
        time: 't',
        ...(key ? { key } : {}),
        window,
        aggregates: { v: variance('v'), d: stddev('v') },
      });
      stream.pushColumns({ t: timesTo(n), v: values, k: new Uint8Array(n) } as never);
      const rows = stream.close().toArray() as unknown as { start: number; end: number; v: number; d: number }[];
      for (const [i, { start, end, v, d }] of rows.entries()) {
        if (i % 50 && window.every < n / 100) continue;
        const wanted = twoPass(values.subarray(Math.max(0, start), Math.min(n, end)), shift);
        const near = Math.abs(v / wanted - 1) <= 1e-9 && Math.abs(d / Math.sqrt(wanted) - 1) <= 1e-9;
        if (!near)
          expect({ shift, deviation, window, key, start, v, d }).toMatchObject({ v: wanted, d: Math.sqrt(wanted) });
      }
      expect(rows.length).toBeGreaterThan(0);
      stream[Symbol.dispose]();
    }
  }
});

test('the variance of equal values is exactly 0, however large they are', () => {
  for (const v of [0.1, 1e9 + 0.1, 1e15 + 0.3, -1 / 3]) {
    for (const window of [tumbling(1000), hopping(100, 7)]) {
      const stream = windowed({ time: 't', window, aggregates: { d: variance('v'), s: stddev('v'), n: count() } });
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
      stream[Symbol.dispose]();
    }
  }
});

test('counts are exact, of events and of values, over millions and over combined panes', () => {
  const n = 3_000_000;
  const t = timesTo(n);
  const v = Float64Array.from({ length: n }, (_, i) => (i % 3 ? i : Number.NaN));
  const stream = windowed({
    time: 't',
    window: { whole: tumbling(n), hops: hopping(n / 3, n / 30) },
    aggregates: { events: count(), values: count('v') },
  });
  stream.pushColumns({ t, v });
  const rows = stream.close().toArray();
  expect(rows.length).toBe(1 + 39);
  for (const { start, end, events, values } of rows) {
    const from = Math.max(0, start);
    const to = Math.min(n, end);
    expect([events, values]).toEqual([to - from, to - from - (Math.ceil(to / 3) - Math.ceil(from / 3))]);
  }
  stream[Symbol.dispose]();
});
