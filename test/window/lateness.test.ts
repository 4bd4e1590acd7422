/**
 * Catches a watermark that moves wrongly, and events that are late, skipped or too far in the future and are not
 * counted and reported as such; and streams that end wrongly.
 */

import { expect, test } from 'vitest';
import { col, count, hopping, last, sum, tumbling, type WindowBatch, windowed } from '../../bindings';
import { checkLaws } from '../support/check-laws';
import { DOORS, put } from '../support/doors';
import { refused } from '../support/helpers';

checkLaws();

//   arrives     10   8   12   5
//   watermark    6   6    8   8        newest - 4, never back
test('the watermark is the newest time less the disorder, and never goes back', () => {
  using stream = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() }, outOfOrder: 4 });
  expect(stream.stats().watermark).toBe(-Infinity);
  const marks = [10, 8, 12, 5].map((t) => {
    stream.push({ t });
    return stream.stats().watermark;
  });
  expect(marks).toEqual([6, 6, 8, 8]);
});

//   [0, 10)      14.999 → watermark 9.999, open        15 → watermark 10, complete
test('a window is complete when the watermark reaches its end, and not before', () => {
  using stream = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() }, outOfOrder: 5 });
  stream.push({ t: 3 });
  stream.push({ t: 14.999 });
  expect(stream.take().length).toBe(0);
  stream.push({ t: 4 });
  stream.push({ t: 15 });
  expect(stream.take().toArray()).toEqual([{ start: 0, end: 10, n: 2 }]);
  stream.push({ t: 9 });
  expect(stream.stats().late).toBe(1);
});

//   one batch:  5  15  7        7 is late: it comes behind 15, though in the same batch
test('the watermark moves with every event, not with every batch', () => {
  for (const door of DOORS) {
    const late: unknown[] = [];
    using stream = windowed({
      time: 't',
      window: tumbling(10),
      aggregates: { n: count(), v: sum('v') },
      onLate: (batch) => late.push(...batch),
    });
    const events = [5, 15, 7, 16].map((t, i) => ({ t, v: 2 ** i }));
    put(stream, events, door);
    expect(stream.close().toArray()).toEqual([
      { start: 0, end: 10, n: 1, v: 1 },
      { start: 10, end: 20, n: 2, v: 10 },
    ]);
    expect(late).toEqual([{ t: 7, v: 4 }]);
  }
});

//   [0, 10) + 5      3   12   4      14.9   9      15: closed    6: late
test("with 'final' a window fires once, when allowedLateness has passed, with all events that came until then", () => {
  using stream = windowed({
    time: 't',
    window: tumbling(10),
    aggregates: { n: count(), v: last('t') },
    allowedLateness: 5,
  });
  for (const t of [3, 12, 4, 14.9, 9]) stream.push({ t });
  expect(stream.take().length).toBe(0);
  expect(stream.stats().late).toBe(0);
  stream.push({ t: 15 });
  stream.push({ t: 6 });
  expect(stream.take().toArray()).toEqual([{ start: 0, end: 10, n: 3, v: 9 }]);
  expect(stream.stats().late).toBe(1);
});

