/**
 * Every method that takes events: the kinds of columns it accepts, and what it refuses with which error. This suite
 * catches values that are read wrongly, errors without the column and index, and refused calls that change the stream.
 */

import { expect, test } from 'vitest';
import {
  count,
  cumulative,
  type Extent,
  hopping,
  last,
  max,
  OrielError,
  type OrielErrorCode,
  punctuated,
  rolling,
  rows,
  type Spec,
  session,
  sum,
  tumbling,
  WindowBatch,
  type WindowedStream,
  windowed,
} from '../../bindings';
import { aggregate } from '../../bindings/spec/aggregates';
import { DOORS, put } from '../support/doors';
import { refused } from '../support/helpers';

const NUMBER_ARRAYS = [
  Float64Array,
  Float32Array,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
] as const;
const BIGINT_ARRAYS = [BigInt64Array, BigUint64Array] as const;

const keyed = () =>
  windowed({ time: 't', key: 'k', window: tumbling(10), aggregates: { n: count(), s: sum('v') } as const });

//   t   1  2  3 │ 11 12
const SMALL = [1, 2, 3, 11, 12];
const WANTED = [
  { start: 0, end: 10, k: 1, n: 2, s: 3 },
  { start: 0, end: 10, k: 2, n: 1, s: 3 },
  { start: 10, end: 20, k: 2, n: 2, s: 23 },
];

test.each(NUMBER_ARRAYS)('times, measures and keys may be a %o', (Numbers) => {
  for (const [t, v, k] of [
    [Numbers.from(SMALL), SMALL, [1, 1, 2, 2, 2]],
    [SMALL, Numbers.from(SMALL), [1, 1, 2, 2, 2]],
    [SMALL, SMALL, Numbers.from([1, 1, 2, 2, 2])],
    [Numbers.from(SMALL), Numbers.from(SMALL), Numbers.from([1, 1, 2, 2, 2])],
  ] as const) {
    using stream = keyed();
    stream.pushColumns({ t, v, k } as never);
    expect(stream.close().toArray()).toEqual(WANTED);
  }
});

test.each(BIGINT_ARRAYS)('times, measures and keys may be a %o, and its keys are bigints in results', (Bigints) => {
  using stream = keyed();
  stream.pushColumns({
    t: Bigints.from(SMALL.map(BigInt)),
    v: Bigints.from(SMALL.map(BigInt)),
    k: Bigints.from([1n, 1n, 2n, 2n, 2n]),
  });
  expect(stream.close().toArray()).toEqual(WANTED.map((row) => ({ ...row, k: BigInt(row.k) })));
});

test('measures may be arrays of numbers, bigints and missing values, and keys of strings, numbers or bigints', () => {
  for (const k of [
    ['a', 'a', 'b', 'b', 'b'],
    [1.5, 1.5, -2, -2, -2],
    [1n, 1n, -2n, -2n, -2n],
  ]) {
    using stream = keyed();
    stream.pushColumns({ t: SMALL, v: [1, 2n, null, undefined, 12], k });
    const keys = [k[0], k[2], k[2]];
    expect(stream.close().toArray()).toEqual([
      { start: 0, end: 10, k: keys[0], n: 2, s: 3 },
      { start: 0, end: 10, k: keys[1], n: 1, s: NaN },
      { start: 10, end: 20, k: keys[1], n: 2, s: 12 },
    ]);
  }
});

test('a typed array over part of a buffer is read in place and stays the caller’s', () => {
  const buffer = new ArrayBuffer(1024);
  const t = new Float64Array(buffer, 64, 5);
  t.set(SMALL);
  const v = new Int16Array(buffer, 512, 5);
  v.set(SMALL);
  using stream = keyed();
  stream.pushColumns({ t, v, k: [1, 1, 2, 2, 2] });
  t.fill(999);
  v.fill(999);
  expect(stream.close().toArray()).toEqual(WANTED);
});

test('rows may come from an array, a generator or a set', () => {
  const rows = SMALL.map((t, i) => ({ t, v: t, k: i < 2 ? 1 : 2 }));
  for (const source of [rows, new Set(rows), rows.values()]) {
    using stream = keyed();
    stream.pushRows(source);
    expect(stream.close().toArray()).toEqual(WANTED);
  }
});

test('columns that the spec does not name are ignored', () => {
  using stream = keyed();
  stream.pushColumns({ t: SMALL, v: SMALL, k: [1, 1, 2, 2, 2], other: ['x'], more: 7 } as never);
  expect(stream.close().toArray()).toEqual(WANTED);
});

// Longer columns than the ring are taken in chunks of 4,096.
test.each([4095, 4096, 4097, 8192, 8193, 10_001])('of columns of %i events none is left out', (n) => {
  using stream = windowed({ time: 't', window: tumbling(100), aggregates: { n: count(), s: sum('v') } });
  const t = Float64Array.from({ length: n }, (_, i) => i);
  stream.pushColumns({ t, v: t });
  expect(stream.stats().events).toBe(n);
  const rows = [...stream.close()];
  expect(rows.reduce((all, row) => all + row.n, 0)).toBe(n);
  expect(rows.reduce((all, row) => all + row.s, 0)).toBe((n * (n - 1)) / 2);
});

