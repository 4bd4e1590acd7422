/**
 * One batch: compute → filter → map → every store in turn → results in order.
 *
 *     compute  measures → expressions of them, as further columns
 *     filter   events for which a condition holds, the others move the clock and are gone
 *     map      keys → ids
 *     prepare  columns that are worked out from others
 *     take     each store goes over all of the batch by itself: it folds, and fires what falls due on the way
 *
 * Each store moves the clock with every event, from where it stood before the batch, so that none depends on another. Those on a
 * grid of time have one store together, the slices (grid.ts) or frames (frames.ts); any other window has its own.
 */

import { settleMisses } from './ingest/admission';
import { forgetSamples } from './ingest/counter-steps';
import { Dictionary, mapKeys, sweep } from './ingest/dictionary';
import { evaluate } from './ingest/expression';
import { compact, keptBefore, tickAt, tickCount } from './ingest/filter';
import { Ring } from './ingest/ring';
import { Keys, WindowPlan } from './plan';
import { orderResults } from './result/order';
import { Outbox } from './result/outbox';
import { prepareColumns, resetRow } from './state/rows';
import { Stream, storeAt, windowAt } from './stream';
import { advanceTo } from './window/grid/fire';
import { takeGrid } from './window/grid/slicing';
import { advanceTriggered, takeTriggered } from './window/grid/triggered';

/** Consumes what the ring holds. */
export function consume(stream: Stream): void {
  const ring = changetype<Ring>(stream.ring);
  while (ring.head != ring.tail) {
    const at = ring.head & ring.mask;
    const n = min(ring.tail - ring.head, ring.mask + 1 - at);
    if (stream.programLength) evaluate(stream, <i32>at, <i32>n);
    if (stream.filter) consumeSome(stream, ring, <i32>at, <i32>n);
    else consumeRow(stream, ring, <i32>at, <i32>n);
    ring.head += n;
  }
}

/** Those of n events that the filter keeps, and in between the clock that the others move. */
function consumeSome(stream: Stream, ring: Ring, at: i32, n: i32): void {
  const kept = compact(stream, ring, at, n);
  const times = ring.times + ((<usize>at) << 3);
  stream.events += n - kept;
  let from = 0;
  // Of those kept that are not consumed yet, the earliest.
  let seen = 0;
  let earliest = Infinity;
  for (let i = 0; i < tickCount(stream); i++) {
    const end = keptBefore(stream, i);
    const t = tickAt(stream, i);
    for (; seen < end; seen++) earliest = min(earliest, load<f64>(times + ((<usize>seen) << 3)));
    const next = i + 1 < tickCount(stream) && keptBefore(stream, i + 1) == end;
    const goes = next || (end < kept && load<f64>(times + ((<usize>end) << 3)) >= t);
    if (goes && isQuiet(stream, t, earliest)) continue;
    if (end > from) consumeRow(stream, ring, at + from, end - from);
    from = end;
    earliest = Infinity;
    stream.newest = t;
    advance(stream, t - stream.outOfOrder);
  }
  if (kept > from) consumeRow(stream, ring, at + from, kept - from);
}

/** Whether the clock at t fires nothing, though events from `earliest` on are still to be taken: what holds one ends after it. */
function isQuiet(stream: Stream, t: f64, earliest: f64): bool {
  const onGrid = stream.gridCount == stream.windowCount && stream.early == Infinity;
  return onGrid && stream.maxFutureSkew == Infinity && t < stream.fireAt && t - stream.outOfOrder <= earliest;
}

/** n events that stand in a row in the ring, from place `at` on. */
function consumeRow(stream: Stream, ring: Ring, at: i32, n: i32): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  const outbox = changetype<Outbox>(stream.outbox);
  const ids = ring.ids + ((<usize>at) << 2);
  if (stream.keys >= Keys.words) {
    if (keys.limit - keys.freeCount >= keys.sweepAt) {
      forgetSamples(stream);
      sweep(stream, keys, outbox.ids, outbox.length);
    }
    const lanes = (<usize>ring.mask + 1) << 3;
    mapKeys(stream, keys, ring.words + ((<usize>at) << 3), lanes, ids, n, stream.keys == Keys.numbers);
  }
  prepareColumns(stream, at, n);
  stream.events += n;
  const from = outbox.length;
  const newest = stream.newest;
  const watermark = stream.watermark;
  if (stream.eager && stream.gridCount) takeTriggered(stream, ring, at, n);
  else if (stream.gridCount) takeGrid(stream, ring, at, n);
  for (let w = stream.gridCount; w < stream.windowCount; w++) {
    stream.newest = newest;
    stream.watermark = watermark;
    stream.cause = 0;
    call_indirect<void>(load<u32>(windowAt(stream, w), WindowPlan.take), stream, storeAt(stream, w), at, n);
  }
  // What nobody took is not to be kept.
  if (stream.hasHeapStates) resetRow(stream, stream.trash);
  settleMisses(stream, at, n);
  orderResults(stream, from);
}

/** Moves the watermark by hand, never back, and fires what it passes. */
export function advance(stream: Stream, watermark: f64): void {
  const from = changetype<Outbox>(stream.outbox).length;
  const before = stream.watermark;
  stream.cause = 0;
  if (stream.eager && stream.gridCount) advanceTriggered(stream, watermark);
  else if (stream.gridCount) advanceTo(stream, watermark);
  for (let w = stream.gridCount; w < stream.windowCount; w++) {
    stream.watermark = before;
    stream.cause = 0;
    call_indirect<void>(load<u32>(windowAt(stream, w), WindowPlan.advance), stream, storeAt(stream, w), watermark);
  }
  if (watermark == Infinity) forgetSamples(stream);
  orderResults(stream, from);
}
