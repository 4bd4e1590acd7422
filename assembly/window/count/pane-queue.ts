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

import { Dictionary, hold, unhold } from '../../ingest/dictionary';
import { allocate, release, resize } from '../../base/allocator';
import { putOutputs } from '../../result/lower';
import { openResults, putHead } from '../../result/outbox';
import { createPending, destroyPending, Event, freeEvent, Pending, pendingBytes, rowOf } from '../keyed/reorder';
import { Pane } from '../../plan';
import { addOwning, combineLight, dropTemporaries, list } from '../../state/rows';
import { CHUNK, copyRow, Stream } from '../../stream';

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
export class Work {
  window: usize;
  w: i32;
  pending: Pending;
  /** u32 for each id: its queue, 0 if none. */
  queues: usize;
  queueCount: u32;
  /** Queues there are, and were. */
  live: u32;
  serial: u32;
  count: i32;
  gone: u32;
  /** Results to be put: their rows and ids are listed in the stream's chunk, their bounds here. */
  results: i32;
  starts: usize;
  ends: usize;
  ats: usize;
}

const FEW: u32 = 4;

export function initWork(stream: Stream, work: Work, window: usize, w: i32): void {
  work.window = window;
  work.w = w;
  work.pending = createPending(stream);
  work.starts = allocate(stream, <usize>CHUNK * 20);
  work.ends = work.starts + ((<usize>CHUNK) << 3);
  work.ats = work.ends + ((<usize>CHUNK) << 3);
}

/** All queues, and the store they are of. */
export function endWork(stream: Stream, work: Work): void {
  clear(stream, work);
  destroyPending(stream, work.pending);
  if (work.queues) release(stream, work.queues);
  release(stream, work.starts);
  release(stream, changetype<usize>(work));
}

/** Drops all queues; nothing is listed. */
export function clear(stream: Stream, work: Work): void {
  for (let id: u32 = 0; id < work.queueCount; id++) if (queueOf(work, id)) dropQueue(stream, work, id);
}

/** Before a batch: room for every id there is. */
export function widenQueues(stream: Stream, work: Work): void {
  const ids = changetype<Dictionary>(stream.dictionary).limit;
  if (ids <= work.queueCount) return;
  const room = max(ids, work.queueCount * 2);
  work.queues = resize(stream, work.queues, (<usize>room) << 2);
  memory.fill(work.queues + ((<usize>work.queueCount) << 2), 0, (<usize>(room - work.queueCount)) << 2);
  work.queueCount = room;
}

/** The queue of an id, null if there is none. */
export function queueOf(work: Work, id: u32): Queue {
  return changetype<Queue>(<usize>load<u32>(work.queues + ((<usize>id) << 2)));
}

/** The queue of an id, made where there is none. */
export function openQueue(stream: Stream, work: Work, id: u32): Queue {
  let queue = queueOf(work, id);
  if (queue) return queue;
  queue = createQueue(stream);
  queue.id = id;
  queue.serial = work.serial++;
  work.live++;
  hold(changetype<Dictionary>(stream.dictionary), id);
  store<u32>(work.queues + ((<usize>id) << 2), <u32>changetype<usize>(queue));
  return queue;
}

function dropQueue(stream: Stream, work: Work, id: u32): void {
  const queue = queueOf(work, id);
  for (let i = queue.head; i != queue.tail; i++) freeEvent(stream, work.pending, eventAt(queue, i));
  release(stream, queue.ring);
  release(stream, changetype<usize>(queue));
  store<u32>(work.queues + ((<usize>id) << 2), 0);
  unhold(changetype<Dictionary>(stream.dictionary), id);
  work.live--;
}

/** Bytes that n events can need. */
export function workBytes(stream: Stream, work: Work, n: f64): f64 {
  const ids = <f64>changetype<Dictionary>(stream.dictionary).limit + n;
  const queue = <f64>(offsetof<Queue>() + stream.stride) + 256;
  // Rings double, beside the old one; those of n events cannot grow by more than there are of them already, or n.
  const rings = 12 * (<f64>work.pending.pool.count + n) + 256 * n;
  const longer = ids > <f64>work.queueCount ? 8 * max(ids, 2 * <f64>work.queueCount) : 0;
  return pendingBytes(work.pending, n) + n * queue + rings + longer + 512;
}

/** The row where the next result may stand. */
export function nextRow(stream: Stream, work: Work): usize {
  return stream.temporary + <usize>work.results * stream.stride;
}

/** Adds a result, whose row is complete once what is listed is done. */
export function putLater(stream: Stream, work: Work, row: usize, id: u32, start: f64, end: f64): void {
  const i = <usize>work.results;
  work.results++;
  store<u32>(stream.chunkRows + (i << 2), <u32>row);
  store<u32>(stream.chunkIds + (i << 2), id);
  store<f64>(work.starts + (i << 3), start);
  store<f64>(work.ends + (i << 3), end);
  store<u32>(work.ats + (i << 2), stream.at);
  if (work.results == CHUNK) putListed(stream, work);
}

