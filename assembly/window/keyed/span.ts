/**
 * Spans: windows of one key whose bounds depend on its events, each with a row of its own. This file is what sessions,
 * windows of n events and punctuated windows share.
 *
 *     heads     table by id, u32: the span of the id that begins last, 0 if none; `older` leads to the others, which
 *               only sessions have (chain.ts)
 *     changed   where windows fire early at marks of the watermark: spans with events that were not emitted yet
 *
 * Folding is deferred, so that many events are folded in one go: `listEvent` notes the row of each event, `foldTo`
 * folds them. A span that fires (`put`) waits with others until `flush` folds and lowers them together.
 *
 * Law: whoever reads the states of a row, or combines them, folds first; the count of events in its head is always
 * current.
 */

import { release } from '../../base/allocator';
import { lengthFor, resizeTable, tableBytes } from '../../base/id-table';
import {
  createList,
  destroyList,
  listBytes,
  PointerList,
  pointerAt,
  pushPointer,
  swapRemove,
} from '../../base/pointer-list';
import { destroyTree, PointerTree } from '../../base/pointer-tree';
import { createHeap, destroyHeap, Heap, popItem, pushItem, topItem } from '../../base/priority-queue';
import { createSlab, destroySlab, freeSlot, Slab, slabBytes, takeSlot } from '../../base/slab';
import { byClock, byFlag, byMark } from '../../cause';
import { Dictionary, pin, unpin, usePins } from '../../ingest/dictionary';
import { Firing } from '../../plan';
import { putOutputs } from '../../result/lower';
import { Outbox, openResults, putHead } from '../../result/outbox';
import { CHUNK_ROWS } from '../../scratch';
import { dropRow, foldListed, resetRow } from '../../state/rows';
import { Bounds } from '../../store';
import { copyRow, EMITTED, FIRINGS, firesAgain, Stream } from '../../stream';

export enum SpanState {
  /** Takes events. */
  open,
  /** Has fired, and still takes late events. */
  retained,
  /** Is due and will fire, but has already left the chain of its key. */
  superseded,
  /** Has fired for the last time, or was merged into another span. Its slot is freed once nothing points to it. */
  dropped,
}

/**
 * The part of a span that every event touches. Its row follows, then `SpanMore` if the store has it. With a row of 32
 * bytes, as one count and one sum take, a span without `SpanMore` is one cache line.
 */
@unmanaged
export class Span {
  /** Belongs to the slab. */
  place: u8;
  /** See SpanState. */
  state: u8;
  /** How many entries of the heap and the timing wheel, and results not yet flushed, point to this span. */
  pointers: u16;
  id: u32;
  /** Order of creation. */
  serial: u32;
  /** The next older span of its key. */
  older: u32;
  start: f64;
  end: f64;
}

/** Follows the row in stores whose spans can fire more than once, or are bounded in events or length. */
@unmanaged
export class SpanMore {
  /** All its events; the row may count only those not emitted yet. */
  count: f64;
  /** Greatest event time. In session/capped.ts: the end that the session would have without a maximum length. */
  last: f64;
  /** Key of its valid entry in the heap or among the ready; entries with another key are stale. */
  due: f64;
  /** 1 + its index in `changed`, 0 if it is not there. */
  changedAt: u32;
  /** Whether it is in the timing wheel. */
  wheeled: bool;
}

@unmanaged
export class Spans {
  w: i32;
  slab: Slab;
  /** Offset of `SpanMore` in a span, 0 if spans have none. */
  moreAt: usize;
  heads: usize;
  headCount: u32;
  /** Indexes of long chains, and the length of their table: see chain.ts. */
  indexes: usize;
  indexCount: u32;
  serial: u32;
  /** Spans that are not dropped. */
  live: u32;
  changed: PointerList;
  /** The watermark at which open spans next fire early; Infinity if they never do so at marks. */
  markAt: f64;
  /** Orders spans by (end, serial) while they fire; empty otherwise. */
  sorter: Heap;
  /** Place in the ring of the first event of the batch. */
  at: i32;
  /** How many events of the batch are folded. */
  folded: i32;
  /** How many spans were put and not yet flushed. */
  waiting: i32;
}

/** @param more whether spans have `SpanMore` */
export function initSpans(stream: Stream, spans: Spans, w: i32, more: bool): void {
  stream.isScheduled = false;
  usePins(stream, changetype<Dictionary>(stream.dictionary));
  spans.w = w;
  const bytes = offsetof<Span>() + stream.stride;
  spans.moreAt = more ? bytes : 0;
  spans.slab = createSlab(stream, bytes + (more ? offsetof<SpanMore>() : 0));
  spans.sorter = createHeap(stream);
  spans.changed = createList(stream);
  spans.markAt = stream.early == Infinity ? Infinity : -Infinity;
}

