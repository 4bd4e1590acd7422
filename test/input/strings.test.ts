/** Strings as measures: given back as they came, and forgotten when nothing holds them any more. */

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

/** Every string once, in bursts that sessions can tell apart. */
const eventsFrom = (i: number, n: number) =>
  Array.from({ length: n }, (_, j) => ({
    t: i + j + (Math.floor((i + j) / 30) % 2) * 5,
    k: `k${(i + j) % 3}`,
    page: `/page/${i + j}`,
    v: (i + j) % 11,
  }));

//   /page/0  /page/1  /page/2 …      10,000 of them, and no more than a few hundred in windows at any time
test.each(Object.keys(WINDOWS).flatMap((window) => Object.keys(OPTIONS).map((option) => [window, option] as const)))(
  'of %s windows, %s, those in results are right, and those that are gone are forgotten',
  (name, option) => {
    const window = WINDOWS[name] as Window;
    const options = { ...OPTIONS[option] };
    const stream = windowed({
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
    const wanted = windowed({
      time: 't',
      window,
      aggregates: { first: first('i'), last: last('i'), top: argmax('v', 'i'), all: collect('i', { limit: 5 }) },
      ...options,
    });
    const forget = vi.spyOn(HashedStrings.prototype, 'forget');
    let results = 0;
    for (let i = 0; i < 10_000; i += 500) {
      const events = eventsFrom(i, 500);
      stream.pushRows(events as never);
      wanted.pushRows(events.map(({ page, ...rest }) => ({ ...rest, i: Number(page.slice(6)) })) as never);
      // Results may wait while strings are forgotten.
      if (i % 1500) continue;
      const expected = wanted.take().toArray();
      for (const [r, row] of stream.take().toArray().entries()) {
        const numbers = expected[r] as (typeof expected)[number];
        const page = (number: number) => `/page/${number}`;
        expect(row).toMatchObject({ first: page(numbers.first), last: page(numbers.last), top: page(numbers.top) });
        expect(row.all).toEqual(numbers.all.map(page));
        expect(row.most.every(({ value }) => /^\/page\/\d+$/.test(value))).toBe(true);
        expect(row.d).toBe(row.n);
        results++;
      }
    }
    expect(results).toBeGreaterThan(100);
    const [remembered] = forget.mock.contexts as HashedStrings[];
    expect(remembered?.size).toBeLessThan(7000);
    stream[Symbol.dispose]();
    wanted[Symbol.dispose]();
  },
);

test('a string that comes again and again is never forgotten', () => {
  const stream = windowed({
    time: 't',
    window: tumbling(10),
    aggregates: { first: first(text('page')), home: count().where(text('page').eq('/')) },
  });
  for (let i = 0; i < 50_000; i += 500) {
    stream.pushRows(Array.from({ length: 500 }, (_, j) => ({ t: i + j, page: j % 10 ? `/${i + j}` : '/' })));
    for (const row of stream.take()) expect(row).toMatchObject({ first: '/', home: 1 });
  }
  stream[Symbol.dispose]();
});

test('what is never given back is not remembered', () => {
  const stream = windowed({
    time: 't',
    window: everything(),
    aggregates: { d: distinct(text('page')), n: count().where(text('page').ne('/7')), m: count(col('v')) },
  });
  for (let i = 0; i < 20_000; i += 1000)
    stream.pushRows(Array.from({ length: 1000 }, (_, j) => ({ t: i + j, page: `/${i + j}`, v: 1 })));
  const { d, n } = stream.query();
  expect(Math.abs(d / 20_000 - 1)).toBeLessThan(0.06);
  expect(n).toBe(19_999);
  stream[Symbol.dispose]();
});

//   9,973 pages, twice each: all come equally often, and takeovers and ties must not go by what was forgotten when
test('which of those that tie are listed does not depend on how events were cut', () => {
  const events = Array.from({ length: 20_000 }, (_, i) => ({ t: i, page: `/${(i * 7919) % 9973}` }));
  const results = [20_000, 4096, 100, 7].map((n) => {
    const stream = windowed({ time: 't', window: tumbling(500), aggregates: { top: topK(text('page'), 3) } });
    for (let i = 0; i < events.length; i += n) stream.pushRows(events.slice(i, i + n));
    const rows = stream.close().toArray();
    stream[Symbol.dispose]();
    return rows;
  });
  for (const rows of results) expect(rows).toEqual(results[0]);
});
