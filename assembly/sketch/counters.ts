/**
 * The values that come most often, with bounds: Metwally, Agrawal, El Abbadi, "Efficient computation of frequent and top-k elements
 * in data streams" (2005), merged as in Agarwal et al., "Mergeable summaries" (2012).
 *
 *     0 n: u32 │ 4 slots: u32 │ 8 floor: f64 │ 16 least: f64 │ 24 cursor: u32
 *     32 values │ counts │ errors: f64 × slots each          a hash table, see hash.ts; a free slot is NaN in all three
 *
 * A value alone stands for a count of 1. Laws: a value that has a counter came no more often than it says and no less than that less
 * its error; one that has none, no more often than `floor`; floor ≤ events / capacity, and 0 while all values have counters. No count
 * is below `least`, where a value without a counter finds the one it takes over; `cursor` is where it looks first.
 *
 * Where values leave again all of them are counted: see counted.ts.
 */

import { capacity as capacityOf } from '../base/allocator';
import * as counted from './evicting/value-counts';
import * as list from './list';
import * as box from './shared/box';
import { clear, isFree, isFull, slotOf, vacate } from './shared/hash-table';

const FLOOR: usize = 8;
const MINIMUM: usize = 16;
const CURSOR: usize = 24;
const VALUES: usize = 32;

function columnOf(block: usize, i: usize): usize {
  return block + VALUES + ((<usize>load<u32>(block, 4) * i) << 3);
}

/** Bytes of the greatest block: while two states are merged it has the counters of both. */
export function greatest(capacity: u32): f64 {
  return VALUES + 24 * 6 * <f64>capacity + 256;
}

export function lift(part: usize, capacity: u32, state: usize, given: f64): void {
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
    block = widen(part, block, n + 1);
    box.setBlock(state, block);
  }
  put(block, value, 1, 0);
}

/** A table with room for so many counters. */
function blockFor(part: usize, n: u32): usize {
  const block = box.allocateFor(part, VALUES + ((<usize>n * 4) / 3 + 2) * 24);
  const slots = <u32>((capacityOf(block) - VALUES) / 24);
  memory.fill(block, 0, VALUES);
  store<u32>(block, slots, 4);
  clear(block + VALUES, slots * 3);
  return block;
}

/** A counter for a value that has none, in a table with room. */
function put(block: usize, value: f64, count: f64, error: f64): void {
  const at = (<usize>slotOf(columnOf(block, 0), load<u32>(block, 4), value)) << 3;
  store<f64>(columnOf(block, 0) + at, value);
  store<f64>(columnOf(block, 1) + at, count);
  store<f64>(columnOf(block, 2) + at, error);
  store<u32>(block, load<u32>(block) + 1);
}

/** The same counters in a table with room for n, twice the size or more. */
function widen(part: usize, old: usize, n: u32): usize {
  const block = blockFor(part, max(n, (load<u32>(old, 4) * 3) >> 1));
  store<f64>(block, load<f64>(old, FLOOR), FLOOR);
  copyAbove(block, old, -1, u32.MAX_VALUE);
  box.releaseFor(part, old);
  return block;
}

/** Copies the counters above a count to a table that has room, and up to so many that are just at it; the greatest that is left out. */
function copyAbove(block: usize, from: usize, least: f64, ties: u32): f64 {
  const values = columnOf(from, 0);
  const counts = columnOf(from, 1);
  const errors = columnOf(from, 2);
  let left = 0.0;
  for (let at: usize = 0; at < (<usize>load<u32>(from, 4)) << 3; at += 8) {
    if (isFree(values + at)) continue;
    const count = load<f64>(counts + at);
    if (count < least || (count == least && !ties)) {
      left = max(left, count);
      continue;
    }
    if (count == least) ties--;
    put(block, load<f64>(values + at), count, load<f64>(errors + at));
  }
  return left;
}

/** Gives a value the counter with the least count. */
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
      at = leastOf(block);
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

/** Where the least count is. */
function leastOf(block: usize): usize {
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
 * Adds counters to others. A value that only one side has may have come to the other as often as its floor; of more counters than
 * fit the greatest are kept, and the greatest of the others becomes the floor.
 */
export function merge(part: usize, capacity: u32, into: usize, from: usize): void {
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
  if (isFull(load<u32>(block, 4), load<u32>(block) + n)) block = widen(part, block, load<u32>(block) + n);
  const mine = load<f64>(block, FLOOR);
  const theirs = load<f64>(other, FLOOR);
  if (theirs) raise(block, theirs);
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
  if (load<u32>(block) > capacity) block = cut(part, capacity, block);
  box.setBlock(into, block);
}

/** Adds a floor to all counts. */
function raise(block: usize, floor: f64): void {
  for (let at = columnOf(block, 1); at < columnOf(block, 3); at += 8) {
    if (!isFree(at)) store<f64>(at, load<f64>(at) + floor);
  }
}

/** Keeps as many counters as there may be. */
function cut(part: usize, capacity: u32, old: usize): usize {
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
  const left = copyAbove(block, old, least, ties);
  store<f64>(block, max(load<f64>(old, FLOOR), left), FLOOR);
  box.releaseFor(part, old);
  return block;
}

/** How many counters a state has. */
export function lengthOf(state: usize): u32 {
  if (!box.isBlock(state)) return box.isNothing(state) ? 0 : 1;
  const n = load<u32>(box.blockOf(state));
  return n == counted.COUNTED ? counted.lengthOf(state) : n;
}

/** Writes the k greatest counters, value, count and error each: greatest count first, of the same the least value. */
export function top(state: usize, out: usize, k: u32): void {
  if (!box.isBlock(state)) {
    if (!k) return;
    store<f64>(out, box.soleValue(state));
    store<f64>(out, 1, 8);
    store<f64>(out, 0, 16);
    return;
  }
  if (load<u32>(box.blockOf(state)) == counted.COUNTED) {
    counted.top(state, out, k);
    return;
  }
  // A heap of the best so far, the worst of them first; then sorted by taking out the worst.
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
      rise(out, n, value, count, error);
      n++;
    } else if (isWorse(load<f64>(out), load<f64>(out, 8), value, count)) {
      sink(out, n, value, count, error);
    }
  }
  while (n > 1) {
    n--;
    const last = out + <usize>n * 24;
    const value = load<f64>(last);
    const count = load<f64>(last, 8);
    const error = load<f64>(last, 16);
    memory.copy(last, out, 24);
    sink(out, n, value, count, error);
  }
}

function isWorse(value: f64, count: f64, than: f64, thanCount: f64): bool {
  return count < thanCount || (count == thanCount && value > than);
}

/** One more in a heap of n. */
function rise(out: usize, n: u32, value: f64, count: f64, error: f64): void {
  let i = n;
  while (i) {
    const parent = (i - 1) >> 1;
    const at = out + <usize>parent * 24;
    if (!isWorse(value, count, load<f64>(at), load<f64>(at, 8))) break;
    memory.copy(out + <usize>i * 24, at, 24);
    i = parent;
  }
  set(out + <usize>i * 24, value, count, error);
}

/** One in place of the first of a heap of n. */
function sink(out: usize, n: u32, value: f64, count: f64, error: f64): void {
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
  set(out + <usize>i * 24, value, count, error);
}

function set(at: usize, value: f64, count: f64, error: f64): void {
  store<f64>(at, value);
  store<f64>(at, count, 8);
  store<f64>(at, error, 16);
}
