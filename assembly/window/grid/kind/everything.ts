/**
 * The one window of all time, number 0, which ends with the stream. Numbers below 0 lie before it, those above after.
 */

import { Window } from '../../../window';

export function start(_window: Window, k: f64): f64 {
  return k <= 0 ? -Infinity : Infinity;
}

export function end(_window: Window, k: f64): f64 {
  return k < 0 ? -Infinity : Infinity;
}

export function newest(_window: Window, _t: f64): f64 {
  return 0;
}

export function oldest(_window: Window, _t: f64): f64 {
  return 0;
}
