/** Sessions: events of a key no more than a gap apart; where they end, what makes two of them one, and what is too late. */

import { describe, expect, onTestFinished, test } from 'vitest';
import { count, rows, type Spec, session, sum, windowed } from '../../bindings';
import { refused, scaled } from '../support/helpers';
import { windowed as loosely, type Row } from '../support/scenarios';
import { lines, type Step, stepped } from '../support/steps';

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
//   watermark  -2     3      3      9       28: fires what ends before then
//   k1   0────)
//             5────)     touches: one session, and so is 1
test('intervals that touch are one session, in whatever order they come', () => {
  const { step, close } = stepped(session(5), { outOfOrder: 2 });
  expect(step(['k1', 0], ['k1', 5], ['k1', 1], ['k2', 11])).toEqual([]);
  expect(step(['k1', 30])).toEqual(['k1 [0, 10) 3', 'k2 [11, 16) 1']);
  expect(close()).toEqual(['k1 [30, 35) 1']);
});

//   0────)            at watermark 5 the one that touches may still come: only past 5 is it over
//        5────)
test('a session is given when the watermark is past its end, one that splits where it touches at its end', () => {
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
test('where touching splits, only what overlaps is one session', () => {
  const { step, close } = stepped(session(5, { touching: 'split' }), { outOfOrder: 20 });
  step(['a', 0, 1], ['a', 9, 2], ['a', 5, 4]);
  expect(close()).toEqual(['a [0, 5) 1', 'a [5, 14) 6']);
});

//   a          7────)             the first of all
//   b   0────)  4────)  7────)    one session, [0, 12)
//   a   0────)
//          4────)                 bridges: [0, 12), in the place of 7
test('an event between two sessions makes them one, which keeps the place of the elder', () => {
  const { step, close, stream } = stepped(session(5), { outOfOrder: 20 });
  step(['a', 7, 1], ['b', 0, 10], ['b', 4, 10], ['b', 7, 10], ['a', 0, 2], ['c', 1, 100]);
  expect(stream.stats().liveSlices).toBe(4);
  step(['a', 4, 4]);
  expect(stream.stats().liveSlices).toBe(3);
  expect(close()).toEqual(['c [1, 6) 100', 'a [0, 12) 7', 'b [0, 12) 30']);
});

//   0 10 20 30 … 990   none meets another;   then 5 15 25 … 985: all are one
test('a hundred sessions bridged one after the other, from whichever end, are one', () => {
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
//       3──────)   not too old by itself (ends 8), but meets what was given: late
//          6────)
test('an event that meets a closed session is late: no two results of a key overlap', () => {
  const { step, close, late } = stepped(session(5));
  expect(step(['a', 0], ['b', 6])).toEqual(['a [0, 5) 1']);
  step(['a', 3], ['a', 6], ['c', 3]);
  expect(late).toEqual(['a 3']);
  expect(close()).toEqual(['c [3, 8) 1', 'b [6, 11) 1', 'a [6, 11) 1']);
});

//   a  0────)                     given at 6, remembered until 10: its key is not free
//                   b@10.001      forgotten
test('a closed session is remembered for one gap, and then is nothing any more', () => {
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
test('an event is late if its session would be over; not if it joins one that is not, behind its start', () => {
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
  test('each event has its own', () => {
    const { stream } = gapped({ outOfOrder: 50 });
    stream.pushColumns({ t: [0, 2, 11, 14], gap: [3, 10, 1, 8], v: [1, 2, 4, 8], k: ['a', 'a', 'a', 'a'] });
    expect(lines(stream.close())).toEqual(['a [0, 12) 7', 'a [14, 22) 8']);
  });

  //   watermark 20, longest gap so far 4:   17 with gap 100 → 17 + 4 > 20: taken     15 with 100 → 15 + 4 < 20: late
  test('the longest so far says what is too late', () => {
    const { stream, late } = gapped();
    stream.pushColumns({ t: [20, 17], gap: [4, 100], v: [1, 1], k: ['a', 'b'] });
    expect(late).toEqual([]);
    const other = gapped();
    other.stream.pushColumns({ t: [20, 15], gap: [4, 100], v: [1, 1], k: ['a', 'b'] });
    expect(other.late).toEqual([15]);
  });

  //   t    1   2   3        gap of 3: none that can be    the whole call is refused, and the next finds nothing of it
  test.each([
    [NaN, 'NaN'],
    [0, '0'],
    [-1, '-1'],
    [Infinity, 'Infinity'],
    [null, ''],
    [undefined, ''],
  ])('a gap of %s is refused by every door, by the column and the place', (bad, shown) => {
    const { stream } = gapped();
    const events = [1, 2, 3].map((t) => ({ t, k: 'a', v: 1, gap: t === 3 ? bad : 5 }));
    stream.push(events[0] as Row);
    refused('ERR_ORIEL_COLUMN', () => stream.push(events[2] as Row), '"gap"', shown);
    refused('ERR_ORIEL_COLUMN', () => stream.pushRows(events), '"gap"', 'index 2', shown);
    const columns = { t: [1, 2, 3], k: ['a', 'a', 'a'], v: [1, 1, 1], gap: [5, 5, bad] };
    refused('ERR_ORIEL_COLUMN', () => stream.pushColumns(columns), '"gap"', 'index 2', shown);
    const views = stream.claim(3);
    views.t?.set([1, 2, 3]);
    views.v?.fill(1);
    views.k?.fill(stream.keyId('a'));
    views.gap?.set([5, 5, bad ?? NaN]);
    refused('ERR_ORIEL_COLUMN', () => stream.commit(3), '"gap"', 'index 2');
    expect(stream.stats()).toMatchObject({ events: 1, watermark: 1 });
    expect(lines(stream.close())).toEqual(['a [1, 6) 1']);
  });

  test('a bad gap deep in many events leaves nothing of them', () => {
    const { stream } = gapped();
    const t = Array.from({ length: 20_000 }, (_, i) => i);
    const gap = t.map((i) => (i === 17_001 ? 0 : 2));
    refused('ERR_ORIEL_COLUMN', () => stream.pushColumns({ t, gap, v: t, k: t }), '"gap"', 'index 17001');
    expect(stream.stats()).toMatchObject({ events: 0, liveKeys: 0 });
  });
});

describe('a longest session', () => {
  //   0────)                    start + max = 12
  //      4────)
  //          8────|)            would end at 13: cut at 12
  //                 12────)     a new one, though it is within the gap
  test('ends when it has that length, whatever the order of arrival', () => {
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

  //   clock 0 … 30, an event each; sessions of 10 at most
  test('cuts what never pauses into pieces of that length', () => {
    const { step, close } = stepped(session(5, { max: 10 }));
    const given = step(...Array.from({ length: 31 }, (_, t): Step => ['a', t]));
    expect([...given, ...close()]).toEqual(['a [0, 10) 10', 'a [10, 20) 10', 'a [20, 30) 10', 'a [30, 35) 1']);
  });

  //   lateness 2: an event goes into its session when the watermark is past t + 2;   at 11 8 is late, 9 is not
  test('takes events in order of time, and gives one row, final even where others would be amended', () => {
    const { step, close, late } = stepped(session(5, { max: 12 }), { allowedLateness: 2, emit: 'updates' });
    expect(step(['a', 0, 1], ['a', 3, 2])).toEqual([]);
    expect(step(['a', 11, 4])).toEqual(['a [0, 8) 3 on-time 0!']);
    step(['a', 8, 8], ['a', 9, 16]);
    expect(late).toEqual(['a 8']);
    expect(close()).toEqual(['a [9, 16) 20 on-time 0!']);
  });

  //   a   0   3   1: three, given at once, and ends at its latest event, 3
  //       2: begins anew, and meets nothing: what was full is not remembered
  test('of so many rows is given when it has them', () => {
    const { step, close } = stepped(session(5, { max: rows(3) }), { outOfOrder: 9 });
    expect(step(['a', 0, 1], ['a', 3, 2], ['a', 1, 4])).toEqual(['a [0, 3) 7']);
    expect(step(['a', 2, 8])).toEqual([]);
    expect(close()).toEqual(['a [2, 7) 8']);
  });

  //   0────) 1────)      and     7────) 8────)     are two each; 4 bridges them: five at once
  test('of so many rows may have more where an event bridges two', () => {
    const { step, close } = stepped(session(4, { max: rows(4) }), { outOfOrder: 9 });
    expect(step(['a', 0], ['a', 1], ['a', 7], ['a', 8])).toEqual([]);
    expect(step(['a', 4])).toEqual(['a [0, 8) 5']);
    expect(close()).toEqual([]);
  });

  test('of one row is each event by itself', () => {
    const { step, close } = stepped(session(5, { max: rows(1) }));
    expect(step(['a', 3], ['a', 3], ['b', 4])).toEqual(['a [3, 3) 1', 'a [3, 3) 1', 'b [4, 4) 1']);
    expect(close()).toEqual([]);
  });
});

describe('updates', () => {
  //   lateness 10     a 0────)  on time at 6
  //                   a    4─────)       ends at 9 > 6: open again, on time again at 12
  //                   a  3               in a session that is over and not closed: at once
  //                   a                  closed at 20: 0 is late
  test('amend a session, or open it again, until it is closed', () => {
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
  test('of a session merged of several go on from the greatest of their numbers', () => {
    const { step } = stepped(session(5), { allowedLateness: 50, emit: 'updates' });
    expect(step(['a', 0, 1], ['a', 8, 2], ['b', 20, 0])).toEqual(['a [0, 5) 1 on-time 0', 'a [8, 13) 2 on-time 0']);
    expect(step(['a', 1, 4])).toEqual(['a [0, 6) 5 late 1']);
    expect(step(['a', 4, 8])).toEqual(['a [0, 13) 15 late 2']);
    const parts = stepped(session(5), { allowedLateness: 50, emit: 'updates', accumulate: false });
    parts.step(['a', 0, 1], ['a', 8, 2], ['b', 20, 0], ['a', 1, 4]);
    expect(parts.step(['a', 4, 8])).toEqual(['a [0, 13) 8 late 2']);
  });

  //   lateness 10, watermark 20:    12────) is over at 17 and not closed until 27
  test('give the first event of a session that is over at once', () => {
    const { step, close } = stepped(session(5), { allowedLateness: 10, emit: 'updates' });
    expect(step(20, ['a', 12])).toEqual(['a [12, 17) 1 late 0']);
    expect(close()).toEqual([]);
  });
});

//   idle   k0 … k999999, one event each, at the start      busy  one key for ever after
test('very many keys that wait cost what they hold and no more, and a busy one beside them adds nothing', () => {
  const KEYS = scaled(1_000_000);
  using stream = windowed({ time: 't', key: 'k', window: session(1e9), aggregates: { n: count() } });
  const { bytes: before } = stream.stats();
  stream.pushColumns({ t: new Float64Array(KEYS), k: Float64Array.from({ length: KEYS }, (_, i) => i) });
  const idle = stream.stats();
  expect(idle).toMatchObject({ liveKeys: KEYS, liveSlices: KEYS });
  expect((idle.bytes - before) / KEYS).toBeLessThan(300);
  for (let call = 0; call < 100; call++) {
    const t = Float64Array.from({ length: 1000 }, (_, i) => call * 1000 + i);
    stream.pushColumns({ t, k: new Float64Array(1000).fill(7) });
  }
  expect(stream.stats()).toMatchObject({ liveKeys: KEYS, liveSlices: KEYS, bytes: idle.bytes });
  stream.advance(1.05e9);
  expect(stream.take().length).toBe(KEYS);
  stream.advance(2.1e9);
  const { bytes } = stream.stats();
  expect(stream.stats()).toMatchObject({ liveKeys: 0, liveSlices: 0 });
  expect(bytes).toBeLessThan(idle.bytes);
  expect(stream.close().length).toBe(0);
});

//   one key, sessions one after the other for ever: what is over is forgotten
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
