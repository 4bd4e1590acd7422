/**
 * Catches bugs in the oracle itself, by cases worked out by hand. Several cases appear again in test/window, where the
 * core has to give the same results. This suite needs no core.
 */

import { expect, test } from 'vitest';
import { definitions, Oracle, type OracleEvent, type OracleWindow, type Rules, type SessionWindow } from '.';

/**
 * An event of a key with a value, which is 1 by default, and perhaps a gap of its own; or a time to which the watermark
 * is moved by hand.
 */
type Step = [key: string, t: number, v?: number, gap?: number] | number;

const fields = (step: Exclude<Step, number>): OracleEvent => {
  const [key, t, v = 1, gap] = step;
  return { key, t, v, ...(gap === undefined ? {} : { gap }) };
};

/** Rows as text: `key [start, end) sum`, and if there are panes the pane, its index and ! if it is final. */
function lines(oracle: Oracle): string[] {
  return oracle.rows.splice(0).map(({ window, start, end, key, pane, index, final, events, t }) => {
    const name = Object.keys(oracle.rules.windows).length > 1 ? `${window} ` : '';
    const place = t === undefined ? `[${start}, ${end})` : `at ${t}`;
    const firing = oracle.rules.emit === 'final' ? '' : ` ${pane} ${index}${final ? '!' : ''}`;
    return `${name}${key} ${place} ${definitions.sum?.(events)}${firing}`;
  });
}

function oracleOf(windows: OracleWindow | Record<string, OracleWindow>, rules: Partial<Rules> = {}): Oracle {
  return new Oracle({
    windows: 'kind' in windows ? { w: windows as OracleWindow } : (windows as Record<string, OracleWindow>),
    outOfOrder: 0,
    allowedLateness: 0,
    maxFutureSkew: Infinity,
    emit: 'final',
    ...rules,
  });
}

/** Runs the steps and returns the lines of the rows they fired. */
function step(oracle: Oracle, ...steps: Step[]): string[] {
  for (const one of steps) {
    if (typeof one === 'number') oracle.advance(one);
    else oracle.push(fields(one));
  }
  return lines(oracle);
}

function close(oracle: Oracle): string[] {
  oracle.close();
  return lines(oracle);
}

const session = (gap: number | string, more: Partial<SessionWindow> = {}): SessionWindow => ({
  kind: 'session',
  gap,
  touching: 'merge',
  max: Infinity,
  maxRows: Infinity,
  ...more,
});
const tumbling = (size: number): OracleWindow => ({ kind: 'tumbling', size, every: size, offset: 0 });
const cumulative = (size: number, every: number): OracleWindow => ({ kind: 'cumulative', size, every, offset: 0 });
const counted = (size: number, every = size): OracleWindow => ({ kind: 'counted', size, every });
const rolling = (size: number, closed: 'right' | 'left' | 'both' | 'none'): OracleWindow => ({
  kind: 'rolling',
  size,
  closed,
});

//   k1   10  1000  2500 ───────────┤ 5500
//   k2   0  1000  2500 ────────────┤ 5500
//   k2                              5501  6000  6000  6050 ──────────┤ 9050
test('a session goes on as long as no pause is as long as the gap', () => {
  const oracle = oracleOf(session(3000), { outOfOrder: 10_000 });
  const k2: Step[] = [0, 1000, 2500, 5501, 6000, 6000, 6050].map((t, i) => ['k2', t, [1, 2, 3, 4, 5, 5, 6][i]]);
  expect(step(oracle, ...k2, ['k1', 10, 1], ['k1', 1000, 2], ['k1', 2500, 3])).toEqual([]);
  expect(close(oracle)).toEqual(['k2 [0, 5500) 6', 'k1 [10, 5500) 6', 'k2 [5501, 9050) 20']);
});

