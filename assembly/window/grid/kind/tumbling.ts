/** Adjacent windows: number k is [offset + k size, offset + (k + 1) size). Every time lies in exactly one of them. */

import { Window } from '../../../window';
import { later, mark, markBefore } from '../edges';

export function start(window: Window, k: f64): f64 {
  return mark(window.offset, window.size, k);
}

export function end(window: Window, k: f64): f64 {
  return later(start(window, k + 1), start(window, k));
}

export function newest(window: Window, t: f64): f64 {
  return markBefore(window.offset, window.size, t);
}

export function oldest(window: Window, t: f64): f64 {
  return newest(window, t);
}
