/**
 * The ring of a stream: live views of its columns, in the core's memory. Every way of pushing events writes to them;
 * late events are read back from them.
 */

import { type Core, noRoom } from '../base/core';
import { setField } from '../base/record';
import type { CheckedSpec } from '../spec/check';
import { Claims } from './claims';
import { flagsOf } from './columns';
import type { CheckedColumns, EventFields } from './event-fields';
import { EventWriter } from './event-writer';
import type { KeyEncoder } from './keys';
import type { Measures } from './measures';
import { COLUMN_BYTES, noPlaces, type Views, viewsAt } from './views';

/** Stands for "no id"; no id is this large. */
const NO_ID = 2 ** 32 - 1;

export class EventRing {
  #views: Views;
  /** The index of each measure's column, by name. */
  readonly #places: ReadonlyMap<string, number>;
  readonly #writer: EventWriter;
  readonly claims: Claims;

  constructor(
    readonly core: Core,
    readonly stream: number,
    readonly spec: CheckedSpec,
    readonly measures: Measures,
    readonly keys: KeyEncoder,
    readonly fields: EventFields,
  ) {
    this.#places = measures.places();
    this.#writer = new EventWriter(
      fields,
      keys.columns.map(({ strings }) => strings),
      measures.columns.map(({ strings }) => strings),
      {
        badId: (at, n) => core.exports.badId(stream, at, n, keys.idLimit),
        canonicalize: (c, at, n) =>
          core.exports.canonicalize(core.exports.wordsColumns(stream) + c * COLUMN_BYTES + 8 * at, n),
      },
    );
    this.claims = new Claims(this.#writer);
    this.#views = this.#look();
  }

  get times(): Float64Array {
    return this.#look().times;
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
    const { keys, flags } = this.fields;
    const measures = this.measures.count + flags.length;
    this.#views = address ? viewsAt(buffer, address, keys.length, measures) : noPlaces(keys.length, measures);
    return this.#views;
  }

  /** The views that the core reads now; they replace views that are detached or belong to another segment. */
  get columns(): Views {
    return this.#look();
  }

  /**
   * Writes an event of simple fields to place `at` while it reads it. Returns false if the event has to be read first,
   * or if one of its getters has made the memory grow: then the event may be written in part.
   * @throws {OrielError} ERR_ORIEL_COLUMN
   */
  writeSimple(event: Record<string, unknown>, t: number, at: number): boolean {
    const views = this.views;
    // If memory has grown, the old views are detached and have length 0; views of shared memory stay valid.
    return this.#writer.writeSimple(views, event, t, at) && views.times.length > 0;
  }

  /** Reads and checks an event. @throws {OrielError} ERR_ORIEL_COLUMN, and what functions of the spec throw */
  readEvent(event: Record<string, unknown>): void {
    this.#writer.readEvent(event);
  }

  /** Writes the event that was read to place `at`. */
  writeRead(t: number, at: number): void {
    this.#writer.writeRead(this.views, t, at);
  }

  /** The views, after anything that may have made the memory grow. */
  get views(): Views {
    return this.#views.times.length === 0 ? this.#look() : this.#views;
  }

  /** Claims n places and returns the first. @throws {OrielError} ERR_ORIEL_MEMORY if the stream cannot be opened */
  claimPlaces(n: number): number {
    const at = this.core.exports.claim(this.stream, n);
    if (at < 0) throw noRoom();
    // Opens the stream, perhaps for the second time: a call that failed has undone the first, and moved the columns.
    this.#look();
    return at;
  }

  /** Writes the events [from, from + n) of some columns to the start of the ring, which must be empty. */
  write(columns: CheckedColumns, from: number, n: number): void {
    this.claimPlaces(n);
    this.#writer.writeColumns(this.#look(), columns, from, n, 0);
  }

  /** Writes the n events that `EventFields.readSettled` has read to the start of the ring, which must be empty. */
  writeSettled(n: number): void {
    this.claimPlaces(n);
    this.#writer.writeSettled(this.#views, n);
  }

  /**
   * Returns the id of a key, or an id beyond all others if the stream knows no such key. The ring must be empty: the
   * key is written to its first place.
   * @throws {OrielError} ERR_ORIEL_COLUMN if a part of it is no key, or not of its column's kind
   */
  find(key: readonly unknown[]): number {
    const { core, stream, keys } = this;
    const known = keys.columns.every((column, c) => {
      const kind = column.kindOf(key[c]);
      return column.kind !== undefined && (kind !== 'string' || column.strings.knows(key[c] as string));
    });
    if (!known) return NO_ID;
    if (keys.direct) return keys.columns[0]?.strings.numberOf(key[0] as string) ?? NO_ID;
    const { bits } = this.#look();
    // Restored afterwards, as events of a claim may be there.
    const words = bits.map(([word]) => word as bigint);
    this.claimPlaces(1);
    this.#writer.writeKey(this.#look(), key, 0);
    const found = core.exports.idOfKey(stream) >>> 0;
    bits.forEach((column, c) => {
      column[0] = words[c] as bigint;
    });
    return found;
  }

  /** Claims n places; returns views of them, by the names of the spec's columns. */
  claim(n: number): Record<string, Float64Array | Uint32Array> {
    const at = this.claimPlaces(n);
    return this.claims.claim(this.#look(), at, n);
  }

  /** Calls the spec's functions for n claimed events from `at` on. They get copies. */
  flagsOfClaimed(at: number, n: number): readonly Float64Array[] {
    const { times, measures } = this.#look();
    const columns: Record<string, ArrayLike<unknown>> = { [this.spec.time]: times.slice(at, at + n) };
    for (const [name, i] of this.#places)
      setField(columns, name, this.#values(i, (measures[i] as Float64Array).slice(at, at + n)));
    const keys = this.keys.ofPlaces(Uint32Array.from({ length: n }, (_, i) => at + i));
    this.spec.keys.forEach((name, c) => {
      setField(columns, name, keys[c]);
    });
    return flagsOf(this.fields.flags, columns, n);
  }

  /** Writes what the spec's functions said of events from `at` on. */
  writeFlags(flags: readonly Float64Array[], at: number): void {
    const { measures } = this.#look();
    flags.forEach((answers, i) => {
      measures[this.measures.count + i]?.set(answers, at);
    });
  }

  /** Turns numbers from a measure's column back into the values that were pushed. */
  #values(place: number, numbers: Float64Array): ArrayLike<unknown> {
    return this.measures.textAt(place)?.column.readAll(numbers as Float64Array<ArrayBuffer>) ?? numbers;
  }

  /** Appends the n late events of the last commit to columns. Call it before the ring is written again. */
  readLate(n: number, into: Map<string, unknown[]>): void {
    const places = new Uint32Array(this.core.buffer, this.core.exports.lateEvents(this.stream), n).slice();
    const { times, measures } = this.#look();
    const add = (name: string, values: ArrayLike<unknown>) => {
      const column = into.get(name) ?? [];
      into.set(name, column);
      for (let i = 0; i < n; i++) column.push(values[i]);
    };
    const at = (column: Float64Array) => Float64Array.from(places, (place) => column[place] as number);
    const { time, keys } = this.spec;
    for (const [name, i] of this.#places) {
      if (name !== time && !keys.includes(name)) add(name, this.#values(i, at(measures[i] as Float64Array)));
    }
    const columns = this.keys.ofPlaces(places);
    keys.forEach((name, c) => {
      add(name, columns[c] as ArrayLike<unknown>);
    });
    add(time, at(times));
  }
}