test('an empty batch changes nothing', () => {
  using stream = keyed();
  stream.pushRows([]);
  stream.pushColumns({ t: [], v: [], k: [] });
  stream.pushColumns({ t: new Float64Array(), v: new Int8Array(), k: new BigInt64Array() });
  stream.claim(3);
  stream.commit(0);
  expect(stream.stats()).toMatchObject({ events: 0, watermark: -Infinity, liveKeys: 0 });
  // None of them has settled the kind of keys.
  stream.push({ t: 1, v: 1, k: 'a' });
  expect(stream.close().toArray()).toEqual([{ start: 0, end: 10, k: 'a', n: 1, s: 1 }]);
});

const N = 10_000;
const times = Float64Array.from({ length: N }, (_, i) => i / 100);
const ones = new Float64Array(N).fill(1);
const names = Array.from({ length: N }, (_, i) => `k${i % 7}`);
const numbers = Float64Array.from({ length: N }, (_, i) => i % 7);
const bigints = BigInt64Array.from({ length: N }, (_, i) => BigInt(i % 7));
const withValue = (column: ArrayLike<unknown>, i: number, value: unknown) =>
  Object.assign(Array.from(column), { [i]: value });

/** Batches of 10,000 events with one thing wrong, for which the whole batch is refused. */
const BAD: [name: string, columns: (k: ArrayLike<unknown>) => object, code: OrielErrorCode, ...parts: string[]][] = [
  ['a missing column of measures', (k) => ({ t: times, k }), 'ERR_ORIEL_COLUMN', '"v"', 'missing'],
  ['a missing column of times', (k) => ({ v: ones, k }), 'ERR_ORIEL_COLUMN', '"t"', 'missing'],
  ['a missing column of keys', () => ({ t: times, v: ones }), 'ERR_ORIEL_COLUMN', '"k"', 'missing'],
  ['measures too short', (k) => ({ t: times, v: ones.subarray(1), k }), 'ERR_ORIEL_COLUMN', '"v"', '9999', '10000'],
  [
    'keys too long',
    (k) => ({ t: times, v: ones, k: [...Array.from(k), k[0]] }),
    'ERR_ORIEL_COLUMN',
    '"k"',
    '10001',
    '10000',
  ],
  ['a number for a column', (k) => ({ t: times, v: 7, k }), 'ERR_ORIEL_COLUMN', '"v"', '7'],
  ['a string for a column', (k) => ({ t: times, v: 'abc', k }), 'ERR_ORIEL_COLUMN', '"v"', 'abc'],
  ['a DataView for a column', (k) => ({ t: times, v: new DataView(new ArrayBuffer(8)), k }), 'ERR_ORIEL_COLUMN', '"v"'],
  ['an object for a column', (k) => ({ t: times, v: { length: N }, k }), 'ERR_ORIEL_COLUMN', '"v"'],
  ...[0, 4095, 4096, N - 1].flatMap((i): typeof BAD => [
    [
      `a NaN time at ${i}`,
      (k) => ({ t: withValue(times, i, NaN), v: ones, k }),
      'ERR_ORIEL_TIME',
      '"t"',
      `index ${i}`,
      'NaN',
    ],
    [
      `an infinite time at ${i}`,
      (k) => ({ t: withValue(times, i, Infinity), v: ones, k }),
      'ERR_ORIEL_TIME',
      '"t"',
      `index ${i}`,
    ],
    [
      `an infinite time in a typed array at ${i}`,
      (k) => ({ t: Float64Array.from(withValue(times, i, -Infinity) as number[]), v: ones, k }),
      'ERR_ORIEL_TIME',
      '"t"',
      `index ${i}`,
      '-Infinity',
    ],
    [
      `a time too far at ${i}`,
      (k) => ({ t: withValue(times, i, 2 ** 54), v: ones, k }),
      'ERR_ORIEL_TIME',
      '"t"',
      `index ${i}`,
    ],
    [
      `a missing time at ${i}`,
      (k) => ({ t: withValue(times, i, null), v: ones, k }),
      'ERR_ORIEL_TIME',
      '"t"',
      `index ${i}`,
    ],
    [
      `a string for a time at ${i}`,
      (k) => ({ t: withValue(times, i, '5'), v: ones, k }),
      'ERR_ORIEL_TIME',
      '"t"',
      `index ${i}`,
    ],
    [
      `a string for a measure at ${i}`,
      (k) => ({ t: times, v: withValue(ones, i, '5'), k }),
      'ERR_ORIEL_COLUMN',
      '"v"',
      `index ${i}`,
    ],
    [
      `a boolean for a measure at ${i}`,
      (k) => ({ t: times, v: withValue(ones, i, true), k }),
      'ERR_ORIEL_COLUMN',
      '"v"',
      `index ${i}`,
    ],
    [
      `an object for a measure at ${i}`,
      (k) => ({ t: times, v: withValue(ones, i, {}), k }),
      'ERR_ORIEL_COLUMN',
      '"v"',
      `index ${i}`,
    ],
    [
      `a missing key at ${i}`,
      (k) => ({ t: times, v: ones, k: withValue(k, i, null) }),
      'ERR_ORIEL_COLUMN',
      '"k"',
      `index ${i}`,
    ],
    [
      `a boolean for a key at ${i}`,
      (k) => ({ t: times, v: ones, k: withValue(k, i, true) }),
      'ERR_ORIEL_COLUMN',
      '"k"',
      `index ${i}`,
    ],
    [
      `a key beyond 64 bits at ${i}`,
      (k) => ({ t: times, v: ones, k: withValue(k, i, 2n ** 64n) }),
      'ERR_ORIEL_COLUMN',
      '"k"',
      `index ${i}`,
    ],
  ]),
];

