/** Rows on their way from a file to the stream, in columns that are reused for every batch. */

import { type Field, isNumeric } from './fields';

export class Batch {
  /** Number of rows. */
  length = 0;
  /** The numeric columns, by field; undefined if the field has a list. */
  readonly numbers: (Float64Array | undefined)[];
  /** The other columns, by field; undefined if the field is numeric. */
  readonly lists: (unknown[] | undefined)[];
  /** The line number of each row. */
  lines = new Float64Array(1024);

  /** Fields that had no value up to the last `clear`. */
  #unseen: readonly number[];

  constructor(readonly fields: readonly Field[]) {
    this.#unseen = [...fields.keys()];
    this.numbers = fields.map((field) => (isNumeric(field) ? new Float64Array(1024) : undefined));
    this.lists = fields.map((field) => (isNumeric(field) ? undefined : []));
  }

  /** Names of columns that had no value in any row up to the last `clear`. */
  get unseen(): string[] {
    return this.#unseen.map((f) => (this.fields[f] as Field).name);
  }

  #hasValue(field: number): boolean {
    const numbers = this.numbers[field];
    if (numbers) return numbers.subarray(0, this.length).some((number) => !Number.isNaN(number));
    return (this.lists[field] as unknown[]).slice(0, this.length).some((value) => value !== null);
  }

  get capacity(): number {
    return this.lines.length;
  }

  /** Doubles the capacity. */
  grow(): void {
    const grown = (column: Float64Array) => {
      const wider = new Float64Array(2 * column.length);
      wider.set(column);
      return wider;
    };
    this.lines = grown(this.lines);
    this.numbers.forEach((column, f) => {
      if (column) this.numbers[f] = grown(column);
    });
  }

  /** Adds a row; `valueAt` returns the value of a field. If it throws, no row is added. */
  add(line: number, valueAt: (field: number) => unknown): void {
    const row = this.length;
    for (let f = 0; f < this.fields.length; f++) {
      const value = valueAt(f);
      const numbers = this.numbers[f];
      if (numbers) numbers[row] = value as number;
      else (this.lists[f] as unknown[])[row] = value;
    }
    this.lines[row] = line;
    this.length = row + 1;
    if (this.length === this.capacity) this.grow();
  }

  /**
   * Rows [from, to) as columns for `pushColumns`. If there are no fields, an unnamed column gives the number of rows.
   */
  columns(from: number, to: number): Record<string, Float64Array | unknown[]> {
    const columns: Record<string, Float64Array | unknown[]> = Object.create(null);
    if (this.fields.length === 0) columns[''] = new Float64Array(to - from);
    this.fields.forEach(({ name }, f) => {
      const list = this.lists[f];
      // Behind the last row a list may have values of a row that was not added, or of an earlier batch.
      if (list && to === this.length) list.length = to;
      if (list) columns[name] = from === 0 && to === list.length ? list : list.slice(from, to);
      else columns[name] = (this.numbers[f] as Float64Array).subarray(from, to);
    });
    return columns;
  }

  /** Removes all rows. */
  clear(): void {
    this.#unseen = this.#unseen.filter((f) => !this.#hasValue(f));
    this.length = 0;
  }
}
