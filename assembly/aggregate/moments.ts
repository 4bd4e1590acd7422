/**
 * The first four moments of the values, for other aggregates to read: sums of powers of the deviations from the mean so
 * far. The mean is kept as a distance from the first value, so that no precision is lost if it is large beside the
 * deviations.
 *
 *     0 n: f64 │ 8 shift │ 16 mean │ 24 M2 │ 32 M3 │ 40 M4: f64        identity 0        48 bytes
 *
 *     mean of the values = shift + mean
 *
 * Lift and combine: Pébay, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order
 * statistical moments" (2008). An infinite value has no deviation: M2 is NaN from then on.
 */

import { Part } from '../part';
import { combineEach, foldEach } from './shared/kernel';

export const size: i32 = 48;

export const SHIFT: usize = 8;
export const MEAN: usize = 16;
export const M2: usize = 24;
export const M3: usize = 32;
export const M4: usize = 40;

class Moments {
  lift(state: usize, value: f64): void {
    const before = load<f64>(state);
    const n = before + 1;
    store<f64>(state, n);
    if (before == 0) {
      store<f64>(state, value, SHIFT);
      store<f64>(state, value - value, M2);
      return;
    }
    const mean = load<f64>(state, MEAN);
    const m2 = load<f64>(state, M2);
    const m3 = load<f64>(state, M3);
    const delta = value - load<f64>(state, SHIFT) - mean;
    const step = delta / n;
    const square = delta * step * before;
    const more = (square * (n * n - 3 * n + 3) + 6 * m2) * step - 4 * m3;
    store<f64>(state, mean + step, MEAN);
    store<f64>(state, m2 + square + (value - value), M2);
    store<f64>(state, m3 + (square * (n - 2) - 3 * m2) * step, M3);
    store<f64>(state, load<f64>(state, M4) + more * step, M4);
  }
  combine(into: usize, left: usize, right: usize): void {
    const a = load<f64>(left);
    const b = load<f64>(right);
    if (a == 0 || b == 0) {
      memory.copy(into, b == 0 ? left : right, size);
      return;
    }
    const n = a + b;
    const shift = load<f64>(left, SHIFT);
    const mean = load<f64>(left, MEAN);
    const delta = load<f64>(right, SHIFT) - shift + (load<f64>(right, MEAN) - mean);
    const step = delta / n;
    const a2 = load<f64>(left, M2);
    const b2 = load<f64>(right, M2);
    const a3 = load<f64>(left, M3);
    const b3 = load<f64>(right, M3);
    const square = delta * step * a * b;
    const m3 = (square * (a - b) + 3 * (a * b2 - b * a2)) * step;
    const m4 =
      ((square * (a * a - a * b + b * b) + 6 * (a * a * b2 + b * b * a2)) * step + 4 * (a * b3 - b * a3)) * step;
    store<f64>(into, n);
    store<f64>(into, shift, SHIFT);
    store<f64>(into, load<f64>(left, M4) + load<f64>(right, M4) + m4, M4);
    store<f64>(into, mean + step * b, MEAN);
    store<f64>(into, a2 + b2 + square, M2);
    store<f64>(into, a3 + b3 + m3, M3);
  }
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldEach<Moments>(part, rows, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<Moments>(part, into, left, right, n);
}
