/**
 * The outbox: windows that fired and are not yet taken, a column each for start, end, id, which window of the plan and which
 * pane, and for every output; where rows fire more than once for the number of the firing, and where the stream has several
 * stores for the event that fired it. All columns have the same capacity and grow together. What they take is counted apart: events
 * are refused where it leaves no room, but what was taken can always be given out.
 */

import { allocate, release, resize } from '../base/allocator';
import { Firing } from '../plan';
import { FIRINGS, firesAgain, headroom, Stream } from '../stream';

@unmanaged
export class Outbox {
  length: i32;
  capacity: i32;
  starts: usize;
  ends: usize;
  ids: usize;
  /** u8 each; see Pane. */
  windows: usize;
  panes: usize;
  /** u32 each; 0 where there is no such column. */
  firings: usize;
  causes: usize;
  /** A list of the outputs' columns. */
  outputs: usize;
  /** Numbers of the outputs that are lists, f64 each: a cell of such a column is 0 from: u32 │ 4 length: u32. */
  lists: usize;
  listLength: u32;
  listCapacity: u32;
}

const INITIAL_RESULTS = 64;

export function createOutbox(stream: Stream): Outbox {
  const outbox = changetype<Outbox>(allocate(stream.results, offsetof<Outbox>()));
  memory.fill(changetype<usize>(outbox), 0, offsetof<Outbox>());
  outbox.outputs = allocate(stream.results, (<usize>max(stream.outputCount, 1)) << 2);
  memory.fill(outbox.outputs, 0, (<usize>stream.outputCount) << 2);
  setCapacity(stream, outbox, INITIAL_RESULTS);
  return outbox;
}

export function destroyOutbox(stream: Stream, outbox: Outbox): void {
  release(stream.results, outbox.starts);
  release(stream.results, outbox.ends);
  release(stream.results, outbox.ids);
  release(stream.results, outbox.windows);
  release(stream.results, outbox.panes);
  if (outbox.firings) release(stream.results, outbox.firings);
  if (outbox.causes) release(stream.results, outbox.causes);
  for (let i = 0; i < stream.outputCount; i++) release(stream.results, outputColumn(outbox, i));
  if (outbox.lists) release(stream.results, outbox.lists);
  release(stream.results, outbox.outputs);
  release(stream.results, changetype<usize>(outbox));
}

export function outputColumn(outbox: Outbox, i: i32): usize {
  return load<u32>(outbox.outputs + ((<usize>i) << 2));
}

function setCapacity(stream: Stream, outbox: Outbox, rows: i32): void {
  const n = <usize>rows;
  assert(rows >= outbox.length);
  outbox.starts = resize(stream.results, outbox.starts, n << 3);
  outbox.ends = resize(stream.results, outbox.ends, n << 3);
  outbox.ids = resize(stream.results, outbox.ids, n << 2);
  outbox.windows = resize(stream.results, outbox.windows, n);
  outbox.panes = resize(stream.results, outbox.panes, n);
  if (firesAgain(stream)) outbox.firings = resize(stream.results, outbox.firings, n << 2);
  if (stream.ordered) outbox.causes = resize(stream.results, outbox.causes, n << 2);
  for (let i = 0; i < stream.outputCount; i++) {
    store<u32>(outbox.outputs + ((<usize>i) << 2), <u32>resize(stream.results, outputColumn(outbox, i), n << 3));
  }
  outbox.capacity = rows;
}

/** Room for n results more; the number of the first. */
export function openResults(stream: Stream, n: i32): i32 {
  const outbox = changetype<Outbox>(stream.outbox);
  const from = outbox.length;
  if (from + n > outbox.capacity) setCapacity(stream, outbox, max(from + n, outbox.capacity * 2));
  outbox.length = from + n;
  return from;
}

/** All of result i but its outputs. */
export function putHead(
  stream: Stream,
  i: i32,
  start: f64,
  end: f64,
  id: u32,
  window: i32,
  pane: i32,
  row: usize,
): void {
  const outbox = changetype<Outbox>(stream.outbox);
  store<f64>(outbox.starts + ((<usize>i) << 3), start);
  store<f64>(outbox.ends + ((<usize>i) << 3), end);
  store<u32>(outbox.ids + ((<usize>i) << 2), id);
  store<u8>(outbox.windows + <usize>i, window);
  store<u8>(outbox.panes + <usize>i, pane);
  if (outbox.firings) store<u32>(outbox.firings + ((<usize>i) << 2), <u32>load<f64>(row, FIRINGS));
  if (outbox.causes) store<u32>(outbox.causes + ((<usize>i) << 2), stream.cause);
}

/** Why n results from number `from` on fire. */
export function putCauses(stream: Stream, from: i32, n: i32, reasons: usize): void {
  const outbox = changetype<Outbox>(stream.outbox);
  if (outbox.causes) memory.copy(outbox.causes + ((<usize>from) << 2), reasons, (<usize>n) << 2);
}

/** All else but the outputs of the last n results, of events that stand in a row. */
export function putEventHeads(stream: Stream, n: i32, times: usize, window: i32): void {
  const outbox = changetype<Outbox>(stream.outbox);
  const from = <usize>(outbox.length - n);
  memory.copy(outbox.starts + (from << 3), times, (<usize>n) << 3);
  memory.copy(outbox.ends + (from << 3), times, (<usize>n) << 3);
  memory.fill(outbox.ids + (from << 2), 0, (<usize>n) << 2);
  memory.fill(outbox.windows + from, <u8>window, n);
  memory.fill(outbox.panes + from, <u8>(Firing.onTime | Firing.final), n);
  if (outbox.firings) memory.fill(outbox.firings + (from << 2), 0, (<usize>n) << 2);
}

/** The cell of an output that is a list: room for its n numbers, which the caller writes at once. */
export function putList(stream: Stream, cell: usize, n: u32): usize {
  const outbox = changetype<Outbox>(stream.outbox);
  const from = outbox.listLength;
  if (from + n > outbox.listCapacity) {
    outbox.listCapacity = max(from + n, outbox.listCapacity * 2);
    outbox.lists = resize(stream.results, outbox.lists, (<usize>outbox.listCapacity) << 3);
  }
  outbox.listLength = from + n;
  store<u32>(cell, from);
  store<u32>(cell, n, 4);
  return outbox.lists + ((<usize>from) << 3);
}

/** Forgets the results; of room for many more than there were, half is given back. */
export function emptyOutbox(stream: Stream, outbox: Outbox): void {
  if (!outbox.length) return;
  const spare = outbox.capacity > max(outbox.length * 4, INITIAL_RESULTS);
  outbox.length = 0;
  outbox.listLength = 0;
  if (outbox.lists) release(stream.results, outbox.lists);
  outbox.lists = 0;
  outbox.listCapacity = 0;
  if (headroom(stream) < 0) setCapacity(stream, outbox, INITIAL_RESULTS);
  else if (spare) setCapacity(stream, outbox, outbox.capacity >> 1);
}
