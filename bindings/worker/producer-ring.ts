/** A ring of a producer, from the side of the producer: into one worker. */

import { RING_EVENTS } from '../base/core';
import type { OrielError } from '../base/errors';
import { CONTROL_BYTES, Indices } from '../shared/indices';
import { Signal } from '../shared/signal';
import { CONTROL, type Layout, type ProducerRingHandle, RING_CAPACITY, type Segment, segmentsAt } from './ring-layout';
import { OutgoingStrings } from './string-sync';
import { type Acknowledgement, type Carrier, Transfer } from './transfer';

export class ProducerRing {
  readonly indices: Indices;
  readonly segments: readonly Segment[];
  readonly strings: OutgoingStrings;
  readonly #promise: BigInt64Array;
  readonly #relay: Transfer | undefined;
  /** Events written and not yet published. */
  written = 0;

  constructor(handle: ProducerRingHandle, layout: Layout, port: Carrier | undefined, kinds: Int32Array) {
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
    this.#relay = port && new Transfer(port, handle, layout, this.segments, kinds);
  }

  /** How many of n places in a row are free, from `at` of `segment` on. */
  room(n: number): number {
    const wanted = Math.min(n, RING_EVENTS - this.at);
    return Math.min(wanted, this.indices.free(this.written + wanted) - this.written);
  }

  get at(): number {
    return (this.indices.tail + this.written) & (RING_EVENTS - 1);
  }

  get segment(): Segment {
    return this.segments[(((this.indices.tail + this.written) & (RING_CAPACITY - 1)) / RING_EVENTS) | 0] as Segment;
  }

  publish(): void {
    if (this.written === 0) return;
    const n = this.written;
    this.written = 0;
    this.indices.publish(n);
    this.#relay?.flushSoon();
  }

  /** No event before a time comes any more. */
  promise(time: number): void {
    // All bits 0 say that nothing was promised.
    scratch[0] = time || -0;
    Atomics.store(this.#promise, CONTROL.promise, bits[0] as bigint);
    this.wake();
  }

  /** The other side looks what there is. */
  wake(): void {
    this.indices.wake();
    this.#relay?.flushSoon(true);
  }

  end(): void {
    this.indices.endProducing();
    this.#relay?.flush(true);
  }

  /** Sends what waits to be sent. */
  flush(): void {
    this.#relay?.flush(false);
  }

  /** What the other side, or who owns it, says. */
  hear(receipt: Acknowledgement): void {
    this.#relay?.receive(receipt);
  }

  /** Events that the other side did not take, though there was room. */
  get lost(): number {
    return this.#relay?.lost ?? 0;
  }

  /** What went wrong on the way. */
  get failure(): OrielError | undefined {
    return this.#relay?.failure;
  }
}

const scratch = new Float64Array(1);
const bits = new BigInt64Array(scratch.buffer);
