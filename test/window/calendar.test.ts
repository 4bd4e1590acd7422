/** Catches edges of calendar windows that differ from Temporal's arithmetic, above all where clocks change. */

import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { expect, test } from 'vitest';
import {
  type Calendar,
  type CalendarUnit,
  calendar as extent,
  MAX_CALENDAR_TIME,
  type Weekday,
} from '../../bindings/spec/calendar';
import { refused, runs } from '../support/helpers';
import { DAY, HOUR, ms, utc } from '../support/times';

const UNITS: CalendarUnit[] = ['hour', 'day', 'week', 'month', 'quarter', 'year'];

const calendar = (n: number, unit: CalendarUnit, zone: string, weekStart?: Weekday) =>
  extent(n, unit, zone, weekStart ? { weekStart } : {}) as Calendar;

/** The first instant at which clocks of the zone show that time, or have jumped over it. */
function firstAt(wall: Temporal.PlainDateTime, zone: string): number {
  const shown = wall.toZonedDateTime(zone, { disambiguation: 'compatible' });
  if (shown.toPlainDateTime().equals(wall)) return shown.epochMilliseconds;
  const jump = shown.add({ nanoseconds: 1 }).getTimeZoneTransition('previous');
  return jump?.epochMilliseconds ?? Number.NaN;
}