const KEY_COLUMNS = { strings: names, numbers, bigints };

test.each(BAD)('a batch with %s is refused whole and changes nothing', (_, columns, code, ...parts) => {
  for (const [kind, k] of Object.entries(KEY_COLUMNS)) {
    using spoilt = keyed();
    using clean = keyed();
    const bad = columns(k) as Record<string, ArrayLike<unknown>>;
    // The batch is refused both before and after the kind of keys is settled.
    refused(code, () => spoilt.pushColumns(bad as never), ...parts);
    expect(spoilt.stats()).toMatchObject({ events: 0, watermark: -Infinity, liveKeys: 0, liveSlices: 0 });
    for (const stream of [spoilt, clean])
      stream.pushColumns({ t: times.subarray(0, 5000), v: ones.subarray(0, 5000), k: k.slice(0, 5000) });
    refused(code, () => spoilt.pushColumns(bad as never), ...parts);
    expect(spoilt.stats()).toMatchObject({ events: 5000, liveKeys: clean.stats().liveKeys, watermark: 49.99 });
    for (const stream of [spoilt, clean])
      stream.pushColumns({ t: times.subarray(5000), v: ones.subarray(5000), k: k.slice(5000) });
    expect([kind, spoilt.close().toArray()]).toEqual([kind, clean.close().toArray()]);
    expect(spoilt.stats().events).toBe(N);
  }
});

test('a batch that is refused for its last key does not settle the kind of keys', () => {
  for (const length of [3, 5000]) {
    using stream = keyed();
    const bad = {
      t: times.subarray(0, length),
      v: ones.subarray(0, length),
      k: withValue(names.slice(0, length), length - 1, 5),
    };
    refused('ERR_ORIEL_COLUMN', () => stream.pushColumns(bad as never), '"k"', `index ${length - 1}`, '5');
    stream.pushColumns({ t: [1, 2], v: [1, 2], k: [7, 7] });
    expect(stream.close().toArray()).toEqual([{ start: 0, end: 10, k: 7, n: 2, s: 3 }]);
  }
});

test('a batch that is refused for a time does not settle the kind of keys', () => {
  for (const length of [3, 5000]) {
    using stream = keyed();
    const bad = {
      t: withValue(times.subarray(0, length), length - 1, NaN),
      v: ones.subarray(0, length),
      k: names.slice(0, length),
    };
    refused('ERR_ORIEL_TIME', () => stream.pushColumns(bad as never), `index ${length - 1}`);
    stream.pushColumns({ t: [1, 2], v: [1, 2], k: [7n, 7n] });
    expect(stream.close().toArray()).toEqual([{ start: 0, end: 10, k: 7n, n: 2, s: 3 }]);
  }
});

test('every method refuses keys of another kind than the first', () => {
  const kinds = { string: 'a', number: 1, bigint: 1n };
  for (const [kind, k] of Object.entries(kinds)) {
    using stream = keyed();
    stream.push({ t: 1, v: 1, k });
    for (const [other, wrong] of Object.entries(kinds)) {
      if (other === kind) continue;
      const bad = { t: 1, v: 1, k: wrong };
      refused('ERR_ORIEL_COLUMN', () => stream.push(bad), '"k"');
      for (const door of ['rows', 'columns', 'typed'] as const) {
        refused('ERR_ORIEL_COLUMN', () => put(stream, [{ t: 1, v: 1, k }, bad], door), '"k"', 'index 1');
      }
    }
    stream.push({ t: 2, v: 1, k });
    expect(stream.close().toArray()).toEqual([{ start: 0, end: 10, k, n: 2, s: 2 }]);
  }
});

