/**
 * A result for every event: over the events of its key up to a length of time before it, or up to so many.
 *
 * By time, events wait until none at their time can come any more, are put in order, and those of one time are taken together: what is
 * given out is what sorted input would give, peers included (SQL's RANGE frame). Events that cannot be out of order do not wait, but for
 * the newest. By number there is no waiting at all (SQL's ROWS).
 *
 * Either way events are then worked on as columns, those of the ring or the store's own: see rolls.ts.
 */

import { demandOfRunning } from '../../state/bounds';
import { tick } from '../../ingest/clock';
import { createHeap, destroyHeap, heapBytes, moveTop, popItem, topItem, topKey } from '../../base/priority-queue';
import { allocate, release } from '../../base/allocator';
import { miss } from '../../ingest/admission';
import {
  createWaiting,
  destroyPending,
  enqueue,
  Event,
  freeEvent,
  newEvent,
  nextTime,
  Pending,
  pendingBytes,
  rowOf,
  shift,
  waiting,
} from '../keyed/reorder';
import { Closed, Plan, WindowPlan } from '../../plan';
import { measureColumn, Ring } from '../../ingest/ring';
import { evict, give, isPast, reduceFrom, reduceGathered, Rolls } from './frames';
import { cloneOwning, combineLightStates, enterRow, list, resetRow } from '../../state/rows';
import { leave } from './running';
import { CHUNK, clockAt, Stream, takenAt, windowAt } from '../../stream';
import {
  backOf,
  clear,
  columnAt,
  columnBytes,
  dropTrail,
  endTrails,
  initTrails,
  isSpent,
  keep,
  keyAt,
  letGo,
  rowAt,
  setColumns,
  shrink,
  slotAt,
  Trail,
  trailBytes,
  trailOf,
  Trails,
  widen,
} from './history';

@unmanaged
class Rolling extends Rolls {
  /** By time: events that wait; what the store keeps of an id is the last of its own. */
  pending: Pending;
  /** Where results of several stores are put in order: for each event of the batch the watermark after it, and why it fires. */
  watermarks: usize;
  reasons: usize;
}

export function create(stream: Stream, w: i32): usize {
  const rolling = changetype<Rolling>(allocate(stream, offsetof<Rolling>()));
  memory.fill(changetype<usize>(rolling), 0, offsetof<Rolling>());
  const window = windowAt(stream, w);
  store<u32>(window, 1, WindowPlan.runs);
  const closed = load<u32>(window, WindowPlan.closed);
  rolling.size = load<f64>(window, WindowPlan.size);
  rolling.byRows = load<f64>(window, WindowPlan.every) == 1;
  initTrails(stream, rolling, window, w, !rolling.byRows || load<u32>(stream.plan, Plan.dated) != 0);
  rolling.right = (closed & Closed.right) != 0;
  rolling.left = (closed & Closed.left) != 0;
  // By number a frame that is open on the left, or closed on the right, has one event less, or more, before the event.
  if (rolling.byRows) rolling.size += (rolling.left ? 1 : 0) - (rolling.right ? 0 : 1);
  rolling.most = rolling.byRows ? <u32>min(rolling.size - (rolling.right ? 1 : 0), <f64>u32.MAX_VALUE) : u32.MAX_VALUE;
  rolling.pending = createWaiting(stream, (<usize>rolling.measures) << 3);
  rolling.checks = createHeap(stream);
  rolling.fronts = allocate(stream, <usize>CHUNK * 12);
  rolling.backs = rolling.fronts + CHUNK * 4;
  rolling.peers = rolling.backs + CHUNK * 4;
  rolling.work = 1;
  const capacity = changetype<Ring>(stream.ring).mask + 1;
  if (stream.ordered) {
    rolling.watermarks = allocate(stream, <usize>capacity * 12);
    rolling.reasons = rolling.watermarks + ((<usize>capacity) << 3);
  }
  return changetype<usize>(rolling);
}

