/**
 * Rolling windows: a result for every event, over its frame. The frame covers the events of its key in the length of
 * time before it (by time), or the last n events of its key (by rows).
 *
 * By time, events wait until no event at their time can arrive any more. They are then taken in order, all of one time
 * together: results are those that sorted input would give, with peers in each other's frames (SQL's RANGE). Where
 * events cannot be out of order, only those of the newest time wait. A late event, one whose `t + allowedLateness` is
 * behind the watermark, is dropped and counted.
 *
 * By rows, events are taken in order of arrival (SQL's ROWS): none waits, none is late.
 *
 * Events are then worked on as columns, either those of the ring or the store's own: see frames.ts.
 */

import { allocate, release } from '../../base/allocator';
import {
  createHeap,
  destroyHeap,
  heapBytes,
  isHeapSound,
  moveTop,
  popItem,
  topItem,
  topKey,
} from '../../base/priority-queue';
import { byClock, byEvent } from '../../cause';
import { Census } from '../../census';
import { noteMiss } from '../../ingest/admission';
import { moveClock } from '../../ingest/clock';
import { measureColumn, Ring } from '../../ingest/ring';
import { Law } from '../../law';
import { Closed } from '../../plan';
import { areSame } from '../../result/compare';
import { CHUNK_ROWS } from '../../scratch';
import { demandOfEvicting, STORE_MARGIN } from '../../state/bounds';
import { cloneHeap, combineListed, insertEvent, listRow, resetRow } from '../../state/rows';
import { Bound, Bounds } from '../../store';
import { Stream, windowAt } from '../../stream';
import {
  createUnliftedEvent,
  createUnliftedReorder,
  destroyReorder,
  Event,
  enqueue,
  freeEvent,
  isInOrder,
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
  gather,
  History,
  historyBytes,
  historyOf,
  initHistories,
  keyAt,
  needsFlip,
  pinId,
  rowAt,
  setColumns,
  shrink,
  slotAt,
  unpinId,
  widenKeys,
} from './history';
import { retract } from './running';

@unmanaged
class Rolling extends Frames {
  /**
   * By time: waiting events, with their measures in place of rows. Those of a key are linked, from the last that
   * arrived.
   */
  reorder: Reorder;
  /**
   * Where results of several stores are put in order: for each event of the batch the watermark after it, and its
   * cause.
   */
  watermarks: usize;
  batchCauses: usize;
}

export function create(stream: Stream, w: i32, _count: i32): usize {
  const rolling = changetype<Rolling>(allocate(stream, offsetof<Rolling>()));
  memory.fill(changetype<usize>(rolling), 0, offsetof<Rolling>());
  const window = windowAt(stream, w);
  const closed = window.closed;
  rolling.size = window.size;
  rolling.byRows = window.every == 1;
  initHistories(stream, rolling, w, !rolling.byRows);
  rolling.right = (closed & Closed.right) != 0;
  rolling.left = (closed & Closed.left) != 0;
  // By rows, `size` becomes the number of events in a frame: closed on the left it has one more, open on the right one
  // less.
  if (rolling.byRows) rolling.size += (rolling.left ? 1 : 0) - (rolling.right ? 0 : 1);
  rolling.maxBefore = rolling.byRows
    ? <u32>min(rolling.size - (rolling.right ? 1 : 0), <f64>u32.MAX_VALUE)
    : u32.MAX_VALUE;
  rolling.reorder = createUnliftedReorder(stream, (<usize>rolling.measures) << 3);
  rolling.checks = createHeap(stream);
  rolling.fronts = allocate(stream, <usize>CHUNK_ROWS * 12);
  rolling.backs = rolling.fronts + CHUNK_ROWS * 4;
  rolling.peers = rolling.backs + CHUNK_ROWS * 4;
  rolling.pass = 1;
  const capacity = changetype<Ring>(stream.ring).mask + 1;
  if (stream.ordered) {
    rolling.watermarks = allocate(stream, <usize>capacity * 12);
    rolling.batchCauses = rolling.watermarks + ((<usize>capacity) << 3);
  }
  return changetype<usize>(rolling);
}

