/**
 * Random streams against the oracle: every kind of window, every way of firing, disorder, lateness, keys, jumps of
 * time, and any cut into batches.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as oriel from '../bindings';
import { aggregate } from '../bindings/spec';
import { definitions, Oracle, type OracleEvent, type OracleRow, type OracleWindow, type Rules } from './oracle';

/** The public functions, loosely: what they are given here no type could follow. */
type Loose = (...given: unknown[]) => unknown;
const { cumulative, everything, hopping, punctuated, rolling, rows, session, tumbling } = oriel as unknown as Record<
  'cumulative' | 'everything' | 'hopping' | 'punctuated' | 'rolling' | 'rows' | 'session' | 'tumbling',
  Loose
>;
const windowed = oriel.windowed as unknown as (spec: object) => Stream;

interface Stream {
  push(event: object): void;
  pushRows(events: object[]): void;
  pushColumns(columns: object): void;
  claim(n: number): Record<string, Float64Array>;
  keyId(key: unknown, column?: string): number;
  commit(n: number): void;
  advance(watermark: number): void;
  take(): Iterable<Row>;
  close(): Iterable<Row>;
  stats(): object;
  [Symbol.dispose](): void;
}

type Row = Record<string, unknown>;

const KINDS = Object.keys(definitions);
const aggregates = Object.fromEntries(
  KINDS.map((kind) => [kind, kind === 'events' ? { kind, column: undefined } : aggregate(kind, 'v')]),
);

/** How keys look to the stream; the oracle knows them as strings. */
const KEYS: Record<string, { spec: string | string[] | undefined; of: (key: string) => Row }> = {
  none: { spec: undefined, of: () => ({}) },
  strings: { spec: 'k', of: (key) => ({ k: key }) },
  numbers: { spec: 'k', of: (key) => ({ k: Number(key) * 1.5 - 2 }) },
  bigints: { spec: 'k', of: (key) => ({ k: BigInt(key) - 3n }) },
  tuples: { spec: ['k', 'l', 'm'], of: (key) => ({ k: Number(key) % 3, l: `l${Number(key) % 2}`, m: BigInt(key) }) },
};

const predicate = fc.constantFrom<(event: OracleEvent) => boolean>(
  ({ v }) => v > 6,
  ({ v }) => v === 3 || v === 4,
  ({ t }) => t % 7 === 0,
);
const offset = fc.integer({ min: -20, max: 20 });
const closed = fc.constantFrom('right' as const, 'left' as const, 'both' as const, 'none' as const);
const upTo = (max: number) => fc.integer({ min: 1, max });

const grid: fc.Arbitrary<OracleWindow> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('tumbling' as const), size: upTo(12), offset }).map(sideBySide),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('hopping' as const), size: upTo(14), every: upTo(12), offset }),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ steps: upTo(5), every: upTo(8), offset })
      .map(({ steps, every, offset }) => ({ kind: 'cumulative' as const, size: steps * every, every, offset })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'everything' as const }) },
);

function sideBySide<T extends { size: number }>(window: T): T & { every: number } {
  return { ...window, every: window.size };
}

/** Half with a gap for all, half with a column of gaps; some with a longest. */
const sessions: fc.Arbitrary<OracleWindow> = fc
  .record({
    gap: fc.oneof(upTo(9), fc.constant('gap')),
    touching: fc.constantFrom('merge' as const, 'split' as const),
    most: fc.oneof(
      { weight: 3, arbitrary: fc.constant({ max: Infinity, maxRows: Infinity }) },
      { weight: 1, arbitrary: upTo(25).map((max) => ({ max, maxRows: Infinity })) },
      { weight: 1, arbitrary: upTo(7).map((maxRows) => ({ max: Infinity, maxRows })) },
    ),
  })
  .map(({ gap, touching, most }) => ({ kind: 'session', gap, touching, ...most }));

const byRows: fc.Arbitrary<OracleWindow> = fc.oneof(
  fc.record({ kind: fc.constant('counted' as const), size: upTo(9) }).map(sideBySide),
  fc
    .record({ kind: fc.constant('counted' as const), size: upTo(9), every: upTo(9) })
    .filter(({ size, every }) => size !== every),
  fc.record({ kind: fc.constant('punctuated' as const), predicate }),
);

const rollings: fc.Arbitrary<OracleWindow> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rolling' as const), size: upTo(20), closed }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollingRows' as const), size: upTo(9), closed }) },
);

const FAMILIES = { grid, sessions, byRows, rollings, all: fc.oneof(grid, sessions, byRows, rollings) };

const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -9, max: 9 }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
  { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, -0, 0.5) },
);

