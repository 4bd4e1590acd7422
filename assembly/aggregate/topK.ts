/**
 * The k most frequent values with their counts: see sketch/counters.ts, and sketch/evicting/value-counts.ts for rolling
 * frames. Parameters: k, and the greatest number of counters.
 */

import { Part } from '../part';
import { putList } from '../result/outbox';
import * as sketch from '../sketch/counters';
import * as counted from '../sketch/evicting/value-counts';
import * as box from '../sketch/shared/box';
import { streamOf } from '../stream';
import { combineHeap, dropHeap, foldHeap, identityHeap, stateOf } from './shared/kernel';

export const size: i32 = box.STATE_BYTES;

function capacityOf(part: Part): u32 {
  return <u32>part.parameter(1);
}

class TopK {
  lift(part: Part, state: usize, value: f64): void {
    sketch.lift(part, capacityOf(part), state, value);
  }
  merge(part: Part, into: usize, from: usize): void {
    sketch.merge(part, capacityOf(part), into, from);
  }
}

export function maxBlockBytes(part: Part): f64 {
  return sketch.maxBlockBytes(capacityOf(part));
}

export function identity(part: Part, row: usize): void {
  identityHeap(part, row);
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldHeap<TopK>(part, rows, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineHeap<TopK>(part, into, left, right, n);
}

export function drop(part: Part, row: usize): void {
  dropHeap(part, row);
}

/** Writes a list for each row: value, count and error of each of the k values. */
export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  const stream = streamOf(part);
  for (let i: usize = 0; i < <usize>n; i++) {
    const state = stateOf(load<u32>(rows + (i << 2)), part);
    const k = min(<u32>part.parameter(0), sketch.lengthOf(state));
    sketch.top(state, putList(stream, out + (i << 3), 3 * k), k);
  }
}

export function insert(part: Part, state: usize, value: f64, _time: f64): void {
  counted.insert(part, state, value, 1);
}

export function retract(part: Part, state: usize, value: f64, _time: f64): void {
  counted.retract(part, state, value);
}
