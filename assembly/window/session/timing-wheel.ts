/**
 * Spans by due time, in a timing wheel (Varghese, Lauck, "Hashed and hierarchical timing wheels", 1987): a circle of
 * buckets, each for a stretch of time, each with an unordered list of spans.
 *
 * When the watermark reaches a bucket, its spans are taken out. Those still due are put in order and become ready;
 * those that were put off in the meantime go to a later bucket. So a span is touched once a turn however many events
 * extend it, and together with many others, so that their cache misses overlap. Entering a span takes constant time,
 * and so does taking it out but for the ordering.
 *
 *     bucket   blocks of 0 next │ 4 length │ 8 spans: u32 …
 *     ready    entries as in a heap, in order: spans due in the buckets that came up last, unless they are few
 *
 * Law: a span that is due by the end of bucket `now` is ready or in the heap; it may be in the wheel as well.
 */

import { allocate, release } from '../../base/allocator';
import { ENTRY_BYTES, Heap, isBefore, pushItem, setEntry } from '../../base/priority-queue';
import { Stream } from '../../stream';
import { dropPointer, dueOf, moreOf, Span, SpanState, Spans } from '../keyed/span';

@unmanaged
export class Wheel {
  /** First block of each bucket, and how many spans it has: u32 each. */
  firsts: usize;
  counts: usize;
  /** Units of time a bucket covers, a power of two; 0 before the first span. */
  width: f64;
  /** Buckets a unit of time: 1 / width. */
  rate: f64;
  /** Number of the bucket that the watermark was in when the wheel last turned. */
  now: f64;
  /** Spans in the buckets. */
  count: u32;
  /** The block of ready entries, 0 if there are none; the first of them, and their end. */
  ready: usize;
  first: usize;
  end: usize;
}

const BUCKETS: u32 = 128;
/** `widen` makes buckets so wide that the latest due time is this many buckets ahead, or up to twice as many. */
const BUCKETS_AHEAD: f64 = 32;
/** With these bits alone a positive number is a power of two. Such a width makes the edges of buckets exact. */
const EXPONENT_BITS: u64 = 0x7ff0000000000000;
/** 2^52: the numbers of buckets are exact up to here. Spans due beyond stay in the heap. */
const MAX_BUCKET: f64 = 4503599627370496;
/** Spans that one block of a bucket holds. */
const BLOCK_SPANS: u32 = 58;
const BLOCK_BYTES: usize = 8 + ((<usize>BLOCK_SPANS) << 2);
/** More entries than this are sorted; up to this many go into the heap, which is as fast. */
const SORT_ABOVE_ENTRIES: usize = 8;
/** An entry that insertion would move further goes into the heap: sorting stays clear of quadratic time. */
const MAX_INSERTION_STEPS: i32 = 24;

export function createWheel(stream: Stream): Wheel {
  const wheel = changetype<Wheel>(allocate(stream, offsetof<Wheel>()));
  memory.fill(changetype<usize>(wheel), 0, offsetof<Wheel>());
  wheel.firsts = allocate(stream, (<usize>BUCKETS) << 3);
  wheel.counts = wheel.firsts + ((<usize>BUCKETS) << 2);
  memory.fill(wheel.firsts, 0, (<usize>BUCKETS) << 3);
  wheel.now = -Infinity;
  return wheel;
}

/** Destroys a wheel, and frees the dropped spans that it alone still points to. */
export function destroyWheel(stream: Stream, wheel: Wheel, spans: Spans): void {
  for (; wheel.first < wheel.end; wheel.first += ENTRY_BYTES) unpointDropped(stream, spans, load<u32>(wheel.first, 12));
  const total = wheel.count;
  const all = takeOut(stream, wheel, 0, BUCKETS);
  for (let entry = all; entry < all + <usize>total * ENTRY_BYTES; entry += ENTRY_BYTES)
    unpointDropped(stream, spans, load<u32>(entry, 12));
  if (all) release(stream, all);
  if (wheel.ready) release(stream, wheel.ready);
  release(stream, wheel.firsts);
  release(stream, changetype<usize>(wheel));
}

