/** Streams in workers where something gives out: threads, memory, room in a ring, strings on their way. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  collect,
  count,
  first,
  increase,
  OrielError,
  type OrielErrorCode,
  type Producer,
  type ProducerHandle,
  producer,
  punctuated,
  rolling,
  type Spec,
  session,
  sum,
  tumbling,
  type WindowedWorker,
  type WorkerOptions,
  windowed,
  windowedWorker,
} from '../../../bindings';
import { CONTROL_BYTES, Indices } from '../../../bindings/shared/indices';
import { Signal } from '../../../bindings/shared/signal';
import { workerOf } from '../../../bindings/worker/partition';
import { random } from '../../support/helpers';

const DIST = new URL('../../../dist/', import.meta.url).href;
vi.setConfig({ testTimeout: 15_000 });

const TRANSPORTS = ['shared', 'transferred'] as const;
/** Events that a producer's ring holds. */
const CAPACITY = 65536;

const SPEC = { time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } } as const satisfies Spec;

/** A stream whose threads the test has hold of. While `gate` is shut they stop at the next message, and with it all they do. */
interface Open<S extends Spec> {
  stream: WindowedWorker<S>;
  workers: Worker[];
  gate: { shut(): void; open(): void };
}

async function open<const S extends Spec>(spec: S, options: Omit<WorkerOptions, 'worker'> = {}): Promise<Open<S>> {
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

/** A producer of whatever. */
interface Events extends Pick<Producer, 'ready' | 'waitReady' | 'advance' | 'close' | 'refused'> {
  push(event: object): number;
  pushRows(rows: object[], from?: number): number;
  pushColumns(columns: object, from?: number): number;
}

/** A thread that produces, and what its program gives back, or the error it ends with, as [name, code, message]. */
function produce<Given, Result>(
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

async function refused(codes: OrielErrorCode | OrielErrorCode[], run: () => unknown, ...parts: string[]) {
  const error = await (async () => run())().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OrielError);
  const { code, message } = error as OrielError;
  expect([codes].flat(), message).toContain(code);
  for (const part of parts) expect(message).toContain(part);
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const total = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);
const ended = (worker: Worker) => new Promise<number>((resolve) => worker.on('exit', resolve));
const naturals = (n: number, from = 0) => Float64Array.from({ length: n }, (_, i) => from + i);

describe.each(TRANSPORTS)('a worker that dies, %s', (transport) => {
  test.each([1, 3])('of %d: all calls that wait, and all later ones, are refused', async (parallelism) => {
    const { stream, workers, gate } = await open(SPEC, { transport, parallelism });
    stream.pushColumns({ t: [1, 2, 3], k: ['a', 'b', 'c'] });
    const calls = [
      () => stream.take(),
      () => stream.stats(),
      () => stream.advance(5),
      () => stream.producer(),
      () => stream.close(),
    ];
    gate.shut();
    const waiting = calls.map((call) => refused('ERR_ORIEL_THREAD', call, 'died'));
    for (const worker of workers) await worker.terminate();
    await Promise.all(waiting);
    const doors = [
      () => stream.query('a'),
      () => stream.push({ t: 1, k: 'a' }),
      () => stream.pushColumns({ t: [1], k: ['a'] }),
      () => stream.pushRows([{ t: 1, k: 'a' }]),
      () => stream.claim(1),
      () => stream.keyId('a'),
      () => stream.ready(),
    ];
    for (const call of [...calls, ...doors]) await refused('ERR_ORIEL_THREAD', call, 'died');
  });

  test('of several: the stream is at its end with the first', async () => {
    const { stream, workers } = await open(SPEC, { transport, parallelism: 2 });
    await workers[1]?.terminate();
    await refused('ERR_ORIEL_THREAD', () => stream.take());
    await refused('ERR_ORIEL_THREAD', () => stream.push({ t: 1, k: 'a' }));
    const [one] = workers as [Worker];
    const end = ended(one);
    await stream[Symbol.asyncDispose]();
    await end;
  });

  test('wakes the owner that waits for room', async () => {
    const { stream, workers, gate } = await open(SPEC, { transport });
    gate.shut();
    const call = refused('ERR_ORIEL_THREAD', () => stream.stats());
    await later(50);
    const all = { t: naturals(CAPACITY), k: new Array(CAPACITY).fill('a') };
    expect(stream.pushColumns(all)).toBe(CAPACITY);
    expect(stream.pushColumns(all)).toBe(0);
    const waiting = refused(['ERR_ORIEL_CLOSED', 'ERR_ORIEL_THREAD'], () => stream.ready());
    await later(20);
    await workers[0]?.terminate();
    await Promise.all([waiting, call]);
  });

  test.each(transport === 'shared' ? ['ready', 'waitReady'] : ['ready'])(
    'wakes threads that wait for room by %s, and refuses what they have',
    async (how) => {
      const { stream, workers, gate } = await open(SPEC, { transport });
      const handles = [await stream.producer(), await stream.producer()];
      const threads = handles.map((handle) =>
        produce(
          handle,
          async (events, how, say) => {
            await new Promise((resolve) => setTimeout(resolve, 100));
            const n = 65536;
            const all = { t: new Float64Array(n).fill(5), k: new Array(n).fill('a') };
            if (events.pushColumns(all) !== n || events.pushColumns(all) !== 0) throw new Error('not full');
            say('full');
            const codes: unknown[] = [];
            for (let i = 0; i < 2; i++) {
              try {
                if (how === 'ready') await events.ready();
                else events.waitReady();
              } catch (error) {
                codes.push((error as OrielError).code);
              }
            }
            try {
              events.push({ t: 1, k: 'a' });
            } catch (error) {
              codes.push((error as OrielError).code);
            }
            return codes;
          },
          how,
        ),
      );
      gate.shut();
      const call = refused('ERR_ORIEL_THREAD', () => stream.stats());
      await Promise.all(threads.map(({ said }) => said));
      await later(20);
      await workers[0]?.terminate();
      const gone = ['ERR_ORIEL_CLOSED', 'ERR_ORIEL_CLOSED', 'ERR_ORIEL_CLOSED'];
      expect(await Promise.all(threads.map(({ result }) => result))).toEqual([gone, gone]);
      await call;
    },
  );

  test('wakes a thread whose strings wait to be sent', async () => {
    const { stream, workers, gate } = await open(SPEC, { transport });
    const { said, result } = produce(await stream.producer(), async (events, _, say) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      // A string that does not fit what carries them.
      events.push({ t: 1, k: 'x'.repeat(100_000) });
      say('stuck');
      for (;;) {
        await events.ready(65536);
        if (events.push({ t: 1, k: 'y'.repeat(100_000) }) === 0) continue;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    gate.shut();
    const call = refused('ERR_ORIEL_THREAD', () => stream.stats());
    await said;
    await later(50);
    await workers[0]?.terminate();
    await refused('ERR_ORIEL_CLOSED', () => result);
    await call;
  });

  test('at its start is no stream', async () => {
    const worker = () => new Worker('throw new Error("no luck")', { eval: true }) as never;
    await refused('ERR_ORIEL_THREAD', () => windowedWorker(SPEC, { transport, worker }), 'no luck');
    const none = () => {
      throw new Error('no file');
    };
    await refused('ERR_ORIEL_THREAD', () => windowedWorker(SPEC, { transport, worker: none }), 'no file');
    const quits = () => new Worker('process.exit(3)', { eval: true }) as never;
    await refused('ERR_ORIEL_THREAD', () => windowedWorker(SPEC, { transport, worker: quits }), 'code 3');
  });
});

describe.each(TRANSPORTS)('a thread that produces and dies, %s', (transport) => {
  /** Gives events up to t = 25 and no more; then it is ended without having closed. */
  async function dead(handle: ProducerHandle): Promise<void> {
    const { worker, said } = produce(handle, async (events, _, say) => {
      events.pushColumns({ t: [5, 15, 25], k: ['a', 'a', 'a'] });
      await events.ready();
      await new Promise((resolve) => setTimeout(resolve, 20));
      say('given');
      await new Promise(() => setInterval(() => undefined, 1000));
    });
    await said;
    await worker.terminate();
  }

  const figures = (batch: Iterable<unknown>) => [...(batch as Iterable<{ start: number; n: number }>)];

  test('is not waited for any longer than a stream may be idle', async () => {
    const { stream } = await open({ ...SPEC, idle: 200 }, { transport });
    stream.push({ t: 0, k: 'b' });
    await dead(await stream.producer());
    for (const t of [5, 15, 25, 35, 45]) stream.push({ t, k: 'b' });
    const before = [...(await stream.take())];
    await later(220);
    stream.push({ t: 46, k: 'b' });
    const after = [...before, ...(await stream.take())];
    expect(figures(after).map(({ start }) => start)).toEqual([0, 0, 10, 10, 20, 20, 30]);
    expect(total((await stream.close()).columns.n) + total(figures(after).map(({ n }) => n))).toBe(10);
  });

  test('is given up by who has its handle, and what it gave counts', async () => {
    const { stream } = await open(SPEC, { transport });
    stream.push({ t: 0, k: 'b' });
    const handle = await stream.producer();
    await dead(handle);
    for (const t of [5, 15, 25, 35, 45]) stream.push({ t, k: 'b' });
    let n = 0;
    if (transport === 'shared') {
      const before = await stream.take();
      expect(before.columns.start).toEqual(Float64Array.of(0, 0, 10, 10));
      n += total(before.columns.n);
      // What tells where memory is not shared, the end of the thread, cannot be seen here: its handle is closed for it.
      producer(handle).close();
    } else await later(50);
    const batch = await stream.take();
    const rest = await stream.close();
    n += total(batch.columns.n) + total(rest.columns.n);
    expect(n).toBe(9);
    expect(Math.max(...batch.columns.start)).toBe(30);
  });
});

describe.each(TRANSPORTS)('the end of a stream, %s', (transport) => {
  test.each([1, 3])('close() ends all of %d threads', async (parallelism) => {
    const { stream, workers } = await open(SPEC, { transport, parallelism });
    const ends = workers.map(ended);
    stream.push({ t: 1, k: 'a' });
    expect([...(await stream.close())]).toEqual([{ start: 0, end: 10, k: 'a', n: 1 }]);
    await Promise.all(ends);
    await refused('ERR_ORIEL_CLOSED', () => stream.take());
    await refused('ERR_ORIEL_CLOSED', () => stream.close());
    await refused('ERR_ORIEL_CLOSED', () => stream.push({ t: 1, k: 'a' }));
    await stream[Symbol.asyncDispose]();
  });

  test('`await using` ends all threads, and calls that wait', async () => {
    let ends: Promise<number>[];
    let waiting: Promise<void>;
    {
      const { stream, workers, gate } = await open(SPEC, { transport, parallelism: 2 });
      ends = workers.map(ended);
      await using held = stream;
      gate.shut();
      waiting = refused('ERR_ORIEL_CLOSED', () => held.take());
    }
    await Promise.all([...ends, waiting]);
  });

  test('wakes threads that wait for room', async () => {
    const { stream, gate } = await open(SPEC, { transport });
    const { said, result } = produce(await stream.producer(), async (events, _, say) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      events.pushColumns({ t: new Float64Array(65536).fill(5), k: new Array(65536).fill('a') });
      say('full');
      await events.ready();
      await events.ready();
    });
    gate.shut();
    const call = refused('ERR_ORIEL_CLOSED', () => stream.stats());
    await said;
    await stream[Symbol.asyncDispose]();
    await refused('ERR_ORIEL_CLOSED', () => result);
    await call;
  });

  test.each([
    ['left open', ''],
    ['left open with a handle given out', 'await stream.producer();'],
    ['with events', "stream.push({ t: 1, k: 'a' });"],
    ['after a call', "stream.push({ t: 1, k: 'a' }); await stream.take();"],
    ['closed', "stream.push({ t: 1, k: 'a' }); await stream.close();"],
  ])('a process ends by itself with a stream %s', async (_, then) => {
    const program = `
      import { count, tumbling, windowedWorker } from 'oriel';
      const spec = { time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } };
      const stream = await windowedWorker(spec, { transport: '${transport}', parallelism: 2 });
      ${then}
      console.log('done');`;
    const cwd = fileURLToPath(new URL('../../..', import.meta.url));
    const args = ['--input-type=module', '-e', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 10_000 });
    expect(stdout).toBe('done\n');
  });

  test('a process does not end while a call is not answered', async () => {
    const program = `
      import { count, tumbling, windowedWorker } from 'oriel';
      const spec = { time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } };
      const stream = await windowedWorker(spec, { transport: '${transport}' });
      stream.push({ t: 1, k: 'a' });
      stream.stats().then(() => stream.close()).then((batch) => console.log(batch.length));`;
    const cwd = fileURLToPath(new URL('../../..', import.meta.url));
    const args = ['--input-type=module', '-e', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 10_000 });
    expect(stdout).toBe('1\n');
  });
});

