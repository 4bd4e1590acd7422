/**
 * The rare path: an event of a time that lies in a sealed slice, in no window, or in a window that the watermark has
 * passed. Each window that holds the time is in one of three states:
 *
 *     closed     end + allowedLateness <= watermark   the event is late for it
 *     retained   end + delay <= watermark             the event is folded into it, and its key fires again
 *     to fire    else                                 the event goes into its slice, or the stacks if that is sealed
 *
 * The grid misses the event (`miss`) if no window takes it: it is late if all that hold it are closed, skipped if none
 * holds it.
 */

import { byEvent } from '../../cause';
import { noteMiss } from '../../ingest/admission';
import { countRow, Dictionary } from '../../ingest/dictionary';
import { Firing } from '../../plan';
import { putResults } from '../../result/lower';
import { countFiring, foldRow } from '../../state/rows';
import { Stream } from '../../stream';
import * as edges from './edges';
import { scheduleNext } from './fire';
import { windowIn } from './grid';
import * as pane from './panes';
import { retainedWindow } from './retained';
import { openSlice, rowFor, Slicing, widenTable } from './slices';
import { foldLate, Stacks, skipTo, stacksAt } from './two-stacks';

/**
 * Takes event i of the batch, which stands at place `at` of the ring. Returns the row into which the caller must still
 * fold it; `stream.trash` if there is nothing left to do.
 */
export function assignLate(stream: Stream, grid: Slicing, t: f64, id: u32, at: i32, i: i32): usize {
  let covered = false;
  let amended = false;
  let pending = false;
  for (let w = 0; w < grid.count; w++) {
    const window = windowIn(grid, w);
    const newest = edges.newest(window, t);
    let k = edges.oldest(window, t);
    if (k > newest) continue;
    covered = true;
    k = max(k, edges.oldestOpen(window, stream.watermark, stream.allowedLateness));
    for (; k <= newest && edges.end(window, k) + stream.delay <= stream.watermark; k = edges.later(k + 1, k)) {
      if (!edges.repeats(window, k)) amend(stream, stacksAt(grid, w), k, id, at, grid.first + w, byEvent(i));
      amended = true;
    }
    if (k <= newest) pending = true;
  }
  let row = stream.trash;
  if (pending) row = foldIntoOpen(stream, grid, t, id, at, amended);
  if (pending || amended) scheduleNext(stream, grid);
  else noteMiss(stream, i, covered);
  return row;
}

/** Folds the event into retained window k and fires the row of its key again. */
function amend(stream: Stream, stacks: Stacks, k: f64, id: u32, at: i32, w: i32, cause: i32): void {
  const retained = retainedWindow(stream, stacks, k);
  let row = pane.rowIn(stream, retained, id);
  if (!row) row = pane.insertRow(stream, retained, id);
  foldRow(stream, stream.parts, row, at);
  store<u32>(stream.scratch.chunkRows, <u32>row);
  store<u32>(stream.scratch.chunkIds, id);
  putResults(
    stream,
    stream.scratch.chunkRows,
    stream.scratch.chunkIds,
    1,
    retained.start,
    retained.end,
    w,
    Firing.late,
    cause,
  );
  countFiring(stream, row);
}

/**
 * Adds the event to the windows yet to fire. If its slice is not sealed, returns the row of the slice, for the caller
 * to fold. Otherwise folds it into the stacks of each of them and returns `stream.trash`. `amended`: a retained window
 * has taken the event, too.
 */
function foldIntoOpen(stream: Stream, grid: Slicing, t: f64, id: u32, at: i32, amended: bool): usize {
  for (let w = 0; w < grid.count; w++) {
    const window = windowIn(grid, w);
    const k = edges.oldestOpen(window, stream.watermark, stream.delay);
    // Later windows than those that hold t are not passed over: of a calendar's, some may be open and not listed.
    const newest = edges.newest(window, t);
    skipTo(stream, stacksAt(grid, w), min(k, edges.later(newest + 1, newest)));
  }
  if (t >= grid.sealedTo) {
    const slice = openSlice(stream, grid, t);
    slice.hasCompleteWindow = slice.hasCompleteWindow || amended;
    widenTable(stream, slice, changetype<Dictionary>(stream.dictionary).limit);
    const row = rowFor(stream, slice, id);
    if (load<f64>(row) == 0) countRow(stream, changetype<Dictionary>(stream.dictionary), id);
    store<f64>(row, load<f64>(row) + 1);
    return row;
  }
  for (let w = 0; w < grid.count; w++) {
    const stacks = stacksAt(grid, w);
    const newest = edges.newest(stacks.window, t);
    if (newest >= max(stacks.next, edges.oldest(stacks.window, t))) foldLate(stream, grid, stacks, t, id, at);
  }
  return stream.trash;
}
