/**
 * The ring: the only door for events. Columns in linear memory, each `capacity` long:
 *
 *     times  f64 │ ids  u32 │ words  u64 × key width │ measures  f64 × n
 *
 * Head is the oldest event not yet consumed, tail the next to be written; both grow for ever (modulo 2^32) and event s stands at
 * s & mask. head <= tail <= head + capacity.
 */

import { allocate, release } from '../base/allocator';
import { WindowPlan } from '../plan';
import { Stream, windowAt } from '../stream';

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
  /** Least and greatest of the times last checked. */
  first: f64;
  last: f64;
}

export function createRing(stream: Stream, capacity: u32, keyWidth: i32, measureCount: i32): Ring {
  const ring = changetype<Ring>(allocate(stream, offsetof<Ring>()));
  const lanes = (<usize>capacity) << 3;
  ring.head = 0;
  ring.tail = 0;
  ring.mask = capacity - 1;
  ring.times = allocate(stream, lanes * <usize>(2 + keyWidth + measureCount));
  ring.ids = ring.times + lanes;
  ring.words = ring.ids + lanes;
  ring.measureCount = measureCount;
  ring.measures = ring.words + lanes * <usize>keyWidth;
  // An un-keyed stream has the one key 0.
  memory.fill(ring.ids, 0, lanes);
  return ring;
}

export function measureColumn(ring: Ring, i: u32): usize {
  return ring.measures + ((<usize>i * <usize>(ring.mask + 1)) << 3);
}

/** The column of measures that window w reads, 0 where it reads none. Columns move when the stream turns to another segment. */
export function windowColumn(stream: Stream, w: i32): usize {
  const measure = load<u32>(windowAt(stream, w), WindowPlan.column);
  return measure ? measureColumn(changetype<Ring>(stream.ring), measure - 1) : 0;
}

export function destroyRing(stream: Stream, ring: Ring): void {
  release(stream, ring.times);
  release(stream, changetype<usize>(ring));
}

/**
 * Where n events in a row may be written, or -1. An empty ring starts over at its first place, so that a batch is never cut
 * and a producer and consumer in turn stay in the same lines of cache.
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

export function publish(ring: Ring, n: u32): void {
  ring.tail += n;
  assert(ring.tail - ring.head <= ring.mask + 1);
}

/** First of n times at place `at` that is not finite or beyond the limit, or -1. Notes the least and the greatest. */
export function badTime(ring: Ring, at: i32, n: i32, limit: f64): i32 {
  const times = ring.times + ((<usize>at) << 3);
  const bytes = (<usize>n) << 3;
  let least = f64x2.splat(Infinity);
  let most = f64x2.splat(-Infinity);
  let good = f64x2.splat(limit);
  good = f64x2.eq(good, good);
  let leastNext = least;
  let mostNext = most;
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const pair = v128.load(times + i);
    const next = v128.load(times + i, 16);
    good = v128.and(good, v128.and(f64x2.eq(pair, pair), f64x2.eq(next, next)));
    least = f64x2.pmin(least, pair);
    leastNext = f64x2.pmin(leastNext, next);
    most = f64x2.pmax(most, pair);
    mostNext = f64x2.pmax(mostNext, next);
  }
  least = f64x2.pmin(least, leastNext);
  most = f64x2.pmax(most, mostNext);
  let whole = i64x2.all_true(good);
  ring.first = min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1));
  ring.last = max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1));
  for (; i < bytes; i += 8) {
    const t = load<f64>(times + i);
    if (t != t) whole = false;
    ring.first = min(ring.first, t);
    ring.last = max(ring.last, t);
  }
  return whole && ring.first >= -limit && ring.last <= limit ? -1 : badTimeSlow(times, n, limit);
}

function badTimeSlow(times: usize, n: i32, limit: f64): i32 {
  for (let i = 0; i < n; i++) {
    if (!(abs(load<f64>(times + ((<usize>i) << 3))) <= limit)) return i;
  }
  return -1;
}
