/**
 * Results as Arrow tables: the type of each column, its values after writing and reading, and what is copied. This
 * suite catches wrong types, lost nulls and units, and values that Arrow reads otherwise than rows give them.
 */

import {
  type Bool,
  type DataType,
  DateDay,
  DateMillisecond,
  Dictionary,
  DurationSecond,
  FixedSizeBinary,
  Float32,
  type Float64,
  Int32,
  Int64,
  List,
  makeVector,
  Null,
  RecordBatchStreamWriter,
  type Struct,
  Table,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  tableFromIPC,
  tableToIPC,
  Uint8,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  collect,
  count,
  everything,
  first,
  fold,
  histogram,
  max,
  mean,
  ohlc,
  rolling,
  type Spec,
  session,
  sum,
  text,
  topK,
  tumbling,
  WindowBatch,
  windowed,
} from '../../bindings';
import { pushArrow, toArrow } from '../../bindings/arrow';
import { refused } from '../support/helpers';

/** Rows of a table as plain objects and lists, as Arrow itself reads them. */
function rowsOf(table: Table): unknown[] {
  return JSON.parse(JSON.stringify(table.toArray(), (_, value) => (typeof value === 'bigint' ? `${value}n` : value)));
}

/** A batch of results with these columns. */
const batchOf = (columns: Record<string, ArrayLike<unknown>>) =>
  new WindowBatch<Record<string, unknown>>(Object.values(columns)[0]?.length ?? 0, columns) as WindowBatch<{
    [name: string]: never;
  }>;
const through = <T extends Table>(table: T): T => tableFromIPC(tableToIPC(table, 'file')) as unknown as T;
const typesOf = (table: Table) => Object.fromEntries(table.schema.fields.map(({ name, type }) => [name, String(type)]));

const visits = {
  time: 'at',
  key: ['user', 'n', 'id'],
  window: { minute: tumbling(60), hour: tumbling(3600) },
  aggregates: {
    visits: count(),
    mean: mean('ms'),
    price: ohlc('ms'),
    pages: topK(text('page'), 2),
    all: collect('ms', { limit: 10 }),
    seen: collect(text('page'), { limit: 10 }),
    spread: histogram('ms', [1, 10]),
    first: first(text('page')),
    both: fold({
      column: 'ms',
      identity: () => ({ n: 0, odd: false }),
      lift: () => ({ n: 1, odd: true }),
      combine: (a, b) => ({ n: a.n + b.n, odd: a.odd !== b.odd }),
      lower: (state) => state,
    }),
  },
  emit: 'updates',
} as const satisfies Spec;

function taken() {
  using stream = windowed(visits);
  stream.pushRows([
    { at: 1, user: 'ada', n: 1, id: 5n, ms: 3, page: '/a' },
    { at: 2, user: 'bob', n: 2, id: 6n, ms: 30, page: null },
    { at: 3, user: 'ada', n: 1, id: 5n, ms: 0.5, page: '/b' },
    { at: 3, user: 'ada', n: 1, id: 5n, ms: null, page: '/b' },
    { at: 61, user: 'cy', n: 1, id: 5n, ms: Number.NaN, page: '/c' },
  ]);
  return stream.close();
}

test('every kind of column has its type', () => {
  const table = toArrow(taken());
  const strings = 'Dictionary<Int32, Utf8>';
  expect(typesOf(table)).toEqual({
    start: 'Float64',
    end: 'Float64',
    window: strings,
    user: strings,
    n: 'Float64',
    id: 'Int64',
    visits: 'Float64',
    mean: 'Float64',
    price: 'Struct<{open:Float64, high:Float64, low:Float64, close:Float64}>',
    pages: `List<Struct<{value:${strings}, count:Float64, error:Float64}>>`,
    all: 'List<Float64>',
    seen: `List<${strings}>`,
    spread: 'List<Float64>',
    first: strings,
    both: 'Struct<{n:Float64, odd:Bool}>',
    pane: strings,
    index: 'Float64',
    final: 'Bool',
  });
  expectTypeOf(table.getChild('visits')?.type).toEqualTypeOf<Float64 | undefined>();
  expectTypeOf(table.getChild('final')?.type).toEqualTypeOf<Bool | undefined>();
  expectTypeOf(table.getChild('first')?.type).toEqualTypeOf<Dictionary<Utf8, Int32> | undefined>();
  expectTypeOf(table.getChild('all')?.type).toEqualTypeOf<List<Float64> | undefined>();
  expectTypeOf(table.getChild('both')?.type).toEqualTypeOf<Struct<{ n: Float64; odd: Bool }> | undefined>();
  expectTypeOf(table.getChild('user')?.type).toEqualTypeOf<DataType | undefined>();
});

