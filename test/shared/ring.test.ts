/**
 * `ring()` on one thread: its arguments, the events that go in and come out, their places in the columns, and waiting.
 * This suite catches events lost or repeated at the end of the buffer, at overflow of the indices, and waiters never
 * woken.
 */

import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { type ColumnType, type OrielError, type Ring, ring, type Schema } from '../../bindings';
import { refused } from '../support/helpers';
import { type Job, run, SCHEMA } from '../support/ring-sides';

const WORD_OF_HEAD = 0;
const WORD_OF_TAIL = 32;
/** The words of the control block that are in use: indices, flags of ended sides, bells and their flags. */
const WORDS = [0, 1, 32, 33, 64, 65, 96, 97];
const CONTROL_BYTES = 512;

const ARRAYS = {
  f64: Float64Array,
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  i16: Int16Array,
  u16: Uint16Array,
  i8: Int8Array,
  u8: Uint8Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
} satisfies Record<ColumnType, unknown>;
const TYPES = Object.keys(ARRAYS) as ColumnType[];

const isPage = typeof document !== 'undefined';
const canShare = typeof SharedArrayBuffer !== 'undefined';

/** A ring whose first event has the sequence number `start`. */
function ringFrom<const S extends Schema>(schema: S, capacity: number, start: number): Ring<S> {
  const { handle } = ring(schema, capacity);
  const words = new Int32Array(handle.buffer);
  words[WORD_OF_HEAD] = words[WORD_OF_TAIL] = start;
  return ring(handle);
}

const pushed = (of: Ring<{ v: 'f64' }>, ...v: number[]) => of.push({ v });
const taken = (of: Ring<{ v: 'f64' }>, n?: number) => [...of.take(n).columns.v];

test.runIf(isPage)('a page can share memory if and only if it is cross-origin isolated', () => {
  expect(canShare).toBe(crossOriginIsolated);
  if (!crossOriginIsolated) refused('ERR_ORIEL_THREAD', () => ring({ v: 'f64' }, 4), 'cross-origin isolated');
});

test('a ring is refused without shared memory', () => {
  vi.stubGlobal('SharedArrayBuffer', undefined);
  try {
    refused('ERR_ORIEL_THREAD', () => ring({ v: 'f64' }, 4), 'cross-origin isolated');
  } finally {
    vi.unstubAllGlobals();
  }
});

describe('invalid arguments', () => {
  test.each([
    ['without columns', {}],
    ['of an unknown type', { v: 'f16' }],
    ['of a type named like a method of objects', { v: 'toString' }],
    ['a number', 7],
    ['null', null],
    ['a list of a type', { v: ['f64'] }],
  ])('a schema that is %s is refused', (_, schema) => {
    refused('ERR_ORIEL_SPEC', () => ring(schema as never, 4), 'schema', 'f64', 'u64');
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 28 + 1, Number.POSITIVE_INFINITY, '8'])(
    'a capacity of %s is refused',
    (capacity) => {
      refused('ERR_ORIEL_SPEC', () => ring({ v: 'f64' }, capacity as number), 'capacity', '2^28');
    },
  );

  test.each([undefined, null, 5, {}, { v: 'f64' }])('%s is refused as a handle', (handle) => {
    refused('ERR_ORIEL_SPEC', () => ring(handle as never), 'a schema and a capacity, or a handle');
  });

  test.runIf(canShare)('a handle is refused if its memory has another size', () => {
    const { handle } = ring({ v: 'f64' }, 64);
    for (const change of [
      { capacity: 128 },
      { capacity: 63 },
      { schema: { v: 'u8' } },
      { buffer: new ArrayBuffer(1024) },
    ]) {
      refused('ERR_ORIEL_SPEC', () => ring({ ...handle, ...change } as never), 'a handle');
    }
  });
});