describe.each(TRANSPORTS)('memory, %s', (transport) => {
  const small = { ...SPEC, window: tumbling(1), memory: { maximum: '3mb' } } as const satisfies Spec;

  test('that is full refuses events until results are taken; none is lost or counted twice', async () => {
    const { stream } = await open(small, { transport });
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
  });

  test('that is full is told to threads that wait for room', async () => {
    const { stream } = await open(small, { transport });
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
  });

  test('that is full at one of several workers: close() loses nothing of the others', async () => {
    const { stream } = await open(
      { ...small, aggregates: { n: count(), v: first('v') } },
      { transport, parallelism: 2 },
    );
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
  });
});

describe.each(TRANSPORTS)('strings on their way, %s', (transport) => {
  /** Gives all of the columns, however often that takes. */
  async function giveAll(stream: WindowedWorker, columns: { t: Float64Array }) {
    let calls = 0;
    for (let n = 0; n < columns.t.length; calls++) {
      n += stream.pushColumns(columns as never, n);
      if (n < columns.t.length) await stream.ready();
    }
    return calls;
  }

  test.each([1, 2])('one may be longer than what carries them, %d workers', async (parallelism) => {
    const spec = { ...SPEC, aggregates: { n: count(), all: collect('s', { limit: 3 }) } } as const;
    const { stream } = await open(spec, { transport, parallelism });
    const long = [70_000, 65_531, 65_530, 65_532, 200_000, 3].map((n, i) => String(i).repeat(n));
    const t = Float64Array.from(long, () => 5);
    await giveAll(stream as never, { t, k: long, s: long } as never);
    const rows = [...(await stream.close())] as unknown as { k: string; n: number; all: string[] }[];
    expect(rows.length).toBe(long.length);
    for (const { k, n, all } of rows) {
      expect(long.includes(k) && n === 1 && all.length === 1 && all[0] === k).toBe(true);
    }
  });

  test('more different ones than there are numbers for, over and over, keep apart', async () => {
    const n = 300_000;
    const draw = random(7);
    const k = Array.from({ length: n }, (_, i) => (draw() < 0.2 ? `often ${Math.floor(draw() * 50)}` : `once ${i}`));
    const s = Array.from({ length: n }, (_, i) => (draw() < 0.2 ? 'x' : `text ${i}`));
    const columns = { t: Float64Array.from({ length: n }, (_, i) => Math.floor(i / 1000)), k, s };
    const spec = { ...SPEC, aggregates: { n: count(), one: first('s') } } as Spec;
    const { stream } = await open(spec, { transport });
    await giveAll(stream as never, columns);
    const alone = windowed(spec);
    alone.pushColumns(columns as never);
    const by = (rows: Iterable<unknown>) =>
      [...(rows as Iterable<{ start: number; k: string; n: number; one: string }>)]
        .map(({ start, k, n, one }) => `${start} ${k} ${n} ${one}`)
        .sort();
    expect(by(await stream.close())).toEqual(by(alone.close()));
  });
});

