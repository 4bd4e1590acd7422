/**
 * `increase` of counters: their growth across window edges, resets, disorder and keys that come and go. This suite
 * catches steps that are counted twice, lost or given to the wrong window or key, and samples that are remembered too
 * long.
 */

import { describe, expect, test } from 'vitest';
import {
  type Aggregate,
  hopping,
  increase,
  rolling,
  type Spec,
  session,
  sum,
  tumbling,
  windowed,
} from '../../bindings';
import { checkLaws } from '../support/check-laws';
import { random, refused } from '../support/helpers';

checkLaws();

interface Sample {
  t: number;
  v: number;
  k?: string | number;
}

const SPEC = { time: 't', window: tumbling(10), aggregates: { up: increase('v') } };

function run(samples: Sample[], spec: Partial<Spec> = {}): string[] {
  using stream = windowed({ ...SPEC, ...(samples[0]?.k === undefined ? {} : { key: 'k' }), ...spec } as Spec);
  stream.pushRows(samples as never);
  const rows = stream.close().toArray() as unknown as { start: number; k?: unknown; up: number }[];
  expect(stream.stats().liveKeys).toBe(0);
  return rows.map(({ start, k, up }) => `${start}${k === undefined ? '' : ` ${k}`} ${up}`);
}

const at = (...pairs: [t: number, v: number][]) => pairs.map(([t, v]) => ({ t, v }));

//   t    1  5 │ 12  18 │ │ 31          a step over an edge counts in the window where it ends
//   v    3  5 │ 9   10 │ │ 30
test('a step between two windows belongs to the later one, however far apart they are', () => {
  expect(run(at([1, 3], [5, 5], [12, 9], [18, 10], [31, 30]))).toEqual(['0 2', '10 5', '30 20']);
});

//   v    3  8  2  4       the counter restarted before 2: 5 + 2 + 2
test('a value below the one before it is a reset and counts whole', () => {
  expect(run(at([1, 3], [2, 8], [3, 2], [4, 4]))).toEqual(['0 9']);
  expect(run(at([1, 3], [12, 1], [13, 0], [14, 6]))).toEqual(['0 0', '10 7']);
});

//   t    1  5  3  7       3 arrives after 5 and adds nothing, and 7 counts from 5
test('a sample that arrives out of order adds nothing and is not remembered', () => {
  expect(run(at([1, 1], [5, 5], [3, 3], [7, 8]), { outOfOrder: 10 })).toEqual(['0 7']);
  expect(run(at([1, 1], [12, 6], [8, 4], [15, 7]), { outOfOrder: 10 })).toEqual(['0 0', '10 6']);
});

test('each of several samples of one time is a step from the one before', () => {
  expect(run(at([1, 1], [1, 4], [1, 6], [2, 7]))).toEqual(['0 6']);
});

test('the first sample is an increase of 0, and a window without samples gives NaN', () => {
  expect(run(at([1, 5], [11, Number.NaN], [21, 5], [31, Number.NaN], [41, 6]))).toEqual([
    '0 0',
    '10 NaN',
    '20 0',
    '30 NaN',
    '40 1',
  ]);
});

//   v    1  inf  inf  2       an infinite step, a step of 0, a reset
test('infinities are values', () => {
  expect(run(at([1, 1], [11, Infinity], [21, Infinity], [31, 2]))).toEqual(['0 0', '10 Infinity', '20 0', '30 2']);
});

test.each([
  ['strings', (i: number) => `key ${i}`],
  ['numbers', (i: number) => i * 1.5],
])('every key has its own sample: %s', (_, keyOf: (i: number) => string | number) => {
  const samples = [0, 1, 2, 10, 11, 12].map((t) => ({ t, k: keyOf(t % 10), v: t === 11 ? 0.5 : t }));
  const [a, b, c] = [0, 1, 2].map(keyOf);
  expect(run(samples)).toEqual([
    ...[`0 ${a} 0`, `0 ${b} 0`, `0 ${c} 0`],
    ...[`10 ${a} 10`, `10 ${b} 0.5`, `10 ${c} 10`],
  ]);
});

