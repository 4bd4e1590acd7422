/**
 * A result for every event: over the events of its key up to a length of time before it, or up to so many.
 *
 * By time, events wait until none at their time can come any more, are put in order, and those of one time are taken together: what is
 * given out is what sorted input would give, peers included (SQL's RANGE frame). Events that cannot be out of order do not wait, but for
 * the newest. By number there is no waiting at all (SQL's ROWS).
 *
 * Either way events are then worked on as columns, those of the ring or the store's own: see frames.ts.
 */

import { allocate, release } from '../../base/allocator';
import { createHeap, destroyHeap, heapBytes, moveTop, popItem, topItem, topKey } from '../../base/priority-queue';
import { miss } from '../../ingest/admission';
import { moveClock } from '../../ingest/clock';
import { measureColumn, Ring } from '../../ingest/ring';
import { Closed, Plan, WindowPlan } from '../../plan';
import { demandOfEvicting } from '../../state/bounds';
import { cloneHeap, combineInlineStates, insertEvent, listRow, resetRow } from '../../state/rows';
import { byClock, byEvent, CHUNK_ROWS, Stream, windowAt } from '../../stream';
import {
  createUnliftedEvent,
  createUnliftedReorder,
  destroyReorder,
  Event,
  enqueue,
  freeEvent,
  nextTime,
  Reorder,
  reorderBytes,
  rowOf,
  takeNext,
  waitingCount,
} from '../keyed/reorder';
import { emit, evict, Frames, foldFrom, foldGathered, isPast } from './frames';
import {
  backOf,
  clear,
  columnAt,
  columnBytes,
  dropHistory,
  endHistories,
  History,
  historyBytes,
  historyOf,
  initHistories,
  isFrontEmpty,
  keyAt,
  pinId,
  rowAt,
  setColumns,
  shrink,
  slotAt,
  unpinId,
  widen,
} from './history';
import { retract } from './running';

@unmanaged
class Rolling extends Frames {
  /** By time: events that wait; what the store keeps of an id is the last of its own. */
  reorder: Reorder;
  /** Where results of several stores are put in order: for each event of the batch the watermark after it, and why it fires. */
  watermarks: usize;
  batchCauses: usize;
}

export function create(stream: Stream, w: i32): usize {
  const rolling = changetype<Rolling>(allocate(stream, offsetof<Rolling>()));
  memory.fill(changetype<usize>(rolling), 0, offsetof<Rolling>());
  const window = windowAt(stream, w);
  store<u32>(window, 1, WindowPlan.evicts);
  const closed = load<u32>(window, WindowPlan.closed);
  rolling.size = load<f64>(window, WindowPlan.size);
  rolling.byRows = load<f64>(window, WindowPlan.every) == 1;
  initHistories(stream, rolling, window, w, !rolling.byRows || load<u32>(stream.plan, Plan.tracksEarliest) != 0);
  rolling.right = (closed & Closed.right) != 0;
  rolling.left = (closed & Closed.left) != 0;
  // By number a frame that is open on the left, or closed on the right, has one event less, or more, before the event.
  if (rolling.byRows) rolling.size += (rolling.left ? 1 : 0) - (rolling.right ? 0 : 1);
  rolling.most = rolling.byRows ? <u32>min(rolling.size - (rolling.right ? 1 : 0), <f64>u32.MAX_VALUE) : u32.MAX_VALUE;
  rolling.reorder = createUnliftedReorder(stream, (<usize>rolling.measures) << 3);
  rolling.checks = createHeap(stream);
  rolling.fronts = allocate(stream, <usize>CHUNK_ROWS * 12);
  rolling.backs = rolling.fronts + CHUNK_ROWS * 4;
  rolling.peers = rolling.backs + CHUNK_ROWS * 4;
  rolling.work = 1;
  const capacity = changetype<Ring>(stream.ring).mask + 1;
  if (stream.ordered) {
    rolling.watermarks = allocate(stream, <usize>capacity * 12);
    rolling.batchCauses = rolling.watermarks + ((<usize>capacity) << 3);
  }
  return changetype<usize>(rolling);
}

export function destroy(stream: Stream, rolling: Rolling): void {
  forgetWaiting(stream, rolling);
  destroyReorder(stream, rolling.reorder);
  destroyHeap(stream, rolling.checks);
  release(stream, rolling.fronts);
  if (rolling.watermarks) release(stream, rolling.watermarks);
  endHistories(stream, rolling);
}

