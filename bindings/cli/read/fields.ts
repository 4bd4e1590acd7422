/** The columns to read, and how their values are converted to numbers, times in milliseconds, or strings. */

import type { Uses } from '../language/expressions';
import type { Unit } from '../options';
import { show } from '../usage-error';

/** A column and its use. Use `key` means that it is nothing but a key: strings or numbers, never missing. */
export interface Field {
  readonly name: string;
  readonly use: 'time' | 'number' | 'text' | 'any' | 'key';
}

/** The fields to read: the time, the keys, then the columns of expressions. */
export function fieldsOf(time: string | undefined, keys: readonly string[], uses: Uses): Field[] {
  const fields = new Map<string, Field>();
  if (time !== undefined) fields.set(time, { name: time, use: 'time' });
  for (const name of keys) fields.set(name, { name, use: uses.get(name) === 'number' ? 'number' : 'key' });
  for (const [name, use] of uses) if (!fields.has(name)) fields.set(name, { name, use });
  return [...fields.values()];
}

/** Whether a field's converted values are all numbers. */
export function isNumeric({ use }: Field): boolean {
  return use === 'time' || use === 'number';
}

/** Converts a value of a row. @throws {BadValue} */
export type Convert = (value: unknown) => unknown;

/** A value that its column does not accept; the row is skipped. */
export class BadValue extends Error {}

/** The conversion of typed values, from JSON and Parquet. */
export function ofValues(field: Field, unit: Unit): Convert {
  const { name, use } = field;
  const bad = (accepted: string, value: unknown) =>
    new BadValue(`column ${show(name)}: expected ${accepted}, got ${show(value)}`);
  switch (use) {
    case 'time':
      return (value) => {
        const time =
          typeof value === 'string' ? dateOf(value) : value instanceof Date ? value.getTime() : scaled(value, unit);
        if (Number.isFinite(time)) return time;
        throw bad('a time, as a number or an ISO date', value);
      };
    case 'number':
      return (value) => {
        if (typeof value === 'number') return value;
        if (value === null || value === undefined) return Number.NaN;
        if (typeof value === 'boolean' || typeof value === 'bigint' || value instanceof Date) return Number(value);
        throw bad('a number or nothing', value);
      };
    case 'text':
      return (value) => {
        if (typeof value === 'string') return value;
        if (value === null || value === undefined) return null;
        throw bad('a string or nothing', value);
      };
    default:
      return (value) => {
        if (typeof value === 'string' || typeof value === 'number') return value;
        if (typeof value === 'boolean') return use === 'key' ? String(value) : Number(value);
        if (typeof value === 'bigint') return use === 'key' ? value : Number(value);
        if (value instanceof Date) return value.getTime();
        if (use === 'any' && (value === null || value === undefined)) return null;
        throw bad(use === 'key' ? 'a string or a number' : 'a string, a number or nothing', value);
      };
  }
}

/** The conversion of texts, from CSV. A value that is not used as a number stays a string. */
export function ofTexts(field: Field, unit: Unit): (text: string) => unknown {
  const { name, use } = field;
  const bad = (accepted: string, text: string) =>
    new BadValue(`column ${show(name)}: expected ${accepted}, got ${show(text)}`);
  switch (use) {
    case 'time':
      return (text) => {
        const number = text.trim() === '' ? Number.NaN : Number(text);
        const time = Number.isNaN(number) ? dateOf(text) : scaled(number, unit);
        if (Number.isFinite(time)) return time;
        throw bad('a time, as a number or an ISO date', text);
      };
    case 'number':
      return (text) => {
        const number = Number(text);
        if (!Number.isNaN(number) && (number !== 0 || text.trim() !== '')) return number;
        if (text.trim() === '' || text === 'NaN') return Number.NaN;
        throw bad('a number or nothing', text);
      };
    default:
      return (text) => (text === '' && use !== 'key' ? null : text);
  }
}

/** Factor and divisor that convert a unit of time to milliseconds. */
export const SCALES: Record<Unit, readonly [mul: number, div: number]> = {
  none: [1, 1],
  ms: [1, 1],
  s: [1000, 1],
  us: [1, 1e3],
  ns: [1, 1e6],
};

function scaled(value: unknown, unit: Unit): number {
  const number = typeof value === 'bigint' ? Number(value) : typeof value === 'number' ? value : Number.NaN;
  const [mul, div] = SCALES[unit];
  return (number * mul) / div;
}

const DATE = /^[+-]?\d{4,6}-\d\d(-\d\d)?([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?( ?Z| ?[+-]\d\d(:?\d\d)?)?$/i;

/** Milliseconds of an ISO date, in UTC if it has no offset; NaN if the text is not a date. */
export function dateOf(text: string): number {
  const [date, , clock, , , offset] = DATE.exec(text) ?? [];
  if (date === undefined) return Number.NaN;
  if (clock === undefined) return Date.parse(text);
  const at = date.slice(0, date.length - (offset?.length ?? 0)).replace(' ', 'T');
  const zone =
    offset === undefined
      ? 'Z'
      : offset
          .trim()
          .replace(/^([+-]\d\d)$/, '$1:00')
          .replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  return Date.parse(at + zone.toUpperCase());
}
