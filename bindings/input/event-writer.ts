/**
 * Writes events into the columns of a ring, wherever they lie: single events, which it reads and checks first, and
 * checked columns. Strings become numbers by the tables of the ring: those of the stream if the core reads it, or else
 * those of the producer who fills it.
 */

import { CodedStrings, type Given, type Numbers } from '../spec/column-input';
import { checkGaps, isNumbers, numberOf } from './columns';
import type { CheckedColumns, EventFields } from './event-fields';
import { hasIds, type KeyColumn } from './keys';
import type { TextColumn, TextMeasure } from './measures';
import type { StringTable } from './strings';
import type { Views } from './views';

/** What the core does faster, where the ring is in its memory. */
export interface RingCore {
  /** Index of the first id, of n from place `at` on, that is beyond those of all strings; -1 if there is none. */
  badId(at: number, n: number): number;
  /** As `EventWriter.canonicalize`. */
  canonicalize(c: number, at: number, n: number): void;
}

export class EventWriter {
  /** What `readEvent` has read: numbers, keys, measures that may be strings, and what the spec's functions said. */
  readonly #numbers: readonly Float64Array[];
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
    this.#numbers = fields.plain.map(() => new Float64Array(1));
  }

  /**
   * Checks an event and writes it to a place. If it throws, no column's kind has been settled.
   * @param t its time, which the caller has checked
   * @returns false if one of its strings cannot have a number now
   * @throws {OrielError} ERR_ORIEL_COLUMN
   */
  writeEvent(views: Views, event: Record<string, unknown>, t: number, at: number): boolean {
    if (this.fields.isSimple && this.writeSimple(views, event, t, at)) return true;
    this.readEvent(event);
    return this.writeRead(views, t, at);
  }

  /**
   * Writes an event of simple fields to a place while it reads it, which is the fastest way. A getter of the event may
   * have moved the ring meanwhile: the caller sees to that.
   * @returns false if the event has to be read first, or one of its strings cannot have a number now
   */
  writeSimple(views: Views, event: Record<string, unknown>, t: number, at: number): boolean {
    const { keys, plain } = this.fields;
    const { measures, words } = views;
    for (let c = 0; c < keys.length; c++) {
      const { name, kind } = keys[c] as KeyColumn;
      if (kind === 'number') {
        const key = event[name];
        if (typeof key !== 'number') return false;
        (words[c] as Float64Array)[at] = key + 0;
      } else if (kind === 'string') {
        const key = event[name];
        if (typeof key !== 'string') return false;
        const number = (this.keyTables[c] as StringTable).numberOf(key);
        if (number < 0) return false;
        if (keys.length === 1) views.ids[at] = number;
        else (words[c] as Float64Array)[at] = number;
      } else {
        return false;
      }
    }
    writeNumbers(plain, measures, event, at);
    views.times[at] = t;
    return true;
  }

  /**
   * Reads and checks an event and asks the spec's functions, before `writeRead` writes it: user code cannot touch what
   * is written.
   * @throws {OrielError} ERR_ORIEL_COLUMN
   */
  readEvent(event: Record<string, unknown>): void {
    const { plain, keys, texts, gaps, flags } = this.fields;
    writeNumbers(plain, this.#numbers, event, 0);
    for (const name of gaps) checkGaps(name, this.#numbers[plain.indexOf(name)] as Numbers);
    for (let c = 0; c < keys.length; c++) this.#keys[c] = checked(keys[c] as KeyColumn, event);
    for (let i = 0; i < texts.length; i++) this.#texts[i] = checked((texts[i] as TextMeasure).column, event);
    for (let i = 0; i < flags.length; i++) this.#flags[i] = flags[i]?.(event as never) ? 1 : 0;
  }

  /** Writes what `readEvent` has read, and settles kinds. Returns as `writeEvent`. */
  writeRead(views: Views, t: number, at: number): boolean {
    const { plain, keys, texts, flags } = this.fields;
    const { measures } = views;
    views.times[at] = t;
    for (let i = 0; i < plain.length; i++) (measures[i] as Float64Array)[at] = this.#numbers[i]?.[0] as number;
    for (let c = 0; c < keys.length; c++) {
      if ((keys[c] as KeyColumn).kind === undefined) this.#settleKeys();
      if (!this.writePart(views, c, this.#keys[c], at)) return false;
    }
    for (let i = 0; i < texts.length; i++) {
      const { column } = texts[i] as TextMeasure;
      if (column.kind === undefined) this.fields.settleText(i, column.kindOf(this.#texts[i]));
      if (!this.writeText(views, i, this.#texts[i], at)) return false;
    }
    const firstFlag = plain.length + texts.length;
    for (let i = 0; i < flags.length; i++) (measures[firstFlag + i] as Float64Array)[at] = this.#flags[i] as number;
    return true;
  }

  /** Settles the kinds of the keys by those of the event that was read. */
  #settleKeys(): void {
    this.fields.settle({ keys: this.fields.keys.map((column, c) => column.kindOf(this.#keys[c])) });
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

  /** Writes the n events that `EventFields.readSettled` has read to the places from 0 on, and lets go of them. */
  writeSettled(views: Views, n: number): void {
    const { times, words, measures } = views;
    const { settled, keys, plain } = this.fields;
    times.set(settled[0] as Float64Array);
    for (let c = 0; c < keys.length; c++) (words[c] as Float64Array).set(settled[1 + c] as Float64Array);
    for (let i = 0; i < plain.length; i++) {
      (measures[i] as Float64Array).set(settled[1 + keys.length + i] as Float64Array);
    }
    for (let c = 0; c < keys.length && keys.length > 1; c++) this.canonicalize(views, c, 0, n);
    settled.length = 0;
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

/** Reads a value of a column from an event. @throws {OrielError} ERR_ORIEL_COLUMN if the column cannot have it */
function checked(column: KeyColumn | TextColumn, event: Record<string, unknown>): unknown {
  const value = event[column.name];
  if (typeof value !== column.kind) column.kindOf(value);
  return value;
}

/**
 * Writes the numeric measures of one event. The first four have a line of code each: JavaScript engines cache the
 * property that each place in the code reads, and read it many times faster while it stays the same.
 */
function writeNumbers(
  names: readonly string[],
  columns: readonly Float64Array[],
  event: Record<string, unknown>,
  at: number,
): void {
  const n = names.length;
  if (n > 0) (columns[0] as Float64Array)[at] = measure(names[0] as string, event[names[0] as string]);
  if (n > 1) (columns[1] as Float64Array)[at] = measure(names[1] as string, event[names[1] as string]);
  if (n > 2) (columns[2] as Float64Array)[at] = measure(names[2] as string, event[names[2] as string]);
  if (n > 3) (columns[3] as Float64Array)[at] = measure(names[3] as string, event[names[3] as string]);
  for (let i = 4; i < n; i++) (columns[i] as Float64Array)[at] = measure(names[i] as string, event[names[i] as string]);
}

function measure(name: string, value: unknown): number {
  return typeof value === 'number' ? value : numberOf(name, value);
}
