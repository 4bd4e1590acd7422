/**
 * The columns of a ring as typed arrays. A stream's own ring and the segments of a producer's ring have the same
 * columns.
 */

import { RING_EVENTS } from '../base/core';

/**
 * Views of the columns of a ring. A key has a column of ids, and a column of 8-byte words for each of its key columns;
 * see keys.ts. `bits` are the `words` as integers. The measures are those that are always numbers, then those that may
 * be strings, then the answers of the spec's functions.
 */
export interface Views {
  readonly times: Float64Array;
  readonly ids: Uint32Array;
  readonly words: readonly Float64Array[];
  readonly bits: readonly BigInt64Array[];
  readonly measures: readonly Float64Array[];
}

/** Bytes of a column. Columns follow each other in memory, in the order of `Views`. */
export const COLUMN_BYTES = RING_EVENTS * 8;

export function viewsAt(
  buffer: ArrayBufferLike,
  address: number,
  keys: number,
  measures: number,
  length = RING_EVENTS,
  stride = COLUMN_BYTES,
): Views {
  const floats = (first: number, count: number) =>
    Array.from({ length: count }, (_, i) => new Float64Array(buffer, address + (first + i) * stride, length));
  const words = floats(2, keys);
  return {
    times: new Float64Array(buffer, address, length),
    ids: new Uint32Array(buffer, address + stride, length),
    words,
    bits: words.map(({ byteOffset }) => new BigInt64Array(buffer, byteOffset, length)),
    measures: floats(2 + keys, measures),
  };
}

/** Views of columns that are not there: of no place. */
export function noPlaces(keys: number, measures: number): Views {
  return viewsAt(new ArrayBuffer(0), 0, keys, measures, 0, 0);
}

/** Views of one place outside any ring, which is the same in all columns: for values that nobody reads. */
export function sparePlace(keys: number, measures: number): Views {
  return viewsAt(new ArrayBuffer(8), 0, keys, measures, 1, 0);
}
