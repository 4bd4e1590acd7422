/**
 * The core: everything it exports. Streams are addresses; counts, ids and addresses are 32-bit, times are f64.
 *
 * The way of an event: claim (ring.ts) → commit → assign, locate, fold (pipeline.ts) → fire (fire.ts) → outbox (outbox.ts).
 */

import { allocate, Owner, release, reserve as reserveOf, resize } from './base/allocator';
import { closing as closingOf, demand as demandOf } from './budget';
import { forgetSamples as forgetSamplesOf } from './ingest/counter-steps';
import { Dictionary, dropWords, growTo, idAt, wordOf } from './ingest/dictionary';
import * as ringOf from './ingest/ring';
import { Ring } from './ingest/ring';
import {
  createSegments as createSegmentsOf,
  destroySegments as destroySegmentsAt,
  segmentBytes as segmentBytesOf,
  useSegment as useSegmentOf,
} from './ingest/segments';
import { buildStream, createStream, destroyStream } from './lifecycle';
import { advance as advanceStream, consume } from './pipeline';
import { Keys, Stat, WindowPlan } from './plan';
import { query as queryOf } from './query';
import { putMerged as putMergedOf } from './result/merge';
import { emptyOutbox, Outbox, outputColumn } from './result/outbox';
import { earliestHeld as earliestHeldOf } from './retention';
import { headroom as headroomOf, Stream, storeAt, windowAt } from './stream';
import * as edges from './window/grid/edges';
import { Slices } from './window/grid/slices';
import { triggeredAt } from './window/grid/triggered';
import { stacksAt } from './window/grid/two-stacks';

export * from './aggregate/aggregate-registry';
export { reserve, resetEnd, start, top } from './base/allocator';
export * from './window/window-registry';

export function create(planBytes: usize): usize {
  return createStream(planBytes);
}

/** Where the caller writes the plan of a stream just created. */
export function plan(stream: Stream): usize {
  return stream.plan;
}

export function build(stream: Stream): bool {
  return buildStream(stream);
}

export function destroy(stream: Stream): void {
  destroyStream(stream);
}

export function claim(stream: Stream, n: u32): i32 {
  return ringOf.claim(changetype<Ring>(stream.ring), n);
}

export function timesColumn(stream: Stream): usize {
  return changetype<Ring>(stream.ring).times;
}

export function idsColumn(stream: Stream): usize {
  return changetype<Ring>(stream.ring).ids;
}

/** The columns of the key's words, one after the other. */
export function wordsColumns(stream: Stream): usize {
  return changetype<Ring>(stream.ring).words;
}

/** The columns of the measures, one after the other. */
export function measureColumns(stream: Stream): usize {
  return changetype<Ring>(stream.ring).measures;
}

export function badTime(stream: Stream, at: i32, n: i32, limit: f64): i32 {
  return ringOf.badTime(changetype<Ring>(stream.ring), at, n, limit);
}

/** Least and greatest of the times last checked. */
export function firstTime(stream: Stream): f64 {
  return changetype<Ring>(stream.ring).minTime;
}

export function lastTime(stream: Stream): f64 {
  return changetype<Ring>(stream.ring).maxTime;
}

/** The first of n ids at place `at` that is not below the limit, or -1. */
export function badId(stream: Stream, at: i32, n: i32, limit: u32): i32 {
  const ids = changetype<Ring>(stream.ring).ids + ((<usize>at) << 2);
  for (let i = 0; i < n; i++) if (load<u32>(ids + ((<usize>i) << 2)) >= limit) return i;
  return -1;
}

/** Turns keys that were written as words into ids; what cannot be one becomes the last of all. */
export function idsOfWords(stream: Stream, at: i32, n: i32): void {
  const ring = changetype<Ring>(stream.ring);
  for (let i = <usize>at; i < <usize>(at + n); i++) {
    const id = load<f64>(ring.words + (i << 3));
    store<u32>(ring.ids + (i << 2), id >= 0 && id < 4294967295 && floor(id) == id ? <u32>id : 0xffffffff);
  }
}

export function demand(stream: Stream, n: f64, first: f64, last: f64, beyond: f64): f64 {
  return demandOf(stream, n, first, last, beyond);
}

/** Bytes that giving out all that is open can need, results apart. */
export function closing(stream: Stream): f64 {
  return closingOf(stream, 0, 0);
}

export function headroom(stream: Stream): f64 {
  return headroomOf(stream);
}

/** Publishes n claimed events and takes them, ids being below `limit`; how many of them came late. */
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

/** Places in the ring of the events that came late. */
export function lateEvents(stream: Stream): usize {
  return stream.lateEvents;
}

/** So many segments of columns one after the other: see segment.ts. */
export function createSegments(stream: Stream, n: u32): usize {
  return createSegmentsOf(stream, n);
}

export function segmentBytes(stream: Stream): usize {
  return segmentBytesOf(stream);
}

export function destroySegments(address: usize): void {
  destroySegmentsAt(address);
}

/** The columns are those at an address, and the next events stand from place `at` on. */
export function useSegment(stream: Stream, address: usize, at: u32): void {
  useSegmentOf(stream, address, at);
}

/** How far behind the newest event an event may come; Infinity where time is moved by hand alone. */
export function setDisorder(stream: Stream, outOfOrder: f64): void {
  stream.outOfOrder = outOfOrder;
  // The next event looks what is due.
  stream.fireAt = -Infinity;
}

