/**
 * Remembers the sessions that fired for the last time, because an event must not reach into them any more: it is late
 * if it comes before the barrier of its key, the greatest end of those sessions.
 *
 * Sessions stand in a queue as they closed: in order of their ends, except among those that one move of the watermark
 * closed. Only an event behind the watermark can be stopped by a barrier. So entries are read into the table of
 * barriers when such an event comes, and a stream whose events are in order never writes the table. Each entry costs
 * constant time.
 *
 *     entry      0 end: f64 │ 8 id: u32
 *     barriers   table by id, f64, from the entries between head and `read`; -Infinity: none
 *
 * Law: an entry pins its id. A barrier is the end of an entry in the queue, or -Infinity.
 */

import { allocate, release } from '../../base/allocator';
import { lengthFor, resizeTable, tableBytes } from '../../base/id-table';
import { RingQueue } from '../../base/ring-queue';
import { Census } from '../../census';
import { Dictionary, unpin } from '../../ingest/dictionary';
import { Stream } from '../../stream';

@unmanaged
export class ClosedSessions extends RingQueue<v128> {
  /** Position of the first entry that is not read into the table. */
  read: u32;
  barriers: usize;
  barrierCount: u32;
}

const INITIAL_SESSIONS: u32 = 16;
/** The ring does not shrink below this capacity. */
const KEPT_SESSIONS: u32 = 64;

export function createClosed(stream: Stream): ClosedSessions {
  const closed = changetype<ClosedSessions>(allocate(stream, offsetof<ClosedSessions>()));
  memory.fill(changetype<usize>(closed), 0, offsetof<ClosedSessions>());
  closed.initRing(stream, INITIAL_SESSIONS);
  return closed;
}

export function destroyClosed(stream: Stream, closed: ClosedSessions): void {
  closed.releaseRing(stream);
  if (closed.barriers) release(stream, closed.barriers);
  release(stream, changetype<usize>(closed));
}

/** Upper bound on the bytes that n more sessions and barriers for `ids` ids need. */
export function closedBytes(closed: ClosedSessions, n: f64, ids: f64): f64 {
  return closed.ringBytes(n) + tableBytes<f64>(closed.barrierCount, ids);
}

/** Remembers a session that ended at `end`. The queue takes over the session's pin of its id. */
export function remember(stream: Stream, closed: ClosedSessions, id: u32, end: f64): void {
  const entry = closed.pushEntry(stream);
  store<f64>(entry, end);
  store<u32>(entry, id, 8);
}

/** The greatest end of the sessions remembered of a key, -Infinity if there are none. `ids`: all ids are below it. */
export function barrierOf(stream: Stream, closed: ClosedSessions, id: u32, ids: u32): f64 {
  const length = lengthFor(closed.barrierCount, ids);
  if (length > closed.barrierCount) {
    closed.barriers = resizeTable<f64>(stream, closed.barriers, closed.barrierCount, length, -Infinity);
    closed.barrierCount = length;
  }
  for (; closed.read != closed.tail; closed.read++) {
    const entry = closed.entryAt(closed.read);
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
  return closed.head != closed.tail ? load<f64>(closed.entryAt(closed.head)) : Infinity;
}

/** Removes the first session from the queue and unpins its id. */
export function forgetFirst(stream: Stream, closed: ClosedSessions): void {
  const entry = closed.entryAt(closed.head);
  const id = load<u32>(entry, 8);
  if (closed.head == closed.read) closed.read++;
  else if (load<f64>(barrierAt(closed, id)) == load<f64>(entry)) store<f64>(barrierAt(closed, id), -Infinity);
  closed.shiftEntry(stream, KEPT_SESSIONS);
  unpin(changetype<Dictionary>(stream.dictionary), id);
}

/** Counts a pin for each session in the queue. */
export function countClosed(closed: ClosedSessions, census: Census): void {
  for (let i = closed.head; i != closed.tail; i++) census.countPin(load<u32>(closed.entryAt(i), 8));
}
