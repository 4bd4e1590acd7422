/** Catches statistics that differ from those of DuckDB over real flights. */

import { expect, test } from 'vitest';
import {
  type Aggregate,
  all,
  any,
  argmax,
  argmin,
  bitAnd,
  bitOr,
  correlation,
  covariance,
  delta,
  first,
  kurtosis,
  last,
  ohlc,
  product,
  regression,
  skewness,
  tumbling,
  weightedMean,
  windowed,
} from '../../../bindings';
import { ask, flights, isNear } from './flights';

const DAY = 86_400_000;
const ROWS = 300_000;

/** Aggregates and what they are in SQL. `delay` and `hour` belong to a flight; pairs with a null are left out. */
const AGGREGATES: Record<string, [Aggregate<'delay' | 'hour' | 'whole'>, string]> = {
  skewness: [skewness('delay'), 'skewness(delay)'],
  kurtosis: [kurtosis('delay'), 'kurtosis_pop(delay)'],
  covariance: [covariance('delay', 'hour'), 'covar_samp(delay, hour)'],
  correlation: [correlation('delay', 'hour'), 'corr(delay, hour)'],
  weightedMean: [
    weightedMean('delay', 'hour'),
    'sum(delay * hour) / nullif(sum(hour) filter (delay is not null), 0)::double',
  ],
  // Of flights at the same time the first row counts, because it arrives first.
  argmin: [argmin('delay', 'hour'), 'arg_min(hour, delay order by t, n)'],
  argmax: [argmax('delay', 'hour'), 'arg_max(hour, delay order by t, n)'],
  first: [first('delay'), 'first(delay order by t, n) filter (delay is not null)'],
  last: [last('delay'), 'last(delay order by t, n) filter (delay is not null)'],
  delta: [
    delta('delay'),
    'last(delay order by t, n) filter (delay is not null) - first(delay order by t, n) filter (delay is not null)',
  ],
  any: [any('delay'), 'bool_or(delay <> 0)::int'],
  all: [all('delay'), 'bool_and(delay <> 0)::int'],
  bitAnd: [bitAnd('delay'), 'bit_and(delay)'],
  bitOr: [bitOr('delay'), 'bit_or(delay)'],
  product: [product('whole'), 'product(whole)'],
};

const LINE = { slope: 'regr_slope', intercept: 'regr_intercept', r2: 'regr_r2' };

test('the statistics of flights by day and origin are those of DuckDB', async () => {
  const rows = await flights(ROWS);
  const aggregates = {
    ...Object.fromEntries(Object.entries(AGGREGATES).map(([name, [aggregate]]) => [name, aggregate])),
    line: regression('delay', 'hour'),
    candle: ohlc('delay'),
  };
  using stream = windowed({ time: 't', key: 'origin', window: tumbling(DAY), aggregates, outOfOrder: '40d' });
  const hour = rows.map(({ date }) => Math.floor(date.getTime() / 3_600_000) % 24);
  stream.pushColumns({
    t: rows.map(({ date }) => date.getTime()),
    origin: rows.map(({ origin }) => origin),
    delay: rows.map(({ delay }) => delay),
    hour,
    whole: rows.map(({ delay }) => (delay === null ? null : 1 + Math.abs(Number(delay)) / 64)),
  } as never);
  const actual = stream.close().toArray() as unknown as (Record<string, number> & {
    origin: string;
    line: Record<string, number>;
    candle: object;
  })[];
  expect(stream.stats().late).toBe(0);

  const wanted = await ask<Record<string, number> & { origin: string }>(
    ROWS,
    `, shaped as (select *, ((t // 3600000) % 24)::double as hour, 1 + abs(delay) / 64.0 as whole from flights)
    select (t // ${DAY}) * ${DAY}::bigint as start, origin,
      ${Object.entries(AGGREGATES).map(([name, [, sql]]) => `${sql} as "${name}"`)},
      ${Object.entries(LINE).map(([name, sql]) => `${sql}(delay, hour) as ${name}`)},
      first(delay order by t, n) filter (delay is not null) as open, max(delay) as high, min(delay) as low,
      last(delay order by t, n) filter (delay is not null) as close
    from shaped group by all`,
  );
  const byPlace = new Map(wanted.map((row) => [`${row.start} ${row.origin}`, row]));
  expect(actual.length).toBe(wanted.length);
  expect(wanted.length).toBeGreaterThan(2000);
  const names = Object.keys(AGGREGATES);
  const seen = new Set<string>();
  for (const { start, origin, line, candle, ...results } of actual) {
    const other = byPlace.get(`${start} ${origin}`) as Record<string, number>;
    const { open, high, low, close } = other;
    expect(candle).toEqual({ open, high, low, close });
    for (const [name, value] of [...names.map((name) => [name, results[name]] as const), ...Object.entries(line)]) {
      const reference = other[name] as number;
      // DuckDB sums plain powers, which cancel when the few values of a window are nearly equal.
      if (!isNear(value as number, reference, 1e-7))
        expect({ start, origin, [name]: value }).toEqual({ start, origin, [name]: reference });
      if (!Number.isNaN(reference)) seen.add(name);
    }
  }
  expect([...seen].sort()).toEqual([...names, ...Object.keys(LINE)].sort());
});
