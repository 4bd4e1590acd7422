/**
 * The values themselves, ordered by time. Without parameters all values are kept. Otherwise the first parameter is
 * unused, and the second is the maximum number of values: the earliest are kept.
 */

import { Part } from '../part';
import { putList } from '../result/outbox';
import * as sketch from '../sketch/timed-list';
import { streamOf } from '../stream';
import { neededState } from './shared/kernel';

export enum needs {
  samples,
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  const stream = streamOf(part);
  const limit = part.parameterCount ? <u32>part.parameter(1) : u32.MAX_VALUE;
  for (let i: usize = 0; i < <usize>n; i++) {
    const state = neededState(load<u32>(rows + (i << 2)), part, needs.samples);
    // In a rolling frame the state has all samples, whatever the limit.
    const length = min(sketch.lengthOf(state), limit);
    const values = putList(stream, out + (i << 3), length);
    const first = sketch.firstOf(state);
    for (let j: usize = 0; j < <usize>length; j++) store<f64>(values + (j << 3), load<f64>(first + (j << 4), 8));
  }
}
