/** Sample covariance of two columns, with denominator n - 1; NaN below two pairs. */

import { Part } from '../part';
import { XY } from './comoments';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  comoments,
}

class Covariance {
  lower(row: usize, part: Part): f64 {
    const state = neededState(row, part, needs.comoments);
    const n = load<f64>(state);
    return n > 1 ? load<f64>(state, XY) / (n - 1) : NaN;
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Covariance>(part, rows, out, n);
}
