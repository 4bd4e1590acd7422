/** The value of the second column at the event whose first column is greatest: see shared/arg.ts. */

import { Part } from '../part';
import * as arg from './shared/arg';
import { combineEach, foldTimedPairs, lowerEach } from './shared/kernel';

export const size: i32 = 24;

class Argmax {
  lift(state: usize, by: f64, value: f64, time: f64): void {
    arg.lift(state, by, value, time, by > load<f64>(state));
  }
  combine(into: usize, left: usize, right: usize): void {
    arg.combine(into, left, right, load<f64>(right) > load<f64>(left));
  }
  lower(row: usize, part: Part): f64 {
    return arg.lower(row, part);
  }
}

export function identity(part: Part, row: usize): void {
  arg.identity(part, row);
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldTimedPairs<Argmax>(part, rows, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<Argmax>(part, into, left, right, n);
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Argmax>(part, rows, out, n);
}
