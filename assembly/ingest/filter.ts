/**
 * The filter: events for which the condition of the spec does not hold move the clock and do nothing else.
 *
 *     ring            a  b  C  d  E  F  g        capitals are kept
 *     kept            C  E  F                    moved together at the front: times, keys, measures
 *     ticks           1: d, 3: g                 so many are taken before the clock is moved to the time of that event
 *
 * Only events that move the newest time tick. A tick is left out where the next event that is kept moves the clock as far itself before it is
 * taken, and nobody can tell one move from two: where windows give one result each, all from one store, which fires by order of end. Others
 * are left out later, where the pipeline sees that they fire nothing.
 *
 * Law: results are those of a stream in which the event itself moves the clock at its place, wherever batches are cut.
 */

import { allocate, release } from '../base/allocator';
import { Keys, PartPlan, Plan, WindowPlan } from '../plan';
import { firesAgain, Stream, windowAt } from '../stream';
import { isPlausible } from './admission';
import { measureColumn, Ring } from './ring';

@unmanaged
class Filter {
  /** The column of the condition. */
  column: usize;
  /** Places of the events that are kept, from the first of the batch. */
  kept: usize;
  /** Which measures are moved with them. */
  read: usize;
  /** Ticks: f64 time │ u32 events kept before it. */
  ticks: usize;
  tickCount: i32;
}

const TICK: usize = 16;

export function createFilter(stream: Stream, ring: Ring, measure: u32): usize {
  const capacity = ring.mask + 1;
  const filter = changetype<Filter>(allocate(stream, offsetof<Filter>()));
  filter.column = measureColumn(ring, measure);
  // One more than there can be is written.
  filter.kept = allocate(stream, (<usize>capacity + 1) << 2);
  filter.read = allocate(stream, ring.measureCount);
  markRead(stream, filter, ring);
  filter.ticks = allocate(stream, <usize>capacity * TICK);
  filter.tickCount = 0;
  return changetype<usize>(filter);
}

export function destroyFilter(stream: Stream): void {
  const filter = changetype<Filter>(stream.filter);
  release(stream, filter.kept);
  release(stream, filter.read);
  release(stream, filter.ticks);
  release(stream, stream.filter);
}

/** The columns stand so much further on than they did. */
export function moveFilter(stream: Stream, distance: usize): void {
  changetype<Filter>(stream.filter).column += distance;
}

/** Bytes of a filter. */
export function filterBytes(capacity: f64, measureCount: f64): f64 {
  return capacity * 20 + measureCount + 1024;
}

/** Moves the events that are kept together, from place `at` on; how many they are. */
export function compact(stream: Stream, ring: Ring, at: i32, n: i32): i32 {
  const filter = changetype<Filter>(stream.filter);
  const kept = choose(stream, filter, ring.times + ((<usize>at) << 3), filter.column + ((<usize>at) << 3), n);
  stream.filtered += n - kept;
  if (kept == n) return n;
  const lane = (<usize>ring.mask + 1) << 3;
  const offset = (<usize>at) << 3;
  gather<u64>(filter.kept, ring.times + offset, kept);
  if (stream.keys == Keys.ids) gather<u32>(filter.kept, ring.ids + (offset >> 1), kept);
  else
    for (let words = ring.words; words < ring.measures; words += lane) gather<u64>(filter.kept, words + offset, kept);
  for (let i = 0; i < ring.measureCount; i++) {
    if (load<u8>(filter.read + i)) gather<u64>(filter.kept, measureColumn(ring, i) + offset, kept);
  }
  return kept;
}

/** A byte for each measure: whether it is read when the program has run. */
function markRead(stream: Stream, filter: Filter, ring: Ring): void {
  const whole = load<u32>(stream.plan, Plan.givesLate) != 0;
  memory.fill(filter.read, whole ? 1 : 0, ring.measureCount);
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    store<u8>(filter.read + <usize>load<u32>(part, PartPlan.measure), 1);
    store<u8>(filter.read + <usize>load<u32>(part, PartPlan.second), 1);
  }
  const when = load<u32>(stream.plan, Plan.when);
  if (when) store<u8>(filter.read + when - 1, 1);
  for (let w = 0; w < stream.windowCount; w++) {
    const column = load<u32>(windowAt(stream, w), WindowPlan.column);
    if (column) store<u8>(filter.read + column - 1, 1);
  }
}

function gather<T>(places: usize, column: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    store<T>(column + i * sizeof<T>(), load<T>(column + <usize>load<u32>(places + (i << 2)) * sizeof<T>()));
  }
}

/** Lists the events that are kept, and the ticks of those that are not. */
function choose(stream: Stream, filter: Filter, times: usize, condition: usize, n: i32): i32 {
  const joins = stream.storeCount == 1 && !firesAgain(stream);
  if (joins && stream.maxFutureSkew == Infinity) return chooseFast(stream, filter, times, condition, n);
  return chooseSlow(stream, filter, times, condition, n, joins);
}

/**
 * Where ticks may be left out and every time is believed: the clock ticks where all events have moved it further than those kept and the one at
 * hand. That is rare, and nothing else here is a branch.
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
      ticks += TICK;
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
    ticks += TICK;
  }
  filter.tickCount = <i32>((ticks - filter.ticks) / TICK);
  return kept;
}

function chooseSlow(stream: Stream, filter: Filter, times: usize, condition: usize, n: i32, joins: bool): i32 {
  const skew = stream.maxFutureSkew;
  let newest = stream.newest;
  // The newest before the ticks that may yet be left out, of which there are `open`.
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
        // Believed either way, it does the same.
        if (t >= newest && t <= newest + skew && (t <= before + skew || before == -Infinity)) ticks -= TICK;
        open = false;
      }
      if (moves) newest = t;
      store<u32>(filter.kept + ((<usize>kept) << 2), <u32>i);
      kept++;
    } else if (moves) {
      if (!open) before = newest;
      newest = t;
      // Of ticks in a row that nobody can tell apart the last will do.
      if (!open) ticks += TICK;
      open = joins;
      store<f64>(ticks - TICK, t);
      store<u32>(ticks - TICK, kept, 8);
    }
  }
  filter.tickCount = <i32>((ticks - filter.ticks) / TICK);
  return kept;
}

export function tickCount(stream: Stream): i32 {
  return changetype<Filter>(stream.filter).tickCount;
}

/** The time of tick i. */
export function tickAt(stream: Stream, i: i32): f64 {
  return load<f64>(changetype<Filter>(stream.filter).ticks + <usize>i * TICK);
}

/** How many of the events kept come before it. */
export function keptBefore(stream: Stream, i: i32): i32 {
  return load<i32>(changetype<Filter>(stream.filter).ticks + <usize>i * TICK, 8);
}
