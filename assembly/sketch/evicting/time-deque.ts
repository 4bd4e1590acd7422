/**
 * Samples of a rolling frame, ordered by time, and those of one time by arrival. They leave in the order in which they
 * came. If measured, the deque also keeps their area, each value times how long it holds: Σ vᵢ (tᵢ₊₁ - tᵢ).
 *
 *     state    as in timed-list.ts
 *     block    0 running: u32 │ 4 n: u32 │ 8 first: u32 │ 12 split: u32 │ 16 slots: u32 │ 20 measured: u32
 *              24 time: f64, value: f64 × slots │ area: f64 × slots, if measured
 *
 * Samples stand in the slots from `first` to `first + n`. They form two stacks, so that no area is ever subtracted: the
 * front before `split`, the back from there on. The area of a front sample is that from it to the last front sample.
 * The area of a back sample is that from the last front sample to it. When the front is used up, it flips: all samples
 * become front. When it flips depends only on which samples were inserted and retracted.
 */

import { capacity } from '../../base/allocator';
import { lowerBound, upperBound } from '../../base/bisect';
import { Part } from '../../part';
import * as box from '../shared/box';

const N: usize = 4;
const FIRST: usize = 8;
const SPLIT: usize = 12;
const SLOTS: usize = 16;
const MEASURED: usize = 20;
const SAMPLES: usize = 24;

/** The number of samples in a block. */
export function lengthOf(block: usize): u32 {
  return load<u32>(block, N);
}

/** Address of the earliest sample. */
export function firstOf(block: usize): usize {
  return sampleAt(block, load<u32>(block, FIRST));
}

/** Address of the sample in slot i: its time, then its value. */
function sampleAt(block: usize, i: u32): usize {
  return block + SAMPLES + ((<usize>i) << 4);
}

/** Address of the area of the sample in slot i. */
function areaAt(block: usize, i: u32): usize {
  return sampleAt(block, load<u32>(block, SLOTS)) + ((<usize>i) << 3);
}

/** A block without samples, with `slots` slots or a few more. */
function blockFor(part: Part, slots: u32, measured: u32): usize {
  const bytes: usize = measured ? 24 : 16;
  const block = box.allocateFor(part, SAMPLES + <usize>slots * bytes);
  memory.fill(block, 0, SAMPLES);
  store<i32>(block, box.Mark.running);
  store<u32>(block, <u32>((capacity(block) - SAMPLES) / bytes), SLOTS);
  store<u32>(block, measured, MEASURED);
  return block;
}

/** Adds a sample. `measured` is 1 if areas are kept, else 0. */
export function insert(part: Part, state: usize, value: f64, time: f64, measured: u32): void {
  if (box.isNothing(state)) {
    box.setValue(state, time);
    store<f64>(state, value, 8);
    return;
  }
  if (!box.isBlock(state)) {
    const one = box.soleValue(state);
    box.setBlock(state, blockFor(part, 2, measured));
    insertSample(box.blockOf(state), load<f64>(state, 8), one);
  }
  let block = box.blockOf(state);
  const n = load<u32>(block, N);
  const slots = load<u32>(block, SLOTS);
  if (load<u32>(block, FIRST) + n == slots) {
    if (n * 2 <= slots) move(block, block);
    else block = resize(part, state, n);
  }
  insertSample(block, value, time);
}

/** Removes the first sample with this time, which must be there. */
export function retract(part: Part, state: usize, time: f64): void {
  if (!box.isBlock(state)) {
    box.setNothing(state);
    return;
  }
  const block = box.blockOf(state);
  const n = load<u32>(block, N) - 1;
  if (!n) {
    box.drop(part, state);
    return;
  }
  let first = load<u32>(block, FIRST);
  const place = placeOf(block, first, n + 1, time, false);
  shift(block, first, place);
  store<u32>(block, ++first, FIRST);
  store<u32>(block, n, N);
  let split = load<u32>(block, SPLIT);
  const isFront = place < split;
  if (!isFront) store<u32>(block, ++split, SPLIT);
  if (split <= first) {
    store<u32>(block, first + n, SPLIT);
    measureFront(block, first + n - 1);
  } else if (isFront) {
    measureFront(block, place);
    if (place + 1 == split) measureBack(block, split);
  } else {
    measureBack(block, place + 1);
  }
  if (capacity(block) > 512 && <usize>n * 192 < capacity(block)) resize(part, state, n);
}

