/**
 * The most frequent values, with bounds on their counts: Metwally, Agrawal, El Abbadi, "Efficient computation of
 * frequent and top-k elements in data streams" (2005), merged as in Agarwal et al., "Mergeable summaries" (2012).
 *
 *     0 n: u32 │ 4 slots: u32 │ 8 floor: f64 │ 16 minimum: f64 │ 24 cursor: u32
 *     32 values │ counts │ errors: f64 × slots each          a hash table, see hash-table.ts; a free slot is all NaN
 *
 * A state that is one value without a block stands for a count of 1. Laws: a value with a counter occurred at most
 * `count` times and at least `count - error` times; a value without one, at most `floor` times. floor ≤ events /
 * capacity, and it is 0 while all values have counters. No count is below `minimum`. A value without a counter takes
 * over one with that count; the search for it begins at slot `cursor`.
 *
 * In rolling frames, where values also leave, all are counted: see evicting/value-counts.ts.
 */

import { capacity as capacityOf } from '../base/allocator';
import { Part } from '../part';
import * as counted from './evicting/value-counts';
import * as list from './list';
import * as box from './shared/box';
import { clear, isFree, isFull, slotOf, vacate } from './shared/hash-table';

const FLOOR: usize = 8;
const MINIMUM: usize = 16;
const CURSOR: usize = 24;
const VALUES: usize = 32;

/** Address of column i of the table: 0 values, 1 counts, 2 errors; 3 is the end of the table. */
function columnOf(block: usize, i: usize): usize {
  return block + VALUES + ((<usize>load<u32>(block, 4) * i) << 3);
}

/** Bytes of the greatest block: while two states are merged, it has the counters of both. */
export function maxBlockBytes(capacity: u32): f64 {
  return VALUES + 24 * 6 * <f64>capacity + 256;
}

/** Adds a value. `capacity` is the greatest number of counters. */
export function lift(part: Part, capacity: u32, state: usize, given: f64): void {
  const value = given + 0;
  let block: usize;
  if (box.isBlock(state)) {
    block = box.blockOf(state);
  } else if (box.isNothing(state)) {
    box.setValue(state, value);
    return;
  } else {
    block = blockFor(part, 1);
    put(block, box.soleValue(state), 1, 0);
    box.setBlock(state, block);
  }
  const slot = slotOf(columnOf(block, 0), load<u32>(block, 4), value);
  const at = (<usize>slot) << 3;
  const counts = columnOf(block, 1);
  if (!isFree(columnOf(block, 0) + at)) {
    store<f64>(counts + at, load<f64>(counts + at) + 1);
    return;
  }
  const n = load<u32>(block);
  if (n == capacity) {
    takeOver(block, value);
    return;
  }
  if (isFull(load<u32>(block, 4), n)) {
    block = grow(part, block, n + 1);
    box.setBlock(state, block);
  }
  put(block, value, 1, 0);
}

/** A block without counters that has room for n. */
function blockFor(part: Part, n: u32): usize {
  const block = box.allocateFor(part, VALUES + ((<usize>n * 4) / 3 + 2) * 24);
  const slots = <u32>((capacityOf(block) - VALUES) / 24);
  memory.fill(block, 0, VALUES);
  store<u32>(block, slots, 4);
  clear(block + VALUES, slots * 3);
  return block;
}

/** Adds a counter for a value that has none, in a table with room for it. */
function put(block: usize, value: f64, count: f64, error: f64): void {
  const at = (<usize>slotOf(columnOf(block, 0), load<u32>(block, 4), value)) << 3;
  store<f64>(columnOf(block, 0) + at, value);
  store<f64>(columnOf(block, 1) + at, count);
  store<f64>(columnOf(block, 2) + at, error);
  store<u32>(block, load<u32>(block) + 1);
}

/** Moves the counters to a block with room for n, of at least twice as many slots, and returns it. */
function grow(part: Part, old: usize, n: u32): usize {
  const block = blockFor(part, max(n, (load<u32>(old, 4) * 3) >> 1));
  store<f64>(block, load<f64>(old, FLOOR), FLOOR);
  copyAbove(block, old, -1, u32.MAX_VALUE);
  box.releaseFor(part, old);
  return block;
}

/**
 * Copies the counters of `from` whose count is above `least`, and up to `ties` of those whose count equals it, to a
 * table with room for them. Returns the greatest count left out, or 0.
 */
