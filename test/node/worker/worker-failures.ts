/** Streams in workers whose threads a test can stop and end, and the laws of failures that take long to check. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished } from 'vitest';
import {
  count,
  first,
  OrielError,
  type OrielErrorCode,
  type Producer,
  type ProducerHandle,
  type Spec,
  sum,
  tumbling,
  type WindowedWorker,
  type WorkerOptions,
  windowed,
  windowedWorker,
} from '../../../bindings';
import { workerOf } from '../../../bindings/worker/partition';
import { random } from '../../support/helpers';
import { later } from '../../support/waiting';
import type { Transport } from './built-worker';

const DIST = new URL('../../../dist/', import.meta.url).href;

/** The number of events that the ring of a producer holds. */
export const CAPACITY = 65536;

export const SPEC = { time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } } as const satisfies Spec;

/** A stream, its threads, and a gate: while the gate is shut, each thread stops at its next message. */
interface Open<S extends Spec> {
  stream: WindowedWorker<S>;
  workers: Worker[];
  gate: { shut(): void; open(): void };
}

/** Opens a stream whose threads the test can stop; it is disposed of when the test has finished. */
export async function open<const S extends Spec>(
  spec: S,
  options: Omit<WorkerOptions, 'worker'> = {},
): Promise<Open<S>> {
  const workers: Worker[] = [];
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const on = parentPort.on.bind(parentPort);
    parentPort.on = (name, hear) => on(name, (message) => {
      Atomics.wait(workerData, 0, 1);
      hear(message);
    });
    import(${JSON.stringify(`${DIST}worker.js`)});`;
  const stream = await windowedWorker(spec, {
    ...options,
    worker: () => {
      const worker = new Worker(code, { eval: true, workerData: gate });
      workers.push(worker);
      return worker as never;
    },
  });
  onTestFinished(() => stream[Symbol.asyncDispose]());
  const set = (to: number) => {
    Atomics.store(gate, 0, to);
    Atomics.notify(gate, 0);
  };
  return { stream, workers, gate: { shut: () => set(1), open: () => set(0) } };
}

/** A producer of events of any spec. */
interface Events extends Pick<Producer, 'ready' | 'waitReady' | 'advance' | 'close' | 'refused'> {
  push(event: object): number;
  pushRows(rows: object[], from?: number): number;
  pushColumns(columns: object, from?: number): number;
}

/**
 * Starts a thread that runs a program with a producer. The program can say one word before its end; `result` is what
 * it returns, or rejects with the error that it throws.
 */
export function produce<Given, Result>(
  handle: ProducerHandle,
  program: (events: Events, given: Given, say: (word: unknown) => void) => Promise<Result> | Result,
  given?: Given,
): { worker: Worker; result: Promise<Result>; said: Promise<unknown> } {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(${JSON.stringify(`${DIST}index.js`)}).then(async ({ producer }) => {
      const { handle, given } = workerData;
      try {
        const say = (word) => parentPort.postMessage({ word });
        parentPort.postMessage({ result: await (${program})(producer(handle), given, say) });
      } catch ({ name, code, message }) {
        parentPort.postMessage({ error: [name, code, message] });
      }
    });`;
  const transferList = handle.transfer as never[];
  const worker = new Worker(code, { eval: true, workerData: { handle, given }, transferList });
  onTestFinished(async () => void (await worker.terminate()));
  let hear: (word: unknown) => void;
  const said = new Promise<unknown>((resolve) => {
    hear = resolve;
  });
  const result = new Promise<Result>((resolve, reject) => {
    worker.on('message', (message: { word?: unknown; result?: Result; error?: [string, OrielErrorCode, string] }) => {
      if ('word' in message) hear(message.word);
      else if (message.error) {
        const [name, code, text] = message.error;
        reject(name === 'OrielError' ? new OrielError(code, text) : new Error(`${name}: ${text}`));
      } else resolve(message.result as Result);
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('the thread has ended')));
  });
  result.catch(() => undefined);
  return { worker, result, said };
}

export const total = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);
export const ended = (worker: Worker) => new Promise<number>((resolve) => worker.on('exit', resolve));
export const naturals = (n: number, from = 0) => Float64Array.from({ length: n }, (_, i) => from + i);

/** What a program does with its stream before it reaches its end. */
export const PROGRAMS = [
  ['left open', ''],
  ['left open with a handle given out', 'await stream.producer();'],
  ['with events', "stream.push({ t: 1, k: 'a' });"],
  ['after a call', "stream.push({ t: 1, k: 'a' }); await stream.take();"],
  ['closed', "stream.push({ t: 1, k: 'a' }); await stream.close();"],
] as const;

