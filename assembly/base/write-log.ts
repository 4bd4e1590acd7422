/**
 * The write log: what memory held before a call changed it, so that the call can be undone.
 *
 * The bindings make a second instance of the core over the same memory, in which each instruction that writes is
 * replaced by a call of the function below that does the same and notes the old content first
 * (bindings/base/logging-core.ts). Calls that may have to be undone run there, all others run at full speed. Functions
 * with `logged` in their names stay as they are; they call no others.
 *
 *     map      a byte for each page of 16 KiB of memory: 1 if all of it was free
 *     entry    old content, in words of 4 bytes │ address: u32 │ bytes: u32
 *
 * Law: with the log read backwards, all memory in use is what it was when the log was opened. Words that were not
 * written are not touched, since a producer on another thread may be writing there. What lay in free pages is not
 * noted: nobody reads it, and tables that grow are mostly put there. The root of the allocator is undone as well, so
 * memory that has grown meanwhile is taken in anew.
 *
 * Cost: a write becomes a call and at least three more writes. A log that is full traps.
 */

import { allocate, extend, markFree, Owner, release, reserve } from './allocator';

// Words beside the root of the allocator: where the log begins, with its map, where its next entry goes, where it ends,
// which is 0 if an entry had no room, and where its first entry stands.
const BEGIN: usize = 172;
const CURSOR: usize = 176;
const END: usize = 180;
const FIRST: usize = 184;
const PAGE_BITS: usize = 14;

/** Opens a log with room for `bytes` bytes of entries; false if there is no room. */
export function openLog(bytes: usize): bool {
  if (!reserve(bytes + 2 * pageCount() + 4096)) return false;
  const begin = allocate(changetype<Owner>(0), bytes + pageCount());
  const first = begin + pageCount();
  memory.fill(begin, 0, pageCount());
  markFree(begin, PAGE_BITS);
  store<u32>(BEGIN, <u32>begin);
  store<u32>(FIRST, <u32>first);
  store<u32>(CURSOR, <u32>first);
  store<u32>(END, <u32>(first + bytes));
  return true;
}

function pageCount(): usize {
  return (<usize>memory.size()) << (16 - PAGE_BITS);
}

/** Releases the log. */
export function closeLog(): void {
  release(changetype<Owner>(0), load<u32>(BEGIN));
}

/** Puts back what the log holds, the last entry first. Returns false if an entry had no room. */
export function rollBack(): bool {
  const first = <usize>load<u32>(FIRST);
  for (let entry = <usize>load<u32>(CURSOR); entry > first; ) {
    const bytes = <usize>load<u32>(entry - 4);
    const address = <usize>load<u32>(entry - 8);
    entry -= bytes + 8;
    memory.copy(address, entry, bytes);
  }
  extend();
  return load<u32>(END) != 0;
}

/** Notes the words in which the n bytes from an address on lie, those in free pages excepted. */
export function loggedRange(address: usize, n: usize): void {
  const map = <usize>load<u32>(BEGIN);
  const mapEnd = <usize>load<u32>(FIRST);
  const end = address + n;
  while (address < end) {
    const page = address >> PAGE_BITS;
    const next = min(end, (page + 1) << PAGE_BITS);
    const from = address & ~3;
    const bytes = ((next + 3) & ~3) - from;
    address = next;
    // Memory that has grown since was not there.
    if (map + page >= mapEnd || load<u8>(map + page)) continue;
    const entry = <usize>load<u32>(CURSOR);
    const head = entry + bytes;
    if (head + 8 > <usize>load<u32>(END)) {
      store<u32>(END, 0);
      unreachable();
    }
    if (bytes > 16) memory.copy(entry, from, bytes);
    else for (let i: usize = 0; i < bytes; i += 4) store<u32>(entry + i, load<u32>(from + i));
    store<u32>(head, <u32>from);
    store<u32>(head, <u32>bytes, 4);
    store<u32>(CURSOR, <u32>(head + 8));
  }
}

export function loggedI8(address: usize, value: i32, offset: usize): void {
  loggedRange(address + offset, 1);
  store<u8>(address + offset, <u8>value);
}

export function loggedI16(address: usize, value: i32, offset: usize): void {
  loggedRange(address + offset, 2);
  store<u16>(address + offset, <u16>value);
}

export function loggedI32(address: usize, value: i32, offset: usize): void {
  loggedRange(address + offset, 4);
  store<i32>(address + offset, value);
}

export function loggedI64(address: usize, value: i64, offset: usize): void {
  loggedRange(address + offset, 8);
  store<i64>(address + offset, value);
}

export function loggedF64(address: usize, value: f64, offset: usize): void {
  loggedRange(address + offset, 8);
  store<f64>(address + offset, value);
}

export function loggedV128(address: usize, value: v128, offset: usize): void {
  loggedRange(address + offset, 16);
  v128.store(address + offset, value);
}

export function loggedLane0(address: usize, value: v128, offset: usize): void {
  loggedRange(address + offset, 8);
  v128.store_lane<u64>(address + offset, value, 0);
}

export function loggedLane1(address: usize, value: v128, offset: usize): void {
  loggedRange(address + offset, 8);
  v128.store_lane<u64>(address + offset, value, 1);
}

export function loggedCopy(to: usize, from: usize, n: usize): void {
  loggedRange(to, n);
  memory.copy(to, from, n);
}

export function loggedFill(to: usize, value: i32, n: usize): void {
  loggedRange(to, n);
  memory.fill(to, <u8>value, n);
}
