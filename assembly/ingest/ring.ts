/**
 * The ring: columns in linear memory in which every event waits until it is consumed. Each column has room for
 * `capacity` events:
 *
 *     times  f64 │ ids  u32 │ words  u64 × key width │ measures  f64 × n
 *
 * `head` is the number of the oldest event not yet consumed, `tail` that of the next to be written. Both grow modulo
 * 2^32, and event s stands at place s & mask.
 *
 * Law: head <= tail <= head + capacity.
 *
 * A stream has no columns until it is opened (lifecycle.ts), so that one without events takes little memory. Its
 * columns then lie nowhere; all that points into them moves with them, as between segments (segments.ts).
 */

import { allocate } from '../base/allocator';
import { Stream, windowAt } from '../stream';

/** The least and the greatest of some times: Infinity and -Infinity if there are none. */
@unmanaged
export class TimeRange {
  first: f64;
  last: f64;
}

@unmanaged
export class Ring {
  head: u32;
  tail: u32;
  mask: u32;
  times: usize;
  ids: usize;
  words: usize;
  measures: usize;
  measureCount: i32;
  /** The stream's own columns, 0 until it is opened. */
  own: usize;
}

/** Stands for the address of columns that are not there. */
export const NOWHERE: usize = 64;

export function createRing(stream: Stream, capacity: u32, keyWidth: i32, measureCount: i32): Ring {
  const ring = changetype<Ring>(allocate(stream, offsetof<Ring>()));
  const columnBytes = (<usize>capacity) << 3;
  ring.head = 0;
  ring.tail = 0;
  ring.mask = capacity - 1;
  ring.own = 0;
  ring.times = NOWHERE;
  ring.ids = ring.times + columnBytes;
  ring.words = ring.ids + columnBytes;
  ring.measureCount = measureCount;
  ring.measures = ring.words + columnBytes * <usize>keyWidth;
  return ring;
}

/** Bytes of all columns. */
export function columnsBytes(ring: Ring): usize {
  return ring.measures - ring.times + ((<usize>ring.mask + 1) << 3) * <usize>ring.measureCount;
}

/** Address of column i of the measures. */
export function measureColumn(ring: Ring, i: u32): usize {
  return ring.measures + ((<usize>i * <usize>(ring.mask + 1)) << 3);
}

/**
 * Address of the measure column that window w reads, 0 if it reads none. It changes when the stream turns to another
 * segment.
 */
export function windowColumn(stream: Stream, w: i32): usize {
  const measure = windowAt(stream, w).column;
  return measure ? measureColumn(changetype<Ring>(stream.ring), measure - 1) : 0;
}

/**
 * Returns the place at which n contiguous events may be written, or -1 if there is no room. An empty ring starts over
 * at its first place, so that a batch is never cut, and a producer and a consumer that take turns stay in the same
 * cache lines.
 */
export function claim(ring: Ring, n: u32): i32 {
  const capacity = ring.mask + 1;
  if (ring.head == ring.tail) {
    ring.tail = (ring.tail + ring.mask) & ~ring.mask;
    ring.head = ring.tail;
  }
  const at = ring.tail & ring.mask;
  const free = capacity - (ring.tail - ring.head);
  return n <= free && n <= capacity - at ? <i32>at : -1;
}

/** Adds n events that were written at the place `claim` returned. */
export function publish(ring: Ring, n: u32): void {
  ring.tail += n;
  assert(ring.tail - ring.head <= ring.mask + 1);
}

/**
 * Scans n times from ring place `at`: returns the index of the first that is NaN or whose absolute value exceeds the
 * limit, -1 if there is none. `range` becomes their least and greatest, of no use if one of them is NaN.
 */
export function scanTimes(ring: Ring, at: i32, n: i32, limit: f64, range: TimeRange): i32 {
  const times = ring.times + ((<usize>at) << 3);
  const bytes = (<usize>n) << 3;
  let low = f64x2.splat(Infinity);
  let high = f64x2.splat(-Infinity);
  let good = f64x2.splat(limit);
  good = f64x2.eq(good, good);
  let lowNext = low;
  let highNext = high;
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const pair = v128.load(times + i);
    const next = v128.load(times + i, 16);
    good = v128.and(good, v128.and(f64x2.eq(pair, pair), f64x2.eq(next, next)));
    low = f64x2.pmin(low, pair);
    lowNext = f64x2.pmin(lowNext, next);
    high = f64x2.pmax(high, pair);
    highNext = f64x2.pmax(highNext, next);
  }
  low = f64x2.pmin(low, lowNext);
  high = f64x2.pmax(high, highNext);
  let allGood = i64x2.all_true(good);
  let first = min(f64x2.extract_lane(low, 0), f64x2.extract_lane(low, 1));
  let last = max(f64x2.extract_lane(high, 0), f64x2.extract_lane(high, 1));
  for (; i < bytes; i += 8) {
    const t = load<f64>(times + i);
    if (t != t) allGood = false;
    first = min(first, t);
    last = max(last, t);
  }
  range.first = first;
  range.last = last;
  return allGood && first >= -limit && last <= limit ? -1 : firstBadTime(times, n, limit);
}

function firstBadTime(times: usize, n: i32, limit: f64): i32 {
  for (let i = 0; i < n; i++) {
    if (!(abs(load<f64>(times + ((<usize>i) << 3))) <= limit)) return i;
  }
  return -1;
}
