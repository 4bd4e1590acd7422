/**
 * Demand: the bytes that a call can need, known before it takes a single event. Demand is an upper bound, not an
 * estimate: with that much memory free, nothing in the call can fail for lack of memory. It is loose where times or
 * keys are scattered; the caller then keeps a copy of the memory to go back to.
 */

import { sampleBytes } from './ingest/counter-steps';
import { Dictionary, maxKeysIn } from './ingest/dictionary';
import { orderBytes } from './result/order';
import { Outbox } from './result/outbox';
import { BLOCK_OVERHEAD, demandOfStates } from './state/bounds';
import { Bound, storeAt } from './store';
import { Stream } from './stream';

/**
 * Demand in bytes of n events with times from `first` to `last`. Where the watermark alone decides what fires, the
 * newest time is assumed to move to `moveTo`: `last`, or Infinity where any event may come.
 */
export function demand(stream: Stream, n: f64, first: f64, last: f64, moveTo: f64, ids: u32): f64 {
  const bound = boundOf(stream, n, first, last, moveTo, ids);
  const outbox = changetype<Outbox>(stream.outbox);
  const width = 30 + 8 * <f64>stream.outputCount;
  let bytes = bound.bytes + demandOfKeys(stream, n, ids) + 4096;
  // Columns and lists double when they are full, perhaps for the last result, and each in turn stands beside its old
  // copy.
  if (<f64>outbox.length + bound.results > <f64>outbox.capacity) {
    bytes += (<f64>outbox.length + bound.results) * (2 * width + 8) + <f64>(8 + stream.outputCount) * BLOCK_OVERHEAD;
  }
  const listed = <f64>outbox.listLength + maxListNumbers(stream, n, bound);
  if (listed > <f64>outbox.listCapacity) bytes += 24 * listed + 2 * BLOCK_OVERHEAD;
  return bytes + (stream.ordered ? orderBytes(bound.results) : 0);
}

/** Upper bound on the bytes needed to fire everything open, excluding results. */
export function closing(stream: Stream): f64 {
  const ids = changetype<Dictionary>(stream.dictionary).limit;
  return boundOf(stream, 0, stream.newest, stream.newest, stream.newest, ids).bytes;
}

/** What all stores can need and give. Before the stream is opened, only calls without events are bounded. */
function boundOf(stream: Stream, n: f64, first: f64, last: f64, moveTo: f64, ids: u32): Bound {
  const bound = changetype<Bound>(stream.bound);
  bound.ids = <f64>ids + n;
  bound.bytes = stream.isOpen || !n ? 0 : Infinity;
  bound.results = 0;
  bound.firings = 0;
  if (!stream.isOpen) return bound;
  for (let s = 0; s < stream.storeCount; s++) storeAt(stream, s).demand(stream, n, first, last, moveTo, bound);
  return bound;
}

/**
 * Lower bound on the bytes that an event takes outside the blocks of states: in a row, alone in a history
 * (window/rolling/history.ts), or while it waits to be put in order (window/keyed/reorder.ts).
 */
const MIN_EVENT_BYTES: f64 = 40;

/** Upper bound on the numbers in the lists of the results: those held, each as often as one event can be emitted. */
function maxListNumbers(stream: Stream, n: f64, bound: Bound): f64 {
  const results = bound.results;
  const firings = bound.firings;
  if (!results) return 0;
  if (stream.partial) {
    const blocks = (2 * (stream.states.used + demandOfStates(stream, n))) / 8;
    return results * stream.listLimit + min(results * stream.heapListLimit, firings * blocks);
  }
  const alone = stream.used / min(MIN_EVENT_BYTES, <f64>(stream.stride - stream.head + 8)) + n;
  const held = (stream.states.used / 8 + 3 * alone) * stream.heapLists;
  return results * stream.listLimit + (stream.heapLists ? min(results * stream.heapListLimit, firings * held) : 0);
}

/**
 * Demand in bytes of n more keys, where all ids are below `limit`: columns and table that are too short stand beside
 * their successors.
 */
function demandOfKeys(stream: Stream, n: f64, limit: u32): f64 {
  const keys = changetype<Dictionary>(stream.dictionary);
  const ids = stream.keys ? <f64>limit + n : 1;
  let bytes = 16.0 * BLOCK_OVERHEAD;
  if (ids > <f64>keys.capacity) {
    bytes += max(ids, 2 * <f64>keys.capacity) * <f64>(20 + (keys.pins ? 4 : 0) + 8 * keys.width);
    if (stream.hasSamples) bytes += sampleBytes(stream, 2 * max(ids, <f64>keys.capacity));
  }
  if (<f64>keys.orderLength + n > <f64>keys.orderCapacity) bytes += 8 * (<f64>keys.liveCount + n);
  if (keys.width) {
    // A sweep marks every id. While the table is too full it doubles, and the old one stands beside the new one.
    bytes += <f64>limit;
    const used = <f64>(limit - keys.freeCount) + n;
    let slots = <f64>keys.tableMask + 1;
    for (; used > maxKeysIn(slots); slots *= 2) bytes += slots * 32;
  }
  return bytes;
}
