/**
 * Rolling windows without keys whose events come in order, as they do by number, and by time where there is no disorder to wait for: then
 * a frame is a stretch of one long row of events, and a whole batch of them is worked on at once.
 *
 * Two stacks over the events' values (van Herk 1992, Gil and Werman 1993, for frames of any length):
 *
 *     head        low         split             high      tail
 *       │ gone     │ front      │ back            │ to come │        positions in the history
 *
 * `front` has a state for each position from where it was turned up to split: all from there to split, combined. `back` is all from
 * split to high. A frame [low, high) is one with the other, and when low reaches split all up to high is turned. What is kept of an event
 * is its values until it is turned, then its states in the front; by time also when it was.
 *
 * States that own memory do not come here: see `kindOf` in bindings/plan.ts.
 *
 * Law: low <= split <= high <= tail, and head is no more than low by time, than split by number; when a frame is turned depends on events
 * alone, not on batches.
 */

import { allocate, release, resize } from '../../base/allocator';
import { isFuture, miss } from '../../ingest/admission';
import { measureColumn, Ring } from '../../ingest/ring';
import { Closed, PartPlan, Plan, WindowPlan } from '../../plan';
import { openResults, putCauses, putEventHeads } from '../../result/outbox';
import { foldRun } from '../../state/rows';
import { byClock, byEvent, CHUNK_ROWS, copyRow, Stream, windowAt } from '../../stream';
import {
  clearState,
  columnBytes,
  combineAt,
  createColumns,
  destroyColumns,
  moveState,
  prefixes,
  putPairs,
  StateColumns,
  suffixes,
} from './state-columns';

@unmanaged
class Unkeyed {
  w: i32;
  size: f64;
  byRows: bool;
  /** Whether the times of all events in the frame are kept. */
  timed: bool;
  right: bool;
  left: bool;
  /** Columns of the history, each so long: times, then the measures. */
  columns: usize;
  capacity: u32;
  measures: i32;
  /** The parts of the plan, over the history's columns. */
  parts: usize;
  head: u32;
  low: u32;
  split: u32;
  high: u32;
  tail: u32;
  /** The first position whose event has no result yet. */
  next: u32;
  /** From each position where it was turned up to split, all to split; the last of no events. */
  front: StateColumns;
  /** From split up to each of the positions that a chunk of frames ends at. */
  back: StateColumns;
  /** Results listed, and after them those in the outbox of which no more than the outputs is there. */
  results: i32;
  headless: i32;
}

const INITIAL_EVENTS: u32 = 512;

export function create(stream: Stream, w: i32): usize {
  const unkeyed = changetype<Unkeyed>(allocate(stream, offsetof<Unkeyed>()));
  memory.fill(changetype<usize>(unkeyed), 0, offsetof<Unkeyed>());
  const window = windowAt(stream, w);
  const closed = load<u32>(window, WindowPlan.closed);
  unkeyed.w = w;
  unkeyed.size = load<f64>(window, WindowPlan.size);
  unkeyed.byRows = load<f64>(window, WindowPlan.every) == 1;
  unkeyed.timed = !unkeyed.byRows || load<u32>(stream.plan, Plan.tracksEarliest) != 0;
  unkeyed.right = (closed & Closed.right) != 0;
  unkeyed.left = (closed & Closed.left) != 0;
  // By number a frame that is open on the left, or closed on the right, has one event less, or more, before the event.
  if (unkeyed.byRows) unkeyed.size += (unkeyed.left ? 1 : 0) - (unkeyed.right ? 0 : 1);
  unkeyed.measures = changetype<Ring>(stream.ring).measureCount;
  unkeyed.parts = allocate(stream, <usize>stream.partCount * PartPlan.bytes);
  memory.copy(unkeyed.parts, stream.parts, <usize>stream.partCount * PartPlan.bytes);
  unkeyed.front = createColumns(stream);
  unkeyed.back = createColumns(stream);
  unkeyed.back.count = CHUNK_ROWS + 1;
  unkeyed.back.states = allocate(stream, columnBytes(stream, CHUNK_ROWS + 1));
  setCapacity(stream, unkeyed, INITIAL_EVENTS);
  setFront(stream, unkeyed, 0);
  return changetype<usize>(unkeyed);
}

export function destroy(stream: Stream, unkeyed: Unkeyed): void {
  release(stream, unkeyed.columns);
  release(stream, unkeyed.parts);
  destroyColumns(stream, unkeyed.front);
  destroyColumns(stream, unkeyed.back);
  release(stream, changetype<usize>(unkeyed));
}

