/**
 * Two stacks: sliding aggregation for one window of the plan. They hold the sealed rows of every key until the last
 * window that needs them has fired.
 *
 * If windows overlap, the panes of a key are combined by two stacks. The older panes are flipped: the row of a flipped
 * pane holds itself combined with all flipped panes after it. The younger panes keep their own rows, and `back` is
 * their running combination. The split between the two is `flipped`. A window is its first flipped row (`front`)
 * combined with `back`.
 *
 *     panes    0   1   2   3 │ 4   5   6          the row of pane 1 holds 1 ⊕ 2 ⊕ 3, that of pane 5 only 5
 *              flipped       │ not flipped        back is 4 ⊕ 5 ⊕ 6; the window of panes 1 to 6 is row 1 ⊕ back
 *
 * To evict the oldest pane, `front` moves on to the next flipped row. Once all flipped panes are evicted, a flip turns
 * the panes of `back` into flipped ones and empties `back`. If windows do not overlap, there are no panes: sealed
 * slices are combined into `back`, which is the whole window.
 *
 *     order      slices in order of time; late events (`foldLate`) at any time that a window yet to fire holds
 *     laws       ⊕ is associative and has an identity; late events also need it commutative. It needs no inverse:
 *                nothing is subtracted, so nothing drifts
 *     time       per row of a pane at most 2 combinations, one into `back` and one at the flip; per key and firing 1
 *                more, however many panes the window has. A late event at a flipped time costs a fold for each earlier
 *                pane that has a row of its key
 *     worst      ids flip in blocks of 64, so that no firing flips all keys: block b flips at a window whose number is
 *                congruent to b modulo ceil(size / every), or when its oldest pane is evicted before that
 *     space      per pane one row for each key with events in it, which a flip overwrites in place; 4 bytes per id;
 *                per 64 ids one block of rows in `back`
 *     paper      Tangwongsan, Hirzel, Schneider, "Low-latency sliding-window aggregation in worst-case constant
 *                time", 2017
 *
 *     back       u32 per block: address of 64 rows, 0 if none
 *     front      u32 per id: address of its first flipped row, 0 if none
 *     flipped    f64 per block: the panes that start before this time are flipped
 *
 * Heap states are not combined ahead, since each flipped row and `back` would need a copy of the blocks that the panes
 * own. They stay in the rows of their panes, and are combined pane by pane when a window fires: their time grows with
 * the number of panes.
 *
 * Law: for each id, front ⊕ back is the combination of its events in all panes, heap states apart. Panes are disjoint,
 * in order, start and end on edges of this window, and none ends at or before the start of window `next`.
 */

import { allocate, release } from '../../base/allocator';
import { lengthFor, resizeTable } from '../../base/id-table';
import { upperBoundOf } from '../../base/pointer-tree';
import { Census } from '../../census';
import { countRow, Dictionary } from '../../ingest/dictionary';
import { Law } from '../../law';
import { areSame } from '../../result/compare';
import { CHUNK_ROWS } from '../../scratch';
import {
  cloneRow,
  combineListed,
  combineRows,
  copyInline,
  foldRow,
  listRow,
  moveRow,
  resetRow,
} from '../../state/rows';
import { Stream } from '../../stream';
import { Window } from '../../window';
import * as edges from './edges';
import { cycleOf } from './grid';
import * as pane from './panes';
import { Pane, Panes } from './panes';
import {
  countBlock,
  countRows,
  destroyBlock,
  destroySlice,
  newBlock,
  presentBits,
  rowFor,
  Slice,
  Slicing,
  widenTable,
} from './slices';

