/**
 * Overlapping or spaced windows of a fixed number of events, `hopping(rows(size), rows(every))`. Window k of a key
 * holds its events k * every … k * every + size - 1, in order of arrival, and fires when it is full. Time plays no
 * part: no event is late. With every > size the events between two windows are skipped. The bounds of a window are the
 * least and the greatest time of its events.
 *
 * Events are folded into panes that no window cuts: each has as many events as the greatest common divisor of size and
 * every, or size if every is greater. Full panes join the queue of their key (pane-queue.ts). So an event costs one
 * fold, and a pane a constant number of combinations.
 *
 * A pane is an `Event` of keyed/reorder.ts: `time` and `note` are the least and the greatest time of its events.
 */

import { allocate } from '../../base/allocator';
import { createHeap, destroyHeap, Heap, heapBytes, popItem, pushItem, topItem } from '../../base/priority-queue';
import { byClock, byEvent } from '../../cause';
import { Census } from '../../census';
import { noteMiss } from '../../ingest/admission';
import { moveClock } from '../../ingest/clock';
import { Ring } from '../../ingest/ring';
import { Law } from '../../law';
import { demandOfRows } from '../../state/bounds';
import { addHeap, dropRow, foldRows, resetRow } from '../../state/rows';
import { Bound, Bounds } from '../../store';
import { firesAgain, Stream, windowAt } from '../../stream';
import { createEvent, Event, rowOf } from '../keyed/reorder';
import {
  add,
  clear,
  combinationOf,
  endQueues,
  evict,
  initQueues,
  isCombined,
  isEmpty,
  listCombination,
  listResult,
  nextRow,
  openQueue,
  PaneQueues,
  paneAt,
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
  /** Events of a full pane. */
  paneEvents: f64;
  /** At the end of the stream: keys in order of the windows that fire; empty otherwise. */
  sorter: Heap;
}

export function create(stream: Stream, w: i32, _count: i32): usize {
  const counted = changetype<Counted>(allocate(stream, offsetof<Counted>()));
  memory.fill(changetype<usize>(counted), 0, offsetof<Counted>());
  const window = windowAt(stream, w);
  initQueues(stream, counted, w);
  counted.size = window.size;
  counted.every = window.every;
  counted.paneEvents = counted.every > counted.size ? counted.size : greatestCommonDivisor(counted.size, counted.every);
  counted.sorter = createHeap(stream);
  return changetype<usize>(counted);
}

function greatestCommonDivisor(a: f64, b: f64): f64 {
  while (b > 0) {
    const remainder = a - floor(a / b) * b;
    a = b;
    b = remainder;
  }
  return a;
}

export function destroy(stream: Stream, counted: Counted): void {
  queueOpenPanes(stream, counted);
  destroyHeap(stream, counted.sorter);
  endQueues(stream, counted);
}

/** Adds the panes that are not full to their queues, where they are freed with the others. */
function queueOpenPanes(stream: Stream, counted: Counted): void {
  for (let id: u32 = 0; id < counted.queueCount; id++) {
    const queue = queueOf(counted, id);
    if (!queue || !queue.openPane) continue;
    add(stream, counted, queue, changetype<Event>(<usize>queue.openPane));
    queue.openPane = 0;
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
    const place = stream.scratch.rows + ((<usize>i) << 2);
    store<u32>(place, <u32>stream.trash);
    if (!moveClock(stream, t, i)) continue;
    const id = load<u32>(ids + ((<usize>i) << 2));
    const queue = openQueue(stream, counted, id);
    const number = queue.count++;
    if (number - floor(number / counted.every) * counted.every >= counted.size) {
      noteMiss(stream, i, false);
      continue;
    }
    let pane = changetype<Event>(<usize>queue.openPane);
    if (!pane) {
      pane = createEvent(stream, counted.reorder, id, t);
      store<f64>(rowOf(pane), 0);
      pane.note = t;
      queue.openPane = <u32>changetype<usize>(pane);
    }
    pane.time = min(pane.time, t);
    pane.note = max(pane.note, t);
    const row = rowOf(pane);
    const count = load<f64>(row) + 1;
    store<f64>(row, count);
    store<u32>(place, <u32>row);
    if (count < counted.paneEvents) continue;
    queue.openPane = 0;
    pane.closedBy = i;
    if (last) last.next = <u32>changetype<usize>(pane);
    else first = pane;
    last = pane;
  }
  foldRows(stream.parts, stream.scratch.rows, at, n);
  for (let pane = first; pane; ) {
    const next = changetype<Event>(<usize>pane.next);
    closePane(stream, counted, pane, byEvent(pane.closedBy));
    pane = next;
  }
  putListed(stream, counted);
}

/** Adds a full pane to its queue, and fires the window that is full with it, if there is one, with a cause. */
function closePane(stream: Stream, counted: Counted, pane: Event, cause: i32): void {
  const queue = queueOf(counted, pane.id);
  add(stream, counted, queue, pane);
  queue.panes += 1;
  while (<f64>(queue.tail - queue.head) * counted.paneEvents > counted.size) evict(stream, counted, queue);
  const beyond = queue.panes * counted.paneEvents - counted.size;
  const fires =
    counted.every >= counted.size || (beyond >= 0 && beyond - floor(beyond / counted.every) * counted.every == 0);
  if (!fires) return;
  const row = combinationOf(stream, counted, queue, nextRow(stream, counted));
  listResult(stream, counted, row, pane.id, leastTime(queue), greatestTime(queue), cause);
  if (counted.every >= counted.size) evict(stream, counted, queue);
}

