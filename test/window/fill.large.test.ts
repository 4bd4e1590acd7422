/** Catches millions of filled windows that come in takes of too many rows, in the wrong order, or not at all. */

import { expect, test } from 'vitest';
import { count, sum, tumbling, windowed } from '../../bindings';

/** More rows than one take may give. */
const PART = 1_200_000;

//   1 ······ three million windows without events ······ 2           a take has about a million of them
test('a gap of three million windows comes in parts and loses no window', () => {
  const millions = 3_000_000;
  using stream = windowed({ time: 't', window: tumbling(1), aggregates: { s: sum('v') }, empty: 'fill' });
  stream.pushColumns({ t: [0, millions], v: [1, 2] });
  let next = 0;
  let takes = 0;
  for (let batch = stream.take(); batch.length > 0; batch = takes === 2 ? stream.close() : stream.take(), takes++) {
    const { columns, length } = batch;
    expect(length).toBeLessThan(PART);
    for (let i = 0; i < length; i++, next++) if (columns.start[i] !== next) expect(columns.start[i]).toBe(next);
  }
  expect(next).toBe(millions + 1);
  expect(takes).toBeGreaterThan(3);
});

test("a gap of three million windows filled 'linear' comes in parts, none of them empty before the last", () => {
  const millions = 3_000_000;
  using stream = windowed({
    time: 't',
    window: tumbling(1),
    aggregates: { s: sum('v') },
    empty: 'fill',
    fill: 'linear',
  });
  stream.pushColumns({ t: [0, millions], v: [0, millions] });
  stream.advance(millions + 1);
  let next = 0;
  for (let batch = stream.take(); batch.length > 0; batch = stream.take()) {
    const { columns, length } = batch;
    expect(length).toBeLessThan(PART);
    for (let i = 0; i < length; i++, next++) if (columns.s[i] !== next) expect(columns.s[i]).toBe(next);
  }
  expect(next).toBe(millions + 1);
});

/**
 * Takes five thousand windows of a thousand keys each.
 *
 * @param isKnown whether the keys' first rows were taken before
 * @returns whether every take gave only a part of the rows
 */
function takesInParts(isKnown: boolean): boolean {
  using stream = windowed({
    time: 't',
    key: 'k',
    window: tumbling(1),
    aggregates: { n: count() },
    empty: 'fill',
    fill: 'zero',
  });
  const k = Float64Array.from({ length: 1000 }, (_, i) => i);
  stream.pushColumns({ t: new Float64Array(1000), k });
  stream.advance(1);
  let given = isKnown ? stream.take().length : 0;
  stream.advance(5000);
  let greatest = 0;
  for (let batch = stream.take(); batch.length > 0; batch = stream.take()) {
    for (let i = 0; i < batch.length; i++, given++) {
      const [start, key] = [batch.columns.start[i], batch.columns.k[i]];
      if (start !== Math.floor(given / 1000) || key !== given % 1000) expect([given, start, key]).toEqual([given]);
    }
    greatest = Math.max(greatest, batch.length);
  }
  expect(given).toBe(5_000_000);
  return greatest < PART;
}

test('a thousand keys share the rows of a take, and none is left out', () => {
  expect(takesInParts(true)).toBe(true);
});

test('a thousand keys share the rows of a take even if it has their first rows', () => {
  expect(takesInParts(false)).toBe(true);
});