//   key a  3       4           8
//   key b    5           7        6
//   clock       12          14       15        [0, 10) is on time at 12 and closed at 15
test("with 'updates' a window fires on time, and each late event re-fires it for the event's key", () => {
  const late: unknown[] = [];
  using stream = windowed({
    time: 't',
    key: 'k',
    window: tumbling(10),
    aggregates: { n: count(), v: sum('v') },
    allowedLateness: 5,
    emit: 'updates',
    onLate: (batch) => late.push(...batch),
  });
  const push = (t: number, k: string, v: number) => {
    stream.push({ t, k, v });
    return stream.take().toArray();
  };
  const row = (k: string, n: number, v: number, pane: string, index: number) => {
    return { start: 0, end: 10, k, n, v, pane, index, final: false };
  };
  expect(push(3, 'a', 1)).toEqual([]);
  expect(push(5, 'b', 2)).toEqual([]);
  expect(push(12, 'c', 99)).toEqual([row('a', 1, 1, 'on-time', 0), row('b', 1, 2, 'on-time', 0)]);
  expect(push(4, 'a', 10)).toEqual([row('a', 2, 11, 'late', 1)]);
  expect(push(7, 'b', 20)).toEqual([row('b', 2, 22, 'late', 1)]);
  expect(push(1, 'd', 5)).toEqual([row('d', 1, 5, 'late', 0)]);
  expect(push(14, 'c', 1)).toEqual([]);
  expect(push(8, 'a', 100)).toEqual([row('a', 3, 111, 'late', 2)]);
  expect(push(15, 'c', 1)).toEqual([]);
  expect(push(6, 'b', 7)).toEqual([]);
  expect(late).toEqual([{ t: 6, k: 'b', v: 7 }]);
  expect(stream.close().toArray()).toEqual([
    { start: 10, end: 20, k: 'c', n: 3, v: 101, pane: 'on-time', index: 0, final: true },
  ]);
  expect(stream.stats()).toMatchObject({ events: 10, late: 1, windows: 2 });
});

//   [0, 10) at 10: no event            4 → the first of its window, and late
test("with 'updates' a late event fires its window even if the window had no events", () => {
  using stream = windowed({
    time: 't',
    window: tumbling(10),
    aggregates: { n: count() },
    allowedLateness: 5,
    emit: 'updates',
  });
  stream.push({ t: 12 });
  stream.push({ t: 4 });
  expect(stream.take().toArray()).toEqual([{ start: 0, end: 10, n: 1, pane: 'late', index: 0, final: false }]);
});

//   0        5        10       15  clock at 12
//   [=================)                          complete and closed: misses 7
//            [===7=============)                 open: takes 7
test('an event that misses one hopping window and lands in the next is not late', () => {
  const late: unknown[] = [];
  using stream = windowed({
    time: 't',
    window: hopping(10, 5),
    aggregates: { n: count() },
    onLate: (batch) => late.push(...batch),
  });
  for (const t of [1, 12, 7, 4]) stream.push({ t });
  expect(stream.close().toArray()).toEqual([
    { start: -5, end: 5, n: 1 },
    { start: 0, end: 10, n: 1 },
    { start: 5, end: 15, n: 2 },
    { start: 10, end: 20, n: 1 },
  ]);
  expect(late).toEqual([{ t: 4 }]);
  expect(stream.stats().late).toBe(1);
});

//   -5     0     5     10    15     clock at 12, lateness 3: [0, 10) takes late events, [-5, 5) does not
test("with 'updates' an event amends the retained windows and goes into the open ones", () => {
  using stream = windowed({
    time: 't',
    window: hopping(10, 5),
    aggregates: { n: count() },
    allowedLateness: 3,
    emit: 'updates',
  });
  for (const t of [1, 12]) stream.push({ t });
  expect(
    stream
      .take()
      .toArray()
      .map(({ start, n, pane }) => [start, n, pane]),
  ).toEqual([
    [-5, 1, 'on-time'],
    [0, 1, 'on-time'],
  ]);
  stream.push({ t: 4 });
  stream.push({ t: 7 });
  expect(
    stream
      .take()
      .toArray()
      .map(({ start, n, pane }) => [start, n, pane]),
  ).toEqual([
    [0, 2, 'late'],
    [0, 3, 'late'],
  ]);
  expect(
    stream
      .close()
      .toArray()
      .map(({ start, n, pane }) => [start, n, pane]),
  ).toEqual([
    [5, 2, 'on-time'],
    [10, 1, 'on-time'],
  ]);
  expect(stream.stats().late).toBe(0);
});

