/**
 * Writes events into the columns of a ring, wherever they lie: single events, which it reads and checks first, and
 * checked columns. Strings become numbers by the tables of the ring: those of the stream if the core reads it, or else
 * those of the producer who fills it.
 */

import { CodedStrings, type Given, type Numbers } from '../spec/column-input';
import { checkGaps, isNumbers, numberOf } from './columns';
import type { CheckedColumns, EventFields } from './event-fields';
import { hasIds, type KeyColumn } from './keys';
import type { TextMeasure } from './measures';
import type { StringTable } from './strings';
import type { Views } from './views';

/** What the core does faster, where the ring is in its memory. */
export interface RingCore {
  /** Index of the first id, of n from place `at` on, that is that of no string; -1 if there is none. */
  badId(at: number, n: number): number;
  /** As `EventWriter.canonicalize`. */
  canonicalize(c: number, at: number, n: number): void;
}

/** Gives an event its place, once all of it has been read. */
export interface Placer {
  /** The place in `views` of an event with time t. */
  place(t: number): number;
  readonly views: Views;
}

export class EventWriter {
  /** Whether events have more columns than `writeEvent` has variables for. */
  readonly #readsMore: boolean;
  /** What was read of the event at hand: its measures, keys, strings, and what the spec's functions said of it. */
  readonly #numbers: Float64Array;
  readonly #keys: unknown[] = [];
  readonly #texts: unknown[] = [];
  readonly #flags: number[] = [];

  /**
   * @param keyTables a table for each key column
   * @param textTables a table for each measure that may be strings
   * @param ringCore the core, if the ring is in the memory of this thread's core
   */
  constructor(
    readonly fields: EventFields,
    readonly keyTables: readonly StringTable[],
    readonly textTables: readonly StringTable[],
    readonly ringCore?: RingCore,
  ) {
    const { plain, keys, texts, gaps, flags } = fields;
    this.#numbers = new Float64Array(plain.length);
    this.#readsMore = plain.length > 4 || keys.length > 2 || texts.length + gaps.length + flags.length > 0;
  }

