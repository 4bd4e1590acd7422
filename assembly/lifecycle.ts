/**
 * Lifecycle of a stream: reads the plan into the fields of the stream, builds its stores and scratch, and releases all
 * of it.
 */

import { adopt, allocate, initOwner, Owner, release, reserve } from './base/allocator';
import { createSamples, destroySamples } from './ingest/counter-steps';
import { createDictionary, Dictionary, destroyDictionary } from './ingest/dictionary';
import { linkProgram, REGISTER_BYTES, setRegisters } from './ingest/expression';
import { closeFilter, createFilter, destroyFilter, filterBytes, openFilter } from './ingest/filter';
import { createRing, measureColumn, NOWHERE, Ring, TimeRange } from './ingest/ring';
import { createOwnColumns, destroyOwnColumns, useOwnColumns } from './ingest/segments';
import { createParts, Part, pointParts } from './part';
import { Keys, NO_BOUND, PartPlan, Plan, WindowPlan } from './plan';
import { createAnswers } from './query';
import { closeOutbox, createOutbox, destroyOutbox, Outbox, openOutbox } from './result/outbox';
import { planPacked } from './result/pack';
import { CHUNK_ROWS, createScratch, destroyScratch } from './scratch';
import { Bound, Store, storeAt } from './store';
import { headroom, Stream, seedTables, usedBytes, windowAt } from './stream';
import { destroyList } from './window/grid/calendar-list';

/**
 * Creates a stream with room for a plan of `planBytes`, which the caller writes before `buildStream`; 0 if memory is
 * full.
 */
export function createStream(planBytes: usize): usize {
  if (!reserve(planBytes + offsetof<Stream>() + 512)) return 0;
  const nobody = changetype<Owner>(0);
  const stream = changetype<Stream>(allocate(nobody, offsetof<Stream>()));
  memory.fill(changetype<usize>(stream), 0, offsetof<Stream>());
  initOwner(stream, changetype<usize>(stream));
  adopt(stream, changetype<usize>(stream));
  stream.results = changetype<Owner>(allocate(stream, offsetof<Owner>()));
  initOwner(stream.results, stream.stream);
  stream.states = changetype<Owner>(allocate(stream, offsetof<Owner>()));
  initOwner(stream.states, stream.stream);
  stream.plan = allocate(stream, planBytes);
  return changetype<usize>(stream);
}

/** Upper bound on the bytes of a stream without events: columns, scratch, and a margin for its empty stores. */
function footprint(plan: usize): f64 {
  const capacity = <f64>load<u32>(plan, Plan.capacity);
  const columns = <f64>(2 + load<u32>(plan, Plan.keyWidth) + load<u32>(plan, Plan.measureCount));
  const stride = <f64>load<u32>(plan, Plan.stride);
  const store = <f64>(3 * (CHUNK_ROWS + 2)) * (stride + 8 * columns) + capacity * 12;
  const registers = <f64>load<u32>(plan, Plan.registers) * <f64>REGISTER_BYTES;
  const filter = load<u32>(plan, Plan.filter) ? filterBytes(capacity, columns) : 0;
  const windows = load<u32>(plan, Plan.windowCount);
  const stores = store * <f64>(1 + load<u32>(plan, Plan.storeCount)) + <f64>(windows << 10);
  return capacity * 8 * (columns + 1) + registers + filter + stores + 65536;
}

/**
 * Builds the stream that its plan describes. Returns false if memory or `memoryLimit` has no room; the stream is then
 * only good to be destroyed.
 */
export function buildStream(stream: Stream): bool {
  if (!reserve(<usize>footprint(stream.plan))) return false;
  readPlan(stream, stream.plan);
  findParts(stream);
  makeColumns(stream, stream.plan);
  linkParts(stream);
  makeSmall(stream);
  makeKeys(stream);
  stream.outbox = changetype<usize>(createOutbox(stream));
  stream.openBytes = bytesToOpen(stream);
  stream.emptyBytes = stream.used;
  stream.limit = load<f64>(stream.plan, Plan.memoryLimit) - stream.openBytes;
  return headroom(stream) >= 0;
}

/** The bytes that opening takes. Makes all of it, and releases it, so that no formula has to know what stores need. */
function bytesToOpen(stream: Stream): f64 {
  const before = usedBytes(stream);
  makeWorkingMemory(stream);
  const bytes = usedBytes(stream) - before;
  releaseWorkingMemory(stream);
  return bytes;
}

