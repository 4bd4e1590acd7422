/**
 * Sample skewness, adjusted (Fisher and Pearson's G1): n √(n - 1) / (n - 2) · M3 / M2^(3/2). NaN below three values,
 * and if all are equal.
 */

import { Part } from '../part';
import { M2, M3 } from './moments';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  moments,
}

class Skewness {
  lower(row: usize, part: Part): f64 {
    const state = neededState(row, part, needs.moments);
    const n = load<f64>(state);
    const m2 = load<f64>(state, M2);
    return n > 2 ? ((n * sqrt(n - 1)) / (n - 2)) * (load<f64>(state, M3) / (m2 * sqrt(m2))) : NaN;
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Skewness>(part, rows, out, n);
}