/** The start of block k; undefined if it lies beyond the range of Temporal. */
function expected({ n, unit, zone, weekStart }: Calendar, k: number): number | undefined {
  try {
    if (unit === 'hour') {
      const perDay = Math.ceil(24 / n);
      const date = new Temporal.PlainDate(1970, 1, 1).add({ days: Math.floor(k / perDay) });
      return firstAt(date.toPlainDateTime({ hour: (((k % perDay) + perDay) % perDay) * n }), zone);
    }
    let date = new Temporal.PlainDate(1970, 1, 1);
    if (unit === 'week') while (date.dayOfWeek !== weekStart) date = date.subtract({ days: 1 });
    date = unit === 'quarter' ? date.add({ months: 3 * n * k }) : date.add({ [`${unit}s`]: n * k });
    return date.toZonedDateTime(zone).epochMilliseconds;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The lengths in hours of `count` blocks, from the one that holds the instant. */
function hours(one: Calendar, from: string, count: number): number[] {
  const k = one.blockOf(ms(from));
  return Array.from({ length: count }, (_, i) => (one.edge(k + i + 1) - one.edge(k + i)) / HOUR);
}

/** The starts in UTC of `count` blocks, from the one that holds the instant. */
function starts(one: Calendar, from: string, count: number): string[] {
  const k = one.blockOf(ms(from));
  return Array.from({ length: count }, (_, i) => utc(one.edge(k + i)));
}

//  local  00 01    03 04                              10 11 12
//  UTC    08 09    10 11                              17 18 19
//          |──┴──╳──┴──|───────────|───────────|───────────|    ╳ 02:00 is skipped
//            three hours
test('the four hours of Los Angeles in which clocks go forward last three, and its day 23', () => {
  const zone = 'America/Los_Angeles';
  expect(starts(calendar(4, 'hour', zone), '2021-03-14T08:00Z', 3)).toEqual([
    '2021-03-14T08:00:00Z',
    '2021-03-14T11:00:00Z',
    '2021-03-14T15:00:00Z',
  ]);
  expect(hours(calendar(4, 'hour', zone), '2021-03-14T08:00Z', 7)).toEqual([3, 4, 4, 4, 4, 4, 4]);
  expect(hours(calendar(1, 'day', zone), '2021-03-13T08:00Z', 3)).toEqual([24, 23, 24]);
  expect(hours(calendar(1, 'week', zone), '2021-03-08T08:00Z', 2)).toEqual([7 * 24 - 1, 7 * 24]);
});

//  local  00 01 01 02 03 04
//  UTC    07 08 09 10 11 12
//          |──┴──┴──┴──┴──|───────────|     01:00 comes twice, its edge is the first
//             five hours
test('the four hours of Los Angeles in which clocks go back last five, and its day 25', () => {
  const zone = 'America/Los_Angeles';
  expect(hours(calendar(4, 'hour', zone), '2021-11-07T07:00Z', 7)).toEqual([5, 4, 4, 4, 4, 4, 4]);
  expect(hours(calendar(1, 'hour', zone), '2021-11-07T07:00Z', 4)).toEqual([1, 2, 1, 1]);
  expect(hours(calendar(1, 'day', zone), '2021-11-06T07:00Z', 3)).toEqual([24, 25, 24]);
  expect(hours(calendar(1, 'month', zone), '2021-11-01T07:00Z', 1)).toEqual([30 * 24 + 1]);
});

//  local  00   01   03   04
//  UTC    23   00   01   02
//          |────|────‖────|      the hour from 02:00 to 03:00 was skipped: its two edges are one instant
test('an hour that clocks skip has no length, and no time lies in it', () => {
  const hour = calendar(1, 'hour', 'Europe/Berlin');
  const k = hour.blockOf(ms('2024-03-30T23:00Z'));
  expect([0, 1, 2, 3, 4].map((i) => utc(hour.edge(k + i)))).toEqual([
    '2024-03-30T23:00:00Z',
    '2024-03-31T00:00:00Z',
    '2024-03-31T01:00:00Z',
    '2024-03-31T01:00:00Z',
    '2024-03-31T02:00:00Z',
  ]);
  expect([-1, 0, 1].map((i) => hour.blockOf(ms('2024-03-31T01:00Z') + i) - k)).toEqual([1, 3, 3]);
  expect(hours(calendar(1, 'day', 'Europe/Berlin'), '2024-03-30T12:00Z', 3)).toEqual([24, 23, 24]);
  expect(hours(calendar(1, 'day', 'Europe/Berlin'), '2024-10-26T12:00Z', 3)).toEqual([24, 25, 24]);
});

//  local    01      02 02:30   03         01    01:30 02     02:30  03
//            |───────╳──|───────|          |──────┴┈┈┈┈┴───────|──────|
//              1 h     1/2 h                 01:30 to 02:00 comes twice
test('clocks on Lord Howe Island change by half an hour', () => {
  const zone = 'Australia/Lord_Howe';
  expect(hours(calendar(1, 'hour', zone), '2024-10-05T14:30Z', 4)).toEqual([1, 0.5, 1, 1]);
  expect(hours(calendar(1, 'hour', zone), '2024-04-06T14:00Z', 4)).toEqual([1.5, 1, 1, 1]);
  expect(hours(calendar(1, 'day', zone), '2024-10-05T00:00Z', 3)).toEqual([24, 23.5, 24]);
  expect(hours(calendar(1, 'day', zone), '2024-04-06T00:00Z', 3)).toEqual([24, 24.5, 24]);
});

//  Apia    Thu 29 Dec 2011    Sat 31 Dec
//           |──────────────────‖──────────────────|     Friday the 30th was skipped
//  UTC     29th 10:00         30th 10:00
test('the day that Samoa left out has no length, nor has any of its hours', () => {
  const zone = 'Pacific/Apia';
  const day = calendar(1, 'day', zone);
  const k = day.blockOf(ms('2011-12-30T09:59:59Z'));
  expect([0, 1, 2, 3].map((i) => utc(day.edge(k + i)))).toEqual([
    '2011-12-29T10:00:00Z',
    '2011-12-30T10:00:00Z',
    '2011-12-30T10:00:00Z',
    '2011-12-31T10:00:00Z',
  ]);
  expect(day.blockOf(ms('2011-12-30T10:00Z'))).toBe(k + 2);
  expect(hours(calendar(1, 'hour', zone), '2011-12-30T09:00Z', 26)).toEqual([1, ...new Array(24).fill(0), 1]);
  expect(hours(calendar(5, 'hour', zone), '2011-12-30T09:00Z', 7)).toEqual([4, 0, 0, 0, 0, 0, 5]);
  expect(hours(calendar(2, 'day', zone), '2011-12-30T12:00Z', 1)).toEqual([24]);
  expect(hours(calendar(1, 'week', zone), '2011-12-29T12:00Z', 1)).toEqual([6 * 24]);
  expect(hours(calendar(1, 'month', zone), '2011-12-29T12:00Z', 1)).toEqual([30 * 24]);
});

//  local  3 Nov           23 │ 01       4 Nov          00
//          |─────────────────|──────────────────────────|      there is no midnight: the day begins at 01:00
//                             23 hours
test.each([
  ['America/Sao_Paulo', '2018-11-03T12:00Z', '2018-11-04T03:00:00Z', [24, 23, 24]],
  ['America/Sao_Paulo', '2018-02-17T12:00Z', '2018-02-18T03:00:00Z', [25, 24, 24]],
  ['Asia/Beirut', '2024-03-30T12:00Z', '2024-03-30T22:00:00Z', [24, 23, 24]],
  ['Asia/Beirut', '2024-10-26T12:00Z', '2024-10-26T22:00:00Z', [25, 24, 24]],
])('in %s, whose clocks change at midnight, the day after %s begins at %s', (zone, from, second, lengths) => {
  expect(starts(calendar(1, 'day', zone), from, 2)[1]).toBe(second);
  expect(hours(calendar(1, 'day', zone), from, 3)).toEqual(lengths);
  expect(starts(calendar(6, 'hour', zone), second, 1)).toEqual([second]);
});

//  local  30 March 1919      23:30 │ 00:30     31 March
//          |───────────────────────|──────────────────────|      midnight is within what is skipped
//          23 1/2 hours              23 1/2 hours
test('a day whose midnight clocks jump over begins at the jump', () => {
  const day = calendar(1, 'day', 'America/Toronto');
  expect(starts(day, '1919-03-30T12:00Z', 3)).toEqual([
    '1919-03-30T05:00:00Z',
    '1919-03-31T04:30:00Z',
    '1919-04-01T04:00:00Z',
  ]);
  const hour = calendar(1, 'hour', 'America/Toronto');
  expect(hours(hour, '1919-03-31T04:00Z', 3)).toEqual([0.5, 0.5, 1]);
});

//  local  6 Nov 2010   23:00   00:00 00:01
//                                  │ ┊
//                        23:01 ────┼─┘   00:00   01:00     the second 23:01 to 24:00 lies in the new day, as does
//          |───────────────────────|────────────────|        the second minute from 00:00
test('a day that has begun does not end when clocks go back over midnight', () => {
  const zone = 'America/St_Johns';
  const day = calendar(1, 'day', zone);
  expect(starts(day, '2010-11-06T12:00Z', 3)).toEqual([
    '2010-11-06T02:30:00Z',
    '2010-11-07T02:30:00Z',
    '2010-11-08T03:30:00Z',
  ]);
  const k = day.blockOf(ms('2010-11-07T02:29:59Z'));
  expect(['02:30', '02:31', '03:29', '03:30'].map((at) => day.blockOf(ms(`2010-11-07T${at}Z`)) - k)).toEqual([
    1, 1, 1, 1,
  ]);
  expect(hours(calendar(1, 'hour', zone), '2010-11-07T01:30Z', 3)).toEqual([1, 2, 1]);
});

//  Monrovia  00:00:00                             44 minutes 30 seconds behind UTC until 1972
//             |
//  UTC     00:00:00      00:44:30
test('offsets of minutes and seconds are kept', () => {
  expect(calendar(1, 'day', 'Africa/Monrovia').edge(0)).toBe(44.5 * 60_000);
  expect(calendar(1, 'month', 'Africa/Monrovia').edge(-13) - ms('1968-12-01T00:00Z')).toBe(44.5 * 60_000);
  const amsterdam = new Temporal.ZonedDateTime(BigInt(ms('1930-01-15T00:00Z')) * 1_000_000n, 'Europe/Amsterdam');
  const day = calendar(1, 'day', 'Europe/Amsterdam');
  expect(utc(day.edge(day.blockOf(amsterdam.epochMilliseconds)))).toBe(amsterdam.startOfDay().toInstant().toString());
});

//  Mon 29 Dec 1969   Thu 1 Jan 1970    Mon 5 Jan
//   |─────────────────────┴─────────────|             week 0
test('weeks are counted from the one that holds 1 January 1970, whatever day they start on', () => {
  const first = ([1, 2, 3, 4, 5, 6, 7] as const).map((day) =>
    utc(calendar(1, 'week', 'UTC', day).edge(0)).slice(0, 10),
  );
  expect(first).toEqual([
    '1969-12-29',
    '1969-12-30',
    '1969-12-31',
    '1970-01-01',
    '1969-12-26',
    '1969-12-27',
    '1969-12-28',
  ]);
  expect(calendar(1, 'week', 'Europe/Berlin').edge(0)).toBe(ms('1969-12-28T23:00Z'));
  expect(starts(calendar(2, 'week', 'UTC'), '1970-01-12T00:00Z', 2)).toEqual([
    '1970-01-12T00:00:00Z',
    '1970-01-26T00:00:00Z',
  ]);
  expect(starts(calendar(2, 'week', 'UTC', 7), '1970-01-10T23:59Z', 1)).toEqual(['1969-12-28T00:00:00Z']);
});

//  block  -1        0         1         2
//   |──────|────────┴─────────┴─────────┴──      of one month, quarter or year; days by twos
//        1969     1970
test('blocks are counted from 1 January 1970, down as well as up', () => {
  const at = (n: number, unit: CalendarUnit) =>
    [-2, -1, 0, 1, 650].map((k) => utc(calendar(n, unit, 'UTC').edge(k)).slice(0, 10));
  expect(at(2, 'day')).toEqual(['1969-12-28', '1969-12-30', '1970-01-01', '1970-01-03', '1973-07-24']);
  expect(at(1, 'month')).toEqual(['1969-11-01', '1969-12-01', '1970-01-01', '1970-02-01', '2024-03-01']);
  expect(at(5, 'month')).toEqual(['1969-03-01', '1969-08-01', '1970-01-01', '1970-06-01', '2240-11-01']);
  expect(at(1, 'quarter')).toEqual(['1969-07-01', '1969-10-01', '1970-01-01', '1970-04-01', '2132-07-01']);
  expect(at(2, 'year')).toEqual(['1966-01-01', '1968-01-01', '1970-01-01', '1972-01-01', '3270-01-01']);
});

//   00    05    10    15    20  24 00    05
//    |─────|─────|─────|─────|───|──|─────|      the last block of the day is cut at midnight
test('blocks of hours are counted from each midnight, and the last block ends with the day', () => {
  expect(hours(calendar(5, 'hour', 'UTC'), '2024-05-01T00:00Z', 6)).toEqual([5, 5, 5, 5, 4, 5]);
  expect(hours(calendar(13, 'hour', 'UTC'), '1969-12-31T00:00Z', 4)).toEqual([13, 11, 13, 11]);
  expect(hours(calendar(24, 'hour', 'UTC'), '1969-12-31T00:00Z', 2)).toEqual([24, 24]);
  expect(starts(calendar(4, 'hour', 'Asia/Kathmandu'), '2024-05-01T00:00Z', 1)).toEqual(['2024-04-30T22:15:00Z']);
});

const ZONES = [
  'UTC',
  'America/Los_Angeles',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/Sao_Paulo',
  'Asia/Beirut',
  'Africa/Monrovia',
  'Europe/Amsterdam',
  'America/Toronto',
  'America/St_Johns',
  'Africa/Casablanca',
  'Africa/Cairo',
  'America/Juneau',
  'Antarctica/Troll',
  'Asia/Kathmandu',
  'Asia/Manila',
  'Europe/Dublin',
  'Pacific/Kwajalein',
];

//   edge(k)          edge(k + 1)
//    |x─────────────x|                   each edge, and the block of the first and the last millisecond between two
test.each(ZONES)('every unit has the edges in %s that Temporal finds in every fifth year from 1905', (zone) => {
  for (const unit of UNITS) {
    for (const n of unit === 'hour' ? [1, 5] : [1, 3]) {
      const one = calendar(n, unit, zone);
      for (let year = 1905; year < 2045; year += 5) {
        const k = one.blockOf(ms(`${year}-03-31T00:00Z`));
        for (let i = k; i < k + 4; i++) {
          const [start, end] = [one.edge(i), one.edge(i + 1)];
          expect([i, start]).toEqual([i, expected(one, i)]);
          if (start < end) expect([start, end - 1].map((t) => calendar(n, unit, zone).blockOf(t))).toEqual([i, i]);
        }
      }
    }
  }
});

const near = (spread: number) => fc.integer({ min: -spread, max: spread });
const moment = fc.oneof(
  { weight: 4, arbitrary: near(4e12) },
  { weight: 1, arbitrary: near(MAX_CALENDAR_TIME) },
  { weight: 1, arbitrary: near(1000).map((i) => i * DAY) },
);
const scenario = fc.record({
  zone: fc.constantFrom(...ZONES),
  unit: fc.constantFrom(...UNITS),
  n: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 10_000 })),
  weekStart: fc.integer({ min: 1, max: 7 }) as fc.Arbitrary<Weekday>,
  /** Times, some of them moved to shortly before or after the next change of clocks. */
  times: fc.array(fc.tuple(moment, fc.option(near(30 * HOUR))), { minLength: 1, maxLength: 6 }),
});