/** The slot where a sample with this time would go: before those of the same time, or after them. */
function placeOf(block: usize, first: u32, n: u32, time: f64, after: bool): u32 {
  const t = load<f64>(sampleAt(block, after ? first + n - 1 : first));
  if (after ? t <= time : t >= time) return after ? first + n : first;
  const times = sampleAt(block, first);
  return first + (after ? upperBound<f64>(times, 16, n, time) : lowerBound<f64>(times, 16, n, time));
}

/** Adds a sample to a block with a free slot at its end. */
function insertSample(block: usize, value: f64, time: f64): void {
  const n = load<u32>(block, N);
  const first = load<u32>(block, FIRST);
  const split = load<u32>(block, SPLIT);
  const place = n ? placeOf(block, first, n, time, true) : first;
  shift(block, place, first + n);
  store<f64>(sampleAt(block, place), time);
  store<f64>(sampleAt(block, place), value, 8);
  store<u32>(block, n + 1, N);
  if (place < split) {
    store<u32>(block, split + 1, SPLIT);
    measureFront(block, place);
  } else {
    measureBack(block, place);
  }
}

/** Moves the samples in the slots from `from` to `to`, exclusive, up by one. */
function shift(block: usize, from: u32, to: u32): void {
  if (from == to) return;
  memory.copy(sampleAt(block, from + 1), sampleAt(block, from), (<usize>(to - from)) << 4);
  if (!load<u32>(block, MEASURED)) return;
  memory.copy(areaAt(block, from + 1), areaAt(block, from), (<usize>(to - from)) << 3);
}

/** Computes the areas of the front, from slot `last` back to the first. */
function measureFront(block: usize, last: u32): void {
  if (!load<u32>(block, MEASURED)) return;
  const first = load<u32>(block, FIRST);
  const split = load<u32>(block, SPLIT);
  for (let i = last + 1; i-- > first; ) {
    store<f64>(areaAt(block, i), i + 1 < split ? load<f64>(areaAt(block, i + 1)) + areaFrom(block, i) : 0);
  }
}

/** Computes the areas of the back, from slot `place` to the last. */
function measureBack(block: usize, place: u32): void {
  if (!load<u32>(block, MEASURED)) return;
  const first = load<u32>(block, FIRST);
  const split = load<u32>(block, SPLIT);
  for (let i = place; i < first + load<u32>(block, N); i++) {
    const before = i > split ? load<f64>(areaAt(block, i - 1)) : 0;
    store<f64>(areaAt(block, i), i > first ? before + areaFrom(block, i - 1) : 0);
  }
}

/** The area from the sample in slot i to the next. */
function areaFrom(block: usize, i: u32): f64 {
  const at = sampleAt(block, i);
  const time = load<f64>(at, 16) - load<f64>(at);
  return time > 0 ? load<f64>(at, 8) * time : 0;
}

/** The area from the first sample to the last. */
export function area(block: usize): f64 {
  const first = load<u32>(block, FIRST);
  const split = load<u32>(block, SPLIT);
  const end = first + load<u32>(block, N);
  const front = first < split ? load<f64>(areaAt(block, first)) : 0;
  return split < end ? front + load<f64>(areaAt(block, end - 1)) : front;
}

/** Moves the samples to the first slots of a block, which may be the same one. */
function move(to: usize, from: usize): void {
  const first = load<u32>(from, FIRST);
  const split = load<u32>(from, SPLIT);
  const n = load<u32>(from, N);
  memory.copy(sampleAt(to, 0), sampleAt(from, first), (<usize>n) << 4);
  if (load<u32>(to, MEASURED)) memory.copy(areaAt(to, 0), areaAt(from, first), (<usize>n) << 3);
  store<u32>(to, n, N);
  store<u32>(to, 0, FIRST);
  store<u32>(to, split - min(first, split), SPLIT);
}

/** Moves the n samples to a block with room for as many more. */
function resize(part: Part, state: usize, n: u32): usize {
  const old = box.blockOf(state);
  const block = blockFor(part, n * 2, load<u32>(old, MEASURED));
  move(block, old);
  box.releaseFor(part, old);
  box.setBlock(state, block);
  return block;
}