test('a table has the rows of its batch, before and after it is written and read', () => {
  const batch = taken();
  const rows = JSON.parse(
    JSON.stringify(batch.toArray(), (_, value) => (typeof value === 'bigint' ? `${value}n` : value)),
  );
  expect(batch.length).toBe(6);
  const table = toArrow(batch);
  expect(table.numRows).toBe(6);
  expect(rowsOf(table)).toEqual(rows);
  expect(rowsOf(through(table))).toEqual(rows);
});

test('arrays of numbers are not copied', () => {
  const batch = taken();
  const table = toArrow(batch, { nulls: true });
  for (const name of ['start', 'end', 'visits', 'mean', 'index'] as const) {
    expect(table.getChild(name)?.data[0]?.values.buffer).toBe(batch.columns[name].buffer);
  }
});

describe('NaN', () => {
  const batch = () =>
    batchOf({
      a: Float64Array.of(1, Number.NaN, 3),
      b: [Number.NaN, 2, 3],
      c: [[1, Number.NaN], [], [Number.NaN]],
      d: [{ x: Number.NaN }, { x: 1 }, { x: 2 }],
    });

  test('NaN stays NaN by default', () => {
    const table = toArrow(batch());
    expect([...(table.getChild('a') ?? [])]).toEqual([1, Number.NaN, 3]);
    expect(table.getChild('a')?.nullCount).toBe(0);
  });

  test('NaN is null with nulls: true', () => {
    const table = through(toArrow(batch(), { nulls: true }) as Table);
    expect(rowsOf(table)).toEqual([
      { a: 1, b: null, c: [1, null], d: { x: null } },
      { a: null, b: 2, c: [], d: { x: 1 } },
      { a: 3, b: 3, c: [null], d: { x: 2 } },
    ]);
    expect(table.getChild('a')?.nullCount).toBe(1);
  });
});

test('null is null in columns of every kind', () => {
  const columns = {
    a: ['x', null, 'y', 'x', null, 'z', 'x', 'x', 'x', null],
    b: [null, true, false, true, true, null, true, false, true, true],
    c: [null, [1], [2, 3], [], null, [4], [], [], [], [5]],
    d: [null, { p: 1 }, { p: null }, { q: 'r' }, null, {}, { p: 2 }, { p: 3 }, { p: 4 }, { p: 5 }],
    e: [1n, null, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n],
    f: [1, null, undefined, 3, 4, 5, 6, 7, 8, 9],
    g: new Array(10).fill(null),
  };
  const table = through(toArrow(batchOf(columns)) as Table);
  expect(typesOf(table)).toMatchObject({
    e: 'Int64',
    f: 'Float64',
    g: 'Null',
    d: 'Struct<{p:Float64, q:Dictionary<Int32, Utf8>}>',
  });
  const rows = rowsOf(table) as Record<string, unknown>[];
  for (let i = 0; i < 10; i++) {
    const d = columns.d[i] && { p: null, q: null, ...columns.d[i] };
    const e = columns.e[i] === null ? null : `${columns.e[i]}n`;
    expect(rows[i]).toEqual({
      a: columns.a[i],
      b: columns.b[i],
      c: columns.c[i],
      d,
      e,
      f: columns.f[i] ?? null,
      g: null,
    });
  }
});