@unmanaged
export class Stacks {
  window: Window;
  /** Whether windows overlap: size > every. */
  overlaps: bool;
  /** Number of the next window to fire: those before it have fired, or have no events and never will. */
  next: f64;
  /**
   * The end of the first window that has events and has not fired, as long as none of them lie before `foundFrom`: see
   * `find` in fire.ts.
   */
  foundFrom: f64;
  foundEnd: f64;
  /** If windows do not overlap: start of the earliest slice in `back`, Infinity if it is empty. */
  backStart: f64;
  /** Addresses of the three tables above. */
  back: usize;
  front: usize;
  flipped: usize;
  /** Length of these tables, in blocks of 64 ids. */
  blocks: u32;
  /** While a slice is sealed: whether its rows are to be added. */
  isOwed: bool;
  /** A Slice that gathers the slices of an unfinished pane, where edges of other windows cut it; 0 if there is none. */
  gathered: usize;
  panes: Panes;
  /** Windows that have fired and still accept late events: see retained.ts. */
  retained: Panes;
}

/** The stacks of window i of a store. */
export function stacksAt(grid: Slicing, i: i32): Stacks {
  return changetype<Stacks>(grid.stacks + <usize>i * offsetof<Stacks>());
}

export function createStacks(stream: Stream, stacks: Stacks, window: Window): void {
  memory.fill(changetype<usize>(stacks), 0, offsetof<Stacks>());
  stacks.window = window;
  stacks.overlaps = window.size > window.every;
  stacks.next = -Infinity;
  stacks.foundFrom = Infinity;
  stacks.foundEnd = Infinity;
  stacks.backStart = Infinity;
  stacks.panes = pane.createPanes(stream);
  stacks.retained = pane.createPanes(stream);
}

export function destroyStacks(stream: Stream, stacks: Stacks): void {
  pane.destroyPanes(stream, stacks.panes);
  pane.destroyPanes(stream, stacks.retained);
  if (stacks.gathered) destroySlice(stream, changetype<Slice>(stacks.gathered));
  for (let b: u32 = 0; b < stacks.blocks; b++) {
    const block = load<u32>(stacks.back + ((<usize>b) << 2));
    if (block && stacks.overlaps) release(stream, block);
    else if (block) destroyBlock(stream, block, b);
  }
  if (!stacks.blocks) return;
  release(stream, stacks.back);
  if (!stacks.overlaps) return;
  release(stream, stacks.front);
  release(stream, stacks.flipped);
}

function paneAt(stacks: Stacks, i: i32): Pane {
  return pane.paneAt(stacks.panes, i);
}

/** Start of the earliest slice or pane held for windows yet to fire, Infinity if there is none. */
export function earliest(stacks: Stacks): f64 {
  if (!stacks.overlaps) return stacks.backStart;
  const gathered = stacks.gathered ? changetype<Slice>(stacks.gathered).start : Infinity;
  return stacks.panes.length ? min(gathered, paneAt(stacks, 0).start) : gathered;
}

/** Makes the tables long enough for every id of the dictionary. */
function widenStacks(stream: Stream, stacks: Stacks): void {
  const old = stacks.blocks;
  const blocks = lengthFor(old, (changetype<Dictionary>(stream.dictionary).limit + 63) >> 6);
  if (blocks == old) return;
  stacks.back = resizeTable<u32>(stream, stacks.back, old, blocks, 0);
  if (stacks.overlaps) {
    stacks.front = resizeTable<u32>(stream, stacks.front, old << 6, blocks << 6, 0);
    stacks.flipped = resizeTable<f64>(stream, stacks.flipped, old, blocks, -Infinity);
  }
  stacks.blocks = blocks;
}

/**
 * Returns the row of an id in window `next`, 0 if it has none. If one row holds it all, returns that row. Otherwise
 * lists a combination into `temporary` as entry n and returns `temporary`, which `combineNext` fills.
 */
export function nextRow(stream: Stream, stacks: Stacks, id: u32, n: i32, temporary: usize): usize {
  const back = backRow(stream, stacks, id);
  const hasBack = back && load<f64>(back) != 0;
  if (!stacks.overlaps) return hasBack ? back : 0;
  const front = frontOf(stacks, id);
  if (!stream.hasHeapStates || !(hasBack || front)) {
    if (!hasBack) return front;
    if (!front) return back;
  }
  listRow(stream, n, temporary, front ? front : stream.empty, hasBack ? back : stream.empty);
  return temporary;
}