describe.each(TRANSPORTS)('what is given, %s', (transport) => {
  test('kinds that one producer has settled bind the others', async () => {
    const { stream } = await open({ ...SPEC, aggregates: { n: count(), one: first('s') } } as Spec, { transport });
    const started = new Int32Array(new SharedArrayBuffer(4));
    const { said, result } = produce(
      await stream.producer(),
      async (events, started, say) => {
        say('there');
        Atomics.wait(started, 0, 0);
        const codes: unknown[] = [];
        for (const k of [1, 5n, 'a']) {
          for (const s of [1, 'x']) {
            try {
              events.pushColumns({ t: [2, 3], k: [k, k], s: [s, s] });
              await new Promise((resolve) => setTimeout(resolve, 50));
              await events.ready();
              codes.push('in');
            } catch (error) {
              codes.push((error as OrielError).code);
            }
          }
        }
        events.close();
        return [...codes, events.refused];
      },
      started,
    );
    await said;
    const push = stream.push.bind(stream) as (event: object) => number;
    push({ t: 1, k: 'a', s: 'x' });
    await stream.stats();
    Atomics.store(started, 0, 1);
    Atomics.notify(started, 0);
    // Where memory is not shared kinds come with the first answer: too late for what was given before that.
    const last = transport === 'shared' ? 'in' : 'ERR_ORIEL_COLUMN';
    const refused = transport === 'shared' ? 0 : 2;
    expect(await result).toEqual([...new Array(5).fill('ERR_ORIEL_COLUMN'), last, refused]);
    push({ t: 100, k: 'a', s: 'x' });
    expect([...(await stream.take())]).toEqual([{ start: 0, end: 10, k: 'a', n: last === 'in' ? 3 : 1, one: 'x' }]);
  });

  type Wrong = [
    code: OrielErrorCode,
    door: 'push' | 'pushRows' | 'pushColumns' | 'advance' | 'query',
    ...given: unknown[],
  ];
  const wrong: Wrong[] = [
    ['ERR_ORIEL_TIME', 'push', { t: Number.NaN, k: 'a', v: 1 }],
    ['ERR_ORIEL_TIME', 'push', { t: '5', k: 'a', v: 1 }],
    ['ERR_ORIEL_TIME', 'push', { t: 2 ** 60, k: 'a', v: 1 }],
    ['ERR_ORIEL_COLUMN', 'push', 5],
    ['ERR_ORIEL_COLUMN', 'push', { t: 1, k: {}, v: 1 }],
    ['ERR_ORIEL_COLUMN', 'push', { t: 1, k: 'a', v: 'x' }],
    ['ERR_ORIEL_TIME', 'pushColumns', { t: [1, 2, Number.NaN], k: ['a', 'a', 'a'], v: [1, 1, 1] }],
    ['ERR_ORIEL_TIME', 'pushColumns', { t: [1, Number.POSITIVE_INFINITY], k: ['a', 'a'], v: [1, 1] }],
    ['ERR_ORIEL_COLUMN', 'pushColumns', { t: [1, 2], k: ['a', 5], v: [1, 1] }],
    ['ERR_ORIEL_COLUMN', 'pushColumns', { t: [1, 2], k: ['a'], v: [1, 1] }],
    ['ERR_ORIEL_COLUMN', 'pushColumns', { t: [1, 2], k: ['a', 'a'], v: [1, 'x'] }],
    ['ERR_ORIEL_COLUMN', 'pushColumns', { t: [1, 2], k: ['a', 'a'] }],
    ['ERR_ORIEL_COLUMN', 'pushColumns', 5],
    [
      'ERR_ORIEL_COLUMN',
      'pushRows',
      [
        { t: 1, k: 'a', v: 1 },
        { t: 1, k: 'a', v: 'x' },
      ],
    ],
    [
      'ERR_ORIEL_TIME',
      'pushRows',
      [
        { t: 1, k: 'a', v: 1 },
        { k: 'a', v: 1 },
      ],
    ],
    ['ERR_ORIEL_TIME', 'advance', Number.NaN],
    ['ERR_ORIEL_COLUMN', 'query'],
    ['ERR_ORIEL_TIME', 'query', 'a', Number.NaN],
  ];

  test('what is wrong is refused whole, by the owner and on other threads, as on one thread', async () => {
    const spec = { ...SPEC, aggregates: { n: count(), v: sum('v') } } as Spec;
    const { stream } = await open(spec, { transport });
    const alone = windowed(spec);
    for (const [code, door, ...given] of wrong) {
      await refused(code, () => (alone[door] as (...given: unknown[]) => unknown)(...given));
      await refused(code, () => (stream[door] as (...given: unknown[]) => unknown)(...given));
    }
    await refused('ERR_ORIEL_COLUMN', () => stream.pushColumns({ t: [1], k: ['a'], v: [1] } as never, 2));
    const events = wrong.filter(([, door]) => door !== 'query');
    const { result } = produce(
      await stream.producer(),
      (events, wrong) => {
        const codes = wrong.map(([, door, ...given]) => {
          try {
            return (events as never as Record<string, (...given: unknown[]) => unknown>)[door]?.(...given);
          } catch (error) {
            return (error as OrielError).code;
          }
        });
        events.close();
        return codes;
      },
      events,
    );
    expect(await result).toEqual(events.map(([code]) => code));
    expect((await stream.stats()).events).toBe(0);
    const push = stream.push.bind(stream) as (event: object) => number;
    push({ t: 1, k: 'a', v: 1 });
    expect((await stream.close()).toArray()).toEqual([{ start: 0, end: 10, k: 'a', n: 1, v: 1 }]);
  });

  test.each<[name: string, spec: object]>([
    ['emit.when', { emit: { when: () => true } }],
    ['clock', { clock: () => 5 }],
    ['punctuated', { window: punctuated((event: { v: number }) => event.v > 0) }],
  ])('functions in the spec are refused: %s', async (name, more) => {
    await refused(
      'ERR_ORIEL_SPEC',
      () => windowedWorker({ ...SPEC, ...more } as never, { transport }),
      name,
      'function',
    );
  });

  test('options are checked', async () => {
    for (const parallelism of [0, 65, 1.5, '2' as never]) {
      await refused('ERR_ORIEL_SPEC', () => windowedWorker(SPEC, { transport, parallelism }), 'parallelism');
    }
    const { key: _, ...bare } = SPEC;
    for (const more of [
      { window: session(5) },
      { window: { some: tumbling(5), others: rolling(5) } },
      { emit: 'updates' },
      { emit: { every: 2 } },
      { aggregates: { n: increase('v') } },
    ]) {
      const spec = { ...bare, ...more } as never;
      await refused('ERR_ORIEL_SPEC', () => windowedWorker(spec, { transport, parallelism: 2 }), 'parallelism');
    }
    await refused('ERR_ORIEL_SPEC', () => windowedWorker(SPEC, { transport: 'pigeon' as never }), 'transport');
    await refused('ERR_ORIEL_SPEC', () => windowedWorker(SPEC, { transport, worker: 5 as never }), 'worker');
    await refused('ERR_ORIEL_SPEC', () => windowedWorker(SPEC, { threads: 2 } as never), 'threads');
    await refused('ERR_ORIEL_SPEC', () => windowedWorker(SPEC, 5 as never), 'options');
    await refused('ERR_ORIEL_SPEC', () => windowedWorker({ ...SPEC, window: 5 } as never, { transport }), 'window');
  });

  test.each([1, 2])('late events come to onLate, of %d workers', async (parallelism) => {
    const late: unknown[] = [];
    const spec = { ...SPEC, aggregates: { n: count('v') }, onLate: (batch: Iterable<unknown>) => late.push(...batch) };
    const { stream } = await open(spec as Spec, { transport, parallelism });
    const push = stream.push.bind(stream) as (event: object) => number;
    for (const k of ['a', 'b', 'c', 'd']) push({ t: 100, k, v: 1 });
    await stream.take();
    for (const k of ['a', 'b', 'c', 'd']) push({ t: 5, k, v: 2 });
    expect((await stream.stats()).late).toBe(4);
    expect(late.sort((x, y) => ((x as { k: string }).k < (y as { k: string }).k ? -1 : 1))).toEqual(
      ['a', 'b', 'c', 'd'].map((k) => ({ t: 5, k, v: 2 })),
    );
  });

  test('a full ring takes what it can, counts the rest, and says when there is room', async () => {
    const { stream, gate } = await open(SPEC, { transport });
    const { result } = produce(await stream.producer(), async (events) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const n = 100_000;
      const all = { t: new Float64Array(n).fill(5), k: new Array(n).fill('a') };
      const seen: unknown[] = [events.pushColumns(all), events.refused];
      seen.push(events.push({ t: 5, k: 'a' }), events.refused);
      seen.push(
        events.pushRows([
          { t: 5, k: 'a' },
          { t: 5, k: 'b' },
        ]),
        events.refused,
      );
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error('enough')), 20);
      seen.push(await events.ready(1, { signal: controller.signal }).catch(({ message }: Error) => message));
      await events.ready(65536);
      seen.push(events.pushColumns(all, 65536), events.refused);
      events.close();
      return seen;
    });
    gate.shut();
    const stats = stream.stats();
    setTimeout(gate.open, 500);
    const wanted = [CAPACITY, 100_000 - CAPACITY, 0, 34465, 0, 34467, 'enough', 34464, 34467];
    expect(await result).toEqual(wanted);
    await stats;
    expect(total((await stream.close()).columns.n)).toBe(100_000);
  });
});

