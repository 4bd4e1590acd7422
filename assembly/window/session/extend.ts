/**
 * The fast path of sessions with a fixed gap that fire once and are not bounded in events: events in order of time that
 * only extend the open session of their key, as most do. Such an event touches neither the neighbours of the session
 * nor the heap and the timing wheel, whose entries may be too early (see session.ts).
 */

import { foldRun } from '../../state/rows';
import { Stream } from '../../stream';
import { foldTo, headOf, rowOf, Span, SpanState, Spans } from '../keyed/span';

/** Above this many live spans the caches no longer hold them all: the spans of the events to come are prefetched. */
export const PREFETCH_ABOVE_SPANS: u32 = 8192;
/** Spans are prefetched for this many events at a time. */
export const PREFETCH_EVENTS: i32 = 128;
/** A run of at least this many consecutive events of one key is folded by one call; a shorter one event by event. */
const MIN_RUN_EVENTS: i32 = 3;

/**
 * Takes events from event i on as long as each is in order, extends the open span of its key, and leaves the watermark
 * below `dueAt`. Returns the first event that it does not take. It also stops at an event that the next one shares its
 * key with: `extendRun` takes those in one go.
 */
export function extendInOrder(
  stream: Stream,
  spans: Spans,
  gap: f64,
  touching: bool,
  times: usize,
  ids: usize,
  i: i32,
  n: i32,
  dueAt: f64,
): i32 {
  const skew = stream.maxFutureSkew;
  const outOfOrder = stream.outOfOrder;
  const heads = spans.heads;
  const rows = stream.scratch.rows;
  let newest = stream.newest;
  for (; i < n; i++) {
    const t = load<f64>(times + ((<usize>i) << 3));
    const id = load<u32>(ids + ((<usize>i) << 2));
    // Without a span this reads from address 0, which is harmless and saves a branch.
    const span = changetype<Span>(<usize>load<u32>(heads + ((<usize>id) << 2)));
    const goesOn =
      i32(t >= newest) &
      i32(t <= newest + skew) &
      i32(t - outOfOrder < dueAt) &
      i32(changetype<usize>(span) != 0) &
      i32(span.state == SpanState.open) &
      i32(t >= span.start) &
      (i32(t < span.end) | (i32(t == span.end) & i32(touching)));
    if (!goesOn || load<u32>(ids + ((<usize>i) << 2), 4) == id) break;
    newest = t;
    span.end = t + gap;
    const row = rowOf(span);
    store<f64>(row, load<f64>(row) + 1);
    store<u32>(rows + ((<usize>i) << 2), <u32>row);
  }
  if (newest > stream.newest) {
    stream.newest = newest;
    stream.watermark = max(stream.watermark, newest - outOfOrder);
  }
  return i;
}

/**
 * Takes event i, which is in order and has joined a span, and with it the events of the same key that follow directly
 * and extend the span, as long as the watermark stays below `dueAt`. Returns the first event that it does not take.
 */
export function extendRun(
  stream: Stream,
  spans: Spans,
  span: Span,
  gap: f64,
  touching: bool,
  times: usize,
  ids: usize,
  i: i32,
  n: i32,
  dueAt: f64,
): i32 {
  const skew = stream.maxFutureSkew;
  const outOfOrder = stream.outOfOrder;
  const row = rowOf(span);
  let newest = stream.newest;
  let end = span.end;
  let to = i + 1;
  for (; to < n && load<u32>(ids + ((<usize>to) << 2)) == span.id; to++) {
    const t = load<f64>(times + ((<usize>to) << 3));
    if (!(t >= newest) || t > newest + skew || t - outOfOrder >= dueAt || !(t < end || (t == end && touching))) break;
    newest = t;
    end = t + gap;
  }
  span.end = max(span.end, end);
  stream.newest = newest;
  stream.watermark = max(stream.watermark, newest - outOfOrder);
  if (to - i >= MIN_RUN_EVENTS) {
    foldTo(stream, spans, i);
    foldRun(stream, stream.parts, row, spans.at + i, to - i);
    spans.folded = to;
    return to;
  }
  store<f64>(row, load<f64>(row) + <f64>(to - i));
  for (; i < to; i++) store<u32>(stream.scratch.rows + ((<usize>i) << 2), <u32>row);
  return to;
}

/**
 * Reads the spans of n ids one after the other, so that their cache misses overlap. An id without a span reads from
 * address 0, which is harmless. What was read goes into the trash row, so that the compiler keeps the reads.
 */
export function prefetch(stream: Stream, spans: Spans, ids: usize, n: i32): void {
  let seen: u32 = 0;
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4) {
    seen |= load<u32>(changetype<usize>(headOf(spans, load<u32>(ids + i))));
  }
  store<u32>(stream.trash, seen);
}
