/**
 * The number of different values. While they are few all are kept; then as in Flajolet, Fusy, Gandouet, Meunier,
 * "HyperLogLog" (2007), with a hash of 64 bits, and estimated as in Ertl, "New cardinality estimation algorithms for
 * HyperLogLog sketches" (2017), which needs no tables of biases.
 *
 *     set          0 n: u32           │ 4 slots: u32 │ 8 values: f64 × slots        see hash-table.ts
 *     registers    0 registers: u32   │ 16 u8 × 2^p                                 the greatest rank of each
 *
 * The first p bits of a value's hash choose its register. Its rank is 1 + the number of leading zeros of the other
 * bits. If p = 0, the set grows without limit, and the count is exact. The hash of registers is fixed, or has the seed
 * that the spec gives; that of sets is the stream's own.
 *
 * Law: the content of a state depends only on which values were added. A set holds up to 2^p / 16 values, at least 2,
 * and the count is exact; beyond that its standard error is 1.04 / √2^p. In rolling frames, where values also leave,
 * all are counted: see evicting/value-counts.ts.
 */

import { capacity } from '../base/allocator';
import { factorOf, mix } from '../base/hash';
import { Part } from '../part';
import { streamOf } from '../stream';
import * as counted from './evicting/value-counts';
import * as box from './shared/box';
import { clear, isFree, isFull, slotOf } from './shared/hash-table';

const VALUES: usize = 8;
const FIRST_REGISTER: usize = 16;

/** The greatest number of values in a set. */
function maxSetValues(precision: u32): u32 {
  return precision ? max(((<u32>1) << precision) >> 4, 2) : 0xfffffff0;
}

/** Bytes of the greatest block a state can have; Infinity if p = 0. */
export function maxBlockBytes(precision: u32): f64 {
  return precision ? FIRST_REGISTER + <f64>((<u32>1) << precision) * 1.5 + 128 : Infinity;
}

export function lift(part: Part, precision: u32, state: usize, given: f64): void {
  const value = given + 0;
  if (box.isBlock(state)) {
    const block = box.blockOf(state);
    if (box.isMarked(block, box.Mark.registers)) raiseRegister(part, block, precision, value);
    else insert(part, precision, state, block, value);
  } else if (box.isNothing(state)) {
    box.setValue(state, value);
  } else if (box.soleValue(state) != value) {
    const block = setOf(part, VALUES + 3 * 8);
    put(part, block, box.soleValue(state));
    put(part, block, value);
    box.setBlock(state, block);
  }
}

/** Adds a value to registers. */
function raiseRegister(part: Part, block: usize, precision: u32, value: f64): void {
  const word = reinterpret<u64>(value);
  const h = part.parameterCount == 1 ? mix(word) : seededHash(part, word);
  const at = block + <usize>(h >> <u64>(64 - precision));
  const rank = <u32>clz((h << (<u64>precision)) | ((<u64>1) << (<u64>(precision - 1)))) + 1;
  if (<u32>load<u8>(at, FIRST_REGISTER) < rank) store<u8>(at, rank, FIRST_REGISTER);
}

/** Hashes a word by the seed of the part: nobody who does not know it can choose words of great rank. */
function seededHash(part: Part, word: u64): u64 {
  const factor = factorOf(part.parameter(1), 0);
  return mix(mix(word ^ factor) * factor);
}

/** A set without values in a block of at least `bytes`. */
function setOf(part: Part, bytes: usize): usize {
  const block = box.allocateFor(part, bytes);
  const slots = <u32>((capacity(block) - VALUES) >> 3);
  store<u32>(block, 0);
  store<u32>(block, slots, 4);
  clear(block + VALUES, slots);
  return block;
}

/** Puts a value into a set that does not have it and has room for it. */
function put(part: Part, block: usize, value: f64): void {
  const slot = slotOf(streamOf(part), block + VALUES, load<u32>(block, 4), value);
  store<f64>(block + ((<usize>slot) << 3), value, VALUES);
  store<u32>(block, load<u32>(block) + 1);
}

/** Adds a value to a set, which grows or becomes registers if it is full. */
function insert(part: Part, precision: u32, state: usize, block: usize, value: f64): void {
  const n = load<u32>(block);
  const slots = load<u32>(block, 4);
  const at = block + ((<usize>slotOf(streamOf(part), block + VALUES, slots, value)) << 3);
  if (!isFree(at + VALUES)) return;
  if (n < maxSetValues(precision) && !isFull(slots, n)) {
    store<f64>(at, value, VALUES);
    store<u32>(block, n + 1);
    return;
  }
  let moved: usize;
  if (n < maxSetValues(precision)) {
    moved = setOf(part, box.doubled(capacity(block)));
    addAll(part, moved, 0, block);
    put(part, moved, value);
  } else {
    moved = registersFor(part, precision);
    addAll(part, moved, precision, block);
    raiseRegister(part, moved, precision, value);
  }
  box.releaseFor(part, block);
  box.setBlock(state, moved);
}

/**
 * Makes room in a set for n more values, which then need not be added in any order: added as they stand in a table,
 * they would all come to the beginning of a smaller one.
 */
function makeRoom(part: Part, precision: u32, state: usize, n: u32): void {
  const old = box.isBlock(state) ? box.blockOf(state) : 0;
  if (old && box.isMarked(old, box.Mark.registers)) return;
  const most = min((old ? load<u32>(old) : 1) + n, maxSetValues(precision));
  if (old && !isFull(load<u32>(old, 4), most)) return;
  const block = setOf(part, VALUES + ((<usize>most * 4) / 3 + 2) * 8);
  if (old) {
    addAll(part, block, 0, old);
    box.releaseFor(part, old);
  } else if (!box.isNothing(state)) {
    put(part, block, box.soleValue(state));
  }
  box.setBlock(state, block);
}

