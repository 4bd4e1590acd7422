/**
 * Catches streams whose calendar windows have wrong bounds or events: days that are short, long or skipped, months by
 * the day, late events, and memory over centuries without events.
 */

import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import {
  type CalendarUnit,
  calendar,
  count,
  cumulative,
  hopping,
  type Spec,
  sum,
  tumbling,
  type Window,
  windowed,
} from '../../bindings';
import { definitions, Oracle, type OracleEvent } from '../oracle';
import { checkLaws } from '../support/check-laws';
import { refusedByEveryDoor } from '../support/doors';
import { random, refused } from '../support/helpers';
import { windowed as loosely, type Row } from '../support/scenarios';
import { stepped } from '../support/steps';
import { DAY, HOUR, ms, utc } from '../support/times';

checkLaws();

/** The rows of a stream with one event each `every` milliseconds, from one instant to before another. */
function steady(window: Window, from: string, until: string, every = HOUR / 2) {
  using stream = windowed({ time: 't', window, aggregates: { n: count() } });
  const times: number[] = [];
  for (let t = ms(from); t < ms(until); t += every) times.push(t);
  stream.pushColumns({ t: times });
  const given = stream.close().toArray() as unknown as { start: number; end: number; n: number }[];
  return given.map(({ start, end, n }) => [utc(start), (end - start) / HOUR, n]);
}

//  local  00 01    03 04          08             02:00 is skipped: three hours, six half hours
//          |──┴──╳──┴──|───────────|
test('the four hours of Los Angeles in which clocks go forward last three', () => {
  const window = tumbling(calendar(4, 'hour', 'America/Los_Angeles'));
  expect(steady(window, '2021-03-14T00:00-08:00', '2021-03-14T12:00-07:00')).toEqual([
    ['2021-03-14T08:00:00Z', 3, 6],
    ['2021-03-14T11:00:00Z', 4, 8],
    ['2021-03-14T15:00:00Z', 4, 8],
  ]);
});

//  local  00 01 01 02 03 04       08             01:00 comes twice: five hours, ten half hours
//          |──┴──┴──┴──┴──|────────|
test('the four hours of Los Angeles in which clocks go back last five', () => {
  const window = tumbling(calendar(4, 'hour', 'America/Los_Angeles'));
  expect(steady(window, '2021-11-07T00:00-07:00', '2021-11-07T08:00-08:00')).toEqual([
    ['2021-11-07T07:00:00Z', 5, 10],
    ['2021-11-07T12:00:00Z', 4, 8],
  ]);
});

test.each<[zone: string, from: string, until: string, hours: number[]]>([
  ['America/Los_Angeles', '2021-03-13T08:00Z', '2021-03-16T07:00Z', [24, 23, 24]],
  ['Europe/Berlin', '2022-03-25T23:00Z', '2022-03-28T22:00Z', [24, 23, 24]],
  ['Europe/Berlin', '2022-10-28T22:00Z', '2022-10-31T23:00Z', [24, 25, 24]],
  ['Australia/Lord_Howe', '2021-10-01T13:30Z', '2021-10-04T13:00Z', [24, 23.5, 24]],
  ['Australia/Lord_Howe', '2021-04-02T13:00Z', '2021-04-05T13:30Z', [24, 24.5, 24]],
  ['Pacific/Apia', '2011-12-28T10:00Z', '2011-12-31T10:00Z', [24, 24, 24]],
])('days of %s from %s on are as long as the clocks of the zone say', (zone, from, until, hours) => {
  const given = steady(tumbling(calendar(1, 'day', zone)), from, until);
  expect(given.map(([, length, n]) => [length, n])).toEqual(hours.map((length) => [length, length * 2]));
  expect(given[0]?.[0]).toBe(utc(ms(from)));
});

//   28 ───┤ 29 ───┤ 31 ───┤        Apia skipped 30 December 2011
test('a day that clocks skip has no window, and no event is lost', () => {
  const zone = 'Pacific/Apia';
  const given = steady(tumbling(calendar(1, 'day', zone)), '2011-12-28T10:00Z', '2012-01-01T10:00Z');
  const dates = given.map(([start]) =>
    Temporal.Instant.from(start as string)
      .toZonedDateTimeISO(zone)
      .toPlainDate(),
  );
  expect(dates.map(String)).toEqual(['2011-12-28', '2011-12-29', '2011-12-31', '2012-01-01']);
});

