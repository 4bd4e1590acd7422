/**
 * Sessions that close when they reach a greatest length. Where one is cut depends on the order of its events, so that they wait until
 * none before them can come any more and are taken in order of time; a session is given out once, when its end has passed.
 */

import { allocate } from '../../base/allocator';
import {
  createHeap,
  destroyHeap,
  Heap,
  heapBytes,
  moveTop,
  popItem,
  pushItem,
  topItem,
  topKey,
} from '../../base/priority-queue';
import { miss } from '../../ingest/admission';
import { moveClock } from '../../ingest/clock';
import { Dictionary, pin, unpin } from '../../ingest/dictionary';
import { Ring, windowColumn } from '../../ingest/ring';
import { Closed, Firing, WindowPlan } from '../../plan';
import { demandOfStates } from '../../state/bounds';
import { combineRows, listRow } from '../../state/rows';
import { byClock, Stream, windowAt } from '../../stream';
import {
  createEvent,
  createReorder,
  destroyReorder,
  Event,
  enqueue,
  freeEvent,
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
  earliestStart,
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
  setHead,
  spanBytes,
  unchain,
} from '../keyed/span';

@unmanaged
class Capped extends Spans {
  gap: f64;
  gaps: usize;
  touching: bool;
  most: f64;
  reorder: Reorder;
  heap: Heap;
}

export function create(stream: Stream, w: i32): usize {
  const capped = changetype<Capped>(allocate(stream, offsetof<Capped>()));
  memory.fill(changetype<usize>(capped), 0, offsetof<Capped>());
  const window = windowAt(stream, w);
  initSpans(stream, capped, window, w, true);
  capped.markAt = Infinity;
  capped.gap = load<f64>(window, WindowPlan.size);
  capped.gaps = windowColumn(stream, w);
  capped.touching = load<u32>(window, WindowPlan.closed) == Closed.both;
  capped.most = load<f64>(window, WindowPlan.most);
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
      miss(stream, i, true);
      continue;
    }
    const event = createEvent(stream, capped.reorder, load<u32>(ids + ((<usize>i) << 2)), t);
    event.note = capped.gaps ? load<f64>(capped.gaps + ((<usize>(at + i)) << 3)) : capped.gap;
    pin(keys, event.id);
    enqueue(stream, capped.reorder, event);
    store<u32>(stream.rows + ((<usize>i) << 2), <u32>rowOfEvent(event));
  }
  flush(stream, capped, n);
  foldTo(stream, capped, n);
}

/** The watermark has moved, with event i: events are taken in order, and sessions fire whose end it has passed. */
function drain(stream: Stream, capped: Capped, i: i32): void {
  const reorder = capped.reorder;
  stream.cause = byClock(i);
  const passed = stream.watermark;
  if (waitingCount(reorder) && nextTime(reorder) + stream.allowedLateness < passed) {
    foldTo(stream, capped, i);
    do {
      const event = takeNext(stream, reorder);
      joinSession(stream, capped, event);
      unpin(changetype<Dictionary>(stream.dictionary), event.id);
      freeEvent(stream, reorder, event);
    } while (waitingCount(reorder) && nextTime(reorder) + stream.allowedLateness < passed);
  }
  const heap = capped.heap;
  while (heap.length && isPast(capped, topKey(heap), passed)) {
    const span = changetype<Span>(topItem(heap));
    const due = span.end + stream.allowedLateness;
    if (due > topKey(heap)) {
      moveTop(heap, due);
      continue;
    }
    popItem(stream, heap);
    put(stream, capped, span, Firing.onTime | Firing.final, i);
    unchain(capped, span);
    dropSpan(stream, capped, span);
  }
}

/** Whether a time has passed, at which a session would go on. */
function isPast(capped: Capped, t: f64, watermark: f64): bool {
  return capped.touching ? t < watermark : t <= watermark;
}

/** The next event in order goes into the session of its key, or begins one. */
function joinSession(stream: Stream, capped: Capped, event: Event): void {
  const t = event.time;
  let span = headOf(capped, event.id);
  let isNew = !span || t >= span.start + capped.most;
  if (!isNew) {
    const last = moreOf(capped, span).last;
    isNew = !(t < last || (t == last && capped.touching));
  }
  if (isNew) {
    const older = span;
    span = createSpan(stream, capped, event.id);
    span.older = <u32>changetype<usize>(older);
    span.start = t;
    setHead(capped, event.id, span);
  }
  // `last` is where the session would end if there were no greatest length.
  const more = moreOf(capped, span);
  more.last = max(more.last, t + event.note);
  span.end = min(more.last, span.start + capped.most);
  const row = rowOf(span);
  listRow(stream, 0, row, row, rowOfEvent(event));
  combineRows(stream, 1);
  if (isNew) pushItem(stream, capped.heap, span.end + stream.allowedLateness, span.serial, changetype<usize>(span));
}

export function advance(stream: Stream, capped: Capped, watermark: f64): void {
  begin(stream, capped, 0);
  if (watermark > stream.watermark) stream.watermark = watermark;
  drain(stream, capped, 0);
  flush(stream, capped, 0);
}

export function demand(stream: Stream, capped: Capped, n: f64): f64 {
  const all = n + waitingCount(capped.reorder);
  const entering = demandOfStates(stream, waitingCount(capped.reorder));
  return (
    entering + spanBytes(stream, capped, all, false) + heapBytes(capped.heap, all) + reorderBytes(capped.reorder, n)
  );
}

/** Results that n events can give. */
export function due(_stream: Stream, capped: Capped, n: f64, _watermark: f64): f64 {
  return n + waitingCount(capped.reorder) + <f64>capped.live;
}

export function earliest(_stream: Stream, capped: Capped): f64 {
  return min(earliestStart(capped), nextTime(capped.reorder));
}

export function live(_stream: Stream, capped: Capped): f64 {
  return capped.live;
}

/** The session of a key that goes on at time t, of the events that are in order. */
export function query(stream: Stream, capped: Capped, id: u32, t: f64): usize {
  const span = id < capped.headCount ? headOf(capped, id) : changetype<Span>(0);
  return answer(stream, span && span.end > t ? span : null);
}
