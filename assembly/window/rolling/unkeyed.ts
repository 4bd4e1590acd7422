/**
 * Rolling windows without keys whose events are in order: by rows always, by time where no disorder is allowed. A frame
 * is then a stretch of one sequence of events, and a whole batch of frames is worked on at once.
 *
 * Frames are combined by two stacks (see grid/two-stacks.ts) over columns. For frames of one length this is the
 * algorithm of van Herk, 1992, and Gil and Werman, 1993.
 *
 *     head        low         split             high        tail
 *       │ evicted  │ front      │ back            │ to come   │        positions in the history
 *
 *     front    a state for each position from the last flip's `low` up to split: all events from there to split
 *     back     a state for each position from split on, for a chunk at a time: all events from split up to there
 *
 * Law: low <= split <= high <= tail; head <= low where times are kept (`timed`), else head <= split. The frame [low,
 * high) is the state of the front at low combined with that of the back at high. When low reaches split, the front
 * flips: it is rebuilt over all events of the frame. Without queries, when it flips depends on events alone, not on
 * where batches are cut; `query` may flip earlier.
 *
 * Why this layout: without keys all events are consecutive, so their states stand in columns (state-columns.ts), and
 * kernels go over many events in one call, without addresses. A flip is one pass backwards over the columns, and the
 * results of a chunk one pass forwards: an event costs a fold on each, and a combination for its result, all sequential
 * in memory.
 *
 * The values of an event are kept until it is in the front; its time, where times are kept, until it is evicted.
 *
 * States that own memory do not come here: `kindOf` in bindings/plan/compile.ts gives them rolling.ts.
 */

import { allocate, release, resize } from '../../base/allocator';
import { lowerBound, upperBound } from '../../base/bisect';
import { byClock, byEvent } from '../../cause';
import { Census } from '../../census';
import { isFuture, isPlausible, noteMiss } from '../../ingest/admission';
import { measureColumn, Ring } from '../../ingest/ring';
import { Law } from '../../law';
import { copyParts, Parts, pointParts } from '../../part';
import { Closed } from '../../plan';
import { areSame } from '../../result/compare';
import { openResults, putCauses, putEventHeads } from '../../result/outbox';
import { CHUNK_ROWS } from '../../scratch';
import { demandOfRows } from '../../state/bounds';
import { combineRows, foldRun, listRow, resetRow } from '../../state/rows';
import { Bound, Bounds } from '../../store';
import { copyRow, firesAgain, Stream, windowAt } from '../../stream';
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
  /** Whether a frame includes its own event (with its peers), and by time an event exactly `size` before it. */
  right: bool;
  left: bool;
  /** Columns of the history, for `capacity` events from head on: times, then the measures. */
  columns: usize;
  capacity: u32;
  measures: i32;
  /** The parts of the plan, over the history's columns. */
  parts: Parts;
  head: u32;
  low: u32;
  split: u32;
  high: u32;
  tail: u32;
  /** The first position whose event has no result yet. */
  next: u32;
  /** Its last state, at split, is that of no events. */
  front: StateColumns;
  /** Its first state is at `back.from`, up to where it was last scanned; room for CHUNK_ROWS more. */
  back: StateColumns;
  /** How many results are listed. */
  results: i32;
  /** How many of the last results in the outbox have their outputs and not yet their bounds. */
  headless: i32;
}

const INITIAL_EVENTS: u32 = 512;

export function create(stream: Stream, w: i32, _count: i32): usize {
  const unkeyed = changetype<Unkeyed>(allocate(stream, offsetof<Unkeyed>()));
  memory.fill(changetype<usize>(unkeyed), 0, offsetof<Unkeyed>());
  const window = windowAt(stream, w);
  stream.isScheduled = false;
  const closed = window.closed;
  unkeyed.w = w;
  unkeyed.size = window.size;
  unkeyed.byRows = window.every == 1;
  unkeyed.right = (closed & Closed.right) != 0;
  unkeyed.left = (closed & Closed.left) != 0;
  // By rows, `size` becomes the number of events in a frame: closed on the left it has one more, open on the right one
  // less.
  if (unkeyed.byRows) unkeyed.size += (unkeyed.left ? 1 : 0) - (unkeyed.right ? 0 : 1);
  unkeyed.measures = changetype<Ring>(stream.ring).measureCount;
  unkeyed.parts = copyParts(stream, stream.parts);
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
  release(stream, changetype<usize>(unkeyed.parts));
  destroyColumns(stream, unkeyed.front);
  destroyColumns(stream, unkeyed.back);
  release(stream, changetype<usize>(unkeyed));
}