function forgetWaiting(stream: Stream, rolling: Rolling): void {
  while (waitingCount(rolling.reorder)) {
    const event = takeNext(stream, rolling.reorder);
    unchain(stream, rolling, event);
    freeEvent(stream, rolling.reorder, event);
  }
}

export function take(stream: Stream, rolling: Rolling, at: i32, n: i32): void {
  const ring = changetype<Ring>(stream.ring);
  const before = stream.watermark;
  widen(stream, rolling);
  if (rolling.byRows || (stream.outOfOrder == 0 && stream.allowedLateness == 0)) {
    for (let i = 0; i < n; i++) {
      const from = i;
      while (i < n && isTaken(stream, rolling, ring, at, i)) i++;
      if (rolling.byRows) emitByRows(stream, rolling, ring, at, from, i);
      else emitInOrder(stream, rolling, ring, at, from, i);
    }
  } else {
    for (let i = 0; i < n; i++) {
      if (isTaken(stream, rolling, ring, at, i)) wait(stream, rolling, ring, at, i);
      if (rolling.watermarks) store<f64>(rolling.watermarks + ((<usize>i) << 3), stream.watermark);
    }
    if (stream.watermark > before) drain(stream, rolling, n);
  }
  tidyHistories(stream, rolling);
}

/** Whether event i is taken; the clock moves with it. */
function isTaken(stream: Stream, rolling: Rolling, ring: Ring, at: i32, i: i32): bool {
  const t = load<f64>(ring.times + ((<usize>(at + i)) << 3));
  if (!moveClock(stream, t, i)) return false;
  if (rolling.byRows || t + stream.allowedLateness >= stream.watermark) return true;
  miss(stream, i, true);
  return false;
}

/** By number: results of events number `from` to `end` of the batch come with them. */
function emitByRows(stream: Stream, rolling: Rolling, ring: Ring, at: i32, from: i32, end: i32): void {
  if (rolling.batchCauses) {
    for (let i = from; i < end; i++) store<u32>(rolling.batchCauses + ((<usize>i) << 2), byEvent(i));
  }
  useRing(stream, rolling, ring, at);
  emit(stream, rolling, at + from, end - from);
}

/** By time, where none is out of order: of events number `from` to `end` only those of the newest time wait. */
function emitInOrder(stream: Stream, rolling: Rolling, ring: Ring, at: i32, from: i32, end: i32): void {
  const times = ring.times + ((<usize>at) << 3);
  if (waitingCount(rolling.reorder)) {
    const t = nextTime(rolling.reorder);
    while (from < end && load<f64>(times + ((<usize>from) << 3)) == t) wait(stream, rolling, ring, at, from++);
    if (from == end) return;
    stream.cause = byClock(from);
    drain(stream, rolling, 0);
  }
  if (from == end) return;
  let last = end - 1;
  const newest = load<f64>(times + ((<usize>last) << 3));
  while (last > from && load<f64>(times + ((<usize>(last - 1)) << 3)) == newest) last--;
  if (rolling.batchCauses) {
    let reason = byClock(last);
    for (let i = last - 1; i >= from; i--) {
      store<u32>(rolling.batchCauses + ((<usize>i) << 2), reason);
      const t = load<f64>(times + ((<usize>i) << 3));
      if (i > from && load<f64>(times + ((<usize>(i - 1)) << 3)) != t) reason = byClock(i);
    }
  }
  useRing(stream, rolling, ring, at);
  emit(stream, rolling, at + from, last - from);
  for (let i = last; i < end; i++) wait(stream, rolling, ring, at, i);
}

/** An event waits, listed with those of its key that do. */
function wait(stream: Stream, rolling: Rolling, ring: Ring, at: i32, i: i32): void {
  const place = <usize>(at + i);
  const id = load<u32>(ring.ids + (place << 2));
  const event = createUnliftedEvent(stream, rolling.reorder, id, load<f64>(ring.times + (place << 3)));
  for (let m = 0; m < rolling.measures; m++) {
    store<f64>(rowOf(event) + ((<usize>m) << 3), load<f64>(measureColumn(ring, m) + (place << 3)));
  }
  pinId(stream, rolling, id);
  const key = keyAt(rolling, id);
  event.next = load<u32>(key, 4);
  if (event.next) changetype<Event>(<usize>event.next).previous = <u32>changetype<usize>(event);
  store<u32>(key, <u32>changetype<usize>(event), 4);
  enqueue(stream, rolling.reorder, event);
}

