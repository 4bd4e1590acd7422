/**
 * Catches sessions that end, merge, fire or close wrongly: told step by step, with gaps by a column, greatest lengths,
 * updates and late events. sessions.large.test.ts holds very many of them.
 */

import { describe, expect, onTestFinished, test } from 'vitest';
import { rows, type Spec, session, sum, windowed } from '../../bindings';
import { checkLaws } from '../support/check-laws';
import { refusedByEveryDoor } from '../support/doors';
import { refused } from '../support/helpers';
import { windowed as loosely, type Row } from '../support/scenarios';
import { lines, type Step, stepped } from '../support/steps';

checkLaws();

//   k1   10  1000  2500 ───────────┤ 5500
//   k2   0  1000  2500 ────────────┤ 5500
//   k2                              5501  6000  6000  6050 ──────────┤ 9050
test('a session goes on as long as no pause is longer than the gap', () => {
  const { step, close } = stepped(session(3000), { outOfOrder: 10_000 });
  const times = [0, 1000, 2500, 5501, 6000, 6000, 6050];
  const k2 = times.map((t, i): Step => ['k2', t, [1, 2, 3, 4, 5, 5, 6][i]]);
  expect(step(...k2, ['k1', 10, 1], ['k1', 1000, 2], ['k1', 2500, 3])).toEqual([]);
  expect(close()).toEqual(['k2 [0, 5500) 6', 'k1 [10, 5500) 6', 'k2 [5501, 9050) 20']);
});

//   arrives    k1@0   k1@5   k1@1   k2@11   k1@30
//   watermark  -2     3      3      9       28: sessions that end before then fire
//   k1   0────)
//             5────)     touches: one session, and so is 1
test('intervals that touch are one session, in whatever order they come', () => {
  const { step, close } = stepped(session(5), { outOfOrder: 2 });
  expect(step(['k1', 0], ['k1', 5], ['k1', 1], ['k2', 11])).toEqual([]);
  expect(step(['k1', 30])).toEqual(['k1 [0, 10) 3', 'k2 [11, 16) 1']);
  expect(close()).toEqual(['k1 [30, 35) 1']);
});

//   0────)            at watermark 5 an event that touches may still come: the session is over only past 5
//        5────)
test("a session fires when the watermark is past its end; with touching 'split' it fires at its end", () => {
  const merging = stepped(session(5));
  expect(merging.step(['a', 0], 5)).toEqual([]);
  expect(merging.step(['a', 5], 10)).toEqual([]);
  expect(merging.step(10.001)).toEqual(['a [0, 10) 2']);
  expect(merging.close()).toEqual([]);
  const splitting = stepped(session(5, { touching: 'split' }));
  expect(splitting.step(['a', 0], 4.999)).toEqual([]);
  expect(splitting.step(['a', 5])).toEqual(['a [0, 5) 1']);
  expect(splitting.close()).toEqual(['a [5, 10) 1']);
});

//   0────)
//         5────)     touches and does not overlap
//             9────)
test("with touching 'split' only intervals that overlap are one session", () => {
  const { step, close } = stepped(session(5, { touching: 'split' }), { outOfOrder: 20 });
  step(['a', 0, 1], ['a', 9, 2], ['a', 5, 4]);
  expect(close()).toEqual(['a [0, 5) 1', 'a [5, 14) 6']);
});

//   a          7────)             the first of all
//   b   0────)  4────)  7────)    one session, [0, 12)
//   a   0────)
//          4────)                 bridges: [0, 12), in the place of 7
test('an event that bridges two sessions merges them into one, which keeps the place of the older', () => {
  const { step, close, stream } = stepped(session(5), { outOfOrder: 20 });
  step(['a', 7, 1], ['b', 0, 10], ['b', 4, 10], ['b', 7, 10], ['a', 0, 2], ['c', 1, 100]);
  expect(stream.stats().liveSlices).toBe(4);
  step(['a', 4, 4]);
  expect(stream.stats().liveSlices).toBe(3);
  expect(close()).toEqual(['c [1, 6) 100', 'a [0, 12) 7', 'b [0, 12) 30']);
});

