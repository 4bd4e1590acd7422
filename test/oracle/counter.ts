/** How much a counter grows from each sample of a key to the next. */

import type { OracleEvent } from './store';

export class Counters {
  readonly #newest = new Map<string, OracleEvent>();

  /** The event with its step, which is NaN if its value is missing. Events must come in order of arrival. */
  counted<Event extends OracleEvent>(event: Event): Event & { step: number } {
    return { ...event, step: this.#step(event) };
  }

  #step(event: OracleEvent): number {
    if (Number.isNaN(event.v)) return Number.NaN;
    const before = this.#newest.get(event.key);
    if (before && event.t < before.t) return 0;
    this.#newest.set(event.key, event);
    if (!before || before.v === event.v) return 0;
    return event.v < before.v ? event.v : event.v - before.v;
  }
}
