/**
 * What is due some time: a wheel of buckets of time (Varghese, Lauck, "Hashed and hierarchical timing wheels", 1987), each with a list of spans.
 * When the watermark comes to a bucket, what is due in it is put in order; what has been put off since goes on to a later bucket. So
 * a span is looked at once in a turn of the wheel, and many at a time, so that the machine fetches them side by side.
 *
 *     bucket   blocks of 0 next │ 4 length │ 8 spans: u32 …
 *     ready    entries as of a heap, in order: what is due in the buckets that came up last, unless that is little
 *
 * Law: a span whose due time is up to the end of bucket `now` is not in the wheel alone: it is ready, or in the heap.
 */

import { allocate, release } from '../../base/allocator';
import { ENTRY, Heap, isBefore, pushItem, setEntry } from '../../base/priority-queue';
import { Stream } from '../../stream';
import { dropPointer, dueOf, moreOf, Span, SpanState, Spans } from '../keyed/span';

@unmanaged
export class Wheel {
  /** First block of each bucket, and how many spans it has: u32 each. */
  firsts: usize;
  counts: usize;
  /** Length of time of a bucket, a power of two, and buckets a unit of time; 0 before it is known. */
  width: f64;
  rate: f64;
  /** Number of the bucket that the watermark is in. */
  now: f64;
  count: u32;
  /** The block of what is ready, 0 where nothing is; its first entry, and the end of them. */
  ready: usize;
  first: usize;
  end: usize;
}

const BUCKETS: u32 = 128;
/** How many buckets ahead of the watermark spans are to be due, or up to twice as many. */
const BUCKETS_AHEAD: f64 = 32;
/** A number of these bits alone is a power of two: where a bucket begins is then exact. */
const EXPONENT_BITS: u64 = 0x7ff0000000000000;
/** Numbers of buckets are whole up to here; what is due beyond is left to the heap. */
const MAX_BUCKET: f64 = 4503599627370496;
const BLOCK: u32 = 58;
const BLOCK_BYTES: usize = 8 + ((<usize>BLOCK) << 2);
/** So few entries are as well put in order by a heap. */
const HEAP_BELOW: usize = 8;
/** How far an entry is moved to its place; the heap has a bound where this has none. */
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

/** Lets go of what stands in it, too. */
export function destroyWheel(stream: Stream, wheel: Wheel, spans: Spans): void {
  for (; wheel.first < wheel.end; wheel.first += ENTRY) drop(stream, spans, load<u32>(wheel.first, 12));
  const total = wheel.count;
  const all = takeOut(stream, wheel, 0, BUCKETS);
  for (let entry = all; entry < all + <usize>total * ENTRY; entry += ENTRY) drop(stream, spans, load<u32>(entry, 12));
  if (all) release(stream, all);
  if (wheel.ready) release(stream, wheel.ready);
  release(stream, wheel.firsts);
  release(stream, changetype<usize>(wheel));
}

function drop(stream: Stream, spans: Spans, item: usize): void {
  const span = changetype<Span>(item);
  if (span.state == SpanState.dropped) dropPointer(stream, spans, span);
}

/** Bytes that n more spans can need. */
export function wheelBytes(wheel: Wheel, n: f64): f64 {
  const all = <f64>wheel.count + n;
  const blocks = min(all, all / <f64>BLOCK + <f64>BUCKETS + 1);
  return blocks * <f64>(BLOCK_BYTES + 16) + all * 56 + 512;
}

function numberOf(wheel: Wheel, time: f64): f64 {
  return max(-MAX_BUCKET, floor(time * wheel.rate));
}

function slotOf(b: f64): usize {
  return (<usize>(<i64>b & (BUCKETS - 1))) << 2;
}

/** Spans will be due up to so much after the watermark; false where the wheel has to be filled anew for that. */
export function covers(wheel: Wheel, ahead: f64): bool {
  return wheel.width * <f64>BUCKETS >= ahead;
}

/** The wheel again, for spans that are due so much later than any before. */
export function widen(stream: Stream, wheel: Wheel, spans: Spans, heap: Heap, ahead: f64): void {
  const total = wheel.count;
  const all = takeOut(stream, wheel, 0, BUCKETS);
  wheel.width = reinterpret<f64>(reinterpret<u64>(ahead / BUCKETS_AHEAD) & EXPONENT_BITS);
  wheel.rate = 1 / wheel.width;
  wheel.now = numberOf(wheel, stream.watermark);
  pushAll(stream, heap, all, putBack(stream, wheel, spans, all, total));
  if (all) release(stream, all);
}

