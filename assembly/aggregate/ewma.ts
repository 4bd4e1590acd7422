/**
 * Exponentially weighted mean of the values: a value at time t has the weight w = 2^-((T - t) / half-life), where T is
 * the time of the latest value. Parameter: the half-life.
 *
 *     0 T: f64 │ 8 Σ w v │ 16 Σ w: f64        identity (NaN, 0, 0)        24 bytes
 *
 * A later T multiplies both sums by one factor. Weights are at most 1, so that nothing overflows, and never 0, so that
 * an infinity stays one.
 */

import { exp2 } from '../base/math';
import { Part } from '../part';
import { lowerEach, stateOf } from './shared/kernel';

export const size: i32 = 24;

const VALUES: usize = 8;
const WEIGHTS: usize = 16;

/** The weight of a value that is `age` older than the latest. */
function weight(age: f64, halfLife: f64): f64 {
  return age == 0 ? 1 : max(f64.MIN_VALUE, exp2(-age / halfLife));
}

/** into = left plus sums whose latest value is of `time`; `into` may be left. */
function addSums(into: usize, left: usize, time: f64, values: f64, weights: f64, halfLife: f64): void {
  const before = load<f64>(left);
  if (before != before) {
    store<f64>(into, time);
    store<f64>(into, values, VALUES);
    store<f64>(into, weights, WEIGHTS);
    return;
  }
  const fade = weight(abs(time - before), halfLife);
  const old = time > before ? fade : 1;
  const fresh = time > before ? 1 : fade;
  const valueSum = load<f64>(left, VALUES) * old + values * fresh;
  const weightSum = load<f64>(left, WEIGHTS) * old + weights * fresh;
  store<f64>(into, max(time, before));
  store<f64>(into, valueSum, VALUES);
  store<f64>(into, weightSum, WEIGHTS);
}

class Ewma {
  lower(row: usize, part: Part): f64 {
    const state = stateOf(row, part);
    return load<f64>(state, VALUES) / load<f64>(state, WEIGHTS);
  }
}

export function identity(part: Part, row: usize): void {
  store<f64>(stateOf(row, part), NaN);
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  const halfLife = part.parameter(0);
  const offset = part.state;
  const values = part.column + at;
  const times = part.times + at;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    const state = <usize>load<u32>(rows + (i << 2)) + offset;
    if (value == value) addSums(state, state, load<f64>(times + (i << 3)), value, 1, halfLife);
  }
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  const halfLife = part.parameter(0);
  const offset = part.state;
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4) {
    const a = <usize>load<u32>(left + i) + offset;
    const b = <usize>load<u32>(right + i) + offset;
    const to = <usize>load<u32>(into + i) + offset;
    const time = load<f64>(b);
    if (time == time) addSums(to, a, time, load<f64>(b, VALUES), load<f64>(b, WEIGHTS), halfLife);
    else if (to != a) memory.copy(to, a, size);
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Ewma>(part, rows, out, n);
}