test('bigints are signed unless one is too great', () => {
  expect(typesOf(toArrow(batchOf({ k: [-(2n ** 63n), 2n ** 63n - 1n] })) as Table)).toEqual({ k: 'Int64' });
  const table = toArrow(batchOf({ k: [0n, 2n ** 64n - 1n] })) as Table;
  expect([...(table.getChild('k') ?? [])]).toEqual([0n, 2n ** 64n - 1n]);
  expect(table.getChild('k')?.type).toBeInstanceOf(Uint64);
});

test('a column without rows is Float64 or Null, or of the type asked for', () => {
  using stream = windowed(visits);
  const types = { user: new Dictionary(new Utf8(), new Int32()), pages: new List(new Null() as never) };
  const empty = toArrow(stream.take());
  expect(empty.numRows).toBe(0);
  expect(typesOf(empty)).toMatchObject({ start: 'Float64', user: 'Null', visits: 'Float64', final: 'Null' });
  const { schema } = toArrow(taken());
  const all = Object.fromEntries(schema.fields.map(({ name, type }) => [name, type]));
  expect(typesOf(toArrow(stream.take(), { types: all }))).toEqual(typesOf(toArrow(taken())));
  expect(types.user.dictionary).toBeInstanceOf(Utf8);
});

test('tables of one stream fit into one table and into one stream of bytes', () => {
  using stream = windowed({
    time: 't',
    key: 'k',
    window: tumbling(10),
    aggregates: { n: count(), s: collect(text('k'), { limit: 3 }) },
  });
  const tables: Table[] = [];
  for (let i = 0; i < 5; i++) {
    stream.push({ t: 10 * i, k: `key ${i}` });
    stream.push({ t: 10 * i, k: 'every' });
    const batch = stream.take();
    if (batch.length) tables.push(toArrow(batch) as Table);
  }
  expect(tables).toHaveLength(4);
  const [one, ...others] = tables as [Table, ...Table[]];
  const whole = one.concat(...others);
  const keys = ['key 0', 'every', 'key 1', 'every', 'key 2', 'every', 'key 3', 'every'];
  expect([...(whole.getChild('k') ?? [])]).toEqual(keys);
  const writer = new RecordBatchStreamWriter();
  for (const { batches } of tables) writer.write(batches[0]);
  const read = tableFromIPC(writer.finish().toUint8Array(true));
  expect(rowsOf(read).map((row) => (row as { k: string }).k)).toEqual(keys);
  expect(rowsOf(read)).toEqual(rowsOf(whole));
});

