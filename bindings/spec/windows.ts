/** Windows as plain values: their kind and lengths. docs/windows.md draws each kind. */

import { Closed } from '../../assembly/plan';
import { OrielError, only, reject, show } from '../base/errors';
import { type Calendar, type CalendarExtent, isCalendar } from './calendar';
import { ACCEPTED, type Duration, type Extent, isDuration, lengthOf, type Rows, rows } from './duration';

/** Whole times up to this are exact in a double. */
export const MAX_TIME = 2 ** 53;

/** The greatest number of windows that one event may lie in: closing the stream gives a result for each. */
const MAX_OVERLAP = 2 ** 20;

/**
 * A window of a spec; make it with `tumbling`, `hopping` and so on. `Shape` says whether its rows have `start` and
 * `end` (`'bounds'`) or the time of an event (`'time'`). `Column` is the column of gaps, if it reads one.
 */
export interface Window<Shape extends 'bounds' | 'time' = 'bounds' | 'time', Column extends string = string> {
  /** The name of its kind in the core: see assembly/window/window-registry.ts. */
  readonly kind: string;
  readonly size: number;
  readonly every: number;
  readonly offset: number;
  /** Maximum length of a session, in units of time and in events; Infinity: none. */
  readonly most: number;
  readonly mostRows: number;
  /**
   * Which ends of a rolling frame belong to it; for a session `both` if events exactly `gap` apart are in one session.
   */
  readonly closed: Closed;
  /** The column that holds each event's session gap; undefined if the gap is fixed. */
  readonly column: Column | undefined;
  /** Whether an event is the last of its window; undefined for windows that are not punctuated. */
  readonly ends: ((event: never) => boolean) | undefined;
  /** The lengths of a calendar window in blocks; `grows` if it is cumulative. Undefined for other windows. */
  readonly calendar: { readonly size: Calendar; readonly every: Calendar; readonly grows: boolean } | undefined;
  /** This exists only for type inference. */
  readonly shape?: Shape;
}

/**
 * All kinds, and whether their windows lie on a grid of time. Where windows of the others lie depends on the events of
 * each key.
 */
const KINDS = new Map([
  ...['tumbling', 'hopping', 'cumulative', 'calendar', 'everything'].map((kind) => [kind, true] as const),
  ...['session', 'capped', 'filled', 'counted', 'rolling'].map((kind) => [kind, false] as const),
]);

/** Whether the windows lie on a grid of time. */
export function isOnGrid({ kind }: Window): boolean {
  return KINDS.get(kind) === true;
}

/**
 * Checks that an event lies in at most MAX_OVERLAP windows, those of all windows of a spec together.
 * @throws {OrielError} ERR_ORIEL_SPEC
 */
export function checkOverlap(windows: readonly Window[]): void {
  let results = 0;
  for (const window of windows) if (isOnGrid(window)) results += Math.ceil(window.size / window.every);
  if (results <= MAX_OVERLAP) return;
  const accepted = `at most ${MAX_OVERLAP} (size / every), as each gives a result`;
  throw new OrielError('ERR_ORIEL_SPEC', `window: an event would lie in ${results} windows: expected ${accepted}`);
}

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

/** The windows that functions of this module made: only their fields fit each other. */
const MADE = new WeakSet<object>();

/** Whether a function of this module made the window, and it is not a copy with other fields. */
export function isMade(window: object): window is Window {
  return MADE.has(window);
}

/** Makes a window of a kind; other fields are those of PLAIN. */
function made(fields: Pick<Window, 'kind' | 'size'> & Partial<Window>): Window<never, never> {
  const window = Object.freeze({ ...PLAIN, ...fields }) as Window<never, never>;
  MADE.add(window);
  return window;
}

/**
 * Adjacent windows of one size: `[offset + k size, offset + (k + 1) size)` for every integer k. With `calendar(…)` each
 * window is one block of the calendar. With `rows(n)` each window has n events of a key, in order of arrival, and fires
 * with the n-th.
 *
 * @param options.offset shifts windows of time; a length of time, default 0
 * @throws {OrielError} ERR_ORIEL_SPEC
 *
 * @example
 * tumbling('1m')
 * tumbling(calendar(1, 'month', 'Europe/Berlin'))
 * tumbling(rows(100))
 */
export function tumbling(
  size: Extent | Rows | CalendarExtent,
  options: { offset?: Extent } = {},
): Window<'bounds', never> {
  if (isRows(size)) {
    only(options, [], 'tumbling(rows)');
    return made({ kind: 'filled', size: size.rows });
  }
  if (isCalendar(size)) {
    only(options, [], 'tumbling(calendar)');
    return made({ kind: 'calendar', size: 1, calendar: { size, every: size, grows: false } });
  }
  const length = positive(size, 'tumbling: size');
  return made({ kind: 'tumbling', size: length, every: length, offset: offsetOf(options, 'tumbling', length) });
}

/**
 * Windows of one size that start every `every`: `[offset + k every, offset + k every + size)` for every integer k.
 * `size` need not be a multiple of `every`. If `every` is greater than `size`, events in the gaps are counted as
 * skipped. Both lengths are lengths of time, or both `calendar(…)` of the same unit, zone and first day of the week, or
 * both `rows(n)`. A stream refuses windows of time of which more than 2^20 hold one event.
 *
 * @param options.offset shifts windows of time; a length of time, default 0
 * @throws {OrielError} ERR_ORIEL_SPEC
 *
 * @example hopping('1m', '10s')  // each event lies in six windows
 */
