/**
 * The present row of a key in windows that share slices: the oldest window that has not ended answers, as it reaches
 * back furthest. Its row is combined from the two stacks and the open slices.
 */

import { lowerBoundOf } from '../../base/pointer-tree';
import { combineListed, combineRows, listRow, resetRow } from '../../state/rows';
import { Bounds } from '../../store';
import { Stream } from '../../stream';
import * as edges from './edges';
import * as pane from './panes';
import { Pane } from './panes';
import { firstEndingAfter, rowIn, Slice, Slicing, sliceAt } from './slices';
import { flippedTo, frontOf, Stacks } from './two-stacks';

/**
 * The row of a key in the oldest window open at time t, of those whose stacks these are; the empty row if there is
 * none. Sets the bounds of that window.
 */
export function lookUp(stream: Stream, grid: Slicing, stacks: Stacks, id: u32, t: f64, bounds: Bounds): usize {
  const k = edges.oldest(stacks.window, t);
  if (!edges.setBounds(stacks.window, k, t, bounds)) return stream.empty;
  const value = stream.scratch.temporary;
  resetRow(stream, value);
  addSealed(stream, stacks, k, id, value, bounds);
  for (let i = firstEndingAfter(grid.slices, bounds.start); i < grid.slices.length; i++) {
    const slice = sliceAt(grid.slices, i);
    if (slice.end > bounds.end) break;
    addSlice(stream, value, slice, id);
  }
  return value;
}

/** value ⊕= the rows of a key in the sealed slices of window k. */
function addSealed(stream: Stream, stacks: Stacks, k: f64, id: u32, value: usize, bounds: Bounds): void {
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
    const first = lowerBoundOf(stacks.panes, offsetof<Pane>('start'), bounds.start);
    const last = stacks.panes.length;
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
      combineListed(stream, stream.heapParts, 1);
    }
  }
  if (stacks.gathered) {
    const gathered = changetype<Slice>(stacks.gathered);
    if (gathered.start >= bounds.start && gathered.end <= bounds.end) addSlice(stream, value, gathered, id);
  }
}

/**
 * The first flipped row of a key in pane number `first` or later, 0 if there is none: its front, unless an earlier pane
 * has a row.
 */
function flippedRow(stream: Stream, stacks: Stacks, first: i32, id: u32): usize {
  let earlier = false;
  for (let i = 0; i < first && !earlier; i++) earlier = pane.rowIn(stream, pane.paneAt(stacks.panes, i), id) != 0;
  if (!earlier) return frontOf(stacks, id);
  for (let i = first; i < stacks.panes.length; i++) {
    const at = pane.paneAt(stacks.panes, i);
    if (at.start >= flippedTo(stacks, id >> 6)) return 0;
    const row = pane.rowIn(stream, at, id);
    if (row) return row;
  }
  return 0;
}

/** value ⊕= the row of a key in a slice. */
function addSlice(stream: Stream, value: usize, slice: Slice, id: u32): void {
  const row = rowIn(stream, slice, id);
  if (row) add(stream, value, row);
}

/** value ⊕= a row, except for heap states, which `addSealed` takes from the panes. */
function addInline(stream: Stream, value: usize, row: usize): void {
  listRow(stream, 0, value, value, row);
  combineRows(stream, stream.inlineParts, 1);
}

function add(stream: Stream, value: usize, row: usize): void {
  listRow(stream, 0, value, value, row);
  combineRows(stream, stream.parts, 1);
}
