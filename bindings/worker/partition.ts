/** Chooses the worker of an event by the hash of its key, so that all events of a key go to the same worker. */

import { hashOf } from '../input/strings';

/** Index of the worker, of n, that a key belongs to. */
export function workerOf(key: readonly unknown[], n: number): number {
  return workerOfHash(key.reduce<number>(mixIntoHash, 0), n);
}

/** Mixes one part of a key into the hash of the parts before. What can be no key counts as 0. */
export function mixIntoHash(before: number, part: unknown): number {
  let low = 0;
  if (typeof part === 'string') low = hashOf(part) | 0;
  else if (typeof part === 'bigint') low = Number(BigInt.asIntN(32, part ^ (part >> 32n)));
  else if (typeof part === 'number') {
    // Equal keys need equal bits: + 0 turns -0 into 0, and every NaN becomes the same one.
    scratch[0] = Number.isNaN(part) ? Number.NaN : part + 0;
    low = (halves[0] as number) ^ (halves[1] as number);
  }
  const hash = Math.imul(before ^ low, 0x9e3779b1);
  return hash ^ (hash >>> 15);
}

/** Maps a hash to one of n workers. */
export function workerOfHash(hash: number, n: number): number {
  return Math.floor(((Math.imul(hash, 0x85ebca6b) >>> 0) / 2 ** 32) * n);
}

const scratch = new Float64Array(1);
const halves = new Int32Array(scratch.buffer);
