/**
 * The laws of sketches on long streams, whose windows fill bins, registers and lists far beyond what short ones do.
 * This suite catches bounds that break only for many values, and memory that states keep or leak.
 */

import { describe, expect, test } from 'vitest';
import {
  collect,
  distinct,
  hopping,
  median,
  quantile,
  timeWeightedMean,
  topK,
  tumbling,
  windowed,
} from '../../bindings';
import { random, scaled } from '../support/helpers';
import {
  expectDistinct,
  expectExactQuantiles,
  expectFrequent,
  expectFrequentAnywhere,
  expectHistogram,
  expectNearQuantiles,
  expectTimeWeightedMean,
} from './sketches';

const N = 500 + scaled(2500);

describe('many values', () => {
  test.each([0.01, 0.001, 0.05, 0.3])('a quantile is within a relative error of %s at every q', (accuracy) => {
    expectNearQuantiles(N, accuracy);
  });

  test('an exact quantile is the value of the nearest rank, and the median the middle', () => {
    expectExactQuantiles(N);
  });

  test('distinct is exact if asked to be, and up to 256 values in any case', () => {
    expectDistinct(N);
  });

  test.each([1, 3, 10, 100])('topK of %i never counts too few of a value, nor too many by more than its error', (k) => {
    expectFrequent(20_000, k);
  });

  test('topK counts numbers of any kind', () => {
    expectFrequentAnywhere(N);
  });

  test('a histogram counts the values below, between and from its edges on', () => {
    expectHistogram(N);
  });

  test('timeWeightedMean lets every value hold until the next', () => {
    expectTimeWeightedMean(N);
  });
});

//   60 slices are open, and each key has an event or none in each of them
test('keys with few events take little memory', () => {
  using stream = windowed({ time: 't', key: 'k', window: hopping(60, 1), aggregates: { p99: quantile('v', 0.99) } });
  const next = random(9);
  let most = 0;
  for (let t = 0; t < 70; t++) {
    const k = Float64Array.from({ length: 2000 }, () => Math.floor(next() * 2e4));
    stream.pushColumns({ t: k.map(() => t), k, v: k.map(() => next() * 100) });
    stream.take();
    most = Math.max(most, stream.stats().bytes);
  }
  expect(most).toBeGreaterThan(0);
  // A key has about five values in all of its slices together.
  expect(most).toBeLessThan(20_000 * 2000);
});

//   every open window fires and is taken, and the memory that its states owned is free again
test('what states own is freed with their rows', () => {
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
      using stream = windowed({ time: 't', key: 'k', window, aggregates, emit, allowedLateness: 50, outOfOrder: 20 });
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
    }
  }
});
