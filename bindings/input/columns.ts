/**
 * Checks the columns and rows that callers push and converts them to numbers if the ring cannot take them as they are.
 */

import { OrielError, show } from '../base/errors';
import { blankRecord, isInherited, setField } from '../base/record';
import { isShared } from '../base/shared-memory';
import type { Given, Numbers, TypedNumbers } from '../spec/column-input';
import { CodedStrings, ColumnInput } from '../spec/column-input';

/**
 * Looks up a column by name.
 * @throws {OrielError} ERR_ORIEL_COLUMN if it is missing, is no column, or does not have n values
 */
function givenOf(columns: object, name: string, n?: number): Given | ColumnInput {
  const column = (columns as Record<string, unknown>)[name];
  if (!isColumn(column) || !isLength(column.length)) {
    const problem = column === undefined ? 'is missing' : `is ${show(column)}`;
    throw new OrielError('ERR_ORIEL_COLUMN', `column ${show(name)} ${problem}: expected an array or a typed array`);
  }
  if (n !== undefined && column.length !== n) {
    throw badLength(name, column.length, n);
  }
  return column;
}

export function badLength(name: string, length: number, n: number): OrielError {
  const message = `column ${show(name)} has ${length} values: expected ${n}, as the column of times has`;
  return new OrielError('ERR_ORIEL_COLUMN', message);
}

/** Whether an array says so of its length. Only a Proxy of an array says something else. */
function isLength(length: unknown): boolean {
  return Number.isInteger(length) && (length as number) >= 0;
}

/** Whether a value is a column: an array, a typed array or a ColumnInput. */
export function isColumn(value: unknown): value is Given | ColumnInput {
  return Array.isArray(value) || isTyped(value) || value instanceof ColumnInput;
}

/** Number of values of a column. @throws as `valuesOf` */
export function lengthOf(columns: object, name: string): number {
  return givenOf(columns, name).length;
}

/**
 * Reads a column in the type of its values, such as a column of keys.
 * @throws {OrielError} ERR_ORIEL_COLUMN if it is missing, is no column, or does not have n values
 */
export function valuesOf(columns: object, name: string, n?: number): Given | CodedStrings {
  const column = givenOf(columns, name, n);
  return column instanceof ColumnInput ? column.values() : column;
}

/**
 * Reads a column of measures that may be strings: numbers if a ColumnInput says that it has no strings.
 * @throws as `valuesOf`
 */
export function textsOf(columns: object, name: string, n?: number): Given | CodedStrings {
  const column = givenOf(columns, name, n);
  return column instanceof ColumnInput && !column.isText ? numbersOf(name, column) : valuesOf(columns, name);
}

/** Reads a column of measures as numbers. @throws as `valuesOf` and `numbersOf` */
export function measuresOf(columns: object, name: string, n: number): Numbers {
  const numbers = numbersOf(name, givenOf(columns, name, n));
  if (numbers.length !== n) throw badLength(name, numbers.length, n);
  return numbers;
}

/** Returns a column of numbers that no other thread can write to: a copy if its memory is shared. */
export function ownNumbers(column: Numbers): Numbers {
  return isShared(column.buffer) ? new Float64Array(column) : column;
}

/** Returns a column as it is now: a copy of an array, which may be a Proxy and give other values when read again. */
export function asItIs(column: unknown): unknown {
  return Array.isArray(column) ? [...column] : column;
}

/** Returns a column with its values one by one: dictionary-encoded strings are decoded. */
export function decodedColumn(column: Given | CodedStrings): Given {
  return column instanceof CodedStrings ? column.decoded() : column;
}

function isTyped(column: unknown): column is TypedNumbers {
  return ArrayBuffer.isView(column) && !(column instanceof DataView);
}

/** Whether a column is a typed array of numbers, which the ring takes as it is. */
export function isNumbers(column: Given | ColumnInput): column is Numbers {
  return isTyped(column) && !isBigInts(column);
}

export function isBigInts(column: Given): column is BigInt64Array | BigUint64Array {
  return column instanceof BigInt64Array || column instanceof BigUint64Array;
}

/**
 * Converts a column to numbers. A typed array of numbers is returned as it is.
 * @throws {OrielError} ERR_ORIEL_COLUMN, naming column and index
 */
export function numbersOf(name: string, column: Given | ColumnInput): Numbers {
  if (isNumbers(column)) return column;
  if (column instanceof ColumnInput) return column.numbers((value, i) => badMeasure(name, value, i));
  const numbers = new Float64Array(column.length);
  for (let i = 0; i < column.length; i++) numbers[i] = numberOf(name, column[i], i);
  return numbers;
}

/**
 * Reads the column of times as numbers.
 * @throws as `valuesOf`; {OrielError} ERR_ORIEL_TIME if a time is not a number
 */
export function timesOf(columns: object, name: string, limit: number): Numbers {
  let column = givenOf(columns, name);
  if (column instanceof ColumnInput) {
    if (!column.hasMissing && !column.isText) return column.numbers((value, i) => badTime(name, value, limit, i));
    column = decodedColumn(column.values());
  }
  if (!Array.isArray(column)) return numbersOf(name, column);
  const times = new Float64Array(column.length);
  for (let i = 0; i < column.length; i++) {
    const t = column[i];
    if (typeof t !== 'number' && typeof t !== 'bigint') throw badTime(name, t, limit, i);
    times[i] = Number(t);
  }
  return times;
}

