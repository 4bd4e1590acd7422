/**
 * Events of one key in order, added at one end and evicted at the other, and their combination at any time: two stacks (see stacks.ts) over
 * single rows. An event's row, once turned, is itself combined with all turned rows after it; those not yet turned have one
 * row together, `back`. A queue costs a word an event, and each event three combinations in all.
 *
 *     ring     addresses of events: head … split turned, split … tail not; all grow modulo 2^32
 *     bounds   `time` and `note` of an event are its least and greatest time, and are combined with its row
 *
 * States that own memory are not combined ahead, but all at once when the value is asked for.
 *
 * What is to be combined is listed, in order, and done many at a time (`combineListed`); events that go are given back when the results
 * that may read their rows are out (`giveBack`).
 */

import { allocate, release, resize } from '../../base/allocator';
import { Dictionary, pin, unpin } from '../../ingest/dictionary';
import { Firing } from '../../plan';
import { putOutputs } from '../../result/lower';
import { openResults, putHead } from '../../result/outbox';
import { addHeap, combineInline, dropTemporaries, listRow } from '../../state/rows';
import { CHUNK_ROWS, copyRow, Stream } from '../../stream';
import { createReorder, destroyReorder, Event, freeEvent, Reorder, reorderBytes, rowOf } from '../keyed/reorder';

@unmanaged
export class Queue {
  ring: usize;
  mask: u32;
  head: u32;
  split: u32;
  tail: u32;
  /** Whether back holds anything, and the bounds of what it holds. */
  filled: bool;
  least: f64;
  greatest: f64;
  /** Order of creation of the queues of a store. */
  serial: u32;
  /** What its store notes: the event that others are still folded into; how many there were. */
  waiting: u32;
  count: f64;
  panes: f64;
  next: f64;
  id: u32;
}

/** Of one store: what is listed, and the events to be given back when it is done. */
@unmanaged
export class PaneQueues {
  window: usize;
  w: i32;
  reorder: Reorder;
  /** u32 for each id: its queue, 0 if none. */
  queues: usize;
  queueCount: u32;
  /** Queues there are, and were. */
  live: u32;
  serial: u32;
  count: i32;
  evicted: u32;
  /** Results to be put: their rows and ids are listed in the stream's chunk, their bounds here. */
  results: i32;
  starts: usize;
  ends: usize;
  causes: usize;
}

const INITIAL_EVENTS: u32 = 4;

export function initQueues(stream: Stream, queues: PaneQueues, window: usize, w: i32): void {
  queues.window = window;
  queues.w = w;
  queues.reorder = createReorder(stream);
  queues.starts = allocate(stream, <usize>CHUNK_ROWS * 20);
  queues.ends = queues.starts + ((<usize>CHUNK_ROWS) << 3);
  queues.causes = queues.ends + ((<usize>CHUNK_ROWS) << 3);
}

/** All queues, and the store they are of. */
export function endQueues(stream: Stream, queues: PaneQueues): void {
  clear(stream, queues);
  destroyReorder(stream, queues.reorder);
  if (queues.queues) release(stream, queues.queues);
  release(stream, queues.starts);
  release(stream, changetype<usize>(queues));
}

/** Drops all queues; nothing is listed. */
export function clear(stream: Stream, queues: PaneQueues): void {
  for (let id: u32 = 0; id < queues.queueCount; id++) if (queueOf(queues, id)) dropQueue(stream, queues, id);
}

/** Before a batch: room for every id there is. */
export function widenQueues(stream: Stream, queues: PaneQueues): void {
  const ids = changetype<Dictionary>(stream.dictionary).limit;
  if (ids <= queues.queueCount) return;
  const room = max(ids, queues.queueCount * 2);
  queues.queues = resize(stream, queues.queues, (<usize>room) << 2);
  memory.fill(queues.queues + ((<usize>queues.queueCount) << 2), 0, (<usize>(room - queues.queueCount)) << 2);
  queues.queueCount = room;
}

/** The queue of an id, null if there is none. */
export function queueOf(queues: PaneQueues, id: u32): Queue {
  return changetype<Queue>(<usize>load<u32>(queues.queues + ((<usize>id) << 2)));
}

