/** Catches events that are lost, doubled, torn or out of order when two threads share a ring. */

import { afterAll, expect, test } from 'vitest';
import { ring } from '../../../bindings';
import { type Job, run, SCHEMA } from '../../support/ring-sides';
import { later } from '../../support/waiting';
import { countsOf, runOn, type Waits, worker } from './ring-threads';

const [first, second] = await Promise.all([worker(), worker()]);
afterAll(() => Promise.all([first.terminate(), second.terminate()]));

test.each<[capacity: number, events: number, producer: Waits, consumer: Waits]>([
  [1, 5_000, 'block', 'block'],
  [2, 20_000, 'block', 'block'],
  [8, 50_000, 'block', 'block'],
  [2, 5_000, 'await', 'await'],
  [8, 20_000, 'block', 'await'],
  [8, 20_000, 'await', 'block'],
  [64, 100_000, 'poll', 'poll'],
  [64, 100_000, 'poll', 'block'],
])('%i slots, %i events: all arrive in order if the producer waits by %s and the consumer by %s', async (...given) => {
  expect(await countsOf([first, second], ...given)).toEqual([given[1], given[1]]);
});

test.each<[Job['side'], number, number]>([
  ['producer', 1, 3_000],
  ['producer', 1024, 500_000],
  ['consumer', 1, 3_000],
  ['consumer', 1024, 500_000],
])('the main thread can await as the %s, %i slots', async (side, capacity, events) => {
  const made = ring(SCHEMA, capacity);
  const job = { handle: made.handle, events, seed: 5 };
  const theirs = runOn(first, { ...job, side: side === 'producer' ? 'consumer' : 'producer', waits: 'block' });
  expect(await run(made, { ...job, side, waits: 'await' })).toBe(events);
  expect(await theirs).toBe(events);
});

test('the indices of two threads pass 2^32', async () => {
  const { handle } = ring(SCHEMA, 16);
  const words = new Int32Array(handle.buffer);
  words[0] = words[32] = -1000;
  const job = { handle, events: 20_000, seed: 3, waits: 'block' } as const;
  const counts = [runOn(first, { ...job, side: 'producer' }), runOn(second, { ...job, side: 'consumer' })];
  expect(await Promise.all(counts)).toEqual([20_000, 20_000]);
  expect([words[0], words[32]]).toEqual([19_000, 19_000]);
});

test.each<Waits>(['block', 'await', 'poll'])(
  'a producer that waits by %s stops where the consumer cancels',
  async (waits) => {
    const made = ring(SCHEMA, 32);
    const job = { handle: made.handle, events: 1e9, seed: 1 };
    const theirs = runOn(first, { ...job, side: 'producer', waits });
    const read = await run(made, { ...job, side: 'consumer', waits: 'await', cancelAt: 2000 });
    expect(read).toBeGreaterThanOrEqual(2000);
    expect((await theirs) - read).toBeLessThanOrEqual(3 * 32);
  },
);

test('a signal ends a wait for a thread that has died', async () => {
  const made = ring(SCHEMA, 4);
  const thread = await worker();
  const died = new AbortController();
  thread.on('exit', (code) => died.abort(new Error(`it left with ${code}`)));
  const filled = made.filled(1, { signal: died.signal });
  thread.postMessage('die');
  await expect(filled).rejects.toThrow('it left with 1');
});

test('an event is found though its producer died before it woke the consumer', async () => {
  const mine = ring(SCHEMA, 4);
  const theirs = ring(SCHEMA, 4);
  const job = { handle: theirs.handle, side: 'consumer', events: 1, seed: 0, cancelAt: 1 } as const;
  const found = [mine.filled(), runOn(first, { ...job, waits: 'block' })];
  await later(50);
  for (const { handle } of [mine, theirs]) Atomics.store(new Int32Array(handle.buffer), 32, 1);
  expect(await Promise.all(found)).toEqual([true, 1]);
});
