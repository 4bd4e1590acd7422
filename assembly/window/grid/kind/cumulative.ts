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

import { WindowPlan } from '../../../plan';
import { later, mark, markBefore } from '../edges';

/** Number of steps in a period. */
function steps(window: usize): f64 {
  return nearest(load<f64>(window, WindowPlan.size) / load<f64>(window, WindowPlan.every));
}

/**
 * Start of step k, counted from the start of its period. The step after the last of a period is the first of the next,
 * so that the last window ends on exactly the number at which the next period starts.
 */
function stepStart(window: usize, k: f64): f64 {
  const n = steps(window);
  const period = floor(k / n);
  const begin = mark(load<f64>(window, WindowPlan.offset), load<f64>(window, WindowPlan.size), period);
  return begin + (k - period * n) * load<f64>(window, WindowPlan.every);
}

export function start(window: usize, k: f64): f64 {
  return mark(load<f64>(window, WindowPlan.offset), load<f64>(window, WindowPlan.size), floor(k / steps(window)));
}

export function end(window: usize, k: f64): f64 {
  return later(stepStart(window, k + 1), start(window, k));
}

/** All windows of a period start with it, so the newest is the last of them. */
export function newest(window: usize, t: f64): f64 {
  const n = steps(window);
  const period = markBefore(load<f64>(window, WindowPlan.offset), load<f64>(window, WindowPlan.size), t);
  return period * n + n - 1;
}

export function oldest(window: usize, t: f64): f64 {
  const n = steps(window);
  const period = markBefore(load<f64>(window, WindowPlan.offset), load<f64>(window, WindowPlan.size), t);
  const begin = mark(load<f64>(window, WindowPlan.offset), load<f64>(window, WindowPlan.size), period);
  const k = period * n + min(n - 1, floor((t - begin) / load<f64>(window, WindowPlan.every)));
  // The division may round across an edge; the edges themselves decide.
  if (end(window, k) <= t) return k + 1;
  return end(window, k - 1) > t ? k - 1 : k;
}
