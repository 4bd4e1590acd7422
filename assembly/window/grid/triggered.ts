/**
 * Windows on a grid of time that fire before their end, or give only what is new: each keeps rows of its own, and an event is folded into
 * every window that holds it. That is more work than slices shared by all, but what was given out differs from window to window.
 *
 *     triggered    of one window of the plan, in order of number: those that have fired, then those that have not
 *
 * Law: a window lives from its first event until the watermark passes its end and the allowed lateness; a row that has had an event, given
 * out or not, holds its id.
 */

import { allocate } from '../../base/allocator';
import { isFuture, miss } from '../../ingest/admission';
import { addRow, Dictionary, NONE } from '../../ingest/dictionary';
import { Ring } from '../../ingest/ring';
import { Firing } from '../../plan';
import { putResults } from '../../result/lower';
import { countFiring, foldRow, foldRows, resetRow } from '../../state/rows';
import { byClock, byEvent, byFlag, CHUNK_ROWS, EMITTED, FIRINGS, Stream } from '../../stream';
import * as edges from './edges';
import {
  createSlices,
  destroySlice,
  destroySlices,
  insertSlice,
  isPresent,
  rowFor,
  Slice,
  Slices,
  shiftSlice,
  sliceAt,
  widenTable,
} from './slices';

@unmanaged
class TriggeredWindow extends Slice {
  k: f64;
}

@unmanaged
export class Triggered {
  window: usize;
  list: Slices;
  /** How many of the list have fired: the first ones. */
  fired: i32;
}

export function triggeredAt(stream: Stream, w: i32): Triggered {
  return changetype<Triggered>(stream.triggered + <usize>w * offsetof<Triggered>());
}

export function createTriggered(stream: Stream, triggered: Triggered, window: usize): void {
  triggered.window = window;
  triggered.list = createSlices(stream);
  triggered.fired = 0;
}

export function destroyTriggered(stream: Stream, triggered: Triggered): void {
  destroySlices(stream, triggered.list);
}

function windowIn(triggered: Triggered, i: i32): TriggeredWindow {
  return changetype<TriggeredWindow>(changetype<usize>(sliceAt(triggered.list, i)));
}

/** Window number k, made where there is none. */
function windowFor(stream: Stream, triggered: Triggered, k: f64): TriggeredWindow {
  const list = triggered.list;
  let i = list.length;
  while (i > 0 && windowIn(triggered, i - 1).k > k) i--;
  if (i > 0 && windowIn(triggered, i - 1).k == k) return windowIn(triggered, i - 1);
  const window = changetype<TriggeredWindow>(allocate(stream, offsetof<TriggeredWindow>()));
  window.start = edges.start(triggered.window, k);
  window.end = edges.end(triggered.window, k);
  window.table = 0;
  window.blocks = 0;
  window.behind = false;
  window.k = k;
  insertSlice(stream, list, i, window);
  if (i < triggered.fired || window.end <= stream.watermark) triggered.fired++;
  scheduleNext(stream);
  return window;
}

/** Takes n events that stand in a row in the ring, from place `at` on. */
export function takeTriggered(stream: Stream, ring: Ring, at: i32, n: i32): void {
  const times = ring.times + ((<usize>at) << 3);
  const ids = ring.ids + ((<usize>at) << 2);
  let folded = 0;
  for (let i = 0; i < n; i++) {
    const t = load<f64>(times + ((<usize>i) << 3));
    const id = load<u32>(ids + ((<usize>i) << 2));
    store<u32>(stream.rows + ((<usize>i) << 2), <u32>stream.trash);
    stream.cause = byClock(i);
    if (t > stream.newest) {
      if (isFuture(stream, t, i)) continue;
      stream.newest = t;
      if (t >= stream.fireAt) {
        foldListed(stream, at, folded, i);
        folded = i;
        advanceTriggered(stream, t - stream.outOfOrder);
      }
    }
    const watermark = stream.newest - stream.outOfOrder;
    if (watermark > stream.watermark) stream.watermark = watermark;
    if (isAlone(stream, t)) {
      const window = windowFor(stream, triggeredAt(stream, 0), edges.oldest(triggeredAt(stream, 0).window, t));
      store<u32>(stream.rows + ((<usize>i) << 2), <u32>touch(stream, window, id));
    } else {
      foldListed(stream, at, folded, i);
      folded = i + 1;
      stream.cause = byEvent(i);
      if (!foldEverywhere(stream, t, id, at + i, i)) continue;
    }
    if (stream.when && load<f64>(stream.when + ((<usize>(at + i)) << 3)) != 0) {
      foldListed(stream, at, folded, i + 1);
      folded = i + 1;
      stream.cause = byFlag(i);
      for (let w = 0; w < stream.gridCount; w++) fireKey(stream, w, id);
    }
  }
  foldListed(stream, at, folded, n);
}

