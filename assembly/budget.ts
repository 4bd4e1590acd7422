/**
 * How much memory a batch can need at the most, before a single event of it is taken. An upper bound, not an estimate: with so much
 * to be had, nothing in the batch can fail for want of memory. It is loose where times or keys are scattered; the caller
 * then keeps a copy of the memory to go back to.
 */

import { sampleBytes } from './ingest/counter-steps';
import { Dictionary, maxKeysIn } from './ingest/dictionary';
import { WindowPlan } from './plan';
import { orderBytes } from './result/order';
import { Outbox } from './result/outbox';
import { demandOfMerges, demandOfStates } from './state/bounds';
import { CHUNK_ROWS, firesAgain, Stream, storeAt, windowAt } from './stream';
import * as edges from './window/grid/edges';
import { Slices } from './window/grid/slices';
import { triggeredAt } from './window/grid/triggered';
import { stacksAt } from './window/grid/two-stacks';

/** A block's header, and what its size is rounded up by. */
const BLOCK_OVERHEAD = 80;

/**
 * For n events with times from `first` to `last`; `beyond` is how far time is to be reckoned to move for windows that are not
 * on a grid: `last`, or Infinity where any event may come.
 */
export function demand(stream: Stream, n: f64, first: f64, last: f64, beyond: f64): f64 {
  const keys = changetype<Dictionary>(stream.dictionary);
  results = 0;
  firings = 0;
  let bytes = demandOfKeys(stream, keys, stream.keys ? <f64>keys.limit + n : 1, n) + 4096;
  if (stream.gridCount) bytes += demandOfGrid(stream, n, first, last);
  for (let w = stream.gridCount; w < stream.windowCount; w++) {
    const window = windowAt(stream, w);
    const own = storeAt(stream, w);
    bytes += call_indirect<f64>(load<u32>(window, WindowPlan.demand), stream, own, n) + BLOCK_OVERHEAD * 16;
    const due = call_indirect<f64>(load<u32>(window, WindowPlan.due), stream, own, n, beyond - stream.outOfOrder);
    const copies = load<u32>(window, WindowPlan.copies);
    results += due;
    firings += firesAgain(stream) ? due : min(due, copies ? call_indirect<f64>(copies, stream, own, n) : 1);
    // Spans are merged, panes are; what states need that run is in the demand of their store.
    if (!load<u32>(window, WindowPlan.evicts)) {
      bytes += demandOfStates(stream, n) + demandOfMerges(stream, n, rowsAside(stream) + n);
    }
  }
  const outbox = changetype<Outbox>(stream.outbox);
  const width = 30 + 8 * <f64>stream.outputCount;
  // Columns, and the lists, grow to twice what they had, which may be all but one of what there will be, one beside its old self.
  if (<f64>outbox.length + results > <f64>outbox.capacity) {
    bytes += (<f64>outbox.length + results) * (2 * width + 8) + <f64>(8 + stream.outputCount) * BLOCK_OVERHEAD;
  }
  const listed = <f64>outbox.listLength + listsOf(stream, n);
  if (listed > <f64>outbox.listCapacity) bytes += 24 * listed + 2 * BLOCK_OVERHEAD;
  return bytes + (stream.ordered ? orderBytes(results) : 0);
}

/** Results that the call at hand can give, and in how many of them one event can be, summed up as its demand is. */
let results: f64 = 0;
let firings: f64 = 0;

/** The least that an event takes that is in no block of states: a row, a trail where it is alone (trail.ts), or one that waits (pending.ts). */
const MIN_EVENT_BYTES: f64 = 40;

/** Numbers that the lists of so many results can have: no more than what is held gives, each time that it is given out. */
function listsOf(stream: Stream, n: f64): f64 {
  if (!results) return 0;
  if (stream.partial) {
    const blocks = (2 * (stream.states.used + demandOfStates(stream, n))) / 8;
    return results * stream.listLimit + min(results * stream.heapListLimit, firings * blocks);
  }
  const alone = stream.used / min(MIN_EVENT_BYTES, <f64>(stream.stride - stream.head + 8)) + n;
  const held = (stream.states.used / 8 + 3 * alone) * stream.heapLists;
  return results * stream.listLimit + (stream.heapLists ? min(results * stream.heapListLimit, firings * held) : 0);
}

