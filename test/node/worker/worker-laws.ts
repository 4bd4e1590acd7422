/** The laws that worker.test.ts checks on a few cases and worker.large.test.ts on many. */

import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { expect } from 'vitest';
import * as oriel from '../../../bindings';
import type { OracleWindow } from '../../oracle';
import { runs } from '../../support/helpers';
import {
  aggregates,
  batchesOf,
  FAMILIES,
  isBare,
  KEYS,
  made,
  named,
  put,
  type Row,
  type Scenario,
  type Stream,
  scenarioOf,
  settled,
} from '../../support/scenarios';
import { later } from '../../support/waiting';
import { type Transport, worker } from './built-worker';

const { count, distinct, first, hopping, max, mean, min, quantile, rolling, session, sum, topK, tumbling } = oriel;
export const windowedWorker = oriel.windowedWorker as unknown as (
  spec: object,
  options: oriel.WorkerOptions,
) => Promise<oriel.WindowedWorker<never>>;
export const windowed = oriel.windowed as unknown as (spec: object) => Stream;
const RUNS = runs(25);

function specOf(s: Scenario, late: Row[]): object {
  const key = KEYS[s.keys] as (typeof KEYS)[string];
  return {
    time: 't',
    ...(key.spec ? { key: key.spec } : {}),
    window: isBare(s) ? made(s.windows[0] as OracleWindow) : named(s.windows.map(made)),
    aggregates,
    outOfOrder: s.outOfOrder,
    allowedLateness: s.allowedLateness,
    ...(s.maxFutureSkew < Infinity ? { maxFutureSkew: s.maxFutureSkew } : {}),
    ...(s.where ? { where: s.where.expression } : {}),
    emit: s.emit,
    ...(s.emit === 'final' ? {} : { accumulate: s.accumulate }),
    onLate: (batch: Iterable<Row>) => late.push(...batch),
  };
}

/** Pushes the events of a scenario, by the inputs and in the batches that it names, into a stream on any thread. */
async function run(s: Scenario, stream: Stream) {
  const key = KEYS[s.keys] as (typeof KEYS)[string];
  const rows: Row[] = [];
  for (const { advance, events, door, key: first, cut } of batchesOf(s, s.cuts)) {
    if (advance !== null) await stream.advance(advance);
    put(stream, events, door);
    if (cut % 3 === 0) rows.push(...(await stream.take()));
    if (cut % 4 === 0) rows.push((await stream.query(...(askedOf(key, first) as []))) as Row);
  }
  const { milliseconds, bytes, ...stats } = await stream.stats();
  rows.push(...(await stream.close()));
  return { rows, stats };
}

function askedOf(key: (typeof KEYS)[string], name: string): unknown[] {
  const parts = Object.values(key.of(name));
  return key.spec === undefined ? [] : [typeof key.spec === 'string' ? parts[0] : parts];
}

/** Says whether a scenario has no callbacks, which cannot go to another thread. */
export function isFree({ windows, emit }: Scenario): boolean {
  return windows.every(({ kind }) => kind !== 'punctuated') && !(typeof emit === 'object' && 'when' in emit);
}

/** Expects that the one producer of a stream in a worker gets the results of one thread from windows of a family. */
export async function expectResultsOfOneThread(family: keyof typeof FAMILIES, transport: Transport): Promise<void> {
  await fc.assert(
    fc.asyncProperty(scenarioOf(FAMILIES[family]).filter(isFree), async (s) => {
      const late: { here: Row[]; there: Row[] } = { here: [], there: [] };
      using here = windowed(specOf(s, late.here));
      await using there = await windowedWorker(specOf(s, late.there), { worker, transport });
      const wanted = await run(s, here);
      const actual = await run(s, there as unknown as Stream);
      expect(actual.rows).toEqual(settled(wanted.rows, actual.rows));
      expect(late.there).toEqual(late.here);
      expect(actual.stats).toEqual({ ...wanted.stats, producers: 1, transport, parallelism: 1 });
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
}

/** Aggregates whose results do not depend on the order of events that have the same time. */
const unordered = {
  n: count(),
  s: sum('v'),
  m: mean('v'),
  low: min('v'),
  high: max('v'),
  half: quantile('v', 0.5),
  pages: distinct('page', { exact: true }),
  top: topK('page', 100),
  any: first('page').where(oriel.col('v').eq(100)),
};

const many = fc.record({
  window: fc.oneof(
    fc.integer({ min: 1, max: 30 }).map((size) => tumbling(size)),
    fc
      .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20 }))
      .map(([size, every]) => hopping(size, every)),
    fc.integer({ min: 1, max: 20 }).map((gap) => session(gap)),
    fc.integer({ min: 1, max: 30 }).map((size) => rolling(size)),
  ),
  key: fc.constantFrom<string | string[] | undefined>('k', ['k', 'l'], undefined),
  outOfOrder: fc.constantFrom(0, 5),
  producers: fc.array(
    fc.array(
      fc.record({
        tick: fc.integer({ min: 0, max: 4 }),
        lag: fc.integer({ min: 0, max: 5 }),
        k: fc.constantFrom('a', 'b', 'c', 'dd', 'é😀'),
        l: fc.integer({ min: 0, max: 3 }),
        v: fc.integer({ min: -9, max: 9 }),
        page: fc.constantFrom('/', '/x', '/y', null),
      }),
      { maxLength: 120, size: 'max' },
    ),
    { minLength: 1, maxLength: 4 },
  ),
  cuts: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
});

