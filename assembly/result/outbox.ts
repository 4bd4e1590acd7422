/**
 * The outbox: results that have fired and are not yet taken, as columns. Result i is cell i of every column.
 *
 *     starts, ends    f64   bounds of the window
 *     ids             u32   id of the key
 *     windows         u8    number of the window in the plan
 *     panes           u8    kind of firing, see Firing
 *     firings         u32   how often the row has fired; only if rows fire more than once
 *     causes          u32   why the result fired, see byClock in stream.ts; only if results must be put in order
 *     outputs         f64   a column per output
 *
 * Law: all columns have the same capacity and grow together.
 *
 * The memory of results has its own owner, `stream.results`, whose limit is Infinity. It counts when the bindings
 * decide whether a batch fits (`headroom`), but no result can fail to be put: what was accepted can always be emitted.
 */

import { allocate, release, resize } from '../base/allocator';
import { Firing } from '../plan';
import { FIRINGS, firesAgain, headroom, Stream } from '../stream';

@unmanaged
export class Outbox {
  /** Number of results, and how many there is room for. */
  length: i32;
  capacity: i32;
  /** Addresses of the columns; see above. */
  starts: usize;
  ends: usize;
  ids: usize;
  windows: usize;
  firingKinds: usize;
  /** 0 if there is no such column. */
  firings: usize;
  causes: usize;
  /** Address of a list of the addresses of the outputs' columns. */
  outputs: usize;
  /**
   * The numbers of all outputs that are lists: f64 each. The cell of such an output is  0 from: u32 │ 4 length: u32.
   */
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
  return outbox;
}

/** Makes the columns of an outbox. */
export function openOutbox(stream: Stream, outbox: Outbox): void {
  setCapacity(stream, outbox, INITIAL_RESULTS);
}

/** Releases the columns, and with them all results. */
export function closeOutbox(stream: Stream, outbox: Outbox): void {
  release(stream.results, outbox.starts);
  release(stream.results, outbox.ends);
  release(stream.results, outbox.ids);
  release(stream.results, outbox.windows);
  release(stream.results, outbox.firingKinds);
  if (outbox.firings) release(stream.results, outbox.firings);
  if (outbox.causes) release(stream.results, outbox.causes);
  for (let i = 0; i < stream.outputCount; i++) release(stream.results, outputColumn(outbox, i));
  if (outbox.lists) release(stream.results, outbox.lists);
  const outputs = outbox.outputs;
  memory.fill(changetype<usize>(outbox), 0, offsetof<Outbox>());
  memory.fill(outputs, 0, (<usize>stream.outputCount) << 2);
  outbox.outputs = outputs;
}

/** Releases an outbox without columns. */
export function destroyOutbox(stream: Stream, outbox: Outbox): void {
  release(stream.results, outbox.outputs);
  release(stream.results, changetype<usize>(outbox));
}

/** Address of the column of output i. */
export function outputColumn(outbox: Outbox, i: i32): usize {
  return load<u32>(outbox.outputs + ((<usize>i) << 2));
}

/** Makes room for `results` results in every column. */
function setCapacity(stream: Stream, outbox: Outbox, results: i32): void {
  const n = <usize>results;
  assert(results >= outbox.length);
  outbox.starts = resize(stream.results, outbox.starts, n << 3);
  outbox.ends = resize(stream.results, outbox.ends, n << 3);
  outbox.ids = resize(stream.results, outbox.ids, n << 2);
  outbox.windows = resize(stream.results, outbox.windows, n);
  outbox.firingKinds = resize(stream.results, outbox.firingKinds, n);
  if (firesAgain(stream)) outbox.firings = resize(stream.results, outbox.firings, n << 2);
  if (stream.ordered) outbox.causes = resize(stream.results, outbox.causes, n << 2);
  for (let i = 0; i < stream.outputCount; i++) {
    store<u32>(outbox.outputs + ((<usize>i) << 2), <u32>resize(stream.results, outputColumn(outbox, i), n << 3));
  }
  outbox.capacity = results;
}

/** Appends n results, whose cells the caller fills. Returns the index of the first. */
export function openResults(stream: Stream, n: i32): i32 {
  const outbox = changetype<Outbox>(stream.outbox);
  const from = outbox.length;
  if (from + n > outbox.capacity) setCapacity(stream, outbox, max(from + n, outbox.capacity * 2));
  outbox.length = from + n;
  return from;
}

/** Fills all cells of result i except its outputs. `firing` is a Firing; `cause`: see cause.ts. */
export function putHead(
  stream: Stream,
  i: i32,
  start: f64,
  end: f64,
  id: u32,
  window: i32,
  firing: i32,
  cause: i32,
  row: usize,
): void {
  const outbox = changetype<Outbox>(stream.outbox);
  store<f64>(outbox.starts + ((<usize>i) << 3), start);
  store<f64>(outbox.ends + ((<usize>i) << 3), end);
  store<u32>(outbox.ids + ((<usize>i) << 2), id);
  store<u8>(outbox.windows + <usize>i, window);
  store<u8>(outbox.firingKinds + <usize>i, firing);
  if (outbox.firings) store<u32>(outbox.firings + ((<usize>i) << 2), <u32>load<f64>(row, FIRINGS));
  if (outbox.causes) store<u32>(outbox.causes + ((<usize>i) << 2), cause);
}

/** Sets the causes of n results from index `from` on to a list of u32, if there is such a column. */
export function putCauses(stream: Stream, from: i32, n: i32, causes: usize): void {
  const outbox = changetype<Outbox>(stream.outbox);
  if (outbox.causes) memory.copy(outbox.causes + ((<usize>from) << 2), causes, (<usize>n) << 2);
}

/**
 * Fills the cells of the last n results except outputs and causes, for rolling windows, which end at events: start and
 * end are the times of n consecutive events, the id is 0.
 */
export function putEventHeads(stream: Stream, n: i32, times: usize, window: i32): void {
  const outbox = changetype<Outbox>(stream.outbox);
  const from = <usize>(outbox.length - n);
  memory.copy(outbox.starts + (from << 3), times, (<usize>n) << 3);
  memory.copy(outbox.ends + (from << 3), times, (<usize>n) << 3);
  memory.fill(outbox.ids + (from << 2), 0, (<usize>n) << 2);
  memory.fill(outbox.windows + from, <u8>window, n);
  memory.fill(outbox.firingKinds + from, <u8>(Firing.onTime | Firing.final), n);
  if (outbox.firings) memory.fill(outbox.firings + (from << 2), 0, (<usize>n) << 2);
}

/**
 * Fills the cell of an output that is a list of n numbers. Returns the address for the numbers, which the caller writes
 * before the next call: the lists may then move.
 */
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

/**
 * Drops the results. Releases half the room if less than a quarter of it was used; all but INITIAL_RESULTS if the
 * stream is over its memory limit.
 */
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
