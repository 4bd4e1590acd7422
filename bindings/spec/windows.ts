/** The kinds of windows, as plain values. */

import { Closed } from '../../assembly/plan';
import { OrielError, only, reject, show } from '../base/errors';
import type { Calendar, CalendarExtent } from './calendar';
import { ACCEPTED, type Duration, type Extent, isDuration, lengthOf, type Rows } from './duration';

/** Times up to this are exact. */
export const MAX_TIME = 2 ** 53;

/** A kind of window, with its lengths in time units or in events. `Shape` is what bounds its rows have. */
export interface Window<Shape extends 'bounds' | 'time' = 'bounds' | 'time', Column extends string = string> {
  /** The name of its kind in the core: see assembly/window/registry.ts. */
  readonly kind: string;
  readonly size: number;
  readonly every: number;
  readonly offset: number;
  /** A session's greatest length, in time and in events. */
  readonly most: number;
  readonly mostRows: number;
  /** Which ends of a frame or an interval belong to it. */
  readonly closed: Closed;
  /** The column of gaps. */
  readonly column: Column | undefined;
  /** Whether an event is the last of its window. */
  readonly ends: ((event: never) => boolean) | undefined;
  /** What `size` and `every` count, where that is not time. */
  readonly calendar: { readonly size: Calendar; readonly every: Calendar; readonly grows: boolean } | undefined;
  /** Only there for inference. */
  readonly shape?: Shape;
}

/** Kinds that lie on a grid of time: all but these depend on events. */
export const GRIDS: readonly string[] = ['tumbling', 'hopping', 'cumulative', 'calendar', 'everything'];

const PLAIN = {
  every: 1,
  offset: 0,
  most: Number.POSITIVE_INFINITY,
  mostRows: Number.POSITIVE_INFINITY,
  closed: Closed.none,
  column: undefined,
  ends: undefined,
  calendar: undefined,
};

/**
 * Adjacent windows: `[offset + k size, offset + (k + 1) size)`, for every whole k; of a calendar's blocks, or of so many events of
 * each key, in order of arrival.
 *
 * @example tumbling('1m'), tumbling(calendar(1, 'month', 'Europe/Berlin')), tumbling(rows(100))
 */
export function tumbling(
  size: Extent | Rows | CalendarExtent,
  options: { offset?: Extent } = {},
): Window<'bounds', never> {
  if (isRows(size)) {
    only(options, [], 'tumbling(rows)');
    return { ...PLAIN, kind: 'filled', size: size.rows };
  }
  if (isCalendar(size)) {
    only(options, [], 'tumbling(calendar)');
    return { ...PLAIN, kind: 'calendar', size: 1, calendar: { size, every: size, grows: false } };
  }
  const length = positive(size, 'tumbling: size');
  return { ...PLAIN, kind: 'tumbling', size: length, every: length, offset: offsetOf(options, 'tumbling', length) };
}

/**
 * Windows of one size, one of them starting every so often: `[offset + k every, offset + k every + size)`. Any ratio will
 * do; with `every` greater than `size` some events lie in no window, and are counted as skipped. Both lengths are of
 * time, or both of a calendar's blocks of one unit, or both of so many events of each key.
 *
 * @example hopping('1m', '10s')  // each event in six windows
 */
