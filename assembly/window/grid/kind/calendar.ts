/**
 * Windows of local time. Their edges depend on time zones, which only the bindings know:
 * bindings/engine/calendar-edges.ts brings a table of them up to date before each batch.
 *
 *     edges    24 bytes per window, in order of number:  0 number k: f64 │ 8 start: f64 │ 16 end: f64
 *
 * The table lists every window that can hold an event of the batch, and one more on each side. Between two listed
 * windows there may be others that are not listed; they hold no events.
 *
 * Law: from one entry to the next, number, start and end never decrease. Every window that has an event and is not
 * closed is listed.
 *
 * Cost: a binary search per call.
 */

import { upperBound } from '../../../base/bisect';
import { Window } from '../../../window';

/** A field of entry i: 0 its number, 8 its start, 16 its end. */
function edge(window: Window, i: i32, field: usize): f64 {
  return load<f64>(<usize>window.edges + <usize>i * 24 + field);
}

/** Index of the first entry whose field is greater than x; the number of entries if there is none. */
function firstAbove(window: Window, field: usize, x: f64): i32 {
  return upperBound<f64>(<usize>window.edges + field, 24, window.edgeCount, x);
}

/**
 * The start (field 8) or end (field 16) of window k. A window that is not listed counts as empty: both its edges are
 * the start of the next listed window, Infinity after the last and -Infinity before the first.
 */
function edgeOf(window: Window, k: f64, field: usize): f64 {
  const i = firstAbove(window, 0, k) - 1;
  if (i >= 0 && edge(window, i, 0) == k) return edge(window, i, field);
  if (i < 0) return -Infinity;
  return i + 1 < window.edgeCount ? edge(window, i + 1, 8) : Infinity;
}

export function start(window: Window, k: f64): f64 {
  return edgeOf(window, k, 8);
}

export function end(window: Window, k: f64): f64 {
  return edgeOf(window, k, 16);
}

export function newest(window: Window, t: f64): f64 {
  const i = firstAbove(window, 8, t) - 1;
  return i < 0 ? -Infinity : edge(window, i, 0);
}

export function oldest(window: Window, t: f64): f64 {
  const i = firstAbove(window, 16, t);
  // Windows that are not listed end where the next one begins.
  const isListed = i < window.edgeCount && (i == 0 || edge(window, i, 8) <= t);
  if (isListed) return edge(window, i, 0);
  return i ? edge(window, i - 1, 0) + 1 : 0;
}
