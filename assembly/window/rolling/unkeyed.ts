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

import {
  clearState,
  columnBytes,
  Columns,
  combineAt,
  createColumns,
  destroyColumns,
  moveState,
  prefixes,
  putJoined,
  suffixes,
} from './state-columns';
import { allocate, release, resize } from '../../base/allocator';
import { isFuture, miss } from '../../ingest/admission';
import { openResults, putEvents, putReasons } from '../../result/outbox';
import { Closed, PartPlan, Plan, WindowPlan } from '../../plan';
import { measureColumn, Ring } from '../../ingest/ring';
import { reduceRow } from '../../state/rows';
import { CHUNK, clockAt, copyRow, Stream, takenAt, windowAt } from '../../stream';

@unmanaged
class Sliding {
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
  front: Columns;
  /** From split up to each of the positions that a chunk of frames ends at. */
  back: Columns;
  /** Results listed, and after them those in the outbox of which no more than the outputs is there. */
  results: i32;
  bare: i32;
}

const FEW: u32 = 512;

export function create(stream: Stream, w: i32): usize {
  const sliding = changetype<Sliding>(allocate(stream, offsetof<Sliding>()));
  memory.fill(changetype<usize>(sliding), 0, offsetof<Sliding>());
  const window = windowAt(stream, w);
  const closed = load<u32>(window, WindowPlan.closed);
  sliding.w = w;
  sliding.size = load<f64>(window, WindowPlan.size);
  sliding.byRows = load<f64>(window, WindowPlan.every) == 1;
  sliding.timed = !sliding.byRows || load<u32>(stream.plan, Plan.dated) != 0;
  sliding.right = (closed & Closed.right) != 0;
  sliding.left = (closed & Closed.left) != 0;
  // By number a frame that is open on the left, or closed on the right, has one event less, or more, before the event.
  if (sliding.byRows) sliding.size += (sliding.left ? 1 : 0) - (sliding.right ? 0 : 1);
  sliding.measures = changetype<Ring>(stream.ring).measureCount;
  sliding.parts = allocate(stream, <usize>stream.partCount * PartPlan.bytes);
  memory.copy(sliding.parts, stream.parts, <usize>stream.partCount * PartPlan.bytes);
  sliding.front = createColumns(stream);
  sliding.back = createColumns(stream);
  sliding.back.count = CHUNK + 1;
  sliding.back.states = allocate(stream, columnBytes(stream, CHUNK + 1));
  setCapacity(stream, sliding, FEW);
  setFront(stream, sliding, 0);
  return changetype<usize>(sliding);
}

export function destroy(stream: Stream, sliding: Sliding): void {
  release(stream, sliding.columns);
  release(stream, sliding.parts);
  destroyColumns(stream, sliding.front);
  destroyColumns(stream, sliding.back);
  release(stream, changetype<usize>(sliding));
}

function column(sliding: Sliding, i: i32): usize {
  return sliding.columns + ((<usize>i * <usize>sliding.capacity) << 3);
}

/** Where the time of a position stands. */
function addressOf(sliding: Sliding, position: u32): usize {
  return sliding.columns + ((<usize>(position - sliding.head)) << 3);
}

function timeAt(sliding: Sliding, position: u32): f64 {
  return load<f64>(addressOf(sliding, position));
}

/** The first position of which the history is wanted: what is turned is in the front, but for its time where that is still asked for. */
function kept(sliding: Sliding): u32 {
  return sliding.timed ? sliding.low : sliding.split;
}

/** Columns of another length, with what there is at their beginning: positions from `kept` on. */
function setCapacity(stream: Stream, sliding: Sliding, capacity: u32): void {
  const old = sliding.columns;
  const lane = (<usize>sliding.capacity) << 3;
  const first = kept(sliding);
  const bytes = (<usize>(sliding.tail - first)) << 3;
  const skipped = (<usize>(first - sliding.head)) << 3;
  sliding.columns = allocate(stream, ((<usize>capacity) << 3) * <usize>(1 + sliding.measures));
  sliding.capacity = capacity;
  for (let i = 0; old && i <= sliding.measures; i++) {
    memory.copy(column(sliding, i), old + <usize>i * lane + skipped, bytes);
  }
  if (old) release(stream, old);
  sliding.head = first;
  for (let i = 0, part = sliding.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    store<u32>(part, <u32>column(sliding, 1 + load<i32>(part, PartPlan.measure)), PartPlan.column);
    store<u32>(part, <u32>column(sliding, 1 + load<i32>(part, PartPlan.second)), PartPlan.secondColumn);
    store<u32>(part, <u32>sliding.columns, PartPlan.times);
  }
}

