/**
 * Catches rolling windows whose frames hold wrong events or traces of evicted ones, whose rows fire at the wrong
 * moment, and frames that keep memory after their events have left.
 */

import { describe, expect, test } from 'vitest';
import { count, last, max, mean, min, rolling, rows, stddev, sum, variance, windowed } from '../../bindings';
import { definitions } from '../oracle';
import { checkLaws } from '../support/check-laws';
import { random } from '../support/helpers';
import { stepped } from '../support/steps';

checkLaws();

type Closed = 'right' | 'left' | 'both' | 'none';

//   s         1    2    3    4         6
//   right     1    2    2    2         1      (t - 2, t]
//   both      1    2    3    3         2      [t - 2, t]
//   left      0    1    2    2         1      [t - 2, t)
//   none      0    1    1    1         0      (t - 2, t)
test.each<[Closed, number[]]>([
  ['right', [1, 2, 2, 2, 1]],
  ['both', [1, 2, 3, 3, 2]],
  ['left', [0, 1, 2, 2, 1]],
  ['none', [0, 1, 1, 1, 0]],
])("a frame with closed '%s' includes only those of its ends", (closed, wanted) => {
  using stream = windowed({ time: 't', window: rolling('2s', { closed }), aggregates: { n: count() } });
  stream.pushColumns({ t: [1, 2, 3, 4, 6].map((s) => s * 1000) });
  expect(stream.close().toArray()).toEqual([1, 2, 3, 4, 6].map((s, i) => ({ t: s * 1000, n: wanted[i] })));
});

//   s         0      2       3      5     6
//   v         0      1       2      3     4
//   sum 2s    0      1       3      3     7
//   dev 5s    -      0.7071  1      1     1.2910
test('sums over two seconds and deviations over five are those of the frames', () => {
  using stream = windowed({
    time: 't',
    window: { two: rolling('2s'), five: rolling('5s') },
    aggregates: { s: sum('v'), d: stddev('v') },
  });
  stream.pushColumns({ t: [0, 2, 3, 5, 6].map((s) => s * 1000), v: [0, 1, 2, 3, 4] });
  const given = stream.close().toArray();
  const of = (name: string) => given.filter(({ window }) => window === name);
  expect(of('two').map(({ s }) => s)).toEqual([0, 1, 3, 3, 7]);
  expect(of('five').map(({ d }) => d.toFixed(4))).toEqual(['NaN', '0.7071', '1.0000', '1.0000', '1.2910']);
});

//   t       5   5   5   7        events of one time are all in each other's frames, or none is
//   v       1   2   4   8
test('each frame has all events of its own time or none of them, whichever arrived first', () => {
  const wanted: Record<Closed, (number | null)[]> = {
    right: [7, 7, 7, 15],
    both: [7, 7, 7, 15],
    left: [null, null, null, 7],
    none: [null, null, null, 7],
  };
  for (const [closed, sums] of Object.entries(wanted)) {
    const { step, close } = stepped(rolling(3, { closed: closed as Closed }));
    const at = (i: number, t: number) => `a at ${t} ${sums[i] ?? NaN}`;
    expect(step(['a', 5, 1], ['a', 5, 2], ['b', 5, 99], ['a', 5, 4])).toEqual([]);
    const given = [...step(['a', 7, 8]), ...close()].filter((line) => line.startsWith('a'));
    expect(given).toEqual([at(0, 5), at(1, 5), at(2, 5), at(3, 7)]);
  }
});

//   arrives    5    3    5    9      lateness 1: a row when the watermark is past t + 1
//   watermark  3    3    3    7      2: late, as 2 + 1 < 7; 6 is not, and no row had it in its frame
test('a row waits until its frame is whole, and rows come in order of time', () => {
  const { step, close, late } = stepped(rolling(3), { outOfOrder: 2, allowedLateness: 1 });
  expect(step(['a', 5, 1], ['a', 3, 2], ['b', 4, 99], ['a', 5, 4])).toEqual([]);
  expect(step(['a', 9, 8])).toEqual(['a at 3 2', 'b at 4 99', 'a at 5 7', 'a at 5 7']);
  step(['a', 2, 1], ['a', 6, 16]);
  expect(close()).toEqual(['a at 6 21', 'a at 9 8']);
  expect(late).toEqual(['a 2']);
});

