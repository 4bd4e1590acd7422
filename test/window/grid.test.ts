/**
 * Catches windows on a grid of time that lie in the wrong place, hold wrong events or come in the wrong order: facts
 * from the suites of other engines, exact edges, fractions, and times up to 2^53.
 */

import { expect, test } from 'vitest';
import { count, cumulative, hopping, median, sum, tumbling, type Window, windowed } from '../../bindings';
import { checkLaws } from '../support/check-laws';
import { refusedByEveryDoor } from '../support/doors';
import { random, refused, windowsAt } from '../support/helpers';
import { DAY } from '../support/times';

checkLaws();

/** Every window that has events and the times of these, in the order in which the windows fired. */
function held(window: Window, times: number[]): [start: number, end: number, times: number[]][] {
  using stream = windowed({ time: 't', window, aggregates: { set: sum('bit') }, outOfOrder: 1e6 });
  times.forEach((t, i) => {
    stream.push({ t, bit: 2 ** i });
  });
  const rows = stream.close().toArray();
  return rows.map(({ start, end, set }) => [start, end, times.filter((_, i) => Math.floor(set / 2 ** i) % 2 === 1)]);
}

const startsOf = (window: Window, t: number) => held(window, [t]).map(([start]) => start);

test.each([
  ['250ms', 250],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['3h', 10_800_000],
  ['1d', DAY],
  ['2w', 14 * DAY],
])('a length of %s is %d milliseconds', (length, milliseconds) => {
  using stream = windowed({ time: 't', window: tumbling(length), aggregates: { n: count() } });
  stream.push({ t: 0 });
  expect([...stream.close()]).toEqual([{ start: 0, end: milliseconds, n: 1 }]);
});

//  -14      -7       0       7      14          offset 0, size 7
//   |-8.....|-7....-1|.......|7......|          each time with the window it lies in
test.each([
  [-8, 0, -14],
  [-7, 0, -7],
  [-1, 0, -7],
  [0, 0, 0],
  [6, 0, 0],
  [7, 0, 7],
  [-10, 3, -11],
  [2, 3, -4],
  [3, 3, 3],
  [-12, -2, -16],
  [-3, -2, -9],
  [12, -2, 12],
])('the tumbling window of size 7 at %d with offset %d starts at %d', (t, offset, start) => {
  expect(held(tumbling(7, { offset }), [t])).toEqual([[start, start + 7, [t]]]);
});

//     16:00 UTC                          16:00 UTC
//  ------|================================|------     a day in a place eight hours ahead of UTC
test('a day with an offset of -8 hours starts at midnight of a place eight hours ahead of UTC', () => {
  expect(held(tumbling('1d', { offset: '-8h' }), [1470902048450])).toEqual([
    [1470844800000, 1470844800000 + DAY, [1470902048450]],
  ]);
});

//   0          4999 5000          9999 10000
//   |=============| |================| |===
test('an event at the end of a tumbling window belongs to the next window', () => {
  expect(held(tumbling(5000), [4999, 5000, 0, 9999, 10000])).toEqual([
    [0, 5000, [4999, 0]],
    [5000, 10000, [5000, 9999]],
    [10000, 15000, [10000]],
  ]);
});

//  -100        0             4900
//    |=========x==============|
test('a negative offset moves the edges back', () => {
  expect(held(tumbling(5000, { offset: -100 }), [0, 4899, 4900])).toEqual([
    [-100, 4900, [0, 4899]],
    [4900, 9900, [4900]],
  ]);
});

//   the offsets -100, 4900, 9900, 14900 ... give the same windows
test('an offset counts modulo the size of a tumbling window and modulo the step of a hopping one', () => {
  const times = [-7000, -100, 0, 4899, 4900, 12345];
  const tumbled = held(tumbling(5000, { offset: 4900 }), times);
  const hopped = held(hopping(5000, 1000, { offset: 900 }), times);
  for (const turns of [-3, -1, 1, 2, 1000]) {
    expect(held(tumbling(5000, { offset: 4900 + turns * 5000 }), times)).toEqual(tumbled);
    expect(held(hopping(5000, 1000, { offset: 900 + turns * 1000 }), times)).toEqual(hopped);
  }
  expect(tumbled[0]).toEqual([-10100, -5100, [-7000]]);
});

