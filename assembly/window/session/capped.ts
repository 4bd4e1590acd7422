/**
 * Sessions with a maximum length: a session closes when it reaches that length, and the next event of its key begins
 * another.
 *
 * Where sessions are cut depends on the order of their events. So events wait (keyed/reorder.ts) until no earlier one
 * can arrive, that is until `t + allowedLateness` is behind the watermark, and then join their sessions in order of
 * time. A session fires once, when the watermark has passed its end by the allowed lateness.
 *
 * A late event: one whose `t + allowedLateness` is behind the watermark when it arrives is dropped and counted as late.
 * Any other counts as if it had come in order.
 *
 * `SpanMore.last` is the end that a session would have without a maximum length: whether an event joins is decided by
 * it.
 */

import { allocate } from '../../base/allocator';
import {
  createHeap,
  destroyHeap,
  Heap,
  heapBytes,
  isHeapSound,
  moveTop,
  popItem,
  pushItem,
  topItem,
  topKey,
} from '../../base/priority-queue';
import { byClock } from '../../cause';
import { Census } from '../../census';
import { noteMiss } from '../../ingest/admission';
import { moveClock } from '../../ingest/clock';
import { Dictionary, pin, unpin } from '../../ingest/dictionary';
import { Ring, windowColumn } from '../../ingest/ring';
import { Law } from '../../law';
import { Closed, Firing } from '../../plan';
import { demandOfRows, demandOfStates } from '../../state/bounds';
import { combineRows, listRow } from '../../state/rows';
import { Bound, Bounds } from '../../store';
import { firesAgain, Stream, windowAt } from '../../stream';
import { areChainsWhole, chain, indexBytes, unchain } from '../keyed/chain';
import {
  countWaiting,
  createEvent,
  createReorder,
  destroyReorder,
  Event,
  enqueue,
  freeEvent,
  isInOrder,
  nextTime,
  Reorder,
  reorderBytes,
  rowOf as rowOfEvent,
  takeNext,
  waitingCount,
} from '../keyed/reorder';
import {
  answer,
  begin,
  createSpan,
  dropSpan,
  endSpans,
  flush,
  foldTo,
  headOf,
  initSpans,
  listNone,
  moreOf,
  put,
  rowOf,
  Span,
  Spans,
  spanBytes,
} from '../keyed/span';

@unmanaged
class Capped extends Spans {
  gap: f64;
  /** The column of each event's own gap, 0 if the gap is fixed. */
  gaps: usize;
  /** Whether events exactly a gap apart are one session. */
  touching: bool;
  /** In units of time. */
  maxLength: f64;
  /** Waiting events, each lifted into its row. */
  reorder: Reorder;
  /** Sessions by the time at which they fire, or an earlier one. */
  heap: Heap;
}

export function create(stream: Stream, w: i32, _count: i32): usize {
  const capped = changetype<Capped>(allocate(stream, offsetof<Capped>()));
  memory.fill(changetype<usize>(capped), 0, offsetof<Capped>());
  const window = windowAt(stream, w);
  initSpans(stream, capped, w, true);
  capped.markAt = Infinity;
  capped.gap = window.size;
  capped.gaps = windowColumn(stream, w);
  capped.touching = window.closed == Closed.both;
  capped.maxLength = window.maxLength;
  capped.reorder = createReorder(stream);
  capped.heap = createHeap(stream);
  return changetype<usize>(capped);
}

export function destroy(stream: Stream, capped: Capped): void {
  destroyReorder(stream, capped.reorder);
  destroyHeap(stream, capped.heap);
  endSpans(stream, capped);
}

export function take(stream: Stream, capped: Capped, at: i32, n: i32): void {
  const ring = changetype<Ring>(stream.ring);
  const keys = changetype<Dictionary>(stream.dictionary);
  const times = ring.times + ((<usize>at) << 3);
  const ids = ring.ids + ((<usize>at) << 2);
  if (capped.gaps) capped.gaps = windowColumn(stream, capped.w);
  begin(stream, capped, at);
  for (let i = 0; i < n; i++) {
    const t = load<f64>(times + ((<usize>i) << 3));
    const before = stream.watermark;
    if (!moveClock(stream, t, i)) {
      listNone(stream, i);
      continue;
    }
    if (stream.watermark > before) drain(stream, capped, i);
    if (t + stream.allowedLateness < stream.watermark) {
      listNone(stream, i);
      noteMiss(stream, i, true);
      continue;
    }
    const event = createEvent(stream, capped.reorder, load<u32>(ids + ((<usize>i) << 2)), t);
    event.note = capped.gaps ? load<f64>(capped.gaps + ((<usize>(at + i)) << 3)) : capped.gap;
    pin(keys, event.id);
    enqueue(stream, capped.reorder, event);
    store<u32>(stream.scratch.rows + ((<usize>i) << 2), <u32>rowOfEvent(event));
  }
  flush(stream, capped, n);
  foldTo(stream, capped, n);
}

