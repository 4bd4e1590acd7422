/** Any number of keys in all, few at a time: neither heap grows with those that are gone. */

import { expect, test } from 'vitest';
import { count, sum, tumbling, windowed } from '../../../bindings';
import { core } from '../../../bindings/base/core';

const BATCH = 50_000;
/** Keys in a window: as many as the stream holds at a time, or twice that at its edges. */
const AT_A_TIME = 1000;

interface Sizes {
  heap: number;
  linear: number;
  stream: number;
}

/** Heap in use, after a collection where one can be asked for. */
function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function expectFlat(early: Sizes, late: Sizes): void {
  expect(late.linear).toBe(early.linear);
  expect(late.stream).toBeLessThanOrEqual(1.1 * early.stream);
  // A heap not collected just before may hold some batches' worth of garbage, but not a trace of every key.
  expect(late.heap - early.heap).toBeLessThan(64 * 2 ** 20);
}

//   keys   0 .. 999 │ 1000 .. 1999 │ 2000 .. 2999 │ ...      every key once, never to come again
test('fifty million number keys pass through a stream that holds a thousand', () => {
  const keys = 50_000_000;
  const stream = windowed({
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
  let liveMost = 0;
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
    liveMost = Math.max(liveMost, liveKeys);
    if (from === keys / 10 || from + BATCH === keys) {
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
  expect(liveMost).toBeLessThanOrEqual(2 * AT_A_TIME);
  expectFlat(sizes[0] as Sizes, sizes[1] as Sizes);
  stream[Symbol.dispose]();
});

test.each([
  ['string keys', 'k'],
  ['keys of two columns, one of strings', ['k', 'l']],
] as const)('two million %s pass through a stream that holds a thousand', (_, key) => {
  const keys = 2_000_000;
  const n = 5000;
  const stream = windowed({ time: 't', key, window: tumbling(AT_A_TIME), aggregates: { n: count(), s: sum('v') } });
  const v = new Float64Array(n).fill(1);
  const sizes: Sizes[] = [];
  let rows = 0;
  let wrong = 0;
  let liveMost = 0;
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
    liveMost = Math.max(liveMost, liveKeys);
    if (from === keys / 10 || from + n === keys) {
      sizes.push({ heap: heapUsed(), linear: core().buffer.byteLength, stream: bytes });
    }
  }
  check(stream.close());
  expect([rows, wrong]).toEqual([keys, 0]);
  expect(liveMost).toBeLessThanOrEqual(2 * AT_A_TIME);
  expectFlat(sizes[0] as Sizes, sizes[1] as Sizes);
  stream[Symbol.dispose]();
});

//   push, claim: the doors that take strings one by one
test('two hundred thousand string keys pass through each of the other doors', () => {
  const keys = 200_000;
  for (const door of ['push', 'claim', 'rows']) {
    const stream = windowed({ time: 't', key: 'k', window: tumbling(AT_A_TIME), aggregates: { n: count() } });
    const bytes: number[] = [];
    let rows = 0;
    for (let from = 0; from < keys; from += 1000) {
      if (door === 'push') for (let i = 0; i < 1000; i++) stream.push({ t: from + i, k: `user-${from + i}` });
      if (door === 'rows')
        stream.pushRows(Array.from({ length: 1000 }, (_, i) => ({ t: from + i, k: `user-${from + i}` })));
      if (door === 'claim') {
        const { t, k } = stream.claim(1000);
        for (let i = 0; i < 1000; i++) {
          t[i] = from + i;
          k[i] = stream.keyId(`user-${from + i}`);
        }
        stream.commit(1000);
      }
      for (const { start, k, n } of stream.take()) {
        const at = Number((k as string).slice(5));
        if (n === 1 && at >= start && at < start + AT_A_TIME) rows++;
      }
      bytes.push(stream.stats().bytes);
    }
    rows += stream.close().length;
    expect([door, rows]).toEqual([door, keys]);
    expect(bytes.at(-1)).toBeLessThanOrEqual(1.1 * Math.max(...bytes.slice(0, 20)));
    stream[Symbol.dispose]();
  }
});
