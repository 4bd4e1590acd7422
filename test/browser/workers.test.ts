/**
 * Catches streams in workers of a page that lose events, wait for ever or block the page, with shared memory and
 * without.
 */

import { expect, onTestFinished, test, vi } from 'vitest';
import {
  count,
  hopping,
  max,
  producer,
  rolling,
  type Spec,
  session,
  sum,
  tumbling,
  type Window,
  type WindowedWorker,
  type WorkerOptions,
  windowed,
  windowedWorker,
} from '../../bindings';
import { CONTROL_BYTES, Indices } from '../../bindings/shared/indices';
import { Signal } from '../../bindings/shared/signal';
import { later, refusedLater as refused } from '../support/waiting';
import { type Events, eventsOf } from './events';
import type { Done, Job } from './producing.worker';

declare const __ISOLATED__: boolean;

const transport = __ISOLATED__ ? 'shared' : 'transferred';
const worker = () => new Worker(new URL('../../bindings/worker/entry.ts', import.meta.url), { type: 'module' });

async function open<const S extends Spec>(spec: S, options: WorkerOptions = {}): Promise<WindowedWorker<S>> {
  const stream = await windowedWorker(spec, { worker, ...options });
  onTestFinished(() => stream[Symbol.asyncDispose]());
  return stream;
}

function produce(job: Omit<Job, 'handle'>, handle: Job['handle']): { thread: Worker; done: Promise<Done> } {
  const thread = new Worker(new URL('./producing.worker.ts', import.meta.url), { type: 'module' });
  onTestFinished(() => thread.terminate());
  const done = new Promise<Done>((resolve, reject) => {
    thread.onmessage = ({ data }: MessageEvent<Done>) => resolve(data);
    thread.onerror = ({ message }) => reject(new Error(message));
  });
  thread.postMessage({ ...job, handle } satisfies Job, handle.transfer);
  return { thread, done };
}

const SPEC = { time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } } as const satisfies Spec;

test('a page may share memory only if it is isolated', () => {
  expect(crossOriginIsolated).toBe(__ISOLATED__);
});

test('the transport depends on whether the page may share memory', async () => {
  const stream = await open(SPEC);
  expect(await stream.stats()).toMatchObject({ transport, parallelism: 1, producers: 1 });
  stream.push({ t: 1, k: 'a' });
  expect((await stream.close()).toArray()).toEqual([{ start: 0, end: 10, k: 'a', n: 1 }]);
});

test.runIf(!__ISOLATED__)('the shared transport is refused on a page that is not isolated', async () => {
  await refused('ERR_ORIEL_SPEC', () => open(SPEC, { transport: 'shared' }), 'transport', 'cannot be shared');
});

test.runIf(__ISOLATED__)('events go by messages if the options ask for it', async () => {
  const stream = await open(SPEC, { transport: 'transferred' });
  stream.push({ t: 1, k: 'a' });
  expect((await stream.stats()).transport).toBe('transferred');
  expect((await stream.close()).toArray()).toEqual([{ start: 0, end: 10, k: 'a', n: 1 }]);
});

test('over and transform give windows as they fire', async () => {
  const given: number[][] = [];
  const items = async function* () {
    yield [1, 5, 12].map((t) => ({ t, k: 'a' }));
    // The source waits for the first window.
    while (given.length === 0) await later(1);
    yield { t: 25, k: 'a' };
    yield { t: Float64Array.of(31, 32), k: ['a', 'a'] };
  };
  const stream = await open(SPEC);
  for await (const { columns } of stream.over(items())) given.push([...columns.end]);
  expect([given[0], given.flat()]).toEqual([[10], [10, 20, 30, 40]]);

  const piped = await open(SPEC, { parallelism: 2 });
  const { readable, writable } = piped.transform();
  const writer = writable.getWriter();
  const writing = (async () => {
    for (let t = 0; t < 2000; t++) await writer.write({ t, k: `k${t % 3}` });
    await writer.close();
  })();
  let n = 0;
  const reader = readable.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    for (const row of read.value) n += row.n;
  }
  await writing;
  expect(n).toBe(2000);
});

const WINDOWS: Record<string, Window> = {
  tumbling: tumbling(250),
  hopping: hopping(400, 150),
  session: session(30),
  rolling: rolling(60),
};
const aggregates = { n: count(), total: sum('v'), most: max('v') };

