/**
 * Quantiles with a bound on the relative error: Masson, Rim, Lee, "DDSketch: a fast and fully-mergeable quantile sketch
 * with relative-error guarantees" (2019). A value falls into a bin by its magnitude. A bin reaches from lo to hi, and
 * hi / lo is at most (1 + a) / (1 - a), so that 2 lo hi / (lo + hi) is within the relative error a of each of its
 * values.
 *
 * Bins have one width on a scale that is close to log2 |v| and needs no logarithm. For |v| = (1 + s) 2^e it is
 *
 *     e + 6/35 s³ - 3/5 s² + 10/7 s            d ln v / d scale ≤ 7/10, equal at s = 0 and s = 2/3
 *
 * There are `scale` = 7/10 / ln((1 + a) / (1 - a)) bins to each power of two, 1 % more than with a logarithm.
 *
 *     list     0 n: u32        │ 8 values: f64 × n, up to MAX_LIST_VALUES        few values; sorted when they are read
 *     bins     0 binned: u32   │ 8 zeros, 16 ∞, 24 -∞: f64
 *              32 first: i32, 36 bins: u32, run of positive values; 40, 44 run of negative values
 *              48 counts: f64 for each bin, of positive values, then of negative values
 *
 * A run is a sequence of bins without gaps, by increasing magnitude. A value of magnitude below 2^-1022 counts as zero.
 *
 * Law: counts depend only on which values were added, not on their order. For each sign the MAX_BINS bins up to the
 * greatest magnitude are kept apart; a value below them counts for the lowest. A run of MAX_BINS bins ends with the
 * greatest bin in use.
 *
 * In rolling frames, where values also leave, the state keeps all values in order instead: see list.ts. Once values of
 * several bins count for the lowest, none of them could be taken out again.
 */

import { Part } from '../part';
import * as list from './list';
import * as box from './shared/box';

/** A list with more values becomes bins. */
export const MAX_LIST_VALUES: u32 = 29;
/** Bins of one sign that are kept apart. */
export const MAX_BINS: i32 = 2048;

/** Offsets in a block of bins: of the runs, of the number of bins of the first run, of the counts. */
export const RUNS: usize = 32;
export const BINS: usize = 36;
export const COUNTS: usize = 48;

const VALUES: usize = 8;
const ZEROS: usize = 8;
const INFINITE: usize = 16;
const MINUS_INFINITE: usize = 24;

// Coefficients of the scale, by s³, s² and s.
const A: f64 = 6.0 / 35.0;
const B: f64 = -3.0 / 5.0;
const C: f64 = 10.0 / 7.0;

/** Bytes of the greatest block. */
export const MAX_BLOCK_BYTES: usize = COUNTS + 2 * MAX_BINS * 8;
/** Bytes of the longest run, and so the most that one value can add to a block. */
export const MAX_RUN_BYTES: i32 = MAX_BINS * 8 + 64;

/** Whether a value has a bin: its magnitude is at least 2^-1022, and it is not infinite. */
export function hasBin(bits: u64): bool {
  return <u32>(<u32>(bits >> 52) & 0x7ff) - 1 < 2046;
}

/** The number of the bin that a value with these bits falls into, by its magnitude. */
export function binOf(bits: u64, scale: f64): i32 {
  const s = reinterpret<f64>((bits & 0xfffffffffffff) | 0x3ff0000000000000) - 1;
  const e = <f64>(<i32>(<u32>(bits >> 52) & 0x7ff) - 1023);
  return <i32>floor((((A * s + B) * s + C) * s + e) * scale);
}

/** Address of a run: its first bin, then its number of bins. `sign` is 0 for positive values, 1 for negative ones. */
function runOf(block: usize, sign: usize): usize {
  return block + RUNS + (sign << 3);
}

/** Address of the count of a run's first bin. */
function countsOf(block: usize, sign: usize): usize {
  return block + COUNTS + (sign ? (<usize>load<u32>(block, BINS)) << 3 : 0);
}

