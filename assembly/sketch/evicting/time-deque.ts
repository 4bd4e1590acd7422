/**
 * Values with their times, by time and of one time as they came, that leave in the order in which they came; and how much they amount
 * to, each as long as it holds: Σ vᵢ (tᵢ₊₁ - tᵢ).
 *
 *     state    as in samples.ts
 *     block    0 RUNNING: u32 │ 4 n: u32 │ 8 first: u32 │ 12 split: u32 │ 16 room: u32 │ 20 measured: u32
 *              24 time: f64, value: f64 × room │ area: f64 × room, where measured
 *
 * Samples stand at places first … first + n. By two stacks, so that no area is ever subtracted: before `split` an area is that from a
 * sample to the last one before `split`, from there on that from the sample before `split` up to it. Where the front is used up all
 * becomes front. When that is depends on the values alone that entered and left.
 */

import { capacity } from '../../base/allocator';
import * as box from '../shared/box';

export const RUNNING: u32 = 0xffffffff;

const N: usize = 4;
const FIRST: usize = 8;
const SPLIT: usize = 12;
const CAPACITY: usize = 16;
const MEASURED: usize = 20;
const SAMPLES: usize = 24;

export function lengthOf(block: usize): u32 {
  return load<u32>(block, N);
}

/** Address of the first sample. */
export function firstOf(block: usize): usize {
  return sampleAt(block, load<u32>(block, FIRST));
}

/** Time, then value. */
function sampleAt(block: usize, i: u32): usize {
  return block + SAMPLES + ((<usize>i) << 4);
}

function areaAt(block: usize, i: u32): usize {
  return sampleAt(block, load<u32>(block, CAPACITY)) + ((<usize>i) << 3);
}

/** A block without samples, with room for so many. */
function blockFor(part: usize, room: u32, measured: u32): usize {
  const bytes: usize = measured ? 24 : 16;
  const block = box.allocateFor(part, SAMPLES + <usize>room * bytes);
  memory.fill(block, 0, SAMPLES);
  store<u32>(block, RUNNING);
  store<u32>(block, <u32>((capacity(block) - SAMPLES) / bytes), CAPACITY);
  store<u32>(block, measured, MEASURED);
  return block;
}

export function insert(part: usize, state: usize, value: f64, time: f64, measured: u32): void {
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
  const room = load<u32>(block, CAPACITY);
  if (load<u32>(block, FIRST) + n == room) {
    if (n * 2 <= room) move(block, block);
    else block = resize(part, state, n);
  }
  insertSample(block, value, time);
}

/** Takes out the first sample of a time. */
export function retract(part: usize, state: usize, time: f64): void {
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

/** The place of a time: before samples of the same, or after them. */
function placeOf(block: usize, first: u32, n: u32, time: f64, after: bool): u32 {
  const t = load<f64>(sampleAt(block, after ? first + n - 1 : first));
  if (after ? t <= time : t >= time) return after ? first + n : first;
  let low = first;
  for (let high = first + n; low < high; ) {
    const middle = (low + high) >> 1;
    const t = load<f64>(sampleAt(block, middle));
    if (t < time || (after && t == time)) low = middle + 1;
    else high = middle;
  }
  return low;
}

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

/** What stands from a place up to another moves up by one. */
function shift(block: usize, from: u32, to: u32): void {
  if (from == to) return;
  memory.copy(sampleAt(block, from + 1), sampleAt(block, from), (<usize>(to - from)) << 4);
  if (!load<u32>(block, MEASURED)) return;
  memory.copy(areaAt(block, from + 1), areaAt(block, from), (<usize>(to - from)) << 3);
}

/** Areas of the front, from a place back to the first. */
function measureFront(block: usize, last: u32): void {
  if (!load<u32>(block, MEASURED)) return;
  const first = load<u32>(block, FIRST);
  const split = load<u32>(block, SPLIT);
  for (let i = last + 1; i-- > first; ) {
    store<f64>(areaAt(block, i), i + 1 < split ? load<f64>(areaAt(block, i + 1)) + areaFrom(block, i) : 0);
  }
}

/** Areas from a place behind the front up to the last. */
function measureBack(block: usize, place: u32): void {
  if (!load<u32>(block, MEASURED)) return;
  const first = load<u32>(block, FIRST);
  const split = load<u32>(block, SPLIT);
  for (let i = place; i < first + load<u32>(block, N); i++) {
    const before = i > split ? load<f64>(areaAt(block, i - 1)) : 0;
    store<f64>(areaAt(block, i), i > first ? before + areaFrom(block, i - 1) : 0);
  }
}

/** From a sample to the next. */
function areaFrom(block: usize, i: u32): f64 {
  const at = sampleAt(block, i);
  const time = load<f64>(at, 16) - load<f64>(at);
  return time > 0 ? load<f64>(at, 8) * time : 0;
}

/** From the first sample to the last. */
export function area(block: usize): f64 {
  const first = load<u32>(block, FIRST);
  const split = load<u32>(block, SPLIT);
  const end = first + load<u32>(block, N);
  const front = first < split ? load<f64>(areaAt(block, first)) : 0;
  return split < end ? front + load<f64>(areaAt(block, end - 1)) : front;
}

/** Samples come to stand at the beginning of a block, of the same one too. */
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

/** The same in a block with room for as many more. */
function resize(part: usize, state: usize, n: u32): usize {
  const old = box.blockOf(state);
  const block = blockFor(part, n * 2, load<u32>(old, MEASURED));
  move(block, old);
  box.releaseFor(part, old);
  box.setBlock(state, block);
  return block;
}