describe.runIf(canShare)('a ring', () => {
  test.each([
    [1, 1],
    [2, 2],
    [3, 4],
    [1000, 1024],
    [1025, 2048],
  ])('a ring for %i events holds %i', (asked, held) => {
    const one = ring({ v: 'u8' }, asked);
    expect([one.capacity, one.handle.capacity, one.columns.v.length]).toEqual([held, held, held]);
  });

  test('a ring for more events than memory can hold is refused', () => {
    const wide = Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`c${i}`, 'f64' as const]));
    refused('ERR_ORIEL_MEMORY', () => ring(wide, 2 ** 28), 'capacity', String(2 ** 28));
  });

  test('a ring keeps its schema if the object given changes', () => {
    const schema: Record<string, ColumnType> = { v: 'f64' };
    const one = ring(schema, 4);
    schema.v = 'u8';
    one.push({ v: [0.5] });
    expect(one.take().columns.v).toEqual(Float64Array.of(0.5));
  });

  test('a ring made from a handle shares the events', () => {
    const one = ring({ v: 'f64' }, 4);
    const other = ring(one.handle);
    pushed(one, 1, 2);
    expect(taken(other)).toEqual([1, 2]);
    // A handle that was posted is another object over the same memory.
    const { schema, capacity, buffer } = one.handle;
    expect(ring({ schema: structuredClone(schema), capacity, buffer }).claim()).toBe(2);
  });

  test.each(TYPES)('columns of the type %s hold its least and greatest values', (type) => {
    const one = ring({ before: 'u8', v: type, after: 'u8' }, 4);
    const given = new ARRAYS[type](3);
    const bytes = new Uint8Array(given.buffer);
    bytes.fill(0xff, 0, bytes.length / 3);
    bytes.fill(0x7f, bytes.length / 3, (2 * bytes.length) / 3);
    expect(one.columns.v).toBeInstanceOf(ARRAYS[type]);
    expect(one.push({ before: [1, 2, 3], v: given as never, after: [4, 5, 6] })).toBe(3);
    const { columns } = one.take();
    expect(columns.v).toEqual(given);
    expect([columns.before, columns.after]).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6)]);
  });

  test('take gives copies that later events do not change', () => {
    const one = ring({ v: 'f64' }, 2);
    pushed(one, 1, 2);
    const { columns, length } = one.take();
    pushed(one, 3, 4);
    expect([length, columns.v, columns.v.buffer]).toEqual([2, Float64Array.of(1, 2), expect.any(ArrayBuffer)]);
  });

  test('push takes the events that there is room for and counts the others', () => {
    const one = ring({ v: 'f64' }, 4);
    expect(pushed(one, 1, 2, 3, 4, 5, 6)).toBe(4);
    expect([pushed(one, 7), one.refused]).toEqual([0, 3]);
    expect(taken(one, 1)).toEqual([1]);
    expect(one.push({ v: [7, 8, 9] }, 2)).toBe(1);
    expect([taken(one), one.refused]).toEqual([[2, 3, 4, 9], 3]);
    expect([taken(one), one.push({ v: [1] }, 1), one.refused]).toEqual([[], 0, 3]);
  });

  //   capacity 64, the first event in the last place
  test.each([2, 12, 40])(
    'push writes %i events over the end of the buffer in order, from views, parts of views and lists',
    (n) => {
      const values = Float64Array.from({ length: n + 2 }, (_, i) => i);
      for (const [given, from] of [
        [values.subarray(1, n + 1), 0],
        [values, 1],
        [Array.from(values), 1],
        [Int16Array.from(values), 1],
      ] as const) {
        const one = ringFrom({ v: 'f64' }, 64, 63);
        one.push({ v: given }, from);
        expect(taken(one, n)).toEqual(Array.from({ length: n }, (_, i) => i + 1));
      }
    },
  );

  test('push refuses invalid columns by name and takes nothing of them', () => {
    const one = ringFrom({ a: 'f64', b: 'i64' }, 4, 3);
    const push = (given: unknown, from?: number) => () => one.push(given as never, from);
    refused('ERR_ORIEL_COLUMN', push({ a: [1] }), '"b"', 'undefined');
    refused('ERR_ORIEL_COLUMN', push({ b: [1n] }), '"a"', 'array', 'undefined');
    refused('ERR_ORIEL_COLUMN', push(undefined), '"a"', 'array');
    refused('ERR_ORIEL_COLUMN', push({ a: 5, b: 5 }), '"a"', 'array', '5');
    refused('ERR_ORIEL_COLUMN', push({ a: [1, 2], b: [1n] }), '"b"', '2', 'got 1');
    refused('ERR_ORIEL_COLUMN', push({ a: [1, 2], b: [1n, 2] }), '"b"', 'i64');
    refused('ERR_ORIEL_COLUMN', push({ a: new Float64Array(30), b: new Float64Array(30) }), '"b"', 'i64');
    refused('ERR_ORIEL_COLUMN', push({ a: [1n], b: [1n] }), '"a"', 'f64');
    for (const from of [-1, 0.5, 2, Number.NaN])
      refused('ERR_ORIEL_COLUMN', push({ a: [1], b: [1n] }, from), 'from 0 to 1');
    expect([one.peek(), one.refused]).toEqual([0, 0]);
  });

  test('claim and peek give contiguous places, and never more than asked for', () => {
    const one = ringFrom({ v: 'f64' }, 4, 2);
    expect([one.claim(), one.claim(1), one.claim(0), one.claim(100), one.writeAt]).toEqual([2, 1, 0, 2, 2]);
    one.columns.v.set([5, 6], one.writeAt);
    one.publish(2);
    expect([one.claim(), one.writeAt]).toEqual([2, 0]);
    one.columns.v[0] = 7;
    one.publish(1);
    expect([one.peek(), one.readAt, one.peek(1), one.peek(0)]).toEqual([2, 2, 1, 0]);
    one.release(1);
    expect([one.peek(), one.readAt, one.columns.v[one.readAt]]).toEqual([1, 3, 6]);
    one.release(2);
    expect([one.peek(), one.claim(), one.writeAt]).toEqual([0, 3, 1]);
  });

  test('publish refuses more places than are free, and release more events than there are', () => {
    const one = ring({ v: 'f64' }, 4);
    pushed(one, 1);
    for (const n of [4, -1, 0.5, Number.NaN, '1']) {
      refused('ERR_ORIEL_CLAIM', () => one.publish(n as number), 'publish', 'whole number');
      if (n !== 4) refused('ERR_ORIEL_CLAIM', () => one.release(n as number), 'release', 'whole number');
    }
    refused('ERR_ORIEL_CLAIM', () => one.release(2), 'events there', '2');
    expect([one.peek(), one.claim()]).toEqual([1, 3]);
  });

  test('methods refuse invalid numbers of events and change nothing', async () => {
    const one = ring({ v: 'f64' }, 4);
    pushed(one, 1);
    for (const n of [-1, 0.5, Number.NaN, '1', Number.POSITIVE_INFINITY] as number[]) {
      for (const method of ['claim', 'peek', 'take', 'waitReady', 'waitFilled'] as const) {
        refused('ERR_ORIEL_CLAIM', () => one[method](n), method, 'whole number');
      }
      await expect(one.ready(n)).rejects.toMatchObject({ code: 'ERR_ORIEL_CLAIM' });
      await expect(one.filled(n)).rejects.toMatchObject({ code: 'ERR_ORIEL_CLAIM' });
    }
    expect([taken(one), one.claim()]).toEqual([[1], 3]);
  });

  test('a ring is a queue, wherever it begins and whatever the sizes of batches', () => {
    const batch = fc.nat(11);
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('push' as const, 'publish' as const), n: batch, from: fc.nat(3) }),
      fc.record({ kind: fc.constantFrom('take' as const, 'release' as const), n: batch, from: fc.constant(0) }),
    );
    const start = fc.oneof(fc.integer({ min: -20, max: 3 }), fc.integer({ min: 2 ** 31 - 20, max: 2 ** 31 - 1 }));
    const property = fc.property(fc.constantFrom(1, 2, 4, 8), start, fc.array(step), (capacity, first, steps) => {
      const one = ringFrom({ pad: 'u8', v: 'f64', id: 'i64', flag: 'u8' }, capacity, first);
      const canaries = guard(one);
      const queue: number[] = [];
      let written = 0;
      let refused = 0;
      const next = (n: number) => Array.from({ length: n }, (_, i) => written + i);
      for (const { kind, n, from } of steps) {
        if (kind === 'push') {
          const v = [...Array.from({ length: from }, () => Number.NaN), ...next(n)];
          const columns = { pad: v.map(() => 1), v, id: v.map((x) => BigInt(x || 0)), flag: Uint8Array.from(v) };
          const went = one.push(columns, from);
          expect(went).toBe(Math.min(n, capacity - queue.length));
          refused += n - went;
          queue.push(...next(went));
          written += went;
        } else if (kind === 'publish') {
          const claimed = one.claim(n);
          expect(claimed).toBe(Math.min(n, capacity - queue.length, capacity - one.writeAt));
          for (let i = 0; i < claimed; i++) {
            one.columns.v[one.writeAt + i] = written + i;
            one.columns.id[one.writeAt + i] = BigInt(written + i);
            one.columns.flag[one.writeAt + i] = written + i;
          }
          one.publish(claimed);
          queue.push(...next(claimed));
          written += claimed;
        } else if (kind === 'take') {
          const { length, columns } = one.take(n);
          const expected = queue.splice(0, n);
          expect([length, [...columns.v]]).toEqual([expected.length, expected]);
          expect([...columns.id]).toEqual(expected.map(BigInt));
          expect([...columns.flag]).toEqual(expected.map((x) => x & 255));
        } else {
          const there = one.peek(n);
          expect(there).toBe(Math.min(n, queue.length, capacity - one.readAt));
          expect([...one.columns.v.subarray(one.readAt, one.readAt + there)]).toEqual(queue.splice(0, there));
          one.release(there);
        }
      }
      expect(one.refused).toBe(refused);
      canaries();
    });
    fc.assert(property, { numRuns: 300 });
  });

  test.each([2 ** 31, 2 ** 32])('a ring still works when its indices pass %i', (edge) => {
    const one = ringFrom({ v: 'f64' }, 8, edge - 5);
    const words = new Uint32Array(one.handle.buffer);
    for (let i = 0; i < 40; i++) {
      expect(pushed(one, 3 * i, 3 * i + 1, 3 * i + 2)).toBe(3);
      expect([one.claim(1), one.peek(1)]).toEqual([1, 1]);
      expect(taken(one)).toEqual([3 * i, 3 * i + 1, 3 * i + 2]);
    }
    const end = (edge - 5 + 120) % 2 ** 32;
    expect([words[WORD_OF_HEAD], words[WORD_OF_TAIL]]).toEqual([end, end]);
    expect([pushed(one, ...Array(9).fill(1)), pushed(one, 1)]).toEqual([8, 0]);
  });

  test('the consumer sees published events and no claimed ones', () => {
    const producer = ring({ v: 'f64' }, 4);
    const consumer = ring(producer.handle);
    producer.claim(2);
    producer.columns.v.fill(5);
    expect(consumer.peek()).toBe(0);
    producer.publish(1);
    expect(consumer.peek()).toBe(1);
    expect(producer.claim()).toBe(3);
    consumer.release(1);
    expect([producer.claim(), producer.writeAt]).toEqual([3, 1]);
    producer.publish(3);
    expect([producer.claim(), producer.writeAt]).toEqual([1, 0]);
  });
});

