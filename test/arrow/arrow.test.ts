/**
 * Events from Arrow tables: the values of columns of each type and layout, as measures, times and keys, and refusals.
 * This suite catches values read at the wrong offset, nulls read as values, and integers that lose digits.
 */

import {
  Bool,
  type Data,
  type DataType,
  DateDay,
  DateMillisecond,
  Decimal,
  Dictionary,
  DurationMicrosecond,
  Float16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  LargeUtf8,
  makeData,
  makeVector,
  Null,
  RecordBatch,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Table,
  TimeMillisecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  tableFromArrays,
  tableFromIPC,
  tableToIPC,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  Utf8View,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  collect,
  count,
  distinct,
  everything,
  type OrielErrorCode,
  punctuated,
  type Spec,
  sum,
  text,
  tumbling,
  windowed,
} from '../../bindings';
import { columnBatches, columnsOf, pushArrow } from '../../bindings/arrow';
import { refused } from '../support/helpers';

/** A spec whose one result has all values of the column v. */
const listed = { window: everything(), aggregates: { v: collect('v', { limit: 1000 }) } } as const satisfies Spec;
const texts = { window: everything(), aggregates: { v: collect(text('v'), { limit: 1000 }) } } as const satisfies Spec;

function valuesOf(spec: Spec, table: Table | RecordBatch, options = {}): unknown {
  using stream = windowed(spec);
  pushArrow(stream, table, options);
  return stream.close().columns.v?.[0];
}

/** The times of the events that a table becomes. */
function timesOf(table: Table | Vector, options = {}): number[] {
  const aggregates = { v: collect('v', { limit: 1000 }) };
  using stream = windowed({ time: 'v', window: tumbling(10), aggregates });
  pushArrow(stream, (table instanceof Vector ? new Table({ v: table }) : table) as Table, options);
  return stream
    .close()
    .toArray()
    .flatMap(({ v }) => v);
}

/** The keys of a table, in the order of their first events. */
function keysOf(table: Table): unknown[] {
  using stream = windowed({ time: 't', key: 'v', window: tumbling(1000), aggregates: { n: count() } });
  stream.pushColumns({ ...columnsOf(table), t: new Float64Array(table.numRows) });
  return Array.from(stream.close().columns.v);
}

/** The ways to lay out the rows of a vector in a table. */
const LAYOUTS: Record<string, (vector: Vector) => Table> = {
  'in one piece': (v) => new Table({ v }),
  sliced: (v) =>
    new Table({
      v: v
        .concat(v)
        .concat(v)
        .slice(v.length, 2 * v.length),
    }),
  'in several batches': (v) => new Table({ v: v.slice(0, 1).concat(v.slice(1, 4)).concat(v.slice(4)) }),
  'in batches of different lengths': (v) =>
    new Table([
      ...new Table({ v: v.slice(0, 3) }).batches,
      ...new Table({ v: v.slice(3, 3) }).batches,
      ...new Table({ v: v.slice(3) }).batches,
    ]),
  'written and read': (v) => tableFromIPC(tableToIPC(new Table({ v }), 'stream')),
  'written and read as a file': (v) => tableFromIPC(tableToIPC(new Table({ v }), 'file')),
};

