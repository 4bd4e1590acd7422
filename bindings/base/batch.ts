import { setField } from './record';

type ColumnOf<Value> = [Value] extends [number] ? Float64Array<ArrayBuffer> : Value[];

/**
 * Rows stored as columns: results in the order in which their windows fired, or late events. Iterating yields the rows
 * as objects.
 *
 * The columns are copies and belong to the caller; several may be views of one buffer. Numbers are a `Float64Array`;
 * strings, bigints, booleans, lists and records are plain arrays. Batches without rows may be one object.
 *
 * @example
 * for (const { user, visits } of stream.take()) console.log(user, visits);
 * const total = stream.take().columns.visits.reduce((a, b) => a + b, 0);
 */
export class WindowBatch<Row> implements Iterable<Row> {
  /** Number of rows. */
  readonly length: number;
  /** One column of `length` values for each field of a row. */
  readonly columns: { readonly [Name in keyof Row]: ColumnOf<Row[Name]> };

  constructor(length: number, columns: Record<string, ArrayLike<unknown>>) {
    this.length = length;
    this.columns = columns as never;
  }

  *[Symbol.iterator](): Generator<Row, void, undefined> {
    const columns = Object.entries(this.columns as Record<string, ArrayLike<unknown>>);
    for (let i = 0; i < this.length; i++) {
      const row: Record<string, unknown> = {};
      for (const [name, values] of columns) setField(row, name, values[i]);
      yield row as Row;
    }
  }

  /** The rows as plain objects. */
  toArray(): Row[] {
    return [...this];
  }
}

/** Whether columns that are to become one are of numbers. Those without rows may be of a kind that is not known yet. */
export function areNumbers(columns: readonly (ArrayLike<unknown> | undefined)[]): boolean {
  const some = columns.filter((column) => column?.length);
  return (some.length > 0 ? some : columns).every((column) => column instanceof Float64Array);
}

/** Concatenates two batches of the same stream: the rows of `first`, then those of `second`. */
export function joined<Row>(first: WindowBatch<Row> | undefined, second: WindowBatch<Row>): WindowBatch<Row> {
  if (!first) return second;
  const columns: Record<string, ArrayLike<unknown>> = {};
  const more = second.columns as Record<string, ArrayLike<unknown>>;
  for (const [name, a] of Object.entries(first.columns as Record<string, ArrayLike<unknown>>)) {
    const b = more[name] as ArrayLike<unknown>;
    const values = [...Array.from(a), ...Array.from(b)];
    setField(columns, name, areNumbers([a, b]) ? Float64Array.from(values as number[]) : values);
  }
  return new WindowBatch(first.length + second.length, columns);
}
