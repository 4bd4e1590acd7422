/**
 * A result for every event: over the events of its key up to a length of time before it, or up to so many.
 *
 * By time, events wait until none at their time can come any more, are put in order, and those of one time are taken together: what is
 * given out is what sorted input would give, peers included (SQL's RANGE frame). Events that cannot be out of order do not wait, but for
 * the newest. By number there is no waiting at all (SQL's ROWS).
 *
 * Either way events are then worked on as columns, those of the ring or the store's own, up to CHUNK at a time: each joins its trail and
 * is listed, and what is listed is folded and combined in one go.
 */

import { demandOfRow } from '../budget';
import { tick } from '../clock';
import { createHeap, destroyHeap, Heap, heapBytes, moveTop, popItem, pushItem, topItem, topKey } from '../heap';
import { allocate, release } from '../memory';
import { miss } from '../misses';
import { openResults, Outbox, putEvents, putOutputs, putReasons } from '../outbox';
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
} from '../pending';
import { Closed, Plan, WindowPlan } from '../plan';
import { measureColumn, Ring } from '../ring';
import { combineRows, combineStates, dropRow, foldRows, list, reduceRow, resetRow, rollRows } from '../rows';
import { CHUNK, clockAt, takenAt, Stream, windowAt } from '../stream';
import {
  backOf,
  clear,
  columnAt,
  columnBytes,
  dropTrail,
  endTrails,
  gather,
  initTrails,
  isSpent,
  keep,
  keyAt,
  letGo,
  openTrail,
  rowAt,
  setColumns,
  shrink,
  slotAt,
  Trail,
  trailBytes,
  trailOf,
  Trails,
  turn,
  widen,
  widenTrail,
} from '../trail';

@unmanaged
class Rolling extends Trails {
  size: f64;
  byRows: bool;
  /** Whether the event itself, and one exactly a size before it, is in the frame. */
  right: bool;
  left: bool;
  /** How many events a trail has at the most before one is added. */
  most: u32;
  /** By time: events that wait; what the store keeps of an id is the last of its own. */
  pending: Pending;
  /** By time: every trail, by an event of it. When that has left its frame the trail is looked after. */
  checks: Heap;
  /** Where results of several stores are put in order: for each event of the batch the watermark after it, and why it fires. */
  watermarks: usize;
  reasons: usize;

  /** The columns at hand. */
  times: usize;
  ids: usize;
  values: usize;
  lane: usize;
  whys: usize;
  /** Of the chunk at hand: the number of its first result, how many are listed and how many of them are done, in which work. */
  base: u32;
  listed: i32;
  done: i32;
  work: u32;
  /** Fronts and backs of those listed, and the next event of the same key and time, 0 if none. */
  fronts: usize;
  backs: usize;
  peers: usize;
  hasPeers: bool;
  /** What touch found: it has to be kept somewhere. */
  touched: u64;
}

