/**
 * A slab: slots of one size, for objects that come and go one at a time. Slots lie in chunks of about 8 kB. A chunk
 * without slots in use is released, except the last chunk that has room, so memory follows the number of slots in use.
 * Taking and freeing a slot take constant time.
 *
 *     chunk    0 next, 4 previous of the chunks with room │ 8 first free slot │ 12 slots in use │ 64 slots …
 *     slot     0 its place in the chunk: u8 │ 1 bytes of the user │ if free: 4 the next free slot
 *
 * A chunk begins on a cache line. So does every slot, if rounding its size up to whole cache lines costs at most an
 * eighth of it.
 */

import { allocate, Owner, release } from './allocator';

@unmanaged
export class Slab {
  slotBytes: usize;
  slotsPerChunk: u32;
  /** The first chunk with room, 0 if there is none. */
  open: usize;
  /** Slots in use. */
  count: u32;
}

const CACHE_LINE: usize = 64;
const CHUNK_HEAD: usize = CACHE_LINE;
const CHUNK_BYTES: usize = 8192;

/** Creates a slab for slots of `bytes` bytes. */
export function createSlab(owner: Owner, bytes: usize): Slab {
  const slab = changetype<Slab>(allocate(owner, offsetof<Slab>()));
  const lines = (bytes + CACHE_LINE - 1) & ~(CACHE_LINE - 1);
  slab.slotBytes = lines - bytes <= bytes >> 3 ? lines : (bytes + 7) & ~7;
  slab.slotsPerChunk = min(255, max(1, <u32>((CHUNK_BYTES - CHUNK_HEAD) / slab.slotBytes)));
  slab.open = 0;
  slab.count = 0;
  return slab;
}

/** Releases a slab whose slots are all free. */
export function destroySlab(owner: Owner, slab: Slab): void {
  assert(slab.count == 0);
  while (slab.open) {
    const chunk = slab.open;
    slab.open = load<u32>(chunk);
    release(owner, chunk);
  }
  release(owner, changetype<usize>(slab));
}

/** Upper bound on the bytes that n more slots need. */
export function slabBytes(slab: Slab, n: f64): f64 {
  const chunk = CHUNK_HEAD + <usize>slab.slotsPerChunk * slab.slotBytes;
  return ceil(n / <f64>slab.slotsPerChunk) * <f64>(chunk + 80);
}

export function takeSlot(owner: Owner, slab: Slab): usize {
  if (!slab.open) openChunk(owner, slab);
  const chunk = slab.open;
  const slot = <usize>load<u32>(chunk, 8);
  const next = load<u32>(slot, 4);
  store<u32>(chunk, next, 8);
  store<u32>(chunk, load<u32>(chunk, 12) + 1, 12);
  slab.count++;
  if (!next) {
    slab.open = load<u32>(chunk);
    if (slab.open) store<u32>(slab.open, 0, 4);
  }
  return slot;
}

export function freeSlot(owner: Owner, slab: Slab, slot: usize): void {
  const chunk = slot - CHUNK_HEAD - <usize>load<u8>(slot) * slab.slotBytes;
  const next = load<u32>(chunk, 8);
  const used = load<u32>(chunk, 12) - 1;
  store<u32>(slot, next, 4);
  store<u32>(chunk, <u32>slot, 8);
  store<u32>(chunk, used, 12);
  slab.count--;
  if (!next) link(slab, chunk);
  if (!used && (slab.open != chunk || load<u32>(chunk))) {
    // The last chunk with room stays: otherwise a slot that comes and goes would allocate a chunk each time.
    unlink(slab, chunk);
    release(owner, chunk);
  }
}

function openChunk(owner: Owner, slab: Slab): void {
  const chunk = allocate(owner, CHUNK_HEAD + <usize>slab.slotsPerChunk * slab.slotBytes);
  let slot = chunk + CHUNK_HEAD;
  store<u32>(chunk, <u32>slot, 8);
  store<u32>(chunk, 0, 12);
  for (let i: u32 = 0; i < slab.slotsPerChunk; i++, slot += slab.slotBytes) {
    store<u8>(slot, i);
    store<u32>(slot, i + 1 < slab.slotsPerChunk ? <u32>(slot + slab.slotBytes) : 0, 4);
  }
  link(slab, chunk);
}

function link(slab: Slab, chunk: usize): void {
  store<u32>(chunk, <u32>slab.open);
  store<u32>(chunk, 0, 4);
  if (slab.open) store<u32>(slab.open, <u32>chunk, 4);
  slab.open = chunk;
}

function unlink(slab: Slab, chunk: usize): void {
  const next = <usize>load<u32>(chunk);
  const previous = <usize>load<u32>(chunk, 4);
  if (next) store<u32>(next, <u32>previous, 4);
  if (previous) store<u32>(previous, <u32>next);
  else slab.open = next;
}