describe.each(TRANSPORTS)('time and several producers, %s', (transport) => {
  test('a producer that has given nothing yet is waited for, whoever begins', async () => {
    const { stream } = await open(SPEC, { transport });
    const [ahead, behind] = [await stream.producer(), await stream.producer()];
    const one = producer<typeof SPEC>(ahead);
    const other = producer<typeof SPEC>(behind);
    one.pushColumns({ t: [1000, 2000], k: ['a', 'a'] });
    await later(50);
    expect((await stream.take()).length).toBe(0);
    other.pushColumns({ t: [5, 15], k: ['b', 'b'] });
    await later(50);
    expect([...(await stream.take())]).toEqual([{ start: 0, end: 10, k: 'b', n: 1 }]);
    one.close();
    other.close();
    await later(50);
    expect((await stream.stats()).late).toBe(0);
    expect(total((await stream.close()).columns.n)).toBe(3);
  });

  test('the owner that begins late does not take time on by itself', async () => {
    const { stream } = await open(SPEC, { transport });
    const other = producer<typeof SPEC>(await stream.producer());
    other.push({ t: 5, k: 'b' });
    await later(50);
    stream.push({ t: 1000, k: 'a' });
    await stream.stats();
    other.push({ t: 6, k: 'b' });
    await later(50);
    expect((await stream.stats()).late).toBe(0);
    other.close();
    await later(50);
    expect([...(await stream.take())]).toEqual([{ start: 0, end: 10, k: 'b', n: 2 }]);
  });

  test.each([-5, 0, 7])('a promise of %d is kept', async (time) => {
    const { stream } = await open(SPEC, { transport });
    const quiet = producer<typeof SPEC>(await stream.producer());
    const busy = producer<typeof SPEC>(await stream.producer());
    quiet.advance(time);
    busy.pushColumns({ t: [-35, 50], k: ['a', 'a'] });
    await later(50);
    expect((await stream.stats()).watermark).toBe(time);
    expect((await stream.take()).length).toBe(1);
  });

  test('a producer that was closed is no longer counted', async () => {
    const { stream } = await open(SPEC, { transport });
    expect((await stream.stats()).producers).toBe(1);
    const other = producer<typeof SPEC>(await stream.producer());
    expect((await stream.stats()).producers).toBe(2);
    other.close();
    await later(50);
    expect((await stream.stats()).producers).toBe(1);
  });
});

