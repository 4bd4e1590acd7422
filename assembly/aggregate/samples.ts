/**
 * The values with their times: see sketch/timed-list.ts, and sketch/evicting/time-deque.ts for rolling frames.
 * Parameter: the maximum number of samples; the earliest are kept. Without it all are.
 */

import { Part } from '../part';
import * as deque from '../sketch/evicting/time-deque';
import * as sketch from '../sketch/timed-list';
import { combineHeap, dropHeap, identityHeap } from './shared/kernel';

export const size: i32 = sketch.STATE_BYTES;

function limitOf(part: Part): u32 {
  return part.parameterCount ? <u32>part.parameter(0) : 0x0fffffff;
}

class Samples {
  merge(part: Part, into: usize, from: usize): void {
    sketch.merge(part, limitOf(part), into, from);
  }
}

export function maxBlockBytes(part: Part): f64 {
  return part.parameterCount ? 64 * part.parameter(0) + 256 : Infinity;
}

export function identity(part: Part, row: usize): void {
  identityHeap(part, row);
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  const offset = part.state;
  const values = part.column + at;
  const times = part.times + at;
  const limit = limitOf(part);
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    if (value != value) continue;
    sketch.lift(part, limit, <usize>load<u32>(rows + (i << 2)) + offset, value, load<f64>(times + (i << 3)));
  }
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineHeap<Samples>(part, into, left, right, n);
}

export function drop(part: Part, row: usize): void {
  dropHeap(part, row);
}

export function insert(part: Part, state: usize, value: f64, time: f64): void {
  deque.insert(part, state, value, time, part.parameterCount ? 0 : 1);
}

export function retract(part: Part, state: usize, _value: f64, time: f64): void {
  deque.retract(part, state, time);
}
