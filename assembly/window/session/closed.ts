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

import { Dictionary, unhold } from '../../ingest/dictionary';
import { allocate, release, resize } from '../../base/allocator';
import { Stream } from '../../stream';

@unmanaged
export class Past {
  queue: usize;
  mask: u32;
  head: u32;
  read: u32;
  tail: u32;
  barriers: usize;
  barrierCount: u32;
}

const FEW: u32 = 16;

export function createPast(stream: Stream): Past {
  const past = changetype<Past>(allocate(stream, offsetof<Past>()));
  memory.fill(changetype<usize>(past), 0, offsetof<Past>());
  past.queue = allocate(stream, (<usize>FEW) << 4);
  past.mask = FEW - 1;
  return past;
}

export function destroyPast(stream: Stream, past: Past): void {
  release(stream, past.queue);
  if (past.barriers) release(stream, past.barriers);
  release(stream, changetype<usize>(past));
}

/** Bytes that n more sessions can need, and a barrier for each of so many ids. */
export function pastBytes(past: Past, n: f64, ids: f64): f64 {
  const entries = <f64>(past.tail - past.head) + n;
  const longer = entries > <f64>past.mask ? 32 * entries : 8 * <f64>past.mask;
  return longer + (ids > <f64>past.barrierCount ? 16 * max(ids, 2 * <f64>past.barrierCount) : 0) + 256;
}

function entryAt(past: Past, i: u32): usize {
  return past.queue + ((<usize>(i & past.mask)) << 4);
}

function setRoom(stream: Stream, past: Past, room: u32): void {
  const queue = allocate(stream, (<usize>room) << 4);
  for (let i = past.head; i != past.tail; i++) {
    v128.store(queue + ((<usize>(i & (room - 1))) << 4), v128.load(entryAt(past, i)));
  }
  release(stream, past.queue);
  past.queue = queue;
  past.mask = room - 1;
}

/** A session is closed; the hold on its id goes over to the queue. */
export function remember(stream: Stream, past: Past, id: u32, end: f64): void {
  if (past.tail - past.head > past.mask) setRoom(stream, past, (past.mask + 1) * 2);
  const entry = entryAt(past, past.tail++);
  store<f64>(entry, end);
  store<u32>(entry, id, 8);
}

/** End of the last session remembered of a key, one of so many ids; -Infinity if there is none. */
export function barrierOf(stream: Stream, past: Past, id: u32, ids: u32): f64 {
  if (past.barrierCount < ids) {
    past.barriers = resize(stream, past.barriers, (<usize>ids) << 3);
    for (let i = past.barrierCount; i < ids; i++) store<f64>(barrierAt(past, i), -Infinity);
    past.barrierCount = ids;
  }
  for (; past.read != past.tail; past.read++) {
    const entry = entryAt(past, past.read);
    const barrier = barrierAt(past, load<u32>(entry, 8));
    store<f64>(barrier, max(load<f64>(barrier), load<f64>(entry)));
  }
  return load<f64>(barrierAt(past, id));
}

function barrierAt(past: Past, id: u32): usize {
  return past.barriers + ((<usize>id) << 3);
}

/** End of the first session in the queue, Infinity if there is none. */
export function firstEnd(past: Past): f64 {
  return past.head != past.tail ? load<f64>(entryAt(past, past.head)) : Infinity;
}

/** Forgets the first session. */
export function forgetFirst(stream: Stream, past: Past): void {
  const entry = entryAt(past, past.head);
  const id = load<u32>(entry, 8);
  if (past.head == past.read) past.read++;
  else if (load<f64>(barrierAt(past, id)) == load<f64>(entry)) store<f64>(barrierAt(past, id), -Infinity);
  past.head++;
  unhold(changetype<Dictionary>(stream.dictionary), id);
  const room = past.mask + 1;
  if (room > FEW * 4 && past.tail - past.head < room >> 3) setRoom(stream, past, room >> 1);
}
