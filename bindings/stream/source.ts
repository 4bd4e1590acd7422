/**
 * Reads the items of a source, as many at a time as are at hand.
 *
 * Items are requested one by one, and only during a read. When a read of an asynchronous source ends, one item may
 * still be requested; the next read gets it. Cost: the source's own promise for each item, and one promise for each
 * read.
 */

import { OrielError, show } from '../base/errors';
import { nextTurn } from '../base/next-turn';

/**
 * A source of items: an iterable (array, generator), an async iterable (Node stream, async generator) or a
 * `ReadableStream`.
 */
export type Source<Item> = Iterable<Item> | AsyncIterable<Item> | ReadableStream<Item>;

/** What a SourceReader reads into. */
export interface Sink {
  readonly isEmpty: boolean;
  /** Whether reading should stop for now. */
  readonly isFull: boolean;
  add(item: unknown): void;
  /** Takes an item that arrives after `end`, when nothing reads any more. */
  addLast(item: unknown): void;
}

/** A source that never waits is read for this long before other tasks get a turn. */
const MAX_RUN_MS = 10;

interface Result {
  readonly done?: boolean | undefined;
  readonly value?: unknown;
}

/** An opened source: an iterator or a reader. */
interface Opened {
  readonly isSync: boolean;
  next(): Result | Promise<Result>;
  /** Ends it early. @param isAsked whether an item is requested that has not arrived */
  end(reason: unknown, isAsked: boolean): unknown;
  release?(): void;
}

export class SourceReader {
  readonly #source: Opened;
  /** Whether the source has ended by itself or failed. */
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  #stopped: { readonly reason: unknown } | undefined;
  #ended: Promise<void> | undefined;
  /** Resolves the promise that `read` waits for. */
  #wake: (() => void) | undefined;
  /** Whether an item is requested. */
  #isPumping = false;
  /** Resolves when other tasks have had a turn. */
  #turning: Promise<void> | undefined;
  /** When other tasks last had a turn. */
  #lastTurn = performance.now();

  /** @throws {OrielError} ERR_ORIEL_COLUMN if `source` is not a source */
  constructor(source: unknown) {
    this.#source = opened(source);
  }

  /**
   * Adds items to the sink until it is full or the source has nothing more at hand, which for an asynchronous source
   * means for one turn of the event loop.
   * @param patienceMs how long to wait for a first item, in milliseconds, before returning without any
   * @returns false if the source is over and the sink is empty
   * @throws what the source threw, or the reason given to `stop`, once the sink is empty
   */
  async read(sink: Sink, patienceMs: number): Promise<boolean> {
    if (performance.now() - this.#lastTurn > MAX_RUN_MS) await this.#turn(sink);
    if (this.#isOver || this.#stopped) {
      if (!sink.isEmpty) return true;
      if (this.#stopped) throw this.#stopped.reason;
      if (this.#failure) throw this.#failure.error;
      return false;
    }
    if (this.#source.isSync) this.#pull(sink);
    else if (!sink.isFull) await this.#wait(sink, patienceMs);
    return true;
  }

  get isStopped(): boolean {
    return this.#stopped !== undefined;
  }

  /** Stops reading: from now on `read` throws `reason` once the sink is empty. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason };
    this.#wakeUp();
  }

  /** Ends the source, unless it has ended by itself. @throws what the source throws while ending */
  end(reason?: unknown): Promise<void> {
    this.#ended ??= this.#end(reason);
    return this.#ended;
  }

  async #end(reason: unknown): Promise<void> {
    const { end, release } = this.#source;
    try {
      if (!this.#isOver) await end(this.#stopped ? this.#stopped.reason : reason, this.#isPumping);
    } finally {
      release?.();
    }
  }

  /** Reads a synchronous source until the sink is full. */
  #pull(sink: Sink): void {
    try {
      while (!sink.isFull) {
        const { done, value } = this.#source.next() as Result;
        if (done) {
          this.#isOver = true;
          return;
        }
        sink.add(value);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Reads an asynchronous source; see `read`. */
  async #wait(sink: Sink, patienceMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (!sink.isEmpty) this.#turn(sink);
      else if (patienceMs < Number.POSITIVE_INFINITY) {
        timer = setTimeout(() => this.#wakeUp(), patienceMs);
        // This timer alone must not keep a Node process running.
        if (patienceMs > 0) (timer as { unref?(): void }).unref?.();
      }
      if (!this.#isPumping) this.#pump(sink);
    });
    clearTimeout(timer);
  }

  /** Requests items one by one while a `read` waits for them. Never rejects. */
  async #pump(sink: Sink): Promise<void> {
    this.#isPumping = true;
    try {
      while (!this.#isOver && this.#wake && !sink.isFull) {
        const { done, value } = await this.#source.next();
        if (this.#ended) {
          if (!done) sink.addLast(value);
          return;
        }
        if (done) this.#isOver = true;
        else {
          sink.add(value);
          this.#turn(sink);
        }
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#isPumping = false;
    this.#wakeUp();
  }

  /** Gives other tasks a turn, then wakes `read` if the sink has items. */
  #turn(sink: Sink): Promise<void> {
    this.#turning ??= nextTurn().then(() => {
      this.#turning = undefined;
      this.#lastTurn = performance.now();
      if (!sink.isEmpty) this.#wakeUp();
    });
    return this.#turning;
  }

  #fail(error: unknown): void {
    this.#isOver = true;
    this.#failure = { error };
  }

  /** Lets `read` return, if it waits. */
  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/** Opens a source. @throws {OrielError} ERR_ORIEL_COLUMN if it is not one */
function opened(source: unknown): Opened {
  const given = source as Partial<ReadableStream & AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  if (typeof given?.getReader === 'function') {
    const reader = given.getReader();
    return {
      isSync: false,
      next: () => reader.read(),
      end: (reason) => reader.cancel(reason),
      release: () => reader.releaseLock(),
    };
  }
  const isAsync = typeof given?.[Symbol.asyncIterator] === 'function';
  const isIterable = typeof given === 'object' && typeof given?.[Symbol.iterator] === 'function';
  if (!isAsync && !isIterable) {
    const accepted = 'an iterable, an async iterable or a ReadableStream of events';
    throw new OrielError('ERR_ORIEL_COLUMN', `over: expected ${accepted}, got ${show(source)}`);
  }
  const iterator: Iterator<unknown> | AsyncIterator<unknown> = isAsync
    ? (given as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    : (given as Iterable<unknown>)[Symbol.iterator]();
  return {
    isSync: !isAsync,
    next: () => iterator.next(),
    end: (_, isAsked) => {
      const done = iterator.return?.();
      if (!isAsked) return done;
      // A generator, and a Node stream, ends only after the requested item has arrived, which may be never: don't wait
      // for it.
      Promise.resolve(done).catch(() => undefined);
      (given as { destroy?(): void }).destroy?.();
      return undefined;
    },
  };
}
