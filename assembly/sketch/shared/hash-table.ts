/**
 * Numbers in open addressing with linear probing: a column of slots, a free one NaN. A number's home follows from the upper half of its
 * hash, so that there can be any number of slots. -0 is 0: the caller adds 0 first.
 */

export const FREE: u64 = 0xffffffffffffffff;

/** Of the bits of a number: the finaliser of MurmurHash3 (Appleby 2011). */
export function hash(value: f64): u64 {
  let h = reinterpret<u64>(value);
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccd;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53;
  return h ^ (h >> 33);
}

/** The slot where a number belongs. */
export function homeOf(slots: u32, value: f64): u32 {
  return <u32>(((hash(value) >> 32) * <u64>slots) >> 32);
}

/** The slot that has a number, or the free one where it would go. */
export function slotOf(column: usize, slots: u32, value: f64): u32 {
  let i = homeOf(slots, value);
  let at = column + ((<usize>i) << 3);
  while (load<f64>(at) != value && !isFree(at)) {
    if (++i == slots) i = 0;
    at = column + ((<usize>i) << 3);
  }
  return i;
}

export function isFree(at: usize): bool {
  return load<u64>(at) == FREE;
}

/** Frees a slot of a table of so many columns, side by side; what lies behind it moves up, as far as it may. */
export function vacate(table: usize, slots: u32, columns: i32, slot: u32): void {
  const column = (<usize>slots) << 3;
  let hole = slot;
  let i = slot;
  for (;;) {
    if (++i == slots) i = 0;
    const from = table + ((<usize>i) << 3);
    if (isFree(from)) break;
    const home = homeOf(slots, load<f64>(from));
    if ((i >= home ? i - home : i + slots - home) < (i >= hole ? i - hole : i + slots - hole)) continue;
    for (let c = 0, at: usize = 0; c < columns; c++, at += column) {
      store<u64>(table + at + ((<usize>hole) << 3), load<u64>(from + at));
    }
    hole = i;
  }
  for (let c = 0, at = table + ((<usize>hole) << 3); c < columns; c++, at += column) store<u64>(at, FREE);
}

/** Whether one more of n is too many: three quarters are as full as it gets. */
export function isFull(slots: u32, n: u32): bool {
  return (<u64>n + 1) * 4 > <u64>slots * 3;
}

/** Makes all slots free. */
export function clear(column: usize, slots: u32): void {
  memory.fill(column, 0xff, (<usize>slots) << 3);
}
