/**
 * The rows that wait to become part of a window, for one window of the plan.
 *
 * Where windows do not overlap there is one row a key, into which sealed slices are combined: `back`. Where they do, the
 * window's panes are kept as well and combined by two stacks (Tangwongsan, Hirzel, Schneider, "Low-latency sliding-window
 * aggregation in worst-case constant time", 2017): a turned pane's row holds the combination of itself and all turned panes
 * after it, `back` that of the panes not yet turned, and a window is one of the former with one of the latter.
 *
 *     panes    0   1   2   3 │ 4   5   6          a row of pane 1 is 1 ⊕ 2 ⊕ 3, one of pane 5 only 5
 *              turned        │ not               back is 4 ⊕ 5 ⊕ 6; the next window, 1 to 6, is row 1 ⊕ back
 *
 * Nothing is subtracted, so any aggregate goes, and nothing drifts. Keys turn in blocks of 64, each in a window of its own by its
 * number, so that no firing does it for all. A turned row stands where the pane's own row stood: panes take no more room than
 * the rows in them, and a key that is seldom seen has a row only where it was.
 *
 *     front    u32 for each id: its first turned row, 0 if none
 *     back     u32 for each block: 64 rows, 0 if none
 *     turned   f64 for each block: panes that start before this time are turned
 *
 * States that own memory are not combined ahead: a turned row and `back` would each have to own what the panes own already. They stay in their
 * panes' rows, and are combined when a window fires.
 *
 * Law: for each id, front ⊕ back is the combination of its events in the panes; panes are disjoint, in order, begin and end on
 * edges of this window, and none ends at or before the start of window `next`.
 */

import { allocate, release, resize } from '../../base/allocator';
import { addRow, Dictionary } from '../../ingest/dictionary';
import { WindowPlan } from '../../plan';
import {
  cloneRow,
  combineHeap,
  combineInline,
  combineRows,
  copyInline,
  foldInline,
  foldRow,
  listRow,
  moveRow,
} from '../../state/rows';
import { Stream } from '../../stream';
import * as edges from './edges';
import * as pane from './panes';
import { Pane, Panes } from './panes';
import { destroyBlock, destroySlice, newBlock, present, rowFor, Slice, widenTable } from './slices';

@unmanaged
export class Stacks {
  window: usize;
  overlaps: bool;
  /** Windows before this number have fired, or never will. */
  next: f64;
  /** Where `back` begins, if windows do not overlap. */
  backStart: f64;
  back: usize;
  front: usize;
  flipped: usize;
  /** Blocks these have room for. */
  blocks: u32;
  /** Part of a pane, where other windows' edges cut it: slices are gathered here until it is whole. 0 if none. */
  gathered: usize;
  panes: Panes;
  /** Windows that fired and still take late events, see held.ts. */
  retained: Panes;
}

export function stacksAt(stream: Stream, w: i32): Stacks {
  return changetype<Stacks>(stream.stacks + <usize>w * offsetof<Stacks>());
}