/** Room for n more events: what is gone is given up where little is left or room is short, and of room for many more than there are, half. */
function makeRoom(stream: Stream, sliding: Sliding, n: u32): void {
  const first = kept(sliding);
  const left = sliding.tail - first;
  const gone = first - sliding.head;
  const isShort = gone + left + n > sliding.capacity;
  if (!isShort && left * 2 > gone) return;
  if (isShort) {
    const needed = left + n;
    let capacity = sliding.capacity;
    while (needed * 2 > capacity) capacity *= 2;
    while (capacity > FEW * 16 && needed * 8 < capacity) capacity >>= 1;
    if (capacity != sliding.capacity) {
      setCapacity(stream, sliding, capacity);
      return;
    }
  }
  const bytes = (<usize>left) << 3;
  for (let i = 0; i <= sliding.measures; i++) {
    memory.copy(column(sliding, i), column(sliding, i) + ((<usize>gone) << 3), bytes);
  }
  sliding.head = first;
}

export function take(stream: Stream, sliding: Sliding, at: i32, n: i32): void {
  const ring = changetype<Ring>(stream.ring);
  const times = ring.times + ((<usize>at) << 3);
  makeRoom(stream, sliding, n);
  let i = 0;
  while (i < n) {
    const end = i + runLength(stream, sliding, times + ((<usize>i) << 3), n - i);
    append(sliding, ring, at + i, end - i);
    if (sliding.byRows) giveByRows(stream, sliding, i);
    else giveByTime(stream, sliding, end - (sliding.tail - sliding.next));
    i = end;
    if (i == n) break;
    const t = load<f64>(times + ((<usize>i) << 3));
    if (t <= stream.newest || !isFuture(stream, t, i)) miss(stream, i, true);
    i++;
  }
  finish(stream, sliding);
}

/** How many of n events are taken, up to the first that is not; they move the clock. */
function runLength(stream: Stream, sliding: Sliding, times: usize, n: i32): i32 {
  let newest = stream.newest;
  let i = 0;
  if (sliding.byRows && stream.maxFutureSkew == Infinity) {
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
  const oldest = sliding.byRows ? -Infinity : stream.watermark;
  if (!sliding.byRows && stream.maxFutureSkew == Infinity && load<f64>(times) >= max(newest, oldest)) {
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
    } else if (!sliding.byRows && t < newest) {
      break;
    }
    if (t < oldest) break;
  }
  stream.newest = newest;
  stream.watermark = max(stream.watermark, newest - stream.outOfOrder);
  return i;
}

/** Events that stand in a row in the ring join the history. */
function append(sliding: Sliding, ring: Ring, at: i32, n: i32): void {
  const to = (<usize>(sliding.tail - sliding.head)) << 3;
  const from = (<usize>at) << 3;
  const bytes = (<usize>n) << 3;
  memory.copy(sliding.columns + to, ring.times + from, bytes);
  for (let i = 0; i < sliding.measures; i++) {
    memory.copy(column(sliding, 1 + i) + to, measureColumn(ring, i) + from, bytes);
  }
  sliding.tail += n;
}

/** By number: results for all events that have none, the first of them event i of the batch. */
function giveByRows(stream: Stream, sliding: Sliding, i: i32): void {
  const size = <u32>min(sliding.size, <f64>u32.MAX_VALUE);
  const beyond: u32 = sliding.right ? 1 : 0;
  while (sliding.next != sliding.tail) {
    const n = runByRows(stream, sliding, size, beyond, i);
    if (n) {
      i += n;
      continue;
    }
    const high = sliding.next + beyond;
    const low = high - sliding.low > size ? high - size : sliding.low;
    give(stream, sliding, low, high, takenAt(i++), 1);
  }
}

/** As many results as there can be in one go, of frames that are full, each an event further than the one before. How many. */
function runByRows(stream: Stream, sliding: Sliding, size: u32, beyond: u32, i: i32): i32 {
  const low = sliding.next + beyond - size;
  if (low - sliding.low > 1) return 0;
  if (sliding.results) put(stream, sliding, false);
  moveTo(stream, sliding, low);
  const n = min(min(<i32>(sliding.tail - sliding.next), <i32>(sliding.split - low)), CHUNK);
  if (n <= 0) return 0;
  store<u32>(sliding.front.places, low - sliding.front.from);
  store<u32>(sliding.back.places, 1);
  if (stream.ordered) {
    for (let j = 0; j < n; j++) store<u32>(stream.chunkIds + ((<usize>j) << 2), takenAt(i + j));
  }
  sliding.low = low + n - 1;
  sliding.high += n;
  sliding.next += n;
  sliding.results = n;
  put(stream, sliding, true);
  return n;
}