export function create(stream: Stream, w: i32): usize {
  const rolling = changetype<Rolling>(allocate(stream, offsetof<Rolling>()));
  memory.fill(changetype<usize>(rolling), 0, offsetof<Rolling>());
  const window = windowAt(stream, w);
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

/** Gives n events in a row of the columns their results; by time they are all there are of their times. */
function give(stream: Stream, rolling: Rolling, at: i32, n: i32): void {
  if (stream.owning) {
    giveOwning(stream, rolling, at, n);
    return;
  }
  for (let end = at + n; at < end; ) {
    const count = stretch(stream, rolling, at, end - at);
    if (rolling.right && count <= CHUNK) {
      roll(stream, rolling, at, count);
    } else {
      if (rolling.right) addAll(stream, rolling, at, count);
      for (let i = 0; i < count; i += CHUNK) lookAt(stream, rolling, at + i, min(count - i, CHUNK));
      if (!rolling.right) addAll(stream, rolling, at, count);
    }
    at += count;
  }
}

/**
 * The same where states own memory. A front of them would take a state for each event of all that are after it: trails then keep their
 * measures, and a frame is folded when it is given.
 */
function giveOwning(stream: Stream, rolling: Rolling, at: i32, n: i32): void {
  for (let end = at + n; at < end; ) {
    const t = load<f64>(rolling.times + ((<usize>at) << 3));
    let count = 1;
    while (!rolling.byRows && at + count < end && load<f64>(rolling.times + ((<usize>(at + count)) << 3)) == t) count++;
    for (let i = at; rolling.right && i < at + count; i++) keepEvent(stream, rolling, i);
    for (let i = at; i < at + count; i++) {
      const row = stream.temporary;
      const id = load<u32>(rolling.ids + ((<usize>i) << 2));
      const trail = rolling.right ? trailOf(rolling, id) : frameOf(stream, rolling, i);
      resetRow(stream, row);
      reduceFrom(stream, rolling, trail, row, trail.head);
      store<u32>(stream.chunkRows, <u32>row);
      put(stream, rolling, i, 1);
      dropRow(stream, row);
    }
    for (let i = at; !rolling.right && i < at + count; i++) keepEvent(stream, rolling, i);
    at += count;
  }
}

/** The trail of an event's key, without what its frame has left; there is no front. */
function frameOf(stream: Stream, rolling: Rolling, at: i32): Trail {
  const t = load<f64>(rolling.times + ((<usize>at) << 3));
  const trail = open(stream, rolling, load<u32>(rolling.ids + ((<usize>at) << 2)), t);
  evict(stream, rolling, trail, t);
  trail.split = trail.head;
  return trail;
}

function keepEvent(stream: Stream, rolling: Rolling, at: i32): void {
  let trail = frameOf(stream, rolling, at);
  if (trail.tail - trail.head >= trail.room) {
    trail = widenTrail(stream, rolling, load<u32>(rolling.ids + ((<usize>at) << 2)));
  }
  append(stream, rolling, trail, at);
}

/** How many of n events, at most a chunk, can be worked on together; by time at least all that are of one time. */
function stretch(stream: Stream, rolling: Rolling, at: i32, n: i32): i32 {
  let count = min(n, CHUNK);
  if (rolling.byRows) {
    if (rolling.right) return count;
    // Events that are not in their own frames are added last: of a key one at a time.
    rolling.work++;
    for (let i = 0; i < count; i++) {
      const trail = open(stream, rolling, load<u32>(rolling.ids + ((<usize>(at + i)) << 2)), 0);
      if (trail.mark == rolling.work) return i;
      trail.mark = rolling.work;
    }
    return count;
  }
  const times = rolling.times + ((<usize>at) << 3);
  if (rolling.right && count == n) return n;
  const first = load<f64>(times);
  if (rolling.right) {
    const next = load<f64>(times + ((<usize>count) << 3));
    while (count && load<f64>(times + ((<usize>(count - 1)) << 3)) == next) count--;
    if (count) return count;
  }
  count = 1;
  while (count < n && load<f64>(times + ((<usize>count) << 3)) == first) count++;
  return count;
}

/** What is in the frame of an event at time t no more leaves its trail. */
function evict(stream: Stream, rolling: Rolling, trail: Trail, t: f64): void {
  const count = trail.tail - trail.head;
  if (rolling.byRows) trail.head = trail.tail - min(count, rolling.most);
  else evictBefore(stream, rolling, trail, t, count);
}

/** Three at a time, as how many they are is hard to predict; what stands beyond the tail does not count. */
function evictBefore(stream: Stream, rolling: Rolling, trail: Trail, t: f64, count: u32): void {
  const from = t - rolling.size;
  // However short the frame, peers are in it.
  const isClosed = <u32>rolling.left | <u32>(from >= t);
  const slots = slotAt(stream, rolling, trail, 0);
  const slotBytes = rolling.slotBytes;
  const mask = trail.mask;
  let head = trail.head;
  let left = count;
  for (;;) {
    const a = load<f64>(slots + <usize>(head & mask) * slotBytes);
    const b = load<f64>(slots + <usize>((head + 1) & mask) * slotBytes);
    const c = load<f64>(slots + <usize>((head + 2) & mask) * slotBytes);
    const first = <u32>(a < from) | (<u32>(a == from) & ~isClosed);
    const second = first & (<u32>(b < from) | (<u32>(b == from) & ~isClosed));
    const third = second & (<u32>(c < from) | (<u32>(c == from) & ~isClosed));
    const gone = min(first + second + third, left);
    head += gone;
    left -= gone;
    if (gone < 3) break;
  }
  trail.head = head;
}

/** An event stands in a slot of its own. */
function append(stream: Stream, rolling: Rolling, trail: Trail, at: i32): void {
  const place = (<usize>at) << 3;
  let slot = slotAt(stream, rolling, trail, trail.tail++);
  store<f64>(slot, load<f64>(rolling.times + place));
  let value = rolling.values + place;
  for (let m = 0; m < rolling.measures; m++, value += rolling.lane) {
    slot += 8;
    store<f64>(slot, load<f64>(value));
  }
}

function frontOf(stream: Stream, rolling: Rolling, trail: Trail): usize {
  return trail.head == trail.split ? stream.empty : rowAt(stream, rolling, trail, trail.head);
}

function open(stream: Stream, rolling: Rolling, id: u32, t: f64): Trail {
  const trail = trailOf(rolling, id);
  if (trail) return trail;
  if (!rolling.byRows) pushItem(stream, rolling.checks, t, 0, id);
  return openTrail(stream, rolling, id);
}

/** At most a chunk of events, each in its own frame: each joins its trail, and its result is what the trail then is. */
function roll(stream: Stream, rolling: Rolling, at: i32, n: i32): void {
  touch(stream, rolling, at, n);
  rolling.done = 0;
  let work = ++rolling.work;
  const ids = rolling.ids + ((<usize>at) << 2);
  const times = rolling.times + ((<usize>at) << 3);
  const fronts = rolling.fronts;
  const rows = stream.chunkRows;
  const stride = stream.stride;
  const byRows = rolling.byRows;
  const most = rolling.most;
  const slotBytes = rolling.slotBytes;
  const lead = rolling.lead;
  const first = offsetof<Trail>() + stride;
  const lane = rolling.lane;
  const values = rolling.values + ((<usize>at) << 3);
  const measures = (<usize>rolling.measures) << 3;
  const empty = <u32>stream.empty;
  const keys = rolling.keys;
  let row = stream.temporary;
  for (let i = 0; i < n; i++, row += stride) {
    const listed = (<usize>i) << 2;
    const id = load<u32>(ids + listed);
    const t = load<f64>(times + (listed << 1));
    let trail = changetype<Trail>(<usize>load<u32>(keys + ((<usize>id) << 3)));
    if (!trail) trail = open(stream, rolling, id, t);
    let tail = trail.tail;
    if (!byRows) evictBefore(stream, rolling, trail, t, tail - trail.head);
    const head = tail - min(tail - trail.head, most);
    trail.head = head;
    // The slot may still be that of a front that is listed.
    const oldest = select<u32>(trail.first, head, trail.mark == work);
    if (tail - oldest > trail.mask || isSpent(trail) || tail - head >= trail.room) {
      if (trail.mark == work) {
        finish(stream, rolling, at, i);
        work = rolling.work;
      }
      trail = makeReady(stream, rolling, trail, id);
      trail.first = head;
    } else {
      trail.first = oldest;
    }
    trail.mark = work;
    const slots = changetype<usize>(trail) + first;
    let slot = slots + <usize>(tail & trail.mask) * slotBytes;
    store<f64>(slot, t);
    let value = values + (listed << 1);
    for (const end = slot + measures; slot < end; value += lane) {
      slot += 8;
      store<f64>(slot, load<f64>(value));
    }
    trail.tail = ++tail;
    const front = slots + <usize>(head & trail.mask) * slotBytes;
    store<u32>(fronts + listed, select<u32>(empty, <u32>(front - lead), head == trail.split));
    store<u32>(fronts + listed, <u32>backOf(trail), CHUNK * 4);
    store<u32>(rows + listed, <u32>row);
    store<f64>(row, <f64>(tail - head));
    if (!byRows) notePeer(rolling, trail, at, i);
  }
  finish(stream, rolling, at, n);
  if (rolling.hasPeers) sharePeers(stream, rolling, n);
  rolling.base += n;
  put(stream, rolling, at, n);
}

/** A trail that is in no list is turned if it has to be, and has room for an event. */
function makeReady(stream: Stream, rolling: Rolling, trail: Trail, id: u32): Trail {
  if (isSpent(trail)) turn(stream, rolling, trail);
  if (trail.tail - trail.head < trail.room) return trail;
  return widenTrail(stream, rolling, id);
}

/** Reads what will be needed, so that all the waiting for memory is done at the same time. */
function touch(stream: Stream, rolling: Rolling, at: i32, n: i32): void {
  const ids = rolling.ids + ((<usize>at) << 2);
  let touched: u64 = 0;
  for (let i: usize = 0; i < <usize>n; i++) {
    const trail = trailOf(rolling, load<u32>(ids + (i << 2)));
    if (!trail) continue;
    touched ^= load<u64>(slotAt(stream, rolling, trail, trail.head));
    touched ^= load<u64>(slotAt(stream, rolling, trail, trail.tail));
  }
  rolling.touched = touched;
}

/** The last result of the trail may be of the same time as event i. */
function notePeer(rolling: Rolling, trail: Trail, at: i32, i: i32): void {
  const listed = (<usize>i) << 2;
  const last = <usize>(trail.place - rolling.base);
  trail.place = rolling.base + i;
  store<u32>(rolling.peers + listed, 0);
  if (last >= <usize>i) return;
  const times = rolling.times + ((<usize>at) << 3);
  const ids = rolling.ids + ((<usize>at) << 2);
  if (load<f64>(times + (last << 3)) != load<f64>(times + (listed << 1))) return;
  if (load<u32>(ids + (last << 2)) != load<u32>(ids + listed)) return;
  store<u32>(rolling.peers + (last << 2), i);
  rolling.hasPeers = true;
}

/** Peers have the frame of the last of them. */
function sharePeers(stream: Stream, rolling: Rolling, n: i32): void {
  for (let i = n - 1; i >= 0; i--) {
    const peer = (<usize>load<u32>(rolling.peers + ((<usize>i) << 2))) << 2;
    if (peer) store<u32>(stream.chunkRows + ((<usize>i) << 2), load<u32>(stream.chunkRows + peer));
  }
  rolling.hasPeers = false;
}

/** What is listed up to event i is worked out. */
function finish(stream: Stream, rolling: Rolling, at: i32, i: i32): void {
  const done = rolling.done;
  const listed = (<usize>done) << 2;
  const into = stream.temporary + <usize>done * stream.stride;
  rollRows(stream, rolling.fronts + listed, rolling.backs + listed, into, (<usize>(at + done)) << 3, i - done);
  rolling.done = i;
  rolling.work++;
}

/** Events join their trails; results apart. */
function addAll(stream: Stream, rolling: Rolling, at: i32, n: i32): void {
  let done = 0;
  for (let i = 0; i < n; i++) {
    const place = <usize>(at + i);
    const id = load<u32>(rolling.ids + (place << 2));
    const t = load<f64>(rolling.times + (place << 3));
    let trail = open(stream, rolling, id, t);
    evict(stream, rolling, trail, t);
    const isReady = !isSpent(trail) && trail.tail - trail.head < trail.room;
    if (!isReady || i - done == CHUNK) {
      foldRows(stream, rolling.backs, at + done, i - done);
      done = i;
    }
    if (!isReady) trail = makeReady(stream, rolling, trail, id);
    append(stream, rolling, trail, at + i);
    store<u32>(rolling.backs + ((<usize>(i - done)) << 2), <u32>backOf(trail));
  }
  foldRows(stream, rolling.backs, at + done, n - done);
}

/** The results of at most a chunk of events, as their trails are. */
function lookAt(stream: Stream, rolling: Rolling, at: i32, n: i32): void {
  for (let i = 0; i < n; i++) {
    const place = <usize>(at + i);
    const t = load<f64>(rolling.times + (place << 3));
    const trail = open(stream, rolling, load<u32>(rolling.ids + (place << 2)), t);
    evict(stream, rolling, trail, t);
    if (isSpent(trail)) turn(stream, rolling, trail);
    const row = stream.temporary + <usize>i * stream.stride;
    store<f64>(row, <f64>(trail.tail - trail.head));
    store<u32>(stream.chunkRows + ((<usize>i) << 2), <u32>row);
    store<u32>(rolling.fronts + ((<usize>i) << 2), <u32>frontOf(stream, rolling, trail));
    store<u32>(rolling.backs + ((<usize>i) << 2), <u32>backOf(trail));
  }
  combineStates(stream, stream.chunkRows, rolling.fronts, rolling.backs, n);
  put(stream, rolling, at, n);
}

/** Results that are listed go into the outbox. */
function put(stream: Stream, rolling: Rolling, at: i32, n: i32): void {
  const from = openResults(stream, n);
  const place = <usize>at;
  putEvents(stream, n, rolling.times + (place << 3), rolling.w);
  putReasons(stream, from, n, rolling.whys + (place << 2));
  const outbox = changetype<Outbox>(stream.outbox);
  memory.copy(outbox.ids + ((<usize>from) << 2), rolling.ids + (place << 2), (<usize>n) << 2);
  putOutputs(stream, stream.chunkRows, from, n);
  stream.fired += n;
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

function isPast(rolling: Rolling, t: f64, from: f64): bool {
  return t < from || (t == from && !rolling.left);
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
  const frame = stream.owning ? demandOfRow(stream, <f64>rolling.largest + all) : 0;
  return frame + trails + columnBytes(rolling, all) + pendingBytes(rolling.pending, n);
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
  let late = stream.temporary + stream.stride;
  let one = late + stream.stride;
  resetRow(stream, late);
  let event = changetype<Event>(<usize>load<u32>(keyAt(rolling, id), 4));
  for (; event; event = changetype<Event>(<usize>event.next)) {
    if (event.time > t || isPast(rolling, event.time, t - rolling.size)) continue;
    write(rolling, event, 0);
    resetRow(stream, one);
    reduceGathered(stream, rolling, one, 1);
    // Those that came later follow.
    join(stream, one, one, late);
    const before = late;
    late = one;
    one = before;
  }
  join(stream, value, value, late);
  dropRow(stream, late);
  dropRow(stream, one);
  return value;
}

/** value ⊕= the events of a trail in the frame that ends at time t. */
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
  const inFront = <i32>(trail.split - i);
  if (inFront >= 0 && !isSpent(trail) && !stream.owning) {
    list(stream, 0, value, inFront ? rowAt(stream, rolling, trail, i) : value, backOf(trail));
    combineStates(stream, stream.into, stream.left, stream.right, 1);
    store<f64>(value, <f64>(trail.tail - i));
    return;
  }
  reduceFrom(stream, rolling, trail, value, i);
}

/** Folds the events of a trail from a position on, which all have their measures. */
function reduceFrom(stream: Stream, rolling: Rolling, trail: Trail, row: usize, i: u32): void {
  while (i != trail.tail) {
    const n = min(trail.tail - i, <u32>CHUNK);
    gather(stream, rolling, trail, i, n);
    reduceGathered(stream, rolling, row, n);
    i += n;
  }
}

/** The first n events of the columns are folded into a row. */
function reduceGathered(stream: Stream, rolling: Rolling, row: usize, n: i32): void {
  const parts = stream.parts;
  stream.parts = rolling.parts;
  reduceRow(stream, row, 0, n);
  stream.parts = parts;
}

/** into = left ⊕ right, at once. */
function join(stream: Stream, into: usize, left: usize, right: usize): void {
  list(stream, 0, into, left, right);
  combineRows(stream, 1);
}