test('an event too far in the future leaves no sample', () => {
  expect(run(at([1, 1], [1000, 900], [5, 3]), { maxFutureSkew: 50 })).toEqual(['0 2']);
});

//   t    0   30   61   80      61 is more than 30 after 30
test('a sample is forgotten when the next sample or the watermark is later by more than within', () => {
  const aggregates = { up: increase('v', { within: 30 }) };
  expect(run(at([0, 1], [30, 5], [61, 9], [80, 11]), { aggregates })).toEqual(['0 0', '30 4', '60 0', '80 2']);
  // The watermark reaches 31 before the next sample of the key arrives late, at 29.
  const late = [
    { t: 0, v: 1, k: 'a' },
    { t: 31, v: 1, k: 'b' },
    { t: 29, v: 7, k: 'a' },
    { t: 33, v: 8, k: 'a' },
  ];
  expect(run(late, { aggregates, allowedLateness: 50 })).toEqual(['0 a 0', '20 a 0', '30 a 1', '30 b 0']);
});

//   the event at 5 is late for its window
test('a late sample that no window takes is remembered', () => {
  const samples = [
    { t: 1, v: 1, k: 'a' },
    { t: 25, v: 9, k: 'b' },
    { t: 5, v: 4, k: 'a' },
    { t: 26, v: 6, k: 'a' },
  ];
  expect(run(samples)).toEqual(['0 a 0', '20 b 0', '20 a 2']);
});

test('a late step corrects its window', () => {
  using stream = windowed({ ...SPEC, emit: 'updates', allowedLateness: 20, outOfOrder: 0 });
  stream.pushRows(at([1, 1], [8, 4], [11, 5], [9, 2], [12, 7]));
  const rows = stream.close().toArray();
  expect(rows.map(({ start, up, pane }) => `${start} ${up} ${pane}`)).toEqual([
    '0 3 on-time',
    '0 3 late',
    '10 3 on-time',
  ]);
});

describe('windows of other kinds', () => {
  const samples = at([1, 1], [2, 3], [4, 4], [9, 1], [11, 6]);
  const outputs = (window: Spec['window']) => {
    using stream = windowed({ ...SPEC, window });
    stream.pushRows(samples);
    const rows = stream.close().toArray() as unknown as { up: number }[];
    return rows.map(({ up }) => up);
  };
  //   steps   0  2  1  1  5
  test.each([
    ['rolling', rolling(4), [0, 2, 3, 1, 6]],
    ['session', session(3), [3, 6]],
    ['hopping', hopping(10, 5), [3, 4, 6, 5]],
  ])('%s windows have the steps of their events', (_, window, wanted) => expect(outputs(window)).toEqual(wanted));
});

test('a stream may have several counters beside the sum of the same column', () => {
  const aggregates = { up: increase('v'), other: increase('w'), near: increase('v', { within: 5 }), s: sum('v') };
  using stream = windowed({ time: 't', window: tumbling(100), aggregates });
  stream.pushColumns({ t: [1, 2, 20], v: [1, 4, 9], w: [5, 1, 3] });
  expect(stream.close().toArray()).toEqual([{ start: 0, end: 100, up: 8, other: 3, near: 3, s: 14 }]);
});

