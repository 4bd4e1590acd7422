/** Streams with a greatest size, of every kind of window: a full one can be closed, and gives all that it took. */

import { describe, expect, test } from 'vitest';
import {
  collect,
  count,
  cumulative,
  distinct,
  everything,
  hopping,
  median,
  OrielError,
  punctuated,
  quantile,
  rolling,
  rows,
  type Spec,
  session,
  sum,
  topK,
  tumbling,
  type Window,
  type WindowedStream,
  windowed,
} from '../../bindings';

/** Whether the call had room; any other error is one. */
function fits(call: () => unknown): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (error instanceof OrielError && error.code === 'ERR_ORIEL_MEMORY') return false;
    throw error;
  }
}

const KINDS: [what: string, window: Window][] = [
  ['tumbling windows', tumbling(1e9)],
  ['hopping windows', hopping(1e9, 1e8)],
  ['cumulative windows', cumulative(1e9, 1e8)],
  ['one window of all time', everything()],
  ['sessions', session(1e9)],
  ['sessions no longer than so long', session(1e9, { max: 1e9 })],
  ['sessions of so many rows', session(1e9, { max: rows(1e6) })],
  ['windows of rows', tumbling(rows(1e6))],
  ['windows of rows that hop', hopping(rows(1e6), rows(1000))],
  ['punctuated windows', punctuated(() => false)],
  ['frames of time', rolling(1e9)],
  ['frames of rows', rolling(rows(1e6))],
];

const EMITS: [how: string, emit: Spec['emit']][] = [
  ['final results', 'final'],
  ['updates', 'updates'],
  ['early firing', { every: 1000 }],
];

const AGGREGATES: Record<string, Spec['aggregates']> = {
  'states of a fixed size': { n: count(), s: sum('v') },
  'states that own memory': {
    p: quantile('v', 0.9),
    d: distinct('v', { exact: true }),
    top: topK('v', 2),
    list: collect('v', { limit: 5 }),
    m: median('v'),
  },
};

const CASES = KINDS.flatMap(([what, window]) => EMITS.map(([how, emit]) => ({ what, how, window, emit })));

/** Fills a stream with events of so many keys, in batches, then one by one; whether it can be closed. */
function closesFull(window: Window, emit: Spec['emit'], states: string, keys: number, length: number): boolean {
  const aggregates = AGGREGATES[states] as Spec['aggregates'];
  const spec = { time: 't', key: 'k', window, aggregates, emit, outOfOrder: 1e8 } as Spec;
  const [maximum, most] = states === 'states of a fixed size' ? [600_000, 30_000] : [3_000_000, 6000];
  using limited = windowed({ ...spec, memory: { maximum } }) as unknown as WindowedStream;
  using twin = windowed(spec) as unknown as WindowedStream;
  let at = 0;
  const batch = (n: number) => {
    const t = Array.from({ length: n }, (_, i) => at + i);
    return { t, k: t.map((t) => t % keys), v: t } as never;
  };
  for (const n of [length, 1]) {
    while (at < most && fits(() => limited.pushColumns(batch(n)))) {
      twin.pushColumns(batch(n));
      at += n;
    }
  }
  expect(at).toBeGreaterThan(0);
  const rows = limited.take().toArray();
  const closes = fits(() => rows.push(...limited.close().toArray()));
  if (closes) expect(rows).toEqual([...twin.take().toArray(), ...twin.close().toArray()]);
  return closes;
}

//   events of ever new keys, or of few, until no more fit; then the end
describe.each(Object.keys(AGGREGATES))('of %s', (states) => {
  describe.each([Infinity, 50])('and %d keys', (keys) => {
    test.each(CASES)(
      'a stream of $what with $how that is full can still be closed, and gives what it took',
      ({ window, emit }) => {
        for (const length of [40, 1000]) {
          expect([length, closesFull(window, emit, states, keys, length)]).toEqual([length, true]);
        }
      },
    );
  });
});