test('push and pushRows refuse invalid events and keep the events before them', () => {
  using stream = keyed();
  stream.push({ t: 1, v: 1, k: 'a' });
  const good = { t: 2, v: 2, k: 'a' };
  for (const [code, bad, ...parts] of [
    ['ERR_ORIEL_TIME', { v: 1, k: 'a' }, '"t"', 'undefined'],
    ['ERR_ORIEL_TIME', { t: NaN, v: 1, k: 'a' }, '"t"', 'NaN'],
    ['ERR_ORIEL_COLUMN', { t: 2, v: 'x', k: 'a' }, '"v"', '"x"'],
    ['ERR_ORIEL_COLUMN', { t: 2, v: {}, k: 'a' }, '"v"', 'Object'],
    ['ERR_ORIEL_COLUMN', { t: 2, v: 1 }, '"k"', 'undefined'],
    ['ERR_ORIEL_COLUMN', { t: 2, v: 1, k: null }, '"k"', 'null'],
    ['ERR_ORIEL_COLUMN', { t: 2, v: 1, k: Symbol('a') }, '"k"', 'a symbol'],
  ] as [OrielErrorCode, object, ...string[]][]) {
    refused(code, () => stream.push(bad as never), ...parts);
    refused(code, () => stream.pushRows([good, good, bad] as never), 'index 2', parts[0] as string);
  }
  for (const bad of [null, undefined, 5, 'x']) {
    refused('ERR_ORIEL_COLUMN', () => stream.pushRows([good, bad] as never), 'index 1');
  }
  for (const bad of [null, undefined, 5, {}])
    refused('ERR_ORIEL_COLUMN', () => stream.pushRows(bad as never), 'pushRows');
  for (const bad of [null, undefined, 5, 'x'])
    refused('ERR_ORIEL_COLUMN', () => stream.pushColumns(bad as never), 'pushColumns');
  stream.push(good);
  expect(stream.close().toArray()).toEqual([{ start: 0, end: 10, k: 'a', n: 2, s: 3 }]);
});

test('push refuses an event that is no object with an OrielError', () => {
  using stream = keyed();
  for (const bad of [null, undefined]) {
    let error: unknown;
    try {
      stream.push(bad as never);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(OrielError);
  }
  expect(stream.stats().events).toBe(0);
});

test('claimed columns are views into the ring, and commit takes what was written', () => {
  using stream = windowed({ time: 't', key: 'k', window: tumbling(10), aggregates: { n: count(), s: sum('v') } });
  for (let round = 0; round < 3; round++) {
    const batch = stream.claim(4);
    expect([batch.t, batch.k, batch.v].map((view) => view.length)).toEqual([4, 4, 4]);
    [1, 2, 3].forEach((t, i) => {
      batch.t[i] = t;
      batch.v[i] = t * 10;
      batch.k[i] = stream.keyId(i % 2 ? 'odd' : 'even');
    });
    stream.commit(3);
  }
  expect(stream.close().toArray()).toEqual([
    { start: 0, end: 10, k: 'even', n: 6, s: 120 },
    { start: 0, end: 10, k: 'odd', n: 3, s: 60 },
  ]);
});

test('a claim holds number keys as they are, and a column for each part of a compound key', () => {
  using one = keyed();
  const batch = one.claim(3);
  batch.t.set([1, 2, 3]);
  batch.v.set([1, 2, 3]);
  batch.k.set([0.5, -7, 0.5]);
  expect(one.keyId(0.5)).toBe(0.5);
  one.commit(3);
  expect(
    one
      .close()
      .toArray()
      .map(({ k, s }) => [k, s]),
  ).toEqual([
    [0.5, 4],
    [-7, 2],
  ]);

  using tuple = windowed({ time: 't', key: ['a', 'b', 'c'], window: tumbling(10), aggregates: { n: count() } });
  const claimed = tuple.claim(3);
  claimed.t.set([1, 2, 3]);
  claimed.a.set([tuple.keyId('x', 'a'), tuple.keyId('y', 'a'), tuple.keyId('x', 'a')]);
  claimed.b.set([5, 5, 5]);
  claimed.c.set([tuple.keyId('x', 'c'), tuple.keyId('x', 'c'), tuple.keyId('x', 'c')]);
  refused('ERR_ORIEL_COLUMN', () => tuple.keyId('x'), '"a", "b", "c"');
  refused('ERR_ORIEL_COLUMN', () => tuple.keyId('x', 'd'), '"a", "b", "c"', '"d"');
  tuple.commit(3);
  expect(tuple.close().toArray()).toEqual([
    { start: 0, end: 10, a: 'x', b: 5, c: 'x', n: 2 },
    { start: 0, end: 10, a: 'y', b: 5, c: 'x', n: 1 },
  ]);
});

test('keyId is refused if the stream has no key or keys of another kind', () => {
  using none = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() } });
  refused('ERR_ORIEL_COLUMN', () => none.keyId('a'), 'none');
  using stream = keyed();
  stream.push({ t: 1, v: 1, k: 'a' });
  refused('ERR_ORIEL_COLUMN', () => stream.keyId(5), '"k"', '5');
  refused('ERR_ORIEL_COLUMN', () => stream.keyId(null as never), '"k"', 'null');
});

