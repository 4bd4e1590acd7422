/**
 * A queue in a ring: entries of one type, added at one end and removed at the other. Adding and removing take amortized
 * constant time.
 *
 *     ring     mask + 1 entries of type T, a power of two; the entry at position i stands in place i & mask
 *     head     position of the first entry
 *     tail     position after the last entry
 *
 * Law: the entries are those at the positions from head to tail, tail not included, in the order in which they were
 * added; at most mask + 1. Positions grow modulo 2^32, and an entry keeps its position until it is removed.
 *
 * Growth: a full ring doubles when an entry is added. When one is removed and less than an eighth of the ring is used,
 * it halves, down to the capacity that the caller keeps in any case.
 *
 * A struct that has a queue extends this class, so that head and ring are fields of its own. The operations are
 * methods, as these know the type of the entries and can be inlined.
 */

import { allocate, Owner, release } from './allocator';

@unmanaged
export class RingQueue<T> {
  ring: usize;
  mask: u32;
  head: u32;
  tail: u32;

  /** Initializes an empty queue with room for `capacity` entries, a power of two. */
  initRing(owner: Owner, capacity: u32): void {
    this.ring = allocate(owner, <usize>capacity * sizeof<T>());
    this.mask = capacity - 1;
    this.head = 0;
    this.tail = 0;
  }

  /** Releases the ring. The struct belongs to the caller. */
  releaseRing(owner: Owner): void {
    release(owner, this.ring);
  }

  /**
   * Upper bound on the bytes needed to add n entries, or to remove any. A ring that grows more than once has its last
   * two blocks side by side.
   */
  ringBytes(n: f64): f64 {
    const needed = <f64>this.entryCount() + n;
    const entries = needed > <f64>this.mask + 1 ? 3 * needed : (<f64>this.mask + 1) / 2;
    return entries * <f64>sizeof<T>() + 160;
  }

  @inline
  entryCount(): u32 {
    return this.tail - this.head;
  }

  /** Address of the entry at position i. */
  @inline
  entryAt(i: u32): usize {
    return this.ring + <usize>(i & this.mask) * sizeof<T>();
  }

  /** Adds an entry at the end and returns its address, for the caller to write it. */
  @inline
  pushEntry(owner: Owner): usize {
    if (this.entryCount() > this.mask) this.setMask(owner, this.mask * 2 + 1);
    return this.entryAt(this.tail++);
  }

  /** Removes the first entry. A ring with room for more than `kept` entries may shrink. */
  @inline
  shiftEntry(owner: Owner, kept: u32): void {
    this.head++;
    if (this.mask >= kept && this.entryCount() < this.mask >> 3) this.setMask(owner, this.mask >> 1);
  }

  /** Moves the entries to a ring of another capacity, where they keep their positions. */
  private setMask(owner: Owner, mask: u32): void {
    const ring = allocate(owner, (<usize>mask + 1) * sizeof<T>());
    for (let i = this.head; i != this.tail; i++) {
      store<T>(ring + <usize>(i & mask) * sizeof<T>(), load<T>(this.entryAt(i)));
    }
    release(owner, this.ring);
    this.ring = ring;
    this.mask = mask;
  }
}