export function destroy(stream: Stream, rolling: Rolling): void {
  forgetWaiting(stream, rolling);
  destroyPending(stream, rolling.pending);
  destroyHeap(stream, rolling.checks);
  release(stream, rolling.fronts);
  if (rolling.watermarks) release(stream, rolling.watermarks);
  endTrails(stream, rolling);
}

function forgetWaiting(stream: Stream, rolling: Rolling): void {
  while (waiting(rolling.pending)) {
    const event = shift(stream, rolling.pending);
    unchain(stream, rolling, event);
    freeEvent(stream, rolling.pending, event);
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
      if (rolling.byRows) giveByRows(stream, rolling, ring, at, from, i);
      else giveInOrder(stream, rolling, ring, at, from, i);
    }
  } else {
    for (let i = 0; i < n; i++) {
      if (isTaken(stream, rolling, ring, at, i)) wait(stream, rolling, ring, at, i);
      if (rolling.watermarks) store<f64>(rolling.watermarks + ((<usize>i) << 3), stream.watermark);
    }
    if (stream.watermark > before) drain(stream, rolling, n);
  }
  lookAfter(stream, rolling);
}

/** Whether event i is taken; the clock moves with it. */
function isTaken(stream: Stream, rolling: Rolling, ring: Ring, at: i32, i: i32): bool {
  const t = load<f64>(ring.times + ((<usize>(at + i)) << 3));
  if (!tick(stream, t, i)) return false;
  if (rolling.byRows || t + stream.allowedLateness >= stream.watermark) return true;
  miss(stream, i, true);
  return false;
}

/** By number: results of events number `from` to `end` of the batch come with them. */
function giveByRows(stream: Stream, rolling: Rolling, ring: Ring, at: i32, from: i32, end: i32): void {
  if (rolling.reasons) {
    for (let i = from; i < end; i++) store<u32>(rolling.reasons + ((<usize>i) << 2), takenAt(i));
  }
  useRing(stream, rolling, ring, at);
  give(stream, rolling, at + from, end - from);
}

/** By time, where none is out of order: of events number `from` to `end` only those of the newest time wait. */
function giveInOrder(stream: Stream, rolling: Rolling, ring: Ring, at: i32, from: i32, end: i32): void {
  const times = ring.times + ((<usize>at) << 3);
  if (waiting(rolling.pending)) {
    const t = nextTime(rolling.pending);
    while (from < end && load<f64>(times + ((<usize>from) << 3)) == t) wait(stream, rolling, ring, at, from++);
    if (from == end) return;
    stream.at = clockAt(from);
    drain(stream, rolling, 0);
  }
  if (from == end) return;
  let last = end - 1;
  const newest = load<f64>(times + ((<usize>last) << 3));
  while (last > from && load<f64>(times + ((<usize>(last - 1)) << 3)) == newest) last--;
  if (rolling.reasons) {
    let reason = clockAt(last);
    for (let i = last - 1; i >= from; i--) {
      store<u32>(rolling.reasons + ((<usize>i) << 2), reason);
      const t = load<f64>(times + ((<usize>i) << 3));
      if (i > from && load<f64>(times + ((<usize>(i - 1)) << 3)) != t) reason = clockAt(i);
    }
  }
  useRing(stream, rolling, ring, at);
  give(stream, rolling, at + from, last - from);
  for (let i = last; i < end; i++) wait(stream, rolling, ring, at, i);
}

/** An event waits, listed with those of its key that do. */
function wait(stream: Stream, rolling: Rolling, ring: Ring, at: i32, i: i32): void {
  const place = <usize>(at + i);
  const id = load<u32>(ring.ids + (place << 2));
  const event = newEvent(stream, rolling.pending, id, load<f64>(ring.times + (place << 3)));
  for (let m = 0; m < rolling.measures; m++) {
    store<f64>(rowOf(event) + ((<usize>m) << 3), load<f64>(measureColumn(ring, m) + (place << 3)));
  }
  keep(stream, rolling, id);
  const key = keyAt(rolling, id);
  event.next = load<u32>(key, 4);
  if (event.next) changetype<Event>(<usize>event.next).previous = <u32>changetype<usize>(event);
  store<u32>(key, <u32>changetype<usize>(event), 4);
  enqueue(stream, rolling.pending, event);
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
    letGo(stream, rolling, event.id);
  }
}

