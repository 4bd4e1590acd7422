/**
 * Windows of one size that start at regular intervals: number k is [offset + k every, offset + k every + size).
 *
 * A time t lies in the windows from oldest(t), the first that has not ended, to newest(t), the last that has begun.
 * There are size / every of them, rounded up or down. If every > size there may be none, and oldest(t) > newest(t).
 */

import { Window } from '../../../window';
import { later, mark, markBefore } from '../edges';

export function start(window: Window, k: f64): f64 {
  return mark(window.offset, window.every, k);
}

/**
 * If size is a multiple of every (within rounding), an end is computed as the start of a later window, so that the two
 * are the same number. Otherwise rounding of fractional sizes would leave slivers of time between them, each a slice.
 */
export function end(window: Window, k: f64): f64 {
  const size = window.size;
  const every = window.every;
  const hops = nearest(size / every);
  const begin = start(window, k);
  return later(abs(hops * every - size) <= size * f64.EPSILON * 4 ? start(window, k + hops) : begin + size, begin);
}

export function newest(window: Window, t: f64): f64 {
  return markBefore(window.offset, window.every, t);
}

export function oldest(window: Window, t: f64): f64 {
  const k = newest(window, t - window.size) + 1;
  // t - size may round across an edge; the edges themselves decide.
  if (end(window, k) <= t) return k + 1;
  return end(window, k - 1) > t ? k - 1 : k;
}
