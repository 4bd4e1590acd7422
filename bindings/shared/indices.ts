/**
 * The two indices of a ring between a thread that produces and one that consumes, and how either waits for the other. Where the events are is
 * not their concern.
 *
 *     control   head │ tail │ room │ events        a line of 128 bytes each, so that no two threads write to one
 *
 * head is the oldest event that is not released yet, tail the next to be published; both grow modulo 2^32. Law: head ≤ tail ≤ head + capacity. Only the
 * consumer writes head, only the producer tail. Either keeps a copy of the other's and reads it anew only when, going by that, there is
 * too little: Lamport, "Specifying concurrent program modules" (1983), with the indices kept as Lê, Guatto, Cohen, Pop, "Correct and efficient
 * bounded FIFO queues" (2013) do. test/ring-model.test.ts goes through every interleaving.
 */

import { Signal } from './signal';

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

export class Indices {
  readonly #words: Int32Array;
  readonly #room: Signal;
  readonly #events: Signal;
  /**
   * The producer's own, and the consumer's as the producer last saw it; then the other way round. As int32, which V8 keeps without a
   * box: differences are the same.
   */
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
    this.#head = this.#headSeen = Atomics.load(words, HEAD);
    this.#tail = this.#tailSeen = Atomics.load(words, TAIL);
  }

  /** Sequence number of the next event to be published, and of the next to be released; modulo 2^32. */
  get tail(): number {
    return this.#tail >>> 0;
  }

  get head(): number {
    return this.#head >>> 0;
  }

  /** How many places are free, as far as it matters: where it is fewer than wanted, those are all. */
  free(wanted: number): number {
    const free = this.capacity - ((this.#tail - this.#headSeen) | 0);
    if (free >= wanted) return free;
    this.#headSeen = Atomics.load(this.#words, HEAD);
    return this.capacity - ((this.#tail - this.#headSeen) | 0);
  }

  /** What was written to the next n places is there for the consumer. */
  publish(n: number): void {
    this.#tail = (this.#tail + n) | 0;
    Atomics.store(this.#words, TAIL, this.#tail);
    this.#events.raise();
  }

  /** How many events are there, as far as it matters: where it is fewer than wanted, those are all. */
  there(wanted: number): number {
    const there = (this.#tailSeen - this.#head) | 0;
    if (there >= wanted) return there;
    this.#tailSeen = Atomics.load(this.#words, TAIL);
    return (this.#tailSeen - this.#head) | 0;
  }

  /** The oldest n events have been read: their places are free. */
  release(n: number): void {
    this.#head = (this.#head + n) | 0;
    Atomics.store(this.#words, HEAD, this.#head);
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
    Atomics.compareExchange(this.#words, CONSUMER_GONE, 0, STALLED);
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