/** Expects that a process with a stream of two workers ends by itself after the statements. */
export async function expectProcessEnds(transport: Transport, statements: string): Promise<void> {
  const program = `
    import { count, tumbling, windowedWorker } from 'oriel';
    const spec = { time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } };
    const stream = await windowedWorker(spec, { transport: '${transport}', parallelism: 2 });
    ${statements}
    console.log('done');`;
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  const args = ['--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 10_000 });
  expect(stdout).toBe('done\n');
}

/** A stream whose memory holds far fewer windows than the tests give it. */
const SMALL = { ...SPEC, window: tumbling(1), memory: { maximum: '3mb' } } as const satisfies Spec;

/** Expects that full memory refuses events until results are taken, and that no event is lost or counted twice. */
export async function expectFullUntilTaken(transport: Transport): Promise<void> {
  const { stream } = await open(SMALL, { transport });
  const events = 300_000;
  let given = 0;
  let taken = 0;
  let full = 0;
  while (given < events) {
    const n = Math.min(5000, events - given);
    try {
      given += stream.pushColumns({ t: naturals(n, given), k: new Array(n).fill('a') });
      await stream.ready();
    } catch (error) {
      expect((error as OrielError).code).toBe('ERR_ORIEL_MEMORY');
      full++;
      taken += total((await stream.take()).columns.n);
    }
  }
  for (;;) {
    taken += total((await stream.take()).columns.n);
    const rest = await stream.close().catch((error: OrielError) => error.code);
    if (rest === 'ERR_ORIEL_MEMORY') continue;
    taken += total((rest as Awaited<ReturnType<typeof stream.close>>).columns.n);
    break;
  }
  expect(full).toBeGreaterThan(0);
  expect([given, taken]).toEqual([events, events]);
}

/** Expects that a thread that waits for room is told of full memory, and that its events arrive once. */
export async function expectFullTold(transport: Transport): Promise<void> {
  const { stream } = await open(SMALL, { transport });
  const { result, worker } = produce(await stream.producer(), async (events, _, say) => {
    let told = 0;
    for (let t = 0; t < 200_000; ) {
      try {
        t += events.pushColumns({
          t: Float64Array.from({ length: 1000 }, (_, i) => t + i),
          k: new Array(1000).fill('a'),
        });
        await events.ready(1000);
      } catch (error) {
        if ((error as OrielError).code !== 'ERR_ORIEL_MEMORY') throw error;
        told++;
        say('full');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    events.close();
    return told;
  });
  let taken = 0;
  const take = async () => {
    const { columns } = await stream.take();
    taken += total(columns.n);
  };
  worker.on('message', take);
  expect(await result).toBeGreaterThan(0);
  for (let before = -1; before !== taken; await later(50)) {
    before = taken;
    await take();
  }
  taken += total((await stream.close()).columns.n);
  expect(taken).toBe(200_000);
}

/** Expects that close() loses no event of two workers, one of which is full. */
export async function expectFullCloseLosesNothing(transport: Transport): Promise<void> {
  const { stream } = await open({ ...SMALL, aggregates: { n: count(), v: first('v') } }, { transport, parallelism: 2 });
  // One worker gets few events, the other more than it has room for.
  const keys = Array.from({ length: 20 }, (_, i) => `key ${i}`);
  const few = keys.find((key) => workerOf([key], 2) === 0) as string;
  const many = keys.find((key) => workerOf([key], 2) === 1) as string;
  let given = 0;
  try {
    for (; given < 400_000; ) {
      const n = 4000;
      const k = Array.from({ length: n }, (_, i) => (i % 100 === 0 ? few : many));
      given += stream.pushColumns({ t: naturals(n, given), k, v: naturals(n, given) });
      await stream.ready(n);
    }
  } catch (error) {
    expect((error as OrielError).code).toBe('ERR_ORIEL_MEMORY');
  }
  let taken = 0;
  let times = 0;
  for (;;) {
    times++;
    const rest = await stream.close().catch((error: OrielError) => error.code);
    if (typeof rest !== 'string') {
      taken += total(rest.columns.n);
      break;
    }
    expect(rest).toBe('ERR_ORIEL_MEMORY');
    taken += total((await stream.take()).columns.n);
  }
  expect(times).toBeGreaterThan(1);
  expect(taken).toBe(given);
}

/** Pushes columns, in as many calls as the rings need. */
export async function giveAll(stream: WindowedWorker, columns: { t: Float64Array }): Promise<void> {
  for (let n = 0; n < columns.t.length; ) {
    n += stream.pushColumns(columns as never, n);
    if (n < columns.t.length) await stream.ready();
  }
}

/**
 * Expects that `n` events have the keys and texts of one thread. Strings are sent as one of 131,072 numbers, which are
 * used again when there are more strings.
 */
export async function expectStringsKeptApart(transport: Transport, n: number): Promise<void> {
  const draw = random(7);
  const k = Array.from({ length: n }, (_, i) => (draw() < 0.2 ? `often ${Math.floor(draw() * 50)}` : `once ${i}`));
  const s = Array.from({ length: n }, (_, i) => (draw() < 0.2 ? 'x' : `text ${i}`));
  const columns = { t: Float64Array.from({ length: n }, (_, i) => Math.floor(i / 1000)), k, s };
  const spec = { ...SPEC, aggregates: { n: count(), one: first('s') } } as Spec;
  const { stream } = await open(spec, { transport });
  await giveAll(stream as never, columns);
  using alone = windowed(spec);
  alone.pushColumns(columns as never);
  const by = (rows: Iterable<unknown>) =>
    [...(rows as Iterable<{ start: number; k: string; n: number; one: string }>)]
      .map(({ start, k, n, one }) => `${start} ${k} ${n} ${one}`)
      .sort();
  const wanted = by(alone.close());
  expect(wanted.length).toBeGreaterThan(n / 2);
  expect(by(await stream.close())).toEqual(wanted);
}

/** A NaN of which the lowest bits are given. */
const nan = (low: number) =>
  new Float64Array(new BigUint64Array([0x7ff8000000000000n + BigInt(low)]).buffer)[0] as number;

/** Columns of eight keys, some of them equal. */
export const KEY_COLUMNS: [what: string, key: string | string[], columns: Record<string, ArrayLike<unknown>>][] = [
  ['strings', 'k', { k: ['', 'a', 'ä', '\ud800', '😀', 'a', '', 'x'.repeat(1000)] }],
  ['bigints', 'k', { k: [0n, -1n, 2n ** 62n, -(2n ** 63n), 2n ** 63n - 1n, 0n, -1n, 5n] }],
  ['great bigints', 'k', { k: BigUint64Array.of(0n, 2n ** 64n - 1n, 2n ** 63n, 1n, 0n, 2n ** 64n - 1n, 7n, 1n) }],
  ['numbers, with both zeros and every NaN', 'k', { k: [0, -0, Number.NaN, -Number.NaN, 1.5, 0, Number.NaN, -1.5] }],
  [
    'numbers, with NaN of other bits',
    'k',
    { k: Float64Array.of(0, -0, nan(1), nan(0), nan(12345), 7, Number.NaN, -Number.NaN) },
  ],
  [
    'several columns',
    ['k', 'l', 'm'],
    {
      k: ['a', 'a', 'b', 'a', 'b', 'a', 'a', 'c'],
      l: [0, -0, Number.NaN, 1, Number.NaN, 0, 2, 3],
      m: [1n, 1n, 2n, 1n, 2n, 1n, 1n, 3n],
    },
  ],
];

/** Expects that each key is known to one of the workers alone. */
export async function expectKeysSpread(
  transport: Transport,
  parallelism: number,
  key: string | string[],
  columns: Record<string, ArrayLike<unknown>>,
): Promise<void> {
  const n = Object.values(columns)[0]?.length as number;
  const spec = { time: 't', key, window: tumbling(10), aggregates: { n: count(), v: sum('v') } } as Spec;
  const given = { t: new Float64Array(n).fill(5), v: naturals(n), ...columns };
  using alone = windowed(spec);
  alone.pushColumns(given as never);
  const names = [key].flat();
  const shown = (row: unknown) =>
    names.map((name) => String((row as Record<string, unknown>)[name])).join() +
    JSON.stringify([(row as { n: number }).n, (row as { v: number }).v]);
  const by = (rows: Iterable<unknown>) => [...rows].map(shown).sort();
  const { stream } = await open(spec, { transport, parallelism });
  expect(stream.pushColumns(given as never)).toBe(n);
  for (let i = 0; i < n; i++) {
    const parts = names.map((name) => (given as Record<string, ArrayLike<unknown>>)[name]?.[i]);
    const which = (parts.length === 1 ? parts[0] : parts) as never;
    expect(await stream.query(which)).toEqual(alone.query(which));
  }
  expect((await stream.stats()).liveKeys).toBe(alone.stats().liveKeys);
  const wanted = by(alone.close());
  expect(wanted.length).toBeGreaterThan(2);
  expect(by(await stream.close())).toEqual(wanted);
}
