/**
 * Lifecycle of a stream: reads the plan into the fields of the stream, builds its stores and scratch, and releases all
 * of it.
 */

import { allocate, Owner, release, reserve } from './base/allocator';
import { createSamples, destroySamples } from './ingest/counter-steps';
import { createDictionary, Dictionary, destroyDictionary } from './ingest/dictionary';
import { linkProgram, REGISTER_BYTES } from './ingest/expression';
import { createFilter, destroyFilter, filterBytes } from './ingest/filter';
import { createRing, destroyRing, measureColumn, Ring } from './ingest/ring';
import { Keys, NO_BOUND, PartPlan, Plan, WindowPlan } from './plan';
import { createOutbox, destroyOutbox, Outbox } from './result/outbox';
import { planPacked } from './result/pack';
import { CHUNK_ROWS, createScratch, destroyScratch } from './scratch';
import { Stream, storeAt, windowAt } from './stream';
import { createSlices, destroySlices, Slices } from './window/grid/slices';
import { createTriggered, destroyTriggered, Triggered, triggeredAt } from './window/grid/triggered';
import { createStacks, destroyStacks, Stacks, stacksAt } from './window/grid/two-stacks';

/**
 * Creates a stream with room for a plan of `planBytes`, which the caller writes before `buildStream`; 0 if memory is
 * full.
 */
export function createStream(planBytes: usize): usize {
  if (!reserve(planBytes + offsetof<Stream>() + 512)) return 0;
  const nobody = changetype<Owner>(0);
  const stream = changetype<Stream>(allocate(nobody, offsetof<Stream>()));
  memory.fill(changetype<usize>(stream), 0, offsetof<Stream>());
  stream.limit = Infinity;
  stream.results = changetype<Owner>(allocate(stream, offsetof<Owner>()));
  stream.results.used = 0;
  stream.results.limit = Infinity;
  stream.states = changetype<Owner>(allocate(stream, offsetof<Owner>()));
  stream.states.used = 0;
  stream.states.limit = Infinity;
  stream.plan = allocate(stream, planBytes);
  return changetype<usize>(stream);
}

/** Upper bound on the bytes of a stream before its first event: ring, scratch, and a margin for its empty stores. */
function footprint(plan: usize): f64 {
  const capacity = <f64>load<u32>(plan, Plan.capacity);
  const columns = <f64>(2 + load<u32>(plan, Plan.keyWidth) + load<u32>(plan, Plan.measureCount));
  const stride = <f64>load<u32>(plan, Plan.stride);
  const windows = load<u32>(plan, Plan.windowCount);
  const scratch = stride * (CHUNK_ROWS + 2) * <f64>(1 + 3 * (windows - load<u32>(plan, Plan.gridCount)));
  const registers = <f64>load<u32>(plan, Plan.registers) * <f64>REGISTER_BYTES;
  const filter = load<u32>(plan, Plan.filter) ? filterBytes(capacity, columns) : 0;
  return capacity * 8 * (columns + 1) + registers + filter + scratch + <f64>(windows << 10) + 65536;
}

/**
 * Builds the stream that its plan describes. Returns false, and builds nothing, if memory or `memoryLimit` has no room.
 */
