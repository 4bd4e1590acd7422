/** The middle value, or the mean of the middle two of an even number of values, as SQL's percentile_cont(0.5). */

import { Part } from '../part';
import * as list from '../sketch/list';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  values,
}

class Median {
  lower(row: usize, part: Part): f64 {
    const state = neededState(row, part, needs.values);
    const n = list.lengthOf(state);
    if (n == 0) return NaN;
    const upper = list.select(state, n >> 1);
    if (n & 1) return upper;
    const lower = list.greatest(state, n >> 1);
    const sum = lower + upper;
    return abs(sum) < Infinity ? sum / 2 : lower / 2 + upper / 2;
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Median>(part, rows, out, n);
}
