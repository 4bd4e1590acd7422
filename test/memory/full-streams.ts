/** Streams with a maximum, of every kind of window, filled to that maximum. */

import { expect } from 'vitest';
import {
  collect,
  count,
  cumulative,
  distinct,
  everything,
  hopping,
  median,
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
import { fits } from '../support/helpers';

const KINDS: [what: string, window: Window][] = [
  ['tumbling windows', tumbling(1e9)],
  ['hopping windows', hopping(1e9, 1e8)],
  ['cumulative windows', cumulative(1e9, 1e8)],
  ['everything()', everything()],
  ['sessions', session(1e9)],
  ['sessions with a greatest length', session(1e9, { max: 1e9 })],
  ['sessions with a greatest number of rows', session(1e9, { max: rows(1e6) })],
  ['windows of rows', tumbling(rows(1e6))],
  ['hopping windows of rows', hopping(rows(1e6), rows(1000))],
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

interface Case {
  states: string;
  keys: number;
  how: string;
  emit: Spec['emit'];
  what: string;
  window: Window;
}

/** The cases of every kind of state, number of keys, kind of firing and kind of window. */
export const CASES: Case[] = Object.keys(AGGREGATES).flatMap((states) =>
  [Infinity, 50].flatMap((keys) =>
    EMITS.flatMap(([how, emit]) => KINDS.map(([what, window]) => ({ states, keys, how, emit, what, window }))),
  ),
);

/** Whether the case is in the quick suite: final results, and keys that are all new. */
export function isQuick({ how, keys }: Case): boolean {
  return how === 'final results' && keys === Infinity;
}

/** The spec of a case, its times up to 1e8 out of order, with a maximum that few events reach. */
export function limitedSpec({ window, emit, states }: Case): Spec {
  const maximum = states === 'states of a fixed size' ? 600_000 : 3_000_000;
  const aggregates = AGGREGATES[states];
  return { time: 't', key: 'k', window, aggregates, emit, outOfOrder: 1e8, memory: { maximum } } as Spec;
}

/**
 * Fills a stream with events, in batches and then one by one, and closes it. If it can be closed, expects all results.
 *
 * @param keys the number of keys; Infinity gives each event a key of its own
 * @param length the number of events in a batch
 * @returns whether the full stream could be closed
 */
function closesFull(one: Case, length: number): boolean {
  const { states, keys } = one;
  const spec = limitedSpec(one);
  const most = states === 'states of a fixed size' ? 30_000 : 6000;
  using limited = windowed(spec) as unknown as WindowedStream;
  using twin = windowed({ ...spec, memory: undefined } as Spec) as unknown as WindowedStream;
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
  if (closes) expect(rows.length).toBeGreaterThan(0);
  if (closes) expect(rows).toEqual([...twin.take().toArray(), ...twin.close().toArray()]);
  return closes;
}

/** Expects that a full stream of the case can be closed, whether it was filled by short batches or by long ones. */
export function expectClosesFull(one: Case): void {
  for (const length of [40, 1000]) expect([length, closesFull(one, length)]).toEqual([length, true]);
}
