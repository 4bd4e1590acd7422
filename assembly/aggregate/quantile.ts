/** Quantile within a relative error, from a DDSketch that others may share. Parameters: q, then those of the sketch. */

import { Part } from '../part';
import * as sketch from '../sketch/ddsketch';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  quantileSketch,
}

class Quantile {
  lower(row: usize, part: Part): f64 {
    return sketch.quantile(neededState(row, part, needs.quantileSketch), part.parameter(0), part.parameter(2));
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Quantile>(part, rows, out, n);
}
