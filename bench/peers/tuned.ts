/**
 * Tumbling windows in the best JavaScript we could write: typed arrays, states in registers or side by side in memory,
 * and one top-level function for a whole batch. As in oriel, late events are dropped, missing values (NaN) are skipped,
 * and sums are compensated by two-sum. A function named `…Plain` has a plain sum and does not check its input.
 */

import { Outbox } from './outbox';

type Column = Float64Array;

/** Count, sum, min and max of the open window. */
export class Unkeyed {
  start = 0;
  count = 0;
  sum = 0;
  error = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  readonly out = new Outbox(['start', 'end', 'count', 'sum', 'min', 'max']);

  constructor(readonly size: number) {}
}

export function foldUnkeyed(s: Unkeyed, times: Float64Array, values: Float64Array, from: number, to: number): void {
  let i = from;
  while (i < to) {
    const start = s.start;
    const end = start + s.size;
    const first = i;
    let { sum, error, min, max } = s;
    let t = start;
    for (; i < to; i++) {
      t = times[i] as number;
      if (!(t >= start && t < end)) break;
      const value = values[i] as number;
      // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
      if (value !== value) continue;
      const total = sum + value;
      const shift = total - sum;
      error += sum - (total - shift) + (value - shift);
      sum = total;
      min = value < min ? value : min;
      max = value > max ? value : max;
    }
    s.sum = sum;
    s.error = error;
    s.min = min;
    s.max = max;
    s.count += i - first;
    if (i === to) break;
    if (t < start) i++;
    else fireUnkeyed(s, Math.floor(t / s.size) * s.size);
  }
}

export function foldUnkeyedPlain(
  s: Unkeyed,
  times: Float64Array,
  values: Float64Array,
  from: number,
  to: number,
): void {
  let i = from;
  while (i < to) {
    const end = s.start + s.size;
    const first = i;
    let { sum, min, max } = s;
    for (; i < to; i++) {
      if ((times[i] as number) >= end) break;
      const value = values[i] as number;
      sum += value;
      min = value < min ? value : min;
      max = value > max ? value : max;
    }
    s.sum = sum;
    s.min = min;
    s.max = max;
    s.count += i - first;
    if (i < to) fireUnkeyed(s, Math.floor((times[i] as number) / s.size) * s.size);
  }
}

export function fireUnkeyed(s: Unkeyed, next: number): void {
  if (s.count) {
    const { out } = s;
    out.reserve(1);
    const [starts, ends, counts, sums, mins, maxs] = out.columns as [Column, Column, Column, Column, Column, Column];
    const n = out.length++;
    starts[n] = s.start;
    ends[n] = s.start + s.size;
    counts[n] = s.count;
    sums[n] = s.sum + s.error;
    mins[n] = s.min;
    maxs[n] = s.max;
  }
  s.start = next;
  s.count = 0;
  s.sum = 0;
  s.error = 0;
  s.min = Number.POSITIVE_INFINITY;
  s.max = Number.NEGATIVE_INFINITY;
}

/**
 * Count, sum and error of the sum of every key in the open window. A key has four numbers, the last unused, so that its
 * state lies in one cache line.
 */
export class Keyed {
  start = 0;
  states: Float64Array;

  constructor(
    readonly size: number,
    /** All ids are below this. */
    public keys: number,
    /** The key of each id; without it, ids are the keys. */
    readonly keyOf?: readonly number[],
    readonly out = new Outbox(['start', 'end', 'key', 'count', 'sum']),
  ) {
    this.states = new Float64Array(keys * 4);
  }

  /** Makes room for ids below n. */
  widen(n: number): void {
    this.keys = n;
    if (n * 4 <= this.states.length) return;
    const states = new Float64Array(Math.max(n * 4, this.states.length * 2));
    states.set(this.states);
    this.states = states;
  }
}

/** Folds events [from, to). The id of event i is `ids[i - base]`. */
export function foldKeyed(
  s: Keyed,
  times: Float64Array,
  ids: Uint32Array,
  values: Float64Array,
  from: number,
  to: number,
  base: number,
): void {
  const { states } = s;
  let i = from;
  while (i < to) {
    const start = s.start;
    const end = start + s.size;
    let t = start;
    for (; i < to; i++) {
      t = times[i] as number;
      if (!(t >= start && t < end)) break;
      const state = (ids[i - base] as number) << 2;
      const value = values[i] as number;
      (states[state] as number)++;
      // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
      if (value !== value) continue;
      const sum = states[state + 1] as number;
      const total = sum + value;
      const shift = total - sum;
      states[state + 1] = total;
      states[state + 2] = (states[state + 2] as number) + (sum - (total - shift) + (value - shift));
    }
    if (i === to) break;
    if (t < start) i++;
    else fireKeyed(s, Math.floor(t / s.size) * s.size);
  }
}