function moved(t: number, by: number | null, zone: string): number {
  if (by === null) return t;
  const at = new Temporal.ZonedDateTime(BigInt(t) * 1_000_000n, zone).getTimeZoneTransition('next');
  const to = (at?.epochMilliseconds ?? t) + by;
  return Math.max(-MAX_CALENDAR_TIME, Math.min(MAX_CALENDAR_TIME, to));
}

test('each time lies between two edges, edges never go back, and they are those of Temporal', () => {
  fc.assert(
    fc.property(scenario, ({ zone, unit, n, weekStart, times }) => {
      const one = calendar(
        unit === 'hour' ? ((n - 1) % 24) + 1 : n,
        unit,
        zone,
        unit === 'week' ? weekStart : undefined,
      );
      for (const [time, by] of times) {
        const t = moved(time, by, zone);
        const k = one.blockOf(t);
        expect(Number.isSafeInteger(k)).toBe(true);
        expect(one.edge(k)).toBeLessThanOrEqual(t);
        expect(one.edge(k + 1)).toBeGreaterThan(t);
        for (let i = k - 2; i <= k + 3; i++) {
          expect(one.edge(i)).toBeLessThanOrEqual(one.edge(i + 1));
          const edge = expected(one, i);
          if (edge !== undefined) expect([i, utc(one.edge(i))]).toEqual([i, utc(edge)]);
        }
      }
    }),
    { numRuns: runs(400) },
  );
});