//  -4000 ... -1000   0   1000 ... 4000   5000
//    |=======|=======x====|              |          0 lies in five windows, 5000 no longer in the first
test('an event lies in every hopping window that has begun and not ended: size 5000 every 1000', () => {
  expect(startsOf(hopping(5000, 1000), 0)).toEqual([-4000, -3000, -2000, -1000, 0]);
  expect(startsOf(hopping(5000, 1000), 4999)).toEqual([0, 1000, 2000, 3000, 4000]);
  expect(startsOf(hopping(5000, 1000), 5000)).toEqual([1000, 2000, 3000, 4000, 5000]);
  expect(startsOf(hopping(5000, 1000), -1)).toEqual([-5000, -4000, -3000, -2000, -1000]);
});

//  -5       0  1 2    5    7   9 10 11 12         17
//   [==========)                                         {1}
//           [===============)                            {1, 2, 5}
//                     [==================)               {5, 9, 10, 11}
//                               [==================)     {10, 11}
test('the size of hopping windows need not be a multiple of their step: size 7 every 5', () => {
  expect(held(hopping(7, 5), [1, 2, 5, 9, 10, 11])).toEqual([
    [-5, 2, [1]],
    [0, 7, [1, 2, 5]],
    [5, 12, [5, 9, 10, 11]],
    [10, 17, [10, 11]],
  ]);
});

//   0  1 2 3    5      9 10 11  13
//   [======)   skip  skip [======)
test('events between hopping windows that leave gaps are skipped, not late: size 3 every 10', () => {
  expect(held(hopping(3, 10), [1, 2, 5, 9, 10, 11])).toEqual([
    [0, 3, [1, 2]],
    [10, 13, [10, 11]],
  ]);
  using stream = windowed({ time: 't', window: hopping(3, 10), aggregates: { n: count() } });
  stream.pushColumns({ t: [1, 2, 5, 9, 10, 11, 3] });
  expect(stream.close().length).toBe(2);
  expect(stream.stats()).toMatchObject({ events: 7, skipped: 3, late: 0, windows: 2 });
});

//   time   0 20  999 1000        1998 1999         3000          3999
//   k1     x  x   x
//   k2                x            x   x            x              x
//   the watermark moves by hand, after all events: Flink's means "no event <= it", oriel's "no event < it"
const FLINK_EVENTS = [
  { t: 3999, k: 'k2' },
  { t: 3000, k: 'k2' },
  { t: 20, k: 'k1' },
  { t: 0, k: 'k1' },
  { t: 999, k: 'k1' },
  { t: 1998, k: 'k2' },
  { t: 1999, k: 'k2' },
  { t: 1000, k: 'k2' },
];

function flink(window: Window, watermarks: number[]): string[] {
  using stream = windowed({ time: 't', key: 'k', window, aggregates: { n: count() }, outOfOrder: 100_000 });
  stream.pushRows(FLINK_EVENTS);
  const fired = watermarks.map((watermark) => {
    stream.advance(watermark + 1);
    return `${watermark}: ${stream
      .take()
      .toArray()
      .map(({ k, n }) => `${k}=${n}`)
      .sort()
      .join(' ')}`;
  });
  return fired;
}

test("tumbling windows of 3000 fire Flink's keyed counts", () => {
  expect(flink(tumbling(3000), [999, 1999, 2999, 3999, 4999, 5999, 6999])).toEqual([
    '999: ',
    '1999: ',
    '2999: k1=3 k2=3',
    '3999: ',
    '4999: ',
    '5999: k2=2',
    '6999: ',
  ]);
});

test("hopping windows of 3000 every 1000 fire Flink's keyed counts", () => {
  expect(flink(hopping(3000, 1000), [999, 1999, 2999, 3999, 4999, 5999, 6999])).toEqual([
    '999: k1=3',
    '1999: k1=3 k2=3',
    '2999: k1=3 k2=3',
    '3999: k2=5',
    '4999: k2=2',
    '5999: k2=2',
    '6999: ',
  ]);
});

