/** All values, for other aggregates to read: see sketch/list.ts. */

import { Part } from '../part';
import * as list from '../sketch/list';
import * as box from '../sketch/shared/box';
import { combineHeap, dropHeap, foldHeap, identityHeap } from './shared/kernel';

export const size: i32 = box.STATE_BYTES;

class Values {
  lift(part: Part, state: usize, value: f64): void {
    list.lift(part, state, value);
  }
  merge(part: Part, into: usize, from: usize): void {
    list.merge(part, into, from);
  }
}

export function maxBlockBytes(_part: Part): f64 {
  return Infinity;
}

export function identity(part: Part, row: usize): void {
  identityHeap(part, row);
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldHeap<Values>(part, rows, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineHeap<Values>(part, into, left, right, n);
}

export function drop(part: Part, row: usize): void {
  dropHeap(part, row);
}

export function insert(part: Part, state: usize, value: f64, _time: f64): void {
  list.insert(part, state, value);
}

export function retract(part: Part, state: usize, value: f64, _time: f64): void {
  list.retract(part, state, value);
}
