/**
 * What gives items one after another, as a stream reads it: as many at a time as are there.
 *
 * Items are only asked for while somebody reads, one by one. Of an asynchronous source there may be one that was asked for and has not come when
 * a read is done; it stays asked for, and is there at the next. Cost: the source's own promise for each item, and one for each read.
 */

import { OrielError, show } from '../base/errors';
import { nextTurn } from '../base/next-turn';

/** An array, a generator, a Node stream, a `ReadableStream` … */
export type Source<Item> = Iterable<Item> | AsyncIterable<Item> | ReadableStream<Item>;

/** Where items go. */
export interface Sink {
  readonly isEmpty: boolean;
  /** Whether there are so many that reading can stop for now. */
  readonly isFull: boolean;
  add(item: unknown): void;
  /** Takes what came after the end, when nobody reads any more. */
  addLast(item: unknown): void;
}

/** For so long others may have to wait for their turn. */
const MAX_RUN_MS = 10;

interface Result {
  readonly done?: boolean | undefined;
  readonly value?: unknown;
}

interface Opened {
  readonly isSync: boolean;
  next(): Result | Promise<Result>;
  /** @param isAsked whether there is an item that was asked for and has not come */
  end(reason: unknown, isAsked: boolean): unknown;
  release?(): void;
}

export class SourceReader {
  readonly #source: Opened;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  #stopped: { readonly reason: unknown } | undefined;
  #ended: Promise<void> | undefined;
  /** Of who waits in `read`. */
  #wake: (() => void) | undefined;
  #isPumping = false;
  #turning: Promise<void> | undefined;
  #rested = performance.now();

  /** @throws {OrielError} ERR_ORIEL_COLUMN where it is no source */
  constructor(source: unknown) {
    this.#source = opened(source);
  }

  /**
   * Puts into the sink what is there: until that is full, or nothing more comes for now. What an asynchronous source gives without waiting for anything
   * but itself counts as there.
   * @param patienceMs to come back after, where nothing comes at all
   * @returns false where no more items come, and the sink is empty
   * @throws what the source threw, or what `stop` was given, when the sink is empty
   */
  async read(sink: Sink, patienceMs: number): Promise<boolean> {
    if (performance.now() - this.#rested > MAX_RUN_MS) await this.#turn(sink);
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

  /** From now on `read` throws the reason. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason };
    this.#wakeUp();
  }

  /** Tells the source that no more is read, unless it has ended by itself. @throws what the source then throws */
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

  async #wait(sink: Sink, patienceMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (!sink.isEmpty) this.#turn(sink);
      else if (patienceMs < Number.POSITIVE_INFINITY) {
        timer = setTimeout(() => this.#wakeUp(), patienceMs);
        // A process in which nothing but this waits may end.
        if (patienceMs > 0) (timer as { unref?(): void }).unref?.();
      }
      if (!this.#isPumping) this.#pump(sink);
    });
    clearTimeout(timer);
  }

  /** Asks for items for as long as somebody waits for them. It never fails. */
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

  /** After a turn of everything else, what is there is given to who waits. */
  #turn(sink: Sink): Promise<void> {
    this.#turning ??= nextTurn().then(() => {
      this.#turning = undefined;
      this.#rested = performance.now();
      if (!sink.isEmpty) this.#wakeUp();
    });
    return this.#turning;
  }

  #fail(error: unknown): void {
    this.#isOver = true;
    this.#failure = { error };
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

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
      // A generator comes to its end only after what it was asked for, and so would a Node stream: who waits for that may wait for ever.
      Promise.resolve(done).catch(() => undefined);
      (given as { destroy?(): void }).destroy?.();
      return undefined;
    },
  };
}
