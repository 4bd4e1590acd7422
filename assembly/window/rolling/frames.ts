/**
 * Events in columns, each with a result: up to CHUNK at a time, each joins the history of its key and is listed, and what is listed is folded and
 * combined in one go. Where they come from, and when, is the window's (window/rolling.ts).
 */

import { Heap, pushItem } from '../../base/priority-queue';
import { putOutputs } from '../../result/lower';
import { Outbox, openResults, putCauses, putEventHeads } from '../../result/outbox';
import { combineInlineStates, combineStates, foldInline, foldRows, foldRun, listRow, rollRows } from '../../state/rows';
import { CHUNK_ROWS, copyRow, Stream } from '../../stream';
import {
  backOf,
  flip,
  gather,
  Histories,
  History,
  historyOf,
  isFrontEmpty,
  openHistory,
  rowAt,
  slotAt,
  widenHistory,
} from './history';
import { insert, retract } from './running';

@unmanaged
export class Frames extends Histories {
  size: f64;
  byRows: bool;
  /** Whether the event itself, and one exactly a size before it, is in the frame. */
  right: bool;
  left: bool;
  /** How many events a history has at the most before one is added. */
  most: u32;
  /** By time: every history, by an event of it. When that has left its frame the history is looked after. */
  checks: Heap;

