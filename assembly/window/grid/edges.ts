/**
 * Edges: the arithmetic of window boundaries that all kinds of windows share. Times are f64 in any unit, exact for
 * whole numbers up to 2^53. Rounding goes down, so that negative times need no special case.
 *
 * A window of the plan numbers its windows by k, and the four functions of its kind (see window-registry.ts) say where
 * they lie. The edges of all windows of a stream cut time into slices.
 */

import { Bounds } from '../../store';
import { Window } from '../../window';

/** Mark k of a ruler with marks every `step` from `offset` on. Never decreases as k grows, rounding included. */
export function mark(offset: f64, step: f64, k: f64): f64 {
  return offset + k * step;
}

/**
 * The greatest k with mark(k) <= t. The division may round across a mark, so the result is corrected by comparing t
 * with the marks, by 1 at most. A loop would not end: beyond 2^53 the next mark may be the same number.
 */
export function markBefore(offset: f64, step: f64, t: f64): f64 {
  const k = floor((t - offset) / step);
  if (mark(offset, step, k + 1) <= t) return k + 1;
  return mark(offset, step, k) > t ? k - 1 : k;
}

/** Returns `wanted` if it is greater than `than`, else a number just above `than`: past 2^53, k + 1 may round to k. */
export function later(wanted: f64, than: f64): f64 {
  return wanted > than ? wanted : than + abs(than) * f64.EPSILON;
}

/** Start of window k. */
export function start(window: Window, k: f64): f64 {
  return call_indirect<f64>(window.start, window, k);
}

/** End of window k, which no longer belongs to it. */
export function end(window: Window, k: f64): f64 {
  return call_indirect<f64>(window.end, window, k);
}

/** The greatest k with start(k) <= t. */
export function newest(window: Window, t: f64): f64 {
  return call_indirect<f64>(window.newest, window, t);
}

/** The least k with end(k) > t. No window holds t if oldest(t) > newest(t). */
export function oldest(window: Window, t: f64): f64 {
  return call_indirect<f64>(window.oldest, window, t);
}

/**
 * The least k with end(k) + slack > t. At watermark t and lateness `slack` this is the oldest window not yet closed.
 */
export function oldestOpen(window: Window, t: f64, slack: f64): f64 {
  const k = oldest(window, t - slack);
  if (end(window, k) + slack <= t) return k + 1;
  return end(window, k - 1) + slack > t ? k - 1 : k;
}

/**
 * Whether windows k - 1 and k have the same bounds, so that only k - 1 may fire. This happens to calendar windows only:
 * local time can skip a step, even a whole day.
 */
export function repeats(window: Window, k: f64): bool {
  if (!window.edges) return false;
  return start(window, k) == start(window, k - 1) && end(window, k) == end(window, k - 1);
}

/** The last edge of this window's grid at or before t. */
export function edgeBefore(window: Window, t: f64): f64 {
  const begun = start(window, newest(window, t));
  const ended = end(window, oldest(window, t) - 1);
  return max(begun, ended);
}

/** The first edge of this window's grid after t. */
export function edgeAfter(window: Window, t: f64): f64 {
  const begins = start(window, newest(window, t) + 1);
  const ends = end(window, oldest(window, t));
  return begins > t ? min(begins, ends) : ends;
}

/**
 * Sets the bounds of window k, the oldest that has not ended at time t; NaN if it has not begun, as no window holds t.
 * Returns whether it holds t.
 */
export function setBounds(window: Window, k: f64, t: f64, bounds: Bounds): bool {
  const holds = k <= newest(window, t);
  bounds.start = holds ? start(window, k) : NaN;
  bounds.end = holds ? end(window, k) : NaN;
  return holds;
}