//   arrives   0  1  2  1  0  5  0
//   [0, 2)    x  x     x  x  fires: 4     the last 0 comes when 2 + 1 <= 5
//   [2, 4)          x        fires: 1
test('a window of 2 with allowedLateness 1 takes four events and fires once, and the next event is late', () => {
  using stream = windowed({ time: 't', window: tumbling(2), aggregates: { n: count() }, allowedLateness: 1 });
  for (const t of [0, 1, 2, 1, 0, 5, 0]) stream.push({ t });
  expect(stream.take().toArray()).toEqual([
    { start: 0, end: 2, n: 4 },
    { start: 2, end: 4, n: 1 },
  ]);
  expect(stream.stats().late).toBe(1);
  expect(stream.close().toArray()).toEqual([{ start: 4, end: 6, n: 1 }]);
});

//   -3  -2.5  -2  -1.5  -1  -0.5   0   0.5
//    [====)[===)[====)[===)[====)[===)[===)
test('sizes and steps may be fractions', () => {
  expect(held(tumbling(0.5), [-2.25, -0.5, -0.25, 0, 0.49, 0.5])).toEqual([
    [-2.5, -2, [-2.25]],
    [-0.5, 0, [-0.5, -0.25]],
    [0, 0.5, [0, 0.49]],
    [0.5, 1, [0.5]],
  ]);
  expect(held(hopping(0.75, 0.5), [0.25, 0.5])).toEqual([
    [0, 0.75, [0.25, 0.5]],
    [0.5, 1.25, [0.5]],
  ]);
});

//   0   0.1  0.2  0.30000000000000004  0.4 ...     k * 0.1 is not what adding up 0.1 gives
test('each event lies in one tumbling window and three hops even if the size has no exact double', () => {
  const next = random(1);
  for (const size of [0.1, 0.3, 1 / 3, 0.7, 1e-3]) {
    const times = Array.from({ length: 50 }, (_, i) =>
      i % 2 ? Math.round(next() * 1000 - 500) * size : (next() - 0.5) * 900,
    );
    const tumbled = held(tumbling(size), times);
    expect(tumbled.flatMap(([, , events]) => events).sort()).toEqual(times.toSorted());
    expect(tumbled.length).toBeGreaterThan(1);
    for (const [start, end, events] of tumbled) {
      for (const t of events) expect(start <= t && t < end).toBe(true);
    }
    for (const [i, row] of tumbled.entries())
      if (i) expect(row[0]).toBeGreaterThanOrEqual(tumbled[i - 1]?.[1] as number);
    const hopped = held(hopping(3 * size, size), times);
    for (const t of times) expect(hopped.filter(([, , events]) => events.includes(t)).length).toBe(3);
  }
});

//   begin ──── begin + 0.1      of an event there, (t - begin) / 0.1 may round to less than 1
//   begin ──────────── begin + 0.2
test('an event at the end of a cumulative window lies in the longer ones only, even if steps are inexact', () => {
  for (let period = 0; period < 30; period++) {
    for (let step = 0; step < 4; step++) {
      const t = period * 0.4 + step * 0.1;
      const ends = held(cumulative(0.4, 0.1), [t]).map(([, end]) => end);
      expect(ends.length).toBe(4 - step);
      expect(Math.min(...ends)).toBeGreaterThan(t);
    }
  }
});

//   2^53 - 3   2^53 - 2   2^53 - 1   2^53   and nothing whole beyond but every other number
test('times from -2^53 to 2^53 lie in a window', () => {
  const far = 2 ** 53;
  expect(held(tumbling(1), [far - 1])).toEqual([[far - 1, far, [far - 1]]]);
  expect(held(tumbling(4), [-far])).toEqual([[-far, -far + 4, [-far]]]);
  expect(held(tumbling(2), [far])).toEqual([[far, far + 2, [far]]]);
  expect(held(tumbling(1024, { offset: 7 }), [-far + 8])).toEqual([[-far + 7, -far + 1031, [-far + 8]]]);
  expect(startsOf(hopping(4, 2), far - 1)).toEqual([far - 4, far - 2]);
  expect(startsOf(hopping(4, 2), -far)).toEqual([-far - 2, -far]);
});

