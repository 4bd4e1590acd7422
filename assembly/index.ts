/**
 * The exports of the core. Streams are addresses; counts, ids and addresses are 32-bit, times are f64.
 *
 * The way of an event: claim (ingest/ring.ts) → commit (pipeline.ts) → assign, locate, fold (window/grid/slicing.ts, or
 * another store) → fire (window/grid/fire.ts) → outbox (result/outbox.ts).
 */

import { allocate, Owner, release, reserve as reserveOf } from './base/allocator';
import { closing as closingOf, demand as demandOf } from './budget';
import { forecast as forecastOf } from './forecast';
import { forgetSamples as forgetSamplesOf } from './ingest/counter-steps';
import { Dictionary, dropWords, growTo, idAt, wordOf } from './ingest/dictionary';
import * as ringOf from './ingest/ring';
import { NOWHERE, Ring, TimeRange } from './ingest/ring';
import {
  createSegments as createSegmentsOf,
  destroySegments as destroySegmentsAt,
  segmentBytes as segmentBytesOf,
  useOwnColumns as useOwnColumnsOf,
  useSegment as useSegmentOf,
} from './ingest/segments';
import { buildStream, createStream, destroyStream, openStream } from './lifecycle';
import { advance as advanceStream, consume } from './pipeline';
import { Forecast, Keys, Stat } from './plan';
import { query as queryOf } from './query';
import { putMerged as putMergedOf } from './result/merge';
import { emptyOutbox, Outbox, outputColumn } from './result/outbox';
import { storeAt } from './store';
import { headroom as headroomOf, Stream, usedBytes, windowAt } from './stream';
import * as calendarList from './window/grid/calendar-list';
import * as edges from './window/grid/edges';

/**
 * Memory is grown ahead of a call for a demand up to this many bytes, or up to the size of the memory if that is
 * larger. Beyond that, copying the blocks of the stream is cheaper than growing for an upper bound that is rarely
 * reached.
 */
const GROW_AHEAD_BYTES: f64 = 134217728;

export * from './aggregate/aggregate-registry';
export { endOfRun, nextRun, reclaim, reserve, start, top, withdraw } from './base/allocator';
export * from './base/write-log';
export { closeMarks, markHeld, openMarks } from './retention';
export * from './window/window-registry';

/** Creates a stream with room for a plan of `planBytes`; 0 if memory is full. */
export function create(planBytes: usize): usize {
  return createStream(planBytes);
}

/** Address at which the caller writes the plan of a new stream. */
export function plan(stream: Stream): usize {
  return stream.plan;
}

/** Builds the stream that its plan describes; false if there is no room. */
export function build(stream: Stream): bool {
  return buildStream(stream);
}

export function destroy(stream: Stream): void {
  destroyStream(stream);
}

/** Makes what the stream needs for events and queries, unless it has it; false if memory is full. */
export function open(stream: Stream): bool {
  return openStream(stream);
}

/** The ring place at which n contiguous events may be written, or -1. Opens the stream. */
export function claim(stream: Stream, n: u32): i32 {
  return !openStream(stream) ? -1 : ringOf.claim(changetype<Ring>(stream.ring), n);
}

/** Address of the columns, the times first; 0 if the stream has none. */
export function timesColumn(stream: Stream): usize {
  const times = changetype<Ring>(stream.ring).times;
  return times == NOWHERE ? 0 : times;
}

export function idsColumn(stream: Stream): usize {
  return changetype<Ring>(stream.ring).ids;
}

/** Address of the columns of the words of keys, one after the other. */
export function wordsColumns(stream: Stream): usize {
  return changetype<Ring>(stream.ring).words;
}

/**
 * Scans n times from place `at`: index of the first that is NaN or beyond ±limit, -1 if there is none. `firstTime` and
 * `lastTime` then return the least and the greatest.
 */
export function scanTimes(stream: Stream, at: i32, n: i32, limit: f64): i32 {
  return ringOf.scanTimes(changetype<Ring>(stream.ring), at, n, limit, changetype<TimeRange>(stream.scanned));
}

