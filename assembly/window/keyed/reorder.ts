/**
 * Events one at a time, each lifted into a row of its own, and those of them that wait until none before them can come any more. An event
 * that comes in order joins the end of a queue; one that comes late, a heap. The next event is the first of either, by time and,
 * of one time, by arrival: what goes out is what sorting all events would give, however they came.
 */

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
import { allocate, release } from '../../base/allocator';
import { createPool, destroyPool, freeSlot, Pool, poolBytes, takeSlot } from '../../base/slab';
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
export class Pending {
  pool: Pool;
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

const FEW: u32 = 64;

export function createPending(stream: Stream): Pending {
  const pending = createWaiting(stream, stream.stride);
  pending.lifted = true;
  return pending;
}

/** Its events have so many bytes in place of a row. */
export function createWaiting(stream: Stream, bytes: usize): Pending {
  const pending = changetype<Pending>(allocate(stream, offsetof<Pending>()));
  memory.fill(changetype<usize>(pending), 0, offsetof<Pending>());
  pending.pool = createPool(stream, offsetof<Event>() + bytes);
  pending.queue = allocate(stream, FEW << 2);
  pending.mask = FEW - 1;
  pending.last = -Infinity;
  pending.stragglers = createHeap(stream);
  return pending;
}

/** Its events are all given back, but for those that wait. */
export function destroyPending(stream: Stream, pending: Pending): void {
  while (waiting(pending)) freeEvent(stream, pending, shift(stream, pending));
  destroyPool(stream, pending.pool);
  destroyHeap(stream, pending.stragglers);
  release(stream, pending.queue);
  release(stream, changetype<usize>(pending));
}

/** Bytes that n more events can need. */
export function pendingBytes(pending: Pending, n: f64): f64 {
  const queued = <f64>(pending.tail - pending.head) + n;
  const longer = queued > <f64>pending.mask ? 16 * queued : 4 * <f64>pending.mask;
  return poolBytes(pending.pool, n) + heapBytes(pending.stragglers, n) + longer + 512;
}

export function rowOf(event: Event): usize {
  return changetype<usize>(event) + offsetof<Event>();
}

/** An event that nothing has been folded into. */
export function createEvent(stream: Stream, pending: Pending, id: u32, time: f64): Event {
  const event = newEvent(stream, pending, id, time);
  const row = rowOf(event);
  copyRow(stream, row, stream.empty);
  store<f64>(row, 1);
  return event;
}

/** An event without a row. */
export function newEvent(stream: Stream, pending: Pending, id: u32, time: f64): Event {
  const event = changetype<Event>(takeSlot(stream, pending.pool));
  event.id = id;
  event.time = time;
  event.serial = pending.serial++;
  event.next = 0;
  event.previous = 0;
  return event;
}

export function freeEvent(stream: Stream, pending: Pending, event: Event): void {
  if (pending.lifted) dropRow(stream, rowOf(event));
  freeSlot(stream, pending.pool, changetype<usize>(event));
}

/** An event begins to wait. */
export function enqueue(stream: Stream, pending: Pending, event: Event): void {
  if (pending.head != pending.tail && event.time < pending.last) {
    pushItem(stream, pending.stragglers, event.time, event.serial, changetype<usize>(event));
    return;
  }
  if (pending.tail - pending.head > pending.mask) setRoom(stream, pending, (pending.mask + 1) * 2);
  store<u32>(pending.queue + ((<usize>(pending.tail++ & pending.mask)) << 2), <u32>changetype<usize>(event));
  pending.last = event.time;
}

function setRoom(stream: Stream, pending: Pending, room: u32): void {
  const queue = allocate(stream, (<usize>room) << 2);
  for (let i = pending.head; i != pending.tail; i++) {
    store<u32>(queue + ((<usize>(i & (room - 1))) << 2), load<u32>(pending.queue + ((<usize>(i & pending.mask)) << 2)));
  }
  release(stream, pending.queue);
  pending.queue = queue;
  pending.mask = room - 1;
}

export function waiting(pending: Pending): f64 {
  return <f64>(pending.tail - pending.head) + <f64>pending.stragglers.length;
}

/** Time of the next event, Infinity where none waits. */
export function nextTime(pending: Pending): f64 {
  const late = topKey(pending.stragglers);
  return pending.head == pending.tail ? late : min(late, first(pending).time);
}

function first(pending: Pending): Event {
  return changetype<Event>(<usize>load<u32>(pending.queue + ((<usize>(pending.head & pending.mask)) << 2)));
}

/** Takes the next event out. */
export function shift(stream: Stream, pending: Pending): Event {
  const late = pending.stragglers;
  if (pending.head != pending.tail) {
    const event = first(pending);
    const inOrder = event.time < topKey(late) || (event.time == topKey(late) && <i32>(event.serial - topTie(late)) < 0);
    if (!late.length || inOrder) {
      pending.head++;
      if (pending.mask >= FEW * 16 && pending.tail - pending.head < pending.mask >> 3) {
        setRoom(stream, pending, (pending.mask + 1) >> 1);
      }
      return event;
    }
  }
  const event = changetype<Event>(topItem(late));
  popItem(stream, late);
  return event;
}
