/**
 * Streams in workers: the cost of an event to the thread that pushes it, the throughput from a producing thread through
 * a worker to the main thread, and the latency from an event to its result. On two cores only a producing thread and
 * one worker can run at once.
 */

import { Worker } from 'node:worker_threads';
import { count, type Spec, sum, type Transport, tumbling, windowed, windowedWorker } from 'oriel';
import { BATCH, type Cell, type Contender, type Fact, take } from '../contest';
import { type Batch, KEYS, nameOf, numbers, produce, type Reply, type Request, type Task } from '../peers/producing';
import { fireKeyed, foldKeyed, Keyed } from '../peers/tuned';
import { median } from '../report';
import type { Sink } from '../sink';

const WINDOW = 100_000;
type Keys = Task['keys'];

const spec: Spec = {
  time: 'at',
  key: 'key',
  window: tumbling(WINDOW),
  aggregates: { count: count(), sum: sum('value') },
};

type Threaded = Awaited<ReturnType<typeof windowedWorker<Spec>>>;

/** Takes results until the stream has aggregated all of the first `events` events. */
async function settle(stream: Threaded, sink: Sink, events: number): Promise<void> {
  do {
    const batch = await stream.take();
    sink.take(batch.length, batch.columns as never);
  } while ((await stream.stats()).events < events);
  const rest = await stream.take();
  sink.take(rest.length, rest.columns as never);
}

async function closed(stream: Threaded, sink: Sink): Promise<void> {
  const batch = await stream.close();
  sink.take(batch.length, batch.columns as never);
}

/*
 * The cost of an event to the thread that pushes it. Events are pushed in bursts of half a ring; after each the worker
 * catches up, which is not timed.
 */

const BURST = 32_768;
/** Number of bursts not counted: compiling a new worker's code takes processor time from the measured thread. */
const WARMUP_BURSTS = 8;
const BURSTS = 16;

interface Event {
  at: number;
  key: number | string;
  value: number;
}

interface Burst {
  events: Event[];
  columns: { at: Float64Array; key: Float64Array | string[]; value: Float64Array }[];
}

/** Makes new objects and columns for each burst, as a parser makes them. */
function makeBurst(from: number, keys: Keys): Burst {
  const ids = numbers();
  const columns = Array.from({ length: BURST / BATCH }, (_, b) => {
    const [at, key, value] = [new Float64Array(BATCH), new Float64Array(BATCH), new Float64Array(BATCH)];
    produce(at, key, value, ids, from + b * BATCH, BATCH);
    return { at, key: keys === 'string' ? Array.from(key, nameOf) : key, value };
  });
  const events = columns.flatMap(({ at, key, value }) =>
    Array.from(at, (t, i) => ({ at: t, key: key[i] as number | string, value: value[i] as number })),
  );
  return { events, columns };
}

/** Methods that take events: those of a stream on this thread and of one in workers. */
interface EventInput {
  push(event: never): unknown;
  pushColumns(columns: never): unknown;
  claim(n: number): unknown;
  commit(n: number): void;
}

function pushEach(stream: EventInput, events: readonly Event[]): void {
  for (let i = 0; i < events.length; i++) stream.push(events[i] as never);
}

function pushAll(stream: EventInput, columns: Burst['columns']): void {
  for (const batch of columns) stream.pushColumns(batch as never);
}

function writeBurst(stream: EventInput, ids: Uint32Array, from: number): void {
  for (let i = from; i < from + BURST; ) {
    const { at, key, value } = stream.claim(Math.min(BATCH, from + BURST - i)) as Record<string, Float64Array>;
    const n = at?.length ?? 0;
    if (!at || !key || !value || n === 0) throw new Error('the ring is full');
    produce(at, key, value, ids, i, n);
    stream.commit(n);
    i += n;
  }
}

type Method = 'push' | 'pushColumns' | 'claim';

async function pushBurst(
  method: Method,
  stream: EventInput,
  burst: Burst,
  ids: Uint32Array,
  from: number,
): Promise<number> {
  const before = performance.now();
  if (method === 'push') pushEach(stream, burst.events);
  else if (method === 'pushColumns') pushAll(stream, burst.columns);
  else writeBurst(stream, ids, from);
  // Without shared memory the events are sent only now, in a microtask.
  await null;
  return performance.now() - before;
}

/** The number that stands for each key in a claimed column. */
function idsOf(stream: { keyId(key: string): number }, keys: Keys): Uint32Array {
  return keys === 'string' ? numbers().map((id) => stream.keyId(nameOf(id))) : numbers();
}

