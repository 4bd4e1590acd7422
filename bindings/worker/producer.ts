/**
 * The side of a stream's events that is on the thread they come from: checked, and written where the thread that aggregates reads them. Where
 * several do, a key goes to the one that its hash says, and each has a ring, a ring.
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
  plain as plainOf,
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
import { hashInto, scratchSpace, withPart, workerOfHash } from './partition';
import { ProducerRing } from './producer-ring';
import { KEY_KINDS, type Layout, type ProducerHandle, RING_CAPACITY, type Segment, TEXT_KINDS } from './ring-layout';
import { type Carrier, listen } from './transfer';

interface Counted {
  columns: Record<string, Given>;
  n: number;
}

/** Columns that were checked, of n events. */
interface Checked {
  times: Numbers;
  measures: readonly Given[];
  keys: readonly Given[];
  n: number;
}

/**
 * A producer of a stream's events: `producer(handle)` on the thread that has them. What a call is given is checked whole; what it gives back is how
 * many events went in, from the first on: fewer than there were where the ring is full. Those can be given again after `ready`.
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
  readonly #alone: ProducerRing;
  /** Where events have no key: of the ring that the last went to. */
  #turn = 0;
  /** Of an event that is being pushed, the measures that are numbers. */
  readonly #row: Float64Array;
  #claimed = 0;
  /** Whether the claimed column of keys is that of ids itself. */
  #claimsIds = false;
  #isEnded = false;
  #promised = Number.NEGATIVE_INFINITY;
  #refused = 0;

  /** @internal */
  constructor({ layout, rings, kinds, transfer }: Omit<ProducerHandle, 'transfer'> & { transfer: readonly Carrier[] }) {
    this.#layout = layout;
    this.#kinds = new Int32Array(kinds);
    this.#rings = rings.map((ring, i) => new ProducerRing(ring, layout, transfer[i], this.#kinds));
    this.#alone = this.#rings[0] as ProducerRing;
    const line = transfer[rings.length];
    if (line) listen(line, (receipt) => this.#rings.forEach((ring) => void ring.hear(receipt)));
    this.#row = new Float64Array(layout.plain.length);
    this.#keys = layout.keys.map((name) => new KeyColumn(name));
    this.#texts = layout.texts.map(({ name, accepted, literals }) => new TextColumn(name, accepted, literals, false));
  }

  /**
   * Takes one event: 1; 0 where the ring is full.
   * @throws {OrielError} ERR_ORIEL_TIME, ERR_ORIEL_COLUMN, ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED, ERR_ORIEL_THREAD
   */
  push<E extends Event<S>>(event: E): number {
    this.#open();
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
    this.#goOn(t);
    return 1;
  }

  /** Takes an array or iterable of events, from place `from` on. @returns how many went in @throws as `push` */
  pushRows<E extends Event<S>>(rows: Iterable<E>, from = 0): number {
    this.#open();
    return this.#take(this.#columnsOf(rows), from);
  }

  /** Takes events as columns of one length, from place `from` on. @returns how many went in @throws as `push`, naming column and index */
  pushColumns<C extends Columns<S>>(columns: C, from = 0): number {
    this.#open();
    if (typeof columns !== 'object' || columns === null) {
      throw new OrielError('ERR_ORIEL_COLUMN', `pushColumns: expected a record of columns, got ${show(columns)}`);
    }
    return this.#take(this.#counted(columns as never), from);
  }

  /** @internal Checks events whole. What it gives back puts them in as far as there is room and waits for more; true once all are in. */
  enter(events: Events): () => Promise<boolean> {
    this.#open();
    const given = Array.isArray(events) ? this.#columnsOf(events) : this.#counted(events as Record<string, Given>);
    const checked = this.#check(given);
    let from = 0;
    return async () => {
      this.#open();
      from += this.#put(checked, from);
      if (from < checked.n) await this.ready(Math.min(checked.n - from, RING_EVENTS));
      return from === checked.n;
    };
  }

  #columnsOf(rows: unknown): Counted {
    const { time, hasTime, keys, plain, texts } = this.#layout;
    const list = listOf(rows);
    const others = [...keys, ...texts.map(({ name }) => name)];
    return { columns: columnsOfRows(list, plain, hasTime ? [time, ...others] : others), n: list.length };
  }

  #counted(columns: Record<string, Given>): Counted {
    const { keys, plain, texts, hasTime, time } = this.#layout;
    const name = hasTime ? time : (keys[0] ?? plain[0] ?? texts[0]?.name ?? 'time');
    return { columns, n: lengthOf(columns, name) };
  }

  /**
   * Room for up to n events in the ring itself: live views, as long as there are places in a row; every column that the spec names must be
   * written. A column of number keys holds the numbers; one of strings the numbers that `keyId` gives. Good until `commit`.
   * @throws {OrielError} ERR_ORIEL_CLAIM where keys are spread over several workers
   */
  claim(n: number): Claim<S> {
    this.#open();
    if (this.#rings.length > 1) {
      throw new OrielError(
        'ERR_ORIEL_CLAIM',
        'claim: expected a stream whose events are not spread over several workers',
      );
    }
    if (!Number.isInteger(n) || n < 1) {
      throw new OrielError('ERR_ORIEL_CLAIM', `claim: expected a whole number from 1 on, got ${show(n)}`);
    }
    this.#learn();
    const ring = this.#alone;
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

  /** What stands for a string in a claimed column: of keys, or of measures. @throws {OrielError} ERR_ORIEL_COLUMN, ERR_ORIEL_CLAIM where the ring is full */
  keyId(key: string | number, column: string | undefined = this.#layout.keys[0]): number {
    this.#open();
    this.#learn();
    const c = this.#layout.keys.indexOf(column as string);
    const i = this.#layout.texts.findIndex(({ name }) => name === column);
    const found = this.#keys[c] ?? this.#texts[i];
    if (!found) {
      throw new OrielError('ERR_ORIEL_COLUMN', `keyId: expected a column of keys or strings, got ${show(column)}`);
    }
    const kind = found.kindOf(key);
    if (kind !== 'string') return key as number;
    this.#settle(
      this.#keys.map((one) => (one === found ? 'string' : undefined)),
      this.#texts.map((one) => (one === found ? 'string' : undefined)),
    );
    const number = c >= 0 ? this.#alone.strings.numberOf(c, key as string) : this.#numberOf(this.#alone, i, key);
    if (number !== undefined && number >= 0) return number;
    throw new OrielError(
      'ERR_ORIEL_CLAIM',
      'keyId: no more strings can be sent until the stream has read some: await ready()',
    );
  }

  /** Takes the first n events of the claim. @throws {OrielError} ERR_ORIEL_CLAIM, ERR_ORIEL_TIME, ERR_ORIEL_COLUMN */
  commit(n: number): void {
    this.#open();
    if (!Number.isInteger(n) || n < 0 || n > this.#claimed) {
      throw new OrielError(
        'ERR_ORIEL_CLAIM',
        `commit: expected a whole number from 0 to the ${this.#claimed} claimed, got ${show(n)}`,
      );
    }
    const { time, hasTime, timeLimit, keys, plain, texts, gaps } = this.#layout;
    const ring = this.#alone;
    const { segment, at } = ring;
    const part = (view: Float64Array) => view.subarray(at, at + n);
    if (!hasTime) segment.times.fill(Date.now(), at, at + n);
    checkTimes(time, part(segment.times), timeLimit);
    this.#learn();
    this.#settle(
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

  /** No event before `time` comes from here any more. @throws {OrielError} ERR_ORIEL_TIME, ERR_ORIEL_CLOSED */
  advance(time: number): void {
    this.#open();
    const { timeLimit } = this.#layout;
    if (typeof time !== 'number' || !(Math.abs(time) <= timeLimit)) throw badTime('advance', time, timeLimit);
    this.#promise(time);
  }

  /**
   * Is done when there is room for n events, whatever their keys.
   * @throws {OrielError} ERR_ORIEL_MEMORY while the stream has no room for what is there, until results are taken; ERR_ORIEL_CLOSED, ERR_ORIEL_THREAD; what
   *   `signal` was aborted with
   */
  async ready(n = 1, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    const wanted = Math.min(n, RING_CAPACITY);
    for (const ring of this.#rings) {
      while (ring.strings.isStuck && !ring.indices.isConsumerGone) {
        ring.wake();
        await ring.strings.ready(signal);
      }
      await ring.indices.ready(wanted, signal);
      this.#open();
    }
  }

  /** The same, standing still: for workers. False where time ran out. @throws as `ready` */
  waitReady(n = 1, timeoutMs = Number.POSITIVE_INFINITY): boolean {
    const end = performance.now() + timeoutMs;
    for (const ring of this.#rings) {
      while (ring.strings.isStuck && !ring.indices.isConsumerGone) {
        ring.wake();
        if (!ring.strings.waitReady(end - performance.now())) return false;
      }
      const isReady = ring.indices.waitReady(Math.min(n, RING_CAPACITY), end - performance.now());
      this.#open();
      if (!isReady) return false;
    }
    return true;
  }

  /** @internal What was given goes on its way before anything else does. */
  flush(): void {
    for (const ring of this.#rings) ring.flush();
  }

  /** Events that a call was given and that did not go in, the ring being full; and those that were on their way when the producer was shut out. */
  get refused(): number {
    return this.#rings.reduce((sum, { lost }) => sum + lost, this.#refused);
  }

  /** No more events come from here; the stream goes on without. */
  close(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const ring of this.#rings) ring.end();
  }

  /** @throws {OrielError} ERR_ORIEL_CLOSED, ERR_ORIEL_MEMORY, ERR_ORIEL_THREAD */
  #open(): void {
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

  /** Whether ids stand for the keys. */
  get #isDirect(): boolean {
    return this.#keys.length === 1 && this.#keys[0]?.kind === 'string';
  }

  /** Kinds that others have settled. */
  #learn(): void {
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

  /** One event; what of it are numbers is kept in `row`, and kinds are settled. Nothing is written. */
  #checkEvent(fields: Record<string, unknown>): void {
    this.#learn();
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
    for (let i = 0; i < plain.length; i++) this.#row[i] = numberOf(plain[i] as string, fields[plain[i] as string]);
    if (isSettled) return;
    this.#settle(
      this.#keys.map((column) => column.kindOf(fields[column.name])),
      this.#texts.map((column) => column.kindOf(fields[column.name])),
    );
  }

  /** Writes what was checked but its time; false where a string cannot be sent. */
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
    for (let i = 0; i < plain.length; i++) (segment.measures[i] as Float64Array)[at] = this.#row[i] as number;
    return true;
  }

  /** Settles kinds for all producers. @throws {OrielError} ERR_ORIEL_COLUMN where another was quicker, with others */
  #settle(keys: readonly (KeyKind | undefined)[], texts: readonly (string | undefined)[]): void {
    const settle = (column: { name: string; kind: unknown }, at: number, code: number) => {
      if (column.kind !== undefined || code === 0) return;
      const before = Atomics.compareExchange(this.#kinds, at, 0, code);
      if (before === 0 || before === code) return;
      this.#learn();
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
    this.#learn();
  }

  /** Checks columns whole and writes as many events as go in. */
  #take(given: Counted, from: number): number {
    const { n } = given;
    if (!Number.isInteger(from) || from < 0 || from > n) {
      throw new OrielError('ERR_ORIEL_COLUMN', `expected a place from 0 to ${n} to begin at, got ${show(from)}`);
    }
    const written = this.#put(this.#check(given), from);
    this.#refused += n - from - written;
    return written;
  }

  #check({ columns, n }: Counted): Checked {
    const { time, hasTime, timeLimit, plain, gaps } = this.#layout;
    const times = hasTime ? timesOf(columns, time, timeLimit) : new Float64Array(n).fill(Date.now());
    checkTimes(time, times, timeLimit);
    const numbers = plain.map((name) => measuresOf(columns, name, n));
    const keys = this.#keys.map(({ name }) => plainOf(valuesOf(columns, name, n)));
    const texts = this.#texts.map(({ name }) => plainOf(textsOf(columns, name, n)));
    this.#learn();
    const kinds = this.#keys.map((column, c) => column.kindOfColumn(keys[c] as Given));
    const textKinds = this.#texts.map((column, i) => column.kindOfColumn(texts[i] as Given));
    for (const name of gaps) checkGaps(name, numbers[plain.indexOf(name)] as Numbers);
    this.#settle(kinds, textKinds);
    return { times, measures: [...numbers, ...texts], keys, n };
  }

  /** Writes as many events as go in, from a place on; how many. */
  #put(checked: Checked, from: number): number {
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
    if (this.#rings.length > 1) this.#goOn(newestOf(times, from, i));
    return i - from;
  }

  /** Writes up to n events in a row into a ring; how many. */
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

  /** Writes up to n events in a row, each into the ring of its key; how many. */
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
      hashInto(into, column, from, count);
    });
    for (let i = 0; i < count; i++) (rings[which[i] as number] as ProducerRing).written++;
    return count;
  }

  /** Which rings up to n events go to, and where there; of how many. */
  #assign(keys: readonly Given[], from: number, n: number): number {
    const { hashes, which, places } = scratchSpace;
    hashes.fill(0, 0, n);
    for (const column of keys) {
      for (let i = 0; i < n; i++) hashes[i] = withPart(hashes[i] as number, column[from + i]);
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

  /** One part of a key; false where it is a string that cannot be sent. */
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

  /** The keys of up to n events; of how many. */
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

  /** The measures that may be strings of up to n events; of how many. */
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

  /** Time goes on in all rings: no event before `time` comes from here any more. */
  #promise(time: number): void {
    if (!(time > this.#promised)) return;
    this.#promised = time;
    for (const ring of this.#rings) ring.promise(time);
  }

  /** A ring that gets no event learns by this how far the others are. */
  #goOn(newest: number): void {
    if (this.#rings.length > 1 && this.#layout.hasTime) this.#promise(newest - this.#layout.outOfOrder);
  }

  /** What stands for a value of a column that may hold strings; undefined where that cannot be sent. */
  #numberOf(ring: ProducerRing, i: number, value: unknown): number | undefined {
    const { form } = this.#layout.texts[i] as Layout['texts'][number];
    if (typeof value !== 'string' || form !== 'kept') {
      if (typeof value === 'string' && form === 'hashed') return hashOf(value);
      return (this.#texts[i] as TextColumn).numberOf(value, form);
    }
    const number = ring.strings.numberOf(this.#keys.length + i, value);
    return number < 0 ? undefined : number;
  }

  /** Whether keys say which ring an event goes to. */
  get #isSpread(): boolean {
    return this.#keys.length > 0 && this.#rings.length > 1;
  }

  /** Where they do not, each in turn that has room, if there is any. */
  #ringInTurn(): ProducerRing {
    const rings = this.#rings;
    for (let i = 0; i < rings.length; i++) {
      this.#turn = (this.#turn + 1) % rings.length;
      if ((rings[this.#turn] as ProducerRing).room(1) > 0) break;
    }
    return rings[this.#turn] as ProducerRing;
  }

  #ringOfEvent(fields: Record<string, unknown>): ProducerRing {
    let hash = 0;
    for (const name of this.#layout.keys) hash = withPart(hash, fields[name]);
    return this.#rings[workerOfHash(hash, this.#rings.length)] as ProducerRing;
  }
}

function copy(column: Float64Array, at: number, given: Numbers, from: number, n: number): void {
  column.set(from === 0 && n === given.length ? given : given.subarray(from, from + n), at);
}

/** The producer of a handle that a stream in workers gave: see `WindowedWorker.producer`. One thread, one producer. */
export function producer<S extends Spec = Spec>(handle: ProducerHandle): Producer<S> {
  return new Producer<S>(handle);
}

function newestOf(times: Numbers, from: number, end: number): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (let i = from; i < end; i++) newest = Math.max(newest, times[i] as number);
  return newest;
}