/** Removes the wheel's pointer to a span that is dropped. */
function unpointDropped(stream: Stream, spans: Spans, item: usize): void {
  const span = changetype<Span>(item);
  if (span.state == SpanState.dropped) dropPointer(stream, spans, span);
}

/** Upper bound on the bytes that n more spans need. */
export function wheelBytes(wheel: Wheel, n: f64): f64 {
  const all = <f64>wheel.count + n;
  const blocks = min(all, all / <f64>BLOCK_SPANS + <f64>BUCKETS + 1);
  return blocks * <f64>(BLOCK_BYTES + 16) + all * 56 + 512;
}

function numberOf(wheel: Wheel, time: f64): f64 {
  return max(-MAX_BUCKET, floor(time * wheel.rate));
}

function slotOf(b: f64): usize {
  return (<usize>(<i64>b & (BUCKETS - 1))) << 2;
}

/** Whether the wheel covers due times up to `ahead` after the watermark; if not, call `widen`. */
export function covers(wheel: Wheel, ahead: f64): bool {
  return wheel.width * <f64>BUCKETS >= ahead;
}

/** Rebuilds the wheel with wider buckets, for spans that are due up to `ahead` after the watermark. */
export function widen(stream: Stream, wheel: Wheel, spans: Spans, heap: Heap, ahead: f64): void {
  const total = wheel.count;
  const all = takeOut(stream, wheel, 0, BUCKETS);
  wheel.width = reinterpret<f64>(reinterpret<u64>(ahead / BUCKETS_AHEAD) & EXPONENT_BITS);
  wheel.rate = 1 / wheel.width;
  wheel.now = numberOf(wheel, stream.watermark);
  pushEntries(stream, heap, all, putBack(stream, wheel, spans, heap, all, total));
  if (all) release(stream, all);
}

/**
 * Enters a span into the bucket of its due time, or into the last bucket if it is due later than a turn. Returns false
 * if it belongs in the heap: its bucket has come up, or is beyond MAX_BUCKET.
 */
export function place(stream: Stream, wheel: Wheel, spans: Spans, span: Span, due: f64): bool {
  const b = floor(due * wheel.rate);
  if (!(b > wheel.now && b < MAX_BUCKET)) return false;
  const slot = slotOf(min(b, wheel.now + <f64>(BUCKETS - 1)));
  let block = <usize>load<u32>(wheel.firsts + slot);
  let length = block ? load<u32>(block, 4) : BLOCK_SPANS;
  if (length == BLOCK_SPANS) {
    const next = block;
    block = allocate(stream, BLOCK_BYTES);
    store<u32>(block, <u32>next);
    store<u32>(wheel.firsts + slot, <u32>block);
    length = 0;
  }
  store<u32>(block + ((<usize>length) << 2), <u32>changetype<usize>(span), 8);
  store<u32>(block, length + 1, 4);
  store<u32>(wheel.counts + slot, load<u32>(wheel.counts + slot) + 1);
  wheel.count++;
  if (spans.moreAt) moreOf(spans, span).wheeled = true;
  return true;
}

/**
 * Takes out the spans of n buckets from bucket `from` on, as a block of entries with current due times; 0 if there are
 * none.
 */
function takeOut(stream: Stream, wheel: Wheel, from: f64, n: f64): usize {
  const total = countIn(wheel, from, n);
  if (!total) return 0;
  const all = allocate(stream, <usize>total * ENTRY_BYTES);
  let entry = all;
  for (let b = from; b < from + n; b += 1) {
    const slot = slotOf(b);
    let block = <usize>load<u32>(wheel.firsts + slot);
    store<u32>(wheel.firsts + slot, 0);
    store<u32>(wheel.counts + slot, 0);
    while (block) {
      const end = block + ((<usize>load<u32>(block, 4)) << 2);
      for (let at = block; at < end; at += 4, entry += ENTRY_BYTES) {
        const span = changetype<Span>(<usize>load<u32>(at, 8));
        setEntry(entry, dueOf(stream, span), span.serial, changetype<usize>(span));
      }
      const next = <usize>load<u32>(block);
      release(stream, block);
      block = next;
    }
  }
  wheel.count -= total;
  return all;
}

