/** Shared by all writers: their interface, the columns of a batch, and the content of a cell. */

import type { Results } from '../feed';

export interface Writer {
  /** Formats a batch. */
  write(batch: Results): string | Uint8Array;
  /** Formats the end, after the last batch. */
  end(): string | Uint8Array;
}

/** A value for formats without types: lists and records become JSON, a missing value is empty. */
export function cellOf(value: unknown): unknown {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

type Column = readonly [name: string, values: ArrayLike<unknown>];

/**
 * The columns of a batch. Times become ISO dates, or null if they are out of range; 64-bit keys become numbers if
 * exact, otherwise strings.
 */
export function columnsOf(batch: Results, times: ReadonlySet<string>): Column[] {
  return Object.entries(batch.columns as Record<string, ArrayLike<unknown>>).map(([name, values]) => {
    if (times.has(name)) return [name, datesOf(values as ArrayLike<number>)];
    return [name, typeof values[0] === 'bigint' ? Array.from(values as ArrayLike<bigint>, plain) : values];
  });
}

function plain(key: bigint): number | string {
  return Number.isSafeInteger(Number(key)) ? Number(key) : String(key);
}

function datesOf(times: ArrayLike<number>): (string | null)[] {
  let at = Number.NaN;
  let date: string | null = null;
  return Array.from(times, (time) => {
    if (time === at) return date;
    at = time;
    date = Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : null;
    return date;
  });
}