async function inBursts(keys: Keys, step: (burst: Burst, from: number) => Promise<number>) {
  let total = 0;
  for (let b = 0; b < WARMUP_BURSTS + BURSTS; b++) {
    const spent = await step(makeBurst(b * BURST, keys), b * BURST);
    if (b >= WARMUP_BURSTS) total += spent;
  }
  return { overriddenDuration: total };
}

const pushedToWorker = (method: Method, keys: Keys, transport: Transport, parallelism = 1): Contender => ({
  name: `oriel, ${method}, ${transport}${parallelism > 1 ? `, ${parallelism} workers` : ''}`,
  side: 'oriel',
  events: BURST * BURSTS,
  run: async (_, sink) => {
    const stream = await windowedWorker(spec, { transport, parallelism });
    const ids = method === 'claim' ? idsOf(stream, keys) : numbers();
    const timed = await inBursts(keys, async (burst, from) => {
      const spent = await pushBurst(method, stream, burst, ids, from);
      await settle(stream, sink, from + BURST);
      return spent;
    });
    await closed(stream, sink);
    return timed;
  },
});

const pushedHere = (method: Method, keys: Keys): Contender => ({
  name: `oriel, windowed, ${method}: the windows included`,
  side: 'other',
  events: BURST * BURSTS,
  run: async (_, sink) => {
    const stream = windowed(spec);
    const ids = method === 'claim' ? idsOf(stream as never, keys) : numbers();
    const timed = await inBursts(keys, async (burst, from) => {
      const spent = await pushBurst(method, stream, burst, ids, from);
      take(stream, sink);
      return spent;
    });
    const batch = stream.close();
    sink.take(batch.length, batch.columns as never);
    return timed;
  },
});

/** A worker that echoes numbers and ignores all other messages. */
const IDLE = `require('node:worker_threads').parentPort.on('message', (n) => {
  if (typeof n === 'number') require('node:worker_threads').parentPort.postMessage(n);
})`;

function post(worker: Worker, message: unknown, transfer: ArrayBuffer[] = []): void {
  worker.postMessage(message, transfer);
}

/** Resolves with the next message of a worker. */
function nextMessage<M = unknown>(worker: Worker): Promise<M> {
  return new Promise((resolve) => worker.once('message', resolve));
}

const messages = (name: string, keys: Keys, send: (worker: Worker, burst: Burst) => void): Contender => ({
  name,
  side: 'other',
  events: BURST * BURSTS,
  silent: true,
  run: async () => {
    const worker = new Worker(IDLE, { eval: true, execArgv: [] });
    const timed = await inBursts(keys, async (burst) => {
      const before = performance.now();
      send(worker, burst);
      const spent = performance.now() - before;
      const echo = nextMessage(worker);
      post(worker, 0);
      await echo;
      return spent;
    });
    await worker.terminate();
    return timed;
  },
});

function sendColumns(worker: Worker, { columns }: Burst): void {
  for (const { at, key, value } of columns) {
    const copies = [at.slice(), Array.isArray(key) ? key : key.slice(), value.slice()];
    post(
      worker,
      copies,
      copies.flatMap((copy) => (Array.isArray(copy) ? [] : [copy.buffer as ArrayBuffer])),
    );
  }
}

function sendEvents(worker: Worker, { events }: Burst): void {
  for (let from = 0; from < events.length; from += BATCH) post(worker, events.slice(from, from + BATCH));
}

/*
 * Contenders that transfer buffers run in a process of their own: once a thread has transferred a buffer, V8 checks on
 * each access whether the buffer at hand is detached.
 */

const producing = (keys: Keys): Contender[] => [
  pushedToWorker('claim', keys, 'shared'),
  pushedToWorker('pushColumns', keys, 'shared'),
  pushedToWorker('push', keys, 'shared'),
  pushedToWorker('pushColumns', keys, 'shared', 2),
  pushedToWorker('push', keys, 'shared', 2),
  pushedHere('claim', keys),
  pushedHere('pushColumns', keys),
  pushedHere('push', keys),
];

const transferring = (keys: Keys): Contender[] => [
  pushedToWorker('claim', keys, 'transferred'),
  pushedToWorker('pushColumns', keys, 'transferred'),
  pushedToWorker('push', keys, 'transferred'),
  pushedToWorker('pushColumns', keys, 'transferred', 2),
  pushedHere('pushColumns', keys),
  messages('columns copied and transferred by postMessage, no windows', keys, sendColumns),
  messages('arrays of objects by postMessage, no windows', keys, sendEvents),
];

/* Throughput from a producing thread to results on the main thread. */

