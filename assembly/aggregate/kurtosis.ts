/** Excess kurtosis of the values as a population: n M4 / M2² - 3. NaN below two values, and if all are equal. */

import { Part } from '../part';
import { M2, M4 } from './moments';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  moments,
}

class Kurtosis {
  lower(row: usize, part: Part): f64 {
    const state = neededState(row, part, needs.moments);
    const m2 = load<f64>(state, M2);
    return (load<f64>(state) * load<f64>(state, M4)) / (m2 * m2) - 3;
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Kurtosis>(part, rows, out, n);
}
