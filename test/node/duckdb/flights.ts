/** Two months of real flights, as events and, by DuckDB, as whatever SQL makes of them. */

import { fileURLToPath } from 'node:url';
import { DuckDBInstance, DuckDBListValue, type DuckDBValue } from '@duckdb/node-api';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

const FILE = fileURLToPath(new URL('../../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url));

export interface Flight {
  date: Date;
  delay: bigint | null;
  origin: string;
  destination: string;
}

/** The first so many rows of the file, which has them by and large in order of time. */
export async function flights(count: number): Promise<Flight[]> {
  const file = await asyncBufferFromFile(FILE);
  const columns = ['date', 'delay', 'origin', 'destination'];
  const rows = await parquetReadObjects({ file, compressors, columns, rowEnd: count });
  return rows as unknown as Flight[];
}

export function columnsOf(part: readonly Flight[]) {
  return {
    t: part.map(({ date }) => date.getTime()),
    origin: part.map(({ origin }) => origin),
    delay: part.map(({ delay }) => delay),
  };
}

/** What a query gives over the table `flights`: n (its place), t, delay, origin and destination. Numbers, strings and lists of them; null is NaN. */
export async function ask<Row>(count: number, sql: string): Promise<Row[]> {
  const db = await DuckDBInstance.create(':memory:');
  const connection = await db.connect();
  const reader = await connection.runAndReadAll(`
    with flights as (
      select file_row_number as n, epoch_ms(date)::bigint as t, delay, origin, destination
      from '${FILE}' where file_row_number < ${count}
    ) ${sql}`);
  const rows = reader.getRowObjects().map((row) => {
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])) as Row;
  });
  connection.closeSync();
  db.closeSync();
  return rows;
}

function plain(value: DuckDBValue): unknown {
  if (value instanceof DuckDBListValue) return value.items.map(plain);
  if (typeof value === 'string') return value;
  return value === null ? Number.NaN : Number(value);
}
