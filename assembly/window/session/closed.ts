/**
 * Sessions that fired for good and still keep events away: they stand in a queue, in order but for those that one move of the watermark
 * closes. Of each key the last end is what counts, its barrier. Only an event from before the watermark can meet one, so that the queue
 * is read into a table of barriers when such a one comes, and streams that are in order never write it.
 *
 *     queue      a ring of 0 end: f64 │ 8 id: u32; head, read and tail grow modulo 2^32
 *     barriers   f64 for each id, -Infinity: none; of the entries before `read`
 *
 * Law: an entry holds its id, and a barrier is of an entry that is in the queue, or -Infinity.
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

/** Bytes that n more sessions can need, and a barrier for each of so many ids. */
export function closedBytes(closed: ClosedSessions, n: f64, ids: f64): f64 {
  const entries = <f64>(closed.tail - closed.head) + n;
  const longer = entries > <f64>closed.mask ? 32 * entries : 8 * <f64>closed.mask;
  return longer + (ids > <f64>closed.barrierCount ? 16 * max(ids, 2 * <f64>closed.barrierCount) : 0) + 256;
}

function entryAt(closed: ClosedSessions, i: u32): usize {
  return closed.queue + ((<usize>(i & closed.mask)) << 4);
}

function setCapacity(stream: Stream, closed: ClosedSessions, room: u32): void {
  const queue = allocate(stream, (<usize>room) << 4);
  for (let i = closed.head; i != closed.tail; i++) {
    v128.store(queue + ((<usize>(i & (room - 1))) << 4), v128.load(entryAt(closed, i)));
  }
  release(stream, closed.queue);
  closed.queue = queue;
  closed.mask = room - 1;
}

/** A session is closed; the hold on its id goes over to the queue. */
export function remember(stream: Stream, closed: ClosedSessions, id: u32, end: f64): void {
  if (closed.tail - closed.head > closed.mask) setCapacity(stream, closed, (closed.mask + 1) * 2);
  const entry = entryAt(closed, closed.tail++);
  store<f64>(entry, end);
  store<u32>(entry, id, 8);
}

/** End of the last session remembered of a key, one of so many ids; -Infinity if there is none. */
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

/** End of the first session in the queue, Infinity if there is none. */
export function firstEnd(closed: ClosedSessions): f64 {
  return closed.head != closed.tail ? load<f64>(entryAt(closed, closed.head)) : Infinity;
}

/** Forgets the first session. */
export function forgetFirst(stream: Stream, closed: ClosedSessions): void {
  const entry = entryAt(closed, closed.head);
  const id = load<u32>(entry, 8);
  if (closed.head == closed.read) closed.read++;
  else if (load<f64>(barrierAt(closed, id)) == load<f64>(entry)) store<f64>(barrierAt(closed, id), -Infinity);
  closed.head++;
  unpin(changetype<Dictionary>(stream.dictionary), id);
  const room = closed.mask + 1;
  if (room > INITIAL_SESSIONS * 4 && closed.tail - closed.head < room >> 3) setCapacity(stream, closed, room >> 1);
}