export function advance(stream: Stream, watermark: f64): void {
  advanceStream(stream, watermark);
  stream.advancedTo = max(stream.advancedTo, watermark + stream.outOfOrder);
}

/** The earliest time of which something is held, Infinity if nothing is. */
export function earliestHeld(stream: Stream): f64 {
  return earliestHeldOf(stream);
}

/** Time of the newest event, -Infinity before the first. */
export function newest(stream: Stream): f64 {
  return stream.newest;
}

/** What a key has at time t; see query.ts. */
export function query(stream: Stream, id: u32, t: f64): usize {
  return queryOf(stream, id, t);
}

/** The newest time from which on an event may make something fire. */
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
  return changetype<Outbox>(stream.outbox).panes;
}

export function resultFirings(stream: Stream): usize {
  return changetype<Outbox>(stream.outbox).firings;
}

export function resultColumn(stream: Stream, i: i32): usize {
  return outputColumn(changetype<Outbox>(stream.outbox), i);
}

/** The numbers of lists among the results, and how many there is room for. */
export function resultLists(stream: Stream): usize {
  return changetype<Outbox>(stream.outbox).lists;
}

export function listCapacity(stream: Stream): i32 {
  return changetype<Outbox>(stream.outbox).listCapacity;
}

/** Room for rows of other streams, and what becomes of them: see partial.ts. 0 where memory is full. */
export function openPacked(bytes: usize): usize {
  return reserveOf(bytes) ? allocate(changetype<Owner>(0), bytes) : 0;
}

export function closePacked(address: usize): void {
  release(changetype<Owner>(0), address);
}

export function putMerged(stream: Stream, packed: usize, n: i32, start: f64, end: f64, window: i32): void {
  putMergedOf(stream, packed, n, start, end, window);
}

export function emptyResults(stream: Stream): void {
  emptyOutbox(stream, changetype<Outbox>(stream.outbox));
}

/** Lets go of ids that are only held for what is no longer of use, before their counts are read. */
export function forgetSamples(stream: Stream): void {
  forgetSamplesOf(stream);
}

/** Address of the words of an id's key. */
export function keyWords(stream: Stream, id: u32): usize {
  return wordOf(changetype<Dictionary>(stream.dictionary), id, 0);
}

/** u32 for each id below `idLimit`: how many rows hold it. */
export function liveColumn(stream: Stream): usize {
  return changetype<Dictionary>(stream.dictionary).live;
}

/** The same for windows that are not on a grid of time and for samples; 0 where there are none. */
export function pinsColumn(stream: Stream): usize {
  return changetype<Dictionary>(stream.dictionary).pins;
}

/** The id of the key whose words stand at place 0 of the ring, u32.MAX_VALUE where it has none. */
export function idOfKey(stream: Stream): u32 {
  const ring = changetype<Ring>(stream.ring);
  return idAt(stream, changetype<Dictionary>(stream.dictionary), ring.words, (<usize>ring.mask + 1) << 3);
}

/** Room for a table of n edges of calendar window w, in place of the one before; see window/calendar.ts. */
export function edgeTable(stream: Stream, w: i32, n: i32): usize {
  const window = windowAt(stream, w);
  const table = resize(stream, load<u32>(window, WindowPlan.edges), <usize>n * 24);
  store<u32>(window, <u32>table, WindowPlan.edges);
  store<i32>(window, n, WindowPlan.edgeCount);
  return table;
}

/** Edges and numbers of windows on a grid, for those who fill in empty ones. */
export function windowStart(stream: Stream, w: i32, k: f64): f64 {
  return edges.start(windowAt(stream, w), k);
}

export function windowEnd(stream: Stream, w: i32, k: f64): f64 {
  return edges.end(windowAt(stream, w), k);
}

export function oldestOpen(stream: Stream, w: i32, t: f64, slack: f64): f64 {
  return edges.oldestOpen(windowAt(stream, w), t, slack);
}

export function idLimit(stream: Stream): u32 {
  return changetype<Dictionary>(stream.dictionary).limit;
}

/** How keys come from now on; before any event. */
export function setKeys(stream: Stream, keys: Keys): void {
  stream.keys = keys;
  if (keys == Keys.ids) dropWords(stream, changetype<Dictionary>(stream.dictionary));
}

/** Numbers as keys: -0 becomes 0, every NaN the same NaN. */
export function canonicalize(column: usize, n: i32): void {
  for (let i: usize = 0; i < (<usize>n) << 3; i += 8) {
    const value = load<f64>(column + i);
    store<f64>(column + i, value == value ? value + 0 : NaN);
  }
}

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
      return stream.used + stream.results.used + stream.states.used;
  }
}

function liveSlices(stream: Stream): f64 {
  let count = <f64>changetype<Slices>(stream.slices).length;
  for (let w = 0; w < stream.gridCount; w++)
    count += <f64>(stacksAt(stream, w).panes.count + triggeredAt(stream, w).list.length);
  for (let w = stream.gridCount; w < stream.windowCount; w++) {
    count += call_indirect<f64>(load<u32>(windowAt(stream, w), WindowPlan.live), stream, storeAt(stream, w));
  }
  return count;
}
