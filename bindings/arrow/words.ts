/**
 * Converts 64-bit integers to numbers, and times from one unit to another. A 64-bit integer is read as two 32-bit
 * words,
 *
 *     value = high · 2^32 + low
 *
 * which takes a fraction of the time of a bigint. A value that no number represents exactly becomes NaN, and `refuse`
 * is called with its index.
 */

import { reject, show } from '../base/errors';

/** Units of time, in nanoseconds. */
export const UNITS = { s: 1e9, ms: 1e6, us: 1e3, ns: 1 } as const;
export type Unit = keyof typeof UNITS;
/** Units of time in nanoseconds, indexed by Arrow's TimeUnit. */
export const TICKS: readonly number[] = [UNITS.s, UNITS.ms, UNITS.us, UNITS.ns];
/** A day in nanoseconds. */
export const DAY = 86_400 * UNITS.s;

/** The unit that a caller has named, in nanoseconds. @throws {OrielError} ERR_ORIEL_SPEC */
export function unitOf(unit: Unit = 'ms', call: string): number {
  if (!Object.hasOwn(UNITS, unit)) reject(`${call}: unit`, Object.keys(UNITS).map(show).join(', '), unit);
  return UNITS[unit];
}

export type Refuse = (index: number) => void;
type Wide = BigInt64Array | BigUint64Array;

/** Views integers as words; value i has its low word at 2i and its high word at 2i + 1. */
function wordsOf(values: Wide): [low: Uint32Array, high: Int32Array | Uint32Array] {
  const { buffer, byteOffset, length } = values;
  const low = new Uint32Array(buffer, byteOffset, 2 * length);
  return [low, values instanceof BigUint64Array ? low : new Int32Array(buffer, byteOffset, 2 * length)];
}

/** Writes integers as numbers. */
export function writeWholes(values: Wide, into: Float64Array, refuse: Refuse): void {
  const [low, high] = wordsOf(values);
  for (let i = 0; i < into.length; i++) {
    const value = (high[2 * i + 1] as number) * 2 ** 32 + (low[2 * i] as number);
    into[i] = value;
    if (!Number.isSafeInteger(value)) refuseAt(i, into, refuse);
  }
}

/** Converts times from a unit of `from` nanoseconds to one of `to` nanoseconds. */
export function writeTimes(
  values: Int32Array | BigInt64Array,
  from: number,
  to: number,
  into: Float64Array,
  refuse: Refuse,
): void {
  if (from < to) {
    writeCoarser(values instanceof Int32Array ? BigInt64Array.from(values, BigInt) : values, to / from, into, refuse);
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
 * Converts times to a coarser unit of `parts` = 1000, 1e6 or 1e9 of the finer ones. Fractions are rounded, but never up
 * to a whole unit, so that a time stays on its side of a window's edge.
 */
function writeCoarser(values: BigInt64Array, parts: number, into: Float64Array, refuse: Refuse): void {
  const [low, high] = wordsOf(values);
  // Divides in two steps if one would exceed the exact integers.
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
