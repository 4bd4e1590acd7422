/**
 * Whether any value is true, that is, not 0: 1 or 0.
 *
 *     state  f64        identity NaN        lift, combine: the greater of 1 and 0        8 bytes
 */

import { Part } from '../part';
import * as extreme from './shared/extreme';
import { combineEach, foldEach, lowerEach, stateOf } from './shared/kernel';

export const size: i32 = 8;

class Any {
  lift(state: usize, value: f64): void {
    const known = load<f64>(state);
    const is = value == 0 ? 0.0 : 1.0;
    store<f64>(state, known == known ? max(known, is) : is);
  }
  combine(into: usize, left: usize, right: usize): void {
    const a = load<f64>(left);
    const b = load<f64>(right);
    store<f64>(into, a != a ? b : b != b ? a : max(a, b));
  }
  lower(row: usize, part: Part): f64 {
    return load<f64>(stateOf(row, part));
  }
}

export function identity(part: Part, row: usize): void {
  extreme.identity(part, row);
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldEach<Any>(part, rows, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<Any>(part, into, left, right, n);
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Any>(part, rows, out, n);
}
