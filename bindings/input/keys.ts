/**
 * Converts keys for the core and back. The core sees a word of eight bytes for each column of a key: the bits of a
 * number or of a 64-bit integer, or the number that a string has in this file's table. If the key is one column of
 * strings, that number is the id itself, and there are no words.
 *
 * Law: all keys of a column have the kind of its first key; keys of another kind are refused.
 */

import { Keys } from '../../assembly/plan';
import type { Core } from '../base/core';
import { OrielError, show } from '../base/errors';
import { CodedStrings, type Given } from '../spec/column-input';
import type { Key } from '../spec/types';
import { isBigInts, placeOf } from './columns';
import { type StringLedger, Strings } from './strings';
import type { Views } from './views';

export type KeyKind = 'string' | 'number' | 'int64' | 'uint64';

const KINDS: Record<KeyKind, string> = {
  string: 'a string',
  number: 'a number',
  int64: 'a bigint from -2^63 to 2^63 - 1',
  uint64: 'a bigint from 0 to 2^64 - 1',
};

/** One column of a stream's keys. */
export class KeyColumn {
  kind: KeyKind | undefined;
  readonly strings: Strings;

  constructor(
    readonly name: string,
    ledger?: StringLedger,
  ) {
    this.strings = new Strings(ledger);
  }

  /** Returns the kind of a key. @throws {OrielError} ERR_ORIEL_COLUMN if it is no key, or not of the column's kind */
  kindOf(key: unknown, index?: number): KeyKind {
    const kind = this.#read(key);
    if (kind !== undefined && (this.kind === undefined || kind === this.kind)) return kind;
    const accepted = this.kind
      ? `${KINDS[this.kind]}, as the keys before`
      : 'a string, a number or a bigint of 64 bits';
    throw new OrielError('ERR_ORIEL_COLUMN', `${placeOf(this.name, index)}: expected ${accepted}, got ${show(key)}`);
  }

  /**
   * The kind of a value; undefined if it is no key. A bigint that fits both int64 and uint64 gets the column's kind,
   * else int64.
   */
  #read(key: unknown): KeyKind | undefined {
    if (typeof key === 'string' || typeof key === 'number') return typeof key as KeyKind;
    if (typeof key !== 'bigint') return undefined;
    const signed = BigInt.asIntN(64, key) === key;
    const unsigned = BigInt.asUintN(64, key) === key;
    if (this.kind === 'uint64') return unsigned ? 'uint64' : undefined;
    return signed ? 'int64' : this.kind === undefined && unsigned ? 'uint64' : undefined;
  }

  /**
   * Checks a whole column and returns its kind, or undefined if there is no key to tell it by. Settles nothing.
   * @throws as `kindOf`, naming the index
   */
  kindOfColumn(column: Given | CodedStrings): KeyKind | undefined {
    const before = this.kind;
    try {
      if (column instanceof CodedStrings) {
        const { codes, list } = column;
        for (let i = 0; i < codes.length; i++) {
          if (typeof list[codes[i] as number] !== 'string') this.kindOf(column.at(i), i);
        }
        return codes.length ? this.kindOf(column.at(0), 0) : undefined;
      }
      if (!Array.isArray(column) && !isBigInts(column)) return column.length ? this.kindOf(0, 0) : undefined;
      if (column instanceof BigUint64Array) this.kind ??= 'uint64';
      for (let i = 0; i < column.length; i++) this.kind = this.kindOf(column[i], i);
      return this.kind;
    } finally {
      this.kind = before;
    }
  }

  /** Reads keys, numbers as a typed array: the i-th is at the word `words[i]`, counted from `address`. */
  read(core: Core, address: number, words: ArrayLike<number>): ArrayLike<Key> {
    const n = words.length;
    const keys = this.kind === 'number' ? new Float64Array(n) : new Array<Key>(n);
    const end = n ? (core.buffer.byteLength - address) >>> 3 : 0;
    if (this.kind === 'int64' || this.kind === 'uint64') {
      const signed = this.kind === 'int64';
      const bits = signed
        ? new BigInt64Array(core.buffer, address, end)
        : new BigUint64Array(core.buffer, address, end);
      for (let i = 0; i < n; i++) keys[i] = bits[words[i] as number] as bigint;
      return keys;
    }
    const numbers = new Float64Array(core.buffer, address, end);
    const { values } = this.strings;
    if (this.kind === 'string')
      for (let i = 0; i < n; i++) keys[i] = values[numbers[words[i] as number] as number] as string;
    else for (let i = 0; i < n; i++) keys[i] = (numbers[words[i] as number] as number) + 0;
    return keys;
  }
}

