/**
 * The store of windows on a grid that fire once, and again only for late events: all of them share the rows of open
 * slices, so that an event is folded once, however many windows hold it.
 *
 *     take      assign.ts: times → slices, ids → rows; late.ts for late events
 *     advance   fire.ts: slices are sealed and go to the two stacks of each window (two-stacks.ts), windows fire
 *     query     lookup.ts
 *
 * Cost: a fold per event; a row per key and open slice; for each slice and window that holds it, a combination per row
 * and some comparisons.
 */

import { allocate, release } from '../../base/allocator';
import { isTreeSound, treeBytes } from '../../base/pointer-tree';
import { byClock } from '../../cause';
import { Census } from '../../census';
import { Dictionary } from '../../ingest/dictionary';
import { Ring } from '../../ingest/ring';
import { Law } from '../../law';
import { CHUNK_ROWS } from '../../scratch';
import { BLOCK_OVERHEAD, demandOfMerges, demandOfStates } from '../../state/bounds';
import { Bound, Bounds } from '../../store';
import { Stream } from '../../stream';
import { takeBatch } from './assign';
import { advanceTo, isScheduled } from './fire';
import { createGrid, cycleOf, maxFirings, maxOpened, windowIn } from './grid';
import { lookUp } from './lookup';
import {
  countRows,
  createCells,
  createSlices,
  destroySlices,
  hasTableFor,
  rowIn,
  Slicing,
  sliceAt,
  sliceHolding,
} from './slices';
import { createStacks, destroyStacks, Stacks, stacksAt, verifyStacks } from './two-stacks';

export function create(stream: Stream, first: i32, count: i32): usize {
  const grid = changetype<Slicing>(changetype<usize>(createGrid(stream, offsetof<Slicing>(), first, count)));
  grid.sealedTo = -Infinity;
  grid.cells = createCells(stream, count);
  grid.slices = createSlices(stream);
  grid.stacks = allocate(stream, <usize>count * offsetof<Stacks>());
  for (let i = 0; i < count; i++) createStacks(stream, stacksAt(grid, i), windowIn(grid, i));
  return changetype<usize>(grid);
}

export function destroy(stream: Stream, grid: Slicing): void {
  for (let i = 0; i < grid.count; i++) destroyStacks(stream, stacksAt(grid, i));
  release(stream, grid.stacks);
  destroySlices(stream, grid.slices);
  release(stream, grid.cells);
  release(stream, changetype<usize>(grid));
}

export function take(stream: Stream, grid: Slicing, at: i32, n: i32): void {
  takeBatch(stream, grid, at, n);
}

export function advance(stream: Stream, grid: Slicing, watermark: f64): void {
  advanceTo(stream, grid, watermark, byClock(0));
}

export function query(stream: Stream, grid: Slicing, w: i32, id: u32, t: f64, bounds: Bounds): usize {
  return lookUp(stream, grid, stacksAt(grid, w - grid.first), id, t, bounds);
}

/** The number of open slices and of panes. */
export function live(_stream: Stream, grid: Slicing): f64 {
  let count = <f64>grid.slices.length;
  for (let i = 0; i < grid.count; i++) count += <f64>stacksAt(grid, i).panes.length;
  return count;
}

/** See window-registry.ts. */
export function absorbs(stream: Stream, grid: Slicing, at: i32, n: i32): bool {
  const ring = changetype<Ring>(stream.ring);
  const ids = changetype<Dictionary>(stream.dictionary).limit;
  for (let i = <usize>at; i < <usize>(at + n); i++) {
    const t = load<f64>(ring.times + (i << 3));
    const slice = sliceHolding(grid.slices, t);
    if (!slice || slice.hasCompleteWindow || t >= stream.fireAt || !hasTableFor(slice, ids)) return false;
    if (!rowIn(stream, slice, load<u32>(ring.ids + (i << 2)))) return false;
  }
  return true;
}

