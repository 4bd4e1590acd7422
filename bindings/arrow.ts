/** `oriel/arrow`: events from Apache Arrow, results to it. */

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

/** The columns of a table as `pushColumns` and `over` take them; of one whose types are not known any. */
// biome-ignore lint/suspicious/noExplicitAny: what is read from bytes has no types
export type ColumnsOf<T extends Types> = 0 extends 1 & T ? any : { [Name in keyof T]: ColumnInput<ValueOf<T[Name]>> };

/** Rows in Arrow. */
// biome-ignore lint/suspicious/noExplicitAny: as Arrow has it
export type ArrowRows<T extends Types = any> = Table<T> | RecordBatch<T>;

export interface ArrowOptions {
  /** In what unit the stream has its times: dates, timestamps, times of day and durations become numbers of it. Default `'ms'`. */
  readonly unit?: Unit;
}

/** That the columns of T are those that a stream takes. */
type Fits<T extends Types, S extends Spec> = ColumnsOf<T> extends Columns<S> ? unknown : Columns<S>;

/**
 * Takes the rows of a table or record batch, all or none of them; columns that the spec does not name are passed over.
 *
 * Arrays of numbers in which nothing is null are handed on as they are, if they are in one piece: those of a table of several record batches are
 * put together first. Each string of a dictionary is looked at once. Nulls are missing values, and no keys or times. docs/arrow.md has the types.
 *
 * @returns of a stream in workers, or a producer, how many events went in
 * @throws {OrielError} as `pushColumns`, naming column and index
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
 * The columns of a table or record batch, for `pushColumns` and `over`. They are converted when, and as, a stream asks for them, and once.
 *
 * @example
 * const columns = columnsOf(table);
 * for (let n = 0; n < table.numRows; n += producer.pushColumns(columns, n)) await producer.ready();
 */
export function columnsOf<T extends Types>(rows: ArrowRows<T>, options?: ArrowOptions): ColumnsOf<T> {
  return columnsFor('columnsOf', rows, options) as ColumnsOf<T>;
}

/**
 * The same of each record batch of a table, or that a reader of Arrow has: `await RecordBatchReader.from(fetch(…))`.
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
  // By what they have, not by class: the caller's Arrow may be another copy than this one's.
  const { schema, batches, data } = (rows ?? {}) as { schema?: Schema; batches?: RecordBatch[]; data?: Data };
  const parts = batches?.map((batch) => batch.data) ?? (data && [data]);
  if (!Array.isArray(schema?.fields) || !parts?.every((part) => Array.isArray(part?.children))) {
    throw new OrielError('ERR_ORIEL_COLUMN', `${call}: expected a Table or RecordBatch of Arrow, got ${show(rows)}`);
  }
  const columns = schema.fields.map(({ name, type }, c) => {
    // Those without rows may have no arrays either.
    const chunks = parts.flatMap(({ children }) => (children[c]?.length ? [children[c]] : []));
    return [name, new ArrowColumn(name, type, chunks, unit)] as const;
  });
  // Of several that share a name the first is meant, as in Arrow.
  return Object.fromEntries(columns.reverse());
}