/** How many rows there can be outside the grids. */
function rowsAside(stream: Stream): f64 {
  return stream.windowCount > stream.gridCount ? max(0, stream.used - stream.emptyBytes) / <f64>stream.stride + 64 : 0;
}

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
  // Slices: rows, tables, and the list of them.
  let bytes = folded + min(n, opened * blocks) * block + opened * (blocks * 8 + 3 * BLOCK_OVERHEAD);

  const before = max(stream.watermark, (stream.newest == -Infinity ? first : stream.newest) - stream.outOfOrder);
  const watermark = max(stream.watermark, last - stream.outOfOrder);
  const rows = stream.keys ? <f64>keys.liveCount + n : 1;
  for (let w = 0; w < stream.gridCount; w++) {
    const stacks = stacksAt(stream, w);
    const cycle = ceil(load<f64>(stacks.window, WindowPlan.size) / load<f64>(stacks.window, WindowPlan.every));
    const held = stream.eager ? triggeredAt(stream, w).list.length : stacks.panes.count;
    // A span with events is in `cycle` windows, and only so many end between two marks of the watermark.
    let fires = (<f64>(slices.length + held) + opened + 1) * cycle;
    if (before != -Infinity) {
      const past = edges.newest(stacks.window, max(stream.newest, first)) + 1;
      const due = watermark == Infinity ? past : edges.oldestOpen(stacks.window, watermark, stream.delay);
      fires = min(fires, max(0, due - edges.oldestOpen(stacks.window, before, stream.delay)));
    }
    const late = stream.allowedLateness > stream.delay ? n * cycle : 0;
    results += fires * rows + late;
    firings += min(fires, cycle + 1) + late;
    if (stream.eager) {
      const frames = min(n, opened) * cycle;
      bytes += min(n * cycle, (frames + <f64>held) * blocks) * block + (frames + <f64>held) * blocks * 12;
      bytes += frames * 4 * BLOCK_OVERHEAD;
      // An early firing gives a row only for what is new in it.
      if (stream.early != Infinity || stream.when) {
        results += n * cycle + <f64>held * rows;
        firings += n * cycle + <f64>held;
      }
      bytes += demandOfStates(stream, n * cycle);
      continue;
    }
    if (stream.allowedLateness > stream.delay) {
      bytes += (fires * (rows + blocks) + late) * (<f64>stream.stride + BLOCK_OVERHEAD + 16);
      bytes +=
        demandOfMerges(stream, fires * rows, (<f64>slices.length + opened) * rows) + demandOfStates(stream, late);
    }
    // An event that comes late adds a row here and there, with the rows of its block moved.
    bytes += n * (block + BLOCK_OVERHEAD);
  }
  return bytes + closing(stream, n, opened);
}

/**
 * What firing all that is open can need, results apart, after n more events in so many more slices: front, back and turned of
 * every window; a pane's pieces; and, where several windows share slices or a pane has many, rows beside those of the slice.
 */
export function closing(stream: Stream, n: f64, opened: f64): f64 {
  let bytes = 0.0;
  let merging = false;
  for (let w = stream.gridCount; w < stream.windowCount; w++) {
    const own = storeAt(stream, w);
    bytes +=
      call_indirect<f64>(load<u32>(windowAt(stream, w), WindowPlan.demand), stream, own, 0.0) + BLOCK_OVERHEAD * 16;
    if (!load<u32>(windowAt(stream, w), WindowPlan.evicts)) merging = true;
  }
  const keys = changetype<Dictionary>(stream.dictionary);
  const slices = <f64>changetype<Slices>(stream.slices).length + opened;
  const rows = stream.keys ? <f64>keys.liveCount + n : 1;
  const alone = slices * rows + rowsAside(stream) + n;
  // Temporary rows: of a grid one for each key.
  const most = <f64>CHUNK_ROWS;
  bytes += demandOfMerges(stream, merging ? most : stream.gridCount ? min(most, rows) : 0, alone);
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
    if (shared) bytes += demandOfMerges(stream, slices * rows, alone);
    if (stacks.overlaps && shared) bytes += slices * (rows * <f64>stream.stride + min(blocks, rows) * BLOCK_OVERHEAD);
  }
  return bytes;
}

/** Room for n keys more: lists and table where they are too short, beside the old ones. */
function demandOfKeys(stream: Stream, keys: Dictionary, ids: f64, n: f64): f64 {
  let bytes = 16.0 * BLOCK_OVERHEAD;
  if (ids > <f64>keys.capacity) {
    bytes += max(ids, 2 * <f64>keys.capacity) * <f64>(20 + (keys.pins ? 4 : 0) + 8 * keys.width);
    if (stream.hasSamples) bytes += sampleBytes(stream, 2 * max(ids, <f64>keys.capacity));
  }
  if (<f64>keys.orderLength + n > <f64>keys.orderCapacity) bytes += 8 * (<f64>keys.liveCount + n);
  if (keys.width) {
    // A sweep marks every id; the table doubles, beside the old one, while it is too full.
    bytes += <f64>keys.limit;
    const used = <f64>(keys.limit - keys.freeCount) + n;
    let slots = <f64>keys.tableMask + 1;
    for (; used > maxKeysIn(slots); slots *= 2) bytes += slots * 32;
  }
  return bytes;
}
