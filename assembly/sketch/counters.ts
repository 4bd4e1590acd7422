/**
 * The most frequent values, with bounds on their counts: Metwally, Agrawal, El Abbadi, "Efficient computation of
 * frequent and top-k elements in data streams" (2005), merged as in Agarwal et al., "Mergeable summaries" (2012).
 *
 *     0 n: u32 │ 4 capacity: u32 │ 8 floor: f64 │ 16 minimum: f64 │ 24 cursor: u32 │ 28 slots: u32
 *     32 value │ count │ error: f64 each, × capacity          the counters, in the order in which they were made
 *        1 + place of a counter: u32 × slots                  a hash table with linear probing; 0 if a slot is free
 *
 * A state that is one value without a block stands for a count of 1. Laws: a value with a counter occurred at most
 * `count` times and at least `count - error` times; a value without one, at most `floor` times. floor ≤ events /
 * capacity, and it is 0 while all values have counters. No count is below `minimum`. A value without a counter takes
 * over one with that count, the next from place `cursor` on. Counters are gone over by their places, never by their
 * slots, which differ from stream to stream.
 *
 * In rolling frames, where values also leave, all are counted: see evicting/value-counts.ts.
 */

import { capacity as capacityOf } from '../base/allocator';
import { countProbe } from '../base/hash';
import { Part } from '../part';
import { streamOf } from '../stream';
import * as counted from './evicting/value-counts';
import * as list from './list';
import * as box from './shared/box';
import { homeOf } from './shared/hash-table';

const CAPACITY: usize = 4;
const FLOOR: usize = 8;
const MINIMUM: usize = 16;
const CURSOR: usize = 24;
const SLOTS: usize = 28;
const HEADER_BYTES: usize = 32;

/** A counter: its value, then these. */
const COUNT: usize = 8;
const ERROR: usize = 16;
const COUNTER_BYTES: usize = 24;
/** Bytes of a counter and of one and a half slots: at most two thirds of the slots are used. */
const BYTES_PER_COUNTER: usize = COUNTER_BYTES + 6;

/** Address of a counter. That of the counter after the last is the end of the counters. */
function counterAt(block: usize, place: u32): usize {
  return block + HEADER_BYTES + <usize>place * COUNTER_BYTES;
}

function slotAt(block: usize, slot: u32): usize {
  return counterAt(block, load<u32>(block, CAPACITY)) + ((<usize>slot) << 2);
}

/** Bytes of the greatest block: while two states are merged, it has the counters of both. */
export function maxBlockBytes(capacity: u32): f64 {
  return HEADER_BYTES + 24 * 6 * <f64>capacity + 256;
}

/** The slot that names the counter of a value, or the free slot where it would stand. */
function slotOf(part: Part, block: usize, value: f64): u32 {
  const slots = load<u32>(block, SLOTS);
  let slot = homeOf(streamOf(part), slots, value);
  let placePlus = load<u32>(slotAt(block, slot));
  while (placePlus && load<f64>(counterAt(block, placePlus - 1)) != value) {
    countProbe();
    if (++slot == slots) slot = 0;
    placePlus = load<u32>(slotAt(block, slot));
  }
  return slot;
}

/** Frees the slot of a value, and moves up those behind it that a search would no longer find. */
function vacate(part: Part, block: usize, value: f64): void {
  const slots = load<u32>(block, SLOTS);
  let hole = slotOf(part, block, value);
  let i = hole;
  for (;;) {
    if (++i == slots) i = 0;
    const placePlus = load<u32>(slotAt(block, i));
    if (!placePlus) break;
    const home = homeOf(streamOf(part), slots, load<f64>(counterAt(block, placePlus - 1)));
    if ((i >= home ? i - home : i + slots - home) < (i >= hole ? i - hole : i + slots - hole)) continue;
    store<u32>(slotAt(block, hole), placePlus);
    hole = i;
  }
  store<u32>(slotAt(block, hole), 0);
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
    put(part, block, box.soleValue(state), 1, 0);
    box.setBlock(state, block);
  }
  const placePlus = load<u32>(slotAt(block, slotOf(part, block, value)));
  if (placePlus) {
    const counter = counterAt(block, placePlus - 1);
    store<f64>(counter, load<f64>(counter, COUNT) + 1, COUNT);
    return;
  }
  const n = load<u32>(block);
  if (n == capacity) {
    takeOver(part, block, value);
    return;
  }
  if (n == load<u32>(block, CAPACITY)) {
    block = grow(part, block, n + 1);
    box.setBlock(state, block);
  }
  put(part, block, value, 1, 0);
}

/** A block without counters that has room for n. */
function blockFor(part: Part, n: u32): usize {
  const block = box.allocateFor(part, HEADER_BYTES + <usize>n * BYTES_PER_COUNTER + 8);
  const bytes = capacityOf(block);
  const capacity = (bytes - HEADER_BYTES - 8) / BYTES_PER_COUNTER;
  const slots = (bytes - HEADER_BYTES - capacity * COUNTER_BYTES) >> 2;
  memory.fill(block, 0, HEADER_BYTES);
  store<u32>(block, <u32>capacity, CAPACITY);
  store<u32>(block, <u32>slots, SLOTS);
  memory.fill(slotAt(block, 0), 0, slots << 2);
  return block;
}

/** Adds a counter for a value that has none, in a block with room for it. */
function put(part: Part, block: usize, value: f64, count: f64, error: f64): void {
  const n = load<u32>(block);
  setCounter(part, block, n, value, count, error);
  store<u32>(block, n + 1);
}