  /** The columns at hand. */
  times: usize;
  ids: usize;
  values: usize;
  stride: usize;
  causes: usize;
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
export function emit(stream: Stream, frames: Frames, at: i32, n: i32): void {
  if (stream.hasHeapStates) {
    emitHeap(stream, frames, at, n);
    return;
  }
  for (let end = at + n; at < end; ) {
    const count = stretch(stream, frames, at, end - at);
    if (frames.right && count <= CHUNK_ROWS) {
      roll(stream, frames, at, count);
    } else {
      if (frames.right) addAll(stream, frames, at, count);
      for (let i = 0; i < count; i += CHUNK_ROWS) peek(stream, frames, at + i, min(count - i, CHUNK_ROWS));
      if (!frames.right) addAll(stream, frames, at, count);
    }
    at += count;
  }
}

/** The same where states own memory: those run along, and are lowered one event at a time. */
function emitHeap(stream: Stream, frames: Frames, at: i32, n: i32): void {
  const row = stream.temporary;
  const from = putHeads(stream, frames, at, n);
  for (let i = at; i < at + n; ) {
    const t = load<f64>(frames.times + ((<usize>i) << 3));
    let end = i + 1;
    while (!frames.byRows && end < at + n && load<f64>(frames.times + ((<usize>end) << 3)) == t) end++;
    for (let j = i; frames.right && j < end; j++) addHeap(stream, frames, j);
    for (let j = i; j < end; j++) {
      const history = frames.right
        ? historyOf(frames, load<u32>(frames.ids + ((<usize>j) << 2)))
        : frameOf(stream, frames, j);
      // What the row names stays the trail's.
      copyRow(stream, row, backOf(history));
      store<f64>(row, <f64>(history.tail - history.head));
      listRow(stream, 0, row, frontOf(stream, frames, history), row);
      combineInlineStates(stream, stream.into, stream.left, stream.right, 1);
      store<u32>(stream.chunkRows, <u32>row);
      putOutputs(stream, stream.chunkRows, from + j - at, 1);
    }
    for (let j = i; !frames.right && j < end; j++) addHeap(stream, frames, j);
    i = end;
  }
  copyRow(stream, row, stream.empty);
}

/** The history of an event's key, without what its frame has left. */
function frameOf(stream: Stream, frames: Frames, at: i32): History {
  const t = load<f64>(frames.times + ((<usize>at) << 3));
  const history = open(stream, frames, load<u32>(frames.ids + ((<usize>at) << 2)), t);
  evict(stream, frames, history, t);
  if (isFrontEmpty(history)) flip(stream, frames, history);
  return history;
}

function addHeap(stream: Stream, frames: Frames, at: i32): void {
  const history = makeReady(stream, frames, frameOf(stream, frames, at), load<u32>(frames.ids + ((<usize>at) << 2)));
  append(stream, frames, history, at);
  foldInline(stream, backOf(history), at);
  insert(stream, frames, history, backOf(history), history.tail - 1);
}

/** How many of n events, at most a chunk, can be worked on together; by time at least all that are of one time. */
function stretch(stream: Stream, frames: Frames, at: i32, n: i32): i32 {
  let count = min(n, CHUNK_ROWS);
  if (frames.byRows) {
    if (frames.right) return count;
    // Events that are not in their own frames are added last: of a key one at a time.
    frames.work++;
    for (let i = 0; i < count; i++) {
      const history = open(stream, frames, load<u32>(frames.ids + ((<usize>(at + i)) << 2)), 0);
      if (history.mark == frames.work) return i;
      history.mark = frames.work;
    }
    return count;
  }
  const times = frames.times + ((<usize>at) << 3);
  if (frames.right && count == n) return n;
  const first = load<f64>(times);
  if (frames.right) {
    const next = load<f64>(times + ((<usize>count) << 3));
    while (count && load<f64>(times + ((<usize>(count - 1)) << 3)) == next) count--;
    if (count) return count;
  }
  count = 1;
  while (count < n && load<f64>(times + ((<usize>count) << 3)) == first) count++;
  return count;
}

/** What is in the frame of an event at time t no more leaves its history. */
export function evict(stream: Stream, frames: Frames, history: History, t: f64): void {
  const before = history.head;
  moveHead(stream, frames, history, t);
  if (stream.hasHeapStates) retract(stream, frames, history, backOf(history), before, history.head);
}

/** The same of a history that has no running states. */
function moveHead(stream: Stream, frames: Frames, history: History, t: f64): void {
  const count = history.tail - history.head;
  if (frames.byRows) history.head = history.tail - min(count, frames.most);
  else evictBefore(stream, frames, history, t, count);
}

/** Three at a time, as how many they are is hard to predict; what stands beyond the tail does not count. */
function evictBefore(stream: Stream, frames: Frames, history: History, t: f64, count: u32): void {
  const from = t - frames.size;
  // However short the frame, peers are in it.
  const isClosed = <u32>frames.left | <u32>(from >= t);
  const slots = slotAt(stream, frames, history, 0);
  const slotBytes = frames.slotBytes;
  const mask = history.mask;
  let head = history.head;
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
  history.head = head;
}

/** An event stands in a slot of its own. */
function append(stream: Stream, frames: Frames, history: History, at: i32): void {
  const place = (<usize>at) << 3;
  let slot = slotAt(stream, frames, history, history.tail++);
  store<f64>(slot, load<f64>(frames.times + place));
  slot += frames.measuresAt;
  let value = frames.values + place;
  for (let m = 0; m < frames.measures; m++, value += frames.stride, slot += 8) store<f64>(slot, load<f64>(value));
}

function frontOf(stream: Stream, frames: Frames, history: History): usize {
  return history.head == history.split ? stream.empty : rowAt(stream, frames, history, history.head);
}

function open(stream: Stream, frames: Frames, id: u32, t: f64): History {
  const history = historyOf(frames, id);
  if (history) return history;
  if (!frames.byRows) pushItem(stream, frames.checks, t, 0, id);
  return openHistory(stream, frames, id);
}

/** At most a chunk of events, each in its own frame: each joins its history, and its result is what the history then is. */
function roll(stream: Stream, frames: Frames, at: i32, n: i32): void {
  prefetch(stream, frames, at, n);
  frames.done = 0;
  let work = ++frames.work;
  const ids = frames.ids + ((<usize>at) << 2);
  const times = frames.times + ((<usize>at) << 3);
  const fronts = frames.fronts;
  const rows = stream.chunkRows;
  const stride = stream.stride;
  const byRows = frames.byRows;
  const most = frames.most;
  const slotBytes = frames.slotBytes;
  const lead = frames.lead;
  const first = offsetof<History>() + stride;
  const lane = frames.stride;
  const values = frames.values + ((<usize>at) << 3);
  const measures = (<usize>frames.measures) << 3;
  const empty = <u32>stream.empty;
  const keys = frames.keys;
  let row = stream.temporary;
  for (let i = 0; i < n; i++, row += stride) {
    const listed = (<usize>i) << 2;
    const id = load<u32>(ids + listed);
    const t = load<f64>(times + (listed << 1));
    let history = changetype<History>(<usize>load<u32>(keys + ((<usize>id) << 3)));
    if (!history) history = open(stream, frames, id, t);
    let tail = history.tail;
    if (!byRows) evictBefore(stream, frames, history, t, tail - history.head);
    const head = tail - min(tail - history.head, most);
    history.head = head;
    // The slot may still be that of a front that is listed.
    const oldest = select<u32>(history.first, head, history.mark == work);
    if (tail - oldest > history.mask || isFrontEmpty(history) || tail - head >= history.room) {
      if (history.mark == work) {
        finish(stream, frames, at, i);
        work = frames.work;
      }
      history = makeReady(stream, frames, history, id);
      history.first = head;
    } else {
      history.first = oldest;
    }
    history.mark = work;
    const slots = changetype<usize>(history) + first;
    let slot = slots + <usize>(tail & history.mask) * slotBytes;
    store<f64>(slot, t);
    let value = values + (listed << 1);
    for (const end = slot + measures; slot < end; value += lane) {
      slot += 8;
      store<f64>(slot, load<f64>(value));
    }
    history.tail = ++tail;
    const front = slots + <usize>(head & history.mask) * slotBytes;
    store<u32>(fronts + listed, select<u32>(empty, <u32>(front - lead), head == history.split));
    store<u32>(fronts + listed, <u32>backOf(history), CHUNK_ROWS * 4);
    store<u32>(rows + listed, <u32>row);
    store<f64>(row, <f64>(tail - head));
    if (!byRows) notePeer(frames, history, at, i);
  }
  finish(stream, frames, at, n);
  if (frames.hasPeers) sharePeers(stream, frames, n);
  frames.base += n;
  put(stream, frames, at, n);
}

/** A history that is in no list is turned if it has to be, and has room for an event. */
function makeReady(stream: Stream, frames: Frames, history: History, id: u32): History {
  if (isFrontEmpty(history)) flip(stream, frames, history);
  if (history.tail - history.head < history.room) return history;
  return widenHistory(stream, frames, id);
}

/** Reads what will be needed, so that all the waiting for memory is done at the same time. */
function prefetch(stream: Stream, frames: Frames, at: i32, n: i32): void {
  const ids = frames.ids + ((<usize>at) << 2);
  let touched: u64 = 0;
  for (let i: usize = 0; i < <usize>n; i++) {
    const history = historyOf(frames, load<u32>(ids + (i << 2)));
    if (!history) continue;
    touched ^= load<u64>(slotAt(stream, frames, history, history.head));
    touched ^= load<u64>(slotAt(stream, frames, history, history.tail));
  }
  frames.touched = touched;
}

/** The last result of the history may be of the same time as event i. */
function notePeer(frames: Frames, history: History, at: i32, i: i32): void {
  const listed = (<usize>i) << 2;
  const last = <usize>(history.place - frames.base);
  history.place = frames.base + i;
  store<u32>(frames.peers + listed, 0);
  if (last >= <usize>i) return;
  const times = frames.times + ((<usize>at) << 3);
  const ids = frames.ids + ((<usize>at) << 2);
  if (load<f64>(times + (last << 3)) != load<f64>(times + (listed << 1))) return;
  if (load<u32>(ids + (last << 2)) != load<u32>(ids + listed)) return;
  store<u32>(frames.peers + (last << 2), i);
  frames.hasPeers = true;
}

/** Peers have the frame of the last of them. */
function sharePeers(stream: Stream, frames: Frames, n: i32): void {
  for (let i = n - 1; i >= 0; i--) {
    const peer = (<usize>load<u32>(frames.peers + ((<usize>i) << 2))) << 2;
    if (peer) store<u32>(stream.chunkRows + ((<usize>i) << 2), load<u32>(stream.chunkRows + peer));
  }
  frames.hasPeers = false;
}

/** What is listed up to event i is worked out. */
function finish(stream: Stream, frames: Frames, at: i32, i: i32): void {
  const done = frames.done;
  const listed = (<usize>done) << 2;
  const into = stream.temporary + <usize>done * stream.stride;
  rollRows(stream, frames.fronts + listed, frames.backs + listed, into, (<usize>(at + done)) << 3, i - done);
  frames.done = i;
  frames.work++;
}

/** Events join their histories; results apart. */
function addAll(stream: Stream, frames: Frames, at: i32, n: i32): void {
  let done = 0;
  for (let i = 0; i < n; i++) {
    const place = <usize>(at + i);
    const id = load<u32>(frames.ids + (place << 2));
    const t = load<f64>(frames.times + (place << 3));
    let history = open(stream, frames, id, t);
    moveHead(stream, frames, history, t);
    const isReady = !isFrontEmpty(history) && history.tail - history.head < history.room;
    if (!isReady || i - done == CHUNK_ROWS) {
      foldRows(stream, frames.backs, at + done, i - done);
      done = i;
    }
    if (!isReady) history = makeReady(stream, frames, history, id);
    append(stream, frames, history, at + i);
    store<u32>(frames.backs + ((<usize>(i - done)) << 2), <u32>backOf(history));
  }
  foldRows(stream, frames.backs, at + done, n - done);
}

/** The results of at most a chunk of events, as their histories are. */
function peek(stream: Stream, frames: Frames, at: i32, n: i32): void {
  for (let i = 0; i < n; i++) {
    const place = <usize>(at + i);
    const t = load<f64>(frames.times + (place << 3));
    const history = open(stream, frames, load<u32>(frames.ids + (place << 2)), t);
    moveHead(stream, frames, history, t);
    if (isFrontEmpty(history)) flip(stream, frames, history);
    const row = stream.temporary + <usize>i * stream.stride;
    store<f64>(row, <f64>(history.tail - history.head));
    store<u32>(stream.chunkRows + ((<usize>i) << 2), <u32>row);
    store<u32>(frames.fronts + ((<usize>i) << 2), <u32>frontOf(stream, frames, history));
    store<u32>(frames.backs + ((<usize>i) << 2), <u32>backOf(history));
  }
  combineStates(stream, stream.chunkRows, frames.fronts, frames.backs, n);
  put(stream, frames, at, n);
}

/** Results that are listed go into the outbox. */
function put(stream: Stream, frames: Frames, at: i32, n: i32): void {
  putOutputs(stream, stream.chunkRows, putHeads(stream, frames, at, n), n);
}

/** All of n results but their outputs; the number of the first. */
function putHeads(stream: Stream, frames: Frames, at: i32, n: i32): i32 {
  const from = openResults(stream, n);
  const place = <usize>at;
  putEventHeads(stream, n, frames.times + (place << 3), frames.w);
  putCauses(stream, from, n, frames.causes + (place << 2));
  const outbox = changetype<Outbox>(stream.outbox);
  memory.copy(outbox.ids + ((<usize>from) << 2), frames.ids + (place << 2), (<usize>n) << 2);
  stream.fired += n;
  return from;
}

/** Folds the events of a history from a position on, which all have their measures, but for states that own memory. */
export function foldFrom(stream: Stream, frames: Frames, history: History, row: usize, i: u32): void {
  while (i != history.tail) {
    const n = min(history.tail - i, <u32>CHUNK_ROWS);
    gather(stream, frames, history, i, n);
    foldGathered(stream, frames, row, n);
    i += n;
  }
}

/** The same of the first n events of the columns. */
export function foldGathered(stream: Stream, frames: Frames, row: usize, n: i32): void {
  const parts = stream.parts;
  stream.parts = frames.parts;
  if (!stream.hasHeapStates) foldRun(stream, row, 0, n);
  else for (let i = 0; i < n; i++) foldInline(stream, row, i);
  stream.parts = parts;
}

export function isPast(frames: Frames, t: f64, from: f64): bool {
  return t < from || (t == from && !frames.left);
}