/**
 * Fills every byte that is neither in a column nor in a word in use.
 *
 * @returns a function that expects these bytes unchanged
 */
function guard(one: Ring): () => void {
  const { buffer } = one.handle;
  const isUsed = new Uint8Array(buffer.byteLength);
  for (const word of WORDS) isUsed.fill(1, 4 * word, 4 * word + 4);
  for (const column of Object.values(one.columns)) {
    expect(column.byteOffset).toBeGreaterThanOrEqual(CONTROL_BYTES);
    expect(isUsed.subarray(column.byteOffset, column.byteOffset + column.byteLength).includes(1)).toBe(false);
    isUsed.fill(1, column.byteOffset, column.byteOffset + column.byteLength);
  }
  const bytes = new Uint8Array(buffer);
  isUsed.forEach((used, at) => {
    if (!used) bytes[at] = 0xa5;
  });
  return () => expect(isUsed.every((used, at) => used === 1 || bytes[at] === 0xa5)).toBe(true);
}

describe.runIf(canShare)('waiting', () => {
  const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
  /** Whether a promise resolves within a few milliseconds. */
  const isDone = (promise: Promise<unknown>) => Promise.race([promise.then(() => true), turn().then(() => false)]);

  test('filled resolves when there are enough events', async () => {
    const producer = ring({ v: 'f64' }, 4);
    const consumer = ring(producer.handle);
    const filled = consumer.filled(3);
    pushed(producer, 1, 2);
    expect(await isDone(filled)).toBe(false);
    pushed(producer, 3);
    expect(await filled).toBe(true);
    expect(await consumer.filled(3)).toBe(true);
  });

  test('ready resolves when there is enough room', async () => {
    const producer = ring({ v: 'f64' }, 4);
    const consumer = ring(producer.handle);
    pushed(producer, 1, 2, 3, 4);
    const ready = producer.ready(2);
    taken(consumer, 1);
    expect(await isDone(ready)).toBe(false);
    taken(consumer, 1);
    expect(await ready).toBe(true);
    expect([await producer.ready(0), await producer.ready()]).toEqual([true, true]);
  });

  test('waiting for more than the capacity resolves when the ring is full or empty', async () => {
    const one = ring({ v: 'f64' }, 4);
    expect(await one.ready(100)).toBe(true);
    const filled = one.filled(100);
    pushed(one, 1, 2, 3);
    expect(await isDone(filled)).toBe(false);
    pushed(one, 4);
    expect(await filled).toBe(true);
  });

  test('filled resolves to false if the producer has ended, and the events there can be read', async () => {
    const producer = ring({ v: 'f64' }, 4);
    const consumer = ring(producer.handle);
    const filled = consumer.filled(3);
    pushed(producer, 1, 2);
    expect(consumer.isEnded).toBe(false);
    producer.end();
    expect(await filled).toBe(false);
    expect([consumer.isEnded, consumer.isCancelled]).toEqual([true, false]);
    expect([await consumer.filled(2), consumer.waitFilled(2), consumer.waitFilled(3)]).toEqual([true, true, false]);
    expect(taken(consumer)).toEqual([1, 2]);
    expect(await consumer.filled()).toBe(false);
  });

  test('ready resolves to false if the consumer has cancelled', async () => {
    const producer = ring({ v: 'f64' }, 4);
    const consumer = ring(producer.handle);
    pushed(producer, 1, 2, 3);
    const ready = producer.ready(2);
    consumer.cancel();
    expect(await ready).toBe(false);
    expect([producer.isCancelled, producer.isEnded]).toEqual([true, false]);
    expect([await producer.ready(1), producer.waitReady(1), producer.waitReady(2)]).toEqual([true, true, false]);
  });

  test.each(['ready', 'filled'] as const)(
    '%s rejects when its signal is aborted, and the ring goes on',
    async (method) => {
      const one = ring({ v: 'f64' }, 4);
      if (method === 'ready') pushed(one, 1, 2, 3, 4);
      const stop = new AbortController();
      const reason = new Error('enough');
      const waiting = one[method](1, { signal: stop.signal });
      expect(await isDone(waiting.catch(() => undefined))).toBe(false);
      stop.abort(reason);
      await expect(waiting).rejects.toBe(reason);
      await expect(one[method](1, { signal: stop.signal })).rejects.toBe(reason);
      const again = one[method]();
      if (method === 'ready') taken(one);
      else pushed(one, 1);
      expect(await again).toBe(true);
    },
  );

  test('each of several promises resolves at its own number of events', async () => {
    const one = ring({ v: 'f64' }, 8);
    const waiting = [1, 2, 3, 4].map((n) => one.filled(n));
    for (let i = 1; i <= 4; i++) {
      pushed(one, i);
      expect(await waiting[i - 1]).toBe(true);
    }
  });

  test('a wait that ends at once leaves no waiter behind', () => {
    const one = ring({ v: 'f64' }, 4);
    const words = new Int32Array(one.handle.buffer);
    pushed(one, 1);
    expect([one.waitFilled(), one.waitReady()]).toEqual([true, true]);
    expect([words[65], words[97]]).toEqual([0, 0]);
  });

  test('filled polls without Atomics.waitAsync', async () => {
    const { waitAsync } = Atomics as { waitAsync?: unknown };
    Object.assign(Atomics, { waitAsync: undefined });
    try {
      const one = ring({ v: 'f64' }, 4);
      const filled = one.filled(2);
      pushed(one, 1);
      expect(await isDone(filled)).toBe(false);
      pushed(one, 2);
      expect(await filled).toBe(true);
    } finally {
      Object.assign(Atomics, { waitAsync });
    }
  });

  test('waitFilled gives up after its timeout, and is refused on a page', () => {
    const one = ring({ v: 'f64' }, 4);
    if (isPage) {
      refused('ERR_ORIEL_THREAD', () => one.waitFilled(1, 50), 'await');
      const error = ((): unknown => {
        try {
          return one.waitFilled(1);
        } catch (thrown) {
          return thrown;
        }
      })() as OrielError;
      expect(error.cause).toBeInstanceOf(TypeError);
    } else {
      const before = performance.now();
      expect(one.waitFilled(1, 50)).toBe(false);
      expect(performance.now() - before).toBeGreaterThan(40);
    }
    // Calls that do not wait are allowed everywhere.
    expect([one.waitFilled(1, 0), one.waitFilled(0), one.waitReady(4)]).toEqual([false, true, true]);
    pushed(one, 1);
    expect(one.waitFilled(1)).toBe(true);
  });
});

test.runIf(isPage && canShare)('a page and its workers pass events in order', async () => {
  const events = 100_000;
  const worker = () => new Worker(new URL('../support/ring.worker.ts', import.meta.url), { type: 'module' });
  const runOn = (thread: Worker, job: Job) =>
    new Promise((resolve, reject) => {
      thread.onmessage = ({ data }) => resolve(data);
      thread.onerror = ({ message }) => reject(new Error(message));
      thread.postMessage(job);
    });
  const workers = [worker(), worker(), worker()] as const;
  try {
    const between = ring(SCHEMA, 256);
    const mine = ring(SCHEMA, 64);
    const job = { events, seed: 1, waits: 'block' } as const;
    const counts = await Promise.all([
      runOn(workers[0], { ...job, handle: between.handle, side: 'producer' }),
      runOn(workers[1], { ...job, handle: between.handle, side: 'consumer' }),
      runOn(workers[2], { ...job, handle: mine.handle, side: 'producer' }),
      run(mine, { ...job, handle: mine.handle, side: 'consumer', waits: 'await' }),
    ]);
    expect(counts).toEqual([events, events, events, events]);
  } finally {
    for (const thread of workers) thread.terminate();
  }
});
