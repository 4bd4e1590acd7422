/**
 * Claims: places of a ring that the caller writes to. A claim shows the views of those places; the commit checks what
 * the caller wrote, and brings it into the form that the ring's reader expects.
 *
 * Law: the caller writes each column once, whatever it is used for: a key that is also a measure is written as a key.
 */

import { OrielError, show } from '../base/errors';
import { setField } from '../base/record';
import type { Given } from '../spec/column-input';
import { badMeasure, checkGaps, placeOf } from './columns';
import type { EventFields } from './event-fields';
import type { EventWriter } from './event-writer';
import { hasIds, type KeyColumn } from './keys';
import type { TextMeasure } from './measures';
import type { StringTable } from './strings';
import type { Views } from './views';

/** The claimed places: `n` from place `at` of the views on. */
interface Claimed {
  readonly views: Views;
  readonly at: number;
  readonly n: number;
  /** Whether the key column is that of ids, not of words. */
  readonly ids: boolean;
}

export class Claims {
  readonly #fields: EventFields;
  readonly #writer: EventWriter;
  /** The open claim. */
  open: Claimed | undefined;

  /** @param writer writes to the ring whose places are claimed */
  constructor(writer: EventWriter) {
    this.#fields = writer.fields;
    this.#writer = writer;
  }

  /**
   * Checks that n places may be claimed.
   * @throws {OrielError} ERR_ORIEL_CLAIM if n is not from 1 to `most`; ERR_ORIEL_COLUMN if keys are bigints
   */
  check(n: number, most = Number.POSITIVE_INFINITY): void {
    if (!isWhole(n, 1, most)) throw badCount('claim', `1 ${most < Number.POSITIVE_INFINITY ? `to ${most}` : 'on'}`, n);
    for (const { kind, name } of this.#fields.keys) {
      if (kind === 'int64' || kind === 'uint64') {
        throw new OrielError('ERR_ORIEL_COLUMN', `claim: column ${show(name)} holds bigints, which pushColumns takes`);
      }
    }
  }

  /** Claims n places from `at` on; returns views of them, by the names of the spec's columns. */
  claim(views: Views, at: number, n: number): Record<string, Float64Array | Uint32Array> {
    const { keys, plain, texts, time, hasTime } = this.#fields;
    const ids = hasIds(keys);
    this.open = { views, at, n, ids };
    const claimed: Record<string, Float64Array | Uint32Array> = {};
    [...plain, ...texts.map(({ column }) => column.name)].forEach((name, i) => {
      setField(claimed, name, (views.measures[i] as Float64Array).subarray(at, at + n));
    });
    keys.forEach(({ name }, c) => {
      setField(claimed, name, (ids ? views.ids : (views.words[c] as Float64Array)).subarray(at, at + n));
    });
    if (hasTime) setField(claimed, time, views.times.subarray(at, at + n));
    return claimed;
  }

  /**
   * The number to write to a claimed column for a key or a string.
   * @param column the column's name; may be left out for the only key column
   * @returns undefined if it is a string that cannot have a number now
   * @throws {OrielError} ERR_ORIEL_COLUMN if there is no such column or the value does not fit it
   */
  numberOf(key: string | number, column: string | undefined): number | undefined {
    const { keys, texts } = this.#fields;
    const { keyTables, textTables } = this.#writer;
    const c = column === undefined && keys.length === 1 ? 0 : keys.findIndex(({ name }) => name === column);
    const i = texts.findIndex((text) => text.column.name === column);
    const { column: text, form } = texts[i] ?? {};
    let table = keyTables[c];
    if (c >= 0) {
      const kind = keys[c]?.kindOf(key);
      if (kind !== 'string') return key as number;
      this.#fields.settle({ keys: keys.map((_, other) => (other === c ? kind : undefined)) });
    } else if (text && form) {
      this.#fields.settleText(i, text.kindOf(key));
      if (typeof key !== 'string' || form !== 'kept') return text.numberOf(key, form);
      table = textTables[i];
    }
    const number = (table ?? this.#refuseColumn(column)).numberOf(key as string);
    return number < 0 ? undefined : number;
  }

  #refuseColumn(column: string | undefined): never {
    const { keys, texts } = this.#fields;
    const names = [...keys, ...texts.map((text) => text.column)].map(({ name }) => show(name)).join(', ') || 'none';
    throw new OrielError(
      'ERR_ORIEL_COLUMN',
      `keyId: expected a column of keys or strings (${names}), got ${show(column)}`,
    );
  }

  /** Follows the ring, whose views may be new after functions of the user ran. */
  moveTo(views: Views): void {
    this.open = { ...(this.open as Claimed), views };
  }

  /** Checks that n events may be committed. @throws {OrielError} ERR_ORIEL_CLAIM */
  checkCount(n: number): void {
    const claimed = this.open?.n ?? 0;
    if (!isWhole(n, 0, claimed)) throw badCount('commit', `0 to the ${claimed} claimed`, n);
  }

