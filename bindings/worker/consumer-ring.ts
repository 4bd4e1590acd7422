/**
 * The worker's side of a producer's ring. It replaces the producer's string numbers by the stream's in place, and
 * commits the events to the stream without copying them.
 */

import { RING_EVENTS } from '../base/core';
import { OrielError } from '../base/errors';
import type { Engine } from '../engine/engine';
import { CONTROL_BYTES, Indices } from '../shared/indices';
import {
  CONTROL,
  layoutOf,
  type ProducerRingHandle,
  RING_CAPACITY,
  SEGMENTS,
  type Segment,
  segmentsAt,
  settledKinds,
} from './ring-layout';
import { IncomingStrings } from './string-sync';
import type { EventsMessage } from './transfer';

export class ConsumerRing {
  readonly indices: Indices;
  readonly #strings: IncomingStrings;
  readonly #segments: readonly Segment[];
  readonly #promise: BigInt64Array;
  /** The producer's string numbers of the first translated column, to restore them if the events are not taken. */
  readonly #originals = new Float64Array(RING_EVENTS);
  /** For each column, by string number: the last batch in which the string occurred. */
  readonly #lastBatches: Uint32Array[];
  #batch = 0;
  /** `#sweepCount` when the translations were last valid. */
  #sweepsSeen: number;
  /**
   * The producer's watermark: the time before which no more events are expected from it; -Infinity before the first
   * event.
   */
  watermark = Number.NEGATIVE_INFINITY;
  /** When the last event came, on the clock of `performance.now()`. */
  lastEventMs = performance.now();

  constructor(
    readonly engine: Engine,
    readonly handle: ProducerRingHandle,
    readonly kinds: Int32Array,
  ) {
    const { buffer, address, bytes, control, definitions } = handle;
    const layout = layoutOf(engine);
    this.indices = new Indices(new Int32Array(control, 0, CONTROL_BYTES / 4), RING_CAPACITY);
    this.#segments = segmentsAt(buffer, address, bytes, layout);
    this.#promise = new BigInt64Array(control);
    const columns = layout.keys.length + layout.texts.length;
    this.#strings = new IncomingStrings(definitions, columns);
    this.#lastBatches = Array.from({ length: columns }, () => new Uint32Array(0));
    this.#sweepsSeen = this.#sweepCount;
  }

  /** Whether the ring is empty and the producer has ended or promised a time beyond its watermark. */
  get hasNews(): boolean {
    return this.indices.available(1) === 0 && (this.isOver || this.#promised() > this.watermark);
  }

  /**
   * Whether there is anything to read: events, or string definitions, for which the producer may be waiting to get
   * room.
   */
  get hasInput(): boolean {
    return this.indices.available(1) > 0 || this.#strings.hasInput;
  }

  /** Whether the producer has ended and all its events are read. */
  get isOver(): boolean {
    return this.indices.isProducerGone && this.indices.available(1) === 0;
  }

  /**
   * Takes up to n consecutive events and returns how many.
   * @throws {OrielError} ERR_ORIEL_MEMORY; then the events stay in the ring unchanged
   */
  take(n: number): number {
    const { engine } = this;
    this.#strings.read();
    const promised = this.#promised();
    const head = this.indices.head & (RING_CAPACITY - 1);
    const at = head & (RING_EVENTS - 1);
    const there = this.indices.available(RING_CAPACITY);
    const count = Math.min(n, RING_EVENTS - at, there);
    if (count === 0) {
      if (there === 0) this.watermark = Math.max(this.watermark, promised);
      return 0;
    }
    const segment = this.#segments[(head / RING_EVENTS) | 0] as Segment;
    const { core, handle, spec } = engine;
    core.exports.useSegment(handle, segment.address, at);
    const scan = engine.scanTimes(at, count);
    if (scan.bad >= 0) {
      throw new OrielError('ERR_ORIEL_TIME', `column ${spec.time}: a producer wrote what is no time`);
    }
    this.#adoptKinds();
    const mark = engine.strings.count;
    const undo = this.#translate(segment, at, count);
    try {
      engine.edges.cover(segment.times.subarray(at, at + count));
      core.batchInUse = [handle, at, count];
      engine.takeWritten(count, scan);
    } catch (error) {
      undo();
      engine.strings.takeBack(mark);
      throw error;
    } finally {
      core.batchInUse = undefined;
    }
    engine.clock.note(engine.clock.arrival());
    this.lastEventMs = performance.now();
    const passed = Math.min(scan.last, engine.newest) - spec.outOfOrder;
    this.watermark = Math.max(this.watermark, passed, count === there ? promised : passed);
    this.indices.release(count);
    engine.settle();
    return count;
  }

  /**
   * Writes events that came as a message into the ring.
   * @throws {OrielError} ERR_ORIEL_COLUMN if another producer has settled another kind
   */
  accept({ n, columns, definitions, kinds, promise, isEnded }: EventsMessage): void {
    kinds.forEach((kind, i) => {
      const mine = this.kinds[i] as number;
      if (mine && kind && mine !== kind)
        throw new OrielError('ERR_ORIEL_COLUMN', 'another producer has settled that a column holds other values');
    });
    kinds.forEach((kind, i) => {
      this.kinds[i] ||= kind;
    });
    this.#strings.feed(definitions);
    const tail = this.indices.tail & (RING_CAPACITY - 1);
    const at = tail & (RING_EVENTS - 1);
    const { times, ids, bits, measures } = this.#segments[(tail / RING_EVENTS) | 0] as Segment;
    [times, ids, ...bits, ...measures].forEach((column, i) => {
      const Kind = column.constructor as new (buffer: ArrayBuffer) => never;
      column.set(new Kind(columns[i] as ArrayBuffer), at);
    });
    if (n) this.indices.publish(n);
    if (promise) Atomics.store(this.#promise, CONTROL.promise, promise);
    if (isEnded) this.indices.endProducing();
  }

  /**
   * The time that the producer has promised. It must be read before the number of events: the promise covers the events
   * published before it.
   */
  #promised(): number {
    scratchBits[0] = Atomics.load(this.#promise, CONTROL.promise);
    return scratchBits[0] === 0n ? Number.NEGATIVE_INFINITY : (scratch[0] as number) + 0;
  }

  /** Adopts the kinds of columns that producers have settled. */
  #adoptKinds(): void {
    this.engine.fields.settle(settledKinds(this.kinds, this.engine.fields));
  }

  /** How often the stream has swept its key strings, after which their numbers may stand for other strings. */
  get #sweepCount(): number {
    return this.engine.keys.columns.reduce((sum, { strings }) => sum + strings.sweeps, 0);
  }

