/** Results as a stream of Apache Arrow, where that is installed. */

import type { DataType, RecordBatchStreamWriter, Table } from 'apache-arrow';
import type { Results } from '../feed';
import { UsageError } from '../usage-error';
import type { Writer } from './cells';

type Arrow = typeof import('apache-arrow');
type ToArrow = (batch: Results, options: { types: Record<string, DataType>; nulls: true }) => Table;

/** For so many rows one waits to see what a column holds of which there was no value yet. */
const MAX_HELD_ROWS = 10_000;

/** @param times the columns to be written as timestamps @throws {UsageError} where Arrow is not there */
export async function arrowWriter(times: ReadonlySet<string>): Promise<Writer> {
  try {
    const arrow = await import('apache-arrow');
    const { toArrow } = await import('oriel/arrow');
    return new ArrowWriter(arrow, toArrow as unknown as ToArrow, times);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UsageError('--to: arrow needs the package apache-arrow beside oriel: npm install apache-arrow');
  }
}

class ArrowWriter implements Writer {
  readonly #writer: RecordBatchStreamWriter;
  /** What the writer gave and nobody took yet. */
  readonly #parts: Uint8Array[] = [];
  /** The types of the columns; once something is written they stay. */
  #types: Record<string, DataType> = {};
  #isSettled = false;
  readonly #held: Results[] = [];
  #heldRows = 0;

  constructor(
    readonly arrow: Arrow,
    readonly toArrow: ToArrow,
    readonly times: ReadonlySet<string>,
  ) {
    const parts = this.#parts;
    class Sink extends arrow.AsyncByteQueue {
      override write(part: Uint8Array): void {
        if (part.byteLength > 0) parts.push(part);
      }
    }
    this.#writer = new arrow.RecordBatchStreamWriter({ autoDestroy: false });
    this.#writer.reset(new Sink());
  }

  write(batch: Results): Uint8Array {
    // One without rows says what columns there are, if no other does.
    if (batch.length > 0 || (!this.#isSettled && this.#held.length === 0)) this.#held.push(batch);
    this.#heldRows += batch.length;
    if (!this.#isSettled) this.#learn(batch);
    if (this.#isSettled) this.#flush();
    return this.#taken();
  }

  end(): Uint8Array {
    if (!this.#isSettled) this.#settle();
    this.#flush();
    this.#writer.close();
    return this.#taken();
  }

  #learn(batch: Results): void {
    for (const { name, type } of this.#tableOf(batch, {}).schema.fields) {
      const known = this.#types[name];
      if (!known || !this.#isKnown(known)) this.#types[name] = type;
    }
    const isKnown = Object.values(this.#types).every((type) => this.#isKnown(type));
    if (batch.length > 0 && (isKnown || this.#heldRows > MAX_HELD_ROWS)) this.#settle();
  }

  #settle(): void {
    for (const [name, type] of Object.entries(this.#types)) this.#types[name] = this.#settled(type);
    this.#isSettled = true;
  }

  #isKnown(type: DataType): boolean {
    return type.typeId !== this.arrow.Type.Null && (type.children ?? []).every((child) => this.#isKnown(child.type));
  }

  /** Of what nothing is known are strings: of numbers there would be some, were it NaN. */
  #settled(type: DataType): DataType {
    const { Field, List, Struct, Type, Utf8 } = this.arrow;
    if (this.#isKnown(type)) return type;
    const children = (type.children ?? []).map((child) => new Field(child.name, this.#settled(child.type), true));
    if (type.typeId === Type.List) return new List(children[0] as never);
    return type.typeId === Type.Struct ? new Struct(children) : new Utf8();
  }

  #tableOf(batch: Results, types: Record<string, DataType>): Table {
    const given = { ...types };
    for (const name of this.times) if (name in batch.columns) given[name] = new this.arrow.TimestampMillisecond();
    return this.toArrow(batch, { types: given, nulls: true });
  }

  #flush(): void {
    for (const batch of this.#held.splice(0)) {
      const types = this.#types;
      let table = this.#tableOf(batch, {});
      const others = table.schema.fields.filter(({ name, type }) => String(type) !== String(types[name]));
      if (others.length)
        table = this.#tableOf(batch, Object.fromEntries(others.map(({ name }) => [name, types[name]])) as never);
      // Of a whole table it would make a stream of its own.
      for (const part of table.batches) this.#writer.write(part);
    }
    this.#heldRows = 0;
  }

  #taken(): Uint8Array {
    return Buffer.concat(this.#parts.splice(0));
  }
}
