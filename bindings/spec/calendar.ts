/** Calendar lengths of time: hours, days, weeks, months, quarters and years in the local time of an IANA zone. */

import { create, getTimeZoneTransition, offsetNanoseconds } from 'temporal-polyfill/fns/ZonedDateTime';
import { OrielError, show } from '../base/errors';

/** Greatest absolute time, in milliseconds since the epoch, that a calendar window accepts: the range of Date. */
export const MAX_CALENDAR_TIME = 8.64e15;

export type CalendarUnit = 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year';

/** Days of the week in the order of ISO 8601: 1 is Monday, 7 is Sunday. */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** A number of calendar units in a time zone; {@link calendar} makes one. */
export interface CalendarExtent {
  readonly n: number;
  readonly unit: CalendarUnit;
  readonly zone: string;
  readonly weekStart: Weekday;
}

/**
 * A calendar extent with its arithmetic. Time is cut into blocks of `n` units, numbered by integers; each ends where
 * the next starts.
 */
export interface Calendar extends CalendarExtent {
  /**
   * Start of block k, in milliseconds since the epoch. If clocks skipped block k, this equals the start of block k + 1.
   */
  edge(k: number): number;
  /** The block that holds time t: `edge(k) <= t < edge(k + 1)`. */
  blockOf(t: number): number;
  /** Returns this calendar with blocks of n units. */
  of(n: number): Calendar;
}

const UNITS: readonly CalendarUnit[] = ['hour', 'day', 'week', 'month', 'quarter', 'year'];
const MONTHS: Partial<Record<CalendarUnit, number>> = { month: 1, quarter: 3, year: 12 };
const HOUR = 36e5;
const DAY = 24 * HOUR;

/**
 * A calendar length of time in a time zone, for streams whose times are milliseconds since the epoch. A day lasts from
 * midnight to midnight, whether that is 23, 24 or 25 hours.
 *
 * Blocks of n days, months, quarters or years are counted from 1 January 1970, blocks of n weeks from the week that
 * contains it. Blocks of n hours are counted from each midnight, and the last block of a day ends at the next midnight.
 * A block begins at the first instant at which local clocks show its start time or have jumped past it.
 *
 * @param n 1 to 24 hours, or 1 to 10,000 of another unit
 * @param zone an IANA name, such as `'Europe/Berlin'` or `'UTC'`
 * @param options.weekStart the first day of a week, 1 (Monday, the default) to 7 (Sunday)
 * @throws {OrielError} ERR_ORIEL_SPEC
 *
 * @example tumbling(calendar(1, 'month', 'Europe/Berlin'))
 */
export function calendar(
  n: number,
  unit: CalendarUnit,
  zone: string,
  options: { readonly weekStart?: Weekday } = {},
): CalendarExtent {
  if (!UNITS.includes(unit)) reject('unit', `one of ${UNITS.map(show).join(', ')}`, unit);
  const most = unit === 'hour' ? 24 : 10_000;
  if (!isWhole(n, most)) reject('n', `a whole number of ${unit}s from 1 to ${most}`, n);
  if (!isZone(zone)) reject('zone', "the IANA name of a time zone, such as 'Europe/Berlin'", zone);
  if (typeof options !== 'object' || options === null) reject('options', '{ weekStart }', options);
  for (const name of Object.keys(options)) {
    if (name === 'weekStart') continue;
    throw new OrielError('ERR_ORIEL_SPEC', `calendar: no option ${show(name)}; there is weekStart`);
  }
  const { weekStart = 1 } = options;
  if (!isWhole(weekStart, 7)) reject('weekStart', 'a day of the week from 1, Monday, to 7, Sunday', weekStart);
  return new ZonedCalendar(n, unit, zone, weekStart);
}

/** Whether `calendar` made it. */
export function isCalendar(extent: unknown): extent is Calendar {
  return ZonedCalendar.isMade(extent);
}

function isWhole(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
}

function isZone(zone: unknown): boolean {
  if (typeof zone !== 'string' || /^[+-]/.test(zone)) return false;
  try {
    create(0n, zone);
    return true;
  } catch {
    return false;
  }
}

function reject(field: string, accepted: string, given: unknown): never {
  throw new OrielError('ERR_ORIEL_SPEC', `calendar: ${field}: expected ${accepted}, got ${show(given)}`);
}

class ZonedCalendar implements Calendar {
  readonly #ruler: Ruler;
  readonly #offsetAt: (t: number) => Interval;
  readonly #blockAt: (t: number) => Interval;

  constructor(
    readonly n: number,
    readonly unit: CalendarUnit,
    readonly zone: string,
    readonly weekStart: Weekday,
  ) {
    this.#ruler = rulerOf(n, unit, weekStart);
    this.#offsetAt = cached(50 * DAY, (t) => offsetFrom(t, zone));
    this.#blockAt = cached(this.#ruler.start(1) - this.#ruler.start(0), (t) => this.#find(t));
    Object.freeze(this);
  }

