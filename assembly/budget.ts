/**
 * Demand: the bytes that a call can need, known before it takes a single event. Demand is an upper bound, not an
 * estimate: with that much memory free, nothing in the call can fail for lack of memory. It is loose where times or
 * keys are scattered; the caller then keeps a copy of the memory to go back to.
 */

import { sampleBytes } from './ingest/counter-steps';
import { Dictionary, maxKeysIn } from './ingest/dictionary';
import { WindowPlan } from './plan';
import { orderBytes } from './result/order';
import { Outbox } from './result/outbox';
import { CHUNK_ROWS } from './scratch';
import { demandOfMerges, demandOfStates } from './state/bounds';
import { firesAgain, Stream, storeAt, windowAt } from './stream';
import * as edges from './window/grid/edges';
import { Slices } from './window/grid/slices';
import { triggeredAt } from './window/grid/triggered';
import { stacksAt } from './window/grid/two-stacks';

/** Upper bound on the header of a block and the bytes by which its size is rounded up. */
const BLOCK_OVERHEAD = 80;

/**
 * Demand in bytes of n events with times from `first` to `last`. For stores off the grid the newest time is assumed to
 * move to `moveTo`: `last`, or Infinity where any event may come.
 */
export function demand(stream: Stream, n: f64, first: f64, last: f64, moveTo: f64): f64 {
  const keys = changetype<Dictionary>(stream.dictionary);
  results = 0;
  firings = 0;
  let bytes = demandOfKeys(stream, keys, stream.keys ? <f64>keys.limit + n : 1, n) + 4096;
  if (stream.gridCount) bytes += demandOfGrid(stream, n, first, last);
  for (let w = stream.gridCount; w < stream.windowCount; w++) {
    const window = windowAt(stream, w);
    const ownStore = storeAt(stream, w);
    bytes += call_indirect<f64>(load<u32>(window, WindowPlan.demand), stream, ownStore, n) + BLOCK_OVERHEAD * 16;
    const due = call_indirect<f64>(load<u32>(window, WindowPlan.due), stream, ownStore, n, moveTo - stream.outOfOrder);
    const copies = load<u32>(window, WindowPlan.copies);
    results += due;
    firings += firesAgain(stream) ? due : min(due, copies ? call_indirect<f64>(copies, stream, ownStore, n) : 1);
    // Such a store may merge spans or panes. A store of evictable states counts them in its own demand.
    if (!load<u32>(window, WindowPlan.evicts)) {
      bytes += demandOfStates(stream, n) + demandOfMerges(stream, n, rowsOffGrid(stream) + n);
    }
  }
  const outbox = changetype<Outbox>(stream.outbox);
  const width = 30 + 8 * <f64>stream.outputCount;
  // Columns and lists double when they are full, perhaps for the last result, and each in turn stands beside its old
  // copy.
  if (<f64>outbox.length + results > <f64>outbox.capacity) {
    bytes += (<f64>outbox.length + results) * (2 * width + 8) + <f64>(8 + stream.outputCount) * BLOCK_OVERHEAD;
  }
  const listed = <f64>outbox.listLength + maxListNumbers(stream, n);
  if (listed > <f64>outbox.listCapacity) bytes += 24 * listed + 2 * BLOCK_OVERHEAD;
  return bytes + (stream.ordered ? orderBytes(results) : 0);
}

/** Results that the call at hand can give, and in how many of them one event can be. `demand` adds them up. */
let results: f64 = 0;
let firings: f64 = 0;

/**
 * Lower bound on the bytes that an event takes outside the blocks of states: in a row, alone in a history
 * (window/rolling/history.ts), or while it waits to be put in order (window/keyed/reorder.ts).
 */
const MIN_EVENT_BYTES: f64 = 40;