export function hopping(
  size: Extent | Rows | CalendarExtent,
  every: Extent | Rows | CalendarExtent,
  options: { offset?: Extent } = {},
): Window<'bounds', never> {
  if (isRows(size) || isRows(every)) {
    only(options, [], 'hopping(rows)');
    if (!isRows(size) || !isRows(every)) reject('hopping: every', 'rows(n), as size is', isRows(size) ? every : size);
    if (size.rows === every.rows) return { ...PLAIN, kind: 'filled', size: size.rows };
    return { ...PLAIN, kind: 'counted', size: size.rows, every: every.rows };
  }
  if (isCalendar(size) || isCalendar(every)) {
    only(options, [], 'hopping(calendar)');
    if (!isCalendar(size) || !isCalendar(every) || !sameBlocks(size, every)) {
      reject('hopping: every', 'a calendar(…) of the unit and zone of size', isCalendar(size) ? every : size);
    }
    if (every.unit === 'hour' && 24 % every.n !== 0) {
      reject('hopping: every', 'a number of hours that a day is divided into', every.n);
    }
    const blocks = { size, every, grows: false };
    if (size.n === every.n) return { ...PLAIN, kind: 'calendar', size: 1, calendar: { ...blocks, every: size } };
    return { ...PLAIN, kind: 'calendar', size: size.n, every: every.n, calendar: blocks };
  }
  const step = positive(every, 'hopping: every');
  return {
    ...PLAIN,
    kind: 'hopping',
    size: positive(size, 'hopping: size'),
    every: step,
    offset: offsetOf(options, 'hopping', step),
  };
}

/**
 * Windows that start together and grow: in each `[offset + k size, offset + (k + 1) size)` one that ends after every, two, … times
 * `every`, up to `size`, of which `every` must be a whole part. Both may be blocks of a calendar: the month so far, by the day.
 *
 * @example cumulative('1d', '1h')  // today so far, every hour
 */
export function cumulative(
  size: Extent | CalendarExtent,
  every: Extent | CalendarExtent,
  options: { offset?: Extent } = {},
): Window<'bounds', never> {
  if (isCalendar(size) || isCalendar(every)) {
    only(options, [], 'cumulative(calendar)');
    if (!isCalendar(size) || !isCalendar(every) || size.zone !== every.zone) {
      reject('cumulative: every', 'a calendar(…) of the zone of size', isCalendar(size) ? every : size);
    }
    if (!divides(every, size)) {
      reject('cumulative: every', `a calendar(…) that a ${size.unit} is divided into`, `${every.n} ${every.unit}`);
    }
    return { ...PLAIN, kind: 'calendar', size: partsOf(size, every), calendar: { size, every, grows: true } };
  }
  const length = positive(size, 'cumulative: size');
  const step = positive(every, 'cumulative: every');
  if (length % step !== 0) reject('cumulative: every', `a whole part of size, ${length}`, every);
  return { ...PLAIN, kind: 'cumulative', size: length, every: step, offset: offsetOf(options, 'cumulative', length) };
}

/**
 * Sessions: for each key, events no more than `gap` apart: `[first, last + gap)`. The gap may be a column, each event then having its own:
 * finite numbers greater than 0.
 * @param options.max closes a session that reaches that length; of `rows(n)` one that has so many events
 * @param options.touching whether two events exactly `gap` apart are in one session: `'merge'` (default) or `'split'`
 *
 * @example session('30m')
 */
export function session<const Gap extends Extent>(
  gap: Gap,
  options: { max?: Extent | Rows; touching?: 'merge' | 'split' } = {},
): Window<'bounds', Gap extends Duration ? never : Gap extends string ? Gap : never> {
  only(options, ['max', 'touching'], 'session');
  const { max, touching = 'merge' } = options;
  if (touching !== 'merge' && touching !== 'split') reject('session: touching', "'merge' or 'split'", touching);
  const column = typeof gap === 'string' && !isDuration(gap) ? (gap as string) : undefined;
  if (column === '') reject('session: gap', `${ACCEPTED}, or the name of a column`, gap);
  const most = max === undefined || isRows(max) ? Number.POSITIVE_INFINITY : positive(max, 'session: max');
  return {
    ...PLAIN,
    kind: most < Number.POSITIVE_INFINITY ? 'capped' : 'session',
    size: column === undefined ? positive(gap, 'session: gap') : 1,
    most,
    mostRows: isRows(max) ? max.rows : Number.POSITIVE_INFINITY,
    closed: touching === 'merge' ? Closed.both : Closed.none,
    column: column as never,
  };
}

