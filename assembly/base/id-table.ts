/**
 * Tables by id: a table has an entry of type T for each id below its length. Ids are dense, so finding an entry is an
 * addition and a load.
 *
 *     table     length × T: the entry of an id at table + id * sizeof<T>(); address 0 while the length is 0
 *
 * Law: an entry that was never written holds the empty value that the table was widened with.
 *
 * Growth: a table that is too short becomes long enough for all ids, and at least twice as long; so widening takes
 * amortized constant time an id. It shrinks only where its user makes it.
 *
 * Address and length are fields of the struct that the table belongs to: its address is then one load away, and several
 * tables can share a length.
 */

import { Owner, resize } from './allocator';

/** The length of a table that has `length` entries and needs one for every id below `ids`. */
export function lengthFor(length: u32, ids: u32): u32 {
  return ids > length ? max(ids, length * 2) : length;
}

/** Resizes a table from one length to another and returns its new address. New entries hold `empty`. */
export function resizeTable<T>(owner: Owner, table: usize, from: u32, to: u32, empty: T): usize {
  const resized = resize(owner, table, <usize>to * sizeof<T>());
  for (let id = <usize>from; id < <usize>to; id++) store<T>(resized + id * sizeof<T>(), empty);
  return resized;
}

/**
 * Upper bound on the bytes needed to widen a table, in one step or several, until it has an entry for every id below
 * `ids`. Its last length is below twice `ids`, and the table that it replaces is below `ids`.
 */
export function tableBytes<T>(length: u32, ids: f64): f64 {
  return ids > <f64>length ? 3 * ids * <f64>sizeof<T>() + 160 : 0;
}
