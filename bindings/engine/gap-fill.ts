/**
 * Inserts results for windows without events among those of the core. A window of the spec is filled for every key from
 * its first result in that window on. One call returns about MAX_FILLED_ROWS rows; the rest waits for the next.
 */

import type { Core } from '../base/core';
import { emptyOf, type Output } from '../plan/results';
import type { CheckedSpec } from '../spec/check';
import type { Edges } from './calendar-edges';

/** Number of rows after which a call stops filling. It finishes the window it is at, so it may return more. */
const MAX_FILLED_ROWS = 2 ** 20;

/** One result of the core: the columns of its key, and its outputs in the order of the spec. */
interface Result {
  keys: readonly unknown[];
  values: readonly unknown[];
}

/** A key that has had a result in a window of the spec. */
interface Known {
  keys: readonly unknown[];
  /**
   * The outputs of its last result, the number `k` of that window, and the number of the last window filled after it.
   */
  values: readonly unknown[];
  k: number;
  filled: number;
}

/** The state of one window of the spec. */
interface Track {
  w: number;
  known: Map<unknown, Known>;
  /** Number of the next window to emit; undefined before the first. */
  next: number | undefined;
  /** Results of the core that are not yet emitted, by the number of their window, and the greatest number seen. */
  waiting: Map<number, Result[]>;
  last: number;
}

/** A window that is to be emitted. */
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

  /**
   * Returns the core's results and, in order among them, results for windows that the watermark has passed without
   * events.
   * @param windows for each result the index of its window in the plan
   */
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

  /** Puts the core's results into the tracks, by window and number. */
  #sort(columns: Record<string, ArrayLike<unknown>>, windows: ArrayLike<number>): void {
    const ends = columns.end as ArrayLike<number>;
    const keys = this.spec.keys.map((name) => columns[name] as ArrayLike<unknown>);
    const values = this.spec.aggregates.map(([name]) => columns[name] as ArrayLike<unknown>);
    for (let i = 0; i < ends.length; i++) {
      const track = this.#tracks[windows[i] as number] as Track;
      const k = this.#numberOf(track.w, ends[i] as number);
      const result = { keys: keys.map((key) => key[i]), values: values.map((value) => value[i]) };
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

  /** The number of the window that ends at `end`. */
  #numberOf(w: number, end: number): number {
    return this.edges.oldest(w, end - 1) ?? this.core.exports.oldestOpen(this.stream, w, end, 0) - 1;
  }

  /**
   * The number of the last window that may be emitted. The end of the stream and `linear` fill only up to the last
   * result.
   */
  #completeTo({ w, last }: Track, watermark: number): number {
    const { allowedLateness, fill } = this.spec;
    if (watermark === Number.POSITIVE_INFINITY || fill === 'linear') return last;
    const open =
      this.edges.oldest(w, watermark - allowedLateness) ??
      this.core.exports.oldestOpen(this.stream, w, watermark, allowedLateness);
    return Math.max(last, open - 1);
  }

  /**
   * The next window to emit, up to `until`. With `linear` that is the next one with results, which fills those before
   * it.
   */
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

  /** Index of the window that comes first by end, start and place in the spec; -1 if there is none. */
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

  /** Emits the results of a window. Returns false if MAX_FILLED_ROWS was reached and the rest must wait. */
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
        out.add(track.w, start, end, result.keys, result.values);
        known.values = result.values;
        known.k = k;
        known.filled = k;
      } else if (fill !== 'linear') {
        out.add(track.w, start, end, known.keys, fill === 'previous' ? known.values : this.#empty);
      }
    }
    return true;
  }

  /**
   * Emits interpolated results for the windows between a key's last result and `result`. Returns false if not all had
   * room.
   */
  #between(out: RowsInColumns, track: Track, known: Known, result: Result, k: number): boolean {
    for (let j = known.filled + 1; j < k; j++) {
      if (out.length >= MAX_FILLED_ROWS) return false;
      known.filled = j;
      const [start, end] = this.#boundsOf(track.w, j);
      if (!(end > start)) continue;
      const line = { passed: j - known.k, all: k - known.k };
      const values = this.outputs.map((output, i) => onLine(output, known.values[i], result.values[i], line));
      out.add(track.w, start, end, known.keys, values);
    }
    return true;
  }
}

/** A position between two results: `passed` windows of `all` after the first. */
interface Line {
  passed: number;
  all: number;
}

/** Interpolates between two values of an output: a record by its fields. Lists and strings become empty or null. */
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

/** Collects rows as columns. */
class RowsInColumns {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #windows: number[] = [];
  readonly #keys: unknown[][];
  readonly #values: unknown[][];

  get length(): number {
    return this.#starts.length;
  }

  constructor(readonly spec: CheckedSpec) {
    this.#keys = spec.keys.map(() => []);
    this.#values = spec.aggregates.map(() => []);
  }

  add(w: number, start: number, end: number, keys: readonly unknown[], values: readonly unknown[]): void {
    this.#windows.push(w);
    this.#starts.push(start);
    this.#ends.push(end);
    for (let c = 0; c < keys.length; c++) this.#keys[c]?.push(keys[c]);
    for (let i = 0; i < values.length; i++) this.#values[i]?.push(values[i]);
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
      const values = this.#values[i] as unknown[];
      columns[name] = values.every((value) => typeof value === 'number') ? Float64Array.from(values) : values;
    });
    return columns;
  }
}

/**
 * A value that is equal for equal keys only: the key itself if there is one column; else a string, in which the length
 * of each column's text says where it ends.
 */
function nameOf(keys: readonly unknown[]): unknown {
  if (keys.length === 1) return keys[0];
  return keys.map((key) => `${typeof key} ${String(key).length} ${key}`).join(' ');
}
