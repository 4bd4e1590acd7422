/**
 * Catches a demand that is too small: the demand of a call has to be an upper bound of the memory that the call uses,
 * so no call may fail when it has exactly its demand.
 */

import { afterEach, expect, test, vi } from 'vitest';
import {
  calendar,
  col,
  collect,
  count,
  cumulative,
  distinct,
  everything,
  fold,
  histogram,
  hopping,
  increase,
  last,
  median,
  punctuated,
  quantile,
  rolling,
  rows,
  type Spec,
  session,
  stddev,
  sum,
  timeWeightedMean,
  topK,
  tumbling,
  type Window,
  type WindowedStream,
  windowed,
} from '../../bindings';
import { Core, core } from '../../bindings/base/core';
import { Engine } from '../../bindings/engine/engine';
import { check } from '../../bindings/spec/check';
import { checkLaws } from '../support/check-laws';
import { FIRST_SEED, random, runs } from '../support/helpers';
import { takeLongWay } from '../support/long-way';
import { windowKinds, windowKindsUsed } from '../support/window-kinds';

checkLaws();

afterEach(() => vi.restoreAllMocks());

/**
 * Limits every call to a share of its demand, without a copy of the memory to go back to. A stream, and the counters of
 * its results and of its states, to which it points at bytes 20 and 24, begin with the f64s `used` and `limit`.
 */
function allowOnly(share: number): void {
  takeLongWay();
  vi.spyOn(Core.prototype, 'atomically').mockImplementation(function (this: Core, stream, demand, run) {
    const owners = [stream, ...new Uint32Array(this.buffer, stream + 20, 2)];
    const before = owners.map((owner) => {
      const [used, limit] = new Float64Array(this.buffer, owner, 2) as unknown as [number, number];
      new Float64Array(this.buffer, owner, 2)[1] = used + demand * share;
      return { owner, used, limit };
    });
    run(true);
    let grown = 0;
    for (const { owner, used, limit } of before) {
      const counters = new Float64Array(this.buffer, owner, 2) as unknown as [number, number];
      grown += counters[0] - used;
      counters[1] = limit;
    }
    if (grown > demand * share)
      throw new WebAssembly.RuntimeError(`${grown} bytes where ${demand * share} were allowed`);
  });
}

type Whole = (n: number) => number;

const GRIDS: ((whole: Whole) => Window)[] = [
  (whole) => tumbling(1 + whole(60)),
  (whole) => hopping(1 + whole(60), 1 + whole(30)),
  (whole) => {
    const every = 1 + whole(20);
    return cumulative(every * (1 + whole(5)), every);
  },
  () => tumbling(calendar(1, 'hour', 'Europe/Berlin')),
  () => everything(),
];

const closed = (whole: Whole) => (['right', 'left', 'both', 'none'] as const)[whole(4)];
const OTHERS: ((whole: Whole) => Window)[] = [
  (whole) => session(1 + whole(10), { touching: whole(2) ? 'merge' : 'split' }),
  () => session('gap'),
  (whole) => session(1 + whole(10), { max: 1 + whole(50) }),
  (whole) => session(1 + whole(10), { max: rows(1 + whole(50)) }),
  (whole) => rolling(1 + whole(50), { closed: closed(whole) }),
  (whole) => rolling(rows(1 + whole(50)), { closed: closed(whole) }),
  (whole) => tumbling(rows(1 + whole(30))),
  (whole) => hopping(rows(1 + whole(30)), rows(1 + whole(30))),
  (whole) => {
    const every = 1 + whole(30);
    return punctuated(({ v }: { v: number }) => Math.floor(v) % every === 0);
  },
];

/** Frames that hold many events, which leave again. */
const FRAMES: ((whole: Whole) => Window)[] = [
  (whole) => rolling(1 + whole(3000), { closed: closed(whole) }),
  (whole) => rolling(rows(1 + whole(5000)), { closed: closed(whole) }),
];

