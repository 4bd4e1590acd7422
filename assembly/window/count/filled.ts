/**
 * Windows that follow each other without overlap, one at a time for each key, in order of arrival: `tumbling(rows(n))`,
 * which the n-th event fills, and `punctuated`, which an event fills that the spec says is the last. A window fires
 * with the event that fills it. Time plays no part: no event is late. The bounds of a window are the least and the
 * greatest time of its events.
 *
 * Law: a key has at most one span, which is open and has at least one event.
 */

import { allocate } from '../../base/allocator';
import { byEvent } from '../../cause';
import { Census } from '../../census';
import { moveClock } from '../../ingest/clock';
import { Ring, windowColumn } from '../../ingest/ring';
import { Law } from '../../law';
import { Firing } from '../../plan';
import { demandOfRows } from '../../state/bounds';
import { Bound, Bounds } from '../../store';
import { firesAgain, Stream, windowAt } from '../../stream';
import { areChainsWhole } from '../keyed/chain';
import {
  answer,
  begin,
  createSpan,
  dropSpan,
  endSpans,
  fireAll,
  fireChanged,
  fireKey,
  flush,
  foldTo,
  headOf,
  initSpans,
  listEvent,
  listNone,
  moreOf,
  put,
  Span,
  Spans,
  setHead,
  spanBytes,
} from '../keyed/span';

@unmanaged
class Filled extends Spans {
  /** How many events fill a window; Infinity for punctuated windows. */
  size: f64;
  /** The column that is not 0 for an event that fills its window; 0 if the size alone decides. */
  ends: usize;
}

export function create(stream: Stream, w: i32, _count: i32): usize {
  const filled = changetype<Filled>(allocate(stream, offsetof<Filled>()));
  memory.fill(changetype<usize>(filled), 0, offsetof<Filled>());
  const window = windowAt(stream, w);
  const column = window.column;
  initSpans(stream, filled, w, true);
  filled.size = column ? Infinity : window.size;
  filled.ends = windowColumn(stream, w);
  return changetype<usize>(filled);
}

export function destroy(stream: Stream, filled: Filled): void {
  endSpans(stream, filled);
}

export function take(stream: Stream, filled: Filled, at: i32, n: i32): void {
  const ring = changetype<Ring>(stream.ring);
  const offset = (<usize>at) << 3;
  const times = ring.times + offset;
  const ids = ring.ids + ((<usize>at) << 2);
  if (filled.ends) filled.ends = windowColumn(stream, filled.w);
  begin(stream, filled, at);
  for (let i = 0; i < n; i++) {
    const t = load<f64>(times + ((<usize>i) << 3));
    if (!moveClock(stream, t, i)) {
      listNone(stream, i);
      continue;
    }
    if (stream.watermark >= filled.markAt) fireChanged(stream, filled, i);
    const id = load<u32>(ids + ((<usize>i) << 2));
    let span = headOf(filled, id);
    if (!span) {
      span = createSpan(stream, filled, id);
      setHead(filled, id, span);
    }
    listEvent(stream, filled, span, i, t);
    span.end = max(span.end, t);
    const ended = filled.ends && load<f64>(filled.ends + offset + ((<usize>i) << 3)) != 0;
    if (ended || moreOf(filled, span).count >= filled.size) {
      put(stream, filled, span, Firing.onTime | Firing.final, byEvent(i), i);
      setHead(filled, id, changetype<Span>(0));
      dropSpan(stream, filled, span);
    } else if (stream.when && load<f64>(stream.when + offset + ((<usize>i) << 3)) != 0) {
      fireKey(stream, filled, id, i);
    }
  }
  flush(stream, filled, n);
  foldTo(stream, filled, n);
}

export function advance(stream: Stream, filled: Filled, watermark: f64): void {
  begin(stream, filled, 0);
  if (watermark > stream.watermark) stream.watermark = watermark;
  if (watermark == Infinity) fireAll(stream, filled);
  else if (stream.watermark >= filled.markAt) fireChanged(stream, filled, 0);
}

export function demand(
  stream: Stream,
  filled: Filled,
  n: f64,
  _first: f64,
  _last: f64,
  moveTo: f64,
  bound: Bound,
): void {
  bound.bytes += spanBytes(stream, filled, n, bound.ids, true) + demandOfRows(stream, n);
  // Early firings and the end of the stream can fire every open window.
  const open = moveTo == Infinity || stream.early != Infinity || stream.when ? <f64>filled.live + n : 0;
  const results = n + 2 * open;
  bound.results += results;
  bound.firings += firesAgain(stream) ? results : min(results, 1);
}

export function live(_stream: Stream, filled: Filled): f64 {
  return filled.live;
}

export function query(stream: Stream, filled: Filled, _w: i32, id: u32, _t: f64, bounds: Bounds): usize {
  return answer(stream, id < filled.headCount ? headOf(filled, id) : null, bounds);
}

/** The first law that the store breaks, Law.none if it breaks none. Counts what it holds of each id. */
export function verify(_stream: Stream, filled: Filled, census: Census): Law {
  return areChainsWhole(filled, census) ? Law.none : Law.chains;
}
