/**
 * Results for windows without events, put in among those of the core. A window is filled for every key that has had a result of it, from its
 * first on. A take has only so many filled rows: what remains waits for the next.
 */

import type { Core } from './core';
import type { Edges } from './edges';
import type { CheckedSpec } from './spec';

/** Filled rows of one take, about. */
const MOST = 2 ** 20;

/** One result of the core, or filled in. */
interface Result {
  keys: readonly unknown[];
  figures: readonly number[];
}

/** A key that has had a result of a window. */
interface Known {
  keys: readonly unknown[];
  /** Its last result, and of which window number. */
  figures: readonly number[];
  k: number;
}

/** One window of the spec. */
interface Track {
  w: number;
  known: Map<unknown, Known>;
  /** The next window to be given; undefined before the first. */
  next: number | undefined;
  /** Results of the core that wait, by number of the window; the greatest of these. */
  waiting: Map<number, Result[]>;
  last: number;
}

export class Filler {
  readonly #tracks: readonly Track[];
  readonly #empty: readonly number[];

  constructor(
    readonly core: Core,
    readonly stream: number,
    readonly spec: CheckedSpec,
    readonly edges: Edges,
  ) {
    this.#tracks = spec.windows.map((_, w) => ({
      w,
      known: new Map(),
      next: undefined,
      waiting: new Map(),
      last: Number.NEGATIVE_INFINITY,
    }));
    const counts = (kind: string) => kind === 'events' || kind === 'count';
    this.#empty = spec.aggregates.map(([, { kind }]) => (counts(kind) || spec.fill === 'zero' ? 0 : Number.NaN));
  }

  /** Columns of results: those of the core, and those of windows that the watermark has passed without events. */
  apply(columns: Record<string, ArrayLike<unknown>>, windows: ArrayLike<number>, watermark: number) {
    this.#sort(columns, windows);
    const groups = this.#tracks.flatMap((track) => this.#due(track, watermark));
    const { places } = this.spec;
    const place = (track: Track) => places[track.w] as number;
    groups.sort((a, b) => a.end - b.end || a.start - b.start || place(a.track) - place(b.track));
    const out = new Rows(this.spec);
    for (const { track, k, start, end } of groups) this.#give(out, track, k, start, end);
    return out.columns();
  }

  /** Results of the core, by window and number. */
  #sort(columns: Record<string, ArrayLike<unknown>>, windows: ArrayLike<number>): void {
    const ends = columns.end as ArrayLike<number>;
    const keys = this.spec.keys.map((name) => columns[name] as ArrayLike<unknown>);
    const figures = this.spec.aggregates.map(([name]) => columns[name] as ArrayLike<number>);
    for (let i = 0; i < ends.length; i++) {
      const track = this.#tracks[windows[i] as number] as Track;
      const k = this.#numberOf(track.w, ends[i] as number);
      const result = { keys: keys.map((key) => key[i]), figures: figures.map((figure) => figure[i] as number) };
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

  /** The least number of a window that is not complete. */
  #oldestOpen(w: number, watermark: number): number {
    const { allowedLateness } = this.spec;
    return (
      this.edges.oldest(w, watermark - allowedLateness) ??
      this.core.exports.oldestOpen(this.stream, w, watermark, allowedLateness)
    );
  }

  /** The windows that are complete and not yet given, up to so many. */
  #due(track: Track, watermark: number) {
    const { w, next } = track;
    if (next === undefined) return [];
    const complete = watermark === Number.POSITIVE_INFINITY ? track.last : this.#oldestOpen(w, watermark) - 1;
    const perWindow = Math.max(1, track.known.size);
    const until = Math.min(Math.max(complete, track.last), next + Math.ceil(MOST / perWindow));
    const due = [];
    for (let k = next; k <= until; k++) {
      const [start, end] = this.#boundsOf(w, k);
      if (end > start) due.push({ track, k, start, end });
    }
    track.next = until + 1;
    return due;
  }

  #give(out: Rows, track: Track, k: number, start: number, end: number): void {
    const real = new Map<unknown, Result>();
    for (const result of track.waiting.get(k) ?? []) real.set(nameOf(result.keys), result);
    track.waiting.delete(k);
    const { fill } = this.spec;
    for (const [name, result] of real) {
      if (!track.known.has(name)) track.known.set(name, { ...result, k });
    }
    for (const [name, known] of track.known) {
      const result = real.get(name);
      if (!result) {
        if (fill === 'linear') continue;
        out.add(track.w, start, end, known.keys, fill === 'previous' ? known.figures : this.#empty);
        continue;
      }
      if (fill === 'linear') this.#between(out, track, known, result, k);
      out.add(track.w, start, end, result.keys, result.figures);
      known.figures = result.figures;
      known.k = k;
    }
  }

  /** The windows between a key's last result and its next, on a line. */
  #between(out: Rows, track: Track, known: Known, result: Result, k: number): void {
    for (let j = known.k + 1; j < k; j++) {
      const [start, end] = this.#boundsOf(track.w, j);
      if (!(end > start)) continue;
      const part = (j - known.k) / (k - known.k);
      const figures = known.figures.map((from, i) => from + ((result.figures[i] as number) - from) * part);
      out.add(track.w, start, end, known.keys, figures);
    }
  }
}

/** Rows on their way into columns. */
class Rows {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #windows: number[] = [];
  readonly #keys: unknown[][];
  readonly #figures: number[][];

  constructor(readonly spec: CheckedSpec) {
    this.#keys = spec.keys.map(() => []);
    this.#figures = spec.aggregates.map(() => []);
  }

  add(w: number, start: number, end: number, keys: readonly unknown[], figures: readonly number[]): void {
    this.#windows.push(w);
    this.#starts.push(start);
    this.#ends.push(end);
    for (let c = 0; c < keys.length; c++) this.#keys[c]?.push(keys[c]);
    for (let i = 0; i < figures.length; i++) this.#figures[i]?.push(figures[i] as number);
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
      columns[name] = Float64Array.from(this.#figures[i] as number[]);
    });
    return columns;
  }
}

/** What tells keys apart: the key itself where there is one column. */
function nameOf(keys: readonly unknown[]): unknown {
  return keys.length === 1 ? keys[0] : keys.map((key) => `${typeof key} ${key}`).join('\0');
}
