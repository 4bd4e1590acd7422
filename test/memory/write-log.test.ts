/**
 * Catches a call to a nearly full stream that costs more the more the stream holds, whatever it holds, or that is
 * undone in part: a write that the log does not know, memory that is lost when an undone call had it grow.
 */

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  count,
  distinct,
  median,
  rolling,
  rows,
  type Spec,
  session,
  tumbling,
  type Window,
  type WindowedStream,
  windowed,
} from '../../bindings';
import { core } from '../../bindings/base/core';
import { loggingCore } from '../../bindings/base/logging-core';
import { Engine } from '../../bindings/engine/engine';
import { check } from '../../bindings/spec/check';
import bytes from '../../build/release.wasm';
import { FIRST_SEED, fits, refused, runs } from '../support/helpers';
import { takeLongWay } from '../support/long-way';
import { FAMILIES, play, scenarioOf } from '../support/scenarios';
import { CASES, limitedSpec } from './full-streams';

afterEach(() => vi.restoreAllMocks());

/** Where the core keeps the log: assembly/base/write-log.ts. */
const LOG = 172;
/** Bytes that may be noted of one event. */
const MAX_LOGGED = 8192;

/** The blocks of a stream, and where they lie. */
function blocksOf(stream: number): { from: number; words: BigUint64Array }[] {
  const { exports, buffer } = core();
  const blocks = [];
  for (let from = exports.nextRun(stream, 0); from; ) {
    const to = exports.endOfRun(stream, from);
    blocks.push({ from, words: new BigUint64Array(buffer, from, (to - from) / 8).slice() });
    from = exports.nextRun(stream, to);
  }
  return blocks;
}

/** Expects that the blocks of a stream lie where they lay before, with the same content. */
function expectBlocks(stream: number, before: ReturnType<typeof blocksOf>): void {
  const placeOf = ({ from, words }: (typeof before)[number]) => [from, words.length];
  const after = blocksOf(stream);
  expect(after.map(placeOf)).toEqual(before.map(placeOf));
  expect(after.filter(({ words }, i) => words.some((word, j) => word !== before[i]?.words[j]))).toEqual([]);
}

/** Makes every call that is refused compare the blocks of its stream, before and after. Returns how many were. */
function watchRefused(): () => number {
  let n = 0;
  const { atomically } = core();
  vi.spyOn(core(), 'atomically').mockImplementation((stream, ...given) => {
    const before = blocksOf(stream);
    try {
      atomically.call(core(), stream, ...given);
    } catch (error) {
      n++;
      expectBlocks(stream, before);
      throw error;
    }
  });
  return () => n;
}

/** Makes every batch and every move of time fail at its end, expects that it is undone, and makes it again. */
function undoOnce(): () => number {
  takeLongWay();
  let n = 0;
  let isFailing = false;
  for (const name of ['commit', 'advance'] as const) {
    const call = core().exports[name] as (...given: number[]) => number;
    vi.spyOn(core().exports, name as 'commit').mockImplementation((...given) => {
      const result = call(...given);
      if (isFailing) throw new WebAssembly.RuntimeError('memory is full');
      return result;
    });
  }
  const { atomically } = core();
  vi.spyOn(core(), 'atomically').mockImplementation((stream, demand, run, adds, isLogged) => {
    if (!isLogged) return atomically.call(core(), stream, demand, run, adds);
    n++;
    const before = blocksOf(stream);
    isFailing = true;
    refused('ERR_ORIEL_MEMORY', () => atomically.call(core(), stream, Infinity, run, adds, true));
    isFailing = false;
    expectBlocks(stream, before);
    atomically.call(core(), stream, Infinity, run, adds, true);
  });
  return () => n;
}

