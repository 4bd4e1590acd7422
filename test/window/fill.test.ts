/**
 * Catches windows without events that are filled with wrong values, for wrong keys or in the wrong order.
 * fill.large.test.ts fills millions of them.
 */

import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  calendar,
  col,
  collect,
  count,
  cumulative,
  everything,
  first,
  fold,
  histogram,
  hopping,
  last,
  ohlc,
  punctuated,
  regression,
  rolling,
  rows,
  type Spec,
  session,
  sum,
  text,
  topK,
  tumbling,
  windowed,
} from '../../bindings';
import { refused } from '../support/helpers';
import { windowed as loosely, type Row } from '../support/scenarios';
import { stepped } from '../support/steps';
import { HOUR } from '../support/times';

const near = (value: number) => (Number.isNaN(value) ? NaN : expect.closeTo(value, 12));

//   v       1,2        -          -         10
//        [0,   10)  [10, 20)  [20, 30)  [30, 40)
test.each<[fill: NonNullable<Spec['fill']>, between: Row[]]>([
  [
    'missing',
    [
      { n: 0, c: 0, s: NaN },
      { n: 0, c: 0, s: NaN },
    ],
  ],
  [
    'zero',
    [
      { n: 0, c: 0, s: 0 },
      { n: 0, c: 0, s: 0 },
    ],
  ],
  [
    'previous',
    [
      { n: 2, c: 2, s: 3 },
      { n: 2, c: 2, s: 3 },
    ],
  ],
  [
    'linear',
    [
      { n: 5 / 3, c: 5 / 3, s: 16 / 3 },
      { n: 4 / 3, c: 4 / 3, s: 23 / 3 },
    ],
  ],
])("fill: '%s' gives counts and sums to windows without events", (fill, between) => {
  using stream = loosely({
    time: 't',
    window: tumbling(10),
    aggregates: { n: count(), c: count('v'), s: sum('v') },
    empty: 'fill',
    fill,
  });
  for (const [t, v] of [
    [1, 1],
    [2, 2],
    [31, 10],
  ])
    stream.push({ t, v });
  const given = [...stream.take(), ...stream.close()];
  expect(given.map(({ start, end }) => [start, end])).toEqual([
    [0, 10],
    [10, 20],
    [20, 30],
    [30, 40],
  ]);
  expect(given.map(({ n, s }) => [n, s])).toEqual([
    [2, 3],
    ...between.map(({ n, s }) => [near(n as number), near(s as number)]),
    [1, 10],
  ]);
  expect(given.map(({ c }) => c)).toEqual(given.map(({ n }) => n));
});

const RICH = {
  n: count(),
  price: ohlc('v'),
  fit: regression('v', 't2'),
  bins: histogram('v', [2]),
  top: topK('v', 2),
  list: collect('v', { limit: 3 }),
  page: first(text('page')),
  pages: collect(text('page'), { limit: 3 }),
  total: fold({ column: 'v', identity: () => 0, lift: (v) => v, combine: (a, b) => a + b, lower: (sum) => ({ sum }) }),
  many: count().where(col('v').gt(1)),
  last: last('v').where(text('page').ne('/b')),
};

const MISSING = {
  n: 0,
  price: { open: NaN, high: NaN, low: NaN, close: NaN },
  fit: { slope: NaN, intercept: NaN, r2: NaN },
  bins: [0, 0],
  top: [],
  list: [],
  page: null,
  pages: [],
  total: { sum: 0 },
  many: 0,
  last: NaN,
};
const PREVIOUS = {
  n: 2,
  price: { open: 1, high: 3, low: 1, close: 3 },
  fit: { slope: 2, intercept: -1, r2: 1 },
  bins: [1, 1],
  top: [
    { value: 1, count: 1, error: 0 },
    { value: 3, count: 1, error: 0 },
  ],
  list: [1, 3],
  page: '/a',
  pages: ['/a', '/b'],
  total: { sum: 4 },
  many: 1,
  last: 1,
};

//   v   1,3      -      5         page   /a,/b      -      /c
//     [0, 10) [10, 20) [20, 30)
test.each<[fill: NonNullable<Spec['fill']>, between: Row]>([
  ['missing', MISSING],
  [
    'zero',
    { ...MISSING, price: { open: 0, high: 0, low: 0, close: 0 }, fit: { slope: 0, intercept: 0, r2: 0 }, last: 0 },
  ],
  ['previous', PREVIOUS],
  ['linear', { ...MISSING, n: 1.5, price: { open: 3, high: 4, low: 3, close: 4 }, many: 1, last: 3 }],
])("fill: '%s' gives records, lists and strings to windows without events", (fill, between) => {
  using stream = windowed({ time: 't', window: tumbling(10), aggregates: RICH, empty: 'fill', fill });
  stream.pushRows([
    { t: 1, t2: 1, v: 1, page: '/a' },
    { t: 2, t2: 2, v: 3, page: '/b' },
    { t: 21, t2: 21, v: 5, page: '/c' },
  ]);
  const given = [...stream.take(), ...stream.close()];
  expectTypeOf(given).toExtend<{ price: { open: number }; page: string | null; pages: string[] }[]>();
  expect(given).toEqual([
    { start: 0, end: 10, ...PREVIOUS },
    { start: 10, end: 20, ...between },
    { start: 20, end: 30, ...(given[2] as object), n: 1, page: '/c', pages: ['/c'], total: { sum: 5 }, last: 5 },
  ]);
});

