/** The producer's side of its ring into one worker. */

import { RING_EVENTS } from '../base/core';
import type { OrielError } from '../base/errors';
import { EventWriter } from '../input/event-writer';
import { CONTROL_BYTES, Indices } from '../shared/indices';
import { Signal } from '../shared/signal';
import { CONTROL, type Layout, type ProducerRingHandle, RING_CAPACITY, type Segment, segmentsAt } from './ring-layout';
import type { SharedFields } from './shared-fields';
import { OutgoingStrings } from './string-sync';
import { type Acknowledgement, type Carrier, Transfer } from './transfer';

export class ProducerRing {
  readonly indices: Indices;
  readonly segments: readonly Segment[];
  readonly strings: OutgoingStrings;
  /** Writes events into the segments. */
  readonly writer: EventWriter;
  readonly #promise: BigInt64Array;
  readonly #transfer: Transfer | undefined;
  /** Number of events written and not yet published. */
  written = 0;

  constructor(handle: ProducerRingHandle, layout: Layout, port: Carrier | undefined, fields: SharedFields) {
    const { buffer, address, bytes, control, definitions, bell } = handle;
    const words = new Int32Array(control, 0, CONTROL_BYTES / 4);
    this.indices = new Indices(words, RING_CAPACITY, new Signal(new Int32Array(bell), 0));
    this.segments = segmentsAt(buffer, address, bytes, layout);
    this.#promise = new BigInt64Array(control);
    const { indices } = this;
    const sent = layout.keys.length + layout.texts.length;
    this.strings = new OutgoingStrings(
      definitions,
      sent,
      (event) => indices.isReleased(event),
      () => (indices.tail + this.written) >>> 0,
    );
    const { tables } = this.strings;
    const keys = layout.keys.length;
    this.writer = new EventWriter(fields, tables.slice(0, keys), tables.slice(keys));
    this.#transfer = port && new Transfer(port, handle, layout, this.segments, fields.words);
  }

  /** Number of free slots, at most n, that follow each other from index `at` of `segment` on. */
  room(n: number): number {
    const wanted = Math.min(n, RING_EVENTS - this.at);
    return Math.min(wanted, this.indices.free(this.written + wanted) - this.written);
  }

  /** Index of the next slot in `segment`. */
  get at(): number {
    return (this.indices.tail + this.written) & (RING_EVENTS - 1);
  }

  /** The segment of the next slot. */
  get segment(): Segment {
    return this.segments[(((this.indices.tail + this.written) & (RING_CAPACITY - 1)) / RING_EVENTS) | 0] as Segment;
  }

  /** Hands the written events to the worker. */
  publish(): void {
    if (this.written === 0) return;
    const n = this.written;
    this.written = 0;
    this.indices.publish(n);
    this.#transfer?.flushSoon();
  }

  /** Promises that no event before `time` comes any more. */
  promise(time: number): void {
    // All bits 0 mean that nothing was promised, so time 0 is stored as -0.
    scratch[0] = time || -0;
    Atomics.store(this.#promise, CONTROL.promise, bits[0] as bigint);
    this.wake();
  }

  /** Wakes the worker, so that it checks for events, strings and promises. */
  wake(): void {
    this.indices.wake();
    this.#transfer?.flushSoon(true);
  }

  /** Says that no more events come. */
  end(): void {
    this.indices.endProducing();
    this.#transfer?.flush(true);
  }

  /** Sends published events at once, if memory is not shared. */
  flush(): void {
    this.#transfer?.flush(false);
  }

  /** Handles an acknowledgement of the worker, or the owner's message that the stream is closed. */
  receive(acknowledgement: Acknowledgement): void {
    this.#transfer?.receive(acknowledgement);
  }

  /** Number of events in flight when the worker refused the producer. */
  get lost(): number {
    return this.#transfer?.lost ?? 0;
  }

  /** The error with which the worker refused the producer. */
  get failure(): OrielError | undefined {
    return this.#transfer?.failure;
  }
}

const scratch = new Float64Array(1);
const bits = new BigInt64Array(scratch.buffer);