test('every door refuses a time beyond 2^53', () => {
  using stream = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() } });
  for (const t of [2 ** 53 + 2, -(2 ** 53) - 2, 1e300, Infinity, -Infinity, NaN]) {
    refusedByEveryDoor(stream, [{ t: 0 }, { t: 1 }, { t }], 'ERR_ORIEL_TIME', '"t"', String(t));
    refused('ERR_ORIEL_TIME', () => stream.advance(t), String(t));
  }
  expect(stream.stats()).toMatchObject({ events: 0, watermark: -Infinity });
});

//   0 ............... 1e3 ......................................... 9e15
//   x x               x                                              x      empty windows cost nothing
test('a jump of time gives the same results over any number of empty windows', () => {
  for (const jump of [1e3, 1e9, 9e15]) {
    using stream = windowed({
      time: 't',
      key: 'k',
      window: { a: tumbling(10), b: hopping(30, 10), c: hopping(7, 3), d: hopping(2, 5) },
      aggregates: { n: count() },
      allowedLateness: 4,
    });
    stream.push({ t: 1, k: 'x' });
    stream.push({ t: jump, k: 'y' });
    stream.push({ t: jump + 1, k: 'x' });
    const windows = { a: tumbling(10), b: hopping(30, 10), c: hopping(7, 3), d: hopping(2, 5) };
    const wanted = (t: number) => Object.values(windows).flatMap((window) => windowsAt(window, t)).length;
    const early = stream.take().toArray();
    expect(early.length).toBe(wanted(1));
    expect(early.every(({ k, n, start }) => k === 'x' && n === 1 && start <= 1)).toBe(true);
    const rest = stream.close().toArray();
    expect(rest.filter(({ k }) => k === 'y').length).toBe(wanted(jump));
    expect(rest.filter(({ k }) => k === 'x').length).toBe(wanted(jump + 1));
  }
});

test('a jump by advance from far in the past to far in the future terminates', () => {
  using stream = windowed({ time: 't', window: hopping(1000, 1), aggregates: { n: count() }, emit: 'updates' });
  stream.advance(-9e15);
  stream.push({ t: -8e15 });
  stream.advance(9e15);
  expect(stream.take().length).toBe(1000);
  stream.push({ t: 9e15 });
  expect(stream.stats()).toMatchObject({ late: 0, watermark: 9e15 });
  expect(stream.close().length).toBe(1000);
});

//   fast   [0, 5) [5, 10) [10, 15)
//   slow   [0, 10)  [5, 15)  [10, 20)
test('windows that share a stream are named in the rows, and give the results that each gives alone', () => {
  const windows = { fast: tumbling(5), slow: hopping(10, 5), odd: hopping(7, 3, { offset: 2 }) };
  const next = random(2);
  const times = Array.from({ length: 300 }, (_, i) => i * 0.5 + next() * 10);
  using all = windowed({ time: 't', window: windows, aggregates: { n: count() }, outOfOrder: 10 });
  all.pushColumns({ t: times });
  const rows = all.close().toArray();
  expect(new Set(rows.map(({ window }) => window))).toEqual(new Set(['fast', 'slow', 'odd']));
  for (const [name, window] of Object.entries(windows)) {
    using alone = windowed({ time: 't', window, aggregates: { n: count() }, outOfOrder: 10 });
    alone.pushColumns({ t: times });
    expect(rows.some((row) => row.window === name)).toBe(true);
    const own = rows.filter((row) => row.window === name).map(({ start, end, n }) => ({ start, end, n }));
    expect(own).toEqual(alone.close().toArray());
  }
});

