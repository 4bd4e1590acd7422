/**
 * Events in columns, each with a result: up to CHUNK at a time, each joins the trail of its key and is listed, and what is listed is folded and
 * combined in one go. Where they come from, and when, is the window's (window/rolling.ts).
 */

import { Heap, pushItem } from '../../base/priority-queue';
import { putOutputs } from '../../result/lower';
import { openResults, Outbox, putEvents, putReasons } from '../../result/outbox';
import { waiting } from '../keyed/reorder';
import { combineLightStates, combineStates, foldLight, foldRows, list, reduceRow, rollRows } from '../../state/rows';
import { enter, leave } from './running';
import { CHUNK, copyRow, Stream } from '../../stream';
import { backOf, gather, isSpent, openTrail, rowAt, slotAt, Trail, trailOf, Trails, turn, widenTrail } from './history';

@unmanaged
export class Rolls extends Trails {
  size: f64;
  byRows: bool;
  /** Whether the event itself, and one exactly a size before it, is in the frame. */
  right: bool;
  left: bool;
  /** How many events a trail has at the most before one is added. */
  most: u32;
  /** By time: every trail, by an event of it. When that has left its frame the trail is looked after. */
  checks: Heap;

  /** The columns at hand. */
  times: usize;
  ids: usize;
  values: usize;
  lane: usize;
  whys: usize;
  /** Of the chunk at hand: the number of its first result, and how many are done, in which work. */
  base: u32;
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

/** Gives n events in a row of the columns their results; by time they are all there are of their times. */
export function give(stream: Stream, rolls: Rolls, at: i32, n: i32): void {
  if (stream.owning) {
    giveOwning(stream, rolls, at, n);
    return;
  }
  for (let end = at + n; at < end; ) {
    const count = stretch(stream, rolls, at, end - at);
    if (rolls.right && count <= CHUNK) {
      roll(stream, rolls, at, count);
    } else {
      if (rolls.right) addAll(stream, rolls, at, count);
      for (let i = 0; i < count; i += CHUNK) lookAt(stream, rolls, at + i, min(count - i, CHUNK));
      if (!rolls.right) addAll(stream, rolls, at, count);
    }
    at += count;
  }
}

/** The same where states own memory: those run along, and are lowered one event at a time. */
function giveOwning(stream: Stream, rolls: Rolls, at: i32, n: i32): void {
  const row = stream.temporary;
  const from = putHeads(stream, rolls, at, n);
  for (let i = at; i < at + n; ) {
    const t = load<f64>(rolls.times + ((<usize>i) << 3));
    let end = i + 1;
    while (!rolls.byRows && end < at + n && load<f64>(rolls.times + ((<usize>end) << 3)) == t) end++;
    for (let j = i; rolls.right && j < end; j++) addOwning(stream, rolls, j);
    for (let j = i; j < end; j++) {
      const trail = rolls.right ? trailOf(rolls, load<u32>(rolls.ids + ((<usize>j) << 2))) : frameOf(stream, rolls, j);
      // What the row names stays the trail's.
      copyRow(stream, row, backOf(trail));
      store<f64>(row, <f64>(trail.tail - trail.head));
      list(stream, 0, row, frontOf(stream, rolls, trail), row);
      combineLightStates(stream, stream.into, stream.left, stream.right, 1);
      store<u32>(stream.chunkRows, <u32>row);
      putOutputs(stream, stream.chunkRows, from + j - at, 1);
    }
    for (let j = i; !rolls.right && j < end; j++) addOwning(stream, rolls, j);
    i = end;
  }
  copyRow(stream, row, stream.empty);
}

/** The trail of an event's key, without what its frame has left. */
function frameOf(stream: Stream, rolls: Rolls, at: i32): Trail {
  const t = load<f64>(rolls.times + ((<usize>at) << 3));
  const trail = open(stream, rolls, load<u32>(rolls.ids + ((<usize>at) << 2)), t);
  evict(stream, rolls, trail, t);
  if (isSpent(trail)) turn(stream, rolls, trail);
  return trail;
}

function addOwning(stream: Stream, rolls: Rolls, at: i32): void {
  const trail = makeReady(stream, rolls, frameOf(stream, rolls, at), load<u32>(rolls.ids + ((<usize>at) << 2)));
  append(stream, rolls, trail, at);
  foldLight(stream, backOf(trail), at);
  enter(stream, rolls, trail, backOf(trail), trail.tail - 1);
}

/** How many of n events, at most a chunk, can be worked on together; by time at least all that are of one time. */
function stretch(stream: Stream, rolls: Rolls, at: i32, n: i32): i32 {
  let count = min(n, CHUNK);
  if (rolls.byRows) {
    if (rolls.right) return count;
    // Events that are not in their own frames are added last: of a key one at a time.
    rolls.work++;
    for (let i = 0; i < count; i++) {
      const trail = open(stream, rolls, load<u32>(rolls.ids + ((<usize>(at + i)) << 2)), 0);
      if (trail.mark == rolls.work) return i;
      trail.mark = rolls.work;
    }
    return count;
  }
  const times = rolls.times + ((<usize>at) << 3);
  if (rolls.right && count == n) return n;
  const first = load<f64>(times);
  if (rolls.right) {
    const next = load<f64>(times + ((<usize>count) << 3));
    while (count && load<f64>(times + ((<usize>(count - 1)) << 3)) == next) count--;
    if (count) return count;
  }
  count = 1;
  while (count < n && load<f64>(times + ((<usize>count) << 3)) == first) count++;
  return count;
}

/** What is in the frame of an event at time t no more leaves its trail. */
export function evict(stream: Stream, rolls: Rolls, trail: Trail, t: f64): void {
  const before = trail.head;
  moveHead(stream, rolls, trail, t);
  if (stream.owning) leave(stream, rolls, trail, backOf(trail), before, trail.head);
}

/** The same of a trail that has no running states. */
function moveHead(stream: Stream, rolls: Rolls, trail: Trail, t: f64): void {
  const count = trail.tail - trail.head;
  if (rolls.byRows) trail.head = trail.tail - min(count, rolls.most);
  else evictBefore(stream, rolls, trail, t, count);
}

/** Three at a time, as how many they are is hard to predict; what stands beyond the tail does not count. */
function evictBefore(stream: Stream, rolls: Rolls, trail: Trail, t: f64, count: u32): void {
  const from = t - rolls.size;
  // However short the frame, peers are in it.
  const isClosed = <u32>rolls.left | <u32>(from >= t);
  const slots = slotAt(stream, rolls, trail, 0);
  const slotBytes = rolls.slotBytes;
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
function append(stream: Stream, rolls: Rolls, trail: Trail, at: i32): void {
  const place = (<usize>at) << 3;
  let slot = slotAt(stream, rolls, trail, trail.tail++);
  store<f64>(slot, load<f64>(rolls.times + place));
  slot += rolls.measuresAt;
  let value = rolls.values + place;
  for (let m = 0; m < rolls.measures; m++, value += rolls.lane, slot += 8) store<f64>(slot, load<f64>(value));
}

function frontOf(stream: Stream, rolls: Rolls, trail: Trail): usize {
  return trail.head == trail.split ? stream.empty : rowAt(stream, rolls, trail, trail.head);
}

function open(stream: Stream, rolls: Rolls, id: u32, t: f64): Trail {
  const trail = trailOf(rolls, id);
  if (trail) return trail;
  if (!rolls.byRows) pushItem(stream, rolls.checks, t, 0, id);
  return openTrail(stream, rolls, id);
}

/** At most a chunk of events, each in its own frame: each joins its trail, and its result is what the trail then is. */
function roll(stream: Stream, rolls: Rolls, at: i32, n: i32): void {
  touch(stream, rolls, at, n);
  rolls.done = 0;
  let work = ++rolls.work;
  const ids = rolls.ids + ((<usize>at) << 2);
  const times = rolls.times + ((<usize>at) << 3);
  const fronts = rolls.fronts;
  const rows = stream.chunkRows;
  const stride = stream.stride;
  const byRows = rolls.byRows;
  const most = rolls.most;
  const slotBytes = rolls.slotBytes;
  const lead = rolls.lead;
  const first = offsetof<Trail>() + stride;
  const lane = rolls.lane;
  const values = rolls.values + ((<usize>at) << 3);
  const measures = (<usize>rolls.measures) << 3;
  const empty = <u32>stream.empty;
  const keys = rolls.keys;
  let row = stream.temporary;
  for (let i = 0; i < n; i++, row += stride) {
    const listed = (<usize>i) << 2;
    const id = load<u32>(ids + listed);
    const t = load<f64>(times + (listed << 1));
    let trail = changetype<Trail>(<usize>load<u32>(keys + ((<usize>id) << 3)));
    if (!trail) trail = open(stream, rolls, id, t);
    let tail = trail.tail;
    if (!byRows) evictBefore(stream, rolls, trail, t, tail - trail.head);
    const head = tail - min(tail - trail.head, most);
    trail.head = head;
    // The slot may still be that of a front that is listed.
    const oldest = select<u32>(trail.first, head, trail.mark == work);
    if (tail - oldest > trail.mask || isSpent(trail) || tail - head >= trail.room) {
      if (trail.mark == work) {
        finish(stream, rolls, at, i);
        work = rolls.work;
      }
      trail = makeReady(stream, rolls, trail, id);
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
    if (!byRows) notePeer(rolls, trail, at, i);
  }
  finish(stream, rolls, at, n);
  if (rolls.hasPeers) sharePeers(stream, rolls, n);
  rolls.base += n;
  put(stream, rolls, at, n);
}

/** A trail that is in no list is turned if it has to be, and has room for an event. */
function makeReady(stream: Stream, rolls: Rolls, trail: Trail, id: u32): Trail {
  if (isSpent(trail)) turn(stream, rolls, trail);
  if (trail.tail - trail.head < trail.room) return trail;
  return widenTrail(stream, rolls, id);
}

/** Reads what will be needed, so that all the waiting for memory is done at the same time. */
function touch(stream: Stream, rolls: Rolls, at: i32, n: i32): void {
  const ids = rolls.ids + ((<usize>at) << 2);
  let touched: u64 = 0;
  for (let i: usize = 0; i < <usize>n; i++) {
    const trail = trailOf(rolls, load<u32>(ids + (i << 2)));
    if (!trail) continue;
    touched ^= load<u64>(slotAt(stream, rolls, trail, trail.head));
    touched ^= load<u64>(slotAt(stream, rolls, trail, trail.tail));
  }
  rolls.touched = touched;
}

/** The last result of the trail may be of the same time as event i. */
function notePeer(rolls: Rolls, trail: Trail, at: i32, i: i32): void {
  const listed = (<usize>i) << 2;
  const last = <usize>(trail.place - rolls.base);
  trail.place = rolls.base + i;
  store<u32>(rolls.peers + listed, 0);
  if (last >= <usize>i) return;
  const times = rolls.times + ((<usize>at) << 3);
  const ids = rolls.ids + ((<usize>at) << 2);
  if (load<f64>(times + (last << 3)) != load<f64>(times + (listed << 1))) return;
  if (load<u32>(ids + (last << 2)) != load<u32>(ids + listed)) return;
  store<u32>(rolls.peers + (last << 2), i);
  rolls.hasPeers = true;
}

/** Peers have the frame of the last of them. */
function sharePeers(stream: Stream, rolls: Rolls, n: i32): void {
  for (let i = n - 1; i >= 0; i--) {
    const peer = (<usize>load<u32>(rolls.peers + ((<usize>i) << 2))) << 2;
    if (peer) store<u32>(stream.chunkRows + ((<usize>i) << 2), load<u32>(stream.chunkRows + peer));
  }
  rolls.hasPeers = false;
}

/** What is listed up to event i is worked out. */
function finish(stream: Stream, rolls: Rolls, at: i32, i: i32): void {
  const done = rolls.done;
  const listed = (<usize>done) << 2;
  const into = stream.temporary + <usize>done * stream.stride;
  rollRows(stream, rolls.fronts + listed, rolls.backs + listed, into, (<usize>(at + done)) << 3, i - done);
  rolls.done = i;
  rolls.work++;
}

/** Events join their trails; results apart. */
function addAll(stream: Stream, rolls: Rolls, at: i32, n: i32): void {
  let done = 0;
  for (let i = 0; i < n; i++) {
    const place = <usize>(at + i);
    const id = load<u32>(rolls.ids + (place << 2));
    const t = load<f64>(rolls.times + (place << 3));
    let trail = open(stream, rolls, id, t);
    moveHead(stream, rolls, trail, t);
    const isReady = !isSpent(trail) && trail.tail - trail.head < trail.room;
    if (!isReady || i - done == CHUNK) {
      foldRows(stream, rolls.backs, at + done, i - done);
      done = i;
    }
    if (!isReady) trail = makeReady(stream, rolls, trail, id);
    append(stream, rolls, trail, at + i);
    store<u32>(rolls.backs + ((<usize>(i - done)) << 2), <u32>backOf(trail));
  }
  foldRows(stream, rolls.backs, at + done, n - done);
}

/** The results of at most a chunk of events, as their trails are. */
function lookAt(stream: Stream, rolls: Rolls, at: i32, n: i32): void {
  for (let i = 0; i < n; i++) {
    const place = <usize>(at + i);
    const t = load<f64>(rolls.times + (place << 3));
    const trail = open(stream, rolls, load<u32>(rolls.ids + (place << 2)), t);
    moveHead(stream, rolls, trail, t);
    if (isSpent(trail)) turn(stream, rolls, trail);
    const row = stream.temporary + <usize>i * stream.stride;
    store<f64>(row, <f64>(trail.tail - trail.head));
    store<u32>(stream.chunkRows + ((<usize>i) << 2), <u32>row);
    store<u32>(rolls.fronts + ((<usize>i) << 2), <u32>frontOf(stream, rolls, trail));
    store<u32>(rolls.backs + ((<usize>i) << 2), <u32>backOf(trail));
  }
  combineStates(stream, stream.chunkRows, rolls.fronts, rolls.backs, n);
  put(stream, rolls, at, n);
}

/** Results that are listed go into the outbox. */
function put(stream: Stream, rolls: Rolls, at: i32, n: i32): void {
  putOutputs(stream, stream.chunkRows, putHeads(stream, rolls, at, n), n);
}

/** All of n results but their outputs; the number of the first. */
function putHeads(stream: Stream, rolls: Rolls, at: i32, n: i32): i32 {
  const from = openResults(stream, n);
  const place = <usize>at;
  putEvents(stream, n, rolls.times + (place << 3), rolls.w);
  putReasons(stream, from, n, rolls.whys + (place << 2));
  const outbox = changetype<Outbox>(stream.outbox);
  memory.copy(outbox.ids + ((<usize>from) << 2), rolls.ids + (place << 2), (<usize>n) << 2);
  stream.fired += n;
  return from;
}

/** Folds the events of a trail from a position on, which all have their measures, but for states that own memory. */
export function reduceFrom(stream: Stream, rolls: Rolls, trail: Trail, row: usize, i: u32): void {
  while (i != trail.tail) {
    const n = min(trail.tail - i, <u32>CHUNK);
    gather(stream, rolls, trail, i, n);
    reduceGathered(stream, rolls, row, n);
    i += n;
  }
}

/** The same of the first n events of the columns. */
export function reduceGathered(stream: Stream, rolls: Rolls, row: usize, n: i32): void {
  const parts = stream.parts;
  stream.parts = rolls.parts;
  if (!stream.owning) reduceRow(stream, row, 0, n);
  else for (let i = 0; i < n; i++) foldLight(stream, row, i);
  stream.parts = parts;
}

export function isPast(rolls: Rolls, t: f64, from: f64): bool {
  return t < from || (t == from && !rolls.left);
}
