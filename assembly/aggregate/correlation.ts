/** Pearson's correlation of two columns, from -1 to 1; NaN if either does not vary. */

import { Part } from '../part';
import { XX, XY, YY } from './comoments';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  comoments,
}

class Correlation {
  lower(row: usize, part: Part): f64 {
    const state = neededState(row, part, needs.comoments);
    const correlation = load<f64>(state, XY) / (sqrt(load<f64>(state, XX)) * sqrt(load<f64>(state, YY)));
    // Rounding can lead slightly out of the range.
    return max<f64>(-1, min<f64>(1, correlation));
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Correlation>(part, rows, out, n);
}