//   first come  b  a  c         then one firing gives: by end, then by start, then b, a, c
test('results come by end, then by start, then in the order in which their keys first came', () => {
  using stream = windowed({
    time: 't',
    key: 'k',
    window: { long: tumbling(20), short: tumbling(10), hop: hopping(10, 5) },
    aggregates: { n: count() },
    outOfOrder: 100,
  });
  for (const k of ['b', 'a', 'c']) for (const t of [12, 2, 17]) stream.push({ t, k });
  const order = stream
    .close()
    .toArray()
    .map(({ start, end, k, window }) => `${start}-${end} ${k} ${window}`);
  const group = (span: string, window: string) => ['b', 'a', 'c'].map((k) => `${span} ${k} ${window}`);
  expect(order).toEqual([
    ...group('-5-5', 'hop'),
    ...group('0-10', 'short'),
    ...group('0-10', 'hop'),
    ...group('5-15', 'hop'),
    ...group('0-20', 'long'),
    ...group('10-20', 'short'),
    ...group('10-20', 'hop'),
    ...group('15-25', 'hop'),
  ]);
});

//   key a is in no open window when it comes again: it is the newest key then
test('a key that was forgotten and comes again stands behind the keys that stayed', () => {
  using stream = windowed({ time: 't', key: 'k', window: hopping(20, 10), aggregates: { n: count() } });
  stream.pushRows([
    { t: 1, k: 'a' },
    { t: 11, k: 'b' },
    { t: 21, k: 'b' },
    { t: 31, k: 'b' },
    { t: 32, k: 'a' },
  ]);
  stream.take();
  expect(
    stream
      .close()
      .toArray()
      .map(({ start, k, n }) => [start, k, n]),
  ).toEqual([
    [20, 'b', 2],
    [20, 'a', 1],
    [30, 'b', 1],
    [30, 'a', 1],
  ]);
});

test('a stream without events has no rows, and one event gives one row for each of its windows', () => {
  using empty = windowed({ time: 't', window: hopping(10, 5), aggregates: { n: count() } });
  empty.advance(1000);
  expect(empty.take().length).toBe(0);
  expect(empty.close().toArray()).toEqual([]);
  expect(held(hopping(10, 5), [7])).toEqual([
    [0, 10, [7]],
    [5, 15, [7]],
  ]);
});

//   a  |----------|----------|----------|        Windows cut each other's slices. Each window takes the rows of all
//   b  |-------------|-------------|---          slices that it holds, which may be of more keys than one chunk has
test.each([0, 20])('many windows on one stream give what each gives alone, out of order by %d', (outOfOrder) => {
  const next = random(3);
  const windows: Record<string, Window> = {};
  for (let i = 0; i < 4; i++) {
    windows[`tumbling ${i}`] = tumbling(11 + i);
    windows[`overlapping ${i}`] = hopping(23 + 3 * i, 7 + i);
    windows[`apart ${i}`] = hopping(5 + i, 9 + 2 * i);
    windows[`cumulative ${i}`] = cumulative(6 * (i + 2), 6);
  }
  const events = Array.from({ length: 16_000 }, (_, i) => ({
    t: 2 * Math.floor(i / 500) - (next() < 0.2 ? outOfOrder : 0),
    k: Math.floor(next() * 700),
    v: Math.floor(next() * 1000),
  }));
  const rowsOf = (window: Window | Record<string, Window>) => {
    const aggregates = { n: count(), s: sum('v'), m: median('v') };
    using stream = windowed({ time: 't', key: 'k', window, aggregates, outOfOrder, allowedLateness: outOfOrder + 2 });
    for (let from = 0; from < events.length; from += 1000) stream.pushRows(events.slice(from, from + 1000));
    const rows = stream.close().toArray() as { window?: string; [column: string]: unknown }[];
    // The order of the keys follows when they came, which other windows remember longer.
    return rows.map(({ window: name, ...row }) => [name, JSON.stringify(row)] as const).sort();
  };
  const all = rowsOf(windows);
  for (const [name, window] of Object.entries(windows)) {
    const alone = rowsOf(window).map(([, row]) => [name, row]);
    expect(alone.length).toBeGreaterThan(1000);
    expect(all.filter(([of]) => of === name)).toEqual(alone);
  }
});
