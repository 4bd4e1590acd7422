/**
 * The producer's side of a stream in workers: checks events on the thread they come from, and writes them into the ring
 * of a worker. There is one ring for each worker; the hash of the key chooses it, and events without a key go round
 * robin.
 */

import { RING_EVENTS } from '../base/core';
import { OrielError, show } from '../base/errors';
import {
  badTime,
  checkGaps,
  checkTimes,
  columnsOfRows,
  lengthOf,
  listOf,
  measuresOf,
  numberOf,
  decodedColumn as plainOf,
  textsOf,
  timesOf,
  valuesOf,
} from '../input/columns';
import { KeyColumn, type KeyKind } from '../input/keys';
import { TextColumn } from '../input/measures';
import { hashOf } from '../input/strings';
import type { Given, Numbers } from '../spec/column-input';
import type { Spec } from '../spec/spec';
import type { Claim, Columns, Event } from '../spec/types';
import type { Events } from '../stream/intake';
import { mixIntoHash, scatter, scratchSpace, workerOfHash } from './partition';
import { ProducerRing } from './producer-ring';
import { KEY_KINDS, type Layout, type ProducerHandle, RING_CAPACITY, type Segment, TEXT_KINDS } from './ring-layout';
import { type Carrier, listen } from './transfer';

/** Columns of n events as a caller gave them. */
interface GivenColumns {
  columns: Record<string, Given>;
  n: number;
}

