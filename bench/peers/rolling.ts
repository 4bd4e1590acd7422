/**
 * Rolling windows without keys, a result for every event: the best JavaScript we could write, and the first version one
 * would write.
 *
 * By two stacks: the front, the older part of the window, holds suffixes, each a value combined with all later ones of
 * the front; the back, the newer part, is one running value. When the front is empty, one backward pass flips the back
 * into suffixes. Nothing is subtracted. With a fixed number of events this is the scan of van Herk (1992) and of Gil
 * and Werman (1993), for a maximum twice as fast as a monotone deque; by time too the deque is a little slower.
 *
 *     ring     values of this block, up to the cursor | suffixes of the block before, from the cursor on
 *     result   ring[cursor] ⊕ running, once the cursor is past the event
 *
 * By a running sum: values that leave are subtracted. With compensation the sum is right to the last digit or two for
 * ordinary data; without it errors accumulate.
 */

import { Outbox } from './outbox';

type Column = Float64Array;

export type Fold<S> = (s: S, times: Float64Array, values: Float64Array, from: number, to: number) => void;

const LOWEST = Number.NEGATIVE_INFINITY;

/** The last `size` events, in a ring. It has one more place, read after the last event of a block and never written. */
export class Rows {
  cursor = 0;
  running: number;
  error = 0;
  readonly ring: Float64Array;
  readonly out: Outbox;

  constructor(
    readonly size: number,
    output: 'max' | 'sum',
  ) {
    this.running = output === 'max' ? LOWEST : 0;
    this.ring = new Float64Array(size + 1).fill(this.running);
    this.out = new Outbox(['at', output]);
  }
}

export function foldRowsMax(s: Rows, times: Float64Array, values: Float64Array, from: number, to: number): void {
  const { ring, size, out } = s;
  let { cursor, running } = s;
  let n = copyTimes(out, times, from, to);
  const results = out.columns[1] as Column;
  let i = from;
  while (i < to) {
    const stop = Math.min(to, i + size - cursor);
    for (; i < stop; i++) {
      let value = values[i] as number;
      // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
      if (value !== value) value = LOWEST;
      ring[cursor++] = value;
      running = Math.max(running, value);
      results[n++] = Math.max(running, ring[cursor] as number);
    }
    if (cursor === size) {
      flipMax(ring, -1, 0, size);
      cursor = 0;
      running = LOWEST;
    }
  }
  out.length = n;
  s.cursor = cursor;
  s.running = running;
}

/** Each suffix is rounded once, when its error is added to its sum. */
export function foldRowsSum(s: Rows, times: Float64Array, values: Float64Array, from: number, to: number): void {
  const { ring, size, out } = s;
  let { cursor, running, error } = s;
  let n = copyTimes(out, times, from, to);
  const results = out.columns[1] as Column;
  let i = from;
  while (i < to) {
    const stop = Math.min(to, i + size - cursor);
    for (; i < stop; i++) {
      let value = values[i] as number;
      // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
      if (value !== value) value = 0;
      ring[cursor++] = value;
      const total = running + value;
      const shift = total - running;
      error += running - (total - shift) + (value - shift);
      running = total;
      results[n++] = (ring[cursor] as number) + error + running;
    }
    if (cursor === size) {
      flipSum(ring, -1, 0, size);
      cursor = 0;
      running = 0;
      error = 0;
    }
  }
  out.length = n;
  s.cursor = cursor;
  s.running = running;
  s.error = error;
}

/** Subtracts values that leave, and compensates the rounding of both steps. */
export function foldRowsRunning(s: Rows, times: Float64Array, values: Float64Array, from: number, to: number): void {
  const { ring, size, out } = s;
  let { cursor, running, error } = s;
  let n = copyTimes(out, times, from, to);
  const results = out.columns[1] as Column;
  for (let i = from; i < to; i++) {
    let value = values[i] as number;
    // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
    if (value !== value) value = 0;
    const older = ring[cursor] as number;
    ring[cursor++] = value;
    if (cursor === size) cursor = 0;
    const more = running + value;
    let shift = more - running;
    error += running - (more - shift) + (value - shift);
    running = more - older;
    shift = running - more;
    error += more - (running - shift) - (older + shift);
    results[n++] = running + error;
  }
  out.length = n;
  s.cursor = cursor;
  s.running = running;
  s.error = error;
}

/** Subtracts values that leave, without compensation: errors accumulate. */
export function foldRowsDrifting(s: Rows, times: Float64Array, values: Float64Array, from: number, to: number): void {
  const { ring, size, out } = s;
  let { cursor, running } = s;
  let n = copyTimes(out, times, from, to);
  const results = out.columns[1] as Column;
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    running += value - (ring[cursor] as number);
    ring[cursor++] = value;
    if (cursor === size) cursor = 0;
    results[n++] = running;
  }
  out.length = n;
  s.cursor = cursor;
  s.running = running;
}

