/** Arithmetic mean: the sum over the count of the values. It has no state of its own. */

import * as compensated from './shared/compensated';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  count,
  sum,
}

class Mean {
  lower(row: usize, part: usize): f64 {
    return compensated.rounded(neededState(row, part, needs.sum)) / load<f64>(neededState(row, part, needs.count));
  }
}

export function lower(part: usize, rows: usize, out: usize, n: i32): void {
  lowerEach<Mean>(part, rows, out, n);
}