test('the month so far fires once for each day that the zone had', () => {
  const zone = 'Pacific/Apia';
  const window = cumulative(calendar(1, 'month', zone), calendar(1, 'day', zone));
  const given = steady(window, '2011-12-28T10:00Z', '2011-12-31T10:00Z');
  expect(given.map(([start, hours, n]) => [start, (hours as number) / 24, n])).toEqual([
    ['2011-12-01T10:00:00Z', 28, 48],
    ['2011-12-01T10:00:00Z', 29, 96],
    ['2011-12-01T10:00:00Z', 30, 144],
  ]);
});

/** The windows that hold t, by Temporal: each is `n` units long, and one starts every unit. */
function byTemporal(unit: 'day' | 'month', zone: string, n: number) {
  const startOf = (date: Temporal.PlainDate) => date.toZonedDateTime(zone).epochMilliseconds;
  return (t: number): [number, number][] => {
    const date = Temporal.Instant.fromEpochMilliseconds(t).toZonedDateTimeISO(zone).toPlainDate();
    const first = unit === 'day' ? date : date.with({ day: 1 });
    return Array.from({ length: n }, (_, i): [number, number] => {
      const start = first.subtract(unit === 'day' ? { days: i } : { months: i });
      return [startOf(start), startOf(start.add(unit === 'day' ? { days: n } : { months: n }))];
    }).reverse();
  };
}

describe("random streams give the oracle's results with edges by Temporal", () => {
  const EMITS: Spec['emit'][] = ['final', 'updates', { every: DAY }, { when: ({ v }: Row) => v === 7 }];
  test.each<[zone: string, unit: 'day' | 'month', n: number, from: string]>([
    ['America/Los_Angeles', 'day', 1, '2021-03-10T00:00Z'],
    ['Europe/Berlin', 'day', 3, '2022-10-25T00:00Z'],
    ['Australia/Lord_Howe', 'day', 2, '2021-09-29T00:00Z'],
    ['America/Sao_Paulo', 'day', 1, '2018-11-01T00:00Z'],
    ['Europe/Berlin', 'month', 1, '2021-01-25T00:00Z'],
    ['America/New_York', 'month', 3, '2020-12-01T00:00Z'],
  ])('%s, by the %s, %d of them, from %s', (zone, unit, n, from) => {
    const blocks = (n: number) => calendar(n, unit as CalendarUnit, zone);
    const window = n === 1 ? tumbling(blocks(1)) : hopping(blocks(n), blocks(1));
    const scale = unit === 'day' ? HOUR : DAY;
    for (const [seed, emit] of EMITS.entries()) {
      const next = random(seed + 1);
      const rules = { outOfOrder: 5 * scale, allowedLateness: seed % 2 ? 20 * scale : 0, emit };
      const oracle = new Oracle({
        windows: { w: { kind: 'calendar', windowsOf: byTemporal(unit, zone, n) } },
        maxFutureSkew: Infinity,
        ...rules,
        emit: emit as 'final',
      });
      using stream = loosely({
        time: 't',
        key: 'key',
        window,
        aggregates: { n: count(), s: sum('v') },
        ...rules,
      });
      let clock = ms(from);
      const events = Array.from({ length: 400 }, (): OracleEvent => {
        clock += Math.floor(next() ** 6 * 30 * scale);
        const t = clock - Math.floor(next() ** 4 * 40 * scale);
        return { t, key: `k${Math.floor(next() * 4)}`, v: Math.floor(next() * 10) };
      });
      for (const event of events) oracle.push(event);
      oracle.close();
      const given: Row[] = [];
      for (let i = 0; i < events.length; i += 37) {
        stream.pushRows(events.slice(i, i + 37));
        given.push(...stream.take());
      }
      given.push(...stream.close());
      const { late, skipped } = stream.stats();
      expect(given).toEqual(
        oracle.rows.map(({ start, end, key, pane, index, final, events }) => {
          const outputs = { n: events.length, s: definitions.sum?.(events) };
          return { start, end, key, ...outputs, ...(emit === 'final' ? {} : { pane, index, final }) };
        }),
      );
      expect([late, skipped]).toEqual([oracle.lateEvents.length, oracle.skipped]);
    }
  });
});

