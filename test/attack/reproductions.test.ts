/**
 * Catches the return of a fault that an attack on the public interface once found: each test is the smallest input that
 * showed it.
 */

import { describe, expect, test } from 'vitest';
import { count, rolling, rows, tumbling, windowed } from '../../bindings';

describe('a rolling window without keys believes the events that follow a move of time', () => {
  test.each([
    ['by time', rolling(20)],
    ['by rows', rolling(rows(3))],
  ])('%s', (_, window) => {
    using stream = windowed({ time: 't', window, aggregates: { n: count() }, maxFutureSkew: 10 });
    stream.push({ t: 0 });
    stream.flush();
    stream.advance(95);
    for (const t of [101, 104, 106, 112, 120]) {
      stream.push({ t });
      stream.flush();
    }
    const rows = stream.close();
    expect(stream.stats()).toMatchObject({ late: 0, future: 0 });
    expect(rows).toHaveLength(6);
  });

  test('beyond the skew from there on they are future', () => {
    using stream = windowed({ time: 't', window: rolling(20), aggregates: { n: count() }, maxFutureSkew: 10 });
    stream.push({ t: 0 });
    stream.advance(95);
    stream.push({ t: 106 });
    stream.push({ t: 105 });
    stream.close();
    expect(stream.stats()).toMatchObject({ late: 0, future: 1 });
  });
});

test('fill tells compound keys apart whose texts joined would be equal', () => {
  const spec = { time: 't', key: ['a', 'b'], window: tumbling(10), aggregates: { n: count() }, empty: 'fill' } as const;
  using stream = windowed(spec);
  stream.pushRows([
    { t: 1, a: 'x\0string y', b: 'z' },
    { t: 2, a: 'x', b: 'y\0string z' },
    { t: 3, a: 'x 1 string', b: '8 string z' },
    { t: 3, a: 'x', b: '1 string 8 string z' },
    { t: 25, a: 'q', b: 'q' },
  ]);
  // Four keys in each of the first two windows, and five in the last.
  expect(stream.close()).toHaveLength(13);
});

test('filled rows have a key and an aggregate that are called __proto__', () => {
  for (const [key, name] of [
    ['__proto__', 'n'],
    ['k', '__proto__'],
  ] as const) {
    const aggregates = Object.fromEntries([[name, count()]]);
    using stream = windowed({ time: 't', key, window: tumbling(10), aggregates, empty: 'fill' } as never);
    stream.pushRows([1, 25].map((t) => Object.fromEntries([['t', t] as const, [key, 'a'] as const])) as never);
    const rows = [...stream.close()] as object[];
    expect(rows.map((row) => Object.getOwnPropertyDescriptor(row, key)?.value)).toEqual(['a', 'a', 'a']);
    expect(rows.map((row) => Object.getOwnPropertyDescriptor(row, name)?.value)).toEqual([1, 0, 1]);
  }
});

test('an event that close finds late may be pushed again by onLate, to this stream or to another', () => {
  const spec = { time: 't', window: tumbling(10), aggregates: { n: count() } } as const;
  using other = windowed(spec);
  using stream = windowed({
    ...spec,
    onLate: (batch) => {
      for (const { t } of batch) {
        other.push({ t });
        stream.push({ t: t + 100 });
      }
    },
  });
  for (const t of [1, 100, 5]) stream.push({ t });
  expect([...stream.close()]).toEqual([
    { start: 0, end: 10, n: 1 },
    { start: 100, end: 110, n: 2 },
  ]);
  expect([...other.close()]).toEqual([{ start: 0, end: 10, n: 1 }]);
});
