/** Quantile within a relative error, from a DDSketch that others may share. Parameters: q, then those of the sketch. */

import * as sketch from '../sketch/ddsketch';
import * as box from '../sketch/shared/box';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  quantileSketch,
}

class Quantile {
  lower(row: usize, part: usize): f64 {
    return sketch.quantile(
      neededState(row, part, needs.quantileSketch),
      box.parameter(part, 0),
      box.parameter(part, 2),
    );
  }
}

export function lower(part: usize, rows: usize, out: usize, n: i32): void {
  lowerEach<Quantile>(part, rows, out, n);
}
