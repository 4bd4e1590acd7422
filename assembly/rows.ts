/** What is done to rows, over all parts of the plan: the only callers of the kernels. */

import { PartPlan } from './plan';
import { copyRow, FIRINGS, refires, Stream } from './stream';

/** Fills the columns that are worked out from others, for n events from place `at` of the ring. */
export function prepareColumns(stream: Stream, at: i32, n: i32): void {
  if (!stream.remembers) return;
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
export function reduceRow(stream: Stream, row: usize, at: i32, n: i32): void {
  store<f64>(row, load<f64>(row) + <f64>n);
  let listed = false;
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const reduce = load<u32>(part, PartPlan.reduce);
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

/**
 * A frame that slides: for each of n results the events up to its end, counted from byte `at` of the columns on, are folded into
 * `back`, and the n rows of the stream's `temporary` become what the listed rows of the front are with it. Their event counts are the
 * caller's.
 */
export function slideRows(stream: Stream, fronts: usize, ends: usize, back: usize, at: usize, n: i32): void {
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const slide = load<u32>(part, PartPlan.slide);
    if (slide) call_indirect<void>(slide, part, fronts, ends, back, stream.temporary, stream.stride, at, n);
    else if (load<u32>(part, PartPlan.fold)) slideSlow(stream, part, fronts, ends, back, at, n);
  }
}

/** For parts that have no kernel for it. */
function slideSlow(stream: Stream, part: usize, fronts: usize, ends: usize, back: usize, at: usize, n: i32): void {
  const fold = load<u32>(part, PartPlan.fold);
  const combine = load<u32>(part, PartPlan.combine);
  let i: u32 = 0;
  for (let j: usize = 0; j < <usize>n; j++) {
    store<u32>(stream.left, <u32>back);
    for (; i < load<u32>(ends + (j << 2)); i++) {
      call_indirect<void>(fold, part, stream.left, at + ((<usize>i) << 3), 1);
    }
    store<u32>(stream.into, <u32>(stream.temporary + j * stream.stride));
    store<u32>(stream.left, load<u32>(fronts + (j << 2)));
    store<u32>(stream.right, <u32>back);
    call_indirect<void>(combine, part, stream.into, stream.left, stream.right, 1);
  }
}

/** into = left ⊕ right for the first n of the stream's three lists. */
export function combineRows(stream: Stream, n: i32): void {
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4) {
    const events = load<f64>(load<u32>(stream.left + i)) + load<f64>(load<u32>(stream.right + i));
    store<f64>(load<u32>(stream.into + i), events);
  }
  combineStates(stream, stream.into, stream.left, stream.right, n);
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
  if (refires(stream)) store<f64>(row, load<f64>(row, FIRINGS) + 1, FIRINGS);
}

/** Adds a row to the lists. */
export function list(stream: Stream, i: i32, into: usize, left: usize, right: usize): void {
  const at = (<usize>i) << 2;
  store<u32>(stream.into + at, <u32>into);
  store<u32>(stream.left + at, <u32>left);
  store<u32>(stream.right + at, <u32>right);
}

/** Gives back what the states of a row own. */
export function dropRow(stream: Stream, row: usize): void {
  if (!stream.owning) return;
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const drop = load<u32>(part, PartPlan.drop);
    if (drop) call_indirect<void>(drop, part, row);
  }
}

/** A row that has seen nothing, in place of one that has. */
export function resetRow(stream: Stream, row: usize): void {
  dropRow(stream, row);
  copyRow(stream, row, stream.empty);
}

/** A copy of a row, with blocks of its own; what stood there is no row. */
export function cloneRow(stream: Stream, to: usize, from: usize): void {
  copyRow(stream, to, from);
  if (!stream.owning) return;
  const into = stream.single;
  store<u32>(into, <u32>to);
  store<u32>(into, <u32>from, 4);
  store<u32>(into, <u32>stream.empty, 8);
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    if (!load<u32>(part, PartPlan.drop)) continue;
    call_indirect<void>(load<u32>(part, PartPlan.identity), part, to);
    call_indirect<void>(load<u32>(part, PartPlan.combine), part, into, into + 4, into + 8, 1);
  }
}
