/**
 * A state that owns memory: eight bytes in its row, which hold nothing, one value, or the address of a block. So a row that saw one value
 * costs no block, and a row that is moved takes its block along.
 *
 *     nothing   the quiet NaN                          the identity
 *     value     any number: itself
 *     block     0xfff9 0000 │ address: u32             a NaN that no value is
 *
 * Law: a block belongs to the one row whose state names it. Who drops such a row drops its states (`dropRow` in rows.ts), who copies
 * one makes blocks of its own for the copy (`cloneRow`), who moves one forgets where it was. Blocks name no address: a copy is good anywhere.
 *
 * Where values leave again, in frames that roll, a state runs: values `enter` and `leave` it, and its block may be another, with a mark
 * where others have a number of values. A running state is never merged; one of no values owns nothing.
 */

import { allocate, capacity, Owner, release } from '../../base/allocator';
import { PartPlan } from '../../plan';
import { Stream } from '../../stream';

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

/** The one value of a state that is neither. */
export function soleValue(state: usize): f64 {
  return load<f64>(state);
}

export function setValue(state: usize, value: f64): void {
  store<f64>(state, value);
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

/** From this size on a block is large: it is not had with a few values, so that few of them can come at once. */
export const LARGE_BYTES: usize = 240;

function countBlock(part: usize, block: usize, sign: f64): void {
  const bytes = capacity(block);
  const counts = <usize>load<u32>(part, PartPlan.counts);
  store<f64>(counts, load<f64>(counts) + sign * <f64>(bytes + 16));
  if (bytes >= LARGE_BYTES) store<u32>(counts, load<u32>(counts, 8) + <i32>sign, 8);
  else store<u32>(counts, load<u32>(counts, 12) + <i32>sign * <i32>(bytes + 16), 12);
}

/** Bytes that the blocks of an aggregate take. */
export function bytesOf(part: usize): f64 {
  return load<f64>(<usize>load<u32>(part, PartPlan.counts));
}

/** How many of its blocks are large. */
export function largeCount(part: usize): f64 {
  return <f64>load<u32>(<usize>load<u32>(part, PartPlan.counts), 8);
}

/** Bytes that the others take. */
export function smallBytes(part: usize): f64 {
  return <f64>load<u32>(<usize>load<u32>(part, PartPlan.counts), 12);
}

/** A block of at least so many bytes, its content undefined. */
export function allocateFor(part: usize, bytes: usize): usize {
  const block = allocate(ownerOf(part), bytes);
  countBlock(part, block, 1);
  return block;
}

export function releaseFor(part: usize, block: usize): void {
  countBlock(part, block, -1);
  release(ownerOf(part), block);
}

/** A block of at least so many bytes with what was in the old one. */
export function resizeFor(part: usize, block: usize, bytes: usize): usize {
  const kept = capacity(block);
  if (kept >= bytes) return block;
  const moved = allocateFor(part, bytes);
  memory.copy(moved, block, kept);
  releaseFor(part, block);
  return moved;
}

/** What to ask for where a block of so many bytes is full: blocks of twice the size, header and all. */
export function doubled(bytes: usize): usize {
  return 2 * bytes + 16;
}

/** A state that is a copy of another's gets a block of its own. */
export function cloneBlock(part: usize, state: usize): void {
  if (!isBlock(state)) return;
  const bytes = capacity(blockOf(state));
  const block = allocateFor(part, bytes);
  memory.copy(block, blockOf(state), bytes);
  setBlock(state, block);
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
