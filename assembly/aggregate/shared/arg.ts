/**
 * What argmin and argmax share: the value of the second column at the event whose first column is best. Among several
 * such events the earliest in event time wins, and among those the first to arrive.
 *
 *     0 by: f64 │ 8 time: f64 │ 16 value: f64        identity all NaN        24 bytes
 *
 * Events without a value in either column are skipped. A row is folded in order of arrival; where two rows share a
 * time, `left` holds the earlier arrivals.
 */

import { Part } from '../../part';
import { stateOf } from './kernel';

const TIME: usize = 8;
const VALUE: usize = 16;

export function identity(part: Part, row: usize): void {
  const state = stateOf(row, part);
  store<f64>(state, NaN);
  store<f64>(state, NaN, TIME);
  store<f64>(state, NaN, VALUE);
}

/** Whether a state stays as it is beside an event with `by` at `time`; `isBetter` tells whether its `by` is better. */
function stays(state: usize, by: f64, time: f64, isBetter: bool): bool {
  const known = load<f64>(state);
  return !isBetter && known == known && (by != known || load<f64>(state, TIME) <= time);
}

/** Adds an event; `isBetter` tells whether `by` is better than that of the state. */
export function lift(state: usize, by: f64, value: f64, time: f64, isBetter: bool): void {
  if (stays(state, by, time, isBetter)) return;
  store<f64>(state, by);
  store<f64>(state, time, TIME);
  store<f64>(state, value, VALUE);
}

/** into = left ⊕ right; `isBetter` tells whether the `by` of right is better than that of left. */
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

export function lower(row: usize, part: Part): f64 {
  return load<f64>(stateOf(row, part), VALUE);
}
