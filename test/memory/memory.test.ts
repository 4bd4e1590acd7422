/**
 * Catches memory that moves under a stream, grows beyond its maximum or never comes back, and calls that take effect in
 * part when memory runs out. memory.large.test.ts has longer runs, full-streams.test.ts every kind of window.
 */

import { describe, expect, test } from 'vitest';
import { hopping, tumbling, type Window, type WindowedStream, windowed } from '../../bindings';
import { core } from '../../bindings/base/core';
import { put } from '../support/doors';
import { fits, random, refused } from '../support/helpers';
import { aggregates, BATCHES, compareWithUnbounded, type Key } from './memory';

test('150 streams that receive events in turn by every door do not disturb each other', () => {
  const batches = Object.values(BATCHES);
  const streams = Array.from({ length: 150 }, () =>
    windowed({ time: 't', key: 'k', window: hopping(50, 20), aggregates }),
  );
  const sums = streams.map(() => 0);
  const fired = streams.map(() => 0);
  const next = random(7);
  const harvest = (i: number, rows: Iterable<{ s: number }>) => {
    for (const { s } of rows) fired[i] = (fired[i] as number) + s;
  };
  for (let round = 0; round < 30; round++) {
    streams.forEach((stream, i) => {
      const { door, length } = batches[(round + i) % batches.length] as (typeof batches)[number];
      const events = Array.from({ length: Math.min(length, 40) }, () => ({
        t: round * 20,
        k: `k${Math.floor(next() * 200)}`,
        v: 1 + i,
      }));
      put(stream, events, door);
      sums[i] = (sums[i] as number) + events.length * (1 + i);
      if ((round + i) % 4 === 0) harvest(i, stream.take());
    });
  }
  streams.forEach((one, i) => {
    using stream = one;
    harvest(i, stream.close());
  });
  // t = 20 round lies in [20 (round - 2), …), [20 (round - 1), …) and [20 round, …): each event in three windows.
  expect(fired).toEqual(sums.map((s) => 3 * s));
});

//   a.claim ─────────── a.commit          the claim's views are of the memory before it grew
//             b grows
test('a commit is refused after another stream has grown the memory', () => {
  using stream = windowed({ time: 't', window: tumbling(10), aggregates });
  using greedy = windowed({ time: 't', key: 'k', window: tumbling(1e9), aggregates });
  stream.push({ t: 1, v: 5 });
  let n = 0;
  const grow = () => {
    const before = core().buffer;
    while (core().buffer === before) {
      const k = Float64Array.from({ length: 50_000 }, () => n++);
      greedy.pushColumns({ t: k, k, v: k });
    }
  };
  stream.claim(10);
  grow();
  refused('ERR_ORIEL_CLAIM', () => stream.commit(10), 'memory grew');
  refused('ERR_ORIEL_CLAIM', () => stream.commit(10), 'no claim');
  const { t, v } = stream.claim(2);
  t.set([2, 3]);
  v.set([6, 7]);
  stream.commit(2);
  expect(stream.close().toArray()).toEqual([{ start: 0, end: 10, n: 3, s: 18 }]);
});

test('a batch of results outlives the growth of memory and its stream', () => {
  const stream = windowed({ time: 't', key: 'k', window: tumbling(10), aggregates });
  stream.pushColumns({ t: [1, 2, 30], k: ['a', 'b', 'a'], v: [1, 2, 3] });
  const batch = stream.take();
  const before = batch.toArray();
  const k = Float64Array.from({ length: 3e5 }, (_, i) => i);
  const greedy = windowed({ time: 't', key: 'k', window: tumbling(1e9), aggregates });
  greedy.pushColumns({ t: k, k, v: k });
  stream[Symbol.dispose]();
  greedy[Symbol.dispose]();
  expect(batch.toArray()).toEqual(before);
  expect(before).toHaveLength(2);
});

