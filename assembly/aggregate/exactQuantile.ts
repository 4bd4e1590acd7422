/**
 * Quantile by nearest rank, as SQL's percentile_disc: the least value such that at least a share q of the values is not
 * greater. Parameter: q.
 */

import { Part } from '../part';
import * as list from '../sketch/list';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  values,
}

class ExactQuantile {
  lower(row: usize, part: Part): f64 {
    const state = neededState(row, part, needs.values);
    const n = <f64>list.lengthOf(state);
    if (n == 0) return NaN;
    // Counted from above, as in DuckDB, so that a rounding error of q n cannot raise it past an integer.
    const rank = n - floor(n - part.parameter(0) * n);
    return list.select(state, <u32>(max(rank, 1) - 1));
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<ExactQuantile>(part, rows, out, n);
}
