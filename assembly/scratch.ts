/**
 * Scratch: lists and rows that are used again and again, so that nothing is allocated for each batch. What they hold
 * lasts as follows:
 *
 *     rows                     from the moment a store lists an event until the store has folded it, at the latest at
 *                              the end of `take`. `foldRun` overwrites it from the start, so what is listed there is
 *                              folded first
 *     into, left, right        from the first `listRow` to the `combine…` that follows; any other function of
 *                              state/rows.ts may overwrite them
 *     pair                     within one function
 *     temporary, chunkRows,    within one firing of a store (`take`, `advance`) or one query, across events of a
 *     chunkIds, chunkCauses    batch. Between two stores they are free, and the heap states of `temporary` are empty
 */

import { allocate, Owner, release } from './base/allocator';

/**
 * Maximum number of rows that are processed at a time, so that their lists and temporary rows stay in the first-level
 * cache.
 */
export const CHUNK_ROWS: i32 = 256;

@unmanaged
export class Scratch {
  /** The address of the row of each event of the batch: u32 each. */
  rows: usize;
  /** The operands of combinations: CHUNK_ROWS addresses of rows each, u32. */
  into: usize;
  left: usize;
  right: usize;
  /** The two operands of one combination: u32 each. */
  pair: usize;
  /** CHUNK_ROWS rows to combine into. */
  temporary: usize;
  /** The rows of a firing, their ids, and their causes where these differ: CHUNK_ROWS u32 each. */
  chunkRows: usize;
  chunkIds: usize;
  chunkCauses: usize;
}

/** Creates scratch for batches of up to `capacity` events and rows of `stride` bytes, all copies of `empty`. */
export function createScratch(owner: Owner, capacity: u32, stride: usize, empty: usize): Scratch {
  const scratch = changetype<Scratch>(allocate(owner, offsetof<Scratch>()));
  const list: usize = CHUNK_ROWS << 2;
  scratch.rows = allocate(owner, (<usize>capacity) << 2);
  scratch.into = allocate(owner, list * 6 + 8);
  scratch.left = scratch.into + list;
  scratch.right = scratch.left + list;
  scratch.chunkRows = scratch.right + list;
  scratch.chunkIds = scratch.chunkRows + list;
  scratch.chunkCauses = scratch.chunkIds + list;
  scratch.pair = scratch.chunkCauses + list;
  scratch.temporary = allocate(owner, <usize>CHUNK_ROWS * stride);
  for (let i = 0; i < CHUNK_ROWS; i++) memory.copy(scratch.temporary + <usize>i * stride, empty, stride);
  return scratch;
}

export function destroyScratch(owner: Owner, scratch: Scratch): void {
  release(owner, scratch.rows);
  release(owner, scratch.into);
  release(owner, scratch.temporary);
  release(owner, changetype<usize>(scratch));
}
