/**
 * Sample variance, as SQL's var_samp: the sum of squared deviations from the mean over n - 1; NaN below two values.
 *
 *     0 n: f64 │ 8 sum │ 16 error │ 24 squares: f64        identity (0, empty sum, 0)        32 bytes
 *
 * `squares` is the sum of squared deviations from the mean so far. Lift: Youngs and Cramer, "Some results relevant to
 * choice of sum and sum-of-product algorithms" (1971); combine: Chan, Golub, LeVeque, "Algorithms for computing the
 * sample variance" (1983):
 *
 *     squares += (n x - sum)² / (n (n - 1))                          n and sum include x
 *     squares += (nb sa - na sb)² / (na nb (na + nb))
 *
 * The differences cancel if the mean is large beside the deviation, so their products are formed without rounding.
 */

import { Part } from '../part';
import * as compensated from './shared/compensated';
import { combineEach, foldEach, lowerEach, prefixEach, stateOf } from './shared/kernel';

export const size: i32 = 32;

/** Other aggregates whose states are part of this one, and their offsets. Their column is then folded only once. */
export enum includes {
  count = 0,
  sum = 8,
}

const SQUARES: usize = 24;

/** n · (the sum at `sum`) - m · (the sum at `other`), for integers n and m. */
function crossDifference(n: f64, sum: usize, m: f64, other: usize): f64 {
  const a = load<f64>(sum);
  const b = load<f64>(other);
  const p = n * a;
  const q = m * b;
  return p - q + (lost(n, a, p) - lost(m, b, q) + (n * load<f64>(sum, 8) - m * load<f64>(other, 8)));
}

/** The rounding error of a product, n x - product, exactly (Dekker 1971, with Veltkamp's split by mask). */
function lost(n: f64, x: f64, product: f64): f64 {
  const nHigh = high(n);
  const xHigh = high(x);
  const nLow = n - nHigh;
  const xLow = x - xHigh;
  return nLow * xLow - (product - nHigh * xHigh - nLow * xHigh - nHigh * xLow);
}

/** x with only the upper 26 bits of its significand. */
function high(x: f64): f64 {
  return reinterpret<f64>(reinterpret<u64>(x) & 0xfffffffff8000000);
}

/** The sample variance from a state. */
export function variance(state: usize): f64 {
  const n = load<f64>(state);
  return n > 1 ? load<f64>(state, SQUARES) / (n - 1) : NaN;
}

class Variance {
  lift(state: usize, value: f64): void {
    const n = load<f64>(state) + 1;
    store<f64>(state, n);
    compensated.add(state + includes.sum, value);
    if (n == 1) {
      // 0, or NaN for an infinity, which has no deviation.
      store<f64>(state, value - value, SQUARES);
      return;
    }
    const top = high(value);
    const difference = n * top - load<f64>(state, 8) + (n * (value - top) - load<f64>(state, 16));
    store<f64>(state, load<f64>(state, SQUARES) + (difference / (n * (n - 1))) * difference, SQUARES);
  }
  combine(into: usize, left: usize, right: usize): void {
    const n = load<f64>(left);
    const m = load<f64>(right);
    let squares = load<f64>(left, SQUARES) + load<f64>(right, SQUARES);
    if (n > 0 && m > 0) {
      const difference = crossDifference(m, left + includes.sum, n, right + includes.sum);
      squares += (difference / (n * m * (n + m))) * difference;
    }
    compensated.addAll(into + includes.sum, left + includes.sum, right + includes.sum);
    store<f64>(into, n + m);
    store<f64>(into, squares, SQUARES);
  }
  lower(row: usize, part: Part): f64 {
    return variance(stateOf(row, part));
  }
}

export function identity(part: Part, row: usize): void {
  const state = stateOf(row, part);
  store<f64>(state, 0);
  compensated.identity(state + includes.sum);
  store<f64>(state, 0, SQUARES);
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldEach<Variance>(part, rows, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<Variance>(part, into, left, right, n);
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Variance>(part, rows, out, n);
}

export function prefix(part: Part, states: usize, at: usize, n: i32): void {
  prefixEach<Variance>(part, states, at, n);
}