export function destroy(stream: Stream, rolling: Rolling): void {
  freeWaiting(stream, rolling);
  destroyReorder(stream, rolling.reorder);
  destroyHeap(stream, rolling.checks);
  release(stream, rolling.fronts);
  if (rolling.watermarks) release(stream, rolling.watermarks);
  endHistories(stream, rolling);
}

/** Frees the events that wait. */
function freeWaiting(stream: Stream, rolling: Rolling): void {
  while (waitingCount(rolling.reorder)) {
    const event = takeNext(stream, rolling.reorder);
    unchain(stream, rolling, event);
    freeEvent(stream, rolling.reorder, event);
  }
}

export function take(stream: Stream, rolling: Rolling, at: i32, n: i32): void {
  const ring = changetype<Ring>(stream.ring);
  const before = stream.watermark;
  widenKeys(stream, rolling);
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
    if (stream.watermark > before) drain(stream, rolling, n, byClock(0));
  }
  tidyHistories(stream, rolling);
}

/** Moves the clock with event i; returns whether the event is taken. */
function isTaken(stream: Stream, rolling: Rolling, ring: Ring, at: i32, i: i32): bool {
  const t = load<f64>(ring.times + ((<usize>(at + i)) << 3));
  if (!moveClock(stream, t, i)) return false;
  if (rolling.byRows || t + stream.allowedLateness >= stream.watermark) return true;
  noteMiss(stream, i, true);
  return false;
}

/** By rows: emits the results of events [from, end) of the batch. */
function emitByRows(stream: Stream, rolling: Rolling, ring: Ring, at: i32, from: i32, end: i32): void {
  if (rolling.batchCauses) {
    for (let i = from; i < end; i++) store<u32>(rolling.batchCauses + ((<usize>i) << 2), byEvent(i));
  }
  useRing(stream, rolling, ring, at);
  emit(stream, rolling, at + from, end - from);
}

/**
 * By time, where no event is out of order: emits the results of events [from, end), but for those of the newest time,
 * which wait.
 */
function emitInOrder(stream: Stream, rolling: Rolling, ring: Ring, at: i32, from: i32, end: i32): void {
  const times = ring.times + ((<usize>at) << 3);
  if (waitingCount(rolling.reorder)) {
    const t = nextTime(rolling.reorder);
    while (from < end && load<f64>(times + ((<usize>from) << 3)) == t) wait(stream, rolling, ring, at, from++);
    if (from == end) return;
    drain(stream, rolling, 0, byClock(from));
  }
  if (from == end) return;
  let last = end - 1;
  const newest = load<f64>(times + ((<usize>last) << 3));
  while (last > from && load<f64>(times + ((<usize>(last - 1)) << 3)) == newest) last--;
  if (rolling.batchCauses) {
    let cause = byClock(last);
    for (let i = last - 1; i >= from; i--) {
      store<u32>(rolling.batchCauses + ((<usize>i) << 2), cause);
      const t = load<f64>(times + ((<usize>i) << 3));
      if (i > from && load<f64>(times + ((<usize>(i - 1)) << 3)) != t) cause = byClock(i);
    }
  }
  useRing(stream, rolling, ring, at);
  emit(stream, rolling, at + from, last - from);
  for (let i = last; i < end; i++) wait(stream, rolling, ring, at, i);
}

/** Adds event i to those that wait, and links it to those of its key. */
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

/** Unlinks an event that no longer waits from those of its key. */
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

/**
 * Emits the results of the waiting events whose time the watermark has passed. With n > 0, the cause of each is the
 * event, among the n of the batch, that moved the watermark past it; with n = 0, it is `cause`.
 */
function drain(stream: Stream, rolling: Rolling, n: i32, cause: i32): void {
  const reorder = rolling.reorder;
  let at = 0;
  let count = 0;
  while (waitingCount(reorder) && nextTime(reorder) + stream.allowedLateness < stream.watermark) {
    const t = nextTime(reorder);
    if (rolling.watermarks && n) {
      while (at < n && load<f64>(rolling.watermarks + ((<usize>at) << 3)) <= t + stream.allowedLateness) at++;
      cause = byClock(at);
    }
    do gatherEvent(stream, rolling, takeNext(stream, reorder), count++, cause);
    while (waitingCount(reorder) && nextTime(reorder) == t);
    if (count >= CHUNK_ROWS) {
      emitGathered(stream, rolling, count);
      count = 0;
    }
  }
  emitGathered(stream, rolling, count);
  if (rolling.columnCapacity > 2 * CHUNK_ROWS) setColumns(stream, rolling, 2 * CHUNK_ROWS);
}

