/**
 * A state that owns memory: eight bytes in its row, which hold nothing, one value, or the address of a block. So a row that saw one value
 * costs no block, and a row that is moved takes its block along.
 *
 *     nothing   the quiet NaN                          the identity
 *     value     any number: itself
 *     block     0xfff9 0000 │ address: u32             a NaN that no value is
 *
 * Law: a block belongs to the one row whose state names it. Who drops such a row drops its states (`dropRow` in rows.ts), who copies
 * one makes blocks of its own for the copy (`cloneRow`), who moves one forgets where it was.
 */

import { allocate, Owner, release, resize } from '../memory';
import { PartPlan } from '../plan';
import { Stream } from '../stream';

const NOTHING: u64 = 0x7ff8000000000000;
const BLOCK: u32 = 0xfff90000;

export const bytes: i32 = 8;

export function isNothing(state: usize): bool {
  return load<u64>(state) == NOTHING;
}

export function isBlock(state: usize): bool {
  return load<u32>(state, 4) == BLOCK;
}

export function blockOf(state: usize): usize {
  return load<u32>(state);
}

export function setNothing(state: usize): void {
  store<u64>(state, NOTHING);
}

export function setBlock(state: usize, block: usize): void {
  store<u32>(state, <u32>block);
  store<u32>(state, BLOCK, 4);
}

/** Whom blocks of states are counted for. */
function ownerOf(part: usize): Owner {
  return changetype<Stream>(<usize>load<u32>(part, PartPlan.stream)).states;
}

/** A block of at least so many bytes, its content undefined. */
export function allocateFor(part: usize, bytes: usize): usize {
  return allocate(ownerOf(part), bytes);
}

export function resizeFor(part: usize, block: usize, bytes: usize): usize {
  return resize(ownerOf(part), block, bytes);
}

export function releaseFor(part: usize, block: usize): void {
  release(ownerOf(part), block);
}

/** Gives back the block of a state that has one; it holds nothing then. */
export function drop(part: usize, state: usize): void {
  if (isBlock(state)) releaseFor(part, blockOf(state));
  setNothing(state);
}

/** Parameter i of the aggregate. */
export function parameter(part: usize, i: i32): f64 {
  return load<f64>(<usize>load<u32>(part, PartPlan.parameters) + ((<usize>i) << 3));
}
