/**
 * Rows: folds, combines, copies and drops the states of rows. Kernels that fold and combine are called only here and in
 * window/rolling/state-columns.ts, where states stand in columns.
 *
 * A heap state owns memory, its block; all other states are inline. Functions that take `parts` treat the states of
 * those parts alone: all parts of the stream, its `inlineParts` or `heapParts`, or copies that read other columns.
 * Functions with `Heap` in their names treat heap states only. A list of rows is a list of addresses, u32 each.
 *
 * Law: a block belongs to the one row whose state names it. `dropRow` releases it, `cloneRow` copies it, `moveRow`
 * hands it over.
 */

import { Part, Parts } from '../part';
import * as box from '../sketch/shared/box';
import { copyRow, copyState, FIRINGS, firesAgain, Stream } from '../stream';

/** Fills the columns that parts compute from others (`prepare`), for n events from ring place `at`. */
export function prepareColumns(stream: Stream, at: i32, n: i32): void {
  if (!stream.hasSamples) return;
  const parts = stream.parts;
  for (let part = parts.first; part != parts.end; part = part.next) part.fillSecond(at, n);
}

/**
 * Folds n events from place `at` of the columns, each into its row in the list. The caller updates the event counts of
 * the rows.
 */
export function foldRows(parts: Parts, rows: usize, at: i32, n: i32): void {
  for (let part = parts.first; part != parts.end; part = part.next) part.foldRows(rows, (<usize>at) << 3, n);
}

/**
 * Folds events `from` up to `to` of the batch into the rows that scratch lists for them; the batch begins at ring place
 * `at`.
 */
export function foldListed(stream: Stream, at: i32, from: i32, to: i32): void {
  if (to > from) foldRows(stream.parts, stream.scratch.rows + ((<usize>from) << 2), at + from, to - from);
}

/** Folds n events from place `at` of the columns into one row and adds them to its event count. */
export function foldRun(stream: Stream, parts: Parts, row: usize, at: i32, n: i32): void {
  store<f64>(row, load<f64>(row) + <f64>n);
  const rows = stream.scratch.rows;
  let listed = false;
  for (let part = parts.first; part != parts.end; part = part.next) {
    if (part.foldRun) {
      part.foldInto(row, (<usize>at) << 3, n);
    } else if (part.fold) {
      for (let i: usize = 0; !listed && i < <usize>n; i++) store<u32>(rows + (i << 2), <u32>row);
      listed = true;
      part.foldRows(rows, (<usize>at) << 3, n);
    }
  }
}

/** Folds the event at place `at` of the columns into a row and adds it to the event count. */
export function foldRow(stream: Stream, parts: Parts, row: usize, at: i32): void {
  store<f64>(row, load<f64>(row) + 1);
  store<u32>(stream.scratch.into, <u32>row);
  foldRows(parts, stream.scratch.into, at, 1);
}

/** Inserts an event into the heap states of a row, which evict. Its measures stand side by side at `measures`. */
export function insertEvent(stream: Stream, row: usize, measures: usize, time: f64): void {
  const parts = stream.heapParts;
  for (let part = parts.first; part != parts.end; part = part.next) {
    const value = load<f64>(measures + ((<usize>part.measure) << 3));
    if (value == value) part.insertValue(row + part.state, value, time);
  }
}

/** Retracts an event, the earliest inserted, from the heap states of a row. */
export function retractEvent(stream: Stream, row: usize, measures: usize, time: f64): void {
  const parts = stream.heapParts;
  for (let part = parts.first; part != parts.end; part = part.next) {
    const value = load<f64>(measures + ((<usize>part.measure) << 3));
    if (value == value) part.retractValue(row + part.state, value, time);
  }
}

/**
 * Rolls frames of many keys, each of which has a front and a back of its own. The n events from byte `at` of the
 * columns are done one after the other: each is folded into the back listed for it, and the next row from `into` on
 * becomes front ⊕ back. The caller sets the event counts.
 */
export function rollRows(
  stream: Stream,
  parts: Parts,
  fronts: usize,
  backs: usize,
  into: usize,
  at: usize,
  n: i32,
): void {
  for (let part = parts.first; part != parts.end; part = part.next) {
    if (part.roll) part.rollRows(fronts, backs, into, stream.stride, at, n);
    else if (part.fold) rollSlow(stream, part, fronts, backs, into, at, n);
  }
}

