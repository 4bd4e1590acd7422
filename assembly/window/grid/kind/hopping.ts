/**
 * Windows of one size that start every so often: number k is [offset + k every, offset + k every + size).
 * A time lies in those from the oldest that has not ended to the newest that has begun: size / every of them, where size is
 * less than every perhaps none.
 */

import { WindowPlan } from '../../../plan';
import { later, mark, markBefore } from '../edges';

export function start(window: usize, k: f64): f64 {
  return mark(load<f64>(window, WindowPlan.offset), load<f64>(window, WindowPlan.every), k);
}

/** Where size is a multiple of every, ends fall on starts to the last bit: no slivers between them with fractional sizes. */
export function end(window: usize, k: f64): f64 {
  const size = load<f64>(window, WindowPlan.size);
  const every = load<f64>(window, WindowPlan.every);
  const hops = nearest(size / every);
  const begin = start(window, k);
  return later(abs(hops * every - size) <= size * f64.EPSILON * 4 ? start(window, k + hops) : begin + size, begin);
}

export function newest(window: usize, t: f64): f64 {
  return markBefore(load<f64>(window, WindowPlan.offset), load<f64>(window, WindowPlan.every), t);
}

export function oldest(window: usize, t: f64): f64 {
  const k = newest(window, t - load<f64>(window, WindowPlan.size)) + 1;
  if (end(window, k) <= t) return k + 1;
  return end(window, k - 1) > t ? k - 1 : k;
}