/** Upper bound on the numbers in the lists of the results: those held, each as often as one event can be emitted. */
function maxListNumbers(stream: Stream, n: f64): f64 {
  if (!results) return 0;
  if (stream.partial) {
    const blocks = (2 * (stream.states.used + demandOfStates(stream, n))) / 8;
    return results * stream.listLimit + min(results * stream.heapListLimit, firings * blocks);
  }
  const alone = stream.used / min(MIN_EVENT_BYTES, <f64>(stream.stride - stream.head + 8)) + n;
  const held = (stream.states.used / 8 + 3 * alone) * stream.heapLists;
  return results * stream.listLimit + (stream.heapLists ? min(results * stream.heapListLimit, firings * held) : 0);
}

/** Upper bound on the rows in stores off the grid. */
function rowsOffGrid(stream: Stream): f64 {
  return stream.windowCount > stream.gridCount ? max(0, stream.used - stream.emptyBytes) / <f64>stream.stride + 64 : 0;
}

/** Demand in bytes of the windows on a grid; adds their results to `results` and `firings`. */
function demandOfGrid(stream: Stream, n: f64, first: f64, last: f64): f64 {
  const keys = changetype<Dictionary>(stream.dictionary);
  const slices = changetype<Slices>(stream.slices);
  const blocks = (stream.keys ? <f64>keys.limit + n : 1) / 64 + 1;
  const block = <f64>stream.stride * (stream.keys ? 64 : 1) + BLOCK_OVERHEAD;

  let edgeCount = 1.0;
  for (let w = 0; n > 0 && w < stream.gridCount; w++) {
    const window = windowAt(stream, w);
    edgeCount += 2 * (edges.newest(window, last) - edges.newest(window, first) + 2);
  }
  const opened = min(n, edgeCount);
  const folded = stream.eager ? 0 : demandOfStates(stream, n);
  // Slices: rows, tables, and the list of slices.
  let bytes = folded + min(n, opened * blocks) * block + opened * (blocks * 8 + 3 * BLOCK_OVERHEAD);

  const before = max(stream.watermark, (stream.newest == -Infinity ? first : stream.newest) - stream.outOfOrder);
  const watermark = max(stream.watermark, last - stream.outOfOrder);
  const rows = stream.keys ? <f64>keys.liveCount + n : 1;
  for (let w = 0; w < stream.gridCount; w++) {
    const stacks = stacksAt(stream, w);
    const cycle = ceil(load<f64>(stacks.window, WindowPlan.size) / load<f64>(stacks.window, WindowPlan.every));
    const heldCount = stream.eager ? triggeredAt(stream, w).list.length : stacks.panes.count;
    // A slice or pane lies in `cycle` windows, and only windows that end between two positions of the watermark fire.
    let fires = (<f64>(slices.length + heldCount) + opened + 1) * cycle;
    if (before != -Infinity) {
      const past = edges.newest(stacks.window, max(stream.newest, first)) + 1;
      const due = watermark == Infinity ? past : edges.oldestOpen(stacks.window, watermark, stream.delay);
      fires = min(fires, max(0, due - edges.oldestOpen(stacks.window, before, stream.delay)));
    }
    const late = stream.allowedLateness > stream.delay ? n * cycle : 0;
    results += fires * rows + late;
    firings += min(fires, cycle + 1) + late;
    if (stream.eager) {
      const newWindows = min(n, opened) * cycle;
      bytes +=
        min(n * cycle, (newWindows + <f64>heldCount) * blocks) * block + (newWindows + <f64>heldCount) * blocks * 12;
      bytes += newWindows * 4 * BLOCK_OVERHEAD;
      // An early firing emits only rows that have new events.
      if (stream.early != Infinity || stream.when) {
        results += n * cycle + <f64>heldCount * rows;
        firings += n * cycle + <f64>heldCount;
      }
      bytes += demandOfStates(stream, n * cycle);
      continue;
    }
    if (stream.allowedLateness > stream.delay) {
      bytes += (fires * (rows + blocks) + late) * (<f64>stream.stride + BLOCK_OVERHEAD + 16);
      bytes +=
        demandOfMerges(stream, fires * rows, (<f64>slices.length + opened) * rows) + demandOfStates(stream, late);
    }
    // A late event can add a row to a pane, which moves the other rows of its block.
    bytes += n * (block + BLOCK_OVERHEAD);
  }
  return bytes + closing(stream, n, opened);
}

