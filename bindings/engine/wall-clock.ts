/** The clock on the wall, for streams whose events have no time of their own, or whose time goes on when none come. */

import { badTime } from '../input/columns';
import type { CheckedSpec } from '../spec/check';

export class WallClock {
  /** As it was last read. */
  #now = Number.NEGATIVE_INFINITY;
  /** When an event last came. */
  #cameAt = Number.NaN;

  constructor(readonly spec: CheckedSpec) {}

  /** What it says; it never goes back. @throws {OrielError} ERR_ORIEL_TIME where that is no time */
  now(): number {
    const now = this.spec.clock();
    if (typeof now !== 'number' || !(Math.abs(now) <= this.spec.timeLimit)) {
      throw badTime('clock', now, this.spec.timeLimit);
    }
    this.#now = Math.max(this.#now, now);
    return this.#now;
  }

  /** Events came. */
  note(): void {
    if (this.spec.idle < Number.POSITIVE_INFINITY) this.#cameAt = this.now();
  }

  /** The watermark that it gives by itself, with events up to the time `newest`; -Infinity where it gives none. */
  watermark(newest: number): number {
    const { hasTime, idle, outOfOrder, timeLimit } = this.spec;
    if (hasTime && idle === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
    const now = this.now();
    const silence = now - this.#cameAt;
    if (hasTime && !(silence >= idle)) return Number.NEGATIVE_INFINITY;
    // What is known of event time: so long ago it was the newest.
    const watermark = hasTime ? newest + silence - outOfOrder : now;
    return watermark <= timeLimit ? watermark : Number.NEGATIVE_INFINITY;
  }
}
