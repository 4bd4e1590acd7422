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

/** Where the columns lie in memory, and how many there are; columns of one kind follow each other. */
interface Places {
  readonly times: number;
  readonly ids: number;
  readonly words: number;
  readonly measures: number;
  readonly keyCount: number;
  readonly measureCount: number;
}

/** Bytes of a column. */
export const COLUMN_BYTES = RING_EVENTS * 8;

export function viewsAt(buffer: ArrayBufferLike, places: Places): Views {
  const { times, ids, words, measures, keyCount, measureCount } = places;
  const columns = (address: number, count: number) =>
    Array.from({ length: count }, (_, i) => address + i * COLUMN_BYTES);
  const keys = columns(words, keyCount);
  return {
    times: new Float64Array(buffer, times, RING_EVENTS),
    ids: new Uint32Array(buffer, ids, RING_EVENTS),
    words: keys.map((address) => new Float64Array(buffer, address, RING_EVENTS)),
    bits: keys.map((address) => new BigInt64Array(buffer, address, RING_EVENTS)),
    measures: columns(measures, measureCount).map((address) => new Float64Array(buffer, address, RING_EVENTS)),
  };
}

/** Views of a single place outside any ring. */
export function sparePlace(keyCount: number, measureCount: number): Views {
  const words = Array.from({ length: keyCount }, () => new Float64Array(1));
  return {
    times: new Float64Array(1),
    ids: new Uint32Array(1),
    words,
    bits: words.map(({ buffer }) => new BigInt64Array(buffer)),
    measures: Array.from({ length: measureCount }, () => new Float64Array(1)),
  };
}