/** Gives out every event whose time the watermark has passed, because of one of the n events of the batch. */
function drain(stream: Stream, rolling: Rolling, n: i32): void {
  const pending = rolling.pending;
  let at = 0;
  let count = 0;
  while (waiting(pending) && nextTime(pending) + stream.allowedLateness < stream.watermark) {
    const t = nextTime(pending);
    if (rolling.watermarks && n) {
      while (at < n && load<f64>(rolling.watermarks + ((<usize>at) << 3)) <= t + stream.allowedLateness) at++;
      stream.at = clockAt(at);
    }
    do lineUp(stream, rolling, shift(stream, pending), count++);
    while (waiting(pending) && nextTime(pending) == t);
    if (count >= CHUNK) {
      giveLinedUp(stream, rolling, count);
      count = 0;
    }
  }
  giveLinedUp(stream, rolling, count);
  if (rolling.room > 2 * CHUNK) setColumns(stream, rolling, 2 * CHUNK);
}

/** An event comes to stand in the columns, as number i after those for turning. */
function lineUp(stream: Stream, rolling: Rolling, event: Event, i: i32): void {
  const place = <usize>(CHUNK + i);
  if (<u32>place == rolling.room) setColumns(stream, rolling, rolling.room * 2);
  write(rolling, event, place);
  store<u32>(columnAt(rolling, 1 + rolling.measures) + (place << 2), event.id);
  store<u32>(columnAt(rolling, 2 + rolling.measures) + (place << 2), stream.at);
  unchain(stream, rolling, event);
  freeEvent(stream, rolling.pending, event);
}

/** Time and measures of an event come to stand in a place of the columns. */
function write(rolling: Rolling, event: Event, place: usize): void {
  store<f64>(columnAt(rolling, 0) + (place << 3), event.time);
  for (let m = 0; m < rolling.measures; m++) {
    store<f64>(columnAt(rolling, 1 + m) + (place << 3), load<f64>(rowOf(event) + ((<usize>m) << 3)));
  }
}

function giveLinedUp(stream: Stream, rolling: Rolling, n: i32): void {
  if (!n) return;
  const parts = stream.parts;
  stream.parts = rolling.parts;
  rolling.times = columnAt(rolling, 0);
  rolling.values = columnAt(rolling, 1);
  rolling.ids = columnAt(rolling, 1 + rolling.measures);
  rolling.whys = columnAt(rolling, 2 + rolling.measures);
  rolling.lane = (<usize>rolling.room) << 3;
  give(stream, rolling, CHUNK, n);
  stream.parts = parts;
}

/** The columns at hand are those of the ring, with the batch from place `at` on. */
function useRing(stream: Stream, rolling: Rolling, ring: Ring, at: i32): void {
  rolling.times = ring.times;
  rolling.values = ring.measures;
  rolling.ids = ring.ids;
  rolling.whys = rolling.reasons - ((<usize>at) << 2);
  rolling.lane = (<usize>(ring.mask + 1)) << 3;
}

