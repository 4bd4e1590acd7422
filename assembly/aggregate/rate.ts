/**
 * The change of the value per unit of time: the last value minus the first, by event time, over the time between them
 * in units of the parameter. It has no state of its own; NaN if both are of one time.
 */

import { Part } from '../part';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  first,
  last,
}

class Rate {
  lower(row: usize, part: Part): f64 {
    const first = neededState(row, part, needs.first);
    const last = neededState(row, part, needs.last);
    const time = load<f64>(last) - load<f64>(first);
    return time > 0 ? (load<f64>(last, 8) - load<f64>(first, 8)) / (time / part.parameter(0)) : NaN;
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Rate>(part, rows, out, n);
}
