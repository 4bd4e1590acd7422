/**
 * The entry `oriel/arrow`: reads events from Apache Arrow and writes results to it. Needs the package `apache-arrow`.
 */

import type { Bool, Data, DataType, Decimal, Null, RecordBatch, Schema, Table } from 'apache-arrow';
import { ArrowColumn } from './arrow/column';
import { type Unit, unitOf } from './arrow/words';
import { OrielError, only, show } from './base/errors';
import type { ColumnInput } from './spec/column-input';
import type { Spec } from './spec/spec';
import type { Columns } from './spec/types';
import type { WindowedStream } from './stream/stream';
import type { WindowedWorker } from './worker/owner';
import type { Producer } from './worker/producer';

export { type TableOf, type TableOptions, toArrow } from './arrow/table';

type Types = Record<string, DataType>;
type ValueOf<T extends DataType> = T extends Bool | Decimal ? number : T extends Null ? null : T['TValue'];

/**
 * The columns of an Arrow table, by name, as `pushColumns` and `over` take them; `any` if the table's types are not
 * known.
 */
// biome-ignore lint/suspicious/noExplicitAny: a table read from bytes has no static types
export type ColumnsOf<T extends Types> = 0 extends 1 & T ? any : { [Name in keyof T]: ColumnInput<ValueOf<T[Name]>> };

/** A table or a record batch of Arrow. */
// biome-ignore lint/suspicious/noExplicitAny: the default of Arrow's own Table
export type ArrowRows<T extends Types = any> = Table<T> | RecordBatch<T>;

export interface ArrowOptions {
  /**
   * The unit of the stream's times. Dates, timestamps, times of day and durations become numbers of this unit. Default
   * `'ms'`.
   */
  readonly unit?: Unit;
}

/**
 * `unknown` if the columns of T have the types that the spec asks for; else the expected columns, to show in the type
 * error.
 */
type Fits<T extends Types, S extends Spec> = ColumnsOf<T> extends Columns<S> ? unknown : Columns<S>;

/**
 * Pushes the rows of a table or record batch. If one row is refused, none is taken. Columns that the spec does not name
 * are ignored.
 *
 * A number column without nulls is used without a copy if it is one chunk; the chunks of a table with several record
 * batches are concatenated first. Each string of a dictionary is looked up once. A null measure is a missing value; a
 * null key or time is an error. docs/arrow.md lists the types.
 *
 * @returns nothing for a stream on this thread; for a stream in workers or a producer the number of events that went
 *   in, which is less than the number of rows if its ring is full
 * @throws {OrielError} as `pushColumns`, naming column and index; ERR_ORIEL_COLUMN also if `rows` is no table or record
 *   batch, or a damaged one: a column with fewer values than its record batch says
 *
 * @example
 * for (const batch of tableFromIPC(bytes).batches) pushArrow(visits, batch);
 */
export function pushArrow<S extends Spec, T extends Types>(
  stream: WindowedStream<S>,
  rows: ArrowRows<T> & Fits<T, S>,
  options?: ArrowOptions,
): void;
export function pushArrow<S extends Spec, T extends Types>(
  stream: WindowedWorker<S> | Producer<S>,
  rows: ArrowRows<T> & Fits<T, S>,
  options?: ArrowOptions,
): number;
export function pushArrow(
  stream: { pushColumns(columns: never): unknown },
  rows: ArrowRows,
  options?: ArrowOptions,
): unknown {
  return stream.pushColumns(columnsFor('pushArrow', rows, options) as never);
}

/**
 * Returns the columns of a table or record batch, for `pushColumns` and `over`. A column is converted when a stream
 * first asks for it, and at most once for each form (numbers, keys). Use it to push again from the row at which a full
 * ring stopped.
 *
 * @throws {OrielError} ERR_ORIEL_SPEC if an option is invalid; ERR_ORIEL_COLUMN if `rows` is no table or record batch
 *
 * @example
 * const columns = columnsOf(table);
 * for (let n = 0; n < table.numRows; n += producer.pushColumns(columns, n)) await producer.ready();
 */
export function columnsOf<T extends Types>(rows: ArrowRows<T>, options?: ArrowOptions): ColumnsOf<T> {
  return columnsFor('columnsOf', rows, options) as ColumnsOf<T>;
}

/**
 * Yields the columns of one record batch after the other, as a source for `over`. Takes a table, a `RecordBatchReader`
 * (`await RecordBatchReader.from(fetch(…))`) or any iterable of tables and record batches.
 *
 * @throws {OrielError} as `columnsOf`, when the iteration comes to a bad item
 *
 * @example
 * for await (const batch of visits.over(columnBatches(reader))) report(batch);
 */
export async function* columnBatches<T extends Types>(
  source: Table<T> | Iterable<ArrowRows<T>> | AsyncIterable<ArrowRows<T>>,
  options?: ArrowOptions,
): AsyncGenerator<ColumnsOf<T>, void, undefined> {
  for await (const rows of 'batches' in source ? source.batches : source)
    yield columnsFor('columnBatches', rows, options) as ColumnsOf<T>;
}

function columnsFor(call: string, rows: unknown, options: ArrowOptions = {}): Record<string, ArrowColumn> {
  only(options, ['unit'], call);
  const unit = unitOf(options.unit, call);
  // Checked by shape, not by class: the caller may have loaded another copy of Arrow.
  const { schema, batches, data } = (rows ?? {}) as { schema?: Schema; batches?: RecordBatch[]; data?: Data };
  const parts = batches?.map((batch) => batch.data) ?? (data && [data]);
  if (!Array.isArray(schema?.fields) || !parts?.every((part) => Array.isArray(part?.children))) {
    throw new OrielError('ERR_ORIEL_COLUMN', `${call}: expected a Table or RecordBatch of Arrow, got ${show(rows)}`);
  }
  const columns = schema.fields.map(({ name, type }, c) => {
    // A chunk without rows may have no arrays.
    const chunks = parts.flatMap(({ children }) => (children[c]?.length ? [children[c]] : []));
    return [name, new ArrowColumn(name, type, chunks, unit)] as const;
  });
  // If several columns share a name, the first wins, as in Arrow; fromEntries keeps the last.
  return Object.fromEntries(columns.reverse());
}