/** An event does not wait any more. */
function unchain(stream: Stream, rolling: Rolling, event: Event): void {
  const next = changetype<Event>(<usize>event.next);
  const previous = changetype<Event>(<usize>event.previous);
  if (next) next.previous = event.previous;
  if (previous) {
    previous.next = event.next;
  } else {
    store<u32>(keyAt(rolling, event.id), event.next, 4);
    unpinId(stream, rolling, event.id);
  }
}

/** Gives out every event whose time the watermark has passed, because of one of the n events of the batch. */
function drain(stream: Stream, rolling: Rolling, n: i32): void {
  const reorder = rolling.reorder;
  let at = 0;
  let count = 0;
  while (waitingCount(reorder) && nextTime(reorder) + stream.allowedLateness < stream.watermark) {
    const t = nextTime(reorder);
    if (rolling.watermarks && n) {
      while (at < n && load<f64>(rolling.watermarks + ((<usize>at) << 3)) <= t + stream.allowedLateness) at++;
      stream.cause = byClock(at);
    }
    do gatherEvent(stream, rolling, takeNext(stream, reorder), count++);
    while (waitingCount(reorder) && nextTime(reorder) == t);
    if (count >= CHUNK_ROWS) {
      emitGathered(stream, rolling, count);
      count = 0;
    }
  }
  emitGathered(stream, rolling, count);
  if (rolling.room > 2 * CHUNK_ROWS) setColumns(stream, rolling, 2 * CHUNK_ROWS);
}

/** An event comes to stand in the columns, as number i after those for turning. */
function gatherEvent(stream: Stream, rolling: Rolling, event: Event, i: i32): void {
  const place = <usize>(CHUNK_ROWS + i);
  if (<u32>place == rolling.room) setColumns(stream, rolling, rolling.room * 2);
  write(rolling, event, place);
  store<u32>(columnAt(rolling, 1 + rolling.measures) + (place << 2), event.id);
  store<u32>(columnAt(rolling, 2 + rolling.measures) + (place << 2), stream.cause);
  unchain(stream, rolling, event);
  freeEvent(stream, rolling.reorder, event);
}

/** Time and measures of an event come to stand in a place of the columns. */
function write(rolling: Rolling, event: Event, place: usize): void {
  store<f64>(columnAt(rolling, 0) + (place << 3), event.time);
  for (let m = 0; m < rolling.measures; m++) {
    store<f64>(columnAt(rolling, 1 + m) + (place << 3), load<f64>(rowOf(event) + ((<usize>m) << 3)));
  }
}

function emitGathered(stream: Stream, rolling: Rolling, n: i32): void {
  if (!n) return;
  const parts = stream.parts;
  stream.parts = rolling.parts;
  rolling.times = columnAt(rolling, 0);
  rolling.values = columnAt(rolling, 1);
  rolling.ids = columnAt(rolling, 1 + rolling.measures);
  rolling.causes = columnAt(rolling, 2 + rolling.measures);
  rolling.stride = (<usize>rolling.room) << 3;
  emit(stream, rolling, CHUNK_ROWS, n);
  stream.parts = parts;
}

/** The columns at hand are those of the ring, with the batch from place `at` on. */
function useRing(_stream: Stream, rolling: Rolling, ring: Ring, at: i32): void {
  rolling.times = ring.times;
  rolling.values = ring.measures;
  rolling.ids = ring.ids;
  rolling.causes = rolling.batchCauses - ((<usize>at) << 2);
  rolling.stride = (<usize>(ring.mask + 1)) << 3;
}

/** Trails of keys that have gone silent are dropped; others give back what they do not need, each once in the length of a frame. */
function tidyHistories(stream: Stream, rolling: Rolling): void {
  const checks = rolling.checks;
  const t = stream.watermark - stream.allowedLateness;
  while (checks.length && isPast(rolling, topKey(checks), t - rolling.size)) {
    const id = <u32>topItem(checks);
    const history = historyOf(rolling, id);
    const newest = load<f64>(slotAt(stream, rolling, history, history.tail - 1));
    if (history.head == history.tail || isPast(rolling, newest, t - rolling.size)) {
      popItem(stream, checks);
      dropHistory(stream, rolling, id);
    } else {
      moveTop(checks, newest);
      evict(stream, rolling, history, t);
      shrink(stream, rolling, id);
    }
  }
}