//   1    2    3    4         the same answers in any order of questions
//   |─x──|─x──|─x──|
test('earlier questions change no answer', () => {
  const used = calendar(1, 'hour', 'Europe/Berlin');
  const times = Array.from({ length: 600 }, (_, i) => 1.7e12 + ((i * 7919) % 600) * 13 * DAY + i * 1234.5);
  for (const t of [...times, ...times.reverse()]) {
    const k = used.blockOf(t);
    const fresh = calendar(1, 'hour', 'Europe/Berlin');
    expect([k, used.edge(k)]).toEqual([fresh.blockOf(t), fresh.edge(k)]);
  }
});

//   -8.64e15                         8.64e15
//  ───|───────────────┼────────────────|───     the edges of their blocks may lie beyond
test.each(UNITS)('the first and the last time of a Date lie in a %s', (unit) => {
  for (const zone of ['UTC', 'America/Los_Angeles', 'Pacific/Apia']) {
    for (const n of unit === 'hour' ? [1, 24] : [1, 10_000]) {
      const one = calendar(n, unit, zone);
      for (const t of [-MAX_CALENDAR_TIME, MAX_CALENDAR_TIME]) {
        const k = one.blockOf(t);
        expect(one.edge(k)).toBeLessThanOrEqual(t);
        expect(one.edge(k + 1)).toBeGreaterThan(t);
        expect(Number.isSafeInteger(one.edge(k)) && Number.isSafeInteger(one.edge(k + 1))).toBe(true);
      }
    }
  }
});

