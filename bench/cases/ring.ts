/**
 * Passing events from one thread to another: oriel's ring, ringbuf.js, and messages with transferred columns.
 *
 * Most contenders busy-wait while a ring is full or empty. With fewer than two free cores the two threads then take
 * processor time from each other, and the results mean nothing.
 */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Cell, Score, Side } from '../contest';
import { consume, type Job, sharedFor, sumsOf, type Way } from '../peers/threads';

/** A worker thread cannot load TypeScript until it registers tsx. */
const PRODUCER = `import('tsx/esm/api').then(({ register }) => {
  register();
  return import(${JSON.stringify(new URL('../peers/producer.ts', import.meta.url).href)});
})`;

/** Number of rounds that are not counted. */
const WARMUP_ROUNDS = 2;

const WAYS: readonly [name: string, side: Side, way: Way, events: (batch: number) => number][] = [
  ['oriel, claim and publish, peek and release', 'oriel', 'place', (batch) => (batch === 1 ? 2e6 : 16e6)],
  ['oriel, the same, asleep where there is nothing to do', 'other', 'wait', (batch) => (batch === 1 ? 1e6 : 16e6)],
  ['oriel, push and take', 'other', 'copy', (batch) => (batch === 1 ? 1e6 : 8e6)],
  ['ringbuf.js, push and pop', 'tuned', 'ringbuf', (batch) => (batch === 1 ? 2e6 : 16e6)],
  ['ringbuf.js, writeCallbackWithOffset and pop', 'tuned', 'ringbuf callback', (batch) => (batch === 1 ? 2e6 : 16e6)],
  ['writing and adding up alone, in one thread', 'other', 'alone', () => 16e6],
  ['postMessage, transferred', 'naive', 'message', (batch) => ({ 1: 1e5, 64: 2e6 })[batch] ?? 8e6],
];

async function started(): Promise<Worker> {
  const producer = new Worker(PRODUCER, { eval: true });
  await once(producer, 'message');
  return producer;
}

async function contest(batch: number, rounds: number): Promise<Score[]> {
  // Messages get a producer thread of their own: once a thread has transferred a buffer, V8 checks on each access
  // whether the buffer at hand is detached.
  const forRings = await started();
  const forMessages = await started();
  const scores = WAYS.map(([name, side]): Score => ({ name, side, nanoseconds: [], pauses: [] }));
  for (let round = -WARMUP_ROUNDS; round < rounds; round++) {
    for (const [i, [name, , way, eventsOf]] of WAYS.entries()) {
      const events = eventsOf(batch);
      const job: Job = { way, events, batch, shared: sharedFor(way) };
      const expected = sumsOf(events);
      const producer = way === 'message' ? forMessages : forRings;
      const before = performance.now();
      producer.postMessage(job);
      const sums = await consume(job, producer);
      const elapsed = performance.now() - before;
      if (sums[0] !== expected[0] || sums[1] !== expected[1])
        throw new Error(`${name}: expected ${expected}, got ${sums}`);
      if (round >= 0) scores[i]?.nanoseconds.push((elapsed * 1e6) / events);
    }
  }
  await Promise.all([forRings.terminate(), forMessages.terminate()]);
  return scores;
}

export const rings: readonly Cell[] = [1, 64, 4096].map((batch) => ({
  name: `ring-${batch}`,
  title: `two f64 columns between two threads, ${batch} events a batch`,
  scores: (rounds: number) => contest(batch, rounds),
}));