//   arrives    k1@0   k1@5   k1@1   k2@11   k1@30
//   watermark  -2     3      3      9       28: sessions that end by then fire
//   k1   0────)
//             5────)     touches: one session, and so is 1
test('intervals that touch are one session, in whatever order they come', () => {
  const oracle = oracleOf(session(5), { outOfOrder: 2 });
  expect(step(oracle, ['k1', 0], ['k1', 5], ['k1', 1], ['k2', 11])).toEqual([]);
  expect(step(oracle, ['k1', 30])).toEqual(['k1 [0, 10) 3', 'k2 [11, 16) 1']);
  expect(close(oracle)).toEqual(['k1 [30, 35) 1']);
});

//   0────)
//         5────)     touches and does not overlap
//             9────)
test('a session that splits where intervals touch joins only intervals that overlap', () => {
  const oracle = oracleOf(session(5, { touching: 'split' }), { outOfOrder: 20 });
  step(oracle, ['a', 0, 1], ['a', 9, 2], ['a', 5, 4]);
  expect(close(oracle)).toEqual(['a [0, 5) 1', 'a [5, 14) 6']);
});

//   a          7────)             the first of all
//   b   0────)  4────)  7────)    one session, [0, 12)
//   a   0────)
//          4────)                 bridges: [0, 12), in the place of 7
test('an event that bridges two sessions merges them into one, which keeps the place of the older', () => {
  const oracle = oracleOf(session(5), { outOfOrder: 20 });
  step(oracle, ['a', 7, 1], ['b', 0, 10], ['b', 4, 10], ['b', 7, 10], ['a', 0, 2], ['c', 1, 100]);
  step(oracle, ['a', 4, 4]);
  expect(close(oracle)).toEqual(['c [1, 6) 100', 'a [0, 12) 7', 'b [0, 12) 30']);
});

//   0────)  closed at 6: given with 1
//       3──────)   not late by itself (it would end at 8), but it meets the fired session: late
//          6────)
test('an event that meets a closed session is late: no two results of a key overlap', () => {
  const oracle = oracleOf(session(5));
  expect(step(oracle, ['a', 0], ['b', 6])).toEqual(['a [0, 5) 1']);
  step(oracle, ['a', 3], ['a', 6]);
  expect(oracle.lateEvents).toEqual([{ key: 'a', t: 3, v: 1 }]);
  // Key c has no session that the event meets.
  step(oracle, ['c', 3]);
  expect(close(oracle)).toEqual(['c [3, 8) 1', 'b [6, 11) 1', 'a [6, 11) 1']);
});

//   0────)            at watermark 5 an event that touches it is in time, at 6 it is late
//        5────)
test('an event that touches a session joins it until the watermark is past its end, unless touching splits', () => {
  const oracle = oracleOf(session(5));
  expect(step(oracle, ['a', 0], ['a', 5])).toEqual([]);
  expect(close(oracle)).toEqual(['a [0, 10) 2']);
  const after = oracleOf(session(5));
  expect(step(after, ['a', 0], ['b', 6], ['a', 5])).toEqual(['a [0, 5) 1']);
  expect(after.lateEvents).toEqual([{ key: 'a', t: 5, v: 1 }]);
  const split = oracleOf(session(5, { touching: 'split' }));
  expect(step(split, ['a', 0], ['a', 5])).toEqual(['a [0, 5) 1']);
  expect(close(split)).toEqual(['a [5, 10) 1']);
});

//   watermark 20      14────) would end at 19: late      16────) would end at 21: taken
//   watermark 24      16───20────) takes 17, which alone would end at 22, and not 15, which would begin it sooner
test('an event is late if its own session would be over, unless it joins an open session after its start', () => {
  const oracle = oracleOf(session(5));
  step(oracle, 20, ['a', 14], ['a', 16], ['a', 12], ['a', 6]);
  expect(oracle.lateEvents.map(({ t }) => t)).toEqual([14, 12, 6]);
  step(oracle, ['a', 20], 24, ['a', 17], ['a', 15], ['b', 17]);
  expect(oracle.lateEvents.slice(3).map(({ key, t }) => [key, t])).toEqual([
    ['a', 15],
    ['b', 17],
  ]);
  expect(close(oracle)).toEqual(['a [16, 25) 3']);
});

