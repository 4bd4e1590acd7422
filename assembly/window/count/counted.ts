/**
 * Windows of so many events of a key that start every so many, in order of arrival: number k holds its events k every … k every + size - 1,
 * and fires when it is full. Time plays no part: no event is late; with every greater than size some are skipped.
 *
 * Events are folded into panes that no window cuts, as long as the greatest common divisor of size and every; full ones join the queue
 * of their key. Bounds of a window are its least and its greatest event time.
 */

import { allocate } from '../../base/allocator';
import { createHeap, destroyHeap, Heap, heapBytes, popItem, pushItem, topItem } from '../../base/priority-queue';
import { miss } from '../../ingest/admission';
import { moveClock } from '../../ingest/clock';
import { Ring } from '../../ingest/ring';
import { WindowPlan } from '../../plan';
import { addHeap, dropRow, foldRows, resetRow } from '../../state/rows';
import { byEvent, Stream, windowAt } from '../../stream';
import { createEvent, Event, rowOf } from '../keyed/reorder';
import {
  add,
  clear,
  combinationOf,
  endQueues,
  eventAt,
  evict,
  initQueues,
  isEmpty,
  listCombination,
  listResult,
  nextRow,
  openQueue,
  PaneQueues,
  putListed,
  Queue,
  queueOf,
  queuesBytes,
  runListed,
  widenQueues,
} from './pane-queue';

@unmanaged
class Counted extends PaneQueues {
  size: f64;
  every: f64;
  /** Events of a pane. */
  pane: f64;
  sorter: Heap;
}

export function create(stream: Stream, w: i32): usize {
  const counted = changetype<Counted>(allocate(stream, offsetof<Counted>()));
  memory.fill(changetype<usize>(counted), 0, offsetof<Counted>());
  const window = windowAt(stream, w);
  initQueues(stream, counted, window, w);
  counted.size = load<f64>(window, WindowPlan.size);
  counted.every = load<f64>(window, WindowPlan.every);
  counted.pane = counted.every > counted.size ? counted.size : divisor(counted.size, counted.every);
  counted.sorter = createHeap(stream);
  return changetype<usize>(counted);
}

function divisor(a: f64, b: f64): f64 {
  while (b > 0) {
    const rest = a - floor(a / b) * b;
    a = b;
    b = rest;
  }
  return a;
}

export function destroy(stream: Stream, counted: Counted): void {
  dropOpen(stream, counted);
  destroyHeap(stream, counted.sorter);
  endQueues(stream, counted);
}

/** Panes that are not full join their queues. */
function dropOpen(stream: Stream, counted: Counted): void {
  for (let id: u32 = 0; id < counted.queueCount; id++) {
    const queue = queueOf(counted, id);
    if (!queue || !queue.waiting) continue;
    add(stream, counted, queue, changetype<Event>(<usize>queue.waiting));
    queue.waiting = 0;
  }
  runListed(stream, counted);
}

export function take(stream: Stream, counted: Counted, at: i32, n: i32): void {
  const ring = changetype<Ring>(stream.ring);
  const times = ring.times + ((<usize>at) << 3);
  const ids = ring.ids + ((<usize>at) << 2);
  let first = changetype<Event>(0);
  let last = first;
  widenQueues(stream, counted);
  for (let i = 0; i < n; i++) {
    const t = load<f64>(times + ((<usize>i) << 3));
    const place = stream.rows + ((<usize>i) << 2);
    store<u32>(place, <u32>stream.trash);
    if (!moveClock(stream, t, i)) continue;
    const id = load<u32>(ids + ((<usize>i) << 2));
    const queue = openQueue(stream, counted, id);
    const number = queue.count++;
    if (number - floor(number / counted.every) * counted.every >= counted.size) {
      miss(stream, i, false);
      continue;
    }
    let pane = changetype<Event>(<usize>queue.waiting);
    if (!pane) {
      pane = createEvent(stream, counted.reorder, id, t);
      store<f64>(rowOf(pane), 0);
      pane.note = t;
      queue.waiting = <u32>changetype<usize>(pane);
    }
    pane.time = min(pane.time, t);
    pane.note = max(pane.note, t);
    const row = rowOf(pane);
    const count = load<f64>(row) + 1;
    store<f64>(row, count);
    store<u32>(place, <u32>row);
    if (count < counted.pane) continue;
    queue.waiting = 0;
    pane.previous = i;
    if (last) last.next = <u32>changetype<usize>(pane);
    else first = pane;
    last = pane;
  }
  foldRows(stream, stream.rows, at, n);
  for (let pane = first; pane; ) {
    const next = changetype<Event>(<usize>pane.next);
    stream.cause = byEvent(pane.previous);
    close(stream, counted, pane);
    pane = next;
  }
  putListed(stream, counted);
}

/** A pane is full: it joins its queue, and a window fires if it is full with it. */
function close(stream: Stream, counted: Counted, pane: Event): void {
  const queue = queueOf(counted, pane.id);
  add(stream, counted, queue, pane);
  queue.panes += 1;
  while (<f64>(queue.tail - queue.head) * counted.pane > counted.size) evict(stream, counted, queue);
  const beyond = queue.panes * counted.pane - counted.size;
  const fires =
    counted.every >= counted.size || (beyond >= 0 && beyond - floor(beyond / counted.every) * counted.every == 0);
  if (!fires) return;
  const row = combinationOf(stream, counted, queue, nextRow(stream, counted));
  listResult(stream, counted, row, pane.id, leastOf(queue), greatestOf(queue));
  if (counted.every >= counted.size) evict(stream, counted, queue);
}

