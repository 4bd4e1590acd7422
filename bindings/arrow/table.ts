/** Converts results to Arrow tables. */

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

/**
 * The Arrow type of a column, by the type of its values. Keys may be of several kinds, so theirs is only known at run
 * time.
 */
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

/** The type of the table for results of type `Row`, with the caller's types for some columns. */
export type TableOf<Row, Types = unknown> = Table<{
  [Name in keyof Row & string]: Name extends keyof Types ? Extract<Types[Name], DataType> : TypeOf<Row[Name]>;
}>;

export interface TableOptions<Types> {
  /**
   * Types for columns that should not get the type their values suggest: `{ start: new TimestampMillisecond(), visits:
   * new Int32() }`.
   */
  readonly types?: Types;
  /**
   * Whether NaN becomes null in columns of numbers. Default false: it stays NaN, and columns need not be searched for
   * it.
   */
  readonly nulls?: boolean;
  /** The unit of the stream's times, used for columns that become timestamps or dates. Default `'ms'`. */
  readonly unit?: Unit;
}

/**
 * Converts a batch of results or late events to a table of one record batch with the same columns. Columns of numbers
 * are not copied: the table shares the arrays of the batch. docs/arrow.md lists the types.
 *
 * @throws {OrielError} ERR_ORIEL_COLUMN if values of a column are of different kinds, or do not fit the type chosen for
 *   it; ERR_ORIEL_SPEC
 *
 * @example
 * const time = new TimestampMillisecond();
 * const table = toArrow(visits.take(), { types: { start: time, end: time } });
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
    const type = Object.hasOwn(types, name) ? (types as Readonly<Record<string, DataType>>)[name] : undefined;
    return type ? cast(name, values, type, nulls, unit) : dataOf(name, values, nulls);
  });
  const fields = Object.keys(columns).map((name, c) => new Field(name, children[c]?.type as DataType, true));
  const data = makeData({ type: new Struct(fields), length: batch.length, nullCount: 0, children });
  return new Table(new RecordBatch(new Schema(fields), data)) as never;
}
