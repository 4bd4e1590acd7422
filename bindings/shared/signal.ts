/**
 * How a thread that has nothing to do is woken by another, over two words of shared memory:
 *
 *     bell      changes whenever somebody is to be woken
 *     waiting   1 while somebody may be asleep
 *
 * Who finds nothing to do sets `waiting`, looks once more whether there is something to do, and sleeps until the bell is no longer what it was before.
 * Who has made something to do looks at `waiting` after that, and only rings where it is set. All four are sequentially consistent:
 * one of the two sees what the other did, so that nobody sleeps while there is something to do; and where nobody sleeps
 * nobody is called. test/ring-model.test.ts goes through every interleaving.
 */

import { OrielError } from '../base/errors';

const BELL = 0;
const WAITING = 1;

type Woken = { readonly async: false } | { readonly async: true; readonly value: Promise<unknown> };
type WaitAsync = (words: Int32Array, index: number, value: number, timeoutMs?: number) => Woken;

/** Where an engine has no way to wait without standing still, it is looked again this often. */
const POLL_MS = 1;
/** No sleep is longer: a thread may have died between its work and its ring. */
const MAX_SLEEP_MS = 1000;

export class Signal {
  readonly #words: Int32Array;
  readonly #at: number;

  /** @param at the first of two words that are nobody else's, on a line of their own */
  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
  }

  /** Wakes who waits; to be called after there is something to do. */
  raise(): void {
    if (Atomics.load(this.#words, this.#at + WAITING) === 0) return;
    this.ring();
  }

  /** The same, whether somebody seems to wait or not. */
  ring(): void {
    Atomics.store(this.#words, this.#at + WAITING, 0);
    Atomics.add(this.#words, this.#at + BELL, 1);
    Atomics.notify(this.#words, this.#at + BELL);
  }

  /**
   * Stands still until there is something to do; false where time ran out. Not on the main thread of a page.
   * @throws {OrielError} ERR_ORIEL_THREAD
   */
  wait(isReady: () => boolean, timeoutMs = Number.POSITIVE_INFINITY): boolean {
    if (isReady()) return true;
    const end = performance.now() + timeoutMs;
    for (;;) {
      const bell = Atomics.load(this.#words, this.#at + BELL);
      Atomics.store(this.#words, this.#at + WAITING, 1);
      if (isReady()) return true;
      const left = end - performance.now();
      if (!(left > 0)) return false;
      try {
        Atomics.wait(this.#words, this.#at + BELL, bell, Math.min(left, MAX_SLEEP_MS));
      } catch (cause) {
        throw new OrielError('ERR_ORIEL_THREAD', 'this thread may not stand still: await instead', { cause });
      }
    }
  }

  /** Is done when there is something to do. @throws what the signal was aborted with */
  async ready(isReady: () => boolean, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (isReady()) return;
    let abort = (): void => undefined;
    const aborted = new Promise<void>((resolve) => {
      abort = resolve;
    });
    signal?.addEventListener('abort', abort);
    // Node would end a process or worker in which nothing but this waits.
    const alive = setInterval(() => undefined, 1 << 30);
    try {
      for (;;) {
        const bell = Atomics.load(this.#words, this.#at + BELL);
        Atomics.store(this.#words, this.#at + WAITING, 1);
        if (isReady()) return;
        await Promise.race([this.#rung(bell), aborted]);
        signal?.throwIfAborted();
      }
    } finally {
      clearInterval(alive);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Is done when the bell is no longer what it was. */
  async #rung(bell: number): Promise<void> {
    const { waitAsync } = Atomics as unknown as { waitAsync?: WaitAsync };
    if (!waitAsync || !isShared(this.#words.buffer)) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      return;
    }
    const woken = waitAsync(this.#words, this.#at + BELL, bell, MAX_SLEEP_MS);
    if (woken.async) await woken.value;
  }
}

/** Whether other threads see the same memory. */
export function isShared(buffer: ArrayBufferLike): boolean {
  return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]';
}
