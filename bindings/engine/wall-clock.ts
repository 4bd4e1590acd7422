/**
 * The wall clock, for streams whose events have no time of their own, or whose event time goes on when no events arrive
 * (`idle`).
 */

import { OrielError } from '../base/errors';
import { checkTime } from '../input/columns';
import type { CheckedSpec } from '../spec/check';

export class WallClock {
  /** The greatest time that the clock has shown. */
  #now = Number.NEGATIVE_INFINITY;
  /** When an event last arrived; only kept with `idle`. */
  #cameAt = Number.NaN;
  #isAsked = false;

  constructor(readonly spec: CheckedSpec) {}

  /**
   * Reads the clock. The result never goes back.
   * @throws {OrielError} ERR_ORIEL_TIME if the clock returns no valid time; ERR_ORIEL_BUSY if the clock calls the
   *   stream
   */
  now(): number {
    if (this.#isAsked) throw new OrielError('ERR_ORIEL_BUSY', 'clock: the stream is waiting for its clock');
    this.#isAsked = true;
    try {
      const now = this.spec.clock();
      checkTime('clock', now, this.spec.timeLimit);
      this.#now = Math.max(this.#now, now);
    } finally {
      this.#isAsked = false;
    }
    return this.#now;
  }

  /** The time of events that arrive now, for `note`. */
  arrival(): number {
    return this.spec.idle < Number.POSITIVE_INFINITY ? this.now() : Number.NaN;
  }

  /** Notes that events arrived. */
  note(arrival: number): void {
    this.#cameAt = arrival;
  }

  /** Whether event time goes on without events. */
  get runs(): boolean {
    return !this.spec.hasTime || this.spec.idle < Number.POSITIVE_INFINITY;
  }

  /** The watermark that follows from the clock alone, if the newest event has time `newest`; -Infinity if none does. */
  watermark(newest: number): number {
    if (!this.runs) return Number.NEGATIVE_INFINITY;
    const { hasTime, idle, outOfOrder, timeLimit } = this.spec;
    const now = this.now();
    const silence = now - this.#cameAt;
    if (hasTime && !(silence >= idle)) return Number.NEGATIVE_INFINITY;
    // Event time is assumed to have gone on for as long as no event has arrived.
    const watermark = hasTime ? newest + silence - outOfOrder : now;
    return watermark <= timeLimit ? watermark : Number.NEGATIVE_INFINITY;
  }
}