/** Address of column i of the history: 0 is the times, then come the measures. */
function column(unkeyed: Unkeyed, i: i32): usize {
  return unkeyed.columns + ((<usize>i * <usize>unkeyed.capacity) << 3);
}

/** Address of the time at a position. */
function addressOf(unkeyed: Unkeyed, position: u32): usize {
  return unkeyed.columns + ((<usize>(position - unkeyed.head)) << 3);
}

function timeAt(unkeyed: Unkeyed, position: u32): f64 {
  return load<f64>(addressOf(unkeyed, position));
}

/** The first position whose values or time are still needed: the front has replaced the values, but not the time. */
function firstKept(unkeyed: Unkeyed): u32 {
  return unkeyed.byRows ? unkeyed.split : unkeyed.low;
}

/** Moves the columns to a block for `capacity` events; they then begin at `firstKept`. Points the parts to them. */
function setCapacity(stream: Stream, unkeyed: Unkeyed, capacity: u32): void {
  const old = unkeyed.columns;
  const lane = (<usize>unkeyed.capacity) << 3;
  const first = firstKept(unkeyed);
  const bytes = (<usize>(unkeyed.tail - first)) << 3;
  const skipped = (<usize>(first - unkeyed.head)) << 3;
  unkeyed.columns = allocate(stream, ((<usize>capacity) << 3) * <usize>(1 + unkeyed.measures));
  unkeyed.capacity = capacity;
  for (let i = 0; old && i <= unkeyed.measures; i++) {
    memory.copy(column(unkeyed, i), old + <usize>i * lane + skipped, bytes);
  }
  if (old) release(stream, old);
  unkeyed.head = first;
  pointParts(unkeyed.parts, unkeyed.columns, column(unkeyed, 1), (<usize>capacity) << 3);
}

/**
 * Makes room for n events: compacts the columns when at most a third of their events is live or space is short. When
 * space is short, the columns grow until they are at most half full, or shrink while they would be under an eighth
 * full.
 */
function reserveEvents(stream: Stream, unkeyed: Unkeyed, n: u32): void {
  const first = firstKept(unkeyed);
  const liveEvents = unkeyed.tail - first;
  const deadEvents = first - unkeyed.head;
  const isShort = deadEvents + liveEvents + n > unkeyed.capacity;
  if (!isShort && liveEvents * 2 > deadEvents) return;
  if (isShort) {
    const needed = liveEvents + n;
    let capacity = unkeyed.capacity;
    while (needed * 2 > capacity) capacity *= 2;
    while (capacity > INITIAL_EVENTS * 16 && needed * 8 < capacity) capacity >>= 1;
    if (capacity != unkeyed.capacity) {
      setCapacity(stream, unkeyed, capacity);
      return;
    }
  }
  const bytes = (<usize>liveEvents) << 3;
  for (let i = 0; i <= unkeyed.measures; i++) {
    memory.copy(column(unkeyed, i), column(unkeyed, i) + ((<usize>deadEvents) << 3), bytes);
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
    if (t <= stream.newest || !isFuture(stream, t, i)) noteMiss(stream, i, true);
    i++;
  }
  finish(stream, unkeyed);
}

