/**
 * Product of the values. It is carried with an exponent of its own, so that what overflows or underflows on the way spoils nothing that
 * can be said in the end; where the product itself is beyond f64 it is an infinity, and 0 where it is too small.
 *
 *     0 part: f64 │ 8 exponent: f64        product = part · 2^exponent        identity (1, 0)        16 bytes, and those of count
 *
 * `part` lies in (2^-500, 2^500), or is 0, an infinity or NaN. Exponents are whole and change by exact steps: every rounding is one
 * that plain multiplication makes as well.
 */

import { exponentOf, scale } from '../base/math';
import { combineEach, foldEach, lowerEach, neededState, stateOf } from './shared/kernel';

export const size: i32 = 16;

export enum needs {
  count,
}

const LARGE: f64 = reinterpret<f64>((1023 + 500) << 52);
const SMALL: f64 = reinterpret<f64>((1023 - 500) << 52);

function isPlain(part: f64): bool {
  return abs(part) < LARGE && abs(part) > SMALL;
}

function hasExponent(value: f64): bool {
  return value != 0 && value - value == 0;
}

/** part · 2^exponent, where part is not beyond f64. */
function put(state: usize, part: f64, exponent: f64): void {
  const excess = !isPlain(part) && hasExponent(part) ? exponentOf(part) : 0;
  store<f64>(state, scale(part, -excess));
  store<f64>(state, exponent + excess, 8);
}

class Product {
  lift(state: usize, value: f64): void {
    const part = load<f64>(state);
    if (isPlain(part * value)) {
      store<f64>(state, part * value);
      return;
    }
    const excess = hasExponent(value) ? exponentOf(value) : 0;
    put(state, part * scale(value, -excess), load<f64>(state, 8) + excess);
  }
  combine(into: usize, left: usize, right: usize): void {
    put(into, load<f64>(left) * load<f64>(right), load<f64>(left, 8) + load<f64>(right, 8));
  }
  lower(row: usize, part: usize): f64 {
    const state = stateOf(row, part);
    return load<f64>(neededState(row, part, needs.count)) == 0 ? NaN : scale(load<f64>(state), load<f64>(state, 8));
  }
}

export function identity(part: usize, row: usize): void {
  store<f64>(stateOf(row, part), 1);
  store<f64>(stateOf(row, part), 0, 8);
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
