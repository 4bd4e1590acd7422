/**
 * A hash table of numbers with open addressing and linear probing. It is a column of slots; a free slot is a NaN. A
 * number's home slot follows from the upper half of its hash, so that the number of slots need not be a power of two.
 * The hash is the stream's own (stream.ts): numbers stand in another order in each stream, so no result may follow it.
 * Numbers are compared by value; the caller turns -0 into 0 first, by adding 0.
 */

import { countProbe } from '../../base/hash';
import { Stream, tableHash } from '../../stream';

export const FREE: u64 = 0xffffffffffffffff;

/** The home slot of a number, where a search for it begins. */
export function homeOf(stream: Stream, slots: u32, value: f64): u32 {
  return <u32>(((tableHash(stream, reinterpret<u64>(value)) >> 32) * <u64>slots) >> 32);
}

/** The slot that holds a number, or the free slot where it would be put. */
export function slotOf(stream: Stream, column: usize, slots: u32, value: f64): u32 {
  let i = homeOf(stream, slots, value);
  let at = column + ((<usize>i) << 3);
  while (load<f64>(at) != value && !isFree(at)) {
    countProbe();
    if (++i == slots) i = 0;
    at = column + ((<usize>i) << 3);
  }
  return i;
}

export function isFree(at: usize): bool {
  return load<u64>(at) == FREE;
}

/**
 * Frees a slot in all columns of a table, which lie one after the other, the numbers first. Numbers behind it that a
 * search would no longer find, as it ends at the hole, move up.
 */
export function vacate(stream: Stream, table: usize, slots: u32, columns: i32, slot: u32): void {
  const column = (<usize>slots) << 3;
  let hole = slot;
  let i = slot;
  for (;;) {
    if (++i == slots) i = 0;
    const from = table + ((<usize>i) << 3);
    if (isFree(from)) break;
    const home = homeOf(stream, slots, load<f64>(from));
    if ((i >= home ? i - home : i + slots - home) < (i >= hole ? i - hole : i + slots - hole)) continue;
    for (let c = 0, at: usize = 0; c < columns; c++, at += column) {
      store<u64>(table + at + ((<usize>hole) << 3), load<u64>(from + at));
    }
    hole = i;
  }
  for (let c = 0, at = table + ((<usize>hole) << 3); c < columns; c++, at += column) store<u64>(at, FREE);
}

/** Whether a table with n numbers is full: one more would use over three quarters of the slots. */
export function isFull(slots: u32, n: u32): bool {
  return (<u64>n + 1) * 4 > <u64>slots * 3;
}

/** Frees all slots. */
export function clear(column: usize, slots: u32): void {
  memory.fill(column, 0xff, (<usize>slots) << 3);
}
