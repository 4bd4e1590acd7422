/**
 * Rolling windows without keys whose events come in order, as they do by number, and by time where there is no disorder to wait for: then
 * a frame is a stretch of one long row of events, and a whole batch of them is worked on at once.
 *
 * Two stacks over the events' values (van Herk 1992, Gil and Werman 1993, for frames of any length):
 *
 *     head        low         split             high      tail
 *       │ gone     │ front      │ back            │ to come │        positions in the history
 *
 * `front` has a row for each position from where it was turned up to split: all from there to split, combined. `back` is all from split
 * to high. A frame [low, high) is one with the other, and when low reaches split all up to high is turned. What is kept of an event is
 * its values, and until it is gone its row of the front.
 *
 * Law: head <= low <= split <= high <= tail; when a frame is turned depends on events alone, not on batches.
 */

import { allocate, release, resize } from '../memory';
import { isFuture, miss } from '../misses';
import { openResults, putEvents, putOutputs } from '../outbox';
import { Closed, PartPlan, WindowPlan } from '../plan';
import { measureColumn, Ring } from '../ring';
import { combineRows, combineStates, foldRows, list, reduceRow, slideRows } from '../rows';
import { CHUNK, clockAt, copyRow, Stream, takenAt, windowAt } from '../stream';

@unmanaged
class Sliding {
  w: i32;
  size: f64;
  byRows: bool;
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
  /** Rows of the front, the first of them at position `turned`. */
  front: usize;
  turned: u32;
  back: usize;
  /** Of the chunk at hand: how many results, and for each the history up to its frame's end, from the first on. */
  results: i32;
  from: u32;
  highs: usize;
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
  sliding.right = (closed & Closed.right) != 0;
  sliding.left = (closed & Closed.left) != 0;
  // By number a frame that is open on the left, or closed on the right, has one event less, or more, before the event.
  if (sliding.byRows) sliding.size += (sliding.left ? 1 : 0) - (sliding.right ? 0 : 1);
  sliding.measures = changetype<Ring>(stream.ring).measureCount;
  sliding.parts = allocate(stream, <usize>stream.partCount * PartPlan.bytes);
  memory.copy(sliding.parts, stream.parts, <usize>stream.partCount * PartPlan.bytes);
  sliding.back = allocate(stream, stream.stride);
  copyRow(stream, sliding.back, stream.empty);
  sliding.highs = allocate(stream, (<usize>CHUNK) << 2);
  setCapacity(stream, sliding, FEW);
  return changetype<usize>(sliding);
}

export function destroy(stream: Stream, sliding: Sliding): void {
  release(stream, sliding.columns);
  release(stream, sliding.parts);
  release(stream, sliding.back);
  release(stream, sliding.highs);
  if (sliding.front) release(stream, sliding.front);
  release(stream, changetype<usize>(sliding));
}

function column(sliding: Sliding, i: i32): usize {
  return sliding.columns + ((<usize>i * <usize>sliding.capacity) << 3);
}

function timeAt(sliding: Sliding, position: u32): f64 {
  return load<f64>(sliding.columns + ((<usize>(position - sliding.head)) << 3));
}

/** Columns of another length, with what there is at their beginning: positions from `low` on. */
function setCapacity(stream: Stream, sliding: Sliding, capacity: u32): void {
  const old = sliding.columns;
  const lane = (<usize>sliding.capacity) << 3;
  const kept = (<usize>(sliding.tail - sliding.low)) << 3;
  const skipped = (<usize>(sliding.low - sliding.head)) << 3;
  sliding.columns = allocate(stream, ((<usize>capacity) << 3) * <usize>(1 + sliding.measures));
  sliding.capacity = capacity;
  for (let i = 0; old && i <= sliding.measures; i++) {
    memory.copy(column(sliding, i), old + <usize>i * lane + skipped, kept);
  }
  if (old) release(stream, old);
  sliding.head = sliding.low;
  for (let i = 0, part = sliding.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    store<u32>(part, <u32>column(sliding, 1 + load<i32>(part, PartPlan.measure)), PartPlan.column);
    store<u32>(part, <u32>column(sliding, 1 + load<i32>(part, PartPlan.second)), PartPlan.secondColumn);
    store<u32>(part, <u32>sliding.columns, PartPlan.times);
  }
}

