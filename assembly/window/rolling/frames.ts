/**
 * Emits a result for each of the events in some columns, over the frame of that event. rolling.ts decides which events,
 * in which columns, and when.
 *
 * Up to CHUNK_ROWS events are worked on at a time: each is appended to the history of its key and listed with the
 * addresses of its front and back, then the kernels go over the list (`finish`). A pass is what happens between two
 * calls of `finish`.
 *
 * Law: in a pass no slot is overwritten, and no history flips or moves, while the list still refers to it.
 */

import { Heap, pushItem } from '../../base/priority-queue';
import { Parts } from '../../part';
import { putOutputs } from '../../result/lower';
import { Outbox, openResults, putCauses, putEventHeads } from '../../result/outbox';
import { CHUNK_ROWS } from '../../scratch';
import { combineListed, combineStates, foldRow, foldRows, foldRun, listRow, rollRows } from '../../state/rows';
import { copyRow, Stream } from '../../stream';
import {
  backOf,
  flip,
  gather,
  growHistory,
  Histories,
  History,
  historyOf,
  needsFlip,
  openHistory,
  rowAt,
  slotAt,
} from './history';
import { insert, retract } from './running';

@unmanaged
export class Frames extends Histories {
  /** Length of a frame: in events if `byRows`, else in units of time. */
  size: f64;
  byRows: bool;
  /** Whether a frame includes its own event (with its peers), and by time an event exactly `size` before it. */
  right: bool;
  left: bool;
  /** By rows: how many events a history may have before one is appended. By time: no bound. */
  maxBefore: u32;
  /** By time: an entry for each history, at the time of one of its events; `tidyHistories` in rolling.ts uses it. */
  checks: Heap;

  /**
   * The columns at hand; those of the measures begin at `values` and lie `stride` bytes apart. `partsAtHand` are the
   * parts with inline states, over these columns.
   */
  times: usize;
  ids: usize;
  values: usize;
  stride: usize;
  causes: usize;
  partsAtHand: Parts;
  /** For the chunk at hand: the number of its first result, how many of its results are rolled, and the pass. */
  base: u32;
  done: i32;
  pass: u32;
  /** For each listed event: its front, its back, and the next event of the same key and time, 0 if none. */
  fronts: usize;
  backs: usize;
  peers: usize;
  hasPeers: bool;
  /** What `prefetch` read, stored so that the compiler keeps the reads. */
  touched: u64;
}

/** Emits the results of n consecutive events of the columns. By time, all events of their times are among them. */
export function emit(stream: Stream, frames: Frames, at: i32, n: i32): void {
  if (stream.hasHeapStates) {
    emitHeap(stream, frames, at, n);
    return;
  }
  for (let end = at + n; at < end; ) {
    const count = groupLength(stream, frames, at, end - at);
    if (frames.right && count <= CHUNK_ROWS) {
      emitRolled(stream, frames, at, count);
    } else {
      if (frames.right) appendAll(stream, frames, at, count);
      for (let i = 0; i < count; i += CHUNK_ROWS) emitCurrent(stream, frames, at + i, min(count - i, CHUNK_ROWS));
      if (!frames.right) appendAll(stream, frames, at, count);
    }
    at += count;
  }
}

/** Does what `emit` does where states own memory: those are running states, so events are lowered one at a time. */
function emitHeap(stream: Stream, frames: Frames, at: i32, n: i32): void {
  const row = stream.scratch.temporary;
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
      // The row only borrows the blocks of the history.
      copyRow(stream, row, backOf(history));
      store<f64>(row, <f64>(history.tail - history.head));
      listRow(stream, 0, row, frontOf(stream, frames, history), row);
      combineListed(stream, stream.inlineParts, 1);
      store<u32>(stream.scratch.chunkRows, <u32>row);
      putOutputs(stream, stream.scratch.chunkRows, from + j - at, 1);
    }
    for (let j = i; !frames.right && j < end; j++) addHeap(stream, frames, j);
    i = end;
  }
  copyRow(stream, row, stream.empty);
}