//   gaps 3, 10, 1 and 8
//   0──)
//     2─────────)                 meets 0, until 12
//              11)                meets them, and changes no end
//                 14───────)      begins anew
test('a gap column gives each event its own gap', () => {
  const oracle = oracleOf(session('gap'), { outOfOrder: 50 });
  step(oracle, ['a', 0, 1, 3], ['a', 2, 2, 10], ['a', 11, 4, 1], ['a', 14, 8, 8]);
  expect(close(oracle)).toEqual(['a [0, 12) 7', 'a [14, 22) 8']);
});

//   watermark 20, longest gap so far 4:   17 with gap 100 → 17 + 4 > 20: taken     15 with 100 → 15 + 4 <= 20: late
test('the longest gap seen so far decides which events of a gap column are late', () => {
  const oracle = oracleOf(session('gap'));
  step(oracle, ['a', 20, 1, 4], ['b', 17, 1, 100]);
  expect(oracle.lateEvents).toEqual([]);
  // The longest gap is 100 by now. At 15 an event with gap 100 would be in time, one with gap 4 is late.
  step(oracle, ['c', 15, 1, 4]);
  expect(oracle.lateEvents.map(({ key }) => key)).toEqual(['c']);
  const other = oracleOf(session('gap'));
  step(other, ['a', 20, 1, 4], ['b', 15, 1, 100]);
  expect(other.lateEvents.map(({ key }) => key)).toEqual(['b']);
});

//   [0, 12): 0────)                    start + max = 12
//               4────)
//                   8────|)            would end at 13: cut at 12
//                          12────)     a new one, though it is within the gap
test('a session that reaches its greatest length ends there', () => {
  const oracle = oracleOf(session(5, { max: 12 }), { outOfOrder: 20 });
  step(oracle, ['a', 12, 8], ['a', 4, 2], ['a', 0, 1], ['a', 8, 4]);
  expect(close(oracle)).toEqual(['a [0, 12) 7', 'a [12, 17) 8']);
});

//   clock   0    3    11              lateness 2: an event is taken into sessions when the watermark is past t + 2
//   0 and 3 at 11, [0, 8) at 11 as well; 8 at 11 is not late (8 + 2 < 11 is: late), 9 is not
test('a session with a greatest length takes events in order of time and fires one row', () => {
  const oracle = oracleOf(session(5, { max: 12 }), { allowedLateness: 2, emit: 'updates' });
  expect(step(oracle, ['a', 0, 1], ['a', 3, 2])).toEqual([]);
  expect(step(oracle, ['a', 11, 4])).toEqual(['a [0, 8) 3 on-time 0!']);
  step(oracle, ['a', 8, 8], ['a', 9, 16]);
  expect(oracle.lateEvents.map(({ t }) => t)).toEqual([8]);
  expect(close(oracle)).toEqual(['a [9, 16) 20 on-time 0!']);
});

//   a   0   3   1: three, given at once, and ends at its latest event, 3
//       2: begins a new session; the full one is not remembered
test('a session with a greatest number of rows fires when it has them', () => {
  const oracle = oracleOf(session(5, { maxRows: 3 }), { outOfOrder: 9 });
  expect(step(oracle, ['a', 0, 1], ['a', 3, 2], ['a', 1, 4])).toEqual(['a [0, 3) 7']);
  expect(step(oracle, ['a', 2, 8])).toEqual([]);
  expect(close(oracle)).toEqual(['a [2, 7) 8']);
});

//   0────) 1────)      and     7────) 8────)     are two each; 4 bridges them: five at once
test('an event that bridges two sessions can exceed their greatest number of rows', () => {
  const oracle = oracleOf(session(4, { maxRows: 4 }), { outOfOrder: 9 });
  expect(step(oracle, ['a', 0], ['a', 1], ['a', 7], ['a', 8])).toEqual([]);
  expect(step(oracle, ['a', 4])).toEqual(['a [0, 8) 5']);
});