/** Counts bytes of linear memory that are copied and, for calls that may be undone, those that are logged. */
function watchCost(): { copied: number; logged: number; calls: number } {
  const cost = { copied: 0, logged: 0, calls: 0 };
  const { slice } = Uint8Array.prototype;
  vi.spyOn(Uint8Array.prototype, 'slice').mockImplementation(function (this: Uint8Array, ...range) {
    const copy = slice.apply(this, range);
    if (this.buffer === core().buffer) cost.copied += copy.byteLength;
    return copy as Uint8Array<ArrayBuffer>;
  });
  const { closeLog } = core().exports;
  vi.spyOn(core().exports, 'closeLog').mockImplementation(() => {
    const [, cursor = 0, , first = 0] = new Uint32Array(core().buffer, LOG, 4);
    cost.logged = Math.max(cost.logged, cursor - first);
    cost.calls++;
    closeLog();
  });
  return cost;
}

/** Columns of n events from number `at` on, one at a time and each of a key of its own, or of one of `keys` keys. */
function events(at: number, n: number, keys: number): never {
  const t = Array.from({ length: n }, (_, i) => at + i);
  return { t, k: t.map((i) => i % keys), v: t } as never;
}

/** Pushes as many events as fit, in batches that get smaller; returns how many. */
function fill(stream: WindowedStream, keys: number): number {
  let at = 0;
  for (let n = 512; n >= 1; ) {
    if (at < 150_000 && fits(() => stream.pushColumns(events(at, n, keys)))) at += n;
    else n >>= 1;
  }
  return at;
}

describe.each(Object.entries(FAMILIES))('windows: %s', (_, window) => {
  test('whatever a call changes is undone, and the core that logs gives the results of the other', () => {
    let undone = 0;
    fc.assert(
      fc.property(scenarioOf(window), (s) => {
        const wanted = play(s, s.cuts);
        const count = undoOnce();
        try {
          const { rows, late } = play(s, s.cuts);
          expect(rows).toEqual(wanted.rows);
          expect(late).toEqual(wanted.late);
        } finally {
          // Else the next case would undo each call of this one as well.
          vi.restoreAllMocks();
        }
        undone += count();
      }),
      { seed: FIRST_SEED, numRuns: runs(30), endOnFailure: true },
    );
    expect(undone).toBeGreaterThan(0);
  });
});

describe.each(CASES)('$what of $states, $keys keys, $how', (one) => {
  test('a call at the limit copies nothing, and if it is refused it has changed nothing', () => {
    using stream = windowed(limitedSpec(one)) as unknown as WindowedStream;
    const at = fill(stream, one.keys);
    const push = (k: number) => fits(() => stream.pushColumns({ t: [at], k: [k], v: [k] } as never));
    watchRefused();
    for (let i = 0; i < 3; i++) for (const k of [at >> 1, at + i]) push(k);
    vi.restoreAllMocks();
    const cost = watchCost();
    const { byteLength } = core().buffer;
    for (let i = 3; i < 10; i++) for (const k of [at >> 1, at + i]) push(k);
    expect(cost.copied).toBe(0);
    expect(core().buffer.byteLength).toBe(byteLength);
  });
});

const GROWING: [string, Window][] = [
  ['tumbling windows', tumbling(1e9)],
  ['sessions', session(1e9)],
  ['windows of rows', tumbling(rows(1e6))],
  ['frames of time', rolling(1e9)],
];

//   2 and 16 MB of medians: an event of a known key
test.each(GROWING)('what is noted of one event does not grow with the memory of %s', (_, window) => {
  for (const maximum of [2 ** 21, 2 ** 24]) {
    const spec = { time: 't', key: 'k', window, aggregates: { m: median('v') }, memory: { maximum } };
    using stream = windowed(spec as Spec) as unknown as WindowedStream;
    const at = fill(stream, Number.POSITIVE_INFINITY);
    const cost = watchCost();
    for (let i = 1; i < 20; i++) fits(() => stream.pushColumns({ t: [at], k: [at - 40 * i], v: [i] } as never));
    vi.restoreAllMocks();
    expect([maximum, cost.calls > 0, cost.copied, cost.logged <= MAX_LOGGED]).toEqual([maximum, true, 0, true]);
  }
});

