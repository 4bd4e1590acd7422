/** Slope of the least-squares line of the first column over the second; NaN if the second does not vary. */

import { Part } from '../part';
import { XY, YY } from './comoments';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  comoments,
}

/** The slope from a state of comoments: x, the first column, is the dependent variable, and y the independent one. */
export function slope(state: usize): f64 {
  const spread = load<f64>(state, YY);
  return spread == 0 ? NaN : load<f64>(state, XY) / spread;
}

class Slope {
  lower(row: usize, part: Part): f64 {
    return slope(neededState(row, part, needs.comoments));
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Slope>(part, rows, out, n);
}