/** Aggregates whose states own memory, and aggregates that give lists. */
const OWNING: ((whole: Whole) => Spec['aggregates'][string])[] = [
  (whole) => quantile('v', whole(11) / 10, whole(2) ? {} : { accuracy: 0.001 }),
  (whole) => quantile('w', whole(11) / 10),
  () => quantile('v', 0.9, { exact: true }),
  () => median('w'),
  (whole) => distinct('v', whole(2) ? { precision: 4 + whole(15) } : {}),
  () => distinct('w', { exact: true }),
  (whole) => topK('v', 1 + whole(20)),
  (whole) => topK('w', 1 + whole(3)),
  (whole) => collect('v', { limit: 1 + whole(300) }),
  () => timeWeightedMean('w'),
  (whole) =>
    histogram(
      'w',
      Array.from({ length: 1 + whole(30) }, (_, i) => i),
    ),
];

/** A list of all values. Where windows fire again and again such lists become too long. */
const ALL = fold({ column: 'w', identity: () => 0, lift: (v) => v, combine: (a, b) => a + b, lower: (s) => s });

function owning(whole: Whole, emit: Spec['emit']): Spec['aggregates'] {
  const one = () => (OWNING[whole(OWNING.length)] as (typeof OWNING)[number])(whole);
  const some = Object.fromEntries(Array.from({ length: whole(4) }, (_, i) => [`o${i}`, one()]));
  return whole(8) === 0 && emit === 'final' ? { ...some, all: ALL } : some;
}

/** One window of any of the kinds, or up to four that share a stream. */
function windowsOf(whole: Whole, kinds: ((whole: Whole) => Window)[]): Spec['window'] {
  const one = () => (kinds[whole(kinds.length)] as (typeof kinds)[number])(whole);
  if (whole(2)) return one();
  return Object.fromEntries(Array.from({ length: 1 + whole(4) }, (_, i) => [`w${i}`, one()]));
}

function emitOf(whole: Whole): Spec['emit'] {
  const every = 1 + whole(40);
  const rarely = 1 + whole(60);
  const when = ({ v }: { v: number }) => Math.floor(v) % rarely === 0;
  return (['final', 'updates', { every }, { when }, { every, when }] as const)[whole(5)];
}

function feed(seed: number, kinds: ((whole: Whole) => Window)[]): void {
  const next = random(seed);
  const whole = (n: number) => Math.floor(next() * n);
  const emit = emitOf(whole);
  const isKeyed = next() < 0.9;
  const owned = owning(whole, emit);
  const spread = 10 ** (next() * 300);
  using stream = windowed({
    time: 't',
    ...(isKeyed ? { key: 'k' } : {}),
    window: windowsOf(whole, kinds),
    aggregates: {
      n: count(),
      s: sum('v'),
      g: last('gap'),
      ...(next() < 0.5 ? { d: stddev('v') } : {}),
      ...(seed % 4 === 0 ? { up: increase('v', { within: 100 }) } : {}),
      ...owned,
    },
    ...(next() < 0.4
      ? {
          where: col('v')
            .mod(1 + whole(5))
            .lt(1),
        }
      : {}),
    outOfOrder: whole(2) * whole(100),
    allowedLateness: whole(2) * whole(60),
    emit,
    ...(emit === 'final' ? {} : { accumulate: next() < 0.5 }),
  } as Spec) as unknown as WindowedStream;
  let clock = 0;
  let fresh = 0;
  for (let call = 0; call < 15; call++) {
    const length = 1 + Math.floor(next() ** 2 * 6000);
    const keys = 10 ** (next() * 4.5);
    const step = next() ** 4 * (next() < 0.1 ? 50 : 0.5);
    const lag = next() < 0.4 ? next() * 150 : 0;
    const isNew = next() < 0.3;
    const t = Array.from({ length }, () => {
      clock += step * next();
      return clock - next() * lag;
    });
    const k = t.map(() => (isNew ? 1e6 + fresh++ : Math.floor(next() * keys)));
    const gap = t.map(() => 1 + whole(9) ** 2);
    // Few values that repeat, or many of any size.
    const w = t.map(() => (call % 2 ? whole(50) : (next() - 0.5) * spread ** next()));
    if (seed % 3 === 0 && isKeyed && call % 5 === 2) {
      // Numbers that no event has.
      stream.claim(1);
      for (let i = 0; i < 20_000; i++) stream.keyId(`asked ${i}` as never);
      stream.pushRows([{ t: clock, k: '1', v: 1, w: 1, gap: 1 }] as never);
    }
    stream.pushColumns({ t, k: seed % 3 ? k : k.map(String), v: t, w, gap } as never);
    if (next() < 0.3) stream.take();
    if (next() < 0.1) stream.advance(clock - next() * 50);
    if (next() < 0.2) stream.query((isKeyed ? (seed % 3 ? k[0] : String(k[0])) : undefined) as never);
  }
  stream.close();
}