export function hopping(
  size: Extent | Rows | CalendarExtent,
  every: Extent | Rows | CalendarExtent,
  options: { offset?: Extent } = {},
): Window<'bounds', never> {
  if (isRows(size) || isRows(every)) {
    only(options, [], 'hopping(rows)');
    if (!isRows(size) || !isRows(every)) reject('hopping: every', 'rows(n), as size is', isRows(size) ? every : size);
    if (size.rows === every.rows) return made({ kind: 'filled', size: size.rows });
    return made({ kind: 'counted', size: size.rows, every: every.rows });
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
    if (size.n === every.n) return made({ kind: 'calendar', size: 1, calendar: { ...blocks, every: size } });
    return made({ kind: 'calendar', size: size.n, every: every.n, calendar: blocks });
  }
  const step = positive(every, 'hopping: every');
  return made({
    kind: 'hopping',
    size: positive(size, 'hopping: size'),
    every: step,
    offset: offsetOf(options, 'hopping', step),
  });
}

/**
 * Growing windows: each period `[P, P + size)` with `P = offset + k size` has the windows `[P, P + every)`, `[P, P + 2
 * every)` and so on up to `[P, P + size)`. `size` must be a multiple of `every`. Both may be `calendar(…)`, for example
 * the month so far, day by day.
 *
 * @param options.offset shifts windows of time; a length of time, default 0
 * @throws {OrielError} ERR_ORIEL_SPEC
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
    return made({ kind: 'calendar', size: partsOf(size, every), calendar: { size, every, grows: true } });
  }
  const length = positive(size, 'cumulative: size');
  const step = positive(every, 'cumulative: every');
  if (length % step !== 0) reject('cumulative: every', `a whole part of size, ${length}`, every);
  return made({ kind: 'cumulative', size: length, every: step, offset: offsetOf(options, 'cumulative', length) });
}

/**
 * Sessions: events of a key that are at most `gap` apart form one window, `[first, last + gap)`.
 *
 * @param gap a length of time, or the name of a column that holds each event's own gap (finite and greater than 0)
 * @param options.max the maximum length of a session: a length of time, at which it is cut, or `rows(n)`, with which it
 *   fires at n events
 * @param options.touching `'merge'` (default): two events exactly `gap` apart are in one session; `'split'`: they are
 *   in two
 * @throws {OrielError} ERR_ORIEL_SPEC
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
  return made({
    kind: most < Number.POSITIVE_INFINITY ? 'capped' : 'session',
    size: column === undefined ? positive(gap, 'session: gap') : 1,
    most,
    mostRows: isRows(max) ? max.rows : Number.POSITIVE_INFINITY,
    closed: touching === 'merge' ? Closed.both : Closed.none,
    column: column as never,
  });
}

/**
 * Rolling windows: a result for every event, over the events of its key in the frame `(t - size, t]`, where t is its
 * time. With `rows(n)` the frame is the last n events of the key, this one included. Rows have the event's time in
 * place of `start` and `end`.
 *
 * @param options.closed which ends of the frame belong to it: `'right'` (default), `'left'`, `'both'` or `'none'`
 * @throws {OrielError} ERR_ORIEL_SPEC
 *
 * @example
 * rolling('5m')
 * rolling(rows(1000))
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
  const frame = { kind: 'rolling', closed: Closed[closed] };
  if (isRows(size)) return made({ ...frame, size: size.rows });
  return made({ ...frame, size: positive(size, 'rolling: size'), every: 0 });
}

/** One window over all time, which fires when the stream is closed. Use it with early firing or `query`. */
export function everything(): Window<'bounds', never> {
  return made({ kind: 'everything', size: 1 });
}

/**
 * Windows of a key that end with an event for which `isLast` returns true; the next event of the key starts a new one.
 * `isLast` is called once for every event, in order of arrival. For events pushed as columns its argument is one object
 * that is reused for every event.
 *
 * @throws {OrielError} ERR_ORIEL_SPEC if `isLast` is not a function
 *
 * @example punctuated((order) => order.status === 'done')
 */
// biome-ignore lint/suspicious/noExplicitAny: the events' type follows from the rest of the spec
export function punctuated(isLast: (event: any) => boolean): Window<'bounds', never> {
  if (typeof isLast !== 'function') reject('punctuated', 'a function of an event', isLast);
  return made({ kind: 'filled', size: 1, ends: isLast });
}

/** Reads a length of time. @throws {OrielError} ERR_ORIEL_SPEC unless it is greater than 0 and at most 2^53 */
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
  const isRow = typeof extent === 'object' && extent !== null && typeof (extent as Rows).rows === 'number';
  // An object that `rows` did not make may have any number there.
  if (isRow) rows((extent as Rows).rows);
  return isRow;
}

function sameBlocks(a: Calendar, b: Calendar): boolean {
  return a.unit === b.unit && a.zone === b.zone && a.weekStart === b.weekStart;
}

/** Whether every edge of the calendar `great` is also an edge of `small`. */
function divides(small: Calendar, great: Calendar): boolean {
  if (sameBlocks(small, great)) return great.n % small.n === 0 && (small.unit !== 'hour' || 24 % small.n === 0);
  const units = ['hour', 'day', 'week', 'month', 'quarter', 'year'];
  const isSmaller = units.indexOf(small.unit) < units.indexOf(great.unit) && small.unit !== 'week';
  return isSmaller && (small.n === 1 || (small.unit === 'hour' && 24 % small.n === 0));
}

/**
 * Upper bound on the number of blocks of `small` in a block of `great`: longest great block over shortest small one, in
 * hours.
 */
function partsOf(great: Calendar, small: Calendar): number {
  const longest = { hour: 1, day: 25, week: 169, month: 745, quarter: 2209, year: 8785 };
  const shortest = { hour: 1, day: 23, week: 167, month: 671, quarter: 2159, year: 8759 };
  return Math.ceil((longest[great.unit] * great.n) / (shortest[small.unit] * small.n));
}
