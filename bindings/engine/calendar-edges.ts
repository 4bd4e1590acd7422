/**
 * Lists calendar windows in the core (assembly/window/grid/calendar-list.ts), since only JavaScript knows time zones.
 *
 * Law: from the moment at which an event is covered until the core has taken it, every window that contains its time is
 * listed, and one more on each side. Closed windows are removed only when no covered event waits, so whether an event
 * is late or skipped does not depend on the events around it. The length of the list follows the open windows.
 *
 * Cost: for an event whose windows are all known to be listed, a comparison; otherwise logarithmic time for each of
 * them.
 */

import type { Core } from '../base/core';
import { OrielError } from '../base/errors';
import type { CheckedSpec } from '../spec/check';
import type { Window } from '../spec/windows';

/** Where the windows of one calendar window lie. They are numbered in order of both start and end. */
interface WindowEdges {
  /** Start and end of window k. */
  bounds(k: number): readonly [start: number, end: number];
  /** The numbers of the first and the last window that contain t. */
  around(t: number): readonly [first: number, last: number];
  /** An interval around t in which `around` is constant. */
  block(t: number): readonly [from: number, until: number];
}

function windowEdgesOf(window: Window): WindowEdges {
  const { size: whole, every, grows } = window.calendar as NonNullable<Window['calendar']>;
  const block = (t: number) => [every.edge(every.blockOf(t)), every.edge(every.blockOf(t) + 1)] as const;
  if (whole === every) {
    return {
      bounds: (k) => [every.edge(k), every.edge(k + 1)],
      around: (t) => [every.blockOf(t), every.blockOf(t)],
      block,
    };
  }
  if (!grows) {
    const unit = every.of(1);
    return {
      bounds: (k) => [unit.edge(k * every.n), unit.edge(k * every.n + whole.n)],
      around: (t) => {
        const b = unit.blockOf(t);
        return [Math.floor((b - whole.n) / every.n) + 1, Math.floor(b / every.n)];
      },
      block: (t) => [unit.edge(unit.blockOf(t)), unit.edge(unit.blockOf(t) + 1)],
    };
  }
  return {
    bounds: (k) => [whole.edge(whole.blockOf(every.edge(k))), every.edge(k + 1)],
    around: (t) => [every.blockOf(t), every.blockOf(whole.edge(whole.blockOf(t) + 1)) - 1],
    block,
  };
}

/** The list of one calendar window of the plan. */
class WindowList {
  readonly edges: WindowEdges;
  /** The block of the last time covered, all windows of which are listed. */
  #from = 0;
  #until = 0;

  constructor(
    readonly core: Core,
    readonly stream: number,
    readonly w: number,
    window: Window,
  ) {
    this.edges = windowEdgesOf(window);
  }

  /** Lists the windows around each of the times. @throws {OrielError} ERR_ORIEL_MEMORY */
  cover(times: ArrayLike<number>): void {
    const { exports } = this.core;
    const fresh = new Set<number>();
    for (let i = 0; i < times.length; i++) {
      const t = times[i] as number;
      if (t >= this.#from && t < this.#until) continue;
      [this.#from, this.#until] = this.edges.block(t);
      const [first, last] = this.edges.around(t);
      for (let k = first - 1; k <= last + 1; k++) if (!exports.isListed(this.stream, this.w, k)) fresh.add(k);
    }
    if (fresh.size) this.#list(fresh);
  }

  /** Removes the windows that are closed. */
  removeClosed(): void {
    if (this.core.exports.removeClosed(this.stream, this.w)) this.#until = this.#from;
  }

  /** Lists windows that are not listed. */
  #list(fresh: ReadonlySet<number>): void {
    const { exports } = this.core;
    if (!exports.reserveEntries(this.stream, this.w, fresh.size)) {
      this.#until = this.#from;
      throw new OrielError('ERR_ORIEL_MEMORY', 'the stream has no room for the edges of its windows');
    }
    for (const k of fresh) exports.listWindow(this.stream, this.w, k, ...this.edges.bounds(k));
  }
}

/** The lists of a stream's calendar windows. */
export class Edges {
  readonly #lists: readonly WindowList[];
  /** Whether events may wait that are covered and not taken. */
  #waits = false;

  constructor(core: Core, stream: number, { windows }: CheckedSpec) {
    this.#lists = windows.flatMap((window, w) => (window.calendar ? [new WindowList(core, stream, w, window)] : []));
  }

  /**
   * Makes sure that the core knows every window that may contain one of the times of events, until `taken` is called.
   * @throws {OrielError} ERR_ORIEL_MEMORY
   */
  cover(times: ArrayLike<number>): void {
    this.#waits = true;
    for (const list of this.#lists) list.cover(times);
  }

  /** Notes that the core has taken all events that were covered. */
  taken(): void {
    this.#waits = false;
    for (const list of this.#lists) list.removeClosed();
  }

  /**
   * Makes sure that the core knows every window that may contain t, a time that is asked for or moved to.
   * @throws {OrielError} ERR_ORIEL_MEMORY
   */
  coverMoment(t: number): void {
    for (const list of this.#lists) {
      if (!this.#waits) list.removeClosed();
      list.cover([t]);
    }
  }

  /** Start and end of window k, listed or not; undefined if window w is not a calendar window. */
  bounds(w: number, k: number): readonly [number, number] | undefined {
    return this.#edgesOf(w)?.bounds(k);
  }

  /** The least k whose window ends after t; undefined if window w is not a calendar window. */
  oldest(w: number, t: number): number | undefined {
    return this.#edgesOf(w)?.around(t)[0];
  }

  #edgesOf(w: number): WindowEdges | undefined {
    return this.#lists.find((list) => list.w === w)?.edges;
  }
}
