/**
 * The share of the first column's variance that its least-squares line over the second explains, from 0 to 1. NaN if
 * the second does not vary, else 1 if the first does not.
 */

import { Part } from '../part';
import { XX, XY, YY } from './comoments';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  comoments,
}

class R2 {
  lower(row: usize, part: Part): f64 {
    const state = neededState(row, part, needs.comoments);
    const xx = load<f64>(state, XX);
    const yy = load<f64>(state, YY);
    const xy = load<f64>(state, XY);
    if (yy == 0) return NaN;
    return xx == 0 ? 1 : min(1, (xy / xx) * (xy / yy));
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<R2>(part, rows, out, n);
}
