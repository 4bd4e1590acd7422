/**
 * The two indices of a ring between a producer thread and a consumer thread, and how each waits for the other. This
 * file does not know where the events are stored.
 *
 *     control   head │ tail │ room │ events        128 bytes each: the two threads never write to one cache line
 *
 * `head` is the sequence number of the oldest event not yet released, `tail` that of the next event to be published;
 * both grow modulo 2^32. Law: head ≤ tail ≤ head + capacity. Only the consumer writes `head`, only the producer writes
 * `tail` (Lamport, "Specifying concurrent program modules", 1983). Each side caches the other's index and reads it
 * again only if the cached value allows too little (Lê, Guatto, Cohen, Pop, "Correct and efficient bounded FIFO
 * queues", 2013). test/node/laws/ring-model.test.ts checks every interleaving.
 */

import { Signal } from './signal';

/** Places in the control block, in words of 32 bits. */
const HEAD = 0;
const CONSUMER_GONE = 1;
const TAIL = 32;
const PRODUCER_GONE = 33;
const ROOM = 64;
const EVENTS = 96;
const CONTROL_WORDS = 128;

/** A value of CONSUMER_GONE: the consumer has stopped reading, but will come back. 1 says that it has gone for good. */
const STALLED = 2;

/** Size of a ring's control block. */
export const CONTROL_BYTES = CONTROL_WORDS * 4;

export class Indices {
  readonly #words: Int32Array;
  readonly #room: Signal;
  readonly #events: Signal;
  /**
   * The producer's index and its cached copy of the consumer's, then the consumer's index and its cached copy of the
   * producer's. They are signed, because V8 stores an int32 unboxed; differences are the same modulo 2^32.
   */
  #tail: number;
  #headSeen: number;
  #head: number;
  #tailSeen: number;

  /**
   * @param words the control block, all 0 before the first use
   * @param events wakes the consumer; pass one if the consumer waits for several rings at once
   */
  constructor(
    words: Int32Array,
    readonly capacity: number,
    events?: Signal,
  ) {
    this.#words = words;
    this.#room = new Signal(words, ROOM);
    this.#events = events ?? new Signal(words, EVENTS);
    this.#head = this.#headSeen = Atomics.load(words, HEAD);
    this.#tail = this.#tailSeen = Atomics.load(words, TAIL);
  }

  /** Sequence number of the next event to be published, modulo 2^32. */
  get tail(): number {
    return this.#tail >>> 0;
  }

  /** Sequence number of the next event to be released, modulo 2^32. */
  get head(): number {
    return this.#head >>> 0;
  }

  /** Number of free slots: a lower bound if it is at least `wanted`, otherwise the exact number as of now. */
  free(wanted: number): number {
    const free = this.capacity - ((this.#tail - this.#headSeen) | 0);
    if (free >= wanted) return free;
    this.#headSeen = Atomics.load(this.#words, HEAD);
    return this.capacity - ((this.#tail - this.#headSeen) | 0);
  }

  /** Hands the next n slots, already written, to the consumer. */
  publish(n: number): void {
    this.#tail = (this.#tail + n) | 0;
    Atomics.store(this.#words, TAIL, this.#tail);
    this.#events.raise();
  }

  /** Number of events to read: a lower bound if it is at least `wanted`, otherwise the exact number as of now. */
  available(wanted: number): number {
    const there = (this.#tailSeen - this.#head) | 0;
    if (there >= wanted) return there;
    this.#tailSeen = Atomics.load(this.#words, TAIL);
    return (this.#tailSeen - this.#head) | 0;
  }

  /** Frees the slots of the oldest n events, already read. */
  release(n: number): void {
    this.#head = (this.#head + n) | 0;
    Atomics.store(this.#words, HEAD, this.#head);
    this.#room.raise();
  }

  /** Wakes the consumer, so that it checks again for events. */
  wake(): void {
    this.#events.raise();
  }

  /** Marks the producer as gone: it publishes nothing more. Wakes the consumer. */
  endProducing(): void {
    Atomics.store(this.#words, PRODUCER_GONE, 1);
    this.#events.ring();
  }

  /** Marks the consumer as gone: it reads nothing more. Wakes the producer. */
  endConsuming(): void {
    Atomics.store(this.#words, CONSUMER_GONE, 1);
    this.#room.ring();
  }

  /**
   * Marks the consumer as stalled: it reads nothing until `resume`, and until then the producer does not wait for room.
   */
  stall(): void {
    Atomics.compareExchange(this.#words, CONSUMER_GONE, 0, STALLED);
    this.#room.ring();
  }

  /** Ends a stall. */
  resume(): void {
    Atomics.compareExchange(this.#words, CONSUMER_GONE, STALLED, 0);
  }

  get isStalled(): boolean {
    return Atomics.load(this.#words, CONSUMER_GONE) === STALLED;
  }

  /** Whether all events with sequence numbers below `event` have been released. */
  isReleased(event: number): boolean {
    return ((Atomics.load(this.#words, HEAD) - event) | 0) >= 0;
  }

  get isProducerGone(): boolean {
    return Atomics.load(this.#words, PRODUCER_GONE) !== 0;
  }

  get isConsumerGone(): boolean {
    return Atomics.load(this.#words, CONSUMER_GONE) !== 0;
  }

  /** Whether n slots are free, or waiting for them is useless. */
  readonly #hasRoom = (n: number): boolean => this.free(n) >= n || this.isConsumerGone;
  /** A producer is marked as gone after its last event. So callers check `available` again once this says true. */
  readonly #hasEvents = (n: number): boolean => this.available(n) >= n || this.isProducerGone;

  /** Resolves to true when n slots are free, to false if the consumer is gone or stalled and they are not. */
  async ready(n: number, signal?: AbortSignal): Promise<boolean> {
    await this.#room.ready(() => this.#hasRoom(n), signal);
    return this.free(n) >= n;
  }

  /** Blocks until n slots are free; false if the consumer is gone or stalled, or time ran out. */
  waitReady(n: number, timeoutMs?: number): boolean {
    return this.#room.wait(() => this.#hasRoom(n), timeoutMs) && this.free(n) >= n;
  }

  /** Resolves to true when n events can be read, to false if the producer is gone and they cannot. */
  async filled(n: number, signal?: AbortSignal): Promise<boolean> {
    await this.#events.ready(() => this.#hasEvents(n), signal);
    return this.available(n) >= n;
  }

  /** Blocks until n events can be read; false if the producer is gone and they cannot, or time ran out. */
  waitFilled(n: number, timeoutMs?: number): boolean {
    return this.#events.wait(() => this.#hasEvents(n), timeoutMs) && this.available(n) >= n;
  }
}
