/**
 * Queries: the present value of a key in every window of the plan, without firing anything.
 *
 *     answer    for each window of the plan:  0 start: f64 │ 8 end: f64 │ 16 outputs: f64 each
 *
 * Law: a query changes no result. It may rewrite scratch rows, and a rolling store may flip its stacks.
 */

import { allocate } from './base/allocator';
import { lowerRow } from './result/lower';
import { Outbox } from './result/outbox';
import { CHUNK_ROWS } from './scratch';
import { dropRow } from './state/rows';
import { Bounds, storeAt } from './store';
import { Stream, windowAt } from './stream';

/** Bytes of an answer for one window. */
function answerBytes(stream: Stream): usize {
  return offsetof<Bounds>() + ((<usize>stream.outputCount) << 3);
}

/** Allocates room for the answers of all windows. */
export function createAnswers(stream: Stream): usize {
  return allocate(stream, <usize>stream.windowCount * answerBytes(stream));
}

/**
 * Writes the answer for a key at time t and returns its address, valid until the next call. An id that no key has gets
 * the answer of no events.
 */
export function query(stream: Stream, id: u32, t: f64): usize {
  const outbox = changetype<Outbox>(stream.outbox);
  const lists = outbox.listLength;
  const rows = stream.scratch.chunkRows;
  for (let w = 0; w < stream.windowCount; w++) {
    const at = stream.answers + <usize>w * answerBytes(stream);
    const bounds = changetype<Bounds>(at);
    const row = storeAt(stream, windowAt(stream, w).store).query(stream, w, id, t, bounds);
    // Before the first event there are no windows.
    if (t == -Infinity) {
      bounds.start = NaN;
      bounds.end = NaN;
    }
    store<u32>(rows, <u32>row);
    lowerRow(stream, rows, at + offsetof<Bounds>());
    const temporary = stream.scratch.temporary;
    if (row >= temporary && row < temporary + <usize>CHUNK_ROWS * stream.stride) dropRow(stream, row);
  }
  // The numbers of lists stay in the outbox until the next call overwrites them.
  outbox.listLength = lists;
  return stream.answers;
}
