/**
 * What min and max share. NaN is the identity: it is never a value, and a comparison with it is false, so that
 * `state < value ? state : value` takes the first value there is.
 *
 * In a run of events of one row, SIMD pmin and pmax pass missing values over by themselves but cannot begin with NaN: they
 * begin with the worst value, and where they end with it a second look tells "an infinity" from "nothing".
 */

import { PartPlan } from '../plan';
import { own } from './kernel';

export function identity(part: usize, row: usize): void {
  store<f64>(own(row, part), NaN);
}

export function reduceRun<Extreme>(part: usize, row: usize, at: usize, n: i32): void {
  const extreme = changetype<Extreme>(0);
  const values = <usize>load<u32>(part, PartPlan.column) + at;
  const bytes = (<usize>n) << 3;
  let a = f64x2.splat(extreme.worst());
  let b = a;
  let c = a;
  let d = a;
  let i: usize = 0;
  for (; i + 64 <= bytes; i += 64) {
    a = extreme.better2(a, v128.load(values + i));
    b = extreme.better2(b, v128.load(values + i, 16));
    c = extreme.better2(c, v128.load(values + i, 32));
    d = extreme.better2(d, v128.load(values + i, 48));
  }
  a = extreme.better2(extreme.better2(a, b), extreme.better2(c, d));
  let best = extreme.better(f64x2.extract_lane(a, 0), f64x2.extract_lane(a, 1));
  for (; i < bytes; i += 8) {
    const value = load<f64>(values + i);
    if (value == value) best = extreme.better(best, value);
  }
  if (best == extreme.worst() && !contains(values, bytes, best)) return;
  const state = own(row, part);
  store<f64>(state, extreme.better(load<f64>(state), best));
}

/** A sliding frame, with the best of its back in a register. */
export function slideRun<Extreme>(
  part: usize,
  fronts: usize,
  ends: usize,
  back: usize,
  into: usize,
  stride: usize,
  at: usize,
  n: i32,
): void {
  const extreme = changetype<Extreme>(0);
  const offset = <usize>load<u32>(part, PartPlan.state);
  const values = <usize>load<u32>(part, PartPlan.column) + at;
  let best = load<f64>(own(back, part));
  let i: usize = 0;
  into += offset;
  for (let j: usize = 0; j < (<usize>n) << 2; j += 4, into += stride) {
    for (const end = (<usize>load<u32>(ends + j)) << 3; i < end; i += 8) {
      const value = load<f64>(values + i);
      const better = extreme.better(best, value);
      best = value == value ? better : best;
    }
    const front = load<f64>(<usize>load<u32>(fronts + j) + offset);
    store<f64>(into, front == front ? extreme.better(best, front) : best);
  }
  store<f64>(own(back, part), best);
}

function contains(values: usize, bytes: usize, sought: f64): bool {
  for (let i: usize = 0; i < bytes; i += 8) {
    if (load<f64>(values + i) == sought) return true;
  }
  return false;
}
