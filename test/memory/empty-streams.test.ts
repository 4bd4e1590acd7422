/** Catches a stream that takes much memory before its first event, or does without what it needs afterwards. */

import { expect, test } from 'vitest';
import {
  col,
  count,
  hopping,
  mean,
  rolling,
  rows,
  type Spec,
  session,
  sum,
  tumbling,
  type WindowedStream,
  windowed,
} from '../../bindings';
import { core } from '../../bindings/base/core';
import { checkLaws } from '../support/check-laws';

checkLaws();

const LIMIT = 16 * 1024;
/** Rolling windows with keys have columns of their own from the start. */
const LIMIT_ROLLING = 40_000;

const BASE = { time: 't', key: 'k', aggregates: { n: count(), s: sum('v'), m: mean('w') } };

const SPECS: [string, Partial<Spec>][] = [
  ['tumbling windows', { window: tumbling(10) }],
  ['hopping windows', { window: hopping(10, 5) }],
  ['windows that fire early', { window: tumbling(10), emit: { every: 5 } }],
  ['sessions', { window: session(10) }],
  ['windows of rows', { window: tumbling(rows(10)) }],
  ['rolling windows', { window: rolling(10) }],
  ['expressions and a filter', { window: tumbling(10), where: col('v').gt(1) }],
];

function make(extra: Partial<Spec>): WindowedStream {
  return windowed({ ...BASE, ...extra } as Spec) as unknown as WindowedStream;
}

test.each(SPECS)('a thousand streams of %s without events take less than 16 kB each', (what, extra) => {
  using first = make(extra);
  const before = core().exports.top();
  const streams = Array.from({ length: 1000 }, () => make(extra));
  const limit = what === 'rolling windows' ? LIMIT_ROLLING : LIMIT;
  expect(first.stats().bytes).toBeLessThan(limit);
  expect((core().exports.top() - before) / 1000).toBeLessThan(limit);
  for (const stream of streams) stream[Symbol.dispose]();
  expect(core().exports.top()).toBe(before);
});

test.each(SPECS)('a stream of %s that has had no event answers, moves on and closes', (_, extra) => {
  const empty = make(extra);
  expect(empty.query(1 as never)).toMatchObject({ n: 0 });
  empty[Symbol.dispose]();
  using moved = make(extra);
  moved.advance(100);
  expect(moved.stats().watermark).toBe(100);
  moved.push({ t: 200, k: 1, v: 2, w: 3 } as never);
  expect(moved.close().toArray()[0]).toMatchObject({ n: 1, s: 2, m: 3 });
  using closed = make(extra);
  expect(closed.close()).toHaveLength(0);
});

test('a stream for whose events a maximum leaves no room is refused when it is made', () => {
  const spec = { ...BASE, window: tumbling(10), memory: { maximum: 50_000 } } as Spec;
  expect(() => windowed(spec)).toThrow('there is no room for a stream of this spec');
});