//   15      17      19  20  21          25       advance 20 before 19 comes, advance 21 before the second 20
//   x                x  ab                        hop [13, 21) has a only; [15, 23), [17, 25) and [19, 27) have both
test('last() is the last arrival among events of one time, even if it came behind the watermark', () => {
  using stream = windowed({
    time: 't',
    window: { five: tumbling(5), hops: hopping(8, 2, { offset: 1 }) },
    aggregates: { n: count(), last: last('v') },
  });
  stream.push({ t: 15, v: 1 });
  stream.advance(20);
  stream.push({ t: 19, v: 2 });
  stream.push({ t: 20, v: 3 });
  stream.advance(21);
  stream.push({ t: 20, v: 4 });
  const hops = stream
    .close()
    .toArray()
    .filter(({ window }) => window === 'hops');
  expect(hops.map((row) => [row.start, row.n, row.last])).toEqual([
    [9, 1, 1],
    [11, 1, 1],
    [13, 3, 3],
    [15, 4, 4],
    [17, 3, 4],
    [19, 3, 4],
  ]);
});

//   [0, 3)    5 skipped     [10, 13)    25      1 late    6 skipped
test('an event in no window is skipped and never late, whenever it comes', () => {
  const late: unknown[] = [];
  using stream = windowed({
    time: 't',
    window: hopping(3, 10),
    aggregates: { n: count() },
    onLate: (batch) => late.push(...batch),
  });
  for (const t of [5, 11, 25, 1, 6]) stream.push({ t });
  expect(stream.stats()).toMatchObject({ events: 5, skipped: 3, late: 1 });
  expect(late).toEqual([{ t: 1 }]);
  expect(stream.close().toArray()).toEqual([{ start: 10, end: 13, n: 1 }]);
});

//   advance 20, advance 10: still 20         12 → late, though it is the newest event
test('advance moves the watermark forward and never back', () => {
  using stream = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() }, outOfOrder: 50 });
  stream.push({ t: 5 });
  expect(stream.take().length).toBe(0);
  stream.advance(9.5);
  expect(stream.take().length).toBe(0);
  stream.advance(20);
  expect(stream.take().toArray()).toEqual([{ start: 0, end: 10, n: 1 }]);
  stream.advance(10);
  expect(stream.stats().watermark).toBe(20);
  stream.push({ t: 12 });
  expect(stream.stats()).toMatchObject({ watermark: 20, late: 1 });
  stream.push({ t: 69 });
  expect(stream.stats().watermark).toBe(20);
  stream.push({ t: 75 });
  expect(stream.stats().watermark).toBe(25);
});

test('advance refuses a value that is not a time, and moves nothing', () => {
  using stream = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() } });
  stream.push({ t: 5 });
  for (const time of [NaN, Infinity, -Infinity, 1e17, '20', null, undefined]) {
    refused('ERR_ORIEL_TIME', () => stream.advance(time as number), 'advance');
  }
  expect(stream.stats().watermark).toBe(5);
  expect(stream.take().length).toBe(0);
});

//   newest 100     150: just within        201: more than 50 ahead, not taken       newest stays 150
test('an event further ahead than maxFutureSkew counts as future and moves nothing', () => {
  for (const cut of [1, 2, 10]) {
    using stream = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() }, maxFutureSkew: 50 });
    const times = [1e6, 100, 1e6 + 50, 1e6 + 101, 1e6 + 100, 9e15, 1e6 + 101];
    for (let i = 0; i < times.length; i += cut) stream.pushColumns({ t: times.slice(i, i + cut) });
    expect(stream.stats()).toMatchObject({ events: 7, future: 2, late: 1, watermark: 1e6 + 101 });
    expect(stream.close().toArray()).toEqual([
      { start: 1e6, end: 1e6 + 10, n: 1 },
      { start: 1e6 + 50, end: 1e6 + 60, n: 1 },
      { start: 1e6 + 100, end: 1e6 + 110, n: 2 },
    ]);
  }
});

//   newest 100, moved by hand to 1000, as of 1010     1060: just within     1111: more than 50 ahead of that
test('maxFutureSkew counts from the time to which advance has moved the watermark', () => {
  const spec = { time: 't', window: tumbling(10), aggregates: { n: count() }, maxFutureSkew: 50, outOfOrder: 10 };
  using stream = windowed(spec);
  stream.push({ t: 100 });
  stream.push({ t: 1000 });
  expect(stream.stats()).toMatchObject({ future: 1, watermark: 90 });
  stream.advance(1000);
  for (const t of [1061, 1060, 1111, 1110]) stream.push({ t });
  expect(stream.stats()).toMatchObject({ future: 3, watermark: 1100 });
});