/** Least of the times that `scanTimes` scanned last. */
export function firstTime(stream: Stream): f64 {
  return changetype<TimeRange>(stream.scanned).first;
}

/** Greatest of the times that `scanTimes` scanned last. */
export function lastTime(stream: Stream): f64 {
  return changetype<TimeRange>(stream.scanned).last;
}

/** Index of the first of n ids from place `at` that is not below the limit, -1 if there is none. */
export function badId(stream: Stream, at: i32, n: i32, limit: u32): i32 {
  const ids = changetype<Ring>(stream.ring).ids + ((<usize>at) << 2);
  for (let i = 0; i < n; i++) if (load<u32>(ids + ((<usize>i) << 2)) >= limit) return i;
  return -1;
}

/**
 * Demand in bytes of n events with times from `first` to `last`; see budget.ts. Ids that the producer has given are
 * below `limit`.
 */
export function demand(stream: Stream, n: f64, first: f64, last: f64, beyond: f64, limit: u32): f64 {
  // All tables by id grow to the greatest id, whatever events use. So ids that were given count as ids that are there.
  return demandOf(stream, n, first, last, beyond, max(limit, idLimit(stream)));
}

/** Sets how many bytes the stream may use: its maximum, less what the bindings keep for it. */
export function setLimit(stream: Stream, bytes: f64): void {
  stream.limit = stream.isOpen ? bytes : bytes - stream.openBytes;
}

/** What is certain of the n events that were written at the claimed place: see forecast.ts. */
export function forecast(stream: Stream, n: i32, limit: u32): Forecast {
  return forecastOf(stream, n, limit);
}

/** Upper bound on the bytes needed to fire everything open, excluding results. */
export function closing(stream: Stream): f64 {
  return closingOf(stream);
}

/** Bytes that the stream may still allocate. */
export function headroom(stream: Stream): f64 {
  return headroomOf(stream);
}

/**
 * Whether a call that allocates at most `bytes` is certain to have them. Grows the memory ahead of the call if it must.
 */
export function affords(stream: Stream, bytes: f64): bool {
  const modest = max(GROW_AHEAD_BYTES, <f64>memory.size() * 65536);
  return bytes <= modest && bytes <= headroomOf(stream) && reserveOf(<usize>bytes);
}

/**
 * Takes n events that were written at the claimed place; ids that the producer wrote are below `limit`. Returns the
 * number of late events.
 */
export function commit(stream: Stream, n: u32, limit: u32): i32 {
  if (stream.keys == Keys.ids) {
    const keys = changetype<Dictionary>(stream.dictionary);
    growTo(stream, keys, limit);
    keys.limit = limit;
  }
  stream.lateCount = 0;
  ringOf.publish(changetype<Ring>(stream.ring), n);
  consume(stream);
  return stream.lateCount;
}

/**
 * As `scanTimes`, `demand` and `commit` of the n events at the claimed place, if their times are right and memory is
 * certain to suffice: then the number of late events. Otherwise -1, and nothing is taken.
 */
export function takeSurely(stream: Stream, n: u32, timeLimit: f64, idLimit: u32): i32 {
  const ring = changetype<Ring>(stream.ring);
  const range = changetype<TimeRange>(stream.scanned);
  const at = <i32>(ring.tail & ring.mask);
  if (ringOf.scanTimes(ring, at, <i32>n, timeLimit, range) >= 0) return -1;
  const bytes = demand(stream, <f64>n, range.first, range.last, range.last, idLimit);
  return affords(stream, bytes) ? commit(stream, n, idLimit) : -1;
}

/** Address of the ring places, u32 each, of the events that were late in the last `commit`. */
export function lateEvents(stream: Stream): usize {
  return stream.lateEvents;
}

/** Allocates n segments of columns, one after the other: see ingest/segments.ts. */
export function createSegments(stream: Stream, n: u32): usize {
  return createSegmentsOf(stream, n);
}

