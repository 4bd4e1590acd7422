/** Adjacent windows: number k is [offset + k size, offset + (k + 1) size). Every time lies in exactly one of them. */

import { WindowPlan } from '../../../plan';
import { later, mark, markBefore } from '../edges';

export function start(window: usize, k: f64): f64 {
  return mark(load<f64>(window, WindowPlan.offset), load<f64>(window, WindowPlan.size), k);
}

export function end(window: usize, k: f64): f64 {
  return later(start(window, k + 1), start(window, k));
}

export function newest(window: usize, t: f64): f64 {
  return markBefore(load<f64>(window, WindowPlan.offset), load<f64>(window, WindowPlan.size), t);
}

export function oldest(window: usize, t: f64): f64 {
  return newest(window, t);
}
