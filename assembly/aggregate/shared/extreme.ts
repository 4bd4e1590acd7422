/**
 * What min and max share. `Extreme` is the class of either: `better(state, value)` is the better of two numbers,
 * `better2` does the same for two lanes, and `worst()` is the infinity that every value beats or equals.
 *
 * The identity is NaN. It is never a value, and a comparison with it is false, so that `state < value ? state : value`
 * takes the first value.
 *
 * Over a run of events of one row, SIMD pmin and pmax skip missing values, but only if they do not begin with NaN. They
 * begin with the worst value; if they also end with it, a second pass tells whether it was a value or there was none.
 */

import { Part } from '../../part';
import { stateOf } from './kernel';

/** Sets the state in a row to NaN. */
export function identity(part: Part, row: usize): void {
  store<f64>(stateOf(row, part), NaN);
}

/** Folds n events, from byte `at` of the column on, into one row. */
export function foldRun<Extreme>(part: Part, row: usize, at: usize, n: i32): void {
  const extreme = changetype<Extreme>(0);
  const values = part.column + at;
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
  const state = stateOf(row, part);
  store<f64>(state, extreme.better(load<f64>(state), best));
}

/**
 * Fills states[1] to states[n] from n values, where states[0] is given: one by one up to the first value, two by two
 * from there on, as no state is NaN any more. Of equal values (-0 and 0) the earliest is kept, however they are paired.
 */
export function prefixRun<Extreme>(part: Part, states: usize, at: usize, n: i32): void {
  const extreme = changetype<Extreme>(0);
  let values = part.column + at;
  const end = values + ((<usize>n) << 3);
  let first = load<f64>(states);
  for (; first != first && values != end; values += 8) {
    first = load<f64>(values);
    states += 8;
    store<f64>(states, first);
  }
  const worst = f64x2.splat(extreme.worst());
  let best = f64x2.splat(first);
  for (; values + 32 <= end; values += 32, states += 32) {
    const pair = ascending<Extreme>(extreme.better2(worst, v128.load(values)));
    let next = ascending<Extreme>(extreme.better2(worst, v128.load(values, 16)));
    next = extreme.better2(v128.shuffle<f64>(pair, pair, 1, 1), next);
    v128.store(states, extreme.better2(best, pair), 8);
    v128.store(states, extreme.better2(best, next), 24);
    best = extreme.better2(best, v128.shuffle<f64>(next, next, 1, 1));
  }
  for (; values != end; values += 8) {
    best = extreme.better2(best, extreme.better2(worst, v128.load64_splat(values)));
    states += 8;
    store<f64>(states, f64x2.extract_lane(best, 0));
  }
}

/** Two lanes: the first value, and the better of both. */
function ascending<Extreme>(pair: v128): v128 {
  return changetype<Extreme>(0).better2(v128.shuffle<f64>(pair, pair, 0, 0), pair);
}

/** Fills states[n - 1] to states[0] from n values, the last first, where states[n] is given. */
export function suffixRun<Extreme>(part: Part, states: usize, at: usize, n: i32): void {
  const extreme = changetype<Extreme>(0);
  const values = part.column + at;
  let i = (<usize>n) << 3;
  let last = load<f64>(states + i);
  while (last != last && i) {
    i -= 8;
    last = load<f64>(values + i);
    store<f64>(states + i, last);
  }
  const worst = f64x2.splat(extreme.worst());
  let best = f64x2.splat(last);
  for (; i >= 16; ) {
    i -= 16;
    let pair = extreme.better2(worst, v128.load(values + i));
    pair = extreme.better2(pair, v128.shuffle<f64>(pair, pair, 1, 1));
    v128.store(states + i, extreme.better2(pair, best));
    best = extreme.better2(v128.shuffle<f64>(pair, pair, 0, 0), best);
  }
  if (i) {
    best = extreme.better2(extreme.better2(worst, v128.load64_splat(values)), best);
    store<f64>(states, f64x2.extract_lane(best, 0));
  }
}

/** Writes n results, the better of each pair of states, two at a time. */
export function lowerPairs<Extreme>(left: usize, right: usize, out: usize, n: i32): void {
  const extreme = changetype<Extreme>(0);
  const bytes = (<usize>n) << 3;
  for (let i: usize = 0; i < bytes; i += 16) {
    const a = v128.load(left + i);
    const b = v128.load(right + i);
    const best = v128.bitselect(extreme.better2(b, a), a, f64x2.eq(b, b));
    if (i + 16 <= bytes) v128.store(out + i, best);
    else store<f64>(out + i, f64x2.extract_lane(best, 0));
  }
}

function contains(values: usize, bytes: usize, sought: f64): bool {
  for (let i: usize = 0; i < bytes; i += 8) {
    if (load<f64>(values + i) == sought) return true;
  }
  return false;
}
