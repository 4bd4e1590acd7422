/**
 * Converts Arrow decimals to the nearest numbers. A decimal is an integer of several 32-bit words, divided by a power
 * of ten.
 */

import type { Data, Decimal } from 'apache-arrow';

export function writeDecimals({ type, values, stride }: Data<Decimal>, into: Float64Array): void {
  const power = 10 ** Math.abs(type.scale);
  for (let i = 0; i < into.length; i++) {
    const at = i * stride;
    const whole = wholeOf(values, at, stride);
    // IEEE 754 rounds the product or quotient of two exact operands correctly. Powers of ten are exact up to 10^22.
    if (!Number.isSafeInteger(whole) || Math.abs(type.scale) > 22) {
      into[i] = Number(`${bigOf(values, at, stride)}e${-type.scale}`);
    } else into[i] = type.scale < 0 ? whole * power : whole / power;
  }
}

/** The integer of n words; NaN if it does not fit into two of them. */
function wholeOf(words: Uint32Array, at: number, n: number): number {
  const high = (words[at + Math.min(n, 2) - 1] as number) | 0;
  for (let w = 2; w < n; w++) if (((words[at + w] as number) | 0) !== high >> 31) return Number.NaN;
  return n < 2 ? high : high * 2 ** 32 + (words[at] as number);
}

/** The integer of n words as a bigint. */
function bigOf(words: Uint32Array, at: number, n: number): bigint {
  let value = 0n;
  for (let w = n - 1; w >= 0; w--) value = (value << 32n) | BigInt(words[at + w] as number);
  return BigInt.asIntN(32 * n, value);
}
