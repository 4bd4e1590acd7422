/** Writes values read from bytes into the row after the last one of a batch. */

import type { Unit } from '../options';
import type { Batch } from './column-batch';
import { type Convert, type Field, SCALES } from './fields';
import { dateAt } from './scan';
import { StringCache } from './string-cache';

export class RowBuilder {
  readonly #strings = new StringCache();
  readonly #isTime: readonly boolean[];
  readonly #mul: number;
  readonly #div: number;

  constructor(
    readonly batch: Batch,
    readonly fields: readonly Field[],
    readonly converts: readonly Convert[],
    unit: Unit,
  ) {
    this.#isTime = fields.map(({ use }) => use === 'time');
    [this.#mul, this.#div] = SCALES[unit];
  }

  /** Converts a value and adds it. @throws {BadValue} */
  put(field: number, value: unknown): void {
    this.putConverted(field, this.converts[field]?.(value));
  }

  /** Adds a value that is already converted. */
  putConverted(field: number, value: unknown): void {
    const { batch } = this;
    const numbers = batch.numbers[field];
    if (numbers) numbers[batch.length] = value as number;
    else (batch.lists[field] as unknown[])[batch.length] = value;
  }

  /** Converts a number and adds it. @throws {BadValue} */
  putNumber(field: number, number: number): void {
    const { batch } = this;
    const numbers = batch.numbers[field];
    if (numbers && Number.isFinite(number)) {
      numbers[batch.length] = this.#isTime[field] ? (number * this.#mul) / this.#div : number;
    } else {
      this.put(field, number);
    }
  }

  /** Converts a string that is not empty and adds it. @throws {BadValue} */
  putString(field: number, bytes: Buffer, from: number, to: number): void {
    const { batch } = this;
    const list = batch.lists[field];
    if (list) {
      list[batch.length] = this.#strings.at(bytes, from, to);
      return;
    }
    const time = this.#isTime[field] ? dateAt(bytes, from, to) : Number.NaN;
    if (Number.isNaN(time)) this.put(field, bytes.toString('utf8', from, to));
    else (batch.numbers[field] as Float64Array)[batch.length] = time;
  }

  /** Completes the row. */
  endRow(line: number): void {
    const { batch } = this;
    batch.lines[batch.length++] = line;
    if (batch.length === batch.capacity) batch.grow();
  }
}