/** A block of registers without values. */
function registersFor(part: Part, precision: u32): usize {
  const block = box.allocateFor(part, FIRST_REGISTER + ((<usize>1) << precision));
  store<i32>(block, box.Mark.registers);
  memory.fill(block + FIRST_REGISTER, 0, (<usize>1) << precision);
  return block;
}

/** Adds the values of a set to registers or, if p is 0, to a set that has room for them and none of them. */
function addAll(part: Part, to: usize, precision: u32, set: usize): void {
  const stop = set + VALUES + ((<usize>load<u32>(set, 4)) << 3);
  for (let at = set + VALUES; at < stop; at += 8) {
    if (isFree(at)) continue;
    if (precision) raiseRegister(part, to, precision, load<f64>(at));
    else put(part, to, load<f64>(at));
  }
}

/** Adds the values of `from` to `into`, whatever form either has. */
export function merge(part: Part, precision: u32, into: usize, from: usize): void {
  if (box.isNothing(from)) return;
  if (!box.isBlock(from)) {
    lift(part, precision, into, box.soleValue(from));
    return;
  }
  const other = box.blockOf(from);
  if (!box.isMarked(other, box.Mark.registers)) {
    makeRoom(part, precision, into, load<u32>(other));
    const stop = other + VALUES + ((<usize>load<u32>(other, 4)) << 3);
    for (let at = other + VALUES; at < stop; at += 8) {
      if (!isFree(at)) lift(part, precision, into, load<f64>(at));
    }
    return;
  }
  const m = (<usize>1) << precision;
  if (box.isBlock(into) && box.isMarked(box.blockOf(into), box.Mark.registers)) {
    const block = box.blockOf(into);
    for (let i: usize = 0; i < m; i += 16) {
      const at = block + i;
      v128.store(at, i8x16.max_u(v128.load(at, FIRST_REGISTER), v128.load(other + i, FIRST_REGISTER)), FIRST_REGISTER);
    }
    return;
  }
  const block = box.allocateFor(part, FIRST_REGISTER + m);
  memory.copy(block, other, FIRST_REGISTER + m);
  if (box.isBlock(into)) {
    addAll(part, block, precision, box.blockOf(into));
    box.releaseFor(part, box.blockOf(into));
  } else if (!box.isNothing(into)) {
    raiseRegister(part, block, precision, box.soleValue(into));
  }
  box.setBlock(into, block);
}

/** The number of different values, exact or estimated. */
export function count(state: usize, precision: u32): f64 {
  if (!box.isBlock(state)) return box.isNothing(state) ? 0 : 1;
  const block = box.blockOf(state);
  const n = load<u32>(block);
  if (n == box.Mark.counted) return <f64>counted.lengthOf(state);
  return n == box.Mark.registers ? estimate(block + FIRST_REGISTER, precision) : <f64>n;
}

/** Ertl's improved raw estimate (2017, algorithm 6), rounded to the nearest whole number. */
function estimate(registers: usize, precision: u32): f64 {
  const m = <f64>((<usize>1) << precision);
  const maxRank = 64 - precision + 1;
  const maxRanks = i8x16.splat(<i8>maxRank);
  const none = i8x16.splat(0);
  const bias = i32x4.splat(1023);
  let sums = f64x2.splat(0);
  let zeros = 0;
  let tops = 0;
  for (let at = registers; at < registers + ((<usize>1) << precision); at += 16) {
    const ranks = v128.load(at);
    zeros += popcnt(i8x16.bitmask(i8x16.eq(ranks, none)));
    tops += popcnt(i8x16.bitmask(i8x16.eq(ranks, maxRanks)));
    const low = i16x8.extend_low_i8x16_u(ranks);
    const high = i16x8.extend_high_i8x16_u(ranks);
    sums = f64x2.add(sums, powers(i32x4.sub(bias, i32x4.extend_low_i16x8_u(low))));
    sums = f64x2.add(sums, powers(i32x4.sub(bias, i32x4.extend_high_i16x8_u(low))));
    sums = f64x2.add(sums, powers(i32x4.sub(bias, i32x4.extend_low_i16x8_u(high))));
    sums = f64x2.add(sums, powers(i32x4.sub(bias, i32x4.extend_high_i16x8_u(high))));
  }
  const minPower = reinterpret<f64>((<u64>(1023 - maxRank)) << 52);
  let z = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1) - <f64>zeros - <f64>tops * minPower;
  z += m * tau(1 - <f64>tops / m) * 2 * minPower + m * sigma(<f64>zeros / m);
  return nearest((m * m) / (z * 1.3862943611198906));
}

/** Powers of two of four biased exponents, added up in pairs: the first with the third, the second with the fourth. */
function powers(exponents: v128): v128 {
  const words = i32x4.shl(exponents, 20);
  const none = i32x4.splat(0);
  return f64x2.add(v128.shuffle<i32>(none, words, 0, 4, 1, 5), v128.shuffle<i32>(none, words, 2, 6, 3, 7));
}

/** Ertl's σ, of the share of registers that are 0. */
function sigma(share: f64): f64 {
  if (share == 1) return Infinity;
  let x = share;
  let y = 1.0;
  let z = x;
  for (let before = NaN; before != z; y += y) {
    x *= x;
    before = z;
    z += x * y;
  }
  return z;
}

/** Ertl's τ, of the share of registers that are not at the greatest rank. */
function tau(share: f64): f64 {
  if (share == 0 || share == 1) return 0;
  let x = share;
  let y = 1.0;
  let z = 1 - x;
  for (let before = NaN; before != z; ) {
    x = sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  }
  return z / 3;
}
