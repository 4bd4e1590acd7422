/**
 * Catches what only longer runs show: random calls on bounded streams, hundreds of streams made and disposed of, and
 * memory that grows under waiting events.
 */

import { expect, test } from 'vitest';
import { hopping, type Spec, tumbling, type WindowedStream, windowed } from '../../bindings';
import { core } from '../../bindings/base/core';
import { aggregates, compareWithUnbounded } from './memory';

test('random calls on a bounded stream give the results of its accepted calls without a bound', () => {
  const refusals = Array.from({ length: 12 }, (_, i) => compareWithUnbounded(i + 1));
  expect(refusals.filter((n) => n > 0).length).toBeGreaterThan(8);
});

test('hundreds of streams made and disposed of leave memory as large as it was', () => {
  const live = (i: number) => {
    const stream = windowed({ time: 't', key: 'k', window: hopping(100, 30), aggregates });
    stream.pushColumns({
      t: Float64Array.from({ length: 5000 }, (_, j) => j / 10),
      k: Array.from({ length: 5000 }, (_, j) => (i % 2 ? `k${j % 900}` : j % 900)),
      v: new Float64Array(5000),
    });
    if (i % 3) stream.take();
    if (i % 5 === 0) stream.close();
    return stream;
  };
  for (let i = 0; i < 30; i++) live(i)[Symbol.dispose]();
  const early = core().buffer.byteLength;
  const top = core().exports.top();
  for (let i = 0; i < 500; i++) live(i)[Symbol.dispose]();
  expect(core().buffer.byteLength).toBe(early);
  expect(core().exports.top()).toBe(top);
  // Ten streams live at once now, and are not disposed of in the order in which they were made.
  const some: WindowedStream[] = [];
  const highs: number[] = [];
  for (let i = 0; i < 400; i++) {
    some.push(live(i) as never);
    if (some.length > 10) some.splice((i * 7) % 10, 1)[0]?.[Symbol.dispose]();
    if (i % 100 === 99) highs.push(core().buffer.byteLength);
  }
  for (const stream of some) stream[Symbol.dispose]();
  expect(highs[3]).toBe(highs[0]);
});

//   a: push push push            push        a's views of its ring are older than the memory that b has grown
//   b:        many keys … grows
test('single events that wait in one stream survive the growth of memory by another', () => {
  const waiting = Array.from({ length: 20 }, (_, i) =>
    windowed({ time: 't', ...(i % 2 ? { key: 'k' } : {}), window: hopping(1000, 500), aggregates } as Spec),
  );
  let next = 0;
  const pushAll = () => {
    for (const stream of waiting) stream.push({ t: next, k: `k${next % 3}`, v: next } as never);
    next++;
  };
  using greedy = windowed({ time: 't', key: 'k', window: tumbling(1e9), aggregates });
  let grown = 0;
  for (let round = 0; round < 40; round++) {
    pushAll();
    pushAll();
    const before = core().buffer;
    const k = Float64Array.from({ length: 40_000 }, (_, i) => round * 40_000 + i);
    greedy.pushColumns({ t: k, k, v: k });
    if (core().buffer !== before) grown++;
    pushAll();
  }
  expect(grown).toBeGreaterThan(3);
  const wanted = (next * (next - 1)) / 2;
  waiting.forEach((one, i) => {
    using stream = one;
    const rows = stream.close().toArray() as unknown as { start: number; n: number; s: number }[];
    const from0 = rows.filter(({ start }) => start === 0);
    expect(from0.length).toBe(i % 2 ? 3 : 1);
    expect(from0.reduce((total, { n }) => total + n, 0)).toBe(next);
    expect(from0.reduce((total, { s }) => total + s, 0)).toBe(wanted);
  });
  expect(greedy.close().length).toBe(1_600_000);
});