  /**
   * Reads and checks an event, asks the spec's functions, and only then asks for a place and writes the event there:
   * functions of the user run before, and may do to the memory what they like. If it throws, no kind has been settled.
   *
   * Four numbers and two keys are variables: storing them elsewhere would cost a twentieth of a push. They have a
   * line of code each, because JavaScript engines cache the property that each place in the code reads, and read it
   * many times faster while it stays the same.
   * @param t its time, which the caller has checked
   * @returns false if one of its strings cannot have a number now
   * @throws {OrielError} ERR_ORIEL_COLUMN; also what `placer` throws
   */
  writeEvent(event: Record<string, unknown>, t: number, placer: Placer): boolean {
    const { plain, keys } = this.fields;
    const n = plain.length;
    const a = n > 0 ? measure(plain[0] as string, event[plain[0] as string]) : 0;
    const b = n > 1 ? measure(plain[1] as string, event[plain[1] as string]) : 0;
    const c = n > 2 ? measure(plain[2] as string, event[plain[2] as string]) : 0;
    const d = n > 3 ? measure(plain[3] as string, event[plain[3] as string]) : 0;
    const key = keys.length > 0 ? readKey(keys[0] as KeyColumn, event) : undefined;
    const key2 = keys.length > 1 ? readKey(keys[1] as KeyColumn, event) : undefined;
    if (this.#readsMore) this.#readMore(event, a, b, c, d);
    const at = placer.place(t);
    const { views } = placer;
    const { measures } = views;
    views.times[at] = t;
    if (n > 0) (measures[0] as Float64Array)[at] = a;
    if (n > 1) (measures[1] as Float64Array)[at] = b;
    if (n > 2) (measures[2] as Float64Array)[at] = c;
    if (n > 3) (measures[3] as Float64Array)[at] = d;
    if (keys.length > 0 && !this.#writeKeyOf(views, 0, key, at)) return false;
    if (keys.length > 1 && !this.#writeKeyOf(views, 1, key2, at)) return false;
    return !this.#readsMore || this.#writeMore(views, at);
  }

  /** Reads and checks what `writeEvent` has no variables for, the gaps too, and asks the spec's functions. */
  #readMore(event: Record<string, unknown>, a: number, b: number, c: number, d: number): void {
    const { plain, keys, texts, gaps, flags } = this.fields;
    for (let i = 4; i < plain.length; i++) this.#numbers[i] = measure(plain[i] as string, event[plain[i] as string]);
    for (let k = 2; k < keys.length; k++) this.#keys[k] = readKey(keys[k] as KeyColumn, event);
    for (let i = 0; i < texts.length; i++) {
      const { column } = texts[i] as TextMeasure;
      const value = event[column.name];
      column.kindOf(value);
      this.#texts[i] = value;
    }
    if (gaps.length > 0) this.#numbers.set([a, b, c, d].slice(0, plain.length));
    for (const name of gaps) checkGaps(name, this.#numbers[plain.indexOf(name)] as number);
    for (let i = 0; i < flags.length; i++) this.#flags[i] = flags[i]?.(event as never) ? 1 : 0;
  }

  /** Writes what `#readMore` has read. The loop over strings has the lines of `writeText` in it, as calls cost time. */
  #writeMore(views: Views, at: number): boolean {
    const { plain, keys, texts, flags } = this.fields;
    const { measures } = views;
    for (let i = 4; i < plain.length; i++) (measures[i] as Float64Array)[at] = this.#numbers[i] as number;
    for (let k = 2; k < keys.length; k++) if (!this.#writeKeyOf(views, k, this.#keys[k], at)) return false;
    for (let i = 0; i < texts.length; i++) {
      const { column, form } = texts[i] as TextMeasure;
      const value = this.#texts[i];
      if (column.kind === undefined) this.fields.settleText(i, column.kindOf(value));
      const isSent = form === 'kept' && typeof value === 'string';
      const number = isSent ? (this.textTables[i] as StringTable).numberOf(value) : column.numberOf(value, form);
      if (isSent && number < 0) return false;
      (measures[plain.length + i] as Float64Array)[at] = number;
    }
    const firstFlag = plain.length + texts.length;
    for (let i = 0; i < flags.length; i++) (measures[firstFlag + i] as Float64Array)[at] = this.#flags[i] as number;
    return true;
  }

  /** Writes the part of an event's key in column k, which is checked; settles the kind of a column without one. */
  #writeKeyOf(views: Views, k: number, key: unknown, at: number): boolean {
    const { keys } = this.fields;
    const column = keys[k] as KeyColumn;
    const { kind } = column;
    if (kind === 'number') {
      (views.words[k] as Float64Array)[at] = (key as number) + 0;
      return true;
    }
    if (kind === 'string') {
      const number = (this.keyTables[k] as StringTable).numberOf(key as string);
      if (number < 0) return false;
      if (keys.length === 1) views.ids[at] = number;
      else (views.words[k] as Float64Array)[at] = number;
      return true;
    }
    if (kind === undefined) {
      this.fields.settle({ keys: keys.map((one) => (one === column ? column.kindOf(key) : one.kind)) });
    }
    return this.writePart(views, k, key, at);
  }

  /** Writes a key, given by its parts, whose kinds are settled; returns false if a string cannot have a number now. */
  writeKey(views: Views, parts: readonly unknown[], at: number): boolean {
    return parts.every((part, c) => this.writePart(views, c, part, at));
  }

  /** Writes the part of a key in column c; returns false if it is a string that cannot have a number now. */
  writePart(views: Views, c: number, part: unknown, at: number): boolean {
    const { keys } = this.fields;
    const { kind } = keys[c] as KeyColumn;
    if (kind === 'string') {
      const number = (this.keyTables[c] as StringTable).numberOf(part as string);
      if (number < 0) return false;
      if (keys.length === 1) views.ids[at] = number;
      else (views.words[c] as Float64Array)[at] = number;
    } else if (kind === 'number') {
      (views.words[c] as Float64Array)[at] = canonical(part as number);
    } else {
      (views.bits[c] as BigInt64Array)[at] = part as bigint;
    }
    return true;
  }

  /** Writes a measure that may be a string; returns false if it is one that cannot have a number now. */
  writeText(views: Views, i: number, value: unknown, at: number): boolean {
    const { plain, texts } = this.fields;
    const { column, form } = texts[i] as TextMeasure;
    const isSent = form === 'kept' && typeof value === 'string';
    const number = isSent ? (this.textTables[i] as StringTable).numberOf(value) : column.numberOf(value, form);
    if (isSent && number < 0) return false;
    (views.measures[plain.length + i] as Float64Array)[at] = number;
    return true;
  }

  /**
   * Writes the events [from, from + n) of checked columns, whose kinds are settled, to the places from `at` on.
   * @returns how many are written: fewer than n if a string cannot have a number now
   */
  writeColumns(views: Views, columns: CheckedColumns, from: number, n: number, at: number): number {
    const { times, keys, numbers, texts, flags } = columns;
    const firstFlag = numbers.length + texts.length;
    let count = n;
    for (let c = 0; c < keys.length; c++) count = this.#writeKeyColumn(views, c, keys[c] as Given, from, count, at);
    for (let i = 0; i < texts.length; i++) count = this.#writeTextColumn(views, i, texts[i] as Given, from, count, at);
    copy(views.times, at, times, from, count);
    for (let i = 0; i < numbers.length; i++) {
      copy(views.measures[i] as Float64Array, at, numbers[i] as Numbers, from, count);
    }
    for (let i = 0; i < flags.length; i++) {
      copy(views.measures[firstFlag + i] as Float64Array, at, flags[i] as Numbers, from, count);
    }
    return count;
  }

  #writeKeyColumn(views: Views, c: number, column: Given | CodedStrings, from: number, n: number, at: number): number {
    const { keys } = this.fields;
    const { kind } = keys[c] as KeyColumn;
    const words = views.words[c] as Float64Array;
    if (kind === 'string') {
      return this.#writeStrings(
        c,
        column as readonly string[] | CodedStrings,
        from,
        n,
        hasIds(keys) ? views.ids : words,
        at,
      );
    }
    const values = column as Given;
    if (kind !== 'number') {
      const bits = views.bits[c] as BigInt64Array;
      for (let i = 0; i < n; i++) bits[at + i] = values[from + i] as bigint;
      return n;
    }
    if (Array.isArray(values)) for (let i = 0; i < n; i++) words[at + i] = values[from + i] as number;
    else copy(words, at, values as Numbers, from, n);
    if (keys.length > 1) this.canonicalize(views, c, at, n);
    return n;
  }

