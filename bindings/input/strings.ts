/** Tables between strings and the numbers that represent them in the core. */

import { drawSeed } from '../base/seed';
import { CodedStrings, type Given } from '../spec/column-input';

/** Gives the strings of a column their numbers. */
export interface StringTable {
  /** The number of a string; a new string gets one. -1 if it cannot have one now. */
  numberOf(value: string): number;
  /** Whether a number is that of a string. */
  has(number: number): boolean;
  /** Whether all whole numbers from 0 up to the greatest are those of strings. */
  readonly isDense?: boolean;
  /** The string of a number, if the table is on this thread. */
  stringOf?(number: number): string | undefined;
  /** Writes the numbers of dictionary-encoded strings from index `from` on, if the table takes them in this form. */
  writeCoded?(column: CodedStrings, from: number, into: Float64Array | Uint32Array): void;
}

/**
 * The bytes that a string takes in a table besides its characters: entries of maps that double as they fill, numbers,
 * the head of the string. Measured as `process.memoryUsage().heapUsed` in Node 20, for 5,000 to a million strings.
 */
const DENSE_BYTES = 96;
const HASHED_BYTES = 144;
/** The greatest number of a string by its hash; the least is 1. */
const MAX_NUMBER = 2 ** 53 - 1;
/** A table with fewer strings is never swept because it is full. */
const MIN_FULL = 1024;

/**
 * What the strings of a stream take, in all its tables, and which of them are new: if a call is refused, the numbers
 * that it gave are taken back.
 */
export class StringLedger {
  /** An estimate of the bytes that all strings take: two for each UTF-16 unit, and a fixed number for each string. */
  bytes = 0;
  /** How many strings have got numbers so far. A mark is what this was at some time. */
  count = 0;
  /** The new strings: those numbered since the last `settle`, as their tables and numbers. */
  readonly #tables: (Strings | HashedStrings)[] = [];
  readonly #numbers: number[] = [];

  /** How many strings are new. */
  get newCount(): number {
    return this.#numbers.length;
  }

  /** Notes a new string. */
  add(table: Strings | HashedStrings, number: number, bytes: number): void {
    this.bytes += bytes;
    this.count++;
    this.#tables.push(table);
    this.#numbers.push(number);
  }

  /** Called when a call was taken: no string is new any more. */
  settle(): void {
    if (this.#numbers.length === 0) return;
    this.#numbers.length = 0;
    this.#tables.length = 0;
  }

  /** Takes back the numbers of the strings that are new since a mark, the last one first. */
  takeBack(mark: number): void {
    while (this.count > mark && this.#numbers.length > 0) {
      this.count--;
      this.#tables.pop()?.takeBack(this.#numbers.pop() as number);
    }
  }
}

/** Numbers strings densely from 0. The numbers of forgotten strings are reused. */
export class Strings implements StringTable {
  /** The strings by number; undefined where a string was forgotten. */
  readonly values: (string | undefined)[] = [];
  readonly #ids = new Map<string, number>();
  readonly #free: number[] = [];
  #sweepAt = MIN_FULL;
  /** How often strings have been forgotten. A string's number is valid until this changes. */
  sweeps = 0;
  /**
   * Cache for the dictionary of the last dictionary-encoded column: the number of each of its strings, -1 if not yet
   * looked up. It is valid until strings are forgotten (`sweeps`).
   */
  #known: { list: CodedStrings['list']; numbers: Float64Array; sweeps: number } | undefined;

  constructor(readonly ledger = new StringLedger()) {}

  get size(): number {
    return this.#ids.size;
  }

  /** The number of a string; a new string gets one. */
  numberOf(value: string): number {
    return this.#ids.get(value) ?? this.#add(value);
  }

  /** Whether a string has a number. */
  knows(value: string): boolean {
    return this.#ids.has(value);
  }

  has(number: number): boolean {
    return this.values[number] !== undefined;
  }

