/**
 * Catches a push to a nearly full stream that copies more than it must: memory of other streams, or all its own where
 * the event only adds to what there is or cannot be taken at all. What was refused must have changed nothing.
 */

import { afterEach, expect, test, vi } from 'vitest';
import { Forecast } from '../../assembly/plan';
import {
  count,
  hopping,
  median,
  type Spec,
  session,
  sum,
  tumbling,
  type Window,
  type WindowedStream,
  windowed,
} from '../../bindings';
import { core } from '../../bindings/base/core';
import { fits } from '../support/helpers';

afterEach(() => vi.restoreAllMocks());

const MAXIMUM = 600_000;
/** Events that are pushed together. */
const PIECE = 16;
/** More keys than fit. */
const KEYS = 1 << 16;

/** Runs a call and returns how many bytes of linear memory it copied. */
function copiedBy(run: () => void): number {
  let bytes = 0;
  const { slice } = Uint8Array.prototype;
  const spy = vi.spyOn(Uint8Array.prototype, 'slice').mockImplementation(function (this: Uint8Array, ...range) {
    const copy = slice.apply(this, range);
    if (this.buffer === core().buffer) bytes += copy.byteLength;
    return copy as Uint8Array<ArrayBuffer>;
  });
  run();
  spy.mockRestore();
  return bytes;
}

/** Columns of n events at time 1, each of a key of its own from key `from` on. */
function fresh(from: number, n: number): never {
  const columns = {
    t: new Float64Array(n).fill(1),
    k: Float64Array.from({ length: n }, (_, i) => from + i),
    v: new Float64Array(n).fill(2),
  };
  return columns as never;
}

/** A stream that has taken as many keys as it could, and how many. */
function full(window: Window, extra: Partial<Spec> = {}): { stream: WindowedStream; keys: number } {
  const aggregates = { n: count(), s: sum('v') };
  const spec = { time: 't', key: 'k', window, aggregates, memory: { maximum: MAXIMUM }, ...extra } as Spec;
  const stream = windowed(spec) as unknown as WindowedStream;
  let keys = 0;
  for (let n = KEYS; n >= 1; ) {
    if (fits(() => stream.pushColumns(fresh(keys, n)))) keys += n;
    else n >>= 1;
  }
  // From time to time a batch forgets keys before it takes its events, and then it is not known what it needs.
  stream.pushColumns(fresh(0, 1));
  return { stream, keys };
}

const WINDOWS: [string, Window, Partial<Spec>?][] = [
  ['tumbling windows', tumbling(1e9)],
  ['hopping windows', hopping(1e9, 1e8)],
  ['windows that fire early', tumbling(1e9), { emit: { every: 1e6 } }],
  ['sessions', session(1e9)],
];

//   keys … full, then: a known key, a new key
test.each(WINDOWS)('a full stream of %s takes events of known keys without a copy', (_, window, extra) => {
  using bystander = windowed({ time: 't', window: tumbling(10), aggregates: { m: median('v') } });
  bystander.pushColumns({ t: new Float64Array(300_000).fill(1), v: new Float64Array(300_000) });
  const { stream, keys } = full(window, extra);
  using _stream = stream;
  const push = (k: number) =>
    fits(() => {
      stream.push({ t: 2, k, v: 3 } as never);
      stream.flush();
    });
  const before = stream.stats();
  expect(copiedBy(() => expect(push(keys >> 1)).toBe(true))).toBe(0);
  expect(stream.query((keys >> 1) as never)).toMatchObject({ n: 2, s: 5 });
  // A new key is refused; to find out may need a copy, but of this stream's memory.
  expect(copiedBy(() => expect(push(keys)).toBe(false))).toBeLessThanOrEqual(before.bytes + 4096);
  expect(stream.stats()).toMatchObject({ events: before.events + 1, liveKeys: keys, bytes: before.bytes });
  const results = stream.close().toArray() as unknown as { k: number }[];
  expect(new Set(results.map(({ k }) => k)).size).toBe(keys);
});

//   grid: keys as many as the table has slots for; the next needs a table twice as large, which does not fit
test('an event for whose key there is no room is refused without a copy', () => {
  const { stream, keys } = full(tumbling(1e9));
  using _ = stream;
  const copied = copiedBy(() => expect(fits(() => stream.pushColumns(fresh(keys, 1)))).toBe(false));
  expect(copied).toBe(0);
  expect(stream.stats()).toMatchObject({ events: keys + 1, liveKeys: keys });
});

/** From now on nothing is known of a batch before it is taken. */
function forgetForecasts(): void {
  vi.spyOn(core().exports, 'forecast').mockReturnValue(Forecast.unknown);
}

test.each(WINDOWS)('a full stream of %s takes the keys that it takes without a forecast', (_, window, extra) => {
  const { stream, keys } = full(window, extra);
  using _stream = stream;
  forgetForecasts();
  const { stream: other, keys: wanted } = full(window, extra);
  using _other = other;
  expect(keys).toBe(wanted);
});

//   keys    … full, in the first window, then each of them in the second, in the third …
test.each<[string, Window, Partial<Spec>?]>([
  ['tumbling windows', tumbling(1000)],
  ['windows that fire early', tumbling(1000), { emit: { every: 1e6 } }],
])('a full stream of %s takes known keys in other windows as it does without a forecast', (_, window, extra) => {
  const takenOf = () => {
    const { stream, keys } = full(window, { ...extra, outOfOrder: 1e6 });
    using _stream = stream;
    let taken = 0;
    for (let i = 0, refusals = 0; refusals < 20; i++) {
      const t = 2000 * (1 + Math.floor((PIECE * i) / keys));
      const k = Array.from({ length: PIECE }, (_, j) => (PIECE * i + j) % keys);
      if (fits(() => stream.pushColumns({ t: k.map(() => t), k, v: k } as never))) taken += PIECE;
      else refusals++;
    }
    const results = stream.close().toArray() as unknown as { n: number }[];
    expect(results.reduce((sum, { n }) => sum + n, 0)).toBe(keys + 1 + taken);
    return taken;
  };
  const taken = takenOf();
  forgetForecasts();
  expect(taken).toBe(takenOf());
});
