/**
 * Values with their times, by time; of one time as they came.
 *
 *     state    box of a time, or of a block │ 8 value: f64
 *     block    0 n: u32 │ 16 time: f64, value: f64 × n
 *
 * Of more than `limit` the earliest are kept, so that what is kept does not depend on what came when. Where samples also leave all are kept:
 * see deque.ts.
 */

import { capacity } from '../base/allocator';
import * as deque from './evicting/time-deque';
import * as box from './shared/box';

export const bytes: i32 = 16;

const FIRST: usize = 16;

export function lengthOf(state: usize): u32 {
  if (!box.isBlock(state)) return box.isNothing(state) ? 0 : 1;
  return isRunning(state) ? deque.lengthOf(box.blockOf(state)) : load<u32>(box.blockOf(state));
}

/** Address of the first sample: time, value; the others follow. */
export function firstOf(state: usize): usize {
  if (!box.isBlock(state)) return state;
  return isRunning(state) ? deque.firstOf(box.blockOf(state)) : box.blockOf(state) + FIRST;
}

/** Whether a state has a block that samples also leave. */
export function isRunning(state: usize): bool {
  return box.isBlock(state) && load<u32>(box.blockOf(state)) == deque.RUNNING;
}

export function lift(part: usize, limit: u32, state: usize, value: f64, time: f64): void {
  if (box.isNothing(state)) {
    box.setValue(state, time);
    store<f64>(state, value, 8);
    return;
  }
  const n = lengthOf(state);
  const first = firstOf(state);
  let place = n;
  if (load<f64>(first + ((<usize>n - 1) << 4)) > time) place = placeOf(first, n, time);
  if (place >= limit) return;
  const kept = min(n, limit - 1);
  const block = reserveSamples(part, state, kept + 1);
  const at = block + FIRST + ((<usize>place) << 4);
  memory.copy(at + 16, at, (<usize>(kept - place)) << 4);
  store<f64>(at, time);
  store<f64>(at, value, 8);
  store<u32>(block, kept + 1);
}

/** How many of n samples are not later than a time. */
function placeOf(first: usize, n: u32, time: f64): u32 {
  let low: u32 = 0;
  for (let high = n; low < high; ) {
    const middle = (low + high) >> 1;
    if (load<f64>(first + ((<usize>middle) << 4)) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The block of a state that has something, with room for n samples. */
function reserveSamples(part: usize, state: usize, n: u32): usize {
  const bytes = FIRST + ((<usize>n) << 4);
  let block: usize;
  if (box.isBlock(state)) {
    block = box.blockOf(state);
    const kept = capacity(block);
    if (bytes <= kept) return block;
    block = box.resizeFor(part, block, max(bytes, box.doubled(kept)));
  } else {
    block = box.allocateFor(part, bytes);
    store<u32>(block, 1);
    v128.store(block + FIRST, v128.load(state));
  }
  box.setBlock(state, block);
  return block;
}

/** Adds samples to others: of one time those that are there come first. */
export function merge(part: usize, limit: u32, into: usize, from: usize): void {
  if (box.isNothing(from)) return;
  const m = lengthOf(from);
  const right = firstOf(from);
  if (m == 1) {
    lift(part, limit, into, load<f64>(right, 8), load<f64>(right));
    return;
  }
  if (box.isNothing(into)) {
    const block = box.allocateFor(part, FIRST + ((<usize>m) << 4));
    memory.copy(block, box.blockOf(from), FIRST + ((<usize>m) << 4));
    box.setBlock(into, block);
    return;
  }
  const n = lengthOf(into);
  // Only so many of each can be among the earliest.
  let i = n;
  let j = min(m, limit);
  const block = reserveSamples(part, into, n + j);
  const first = block + FIRST;
  store<u32>(block, min(n + j, limit));
  // From the latest on, into the room at the end: what lies there has been read.
  for (let to = first + ((<usize>(n + j)) << 4); j; ) {
    to -= 16;
    const earlier = right + ((<usize>j - 1) << 4);
    const mine = first + ((<usize>i - 1) << 4);
    if (i && load<f64>(mine) > load<f64>(earlier)) {
      v128.store(to, v128.load(mine));
      i--;
    } else {
      v128.store(to, v128.load(earlier));
      j--;
    }
  }
}
