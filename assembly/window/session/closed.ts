/**
 * Remembers the sessions that fired for the last time, because an event must not reach into them any more: it is late
 * if it comes before the barrier of its key, the greatest end of those sessions.
 *
 * Sessions stand in a queue as they closed: in order of their ends, except among those that one move of the watermark
 * closed. Only an event behind the watermark can be stopped by a barrier. So entries are read into the table of
 * barriers when such an event comes, and a stream whose events are in order never writes the table. Each entry costs
 * constant time.
 *
 *     queue      a ring of 0 end: f64 │ 8 id: u32; head, read and tail grow modulo 2^32
 *     barriers   f64 for each id, from the entries between head and read; -Infinity: none
 *
 * Law: an entry pins its id. A barrier is the end of an entry in the queue, or -Infinity.
 */

import { allocate, release, resize } from '../../base/allocator';
import { Dictionary, unpin } from '../../ingest/dictionary';
import { Stream } from '../../stream';

@unmanaged
export class ClosedSessions {
  queue: usize;
  mask: u32;
  head: u32;
  read: u32;
  tail: u32;
  barriers: usize;
  barrierCount: u32;
}

const INITIAL_SESSIONS: u32 = 16;

export function createClosed(stream: Stream): ClosedSessions {
  const closed = changetype<ClosedSessions>(allocate(stream, offsetof<ClosedSessions>()));
  memory.fill(changetype<usize>(closed), 0, offsetof<ClosedSessions>());
  closed.queue = allocate(stream, (<usize>INITIAL_SESSIONS) << 4);
  closed.mask = INITIAL_SESSIONS - 1;
  return closed;
}

export function destroyClosed(stream: Stream, closed: ClosedSessions): void {
  release(stream, closed.queue);
  if (closed.barriers) release(stream, closed.barriers);
  release(stream, changetype<usize>(closed));
}

/** Upper bound on the bytes that n more sessions and barriers for `ids` ids need. */
export function closedBytes(closed: ClosedSessions, n: f64, ids: f64): f64 {
  const entries = <f64>(closed.tail - closed.head) + n;
  const longer = entries > <f64>closed.mask ? 32 * entries : 8 * <f64>closed.mask;
  return longer + (ids > <f64>closed.barrierCount ? 16 * max(ids, 2 * <f64>closed.barrierCount) : 0) + 256;
}

function entryAt(closed: ClosedSessions, i: u32): usize {
  return closed.queue + ((<usize>(i & closed.mask)) << 4);
}

function setCapacity(stream: Stream, closed: ClosedSessions, capacity: u32): void {
  const queue = allocate(stream, (<usize>capacity) << 4);
  for (let i = closed.head; i != closed.tail; i++) {
    v128.store(queue + ((<usize>(i & (capacity - 1))) << 4), v128.load(entryAt(closed, i)));
  }
  release(stream, closed.queue);
  closed.queue = queue;
  closed.mask = capacity - 1;
}

/** Remembers a session that ended at `end`. The queue takes over the session's pin of its id. */
export function remember(stream: Stream, closed: ClosedSessions, id: u32, end: f64): void {
  if (closed.tail - closed.head > closed.mask) setCapacity(stream, closed, (closed.mask + 1) * 2);
  const entry = entryAt(closed, closed.tail++);
  store<f64>(entry, end);
  store<u32>(entry, id, 8);
}

/** The greatest end of the sessions remembered of a key, -Infinity if there are none. `ids`: all ids are below it. */
export function barrierOf(stream: Stream, closed: ClosedSessions, id: u32, ids: u32): f64 {
  if (closed.barrierCount < ids) {
    closed.barriers = resize(stream, closed.barriers, (<usize>ids) << 3);
    for (let i = closed.barrierCount; i < ids; i++) store<f64>(barrierAt(closed, i), -Infinity);
    closed.barrierCount = ids;
  }
  for (; closed.read != closed.tail; closed.read++) {
    const entry = entryAt(closed, closed.read);
    const barrier = barrierAt(closed, load<u32>(entry, 8));
    store<f64>(barrier, max(load<f64>(barrier), load<f64>(entry)));
  }
  return load<f64>(barrierAt(closed, id));
}

function barrierAt(closed: ClosedSessions, id: u32): usize {
  return closed.barriers + ((<usize>id) << 3);
}

/** End of the first session in the queue, Infinity if the queue is empty. */
export function firstEnd(closed: ClosedSessions): f64 {
  return closed.head != closed.tail ? load<f64>(entryAt(closed, closed.head)) : Infinity;
}

/** Removes the first session from the queue and unpins its id. */
export function forgetFirst(stream: Stream, closed: ClosedSessions): void {
  const entry = entryAt(closed, closed.head);
  const id = load<u32>(entry, 8);
  if (closed.head == closed.read) closed.read++;
  else if (load<f64>(barrierAt(closed, id)) == load<f64>(entry)) store<f64>(barrierAt(closed, id), -Infinity);
  closed.head++;
  unpin(changetype<Dictionary>(stream.dictionary), id);
  const capacity = closed.mask + 1;
  if (capacity > INITIAL_SESSIONS * 4 && closed.tail - closed.head < capacity >> 3)
    setCapacity(stream, closed, capacity >> 1);
}