//   lateness 10     a 0────)  on time at 6
//                   a    4─────)       ends at 9 > 6: open again, on time again at 20
//                   a  3               joins a session that is over and not closed: its row fires at once
//                   a                    closed at 20: 0 is late
test("with 'updates' late events amend a session, or reopen it, until it is closed", () => {
  const oracle = oracleOf(session(5), { allowedLateness: 10, emit: 'updates' });
  expect(step(oracle, ['a', 0, 1], ['b', 6, 100])).toEqual(['a [0, 5) 1 on-time 0']);
  expect(step(oracle, ['a', 4, 2])).toEqual([]);
  expect(step(oracle, ['b', 12, 100])).toEqual(['a [0, 9) 3 on-time 1', 'b [6, 11) 100 on-time 0']);
  expect(step(oracle, ['a', 3, 4])).toEqual(['a [0, 9) 7 late 2']);
  expect(step(oracle, 20, ['a', 0, 1])).toEqual(['b [12, 17) 100 on-time 0']);
  expect(oracle.lateEvents.map(({ t }) => t)).toEqual([0]);
  expect(close(oracle)).toEqual([]);
});

//   lateness 50      0────)   on time at 20, amended: 2 rows             5 bridges: one session, late,
//                          8────)   on time at 20: 1 row                   its row the third, number 2
test("with 'updates' a merged session continues from the greatest index of its parts", () => {
  const oracle = oracleOf(session(5), { allowedLateness: 50, emit: 'updates' });
  expect(step(oracle, ['a', 0, 1], ['a', 8, 2], ['b', 20, 0])).toEqual([
    'a [0, 5) 1 on-time 0',
    'a [8, 13) 2 on-time 0',
  ]);
  expect(step(oracle, ['a', 1, 4])).toEqual(['a [0, 6) 5 late 1']);
  expect(step(oracle, ['a', 4, 8])).toEqual(['a [0, 13) 15 late 2']);
  const parts = oracleOf(session(5), { allowedLateness: 50, emit: 'updates', accumulate: false });
  step(parts, ['a', 0, 1], ['a', 8, 2], ['b', 20, 0], ['a', 1, 4]);
  expect(step(parts, ['a', 4, 8])).toEqual(['a [0, 13) 8 late 2']);
});

//   lateness 10, watermark 20:    12────) is over at 17 and not closed until 27
test("with 'updates' the first event of a session that is already over fires its row at once", () => {
  const oracle = oracleOf(session(5), { allowedLateness: 10, emit: 'updates' });
  expect(step(oracle, 20, ['a', 12])).toEqual(['a [12, 17) 1 late 0']);
  expect(close(oracle)).toEqual([]);
});

//   s         1    2    3    4         6
//   right     1    2    2    2         1      (t - 2, t]
//   both      1    2    3    3         2      [t - 2, t]
//   left      0    1    2    2         1      [t - 2, t)
//   none      0    1    1    1         0      (t - 2, t)
test('closed says which ends of a rolling frame belong to it', () => {
  const counts = (closed: 'right' | 'left' | 'both' | 'none') => {
    const oracle = oracleOf(rolling(2000, closed));
    for (const s of [1, 2, 3, 4, 6]) oracle.push({ key: 'a', t: s * 1000, v: 1 });
    oracle.close();
    return oracle.rows.map(({ events }) => definitions.events?.(events));
  };
  expect(counts('right')).toEqual([1, 2, 2, 2, 1]);
  expect(counts('both')).toEqual([1, 2, 3, 3, 2]);
  expect(counts('left')).toEqual([0, 1, 2, 2, 1]);
  expect(counts('none')).toEqual([0, 1, 1, 1, 0]);
});

//   s         0      2       3      5     6
//   v         0      1       2      3     4
//   sum 2s    0      1       3      3     7
//   dev 5s    -      0.7071  1      1     1.2910
test('rolling sums and deviations are those of their frames', () => {
  const outputs = (size: number, kind: string) => {
    const oracle = oracleOf(rolling(size, 'right'));
    [0, 2, 3, 5, 6].forEach((s, v) => {
      oracle.push({ key: 'a', t: s * 1000, v });
    });
    oracle.close();
    return oracle.rows.map(({ events }) => definitions[kind]?.(events).toFixed(4));
  };
  expect(outputs(2000, 'sum')).toEqual(['0.0000', '1.0000', '3.0000', '3.0000', '7.0000']);
  expect(outputs(5000, 'stddev')).toEqual(['NaN', '0.7071', '1.0000', '1.0000', '1.2910']);
});

