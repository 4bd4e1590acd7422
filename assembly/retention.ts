/**
 * Retention: forgets the keys that a stream holds no more, and finds which numbers of strings it still holds. The
 * bindings may forget the other strings.
 *
 * In rows, blocks, waiting events and results a string is a number, an f64 at an address that is a multiple of 8. So a
 * search compares every word of every block of the stream. No store has to know about strings, and none can lose one. A
 * word that only looks like the number of a string keeps that string until the next search.
 *
 *     numbers   f64 × n: whole numbers from 1 to 2^53; those that are not held become NaN
 *     slots     u32 × a power of two: 1 + index of a number, 0 if the slot is empty. HELD: it was found
 *
 * What a consumed batch leaves behind is not searched: columns of the ring, registers, temporary rows. `withRing` says
 * that the batch in the ring is not consumed.
 *
 * Cost: a load for each block of all streams, and for each word of this stream; a search in the table for each word
 * that is a whole number.
 */

import { allocate, capacity, firstBlock, nextBlock, Owner, ownerOf, release, reserve } from './base/allocator';
import { forgetSamples } from './ingest/counter-steps';
import { Dictionary, sweep } from './ingest/dictionary';
import { measureColumn, Ring } from './ingest/ring';
import { Outbox } from './result/outbox';
import { Stream } from './stream';

/** Flag in a slot. */
const HELD: u32 = 0x80000000;
/** The bits of 1, and the distance from them to the bits of 2^53. */
const ONE: u64 = 0x3ff0000000000000;
const WHOLE: u64 = (<u64>53) << 52;

/** Frees the ids of all keys that no store, sample or result uses. */
export function forgetKeys(stream: Stream): void {
  const outbox = changetype<Outbox>(stream.outbox);
  forgetSamples(stream);
  sweep(stream, changetype<Dictionary>(stream.dictionary), outbox.ids, outbox.length);
}

/** The number of slots for n numbers: at most half of them are taken. */
function slotsFor(n: u32): u32 {
  return (<u32>1) << (33 - clz(max(n, 1)));
}

/** Allocates room for n numbers and their slots, for nobody; 0 if memory is full. */
export function openMarks(n: u32): usize {
  const bytes = ((<usize>n) << 3) + ((<usize>slotsFor(n)) << 2);
  return reserve(bytes + 64) ? allocate(changetype<Owner>(0), bytes) : 0;
}

export function closeMarks(marks: usize): void {
  release(changetype<Owner>(0), marks);
}

/**
 * Replaces those of n numbers that the stream does not hold by NaN. Returns how many words and blocks were looked at.
 * @param salt a random number: nobody can choose strings whose numbers meet in the table
 */
export function markHeld(stream: Stream, marks: usize, n: u32, salt: f64, withRing: bool): f64 {
  const slots = marks + ((<usize>n) << 3);
  const mask = slotsFor(n) - 1;
  const factor = reinterpret<u64>(salt) | 1;
  memory.fill(slots, 0, (<usize>mask + 1) << 2);
  for (let i: u32 = 0; i < n; i++) {
    const slot = slotOf(marks, slots, mask, factor, load<u64>(marks + ((<usize>i) << 3)));
    store<u32>(slot, i + 1);
  }
  let looked = 0.0;
  for (let block = firstBlock(); block; block = nextBlock(block)) {
    looked++;
    if (!isSearched(stream, block)) continue;
    looked += <f64>(capacity(block) >> 3);
    mark(block, block + capacity(block), marks, slots, mask, factor);
  }
  if (withRing) {
    const ring = changetype<Ring>(stream.ring);
    mark(ring.measures, measureColumn(ring, ring.measureCount), marks, slots, mask, factor);
  }
  for (let slot = slots; slot <= slots + ((<usize>mask) << 2); slot += 4) {
    const found = load<u32>(slot);
    if (found && !(found & HELD)) store<f64>(marks + ((<usize>(found - 1)) << 3), NaN);
  }
  return looked;
}

/** Marks the numbers that stand between two addresses. */
function mark(from: usize, to: usize, marks: usize, slots: usize, mask: u32, factor: u64): void {
  for (let at = from; at < to; at += 8) {
    const bits = load<u64>(at);
    if (bits - ONE >= WHOLE) continue;
    const slot = slotOf(marks, slots, mask, factor, bits);
    const found = load<u32>(slot);
    if (found) store<u32>(slot, found | HELD);
  }
}

/** Address of the slot of a number, by its bits, or of the empty slot where it would stand. */
function slotOf(marks: usize, slots: usize, mask: u32, factor: u64, bits: u64): usize {
  let i = <u32>((bits * factor) >> clz(<u64>mask));
  for (;;) {
    const slot = slots + ((<usize>i) << 2);
    const found = load<u32>(slot) & ~HELD;
    if (!found || load<u64>(marks + ((<usize>(found - 1)) << 3)) == bits) return slot;
    i = (i + 1) & mask;
  }
  return 0;
}

/** Whether a block is one of the stream in which strings may stand. */
function isSearched(stream: Stream, block: usize): bool {
  const owner = changetype<usize>(ownerOf(block));
  if (owner == changetype<usize>(stream.states) || owner == changetype<usize>(stream.results)) return true;
  if (owner != changetype<usize>(stream)) return false;
  const isBatch = block == changetype<Ring>(stream.ring).times || block == stream.registers;
  return !isBatch && block != stream.scratch.temporary;
}