//   0 10 20 30 … 990   none meets another;   then 5 15 25 … 985: all are one
test('a hundred sessions bridged one after the other, in any order, are one', () => {
  const bridges = Array.from({ length: 99 }, (_, i) => 10 * i + 5);
  for (const order of [bridges, bridges.toReversed(), bridges.toSorted((a, b) => (a % 70) - (b % 70))]) {
    const { step, close, stream } = stepped(session(5), { outOfOrder: 1e6 });
    step(...Array.from({ length: 100 }, (_, i): Step => ['a', 10 * i]));
    expect(stream.stats().liveSlices).toBe(100);
    step(...order.map((t): Step => ['a', t]));
    expect(stream.stats().liveSlices).toBe(1);
    expect(close()).toEqual(['a [0, 995) 199']);
  }
});

//   0────)  closed at 6: given with 1
//       3──────)   not late by itself (it would end at 8), but it meets the fired session: late
//          6────)
test('an event that meets a closed session is late: no two results of a key overlap', () => {
  const { step, close, late } = stepped(session(5));
  expect(step(['a', 0], ['b', 6])).toEqual(['a [0, 5) 1']);
  step(['a', 3], ['a', 6], ['c', 3]);
  expect(late).toEqual(['a 3']);
  expect(close()).toEqual(['c [3, 8) 1', 'b [6, 11) 1', 'a [6, 11) 1']);
});

//   a  0────)                     fires at 6, is remembered until 10 and holds its key
//                   b@10.001      forgotten
test('a closed session is remembered for one gap and then forgotten', () => {
  const { step, close, stream } = stepped(session(5));
  step(['a', 0], ['b', 6]);
  expect(stream.stats()).toMatchObject({ liveKeys: 2, liveSlices: 1 });
  step(10);
  expect(stream.stats()).toMatchObject({ liveKeys: 2, liveSlices: 1 });
  step(10.001);
  expect(stream.stats()).toMatchObject({ liveKeys: 1, liveSlices: 1 });
  expect(close()).toEqual(['b [6, 11) 1']);
});

//   watermark 20      14────) would end at 19: late      16────) would end at 21: taken
//   watermark 24      16───20────) takes 17, which alone would end at 22, and not 14, which would begin it sooner
test('an event is late if its own session would be over, unless it joins an open session after its start', () => {
  const { step, close, late } = stepped(session(5));
  step(20, ['a', 14], ['a', 16], ['a', 12], ['a', 20], 24, ['a', 17], ['a', 14], ['b', 17]);
  step(['b', 30]);
  expect(late).toEqual(['a 14', 'a 12', 'a 14', 'b 17']);
  expect(close()).toEqual(['b [30, 35) 1']);
});

describe('gaps by a column', () => {
  const gapped = (options: Partial<Spec> = {}) => {
    const late: number[] = [];
    const stream = loosely({
      time: 't',
      key: 'k',
      window: session('gap'),
      aggregates: { s: sum('v') },
      onLate: (batch: Iterable<Row>) => late.push(...[...batch].map(({ t }) => t as number)),
      ...options,
    });
    onTestFinished(() => stream[Symbol.dispose]());
    return { stream, late };
  };

  //   gaps 3, 10, 1 and 8
  //   0──)
  //     2─────────)                 meets 0, until 12
  //              11)                meets them, and changes no end
  //                 14───────)      begins anew
  test('a gap column gives each event its own gap', () => {
    const { stream } = gapped({ outOfOrder: 50 });
    stream.pushColumns({ t: [0, 2, 11, 14], gap: [3, 10, 1, 8], v: [1, 2, 4, 8], k: ['a', 'a', 'a', 'a'] });
    expect(lines(stream.close())).toEqual(['a [0, 12) 7', 'a [14, 22) 8']);
  });

  //   watermark 20, longest gap so far 4:   17 with gap 100 → 17 + 4 > 20: taken     15 with 100 → 15 + 4 < 20: late
  test('the longest gap seen so far decides which events are late', () => {
    const { stream, late } = gapped();
    stream.pushColumns({ t: [20, 17], gap: [4, 100], v: [1, 1], k: ['a', 'b'] });
    expect(late).toEqual([]);
    const other = gapped();
    other.stream.pushColumns({ t: [20, 15], gap: [4, 100], v: [1, 1], k: ['a', 'b'] });
    expect(other.late).toEqual([15]);
  });

  //   t    1   2   3        the gap of 3 is bad: each call is refused whole, and leaves nothing behind
  test.each([
    [NaN, 'NaN'],
    [0, '0'],
    [-1, '-1'],
    [Infinity, 'Infinity'],
    [null, ''],
    [undefined, ''],
  ])('every door refuses a gap of %s, and names its column and index', (bad, shown) => {
    const { stream } = gapped();
    const events = [1, 2, 3].map((t) => ({ t, k: 'a', v: 1, gap: t === 3 ? bad : 5 }));
    stream.push(events[0] as Row);
    refusedByEveryDoor(stream, events, 'ERR_ORIEL_COLUMN', '"gap"', shown);
    expect(stream.stats()).toMatchObject({ events: 1, watermark: 1 });
    expect(lines(stream.close())).toEqual(['a [1, 6) 1']);
  });

  test('a batch with one bad gap among 20,000 is refused whole', () => {
    const { stream } = gapped();
    const t = Array.from({ length: 20_000 }, (_, i) => i);
    const gap = t.map((i) => (i === 17_001 ? 0 : 2));
    refused('ERR_ORIEL_COLUMN', () => stream.pushColumns({ t, gap, v: t, k: t }), '"gap"', 'index 17001');
    expect(stream.stats()).toMatchObject({ events: 0, liveKeys: 0 });
  });
});

