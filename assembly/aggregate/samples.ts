/**
 * The values with their times: see sketch/timed-list.ts, and sketch/evicting/time-deque.ts for rolling frames.
 * Parameter: the maximum number of samples; the earliest are kept. Without it all are.
 */

import { PartPlan } from '../plan';
import * as deque from '../sketch/evicting/time-deque';
import * as box from '../sketch/shared/box';
import * as sketch from '../sketch/timed-list';
import { combineHeap, dropHeap, identityHeap } from './shared/kernel';

export const size: i32 = sketch.STATE_BYTES;

function limitOf(part: usize): u32 {
  return load<u32>(part, PartPlan.parameterCount) ? <u32>box.parameter(part, 0) : 0x0fffffff;
}

class Samples {
  merge(part: usize, into: usize, from: usize): void {
    sketch.merge(part, limitOf(part), into, from);
  }
}

export function maxBlockBytes(part: usize): f64 {
  return load<u32>(part, PartPlan.parameterCount) ? 64 * box.parameter(part, 0) + 256 : Infinity;
}

export function identity(part: usize, row: usize): void {
  identityHeap(part, row);
}

export function fold(part: usize, rows: usize, at: usize, n: i32): void {
  const offset = <usize>load<u32>(part, PartPlan.state);
  const values = <usize>load<u32>(part, PartPlan.column) + at;
  const times = <usize>load<u32>(part, PartPlan.times) + at;
  const limit = limitOf(part);
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    if (value != value) continue;
    sketch.lift(part, limit, <usize>load<u32>(rows + (i << 2)) + offset, value, load<f64>(times + (i << 3)));
  }
}

export function combine(part: usize, into: usize, left: usize, right: usize, n: i32): void {
  combineHeap<Samples>(part, into, left, right, n);
}

export function drop(part: usize, row: usize): void {
  dropHeap(part, row);
}

export function insert(part: usize, state: usize, value: f64, time: f64): void {
  deque.insert(part, state, value, time, load<u32>(part, PartPlan.parameterCount) ? 0 : 1);
}

export function retract(part: usize, state: usize, _value: f64, time: f64): void {
  deque.retract(part, state, time);
}
