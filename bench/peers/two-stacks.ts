/**
 * Hopping windows by two stacks on typed arrays, the tuned rival of oriel. It has a plane of states for each slice,
 * flips all keys at once when the front is empty, and emits results in the pass that updates the back.
 *
 *     plane    four numbers a key: count, sum, error of the sum, max
 *     front    planes of slices that were flipped: each combines its slice with all later flipped ones
 *     back     one plane: combines the slices since the last flip
 */

import { Outbox } from './outbox';

type Column = Float64Array;

export class TwoStacks {
  /** Number of the open slice. */
  slice = 0;
  /** Number of the newest slice in the front. */
  flipped = -1;
  readonly planes: Float64Array[];
  readonly back: Float64Array;
  readonly out = new Outbox(['start', 'end', 'key', 'count', 'sum', 'max']);

  constructor(
    readonly every: number,
    slices: number,
    readonly keys: number,
  ) {
    this.planes = Array.from({ length: slices }, () => empty(new Float64Array(keys * 4)));
    this.back = empty(new Float64Array(keys * 4));
  }
}

export function foldHopping(
  s: TwoStacks,
  times: Float64Array,
  ids: Uint32Array,
  values: Float64Array,
  from: number,
  to: number,
): void {
  let i = from;
  while (i < to) {
    const plane = s.planes[s.slice % s.planes.length] as Float64Array;
    const start = s.slice * s.every;
    const end = start + s.every;
    let t = start;
    for (; i < to; i++) {
      t = times[i] as number;
      if (!(t >= start && t < end)) break;
      const state = (ids[i] as number) << 2;
      const value = values[i] as number;
      (plane[state] as number)++;
      // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
      if (value !== value) continue;
      const sum = plane[state + 1] as number;
      const total = sum + value;
      const shift = total - sum;
      plane[state + 1] = total;
      plane[state + 2] = (plane[state + 2] as number) + (sum - (total - shift) + (value - shift));
      if (value > (plane[state + 3] as number)) plane[state + 3] = value;
    }
    if (i === to) break;
    if (t < start) i++;
    else endSlice(s);
  }
}

/** Fires the window that ends with the open slice, and opens the next slice. */
function endSlice(s: TwoStacks): void {
  const { planes, back, out, keys, every, slice } = s;
  const count = planes.length;
  const oldest = slice - count + 1;
  // At first the oldest slices lie before time 0: their planes are empty.
  const front = planes[(oldest + count) % count] as Float64Array;
  out.reserve(keys);
  if (oldest > s.flipped) {
    for (let k = slice - 1; k >= oldest; k--) {
      combine(planes[k % count] as Float64Array, planes[(k + 1) % count] as Float64Array);
    }
    empty(back);
    s.flipped = slice;
    emit(front, out, oldest * every, (slice + 1) * every);
  } else {
    emitCombined(front, back, planes[slice % count] as Float64Array, out, oldest * every, (slice + 1) * every);
  }
  empty(front);
  s.slice++;
}

function empty(plane: Float64Array): Float64Array {
  for (let state = 0; state < plane.length; state += 4) {
    plane[state] = 0;
    plane[state + 1] = 0;
    plane[state + 2] = 0;
    plane[state + 3] = Number.NEGATIVE_INFINITY;
  }
  return plane;
}

function combine(into: Float64Array, from: Float64Array): void {
  for (let state = 0; state < into.length; state += 4) {
    const sum = into[state + 1] as number;
    const value = from[state + 1] as number;
    const total = sum + value;
    const shift = total - sum;
    into[state] = (into[state] as number) + (from[state] as number);
    into[state + 1] = total;
    into[state + 2] =
      (into[state + 2] as number) + (from[state + 2] as number) + (sum - (total - shift) + (value - shift));
    if ((from[state + 3] as number) > (into[state + 3] as number)) into[state + 3] = from[state + 3] as number;
  }
}

function emit(plane: Float64Array, out: Outbox, start: number, end: number): void {
  const [starts, ends, ids, counts, sums, maxs] = out.columns as [Column, Column, Column, Column, Column, Column];
  let n = out.length;
  for (let state = 0; state < plane.length; state += 4) {
    if (plane[state] === 0) continue;
    starts[n] = start;
    ends[n] = end;
    ids[n] = state >> 2;
    counts[n] = plane[state] as number;
    sums[n] = (plane[state + 1] as number) + (plane[state + 2] as number);
    maxs[n] = plane[state + 3] as number;
    n++;
  }
  out.length = n;
}

/** Combines the plane into the back, and emits front ⊕ back. */
function emitCombined(
  front: Float64Array,
  back: Float64Array,
  plane: Float64Array,
  out: Outbox,
  start: number,
  end: number,
): void {
  const [starts, ends, ids, counts, sums, maxs] = out.columns as [Column, Column, Column, Column, Column, Column];
  let n = out.length;
  for (let state = 0; state < back.length; state += 4) {
    const sum = back[state + 1] as number;
    const value = plane[state + 1] as number;
    const total = sum + value;
    const shift = total - sum;
    const error =
      (back[state + 2] as number) + (plane[state + 2] as number) + (sum - (total - shift) + (value - shift));
    const backCount = (back[state] as number) + (plane[state] as number);
    const backMax = (plane[state + 3] as number) > (back[state + 3] as number) ? plane[state + 3] : back[state + 3];
    back[state] = backCount;
    back[state + 1] = total;
    back[state + 2] = error;
    back[state + 3] = backMax as number;
    const count = (front[state] as number) + backCount;
    if (count === 0) continue;
    const older = front[state + 1] as number;
    const whole = older + total;
    const more = whole - older;
    starts[n] = start;
    ends[n] = end;
    ids[n] = state >> 2;
    counts[n] = count;
    sums[n] = whole + ((front[state + 2] as number) + error + (older - (whole - more) + (total - more)));
    maxs[n] = (front[state + 3] as number) > (backMax as number) ? (front[state + 3] as number) : (backMax as number);
    n++;
  }
  out.length = n;
}