//   keys come and go, and their ids are reused
test.each([
  ['strings', (i: number) => `key ${i}`],
  ['numbers', (i: number) => i],
])('a remembered sample depends neither on batches nor on keys that are gone: %s', (_, keyOf) => {
  const next = random(3);
  const samples: Required<Sample>[] = [];
  for (let i = 0; i < 40_000; i++) {
    const young = Math.floor(i / 4);
    const id = next() < 0.3 ? Math.floor(next() * 50) : young - Math.floor(next() ** 3 * 300);
    samples.push({ t: i - Math.floor(next() * 20), v: Math.floor(next() * 100) + (i % 977), k: keyOf(id) });
  }
  const within = 400;
  const newest = new Map<string | number, { t: number; v: number }>();
  const wanted = new Map<string, number>();
  let watermark = -Infinity;
  for (const { t, v, k } of samples) {
    watermark = Math.max(watermark, t - 20);
    const before = newest.get(k);
    const known = before && Math.max(t, watermark) - before.t <= within ? before : undefined;
    const step = !known || t < known.t ? 0 : v < known.v ? v : v - known.v;
    if (!known || t >= known.t) newest.set(k, { t, v });
    const place = `${Math.floor(t / 100)} ${k}`;
    wanted.set(place, (wanted.get(place) ?? 0) + step);
  }
  for (const length of [1, 700, 40_000]) {
    using stream = windowed({
      time: 't',
      key: 'k',
      window: tumbling(100),
      aggregates: { up: increase('v', { within }) },
      outOfOrder: 20,
    });
    const rows: { start: number; k: unknown; up: number }[] = [];
    let most = 0;
    for (let i = 0; i < samples.length; i += length) {
      if (length === 1) stream.push(samples[i] as Required<Sample>);
      else stream.pushRows(samples.slice(i, i + length));
      if (i % 500 === 0) rows.push(...stream.take());
      if (i % 5000 === 0) most = Math.max(most, stream.stats().liveKeys);
    }
    rows.push(...stream.close());
    expect(new Map(rows.map(({ start, k, up }) => [`${start / 100} ${k}`, up]))).toEqual(wanted);
    // There are ten thousand keys in all.
    if (length < 1000) expect(most).toBeLessThan(3000);
    expect(stream.stats().liveKeys).toBe(0);
  }
});

test('memory follows the keys that are remembered, and is freed with them', () => {
  using stream = windowed({ ...SPEC, key: 'k', aggregates: { up: increase('v', { within: 1000 }) } });
  let most = 0;
  for (let round = 0; round < 200; round++) {
    const k = Array.from({ length: 1000 }, (_, i) => round * 1000 + i);
    stream.pushColumns({ t: k, v: k, k });
    stream.take();
    if (round === 20) most = stream.stats().bytes;
  }
  expect(stream.stats().bytes).toBeLessThanOrEqual(most * 1.5);
  stream.close();
});

test('a full stream refuses a batch with too many keys and goes on', () => {
  using stream = windowed({ ...SPEC, key: 'k', memory: { maximum: '1mb' } });
  const push = (from: number, n: number) => {
    const k = Array.from({ length: n }, (_, i) => from + i);
    stream.pushColumns({ t: k.map(() => from), v: k, k });
  };
  push(0, 100);
  refused('ERR_ORIEL_MEMORY', () => push(1000, 100_000));
  stream.pushRows([{ t: 1001, v: 7, k: 5 }]);
  expect(stream.close().toArray().at(-1)).toEqual({ start: 1000, end: 1010, k: 5, up: 2 });
});

//   within   an hour by default, for ever if Infinity
test('a sample is forgotten after an hour by default, and never with within: Infinity', () => {
  using stream = windowed({
    ...SPEC,
    key: 'k',
    aggregates: { up: increase('v'), ever: increase('v', { within: Infinity }) },
  });
  const hour = 3_600_000;
  stream.pushRows([0, hour, 2 * hour + 1].map((t, i) => ({ t, v: i + 1, k: 'a' })) as never);
  expect(
    stream
      .close()
      .toArray()
      .map(({ up, ever }) => `${up} ${ever}`),
  ).toEqual(['0 0', '1 1', '0 1']);
});

test('a key is forgotten with its sample', () => {
  using stream = windowed({ ...SPEC, key: 'k', aggregates: { up: increase('v') } });
  for (let round = 0; round < 100; round++) {
    const k = Array.from({ length: 100 }, (_, i) => round * 100 + i);
    stream.pushColumns({ t: k.map(() => round * 600_000), v: k, k });
    stream.take();
  }
  // Of 10,000 keys 700 are within an hour. Ids are swept before there are too many that nobody uses.
  expect(stream.stats().liveKeys).toBeLessThanOrEqual(2000);
});

test('a within that is no length of time is refused', () => {
  const make = (within: unknown) => (): Aggregate => increase('v', { within: within as number });
  refused('ERR_ORIEL_SPEC', make(0), 'increase.within', '0');
  refused('ERR_ORIEL_SPEC', make('soon'), 'increase.within', 'soon');
});
