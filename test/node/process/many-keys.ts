/** Streams that see many keys in all and few at a time, as many-keys.test.ts and many-keys.large.test.ts run them. */

import { expect } from 'vitest';
import { count, sum, tumbling, windowed } from '../../../bindings';
import { core } from '../../../bindings/base/core';

const BATCH = 50_000;
/** The number of keys in a window. A stream holds as many at a time, or twice as many at an edge. */
export const AT_A_TIME = 1000;

/** The number of keys after which memory is measured first: with fewer keys it has not reached its final size. */
const earlyOf = (keys: number) => Math.max(200_000, keys / 10);

interface Sizes {
  heap: number;
  linear: number;
  stream: number;
}

/** The size of the heap in use, after a collection if Node exposes one. */
function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/**
 * Expects that memory has not grown with the keys that came between two measurements.
 * @param swing how many times as large as at one time a stream may be at another
 */
function expectFlat(early: Sizes, late: Sizes, swing: number): void {
  expect(late.linear).toBe(early.linear);
  expect(late.stream).toBeLessThanOrEqual(swing * early.stream);
  // Without a collection the heap may hold the garbage of some batches, but no trace of every key.
  expect(late.heap - early.heap).toBeLessThan(64 * 2 ** 20);
}

//   keys   0 .. 999 │ 1000 .. 1999 │ 2000 .. 2999 │ ...      every key comes once
export function expectNumberKeysPass(keys: number): void {
  using stream = windowed({
    time: 't',
    key: 'k',
    window: tumbling(AT_A_TIME),
    aggregates: { n: count(), s: sum('v') },
  });
  const t = new Float64Array(BATCH);
  const v = new Float64Array(BATCH).fill(1);
  const sizes: Sizes[] = [];
  let rows = 0;
  let keySum = 0;
  let total = 0;
  let mostLiveKeys = 0;
  for (let from = 0; from < keys; from += BATCH) {
    for (let i = 0; i < BATCH; i++) t[i] = from + i;
    stream.pushColumns({ t, k: t, v });
    const { columns, length } = stream.take();
    rows += length;
    for (let i = 0; i < length; i++) {
      keySum += columns.k[i] as number;
      total += columns.s[i] as number;
    }
    const { liveKeys, bytes } = stream.stats();
    mostLiveKeys = Math.max(mostLiveKeys, liveKeys);
    if (from === earlyOf(keys) || from + BATCH === keys) {
      sizes.push({ heap: heapUsed(), linear: core().buffer.byteLength, stream: bytes });
    }
  }
  for (const { k, s } of stream.close()) {
    rows++;
    keySum += k as number;
    total += s;
  }
  expect(rows).toBe(keys);
  expect(total).toBe(keys);
  expect(keySum).toBe((keys / 2) * (keys - 1));
  expect(mostLiveKeys).toBeLessThanOrEqual(2 * AT_A_TIME);
  expectFlat(sizes[0] as Sizes, sizes[1] as Sizes, 1.1);
}

/** Expects that string keys, or keys of two columns, pass. */
export function expectStringKeysPass(key: 'k' | readonly ['k', 'l'], keys: number): void {
  const n = 5000;
  using stream = windowed({ time: 't', key, window: tumbling(AT_A_TIME), aggregates: { n: count(), s: sum('v') } });
  const v = new Float64Array(n).fill(1);
  const sizes: Sizes[] = [];
  let rows = 0;
  let wrong = 0;
  let mostLiveKeys = 0;
  const check = (batch: Iterable<Record<string, unknown>>) => {
    for (const row of batch) {
      const at = Number((row.k as string).slice(5));
      const lies = at >= (row.start as number) && at < (row.end as number);
      if (row.n !== 1 || row.s !== 1 || !lies || (key !== 'k' && row.l !== at % 10)) wrong++;
      rows++;
    }
  };
  for (let from = 0; from < keys; from += n) {
    const t = Float64Array.from({ length: n }, (_, i) => from + i);
    const k = Array.from(t, (at) => `user-${at}`);
    stream.pushColumns({ t, k, l: t.map((at) => at % 10), v } as never);
    check(stream.take());
    const { liveKeys, bytes } = stream.stats();
    mostLiveKeys = Math.max(mostLiveKeys, liveKeys);
    if (from === earlyOf(keys) || from + n === keys) {
      sizes.push({ heap: heapUsed(), linear: core().buffer.byteLength, stream: bytes });
    }
  }
  check(stream.close());
  expect([rows, wrong]).toEqual([keys, 0]);
  expect(mostLiveKeys).toBeLessThanOrEqual(2 * AT_A_TIME);
  // A table of strings forgets the old ones when it has grown to twice its size.
  expectFlat(sizes[0] as Sizes, sizes[1] as Sizes, 2);
}
