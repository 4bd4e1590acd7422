/**
 * Inserts results for windows without events among those of the core. A window of the spec is filled for every key from
 * its first result in that window on. One call returns about MAX_FILLED_ROWS rows; the rest waits for the next.
 *
 * Law: the core gives the results of each window of the spec in ascending order of the windows' numbers, so those that
 * wait are a queue.
 */

import type { Core } from '../base/core';
import { setField } from '../base/record';
import { emptyOf, type Output, type RawResults, windowOf } from '../plan/results';
import type { CheckedSpec } from '../spec/check';
import type { Edges } from './calendar-edges';

/** Number of rows after which a call stops filling. It finishes the window it is at, so it may return more. */
const MAX_FILLED_ROWS = 2 ** 20;

/** One result of the core: the columns of its key, and its outputs in the order of the spec. */
interface Result {
  keys: readonly unknown[];
  values: readonly unknown[];
}

/** The results of one window, with its number and its bounds as the core gave them. */
interface Group {
  k: number;
  start: number;
  end: number;
  results: Result[];
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
  /** Results of the core: those from index `head` on are not yet emitted. */
  waiting: Group[];
  head: number;
  /** The greatest number of a window that has had results. */
  last: number;
}

/** A window that is to be emitted. */
interface Due {
  track: Track;
  k: number;
  start: number;
  end: number;
  /** Its results, the first in the queue; undefined if it has none. */
  group: Group | undefined;
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
      waiting: [],
      head: 0,
      last: Number.NEGATIVE_INFINITY,
    }));
  }

  /**
   * Returns the core's results and, in order among them, results for windows that the watermark has passed without
   * events.
   * @param raw tells the window of each result
   */
  apply(columns: Record<string, ArrayLike<unknown>>, raw: Pick<RawResults, 'windows'>, watermark: number) {
    this.#sort(columns, raw);
    this.#empty = this.outputs.map((output) => emptyOf(output, this.spec.fill === 'zero' ? 0 : undefined));
    const out = new RowsInColumns(this.spec);
    const until = this.#tracks.map((track) => this.#completeTo(track, watermark));
    const next = this.#tracks.map((track, i) => this.#due(track, until[i] as number));
    while (out.length < MAX_FILLED_ROWS) {
      const first = this.#first(next);
      if (first < 0) break;
      const due = next[first] as Due;
      if (!this.#give(out, due)) break;
      due.track.next = after(due.k);
      next[first] = this.#due(due.track, until[first] as number);
    }
    return out.columns();
  }

  /** Appends the core's results to the queues of the tracks. */
  #sort(columns: Record<string, ArrayLike<unknown>>, raw: Pick<RawResults, 'windows'>): void {
    for (const track of this.#tracks) {
      track.waiting = track.waiting.slice(track.head);
      track.head = 0;
    }
    const starts = columns.start as ArrayLike<number>;
    const ends = columns.end as ArrayLike<number>;
    const keys = this.spec.keys.map((name) => columns[name] as ArrayLike<unknown>);
    const values = this.spec.aggregates.map(([name]) => columns[name] as ArrayLike<unknown>);
    for (let i = 0; i < ends.length; i++) {
      const track = this.#tracks[windowOf(raw, i)] as Track;
      const result = { keys: keys.map((key) => key[i]), values: values.map((value) => value[i]) };
      this.#groupOf(track, starts[i] as number, ends[i] as number).results.push(result);
    }
  }

  /** The last group of the queue if it has these bounds, else a new one. */
  #groupOf(track: Track, start: number, end: number): Group {
    const newest = track.waiting.at(-1);
    if (newest && newest.start === start && newest.end === end) return newest;
    const group = { k: this.#numberOf(track.w, end), start, end, results: [] };
    track.waiting.push(group);
    track.next ??= group.k;
    track.last = Math.max(track.last, group.k);
    return group;
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
    const { w, next } = track;
    if (next === undefined) return undefined;
    const group = track.waiting[track.head];
    let k = next;
    if (group) k = this.spec.fill === 'linear' ? group.k : Math.min(next, group.k);
    else if (this.spec.fill === 'linear') return undefined;
    for (; k <= until; k = after(k)) {
      if (group && group.k <= k) return { track, k, start: group.start, end: group.end, group };
      const [start, end] = this.#boundsOf(w, k);
      if (end > start && this.#boundsOf(w, k - 1)[1] < end) return { track, k, start, end, group: undefined };
    }
    track.next = Math.max(next, after(until));
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
  #give(out: RowsInColumns, { track, k, start, end, group }: Due): boolean {
    const { fill } = this.spec;
    const real = new Map<unknown, Result>();
    for (const result of group?.results ?? []) real.set(nameOf(result.keys), result);
    if (fill === 'linear') {
      for (const [name, result] of real) {
        const known = track.known.get(name);
        if (known && !this.#between(out, track, known, result, k)) return false;
      }
    }
    if (group) track.head++;
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
    for (let j = after(known.filled); j < k; j = after(j)) {
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

/** The next number of a window after k. Beyond 2^53, where k + 1 may round to k, it is the next number there is. */
function after(k: number): number {
  return k + 1 > k ? k + 1 : k + Math.abs(k) * Number.EPSILON;
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
      setField(columns, name, packed(this.#keys[c] as unknown[]));
    });
    aggregates.forEach(([name], i) => {
      setField(columns, name, packed(this.#values[i] as unknown[]));
    });
    return columns;
  }
}

/** Values as a typed array if all are numbers. */
function packed(values: unknown[]): ArrayLike<unknown> {
  return values.every((value) => typeof value === 'number') ? Float64Array.from(values) : values;
}

/**
 * A value that is equal for equal keys only: the key itself if there is one column; else a string, in which the length
 * of each column's text says where it ends.
 */
function nameOf(keys: readonly unknown[]): unknown {
  if (keys.length === 1) return keys[0];
  return keys.map((key) => `${typeof key} ${String(key).length} ${key}`).join(' ');
}