/** Columns of n events that have been checked. `measures` has the numbers first, then those that may be strings. */
interface Checked {
  times: Numbers;
  measures: readonly Given[];
  keys: readonly Given[];
  n: number;
}

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
  readonly #kinds: Int32Array;
  readonly #keys: readonly KeyColumn[];
  readonly #texts: readonly TextColumn[];
  readonly #firstRing: ProducerRing;
  /** Index of the ring that got the last event, if events have no key. */
  #lastRing = 0;
  /** The numeric measures of the event being pushed. */
  readonly #eventNumbers: Float64Array;
  /** Number of slots claimed. */
  #claimed = 0;
  /** Whether the claimed key column is the column of ids. */
  #claimsIds = false;
  #isEnded = false;
  /** The last time promised. */
  #promised = Number.NEGATIVE_INFINITY;
  #refused = 0;

  /** @internal */
  constructor({ layout, rings, kinds, transfer }: Omit<ProducerHandle, 'transfer'> & { transfer: readonly Carrier[] }) {
    this.#layout = layout;
    this.#kinds = new Int32Array(kinds);
    this.#rings = rings.map((ring, i) => new ProducerRing(ring, layout, transfer[i], this.#kinds));
    this.#firstRing = this.#rings[0] as ProducerRing;
    const closePort = transfer[rings.length];
    if (closePort)
      listen(closePort, (acknowledgement) => this.#rings.forEach((ring) => void ring.receive(acknowledgement)));
    this.#eventNumbers = new Float64Array(layout.plain.length);
    this.#keys = layout.keys.map((name) => new KeyColumn(name));
    this.#texts = layout.texts.map(({ name, accepted, literals }) => new TextColumn(name, accepted, literals, false));
  }

  /**
   * Pushes one event; returns 1, or 0 if the ring is full.
   * @throws {OrielError} ERR_ORIEL_TIME, ERR_ORIEL_COLUMN, ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED, ERR_ORIEL_THREAD
   */
  push<E extends Event<S>>(event: E): number {
    this.#checkOpen();
    if (typeof event !== 'object' || event === null) {
      throw new OrielError('ERR_ORIEL_COLUMN', `push: expected an event, got ${show(event)}`);
    }
    const { layout, fields } = { layout: this.#layout, fields: event as Record<string, unknown> };
    const t = layout.hasTime ? fields[layout.time] : Date.now();
    if (typeof t !== 'number' || !(Math.abs(t) <= layout.timeLimit)) throw badTime(layout.time, t, layout.timeLimit);
    this.#checkEvent(fields);
    const ring = this.#isSpread ? this.#ringOfEvent(fields) : this.#ringInTurn();
    if (ring.room(1) < 1 || !this.#writeEvent(ring, fields)) {
      this.#refused++;
      return 0;
    }
    (ring.segment.times as Float64Array)[ring.at] = t;
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
    return this.#takeColumns(this.#columnsOf(rows), from);
  }

  /**
   * Pushes events as columns of equal length, starting at index `from`.
   * @returns how many events went in
   * @throws as `push`, naming column and index
   */
  pushColumns<C extends Columns<S>>(columns: C, from = 0): number {
    this.#checkOpen();
    if (typeof columns !== 'object' || columns === null) {
      throw new OrielError('ERR_ORIEL_COLUMN', `pushColumns: expected a record of columns, got ${show(columns)}`);
    }
    return this.#takeColumns(this.#givenColumns(columns as never), from);
  }

  /**
   * @internal Checks all events, and returns a function. Each call of it writes as many as fit, then waits for room if
   *   some are left; it resolves to true once all are written.
   */
  enter(events: Events): () => Promise<boolean> {
    this.#checkOpen();
    const given = Array.isArray(events) ? this.#columnsOf(events) : this.#givenColumns(events as Record<string, Given>);
    const checked = this.#check(given);
    let from = 0;
    return async () => {
      this.#checkOpen();
      from += this.#writeAvailable(checked, from);
      if (from < checked.n) await this.ready(Math.min(checked.n - from, RING_EVENTS));
      return from === checked.n;
    };
  }

  #columnsOf(rows: unknown): GivenColumns {
    const { time, hasTime, keys, plain, texts } = this.#layout;
    const list = listOf(rows);
    const others = [...keys, ...texts.map(({ name }) => name)];
    return { columns: columnsOfRows(list, plain, hasTime ? [time, ...others] : others), n: list.length };
  }

  #givenColumns(columns: Record<string, Given>): GivenColumns {
    const { keys, plain, texts, hasTime, time } = this.#layout;
    const name = hasTime ? time : (keys[0] ?? plain[0] ?? texts[0]?.name ?? 'time');
    return { columns, n: lengthOf(columns, name) };
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
    if (!Number.isInteger(n) || n < 1) {
      throw new OrielError('ERR_ORIEL_CLAIM', `claim: expected a whole number from 1 on, got ${show(n)}`);
    }
    this.#readKinds();
    const ring = this.#firstRing;
    const { segment, at } = ring;
    this.#claimed = Math.max(0, ring.room(n));
    this.#claimsIds = this.#isDirect;
    const part = <View extends Float64Array | Uint32Array>(view: View) => view.subarray(at, at + this.#claimed) as View;
    const { time, hasTime, keys, plain, texts } = this.#layout;
    const views: Record<string, Float64Array | Uint32Array> = {};
    [...plain, ...texts.map(({ name }) => name)].forEach((name, i) => {
      views[name] ??= part(segment.measures[i] as Float64Array);
    });
    keys.forEach((name, c) => {
      views[name] = part(this.#isDirect ? segment.ids : (segment.words[c] as Float64Array));
    });
    if (hasTime) views[time] = part(segment.times);
    return views as Claim<S>;
  }

  /**
   * Returns the number that stands for a string in a claimed column of keys or measures.
   * @throws {OrielError} ERR_ORIEL_COLUMN; ERR_ORIEL_CLAIM if no more strings can be sent until the worker has read
   *   some
   */
  keyId(key: string | number, column: string | undefined = this.#layout.keys[0]): number {
    this.#checkOpen();
    this.#readKinds();
    const c = this.#layout.keys.indexOf(column as string);
    const i = this.#layout.texts.findIndex(({ name }) => name === column);
    const found = this.#keys[c] ?? this.#texts[i];
    if (!found) {
      throw new OrielError('ERR_ORIEL_COLUMN', `keyId: expected a column of keys or strings, got ${show(column)}`);
    }
    const kind = found.kindOf(key);
    if (kind !== 'string') return key as number;
    this.#settleKinds(
      this.#keys.map((one) => (one === found ? 'string' : undefined)),
      this.#texts.map((one) => (one === found ? 'string' : undefined)),
    );
    const number =
      c >= 0 ? this.#firstRing.strings.numberOf(c, key as string) : this.#numberOf(this.#firstRing, i, key);
    if (number !== undefined && number >= 0) return number;
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
    if (!Number.isInteger(n) || n < 0 || n > this.#claimed) {
      throw new OrielError(
        'ERR_ORIEL_CLAIM',
        `commit: expected a whole number from 0 to the ${this.#claimed} claimed, got ${show(n)}`,
      );
    }
    const { time, hasTime, timeLimit, keys, plain, texts, gaps } = this.#layout;
    const ring = this.#firstRing;
    const { segment, at } = ring;
    const part = (view: Float64Array) => view.subarray(at, at + n);
    if (!hasTime) segment.times.fill(Date.now(), at, at + n);
    checkTimes(time, part(segment.times), timeLimit);
    this.#readKinds();
    this.#settleKinds(
      this.#keys.map(({ kind }) => kind ?? 'number'),
      this.#texts.map(({ kind }) => kind),
    );
    const bad = (name: string, i: number) =>
      new OrielError('ERR_ORIEL_COLUMN', `column ${show(name)} at index ${i}: expected a number that keyId gave`);
    this.#keys.forEach(({ name, kind }, c) => {
      const words = segment.words[c] as Float64Array;
      const given = this.#claimsIds ? segment.ids : words;
      for (let i = at; i < at + n; i++) {
        if (kind === 'number') words[i] = (words[i] as number) + 0;
        else if (!ring.strings.has(c, given[i] as number)) throw bad(name, i - at);
      }
      if (this.#isDirect && !this.#claimsIds) for (let i = at; i < at + n; i++) segment.ids[i] = words[i] as number;
    });
    const measure = (i: number) => segment.measures[i] as Float64Array;
    plain.forEach((name, i) => {
      const c = keys.indexOf(name);
      if (name === time) part(measure(i)).set(part(segment.times));
      else if (c >= 0) part(measure(i)).set(part(segment.words[c] as Float64Array));
    });
    texts.forEach(({ name, form }, i) => {
      const column = measure(plain.length + i);
      const c = keys.indexOf(name);
      if (c >= 0 || name === time || measure([...plain, ...texts.map((one) => one.name)].indexOf(name)) !== column) {
        throw new OrielError(
          'ERR_ORIEL_COLUMN',
          `claim: column ${show(name)} is used in several ways, which pushColumns sees to`,
        );
      }
      if (this.#texts[i]?.kind !== 'string' || form !== 'kept') return;
      const wrong = part(column).findIndex(
        (number) => !Number.isNaN(number) && !ring.strings.has(keys.length + i, number),
      );
      if (wrong >= 0) throw bad(name, wrong);
    });
    for (const name of gaps) checkGaps(name, part(measure(plain.indexOf(name))));
    this.#claimed = 0;
    ring.written = n;
    ring.publish();
  }

  /**
   * Promises that this producer pushes no more events before `time`.
   * @throws {OrielError} ERR_ORIEL_TIME, ERR_ORIEL_CLOSED
   */
  advance(time: number): void {
    this.#checkOpen();
    const { timeLimit } = this.#layout;
    if (typeof time !== 'number' || !(Math.abs(time) <= timeLimit)) throw badTime('advance', time, timeLimit);
    this.#promise(time);
  }

  /**
   * Resolves when there is room for n events, whatever their keys.
   * @throws {OrielError} ERR_ORIEL_MEMORY if the stream's memory is full, until results are taken; ERR_ORIEL_CLOSED;
   *   ERR_ORIEL_THREAD; the reason of `signal` if it is aborted
   */
  async ready(n = 1, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    const wanted = Math.min(n, RING_CAPACITY);
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
    const end = performance.now() + timeoutMs;
    for (const ring of this.#rings) {
      while (ring.strings.isStuck && !ring.indices.isConsumerGone) {
        ring.wake();
        if (!ring.strings.waitReady(end - performance.now())) return false;
      }
      const isReady = ring.indices.waitReady(Math.min(n, RING_CAPACITY), end - performance.now());
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
    this.#isEnded = true;
    for (const ring of this.#rings) ring.end();
  }

  /** @throws {OrielError} ERR_ORIEL_CLOSED, ERR_ORIEL_MEMORY, ERR_ORIEL_THREAD */
  #checkOpen(): void {
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

  /** Whether the column of ids holds the keys: the only key column has strings. */
  get #isDirect(): boolean {
    return this.#keys.length === 1 && this.#keys[0]?.kind === 'string';
  }

  /** Reads the kinds of columns that other producers have settled. */
  #readKinds(): void {
    const kinds = this.#kinds;
    const keys = this.#keys.length;
    for (let c = 0; c < keys; c++) {
      const column = this.#keys[c] as KeyColumn;
      if (column.kind === undefined) column.kind = KEY_KINDS[Atomics.load(kinds, c) - 1];
    }
    for (let i = 0; i < this.#texts.length; i++) {
      const column = this.#texts[i] as TextColumn;
      if (column.kind === undefined) column.kind = TEXT_KINDS[Atomics.load(kinds, keys + i) - 1];
    }
  }

  /**
   * Checks one event, settles the kinds of its columns, and keeps its numeric measures in `#eventNumbers`. Writes
   * nothing to the ring.
   */
  #checkEvent(fields: Record<string, unknown>): void {
    this.#readKinds();
    let isSettled = true;
    for (const column of this.#keys) {
      column.kindOf(fields[column.name]);
      isSettled &&= column.kind !== undefined;
    }
    for (const column of this.#texts) {
      column.kindOf(fields[column.name]);
      isSettled &&= column.kind !== undefined;
    }
    const { plain, gaps } = this.#layout;
    for (const name of gaps) checkGaps(name, numberOf(name, fields[name]));
    for (let i = 0; i < plain.length; i++)
      this.#eventNumbers[i] = numberOf(plain[i] as string, fields[plain[i] as string]);
    if (isSettled) return;
    this.#settleKinds(
      this.#keys.map((column) => column.kindOf(fields[column.name])),
      this.#texts.map((column) => column.kindOf(fields[column.name])),
    );
  }

  /** Writes a checked event, except its time; false if a string cannot be sent. */
  #writeEvent(ring: ProducerRing, fields: Record<string, unknown>): boolean {
    const { segment, at } = ring;
    const { keys, plain, texts } = this.#layout;
    for (let c = 0; c < keys.length; c++) {
      if (!this.#writeKey(ring, segment, c, fields[keys[c] as string], at)) return false;
    }
    for (let i = 0; i < texts.length; i++) {
      const number = this.#numberOf(ring, i, fields[(texts[i] as { name: string }).name]);
      if (number === undefined) return false;
      (segment.measures[plain.length + i] as Float64Array)[at] = number;
    }
    for (let i = 0; i < plain.length; i++) (segment.measures[i] as Float64Array)[at] = this.#eventNumbers[i] as number;
    return true;
  }

  /**
   * Settles kinds of columns for all producers.
   * @throws {OrielError} ERR_ORIEL_COLUMN if another producer has settled another kind
   */
  #settleKinds(keys: readonly (KeyKind | undefined)[], texts: readonly (string | undefined)[]): void {
    const settle = (column: { name: string; kind: unknown }, at: number, code: number) => {
      if (column.kind !== undefined || code === 0) return;
      const before = Atomics.compareExchange(this.#kinds, at, 0, code);
      if (before === 0 || before === code) return;
      this.#readKinds();
      throw new OrielError(
        'ERR_ORIEL_COLUMN',
        `column ${show(column.name)}: another producer has settled that it holds other values`,
      );
    };
    this.#keys.forEach((column, c) => {
      settle(column, c, 1 + KEY_KINDS.indexOf(keys[c] as KeyKind));
    });
    this.#texts.forEach((column, i) => {
      settle(column, this.#keys.length + i, 1 + TEXT_KINDS.indexOf(texts[i] as 'string'));
    });
    this.#readKinds();
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
  #check({ columns, n }: GivenColumns): Checked {
    const { time, hasTime, timeLimit, plain, gaps } = this.#layout;
    const times = hasTime ? timesOf(columns, time, timeLimit) : new Float64Array(n).fill(Date.now());
    checkTimes(time, times, timeLimit);
    const numbers = plain.map((name) => measuresOf(columns, name, n));
    const keys = this.#keys.map(({ name }) => plainOf(valuesOf(columns, name, n)));
    const texts = this.#texts.map(({ name }) => plainOf(textsOf(columns, name, n)));
    this.#readKinds();
    const kinds = this.#keys.map((column, c) => column.kindOfColumn(keys[c] as Given));
    const textKinds = this.#texts.map((column, i) => column.kindOfColumn(texts[i] as Given));
    for (const name of gaps) checkGaps(name, numbers[plain.indexOf(name)] as Numbers);
    this.#settleKinds(kinds, textKinds);
    return { times, measures: [...numbers, ...texts], keys, n };
  }

  /** Writes events from index `from` on, as many as fit; returns how many. */
  #writeAvailable(checked: Checked, from: number): number {
    const { times, n } = checked;
    this.#claimed = 0;
    let i = from;
    while (i < n) {
      const written = this.#isSpread
        ? this.#spread(checked, i, n - i)
        : this.#write(this.#ringInTurn(), checked, i, n - i);
      if (written === 0) break;
      i += written;
    }
    for (const ring of this.#rings) ring.publish();
    if (this.#rings.length > 1) this.#promiseAfter(newestOf(times, from, i));
    return i - from;
  }

  /** Writes up to n consecutive events into one ring; returns how many. */
  #write(ring: ProducerRing, { times, measures, keys }: Checked, from: number, n: number): number {
    let count = Math.min(n, ring.room(n));
    count = this.#writeKeys(ring, keys, from, count);
    const plain = this.#layout.plain.length;
    count = this.#writeTexts(ring, measures.slice(plain), from, count);
    if (count <= 0) return 0;
    const { segment, at } = ring;
    copy(segment.times, at, times, from, count);
    for (let i = 0; i < plain; i++) copy(segment.measures[i] as Float64Array, at, measures[i] as Numbers, from, count);
    ring.written += count;
    return count;
  }

  /** Writes up to n consecutive events, each into the ring of its key; returns how many. */
  #spread({ times, measures, keys }: Checked, from: number, n: number): number {
    const rings = this.#rings;
    const plain = this.#layout.plain.length;
    let count = this.#assign(keys, from, Math.min(n, RING_EVENTS));
    const { which, places } = scratchSpace;
    const segments = rings.map((ring) => ring.segment);
    keys.forEach((column, c) => {
      for (let i = 0; i < count; i++) {
        const ring = which[i] as number;
        const segment = segments[ring] as Segment;
        if (!this.#writeKey(rings[ring] as ProducerRing, segment, c, column[from + i], places[i] as number)) count = i;
      }
    });
    for (let m = plain; m < measures.length; m++) {
      const into = segments.map((segment) => segment.measures[m] as Float64Array);
      for (let i = 0; i < count; i++) {
        const ring = which[i] as number;
        const number = this.#numberOf(rings[ring] as ProducerRing, m - plain, measures[m]?.[from + i]);
        if (number === undefined) count = i;
        else (into[ring] as Float64Array)[places[i] as number] = number;
      }
    }
    const columns = [times, ...(measures.slice(0, plain) as Numbers[])];
    columns.forEach((column, m) => {
      const into = segments.map((segment) => (m ? segment.measures[m - 1] : segment.times) as Float64Array);
      scatter(into, column, from, count);
    });
    for (let i = 0; i < count; i++) (rings[which[i] as number] as ProducerRing).written++;
    return count;
  }

  /** Assigns up to n events to rings and places (`scratchSpace`), until one of the rings is full; returns how many. */
  #assign(keys: readonly Given[], from: number, n: number): number {
    const { hashes, which, places } = scratchSpace;
    hashes.fill(0, 0, n);
    for (const column of keys) {
      for (let i = 0; i < n; i++) hashes[i] = mixIntoHash(hashes[i] as number, column[from + i]);
    }
    const next = this.#rings.map((ring) => ring.at);
    const ends = this.#rings.map((ring) => ring.at + ring.room(RING_EVENTS));
    for (let i = 0; i < n; i++) {
      const ring = workerOfHash(hashes[i] as number, next.length);
      const place = next[ring] as number;
      if (place >= (ends[ring] as number)) return i;
      next[ring] = place + 1;
      which[i] = ring;
      places[i] = place;
    }
    return n;
  }

  /** Writes one part of a key; false if it is a string that cannot be sent. */
  #writeKey(ring: ProducerRing, segment: Segment, c: number, value: unknown, at: number): boolean {
    const { kind } = this.#keys[c] as KeyColumn;
    const words = segment.words[c] as Float64Array;
    if (kind === 'string') {
      const number = ring.strings.numberOf(c, value as string);
      if (number < 0) return false;
      if (this.#isDirect) segment.ids[at] = number;
      else words[at] = number;
    } else if (kind === 'number') {
      words[at] = (value as number) + 0;
    } else {
      (segment.bits[c] as BigInt64Array)[at] = value as bigint;
    }
    return true;
  }

  /** Writes the keys of up to n events; returns how many, fewer if a string cannot be sent. */
  #writeKeys(ring: ProducerRing, columns: readonly Given[], from: number, n: number): number {
    const { segment, at, strings } = ring;
    let count = n;
    this.#keys.forEach(({ kind }, c) => {
      const column = columns[c] as Given;
      const words = segment.words[c] as Float64Array;
      if (kind === 'string') {
        const into = this.#isDirect ? segment.ids : words;
        for (let i = 0; i < count; i++) {
          const number = strings.numberOf(c, column[from + i] as string);
          if (number < 0) count = i;
          else into[at + i] = number;
        }
      } else if (kind === 'number') {
        for (let i = 0; i < count; i++) words[at + i] = (column[from + i] as number) + 0;
      } else {
        const into = segment.bits[c] as BigInt64Array;
        for (let i = 0; i < count; i++) into[at + i] = column[from + i] as bigint;
      }
    });
    return count;
  }

  /** Writes the measures that may be strings, of up to n events; returns how many, fewer if a string cannot be sent. */
  #writeTexts(ring: ProducerRing, columns: readonly Given[], from: number, n: number): number {
    let count = n;
    columns.forEach((column, i) => {
      const into = ring.segment.measures[this.#layout.plain.length + i] as Float64Array;
      for (let j = 0; j < count; j++) {
        const number = this.#numberOf(ring, i, column[from + j]);
        if (number === undefined) count = j;
        else into[ring.at + j] = number;
      }
    });
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

  /** The number for a value of a measure that may be a string; undefined if its string cannot be sent. */
  #numberOf(ring: ProducerRing, i: number, value: unknown): number | undefined {
    const { form } = this.#layout.texts[i] as Layout['texts'][number];
    if (typeof value !== 'string' || form !== 'kept') {
      if (typeof value === 'string' && form === 'hashed') return hashOf(value);
      return (this.#texts[i] as TextColumn).numberOf(value, form);
    }
    const number = ring.strings.numberOf(this.#keys.length + i, value);
    return number < 0 ? undefined : number;
  }

  /** Whether the key chooses the ring. */
  get #isSpread(): boolean {
    return this.#keys.length > 0 && this.#rings.length > 1;
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

  #ringOfEvent(fields: Record<string, unknown>): ProducerRing {
    let hash = 0;
    for (const name of this.#layout.keys) hash = mixIntoHash(hash, fields[name]);
    return this.#rings[workerOfHash(hash, this.#rings.length)] as ProducerRing;
  }
}

function copy(column: Float64Array, at: number, given: Numbers, from: number, n: number): void {
  column.set(from === 0 && n === given.length ? given : given.subarray(from, from + n), at);
}

/** Opens the producer of a handle: see `WindowedWorker.producer`. A handle is for one thread only. */
export function producer<S extends Spec = Spec>(handle: ProducerHandle): Producer<S> {
  return new Producer<S>(handle);
}

function newestOf(times: Numbers, from: number, end: number): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (let i = from; i < end; i++) newest = Math.max(newest, times[i] as number);
  return newest;
}
