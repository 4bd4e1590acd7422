/** What is done to rows, over all parts of the plan. With columns.ts, where states stand in columns, the only caller of the kernels. */

import { PartPlan } from '../plan';
import * as box from '../sketch/shared/box';
import { copyRow, copyState, FIRINGS, firesAgain, Stream } from '../stream';

/** Fills the columns that are worked out from others, for n events from place `at` of the ring. */
export function prepareColumns(stream: Stream, at: i32, n: i32): void {
  if (!stream.hasSamples) return;
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const prepare = load<u32>(part, PartPlan.prepare);
    if (prepare) call_indirect<void>(prepare, part, at, n);
  }
}

/** Folds n events, from place `at` of the ring, each into its row of the list. The rows' event counts are the caller's. */
export function foldRows(stream: Stream, rows: usize, at: i32, n: i32): void {
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const fold = load<u32>(part, PartPlan.fold);
    if (fold) call_indirect<void>(fold, part, rows, (<usize>at) << 3, n);
  }
}

/** Folds n events, from place `at` of the ring, into one row. */
export function foldRun(stream: Stream, row: usize, at: i32, n: i32): void {
  store<f64>(row, load<f64>(row) + <f64>n);
  let listed = false;
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const reduce = load<u32>(part, PartPlan.foldRun);
    const fold = load<u32>(part, PartPlan.fold);
    if (reduce) {
      call_indirect<void>(reduce, part, row, (<usize>at) << 3, n);
    } else if (fold) {
      if (!listed) {
        for (let j: usize = 0; j < <usize>n; j++) store<u32>(stream.rows + (j << 2), <u32>row);
        listed = true;
      }
      call_indirect<void>(fold, part, stream.rows, (<usize>at) << 3, n);
    }
  }
}

/** One event more in a row. */
export function foldRow(stream: Stream, row: usize, at: i32): void {
  store<f64>(row, load<f64>(row) + 1);
  store<u32>(stream.into, <u32>row);
  foldRows(stream, stream.into, at, 1);
}

/** The same but for the states that own memory. */
export function foldInline(stream: Stream, row: usize, at: i32): void {
  store<f64>(row, load<f64>(row) + 1);
  store<u32>(stream.into, <u32>row);
  foldInlineRows(stream, stream.into, at, 1);
}

/** As foldRows, but for the states that own memory. */
export function foldInlineRows(stream: Stream, rows: usize, at: i32, n: i32): void {
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const fold = load<u32>(part, PartPlan.drop) ? 0 : load<u32>(part, PartPlan.fold);
    if (fold) call_indirect<void>(fold, part, rows, (<usize>at) << 3, n);
  }
}

/** An event enters the running states of a row, which are those that own memory; its measures stand side by side. */
export function insertEvent(stream: Stream, row: usize, measures: usize, time: f64): void {
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const enter = load<u32>(part, PartPlan.insert);
    if (!enter) continue;
    const value = load<f64>(measures + ((<usize>load<u32>(part, PartPlan.measure)) << 3));
    if (value == value) call_indirect<void>(enter, part, row + load<u32>(part, PartPlan.state), value, time);
  }
}

/** The event that entered first leaves them. */
export function retractEvent(stream: Stream, row: usize, measures: usize, time: f64): void {
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const leave = load<u32>(part, PartPlan.retract);
    if (!leave) continue;
    const value = load<f64>(measures + ((<usize>load<u32>(part, PartPlan.measure)) << 3));
    if (value == value) call_indirect<void>(leave, part, row + load<u32>(part, PartPlan.state), value, time);
  }
}

/**
 * Frames of many keys, each with a front and a back of its own: one after the other, n events from byte `at` of the columns on are folded
 * into the back that is listed for each, and a row from `into` on becomes what its front then is with it. Event counts are the caller's.
 */
export function rollRows(stream: Stream, fronts: usize, backs: usize, into: usize, at: usize, n: i32): void {
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const roll = load<u32>(part, PartPlan.roll);
    if (roll) call_indirect<void>(roll, part, fronts, backs, into, stream.stride, at, n);
    else if (load<u32>(part, PartPlan.fold)) rollSlow(stream, part, fronts, backs, into, at, n);
  }
}

/** For parts that have no kernel for it. */
function rollSlow(stream: Stream, part: usize, fronts: usize, backs: usize, into: usize, at: usize, n: i32): void {
  const fold = load<u32>(part, PartPlan.fold);
  const combine = load<u32>(part, PartPlan.combine);
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4, into += stream.stride) {
    call_indirect<void>(fold, part, backs + i, at + (i << 1), 1);
    store<u32>(stream.into, <u32>into);
    call_indirect<void>(combine, part, stream.into, fronts + i, backs + i, 1);
  }
}

