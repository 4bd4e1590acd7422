/**
 * Windows that begin together and end one after the other (Flink's CUMULATE): period p, [offset + p size, offset + (p + 1) size), has the windows
 * that begin with it and end every so often; size is a multiple of every. Number k is the step [offset + k every, offset + (k + 1) every),
 * which ends window k.
 */

import { WindowPlan } from '../../../plan';
import { later, mark, markBefore } from '../edges';

/** Steps of a period. */
function steps(window: usize): f64 {
  return nearest(load<f64>(window, WindowPlan.size) / load<f64>(window, WindowPlan.every));
}

/** Every step's beginning is that of its period plus some steps, so that the last ends where the next period begins, to the last bit. */
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
  if (end(window, k) <= t) return k + 1;
  return end(window, k - 1) > t ? k - 1 : k;
}