const bigs = [1n, -(2n ** 53n - 1n), 2n ** 53n - 1n, 0n, -1n, 2n ** 32n, -(2n ** 32n), 5n, 6n];
const small = [0, 1, 2, 100, 5, 6, 7, 8, 127];
const NUMBERS: [name: string, vector: Vector, values: number[]][] = [
  [
    'Float64',
    vectorFromArray([1.5, -2, 1e300, 4, 5, 6, 7, 8, -Infinity], new Float64()),
    [1.5, -2, 1e300, 4, 5, 6, 7, 8, -Infinity],
  ],
  [
    'Float32',
    vectorFromArray([1.5, -2, 3, 4, 5, 6, 7, 8, Infinity], new Float32()),
    [1.5, -2, 3, 4, 5, 6, 7, 8, Infinity],
  ],
  ['Float16', vectorFromArray([1.5, -2, 3, 4, 5, 6, 7, 8, 9], new Float16()), [1.5, -2, 3, 4, 5, 6, 7, 8, 9]],
  ...[new Int8(), new Int16(), new Int32(), new Uint8(), new Uint16(), new Uint32()].map(
    (type): [string, Vector, number[]] => [`${type}`, vectorFromArray(small, type), small],
  ),
  ['Int64', vectorFromArray(bigs, new Int64()), bigs.map(Number)],
  [
    'Uint64',
    vectorFromArray(
      bigs.map((v) => (v < 0n ? -v : v)),
      new Uint64(),
    ),
    bigs.map((v) => Math.abs(Number(v))),
  ],
  [
    'Bool',
    vectorFromArray([true, false, true, true, false, false, true, false, true], new Bool()),
    [1, 0, 1, 1, 0, 0, 1, 0, 1],
  ],
  ['Time32', vectorFromArray(small, new TimeMillisecond()), small],
  [
    'Duration',
    vectorFromArray(
      small.map((v) => BigInt(v) * 1000n),
      new DurationMicrosecond(),
    ),
    small,
  ],
  [
    'Date32',
    vectorFromArray(
      small.map((v) => v * 864e5),
      new DateDay(),
    ),
    small.map((v) => v * 864e5),
  ],
  ['Date64', vectorFromArray(small, new DateMillisecond()), small],
  [
    'Dictionary',
    dictionaryOf([3.5, 1, 2], [0, 1, 2, 2, 1, 0, 0, 1, 2], new Float64()),
    [3.5, 1, 2, 2, 1, 3.5, 3.5, 1, 2],
  ],
];

function dictionaryOf(
  values: unknown[],
  codes: (number | bigint)[],
  type: DataType,
  indices: DataType = new Int32(),
): Vector {
  const dictionary = vectorFromArray(values, type);
  const data = indices.ArrayType.from(codes as never);
  return new Vector([
    makeData({ type: new Dictionary(type, indices as Int32), length: codes.length, data, dictionary }),
  ]);
}

/** A copy of the vector in which every third value is null, with its bytes left in place. */
function withNulls(vector: Vector): Vector {
  const [data] = vector.data as readonly [Data];
  const nullBitmap = new Uint8Array([0b10110110, 0b00000001, 0, 0, 0, 0, 0, 0]);
  const buffers = [data.valueOffsets, data.values, nullBitmap, data.typeIds];
  const children = data.children as Data[];
  return new Vector([data.clone(data.type, 0, data.length, 3, buffers as never, children)]);
}

const strings = ['a', 'bé', '', 'a', '𝒳', 'a', 'bé', 'c', 'more than what fits into a view'];
const places = [0, 2, 1, 1, 2, 0, 0, 1, 2];
const placed = places.map((place) => ['x', 'é', ''][place] as string);
const TEXTS: [name: string, vector: Vector, values: string[]][] = [
  ...[new Utf8(), new LargeUtf8(), new Utf8View(), new Dictionary(new Utf8(), new Int32())].map(
    (type): [string, Vector, string[]] => [`${type}`, vectorFromArray(strings, type), strings],
  ),
  ['Dictionary of Uint8', dictionaryOf(['x', 'é', ''], places, new Utf8(), new Uint8()), placed],
  ['Dictionary of Int64', dictionaryOf(['x', 'é', ''], places.map(BigInt), new LargeUtf8(), new Int64()), placed],
];
const TIMESTAMPS = [
  new TimestampSecond(),
  new TimestampMillisecond(),
  new TimestampMicrosecond(),
  new TimestampNanosecond(),
];