/** into = left ⊕ right for the first n of the stream's three lists. */
export function combineRows(stream: Stream, n: i32): void {
  countRows(stream, n);
  combineStates(stream, stream.into, stream.left, stream.right, n);
}

function countRows(stream: Stream, n: i32): void {
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4) {
    const events = load<f64>(load<u32>(stream.left + i)) + load<f64>(load<u32>(stream.right + i));
    store<f64>(load<u32>(stream.into + i), events);
  }
}

/** The same but for the states that own memory. */
export function combineInline(stream: Stream, n: i32): void {
  if (!stream.hasHeapStates) {
    combineRows(stream, n);
    return;
  }
  countRows(stream, n);
  combineInlineStates(stream, stream.into, stream.left, stream.right, n);
}

/** As combineStates, but for the states that own memory. */
export function combineInlineStates(stream: Stream, into: usize, left: usize, right: usize, n: i32): void {
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const combine = load<u32>(part, PartPlan.drop) ? 0 : load<u32>(part, PartPlan.combine);
    if (combine) call_indirect<void>(combine, part, into, left, right, n);
  }
}

/** The same for the states that own memory alone. */
export function combineHeap(stream: Stream, n: i32): void {
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    if (!load<u32>(part, PartPlan.drop)) continue;
    call_indirect<void>(load<u32>(part, PartPlan.combine), part, stream.into, stream.left, stream.right, n);
  }
}

/** One row ⊕= another, of the states that own memory alone. */
export function addHeap(stream: Stream, into: usize, from: usize): void {
  const rows = stream.single;
  store<u32>(rows, <u32>into);
  store<u32>(rows, <u32>from, 4);
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    if (!load<u32>(part, PartPlan.drop)) continue;
    call_indirect<void>(load<u32>(part, PartPlan.combine), part, rows, rows, rows + 4, 1);
  }
}

/** The same for the states alone, of any three lists. */
export function combineStates(stream: Stream, into: usize, left: usize, right: usize, n: i32): void {
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const combine = load<u32>(part, PartPlan.combine);
    if (combine) call_indirect<void>(combine, part, into, left, right, n);
  }
}

/** One more firing of a row. */
export function countFiring(stream: Stream, row: usize): void {
  if (firesAgain(stream)) store<f64>(row, load<f64>(row, FIRINGS) + 1, FIRINGS);
}

/** Adds a row to the lists. */
export function listRow(stream: Stream, i: i32, into: usize, left: usize, right: usize): void {
  const at = (<usize>i) << 2;
  store<u32>(stream.into + at, <u32>into);
  store<u32>(stream.left + at, <u32>left);
  store<u32>(stream.right + at, <u32>right);
}

/** Gives back what the states of a row own. */
export function dropRow(stream: Stream, row: usize): void {
  if (!stream.hasHeapStates) return;
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const drop = load<u32>(part, PartPlan.drop);
    if (drop) call_indirect<void>(drop, part, row);
  }
}

/** The same of the first n temporary rows. */
export function dropTemporaries(stream: Stream, n: i32): void {
  if (!stream.hasHeapStates) return;
  for (let i = 0, row = stream.temporary; i < n; i++, row += stream.stride) dropRow(stream, row);
}

/** A row that has seen nothing, in place of one that has. */
export function resetRow(stream: Stream, row: usize): void {
  dropRow(stream, row);
  copyRow(stream, row, stream.empty);
}

/** A copy of a row without what it owns; what stood there is no row. */
export function copyInline(stream: Stream, to: usize, from: usize): void {
  copyRow(stream, to, from);
  disown(stream, to);
}

/** A copy of a row that takes over what it owns; what stood there is no row. */
export function moveRow(stream: Stream, to: usize, from: usize): void {
  copyRow(stream, to, from);
  disown(stream, from);
}

/** The states that own memory are as if they had seen nothing: what they own is another row's. */
function disown(stream: Stream, row: usize): void {
  if (!stream.hasHeapStates) return;
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    if (load<u32>(part, PartPlan.drop)) call_indirect<void>(load<u32>(part, PartPlan.identity), part, row);
  }
}

/** A copy of a row, with blocks of its own; what stood there is no row. */
export function cloneRow(stream: Stream, to: usize, from: usize): void {
  copyRow(stream, to, from);
  if (stream.hasHeapStates) cloneHeap(stream, to, from);
}

/** The same of the states that own memory alone; what stood there is none. */
export function cloneHeap(stream: Stream, to: usize, from: usize): void {
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    if (!load<u32>(part, PartPlan.drop)) continue;
    const state = <usize>load<u32>(part, PartPlan.state);
    copyState(to + state, from + state, load<u32>(part, PartPlan.size));
    box.cloneBlock(part, to + state);
  }
}
