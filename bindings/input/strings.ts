/** Tables between strings and the numbers that represent them in the core. */

import type { CodedStrings } from '../spec/column-input';

/** Gives the strings of a column their numbers. */
export interface StringTable {
  /** The number of a string; a new string gets one. -1 if it cannot have one now. */
  numberOf(value: string): number;
  /** Whether a number is that of a string. */
  has(number: number): boolean;
  /** The string of a number, if the table is on this thread. */
  stringOf?(number: number): string | undefined;
  /** Writes the numbers of dictionary-encoded strings from index `from` on, if the table takes them in this form. */
  writeCoded?(column: CodedStrings, from: number, into: Float64Array | Uint32Array): void;
}

/** Numbers strings densely from 0. The numbers of forgotten strings are reused. */
export class Strings implements StringTable {
  readonly values: string[] = [];
  readonly #ids = new Map<string, number>();
  readonly #free: number[] = [];
  #sweepAt = 1024;
  /** How often strings have been forgotten. A string's number is valid until this changes. */
  sweeps = 0;
  /**
   * Cache for the dictionary of the last dictionary-encoded column: the number of each of its strings, -1 if not yet
   * looked up. It is valid until strings are forgotten (`sweeps`).
   */
  #known: { list: CodedStrings['list']; numbers: Float64Array; sweeps: number } | undefined;

  /** The number of a string; a new string gets one. */
  numberOf(value: string): number {
    return this.#ids.get(value) ?? this.#add(value);
  }

  /** Whether a string has a number. */
  knows(value: string): boolean {
    return this.#ids.has(value);
  }

  has(number: number): boolean {
    return number in this.values;
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
    return id;
  }

  /** Forgets all strings except those with `used[number]` set. */
  keep(used: Uint8Array): void {
    this.sweeps++;
    let length = 0;
    for (const [value, id] of this.#ids) {
      if (used[id]) length = Math.max(length, id + 1);
      else this.#ids.delete(value);
    }
    this.values.length = length;
    this.#free.length = 0;
    for (let id = length - 1; id >= 0; id--) if (!used[id]) this.#free.push(id);
    this.#sweepAt = Math.max(1024, 2 * this.#ids.size, length >> 2);
  }
}

/**
 * Numbers strings by their hashes, so that a string's number does not depend on what came before, and maps the numbers
 * in a stream's states and results back to strings.
 *
 * Each string has an upper bound, `until`, on the time of the events that brought it. It is Infinity while the string
 * has occurred since the last sweep; a sweep then sets it to the newest event time. A string may be forgotten once
 * nothing is held from before `until`.
 */
export class HashedStrings implements StringTable {
  readonly #numbers = new Map<string, number>();
  readonly #strings = new Map<number, { readonly value: string; until: number }>();
  #sweepAt = 1024;

  get size(): number {
    return this.#strings.size;
  }

  /** The number of a string, which is remembered from now on. */
  numberOf(value: string): number {
    const known = this.#numbers.get(value);
    const number = known ?? hashOf(value);
    const entry = this.#strings.get(number);
    if (known !== undefined && entry) {
      entry.until = Number.POSITIVE_INFINITY;
      return number;
    }
    this.#numbers.set(value, number);
    this.#strings.set(number, { value, until: Number.POSITIVE_INFINITY });
    return number;
  }

  has(number: number): boolean {
    return this.#strings.has(number);
  }

  /** The string that a number represents; undefined if none. */
  stringOf(number: number): string | undefined {
    return this.#strings.get(number)?.value;
  }

  /**
   * Whether it is time to forget unused strings: there are at least 1,024, and twice as many as after the last sweep.
   */
  get full(): boolean {
    return this.#strings.size >= this.#sweepAt;
  }

  clear(): void {
    this.#numbers.clear();
    this.#strings.clear();
  }

  /**
   * Forgets strings that occurred only before a time, unless `named` has their numbers.
   * @param since the earliest event time that the stream still holds
   * @param newest the time of the newest event
   */
  forget(since: number, newest: number, named: ReadonlySet<number>): void {
    for (const [number, entry] of this.#strings) {
      if (entry.until < since && !named.has(number)) {
        this.#strings.delete(number);
        this.#numbers.delete(entry.value);
      } else if (entry.until === Number.POSITIVE_INFINITY) {
        entry.until = newest;
      }
    }
    this.#sweepAt = Math.max(1024, 2 * this.#strings.size);
  }
}

/**
 * A 53-bit hash of a string: two 32-bit lanes mixed as in MurmurHash3. Two different strings have the same hash with
 * probability 2^-53.
 */
export function hashOf(value: string): number {
  let a = 0x9e3779b9 ^ value.length;
  let b = 0x85ebca6b;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    a = Math.imul(a ^ unit, 0xcc9e2d51);
    a = (a << 15) | (a >>> 17);
    b = Math.imul(b ^ unit, 0x1b873593);
    b = (b << 13) | (b >>> 19);
  }
  a = mixed(a ^ (b >>> 7));
  b = mixed(b ^ a);
  return (a >>> 0) + (b & 0x1fffff) * 2 ** 32;
}

/** The finalizer of MurmurHash3. */
function mixed(x: number): number {
  let y = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  y = Math.imul(y ^ (y >>> 13), 0xc2b2ae35);
  return y ^ (y >>> 16);
}
