/**
 * Results for windows without events, put in among those of the core. A window is filled for every key that has had a result of it, from its
 * first on. A take has only so many filled rows: what remains waits for the next.
 */

import type { Core } from '../base/core';
import { emptyOf, type Output } from '../plan/results';
import type { CheckedSpec } from '../spec/check';
import type { Edges } from './calendar-edges';

/** Filled rows of one take, about. */
const MAX_FILLED_ROWS = 2 ** 20;

/** One result of the core, or filled in. */
interface Result {
  keys: readonly unknown[];
  figures: readonly unknown[];
}

/** A key that has had a result of a window. */
interface Known {
  keys: readonly unknown[];
  /** Its last result, of which window number, and how far it was filled from there. */
  figures: readonly unknown[];
  k: number;
  filled: number;
}

/** One window of the spec. */
interface Track {
  w: number;
  known: Map<unknown, Known>;
  /** The next window to be given; undefined before the first. */
  next: number | undefined;
  /** Results of the core that wait, by number of the window, and the greatest of these. */
  waiting: Map<number, Result[]>;
  last: number;
}

/** A window that is to be given. */
interface Due {
  track: Track;
  k: number;
  start: number;
  end: number;
}

export class GapFiller {
  readonly #tracks: readonly Track[];
  #empty: readonly unknown[] = [];

  constructor(
    readonly core: Core,
    readonly stream: number,
    readonly spec: CheckedSpec,
    readonly edges: Edges,
    readonly outputs: readonly Output[],
  ) {
    this.#tracks = spec.windows.map((_, w) => ({
      w,
      known: new Map(),
      next: undefined,
      waiting: new Map(),
      last: Number.NEGATIVE_INFINITY,
    }));
  }

  /** Columns of results: those of the core, and those of windows that the watermark has passed without events. */
  apply(columns: Record<string, ArrayLike<unknown>>, windows: ArrayLike<number>, watermark: number) {
    this.#sort(columns, windows);
    this.#empty = this.outputs.map((output) => emptyOf(output, this.spec.fill === 'zero' ? 0 : undefined));
    const out = new RowsInColumns(this.spec);
    const until = this.#tracks.map((track) => this.#completeTo(track, watermark));
    const next = this.#tracks.map((track, i) => this.#due(track, until[i] as number));
    while (out.length < MAX_FILLED_ROWS) {
      const first = this.#first(next);
      if (first < 0) break;
      const due = next[first] as Due;
      if (!this.#give(out, due)) break;
      due.track.next = due.k + 1;
      next[first] = this.#due(due.track, until[first] as number);
    }
    return out.columns();
  }

  /** Results of the core, by window and number. */
  #sort(columns: Record<string, ArrayLike<unknown>>, windows: ArrayLike<number>): void {
    const ends = columns.end as ArrayLike<number>;
    const keys = this.spec.keys.map((name) => columns[name] as ArrayLike<unknown>);
    const figures = this.spec.aggregates.map(([name]) => columns[name] as ArrayLike<unknown>);
    for (let i = 0; i < ends.length; i++) {
      const track = this.#tracks[windows[i] as number] as Track;
      const k = this.#numberOf(track.w, ends[i] as number);
      const result = { keys: keys.map((key) => key[i]), figures: figures.map((figure) => figure[i]) };
      const group = track.waiting.get(k);
      if (group) group.push(result);
      else track.waiting.set(k, [result]);
      track.next = Math.min(track.next ?? k, k);
      track.last = Math.max(track.last, k);
    }
  }

  #boundsOf(w: number, k: number): readonly [start: number, end: number] {
    const { exports } = this.core;
    return this.edges.bounds(w, k) ?? [exports.windowStart(this.stream, w, k), exports.windowEnd(this.stream, w, k)];
  }

  /** The number of the window that has that end. */
  #numberOf(w: number, end: number): number {
    return this.edges.oldest(w, end - 1) ?? this.core.exports.oldestOpen(this.stream, w, end, 0) - 1;
  }

  /** The last window that is complete. */
  #completeTo({ w, last }: Track, watermark: number): number {
    const { allowedLateness, fill } = this.spec;
    if (watermark === Number.POSITIVE_INFINITY || fill === 'linear') return last;
    const open =
      this.edges.oldest(w, watermark - allowedLateness) ??
      this.core.exports.oldestOpen(this.stream, w, watermark, allowedLateness);
    return Math.max(last, open - 1);
  }

  /** The next window to be given; on a line only those with results give anything. */
  #due(track: Track, until: number): Due | undefined {
    const { w, next, waiting } = track;
    if (next === undefined) return undefined;
    const from = this.spec.fill === 'linear' ? least(waiting.keys()) : next;
    for (let k = from; k <= until; k++) {
      const [start, end] = this.#boundsOf(w, k);
      if (end > start && (waiting.has(k) || this.#boundsOf(w, k - 1)[1] < end)) return { track, k, start, end };
    }
    track.next = Math.max(next, until + 1);
    return undefined;
  }

  /** Place of the window that comes first, -1 if there is none. */
  #first(next: readonly (Due | undefined)[]): number {
    const { places } = this.spec;
    let first = -1;
    next.forEach((due, i) => {
      const best = next[first];
      if (!due) return;
      const order = best
        ? due.end - best.end || due.start - best.start || (places[i] as number) - (places[first] as number)
        : -1;
      if (order < 0) first = i;
    });
    return first;
  }

  /** The results of a window; false where they had no room and the rest is to come with the next take. */
  #give(out: RowsInColumns, { track, k, start, end }: Due): boolean {
    const { fill } = this.spec;
    const real = new Map<unknown, Result>();
    for (const result of track.waiting.get(k) ?? []) real.set(nameOf(result.keys), result);
    if (fill === 'linear') {
      for (const [name, result] of real) {
        const known = track.known.get(name);
        if (known && !this.#between(out, track, known, result, k)) return false;
      }
    }
    track.waiting.delete(k);
    for (const [name, result] of real) {
      if (!track.known.has(name)) track.known.set(name, { ...result, k, filled: k });
    }
    for (const [name, known] of track.known) {
      const result = real.get(name);
      if (result) {
        out.add(track.w, start, end, result.keys, result.figures);
        known.figures = result.figures;
        known.k = k;
        known.filled = k;
      } else if (fill !== 'linear') {
        out.add(track.w, start, end, known.keys, fill === 'previous' ? known.figures : this.#empty);
      }
    }
    return true;
  }

  /** The windows between a key's last result and its next, on a line; false where not all had room. */
  #between(out: RowsInColumns, track: Track, known: Known, result: Result, k: number): boolean {
    for (let j = known.filled + 1; j < k; j++) {
      if (out.length >= MAX_FILLED_ROWS) return false;
      known.filled = j;
      const [start, end] = this.#boundsOf(track.w, j);
      if (!(end > start)) continue;
      const line = { passed: j - known.k, all: k - known.k };
      const figures = this.outputs.map((output, i) => onLine(output, known.figures[i], result.figures[i], line));
      out.add(track.w, start, end, known.keys, figures);
    }
    return true;
  }
}

