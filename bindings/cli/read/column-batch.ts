/** Rows on their way from a file to the stream, as columns that are used again and again. */

import { type Field, isNumeric } from './fields';

export class Batch {
  /** How many rows there are. */
  length = 0;
  /** Those of numbers, in the order of the fields; undefined where a field has a list. */
  readonly numbers: (Float64Array | undefined)[];
  readonly lists: (unknown[] | undefined)[];
  /** Lines of the rows. */
  lines = new Float64Array(1024);

  /** Fields of which there was no value yet. */
  #unseen: readonly number[];

  constructor(readonly fields: readonly Field[]) {
    this.#unseen = [...fields.keys()];
    this.numbers = fields.map((field) => (isNumeric(field) ? new Float64Array(1024) : undefined));
    this.lists = fields.map((field) => (isNumeric(field) ? undefined : []));
  }

  /** Columns that had no value in any row so far. */
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

  /** Room for twice as many rows. */
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

  /** Adds a row of which `valueAt` gives the values by field. Where that throws nothing was added. */
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

  /** Rows from `from` to `to` as `pushColumns` takes them. Without a single column something says how many there are. */
  columns(from: number, to: number): Record<string, Float64Array | unknown[]> {
    const columns: Record<string, Float64Array | unknown[]> = this.fields.length
      ? {}
      : { '': new Float64Array(to - from) };
    this.fields.forEach(({ name }, f) => {
      const list = this.lists[f];
      // What stands behind the last row is left of one that was not added, or of rows before.
      if (list && to === this.length) list.length = to;
      if (list) columns[name] = from === 0 && to === list.length ? list : list.slice(from, to);
      else columns[name] = (this.numbers[f] as Float64Array).subarray(from, to);
    });
    return columns;
  }

  /** Makes room for others. */
  clear(): void {
    this.#unseen = this.#unseen.filter((f) => !this.#hasValue(f));
    this.length = 0;
  }
}
