/** Catches quantiles, distinct and frequent values, histograms and lists that differ from DuckDB over real flights. */

import { expect, test } from 'vitest';
import {
  collect,
  count,
  distinct,
  type Frequent,
  histogram,
  median,
  quantile,
  text,
  topK,
  tumbling,
  windowed,
} from '../../../bindings';
import { ask, byPlace, columnsOf, flights } from './flights';

const DAY = 86_400_000;
const ROWS = 300_000;

interface Place {
  start: number;
  origin: string;
}

interface Results extends Place {
  q10: number;
  q90: number;
  middle: number;
  p50: number;
  p99: number;
  delays: number;
  destinations: number;
  bins: number[];
  list: number[];
}

interface Times extends Place {
  delay: number;
  times: number;
}

const bin = (from: string, to: string) => `count(*) filter (delay >= ${from} and delay < ${to})`;
const ranked = (q: number) =>
  `list_sort(list(delay) filter (delay is not null))[floor(${q} * (count(delay) - 1))::int + 1]`;

test('the delays of flights by day and origin are those of DuckDB', async () => {
  const rows = await flights(ROWS);
  using stream = windowed({
    time: 't',
    key: 'origin',
    window: tumbling('1d'),
    aggregates: {
      q10: quantile('delay', 0.1, { exact: true }),
      q90: quantile('delay', 0.9, { exact: true }),
      middle: median('delay'),
      p50: quantile('delay', 0.5),
      p99: quantile('delay', 0.99),
      delays: distinct('delay', { exact: true }),
      destinations: distinct(text('destination')),
      bins: histogram('delay', [-10, 0, 15, 60]),
      list: collect('delay', { limit: 20 }),
      top: topK('delay', 5),
    },
    outOfOrder: '40d',
  });
  for (let from = 0; from < rows.length; from += 20_000) {
    const part = rows.slice(from, from + 20_000);
    stream.pushColumns({ ...columnsOf(part), destination: part.map(({ destination }) => destination) });
  }
  const actual = (stream.close().toArray() as (Results & { end: number; top: Frequent[] })[]).sort(byPlace);
  expect(stream.stats()).toMatchObject({ events: ROWS, late: 0, skipped: 0 });

  const place = `(t // ${DAY}) * ${DAY}::bigint as start, origin`;
  const wanted = await ask<Results>(
    ROWS,
    `select ${place},
      quantile_disc(delay, 0.1) as q10, quantile_disc(delay, 0.9) as q90, median(delay) as middle,
      ${ranked(0.5)} as p50, ${ranked(0.99)} as p99,
      count(distinct delay) as delays, count(distinct destination) as destinations,
      [count(*) filter (delay < -10), ${bin('-10', '0')}, ${bin('0', '15')}, ${bin('15', '60')},
        count(*) filter (delay >= 60)] as bins,
      coalesce(list(delay order by t, n) filter (delay is not null), [])[1:20] as list
    from flights group by all`,
  );
  wanted.sort(byPlace);
  expect(actual.length).toBe(wanted.length);
  expect(wanted.length).toBeGreaterThan(2000);
  for (const [i, { p50, p99, ...exact }] of wanted.entries()) {
    const { p50: near50, p99: near99, top, end, ...same } = actual[i] as (typeof actual)[number];
    expect([same, end - same.start]).toEqual([exact, DAY]);
    for (const [given, rank] of [
      [near50, p50],
      [near99, p99],
    ] as const) {
      const near = Math.abs(given - rank) <= 0.01 * Math.abs(rank) || (Number.isNaN(given) && Number.isNaN(rank));
      if (!near) expect({ start: same.start, origin: same.origin, given }).toEqual({ given: rank });
    }
  }

  const times = await ask<Times>(
    ROWS,
    `select ${place}, delay, count(*) as times from flights where delay is not null group by all`,
  );
  const counts = new Map(times.map(({ start, origin, delay, times }) => [`${start} ${origin} ${delay}`, times]));
  let estimated = 0;
  for (const { start, origin, delays, bins, top } of actual) {
    const values = bins.reduce((a, b) => a + b, 0);
    const exact = delays <= 64;
    for (const { value, count, error } of top) {
      const wanted = counts.get(`${start} ${origin} ${value}`) as number;
      expect(error).toBeLessThanOrEqual(exact ? 0 : values / 64);
      expect(count).toBeGreaterThanOrEqual(wanted);
      expect(count - error).toBeLessThanOrEqual(wanted);
    }
    if (!exact) estimated++;
  }
  expect(estimated).toBeGreaterThan(100);
  // If every value has a counter, the first is the most frequent one, and the least of those that are equally frequent.
  const modes = new Map<string, Times>();
  for (const one of times) {
    const best = modes.get(`${one.start} ${one.origin}`);
    const isBetter = !best || one.times > best.times || (one.times === best.times && one.delay < best.delay);
    if (isBetter) modes.set(`${one.start} ${one.origin}`, one);
  }
  let counted = 0;
  for (const { start, origin, delays, top } of actual) {
    const mode = modes.get(`${start} ${origin}`);
    if (delays > 64) continue;
    counted++;
    expect([top[0]?.value, top[0]?.count]).toEqual([mode?.delay, mode?.times]);
  }
  expect(counted).toBeGreaterThan(100);
});

test('the number of routes by day is within the stated error, and the most flown routes are found', async () => {
  const rows = await flights(ROWS);
  using stream = windowed({
    time: 't',
    window: tumbling('1d'),
    aggregates: { n: count(), routes: distinct(text('route')), top: topK(text('route'), 10) },
    outOfOrder: '40d',
  });
  const route = rows.map(({ origin, destination }) => `${origin}-${destination}`);
  stream.pushColumns({ ...columnsOf(rows), route });
  const actual = stream.close().toArray();

  const flown = await ask<{ start: number; route: string; times: number }>(
    ROWS,
    `select (t // ${DAY}) * ${DAY}::bigint as start, origin || '-' || destination as route, count(*) as times
    from flights group by all`,
  );
  const byDay = new Map<number, typeof flown>();
  for (const one of flown) byDay.set(one.start, [...(byDay.get(one.start) ?? []), one]);
  expect(actual.length).toBe(byDay.size);
  const errors: number[] = [];
  for (const { start, n, routes, top } of actual) {
    const day = byDay.get(start) ?? [];
    errors.push(routes / day.length - 1);
    expect(top.length).toBe(Math.min(10, day.length));
    for (const { value, count, error } of top) {
      const wanted = day.find(({ route }) => route === value)?.times as number;
      expect([wanted <= count, wanted >= count - error, error <= n / 80]).toEqual([true, true, true]);
    }
    // A value more frequent than the greatest error has a counter: it is listed, or more frequent ones are.
    const least = top.at(-1)?.count as number;
    for (const { route, times } of day) {
      if (times > n / 80 && times > least) expect(top.map(({ value }) => value)).toContain(route);
    }
  }
  expect(errors.length).toBeGreaterThan(15);
  const spread = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
  // The days share most of their routes, so their errors are alike.
  expect(spread).toBeLessThan(0.01625 * 3);
});
