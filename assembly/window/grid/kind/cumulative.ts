/**
 * Windows that start together and end one after the other (Flink's CUMULATE). Time is cut into periods of length `size`
 * and these into steps of length `every`; size is a multiple of every. All windows of a period start with it, and each
 * step ends one of them.
 *
 *     period     0                    1
 *     step       0      1      2      3      4      5        size = 3 every
 *     window 0   ├──────┤
 *     window 1   ├─────────────┤
 *     window 2   ├────────────────────┤
 *     window 3                        ├──────┤
 *
 * Steps are numbered through all periods: step k is [offset + k every, offset + (k + 1) every). It ends window k.
 */

import { Window } from '../../../window';
import { later, mark, markBefore } from '../edges';

/** Number of steps in a period. */
function steps(window: Window): f64 {
  return nearest(window.size / window.every);
}

/**
 * Start of step k, counted from the start of its period. The step after the last of a period is the first of the next,
 * so that the last window ends on exactly the number at which the next period starts.
 */
function stepStart(window: Window, k: f64): f64 {
  const n = steps(window);
  const period = floor(k / n);
  const begin = mark(window.offset, window.size, period);
  return begin + (k - period * n) * window.every;
}

export function start(window: Window, k: f64): f64 {
  return mark(window.offset, window.size, floor(k / steps(window)));
}

export function end(window: Window, k: f64): f64 {
  return later(stepStart(window, k + 1), start(window, k));
}

/** All windows of a period start with it, so the newest is the last of them. */
export function newest(window: Window, t: f64): f64 {
  const n = steps(window);
  const period = markBefore(window.offset, window.size, t);
  return period * n + n - 1;
}

export function oldest(window: Window, t: f64): f64 {
  const n = steps(window);
  const period = markBefore(window.offset, window.size, t);
  const begin = mark(window.offset, window.size, period);
  const k = period * n + min(n - 1, floor((t - begin) / window.every));
  // The division may round across an edge; the edges themselves decide.
  if (end(window, k) <= t) return k + 1;
  return end(window, k - 1) > t ? k - 1 : k;
}
