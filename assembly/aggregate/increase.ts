/**
 * How much a counter grew: the sum of the steps between its samples (ingest/counter-steps.ts), read from the state of
 * that sum. Parameter: how long a sample is remembered, in units of time.
 */

import { fillSteps } from '../ingest/counter-steps';
import { Part } from '../part';
import * as compensated from './shared/compensated';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  sum,
}

class Increase {
  lower(row: usize, part: Part): f64 {
    const state = neededState(row, part, needs.sum);
    return compensated.isEmpty(state) ? NaN : compensated.rounded(state);
  }
}

export function prepare(part: Part, at: i32, n: i32): void {
  fillSteps(part, at, n);
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Increase>(part, rows, out, n);
}
