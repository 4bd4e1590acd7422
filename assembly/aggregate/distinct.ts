/**
 * The number of different values: see sketch/hyperloglog.ts, and sketch/evicting/value-counts.ts for rolling frames.
 * Parameters: the precision, 0 for the exact number; for an estimate, perhaps the seed of its hash.
 */

import { Part } from '../part';
import * as counted from '../sketch/evicting/value-counts';
import * as sketch from '../sketch/hyperloglog';
import * as box from '../sketch/shared/box';
import { combineHeap, dropHeap, identityHeap, lowerEach, stateOf } from './shared/kernel';

export const size: i32 = box.STATE_BYTES;

function precisionOf(part: Part): u32 {
  return <u32>part.parameter(0);
}

class Distinct {
  merge(part: Part, into: usize, from: usize): void {
    sketch.merge(part, precisionOf(part), into, from);
  }
  lower(row: usize, part: Part): f64 {
    return sketch.count(stateOf(row, part), precisionOf(part));
  }
}

export function maxBlockBytes(part: Part): f64 {
  return sketch.maxBlockBytes(precisionOf(part));
}

export function identity(part: Part, row: usize): void {
  identityHeap(part, row);
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  const offset = part.state;
  const values = part.column + at;
  const precision = precisionOf(part);
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    if (value == value) sketch.lift(part, precision, <usize>load<u32>(rows + (i << 2)) + offset, value);
  }
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineHeap<Distinct>(part, into, left, right, n);
}

export function drop(part: Part, row: usize): void {
  dropHeap(part, row);
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<Distinct>(part, rows, out, n);
}

export function insert(part: Part, state: usize, value: f64, _time: f64): void {
  counted.insert(part, state, value, 0);
}

export function retract(part: Part, state: usize, value: f64, _time: f64): void {
  counted.retract(part, state, value);
}
