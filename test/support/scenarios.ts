/**
 * Random streams for the suites that compare with the oracle: every kind of window and of firing, disorder, lateness,
 * keys, jumps of time, and any cut into batches. test/laws/windows.test.ts fails while a kind of window of the core is
 * never drawn here.
 */

import fc from 'fast-check';
import * as oriel from '../../bindings';
import {
  About,
  type Case,
  cases,
  companion,
  type Figure,
  isNear,
  type Oracle,
  type OracleEvent,
  type OracleRow,
  type OracleWindow,
  type Rules,
} from '../oracle';
import { DOORS, put } from './doors';
import { DAY, HOUR } from './times';

export { put };

/** The public functions with loose types: no type could follow the arguments that scenarios give them. */
type Loose = (...given: unknown[]) => unknown;
const { cumulative, everything, hopping, punctuated, rolling, rows, session, tumbling } = oriel as unknown as Record<
  'cumulative' | 'everything' | 'hopping' | 'punctuated' | 'rolling' | 'rows' | 'session' | 'tumbling',
  Loose
>;
const { col } = oriel;
export const windowed = oriel.windowed as unknown as (spec: object) => Stream;

export interface Stream {
  push(event: object): void;
  pushRows(events: object[]): void;
  pushColumns(columns: object): void;
  claim(n: number): Record<string, Float64Array>;
  keyId(key: unknown, column?: string): number;
  commit(n: number): void;
  flush(): void;
  advance(watermark: number): void;
  query(key?: unknown, at?: number): Row;
  take(): Iterable<Row>;
  close(): Iterable<Row>;
  stats(): oriel.Stats;
  transform(): { readable: ReadableStream<Iterable<Row>>; writable: WritableStream<unknown> };
  [Symbol.dispose](): void;
}

export type Row = Record<string, unknown>;

export const aggregates = Object.fromEntries(Object.entries(cases).map(([name, { make }]) => [name, make()]));

/** Aggregates whose states own memory. Streams without any of them take other paths through the core. */
const OWNING = ['collect', 'distinct', 'exactQuantile', 'fold', 'median', 'quantile', 'timeWeightedMean', 'topK'];
const inlineNames = Object.keys(cases).filter((name) => !OWNING.includes(name));

/** These aggregates by their definitions. */
export function outputsOf(events: OracleEvent[], names = Object.keys(cases)): Record<string, Figure> {
  return Object.fromEntries(names.map((name) => [name, (cases[name] as Case).define(events)]));
}

/** Aggregates whose results are the same to the last bit, whatever the order of combining. */
const EXACT = [
  'events',
  'count',
  'sum',
  'min',
  'max',
  'range',
  'first',
  'last',
  'ohlc',
  'delta',
  'increase',
  'any',
  'all',
  'bitAnd',
  'bitOr',
  'argmin',
  'argmax',
];

/**
 * The wanted rows, with the actual value in place of each wanted one that it may stand for: -0 for 0, and other last
 * digits where roundings may happen in another order.
 */
export function settled(wanted: unknown, actual: unknown, tolerance = 0): unknown {
  if (typeof wanted !== 'object' || wanted === null || wanted instanceof About) {
    return isNear(actual, wanted, tolerance) ? actual : wanted;
  }
  const of = (name: string, one: unknown) => {
    const isFigure = name in cases && !EXACT.includes(name);
    return settled(one, (actual as Row | undefined)?.[name], isFigure ? 1e-10 : tolerance);
  };
  if (Array.isArray(wanted)) return wanted.map((one, i) => of(String(i), one));
  return Object.fromEntries(Object.entries(wanted).map(([name, one]) => [name, of(name, one)]));
}