test('a claim with a key id that keyId never returned is refused whole', () => {
  for (const bad of [NaN, -1, 0.5, 2, 1e9, Infinity]) {
    for (const key of ['k', ['k', 'l']] as const) {
      using stream = windowed({
        time: 't',
        key,
        window: tumbling(10),
        aggregates: { n: count() },
      } as Spec) as WindowedStream;
      const batch = stream.claim(3) as unknown as Record<string, Float64Array>;
      const column = key === 'k' ? undefined : 'k';
      batch.t?.set([1, 2, 3]);
      batch.l?.set([7, 7, 7]);
      batch.k?.set([stream.keyId('a', column), stream.keyId('b', column), bad]);
      refused('ERR_ORIEL_COLUMN', () => stream.commit(3), '"k"', 'index 2', 'keyId');
      expect(stream.stats().events).toBe(0);
    }
  }
});

test('a claim with an invalid time is refused and may be corrected', () => {
  using stream = keyed();
  const { t, v, k } = stream.claim(2);
  t.set([1, NaN]);
  v.set([1, 2]);
  k.set([5, 5]);
  refused('ERR_ORIEL_TIME', () => stream.commit(2), '"t"', 'index 1', 'NaN');
  t[1] = 2;
  stream.commit(2);
  expect(stream.close().toArray()).toEqual([{ start: 0, end: 10, k: 5, n: 2, s: 3 }]);
});

test('a claim is valid until the next call that takes events, and for the number of events claimed', () => {
  const calls: Record<string, (stream: ReturnType<typeof keyed>) => void> = {
    push: (stream) => stream.push({ t: 1, v: 1, k: 1 }),
    pushRows: (stream) => stream.pushRows([{ t: 1, v: 1, k: 1 }]),
    pushColumns: (stream) => stream.pushColumns({ t: [1], v: [1], k: [1] }),
  };
  for (const [name, call] of Object.entries(calls)) {
    using stream = keyed();
    const { t, v, k } = stream.claim(2);
    t.fill(2);
    v.fill(100);
    k.fill(1);
    call(stream);
    refused('ERR_ORIEL_CLAIM', () => stream.commit(2), 'no claim');
    expect([name, stream.close().toArray()]).toEqual([name, [{ start: 0, end: 10, k: 1, n: 1, s: 1 }]]);
  }
  using stream = keyed();
  refused('ERR_ORIEL_CLAIM', () => stream.commit(1), 'no claim');
  for (const n of [0, -1, 0.5, 4097, NaN, Infinity, '5' as never])
    refused('ERR_ORIEL_CLAIM', () => stream.claim(n), '4096');
  stream.claim(3).t.fill(1);
  for (const n of [4, -1, 0.5, NaN, '2' as never]) refused('ERR_ORIEL_CLAIM', () => stream.commit(n), '3 claimed');
  stream.commit(3);
  refused('ERR_ORIEL_CLAIM', () => stream.commit(1), 'no claim');
  expect(stream.stats().events).toBe(3);
});

test('a claim is refused if keys are bigints', () => {
  using stream = keyed();
  stream.push({ t: 1, v: 1, k: 1n });
  refused('ERR_ORIEL_COLUMN', () => stream.claim(1), '"k"', 'bigint');
});

test('claims of any number and length take what was written', () => {
  using stream = windowed({ time: 't', window: tumbling(1000), aggregates: { n: count(), s: sum('v'), m: max('v') } });
  let total = 0;
  for (let i = 0; i < 400; i++) {
    const n = 1 + ((i * 379) % 4096);
    const { t, v } = stream.claim(n);
    t.fill(5);
    v.fill(i);
    stream.commit(n - (i % 2));
    total += (n - (i % 2)) * i;
  }
  expect(stream.close().toArray()).toMatchObject([{ s: total, m: 399 }]);
});

test('0 and -0 are one key, and so are all NaN', () => {
  for (const door of DOORS) {
    using stream = windowed({ time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } });
    const k = [0, -0, NaN, -NaN, 0, Infinity, -Infinity];
    put(
      stream,
      k.map((key) => ({ t: 1, k: key })),
      door,
    );
    expect([
      door,
      stream
        .close()
        .toArray()
        .map((row) => [row.k, row.n]),
    ]).toEqual([
      door,
      [
        [0, 3],
        [NaN, 2],
        [Infinity, 1],
        [-Infinity, 1],
      ],
    ]);
  }
});

test('string keys differ if any character differs', () => {
  using stream = windowed({ time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } });
  const long = 'x'.repeat(100_000);
  const k = ['', ' ', long, `${long}y`, '\u0000', 'é', 'e\u0301', '\ud800', '__proto__', 'constructor', '', long];
  stream.pushColumns({ t: k.map(() => 1), k });
  expect(
    stream
      .close()
      .toArray()
      .map((row) => [row.k, row.n]),
  ).toEqual([...new Set(k)].map((key) => [key, key === '' || key === long ? 2 : 1]));
});

