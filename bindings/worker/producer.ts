/**
 * The producer's side of a stream in workers: checks events on the thread they come from, and writes them into the ring
 * of a worker. There is one ring for each worker; the hash of the key chooses it, and events without a key go round
 * robin.
 */

import { RING_EVENTS } from '../base/core';
import { OrielError, show } from '../base/errors';
import { checkTimeout, signalOf } from '../base/waiting';
import { Claims } from '../input/claims';
import { checkTime, checkTimes, decodedColumn, ownNumbers } from '../input/columns';
import type { CheckedColumns, GivenColumns } from '../input/event-fields';
import { EventWriter } from '../input/event-writer';
import { sparePlace, type Views } from '../input/views';
import { checkCount } from '../shared/ring';
import type { Numbers } from '../spec/column-input';
import type { Spec } from '../spec/spec';
import type { Claim, Columns, Event } from '../spec/types';
import type { Events } from '../stream/intake';
import { ProducerRing } from './producer-ring';
import { isLayout, type Layout, type ProducerHandle, RING_CAPACITY } from './ring-layout';
import { SharedFields } from './shared-fields';
import { ringOfEvent, spread } from './spread';
import { type Carrier, listen } from './transfer';

/** Numbers no strings: for events that are only checked. */
const NO_STRINGS = { numberOf: () => 0, has: () => false };

/**
 * A producer of a stream's events; call `producer(handle)` on the thread that has them. Each call checks all events it
 * is given before it writes any, and returns how many of the first ones went in: fewer than were given if a ring is
 * full. Give the others again after `ready`.
 *
 * @example
 * const events = producer(handle);
 * for (let n = 0; n < times.length; ) {
 *   n += events.pushColumns({ at: times, user: users }, n);
 *   if (n < times.length) await events.ready();
 * }
 */
export class Producer<S extends Spec = Spec> {
  readonly #layout: Layout;
  readonly #rings: readonly ProducerRing[];
  readonly #fields: SharedFields;
  readonly #firstRing: ProducerRing;
  /** Claims of places in the first ring. */
  readonly #claims: Claims;
  /** Index of the ring that got the last event, if events have no key. */
  #lastRing = 0;
  /** Where an event is written that finds no room: so it is checked all the same. */
  readonly #spare: Views;
  readonly #spareWriter: EventWriter;
  #isEnded = false;
  /** Whether events are being read: their getters may call the producer, which refuses. */
  #isReading = false;
  /** The last time promised. */
  #promised = Number.NEGATIVE_INFINITY;
  #refused = 0;

  /** @internal */
  constructor({ layout, rings, kinds, transfer }: Omit<ProducerHandle, 'transfer'> & { transfer: readonly Carrier[] }) {
    this.#layout = layout;
    this.#fields = new SharedFields(layout, new Int32Array(kinds));
    this.#rings = rings.map((ring, i) => new ProducerRing(ring, layout, transfer[i], this.#fields));
    this.#firstRing = this.#rings[0] as ProducerRing;
    this.#claims = new Claims(this.#firstRing.writer);
    const closePort = transfer[rings.length];
    if (closePort)
      listen(closePort, (acknowledgement) => this.#rings.forEach((ring) => void ring.receive(acknowledgement)));
    this.#spare = sparePlace(layout.keys.length, layout.plain.length + layout.texts.length);
    this.#spareWriter = new EventWriter(
      this.#fields,
      layout.keys.map(() => NO_STRINGS),
      layout.texts.map(() => NO_STRINGS),
    );
  }

  /**
   * Pushes one event; returns 1, or 0 if the ring is full.
   * @throws {OrielError} ERR_ORIEL_TIME, ERR_ORIEL_COLUMN, ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED, ERR_ORIEL_THREAD;
   *   ERR_ORIEL_BUSY if a getter of an event calls it
   */
  push<E extends Event<S>>(event: E): number {
    this.#checkOpen();
    return this.#reading(() => this.#take(event));
  }