function column(unkeyed: Unkeyed, i: i32): usize {
  return unkeyed.columns + ((<usize>i * <usize>unkeyed.capacity) << 3);
}

/** Where the time of a position stands. */
function addressOf(unkeyed: Unkeyed, position: u32): usize {
  return unkeyed.columns + ((<usize>(position - unkeyed.head)) << 3);
}

function timeAt(unkeyed: Unkeyed, position: u32): f64 {
  return load<f64>(addressOf(unkeyed, position));
}

/** The first position of which the history is wanted: what is turned is in the front, but for its time where that is still asked for. */
function kept(unkeyed: Unkeyed): u32 {
  return unkeyed.timed ? unkeyed.low : unkeyed.split;
}

/** Columns of another length, with what there is at their beginning: positions from `kept` on. */
function setCapacity(stream: Stream, unkeyed: Unkeyed, capacity: u32): void {
  const old = unkeyed.columns;
  const lane = (<usize>unkeyed.capacity) << 3;
  const first = kept(unkeyed);
  const bytes = (<usize>(unkeyed.tail - first)) << 3;
  const skipped = (<usize>(first - unkeyed.head)) << 3;
  unkeyed.columns = allocate(stream, ((<usize>capacity) << 3) * <usize>(1 + unkeyed.measures));
  unkeyed.capacity = capacity;
  for (let i = 0; old && i <= unkeyed.measures; i++) {
    memory.copy(column(unkeyed, i), old + <usize>i * lane + skipped, bytes);
  }
  if (old) release(stream, old);
  unkeyed.head = first;
  for (let i = 0, part = unkeyed.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    store<u32>(part, <u32>column(unkeyed, 1 + load<i32>(part, PartPlan.measure)), PartPlan.column);
    store<u32>(part, <u32>column(unkeyed, 1 + load<i32>(part, PartPlan.second)), PartPlan.secondColumn);
    store<u32>(part, <u32>unkeyed.columns, PartPlan.times);
  }
}

/** Room for n more events: what is gone is given up where little is left or room is short, and of room for many more than there are, half. */
function reserveEvents(stream: Stream, unkeyed: Unkeyed, n: u32): void {
  const first = kept(unkeyed);
  const left = unkeyed.tail - first;
  const gone = first - unkeyed.head;
  const isShort = gone + left + n > unkeyed.capacity;
  if (!isShort && left * 2 > gone) return;
  if (isShort) {
    const needed = left + n;
    let capacity = unkeyed.capacity;
    while (needed * 2 > capacity) capacity *= 2;
    while (capacity > INITIAL_EVENTS * 16 && needed * 8 < capacity) capacity >>= 1;
    if (capacity != unkeyed.capacity) {
      setCapacity(stream, unkeyed, capacity);
      return;
    }
  }
  const bytes = (<usize>left) << 3;
  for (let i = 0; i <= unkeyed.measures; i++) {
    memory.copy(column(unkeyed, i), column(unkeyed, i) + ((<usize>gone) << 3), bytes);
  }
  unkeyed.head = first;
}

export function take(stream: Stream, unkeyed: Unkeyed, at: i32, n: i32): void {
  const ring = changetype<Ring>(stream.ring);
  const times = ring.times + ((<usize>at) << 3);
  reserveEvents(stream, unkeyed, n);
  let i = 0;
  while (i < n) {
    const end = i + runLength(stream, unkeyed, times + ((<usize>i) << 3), n - i);
    append(unkeyed, ring, at + i, end - i);
    if (unkeyed.byRows) emitByRows(stream, unkeyed, i);
    else emitByTime(stream, unkeyed, end - (unkeyed.tail - unkeyed.next));
    i = end;
    if (i == n) break;
    const t = load<f64>(times + ((<usize>i) << 3));
    if (t <= stream.newest || !isFuture(stream, t, i)) miss(stream, i, true);
    i++;
  }
  finish(stream, unkeyed);
}