//   arrives    5    3    5    9      lateness 1: a row when the watermark is past t + 1
//   watermark  3    3    3    7      2: late, as 2 + 1 < 7; 6 is not, and no row had it in its frame
test('a rolling row waits until its frame is whole, and holds all events of its time', () => {
  const oracle = oracleOf(rolling(3, 'right'), { outOfOrder: 2, allowedLateness: 1 });
  expect(step(oracle, ['a', 5, 1], ['a', 3, 2], ['b', 4, 99], ['a', 5, 4])).toEqual([]);
  expect(step(oracle, ['a', 9, 8])).toEqual(['a at 3 2', 'b at 4 99', 'a at 5 7', 'a at 5 7']);
  step(oracle, ['a', 2, 1], ['a', 6, 16]);
  expect(oracle.lateEvents.map(({ t }) => t)).toEqual([2]);
  expect(close(oracle)).toEqual(['a at 6 21', 'a at 9 8']);
});

//   number   0    1    2    3        of key a; times play no part
//   v        1    2    4    8
//   right    1    3    6    12       left  -  1  3  6       both  1  3  7  14       none  -  1  2  4
test('a rolling row by number of events fires at once, in order of arrival', () => {
  for (const [closed, sums] of Object.entries({
    right: [1, 3, 6, 12],
    left: [NaN, 1, 3, 6],
    both: [1, 3, 7, 14],
    none: [NaN, 1, 2, 4],
  })) {
    const oracle = oracleOf({ kind: 'rollingRows', size: 2, closed: closed as 'right' });
    const rows = step(oracle, ['a', 9, 1], ['b', 9, 100], ['a', 3, 2], ['a', 7, 4], ['a', 1, 8]);
    expect(rows.filter((row) => row.startsWith('a'))).toEqual(sums.map((sum, i) => `a at ${[9, 3, 7, 1][i]} ${sum}`));
    expect(oracle.lateEvents).toEqual([]);
  }
});

//   0         4         8         12        16        20        24
//   [=========)                             [=========)                   2 and 9 of the first period, 12 of the second
//   [===================)                   …
//   [=============================)
test('all cumulative windows of a period start together', () => {
  const oracle = oracleOf(cumulative(12, 4));
  expect(step(oracle, ['a', 2, 1], ['a', 9, 2])).toEqual(['a [0, 4) 1', 'a [0, 8) 1']);
  expect(step(oracle, ['a', 12, 4])).toEqual(['a [0, 12) 3']);
  expect(close(oracle)).toEqual(['a [12, 16) 4', 'a [12, 20) 4', 'a [12, 24) 4']);
});

//   0           31         59            months of 31, 28 and 31 days
test('calendar windows lie between the edges of the calendar', () => {
  const edges = [0, 31, 59, 90];
  const windowsOf = (t: number): [number, number][] =>
    edges.flatMap((edge, i) => (edge <= t && t < (edges[i + 1] ?? 0) ? [[edge, edges[i + 1] as number]] : []));
  const oracle = oracleOf({ kind: 'calendar', windowsOf });
  expect(step(oracle, ['a', 30, 1], ['a', 31, 2], ['a', 58, 4])).toEqual(['a [0, 31) 1']);
  expect(close(oracle)).toEqual(['a [31, 59) 6']);
});

test('the window of everything is complete only when the stream ends', () => {
  const oracle = oracleOf({ kind: 'everything' }, { emit: 'updates' });
  expect(step(oracle, ['a', 0, 1], ['b', 1e15, 2], ['a', -5, 4])).toEqual([]);
  expect(close(oracle)).toEqual(['a [-Infinity, Infinity) 5 on-time 0!', 'b [-Infinity, Infinity) 2 on-time 0!']);
});

