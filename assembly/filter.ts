/**
 * The filter: events for which the condition of the spec does not hold move the clock and do nothing else.
 *
 *     ring            a  b  C  d  E  F  g        capitals are kept
 *     kept            C  E  F                    moved together at the front: times, keys, all measures
 *     ticks           1: d, 3: g                 so many are taken before the clock is moved to the time of that event
 *
 * Only events that move the newest time tick. A tick is left out where the next event that is kept moves the clock as far itself before it is
 * taken, and nobody can tell one move from two: where windows give one result each, all from one store, which fires by order of end.
 *
 * Law: results are those of a stream in which the event itself moves the clock at its place, wherever batches are cut.
 */

import { allocate, release } from './memory';
import { Plan } from './plan';
import { Ring } from './ring';
import { refires, Stream } from './stream';

@unmanaged
class Filter {
  /** The column of the condition. */
  column: usize;
  /** Places of the events that are kept, from the first of the batch. */
  kept: usize;
  /** Ticks: f64 time │ u32 events kept before it. */
  ticks: usize;
  tickCount: i32;
}

const TICK: usize = 16;

export function createFilter(stream: Stream, column: usize, capacity: u32): usize {
  const filter = changetype<Filter>(allocate(stream, offsetof<Filter>()));
  filter.column = column;
  filter.kept = allocate(stream, (<usize>capacity) << 2);
  filter.ticks = allocate(stream, <usize>capacity * TICK);
  filter.tickCount = 0;
  return changetype<usize>(filter);
}

export function destroyFilter(stream: Stream): void {
  const filter = changetype<Filter>(stream.filter);
  release(stream, filter.kept);
  release(stream, filter.ticks);
  release(stream, stream.filter);
}

/** Bytes of a filter. */
export function filterBytes(capacity: f64): f64 {
  return capacity * 20 + 1024;
}

/** Moves the events that are kept together, from place `at` on; how many they are. */
export function compact(stream: Stream, ring: Ring, at: i32, n: i32): i32 {
  const filter = changetype<Filter>(stream.filter);
  const kept = choose(stream, filter, ring.times + ((<usize>at) << 3), filter.column + ((<usize>at) << 3), n);
  stream.filtered += n - kept;
  if (kept == n) return n;
  // Times, words and measures stand side by side, and ids between them take as much room.
  const columns = 2 + load<i32>(stream.plan, Plan.keyWidth) + ring.measureCount;
  const lane = (<usize>ring.mask + 1) << 3;
  for (let c = 0; c < columns; c++) {
    if (c == 1) gather<u32>(filter.kept, ring.ids + ((<usize>at) << 2), kept);
    else gather<u64>(filter.kept, ring.times + <usize>c * lane + ((<usize>at) << 3), kept);
  }
  return kept;
}

function gather<T>(places: usize, column: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n; i++) {
    store<T>(column + i * sizeof<T>(), load<T>(column + <usize>load<u32>(places + (i << 2)) * sizeof<T>()));
  }
}

/** Lists the events that are kept, and the ticks of those that are not. */
function choose(stream: Stream, filter: Filter, times: usize, condition: usize, n: i32): i32 {
  const skew = stream.maxFutureSkew;
  const joins = stream.storeCount == 1 && !refires(stream);
  let newest = stream.newest;
  // The newest before the ticks that may yet be left out, of which there are `open`.
  let before = newest;
  let kept = 0;
  let ticks = filter.ticks;
  let open = false;
  for (let i: usize = 0; i < <usize>n; i++) {
    const t = load<f64>(times + (i << 3));
    const holds = abs(load<f64>(condition + (i << 3))) > 0;
    const moves = t > newest && (t <= newest + skew || newest == -Infinity);
    if (holds) {
      if (open) {
        if (t >= newest && (t <= before + skew || before == -Infinity)) ticks -= TICK;
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