describe.each(Object.entries(LAYOUTS))('layout: %s', (_, made) => {
  test.each(NUMBERS)('a column of %s is a measure', (_, vector, values) => {
    expect(valuesOf(listed, made(vector))).toEqual(values);
  });

  test.each(NUMBERS)('a column of %s with nulls has missing values', (_, vector, values) => {
    expect(valuesOf(listed, made(withNulls(vector)))).toEqual(values.filter((_, i) => i % 3 !== 0));
  });

  test.each(TEXTS)('a column of %s is a measure of strings, and a key', (_, vector, values) => {
    const table = made(vector);
    expect(valuesOf(texts, table)).toEqual(values);
    expect(valuesOf(texts, made(withNulls(vector)))).toEqual(values.filter((_, i) => i % 3 !== 0));
    expect(keysOf(table)).toEqual([...new Set(values)]);
  });

  test('a column of timestamps is a time', () => {
    const times = [-1000, 0, 1000, 2000, 1e12, 1_700_000_000_000, 1_700_000_001_000, 1_700_000_002_000, 4e12];
    for (const type of TIMESTAMPS) expect(timesOf(made(vectorFromArray(times, type)))).toEqual(times);
  });
});

test.each([
  [
    128,
    2,
    [100n, -1n, 12_345n, 2n ** 53n + 2n, -(2n ** 100n)],
    [1, -0.01, 123.45, (2 ** 53 + 2) / 100, -(2 ** 100) / 100],
  ],
  [128, 0, [1n, -(2n ** 53n), 2n ** 64n - 1n, -(2n ** 63n), 0n], [1, -(2 ** 53), 2 ** 64, -(2 ** 63), 0]],
  [128, -3, [1n, -7n, 0n, 5n, 2n ** 60n], [1000, -7000, 0, 5000, Number(2n ** 60n * 1000n)]],
  [128, 30, [10n ** 30n, 1n, -(10n ** 29n), 0n, 5n * 10n ** 30n], [1, 1e-30, -0.1, 0, 5]],
  [256, 1, [15n, -25n, 2n ** 200n, -(2n ** 200n), 0n], [1.5, -2.5, 2 ** 200 / 10, -(2 ** 200) / 10, 0]],
])('decimals of %i bits, scale %i, are the nearest numbers', (bits, scale, values, numbers) => {
  const words = values.flatMap((v) =>
    Array.from({ length: bits / 32 }, (_, w) => Number((v >> BigInt(32 * w)) & 0xffffffffn)),
  );
  const data = makeData({ type: new Decimal(scale, 38, bits), length: values.length, data: Uint32Array.from(words) });
  expect(valuesOf(listed, new Table({ v: new Vector([data]) }))).toEqual(numbers);
});

test('a column of nulls has no values', () => {
  const data = makeData({ type: new Null(), length: 3 });
  expect(valuesOf(listed, new Table({ v: new Vector([data]) }))).toEqual([]);
  expect(valuesOf(texts, new Table({ v: new Vector([data]) }))).toEqual([]);
});

test('a column of Float64 in one piece is not copied, and a converted column is converted once', () => {
  const values = Float64Array.of(1, 2, 3);
  const { a, b, c } = columnsOf(
    new Table({
      a: makeVector(values),
      b: vectorFromArray([1, 2, 3], new Int32()),
      c: vectorFromArray([1n, 2n, 3n], new Int64()),
    }),
  );
  const refuse = () => new Error();
  expect((a.numbers(refuse) as Float64Array).buffer).toBe(values.buffer);
  expect(b.numbers(refuse)).toBeInstanceOf(Int32Array);
  expect(c.numbers(refuse)).toBe(c.numbers(refuse));
  expect(c.values()).toBeInstanceOf(BigInt64Array);
});