/**
 * Completes n rows that `nextRow` returned for the listed ids: runs the `listed` combinations, then combines heap
 * states pane by pane.
 */
export function combineNext(stream: Stream, stacks: Stacks, rows: usize, ids: usize, n: i32, listed: i32): void {
  combineRows(stream, stream.inlineParts, listed);
  if (!stream.hasHeapStates || !stacks.overlaps) return;
  for (let i = 0; i < stacks.panes.length; i++) {
    const from = paneAt(stacks, i);
    let m = 0;
    for (let j: usize = 0; j < (<usize>n) << 2; j += 4) {
      const row = pane.rowIn(stream, from, load<u32>(ids + j));
      if (row) listRow(stream, m++, load<u32>(rows + j), load<u32>(rows + j), row);
    }
    combineListed(stream, stream.heapParts, m);
  }
}

/**
 * Adds a sealed slice to the stacks that are owed it. The stacks of window `last` are the last of these, and may take
 * the rows out of the slice. For the others its rows are listed once, since many windows may share many small slices.
 */
export function addSlice(stream: Stream, grid: Slicing, slice: Slice, last: i32): void {
  let isShared = false;
  for (let w = 0; w < last; w++) {
    const stacks = stacksAt(grid, w);
    if (!stacks.isOwed) continue;
    stacks.isOwed = openFor(stream, stacks, slice, false);
    isShared = isShared || stacks.isOwed;
  }
  if (isShared) shareRows(stream, grid, slice, last);
  const stacks = stacksAt(grid, last);
  if (!openFor(stream, stacks, slice, true)) return;
  if (stacks.overlaps) gather(stream, changetype<Slice>(stacks.gathered), slice);
  else for (let b: u32 = 0; b < slice.blocks; b++) addToBack(stream, stacks, slice, b);
}

/**
 * Prepares stacks for the rows of a sealed slice, which the caller adds: to `back` or, if windows overlap, to the rows
 * gathered. If the slice is a pane by itself, adds that instead and returns false; `mayMove`: its rows may be moved.
 */
function openFor(stream: Stream, stacks: Stacks, slice: Slice, mayMove: bool): bool {
  widenStacks(stream, stacks);
  if (!stacks.overlaps) {
    stacks.backStart = min(stacks.backStart, slice.start);
    return true;
  }
  const start = edges.edgeBefore(stacks.window, slice.start);
  const end = edges.edgeAfter(stacks.window, slice.start);
  if (stacks.gathered && changetype<Slice>(stacks.gathered).start != start) finishGathering(stream, stacks);
  if (slice.start == start && slice.end == end) {
    addPane(stream, stacks, slice, mayMove);
    return false;
  }
  if (!stacks.gathered) startGathering(stream, stacks, start, end);
  widenTable(stream, changetype<Slice>(stacks.gathered), changetype<Dictionary>(stream.dictionary).limit);
  return true;
}

/** Adds the rows of a slice to all stacks below `last` that are owed them. */
function shareRows(stream: Stream, grid: Slicing, slice: Slice, last: i32): void {
  const rows = stream.scratch.chunkRows;
  const ids = stream.scratch.chunkIds;
  let n: usize = 0;
  for (let b: u32 = 0; b < slice.blocks; b++) {
    const block = <usize>load<u32>(slice.table + ((<usize>b) << 2));
    if (!block) continue;
    for (let left = presentBits(stream, block); left; left &= left - 1) {
      const i = <u32>ctz(left);
      store<u32>(rows + (n << 2), <u32>(block + <usize>i * stream.stride));
      store<u32>(ids + (n << 2), (b << 6) + i);
      if (++n < <usize>CHUNK_ROWS) continue;
      shareListed(stream, grid, last, n);
      n = 0;
    }
  }
  shareListed(stream, grid, last, n);
}