/**
 * Expects that producers, each in order up to the disorder of the spec, make no event late, and that the results are
 * those of one thread that gets all the events in order of time.
 */
export async function expectProducersMerged(transport: Transport, parallelism: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(many, async ({ window, key, outOfOrder, producers, cuts }) => {
      const lists = producers.map((steps) => {
        let clock = 0;
        return steps.map(({ tick, lag, ...event }) => {
          clock += tick;
          return { t: clock - Math.min(lag, outOfOrder), ...event };
        });
      });
      const isOnGrid = ['tumbling', 'hopping'].includes(window.kind);
      fc.pre(key !== undefined || parallelism === 1 || isOnGrid);
      const spec = { time: 't', ...(key && { key }), window, aggregates: unordered, outOfOrder };
      const all = lists.flat().sort((a, b) => a.t - b.t);
      using here = windowed(spec);
      here.pushRows(all);
      const wanted = [...here.close()];

      await using there = await windowedWorker(spec, { worker, transport, parallelism });
      const handles = await Promise.all(lists.map(() => there.producer()));
      const ends = handles.map((handle) => oriel.producer(handle) as oriel.Producer<never>);
      const sent = lists.map(() => 0);
      const rows: Row[] = [];
      for (let turn = 0; sent.some((n, i) => n < (lists[i]?.length ?? 0)); turn++) {
        const i = turn % lists.length;
        const list = lists[i] as never[];
        const n = sent[i] as number;
        const length = cuts[turn % cuts.length] as number;
        const end = ends[i] as oriel.Producer<never>;
        if (n < list.length) sent[i] = n + end.pushRows(list.slice(n, n + length));
        if (sent[i] === list.length) end.close();
        if (turn % 5 === 0) rows.push(...(await there.take()));
      }
      for (const end of ends) end.close();
      const stats = await there.stats();
      rows.push(...(await there.close()));
      expect(stats).toMatchObject({ events: all.length, late: 0, transport, parallelism });
      expect(sorted(rows)).toEqual(settled(sorted(wanted), sorted(rows)));
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
}

/** Aggregates of every kind, for events no two of which have the same time. */
const orderly = {
  ...unordered,
  p90: quantile('v', 0.9, { exact: true }),
  deviation: oriel.stddev('v'),
  open: first('v'),
  close: oriel.last('page'),
  bars: oriel.ohlc('v'),
  some: oriel.collect('page', { limit: 3 }),
  weighted: oriel.timeWeightedMean('v'),
  highest: oriel.argmax('v', 'page'),
  many: distinct('v'),
  bins: oriel.histogram('v', [-5, 0, 5]),
  own: oriel.fold({
    column: 'v',
    identity: () => '',
    lift: String,
    combine: (a: string, b: string) => `${a} ${b}`,
    lower: (a: string) => a,
  }),
};

const spread = fc.record({
  window: fc.oneof(
    fc.integer({ min: 1, max: 300 }).map((size) => tumbling(size)),
    fc
      .tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 100 }))
      .map(([size, every]) => hopping(size, every)),
    fc.constant(oriel.everything()),
    fc.constant({ short: tumbling(20), long: hopping(100, 30), all: oriel.everything() }),
  ),
  outOfOrder: fc.constantFrom(0, 25),
  allowedLateness: fc.constantFrom(0, 15),
  fill: fc.constantFrom(undefined, 'previous'),
  steps: fc.array(
    fc.record({
      tick: fc.integer({ min: 1, max: 30 }),
      lag: fc.integer({ min: 0, max: 25 }),
      v: fc.integer({ min: -9, max: 9 }),
      page: fc.constantFrom('/', '/x', '/y', null),
    }),
    { maxLength: 300, size: 'max' },
  ),
  cuts: fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(2)), { minLength: 1, maxLength: 5 }),
});

