/**
 * Live views of the columns of a stream's ring. Every way of pushing events writes to them; late events are read back
 * from them.
 */

import type { Core } from '../base/core';
import { RING_EVENTS } from '../base/core';
import { OrielError, show } from '../base/errors';
import type { CheckedSpec } from '../spec/check';
import type { CodedStrings, Given, Numbers } from '../spec/column-input';
import type { Key } from '../spec/types';
import { badMeasure, flagsOf, numberOf } from './columns';
import type { KeyEncoder } from './keys';
import type { Measures, TextMeasure } from './measures';

/**
 * A view of each column. A key has a column of ids, and a column of 8-byte words for each of its key columns; see
 * keys.ts.
 */
interface Views {
  times: Float64Array;
  ids: Uint32Array;
  words: Float64Array[];
  measures: Float64Array[];
}

export class EventRing {
  #views: Views;
  /** The index of each measure's column, by name. */
  readonly #places: ReadonlyMap<string, number>;

  constructor(
    readonly core: Core,
    readonly stream: number,
    readonly spec: CheckedSpec,
    readonly measures: Measures,
    readonly flags: readonly ((event: never) => boolean)[],
    readonly keys: KeyEncoder,
  ) {
    this.#places = measures.places();
    this.#views = this.#look();
  }

  get times(): Float64Array {
    return this.#look().times;
  }

  /** The view of a measure's column. */
  measure(name: string): Float64Array {
    return this.#look().measures[this.#places.get(name) as number] as Float64Array;
  }

