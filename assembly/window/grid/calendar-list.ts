/**
 * The listed windows of a calendar window. Their edges depend on time zones, which only the bindings know:
 * bindings/engine/calendar-edges.ts lists windows here before each batch.
 *
 * Every window that can hold an event of the batch is listed, and one more on each side. Between two listed windows
 * there may be others that are not; they hold no events.
 *
 * Law: from one entry to the next, number, start and end never decrease. Every window that has an event and is not
 * closed is listed, and so are the windows that hold a time of such a window.
 *
 * Cost: entries are linked, and a tree finds them in logarithmic time; constant time for the entry last found.
 */

import { allocate, release, reserve } from '../../base/allocator';
import {
  destroyTree,
  insertInTree,
  PointerTree,
  pointerIn,
  removeFromTree,
  treeBytes,
  upperBoundOf,
} from '../../base/pointer-tree';
import { BLOCK_OVERHEAD } from '../../state/bounds';
import { headroom, Stream } from '../../stream';
import { Window } from '../../window';

/** An entry: number, start and end of a window, and the next entry, 0 if there is none. */
@unmanaged
class Listed {
  k: f64;
  start: f64;
  end: f64;
  next: usize;
}

/** Fields of an entry. */
export const K: usize = offsetof<Listed>('k');
export const START: usize = offsetof<Listed>('start');
export const END: usize = offsetof<Listed>('end');

/** The listed windows, and for each of the three fields the entry last found by it, 0 if there is none. */
@unmanaged
class List extends PointerTree {
  byK: usize;
  byStart: usize;
  byEnd: usize;
}

function listOf(window: Window): List {
  return changetype<List>(<usize>window.edges);
}

function createList(stream: Stream): List {
  const list = allocate(stream, offsetof<List>());
  memory.fill(list, 0, offsetof<List>());
  return changetype<List>(list);
}

/** Releases the list. */
export function destroyList(stream: Stream, window: Window): void {
  if (!window.edges) return;
  const list = listOf(window);
  for (let i = 0; i < list.length; i++) release(stream, pointerIn(list, i));
  destroyTree(stream, list);
}

/** Address of the first entry, 0 if there is none. */
export function first(window: Window): usize {
  return window.edges && listOf(window).length ? pointerIn(listOf(window), 0) : 0;
}

/** Address of the last entry whose field is at most x, 0 if there is none. */
export function lastUpTo(window: Window, field: usize, x: f64): usize {
  if (!window.edges) return 0;
  const list = listOf(window);
  const found = changetype<usize>(list) + offsetof<List>('byK') + (field >> 3) * sizeof<usize>();
  const known = load<usize>(found);
  if (known && load<f64>(known + field) <= x) {
    const next = nextOf(known);
    if (!next || load<f64>(next + field) > x) return known;
  }
  const i = upperBoundOf(list, field, x) - 1;
  if (i < 0) return 0;
  store<usize>(found, pointerIn(list, i));
  return load<usize>(found);
}

/** Address of the next entry, 0 if there is none. */
export function nextOf(entry: usize): usize {
  return changetype<Listed>(entry).next;
}

/** Whether window k is listed. */
export function isListed(window: Window, k: f64): bool {
  const entry = lastUpTo(window, K, k);
  return entry && load<f64>(entry, K) == k;
}

/** Whether n more windows can be listed: reserves memory for them. */
export function reserveEntries(stream: Stream, window: Window, n: f64): bool {
  if (!window.edges) {
    if (!reserveWithin(stream, <f64>offsetof<List>() + BLOCK_OVERHEAD)) return false;
    window.edges = <u32>changetype<usize>(createList(stream));
  }
  return reserveWithin(stream, n * (<f64>offsetof<Listed>() + BLOCK_OVERHEAD) + treeBytes(listOf(window), n));
}

function reserveWithin(stream: Stream, bytes: f64): bool {
  return bytes <= headroom(stream) && reserve(<usize>bytes);
}

/** Lists window k, for which memory is reserved. */
export function list(stream: Stream, window: Window, k: f64, start: f64, end: f64): void {
  const list = listOf(window);
  const i = upperBoundOf(list, K, k);
  const listed = changetype<Listed>(allocate(stream, offsetof<Listed>()));
  listed.k = k;
  listed.start = start;
  listed.end = end;
  listed.next = i < list.length ? pointerIn(list, i) : 0;
  if (i) changetype<Listed>(pointerIn(list, i - 1)).next = changetype<usize>(listed);
  insertInTree(stream, list, i, changetype<usize>(listed));
}

/**
 * Removes the windows that are closed and hold no time of an open window, but for the last of them. Returns whether
 * there were any.
 */
export function removeClosed(stream: Stream, window: Window): bool {
  let entry = first(window);
  const closed = stream.watermark - stream.allowedLateness;
  if (!isOver(entry, closed)) return false;
  const open = nextOf(lastUpTo(window, END, closed));
  const until = open ? min(closed, load<f64>(open, START)) : closed;
  if (!isOver(entry, until)) return false;
  const list = listOf(window);
  for (; isOver(entry, until); entry = first(window)) release(stream, removeFromTree(stream, list, 0));
  list.byK = 0;
  list.byStart = 0;
  list.byEnd = 0;
  return true;
}

/** Whether the entry after this one ends at time t or before. */
function isOver(entry: usize, t: f64): bool {
  const next = entry ? nextOf(entry) : 0;
  return next && load<f64>(next, END) <= t;
}
