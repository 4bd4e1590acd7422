/**
 * Spans: windows that belong to one key and end where its events say, each with a row of its own. What is the same for sessions,
 * windows of so many events and punctuated ones:
 *
 *     heads     u32 for each id: its span that begins last, 0 if none; `older` leads to the others
 *     changed   open spans with events that were not given out yet, where windows fire early
 *
 * Events are listed and folded as late as can be, many at a time: a span that fires gets no more of them, and waits with others
 * until all are folded (`put`). Whoever looks into a row folds first.
 */

import { allocate, release, resize } from '../../base/allocator';
import { createHeap, destroyHeap, Heap, popItem, pushItem, topItem } from '../../base/priority-queue';
import { createSlab, destroySlab, freeSlot, Slab, slabBytes, takeSlot } from '../../base/slab';
import { Dictionary, pin, unpin } from '../../ingest/dictionary';
import { Firing } from '../../plan';
import { putOutputs } from '../../result/lower';
import { Outbox, openResults, putHead } from '../../result/outbox';
import { dropRow, foldRows, resetRow } from '../../state/rows';
import { byFlag, byMark, CHUNK_ROWS, copyRow, EMITTED, FIRINGS, firesAgain, Stream } from '../../stream';

export enum SpanState {
  /** Takes events. */
  open,
  /** Fired, and still takes late events. */
  held,
  /** Is due and will fire, but is in the chain of its key no more. */
  left,
  /** Fired for good: its slot is free as soon as nothing points to it. */
  gone,
}

/** What every event looks at; the row follows. A row of count and sum ends with the line of cache. */
@unmanaged
export class Span {
  /** The pool's. */
  place: u8;
  /** See State. */
  state: u8;
  /** Entries in wheels and heaps and places in lists that still point here. */
  pointers: u16;
  id: u32;
  /** Order of creation. */
  serial: u32;
  /** The next older span of its key. */
  older: u32;
  start: f64;
  end: f64;
}

/** After the row, in spans that fire more than once or are full at some time. */
@unmanaged
export class SpanMore {
  /** Its events, given out or not. */
  count: f64;
  /** Greatest event time. */
  last: f64;
  /** Key of its entry among those due soon, where it has one. */
  due: f64;
  /** 1 + its place among the changed, 0: not among them. */
  changedAt: u32;
  /** Whether it stands in a wheel. */
  wheeled: bool;
}

@unmanaged
export class Spans {
  window: usize;
  w: i32;
  slab: Slab;
  /** Where `More` lies in a span, 0 where they have none. */
  moreAt: usize;
  heads: usize;
  headCount: u32;
  serial: u32;
  /** Spans open or held. */
  live: u32;
  changed: usize;
  changedCount: u32;
  changedCapacity: u32;
  /** The next mark of the watermark at which open spans fire early. */
  markAt: f64;
  /** Spans in the order of (end, serial), while they are being put in order. */
  sorter: Heap;
  /** Of the batch: place of its first event in the ring, how many are folded, and how many spans wait in `put`. */
  at: i32;
  folded: i32;
  waiting: i32;
}

const INITIAL_SPANS: u32 = 16;

export function initSpans(stream: Stream, spans: Spans, window: usize, w: i32, more: bool): void {
  spans.window = window;
  spans.w = w;
  const bytes = offsetof<Span>() + stream.stride;
  spans.moreAt = more ? bytes : 0;
  spans.slab = createSlab(stream, bytes + (more ? offsetof<SpanMore>() : 0));
  spans.sorter = createHeap(stream);
  spans.changedCapacity = INITIAL_SPANS;
  spans.changed = allocate(stream, INITIAL_SPANS << 2);
  spans.markAt = stream.early == Infinity ? Infinity : -Infinity;
}

export function endSpans(stream: Stream, spans: Spans): void {
  for (let id: u32 = 0; id < spans.headCount; id++) {
    let span = headOf(spans, id);
    while (span) {
      const older = changetype<Span>(<usize>span.older);
      free(stream, spans, span);
      span = older;
    }
  }
  destroySlab(stream, spans.slab);
  destroyHeap(stream, spans.sorter);
  release(stream, spans.changed);
  if (spans.heads) release(stream, spans.heads);
  release(stream, changetype<usize>(spans));
}

/** Bytes that n events of up to so many ids can need. */
export function spanBytes(stream: Stream, spans: Spans, n: f64, sorts: bool): f64 {
  const ids = <f64>changetype<Dictionary>(stream.dictionary).limit + n;
  let bytes = slabBytes(spans.slab, n) + 2048;
  if (ids > <f64>spans.headCount) bytes += 8 * max(ids, 2 * <f64>spans.headCount);
  const most = <f64>spans.live + n;
  if (sorts || stream.early != Infinity) bytes += 48 * most + 512;
  if (most > <f64>spans.changedCapacity && stream.early != Infinity) bytes += 16 * most;
  return bytes;
}