export function createStacks(stream: Stream, stacks: Stacks, window: usize): void {
  memory.fill(changetype<usize>(stacks), 0, offsetof<Stacks>());
  stacks.window = window;
  stacks.overlaps = load<f64>(window, WindowPlan.size) > load<f64>(window, WindowPlan.every);
  stacks.next = -Infinity;
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

/** Time of the earliest row, Infinity where there is none. */
export function earliest(stacks: Stacks): f64 {
  if (!stacks.overlaps) return stacks.backStart;
  const gathered = stacks.gathered ? changetype<Slice>(stacks.gathered).start : Infinity;
  return stacks.panes.count ? min(gathered, paneAt(stacks, 0).start) : gathered;
}

/** Room for every id there is. */
function widenStacks(stream: Stream, stacks: Stacks): void {
  const blocks = (changetype<Dictionary>(stream.dictionary).limit + 63) >> 6;
  const old = stacks.blocks;
  if (blocks <= old) return;
  const room = max(blocks, old * 2);
  stacks.back = resize(stream, stacks.back, (<usize>room) << 2);
  memory.fill(stacks.back + ((<usize>old) << 2), 0, (<usize>(room - old)) << 2);
  if (stacks.overlaps) {
    stacks.front = resize(stream, stacks.front, (<usize>room) << 8);
    memory.fill(stacks.front + ((<usize>old) << 8), 0, (<usize>(room - old)) << 8);
    stacks.flipped = resize(stream, stacks.flipped, (<usize>room) << 3);
    for (let b = old; b < room; b++) setFlipped(stacks, b, -Infinity);
  }
  stacks.blocks = room;
}

/** The row of an id for the window that fires next: in `temporary`, or where it stands; 0 if it has none. */
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

/** Completes n rows that were listed: the states that own memory are combined pane by pane. */
export function combineNext(stream: Stream, stacks: Stacks, rows: usize, ids: usize, n: i32, listed: i32): void {
  combineInline(stream, listed);
  if (!stream.hasHeapStates || !stacks.overlaps) return;
  for (let i = 0; i < stacks.panes.count; i++) {
    const from = paneAt(stacks, i);
    let m = 0;
    for (let j: usize = 0; j < (<usize>n) << 2; j += 4) {
      const row = pane.rowIn(stream, from, load<u32>(ids + j));
      if (row) listRow(stream, m++, load<u32>(rows + j), load<u32>(rows + j), row);
    }
    combineHeap(stream, m);
  }
}

/** Adds a sealed slice. It may be taken apart (`last`), or must be left whole for other windows. */
export function addSlice(stream: Stream, stacks: Stacks, slice: Slice, last: bool): void {
  widenStacks(stream, stacks);
  if (!stacks.overlaps) {
    stacks.backStart = min(stacks.backStart, slice.start);
    for (let b: u32 = 0; b < slice.blocks; b++) addToBack(stream, stacks, slice, b, last, true);
    return;
  }
  const start = edges.edgeBefore(stacks.window, slice.start);
  const end = edges.edgeAfter(stacks.window, slice.start);
  if (stacks.gathered && changetype<Slice>(stacks.gathered).start != start) finishGathering(stream, stacks);
  if (slice.start == start && slice.end == end) {
    addPane(stream, stacks, slice, last);
    return;
  }
  if (!stacks.gathered) startGathering(stream, stacks, start, end);
  gather(stream, changetype<Slice>(stacks.gathered), slice);
}

function startGathering(stream: Stream, stacks: Stacks, start: f64, end: f64): void {
  const gathered = changetype<Slice>(allocate(stream, offsetof<Slice>()));
  gathered.start = start;
  gathered.end = end;
  gathered.table = 0;
  gathered.blocks = 0;
  stacks.gathered = changetype<usize>(gathered);
}

/** The gathered slices are a whole pane now. */
export function finishGathering(stream: Stream, stacks: Stacks): void {
  if (!stacks.gathered) return;
  const slice = changetype<Slice>(stacks.gathered);
  stacks.gathered = 0;
  addPane(stream, stacks, slice, true);
  destroySlice(stream, slice);
}

function gather(stream: Stream, into: Slice, slice: Slice): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  widenTable(stream, into, keys.limit);
  for (let b: u32 = 0; b < slice.blocks; b++) {
    const from = <usize>load<u32>(slice.table + ((<usize>b) << 2));
    if (!from) continue;
    let n = 0;
    for (let left = present(stream, from); left; left &= left - 1) {
      const i = <u32>ctz(left);
      const row = rowFor(stream, into, (b << 6) + i);
      if (load<f64>(row) == 0) addRow(stream, keys, (b << 6) + i);
      listRow(stream, n++, row, row, from + <usize>i * stream.stride);
    }
    combineRows(stream, n);
  }
}

function addPane(stream: Stream, stacks: Stacks, slice: Slice, last: bool): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  const added = pane.createPane(stream, slice.start, slice.end, slice.blocks);
  for (let b: u32 = 0; b < slice.blocks; b++) {
    const place = slice.table + ((<usize>b) << 2);
    const block = <usize>load<u32>(place);
    if (!block) continue;
    const bits = addToBack(stream, stacks, slice, b, false, false);
    if (last) {
      store<u32>(place, 0);
      pane.appendPiece(stream, added, b, bits, pane.packBlock(stream, block, bits));
    } else {
      for (let left = bits; left; left &= left - 1) addRow(stream, keys, (b << 6) + <u32>ctz(left));
      pane.appendPiece(stream, added, b, bits, pane.copyPacked(stream, block, bits, true));
    }
  }
  pane.insertPane(stream, stacks.panes, stacks.panes.count, added);
}

