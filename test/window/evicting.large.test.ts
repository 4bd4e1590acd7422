/**
 * Catches what the quicker cases of evicting.test.ts miss: more kinds of values, errors that build up over a long run,
 * and memory that a burst leaves behind.
 */

import { describe, expect, test } from 'vitest';
import { rolling, rows, type Spec, type WindowedStream, windowed } from '../../bindings';
import { random } from '../support/helpers';
import { AGGREGATES, anew, expectSame, QUICK, type Result, testFrames, VALUES } from './evicting';

describe.each(Object.keys(VALUES).filter((kind) => !QUICK.includes(kind)))('values that are %s', testFrames);

//   100,000 events pass through frames of 500
test('a long run stays right, and holds no more memory at its end than at its beginning', () => {
  const next = random(21);
  const N = 100_000;
  const t = Float64Array.from({ length: N }, (_, i) => i - Math.floor(next() * 4));
  const v = Float64Array.from({ length: N }, (_, i) => {
    const kind = next();
    if (kind < 0.02) return Number.NaN;
    if (kind < 0.03) return Infinity;
    return kind < 0.5 ? Math.floor(next() * 40) : Math.floor(next() * 1e5) / 7 + i / 50;
  });
  const { all, ...aggregates } = AGGREGATES;
  using stream = windowed({ time: 't', window: rolling(rows(500)), aggregates } as Spec) as unknown as WindowedStream;
  const [sizes, samples]: [number[], [number, Result][]] = [[], []];
  for (let i = 0; i < N; i += 1000) {
    stream.pushColumns({ t: t.subarray(i, i + 1000), v: v.subarray(i, i + 1000) } as never);
    const batch = stream.take().toArray() as unknown as Result[];
    samples.push([i + 999, batch[999] as Result]);
    sizes.push(stream.stats().bytes);
  }
  expect(Math.max(...sizes.slice(50))).toBeLessThanOrEqual(Math.max(...sizes.slice(1, 50)) * 1.1);
  const frames = samples.map(([end]) =>
    Array.from({ length: 500 }, (_, i) => ({ t: t[end - 499 + i] as number, v: v[end - 499 + i] as number })),
  );
  // In the windows folded anew distinct and topK are estimates for as many values.
  const { d, top, ...sure } = aggregates;
  expectSame(
    samples.map(([, outputs]) => outputs),
    anew(frames, sure),
    'samples',
  );
  expect(samples).toHaveLength(N / 1000);
  for (const [end, { d, exact, top }] of samples) {
    expect(d).toBe(exact);
    const counts = new Map<number, number>();
    for (const one of v.subarray(end - 499, end + 1)) counts.set(one, (counts.get(one) ?? 0) + 1);
    counts.delete(Number.NaN);
    const all = [...counts].map(([value, count]) => ({ value, count, error: 0 }));
    expect(top).toEqual(all.sort((a, b) => b.count - a.count || a.value - b.value).slice(0, 40));
  }
});

//   a burst of 20,000 events of each key, then one event every 50
test('the memory of a burst is freed when the burst has left the frame', () => {
  const { all, ...aggregates } = AGGREGATES;
  const spec = { time: 't', key: 'k', window: rolling(1000), aggregates } as Spec;
  using stream = windowed(spec) as unknown as WindowedStream;
  const next = random(3);
  const push = (times: number[]) => {
    const t = Float64Array.from(times);
    stream.pushColumns({ t, k: t.map((_, i) => i % 4), v: t.map(() => Math.floor(next() * 1e6)) } as never);
    stream.take();
  };
  push([0, 0, 0, 0]);
  stream.advance(900);
  const { bytes: before } = stream.stats();
  push(Array.from({ length: 80_000 }, (_, i) => 1000 + i / 80));
  const { bytes: full } = stream.stats();
  for (let t = 2000; t < 8000; t += 50) push([t, t, t, t]);
  const { bytes: after } = stream.stats();
  expect(full).toBeGreaterThan(before + 4e6);
  expect(after).toBeLessThan(before + (full - before) / 50);
  stream.advance(20_000);
  expect(stream.stats()).toMatchObject({ liveKeys: 0 });
});
