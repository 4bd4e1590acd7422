/**
 * Catches states that own memory and come out wrong when events leave the frames of rolling windows.
 * evicting.large.test.ts has more kinds of values, and long runs.
 */

import { describe, expect, test } from 'vitest';
import {
  collect,
  distinct,
  everything,
  quantile,
  rolling,
  rows,
  stddev,
  sum,
  topK,
  type WindowedStream,
  windowed,
} from '../../bindings';
import { random } from '../support/helpers';
import { AGGREGATES, anew, type Event, expectSame, QUICK, type Result, run, testFrames, VALUES } from './evicting';

// The query test below goes through all kinds of values.
describe.each(QUICK)('values that are %s', testFrames);

//   3 3 5 │ 5 1 1        values of one count come by value, the least first
test('topK has counts that go down, and orders equal counts by value', () => {
  const events = [3, 3, 5, 5, 1, 1, 1].map((v, t) => ({ t, v }));
  const given = run(rolling(rows(4)), events, { top: topK('v', 2) });
  const lists = given.map(({ top }) => (top as { value: number; count: number; error: number }[]).map(Object.values));
  expect(lists).toEqual([
    [[3, 1, 0]],
    [[3, 2, 0]],
    [
      [3, 2, 0],
      [5, 1, 0],
    ],
    [
      [3, 2, 0],
      [5, 2, 0],
    ],
    [
      [5, 2, 0],
      [1, 1, 0],
    ],
    [
      [1, 2, 0],
      [5, 2, 0],
    ],
    [
      [1, 3, 0],
      [5, 1, 0],
    ],
  ]);
});

test('a list of the earliest values is refilled as they leave', () => {
  const events = [1, 2, 3, 4, 5, 6].map((v, t) => ({ t, v }));
  const given = run(rolling(rows(4)), events, { first: collect('v', { limit: 2 }) });
  expect(given.map(({ first }) => first)).toEqual([[1], [1, 2], [1, 2], [1, 2], [2, 3], [3, 4]]);
});

test('distinct is exact in a frame even where a sketch would estimate', () => {
  const next = random(4);
  const events = Array.from({ length: 6000 }, (_, t) => ({ t, v: Math.floor(next() ** 2 * 3000) }));
  const aggregates = { d: distinct('v'), exact: distinct('v', { exact: true }) };
  const given = run(rolling(rows(2000)), events, aggregates);
  expect(given).toHaveLength(events.length);
  for (let i = 0; i < events.length; i += 97) {
    const wanted = new Set(events.slice(Math.max(0, i - 1999), i + 1).map(({ v }) => v)).size;
    expect(given[i]).toEqual({ d: wanted, exact: wanted });
  }
});

//   values within 17 powers of ten
test('quantiles by sketch are the same as in any other window', () => {
  const next = random(12);
  const events = Array.from({ length: 1000 }, (_, t) => ({ t, v: (next() < 0.2 ? -1 : 1) * 10 ** (8 * next()) }));
  const aggregates = { p10: quantile('v', 0.1), p99: quantile('v', 0.99) };
  const given = run(rolling(rows(100)), events, aggregates);
  expect(given).toHaveLength(events.length);
  for (let i = 0; i < events.length; i += 9) {
    const [row] = run(everything(), events.slice(Math.max(0, i - 99), i + 1), aggregates) as [Result];
    expect(given[i]).toEqual({ p10: row.p10, p99: row.p99 });
  }
});

//   at a time after the newest event some events have left the frame; events that wait are in it
test('a query gives the aggregates of the events of its frame, and changes nothing', () => {
  const aggregates = { ...AGGREGATES, s: sum('v'), dev: stddev('v') };
  for (const [kind, draw] of Object.entries(VALUES)) {
    for (const byRows of [false, true]) {
      const window = byRows ? rolling(rows(45), { closed: 'left' }) : rolling(60, { closed: 'both' });
      const next = random(8);
      const make = () => windowed({ time: 't', window, aggregates, outOfOrder: 15 }) as unknown as WindowedStream;
      using asked = make();
      using twin = make();
      let t = 0;
      const events = Array.from({ length: 400 }, (_, i) => {
        t += next() < 0.1 ? 20 * next() : next();
        return { t: t - next() * 10, v: draw(next, i) };
      });
      const [frames, answers]: [Event[][], Result[]] = [[], []];
      events.forEach((event, i) => {
        asked.push(event as never);
        twin.push(event as never);
        if (i % 20) return;
        const newest = Math.max(...events.slice(0, i + 1).map((one) => one.t));
        const at = newest + (i % 40 ? 0 : 30);
        answers.push(asked.query(undefined as never, at) as Result);
        const came = events.slice(0, i + 1);
        frames.push(byRows ? came.slice(-45) : came.filter((one) => one.t >= at - 60).sort((a, b) => a.t - b.t));
      });
      expectSame(answers, anew(frames, aggregates), kind);
      expect(asked.close().toArray()).toEqual(twin.close().toArray());
    }
  }
});
