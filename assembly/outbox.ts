/**
 * The outbox: windows that fired and are not yet taken, a column each for start, end, id, which window of the plan and which
 * pane (late or not), and for every output. All columns have the same capacity and grow together. What they take is counted apart:
 * events are refused where it leaves no room, but what was taken can always be given out.
 */

import { allocate, release, resize } from './memory';
import { PartPlan } from './plan';
import { headroom, Stream } from './stream';

@unmanaged
export class Outbox {
  length: i32;
  capacity: i32;
  starts: usize;
  ends: usize;
  ids: usize;
  /** u8 each. */
  windows: usize;
  lates: usize;
  /** A list of the outputs' columns. */
  outputs: usize;
}

const FEW = 64;

export function createOutbox(stream: Stream): Outbox {
  const outbox = changetype<Outbox>(allocate(stream.results, offsetof<Outbox>()));
  memory.fill(changetype<usize>(outbox), 0, offsetof<Outbox>());
  outbox.outputs = allocate(stream.results, (<usize>max(stream.outputCount, 1)) << 2);
  memory.fill(outbox.outputs, 0, (<usize>stream.outputCount) << 2);
  setCapacity(stream, outbox, FEW);
  return outbox;
}

export function destroyOutbox(stream: Stream, outbox: Outbox): void {
  release(stream.results, outbox.starts);
  release(stream.results, outbox.ends);
  release(stream.results, outbox.ids);
  release(stream.results, outbox.windows);
  release(stream.results, outbox.lates);
  for (let i = 0; i < stream.outputCount; i++) release(stream.results, outputColumn(outbox, i));
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
  outbox.lates = resize(stream.results, outbox.lates, n);
  for (let i = 0; i < stream.outputCount; i++) {
    store<u32>(outbox.outputs + ((<usize>i) << 2), <u32>resize(stream.results, outputColumn(outbox, i), n << 3));
  }
  outbox.capacity = rows;
}

/** Adds n results: what `rows` lower to, for the listed ids. */
export function putResults(
  stream: Stream,
  rows: usize,
  ids: usize,
  n: i32,
  start: f64,
  end: f64,
  window: i32,
  late: bool,
): void {
  const outbox = changetype<Outbox>(stream.outbox);
  const from = outbox.length;
  if (from + n > outbox.capacity) setCapacity(stream, outbox, max(from + n, outbox.capacity * 2));
  // Loops, not memory.copy and memory.fill: most windows have few results, and those are calls.
  for (let i = from; i < from + n; i++) {
    store<f64>(outbox.starts + ((<usize>i) << 3), start);
    store<f64>(outbox.ends + ((<usize>i) << 3), end);
    store<u32>(outbox.ids + ((<usize>i) << 2), load<u32>(ids + ((<usize>(i - from)) << 2)));
    store<u8>(outbox.windows + <usize>i, window);
    store<u8>(outbox.lates + <usize>i, late ? 1 : 0);
  }
  let output = 0;
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    if (!load<u32>(part, PartPlan.output)) continue;
    const column = outputColumn(outbox, output++) + ((<usize>from) << 3);
    call_indirect<void>(load<u32>(part, PartPlan.lower), part, rows, column, n);
  }
  outbox.length = from + n;
}

/** Forgets the results; of room for many more than there were, half is given back. */
export function emptyOutbox(stream: Stream, outbox: Outbox): void {
  if (!outbox.length) return;
  const spare = outbox.capacity > max(outbox.length * 4, FEW);
  outbox.length = 0;
  if (headroom(stream) < 0) setCapacity(stream, outbox, FEW);
  else if (spare) setCapacity(stream, outbox, outbox.capacity >> 1);
}
