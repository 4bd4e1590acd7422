/**
 * How many values lie below the first edge, from each edge to below the next, and from the last edge on. Parameters:
 * the edges, in increasing order.
 *
 *     counts: f64 × (edges + 1)
 */

import { Part } from '../part';
import { putList } from '../result/outbox';
import { streamOf } from '../stream';
import { stateOf } from './shared/kernel';

export const size: i32 = 8;
export const parameterBytes: i32 = 8;

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  const offset = part.state;
  const values = part.column + at;
  const edges = part.parameters;
  const edgeBytes = (<usize>part.parameterCount) << 3;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    if (value != value) continue;
    // The first edge above the value is among the `left` bytes from `low` on, or just behind them.
    let low = edges;
    for (let left = edgeBytes; left; ) {
      const half = (left >> 1) & ~7;
      if (load<f64>(low + half) <= value) {
        low += half + 8;
        left -= half + 8;
      } else {
        left = half;
      }
    }
    const count = <usize>load<u32>(rows + (i << 2)) + offset + (low - edges);
    store<f64>(count, load<f64>(count) + 1);
  }
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  const offset = part.state;
  const bytes: usize = 8 + ((<usize>part.parameterCount) << 3);
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4) {
    const to = <usize>load<u32>(into + i) + offset;
    const a = <usize>load<u32>(left + i) + offset;
    const b = <usize>load<u32>(right + i) + offset;
    for (let at: usize = 0; at < bytes; at += 8) store<f64>(to + at, load<f64>(a + at) + load<f64>(b + at));
  }
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  const stream = streamOf(part);
  const bins = part.parameterCount + 1;
  for (let i: usize = 0; i < <usize>n; i++) {
    const counts = putList(stream, out + (i << 3), bins);
    memory.copy(counts, stateOf(load<u32>(rows + (i << 2)), part), (<usize>bins) << 3);
  }
}