test('a calendar extent has its number, unit, zone and first day of the week', () => {
  expect(calendar(2, 'week', 'Europe/Berlin', 7)).toMatchObject({
    n: 2,
    unit: 'week',
    zone: 'Europe/Berlin',
    weekStart: 7,
  });
  expect(calendar(1, 'day', 'UTC').weekStart).toBe(1);
});

test('calendar() refuses a wrong number, unit, zone, first day of the week or option', () => {
  // biome-ignore lint/suspicious/noExplicitAny: what no types allow
  const refuse = (args: any[], ...parts: string[]) =>
    refused('ERR_ORIEL_SPEC', () => (extent as (...args: unknown[]) => unknown)(...args), ...parts);
  for (const n of [0, -1, 1.5, Number.NaN, 10_001, '1', undefined]) {
    refuse([n, 'day', 'UTC'], 'calendar: n: expected a whole number of days from 1 to 10000');
  }
  refuse([25, 'hour', 'UTC'], 'calendar: n: expected a whole number of hours from 1 to 24, got 25');
  for (const unit of ['days', 'minute', 'toString', 1, undefined]) {
    refuse([1, unit, 'UTC'], 'calendar: unit: expected one of "hour", "day"');
  }
  for (const zone of ['Mars/Base', '', '+01:00', '-08', '2024-01-01T00:00[Europe/Berlin]', 'CET ', 1, undefined]) {
    refuse([1, 'day', zone], 'calendar: zone: expected the IANA name of a time zone');
  }
  for (const weekStart of [0, 8, 1.5, 'monday', null]) {
    refuse([1, 'week', 'UTC', { weekStart }], 'calendar: weekStart: expected a day of the week from 1');
  }
  refuse([1, 'week', 'UTC', { offset: 1 }], 'calendar: no option "offset"');
  refuse([1, 'week', 'UTC', null], 'calendar: options: expected { weekStart }, got null');
});