/**
 * Returns entries that were taken out to the wheel, or to the heap if they were put off beyond MAX_BUCKET. Those that
 * are due move to the front of the list: returns how many they are.
 */
function putBack(stream: Stream, wheel: Wheel, spans: Spans, heap: Heap, all: usize, total: u32): usize {
  let kept: usize = 0;
  for (let entry = all; entry < all + <usize>total * ENTRY_BYTES; entry += ENTRY_BYTES) {
    const span = changetype<Span>(<usize>load<u32>(entry, 12));
    const due = load<f64>(entry);
    if (span.state == SpanState.dropped) {
      dropPointer(stream, spans, span);
      continue;
    }
    if (place(stream, wheel, spans, span, due)) continue;
    if (spans.moreAt) {
      moreOf(spans, span).wheeled = false;
      moreOf(spans, span).due = due;
    }
    if (floor(due * wheel.rate) > wheel.now) {
      pushItem(stream, heap, due, load<u32>(entry, 8), changetype<usize>(span));
      continue;
    }
    v128.store(all + kept * ENTRY_BYTES, v128.load(entry));
    kept++;
  }
  return kept;
}

function pushEntries(stream: Stream, heap: Heap, all: usize, n: usize): void {
  for (let entry = all; entry < all + n * ENTRY_BYTES; entry += ENTRY_BYTES) {
    pushItem(stream, heap, load<f64>(entry), load<u32>(entry, 8), load<u32>(entry, 12));
  }
}

/** Turns the wheel to the bucket of the watermark. All that was ready has been taken out before. */
export function turnWheel(stream: Stream, wheel: Wheel, spans: Spans, heap: Heap): void {
  assert(!wheel.ready);
  const to = numberOf(wheel, stream.watermark);
  const from = wheel.now + 1;
  const n = min(to - wheel.now, <f64>BUCKETS);
  const total = countIn(wheel, from, n);
  const all = takeOut(stream, wheel, from, n);
  wheel.now = to;
  if (!all) return;
  const kept = putBack(stream, wheel, spans, heap, all, total);
  if (kept <= SORT_ABOVE_ENTRIES) pushEntries(stream, heap, all, kept);
  else sortIntoReady(stream, wheel, heap, all, kept);
  release(stream, all);
}

/** Removes the first ready entry. */
export function shiftReady(stream: Stream, wheel: Wheel): void {
  wheel.first += ENTRY_BYTES;
  if (wheel.first < wheel.end) return;
  release(stream, wheel.ready);
  wheel.ready = 0;
}

/** Makes n entries ready, in order: a bucket sort into bins between the least and the greatest key, then insertion. */
function sortIntoReady(stream: Stream, wheel: Wheel, heap: Heap, all: usize, n: usize): void {
  let bins: u32 = 16;
  while (<usize>bins < n) bins *= 2;
  const ready = allocate(stream, n * ENTRY_BYTES + ((<usize>bins) << 2));
  const table = ready + n * ENTRY_BYTES;
  memory.fill(table, 0, (<usize>bins) << 2);
  const end = all + n * ENTRY_BYTES;
  let start = Infinity;
  let last = -Infinity;
  for (let entry = all; entry < end; entry += ENTRY_BYTES) {
    start = min(start, load<f64>(entry));
    last = max(last, load<f64>(entry));
  }
  const scale = last > start ? <f64>bins / (last - start) : 0;
  for (let entry = all; entry < end; entry += ENTRY_BYTES) {
    const bin = table + binOf(load<f64>(entry), start, scale, bins);
    store<u32>(bin, load<u32>(bin) + 1);
  }
  let before = <u32>ready;
  for (let bin = table; bin < table + ((<usize>bins) << 2); bin += 4) {
    const count = load<u32>(bin);
    store<u32>(bin, before);
    before += count * <u32>ENTRY_BYTES;
  }
  for (let entry = all; entry < end; entry += ENTRY_BYTES) {
    const bin = table + binOf(load<f64>(entry), start, scale, bins);
    const to = load<u32>(bin);
    store<u32>(bin, to + <u32>ENTRY_BYTES);
    v128.store(to, v128.load(entry));
  }
  wheel.ready = ready;
  wheel.first = ready;
  // Insertion never sends the first entry to the heap, so at least one is ready.
  wheel.end = insertEntries(stream, heap, ready, table);
}