/** How a key looks to the stream. The oracle knows keys as strings. */
export const KEYS: Record<string, { spec: string | string[] | undefined; of: (key: string) => Row }> = {
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
/** Conditions, each as an expression and as a predicate that means the same. */
const condition = fc.constantFrom<{ expression: oriel.Expression; holds: (event: OracleEvent) => boolean }>(
  { expression: col('v').gt(0), holds: ({ v }) => v > 0 },
  { expression: col('v').mod(3).eq(0).not(), holds: ({ v }) => !Number.isNaN(v % 3) && v % 3 !== 0 },
  { expression: col('t').mod(5).ne(0), holds: ({ t }) => t % 5 !== 0 },
  { expression: col('v').isMissing().or(col('v').lt(5)), holds: ({ v }) => !(v >= 5) },
  { expression: col('v').gt(100), holds: ({ v }) => v > 100 },
  { expression: col('t').eq(col('t')), holds: () => true },
);
const offset = fc.integer({ min: -20, max: 20 });
const closed = fc.constantFrom('right' as const, 'left' as const, 'both' as const, 'none' as const);
const upTo = (max: number) => fc.integer({ min: 1, max });

export const calendars: fc.Arbitrary<OracleWindow> = fc.constantFrom(...utcWindows());

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
  { weight: 1, arbitrary: calendars },
);

/** Calendar windows of UTC. All of them have an edge at 0, which most scenarios cross. */
function utcWindows(): OracleWindow[] {
  const monthOf = (t: number) => 12 * (new Date(t).getUTCFullYear() - 1970) + new Date(t).getUTCMonth();
  const hop = (
    size: number,
    unit: oriel.CalendarUnit,
    blockOf: (t: number) => number,
    edge: (k: number) => number,
  ): OracleWindow => ({
    kind: 'calendar',
    make: () =>
      size === 1
        ? oriel.tumbling(oriel.calendar(1, unit, 'UTC'))
        : oriel.hopping(oriel.calendar(size, unit, 'UTC'), oriel.calendar(1, unit, 'UTC')),
    windowsOf: (t) =>
      Array.from({ length: size }, (_, i) => [edge(blockOf(t) - size + 1 + i), edge(blockOf(t) + 1 + i)]),
  });
  const daysOfWeek: OracleWindow = {
    kind: 'calendar',
    make: () => oriel.cumulative(oriel.calendar(1, 'week', 'UTC'), oriel.calendar(1, 'day', 'UTC')),
    windowsOf: (t) => {
      // 1 January 1970 was a Thursday.
      const monday = 7 * DAY * Math.floor((t + 3 * DAY) / (7 * DAY)) - 3 * DAY;
      const ends = Array.from({ length: 7 }, (_, i) => monday + (i + 1) * DAY);
      return ends.filter((end) => t < end).map((end) => [monday, end]);
    },
  };
  const by = (length: number) => [(t: number) => Math.floor(t / length), (k: number) => k * length] as const;
  return [
    hop(1, 'day', ...by(DAY)),
    hop(1, 'month', monthOf, (k) => Date.UTC(1970, k)),
    hop(2, 'month', monthOf, (k) => Date.UTC(1970, k)),
    hop(3, 'hour', ...by(HOUR)),
    daysOfWeek,
  ];
}

function sideBySide<T extends { size: number }>(window: T): T & { every: number } {
  return { ...window, every: window.size };
}

/** Half have one gap for all events, half a column of gaps; some have a greatest length. */
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

export const FAMILIES = { grid, sessions, byRows, rollings, all: fc.oneof(grid, sessions, byRows, rollings) };

const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -9, max: 9 }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
  { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, -0, 0.5) },
);

/** A tick of the source's clock, and an event that lags behind that clock. */
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
  /** The distance from the clock to which the watermark is moved by hand before the event. */
  advance: fc.oneof(
    { weight: 40, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: -5, max: 12 }) },
  ),
});

/**
 * Hundreds of events at a few times: those that are late of 70 keys, the others of 70 more. So many keys fill several
 * blocks of a slice, and the timing wheel.
 */
const crowd = fc.array(step, { maxLength: 10 }).map((steps) =>
  steps.flatMap((one, i) =>
    Array.from({ length: 70 }, (_, j) => ({
      ...one,
      tick: j ? 0 : one.tick,
      v: one.v + (j % 7),
      gap: one.gap + (j % 5),
      key: String((i && !one.lag ? 70 : 0) + j),
      advance: j ? null : one.advance,
    })),
  ),
);