/** Adds the n rows in `scratch.chunkRows` to all stacks below `last` that are owed them. */
function shareListed(stream: Stream, grid: Slicing, last: i32, n: usize): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  const rows = stream.scratch.chunkRows;
  const ids = stream.scratch.chunkIds;
  let listed = 0;
  for (let w = 0; w < last; w++) {
    const stacks = stacksAt(grid, w);
    if (!stacks.isOwed) continue;
    const gathered = changetype<Slice>(stacks.gathered);
    for (let i: usize = 0; i < n << 2; i += 4) {
      const id = load<u32>(ids + i);
      const from = <usize>load<u32>(rows + i);
      const row = stacks.overlaps ? rowFor(stream, gathered, id) : makeBackRow(stream, stacks, id);
      if (load<f64>(row) == 0) {
        cloneRow(stream, row, from);
        countRow(stream, keys, id);
        continue;
      }
      listRow(stream, listed, row, row, from);
      if (++listed < CHUNK_ROWS) continue;
      combineRows(stream, stream.parts, listed);
      listed = 0;
    }
  }
  combineRows(stream, stream.parts, listed);
}

function startGathering(stream: Stream, stacks: Stacks, start: f64, end: f64): void {
  const gathered = changetype<Slice>(allocate(stream, offsetof<Slice>()));
  gathered.start = start;
  gathered.end = end;
  gathered.table = 0;
  gathered.blocks = 0;
  stacks.gathered = changetype<usize>(gathered);
}

/** Makes a pane of the slices gathered so far, if there are any. */
export function finishGathering(stream: Stream, stacks: Stacks): void {
  if (!stacks.gathered) return;
  const slice = changetype<Slice>(stacks.gathered);
  stacks.gathered = 0;
  addPane(stream, stacks, slice, true);
  destroySlice(stream, slice);
}

/** Combines the rows of a slice into those of the unfinished pane `into`. */
function gather(stream: Stream, into: Slice, slice: Slice): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  for (let b: u32 = 0; b < slice.blocks; b++) {
    const from = <usize>load<u32>(slice.table + ((<usize>b) << 2));
    if (!from) continue;
    let n = 0;
    for (let left = presentBits(stream, from); left; left &= left - 1) {
      const i = <u32>ctz(left);
      const row = rowFor(stream, into, (b << 6) + i);
      if (load<f64>(row) == 0) countRow(stream, keys, (b << 6) + i);
      listRow(stream, n++, row, row, from + <usize>i * stream.stride);
    }
    combineRows(stream, stream.parts, n);
  }
}

/** Adds a pane with the rows of a slice, and combines them into `back`. */
function addPane(stream: Stream, stacks: Stacks, slice: Slice, mayMove: bool): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  const added = pane.createPane(stream, slice.start, slice.end, slice.blocks);
  for (let b: u32 = 0; b < slice.blocks; b++) {
    const place = slice.table + ((<usize>b) << 2);
    const block = <usize>load<u32>(place);
    if (!block) continue;
    const bits = addToBack(stream, stacks, slice, b);
    if (mayMove) {
      store<u32>(place, 0);
      pane.appendPiece(stream, added, b, bits, pane.packBlock(stream, block, bits));
    } else {
      for (let left = bits; left; left &= left - 1) countRow(stream, keys, (b << 6) + <u32>ctz(left));
      pane.appendPiece(stream, added, b, bits, pane.copyPacked(stream, block, bits, true));
    }
  }
  pane.insertPane(stream, stacks.panes, stacks.panes.length, added);
}

/**
 * back ⊕= block b of a slice. Returns a bit for each of its rows; 0 if there is no block, or if it was moved whole. If
 * windows overlap, the rows are those of a pane and stay, and heap states are left out. Else the rows may be moved.
 */
