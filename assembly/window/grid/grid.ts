/**
 * What the two stores of windows on a grid share: slicing.ts, where all windows share the rows of slices, and
 * triggered.ts, where each window has rows of its own. Either holds all windows on a grid of a stream, which are the
 * first of the plan.
 */

import { allocate, release } from '../../base/allocator';
import { WindowPlan } from '../../plan';
import { Stream, windowAt } from '../../stream';
import { Window } from '../../window';
import { destroyList } from './calendar-list';
import * as edges from './edges';

@unmanaged
export class Grid {
  /** The record of its first window; those of the others follow. */
  windows: usize;
  /** Number of the first window in the plan. */
  first: i32;
  count: i32;
}

/** Allocates a store of `bytes` bytes for `count` windows from number `first` on. All its other fields are 0. */
export function createGrid(stream: Stream, bytes: usize, first: i32, count: i32): Grid {
  const grid = changetype<Grid>(allocate(stream, bytes));
  memory.fill(changetype<usize>(grid), 0, bytes);
  grid.windows = changetype<usize>(windowAt(stream, first));
  grid.first = first;
  grid.count = count;
  return grid;
}

/** Releases the store and the lists of its calendar windows. */
export function releaseGrid(stream: Stream, grid: Grid): void {
  for (let i = 0; i < grid.count; i++) destroyList(stream, windowIn(grid, i));
  release(stream, changetype<usize>(grid));
}

/** Window i of the store, which is window `grid.first + i` of the plan. */
export function windowIn(grid: Grid, i: i32): Window {
  return changetype<Window>(grid.windows + <usize>i * WindowPlan.bytes);
}

/** The greatest number of windows of one window of the plan that hold one time. */
export function cycleOf(window: Window): f64 {
  return ceil(window.size / window.every);
}

/**
 * Sets `stream.fireAt` to a newest time at which the watermark reaches `due`. It is rounded down, since additions
 * round: to check too early is harmless.
 */
export function fireWhen(stream: Stream, due: f64): void {
  due += stream.outOfOrder;
  stream.fireAt = due == Infinity ? due : due - abs(due) * f64.EPSILON * 4;
}

/**
 * Upper bound on the slices that n more events with times from `first` to `last` open. Where windows have rows of their
 * own, each of these stands for a cycle of windows.
 */
export function maxOpened(grid: Grid, n: f64, first: f64, last: f64): f64 {
  let edgeCount = 1.0;
  for (let i = 0; n > 0 && i < grid.count; i++) {
    edgeCount += 2 * (edges.newest(windowIn(grid, i), last) - edges.newest(windowIn(grid, i), first) + 2);
  }
  return min(n, edgeCount);
}

/**
 * Upper bound on the windows of one window of the plan that fire when events with times from `first` to `last` come,
 * and `pieces` slices, panes or windows are held: each lies in a cycle of windows, and only windows that end between
 * two positions of the watermark fire.
 */
export function maxFirings(stream: Stream, window: Window, pieces: f64, first: f64, last: f64): f64 {
  const fires = (pieces + 1) * cycleOf(window);
  const before = max(stream.watermark, (stream.newest == -Infinity ? first : stream.newest) - stream.outOfOrder);
  if (before == -Infinity) return fires;
  const watermark = max(stream.watermark, last - stream.outOfOrder);
  const due =
    watermark == Infinity
      ? edges.newest(window, max(stream.newest, first)) + 1
      : edges.oldestOpen(window, watermark, stream.delay);
  return min(fires, max(0, due - edges.oldestOpen(window, before, stream.delay)));
}
