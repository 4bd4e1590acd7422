/** The last value minus the first, by event time. It has no state of its own. */

import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  first,
  last,
}

class Delta {
  lower(row: usize, part: usize): f64 {
    return load<f64>(neededState(row, part, needs.last), 8) - load<f64>(neededState(row, part, needs.first), 8);
  }
}

export function lower(part: usize, rows: usize, out: usize, n: i32): void {
  lowerEach<Delta>(part, rows, out, n);
}
