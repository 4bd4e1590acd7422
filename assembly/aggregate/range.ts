/** The greatest value minus the least. It has no state of its own. */

import { Part } from '../part';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  min,
  max,
}

class Range {
  lower(row: usize, part: Part): f64 {
    return load<f64>(neededState(row, part, needs.max)) - load<f64>(neededState(row, part, needs.min));
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Range>(part, rows, out, n);
}
