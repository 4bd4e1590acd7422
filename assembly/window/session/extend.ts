/**
 * Events that only make a span longer, as most do where sessions are given out once: in order of time, and inside of the open span of their
 * key. Such an event needs neither the span's neighbours nor its place among what is due.
 */

import { foldRun } from '../../state/rows';
import { Stream } from '../../stream';
import { foldTo, headOf, rowOf, Span, SpanState, Spans } from '../keyed/span';

/** Spans that are more than the caches hold near are fetched for so many events at a time, side by side. */
export const PREFETCH_ABOVE_SPANS: u32 = 8192;
export const PREFETCH_EVENTS: i32 = 128;
/** Events of a key in a row that are folded at once, and not each by itself. */
const MIN_RUN_EVENTS: i32 = 3;

/**
 * Takes events from number i on that are in order, go on with an open span, and move the watermark to less than `dueAt`. Returns the first
 * that is not so.
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
  const rows = stream.rows;
  let newest = stream.newest;
  for (; i < n; i++) {
    const t = load<f64>(times + ((<usize>i) << 3));
    const id = load<u32>(ids + ((<usize>i) << 2));
    // Where there is none, what stands at address 0 is read for nothing.
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
 * Event i, which is in order, has joined a span: takes it with those of its key that follow at once and go on with it, as long as
 * the watermark stays below `dueAt`. Returns the first event after them.
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
    foldRun(stream, row, spans.at + i, to - i);
    spans.folded = to;
    return to;
  }
  store<f64>(row, load<f64>(row) + <f64>(to - i));
  for (; i < to; i++) store<u32>(stream.rows + ((<usize>i) << 2), <u32>row);
  return to;
}

/** Looks at the spans of n ids side by side, so that they are near. (There is something to read at address 0, too.) */
export function prefetch(stream: Stream, spans: Spans, ids: usize, n: i32): void {
  let seen: u32 = 0;
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4) {
    seen |= load<u32>(changetype<usize>(headOf(spans, load<u32>(ids + i))));
  }
  store<u32>(stream.trash, seen);
}