  /** Replaces the producer's string numbers by the stream's. Returns a function that undoes it. */
  #translate(segment: Segment, at: number, n: number): () => void {
    const { keys, plan } = this.engine;
    const sweeps = this.#sweepCount;
    for (let c = 0; sweeps !== this.#sweepsSeen && c < keys.columns.length; c++) this.#strings.forget(c);
    this.#sweepsSeen = sweeps;
    this.#batch++;
    const undo: (() => void)[] = [];
    const change = (
      column: Float64Array | Uint32Array,
      stringColumn: number,
      translate: (value: string) => number,
      touch: boolean,
    ) => {
      const given = undo.length ? new Float64Array(n) : this.#originals;
      for (let i = 0; i < n; i++) given[i] = column[at + i] as number;
      this.#replace(column, at, n, stringColumn, translate, touch);
      undo.push(() => {
        for (let i = 0; i < n; i++) column[at + i] = given[i] as number;
      });
    };
    keys.columns.forEach(({ kind, strings }, c) => {
      if (kind !== 'string') return;
      const column = keys.direct ? segment.ids : (segment.words[c] as Float64Array);
      change(column, c, (value) => strings.numberOf(value), false);
    });
    const { plain, texts } = plan.measures;
    texts.forEach(({ column, form }, i) => {
      if (form !== 'kept' || column.kind !== 'string') return;
      const numbers = segment.measures[plain.length + i] as Float64Array;
      change(numbers, keys.columns.length + i, (value) => column.strings.numberOf(value), true);
    });
    return () => {
      for (const one of undo) one();
    };
  }

  /** @param touch call `translate` for each string of the batch, so that the stream knows that it is still in use */
  #replace(
    column: Float64Array | Uint32Array,
    at: number,
    n: number,
    stringColumn: number,
    translate: (value: string) => number,
    touch: boolean,
  ) {
    const values = this.#strings.values[stringColumn] as string[];
    const translations = this.#strings.translations[stringColumn] as Float64Array;
    if (touch && (this.#lastBatches[stringColumn] as Uint32Array).length === 0)
      this.#lastBatches[stringColumn] = new Uint32Array(translations.length);
    const lastBatches = this.#lastBatches[stringColumn] as Uint32Array;
    const batch = this.#batch;
    for (let i = at; i < at + n; i++) {
      const number = column[i] as number;
      if (Number.isNaN(number)) continue;
      let translated = translations[number] as number;
      if (Number.isNaN(translated) || (touch && lastBatches[number] !== batch)) {
        translated = translate(values[number] as string);
        translations[number] = translated;
        if (touch) lastBatches[number] = batch;
      }
      column[i] = translated;
    }
  }

  /** Frees the columns. */
  destroy(): void {
    this.engine.useOwnColumns();
    this.engine.core.exports.destroySegments(this.handle.address);
  }
}

const scratch = new Float64Array(1);
const scratchBits = new BigInt64Array(scratch.buffer);

/** Allocates the segments of another producer, in the memory of the stream. @throws {OrielError} ERR_ORIEL_MEMORY */
export function createColumns(engine: Engine): { buffer: ArrayBufferLike; address: number; bytes: number } {
  const { core, handle } = engine;
  const bytes = core.exports.segmentBytes(handle);
  engine.open();
  if (!core.exports.reserve(bytes * SEGMENTS + 4096)) {
    throw new OrielError('ERR_ORIEL_MEMORY', 'producer: there is no room for the ring of another producer');
  }
  const address = core.exports.createSegments(handle, SEGMENTS);
  return { buffer: core.buffer, address, bytes };
}
