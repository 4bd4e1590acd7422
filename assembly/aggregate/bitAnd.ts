/**
 * The bitwise and of the values, each as a 64-bit integer in two's complement: its fraction is cut off, and a value out
 * of range becomes the nearest integer in range. The result as f64 is exact up to 2^53, and rounded to the nearest
 * beyond. It is NaN if there are no values.
 *
 *     state  i64        identity all ones        lift, combine: &        8 bytes, and the state of count
 */

import { Part } from '../part';
import { combineEach, foldEach, lowerEach, neededState, stateOf } from './shared/kernel';

export const size: i32 = 8;

export enum needs {
  count,
}

class BitAnd {
  lift(state: usize, value: f64): void {
    store<i64>(state, load<i64>(state) & <i64>value);
  }
  combine(into: usize, left: usize, right: usize): void {
    store<i64>(into, load<i64>(left) & load<i64>(right));
  }
  lower(row: usize, part: Part): f64 {
    return load<f64>(neededState(row, part, needs.count)) == 0 ? NaN : <f64>load<i64>(stateOf(row, part));
  }
}

export function identity(part: Part, row: usize): void {
  store<i64>(stateOf(row, part), -1);
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldEach<BitAnd>(part, rows, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<BitAnd>(part, into, left, right, n);
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<BitAnd>(part, rows, out, n);
}
