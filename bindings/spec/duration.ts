/** Reads lengths of time, numbers of events and sizes of memory as a spec writes them. */

import { OrielError, show } from '../base/errors';

/**
 * The fields of a Temporal.Duration that have a fixed length. Years and months are refused; use `calendar` for them.
 */
export interface DurationLike {
  readonly weeks?: number;
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly milliseconds?: number;
}

/**
 * A length of time: a number in the unit of the stream's times; or, if times are in milliseconds, a string such as
 * `'250ms'`, `'10s'`, `'5m'`, `'1h'`, `'1d'` or `'1w'`, or an object such as a Temporal.Duration.
 */
export type Extent = number | string | DurationLike;

/** A length of time as a string, such as `'10s'` or `'1.5h'`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`;

/** A number of events; {@link rows} makes one. */
export interface Rows {
  readonly rows: number;
}

/**
 * A window length in events: n events of a key, in order of arrival.
 * @param n a whole number from 1 to 2^31
 * @throws {OrielError} ERR_ORIEL_SPEC
 *
 * @example tumbling(rows(100))
 */
export function rows(n: number): Rows {
  if (Number.isInteger(n) && n >= 1 && n <= MAX_ROWS) return { rows: n };
  throw new OrielError('ERR_ORIEL_SPEC', `rows: expected a whole number from 1 to 2^31, got ${show(n)}`);
}

const MAX_ROWS = 2 ** 31;

/** Whether a string is a length of time, such as `'10s'`. */
export function isDuration(text: string): boolean {
  return DURATION.test(text);
}

const DURATION = /^(-?\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/;

const UNITS_MS = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };
const FIELDS_MS = { milliseconds: 1, seconds: 1e3, minutes: 6e4, hours: 36e5, days: 864e5, weeks: 6048e5 };
export const ACCEPTED =
  "a number of time units, a duration such as '250ms', '10s', '5m', '1h', '1d' or '1w', or a Temporal.Duration";

/** Reads a length of time, as a number of units of time. @throws {OrielError} ERR_ORIEL_SPEC, naming the field */
export function lengthOf(extent: unknown, field: string): number {
  const length = read(extent, field);
  if (Number.isFinite(length)) return length;
  throw new OrielError('ERR_ORIEL_SPEC', `${field}: expected ${ACCEPTED}, got ${show(extent)}`);
}

function read(extent: unknown, field: string): number {
  if (typeof extent === 'number') return extent;
  if (typeof extent === 'string') {
    const [, amount, unit] = DURATION.exec(extent) ?? [];
    return amount && unit ? Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS] : Number.NaN;
  }
  if (typeof extent !== 'object' || extent === null) return Number.NaN;
  const parts = extent as Record<string, unknown>;
  for (const unit of ['years', 'months']) {
    if (parts[unit]) {
      throw new OrielError('ERR_ORIEL_SPEC', `${field}: ${unit} have no fixed length; expected ${ACCEPTED}`);
    }
  }
  let length = Number.NaN;
  for (const [name, ms] of Object.entries({ ...FIELDS_MS, microseconds: 1e-3, nanoseconds: 1e-6 })) {
    const amount = parts[name];
    if (typeof amount === 'number') length = (Number.isNaN(length) ? 0 : length) + amount * ms;
    else if (amount !== undefined) return Number.NaN;
  }
  return length;
}

const BYTES = { b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 };

/**
 * Reads a size in bytes from a number or a string such as `'256mb'`; 1 kb is 1,024 bytes.
 * @throws {OrielError} ERR_ORIEL_SPEC
 */
export function bytesOf(size: unknown, field: string): number {
  const [, amount, unit] = typeof size === 'string' ? (/^(\d+(?:\.\d+)?)(b|kb|mb|gb)$/i.exec(size) ?? []) : [];
  const bytes = amount && unit ? Number(amount) * BYTES[unit.toLowerCase() as keyof typeof BYTES] : size;
  if (typeof bytes === 'number' && bytes > 0 && bytes <= 2 ** 32) return Math.floor(bytes);
  throw new OrielError(
    'ERR_ORIEL_SPEC',
    `${field}: expected bytes up to 4gb, as a number or such as '256mb', got ${show(size)}`,
  );
}
