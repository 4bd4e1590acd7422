/**
 * Strings of streams in workers: their numbers must be those of the same strings on all threads, two strings with one
 * hash must not be taken for one, and the strings of a worker count and are forgotten as on one thread.
 */

import { expect, test } from 'vitest';
import {
  collect,
  count,
  distinct,
  everything,
  last,
  type OrielError,
  producer,
  text,
  topK,
  tumbling,
  type WindowedWorker,
  windowed,
} from '../../../bindings';
import { createControl } from '../../../bindings/worker/ring-layout';
import { IncomingStrings } from '../../../bindings/worker/string-sync';
import { open, TRANSPORTS } from '../worker/built-worker';

/** Pushes all events, as many at a time as there is room for. */
async function fed(stream: WindowedWorker, events: readonly object[]): Promise<void> {
  for (let n = 0; n < events.length; ) {
    n += stream.pushRows(events as never, n);
    if (n < events.length) await stream.ready();
  }
}

const aggregates = {
  last: last(text('u')),
  all: collect(text('u'), { limit: 100 }),
  exact: distinct(text('v'), { exact: true }),
  about: distinct(text('w')),
  top: topK(text('w'), 3),
  isA: count().where(text('v').eq('user-arzQM')),
};

test.each(TRANSPORTS.flatMap((transport) => [1, 3].map((parallelism) => [transport, parallelism] as const)))(
  'the results are those of one thread: %s, %i workers',
  async (transport, parallelism) => {
    const spec = { time: 't', key: 'k', window: tumbling(100), aggregates } as const;
    const twins = ['user-arzQM', 'user-clWSX', 'user-arzQM', 'other'];
    const events = Array.from({ length: 2000 }, (_, i) => {
      const u = twins[i % 4] as string;
      return { t: i, k: `k${i % 5}`, u, v: u, w: `w${i % 3}` };
    });
    using alone = windowed(spec);
    alone.pushRows(events);
    await using stream = await open(spec, { transport, parallelism });
    await fed(stream as never, events);
    const sorted = (rows: { start: number; k: unknown }[]) =>
      rows.sort((a, b) => a.start - b.start || String(a.k).localeCompare(String(b.k)));
    const wanted = sorted(alone.close().toArray());
    expect(wanted[0]).toMatchObject({ exact: 3 });
    expect(sorted((await stream.close()).toArray())).toEqual(wanted);
  },
);

test.each(TRANSPORTS)('a worker forgets the strings that no state names: %s', async (transport) => {
  const spec = { time: 't', window: everything(), aggregates: { l: last(text('u')) }, memory: { maximum: '1mb' } };
  await using stream = await open(spec, { transport });
  for (let i = 0; i < 40_000; i += 2000) {
    await fed(
      stream as never,
      Array.from({ length: 2000 }, (_, j) => ({ t: i + j, u: `string ${i + j}` })),
    );
  }
  expect((await stream.stats()).bytes).toBeLessThan(1 << 20);
  expect((await stream.close()).toArray()).toMatchObject([{ l: 'string 39999' }]);
});

test.each(TRANSPORTS)('a producer may send more strings than it has numbers: %s', async (transport) => {
  const spec = { time: 't', key: 'k', window: tumbling(1000), aggregates: { n: count() } } as const;
  await using stream = await open(spec, { transport });
  const found: string[] = [];
  // Twice 65,536 numbers, and then some of them for the second time.
  const strings = Array.from({ length: 140_000 }, (_, i) => `string ${i}`);
  for (let i = 0; i < strings.length; i += 2000) {
    const some = strings.slice(i, i + 2000);
    await fed(
      stream as never,
      some.map((k, j) => ({ t: i + j, k })),
    );
    for (const { k } of await stream.take()) found.push(k as string);
  }
  for (const { k } of await stream.close()) found.push(k as string);
  expect(found.sort()).toEqual(strings.sort());
});

test.each(TRANSPORTS)('events that wait for room keep their strings: %s', async (transport) => {
  const spec = {
    time: 't',
    key: 'k',
    window: tumbling(1),
    aggregates: { n: count() },
    memory: { maximum: '1mb' },
  } as const;
  await using stream = await open(spec, { transport });
  // Both give their strings the same numbers, so that the stream has to give those of one of them others.
  const producers = [producer<typeof spec>(await stream.producer()), producer<typeof spec>(await stream.producer())];
  const names = [(i: number) => `a${i % 10}`, (i: number) => `b${i % 7}`];
  const events = 30_000;
  const found: string[] = [];
  let stalls = 0;
  const take = async () => {
    stalls++;
    for (const { start, k } of await stream.take()) found.push(`${start} ${k}`);
  };
  for (let i = 0; i < events; i++) {
    for (const [which, one] of producers.entries()) {
      const event = { t: i, k: names[which]?.(i) as string };
      for (;;) {
        try {
          if (one.push(event) === 1) break;
          await one.ready();
        } catch (error) {
          expect((error as OrielError).code).toBe('ERR_ORIEL_MEMORY');
          await take();
        }
      }
    }
  }
  for (const one of producers) one.close();
  for (let isClosed = false; !isClosed; ) {
    const rest = await stream.close().catch(() => undefined);
    if (rest) for (const { start, k } of rest) found.push(`${start} ${k}`);
    else await take();
    isClosed = rest !== undefined;
  }
  expect(stalls).toBeGreaterThan(1);
  const wanted = Array.from({ length: events }, (_, i) => names.map((name) => `${i} ${name(i)}`)).flat();
  expect(found.sort()).toEqual(wanted.sort());
});

// In a stream every sweep of a table hides this, and tables are swept before numbers come round.
test('a string that gets the number of another is not taken for that', () => {
  const strings = new IncomingStrings(createControl((bytes) => new SharedArrayBuffer(bytes)).definitions, 1);
  const define = (number: number, unit: number) => strings.feed(Uint16Array.of(0, number, 0, 1, 0, unit));
  define(5, 97);
  (strings.translations[0] as Float64Array)[5] = 1234;
  define(5, 98);
  expect(strings.values[0]?.[5]).toBe('b');
  expect(strings.translations[0]?.[5]).toBeNaN();
});