/** How many windows have passed of all from one result to the next. */
interface Line {
  passed: number;
  all: number;
}

/** A figure on the line between two; of a record each field, and what is no number is missing. */
function onLine(output: Output, from: unknown, to: unknown, line: Line): unknown {
  if (output.fields) {
    const field = (record: unknown, name: string) => (record as Record<string, unknown>)[name];
    return Object.fromEntries(
      output.fields.map(([name, one]) => [name, onLine(one, field(from, name), field(to, name), line)]),
    );
  }
  if (output.list || typeof from !== 'number' || typeof to !== 'number') return emptyOf(output);
  return from + ((to - from) * line.passed) / line.all;
}

function least(numbers: Iterable<number>): number {
  let least = Number.POSITIVE_INFINITY;
  for (const number of numbers) least = Math.min(least, number);
  return least;
}

/** Rows on their way into columns. */
class RowsInColumns {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #windows: number[] = [];
  readonly #keys: unknown[][];
  readonly #figures: unknown[][];

  get length(): number {
    return this.#starts.length;
  }

  constructor(readonly spec: CheckedSpec) {
    this.#keys = spec.keys.map(() => []);
    this.#figures = spec.aggregates.map(() => []);
  }

  add(w: number, start: number, end: number, keys: readonly unknown[], figures: readonly unknown[]): void {
    this.#windows.push(w);
    this.#starts.push(start);
    this.#ends.push(end);
    for (let c = 0; c < keys.length; c++) this.#keys[c]?.push(keys[c]);
    for (let i = 0; i < figures.length; i++) this.#figures[i]?.push(figures[i]);
  }

  columns(): Record<string, ArrayLike<unknown>> {
    const { keys, aggregates, windowNames } = this.spec;
    const columns: Record<string, ArrayLike<unknown>> = {
      start: Float64Array.from(this.#starts),
      end: Float64Array.from(this.#ends),
    };
    if (windowNames) columns.window = this.#windows.map((w) => windowNames[w]);
    keys.forEach((name, c) => {
      columns[name] = this.#keys[c] as unknown[];
    });
    aggregates.forEach(([name], i) => {
      const figures = this.#figures[i] as unknown[];
      columns[name] = figures.every((figure) => typeof figure === 'number') ? Float64Array.from(figures) : figures;
    });
    return columns;
  }
}

/** What tells keys apart: the key itself where there is one column. */
function nameOf(keys: readonly unknown[]): unknown {
  return keys.length === 1 ? keys[0] : keys.map((key) => `${typeof key} ${key}`).join('\0');
}