/** Expects that workers that share events without keys give, merged, the results of one thread. */
export async function expectKeylessMerged(transport: Transport, parallelism: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(spread, async ({ window, outOfOrder, allowedLateness, fill, steps, cuts }) => {
      let clock = 0;
      const events = steps.map(({ tick, lag, ...event }, i) => {
        clock += tick;
        return { t: clock - Math.min(lag, outOfOrder) + i / 1024, ...event };
      });
      const isGiven = fill && !JSON.stringify(window).includes('everything');
      const more = isGiven ? { empty: 'fill', fill } : {};
      const spec = { time: 't', window, aggregates: orderly, outOfOrder, allowedLateness, ...more };
      using here = windowed(spec);
      await using there = await windowedWorker(spec, { worker, transport, parallelism });
      const rows: { here: Row[]; there: Row[] } = { here: [], there: [] };
      for (let i = 0, cut = 0; i < events.length; cut++) {
        const [n, input] = cuts[cut % cuts.length] as [number, number];
        const batch = events.slice(i, i + n);
        i += n;
        for (const stream of [here, there as unknown as Stream])
          put(stream, batch, (['push', 'rows', 'columns'] as const)[input] as never);
        if (cut % 3 === 0) {
          rows.here.push(...(await here.take()));
          rows.there.push(...(await there.take()));
          expect(rows.there).toEqual(settled(rows.here, rows.there, 1e-10));
        }
        if (cut % 4 === 0) {
          const wanted = (await here.query()) as Row;
          const answer = (await there.query()) as Row;
          expect([answer]).toEqual(settled([wanted], [answer], 1e-10));
        }
      }
      rows.here.push(...(await here.take()));
      rows.there.push(...(await there.take()));
      const { events: came, late, windows, watermark } = await here.stats();
      expect(await there.stats()).toMatchObject({ events: came, late, windows, watermark, parallelism });
      rows.here.push(...(await here.close()));
      rows.there.push(...(await there.close()));
      expect(rows.there).toEqual(settled(rows.here, rows.there, 1e-10));
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
}

/** Sorts rows by time and key: rows of several workers that end at the same time come in any order. */
export function sorted(rows: Row[]): Row[] {
  const place = ({ start = 0, end, t = end, k, l = 0 }: Row) => [end ?? t, start, t, k, l];
  return [...rows].sort((a, b) => {
    const [x, y] = [place(a), place(b)];
    const i = x.findIndex((value, j) => value !== y[j]);
    return i < 0 ? 0 : (x[i] as number) < (y[i] as number) ? -1 : 1;
  });
}

/** Expects that every event of three threads that produce side by side arrives once. */
export async function expectEveryEventOnce(transport: Transport, parallelism: number, events: number): Promise<void> {
  const spec = { time: 't', key: 'k', window: tumbling(1000), aggregates: { n: count(), s: sum('v') } };
  await using stream = await windowedWorker(spec, { worker, transport, parallelism });
  const producers = 3;
  const code = new URL('./producing.script.mjs', import.meta.url);
  const handles = await Promise.all(Array.from({ length: producers }, () => stream.producer()));
  const threads = handles.map(
    (handle, seed) =>
      new Worker(code, { workerData: { handle, events, seed }, transferList: handle.transfer as never }),
  );
  let over = 0;
  for (const thread of threads) thread.on('exit', () => over++);
  const totals = new Map<string, [number, number]>();
  let newest = -Infinity;
  const add = (batch: Iterable<Row>) => {
    for (const { k, n, s, end } of batch as Iterable<{ k: string; n: number; s: number; end: number }>) {
      if (parallelism === 1) expect(end).toBeGreaterThanOrEqual(newest);
      newest = end;
      const [count, sum] = totals.get(k) ?? [0, 0];
      totals.set(k, [count + n, sum + s]);
    }
  };
  while (over < producers) {
    add(await stream.take());
    await later(5);
  }
  const { late, events: came } = await stream.stats();
  add(await stream.close());
  expect([came, late]).toEqual([producers * events, 0]);
  const [n, s] = [...totals.values()].reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  expect(n).toBe(producers * events);
  expect(s).toBe(producers * ((events * (events - 1)) / 2));
  expect(totals.size).toBe(101);
}
