/**
 * Packed rows: results that are parts of a whole. If the events of a stream without keys are spread over several
 * workers, each worker emits the rows of its windows unlowered. One place then merges the rows of each window and
 * lowers the whole (merge.ts).
 *
 * A packed row is one list of numbers: the row and the blocks that its heap states own, which contain no addresses
 * (sketch/shared/box.ts).
 *
 *     the row │ for each state that owns a block, in order of the parts:  bytes: f64 │ the block
 */

import { capacity } from '../base/allocator';
import { Part } from '../part';
import * as box from '../sketch/shared/box';
import { copyState, Stream } from '../stream';
import { putList } from './outbox';

/** Plans the only output of such a stream: sets the bounds on the length of a packed row, in numbers of 8 bytes. */
export function planPacked(stream: Stream): void {
  stream.outputCount = 1;
  stream.listLimit = <f64>(stream.stride >> 3);
  const parts = stream.heapParts;
  for (let part = parts.first; part != parts.end; part = part.next) {
    const maxNumbers = part.blockLimit() / 8 + 1;
    // A block that can leap is not bounded by the bytes of the blocks it was merged from, so its greatest size counts.
    if (part.maxLeapBytes) stream.listLimit += maxNumbers;
    else stream.heapListLimit += maxNumbers;
    stream.heapLists = 1;
  }
}

/** Packs n listed rows into n cells of a column. */
export function packRows(stream: Stream, rows: usize, column: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n; i++) packRow(stream, load<u32>(rows + (i << 2)), column + (i << 3));
}

function packRow(stream: Stream, row: usize, cell: usize): void {
  const parts = stream.heapParts;
  let bytes = stream.stride;
  for (let part = parts.first; part != parts.end; part = part.next) {
    const block = blockIn(part, row);
    if (block) bytes += 8 + capacity(block);
  }
  let at = putList(stream, cell, <u32>(bytes >> 3));
  copyState(at, row, stream.stride);
  at += stream.stride;
  for (let part = parts.first; part != parts.end; part = part.next) {
    const block = blockIn(part, row);
    if (!block) continue;
    const size = capacity(block);
    store<f64>(at, <f64>size);
    copyState(at + 8, block, size);
    at += 8 + size;
  }
}

/** The block that the heap state of a part owns in a row, 0 if it owns none. */
export function blockIn(part: Part, row: usize): usize {
  const state = row + part.state;
  return box.isBlock(state) ? box.blockOf(state) : 0;
}
