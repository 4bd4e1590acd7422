/**
 * A ring buffer of columns between two threads: one producer, one consumer, both wait-free.
 *
 *     control   see indices.ts
 *     columns   `capacity` values each
 *
 * Event s is stored at index s & (capacity - 1). Only the consumer reads and releases the events in [head, tail); only
 * the producer writes and publishes the slots in [tail, head + capacity).
 */

import { OrielError, show } from '../base/errors';
import { setField } from '../base/record';
import { checkTimeout, signalOf } from '../base/waiting';
import { CONTROL_BYTES, Indices } from './indices';

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

/** The type of a column's values. */
export type ColumnType = keyof typeof ARRAYS;
/** The columns of a ring, by name. */
export type Schema = Readonly<Record<string, ColumnType>>;

type ViewConstructor = new (buffer: ArrayBufferLike, at: number, length: number) => unknown;
type ArrayOf<Type extends ColumnType> = InstanceType<(typeof ARRAYS)[Type]>;
/** Live views of whole columns, by name. */
export type RingColumns<S extends Schema> = { readonly [Name in keyof S]: ArrayOf<S[Name]> };
/** Values to copy into a column: bigints for 64-bit integers, numbers otherwise. */
type Values<Type extends ColumnType> = ArrayLike<Type extends 'i64' | 'u64' ? bigint : number>;

/** The form of a ring that `postMessage` can carry; `ring(handle)` on the other thread opens the same ring. */
export interface RingHandle<S extends Schema = Schema> {
  readonly schema: S;
  readonly capacity: number;
  readonly buffer: SharedArrayBuffer;
}

/**
 * A ring of columns in shared memory, for one producer and one consumer; `ring(schema, capacity)` makes one.
 *
 * @example
 * const events = ring({ at: 'f64', id: 'u32' }, 65536);
 * worker.postMessage(events.handle);               // on that thread: const events = ring(handle)
 * const n = events.push({ at: times, id: ids });   // number of events accepted
 */
export class Ring<S extends Schema = Schema> {
  /** Live views of the columns, `capacity` long. They stay valid as long as the ring. */
  readonly columns: RingColumns<S>;
  readonly handle: RingHandle<S>;
  readonly #indices: Indices;
  readonly #mask: number;
  readonly #names: readonly (keyof S & string)[];
  /** Number of events that `push` did not accept because the ring was full. */
  refused = 0;

  /** @internal */
  constructor(handle: RingHandle<S>) {
    this.handle = handle;
    const { schema, capacity, buffer } = handle;
    const columns: Record<string, unknown> = {};
    let at = CONTROL_BYTES;
    for (const [name, type] of Object.entries(schema)) {
      setField(columns, name, new (ARRAYS[type] as ViewConstructor)(buffer, at, capacity));
      at += columnBytes(type, capacity);
    }
    this.columns = columns as RingColumns<S>;
    this.#names = Object.keys(schema);
    this.#indices = new Indices(new Int32Array(buffer, 0, CONTROL_BYTES / 4), capacity);
    this.#mask = capacity - 1;
  }

  /** Maximum number of events that the ring holds. */
  get capacity(): number {
    return this.handle.capacity;
  }

  /**
   * For the producer: returns how many consecutive slots, at most n, can be written from index `writeAt` on in every
   * column; 0 if the ring is full. A claim never wraps: it stops at the end of the columns, and the next one starts at
   * 0.
   * @throws {OrielError} ERR_ORIEL_CLAIM if n is not a whole number, 0 or more
   */
  claim(n: number = this.capacity): number {
    checkCount('claim', n);
    const atEnd = this.capacity - this.writeAt;
    const wanted = n < atEnd ? n : atEnd;
    const free = this.#indices.free(wanted);
    return free < wanted ? free : wanted;
  }

  /** Index of the slot for the next event. */
  get writeAt(): number {
    return this.#indices.tail & this.#mask;
  }

  /**
   * Hands the first n claimed events to the consumer.
   * @throws {OrielError} ERR_ORIEL_CLAIM if n is more than the free slots
   */
  publish(n: number): void {
    if (!Number.isInteger(n) || n < 0 || n > this.#indices.free(n)) {
      throw new OrielError('ERR_ORIEL_CLAIM', `publish: expected a whole number up to the places free, got ${show(n)}`);
    }
    this.#indices.publish(n);
  }

  /**
   * For the consumer: returns how many consecutive events, at most n, can be read from index `readAt` on in every
   * column; 0 if the ring is empty. Like a claim it stops at the end of the columns.
   * @throws as `claim`
   */
  peek(n: number = this.capacity): number {
    checkCount('peek', n);
    const atEnd = this.capacity - this.readAt;
    const wanted = n < atEnd ? n : atEnd;
    const there = this.#indices.available(wanted);
    return there < wanted ? there : wanted;
  }

  /** Index of the oldest event. */
  get readAt(): number {
    return this.#indices.head & this.#mask;
  }