const every = fc.oneof(upTo(12), upTo(60));

/** @param others streams for each crowd, which takes the oracle long */
export const scenarioOf = (window: fc.Arbitrary<OracleWindow>, others = 40) =>
  fc.record({
    windows: fc.array(window, { minLength: 1, maxLength: 3 }),
    /** Whether a single window is given without a name. */
    bare: fc.boolean(),
    outOfOrder: fc.constantFrom<number>(0, 1, 5, 12, 30),
    allowedLateness: fc.constantFrom<number>(0, 0, 1, 4, 11, 30),
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
    where: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: condition }),
    keys: fc.constantFrom(...Object.keys(KEYS)),
    from: fc.constantFrom(-40, 0, 1_700_000_000_000),
    steps: fc.oneof(
      { weight: others, arbitrary: fc.array(step, { maxLength: 150, size: 'max' }) },
      { weight: 1, arbitrary: crowd },
    ),
    /** Whether no state owns memory. */
    inline: fc.boolean(),
    /** The length of each batch and the door it is pushed by, repeated until the events end. */
    cuts: fc.array(fc.tuple(upTo(40), fc.constantFrom(...DOORS)), { minLength: 1, maxLength: 6 }),
  });

/**
 * Streams of one or two keys whose events lie far apart, in any order or from the last to the first, so that a key has
 * up to hundreds of open or retained windows.
 */
export const strewnOf = (window: fc.Arbitrary<OracleWindow>) =>
  fc
    .record({
      s: scenarioOf(window),
      waits: fc.constantFrom({ outOfOrder: 5000, allowedLateness: 0 }, { outOfOrder: 5, allowedLateness: 5000 }),
      steps: fc.array(step, { minLength: 30, maxLength: 250, size: 'max' }),
      lags: fc.infiniteStream(fc.nat(3000)),
      descends: fc.boolean(),
    })
    .map(({ s, waits, steps, lags, descends }) => {
      const far = steps.map((one, i) => ({ ...one, lag: lags.next().value as number, key: i % 5 ? '0' : '1' }));
      if (descends) far.sort((a, b) => a.lag - b.lag);
      return { ...s, ...waits, steps: [{ ...(steps[0] as (typeof steps)[number]), lag: 0 }, ...far] };
    });

export type Scenario = ReturnType<typeof scenarioOf> extends fc.Arbitrary<infer S> ? S : never;

/** The window as a user makes it. */
export function made(window: OracleWindow): unknown {
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
    case 'calendar':
      return window.make?.();
  }
}

/** The names of the aggregates of a scenario. */
export const namesOf = ({ inline }: Scenario) => (inline ? inlineNames : Object.keys(cases));

export const isBare = ({ windows, bare }: Scenario) => bare && windows.length === 1;
export const isRolling = ({ kind }: OracleWindow) => kind === 'rolling' || kind === 'rollingRows';
export const named = <T>(windows: T[]) => Object.fromEntries(windows.map((window, i) => [`w${i}`, window]));

export function eventsOf({ steps, from, keys }: Scenario): (OracleEvent & { advance: number | null })[] {
  let clock = from;
  return steps.map(({ tick, lag, key, v, gap, advance }) => {
    clock += tick;
    const by = advance === null ? null : clock + advance;
    const t = clock - lag;
    return { t, key: keys === 'none' ? '0' : key, v, w: companion(t, v), gap, advance: by };
  });
}

/** A batch of a scenario: where time is to be moved before it, its events as a user has them, how they are pushed. */
interface Batch {
  readonly advance: number | null;
  readonly events: Row[];
  readonly door: Scenario['cuts'][number][1];
  /** The key of its first event. */
  readonly key: string;
  /** How many batches there have been, this one included. */
  readonly cut: number;
}

