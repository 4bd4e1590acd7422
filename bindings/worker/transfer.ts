/**
 * The transport for threads that share no memory. The producer writes into a ring of its own; the columns are copied
 * out and sent as transferred buffers, one message for each batch. A slot is free again when the worker acknowledges
 * its event, so the indices work, and the ring fills up, as in shared memory.
 */

import { RING_EVENTS } from '../base/core';
import { OrielError, type OrielErrorCode } from '../base/errors';
import { CONTROL_BYTES, Indices } from '../shared/indices';
import { Ring } from '../shared/ring';
import { CONTROL, type Layout, type ProducerRingHandle, RING_CAPACITY, type Segment } from './ring-layout';

/** A batch of events: the bytes of every column, in the order times, ids, words, measures. */
export interface EventsMessage {
  readonly n: number;
  readonly columns: readonly ArrayBuffer[];
  readonly definitions: Uint16Array<ArrayBuffer>;
  readonly kinds: Int32Array<ArrayBuffer>;
  /** The time before which no more events come, as the bits of an f64; 0 if there is none. */
  readonly promise: bigint;
  readonly isEnded: boolean;
}

/** The worker's answer: how many slots are free again, whether it reads on, and the error if it failed. */
export interface Acknowledgement {
  readonly released: number;
  readonly kinds: Int32Array<ArrayBuffer>;
  readonly state: 'open' | 'stalled' | 'gone';
  readonly error?: { code: OrielErrorCode; message: string };
}

/**
 * Carries events out and acknowledgements back: a port of a channel, or for the owner's producer the worker itself, so
 * that calls do not overtake events.
 */
export interface Carrier {
  postMessage(message: EventsMessage | Acknowledgement, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

/** Says that the other end no longer exists. */
export const GONE: Acknowledgement = { released: 0, kinds: new Int32Array(0), state: 'gone' };

/** Calls `receive` for each acknowledgement. Listening does not keep a process or worker alive. */
export function listen(port: Carrier, receive: (acknowledgement: Acknowledgement) => void): void {
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
  #isScheduled = false;
  /** Whether to send a message even if there are no events: the producer has promised a time or asked for a wake-up. */
  #hasNews = false;
  failure: OrielError | undefined;
  /** Number of events in flight when it failed. */
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
    listen(port, (acknowledgement) => this.receive(acknowledgement));
  }

  /**
   * Sends all published events in a microtask, so that events of one call share a message.
   * @param force as in `flush`
   */
  flushSoon(force = false): void {
    this.#hasNews ||= force;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.flush(false);
    });
  }

  /** Sends all published events. @param force send a message even if there are no events */
  flush(force: boolean): void {
    const end = (this.#indices.head + this.#indices.available(RING_CAPACITY)) >>> 0;
    let mustSend = force || this.#hasNews;
    this.#hasNews = false;
    while (this.#sent !== end || mustSend) {
      mustSend = false;
      const at = this.#sent & (RING_EVENTS - 1);
      const n = Math.min((end - this.#sent) >>> 0, RING_EVENTS - at);
      const segment = this.segments[((this.#sent & (RING_CAPACITY - 1)) / RING_EVENTS) | 0] as Segment;
      const columns = [segment.times, segment.ids, ...segment.words, ...segment.measures].map(
        (column) => column.slice(at, at + n).buffer as ArrayBuffer,
      );
      const isLast = (this.#sent + n) >>> 0 === end;
      const message: EventsMessage = {
        n,
        columns,
        definitions: this.#definitions.take().columns.unit as Uint16Array<ArrayBuffer>,
        kinds: this.#kinds.slice(),
        // A promise covers the events published before it, so it goes with the last of them.
        promise: isLast ? Atomics.load(this.#promise, CONTROL.promise) : 0n,
        isEnded: this.#indices.isProducerGone && (this.#sent + n) >>> 0 === end,
      };
      this.#sent = (this.#sent + n) >>> 0;
      this.port.postMessage(message, [...columns, message.definitions.buffer]);
    }
  }

  /** Applies an acknowledgement to the indices. */
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
