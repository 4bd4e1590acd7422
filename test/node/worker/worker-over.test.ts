/** Catches windows that `over` and `transform` of streams in workers lose, double or hold back. */

import { describe, expect, test, vi } from 'vitest';
import { OrielError, producer } from '../../../bindings';
import { rowsOf, sourceOf } from '../../support/sources';
import { later } from '../../support/waiting';
import { open, TRANSPORTS } from './built-worker';
import {
  expectEventsWait,
  expectResultsFirst,
  expectSourcesAsOnOneThread,
  KEYLESS,
  SPEC,
  TENS,
} from './worker-over-laws';

describe.each(TRANSPORTS)('over, %s', (transport) => {
  test('events, arrays and columns give the results of one thread, with keys', () =>
    expectSourcesAsOnOneThread(transport, transport === 'shared' ? 1 : 2, SPEC));

  test('more events than the ring holds wait for room', () => expectEventsWait(transport, 100_000));

  test('a source that gives many events and then waits gets their windows', async () => {
    const stream = await open(TENS, { transport });
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

  test('windows that fire while the source waits are given, also those that another producer lets fire', async () => {
    const stream = await open(TENS, { transport });
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
    // Time waits for the other producer.
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

  test('events that went in before a break, an abort or a bad item are kept', async () => {
    const items = Array.from({ length: 40_000 }, (_, t) => ({ t }));
    const cases: [items: { t: number }[], leave: 'break' | 'abort' | undefined, error?: string, events?: number][] = [
      [items, 'break'],
      [items, 'abort', 'enough'],
      [items.with(35_000, { t: Number.NaN }), undefined, 'item 35000 of the source', 35_000],
      [items.with(7, { t: Number.NaN }), undefined, 'item 7 of the source', 7],
    ];
    for (const [items, leave, wanted, count] of cases) {
      const stop = new AbortController();
      const stream = await open(TENS, { transport });
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

  test('a transform closes the stream at its end, and leaves it open if it is cancelled', async () => {
    const source = sourceOf('a ReadableStream', [{ t: 1 }, { t: 12 }, [{ t: 25 }]]) as ReadableStream<{ t: number }>;
    const stream = await open(TENS, { transport });
    const rows = await rowsOf(source.pipeThrough(stream.transform()));
    expect(rows.map(({ end }) => end)).toEqual([10, 20, 30]);
    expect(() => stream.push({ t: 50 })).toThrow('closed');
    const other = await open(TENS, { transport });
    const { readable, writable } = other.transform();
    const writer = writable.getWriter();
    for (const t of [1, 12]) writer.write({ t });
    const reader = readable.getReader();
    expect((await reader.read()).value?.toArray()).toEqual([{ start: 0, end: 10, n: 1 }]);
    await reader.cancel();
    expect([...(await other.close())]).toEqual([{ start: 10, end: 20, n: 1 }]);
  });

  test('windows that are on their way when a transform is cancelled come with the next take', async () => {
    const stream = await open(TENS, { transport });
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

test('two workers give the results of one thread from events without keys', () =>
  expectSourcesAsOnOneThread('transferred', 2, KEYLESS));

test('results that leave no memory for events are given first', () => expectResultsFirst('shared'));

test('over throws when its stream is disposed of', async () => {
  const stream = await open(TENS, { transport: 'shared' });
  const items = Array.from({ length: 50_000 }, (_, t) => ({ t }));
  const run = async () => {
    for await (const _ of stream.over(items)) await stream[Symbol.asyncDispose]();
  };
  await expect(run()).rejects.toMatchObject({ code: 'ERR_ORIEL_CLOSED' });
  expect(() => stream.over(items)).toThrow('closed');
});
