/**
 * Events one at a time, each lifted into a row of its own, and those of them that wait until none before them can come any more. An event
 * that comes in order joins the end of a queue; one that comes late, a heap. The next event is the first of either, by time and,
 * of one time, by arrival: what goes out is what sorting all events would give, however they came.
 */

import { allocate, release } from '../../base/allocator';
import {
  createHeap,
  destroyHeap,
  Heap,
  heapBytes,
  popItem,
  pushItem,
  topItem,
  topKey,
  topTie,
} from '../../base/priority-queue';
import { createSlab, destroySlab, freeSlot, Slab, slabBytes, takeSlot } from '../../base/slab';
import { dropRow } from '../../state/rows';
import { copyRow, Stream } from '../../stream';

@unmanaged
export class Event {
  chunk: u32;
  id: u32;
  time: f64;
  /** What else the window wants to know of it. */
  note: f64;
  /** Order of arrival, growing modulo 2^32. */
  serial: u32;
  /** The next and the last before of those of its key that wait, or the next of another list. */
  next: u32;
  previous: u32;
}

@unmanaged
export class Reorder {
  slab: Slab;
  serial: u32;
  /** The queue: a ring of addresses, head and tail growing modulo 2^32. */
  queue: usize;
  mask: u32;
  head: u32;
  tail: u32;
  /** Time of the queue's last event. */
  last: f64;
  stragglers: Heap;
  /** Whether its events have rows. */
  lifted: bool;
}

const INITIAL_EVENTS: u32 = 64;

export function createReorder(stream: Stream): Reorder {
  const reorder = createWaiting(stream, stream.stride);
  reorder.lifted = true;
  return reorder;
}

/** Its events have so many bytes in place of a row. */
export function createWaiting(stream: Stream, bytes: usize): Reorder {
  const reorder = changetype<Reorder>(allocate(stream, offsetof<Reorder>()));
  memory.fill(changetype<usize>(reorder), 0, offsetof<Reorder>());
  reorder.slab = createSlab(stream, offsetof<Event>() + bytes);
  reorder.queue = allocate(stream, INITIAL_EVENTS << 2);
  reorder.mask = INITIAL_EVENTS - 1;
  reorder.last = -Infinity;
  reorder.stragglers = createHeap(stream);
  return reorder;
}

/** Its events are all given back, but for those that wait. */
export function destroyReorder(stream: Stream, reorder: Reorder): void {
  while (waiting(reorder)) freeEvent(stream, reorder, takeNext(stream, reorder));
  destroySlab(stream, reorder.slab);
  destroyHeap(stream, reorder.stragglers);
  release(stream, reorder.queue);
  release(stream, changetype<usize>(reorder));
}

/** Bytes that n more events can need. */
export function reorderBytes(reorder: Reorder, n: f64): f64 {
  const queued = <f64>(reorder.tail - reorder.head) + n;
  const longer = queued > <f64>reorder.mask ? 16 * queued : 4 * <f64>reorder.mask;
  return slabBytes(reorder.slab, n) + heapBytes(reorder.stragglers, n) + longer + 512;
}

export function rowOf(event: Event): usize {
  return changetype<usize>(event) + offsetof<Event>();
}

/** An event that nothing has been folded into. */
export function createEvent(stream: Stream, reorder: Reorder, id: u32, time: f64): Event {
  const event = newEvent(stream, reorder, id, time);
  const row = rowOf(event);
  copyRow(stream, row, stream.empty);
  store<f64>(row, 1);
  return event;
}

/** An event without a row. */
export function newEvent(stream: Stream, reorder: Reorder, id: u32, time: f64): Event {
  const event = changetype<Event>(takeSlot(stream, reorder.slab));
  event.id = id;
  event.time = time;
  event.serial = reorder.serial++;
  event.next = 0;
  event.previous = 0;
  return event;
}

export function freeEvent(stream: Stream, reorder: Reorder, event: Event): void {
  if (reorder.lifted) dropRow(stream, rowOf(event));
  freeSlot(stream, reorder.slab, changetype<usize>(event));
}

/** An event begins to wait. */
export function enqueue(stream: Stream, reorder: Reorder, event: Event): void {
  if (reorder.head != reorder.tail && event.time < reorder.last) {
    pushItem(stream, reorder.stragglers, event.time, event.serial, changetype<usize>(event));
    return;
  }
  if (reorder.tail - reorder.head > reorder.mask) setCapacity(stream, reorder, (reorder.mask + 1) * 2);
  store<u32>(reorder.queue + ((<usize>(reorder.tail++ & reorder.mask)) << 2), <u32>changetype<usize>(event));
  reorder.last = event.time;
}

function setCapacity(stream: Stream, reorder: Reorder, room: u32): void {
  const queue = allocate(stream, (<usize>room) << 2);
  for (let i = reorder.head; i != reorder.tail; i++) {
    store<u32>(queue + ((<usize>(i & (room - 1))) << 2), load<u32>(reorder.queue + ((<usize>(i & reorder.mask)) << 2)));
  }
  release(stream, reorder.queue);
  reorder.queue = queue;
  reorder.mask = room - 1;
}

export function waiting(reorder: Reorder): f64 {
  return <f64>(reorder.tail - reorder.head) + <f64>reorder.stragglers.length;
}

/** Time of the next event, Infinity where none waits. */
export function nextTime(reorder: Reorder): f64 {
  const late = topKey(reorder.stragglers);
  return reorder.head == reorder.tail ? late : min(late, first(reorder).time);
}

function first(reorder: Reorder): Event {
  return changetype<Event>(<usize>load<u32>(reorder.queue + ((<usize>(reorder.head & reorder.mask)) << 2)));
}

/** Takes the next event out. */
export function takeNext(stream: Stream, reorder: Reorder): Event {
  const late = reorder.stragglers;
  if (reorder.head != reorder.tail) {
    const event = first(reorder);
    const inOrder = event.time < topKey(late) || (event.time == topKey(late) && <i32>(event.serial - topTie(late)) < 0);
    if (!late.length || inOrder) {
      reorder.head++;
      if (reorder.mask >= INITIAL_EVENTS * 16 && reorder.tail - reorder.head < reorder.mask >> 3) {
        setCapacity(stream, reorder, (reorder.mask + 1) >> 1);
      }
      return event;
    }
  }
  const event = changetype<Event>(topItem(late));
  popItem(stream, late);
  return event;
}