/** The least event time in a queue. */
function leastTime(queue: Queue): f64 {
  const front = queue.head == queue.split ? Infinity : paneAt(queue, queue.head).time;
  return queue.hasBack ? min(front, queue.least) : front;
}

/** The greatest event time in a queue. */
function greatestTime(queue: Queue): f64 {
  const front = queue.head == queue.split ? -Infinity : paneAt(queue, queue.head).note;
  return queue.hasBack ? max(front, queue.greatest) : front;
}

export function advance(stream: Stream, counted: Counted, watermark: f64): void {
  if (watermark > stream.watermark) stream.watermark = watermark;
  if (watermark == Infinity) finish(stream, counted);
}

/** Ends the stream: fires every window that has begun, in the order in which they began. */
function finish(stream: Stream, counted: Counted): void {
  for (let id: u32 = 0; id < counted.queueCount; id++) {
    const queue = queueOf(counted, id);
    if (!queue) continue;
    const k = firstOpen(counted, queue);
    if (queue.openPane) {
      add(stream, counted, queue, changetype<Event>(<usize>queue.openPane));
      queue.openPane = 0;
      queue.panes += 1;
    }
    listOpen(stream, counted, queue, k);
  }
  while (counted.sorter.length) {
    const queue = changetype<Queue>(topItem(counted.sorter));
    popItem(stream, counted.sorter);
    const row = combinationOf(stream, counted, queue, nextRow(stream, counted));
    listResult(stream, counted, row, queue.id, leastTime(queue), greatestTime(queue), byClock(0));
    listOpen(stream, counted, queue, queue.nextWindow + 1);
  }
  putListed(stream, counted);
  clear(stream, counted);
}

/**
 * Evicts the panes before window k of a key, and enters the window into the sorter by its first pane, if it has any.
 */
function listOpen(stream: Stream, counted: Counted, queue: Queue, k: f64): void {
  evictBefore(stream, counted, queue, k);
  if (isEmpty(queue)) return;
  queue.nextWindow = k;
  pushItem(stream, counted.sorter, 0, paneAt(queue, queue.head).serial, changetype<usize>(queue));
}

/** Number of the first window of a key that is not full. */
function firstOpen(counted: Counted, queue: Queue): f64 {
  if (queue.count < counted.size) return 0;
  return floor((queue.count - counted.size) / counted.every) + 1;
}

/** Evicts the panes before window k. The queue then holds what that window has so far, of full panes. */
function evictBefore(stream: Stream, counted: Counted, queue: Queue, k: f64): void {
  const from = counted.every > counted.size ? k : (k * counted.every) / counted.paneEvents;
  while (!isEmpty(queue) && queue.panes - <f64>(queue.tail - queue.head) < from) evict(stream, counted, queue);
}

export function demand(
  stream: Stream,
  counted: Counted,
  n: f64,
  _first: f64,
  _last: f64,
  moveTo: f64,
  bound: Bound,
): void {
  bound.bytes += queuesBytes(stream, counted, n, bound.ids) + heapBytes(counted.sorter, <f64>counted.live + n);
  bound.bytes += demandOfRows(stream, n);
  const copies = ceil(counted.size / counted.every);
  // At the end of the stream all open windows fire.
  const open = moveTo == Infinity ? copies * (<f64>counted.live + n) : 0;
  const results = n / min(counted.every, counted.size) + 1 + open;
  bound.results += results;
  bound.firings += firesAgain(stream) ? results : min(results, copies);
}

export function live(_stream: Stream, counted: Counted): f64 {
  return counted.live;
}

/** The first window of a key that is not full, with its events so far. */
export function query(stream: Stream, counted: Counted, _w: i32, id: u32, _t: f64, bounds: Bounds): usize {
  const queue = id < counted.queueCount ? queueOf(counted, id) : changetype<Queue>(0);
  const value = stream.scratch.temporary;
  resetRow(stream, value);
  bounds.start = NaN;
  bounds.end = NaN;
  if (!queue) return value;
  evictBefore(stream, counted, queue, firstOpen(counted, queue));
  let least = isEmpty(queue) ? Infinity : leastTime(queue);
  let greatest = isEmpty(queue) ? -Infinity : greatestTime(queue);
  const other = stream.scratch.temporary + stream.stride;
  const row = combinationOf(stream, counted, queue, other);
  const pane = changetype<Event>(<usize>queue.openPane);
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
    bounds.start = least;
    bounds.end = greatest;
  }
  return value;
}

/** The first law that the store breaks, Law.none if it breaks none. Counts what it holds of each id. */
export function verify(stream: Stream, counted: Counted, census: Census): Law {
  let live: u32 = 0;
  for (let id: u32 = 0; id < counted.queueCount; id++) {
    const queue = queueOf(counted, id);
    if (!queue) continue;
    live++;
    census.countPin(id);
    const open = changetype<Event>(<usize>queue.openPane);
    if (queue.id != id || (open && load<f64>(rowOf(open)) >= counted.paneEvents)) return Law.chains;
    if (queue.split - queue.head > queue.entryCount()) return Law.waiting;
    if (!isCombined(stream, queue)) return Law.combination;
  }
  return live == counted.live ? Law.none : Law.chains;
}