export function advance(stream: Stream, rolling: Rolling, watermark: f64): void {
  if (watermark > stream.watermark) stream.watermark = watermark;
  widen(stream, rolling);
  drain(stream, rolling, 0);
  if (watermark == Infinity) {
    clear(stream, rolling);
    while (rolling.checks.length) popItem(stream, rolling.checks);
  }
  tidyHistories(stream, rolling);
}

export function demand(stream: Stream, rolling: Rolling, n: f64): f64 {
  const all = n + waitingCount(rolling.reorder);
  const histories = historyBytes(stream, rolling, all) + heapBytes(rolling.checks, all);
  const slots = min(rolling.slots, all * <f64>rolling.largest) + <f64>rolling.largest;
  return (
    demandOfEvicting(stream, all, slots) + histories + columnBytes(rolling, all) + reorderBytes(rolling.reorder, n)
  );
}

/** Results that n events can give, with the watermark moving up to `watermark`. */
export function due(_stream: Stream, rolling: Rolling, n: f64, _watermark: f64): f64 {
  return n + waitingCount(rolling.reorder);
}

export function copies(_stream: Stream, rolling: Rolling, n: f64): f64 {
  return n + waitingCount(rolling.reorder);
}

export function earliest(stream: Stream, rolling: Rolling): f64 {
  let first = nextTime(rolling.reorder);
  for (let id: u32 = 0; id < rolling.keyCount; id++) {
    const history = historyOf(rolling, id);
    if (!history) continue;
    for (let i = history.head; i != history.tail; i++)
      first = min(first, load<f64>(slotAt(stream, rolling, history, i)));
  }
  return first;
}

export function live(_stream: Stream, rolling: Rolling): f64 {
  return rolling.live;
}

/** Over the events of a key in the frame that ends at time t, waiting ones among them; by number over the last ones. */
export function query(stream: Stream, rolling: Rolling, id: u32, t: f64): usize {
  stream.askedEnd = t;
  stream.askedStart = rolling.byRows ? NaN : t - rolling.size;
  const value = stream.temporary;
  resetRow(stream, value);
  if (id >= rolling.keyCount) return value;
  const history = historyOf(rolling, id);
  if (history) addHistory(stream, rolling, history, value, t);
  let event = changetype<Event>(<usize>load<u32>(keyAt(rolling, id), 4));
  while (event && event.next) event = changetype<Event>(<usize>event.next);
  for (; event; event = changetype<Event>(<usize>event.previous)) {
    if (event.time > t || isPast(rolling, event.time, t - rolling.size)) continue;
    write(rolling, event, 0);
    foldGathered(stream, rolling, value, 1);
    if (stream.hasHeapStates) insertEvent(stream, value, rowOf(event), event.time);
  }
  return value;
}

/** The events of a history in the frame that ends at time t, in a row that has seen nothing. */
function addHistory(stream: Stream, rolling: Rolling, history: History, value: usize, t: f64): void {
  let i = history.head;
  if (rolling.byRows) {
    const most = <u32>min(rolling.size, <f64>u32.MAX_VALUE);
    if (history.tail - i > most) i = history.tail - most;
  } else {
    const from = t - rolling.size;
    let high = history.tail;
    while (i != high) {
      const middle = i + ((high - i) >> 1);
      if (isPast(rolling, load<f64>(slotAt(stream, rolling, history, middle)), from)) i = middle + 1;
      else high = middle;
    }
  }
  if (stream.hasHeapStates) {
    cloneHeap(stream, value, backOf(history));
    retract(stream, rolling, history, value, history.head, i);
  }
  const inFront = <i32>(history.split - i);
  if (inFront >= 0 && !isFrontEmpty(history)) {
    const front = inFront ? rowAt(stream, rolling, history, i) : value;
    listRow(stream, 0, value, front, backOf(history));
    combineInlineStates(stream, stream.into, stream.left, stream.right, 1);
    store<f64>(value, <f64>(history.tail - i));
    return;
  }
  foldFrom(stream, rolling, history, value, i);
}
