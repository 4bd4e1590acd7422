/**
 * Columns that stand elsewhere: those of a ring that another thread writes. They lie as the stream's own do, so that what points into the ones
 * is moved by one distance to point into the others.
 *
 *     segment    times │ ids │ words │ measures        as in ring.ts, `capacity` events
 */

import { allocate, Owner, release } from '../base/allocator';
import { PartPlan } from '../plan';
import { Stream } from '../stream';
import { moveProgram } from './expression';
import { moveFilter } from './filter';
import { Ring } from './ring';

/** Bytes of the columns of a stream. */
export function segmentBytes(stream: Stream): usize {
  const ring = changetype<Ring>(stream.ring);
  const lane = (<usize>(ring.mask + 1)) << 3;
  return ring.measures - ring.times + lane * <usize>ring.measureCount;
}

/** Room for so many segments one after the other, which count for nobody; 0 where memory is full. */
export function createSegments(stream: Stream, n: u32): usize {
  const nobody = changetype<Owner>(0);
  const address = allocate(nobody, segmentBytes(stream) * <usize>n);
  memory.fill(address, 0, segmentBytes(stream) * <usize>n);
  return address;
}

export function destroySegments(address: usize): void {
  release(changetype<Owner>(0), address);
}

/** The stream's columns are those at an address; its ring is empty, and begins at place `at`. */
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
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    move(part + PartPlan.column, distance);
    move(part + PartPlan.secondColumn, distance);
    move(part + PartPlan.times, distance);
  }
  if (stream.when) stream.when += distance;
  moveProgram(stream, distance);
  if (stream.filter) moveFilter(stream, distance);
}

function move(pointer: usize, distance: usize): void {
  store<u32>(pointer, load<u32>(pointer) + <u32>distance);
}
