/** DuckDB as a second opinion on windows that SQL has by other names: gaps and islands, running totals, frames. */

import { expect, test } from 'vitest';
import {
  count,
  cumulative,
  max,
  mean,
  min,
  rolling,
  rows,
  session,
  stddev,
  sum,
  type Window,
  windowed,
} from '../../../bindings';
import { ask, columnsOf, flights } from './flights';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ROWS = 200_000;

interface Row {
  start?: number;
  end?: number;
  t?: number;
  origin: string;
  n: number;
  sum: number;
  min: number;
  max: number;
  mean: number;
  stddev: number;
}

const FIGURES = `count(*) as n, sum(delay) as sum, min(delay) as min, max(delay) as max, avg(delay) as mean,
  stddev_samp(delay) as stddev`;

async function run(window: Window): Promise<Row[]> {
  const all = await flights(ROWS);
  expect(all.length).toBe(ROWS);
  const stream = windowed({
    time: 't',
    key: 'origin',
    window,
    aggregates: {
      n: count(),
      sum: sum('delay'),
      min: min('delay'),
      max: max('delay'),
      mean: mean('delay'),
      stddev: stddev('delay'),
    },
    outOfOrder: '30d',
  });
  const given: Row[] = [];
  for (let from = 0; from < ROWS; from += 10_000) {
    stream.pushColumns(columnsOf(all.slice(from, from + 10_000)));
    for (const row of stream.take()) given.push(row as unknown as Row);
  }
  for (const row of stream.close()) given.push(row as unknown as Row);
  expect(stream.stats()).toMatchObject({ events: ROWS, late: 0, skipped: 0 });
  stream[Symbol.dispose]();
  return given;
}

const near = (a: number, b: number) =>
  Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)) || (Number.isNaN(a) && Number.isNaN(b));

/** Row by row, bounds and counts, sums and extremes to the bit. */
function expectSame(actual: Row[], wanted: Row[]): void {
  expect(actual.length).toBe(wanted.length);
  for (const [i, row] of wanted.entries()) {
    const other = actual[i] as Row;
    const { mean, stddev, ...exact } = row;
    const isSame = Object.entries(exact).every(([name, value]) => Object.is(other[name as 'n'], value));
    if (!isSame || !near(other.mean, mean) || !near(other.stddev, stddev))
      expect({ i, row: other }).toEqual({ i, row });
  }
}

const byPlace = (a: Row, b: Row) =>
  (a.start ?? 0) - (b.start ?? 0) || (a.end ?? 0) - (b.end ?? 0) || (a.origin < b.origin ? -1 : 1);

//   gaps and islands:   t - lag(t) > gap begins a new one
test.each([5 * MINUTE, HOUR, 6 * HOUR])(
  'sessions of flights with pauses up to %d ms are the islands of SQL',
  async (gap) => {
    const wanted = await ask<Row>(
      ROWS,
      `, marked as (
      select *, coalesce(t - lag(t) over (partition by origin order by t) > ${gap}, true)::int as begins from flights
    ), islands as (
      select *, sum(begins) over (partition by origin order by t, begins desc rows unbounded preceding) as island
      from marked
    )
    select min(t) as start, max(t) + ${gap} as end, origin, ${FIGURES} from islands group by origin, island`,
    );
    expect(wanted.length).toBeGreaterThan(200);
    expectSame((await run(session(gap))).sort(byPlace), wanted.sort(byPlace));
  },
);

test('the day so far, every six hours, is what SQL joins with the hours of the day', async () => {
  const wanted = await ask<Row>(
    ROWS,
    `, steps as (select unnest([6, 12, 18, 24])::bigint * ${HOUR} as step)
    select (t // ${DAY}) * ${DAY}::bigint as start, (t // ${DAY}) * ${DAY}::bigint + step as end, origin, ${FIGURES}
    from flights, steps where t % ${DAY} < step group by all`,
  );
  expect(wanted.length).toBeGreaterThan(5000);
  expectSame((await run(cumulative('1d', '6h'))).sort(byPlace), wanted.sort(byPlace));
});

//   (t - size, t] of whole milliseconds is [t - (size - 1), t]
test.each([
  ['right', `${3 * HOUR - 1} preceding and current row`],
  ['both', `${3 * HOUR} preceding and current row`],
  ['left', `${3 * HOUR} preceding and 1 preceding`],
  ['none', `${3 * HOUR - 1} preceding and 1 preceding`],
] as const)('frames of three hours, closed %s, are those of RANGE', async (closed, frame) => {
  const wanted = await ask<Row>(
    ROWS,
    `, framed as (
      select n as place, t, origin, count(*) over f as n, sum(delay) over f as sum, min(delay) over f as min,
        max(delay) over f as max, avg(delay) over f as mean, stddev_samp(delay) over f as stddev
      from flights window f as (partition by origin order by t range between ${frame})
    ) select * exclude place from framed order by t, place`,
  );
  expectSame(await run(rolling('3h', { closed })), wanted);
});

test.each([
  ['right', '99 preceding and current row'],
  ['both', '100 preceding and current row'],
  ['left', '100 preceding and 1 preceding'],
  ['none', '99 preceding and 1 preceding'],
] as const)('frames of a hundred rows, closed %s, are those of ROWS', async (closed, frame) => {
  const wanted = await ask<Row>(
    ROWS,
    `, framed as (
      select n as place, t, origin, count(*) over f as n, sum(delay) over f as sum, min(delay) over f as min,
        max(delay) over f as max, avg(delay) over f as mean, stddev_samp(delay) over f as stddev
      from flights window f as (partition by origin order by n rows between ${frame})
    ) select * exclude place from framed order by place`,
  );
  expectSame(await run(rolling(rows(100), { closed })), wanted);
});