/** Copies times to the results. @returns the place of the first result of these events */
function copyTimes(out: Outbox, times: Float64Array, from: number, to: number): number {
  out.reserve(to - from);
  (out.columns[0] as Column).set(times.subarray(from, to), out.length);
  return out.length;
}

/**
 * The events of the last `size` units of time: times and values in rings of a power of two, at `number & mask`. Events
 * of the newest time have no results yet.
 *
 *     head       first in the window
 *     boundary   end of the front: suffixes before it, values from it on
 *     emitted    first without a result: from here on all have the time `now`
 *     tail       one past the last
 */
export class Frame {
  now = LOWEST;
  head = 0;
  boundary = 0;
  emitted = 0;
  tail = 0;
  running: number;
  error = 0;
  times = new Float64Array(8192);
  values = new Float64Array(8192);
  readonly out: Outbox;

  constructor(
    readonly size: number,
    output: 'max' | 'sum',
  ) {
    this.running = output === 'max' ? LOWEST : 0;
    this.out = new Outbox(['at', output]);
  }

  /** Makes room for n more events, and for the results of all events without one. */
  reserve(n: number): void {
    const { head, tail, emitted, times, values } = this;
    this.out.reserve(n + tail - emitted);
    const needed = tail - head + n;
    if (needed <= times.length) return;
    let capacity = times.length;
    while (capacity < needed) capacity *= 2;
    this.times = new Float64Array(capacity);
    this.values = new Float64Array(capacity);
    for (let number = head; number < tail; number++) {
      const [from, to] = [number & (times.length - 1), number & (capacity - 1)];
      this.times[to] = times[from] as number;
      this.values[to] = values[from] as number;
    }
  }
}

export function foldFrameMax(s: Frame, times: Float64Array, values: Float64Array, from: number, to: number): void {
  s.reserve(to - from);
  const { times: kept, values: ring, size, out } = s;
  const mask = kept.length - 1;
  const [ats, results] = out.columns as [Column, Column];
  let { now, head, boundary, emitted, tail, running } = s;
  let n = out.length;
  for (let i = from; i < to; i++) {
    const t = times[i] as number;
    if (t !== now) {
      if (!(t > now)) continue;
      const horizon = now - size;
      for (; head < emitted && (kept[head & mask] as number) <= horizon; head++) {
        if (head < boundary) continue;
        flipMax(ring, mask, boundary, tail);
        boundary = tail;
        running = LOWEST;
      }
      const older = head < boundary ? (ring[head & mask] as number) : LOWEST;
      const result = older > running ? older : running;
      for (; emitted < tail; emitted++) {
        ats[n] = now;
        results[n++] = result;
      }
      now = t;
    }
    let value = values[i] as number;
    // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
    if (value !== value) value = LOWEST;
    const at = tail++ & mask;
    kept[at] = t;
    ring[at] = value;
    if (value > running) running = value;
  }
  out.length = n;
  s.now = now;
  s.head = head;
  s.boundary = boundary;
  s.emitted = emitted;
  s.tail = tail;
  s.running = running;
}

/** Flips the events [from, to): replaces each value by the maximum of itself and all after it. */
function flipMax(ring: Float64Array, mask: number, from: number, to: number): void {
  let suffix = LOWEST;
  for (let number = to - 1; number >= from; number--) {
    suffix = Math.max(suffix, ring[number & mask] as number);
    ring[number & mask] = suffix;
  }
}

export function foldFrameSum(s: Frame, times: Float64Array, values: Float64Array, from: number, to: number): void {
  s.reserve(to - from);
  const { times: kept, values: ring, size, out } = s;
  const mask = kept.length - 1;
  const [ats, results] = out.columns as [Column, Column];
  let { now, head, boundary, emitted, tail, running, error } = s;
  let n = out.length;
  for (let i = from; i < to; i++) {
    const t = times[i] as number;
    if (t !== now) {
      if (!(t > now)) continue;
      const horizon = now - size;
      for (; head < emitted && (kept[head & mask] as number) <= horizon; head++) {
        if (head < boundary) continue;
        flipSum(ring, mask, boundary, tail);
        boundary = tail;
        running = 0;
        error = 0;
      }
      const older = head < boundary ? (ring[head & mask] as number) : 0;
      const result = older + error + running;
      for (; emitted < tail; emitted++) {
        ats[n] = now;
        results[n++] = result;
      }
      now = t;
    }
    let value = values[i] as number;
    // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
    if (value !== value) value = 0;
    const at = tail++ & mask;
    kept[at] = t;
    ring[at] = value;
    const total = running + value;
    const shift = total - running;
    error += running - (total - shift) + (value - shift);
    running = total;
  }
  out.length = n;
  s.now = now;
  s.head = head;
  s.boundary = boundary;
  s.emitted = emitted;
  s.tail = tail;
  s.running = running;
  s.error = error;
}