/** How many of n events are taken, up to the first that is not; they move the clock. */
function runLength(stream: Stream, unkeyed: Unkeyed, times: usize, n: i32): i32 {
  let newest = stream.newest;
  let i = 0;
  if (unkeyed.byRows && stream.maxFutureSkew == Infinity) {
    let even = f64x2.splat(newest);
    let odd = even;
    for (; i + 4 <= n; i += 4) {
      even = f64x2.pmax(even, v128.load(times + ((<usize>i) << 3)));
      odd = f64x2.pmax(odd, v128.load(times + ((<usize>i) << 3), 16));
    }
    even = f64x2.pmax(even, odd);
    newest = max(f64x2.extract_lane(even, 0), f64x2.extract_lane(even, 1));
    for (; i < n; i++) newest = max(newest, load<f64>(times + ((<usize>i) << 3)));
  }
  // By time, an event is late if it is before the watermark: there is no disorder here.
  const oldest = unkeyed.byRows ? -Infinity : stream.watermark;
  if (!unkeyed.byRows && stream.maxFutureSkew == Infinity && load<f64>(times) >= max(newest, oldest)) {
    // The last of each pair, and the one before it, are not before theirs.
    for (i = 1; i + 2 <= n; i += 2) {
      const later = times + ((<usize>i) << 3);
      if (v128.any_true(f64x2.lt(v128.load(later), v128.load(later - 8)))) break;
    }
    newest = load<f64>(times + ((<usize>i - 1) << 3));
  }
  for (; i < n; i++) {
    const t = load<f64>(times + ((<usize>i) << 3));
    if (t > newest) {
      if (t > newest + stream.maxFutureSkew && newest != -Infinity) break;
      newest = t;
    } else if (!unkeyed.byRows && t < newest) {
      break;
    }
    if (t < oldest) break;
  }
  stream.newest = newest;
  stream.watermark = max(stream.watermark, newest - stream.outOfOrder);
  return i;
}

/** Events that stand in a row in the ring join the history. */
function append(unkeyed: Unkeyed, ring: Ring, at: i32, n: i32): void {
  const to = (<usize>(unkeyed.tail - unkeyed.head)) << 3;
  const from = (<usize>at) << 3;
  const bytes = (<usize>n) << 3;
  memory.copy(unkeyed.columns + to, ring.times + from, bytes);
  for (let i = 0; i < unkeyed.measures; i++) {
    memory.copy(column(unkeyed, 1 + i) + to, measureColumn(ring, i) + from, bytes);
  }
  unkeyed.tail += n;
}

/** By number: results for all events that have none, the first of them event i of the batch. */
function emitByRows(stream: Stream, unkeyed: Unkeyed, i: i32): void {
  const size = <u32>min(unkeyed.size, <f64>u32.MAX_VALUE);
  const beyond: u32 = unkeyed.right ? 1 : 0;
  while (unkeyed.next != unkeyed.tail) {
    const n = runByRows(stream, unkeyed, size, beyond, i);
    if (n) {
      i += n;
      continue;
    }
    const high = unkeyed.next + beyond;
    const low = high - unkeyed.low > size ? high - size : unkeyed.low;
    listResults(stream, unkeyed, low, high, byEvent(i++), 1);
  }
}

/** As many results as there can be in one go, of frames that are full, each an event further than the one before. How many. */
function runByRows(stream: Stream, unkeyed: Unkeyed, size: u32, beyond: u32, i: i32): i32 {
  const low = unkeyed.next + beyond - size;
  if (low - unkeyed.low > 1) return 0;
  if (unkeyed.results) put(stream, unkeyed, false);
  moveTo(stream, unkeyed, low);
  const n = min(min(<i32>(unkeyed.tail - unkeyed.next), <i32>(unkeyed.split - low)), CHUNK_ROWS);
  if (n <= 0) return 0;
  store<u32>(unkeyed.front.places, low - unkeyed.front.from);
  store<u32>(unkeyed.back.places, 1);
  if (stream.ordered) {
    for (let j = 0; j < n; j++) store<u32>(stream.chunkIds + ((<usize>j) << 2), byEvent(i + j));
  }
  unkeyed.low = low + n - 1;
  unkeyed.high += n;
  unkeyed.next += n;
  unkeyed.results = n;
  put(stream, unkeyed, true);
  return n;
}

/** By time: results for the events whose time has passed, the first of them number i of the batch, negative if it came before. */
function emitByTime(stream: Stream, unkeyed: Unkeyed, i: i32): void {
  const size = unkeyed.size;
  const left = unkeyed.left;
  const right = unkeyed.right;
  const ordered = stream.ordered;
  const watermark = stream.watermark;
  const front = unkeyed.front;
  const back = unkeyed.back;
  const lows = front.places;
  const highs = back.places;
  const columns = unkeyed.columns;
  const tail = addressOf(unkeyed, unkeyed.tail);
  let at = addressOf(unkeyed, unkeyed.next);
  let first = addressOf(unkeyed, unkeyed.low);
  let listed = unkeyed.results;
  while (at != tail) {
    const t = load<f64>(at);
    if (t >= watermark) break;
    let end = at + 8;
    while (end != tail && load<f64>(end) == t) end += 8;
    const from = t - size;
    // However short the frame, the event is in it.
    while (first != at && (left ? load<f64>(first) < from : load<f64>(first) <= from)) first += 8;
    const n = <i32>((end - at) >> 3);
    i += n;
    // The event after the last of them passes their time, or the watermark moves by hand.
    const reason = byClock(max(i, 0));
    const low = unkeyed.head + <u32>((first - columns) >> 3);
    const high = unkeyed.head + <u32>(((right ? end : at) - columns) >> 3);
    const lowPlace = low - front.from;
    const highPlace = high - back.from;
    unkeyed.results = listed;
    if (lowPlace + 1 < front.count && highPlace <= <u32>CHUNK_ROWS && listed + n <= CHUNK_ROWS) {
      // As give does it.
      for (const next = listed + n; listed < next; listed++) {
        const place = (<usize>listed) << 2;
        store<u32>(lows + place, lowPlace);
        store<u32>(highs + place, highPlace);
        if (ordered) store<u32>(stream.chunkIds + place, reason);
      }
      unkeyed.low = low;
      unkeyed.high = high;
      unkeyed.next += n;
    } else {
      listResults(stream, unkeyed, low, high, reason, n);
      listed = unkeyed.results;
    }
    at = end;
  }
  unkeyed.results = listed;
}