/**
 * Moves the clock with the events that can be taken, and returns how many: those before the first that is late or too
 * far ahead.
 */
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
  // By time an event before the watermark is late, as no disorder is allowed.
  const oldest = unkeyed.byRows ? -Infinity : stream.watermark;
  if (!unkeyed.byRows && stream.maxFutureSkew == Infinity && load<f64>(times) >= max(newest, oldest)) {
    // Each step compares two events with their predecessors.
    for (i = 1; i + 2 <= n; i += 2) {
      const later = times + ((<usize>i) << 3);
      if (v128.any_true(f64x2.lt(v128.load(later), v128.load(later - 8)))) break;
    }
    newest = load<f64>(times + ((<usize>i - 1) << 3));
  }
  for (; i < n; i++) {
    const t = load<f64>(times + ((<usize>i) << 3));
    if (t > newest) {
      if (!isPlausible(stream, t, newest)) break;
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

/** Appends n events from place `at` of the ring on to the history. */
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

/** By rows: emits results for all events that have none; the first of them is event i of the batch. */
function emitByRows(stream: Stream, unkeyed: Unkeyed, i: i32): void {
  const size = <u32>min(unkeyed.size, <f64>u32.MAX_VALUE);
  const selfCount: u32 = unkeyed.right ? 1 : 0;
  while (unkeyed.next != unkeyed.tail) {
    const n = runByRows(stream, unkeyed, size, selfCount, i);
    if (n) {
      i += n;
      continue;
    }
    const high = unkeyed.next + selfCount;
    const low = high - unkeyed.low > size ? high - size : unkeyed.low;
    listResults(stream, unkeyed, low, high, byEvent(i++), 1);
  }
}

/**
 * Emits as many results as one call of the kernels can, for full frames, each one event further than the one before;
 * the first is that of event i. Returns how many, 0 if the next frame is not such, or is empty.
 */
function runByRows(stream: Stream, unkeyed: Unkeyed, size: u32, selfCount: u32, i: i32): i32 {
  const low = unkeyed.next + selfCount - size;
  if (low - unkeyed.low > 1) return 0;
  if (unkeyed.results) put(stream, unkeyed, false);
  moveTo(stream, unkeyed, low);
  const n = min(min(<i32>(unkeyed.tail - unkeyed.next), <i32>(unkeyed.split - low)), CHUNK_ROWS);
  if (n <= 0) return 0;
  store<u32>(unkeyed.front.places, low - unkeyed.front.from);
  store<u32>(unkeyed.back.places, 1);
  if (stream.ordered) {
    for (let j = 0; j < n; j++) store<u32>(stream.scratch.chunkCauses + ((<usize>j) << 2), byEvent(i + j));
  }
  unkeyed.low = low + n - 1;
  unkeyed.high += n;
  unkeyed.next += n;
  unkeyed.results = n;
  put(stream, unkeyed, true);
  return n;
}

/**
 * By time: emits results for the events whose time the watermark has passed. The first without a result is event i of
 * the batch; i is negative if it came before the batch.
 */
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
    // Where t - size rounds to t, the frame still includes the event.
    while (first != at && (left ? load<f64>(first) < from : load<f64>(first) <= from)) first += 8;
    const n = <i32>((end - at) >> 3);
    i += n;
    // The cause is the event after the last of them, the first beyond their time; 0 if the watermark moves by hand.
    const cause = byClock(max(i, 0));
    const low = unkeyed.head + <u32>((first - columns) >> 3);
    const high = unkeyed.head + <u32>(((right ? end : at) - columns) >> 3);
    const lowPlace = low - front.from;
    const highPlace = high - back.from;
    unkeyed.results = listed;
    if (lowPlace + 1 < front.count && highPlace <= <u32>CHUNK_ROWS && listed + n <= CHUNK_ROWS) {
      // What `listResults` does, inlined for the usual case.
      for (const next = listed + n; listed < next; listed++) {
        const place = (<usize>listed) << 2;
        store<u32>(lows + place, lowPlace);
        store<u32>(highs + place, highPlace);
        if (ordered) store<u32>(stream.scratch.chunkCauses + place, cause);
      }
      unkeyed.low = low;
      unkeyed.high = high;
      unkeyed.next += n;
    } else {
      listResults(stream, unkeyed, low, high, cause, n);
      listed = unkeyed.results;
    }
    at = end;
  }
  unkeyed.results = listed;
}