//   watermark 5: 5 itself may still come, so that rows at 5 wait; at 5.001 they do not
test('a row at the watermark waits for other events of its time', () => {
  const { step } = stepped(rolling(3));
  expect(step(['a', 5])).toEqual([]);
  expect(step(5, ['a', 5])).toEqual([]);
  expect(step(5.001)).toEqual(['a at 5 2', 'a at 5 2']);
});

test.each([
  ['without a key', {}],
  ['with a key', { key: 'k' }],
])('events of one time wait for each other, %s', (_, keys) => {
  using stream = windowed({ time: 't', ...keys, window: rolling(10), aggregates: { n: count() } });
  const push = (...times: number[]) => {
    stream.pushRows(times.map((t) => ({ t, k: 'a' })) as never);
    return Array.from(stream.take(), (row) => (row as { n: number }).n);
  };
  expect(push(5, 5)).toEqual([]);
  expect(push(5)).toEqual([]);
  expect(push(6)).toEqual([3, 3, 3]);
});

test('any order of arrival within outOfOrder gives the rows of the sorted events', () => {
  const next = random(3);
  const events = Array.from({ length: 3000 }, (_, i) => ({
    t: Math.floor(i / 2),
    k: i % 7,
    v: Math.floor(next() * 99),
  }));
  const run = (list: typeof events) => {
    using stream = windowed({
      time: 't',
      key: 'k',
      window: rolling(50),
      aggregates: { n: count(), s: sum('v'), least: min('v'), most: max('v') },
      outOfOrder: 40,
    });
    stream.pushRows(list);
    const given = stream.close().toArray();
    expect(given).toHaveLength(list.length);
    expect(stream.stats().late).toBe(0);
    return given;
  };
  const place = new Map(events.map((event) => [event, event.t + next() * 40]));
  const shuffled = events.toSorted((a, b) => (place.get(a) as number) - (place.get(b) as number));
  const byTime = (a: { t: number; k: unknown }, b: { t: number; k: unknown }) => a.t - b.t || Number(a.k) - Number(b.k);
  expect(run(shuffled).sort(byTime)).toEqual(run(events).sort(byTime));
});

//   number   0    1    2    3        of key a; times play no part
//   v        1    2    4    8
test.each<[Closed, number[]]>([
  ['right', [1, 3, 6, 12]],
  ['left', [NaN, 1, 3, 6]],
  ['both', [1, 3, 7, 14]],
  ['none', [NaN, 1, 2, 4]],
])('frames of rows(n), closed %s, fire with their event, in order of arrival', (closed, sums) => {
  const { step, close, late } = stepped(rolling(rows(2), { closed }));
  const given = step(['a', 9, 1], ['b', 9, 100], ['a', 3, 2], ['a', 7, 4], ['a', 1, 8]);
  expect(given.filter((line) => line.startsWith('a'))).toEqual(sums.map((s, i) => `a at ${[9, 3, 7, 1][i]} ${s}`));
  expect([late, close()]).toEqual([[], []]);
});

test('frames of rows(1) hold the event, the one before it, both or none', () => {
  const wanted: Record<Closed, number[]> = {
    right: [1, 2, 4],
    left: [NaN, 1, 2],
    both: [1, 3, 6],
    none: [NaN, NaN, NaN],
  };
  for (const [closed, sums] of Object.entries(wanted)) {
    const { step } = stepped(rolling(rows(1), { closed: closed as Closed }));
    expect(step(['a', 1, 1], ['a', 2, 2], ['a', 3, 4])).toEqual(sums.map((s, i) => `a at ${i + 1} ${s}`));
  }
});