  /**
   * Makes n numbers of a key column comparable: -0 becomes 0, and every NaN the same NaN. If the key is one column of
   * numbers, the core does so itself.
   */
  canonicalize(views: Views, c: number, at: number, n: number): void {
    if (this.ringCore) {
      this.ringCore.canonicalize(c, at, n);
      return;
    }
    const words = views.words[c] as Float64Array;
    for (let i = at; i < at + n; i++) words[i] = canonical(words[i] as number);
  }

  #writeStrings(
    c: number,
    column: readonly string[] | CodedStrings,
    from: number,
    n: number,
    into: Float64Array | Uint32Array,
    at: number,
  ): number {
    const table = this.keyTables[c] as StringTable;
    if (column instanceof CodedStrings) {
      table.writeCoded?.(column, from, into.subarray(at, at + n));
      return n;
    }
    for (let i = 0; i < n; i++) {
      const number = table.numberOf(column[from + i] as string);
      if (number < 0) return i;
      into[at + i] = number;
    }
    return n;
  }

  #writeTextColumn(views: Views, i: number, column: Given, from: number, n: number, at: number): number {
    if (isNumbers(column)) {
      copy(views.measures[this.fields.plain.length + i] as Float64Array, at, column, from, n);
      return n;
    }
    for (let j = 0; j < n; j++) if (!this.writeText(views, i, column[from + j], at + j)) return j;
    return n;
  }
}

function canonical(key: number): number {
  return Number.isNaN(key) ? Number.NaN : key + 0;
}

function copy(column: Float64Array, at: number, given: Numbers, from: number, n: number): void {
  column.set(from === 0 && n === given.length ? given : given.subarray(from, from + n), at);
}

/** Reads a key from an event. @throws {OrielError} ERR_ORIEL_COLUMN if it is no key of the column */
function readKey(column: KeyColumn, event: Record<string, unknown>): unknown {
  const key = event[column.name];
  const { kind } = column;
  const isKnown = (kind === 'number' && typeof key === 'number') || (kind === 'string' && typeof key === 'string');
  if (!isKnown) column.kindOf(key);
  return key;
}

function measure(name: string, value: unknown): number {
  return typeof value === 'number' ? value : numberOf(name, value);
}
