/**
 * The product of the values. It carries an exponent of its own, so that an intermediate product may be too large or
 * small for f64. The result is an infinity if the whole product is too large, 0 if it is too small, and NaN if there
 * are no values.
 *
 *     0 mantissa: f64 │ 8 exponent: f64        identity (1, 0)        16 bytes, and the state of count
 *
 *     product = mantissa · 2^exponent
 *
 * The mantissa lies in (2^-500, 2^500), or is 0, an infinity or NaN. Exponents are integers and change by exact steps:
 * values are rounded only where a plain multiplication would round them too.
 */

import { exponentOf, scale } from '../base/math';
import { Part } from '../part';
import { combineEach, foldEach, lowerEach, neededState, stateOf } from './shared/kernel';

export const size: i32 = 16;

export enum needs {
  count,
}

const MAX_MANTISSA: f64 = reinterpret<f64>((1023 + 500) << 52);
const MIN_MANTISSA: f64 = reinterpret<f64>((1023 - 500) << 52);

/** Whether a number can be a mantissa as it is. */
function isInRange(mantissa: f64): bool {
  return abs(mantissa) < MAX_MANTISSA && abs(mantissa) > MIN_MANTISSA;
}

function isFiniteNonzero(value: f64): bool {
  return value != 0 && value - value == 0;
}

/** Stores mantissa · 2^exponent with the mantissa brought into its range. The given one must not have overflowed. */
function put(state: usize, mantissa: f64, exponent: f64): void {
  const excess = !isInRange(mantissa) && isFiniteNonzero(mantissa) ? exponentOf(mantissa) : 0;
  store<f64>(state, scale(mantissa, -excess));
  store<f64>(state, exponent + excess, 8);
}

class Product {
  lift(state: usize, value: f64): void {
    const mantissa = load<f64>(state);
    if (isInRange(mantissa * value)) {
      store<f64>(state, mantissa * value);
      return;
    }
    const excess = isFiniteNonzero(value) ? exponentOf(value) : 0;
    put(state, mantissa * scale(value, -excess), load<f64>(state, 8) + excess);
  }
  combine(into: usize, left: usize, right: usize): void {
    put(into, load<f64>(left) * load<f64>(right), load<f64>(left, 8) + load<f64>(right, 8));
  }
  lower(row: usize, part: Part): f64 {
    const state = stateOf(row, part);
    return load<f64>(neededState(row, part, needs.count)) == 0 ? NaN : scale(load<f64>(state), load<f64>(state, 8));
  }
}

export function identity(part: Part, row: usize): void {
  store<f64>(stateOf(row, part), 1);
  store<f64>(stateOf(row, part), 0, 8);
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldEach<Product>(part, rows, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<Product>(part, into, left, right, n);
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Product>(part, rows, out, n);
}