  #take(event: unknown): number {
    this.#claims.open = undefined;
    const t = this.#fields.timeOf(event);
    const values = event as Record<string, unknown>;
    this.#fields.adopt();
    const ring = this.#isSpread ? ringOfEvent(this.#rings, this.#layout.keys, values) : this.#ringInTurn();
    const hasRoom = ring.room(1) > 0;
    if (!hasRoom) this.#spareWriter.writeEvent(this.#spare, values, t, 0);
    if (!hasRoom || !ring.writer.writeEvent(ring.segment, values, t, ring.at)) {
      this.#refused++;
      return 0;
    }
    ring.written++;
    ring.publish();
    this.#promiseAfter(t);
    return 1;
  }

  /**
   * Pushes an array or iterable of events, starting at index `from`.
   * @returns how many events went in
   * @throws as `push`
   */
  pushRows<E extends Event<S>>(rows: Iterable<E>, from = 0): number {
    this.#checkOpen();
    return this.#reading(() => this.#takeColumns(this.#fields.columnsOf(rows), from));
  }

  /**
   * Pushes events as columns of equal length, starting at index `from`.
   * @returns how many events went in
   * @throws as `push`, naming column and index
   */
  pushColumns<C extends Columns<S>>(columns: C, from = 0): number {
    this.#checkOpen();
    return this.#reading(() => this.#takeColumns(this.#fields.count(columns), from));
  }

  /**
   * @internal Checks all events, and returns a function. Each call of it writes as many as fit, then waits for room if
   *   some are left; it resolves to true once all are written.
   */
  enter(events: Events): () => Promise<boolean> {
    this.#checkOpen();
    const checked = this.#reading(() =>
      this.#check(Array.isArray(events) ? this.#fields.columnsOf(events) : this.#fields.count(events)),
    );
    let from = 0;
    return async () => {
      this.#checkOpen();
      from += this.#writeAvailable(checked, from);
      if (from < checked.n) await this.ready(Math.min(checked.n - from, RING_EVENTS));
      return from === checked.n;
    };
  }

  /**
   * Returns live views into the ring, for up to n events; they are shorter if fewer consecutive slots are free. Write
   * every column that the spec names, then call `commit`, which ends the claim. A key column of numbers takes the
   * numbers themselves, one of strings the numbers that `keyId` returns.
   * @throws {OrielError} ERR_ORIEL_CLAIM if events are spread over several workers, or n is not a whole number from 1
   *   on
   */
  claim(n: number): Claim<S> {
    this.#checkOpen();
    if (this.#rings.length > 1) {
      throw new OrielError(
        'ERR_ORIEL_CLAIM',
        'claim: expected a stream whose events are not spread over several workers',
      );
    }
    this.#fields.adopt();
    this.#claims.check(n);
    const { segment, at } = this.#firstRing;
    return this.#claims.claim(segment, at, Math.max(0, this.#firstRing.room(n))) as Claim<S>;
  }

  /**
   * Returns the number that stands for a string in a claimed column of keys or measures.
   * @throws {OrielError} ERR_ORIEL_COLUMN; ERR_ORIEL_CLAIM if no more strings can be sent until the worker has read
   *   some
   */
  keyId(key: string | number, column: string | undefined = this.#layout.keys[0]): number {
    this.#checkOpen();
    this.#fields.adopt();
    const number = this.#claims.numberOf(key, column);
    if (number !== undefined) return number;
    throw new OrielError(
      'ERR_ORIEL_CLAIM',
      'keyId: no more strings can be sent until the stream has read some: await ready()',
    );
  }

  /**
   * Checks and pushes the first n events of the claim.
   * @throws {OrielError} ERR_ORIEL_CLAIM, ERR_ORIEL_TIME, ERR_ORIEL_COLUMN
   */
  commit(n: number): void {
    this.#checkOpen();
    this.#claims.checkCount(n);
    const { open } = this.#claims;
    this.#claims.open = n > 0 ? open : undefined;
    if (n === 0 || !open) return;
    const { time, hasTime, timeLimit, now } = this.#fields;
    const times = open.views.times.subarray(open.at, open.at + n);
    if (!hasTime) times.fill(now());
    checkTimes(time, times, timeLimit);
    this.#fields.adopt();
    this.#claims.complete(n);
    this.#claims.open = undefined;
    this.#firstRing.written = n;
    this.#firstRing.publish();
  }

  /**
   * Promises that this producer pushes no more events before `time`.
   * @throws {OrielError} ERR_ORIEL_TIME, ERR_ORIEL_CLOSED
   */
  advance(time: number): void {
    this.#checkOpen();
    const { timeLimit } = this.#layout;
    checkTime('advance', time, timeLimit);
    this.#promise(time);
  }

  /**
   * Resolves when there is room for n events, whatever their keys.
   * @throws {OrielError} ERR_ORIEL_MEMORY if the stream's memory is full, until results are taken; ERR_ORIEL_CLOSED;
   *   ERR_ORIEL_THREAD; ERR_ORIEL_CLAIM if n is not a whole number, 0 or more; ERR_ORIEL_SPEC if an option is invalid;
   *   the reason of `signal` if it is aborted
   */
  async ready(n = 1, options: { signal?: AbortSignal } = {}): Promise<void> {
    const wanted = roomOf('ready', n);
    const signal = signalOf(options);
    for (const ring of this.#rings) {
      while (ring.strings.isStuck && !ring.indices.isConsumerGone) {
        ring.wake();
        await ring.strings.ready(signal);
      }
      await ring.indices.ready(wanted, signal);
      this.#checkOpen();
    }
  }

  /** Like `ready`, but blocks the thread; for use in workers. False if time ran out. @throws as `ready` */
  waitReady(n = 1, timeoutMs = Number.POSITIVE_INFINITY): boolean {
    const wanted = roomOf('waitReady', n);
    checkTimeout(timeoutMs);
    const end = performance.now() + timeoutMs;
    for (const ring of this.#rings) {
      while (ring.strings.isStuck && !ring.indices.isConsumerGone) {
        ring.wake();
        if (!ring.strings.waitReady(end - performance.now())) return false;
      }
      const isReady = ring.indices.waitReady(wanted, end - performance.now());
      this.#checkOpen();
      if (!isReady) return false;
    }
    return true;
  }

  /** @internal Sends pushed events at once, so that they arrive before the next message. */
  flush(): void {
    for (const ring of this.#rings) ring.flush();
  }

  /**
   * Number of events that did not go in because a ring was full, plus those in flight when a worker refused the
   * producer.
   */
  get refused(): number {
    return this.#rings.reduce((sum, { lost }) => sum + lost, this.#refused);
  }

  /** Ends the producer. The stream goes on without it. */
  close(): void {
    if (this.#isEnded) return;
    if (this.#isReading) this.#refuseBusy();
    this.#isEnded = true;
    for (const ring of this.#rings) ring.end();
  }

  /** Runs something that reads what the user gave. */
  #reading<Result>(run: () => Result): Result {
    this.#isReading = true;
    try {
      return run();
    } finally {
      this.#isReading = false;
    }
  }

  #refuseBusy(): never {
    throw new OrielError('ERR_ORIEL_BUSY', 'the producer is taking events: a getter of them may not call it');
  }

  /** @throws {OrielError} ERR_ORIEL_BUSY, ERR_ORIEL_CLOSED, ERR_ORIEL_MEMORY, ERR_ORIEL_THREAD */
  #checkOpen(): void {
    if (this.#isReading) this.#refuseBusy();
    if (this.#isEnded) throw new OrielError('ERR_ORIEL_CLOSED', 'the producer is closed: it takes no more calls');
    for (const { indices, failure } of this.#rings) {
      if (failure) throw failure;
      if (!indices.isConsumerGone) continue;
      if (!indices.isStalled)
        throw new OrielError(
          'ERR_ORIEL_CLOSED',
          'the stream is closed, or its worker has died: it takes no more events',
        );
      throw new OrielError(
        'ERR_ORIEL_MEMORY',
        'the stream has no room for the events that are there: take its results first',
      );
    }
  }

  /** Checks all events, then writes as many as fit; returns how many. */
  #takeColumns(given: GivenColumns, from: number): number {
    const { n } = given;
    if (!Number.isInteger(from) || from < 0 || from > n) {
      throw new OrielError('ERR_ORIEL_COLUMN', `expected a place from 0 to ${n} to begin at, got ${show(from)}`);
    }
    const written = this.#writeAvailable(this.#check(given), from);
    this.#refused += n - from - written;
    return written;
  }

  /** Checks columns and settles their kinds. */
  #check(given: GivenColumns): CheckedColumns {
    const { time, timeLimit } = this.#fields;
    const times = ownNumbers(this.#fields.timesOf(given));
    checkTimes(time, times, timeLimit);
    this.#fields.adopt();
    const columns = this.#fields.check(given, times);
    this.#fields.settle(columns.kinds);
    return { ...columns, keys: columns.keys.map(decodedColumn), texts: columns.texts.map(decodedColumn) };
  }

  /** Writes events from index `from` on, as many as fit; returns how many. */
  #writeAvailable(checked: CheckedColumns, from: number): number {
    const { times, n } = checked;
    this.#claims.open = undefined;
    let i = from;
    while (i < n) {
      const written = this.#isSpread
        ? spread(this.#rings, checked, i, n - i)
        : this.#write(this.#ringInTurn(), checked, i, n - i);
      if (written === 0) break;
      i += written;
    }
    for (const ring of this.#rings) ring.publish();
    if (this.#rings.length > 1) this.#promiseAfter(newestOf(times, from, i));
    return i - from;
  }

  /** Writes up to n consecutive events into one ring; returns how many. */
  #write(ring: ProducerRing, checked: CheckedColumns, from: number, n: number): number {
    const room = Math.max(0, ring.room(n));
    const count = ring.writer.writeColumns(ring.segment, checked, from, room, ring.at);
    ring.written += count;
    return count;
  }

  /** Promises in all rings that no event before `time` comes any more. */
  #promise(time: number): void {
    if (!(time > this.#promised)) return;
    this.#promised = time;
    for (const ring of this.#rings) ring.promise(time);
  }

  /** Promises a time after events up to `newest`, so that workers that got none of them also move on. */
  #promiseAfter(newest: number): void {
    if (this.#rings.length > 1 && this.#layout.hasTime) this.#promise(newest - this.#layout.outOfOrder);
  }

  /** Whether the key chooses the ring. */
  get #isSpread(): boolean {
    return this.#rings.length > 1 && this.#layout.keys.length > 0;
  }

  /** The next ring with room, round robin; any ring if none has room. */
  #ringInTurn(): ProducerRing {
    const rings = this.#rings;
    for (let i = 0; i < rings.length; i++) {
      this.#lastRing = (this.#lastRing + 1) % rings.length;
      if ((rings[this.#lastRing] as ProducerRing).room(1) > 0) break;
    }
    return rings[this.#lastRing] as ProducerRing;
  }
}

/**
 * Opens the producer of a handle: see `WindowedWorker.producer`. A handle is for one thread only.
 * @throws {OrielError} ERR_ORIEL_SPEC if it is no handle
 */
export function producer<S extends Spec = Spec>(handle: ProducerHandle): Producer<S> {
  const { layout, rings, kinds } = handle ?? {};
  let cause: unknown;
  try {
    if (isLayout(layout) && rings?.length > 0 && kinds?.byteLength >= 4 * (layout.keys.length + layout.texts.length)) {
      return new Producer<S>(handle);
    }
  } catch (error) {
    // Views refuse memory that is missing, or too small for the layout.
    cause = error;
  }
  const accepted = 'a handle that producer() of a stream returned';
  throw new OrielError('ERR_ORIEL_SPEC', `producer: expected ${accepted}, got ${show(handle)}`, { cause });
}

/** The room to wait for, if n events are wanted. @throws {OrielError} ERR_ORIEL_CLAIM */
function roomOf(call: string, n: number): number {
  checkCount(call, n);
  return Math.min(n, RING_CAPACITY);
}

function newestOf(times: Numbers, from: number, end: number): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (let i = from; i < end; i++) newest = Math.max(newest, times[i] as number);
  return newest;
}
