/**
 * What argmin and argmax share: the value of the second column where the first is best; of several the earliest in event time, and of
 * those the first to arrive.
 *
 *     0 by: f64 │ 8 time: f64 │ 16 value: f64        identity all NaN        24 bytes
 *
 * Events where either column is missing are passed over. Events of one time always meet in one row, in order of arrival.
 */

import { stateOf } from './kernel';

const TIME: usize = 8;
const VALUE: usize = 16;

export function identity(part: usize, row: usize): void {
  const state = stateOf(row, part);
  store<f64>(state, NaN);
  store<f64>(state, NaN, TIME);
  store<f64>(state, NaN, VALUE);
}

/** Whether what is at `time` keeps its place; `isBetter` says that the newcomer's `by` is better. */
function stays(state: usize, by: f64, time: f64, isBetter: bool): bool {
  const known = load<f64>(state);
  return !isBetter && known == known && (by != known || load<f64>(state, TIME) <= time);
}

export function lift(state: usize, by: f64, value: f64, time: f64, isBetter: bool): void {
  if (stays(state, by, time, isBetter)) return;
  store<f64>(state, by);
  store<f64>(state, time, TIME);
  store<f64>(state, value, VALUE);
}

export function combine(into: usize, left: usize, right: usize, isBetter: bool): void {
  const by = load<f64>(right);
  const time = load<f64>(right, TIME);
  const from = by != by || stays(left, by, time, isBetter) ? left : right;
  const value = load<f64>(from, VALUE);
  const best = load<f64>(from);
  store<f64>(into, load<f64>(from, TIME), TIME);
  store<f64>(into, best);
  store<f64>(into, value, VALUE);
}

export function lower(row: usize, part: usize): f64 {
  return load<f64>(stateOf(row, part), VALUE);
}
