/**
 * A ring buffer of columns between two threads: one producer, one consumer, both wait-free.
 *
 *     control   head │ tail │ room │ events        a line of 128 bytes each, so that no two threads write to one
 *     columns   capacity values each
 *
 * head is the oldest event that is not released yet, tail the next to be published; both grow modulo 2^32, and event s stands at
 * s & (capacity - 1). Law: head ≤ tail ≤ head + capacity. Only the consumer writes head and what is before it, only the producer tail and what is
 * from it on. Either keeps a copy of the other's index and reads it anew only when, going by that, there is too little: Lamport,
 * "Specifying concurrent program modules" (1983), with the indices kept as Lê, Guatto, Cohen, Pop, "Correct and efficient bounded FIFO
 * queues" (2013) do.
 */

import { OrielError, show } from '../errors';
import { Signal } from './signal';

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
};

/** The kind of a column's values. */
export type ColumnType = keyof typeof ARRAYS;
/** The columns of a ring, by name. */
export type Schema = Readonly<Record<string, ColumnType>>;

type ViewConstructor = new (buffer: ArrayBufferLike, at: number, length: number) => unknown;
type ArrayOf<Type extends ColumnType> = InstanceType<(typeof ARRAYS)[Type]>;
/** Live views of whole columns. */
export type RingColumns<S extends Schema> = { readonly [Name in keyof S]: ArrayOf<S[Name]> };
/** Values to be copied into a column: of the same kind, numbers or bigints. */
type Values<Type extends ColumnType> = ArrayLike<Type extends 'i64' | 'u64' ? bigint : number>;

/** What `postMessage` carries to the other thread, where `ring(handle)` is the same ring. */
export interface RingHandle<S extends Schema = Schema> {
  readonly schema: S;
  readonly capacity: number;
  readonly buffer: SharedArrayBuffer;
}

/** Words of the control block. */
const HEAD = 0;
const CONSUMER_GONE = 1;
const TAIL = 32;
const PRODUCER_GONE = 33;
const ROOM = 64;
const EVENTS = 96;
const CONTROL_WORDS = 128;

/** Of CONSUMER_GONE: it comes back. */
const STALLED = 2;

/** Bytes of the control block of a ring. */
export const CONTROL_BYTES = CONTROL_WORDS * 4;

/** The indices of a ring and how the two sides wait for each other; where the events are is not its concern. */
export class Indices {
  readonly #words: Int32Array;
  readonly #room: Signal;
  readonly #events: Signal;
  /** The producer's own, and the consumer's as the producer last saw it; then the other way round. */
  #tail: number;
  #headSeen: number;
  #head: number;
  #tailSeen: number;

  /**
   * @param words the control block, zero before the first use
   * @param events what wakes the consumer, where it waits for more than this ring
   */
  constructor(
    words: Int32Array,
    readonly capacity: number,
    events?: Signal,
  ) {
    this.#words = words;
    this.#room = new Signal(words, ROOM);
    this.#events = events ?? new Signal(words, EVENTS);
    this.#head = this.#headSeen = Atomics.load(words, HEAD) >>> 0;
    this.#tail = this.#tailSeen = Atomics.load(words, TAIL) >>> 0;
  }

  /** Sequence number of the next event to be published, and of the next to be released; modulo 2^32. */
  get tail(): number {
    return this.#tail;
  }

  get head(): number {
    return this.#head;
  }