/** Room for n more events: what is gone is given up first, and of room for many more than there are, half. */
function makeRoom(stream: Stream, sliding: Sliding, n: u32): void {
  if (sliding.tail - sliding.head + n <= sliding.capacity) return;
  const needed = sliding.tail - sliding.low + n;
  let capacity = sliding.capacity;
  while (needed * 2 > capacity) capacity *= 2;
  while (capacity > FEW * 16 && needed * 8 < capacity) capacity >>= 1;
  if (capacity != sliding.capacity) {
    setCapacity(stream, sliding, capacity);
    return;
  }
  const skipped = (<usize>(sliding.low - sliding.head)) << 3;
  const kept = (<usize>(sliding.tail - sliding.low)) << 3;
  for (let i = 0; i <= sliding.measures; i++) memory.copy(column(sliding, i), column(sliding, i) + skipped, kept);
  sliding.head = sliding.low;
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
  put(stream, sliding);
}

/** How many of n events are taken, up to the first that is not; they move the clock. */
function runLength(stream: Stream, sliding: Sliding, times: usize, n: i32): i32 {
  let newest = stream.newest;
  let i = 0;
  if (sliding.byRows && stream.maxFutureSkew == Infinity) {
    let latest = f64x2.splat(newest);
    for (; i + 2 <= n; i += 2) latest = f64x2.pmax(latest, v128.load(times + ((<usize>i) << 3)));
    newest = max(f64x2.extract_lane(latest, 0), f64x2.extract_lane(latest, 1));
    if (i < n) newest = max(newest, load<f64>(times + ((<usize>i) << 3)));
    i = n;
  }
  // By time, an event is late if it is before the watermark: there is no disorder here.
  const oldest = sliding.byRows ? -Infinity : stream.watermark;
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
    give(stream, sliding, low, high, takenAt(i++));
    sliding.next++;
  }
}

/**
 * As many results as can be listed with frames that are full, each an event further than the one before, and reach into the front. How
 * many.
 */
function runByRows(stream: Stream, sliding: Sliding, size: u32, beyond: u32, i: i32): i32 {
  const first = sliding.next + beyond - size;
  const listed = sliding.results;
  if (first - sliding.low > 1 || !listed) return 0;
  const inFront = <i32>(sliding.split - first);
  const n = min(min(<i32>(sliding.tail - sliding.next), inFront), CHUNK - listed);
  if (n <= 0) return 0;
  const place = (<usize>listed) << 2;
  const stride = stream.stride;
  let front = <u32>(sliding.front + <usize>(first - sliding.turned) * stride);
  let high = sliding.next + beyond - sliding.from;
  let into = stream.temporary + <usize>listed * stride;
  for (let j: usize = 0; j < (<usize>n) << 2; j += 4) {
    store<u32>(stream.chunkRows + place + j, front);
    store<u32>(sliding.highs + place + j, high++);
    store<f64>(into, <f64>size);
    front += <u32>stride;
    into += stride;
  }
  if (stream.ordered) {
    for (let j = 0; j < n; j++) store<u32>(stream.chunkIds + place + ((<usize>j) << 2), takenAt(i + j));
  }
  sliding.results = listed + n;
  sliding.low = first + n - 1;
  sliding.high = sliding.next + beyond + n - 1;
  sliding.next += n;
  return n;
}

/** By time: results for the events whose time has passed, the first of them number i of the batch, negative if it came before. */
function giveByTime(stream: Stream, sliding: Sliding, i: i32): void {
  while (sliding.next != sliding.tail && timeAt(sliding, sliding.next) < stream.watermark) {
    const t = timeAt(sliding, sliding.next);
    let end = sliding.next + 1;
    while (end != sliding.tail && timeAt(sliding, end) == t) end++;
    const high = sliding.right ? end : sliding.next;
    let low = sliding.low;
    const from = t - sliding.size;
    // However short the frame, the event is in it.
    const least = sliding.right ? sliding.next : high;
    while (low != least && (timeAt(sliding, low) < from || (timeAt(sliding, low) == from && !sliding.left))) low++;
    i += end - sliding.next;
    // The event after the last of them passes their time, or the watermark moves by hand.
    for (; sliding.next != end; sliding.next++) give(stream, sliding, low, high, clockAt(max(i, 0)));
  }
}

/** Lists the result of the next event: of the frame [low, high). */
function give(stream: Stream, sliding: Sliding, low: u32, high: u32, at: i32): void {
  if (low - sliding.low > 0 && low - sliding.low >= sliding.split - sliding.low) {
    // All of the front is gone: what is in the frame so far is turned.
    put(stream, sliding);
    turn(stream, sliding, low);
  }
  sliding.low = low;
  if (sliding.results == CHUNK) put(stream, sliding);
  if (!sliding.results) sliding.from = sliding.high;
  const i = (<usize>sliding.results) << 2;
  const front = low == sliding.split ? stream.empty : sliding.front + <usize>(low - sliding.turned) * stream.stride;
  store<u32>(stream.chunkRows + i, <u32>front);
  store<u32>(stream.chunkIds + i, at);
  store<u32>(sliding.highs + i, high - sliding.from);
  store<f64>(stream.temporary + <usize>sliding.results * stream.stride, <f64>(high - low));
  sliding.results++;
  sliding.high = high;
}

