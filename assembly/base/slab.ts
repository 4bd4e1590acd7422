/**
 * Slots of one size, for what comes and goes one at a time. They stand in chunks, and a chunk that holds none is given back, so that a
 * pool takes what its slots take. Both ways take constant time.
 *
 *     chunk    0 next, 4 previous of the chunks with room │ 8 first free slot │ 12 slots in use │ 64 slots …
 *     slot     0 its place in the chunk: u8 │ 1 what the user keeps; free: 4 the next free slot
 *
 * Chunks begin with a line of cache, and so do slots that are not much shorter than a whole number of them.
 */

import { allocate, Owner, release } from './allocator';

@unmanaged
export class Pool {
  slotBytes: usize;
  slots: u32;
  /** First of the chunks with room, 0 if none. */
  open: usize;
  /** Slots in use. */
  count: u32;
}

const LINE: usize = 64;
const HEAD: usize = LINE;
const CHUNK_BYTES: usize = 8192;

export function createPool(owner: Owner, bytes: usize): Pool {
  const pool = changetype<Pool>(allocate(owner, offsetof<Pool>()));
  const lines = (bytes + LINE - 1) & ~(LINE - 1);
  pool.slotBytes = lines - bytes <= bytes >> 3 ? lines : (bytes + 7) & ~7;
  pool.slots = min(255, max(1, <u32>((CHUNK_BYTES - HEAD) / pool.slotBytes)));
  pool.open = 0;
  pool.count = 0;
  return pool;
}

/** Its slots are all free. */
export function destroyPool(owner: Owner, pool: Pool): void {
  assert(pool.count == 0);
  while (pool.open) {
    const chunk = pool.open;
    pool.open = load<u32>(chunk);
    release(owner, chunk);
  }
  release(owner, changetype<usize>(pool));
}

/** Bytes that n more slots can need. */
export function poolBytes(pool: Pool, n: f64): f64 {
  const chunk = HEAD + <usize>pool.slots * pool.slotBytes;
  return ceil(n / <f64>pool.slots) * <f64>(chunk + 80);
}

export function takeSlot(owner: Owner, pool: Pool): usize {
  if (!pool.open) openChunk(owner, pool);
  const chunk = pool.open;
  const slot = <usize>load<u32>(chunk, 8);
  const next = load<u32>(slot, 4);
  store<u32>(chunk, next, 8);
  store<u32>(chunk, load<u32>(chunk, 12) + 1, 12);
  pool.count++;
  if (!next) {
    pool.open = load<u32>(chunk);
    if (pool.open) store<u32>(pool.open, 0, 4);
  }
  return slot;
}

export function freeSlot(owner: Owner, pool: Pool, slot: usize): void {
  const chunk = slot - HEAD - <usize>load<u8>(slot) * pool.slotBytes;
  const next = load<u32>(chunk, 8);
  const used = load<u32>(chunk, 12) - 1;
  store<u32>(slot, next, 4);
  store<u32>(chunk, <u32>slot, 8);
  store<u32>(chunk, used, 12);
  pool.count--;
  if (!next) {
    link(pool, chunk);
  } else if (!used && (pool.open != chunk || load<u32>(chunk))) {
    // One chunk is kept, so that a slot that comes and goes does not bring a chunk each time.
    unlink(pool, chunk);
    release(owner, chunk);
  }
}

function openChunk(owner: Owner, pool: Pool): void {
  const chunk = allocate(owner, HEAD + <usize>pool.slots * pool.slotBytes);
  let slot = chunk + HEAD;
  store<u32>(chunk, <u32>slot, 8);
  store<u32>(chunk, 0, 12);
  for (let i: u32 = 0; i < pool.slots; i++, slot += pool.slotBytes) {
    store<u8>(slot, i);
    store<u32>(slot, i + 1 < pool.slots ? <u32>(slot + pool.slotBytes) : 0, 4);
  }
  link(pool, chunk);
}

function link(pool: Pool, chunk: usize): void {
  store<u32>(chunk, <u32>pool.open);
  store<u32>(chunk, 0, 4);
  if (pool.open) store<u32>(pool.open, <u32>chunk, 4);
  pool.open = chunk;
}

function unlink(pool: Pool, chunk: usize): void {
  const next = <usize>load<u32>(chunk);
  const previous = <usize>load<u32>(chunk, 4);
  if (next) store<u32>(next, <u32>previous, 4);
  if (previous) store<u32>(previous, <u32>next);
  else pool.open = next;
}