export function buildStream(stream: Stream): bool {
  const plan = stream.plan;
  const limit = load<f64>(plan, Plan.memoryLimit);
  const need = footprint(plan);
  if (stream.used + need > limit || !reserve(<usize>need)) return false;
  stream.limit = limit;
  stream.outOfOrder = load<f64>(plan, Plan.outOfOrder);
  stream.delay = load<f64>(plan, Plan.delay);
  stream.allowedLateness = load<f64>(plan, Plan.allowedLateness);
  stream.maxFutureSkew = load<f64>(plan, Plan.maxFutureSkew);
  stream.keys = load<i32>(plan, Plan.keys);
  stream.stride = load<u32>(plan, Plan.stride);
  stream.head = load<u32>(plan, Plan.head);
  stream.eager = load<u32>(plan, Plan.eager) != 0;
  stream.discard = load<u32>(plan, Plan.discard) != 0;
  stream.ordered = load<u32>(plan, Plan.ordered) != 0;
  stream.partial = load<u32>(plan, Plan.partial) != 0;
  stream.early = load<f64>(plan, Plan.early);
  stream.windows = plan + Plan.windows;
  stream.windowCount = load<i32>(plan, Plan.windowCount);
  stream.gridCount = load<i32>(plan, Plan.gridCount);
  stream.storeCount = min(stream.gridCount, 1) + stream.windowCount - stream.gridCount;
  stream.parts = stream.windows + <usize>stream.windowCount * WindowPlan.bytes;
  stream.partCount = load<i32>(plan, Plan.partCount);
  stream.newest = -Infinity;
  stream.advancedTo = -Infinity;
  stream.watermark = -Infinity;
  stream.fireAt = Infinity;
  stream.sealedTo = -Infinity;

  const capacity = load<u32>(plan, Plan.capacity);
  const keyWidth = load<i32>(plan, Plan.keyWidth);
  const ring = createRing(stream, capacity, keyWidth, load<i32>(plan, Plan.measureCount));
  stream.ring = changetype<usize>(ring);
  stream.program = plan + <usize>load<u32>(plan, Plan.program);
  stream.programLength = load<i32>(plan, Plan.programLength);
  stream.registers = allocate(stream, <usize>load<u32>(plan, Plan.registers) * REGISTER_BYTES);
  linkProgram(stream, ring);
  const filter = load<u32>(plan, Plan.filter);
  if (filter) stream.filter = createFilter(stream, ring, filter - 1);
  stream.lateEvents = allocate(stream, (<usize>capacity) << 2);
  stream.misses = allocate(stream, (<usize>capacity) << 1);
  memory.fill(stream.misses, 0, (<usize>capacity) << 1);
  stream.trash = allocate(stream, stream.stride);
  stream.empty = allocate(stream, stream.stride);
  memory.fill(stream.empty, 0, stream.stride);
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    store<u32>(part, <u32>measureColumn(ring, load<u32>(part, PartPlan.measure)), PartPlan.column);
    store<u32>(part, <u32>measureColumn(ring, load<u32>(part, PartPlan.second)), PartPlan.secondColumn);
    store<u32>(part, <u32>ring.times, PartPlan.times);
    store<u32>(part, <u32>changetype<usize>(stream), PartPlan.stream);
    const identity = load<u32>(part, PartPlan.identity);
    if (identity) call_indirect<void>(identity, part, stream.empty);
    if (load<u32>(part, PartPlan.drop)) stream.hasHeapStates = true;
    if (load<u32>(part, PartPlan.prepare)) stream.hasSamples = true;
    if (stream.partial) continue;
    stream.outputCount += load<i32>(part, PartPlan.output);
    const maxNumbers = load<u32>(part, PartPlan.listLimit);
    if (maxNumbers && load<u32>(part, PartPlan.fold) && !load<u32>(part, PartPlan.drop)) {
      stream.listLimit += <f64>maxNumbers;
    } else if (maxNumbers) {
      stream.heapListLimit += maxNumbers == NO_BOUND ? Infinity : <f64>maxNumbers;
      stream.heapLists++;
    }
  }
  if (stream.partial) planPacked(stream);
  memory.copy(stream.trash, stream.empty, stream.stride);
  stream.scratch = createScratch(stream, capacity, stream.stride, stream.empty);

  const keys = createDictionary(stream, stream.keys == Keys.words ? keyWidth : 0);
  keys.limit = stream.keys == Keys.none ? 1 : 0;
  stream.dictionary = changetype<usize>(keys);
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    if (load<u32>(part, PartPlan.prepare)) createSamples(stream, part);
  }
  const when = load<u32>(plan, Plan.when);
  stream.when = when ? measureColumn(ring, when - 1) : 0;
  stream.outbox = changetype<usize>(createOutbox(stream));
  stream.answers = allocate(stream, <usize>stream.windowCount * (16 + ((<usize>stream.outputCount) << 3)));
  stream.slices = changetype<usize>(createSlices(stream));
  stream.stacks = allocate(stream, <usize>stream.gridCount * offsetof<Stacks>());
  stream.triggered = allocate(stream, <usize>stream.gridCount * offsetof<Triggered>());
  for (let w = 0; w < stream.gridCount; w++) {
    createStacks(stream, stacksAt(stream, w), windowAt(stream, w));
    createTriggered(stream, triggeredAt(stream, w), windowAt(stream, w));
  }
  stream.stores = allocate(stream, (<usize>(stream.windowCount - stream.gridCount)) << 2);
  for (let w = stream.gridCount; w < stream.windowCount; w++) {
    const made = call_indirect<usize>(load<u32>(windowAt(stream, w), WindowPlan.create), stream, w);
    store<u32>(stream.stores + ((<usize>(w - stream.gridCount)) << 2), <u32>made);
  }
  stream.emptyBytes = stream.used;
  return true;
}

/** Releases the stream and all memory it uses, built or not. */
export function destroyStream(stream: Stream): void {
  if (stream.ring) {
    for (let w = 0; w < stream.gridCount; w++) {
      const edges = load<u32>(windowAt(stream, w), WindowPlan.edges);
      if (edges) release(stream, edges);
      destroyStacks(stream, stacksAt(stream, w));
      destroyTriggered(stream, triggeredAt(stream, w));
    }
    for (let w = stream.gridCount; w < stream.windowCount; w++) {
      call_indirect<void>(load<u32>(windowAt(stream, w), WindowPlan.destroy), stream, storeAt(stream, w));
    }
    release(stream, stream.stores);
    release(stream, stream.stacks);
    release(stream, stream.triggered);
    destroySlices(stream, changetype<Slices>(stream.slices));
    destroyOutbox(stream, changetype<Outbox>(stream.outbox));
    for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
      if (load<u32>(part, PartPlan.prepare)) destroySamples(stream, part);
    }
    destroyDictionary(stream, changetype<Dictionary>(stream.dictionary));
    destroyRing(stream, changetype<Ring>(stream.ring));
    release(stream, stream.registers);
    if (stream.filter) destroyFilter(stream);
    release(stream, stream.lateEvents);
    release(stream, stream.misses);
    release(stream, stream.answers);
    destroyScratch(stream, stream.scratch);
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