test('after a silence maxFutureSkew counts from the time that the clock has reached', () => {
  let now = 0;
  const spec = {
    time: 't',
    window: tumbling(10),
    aggregates: { n: count() },
    maxFutureSkew: 60,
    outOfOrder: 100,
    idle: 1,
  };
  using stream = windowed({ ...spec, where: col('v').gte(0), clock: () => now });
  stream.push({ t: 0, v: 1 });
  now = 3600;
  expect(stream.stats().watermark).toBe(3500);
  for (const t of [3661, 3660]) stream.push({ t, v: 1 });
  expect(stream.stats()).toMatchObject({ future: 1, watermark: 3560 });
  now = 7200;
  expect(stream.stats().watermark).toBe(7160);
  // Filtered events move the clock within the same limit.
  for (const t of [7321, 7320]) stream.push({ t, v: -1 });
  expect(stream.stats()).toMatchObject({ future: 1, filtered: 2, watermark: 7220 });
});

test('onLate receives late events as rows and columns, once for each call that brought some', () => {
  const batches: WindowBatch<{ t: number; k: string; n: number; v: number; w: number }>[] = [];
  using stream = windowed({
    time: 't',
    key: ['k', 'n'],
    window: tumbling(10),
    aggregates: { v: sum('v'), w: last('w') },
    onLate: (batch) => batches.push(batch),
  });
  const ones = Array.from({ length: 5000 }, () => 1);
  stream.pushColumns({ t: [100], k: ['x'], n: [0], v: [0], w: [0] });
  expect(batches.length).toBe(0);
  stream.pushColumns({
    t: ones.map((_, i) => (i % 2 ? 50 : 105)),
    k: ones.map((_, i) => `k${i % 3}`),
    n: ones.map((_, i) => i),
    v: ones.map((_, i) => -i),
    w: ones.map((_, i) => (i % 4 === 1 ? null : i)),
  });
  expect(batches.length).toBe(1);
  const [batch] = batches as [(typeof batches)[number]];
  expect(batch.length).toBe(2500);
  expect(Object.keys(batch.columns).sort()).toEqual(['k', 'n', 't', 'v', 'w']);
  expect(batch.columns.t).toBeInstanceOf(Float64Array);
  expect(batch.columns.v).toBeInstanceOf(Float64Array);
  expect(batch.toArray()).toEqual(
    ones.flatMap((_, i) => (i % 2 ? { t: 50, k: `k${i % 3}`, n: i, v: -i, w: i % 4 === 1 ? NaN : i } : [])),
  );
});

test('onLate runs after its call is done, so it may call the stream', () => {
  const seen: unknown[] = [];
  using stream = windowed({
    time: 't',
    window: tumbling(10),
    aggregates: { n: count() },
    onLate: () => {
      const { events, late } = stream.stats();
      seen.push([events, late, stream.take().length]);
    },
  });
  stream.pushColumns({ t: [5, 15, 7, 16, 8] });
  expect(seen).toEqual([[5, 2, 1]]);
});

test('an onLate that throws loses no event', () => {
  let calls = 0;
  using stream = windowed({
    time: 't',
    window: tumbling(10),
    aggregates: { n: count() },
    onLate: () => {
      calls++;
      throw new RangeError('mine');
    },
  });
  expect(() => stream.pushColumns({ t: [5, 15, 7, 16] })).toThrow('mine');
  expect(stream.stats()).toMatchObject({ events: 4, late: 1 });
  stream.pushColumns({ t: [17] });
  expect(calls).toBe(1);
  expect(stream.close().toArray()).toEqual([
    { start: 0, end: 10, n: 1 },
    { start: 10, end: 20, n: 3 },
  ]);
});

