/**
 * The box of a heap state: eight bytes in its row, which hold nothing, one value, or the address of a block. A row that
 * has seen one value costs no block, and a row that is moved takes its block along.
 *
 *     nothing   the quiet NaN                          the identity
 *     value     any number: itself
 *     block     0xfff9 0000 │ address: u32             a NaN that is never a value
 *
 * Law: a block belongs to the one row whose state names it. Whoever drops such a row drops its states (`dropRow` in
 * state/rows.ts), whoever copies it makes new blocks for the copy (`cloneRow`), and whoever moves it resets the states
 * that own memory in the old place (`moveRow`). Blocks contain no addresses, so that a byte copy of a block is valid
 * anywhere.
 *
 * In rolling frames values also leave: the state is evictable, and changes by `insert` and `retract` instead of `lift`
 * and `merge`. It is never merged, and owns no block while it has no values.
 *
 * The first word (u32) of a block is the number of its values or counters, or a `Mark`, which is greater than any such
 * number and says that the block holds something else.
 */

import { allocate, capacity, Owner, release } from '../../base/allocator';
import { Part } from '../../part';
import { streamOf } from '../../stream';

const NOTHING: u64 = 0x7ff8000000000000;
const BLOCK_TAG: u32 = 0xfff90000;

export const STATE_BYTES: i32 = 8;

/** Marks of blocks. As u32 they are the five greatest numbers. */
export enum Mark {
  /** Bins, instead of a list of values: see ddsketch.ts. */
  binned = -1,
  /** Registers, instead of a set of values: see hyperloglog.ts. */
  registers = -2,
  /** Evictable samples, instead of a list of samples: see evicting/time-deque.ts. */
  running = -3,
  /** Evictable counts of all values, instead of a set or counters: see evicting/value-counts.ts. */
  counted = -4,
  /** Evictable values in order, instead of a list or bins: see list.ts. */
  sorted = -5,
}

export function isNothing(state: usize): bool {
  return load<u64>(state) == NOTHING;
}

export function isBlock(state: usize): bool {
  return load<u32>(state, 4) == BLOCK_TAG;
}

export function blockOf(state: usize): usize {
  return load<u32>(state);
}

/** Whether a block has a mark. */
export function isMarked(block: usize, mark: Mark): bool {
  return load<i32>(block) == mark;
}

/** The value of a state that has no block; NaN if the state holds nothing. */
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
  store<u32>(state, BLOCK_TAG, 4);
}

/** The owner that the blocks of heap states are counted for. */
function ownerOf(part: Part): Owner {
  return streamOf(part).states;
}

/**
 * A block with a capacity of this many bytes or more is large. A state that is not large outgrows this size only after
 * several more values, so that a batch can make few states larger than this: see state/bounds.ts.
 */
export const LARGE_BYTES: usize = 240;

function countBlock(part: Part, block: usize, sign: f64): void {
  const bytes = capacity(block);
  const counts = part.counts;
  store<f64>(counts, load<f64>(counts) + sign * <f64>(bytes + 16));
  if (bytes >= LARGE_BYTES) store<u32>(counts, load<u32>(counts, 8) + <i32>sign, 8);
  else store<u32>(counts, load<u32>(counts, 12) + <i32>sign * <i32>(bytes + 16), 12);
}

/** Bytes taken by all blocks of an aggregate, headers included. */
export function bytesOf(part: Part): f64 {
  return load<f64>(part.counts);
}

/** The number of large blocks of an aggregate. */
export function largeCount(part: Part): f64 {
  return <f64>load<u32>(part.counts, 8);
}

/** Bytes taken by the blocks of an aggregate that are not large, headers included. */
export function smallBytes(part: Part): f64 {
  return <f64>load<u32>(part.counts, 12);
}

/** Allocates a block of at least `bytes` and counts it for the aggregate. Its content is undefined. */
export function allocateFor(part: Part, bytes: usize): usize {
  const block = allocate(ownerOf(part), bytes);
  countBlock(part, block, 1);
  return block;
}

export function releaseFor(part: Part, block: usize): void {
  countBlock(part, block, -1);
  release(ownerOf(part), block);
}

/** Returns a block of at least `bytes` with the content of `block`: the same block if it is large enough. */
export function resizeFor(part: Part, block: usize, bytes: usize): usize {
  const kept = capacity(block);
  if (kept >= bytes) return block;
  const moved = allocateFor(part, bytes);
  memory.copy(moved, block, kept);
  releaseFor(part, block);
  return moved;
}

/** The bytes to ask for when a block of capacity `bytes` is full: its size doubles, the 16-byte header included. */
export function doubled(bytes: usize): usize {
  return 2 * bytes + 16;
}

/** Gives a state that is a byte copy of another a block of its own. */
export function cloneBlock(part: Part, state: usize): void {
  if (!isBlock(state)) return;
  const bytes = capacity(blockOf(state));
  const block = allocateFor(part, bytes);
  memory.copy(block, blockOf(state), bytes);
  setBlock(state, block);
}

/** Frees the block of a state, if it has one, and resets the state to nothing. */
export function drop(part: Part, state: usize): void {
  if (isBlock(state)) releaseFor(part, blockOf(state));
  setNothing(state);
}
