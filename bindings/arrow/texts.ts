/** Strings of Arrow, bytes of UTF-8 one after the other, as places in a list of those that differ. */

import type { Data } from 'apache-arrow';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const SHORT = 24;

/**
 * Writes the place in `list` of each string, which gets those that are not there yet. Strings are told apart as bytes, by a table of those that have
 * come, and each that differs is decoded once: that takes longer than all else. What is null is written like any other.
 */
export function writeCodes({ valueOffsets, values }: Data, codes: Int32Array, list: string[]): void {
  const n = codes.length;
  const offsets = valueOffsets instanceof Int32Array ? valueOffsets : Float64Array.from(valueOffsets, Number);
  const bytes = values as Uint8Array;
  const base = list.length;
  // Of the strings that differ the hash, and where one of them stands; of a hash its string, 0 for none.
  const hashes = new Int32Array(n);
  const rows = new Int32Array(n);
  let slots = new Int32Array(1024);
  let count = 0;
  for (let i = 0; i < n; i++) {
    const from = offsets[i] as number;
    const to = offsets[i + 1] as number;
    const hash = hashOf(bytes, from, to);
    let slot = hash & (slots.length - 1);
    let found = (slots[slot] as number) - 1;
    while (found >= 0) {
      const row = rows[found] as number;
      const other = offsets[row] as number;
      if (hashes[found] === hash && offsets[row + 1] === other + to - from && isSame(bytes, from, to, other)) break;
      slot = (slot + 1) & (slots.length - 1);
      found = (slots[slot] as number) - 1;
    }
    if (found < 0) {
      found = count++;
      hashes[found] = hash;
      rows[found] = i;
      slots[slot] = count;
      list.push(stringOf(bytes, from, to));
      if (2 * count > slots.length) slots = spread(hashes, count, 2 * slots.length);
    }
    codes[i] = base + found;
  }
}

/** A decoder takes longer to begin than short strings of ASCII take altogether. */
function stringOf(bytes: Uint8Array, from: number, to: number): string {
  let value = '';
  let i = to - from <= SHORT ? from : to;
  for (; i + 4 <= to; i += 4) {
    const a = bytes[i] as number;
    const b = bytes[i + 1] as number;
    const c = bytes[i + 2] as number;
    const d = bytes[i + 3] as number;
    if ((a | b | c | d) >= 0x80) break;
    value += String.fromCharCode(a, b, c, d);
  }
  for (; i < to && (bytes[i] as number) < 0x80; i++) value += String.fromCharCode(bytes[i] as number);
  return value.length === to - from ? value : decoder.decode(bytes.subarray(from, to));
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}

function isSame(bytes: Uint8Array, from: number, to: number, other: number): boolean {
  for (let i = from, j = other; i < to; i++, j++) if (bytes[i] !== bytes[j]) return false;
  return true;
}

/** The slots of a greater table. */
function spread(hashes: Int32Array, count: number, size: number): Int32Array<ArrayBuffer> {
  const slots = new Int32Array(size);
  for (let i = 0; i < count; i++) {
    let slot = (hashes[i] as number) & (size - 1);
    while (slots[slot]) slot = (slot + 1) & (size - 1);
    slots[slot] = i + 1;
  }
  return slots;
}
