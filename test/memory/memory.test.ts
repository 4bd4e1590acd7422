/** Linear memory: it grows under live streams, is bounded where that was asked for, and comes back. */

import { describe, expect, test } from 'vitest';
import {
  count,
  hopping,
  OrielError,
  type Spec,
  sum,
  tumbling,
  type Window,
  type WindowedStream,
  windowed,
} from '../../bindings';
import { core } from '../../bindings/base/core';
import { random, refused } from '../support/helpers';

type Key = string | number;
interface Event {
  t: number;
  k: Key;
  v: number;
}

const aggregates = { n: count(), s: sum('v') };

const DOORS: Record<string, { length: number; put: (stream: WindowedStream, events: Event[]) => void }> = {
  push: { length: 1, put: (stream, [event]) => stream.push(event as never) },
  pushRows: { length: 100, put: (stream, events) => stream.pushRows(events as never) },
  'short columns': { length: 1000, put: (stream, events) => stream.pushColumns(columnsOf(events) as never) },
  'long columns': { length: 9000, put: (stream, events) => stream.pushColumns(columnsOf(events) as never) },
  claim: { length: 500, put: claimAndCommit },
};

function columnsOf(events: Event[]) {
  return {
    t: Float64Array.from(events, ({ t }) => t),
    k: events.map(({ k }) => k),
    v: Float64Array.from(events, ({ v }) => v),
  };
}

function claimAndCommit(stream: WindowedStream, events: Event[]): void {
  const batch = stream.claim(events.length) as unknown as { t: Float64Array; k: Float64Array; v: Float64Array };
  events.forEach(({ t, k, v }, i) => {
    batch.t[i] = t;
    batch.k[i] = stream.keyId(k);
    batch.v[i] = v;
  });
  stream.commit(events.length);
}

/** Whether the stream took them; any other answer than that or a want of memory is an error. */
function takes(run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof OrielError && error.code === 'ERR_ORIEL_MEMORY') return false;
    throw error;
  }
}