test('an onLate that throws during take or close loses no result', () => {
  using stream = windowed({
    time: 't',
    window: tumbling(10),
    aggregates: { n: count() },
    onLate: () => {
      throw new RangeError('mine');
    },
  });
  // The late event is gathered, as all single events are, and processed by the next call.
  for (const t of [5, 15, 7]) stream.push({ t });
  expect(() => stream.take()).toThrow('mine');
  expect(stream.take().toArray()).toEqual([{ start: 0, end: 10, n: 1 }]);
  for (const t of [25, 8]) stream.push({ t });
  expect(() => stream.close()).toThrow('mine');
  expect(stream.take().toArray()).toEqual([
    { start: 10, end: 20, n: 1 },
    { start: 20, end: 30, n: 1 },
  ]);
});

//   [-5, 5) [0, 10) [5, 15)    all open when the stream ends
test('close fires all open windows, after results that were not taken yet', () => {
  using stream = windowed({
    time: 't',
    window: hopping(10, 5),
    aggregates: { n: count() },
    outOfOrder: 2,
    allowedLateness: 1000,
  });
  stream.pushColumns({ t: [-2000, 1, 6, 7] });
  expect(stream.close().toArray()).toEqual([
    { start: -2005, end: -1995, n: 1 },
    { start: -2000, end: -1990, n: 1 },
    { start: -5, end: 5, n: 1 },
    { start: 0, end: 10, n: 3 },
    { start: 5, end: 15, n: 2 },
  ]);
  expect(stream.stats()).toMatchObject({ events: 4, liveKeys: 0, liveSlices: 0, windows: 5 });
});

test('close includes single events that were gathered and not processed yet', () => {
  using stream = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() } });
  for (let i = 0; i < 7; i++) stream.push({ t: i });
  expect(stream.close().toArray()).toEqual([{ start: 0, end: 10, n: 7 }]);
});

test('a closed stream refuses events and still has its stats', () => {
  using stream = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() } });
  stream.push({ t: 1 });
  expect(stream.close().length).toBe(1);
  refused('ERR_ORIEL_CLOSED', () => stream.push({ t: 1 }), 'closed');
  refused('ERR_ORIEL_CLOSED', () => stream.pushRows([{ t: 1 }]), 'closed');
  refused('ERR_ORIEL_CLOSED', () => stream.pushColumns({ t: [1] }), 'closed');
  refused('ERR_ORIEL_CLOSED', () => stream.claim(1), 'closed');
  refused('ERR_ORIEL_CLOSED', () => stream.commit(1), 'closed');
  refused('ERR_ORIEL_CLOSED', () => stream.advance(1), 'closed');
  refused('ERR_ORIEL_CLOSED', () => stream.close(), 'closed');
  expect(stream.take().length).toBe(0);
  expect(stream.stats().events).toBe(1);
});

test('a disposed stream refuses every call but a second disposal', () => {
  const stream = windowed({ time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } });
  stream.push({ t: 1, k: 'a' });
  stream[Symbol.dispose]();
  stream[Symbol.dispose]();
  refused('ERR_ORIEL_CLOSED', () => stream.push({ t: 1, k: 'a' }), 'disposed');
  refused('ERR_ORIEL_CLOSED', () => stream.pushRows([{ t: 1, k: 'a' }]), 'disposed');
  refused('ERR_ORIEL_CLOSED', () => stream.pushColumns({ t: [1], k: ['a'] }), 'disposed');
  refused('ERR_ORIEL_CLOSED', () => stream.claim(1), 'disposed');
  refused('ERR_ORIEL_CLOSED', () => stream.keyId('a'), 'disposed');
  refused('ERR_ORIEL_CLOSED', () => stream.commit(1), 'disposed');
  refused('ERR_ORIEL_CLOSED', () => stream.advance(1), 'disposed');
  refused('ERR_ORIEL_CLOSED', () => stream.flush(), 'disposed');
  refused('ERR_ORIEL_CLOSED', () => stream.take(), 'disposed');
  refused('ERR_ORIEL_CLOSED', () => stream.close(), 'disposed');
  refused('ERR_ORIEL_CLOSED', () => stream.stats(), 'disposed');
});