/** Frees all spans and the store itself. */
export function endSpans(stream: Stream, spans: Spans): void {
  for (let id: u32 = 0; id < spans.headCount; id++) {
    let span = headOf(spans, id);
    while (span) {
      const older = changetype<Span>(<usize>span.older);
      free(stream, spans, span);
      span = older;
    }
  }
  for (let id: u32 = 0; id < spans.indexCount; id++) {
    const index = load<u32>(spans.indexes + ((<usize>id) << 2));
    if (index) destroyTree(stream, changetype<PointerTree>(<usize>index));
  }
  if (spans.indexes) release(stream, spans.indexes);
  destroySlab(stream, spans.slab);
  destroyHeap(stream, spans.sorter);
  destroyList(stream, spans.changed);
  if (spans.heads) release(stream, spans.heads);
  release(stream, changetype<usize>(spans));
}

/**
 * Upper bound on the bytes that spans need for n more events, all ids then being below `ids`. `sorts`: whether the
 * store uses `fireAll`.
 */
export function spanBytes(stream: Stream, spans: Spans, n: f64, ids: f64, sorts: bool): f64 {
  let bytes = slabBytes(spans.slab, n) + tableBytes<u32>(spans.headCount, ids) + 2048;
  const live = <f64>spans.live + n;
  if (sorts || stream.early != Infinity) bytes += 48 * live + 512;
  if (stream.early != Infinity) bytes += listBytes(spans.changed, n);
  return bytes;
}

/** Prepares for a batch whose first event is at place `at` of the ring: makes room for every id. */
export function begin(stream: Stream, spans: Spans, at: i32): void {
  const length = lengthFor(spans.headCount, changetype<Dictionary>(stream.dictionary).limit);
  if (length > spans.headCount) {
    spans.heads = resizeTable<u32>(stream, spans.heads, spans.headCount, length, 0);
    spans.headCount = length;
  }
  spans.at = at;
  spans.folded = 0;
  spans.waiting = 0;
}

/** The span of an id that begins last, null if it has none. */
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

/** Creates an open span without events and pins its id. The caller links it into the chain of its key. */
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

/** The watermark at which a span fires, or, if it is retained, is dropped, unless another event joins it. */
export function dueOf(stream: Stream, span: Span): f64 {
  return span.end + (span.state == SpanState.open ? stream.delay : stream.allowedLateness);
}

/** Drops a span that is in no chain and unpins its id. Its slot is freed once nothing points to it. */
export function dropSpan(stream: Stream, spans: Spans, span: Span): void {
  unpin(changetype<Dictionary>(stream.dictionary), span.id);
  retire(stream, spans, span);
}

/** Drops a span that is in no chain but leaves its id pinned: the caller takes over that pin. */
export function retire(stream: Stream, spans: Spans, span: Span): void {
  spans.live--;
  if (spans.moreAt) unmarkChanged(spans, span);
  span.state = <u8>SpanState.dropped;
  if (!span.pointers) free(stream, spans, span);
}

/** Notes that one pointer to a span is gone; frees a dropped span at the last. */
export function dropPointer(stream: Stream, spans: Spans, span: Span): void {
  span.pointers--;
  if (span.state == SpanState.dropped && !span.pointers) free(stream, spans, span);
}

function free(stream: Stream, spans: Spans, span: Span): void {
  dropRow(stream, rowOf(span));
  freeSlot(stream, spans.slab, changetype<usize>(span));
}

/** Adds event i at time t to a span: counts it in the row and lists it to be folded. */
export function listEvent(stream: Stream, spans: Spans, span: Span, i: i32, t: f64): void {
  const row = rowOf(span);
  store<f64>(row, load<f64>(row) + 1);
  span.start = min(span.start, t);
  if (spans.moreAt) {
    const more = moreOf(spans, span);
    more.count += 1;
    more.last = max(more.last, t);
  }
  store<u32>(stream.scratch.rows + ((<usize>i) << 2), <u32>row);
  if (stream.early != Infinity) markChanged(stream, spans, span);
}

/** Lists event i for the trash row: no span takes it. */
export function listNone(stream: Stream, i: i32): void {
  store<u32>(stream.scratch.rows + ((<usize>i) << 2), <u32>stream.trash);
}

/** Adds a span to `changed`. */
export function markChanged(stream: Stream, spans: Spans, span: Span): void {
  const more = moreOf(spans, span);
  if (more.changedAt) return;
  pushPointer(stream, spans.changed, changetype<usize>(span));
  more.changedAt = spans.changed.length;
}

function unmarkChanged(spans: Spans, span: Span): void {
  const more = moreOf(spans, span);
  if (!more.changedAt) return;
  const moved = changetype<Span>(swapRemove(spans.changed, more.changedAt - 1));
  moreOf(spans, moved).changedAt = more.changedAt;
  more.changedAt = 0;
}