//   slow: 10 by time, waits      fast: two rows, at once       if both fire, in the order of the record
test('frames by time and by number of events share a stream without changing each other', () => {
  const { step, close } = stepped({ slow: rolling(10), fast: rolling(rows(2)) });
  expect(step(['a', 1, 1], ['a', 2, 2])).toEqual(['fast a at 1 1', 'slow a at 1 1', 'fast a at 2 3']);
  expect(step(['a', 3, 4])).toEqual(['slow a at 2 3', 'fast a at 3 6']);
  expect(close()).toEqual(['slow a at 3 7']);
});

//   -2^53 - 1 has no double: the frame of 1 at -2^53 begins where it ends, and has its event all the same
test('a keyed frame that is too short for the times around it has its own event', () => {
  expect(ownEvent({ key: 'k' })).toEqual([1, 1]);
});

test('an un-keyed frame that is too short for the times around it has its own event', () => {
  expect(ownEvent({})).toEqual([1, 1]);
});

function ownEvent(options: { key?: string }): number[] {
  using stream = windowed({ time: 't', window: rolling(1), aggregates: { n: count() }, ...options });
  stream.pushColumns({ t: [-(2 ** 53), 2 ** 53], k: [1, 1] } as never);
  const given = stream.close().toArray();
  return given.map(({ n }) => n);
}

/** Whole numbers, among them runs that are missing, infinities and zeros of either sign. */
function oddValues(n: number, seed: number): number[] {
  const next = random(seed);
  const values: number[] = [];
  while (values.length < n) {
    const odd = [NaN, NaN, Infinity, -Infinity, 0, -0][Math.floor(next() * 12)];
    const run = Math.ceil(next() ** 4 * (odd === undefined ? 700 : 400));
    for (let i = 0; i < run; i++) values.push(odd ?? Math.floor(next() * 100) - 50);
  }
  return values.slice(0, n);
}

test.each([1, 2, 7, 255, 256, 257, 900])(
  'frames of %i events give the aggregates of their events, however the events are cut',
  (size) => {
    const n = 3000;
    const v = oddValues(n, size);
    const t = v.map((_, i) => i);
    const kinds = ['events', 'count', 'min', 'max', 'sum', 'last', 'mean'];
    const own = { events: count(), count: count('v'), min: min('v'), max: max('v'), sum: sum('v'), last: last('v') };
    // The mean reads the states of sum and count as well.
    for (const aggregates of [own, { ...own, mean: mean('v') }]) {
      for (const window of [rolling(rows(size)), rolling(size)]) {
        const [whole, ...others] = [n, 1, 97].map((cut) => {
          using stream = windowed({ time: 't', window, aggregates });
          for (let i = 0; i < n; i += cut) stream.pushColumns({ t: t.slice(i, i + cut), v: v.slice(i, i + cut) });
          const { columns } = stream.close();
          return columns as unknown as Record<string, Float64Array>;
        });
        expect(others).toHaveLength(2);
        for (const other of others) expect(other).toEqual(whole);
        expect(whole?.events).toHaveLength(n);
        for (let i = 0; i < n; i += 11) {
          const from = Math.max(0, i - size + 1);
          const events = v.slice(from, i + 1).map((v, j) => ({ t: from + j, v, key: '' }));
          for (const kind of kinds.filter((kind) => kind in aggregates)) {
            // Either zero may be the minimum of 0 and -0.
            const wanted = (definitions[kind]?.(events) as number) + 0;
            expect([i, kind, (whole?.[kind]?.[i] as number) + 0]).toEqual([i, kind, wanted]);
          }
        }
      }
    }
  },
);

