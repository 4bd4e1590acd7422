/**
 * The store of windows on a grid that fire before their end (`emit` with `every` or `when`), or whose firings give only
 * what is new (`discard`). Each window keeps rows of its own, and an event is folded into every window that holds it.
 * That is more work than slices that all windows share, but what has been emitted differs from window to window.
 *
 *     triggered    one per window of the plan: its windows in order of number, first those that have fired at their end
 *
 * Law: a window lives from its first event until the watermark passes its end and the allowed lateness. A row that has
 * had an event, emitted or not, keeps its id live (`countRow`).
 *
 * Cost: a fold per event and window that holds it; a row per key and window. Early firing looks at the keys with new
 * events alone: each window lists them, up to one in eight keys. If there are more, all keys are walked.
 */

import { allocate, release, resize } from '../../base/allocator';
import { isTreeSound, lowerBoundOf, treeBytes } from '../../base/pointer-tree';
import { sortNumbers } from '../../base/sort';
import { byClock, byEvent, byFlag, byMark } from '../../cause';
import { Census } from '../../census';
import { isFuture, noteMiss } from '../../ingest/admission';
import { countRow, Dictionary, NO_ID, placeOf } from '../../ingest/dictionary';
import { Ring } from '../../ingest/ring';
import { Law } from '../../law';
import { Firing } from '../../plan';
import { putResults } from '../../result/lower';
import { CHUNK_ROWS } from '../../scratch';
import { BLOCK_OVERHEAD, demandOfStates } from '../../state/bounds';
import { countFiring, foldListed, foldRow, resetRow } from '../../state/rows';
import { Bound, Bounds } from '../../store';
import { EMITTED, FIRINGS, Stream } from '../../stream';
import { Window } from '../../window';
import * as edges from './edges';
import { createGrid, cycleOf, fireWhen, Grid, maxFirings, maxOpened, windowIn as windowOf } from './grid';
import {
  countRows,
  createSlices,
  destroySlice,
  destroySlices,
  hasTableFor,
  insertSlice,
  isPresent,
  rowFor,
  rowIn,
  Slice,
  Slices,
  shiftSlice,
  sliceAt,
  widenTable,
} from './slices';

/** Its rows lie in a table of blocks, as those of a slice do. */
@unmanaged
class TriggeredWindow extends Slice {
  /** Its number. */
  k: f64;
  /**
   * The ids whose rows have had events since the last mark of early firing, u32 each; an id may be there twice if an
   * event has made its key fire meanwhile. The count is TOO_MANY if there was no room for all.
   */
  changed: usize;
  changedCount: u32;
}

/** Ids that `changed` has room for, for each block of ids. */
const CHANGED_PER_BLOCK: u32 = 8;
const TOO_MANY: u32 = 0xffffffff;

@unmanaged
class Triggered {
  window: Window;
  /** Its live windows, of class TriggeredWindow. */
  list: Slices;
  /** How many windows at the start of the list have fired at their end. */
  firedCount: i32;
}

/** The store: a Triggered for each window of the plan. */
@unmanaged
class TriggeredGrid extends Grid {
  each: usize;
}

function triggeredAt(grid: TriggeredGrid, i: i32): Triggered {
  return changetype<Triggered>(grid.each + <usize>i * offsetof<Triggered>());
}

export function create(stream: Stream, first: i32, count: i32): usize {
  const grid = changetype<TriggeredGrid>(
    changetype<usize>(createGrid(stream, offsetof<TriggeredGrid>(), first, count)),
  );
  grid.each = allocate(stream, <usize>count * offsetof<Triggered>());
  for (let i = 0; i < count; i++) {
    const triggered = triggeredAt(grid, i);
    triggered.window = windowOf(grid, i);
    triggered.list = createSlices(stream);
    triggered.firedCount = 0;
  }
  if (stream.early != Infinity) stream.isScheduled = false;
  return changetype<usize>(grid);
}

export function destroy(stream: Stream, grid: TriggeredGrid): void {
  for (let i = 0; i < grid.count; i++) {
    const triggered = triggeredAt(grid, i);
    for (let j = 0; j < triggered.list.length; j++) releaseChanged(stream, windowIn(triggered, j));
    destroySlices(stream, triggered.list);
  }
  release(stream, grid.each);
  release(stream, changetype<usize>(grid));
}

function windowIn(triggered: Triggered, i: i32): TriggeredWindow {
  return changetype<TriggeredWindow>(changetype<usize>(sliceAt(triggered.list, i)));
}

