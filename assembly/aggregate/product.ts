/**
 * Product of the values. Overflows to an infinity and underflows to zero as f64 does.
 *
 *     state  f64        identity 1        lift, combine ×        8 bytes, and those of count
 */

import { combineEach, foldEach, lowerEach, need, own, rollEach, slideEach } from './kernel';

export const size: i32 = 8;

export enum needs {
  count,
}

class Product {
  lift(state: usize, value: f64): void {
    store<f64>(state, load<f64>(state) * value);
  }
  combine(into: usize, left: usize, right: usize): void {
    store<f64>(into, load<f64>(left) * load<f64>(right));
  }
  lower(row: usize, part: usize): f64 {
    return load<f64>(need(row, part, needs.count)) == 0 ? NaN : load<f64>(own(row, part));
  }
}

export function identity(part: usize, row: usize): void {
  store<f64>(own(row, part), 1);
}

export function fold(part: usize, rows: usize, at: usize, n: i32): void {
  foldEach<Product>(part, rows, at, n);
}

export function combine(part: usize, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<Product>(part, into, left, right, n);
}

export function lower(part: usize, rows: usize, out: usize, n: i32): void {
  lowerEach<Product>(part, rows, out, n);
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
  slideEach<Product>(part, fronts, ends, back, into, stride, at, n);
}

export function roll(part: usize, fronts: usize, backs: usize, into: usize, stride: usize, at: usize, n: i32): void {
  rollEach<Product>(part, fronts, backs, into, stride, at, n);
}
