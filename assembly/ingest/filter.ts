/**
 * The filter: an event for which the condition of the spec does not hold moves the clock and does nothing else.
 *
 *     ring            a  b  C  d  E  F  g        capitals are kept
 *     kept            C  E  F                    moved together to the front: times, keys, measures
 *     ticks           1: d, 3: g                 after 1 kept event the clock moves to d's time, after 3 to g's
 *
 * Only dropped events that move the newest time tick. A tick is left out if the next kept event moves the clock at
 * least as far before it is taken, and if one move and two give the same results. They do if each window gives one
 * result and all results come from one store, which fires in order of end. The pipeline skips further ticks: those that
 * fire nothing.
 *
 * Law: the results are those of a stream in which each dropped event moves the clock at its own place, wherever batches
 * are cut.
 */

import { allocate, release } from '../base/allocator';
import { Keys, Plan } from '../plan';
import { firesAgain, Stream, windowAt } from '../stream';
import { isPlausible } from './admission';
import { countInOrder, squeeze, squeezeIds } from './filter-in-order';
import { measureColumn, Ring } from './ring';

@unmanaged
class Filter {
  /** Address of the column of the condition. */
  column: usize;
  /** Places of the kept events, u32 each, relative to the first event of the batch. */
  kept: usize;
  /** u8 for each measure: whether it is moved with the kept events. */
  moves: usize;
  /** 16 bytes for each tick: 0 its time: f64 │ 8 number of kept events before it: u32. */
  ticks: usize;
  tickCount: i32;
}

const TICK_BYTES: usize = 16;

/** Creates the filter whose condition is in a column of measures. */
export function createFilter(stream: Stream, ring: Ring, measure: u32): usize {
  const filter = changetype<Filter>(allocate(stream, offsetof<Filter>()));
  filter.column = measureColumn(ring, measure);
  filter.kept = 0;
  filter.moves = allocate(stream, ring.measureCount);
  markMoved(stream, filter, ring);
  filter.ticks = 0;
  filter.tickCount = 0;
  return changetype<usize>(filter);
}

/** Allocates the lists of a filter. */
export function openFilter(stream: Stream, capacity: u32): void {
  const filter = changetype<Filter>(stream.filter);
  // `chooseFast` writes a place before it knows whether the event is kept.
  filter.kept = allocate(stream, (<usize>capacity + 1) << 2);
  filter.ticks = allocate(stream, <usize>capacity * TICK_BYTES);
}

/** Releases the lists of a filter. */
export function closeFilter(stream: Stream): void {
  const filter = changetype<Filter>(stream.filter);
  release(stream, filter.kept);
  release(stream, filter.ticks);
}

export function destroyFilter(stream: Stream): void {
  release(stream, changetype<Filter>(stream.filter).moves);
  release(stream, stream.filter);
}

/** Moves the address of the condition by `distance` bytes. */
export function moveFilter(stream: Stream, distance: usize): void {
  changetype<Filter>(stream.filter).column += distance;
}

/** Upper bound on the bytes of a filter for a ring of `capacity` events. */
export function filterBytes(capacity: f64, measureCount: f64): f64 {
  return capacity * 20 + measureCount + 1024;
}

/** Moves the kept ones of n events from ring place `at` together to the front; returns their number. */
export function compact(stream: Stream, ring: Ring, at: i32, n: i32): i32 {
  const filter = changetype<Filter>(stream.filter);
  const times = ring.times + ((<usize>at) << 3);
  const condition = filter.column + ((<usize>at) << 3);
  const canMerge = stream.storeCount == 1 && !firesAgain(stream);
  const isSimple = canMerge && stream.maxFutureSkew == Infinity;
  const inOrder = isSimple ? countInOrder(times, condition, n, stream.newest) : -1;
  let kept = inOrder;
  if (inOrder >= 0) tickLast(stream, filter, times, condition, n, kept);
  else if (isSimple) kept = chooseFast(stream, filter, times, condition, n);
  else kept = chooseSlow(stream, filter, times, condition, n, canMerge);
  stream.filtered += n - kept;
  if (kept == n) return n;
  if (inOrder >= 0) squeezeColumns(stream, filter, ring, at, n);
  else gatherColumns(stream, filter, ring, at, kept);
  return kept;
}

/** Moves the kept events together by the condition. */
function squeezeColumns(stream: Stream, filter: Filter, ring: Ring, at: i32, n: i32): void {
  const columnBytes = (<usize>ring.mask + 1) << 3;
  const offset = (<usize>at) << 3;
  const condition = filter.column + offset;
  squeeze(condition, ring.times + offset, n);
  if (stream.keys == Keys.ids) squeezeIds(condition, ring.ids + (offset >> 1), n);
  else for (let words = ring.words; words < ring.measures; words += columnBytes) squeeze(condition, words + offset, n);
  let moves = false;
  for (let i = 0; i < ring.measureCount; i++) {
    const column = measureColumn(ring, i) + offset;
    if (!load<u8>(filter.moves + i)) continue;
    if (column == condition) moves = true;
    else squeeze(condition, column, n);
  }
  // It decides about the others, so it comes last.
  if (moves) squeeze(condition, condition, n);
}

/** Moves the events in the list of kept ones together. */
function gatherColumns(stream: Stream, filter: Filter, ring: Ring, at: i32, kept: i32): void {
  const columnBytes = (<usize>ring.mask + 1) << 3;
  const offset = (<usize>at) << 3;
  gather<u64>(filter.kept, ring.times + offset, kept);
  if (stream.keys == Keys.ids) gather<u32>(filter.kept, ring.ids + (offset >> 1), kept);
  else
    for (let words = ring.words; words < ring.measures; words += columnBytes)
      gather<u64>(filter.kept, words + offset, kept);
  for (let i = 0; i < ring.measureCount; i++) {
    if (load<u8>(filter.moves + i)) gather<u64>(filter.kept, measureColumn(ring, i) + offset, kept);
  }
}