  /**
   * Returns the views, making new ones if the memory has grown or the stream uses another segment
   * (assembly/ingest/segments.ts).
   */
  #look(): Views {
    const { exports, buffer } = this.core;
    const address = exports.timesColumn(this.stream);
    const { times } = this.#views ?? {};
    if (times?.buffer === buffer && times.byteOffset === address) return this.#views;
    const measures = exports.measureColumns(this.stream);
    const words = exports.wordsColumns(this.stream);
    this.#views = {
      times: new Float64Array(buffer, address, RING_EVENTS),
      ids: new Uint32Array(buffer, exports.idsColumn(this.stream), RING_EVENTS),
      words: this.spec.keys.map((_, c) => new Float64Array(buffer, words + c * RING_EVENTS * 8, RING_EVENTS)),
      measures: Array.from(
        { length: this.measures.count + this.flags.length },
        (_, i) => new Float64Array(buffer, measures + i * RING_EVENTS * 8, RING_EVENTS),
      ),
    };
    return this.#views;
  }

  /**
   * Writes one event to place `at`; the caller has checked its time. If it throws, no column's kind has been settled.
   * @throws {OrielError} ERR_ORIEL_COLUMN
   */
  writeEvent(fields: Record<string, unknown>, t: number, at: number): void {
    // If memory has grown, the old views are detached and have length 0; views of shared memory stay valid.
    const { times, measures } = this.#views.times.length === 0 ? this.#look() : this.#views;
    const { plain, texts } = this.measures;
    writeMeasures(plain, measures, fields, at);
    const first = plain.length;
    const firstFlag = first + texts.length;
    for (let i = 0; i < texts.length; i++) {
      const { column } = texts[i] as TextMeasure;
      column.kindOf(fields[column.name]);
    }
    for (let i = 0; i < this.flags.length; i++) {
      (measures[firstFlag + i] as Float64Array)[at] = this.flags[i]?.(fields as never) ? 1 : 0;
    }
    times[at] = t;
    this.#writeKey(fields, at);
    // Everything is checked: from here on nothing throws, so kinds may be settled and strings stored.
    for (let i = 0; i < texts.length; i++) {
      const { column, form } = texts[i] as TextMeasure;
      const value = fields[column.name];
      column.kind ??= column.kindOf(value);
      (measures[first + i] as Float64Array)[at] = column.numberOf(value, form);
    }
  }

  #writeKey(fields: Record<string, unknown>, at: number): void {
    const { columns, direct } = this.keys;
    for (let c = 0; c < columns.length; c++) {
      const { name, kind, strings } = columns[c] as (typeof columns)[number];
      const key = fields[name];
      if (kind === 'string' && typeof key === 'string') {
        if (direct) this.#views.ids[at] = strings.idOf(key);
        else (this.#views.words[c] as Float64Array)[at] = strings.idOf(key);
      } else if (kind === 'number' && typeof key === 'number') {
        (this.#views.words[c] as Float64Array)[at] = key + 0;
      } else {
        this.#writeKeySlow(fields, at);
        return;
      }
    }
  }

  /** Writes a key that is a bigint, or the first of its column; throws if it is of the wrong kind. */
  #writeKeySlow(fields: Record<string, unknown>, at: number): void {
    const keys = this.keys.columns.map(({ name }) => [fields[name]]);
    this.keys.settle(this.keys.columns.map((column, c) => column.kindOf(keys[c]?.[0])));
    this.keys.write(keys, 0, 1, at);
  }

  /** Writes the events [from, from + n) of some columns to the start of the ring, which must be empty. */
  write(times: Numbers, measures: Numbers[], keys: readonly (Given | CodedStrings)[], from: number, n: number): void {
    this.core.exports.claim(this.stream, n);
    const views = this.#look();
    const part = (column: Numbers) => (n === column.length ? column : column.subarray(from, from + n));
    views.times.set(part(times));
    for (let i = 0; i < measures.length; i++) views.measures[i]?.set(part(measures[i] as Numbers));
    this.keys.write(keys, from, n, 0);
  }

  /** Views of n places from `at` on, by the names of the spec's columns. */
  claimed(at: number, n: number): Record<string, Float64Array | Uint32Array> {
    const { times, measures, words, ids } = this.#look();
    const views: Record<string, Float64Array | Uint32Array> = {};
    for (const [name, i] of this.#places) views[name] = (measures[i] as Float64Array).subarray(at, at + n);
    this.spec.keys.forEach((name, c) => {
      views[name] = (this.keys.direct ? ids : (words[c] as Float64Array)).subarray(at, at + n);
    });
    if (this.spec.hasTime) views[this.spec.time] = times.subarray(at, at + n);
    return views;
  }

  /**
   * Checks the keys that were written to claimed places and brings them into the form that the core expects.
   * @param ids whether the claim's key column was the column of ids, not that of words
   * @throws {OrielError} ERR_ORIEL_COLUMN
   */
  checkClaimed({ at, ids }: { at: number; ids: boolean }, n: number): void {
    const { exports } = this.core;
    if (this.keys.direct) {
      if (!ids) exports.idsOfWords(this.stream, at, n);
      const bad = exports.badId(this.stream, at, n, this.keys.idLimit);
      if (bad < 0) return;
      const message = `column ${show(this.spec.keys[0])} at index ${bad}: expected a number that keyId gave`;
      throw new OrielError('ERR_ORIEL_COLUMN', message);
    }
    const words = exports.wordsColumns(this.stream) + 8 * at;
    this.keys.columns.forEach(({ name, kind, strings }, c) => {
      const column = words + c * RING_EVENTS * 8;
      if (kind === 'number' && this.keys.columns.length > 1) exports.canonicalize(column, n);
      if (kind !== 'string') return;
      const bad = new Float64Array(this.core.buffer, column, n).findIndex((id) => !(id in strings.values));
      if (bad < 0) return;
      throw new OrielError(
        'ERR_ORIEL_COLUMN',
        `column ${show(name)} at index ${bad}: expected a number that keyId gave`,
      );
    });
  }

  /** Calls the spec's functions for n claimed events from `at` on and writes their answers to the ring. */
  flagClaimed(at: number, n: number): void {
    if (this.flags.length === 0) return;
    const { times, measures } = this.#look();
    const columns: Record<string, ArrayLike<unknown>> = { [this.spec.time]: times.subarray(at, at + n) };
    for (const [name, i] of this.#places)
      columns[name] = this.#values(i, (measures[i] as Float64Array).slice(at, at + n));
    const keys = this.keys.ofPlaces(Uint32Array.from({ length: n }, (_, i) => at + i));
    this.spec.keys.forEach((name, c) => {
      columns[name] = keys[c] as Key[];
    });
    flagsOf(this.flags, columns, n).forEach((flags, i) => {
      measures[this.measures.count + i]?.set(flags, at);
    });
  }

  /** Turns numbers from a measure's column back into the values that were pushed. */
  #values(place: number, numbers: Float64Array): ArrayLike<unknown> {
    return this.measures.textAt(place)?.column.readAll(numbers as Float64Array<ArrayBuffer>) ?? numbers;
  }

  /**
   * Completes n claimed events: copies a time or key that is also a measure, which the caller writes only once, to the
   * measure's column, and settles the kinds of columns that may hold strings.
   * @throws {OrielError} ERR_ORIEL_COLUMN
   */
  copyClaimed(at: number, n: number): void {
    const { times, words, measures } = this.#look();
    const { plain, texts } = this.measures;
    const part = (column: Float64Array) => column.subarray(at, at + n);
    plain.forEach((name, i) => {
      const c = this.spec.keys.indexOf(name);
      if (c >= 0 && this.keys.columns[c]?.kind !== 'number') throw badMeasure(name);
      const column = name === this.spec.time ? times : words[c];
      if (column) measures[i]?.set(part(column), at);
    });
    texts.forEach(({ column, form }, i) => {
      const c = this.spec.keys.indexOf(column.name);
      const place = this.#places.get(column.name) as number;
      const own = part(measures[place] as Float64Array);
      let given: Given = own;
      if (column.name === this.spec.time) given = part(times);
      else if (c >= 0) given = this.keys.ofPlaces(Uint32Array.from({ length: n }, (_, j) => at + j))[c] as Key[];
      else if (column.isText) {
        const bad = column.badNumber(own, form);
        if (bad >= 0) {
          const message = `column ${show(column.name)} at index ${bad}: expected a number that keyId gave`;
          throw new OrielError('ERR_ORIEL_COLUMN', message);
        }
        column.kind = 'string';
        return;
      }
      column.kind ??= column.kindOfColumn(given);
      if (given !== own) measures[plain.length + i]?.set(column.numbersOf(given, form), at);
    });
  }

  /** Appends the n late events of the last commit to columns. Call it before the ring is written again. */
  readLate(n: number, into: Record<string, unknown[]>): void {
    const places = new Uint32Array(this.core.buffer, this.core.exports.lateEvents(this.stream), n).slice();
    const { times, measures } = this.#look();
    const add = (name: string, values: ArrayLike<unknown>) => {
      into[name] ??= [];
      for (let i = 0; i < n; i++) into[name].push(values[i]);
    };
    const at = (column: Float64Array) => Float64Array.from(places, (place) => column[place] as number);
    const { time, keys } = this.spec;
    for (const [name, i] of this.#places) {
      if (name !== time && !keys.includes(name)) add(name, this.#values(i, at(measures[i] as Float64Array)));
    }
    const columns = this.keys.ofPlaces(places);
    keys.forEach((name, c) => {
      add(name, columns[c] as Key[]);
    });
    add(time, at(times));
  }
}

/**
 * Writes the measures of one event. The first four have a line of code each: JavaScript engines cache the property that
 * each place in the code reads, and read it many times faster while it stays the same.
 */
function writeMeasures(names: readonly string[], columns: Float64Array[], fields: Record<string, unknown>, at: number) {
  const n = names.length;
  if (n > 0) (columns[0] as Float64Array)[at] = measure(names[0] as string, fields[names[0] as string]);
  if (n > 1) (columns[1] as Float64Array)[at] = measure(names[1] as string, fields[names[1] as string]);
  if (n > 2) (columns[2] as Float64Array)[at] = measure(names[2] as string, fields[names[2] as string]);
  if (n > 3) (columns[3] as Float64Array)[at] = measure(names[3] as string, fields[names[3] as string]);
  for (let i = 4; i < n; i++)
    (columns[i] as Float64Array)[at] = measure(names[i] as string, fields[names[i] as string]);
}

function measure(name: string, value: unknown): number {
  return typeof value === 'number' ? value : numberOf(name, value);
}