export function segmentBytes(stream: Stream): usize {
  return segmentBytesOf(stream);
}

export function destroySegments(address: usize): void {
  destroySegmentsAt(address);
}

/** Makes the segment at an address the columns of the stream; the next events stand from place `at` on. */
export function useSegment(stream: Stream, address: usize, at: u32): void {
  useSegmentOf(stream, address, at);
}

/** Makes the stream's own columns those that it reads. */
export function useOwnColumns(stream: Stream): void {
  useOwnColumnsOf(stream);
}

/**
 * Sets how far an event may be behind the newest without being late; Infinity if only `advance` moves the watermark.
 */
export function setDisorder(stream: Stream, outOfOrder: f64): void {
  stream.outOfOrder = outOfOrder;
  // Makes the next event check what is due.
  stream.fireAt = -Infinity;
}

/** Moves the watermark without an event and fires what it passes; Infinity ends the stream. */
export function advance(stream: Stream, watermark: f64): void {
  advanceStream(stream, watermark);
  stream.advancedTo = max(stream.advancedTo, watermark + stream.outOfOrder);
}

/** Time of the newest event, -Infinity before the first. */
export function newest(stream: Stream): f64 {
  return stream.newest;
}

/** Address of the answer for a key at time t; see query.ts. */
export function query(stream: Stream, id: u32, t: f64): usize {
  return queryOf(stream, id, t);
}

/** No window on a grid fires or is released before the newest time reaches this. */
export function fireAt(stream: Stream): f64 {
  return stream.fireAt;
}

export function resultCount(stream: Stream): i32 {
  return changetype<Outbox>(stream.outbox).length;
}

export function startsColumn(stream: Stream): usize {
  return changetype<Outbox>(stream.outbox).starts;
}

export function endsColumn(stream: Stream): usize {
  return changetype<Outbox>(stream.outbox).ends;
}

export function resultIds(stream: Stream): usize {
  return changetype<Outbox>(stream.outbox).ids;
}

export function resultWindows(stream: Stream): usize {
  return changetype<Outbox>(stream.outbox).windows;
}

export function resultPanes(stream: Stream): usize {
  return changetype<Outbox>(stream.outbox).firingKinds;
}

export function resultFirings(stream: Stream): usize {
  return changetype<Outbox>(stream.outbox).firings;
}

export function resultColumn(stream: Stream, i: i32): usize {
  return outputColumn(changetype<Outbox>(stream.outbox), i);
}

/** Address of the numbers of the lists in results. */
export function resultLists(stream: Stream): usize {
  return changetype<Outbox>(stream.outbox).lists;
}

/** Number of numbers for which the lists have room. */
export function listCapacity(stream: Stream): i32 {
  return changetype<Outbox>(stream.outbox).listCapacity;
}

/** Allocates room for packed rows of other streams (result/pack.ts); 0 if memory is full. */
export function openPacked(bytes: usize): usize {
  return reserveOf(bytes) ? allocate(changetype<Owner>(0), bytes) : 0;
}

export function closePacked(address: usize): void {
  release(changetype<Owner>(0), address);
}

/** Merges the n packed rows of one window and puts its result: see result/merge.ts. */
export function putMerged(stream: Stream, packed: usize, n: i32, start: f64, end: f64, window: i32): void {
  putMergedOf(stream, packed, n, start, end, window);
}

/** Removes all results from the outbox. */
export function emptyResults(stream: Stream): void {
  emptyOutbox(stream, changetype<Outbox>(stream.outbox));
}

/** Unpins ids that only samples without further use pin. Called before the live and pins columns are read. */
export function forgetSamples(stream: Stream): void {
  forgetSamplesOf(stream);
}

/** Address of the words of the key of an id. */
export function keyWords(stream: Stream, id: u32): usize {
  return wordOf(changetype<Dictionary>(stream.dictionary), id, 0);
}

