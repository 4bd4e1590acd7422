/**
 * Random events pushed as rows and as Arrow tables of any types, layout and cut give the same results. This suite
 * catches layouts of Arrow that are read at the wrong offset, with the wrong unit or without their nulls.
 */

import {
  type DataType,
  Dictionary,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  LargeUtf8,
  makeData,
  type RecordBatch,
  Table,
  TimestampMicrosecond,
  TimestampMillisecond,
  tableFromIPC,
  tableToIPC,
  Uint8,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  collect,
  count,
  distinct,
  first,
  hopping,
  rolling,
  type Spec,
  session,
  sum,
  text,
  topK,
  tumbling,
  windowed,
} from '../../bindings';
import { pushArrow } from '../../bindings/arrow';
import { runs } from '../support/helpers';

const WORDS = ['', 'a', 'b', 'é😀', 'a longer one', '\ufeff'];
const words = fc.constantFrom(...WORDS);
const event = fc.record({
  tick: fc.integer({ min: 0, max: 6 }),
  lag: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 })),
  k: words,
  l: words,
  v: fc.option(fc.integer({ min: -100, max: 100 })),
  page: fc.option(words),
});

/**
 * What a column may be: strings plain, or places in a dictionary, which may be another's and hold what does not come.
 */
const TEXTS: ((values: (string | null)[]) => Vector)[] = [
  (values) => vectorFromArray(values, new Utf8()),
  (values) => vectorFromArray(values, new LargeUtf8()),
  (values) => vectorFromArray(values, new Dictionary(new Utf8(), new Int32())),
  (values) => placed(values, new Int32()),
  (values) => placed(values, new Uint8()),
];
const dictionary = vectorFromArray(['never', ...WORDS, null, 'nor this'], new Utf8());
const placesOf = (value: string | null) => (value === null ? 7 : WORDS.indexOf(value) + 1);
const type = { Int32: new Dictionary(new Utf8(), new Int32()), Uint8: new Dictionary(new Utf8(), new Uint8()) };

/** A dictionary column of the values, in which null is a code of the dictionary's null. */
function placed(values: (string | null)[], indices: Int32 | Uint8): Vector {
  const data = indices.ArrayType.from(values.map(placesOf));
  return new Vector([makeData({ type: type[`${indices}` as 'Int32'], length: values.length, data, dictionary })]);
}

const NUMBERS: ((values: (number | null)[]) => Vector)[] = [
  ...[new Float64(), new Float32(), new Int8(), new Int16()].map(
    (type: DataType) => (values: (number | null)[]) => vectorFromArray(values, type),
  ),
  (values) =>
    vectorFromArray(
      values.map((v) => (v === null ? null : BigInt(v))),
      new Int64(),
    ),
  (values) =>
    vectorFromArray(
      values.map((v) => v ?? Number.NaN),
      new Float64(),
    ),
];
const TIMES: ((values: number[]) => Vector)[] = [
  (values) => vectorFromArray(values, new Float64()),
  (values) => vectorFromArray(values, new TimestampMillisecond()),
  (values) => vectorFromArray(values, new TimestampMicrosecond()),
  (values) => vectorFromArray(values.map(BigInt), new Int64()),
];

const layout = fc.record({
  length: fc.integer({ min: 1, max: 40 }),
  t: fc.nat(TIMES.length - 1),
  k: fc.nat(TEXTS.length - 1),
  l: fc.nat(TEXTS.length - 1),
  v: fc.nat(NUMBERS.length - 1),
  page: fc.nat(TEXTS.length - 1),
  /** The number of batches, the rows cut off in front, and whether the table was written and read. */
  parts: fc.integer({ min: 1, max: 3 }),
  skipped: fc.nat(9),
  isRead: fc.boolean(),
});
type Layout = typeof layout extends fc.Arbitrary<infer L> ? L : never;
type Row = { t: number; k: string; l: string; v: number | null; page: string | null };

function tableOf(rows: Row[], { t, k, l, v, page, parts, skipped, isRead }: Layout): Table {
  // The rows in front are cut off again.
  const all = [...rows.slice(0, skipped), ...rows];
  const from = all.length - rows.length;
  const columns = {
    t: TIMES[t]?.(all.map((row) => row.t)) as Vector,
    k: TEXTS[k]?.(all.map((row) => row.k)) as Vector,
    l: TEXTS[l]?.(all.map((row) => row.l)) as Vector,
    v: NUMBERS[v]?.(all.map((row) => row.v)) as Vector,
    page: TEXTS[page]?.(all.map((row) => row.page)) as Vector,
  };
  const whole = new Table(columns).slice(from) as Table;
  const length = Math.ceil(rows.length / parts);
  const batches = Array.from({ length: parts }, (_, i) => whole.slice(i * length, (i + 1) * length).batches).flat();
  const table = new Table(whole.schema, batches as RecordBatch[]);
  return isRead ? tableFromIPC(tableToIPC(table, 'stream')) : table;
}

const aggregates = {
  n: count(),
  some: count('v'),
  v: sum('v'),
  a: count().where(text('page').eq('a')),
  pages: distinct(text('page')),
  page: first(text('page')),
  often: topK(text('page'), 3),
  all: collect('v', { limit: 5 }),
  of: count('k'),
};

const SPECS: Record<string, Spec> = {
  'one key, tumbling': { time: 't', key: 'k', window: tumbling(10), aggregates: aggregates, outOfOrder: 5 },
  'two keys, hopping': { time: 't', key: ['k', 'l'], window: hopping(20, 7), aggregates: aggregates, emit: 'updates' },
  'no key, sessions': {
    time: 't',
    window: session(4),
    aggregates: aggregates,
    outOfOrder: 3,
    where: text('l').eq('a').not(),
  },
  'rolling, by the clock': { key: 'k', window: rolling(10), aggregates: aggregates, clock: () => 1 },
};

describe.each(Object.entries(SPECS))('%s', (_, spec) => {
  test('tables give the same results as rows', () => {
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 1, maxLength: 120 }),
        fc.array(layout, { minLength: 1 }),
        (events, layouts) => {
          let now = 0;
          const rows = events.map(({ tick, lag, ...row }): Row => {
            now += tick;
            return { t: now - lag, ...row };
          });
          using here = windowed(spec);
          using there = windowed(spec);
          const wanted: unknown[] = [];
          const actual: unknown[] = [];
          for (let i = 0, cut = 0; i < rows.length; cut++) {
            const layout = layouts[cut % layouts.length] as Layout;
            const part = rows.slice(i, i + layout.length);
            here.pushRows(part as never);
            pushArrow(there, tableOf(part, layout));
            wanted.push(...here.take());
            actual.push(...there.take());
            i += part.length;
          }
          const stats = [here, there].map((stream) => ({ ...stream.stats(), bytes: 0, milliseconds: 0 }));
          wanted.push(...here.close(), stats[0]);
          // Some window fires unless all events were filtered or late.
          const { filtered, late } = stats[0]!;
          if (filtered + late < rows.length) expect(wanted.length).toBeGreaterThan(1);
          actual.push(...there.close(), stats[1]);
          expect(actual).toEqual(wanted);
        },
      ),
      { numRuns: runs(300), endOnFailure: true },
    );
  });
});
