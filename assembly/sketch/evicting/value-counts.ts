/**
 * How often each value is in a rolling frame, where values come and go.
 *
 *     0 counted: u32 │ 4 slots: u32 │ 8 n: u32 │ 12 ranked: u32
 *     16 values │ counts: f64 × slots each          a hash table, see hash-table.ts; a free slot is NaN in both
 *        -count, value: f64 each                    if ranked: all of them in order, see sorted.ts
 *
 * A state that is one value without a block stands for a count of 1. Law: a value is in the table while its count is
 * above 0.
 */

import { capacity } from '../../base/allocator';
import { Part } from '../../part';
import { streamOf } from '../../stream';
import * as box from '../shared/box';
import { clear, isFree, isFull, slotOf, vacate } from '../shared/hash-table';
import * as sorted from './sorted';

const N: usize = 8;
const RANKED: usize = 12;
const VALUES: usize = 16;
/** `shift` of sorted.ts for items that are pairs. */
const PAIR_SHIFT: usize = 4;

function tableBytes(slots: u32): usize {
  return VALUES + ((<usize>slots) << 4);
}

/** Address of the values in order of their counts. */
function rankingOf(block: usize): usize {
  return block + tableBytes(load<u32>(block, 4));
}

/** The number of different values in a state that has a block. */
export function lengthOf(state: usize): u32 {
  return load<u32>(box.blockOf(state), N);
}

/** A block without values that has room for n and about as many more. */
function blockFor(part: Part, n: u32, ranked: u32): usize {
  let slots = <u32>((<u64>n * 8) / 3) + 2;
  const bytes = tableBytes(slots);
  const block = box.allocateFor(part, bytes + (ranked ? sorted.bytesFor(n, PAIR_SHIFT) : 0));
  if (ranked) sorted.create(block + bytes, capacity(block) - bytes, n, PAIR_SHIFT);
  else slots = <u32>((capacity(block) - VALUES) >> 4);
  store<i32>(block, box.Mark.counted);
  store<u32>(block, slots, 4);
  store<u32>(block, 0, N);
  store<u32>(block, ranked, RANKED);
  clear(block + VALUES, slots * 2);
  return block;
}

/** Adds a value. `ranked` is 1 if values are also kept in order of their counts, for `top`, else 0. */
export function insert(part: Part, state: usize, given: f64, ranked: u32): void {
  const value = given + 0;
  if (box.isNothing(state)) {
    box.setValue(state, value);
    return;
  }
  if (!box.isBlock(state)) {
    const one = box.soleValue(state);
    box.setBlock(state, blockFor(part, 1, ranked));
    add(part, state, one, 1);
  }
  add(part, state, value, 1);
}

/** Takes a value out, which must be there. */
export function retract(part: Part, state: usize, given: f64): void {
  if (!box.isBlock(state)) {
    box.setNothing(state);
    return;
  }
  add(part, state, given + 0, -1);
  const n = lengthOf(state);
  const bytes = capacity(box.blockOf(state));
  if (!n) box.drop(part, state);
  else if (bytes > 512 && (<usize>n) << 8 < bytes) rebuild(part, state);
}

/** Adds `by`, 1 or -1, to a value's count. */
function add(part: Part, state: usize, value: f64, by: f64): void {
  let block = box.blockOf(state);
  let slots = load<u32>(block, 4);
  let slot = slotOf(streamOf(part), block + VALUES, slots, value);
  const isNew = isFree(block + VALUES + ((<usize>slot) << 3));
  if (isNew && isFull(slots, load<u32>(block, N))) {
    block = rebuild(part, state);
    slots = load<u32>(block, 4);
    slot = slotOf(streamOf(part), block + VALUES, slots, value);
  }
  const at = block + VALUES + ((<usize>slot) << 3);
  const counts = at + ((<usize>slots) << 3);
  const before = isNew ? 0 : load<f64>(counts);
  const after = before + by;
  assert(after >= 0);
  if (after) {
    store<f64>(at, value);
    store<f64>(counts, after);
  } else {
    vacate(streamOf(part), block + VALUES, slots, 2, slot);
  }
  store<u32>(block, load<u32>(block, N) + (before == 0 ? 1 : 0) - (after == 0 ? 1 : 0), N);
  if (!load<u32>(block, RANKED)) return;
  if (before) sorted.remove(rankingOf(block), PAIR_SHIFT, -before, value);
  if (!after || sorted.insert(rankingOf(block), PAIR_SHIFT, -after, value)) return;
  block = rebuild(part, state);
  sorted.insert(rankingOf(block), PAIR_SHIFT, -after, value);
}

/** Moves the values to a block of the size that suits their number, and returns it. */
function rebuild(part: Part, state: usize): usize {
  const old = box.blockOf(state);
  const ranked = load<u32>(old, RANKED);
  const n = load<u32>(old, N);
  const block = blockFor(part, n, ranked);
  const slots = load<u32>(block, 4);
  const column = (<usize>load<u32>(old, 4)) << 3;
  for (let from = old + VALUES; from < old + VALUES + column; from += 8) {
    if (isFree(from)) continue;
    const to = block + VALUES + ((<usize>slotOf(streamOf(part), block + VALUES, slots, load<f64>(from))) << 3);
    store<f64>(to, load<f64>(from));
    store<f64>(to + ((<usize>slots) << 3), load<f64>(from + column));
  }
  store<u32>(block, n, N);
  if (ranked) sorted.copyAll(rankingOf(block), rankingOf(old), PAIR_SHIFT);
  box.releaseFor(part, old);
  box.setBlock(state, block);
  return block;
}

/**
 * Writes the k most frequent values of a ranked state as value, count and 0: greatest count first, among equal counts
 * the least value first.
 */
export function top(state: usize, out: usize, k: u32): void {
  const ranking = rankingOf(box.blockOf(state));
  for (let i: u32 = 0; i < k; i++, out += 24) {
    const item = sorted.itemAt(ranking, PAIR_SHIFT, i);
    store<f64>(out, load<f64>(item, 8));
    store<f64>(out, -load<f64>(item), 8);
    store<f64>(out, 0, 16);
  }
}