/** Makes what a stream needs for events and queries. Does nothing if it has that; false if memory is full. */
export function openStream(stream: Stream): bool {
  if (stream.isOpen) return true;
  if (headroom(stream) < 0 || !reserve(<usize>stream.openBytes)) return false;
  const before = stream.used;
  stream.limit += stream.openBytes;
  makeWorkingMemory(stream);
  stream.emptyBytes += stream.used - before;
  assert(stream.used - before <= stream.openBytes);
  return true;
}

/** Makes columns, scratch and stores. */
function makeWorkingMemory(stream: Stream): void {
  stream.isOpen = true;
  const ring = changetype<Ring>(stream.ring);
  const capacity = ring.mask + 1;
  createOwnColumns(stream);
  if (ring.times == NOWHERE) useOwnColumns(stream);
  setRegisters(stream, allocate(stream, <usize>load<u32>(stream.plan, Plan.registers) * REGISTER_BYTES));
  stream.lateEvents = allocate(stream, (<usize>capacity) << 2);
  stream.misses = allocate(stream, (<usize>capacity) << 1);
  memory.fill(stream.misses, 0, (<usize>capacity) << 1);
  stream.scratch = createScratch(stream, capacity, stream.stride, stream.empty);
  if (stream.filter) openFilter(stream, capacity);
  openOutbox(stream, changetype<Outbox>(stream.outbox));
  stream.answers = createAnswers(stream);
  const parts = stream.parts;
  for (let part = parts.first; part != parts.end; part = part.next) {
    if (part.prepare) createSamples(stream, part);
  }
  makeStores(stream);
}

/** Releases what `makeWorkingMemory` made, with all events and results. */
function releaseWorkingMemory(stream: Stream): void {
  for (let s = 0; s < stream.storeCount; s++) storeAt(stream, s).destroy(stream);
  release(stream, stream.stores);
  const parts = stream.parts;
  for (let part = parts.first; part != parts.end; part = part.next) {
    if (part.prepare) destroySamples(stream, part);
  }
  release(stream, stream.answers);
  closeOutbox(stream, changetype<Outbox>(stream.outbox));
  if (stream.filter) closeFilter(stream);
  destroyScratch(stream, stream.scratch);
  release(stream, stream.misses);
  release(stream, stream.lateEvents);
  release(stream, stream.registers);
  setRegisters(stream, NOWHERE);
  destroyOwnColumns(stream);
  stream.isOpen = false;
}

/** Copies the numbers of the plan into the fields of the stream, and sets the clock. */
function readPlan(stream: Stream, plan: usize): void {
  stream.outOfOrder = load<f64>(plan, Plan.outOfOrder);
  stream.delay = load<f64>(plan, Plan.delay);
  stream.allowedLateness = load<f64>(plan, Plan.allowedLateness);
  stream.maxFutureSkew = load<f64>(plan, Plan.maxFutureSkew);
  stream.keys = load<i32>(plan, Plan.keys);
  stream.stride = load<u32>(plan, Plan.stride);
  stream.head = load<u32>(plan, Plan.head);
  stream.discard = load<u32>(plan, Plan.discard) != 0;
  stream.ordered = load<u32>(plan, Plan.ordered) != 0;
  stream.partial = load<u32>(plan, Plan.partial) != 0;
  stream.early = load<f64>(plan, Plan.early);
  seedTables(stream, load<f64>(plan, Plan.seed));
  stream.windows = plan + Plan.windows;
  stream.windowCount = load<i32>(plan, Plan.windowCount);
  stream.storeCount = load<i32>(plan, Plan.storeCount);
  stream.newest = -Infinity;
  stream.advancedTo = -Infinity;
  stream.watermark = -Infinity;
  stream.fireAt = Infinity;
  stream.isScheduled = true;
}

/** Finds the parts in the plan, behind the windows, and the ranges of those without and with heap states. */
function findParts(stream: Stream): void {
  const table = stream.windows + <usize>stream.windowCount * WindowPlan.bytes;
  const first = changetype<Part>(table);
  const end = changetype<Part>(table + <usize>load<u32>(stream.plan, Plan.partCount) * PartPlan.bytes);
  let heap = first;
  while (heap != end && !heap.drop) heap = heap.next;
  for (let part = heap; part != end; part = part.next) assert(part.drop);
  stream.parts = createParts(stream, first, end);
  stream.inlineParts = createParts(stream, first, heap);
  stream.heapParts = createParts(stream, heap, end);
  stream.hasHeapStates = heap != end;
}