function copyAbove(block: usize, from: usize, least: f64, ties: u32): f64 {
  const values = columnOf(from, 0);
  const counts = columnOf(from, 1);
  const errors = columnOf(from, 2);
  let greatestLeft = 0.0;
  for (let at: usize = 0; at < (<usize>load<u32>(from, 4)) << 3; at += 8) {
    if (isFree(values + at)) continue;
    const count = load<f64>(counts + at);
    if (count < least || (count == least && !ties)) {
      greatestLeft = max(greatestLeft, count);
      continue;
    }
    if (count == least) ties--;
    put(block, load<f64>(values + at), count, load<f64>(errors + at));
  }
  return greatestLeft;
}

/** Gives a value without a counter one with the minimum count. Its count before becomes its error, and the floor. */
function takeOver(block: usize, value: f64): void {
  const slots = (<usize>load<u32>(block, 4)) << 3;
  const counts = columnOf(block, 1);
  const least = load<f64>(block, MINIMUM);
  let at = (<usize>load<u32>(block, CURSOR)) << 3;
  if (at >= slots) at = 0;
  const start = at;
  while (load<f64>(counts + at) != least) {
    at += 8;
    if (at == slots) at = 0;
    if (at == start) {
      at = minimumOffset(block);
      break;
    }
  }
  const floor = load<f64>(counts + at);
  store<f64>(block, floor, MINIMUM);
  store<f64>(block, floor, FLOOR);
  store<u32>(block, <u32>(at >> 3), CURSOR);
  vacate(columnOf(block, 0), load<u32>(block, 4), 3, <u32>(at >> 3));
  store<u32>(block, load<u32>(block) - 1);
  put(block, value, floor + 1, floor);
}

/** Byte offset, in the column of counts, of a minimum count. */
function minimumOffset(block: usize): usize {
  const counts = columnOf(block, 1);
  let least = Infinity;
  let place: usize = 0;
  for (let at: usize = 0; at < (<usize>load<u32>(block, 4)) << 3; at += 8) {
    const count = load<f64>(counts + at);
    if (!(count < least)) continue;
    least = count;
    place = at;
  }
  return place;
}

/**
 * Adds the counters of `from` to `into`. A value that only one side has may have occurred on the other as often as that
 * side's floor. If there are more counters than `capacity`, the greatest are kept.
 */
export function merge(part: Part, capacity: u32, into: usize, from: usize): void {
  if (box.isNothing(from)) return;
  if (!box.isBlock(from)) {
    lift(part, capacity, into, box.soleValue(from));
    return;
  }
  const other = box.blockOf(from);
  const n = load<u32>(other);
  let block: usize;
  if (!box.isBlock(into)) {
    const one = box.soleValue(into);
    block = blockFor(part, n);
    store<f64>(block, load<f64>(other, FLOOR), FLOOR);
    copyAbove(block, other, -1, u32.MAX_VALUE);
    box.setBlock(into, block);
    if (one == one) lift(part, capacity, into, one);
    return;
  }
  block = box.blockOf(into);
  if (isFull(load<u32>(block, 4), load<u32>(block) + n)) block = grow(part, block, load<u32>(block) + n);
  const mine = load<f64>(block, FLOOR);
  const theirs = load<f64>(other, FLOOR);
  if (theirs) raiseCounts(block, theirs);
  const values = columnOf(other, 0);
  const column = (<usize>load<u32>(other, 4)) << 3;
  for (let from = values; from < values + column; from += 8) {
    if (isFree(from)) continue;
    const value = load<f64>(from);
    const count = load<f64>(from + column);
    const error = load<f64>(from + 2 * column);
    const at = (<usize>slotOf(columnOf(block, 0), load<u32>(block, 4), value)) << 3;
    if (isFree(columnOf(block, 0) + at)) {
      put(block, value, count + mine, error + mine);
      continue;
    }
    const counts = columnOf(block, 1) + at;
    const errors = columnOf(block, 2) + at;
    store<f64>(counts, load<f64>(counts) + (count - theirs));
    store<f64>(errors, load<f64>(errors) + (error - theirs));
  }
  store<f64>(block, mine + theirs, FLOOR);
  store<f64>(block, 0, MINIMUM);
  if (load<u32>(block) > capacity) block = cutTo(part, capacity, block);
  box.setBlock(into, block);
}

/** Adds a floor to all counts and errors. */
function raiseCounts(block: usize, floor: f64): void {
  for (let at = columnOf(block, 1); at < columnOf(block, 3); at += 8) {
    if (!isFree(at)) store<f64>(at, load<f64>(at) + floor);
  }
}

