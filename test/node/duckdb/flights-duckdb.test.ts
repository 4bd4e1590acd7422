/** Catches windows on a grid whose aggregates differ from those of DuckDB over a million real flights. */

import { expect, test } from 'vitest';
import { count, hopping, max, mean, min, stddev, sum, tumbling, variance, windowed } from '../../../bindings';
import { ask, byPlace, columnsOf, flights, isNear } from './flights';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ROWS = 1_000_000;

interface Row {
  start: number;
  origin: string;
  n: number;
  sum: number;
  mean: number;
  min: number;
  max: number;
  stddev: number;
  variance: number;
}

const query = (every: number, size: number) =>
  ask<Row>(
    ROWS,
    `, hops as (
      select unnest(range(0, ${size / every}))::bigint as hop
    )
    select
      ((t // ${every}) - hop) * ${every}::bigint as start, origin,
      count(*) as n, sum(delay) as sum, avg(delay) as mean, min(delay) as min, max(delay) as max,
      stddev_samp(delay) as stddev, var_samp(delay) as variance
    from flights, hops
    group by all order by all`,
  );

test.each([
  ['by the day', tumbling('1d'), DAY],
  ['over a day, every six hours', hopping('1d', '6h'), 6 * HOUR],
])('the aggregates of flights by origin, %s, are those of DuckDB', async (_, window, every) => {
  const rows = await flights(ROWS);
  expect(rows.length).toBe(ROWS);
  using stream = windowed({
    time: 't',
    key: 'origin',
    window,
    aggregates: {
      n: count(),
      sum: sum('delay'),
      mean: mean('delay'),
      min: min('delay'),
      max: max('delay'),
      stddev: stddev('delay'),
      variance: variance('delay'),
    },
    outOfOrder: '30d',
  });
  const actual: Row[] = [];
  for (let from = 0; from < rows.length; from += 20_000) {
    stream.pushColumns(columnsOf(rows.slice(from, from + 20_000)));
    actual.push(...(stream.take().toArray() as Row[]));
  }
  actual.push(...(stream.close().toArray() as Row[]));
  expect(stream.stats()).toMatchObject({ events: ROWS, late: 0, skipped: 0 });

  const wanted = await query(every, DAY);
  actual.sort(byPlace);
  wanted.sort(byPlace);
  expect(actual.length).toBe(wanted.length);
  expect(wanted.length).toBeGreaterThan(5000);
  for (const [i, row] of wanted.entries()) {
    const { stddev: s, variance: v, mean: m, ...exact } = actual[i] as Row;
    expect({
      start: exact.start,
      origin: exact.origin,
      n: exact.n,
      sum: exact.sum,
      min: exact.min,
      max: exact.max,
    }).toEqual({
      start: row.start,
      origin: row.origin,
      n: row.n,
      sum: row.sum,
      min: row.min,
      max: row.max,
    });
    for (const [name, a, b] of [
      ['mean', m, row.mean],
      ['stddev', s, row.stddev],
      ['variance', v, row.variance],
    ] as const) {
      if (!isNear(a, b, 1e-9)) expect({ start: row.start, origin: row.origin, [name]: a }).toEqual({ [name]: b });
    }
  }
});