test('many streams at once, each fed a little by every door in turn, keep to themselves', () => {
  const doors = Object.values(DOORS);
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
      const { put, length } = doors[(round + i) % doors.length] as (typeof doors)[number];
      const events = Array.from({ length: Math.min(length, 40) }, () => ({
        t: round * 20,
        k: `k${Math.floor(next() * 200)}`,
        v: 1 + i,
      }));
      put(stream as never, events);
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

//   a.claim ─────────── a.commit          the views of the claim are of the memory before
//             b grows
test('a claim is refused once another stream has made the memory grow', () => {
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

test('a batch from the results of a stream outlives the growth of memory and the stream', () => {
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
  expect(before.length).toBe(2);
});

describe.each(Object.entries(DOORS))('with a maximum, by %s', (_, { length, put }) => {
  const KEYS = { strings: (i: number): Key => `key number ${i}`, numbers: (i: number): Key => i * 1.5 };

  //   windows of 10, none of which ends before all is in; then one after the other ends, is taken and makes room
  test.each(Object.entries(KEYS))(
    '%s fill it until a call is refused whole; what was taken before stays right',
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
          // New keys until there is no room for them; then known ones, which may fit or not.
          const n = refusals < 3 ? length : Math.ceil(length / 10);
          const key = (j: number) => keyOf(refusals % 2 ? j % (1 + taken) : taken + j);
          const events = Array.from({ length: n }, (_, j) => ({ t: (taken + j) / 50, k: key(j), v: j + 1 }));
          if (takes(() => put(limited, events))) {
            put(twin, events);
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
        expect(rows).toEqual(all);
        // The room is there again.
        const t = Math.ceil(taken / 50) + 100;
        expect(takes(() => put(limited, [{ t, k: keyOf(0), v: 1 }]))).toBe(true);
        expect(limited.close().length).toBe(window.size / window.every);
      }
    },
  );

  //   one window, of which there are as many keys as fit
  test('a stream that is full to its maximum can still be closed, and gives what it took', () => {
    const spec = { time: 't', key: 'k', window: tumbling(1e9), aggregates };
    using limited = windowed({ ...spec, memory: { maximum: 600_000 } }) as unknown as WindowedStream;
    using twin = windowed(spec) as unknown as WindowedStream;
    for (let i = 0, refused = false; !refused && i < 20_000; i++) {
      const events = Array.from({ length }, (_, j) => ({ t: i, k: i * length + j, v: j }));
      refused = !takes(() => put(limited, events));
      if (!refused) put(twin, events);
    }
    expect(limited.close().toArray()).toEqual(twin.close().toArray());
  });

  //   results fill the outbox until no more fit; take empties it, and on it goes
  test('a stream whose results fill it goes on once they are taken', () => {
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
      if (!takes(() => put(limited, events))) {
        refusals++;
        const waiting = limited.take().toArray();
        expect(waiting.length).toBeGreaterThan(0);
        rows.push(...waiting);
        expect(takes(() => put(limited, events))).toBe(true);
      }
      put(twin, events);
      if (i % 100 === 0) expect(limited.stats().bytes).toBeLessThanOrEqual(600_000);
    }
    expect(refusals).toBe(3);
    rows.push(...limited.take(), ...limited.close());
    expect(rows).toEqual(twin.close().toArray());
  });
});

test('random calls on a bounded stream give what the calls it took give without a bound', () => {
  const refusalsOf: number[] = [];
  for (let seed = 1; seed <= 12; seed++) {
    const next = random(seed);
    const doors = Object.values(DOORS);
    const maximum = 1_300_000 + Math.floor(next() * 600_000);
    const late: [unknown[], unknown[]] = [[], []];
    const spec = (i: 0 | 1) =>
      ({
        time: 't',
        key: 'k',
        window: seed % 2 ? { a: hopping(40, 15), b: tumbling(25) } : hopping(40, 15),
        aggregates,
        outOfOrder: 5,
        allowedLateness: seed % 3 ? 0 : 20,
        emit: seed % 4 ? 'final' : 'updates',
        onLate: (batch) => late[i].push(...batch),
      }) satisfies Spec;
    using limited = windowed({ ...spec(0), memory: { maximum } }) as unknown as WindowedStream;
    using twin = windowed(spec(1)) as unknown as WindowedStream;
    const rows: unknown[] = [];
    let refusals = 0;
    let t = 0;
    for (let i = 0; i < 120; i++) {
      const { put, length } = doors[Math.floor(next() * doors.length)] as (typeof doors)[number];
      const n = 1 + Math.floor(next() * length);
      const spread = next() < 0.2 ? 20_000 : 50;
      t += next() < 0.1 ? 200 : 4;
      const events = Array.from({ length: n }, () => ({
        t: t - Math.floor(next() * (next() < 0.1 ? 100 : 8)),
        k: seed % 2 ? `s${Math.floor(next() * spread)}` : Math.floor(next() * spread),
        v: Math.floor(next() * 10),
      }));
      if (takes(() => put(limited, events))) put(twin, events);
      else refusals++;
      const { bytes, events: count } = limited.stats();
      expect([seed, i, count]).toEqual([seed, i, twin.stats().events]);
      expect(bytes).toBeLessThanOrEqual(maximum);
      if (next() < 0.3) rows.push(...limited.take());
      if (next() < 0.1 && takes(() => limited.advance(t))) twin.advance(t);
    }
    refusalsOf.push(refusals);
    // As it stands, with results that were not taken, or window by window.
    for (let mark = t - 120; seed % 3 && mark < t + 80; mark += 1 + (seed % 5)) {
      if (!takes(() => limited.advance(mark))) break;
      rows.push(...limited.take());
      twin.advance(mark);
    }
    const closed = takes(() => rows.push(...limited.close()));
    expect([seed, closed]).toEqual([seed, true]);
    expect(rows).toEqual(twin.close().toArray());
    expect(late[0]).toEqual(late[1]);
    const { events, late: lateCount, windows } = twin.stats();
    expect(limited.stats()).toMatchObject({ events, late: lateCount, windows });
  }
  expect(refusalsOf.filter((n) => n > 0).length).toBeGreaterThan(8);
});

test('a maximum too small for the spec is refused before anything is built', () => {
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

test('streams made and disposed of leave memory as large as it was', () => {
  const live = (i: number) => {
    const stream = windowed({ time: 't', key: 'k', window: hopping(100, 30), aggregates });
    stream.pushColumns({
      t: Float64Array.from({ length: 5000 }, (_, j) => j / 10),
      k: Array.from({ length: 5000 }, (_, j) => (i % 2 ? `k${j % 900}` : j % 900)),
      v: new Float64Array(5000),
    });
    if (i % 3) stream.take();
    if (i % 5 === 0) stream.close();
    return stream;
  };
  for (let i = 0; i < 30; i++) live(i)[Symbol.dispose]();
  const early = core().buffer.byteLength;
  const top = core().exports.top();
  for (let i = 0; i < 500; i++) live(i)[Symbol.dispose]();
  expect(core().buffer.byteLength).toBe(early);
  expect(core().exports.top()).toBe(top);
  // The same with ten at once, in and out of turn.
  const some: WindowedStream[] = [];
  const highs: number[] = [];
  for (let i = 0; i < 400; i++) {
    some.push(live(i) as never);
    if (some.length > 10) some.splice((i * 7) % 10, 1)[0]?.[Symbol.dispose]();
    if (i % 100 === 99) highs.push(core().buffer.byteLength);
  }
  for (const stream of some) stream[Symbol.dispose]();
  expect(highs[3]).toBe(highs[0]);
});

test('windows that ended, keys that are gone and results that were taken give their memory back', () => {
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

//   a: push push push            push        views of a's ring are older than the memory that b's keys made grow
//   b:        many keys … grows
test('single events that wait in one stream outlive the growth of memory by another', () => {
  const waiting = Array.from({ length: 20 }, (_, i) =>
    windowed({ time: 't', ...(i % 2 ? { key: 'k' } : {}), window: hopping(1000, 500), aggregates } as Spec),
  );
  let next = 0;
  const pushAll = () => {
    for (const stream of waiting) stream.push({ t: next, k: `k${next % 3}`, v: next } as never);
    next++;
  };
  using greedy = windowed({ time: 't', key: 'k', window: tumbling(1e9), aggregates });
  let grown = 0;
  for (let round = 0; round < 40; round++) {
    pushAll();
    pushAll();
    const before = core().buffer;
    const k = Float64Array.from({ length: 40_000 }, (_, i) => round * 40_000 + i);
    greedy.pushColumns({ t: k, k, v: k });
    if (core().buffer !== before) grown++;
    pushAll();
  }
  expect(grown).toBeGreaterThan(3);
  const wanted = (next * (next - 1)) / 2;
  waiting.forEach((one, i) => {
    using stream = one;
    const rows = stream.close().toArray() as unknown as { start: number; n: number; s: number }[];
    const from0 = rows.filter(({ start }) => start === 0);
    expect(from0.length).toBe(i % 2 ? 3 : 1);
    expect(from0.reduce((total, { n }) => total + n, 0)).toBe(next);
    expect(from0.reduce((total, { s }) => total + s, 0)).toBe(wanted);
  });
  expect(greedy.close().length).toBe(1_600_000);
});