function releaseChanged(stream: Stream, window: TriggeredWindow): void {
  if (window.changed) release(stream, window.changed);
}

/** Window number k, null if there is none. */
function heldWindow(triggered: Triggered, k: f64): TriggeredWindow | null {
  const i = lowerBoundOf(triggered.list, offsetof<TriggeredWindow>('k'), k);
  return i < triggered.list.length && windowIn(triggered, i).k == k ? windowIn(triggered, i) : null;
}

/** Returns window number k, and creates it if there is none. */
function windowFor(stream: Stream, grid: TriggeredGrid, triggered: Triggered, k: f64): TriggeredWindow {
  const list = triggered.list;
  const i = lowerBoundOf(list, offsetof<TriggeredWindow>('k'), k);
  if (i < list.length && windowIn(triggered, i).k == k) return windowIn(triggered, i);
  const window = changetype<TriggeredWindow>(allocate(stream, offsetof<TriggeredWindow>()));
  window.start = edges.start(triggered.window, k);
  window.end = edges.end(triggered.window, k);
  window.table = 0;
  window.blocks = 0;
  window.hasCompleteWindow = false;
  window.k = k;
  window.changed = 0;
  window.changedCount = 0;
  insertSlice(stream, list, i, window);
  if (i < triggered.firedCount || window.end <= stream.watermark) triggered.firedCount++;
  scheduleNext(stream, grid);
  return window;
}

/** Takes the n consecutive events of the ring from place `at` on. */
export function take(stream: Stream, grid: TriggeredGrid, at: i32, n: i32): void {
  const ring = changetype<Ring>(stream.ring);
  const times = ring.times + ((<usize>at) << 3);
  const ids = ring.ids + ((<usize>at) << 2);
  let folded = 0;
  for (let i = 0; i < n; i++) {
    const t = load<f64>(times + ((<usize>i) << 3));
    const id = load<u32>(ids + ((<usize>i) << 2));
    store<u32>(stream.scratch.rows + ((<usize>i) << 2), <u32>stream.trash);
    if (t > stream.newest) {
      if (isFuture(stream, t, i)) continue;
      stream.newest = t;
      if (t >= stream.fireAt) {
        foldListed(stream, at, folded, i);
        folded = i;
        advanceTo(stream, grid, t - stream.outOfOrder, i);
      }
    }
    const watermark = stream.newest - stream.outOfOrder;
    if (watermark > stream.watermark) stream.watermark = watermark;
    if (hasOneOpenWindow(stream, grid, t)) {
      const window = windowFor(stream, grid, triggeredAt(grid, 0), edges.oldest(triggeredAt(grid, 0).window, t));
      store<u32>(stream.scratch.rows + ((<usize>i) << 2), <u32>locate(stream, window, id));
    } else {
      foldListed(stream, at, folded, i);
      folded = i + 1;
      if (!foldEverywhere(stream, grid, t, id, at + i, i)) continue;
    }
    if (stream.when && load<f64>(stream.when + ((<usize>(at + i)) << 3)) != 0) {
      foldListed(stream, at, folded, i + 1);
      folded = i + 1;
      for (let w = 0; w < grid.count; w++) fireKey(stream, grid, w, id, byFlag(i));
    }
  }
  foldListed(stream, at, folded, n);
}

/** Whether an event at time t lies in exactly one window, and the watermark has not passed the end of that window. */
function hasOneOpenWindow(stream: Stream, grid: TriggeredGrid, t: f64): bool {
  if (grid.count > 1) return false;
  const window = triggeredAt(grid, 0).window;
  const k = edges.oldest(window, t);
  return k == edges.newest(window, t) && edges.end(window, k) > stream.watermark;
}

/** Returns the row of an id in a window, in which it counts one more event. */
function locate(stream: Stream, window: TriggeredWindow, id: u32): usize {
  const keys = changetype<Dictionary>(stream.dictionary);
  widen(stream, window, keys.limit);
  const row = rowFor(stream, window, id);
  if (!isPresent(stream, row)) countRow(stream, keys, id);
  if (stream.early != Infinity && !isDue(stream, row, Firing.early)) noteChanged(window, id);
  store<f64>(row, load<f64>(row) + 1);
  return row;
}

