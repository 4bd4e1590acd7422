/** `over` and `transform` of streams in workers. */

import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  count,
  distinct,
  OrielError,
  producer,
  rolling,
  type Spec,
  sum,
  tumbling,
  type WindowedWorker,
  type WorkerLike,
  windowed,
  windowedWorker,
} from '../../../bindings';
import { runs } from '../../support/helpers';
import { type Cut, itemsOf, rowsOf, SOURCES, sourceOf } from '../../support/sources';

const script = new URL('../../../dist/worker.js', import.meta.url);
const TRANSPORTS = ['shared', 'transferred'] as const;

async function open<const S extends Spec>(
  spec: S,
  transport: (typeof TRANSPORTS)[number],
  parallelism = 1,
): Promise<WindowedWorker<S>> {
  const worker = () => new Worker(script) as unknown as WorkerLike;
  const stream = await windowedWorker(spec, { worker, transport, parallelism });
  onTestFinished(() => stream[Symbol.asyncDispose]());
  return stream;
}

const SPEC = {
  time: 't',
  key: 'k',
  window: tumbling(10),
  aggregates: { n: count(), s: sum('v'), d: distinct('k', { exact: true }) },
} as const;
const TENS = { time: 't', window: tumbling(10), aggregates: { n: count() } } as const;
const later = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
const byKey = (a: { end: number; k: unknown }, b: { end: number; k: unknown }) =>
  a.end - b.end || (String(a.k) < String(b.k) ? -1 : 1);