/** Adds a value. The fold of quantileSketch.ts calls this only if the block has no bin for the value yet. */
export function lift(part: Part, scale: f64, state: usize, value: f64): void {
  if (!box.isBlock(state)) {
    if (box.isNothing(state)) {
      box.setValue(state, value);
      return;
    }
    const block = box.allocateFor(part, VALUES + 16);
    store<u32>(block, 2);
    store<f64>(block, box.soleValue(state), VALUES);
    store<f64>(block, value, VALUES + 8);
    box.setBlock(state, block);
    return;
  }
  let block = box.blockOf(state);
  const n = load<u32>(block);
  if (n == box.Mark.binned) {
    add(part, scale, state, value);
    return;
  }
  if (n == MAX_LIST_VALUES) {
    binList(part, scale, state);
    add(part, scale, state, value);
    return;
  }
  // Blocks of 64, 128 and 256 bytes, headers included, hold 5, 13 and 29 values.
  if (n == 5 || n == 13) {
    block = box.resizeFor(part, block, VALUES + ((<usize>n) << 4) + 24);
    box.setBlock(state, block);
  }
  store<f64>(block + ((<usize>n) << 3), value, VALUES);
  store<u32>(block, n + 1);
}

/** Turns a full list into bins. Each run is given its length at once, before values are added. */
function binList(part: Part, scale: f64, state: usize): void {
  const list = box.blockOf(state);
  const n = <usize>load<u32>(list);
  const block = box.allocateFor(part, COUNTS);
  memory.fill(block, 0, COUNTS);
  store<i32>(block, box.Mark.binned);
  box.setBlock(state, block);
  for (let sign: usize = 0; sign < 2; sign++) {
    let low = i32.MAX_VALUE;
    let high = i32.MIN_VALUE;
    for (let i: usize = 0; i < n; i++) {
      const bits = load<u64>(list + (i << 3), VALUES);
      if (!hasBin(bits) || <usize>(bits >> 63) != sign) continue;
      const bin = binOf(bits, scale);
      low = min(low, bin);
      high = max(high, bin);
    }
    if (low <= high) cover(part, state, sign, low, high);
  }
  for (let i: usize = 0; i < n; i++) add(part, scale, state, load<f64>(list + (i << 3), VALUES));
  box.releaseFor(part, list);
}

/** Adds a value to bins. */
function add(part: Part, scale: f64, state: usize, value: f64): void {
  const bits = reinterpret<u64>(value);
  let block = box.blockOf(state);
  let at: usize;
  if (hasBin(bits)) {
    const sign = <usize>(bits >> 63);
    const bin = binOf(bits, scale);
    block = cover(part, state, sign, bin, bin);
    at = countsOf(block, sign) + ((<usize>max(bin - load<i32>(runOf(block, sign)), 0)) << 3);
  } else if (abs(value) < Infinity) {
    at = block + ZEROS;
  } else {
    at = block + (value > 0 ? INFINITE : MINUS_INFINITE);
  }
  store<f64>(at, load<f64>(at) + 1);
}

/**
 * Makes sure that a run has the bins from `low` to `high`, or the uppermost MAX_BINS if there would be more. Returns
 * the block, which may be a new one.
 */
function cover(part: Part, state: usize, sign: usize, low: i32, high: i32): usize {
  const block = box.blockOf(state);
  const run = runOf(block, sign);
  const first = load<i32>(run);
  const bins = load<i32>(run, 4);
  const last = first + bins - 1;
  if (bins) {
    if (low >= first && high <= last) return block;
    if (bins == MAX_BINS && high <= last) return block;
  }
  let bottom = bins ? min(low, first) : low;
  let top = bins ? max(high, topOf(block, sign)) : high;
  if (top - bottom + 1 >= MAX_BINS) {
    bottom = max(bottom, top - MAX_BINS + 1);
  } else if (bins) {
    // Spare bins on that side, so that not every value further out replaces the block.
    const spare = min(((top - bottom) >> 1) + 8, MAX_BINS - 1 - (top - bottom + 1));
    if (low < first) bottom -= spare;
    else top += spare;
  }
  return replaceRun(part, state, sign, bottom, top - bottom + 1);
}