/**
 * Handles a move of the watermark at event i: waiting events that it has passed join sessions, and due sessions fire.
 */
function drain(stream: Stream, capped: Capped, i: i32): void {
  const reorder = capped.reorder;
  const watermark = stream.watermark;
  if (waitingCount(reorder) && nextTime(reorder) + stream.allowedLateness < watermark) {
    foldTo(stream, capped, i);
    do {
      const event = takeNext(stream, reorder);
      joinSession(stream, capped, event);
      unpin(changetype<Dictionary>(stream.dictionary), event.id);
      freeEvent(stream, reorder, event);
    } while (waitingCount(reorder) && nextTime(reorder) + stream.allowedLateness < watermark);
  }
  const heap = capped.heap;
  while (heap.length && isPast(capped, topKey(heap), watermark)) {
    const span = changetype<Span>(topItem(heap));
    const due = span.end + stream.allowedLateness;
    if (due > topKey(heap)) {
      moveTop(heap, due);
      continue;
    }
    popItem(stream, heap);
    put(stream, capped, span, Firing.onTime | Firing.final, byClock(i), i);
    unchain(stream, capped, span);
    dropSpan(stream, capped, span);
  }
}

/** Whether the watermark has passed the end of a session so far that no event can extend it any more. */
function isPast(capped: Capped, t: f64, watermark: f64): bool {
  return capped.touching ? t < watermark : t <= watermark;
}

/** Adds the next event in order to the last session of its key, or begins a new one with it. */
function joinSession(stream: Stream, capped: Capped, event: Event): void {
  const t = event.time;
  let span = headOf(capped, event.id);
  let isNew = !span || t >= span.start + capped.maxLength;
  if (!isNew) {
    const last = moreOf(capped, span).last;
    isNew = !(t < last || (t == last && capped.touching));
  }
  if (isNew) {
    span = createSpan(stream, capped, event.id);
    span.start = t;
    chain(stream, capped, span, null);
  }
  const more = moreOf(capped, span);
  more.last = max(more.last, t + event.note);
  span.end = min(more.last, span.start + capped.maxLength);
  const row = rowOf(span);
  listRow(stream, 0, row, row, rowOfEvent(event));
  combineRows(stream, stream.parts, 1);
  if (isNew) pushItem(stream, capped.heap, span.end + stream.allowedLateness, span.serial, changetype<usize>(span));
}

export function advance(stream: Stream, capped: Capped, watermark: f64): void {
  begin(stream, capped, 0);
  if (watermark > stream.watermark) stream.watermark = watermark;
  drain(stream, capped, 0);
  flush(stream, capped, 0);
}

export function demand(
  stream: Stream,
  capped: Capped,
  n: f64,
  _first: f64,
  _last: f64,
  _moveTo: f64,
  bound: Bound,
): void {
  const all = n + waitingCount(capped.reorder);
  bound.bytes += spanBytes(stream, capped, all, bound.ids, false) + indexBytes(capped, all, bound.ids);
  bound.bytes += heapBytes(capped.heap, all) + reorderBytes(capped.reorder, n);
  bound.bytes += demandOfStates(stream, waitingCount(capped.reorder)) + demandOfRows(stream, n);
  const results = all + <f64>capped.live;
  bound.results += results;
  bound.firings += firesAgain(stream) ? results : min(results, 1);
}

export function live(_stream: Stream, capped: Capped): f64 {
  return capped.live;
}

/** The session of a key that has not ended at time t. Waiting events are not in it. */
export function query(stream: Stream, capped: Capped, _w: i32, id: u32, t: f64, bounds: Bounds): usize {
  const span = id < capped.headCount ? headOf(capped, id) : changetype<Span>(0);
  return answer(stream, span && span.end > t ? span : null, bounds);
}

/** The first law that the store breaks, Law.none if it breaks none. Counts what it holds of each id. */
export function verify(_stream: Stream, capped: Capped, census: Census): Law {
  if (!isInOrder(capped.reorder)) return Law.waiting;
  if (!isHeapSound(capped.heap)) return Law.heap;
  countWaiting(capped.reorder, census);
  return areChainsWhole(capped, census) ? Law.none : Law.chains;
}
