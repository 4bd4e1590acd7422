/** Where the events of one producer come in: what they are is turned from the producer's terms into the stream's, in place, and taken. */

import { RING_EVENTS } from '../base/core';
import { OrielError } from '../base/errors';
import type { Engine } from '../engine/engine';
import { CONTROL_BYTES, Indices } from '../shared/indices';
import {
  CONTROL,
  KEY_KINDS,
  layoutOf,
  type ProducerRingHandle,
  RING_CAPACITY,
  SEGMENTS,
  type Segment,
  segmentsAt,
  TEXT_KINDS,
} from './ring-layout';
import { IncomingStrings } from './string-sync';
import type { EventsMessage } from './transfer';

export class ConsumerRing {
  readonly indices: Indices;
  readonly #strings: IncomingStrings;
  readonly #segments: readonly Segment[];
  readonly #promise: BigInt64Array;
  /** Numbers of strings as they came, to put back where events are not taken; and for each the batch that last had it. */
  readonly #given = new Float64Array(RING_EVENTS);
  readonly #marks: Uint32Array[];
  #mark = 0;
  #sweeps: number;
  /** The time before which it gives no event any more, as far as it is known; -Infinity before the first. */
  watermark = Number.NEGATIVE_INFINITY;
  /** When the last event came, by the wall. */
  cameAt = performance.now();

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
    this.#marks = Array.from({ length: columns }, () => new Uint32Array(0));
    this.#sweeps = this.#swept;
  }

  /** Whether the producer has said more of time than is known here, or that it has ended. */
  get hasNews(): boolean {
    return this.indices.available(1) === 0 && (this.isOver || this.#promised() > this.watermark);
  }

  /** Whether there is anything to take: events, or strings, which the producer may be waiting to send more of. */
  get isFilled(): boolean {
    return this.indices.available(1) > 0 || this.#strings.areThere;
  }

  /** Whether no more can come. */
  get isOver(): boolean {
    return this.indices.isProducerGone && this.indices.available(1) === 0;
  }

  /** Takes up to n events in a row; how many. @throws {OrielError} ERR_ORIEL_MEMORY where they stay as they are */
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
    if (core.exports.badTime(handle, at, count, spec.timeLimit) >= 0) {
      throw new OrielError('ERR_ORIEL_TIME', `column ${spec.time}: a producer wrote what is no time`);
    }
    this.#settle();
    const last = core.exports.lastTime(handle);
    const back = this.#translate(segment, at, count);
    try {
      engine.edges.cover(segment.times.subarray(at, at + count));
      core.inUse = [handle, at, count];
      engine.takeWritten(count);
    } catch (error) {
      back();
      throw error;
    } finally {
      core.inUse = undefined;
    }
    engine.clock.note();
    this.cameAt = performance.now();
    const passed = Math.min(last, engine.newest) - spec.outOfOrder;
    this.watermark = Math.max(this.watermark, passed, count === there ? promised : passed);
    this.indices.release(count);
    engine.sweep();
    return count;
  }

  /** Puts in events that came as columns. */
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

  /** What the producer has promised; read before its events are. */
  #promised(): number {
    scratchBits[0] = Atomics.load(this.#promise, CONTROL.promise);
    return scratchBits[0] === 0n ? Number.NEGATIVE_INFINITY : (scratch[0] as number) + 0;
  }

  /** Kinds of columns as producers have settled them. */
  #settle(): void {
    const { keys, plan } = this.engine;
    keys.settle(keys.columns.map((_, c) => KEY_KINDS[(this.kinds[c] as number) - 1]));
    plan.measures.columns.forEach((column, i) => {
      column.kind ??= TEXT_KINDS[(this.kinds[keys.columns.length + i] as number) - 1];
    });
  }

  /** How often numbers of strings have been given to others. */
  get #swept(): number {
    return this.engine.keys.columns.reduce((sum, { strings }) => sum + strings.sweeps, 0);
  }

  /** Strings come to have the stream's numbers; how to undo it. */
  #translate(segment: Segment, at: number, n: number): () => void {
    const { keys, plan } = this.engine;
    const swept = this.#swept;
    for (let c = 0; swept !== this.#sweeps && c < keys.columns.length; c++) this.#strings.forget(c);
    this.#sweeps = swept;
    this.#mark++;
    const undo: (() => void)[] = [];
    const change = (
      column: Float64Array | Uint32Array,
      of: number,
      meaning: (value: string) => number,
      touch: boolean,
    ) => {
      const given = undo.length ? new Float64Array(n) : this.#given;
      for (let i = 0; i < n; i++) given[i] = column[at + i] as number;
      this.#replace(column, at, n, of, meaning, touch);
      undo.push(() => {
        for (let i = 0; i < n; i++) column[at + i] = given[i] as number;
      });
    };
    keys.columns.forEach(({ kind, strings }, c) => {
      if (kind !== 'string') return;
      const column = keys.direct ? segment.ids : (segment.words[c] as Float64Array);
      change(column, c, (value) => strings.idOf(value), false);
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

  /** @param touch whether the stream is to know of every string that it came again */
  #replace(
    column: Float64Array | Uint32Array,
    at: number,
    n: number,
    of: number,
    meaning: (value: string) => number,
    touch: boolean,
  ) {
    const values = this.#strings.values[of] as string[];
    const meanings = this.#strings.meanings[of] as Float64Array;
    if (touch && (this.#marks[of] as Uint32Array).length === 0) this.#marks[of] = new Uint32Array(meanings.length);
    const marks = this.#marks[of] as Uint32Array;
    const mark = this.#mark;
    for (let i = at; i < at + n; i++) {
      const number = column[i] as number;
      if (Number.isNaN(number)) continue;
      let means = meanings[number] as number;
      if (Number.isNaN(means) || (touch && marks[number] !== mark)) {
        means = meaning(values[number] as string);
        meanings[number] = means;
        if (touch) marks[number] = mark;
      }
      column[i] = means;
    }
  }

  /** Nothing of it is in use any more. */
  end(): void {
    this.engine.goHome();
    this.engine.core.keepOut.delete(this.handle.address);
    this.engine.core.exports.destroySegments(this.handle.address);
  }
}

const scratch = new Float64Array(1);
const scratchBits = new BigInt64Array(scratch.buffer);

/** Columns for another producer, in the memory of the stream. */
export function createColumns(engine: Engine): { buffer: ArrayBufferLike; address: number; bytes: number } {
  const { core, handle } = engine;
  const bytes = core.exports.segmentBytes(handle);
  if (!core.exports.reserve(bytes * SEGMENTS + 4096)) {
    throw new OrielError('ERR_ORIEL_MEMORY', 'producer: there is no room for the ring of another producer');
  }
  const address = core.exports.createSegments(handle, SEGMENTS);
  core.keepOut.set(address, bytes * SEGMENTS);
  return { buffer: core.buffer, address, bytes };
}