/** Replaces the block by one whose run of one sign has `bins` bins from `first` on; lower ones count for the first. */
function replaceRun(part: Part, state: usize, sign: usize, first: i32, bins: i32): usize {
  const old = box.blockOf(state);
  const other = <usize>load<u32>(runOf(old, sign ^ 1), 4);
  const block = box.allocateFor(part, COUNTS + ((<usize>bins + other) << 3));
  memory.copy(block, old, COUNTS);
  store<i32>(runOf(block, sign), first);
  store<i32>(runOf(block, sign), bins, 4);
  memory.copy(countsOf(block, sign ^ 1), countsOf(old, sign ^ 1), other << 3);
  const counts = countsOf(block, sign);
  memory.fill(counts, 0, (<usize>bins) << 3);
  addRun(counts, first, countsOf(old, sign), load<i32>(runOf(old, sign)), topOf(old, sign));
  box.releaseFor(part, old);
  box.setBlock(state, block);
  return block;
}

/** The greatest bin of a run with a count above 0; one below the first bin if there is none. */
function topOf(block: usize, sign: usize): i32 {
  const counts = countsOf(block, sign);
  const run = runOf(block, sign);
  let i = load<i32>(run, 4) - 1;
  while (i >= 0 && load<f64>(counts + ((<usize>i) << 3)) == 0) i--;
  return load<i32>(run) + i;
}

/**
 * Adds the bins from `fromFirst` to `last` of another run, whose counts stand at `from`, to the run that begins with
 * bin `first` at `counts`. Bins below `first` count for it.
 */
function addRun(counts: usize, first: i32, from: usize, fromFirst: i32, last: i32): void {
  let i = fromFirst;
  for (; i <= last && i < first; i++, from += 8) store<f64>(counts, load<f64>(counts) + load<f64>(from));
  if (i > last) return;
  let to = counts + ((<usize>(i - first)) << 3);
  const stop = from + ((<usize>(last - i + 1)) << 3);
  for (; from + 16 <= stop; from += 16, to += 16) {
    v128.store(to, f64x2.add(v128.load(to), v128.load(from)));
  }
  if (from < stop) store<f64>(to, load<f64>(to) + load<f64>(from));
}

/** Adds the values of `from` to `into`, whatever form either has. */
export function merge(part: Part, scale: f64, into: usize, from: usize): void {
  if (box.isNothing(from)) return;
  if (!box.isBlock(from)) {
    lift(part, scale, into, box.soleValue(from));
    return;
  }
  const other = box.blockOf(from);
  const n = load<u32>(other);
  if (n != box.Mark.binned) {
    for (let i: usize = 0; i < <usize>n; i++) lift(part, scale, into, load<f64>(other + (i << 3), VALUES));
    return;
  }
  if (!box.isBlock(into) || !box.isMarked(box.blockOf(into), box.Mark.binned)) {
    mergeIntoFew(part, scale, into, other);
    return;
  }
  let block = box.blockOf(into);
  for (let at = ZEROS; at <= MINUS_INFINITE; at += 8) {
    store<f64>(block + at, load<f64>(block + at) + load<f64>(other + at));
  }
  for (let sign: usize = 0; sign < 2; sign++) {
    const run = runOf(other, sign);
    const bins = load<i32>(run, 4);
    if (!bins) continue;
    let first = load<i32>(run);
    let counts = countsOf(other, sign);
    const top = topOf(other, sign);
    while (load<f64>(counts) == 0) {
      counts += 8;
      first++;
    }
    block = cover(part, into, sign, first, top);
    addRun(countsOf(block, sign), load<i32>(runOf(block, sign)), counts, first, top);
  }
}

/** Merges the bins in block `other` into a state without bins: its few values are added to a copy of the bins. */
function mergeIntoFew(part: Part, scale: f64, into: usize, other: usize): void {
  const bytes = COUNTS + ((<usize>(load<u32>(other, BINS) + load<u32>(other, BINS + 8))) << 3);
  const block = box.allocateFor(part, bytes);
  memory.copy(block, other, bytes);
  if (box.isBlock(into)) {
    const list = box.blockOf(into);
    const n = <usize>load<u32>(list);
    box.setBlock(into, block);
    for (let i: usize = 0; i < n; i++) add(part, scale, into, load<f64>(list + (i << 3), VALUES));
    box.releaseFor(part, list);
    return;
  }
  const one = box.soleValue(into);
  box.setBlock(into, block);
  if (one == one) add(part, scale, into, one);
}

