/**
 * Windows of one size that start at regular intervals: number k is [offset + k every, offset + k every + size).
 *
 * A time t lies in the windows from oldest(t), the first that has not ended, to newest(t), the last that has begun.
 * There are size / every of them, rounded up or down. If every > size there may be none, and oldest(t) > newest(t).
 */

import { WindowPlan } from '../../../plan';
import { later, mark, markBefore } from '../edges';

export function start(window: usize, k: f64): f64 {
  return mark(load<f64>(window, WindowPlan.offset), load<f64>(window, WindowPlan.every), k);
}

/**
 * If size is a multiple of every (within rounding), an end is computed as the start of a later window, so that the two
 * are the same number. Otherwise rounding of fractional sizes would leave slivers of time between them, each a slice.
 */
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
  // t - size may round across an edge; the edges themselves decide.
  if (end(window, k) <= t) return k + 1;
  return end(window, k - 1) > t ? k - 1 : k;
}
