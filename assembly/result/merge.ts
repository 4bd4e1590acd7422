/** Merges the packed rows that several workers sent for one window (pack.ts), and lowers the whole. */

import { capacity } from '../base/allocator';
import { byClock } from '../cause';
import { Firing } from '../plan';
import * as box from '../sketch/shared/box';
import { combineRows, listRow, resetRow } from '../state/rows';
import { copyState, Stream } from '../stream';
import { putOutputs } from './lower';
import { openResults, putHead } from './outbox';
import { blockIn } from './pack';

/**
 * Adds one result to the outbox: the combination of n packed rows, which stand one after the other from `packed` on.
 */
export function putMerged(stream: Stream, packed: usize, n: i32, start: f64, end: f64, window: i32): void {
  const whole = stream.scratch.temporary;
  const other = whole + stream.stride;
  resetRow(stream, whole);
  for (let i = 0; i < n; i++) {
    packed = unpackRow(stream, packed, other);
    listRow(stream, 0, whole, whole, other);
    combineRows(stream, stream.parts, 1);
    resetRow(stream, other);
  }
  store<u32>(stream.scratch.pair, <u32>whole);
  const from = openResults(stream, 1);
  putHead(stream, from, start, end, 0, window, Firing.onTime | Firing.final, byClock(0), whole);
  putOutputs(stream, stream.scratch.pair, from, 1);
  resetRow(stream, whole);
}

/** Unpacks a row, with blocks of its own, into `row`. Returns the address of the next packed row. */
function unpackRow(stream: Stream, packed: usize, row: usize): usize {
  copyState(row, packed, stream.stride);
  let at = packed + stream.stride;
  const parts = stream.heapParts;
  for (let part = parts.first; part != parts.end; part = part.next) {
    if (!blockIn(part, row)) continue;
    const size = <usize>load<f64>(at);
    const block = box.allocateFor(part, size);
    assert(capacity(block) == size);
    copyState(block, at + 8, size);
    box.setBlock(row + part.state, block);
    at += 8 + size;
  }
  return at;
}
