/** Arithmetic mean: the sum over the count of the values. It has no state of its own. */

import { Part } from '../part';
import * as compensated from './shared/compensated';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  count,
  sum,
}

class Mean {
  lower(row: usize, part: Part): f64 {
    return compensated.rounded(neededState(row, part, needs.sum)) / load<f64>(neededState(row, part, needs.count));
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Mean>(part, rows, out, n);
}