/** Number of events before those that are timed. */
const WARMUP_EVENTS = 1_000_000;
const EVENTS = 4_000_000;
/** Interval at which results are taken while events are produced. */
const TAKE_MS = 5;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A worker thread cannot load TypeScript until it registers tsx. */
const START = `import('tsx/esm/api').then(({ register }) => {
  register();
  return import(require('node:worker_threads').workerData.script);
});`;

function startProducer(task: Task, transfer: readonly unknown[] = []): Worker {
  const script = new URL('../peers/producing.ts', import.meta.url).href;
  return new Worker(START, { eval: true, execArgv: [], workerData: { task, script }, transferList: transfer as never });
}

/** Asks a thread for the events with times in [from, to) and resolves when it has pushed them all. */
async function requestEvents(worker: Worker, from: number, to: number): Promise<void> {
  const done = nextMessage(worker);
  worker.postMessage({ from, to } satisfies Request);
  await done;
}

const across = (method: 'claim' | 'pushColumns', keys: Keys, transport: Transport, parallelism = 1): Contender => ({
  name: `oriel, ${method}, ${transport}${parallelism > 1 ? `, ${parallelism} workers` : ''}`,
  side: 'oriel',
  events: EVENTS,
  run: async (_, sink) => {
    const stream = await windowedWorker(spec, { transport, parallelism });
    const handle = await stream.producer();
    const worker = startProducer({ method, keys, handle }, handle.transfer);
    await requestEvents(worker, 0, WARMUP_EVENTS);
    await settle(stream, sink, WARMUP_EVENTS);
    const before = performance.now();
    let isDone = false;
    const done = requestEvents(worker, WARMUP_EVENTS, WARMUP_EVENTS + EVENTS).then(() => {
      isDone = true;
    });
    while (!isDone) {
      await Promise.race([pause(TAKE_MS), done]);
      const batch = await stream.take();
      sink.take(batch.length, batch.columns as never);
    }
    await settle(stream, sink, WARMUP_EVENTS + EVENTS);
    const spent = performance.now() - before;
    await closed(stream, sink);
    await worker.terminate();
    return { overriddenDuration: spent };
  },
});

const onOneThread = (keys: Keys): Contender => ({
  name: 'oriel, claim, windowed: all on one thread',
  side: 'other',
  events: EVENTS,
  run: async (_, sink) => {
    const stream = windowed(spec);
    const ids = idsOf(stream as never, keys);
    const step = (from: number) => {
      const { at, key, value } = stream.claim(BATCH) as unknown as Record<string, Float64Array>;
      const n = Math.min(BATCH, WARMUP_EVENTS + EVENTS - from);
      produce(at as Float64Array, key as Float64Array, value as Float64Array, ids, from, n);
      stream.commit(n);
      take(stream, sink);
    };
    let from = 0;
    for (; from < WARMUP_EVENTS; from += BATCH) step(from);
    const before = performance.now();
    for (; from < WARMUP_EVENTS + EVENTS; from += BATCH) step(from);
    const spent = performance.now() - before;
    const batch = stream.close();
    sink.take(batch.length, batch.columns as never);
    return { overriddenDuration: spent };
  },
});

function foldBatch(s: Keyed, ids: Uint32Array, { at, key, value }: Batch, n: number, sink: Sink): void {
  for (let i = 0; i < n; i++) ids[i] = key[i] as number;
  foldKeyed(s, at, ids, value, 0, n, 0);
  sink.take(s.out.length, s.out.take());
}

const tunedAcross: Contender = {
  name: 'tuned, columns transferred to main, folded there',
  side: 'tuned',
  events: EVENTS,
  run: async (_, sink) => {
    const s = new Keyed(WINDOW, KEYS);
    const ids = new Uint32Array(BATCH);
    const worker = startProducer({ method: 'transfer', keys: 'number' });
    const all = (from: number, to: number) =>
      new Promise<void>((resolve) => {
        worker.removeAllListeners('message');
        worker.on('message', (reply: Reply) => {
          if ('done' in reply) return resolve();
          foldBatch(s, ids, reply.batch, reply.n, sink);
          const { at, key, value } = reply.batch;
          worker.postMessage({ back: reply.batch } satisfies Request, [at.buffer, key.buffer, value.buffer]);
        });
        worker.postMessage({ from, to } satisfies Request);
      });
    await all(0, WARMUP_EVENTS);
    const before = performance.now();
    await all(WARMUP_EVENTS, WARMUP_EVENTS + EVENTS);
    const spent = performance.now() - before;
    fireKeyed(s, 0);
    sink.take(s.out.length, s.out.take());
    await worker.terminate();
    return { overriddenDuration: spent };
  },
};