/**
 * Converts the value of a measure to a number, NaN if it is missing.
 * @throws {OrielError} ERR_ORIEL_COLUMN if it is neither
 */
export function numberOf(name: string, value: unknown, index?: number): number {
  if (typeof value === 'number') return value;
  if (value === null || value === undefined) return Number.NaN;
  if (typeof value === 'bigint') return Number(value);
  if (isInherited(name, value)) return Number.NaN;
  throw badMeasure(name, value, index);
}

export function badMeasure(name: string, value: unknown = 'a string', index?: number): OrielError {
  const accepted = typeof value === 'bigint' ? 'a whole number from -(2^53 - 1) to 2^53 - 1' : 'a number or nothing';
  const message = `${placeOf(name, index)}: expected ${accepted}, got ${show(value)}`;
  return new OrielError('ERR_ORIEL_COLUMN', message);
}

/** Names a value in a message: by its column, and by its index if it is one of several. */
export function placeOf(name: string, index?: number): string {
  return index === undefined ? `column ${show(name)}` : `column ${show(name)} at index ${index}`;
}

export function badTime(name: string, value: unknown, limit: number, index?: number): OrielError {
  const accepted = `a finite number between -${limit} and ${limit}`;
  return new OrielError('ERR_ORIEL_TIME', `${placeOf(name, index)}: expected ${accepted}, got ${show(value)}`);
}

/** Checks a time and returns it. @throws {OrielError} ERR_ORIEL_TIME if it is not a number from -limit to limit */
export function checkTime(name: string, time: unknown, limit: number): number {
  if (typeof time !== 'number' || !(Math.abs(time) <= limit)) throw badTime(name, time, limit);
  return time;
}

/**
 * Checks all times and returns the least (`first`) and the greatest (`last`).
 * @throws {OrielError} ERR_ORIEL_TIME if one is not a number from -limit to limit
 */
export function checkTimes(name: string, times: Numbers, limit: number): { first: number; last: number } {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < times.length; i++) {
    const t = times[i] as number;
    if (!(t >= -limit && t <= limit)) throw badTime(name, t, limit, i);
    if (t < first) first = t;
    if (t > last) last = t;
  }
  return { first, last };
}

/**
 * Calls the spec's functions (`isLast`, `when`) for n events in columns: a column of 1 (true) and 0 for each. One event
 * object is reused.
 */
export function flagsOf(
  flags: readonly ((event: never) => boolean)[],
  columns: Record<string, unknown>,
  n: number,
): Float64Array[] {
  if (flags.length === 0) return [];
  const names = Object.keys(columns).filter((name) => isColumn(columns[name]));
  const values = names.map((name) => decodedColumn(valuesOf(columns, name)));
  const event = blankRecord(names);
  const given = flags.map(() => new Float64Array(n));
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < names.length; c++) event[names[c] as string] = values[c]?.[i];
    for (let f = 0; f < flags.length; f++) (given[f] as Float64Array)[i] = flags[f]?.(event as never) ? 1 : 0;
  }
  return given;
}

/**
 * Checks that session gaps are finite and greater than 0.
 * @throws {OrielError} ERR_ORIEL_COLUMN, naming column and index
 */
export function checkGaps(name: string, gaps: Numbers | number, index?: number): void {
  const list = typeof gaps === 'number' ? [gaps] : gaps;
  for (let i = 0; i < list.length; i++) {
    const gap = list[i] as number;
    if (gap > 0 && gap < Number.POSITIVE_INFINITY) continue;
    const place = placeOf(name, typeof gaps === 'number' ? index : i);
    throw new OrielError('ERR_ORIEL_COLUMN', `${place}: expected a gap, finite and greater than 0, got ${show(gap)}`);
  }
}

/** Checks rows and returns them as an array of events. @throws {OrielError} ERR_ORIEL_COLUMN */
export function listOf(rows: unknown): readonly Record<string, unknown>[] {
  if (typeof (rows as Iterable<unknown>)?.[Symbol.iterator] !== 'function') {
    throw new OrielError('ERR_ORIEL_COLUMN', `pushRows: expected an array or iterable of events, got ${show(rows)}`);
  }
  // A copy of an array too, as getters of the events might change it.
  const list = [...(rows as Iterable<Record<string, unknown>>)];
  const n = list.length;
  for (let i = 0; i < n; i++) {
    const row = list[i];
    if (typeof row === 'object' && row !== null) continue;
    throw new OrielError('ERR_ORIEL_COLUMN', `pushRows at index ${i}: expected an event, got ${show(row)}`);
  }
  return list;
}

/** Turns rows into columns: measures into numbers, the others unchanged. @throws {OrielError} ERR_ORIEL_COLUMN */
export function columnsOfRows(
  list: readonly Record<string, unknown>[],
  measures: readonly string[],
  others: readonly string[],
): Record<string, Given> {
  const n = list.length;
  const columns: Record<string, Given> = {};
  for (const name of measures) {
    const column = new Float64Array(n);
    for (let i = 0; i < n; i++) column[i] = numberOf(name, (list[i] as Record<string, unknown>)[name], i);
    setField(columns, name, column);
  }
  for (const name of others) {
    const column = new Array<unknown>(n);
    for (let i = 0; i < n; i++) column[i] = (list[i] as Record<string, unknown>)[name];
    setField(columns, name, column);
  }
  return columns;
}
