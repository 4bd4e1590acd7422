/** The last value minus the first, by event time. It has no state of its own. */

import { Part } from '../part';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  first,
  last,
}

class Delta {
  lower(row: usize, part: Part): f64 {
    return load<f64>(neededState(row, part, needs.last), 8) - load<f64>(neededState(row, part, needs.first), 8);
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Delta>(part, rows, out, n);
}