/** Moves an event that was taken out into the columns, as event i after the places for `gather`. */
function gatherEvent(stream: Stream, rolling: Rolling, event: Event, i: i32, cause: i32): void {
  const place = <usize>(CHUNK_ROWS + i);
  if (<u32>place == rolling.columnCapacity) setColumns(stream, rolling, rolling.columnCapacity * 2);
  writeEvent(rolling, event, place);
  store<u32>(columnAt(rolling, 1 + rolling.measures) + (place << 2), event.id);
  store<u32>(columnAt(rolling, 2 + rolling.measures) + (place << 2), cause);
  unchain(stream, rolling, event);
  freeEvent(stream, rolling.reorder, event);
}

/** Copies the time and the measures of a waiting event to a place of the columns. */
function writeEvent(rolling: Rolling, event: Event, place: usize): void {
  store<f64>(columnAt(rolling, 0) + (place << 3), event.time);
  for (let m = 0; m < rolling.measures; m++) {
    store<f64>(columnAt(rolling, 1 + m) + (place << 3), load<f64>(rowOf(event) + ((<usize>m) << 3)));
  }
}

/** Emits the results of the n events in the store's own columns. */
function emitGathered(stream: Stream, rolling: Rolling, n: i32): void {
  if (!n) return;
  rolling.times = columnAt(rolling, 0);
  rolling.values = columnAt(rolling, 1);
  rolling.ids = columnAt(rolling, 1 + rolling.measures);
  rolling.causes = columnAt(rolling, 2 + rolling.measures);
  rolling.stride = (<usize>rolling.columnCapacity) << 3;
  rolling.partsAtHand = rolling.parts;
  emit(stream, rolling, CHUNK_ROWS, n);
}

/** Makes the columns of the ring those at hand; the batch begins at place `at`. */
function useRing(stream: Stream, rolling: Rolling, ring: Ring, at: i32): void {
  rolling.times = ring.times;
  rolling.values = ring.measures;
  rolling.ids = ring.ids;
  rolling.causes = rolling.batchCauses - ((<usize>at) << 2);
  rolling.stride = (<usize>(ring.mask + 1)) << 3;
  rolling.partsAtHand = stream.inlineParts;
}

/**
 * Drops the histories of keys without events in the last frame; evicts and shrinks the others, each about once a frame
 * length.
 */
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
  widenKeys(stream, rolling);
  drain(stream, rolling, 0, byClock(0));
  if (watermark == Infinity) {
    clear(stream, rolling);
    while (rolling.checks.length) popItem(stream, rolling.checks);
  }
  tidyHistories(stream, rolling);
}

export function demand(
  stream: Stream,
  rolling: Rolling,
  n: f64,
  _first: f64,
  _last: f64,
  _moveTo: f64,
  bound: Bound,
): void {
  const all = n + waitingCount(rolling.reorder);
  const slots = min(rolling.slots, all * <f64>rolling.largest) + <f64>rolling.largest;
  bound.bytes += demandOfEvicting(stream, all, slots) + historyBytes(stream, rolling, all, bound.ids);
  bound.bytes += heapBytes(rolling.checks, all) + columnBytes(rolling, all) + reorderBytes(rolling.reorder, n);
  bound.bytes += STORE_MARGIN;
  bound.results += all;
  bound.firings += all;
}

export function live(_stream: Stream, rolling: Rolling): f64 {
  return rolling.live;
}

/** The frame of a key that ends at time t, with the waiting events in it; by rows its last events. */
export function query(stream: Stream, rolling: Rolling, _w: i32, id: u32, t: f64, bounds: Bounds): usize {
  bounds.end = t;
  bounds.start = rolling.byRows ? NaN : t - rolling.size;
  const value = stream.scratch.temporary;
  resetRow(stream, value);
  if (id >= rolling.keyCount) return value;
  const history = historyOf(rolling, id);
  if (history) addHistory(stream, rolling, history, value, t);
  let event = lastWaiting(rolling, id);
  while (event && event.next) event = changetype<Event>(<usize>event.next);
  for (; event; event = changetype<Event>(<usize>event.previous)) {
    if (event.time > t || isPast(rolling, event.time, t - rolling.size)) continue;
    writeEvent(rolling, event, 0);
    foldGathered(stream, rolling, value, 1);
    insertEvent(stream, value, rowOf(event), event.time);
  }
  return value;
}