/** Before a batch whose first event stands at place `at` of the ring. */
export function begin(stream: Stream, spans: Spans, at: i32): void {
  const ids = changetype<Dictionary>(stream.dictionary).limit;
  if (ids > spans.headCount) {
    const room = max(ids, spans.headCount * 2);
    spans.heads = resize(stream, spans.heads, (<usize>room) << 2);
    memory.fill(spans.heads + ((<usize>spans.headCount) << 2), 0, (<usize>(room - spans.headCount)) << 2);
    spans.headCount = room;
  }
  spans.at = at;
  spans.folded = 0;
  spans.waiting = 0;
}

export function headOf(spans: Spans, id: u32): Span {
  return changetype<Span>(<usize>load<u32>(spans.heads + ((<usize>id) << 2)));
}

export function setHead(spans: Spans, id: u32, span: Span): void {
  store<u32>(spans.heads + ((<usize>id) << 2), <u32>changetype<usize>(span));
}

export function rowOf(span: Span): usize {
  return changetype<usize>(span) + offsetof<Span>();
}

function spanOf(row: usize): Span {
  return changetype<Span>(row - offsetof<Span>());
}

export function moreOf(spans: Spans, span: Span): SpanMore {
  assert(spans.moreAt);
  return changetype<SpanMore>(changetype<usize>(span) + spans.moreAt);
}

/** A span with no events yet, not in the chain of its key. */
export function createSpan(stream: Stream, spans: Spans, id: u32): Span {
  const span = changetype<Span>(takeSlot(stream, spans.slab));
  span.id = id;
  span.start = Infinity;
  span.end = -Infinity;
  span.serial = spans.serial++;
  span.older = 0;
  span.state = <u8>SpanState.open;
  span.pointers = 0;
  if (spans.moreAt) {
    const more = moreOf(spans, span);
    memory.fill(changetype<usize>(more), 0, offsetof<SpanMore>());
    more.last = -Infinity;
  }
  copyRow(stream, rowOf(span), stream.empty);
  pin(changetype<Dictionary>(stream.dictionary), id);
  spans.live++;
  return span;
}

/** When something happens to a span if no event comes. */
export function dueOf(stream: Stream, span: Span): f64 {
  return span.end + (span.state == SpanState.open ? stream.delay : stream.allowedLateness);
}

/** Takes a span out of the chain of its key. */
export function unchain(spans: Spans, span: Span): void {
  let newer = headOf(spans, span.id);
  if (newer == span) {
    setHead(spans, span.id, changetype<Span>(<usize>span.older));
    return;
  }
  while (<usize>newer.older != changetype<usize>(span)) newer = changetype<Span>(<usize>newer.older);
  newer.older = span.older;
}

/** A span that no key has any more, nor holds its id; its slot is free once nothing points to it. */
export function dropSpan(stream: Stream, spans: Spans, span: Span): void {
  unpin(changetype<Dictionary>(stream.dictionary), span.id);
  retire(stream, spans, span);
}

/** The same, with the hold on its id left to the caller. */
export function retire(stream: Stream, spans: Spans, span: Span): void {
  spans.live--;
  if (spans.moreAt) unmarkChanged(spans, span);
  span.state = <u8>SpanState.gone;
  if (!span.pointers) free(stream, spans, span);
}

/** One pointer less. */
export function dropPointer(stream: Stream, spans: Spans, span: Span): void {
  span.pointers--;
  if (span.state == SpanState.gone && !span.pointers) free(stream, spans, span);
}

function free(stream: Stream, spans: Spans, span: Span): void {
  dropRow(stream, rowOf(span));
  freeSlot(stream, spans.slab, changetype<usize>(span));
}

/** Lists event i for a span. */
export function listEvent(stream: Stream, spans: Spans, span: Span, i: i32, t: f64): void {
  const row = rowOf(span);
  store<f64>(row, load<f64>(row) + 1);
  span.start = min(span.start, t);
  if (spans.moreAt) {
    const more = moreOf(spans, span);
    more.count += 1;
    more.last = max(more.last, t);
  }
  store<u32>(stream.rows + ((<usize>i) << 2), <u32>row);
  if (stream.early != Infinity) markChanged(stream, spans, span);
}

/** No span takes event i. */
export function listNone(stream: Stream, i: i32): void {
  store<u32>(stream.rows + ((<usize>i) << 2), <u32>stream.trash);
}

export function markChanged(stream: Stream, spans: Spans, span: Span): void {
  const more = moreOf(spans, span);
  if (more.changedAt) return;
  if (spans.changedCount == spans.changedCapacity) {
    spans.changedCapacity *= 2;
    spans.changed = resize(stream, spans.changed, (<usize>spans.changedCapacity) << 2);
  }
  store<u32>(spans.changed + ((<usize>spans.changedCount) << 2), <u32>changetype<usize>(span));
  more.changedAt = ++spans.changedCount;
}

function unmarkChanged(spans: Spans, span: Span): void {
  const more = moreOf(spans, span);
  if (!more.changedAt) return;
  const last = load<u32>(spans.changed + ((<usize>--spans.changedCount) << 2));
  store<u32>(spans.changed + ((<usize>(more.changedAt - 1)) << 2), last);
  moreOf(spans, changetype<Span>(<usize>last)).changedAt = more.changedAt;
  more.changedAt = 0;
}