describe('times', () => {
  const second = 1_700_000_000n;

  test('times are numbers of milliseconds or of the unit given', () => {
    const micros = makeVector({
      type: new TimestampMicrosecond(),
      data: BigInt64Array.of(second * 1_000_000n + 1_500n),
    } as never);
    expect(timesOf(micros)).toEqual([Number(second) * 1000 + 1.5]);
    expect(timesOf(micros, { unit: 'us' })).toEqual([Number(second) * 1e6 + 1500]);
    expect(timesOf(micros, { unit: 's' })).toEqual([Number(second) + 0.0015]);
    const days = vectorFromArray([864e5], new DateDay());
    expect(timesOf(days, { unit: 's' })).toEqual([86_400]);
    const nanos = makeVector({ type: new TimestampNanosecond(), data: BigInt64Array.of(2_500_000n) } as never);
    expect(timesOf(nanos, { unit: 'ns' })).toEqual([2_500_000]);
  });

  test('times finer than a number holds are not rounded up to the next unit', () => {
    const data = BigInt64Array.of(-second * 1_000_000_000n - 1n, -1n, second * 1_000_000_000n - 1n);
    const nanos = makeVector({ type: new TimestampNanosecond(), data } as never);
    const unit = Number(second);
    for (const [options, per] of [
      [{}, 1000],
      [{ unit: 's' }, 1],
      [{ unit: 'us' }, 1e6],
    ] as const) {
      const floors = timesOf(nanos, options).map(Math.floor);
      expect(floors).toEqual([-unit * per - 1, -1, unit * per - 1]);
    }
  });

  test('times that are integers or floats are taken as they are', () => {
    expect(timesOf(vectorFromArray([5n, 2n ** 40n], new Int64()), { unit: 's' })).toEqual([5, 2 ** 40]);
    expect(timesOf(vectorFromArray([5.5, 7], new Float64()))).toEqual([5.5, 7]);
  });
});

describe('keys', () => {
  test.each([
    ['Int64', vectorFromArray([2n ** 60n, 1n, 2n ** 60n], new Int64()), [2n ** 60n, 1n]],
    ['Uint64', vectorFromArray([2n ** 64n - 1n, 1n], new Uint64()), [2n ** 64n - 1n, 1n]],
    ['Int32', vectorFromArray([7, 1, 7], new Int32()), [7, 1]],
    ['Float64', vectorFromArray([7.5, 1, 7.5], new Float64()), [7.5, 1]],
    ['Bool', vectorFromArray([true, false], new Bool()), [1, 0]],
    ['Timestamp', vectorFromArray([7, 1], new TimestampMicrosecond()), [7, 1]],
    ['Dictionary of Int64', dictionaryOf([5n, 2n ** 60n], [1, 0, 1], new Int64()), [2n ** 60n, 5n]],
  ])('keys may be of %s', (_, k, keys) => {
    expect(keysOf(new Table({ v: k as Vector }))).toEqual(keys);
    expect(keysOf(new Table({ v: new Vector([...k.data, ...k.data] as Data[]) }))).toEqual(keys);
  });

  test('a compound key may have columns with and without dictionaries', () => {
    const table = new Table({
      t: vectorFromArray([1, 2, 3], new Float64()),
      a: vectorFromArray(['x', 'y', 'x']),
      b: vectorFromArray([1n, 1n, 1n], new Int64()),
      c: vectorFromArray(['p', 'p', 'p'], new Utf8()),
    });
    using stream = windowed({ time: 't', key: ['a', 'b', 'c'], window: tumbling(10), aggregates: { n: count() } });
    pushArrow(stream, table);
    expect(stream.close().toArray()).toEqual([
      { start: 0, end: 10, a: 'x', b: 1n, c: 'p', n: 2 },
      { start: 0, end: 10, a: 'y', b: 1n, c: 'p', n: 1 },
    ]);
  });

  test('keys of a dictionary used again are right after strings were forgotten', () => {
    using stream = windowed({ time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } });
    const names = Array.from({ length: 3000 }, (_, i) => `key ${i}`);
    const dictionary = vectorFromArray(names, new Utf8());
    const type = new Dictionary(new Utf8(), new Int32());
    const seen: string[] = [];
    const pushed: string[] = [];
    for (let step = 0; step < 60; step++) {
      const codes = Int32Array.from({ length: 300 }, (_, i) => (step * 211 + i * 13) % 3000);
      const k = makeData({ type, length: codes.length, data: codes, dictionary });
      const t = makeData({ type: new Float64(), data: new Float64Array(codes.length).fill(10 * step) });
      pushArrow(stream, new RecordBatch({ t, k }));
      pushed.push(...new Set(Array.from(codes, (code) => names[code] as string)));
      seen.push(...(stream.take().columns.k as string[]));
    }
    seen.push(...(stream.close().columns.k as string[]));
    expect(seen).toEqual(pushed);
  });
});