/** Trails of keys that have gone silent are dropped; others give back what they do not need, each once in the length of a frame. */
function lookAfter(stream: Stream, rolling: Rolling): void {
  const checks = rolling.checks;
  const t = stream.watermark - stream.allowedLateness;
  while (checks.length && isPast(rolling, topKey(checks), t - rolling.size)) {
    const id = <u32>topItem(checks);
    const trail = trailOf(rolling, id);
    const newest = load<f64>(slotAt(stream, rolling, trail, trail.tail - 1));
    if (trail.head == trail.tail || isPast(rolling, newest, t - rolling.size)) {
      popItem(stream, checks);
      dropTrail(stream, rolling, id);
    } else {
      moveTop(checks, newest);
      evict(stream, rolling, trail, t);
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
  lookAfter(stream, rolling);
}

export function demand(stream: Stream, rolling: Rolling, n: f64): f64 {
  const all = n + waiting(rolling.pending);
  const trails = trailBytes(stream, rolling, all) + heapBytes(rolling.checks, all);
  const slots = min(rolling.slots, all * <f64>rolling.largest) + <f64>rolling.largest;
  return demandOfRunning(stream, all, slots) + trails + columnBytes(rolling, all) + pendingBytes(rolling.pending, n);
}

/** Results that n events can give, with the watermark moving up to `watermark`. */
export function due(stream: Stream, rolling: Rolling, n: f64, watermark: f64): f64 {
  return n + waiting(rolling.pending);
}

export function copies(stream: Stream, rolling: Rolling, n: f64): f64 {
  return n + waiting(rolling.pending);
}

export function since(stream: Stream, rolling: Rolling): f64 {
  let first = nextTime(rolling.pending);
  for (let id: u32 = 0; id < rolling.keyCount; id++) {
    const trail = trailOf(rolling, id);
    if (!trail) continue;
    for (let i = trail.head; i != trail.tail; i++) first = min(first, load<f64>(slotAt(stream, rolling, trail, i)));
  }
  return first;
}

export function live(stream: Stream, rolling: Rolling): f64 {
  return rolling.live;
}

/** Over the events of a key in the frame that ends at time t, waiting ones among them; by number over the last ones. */
export function query(stream: Stream, rolling: Rolling, id: u32, t: f64): usize {
  stream.askedEnd = t;
  stream.askedStart = rolling.byRows ? NaN : t - rolling.size;
  const value = stream.temporary;
  resetRow(stream, value);
  if (id >= rolling.keyCount) return value;
  const trail = trailOf(rolling, id);
  if (trail) addTrail(stream, rolling, trail, value, t);
  let event = changetype<Event>(<usize>load<u32>(keyAt(rolling, id), 4));
  while (event && event.next) event = changetype<Event>(<usize>event.next);
  for (; event; event = changetype<Event>(<usize>event.previous)) {
    if (event.time > t || isPast(rolling, event.time, t - rolling.size)) continue;
    write(rolling, event, 0);
    reduceGathered(stream, rolling, value, 1);
    if (stream.owning) enterRow(stream, value, rowOf(event), event.time);
  }
  return value;
}

/** The events of a trail in the frame that ends at time t, in a row that has seen nothing. */
function addTrail(stream: Stream, rolling: Rolling, trail: Trail, value: usize, t: f64): void {
  let i = trail.head;
  if (rolling.byRows) {
    const most = <u32>min(rolling.size, <f64>u32.MAX_VALUE);
    if (trail.tail - i > most) i = trail.tail - most;
  } else {
    const from = t - rolling.size;
    let high = trail.tail;
    while (i != high) {
      const middle = i + ((high - i) >> 1);
      if (isPast(rolling, load<f64>(slotAt(stream, rolling, trail, middle)), from)) i = middle + 1;
      else high = middle;
    }
  }
  if (stream.owning) {
    cloneOwning(stream, value, backOf(trail));
    leave(stream, rolling, trail, value, trail.head, i);
  }
  const inFront = <i32>(trail.split - i);
  if (inFront >= 0 && !isSpent(trail)) {
    const front = inFront ? rowAt(stream, rolling, trail, i) : value;
    list(stream, 0, value, front, backOf(trail));
    combineLightStates(stream, stream.into, stream.left, stream.right, 1);
    store<f64>(value, <f64>(trail.tail - i));
    return;
  }
  reduceFrom(stream, rolling, trail, value, i);
}