export function foldKeyedPlain(
  s: Keyed,
  times: Float64Array,
  ids: Uint32Array,
  values: Float64Array,
  from: number,
  to: number,
): void {
  const { states } = s;
  let i = from;
  while (i < to) {
    const end = s.start + s.size;
    for (; i < to; i++) {
      if ((times[i] as number) >= end) break;
      const state = (ids[i] as number) << 2;
      (states[state] as number)++;
      states[state + 1] = (states[state + 1] as number) + (values[i] as number);
    }
    if (i < to) fireKeyed(s, Math.floor((times[i] as number) / s.size) * s.size);
  }
}

export function fireKeyed(s: Keyed, next: number): void {
  const { states, keys, out, keyOf } = s;
  const end = s.start + s.size;
  out.reserve(keys);
  const [starts, ends, ids, counts, sums] = out.columns as [Column, Column, Column, Column, Column];
  let n = out.length;
  for (let id = 0; id < keys; id++) {
    const state = id << 2;
    const count = states[state] as number;
    if (count === 0) continue;
    starts[n] = s.start;
    ends[n] = end;
    ids[n] = keyOf ? (keyOf[id] as number) : id;
    counts[n] = count;
    sums[n] = (states[state + 1] as number) + (states[state + 2] as number);
    n++;
    states[state] = 0;
    states[state + 1] = 0;
    states[state + 2] = 0;
  }
  out.length = n;
  s.start = next;
}

/** Looks up the ids of keys [from, to) in a Map and writes them to `ids` from 0 on. Appends new keys to `keyOf`. */
export function mapToIds<K>(
  known: Map<K, number>,
  keyOf: K[],
  keys: ArrayLike<K>,
  from: number,
  to: number,
  ids: Uint32Array,
): void {
  for (let i = from; i < to; i++) {
    const key = keys[i] as K;
    let id = known.get(key);
    if (id === undefined) {
      id = keyOf.length;
      keyOf.push(key);
      known.set(key, id);
    }
    ids[i - from] = id;
  }
}

/** Several open windows, for events out of order within a bound: a ring of planes of states, one for each window. */
export class Disordered {
  newest = Number.NEGATIVE_INFINITY;
  /** Number of the oldest open window. */
  oldest = 0;
  readonly planes: Keyed[];
  readonly out = new Outbox(['start', 'end', 'key', 'count', 'sum']);

  constructor(
    readonly size: number,
    readonly bound: number,
    keys: number,
  ) {
    const open = Math.ceil(bound / size) + 2;
    this.planes = Array.from({ length: open }, () => new Keyed(size, keys, undefined, this.out));
  }
}

export function foldDisordered(
  s: Disordered,
  times: Float64Array,
  ids: Uint32Array,
  values: Float64Array,
  from: number,
  to: number,
): void {
  const { planes, size, bound } = s;
  let newest = s.newest;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let due = (s.oldest + 1) * size + bound;
  let states = (planes[0] as Keyed).states;
  for (let i = from; i < to; i++) {
    const t = times[i] as number;
    if (t > newest) {
      newest = t;
      if (t >= due) {
        fireDisordered(s, t - bound);
        due = (s.oldest + 1) * size + bound;
      }
    }
    if (!(t >= low && t < high)) {
      const k = Math.floor(t / size);
      if (k < s.oldest) continue;
      low = k * size;
      high = low + size;
      states = (planes[k % planes.length] as Keyed).states;
    }
    const state = (ids[i] as number) << 2;
    const value = values[i] as number;
    (states[state] as number)++;
    // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
    if (value !== value) continue;
    const sum = states[state + 1] as number;
    const total = sum + value;
    const shift = total - sum;
    states[state + 1] = total;
    states[state + 2] = (states[state + 2] as number) + (sum - (total - shift) + (value - shift));
  }
  s.newest = newest;
}

/** Fires the windows that end by the watermark. */
export function fireDisordered(s: Disordered, watermark: number): void {
  const { planes, size } = s;
  const last = Number.isFinite(watermark) ? Math.floor(watermark / size) : s.oldest + planes.length;
  for (; s.oldest < last; s.oldest++) {
    const plane = planes[s.oldest % planes.length] as Keyed;
    plane.start = s.oldest * size;
    fireKeyed(plane, 0);
  }
}