describe('a session with a greatest length', () => {
  //   0────)                    start + max = 12
  //      4────)
  //          8────|)            would end at 13: cut at 12
  //                 12────)     a new one, though it is within the gap
  test('it ends when it has that length, whatever the order of arrival', () => {
    for (const order of [
      [0, 4, 8, 12],
      [12, 4, 0, 8],
      [8, 12, 4, 0],
    ]) {
      const { step, close } = stepped(session(5, { max: 12 }), { outOfOrder: 20 });
      step(...order.map((t): Step => ['a', t, 2 ** (t / 4)]));
      expect(close()).toEqual(['a [0, 12) 7', 'a [12, 17) 8']);
    }
  });

  //   an event at each time from 0 to 30; sessions no longer than 10
  test('events without a pause are cut into sessions of that length', () => {
    const { step, close } = stepped(session(5, { max: 10 }));
    const given = step(...Array.from({ length: 31 }, (_, t): Step => ['a', t]));
    expect([...given, ...close()]).toEqual(['a [0, 10) 10', 'a [10, 20) 10', 'a [20, 30) 10', 'a [30, 35) 1']);
  });

  //   lateness 2: an event goes into its session when the watermark is past t + 2;   at 11 8 is late, 9 is not
  test('it takes events in order of time and fires one final row, even with updates', () => {
    const { step, close, late } = stepped(session(5, { max: 12 }), { allowedLateness: 2, emit: 'updates' });
    expect(step(['a', 0, 1], ['a', 3, 2])).toEqual([]);
    expect(step(['a', 11, 4])).toEqual(['a [0, 8) 3 on-time 0!']);
    step(['a', 8, 8], ['a', 9, 16]);
    expect(late).toEqual(['a 8']);
    expect(close()).toEqual(['a [9, 16) 20 on-time 0!']);
  });

  //   a   0   3   1: three, given at once, and ends at its latest event, 3
  //       2: begins a new session; the full one is not remembered
  test('with max: rows(n) a session fires when it has n events', () => {
    const { step, close } = stepped(session(5, { max: rows(3) }), { outOfOrder: 9 });
    expect(step(['a', 0, 1], ['a', 3, 2], ['a', 1, 4])).toEqual(['a [0, 3) 7']);
    expect(step(['a', 2, 8])).toEqual([]);
    expect(close()).toEqual(['a [2, 7) 8']);
  });

  //   0────) 1────)      and     7────) 8────)     are two each; 4 bridges them: five at once
  test('an event that bridges two sessions can exceed rows(n)', () => {
    const { step, close } = stepped(session(4, { max: rows(4) }), { outOfOrder: 9 });
    expect(step(['a', 0], ['a', 1], ['a', 7], ['a', 8])).toEqual([]);
    expect(step(['a', 4])).toEqual(['a [0, 8) 5']);
    expect(close()).toEqual([]);
  });

  test('with max: rows(1) each event is a session', () => {
    const { step, close } = stepped(session(5, { max: rows(1) }));
    expect(step(['a', 3], ['a', 3], ['b', 4])).toEqual(['a [3, 3) 1', 'a [3, 3) 1', 'b [4, 4) 1']);
    expect(close()).toEqual([]);
  });
});

