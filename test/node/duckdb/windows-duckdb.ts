/** Windows that SQL has by other names, for windows-duckdb.test.ts and windows-duckdb.large.test.ts. */

import { expect } from 'vitest';
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
import { ask, byPlace, columnsOf, flights, isNear } from './flights';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
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

const AGGREGATES = `count(*) as n, sum(delay) as sum, min(delay) as min, max(delay) as max, avg(delay) as mean,
  stddev_samp(delay) as stddev`;

/** Runs the flights through windows by origin. */
async function run(window: Window): Promise<Row[]> {
  const all = await flights(ROWS);
  expect(all.length).toBe(ROWS);
  using stream = windowed({
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
  return given;
}

/** Expects equal rows: means and deviations are near, all else is the same to the bit. */
function expectSame(actual: Row[], wanted: Row[]): void {
  expect(wanted.length).toBeGreaterThan(200);
  expect(actual.length).toBe(wanted.length);
  for (const [i, row] of wanted.entries()) {
    const other = actual[i] as Row;
    const { mean, stddev, ...exact } = row;
    const isSame = Object.entries(exact).every(([name, value]) => Object.is(other[name as 'n'], value));
    if (!isSame || !isNear(other.mean, mean, 1e-9) || !isNear(other.stddev, stddev, 1e-9))
      expect({ i, row: other }).toEqual({ i, row });
  }
}

//   gaps and islands:   t - lag(t) > gap begins an island
export async function expectIslands(gap: number): Promise<void> {
  const wanted = await ask<Row>(
    ROWS,
    `, marked as (
    select *, coalesce(t - lag(t) over (partition by origin order by t) > ${gap}, true)::int as begins from flights
  ), islands as (
    select *, sum(begins) over (partition by origin order by t, begins desc rows unbounded preceding) as island
    from marked
  )
  select min(t) as start, max(t) + ${gap} as end, origin, ${AGGREGATES} from islands group by origin, island`,
  );
  expect(wanted.length).toBeGreaterThan(200);
  expectSame((await run(session(gap))).sort(byPlace), wanted.sort(byPlace));
}

/** Expects that the day so far, every six hours, is what SQL joins with the hours of the day. */
export async function expectDaySoFar(): Promise<void> {
  const wanted = await ask<Row>(
    ROWS,
    `, steps as (select unnest([6, 12, 18, 24])::bigint * ${HOUR} as step)
    select (t // ${DAY}) * ${DAY}::bigint as start, (t // ${DAY}) * ${DAY}::bigint + step as end, origin, ${AGGREGATES}
    from flights, steps where t % ${DAY} < step group by all`,
  );
  expect(wanted.length).toBeGreaterThan(5000);
  expectSame((await run(cumulative('1d', '6h'))).sort(byPlace), wanted.sort(byPlace));
}

type Closed = 'right' | 'both' | 'left' | 'none';

const RANGE: Record<Closed, string> = {
  right: `${3 * HOUR - 1} preceding and current row`,
  both: `${3 * HOUR} preceding and current row`,
  left: `${3 * HOUR} preceding and 1 preceding`,
  none: `${3 * HOUR - 1} preceding and 1 preceding`,
};

//   (t - size, t] of whole milliseconds is [t - (size - 1), t]
export async function expectFramesOfTime(closed: Closed): Promise<void> {
  const wanted = await ask<Row>(
    ROWS,
    `, framed as (
      select n as place, t, origin, count(*) over f as n, sum(delay) over f as sum, min(delay) over f as min,
        max(delay) over f as max, avg(delay) over f as mean, stddev_samp(delay) over f as stddev
      from flights window f as (partition by origin order by t range between ${RANGE[closed]})
    ) select * exclude place from framed order by t, place`,
  );
  expectSame(await run(rolling('3h', { closed })), wanted);
}

const ROW_FRAMES: Record<Closed, string> = {
  right: '99 preceding and current row',
  both: '100 preceding and current row',
  left: '100 preceding and 1 preceding',
  none: '99 preceding and 1 preceding',
};

/** Expects that frames of a hundred rows are those of ROWS. */
export async function expectFramesOfRows(closed: Closed): Promise<void> {
  const wanted = await ask<Row>(
    ROWS,
    `, framed as (
      select n as place, t, origin, count(*) over f as n, sum(delay) over f as sum, min(delay) over f as min,
        max(delay) over f as max, avg(delay) over f as mean, stddev_samp(delay) over f as stddev
      from flights window f as (partition by origin order by n rows between ${ROW_FRAMES[closed]})
    ) select * exclude place from framed order by place`,
  );
  expectSame(await run(rolling(rows(100), { closed })), wanted);
}
