/** Writes results as a stream of Apache Arrow, if apache-arrow is installed. */

import type { DataType, RecordBatchStreamWriter, Table } from 'apache-arrow';
import type { Results } from '../feed';
import { UsageError } from '../usage-error';
import type { Writer } from './cells';

type Arrow = typeof import('apache-arrow');
type ToArrow = (batch: Results, options: { types: Record<string, DataType>; nulls: true }) => Table;

/** Maximum number of rows held back until every column has had a value, which tells its type. */
const MAX_HELD_ROWS = 10_000;

/** @param times the columns to be written as timestamps @throws {UsageError} if apache-arrow is not installed */
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
  /** Bytes from the Arrow writer that `write` has not returned yet. */
  readonly #parts: Uint8Array[] = [];
  /** The types of the columns; fixed once anything is written. */
  readonly #types: Record<string, DataType> = Object.create(null);
  #areTypesFixed = false;
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
    // A batch without rows is kept only if no other tells which columns there are.
    if (batch.length > 0 || (!this.#areTypesFixed && this.#held.length === 0)) this.#held.push(batch);
    this.#heldRows += batch.length;
    if (!this.#areTypesFixed) this.#learnTypes(batch);
    if (this.#areTypesFixed) this.#flush();
    return this.#takeBytes();
  }

  end(): Uint8Array {
    if (!this.#areTypesFixed) this.#fixTypes();
    this.#flush();
    this.#writer.close();
    return this.#takeBytes();
  }

  /** Learns types from a batch. They are fixed when all are known, or too many rows are held back. */
  #learnTypes(batch: Results): void {
    for (const { name, type } of this.#tableOf(batch, {}).schema.fields) {
      const known = this.#types[name];
      if (!known || !this.#isKnown(known)) this.#types[name] = type;
    }
    const isKnown = Object.values(this.#types).every((type) => this.#isKnown(type));
    if (batch.length > 0 && (isKnown || this.#heldRows > MAX_HELD_ROWS)) this.#fixTypes();
  }

  #fixTypes(): void {
    for (const [name, type] of Object.entries(this.#types)) this.#types[name] = this.#concreteType(type);
    this.#areTypesFixed = true;
  }

  /** Whether a type has no Null in it, which stands for a column without values. */
  #isKnown(type: DataType): boolean {
    return type.typeId !== this.arrow.Type.Null && (type.children ?? []).every((child) => this.#isKnown(child.type));
  }

  /** Replaces unknown types by strings. A column of numbers would have had a value, at least NaN. */
  #concreteType(type: DataType): DataType {
    const { Field, List, Struct, Type, Utf8 } = this.arrow;
    if (this.#isKnown(type)) return type;
    const children = (type.children ?? []).map((child) => new Field(child.name, this.#concreteType(child.type), true));
    if (type.typeId === Type.List) return new List(children[0] as never);
    return type.typeId === Type.Struct ? new Struct(children) : new Utf8();
  }

  #tableOf(batch: Results, types: Record<string, DataType>): Table {
    const given: Record<string, DataType> = Object.assign(Object.create(null), types);
    for (const name of this.times)
      if (Object.hasOwn(batch.columns, name)) given[name] = new this.arrow.TimestampMillisecond();
    return this.toArrow(batch, { types: given, nulls: true });
  }

  #flush(): void {
    for (const batch of this.#held.splice(0)) {
      const types = this.#types;
      let table = this.#tableOf(batch, {});
      const others = table.schema.fields.filter(({ name, type }) => String(type) !== String(types[name]));
      if (others.length)
        table = this.#tableOf(batch, Object.fromEntries(others.map(({ name }) => [name, types[name]])) as never);
      // Given a whole table, the writer would start another stream.
      for (const part of table.batches) this.#writer.write(part);
    }
    this.#heldRows = 0;
  }

  #takeBytes(): Uint8Array {
    return Buffer.concat(this.#parts.splice(0));
  }
}
