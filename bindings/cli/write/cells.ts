/** What all writers share: the columns of a batch, and the text of a cell. */

import type { Results } from '../feed';

export interface Writer {
  /** What to write for a batch. */
  write(batch: Results): string | Uint8Array;
  /** What comes after the last one. */
  end(): string | Uint8Array;
}

/** A value where there are only texts: lists and records are JSON, and what is missing is empty. */
export function cellOf(value: unknown): unknown {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  return typeof value === 'object' ? JSON.stringify(value) : value;
}

type Column = readonly [name: string, values: ArrayLike<unknown>];

/** The columns of a batch, those of times as dates. What is no date is missing; keys of 64 bits are numbers, where these are exact, else strings. */
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
