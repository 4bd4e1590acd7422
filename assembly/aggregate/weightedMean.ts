/**
 * Mean of the first column weighted by the second: Σ w v / Σ w, both compensated sums. NaN if the weights add up to 0.
 *
 *     0 Σ w v │ 16 Σ w        compensated sums        lift, combine: two-sum        32 bytes
 *
 * Events without a value in either column are skipped.
 */

import { Part } from '../part';
import * as compensated from './shared/compensated';
import { combineEach, foldPairs, lowerEach, stateOf } from './shared/kernel';

export const size: i32 = 32;

const WEIGHTS: usize = 16;

class WeightedMean {
  lift(state: usize, value: f64, weight: f64): void {
    compensated.add(state, value * weight);
    compensated.add(state + WEIGHTS, weight);
  }
  combine(into: usize, left: usize, right: usize): void {
    compensated.addAll(into, left, right);
    compensated.addAll(into + WEIGHTS, left + WEIGHTS, right + WEIGHTS);
  }
  lower(row: usize, part: Part): f64 {
    const state = stateOf(row, part);
    const weights = compensated.rounded(state + WEIGHTS);
    return weights == 0 ? NaN : compensated.rounded(state) / weights;
  }
}

export function identity(part: Part, row: usize): void {
  compensated.identity(stateOf(row, part));
  compensated.identity(stateOf(row, part) + WEIGHTS);
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldPairs<WeightedMean>(part, rows, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<WeightedMean>(part, into, left, right, n);
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<WeightedMean>(part, rows, out, n);
}