//   v   1      -1      -       5        all events of [10, 20) are filtered: it is filled
test('a window whose events were all filtered is filled, and its events count as filtered', () => {
  const late: Row[] = [];
  using stream = windowed({
    time: 't',
    window: tumbling(10),
    aggregates: { s: sum('v'), page: last(text('page')) },
    where: col('v').gt(0).and(text('page').ne('/x')),
    onLate: (batch) => late.push(...batch),
    empty: 'fill',
    fill: 'previous',
  });
  stream.pushRows([
    { t: 1, v: 1, page: '/a' },
    { t: 12, v: -1, page: '/b' },
    { t: 13, v: 1, page: '/x' },
    { t: 31, v: 5, page: '/c' },
    { t: 14, v: 2, page: '/x' },
    { t: 15, v: 2, page: '/late' },
  ]);
  const given = [...stream.take(), ...stream.close()];
  expect(given.map(({ start, s, page }) => [start, s, page])).toEqual([
    [0, 1, '/a'],
    [10, 1, '/a'],
    [20, 1, '/a'],
    [30, 5, '/c'],
  ]);
  expect(late).toEqual([{ t: 15, v: 2, page: '/late' }]);
  expect(stream.stats()).toMatchObject({ events: 6, filtered: 3, late: 1, liveKeys: 0, liveSlices: 0 });
});

test("fill is 'missing' by default", () => {
  const { step } = stepped(tumbling(10), { empty: 'fill' });
  expect(step(['a', 1], 30)).toEqual(['a [0, 10) 1', 'a [10, 20) NaN', 'a [20, 30) NaN']);
});

//   a   1       -      -      8           a is filled from [0, 10) on, b from [10, 20) on
//   b           2      -      -
test('every key is filled from its first window on, and keys come in the order of their first rows', () => {
  const { step, close } = stepped(tumbling(10), { empty: 'fill', fill: 'zero' });
  expect(step(['a', 1, 1], ['b', 12, 2], ['a', 31, 8])).toEqual([
    'a [0, 10) 1',
    'a [10, 20) 0',
    'b [10, 20) 2',
    'a [20, 30) 0',
    'b [20, 30) 0',
  ]);
  expect(close()).toEqual(['a [30, 40) 8', 'b [30, 40) 0']);
});

//   a   1      -      4         linear rows come just before the row that ends the gap, and none after the last
//   b   9      5      -
test("a gap is filled 'linear' just before the row that ends it", () => {
  const { step, close } = stepped(tumbling(10), { empty: 'fill', fill: 'linear' });
  expect(step(['a', 1, 1], ['b', 2, 9], ['b', 12, 5], 20)).toEqual(['a [0, 10) 1', 'b [0, 10) 9', 'b [10, 20) 5']);
  expect(step(['a', 21, 4], 60)).toEqual(['a [10, 20) 2.5', 'a [20, 30) 4']);
  expect(close()).toEqual([]);
});

//   windows of 10 every 5: an event at 1 and at 31
test('hopping windows that overlap are filled one by one', () => {
  const { step, close } = stepped(hopping(10, 5), { empty: 'fill', fill: 'previous' });
  const given = [...step(['a', 1, 1], ['a', 31, 2]), ...close()];
  const bounds = [-5, 0, 5, 10, 15, 20, 25, 30].map((start) => `[${start}, ${start + 10})`);
  expect(given).toEqual(bounds.map((place, i) => `a ${place} ${i < 6 ? 1 : 2}`));
});

test('hopping windows that leave gaps are filled, and the gaps between them are not', () => {
  const { step } = stepped(hopping(2, 10), { empty: 'fill', fill: 'zero' });
  expect(step(['a', 1, 1], 35)).toEqual(['a [0, 2) 1', 'a [10, 12) 0', 'a [20, 22) 0', 'a [30, 32) 0']);
});

//   [0, 2) [0, 4)  [4, 6) [4, 8)  [8, 10) [8, 12)
test('cumulative windows are filled at every step', () => {
  const { step, close } = stepped(cumulative(4, 2), { empty: 'fill', fill: 'zero' });
  const given = [...step(['a', 1, 1], ['a', 9, 2]), ...close()];
  expect(given).toEqual(['a [0, 2) 1', 'a [0, 4) 1', 'a [4, 6) 0', 'a [4, 8) 0', 'a [8, 10) 2', 'a [8, 12) 2']);
});