/** All results listed go into the outbox. */
export function putListed(stream: Stream, work: Work): void {
  combineListed(stream, work);
  const n = work.results;
  if (n) {
    const from = openResults(stream, n);
    const at = stream.at;
    for (let i: usize = 0; i < <usize>n; i++) {
      const id = load<u32>(stream.chunkIds + (i << 2));
      stream.at = load<u32>(work.ats + (i << 2));
      const start = load<f64>(work.starts + (i << 3));
      const end = load<f64>(work.ends + (i << 3));
      putHead(stream, from + <i32>i, start, end, id, work.w, Pane.onTime | Pane.final, stream.empty);
    }
    stream.at = at;
    putOutputs(stream, stream.chunkRows, from, n);
    dropTemporaries(stream, n);
    stream.fired += n;
    work.results = 0;
  }
  giveBack(stream, work);
}

function createQueue(stream: Stream): Queue {
  const queue = changetype<Queue>(allocate(stream, offsetof<Queue>() + stream.stride));
  memory.fill(changetype<usize>(queue), 0, offsetof<Queue>());
  copyRow(stream, backOf(queue), stream.empty);
  queue.ring = allocate(stream, FEW << 2);
  queue.mask = FEW - 1;
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
export function combineListed(stream: Stream, work: Work): void {
  combineLight(stream, work.count);
  work.count = 0;
}

/** Gives back the events that were evicted. */
function giveBack(stream: Stream, work: Work): void {
  while (work.gone) {
    const event = changetype<Event>(<usize>work.gone);
    work.gone = event.next;
    freeEvent(stream, work.pending, event);
  }
}

/** Lists into = left ⊕ right. */
export function combineLater(stream: Stream, work: Work, into: usize, left: usize, right: usize): void {
  if (work.count == CHUNK) combineListed(stream, work);
  list(stream, work.count++, into, left, right);
}

/** Adds an event, which comes after all others. */
export function add(stream: Stream, work: Work, queue: Queue, event: Event): void {
  if (queue.tail - queue.head > queue.mask) setRoom(stream, queue, (queue.mask + 1) * 2);
  store<u32>(queue.ring + ((<usize>(queue.tail++ & queue.mask)) << 2), <u32>changetype<usize>(event));
  const back = backOf(queue);
  combineLater(stream, work, back, queue.filled ? back : stream.empty, rowOf(event));
  queue.least = queue.filled ? min(queue.least, event.time) : event.time;
  queue.greatest = queue.filled ? max(queue.greatest, event.note) : event.note;
  queue.filled = true;
}

function setRoom(stream: Stream, queue: Queue, room: u32): void {
  const ring = allocate(stream, (<usize>room) << 2);
  for (let i = queue.head; i != queue.tail; i++) {
    store<u32>(ring + ((<usize>(i & (room - 1))) << 2), load<u32>(queue.ring + ((<usize>(i & queue.mask)) << 2)));
  }
  release(stream, queue.ring);
  queue.ring = ring;
  queue.mask = room - 1;
}

/** Takes the oldest event out, and turns the others where none is turned any more. */
export function evict(stream: Stream, work: Work, queue: Queue): void {
  // The one that goes need not be turned.
  if (queue.head == queue.split) turn(stream, work, queue, queue.head + 1);
  const event = eventAt(queue, queue.head++);
  event.next = work.gone;
  work.gone = <u32>changetype<usize>(event);
  if (queue.head == queue.tail) {
    queue.split = queue.head;
    queue.filled = false;
  }
  if (queue.mask >= FEW * 16 && queue.tail - queue.head < queue.mask >> 3)
    setRoom(stream, queue, (queue.mask + 1) >> 1);
}

/** Turns all events from number `from` on. */
function turn(stream: Stream, work: Work, queue: Queue, from: u32): void {
  let after = eventAt(queue, queue.tail - 1);
  for (let i = queue.tail - 1; <i32>(i - from) > 0; ) {
    const event = eventAt(queue, --i);
    combineLater(stream, work, rowOf(event), rowOf(event), rowOf(after));
    event.time = min(event.time, after.time);
    event.note = max(event.note, after.note);
    after = event;
  }
  queue.split = queue.tail;
  queue.filled = false;
}

/** The combination of all events: where it stands, or in `temporary` once what is listed is done. */
export function valueOf(stream: Stream, work: Work, queue: Queue, temporary: usize): usize {
  if (stream.owning) {
    const hasFront = queue.head != queue.split;
    const front = hasFront ? rowOf(eventAt(queue, queue.head)) : stream.empty;
    combineLater(stream, work, temporary, front, queue.filled ? backOf(queue) : stream.empty);
    for (let i = queue.head; i != queue.tail; i++) addOwning(stream, temporary, rowOf(eventAt(queue, i)));
    return temporary;
  }
  if (queue.head == queue.split) {
    if (!queue.filled) return stream.empty;
    combineLater(stream, work, temporary, stream.empty, backOf(queue));
    return temporary;
  }
  const front = rowOf(eventAt(queue, queue.head));
  if (!queue.filled) return front;
  combineLater(stream, work, temporary, front, backOf(queue));
  return temporary;
}
