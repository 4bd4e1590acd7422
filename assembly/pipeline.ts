/**
 * The pipeline: takes one batch through all stages.
 *
 *     compute   measures → expressions over them, as further columns
 *     filter    drops events for which the condition does not hold; they only move the clock
 *     map       keys → ids
 *     prepare   fills the columns that aggregates compute from others
 *     take      each store goes over the whole batch by itself: it folds events, and fires what falls due on the way
 *     settle    counts the events that no store took
 *     order     puts the results of all stores in order
 *
 * Each store moves the clock with every event, from where it stood before the batch, so that no store depends on
 * another.
 */

import { settleMisses } from './ingest/admission';
import { forgetSamples } from './ingest/counter-steps';
import { Dictionary, isSweepDue, mapKeys } from './ingest/dictionary';
import { evaluate } from './ingest/expression';
import { compact, keptBefore, tickAt, tickCount } from './ingest/filter';
import { Ring } from './ingest/ring';
import { Keys } from './plan';
import { orderResults } from './result/order';
import { Outbox } from './result/outbox';
import { forgetKeys } from './retention';
import { prepareColumns, resetRow } from './state/rows';
import { storeAt } from './store';
import { Stream } from './stream';

/** Consumes all events in the ring. */
export function consume(stream: Stream): void {
  const ring = changetype<Ring>(stream.ring);
  while (ring.head != ring.tail) {
    const at = ring.head & ring.mask;
    const n = min(ring.tail - ring.head, ring.mask + 1 - at);
    if (stream.programLength) evaluate(stream, <i32>at, <i32>n);
    if (stream.filter) consumeFiltered(stream, ring, <i32>at, <i32>n);
    else consumeRun(stream, ring, <i32>at, <i32>n);
    ring.head += n;
  }
}

/**
 * Consumes those of n events from ring place `at` that the filter keeps, and in between moves the clock to its ticks.
 */
function consumeFiltered(stream: Stream, ring: Ring, at: i32, n: i32): void {
  const kept = compact(stream, ring, at, n);
  const times = ring.times + ((<usize>at) << 3);
  stream.events += n - kept;
  let from = 0;
  // `seen` of the kept events were looked at; `earliest` is the least time of those not yet consumed.
  let seen = 0;
  let earliest = Infinity;
  for (let i = 0; i < tickCount(stream); i++) {
    const end = keptBefore(stream, i);
    const t = tickAt(stream, i);
    for (; seen < end; seen++) earliest = min(earliest, load<f64>(times + ((<usize>seen) << 3)));
    const sharesPlace = i + 1 < tickCount(stream) && keptBefore(stream, i + 1) == end;
    const isOvertaken = sharesPlace || (end < kept && load<f64>(times + ((<usize>end) << 3)) >= t);
    if (isOvertaken && isQuiet(stream, t, earliest)) continue;
    if (end > from) consumeRun(stream, ring, at + from, end - from);
    from = end;
    earliest = Infinity;
    stream.newest = t;
    advance(stream, t - stream.outOfOrder);
  }
  if (kept > from) consumeRun(stream, ring, at + from, kept - from);
}

/**
 * Whether moving the clock to t fires nothing, neither as stores are nor once the events that wait, none before
 * `earliest`, are taken: the windows of those end after the watermark.
 */
function isQuiet(stream: Stream, t: f64, earliest: f64): bool {
  return (
    stream.isScheduled && stream.maxFutureSkew == Infinity && t < stream.fireAt && t - stream.outOfOrder <= earliest
  );
}

/** Consumes n contiguous events from ring place `at`. */
function consumeRun(stream: Stream, ring: Ring, at: i32, n: i32): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  const outbox = changetype<Outbox>(stream.outbox);
  const ids = ring.ids + ((<usize>at) << 2);
  if (stream.keys >= Keys.words) {
    if (isSweepDue(keys)) forgetKeys(stream);
    const columnBytes = (<usize>ring.mask + 1) << 3;
    mapKeys(stream, keys, ring.words + ((<usize>at) << 3), columnBytes, ids, n, stream.keys == Keys.numbers);
  }
  prepareColumns(stream, at, n);
  stream.events += n;
  const from = outbox.length;
  const newest = stream.newest;
  const watermark = stream.watermark;
  for (let s = 0; s < stream.storeCount; s++) {
    stream.newest = newest;
    stream.watermark = watermark;
    storeAt(stream, s).take(stream, at, n);
  }
  // Events that no window takes were folded into `trash`: release its blocks.
  if (stream.hasHeapStates) resetRow(stream, stream.trash);
  settleMisses(stream, at, n);
  orderResults(stream, from);
}

/** Moves the watermark without an event, never back, and fires what it passes; to Infinity at the end of the stream. */
export function advance(stream: Stream, watermark: f64): void {
  const from = changetype<Outbox>(stream.outbox).length;
  const before = stream.watermark;
  for (let s = 0; s < stream.storeCount; s++) {
    stream.watermark = before;
    storeAt(stream, s).advance(stream, watermark);
  }
  if (watermark == Infinity) forgetSamples(stream);
  orderResults(stream, from);
}
