/**
 * Keeps the core's tables of calendar windows (assembly/window/grid/kind/calendar.ts), since only JavaScript knows time
 * zones.
 *
 * Law: from the moment at which an event is covered until the core has taken it, the table lists every window that
 * contains its time, and one more on each side. Closed windows are removed only when no covered event waits, so whether
 * an event is late or skipped does not depend on the events around it. The table's size follows the open windows.
 *
 * Cost: for a batch whose windows are all listed, a comparison per event. Otherwise the new windows are merged into the
 * table, which is copied once.
 */

import { Stat } from '../../assembly/plan';
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

/** Numbers per entry of a table: number, start and end of a window. */
const WIDTH = 3;
const END = 2;

/** The table of one calendar window of the plan. */
class EdgeTable {
  readonly edges: WindowEdges;
  /** Number, start and end of each listed window, in order of number. */
  #entries = new Float64Array(0);
  /** The block of the last time covered, all windows of which are listed. */
  #from = 0;
  #until = 0;

  constructor(
    readonly core: Core,
    readonly stream: number,
    readonly w: number,
    window: Window,
    readonly allowedLateness: number,
  ) {
    this.edges = windowEdgesOf(window);
  }

  /** Adds the windows around each of the times that are not listed. @throws {OrielError} ERR_ORIEL_MEMORY */
  cover(times: ArrayLike<number>): void {
    const fresh = new Set<number>();
    for (let i = 0; i < times.length; i++) {
      const t = times[i] as number;
      if (t >= this.#from && t < this.#until) continue;
      [this.#from, this.#until] = this.edges.block(t);
      const [first, last] = this.edges.around(t);
      for (let k = first - 1; k <= last + 1; k++) if (!this.#lists(k)) fresh.add(k);
    }
    if (fresh.size) this.#add([...fresh].sort((a, b) => a - b));
  }

  /** Removes the windows that are closed, but for the last of them. */
  removeClosed(): void {
    const watermark = this.core.exports.stat(this.stream, Stat.watermark);
    const open = this.#firstAbove(END, watermark - this.allowedLateness);
    if (open <= 1) return;
    this.#entries = this.#entries.subarray((open - 1) * WIDTH);
    this.#until = this.#from;
  }

  /** Index of the first entry whose number or end is greater than x; the number of entries if there is none. */
  #firstAbove(field: number, x: number): number {
    let low = 0;
    let high = this.#entries.length / WIDTH;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle * WIDTH + field] as number) > x) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #lists(k: number): boolean {
    const i = this.#firstAbove(0, k) - 1;
    return i >= 0 && this.#entries[i * WIDTH] === k;
  }

  /** Adds windows that are not listed, given in ascending order, and writes the table to the core. */
  #add(fresh: readonly number[]): void {
    const { exports } = this.core;
    const length = this.#entries.length / WIDTH + fresh.length;
    // Twice the size of the new table (24 bytes an entry), since the old one exists until the new one is there.
    const bytes = length * 48 + 1024;
    if (bytes > exports.headroom(this.stream) || !exports.reserve(bytes)) {
      this.#until = this.#from;
      throw new OrielError('ERR_ORIEL_MEMORY', 'the stream has no room for the edges of its windows');
    }
    this.#entries = this.#merged(fresh);
    const address = exports.edgeTable(this.stream, this.w, length);
    new Float64Array(this.core.buffer, address, length * WIDTH).set(this.#entries);
  }

  #merged(fresh: readonly number[]): Float64Array<ArrayBuffer> {
    const old = this.#entries;
    const merged = new Float64Array(old.length + fresh.length * WIDTH);
    let from = 0;
    fresh.forEach((k, i) => {
      const until = this.#firstAbove(0, k) * WIDTH;
      merged.set(old.subarray(from, until), from + i * WIDTH);
      merged.set([k, ...this.edges.bounds(k)], until + i * WIDTH);
      from = until;
    });
    merged.set(old.subarray(from), from + fresh.length * WIDTH);
    return merged;
  }
}

/** The tables of a stream's calendar windows. */
export class Edges {
  readonly #tables: readonly EdgeTable[];
  /** Whether events may wait that are covered and not taken. */
  #waits = false;

  constructor(core: Core, stream: number, { windows, allowedLateness }: CheckedSpec) {
    this.#tables = windows.flatMap((window, w) =>
      window.calendar ? [new EdgeTable(core, stream, w, window, allowedLateness)] : [],
    );
  }

  /**
   * Makes sure that the core knows every window that may contain one of the times of events, until `taken` is called.
   * @throws {OrielError} ERR_ORIEL_MEMORY
   */
  cover(times: ArrayLike<number>): void {
    this.#waits = true;
    for (const table of this.#tables) table.cover(times);
  }

  /** Notes that the core has taken all events that were covered. */
  taken(): void {
    this.#waits = false;
    for (const table of this.#tables) table.removeClosed();
  }

  /**
   * Makes sure that the core knows every window that may contain t, a time that is asked for or moved to.
   * @throws {OrielError} ERR_ORIEL_MEMORY
   */
  coverMoment(t: number): void {
    for (const table of this.#tables) {
      if (!this.#waits) table.removeClosed();
      table.cover([t]);
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
    return this.#tables.find((table) => table.w === w)?.edges;
  }
}
