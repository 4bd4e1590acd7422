/**
 * Catches events that are lost, calls that wait for ever and threads that are left behind when a thread dies, or when
 * memory or a ring is full.
 */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, test, vi } from 'vitest';
import {
  collect,
  count,
  first,
  increase,
  type OrielError,
  type OrielErrorCode,
  type ProducerHandle,
  producer,
  punctuated,
  rolling,
  type Spec,
  session,
  sum,
  text,
  tumbling,
  windowed,
  windowedWorker,
} from '../../../bindings';
import { CONTROL_BYTES, Indices } from '../../../bindings/shared/indices';
import { Signal } from '../../../bindings/shared/signal';
import { later, refusedLater as refused } from '../../support/waiting';
import { TRANSPORTS } from './built-worker';
import {
  CAPACITY,
  ended,
  expectFullCloseLosesNothing,
  expectFullTold,
  expectFullUntilTaken,
  expectKeysSpread,
  expectProcessEnds,
  expectStringsKeptApart,
  giveAll,
  KEY_COLUMNS,
  naturals,
  open,
  PROGRAMS,
  produce,
  SPEC,
  total,
} from './worker-failures';

vi.setConfig({ testTimeout: 15_000 });

describe.each(TRANSPORTS)('a worker that dies, %s', (transport) => {
  test.each([1, 3])('pending calls and all later calls are refused, %d workers', async (parallelism) => {
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
    const inputs = [
      () => stream.query('a'),
      () => stream.push({ t: 1, k: 'a' }),
      () => stream.pushColumns({ t: [1], k: ['a'] }),
      () => stream.pushRows([{ t: 1, k: 'a' }]),
      () => stream.claim(1),
      () => stream.keyId('a'),
      () => stream.ready(),
    ];
    for (const call of [...calls, ...inputs]) await refused('ERR_ORIEL_THREAD', call, 'died');
  });

  test('the stream ends with the first of several workers', async () => {
    const { stream, workers } = await open(SPEC, { transport, parallelism: 2 });
    await workers[1]?.terminate();
    await refused('ERR_ORIEL_THREAD', () => stream.take());
    await refused('ERR_ORIEL_THREAD', () => stream.push({ t: 1, k: 'a' }));
    const [one] = workers as [Worker];
    const end = ended(one);
    await stream[Symbol.asyncDispose]();
    await end;
  });

  test('the owner that waits for room is woken', async () => {
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
    'threads that wait for room by %s are woken, and their events are refused',
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

  test('a thread whose strings wait to be sent is woken', async () => {
    const { stream, workers, gate } = await open(SPEC, { transport });
    const { said, result } = produce(await stream.producer(), async (events, _, say) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      // The string is longer than the ring that carries strings.
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

  test('a stream cannot be opened with a worker that dies at its start', async () => {
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

describe.each(TRANSPORTS)('a producing thread that dies, %s', (transport) => {
  /** Runs a thread that pushes events up to t = 25, and ends it before it has closed its producer. */
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

  const rowsOf = (batch: Iterable<unknown>) => [...(batch as Iterable<{ start: number; n: number }>)];

  test('the stream waits for it no longer than `idle`', async () => {
    const { stream } = await open({ ...SPEC, idle: 1000 }, { transport });
    stream.push({ t: 0, k: 'b' });
    await dead(await stream.producer());
    for (const t of [5, 15, 25, 35, 45]) stream.push({ t, k: 'b' });
    const before = [...(await stream.take())];
    await later(1020);
    stream.push({ t: 46, k: 'b' });
    const after = [...before, ...(await stream.take())];
    expect(rowsOf(after).map(({ start }) => start)).toEqual([0, 0, 10, 10, 20, 20, 30]);
    expect(total((await stream.close()).columns.n) + total(rowsOf(after).map(({ n }) => n))).toBe(10);
  });

  test('its producer can be closed by its handle, and its events count', async () => {
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
      // With shared memory nobody sees that the thread has ended, so its producer is closed by the handle.
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
  test.each([1, 3])('close() ends all threads, %d workers', async (parallelism) => {
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

  test('`await using` ends all threads and refuses pending calls', async () => {
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

  test('threads that wait for room are woken', async () => {
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

  test.each(transport === 'shared' ? PROGRAMS : PROGRAMS.slice(-1))(
    'a process ends by itself with a stream %s',
    (_, statements) => expectProcessEnds(transport, statements),
  );

  test('a process does not end before a pending call is answered', async () => {
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

describe('full memory', () => {
  test('events are refused until results are taken, and none is lost or counted twice', () =>
    expectFullUntilTaken('shared'));

  test('threads that wait for room are told', () => expectFullTold('transferred'));

  test('close() loses no event of the other workers when one is full', () => expectFullCloseLosesNothing('shared'));
});

describe.each(TRANSPORTS)('long strings, %s', (transport) => {
  test.each([1, 2])('a string may be longer than the ring that carries strings, %d workers', async (parallelism) => {
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
});

// It takes a busy machine longer than tests may by default.
test('more different strings than there are numbers for are kept apart', { timeout: 60_000 }, () =>
  expectStringsKeptApart('shared', 180_000),
);

describe.each(TRANSPORTS)('what a caller gives, %s', (transport) => {
  test('the kinds of columns that one producer has settled bind the others', async () => {
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
    // Without shared memory a producer learns the kinds with the first answer; its events before that are refused.
    const last = transport === 'shared' ? 'in' : 'ERR_ORIEL_COLUMN';
    const refused = transport === 'shared' ? 0 : 2;
    expect(await result).toEqual([...new Array(5).fill('ERR_ORIEL_COLUMN'), last, refused]);
    push({ t: 100, k: 'a', s: 'x' });
    expect([...(await stream.take())]).toEqual([{ start: 0, end: 10, k: 'a', n: last === 'in' ? 3 : 1, one: 'x' }]);
  });

  type Wrong = [
    code: OrielErrorCode,
    input: 'push' | 'pushRows' | 'pushColumns' | 'advance' | 'query',
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

  test('wrong events are refused whole by the owner and by producers, as on one thread', async () => {
    const spec = { ...SPEC, aggregates: { n: count(), v: sum('v') } } as Spec;
    const { stream } = await open(spec, { transport });
    using alone = windowed(spec);
    for (const [code, input, ...given] of wrong) {
      await refused(code, () => (alone[input] as (...given: unknown[]) => unknown)(...given));
      await refused(code, () => (stream[input] as (...given: unknown[]) => unknown)(...given));
    }
    await refused('ERR_ORIEL_COLUMN', () => stream.pushColumns({ t: [1], k: ['a'], v: [1] } as never, 2));
    const events = wrong.filter(([, input]) => input !== 'query');
    const { result } = produce(
      await stream.producer(),
      (events, wrong) => {
        const codes = wrong.map(([, input, ...given]) => {
          try {
            return (events as never as Record<string, (...given: unknown[]) => unknown>)[input]?.(...given);
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

  test('a claim that one thread would refuse is refused in a worker too', async () => {
    const spec = {
      ...SPEC,
      aggregates: { n: count(), a: first('a'), s: count().where(text('s').eq('x')) },
    };
    const { stream } = await open(spec as Spec, { transport });
    const claim = () => stream.claim(1) as unknown as Record<string, Float64Array>;
    const write = (values: object) => {
      const views = claim();
      for (const [name, value] of Object.entries({
        t: 1,
        k: stream.keyId('x', 'k'),
        a: Number.NaN,
        s: Number.NaN,
        ...values,
      }))
        (views[name] as Float64Array)[0] = value as number;
    };
    write({ k: 7 });
    await refused('ERR_ORIEL_COLUMN', () => stream.commit(1), '"k"', 'index 0', 'keyId');
    write({ s: 7 });
    await refused('ERR_ORIEL_COLUMN', () => stream.commit(1), '"s"', 'index 0', 'keyId');
    write({});
    stream.push({ t: 2, k: 'y', a: 5, s: 'x' } as never);
    await refused('ERR_ORIEL_CLAIM', () => stream.commit(1), '0 claimed');
    write({ s: stream.keyId('x', 's') });
    stream.commit(1);
    expect((await stream.close()).toArray()).toEqual([
      { start: 0, end: 10, k: 'y', n: 1, a: 5, s: 1 },
      { start: 0, end: 10, k: 'x', n: 1, a: Number.NaN, s: 1 },
    ]);
    const { stream: bigints } = await open(SPEC, { transport });
    bigints.push({ t: 1, k: 1n } as never);
    await refused('ERR_ORIEL_COLUMN', () => bigints.claim(1), '"k"', 'bigints');
    await bigints.close();
  });

  test.each<[name: string, spec: object]>([
    ['emit.when', { emit: { when: () => true } }],
    ['clock', { clock: () => 5 }],
    ['punctuated', { window: punctuated((event: { v: number }) => event.v > 0) }],
  ])('a function in the spec is refused: %s', async (name, more) => {
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

  test.each([1, 2])('onLate gets the late events of %d workers', async (parallelism) => {
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

  test('a full ring takes what it can, counts the refused events, and says when there is room', async () => {
    const { stream, gate } = await open(SPEC, { transport });
    const { result, said } = produce(await stream.producer(), async (events, _, say) => {
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
      say('refused');
      await events.ready(65536);
      seen.push(events.pushColumns(all, 65536), events.refused);
      events.close();
      return seen;
    });
    gate.shut();
    const stats = stream.stats();
    await said;
    gate.open();
    const wanted = [CAPACITY, 100_000 - CAPACITY, 0, 34465, 0, 34467, 'enough', 34464, 34467];
    expect(await result).toEqual(wanted);
    await stats;
    expect(total((await stream.close()).columns.n)).toBe(100_000);
  });
});

describe.each(TRANSPORTS)('time with several producers, %s', (transport) => {
  test('time waits for a producer that has pushed nothing yet, whichever begins', async () => {
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

  test('an owner that begins late does not advance time alone', async () => {
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

  test.each([-5, 0, 7])('the watermark stays at %d, the time to which a quiet producer has advanced', async (time) => {
    const { stream } = await open(SPEC, { transport });
    const quiet = producer<typeof SPEC>(await stream.producer());
    const busy = producer<typeof SPEC>(await stream.producer());
    quiet.advance(time);
    busy.pushColumns({ t: [-35, 50], k: ['a', 'a'] });
    await later(50);
    expect((await stream.stats()).watermark).toBe(time);
    expect((await stream.take()).length).toBe(1);
  });

  test('a closed producer is no longer counted', async () => {
    const { stream } = await open(SPEC, { transport });
    expect((await stream.stats()).producers).toBe(1);
    const other = producer<typeof SPEC>(await stream.producer());
    expect((await stream.stats()).producers).toBe(2);
    other.close();
    await later(50);
    expect((await stream.stats()).producers).toBe(1);
  });
});

describe('keys spread over two workers', () => {
  test.each(KEY_COLUMNS)('each is known to one worker alone: %s', (_, key, columns) =>
    expectKeysSpread('shared', 2, key, columns),
  );
});

test('a time that no producer may write ends the stream, and later calls are refused', async () => {
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
