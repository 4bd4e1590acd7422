/**
 * Firing of windows on a grid. When the watermark passes the end of a window by the plan's `delay`, the slices up to
 * that end are sealed: their rows go to the stacks of every window of the plan that still needs them. Then the rows of
 * the window are combined and lowered into the outbox.
 *
 * Law: windows fire in order of end, then of start, then of place in the plan.
 *
 * Cost: windows without events neither fire nor cost anything, however far time jumps. To find the window that fires
 * next, a comparison for each window of the plan, and some arithmetic for those that may be due.
 */

import { Dictionary, NO_ID } from '../../ingest/dictionary';
import { Firing } from '../../plan';
import { putResults } from '../../result/lower';
import { CHUNK_ROWS } from '../../scratch';
import { countFiring, dropTemporaries } from '../../state/rows';
import { Stream } from '../../stream';
import * as edges from './edges';
import { fireWhen, windowIn } from './grid';
import { Pane, paneAt, rowIn } from './panes';
import { releaseRetained, retain } from './retained';
import { destroySlice, knownCell, Slice, Slicing, shiftSlice, sliceAt } from './slices';
import { addSlice, combineNext, earliest, finishGathering, nextRow, Stacks, skipTo, stacksAt } from './two-stacks';

/**
 * Moves the watermark forward to `watermark` (never back), fires the windows that it has passed, and drops the retained
 * windows that are now closed. All of them fire with one cause.
 */
export function advanceTo(stream: Stream, grid: Slicing, watermark: f64, cause: i32): void {
  if (watermark > stream.watermark) stream.watermark = watermark;
  while (fireNext(stream, grid, cause)) {}
  const retains = stream.allowedLateness > stream.delay;
  for (let i = 0; retains && i < grid.count; i++) releaseRetained(stream, stacksAt(grid, i));
  scheduleNext(stream, grid);
}

/** Fires the first of the windows that the watermark has passed. Returns false if there is none. */
function fireNext(stream: Stream, grid: Slicing, cause: i32): bool {
  let due = -1;
  let dueK = 0.0;
  let dueEnd = 0.0;
  let dueStart = Infinity;
  const first = firstStart(grid);
  for (let w = 0; w < grid.count; w++) {
    const stacks = stacksAt(grid, w);
    const from = min(first, earliest(stacks));
    if (from >= stacks.foundFrom && stacks.foundEnd + stream.delay > stream.watermark) continue;
    const k = find(stacks, from);
    if (k == Infinity) continue;
    const end = stacks.foundEnd;
    if (end + stream.delay > stream.watermark || (due >= 0 && end > dueEnd)) continue;
    const start = edges.start(stacks.window, k);
    if (due >= 0 && end == dueEnd && start >= dueStart) continue;
    due = w;
    dueK = k;
    dueEnd = end;
    dueStart = start;
  }
  if (due < 0) return false;
  seal(stream, grid, dueEnd);
  if (edges.repeats(windowIn(grid, due), dueK)) skipTo(stream, stacksAt(grid, due), dueK + 1);
  else fireWindow(stream, grid, due, dueK, cause);
  return true;
}

/** Start of the first slice, Infinity if there is none. */
function firstStart(grid: Slicing): f64 {
  return grid.slices.length ? sliceAt(grid.slices, 0).start : Infinity;
}

/**
 * Finds the first window that has events and has not fired, where the earliest of them lie at `from` or later. Notes
 * its end and returns its number; both are Infinity if no events are held.
 *
 * Until events come that lie before `from`, no window ends before the one found: the numbers of windows that have fired
 * only grow. Edges of calendars can change, so what is found by them counts for nothing.
 */
function find(stacks: Stacks, from: f64): f64 {
  stacks.foundFrom = stacks.window.edges ? Infinity : from;
  const k = from == Infinity ? Infinity : max(stacks.next, edges.oldest(stacks.window, from));
  stacks.foundEnd = k == Infinity ? Infinity : edges.end(stacks.window, k);
  return k;
}

/** Seals the slices that end at or before `end`: hands their rows to the stacks of every window that needs them. */
function seal(stream: Stream, grid: Slicing, end: f64): void {
  const slices = grid.slices;
  while (slices.length && sliceAt(slices, 0).end <= end) {
    const slice = shiftSlice(stream, slices);
    let last = -1;
    for (let w = 0; w < grid.count; w++) {
      const stacks = stacksAt(grid, w);
      stacks.isOwed = needs(grid, w, stacks, slice);
      if (stacks.isOwed) last = w;
    }
    if (last >= 0) addSlice(stream, grid, slice, last);
    destroySlice(stream, slice);
  }
  grid.sealedTo = max(grid.sealedTo, end);
}

