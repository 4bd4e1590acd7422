/**
 * The sum of the values, within an ulp of the exactly rounded one for ordinary data. NaN if there are no values.
 *
 *     state  a compensated sum, see shared/compensated.ts        lift, combine: two-sum        16 bytes
 */

import { Part } from '../part';
import * as compensated from './shared/compensated';
import { combineEach, foldEach, lowerEach, rollEach, stateOf } from './shared/kernel';

export const size: i32 = 16;

class Sum {
  lift(state: usize, value: f64): void {
    compensated.add(state, value);
  }
  combine(into: usize, left: usize, right: usize): void {
    compensated.addAll(into, left, right);
  }
  lower(row: usize, part: Part): f64 {
    const state = stateOf(row, part);
    return compensated.isEmpty(state) ? NaN : compensated.rounded(state);
  }
}

export function identity(part: Part, row: usize): void {
  compensated.identity(stateOf(row, part));
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldEach<Sum>(part, rows, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<Sum>(part, into, left, right, n);
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Sum>(part, rows, out, n);
}

/** Adds one value after the other, in locals: in another order the last bit would depend on how events were cut. */
export function foldRun(part: Part, row: usize, at: usize, n: i32): void {
  const values = part.column + at;
  const state = stateOf(row, part);
  let sum = load<f64>(state);
  let error = load<f64>(state, 8);
  for (let i: usize = 0; i < (<usize>n) << 3; i += 8) {
    const value = load<f64>(values + i);
    if (value != value) continue;
    const total = sum + value;
    const shift = total - sum;
    error += sum - (total - shift) + (value - shift);
    sum = total;
  }
  store<f64>(state, sum);
  store<f64>(state, error, 8);
}

export function prefix(part: Part, states: usize, at: usize, n: i32): void {
  const values = part.column + at;
  let sum = load<f64>(states);
  let error = load<f64>(states, 8);
  for (let i: usize = 0; i < (<usize>n) << 3; i += 8) {
    const value = load<f64>(values + i);
    if (value == value) {
      const total = sum + value;
      const shift = total - sum;
      error += sum - (total - shift) + (value - shift);
      sum = total;
    }
    states += 16;
    store<f64>(states, sum);
    store<f64>(states, error, 8);
  }
}

export function suffix(part: Part, states: usize, at: usize, n: i32): void {
  const values = part.column + at;
  states += (<usize>n) << 4;
  let sum = load<f64>(states);
  let error = load<f64>(states, 8);
  for (let i = (<usize>n) << 3; i; ) {
    i -= 8;
    const value = load<f64>(values + i);
    if (value == value) {
      const total = sum + value;
      const shift = total - sum;
      error += sum - (total - shift) + (value - shift);
      sum = total;
    }
    states -= 16;
    store<f64>(states, sum);
    store<f64>(states, error, 8);
  }
}

/**
 * Combines and lowers two pairs at a time. Adding an empty sum changes nothing, so that only the case that both are
 * empty needs a check.
 */
export function lowerPairs(_part: Part, left: usize, right: usize, out: usize, n: i32): void {
  const end = out + ((<usize>n) << 3);
  for (; out < end; left += 32, right += 32, out += 16) {
    const results = lowerTwo(v128.load(left), v128.load(left, 16), v128.load(right), v128.load(right, 16));
    if (out + 16 <= end) v128.store(out, results);
    else store<f64>(out, f64x2.extract_lane(results, 0));
  }
}

function lowerTwo(left: v128, leftNext: v128, right: v128, rightNext: v128): v128 {
  const sum = v128.shuffle<f64>(left, leftNext, 0, 2);
  const error = v128.shuffle<f64>(left, leftNext, 1, 3);
  const rightSum = v128.shuffle<f64>(right, rightNext, 0, 2);
  const rightError = v128.shuffle<f64>(right, rightNext, 1, 3);
  const total = f64x2.add(sum, rightSum);
  const shift = f64x2.sub(total, sum);
  const lost = f64x2.add(f64x2.sub(sum, f64x2.sub(total, shift)), f64x2.sub(rightSum, shift));
  const whole = f64x2.add(total, f64x2.add(f64x2.add(error, rightError), lost));
  const result = v128.bitselect(whole, total, f64x2.eq(whole, whole));
  const nothing = i64x2.splat(compensated.NOTHING);
  const empty = v128.and(i64x2.eq(error, nothing), i64x2.eq(rightError, nothing));
  return v128.bitselect(f64x2.splat(NaN), result, empty);
}

export function roll(part: Part, fronts: usize, backs: usize, into: usize, stride: usize, at: usize, n: i32): void {
  rollEach<Sum>(part, fronts, backs, into, stride, at, n);
}