/** The results listed are worked out and go into the outbox. */
function put(stream: Stream, sliding: Sliding): void {
  const n = sliding.results;
  if (!n) return;
  const parts = stream.parts;
  stream.parts = sliding.parts;
  const at = (<usize>(sliding.from - sliding.head)) << 3;
  slideRows(stream, stream.chunkRows, sliding.highs, sliding.back, at, n);
  stream.parts = parts;
  const from = openResults(stream, n);
  const times = sliding.columns + ((<usize>(sliding.next - n - sliding.head)) << 3);
  putEvents(stream, from, n, times, stream.chunkIds, sliding.w);
  let row = stream.temporary;
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4, row += stream.stride) store<u32>(stream.into + i, <u32>row);
  putOutputs(stream, stream.into, from, n);
  stream.fired += n;
  sliding.results = 0;
}

/** The front anew: of all positions from low to high, which back then holds nothing of. */
function turn(stream: Stream, sliding: Sliding, low: u32): void {
  // Where a frame ends before its event, one may begin after all that were ever in one.
  if (<i32>(sliding.high - low) < 0) sliding.high = low;
  const n = sliding.high - low;
  sliding.turned = low;
  sliding.split = sliding.high;
  copyRow(stream, sliding.back, stream.empty);
  if (!n) return;
  sliding.front = resize(stream, sliding.front, <usize>n * stream.stride);
  const parts = stream.parts;
  stream.parts = sliding.parts;
  let after: u32 = 0;
  for (let end = n; end > 0; ) {
    const begin = end > <u32>CHUNK ? end - <u32>CHUNK : 0;
    const first = sliding.front + <usize>begin * stream.stride;
    const count = <usize>(end - begin);
    clearRows(stream, first, count);
    // Rows in order to fold into, and then from the last on, each to be combined with the one before it in the list.
    const down = stream.left;
    store<u32>(down, after);
    let row = first;
    for (let i: usize = 0; i < count; i++, row += stream.stride) {
      store<f64>(row, <f64>(end - begin - <u32>i + (n - end)));
      store<u32>(stream.into + (i << 2), <u32>row);
      store<u32>(down + ((count - i) << 2), <u32>row);
    }
    foldRows(stream, stream.into, <i32>(low - sliding.head + begin), <i32>count);
    if (after) combineStates(stream, down + 4, down + 4, down, <i32>count);
    else combineStates(stream, down + 8, down + 8, down + 4, <i32>count - 1);
    after = <u32>first;
    end = begin;
  }
  stream.parts = parts;
}

/** n rows that nothing has been folded into. */
function clearRows(stream: Stream, rows: usize, n: usize): void {
  copyRow(stream, rows, stream.empty);
  const bytes = n * stream.stride;
  for (let done = stream.stride; done < bytes; done *= 2) memory.copy(rows + done, rows, min(done, bytes - done));
}

export function advance(stream: Stream, sliding: Sliding, watermark: f64): void {
  if (watermark > stream.watermark) stream.watermark = watermark;
  if (!sliding.byRows) giveByTime(stream, sliding, i32.MIN_VALUE >> 1);
  put(stream, sliding);
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
  copyRow(stream, sliding.back, stream.empty);
  if (sliding.front) release(stream, sliding.front);
  sliding.front = 0;
  setCapacity(stream, sliding, FEW);
}

export function demand(stream: Stream, sliding: Sliding, n: f64): f64 {
  const events = <f64>(sliding.tail - sliding.low) + n;
  const columns = 4 * (events + <f64>FEW) * 8 * <f64>(1 + sliding.measures);
  return columns + events * <f64>stream.stride * 2 + 1024;
}

/** Results that n events can give. */
export function due(stream: Stream, sliding: Sliding, n: f64, _watermark: f64): f64 {
  return n + <f64>(sliding.tail - sliding.next);
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
    store<f64>(sliding.back, <f64>(sliding.high - sliding.split));
    list(stream, 0, value, sliding.front + <usize>(low - sliding.turned) * stream.stride, sliding.back);
    combineRows(stream, 1);
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
