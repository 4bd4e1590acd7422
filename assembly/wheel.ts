/**
 * What is due some time: a wheel of buckets of time (Varghese, Lauck, "Hashed and hierarchical timing wheels", 1987), each with a list of spans.
 * When the watermark comes to a bucket, what is due in it goes into a heap, which has the exact order; what has been put off since goes
 * on to a later bucket. So a span is looked at once in a turn of the wheel, and the heap holds only what is due soon.
 *
 * Law: a span whose due time is up to the end of bucket `now` is not in the wheel alone: it is in the heap.
 */

import { allocate, release } from './memory';
import { Span } from './span';
import { Stream } from './stream';

@unmanaged
export class Wheel {
  /** First span of each bucket, and how many there are: u32 each. */
  firsts: usize;
  counts: usize;
  /** Length of time of a bucket; 0 before it is known. */
  width: f64;
  /** Number of the bucket that the watermark is in. */
  now: f64;
  count: u32;
}

const BUCKETS: u32 = 256;
/** How many buckets ahead of the watermark spans are to be due, or fewer. */
const AHEAD: f64 = 128;

export function createWheel(stream: Stream): Wheel {
  const wheel = changetype<Wheel>(allocate(stream, offsetof<Wheel>()));
  memory.fill(changetype<usize>(wheel), 0, offsetof<Wheel>());
  wheel.firsts = allocate(stream, (<usize>BUCKETS) << 3);
  wheel.counts = wheel.firsts + ((<usize>BUCKETS) << 2);
  memory.fill(wheel.firsts, 0, (<usize>BUCKETS) << 3);
  wheel.now = -Infinity;
  return wheel;
}

export function destroyWheel(stream: Stream, wheel: Wheel): void {
  release(stream, wheel.firsts);
  release(stream, changetype<usize>(wheel));
}

function bucketOf(b: f64): u32 {
  return <u32>(<i64>b & (BUCKETS - 1));
}

/** Spans will be due up to so much after the watermark; false where the wheel has to be filled anew for that. */
export function isWide(wheel: Wheel, ahead: f64): bool {
  return wheel.width * <f64>BUCKETS >= ahead;
}

/** Sets the width of a wheel that is empty. */
export function setWidth(wheel: Wheel, ahead: f64, watermark: f64): void {
  assert(wheel.count == 0);
  wheel.width = ahead / AHEAD;
  wheel.now = floor(watermark / wheel.width);
}

/** Puts a span where it belongs; false where that is the heap. */
export function place(wheel: Wheel, span: Span, due: f64): bool {
  const b = floor(due / wheel.width);
  if (!(b > wheel.now)) return false;
  const slot = bucketOf(min(b, wheel.now + <f64>(BUCKETS - 1)));
  const first = wheel.firsts + ((<usize>slot) << 2);
  const count = wheel.counts + ((<usize>slot) << 2);
  span.wheeled = true;
  span.beside = load<u32>(first);
  store<u32>(first, <u32>changetype<usize>(span));
  store<u32>(count, load<u32>(count) + 1);
  wheel.count++;
  return true;
}

/** The spans of the next bucket up to that of the watermark, by `beside`; null once there is none. Moves on to that bucket. */
export function turnTo(wheel: Wheel, watermark: f64): Span {
  const to = floor(watermark / wheel.width);
  let taken = changetype<Span>(0);
  if (!wheel.count) wheel.now = max(wheel.now, to);
  // After a whole turn there is nothing left that was there before.
  if (to - wheel.now > <f64>BUCKETS) wheel.now = to == Infinity ? wheel.now : to - <f64>BUCKETS;
  for (let turned: u32 = 0; !taken && wheel.now < to && wheel.count && turned <= BUCKETS; turned++) {
    wheel.now += 1;
    const slot = bucketOf(wheel.now);
    const first = wheel.firsts + ((<usize>slot) << 2);
    const count = wheel.counts + ((<usize>slot) << 2);
    taken = changetype<Span>(<usize>load<u32>(first));
    wheel.count -= load<u32>(count);
    store<u32>(first, 0);
    store<u32>(count, 0);
  }
  if (!wheel.count && !taken) wheel.now = max(wheel.now, to);
  return taken;
}

/** The watermark at which the next bucket comes up, Infinity where the wheel is empty. */
export function nextTurn(wheel: Wheel): f64 {
  return wheel.count ? (wheel.now + 1) * wheel.width : Infinity;
}

/** How many spans the buckets up to that of the watermark have. */
export function countComing(wheel: Wheel, watermark: f64): u32 {
  if (!wheel.count) return 0;
  const to = floor(watermark / wheel.width);
  if (to - wheel.now >= <f64>BUCKETS) return wheel.count;
  let count: u32 = 0;
  for (let b = wheel.now + 1; b <= to; b += 1) count += load<u32>(wheel.counts + ((<usize>bucketOf(b)) << 2));
  return count;
}

/** Takes all spans out, as one list by `beside`. */
export function emptyWheel(wheel: Wheel): Span {
  let all = changetype<Span>(0);
  for (let slot: usize = 0; slot < <usize>BUCKETS; slot++) {
    let span = changetype<Span>(<usize>load<u32>(wheel.firsts + (slot << 2)));
    while (span) {
      const next = changetype<Span>(<usize>span.beside);
      span.beside = <u32>changetype<usize>(all);
      all = span;
      span = next;
    }
  }
  memory.fill(wheel.firsts, 0, (<usize>BUCKETS) << 3);
  wheel.count = 0;
  return all;
}