/**
 * Upper bound on the bytes needed to fire everything open, excluding results, after n more events in `opened` more
 * slices: for each window the tables of its two stacks, its back and the pieces of its panes; where windows share
 * slices, also the slices that are gathered into panes and the copies of rows.
 */
export function closing(stream: Stream, n: f64, opened: f64): f64 {
  let bytes = 0.0;
  let merging = false;
  for (let w = stream.gridCount; w < stream.windowCount; w++) {
    const ownStore = storeAt(stream, w);
    bytes +=
      call_indirect<f64>(load<u32>(windowAt(stream, w), WindowPlan.demand), stream, ownStore, 0.0) +
      BLOCK_OVERHEAD * 16;
    if (!load<u32>(windowAt(stream, w), WindowPlan.evicts)) merging = true;
  }
  const keys = changetype<Dictionary>(stream.dictionary);
  const slices = <f64>changetype<Slices>(stream.slices).length + opened;
  const rows = stream.keys ? <f64>keys.liveCount + n : 1;
  const singles = slices * rows + rowsOffGrid(stream) + n;
  // Temporary rows: a grid merges into one for each key, a chunk at a time.
  const chunkRows = <f64>CHUNK_ROWS;
  bytes += demandOfMerges(stream, merging ? chunkRows : stream.gridCount ? min(chunkRows, rows) : 0, singles);
  if (stream.eager || !stream.gridCount) return bytes;
  const blocks = stream.keys ? (<f64>keys.limit + n) / 64 + 1 : 1;
  const block = <f64>stream.stride * (stream.keys ? 64 : 1) + BLOCK_OVERHEAD;
  bytes += 2 * block;
  for (let w = 0; w < stream.gridCount; w++) {
    const stacks = stacksAt(stream, w);
    const shared = stream.gridCount > 1;
    if (blocks > <f64>stacks.blocks) bytes += 2 * blocks * (stacks.overlaps ? 268 : 4) + 4 * BLOCK_OVERHEAD;
    if (stacks.overlaps || shared) bytes += blocks * block;
    if (stacks.overlaps)
      bytes += slices * (min(blocks, rows) * 16 + 4 * BLOCK_OVERHEAD) + (shared ? blocks * (block + 4) : 0);
    if (shared) bytes += demandOfMerges(stream, slices * rows, singles);
    if (stacks.overlaps && shared) bytes += slices * (rows * <f64>stream.stride + min(blocks, rows) * BLOCK_OVERHEAD);
  }
  return bytes;
}

/**
 * Demand in bytes of n more keys, with ids below `ids`: columns and table that are too short stand beside their
 * successors.
 */
function demandOfKeys(stream: Stream, keys: Dictionary, ids: f64, n: f64): f64 {
  let bytes = 16.0 * BLOCK_OVERHEAD;
  if (ids > <f64>keys.capacity) {
    bytes += max(ids, 2 * <f64>keys.capacity) * <f64>(20 + (keys.pins ? 4 : 0) + 8 * keys.width);
    if (stream.hasSamples) bytes += sampleBytes(stream, 2 * max(ids, <f64>keys.capacity));
  }
  if (<f64>keys.orderLength + n > <f64>keys.orderCapacity) bytes += 8 * (<f64>keys.liveCount + n);
  if (keys.width) {
    // A sweep marks every id. While the table is too full it doubles, and the old one stands beside the new one.
    bytes += <f64>keys.limit;
    const used = <f64>(keys.limit - keys.freeCount) + n;
    let slots = <f64>keys.tableMask + 1;
    for (; used > maxKeysIn(slots); slots *= 2) bytes += slots * 32;
  }
  return bytes;
}
