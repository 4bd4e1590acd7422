/**
 * Edges: all boundary arithmetic. Times are f64 in any unit, exact for whole numbers up to 2^53; rounding goes down, so that
 * negative times are ordinary. The edges of all windows of a stream cut time into slices.
 */

import { WindowPlan } from '../../plan';

/** Mark k of a ruler: offset + k step. Monotone in k. */
export function mark(offset: f64, step: f64, k: f64): f64 {
  return offset + k * step;
}

/**
 * The greatest k with mark(k) <= t; the division may round across a mark, which the marks themselves put right. Never a loop
 * over marks: beyond 2^53 the next one may be the same number.
 */
export function markBefore(offset: f64, step: f64, t: f64): f64 {
  const k = floor((t - offset) / step);
  if (mark(offset, step, k + 1) <= t) return k + 1;
  return mark(offset, step, k) > t ? k - 1 : k;
}

/** A number that was to lie beyond another, or the next that does: past 2^53 whole numbers are two apart. */
export function later(wanted: f64, than: f64): f64 {
  return wanted > than ? wanted : than + abs(than) * f64.EPSILON;
}

export function start(window: usize, k: f64): f64 {
  return call_indirect<f64>(load<u32>(window, WindowPlan.start), window, k);
}

export function end(window: usize, k: f64): f64 {
  return call_indirect<f64>(load<u32>(window, WindowPlan.end), window, k);
}

export function newest(window: usize, t: f64): f64 {
  return call_indirect<f64>(load<u32>(window, WindowPlan.newest), window, t);
}

export function oldest(window: usize, t: f64): f64 {
  return call_indirect<f64>(load<u32>(window, WindowPlan.oldest), window, t);
}

/** The oldest window that ends after t by more than `slack`: `end + slack > t`. */
export function oldestOpen(window: usize, t: f64, slack: f64): f64 {
  const k = oldest(window, t - slack);
  if (end(window, k) + slack <= t) return k + 1;
  return end(window, k - 1) + slack > t ? k - 1 : k;
}

/** Whether window k lies where the one before it does: local time knows days that never were. */
export function repeats(window: usize, k: f64): bool {
  if (!load<u32>(window, WindowPlan.edges)) return false;
  return start(window, k) == start(window, k - 1) && end(window, k) == end(window, k - 1);
}

/** The last edge at or before t. */
export function edgeBefore(window: usize, t: f64): f64 {
  const begun = start(window, newest(window, t));
  const ended = end(window, oldest(window, t) - 1);
  return max(begun, ended);
}

/** The first edge after t. */
export function edgeAfter(window: usize, t: f64): f64 {
  const begins = start(window, newest(window, t) + 1);
  const ends = end(window, oldest(window, t));
  return begins > t ? min(begins, ends) : ends;
}
