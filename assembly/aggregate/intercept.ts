/** The value at 0 of the least-squares line of the first column over the second; NaN if the second does not vary. */

import { Part } from '../part';
import { meanX, meanY } from './comoments';
import { lowerEach, neededState } from './shared/kernel';
import { slope } from './slope';

export enum needs {
  comoments,
}

class Intercept {
  lower(row: usize, part: Part): f64 {
    const state = neededState(row, part, needs.comoments);
    return meanX(state) - slope(state) * meanY(state);
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Intercept>(part, rows, out, n);
}