/** The value at rank floor(q (n - 1)) of n, as its bin stands for it; NaN if there are no values. */
export function quantile(state: usize, q: f64, scale: f64): f64 {
  if (!box.isBlock(state)) return estimateOf(box.soleValue(state), scale);
  const block = box.blockOf(state);
  const n = load<u32>(block);
  if (n == box.Mark.binned) return quantileOfBins(block, q, scale);
  if (n == box.Mark.sorted) return estimateOf(list.select(state, <u32>(q * <f64>(list.lengthOf(state) - 1))), scale);
  const values = block + VALUES;
  sort(values, n);
  return estimateOf(load<f64>(values + ((<usize>(q * <f64>(n - 1))) << 3)), scale);
}

/** Insertion sort, as the values are few. */
function sort(values: usize, n: u32): void {
  for (let i: usize = 8; i < (<usize>n) << 3; i += 8) {
    const value = load<f64>(values + i);
    let j = i;
    for (; j > 0 && load<f64>(values + j - 8) > value; j -= 8) store<f64>(values + j, load<f64>(values + j - 8));
    store<f64>(values + j, value);
  }
}

/** The quantile q of a block with bins. */
function quantileOfBins(block: usize, q: f64, scale: f64): f64 {
  const minus = load<f64>(block, MINUS_INFINITE);
  const zeros = load<f64>(block, ZEROS);
  const negative = total(block, 1);
  const below = minus + negative + zeros;
  const n = below + total(block, 0) + load<f64>(block, INFINITE);
  let rank = floor(q * (n - 1));
  if (rank < minus) return -Infinity;
  rank -= minus;
  if (rank < negative) {
    // Greatest magnitude first.
    let at = countsOf(block, 1) + ((<usize>load<u32>(block, BINS + 8)) << 3);
    let bin = load<i32>(block, RUNS + 8) + load<i32>(block, BINS + 8);
    do {
      at -= 8;
      bin--;
      rank -= load<f64>(at);
    } while (rank >= 0);
    return -valueOfBin(bin, scale);
  }
  rank -= negative;
  if (rank < zeros) return 0;
  rank -= zeros;
  if (rank >= n - below - load<f64>(block, INFINITE)) return Infinity;
  let at = countsOf(block, 0);
  let bin = load<i32>(block, RUNS);
  for (rank -= load<f64>(at); rank >= 0; rank -= load<f64>(at)) {
    at += 8;
    bin++;
  }
  return valueOfBin(bin, scale);
}

/** The number of values in a run. */
function total(block: usize, sign: usize): f64 {
  let at = countsOf(block, sign);
  const stop = at + ((<usize>load<u32>(runOf(block, sign), 4)) << 3);
  let sums = f64x2.splat(0);
  for (; at + 16 <= stop; at += 16) sums = f64x2.add(sums, v128.load(at));
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  if (at < stop) sum += load<f64>(at);
  return sum;
}

/** The value that the sketch reports for a single value: the one that stands for its bin. */
function estimateOf(value: f64, scale: f64): f64 {
  const bits = reinterpret<u64>(value);
  if (!hasBin(bits)) return abs(value) < Infinity ? 0 : value;
  return copysign(valueOfBin(binOf(bits, scale), scale), value);
}

/** The value that stands for a bin: 2 lo hi / (lo + hi). */
function valueOfBin(bin: i32, scale: f64): f64 {
  const low = <f64>bin / scale;
  const high = (<f64>bin + 1) / scale;
  const e = floor(low);
  const lo = significand(low - e);
  const hi = significand(high - floor(high)) * powerOfTwo(<i32>(floor(high) - e));
  const half = <i32>e >> 1;
  return min(((2 * lo * hi) / (lo + hi)) * powerOfTwo(half) * powerOfTwo(<i32>e - half), f64.MAX_VALUE);
}

/** Returns 1 + s where y is the part of the scale that s adds. By Newton's method, from below. */
function significand(y: f64): f64 {
  let s = 0.7 * y;
  for (let i = 0; i < 6; i++) s += (y - ((A * s + B) * s + C) * s) / ((3 * A * s + 2 * B) * s + C);
  return 1 + s;
}

/** 2^e, for e in the range of normal numbers. */
function powerOfTwo(e: i32): f64 {
  return reinterpret<f64>((<u64>(e + 1023)) << 52);
}