/** Puts a span where it belongs; false where that is not in the wheel. */
export function place(stream: Stream, wheel: Wheel, spans: Spans, span: Span, due: f64): bool {
  const b = floor(due * wheel.rate);
  if (!(b > wheel.now && b < MAX_BUCKET)) return false;
  const slot = slotOf(min(b, wheel.now + <f64>(BUCKETS - 1)));
  let block = <usize>load<u32>(wheel.firsts + slot);
  let length = block ? load<u32>(block, 4) : BLOCK;
  if (length == BLOCK) {
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

/** Takes the spans of n buckets from number `from` on out, as entries with their due times; 0 where there are none. */
function takeOut(stream: Stream, wheel: Wheel, from: f64, n: f64): usize {
  const total = countIn(wheel, from, n);
  if (!total) return 0;
  const all = allocate(stream, <usize>total * ENTRY);
  let entry = all;
  for (let b = from; b < from + n; b += 1) {
    const slot = slotOf(b);
    let block = <usize>load<u32>(wheel.firsts + slot);
    store<u32>(wheel.firsts + slot, 0);
    store<u32>(wheel.counts + slot, 0);
    while (block) {
      const end = block + ((<usize>load<u32>(block, 4)) << 2);
      for (let at = block; at < end; at += 4, entry += ENTRY) {
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

/** Puts entries that were taken out back where they belong. The first of the list become those due sooner: returns how many. */
function putBack(stream: Stream, wheel: Wheel, spans: Spans, all: usize, total: u32): usize {
  let kept: usize = 0;
  for (let entry = all; entry < all + <usize>total * ENTRY; entry += ENTRY) {
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
    v128.store(all + kept * ENTRY, v128.load(entry));
    kept++;
  }
  return kept;
}

function pushAll(stream: Stream, heap: Heap, all: usize, n: usize): void {
  for (let entry = all; entry < all + n * ENTRY; entry += ENTRY) {
    pushItem(stream, heap, load<f64>(entry), load<u32>(entry, 8), load<u32>(entry, 12));
  }
}

/** Moves on to the bucket of the watermark. What was ready before has fired. */
export function turnWheel(stream: Stream, wheel: Wheel, spans: Spans, heap: Heap): void {
  assert(!wheel.ready);
  const to = numberOf(wheel, stream.watermark);
  const from = wheel.now + 1;
  const n = min(to - wheel.now, <f64>BUCKETS);
  const total = countIn(wheel, from, n);
  const all = takeOut(stream, wheel, from, n);
  wheel.now = to;
  if (!all) return;
  const kept = putBack(stream, wheel, spans, all, total);
  if (kept <= HEAP_BELOW) pushAll(stream, heap, all, kept);
  else order(stream, wheel, heap, all, kept);
  release(stream, all);
}

/** Takes the first ready entry out. */
export function shiftReady(stream: Stream, wheel: Wheel): void {
  wheel.first += ENTRY;
  if (wheel.first < wheel.end) return;
  release(stream, wheel.ready);
  wheel.ready = 0;
}

/** Entries become ready, in order: by their place between the least and the greatest key, then by insertion. */
function order(stream: Stream, wheel: Wheel, heap: Heap, all: usize, n: usize): void {
  let parts: u32 = 16;
  while (<usize>parts < n) parts *= 2;
  const ready = allocate(stream, n * ENTRY + ((<usize>parts) << 2));
  const places = ready + n * ENTRY;
  memory.fill(places, 0, (<usize>parts) << 2);
  const end = all + n * ENTRY;
  let start = Infinity;
  let last = -Infinity;
  for (let entry = all; entry < end; entry += ENTRY) {
    start = min(start, load<f64>(entry));
    last = max(last, load<f64>(entry));
  }
  const scale = last > start ? <f64>parts / (last - start) : 0;
  for (let entry = all; entry < end; entry += ENTRY) {
    const place = places + partOf(load<f64>(entry), start, scale, parts);
    store<u32>(place, load<u32>(place) + 1);
  }
  let before = <u32>ready;
  for (let place = places; place < places + ((<usize>parts) << 2); place += 4) {
    const count = load<u32>(place);
    store<u32>(place, before);
    before += count * <u32>ENTRY;
  }
  for (let entry = all; entry < end; entry += ENTRY) {
    const place = places + partOf(load<f64>(entry), start, scale, parts);
    const to = load<u32>(place);
    store<u32>(place, to + <u32>ENTRY);
    v128.store(to, v128.load(entry));
  }
  wheel.ready = ready;
  wheel.first = ready;
  // The first is always in its place.
  wheel.end = insertAll(stream, heap, ready, places);
}

function partOf(key: f64, start: f64, scale: f64, parts: u32): usize {
  return (<usize>(<u32>min((key - start) * scale, <f64>(parts - 1)))) << 2;
}

/** Puts entries that are nearly in order in order; those far from their place go into the heap. Returns their end. */
function insertAll(stream: Stream, heap: Heap, first: usize, end: usize): usize {
  let last = first;
  for (let entry = first; entry < end; entry += ENTRY) {
    const key = load<f64>(entry);
    const tie = load<u32>(entry, 8);
    const item = load<u32>(entry, 12);
    let at = last;
    let steps = MAX_INSERTION_STEPS;
    while (at > first && steps && isBefore(key, tie, at - ENTRY)) {
      at -= ENTRY;
      steps--;
    }
    if (!steps) {
      pushItem(stream, heap, key, tie, item);
      continue;
    }
    for (let to = last; to > at; to -= ENTRY) v128.store(to, v128.load(to - ENTRY));
    setEntry(at, key, tie, item);
    last += ENTRY;
  }
  return last;
}

/** The watermark at which the next bucket comes up, Infinity where the wheel is empty. */
export function nextTurnTime(wheel: Wheel): f64 {
  return wheel.count ? (wheel.now + 1) * wheel.width : Infinity;
}

/** How many spans the buckets up to that of the watermark have, and are ready. */
export function countComing(wheel: Wheel, watermark: f64): u32 {
  const ready = <u32>((wheel.end - wheel.first) / ENTRY);
  if (!wheel.count) return ready;
  const n = min(numberOf(wheel, watermark) - wheel.now, <f64>BUCKETS);
  return ready + countIn(wheel, wheel.now + 1, n);
}

function countIn(wheel: Wheel, from: f64, n: f64): u32 {
  let count: u32 = 0;
  for (let b = from; b < from + n; b += 1) count += load<u32>(wheel.counts + slotOf(b));
  return count;
}
