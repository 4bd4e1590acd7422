/**
 * Catches a stream that takes much memory before its first event, or does without what it needs afterwards: stores that
 * are made late and do not hear what happened before, or for which too little of a maximum was kept back.
 */

import { describe, expect, test } from 'vitest';
import {
  calendar,
  col,
  count,
  cumulative,
  distinct,
  everything,
  hopping,
  last,
  mean,
  median,
  OrielError,
  punctuated,
  quantile,
  rolling,
  rows,
  type Spec,
  session,
  sum,
  text,
  topK,
  tumbling,
  type WindowedStream,
  windowed,
} from '../../bindings';
import { core } from '../../bindings/base/core';
import { cases } from '../oracle/cases';
import { checkLaws } from '../support/check-laws';
import { windowKinds, windowKindsUsed } from '../support/window-kinds';

checkLaws();

const LIMIT = 16 * 1024;

const BASE = { time: 't', key: 'k', aggregates: { n: count(), s: sum('v'), m: mean('w') } };

const WINDOWS: Record<string, Spec['window']> = {
  tumbling: tumbling(10),
  hopping: hopping(10, 5),
  cumulative: cumulative(10, 5),
  everything: everything(),
  calendar: tumbling(calendar(1, 'day', 'UTC')),
  session: session(10),
  'session with a greatest length': session(10, { max: 100 }),
  'tumbling rows': tumbling(rows(10)),
  'hopping rows': hopping(rows(10), rows(5)),
  punctuated: punctuated(({ t }) => t % 5 === 0),
  rolling: rolling(10),
  'rolling rows': rolling(rows(10)),
  'several of several kinds': {
    a: tumbling(10),
    b: session(5),
    c: session(7),
    d: rolling(10),
    e: rolling(20),
    f: hopping(rows(4), rows(2)),
  },
};

const AGGREGATES: Spec['aggregates'][] = [
  { n: count() },
  BASE.aggregates,
  { q: quantile('v', 0.9), d: distinct('v'), k: topK('v', 5), m: median('v') },
  { l: last(text('x')), n: count(col('v').div(2).add(1)) },
];

const KEYS = [{ key: 'k' }, { key: ['k', 'l'] }, {}];

/** Ways to fire and to filter. */
const WAYS: Partial<Spec>[] = [
  {},
  { outOfOrder: 50, allowedLateness: 50 },
  {
    where: col('v')
      .gt(1)
      .and(col('v').lt(col('w').mul(2))),
  },
  { emit: { every: 5 } },
  { emit: { when: () => true } },
  { emit: 'updates', allowedLateness: 5 },
];

function make(spec: Spec): WindowedStream {
  return windowed(spec) as unknown as WindowedStream;
}

/** All specs of some windows, without those that are refused: not every window can fire in every way. */
function specsOf(window: Spec['window']): Spec[] {
  return KEYS.flatMap((key) =>
    AGGREGATES.flatMap((aggregates) => WAYS.map((way) => ({ time: 't', ...key, window, aggregates, ...way }) as Spec)),
  ).filter(isAccepted);
}

function isAccepted(spec: Spec): boolean {
  try {
    make(spec)[Symbol.dispose]();
    return true;
  } catch (error) {
    if (error instanceof OrielError && error.code === 'ERR_ORIEL_SPEC') return false;
    throw error;
  }
}

test('the windows here are of every kind that the core has', () => {
  const specs = Object.values(WINDOWS).flatMap(specsOf);
  const used = windowKindsUsed(() => {
    for (const spec of specs) make(spec)[Symbol.dispose]();
  });
  expect(used).toEqual(windowKinds());
});

describe.each(Object.entries(WINDOWS))('%s', (_, window) => {
  test('two hundred streams without events take less than 16 kB each, whatever they aggregate', () => {
    const specs = specsOf(window);
    expect(specs.length).toBeGreaterThan(10);
    const before = core().exports.top();
    const streams = Array.from({ length: 200 }, (_, i) => make(specs[i % specs.length] as Spec));
    for (const stream of streams) expect(stream.stats().bytes).toBeLessThan(LIMIT);
    expect((core().exports.top() - before) / 200).toBeLessThan(LIMIT);
    for (const stream of streams) stream[Symbol.dispose]();
    expect(core().exports.top()).toBe(before);
  });

  test('a stream that has had no event answers, moves on and closes', () => {
    const spec = { ...BASE, window } as Spec;
    const empty = make(spec);
    const answer = empty.query(1 as never);
    expect(Object.hasOwn(answer, 'n') ? answer : Object.values(answer)[0]).toMatchObject({ n: 0 });
    empty[Symbol.dispose]();
    const moved = make(spec);
    moved.advance(100);
    moved.advance(50);
    expect(moved.stats().watermark).toBe(100);
    moved.push({ t: 200, k: 1, v: 2, w: 3 } as never);
    expect(moved.close().toArray()[0]).toMatchObject({ n: 1, s: 2, m: 3 });
    moved[Symbol.dispose]();
    using closed = make(spec);
    expect(closed.close()).toHaveLength(0);
  });

  test('time that was moved before the first event makes events late, as it does after one', () => {
    const specs = specsOf(window).filter(({ emit }) => !emit);
    for (const spec of specs) {
      const [early, late] = [make(spec), make(spec)];
      late.push({ t: 1, k: 1, l: 1, v: 2, w: 3, x: 'a' } as never);
      late.advance(1e6);
      early.advance(1e6);
      const before = late.stats().late;
      for (const t of [500, 999_980, 1_000_060]) {
        for (const stream of [early, late]) stream.push({ t, k: 2, l: 1, v: 2, w: 3, x: 'a' } as never);
      }
      expect(early.stats().late).toBe(late.stats().late - before);
      for (const stream of [early, late]) stream[Symbol.dispose]();
    }
  });
});

test.each(Object.entries(cases))('a stream of %s without events takes less than 16 kB', (_, { make: aggregate }) => {
  for (const window of Object.values(WINDOWS)) {
    const spec = { ...BASE, window, aggregates: { a: aggregate() } } as Spec;
    if (!isAccepted(spec)) continue;
    using stream = make(spec);
    expect(stream.stats().bytes).toBeLessThan(LIMIT);
  }
});

test('a stream for whose events a maximum leaves no room is refused when it is made', () => {
  const spec = { ...BASE, window: tumbling(10), memory: { maximum: 50_000 } } as Spec;
  expect(() => windowed(spec)).toThrow('there is no room for a stream of this spec');
});

test('a maximum that is too small for several rolling windows refuses the stream or its first event', () => {
  const window = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`w${i}`, rolling(10 + i)]));
  const outcomes = new Set<string>();
  for (let maximum = 100_000; maximum < 1_500_000; maximum += 50_000) {
    try {
      using stream = windowed({ ...BASE, window, memory: { maximum } });
      stream.push({ t: 1, k: 1, v: 2, w: 3 });
      stream.flush();
      outcomes.add('taken');
    } catch (error) {
      outcomes.add((error as OrielError).code);
    }
  }
  expect([...outcomes]).toEqual(['ERR_ORIEL_MEMORY', 'taken']);
});
