/**
 * Keeps the core's tables of calendar windows (assembly/window/grid/kind/calendar.ts), since only JavaScript knows time
 * zones.
 *
 * Law: before the core sees a time, the table lists every window that contains it, and one more on each side. Closed
 * windows are removed when others are added, so the table's size follows the open windows.
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

/** The table of one calendar window of the plan. */
class EdgeTable {
  readonly edges: WindowEdges;
  readonly #entries = new Map<number, readonly [number, number]>();
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
    let isNew = false;
    const fresh = new Map<number, readonly [number, number]>();
    for (let i = 0; i < times.length; i++) {
      const t = times[i] as number;
      if (t >= this.#from && t < this.#until) continue;
      [this.#from, this.#until] = this.edges.block(t);
      const [first, last] = this.edges.around(t);
      for (let k = first - 1; k <= last + 1; k++) {
        fresh.set(k, this.#entries.get(k) ?? this.edges.bounds(k));
        isNew ||= !this.#entries.has(k);
      }
    }
    if (isNew) this.#write(fresh);
  }

  /** Adds entries, removes those of closed windows unless they were just added, and writes the table to the core. */
  #write(fresh: ReadonlyMap<number, readonly [number, number]>): void {
    const { exports } = this.core;
    const watermark = exports.stat(this.stream, Stat.watermark);
    const old = [...this.#entries].sort(([a], [b]) => a - b);
    const open = old.findIndex(([, [, end]]) => end + this.allowedLateness > watermark);
    for (const [k] of old.slice(0, Math.max(0, open - 1))) this.#entries.delete(k);
    for (const [k, bounds] of fresh) this.#entries.set(k, bounds);
    const list = [...this.#entries].sort(([a], [b]) => a - b);
    // Twice the size of the new table (24 bytes an entry), since the old one exists until the new one is there.
    const bytes = list.length * 48 + 1024;
    if (bytes > exports.headroom(this.stream) || !exports.reserve(bytes)) {
      this.#entries.clear();
      this.#until = this.#from;
      throw new OrielError('ERR_ORIEL_MEMORY', 'the stream has no room for the edges of its windows');
    }
    const address = exports.edgeTable(this.stream, this.w, list.length);
    const table = new Float64Array(this.core.buffer, address, list.length * 3);
    list.forEach(([k, [start, end]], i) => {
      table.set([k, start, end], i * 3);
    });
  }
}

/** The tables of a stream's calendar windows. */
export class Edges {
  readonly #tables: readonly EdgeTable[];

  constructor(core: Core, stream: number, { windows, allowedLateness }: CheckedSpec) {
    this.#tables = windows.flatMap((window, w) =>
      window.calendar ? [new EdgeTable(core, stream, w, window, allowedLateness)] : [],
    );
  }

  /**
   * Makes sure that the core knows every window that may contain one of the times.
   * @throws {OrielError} ERR_ORIEL_MEMORY
   */
  cover(times: ArrayLike<number>): void {
    for (const table of this.#tables) table.cover(times);
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
