/**
 * Demand of heap states: upper bounds on the bytes that their blocks can need, for the stores and for the demand of a
 * batch (budget.ts).
 */

import { CHUNK_ROWS } from '../scratch';
import * as box from '../sketch/shared/box';
import { Stream } from '../stream';

/** Upper bound on the header of a block of memory and the bytes by which its size is rounded up. */
export const BLOCK_OVERHEAD = 80;
/** What a store may need for a few blocks of its own, whatever the number of events. */
export const STORE_MARGIN = 16 * BLOCK_OVERHEAD;

/**
 * A block is large (box.ts) only after this many values; the second bound is for kinds that leap: by one value their
 * blocks can grow to more than twice their size, but small ones hold more values.
 */
const MIN_VALUES_PER_LARGE = 5;
const MIN_VALUES_PER_LEAPING = 17;
/** Bytes that one value can need while blocks are small, and bytes that a large block can need beyond its size. */
const SMALL_BYTES_PER_VALUE = 384;
const LARGE_MARGIN_BYTES = 1024;

/**
 * Demand in bytes of heap states for n more values. A block grows to at most twice its size, plus what each value can
 * make it leap. Only blocks that are large already, or that get enough of the values, can be large.
 */
export function demandOfStates(stream: Stream, n: f64): f64 {
  const parts = stream.heapParts;
  let bytes = 0.0;
  for (let part = parts.first; part != parts.end; part = part.next) {
    const leap = <f64>part.maxLeapBytes;
    const large = min(n, box.largeCount(part) + n / (leap ? MIN_VALUES_PER_LEAPING : MIN_VALUES_PER_LARGE));
    const largeBytes = large * (part.blockLimit() + LARGE_MARGIN_BYTES);
    bytes += n * SMALL_BYTES_PER_VALUE + min(n ? largeBytes : 0, 2 * box.bytesOf(part) + n * leap);
  }
  return bytes;
}

/**
 * Demand in bytes of a store of rows that it may merge, beside what it needs for their places: of n more events or, for
 * n = 0, of a chunk of temporary rows.
 */
export function demandOfRows(stream: Stream, n: f64): f64 {
  const rows = max(0, stream.used - stream.emptyBytes) / <f64>stream.stride + 64;
  const merged = n ? n : <f64>CHUNK_ROWS;
  return STORE_MARGIN + demandOfStates(stream, n) + demandOfMerges(stream, merged, rows + n);
}

/** Upper bound on the bytes of an evictable state for each event in it. */
const EVICTING_BYTES_PER_EVENT = 640;

/**
 * Demand in bytes of evictable states for n more events, in histories of `slots` slots in all, a copy of one state
 * included. A state that grows to about twice its size has its new block beside the old one for a while.
 */
export function demandOfEvicting(stream: Stream, n: f64, slots: f64): f64 {
  const parts = stream.heapParts;
  let bytes = 0.0;
  for (let part = parts.first; part != parts.end; part = part.next) {
    const grown = 4 * min(box.bytesOf(part), slots * EVICTING_BYTES_PER_EVENT);
    bytes += n * SMALL_BYTES_PER_VALUE + grown + LARGE_MARGIN_BYTES;
  }
  return bytes;
}

/**
 * Demand in bytes of the heap states of `rows` rows that are merged from other rows. They own at most twice what those
 * own, except for kinds that leap. A merged state of such a kind is large only if one of its inputs is, or if it gets
 * enough of the values in small blocks and of the values, at most `singles`, that stand inline, one in a row.
 */
export function demandOfMerges(stream: Stream, rows: f64, singles: f64): f64 {
  if (!rows) return 0;
  const parts = stream.heapParts;
  let bytes = 0.0;
  for (let part = parts.first; part != parts.end; part = part.next) {
    const bytesPerBlock = part.blockLimit() + LARGE_MARGIN_BYTES;
    const large = min(rows, box.largeCount(part) + (box.smallBytes(part) / 8 + singles) / MIN_VALUES_PER_LEAPING + 1);
    const ownedBytes = box.bytesOf(part);
    bytes += part.maxLeapBytes
      ? large * bytesPerBlock + rows * SMALL_BYTES_PER_VALUE
      : min(rows * bytesPerBlock, 4 * ownedBytes + rows * SMALL_BYTES_PER_VALUE);
  }
  return bytes;
}
