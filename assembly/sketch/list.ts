/**
 * All values, in any order: exact quantiles need them.
 *
 *     0 n: u32        │ 8 values: f64 × n           blocks double as they fill
 *     0 sorted: u32   │ 8 values in order           in rolling frames, where values also leave: see evicting/sorted.ts
 *
 * The value at rank k is found in place by quickselect (Hoare, "Algorithm 65: find", 1961), in expected linear time, as
 * pivots are drawn at random.
 */

import { capacity } from '../base/allocator';
import { Part } from '../part';
import * as sorted from './evicting/sorted';
import * as box from './shared/box';

/** `shift` of evicting/sorted.ts for items that are numbers. */
const NUMBER_SHIFT: usize = 3;

const VALUES: usize = 8;

export function lift(part: Part, state: usize, value: f64): void {
  if (box.isNothing(state)) {
    box.setValue(state, value);
    return;
  }
  const block = reserveValues(part, state, 1);
  const n = load<u32>(block);
  store<f64>(block + ((<usize>n) << 3), value, VALUES);
  store<u32>(block, n + 1);
}

export function merge(part: Part, into: usize, from: usize): void {
  if (box.isNothing(from)) return;
  if (!box.isBlock(from)) {
    lift(part, into, box.soleValue(from));
    return;
  }
  const other = box.blockOf(from);
  const m = load<u32>(other);
  const block = reserveValues(part, into, m);
  const n = load<u32>(block);
  memory.copy(block + VALUES + ((<usize>n) << 3), other + VALUES, (<usize>m) << 3);
  store<u32>(block, n + m);
}

/** Returns the block of a state, made or enlarged to have room for `more` further values. */
function reserveValues(part: Part, state: usize, more: u32): usize {
  let block: usize;
  if (box.isBlock(state)) {
    block = box.blockOf(state);
    const bytes = VALUES + ((<usize>load<u32>(block) + more) << 3);
    const kept = capacity(block);
    if (bytes <= kept) return block;
    block = box.resizeFor(part, block, max(bytes, box.doubled(kept)));
  } else {
    const one = box.soleValue(state);
    block = box.allocateFor(part, VALUES + ((<usize>more + 1) << 3));
    store<f64>(block, one, VALUES);
    store<u32>(block, one == one ? 1 : 0);
  }
  box.setBlock(state, block);
  return block;
}

/** Adds a value to an evictable state. */
export function insert(part: Part, state: usize, given: f64): void {
  const value = given + 0;
  if (box.isNothing(state)) {
    box.setValue(state, value);
    return;
  }
  if (!box.isBlock(state)) {
    const one = box.soleValue(state);
    box.setBlock(state, sortedFor(part, 1));
    sorted.insert(box.blockOf(state) + VALUES, NUMBER_SHIFT, one, 0);
  }
  if (sorted.insert(box.blockOf(state) + VALUES, NUMBER_SHIFT, value, 0)) return;
  rebuild(part, state);
  sorted.insert(box.blockOf(state) + VALUES, NUMBER_SHIFT, value, 0);
}

/** Takes a value out of an evictable state, which has it. */
export function retract(part: Part, state: usize, given: f64): void {
  if (!box.isBlock(state)) {
    box.setNothing(state);
    return;
  }
  const block = box.blockOf(state);
  sorted.remove(block + VALUES, NUMBER_SHIFT, given + 0, 0);
  const n = sorted.lengthOf(block + VALUES);
  if (!n) box.drop(part, state);
  else if (capacity(block) > 512 && (<usize>n) << 6 < capacity(block)) rebuild(part, state);
}

/** A block of no values in order, with room for n and about as many more. */
function sortedFor(part: Part, n: u32): usize {
  const block = box.allocateFor(part, VALUES + sorted.bytesFor(n, NUMBER_SHIFT));
  store<i32>(block, box.Mark.sorted);
  sorted.create(block + VALUES, capacity(block) - VALUES, n, NUMBER_SHIFT);
  return block;
}

/** Moves the values of an evictable state to a block of the size that suits their number. */
function rebuild(part: Part, state: usize): void {
  const old = box.blockOf(state);
  const block = sortedFor(part, sorted.lengthOf(old + VALUES));
  sorted.copyAll(block + VALUES, old + VALUES, NUMBER_SHIFT);
  box.releaseFor(part, old);
  box.setBlock(state, block);
}

/** The number of values in a state. */
export function lengthOf(state: usize): u32 {
  if (!box.isBlock(state)) return box.isNothing(state) ? 0 : 1;
  const block = box.blockOf(state);
  const n = load<u32>(block);
  return n == box.Mark.sorted ? sorted.lengthOf(block + VALUES) : n;
}

/** The value at rank k, counted from 0. Reorders a list so that none of its first k values is greater. */
export function select(state: usize, k: u32): f64 {
  if (!box.isBlock(state)) return box.soleValue(state) + 0;
  const block = box.blockOf(state);
  if (box.isMarked(block, box.Mark.sorted)) return load<f64>(sorted.itemAt(block + VALUES, NUMBER_SHIFT, k));
  // -0 and 0 are equal and stand in any order: adding 0 makes both 0.
  return selectFrom(block + VALUES, load<u32>(block), k) + 0;
}

/** The value at rank k of n values in memory, which it reorders so that none of the first k is greater. */
export function selectFrom(values: usize, n: u32, k: u32): f64 {
  const place = values + ((<usize>k) << 3);
  let low = values;
  let high = values + ((<usize>n - 1) << 3);
  for (let seed: u32 = 1; low < high; ) {
    seed = seed * 1664525 + 1013904223;
    const span = (high - low) >> 3;
    const pivot = load<f64>(low + ((<usize>((<u64>seed * <u64>(span + 1)) >> 32)) << 3));
    let i = low;
    let j = high;
    while (i <= j) {
      while (load<f64>(i) < pivot) i += 8;
      while (load<f64>(j) > pivot) j -= 8;
      if (i > j) break;
      const value = load<f64>(i);
      store<f64>(i, load<f64>(j));
      store<f64>(j, value);
      i += 8;
      j -= 8;
    }
    if (place <= j) high = j;
    else if (place >= i) low = i;
    else break;
  }
  return load<f64>(place);
}

/** The greatest of the first k values, after `select(state, k)`; k is at least 1. */
export function greatest(state: usize, k: u32): f64 {
  const values = box.blockOf(state) + VALUES;
  if (box.isMarked(values - VALUES, box.Mark.sorted)) return load<f64>(sorted.itemAt(values, NUMBER_SHIFT, k - 1));
  let greatest = load<f64>(values);
  for (let i: usize = 8; i < (<usize>k) << 3; i += 8) greatest = max(greatest, load<f64>(values + i));
  return greatest + 0;
}
