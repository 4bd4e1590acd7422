/**
 * Catches work that grows with what a stream holds: events in a random or descending order, whose windows are all open,
 * must not be looked for one by one. Before sessions had an index these streams took minutes, beyond the limit of time
 * of a test.
 */

import { describe, expect, test } from 'vitest';
import { calendar, count, hopping, session, tumbling, type Window, windowed } from '../../bindings';
import { DAY } from '../support/times';

/** Far above what a test takes, and far below what it would take if each event walked all open windows. */
const LIMIT = 30_000;

/** The numbers below n, in an order without a pattern: n is a power of two. */
const scattered = (n: number) => Array.from({ length: n }, (_, i) => (Math.imul(i, 0x9e3779b1) >>> 0) % n);

const ORDERS: Record<string, (n: number) => number[]> = {
  scattered,
  ascending: (n) => Array.from({ length: n }, (_, i) => i),
  descending: (n) => Array.from({ length: n }, (_, i) => n - 1 - i),
};

function open(window: Window<'bounds', never>) {
  return windowed({ time: 't', key: 'k', window, aggregates: { n: count() }, outOfOrder: 1e9 });
}

function push(stream: ReturnType<typeof open>, times: number[], keys: number): void {
  const at = Float64Array.from(times);
  stream.pushColumns({ t: at, k: at.map((t) => Math.floor(t) % keys) });
}

describe.each(Object.entries(ORDERS))('%s', (_, order) => {
  test.each([1, 50])('sessions of %d keys stand in order', { timeout: LIMIT }, (keys) => {
    const n = 2 ** 17;
    using stream = open(session(2 * keys));
    const times = order(n).map((i) => 3 * keys * i + (i % keys));
    push(stream, times, keys);
    expect(stream.stats().liveSlices).toBe(n);
    expect(stream.close().columns.start).toEqual(Float64Array.from(times).sort());
  });

  test('sessions are found and merged', { timeout: LIMIT }, () => {
    const n = 2 ** 16;
    using stream = open(session(2));
    const pairs = order(n);
    push(
      stream,
      pairs.flatMap((i) => [10 * i, 10 * i + 3]),
      1,
    );
    expect(stream.stats().liveSlices).toBe(2 * n);
    push(
      stream,
      pairs.map((i) => 10 * i + 1.5),
      1,
    );
    expect(stream.stats().liveSlices).toBe(n);
    const { start, end, n: counts } = stream.close().columns;
    expect(start).toEqual(Float64Array.from({ length: n }, (_, i) => 10 * i));
    expect(end).toEqual(start.map((t) => t + 5));
    expect(counts).toEqual(start.map(() => 3));
  });

  test('sessions with a greatest length end one after the other', { timeout: LIMIT }, () => {
    const n = 2 ** 16;
    using stream = open(session(2, { max: 5 }));
    push(
      stream,
      order(n).map((i) => 3 * i),
      1,
    );
    const { start, end } = stream.close().columns;
    expect(start).toEqual(Float64Array.from({ length: n }, (_, i) => 3 * i));
    expect(end).toEqual(start.map((t) => t + 2));
  });

  test('slices of tumbling windows stand in order', { timeout: LIMIT }, () => {
    const n = 2 ** 15;
    using stream = open(tumbling(10));
    push(
      stream,
      order(n).map((i) => 10 * i),
      1,
    );
    expect(stream.stats().liveSlices).toBe(n);
    const { start } = stream.close().columns;
    expect(start).toEqual(Float64Array.from({ length: n }, (_, i) => 10 * i));
  });

  test('calendar windows that open one by one are listed in order', { timeout: LIMIT }, () => {
    const n = 2 ** 15;
    using stream = windowed({
      time: 't',
      window: tumbling(calendar(1, 'day', 'UTC')),
      aggregates: { n: count() },
      outOfOrder: 1e15,
    });
    for (const day of order(n)) stream.push({ t: day * DAY });
    expect(stream.stats().liveSlices).toBe(n);
    const { start } = stream.close().columns;
    expect(start).toEqual(Float64Array.from({ length: n }, (_, i) => i * DAY));
  });

  test('old events make windows anew that are long over', { timeout: LIMIT }, () => {
    const n = 2 ** 7;
    const size = 200;
    using stream = windowed({
      time: 't',
      window: hopping(size, 1),
      aggregates: { n: count() },
      emit: 'updates',
      allowedLateness: 1e9,
    });
    stream.push({ t: 1e6 });
    const times = order(n).map((i) => i * 100);
    stream.pushColumns({ t: Float64Array.from(times) });
    // Each of the windows that hold an event gives the number of those that have come.
    const wanted = times.flatMap((t, i) => {
      const before = times.slice(0, i + 1);
      return Array.from({ length: size }, (_, j) => {
        const start = t - size + 1 + j;
        return { start, n: before.filter((time) => time >= start && time < start + size).length };
      });
    });
    expect(
      stream
        .take()
        .toArray()
        .map(({ start, n }) => ({ start, n })),
    ).toEqual(wanted);
  });
});