//   Los Angeles, 2021-03-14: a day of 23 hours       13 ───┤ 14 ──┤ 15 ───┤
test('calendar windows are filled with their true lengths', () => {
  const from = Date.UTC(2021, 2, 13, 8);
  const window = tumbling(calendar(1, 'day', 'America/Los_Angeles'));
  const { step, close } = stepped(window, { empty: 'fill', fill: 'zero' });
  const given = [...step(['a', from + HOUR, 1], ['a', from + 50 * HOUR, 2]), ...close()];
  expect(given).toEqual([
    `a [${from}, ${from + 24 * HOUR}) 1`,
    `a [${from + 24 * HOUR}, ${from + 47 * HOUR}) 0`,
    `a [${from + 47 * HOUR}, ${from + 71 * HOUR}) 2`,
  ]);
});

test('each window of a record is filled by itself, and rows come by end, start and place', () => {
  const { step, close } = stepped({ slow: tumbling(10), fast: tumbling(5) }, { empty: 'fill', fill: 'zero' });
  expect(step(['a', 1, 1], ['a', 21, 2])).toEqual([
    'fast a [0, 5) 1',
    'slow a [0, 10) 1',
    'fast a [5, 10) 0',
    'fast a [10, 15) 0',
    'slow a [10, 20) 0',
    'fast a [15, 20) 0',
  ]);
  expect(close()).toEqual(['fast a [20, 25) 2', 'slow a [20, 30) 2']);
});

test('a window is filled when its lateness has passed, and accepts late events before that', () => {
  const { step, late } = stepped(tumbling(10), { empty: 'fill', fill: 'zero', allowedLateness: 10 });
  expect(step(['a', 1, 1], ['a', 25, 2])).toEqual(['a [0, 10) 1']);
  expect(step(['a', 15, 4], 30)).toEqual(['a [10, 20) 4']);
  expect(step(['a', 15, 4], 59)).toEqual(['a [20, 30) 2', 'a [30, 40) 0']);
  expect(late).toEqual(['a 15']);
});

test('close fills windows up to the last one that has a row', () => {
  const { step, close } = stepped(tumbling(10), { empty: 'fill', fill: 'zero', outOfOrder: 1000 });
  expect(step(['a', 1, 1], ['b', 35, 2], ['a', 12, 4])).toEqual([]);
  expect(close()).toEqual(['a [0, 10) 1', 'a [10, 20) 4', 'a [20, 30) 0', 'a [30, 40) 0', 'b [30, 40) 2']);
});

test('strings, numbers, bigints and compound keys are filled separately', () => {
  for (const keys of [
    ['1', '2'],
    [1, 2],
    [1n, 2n],
  ]) {
    const { stream, close } = stepped(tumbling(10), { empty: 'fill', fill: 'zero' });
    keys.forEach((k, i) => {
      stream.push({ t: i * 10, k, v: 1 });
    });
    expect(close()).toEqual(['1 [0, 10) 1', '1 [10, 20) 0', '2 [10, 20) 1']);
  }
  const { stream } = stepped(tumbling(10), { key: ['k', 'l'], empty: 'fill', fill: 'zero' });
  stream.pushRows([
    { t: 0, k: 'a', l: 1, v: 1 },
    { t: 1, k: 'a', l: 2, v: 2 },
    { t: 20, k: 'b', l: 1, v: 4 },
  ]);
  expect([...stream.close()].map(({ start, k, l, s }) => [start, k, l, s])).toEqual([
    [0, 'a', 1, 1],
    [0, 'a', 2, 2],
    [10, 'a', 1, 0],
    [10, 'a', 2, 0],
    [20, 'a', 1, 0],
    [20, 'a', 2, 0],
    [20, 'b', 1, 4],
  ]);
});

describe('a spec that cannot be filled is refused with its field', () => {
  const SPEC = { time: 't', window: tumbling(10), aggregates: { n: count() } };
  test.each<[what: string, spec: Spec, ...parts: string[]]>([
    ['fill without empty', { ...SPEC, fill: 'zero' }, 'fill', "empty: 'fill'"],
    ['an unknown fill', { ...SPEC, empty: 'fill', fill: 'spline' as never }, 'fill', '"spline"', "'linear'"],
    ['an unknown empty', { ...SPEC, empty: 'yes' as never }, 'empty', '"yes"'],
    ['updates', { ...SPEC, empty: 'fill', emit: 'updates' }, 'empty', 'emit'],
    ['early firing', { ...SPEC, empty: 'fill', emit: { every: 5 } }, 'empty', 'emit'],
    ['sessions', { ...SPEC, empty: 'fill', window: session(5) }, 'empty'],
    ['frames', { ...SPEC, empty: 'fill', window: rolling(5) }, 'empty'],
    ['windows of rows', { ...SPEC, empty: 'fill', window: tumbling(rows(5)) }, 'empty'],
    ['hops of rows', { ...SPEC, empty: 'fill', window: hopping(rows(5), rows(2)) }, 'empty'],
    ['punctuated windows', { ...SPEC, empty: 'fill', window: punctuated(() => true) }, 'empty'],
    ['all time', { ...SPEC, empty: 'fill', window: everything() }, 'empty'],
    ['one of several', { ...SPEC, empty: 'fill', window: { a: tumbling(5), b: session(5) } }, 'empty'],
  ])('%s is refused', (_, spec, ...parts) => {
    refused('ERR_ORIEL_SPEC', () => windowed(spec), ...parts);
  });
});
