/**
 * A sketch of the values, for quantiles within a relative error: see sketch/ddsketch.ts, and sketch/list.ts for rolling
 * frames. Parameters: the accuracy, and the scale that follows from it.
 */

import { Part } from '../part';
import * as sketch from '../sketch/ddsketch';
import * as list from '../sketch/list';
import * as box from '../sketch/shared/box';
import { combineHeap, dropHeap, identityHeap } from './shared/kernel';

export const size: i32 = box.STATE_BYTES;

/** The most bytes by which one value can make a block grow beyond twice its size. */
export const maxLeapBytes: i32 = sketch.MAX_RUN_BYTES;

export function maxBlockBytes(_part: Part): f64 {
  return <f64>sketch.MAX_BLOCK_BYTES;
}

class QuantileSketch {
  merge(part: Part, into: usize, from: usize): void {
    sketch.merge(part, part.parameter(1), into, from);
  }
}

export function identity(part: Part, row: usize): void {
  identityHeap(part, row);
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  const offset = part.state;
  const values = part.column + at;
  const scale = part.parameter(1);
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    if (value != value) continue;
    const state = <usize>load<u32>(rows + (i << 2)) + offset;
    const bits = reinterpret<u64>(value);
    if (box.isBlock(state) && sketch.hasBin(bits)) {
      const block = box.blockOf(state);
      const sign = <usize>(bits >> 63);
      const run = block + (sign << 3);
      if (box.isMarked(block, box.Mark.binned)) {
        const place = <u32>(sketch.binOf(bits, scale) - load<i32>(run, sketch.RUNS));
        if (place < load<u32>(run, sketch.BINS)) {
          const before = <usize>load<u32>(block, sketch.BINS) & -sign;
          const count = block + ((before + <usize>place) << 3);
          store<f64>(count, load<f64>(count, sketch.COUNTS) + 1, sketch.COUNTS);
          continue;
        }
      }
    }
    sketch.lift(part, scale, state, value);
  }
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineHeap<QuantileSketch>(part, into, left, right, n);
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
