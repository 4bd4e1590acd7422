/**
 * The ring: the only door for events. Columns in linear memory, each `capacity` long:
 *
 *     times  f64 │ ids  u32 │ words  u64 × key width │ measures  f64 × n
 *
 * Head is the oldest event not yet consumed, tail the next to be written; both grow for ever (modulo 2^32) and event s stands at
 * s & mask. head <= tail <= head + capacity.
 */

import { allocate, release } from './memory';
import { Stream } from './stream';

@unmanaged
export class Ring {
  head: u32;
  tail: u32;
  mask: u32;
  times: usize;
  ids: usize;
  words: usize;
  measures: usize;
}

export function createRing(stream: Stream, capacity: u32, keyWidth: i32, measureCount: i32): Ring {
  const ring = changetype<Ring>(allocate(stream, offsetof<Ring>()));
  const lanes = <usize>capacity << 3;
  ring.head = 0;
  ring.tail = 0;
  ring.mask = capacity - 1;
  ring.times = allocate(stream, lanes * <usize>(2 + keyWidth + measureCount));
  ring.ids = ring.times + lanes;
  ring.words = ring.ids + lanes;
  ring.measures = ring.words + lanes * <usize>keyWidth;
  // An un-keyed stream has the one key 0.
  memory.fill(ring.ids, 0, lanes);
  return ring;
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

/** First of n times at place `at` that is not finite or beyond the limit, or -1. */
export function badTime(ring: Ring, at: i32, n: i32, limit: f64): i32 {
  const times = ring.times + (<usize>at << 3);
  const most = f64x2.splat(limit);
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    if (!i64x2.all_true(f64x2.le(f64x2.abs(v128.load(times + (<usize>i << 3))), most))) break;
  }
  for (; i < n; i++) {
    if (!(abs(load<f64>(times + (<usize>i << 3))) <= limit)) return i;
  }
  return -1;
}