/** See window-registry.ts. */
export function absorbs(stream: Stream, grid: TriggeredGrid, at: i32, n: i32): bool {
  const ring = changetype<Ring>(stream.ring);
  const ids = changetype<Dictionary>(stream.dictionary).limit;
  for (let i = <usize>at; i < <usize>(at + n); i++) {
    const t = load<f64>(ring.times + (i << 3));
    if (t >= stream.fireAt || !hasOneOpenWindow(stream, grid, t)) return false;
    const triggered = triggeredAt(grid, 0);
    const window = heldWindow(triggered, edges.oldest(triggered.window, t));
    if (!window || !hasTableFor(window, ids) || !rowIn(stream, window, load<u32>(ring.ids + (i << 2)))) return false;
  }
  return true;
}

/** Makes the table long enough for all ids below `ids`, and `changed` in proportion. */
function widen(stream: Stream, window: TriggeredWindow, ids: u32): void {
  if (hasTableFor(window, ids)) return;
  widenTable(stream, window, ids);
  if (stream.early != Infinity) window.changed = resize(stream, window.changed, changedBytes(window));
}

function changedBytes(window: TriggeredWindow): usize {
  return (<usize>(window.blocks * CHANGED_PER_BLOCK)) << 2;
}

/** Notes that the row of an id has got events since the last mark. */
function noteChanged(window: TriggeredWindow, id: u32): void {
  const place = (<usize>window.changedCount) << 2;
  if (window.changedCount == TOO_MANY || place >= changedBytes(window)) {
    window.changedCount = TOO_MANY;
    return;
  }
  store<u32>(window.changed + place, id);
  window.changedCount++;
}

/**
 * Folds event i of the batch, at place `at` of the ring, into each of its windows that is not closed. Windows whose end
 * the watermark has passed fire its key's row again. Returns whether any window took the event.
 */
function foldEverywhere(stream: Stream, grid: TriggeredGrid, t: f64, id: u32, at: i32, i: i32): bool {
  let covered = false;
  let taken = false;
  for (let w = 0; w < grid.count; w++) {
    const triggered = triggeredAt(grid, w);
    const newest = edges.newest(triggered.window, t);
    let k = edges.oldest(triggered.window, t);
    if (k > newest) continue;
    covered = true;
    k = max(k, edges.oldestOpen(triggered.window, stream.watermark, stream.allowedLateness));
    for (; k <= newest; k = edges.later(k + 1, k)) {
      taken = true;
      if (edges.repeats(triggered.window, k)) continue;
      const window = windowFor(stream, grid, triggered, k);
      const row = locate(stream, window, id);
      store<f64>(row, load<f64>(row) - 1);
      foldRow(stream, stream.parts, row, at);
      if (window.end > stream.watermark) continue;
      store<u32>(stream.scratch.chunkRows, <u32>row);
      store<u32>(stream.scratch.chunkIds, id);
      putRows(stream, window, grid.first + w, Firing.late, byEvent(i), 1);
    }
  }
  if (!taken) noteMiss(stream, i, covered);
  return taken;
}

/**
 * Moves the watermark forward to `watermark` (never back), because event i of the batch does so. Fires the windows
 * whose end it passes, destroys those that are closed, and fires all others early if it passes a multiple of
 * `stream.early`.
 */
function advanceTo(stream: Stream, grid: TriggeredGrid, watermark: f64, i: i32): void {
  const before = stream.watermark;
  if (watermark > before) stream.watermark = watermark;
  for (let w = 0; w < grid.count; w++) {
    const triggered = triggeredAt(grid, w);
    for (; triggered.firedCount < triggered.list.length; triggered.firedCount++) {
      const window = windowIn(triggered, triggered.firedCount);
      if (window.end > stream.watermark) break;
      if (putWindow(stream, window, grid.first + w, Firing.onTime, byClock(i))) stream.fired += 1;
    }
    while (triggered.firedCount && windowIn(triggered, 0).end + stream.allowedLateness <= stream.watermark) {
      releaseChanged(stream, windowIn(triggered, 0));
      destroySlice(stream, shiftSlice(stream, triggered.list));
      triggered.firedCount--;
    }
  }
  if (floor(before / stream.early) < floor(stream.watermark / stream.early) && stream.watermark != Infinity) {
    for (let w = 0; w < grid.count; w++) {
      const triggered = triggeredAt(grid, w);
      for (let j = triggered.firedCount; j < triggered.list.length; j++) {
        putChanged(stream, windowIn(triggered, j), grid.first + w, byMark(i));
      }
    }
  }
  scheduleNext(stream, grid);
}