test('bigint keys keep all their 64 bits, signed or unsigned', () => {
  const signed = [-(2n ** 63n), -1n, 0n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n];
  const unsigned = [2n ** 63n, 0n, 2n ** 64n - 1n, 2n ** 64n - 2n];
  for (const k of [signed, BigInt64Array.from(signed), unsigned, BigUint64Array.from(unsigned)]) {
    using stream = windowed({ time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } });
    stream.pushColumns({ t: Array.from(k, () => 1), k });
    expect(
      stream
        .close()
        .toArray()
        .map((row) => row.k),
    ).toEqual([...k]);
  }
  using stream = windowed({ time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } });
  stream.push({ t: 1, k: 2n ** 63n });
  refused('ERR_ORIEL_COLUMN', () => stream.push({ t: 1, k: -1n }), '"k"', '-1n');
  stream.push({ t: 1, k: 2n ** 64n - 1n });
  expect(
    stream
      .close()
      .toArray()
      .map((row) => row.k),
  ).toEqual([2n ** 63n, 2n ** 64n - 1n]);
});

test('keys of several columns are one key if all columns agree', () => {
  using stream = windowed({ time: 't', key: ['a', 'b'], window: tumbling(10), aggregates: { n: count() } });
  stream.pushColumns({ t: [1, 1, 1, 1, 1], a: ['x', 'x', 'y', 'x', 'y'], b: [1n, 2n, 1n, 1n, 2n] });
  expect(
    stream
      .close()
      .toArray()
      .map(({ a, b, n }) => [a, b, n]),
  ).toEqual([
    ['x', 1n, 2],
    ['x', 2n, 1],
    ['y', 1n, 1],
    ['y', 2n, 1],
  ]);
});

test('the time or a key may also be a measure', () => {
  using stream = windowed({
    time: 't',
    key: 'k',
    window: tumbling(10),
    aggregates: { first: aggregate('first', 't'), last: last('t'), keys: sum('k') },
  });
  stream.pushRows([
    { t: 1, k: 5 },
    { t: 3, k: 5 },
  ]);
  stream.pushColumns({ t: [7], k: [5] });
  const batch = stream.claim(1);
  batch.t[0] = 8;
  batch.k[0] = 5;
  stream.commit(1);
  expect(stream.close().toArray()).toEqual([{ start: 0, end: 10, k: 5, first: 1, last: 8, keys: 20 }]);
});

const SPEC = { time: 't', window: tumbling(10), aggregates: { n: count() } };