function addToBack(stream: Stream, stacks: Stacks, slice: Slice, b: u32): u64 {
  const from = <usize>load<u32>(slice.table + ((<usize>b) << 2));
  if (!from) return 0;
  const place = stacks.back + ((<usize>b) << 2);
  let back = <usize>load<u32>(place);
  if (!back) {
    if (!stacks.overlaps) {
      store<u32>(place, <u32>from);
      store<u32>(slice.table + ((<usize>b) << 2), 0);
      return 0;
    }
    back = newBlock(stream);
    store<u32>(place, <u32>back);
  }
  const keys = changetype<Dictionary>(stream.dictionary);
  const bits = presentBits(stream, from);
  let n = 0;
  for (let left = bits; left; left &= left - 1) {
    const i = <usize>ctz(left);
    const row = back + i * stream.stride;
    if (load<f64>(row) == 0) {
      if (stacks.overlaps) {
        copyInline(stream, row, from + i * stream.stride);
        continue;
      }
      moveRow(stream, row, from + i * stream.stride);
      countRow(stream, keys, (b << 6) + <u32>i);
    } else {
      listRow(stream, n++, row, row, from + i * stream.stride);
    }
  }
  combineRows(stream, stacks.overlaps ? stream.inlineParts : stream.parts, n);
  return bits;
}

/** Makes k the next window to fire, if it lies after `next`, and evicts what only earlier windows needed. */
export function skipTo(stream: Stream, stacks: Stacks, k: f64): void {
  if (k <= stacks.next) return;
  stacks.next = k;
  evict(stream, stacks);
}

/** Evicts the panes that end before window `next` starts, and flips the blocks scheduled for this window. */
function evict(stream: Stream, stacks: Stacks): void {
  const start = edges.start(stacks.window, stacks.next);
  if (!stacks.overlaps) {
    if (stacks.backStart < start) clearBack(stream, stacks);
    return;
  }
  while (stacks.panes.length && paneAt(stacks, 0).end <= start) evictPane(stream, stacks);
  if (!stacks.panes.length) return;
  const head = paneAt(stacks, 0).start;
  const cycle = <u32>cycleOf(stacks.window);
  const phase = <u32>(stacks.next - floor(stacks.next / <f64>cycle) * <f64>cycle);
  for (let b = phase; b < stacks.blocks; b += cycle) {
    if (flippedTo(stacks, b) <= head && load<u32>(stacks.back + ((<usize>b) << 2))) flipBlock(stream, stacks, b, 0);
  }
}

function clearBack(stream: Stream, stacks: Stacks): void {
  for (let b: u32 = 0; b < stacks.blocks; b++) {
    const place = stacks.back + ((<usize>b) << 2);
    const block = <usize>load<u32>(place);
    if (!block) continue;
    destroyBlock(stream, block, b);
    store<u32>(place, 0);
  }
  stacks.backStart = Infinity;
}

/** Evicts the first pane. The front of each of its ids becomes the id's row in the next flipped pane that has one. */
function evictPane(stream: Stream, stacks: Stacks): void {
  const evicted = paneAt(stacks, 0);
  for (let p: u32 = 0; p < evicted.count; p++) {
    const piece = pane.pieceAt(evicted, p);
    const b = pane.blockOf(piece);
    if (flippedTo(stacks, b) <= evicted.start) flipBlock(stream, stacks, b, 1);
    else findFronts(stream, stacks, b, pane.bitsOf(piece), 1);
  }
  pane.dropFirst(stream, stacks.panes);
}

/**
 * Sets the fronts of the ids of block b in `bits`: their rows in the first flipped pane, from index i on, that has one.
 */
function findFronts(stream: Stream, stacks: Stacks, b: u32, bits: u64, i: i32): void {
  const flipped = flippedTo(stacks, b);
  let sought = bits;
  for (; sought && i < stacks.panes.length && paneAt(stacks, i).start < flipped; i++) {
    const piece = pane.pieceOf(paneAt(stacks, i), b);
    if (!piece) continue;
    const found = sought & pane.bitsOf(piece);
    for (let left = found; left; left &= left - 1) {
      const bit = <u32>ctz(left);
      setFront(stacks, (b << 6) + bit, pane.rowAt(stream, piece, bit));
    }
    sought ^= found;
  }
  for (; sought; sought &= sought - 1) setFront(stacks, (b << 6) + <u32>ctz(sought), 0);
}

/**
 * Flips block b: its rows in all panes from index `from` on, newest first. Each row becomes itself ⊕ the row after it,
 * and the block's `back` is released.
 */