describe.each(TRANSPORTS)('keys spread over several workers, %s', (transport) => {
  const nan = (low: number) =>
    new Float64Array(new BigUint64Array([0x7ff8000000000000n + BigInt(low)]).buffer)[0] as number;
  const cases: [what: string, key: string | string[], columns: Record<string, ArrayLike<unknown>>][] = [
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

  test.each(cases)('%s: each is known to one of them alone', async (_, key, columns) => {
    const n = Object.values(columns)[0]?.length as number;
    const spec = { time: 't', key, window: tumbling(10), aggregates: { n: count(), v: sum('v') } } as Spec;
    const given = { t: new Float64Array(n).fill(5), v: naturals(n), ...columns };
    const alone = windowed(spec);
    alone.pushColumns(given as never);
    const names = [key].flat();
    const shown = (row: unknown) =>
      names.map((name) => String((row as Record<string, unknown>)[name])).join() +
      JSON.stringify([(row as { n: number }).n, (row as { v: number }).v]);
    const by = (rows: Iterable<unknown>) => [...rows].map(shown).sort();
    for (const parallelism of [2, 5]) {
      const { stream } = await open(spec, { transport, parallelism });
      expect(stream.pushColumns(given as never)).toBe(n);
      for (let i = 0; i < n; i++) {
        const parts = names.map((name) => (given as Record<string, ArrayLike<unknown>>)[name]?.[i]);
        const which = (parts.length === 1 ? parts[0] : parts) as never;
        expect(await stream.query(which)).toEqual(alone.query(which));
      }
      expect((await stream.stats()).liveKeys).toBe(alone.stats().liveKeys);
      expect(by(await stream.close())).toEqual(by(alone.take().length ? [] : windowedRows(spec, given)));
    }
  });

  function windowedRows(spec: Spec, given: object): Iterable<unknown> {
    const stream = windowed(spec);
    stream.pushColumns(given as never);
    return stream.close();
  }
});

test('what no producer may write ends the stream: nobody waits for it', async () => {
  const { stream } = await open(SPEC, { transport: 'shared' });
  const handle = await stream.producer();
  const { buffer, address, control, bell } = handle.rings[0] as ProducerHandle['rings'][number];
  new Float64Array(buffer, address, 1)[0] = Number.NaN;
  const words = new Int32Array(control, 0, CONTROL_BYTES / 4);
  new Indices(words, CAPACITY, new Signal(new Int32Array(bell), 0)).publish(1);
  await later(100);
  await refused('ERR_ORIEL_THREAD', () => stream.take(), 'no time');
  await refused('ERR_ORIEL_CLOSED', () => producer<typeof SPEC>(handle).push({ t: 1, k: 'a' }));
});