describe('refusals', () => {
  const stream = () =>
    windowed({ time: 'at', key: 'user', window: tumbling(10), aggregates: { n: count(), v: sum('v') } });
  const good = {
    at: vectorFromArray([1, 2, 3, 4], new Float64()),
    user: vectorFromArray(['a', 'b', 'c', 'd']),
    v: vectorFromArray([1, 2, 3, 4], new Float64()),
  };
  const cut = (vector: Vector) => vector.slice(0, 3).concat(vector.slice(3));

  test.each([
    [
      'a key is null',
      { user: vectorFromArray(['a', 'b', 'c', null]) },
      'ERR_ORIEL_COLUMN',
      '"user" at index 3',
      'null',
    ],
    [
      'a plain key is null',
      { user: vectorFromArray(['a', 'b', 'c', null], new Utf8()) },
      'ERR_ORIEL_COLUMN',
      '"user" at index 3',
      'null',
    ],
    [
      'a key is a number and null',
      { user: vectorFromArray([1, 2, 3, null], new Float64()) },
      'ERR_ORIEL_COLUMN',
      '"user" at index 3',
      'null',
    ],
    [
      'a key is none',
      { user: vectorFromArray([[1], [2], [3], [4]]) },
      'ERR_ORIEL_COLUMN',
      '"user" at index 0',
      'Vector',
    ],
    [
      'a time is null',
      { at: vectorFromArray([1, 2, 3, null], new TimestampMillisecond()) },
      'ERR_ORIEL_TIME',
      '"at" at index 3',
      'null',
    ],
    ['a time is a string', { at: vectorFromArray(['1', '2', '3', '4']) }, 'ERR_ORIEL_TIME', '"at" at index 0', '"1"'],
    [
      'a time is beyond numbers',
      { at: vectorFromArray([1n, 2n, 3n, 2n ** 53n], new Int64()) },
      'ERR_ORIEL_TIME',
      '"at" at index 3',
      '9007199254740992n',
    ],
    [
      'a measure is beyond numbers',
      { v: vectorFromArray([1n, 2n, 3n, -(2n ** 53n)], new Int64()) },
      'ERR_ORIEL_COLUMN',
      '"v" at index 3',
      '-9007199254740992n',
    ],
    [
      'a timestamp is beyond numbers',
      { v: makeVector({ type: new TimestampSecond(), data: BigInt64Array.of(1n, 2n, 3n, 2n ** 50n) } as never) },
      'ERR_ORIEL_COLUMN',
      '"v" at index 3',
      '1125899906842624n',
    ],
    [
      'a measure is a string',
      { v: vectorFromArray(['1', '2', '3', '4']) },
      'ERR_ORIEL_COLUMN',
      '"v" at index 0',
      '"1"',
    ],
    [
      'a measure is a list',
      { v: vectorFromArray([[1], [2], [3], [4]]) },
      'ERR_ORIEL_COLUMN',
      '"v" at index 0',
      'Vector',
    ],
    ['a column is not there', { v: undefined }, 'ERR_ORIEL_COLUMN', '"v" is missing'],
  ] as [string, Record<string, Vector | undefined>, OrielErrorCode, ...string[]][])(
    'a table is refused whole if %s',
    (_, other, code, ...parts) => {
      const vectors = Object.fromEntries(Object.entries({ ...good, ...other }).filter(([, vector]) => vector));
      const whole = new Table(vectors as Record<string, Vector>) as Table;
      // Here the last row is in a second batch. The first batch is not taken either.
      const parted = new Table(
        Object.fromEntries(Object.entries(vectors).map(([name, vector]) => [name, cut(vector as Vector)])),
      ) as Table;
      expect(parted.batches).toHaveLength(2);
      for (const table of [whole, parted]) {
        using s = stream();
        refused(code, () => pushArrow(s, table), ...parts);
        expect(s.stats().events).toBe(0);
        pushArrow(s, new Table(good));
        expect(s.close().columns).toMatchObject({ user: ['a', 'b', 'c', 'd'], v: Float64Array.of(1, 2, 3, 4) });
      }
    },
  );

  test('an integer beyond 2^53 is refused in a column that might hold strings', () => {
    const spec = { window: everything(), aggregates: { n: distinct('v') } } as const;
    using s = windowed(spec);
    const id = (value: bigint) => new Table({ v: vectorFromArray([1n, null, value], new Int64()) });
    refused('ERR_ORIEL_COLUMN', () => pushArrow(s, id(2n ** 53n)), '"v" at index 2', '9007199254740992n');
    pushArrow(s, id(2n ** 53n - 1n));
    expect(s.close().columns.n).toEqual(Float64Array.of(2));
  });

  test('the bytes under a null are not read', () => {
    const nullBitmap = new Uint8Array([0b101, 0, 0, 0, 0, 0, 0, 0]);
    const v = makeVector({
      type: new Int64(),
      length: 3,
      data: BigInt64Array.of(1n, 2n ** 60n, 3n),
      nullBitmap,
      nullCount: 1,
    } as never);
    expect(valuesOf(listed, new Table({ v }))).toEqual([1, 3]);
    const at = makeVector({
      type: new TimestampNanosecond(),
      length: 3,
      data: BigInt64Array.of(1n, -1n, 3n),
      nullBitmap,
      nullCount: 1,
    } as never);
    expect(valuesOf(listed, new Table({ v: at }))).toEqual([1e-6, 3e-6]);
  });

  test('pushArrow refuses what is no table, and unknown or invalid options', () => {
    for (const rows of [
      null,
      undefined,
      1,
      {},
      [],
      { schema: {} },
      { schema: { fields: [] } },
      { schema: { fields: [] }, batches: [1] },
    ]) {
      refused('ERR_ORIEL_COLUMN', () => pushArrow(stream(), rows as never), 'pushArrow', 'Table or RecordBatch');
    }
    refused('ERR_ORIEL_SPEC', () => pushArrow(stream(), new Table(good), { units: 'ms' } as never), 'units');
    refused(
      'ERR_ORIEL_SPEC',
      () => columnsOf(new Table(good), { unit: 'min' } as never),
      'columnsOf: unit',
      '"min"',
      '"us"',
    );
  });
});

