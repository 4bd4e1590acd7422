/**
 * Strings as measures come back in results as they were pushed, and are forgotten once no window holds them. This suite
 * catches results with the wrong string, strings forgotten too early, and memory that grows with every string.
 */

import { afterEach, expect, test, vi } from 'vitest';
import {
  argmax,
  col,
  collect,
  count,
  distinct,
  everything,
  first,
  hopping,
  last,
  rolling,
  rows,
  session,
  text,
  topK,
  tumbling,
  type Window,
  windowed,
} from '../../bindings';
import { HashedStrings } from '../../bindings/input/strings';

afterEach(() => {
  vi.restoreAllMocks();
});

const WINDOWS: Record<string, Window> = {
  tumbling: tumbling(50),
  hopping: hopping(60, 7),
  'tumbling rows': tumbling(rows(40)),
  'hopping rows': hopping(rows(60), rows(7)),
  session: session(3, { max: 40 }),
  'session rows': session(3, { max: rows(30) }),
  rolling: rolling(30),
  'rolling rows': rolling(rows(25)),
};
const OPTIONS: Record<string, object> = {
  plain: {},
  keyed: { key: 'k' },
  disorder: { outOfOrder: 20 },
  updates: { emit: 'updates', allowedLateness: 15 },
  early: { emit: { every: 11 } },
};

/** n events from the i-th on, each with a string of its own, in bursts that are sessions of their own. */
const eventsFrom = (i: number, n: number) =>
  Array.from({ length: n }, (_, j) => ({
    t: i + j + (Math.floor((i + j) / 30) % 2) * 5,
    k: `k${(i + j) % 3}`,
    page: `/page/${i + j}`,
    v: (i + j) % 11,
  }));

//   /page/0  /page/1  /page/2 …      10,000 strings, of which a few hundred at a time are in windows
test.each(Object.keys(WINDOWS).flatMap((window) => Object.keys(OPTIONS).map((option) => [window, option] as const)))(
  'results of %s windows, %s, have the right strings, and strings of no window are forgotten',
  (name, option) => {
    const window = WINDOWS[name] as Window;
    const options = { ...OPTIONS[option] };
    using stream = windowed({
      time: 't',
      window,
      aggregates: {
        first: first(text('page')),
        last: last(text('page')),
        top: argmax('v', text('page')),
        most: topK(text('page'), 2),
        all: collect(text('page'), { limit: 5 }),
        n: count(text('page')),
        d: distinct(text('page')),
      },
      ...options,
    });
    using wanted = windowed({
      time: 't',
      window,
      aggregates: { first: first('i'), last: last('i'), top: argmax('v', 'i'), all: collect('i', { limit: 5 }) },
      ...options,
    });
    const keep = vi.spyOn(HashedStrings.prototype, 'keep');
    let results = 0;
    for (let i = 0; i < 10_000; i += 500) {
      const events = eventsFrom(i, 500);
      stream.pushRows(events as never);
      wanted.pushRows(events.map(({ page, ...rest }) => ({ ...rest, i: Number(page.slice(6)) })) as never);
      // Results wait while strings are forgotten.
      if (i % 1500) continue;
      const expected = wanted.take().toArray();
      const given = stream.take().toArray();
      expect(given).toHaveLength(expected.length);
      const page = (number: number) => `/page/${number}`;
      const seen = given.map(({ first, last, top, all, most, n, d }) => {
        const arePages = most.length === Math.min(d, 2) && most.every(({ value }) => /^\/page\/\d+$/.test(value));
        return { first, last, top, all, distinct: d, arePages, n };
      });
      expect(seen).toEqual(
        expected.map(({ first, last, top, all }, r) => ({
          first: page(first),
          last: page(last),
          top: page(top),
          all: all.map(page),
          distinct: given[r]?.n,
          arePages: true,
          n: given[r]?.n,
        })),
      );
      results += given.length;
    }
    expect(results).toBeGreaterThan(100);
    // The tables of the suite: without a call of keep there is none to look at, and the test fails.
    const [remembered] = keep.mock.contexts as HashedStrings[];
    expect(remembered?.size).toBeLessThan(7000);
  },
);

test('a string that keeps coming is never forgotten', () => {
  using stream = windowed({
    time: 't',
    window: tumbling(10),
    aggregates: { first: first(text('page')), home: count().where(text('page').eq('/')) },
  });
  let results = 0;
  for (let i = 0; i < 50_000; i += 500) {
    stream.pushRows(Array.from({ length: 500 }, (_, j) => ({ t: i + j, page: j % 10 ? `/${i + j}` : '/' })));
    for (const row of stream.take()) {
      expect(row).toMatchObject({ first: '/', home: 1 });
      results++;
    }
  }
  // The last of the 5,000 windows is still open.
  expect(results).toBe(4999);
});

test('strings are not remembered for aggregates that return none', () => {
  const remember = vi.spyOn(HashedStrings.prototype, 'numberOf');
  using stream = windowed({
    time: 't',
    window: everything(),
    aggregates: { d: distinct(text('page')), n: count().where(text('page').ne('/7')), m: count(col('v')) },
  });
  for (let i = 0; i < 20_000; i += 1000)
    stream.pushRows(Array.from({ length: 1000 }, (_, j) => ({ t: i + j, page: `/${i + j}`, v: 1 })));
  const { d, n } = stream.query();
  expect(Math.abs(d / 20_000 - 1)).toBeLessThan(0.06);
  expect(n).toBe(19_999);
  expect(new Set(remember.mock.calls.flat())).toEqual(new Set(['/7']));
});

//   9,973 pages, twice each: takeovers and ties must not depend on when a string was forgotten
test('topK lists the same of several tied strings however events were cut into batches', () => {
  const events = Array.from({ length: 20_000 }, (_, i) => ({ t: i, page: `/${(i * 7919) % 9973}` }));
  const results = [20_000, 4096, 100, 7].map((n) => {
    using stream = windowed({ time: 't', window: tumbling(500), aggregates: { top: topK(text('page'), 3) } });
    for (let i = 0; i < events.length; i += n) stream.pushRows(events.slice(i, i + n));
    const rows = stream.close().toArray();
    return rows;
  });
  expect(results[0]).toHaveLength(40);
  for (const rows of results) expect(rows).toEqual(results[0]);
});
