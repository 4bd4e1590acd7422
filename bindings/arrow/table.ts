/** Results as an Arrow table. */

import {
  type Bool,
  type DataType,
  type Dictionary,
  Field,
  type Float64,
  type Int32,
  type Int64,
  type List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  type Uint64,
  type Utf8,
} from 'apache-arrow';
import { WindowBatch } from '../base/batch';
import { only, reject } from '../base/errors';
import { dataOf } from './build';
import { cast } from './cast';
import { type Unit, unitOf } from './words';

/** The type that a column has in Arrow by its values; those of keys, which may be of several kinds, are not known beforehand. */
type TypeOf<Value> = [Value] extends [number]
  ? Float64
  : [Value] extends [string | null]
    ? Dictionary<Utf8, Int32>
    : [Value] extends [boolean]
      ? Bool
      : [Value] extends [bigint]
        ? Int64 | Uint64
        : [Value] extends [readonly (infer Item)[]]
          ? List<TypeOf<Item>>
          : [Value] extends [object]
            ? Struct<{ [Name in keyof Value & string]: TypeOf<Value[Name]> }>
            : DataType;

type TypesFor<Row> = { readonly [Name in keyof Row & string]?: DataType };

/** The table of results of these rows, some columns with types of the caller's. */
export type TableOf<Row, Types = unknown> = Table<{
  [Name in keyof Row & string]: Name extends keyof Types ? Extract<Types[Name], DataType> : TypeOf<Row[Name]>;
}>;

export interface TableOptions<Types> {
  /** Types of columns that are not to have the one that their values suggest: `{ start: new TimestampMillisecond(), visits: new Int32() }`. */
  readonly types?: Types;
  /** NaN becomes null in every column of numbers. Default false: it stays NaN, and columns are not looked through. */
  readonly nulls?: boolean;
  /** In what unit the stream has its times, for columns that become timestamps or dates. Default `'ms'`. */
  readonly unit?: Unit;
}

/**
 * A batch of results, or of late events, as a table of one record batch with the same columns. Those of numbers are not copied: the table has the
 * arrays of the batch. docs/arrow.md has the types.
 *
 * @throws {OrielError} ERR_ORIEL_COLUMN where values of a column are of different kinds, or none of the type that is asked for; ERR_ORIEL_SPEC
 *
 * @example
 * const table = toArrow(visits.take(), { types: { start: new TimestampMillisecond(), end: new TimestampMillisecond() } });
 * await writeFile('visits.arrow', tableToIPC(table, 'file'));
 */
export function toArrow<Row, const Types extends TypesFor<Row> = Record<never, never>>(
  batch: WindowBatch<Row>,
  options: TableOptions<Types> = {},
): TableOf<Row, Types> {
  if (!(batch instanceof WindowBatch)) reject('toArrow', 'a WindowBatch', batch);
  only(options, ['types', 'nulls', 'unit'], 'toArrow');
  const { types = {} as Readonly<Record<string, DataType>>, nulls = false } = options;
  if (typeof nulls !== 'boolean') reject('toArrow: nulls', 'true or false', nulls);
  const unit = unitOf(options.unit, 'toArrow');
  const columns = batch.columns as Readonly<Record<string, ArrayLike<unknown>>>;
  only(types, Object.keys(columns), 'toArrow: types');
  const children = Object.entries(columns).map(([name, values]) => {
    const type = (types as Readonly<Record<string, DataType>>)[name];
    return type ? cast(name, values, type, nulls, unit) : dataOf(name, values, nulls);
  });
  const fields = Object.keys(columns).map((name, c) => new Field(name, children[c]?.type as DataType, true));
  const data = makeData({ type: new Struct(fields), length: batch.length, nullCount: 0, children });
  return new Table(new RecordBatch(new Schema(fields), data)) as never;
}
