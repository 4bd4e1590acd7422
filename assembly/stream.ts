/**
 * A stream: its plan, its clock, its counters, and the stores that hold its events. One block of memory each; everything a
 * stream has is reached from here.
 *
 *     Stream ─┬─ Ring          events that came and are not yet in a window
 *             ├─ Dictionary    keys ↔ ids
 *             ├─ Slices        of all windows on a grid: rows of events, while events in any order may still come
 *             ├─ Stacks × n    one for each of them: rows waiting to be combined into it
 *             ├─ Frames × n    in place of both where windows fire early: the windows themselves
 *             ├─ stores        one for each other window, see window/registry.ts
 *             └─ Outbox        windows that fired, until they are taken
 *
 * A row is what is known of one key in one span of time. The head has the last two only where windows fire more than once:
 *
 *     0 events: f64 │ 8 given: f64 │ 16 firings: f64 │ state of part 0 │ … │ state of part n-1        stride bytes
 *
 * `events` is how many it is of (0: an empty row), `given` how many of them were in the last firing.
 */

import { Owner } from './base/allocator';
import { WindowPlan } from './plan';

@unmanaged
export class Stream extends Owner {
  /** What results not yet taken are counted for. */
  results: Owner;
  /** What states that own memory are counted for, and whether there are any. */
  states: Owner;
  hasHeapStates: bool;
  /** Bytes in use before the first event. */
  emptyBytes: f64;
  /** Whether something of keys is remembered beyond their windows: see steps.ts. */
  hasSamples: bool;
  plan: usize;
  windows: usize;
  windowCount: i32;
  /** How many of the windows lie on a grid of time: the first ones. */
  gridCount: i32;
  /** Stores in all: one for the grids, one for each other window. */
  storeCount: i32;
  parts: usize;
  partCount: i32;
  outputCount: i32;
  /** How many numbers the lists of a result can have: those of a fixed length, and those that follow from what its states own. */
  listLimit: f64;
  heapListLimit: f64;
  /** How many of the outputs are of the second kind. */
  heapLists: f64;
  stride: usize;
  head: usize;
  delay: f64;
  allowedLateness: f64;
  outOfOrder: f64;
  maxFutureSkew: f64;
  keys: i32;
  /** See Plan. */
  eager: bool;
  discard: bool;
  ordered: bool;
  partial: bool;
  early: f64;
  /** The measure that makes events fire windows early, 0 if none. */
  when: usize;
  /** What is computed of every batch: see expression.ts. */
  program: usize;
  programLength: i32;
  registers: usize;
  /** Which events are taken, 0 where all are: see filter.ts. */
  filter: usize;

  /** The greatest event time so far, and the time before which no event is expected. */
  newest: f64;
  watermark: f64;
  /** How far time has been moved without events, as if there had been one then. */
  advancedTo: f64;
  /** A newest time that fires something of the grids; none sooner does. */
  fireAt: f64;
  /** Every slice that ends at or before this has been sealed. */
  sealedTo: f64;

  events: f64;
  late: f64;
  skipped: f64;
  future: f64;
  filtered: f64;
  fired: f64;

  ring: usize;
  dictionary: usize;
  slices: usize;
  stacks: usize;
  triggered: usize;
  /** A list of the stores of windows that are not on a grid. */
  stores: usize;
  outbox: usize;

  /** A row that nothing reads, for events that no window takes, and the row every other begins as. */
  trash: usize;
  empty: usize;
  /** Scratch for one batch: the row of each event, and the places in the batch of those that came late. */
  rows: usize;
  lateEvents: usize;
  lateCount: i32;
  /** u16 for each event of the batch: how many stores did not take it, and why: see misses.ts. */
  misses: usize;
  missed: bool;
  /** The bounds of the window last asked for: see query.ts. */
  answer: usize;
  askedStart: f64;
  askedEnd: f64;
  /** Why something fires: see clockAt. */
  cause: i32;
  /** Scratch for combining: three lists of addresses, and rows to combine into. */
  into: usize;
  left: usize;
  right: usize;
  /** The same of one address each. */
  single: usize;
  temporary: usize;
  /** The rows that a firing lowers, and their ids. */
  chunkRows: usize;
  chunkIds: usize;
}

/** Rows are worked on this many at a time: their lists and temporary rows stay in the first-level cache. */
export const CHUNK_ROWS: i32 = 256;

/**
 * Reasons to fire, in order: event i of a batch moved the clock; with that passed a mark of early firing; was taken; and wants early
 * firing itself.
 */
export function byClock(i: i32): i32 {
  return i << 2;
}

export function byMark(i: i32): i32 {
  return (i << 2) | 1;
}

export function byEvent(i: i32): i32 {
  return (i << 2) | 2;
}

export function byFlag(i: i32): i32 {
  return (i << 2) | 3;
}

/** Offsets in the head of a row. */
export const EMITTED: usize = 8;
export const FIRINGS: usize = 16;

export function copyRow(stream: Stream, to: usize, from: usize): void {
  copyState(to, from, stream.stride);
}

export function copyState(to: usize, from: usize, size: usize): void {
  for (let i: usize = 0; i < size; i += 8) store<u64>(to + i, load<u64>(from + i));
}

/** Whether rows fire more than once: their heads then say so. */
export function firesAgain(stream: Stream): bool {
  return stream.head > EMITTED;
}

/** The store of window w, which is not on a grid. */
export function storeAt(stream: Stream, w: i32): usize {
  return load<u32>(stream.stores + ((<usize>(w - stream.gridCount)) << 2));
}

export function windowAt(stream: Stream, w: i32): usize {
  return stream.windows + <usize>w * WindowPlan.bytes;
}

/** Bytes that the stream may still hold. */
export function headroom(stream: Stream): f64 {
  return stream.limit - stream.used - stream.results.used - stream.states.used;
}