describe.each(TRANSPORTS)('%s', (transport) => {
  test.each([
    [1, 'by key', SPEC],
    [2, 'by key', SPEC],
    [2, 'without', { ...TENS, aggregates: SPEC.aggregates }],
  ])('events, arrays and columns give what they give on one thread, %s workers, %s', async (parallelism, _, spec) => {
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
        const here = windowed(spec as typeof SPEC);
        here.pushRows(events);
        const wanted = [...here.close()].sort(byKey);
        here[Symbol.dispose]();
        const there = await open(spec as typeof SPEC, transport, parallelism);
        const rows = await rowsOf(
          there.over(sourceOf(kind, itemsOf(events, cuts)) as Iterable<(typeof events)[number]>),
        );
        expect(rows.sort(byKey)).toEqual(wanted);
        expect(() => there.push({ t: 1, k: 'a', v: 1 })).toThrow('closed');
      }),
      { numRuns: runs(10), endOnFailure: true },
    );
  });

  test('more events than the ring has room for wait for their turn, whatever they come as', async () => {
    const events = 200_000;
    const t = Float64Array.from({ length: events }, (_, i) => i);
    const k = Array.from(t, (i) => `k${i % 5000}`);
    const rows = Array.from(t, (i) => ({ t: i, k: k[i] as string, v: 1 }));
    for (const source of [[{ t, k, v: t }], [rows], rows]) {
      const stream = await open(SPEC, transport);
      let n = 0;
      let batches = 0;
      for await (const { columns } of stream.over(source as Iterable<(typeof rows)[number]>)) {
        n += columns.n.reduce((a, b) => a + b, 0);
        batches++;
      }
      expect(n).toBe(events);
      if (source === rows) expect(batches).toBeGreaterThan(5);
    }
  });

  test('a source that gives much and then waits gets its windows', async () => {
    const stream = await open(TENS, transport);
    let isThere = () => {};
    const source = async function* () {
      for (let t = 0; t < 4096; t++) yield { t };
      await new Promise<void>((resolve) => {
        isThere = resolve;
      });
    };
    let n = 0;
    for await (const { columns } of stream.over(source())) {
      n += columns.n.reduce((a, b) => a + b, 0);
      if (n === 4090) isThere();
    }
    expect(n).toBe(4096);
  });

  test('windows that have fired are given while the source waits, of other threads as well', async () => {
    const stream = await open(TENS, transport);
    const other = producer<typeof TENS>(await stream.producer());
    let give = () => {};
    const source = async function* () {
      yield { t: 5 };
      yield { t: 12 };
      await new Promise<void>((resolve) => {
        give = resolve;
      });
      yield { t: 35 };
    };
    const batches = stream.over(source());
    const first = batches.next();
    // Time waits for the other thread.
    await later(20);
    other.push({ t: 11 });
    expect((await first).value?.toArray()).toEqual([{ start: 0, end: 10, n: 1 }]);
    other.close();
    give();
    expect(await rowsOf(batches)).toEqual([
      { start: 10, end: 20, n: 2 },
      { start: 30, end: 40, n: 1 },
    ]);
  });

  test('who leaves, aborts or gives what is no event finds all that went in before it', async () => {
    const items = Array.from({ length: 40_000 }, (_, t) => ({ t }));
    const cases: [items: { t: number }[], leave: 'break' | 'abort' | undefined, error?: string, events?: number][] = [
      [items, 'break'],
      [items, 'abort', 'enough'],
      [items.with(35_000, { t: Number.NaN }), undefined, 'item 35000 of the source', 35_000],
      [items.with(7, { t: Number.NaN }), undefined, 'item 7 of the source', 7],
    ];
    for (const [items, leave, wanted, count] of cases) {
      const stop = new AbortController();
      const stream = await open(TENS, transport);
      const ended: unknown[] = [];
      let n = 0;
      const add = (columns: { n: Float64Array }) => {
        n += columns.n.reduce((a, b) => a + b, 0);
      };
      const run = async () => {
        const source = sourceOf('an asynchronous generator', items, () => ended.push(true));
        for await (const { columns } of stream.over(source, { signal: stop.signal })) {
          add(columns);
          if (leave === 'break') break;
          if (leave === 'abort') stop.abort('enough');
        }
      };
      const error = await run().then(
        () => undefined,
        (thrown: unknown) => (thrown instanceof OrielError ? thrown.message : thrown),
      );
      if (wanted) expect(error).toContain(wanted);
      else expect(error).toBe(undefined);
      expect(ended).toEqual([true]);
      const { events } = await stream.stats();
      if (count !== undefined) expect(events).toBe(count);
      add((await stream.close()).columns);
      expect([n, events > 0]).toEqual([events, true]);
    }
  });

  test('where results leave no room for events they are given first', async () => {
    const spec = { ...SPEC, window: rolling(1000), memory: { maximum: '4mb' } } as const;
    const events = Array.from({ length: 60_000 }, (_, t) => ({ t, k: `k${t % 3}`, v: t }));
    for (const source of [events, [events]]) {
      const stream = await open(spec, transport);
      let n = 0;
      for await (const { length, columns } of stream.over(source as typeof events)) {
        expect(columns.t.every((t, i) => t === n + i)).toBe(true);
        n += length;
      }
      expect(n).toBe(events.length);
    }
  });

  test('a transform closes the stream at the end, and leaves it open where it is cancelled', async () => {
    const source = sourceOf('a ReadableStream', [{ t: 1 }, { t: 12 }, [{ t: 25 }]]) as ReadableStream<{ t: number }>;
    const stream = await open(TENS, transport);
    const rows = await rowsOf(source.pipeThrough(stream.transform()));
    expect(rows.map(({ end }) => end)).toEqual([10, 20, 30]);
    expect(() => stream.push({ t: 50 })).toThrow('closed');
    const other = await open(TENS, transport);
    const { readable, writable } = other.transform();
    const writer = writable.getWriter();
    for (const t of [1, 12]) writer.write({ t });
    const reader = readable.getReader();
    expect((await reader.read()).value?.toArray()).toEqual([{ start: 0, end: 10, n: 1 }]);
    await reader.cancel();
    expect([...(await other.close())]).toEqual([{ start: 10, end: 20, n: 1 }]);
  });

  test('windows that are on their way when a transform is cancelled are there at the next take', async () => {
    const stream = await open(TENS, transport);
    const { readable, writable } = stream.transform();
    const reader = readable.getReader();
    const take = vi.spyOn(stream, 'take');
    const cancelled = new Promise((resolve) => {
      take.mockImplementationOnce(() => {
        take.mockRestore();
        resolve(reader.cancel('enough'));
        return stream.take();
      });
    });
    const read = reader.read();
    writable.getWriter().write([{ t: 1 }, { t: 12 }] as never);
    await cancelled;
    expect((await read).done).toBe(true);
    expect([...(await stream.close())]).toEqual([
      { start: 0, end: 10, n: 1 },
      { start: 10, end: 20, n: 1 },
    ]);
  });
});

test('a stream that is disposed of in the middle says so', async () => {
  const stream = await open(TENS, 'shared');
  const items = Array.from({ length: 50_000 }, (_, t) => ({ t }));
  const run = async () => {
    for await (const _ of stream.over(items)) await stream[Symbol.asyncDispose]();
  };
  await expect(run()).rejects.toMatchObject({ code: 'ERR_ORIEL_CLOSED' });
  expect(() => stream.over(items)).toThrow('closed');
});
