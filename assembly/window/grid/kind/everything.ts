/**
 * The one window of all time, number 0, which ends with the stream. Numbers below 0 lie before it, those above after.
 */

export function start(_window: usize, k: f64): f64 {
  return k <= 0 ? -Infinity : Infinity;
}

export function end(_window: usize, k: f64): f64 {
  return k < 0 ? -Infinity : Infinity;
}

export function newest(_window: usize, _t: f64): f64 {
  return 0;
}

export function oldest(_window: usize, _t: f64): f64 {
  return 0;
}
