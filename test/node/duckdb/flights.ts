/** Two months of real flights, as events and as a table for DuckDB. */

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

/** The first `count` rows of the file, which are roughly in order of time. */
export async function flights(count: number): Promise<Flight[]> {
  const file = await asyncBufferFromFile(FILE);
  const columns = ['date', 'delay', 'origin', 'destination'];
  const rows = await parquetReadObjects({ file, compressors, columns, rowEnd: count });
  return rows as unknown as Flight[];
}

/** Says whether two numbers agree up to a relative error, which is absolute below 1. NaN agrees with NaN. */
export function isNear(actual: number, wanted: number, tolerance: number): boolean {
  return Math.abs(actual - wanted) <= tolerance * Math.max(1, Math.abs(wanted)) || Object.is(actual, wanted);
}

/** Orders rows by start, end and origin. */
export function byPlace(a: Place, b: Place): number {
  return (a.start ?? 0) - (b.start ?? 0) || (a.end ?? 0) - (b.end ?? 0) || (a.origin < b.origin ? -1 : 1);
}

interface Place {
  start?: number;
  end?: number;
  origin: string;
}

export function columnsOf(part: readonly Flight[]) {
  return {
    t: part.map(({ date }) => date.getTime()),
    origin: part.map(({ origin }) => origin),
    delay: part.map(({ delay }) => delay),
  };
}

/**
 * Runs a query over the first `count` rows of the table `flights`: n (the place in the file), t, delay, origin and
 * destination. Values are numbers, strings and lists of them; null becomes NaN.
 */
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