/** Address of a u32 for each id below `idLimit`: the number of rows of windows on a grid that hold it. */
export function liveColumn(stream: Stream): usize {
  return changetype<Dictionary>(stream.dictionary).live;
}

/**
 * Address of a u32 for each id: the number of its pins by stores off the grid and by samples; 0 if there can be none.
 */
export function pinsColumn(stream: Stream): usize {
  return changetype<Dictionary>(stream.dictionary).pins;
}

/** The id of the key whose words stand at place 0 of the ring, u32.MAX_VALUE if it has none. */
export function idOfKey(stream: Stream): u32 {
  const ring = changetype<Ring>(stream.ring);
  return idAt(stream, changetype<Dictionary>(stream.dictionary), ring.words, (<usize>ring.mask + 1) << 3);
}

/** Whether window k of calendar window w is listed. For this and the next three see window/grid/calendar-list.ts. */
export function isListed(stream: Stream, w: i32, k: f64): bool {
  return calendarList.isListed(windowAt(stream, w), k);
}

/** Whether n more windows of calendar window w can be listed. */
export function reserveEntries(stream: Stream, w: i32, n: f64): bool {
  return calendarList.reserveEntries(stream, windowAt(stream, w), n);
}

/** Lists window k of calendar window w. */
export function listWindow(stream: Stream, w: i32, k: f64, start: f64, end: f64): void {
  calendarList.list(stream, windowAt(stream, w), k, start, end);
}

/** Removes listed windows of calendar window w that are closed. Returns whether there were any. */
export function removeClosed(stream: Stream, w: i32): bool {
  return calendarList.removeClosed(stream, windowAt(stream, w));
}

/** Start of window k of grid window w. This and the next two serve to fill in empty windows. */
export function windowStart(stream: Stream, w: i32, k: f64): f64 {
  return edges.start(windowAt(stream, w), k);
}

/** End of window k of grid window w. */
export function windowEnd(stream: Stream, w: i32, k: f64): f64 {
  return edges.end(windowAt(stream, w), k);
}

/** Number k of the oldest window with end + slack > t. */
export function oldestOpen(stream: Stream, w: i32, t: f64, slack: f64): f64 {
  return edges.oldestOpen(windowAt(stream, w), t, slack);
}

/** All ids are below this. */
export function idLimit(stream: Stream): u32 {
  return changetype<Dictionary>(stream.dictionary).limit;
}

/** Sets how keys are written from now on; called before any event. */
export function setKeys(stream: Stream, keys: Keys): void {
  stream.keys = keys;
  if (keys == Keys.ids) dropWords(stream, changetype<Dictionary>(stream.dictionary));
}

/** Makes n numbers comparable as keys: -0 becomes 0, and every NaN the same NaN. */
export function canonicalize(column: usize, n: i32): void {
  for (let i: usize = 0; i < (<usize>n) << 3; i += 8) {
    const value = load<f64>(column + i);
    store<f64>(column + i, value == value ? value + 0 : NaN);
  }
}

/** The counter `which`; `Stat.bytes` is the memory in use, results included. */
export function stat(stream: Stream, which: Stat): f64 {
  switch (which) {
    case Stat.events:
      return stream.events;
    case Stat.late:
      return stream.late;
    case Stat.skipped:
      return stream.skipped;
    case Stat.future:
      return stream.future;
    case Stat.windows:
      return stream.fired;
    case Stat.watermark:
      return stream.watermark;
    case Stat.liveKeys:
      return changetype<Dictionary>(stream.dictionary).aliveCount;
    case Stat.liveSlices:
      return liveSlices(stream);
    case Stat.filtered:
      return stream.filtered;
    default:
      return usedBytes(stream);
  }
}

/** What the stores count as open: slices, panes, windows, or keys with events. */
function liveSlices(stream: Stream): f64 {
  let count = 0.0;
  if (!stream.isOpen) return count;
  for (let s = 0; s < stream.storeCount; s++) count += storeAt(stream, s).live(stream);
  return count;
}