/** Sets an empty row to the events of a history in the frame that ends at time t. */
function addHistory(stream: Stream, rolling: Rolling, history: History, value: usize, t: f64): void {
  let i = history.head;
  if (rolling.byRows) {
    const maxEvents = <u32>min(rolling.size, <f64>u32.MAX_VALUE);
    if (history.tail - i > maxEvents) i = history.tail - maxEvents;
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
  if (inFront >= 0 && !needsFlip(history)) {
    const front = inFront ? rowAt(stream, rolling, history, i) : value;
    listRow(stream, 0, value, front, backOf(history));
    combineListed(stream, stream.inlineParts, 1);
    store<f64>(value, <f64>(history.tail - i));
    return;
  }
  foldFrom(stream, rolling, history, value, i);
}

/** The first law that the store breaks, Law.none if it breaks none. Counts what it holds of each id. */
export function verify(stream: Stream, rolling: Rolling, census: Census): Law {
  if (!isInOrder(rolling.reorder)) return Law.waiting;
  if (!isHeapSound(rolling.checks)) return Law.heap;
  let live: u32 = 0;
  let waiting = 0.0;
  for (let id: u32 = 0; id < rolling.keyCount; id++) {
    if (!load<u64>(keyAt(rolling, id))) continue;
    live++;
    census.countPin(id);
    let after = changetype<Event>(0);
    for (let event = lastWaiting(rolling, id); event; event = changetype<Event>(<usize>event.next), waiting++) {
      if (event.id != id || <usize>event.previous != changetype<usize>(after)) return Law.chains;
      after = event;
    }
    const history = historyOf(rolling, id);
    if (!history) continue;
    const count = history.tail - history.head;
    if (count > history.mask + 1) return Law.waiting;
    if (!needsFlip(history) && history.split - history.head > count) return Law.waiting;
    if (!isCombined(stream, rolling, history)) return Law.combination;
  }
  return live == rolling.live && waiting == waitingCount(rolling.reorder) ? Law.none : Law.chains;
}

/** The waiting event of an id that arrived last, null if none waits. */
function lastWaiting(rolling: Rolling, id: u32): Event {
  return changetype<Event>(<usize>load<u32>(keyAt(rolling, id), 4));
}

/**
 * Whether the back of a history is the fold of its events from `split` on, and the first row of the front that of the
 * events before; heap states apart. Only where there are heap states have the events of the front kept their measures.
 */
function isCombined(stream: Stream, rolling: Rolling, history: History): bool {
  if (stream.partial || needsFlip(history)) return true;
  const sum = stream.scratch.temporary;
  resetRow(stream, sum);
  foldFrom(stream, rolling, history, sum, history.split);
  if (!holds(stream, sum, backOf(history))) return false;
  if (!stream.hasHeapStates || history.head == history.split) return true;
  const single = sum + stream.stride;
  resetRow(stream, sum);
  // In the order in which a flip combines them, so that roundings are the same.
  for (let i = history.split; i != history.head; ) {
    gather(stream, rolling, history, --i, 1);
    resetRow(stream, single);
    foldGathered(stream, rolling, single, 1);
    listRow(stream, 0, sum, single, sum);
    combineListed(stream, stream.inlineParts, 1);
  }
  return holds(stream, sum, rowAt(stream, rolling, history, history.head));
}

/** Whether the inline states of a row, whose count of events means nothing, are those of the temporary row `sum`. */
function holds(stream: Stream, sum: usize, row: usize): bool {
  const other = sum + stream.stride;
  resetRow(stream, other);
  listRow(stream, 0, other, stream.empty, row);
  combineListed(stream, stream.inlineParts, 1);
  store<f64>(other, load<f64>(sum));
  return areSame(stream, sum, other);
}