describe('types that are asked for', () => {
  test('a column of times may be timestamps of any unit, or dates', () => {
    const times = Float64Array.of(0, 1_700_000_000_000, -86_400_001, 1_700_000_000_000.999);
    const whole = Float64Array.of(0, 1_700_000_000_000, -86_400_001, 1_700_000_000_000);
    const types = {
      s: new TimestampSecond(),
      ms: new TimestampMillisecond('UTC'),
      us: new TimestampMicrosecond(),
      ns: new TimestampNanosecond(),
      day: new DateDay(),
      date: new DateMillisecond(),
    };
    const table = through(
      toArrow(batchOf({ s: times, ms: times, us: times, ns: times, day: times, date: times }), {
        types: types as never,
      }) as Table,
    );
    const read = (name: string) => [...(table.getChild(name) ?? [])];
    expect(read('s')).toEqual([0, 1_700_000_000_000, -86_401_000, 1_700_000_000_000]);
    expect(read('ms')).toEqual([...whole]);
    expect(read('date')).toEqual([...whole]);
    expect(read('us')).toEqual([...whole.subarray(0, 3), 1_700_000_000_000.999]);
    expect(Array.from(table.getChild('ns')?.data[0]?.values.subarray(0, 3) ?? [])).toEqual([
      0n,
      1_700_000_000_000_000_000n,
      -86_400_001_000_000n,
    ]);
    expect(read('day')).toEqual([0, 1_699_920_000_000, -172_800_000, 1_699_920_000_000]);
    expect(String(table.schema.fields[1]?.type)).toBe('Timestamp<MILLISECOND, UTC>');
  });

  test('microseconds survive the way through milliseconds and back', () => {
    const micros = BigInt64Array.from({ length: 1000 }, (_, i) => 1_700_000_000_000_000n + BigInt(i));
    const at = makeVector({ type: new TimestampMicrosecond(), data: micros } as never);
    using stream = windowed({ time: 'at', window: rolling(1), aggregates: { n: count() } });
    pushArrow(stream, new Table({ at }) as Table);
    const table = toArrow(stream.close(), { types: { at: new TimestampMicrosecond() } });
    expect(table.getChild('at')?.data[0]?.values).toEqual(micros);
  });

  test('timestamps follow the unit of the times, and an infinite bound is null', () => {
    using stream = windowed({ time: 't', window: everything(), aggregates: { last: max('t') } });
    stream.push({ t: 1_700_000_000 });
    const times = new TimestampMillisecond();
    const table = toArrow(stream.close(), { types: { start: times, end: times, last: times }, unit: 's' });
    expectTypeOf(table.getChild('start')?.type).toEqualTypeOf<TimestampMillisecond | undefined>();
    expect(rowsOf(table)).toEqual([{ start: null, end: null, last: 1_700_000_000_000 }]);
  });

  test('a column of numbers may be durations', () => {
    const types = { v: new DurationSecond() } as never;
    const table = toArrow(batchOf({ v: Float64Array.of(1500, Number.NaN) }), { types });
    expect([...(table.getChild('v' as never) ?? [])]).toEqual([1n, null]);
  });

  test('a column may be of integers, floats or plain strings', () => {
    const columns = {
      n: Float64Array.of(1, Number.NaN, 255),
      m: Float64Array.of(1, 2, 2 ** 53),
      f: Float64Array.of(0.5, 1, Number.NaN),
      s: ['a', null, 'b'],
      k: [1n, 2n, 3n],
    };
    const types = { n: new Uint8(), m: new Int64(), f: new Float32(), s: new Utf8(), k: new Int32() };
    const table = through(toArrow(batchOf(columns), { types: types as never }) as Table);
    expect(typesOf(table)).toEqual({ n: 'Uint8', m: 'Int64', f: 'Float32', s: 'Utf8', k: 'Int32' });
    expect([...(table.getChild('n') ?? [])]).toEqual([1, null, 255]);
    expect([...(table.getChild('m') ?? [])]).toEqual([1n, 2n, 2n ** 53n]);
    expect([...(table.getChild('f') ?? [])]).toEqual([0.5, 1, Number.NaN]);
    expect([...(table.getChild('s') ?? [])]).toEqual(['a', null, 'b']);
    expect([...(table.getChild('k') ?? [])]).toEqual([1, 2, 3]);
    expect(
      toArrow(batchOf(columns), { types: { f: new Float32() } as never, nulls: true }).getChild('f' as never),
    ).toMatchObject({ nullCount: 1 });
  });

  test.each([
    ['an integer that is too great', Float64Array.of(1, 256), new Uint8(), '"v" at index 1', '256'],
    ['an integer that is not whole', Float64Array.of(1, 1.5), new Int64(), '"v" at index 1', '1.5'],
    ['an unsigned integer that is negative', [1n, -1n], new Uint64(), '"v" at index 1', '-1n'],
    ['an integer that is a string', ['1'], new Int32(), '"v" at index 0', '"1"'],
    ['an integer that is infinite', [1, Number.POSITIVE_INFINITY], new Int32(), '"v" at index 1', 'Infinity'],
    ['a time that is a string', ['1'], new TimestampMillisecond(), '"v" at index 0', '"1"'],
    [
      'a time beyond nanoseconds',
      Float64Array.of(1, 1e15),
      new TimestampNanosecond(),
      '"v" at index 1',
      '1000000000000000',
    ],
    ['a type that Arrow cannot make of numbers', [1, 2], new FixedSizeBinary(2), '"v"', 'FixedSizeBinary'],
    ['a type that is none', [1, 2], {}, '"v"'],
  ] as [string, ArrayLike<unknown>, DataType, ...string[]][])('%s is refused', (_, v, type, ...parts) => {
    refused('ERR_ORIEL_COLUMN', () => toArrow(batchOf({ v }), { types: { v: type } as never }), 'toArrow', ...parts);
  });
});