/** Flips the events [from, to): replaces each value by the sum of itself and all after it. */
function flipSum(ring: Float64Array, mask: number, from: number, to: number): void {
  let suffix = 0;
  let error = 0;
  for (let number = to - 1; number >= from; number--) {
    const value = ring[number & mask] as number;
    const total = suffix + value;
    const shift = total - suffix;
    error += suffix - (total - shift) + (value - shift);
    suffix = total;
    ring[number & mask] = suffix + error;
  }
}

/** Subtracts values that leave, and compensates the rounding of both steps. */
export function foldFrameRunning(s: Frame, times: Float64Array, values: Float64Array, from: number, to: number): void {
  s.reserve(to - from);
  const { times: kept, values: ring, size, out } = s;
  const mask = kept.length - 1;
  const [ats, results] = out.columns as [Column, Column];
  let { now, head, emitted, tail, running, error } = s;
  let n = out.length;
  for (let i = from; i < to; i++) {
    const t = times[i] as number;
    if (t !== now) {
      if (!(t > now)) continue;
      const horizon = now - size;
      for (; head < emitted && (kept[head & mask] as number) <= horizon; head++) {
        const value = ring[head & mask] as number;
        const total = running - value;
        const shift = total - running;
        error += running - (total - shift) - (value + shift);
        running = total;
      }
      const result = running + error;
      for (; emitted < tail; emitted++) {
        ats[n] = now;
        results[n++] = result;
      }
      now = t;
    }
    let value = values[i] as number;
    // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
    if (value !== value) value = 0;
    const at = tail++ & mask;
    kept[at] = t;
    ring[at] = value;
    const total = running + value;
    const shift = total - running;
    error += running - (total - shift) + (value - shift);
    running = total;
  }
  out.length = n;
  s.now = now;
  s.head = head;
  s.emitted = emitted;
  s.tail = tail;
  s.running = running;
  s.error = error;
}

/** Emits the results of the newest time, by adding an event later than all others. */
export function fireFrame(s: Frame, fold: Fold<Frame>): void {
  fold(s, Float64Array.of(Number.POSITIVE_INFINITY), Float64Array.of(Number.NaN), 0, 1);
}

/** An array: each event is pushed, and the oldest is shifted. */
export class NaiveRows {
  window: number[] = [];
  sum = 0;
  rows: object[] = [];

  constructor(readonly size: number) {}

  /** Scans the window anew. */
  pushMax(at: number, value: number): void {
    this.window.push(value);
    if (this.window.length > this.size) this.window.shift();
    this.rows.push({ at, max: this.window.reduce((a, b) => Math.max(a, b)) });
  }

  /** Adds the new value and subtracts the one that leaves. */
  pushSum(at: number, value: number): void {
    this.window.push(value);
    this.sum += value;
    if (this.window.length > this.size) this.sum -= this.window.shift() as number;
    this.rows.push({ at, sum: this.sum });
  }

  take(): object[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }
}

/** An array of events in a window by time. Results are emitted once a later event arrives. */
export class NaiveFrame {
  window: { at: number; value: number }[] = [];
  now = LOWEST;
  waiting = 0;
  sum = 0;
  rows: object[] = [];

  constructor(readonly size: number) {}

  pushMax(at: number, value: number): void {
    if (at > this.now) this.fireMax();
    this.now = at;
    this.window.push({ at, value });
    this.waiting++;
  }

  pushSum(at: number, value: number): void {
    if (at > this.now) this.fireSum();
    this.now = at;
    this.window.push({ at, value });
    this.sum += value;
    this.waiting++;
  }

  fireMax(): void {
    this.evict();
    const max = this.window.reduce((a, { value }) => Math.max(a, value), LOWEST);
    for (; this.waiting > 0; this.waiting--) this.rows.push({ at: this.now, max });
  }

  fireSum(): void {
    this.evict();
    for (; this.waiting > 0; this.waiting--) this.rows.push({ at: this.now, sum: this.sum });
  }

  evict(): void {
    while (this.window[0] && this.window[0].at <= this.now - this.size) {
      this.sum -= (this.window.shift() as { value: number }).value;
    }
  }

  take(): object[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }
}

export function naiveMax(
  s: NaiveRows | NaiveFrame,
  times: Float64Array,
  values: Float64Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) s.pushMax(times[i] as number, values[i] as number);
}

export function naiveSum(
  s: NaiveRows | NaiveFrame,
  times: Float64Array,
  values: Float64Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) s.pushSum(times[i] as number, values[i] as number);
}
