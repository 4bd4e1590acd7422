/**
 * A stream: its plan, its clock, its counters, and the stores that hold its events. One block of memory each; everything a
 * stream has is reached from here.
 *
 *     Stream ─┬─ Ring          events that came and are not yet in a window
 *             ├─ Dictionary    keys ↔ ids
 *             ├─ Slices        rows of events, while events in any order may still come
 *             ├─ Stacks × n    one for each window of the plan: rows waiting to be combined into it
 *             └─ Outbox        windows that fired, until they are taken
 *
 * A row is what is known of one key in one span of time:
 *
 *     0 events: f64 │ 8 state of part 0 │ … │ state of part n-1        plan.stride bytes; no events: an empty row
 */

import { Owner } from './memory';
import { WindowPlan } from './plan';

@unmanaged
export class Stream extends Owner {
  /** What results not yet taken are counted for. */
  results: Owner;
  plan: usize;
  windows: usize;
  windowCount: i32;
  parts: usize;
  partCount: i32;
  outputCount: i32;
  stride: usize;
  delay: f64;
  allowedLateness: f64;
  outOfOrder: f64;
  maxFutureSkew: f64;
  keys: i32;

  /** The greatest event time so far, and the time before which no event is expected. */
  newest: f64;
  watermark: f64;
  /** A newest time that fires something; none sooner does. */
  fireAt: f64;
  /** Every slice that ends at or before this has been sealed. */
  sealedTo: f64;

  events: f64;
  late: f64;
  skipped: f64;
  future: f64;
  fired: f64;

  ring: usize;
  dictionary: usize;
  slices: usize;
  stacks: usize;
  outbox: usize;

  /** A row that nothing reads, for events that no window takes, and the row every other begins as. */
  trash: usize;
  empty: usize;
  /** Scratch for one batch: the row of each event, and the places in the batch of those that came late. */
  rows: usize;
  lateEvents: usize;
  lateCount: i32;
  /** Scratch for combining: three lists of addresses, and rows to combine into. */
  into: usize;
  left: usize;
  right: usize;
  temporary: usize;
  /** The rows that a firing lowers, and their ids. */
  chunkRows: usize;
  chunkIds: usize;
}

/** Rows are worked on this many at a time: their lists and temporary rows stay in the first-level cache. */
export const CHUNK: i32 = 256;

export function copyRow(stream: Stream, to: usize, from: usize): void {
  for (let i: usize = 0; i < stream.stride; i += 8) store<u64>(to + i, load<u64>(from + i));
}

export function windowAt(stream: Stream, w: i32): usize {
  return stream.windows + <usize>w * WindowPlan.bytes;
}

/** Bytes that the stream may still hold. */
export function headroom(stream: Stream): f64 {
  return stream.limit - stream.used - stream.results.used;
}