describe.each(Object.entries(BATCHES))('a stream with a maximum, by %s', (_, { length, door }) => {
  const KEYS = { strings: (i: number): Key => `key number ${i}`, numbers: (i: number): Key => i * 1.5 };

  //   no window ends before all events are in; then one after the other ends, is taken and makes room
  test.each(Object.entries(KEYS))(
    'it refuses calls with new %s whole when it is full, and its results stay right',
    (_, keyOf) => {
      for (const [window, maximum] of [
        [tumbling(10), 500_000],
        [hopping(20, 10), 700_000],
      ] as [Window, number][]) {
        const spec = { time: 't', key: 'k', window, aggregates, outOfOrder: 1e9 };
        using limited = windowed({ ...spec, memory: { maximum } }) as unknown as WindowedStream;
        using twin = windowed(spec) as unknown as WindowedStream;
        let refusals = 0;
        let taken = 0;
        for (let i = 0; refusals < 6 && i < 20_000; i++) {
          // New keys until there is no room for them; then known keys too, which may fit or not.
          const n = refusals < 3 ? length : Math.ceil(length / 10);
          const key = (j: number) => keyOf(refusals % 2 ? j % (1 + taken) : taken + j);
          const events = Array.from({ length: n }, (_, j) => ({ t: (taken + j) / 50, k: key(j), v: j + 1 }));
          if (fits(() => put(limited, events, door))) {
            put(twin, events, door);
            taken += n;
            if (refusals) refusals++;
          } else {
            refusals++;
            expect(limited.stats().events).toBe(taken);
            expect(limited.stats().liveKeys).toBe(twin.stats().liveKeys);
          }
          if (i % 50 === 0 || refusals) expect(limited.stats().bytes).toBeLessThanOrEqual(maximum);
        }
        expect(refusals).toBeGreaterThanOrEqual(6);
        expect(limited.stats()).toMatchObject({ events: taken, late: 0, skipped: 0 });
        const rows: unknown[] = [];
        for (let t = 0; t <= taken / 50 + 30; t += 10) {
          limited.advance(t);
          rows.push(...limited.take());
          expect(limited.stats().bytes).toBeLessThanOrEqual(maximum);
        }
        const all = twin.close().toArray();
        expect(all.length).toBeGreaterThan(0);
        expect(rows).toEqual(all);
        // The memory is free again.
        const t = Math.ceil(taken / 50) + 100;
        expect(fits(() => put(limited, [{ t, k: keyOf(0), v: 1 }], door))).toBe(true);
        expect(limited.close().length).toBe(window.size / window.every);
      }
    },
  );

  //   one window, with as many keys as fit
  test('it can still be closed when it is full, and gives all that it took', () => {
    const spec = { time: 't', key: 'k', window: tumbling(1e9), aggregates };
    using limited = windowed({ ...spec, memory: { maximum: 600_000 } }) as unknown as WindowedStream;
    using twin = windowed(spec) as unknown as WindowedStream;
    // Calls of fewer events fill what a long call does not fit into.
    let taken = 0;
    for (const n of [length, Math.ceil(length / 90)]) {
      const events = () => Array.from({ length: n }, (_, j) => ({ t: taken, k: taken + j, v: j }));
      while (fits(() => put(limited, events(), door))) {
        put(twin, events(), door);
        taken += n;
      }
    }
    const all = limited.close().toArray();
    expect(all.length).toBeGreaterThan(0);
    expect(all).toEqual(twin.close().toArray());
  });

  //   results fill the outbox until no more fit; take empties it
  test('it goes on after its results have filled it and were taken', () => {
    const spec = { time: 't', key: 'k', window: tumbling(10), aggregates };
    using limited = windowed({ ...spec, memory: { maximum: 600_000 } }) as unknown as WindowedStream;
    using twin = windowed(spec) as unknown as WindowedStream;
    const rows: unknown[] = [];
    const n = Math.min(length, 40);
    let refusals = 0;
    let t = 0;
    for (let i = 0; refusals < 3 && i < 40_000; i++) {
      const events = Array.from({ length: n }, (_, j) => ({ t: t + (j * 20) / n, k: `k${j % 20}`, v: i }));
      t += 20;
      if (!fits(() => put(limited, events, door))) {
        refusals++;
        const waiting = limited.take().toArray();
        expect(waiting.length).toBeGreaterThan(0);
        rows.push(...waiting);
        expect(fits(() => put(limited, events, door))).toBe(true);
      }
      put(twin, events, door);
      if (i % 100 === 0) expect(limited.stats().bytes).toBeLessThanOrEqual(600_000);
    }
    expect(refusals).toBe(3);
    rows.push(...limited.take(), ...limited.close());
    expect(rows).toEqual(twin.close().toArray());
  });
});

test('a maximum too small for the spec is refused', () => {
  for (const maximum of [1, 1000, '1kb']) {
    refused(
      'ERR_ORIEL_MEMORY',
      () => windowed({ time: 't', window: tumbling(1), aggregates, memory: { maximum } }),
      'memory',
    );
  }
  using stream = windowed({ time: 't', window: tumbling(1), aggregates, memory: { maximum: '1mb' } });
  expect(stream.stats().bytes).toBeLessThanOrEqual(2 ** 20);
  expect(stream.stats().bytes).toBeGreaterThan(0);
});

test('memory is freed by windows that ended, keys that were forgotten and results that were taken', () => {
  using stream = windowed({ time: 't', key: 'k', window: hopping(100, 25), aggregates });
  const sizes: number[] = [];
  const n = 4096;
  for (let round = 0; round < 300; round++) {
    stream.pushColumns({
      t: Float64Array.from({ length: n }, (_, i) => round * 50 + (50 * i) / n),
      k: Float64Array.from({ length: n }, (_, i) => round * n + i),
      v: new Float64Array(n),
    });
    stream.take();
    if (round % 50 === 49) sizes.push(stream.stats().bytes);
  }
  expect(Math.max(...sizes)).toBeLessThanOrEqual(2 * (sizes[0] as number));
  expect(sizes.at(-1)).toBeLessThanOrEqual(1.1 * (sizes[1] as number));
  const { liveKeys, liveSlices } = stream.stats();
  expect(liveKeys).toBeLessThan(5 * n);
  expect(liveSlices).toBeLessThan(10);
});

test('random calls on a bounded stream give the results of its accepted calls without a bound', () => {
  const refusals = [1, 2, 3].map(compareWithUnbounded);
  expect(Math.max(...refusals)).toBeGreaterThan(0);
});