function specOf(window: Window): Spec {
  return { time: 't', key: 'k', window, aggregates };
}

type Row = { start?: number; end?: number; t?: number; k: unknown };

/** Sorts rows: those of several workers that have the same time come in any order. */
function ordered(rows: Iterable<unknown>): Row[] {
  const at = ({ start, end, t }: Row) => [end ?? t ?? 0, start ?? 0] as const;
  return [...(rows as Iterable<Row>)].sort((a, b) => {
    const [x, y] = [at(a), at(b)];
    return x[0] - y[0] || x[1] - y[1] || (String(a.k) < String(b.k) ? -1 : 1);
  });
}

/** The rows that one thread gives for all events in order. */
function wanted(window: Window, streams: readonly Events[]): Row[] {
  const rows = streams.flatMap((events) => {
    const { t, v, k } = eventsOf(events);
    return Array.from(t, (time, i) => ({ t: time, v: v[i], k: k[i] }));
  });
  using alone = windowed(specOf(window));
  alone.pushRows(rows.sort((a, b) => a.t - b.t) as never);
  const results = ordered(alone.close());
  expect(results.length).toBeGreaterThan(100);
  return results;
}

const EACH = Object.keys(WINDOWS).flatMap((window) =>
  (['strings', 'numbers'] as const).flatMap((keys) =>
    [1, 2, 3].map((producers) => [window, keys, producers, 1 + (producers % 2)] as const),
  ),
);

test.each(EACH)(
  '%s windows give the results of one thread, keys that are %s, %d producers, %d workers',
  async (...given) => {
    const [name, keys, producers, parallelism] = given;
    const window = WINDOWS[name] as Window;
    const wait = vi.spyOn(Atomics, 'wait');
    onTestFinished(() => wait.mockRestore());
    const stream = await open(specOf(window), { parallelism });
    const events = Array.from({ length: producers }, (_, which): Events => {
      return { of: [which, producers], count: 20_000, keys };
    });
    const handles = await Promise.all(events.map(() => stream.producer()));
    const waits = __ISOLATED__ ? (['await', 'block'] as const) : (['await'] as const);
    const threads = events.map((one, i) => {
      const job = { events: one, waits: waits[i % waits.length] as Job['waits'], closes: true };
      return produce(job, handles[i] as Job['handle']).done;
    });
    let isDone = false;
    const all = Promise.all(threads).finally(() => {
      isDone = true;
    });
    const rows: unknown[] = [];
    while (!isDone) {
      rows.push(...(await stream.take()));
      await later(5);
    }
    expect(await all).toEqual(events.map((one) => one.count));
    // The last columns may still be on their way in a message.
    while ((await stream.stats()).producers > 1) await later(5);
    expect((await stream.stats()).late).toBe(0);
    rows.push(...(await stream.close()));
    expect(ordered(rows)).toEqual(wanted(window, events));
    // Atomics.wait would block the page.
    expect(wait).not.toHaveBeenCalled();
  },
);

test.each(['strings', 'numbers'] as const)('the page itself can produce, keys that are %s', async (keys) => {
  const events: Events = { of: [0, 1], count: 200_000, keys };
  const window = WINDOWS.tumbling as Window;
  const stream = await open(specOf(window), { parallelism: 2 });
  const columns = eventsOf(events);
  const rows: unknown[] = [];
  for (let sent = 0; sent < events.count; ) {
    sent += stream.pushColumns(columns as never, sent);
    if (sent < events.count) await stream.ready();
    rows.push(...(await stream.take()));
  }
  rows.push(...(await stream.close()));
  expect(ordered(rows)).toEqual(wanted(window, [events]));
});

/** What a call throws, undefined if it does not. */
function errorOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

test('a call that would block the page is refused', async () => {
  const stream = await open(SPEC);
  const events = producer<typeof SPEC>(await stream.producer());
  const n = 100_000;
  const columns = { t: new Float64Array(n).fill(5), k: new Array(n).fill('a') };
  let error: unknown;
  // The worker may have taken all before the page asks for room.
  for (let i = 0; i < 50 && !error; i++) {
    await events.ready(65536);
    expect(events.pushColumns(columns)).toBe(65536);
    error = errorOf(() => events.waitReady(65536));
  }
  await refused(
    'ERR_ORIEL_THREAD',
    () => {
      throw error;
    },
    'await',
  );
  await events.ready(n - 65536);
  expect(events.pushColumns(columns, 65536)).toBe(n - 65536);
});

