/**
 * Slots of one size, for what comes and goes one at a time. They stand in chunks, and a chunk that holds none is given back, so that a
 * slab takes what its slots take. Both ways take constant time.
 *
 *     chunk    0 next, 4 previous of the chunks with room │ 8 first free slot │ 12 slots in use │ 64 slots …
 *     slot     0 its place in the chunk: u8 │ 1 what the user keeps; free: 4 the next free slot
 *
 * Chunks begin with a line of cache, and so do slots that are not much shorter than a whole number of them.
 */

import { allocate, Owner, release } from './allocator';

@unmanaged
export class Slab {
  slotBytes: usize;
  slots: u32;
  /** First of the chunks with room, 0 if none. */
  open: usize;
  /** Slots in use. */
  count: u32;
}

const CACHE_LINE: usize = 64;
const CHUNK_HEAD: usize = CACHE_LINE;
const CHUNK_BYTES: usize = 8192;

export function createSlab(owner: Owner, bytes: usize): Slab {
  const slab = changetype<Slab>(allocate(owner, offsetof<Slab>()));
  const lines = (bytes + CACHE_LINE - 1) & ~(CACHE_LINE - 1);
  slab.slotBytes = lines - bytes <= bytes >> 3 ? lines : (bytes + 7) & ~7;
  slab.slots = min(255, max(1, <u32>((CHUNK_BYTES - CHUNK_HEAD) / slab.slotBytes)));
  slab.open = 0;
  slab.count = 0;
  return slab;
}

/** Its slots are all free. */
export function destroySlab(owner: Owner, slab: Slab): void {
  assert(slab.count == 0);
  while (slab.open) {
    const chunk = slab.open;
    slab.open = load<u32>(chunk);
    release(owner, chunk);
  }
  release(owner, changetype<usize>(slab));
}

/** Bytes that n more slots can need. */
export function slabBytes(slab: Slab, n: f64): f64 {
  const chunk = CHUNK_HEAD + <usize>slab.slots * slab.slotBytes;
  return ceil(n / <f64>slab.slots) * <f64>(chunk + 80);
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
  if (!next) {
    link(slab, chunk);
  } else if (!used && (slab.open != chunk || load<u32>(chunk))) {
    // One chunk is kept, so that a slot that comes and goes does not bring a chunk each time.
    unlink(slab, chunk);
    release(owner, chunk);
  }
}

function openChunk(owner: Owner, slab: Slab): void {
  const chunk = allocate(owner, CHUNK_HEAD + <usize>slab.slots * slab.slotBytes);
  let slot = chunk + CHUNK_HEAD;
  store<u32>(chunk, <u32>slot, 8);
  store<u32>(chunk, 0, 12);
  for (let i: u32 = 0; i < slab.slots; i++, slot += slab.slotBytes) {
    store<u8>(slot, i);
    store<u32>(slot, i + 1 < slab.slots ? <u32>(slot + slab.slotBytes) : 0, 4);
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
