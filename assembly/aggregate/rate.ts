/**
 * The change of the value per unit of time: the last value minus the first, by event time, over the time between them
 * in units of the parameter. It has no state of its own; NaN if both are of one time.
 */

import { parameter } from '../sketch/shared/box';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  first,
  last,
}

class Rate {
  lower(row: usize, part: usize): f64 {
    const first = neededState(row, part, needs.first);
    const last = neededState(row, part, needs.last);
    const time = load<f64>(last) - load<f64>(first);
    return time > 0 ? (load<f64>(last, 8) - load<f64>(first, 8)) / (time / parameter(part, 0)) : NaN;
  }
}

export function lower(part: usize, rows: usize, out: usize, n: i32): void {
  lowerEach<Rate>(part, rows, out, n);
}