  /** Whether a value was made by the constructor, and is not a copy with other fields. */
  static isMade(value: unknown): value is ZonedCalendar {
    return typeof value === 'object' && value !== null && #ruler in value;
  }

  of(n: number): Calendar {
    return n === this.n ? this : new ZonedCalendar(n, this.unit, this.zone, this.weekStart);
  }

  edge(k: number): number {
    const wall = this.#ruler.start(k);
    // Offsets are less than a day, so a day earlier no clock has shown `wall`. Go on, offset by offset, until one shows
    // it.
    let offset = this.#offsetAt(wall - DAY);
    let since = Number.NEGATIVE_INFINITY;
    while (offset.until + offset.value <= wall) {
      since = offset.until;
      offset = this.#offsetAt(since);
    }
    return Math.max(since, wall - offset.value);
  }

  blockOf(t: number): number {
    return this.#blockAt(t).value;
  }

  #find(t: number): Interval {
    let k = this.#ruler.near(t + this.#offsetAt(t).value);
    while (this.edge(k) > t) k--;
    while (this.edge(k + 1) <= t) k++;
    return { from: this.edge(k), until: this.edge(k + 1), value: k };
  }
}

/**
 * A stretch of time `[from, until)` and a value that is constant in it: an offset in milliseconds, or the number of a
 * block.
 */
interface Interval {
  readonly from: number;
  readonly until: number;
  readonly value: number;
}

const CACHE_SLOTS = 256;

/**
 * Caches `find`: the last stretch, and up to 256 others in a direct-mapped table with a slot for each `length` of time.
 */
function cached(length: number, find: (t: number) => Interval): (t: number) => Interval {
  const slots = new Array<Interval | undefined>(CACHE_SLOTS).fill(undefined);
  let last: Interval = { from: 0, until: 0, value: 0 };
  return (t) => {
    if (t >= last.from && t < last.until) return last;
    const slot = Math.floor(t / length) & (CACHE_SLOTS - 1);
    const known = slots[slot];
    last = known !== undefined && t >= known.from && t < known.until ? known : find(t);
    slots[slot] = last;
    return last;
  };
}

/**
 * The zone's offset at t, in milliseconds, and until when it is known to stay. Beyond MAX_CALENDAR_TIME it never
 * changes.
 */
function offsetFrom(t: number, zone: string): Interval {
  const within = Math.min(Math.max(t, -MAX_CALENDAR_TIME), MAX_CALENDAR_TIME);
  const at = create(BigInt(Math.floor(within)) * 1_000_000n, zone);
  // The polyfill searches at least three years ahead. If it finds no transition, there is none for one year.
  const until = getTimeZoneTransition(at, 'next')?.epochMilliseconds ?? t + 365 * DAY;
  return {
    from: t,
    until: until < MAX_CALENDAR_TIME ? until : Number.POSITIVE_INFINITY,
    value: offsetNanoseconds(at) / 1e6,
  };
}

/**
 * Where blocks start on a clock that is never changed (no zone, no daylight saving), in milliseconds since it showed
 * 1970-01-01 00:00.
 */
interface Ruler {
  start(k: number): number;
  /** The block that contains that time, or a block near it: a first guess. */
  near(wall: number): number;
}

function rulerOf(n: number, unit: CalendarUnit, weekStart: number): Ruler {
  if (unit === 'hour') {
    const length = n * HOUR;
    const perDay = Math.ceil(DAY / length);
    return {
      start: (k) => {
        const day = Math.floor(k / perDay);
        return day * DAY + (k - day * perDay) * length;
      },
      near: (wall) => {
        const day = Math.floor(wall / DAY);
        return day * perDay + Math.floor((wall - day * DAY) / length);
      },
    };
  }
  const months = n * (MONTHS[unit] ?? 0);
  if (months > 0) {
    return { start: (k) => monthStart(k * months), near: (wall) => Math.floor(wall / (months * MEAN_MONTH)) };
  }
  const length = n * (unit === 'week' ? 7 : 1) * DAY;
  // 1 January 1970 was a Thursday, weekday 4.
  const first = unit === 'week' ? -((11 - weekStart) % 7) * DAY : 0;
  return { start: (k) => first + k * length, near: (wall) => Math.floor((wall - first) / length) };
}

/** The Gregorian calendar repeats after 400 years: this many months, this many milliseconds. */
const CYCLE_MONTHS = 4800;
const CYCLE = 146_097 * DAY;
const MEAN_MONTH = CYCLE / CYCLE_MONTHS;

/** Start of a month, counted from January 1970. */
function monthStart(month: number): number {
  const cycle = Math.floor(month / CYCLE_MONTHS);
  return cycle * CYCLE + Date.UTC(1970, month - cycle * CYCLE_MONTHS);
}
