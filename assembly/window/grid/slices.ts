/**
 * Slices: a slice is the time between two neighbouring edges, which no window cuts. An event is folded into one row,
 * that of its slice, however many windows it lies in (Traub et al., "Scotty", 2018; Carbone et al., "Cutty", 2016).
 *
 * All windows on a grid share the open slices. An open slice takes events in any order. Its rows lie by id in blocks of
 * 64 rows, which a table finds:
 *
 *     slice.table   u32 per 64 ids: address of the block, 0 if none of these ids has an event
 *     block         64 rows; the rows of ids without events are empty
 *
 * Law: slices are disjoint and in order of time, and none ends at or before `sealedTo`. A slice starts and ends on
 * edges, and every window of the plan holds either all of it or nothing. A row with events keeps its id live
 * (`countRow`).
 */

import { allocate, release } from '../../base/allocator';
import { lengthFor, resizeTable } from '../../base/id-table';
import {
  createTree,
  destroyTree,
  insertInTree,
  PointerTree,
  pointerIn,
  removeFromTree,
  upperBoundOf,
} from '../../base/pointer-tree';
import { Census } from '../../census';
import { Dictionary, uncountRow } from '../../ingest/dictionary';
import { dropRow } from '../../state/rows';
import { copyRow, FIRINGS, Stream } from '../../stream';
import { end, newest, oldest, start } from './edges';
import { Grid, windowIn } from './grid';

@unmanaged
export class Slice {
  start: f64;
  end: f64;
  /** Addresses of the blocks; see above. */
  table: usize;
  /** Length of the table, in blocks. */
  blocks: u32;
  /** Whether the watermark has passed the end of a window that holds it. Events of the slice must amend that window. */
  hasCompleteWindow: bool;
}

/**
 * What one window of the plan has between two neighbouring edges of it: the same for every time t there. Most times
 * asked for lie in the cell of the time before, so the store keeps one cell for each window.
 */
@unmanaged
export class Cell {
  from: f64;
  to: f64;
  /** The cell is known for times up to this: `to`, but for calendars `from`, as their edges can change. */
  knownTo: f64;
  /** The numbers of the newest window that has begun and of the oldest that has not ended, and where that one ends. */
  newest: f64;
  oldest: f64;
  oldestEnd: f64;
}

/** The store of windows on a grid that share slices: see slicing.ts. */
@unmanaged
export class Slicing extends Grid {
  /** A Cell for each window; `from` is NaN in one that was never used. */
  cells: usize;
  /** The open slices. */
  slices: Slices;
  /** The Stacks of each window: see two-stacks.ts. */
  stacks: usize;
  /** All slices that end at or before this time are sealed. */
  sealedTo: f64;
}

/** A list of slices in order of time. */
@unmanaged
export class Slices extends PointerTree {}

/** Allocates the cells of `count` windows. */
export function createCells(stream: Stream, count: i32): usize {
  const cells = allocate(stream, <usize>count * offsetof<Cell>());
  for (let w = 0; w < count; w++) changetype<Cell>(cells + <usize>w * offsetof<Cell>()).from = NaN;
  return cells;
}

/** The cell kept for window w if it holds t, else null. */
export function knownCell(grid: Slicing, w: i32, t: f64): Cell | null {
  const cell = changetype<Cell>(grid.cells + <usize>w * offsetof<Cell>());
  return t >= cell.from && t < cell.knownTo ? cell : null;
}

/** The cell of window w that holds t. It stays valid until the next is asked for. */
export function cellOf(grid: Slicing, w: i32, t: f64): Cell {
  const known = knownCell(grid, w, t);
  if (known) return known;
  const cell = changetype<Cell>(grid.cells + <usize>w * offsetof<Cell>());
  const window = windowIn(grid, w);
  cell.newest = newest(window, t);
  cell.oldest = oldest(window, t);
  cell.oldestEnd = end(window, cell.oldest);
  cell.from = max(start(window, cell.newest), end(window, cell.oldest - 1));
  const next = start(window, cell.newest + 1);
  cell.to = next > t ? min(next, cell.oldestEnd) : cell.oldestEnd;
  cell.knownTo = window.edges ? cell.from : cell.to;
  return cell;
}

export function createSlices(stream: Stream): Slices {
  return changetype<Slices>(createTree(stream));
}

export function destroySlices(stream: Stream, slices: Slices): void {
  for (let i = 0; i < slices.length; i++) destroySlice(stream, sliceAt(slices, i));
  destroyTree(stream, slices);
}

export function sliceAt(slices: Slices, i: i32): Slice {
  return changetype<Slice>(pointerIn(slices, i));
}

/** Index of the first slice that ends after t. */
export function firstEndingAfter(slices: Slices, t: f64): i32 {
  return upperBoundOf(slices, offsetof<Slice>('end'), t);
}

/** The open slice of time t, null if there is none. */
export function sliceHolding(slices: Slices, t: f64): Slice | null {
  const i = firstEndingAfter(slices, t);
  return i < slices.length && sliceAt(slices, i).start <= t ? sliceAt(slices, i) : null;
}

