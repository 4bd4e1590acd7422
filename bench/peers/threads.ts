/**
 * Passes events of two columns from one thread to another by oriel's ring, by ringbuf.js or by messages: producer and
 * consumer of each. The producer writes a number and a value for each event; the consumer adds up both columns.
 *
 * The ways `place`, `copy`, `ringbuf` and `ringbuf callback` busy-wait while a ring is full or empty.
 */

import type { MessagePort, Worker } from 'node:worker_threads';
import { type Ring, type RingHandle, ring } from 'oriel';
import { RingBuffer } from 'ringbuf.js';

export const CAPACITY = 16_384;
/** Maximum number of batches in flight where they are sent as messages. */
const MAX_IN_FLIGHT = 64;

const SCHEMA = { at: 'f64', value: 'f64' } as const;
type Columns = Ring<typeof SCHEMA>;
type Port = MessagePort | Worker;
export type Way = 'alone' | 'place' | 'wait' | 'copy' | 'ringbuf' | 'ringbuf callback' | 'message';

export interface Job {
  way: Way;
  events: number;
  batch: number;
  shared?: SharedArrayBuffer | RingHandle<typeof SCHEMA>;
}

export type Sums = [numbers: number, values: number];

/** The value of event i: cheap to compute, so that most of the time goes into passing events on. */
const valueAt = (i: number): number => i & 1023;

/** The sums that the consumer must arrive at. */
export function sumsOf(events: number): Sums {
  let values = 0;
  for (let i = 0; i < events; i++) values += valueAt(i);
  return [(events * (events - 1)) / 2, values];
}

export function sharedFor(way: Way): Job['shared'] {
  if (way === 'alone' || way === 'message') return undefined;
  // A ringbuf.js has elements of one type, so an event is two adjacent elements: two rings would be twice the work.
  if (way.startsWith('ringbuf')) return RingBuffer.getStorageForCapacity(2 * CAPACITY, Float64Array);
  return ring(SCHEMA, CAPACITY).handle;
}

export function produce({ way, shared, events, batch }: Job, port: Port): void {
  if (way === 'place') produceInPlace(ring(shared as RingHandle<typeof SCHEMA>), events, batch);
  if (way === 'wait') produceWaiting(ring(shared as RingHandle<typeof SCHEMA>), events, batch);
  if (way === 'copy') producePushing(ring(shared as RingHandle<typeof SCHEMA>), events, batch);
  if (way === 'ringbuf')
    produceRingbuf(new RingBuffer(shared as SharedArrayBuffer, Float64Array as never), events, batch);
  if (way === 'ringbuf callback') {
    produceByCallback(new RingBuffer(shared as SharedArrayBuffer, Float64Array as never), events, batch);
  }
  if (way === 'message') produceMessages(port, events, batch);
}

export async function consume({ way, shared, events, batch }: Job, port: Port): Promise<Sums> {
  if (way === 'place') return consumeInPlace(ring(shared as RingHandle<typeof SCHEMA>), events, batch);
  if (way === 'wait') return consumeWaiting(ring(shared as RingHandle<typeof SCHEMA>), batch);
  if (way === 'copy') return consumeTaking(ring(shared as RingHandle<typeof SCHEMA>), events, batch);
  if (way === 'alone') return alone(events, batch);
  if (way === 'message') return consumeMessages(port, events);
  return consumeRingbuf(new RingBuffer(shared as SharedArrayBuffer, Float64Array as never), events, batch);
}

function fill(numbers: Float64Array, values: Float64Array, at: number, from: number, n: number): void {
  for (let i = 0; i < n; i++) {
    numbers[at + i] = from + i;
    values[at + i] = valueAt(from + i);
  }
}

function add(sums: Sums, numbers: Float64Array, values: Float64Array, at: number, n: number): void {
  let a = sums[0];
  let b = sums[1];
  for (let i = at; i < at + n; i++) {
    a += numbers[i] as number;
    b += values[i] as number;
  }
  sums[0] = a;
  sums[1] = b;
}

/** The work of both threads in one: writes and adds up, and passes nothing on. */
function alone(events: number, batch: number): Sums {
  const numbers = new Float64Array(CAPACITY);
  const values = new Float64Array(CAPACITY);
  const sums: Sums = [0, 0];
  for (let from = 0; from < events; from += batch) {
    const n = batch < events - from ? batch : events - from;
    fill(numbers, values, from & (CAPACITY - 1), from, n);
    add(sums, numbers, values, from & (CAPACITY - 1), n);
  }
  return sums;
}

function produceInPlace(to: Columns, events: number, batch: number): void {
  const { at, value } = to.columns;
  for (let sent = 0; sent < events; ) {
    const n = to.claim(batch < events - sent ? batch : events - sent);
    if (n === 0) continue;
    fill(at, value, to.writeAt, sent, n);
    to.publish(n);
    sent += n;
  }
}

function consumeInPlace(from: Columns, events: number, batch: number): Sums {
  const { at, value } = from.columns;
  const sums: Sums = [0, 0];
  for (let received = 0; received < events; ) {
    const n = from.peek(batch);
    if (n === 0) continue;
    add(sums, at, value, from.readAt, n);
    from.release(n);
    received += n;
  }
  return sums;
}