/** A step of the clock of the source, and an event that lags behind it by some. */
const step = fc.record({
  tick: fc.oneof(
    { weight: 30, arbitrary: fc.integer({ min: 0, max: 3 }) },
    { weight: 4, arbitrary: fc.integer({ min: 4, max: 12 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 300 }) },
  ),
  lag: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 7 }) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 25 }) },
  ),
  key: fc
    .oneof(
      { weight: 9, arbitrary: fc.integer({ min: 0, max: 1 }) },
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 6 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 400 }) },
    )
    .map(String),
  v: value,
  gap: fc.oneof({ weight: 9, arbitrary: upTo(7) }, { weight: 1, arbitrary: upTo(40) }),
  /** Moves the watermark by hand, so far from the clock, before the event. */
  advance: fc.oneof(
    { weight: 40, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: -5, max: 12 }) },
  ),
});

const every = fc.oneof(upTo(12), upTo(60));

const scenarioOf = (window: fc.Arbitrary<OracleWindow>) =>
  fc.record({
    windows: fc.array(window, { minLength: 1, maxLength: 3 }),
    /** Whether a window that is alone is given without a name. */
    bare: fc.boolean(),
    outOfOrder: fc.constantFrom(0, 1, 5, 12, 30),
    allowedLateness: fc.constantFrom(0, 0, 1, 4, 11, 30),
    maxFutureSkew: fc.oneof(
      { weight: 7, arbitrary: fc.constant(Infinity) },
      { weight: 1, arbitrary: fc.constantFrom(50, 9) },
    ),
    emit: fc.oneof(
      fc.constant('final' as const),
      fc.constant('updates' as const),
      fc.oneof(fc.record({ every }), fc.record({ when: predicate }), fc.record({ every, when: predicate })),
    ),
    accumulate: fc.boolean(),
    keys: fc.constantFrom(...Object.keys(KEYS)),
    from: fc.constantFrom(-40, 0, 1_700_000_000_000),
    steps: fc.array(step, { maxLength: 150, size: 'max' }),
    /** Lengths of batches and the door each goes through, over and over. */
    cuts: fc.array(fc.tuple(upTo(40), fc.constantFrom('push', 'rows', 'columns', 'claim')), {
      minLength: 1,
      maxLength: 6,
    }),
  });

type Scenario = ReturnType<typeof scenarioOf> extends fc.Arbitrary<infer S> ? S : never;
type Door = Scenario['cuts'][number][1];

/** The window, as a user makes it. */
function made(window: OracleWindow): unknown {
  switch (window.kind) {
    case 'tumbling':
      return tumbling(window.size, { offset: window.offset });
    case 'hopping':
      return hopping(window.size, window.every, { offset: window.offset });
    case 'cumulative':
      return cumulative(window.size, window.every, { offset: window.offset });
    case 'everything':
      return everything();
    case 'session': {
      const { gap, touching, max, maxRows } = window;
      return session(gap, {
        touching,
        ...(max < Infinity ? { max } : {}),
        ...(maxRows < Infinity ? { max: rows(maxRows) } : {}),
      });
    }
    case 'counted':
      return window.size === window.every
        ? tumbling(rows(window.size))
        : hopping(rows(window.size), rows(window.every));
    case 'punctuated':
      return punctuated(window.predicate);
    case 'rolling':
      return rolling(window.size, { closed: window.closed });
    case 'rollingRows':
      return rolling(rows(window.size), { closed: window.closed });
    default:
      throw new TypeError(`no constructor for ${window.kind}`);
  }
}

const isBare = ({ windows, bare }: Scenario) => bare && windows.length === 1;
const isRolling = ({ kind }: OracleWindow) => kind === 'rolling' || kind === 'rollingRows';
const named = <T>(windows: T[]) => Object.fromEntries(windows.map((window, i) => [`w${i}`, window]));

function eventsOf({ steps, from, keys }: Scenario): (OracleEvent & { advance: number | null })[] {
  let clock = from;
  return steps.map(({ tick, lag, key, v, gap, advance }) => {
    clock += tick;
    const by = advance === null ? null : clock + advance;
    return { t: clock - lag, key: keys === 'none' ? '0' : key, v, gap, advance: by };
  });
}

function run(s: Scenario, cuts: Scenario['cuts']) {
  const late: Row[] = [];
  const key = KEYS[s.keys] as (typeof KEYS)[string];
  const hasGaps = s.windows.some((window) => window.kind === 'session' && window.gap === 'gap');
  const stream = windowed({
    time: 't',
    ...(key.spec ? { key: key.spec } : {}),
    window: isBare(s) ? made(s.windows[0] as OracleWindow) : named(s.windows.map(made)),
    aggregates,
    outOfOrder: s.outOfOrder,
    allowedLateness: s.allowedLateness,
    ...(s.maxFutureSkew < Infinity ? { maxFutureSkew: s.maxFutureSkew } : {}),
    emit: s.emit,
    ...(s.emit === 'final' ? {} : { accumulate: s.accumulate }),
    onLate: (batch: Iterable<Row>) => late.push(...batch),
  });
  const rows: Row[] = [];
  const events = eventsOf(s);
  let cut = 0;
  for (let i = 0; i < events.length; ) {
    const [length, door] = cuts[cut++ % cuts.length] as [number, Door];
    const { advance } = events[i] as { advance: number | null };
    if (advance !== null) stream.advance(advance);
    let n = 1;
    while (n < length && i + n < events.length && events[i + n]?.advance === null) n++;
    const batch = events
      .slice(i, i + n)
      .map((event) => ({ t: event.t, v: event.v, ...(hasGaps ? { gap: event.gap } : {}), ...key.of(event.key) }));
    put(stream, batch, door);
    if (cut % 3 === 0) rows.push(...stream.take());
    i += n;
  }
  rows.push(...stream.close());
  const stats = stream.stats();
  stream[Symbol.dispose]();
  return { rows, late: late.map(({ gap, ...event }) => event), stats };
}