//   Berlin, February 2022:   1      2      3      4 …           a window ends with every day, though few have an event
test('the month so far fires for every day, even for days without events', () => {
  const zone = 'Europe/Berlin';
  const { step, close } = stepped(cumulative(calendar(1, 'month', zone), calendar(1, 'day', zone)));
  const start = ms('2022-01-31T23:00Z');
  expect(step(['a', start, 1], start + 4 * DAY)).toEqual(
    [1, 2, 3, 4].map((days) => `a [${start}, ${start + days * DAY}) 1`),
  );
  expect(step(['a', start + 10 * DAY, 2])).toEqual(
    [5, 6, 7, 8, 9, 10].map((days) => `a [${start}, ${start + days * DAY}) 1`),
  );
  expect(step(['b', start + 28 * DAY, 4])).toEqual(
    Array.from({ length: 18 }, (_, i) => `a [${start}, ${start + (11 + i) * DAY}) 3`),
  );
  expect(close().length).toBe(31);
});

//   2000 ·································· 2020          7305 days without events
test('years without events cost nothing', () => {
  const zone = 'America/New_York';
  const window = {
    hour: tumbling(calendar(1, 'hour', zone)),
    days: hopping(calendar(7, 'day', zone), calendar(1, 'day', zone)),
    month: cumulative(calendar(1, 'month', zone), calendar(1, 'day', zone)),
  };
  using stream = windowed({ time: 't', window, aggregates: { n: count() } });
  stream.push({ t: ms('2000-01-10T12:00Z') });
  const { bytes } = stream.stats();
  for (let year = 2001; year < 2200; year += 13) {
    stream.push({ t: ms(`${year}-01-10T12:00Z`) });
    expect(stream.take().length).toBe(1 + 7 + 22);
    expect(stream.stats().bytes).toBeLessThan(2 * bytes);
  }
  stream.advance(ms('2300-01-01T00:00Z'));
  expect(stream.take().length).toBe(1 + 7 + 22);
  stream.advance(ms('+010000-01-01T00:00Z'));
  expect(stream.close().length).toBe(0);
});

test('the edges of closed windows leave memory', () => {
  const window = cumulative(calendar(1, 'day', 'Europe/Berlin'), calendar(1, 'hour', 'Europe/Berlin'));
  using stream = windowed({ time: 't', window, aggregates: { n: count() } });
  const from = ms('2000-01-01T00:00Z');
  // The most memory of the first hundred days.
  let early = 0;
  for (let day = 0; day < 3000; day++) {
    stream.pushColumns({ t: Array.from({ length: 24 }, (_, hour) => from + day * DAY + hour * HOUR) });
    stream.take();
    const { bytes } = stream.stats();
    if (day < 100) early = Math.max(early, bytes);
    else expect(bytes).toBeLessThanOrEqual(early);
  }
});

//   Berlin, day of 2022-03-27 (23 h), lateness 2 h: closed at 22:00Z + 2 h
test('a day accepts late events until it is closed, and none after that', () => {
  const end = ms('2022-03-27T22:00Z');
  const start = end - 23 * HOUR;
  const window = tumbling(calendar(1, 'day', 'Europe/Berlin'));
  const { step, close, late } = stepped(window, { emit: 'updates', allowedLateness: '2h' });
  expect(step(['a', start, 1], ['a', end - 1, 2], ['b', end, 4])).toEqual([`a [${start}, ${end}) 3 on-time 0`]);
  expect(step(['a', start + HOUR, 8], end + 2 * HOUR - 1, ['b', end - 1, 16])).toEqual([
    `a [${start}, ${end}) 11 late 1`,
    `b [${start}, ${end}) 16 late 0`,
  ]);
  expect(step(end + 2 * HOUR, ['a', end - 1, 32])).toEqual([]);
  expect(late).toEqual([`a ${end - 1}`]);
  expect(close()).toEqual([`b [${end}, ${end + DAY}) 4 on-time 0!`]);
});

test('days that fired long ago are held as long as lateness allows', () => {
  const window = tumbling(calendar(1, 'day', 'UTC'));
  const { step } = stepped(window, { emit: 'updates', allowedLateness: '10d' });
  step(['a', 0, 1], ['a', 1, 2]);
  for (let day = 3; day < 9; day++) step(['a', day * DAY, 1]);
  expect(step(['a', 2, 4])).toEqual([`a [0, ${DAY}) 7 late 1`]);
});