/** By time: results for the events whose time has passed, the first of them number i of the batch, negative if it came before. */
function giveByTime(stream: Stream, sliding: Sliding, i: i32): void {
  const size = sliding.size;
  const left = sliding.left;
  const right = sliding.right;
  const ordered = stream.ordered;
  const watermark = stream.watermark;
  const front = sliding.front;
  const back = sliding.back;
  const lows = front.places;
  const highs = back.places;
  const columns = sliding.columns;
  const tail = addressOf(sliding, sliding.tail);
  let at = addressOf(sliding, sliding.next);
  let first = addressOf(sliding, sliding.low);
  let listed = sliding.results;
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
    const reason = clockAt(max(i, 0));
    const low = sliding.head + <u32>((first - columns) >> 3);
    const high = sliding.head + <u32>(((right ? end : at) - columns) >> 3);
    const lowPlace = low - front.from;
    const highPlace = high - back.from;
    sliding.results = listed;
    if (lowPlace + 1 < front.count && highPlace <= <u32>CHUNK && listed + n <= CHUNK) {
      // As give does it.
      for (const next = listed + n; listed < next; listed++) {
        const place = (<usize>listed) << 2;
        store<u32>(lows + place, lowPlace);
        store<u32>(highs + place, highPlace);
        if (ordered) store<u32>(stream.chunkIds + place, reason);
      }
      sliding.low = low;
      sliding.high = high;
      sliding.next += n;
    } else {
      give(stream, sliding, low, high, reason, n);
      listed = sliding.results;
    }
    at = end;
  }
  sliding.results = listed;
}

/** Frames begin at `low` from now on. Where that is beyond the front, what is in the frame so far is turned. */
function moveTo(stream: Stream, sliding: Sliding, low: u32): void {
  if (low == sliding.low) return;
  if (low - sliding.low >= sliding.split - sliding.low) {
    put(stream, sliding, false);
    turn(stream, sliding, low);
  }
  sliding.low = low;
}

/** Lists results for the next n events, all of the frame [low, high). */
function give(stream: Stream, sliding: Sliding, low: u32, high: u32, at: i32, n: i32): void {
  if (low - sliding.low >= sliding.split - sliding.low) moveTo(stream, sliding, low);
  sliding.low = low;
  const front = sliding.front;
  const back = sliding.back;
  while (high - back.from > <u32>CHUNK) {
    put(stream, sliding, false);
    if (high - back.from <= <u32>CHUNK) break;
    sliding.high += CHUNK;
    scan(stream, sliding);
    moveState(stream, back, CHUNK);
  }
  while (n > 0) {
    if (sliding.results == CHUNK) put(stream, sliding, false);
    const listed = min(n, CHUNK - sliding.results);
    let i = (<usize>sliding.results) << 2;
    for (const end = i + ((<usize>listed) << 2); i < end; i += 4) {
      store<u32>(front.places + i, low - front.from);
      store<u32>(back.places + i, high - back.from);
      if (stream.ordered) store<u32>(stream.chunkIds + i, at);
    }
    sliding.results += listed;
    sliding.next += listed;
    sliding.high = high;
    n -= listed;
  }
}

/** The back goes on to `high`, with its states on the way. */
function scan(stream: Stream, sliding: Sliding): void {
  const back = sliding.back;
  const parts = stream.parts;
  stream.parts = sliding.parts;
  prefixes(stream, back, (<usize>(back.from - sliding.head)) << 3, sliding.high - back.from);
  stream.parts = parts;
}

/** The outputs of the results listed are worked out and go into the outbox; `dense`: see columns.ts. */
function put(stream: Stream, sliding: Sliding, dense: bool): void {
  const n = sliding.results;
  if (!n) return;
  const back = sliding.back;
  const from = openResults(stream, n);
  scan(stream, sliding);
  putJoined(stream, sliding.front, back, dense, from, n);
  putReasons(stream, from, n, stream.chunkIds);
  moveState(stream, back, sliding.high - back.from);
  sliding.bare += n;
  sliding.results = 0;
}

/** All that is listed goes out, and what there is to results but outputs. */
function finish(stream: Stream, sliding: Sliding): void {
  put(stream, sliding, false);
  const n = sliding.bare;
  if (!n) return;
  putEvents(stream, n, addressOf(sliding, sliding.next - n), sliding.w);
  stream.fired += n;
  sliding.bare = 0;
}