/** Ticks after the last kept event if a later one was dropped, where times never fall. */
function tickLast(stream: Stream, filter: Filter, times: usize, condition: usize, n: i32, kept: i32): void {
  const all = load<f64>(times + ((<usize>n - 1) << 3));
  let i = <usize>n;
  if (kept) while (!(abs(load<f64>(condition + ((i - 1) << 3))) > 0)) i--;
  const moved = kept ? load<f64>(times + ((i - 1) << 3)) : stream.newest;
  filter.tickCount = all > moved ? 1 : 0;
  store<f64>(filter.ticks, all);
  store<u32>(filter.ticks, kept, 8);
}

/** Marks the measures that are read after the program has run: all of them if late events are given back. */
function markMoved(stream: Stream, filter: Filter, ring: Ring): void {
  const wantsAll = load<u32>(stream.plan, Plan.givesLate) != 0;
  memory.fill(filter.moves, wantsAll ? 1 : 0, ring.measureCount);
  const parts = stream.parts;
  for (let part = parts.first; part != parts.end; part = part.next) {
    store<u8>(filter.moves + <usize>part.measure, 1);
    store<u8>(filter.moves + <usize>part.second, 1);
  }
  const when = load<u32>(stream.plan, Plan.when);
  if (when) store<u8>(filter.moves + when - 1, 1);
  for (let w = 0; w < stream.windowCount; w++) {
    const column = windowAt(stream, w).column;
    if (column) store<u8>(filter.moves + column - 1, 1);
  }
}

/** Moves the values at n places of a column to its front. */
function gather<T>(places: usize, column: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    store<T>(column + i * sizeof<T>(), load<T>(column + <usize>load<u32>(places + (i << 2)) * sizeof<T>()));
  }
}

/**
 * Chooses where ticks may be left out and every time is believed. A tick is needed before a kept event if the newest
 * time of all events, `all`, is ahead of where the kept events and the ticks so far, `moved`, and the event at hand
 * move the clock. That is rare, and it is the only branch.
 */
function chooseFast(stream: Stream, filter: Filter, times: usize, condition: usize, n: i32): i32 {
  let all = stream.newest;
  let moved = all;
  let ticks = filter.ticks;
  let at = filter.kept;
  for (let i: usize = 0; i < <usize>n; i++) {
    const t = load<f64>(times + (i << 3));
    const holds = i32(abs(load<f64>(condition + (i << 3))) > 0);
    all = select<f64>(t, all, t > all);
    const further = select<f64>(t, moved, holds & i32(t > moved));
    if (holds & i32(all > further)) {
      store<f64>(ticks, all);
      store<u32>(ticks, <u32>((at - filter.kept) >> 2), 8);
      ticks += TICK_BYTES;
      moved = all;
    } else {
      moved = further;
    }
    store<u32>(at, <u32>i);
    at += (<usize>holds) << 2;
  }
  const kept = <u32>((at - filter.kept) >> 2);
  if (all > moved) {
    store<f64>(ticks, all);
    store<u32>(ticks, kept, 8);
    ticks += TICK_BYTES;
  }
  filter.tickCount = <i32>((ticks - filter.ticks) / TICK_BYTES);
  return kept;
}

/** Chooses in all other cases; `canMerge` says that ticks may be left out. */
function chooseSlow(stream: Stream, filter: Filter, times: usize, condition: usize, n: i32, canMerge: bool): i32 {
  const skew = stream.maxFutureSkew;
  let newest = stream.newest;
  // `open`: the last tick may still be left out; `before` is the newest time before it.
  let before = newest;
  let kept = 0;
  let ticks = filter.ticks;
  let open = false;
  for (let i: usize = 0; i < <usize>n; i++) {
    const t = load<f64>(times + (i << 3));
    const holds = abs(load<f64>(condition + (i << 3))) > 0;
    const moves = t > newest && isPlausible(stream, t, newest);
    if (holds) {
      if (open) {
        // The event is believed with or without the tick and moves the clock as far, so the tick is redundant.
        if (t >= newest && t <= newest + skew && (t <= before + skew || before == -Infinity)) ticks -= TICK_BYTES;
        open = false;
      }
      if (moves) newest = t;
      store<u32>(filter.kept + ((<usize>kept) << 2), <u32>i);
      kept++;
    } else if (moves) {
      if (!open) before = newest;
      newest = t;
      // Of consecutive ticks that may be left out only the last is kept.
      if (!open) ticks += TICK_BYTES;
      open = canMerge;
      store<f64>(ticks - TICK_BYTES, t);
      store<u32>(ticks - TICK_BYTES, kept, 8);
    }
  }
  filter.tickCount = <i32>((ticks - filter.ticks) / TICK_BYTES);
  return kept;
}

export function tickCount(stream: Stream): i32 {
  return changetype<Filter>(stream.filter).tickCount;
}

/** Time to which tick i moves the clock. */
export function tickAt(stream: Stream, i: i32): f64 {
  return load<f64>(changetype<Filter>(stream.filter).ticks + <usize>i * TICK_BYTES);
}

/** Number of kept events before tick i. */
export function keptBefore(stream: Stream, i: i32): i32 {
  return load<i32>(changetype<Filter>(stream.filter).ticks + <usize>i * TICK_BYTES, 8);
}
