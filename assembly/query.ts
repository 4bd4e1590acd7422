/**
 * Queries: the present value of a key in every window of the plan, without firing anything. Of the windows on one grid,
 * the oldest that has not ended answers, as it reaches back furthest; its row is combined from the two stacks and the
 * open slices.
 *
 *     answer    for each window of the plan:  0 start: f64 │ 8 end: f64 │ 16 outputs: f64 each
 *
 * Law: a query changes no result. It may rewrite scratch rows, and a rolling store may flip its stacks.
 */

import { WindowPlan } from './plan';
import { lowerRow } from './result/lower';
import { Outbox } from './result/outbox';
import { CHUNK_ROWS } from './scratch';
import { combineHeap, combineInline, combineRows, dropRow, listRow, resetRow } from './state/rows';
import { Stream, storeAt, windowAt } from './stream';
import * as edges from './window/grid/edges';
import * as pane from './window/grid/panes';
import { Slice, Slices, sliceAt } from './window/grid/slices';
import { triggeredRow } from './window/grid/triggered';
import { flippedTo, frontOf, Stacks, stacksAt } from './window/grid/two-stacks';

/** Bytes of an answer for one window. */
function answerBytes(stream: Stream): usize {
  return 16 + ((<usize>stream.outputCount) << 3);
}

/**
 * Writes the answer for a key at time t and returns its address, valid until the next call. An id that no key has gets
 * the answer of no events.
 */
export function query(stream: Stream, id: u32, t: f64): usize {
  const outbox = changetype<Outbox>(stream.outbox);
  const lists = outbox.listLength;
  for (let w = 0; w < stream.windowCount; w++) {
    const at = stream.answers + <usize>w * answerBytes(stream);
    let row: usize;
    if (w < stream.gridCount) {
      row = gridRow(stream, w, id, t);
    } else {
      row = call_indirect<usize>(load<u32>(windowAt(stream, w), WindowPlan.query), stream, storeAt(stream, w), id, t);
    }
    // Before the first event there are no windows.
    const hasEvents = t != -Infinity;
    store<f64>(at, hasEvents ? stream.askedStart : NaN);
    store<f64>(at, hasEvents ? stream.askedEnd : NaN, 8);
    store<u32>(stream.scratch.chunkRows, <u32>row);
    lowerRow(stream, stream.scratch.chunkRows, at + 16);
    if (row >= stream.scratch.temporary && row < stream.scratch.temporary + <usize>CHUNK_ROWS * stream.stride)
      dropRow(stream, row);
  }
  // The numbers of lists stay in the outbox until the next call overwrites them.
  outbox.listLength = lists;
  return stream.answers;
}

/**
 * The row of a key in the oldest open window of grid window w; the empty row if there is none. Sets the bounds asked
 * for.
 */
function gridRow(stream: Stream, w: i32, id: u32, t: f64): usize {
  const window = windowAt(stream, w);
  const k = edges.oldest(window, t);
  const covered = k <= edges.newest(window, t);
  stream.askedStart = covered ? edges.start(window, k) : NaN;
  stream.askedEnd = covered ? edges.end(window, k) : NaN;
  if (!covered) return stream.empty;
  if (stream.eager) {
    const row = triggeredRow(stream, w, k, id);
    return row ? row : stream.empty;
  }
  const value = stream.scratch.temporary;
  resetRow(stream, value);
  addSealed(stream, stacksAt(stream, w), k, id, value);
  const slices = changetype<Slices>(stream.slices);
  for (let i = 0; i < slices.length; i++) {
    const slice = sliceAt(slices, i);
    if (slice.start >= stream.askedStart && slice.end <= stream.askedEnd) addSlice(stream, value, slice, id);
  }
  return value;
}

/** value ⊕= the rows of a key in the sealed slices of window k. */
function addSealed(stream: Stream, stacks: Stacks, k: f64, id: u32, value: usize): void {
  const b = id >> 6;
  if (b < stacks.blocks) {
    const block = <usize>load<u32>(stacks.back + ((<usize>b) << 2));
    const back = block + <usize>(id & 63) * stream.stride;
    const hasBack = block && load<f64>(back) != 0;
    if (!stacks.overlaps) {
      // `back` belongs to the window that fires next; it may still hold rows of a window that is about to be skipped.
      if (hasBack && edges.newest(stacks.window, stacks.backStart) == k) add(stream, value, back);
      return;
    }
    const start = stream.askedStart;
    const first = firstPane(stacks, start);
    const last = stacks.panes.count;
    if (first < last && pane.paneAt(stacks.panes, first).start < flippedTo(stacks, b)) {
      const row = flippedRow(stream, stacks, first, id);
      if (row) addInline(stream, value, row);
      if (hasBack) addInline(stream, value, back);
    } else if (first == 0 || pane.paneAt(stacks.panes, first - 1).start < flippedTo(stacks, b)) {
      if (hasBack) addInline(stream, value, back);
    } else {
      for (let i = first; i < last; i++) {
        const row = pane.rowIn(stream, pane.paneAt(stacks.panes, i), id);
        if (row) addInline(stream, value, row);
      }
    }
    for (let i = first; stream.hasHeapStates && i < last; i++) {
      const row = pane.rowIn(stream, pane.paneAt(stacks.panes, i), id);
      if (!row) continue;
      listRow(stream, 0, value, value, row);
      combineHeap(stream, 1);
    }
  }
  if (stacks.gathered) {
    const gathered = changetype<Slice>(stacks.gathered);
    if (gathered.start >= stream.askedStart && gathered.end <= stream.askedEnd) addSlice(stream, value, gathered, id);
  }
}

/** Position of the first pane that starts at or after a time. */
function firstPane(stacks: Stacks, start: f64): i32 {
  let low = 0;
  let high = stacks.panes.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pane.paneAt(stacks.panes, middle).start >= start) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The first flipped row of a key in pane number `first` or later, 0 if there is none: its front, unless an earlier pane
 * has a row.
 */
function flippedRow(stream: Stream, stacks: Stacks, first: i32, id: u32): usize {
  let earlier = false;
  for (let i = 0; i < first && !earlier; i++) earlier = pane.rowIn(stream, pane.paneAt(stacks.panes, i), id) != 0;
  if (!earlier) return frontOf(stacks, id);
  for (let i = first; i < stacks.panes.count; i++) {
    const at = pane.paneAt(stacks.panes, i);
    if (at.start >= flippedTo(stacks, id >> 6)) return 0;
    const row = pane.rowIn(stream, at, id);
    if (row) return row;
  }
  return 0;
}

/** value ⊕= the row of a key in a slice. */
function addSlice(stream: Stream, value: usize, slice: Slice, id: u32): void {
  const b = id >> 6;
  const block = b < slice.blocks ? <usize>load<u32>(slice.table + ((<usize>b) << 2)) : 0;
  if (!block) return;
  const row = block + <usize>(id & 63) * stream.stride;
  if (load<f64>(row) != 0) add(stream, value, row);
}

/** value ⊕= a row, except for heap states, which `addSealed` takes from the panes. */
function addInline(stream: Stream, value: usize, row: usize): void {
  listRow(stream, 0, value, value, row);
  combineInline(stream, 1);
}

function add(stream: Stream, value: usize, row: usize): void {
  listRow(stream, 0, value, value, row);
  combineRows(stream, 1);
}
