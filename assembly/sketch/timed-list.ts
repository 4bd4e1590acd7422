/**
 * Samples: values with their times, ordered by time, and those of one time by arrival.
 *
 *     state    box of a time, or of a block │ 8 value: f64
 *     block    0 n: u32 │ 16 time: f64, value: f64 × n
 *
 * If there are more than `limit`, the earliest are kept, so that the result does not depend on the order of arrival. In
 * rolling frames, where samples also leave, all are kept: see evicting/time-deque.ts.
 */

import { capacity } from '../base/allocator';
import { upperBound } from '../base/bisect';
import { Part } from '../part';
import * as deque from './evicting/time-deque';
import * as box from './shared/box';

export const STATE_BYTES: i32 = 16;

const SAMPLES: usize = 16;

/** The number of samples in a state. */
export function lengthOf(state: usize): u32 {
  if (!box.isBlock(state)) return box.isNothing(state) ? 0 : 1;
  return isRunning(state) ? deque.lengthOf(box.blockOf(state)) : load<u32>(box.blockOf(state));
}

/** Address of the earliest sample: its time, then its value. The others follow in order. */
export function firstOf(state: usize): usize {
  if (!box.isBlock(state)) return state;
  return isRunning(state) ? deque.firstOf(box.blockOf(state)) : box.blockOf(state) + SAMPLES;
}

/** Whether a state has the block of an evictable state. */
export function isRunning(state: usize): bool {
  return box.isBlock(state) && box.isMarked(box.blockOf(state), box.Mark.running);
}

export function lift(part: Part, limit: u32, state: usize, value: f64, time: f64): void {
  if (box.isNothing(state)) {
    box.setValue(state, time);
    store<f64>(state, value, 8);
    return;
  }
  const n = lengthOf(state);
  const first = firstOf(state);
  let place = n;
  if (load<f64>(first + ((<usize>n - 1) << 4)) > time) place = upperBound<f64>(first, 16, n, time);
  if (place >= limit) return;
  const kept = min(n, limit - 1);
  const block = reserveSamples(part, state, kept + 1);
  const at = block + SAMPLES + ((<usize>place) << 4);
  memory.copy(at + 16, at, (<usize>(kept - place)) << 4);
  store<f64>(at, time);
  store<f64>(at, value, 8);
  store<u32>(block, kept + 1);
}

/** Returns the block of a state with samples, made or enlarged to have room for n. */
function reserveSamples(part: Part, state: usize, n: u32): usize {
  const bytes = SAMPLES + ((<usize>n) << 4);
  let block: usize;
  if (box.isBlock(state)) {
    block = box.blockOf(state);
    const kept = capacity(block);
    if (bytes <= kept) return block;
    block = box.resizeFor(part, block, max(bytes, box.doubled(kept)));
  } else {
    block = box.allocateFor(part, bytes);
    store<u32>(block, 1);
    v128.store(block + SAMPLES, v128.load(state));
  }
  box.setBlock(state, block);
  return block;
}

/** Adds the samples of `from` to `into`. Among samples of one time, those of `into` come first. */
export function merge(part: Part, limit: u32, into: usize, from: usize): void {
  if (box.isNothing(from)) return;
  const m = lengthOf(from);
  const right = firstOf(from);
  if (m == 1) {
    lift(part, limit, into, load<f64>(right, 8), load<f64>(right));
    return;
  }
  if (box.isNothing(into)) {
    const block = box.allocateFor(part, SAMPLES + ((<usize>m) << 4));
    memory.copy(block, box.blockOf(from), SAMPLES + ((<usize>m) << 4));
    box.setBlock(into, block);
    return;
  }
  const n = lengthOf(into);
  // Only the first `limit` of either side can be among the earliest.
  let i = n;
  let j = min(m, limit);
  const block = reserveSamples(part, into, n + j);
  const first = block + SAMPLES;
  store<u32>(block, min(n + j, limit));
  // Backwards from the latest, into the space at the end: every place is read before it is overwritten.
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
