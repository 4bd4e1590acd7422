/** Catches values that are no handles, keys or numbers of events and end in other errors than oriel's. */

import { describe, expect, test } from 'vitest';
import { count, OrielError, producer, ring, sum, text, tumbling, windowed } from '../../../bindings';
import { refused } from '../../support/helpers';
import { open, TRANSPORTS } from '../worker/built-worker';

const NOTHING = [undefined, null, 0, 1n, '', 'handle', Symbol('handle'), () => 1, [], {}, new Proxy([], {})];

/** Copies of a record, each with one of its fields, at any depth, replaced by something else or gone. */
function* forgeries(handle: object, depth = 3): Generator<object> {
  for (const [name, value] of Object.entries(handle)) {
    for (const other of [...NOTHING, -1, 1.5, NaN, 2 ** 53, new ArrayBuffer(8), new SharedArrayBuffer(8)]) {
      const isSame = typeof other === typeof value && typeof other !== 'object';
      if (!isSame) yield replaced(handle, name, other);
    }
    if (depth > 0 && typeof value === 'object' && value !== null && !(value instanceof SharedArrayBuffer)) {
      for (const inner of forgeries(value, depth - 1)) yield replaced(handle, name, inner);
    }
  }
}

function replaced(record: object, name: string, value: unknown): object {
  return Array.isArray(record) ? record.with(Number(name), value) : { ...record, [name]: value };
}

/** Runs a call that may do anything but throw another error. */
function tamed(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof OrielError)) throw error;
  }
}

test('ring refuses what is no handle', () => {
  const { handle } = ring({ at: 'f64', id: 'u32' }, 64);
  for (const forged of NOTHING) refused('ERR_ORIEL_SPEC', () => ring(forged as never));
  for (const forged of forgeries(handle)) tamed(() => ring(forged as never).take());
  const buffer = { [Symbol.toStringTag]: 'SharedArrayBuffer', byteLength: handle.buffer.byteLength };
  refused('ERR_ORIEL_SPEC', () => ring({ ...handle, buffer } as never));
  for (const capacity of [Symbol('64'), () => 64, 64n]) {
    refused('ERR_ORIEL_SPEC', () => ring({ ...handle, capacity } as never));
    refused('ERR_ORIEL_SPEC', () => ring({ at: 'f64' }, capacity as never));
  }
  const own = ring(handle);
  for (const column of NOTHING.filter((value) => !Array.isArray(value))) {
    refused('ERR_ORIEL_COLUMN', () => own.push({ at: [1], id: column } as never));
  }
  expect(own.peek()).toBe(0);
});

test.each(['one thread', ...TRANSPORTS])('a key that is none is refused by query, %s', async (where) => {
  const spec = { time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } };
  const stream =
    where === 'one thread' ? windowed(spec) : await open(spec, { transport: where as (typeof TRANSPORTS)[number] });
  stream.push({ t: 1, k: 'a' } as never);
  for (const key of [Symbol('a'), () => 'a', {}, null, true, [Symbol('a')], 2n ** 70n, { constructor: Symbol('a') }]) {
    const answer = async () => stream.query(key as never);
    await expect(answer()).rejects.toMatchObject({ name: 'OrielError', code: 'ERR_ORIEL_COLUMN' });
  }
  for (const at of [Symbol('1'), () => 1, '1', NaN]) {
    const answer = async () => stream.query('a', at as never);
    await expect(answer()).rejects.toMatchObject({ name: 'OrielError', code: 'ERR_ORIEL_TIME' });
  }
  expect(await stream.query('a')).toEqual({ start: 0, end: 10, n: 1 });
  expect([...(await stream.close())]).toEqual([{ start: 0, end: 10, k: 'a', n: 1 }]);
});

describe.each(TRANSPORTS)('%s', (transport) => {
  test('producer refuses what is no handle, and strange numbers of events', async () => {
    const aggregates = { n: count(text('x')), v: sum('v') };
    const spec = { time: 't', key: 'k', window: tumbling(10), aggregates };
    const stream = await open(spec, { transport });
    const handle = await stream.producer();
    for (const forged of NOTHING) refused('ERR_ORIEL_SPEC', () => producer(forged as never));
    for (const field of ['layout', 'rings', 'kinds'] as const) {
      for (const value of NOTHING) refused('ERR_ORIEL_SPEC', () => producer({ ...handle, [field]: value } as never));
      for (const forged of forgeries({ [field]: handle[field] })) {
        tamed(() => producer({ ...handle, transfer: [], ...forged }));
      }
    }
    const { layout, rings } = handle;
    refused('ERR_ORIEL_SPEC', () => producer({ ...handle, layout: { ...layout, gaps: Symbol('gaps') } } as never));
    refused('ERR_ORIEL_SPEC', () => producer({ ...handle, rings: [{ ...rings[0], address: 2 ** 40 }] } as never));
    const events = producer(structuredClone(handle, { transfer: handle.transfer }));
    for (const n of [Symbol('1'), () => 1, -1, NaN, '1']) {
      await expect(events.ready(n as never)).rejects.toMatchObject({ code: 'ERR_ORIEL_CLAIM' });
      refused('ERR_ORIEL_CLAIM', () => events.waitReady(n as never, 0));
      refused('ERR_ORIEL_CLAIM', () => events.claim(n as never));
      refused('ERR_ORIEL_COLUMN', () => events.pushRows([], n as never));
    }
    expect(events.push({ t: 1, k: 'a', x: 'x', v: 2 } as never)).toBe(1);
    events.close();
    await expect.poll(async () => (await stream.stats()).events).toBe(1);
    expect([...(await stream.close())]).toEqual([{ start: 0, end: 10, k: 'a', n: 1, v: 2 }]);
  });
});

test('a column that says that it has a length of another kind is refused', () => {
  using stream = windowed({ time: 't', window: tumbling(10), aggregates: { v: sum('v') } });
  for (const length of ['1', NaN, 1.5, Symbol('1'), null, {}]) {
    const column = new Proxy([1], { get: (array, name) => (name === 'length' ? length : array[name as never]) });
    refused('ERR_ORIEL_COLUMN', () => stream.pushColumns({ t: column, v: [1] } as never));
    refused('ERR_ORIEL_COLUMN', () => stream.pushColumns({ t: [1], v: column } as never));
  }
  expect(stream.stats().events).toBe(0);
});
