/** Which of several workers an event goes to: the one that the hash of its key says. */

import { RING_EVENTS } from '../base/core';
import { hashOf } from '../input/strings';
import type { Numbers } from '../spec/column-input';

/** Of events that are being spread over rings: the hashes of their keys, which ring, and which place there. */
export const scratchSpace = {
  hashes: new Int32Array(RING_EVENTS),
  which: new Uint8Array(RING_EVENTS),
  places: new Uint16Array(RING_EVENTS),
};

export function hashInto(into: readonly Float64Array[], values: Numbers, from: number, n: number): void {
  const { which, places } = scratchSpace;
  for (let i = 0; i < n; i++) {
    (into[which[i] as number] as Float64Array)[places[i] as number] = values[from + i] as number;
  }
}

/** Which of n workers a key belongs to. */
export function workerOf(key: readonly unknown[], n: number): number {
  return workerOfHash(key.reduce<number>(withPart, 0), n);
}

export function withPart(before: number, part: unknown): number {
  let low = 0;
  if (typeof part === 'string') low = hashOf(part) | 0;
  else if (typeof part === 'bigint') low = Number(BigInt.asIntN(32, part ^ (part >> 32n)));
  else {
    // The same bits for both zeros, and for every NaN.
    scratch[0] = Number.isNaN(part) ? Number.NaN : (part as number) + 0;
    low = (halves[0] as number) ^ (halves[1] as number);
  }
  const hash = Math.imul(before ^ low, 0x9e3779b1);
  return hash ^ (hash >>> 15);
}

export function workerOfHash(hash: number, n: number): number {
  return Math.floor(((Math.imul(hash, 0x85ebca6b) >>> 0) / 2 ** 32) * n);
}

const scratch = new Float64Array(1);
const halves = new Int32Array(scratch.buffer);
