/**
 * Windows of local time, whose edges the bindings know and hand over as a table: every window that an event of the batch may lie in, and one
 * more on each side. Between windows that are listed there may be others that are not, and in which there are no events.
 *
 *     edges    24 bytes a window, in order:  0 number: f64 │ 8 start: f64 │ 16 end: f64
 *
 * Law: starts, ends and numbers grow, or stay, from one to the next; the table holds every window that has an event and is not closed.
 */

import { WindowPlan } from '../../../plan';

function edge(window: usize, i: i32, field: usize): f64 {
  return load<f64>(<usize>load<u32>(window, WindowPlan.edges) + <usize>i * 24 + field);
}

/** Position of the first entry whose field is greater than x. */
function firstAbove(window: usize, field: usize, x: f64): i32 {
  let low = 0;
  let high = load<i32>(window, WindowPlan.edgeCount);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edge(window, middle, field) > x) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** An edge of window k; of one not listed that of the next that is. */
function edgeOf(window: usize, k: f64, field: usize): f64 {
  const i = firstAbove(window, 0, k) - 1;
  if (i >= 0 && edge(window, i, 0) == k) return edge(window, i, field);
  if (i < 0) return -Infinity;
  return i + 1 < load<i32>(window, WindowPlan.edgeCount) ? edge(window, i + 1, 8) : Infinity;
}

export function start(window: usize, k: f64): f64 {
  return edgeOf(window, k, 8);
}

export function end(window: usize, k: f64): f64 {
  return edgeOf(window, k, 16);
}

export function newest(window: usize, t: f64): f64 {
  const i = firstAbove(window, 8, t) - 1;
  return i < 0 ? -Infinity : edge(window, i, 0);
}

export function oldest(window: usize, t: f64): f64 {
  const i = firstAbove(window, 16, t);
  if (i < load<i32>(window, WindowPlan.edgeCount)) return edge(window, i, 0);
  return i ? edge(window, i - 1, 0) + 1 : 0;
}
