/** What the suites of this folder call of the core, and the fields of its structs that they look at. AssemblyScript. */

import { allocate, Owner } from '../../assembly/base/allocator';
import { Heap } from '../../assembly/base/priority-queue';
import { createSlab, Slab, takeSlot } from '../../assembly/base/slab';
import { Dictionary } from '../../assembly/ingest/dictionary';
import { Stream } from '../../assembly/stream';
import { Span, SpanMore, SpanState, Spans } from '../../assembly/window/keyed/span';
import { Wheel } from '../../assembly/window/session/timing-wheel';

export { allocate, capacity, release, reserve, resetEnd, resize, start, top } from '../../assembly/base/allocator';
export {
  countUpTo,
  createHeap,
  destroyHeap,
  heapBytes,
  moveTop,
  popItem,
  pushItem,
  topItem,
  topKey,
  topTie,
} from '../../assembly/base/priority-queue';
export { createSlab, destroySlab, freeSlot, slabBytes, takeSlot } from '../../assembly/base/slab';
export {
  countRow,
  createDictionary,
  destroyDictionary,
  idAt,
  mapKeys,
  pin,
  sweep,
  uncountRow,
  unpin,
  usePins,
  wordOf,
} from '../../assembly/ingest/dictionary';
export { dropPointer, dueOf } from '../../assembly/window/keyed/span';
export {
  countComing,
  covers,
  createWheel,
  destroyWheel,
  nextTurnTime,
  place,
  shiftReady,
  turnWheel,
  wheelBytes,
  widen,
} from '../../assembly/window/session/timing-wheel';

export function createOwner(limit: f64): Owner {
  const owner = changetype<Owner>(allocate(changetype<Owner>(0), offsetof<Owner>()));
  owner.used = 0;
  owner.limit = limit;
  return owner;
}

/** A stream without windows. */
export function createStream(limit: f64, keys: i32): Stream {
  const stream = changetype<Stream>(allocate(changetype<Owner>(0), offsetof<Stream>()));
  memory.fill(changetype<usize>(stream), 0, offsetof<Stream>());
  stream.limit = limit;
  stream.keys = keys;
  stream.watermark = -Infinity;
  return stream;
}

export function usedOf(owner: Owner): f64 {
  return owner.used;
}

export function setLimit(owner: Owner, limit: f64): void {
  owner.limit = limit;
}

export function heapLength(heap: Heap): i32 {
  return heap.length;
}

export function slotBytesOf(slab: Slab): usize {
  return slab.slotBytes;
}

export function slotsOf(slab: Slab): u32 {
  return slab.slotsPerChunk;
}

export function slotCount(slab: Slab): u32 {
  return slab.count;
}

export function dictionaryLimit(keys: Dictionary): u32 {
  return keys.limit;
}

export function freeIds(keys: Dictionary): u32 {
  return keys.freeCount;
}

export function aliveIds(keys: Dictionary): u32 {
  return keys.aliveCount;
}

export function liveIds(keys: Dictionary): u32 {
  return keys.liveCount;
}

export function orderOf(keys: Dictionary): usize {
  return keys.order;
}

export function orderLength(keys: Dictionary): u32 {
  return keys.orderLength;
}

/** A store of spans that have no rows; `more` as in spans that fire more than once. */
export function createSpans(stream: Stream, more: bool): Spans {
  const spans = changetype<Spans>(allocate(stream, offsetof<Spans>()));
  memory.fill(changetype<usize>(spans), 0, offsetof<Spans>());
  spans.moreAt = more ? offsetof<Span>() : 0;
  spans.slab = createSlab(stream, offsetof<Span>() + (more ? offsetof<SpanMore>() : 0));
  return spans;
}

export function slabOf(spans: Spans): Slab {
  return spans.slab;
}

export function newSpan(stream: Stream, spans: Spans, end: f64, serial: u32): Span {
  const span = changetype<Span>(takeSlot(stream, spans.slab));
  span.state = <u8>SpanState.open;
  span.pointers = 0;
  span.serial = serial;
  span.end = end;
  if (spans.moreAt) memory.fill(changetype<usize>(span) + spans.moreAt, 0, offsetof<SpanMore>());
  return span;
}

export function setEnd(span: Span, end: f64): void {
  span.end = end;
}

export function addPointer(span: Span): void {
  span.pointers++;
}

/** A span that is gone; at least one pointer still leads to it. */
export function loseSpan(span: Span): void {
  span.state = <u8>SpanState.dropped;
}

export function isGone(span: Span): bool {
  return span.state == SpanState.dropped;
}

export function setDelay(stream: Stream, delay: f64): void {
  stream.delay = delay;
}

export function setWatermark(stream: Stream, watermark: f64): void {
  stream.watermark = watermark;
}

export function readyEntry(wheel: Wheel): usize {
  return wheel.ready ? wheel.first : 0;
}

export function wheelCount(wheel: Wheel): u32 {
  return wheel.count;
}