/** Folds the listed events of the batch before event i. */
export function foldTo(stream: Stream, spans: Spans, i: i32): void {
  foldListed(stream, spans.at, spans.folded, i);
  spans.folded = i;
}

/**
 * Fires a span: its result takes its place in the outbox now, its outputs follow at
 * the next `flush`. Where firings give only what is new, a span without new events is skipped. If too many spans wait,
 * this flushes: events before event i are listed, and may be folded.
 */
export function put(stream: Stream, spans: Spans, span: Span, firing: i32, cause: i32, i: i32): void {
  const row = rowOf(span);
  if (stream.discard && load<f64>(row) == 0) return;
  if (spans.waiting == CHUNK_ROWS) flush(stream, spans, i);
  putHead(stream, openResults(stream, 1), span.start, span.end, span.id, spans.w, firing, cause, row);
  store<u32>(stream.scratch.chunkRows + ((<usize>spans.waiting) << 2), <u32>row);
  spans.waiting++;
  span.pointers++;
  if ((firing & Firing.kind) == Firing.onTime) stream.fired += 1;
}

/** Folds the events before event i and writes the outputs of all results that were put and still lack them. */
export function flush(stream: Stream, spans: Spans, i: i32): void {
  const n = spans.waiting;
  if (!n) return;
  foldTo(stream, spans, i);
  putOutputs(stream, stream.scratch.chunkRows, changetype<Outbox>(stream.outbox).length - n, n);
  spans.waiting = 0;
  for (let j = 0; j < n; j++) {
    const span = spanOf(load<u32>(stream.scratch.chunkRows + ((<usize>j) << 2)));
    if (firesAgain(stream)) markEmitted(stream, spans, span);
    dropPointer(stream, spans, span);
  }
}

/** Notes that all events of a span have been emitted, and counts the firing. */
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

/** Fires the open spans of a key that have new events early, because event i, already listed, asks for it. */
export function fireKey(stream: Stream, spans: Spans, id: u32, i: i32): void {
  flush(stream, spans, i + 1);
  for (let span = headOf(spans, id); span; span = changetype<Span>(<usize>span.older)) {
    if (span.state == SpanState.open && hasNews(stream, span)) put(stream, spans, span, Firing.early, byFlag(i), i);
  }
  flush(stream, spans, i + 1);
}

/** Fires all open spans with new events early, because the watermark passed a mark at event i. */
export function fireChanged(stream: Stream, spans: Spans, i: i32): void {
  flush(stream, spans, i);
  foldTo(stream, spans, i);
  if (stream.watermark != Infinity) {
    for (let j = 0; j < spans.changed.length; j++) {
      const span = changetype<Span>(pointerAt(spans.changed, j));
      if (span.state == SpanState.open && hasNews(stream, span))
        pushItem(stream, spans.sorter, span.end, span.serial, changetype<usize>(span));
    }
    while (spans.sorter.length) put(stream, spans, popSorted(stream, spans), Firing.early, byMark(i), i);
    flush(stream, spans, i);
  }
  spans.markAt = (floor(stream.watermark / stream.early) + 1) * stream.early;
}

/** Takes the first span out of the sorter. */
function popSorted(stream: Stream, spans: Spans): Span {
  const span = changetype<Span>(topItem(spans.sorter));
  popItem(stream, spans.sorter);
  return span;
}

/** Fires and drops all spans at the end of the stream, for stores with one span a key. */
export function fireAll(stream: Stream, spans: Spans): void {
  for (let id: u32 = 0; id < spans.headCount; id++) {
    const span = headOf(spans, id);
    if (span) pushItem(stream, spans.sorter, span.end, span.serial, changetype<usize>(span));
  }
  while (spans.sorter.length) {
    const span = popSorted(stream, spans);
    put(stream, spans, span, Firing.onTime | Firing.final, byClock(0), 0);
    setHead(spans, span.id, changetype<Span>(0));
    dropSpan(stream, spans, span);
  }
  flush(stream, spans, 0);
}

/** Answers a query with a span: returns its row and sets the bounds. Without a span, the empty row and NaN. */
export function answer(stream: Stream, span: Span | null, bounds: Bounds): usize {
  bounds.start = span ? span.start : NaN;
  bounds.end = span ? span.end : NaN;
  return span ? rowOf(span) : stream.empty;
}

/** Whether spans know their places in `changed`. */
export function areChangedSound(spans: Spans): bool {
  for (let i = 0; spans.moreAt && i < spans.changed.length; i++) {
    if (moreOf(spans, changetype<Span>(pointerAt(spans.changed, i))).changedAt != <u32>(i + 1)) return false;
  }
  return true;
}
