/**
 * Columns of f64 whose kinds are settled go in by a short way: it must take, and refuse, what the general way does. A
 * plain array in place of a typed one takes the general way.
 */

import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { count, max, sum, tumbling, windowed } from '../../bindings';
import { runs } from '../support/helpers';
import { takeLongWay } from '../support/long-way';
import { FAMILIES, play, scenarioOf } from '../support/scenarios';

afterEach(() => {
  vi.restoreAllMocks();
});

const SPEC = {
  time: 't',
  key: ['a', 'b'],
  window: tumbling(10),
  aggregates: { n: count(), s: sum('v'), m: max('t') },
} as const;

const f64 = (values: readonly number[], memory: 'own' | 'shared' = 'own') => {
  const column = new Float64Array(
    memory === 'own' ? new ArrayBuffer(8 * values.length) : new SharedArrayBuffer(8 * values.length),
  );
  column.set(values);
  return column;
};

/** A stream whose kinds are settled. */
function opened() {
  const stream = windowed(SPEC);
  stream.push({ t: 0, a: 1, b: 1, v: 1 });
  return stream;
}

const T = [1, 5, 12, 40];
const A = [-0, Number.NaN, 2 ** 53 - 1, 0];
const B = [0, 1, -7.5, 0];
const V = [1, Number.NaN, -0, Number.POSITIVE_INFINITY];

const MEMORIES = typeof SharedArrayBuffer === 'function' ? (['own', 'shared'] as const) : (['own'] as const);

test.each(MEMORIES)('results are those of plain arrays: %s memory', (memory) => {
  using short = opened();
  using long = opened();
  short.pushColumns({ t: f64(T, memory), a: f64(A, memory), b: f64(B, memory), v: f64(V, memory) });
  long.pushColumns({ t: T, a: A, b: B, v: V });
  expect(short.close().toArray()).toEqual(long.close().toArray());
  expect({ ...short.stats(), bytes: 0, milliseconds: 0 }).toEqual({ ...long.stats(), bytes: 0, milliseconds: 0 });
});

test.each([
  ['a column that is missing', { t: f64(T), a: f64(A), b: f64(B) }, 'ERR_ORIEL_COLUMN'],
  ['a column that is too short', { t: f64(T), a: f64(A), b: f64([1]), v: f64(V) }, 'ERR_ORIEL_COLUMN'],
  ['strings among settled numbers', { t: f64(T), a: ['x', 'x', 'x', 'x'], b: f64(B), v: f64(V) }, 'ERR_ORIEL_COLUMN'],
  ['a time that is none', { t: f64([1, 2, Number.NaN, 3]), a: f64(A), b: f64(B), v: f64(V) }, 'ERR_ORIEL_TIME'],
  ['a time out of range', { t: f64([1, 2, 2 ** 60, 3]), a: f64(A), b: f64(B), v: f64(V) }, 'ERR_ORIEL_TIME'],
])('%s is refused, and nothing is taken', (_, columns, code) => {
  using stream = opened();
  expect(() => stream.pushColumns(columns as never)).toThrow(expect.objectContaining({ code }));
  expect(stream.stats().events).toBe(1);
  stream.pushColumns({ t: f64(T), a: f64(A), b: f64(B), v: f64(V) });
  expect(stream.stats().events).toBe(5);
});

test('a getter that asks the stream sees it as before the call, and events gathered before are not overwritten', () => {
  using stream = opened();
  stream.push({ t: 3, a: 1, b: 1, v: 10 });
  let seen: unknown;
  const columns = { t: f64(T), a: f64(A), b: f64(B) };
  stream.pushColumns({
    ...columns,
    get v() {
      seen = stream.query([1, 1], 3);
      return f64(V);
    },
  });
  expect(seen).toMatchObject({ n: 2, s: 11 });
  expect(stream.stats().events).toBe(6);
});

test('a batch without rows is the same each time, and the columns of a batch have the types of its rows', () => {
  using stream = opened();
  expect(stream.take()).toBe(stream.take());
  const { start, a, s } = stream.close().columns;
  for (const column of [start, a, s]) expect(column).toEqual(expect.any(Float64Array));
  expect(stream.take()).toMatchObject({ length: 0 });
});

test.each([1, 16, 17, 31, 32, 1000])('%i rows are copies', (rows) => {
  using stream = windowed({ time: 't', key: 'k', window: tumbling(1), aggregates: { s: sum('v') } });
  const column = Float64Array.from({ length: rows }, (_, i) => i);
  stream.pushColumns({ t: column, k: column, v: column });
  stream.pushColumns({ t: f64([rows]), k: f64([0]), v: f64([0]) });
  const batch = stream.take();
  stream.pushColumns({ t: column.map((t) => t + rows + 1), k: column, v: column.map(() => 7) });
  expect(batch.toArray()).toEqual(Array.from(column, (i) => ({ start: i, end: i + 1, k: i, s: i })));
});

test('batches that memory is certain to have room for give what they give with the means to undo them', () => {
  const property = fc.property(scenarioOf(FAMILIES.all), (scenario) => {
    const played = () => {
      const { rows, late, stats } = play(scenario, scenario.cuts);
      return { rows, late, stats: { ...stats, milliseconds: 0 } };
    };
    const short = played();
    const longWay = takeLongWay();
    expect(short).toEqual(played());
    longWay.mockRestore();
  });
  fc.assert(property, { numRuns: runs(200) });
});
