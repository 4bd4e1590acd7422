/** Catches Arrow tables that streams in workers and producers read differently from streams on one thread. */

import { Dictionary, Float64, Int32, Int64, Table, Utf8, type Vector, vectorFromArray } from 'apache-arrow';
import { expect, expectTypeOf, test } from 'vitest';
import { count, distinct, first, producer, type Spec, sum, text, tumbling, windowed } from '../../../bindings';
import { columnsOf, pushArrow } from '../../../bindings/arrow';
import { open } from './built-worker';

const spec = {
  time: 't',
  key: 'k',
  window: tumbling(1000),
  aggregates: { n: count(), v: sum('v'), pages: distinct(text('page')), page: first(text('page')) },
} as const satisfies Spec;

function tableOf(rows: number) {
  const names = Array.from({ length: rows }, (_, i) => `key ${i % 7}`);
  const pages = names.map((_, i) => (i % 5 ? `/${i % 11}` : null));
  return new Table({
    t: vectorFromArray(
      names.map((_, i) => BigInt(i)),
      new Int64(),
    ),
    k: vectorFromArray(names, new Dictionary(new Utf8(), new Int32())),
    v: vectorFromArray(
      names.map((_, i) => (i % 3 ? i : null)),
      new Float64(),
    ),
    page: vectorFromArray(pages, new Utf8()),
  });
}

const byKey = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();

test.each([
  ['shared', 1],
  ['shared', 3],
  ['transferred', 1],
] as const)('a table gives the results of one thread, %s, %i workers', async (transport, parallelism) => {
  // A ring holds fewer events.
  const rows = 150_000;
  const table = tableOf(rows);
  using here = windowed(spec);
  pushArrow(here, table);
  const there = await open(spec, { transport, parallelism });
  const columns = columnsOf(table);
  let n = pushArrow(there, table);
  expectTypeOf(n).toEqualTypeOf<number>();
  expect(n).toBeGreaterThan(0);
  expect(n).toBeLessThan(rows);
  for (; n < rows; n += there.pushColumns(columns, n)) await there.ready();
  const wanted = here.close();
  expect(wanted.length).toBeGreaterThan(1000);
  expect(byKey((await there.close()).toArray())).toEqual(byKey(wanted.toArray()));
});

test('a producer takes a table whole, and refuses a bad one whole', async () => {
  const stream = await open(spec);
  const events = producer<typeof spec>(await stream.producer());
  const table = tableOf(100);
  const bad = new Table({
    ...Object.fromEntries(table.schema.names.map((name) => [name, table.getChild(name) as Vector])),
    k: vectorFromArray([...'a'.repeat(99), null]),
  });
  expect(() => pushArrow(events, bad as never)).toThrow('"k" at index 99');
  expect(pushArrow(events, table)).toBe(100);
  events.close();
  using here = windowed(spec);
  pushArrow(here, table);
  const wanted = here.close();
  expect(wanted).toHaveLength(7);
  expect(byKey((await stream.close()).toArray())).toEqual(byKey(wanted.toArray()));
});
