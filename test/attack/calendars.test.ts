/**
 * Catches calendar windows that lose events because the core does not list them: where days without events lie between
 * days with some, and where an event is late for one calendar window of a stream but in time for another.
 */

import { describe, expect, test } from 'vitest';
import { calendar, count, cumulative, hopping, tumbling } from '../../bindings';
import { Oracle, type OracleEvent, type OracleWindow } from '../oracle';
import { checkLaws } from '../support/check-laws';
import { DOORS, put } from '../support/doors';
import { random, runs } from '../support/helpers';
import { windowed as loosely, type Row } from '../support/scenarios';
import { DAY, HOUR } from '../support/times';

checkLaws();

type CalendarWindow = OracleWindow & { kind: 'calendar' };

const days = (n: number) => calendar(n, 'day', 'UTC');

/** Windows of `size` days, one of which starts every `every` days. */
function hop(size: number, every = 1): CalendarWindow {
  return {
    kind: 'calendar',
    make: () => (size === every ? tumbling(days(size)) : hopping(days(size), days(every))),
    windowsOf: (t) => {
      const last = Math.floor(t / (every * DAY));
      const starts = Array.from({ length: Math.ceil(size / every) }, (_, i) => (last - i) * every * DAY).reverse();
      return starts.map((start) => [start, start + size * DAY] as [number, number]).filter(([, end]) => t < end);
    },
  };
}

/** The first day of a block of `size` days, its first two days, and so on. The blocks begin on day `first`. */
function soFar(make: () => unknown, size: number, first: number): CalendarWindow {
  return {
    kind: 'calendar',
    make,
    windowsOf: (t) => {
      const start = first * DAY + Math.floor((t - first * DAY) / (size * DAY)) * size * DAY;
      const ends = Array.from({ length: size }, (_, i) => start + (i + 1) * DAY);
      return ends.filter((end) => t < end).map((end) => [start, end]);
    },
  };
}

// 1 January 1970 was a Thursday.
const week = soFar(() => cumulative(calendar(1, 'week', 'UTC'), days(1)), 7, -3);
const fiveDays = soFar(() => cumulative(days(5), days(1)), 5, 0);

interface Rules {
  outOfOrder: number;
  allowedLateness: number;
  emit: 'final' | 'updates';
}

/** Pushes batches, each by one door, and expects the oracle's rows and counters. */
function compare(windows: CalendarWindow[], rules: Rules, batches: OracleEvent[][], door = (_: number) => DOORS[0]) {
  const named = Object.fromEntries(windows.map((window, i) => [`w${i}`, window]));
  const oracle = new Oracle({ windows: named, maxFutureSkew: Infinity, ...rules });
  for (const event of batches.flat()) oracle.push(event);
  oracle.close();
  using stream = loosely({
    time: 't',
    key: 'key',
    window: Object.fromEntries(windows.map(({ make }, i) => [`w${i}`, make?.()])),
    aggregates: { n: count() },
    ...rules,
  });
  const given: Row[] = [];
  batches.forEach((batch, i) => {
    put(stream, batch, door(i));
    stream.flush();
    given.push(...stream.take());
  });
  given.push(...stream.close());
  const seen = given.map(({ window, start, end, key, n }) => [window, Number(start) / DAY, Number(end) / DAY, key, n]);
  expect(seen).toEqual(
    oracle.rows.map(({ window, start, end, key, events }) => [window, start / DAY, end / DAY, key, events.length]),
  );
  const { late, skipped } = stream.stats();
  expect([late, skipped]).toEqual([oracle.lateEvents.length, oracle.skipped]);
}

const eventAt = (day: number): OracleEvent => ({ t: day * DAY, key: 'a', v: 1 });

//             3   5.5 ···· 8   8.5   10
//   w0        no window of two days from day 7 has an event when the watermark is 8.2; at 8.5 there is one
//   w1        windows of four days take the event at 5.5, which is late for those of two
describe('an open window is not passed over when an event is late for its neighbours', () => {
  const final = { outOfOrder: 0, allowedLateness: 1.8 * DAY, emit: 'final' } as const;
  test.each<[string, CalendarWindow[], Rules, number[]]>([
    ['two days beside four', [hop(2), hop(4)], final, [10, 5.5, 8.5]],
    ['four days beside two', [hop(4), hop(2)], final, [10, 5.5, 8.5]],
    [
      'two days beside four, without late events',
      [hop(2), hop(4)],
      { ...final, allowedLateness: 0, outOfOrder: 1.8 * DAY },
      [10, 5.5, 8.5],
    ],
    ['the week so far beside four days', [week, hop(4)], { ...final, allowedLateness: 2 * DAY }, [14, 9, 12]],
    [
      'the week so far beside five days so far',
      [week, fiveDays],
      { ...final, allowedLateness: 1.5 * DAY },
      [14, 10, 12.7],
    ],
  ])('%s', (_, windows, rules, times) => {
    compare(
      windows,
      rules,
      times.map((day) => [eventAt(day)]),
    );
  });
});

test("random streams with days between events give the oracle's results", () => {
  const all = [week, fiveDays, hop(1), hop(2), hop(3), hop(4), hop(7), hop(3, 2), hop(5, 3), hop(2, 3)];
  for (let seed = 1; seed <= runs(3000); seed++) {
    const next = random(seed);
    const below = (n: number) => Math.floor(next() * n);
    const windows = Array.from({ length: 2 + below(2) }, () => all[below(all.length)] as CalendarWindow);
    const rules = {
      outOfOrder: below(2) * below(30) * (DAY / 4),
      allowedLateness: below(2) * below(30) * (DAY / 4),
      emit: below(2) ? ('final' as const) : ('updates' as const),
    };
    const behind = rules.outOfOrder + rules.allowedLateness;
    let clock = 0;
    const batches = Array.from({ length: 2 + below(12) }, () =>
      Array.from({ length: 1 + below(4) * below(2) }, (): OracleEvent => {
        clock += below(3) ? below(8) * 3 * HOUR : below(12) * DAY;
        const t = below(2) ? clock : clock - Math.max(0, behind + (below(48) - 36) * 6 * HOUR);
        return { t, key: `k${below(2)}`, v: 1 };
      }),
    );
    try {
      compare(windows, rules, batches, () => DOORS[below(DOORS.length)] as (typeof DOORS)[0]);
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause });
    }
  }
});
