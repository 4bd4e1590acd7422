/**
 * Count and sum of each key's rolling window, a result for every event: the best JavaScript we could write, and the
 * first version one would write.
 *
 * With a fixed number of events each key has a ring, evaluated by two stacks or by a compensated running sum (see
 * `rolling.ts`). By time the events of all keys share one ring, because they leave in the order of their arrival
 * whatever their key; each is subtracted from the running sum of its key when it leaves. Two stacks would need one ring
 * for each key.
 */

import type { Key } from './naive';
import { Outbox } from './outbox';

type Column = Float64Array;

const LOWEST = Number.NEGATIVE_INFINITY;
const COLUMNS = ['at', 'key', 'count', 'sum'];

/**
 * The last `size` events of each key: a ring of `size + 1` places, and side by side the cursor into it, the count, the
 * sum and the error of the sum.
 */
export class KeyedRows {
  readonly states: Float64Array;
  readonly rings: Float64Array;
  readonly out = new Outbox(COLUMNS);

  constructor(
    readonly size: number,
    keys: number,
  ) {
    this.states = new Float64Array(keys * 4);
    this.rings = new Float64Array(keys * (size + 1));
  }
}

/** Computes the sums by two stacks. */
export function foldKeyedRows(
  s: KeyedRows,
  times: Float64Array,
  ids: Uint32Array,
  values: Float64Array,
  from: number,
  to: number,
): void {
  const { states, rings, size, out } = s;
  let n = copyEvents(out, times, ids, from, to);
  const [, , counts, sums] = out.columns as [Column, Column, Column, Column];
  for (let i = from; i < to; i++) {
    const id = ids[i] as number;
    const state = id << 2;
    const ring = id * (size + 1);
    let value = values[i] as number;
    // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
    if (value !== value) value = 0;
    const cursor = (states[state] as number) + 1;
    rings[ring + cursor - 1] = value;
    const sum = states[state + 2] as number;
    const total = sum + value;
    const shift = total - sum;
    const error = (states[state + 3] as number) + (sum - (total - shift) + (value - shift));
    const count = states[state + 1] as number;
    const more = count < size ? count + 1 : size;
    states[state + 1] = more;
    counts[n] = more;
    sums[n++] = (rings[ring + cursor] as number) + error + total;
    if (cursor < size) {
      states[state] = cursor;
      states[state + 2] = total;
      states[state + 3] = error;
    } else {
      flip(rings, ring, size);
      states[state] = 0;
      states[state + 2] = 0;
      states[state + 3] = 0;
    }
  }
  out.length = n;
}

/** Flips the ring of a key: replaces each value by the sum of itself and all after it. */
function flip(rings: Float64Array, ring: number, size: number): void {
  let suffix = 0;
  let error = 0;
  for (let at = ring + size - 1; at >= ring; at--) {
    const value = rings[at] as number;
    const total = suffix + value;
    const shift = total - suffix;
    error += suffix - (total - shift) + (value - shift);
    suffix = total;
    rings[at] = suffix + error;
  }
}

/** Computes the sums by a running sum: subtracts values that leave, and compensates the rounding of both steps. */
export function foldKeyedRowsRunning(
  s: KeyedRows,
  times: Float64Array,
  ids: Uint32Array,
  values: Float64Array,
  from: number,
  to: number,
): void {
  const { states, rings, size, out } = s;
  let n = copyEvents(out, times, ids, from, to);
  const [, , counts, sums] = out.columns as [Column, Column, Column, Column];
  for (let i = from; i < to; i++) {
    const id = ids[i] as number;
    const state = id << 2;
    let value = values[i] as number;
    // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
    if (value !== value) value = 0;
    const cursor = states[state] as number;
    const at = id * (size + 1) + cursor;
    const older = rings[at] as number;
    rings[at] = value;
    states[state] = cursor + 1 < size ? cursor + 1 : 0;
    const sum = states[state + 2] as number;
    const more = sum + value;
    let shift = more - sum;
    let error = (states[state + 3] as number) + (sum - (more - shift) + (value - shift));
    const total = more - older;
    shift = total - more;
    error += more - (total - shift) - (older + shift);
    states[state + 2] = total;
    states[state + 3] = error;
    const count = states[state + 1] as number;
    counts[n] = states[state + 1] = count < size ? count + 1 : size;
    sums[n++] = total + error;
  }
  out.length = n;
}

/** Copies times and ids to the results. @returns the place of the first result of these events */
function copyEvents(out: Outbox, times: Float64Array, ids: Uint32Array, from: number, to: number): number {
  out.reserve(to - from);
  const [ats, keys] = out.columns as [Column, Column];
  ats.set(times.subarray(from, to), out.length);
  keys.set(ids.subarray(from, to), out.length);
  return out.length;
}

/**
 * The events of the last `size` units of time, in rings of a power of two, at `number & mask`. Events of the newest
 * time have no results yet. The state of each key is its count, sum and error of the sum.
 *
 *     head       first in the window
 *     emitted    first without a result: from here on all have the time `now`
 *     tail       one past the last
 */
export class KeyedFrame {
  now = LOWEST;
  head = 0;
  emitted = 0;
  tail = 0;
  times = new Float64Array(8192);
  values = new Float64Array(8192);
  ids = new Uint32Array(8192);
  readonly states: Float64Array;
  readonly out = new Outbox(COLUMNS);