/** The front anew: of all positions from low to high, which back then holds nothing of. */
function turn(stream: Stream, sliding: Sliding, low: u32): void {
  // Where a frame ends before its event, one may begin after all that were ever in one.
  if (<i32>(sliding.high - low) < 0) sliding.high = low;
  const n = sliding.high - low;
  sliding.split = sliding.high;
  setFront(stream, sliding, n);
  if (!n) return;
  const parts = stream.parts;
  stream.parts = sliding.parts;
  suffixes(stream, sliding.front, (<usize>(low - sliding.head)) << 3, n);
  stream.parts = parts;
}

/** Room for a front of n events, the state after them in place, and a back of none. */
function setFront(stream: Stream, sliding: Sliding, n: u32): void {
  const front = sliding.front;
  front.count = n + 1;
  front.states = resize(stream, front.states, max(columnBytes(stream, n + 1), 512));
  clearState(stream, front, n);
  front.from = sliding.high - n;
  clearState(stream, sliding.back, 0);
  sliding.back.from = sliding.high;
}

export function advance(stream: Stream, sliding: Sliding, watermark: f64): void {
  if (watermark > stream.watermark) stream.watermark = watermark;
  if (!sliding.byRows) giveByTime(stream, sliding, i32.MIN_VALUE >> 1);
  finish(stream, sliding);
  if (sliding.byRows) {
    if (watermark == Infinity) clear(stream, sliding);
  } else if (sliding.tail != sliding.low && timeAt(sliding, sliding.tail - 1) < stream.watermark - sliding.size) {
    clear(stream, sliding);
  }
}

/** Nothing of the history is in a frame any more. */
function clear(stream: Stream, sliding: Sliding): void {
  sliding.low = sliding.tail;
  sliding.split = sliding.tail;
  sliding.high = sliding.tail;
  setFront(stream, sliding, 0);
  setCapacity(stream, sliding, FEW);
}

export function demand(stream: Stream, sliding: Sliding, n: f64): f64 {
  const events = <f64>(sliding.tail - sliding.low) + n;
  const columns = 4 * (events + <f64>FEW) * 8 * <f64>(1 + sliding.measures);
  return columns + events * <f64>stream.stride * 2 + 2048;
}

/** Results that n events can give. */
export function due(stream: Stream, sliding: Sliding, n: f64, _watermark: f64): f64 {
  return n + <f64>(sliding.tail - sliding.next);
}

export function since(_stream: Stream, sliding: Sliding): f64 {
  let first = Infinity;
  for (let i = sliding.low; i != sliding.tail; i++) first = min(first, timeAt(sliding, i));
  return first;
}

export function live(stream: Stream, sliding: Sliding): f64 {
  return sliding.tail == sliding.low ? 0 : 1;
}

/** Over the events in the frame that ends at time t; by number over the last ones. */
export function query(stream: Stream, sliding: Sliding, _id: u32, t: f64): usize {
  stream.askedEnd = t;
  stream.askedStart = sliding.byRows ? NaN : t - sliding.size;
  const value = stream.temporary;
  copyRow(stream, value, stream.empty);
  let low = sliding.low;
  if (sliding.byRows) {
    const size = <u32>min(sliding.size, <f64>u32.MAX_VALUE);
    if (sliding.tail - low > size) low = sliding.tail - size;
  } else {
    let high = sliding.tail;
    while (low != high) {
      const middle = low + ((high - low) >> 1);
      const time = timeAt(sliding, middle);
      if (time > stream.askedStart || (time == stream.askedStart && sliding.left)) high = middle;
      else low = middle + 1;
    }
  }
  // Where nothing is turned yet, all is, and the next will find it.
  if (sliding.split == sliding.low && sliding.high != sliding.low) turn(stream, sliding, sliding.low);
  let from = low;
  if (low - sliding.low < sliding.split - sliding.low) {
    store<f64>(value, <f64>(sliding.high - low));
    combineAt(stream, value, sliding.front, low - sliding.front.from, sliding.back, 0);
    from = sliding.high;
  }
  const parts = stream.parts;
  stream.parts = sliding.parts;
  reduceAll(stream, sliding, value, from);
  stream.parts = parts;
  return value;
}

/** Folds all events from a position on into a row. */
function reduceAll(stream: Stream, sliding: Sliding, row: usize, from: u32): void {
  while (from != sliding.tail) {
    const n = min(sliding.tail - from, <u32>CHUNK);
    reduceRow(stream, row, <i32>(from - sliding.head), n);
    from += n;
  }
}
