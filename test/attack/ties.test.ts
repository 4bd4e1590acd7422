/**
 * Catches results of `topK` that depend on a seed, on the order of events or on how they were cut, where values have
 * equal counts: numbers come from the least up, strings by a hash that is the same in all streams.
 */

import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import {
  count,
  cumulative,
  everything,
  hopping,
  punctuated,
  rolling,
  rows,
  session,
  topK,
  tumbling,
  type Window,
  windowed,
} from '../../bindings';
import { runs } from '../support/helpers';

const WORDS = ['a', 'b', 'c', 'd', 'e', 'f'];
/** The words in order of their hashes. It is written down because other builds and machines must give the same. */
const BY_HASH = ['b', 'f', 'd', 'c', 'e', 'a'];
const N = 2 * WORDS.length;

/** Windows of each kind that hold all events. */
const WINDOWS: Record<string, Window<never, never>> = {
  tumbling: tumbling(100),
  hopping: hopping(100, 3),
  cumulative: cumulative(100, 10),
  everything: everything(),
  session: session(50),
  'session with max': session(50, { max: 100 }),
  'tumbling rows': tumbling(rows(N)),
  'hopping rows': hopping(rows(N), rows(4)),
  punctuated: punctuated((event) => event.isLast === 1),
  rolling: rolling(100),
  'rolling rows': rolling(rows(N)),
} as never;

afterEach(() => {
  vi.restoreAllMocks();
});

function topOf(window: Window<never, never>, values: unknown[], times: number[], cut: number, seed: number): unknown[] {
  vi.spyOn(crypto, 'getRandomValues').mockImplementation((words) => {
    (words as Uint32Array).fill(seed);
    return words;
  });
  const aggregates = { n: count(), top: topK('v', 4) };
  using stream = windowed({ time: 't', window, aggregates, outOfOrder: 100 } as never);
  const events = values.map((v, i) => ({ t: times[i], v, isLast: i === N - 1 ? 1 : 0 }));
  stream.pushRows(events.slice(0, cut) as never);
  stream.pushRows(events.slice(cut) as never);
  const results = stream.close().toArray() as unknown as { n: number; top: { value: unknown; count: number }[] }[];
  return results.filter(({ n }) => n === N).map(({ top }) => top.map(({ value }) => value));
}

test.each(Object.entries(WINDOWS))('%s: values with equal counts have one order', (_, window) => {
  const order = fc.shuffledSubarray([...Array(N).keys()], { minLength: N });
  const property = fc.property(order, order, fc.nat(N), fc.nat(), (places, times, cut, seed) => {
    for (const [values, expected] of [
      [WORDS, BY_HASH],
      [[-Infinity, -2, 0, 0.5, 7, 1e300].reverse(), [-Infinity, -2, 0, 0.5]],
    ]) {
      const given = places.map((place) => values?.[place % WORDS.length]);
      const lists = topOf(window, given, times, cut, seed);
      expect(lists.length).toBeGreaterThan(0);
      for (const list of lists) expect(list).toEqual(expected?.slice(0, 4));
    }
  });
  fc.assert(property, { numRuns: runs(30) });
});
