/**
 * A pane: the rows of a span of time in which nothing is in order any more but the ids. Rows are packed, in pieces of up to 64:
 *
 *     pieces   sorted by block, 16 bytes each:  0 bits: u64 │ 8 rows: u32 │ 12 block: u32
 *     bit i    id block * 64 + i has a row; it is the popcount of the lower bits'th of the piece
 *
 * so that a pane costs a row and a bit for each key that it holds, whatever the number of keys. A piece that is full, or nearly,
 * keeps all 64 rows in their places (SPREAD, in the lowest bit of `rows`) and can be a slice's block as it was.
 */

import { allocate, release, resize } from '../../base/allocator';
import { addRow, Dictionary, removeRow } from '../../ingest/dictionary';
import { cloneRow, dropRow } from '../../state/rows';
import { copyRow, Stream } from '../../stream';

@unmanaged
export class Pane {
  start: f64;
  end: f64;
  /** The window's number, where the pane is a window that fired and still takes late events. */
  k: f64;
  pieces: usize;
  count: u32;
  capacity: u32;
}

const SPARE_PIECES: u32 = 1;
/** From how many rows of 64 packing would save too little. */
const NEARLY_FULL: u64 = 56;

export function createPane(stream: Stream, start: f64, end: f64, pieces: u32): Pane {
  const pane = changetype<Pane>(allocate(stream, offsetof<Pane>()));
  pane.start = start;
  pane.end = end;
  pane.k = NaN;
  pane.count = 0;
  pane.capacity = max(pieces, 1);
  pane.pieces = allocate(stream, (<usize>pane.capacity) << 4);
  return pane;
}

export function pieceAt(pane: Pane, i: u32): usize {
  return pane.pieces + ((<usize>i) << 4);
}

export function bitsOf(piece: usize): u64 {
  return load<u64>(piece);
}

export function blockOf(piece: usize): u32 {
  return load<u32>(piece, 12);
}

