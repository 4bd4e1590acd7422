/** Two months of real flights, as events and, by DuckDB, as whatever SQL makes of them. */

import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

const FILE = fileURLToPath(new URL('../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url));

export interface Flight {
  date: Date;
  delay: bigint | null;
  origin: string;
}

/** The first so many rows of the file, which has them by and large in order of time. */
export async function flights(count: number): Promise<Flight[]> {
  const file = await asyncBufferFromFile(FILE);
  const rows = await parquetReadObjects({ file, compressors, columns: ['date', 'delay', 'origin'], rowEnd: count });
  return rows as unknown as Flight[];
}

export function columnsOf(part: readonly Flight[]) {
  return {
    t: part.map(({ date }) => date.getTime()),
    origin: part.map(({ origin }) => origin),
    delay: part.map(({ delay }) => delay),
  };
}

/** What a query gives over the table `flights`: n (its place), t, delay and origin. Numbers, but for origins; null is NaN. */
export async function ask<Row>(count: number, sql: string): Promise<Row[]> {
  const db = await DuckDBInstance.create(':memory:');
  const connection = await db.connect();
  const reader = await connection.runAndReadAll(`
    with flights as (
      select file_row_number as n, epoch_ms(date)::bigint as t, delay, origin
      from '${FILE}' where file_row_number < ${count}
    ) ${sql}`);
  const rows = reader.getRowObjects().map((row) => {
    const numbers = Object.entries(row).map(([name, value]) => [name, value === null ? Number.NaN : Number(value)]);
    return { ...Object.fromEntries(numbers), ...('origin' in row ? { origin: String(row.origin) } : {}) } as Row;
  });
  connection.closeSync();
  db.closeSync();
  return rows;
}
