/** The laws of `over` in workers that worker-over.test.ts and worker-over.large.test.ts check. */

import fc from 'fast-check';
import { expect } from 'vitest';
import { count, distinct, rolling, sum, tumbling, windowed, windowedWorker } from '../../../bindings';
import { runs } from '../../support/helpers';
import { type Cut, itemsOf, rowsOf, SOURCES, sourceOf } from '../../support/sources';
import { type Transport, worker } from './built-worker';

export const SPEC = {
  time: 't',
  key: 'k',
  window: tumbling(10),
  aggregates: { n: count(), s: sum('v'), d: distinct('k', { exact: true }) },
} as const;
export const TENS = { time: 't', window: tumbling(10), aggregates: { n: count() } } as const;
const byKey = (a: { end: number; k: unknown }, b: { end: number; k: unknown }) =>
  a.end - b.end || (String(a.k) < String(b.k) ? -1 : 1);

export const KEYLESS = { ...TENS, aggregates: SPEC.aggregates };

/** Expects that events, arrays and columns of any source give the results of one thread. */
export async function expectSourcesAsOnOneThread(
  transport: Transport,
  parallelism: number,
  spec: typeof SPEC | typeof KEYLESS,
): Promise<void> {
  const event = fc.record({
    tick: fc.integer({ min: 0, max: 5 }),
    k: fc.constantFrom('a', 'b', 'é😀'),
    v: fc.integer(),
  });
  const cut = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom<Cut[1]>('events', 'array', 'columns'));
  const cuts = fc.array(cut, { minLength: 1, maxLength: 5 });
  const steps = fc.array(event, { maxLength: 200, size: 'max' });
  await fc.assert(
    fc.asyncProperty(steps, cuts, fc.constantFrom(...SOURCES), async (steps, cuts, kind) => {
      let t = 0;
      const events = steps.map(({ tick, k, v }) => {
        t += tick;
        return { t, k, v };
      });
      using here = windowed(spec as typeof SPEC);
      here.pushRows(events);
      const wanted = [...here.close()].sort(byKey);
      await using there = await windowedWorker(spec as typeof SPEC, { worker, transport, parallelism });
      const rows = await rowsOf(there.over(sourceOf(kind, itemsOf(events, cuts)) as Iterable<(typeof events)[number]>));
      expect(rows.sort(byKey)).toEqual(wanted);
      expect(() => there.push({ t: 1, k: 'a', v: 1 })).toThrow('closed');
    }),
    { numRuns: runs(10), endOnFailure: true },
  );
}

/** Expects that more events than the ring holds wait for room, as columns, as one array and one by one. */
export async function expectEventsWait(transport: Transport, events: number): Promise<void> {
  const t = Float64Array.from({ length: events }, (_, i) => i);
  const k = Array.from(t, (i) => `k${i % 5000}`);
  const rows = Array.from(t, (i) => ({ t: i, k: k[i] as string, v: 1 }));
  for (const source of [[{ t, k, v: t }], [rows], rows]) {
    await using stream = await windowedWorker(SPEC, { worker, transport });
    let n = 0;
    let batches = 0;
    for await (const { columns } of stream.over(source as Iterable<(typeof rows)[number]>)) {
      n += columns.n.reduce((a, b) => a + b, 0);
      batches++;
    }
    expect(n).toBe(events);
    if (source === rows) expect(batches).toBeGreaterThan(events / 40_000);
  }
}

/** Expects that results that leave no memory for events are given first. */
export async function expectResultsFirst(transport: Transport): Promise<void> {
  const spec = { ...SPEC, window: rolling(1000), memory: { maximum: '4mb' } } as const;
  const events = Array.from({ length: 60_000 }, (_, t) => ({ t, k: `k${t % 3}`, v: t }));
  for (const source of [events, [events]]) {
    await using stream = await windowedWorker(spec, { worker, transport });
    let n = 0;
    for await (const { length, columns } of stream.over(source as typeof events)) {
      expect(columns.t).toHaveLength(length);
      expect(columns.t.every((t, i) => t === n + i)).toBe(true);
      n += length;
    }
    expect(n).toBe(events.length);
  }
}