/** Folds the events listed before number i. */
export function foldTo(stream: Stream, spans: Spans, i: i32): void {
  const n = i - spans.folded;
  if (n > 0) foldRows(stream, stream.rows + ((<usize>spans.folded) << 2), spans.at + spans.folded, n);
  spans.folded = i;
}

/** A span fires, for the stream's present reason; its outputs, of what is listed before event i, follow with the next others. */
export function put(stream: Stream, spans: Spans, span: Span, pane: i32, i: i32): void {
  const row = rowOf(span);
  if (stream.discard && load<f64>(row) == 0) return;
  if (spans.waiting == CHUNK_ROWS) flush(stream, spans, i);
  putHead(stream, openResults(stream, 1), span.start, span.end, span.id, spans.w, pane, row);
  store<u32>(stream.chunkRows + ((<usize>spans.waiting) << 2), <u32>row);
  spans.waiting++;
  span.pointers++;
  if ((pane & Firing.kind) == Firing.onTime) stream.fired += 1;
}

/** The outputs of all that waits; what was listed before event i belongs to them. */
export function flush(stream: Stream, spans: Spans, i: i32): void {
  const n = spans.waiting;
  if (!n) return;
  foldTo(stream, spans, i);
  putOutputs(stream, stream.chunkRows, changetype<Outbox>(stream.outbox).length - n, n);
  spans.waiting = 0;
  for (let j = 0; j < n; j++) {
    const span = spanOf(load<u32>(stream.chunkRows + ((<usize>j) << 2)));
    if (firesAgain(stream)) markEmitted(stream, spans, span);
    dropPointer(stream, spans, span);
  }
}

/** What was new of a span has been given out. */
function markEmitted(stream: Stream, spans: Spans, span: Span): void {
  const row = rowOf(span);
  const firings = load<f64>(row, FIRINGS) + 1;
  if (stream.discard) resetRow(stream, row);
  else store<f64>(row, load<f64>(row), EMITTED);
  store<f64>(row, firings, FIRINGS);
  unmarkChanged(spans, span);
}

function hasNews(stream: Stream, span: Span): bool {
  const row = rowOf(span);
  return load<f64>(row) != (stream.discard ? 0 : load<f64>(row, EMITTED));
}

/** Fires early what open spans of a key have that is new, because of event i, which is listed. */
export function fireKey(stream: Stream, spans: Spans, id: u32, i: i32): void {
  flush(stream, spans, i + 1);
  stream.cause = byFlag(i);
  for (let span = headOf(spans, id); span; span = changetype<Span>(<usize>span.older)) {
    if (span.state == SpanState.open && hasNews(stream, span)) put(stream, spans, span, Firing.early, i);
  }
  flush(stream, spans, i + 1);
}

/** The watermark passed a mark: all open spans with something new fire early. */
export function fireChanged(stream: Stream, spans: Spans, i: i32): void {
  flush(stream, spans, i);
  foldTo(stream, spans, i);
  stream.cause = byMark(i);
  if (stream.watermark != Infinity) {
    for (let j: usize = 0; j < <usize>spans.changedCount; j++) {
      const span = changetype<Span>(<usize>load<u32>(spans.changed + (j << 2)));
      if (span.state == SpanState.open && hasNews(stream, span))
        pushItem(stream, spans.sorter, span.end, span.serial, changetype<usize>(span));
    }
    putSorted(stream, spans, Firing.early, i);
  }
  spans.markAt = (floor(stream.watermark / stream.early) + 1) * stream.early;
}

/** Puts what stands in the sorter, in order. */
function putSorted(stream: Stream, spans: Spans, pane: i32, i: i32): void {
  while (spans.sorter.length) {
    const span = changetype<Span>(topItem(spans.sorter));
    popItem(stream, spans.sorter);
    put(stream, spans, span, pane, i);
  }
  flush(stream, spans, i);
}

/** End of the stream: every span still open fires, and goes. */
export function fireAll(stream: Stream, spans: Spans): void {
  for (let id: u32 = 0; id < spans.headCount; id++) {
    const span = headOf(spans, id);
    if (span) pushItem(stream, spans.sorter, span.end, span.serial, changetype<usize>(span));
  }
  while (spans.sorter.length) {
    const span = changetype<Span>(topItem(spans.sorter));
    popItem(stream, spans.sorter);
    put(stream, spans, span, Firing.onTime | Firing.final, 0);
    unchain(spans, span);
    dropSpan(stream, spans, span);
  }
  flush(stream, spans, 0);
}

/** The open span of a key, as an answer: its row, and its bounds; the empty row where there is none. */
export function answer(stream: Stream, span: Span | null): usize {
  stream.askedStart = span ? span.start : NaN;
  stream.askedEnd = span ? span.end : NaN;
  return span ? rowOf(span) : stream.empty;
}

/** The earliest time at which one begins, Infinity where there is none. */
export function earliestStart(spans: Spans): f64 {
  let first = Infinity;
  for (let id: u32 = 0; id < spans.headCount; id++) {
    for (let span = headOf(spans, id); span; span = changetype<Span>(<usize>span.older)) first = min(first, span.start);
  }
  return first;
}
