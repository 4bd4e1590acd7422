/**
 * Moments, regression lines, products and fading means against values that are computed without large means or
 * overflow. This suite catches digits lost to cancellation and intermediate results beyond f64.
 */

import { expect, test } from 'vitest';
import {
  type Aggregate,
  correlation,
  covariance,
  ewma,
  hopping,
  kurtosis,
  ohlc,
  product,
  regression,
  rolling,
  skewness,
  tumbling,
  variance,
  type Window,
  weightedMean,
  windowed,
} from '../../bindings';
import { cases, type Figure, isNear, type OracleEvent } from '../oracle';
import { random } from '../support/helpers';

const N = 4000;

/**
 * Skewed numbers about 0, all multiples of 2^-20, so that a mean that is a power of two can be added without rounding.
 */
function lopsided(seed: number): number[] {
  const next = random(seed);
  return Array.from({ length: N }, () => Math.round((next() ** 3 - 0.25 + next() * 0.1) * 2 ** 20) / 2 ** 20);
}

interface Result {
  start: number;
  value: Figure;
}

function run(aggregate: Aggregate<string, unknown>, window: Window, v: number[], w: number[]): Result[] {
  using stream = windowed({ time: 't', window, aggregates: { value: aggregate } });
  stream.pushColumns({ t: v.map((_, t) => t), v, w } as never);
  const rows = stream.close().toArray() as unknown as Result[];
  return rows;
}

const x = lopsided(1);
const noise = lopsided(2);
const y = x.map((value, i) => Math.round((value * 3 + (noise[i] as number)) * 2 ** 18) / 2 ** 18);
const MEAN = 2 ** 30;

//   mean = 10⁹ × deviation
test.each([
  ['skewness', skewness('v')],
  ['kurtosis', kurtosis('v')],
  ['covariance', covariance('v', 'w')],
  ['correlation', correlation('v', 'w')],
])('%s is as exact about a mean of 10⁹ deviations as about 0', (name, aggregate) => {
  const raised = (values: number[]) => values.map((value) => value + MEAN);
  for (const window of [tumbling(N), hopping(500, 70), hopping(64, 64)]) {
    const rows = run(aggregate, window, raised(y), raised(x));
    expect(rows.length).toBeGreaterThan(0);
    for (const { start, value } of rows) {
      const { size } = window;
      const events = x.map((w, t): OracleEvent => ({ t, key: '', v: y[t] as number, w }));
      const wanted = cases[name]?.define(events.filter(({ t }) => t >= start && t < start + size)) as number;
      if (!isNear(value, wanted, 1e-11)) expect({ name, start, value }).toEqual({ name, start, value: wanted });
    }
  }
});

//   y = 2 x + 7 far from 0      slope and r2 are exact, the intercept is as exact as 10⁹ times the slope allows
test('a regression line far from 0 has the right slope and intercept', () => {
  const far = x.map((value) => value + MEAN);
  const [row] = run(
    regression('w', 'v'),
    tumbling(N),
    far,
    far.map((value) => 2 * value + 7),
  );
  const { slope, intercept, r2 } = (row as Result).value as { slope: number; intercept: number; r2: number };
  expect(slope).toBeCloseTo(2, 13);
  expect(r2).toBeCloseTo(1, 13);
  expect(Math.abs(intercept - 7)).toBeLessThan(1e-4);
});

//   v   1e300 1e300 1e-300 1e-300 5       the product passes values beyond f64 and ends as 5
test('a product within f64 is exact even if its intermediate results are not within f64', () => {
  const next = random(5);
  for (const values of [
    [1e300, 1e300, 1e-300, 1e-300, 5],
    [1e-300, 1e-300, 1e-300, 1e300, 1e300, 1e300],
    [5e-324, 5e-324, 2 ** 1000, 2 ** 1000, 3],
    Array.from({ length: 2000 }, (_, i) => (i % 2 ? 1e9 : 1e-9)),
    Array.from({ length: 3000 }, (_, i) => (i < 1500 ? 2 : 0.5)),
    [-1e308, -1e308, 1e-308, 1e-308, -1],
    Array.from({ length: 999 }, () => 2 ** Math.round(next() * 600 - 300)),
  ]) {
    const exponents = values.map((value) => Math.log2(Math.abs(value))).reduce((a, b) => a + b);
    const sign = values.map(Math.sign).reduce((a, b) => a * b);
    for (const order of [values, values.toSorted((a, b) => a - b), values.toReversed()]) {
      const [row] = run(product('v'), tumbling(1e4), order, order);
      const wanted = sign * 2 ** exponents;
      if (!Number.isFinite(wanted) || wanted === 0) expect(row?.value).toBe(wanted);
      else expect((row?.value as number) / wanted).toBeCloseTo(1, 9);
    }
  }
});