function put(stream: Stream, batch: Row[], door: Door): void {
  const names = Object.keys(batch[0] as object);
  const bigints = typeof batch[0]?.k === 'bigint' || 'm' in (batch[0] as object);
  if (door === 'push') for (const event of batch) stream.push(event);
  else if (door === 'rows') stream.pushRows(batch);
  else if (door === 'columns' || bigints) {
    stream.pushColumns(Object.fromEntries(names.map((name) => [name, batch.map((event) => event[name])])));
  } else {
    const views = stream.claim(batch.length);
    batch.forEach((event, i) => {
      for (const name of names) {
        (views[name] as Float64Array)[i] = name === 'k' ? stream.keyId(event.k) : (event[name] as number);
      }
    });
    stream.commit(batch.length);
  }
}

function expected(s: Scenario) {
  const rules: Rules = { ...s, windows: named(s.windows) };
  const oracle = new Oracle(rules);
  for (const { advance, ...event } of eventsOf(s)) {
    if (advance !== null) oracle.advance(advance);
    oracle.push(event);
  }
  oracle.close();
  const key = KEYS[s.keys] as (typeof KEYS)[string];
  return {
    oracle,
    rows: oracle.rows.map((row) => ({
      ...placeOf(row, s.windows),
      ...(isBare(s) ? {} : { window: row.window }),
      ...key.of(row.key),
      ...Object.fromEntries(KINDS.map((kind) => [kind, definitions[kind]?.(row.events)])),
      ...(s.emit === 'final' ? {} : { pane: row.pane, index: row.index, final: row.final }),
    })),
    late: oracle.lateEvents.map((event) => ({ v: event.v, ...key.of(event.key), t: event.t })),
  };
}

/** A rolling row has its event's time, any other start and end; where there are both kinds each has all columns. */
function placeOf({ start, end, t }: OracleRow, windows: OracleWindow[]): Row {
  if (windows.every(isRolling)) return { t };
  if (!windows.some(isRolling)) return { start, end };
  return t === undefined ? { start, end, t: Number.NaN } : { start: Number.NaN, end: Number.NaN, t };
}

const INEXACT = ['variance', 'stddev', 'mean', 'product'];

/** What is wanted, with the actual figure where it is as good: -0 for 0, other last digits where sums are inexact. */
function settled(wanted: Row[], actual: Row[]): Row[] {
  const isAsGood = (name: string, x: unknown, y: unknown) =>
    x === y || (INEXACT.includes(name) && Math.abs((x as number) - (y as number)) <= 1e-10 * Math.abs(x as number));
  return wanted.map((row, i) => {
    const other = actual[i] ?? {};
    return Object.fromEntries(
      Object.entries(row).map(([name, x]) => [name, isAsGood(name, x, other[name]) ? other[name] : x]),
    );
  });
}

describe.each(Object.entries(FAMILIES))('windows: %s', (_, window) => {
  test('results are those of the oracle, whatever the firing, the disorder, the keys and the doors', () => {
    fc.assert(
      fc.property(scenarioOf(window), (s) => {
        const actual = run(s, s.cuts);
        const wanted = expected(s);
        expect(actual.rows).toEqual(settled(wanted.rows, actual.rows));
        expect(actual.late).toEqual(wanted.late);
        expect(actual.stats).toMatchObject({
          events: s.steps.length,
          late: wanted.late.length,
          skipped: wanted.oracle.skipped,
          future: wanted.oracle.future,
          liveKeys: 0,
          liveSlices: 0,
        });
      }),
      { numRuns: Number(globalThis.process?.env.ORIEL_RUNS ?? 300) },
    );
  });

  test('however the events are cut into batches, the results are the same to the last bit', () => {
    fc.assert(
      fc.property(scenarioOf(window), fc.infiniteStream(fc.double({ noDefaultInfinity: true })), (s, doubles) => {
        const values = doubles[Symbol.iterator]();
        const steps = s.steps.map((step) => ({ ...step, v: values.next().value as number }));
        const whole = run({ ...s, steps }, [[1000, 'columns']]);
        const cut = run({ ...s, steps }, s.cuts);
        expect(cut.rows).toEqual(whole.rows);
        expect(cut.late).toEqual(whole.late);
      }),
      { numRuns: Number(globalThis.process?.env.ORIEL_RUNS ?? 100) },
    );
  });
});
