/**
 * Catches calendar windows whose late events depend on how events are pushed, streams that never end at the end of
 * time, and events that are taken though closing the stream could not answer.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calendar, count, cumulative, everything, hopping, tumbling, type Window, windowed } from '../../bindings';
import { refused, runs } from '../support/helpers';

const DAY = 864e5;

/** What a stream says of events: its counters, the times that `onLate` got, and its results. */
interface Account {
  late: number;
  skipped: number;
  missed: number[];
  rows: unknown[];
}

type Stream = ReturnType<typeof daily>;

function daily(window: Window<'bounds', never>, outOfOrder: number, missed: number[]) {
  return windowed({
    time: 't',
    window,
    aggregates: { n: count() },
    outOfOrder,
    onLate: (batch) => {
      for (const { t } of batch) missed.push(t);
    },
  });
}

/** Pushes the batches through a door and closes the stream. */
function account(
  window: Window<'bounds', never>,
  outOfOrder: number,
  batches: number[][],
  push: (stream: Stream, times: number[]) => void,
): Account {
  const missed: number[] = [];
  using stream = daily(window, outOfOrder, missed);
  for (const times of batches) push(stream, times);
  const rows = stream.close().toArray();
  const { late, skipped } = stream.stats();
  return { late, skipped, missed, rows };
}

const asRows = (stream: Stream, times: number[]) => stream.pushRows(times.map((t) => ({ t })));

/** The ways of events into a stream. */
const DOORS: Record<string, (stream: Stream, times: number[]) => void> = {
  push: (stream, times) => {
    for (const t of times) stream.push({ t });
  },
  pushRows: asRows,
  pushColumns: (stream, times) => stream.pushColumns({ t: Float64Array.from(times) }),
  claim: (stream, times) => {
    if (times.length === 0) return;
    stream.claim(times.length).t.set(times);
    stream.commit(times.length);
  },
  'push and query': (stream, times) => {
    for (const t of times) {
      stream.push({ t });
      if (t % (3 * DAY) === 0) stream.query();
    }
  },
};

const WINDOWS: Record<string, Window<'bounds', never>> = {
  days: tumbling(calendar(1, 'day', 'UTC')),
  'days in Apia, where one is missing': tumbling(calendar(1, 'day', 'Pacific/Apia')),
  'three days, daily': hopping(calendar(3, 'day', 'Europe/Berlin'), calendar(1, 'day', 'Europe/Berlin')),
  'a day in three': hopping(calendar(1, 'day', 'UTC'), calendar(3, 'day', 'UTC')),
};

describe('a late event of a calendar window is late, however events are cut', () => {
  const cut = [[0], [10 * DAY], [DAY], [DAY + 36e5, 20 * DAY]];

  test.each(Object.entries(DOORS))('%s', (_, push) => {
    const days = tumbling(calendar(1, 'day', 'UTC'));
    const expected = { late: 2, skipped: 0, missed: [DAY, DAY + 36e5] };
    expect(account(days, 0, cut, push)).toMatchObject(expected);
  });

  describe.each(Object.entries(WINDOWS))('%s', (_, window) => {
    test.each(Object.entries(DOORS))('%s', (_, push) => {
      // Around the last days of 2011, when a day was left out in Apia.
      const time = fc.integer({ min: 0, max: 160 }).map((quarters) => 1324944e6 + (quarters * DAY) / 4);
      const batches = fc.array(fc.array(time, { maxLength: 6 }), { maxLength: 12 });
      fc.assert(
        fc.property(batches, fc.constantFrom(0, 2 * DAY), (batches, outOfOrder) => {
          const alone = batches.flat().map((t) => [t]);
          const expected = account(window, outOfOrder, alone, asRows);
          expect(account(window, outOfOrder, batches, push)).toEqual(expected);
        }),
        { numRuns: runs(100) },
      );
    });
  });
});

describe('filled windows end at the end of time', () => {
  const END = 2 ** 53;

  test.each(['missing', 'zero', 'previous', 'linear'] as const)('%s', (fill) => {
    const aggregates = { n: count() };
    using stream = windowed({ time: 't', window: tumbling(1), aggregates, empty: 'fill', fill });
    stream.pushRows([{ t: END - 2 }, { t: END }]);
    const rows = stream.close().toArray();
    expect(rows.map(({ start }) => start)).toEqual([END - 2, END - 1, END]);
    expect([rows[0]?.n, rows[2]?.n]).toEqual([1, 1]);
    expect(stream.take()).toHaveLength(0);
  });

  test.each([-END, END - 2])('hops around %s come once, those with events among them', (t) => {
    const window = hopping(6, 2);
    using plain = windowed({ time: 't', window, aggregates: { n: count() } });
    using filled = windowed({ time: 't', window, aggregates: { n: count() }, empty: 'fill', fill: 'zero' });
    for (const stream of [plain, filled]) stream.pushRows([{ t }, { t: t + 2 }]);
    const rows = filled.close().toArray();
    expect(rows).toEqual(plain.close().toArray());
    expect(filled.take()).toHaveLength(0);
  });
});

describe('an event may lie in 2^20 windows, all of which are given out', () => {
  const aggregates = { n: count() };
  const most = 2 ** 20;

  test.each<[string, Window<'bounds', never> | Record<string, Window<'bounds', never>>, number]>([
    ['hops', hopping(1e9, 1), 1e9],
    ['hops without end', hopping(2 ** 53, 5), Math.ceil(2 ** 53 / 5)],
    ['growing windows', cumulative(2 ** 30, 1), 2 ** 30],
    ['hours of 200 years', cumulative(calendar(200, 'year', 'UTC'), calendar(1, 'hour', 'UTC')), 200 * 8785],
    ['several windows', { a: hopping(most, 1), b: tumbling(1) }, most + 1],
  ])('more are refused with the spec: %s', (_, window, results) => {
    const spec = { time: 't', window, aggregates };
    refused('ERR_ORIEL_SPEC', () => windowed(spec), `${results} windows`, `at most ${most}`);
  });

  test('windows that do not share time with others are not counted', () => {
    using stream = windowed({ time: 't', window: { all: everything(), a: hopping(1, 1e9) }, aggregates });
    stream.push({ t: 1e9 });
    expect(stream.close()).toHaveLength(2);
  });

  test.each([
    ['hops', hopping(most, 1), most],
    ['growing windows', cumulative(most, 1), most - 5],
  ])('in a small memory: %s', (_, window, results) => {
    using stream = windowed({ time: 't', window, aggregates, memory: { maximum: '1mb' } });
    stream.push({ t: 5 });
    expect(stream.close()).toHaveLength(results);
  });
});