/** Makes the ring and what reads its columns: the program, the filter, the flags of early firing. */
function makeColumns(stream: Stream, plan: usize): void {
  const capacity = load<u32>(plan, Plan.capacity);
  const ring = createRing(stream, capacity, load<i32>(plan, Plan.keyWidth), load<i32>(plan, Plan.measureCount));
  stream.ring = changetype<usize>(ring);
  stream.program = plan + <usize>load<u32>(plan, Plan.program);
  stream.programLength = load<i32>(plan, Plan.programLength);
  stream.registers = NOWHERE;
  linkProgram(stream, ring);
  const filter = load<u32>(plan, Plan.filter);
  if (filter) stream.filter = createFilter(stream, ring, filter - 1);
  const when = load<u32>(plan, Plan.when);
  stream.when = when ? measureColumn(ring, when - 1) : 0;
}

/** Points the parts at their columns, builds the empty row, and adds up what the results can contain. */
function linkParts(stream: Stream): void {
  const ring = changetype<Ring>(stream.ring);
  stream.empty = allocate(stream, stream.stride);
  memory.fill(stream.empty, 0, stream.stride);
  const parts = stream.parts;
  pointParts(parts, ring.times, ring.measures, (<usize>(ring.mask + 1)) << 3);
  for (let part = parts.first; part != parts.end; part = part.next) {
    part.stream = changetype<usize>(stream);
    part.setIdentity(stream.empty);
    if (part.prepare) stream.hasSamples = true;
    if (!stream.partial) countOutput(stream, part);
  }
  if (stream.partial) planPacked(stream);
}

/** Adds the output of a part, if it has one, to the stream's count of outputs and bounds on lists. */
function countOutput(stream: Stream, part: Part): void {
  stream.outputCount += part.output;
  const maxNumbers = part.listLimit;
  if (maxNumbers && part.fold && !part.drop) {
    stream.listLimit += <f64>maxNumbers;
  } else if (maxNumbers) {
    stream.heapListLimit += maxNumbers == NO_BOUND ? Infinity : <f64>maxNumbers;
    stream.heapLists++;
  }
}

function makeSmall(stream: Stream): void {
  stream.trash = allocate(stream, stream.stride);
  memory.copy(stream.trash, stream.empty, stream.stride);
  stream.scanned = allocate(stream, offsetof<TimeRange>());
  stream.bound = allocate(stream, offsetof<Bound>());
}

function makeKeys(stream: Stream): void {
  const width = stream.keys == Keys.words ? load<i32>(stream.plan, Plan.keyWidth) : 0;
  const keys = createDictionary(stream, width);
  keys.limit = stream.keys == Keys.none ? 1 : 0;
  stream.dictionary = changetype<usize>(keys);
}

/**
 * Makes the stores, each for as many neighbouring windows as name it. If time has been moved before, they hear of it
 * now.
 */
function makeStores(stream: Stream): void {
  stream.stores = allocate(stream, <usize>stream.storeCount * offsetof<Store>());
  const watermark = stream.watermark;
  let w = 0;
  for (let s = 0; s < stream.storeCount; s++) {
    const first = w;
    while (w < stream.windowCount && windowAt(stream, w).store == s) w++;
    assert(w > first);
    const made = storeAt(stream, s);
    made.window = windowAt(stream, first);
    stream.watermark = -Infinity;
    made.create(stream, first, w - first);
    if (watermark != -Infinity) made.advance(stream, watermark);
  }
  assert(w == stream.windowCount);
}

/** Releases the stream and all memory it uses, built or not. */
export function destroyStream(stream: Stream): void {
  if (stream.ring) {
    if (stream.isOpen) releaseWorkingMemory(stream);
    for (let w = 0; w < stream.windowCount; w++) destroyList(stream, windowAt(stream, w));
    destroyOutbox(stream, changetype<Outbox>(stream.outbox));
    destroyDictionary(stream, changetype<Dictionary>(stream.dictionary));
    if (stream.filter) destroyFilter(stream);
    release(stream, changetype<usize>(stream.parts));
    release(stream, changetype<usize>(stream.inlineParts));
    release(stream, changetype<usize>(stream.heapParts));
    release(stream, stream.ring);
    release(stream, stream.scanned);
    release(stream, stream.bound);
    release(stream, stream.trash);
    release(stream, stream.empty);
  }
  assert(stream.results.used == 0);
  assert(stream.states.used == 0);
  release(stream, changetype<usize>(stream.results));
  release(stream, changetype<usize>(stream.states));
  release(stream, stream.plan);
  assert(stream.used == 0);
  release(changetype<Owner>(0), changetype<usize>(stream));
}