test('columns that the spec does not name may be of any type', () => {
  const table = new Table({
    v: vectorFromArray([1, 2], new Float64()),
    other: vectorFromArray([[1], [2]]),
    far: vectorFromArray([2n ** 60n, 1n], new Int64()),
  });
  expect(valuesOf(listed, table)).toEqual([1, 2]);
});

test('functions of a spec get plain values', () => {
  const seen: unknown[] = [];
  using stream = windowed({
    time: 't',
    window: punctuated((row: { ends: number }) => {
      seen.push({ ...row });
      return row.ends === 1;
    }),
    aggregates: { n: count() },
  });
  const table = new Table({
    t: vectorFromArray([1, 2], new TimestampMillisecond()),
    ends: vectorFromArray([false, true], new Bool()),
    name: vectorFromArray(['a', null]),
    id: vectorFromArray([1n, null], new Int64()),
  });
  pushArrow(stream, table as Table);
  expect(seen).toEqual([
    { t: 1, ends: 0, name: 'a', id: 1n },
    { t: 2, ends: 1, name: null, id: null },
  ]);
  expect(stream.close().columns.n).toEqual(Float64Array.of(2));
});

test('a table may have no rows, no batches, or two columns of one name', () => {
  const empty = new Table({ v: vectorFromArray([], new Float64()) });
  expect(valuesOf(listed, empty)).toBeUndefined();
  expect(valuesOf(listed, new Table(empty.schema))).toBeUndefined();
  const twice = new Table({ v: vectorFromArray([1], new Float64()), w: vectorFromArray([2], new Float64()) })
    .batches[0] as RecordBatch;
  (twice.schema.fields[1] as { name: string }).name = 'v';
  expect(valuesOf(listed, twice)).toEqual([1]);
});