  /** Whether every number below `values.length` is that of a string. */
  get isDense(): boolean {
    return this.#free.length === 0;
  }

  stringOf(number: number): string | undefined {
    return this.values[number];
  }

  writeCoded({ codes, list }: CodedStrings, from: number, into: Float64Array | Uint32Array): void {
    if (this.#known?.list !== list || this.#known.numbers.length < list.length || this.#known.sweeps !== this.sweeps) {
      this.#known = { list, numbers: new Float64Array(list.length).fill(-1), sweeps: this.sweeps };
    }
    const { numbers } = this.#known;
    for (let i = 0; i < into.length; i++) {
      const code = codes[from + i] as number;
      let number = numbers[code] as number;
      if (number < 0) {
        number = this.numberOf(list[code] as string);
        numbers[code] = number;
      }
      into[i] = number;
    }
  }

  /**
   * Whether it is time to forget unused strings: there are at least 1,024, and twice as many as after the last sweep.
   */
  get full(): boolean {
    return this.#ids.size >= this.#sweepAt;
  }

  #add(value: string): number {
    const id = this.#free.pop() ?? this.values.length;
    this.values[id] = value;
    this.#ids.set(value, id);
    this.ledger.add(this, id, bytesOf(value, DENSE_BYTES));
    return id;
  }

  /** Takes back the number that was given last, unless its string is forgotten already: see StringLedger. */
  takeBack(id: number): void {
    const value = this.values[id];
    if (value === undefined) return;
    this.sweeps++;
    this.#forget(value);
    // The number of a swept string is below that of some other one.
    if (id === this.values.length - 1) this.values.length = id;
    else this.#free.push(id);
  }

  #forget(value: string): void {
    this.ledger.bytes -= bytesOf(value, DENSE_BYTES);
    this.values[this.#ids.get(value) as number] = undefined;
    this.#ids.delete(value);
  }

  /** Forgets all strings except those with `used[number]` set. */
  keep(used: Uint8Array): void {
    this.sweeps++;
    let length = 0;
    for (const [value, id] of this.#ids) {
      if (used[id]) length = Math.max(length, id + 1);
      else this.#forget(value);
    }
    this.values.length = length;
    this.#free.length = 0;
    for (let id = length - 1; id >= 0; id--) if (!used[id]) this.#free.push(id);
    this.#sweepAt = Math.max(MIN_FULL, 2 * this.#ids.size, length >> 2);
  }
}

/** The seed of streams whose hashes have to be the same everywhere. */
export const FIXED_SEED = 0;

/**
 * Numbers strings by their hashes, so that a string's number does not depend on what came before, and maps the numbers
 * in a stream's states and results back to strings. If two strings have the same hash, the second gets another number:
 * its hash by another seed, as many strings can be chosen that share the hash by a known one.
 *
 * Law: as long as a string is not forgotten it keeps its number, and no other string gets that. A string may be
 * forgotten when no state and no result holds its number (assembly/retention.ts).
 */
export class HashedStrings implements StringTable {
  readonly #numbers = new Map<string, number>();
  /** The strings by number, each moved by a distance that nobody knows: see `#keyOf`. */
  readonly #strings = new Map<number, string>();
  readonly #distance = drawSeed();
  readonly #literals: ReadonlySet<string>;
  #sweepAt = MIN_FULL;

  /** @param literals strings that are never forgotten */
  constructor(
    readonly seed = FIXED_SEED,
    readonly ledger = new StringLedger(),
    literals: readonly string[] = [],
  ) {
    this.#literals = new Set(literals);
    for (const value of literals) this.numberOf(value);
  }

  get size(): number {
    return this.#strings.size;
  }

  /** The number of a string, which is remembered from now on. */
  numberOf(value: string): number {
    return this.#numbers.get(value) ?? this.#add(value);
  }