/**
 * Moves the `capacity` greatest counters to a new block and returns it. Its floor is at least the greatest count left
 * out.
 */
function cutTo(part: Part, capacity: u32, old: usize): usize {
  const n = load<u32>(old);
  const counts = box.allocateFor(part, ((<usize>n) << 3) + 8);
  let length: u32 = 0;
  for (let at = columnOf(old, 1); at < columnOf(old, 2); at += 8) {
    if (isFree(at)) continue;
    store<f64>(counts + ((<usize>length) << 3), load<f64>(at), 8);
    length++;
  }
  const least = list.selectFrom(counts + 8, n, n - capacity);
  let ties = capacity;
  for (let i: usize = 0; i < <usize>n; i++) if (load<f64>(counts + (i << 3), 8) > least) ties--;
  box.releaseFor(part, counts);
  const block = blockFor(part, capacity);
  const greatestLeft = copyAbove(block, old, least, ties);
  store<f64>(block, max(load<f64>(old, FLOOR), greatestLeft), FLOOR);
  box.releaseFor(part, old);
  return block;
}

/** The number of values in a state that have counters. */
export function lengthOf(state: usize): u32 {
  if (!box.isBlock(state)) return box.isNothing(state) ? 0 : 1;
  const n = load<u32>(box.blockOf(state));
  return n == box.Mark.counted ? counted.lengthOf(state) : n;
}

/**
 * Writes the k greatest counters as value, count and error: greatest count first, among equal counts the least value
 * first.
 */
export function top(state: usize, out: usize, k: u32): void {
  if (!box.isBlock(state)) {
    if (!k) return;
    store<f64>(out, box.soleValue(state));
    store<f64>(out, 1, 8);
    store<f64>(out, 0, 16);
    return;
  }
  if (box.isMarked(box.blockOf(state), box.Mark.counted)) {
    counted.top(state, out, k);
    return;
  }
  // `out` is first a heap of the k best so far with the worst at its root, and then sorted by taking out the worst.
  const block = box.blockOf(state);
  const values = columnOf(block, 0);
  const column = (<usize>load<u32>(block, 4)) << 3;
  let n: u32 = 0;
  for (let at = values; at < values + column; at += 8) {
    if (isFree(at)) continue;
    const value = load<f64>(at);
    const count = load<f64>(at + column);
    const error = load<f64>(at + 2 * column);
    if (n < k) {
      siftUp(out, n, value, count, error);
      n++;
    } else if (isWorse(load<f64>(out), load<f64>(out, 8), value, count)) {
      siftDown(out, n, value, count, error);
    }
  }
  while (n > 1) {
    n--;
    const last = out + <usize>n * 24;
    const value = load<f64>(last);
    const count = load<f64>(last, 8);
    const error = load<f64>(last, 16);
    memory.copy(last, out, 24);
    siftDown(out, n, value, count, error);
  }
}

function isWorse(value: f64, count: f64, than: f64, thanCount: f64): bool {
  return count < thanCount || (count == thanCount && value > than);
}

/** Adds an entry to a heap of n. */
function siftUp(out: usize, n: u32, value: f64, count: f64, error: f64): void {
  let i = n;
  while (i) {
    const parent = (i - 1) >> 1;
    const at = out + <usize>parent * 24;
    if (!isWorse(value, count, load<f64>(at), load<f64>(at, 8))) break;
    memory.copy(out + <usize>i * 24, at, 24);
    i = parent;
  }
  setEntry(out + <usize>i * 24, value, count, error);
}

/** Replaces the root of a heap of n. */
function siftDown(out: usize, n: u32, value: f64, count: f64, error: f64): void {
  let i: u32 = 0;
  for (;;) {
    let child: u32 = 2 * i + 1;
    if (child >= n) break;
    let at = out + <usize>child * 24;
    if (child + 1 < n && isWorse(load<f64>(at, 24), load<f64>(at, 32), load<f64>(at), load<f64>(at, 8))) {
      child++;
      at += 24;
    }
    if (!isWorse(load<f64>(at), load<f64>(at, 8), value, count)) break;
    memory.copy(out + <usize>i * 24, at, 24);
    i = child;
  }
  setEntry(out + <usize>i * 24, value, count, error);
}

function setEntry(at: usize, value: f64, count: f64, error: f64): void {
  store<f64>(at, value);
  store<f64>(at, count, 8);
  store<f64>(at, error, 16);
}