describe('an event that has left a frame', () => {
  const AGGREGATES = { n: count(), s: sum('v'), m: mean('v'), d: variance('v'), least: min('v'), most: max('v') };

  //   v   1  Infinity  2  -Infinity  NaN  3  4  5 …     frames of three: from 5 on, none holds the special values
  test('an infinity or a missing value leaves no trace', () => {
    const v = [1, Infinity, 2, -Infinity, NaN, 3, 4, 5, 6];
    for (const window of [rolling(3), rolling(rows(3))]) {
      using stream = windowed({ time: 't', window, aggregates: AGGREGATES });
      stream.pushColumns({ t: v.map((_, i) => i), v });
      const given = stream.close().toArray();
      expect(given).toHaveLength(v.length);
      for (const [i, { n, s, m, d, least, most }] of given.entries()) {
        const events = v.slice(Math.max(0, i - 2), i + 1).map((v, t) => ({ t, v, key: '' }));
        const wanted = ['events', 'sum', 'mean', 'variance', 'min', 'max'].map((kind) => definitions[kind]?.(events));
        expect([i, n, s, m, d, least, most]).toEqual([i, ...wanted]);
      }
    }
  });

  //   v   1e16  1  3.3  1e300  0  0  0 …       a running sum would keep a rounding error for ever
  test('great numbers leave no rounding error: frames of zeros after them give exactly 0', () => {
    for (const window of [rolling(4), rolling(rows(4))]) {
      using stream = windowed({ time: 't', window, aggregates: { s: sum('v'), m: mean('v'), d: variance('v') } });
      const v = [1e16, 1, 3.3, 1e300, ...Array.from({ length: 20 }, () => 0)];
      stream.pushColumns({ t: v.map((_, i) => i), v });
      const rest = stream.close().toArray().slice(7);
      expect(rest.length).toBe(17);
      for (const { s, m, d } of rest) expect([s, m, d]).toEqual([0, 0, 0]);
    }
  });
});

describe('the memory of rolling windows', () => {
  //   400,000 events, some hundred in a frame
  test.each([
    ['by time', rolling(500)],
    ['by number', rolling(rows(500))],
  ])('it follows the events in the frames, %s', (_, window) => {
    using stream = windowed({ time: 't', key: 'k', window, aggregates: { s: sum('v') }, outOfOrder: 10 });
    const sizes: number[] = [];
    for (let round = 0; round < 200; round++) {
      const t = Float64Array.from({ length: 2000 }, (_, i) => round * 2000 + i - (i % 3));
      stream.pushColumns({ t, k: t.map((_, i) => i % 5), v: t });
      expect(stream.take().length).toBeGreaterThan(1900);
      sizes.push(stream.stats().bytes);
    }
    expect(Math.max(...sizes.slice(60))).toBeLessThanOrEqual(Math.max(...sizes.slice(0, 60)));
  });

  //   a hundred thousand keys at once, then one event far off: all are silent, their frames empty
  test('it shrinks when keys fall silent, without another event of theirs', () => {
    using stream = windowed({ time: 't', key: 'k', window: rolling(1000), aggregates: { s: sum('v') } });
    const { bytes: before } = stream.stats();
    const k = Float64Array.from({ length: 100_000 }, (_, i) => i);
    stream.pushColumns({ t: new Float64Array(k.length).fill(5), k, v: k });
    expect(stream.stats()).toMatchObject({ liveKeys: 100_000, liveSlices: 100_000 });
    stream.advance(6);
    expect(stream.take().length).toBe(100_000);
    const { bytes: full } = stream.stats();
    expect(stream.stats()).toMatchObject({ liveKeys: 100_000, liveSlices: 100_000 });
    stream.advance(1006);
    const { bytes: after } = stream.stats();
    expect(stream.stats()).toMatchObject({ liveKeys: 0, liveSlices: 0 });
    expect(full - before).toBeGreaterThan(100 * k.length);
    expect(after - before).toBeLessThan((full - before) / 2);
  });

  test('it shrinks when a burst of one key has left the frame', () => {
    using stream = windowed({ time: 't', key: 'k', window: rolling(100), aggregates: { s: sum('v') } });
    stream.push({ t: 0, k: 'a', v: 1 });
    const t = new Float64Array(200_000).map((_, i) => 1 + i / 1e6);
    stream.pushColumns({ t, k: Array.from(t, () => 'a'), v: t });
    const { bytes: full } = stream.stats();
    stream.push({ t: 200, k: 'a', v: 1 });
    expect(stream.take().length).toBe(200_001);
    stream.push({ t: 300.5, k: 'a', v: 1 });
    const { bytes: after } = stream.stats();
    // The stream keeps the memory of the results.
    expect(full - after).toBeGreaterThan(24 * t.length);
  });
});