//   tumbling(10), every 4     1   3   5   6   8   11     watermark passes 4 at 5, and 8 at 8, and 12 at 13
//                                     ▲       ▲   ■
test('early firing by time gives all events of the window so far', () => {
  const oracle = oracleOf(tumbling(10), { emit: { every: 4 } });
  expect(step(oracle, ['a', 1, 1], ['b', 3, 10])).toEqual([]);
  // The event that passes the multiple is not in the result: windows fire before the event is taken.
  expect(step(oracle, ['a', 5, 2])).toEqual(['a [0, 10) 1 early 0', 'b [0, 10) 10 early 0']);
  expect(step(oracle, ['a', 6, 4])).toEqual([]);
  expect(step(oracle, ['a', 8, 8])).toEqual(['a [0, 10) 7 early 1']);
  expect(step(oracle, ['a', 11, 16])).toEqual(['a [0, 10) 15 on-time 2!', 'b [0, 10) 10 on-time 1!']);
  expect(step(oracle, 13)).toEqual(['a [10, 20) 16 early 0']);
  expect(step(oracle, 17)).toEqual([]);
  expect(close(oracle)).toEqual(['a [10, 20) 16 on-time 1!']);
});

test('early firing by time without accumulating gives fresh events only', () => {
  const oracle = oracleOf(tumbling(10), { emit: { every: 4 }, accumulate: false, allowedLateness: 5 });
  step(oracle, ['a', 1, 1], ['b', 3, 10]);
  expect(step(oracle, ['a', 5, 2])).toEqual(['a [0, 10) 1 early 0', 'b [0, 10) 10 early 0']);
  expect(step(oracle, ['a', 8, 8])).toEqual(['a [0, 10) 2 early 1']);
  // b has no fresh events, so it has no row on time.
  expect(step(oracle, ['a', 11, 16])).toEqual(['a [0, 10) 8 on-time 2']);
  expect(step(oracle, ['b', 4, 20])).toEqual(['b [0, 10) 20 late 1']);
  expect(close(oracle)).toEqual(['a [10, 20) 16 on-time 0!']);
});

//   a watermark that jumps over several multiples of 4 fires early once
test('a jump of the watermark fires complete windows first, then the others early', () => {
  const oracle = oracleOf({ long: tumbling(100), short: tumbling(10) }, { emit: { every: 4 } });
  step(oracle, ['b', 1, 1], ['a', 2, 2]);
  expect(step(oracle, ['c', 50, 4])).toEqual([
    'short b [0, 10) 1 on-time 0!',
    'short a [0, 10) 2 on-time 0!',
    'long b [0, 100) 1 early 0',
    'long a [0, 100) 2 early 0',
  ]);
});

//   sessions of 5, every 4       a 0  2       b 4: [0, 7) early        a 6: [0, 11)     9: early again    at 12 on time
test('sessions fire early too', () => {
  const oracle = oracleOf(session(5), { emit: { every: 4 } });
  expect(step(oracle, ['a', 0, 1], ['a', 2, 2])).toEqual([]);
  expect(step(oracle, ['b', 4, 100])).toEqual(['a [0, 7) 3 early 0']);
  expect(step(oracle, ['a', 6, 4])).toEqual([]);
  expect(step(oracle, 8)).toEqual(['b [4, 9) 100 early 0', 'a [0, 11) 7 early 1']);
  expect(step(oracle, 12)).toEqual(['b [4, 9) 100 on-time 1!', 'a [0, 11) 7 on-time 2!']);
});

//   key      a    b    a    a    b
//   t        1    2    3    4    5      at 5 the five are complete before the event is taken
//   v        1    2    9    1    9      when v > 5: its key, after it was taken
test("early firing by event fires the windows of that event's key", () => {
  const script: Step[] = [
    ['a', 1, 1],
    ['b', 2, 2],
    ['a', 3, 9],
    ['a', 4, 1],
    ['b', 5, 9],
  ];
  const emit = { when: ({ v }: OracleEvent) => v > 5 };
  const windows = { ten: tumbling(10), five: tumbling(5) };
  expect(step(oracleOf(windows, { emit }), ...script)).toEqual([
    'five a [0, 5) 10 early 0',
    'ten a [0, 10) 10 early 0',
    'five a [0, 5) 11 on-time 1!',
    'five b [0, 5) 2 on-time 0!',
    'ten b [0, 10) 11 early 0',
    'five b [5, 10) 9 early 0',
  ]);
  expect(step(oracleOf(windows, { emit, accumulate: false }), ...script).slice(2)).toEqual([
    'five a [0, 5) 1 on-time 1!',
    'five b [0, 5) 2 on-time 0!',
    'ten b [0, 10) 11 early 0',
    'five b [5, 10) 9 early 0',
  ]);
});

