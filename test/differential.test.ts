/** Random streams against the oracle: windows, disorder, lateness, keys, jumps of time, and any cut into batches. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hopping, type Spec, tumbling, type Window, windowed } from '../bindings';
import { aggregate } from '../bindings/spec';
import { definitions, Oracle, type OracleEvent, type Rules } from './oracle';

const KINDS = Object.keys(definitions);
const aggregates = Object.fromEntries(
  KINDS.map((kind) => [kind, kind === 'events' ? { kind, column: undefined } : aggregate(kind, 'v')]),
);

/** How keys look to the stream; the oracle knows them as strings. */
const KEYS: Record<string, { spec: Spec['key']; of: (key: string) => Record<string, unknown> }> = {
  none: { spec: undefined, of: () => ({}) },
  strings: { spec: 'k', of: (key) => ({ k: key }) },
  numbers: { spec: 'k', of: (key) => ({ k: Number(key) * 1.5 - 2 }) },
  bigints: { spec: 'k', of: (key) => ({ k: BigInt(key) - 3n }) },
  tuples: { spec: ['k', 'l', 'm'], of: (key) => ({ k: Number(key) % 3, l: `l${Number(key) % 2}`, m: BigInt(key) }) },
};

const window: fc.Arbitrary<Window> = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: -20, max: 20 }))
    .map(([size, offset]) => tumbling(size, { offset })),
  fc
    .tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: -20, max: 20 }))
    .map(([size, every, offset]) => hopping(size, every, { offset })),
);

const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -9, max: 9 }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
  { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, -0, 0.5) },
);

/** A step of the clock of the source, and an event that lags behind it by some. */
const step = fc.record({
  tick: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 0, max: 3 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 300 }) },
  ),
  lag: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.integer({ min: 0, max: 25 }) }),
  key: fc
    .oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 5 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 400 }) },
    )
    .map(String),
  v: value,
  /** Moves the watermark by hand, so far from the clock, before the event. */
  advance: fc.option(fc.integer({ min: -5, max: 12 }), { freq: 30 }),
});

const scenario = fc.record({
  windows: fc.array(window, { minLength: 1, maxLength: 3 }),
  outOfOrder: fc.constantFrom(0, 0, 1, 5, 12),
  allowedLateness: fc.constantFrom(0, 0, 1, 4, 11),
  maxFutureSkew: fc.constantFrom(Infinity, Infinity, Infinity, 50, 2),
  emit: fc.constantFrom('final' as const, 'updates' as const),
  keys: fc.constantFrom(...Object.keys(KEYS)),
  from: fc.constantFrom(-40, 0, 1_700_000_000_000),
  steps: fc.array(step, { maxLength: 150, size: 'max' }),
  /** Lengths of batches and the door each goes through, over and over. */
  cuts: fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom('push', 'rows', 'columns', 'claim')), {
    minLength: 1,
    maxLength: 6,
  }),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer S> ? S : never;
type Door = Scenario['cuts'][number][1];

function eventsOf({ steps, from, keys }: Scenario): (OracleEvent & { advance: number | null })[] {
  let clock = from;
  return steps.map(({ tick, lag, key, v, advance }) => {
    clock += tick;
    return { t: clock - lag, key: keys === 'none' ? '0' : key, v, advance: advance === null ? null : clock + advance };
  });
}

function run(s: Scenario, cuts: Scenario['cuts']) {
  const late: unknown[] = [];
  const key = KEYS[s.keys] as (typeof KEYS)[string];
  const stream = windowed({
    time: 't',
    ...(key.spec ? { key: key.spec } : {}),
    window: Object.fromEntries(s.windows.map((window, i) => [`w${i}`, window])),
    aggregates,
    outOfOrder: s.outOfOrder,
    allowedLateness: s.allowedLateness,
    ...(s.maxFutureSkew < Infinity ? { maxFutureSkew: s.maxFutureSkew } : {}),
    emit: s.emit,
    onLate: (batch) => late.push(...batch),
  } as Spec);
  const rows: Record<string, unknown>[] = [];
  const events = eventsOf(s);
  let cut = 0;
  for (let i = 0; i < events.length; ) {
    const [length, door] = cuts[cut++ % cuts.length] as [number, Door];
    const { advance } = events[i] as { advance: number | null };
    if (advance !== null) stream.advance(advance);
    let n = 1;
    while (n < length && i + n < events.length && events[i + n]?.advance === null) n++;
    const batch = events.slice(i, i + n).map((event) => ({ t: event.t, v: event.v, ...key.of(event.key) }));
    put(stream as never, batch, door);
    if (cut % 3 === 0) rows.push(...(stream.take() as Iterable<never>));
    i += n;
  }
  rows.push(...(stream.close() as Iterable<never>));
  const stats = stream.stats();
  stream[Symbol.dispose]();
  return { rows, late, stats };
}

interface Doors {
  push(event: object): void;
  pushRows(events: object[]): void;
  pushColumns(columns: object): void;
  claim(n: number): Record<string, Float64Array>;
  keyId(key: unknown, column?: string): number;
  commit(n: number): void;
}

function put(stream: Doors, batch: Record<string, unknown>[], door: Door): void {
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
  const rules: Rules = { ...s, windows: Object.fromEntries(s.windows.map((window, i) => [`w${i}`, window])) };
  const oracle = new Oracle(rules);
  for (const event of eventsOf(s)) {
    if (event.advance !== null) oracle.advance(event.advance);
    oracle.push(event);
  }
  oracle.advance(Infinity);
  const key = KEYS[s.keys] as (typeof KEYS)[string];
  return {
    oracle,
    rows: oracle.rows.map((row) => ({
      start: row.start,
      end: row.end,
      window: row.window,
      ...key.of(row.key),
      ...Object.fromEntries(KINDS.map((kind) => [kind, definitions[kind]?.(row.events)])),
      ...(s.emit === 'updates' ? { pane: row.pane } : {}),
    })),
    late: oracle.lateEvents.map((event) => ({ v: event.v, ...key.of(event.key), t: event.t })),
  };
}

/** -0 equals 0; figures that are not sums of whole numbers may differ in their last digits. */
function rounded(rows: Record<string, unknown>[]): unknown[] {
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, x]) => {
        if (typeof x !== 'number') return [name, x];
        return [
          name,
          ['variance', 'stddev', 'mean', 'product'].includes(name) && Number.isFinite(x)
            ? Number(x.toPrecision(11)) + 0
            : x + 0,
        ];
      }),
    ),
  );
}

test('results are those of the oracle, whatever the windows, the disorder, the keys and the doors', () => {
  fc.assert(
    fc.property(scenario, (s) => {
      const actual = run(s, s.cuts);
      const wanted = expected(s);
      expect(rounded(actual.rows)).toEqual(rounded(wanted.rows));
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
    { numRuns: Number(globalThis.process?.env.ORIEL_RUNS ?? 400) },
  );
});

test('however the events are cut into batches, the results are the same to the last bit', () => {
  fc.assert(
    fc.property(scenario, fc.infiniteStream(fc.double({ noDefaultInfinity: true })), (s, doubles) => {
      const values = doubles[Symbol.iterator]();
      const steps = s.steps.map((step) => ({ ...step, v: values.next().value as number }));
      const whole = run({ ...s, steps }, [[1000, 'columns']]);
      const cut = run({ ...s, steps }, s.cuts);
      expect(cut.rows).toEqual(whole.rows);
      expect(cut.late).toEqual(whole.late);
    }),
    { numRuns: Number(globalThis.process?.env.ORIEL_RUNS ?? 200) },
  );
});