/** Moves the beginning of frames to `low`. If that is beyond the front, puts what is listed and flips. */
function moveTo(stream: Stream, unkeyed: Unkeyed, low: u32): void {
  if (low == unkeyed.low) return;
  if (low - unkeyed.low >= unkeyed.split - unkeyed.low) {
    put(stream, unkeyed, false);
    flip(stream, unkeyed, low);
  }
  unkeyed.low = low;
}

/** Lists results for the next n events, which all have the frame [low, high) and the same cause. */
function listResults(stream: Stream, unkeyed: Unkeyed, low: u32, high: u32, cause: i32, n: i32): void {
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
      if (stream.ordered) store<u32>(stream.scratch.chunkCauses + i, cause);
    }
    unkeyed.results += listed;
    unkeyed.next += listed;
    unkeyed.high = high;
    n -= listed;
  }
}

/** Fills the states of the back from `back.from` up to `high`. */
function scan(stream: Stream, unkeyed: Unkeyed): void {
  const back = unkeyed.back;
  prefixes(stream, unkeyed.parts, back, (<usize>(back.from - unkeyed.head)) << 3, unkeyed.high - back.from);
}

/**
 * Puts the listed results into the outbox, with outputs and causes but without bounds; `dense`: see state-columns.ts.
 */
function put(stream: Stream, unkeyed: Unkeyed, dense: bool): void {
  const n = unkeyed.results;
  if (!n) return;
  const back = unkeyed.back;
  const from = openResults(stream, n);
  scan(stream, unkeyed);
  putPairs(stream, unkeyed.front, back, dense, from, n);
  putCauses(stream, from, n, stream.scratch.chunkCauses);
  moveState(stream, back, unkeyed.high - back.from);
  unkeyed.headless += n;
  unkeyed.results = 0;
}

/** Puts what is listed, and completes the headless results. */
function finish(stream: Stream, unkeyed: Unkeyed): void {
  put(stream, unkeyed, false);
  const n = unkeyed.headless;
  if (!n) return;
  putEventHeads(stream, n, addressOf(unkeyed, unkeyed.next - n), unkeyed.w);
  stream.fired += n;
  unkeyed.headless = 0;
}

/** Flips: rebuilds the front over [low, high) and empties the back. */
function flip(stream: Stream, unkeyed: Unkeyed, low: u32): void {
  // Where frames end before their own event, one may begin after every event that has been in a frame.
  if (<i32>(unkeyed.high - low) < 0) unkeyed.high = low;
  const n = unkeyed.high - low;
  unkeyed.split = unkeyed.high;
  setFront(stream, unkeyed, n);
  if (!n) return;
  suffixes(stream, unkeyed.parts, unkeyed.front, (<usize>(low - unkeyed.head)) << 3, n);
}

/** Makes room for a front of n events that ends at `high`, sets its last state, and empties the back. */
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

/** Drops all events: none can be in a frame any more. */
function clear(stream: Stream, unkeyed: Unkeyed): void {
  unkeyed.low = unkeyed.tail;
  unkeyed.split = unkeyed.tail;
  unkeyed.high = unkeyed.tail;
  setFront(stream, unkeyed, 0);
  setCapacity(stream, unkeyed, INITIAL_EVENTS);
}

export function demand(
  stream: Stream,
  unkeyed: Unkeyed,
  n: f64,
  _first: f64,
  _last: f64,
  _moveTo: f64,
  bound: Bound,
): void {
  const events = <f64>(unkeyed.tail - unkeyed.low) + n;
  const columns = 4 * (events + <f64>INITIAL_EVENTS) * 8 * <f64>(1 + unkeyed.measures);
  bound.bytes += columns + events * <f64>stream.stride * 2 + 2048 + demandOfRows(stream, n);
  const results = n + <f64>(unkeyed.tail - unkeyed.next);
  bound.results += results;
  bound.firings += firesAgain(stream) ? results : min(results, 1);
}

export function live(_stream: Stream, unkeyed: Unkeyed): f64 {
  return unkeyed.tail == unkeyed.low ? 0 : 1;
}

