/**
 * How two columns, x and y, vary together, for other aggregates to read: sums of products of the deviations from the
 * means so far. The means are kept as distances from the first pair, so that no precision is lost if they are large
 * beside the deviations.
 *
 *     0 n: f64 │ 8 shift x │ 16 mean x │ 24 shift y │ 32 mean y │ 40 Mxx │ 48 Myy │ 56 Mxy: f64
 *
 *     identity 0        64 bytes
 *
 * Events without a value in either column are skipped. Lift and combine: Pébay, "Formulas for robust, one-pass parallel
 * computation of covariances and arbitrary-order statistical moments" (2008). An infinite value has no deviation: the
 * sums that contain it are NaN from then on.
 */

import { Part } from '../part';
import { combineEach, foldPairs } from './shared/kernel';

export const size: i32 = 64;

const SHIFT_X: usize = 8;
const MEAN_X: usize = 16;
const SHIFT_Y: usize = 24;
const MEAN_Y: usize = 32;
export const XX: usize = 40;
export const YY: usize = 48;
export const XY: usize = 56;

/** The mean of the x. */
export function meanX(state: usize): f64 {
  return load<f64>(state, SHIFT_X) + load<f64>(state, MEAN_X);
}

/** The mean of the y. */
export function meanY(state: usize): f64 {
  return load<f64>(state, SHIFT_Y) + load<f64>(state, MEAN_Y);
}

/** Stores the sums xx, yy and xy, each increased by its product of the deviations x and y, times `weight`. */
function addProducts(into: usize, xx: f64, yy: f64, xy: f64, x: f64, y: f64, weight: f64): void {
  store<f64>(into, xx + x * x * weight, XX);
  store<f64>(into, yy + y * y * weight, YY);
  store<f64>(into, xy + x * y * weight, XY);
}

class Comoments {
  lift(state: usize, x: f64, y: f64): void {
    const before = load<f64>(state);
    const n = before + 1;
    store<f64>(state, n);
    if (before == 0) {
      store<f64>(state, x, SHIFT_X);
      store<f64>(state, y, SHIFT_Y);
    }
    const meanX = load<f64>(state, MEAN_X);
    const meanY = load<f64>(state, MEAN_Y);
    const deltaX = x - load<f64>(state, SHIFT_X) - meanX;
    const deltaY = y - load<f64>(state, SHIFT_Y) - meanY;
    store<f64>(state, meanX + deltaX / n, MEAN_X);
    store<f64>(state, meanY + deltaY / n, MEAN_Y);
    // x - x is 0, or NaN if x is infinite.
    const xx = load<f64>(state, XX) + (x - x);
    const yy = load<f64>(state, YY) + (y - y);
    const xy = load<f64>(state, XY) + (x - x) + (y - y);
    addProducts(state, xx, yy, xy, deltaX, deltaY, before / n);
  }
  combine(into: usize, left: usize, right: usize): void {
    const a = load<f64>(left);
    const b = load<f64>(right);
    if (a == 0 || b == 0) {
      memory.copy(into, b == 0 ? left : right, size);
      return;
    }
    const n = a + b;
    const shiftX = load<f64>(left, SHIFT_X);
    const shiftY = load<f64>(left, SHIFT_Y);
    const meanX = load<f64>(left, MEAN_X);
    const meanY = load<f64>(left, MEAN_Y);
    const deltaX = load<f64>(right, SHIFT_X) - shiftX + (load<f64>(right, MEAN_X) - meanX);
    const deltaY = load<f64>(right, SHIFT_Y) - shiftY + (load<f64>(right, MEAN_Y) - meanY);
    const xx = load<f64>(left, XX) + load<f64>(right, XX);
    const yy = load<f64>(left, YY) + load<f64>(right, YY);
    const xy = load<f64>(left, XY) + load<f64>(right, XY);
    store<f64>(into, n);
    store<f64>(into, shiftX, SHIFT_X);
    store<f64>(into, shiftY, SHIFT_Y);
    store<f64>(into, meanX + deltaX * (b / n), MEAN_X);
    store<f64>(into, meanY + deltaY * (b / n), MEAN_Y);
    addProducts(into, xx, yy, xy, deltaX, deltaY, a * (b / n));
  }
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldPairs<Comoments>(part, rows, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<Comoments>(part, into, left, right, n);
}
