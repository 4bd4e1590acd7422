/**
 * The value of the earliest event that has one; of several at that time, the first to arrive.
 *
 *     0 time: f64 │ 8 value: f64        identity (NaN, NaN)        lift, combine: the earlier        16 bytes
 *
 * A row is folded in order of arrival. Where two rows share a time, `left` holds the earlier arrivals.
 */

import { Part } from '../part';
import { combineEach, foldTimed, lowerEach, prefixTimed, stateOf } from './shared/kernel';

export const size: i32 = 16;

class First {
  lift(state: usize, value: f64, time: f64): void {
    if (load<f64>(state) <= time) return;
    store<f64>(state, time);
    store<f64>(state, value, 8);
  }
  combine(into: usize, left: usize, right: usize): void {
    const time = load<f64>(right);
    const from = time != time || load<f64>(left) <= time ? left : right;
    const value = load<f64>(from, 8);
    store<f64>(into, load<f64>(from));
    store<f64>(into, value, 8);
  }
  lower(row: usize, part: Part): f64 {
    return load<f64>(stateOf(row, part), 8);
  }
}

export function identity(part: Part, row: usize): void {
  const state = stateOf(row, part);
  store<f64>(state, NaN);
  store<f64>(state, NaN, 8);
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldTimed<First>(part, rows, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<First>(part, into, left, right, n);
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<First>(part, rows, out, n);
}

export function prefix(part: Part, states: usize, at: usize, n: i32): void {
  prefixTimed<First>(part, states, at, n);
}