  /** How many places are free, as far as it matters: where it is fewer than wanted, those are all. */
  free(wanted: number): number {
    let free = this.capacity - ((this.#tail - this.#headSeen) >>> 0);
    if (free >= wanted) return free;
    this.#headSeen = Atomics.load(this.#words, HEAD) >>> 0;
    free = this.capacity - ((this.#tail - this.#headSeen) >>> 0);
    return free;
  }

  /** What was written to the next n places is there for the consumer. */
  publish(n: number): void {
    this.#tail = (this.#tail + n) >>> 0;
    Atomics.store(this.#words, TAIL, this.#tail | 0);
    this.#events.raise();
  }

  /** How many events are there, as far as it matters: where it is fewer than wanted, those are all. */
  there(wanted: number): number {
    const there = (this.#tailSeen - this.#head) >>> 0;
    if (there >= wanted) return there;
    this.#tailSeen = Atomics.load(this.#words, TAIL) >>> 0;
    return (this.#tailSeen - this.#head) >>> 0;
  }

  /** The oldest n events have been read: their places are free. */
  release(n: number): void {
    this.#head = (this.#head + n) >>> 0;
    Atomics.store(this.#words, HEAD, this.#head | 0);
    this.#room.raise();
  }

  /** The consumer looks again what there is. */
  wake(): void {
    this.#events.raise();
  }

  /** Nothing more is published. */
  endProducing(): void {
    Atomics.store(this.#words, PRODUCER_GONE, 1);
    this.#events.ring();
  }

  /** Nothing more is read. */
  endConsuming(): void {
    Atomics.store(this.#words, CONSUMER_GONE, 1);
    this.#room.ring();
  }

  /** Nothing is read for now: nobody waits for room until it is. */
  stall(): void {
    Atomics.store(this.#words, CONSUMER_GONE, STALLED);
    this.#room.ring();
  }

  /** What was stalled is read again. */
  resume(): void {
    Atomics.compareExchange(this.#words, CONSUMER_GONE, STALLED, 0);
  }

  get isStalled(): boolean {
    return Atomics.load(this.#words, CONSUMER_GONE) === STALLED;
  }

  /** Whether an event, by its sequence number, and all before it have been released. */
  isReleased(event: number): boolean {
    return ((Atomics.load(this.#words, HEAD) - event) | 0) >= 0;
  }

  get isProducerGone(): boolean {
    return Atomics.load(this.#words, PRODUCER_GONE) !== 0;
  }

  get isConsumerGone(): boolean {
    return Atomics.load(this.#words, CONSUMER_GONE) !== 0;
  }

  /** Whether n places are free, or never will be. */
  readonly #hasRoom = (n: number): boolean => this.free(n) >= n || this.isConsumerGone;
  /** The producer goes after its last event: it is looked for again once it is known to be gone. */
  readonly #hasEvents = (n: number): boolean => this.there(n) >= n || this.isProducerGone;

  /** Is done when n places are free: true; false where nobody makes room any more. */
  async ready(n: number, signal?: AbortSignal): Promise<boolean> {
    await this.#room.ready(() => this.#hasRoom(n), signal);
    return this.free(n) >= n;
  }

  waitReady(n: number, timeoutMs?: number): boolean {
    return this.#room.wait(() => this.#hasRoom(n), timeoutMs) && this.free(n) >= n;
  }

  /** Is done when n events are there: true; false where no more come. */
  async filled(n: number, signal?: AbortSignal): Promise<boolean> {
    await this.#events.ready(() => this.#hasEvents(n), signal);
    return this.there(n) >= n;
  }

  waitFilled(n: number, timeoutMs?: number): boolean {
    return this.#events.wait(() => this.#hasEvents(n), timeoutMs) && this.there(n) >= n;
  }
}

/**
 * A ring of columns in shared memory, for one thread that produces and one that consumes; `ring(schema, capacity)` makes one.
 *
 * @example
 * const events = ring({ at: 'f64', id: 'u32' }, 65536);
 * worker.postMessage(events.handle);               // there: const events = ring(handle)
 * const n = events.push({ at: times, id: ids });   // how many went in
 */
export class Ring<S extends Schema = Schema> {
  /** Live views of the columns, `capacity` long, good for ever. */
  readonly columns: RingColumns<S>;
  readonly handle: RingHandle<S>;
  readonly #indices: Indices;
  readonly #mask: number;
  readonly #names: readonly (keyof S & string)[];
  /** Events that `push` was given and that did not go in, the ring being full. */
  refused = 0;

  /** @internal */
  constructor(handle: RingHandle<S>) {
    this.handle = handle;
    const { schema, capacity, buffer } = handle;
    const columns: Record<string, unknown> = {};
    let at = CONTROL_BYTES;
    for (const [name, type] of Object.entries(schema)) {
      columns[name] = new (ARRAYS[type] as ViewConstructor)(buffer, at, capacity);
      at += columnBytes(type, capacity);
    }
    this.columns = columns as RingColumns<S>;
    this.#names = Object.keys(schema);
    this.#indices = new Indices(new Int32Array(buffer, 0, CONTROL_WORDS), capacity);
    this.#mask = capacity - 1;
  }

  /** How many events it holds at the most. */
  get capacity(): number {
    return this.handle.capacity;
  }

  /** For the producer: how many of up to n places in a row may be written, from `writeAt` on in every column. 0: it is full. */
  claim(n: number): number {
    const atEnd = this.capacity - this.writeAt;
    const wanted = n < atEnd ? n : atEnd;
    const free = this.#indices.free(wanted);
    return free < wanted ? free : wanted;
  }

  /** Where the next event is written. */
  get writeAt(): number {
    return this.#indices.tail & this.#mask;
  }

  /** Gives the first n claimed events to the consumer. @throws {OrielError} ERR_ORIEL_CLAIM where they are more than may be claimed */
  publish(n: number): void {
    if (!Number.isInteger(n) || n < 0 || n > this.#indices.free(n)) {
      throw new OrielError('ERR_ORIEL_CLAIM', `publish: expected a whole number up to the places free, got ${show(n)}`);
    }
    this.#indices.publish(n);
  }

  /** For the consumer: how many of up to n events in a row are there, from `readAt` on in every column. 0: it is empty. */
  peek(n: number): number {
    const atEnd = this.capacity - this.readAt;
    const wanted = n < atEnd ? n : atEnd;
    const there = this.#indices.there(wanted);
    return there < wanted ? there : wanted;
  }

  /** Where the oldest event stands. */
  get readAt(): number {
    return this.#indices.head & this.#mask;
  }

  /** The oldest n events have been read. @throws {OrielError} ERR_ORIEL_CLAIM where there are not so many */
  release(n: number): void {
    if (!Number.isInteger(n) || n < 0 || n > this.#indices.there(n)) {
      throw new OrielError(
        'ERR_ORIEL_CLAIM',
        `release: expected a whole number up to the events there, got ${show(n)}`,
      );
    }
    this.#indices.release(n);
  }

  /**
   * Copies events in, from place `from` of the given columns on, which are of one length.
   * @returns how many went in, the oldest first; the others are counted as refused
   * @throws {OrielError} ERR_ORIEL_COLUMN
   */
  push(given: { readonly [Name in keyof S]: Values<S[Name]> }, from = 0): number {
    const length = lengthOf(given, this.#names);
    if (!Number.isInteger(from) || from < 0 || from > length) {
      throw new OrielError('ERR_ORIEL_COLUMN', `push: expected a place from 0 to ${length}, got ${show(from)}`);
    }
    let at = from;
    for (let piece = this.claim(length - at); piece > 0; piece = this.claim(length - at)) {
      for (const name of this.#names) copy(this.columns[name] as never, this.writeAt, given[name] as never, at, piece);
      this.#indices.publish(piece);
      at += piece;
      if (at === length) break;
    }
    this.refused += length - at;
    return at - from;
  }

  /** Takes out up to n of the oldest events, as copies. */
  take(n: number = this.capacity): { readonly length: number; readonly columns: RingColumns<S> } {
    const length = Math.min(n, this.#indices.there(n));
    const columns: Record<string, unknown> = {};
    const first = Math.min(length, this.capacity - this.readAt);
    for (const name of this.#names) {
      const column = this.columns[name] as Float64Array;
      const values = new ARRAYS[this.handle.schema[name] as 'f64'](length);
      values.set(column.subarray(this.readAt, this.readAt + first));
      values.set(column.subarray(0, length - first), first);
      columns[name] = values;
    }
    this.#indices.release(length);
    return { length, columns: columns as RingColumns<S> };
  }

  /** For the producer: is done when n places are free, true; false where the consumer has closed. @throws what `signal` was aborted with */
  ready(n = 1, { signal }: { signal?: AbortSignal } = {}): Promise<boolean> {
    return this.#indices.ready(Math.min(n, this.capacity), signal);
  }

  /** The same, standing still: for workers. False also where time ran out. @throws {OrielError} ERR_ORIEL_THREAD on a page */
  waitReady(n = 1, timeoutMs?: number): boolean {
    return this.#indices.waitReady(Math.min(n, this.capacity), timeoutMs);
  }

  /** For the consumer: is done when n events are there, true; false where the producer has closed and there are not so many. @throws as `ready` */
  filled(n = 1, { signal }: { signal?: AbortSignal } = {}): Promise<boolean> {
    return this.#indices.filled(Math.min(n, this.capacity), signal);
  }

  /** The same, standing still. @throws as `waitReady` */
  waitFilled(n = 1, timeoutMs?: number): boolean {
    return this.#indices.waitFilled(Math.min(n, this.capacity), timeoutMs);
  }

  /** For the producer: no more events come. What is there can still be read. */
  end(): void {
    this.#indices.endProducing();
  }

  /** For the consumer: no more events are read, and nobody waits for room. */
  cancel(): void {
    this.#indices.endConsuming();
  }
}

function columnBytes(type: ColumnType, capacity: number): number {
  return (ARRAYS[type].BYTES_PER_ELEMENT * capacity + 127) & ~127;
}

/** Copies n values from place `from` of what was given to place `at` of a column. */
function copy(column: Float64Array, at: number, given: ArrayLike<number>, from: number, n: number): void {
  if (ArrayBuffer.isView(given)) {
    const values = given as unknown as Float64Array;
    column.set(from === 0 && n === values.length ? values : values.subarray(from, from + n), at);
    return;
  }
  for (let i = 0; i < n; i++) column[at + i] = given[from + i] as number;
}

function lengthOf(given: Readonly<Record<string, ArrayLike<unknown>>>, names: readonly string[]): number {
  const length = given[names[0] as string]?.length;
  for (const name of names) {
    if (typeof length === 'number' && given[name]?.length === length) continue;
    const problem = given[name] ? `has ${given[name].length} values: expected ${length}` : 'is missing';
    throw new OrielError('ERR_ORIEL_COLUMN', `push: column ${show(name)} ${problem}`);
  }
  return length as number;
}

const MOST_EVENTS = 2 ** 28;

/**
 * A ring buffer for one producer and one consumer, on threads of their own or on one.
 *
 * @param schema the columns, and what they hold: `'f64'`, `'f32'`, `'i8'` to `'i64'`, `'u8'` to `'u64'`
 * @param capacity how many events it holds; a power of two up to 2^28, others are raised to the next
 * @throws {OrielError} ERR_ORIEL_SPEC; ERR_ORIEL_THREAD where memory cannot be shared, as on pages that are not cross-origin isolated
 */
export function ring<const S extends Schema>(schema: S, capacity: number): Ring<S>;
/** The ring of a handle that another thread sent. */
export function ring<S extends Schema>(handle: RingHandle<S>): Ring<S>;
export function ring(given: Schema | RingHandle, capacity?: number): Ring {
  if (capacity === undefined) {
    if (isHandle(given)) return new Ring(given);
    throw new OrielError('ERR_ORIEL_SPEC', `ring: expected a schema and a capacity, or a handle, got ${show(given)}`);
  }
  const types = Object.values(typeof given === 'object' && given !== null ? given : {});
  if (types.length === 0 || types.some((type) => !Object.hasOwn(ARRAYS, type as string))) {
    const accepted = `columns of the types ${Object.keys(ARRAYS).join(', ')}, at least one`;
    throw new OrielError('ERR_ORIEL_SPEC', `ring: schema: expected ${accepted}, got ${show(given)}`);
  }
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > MOST_EVENTS) {
    const accepted = 'a whole number from 1 to 2^28';
    throw new OrielError('ERR_ORIEL_SPEC', `ring: capacity: expected ${accepted}, got ${show(capacity)}`);
  }
  if (typeof SharedArrayBuffer === 'undefined') {
    const message = 'ring: memory cannot be shared here; a page has to be cross-origin isolated for that';
    throw new OrielError('ERR_ORIEL_THREAD', message);
  }
  const events = 2 ** Math.ceil(Math.log2(capacity));
  const bytes = (types as ColumnType[]).reduce((sum, type) => sum + columnBytes(type, events), CONTROL_BYTES);
  return new Ring({ schema: given as Schema, capacity: events, buffer: new SharedArrayBuffer(bytes) });
}

function isHandle(given: unknown): given is RingHandle {
  const { schema, buffer, capacity } = (given ?? {}) as RingHandle;
  return (
    typeof schema === 'object' &&
    typeof capacity === 'number' &&
    Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]'
  );
}
