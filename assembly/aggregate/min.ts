/**
 * The least value.
 *
 *     state  f64        identity NaN        lift, combine: the lesser        8 bytes
 */

import { Part } from '../part';
import * as extreme from './shared/extreme';
import { combineEach, foldEach, lowerEach, rollEach, stateOf } from './shared/kernel';

export const size: i32 = 8;

class Min {
  worst(): f64 {
    return Infinity;
  }
  better(state: f64, value: f64): f64 {
    return state < value ? state : value;
  }
  better2(state: v128, values: v128): v128 {
    return f64x2.pmin(state, values);
  }
  lift(state: usize, value: f64): void {
    store<f64>(state, this.better(load<f64>(state), value));
  }
  combine(into: usize, left: usize, right: usize): void {
    const state = load<f64>(left);
    const value = load<f64>(right);
    const best = this.better(state, value);
    store<f64>(into, value == value ? best : state);
  }
  lower(row: usize, part: Part): f64 {
    return load<f64>(stateOf(row, part));
  }
}

export function identity(part: Part, row: usize): void {
  extreme.identity(part, row);
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldEach<Min>(part, rows, at, n);
}

export function foldRun(part: Part, row: usize, at: usize, n: i32): void {
  extreme.foldRun<Min>(part, row, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<Min>(part, into, left, right, n);
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Min>(part, rows, out, n);
}

export function prefix(part: Part, states: usize, at: usize, n: i32): void {
  extreme.prefixRun<Min>(part, states, at, n);
}

export function suffix(part: Part, states: usize, at: usize, n: i32): void {
  extreme.suffixRun<Min>(part, states, at, n);
}

export function lowerPairs(_part: Part, left: usize, right: usize, out: usize, n: i32): void {
  extreme.lowerPairs<Min>(left, right, out, n);
}

export function roll(part: Part, fronts: usize, backs: usize, into: usize, stride: usize, at: usize, n: i32): void {
  rollEach<Min>(part, fronts, backs, into, stride, at, n);
}