function flipBlock(stream: Stream, stacks: Stacks, b: u32, from: i32): void {
  const fronts = stacks.front + ((<usize>b) << 8);
  memory.fill(fronts, 0, 256);
  for (let i = stacks.panes.length - 1; i >= from; i--) {
    const piece = pane.pieceOf(paneAt(stacks, i), b);
    if (!piece) continue;
    let n = 0;
    for (let left = pane.bitsOf(piece); left; left &= left - 1) {
      const bit = <u32>ctz(left);
      const row = pane.rowAt(stream, piece, bit);
      const after = load<u32>(fronts + ((<usize>bit) << 2));
      if (after) listRow(stream, n++, row, row, after);
      store<u32>(fronts + ((<usize>bit) << 2), <u32>row);
    }
    combineRows(stream, stream.inlineParts, n);
  }
  setFlipped(stacks, b, paneAt(stacks, stacks.panes.length - 1).end);
  const place = stacks.back + ((<usize>b) << 2);
  if (load<u32>(place)) release(stream, load<u32>(place));
  store<u32>(place, 0);
}

/**
 * Folds a late event, at place `at` of the ring, whose slice is sealed but which windows yet to fire hold: into the row
 * of its pane and into every combination that contains this row.
 */
export function foldLate(stream: Stream, grid: Slicing, stacks: Stacks, t: f64, id: u32, at: i32): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  widenStacks(stream, stacks);
  if (!stacks.overlaps) {
    stacks.backStart = min(stacks.backStart, edges.edgeBefore(stacks.window, t));
    const row = makeBackRow(stream, stacks, id);
    if (load<f64>(row) == 0) countRow(stream, keys, id);
    foldRow(stream, stream.parts, row, at);
    return;
  }
  const start = edges.edgeBefore(stacks.window, t);
  // Everything before this pane is sealed, so an earlier pane that was still gathering slices is whole.
  if (stacks.gathered && changetype<Slice>(stacks.gathered).start < start) finishGathering(stream, stacks);
  const end = edges.edgeAfter(stacks.window, t);
  if (!stacks.gathered && end > grid.sealedTo) startGathering(stream, stacks, start, end);
  if (stacks.gathered && changetype<Slice>(stacks.gathered).start == start) {
    const slice = changetype<Slice>(stacks.gathered);
    widenTable(stream, slice, keys.limit);
    const row = rowFor(stream, slice, id);
    if (load<f64>(row) == 0) countRow(stream, keys, id);
    foldRow(stream, stream.parts, row, at);
    return;
  }
  const b = id >> 6;
  const isFlipped = start < flippedTo(stacks, b);
  const i = paneFor(stream, stacks, t);
  const target = paneAt(stacks, i);
  let row = pane.rowIn(stream, target, id);
  if (!row) {
    row = pane.insertRow(stream, target, id);
    if (isFlipped) {
      const after = flippedRowAfter(stream, stacks, i, id);
      if (after) copyInline(stream, row, after);
    }
  }
  foldRow(stream, stream.parts, row, at);
  if (isFlipped) {
    for (let j = 0; j < i; j++) {
      const before = pane.rowIn(stream, paneAt(stacks, j), id);
      if (before) foldRow(stream, stream.inlineParts, before, at);
    }
    findFronts(stream, stacks, b, <u64>-1, 0);
  } else {
    foldRow(stream, stream.inlineParts, makeBackRow(stream, stacks, id), at);
  }
}

/** Returns the index of the pane that holds t, and adds an empty pane if there is none. */
function paneFor(stream: Stream, stacks: Stacks, t: f64): i32 {
  const i = upperBoundOf(stacks.panes, offsetof<Pane>('end'), t);
  if (i == stacks.panes.length || paneAt(stacks, i).start > t) {
    const start = edges.edgeBefore(stacks.window, t);
    pane.insertPane(stream, stacks.panes, i, pane.createPane(stream, start, edges.edgeAfter(stacks.window, t), 1));
  }
  return i;
}

