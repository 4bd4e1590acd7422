/**
 * Catches an aggregate that breaks a law, in every aggregate that the core has and through the public interface: a
 * result is the aggregate's definition over the events of its window, however the core cut these into slices and
 * combined the slices, and in whatever order the events came. An aggregate without a definition in test/oracle/cases.ts
 * fails too.
 */

import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { count, hopping, type Spec, tumbling, type Window, windowed } from '../../bindings';
import { core } from '../../bindings/base/core';
import { aggregate } from '../../bindings/spec/aggregates';
import {
  type Case,
  Counters,
  cases,
  companion,
  definitions,
  type Figure,
  isNear,
  kindsOf,
  type OracleEvent,
} from '../oracle';
import { checkLaws } from '../support/check-laws';
import { DOORS, put } from '../support/doors';
import { runs, windowsAt } from '../support/helpers';

checkLaws();

windowed({ time: 't', window: tumbling(1), aggregates: { n: count() } })[Symbol.dispose]();
const NAMES = Object.keys(cases);

const of = (name: string) => (cases[name] as Case).make();
const define = (name: string, events: OracleEvent[]) => (cases[name] as Case).define(events);
/** The result with each of its numbers mapped. */
const mapped = (figure: Figure, map: (x: number) => number): Figure =>
  typeof figure === 'number'
    ? map(figure)
    : (Object.fromEntries(Object.entries(figure).map(([name, x]) => [name, mapped(x, map)])) as Figure);

interface Result {
  window: string;
  start: number;
  key: string;
  value: Figure;
}

/** The results of one aggregate, each with its window, start and key. */
function run(
  kind: string,
  windows: Record<string, Window>,
  events: OracleEvent[],
  options: Partial<Spec> = {},
): Result[] {
  using stream = windowed({ time: 't', window: windows, aggregates: { value: of(kind) }, ...options } as Spec);
  stream.pushColumns({
    t: events.map(({ t }) => t),
    k: events.map(({ key }) => key),
    v: events.map(({ v }) => v),
    w: events.map(({ w }) => w),
  } as never);
  const rows = stream.close().toArray() as unknown as (Result & { k?: string })[];
  return rows.map(({ window, start, k, value }) => ({ window, start, key: k ?? '', value }));
}

function expectSame(actual: Figure, wanted: Figure, what: unknown): void {
  if (!isNear(actual, wanted)) expect({ what, value: actual }).toEqual({ what, value: wanted });
}

/** How many results a test compared, so that empty results cannot pass it. */
let compared = 0;
beforeEach(() => {
  compared = 0;
});

/** Expects that every result is the definition over the events of its window, and that no result is missing. */
function expectDefined(kind: string, windows: Record<string, Window>, events: OracleEvent[], results: Result[]): void {
  const wanted = new Map<string, OracleEvent[]>();
  for (const event of events) {
    for (const [name, window] of Object.entries(windows)) {
      for (const [start] of windowsAt(window, event.t)) {
        const place = `${name} ${start} ${event.key}`;
        wanted.set(place, [...(wanted.get(place) ?? []), event]);
      }
    }
  }
  expect(results).toHaveLength(wanted.size);
  compared += wanted.size;
  for (const { window, start, key, value } of results) {
    const place = `${window} ${start} ${key}`;
    expectSame(value, define(kind, wanted.get(place) ?? []), { kind, place });
  }
}

const finite = fc.integer({ min: -12, max: 12 }).map((x) => x / 4);
const value = fc.oneof(
  { weight: 10, arbitrary: finite },
  { weight: 2, arbitrary: fc.constant(Number.NaN) },
  { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, -0) },
);
/** Events in order of arrival, each with the step of the counter since its key's previous sample. */
function arriving<Event extends OracleEvent>(events: Event[]): Event[] {
  const counters = new Counters();
  return events.map((event) => counters.counted(event));
}