//   [0, 5) closed at 6, a@7 in [5, 10)        3 says so and is late       100 says so and is too far ahead
test('an event that no window takes fires nothing early', () => {
  const oracle = oracleOf(tumbling(5), { emit: { when: ({ v }) => v > 5 }, maxFutureSkew: 50 });
  expect(step(oracle, ['a', 7, 1], ['a', 3, 9], ['a', 100, 9])).toEqual([]);
  expect([oracle.lateEvents.length, oracle.future]).toEqual([1, 1]);
  expect(close(oracle)).toEqual(['a [5, 10) 1 on-time 0!']);
});

//   a   9   3   5 │ 7             three events of a key each, by arrival; start and end are the least and greatest time
//   b     8                       what is open at the end comes then
test('a counted window holds a number of events of one key', () => {
  const oracle = oracleOf(counted(3));
  expect(step(oracle, ['a', 9, 1], ['b', 8, 100], ['a', 3, 2])).toEqual([]);
  expect(step(oracle, ['a', 5, 4], ['a', 7, 8])).toEqual(['a [3, 9) 7']);
  expect(close(oracle)).toEqual(['a [7, 7) 8', 'b [8, 8) 100']);
});

//   number    0  1  2  3  4  5  6
//             ────────                 hopping(3 rows, 2 rows)
//                   ────────
//                         ────────
//                               ──     open at the end
test('counted windows that hop overlap', () => {
  const oracle = oracleOf(counted(3, 2));
  const events = [1, 2, 4, 8, 16, 32, 64].map((v, t): Step => ['a', t, v]);
  expect(step(oracle, ...events)).toEqual(['a [0, 2) 7', 'a [2, 4) 28', 'a [4, 6) 112']);
  expect(close(oracle)).toEqual(['a [6, 6) 64']);
});

//   number    0  1  2  3  4  5  6      hopping(2 rows, 3 rows): 2 and 5 are skipped
//             ────     ────     ─
test('events between counted windows that leave gaps are skipped', () => {
  const oracle = oracleOf(counted(2, 3));
  const events = [1, 2, 4, 8, 16, 32, 64].map((v, t): Step => ['a', t, v]);
  expect(step(oracle, ...events)).toEqual(['a [0, 1) 3', 'a [3, 4) 24']);
  expect([oracle.skipped, oracle.lateEvents.length]).toEqual([2, 0]);
  expect(close(oracle)).toEqual(['a [6, 6) 64']);
});

//   a   1   9│  1   1│  9      windows of three; 9 fires early; then only the last event of the full window is fresh
test('counted windows fire early unless they hop', () => {
  const emit = { when: ({ v }: OracleEvent) => v > 5 };
  const script: Step[] = [1, 9, 1, 2, 9].map((v, t) => ['a', t, v]);
  const whole = oracleOf(counted(3), { emit });
  expect(step(whole, ...script)).toEqual(['a [0, 1) 10 early 0', 'a [0, 2) 11 on-time 1!', 'a [3, 4) 11 early 0']);
  expect(close(whole)).toEqual(['a [3, 4) 11 on-time 1!']);
  const parts = oracleOf(counted(3), { emit, accumulate: false });
  expect(step(parts, ...script)).toEqual(['a [0, 1) 10 early 0', 'a [0, 2) 1 on-time 1!', 'a [3, 4) 11 early 0']);
  expect(close(parts)).toEqual([]);
  expect(step(oracleOf(counted(3, 2), { emit }), ...script)).toEqual([
    'a [0, 2) 11 on-time 0!',
    'a [2, 4) 12 on-time 0!',
  ]);
});