test('events of years ago are late and leave nothing in memory', () => {
  const { step, close, late, stream } = stepped(tumbling(calendar(1, 'day', 'Europe/Berlin')));
  const now = ms('2022-06-01T12:00Z');
  step(['a', now, 1]);
  const { bytes } = stream.stats();
  for (let year = 1970; year < 2022; year++) step(['a', ms(`${year}-06-01T12:00Z`), 1]);
  expect(late.length).toBe(52);
  expect(stream.stats().bytes).toBeLessThan(bytes + 10_000);
  expect(close().length).toBe(1);
});

test('windows that end within others keep their events apart, whichever come first', () => {
  // [0, 3), [2, 5), [4, 7) days: day 3 lies in one of them, day 2 in two.
  const window = hopping(calendar(3, 'day', 'UTC'), calendar(2, 'day', 'UTC'));
  using stream = windowed({ time: 't', window, aggregates: { n: count() }, outOfOrder: 20 * DAY });
  for (const t of [3.5 * DAY, 2.5 * DAY]) stream.push({ t });
  expect([...stream.close()]).toEqual([
    { start: 0, end: 3 * DAY, n: 1 },
    { start: 2 * DAY, end: 5 * DAY, n: 2 },
  ]);
});

test('a query finds the day that holds the newest event', () => {
  const zone = 'America/Los_Angeles';
  const { stream } = stepped(tumbling(calendar(1, 'day', zone)));
  const start = ms('2021-03-14T08:00Z');
  stream.push({ t: start + HOUR, k: 'a', v: 3 });
  expect(stream.query('a')).toEqual({ start, end: start + 23 * HOUR, s: 3 });
  expect(stream.query('a', start + 23 * HOUR)).toEqual({ start: start + 23 * HOUR, end: start + 47 * HOUR, s: NaN });
  expect(stream.query('nobody')).toEqual({ start, end: start + 23 * HOUR, s: NaN });
});

test('every door refuses a time beyond the calendar, and the stream takes nothing', () => {
  const far = 8.64e15;
  using stream = windowed({
    time: 't',
    window: tumbling(calendar(1, 'day', 'Europe/Berlin')),
    aggregates: { n: count() },
  });
  stream.push({ t: 0 });
  for (const t of [far + 1, -far - 1, NaN]) {
    refusedByEveryDoor(stream, [{ t: 1 }, { t }], 'ERR_ORIEL_TIME', '"t"');
    refused('ERR_ORIEL_TIME', () => stream.advance(t));
    refused('ERR_ORIEL_TIME', () => stream.query(undefined, t));
  }
  stream.push({ t: far });
  expect(stream.stats().events).toBe(2);
  expect(
    stream
      .close()
      .toArray()
      .map(({ n }) => n),
  ).toEqual([1, 1]);
});

test.each<[what: string, make: () => unknown, ...parts: string[]]>([
  [
    'hops of another zone',
    () => hopping(calendar(2, 'day', 'Europe/Berlin'), calendar(1, 'day', 'UTC')),
    'hopping: every',
  ],
  ['hops of another unit', () => hopping(calendar(1, 'week', 'UTC'), calendar(1, 'day', 'UTC')), 'hopping: every'],
  [
    'hops of hours that do not divide the day',
    () => hopping(calendar(10, 'hour', 'UTC'), calendar(5, 'hour', 'UTC')),
    'every',
  ],
  ['hops by a length', () => hopping(calendar(1, 'day', 'UTC'), '6h'), 'hopping: every', '"6h"'],
  [
    'steps of another zone',
    () => cumulative(calendar(1, 'day', 'UTC'), calendar(1, 'hour', 'Asia/Tokyo')),
    'cumulative: every',
  ],
  [
    'weeks of months',
    () => cumulative(calendar(1, 'month', 'UTC'), calendar(1, 'week', 'UTC')),
    'cumulative: every',
    'month',
  ],
  ['two days of months', () => cumulative(calendar(1, 'month', 'UTC'), calendar(2, 'day', 'UTC')), 'cumulative: every'],
  ['an offset', () => tumbling(calendar(1, 'day', 'UTC'), { offset: '1h' }), 'tumbling(calendar)', '"offset"'],
])('a window with %s is refused', (_, make, ...parts) => {
  refused('ERR_ORIEL_SPEC', make, ...parts);
});
