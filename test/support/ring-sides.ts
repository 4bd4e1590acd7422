/**
 * The two sides of a ring as tests run them on threads. Events are numbered, so that the reader knows which event comes
 * next. Batches have random sizes; they are written in place or pushed, read in place or taken.
 */

import type { Ring, RingHandle } from '../../bindings';

export const SCHEMA = { number: 'f64', mixed: 'u32', flag: 'u8', wide: 'i64' } as const;
export type Numbered = Ring<typeof SCHEMA>;

export interface Job {
  handle: RingHandle<typeof SCHEMA>;
  side: 'producer' | 'consumer';
  /** How a side waits for room or events: it blocks its thread, awaits a promise, or polls. */
  waits: 'block' | 'await' | 'poll';
  events: number;
  seed: number;
  /** The number of events after which a consumer cancels. */
  cancelAt?: number;
}

/** @returns the number of events that a producer wrote, or that a consumer read and found right */
export function run(ring: Numbered, job: Job): Promise<number> {
  return job.side === 'producer' ? produce(ring, job) : consume(ring, job);
}

/** Random numbers in [0, 1). Those of the helpers would load the core, which these threads do not need. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const mixedOf = (n: number) => Math.imul(n, 0x9e3779b1) >>> 0;

async function produce(ring: Numbered, { waits, events, seed }: Job): Promise<number> {
  const next = random(seed);
  // The waits of both sides together must not exceed the capacity plus one.
  const most = (ring.capacity + 1) >> 1;
  let sent = 0;
  while (sent < events) {
    const wanted = 1 + Math.floor(next() * Math.min(most, events - sent));
    if (waits === 'block' && !ring.waitReady(wanted)) break;
    if (waits === 'await' && !(await ring.ready(wanted))) break;
    const batch = Math.min(1 + Math.floor(next() * ring.capacity), events - sent);
    sent += next() < 0.5 ? write(ring, sent, batch) : push(ring, sent, batch);
    if (waits === 'poll' && ring.isCancelled) break;
  }
  ring.end();
  return sent;
}

function write(ring: Numbered, from: number, n: number): number {
  const { number, mixed, flag, wide } = ring.columns;
  const claimed = ring.claim(n);
  const at = ring.writeAt;
  for (let i = 0; i < claimed; i++) {
    number[at + i] = from + i;
    mixed[at + i] = mixedOf(from + i);
    flag[at + i] = from + i;
    wide[at + i] = BigInt(from + i);
  }
  ring.publish(claimed);
  return claimed;
}

function push(ring: Numbered, from: number, n: number): number {
  const number = Float64Array.from({ length: n }, (_, i) => from + i);
  return ring.push({ number, mixed: number.map(mixedOf), flag: number, wide: Array.from(number, BigInt) });
}

async function consume(ring: Numbered, { waits, events, seed, cancelAt = events + 1 }: Job): Promise<number> {
  const next = random(seed + 1);
  const most = (ring.capacity + 1) >> 1;
  let read = 0;
  for (;;) {
    const wanted = 1 + Math.floor(next() * most);
    let goesOn = true;
    if (waits === 'block') goesOn = ring.waitFilled(wanted);
    else if (waits === 'await') goesOn = await ring.filled(wanted);
    else goesOn = !ring.isEnded;
    const batch = 1 + Math.floor(next() * ring.capacity);
    const n = next() < 0.5 ? look(ring, read, batch) : take(ring, read, batch);
    read += n;
    if (read >= cancelAt) {
      ring.cancel();
      return read;
    }
    if (!goesOn && n === 0) return read;
  }
}

function look(ring: Numbered, from: number, n: number): number {
  const there = ring.peek(n);
  for (let i = 0, at = ring.readAt; i < there; i++) verify(ring.columns, at + i, from + i);
  ring.release(there);
  return there;
}

function take(ring: Numbered, from: number, n: number): number {
  const { length, columns } = ring.take(n);
  for (let i = 0; i < length; i++) verify(columns, i, from + i);
  return length;
}

function verify({ number, mixed, flag, wide }: Numbered['columns'], at: number, expected: number): void {
  if (number[at] !== expected || mixed[at] !== mixedOf(expected) || flag[at] !== (expected & 255)) {
    throw new Error(`expected event ${expected}, got ${number[at]}, ${mixed[at]}, ${flag[at]}`);
  }
  if (wide[at] !== BigInt(expected)) throw new Error(`expected event ${expected}, got ${wide[at]}n`);
}
