/**
 * Quantile by nearest rank, as SQL's percentile_disc: the least value such that at least a share q of the values is not
 * greater. Parameter: q.
 */

import * as list from '../sketch/list';
import * as box from '../sketch/shared/box';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  values,
}

class ExactQuantile {
  lower(row: usize, part: usize): f64 {
    const state = neededState(row, part, needs.values);
    const n = <f64>list.lengthOf(state);
    if (n == 0) return NaN;
    // Counted from above, as in DuckDB, so that a rounding error of q n cannot raise it past an integer.
    const rank = n - floor(n - box.parameter(part, 0) * n);
    return list.select(state, <u32>(max(rank, 1) - 1));
  }
}

export function lower(part: usize, rows: usize, out: usize, n: i32): void {
  lowerEach<ExactQuantile>(part, rows, out, n);
}