describe("emit: 'updates'", () => {
  //   lateness 10     a 0────)  on time at 6
  //                   a    4─────)       ends at 9 > 6: open again, on time again at 12
  //                   a  3               joins a session that is over and not closed: its row fires at once
  //                   a                  closed at 20: 0 is late
  test('late events amend a session, or reopen it, until it is closed', () => {
    const { step, close, late } = stepped(session(5), { allowedLateness: 10, emit: 'updates' });
    expect(step(['a', 0, 1], ['b', 6, 100])).toEqual(['a [0, 5) 1 on-time 0']);
    expect(step(['a', 4, 2])).toEqual([]);
    expect(step(['b', 12, 100])).toEqual(['a [0, 9) 3 on-time 1', 'b [6, 11) 100 on-time 0']);
    expect(step(['a', 3, 4])).toEqual(['a [0, 9) 7 late 2']);
    expect(step(20, ['a', 0, 1])).toEqual(['b [12, 17) 100 on-time 0']);
    expect(close()).toEqual([]);
    expect(late).toEqual(['a 0']);
  });

  //   lateness 50      0────)   on time at 20, amended: 2 rows             4 bridges: one session, late,
  //                          8────)   on time at 20: 1 row                   its row the third, number 2
  test('a merged session continues from the greatest index of its parts', () => {
    const { step } = stepped(session(5), { allowedLateness: 50, emit: 'updates' });
    expect(step(['a', 0, 1], ['a', 8, 2], ['b', 20, 0])).toEqual(['a [0, 5) 1 on-time 0', 'a [8, 13) 2 on-time 0']);
    expect(step(['a', 1, 4])).toEqual(['a [0, 6) 5 late 1']);
    expect(step(['a', 4, 8])).toEqual(['a [0, 13) 15 late 2']);
    const parts = stepped(session(5), { allowedLateness: 50, emit: 'updates', accumulate: false });
    parts.step(['a', 0, 1], ['a', 8, 2], ['b', 20, 0], ['a', 1, 4]);
    expect(parts.step(['a', 4, 8])).toEqual(['a [0, 13) 8 late 2']);
  });

  //   lateness 10, watermark 20:    12────) is over at 17 and not closed until 27
  test('the first event of a session that is already over fires its row at once', () => {
    const { step, close } = stepped(session(5), { allowedLateness: 10, emit: 'updates' });
    expect(step(20, ['a', 12])).toEqual(['a [12, 17) 1 late 0']);
    expect(close()).toEqual([]);
  });
});

// So many sessions are kept in a timing wheel, whose buckets cover stretches of time.
test.each([1, 64, 300, 5000])('each of %i sessions fires with the event that passes its end', (count) => {
  const GAP = 100;
  using stream = windowed({ time: 't', key: 'k', window: session(GAP), aggregates: { s: sum('v') } });
  const open = Array.from({ length: count }, (_, k) => ({ k, start: (k * 97) / count }));
  stream.pushRows(open.map(({ k, start }) => ({ t: start, k, v: 1 })));
  for (let t = GAP - 1; t <= 2 * GAP; t += 0.5) {
    stream.pushRows([{ t, k: -1, v: 0 }]);
    const over = open.filter(({ start }) => start + GAP < t && start + GAP >= t - 0.5);
    expect(Array.from(stream.take(), ({ k }) => k)).toEqual(over.map(({ k }) => k));
  }
  expect(stream.close().length).toBe(1);
});

//   twenty keys, sessions one after the other: sessions that are over are forgotten
test('sessions that come and go keep memory flat', () => {
  using stream = windowed({ time: 't', key: 'k', window: session(5), aggregates: { s: sum('v') }, outOfOrder: 50 });
  const sizes: number[] = [];
  for (let round = 0; round < 60; round++) {
    const t = Float64Array.from({ length: 5000 }, (_, i) => round * 50_000 + i * 10 + (i % 3) * 2);
    stream.pushColumns({ t, k: t.map((_, i) => i % 20), v: t });
    expect(stream.take().length).toBeGreaterThan(4900);
    sizes.push(stream.stats().bytes);
  }
  expect(Math.max(...sizes.slice(2))).toBe(Math.max(...sizes.slice(2, 6)));
});