/** An event of a scenario as a user has it. */
export function rowOf({ t, key, v, w, gap }: OracleEvent, { keys, windows }: Scenario): Row {
  const hasGaps = windows.some((window) => window.kind === 'session' && window.gap === 'gap');
  return { t, v, w, ...(hasGaps ? { gap } : {}), ...KEYS[keys]?.of(key) };
}

/** Cuts the events of a scenario into batches. A batch ends before an event that has time moved. */
export function* batchesOf(s: Scenario, cuts: Scenario['cuts']): Generator<Batch> {
  const events = eventsOf(s);
  let cut = 0;
  for (let i = 0; i < events.length; ) {
    const [length, door] = cuts[cut++ % cuts.length] as Scenario['cuts'][number];
    const first = events[i] as (typeof events)[number];
    let n = 1;
    while (n < length && i + n < events.length && events[i + n]?.advance === null) n++;
    const batch = events.slice(i, i + n).map((event) => rowOf(event, s));
    yield { advance: first.advance, events: batch, door, key: first.key, cut };
    i += n;
  }
}

/** The spec of a scenario, as a user writes it. */
export function specOf(s: Scenario, onLate: (batch: Iterable<Row>) => void) {
  const { spec: key } = KEYS[s.keys] as (typeof KEYS)[string];
  return {
    time: 't',
    ...(key ? { key } : {}),
    window: isBare(s) ? made(s.windows[0] as OracleWindow) : named(s.windows.map(made)),
    aggregates: Object.fromEntries(namesOf(s).map((name) => [name, aggregates[name]])),
    outOfOrder: s.outOfOrder,
    allowedLateness: s.allowedLateness,
    ...(s.maxFutureSkew < Infinity ? { maxFutureSkew: s.maxFutureSkew } : {}),
    ...(s.where ? { where: s.where.expression } : {}),
    emit: s.emit,
    ...(s.emit === 'final' ? {} : { accumulate: s.accumulate }),
    onLate,
  };
}

/** The rules of a scenario, as the oracle takes them. */
export function rulesOf(s: Scenario): Rules {
  return { ...s, windows: named(s.windows), where: s.where?.holds };
}

/** The rows and late events of an oracle, as a stream of the scenario gives them; late events are without gaps. */
export function wantedOf(oracle: Oracle, s: Scenario): { rows: Row[]; late: Row[] } {
  const key = KEYS[s.keys] as (typeof KEYS)[string];
  return {
    rows: oracle.rows.map((row) => ({
      ...placeOf(row, s.windows),
      ...(isBare(s) ? {} : { window: row.window }),
      ...key.of(row.key),
      ...outputsOf(row.events, namesOf(s)),
      ...(s.emit === 'final' ? {} : { pane: row.pane, index: row.index, final: row.final }),
    })),
    late: oracle.lateEvents.map((event) => ({ v: event.v, w: event.w, ...key.of(event.key), t: event.t })),
  };
}

/**
 * Where a row lies: a rolling row has the time of its event, any other row its start and end. If the stream has both,
 * all rows have all of these columns.
 */
function placeOf({ start, end, t }: OracleRow, windows: OracleWindow[]): Row {
  if (windows.every(isRolling)) return { t };
  if (!windows.some(isRolling)) return { start, end };
  return t === undefined ? { start, end, t: Number.NaN } : { start: Number.NaN, end: Number.NaN, t };
}

/**
 * Runs a stream through a scenario, with its events cut into these batches.
 * @returns its results, the late events without their gaps, and its counters
 */
export function play(s: Scenario, cuts: Scenario['cuts']): { rows: Row[]; late: Row[]; stats: oriel.Stats } {
  const late: Row[] = [];
  using stream = windowed(specOf(s, (batch) => late.push(...batch)));
  const rows: Row[] = [];
  for (const { advance, events, door, cut } of batchesOf(s, cuts)) {
    if (advance !== null) stream.advance(advance);
    put(stream, events, door);
    if (cut % 3 === 0) rows.push(...stream.take());
  }
  rows.push(...stream.close());
  const stats = stream.stats();
  return { rows, late: late.map(({ gap, ...event }) => event), stats };
}