/** Frames begin at `low` from now on. Where that is beyond the front, what is in the frame so far is turned. */
function moveTo(stream: Stream, unkeyed: Unkeyed, low: u32): void {
  if (low == unkeyed.low) return;
  if (low - unkeyed.low >= unkeyed.split - unkeyed.low) {
    put(stream, unkeyed, false);
    flip(stream, unkeyed, low);
  }
  unkeyed.low = low;
}

/** Lists results for the next n events, all of the frame [low, high). */
function listResults(stream: Stream, unkeyed: Unkeyed, low: u32, high: u32, at: i32, n: i32): void {
  if (low - unkeyed.low >= unkeyed.split - unkeyed.low) moveTo(stream, unkeyed, low);
  unkeyed.low = low;
  const front = unkeyed.front;
  const back = unkeyed.back;
  while (high - back.from > <u32>CHUNK_ROWS) {
    put(stream, unkeyed, false);
    if (high - back.from <= <u32>CHUNK_ROWS) break;
    unkeyed.high += CHUNK_ROWS;
    scan(stream, unkeyed);
    moveState(stream, back, CHUNK_ROWS);
  }
  while (n > 0) {
    if (unkeyed.results == CHUNK_ROWS) put(stream, unkeyed, false);
    const listed = min(n, CHUNK_ROWS - unkeyed.results);
    let i = (<usize>unkeyed.results) << 2;
    for (const end = i + ((<usize>listed) << 2); i < end; i += 4) {
      store<u32>(front.places + i, low - front.from);
      store<u32>(back.places + i, high - back.from);
      if (stream.ordered) store<u32>(stream.chunkIds + i, at);
    }
    unkeyed.results += listed;
    unkeyed.next += listed;
    unkeyed.high = high;
    n -= listed;
  }
}

/** The back goes on to `high`, with its states on the way. */
function scan(stream: Stream, unkeyed: Unkeyed): void {
  const back = unkeyed.back;
  const parts = stream.parts;
  stream.parts = unkeyed.parts;
  prefixes(stream, back, (<usize>(back.from - unkeyed.head)) << 3, unkeyed.high - back.from);
  stream.parts = parts;
}

/** The outputs of the results listed are worked out and go into the outbox; `dense`: see columns.ts. */
function put(stream: Stream, unkeyed: Unkeyed, dense: bool): void {
  const n = unkeyed.results;
  if (!n) return;
  const back = unkeyed.back;
  const from = openResults(stream, n);
  scan(stream, unkeyed);
  putPairs(stream, unkeyed.front, back, dense, from, n);
  putCauses(stream, from, n, stream.chunkIds);
  moveState(stream, back, unkeyed.high - back.from);
  unkeyed.headless += n;
  unkeyed.results = 0;
}

/** All that is listed goes out, and what there is to results but outputs. */
function finish(stream: Stream, unkeyed: Unkeyed): void {
  put(stream, unkeyed, false);
  const n = unkeyed.headless;
  if (!n) return;
  putEventHeads(stream, n, addressOf(unkeyed, unkeyed.next - n), unkeyed.w);
  stream.fired += n;
  unkeyed.headless = 0;
}

/** The front anew: of all positions from low to high, which back then holds nothing of. */
function flip(stream: Stream, unkeyed: Unkeyed, low: u32): void {
  // Where a frame ends before its event, one may begin after all that were ever in one.
  if (<i32>(unkeyed.high - low) < 0) unkeyed.high = low;
  const n = unkeyed.high - low;
  unkeyed.split = unkeyed.high;
  setFront(stream, unkeyed, n);
  if (!n) return;
  const parts = stream.parts;
  stream.parts = unkeyed.parts;
  suffixes(stream, unkeyed.front, (<usize>(low - unkeyed.head)) << 3, n);
  stream.parts = parts;
}

