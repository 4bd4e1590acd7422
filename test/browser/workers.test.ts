/** Streams in workers on a page: of those that may share memory, and of those that may not. */

import { expect, onTestFinished, test, vi } from 'vitest';
import {
  count,
  hopping,
  max,
  OrielError,
  type OrielErrorCode,
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

async function refused(code: OrielErrorCode, run: () => unknown, ...parts: string[]): Promise<void> {
  const error = await (async () => run())().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OrielError);
  const { code: actual, message } = error as OrielError;
  expect([actual, message]).toEqual([code, expect.any(String)]);
  for (const part of parts) expect(message).toContain(part);
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const SPEC = { time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } } as const satisfies Spec;

test('the page may share memory where it is isolated, and only there', () => {
  expect(crossOriginIsolated).toBe(__ISOLATED__);
});

test('the transport is chosen by what the page may', async () => {
  const stream = await open(SPEC);
  expect(await stream.stats()).toMatchObject({ transport, parallelism: 1, producers: 1 });
  stream.push({ t: 1, k: 'a' });
  expect((await stream.close()).toArray()).toEqual([{ start: 0, end: 10, k: 'a', n: 1 }]);
});

test.runIf(!__ISOLATED__)('to share memory is refused where that cannot be', async () => {
  await refused('ERR_ORIEL_SPEC', () => open(SPEC, { transport: 'shared' }), 'transport', 'cannot be shared');
});

test.runIf(__ISOLATED__)('events go by messages where that is asked for', async () => {
  const stream = await open(SPEC, { transport: 'transferred' });
  stream.push({ t: 1, k: 'a' });
  expect((await stream.stats()).transport).toBe('transferred');
  expect((await stream.close()).toArray()).toEqual([{ start: 0, end: 10, k: 'a', n: 1 }]);
});

test('events of a source, and of a stream that is piped, give windows as they fire', async () => {
  const given: number[][] = [];
  const items = async function* () {
    yield [1, 5, 12].map((t) => ({ t, k: 'a' }));
    // No more before the first window is there.
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
const figures = { n: count(), total: sum('v'), most: max('v') };

function specOf(window: Window): Spec {
  return { time: 't', key: 'k', window, aggregates: figures };
}

type Row = { start?: number; end?: number; t?: number; k: unknown };

/** Rows of one time keep no order among each other where they come of several workers. */
function ordered(rows: Iterable<unknown>): Row[] {
  const at = ({ start, end, t }: Row) => [end ?? t ?? 0, start ?? 0] as const;
  return [...(rows as Iterable<Row>)].sort((a, b) => {
    const [x, y] = [at(a), at(b)];
    return x[0] - y[0] || x[1] - y[1] || (String(a.k) < String(b.k) ? -1 : 1);
  });
}

/** What one thread gives of all events, in order. */
function wanted(window: Window, streams: readonly Events[]): Row[] {
  const rows = streams.flatMap((events) => {
    const { t, v, k } = eventsOf(events);
    return Array.from(t, (time, i) => ({ t: time, v: v[i], k: k[i] }));
  });
  const alone = windowed(specOf(window));
  alone.pushRows(rows.sort((a, b) => a.t - b.t) as never);
  return ordered(alone.close());
}

const EACH = Object.keys(WINDOWS).flatMap((window) =>
  (['strings', 'numbers'] as const).flatMap((keys) =>
    [1, 2, 3].map((producers) => [window, keys, producers, 1 + (producers % 2)] as const),
  ),
);

test.each(EACH)(
  '%s windows, keys that are %s, %d producers, %d workers: the results of one thread',
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
    // Columns that messages carry may still be on their way.
    while ((await stream.stats()).producers > 1) await later(5);
    expect((await stream.stats()).late).toBe(0);
    rows.push(...(await stream.close()));
    expect(ordered(rows)).toEqual(wanted(window, events));
    // A page that waits stands still.
    expect(wait).not.toHaveBeenCalled();
  },
);

test.each(['strings', 'numbers'] as const)('the page itself produces, keys that are %s', async (keys) => {
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

test('a page that would have to stand still is refused', async () => {
  const stream = await open(SPEC);
  const events = producer<typeof SPEC>(await stream.producer());
  const n = 100_000;
  const columns = { t: new Float64Array(n).fill(5), k: new Array(n).fill('a') };
  const sent = events.pushColumns(columns);
  expect(sent).toBe(65536);
  await refused('ERR_ORIEL_THREAD', () => events.waitReady(65536), 'await');
  await events.ready(n - sent);
  expect(events.pushColumns(columns, sent)).toBe(n - sent);
});

/** A thread that gives ten events, a time unit apart, and is ended. */
async function dead(handle: Job['handle']): Promise<void> {
  const { thread, done } = produce(
    { events: { of: [0, 1], count: 10, keys: 'strings' }, waits: 'await', closes: false },
    handle,
  );
  expect(await done).toBe(10);
  thread.terminate();
}

test('a thread that ends without a word is not waited for any longer than a stream may be idle', async () => {
  const stream = await open({ ...SPEC, idle: 300 });
  stream.push({ t: 0, k: 'a' });
  await dead(await stream.producer());
  stream.push({ t: 1000, k: 'a' });
  expect((await stream.take()).length).toBe(0);
  await later(350);
  stream.push({ t: 1001, k: 'a' });
  const { n } = (await stream.take()).columns;
  expect(n.reduce((a, b) => a + b, 0)).toBe(11);
});

test.runIf(__ISOLATED__)('a thread that ends without a word is given up by who has its handle', async () => {
  const stream = await open(SPEC);
  const handle = await stream.producer();
  await dead(handle);
  producer(handle).close();
  while ((await stream.stats()).producers > 1) await later(5);
  stream.push({ t: 1000, k: 'a' });
  const { n } = (await stream.take()).columns;
  expect(n.reduce((a, b) => a + b, 0)).toBe(10);
});

test('a worker that cannot be had is no stream', async () => {
  const none = () => new Worker(new URL('./none.js', import.meta.url), { type: 'module' });
  await refused('ERR_ORIEL_THREAD', () => windowedWorker(SPEC, { worker: none }), 'cannot be loaded');
  const throws = () => new Worker(URL.createObjectURL(new Blob(['throw new Error("no luck")'])));
  await refused('ERR_ORIEL_THREAD', () => windowedWorker(SPEC, { worker: throws }), 'no luck');
});

test.runIf(__ISOLATED__)('what no producer may write ends the stream: nobody waits for it', async () => {
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
  'what waits for a stream ends with it, on the page and on its threads: %s',
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