test.each<[given: unknown, ...parts: string[]]>([
  [undefined, 'spec', 'undefined'],
  [null, 'spec', 'null'],
  [{}, 'window', 'undefined'],
  [{ ...SPEC, time: '' }, 'time', '""'],
  [{ ...SPEC, time: 5 }, 'time', '5'],
  [{ ...SPEC, window: undefined }, 'window', 'undefined'],
  [{ ...SPEC, window: {} }, 'window'],
  [{ ...SPEC, window: '10s' }, 'window', '"10s"'],
  [{ ...SPEC, window: { a: tumbling(1), b: 5 } }, 'window.b', '5'],
  [{ ...SPEC, window: { kind: 'session', size: 5, every: 5, offset: 0 } }, 'window'],
  [{ ...SPEC, window: { kind: 'tumbling', size: -5, every: -5, offset: 0 } }, 'window'],
  [{ ...SPEC, aggregates: undefined }, 'aggregates', 'undefined'],
  [{ ...SPEC, aggregates: {} }, 'aggregates'],
  [{ ...SPEC, aggregates: { n: 5 } }, 'aggregates.n', '5'],
  [{ ...SPEC, aggregates: { n: { kind: 'median', column: 'v' } } }, 'aggregates.n'],
  [{ ...SPEC, aggregates: { n: { kind: 'toString', column: 'v' } } }, 'aggregates.n'],
  [{ ...SPEC, aggregates: { n: { kind: 'sum' } } }, 'aggregates.n', 'an aggregate'],
  [{ ...SPEC, aggregates: { start: count() } }, 'aggregates.start'],
  [{ ...SPEC, aggregates: { end: count() } }, 'aggregates.end'],
  [{ ...SPEC, aggregates: { window: count() } }, 'aggregates.window'],
  [{ ...SPEC, aggregates: { pane: count() } }, 'aggregates.pane'],
  [{ ...SPEC, key: 'k', aggregates: { k: count() } }, 'aggregates.k'],
  [{ ...SPEC, key: '' }, 'key'],
  [{ ...SPEC, key: [] }, 'key'],
  [{ ...SPEC, key: 5 }, 'key', '5'],
  [{ ...SPEC, key: ['a', 'a'] }, 'key'],
  [{ ...SPEC, key: ['a', 5] }, 'key'],
  [{ ...SPEC, key: 't' }, 'key', '"t"'],
  [{ ...SPEC, key: 'start' }, 'key', '"start"'],
  [{ ...SPEC, key: ['a', 'window'] }, 'key', '"window"'],
  [{ ...SPEC, outOfOrder: -1 }, 'outOfOrder', '-1'],
  [{ ...SPEC, outOfOrder: '2 seconds' }, 'outOfOrder', '"2 seconds"'],
  [{ ...SPEC, outOfOrder: NaN }, 'outOfOrder', 'NaN'],
  [{ ...SPEC, outOfOrder: Infinity }, 'outOfOrder', 'Infinity'],
  [{ ...SPEC, allowedLateness: null }, 'allowedLateness', 'null'],
  [{ ...SPEC, allowedLateness: '-1s' }, 'allowedLateness', '"-1s"'],
  [{ ...SPEC, maxFutureSkew: 2 ** 54 }, 'maxFutureSkew'],
  [{ ...SPEC, emit: 'sometimes' }, 'emit', '"sometimes"', "'final'", "'updates'"],
  [{ ...SPEC, emit: null }, 'emit', 'null'],
  [{ ...SPEC, emit: {} }, 'emit', '{ every }', '{ when }'],
  [{ ...SPEC, emit: { after: 5 } }, 'emit', '"after"', 'every, when'],
  [{ ...SPEC, emit: { every: 0 } }, 'emit.every', '0'],
  [{ ...SPEC, emit: { every: '-1s' } }, 'emit.every', '"-1s"'],
  [{ ...SPEC, emit: { when: 'always' } }, 'emit.when', '"always"'],
  [{ ...SPEC, accumulate: 'yes' }, 'accumulate', '"yes"', 'true or false'],
  [{ ...SPEC, clock: 5 }, 'clock', '5'],
  [{ ...SPEC, idle: -1 }, 'idle', '-1'],
  [{ ...SPEC, time: undefined, outOfOrder: 5 }, 'outOfOrder', '5'],
  [{ ...SPEC, time: undefined, allowedLateness: 5 }, 'allowedLateness', '5'],
  [{ ...SPEC, time: undefined, maxFutureSkew: 5 }, 'maxFutureSkew', '5'],
  [{ ...SPEC, time: undefined, idle: 5 }, 'idle', '5'],
  [{ ...SPEC, window: rolling(5), aggregates: { t: count() } }, 'aggregates.t'],
  [{ ...SPEC, time: undefined, window: rolling(5), aggregates: { time: count() } }, 'aggregates.time'],
  [{ ...SPEC, aggregates: { index: count() } }, 'aggregates.index'],
  [{ ...SPEC, aggregates: { final: count() } }, 'aggregates.final'],
  [{ ...SPEC, onLate: 5 }, 'onLate', '5'],
  [{ ...SPEC, memory: 5 }, 'memory'],
  [{ ...SPEC, memory: {} }, 'memory.maximum', 'undefined'],
  [{ ...SPEC, memory: { maximum: '5 potatoes' } }, 'memory.maximum', '"5 potatoes"'],
  [{ ...SPEC, memory: { maximum: 0 } }, 'memory.maximum', '0'],
  [{ ...SPEC, memory: { maximum: '8gb' } }, 'memory.maximum', '"8gb"'],
  [{ ...SPEC, memory: { maximum: 1e6, minimum: 5 } }, 'memory', '"minimum"', 'maximum'],
  [{ ...SPEC, lateness: 5 }, '"lateness"', 'allowedLateness'],
  [{ ...SPEC, keys: 'k' }, '"keys"', 'key'],
])('the spec %o is refused with a message that names the field', (spec, ...parts) => {
  refused('ERR_ORIEL_SPEC', () => windowed(spec as Spec), ...parts);
});

