/**
 * Puts events in order of time. The store holds each event back until no earlier one can arrive, then takes it out. An
 * event that arrives in order joins the end of a queue; an earlier one, a straggler, goes into a heap. The next event
 * is the first of the two, by time and then by arrival.
 *
 * Law: events come out as a stable sort by time would give them, whatever order they arrived in.
 *
 * The file also allocates events: each is a slot of a slab, followed by its row (the event lifted), or, in an unlifted
 * reorder, by other bytes of the store. Cost: an event in order takes constant time, a straggler that of the heap.
 */

import { allocate, release } from '../../base/allocator';
import {
  createHeap,
  destroyHeap,
  Heap,
  heapBytes,
  isHeapSound,
  itemAt,
  popItem,
  pushItem,
  topItem,
  topKey,
  topTie,
} from '../../base/priority-queue';
import { RingQueue } from '../../base/ring-queue';
import { createSlab, destroySlab, freeSlot, Slab, slabBytes, takeSlot } from '../../base/slab';
import { Census } from '../../census';
import { dropRow } from '../../state/rows';
import { copyRow, Stream } from '../../stream';

@unmanaged
export class Event {
  /** Belongs to the slab. */
  place: u32;
  id: u32;
  time: f64;
  /** Free for the store: the event's gap in session/capped.ts, the greatest time of a pane in count/counted.ts. */
  note: f64;
  /** Order of creation, growing modulo 2^32. */
  serial: u32;
  /**
   * Links for the store. In rolling/rolling.ts they chain the waiting events of a key: `next` arrived before this one,
   * `previous` after it. In count/ `next` chains panes that are full, or evicted.
   */
  next: u32;
  previous: u32;
  /** In count/counted.ts: the event of the batch that filled the pane. */
  closedBy: i32;
}

/** The queue has the addresses of its events. */
@unmanaged
export class Reorder extends RingQueue<u32> {
  slab: Slab;
  serial: u32;
  /** Time of the queue's last event. */
  last: f64;
  /** Waiting events that arrived after a later one that was waiting in the queue. */
  stragglers: Heap;
  /** Whether a row follows each event. */
  lifted: bool;
}

const INITIAL_EVENTS: u32 = 64;
/** The ring does not shrink below this capacity, as the queue often empties and fills again. */
const KEPT_EVENTS: u32 = 1024;

export function createReorder(stream: Stream): Reorder {
  const reorder = createUnliftedReorder(stream, stream.stride);
  reorder.lifted = true;
  return reorder;
}

/** Creates a reorder in which `bytes` bytes for the store follow each event, in place of a row. */
export function createUnliftedReorder(stream: Stream, bytes: usize): Reorder {
  const reorder = changetype<Reorder>(allocate(stream, offsetof<Reorder>()));
  memory.fill(changetype<usize>(reorder), 0, offsetof<Reorder>());
  reorder.slab = createSlab(stream, offsetof<Event>() + bytes);
  reorder.initRing(stream, INITIAL_EVENTS);
  reorder.last = -Infinity;
  reorder.stragglers = createHeap(stream);
  return reorder;
}

/** Destroys a reorder. The caller has freed all events but those that wait. */
export function destroyReorder(stream: Stream, reorder: Reorder): void {
  while (waitingCount(reorder)) freeEvent(stream, reorder, takeNext(stream, reorder));
  destroySlab(stream, reorder.slab);
  destroyHeap(stream, reorder.stragglers);
  reorder.releaseRing(stream);
  release(stream, changetype<usize>(reorder));
}

/** Upper bound on the bytes that n more events need. */
export function reorderBytes(reorder: Reorder, n: f64): f64 {
  return slabBytes(reorder.slab, n) + heapBytes(reorder.stragglers, n) + reorder.ringBytes(n);
}

export function rowOf(event: Event): usize {
  return changetype<usize>(event) + offsetof<Event>();
}

/** Creates an event whose row counts one event and has empty states: the caller folds the event into it. */
export function createEvent(stream: Stream, reorder: Reorder, id: u32, time: f64): Event {
  const event = createUnliftedEvent(stream, reorder, id, time);
  const row = rowOf(event);
  copyRow(stream, row, stream.empty);
  store<f64>(row, 1);
  return event;
}

/** Creates an event and leaves the bytes that follow it, row or not, to the caller. */
export function createUnliftedEvent(stream: Stream, reorder: Reorder, id: u32, time: f64): Event {
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

/** Adds an event to those that wait. */
export function enqueue(stream: Stream, reorder: Reorder, event: Event): void {
  if (reorder.head != reorder.tail && event.time < reorder.last) {
    pushItem(stream, reorder.stragglers, event.time, event.serial, changetype<usize>(event));
    return;
  }
  store<u32>(reorder.pushEntry(stream), <u32>changetype<usize>(event));
  reorder.last = event.time;
}

/** How many events wait. */
export function waitingCount(reorder: Reorder): f64 {
  return <f64>reorder.entryCount() + <f64>reorder.stragglers.length;
}

/** Time of the next event, Infinity if none waits. */
export function nextTime(reorder: Reorder): f64 {
  const stragglerTime = topKey(reorder.stragglers);
  return reorder.head == reorder.tail ? stragglerTime : min(stragglerTime, firstQueued(reorder).time);
}

function firstQueued(reorder: Reorder): Event {
  return changetype<Event>(<usize>load<u32>(reorder.entryAt(reorder.head)));
}

/** Takes out the next event. At least one waits. */
export function takeNext(stream: Stream, reorder: Reorder): Event {
  const stragglers = reorder.stragglers;
  if (reorder.head != reorder.tail) {
    const event = firstQueued(reorder);
    const inOrder =
      event.time < topKey(stragglers) ||
      (event.time == topKey(stragglers) && <i32>(event.serial - topTie(stragglers)) < 0);
    if (!stragglers.length || inOrder) {
      reorder.shiftEntry(stream, KEPT_EVENTS);
      return event;
    }
  }
  const event = changetype<Event>(topItem(stragglers));
  popItem(stream, stragglers);
  return event;
}

/** Whether the events that wait are in order of time: those of the queue, and the stragglers as a heap. */
export function isInOrder(reorder: Reorder): bool {
  let last = -Infinity;
  for (let i = reorder.head; i != reorder.tail; i++) {
    const event = changetype<Event>(<usize>load<u32>(reorder.entryAt(i)));
    if (event.time < last) return false;
    last = event.time;
  }
  return isHeapSound(reorder.stragglers) && (reorder.head == reorder.tail || reorder.last == last);
}

/** Counts a pin for each waiting event. */
export function countWaiting(reorder: Reorder, census: Census): void {
  for (let i = reorder.head; i != reorder.tail; i++) {
    census.countPin(changetype<Event>(<usize>load<u32>(reorder.entryAt(i))).id);
  }
  for (let i = 0; i < reorder.stragglers.length; i++)
    census.countPin(changetype<Event>(itemAt(reorder.stragglers, i)).id);
}
