/**
 * Mean of the values, each weighted by how long it holds, that is, until the next. The last one holds for no time; it
 * is the mean if all are of one time.
 *
 *     Σ vᵢ (tᵢ₊₁ - tᵢ) / (tₙ - t₁)
 */

import { Part } from '../part';
import * as deque from '../sketch/evicting/time-deque';
import * as box from '../sketch/shared/box';
import * as sketch from '../sketch/timed-list';
import { lowerEach, neededState } from './shared/kernel';

export enum needs {
  samples,
}

class TimeWeightedMean {
  lower(row: usize, part: Part): f64 {
    const state = neededState(row, part, needs.samples);
    const n = sketch.lengthOf(state);
    if (n == 0) return NaN;
    const first = sketch.firstOf(state);
    const last = first + ((<usize>n - 1) << 4);
    const span = load<f64>(last) - load<f64>(first);
    if (span == 0) return load<f64>(last, 8);
    const mean = (sketch.isRunning(state) ? deque.area(box.blockOf(state)) : area(first, last, 1)) / span;
    return abs(mean) < Infinity ? mean : area(first, last, span);
  }
}

/** Sum of the values, each times how long it holds. Times are measured in `unit`. */
function area(first: usize, last: usize, unit: f64): f64 {
  let sum = 0.0;
  for (let at = first; at < last; at += 16) {
    const time = load<f64>(at, 16) - load<f64>(at);
    if (time > 0) sum += load<f64>(at, 8) * (time / unit);
  }
  return sum;
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<TimeWeightedMean>(part, rows, out, n);
}