export function advance(stream: Stream, grid: TriggeredGrid, watermark: f64): void {
  advanceTo(stream, grid, watermark, 0);
}

/** Fires a key early in every window that has not fired, where it has something new. */
function fireKey(stream: Stream, grid: TriggeredGrid, w: i32, id: u32, cause: i32): void {
  const triggered = triggeredAt(grid, w);
  for (let i = triggered.firedCount; i < triggered.list.length; i++) {
    const window = windowIn(triggered, i);
    const row = rowIn(stream, window, id);
    if (!row || !isDue(stream, row, Firing.early)) continue;
    store<u32>(stream.scratch.chunkRows, <u32>row);
    store<u32>(stream.scratch.chunkIds, id);
    putRows(stream, window, grid.first + w, Firing.early, cause, 1);
  }
}

/**
 * Whether a firing of this kind emits the row. With `discard` it must have new events; otherwise only an early firing
 * needs some since the last one.
 */
function isDue(stream: Stream, row: usize, firing: i32): bool {
  const events = load<f64>(row);
  return stream.discard ? events != 0 : firing != Firing.early || events != load<f64>(row, EMITTED);
}

/**
 * Emits the rows of a window that are due, in the order in which their keys came alive. Returns whether there were any.
 */
function putWindow(stream: Stream, window: TriggeredWindow, w: i32, firing: i32, cause: i32): bool {
  const keys = changetype<Dictionary>(stream.dictionary);
  return putKeys(stream, window, keys.order, keys.orderLength, w, firing, cause);
}

/** Fires a window early, where it has something new, because of a mark. */
function putChanged(stream: Stream, window: TriggeredWindow, w: i32, cause: i32): void {
  const n = window.changedCount;
  window.changedCount = 0;
  if (n == TOO_MANY) {
    putWindow(stream, window, w, Firing.early, cause);
    return;
  }
  const keys = changetype<Dictionary>(stream.dictionary);
  const list = window.changed;
  for (let i: usize = 0; i < <usize>n; i++) store<u32>(list + (i << 2), placeOf(keys, load<u32>(list + (i << 2))));
  sortNumbers(list, n);
  let place = NO_ID;
  for (let i: usize = 0; i < <usize>n; i++) {
    const next = load<u32>(list + (i << 2));
    store<u32>(list + (i << 2), next == place ? NO_ID : load<u32>(keys.order + ((<usize>next) << 2)));
    place = next;
  }
  putKeys(stream, window, list, n, w, Firing.early, cause);
}

/**
 * Emits the rows of a window that are due, those of the n ids from address `ids` on, in this order; NO_ID is none.
 * Returns whether there were any.
 */
function putKeys(
  stream: Stream,
  window: TriggeredWindow,
  ids: usize,
  count: u32,
  w: i32,
  firing: i32,
  cause: i32,
): bool {
  let any = false;
  let n: usize = 0;
  for (let i: usize = 0; i < <usize>count; i++) {
    const id = load<u32>(ids + (i << 2));
    const row = id == NO_ID ? <usize>0 : rowIn(stream, window, id);
    if (!row || !isDue(stream, row, firing)) continue;
    store<u32>(stream.scratch.chunkRows + (n << 2), <u32>row);
    store<u32>(stream.scratch.chunkIds + (n << 2), id);
    any = true;
    if (++n < <usize>CHUNK_ROWS) continue;
    putRows(stream, window, w, firing, cause, CHUNK_ROWS);
    n = 0;
  }
  if (n) putRows(stream, window, w, firing, cause, <i32>n);
  return any;
}

/** Emits the n rows in `scratch.chunkRows`, and updates their heads: events emitted, and one more firing. */
function putRows(stream: Stream, window: TriggeredWindow, w: i32, firing: i32, cause: i32, n: i32): void {
  putResults(stream, stream.scratch.chunkRows, stream.scratch.chunkIds, n, window.start, window.end, w, firing, cause);
  for (let i: usize = 0; i < <usize>n; i++) {
    const row = <usize>load<u32>(stream.scratch.chunkRows + (i << 2));
    const firings = load<f64>(row, FIRINGS);
    if (stream.discard) resetRow(stream, row);
    store<f64>(row, load<f64>(row), EMITTED);
    store<f64>(row, firings, FIRINGS);
    countFiring(stream, row);
  }
}