/** Whether a window that has not fired holds the slice. */
function needs(grid: Slicing, w: i32, stacks: Stacks, slice: Slice): bool {
  const cell = knownCell(grid, w, slice.start);
  if (cell) return cell.newest >= stacks.next && cell.newest >= cell.oldest;
  const newest = edges.newest(stacks.window, slice.start);
  return newest >= stacks.next && newest >= edges.oldest(stacks.window, slice.start);
}

/** Fires window k of window w of the store, and retains it if it still accepts late events. */
function fireWindow(stream: Stream, grid: Slicing, w: i32, k: f64, cause: i32): void {
  const stacks = stacksAt(grid, w);
  skipTo(stream, stacks, k);
  finishGathering(stream, stacks);
  const staysOpen =
    stream.allowedLateness > stream.delay && edges.end(stacks.window, k) + stream.allowedLateness > stream.watermark;
  const retained = staysOpen ? retain(stream, stacks, k) : changetype<Pane>(0);
  if (putWindow(stream, stacks, k, retained, grid.first + w, cause)) stream.fired += 1;
  skipTo(stream, stacks, edges.later(k + 1, k));
}

/**
 * Lowers the rows of window k into the outbox, in the order in which their keys came alive. The rows are those of its
 * pane, if the window is retained; else they come from the stacks. Returns whether there were any.
 */
function putWindow(stream: Stream, stacks: Stacks, k: f64, retained: Pane | null, w: i32, cause: i32): bool {
  const keys = changetype<Dictionary>(stream.dictionary);
  const start = edges.start(stacks.window, k);
  const end = edges.end(stacks.window, k);
  const rows = stream.scratch.chunkRows;
  const ids = stream.scratch.chunkIds;
  const idLimit = stacks.blocks << 6;
  let any = false;
  let n: usize = 0;
  let listed = 0;
  for (let i: usize = 0; i < <usize>keys.orderLength; i++) {
    const id = load<u32>(keys.order + (i << 2));
    if (id == NO_ID) continue;
    const temporary = stream.scratch.temporary + n * stream.stride;
    const row = retained
      ? rowIn(stream, retained, id)
      : id < idLimit
        ? nextRow(stream, stacks, id, listed, temporary)
        : 0;
    if (!row) continue;
    if (row == temporary) listed++;
    store<u32>(rows + (n << 2), <u32>row);
    store<u32>(ids + (n << 2), id);
    if (++n < <usize>CHUNK_ROWS) continue;
    putRows(stream, stacks, CHUNK_ROWS, listed, start, end, w, cause, retained != null);
    any = true;
    n = 0;
    listed = 0;
  }
  if (!n) return any;
  putRows(stream, stacks, <i32>n, listed, start, end, w, cause, retained != null);
  return true;
}

/** Lowers the n rows in `scratch.chunkRows`. If they come from the stacks, `listed` of them must be combined first. */
function putRows(
  stream: Stream,
  stacks: Stacks,
  n: i32,
  listed: i32,
  start: f64,
  end: f64,
  w: i32,
  cause: i32,
  retained: bool,
): void {
  const rows = stream.scratch.chunkRows;
  if (!retained) combineNext(stream, stacks, rows, stream.scratch.chunkIds, n, listed);
  putResults(stream, rows, stream.scratch.chunkIds, n, start, end, w, Firing.onTime, cause);
  if (!retained) dropTemporaries(stream, listed ? n : 0);
  for (let i: usize = 0; retained && i < <usize>n; i++) countFiring(stream, load<u32>(rows + (i << 2)));
}

/** Sets `stream.fireAt`: no event with an earlier time can fire a window or close a retained one. */
export function scheduleNext(stream: Stream, grid: Slicing): void {
  const first = firstStart(grid);
  let due = Infinity;
  for (let w = 0; w < grid.count; w++) {
    const stacks = stacksAt(grid, w);
    const from = min(first, earliest(stacks));
    if (from < stacks.foundFrom) find(stacks, from);
    due = min(due, stacks.foundEnd + stream.delay);
    if (stacks.retained.length) due = min(due, paneAt(stacks.retained, 0).end + stream.allowedLateness);
  }
  fireWhen(stream, due);
}

/** Whether no window ends before the end that was found for it, and none is due before `stream.fireAt`. */
export function isScheduled(stream: Stream, grid: Slicing): bool {
  const first = firstStart(grid);
  let due = Infinity;
  for (let w = 0; w < grid.count; w++) {
    const stacks = stacksAt(grid, w);
    const from = min(first, earliest(stacks));
    const foundFrom = stacks.foundFrom;
    const foundEnd = stacks.foundEnd;
    find(stacks, from);
    due = min(due, stacks.foundEnd + stream.delay);
    if (from >= foundFrom && stacks.foundEnd < foundEnd) return false;
    stacks.foundFrom = foundFrom;
    stacks.foundEnd = foundEnd;
  }
  const fireAt = stream.fireAt;
  fireWhen(stream, due);
  const latest = stream.fireAt;
  stream.fireAt = fireAt;
  return fireAt <= latest;
}