/** The first flipped row of an id after pane i, 0 if it has none. */
function flippedRowAfter(stream: Stream, stacks: Stacks, i: i32, id: u32): usize {
  for (let j = i + 1; j < stacks.panes.length && paneAt(stacks, j).start < flippedTo(stacks, id >> 6); j++) {
    const row = pane.rowIn(stream, paneAt(stacks, j), id);
    if (row) return row;
  }
  return 0;
}

/** The row of an id in `back`, 0 if its block has none. */
function backRow(stream: Stream, stacks: Stacks, id: u32): usize {
  const block = <usize>load<u32>(stacks.back + ((<usize>(id >> 6)) << 2));
  return block ? block + <usize>(id & 63) * stream.stride : 0;
}

/** The row of an id in `back`, with a new block if there is none. */
function makeBackRow(stream: Stream, stacks: Stacks, id: u32): usize {
  const place = stacks.back + ((<usize>(id >> 6)) << 2);
  if (!load<u32>(place)) store<u32>(place, <u32>newBlock(stream));
  return backRow(stream, stacks, id);
}

/** The first flipped row of an id, 0 if it has none. */
export function frontOf(stacks: Stacks, id: u32): usize {
  return load<u32>(stacks.front + ((<usize>id) << 2));
}

function setFront(stacks: Stacks, id: u32, row: usize): void {
  store<u32>(stacks.front + ((<usize>id) << 2), <u32>row);
}

/** The time before which the panes of block b are flipped. */
export function flippedTo(stacks: Stacks, b: u32): f64 {
  return load<f64>(stacks.flipped + ((<usize>b) << 3));
}

function setFlipped(stacks: Stacks, b: u32, t: f64): void {
  store<f64>(stacks.flipped + ((<usize>b) << 3), t);
}

/** The law that the stacks break, Law.none if they break none. Counts their rows in a census. */
export function verifyStacks(stream: Stream, stacks: Stacks, census: Census): Law {
  if (stacks.gathered) countRows(stream, changetype<Slice>(stacks.gathered), census);
  if (!pane.arePanesSound(stacks.panes, census) || !pane.arePanesSound(stacks.retained, census)) return Law.panes;
  const isStarted = stacks.next != -Infinity && stacks.panes.length;
  if (isStarted && paneAt(stacks, 0).end <= edges.start(stacks.window, stacks.next)) return Law.panes;
  for (let b: u32 = 0; b < stacks.blocks && !stacks.overlaps; b++) {
    const block = <usize>load<u32>(stacks.back + ((<usize>b) << 2));
    if (block) countBlock(stream, block, b, census);
  }
  if (!stacks.overlaps || stream.partial) return Law.none;
  // Some ids stand for all.
  const ids = min(stacks.blocks << 6, changetype<Dictionary>(stream.dictionary).limit);
  for (let id: u32 = 0; id < ids; id += 1 + ids / 16) {
    if (!isCombined(stream, stacks, id)) return Law.combination;
  }
  return Law.none;
}

/**
 * Whether `front` is the first flipped row of an id, each flipped row holds more events than the next, and `back` is
 * the combination of the rows that are not flipped, heap states apart.
 */
function isCombined(stream: Stream, stacks: Stacks, id: u32): bool {
  const sum = stream.scratch.temporary;
  resetRow(stream, sum);
  let before: usize = 0;
  for (let i = 0; i < stacks.panes.length; i++) {
    const row = pane.rowIn(stream, paneAt(stacks, i), id);
    if (!row) continue;
    if (paneAt(stacks, i).start >= flippedTo(stacks, id >> 6)) {
      listRow(stream, 0, sum, sum, row);
      combineRows(stream, stream.inlineParts, 1);
    } else if (before ? load<f64>(before) <= load<f64>(row) : row != frontOf(stacks, id)) {
      return false;
    } else {
      before = row;
    }
  }
  if (!before && frontOf(stacks, id)) return false;
  const back = backRow(stream, stacks, id);
  return back ? areSame(stream, sum, back) : load<f64>(sum) == 0;
}