  constructor(
    readonly size: number,
    keys: number,
  ) {
    this.states = new Float64Array(keys * 4);
  }

  /** Makes room for n more events, and for the results of all events without one. */
  reserve(n: number): void {
    const { head, tail, emitted, times, values, ids } = this;
    this.out.reserve(n + tail - emitted);
    const needed = tail - head + n;
    if (needed <= times.length) return;
    let capacity = times.length;
    while (capacity < needed) capacity *= 2;
    this.times = new Float64Array(capacity);
    this.values = new Float64Array(capacity);
    this.ids = new Uint32Array(capacity);
    for (let number = head; number < tail; number++) {
      const [from, to] = [number & (times.length - 1), number & (capacity - 1)];
      this.times[to] = times[from] as number;
      this.values[to] = values[from] as number;
      this.ids[to] = ids[from] as number;
    }
  }
}

export function foldKeyedFrame(
  s: KeyedFrame,
  times: Float64Array,
  ids: Uint32Array,
  values: Float64Array,
  from: number,
  to: number,
): void {
  s.reserve(to - from);
  const { times: keptTimes, values: keptValues, ids: keptIds, states, size, out } = s;
  const mask = keptTimes.length - 1;
  const [ats, keys, counts, sums] = out.columns as [Column, Column, Column, Column];
  let { now, head, emitted, tail } = s;
  let n = out.length;
  for (let i = from; i < to; i++) {
    const t = times[i] as number;
    if (t !== now) {
      if (!(t > now)) continue;
      const horizon = now - size;
      for (; head < emitted && (keptTimes[head & mask] as number) <= horizon; head++) {
        const state = (keptIds[head & mask] as number) << 2;
        const value = keptValues[head & mask] as number;
        const sum = states[state + 1] as number;
        const total = sum - value;
        const shift = total - sum;
        (states[state] as number)--;
        states[state + 1] = total;
        states[state + 2] = (states[state + 2] as number) + (sum - (total - shift) - (value + shift));
      }
      for (; emitted < tail; emitted++) {
        const id = keptIds[emitted & mask] as number;
        const state = id << 2;
        ats[n] = now;
        keys[n] = id;
        counts[n] = states[state] as number;
        sums[n++] = (states[state + 1] as number) + (states[state + 2] as number);
      }
      now = t;
    }
    let value = values[i] as number;
    // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
    if (value !== value) value = 0;
    const id = ids[i] as number;
    const at = tail++ & mask;
    keptTimes[at] = t;
    keptIds[at] = id;
    keptValues[at] = value;
    const state = id << 2;
    const sum = states[state + 1] as number;
    const total = sum + value;
    const shift = total - sum;
    (states[state] as number)++;
    states[state + 1] = total;
    states[state + 2] = (states[state + 2] as number) + (sum - (total - shift) + (value - shift));
  }
  out.length = n;
  s.now = now;
  s.head = head;
  s.emitted = emitted;
  s.tail = tail;
}

/** Emits the results of the newest time, by adding an event later than all others. */
export function fireKeyedFrame(s: KeyedFrame): void {
  foldKeyedFrame(s, Float64Array.of(Number.POSITIVE_INFINITY), Uint32Array.of(0), Float64Array.of(0), 0, 1);
}

/** A Map of arrays: each event is pushed, the oldest is shifted, and the array is added up anew. */
export class NaiveKeyedRows {
  groups = new Map<Key, number[]>();
  rows: object[] = [];

  constructor(readonly size: number) {}

  push(at: number, key: Key, value: number): void {
    let window = this.groups.get(key);
    if (!window) {
      window = [];
      this.groups.set(key, window);
    }
    window.push(value);
    if (window.length > this.size) window.shift();
    this.rows.push({ at, key, count: window.length, sum: window.reduce((a, b) => a + b) });
  }

  fire(): void {}

  take(): object[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }
}

/** A Map of arrays of events in a window by time. Results are emitted once a later event arrives. */
export class NaiveKeyedFrame {
  groups = new Map<Key, { at: number; value: number }[]>();
  waiting: Key[] = [];
  now = LOWEST;
  rows: object[] = [];

  constructor(readonly size: number) {}

  push(at: number, key: Key, value: number): void {
    if (at > this.now) this.fire();
    this.now = at;
    const window = this.groups.get(key);
    if (window) window.push({ at, value });
    else this.groups.set(key, [{ at, value }]);
    this.waiting.push(key);
  }

  fire(): void {
    for (const key of this.waiting) {
      const window = this.groups.get(key) as { at: number; value: number }[];
      while ((window[0]?.at as number) <= this.now - this.size) window.shift();
      this.rows.push({
        at: this.now,
        key,
        count: window.length,
        sum: window.reduce((a, { value }) => a + value, 0),
      });
    }
    this.waiting = [];
  }

  take(): object[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }
}

export function naiveKeyedRolling(
  s: NaiveKeyedRows | NaiveKeyedFrame,
  times: Float64Array,
  keys: ArrayLike<Key>,
  values: Float64Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) s.push(times[i] as number, keys[i] as Key, values[i] as number);
}
