/**
 * Takes one batch into windows on a grid that share slices: assign → locate → fold.
 *
 *     assign   times → the current slice, which stays until a time lies outside of it or something is due to fire;
 *              every event moves the clock
 *     locate   ids → rows of the slice, listed in `scratch.rows`; each row counts its event
 *     fold     listed rows and columns of values → states, one pass per part
 *
 * Law: listed events are folded before anything fires, so that a window holds exactly the events that came before the
 * watermark passed its end, wherever batches are cut.
 *
 * Cost: without keys, a run of events within one slice needs no list. SIMD finds its length, and it is folded into its
 * one row in registers (`foldRun`).
 */

import { byClock } from '../../cause';
import { isFuture } from '../../ingest/admission';
import { countRow, Dictionary } from '../../ingest/dictionary';
import { Ring } from '../../ingest/ring';
import { Keys } from '../../plan';
import { foldListed, foldRun } from '../../state/rows';
import { Stream } from '../../stream';
import { advanceTo, scheduleNext } from './fire';
import { assignLate } from './late';
import { cellOf, firstEndingAfter, openSlice, rowFor, Slice, Slicing, sliceAt, widenTable } from './slices';

/** Runs of fewer events are listed, since setting up `foldRun` costs about as much. */
const MIN_FOLD_RUN = 8;

/** Takes the n consecutive events of the ring from place `at` on. */
export function takeBatch(stream: Stream, grid: Slicing, at: i32, n: i32): void {
  const ring = changetype<Ring>(stream.ring);
  const keys = changetype<Dictionary>(stream.dictionary);
  const ids = ring.ids + ((<usize>at) << 2);
  const times = ring.times + ((<usize>at) << 3);
  let low = Infinity;
  let high = -Infinity;
  let slice = changetype<Slice>(0);
  let folded = 0;
  let i = 0;
  while (i < n) {
    const t = load<f64>(times + ((<usize>i) << 3));
    if (!(t >= low && t < high)) {
      low = Infinity;
      if (t > stream.newest) {
        if (isFuture(stream, t, i)) {
          setRow(stream, i++, stream.trash);
          continue;
        }
        stream.newest = t;
        if (t >= stream.fireAt) {
          foldListed(stream, at, folded, i);
          folded = i;
          advanceTo(stream, grid, t - stream.outOfOrder, byClock(i));
        }
      }
      moveWatermark(stream);
      const found = sliceFor(stream, grid, t);
      if (!found || found.hasCompleteWindow) {
        const id = load<u32>(ids + ((<usize>i) << 2));
        setRow(stream, i, assignLate(stream, grid, t, id, at + i, i));
        i++;
        continue;
      }
      slice = found;
      low = slice.start;
      high = min(slice.end, min(stream.fireAt, stream.newest + stream.maxFutureSkew));
      if (t >= high) {
        // Nothing is due at t, but at the next event there may be: locate this one alone and check again.
        locate(stream, slice, ids, i, i + 1);
        i++;
        low = Infinity;
        continue;
      }
    }
    const run = runLength(stream, times + ((<usize>i) << 3), n - i, low, high);
    if (stream.keys == Keys.none && run >= MIN_FOLD_RUN) {
      foldListed(stream, at, folded, i);
      const row = rowFor(stream, slice, 0);
      if (load<f64>(row) == 0) countRow(stream, keys, 0);
      foldRun(stream, stream.parts, row, at + i, run);
      folded = i + run;
    } else {
      locate(stream, slice, ids, i, i + run);
    }
    i += run;
  }
  foldListed(stream, at, folded, n);
  moveWatermark(stream);
}

/** Lists the row of event i of the batch. */
function setRow(stream: Stream, i: i32, row: usize): void {
  store<u32>(stream.scratch.rows + ((<usize>i) << 2), <u32>row);
}

function moveWatermark(stream: Stream): void {
  const watermark = stream.newest - stream.outOfOrder;
  if (watermark > stream.watermark) stream.watermark = watermark;
}

/**
 * Returns the open slice of time t, and opens one if there is none. Returns null if its slice is sealed, if no window
 * holds t, or if the watermark has passed a window that does: then the event is for `assignLate`.
 */
function sliceFor(stream: Stream, grid: Slicing, t: f64): Slice | null {
  const slices = grid.slices;
  const ids = changetype<Dictionary>(stream.dictionary).limit;
  const i = firstEndingAfter(slices, t);
  if (i < slices.length && sliceAt(slices, i).start <= t) {
    const found = sliceAt(slices, i);
    widenTable(stream, found, ids);
    return found;
  }
  if (t < grid.sealedTo || !isAhead(stream, grid, t)) return null;
  const opened = openSlice(stream, grid, t);
  widenTable(stream, opened, ids);
  scheduleNext(stream, grid);
  return opened;
}

/** Whether some window holds t, and the watermark has not passed the end of any that does by `delay`. */
function isAhead(stream: Stream, grid: Slicing, t: f64): bool {
  let covered = false;
  for (let w = 0; w < grid.count; w++) {
    const cell = cellOf(grid, w, t);
    if (cell.oldest > cell.newest) continue;
    // Windows that hold t end after it, so none that does is behind the watermark.
    if (t >= stream.watermark) return true;
    if (cell.oldestEnd + stream.delay <= stream.watermark) return false;
    covered = true;
  }
  return covered;
}

/** Lists the rows of events i up to n of the batch, all of one slice, and counts each event in its row. */
function locate(stream: Stream, slice: Slice, ids: usize, i: i32, n: i32): void {
  const stride = stream.stride;
  const table = slice.table;
  const rows = stream.scratch.rows;
  const keys = changetype<Dictionary>(stream.dictionary);
  for (; i < n; i++) {
    const id = load<u32>(ids + ((<usize>i) << 2));
    const block = <usize>load<u32>(table + ((<usize>(id >> 6)) << 2));
    const row = block ? block + <usize>(id & 63) * stride : rowFor(stream, slice, id);
    const events = load<f64>(row);
    store<f64>(row, events + 1);
    if (events == 0) countRow(stream, keys, id);
    store<u32>(rows + ((<usize>i) << 2), <u32>row);
  }
}

/** Returns how many of the first times lie in [low, high) without a gap, and moves `stream.newest` to their maximum. */
function runLength(stream: Stream, times: usize, n: i32, low: f64, high: f64): i32 {
  const from = f64x2.splat(low);
  const to = f64x2.splat(high);
  let newest = f64x2.splat(stream.newest);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const a = v128.load(times + ((<usize>i) << 3));
    const b = v128.load(times + ((<usize>i) << 3), 16);
    const inside = v128.and(v128.and(f64x2.ge(a, from), f64x2.lt(a, to)), v128.and(f64x2.ge(b, from), f64x2.lt(b, to)));
    if (!i64x2.all_true(inside)) break;
    newest = f64x2.pmax(newest, f64x2.pmax(a, b));
  }
  let latest = max(f64x2.extract_lane(newest, 0), f64x2.extract_lane(newest, 1));
  for (; i < n; i++) {
    const t = load<f64>(times + ((<usize>i) << 3));
    if (!(t >= low && t < high)) break;
    latest = max(latest, t);
  }
  stream.newest = latest;
  return i;
}