/** Makes the counter at a place that of a value without one. */
function setCounter(part: Part, block: usize, place: u32, value: f64, count: f64, error: f64): void {
  store<u32>(slotAt(block, slotOf(part, block, value)), place + 1);
  setEntry(counterAt(block, place), value, count, error);
}

/** Moves the counters to a block with room for n, of at least twice the size, and returns it. */
function grow(part: Part, old: usize, n: u32): usize {
  const block = blockFor(part, max(n, 2 * load<u32>(old, CAPACITY)));
  store<f64>(block, load<f64>(old, FLOOR), FLOOR);
  copyAbove(part, block, old, -1, u32.MAX_VALUE);
  box.releaseFor(part, old);
  return block;
}

/**
 * Copies the counters of `from` whose count is above `least`, and the first `ties` of those whose count equals it, to a
 * block with room for them. Returns the greatest count left out, or 0.
 */
function copyAbove(part: Part, block: usize, from: usize, least: f64, ties: u32): f64 {
  let greatestLeft = 0.0;
  const end = counterAt(from, load<u32>(from));
  for (let at = counterAt(from, 0); at < end; at += COUNTER_BYTES) {
    const count = load<f64>(at, COUNT);
    if (count < least || (count == least && !ties)) {
      greatestLeft = max(greatestLeft, count);
      continue;
    }
    if (count == least) ties--;
    put(part, block, load<f64>(at), count, load<f64>(at, ERROR));
  }
  return greatestLeft;
}

/** Gives a value without a counter one with the minimum count. Its count before becomes its error, and the floor. */
function takeOver(part: Part, block: usize, value: f64): void {
  const n = load<u32>(block);
  const least = load<f64>(block, MINIMUM);
  let place = load<u32>(block, CURSOR);
  if (place >= n) place = 0;
  const start = place;
  while (load<f64>(counterAt(block, place), COUNT) != least) {
    if (++place == n) place = 0;
    if (place == start) {
      place = minimumPlace(block);
      break;
    }
  }
  const counter = counterAt(block, place);
  const floor = load<f64>(counter, COUNT);
  store<f64>(block, floor, MINIMUM);
  store<f64>(block, floor, FLOOR);
  store<u32>(block, place, CURSOR);
  vacate(part, block, load<f64>(counter));
  setCounter(part, block, place, value, floor + 1, floor);
}

/** The place of the first counter with the minimum count. */
function minimumPlace(block: usize): u32 {
  let least = Infinity;
  let place: u32 = 0;
  for (let i: u32 = 0; i < load<u32>(block); i++) {
    const count = load<f64>(counterAt(block, i), COUNT);
    if (!(count < least)) continue;
    least = count;
    place = i;
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
    copyAbove(part, block, other, -1, u32.MAX_VALUE);
    box.setBlock(into, block);
    if (one == one) lift(part, capacity, into, one);
    return;
  }
  block = box.blockOf(into);
  if (load<u32>(block) + n > load<u32>(block, CAPACITY)) block = grow(part, block, load<u32>(block) + n);
  const mine = load<f64>(block, FLOOR);
  const theirs = load<f64>(other, FLOOR);
  if (theirs) raiseCounts(block, theirs);
  for (let i: u32 = 0; i < n; i++) {
    const from = counterAt(other, i);
    const value = load<f64>(from);
    const count = load<f64>(from, COUNT);
    const error = load<f64>(from, ERROR);
    const placePlus = load<u32>(slotAt(block, slotOf(part, block, value)));
    if (!placePlus) {
      put(part, block, value, count + mine, error + mine);
      continue;
    }
    const counter = counterAt(block, placePlus - 1);
    store<f64>(counter, load<f64>(counter, COUNT) + (count - theirs), COUNT);
    store<f64>(counter, load<f64>(counter, ERROR) + (error - theirs), ERROR);
  }
  store<f64>(block, mine + theirs, FLOOR);
  store<f64>(block, 0, MINIMUM);
  if (load<u32>(block) > capacity) block = cutTo(part, capacity, block);
  box.setBlock(into, block);
}

/** Adds a floor to all counts and errors. */
function raiseCounts(block: usize, floor: f64): void {
  for (let i: u32 = 0; i < load<u32>(block); i++) {
    const counter = counterAt(block, i);
    store<f64>(counter, load<f64>(counter, COUNT) + floor, COUNT);
    store<f64>(counter, load<f64>(counter, ERROR) + floor, ERROR);
  }
}

/**
 * Moves the `capacity` greatest counters to a new block and returns it. Its floor is at least the greatest count left
 * out.
 */
function cutTo(part: Part, capacity: u32, old: usize): usize {
  const n = load<u32>(old);
  const counts = box.allocateFor(part, ((<usize>n) << 3) + 8);
  for (let i: u32 = 0; i < n; i++) {
    store<f64>(counts + ((<usize>i) << 3), load<f64>(counterAt(old, i), COUNT), 8);
  }
  const least = list.selectFrom(counts + 8, n, n - capacity);
  let ties = capacity;
  for (let i: usize = 0; i < <usize>n; i++) if (load<f64>(counts + (i << 3), 8) > least) ties--;
  box.releaseFor(part, counts);
  const block = blockFor(part, capacity);
  const greatestLeft = copyAbove(part, block, old, least, ties);
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
  const end = counterAt(block, load<u32>(block));
  let n: u32 = 0;
  for (let at = counterAt(block, 0); at < end; at += COUNTER_BYTES) {
    const value = load<f64>(at);
    const count = load<f64>(at, COUNT);
    const error = load<f64>(at, ERROR);
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
