/** What the suites of this folder call of the core, and the fields of its structs that they look at. AssemblyScript. */

import { allocate, initOwner, Owner, release } from '../../assembly/base/allocator';
import { lowerBound, upperBound } from '../../assembly/base/bisect';
import { resizeTable, tableBytes } from '../../assembly/base/id-table';
import { PointerList } from '../../assembly/base/pointer-list';
import { PointerTree } from '../../assembly/base/pointer-tree';
import { Heap } from '../../assembly/base/priority-queue';
import { RingQueue } from '../../assembly/base/ring-queue';
import { createSlab, Slab, takeSlot } from '../../assembly/base/slab';
import { Dictionary } from '../../assembly/ingest/dictionary';
import { Stream, seedTables } from '../../assembly/stream';
import { Span, SpanMore, SpanState, Spans } from '../../assembly/window/keyed/span';
import { Wheel } from '../../assembly/window/session/timing-wheel';

export {
  allocate,
  capacity,
  endOfRun,
  nextRun,
  reclaim,
  release,
  reserve,
  resize,
  start,
  withdraw,
} from '../../assembly/base/allocator';
export { lengthFor } from '../../assembly/base/id-table';
export {
  createList,
  destroyList,
  listBytes,
  pointerAt,
  pushPointer,
  swapRemove,
} from '../../assembly/base/pointer-list';
export {
  createTree,
  destroyTree,
  insertInTree,
  isTreeSound,
  lowerBoundOf,
  pointerIn,
  removeFromTree,
  treeBytes,
  upperBoundOf,
} from '../../assembly/base/pointer-tree';
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
  initOwner(owner, changetype<usize>(owner));
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
  seedTables(stream, 1);
  return stream;
}

export function usedOf(owner: Owner): f64 {
  return owner.used;
}

export function setUsed(owner: Owner, used: f64): void {
  owner.used = used;
}

export function setLimit(owner: Owner, limit: f64): void {
  owner.limit = limit;
}

/** A queue of entries of sixteen bytes if `wide`, else of four. Its first position is `first`. */
export function createQueue(owner: Owner, wide: bool, capacity: u32, first: u32): RingQueue<v128> {
  const queue = changetype<RingQueue<v128>>(allocate(owner, offsetof<RingQueue<v128>>()));
  if (wide) queue.initRing(owner, capacity);
  else narrow(queue).initRing(owner, capacity);
  queue.head = first;
  queue.tail = first;
  return queue;
}

function narrow(queue: RingQueue<v128>): RingQueue<u32> {
  return changetype<RingQueue<u32>>(queue);
}

export function destroyQueue(owner: Owner, queue: RingQueue<v128>): void {
  queue.releaseRing(owner);
  release(owner, changetype<usize>(queue));
}

export function queueBytes(queue: RingQueue<v128>, wide: bool, n: f64): f64 {
  return wide ? queue.ringBytes(n) : narrow(queue).ringBytes(n);
}

export function queueLength(queue: RingQueue<v128>): u32 {
  return queue.entryCount();
}

export function queueCapacity(queue: RingQueue<v128>): u32 {
  return queue.mask + 1;
}

export function queueEntry(queue: RingQueue<v128>, wide: bool, i: u32): usize {
  return wide ? queue.entryAt(i) : narrow(queue).entryAt(i);
}

export function pushToQueue(owner: Owner, queue: RingQueue<v128>, wide: bool): usize {
  return wide ? queue.pushEntry(owner) : narrow(queue).pushEntry(owner);
}

export function shiftQueue(owner: Owner, queue: RingQueue<v128>, wide: bool, kept: u32): void {
  if (wide) queue.shiftEntry(owner, kept);
  else narrow(queue).shiftEntry(owner, kept);
}

export function listLength(list: PointerList): i32 {
  return list.length;
}

/** A table of f64 if `wide`, else of u32; as an empty value it takes -1. */
export function resizeIdTable(owner: Owner, table: usize, wide: bool, from: u32, to: u32): usize {
  return wide ? resizeTable<f64>(owner, table, from, to, -1) : resizeTable<u32>(owner, table, from, to, -1);
}

export function idTableBytes(wide: bool, length: u32, ids: f64): f64 {
  return wide ? tableBytes<f64>(length, ids) : tableBytes<u32>(length, ids);
}

export function lowerBoundF64(column: usize, stride: usize, n: u32, x: f64): u32 {
  return lowerBound<f64>(column, stride, n, x);
}

export function upperBoundF64(column: usize, stride: usize, n: u32, x: f64): u32 {
  return upperBound<f64>(column, stride, n, x);
}

export function lowerBoundU32(column: usize, stride: usize, n: u32, x: u32): u32 {
  return lowerBound<u32>(column, stride, n, x);
}

export function treeHeight(tree: PointerTree): i32 {
  return tree.height;
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
