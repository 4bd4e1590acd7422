/** What is done to rows, over all parts of the plan. With columns.ts, where states stand in columns, the only caller of the kernels. */

import { PartPlan } from './plan';
import { FIRINGS, refires, Stream } from './stream';

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