/** Whether the key is one column of strings, whose numbers are the ids. */
export function hasIds(columns: readonly KeyColumn[]): boolean {
  return columns.length === 1 && columns[0]?.kind === 'string';
}

/** Converts the keys of one stream, in all their columns. */
export class KeyEncoder {
  readonly columns: readonly KeyColumn[];
  /** Distance between the ring's columns of words, in bytes. */
  readonly #stride: number;

  constructor(
    readonly core: Core,
    readonly stream: number,
    names: readonly string[],
    capacity: number,
    ledger: StringLedger,
  ) {
    this.columns = names.map((name) => new KeyColumn(name, ledger));
    this.#stride = capacity * 8;
  }

  /** As `hasIds`. */
  get direct(): boolean {
    return hasIds(this.columns);
  }

  /** The form in which the core gets keys; Keys in assembly/plan.ts. */
  get mode(): Keys {
    if (this.columns.length !== 1) return this.columns.length ? Keys.words : Keys.none;
    return this.direct ? Keys.ids : this.columns[0]?.kind === 'number' ? Keys.numbers : Keys.words;
  }

  /** Upper bound (exclusive) of the ids given here; 0 if the core assigns ids. */
  get idLimit(): number {
    return this.direct ? (this.columns[0] as KeyColumn).strings.values.length : 0;
  }

  /** The keys of some ids, as columns. */
  ofIds(ids: Uint32Array): ArrayLike<Key>[] {
    if (this.direct) {
      const { values } = (this.columns[0] as KeyColumn).strings;
      const keys = new Array<Key>(ids.length);
      for (let i = 0; i < ids.length; i++) keys[i] = values[ids[i] as number] as string;
      return [keys];
    }
    const width = this.columns.length;
    if (width === 0) return [];
    const words = width === 1 ? ids : ids.map((id) => id * width);
    const address = this.core.exports.keyWords(this.stream, 0);
    return this.columns.map((column, c) => column.read(this.core, address + 8 * c, words));
  }

  /** The keys of the events at some places of the ring, as columns. */
  ofPlaces(places: Uint32Array): ArrayLike<Key>[] {
    const { core, stream } = this;
    if (this.direct) {
      const ids = new Uint32Array(core.buffer, core.exports.idsColumn(stream));
      return this.ofIds(places.map((place) => ids[place] as number));
    }
    const words = core.exports.wordsColumns(stream);
    return this.columns.map((column, c) => column.read(core, words + c * this.#stride, places));
  }

  /**
   * Forgets strings that no key in use has, if a table is full or memory is short (`isShort`). A key is in use if a
   * window has rows of it, a store or a sample has pinned it, or a result names it.
   * @param batch the keys that stand in the ring, which are in use as well if the call at hand is not over
   * @returns whether there was anything to forget
   */
  sweep(isShort: boolean, batch?: Pick<Views, 'ids' | 'words'>): boolean {
    const isDue = ({ size, full }: Strings) => (isShort ? size > 0 : full);
    if (!this.columns.some(({ kind, strings }) => kind === 'string' && isDue(strings))) return false;
    const { exports, buffer } = this.core;
    exports.forgetSamples(this.stream);
    const limit = exports.idLimit(this.stream);
    const alive = new Uint8Array(Math.max(limit, this.idLimit));
    const live = new Uint32Array(buffer, exports.liveColumn(this.stream), limit);
    const pinsAt = exports.pinsColumn(this.stream);
    const pins = pinsAt ? new Uint32Array(buffer, pinsAt, limit) : live;
    for (let id = 0; id < limit; id++) alive[id] = live[id] || pins[id] ? 1 : 0;
    for (const id of new Uint32Array(buffer, exports.resultIds(this.stream), exports.resultCount(this.stream)))
      alive[id] = 1;
    if (this.direct) {
      for (const id of batch?.ids ?? []) if (id < alive.length) alive[id] = 1;
      this.columns[0]?.strings.keep(alive);
      return true;
    }
    const width = this.columns.length;
    const words = new Float64Array(buffer, exports.keyWords(this.stream, 0), limit * width);
    this.columns.forEach(({ kind, strings }, c) => {
      if (kind !== 'string') return;
      const used = new Uint8Array(strings.values.length);
      for (let id = 0; id < limit; id++) if (alive[id]) used[words[id * width + c] as number] = 1;
      for (const number of batch?.words[c] ?? []) if (number < used.length) used[number] = 1;
      strings.keep(used);
    });
    return true;
  }
}
