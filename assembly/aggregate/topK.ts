/**
 * The k most frequent values with their counts: see sketch/counters.ts, and sketch/evicting/value-counts.ts for rolling
 * frames. Parameters: k, and the greatest number of counters.
 */

import { PartPlan } from '../plan';
import { putList } from '../result/outbox';
import * as sketch from '../sketch/counters';
import * as counted from '../sketch/evicting/value-counts';
import * as box from '../sketch/shared/box';
import { Stream } from '../stream';
import { combineHeap, dropHeap, foldHeap, identityHeap, stateOf } from './shared/kernel';

export const size: i32 = box.STATE_BYTES;

function capacityOf(part: usize): u32 {
  return <u32>box.parameter(part, 1);
}

class TopK {
  lift(part: usize, state: usize, value: f64): void {
    sketch.lift(part, capacityOf(part), state, value);
  }
  merge(part: usize, into: usize, from: usize): void {
    sketch.merge(part, capacityOf(part), into, from);
  }
}

export function maxBlockBytes(part: usize): f64 {
  return sketch.maxBlockBytes(capacityOf(part));
}

export function identity(part: usize, row: usize): void {
  identityHeap(part, row);
}

export function fold(part: usize, rows: usize, at: usize, n: i32): void {
  foldHeap<TopK>(part, rows, at, n);
}

export function combine(part: usize, into: usize, left: usize, right: usize, n: i32): void {
  combineHeap<TopK>(part, into, left, right, n);
}

export function drop(part: usize, row: usize): void {
  dropHeap(part, row);
}

/** Writes a list for each row: value, count and error of each of the k values. */
export function lower(part: usize, rows: usize, out: usize, n: i32): void {
  const stream = changetype<Stream>(<usize>load<u32>(part, PartPlan.stream));
  for (let i: usize = 0; i < <usize>n; i++) {
    const state = stateOf(load<u32>(rows + (i << 2)), part);
    const k = min(<u32>box.parameter(part, 0), sketch.lengthOf(state));
    sketch.top(state, putList(stream, out + (i << 3), 3 * k), k);
  }
}

export function insert(part: usize, state: usize, value: f64, _time: f64): void {
  counted.insert(part, state, value, 1);
}

export function retract(part: usize, state: usize, value: f64, _time: f64): void {
  counted.retract(part, state, value);
}