/** The queue of an id, made where there is none. */
export function openQueue(stream: Stream, queues: PaneQueues, id: u32): Queue {
  let queue = queueOf(queues, id);
  if (queue) return queue;
  queue = createQueue(stream);
  queue.id = id;
  queue.serial = queues.serial++;
  queues.live++;
  pin(changetype<Dictionary>(stream.dictionary), id);
  store<u32>(queues.queues + ((<usize>id) << 2), <u32>changetype<usize>(queue));
  return queue;
}

function dropQueue(stream: Stream, queues: PaneQueues, id: u32): void {
  const queue = queueOf(queues, id);
  for (let i = queue.head; i != queue.tail; i++) freeEvent(stream, queues.reorder, eventAt(queue, i));
  release(stream, queue.ring);
  release(stream, changetype<usize>(queue));
  store<u32>(queues.queues + ((<usize>id) << 2), 0);
  unpin(changetype<Dictionary>(stream.dictionary), id);
  queues.live--;
}

/** Bytes that n events can need. */
export function queuesBytes(stream: Stream, queues: PaneQueues, n: f64): f64 {
  const ids = <f64>changetype<Dictionary>(stream.dictionary).limit + n;
  const queue = <f64>(offsetof<Queue>() + stream.stride) + 256;
  // Rings double, beside the old one; those of n events cannot grow by more than there are of them already, or n.
  const rings = 12 * (<f64>queues.reorder.slab.count + n) + 256 * n;
  const longer = ids > <f64>queues.queueCount ? 8 * max(ids, 2 * <f64>queues.queueCount) : 0;
  return reorderBytes(queues.reorder, n) + n * queue + rings + longer + 512;
}

/** The row where the next result may stand. */
export function nextRow(stream: Stream, queues: PaneQueues): usize {
  return stream.temporary + <usize>queues.results * stream.stride;
}

/** Adds a result, whose row is complete once what is listed is done. */
export function listResult(stream: Stream, queues: PaneQueues, row: usize, id: u32, start: f64, end: f64): void {
  const i = <usize>queues.results;
  queues.results++;
  store<u32>(stream.chunkRows + (i << 2), <u32>row);
  store<u32>(stream.chunkIds + (i << 2), id);
  store<f64>(queues.starts + (i << 3), start);
  store<f64>(queues.ends + (i << 3), end);
  store<u32>(queues.causes + (i << 2), stream.cause);
  if (queues.results == CHUNK_ROWS) putListed(stream, queues);
}

/** All results listed go into the outbox. */
export function putListed(stream: Stream, queues: PaneQueues): void {
  runListed(stream, queues);
  const n = queues.results;
  if (n) {
    const from = openResults(stream, n);
    const at = stream.cause;
    for (let i: usize = 0; i < <usize>n; i++) {
      const id = load<u32>(stream.chunkIds + (i << 2));
      stream.cause = load<u32>(queues.causes + (i << 2));
      const start = load<f64>(queues.starts + (i << 3));
      const end = load<f64>(queues.ends + (i << 3));
      putHead(stream, from + <i32>i, start, end, id, queues.w, Firing.onTime | Firing.final, stream.empty);
    }
    stream.cause = at;
    putOutputs(stream, stream.chunkRows, from, n);
    dropTemporaries(stream, n);
    stream.fired += n;
    queues.results = 0;
  }
  freeEvicted(stream, queues);
}

function createQueue(stream: Stream): Queue {
  const queue = changetype<Queue>(allocate(stream, offsetof<Queue>() + stream.stride));
  memory.fill(changetype<usize>(queue), 0, offsetof<Queue>());
  copyRow(stream, backOf(queue), stream.empty);
  queue.ring = allocate(stream, INITIAL_EVENTS << 2);
  queue.mask = INITIAL_EVENTS - 1;
  return queue;
}

export function backOf(queue: Queue): usize {
  return changetype<usize>(queue) + offsetof<Queue>();
}

export function eventAt(queue: Queue, i: u32): Event {
  return changetype<Event>(<usize>load<u32>(queue.ring + ((<usize>(i & queue.mask)) << 2)));
}

export function isEmpty(queue: Queue): bool {
  return queue.head == queue.tail;
}

