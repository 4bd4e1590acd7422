/** Encodes Arrow strings, which are concatenated UTF-8 bytes, as indices in a list of the distinct ones. */

import type { Data } from 'apache-arrow';
import { drawSeed } from '../base/seed';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** Strings up to this length are decoded without TextDecoder if they are ASCII. */
const MAX_SHORT_BYTES = 24;
/** The secret of the hash tables, drawn with the first. */
let seed: number | undefined;

/**
 * Appends the distinct strings of a chunk to `list`, and writes the index of each row's string to `codes`. Strings are
 * compared as bytes, in a hash table, and each distinct one is decoded once, because decoding costs more than
 * everything else. A null gets a code like any other row. Nobody can choose strings that share slots of the table,
 * because its hash has a secret seed.
 */
export function writeCodes({ valueOffsets, values }: Data, codes: Int32Array, list: string[]): void {
  const n = codes.length;
  const offsets = valueOffsets instanceof Int32Array ? valueOffsets : Float64Array.from(valueOffsets, Number);
  const bytes = values as Uint8Array;
  const base = list.length;
  seed ??= drawSeed();
  const start = seed | 0;
  const factor = Math.imul(seed / 2 ** 21, 0x9e3779b1) | 1;
  // For each distinct string: its hash, and a row that has it. A slot holds the number of a string + 1, or 0 if empty.
  const hashes = new Int32Array(n);
  const rows = new Int32Array(n);
  let slots = new Int32Array(1024);
  let count = 0;
  for (let i = 0; i < n; i++) {
    const from = offsets[i] as number;
    const to = offsets[i + 1] as number;
    const hash = hashOf(bytes, from, to, start, factor);
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
      if (2 * count > slots.length) slots = rehash(hashes, count, 2 * slots.length);
    }
    codes[i] = base + found;
  }
}

/** Decodes a string. Starting TextDecoder takes longer than decoding a short ASCII string by hand. */
function stringOf(bytes: Uint8Array, from: number, to: number): string {
  let value = '';
  let i = to - from <= MAX_SHORT_BYTES ? from : to;
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

/**
 * Hashes bytes, two at a time, from a secret start by a secret odd factor. By the rotation, two pairs of bytes that
 * differ always make a difference in the upper half, which the next pair cannot undo.
 */
function hashOf(bytes: Uint8Array, from: number, to: number, start: number, factor: number): number {
  let hash = start ^ (to - from);
  let i = from;
  for (; i + 2 <= to; i += 2) {
    hash = Math.imul(hash ^ (bytes[i] as number) ^ ((bytes[i + 1] as number) << 8), factor);
    hash = (hash << 16) | (hash >>> 16);
  }
  if (i < to) hash = Math.imul(hash ^ (bytes[i] as number), factor);
  return hash ^ (hash >>> 15);
}

function isSame(bytes: Uint8Array, from: number, to: number, other: number): boolean {
  for (let i = from, j = other; i < to; i++, j++) if (bytes[i] !== bytes[j]) return false;
  return true;
}

/** Builds the slots of a larger table. */
function rehash(hashes: Int32Array, count: number, size: number): Int32Array<ArrayBuffer> {
  const slots = new Int32Array(size);
  for (let i = 0; i < count; i++) {
    let slot = (hashes[i] as number) & (size - 1);
    while (slots[slot]) slot = (slot + 1) & (size - 1);
    slots[slot] = i + 1;
  }
  return slots;
}
