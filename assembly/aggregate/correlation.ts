/** Pearson's correlation of two columns, from -1 to 1; NaN where either does not vary. */

import { XX, XY, YY } from './comoments';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  comoments,
}

class Correlation {
  lower(row: usize, part: usize): f64 {
    const state = neededState(row, part, needs.comoments);
    const both = load<f64>(state, XY) / (sqrt(load<f64>(state, XX)) * sqrt(load<f64>(state, YY)));
    // Rounding alone can lead beyond.
    return max<f64>(-1, min<f64>(1, both));
  }
}

export function lower(part: usize, rows: usize, out: usize, n: i32): void {
  lowerEach<Correlation>(part, rows, out, n);
}