//   infinities and zeros multiply as in JavaScript
test('a product beyond f64 is an infinity or 0', () => {
  const give = (values: number[], window = tumbling(100)) => run(product('v'), window, values, values)[0]?.value;
  expect(give([1e300, 1e300, -1])).toBe(-Infinity);
  expect(give([1e-300, 1e-300])).toBe(0);
  expect(give([Infinity, 1e-300, -2])).toBe(-Infinity);
  expect(give([Infinity, 0])).toBe(Number.NaN);
  expect(give([1e300, 1e300, 0])).toBe(0);
  expect(give([5e-324, 1])).toBe(5e-324);
  expect(give([2 ** -600, 2 ** -470, 3])).toBe(3 * 2 ** -1070);
  expect(give(Array.from({ length: 60 }, () => 1e300))).toBe(Infinity);
});

//   T - t     0   1/64   2/64 … 3000 half-lives      each weight is a power of 2
test('ewma weighs values by exact powers of 2 over three thousand half-lives', () => {
  for (const halfLife of [0.5, 1, 3, 64, 1e6]) {
    const [row] = run(ewma('v', halfLife), tumbling(N), y, x);
    const weights = y.map((_, t) => 2 ** (-(N - 1 - t) / halfLife));
    const total = (values: number[]) => values.reduceRight((a, b) => a + b, 0);
    const wanted = total(y.map((value, i) => value * (weights[i] as number))) / total(weights);
    expect(Math.abs((row?.value as number) - wanted)).toBeLessThan(1e-13);
  }
});

//   the same events, shuffled over the whole stream
test('ewma does not depend on the order of arrival', () => {
  const next = random(9);
  const order = y.map((_, t) => ({ t: t + 1.7e12, v: y[t] as number, rank: next() })).sort((a, b) => a.rank - b.rank);
  const give = (events: { t: number; v: number }[], window: Window) => {
    using stream = windowed({ time: 't', window, aggregates: { e: ewma('v', 50) }, outOfOrder: N });
    stream.pushRows(events);
    const outputs = stream.close().toArray();
    return outputs;
  };
  for (const window of [tumbling(N), hopping(700, 60), rolling(30)]) {
    const inOrder = give(
      order.toSorted((a, b) => a.t - b.t),
      window,
    );
    const mixed = give(order, window);
    expect(inOrder.length).toBeGreaterThan(0);
    expect(mixed).toHaveLength(inOrder.length);
    for (const [i, { e }] of mixed.entries()) expect(Math.abs(e - (inOrder[i] as { e: number }).e)).toBeLessThan(1e-12);
  }
});

//   w   1e16  1  -1e16       a plain sum of weights would be 0
test('a weighted mean loses no small weight beside large ones', () => {
  const [row] = run(weightedMean('v', 'w'), tumbling(10), [1, 5, 1], [1e16, 1, -1e16]);
  expect(row?.value).toBe(5);
});

//   v   0.1 0.1 0.1 0.1
test('values that do not vary have no skewness, kurtosis, correlation or regression line', () => {
  const same = Array.from({ length: 20 }, () => 0.1);
  const rising = same.map((_, i) => i);
  const give = (aggregate: Aggregate<string, unknown>, v: number[], w: number[]) =>
    run(aggregate, tumbling(20), v, w)[0]?.value;
  expect(give(skewness('v'), same, same)).toBe(Number.NaN);
  expect(give(kurtosis('v'), same, same)).toBe(Number.NaN);
  expect(give(variance('v'), same, same)).toBe(0);
  expect(give(correlation('v', 'w'), same, rising)).toBe(Number.NaN);
  expect(give(correlation('v', 'w'), rising, same)).toBe(Number.NaN);
  expect(give(covariance('v', 'w'), rising, same)).toBe(0);
  expect(give(regression('v', 'w'), rising, same)).toEqual({ slope: NaN, intercept: NaN, r2: NaN });
  expect(give(regression('v', 'w'), same, rising)).toEqual({ slope: 0, intercept: 0.1, r2: 1 });
  expect(give(ohlc('v'), same, same)).toEqual({ open: 0.1, high: 0.1, low: 0.1, close: 0.1 });
});