function foldListed(stream: Stream, at: i32, from: i32, to: i32): void {
  if (to > from) foldRows(stream, stream.rows + ((<usize>from) << 2), at + from, to - from);
}

/** Whether an event lies in one window only, and that is not complete. */
function isAlone(stream: Stream, t: f64): bool {
  if (stream.gridCount > 1) return false;
  const window = triggeredAt(stream, 0).window;
  const k = edges.oldest(window, t);
  return k == edges.newest(window, t) && edges.end(window, k) > stream.watermark;
}

/** The row of an id that has one event more. */
function touch(stream: Stream, window: TriggeredWindow, id: u32): usize {
  const keys = changetype<Dictionary>(stream.dictionary);
  widenTable(stream, window, keys.limit);
  const row = rowFor(stream, window, id);
  if (!isPresent(stream, row)) addRow(stream, keys, id);
  store<f64>(row, load<f64>(row) + 1);
  return row;
}

/** Folds an event into each of its windows, those that are complete give it out again; whether there was one to take it. */
function foldEverywhere(stream: Stream, t: f64, id: u32, at: i32, i: i32): bool {
  let covered = false;
  let taken = false;
  for (let w = 0; w < stream.gridCount; w++) {
    const triggered = triggeredAt(stream, w);
    const newest = edges.newest(triggered.window, t);
    let k = edges.oldest(triggered.window, t);
    if (k > newest) continue;
    covered = true;
    k = max(k, edges.oldestOpen(triggered.window, stream.watermark, stream.allowedLateness));
    for (; k <= newest; k = edges.later(k + 1, k)) {
      taken = true;
      if (edges.repeats(triggered.window, k)) continue;
      const window = windowFor(stream, triggered, k);
      const row = touch(stream, window, id);
      store<f64>(row, load<f64>(row) - 1);
      foldRow(stream, row, at);
      if (window.end > stream.watermark) continue;
      store<u32>(stream.chunkRows, <u32>row);
      store<u32>(stream.chunkIds, id);
      putRows(stream, window, w, Firing.late, 1);
    }
  }
  if (!taken) miss(stream, i, covered);
  return taken;
}

/** Moves the watermark, never back, and fires what it passes. */
export function advanceTriggered(stream: Stream, watermark: f64): void {
  const before = stream.watermark;
  if (watermark > before) stream.watermark = watermark;
  for (let w = 0; w < stream.gridCount; w++) {
    const triggered = triggeredAt(stream, w);
    while (triggered.fired < triggered.list.length && windowIn(triggered, triggered.fired).end <= stream.watermark) {
      if (putWindow(stream, windowIn(triggered, triggered.fired), w, Firing.onTime)) stream.fired += 1;
      triggered.fired++;
    }
    while (triggered.fired && windowIn(triggered, 0).end + stream.allowedLateness <= stream.watermark) {
      destroySlice(stream, shiftSlice(triggered.list));
      triggered.fired--;
    }
  }
  if (floor(before / stream.early) < floor(stream.watermark / stream.early) && stream.watermark != Infinity) {
    stream.cause |= 1;
    for (let w = 0; w < stream.gridCount; w++) {
      const triggered = triggeredAt(stream, w);
      for (let i = triggered.fired; i < triggered.list.length; i++)
        putWindow(stream, windowIn(triggered, i), w, Firing.early);
    }
  }
  scheduleNext(stream);
}