const tunedHere: Contender = {
  name: 'tuned, all on one thread',
  side: 'other',
  events: EVENTS,
  run: async (_, sink) => {
    const s = new Keyed(WINDOW, KEYS);
    const [at, key, value] = [new Float64Array(BATCH), new Uint32Array(BATCH), new Float64Array(BATCH)];
    const ids = numbers();
    const step = (from: number) => {
      const n = Math.min(BATCH, WARMUP_EVENTS + EVENTS - from);
      produce(at, key, value, ids, from, n);
      foldKeyed(s, at, key, value, 0, n, 0);
      sink.take(s.out.length, s.out.take());
    };
    let from = 0;
    for (; from < WARMUP_EVENTS; from += BATCH) step(from);
    const before = performance.now();
    for (; from < WARMUP_EVENTS + EVENTS; from += BATCH) step(from);
    const spent = performance.now() - before;
    fireKeyed(s, 0);
    sink.take(s.out.length, s.out.take());
    return { overriddenDuration: spent };
  },
};

/* Latency from the event that closes a window to its result. */

const SAMPLES = 6000;
/** Number of samples before those that are counted. */
const WARMUP_SAMPLES = 1000;
const ROUNDS = 3;

async function toResult(transport: Transport): Promise<number[]> {
  const stream = await windowedWorker({ ...spec, window: tumbling(1) } satisfies Spec, { transport });
  const spent: number[] = [];
  stream.push({ at: 0, key: 0, value: 0 } as never);
  for (let at = 1; at <= WARMUP_SAMPLES + SAMPLES; at++) {
    const before = performance.now();
    stream.push({ at, key: at % KEYS, value: at } as never);
    for (let n = 0; n === 0; ) n = (await stream.take()).length;
    if (at > WARMUP_SAMPLES) spent.push(performance.now() - before);
  }
  await stream[Symbol.asyncDispose]();
  return spent;
}

async function roundTrip(): Promise<number[]> {
  const worker = new Worker(IDLE, { eval: true, execArgv: [] });
  const spent: number[] = [];
  for (let i = 0; i < WARMUP_SAMPLES + SAMPLES; i++) {
    const before = performance.now();
    const echo = nextMessage(worker);
    post(worker, i);
    await echo;
    if (i >= WARMUP_SAMPLES) spent.push(performance.now() - before);
  }
  await worker.terminate();
  return spent;
}

async function latency(): Promise<Fact[]> {
  const ways: [string, () => Promise<number[]>][] = [
    ['shared', () => toResult('shared')],
    ['transferred', () => toResult('transferred')],
    ['an empty message there and back', roundTrip],
  ];
  const rounds: number[][][] = ways.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [w, [, run]] of ways.entries()) {
      const spent = await run();
      spent.sort((a, b) => a - b);
      rounds[w]?.push([0.5, 0.99, 0.999].map((share) => 1000 * (spent[Math.floor(share * SAMPLES)] as number)));
    }
  }
  return ways.flatMap(([name], w) =>
    ['p50', 'p99', 'p99.9'].map((which, p) => ({
      name: `${name}, ${which}`,
      value: median((rounds[w] ?? []).map((round) => round[p] as number)),
      unit: 'µs',
    })),
  );
}

const sized = `count + sum, ${KEYS.toLocaleString('en')} keys`;

const keyed = ['number', 'string'] as const;

export const threads: Cell[] = [
  ...keyed.flatMap((keys): Cell[] => [
    {
      name: `threads-produce-${keys}s`,
      title: `what an event costs the thread that has it, ${keys} keys, ${sized}`,
      contenders: () => producing(keys),
      waits: true,
    },
    {
      name: `threads-transfer-${keys}s`,
      title: `the same where memory is not shared, ${keys} keys`,
      contenders: () => transferring(keys),
      waits: true,
    },
    {
      name: `threads-across-${keys}s`,
      title: `from a thread that produces to results on the main thread, ${keys} keys, tumbling, ${sized}`,
      contenders: () => [
        across('claim', keys, 'shared'),
        across('pushColumns', keys, 'shared'),
        across('pushColumns', keys, 'shared', 2),
        onOneThread(keys),
        ...(keys === 'number' ? [tunedHere] : []),
      ],
      waits: true,
    },
  ]),
  {
    name: 'threads-across-transferred',
    title: 'the same where memory is not shared, number keys',
    contenders: () => [
      across('claim', 'number', 'transferred'),
      across('pushColumns', 'number', 'transferred'),
      across('pushColumns', 'number', 'transferred', 2),
      tunedAcross,
    ],
    waits: true,
  },
  {
    name: 'threads-latency',
    title:
      `from the push of the event that ends a window to its result, ${SAMPLES.toLocaleString('en')} windows, ` +
      `median of ${ROUNDS} rounds`,
    facts: latency,
  },
];