//   a   1   2   9│   9│   4       9 is the last of its window
//   b     1   2
test('a punctuated window ends with the event that its predicate selects', () => {
  const oracle = oracleOf({ kind: 'punctuated', predicate: ({ v }) => v === 9 });
  expect(step(oracle, ['a', 5, 1], ['b', 5, 1], ['a', 3, 2], ['b', 6, 2], ['a', 4, 9])).toEqual(['a [3, 5) 12']);
  expect(step(oracle, ['a', 1, 9], ['a', 8, 4])).toEqual(['a [1, 1) 9']);
  expect(close(oracle)).toEqual(['b [5, 6) 3', 'a [8, 8) 4']);
});

//   a          1              6                   11
//   rolling    •              •                   •          a row once the watermark is past it
//   ten        [==========================)[===========…     end 10: before the session, which starts later
//   session    ────────)      ───────────)        ────…      end 5 and 10
//   pairs      ───────────────│                   ────…      full at 6, with the event and after what its time fires
test('rows of several windows come by what fired them, then by end, start and place', () => {
  const oracle = oracleOf({ pairs: counted(2), session: session(4), ten: tumbling(10), rolling: rolling(5, 'right') });
  expect(step(oracle, ['a', 1, 1])).toEqual([]);
  expect(step(oracle, ['a', 6, 2])).toEqual(['rolling a at 1 1', 'session a [1, 5) 1', 'pairs a [1, 6) 3']);
  expect(step(oracle, ['a', 11, 4])).toEqual(['rolling a at 6 2', 'ten a [0, 10) 3', 'session a [6, 10) 2']);
  expect(close(oracle)).toEqual([
    'pairs a [11, 11) 4',
    'rolling a at 11 4',
    'session a [11, 15) 4',
    'ten a [10, 20) 4',
  ]);
});

//   watermark 12, lateness 20:   3 amends [0, 10), [0, 5) and [0, 4): by end, whatever their places
test('late rows of several windows come by end, start and place', () => {
  const windows = { ten: tumbling(10), five: tumbling(5), parts: cumulative(8, 4), also: tumbling(5) };
  const oracle = oracleOf(windows, { emit: 'updates', allowedLateness: 20 });
  expect(step(oracle, 12, ['a', 3])).toEqual([
    'parts a [0, 4) 1 late 0',
    'five a [0, 5) 1 late 0',
    'also a [0, 5) 1 late 0',
    'parts a [0, 8) 1 late 0',
    'ten a [0, 10) 1 late 0',
  ]);
});

//   watermark 12:  ten has closed [0, 10), the session of 8 is not over, pairs take anything
test('an event is late if every window that would hold it is closed, and skipped if no window would hold it', () => {
  const late = (windows: Record<string, OracleWindow>) => {
    const oracle = oracleOf(windows);
    step(oracle, 12, ['a', 8]);
    return [oracle.lateEvents.length, oracle.skipped];
  };
  const ten = tumbling(10);
  const gaps: OracleWindow = { kind: 'hopping', size: 3, every: 10, offset: 0 };
  expect(late({ ten })).toEqual([1, 0]);
  expect(late({ ten, session: session(5) })).toEqual([0, 0]);
  expect(late({ ten, pairs: counted(2) })).toEqual([0, 0]);
  expect(late({ gaps })).toEqual([0, 1]);
  expect(late({ gaps, ten })).toEqual([1, 0]);
  expect(late({ ten, rolling: rolling(5, 'right') })).toEqual([1, 0]);
});

//   a session holds x until 100; the tumbling windows forget x, which comes alive again after y
test('keys come in the order in which they came alive in grid windows', () => {
  const oracle = oracleOf({ ten: tumbling(10), session: session(90) });
  step(oracle, ['x', 1]);
  expect(step(oracle, ['y', 12], ['x', 13])).toEqual(['ten x [0, 10) 1']);
  expect(step(oracle, 20)).toEqual(['ten y [10, 20) 1', 'ten x [10, 20) 1']);
});