/**
 * A result for every event, over the events of its key in `(t - size, t]`, t being its time; or over the last so many, itself among
 * them. Rows have the event's own time in place of `start` and `end`.
 * @param options.closed which ends of the frame belong to it: `'right'` (default), `'left'`, `'both'` or `'none'`
 *
 * @example rolling('5m'), rolling(rows(1000))
 */
export function rolling(
  size: Extent | Rows,
  options: { closed?: 'right' | 'left' | 'both' | 'none' } = {},
): Window<'time', never> {
  only(options, ['closed'], 'rolling');
  const { closed = 'right' } = options;
  if (!['right', 'left', 'both', 'none'].includes(closed)) {
    reject('rolling: closed', "'right', 'left', 'both' or 'none'", closed);
  }
  const frame = { ...PLAIN, kind: 'rolling', closed: Closed[closed] };
  if (isRows(size)) return { ...frame, size: size.rows };
  return { ...frame, size: positive(size, 'rolling: size'), every: 0 };
}

/** One window of all time, that fires when the stream is closed: for early firing, and for `query`. */
export function everything(): Window<'bounds', never> {
  return { ...PLAIN, kind: 'everything', size: 1 };
}

/**
 * Windows of each key that end where the spec says: with an event for which `isLast` is true. It is asked once for every event, in order
 * of arrival; what it is given is the event, or, of columns, an object that is used again for the next.
 *
 * @example punctuated((order) => order.status === 'done')
 */
// biome-ignore lint/suspicious/noExplicitAny: the events' type follows from the rest of the spec
export function punctuated(isLast: (event: any) => boolean): Window<'bounds', never> {
  if (typeof isLast !== 'function') reject('punctuated', 'a function of an event', isLast);
  return { ...PLAIN, kind: 'filled', size: 1, ends: isLast };
}

function positive(extent: unknown, field: string): number {
  if (isRows(extent) || isCalendar(extent)) reject(field, ACCEPTED, extent);
  const length = lengthOf(extent, field);
  if (length > 0 && length <= MAX_TIME) return length;
  throw new OrielError('ERR_ORIEL_SPEC', `${field}: expected more than 0 and at most 2^53, got ${show(extent)}`);
}

function offsetOf(options: { offset?: Extent }, kind: string, step: number): number {
  only(options, ['offset'], kind);
  const offset = options.offset === undefined ? 0 : lengthOf(options.offset, `${kind}: offset`);
  return offset - Math.floor(offset / step) * step;
}

function isRows(extent: unknown): extent is Rows {
  return typeof extent === 'object' && extent !== null && typeof (extent as Rows).rows === 'number';
}

function isCalendar(extent: unknown): extent is Calendar {
  return typeof extent === 'object' && extent !== null && typeof (extent as Calendar).blockOf === 'function';
}

function sameBlocks(a: Calendar, b: Calendar): boolean {
  return a.unit === b.unit && a.zone === b.zone && a.weekStart === b.weekStart;
}

/** Whether every edge of the greater blocks is one of the smaller. */
function divides(small: Calendar, great: Calendar): boolean {
  if (sameBlocks(small, great)) return great.n % small.n === 0 && (small.unit !== 'hour' || 24 % small.n === 0);
  const units = ['hour', 'day', 'week', 'month', 'quarter', 'year'];
  const isSmaller = units.indexOf(small.unit) < units.indexOf(great.unit) && small.unit !== 'week';
  return isSmaller && (small.n === 1 || (small.unit === 'hour' && 24 % small.n === 0));
}

/** The greatest number of smaller blocks in a greater. */
function partsOf(great: Calendar, small: Calendar): number {
  const hours = { hour: 1, day: 25, week: 169, month: 745, quarter: 2209, year: 8785 };
  const least = { hour: 1, day: 23, week: 167, month: 671, quarter: 2159, year: 8759 };
  return Math.ceil((hours[great.unit] * great.n) / (least[small.unit] * small.n));
}