test.each<[what: string, make: () => unknown, ...parts: string[]]>([
  ['no size', () => tumbling(undefined as never), 'tumbling: size', 'undefined'],
  ['a size of 0', () => tumbling(0), 'tumbling: size', '0'],
  ['a negative size', () => tumbling(-5), 'tumbling: size', '-5'],
  ['a size that is NaN', () => tumbling(NaN), 'tumbling: size', 'NaN'],
  ['an infinite size', () => tumbling(Infinity), 'tumbling: size', 'Infinity'],
  ['a size beyond 2^53', () => tumbling(2 ** 54), 'tumbling: size'],
  ['an unknown unit', () => tumbling('5 parsecs'), 'tumbling: size', '"5 parsecs"'],
  ['a bare number as a string', () => tumbling('5'), 'tumbling: size', '"5"'],
  ['an empty string', () => tumbling(''), 'tumbling: size'],
  ['an empty duration', () => tumbling({}), 'tumbling: size'],
  ['a month', () => tumbling({ months: 1 } as never), 'tumbling: size', 'months'],
  ['a year', () => tumbling({ years: 1, days: 1 } as never), 'tumbling: size', 'years'],
  ['a duration of strings', () => tumbling({ days: '1' } as never), 'tumbling: size'],
  ['a step of 0', () => hopping(5, 0), 'hopping: every', '0'],
  ['no step', () => hopping(5, undefined as never), 'hopping: every', 'undefined'],
  ['a hop without size', () => hopping(0, 5), 'hopping: size', '0'],
  ['an unknown option', () => hopping(5, 5, { offest: 1 } as never), 'hopping', '"offest"', 'offset'],
  ['an offset that is none', () => tumbling(5, { offset: 'x' }), 'tumbling: offset', '"x"'],
  ['an offset of windows of rows', () => tumbling(rows(5), { offset: 1 }), 'tumbling(rows)', '"offset"'],
  ['a hop of rows by time', () => hopping(rows(5), 5), 'hopping: every', 'rows(n)', '5'],
  ['a hop of time by rows', () => hopping(5, rows(5)), 'hopping: every', 'rows(n)', '5'],
  ['no rows', () => tumbling(rows(0)), 'rows', '0'],
  ['half a row', () => rolling(rows(1.5)), 'rows', '1.5'],
  ['a step that does not divide', () => cumulative(10, 3), 'cumulative: every', '10', '3'],
  ['a step beyond the size', () => cumulative(10, 20), 'cumulative: every', '10', '20'],
  ['cumulative rows', () => cumulative(rows(4) as never, rows(2) as never), 'cumulative: size'],
  ['a session without a gap', () => session(undefined as never), 'session: gap', 'undefined'],
  ['a gap of 0', () => session(0), 'session: gap', '0'],
  ['a gap of an empty name', () => session(''), 'session: gap', '""'],
  ['a longest session of 0', () => session(5, { max: 0 }), 'session: max', '0'],
  ['a session that touches otherwise', () => session(5, { touching: 'no' as never }), 'session: touching', '"no"'],
  ['an unknown option of sessions', () => session(5, { gap: 1 } as never), 'session', '"gap"', 'max, touching'],
  ['no frame', () => rolling(0), 'rolling: size', '0'],
  ['a frame of other ends', () => rolling(5, { closed: 'up' as never }), 'rolling: closed', '"up"'],
  ['punctuation that is no function', () => punctuated(5 as never), 'punctuated', '5'],
  ['an aggregate of no column', () => sum(undefined as never), 'sum', 'undefined'],
  ['an aggregate of a column without name', () => sum(''), 'sum', '""'],
])('%s is refused with a message that names the argument', (_, make, ...parts) => {
  refused('ERR_ORIEL_SPEC', make, ...parts);
});

test('a duration is a number, a string or an object with the fields of a Temporal.Duration', () => {
  const sizes: [Extent, number][] = [
    [250, 250],
    ['250ms', 250],
    ['10s', 10_000],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['1w', 604_800_000],
    [{ seconds: 10 }, 10_000],
    [{ weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 }, 694_861_001],
    [{ years: 0, months: 0, hours: 2 } as never, 7_200_000],
    // A class with getters on its prototype, as Temporal.Duration is.
    [
      new (class Duration {
        get years() {
          return 0;
        }
        get hours() {
          return 1;
        }
        get minutes() {
          return 30;
        }
      })() as never,
      5_400_000,
    ],
  ];
  for (const [extent, length] of sizes) {
    expect(tumbling(extent)).toMatchObject({ size: length, every: length });
    expect(hopping(extent, '1ms')).toMatchObject({ size: length, every: 1 });
    using stream = windowed({ ...SPEC, outOfOrder: extent });
    stream.push({ t: 1e9 });
    expect(stream.stats().watermark).toBe(1e9 - length);
  }
});

test('a batch of results has columns of its own, which later results do not change', () => {
  using stream = keyed();
  stream.pushColumns({ t: [...SMALL, 25], v: [...SMALL, 25], k: [1, 1, 2, 2, 2, 9] });
  const batch = stream.take();
  expect(batch).toBeInstanceOf(WindowBatch);
  expect(batch.length).toBe(3);
  expect(Object.keys(batch.columns).sort()).toEqual(['end', 'k', 'n', 's', 'start']);
  for (const name of ['start', 'end', 'n', 's'] as const) {
    expect(batch.columns[name]).toBeInstanceOf(Float64Array);
    expect(batch.columns[name].buffer.byteLength).toBe(24);
  }
  expect(batch.columns.k).toEqual(Float64Array.of(1, 2, 2));
  expect(batch.toArray()).toEqual(WANTED);
  expect([...batch]).toEqual(batch.toArray());
  expect(stream.take().length).toBe(0);
  batch.columns.n[0] = 77;
  for (let i = 0; i < 5000; i++) stream.push({ t: 25 + i, v: 1, k: 5 });
  expect(stream.take().length).toBeGreaterThan(100);
  expect(batch.toArray()).toEqual([{ ...WANTED[0], n: 77 }, ...WANTED.slice(1)]);
});
