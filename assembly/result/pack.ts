/**
 * Results that are parts of a whole: where the events of a stream are spread over several workers, whatever their keys, each gives out the rows
 * of its windows as they are, and one place merges those of one window and lowers what comes of it.
 *
 * Such a result is one list of numbers, a row with the blocks that its states own, which name no address (sketch/box.ts):
 *
 *     the row │ for each state that owns a block, in order of the parts: bytes: f64 │ the block
 */

import { capacity } from '../base/allocator';
import { PartPlan } from '../plan';
import * as box from '../sketch/shared/box';
import { copyState, Stream } from '../stream';
import { putList } from './outbox';

/** What is known of the only output of such a stream before there is one: how many numbers it can have. */
export function planPacked(stream: Stream): void {
  stream.outputCount = 1;
  stream.listLimit = <f64>(stream.stride >> 3);
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    if (!load<u32>(part, PartPlan.drop)) continue;
    const most = call_indirect<f64>(load<u32>(part, PartPlan.block), part) / 8 + 1;
    // What leaps does not grow with what was held before.
    if (load<u32>(part, PartPlan.leap)) stream.listLimit += most;
    else stream.heapListLimit += most;
    stream.heapLists = 1;
  }
}

/** The lists of n rows, in a column. */
export function packRows(stream: Stream, rows: usize, column: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n; i++) packRow(stream, load<u32>(rows + (i << 2)), column + (i << 3));
}

function packRow(stream: Stream, row: usize, cell: usize): void {
  let bytes = stream.stride;
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const block = blockIn(part, row);
    if (block) bytes += 8 + capacity(block);
  }
  let at = putList(stream, cell, <u32>(bytes >> 3));
  copyState(at, row, stream.stride);
  at += stream.stride;
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    const block = blockIn(part, row);
    if (!block) continue;
    const size = capacity(block);
    store<f64>(at, <f64>size);
    copyState(at + 8, block, size);
    at += 8 + size;
  }
}

/** The block of a part's state in a row, 0 where there is none. */
export function blockIn(part: usize, row: usize): usize {
  if (!load<u32>(part, PartPlan.drop)) return 0;
  const state = row + <usize>load<u32>(part, PartPlan.state);
  return box.isBlock(state) ? box.blockOf(state) : 0;
}