function produceWaiting(to: Columns, events: number, batch: number): void {
  const { at, value } = to.columns;
  for (let sent = 0; sent < events; ) {
    to.waitReady(batch);
    const n = to.claim(batch < events - sent ? batch : events - sent);
    fill(at, value, to.writeAt, sent, n);
    to.publish(n);
    sent += n;
  }
  to.end();
}

function consumeWaiting(from: Columns, batch: number): Sums {
  const { at, value } = from.columns;
  const sums: Sums = [0, 0];
  while (from.waitFilled()) {
    const n = from.peek(batch);
    add(sums, at, value, from.readAt, n);
    from.release(n);
  }
  return sums;
}

function producePushing(to: Columns, events: number, batch: number): void {
  const at = new Float64Array(batch);
  const value = new Float64Array(batch);
  for (let sent = 0; sent < events; ) {
    const n = batch < events - sent ? batch : events - sent;
    fill(at, value, 0, sent, n);
    const columns = n === batch ? { at, value } : { at: at.subarray(0, n), value: value.subarray(0, n) };
    for (let pushed = 0; pushed < n; ) pushed += to.push(columns, pushed);
    sent += n;
  }
}

function consumeTaking(from: Columns, events: number, batch: number): Sums {
  const sums: Sums = [0, 0];
  for (let received = 0; received < events; ) {
    if (from.peek(1) === 0) continue;
    const { length, columns } = from.take(batch);
    add(sums, columns.at, columns.value, 0, length);
    received += length;
  }
  return sums;
}

function fillPairs(pairs: Float64Array, at: number, from: number, n: number): void {
  for (let i = 0; i < n; i++) {
    pairs[at + 2 * i] = from + i;
    pairs[at + 2 * i + 1] = valueAt(from + i);
  }
}

function addPairs(sums: Sums, pairs: Float64Array, n: number): void {
  let a = sums[0];
  let b = sums[1];
  for (let i = 0; i < 2 * n; i += 2) {
    a += pairs[i] as number;
    b += pairs[i + 1] as number;
  }
  sums[0] = a;
  sums[1] = b;
}

function produceRingbuf(to: RingBuffer, events: number, batch: number): void {
  const pairs = new Float64Array(2 * batch);
  for (let sent = 0; sent < events; ) {
    const n = batch < events - sent ? batch : events - sent;
    fillPairs(pairs, 0, sent, n);
    for (let pushed = 0; pushed < 2 * n; ) pushed += to.push(pairs as never, 2 * n - pushed, pushed);
    sent += n;
  }
}

/**
 * Writes in place, by the callback of ringbuf.js. The storage has an odd number of elements, so a pair may be cut by
 * its end.
 */
function produceByCallback(to: RingBuffer, events: number, batch: number): void {
  let sent = 0;
  const write = (storage: unknown, at: number, n: number, at2: number, n2: number): number => {
    const places = storage as Float64Array;
    const pairs = n >> 1;
    fillPairs(places, at, sent, pairs);
    if (n & 1) {
      if (n2 === 0) return 2 * pairs;
      places[at + n - 1] = sent + pairs;
      places[at2] = valueAt(sent + pairs);
      fillPairs(places, at2 + 1, sent + pairs + 1, (n2 - 1) >> 1);
    } else fillPairs(places, at2, sent + pairs, n2 >> 1);
    return (n + n2) & ~1;
  };
  while (sent < events) {
    const n = batch < events - sent ? batch : events - sent;
    // With room for fewer than two the callback would write no pair and return 0, which ringbuf.js takes for all.
    if (to.availableWrite() < 2) continue;
    sent += to.writeCallbackWithOffset(2 * n, write as never) >> 1;
  }
}

function consumeRingbuf(from: RingBuffer, events: number, batch: number): Sums {
  const pairs = new Float64Array(2 * batch);
  const sums: Sums = [0, 0];
  let received = 0;
  let odd = 0;
  while (received < events) {
    const n = odd + from.pop(pairs as never, 2 * batch - odd, odd);
    addPairs(sums, pairs, n >> 1);
    received += n >> 1;
    // A number may arrive before its value; it is kept for the next round.
    odd = n & 1;
    if (odd) pairs[0] = pairs[n - 1] as number;
  }
  return sums;
}

function produceMessages(port: Port, events: number, batch: number): void {
  let sent = 0;
  let inFlight = 0;
  const more = (): void => {
    for (; inFlight < MAX_IN_FLIGHT && sent < events; inFlight++) {
      const n = batch < events - sent ? batch : events - sent;
      const numbers = new Float64Array(2 * n);
      fill(numbers, numbers.subarray(n), 0, sent, n);
      port.postMessage(numbers, [numbers.buffer]);
      sent += n;
    }
    if (sent === events) port.off('message', credit);
  };
  const credit = (batches: number): void => {
    inFlight -= batches;
    more();
  };
  port.on('message', credit);
  more();
}

function consumeMessages(port: Port, events: number): Promise<Sums> {
  return new Promise((resolve) => {
    const sums: Sums = [0, 0];
    let received = 0;
    let batches = 0;
    const take = (numbers: Float64Array): void => {
      const n = numbers.length >> 1;
      add(sums, numbers, numbers.subarray(n), 0, n);
      received += n;
      if (++batches % (MAX_IN_FLIGHT / 4) === 0) port.postMessage(MAX_IN_FLIGHT / 4);
      if (received < events) return;
      port.off('message', take);
      resolve(sums);
    };
    port.on('message', take);
  });
}
