/**
 * Slices: time between two neighbouring edges, which no window cuts, so that an event is folded into one row only, however
 * many windows it lies in (Traub et al., "Scotty", 2018; Carbone et al., "Cutty", 2016).
 *
 * Open slices take events in any order. Their rows stand by id in blocks of 64 rows, found by a table:
 *
 *     slice.table   u32 for each 64 ids: address of the block, 0 where no id of it had an event
 *     block         64 rows, those without events empty
 *
 * Law: slices are disjoint, in order of time, and none ends at or before stream.sealedTo; a slice begins and ends on edges, and
 * every window of the plan holds all of it or nothing.
 */

import { allocate, release, resize } from '../../base/allocator';
import { Dictionary, removeRow } from '../../ingest/dictionary';
import { dropRow } from '../../state/rows';
import { copyRow, FIRINGS, Stream, windowAt } from '../../stream';
import { end, newest, oldest, start } from './edges';

@unmanaged
export class Slice {
  start: f64;
  end: f64;
  table: usize;
  /** Blocks the table has room for. */
  blocks: u32;
  /** Whether a window that holds it is already complete: its events then concern that window as well. */
  behind: bool;
}

@unmanaged
export class Slices {
  list: usize;
  length: i32;
  capacity: i32;
}

export function createSlices(stream: Stream): Slices {
  const slices = changetype<Slices>(allocate(stream, offsetof<Slices>()));
  slices.length = 0;
  slices.capacity = 8;
  slices.list = allocate(stream, 8 << 2);
  return slices;
}

export function destroySlices(stream: Stream, slices: Slices): void {
  for (let i = 0; i < slices.length; i++) destroySlice(stream, sliceAt(slices, i));
  release(stream, slices.list);
  release(stream, changetype<usize>(slices));
}

export function sliceAt(slices: Slices, i: i32): Slice {
  return changetype<Slice>(load<u32>(slices.list + ((<usize>i) << 2)));
}

/** Position of the first slice that ends after t. */
export function firstAfter(slices: Slices, t: f64): i32 {
  let low = 0;
  let high = slices.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sliceAt(slices, middle).end > t) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The slice at time t, made where there is none. */
export function openSlice(stream: Stream, t: f64): Slice {
  const slices = changetype<Slices>(stream.slices);
  const i = firstAfter(slices, t);
  if (i < slices.length && sliceAt(slices, i).start <= t) return sliceAt(slices, i);
  const slice = changetype<Slice>(allocate(stream, offsetof<Slice>()));
  slice.start = -Infinity;
  slice.end = Infinity;
  for (let w = 0; w < stream.gridCount; w++) {
    const window = windowAt(stream, w);
    const begun = newest(window, t);
    const open = oldest(window, t);
    slice.start = max(slice.start, max(start(window, begun), end(window, open - 1)));
    const next = start(window, begun + 1);
    slice.end = min(slice.end, next > t ? min(next, end(window, open)) : end(window, open));
  }
  slice.table = 0;
  slice.blocks = 0;
  slice.behind = false;
  insertSlice(stream, slices, i, slice);
  return slice;
}

export function insertSlice(stream: Stream, slices: Slices, i: i32, slice: Slice): void {
  if (slices.length == slices.capacity) {
    slices.capacity *= 2;
    slices.list = resize(stream, slices.list, (<usize>slices.capacity) << 2);
  }
  const place = slices.list + ((<usize>i) << 2);
  if (i < slices.length) memory.copy(place + 4, place, (<usize>(slices.length - i)) << 2);
  store<u32>(place, <u32>changetype<usize>(slice));
  slices.length++;
}

/** Takes the first slice out of the list; the caller destroys it. */
export function shiftSlice(slices: Slices): Slice {
  const slice = sliceAt(slices, 0);
  slices.length--;
  if (slices.length) memory.copy(slices.list, slices.list + 4, (<usize>slices.length) << 2);
  return slice;
}

/** Room in the table for every id there is. */
export function widenTable(stream: Stream, slice: Slice, ids: u32): void {
  const blocks = (ids + 63) >> 6;
  if (blocks <= slice.blocks) return;
  const room = max(blocks, slice.blocks * 2);
  slice.table = resize(stream, slice.table, (<usize>room) << 2);
  for (let b = slice.blocks; b < room; b++) store<u32>(slice.table + ((<usize>b) << 2), 0);
  slice.blocks = room;
}

/** The row of an id. The slice is wide enough; a row that was empty holds its id once the caller says so. */
export function rowFor(stream: Stream, slice: Slice, id: u32): usize {
  const place = slice.table + ((<usize>(id >> 6)) << 2);
  let block = <usize>load<u32>(place);
  if (!block) {
    block = newBlock(stream);
    store<u32>(place, <u32>block);
  }
  return block + <usize>(id & 63) * stream.stride;
}

/** 64 empty rows (one where there are no keys). */
export function newBlock(stream: Stream): usize {
  const rows: usize = stream.keys ? 64 : 1;
  const block = allocate(stream, stream.stride * rows);
  for (let row = block; row < block + stream.stride * rows; row += stream.stride) copyRow(stream, row, stream.empty);
  return block;
}

/** Gives back a block, with what its rows own and their hold on ids. */
export function destroyBlock(stream: Stream, block: usize, b: u32): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  for (let left = present(stream, block); left; left &= left - 1) {
    const i = <u32>ctz(left);
    removeRow(keys, (b << 6) + i);
    dropRow(stream, block + <usize>i * stream.stride);
  }
  release(stream, block);
}

/** Whether a row has events, or had some that were given out. */
export function isPresent(stream: Stream, row: usize): bool {
  return load<f64>(row) != 0 || (stream.discard && load<f64>(row, FIRINGS) != 0);
}

/** Bits of the rows of a block that have events. */
export function present(stream: Stream, block: usize): u64 {
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
