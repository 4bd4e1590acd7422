/**
 * Segments: columns of events outside the stream's own, written by a producer on another thread. They are laid out as
 * the stream's own columns are, so that every pointer into the ones is moved by the same distance to point into the
 * others.
 *
 *     segment    times │ ids │ words │ measures        as in ring.ts, with room for `capacity` events
 */

import { allocate, Owner, release } from '../base/allocator';
import { Stream } from '../stream';
import { moveProgram } from './expression';
import { moveFilter } from './filter';
import { columnsBytes, NOWHERE, Ring } from './ring';

/** Bytes of a segment: of all columns of a stream. */
export function segmentBytes(stream: Stream): usize {
  return columnsBytes(changetype<Ring>(stream.ring));
}

/** Allocates n segments, one after the other and filled with 0, which no owner counts. Traps if memory is full. */
export function createSegments(stream: Stream, n: u32): usize {
  const nobody = changetype<Owner>(0);
  const address = allocate(nobody, segmentBytes(stream) * <usize>n);
  memory.fill(address, 0, segmentBytes(stream) * <usize>n);
  return address;
}

export function destroySegments(address: usize): void {
  release(changetype<Owner>(0), address);
}

/** Allocates the stream's own columns. */
export function createOwnColumns(stream: Stream): void {
  const ring = changetype<Ring>(stream.ring);
  ring.own = allocate(stream, columnsBytes(ring));
  // All events of a stream without keys have id 0.
  memory.fill(ring.own, 0, columnsBytes(ring));
}

/** Releases the stream's own columns; it then has none. */
export function destroyOwnColumns(stream: Stream): void {
  const ring = changetype<Ring>(stream.ring);
  release(stream, ring.own);
  ring.own = 0;
  useOwnColumns(stream);
}

/** Makes the stream's own columns, as far as it has any, those that it reads. */
export function useOwnColumns(stream: Stream): void {
  const own = changetype<Ring>(stream.ring).own;
  useSegment(stream, own ? own : NOWHERE, 0);
}

/**
 * Makes the segment at an address the columns of the stream, whose ring must be empty; the next event stands at place
 * `at`.
 */
export function useSegment(stream: Stream, address: usize, at: u32): void {
  const ring = changetype<Ring>(stream.ring);
  assert(ring.head == ring.tail);
  ring.head = at;
  ring.tail = at;
  const distance = address - ring.times;
  if (!distance) return;
  ring.times += distance;
  ring.ids += distance;
  ring.words += distance;
  ring.measures += distance;
  const parts = stream.parts;
  for (let part = parts.first; part != parts.end; part = part.next) {
    part.column += distance;
    part.secondColumn += distance;
    part.times += distance;
  }
  if (stream.when) stream.when += distance;
  moveProgram(stream, distance);
  if (stream.filter) moveFilter(stream, distance);
}