/** Returns the slice of time t, and creates it if there is none. Some window must hold t. */
export function openSlice(stream: Stream, grid: Slicing, t: f64): Slice {
  const slices = grid.slices;
  const i = firstEndingAfter(slices, t);
  if (i < slices.length && sliceAt(slices, i).start <= t) return sliceAt(slices, i);
  const slice = changetype<Slice>(allocate(stream, offsetof<Slice>()));
  slice.start = -Infinity;
  slice.end = Infinity;
  for (let w = 0; w < grid.count; w++) {
    const cell = cellOf(grid, w, t);
    slice.start = max(slice.start, cell.from);
    slice.end = min(slice.end, cell.to);
  }
  slice.table = 0;
  slice.blocks = 0;
  slice.hasCompleteWindow = false;
  insertSlice(stream, slices, i, slice);
  return slice;
}

export function insertSlice(stream: Stream, slices: Slices, i: i32, slice: Slice): void {
  insertInTree(stream, slices, i, changetype<usize>(slice));
}

/** Removes the first slice from the list and returns it. The caller destroys it. */
export function shiftSlice(stream: Stream, slices: Slices): Slice {
  return changetype<Slice>(removeFromTree(stream, slices, 0));
}

/** Whether the table is long enough for all ids below `ids`. */
export function hasTableFor(slice: Slice, ids: u32): bool {
  return slice.blocks >= (ids + 63) >> 6;
}

/** Makes the table long enough for all ids below `ids`. */
export function widenTable(stream: Stream, slice: Slice, ids: u32): void {
  const blocks = lengthFor(slice.blocks, (ids + 63) >> 6);
  if (blocks == slice.blocks) return;
  slice.table = resizeTable<u32>(stream, slice.table, slice.blocks, blocks, 0);
  slice.blocks = blocks;
}

/**
 * The row of an id, in a new block if it has none. The table must be long enough (`widenTable`). If the row is empty,
 * the caller calls `countRow` for the id.
 */
export function rowFor(stream: Stream, slice: Slice, id: u32): usize {
  const place = slice.table + ((<usize>(id >> 6)) << 2);
  let block = <usize>load<u32>(place);
  if (!block) {
    block = newBlock(stream);
    store<u32>(place, <u32>block);
  }
  return block + <usize>(id & 63) * stream.stride;
}

/** The row of an id in a slice, 0 if it has none. */
export function rowIn(stream: Stream, slice: Slice, id: u32): usize {
  const b = id >> 6;
  const block = b < slice.blocks ? <usize>load<u32>(slice.table + ((<usize>b) << 2)) : 0;
  const row = block + <usize>(id & 63) * stream.stride;
  return block && isPresent(stream, row) ? row : 0;
}

/** Allocates a block of 64 empty rows, or of one row if the stream has no keys. */
export function newBlock(stream: Stream): usize {
  const rows: usize = stream.keys ? 64 : 1;
  const block = allocate(stream, stream.stride * rows);
  for (let row = block; row < block + stream.stride * rows; row += stream.stride) copyRow(stream, row, stream.empty);
  return block;
}

/** Releases block b with the heap states of its rows, which no longer keep their ids live. */
export function destroyBlock(stream: Stream, block: usize, b: u32): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  for (let left = presentBits(stream, block); left; left &= left - 1) {
    const i = <u32>ctz(left);
    uncountRow(keys, (b << 6) + i);
    dropRow(stream, block + <usize>i * stream.stride);
  }
  release(stream, block);
}

/** Whether a row has events or, if firings reset rows (`discard`), has had some. */
export function isPresent(stream: Stream, row: usize): bool {
  return load<f64>(row) != 0 || (stream.discard && load<f64>(row, FIRINGS) != 0);
}

/** One bit per row of a block: bit i is set if row i is present. */
export function presentBits(stream: Stream, block: usize): u64 {
  let bits: u64 = 0;
  const rows: u64 = stream.keys ? 64 : 1;
  for (let i: u64 = 0; i < rows; i++) {
    if (isPresent(stream, block + <usize>i * stream.stride)) bits |= (<u64>1) << i;
  }
  return bits;
}

export function destroySlice(stream: Stream, slice: Slice): void {
  for (let b: u32 = 0; b < slice.blocks; b++) {
    const block = load<u32>(slice.table + ((<usize>b) << 2));
    if (block) destroyBlock(stream, block, b);
  }
  if (slice.table) release(stream, slice.table);
  release(stream, changetype<usize>(slice));
}

/** Counts the rows of a slice in a census. */
export function countRows(stream: Stream, slice: Slice, census: Census): void {
  for (let b: u32 = 0; b < slice.blocks; b++) {
    const block = <usize>load<u32>(slice.table + ((<usize>b) << 2));
    if (block) countBlock(stream, block, b, census);
  }
}

/** Counts the rows of block b in a census. */
export function countBlock(stream: Stream, block: usize, b: u32, census: Census): void {
  for (let left = presentBits(stream, block); left; left &= left - 1) census.countRow((b << 6) + <u32>ctz(left));
}