/** `rollRows` for a part without a kernel `roll`. */
function rollSlow(stream: Stream, part: Part, fronts: usize, backs: usize, into: usize, at: usize, n: i32): void {
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4, into += stream.stride) {
    part.foldRows(backs + i, at + (i << 1), 1);
    store<u32>(stream.scratch.into, <u32>into);
    part.combineRows(stream.scratch.into, fronts + i, backs + i, 1);
  }
}

/** into = left ⊕ right for n rows in any three lists; event counts are left alone. */
export function combineStates(parts: Parts, into: usize, left: usize, right: usize, n: i32): void {
  for (let part = parts.first; part != parts.end; part = part.next) part.combineRows(into, left, right, n);
}

/** into = left ⊕ right for the first n rows in the stream's three lists; event counts are left alone. */
export function combineListed(stream: Stream, parts: Parts, n: i32): void {
  combineStates(parts, stream.scratch.into, stream.scratch.left, stream.scratch.right, n);
}

/** As `combineListed`, event counts included. */
export function combineRows(stream: Stream, parts: Parts, n: i32): void {
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4) {
    const events = load<f64>(load<u32>(stream.scratch.left + i)) + load<f64>(load<u32>(stream.scratch.right + i));
    store<f64>(load<u32>(stream.scratch.into + i), events);
  }
  combineListed(stream, parts, n);
}

/** into ⊕= from for the heap states of two rows. */
export function addHeap(stream: Stream, into: usize, from: usize): void {
  const pair = stream.scratch.pair;
  store<u32>(pair, <u32>into);
  store<u32>(pair, <u32>from, 4);
  combineStates(stream.heapParts, pair, pair, pair + 4, 1);
}

/** Counts one more firing of a row, where rows fire more than once. */
export function countFiring(stream: Stream, row: usize): void {
  if (firesAgain(stream)) store<f64>(row, load<f64>(row, FIRINGS) + 1, FIRINGS);
}

/** Writes entry i of the stream's three lists: into, left and right of a combination. */
export function listRow(stream: Stream, i: i32, into: usize, left: usize, right: usize): void {
  const at = (<usize>i) << 2;
  store<u32>(stream.scratch.into + at, <u32>into);
  store<u32>(stream.scratch.left + at, <u32>left);
  store<u32>(stream.scratch.right + at, <u32>right);
}

/** Releases the blocks of a row, whose heap states are then empty. */
export function dropRow(stream: Stream, row: usize): void {
  const parts = stream.heapParts;
  for (let part = parts.first; part != parts.end; part = part.next) part.dropState(row);
}

/** Releases the blocks of the first n temporary rows. */
export function dropTemporaries(stream: Stream, n: i32): void {
  if (!stream.hasHeapStates) return;
  for (let i = 0, row = stream.scratch.temporary; i < n; i++, row += stream.stride) dropRow(stream, row);
}

/** Makes a row empty: without events and without blocks. */
export function resetRow(stream: Stream, row: usize): void {
  dropRow(stream, row);
  copyRow(stream, row, stream.empty);
}

/**
 * Copies a row without its heap states, which are empty in the copy. No row may stand at `to`: its blocks would leak.
 */
export function copyInline(stream: Stream, to: usize, from: usize): void {
  copyRow(stream, to, from);
  disown(stream, to);
}

/** Copies a row and hands its blocks over to the copy. No row may stand at `to`. */
export function moveRow(stream: Stream, to: usize, from: usize): void {
  copyRow(stream, to, from);
  disown(stream, from);
}

/** Makes the heap states of a row empty without releasing their blocks, which belong to another row. */
function disown(stream: Stream, row: usize): void {
  const parts = stream.heapParts;
  for (let part = parts.first; part != parts.end; part = part.next) part.setIdentity(row);
}

/** Copies a row and its blocks. No row may stand at `to`. */
export function cloneRow(stream: Stream, to: usize, from: usize): void {
  copyRow(stream, to, from);
  cloneHeap(stream, to, from);
}

/** Copies the heap states of a row and their blocks. `to` may name no blocks of its own. */
export function cloneHeap(stream: Stream, to: usize, from: usize): void {
  const parts = stream.heapParts;
  for (let part = parts.first; part != parts.end; part = part.next) {
    copyState(to + part.state, from + part.state, part.size);
    box.cloneBlock(part, to + part.state);
  }
}