/** The history of an event's key, with all events outside of its frame evicted, and flipped if needed. */
function frameOf(stream: Stream, frames: Frames, at: i32): History {
  const t = load<f64>(frames.times + ((<usize>at) << 3));
  const history = historyFor(stream, frames, load<u32>(frames.ids + ((<usize>at) << 2)), t);
  evict(stream, frames, history, t);
  if (needsFlip(history)) flip(stream, frames, history);
  return history;
}

function addHeap(stream: Stream, frames: Frames, at: i32): void {
  const history = makeReady(stream, frames, frameOf(stream, frames, at), load<u32>(frames.ids + ((<usize>at) << 2)));
  append(stream, frames, history, at);
  foldRow(stream, frames.partsAtHand, backOf(history), at);
  insert(stream, frames, history, backOf(history), history.tail - 1);
}

/**
 * How many of n events can be worked on together: at most CHUNK_ROWS, except that all events of one time belong
 * together by time.
 */
function groupLength(stream: Stream, frames: Frames, at: i32, n: i32): i32 {
  let count = min(n, CHUNK_ROWS);
  if (frames.byRows) {
    if (frames.right) return count;
    // Events that are not in their own frames are appended after their results: only one of each key can be.
    frames.pass++;
    for (let i = 0; i < count; i++) {
      const history = historyFor(stream, frames, load<u32>(frames.ids + ((<usize>(at + i)) << 2)), 0);
      if (history.listedIn == frames.pass) return i;
      history.listedIn = frames.pass;
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

/** Evicts the events that fall out of the frame ending at `t`. By rows, it makes room for one more event. */
export function evict(stream: Stream, frames: Frames, history: History, t: f64): void {
  const before = history.head;
  moveHead(stream, frames, history, t);
  if (stream.hasHeapStates) retract(stream, frames, history, backOf(history), before, history.head);
}

/**
 * Moves the head of a history past the events that fall out of the frame ending at `t`; running states are not updated.
 */
function moveHead(stream: Stream, frames: Frames, history: History, t: f64): void {
  const count = history.tail - history.head;
  if (frames.byRows) history.head = history.tail - min(count, frames.maxBefore);
  else evictBefore(stream, frames, history, t, count);
}

/**
 * Moves the head of a history of `count` events past those that fall out of the frame ending at `t`. It looks at three
 * events at a time without branches, as their number is hard to predict; slots beyond the tail may be read but do not
 * count.
 */
function evictBefore(stream: Stream, frames: Frames, history: History, t: f64, count: u32): void {
  const from = t - frames.size;
  // Where t - size rounds to t, the frame still includes the peers at t.
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
    const evicted = min(first + second + third, left);
    head += evicted;
    left -= evicted;
    if (evicted < 3) break;
  }
  history.head = head;
}

/** Appends an event of the columns to a history: writes its time and measures into the next slot. */
function append(stream: Stream, frames: Frames, history: History, at: i32): void {
  const place = (<usize>at) << 3;
  let slot = slotAt(stream, frames, history, history.tail++);
  store<f64>(slot, load<f64>(frames.times + place));
  slot += frames.measuresAt;
  let value = frames.values + place;
  for (let m = 0; m < frames.measures; m++, value += frames.stride, slot += 8) store<f64>(slot, load<f64>(value));
}

/** The front row of a history, the empty row if no event is left of the front. */
function frontOf(stream: Stream, frames: Frames, history: History): usize {
  return history.head == history.split ? stream.empty : rowAt(stream, frames, history, history.head);
}

/** The history of an id; creates it if there is none, by time with an entry in `checks` at `t`. */
function historyFor(stream: Stream, frames: Frames, id: u32, t: f64): History {
  const history = historyOf(frames, id);
  if (history) return history;
  if (!frames.byRows) pushItem(stream, frames.checks, t, 0, id);
  return openHistory(stream, frames, id);
}

/**
 * Emits the results of at most CHUNK_ROWS events that are in their own frames: each is appended to its history, and its
 * result is the combination of that history then.
 */
function emitRolled(stream: Stream, frames: Frames, at: i32, n: i32): void {
  prefetch(stream, frames, at, n);
  frames.done = 0;
  let pass = ++frames.pass;
  const ids = frames.ids + ((<usize>at) << 2);
  const times = frames.times + ((<usize>at) << 3);
  const fronts = frames.fronts;
  const rows = stream.scratch.chunkRows;
  const stride = stream.stride;
  const byRows = frames.byRows;
  const maxBefore = frames.maxBefore;
  const slotBytes = frames.slotBytes;
  const lead = frames.lead;
  const first = offsetof<History>() + stride;
  const lane = frames.stride;
  const values = frames.values + ((<usize>at) << 3);
  const measures = (<usize>frames.measures) << 3;
  const empty = <u32>stream.empty;
  const keys = frames.keys;
  let row = stream.scratch.temporary;
  for (let i = 0; i < n; i++, row += stride) {
    const listed = (<usize>i) << 2;
    const id = load<u32>(ids + listed);
    const t = load<f64>(times + (listed << 1));
    let history = changetype<History>(<usize>load<u32>(keys + ((<usize>id) << 3)));
    if (!history) history = historyFor(stream, frames, id, t);
    let tail = history.tail;
    if (!byRows) evictBefore(stream, frames, history, t, tail - history.head);
    const head = tail - min(tail - history.head, maxBefore);
    history.head = head;
    // Slots from the head at which this pass first listed the history may still be read as listed fronts.
    const oldest = select<u32>(history.listedHead, head, history.listedIn == pass);
    if (tail - oldest > history.mask || needsFlip(history) || tail - head >= history.maxEvents) {
      if (history.listedIn == pass) {
        finish(stream, frames, at, i);
        pass = frames.pass;
      }
      history = makeReady(stream, frames, history, id);
      history.listedHead = head;
    } else {
      history.listedHead = oldest;
    }
    history.listedIn = pass;
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

/** Makes a history that is not listed ready for one more event: flips it if needed, and grows it if it is full. */
function makeReady(stream: Stream, frames: Frames, history: History, id: u32): History {
  if (needsFlip(history)) flip(stream, frames, history);
  if (history.tail - history.head < history.maxEvents) return history;
  return growHistory(stream, frames, id);
}

/** Reads the slots at the head and the tail of the histories of n events, so that their cache misses overlap. */
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

/**
 * Notes event i of the chunk as the peer of the event before it in its history, if that is in the chunk and of the same
 * time.
 */
function notePeer(frames: Frames, history: History, at: i32, i: i32): void {
  const listed = (<usize>i) << 2;
  const last = <usize>(history.lastResult - frames.base);
  history.lastResult = frames.base + i;
  store<u32>(frames.peers + listed, 0);
  if (last >= <usize>i) return;
  const times = frames.times + ((<usize>at) << 3);
  const ids = frames.ids + ((<usize>at) << 2);
  if (load<f64>(times + (last << 3)) != load<f64>(times + (listed << 1))) return;
  if (load<u32>(ids + (last << 2)) != load<u32>(ids + listed)) return;
  store<u32>(frames.peers + (last << 2), i);
  frames.hasPeers = true;
}

/** Gives all peers the row of the last of them: they have the same frame. */
function sharePeers(stream: Stream, frames: Frames, n: i32): void {
  for (let i = n - 1; i >= 0; i--) {
    const peer = (<usize>load<u32>(frames.peers + ((<usize>i) << 2))) << 2;
    if (peer) store<u32>(stream.scratch.chunkRows + ((<usize>i) << 2), load<u32>(stream.scratch.chunkRows + peer));
  }
  frames.hasPeers = false;
}

/** Finishes the pass: folds the listed events before event i into their backs and combines their rows. */
function finish(stream: Stream, frames: Frames, at: i32, i: i32): void {
  const done = frames.done;
  const listed = (<usize>done) << 2;
  const into = stream.scratch.temporary + <usize>done * stream.stride;
  rollRows(
    stream,
    frames.partsAtHand,
    frames.fronts + listed,
    frames.backs + listed,
    into,
    (<usize>(at + done)) << 3,
    i - done,
  );
  frames.done = i;
  frames.pass++;
}

/** Appends n events to their histories without results. */
function appendAll(stream: Stream, frames: Frames, at: i32, n: i32): void {
  let done = 0;
  for (let i = 0; i < n; i++) {
    const place = <usize>(at + i);
    const id = load<u32>(frames.ids + (place << 2));
    const t = load<f64>(frames.times + (place << 3));
    let history = historyFor(stream, frames, id, t);
    moveHead(stream, frames, history, t);
    const isReady = !needsFlip(history) && history.tail - history.head < history.maxEvents;
    if (!isReady || i - done == CHUNK_ROWS) {
      foldRows(frames.partsAtHand, frames.backs, at + done, i - done);
      done = i;
    }
    if (!isReady) history = makeReady(stream, frames, history, id);
    append(stream, frames, history, at + i);
    store<u32>(frames.backs + ((<usize>(i - done)) << 2), <u32>backOf(history));
  }
  foldRows(frames.partsAtHand, frames.backs, at + done, n - done);
}

/** Emits the results of at most CHUNK_ROWS events from their histories as they are, without appending the events. */
function emitCurrent(stream: Stream, frames: Frames, at: i32, n: i32): void {
  for (let i = 0; i < n; i++) {
    const place = <usize>(at + i);
    const t = load<f64>(frames.times + (place << 3));
    const history = historyFor(stream, frames, load<u32>(frames.ids + (place << 2)), t);
    moveHead(stream, frames, history, t);
    if (needsFlip(history)) flip(stream, frames, history);
    const row = stream.scratch.temporary + <usize>i * stream.stride;
    store<f64>(row, <f64>(history.tail - history.head));
    store<u32>(stream.scratch.chunkRows + ((<usize>i) << 2), <u32>row);
    store<u32>(frames.fronts + ((<usize>i) << 2), <u32>frontOf(stream, frames, history));
    store<u32>(frames.backs + ((<usize>i) << 2), <u32>backOf(history));
  }
  combineStates(stream.inlineParts, stream.scratch.chunkRows, frames.fronts, frames.backs, n);
  put(stream, frames, at, n);
}

/** Moves the n results that are listed in the stream's chunk to the outbox. */
function put(stream: Stream, frames: Frames, at: i32, n: i32): void {
  putOutputs(stream, stream.scratch.chunkRows, putHeads(stream, frames, at, n), n);
}

/** Opens n results in the outbox and writes all but their outputs. Returns the number of the first. */
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

/** Folds the events of a history from position i on, which all hold their measures, into the inline states of a row. */
export function foldFrom(stream: Stream, frames: Frames, history: History, row: usize, i: u32): void {
  while (i != history.tail) {
    const n = min(history.tail - i, <u32>CHUNK_ROWS);
    gather(stream, frames, history, i, n);
    foldGathered(stream, frames, row, n);
    i += n;
  }
}

/** Folds the first n events of the store's own columns into the inline states of a row. */
export function foldGathered(stream: Stream, frames: Frames, row: usize, n: i32): void {
  foldRun(stream, frames.parts, row, 0, n);
}

/** Whether an event at time t falls out of a frame that begins at `from`. */
export function isPast(frames: Frames, t: f64, from: f64): bool {
  return t < from || (t == from && !frames.left);
}