/** What a key has that is new, in all windows that are not complete. */
function fireKey(stream: Stream, w: i32, id: u32): void {
  const triggered = triggeredAt(stream, w);
  for (let i = triggered.fired; i < triggered.list.length; i++) {
    const window = windowIn(triggered, i);
    const row = rowIn(stream, window, id);
    if (!row || !isDue(stream, row, Firing.early)) continue;
    store<u32>(stream.chunkRows, <u32>row);
    store<u32>(stream.chunkIds, id);
    putRows(stream, window, w, Firing.early, 1);
  }
}

/** The row of an id, 0 if it has none. */
function rowIn(stream: Stream, window: TriggeredWindow, id: u32): usize {
  const b = id >> 6;
  const block = b < window.blocks ? <usize>load<u32>(window.table + ((<usize>b) << 2)) : 0;
  const row = block + <usize>(id & 63) * stream.stride;
  return block && isPresent(stream, row) ? row : 0;
}

/** Whether a row has what a firing gives. */
function isDue(stream: Stream, row: usize, pane: i32): bool {
  const events = load<f64>(row);
  return stream.discard ? events != 0 : pane != Firing.early || events != load<f64>(row, EMITTED);
}

/** Puts the rows of a window that are due, in the order in which their keys came alive; whether there were any. */
function putWindow(stream: Stream, window: TriggeredWindow, w: i32, pane: i32): bool {
  const keys = changetype<Dictionary>(stream.dictionary);
  let any = false;
  let n: usize = 0;
  for (let i: usize = 0; i < <usize>keys.orderLength; i++) {
    const id = load<u32>(keys.order + (i << 2));
    const row = id == NONE ? <usize>0 : rowIn(stream, window, id);
    if (!row || !isDue(stream, row, pane)) continue;
    store<u32>(stream.chunkRows + (n << 2), <u32>row);
    store<u32>(stream.chunkIds + (n << 2), id);
    any = true;
    if (++n < <usize>CHUNK_ROWS) continue;
    putRows(stream, window, w, pane, CHUNK_ROWS);
    n = 0;
  }
  if (n) putRows(stream, window, w, pane, <i32>n);
  return any;
}

/** Puts n rows of the stream's chunk, and notes that they were given out. */
function putRows(stream: Stream, window: TriggeredWindow, w: i32, pane: i32, n: i32): void {
  putResults(stream, stream.chunkRows, stream.chunkIds, n, window.start, window.end, w, pane);
  for (let i: usize = 0; i < <usize>n; i++) {
    const row = <usize>load<u32>(stream.chunkRows + (i << 2));
    const firings = load<f64>(row, FIRINGS);
    if (stream.discard) resetRow(stream, row);
    store<f64>(row, load<f64>(row), EMITTED);
    store<f64>(row, firings, FIRINGS);
    countFiring(stream, row);
  }
}

/** Before which newest time nothing fires and nothing is let go. A little early, for what addition may round: looking is free. */
function scheduleNext(stream: Stream): void {
  let due = Infinity;
  for (let w = 0; w < stream.gridCount; w++) {
    const triggered = triggeredAt(stream, w);
    if (triggered.fired) due = min(due, windowIn(triggered, 0).end + stream.allowedLateness);
    if (triggered.fired == triggered.list.length) continue;
    due = min(due, windowIn(triggered, triggered.fired).end);
    if (stream.early != Infinity) due = min(due, (floor(stream.watermark / stream.early) + 1) * stream.early);
  }
  due += stream.outOfOrder;
  stream.fireAt = due == Infinity ? due : due - abs(due) * f64.EPSILON * 4;
}

/** The present value of a key in window k. */
export function triggeredRow(stream: Stream, w: i32, k: f64, id: u32): usize {
  const triggered = triggeredAt(stream, w);
  for (let i = 0; i < triggered.list.length; i++) {
    if (windowIn(triggered, i).k == k) return rowIn(stream, windowIn(triggered, i), id);
  }
  return 0;
}
