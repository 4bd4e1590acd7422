/**
 * Firing: when the watermark passes the end of a window (and the delay of the plan), the slices up to there are sealed, handed
 * to every window that needs them, and the window's rows are lowered into the outbox.
 *
 * Windows fire in order of end, then of start. A window without events does not fire and costs nothing, however far time jumps.
 */

import { Dictionary, NONE } from '../../ingest/dictionary';
import { Firing } from '../../plan';
import { putResults } from '../../result/lower';
import { countFiring, dropTemporaries } from '../../state/rows';
import { CHUNK_ROWS, Stream, windowAt } from '../../stream';
import * as edges from './edges';
import { Pane as HeldWindow, paneAt, rowIn } from './panes';
import { releaseRetained, retain } from './retained';
import { destroySlice, Slice, Slices, shiftSlice, sliceAt } from './slices';
import * as two from './two-stacks';
import { Stacks, stacksAt } from './two-stacks';

/** Moves the watermark, never back, and fires what it passes. */
export function advanceTo(stream: Stream, watermark: f64): void {
  if (watermark > stream.watermark) stream.watermark = watermark;
  while (fireNext(stream)) {}
  for (let w = 0; w < stream.gridCount; w++) releaseRetained(stream, stacksAt(stream, w));
  scheduleNext(stream);
}

/** Fires the window whose turn it is, of those that the watermark has passed; false where there is none. */
function fireNext(stream: Stream): bool {
  let due = -1;
  let dueK = 0.0;
  let dueEnd = 0.0;
  let dueStart = Infinity;
  for (let w = 0; w < stream.gridCount; w++) {
    const stacks = stacksAt(stream, w);
    const k = candidate(stream, stacks);
    if (k == Infinity) continue;
    const end = edges.end(stacks.window, k);
    if (end + stream.delay > stream.watermark || (due >= 0 && end > dueEnd)) continue;
    const start = edges.start(stacks.window, k);
    if (due >= 0 && end == dueEnd && start >= dueStart) continue;
    due = w;
    dueK = k;
    dueEnd = end;
    dueStart = start;
  }
  if (due < 0) return false;
  seal(stream, dueEnd);
  if (edges.repeats(windowAt(stream, due), dueK)) two.skipTo(stream, stacksAt(stream, due), dueK + 1);
  else fireWindow(stream, due, dueK);
  return true;
}

/** The next window with events, Infinity if there is none. */
function candidate(stream: Stream, stacks: Stacks): f64 {
  const slices = changetype<Slices>(stream.slices);
  let from = two.earliest(stacks);
  if (slices.length) from = min(from, sliceAt(slices, 0).start);
  return from == Infinity ? Infinity : max(stacks.next, edges.oldest(stacks.window, from));
}

/** Slices that end by then take no more events: their rows go to the windows that are still to fire. */
function seal(stream: Stream, end: f64): void {
  const slices = changetype<Slices>(stream.slices);
  while (slices.length && sliceAt(slices, 0).end <= end) {
    const slice = shiftSlice(slices);
    let last = -1;
    for (let w = 0; w < stream.gridCount; w++) {
      if (needs(stacksAt(stream, w), slice)) last = w;
    }
    for (let w = 0; w <= last; w++) {
      const stacks = stacksAt(stream, w);
      if (needs(stacks, slice)) two.addSlice(stream, stacks, slice, w == last);
    }
    destroySlice(stream, slice);
  }
  stream.sealedTo = max(stream.sealedTo, end);
}

function needs(stacks: Stacks, slice: Slice): bool {
  const newest = edges.newest(stacks.window, slice.start);
  return newest >= stacks.next && newest >= edges.oldest(stacks.window, slice.start);
}

function fireWindow(stream: Stream, w: i32, k: f64): void {
  const stacks = stacksAt(stream, w);
  two.skipTo(stream, stacks, k);
  two.finishGathering(stream, stacks);
  if (
    stream.allowedLateness > stream.delay &&
    edges.end(stacks.window, k) + stream.allowedLateness > stream.watermark
  ) {
    if (putWindow(stream, w, k, retain(stream, stacks, k))) stream.fired += 1;
  } else if (putWindow(stream, w, k, changetype<HeldWindow>(0))) {
    stream.fired += 1;
  }
  two.skipTo(stream, stacks, edges.later(k + 1, k));
}

/** Lowers the window's rows, or those it holds, in the order in which their keys came alive; whether there were any. */
function putWindow(stream: Stream, w: i32, k: f64, held: HeldWindow | null): bool {
  const keys = changetype<Dictionary>(stream.dictionary);
  const stacks = stacksAt(stream, w);
  const start = edges.start(stacks.window, k);
  const end = edges.end(stacks.window, k);
  const rows = stream.chunkRows;
  const ids = stream.chunkIds;
  const most = stacks.blocks << 6;
  let any = false;
  let n: usize = 0;
  let combined = 0;
  for (let i: usize = 0; i < <usize>keys.orderLength; i++) {
    const id = load<u32>(keys.order + (i << 2));
    if (id == NONE) continue;
    const temporary = stream.temporary + n * stream.stride;
    const row = held ? rowIn(stream, held, id) : id < most ? two.nextRow(stream, stacks, id, combined, temporary) : 0;
    if (!row) continue;
    if (row == temporary) combined++;
    store<u32>(rows + (n << 2), <u32>row);
    store<u32>(ids + (n << 2), id);
    if (++n < <usize>CHUNK_ROWS) continue;
    putRows(stream, stacks, CHUNK_ROWS, combined, start, end, w, held != null);
    any = true;
    n = 0;
    combined = 0;
  }
  if (!n) return any;
  putRows(stream, stacks, <i32>n, combined, start, end, w, held != null);
  return true;
}

/** Puts n rows of the stream's chunk; so many of them are listed to be combined first. */
function putRows(stream: Stream, stacks: Stacks, n: i32, listed: i32, start: f64, end: f64, w: i32, held: bool): void {
  const rows = stream.chunkRows;
  if (!held) two.combineNext(stream, stacks, rows, stream.chunkIds, n, listed);
  putResults(stream, rows, stream.chunkIds, n, start, end, w, Firing.onTime);
  if (!held) dropTemporaries(stream, listed ? n : 0);
  for (let i: usize = 0; held && i < <usize>n; i++) countFiring(stream, load<u32>(rows + (i << 2)));
}

/** Before which newest time nothing fires and nothing is let go. A little early, for what addition may round: looking is free. */
export function scheduleNext(stream: Stream): void {
  let due = Infinity;
  for (let w = 0; w < stream.gridCount; w++) {
    const stacks = stacksAt(stream, w);
    const k = candidate(stream, stacks);
    if (k != Infinity) due = min(due, edges.end(stacks.window, k) + stream.delay);
    if (stacks.retained.count) due = min(due, paneAt(stacks.retained, 0).end + stream.allowedLateness);
  }
  due += stream.outOfOrder;
  stream.fireAt = due == Infinity ? due : due - abs(due) * f64.EPSILON * 4;
}