test('columnBatches takes tables, lists of batches and readers', async () => {
  const table = new Table({ v: vectorFromArray([1, 2, 3], new Float64()).concat(vectorFromArray([4], new Float64())) });
  const bytes = tableToIPC(table, 'stream');
  async function* parts() {
    for (let i = 0; i < bytes.length; i += 100) yield bytes.slice(i, i + 100);
  }
  expect(table.batches).toHaveLength(2);
  const sources = [table, table.batches, RecordBatchReader.from(bytes), await RecordBatchReader.from(parts())];
  for (const source of sources) {
    using stream = windowed(listed);
    for await (const columns of columnBatches(source as Table)) stream.pushColumns(columns as never);
    expect(stream.close().columns.v).toEqual([[1, 2, 3, 4]]);
  }
});

test('over takes the batches of a reader', async () => {
  const table = tableFromArrays({ t: Float64Array.of(1, 5, 12, 25), v: Float64Array.of(1, 2, 3, 4) });
  using stream = windowed({ time: 't', window: tumbling(10), aggregates: { n: count(), s: sum('v') } });
  const ends: number[] = [];
  const reader = RecordBatchReader.from(tableToIPC(table.concat(table.slice(3)), 'stream'));
  for await (const { columns } of stream.over(columnBatches(reader))) ends.push(...columns.end, ...columns.s);
  expect(ends.sort((a, b) => a - b)).toEqual([3, 3, 8, 10, 20, 30]);
  using wrong = windowed({ time: 't', window: tumbling(10), aggregates: { n: count(), s: sum('w') } });
  const run = async () => {
    for await (const _ of wrong.over(columnBatches(table as Table))) break;
  };
  await expect(run()).rejects.toThrow('item 0 of the source: column "w" is missing');
});

test('a dictionary may grow or be replaced between batches', () => {
  const writer = new RecordBatchStreamWriter();
  const type = new Dictionary(new Utf8(), new Int32(), 7);
  const lists = [
    ['a', 'b'],
    ['c', 'a', 'd'],
  ];
  for (const list of lists) {
    const dictionary = vectorFromArray(list, new Utf8());
    writer.write(new RecordBatch({ v: makeData({ type, data: Int32Array.from(list.keys()), dictionary }) }));
  }
  const table = tableFromIPC(writer.finish().toUint8Array(true));
  expect(valuesOf(texts, table)).toEqual(lists.flat());
  expect(table.batches.flatMap((batch) => valuesOf(texts, batch))).toEqual(lists.flat());
});

test('the compiler wants the columns of the spec in a table', () => {
  using stream = windowed({
    time: 'at',
    key: 'user',
    window: tumbling(10),
    aggregates: { v: sum('v'), s: collect(text('s'), { limit: 5 }) },
  });
  const table = tableFromArrays({ at: Float64Array.of(1), user: ['a'], v: Int32Array.of(2), s: ['x'] });
  expectTypeOf(pushArrow(stream, table)).toEqualTypeOf<void>();
  pushArrow(stream, table.batches[0] as (typeof table.batches)[number]);
  pushArrow(stream, tableFromIPC(tableToIPC(table)));
  const user = vectorFromArray(['a']);
  // @ts-expect-error: two columns are not there
  expect(() => pushArrow(stream, new Table({ at: table.getChild('at') as Vector<Float64>, user }))).toThrow(
    '"v" is missing',
  );
  // @ts-expect-error: strings are no measures
  expect(() => pushArrow(stream, tableFromArrays({ at: [1], user: ['a'], v: ['b'], s: ['x'] }))).toThrow('"v"');
  expect(stream.close().toArray()).toMatchObject([{ user: 'a', v: 6, s: ['x', 'x', 'x'] }]);
});