/**
 * back ⊕= one block of a slice, by moving it where it may (`take`); rows new in back hold their ids if `hold`. What owns memory stays in
 * the panes where there are any.
 */
function addToBack(stream: Stream, stacks: Stacks, slice: Slice, b: u32, take: bool, hold: bool): u64 {
  const from = <usize>load<u32>(slice.table + ((<usize>b) << 2));
  if (!from) return 0;
  const place = stacks.back + ((<usize>b) << 2);
  let back = <usize>load<u32>(place);
  if (!back) {
    if (take) {
      store<u32>(place, <u32>from);
      store<u32>(slice.table + ((<usize>b) << 2), 0);
      return 0;
    }
    back = newBlock(stream);
    store<u32>(place, <u32>back);
  }
  const keys = changetype<Dictionary>(stream.dictionary);
  const bits = present(stream, from);
  let n = 0;
  for (let left = bits; left; left &= left - 1) {
    const i = <usize>ctz(left);
    const row = back + i * stream.stride;
    if (load<f64>(row) == 0) {
      if (stacks.overlaps) copyInline(stream, row, from + i * stream.stride);
      else if (take) moveRow(stream, row, from + i * stream.stride);
      else cloneRow(stream, row, from + i * stream.stride);
      if (hold) addRow(stream, keys, (b << 6) + <u32>i);
    } else {
      listRow(stream, n++, row, row, from + i * stream.stride);
    }
  }
  if (stacks.overlaps) combineInline(stream, n);
  else combineRows(stream, n);
  return bits;
}

/** Windows before number k have fired or never will. */
export function skipTo(stream: Stream, stacks: Stacks, k: f64): void {
  if (k <= stacks.next) return;
  stacks.next = k;
  evict(stream, stacks);
}

