/**
 * Sum of the values, within an ulp of the exactly rounded one for ordinary data.
 *
 *     state  a compensated sum        lift, combine two-sum        16 bytes
 */

import { PartPlan } from '../plan';
import * as compensated from './compensated';
import { combineEach, foldEach, lowerEach, own, rollEach, slideEach } from './kernel';

export const size: i32 = 16;

class Sum {
  lift(state: usize, value: f64): void {
    compensated.add(state, value);
  }
  combine(into: usize, left: usize, right: usize): void {
    compensated.addAll(into, left, right);
  }
  lower(row: usize, part: usize): f64 {
    const state = own(row, part);
    return compensated.isEmpty(state) ? NaN : compensated.rounded(state);
  }
}

export function identity(part: usize, row: usize): void {
  compensated.identity(own(row, part));
}

export function fold(part: usize, rows: usize, at: usize, n: i32): void {
  foldEach<Sum>(part, rows, at, n);
}

export function combine(part: usize, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<Sum>(part, into, left, right, n);
}

export function lower(part: usize, rows: usize, out: usize, n: i32): void {
  lowerEach<Sum>(part, rows, out, n);
}

/** One value after the other, in registers: any other order would make the last bit depend on how events were cut. */
export function reduce(part: usize, row: usize, at: usize, n: i32): void {
  const values = <usize>load<u32>(part, PartPlan.column) + at;
  const state = own(row, part);
  let sum = load<f64>(state);
  let error = load<f64>(state, 8);
  for (let i: usize = 0; i < (<usize>n) << 3; i += 8) {
    const value = load<f64>(values + i);
    if (value != value) continue;
    const total = sum + value;
    const shift = total - sum;
    error += sum - (total - shift) + (value - shift);
    sum = total;
  }
  store<f64>(state, sum);
  store<f64>(state, error, 8);
}

export function slide(
  part: usize,
  fronts: usize,
  ends: usize,
  back: usize,
  into: usize,
  stride: usize,
  at: usize,
  n: i32,
): void {
  slideEach<Sum>(part, fronts, ends, back, into, stride, at, n);
}

export function roll(part: usize, fronts: usize, backs: usize, into: usize, stride: usize, at: usize, n: i32): void {
  rollEach<Sum>(part, fronts, backs, into, stride, at, n);
}