const RUNS = runs(40);
/** A call failed for lack of memory although it was said to have enough. */
const FAILED = /the core has failed|were allowed/;

test('the windows of this suite are of every kind that the core has', () => {
  windowed({ time: 't', window: tumbling(1), aggregates: { n: count() } })[Symbol.dispose]();
  let draws = 0;
  const used = windowKindsUsed(() => {
    for (const make of [...GRIDS, ...OTHERS]) {
      const early = GRIDS.includes(make as never) ? [{ emit: { every: 5 } }] : [];
      for (const also of [{}, { key: 'k' }, ...early]) {
        const spec = { time: 't', window: make((n) => draws++ % n), aggregates: { n: count() }, ...also };
        windowed(spec as Spec)[Symbol.dispose]();
      }
    }
  });
  expect(used).toEqual(windowKinds());
});

test.each([
  ['a grid of time', GRIDS],
  ['sessions, rows and frames', OTHERS],
  ['long frames', FRAMES],
  ['all kinds together', [...GRIDS, ...OTHERS]],
])('no call needs more than its demand: windows of %s', (_, kinds) => {
  allowOnly(1);
  const failed: [seed: number, error: unknown][] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    try {
      feed(seed, kinds);
    } catch (error) {
      failed.push([seed, error]);
    }
  }
  // The seed of each failure is printed.
  expect(failed).toEqual([]);
});

/** Feeds a stream without keys whose results are packed parts, as workers send them. */
function feedParts(seed: number): void {
  const next = random(seed);
  const whole = (n: number) => Math.floor(next() * n);
  const aggregates = { n: count(), d: stddev('v'), last: last('w'), ...owning(whole, 'final') };
  const window = windowsOf(whole, GRIDS);
  const spec = {
    time: 't',
    window,
    aggregates,
    allowedLateness: whole(2) * whole(60),
    outOfOrder: whole(2) * whole(100),
  };
  const engine = new Engine({ ...check(spec, core().aggregates), isPartial: true }, core());
  const { exports } = engine.core;
  let clock = 0;
  for (let call = 0; call < 40; call++) {
    const n = 1 + Math.floor(next() ** 2 * 4096);
    const step = next() ** 4 * (next() < 0.1 ? 50 : 0.5);
    const lag = next() < 0.4 ? next() * 150 : 0;
    const at = exports.claim(engine.handle, n);
    const views = engine.ring.claim(n);
    for (let i = 0; i < n; i++) {
      clock += step * next();
      (views.t as Float64Array)[i] = clock - next() * lag;
      if (views.v) views.v[i] = clock;
      if (views.w) views.w[i] = call % 2 ? whole(50) : next() - 0.5;
    }
    const scan = engine.scanTimes(at, n);
    engine.edges.cover(views.t as Float64Array);
    engine.takeWritten(n, scan);
    if (next() < 0.3) exports.emptyResults(engine.handle);
    if (next() < 0.2) engine.results.ask(0, clock);
  }
  engine.moveTo(Number.POSITIVE_INFINITY);
  exports.destroy(engine.handle);
}

test('no call needs more than its demand: results that are packed parts', () => {
  // The first stream compiles the core.
  windowed({ time: 't', window: tumbling(1), aggregates: { n: count() } })[Symbol.dispose]();
  allowOnly(1);
  for (let seed = FIRST_SEED; seed < FIRST_SEED + 2 * RUNS; seed++) {
    try {
      feedParts(seed);
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause });
    }
  }
  allowOnly(0.01);
  expect(() => {
    for (let seed = 1; seed <= 40; seed++) feedParts(seed);
  }).toThrow(FAILED);
});

test('some call fails with a hundredth of its demand', () => {
  allowOnly(0.01);
  expect(() => {
    for (let seed = 1; seed <= 40; seed++) feed(seed, GRIDS);
  }).toThrow(FAILED);
});