export function demand(stream: Stream, grid: Slicing, n: f64, first: f64, last: f64, _moveTo: f64, bound: Bound): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  const rows = stream.keys ? <f64>keys.liveCount + n : 1;
  const blocks = stream.keys ? bound.ids / 64 + 1 : 1;
  const block = <f64>stream.stride * (stream.keys ? 64 : 1) + BLOCK_OVERHEAD;
  const opened = maxOpened(grid, n, first, last);
  // Slices: rows, tables, and the list of slices.
  bound.bytes += demandOfStates(stream, n) + min(n, opened * blocks) * block;
  bound.bytes += opened * (blocks * 8 + 3 * BLOCK_OVERHEAD) + treeBytes(grid.slices, opened);
  const slices = <f64>grid.slices.length + opened;
  for (let i = 0; i < grid.count; i++) {
    const stacks = stacksAt(grid, i);
    const cycle = cycleOf(stacks.window);
    const fires = maxFirings(stream, stacks.window, <f64>stacks.panes.length + slices, first, last);
    const late = stream.allowedLateness > stream.delay ? n * cycle : 0;
    bound.results += fires * rows + late;
    bound.firings += min(fires, cycle + 1) + late;
    if (stream.allowedLateness > stream.delay) {
      bound.bytes += (fires * (rows + blocks) + late) * (<f64>stream.stride + BLOCK_OVERHEAD + 16);
      bound.bytes += treeBytes(stacks.retained, fires + late);
      bound.bytes += demandOfMerges(stream, fires * rows, slices * rows) + demandOfStates(stream, late);
    }
    // A late event can add a row to a pane, which moves the other rows of its block.
    bound.bytes += n * (block + BLOCK_OVERHEAD);
  }
  bound.bytes += closing(stream, grid, n, slices, blocks);
}

/**
 * Upper bound on the bytes needed to fire everything open, after n more events, with `slices` slices of `blocks` blocks
 * each: for each window the tables of its two stacks, its back and the pieces of its panes; where windows share slices,
 * also the slices that are gathered into panes and the copies of rows.
 */
function closing(stream: Stream, grid: Slicing, n: f64, slices: f64, blocks: f64): f64 {
  const keys = changetype<Dictionary>(stream.dictionary);
  const rows = stream.keys ? <f64>keys.liveCount + n : 1;
  const singles = slices * rows + n;
  const block = <f64>stream.stride * (stream.keys ? 64 : 1) + BLOCK_OVERHEAD;
  const isShared = grid.count > 1;
  // Temporary rows: windows merge into one for each key, a chunk at a time.
  let bytes = 2 * block + demandOfMerges(stream, min(<f64>CHUNK_ROWS, rows), singles);
  for (let i = 0; i < grid.count; i++) {
    const stacks = stacksAt(grid, i);
    if (blocks > <f64>stacks.blocks) bytes += 2 * blocks * (stacks.overlaps ? 268 : 4) + 4 * BLOCK_OVERHEAD;
    if (stacks.overlaps || isShared) bytes += blocks * block;
    if (stacks.overlaps) {
      bytes += slices * (min(blocks, rows) * 16 + 4 * BLOCK_OVERHEAD) + (isShared ? blocks * (block + 4) : 0);
      // Late events open panes, too.
      bytes += treeBytes(stacks.panes, slices + n);
    }
    if (isShared) bytes += demandOfMerges(stream, slices * rows, singles);
    if (stacks.overlaps && isShared) bytes += slices * (rows * <f64>stream.stride + min(blocks, rows) * BLOCK_OVERHEAD);
  }
  return bytes;
}

/** The first law that the store breaks, Law.none if it breaks none. Counts what it holds of each id. */
export function verify(stream: Stream, grid: Slicing, census: Census): Law {
  if (!isTreeSound(grid.slices)) return Law.slices;
  let time = grid.sealedTo;
  for (let i = 0; i < grid.slices.length; i++) {
    const slice = sliceAt(grid.slices, i);
    if (!(slice.start < slice.end) || slice.end <= grid.sealedTo || (i && slice.start < time)) return Law.slices;
    time = slice.end;
    countRows(stream, slice, census);
  }
  let broken: Law = Law.none;
  for (let i = 0; i < grid.count && !broken; i++) broken = verifyStacks(stream, stacksAt(grid, i), census);
  return broken || isScheduled(stream, grid) ? broken : Law.schedule;
}