test.each([
  ['numbers and strings', [1, 'a'], '"v" at index 1', '"a"', 'a number'],
  ['strings and numbers', ['a', 'b', 1], '"v" at index 2', '1', 'a string'],
  ['lists and records', [[1], {}], '"v" at index 1', 'a list'],
  ['lists of several kinds', [[1], ['a']], '"v[]" at index 1', '"a"'],
  ['records of several kinds', [{ x: 1 }, { x: 'a' }], '"v.x" at index 1', '"a"'],
  ['bigints signed and unsigned', [-1n, 2n ** 64n - 1n], '"v" at index 0', '-1n'],
  ['maps, which Arrow does not have', [new Map()], '"v" at index 0', 'Map'],
  ['functions', [() => 1], '"v" at index 0', 'function'],
] as [string, unknown[], ...string[]][])('a column of %s is refused', (_, v, ...parts) => {
  refused('ERR_ORIEL_COLUMN', () => toArrow(batchOf({ v })), 'toArrow', ...parts);
});

test('toArrow refuses what is no batch, and unknown or invalid options', () => {
  refused('ERR_ORIEL_SPEC', () => toArrow({} as never), 'toArrow', 'WindowBatch');
  const batch = taken();
  refused('ERR_ORIEL_SPEC', () => toArrow(batch, { type: {} } as never), '"type"', 'types, nulls, unit');
  refused('ERR_ORIEL_SPEC', () => toArrow(batch, { types: { visit: new Int32() } as never }), '"visit"', 'visits');
  refused('ERR_ORIEL_SPEC', () => toArrow(batch, { nulls: 1 as never }), 'nulls', '1');
  refused('ERR_ORIEL_SPEC', () => toArrow(batch, { unit: 'hours' as never }), 'unit', '"hours"');
});

test('batches of late events and of rolling windows become tables too', () => {
  const late: Table[] = [];
  using stream = windowed({
    time: 't',
    key: 'k',
    window: { last: rolling(10), visit: session(5) },
    aggregates: { v: sum('v') },
    onLate: (batch) => late.push(toArrow(batch) as Table),
  });
  stream.pushColumns({ t: [100, 1], k: ['a', 'b'], v: [1, 2] });
  expect(late.map(rowsOf)).toEqual([[{ t: 1, k: 'b', v: 2 }]]);
  const table = toArrow(stream.close(), {
    types: { start: new TimestampMillisecond(), t: new TimestampMillisecond() },
  });
  expect(rowsOf(table)).toEqual([
    { start: null, end: null, t: 100, window: 'last', k: 'a', v: 1 },
    { start: 100, end: 105, t: null, window: 'visit', k: 'a', v: 1 },
  ]);
});

test('tables of results may be the events of the next stream', () => {
  const spec = { time: 'end', key: 'k', aggregates: { n: sum('n') } } as const;
  using fine = windowed({ ...spec, window: tumbling(10) });
  using coarse = windowed({ ...spec, window: tumbling(100) });
  const table = {
    end: Float64Array.from({ length: 500 }, (_, i) => i),
    k: Array.from({ length: 500 }, (_, i) => `${i % 3}`),
    n: new Float64Array(500).fill(1),
  };
  fine.pushColumns(table);
  coarse.pushColumns(table);
  using next = windowed({ time: 'start', key: 'k', window: tumbling(100), aggregates: { n: sum('n') } });
  const types = { start: new TimestampMicrosecond() };
  pushArrow(
    next,
    through(
      toArrow(fine.close() as WindowBatch<{ start: number; end: number; k: string; n: number }>, { types }),
    ) as Table,
  );
  const wanted = coarse.close().toArray();
  expect(wanted).toHaveLength(3 * 5);
  expect(next.close().toArray()).toEqual(wanted);
});
