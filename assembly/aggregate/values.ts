/** All values: see sketch/list.ts. */

import * as box from '../sketch/shared/box';
import * as list from '../sketch/list';
import { combineOwned, dropOwned, foldOwned, ownsNothing } from './shared/kernel';

export const size: i32 = box.bytes;

class Values {
  lift(part: usize, state: usize, value: f64): void {
    list.lift(part, state, value);
  }
  merge(part: usize, into: usize, from: usize): void {
    list.merge(part, into, from);
  }
}

export function block(part: usize): f64 {
  return Infinity;
}

export function identity(part: usize, row: usize): void {
  ownsNothing(part, row);
}

export function fold(part: usize, rows: usize, at: usize, n: i32): void {
  foldOwned<Values>(part, rows, at, n);
}

export function combine(part: usize, into: usize, left: usize, right: usize, n: i32): void {
  combineOwned<Values>(part, into, left, right, n);
}

export function drop(part: usize, row: usize): void {
  dropOwned(part, row);
}

export function enter(part: usize, state: usize, value: f64, time: f64): void {
  list.enter(part, state, value);
}

export function leave(part: usize, state: usize, value: f64, time: f64): void {
  list.leave(part, state, value);
}