  /** Frees the slots of the oldest n events. @throws {OrielError} ERR_ORIEL_CLAIM if the ring holds fewer */
  release(n: number): void {
    if (!Number.isInteger(n) || n < 0 || n > this.#indices.available(n)) {
      throw new OrielError(
        'ERR_ORIEL_CLAIM',
        `release: expected a whole number up to the events there, got ${show(n)}`,
      );
    }
    this.#indices.release(n);
  }

  /**
   * Copies events into the ring, starting at index `from` of the given columns, which must have equal lengths. Numbers
   * are converted as typed arrays convert them.
   * @returns how many events went in, from `from` on; the others are counted in `refused`
   * @throws {OrielError} ERR_ORIEL_COLUMN; then no event went in
   */
  push(given: { readonly [Name in keyof S]: Values<S[Name]> }, from = 0): number {
    const length = sharedLength(given, this.#names);
    if (!Number.isInteger(from) || from < 0 || from > length) {
      throw new OrielError('ERR_ORIEL_COLUMN', `push: expected a place from 0 to ${length}, got ${show(from)}`);
    }
    const offered = length - from;
    const n = Math.min(offered, this.#indices.free(offered));
    const first = Math.min(n, this.capacity - this.writeAt);
    for (const name of this.#names) {
      try {
        copy(this.columns[name] as never, this.writeAt, given[name] as never, from, first);
        if (first < n) copy(this.columns[name] as never, 0, given[name] as never, from + first, n - first);
      } catch (cause) {
        const kind = this.handle.schema[name];
        throw new OrielError('ERR_ORIEL_COLUMN', `push: column ${show(name)} has values that are no ${kind}`, {
          cause,
        });
      }
    }
    if (n > 0) this.#indices.publish(n);
    this.refused += offered - n;
    return n;
  }

  /** Removes up to n of the oldest events and returns copies of them. @throws as `claim` */
  take(n: number = this.capacity): { readonly length: number; readonly columns: RingColumns<S> } {
    checkCount('take', n);
    const length = Math.min(n, this.#indices.available(n));
    const columns: Record<string, unknown> = {};
    const first = Math.min(length, this.capacity - this.readAt);
    for (const name of this.#names) {
      const column = this.columns[name] as Float64Array;
      const values = new ARRAYS[this.handle.schema[name] as 'f64'](length);
      copy(values, 0, column, this.readAt, first);
      if (first < length) copy(values, first, column, 0, length - first);
      setField(columns, name, values);
    }
    if (length > 0) this.#indices.release(length);
    return { length, columns: columns as RingColumns<S> };
  }

  /**
   * For the producer: resolves to true when n slots are free (all of them if n exceeds the capacity), to false if the
   * consumer has called `cancel` and fewer are free.
   * @throws the reason of `signal` if it is aborted; {OrielError} ERR_ORIEL_CLAIM if n is not a whole number, 0 or
   *   more; ERR_ORIEL_SPEC if an option is invalid
   */
  async ready(n = 1, options: { signal?: AbortSignal } = {}): Promise<boolean> {
    return this.#indices.ready(this.#atMost('ready', n), signalOf(options));
  }

  /**
   * Like `ready`, but blocks the thread; false also if time ran out.
   * @throws {OrielError} ERR_ORIEL_THREAD on the main thread of a page, which must not block; ERR_ORIEL_CLAIM and
   *   ERR_ORIEL_SPEC as `ready`
   */
  waitReady(n = 1, timeoutMs = Number.POSITIVE_INFINITY): boolean {
    checkTimeout(timeoutMs);
    return this.#indices.waitReady(this.#atMost('waitReady', n), timeoutMs);
  }

  /**
   * For the consumer: resolves to true when n events can be read, to false if the producer has called `end` and fewer
   * are left.
   * @throws as `ready`
   */
  async filled(n = 1, options: { signal?: AbortSignal } = {}): Promise<boolean> {
    return this.#indices.filled(this.#atMost('filled', n), signalOf(options));
  }

  /** Like `filled`, but blocks the thread; false also if time ran out. @throws as `waitReady` */
  waitFilled(n = 1, timeoutMs = Number.POSITIVE_INFINITY): boolean {
    checkTimeout(timeoutMs);
    return this.#indices.waitFilled(this.#atMost('waitFilled', n), timeoutMs);
  }

  #atMost(method: string, n: number): number {
    checkCount(method, n);
    return Math.min(n, this.capacity);
  }

  /** For the producer: says that no more events come. Events in the ring can still be read. */
  end(): void {
    this.#indices.endProducing();
  }

  /** For the consumer: says that no more events are read, so that the producer stops waiting for room. */
  cancel(): void {
    this.#indices.endConsuming();
  }

  /** Whether the producer has called `end`; the ring may still hold events. */
  get isEnded(): boolean {
    return this.#indices.isProducerGone;
  }

  /** Whether the consumer has called `cancel`. */
  get isCancelled(): boolean {
    return this.#indices.isConsumerGone;
  }
}

/** Bytes of a column, rounded up so that no two columns share a cache line. */
function columnBytes(type: ColumnType, capacity: number): number {
  return Math.ceil((ARRAYS[type].BYTES_PER_ELEMENT * capacity) / 128) * 128;
}

function bytesOf(schema: Schema, capacity: number): number {
  return Object.values(schema).reduce((sum, type) => sum + columnBytes(type, capacity), CONTROL_BYTES);
}

/** Checks a number of events. @throws {OrielError} ERR_ORIEL_CLAIM */
export function checkCount(method: string, n: number): void {
  if (Number.isInteger(n) && n >= 0) return;
  throw new OrielError('ERR_ORIEL_CLAIM', `${method}: expected a whole number, 0 or more, got ${show(n)}`);
}

/** Copies n values, from index `from` of `given` to index `at` of `column`. */
function copy(column: Float64Array, at: number, given: ArrayLike<number>, from: number, n: number): void {
  // Creating a subarray costs as much as copying 20 values.
  if (n > 20 && ArrayBuffer.isView(given)) {
    const values = given as unknown as Float64Array;
    column.set(from === 0 && n === values.length ? values : values.subarray(from, from + n), at);
    return;
  }
  for (let i = 0; i < n; i++) column[at + i] = given[from + i] as number;
}

/** The length that all given columns have. @throws {OrielError} ERR_ORIEL_COLUMN */
function sharedLength(given: Readonly<Record<string, ArrayLike<unknown>>>, names: readonly string[]): number {
  const length = lengthOf(given?.[names[0] as string]);
  for (const name of names) {
    const actual = lengthOf(given?.[name]);
    if (actual !== undefined && actual === length) continue;
    const expected = length === undefined ? 'an array' : `${length} values, as many as ${show(names[0])} has`;
    const got = actual ?? show(given?.[name]);
    throw new OrielError('ERR_ORIEL_COLUMN', `push: column ${show(name)}: expected ${expected}, got ${got}`);
  }
  return length as number;
}

/** The length of an array; undefined for anything else, such as a function that every object inherits. */
function lengthOf(column: unknown): number | undefined {
  const length = typeof column === 'object' ? (column as ArrayLike<unknown> | null)?.length : undefined;
  return Number.isSafeInteger(length) && (length as number) >= 0 ? length : undefined;
}

const MAX_EVENTS = 2 ** 28;

/**
 * Creates a ring buffer for one producer and one consumer, on the same thread or on two.
 *
 * @param schema the columns and their types: `'f64'`, `'f32'`, `'i8'` to `'i64'`, `'u8'` to `'u64'`
 * @param capacity the number of events it holds, up to 2^28; rounded up to a power of two
 * @throws {OrielError} ERR_ORIEL_SPEC; ERR_ORIEL_MEMORY; ERR_ORIEL_THREAD if memory cannot be shared, as on pages that
 *   are not cross-origin isolated
 */
export function ring<const S extends Schema>(schema: S, capacity: number): Ring<S>;
/** Opens the ring of a handle that another thread sent. */
export function ring<S extends Schema>(handle: RingHandle<S>): Ring<S>;
export function ring(given: Schema | RingHandle, capacity?: number): Ring {
  if (capacity === undefined) {
    if (isHandle(given)) return new Ring(given);
    throw new OrielError('ERR_ORIEL_SPEC', `ring: expected a schema and a capacity, or a handle, got ${show(given)}`);
  }
  if (!isSchema(given)) {
    const accepted = `columns of the types ${Object.keys(ARRAYS).join(', ')}, at least one`;
    throw new OrielError('ERR_ORIEL_SPEC', `ring: schema: expected ${accepted}, got ${show(given)}`);
  }
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_EVENTS) {
    const accepted = 'a whole number from 1 to 2^28';
    throw new OrielError('ERR_ORIEL_SPEC', `ring: capacity: expected ${accepted}, got ${show(capacity)}`);
  }
  if (typeof SharedArrayBuffer === 'undefined') {
    const message = 'ring: memory cannot be shared here; a page has to be cross-origin isolated for that';
    throw new OrielError('ERR_ORIEL_THREAD', message);
  }
  const schema = { ...given };
  const events = 2 ** Math.ceil(Math.log2(capacity));
  const bytes = bytesOf(schema, events);
  try {
    return new Ring({ schema, capacity: events, buffer: new SharedArrayBuffer(bytes) });
  } catch (cause) {
    throw new OrielError('ERR_ORIEL_MEMORY', `ring: capacity: ${capacity} events take ${bytes} bytes`, { cause });
  }
}

function isSchema(given: unknown): given is Schema {
  if (typeof given !== 'object' || given === null) return false;
  const types = Object.values(given);
  return types.length > 0 && types.every((type) => typeof type === 'string' && Object.hasOwn(ARRAYS, type));
}

function isHandle(given: unknown): given is RingHandle {
  const { schema, buffer, capacity } = (given ?? {}) as RingHandle;
  return (
    isSchema(schema) &&
    Number.isInteger(capacity) &&
    capacity >= 1 &&
    Number.isInteger(Math.log2(capacity)) &&
    Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]' &&
    buffer.byteLength === bytesOf(schema, capacity) &&
    // Of an object that only looks like a buffer, a typed array is a copy.
    new Uint8Array(buffer).buffer === buffer
  );
}