/** Lets go of all that lies before window `next`, and turns the blocks whose turn it is. */
function evict(stream: Stream, stacks: Stacks): void {
  const start = edges.start(stacks.window, stacks.next);
  if (!stacks.overlaps) {
    if (stacks.backStart < start) clearBack(stream, stacks);
    return;
  }
  while (stacks.panes.count && paneAt(stacks, 0).end <= start) evictPane(stream, stacks);
  if (!stacks.panes.count) return;
  const head = paneAt(stacks, 0).start;
  const cycle = <u32>ceil(load<f64>(stacks.window, WindowPlan.size) / load<f64>(stacks.window, WindowPlan.every));
  const turn = <u32>(stacks.next - floor(stacks.next / <f64>cycle) * <f64>cycle);
  for (let b = turn; b < stacks.blocks; b += cycle) {
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

/** The first pane goes: the front of each of its ids is the row of the next pane that has it. */
function evictPane(stream: Stream, stacks: Stacks): void {
  const gone = paneAt(stacks, 0);
  for (let p: u32 = 0; p < gone.count; p++) {
    const piece = pane.pieceAt(gone, p);
    const b = pane.blockOf(piece);
    if (flippedTo(stacks, b) <= gone.start) flipBlock(stream, stacks, b, 1);
    else findFronts(stream, stacks, b, pane.bitsOf(piece), 1);
  }
  pane.dropFirst(stream, stacks.panes);
}

/** Fronts of some ids of a block: their rows in the first turned pane, from number `i` on, that has them. */
function findFronts(stream: Stream, stacks: Stacks, b: u32, bits: u64, i: i32): void {
  const turned = flippedTo(stacks, b);
  let sought = bits;
  for (; sought && i < stacks.panes.count && paneAt(stacks, i).start < turned; i++) {
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

/** Turns the panes of a block from number `from` on, newest first: each row becomes itself ⊕ the row after it. */
function flipBlock(stream: Stream, stacks: Stacks, b: u32, from: i32): void {
  const fronts = stacks.front + ((<usize>b) << 8);
  memory.fill(fronts, 0, 256);
  for (let i = stacks.panes.count - 1; i >= from; i--) {
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
    combineInline(stream, n);
  }
  setFlipped(stacks, b, paneAt(stacks, stacks.panes.count - 1).end);
  const place = stacks.back + ((<usize>b) << 2);
  if (load<u32>(place)) release(stream, load<u32>(place));
  store<u32>(place, 0);
}

/**
 * An event for windows yet to fire, at a time whose slices are sealed: it goes into its pane's row and into every
 * combination that contains it.
 */
export function foldLate(stream: Stream, stacks: Stacks, t: f64, id: u32, at: i32): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  widenStacks(stream, stacks);
  if (!stacks.overlaps) {
    stacks.backStart = min(stacks.backStart, edges.edgeBefore(stacks.window, t));
    const row = makeBackRow(stream, stacks, id);
    if (load<f64>(row) == 0) addRow(stream, keys, id);
    foldRow(stream, row, at);
    return;
  }
  const start = edges.edgeBefore(stacks.window, t);
  // All before this event's slice is sealed: what was gathered up to there is whole.
  if (stacks.gathered && changetype<Slice>(stacks.gathered).start < start) finishGathering(stream, stacks);
  const end = edges.edgeAfter(stacks.window, t);
  if (!stacks.gathered && end > stream.sealedTo) startGathering(stream, stacks, start, end);
  if (stacks.gathered && changetype<Slice>(stacks.gathered).start == start) {
    const slice = changetype<Slice>(stacks.gathered);
    widenTable(stream, slice, keys.limit);
    const row = rowFor(stream, slice, id);
    if (load<f64>(row) == 0) addRow(stream, keys, id);
    foldRow(stream, row, at);
    return;
  }
  const b = id >> 6;
  const turned = start < flippedTo(stacks, b);
  const i = paneFor(stream, stacks, t);
  const owner = paneAt(stacks, i);
  let row = pane.rowIn(stream, owner, id);
  if (!row) {
    row = pane.insertRow(stream, owner, id);
    if (turned) {
      const after = flippedRowAfter(stream, stacks, i, id);
      if (after) copyInline(stream, row, after);
    }
  }
  foldRow(stream, row, at);
  if (turned) {
    for (let j = 0; j < i; j++) {
      const before = pane.rowIn(stream, paneAt(stacks, j), id);
      if (before) foldInline(stream, before, at);
    }
    findFronts(stream, stacks, b, <u64>-1, 0);
  } else {
    foldInline(stream, makeBackRow(stream, stacks, id), at);
  }
}

/** Number of the pane at time t, made where there is none. */
function paneFor(stream: Stream, stacks: Stacks, t: f64): i32 {
  let i = 0;
  while (i < stacks.panes.count && paneAt(stacks, i).end <= t) i++;
  if (i == stacks.panes.count || paneAt(stacks, i).start > t) {
    const start = edges.edgeBefore(stacks.window, t);
    pane.insertPane(stream, stacks.panes, i, pane.createPane(stream, start, edges.edgeAfter(stacks.window, t), 1));
  }
  return i;
}

function flippedRowAfter(stream: Stream, stacks: Stacks, i: i32, id: u32): usize {
  for (let j = i + 1; j < stacks.panes.count && paneAt(stacks, j).start < flippedTo(stacks, id >> 6); j++) {
    const row = pane.rowIn(stream, paneAt(stacks, j), id);
    if (row) return row;
  }
  return 0;
}

function backRow(stream: Stream, stacks: Stacks, id: u32): usize {
  const block = <usize>load<u32>(stacks.back + ((<usize>(id >> 6)) << 2));
  return block ? block + <usize>(id & 63) * stream.stride : 0;
}

function makeBackRow(stream: Stream, stacks: Stacks, id: u32): usize {
  const place = stacks.back + ((<usize>(id >> 6)) << 2);
  if (!load<u32>(place)) store<u32>(place, <u32>newBlock(stream));
  return backRow(stream, stacks, id);
}

/** The first turned row of an id, 0 if it has none. */
export function frontOf(stacks: Stacks, id: u32): usize {
  return load<u32>(stacks.front + ((<usize>id) << 2));
}

function setFront(stacks: Stacks, id: u32, row: usize): void {
  store<u32>(stacks.front + ((<usize>id) << 2), <u32>row);
}

/** Time before which the panes of a block are turned. */
export function flippedTo(stacks: Stacks, b: u32): f64 {
  return load<f64>(stacks.flipped + ((<usize>b) << 3));
}

function setFlipped(stacks: Stacks, b: u32, t: f64): void {
  store<f64>(stacks.flipped + ((<usize>b) << 3), t);
}