function binOf(key: f64, start: f64, scale: f64, bins: u32): usize {
  return (<usize>(<u32>min((key - start) * scale, <f64>(bins - 1)))) << 2;
}

/**
 * Sorts entries that are nearly in order, by insertion; those far from their place go into the heap. Returns their end.
 */
function insertEntries(stream: Stream, heap: Heap, first: usize, end: usize): usize {
  let last = first;
  for (let entry = first; entry < end; entry += ENTRY_BYTES) {
    const key = load<f64>(entry);
    const tie = load<u32>(entry, 8);
    const item = load<u32>(entry, 12);
    let at = last;
    let steps = MAX_INSERTION_STEPS;
    while (at > first && steps && isBefore(key, tie, at - ENTRY_BYTES)) {
      at -= ENTRY_BYTES;
      steps--;
    }
    if (!steps) {
      pushItem(stream, heap, key, tie, item);
      continue;
    }
    for (let to = last; to > at; to -= ENTRY_BYTES) v128.store(to, v128.load(to - ENTRY_BYTES));
    setEntry(at, key, tie, item);
    last += ENTRY_BYTES;
  }
  return last;
}

/** The watermark at which the next bucket comes up, Infinity if the wheel is empty. */
export function nextTurnTime(wheel: Wheel): f64 {
  return wheel.count ? (wheel.now + 1) * wheel.width : Infinity;
}

/** How many spans are ready or in the buckets up to that of `watermark`. */
export function countComing(wheel: Wheel, watermark: f64): u32 {
  const ready = <u32>((wheel.end - wheel.first) / ENTRY_BYTES);
  if (!wheel.count) return ready;
  const n = min(numberOf(wheel, watermark) - wheel.now, <f64>BUCKETS);
  return ready + countIn(wheel, wheel.now + 1, n);
}

function countIn(wheel: Wheel, from: f64, n: f64): u32 {
  let count: u32 = 0;
  for (let b = from; b < from + n; b += 1) count += load<u32>(wheel.counts + slotOf(b));
  return count;
}

/**
 * Whether each bucket has the spans that it counts, none due before the bucket unless the heap
 * has it too, and ready spans are in order.
 */
export function isWheelSound(stream: Stream, wheel: Wheel): bool {
  let total: u32 = 0;
  for (let i: u32 = 1; i <= BUCKETS; i++) {
    const b = wheel.now + <f64>i;
    const slot = slotOf(b);
    let count: u32 = 0;
    for (let block = <usize>load<u32>(wheel.firsts + slot); block; block = load<u32>(block)) {
      for (let j: u32 = 0; j < load<u32>(block, 4); j++, count++) {
        const span = changetype<Span>(<usize>load<u32>(block + ((<usize>j) << 2), 8));
        const isEarlier = span.state != SpanState.dropped && i < BUCKETS && floor(dueOf(stream, span) * wheel.rate) < b;
        const expected: u16 = isEarlier ? 2 : 1;
        if (span.pointers < expected) return false;
      }
    }
    if (count != load<u32>(wheel.counts + slot)) return false;
    total += count;
    if (wheel.now == -Infinity) break;
  }
  for (let entry = wheel.first; wheel.ready && entry + ENTRY_BYTES < wheel.end; entry += ENTRY_BYTES) {
    if (isBefore(load<f64>(entry + ENTRY_BYTES), load<u32>(entry + ENTRY_BYTES, 8), entry)) return false;
  }
  return total == wheel.count;
}
