/**
 * Integers of 64 bits, and times of one unit as numbers of another. An integer of 64 bits is read as two words of 32,
 *
 *     value = high · 2^32 + low
 *
 * which takes a fraction of the time that a bigint does. What no number can be is missing, and `refuse` is told.
 */

import { reject, show } from '../base/errors';

/** Nanoseconds of each unit of time. */
export const UNITS = { s: 1e9, ms: 1e6, us: 1e3, ns: 1 } as const;
export type Unit = keyof typeof UNITS;
/** The same by the numbers that Arrow has for them. */
export const TICKS: readonly number[] = [UNITS.s, UNITS.ms, UNITS.us, UNITS.ns];
export const DAY = 86_400 * UNITS.s;

/** Nanoseconds of the unit that a caller has named. @throws {OrielError} ERR_ORIEL_SPEC */
export function unitOf(unit: Unit = 'ms', call: string): number {
  if (!Object.hasOwn(UNITS, unit)) reject(`${call}: unit`, Object.keys(UNITS).map(show).join(', '), unit);
  return UNITS[unit];
}

export type Refuse = (index: number) => void;
type Wide = BigInt64Array | BigUint64Array;

/** Splits integers into words; those of value i are at 2 i and 2 i + 1. */
function wordsOf(values: Wide): [low: Uint32Array, high: Int32Array | Uint32Array] {
  const { buffer, byteOffset, length } = values;
  const low = new Uint32Array(buffer, byteOffset, 2 * length);
  return [low, values instanceof BigUint64Array ? low : new Int32Array(buffer, byteOffset, 2 * length)];
}

/** The integers themselves. */
export function writeWholes(values: Wide, into: Float64Array, refuse: Refuse): void {
  const [low, high] = wordsOf(values);
  for (let i = 0; i < into.length; i++) {
    const value = (high[2 * i + 1] as number) * 2 ** 32 + (low[2 * i] as number);
    into[i] = value;
    if (!Number.isSafeInteger(value)) refuseAt(i, into, refuse);
  }
}

/** Times of `from` nanoseconds as numbers of `to` nanoseconds. */
export function writeTimes(
  values: Int32Array | BigInt64Array,
  from: number,
  to: number,
  into: Float64Array,
  refuse: Refuse,
): void {
  if (from < to) {
    writeParts(values instanceof Int32Array ? BigInt64Array.from(values, BigInt) : values, to / from, into, refuse);
    return;
  }
  if (values instanceof Int32Array) into.set(values.subarray(0, into.length));
  else writeWholes(values, into, refuse);
  if (from === to) return;
  for (let i = 0; i < into.length; i++) {
    const value = (into[i] as number) * (from / to);
    into[i] = value;
    if (!Number.isSafeInteger(value)) refuseAt(i, into, refuse);
  }
}

/**
 * Times of which it takes a number, 1000, 1e6 or 1e9, to make a unit. Fractions that no number has are rounded, but never up to a whole unit: a
 * time stays on its side of the edge of a window.
 */
function writeParts(values: BigInt64Array, parts: number, into: Float64Array, refuse: Refuse): void {
  const [low, high] = wordsOf(values);
  // In two steps where one would leave the integers that are exact.
  const first = Math.min(parts, 1e6);
  const second = parts / first;
  const whole = Math.floor(2 ** 32 / first);
  const rest = 2 ** 32 - whole * first;
  for (let i = 0; i < into.length; i++) {
    const above = high[2 * i + 1] as number;
    const below = above * rest + (low[2 * i] as number);
    const carry = Math.floor(below / first);
    const steps = above * whole + carry;
    const units = Math.floor(steps / second);
    if (!Number.isSafeInteger(units)) {
      refuseAt(i, into, refuse);
      continue;
    }
    let time = units + (below - carry * first + (steps - units * second) * first) / parts;
    for (let less = Number.EPSILON; time >= units + 1; less *= 2) time = units + (1 - less);
    into[i] = time;
  }
}

function refuseAt(i: number, into: Float64Array, refuse: Refuse): void {
  into[i] = Number.NaN;
  refuse(i);
}