/** Runs a thread that pushes ten events, one time unit apart, and ends it before it has closed its producer. */
async function dead(handle: Job['handle']): Promise<void> {
  const { thread, done } = produce(
    { events: { of: [0, 1], count: 10, keys: 'strings' }, waits: 'await', closes: false },
    handle,
  );
  expect(await done).toBe(10);
  thread.terminate();
}

test('the stream waits for a thread that ends without a word no longer than `idle`', async () => {
  const stream = await open({ ...SPEC, idle: 2000 });
  stream.push({ t: 0, k: 'a' });
  await dead(await stream.producer());
  stream.push({ t: 1000, k: 'a' });
  expect((await stream.take()).length).toBe(0);
  await later(2100);
  stream.push({ t: 1001, k: 'a' });
  const { n } = (await stream.take()).columns;
  expect(n.reduce((a, b) => a + b, 0)).toBe(11);
});

test.runIf(__ISOLATED__)('the producer of a thread that ends without a word can be closed by its handle', async () => {
  const stream = await open(SPEC);
  const handle = await stream.producer();
  await dead(handle);
  producer(handle).close();
  while ((await stream.stats()).producers > 1) await later(5);
  stream.push({ t: 1000, k: 'a' });
  const { n } = (await stream.take()).columns;
  expect(n.reduce((a, b) => a + b, 0)).toBe(10);
});

test('a stream cannot be opened with a worker that cannot be loaded or dies at its start', async () => {
  const none = () => new Worker(new URL('./none.js', import.meta.url), { type: 'module' });
  await refused('ERR_ORIEL_THREAD', () => windowedWorker(SPEC, { worker: none }), 'cannot be loaded');
  const throws = () => new Worker(URL.createObjectURL(new Blob(['throw new Error("no luck")'])));
  await refused('ERR_ORIEL_THREAD', () => windowedWorker(SPEC, { worker: throws }), 'no luck');
});

test.runIf(__ISOLATED__)('a time that no producer may write ends the stream, and later calls are refused', async () => {
  const stream = await open(SPEC);
  const handle = await stream.producer();
  const { buffer, address, control, bell } = handle.rings[0] as Job['handle']['rings'][number];
  new Float64Array(buffer, address, 1)[0] = Number.NaN;
  const words = new Int32Array(control, 0, CONTROL_BYTES / 4);
  new Indices(words, 65536, new Signal(new Int32Array(bell), 0)).publish(1);
  await later(100);
  await refused('ERR_ORIEL_THREAD', () => stream.take(), 'no time');
  await refused('ERR_ORIEL_CLOSED', () => producer<typeof SPEC>(handle).push({ t: 1, k: 'a' }));
});

test.each(['close', 'dispose', 'die'])(
  'calls that wait for a stream end with it, on the page and on its threads: %s',
  async (how) => {
    const dying = () => new Worker(new URL('./dying.worker.ts', import.meta.url), { type: 'module' });
    const stream = await open(SPEC, how === 'die' ? { worker: dying } : {});
    const endless: Events = { of: [0, 1], count: 5_000_000, keys: 'strings' };
    const handles = [await stream.producer(), await stream.producer()];
    const { done } = produce({ events: endless, waits: 'await', closes: true }, handles[0] as Job['handle']);
    const idle = producer<typeof SPEC>(handles[1] as Job['handle']);
    stream.push({ t: 1, k: 'a' });
    await later(200);
    if (how === 'close') await stream.close();
    else if (how === 'dispose') await stream[Symbol.asyncDispose]();
    else await vi.waitFor(() => refused('ERR_ORIEL_THREAD', () => stream.stats(), 'no luck'), 10_000);
    expect(await done).toBe('ERR_ORIEL_CLOSED');
    await refused('ERR_ORIEL_CLOSED', () => idle.ready());
    const code = how === 'die' ? 'ERR_ORIEL_THREAD' : 'ERR_ORIEL_CLOSED';
    await refused(code, () => stream.take());
    await refused(code, () => stream.ready());
    await refused(code, () => stream.push({ t: 1, k: 'a' }));
  },
);