/** Room for a front of n events, the state after them in place, and a back of none. */
function setFront(stream: Stream, unkeyed: Unkeyed, n: u32): void {
  const front = unkeyed.front;
  front.count = n + 1;
  front.states = resize(stream, front.states, max(columnBytes(stream, n + 1), 512));
  clearState(stream, front, n);
  front.from = unkeyed.high - n;
  clearState(stream, unkeyed.back, 0);
  unkeyed.back.from = unkeyed.high;
}

export function advance(stream: Stream, unkeyed: Unkeyed, watermark: f64): void {
  if (watermark > stream.watermark) stream.watermark = watermark;
  if (!unkeyed.byRows) emitByTime(stream, unkeyed, i32.MIN_VALUE >> 1);
  finish(stream, unkeyed);
  if (unkeyed.byRows) {
    if (watermark == Infinity) clear(stream, unkeyed);
  } else if (unkeyed.tail != unkeyed.low && timeAt(unkeyed, unkeyed.tail - 1) < stream.watermark - unkeyed.size) {
    clear(stream, unkeyed);
  }
}

/** Nothing of the history is in a frame any more. */
function clear(stream: Stream, unkeyed: Unkeyed): void {
  unkeyed.low = unkeyed.tail;
  unkeyed.split = unkeyed.tail;
  unkeyed.high = unkeyed.tail;
  setFront(stream, unkeyed, 0);
  setCapacity(stream, unkeyed, INITIAL_EVENTS);
}

export function demand(stream: Stream, unkeyed: Unkeyed, n: f64): f64 {
  const events = <f64>(unkeyed.tail - unkeyed.low) + n;
  const columns = 4 * (events + <f64>INITIAL_EVENTS) * 8 * <f64>(1 + unkeyed.measures);
  return columns + events * <f64>stream.stride * 2 + 2048;
}

/** Results that n events can give. */
export function due(_stream: Stream, unkeyed: Unkeyed, n: f64, _watermark: f64): f64 {
  return n + <f64>(unkeyed.tail - unkeyed.next);
}

export function earliest(_stream: Stream, unkeyed: Unkeyed): f64 {
  let first = Infinity;
  for (let i = unkeyed.low; i != unkeyed.tail; i++) first = min(first, timeAt(unkeyed, i));
  return first;
}

export function live(_stream: Stream, unkeyed: Unkeyed): f64 {
  return unkeyed.tail == unkeyed.low ? 0 : 1;
}

/** Over the events in the frame that ends at time t; by number over the last ones. */
export function query(stream: Stream, unkeyed: Unkeyed, _id: u32, t: f64): usize {
  stream.askedEnd = t;
  stream.askedStart = unkeyed.byRows ? NaN : t - unkeyed.size;
  const value = stream.temporary;
  copyRow(stream, value, stream.empty);
  let low = unkeyed.low;
  if (unkeyed.byRows) {
    const size = <u32>min(unkeyed.size, <f64>u32.MAX_VALUE);
    if (unkeyed.tail - low > size) low = unkeyed.tail - size;
  } else {
    let high = unkeyed.tail;
    while (low != high) {
      const middle = low + ((high - low) >> 1);
      const time = timeAt(unkeyed, middle);
      if (time > stream.askedStart || (time == stream.askedStart && unkeyed.left)) high = middle;
      else low = middle + 1;
    }
  }
  // Where nothing is turned yet, all is, and the next will find it.
  if (unkeyed.split == unkeyed.low && unkeyed.high != unkeyed.low) flip(stream, unkeyed, unkeyed.low);
  let from = low;
  if (low - unkeyed.low < unkeyed.split - unkeyed.low) {
    store<f64>(value, <f64>(unkeyed.high - low));
    combineAt(stream, value, unkeyed.front, low - unkeyed.front.from, unkeyed.back, 0);
    from = unkeyed.high;
  }
  const parts = stream.parts;
  stream.parts = unkeyed.parts;
  foldAll(stream, unkeyed, value, from);
  stream.parts = parts;
  return value;
}

/** Folds all events from a position on into a row. */
function foldAll(stream: Stream, unkeyed: Unkeyed, row: usize, from: u32): void {
  while (from != unkeyed.tail) {
    const n = min(unkeyed.tail - from, <u32>CHUNK_ROWS);
    foldRun(stream, row, <i32>(from - unkeyed.head), n);
    from += n;
  }
}
