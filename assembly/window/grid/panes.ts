/**
 * Panes: a pane is a sealed slice, or several that lie side by side between two edges of one window of the plan. It
 * holds one row per key that has events, packed by id into pieces of up to 64 rows. A retained window is a pane, too.
 *
 *     pieces   16 bytes per 64 ids with a row, sorted by block:  0 bits: u64 │ 8 rows: u32 │ 12 block: u32
 *     bits     bit i is set if id block * 64 + i has a row
 *     rows     address of the rows; the row of bit i follows as many rows as there are set bits below i
 *
 * A piece that was nearly full when sealed keeps all 64 rows in place: then the lowest bit of `rows` (SPREAD) is set,
 * and the row of bit i is row i. A slice's block can become such a piece without a copy.
 *
 * Law: each row of a pane keeps its id live (`countRow`).
 *
 * Cost: memory is one row per key of the pane and 16 bytes per piece, whatever the number of keys of the stream.
 * Finding a row takes a binary search over the pieces, or constant time if every block before its own has a piece.
 */

import { allocate, release, resize } from '../../base/allocator';
import { lowerBound } from '../../base/bisect';
import {
  createTree,
  destroyTree,
  insertInTree,
  isTreeSound,
  PointerTree,
  pointerIn,
  removeFromTree,
} from '../../base/pointer-tree';
import { Census } from '../../census';
import { countRow, Dictionary, uncountRow } from '../../ingest/dictionary';
import { cloneRow, dropRow } from '../../state/rows';
import { copyRow, Stream } from '../../stream';

@unmanaged
export class Pane {
  start: f64;
  end: f64;
  /** Number of the window, if the pane is a retained window (retained.ts); else NaN. */
  k: f64;
  pieces: usize;
  /** Number of pieces, and how many there is room for. */
  count: u32;
  capacity: u32;
}

/** Offset of `block` in a piece. */
const BLOCK: usize = 12;
/** Flag in the `rows` of a piece: all 64 rows stand in their places. */
const SPREAD: u32 = 1;
/** A block with at least this many rows of 64 is not packed, which would save too little. */
const MIN_ROWS_SPREAD: u64 = 56;

/** Creates an empty pane with room for `pieces` pieces (at least 1). */
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
  return load<u32>(piece, BLOCK);
}

/** Index of the first piece whose block is `block` or a later one. */
function pieceIndex(pane: Pane, block: u32): u32 {
  // If every block before it has a piece, its index is the block itself.
  if (block < pane.count && blockOf(pieceAt(pane, block)) == block) return block;
  return lowerBound<u32>(pane.pieces + BLOCK, 16, pane.count, block);
}

/** The piece of a block, 0 if there is none. */
export function pieceOf(pane: Pane, block: u32): usize {
  const i = pieceIndex(pane, block);
  const piece = pieceAt(pane, i);
  return i < pane.count && blockOf(piece) == block ? piece : 0;
}

/** The row of bit i, which must be set. */
export function rowAt(stream: Stream, piece: usize, i: u32): usize {
  const rows = load<u32>(piece, 8);
  const below = bitsOf(piece) & (((<u64>1) << i) - 1);
  const rank = rows & SPREAD ? i : <u32>popcnt(below);
  return <usize>(rows & ~SPREAD) + <usize>rank * stream.stride;
}

/** The row of an id, 0 if it has none. */
export function rowIn(stream: Stream, pane: Pane, id: u32): usize {
  const piece = pieceOf(pane, id >> 6);
  if (!piece || !(bitsOf(piece) & ((<u64>1) << (id & 63)))) return 0;
  return rowAt(stream, piece, id & 63);
}

/** Appends a piece. Its block must come after those of all other pieces. */
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
  store<u32>(piece, block, BLOCK);
}

/**
 * Turns a block into the rows of a piece: a packed copy of the rows of the set bits or, if nearly all are set, the
 * block itself, marked SPREAD. Either way the block is no longer the caller's.
 */
export function packBlock(stream: Stream, block: usize, bits: u64): usize {
  if (popcnt(bits) >= MIN_ROWS_SPREAD) return block | SPREAD;
  const rows = copyPacked(stream, block, bits, false);
  release(stream, block);
  return rows;
}

/**
 * Copies the rows of the set bits, packed. With `clone` the copies get heap states of their own; otherwise they take
 * over those of the block, which the caller then releases without dropping its rows.
 */
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

/** Inserts an empty row for an id that has none, and returns it. Other rows of its piece may move. */
export function insertRow(stream: Stream, pane: Pane, id: u32): usize {
  countRow(stream, changetype<Dictionary>(stream.dictionary), id);
  const block = id >> 6;
  const bit = (<u64>1) << (id & 63);
  const i = pieceIndex(pane, block);
  if (i == pane.count || blockOf(pieceAt(pane, i)) != block) {
    const row = allocate(stream, stream.stride);
    copyRow(stream, row, stream.empty);
    insertPiece(stream, pane, i, block, bit, row);
    return row;
  }
  const piece = pieceAt(pane, i);
  const bits = bitsOf(piece);
  if (!(load<u32>(piece, 8) & SPREAD)) {
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

/** Releases the pane and its rows with their heap states. The rows no longer keep their ids live. */
function destroyPane(stream: Stream, pane: Pane): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  for (let i: u32 = 0; i < pane.count; i++) {
    const piece = pieceAt(pane, i);
    for (let left = bitsOf(piece); left; left &= left - 1) {
      const bit = <u32>ctz(left);
      uncountRow(keys, (blockOf(piece) << 6) + bit);
      dropRow(stream, rowAt(stream, piece, bit));
    }
    release(stream, load<u32>(piece, 8) & ~SPREAD);
  }
  release(stream, pane.pieces);
  release(stream, changetype<usize>(pane));
}

/** A list of panes in order of time. */
@unmanaged
export class Panes extends PointerTree {}

export function createPanes(stream: Stream): Panes {
  return changetype<Panes>(createTree(stream));
}

export function destroyPanes(stream: Stream, panes: Panes): void {
  for (let i = 0; i < panes.length; i++) destroyPane(stream, paneAt(panes, i));
  destroyTree(stream, panes);
}

export function paneAt(panes: Panes, i: i32): Pane {
  return changetype<Pane>(pointerIn(panes, i));
}

/** Inserts a pane at index i. */
export function insertPane(stream: Stream, panes: Panes, i: i32, added: Pane): void {
  insertInTree(stream, panes, i, changetype<usize>(added));
}

/** Removes the first pane from the list and destroys it. */
export function dropFirst(stream: Stream, panes: Panes): void {
  destroyPane(stream, changetype<Pane>(removeFromTree(stream, panes, 0)));
}

/** Whether panes are disjoint and in order of time, and the pieces of each in order. Counts their rows in a census. */
export function arePanesSound(panes: Panes, census: Census): bool {
  if (!isTreeSound(panes)) return false;
  let time = -Infinity;
  for (let i = 0; i < panes.length; i++) {
    const pane = paneAt(panes, i);
    if (pane.start < time || !(pane.start < pane.end)) return false;
    // Retained windows may overlap.
    time = pane.k == pane.k ? pane.start : pane.end;
    for (let p: u32 = 0; p < pane.count; p++) {
      const piece = pieceAt(pane, p);
      if (!bitsOf(piece) || (p && blockOf(pieceAt(pane, p - 1)) >= blockOf(piece))) return false;
      for (let left = bitsOf(piece); left; left &= left - 1) census.countRow((blockOf(piece) << 6) + <u32>ctz(left));
    }
  }
  return true;
}