  #add(value: string): number {
    let number = hashOf(value, this.seed);
    for (let other = 1; this.has(number); other++) number = hashOf(value, other);
    this.set(number, value);
    return number;
  }

  /** Gives a string a number that no other string has. */
  set(number: number, value: string): void {
    this.#numbers.set(value, number);
    this.#strings.set(this.#keyOf(number), value);
    this.ledger.add(this, number, bytesOf(value, HASHED_BYTES));
  }

  /**
   * The key of a number in a map. JavaScript's maps hash numbers without a seed: whoever knows the numbers could choose
   * strings that meet in the map.
   */
  #keyOf(number: number): number {
    const below = MAX_NUMBER - this.#distance;
    return number <= below ? number + this.#distance : number - below;
  }

  has(number: number): boolean {
    return this.#strings.has(this.#keyOf(number));
  }

  /** The string that a number represents; undefined if none. */
  stringOf(number: number): string | undefined {
    return this.#strings.get(this.#keyOf(number));
  }

  /**
   * Whether it is time to forget unused strings: there are at least 1,024, and twice as many as after the last sweep.
   */
  get full(): boolean {
    return this.#strings.size >= this.#sweepAt;
  }

  /** Takes back the number that was given last, unless its string is forgotten already: see StringLedger. */
  takeBack(number: number): void {
    const value = this.stringOf(number);
    if (value !== undefined) this.#forget(value, number);
  }

  #forget(value: string, number: number): void {
    this.ledger.bytes -= bytesOf(value, HASHED_BYTES);
    this.#numbers.delete(value);
    this.#strings.delete(this.#keyOf(number));
  }

  /** Forgets all strings but the literals. */
  clear(): void {
    this.keep(new Float64Array(this.size).fill(Number.NaN), 0);
  }

  /** The numbers of all strings. */
  allNumbers(): Float64Array {
    return Float64Array.from(this.#numbers.values());
  }

  /**
   * Forgets all strings whose numbers are not held, except the literals.
   * @param held what `allNumbers` returned, with NaN in place of those that are not held
   * @param cost how much was looked at to find them; the next sweep may wait for a string for each 32 of it
   */
  keep(held: Float64Array, cost: number): void {
    let i = 0;
    for (const [value, number] of this.#numbers) {
      if (Number.isNaN(held[i++]) && !this.#literals.has(value)) this.#forget(value, number);
    }
    this.#sweepAt = Math.max(MIN_FULL, 2 * this.size, this.size + (cost >> 5));
  }
}

/** Upper bound on the bytes that the strings of a column take. */
export function maxStringBytes(column: Given | CodedStrings): number {
  const values = column instanceof CodedStrings ? column.list : column;
  if (!Array.isArray(values)) return 0;
  let units = 0;
  for (let i = 0; i < values.length; i++) units += typeof values[i] === 'string' ? (values[i] as string).length : 0;
  return 2 * units + HASHED_BYTES * values.length;
}

function bytesOf(value: string, overhead: number): number {
  return overhead + 2 * value.length;
}

/**
 * Hashes a string to a whole number from 1 to 2^53 - 1: two 32-bit lanes mixed as in MurmurHash3.
 * @param seed from 0 to 2^53 - 1. With a random one, two different strings have the same hash with probability 2^-53
 */
export function hashOf(value: string, seed = FIXED_SEED): number {
  let a = 0x9e3779b9 ^ value.length ^ seed;
  let b = 0x85ebca6b ^ Math.imul(seed / 2 ** 21, 0x9e3779b1);
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    a = Math.imul(a ^ unit, 0xcc9e2d51);
    a = (a << 15) | (a >>> 17);
    b = Math.imul(b ^ unit, 0x1b873593);
    b = (b << 13) | (b >>> 19);
  }
  a = mixed(a ^ (b >>> 7));
  b = mixed(b ^ a);
  return (a >>> 0) + (b & 0x1fffff) * 2 ** 32 || 1;
}

/** The finalizer of MurmurHash3. */
function mixed(x: number): number {
  let y = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  y = Math.imul(y ^ (y >>> 13), 0xc2b2ae35);
  return y ^ (y >>> 16);
}