/** The frame that ends at time t; by rows the last events. */
export function query(stream: Stream, unkeyed: Unkeyed, _w: i32, _id: u32, t: f64, bounds: Bounds): usize {
  bounds.end = t;
  bounds.start = unkeyed.byRows ? NaN : t - unkeyed.size;
  const value = stream.scratch.temporary;
  copyRow(stream, value, stream.empty);
  let low = unkeyed.low;
  if (unkeyed.byRows) {
    const size = <u32>min(unkeyed.size, <f64>u32.MAX_VALUE);
    if (unkeyed.tail - low > size) low = unkeyed.tail - size;
  } else {
    const times = addressOf(unkeyed, low);
    const n = unkeyed.tail - low;
    low += unkeyed.left ? lowerBound<f64>(times, 8, n, bounds.start) : upperBound<f64>(times, 8, n, bounds.start);
  }
  // Without a front this flips first, so that the next query does not fold the same events again.
  if (unkeyed.split == unkeyed.low && unkeyed.high != unkeyed.low) flip(stream, unkeyed, unkeyed.low);
  let from = low;
  if (low - unkeyed.low < unkeyed.split - unkeyed.low) {
    store<f64>(value, <f64>(unkeyed.high - low));
    combineAt(stream, value, unkeyed.front, low - unkeyed.front.from, unkeyed.back, 0);
    from = unkeyed.high;
  }
  foldAll(stream, unkeyed, value, from);
  return value;
}

/** Folds all events from position `from` on into a row. */
function foldAll(stream: Stream, unkeyed: Unkeyed, row: usize, from: u32): void {
  while (from != unkeyed.tail) {
    const n = min(unkeyed.tail - from, <u32>CHUNK_ROWS);
    foldRun(stream, unkeyed.parts, row, <i32>(from - unkeyed.head), n);
    from += n;
  }
}

/** The first law that the store breaks, Law.none if it breaks none. Counts what it holds of each id. */
export function verify(stream: Stream, unkeyed: Unkeyed, _census: Census): Law {
  const head = unkeyed.head;
  const low = unkeyed.low;
  const split = unkeyed.split;
  const high = unkeyed.high;
  const tail = unkeyed.tail;
  const first = firstKept(unkeyed);
  if (first - head > tail - head || split - low > tail - low || high - split > tail - split) return Law.waiting;
  for (let i = first; !unkeyed.byRows && <i32>(i + 1 - tail) < 0; i++) {
    if (timeAt(unkeyed, i) > timeAt(unkeyed, i + 1)) return Law.waiting;
  }
  return isCombined(stream, unkeyed) ? Law.none : Law.combination;
}

/**
 * Whether the last state of the back is the fold of its events, and the first of the front that of its own, if the
 * values of these are still there.
 */
function isCombined(stream: Stream, unkeyed: Unkeyed): bool {
  const front = unkeyed.front;
  const back = unkeyed.back;
  const n = back.from - unkeyed.split;
  const sum = stream.scratch.temporary;
  const single = sum + stream.stride;
  if (stream.partial) return true;
  if (n <= <u32>CHUNK_ROWS) {
    resetRow(stream, sum);
    foldRun(stream, unkeyed.parts, sum, <i32>(unkeyed.split - unkeyed.head), n);
    combineAt(stream, single, front, front.count - 1, back, 0);
    store<f64>(single, <f64>n);
    if (!areSame(stream, sum, single)) return false;
  }
  if (<i32>(unkeyed.low - unkeyed.head) < 0 || unkeyed.split - unkeyed.low > <u32>CHUNK_ROWS) return true;
  resetRow(stream, sum);
  // In the order in which a flip combines them, so that roundings are the same.
  for (let i = unkeyed.split; i != unkeyed.low; ) {
    resetRow(stream, single);
    foldRun(stream, unkeyed.parts, single, <i32>(--i - unkeyed.head), 1);
    listRow(stream, 0, sum, single, sum);
    combineRows(stream, stream.parts, 1);
  }
  combineAt(stream, single, front, unkeyed.low - front.from, front, front.count - 1);
  store<f64>(single, <f64>(unkeyed.split - unkeyed.low));
  return areSame(stream, sum, single);
}