/** Does what is listed. */
export function runListed(stream: Stream, queues: PaneQueues): void {
  combineInline(stream, queues.count);
  queues.count = 0;
}

/** Gives back the events that were evicted. */
function freeEvicted(stream: Stream, queues: PaneQueues): void {
  while (queues.evicted) {
    const event = changetype<Event>(<usize>queues.evicted);
    queues.evicted = event.next;
    freeEvent(stream, queues.reorder, event);
  }
}

/** Lists into = left ⊕ right. */
export function listCombination(stream: Stream, queues: PaneQueues, into: usize, left: usize, right: usize): void {
  if (queues.count == CHUNK_ROWS) runListed(stream, queues);
  listRow(stream, queues.count++, into, left, right);
}

/** Adds an event, which comes after all others. */
export function add(stream: Stream, queues: PaneQueues, queue: Queue, event: Event): void {
  if (queue.tail - queue.head > queue.mask) setCapacity(stream, queue, (queue.mask + 1) * 2);
  store<u32>(queue.ring + ((<usize>(queue.tail++ & queue.mask)) << 2), <u32>changetype<usize>(event));
  const back = backOf(queue);
  listCombination(stream, queues, back, queue.filled ? back : stream.empty, rowOf(event));
  queue.least = queue.filled ? min(queue.least, event.time) : event.time;
  queue.greatest = queue.filled ? max(queue.greatest, event.note) : event.note;
  queue.filled = true;
}

function setCapacity(stream: Stream, queue: Queue, room: u32): void {
  const ring = allocate(stream, (<usize>room) << 2);
  for (let i = queue.head; i != queue.tail; i++) {
    store<u32>(ring + ((<usize>(i & (room - 1))) << 2), load<u32>(queue.ring + ((<usize>(i & queue.mask)) << 2)));
  }
  release(stream, queue.ring);
  queue.ring = ring;
  queue.mask = room - 1;
}

/** Takes the oldest event out, and turns the others where none is turned any more. */
export function evict(stream: Stream, queues: PaneQueues, queue: Queue): void {
  // The one that goes need not be turned.
  if (queue.head == queue.split) flip(stream, queues, queue, queue.head + 1);
  const event = eventAt(queue, queue.head++);
  event.next = queues.evicted;
  queues.evicted = <u32>changetype<usize>(event);
  if (queue.head == queue.tail) {
    queue.split = queue.head;
    queue.filled = false;
  }
  if (queue.mask >= INITIAL_EVENTS * 16 && queue.tail - queue.head < queue.mask >> 3)
    setCapacity(stream, queue, (queue.mask + 1) >> 1);
}

/** Turns all events from number `from` on. */
function flip(stream: Stream, queues: PaneQueues, queue: Queue, from: u32): void {
  let after = eventAt(queue, queue.tail - 1);
  for (let i = queue.tail - 1; <i32>(i - from) > 0; ) {
    const event = eventAt(queue, --i);
    listCombination(stream, queues, rowOf(event), rowOf(event), rowOf(after));
    event.time = min(event.time, after.time);
    event.note = max(event.note, after.note);
    after = event;
  }
  queue.split = queue.tail;
  queue.filled = false;
}

/** The combination of all events: where it stands, or in `temporary` once what is listed is done. */
export function combinationOf(stream: Stream, queues: PaneQueues, queue: Queue, temporary: usize): usize {
  if (stream.hasHeapStates) {
    const hasFront = queue.head != queue.split;
    const front = hasFront ? rowOf(eventAt(queue, queue.head)) : stream.empty;
    listCombination(stream, queues, temporary, front, queue.filled ? backOf(queue) : stream.empty);
    for (let i = queue.head; i != queue.tail; i++) addHeap(stream, temporary, rowOf(eventAt(queue, i)));
    return temporary;
  }
  if (queue.head == queue.split) {
    if (!queue.filled) return stream.empty;
    listCombination(stream, queues, temporary, stream.empty, backOf(queue));
    return temporary;
  }
  const front = rowOf(eventAt(queue, queue.head));
  if (!queue.filled) return front;
  listCombination(stream, queues, temporary, front, backOf(queue));
  return temporary;
}
