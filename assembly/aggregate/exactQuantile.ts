/** Quantile by the nearest rank, as SQL's percentile_disc: the least value such that a share of q is no greater. Parameter: q. */

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
    // From above, as DuckDB reckons it: q n is then not rounded up past a whole number.
    const rank = n - floor(n - box.parameter(part, 0) * n);
    return list.select(state, <u32>(max(rank, 1) - 1));
  }
}

export function lower(part: usize, rows: usize, out: usize, n: i32): void {
  lowerEach<ExactQuantile>(part, rows, out, n);
}