/** Sets `stream.fireAt`: no event with an earlier time can fire or close a window. */
function scheduleNext(stream: Stream, grid: TriggeredGrid): void {
  let due = Infinity;
  for (let w = 0; w < grid.count; w++) {
    const triggered = triggeredAt(grid, w);
    if (triggered.firedCount) due = min(due, windowIn(triggered, 0).end + stream.allowedLateness);
    if (triggered.firedCount == triggered.list.length) continue;
    due = min(due, windowIn(triggered, triggered.firedCount).end);
    if (stream.early != Infinity) due = min(due, (floor(stream.watermark / stream.early) + 1) * stream.early);
  }
  fireWhen(stream, due);
}

/** The row of a key in the oldest window that has not ended at time t. */
export function query(stream: Stream, grid: TriggeredGrid, w: i32, id: u32, t: f64, bounds: Bounds): usize {
  const triggered = triggeredAt(grid, w - grid.first);
  const k = edges.oldest(triggered.window, t);
  if (!edges.setBounds(triggered.window, k, t, bounds)) return stream.empty;
  const window = heldWindow(triggered, k);
  const row = window ? rowIn(stream, window, id) : <usize>0;
  return row ? row : stream.empty;
}

export function live(_stream: Stream, grid: TriggeredGrid): f64 {
  let count = 0.0;
  for (let w = 0; w < grid.count; w++) count += <f64>triggeredAt(grid, w).list.length;
  return count;
}

export function demand(
  stream: Stream,
  grid: TriggeredGrid,
  n: f64,
  first: f64,
  last: f64,
  _moveTo: f64,
  bound: Bound,
): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  const rows = stream.keys ? <f64>keys.liveCount + n : 1;
  const blocks = (stream.keys ? bound.ids : 1) / 64 + 1;
  const block = <f64>stream.stride * (stream.keys ? 64 : 1) + BLOCK_OVERHEAD;
  const opened = maxOpened(grid, n, first, last);
  for (let w = 0; w < grid.count; w++) {
    const triggered = triggeredAt(grid, w);
    const held = <f64>triggered.list.length;
    const cycle = cycleOf(triggered.window);
    const fires = maxFirings(stream, triggered.window, held + opened, first, last);
    const late = stream.allowedLateness > stream.delay ? n * cycle : 0;
    bound.results += fires * rows + late;
    bound.firings += min(fires, cycle + 1) + late;
    // An early firing emits only rows that have new events.
    if (stream.early != Infinity || stream.when) {
      bound.results += n * cycle + held * rows;
      bound.firings += n * cycle + held;
    }
    const windows = held + opened * cycle;
    const widths = stream.early != Infinity ? 12 + 12 * <f64>CHANGED_PER_BLOCK : 12;
    bound.bytes += min(n * cycle, windows * blocks) * block + windows * blocks * widths;
    bound.bytes += (opened * cycle * 5 + min(n * cycle, held) * 2) * BLOCK_OVERHEAD;
    bound.bytes += treeBytes(triggered.list, opened * cycle) + demandOfStates(stream, n * cycle);
  }
}

/** The first law that the store breaks, Law.none if it breaks none. Counts what it holds of each id. */
export function verify(stream: Stream, grid: TriggeredGrid, census: Census): Law {
  for (let w = 0; w < grid.count; w++) {
    const triggered = triggeredAt(grid, w);
    if (!isTreeSound(triggered.list)) return Law.triggered;
    for (let i = 0; i < triggered.list.length; i++) {
      const window = windowIn(triggered, i);
      if (i && windowIn(triggered, i - 1).k >= window.k) return Law.triggered;
      if (i < triggered.firedCount != window.end <= stream.watermark) return Law.triggered;
      countRows(stream, window, census);
      if (i >= triggered.firedCount && stream.early != Infinity && !areChangesListed(stream, window))
        return Law.triggered;
    }
  }
  return Law.none;
}

/** Whether each row that is due at the next mark is among those that changed. */
function areChangesListed(stream: Stream, window: TriggeredWindow): bool {
  if (window.changedCount == TOO_MANY) return true;
  const keys = changetype<Dictionary>(stream.dictionary);
  for (let id: u32 = 0; id < keys.limit; id++) {
    const row = rowIn(stream, window, id);
    if (!row || !isDue(stream, row, Firing.early)) continue;
    let i: usize = 0;
    while (i < <usize>window.changedCount && load<u32>(window.changed + (i << 2)) != id) i++;
    if (i == <usize>window.changedCount) return false;
  }
  return true;
}
