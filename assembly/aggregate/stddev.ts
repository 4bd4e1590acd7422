/** Sample standard deviation: the square root of the variance. It has no state of its own. */

import { Part } from '../part';
import { lowerEach, neededState } from './shared/kernel';
import { variance } from './variance';

export enum needs {
  variance,
}

class Stddev {
  lower(row: usize, part: Part): f64 {
    return sqrt(variance(neededState(row, part, needs.variance)));
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Stddev>(part, rows, out, n);
}
