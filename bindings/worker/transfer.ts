/**
 * Where two threads share no memory: what a producer has written into a ring of its own goes to the other side as columns that change hands, and the
 * places are free again when that says so. The same indices and the same rule of a full ring, a message for each batch.
 */

import { RING_EVENTS } from '../base/core';
import { OrielError, type OrielErrorCode } from '../base/errors';
import { CONTROL_BYTES, Indices } from '../shared/indices';
import { Ring } from '../shared/ring';
import { CONTROL, type Layout, type ProducerRingHandle, RING_CAPACITY, type Segment } from './ring-layout';

/** Events on their way: the bytes of every column, times, ids, words and measures. */
export interface EventsMessage {
  readonly n: number;
  readonly columns: readonly ArrayBuffer[];
  readonly definitions: Uint16Array<ArrayBuffer>;
  readonly kinds: Int32Array<ArrayBuffer>;
  /** As bits of a f64, 0 where there is none. */
  readonly promise: bigint;
  readonly isEnded: boolean;
}

/** What comes back: how many events are free again, whether more are read, and what went wrong. */
export interface Acknowledgement {
  readonly released: number;
  readonly kinds: Int32Array<ArrayBuffer>;
  readonly state: 'open' | 'stalled' | 'gone';
  readonly error?: { code: OrielErrorCode; message: string };
}

/** What parcels go and receipts come through: a port of a channel, or the worker's own where calls are not to overtake events. */
export interface Carrier {
  postMessage(message: EventsMessage | Acknowledgement, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

/** There is nobody any more at the other end. */
export const GONE: Acknowledgement = { released: 0, kinds: new Int32Array(0), state: 'gone' };

/** Receipts as they come; a process or worker in which nothing but this waits may end. */
export function listen(port: Carrier, receive: (receipt: Acknowledgement) => void): void {
  port.onmessage = ({ data }: MessageEvent<Acknowledgement>) => receive(data);
  (port as Partial<{ unref(): void }>).unref?.();
}

export class Transfer {
  readonly #indices: Indices;
  readonly #definitions: Ring<{ unit: 'u16' }>;
  readonly #promise: BigInt64Array;
  readonly #kinds: Int32Array;
  /** Sequence number of the next event to be sent. */
  #sent: number;
  #isWaiting = false;
  /** Whether there is news of the producer that is to be sent, with events or without. */
  #hasNews = false;
  failure: OrielError | undefined;
  /** Events that were on their way when it failed. */
  lost = 0;

  constructor(
    readonly port: Carrier,
    { control, definitions }: ProducerRingHandle,
    readonly layout: Layout,
    readonly segments: readonly Segment[],
    kinds: Int32Array,
  ) {
    this.#indices = new Indices(new Int32Array(control, 0, CONTROL_BYTES / 4), RING_CAPACITY);
    const schema = { unit: 'u16' } as const;
    const capacity = (definitions.byteLength - CONTROL_BYTES) >> 1;
    this.#definitions = new Ring({
      schema,
      capacity: 2 ** Math.floor(Math.log2(capacity)),
      buffer: definitions as never,
    });
    this.#promise = new BigInt64Array(control);
    this.#kinds = kinds;
    this.#sent = this.#indices.head;
    listen(port, (receipt) => this.receive(receipt));
  }

  /** Sends what there is when the code at hand is done, in one go. @param even as of `flush` */
  flushSoon(even = false): void {
    this.#hasNews ||= even;
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    queueMicrotask(() => {
      this.#isWaiting = false;
      this.flush(false);
    });
  }

  /** Sends what there is. @param even where that is no events, but news of the producer */
  flush(even: boolean): void {
    const end = (this.#indices.head + this.#indices.available(RING_CAPACITY)) >>> 0;
    let isFirst = even || this.#hasNews;
    this.#hasNews = false;
    while (this.#sent !== end || isFirst) {
      isFirst = false;
      const at = this.#sent & (RING_EVENTS - 1);
      const n = Math.min((end - this.#sent) >>> 0, RING_EVENTS - at);
      const segment = this.segments[((this.#sent & (RING_CAPACITY - 1)) / RING_EVENTS) | 0] as Segment;
      const columns = [segment.times, segment.ids, ...segment.words, ...segment.measures].map(
        (column) => column.slice(at, at + n).buffer as ArrayBuffer,
      );
      const isLast = (this.#sent + n) >>> 0 === end;
      const parcel: EventsMessage = {
        n,
        columns,
        definitions: this.#definitions.take().columns.unit as Uint16Array<ArrayBuffer>,
        kinds: this.#kinds.slice(),
        // Not before the last of the events that it was made after.
        promise: isLast ? Atomics.load(this.#promise, CONTROL.promise) : 0n,
        isEnded: this.#indices.isProducerGone && (this.#sent + n) >>> 0 === end,
      };
      this.#sent = (this.#sent + n) >>> 0;
      this.port.postMessage(parcel, [...columns, parcel.definitions.buffer]);
    }
  }

  receive({ released, kinds, state, error }: Acknowledgement): void {
    kinds.forEach((kind, i) => {
      this.#kinds[i] ||= kind;
    });
    if (error) this.failure = new OrielError(error.code, error.message);
    if (state === 'stalled') this.#indices.stall();
    else this.#indices.resume();
    if (state === 'gone' || error) this.#indices.endConsuming();
    if (released) this.#indices.release(released);
    if (error) this.lost = this.#indices.available(RING_CAPACITY);
  }
}
