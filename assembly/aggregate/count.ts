/**
 * The number of events that have a value. (The head of every row has the number of all events.)
 *
 *     state  n: f64        identity 0        lift n + 1        combine n + n        8 bytes
 */

import { Part } from '../part';
import { combineEach, foldEach, lowerEach, rollEach, stateOf } from './shared/kernel';

export const size: i32 = 8;

class Count {
  lift(state: usize, _value: f64): void {
    store<f64>(state, load<f64>(state) + 1);
  }
  combine(into: usize, left: usize, right: usize): void {
    store<f64>(into, load<f64>(left) + load<f64>(right));
  }
  lower(row: usize, part: Part): f64 {
    return load<f64>(stateOf(row, part));
  }
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldEach<Count>(part, rows, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<Count>(part, into, left, right, n);
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Count>(part, rows, out, n);
}

/** Counts by comparisons of two lanes each, which are -1 where true: missing values differ from themselves. */
export function foldRun(part: Part, row: usize, at: usize, n: i32): void {
  const values = part.column + at;
  let present = i64x2.splat(0);
  let i: usize = 0;
  for (; i + 16 <= (<usize>n) << 3; i += 16) {
    const pair = v128.load(values + i);
    present = i64x2.sub(present, f64x2.eq(pair, pair));
  }
  let count = i64x2.extract_lane(present, 0) + i64x2.extract_lane(present, 1);
  if (i < (<usize>n) << 3) {
    const last = load<f64>(values + i);
    count += last == last ? 1 : 0;
  }
  const state = stateOf(row, part);
  store<f64>(state, load<f64>(state) + <f64>count);
}

export function prefix(part: Part, states: usize, at: usize, n: i32): void {
  const values = part.column + at;
  let count = load<f64>(states);
  for (let i: usize = 0; i < (<usize>n) << 3; i += 8) {
    const value = load<f64>(values + i);
    count += value == value ? 1 : 0;
    store<f64>(states + i, count, 8);
  }
}

export function suffix(part: Part, states: usize, at: usize, n: i32): void {
  const values = part.column + at;
  let i = (<usize>n) << 3;
  let count = load<f64>(states + i);
  while (i) {
    i -= 8;
    const value = load<f64>(values + i);
    count += value == value ? 1 : 0;
    store<f64>(states + i, count);
  }
}

export function lowerPairs(_part: Part, left: usize, right: usize, out: usize, n: i32): void {
  for (let i: usize = 0; i < (<usize>n) << 3; i += 8) {
    store<f64>(out + i, load<f64>(left + i) + load<f64>(right + i));
  }
}

export function roll(part: Part, fronts: usize, backs: usize, into: usize, stride: usize, at: usize, n: i32): void {
  rollEach<Count>(part, fronts, backs, into, stride, at, n);
}