const eventsOf = (values: number[], key: (i: number) => string = () => '') =>
  arriving(values.map((v, t) => ({ t, key: key(t), v, w: companion(t, v) })));

/** Hopping windows whose edges cut time into many slices. */
const cutting = fc.record({
  size: fc.integer({ min: 1, max: 40 }),
  every: fc.integer({ min: 1, max: 12 }),
  offset: fc.integer({ min: 0, max: 11 }),
});

test('every aggregate of the core that gives results has a public function and a definition', () => {
  const { aggregates } = core();
  const reached = new Set(NAMES.flatMap((name) => kindsOf(of(name))));
  expect([...reached].sort()).toEqual(
    Object.keys(aggregates)
      .filter((kind) => aggregates[kind]?.lower)
      .sort(),
  );
  // Aggregates with parameters are defined beside their cases.
  const others = ['rate', 'ewma', 'quantile', 'exactQuantile', 'topK', 'histogram', 'collect'];
  expect([...Object.keys(definitions), ...others].sort()).toEqual([...reached].sort());
});

describe.each(NAMES)('%s', (kind) => {
  //   one window, one row:   x x x x x x x x x      lift and lower without combine
  test('gives its definition over the events of one window', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 60, size: 'max' }), (values) => {
        const windows = { w: tumbling(1000) };
        const events = eventsOf(values);
        expectDefined(kind, windows, events, run(kind, windows, events));
        const keyed = eventsOf(values, (i) => `k${i % 3}`);
        expectDefined(kind, windows, keyed, run(kind, windows, keyed, { key: 'k' }));
      }),
      { numRuns: runs(60) },
    );
    expect(compared).toBeGreaterThan(0);
  });

  //   |--a--|--b--|--c--|--d--|      (a b c), then (b c d): panes are combined, in whatever grouping
  test('combines panes to the result of their events in one window', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 80, size: 'max' }),
        cutting,
        (values, { size, every, offset }) => {
          const windows = { w: hopping(size, every, { offset }) };
          const events = eventsOf(values);
          expectDefined(kind, windows, events, run(kind, windows, events));
          const keyed = eventsOf(values, (i) => `k${(i * i) % 5}`);
          expectDefined(kind, windows, keyed, run(kind, windows, keyed, { key: 'k' }));
        },
      ),
      { numRuns: runs(60) },
    );
    expect(compared).toBeGreaterThan(0);
  });

  //   w      [====================)      the same window, alone and cut by the edges of others
  //   x      [==)[==)[==)[==)[==)[=
  test('is associative: the edges of other windows that share the stream change no result', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 80, size: 'max' }), cutting, cutting, (values, x, y) => {
        const windows = {
          w: tumbling(100),
          x: hopping(x.size, x.every, { offset: x.offset }),
          y: hopping(y.size, y.every, { offset: y.offset + 0.5 }),
        };
        const events = eventsOf(values);
        const shared = run(kind, windows, events);
        expectDefined(kind, windows, events, shared);
        const alone = run(kind, { w: windows.w }, events)[0]?.value as Figure;
        expectSame(shared.find(({ window }) => window === 'w')?.value as Figure, alone, { kind });
      }),
      { numRuns: runs(60) },
    );
    expect(compared).toBeGreaterThan(0);
  });

  //   event time  0 1 2 3 4 5      arrival  3 0 5 1 4 2
  test('is commutative: the order of arrival of different times changes no result', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, fc.integer({ min: 0, max: 1 << 20 })), { minLength: 1, maxLength: 60, size: 'max' }),
        cutting,
        (draws, { size, every, offset }) => {
          const windows = { w: hopping(size, every, { offset }), x: tumbling(16) };
          const drawn = draws.map(([v, rank], t) => ({ t, key: `k${t % 2}`, v, w: companion(t, v), rank }));
          const shuffled = arriving(drawn.toSorted((a, b) => a.rank - b.rank));
          const events = shuffled.toSorted((a, b) => a.t - b.t);
          expectDefined(kind, windows, events, run(kind, windows, shuffled, { key: 'k', outOfOrder: 100 }));
          // Events are late for some windows and not for others, with the same last results.
          const updates = run(kind, windows, shuffled, { key: 'k', emit: 'updates', allowedLateness: 200 });
          const final = new Map(updates.map((row) => [`${row.window} ${row.start} ${row.key}`, row]));
          expectDefined(kind, windows, events, [...final.values()]);
        },
      ),
      { numRuns: runs(60) },
    );
    expect(compared).toBeGreaterThan(0);
  });

  //   |--x--|-NaN-|-NaN-|--x--|      rows without a value between, before and after rows with one
  test('has an identity: rows that saw nothing change nothing, on either side', () => {
    const windows = { w: hopping(6, 1), x: tumbling(20) };
    for (const v of [3, -2.5, 0, -0, Infinity, -Infinity]) {
      for (const at of [0, 3, 7, 9]) {
        const sparse = eventsOf(Array.from({ length: 10 }, (_, t) => (t === at ? v : Number.NaN)));
        expectDefined(kind, windows, sparse, run(kind, windows, sparse));
        expectDefined(kind, windows, sparse, run(kind, windows, sparse, { key: 'k' }));
        const lone = arriving([{ t: at, key: '', v, w: companion(at, v) }]);
        const whole = run(kind, windows, lone).find(({ window }) => window === 'x')?.value as Figure;
        const among = run(kind, windows, sparse).find(({ window }) => window === 'x')?.value as Figure;
        if (kind !== 'events') expectSame(among, whole, { kind, v, at });
      }
    }
  });

  test('ignores null, undefined and NaN, by every door', () => {
    const values = [4, null, -1, undefined, 2.5, Number.NaN, 7, null, 3, undefined, 8, 9, null, 1];
    const rows = values.map((v, t) => ({ t, v, w: companion(t, v ?? Number.NaN) }));
    const present = rows.filter(({ v }) => typeof v === 'number' && !Number.isNaN(v)) as {
      t: number;
      v: number;
      w: number;
    }[];
    const wanted =
      kind === 'events' ? rows.length : define(kind, arriving(present.map((row) => ({ ...row, key: '' }))));
    const spec = { time: 't', window: tumbling(100), aggregates: { value: of(kind) } } as Spec;
    for (const door of DOORS) {
      using stream = windowed(spec);
      put(stream, rows, door);
      expectSame((stream.close().toArray()[0] as unknown as { value: Figure }).value, wanted, { kind, door });
    }
  });

  test('gives NaN without values, 0 if it counts, and an empty list if it lists', () => {
    for (const n of [1, 2, 9, 40]) {
      const events = eventsOf(Array.from({ length: n }, () => Number.NaN));
      for (const windows of [{ w: tumbling(100) }, { w: hopping(100, 7) }]) {
        const nothing = kind === 'count' || kind === 'distinct' ? 0 : Number.NaN;
        const results = run(kind, windows, events);
        expect(results.length).toBeGreaterThan(0);
        if (kind === 'events' || Array.isArray(results[0]?.value)) expectDefined(kind, windows, events, results);
        else for (const { value } of results) expect(value).toEqual(mapped(value, () => nothing));
      }
    }
  });

  //   inf 1 2 3 4 5 6 ...      the first four windows of [t, t + 4) hold it, and no later window shows a trace
  test('keeps no trace of an infinity, or of a value near it, that has left the window', () => {
    for (const extremes of [
      [Infinity],
      [-Infinity],
      [Infinity, -Infinity],
      [1e308],
      [-1e308],
      [1e-300],
      [Number.NaN],
    ]) {
      const values = [...extremes, ...Array.from({ length: 24 }, (_, i) => (i * 7) % 5)];
      const windows = { w: hopping(4, 1), x: hopping(9, 2), y: tumbling(3) };
      for (const options of [{}, { key: 'k' }] as Partial<Spec>[]) {
        const events = eventsOf(values, () => (options.key ? 'k' : ''));
        const after = run(kind, windows, events, options).filter(({ start }) => start >= extremes.length);
        const fresh = run(kind, windows, events.slice(extremes.length), options);
        expect(after.length).toBeGreaterThan(20);
        for (const { window, start, value } of after) {
          const same = fresh.find((row) => row.window === window && row.start === start);
          if (!cases[kind]?.carries) expectSame(value, same?.value as Figure, { kind, window, start, extremes });
          const { size } = windows[window as keyof typeof windows];
          expectSame(
            value,
            define(
              kind,
              events.filter(({ t }) => t >= start && t < start + size),
            ),
            { kind },
          );
        }
      }
    }
  });

  test('takes infinities as values', () => {
    const windows = { w: tumbling(50), x: hopping(5, 2) };
    for (const special of [Infinity, -Infinity]) {
      for (let at = 0; at < 12; at++) {
        const events = eventsOf(Array.from({ length: 12 }, (_, t) => (t === at ? special : t)));
        expectDefined(kind, windows, events, run(kind, windows, events));
      }
      const alone = eventsOf(Array.from({ length: 12 }, () => special));
      expectDefined(kind, windows, alone, run(kind, windows, alone));
    }
  });

  test('takes -0 as the value 0', () => {
    const windows = { w: tumbling(50), x: hopping(4, 1) };
    const wanted = (zero: number) =>
      run(kind, windows, eventsOf(Array.from({ length: 12 }, (_, t) => (t % 3 ? zero : t))));
    const settled = (rows: Result[]) => rows.map((row) => mapped(row.value, (x) => x + 0));
    expect(wanted(0).length).toBeGreaterThan(1);
    expect(settled(wanted(-0))).toEqual(settled(wanted(0)));
    const zeros = eventsOf([-0, -0, -0]);
    expectDefined(kind, windows, zeros, run(kind, windows, zeros));
  });

  //   one stream has this aggregate only, the other several, so that states are shared and included
  test('does not depend on the other aggregates of the stream', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), fc.shuffledSubarray(NAMES), (values, others) => {
        const window = { w: hopping(6, 2) };
        const events = eventsOf(values);
        const alone = run(kind, window, events).map((row) => row.value);
        const aggregates = Object.fromEntries([...others, kind].map((other, i) => [`a${i}`, of(other)]));
        using stream = windowed({ time: 't', window, aggregates } as Spec);
        stream.pushColumns({ t: events.map(({ t }) => t), v: values, w: events.map(({ w }) => w) } as never);
        const beside = (stream.close().columns as unknown as Record<string, Figure[]>)[`a${others.length}`];
        expect(alone.length).toBeGreaterThan(0);
        expect(beside).toHaveLength(alone.length);
        alone.forEach((value, i) => {
          expectSame(beside?.[i] as Figure, value, { kind, others, i });
        });
      }),
      { numRuns: runs(40) },
    );
  });
});

//   a 1   b 2   c 3 at one time: first is a, last is c
test('first and last go by event time, and by arrival among events of one time', () => {
  for (const key of [undefined, 'k']) {
    using stream = windowed({
      time: 't',
      ...(key ? { key } : {}),
      window: hopping(10, 5),
      aggregates: { first: aggregate('first', 'v'), last: aggregate('last', 'v') },
      outOfOrder: 20,
    } as Spec);
    const rows = [
      { t: 6, v: 1 },
      { t: 7, v: 2 },
      { t: 6, v: 3 },
      { t: 7, v: 4 },
      { t: 6, v: Number.NaN },
      { t: 5, v: Number.NaN },
      { t: 9, v: Number.NaN },
    ];
    stream.pushRows(rows.map((row) => ({ ...row, k: 'x' })) as never);
    const results = stream.close().toArray();
    expect(results).toHaveLength(2);
    for (const row of results) expect(row).toMatchObject({ first: 1, last: 4 });
  }
});
