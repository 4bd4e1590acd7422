/**
 * The rare path: an event at a time that some window holding it has already completed. For each of its windows,
 *
 *     closed      end + allowedLateness <= watermark      it is late
 *     complete    given out, and still takes events       the held window takes it and is given out again, for that key
 *     to come                                             it goes where it would have gone, sealed or not
 *
 * and the slices miss it if it is late for each, or lies in none.
 */

import { miss } from '../../ingest/admission';
import { addRow, Dictionary } from '../../ingest/dictionary';
import { Firing } from '../../plan';
import { putResults } from '../../result/lower';
import { countFiring, foldRow } from '../../state/rows';
import { Stream, windowAt } from '../../stream';
import * as edges from './edges';
import { scheduleNext } from './fire';
import * as pane from './panes';
import { retainedWindow } from './retained';
import { openSlice, rowFor, widenTable } from './slices';
import * as two from './two-stacks';
import { stacksAt } from './two-stacks';

/** Takes event i of the batch, at place `at` of the ring; the row it is still to be folded into, which may be nobody's. */
export function assignLate(stream: Stream, t: f64, id: u32, at: i32, i: i32): usize {
  let covered = false;
  let amended = false;
  let awaited = false;
  for (let w = 0; w < stream.gridCount; w++) {
    const window = windowAt(stream, w);
    const newest = edges.newest(window, t);
    let k = edges.oldest(window, t);
    if (k > newest) continue;
    covered = true;
    k = max(k, edges.oldestOpen(window, stream.watermark, stream.allowedLateness));
    for (; k <= newest && edges.end(window, k) + stream.delay <= stream.watermark; k = edges.later(k + 1, k)) {
      if (!edges.repeats(window, k)) amend(stream, w, k, id, at);
      amended = true;
    }
    if (k <= newest) awaited = true;
  }
  let row = stream.trash;
  if (awaited) row = foldIntoOpen(stream, t, id, at, amended);
  if (awaited || amended) scheduleNext(stream);
  else miss(stream, i, covered);
  return row;
}

/** The held window takes the event and is given out again for its key. */
function amend(stream: Stream, w: i32, k: f64, id: u32, at: i32): void {
  const held = retainedWindow(stream, stacksAt(stream, w), k);
  let row = pane.rowIn(stream, held, id);
  if (!row) row = pane.insertRow(stream, held, id);
  foldRow(stream, row, at);
  store<u32>(stream.chunkRows, <u32>row);
  store<u32>(stream.chunkIds, id);
  putResults(stream, stream.chunkRows, stream.chunkIds, 1, held.start, held.end, w, Firing.late);
  countFiring(stream, row);
}

/** For windows to come: into its slice, or, where that is sealed, into what each window made of it. */
function foldIntoOpen(stream: Stream, t: f64, id: u32, at: i32, amended: bool): usize {
  for (let w = 0; w < stream.gridCount; w++) {
    const k = edges.oldestOpen(windowAt(stream, w), stream.watermark, stream.delay);
    two.skipTo(stream, stacksAt(stream, w), k);
  }
  if (t >= stream.sealedTo) {
    const slice = openSlice(stream, t);
    slice.behind = slice.behind || amended;
    widenTable(stream, slice, changetype<Dictionary>(stream.dictionary).limit);
    const row = rowFor(stream, slice, id);
    if (load<f64>(row) == 0) addRow(stream, changetype<Dictionary>(stream.dictionary), id);
    store<f64>(row, load<f64>(row) + 1);
    return row;
  }
  for (let w = 0; w < stream.gridCount; w++) {
    const stacks = stacksAt(stream, w);
    const newest = edges.newest(stacks.window, t);
    if (newest >= max(stacks.next, edges.oldest(stacks.window, t))) two.foldLate(stream, stacks, t, id, at);
  }
  return stream.trash;
}