  /**
   * Checks the first n events of the open claim, except their times, and brings their columns into form. Settles kinds.
   * @throws {OrielError} ERR_ORIEL_COLUMN
   */
  complete(n: number): void {
    const claimed = this.open as Claimed;
    const { gaps, plain, keys } = this.#fields;
    if (keys.some(({ kind }) => kind === undefined)) this.#fields.settle({ keys: keys.map(() => 'number') });
    keys.forEach((_, c) => {
      this.#completeKey(claimed, c, n);
    });
    plain.forEach((name, i) => {
      this.#completeNumbers(claimed, name, i, n);
    });
    this.#fields.texts.forEach((_, i) => {
      this.#completeText(claimed, i, n);
    });
    const { views, at } = claimed;
    for (const name of gaps)
      checkGaps(name, (views.measures[plain.indexOf(name)] as Float64Array).subarray(at, at + n));
  }

  #completeKey({ views, at, ids }: Claimed, c: number, n: number): void {
    const { keys } = this.#fields;
    const { name, kind } = keys[c] as KeyColumn;
    const words = views.words[c] as Float64Array;
    if (kind === 'number') {
      if (keys.length > 1) this.#writer.canonicalize(views, c, at, n);
      return;
    }
    if (kind !== 'string') return;
    const { ringCore, keyTables } = this.#writer;
    const table = keyTables[c] as StringTable;
    const written = (ids ? views.ids : words).subarray(at, at + n);
    const bad = ids && ringCore && table.isDense ? ringCore.badId(at, n) : badIndex(written, table);
    if (bad >= 0) throw badNumber(name, bad);
    if (keys.length > 1 || ids) return;
    for (let i = at; i < at + n; i++) views.ids[i] = words[i] as number;
  }

  /** Copies a time or key that is also a measure to the measure's column. */
  #completeNumbers({ views, at }: Claimed, name: string, i: number, n: number): void {
    const { keys, time } = this.#fields;
    const c = keys.findIndex((key) => key.name === name);
    if (c >= 0 && keys[c]?.kind !== 'number') throw badMeasure(name);
    const column = name === time ? views.times : views.words[c];
    if (column) views.measures[i]?.set(column.subarray(at, at + n), at);
  }

  /** Checks a measure that may be strings; copies a time or key that is also one. */
  #completeText({ views, at }: Claimed, i: number, n: number): void {
    const { plain, texts } = this.#fields;
    const { column, form } = texts[i] as TextMeasure;
    const own = (views.measures[plain.length + i] as Float64Array).subarray(at, at + n);
    const table = this.#writer.textTables[i] as StringTable;
    const given = this.#writtenElsewhere(column.name, views, at, n);
    if (given && !table.stringOf) {
      const problem = 'is used in several ways, which pushColumns sees to';
      throw new OrielError('ERR_ORIEL_COLUMN', `claim: column ${show(column.name)} ${problem}`);
    }
    if (given) {
      this.#fields.settleText(i, column.kindOfColumn(given));
      own.set(column.numbersOf(given, form));
    } else if (column.isText) {
      const bad = column.badNumber(own, form, table);
      if (bad >= 0) throw badNumber(column.name, bad);
      this.#fields.settleText(i, 'string');
    } else {
      this.#fields.settleText(i, column.kindOfColumn(own));
    }
  }

  /** The values of a measure that the caller wrote as the time or as a key; undefined if it is neither. */
  #writtenElsewhere(name: string, views: Views, at: number, n: number): Given | undefined {
    const { keys, time } = this.#fields;
    if (name === time) return views.times.subarray(at, at + n);
    const c = keys.findIndex((key) => key.name === name);
    if (c < 0) return undefined;
    const numbers = (hasIds(keys) ? views.ids : (views.words[c] as Float64Array)).subarray(at, at + n);
    if (keys[c]?.kind === 'number') return numbers.map((key) => key + 0);
    return Array.from(numbers, (number) => this.#writer.keyTables[c]?.stringOf?.(number));
  }
}

/** Index of the first number that is that of no string, -1 if there is none. */
function badIndex(numbers: Float64Array | Uint32Array, table: StringTable): number {
  for (let i = 0; i < numbers.length; i++) if (!table.has(numbers[i] as number)) return i;
  return -1;
}

function isWhole(n: number, least: number, most: number): boolean {
  return Number.isInteger(n) && n >= least && n <= most;
}

function badCount(call: string, range: string, n: number): OrielError {
  return new OrielError('ERR_ORIEL_CLAIM', `${call}: expected a whole number from ${range}, got ${show(n)}`);
}

function badNumber(name: string, index: number): OrielError {
  return new OrielError('ERR_ORIEL_COLUMN', `${placeOf(name, index)}: expected a number that keyId gave`);
}