function leastOf(queue: Queue): f64 {
  const front = queue.head == queue.split ? Infinity : eventAt(queue, queue.head).time;
  return queue.filled ? min(front, queue.least) : front;
}

function greatestOf(queue: Queue): f64 {
  const front = queue.head == queue.split ? -Infinity : eventAt(queue, queue.head).note;
  return queue.filled ? max(front, queue.greatest) : front;
}

export function advance(stream: Stream, counted: Counted, watermark: f64): void {
  if (watermark > stream.watermark) stream.watermark = watermark;
  if (watermark == Infinity) finish(stream, counted);
}

/** End of the stream: every window that has begun fires, in the order in which they began. */
function finish(stream: Stream, counted: Counted): void {
  for (let id: u32 = 0; id < counted.queueCount; id++) {
    const queue = queueOf(counted, id);
    if (!queue) continue;
    const k = firstOpen(counted, queue);
    if (queue.waiting) {
      add(stream, counted, queue, changetype<Event>(<usize>queue.waiting));
      queue.waiting = 0;
      queue.panes += 1;
    }
    listOpen(stream, counted, queue, k);
  }
  while (counted.sorter.length) {
    const queue = changetype<Queue>(topItem(counted.sorter));
    popItem(stream, counted.sorter);
    const row = combinationOf(stream, counted, queue, nextRow(stream, counted));
    listResult(stream, counted, row, queue.id, leastOf(queue), greatestOf(queue));
    listOpen(stream, counted, queue, queue.next + 1);
  }
  putListed(stream, counted);
  clear(stream, counted);
}

/** Window k of a key comes into the order in which they began, if it did; the queue then holds just what it holds. */
function listOpen(stream: Stream, counted: Counted, queue: Queue, k: f64): void {
  evictBefore(stream, counted, queue, k);
  if (isEmpty(queue)) return;
  queue.next = k;
  pushItem(stream, counted.sorter, 0, eventAt(queue, queue.head).serial, changetype<usize>(queue));
}

/** The first window of a key that is not full. */
function firstOpen(counted: Counted, queue: Queue): f64 {
  if (queue.count < counted.size) return 0;
  return floor((queue.count - counted.size) / counted.every) + 1;
}

/** Lets go of the panes before window k; the rest is what it holds so far. */
function evictBefore(stream: Stream, counted: Counted, queue: Queue, k: f64): void {
  const from = counted.every > counted.size ? k : (k * counted.every) / counted.pane;
  while (!isEmpty(queue) && queue.panes - <f64>(queue.tail - queue.head) < from) evict(stream, counted, queue);
}

export function demand(stream: Stream, counted: Counted, n: f64): f64 {
  return queuesBytes(stream, counted, n) + heapBytes(counted.sorter, <f64>counted.live + n);
}

/** Results that n events can give; all windows that are open where the stream ends. */
export function due(_stream: Stream, counted: Counted, n: f64, watermark: f64): f64 {
  const open = watermark == Infinity ? ceil(counted.size / counted.every) * (<f64>counted.live + n) : 0;
  return n / min(counted.every, counted.size) + 1 + open;
}

export function copies(_stream: Stream, counted: Counted, _n: f64): f64 {
  return ceil(counted.size / counted.every);
}

export function earliest(_stream: Stream, counted: Counted): f64 {
  let first = Infinity;
  for (let id: u32 = 0; id < counted.queueCount; id++) {
    const queue = queueOf(counted, id);
    if (!queue) continue;
    if (!isEmpty(queue)) first = min(first, leastOf(queue));
    if (queue.waiting) first = min(first, changetype<Event>(<usize>queue.waiting).time);
  }
  return first;
}

export function live(_stream: Stream, counted: Counted): f64 {
  return counted.live;
}

/** Over the events of the first window of a key that is not full. */
export function query(stream: Stream, counted: Counted, id: u32, _t: f64): usize {
  const queue = id < counted.queueCount ? queueOf(counted, id) : changetype<Queue>(0);
  const value = stream.temporary;
  resetRow(stream, value);
  stream.askedStart = NaN;
  stream.askedEnd = NaN;
  if (!queue) return value;
  evictBefore(stream, counted, queue, firstOpen(counted, queue));
  let least = isEmpty(queue) ? Infinity : leastOf(queue);
  let greatest = isEmpty(queue) ? -Infinity : greatestOf(queue);
  const other = stream.temporary + stream.stride;
  const row = combinationOf(stream, counted, queue, other);
  const pane = changetype<Event>(<usize>queue.waiting);
  listCombination(stream, counted, value, row, pane ? rowOf(pane) : stream.empty);
  addHeap(stream, value, row);
  if (pane) addHeap(stream, value, rowOf(pane));
  dropRow(stream, other);
  putListed(stream, counted);
  if (pane) {
    least = min(least, pane.time);
    greatest = max(greatest, pane.note);
  }
  if (least <= greatest) {
    stream.askedStart = least;
    stream.askedEnd = greatest;
  }
  return value;
}