test('batches that do not fit change nothing', () => {
  const spec = {
    time: 't',
    key: 'k',
    window: tumbling(1e9),
    aggregates: { m: median('v'), d: distinct('v') },
  } as const;
  using stream = windowed({ ...spec, memory: { maximum: 3e6 } }) as unknown as WindowedStream;
  const at = fill(stream, 300);
  const refusedCount = watchRefused();
  for (const n of [64, 512, 4096]) fits(() => stream.pushColumns(events(at, n, Number.POSITIVE_INFINITY)));
  expect(refusedCount()).toBeGreaterThan(0);
});

//   an event after the end of a window: all its keys fire, which is too much to log
test('a call that changes more than a log can hold is made with a copy', () => {
  const spec = { time: 't', key: 'k', window: tumbling(1e6), aggregates: { n: count(), m: median('v') } } as const;
  using stream = windowed({ ...spec, memory: { maximum: 3e6 } }) as unknown as WindowedStream;
  using twin = windowed(spec) as unknown as WindowedStream;
  const at = fill(stream, 1000);
  for (let i = 0; i < at; i += 1000) twin.pushColumns(events(i, Math.min(1000, at - i), 1000));
  const cost = watchCost();
  const last = { t: [2e6], k: [0], v: [1] } as never;
  stream.pushColumns(last);
  twin.pushColumns(last);
  expect(cost.copied).toBeGreaterThan(0);
  expect(stream.take().toArray()).toEqual(twin.take().toArray());
});

//   calls that let memory grow by 8 MB and are undone
test('memory that has grown in a call that is undone is used by the next', () => {
  using _ = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() } });
  const spec = { time: 't', window: tumbling(10), aggregates: { n: count() }, memory: { maximum: '1gb' } } as const;
  const engine = new Engine(check(spec as Spec, core().aggregates), core());
  const { exports } = core();
  const fail = () => {
    exports.reserveEntries(engine.handle, 0, 0);
    for (let k = 0; k < 170_000; k++) exports.listWindow(engine.handle, 0, k, k, k + 1);
    throw new WebAssembly.RuntimeError('memory is full');
  };
  const undone = () => refused('ERR_ORIEL_MEMORY', () => core().atomically(engine.handle, Infinity, fail, true, true));
  undone();
  const { byteLength } = core().buffer;
  for (let i = 0; i < 10; i++) undone();
  expect(core().buffer.byteLength).toBe(byteLength);
  exports.destroy(engine.handle);
});

test('without the binary of the core calls are undone from a copy', async () => {
  vi.resetModules();
  const { core: own, provideCore } = await import('../../bindings/base/core');
  const module = new WebAssembly.Module(Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0)));
  provideCore(() => module);
  const oriel = await import('../../bindings');
  const aggregates = { s: oriel.sum('v'), m: oriel.median('v') };
  const spec = { time: 't', key: 'k', window: oriel.tumbling(1e9), aggregates, memory: { maximum: 3e6 } } as const;
  using stream = oriel.windowed(spec) as unknown as WindowedStream;
  const fitting = (run: () => void) => {
    try {
      run();
      return true;
    } catch {
      return false;
    }
  };
  let at = 0;
  while (fitting(() => stream.pushColumns(events(at, 512, 300)))) at += 512;
  const copies = vi.spyOn(own().exports, 'withdraw');
  const before = stream.stats().bytes;
  expect(fitting(() => stream.pushColumns(events(at, 512, 300)))).toBe(false);
  expect(copies).toHaveBeenCalled();
  expect(stream.stats()).toMatchObject({ events: at, bytes: before });
});

//   \0asm 1, types [] → [], function 0, its body: one instruction of another kind
test('a core with instructions that are not known is not rewritten', () => {
  const head = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0];
  const withBody = (...code: number[]) =>
    Uint8Array.of(...head, 10, code.length + 4, 1, code.length + 2, 0, ...code, 11);
  expect([...loggingCore(withBody(1))]).toEqual([...withBody(1)]);
  // memory.init, an atomic fence, a lane of 8 bits, a tail call.
  for (const code of [[0xfc, 8], [0xfe, 3], [0xfd, 88], [18]])
    expect(() => loggingCore(withBody(...code))).toThrow(/not known/);
});
