/**
 * How one thread wakes another, using two words of shared memory:
 *
 *     bell      changes whenever a sleeping thread is to be woken
 *     waiting   1 while a thread may be asleep
 *
 * A thread with nothing to do reads `bell`, sets `waiting`, checks once more for work, and sleeps until `bell` changes.
 * A thread that creates work reads `waiting` afterwards, and rings only if it is set. These four accesses are
 * sequentially consistent, so at least one thread sees the other's write: no thread sleeps while there is work, and
 * `notify` is called only if a thread may be asleep. test/node/laws/ring-model.test.ts checks every interleaving.
 */

import { OrielError } from '../base/errors';
import { isShared } from '../base/shared-memory';

const BELL = 0;
const WAITING = 1;

type Woken = { readonly async: false } | { readonly async: true; readonly value: Promise<unknown> };
type WaitAsync = (words: Int32Array, index: number, value: number, timeoutMs?: number) => Woken;

/** Interval of polling where the engine has no Atomics.waitAsync. */
const POLL_MS = 1;
/** Maximum length of one sleep. The other thread may have died after creating work and before ringing. */
const MAX_SLEEP_MS = 1000;

export class Signal {
  readonly #words: Int32Array;
  readonly #at: number;

  /** @param at index of the first of two words that nothing else uses, in a cache line of their own */
  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
  }

  /** Wakes the waiting thread, if any. Call it after creating the work. */
  raise(): void {
    if (Atomics.load(this.#words, this.#at + WAITING) === 0) return;
    this.ring();
  }

  /** Wakes the waiting thread without checking whether there is one. */
  ring(): void {
    Atomics.store(this.#words, this.#at + WAITING, 0);
    Atomics.add(this.#words, this.#at + BELL, 1);
    Atomics.notify(this.#words, this.#at + BELL);
  }

  /**
   * Blocks the thread until `isReady` returns true; false if time ran out.
   * @throws {OrielError} ERR_ORIEL_THREAD if the thread must not block, as the main thread of a page
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

  /** Resolves when `isReady` returns true. @throws the reason of `signal` if it is aborted */
  async ready(isReady: () => boolean, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (isReady()) return;
    let abort = (): void => undefined;
    const aborted = new Promise<void>((resolve) => {
      abort = resolve;
    });
    signal?.addEventListener('abort', abort);
    // A pending waitAsync does not keep a Node process or worker alive; a timer does.
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

  /** Resolves when the bell is no longer `bell`, after MAX_SLEEP_MS, or after one POLL_MS where it has to poll. */
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