/** Position of the first piece of that block or a later one. With all blocks before it there, that is the block itself. */
function position(pane: Pane, block: u32): u32 {
  if (block < pane.count && blockOf(pieceAt(pane, block)) == block) return block;
  let low: u32 = 0;
  let high = pane.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (blockOf(pieceAt(pane, middle)) >= block) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The piece of a block, or 0. */
export function pieceOf(pane: Pane, block: u32): usize {
  const i = position(pane, block);
  const piece = pieceAt(pane, i);
  return i < pane.count && blockOf(piece) == block ? piece : 0;
}

/** The row of bit i, which is set. */
export function rowAt(stream: Stream, piece: usize, i: u32): usize {
  const rows = load<u32>(piece, 8);
  const below = bitsOf(piece) & (((<u64>1) << i) - 1);
  const rank = rows & SPARE_PIECES ? i : <u32>popcnt(below);
  return <usize>(rows & ~SPARE_PIECES) + <usize>rank * stream.stride;
}

/** The row of an id, or 0. */
export function rowIn(stream: Stream, pane: Pane, id: u32): usize {
  const piece = pieceOf(pane, id >> 6);
  if (!piece || !(bitsOf(piece) & ((<u64>1) << (id & 63)))) return 0;
  return rowAt(stream, piece, id & 63);
}

/** A piece at the end, for a block after all others. */
export function appendPiece(stream: Stream, pane: Pane, block: u32, bits: u64, rows: usize): void {
  insertPiece(stream, pane, pane.count, block, bits, rows);
}

function insertPiece(stream: Stream, pane: Pane, i: u32, block: u32, bits: u64, rows: usize): void {
  if (pane.count == pane.capacity) {
    pane.capacity *= 2;
    pane.pieces = resize(stream, pane.pieces, (<usize>pane.capacity) << 4);
  }
  const piece = pieceAt(pane, i);
  memory.copy(piece + 16, piece, (<usize>(pane.count - i)) << 4);
  pane.count++;
  store<u64>(piece, bits);
  store<u32>(piece, <u32>rows, 8);
  store<u32>(piece, block, 12);
}

/** Packed rows of the set bits of a whole block; the block itself, no longer the caller's, where that is nearly full. */
export function packBlock(stream: Stream, block: usize, bits: u64): usize {
  if (popcnt(bits) >= NEARLY_FULL) return block | SPARE_PIECES;
  const rows = copyPacked(stream, block, bits, false);
  release(stream, block);
  return rows;
}

/** Packed copies of the rows of the set bits, which own what they name themselves (`clone`) or take it over. */
export function copyPacked(stream: Stream, block: usize, bits: u64, clone: bool): usize {
  const rows = allocate(stream, <usize>popcnt(bits) * stream.stride);
  let to = rows;
  for (let left = bits; left; left &= left - 1) {
    const from = block + <usize>ctz(left) * stream.stride;
    if (clone) cloneRow(stream, to, from);
    else copyRow(stream, to, from);
    to += stream.stride;
  }
  return rows;
}

/** An empty row for an id that has none. Rows of its block may move. */
export function insertRow(stream: Stream, pane: Pane, id: u32): usize {
  addRow(stream, changetype<Dictionary>(stream.dictionary), id);
  const block = id >> 6;
  const bit = (<u64>1) << (id & 63);
  const i = position(pane, block);
  if (i == pane.count || blockOf(pieceAt(pane, i)) != block) {
    const row = allocate(stream, stream.stride);
    copyRow(stream, row, stream.empty);
    insertPiece(stream, pane, i, block, bit, row);
    return row;
  }
  const piece = pieceAt(pane, i);
  const bits = bitsOf(piece);
  if (!(load<u32>(piece, 8) & SPARE_PIECES)) {
    const old = <usize>load<u32>(piece, 8);
    const before = <usize>popcnt(bits & (bit - 1)) * stream.stride;
    const whole = <usize>popcnt(bits) * stream.stride;
    const rows = allocate(stream, whole + stream.stride);
    memory.copy(rows, old, before);
    memory.copy(rows + before + stream.stride, old + before, whole - before);
    release(stream, old);
    store<u32>(piece, <u32>rows, 8);
  }
  store<u64>(piece, bits | bit);
  const row = rowAt(stream, piece, id & 63);
  copyRow(stream, row, stream.empty);
  return row;
}

/** Gives back the rows, what they own and their hold on ids. */
function destroyPane(stream: Stream, pane: Pane): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  for (let i: u32 = 0; i < pane.count; i++) {
    const piece = pieceAt(pane, i);
    for (let left = bitsOf(piece); left; left &= left - 1) {
      const bit = <u32>ctz(left);
      removeRow(keys, (blockOf(piece) << 6) + bit);
      dropRow(stream, rowAt(stream, piece, bit));
    }
    release(stream, load<u32>(piece, 8) & ~SPARE_PIECES);
  }
  release(stream, pane.pieces);
  release(stream, changetype<usize>(pane));
}

/** Panes in order. */
@unmanaged
export class Panes {
  list: usize;
  count: i32;
  capacity: i32;
}

const INITIAL_PANES: i32 = 8;

export function createPanes(stream: Stream): Panes {
  const panes = changetype<Panes>(allocate(stream, offsetof<Panes>()));
  panes.count = 0;
  panes.capacity = INITIAL_PANES;
  panes.list = allocate(stream, (<usize>INITIAL_PANES) << 2);
  return panes;
}

export function destroyPanes(stream: Stream, panes: Panes): void {
  for (let i = 0; i < panes.count; i++) destroyPane(stream, paneAt(panes, i));
  release(stream, panes.list);
  release(stream, changetype<usize>(panes));
}

export function paneAt(panes: Panes, i: i32): Pane {
  return changetype<Pane>(load<u32>(panes.list + ((<usize>i) << 2)));
}

export function insertPane(stream: Stream, panes: Panes, i: i32, added: Pane): void {
  if (panes.count == panes.capacity) {
    panes.capacity *= 2;
    panes.list = resize(stream, panes.list, (<usize>panes.capacity) << 2);
  }
  const place = panes.list + ((<usize>i) << 2);
  memory.copy(place + 4, place, (<usize>(panes.count - i)) << 2);
  store<u32>(place, <u32>changetype<usize>(added));
  panes.count++;
}

export function dropFirst(stream: Stream, panes: Panes): void {
  const gone = paneAt(panes, 0);
  panes.count--;
  memory.copy(panes.list, panes.list + 4, (<usize>panes.count) << 2);
  destroyPane(stream, gone);
}
