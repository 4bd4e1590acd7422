/**
 * States that own memory, in windows of every kind. This suite catches a refused call that leaves a state changed, and
 * a disposed stream that leaves memory allocated.
 */

import { describe, expect, test, vi } from 'vitest';
import {
  collect,
  cumulative,
  distinct,
  everything,
  fold,
  hopping,
  median,
  punctuated,
  quantile,
  rolling,
  rows,
  type Spec,
  session,
  text,
  timeWeightedMean,
  topK,
  tumbling,
  type Window,
  type WindowedStream,
  windowed,
} from '../../bindings';
import { Core, core } from '../../bindings/base/core';
import { checkLaws } from '../support/check-laws';
import { fits, random } from '../support/helpers';
import { takeLongWay } from '../support/long-way';

checkLaws();

const AGGREGATES: Spec['aggregates'] = {
  p: quantile('v', 0.9),
  fine: quantile('v', 0.5, { accuracy: 0.001 }),
  d: distinct('v'),
  exact: distinct('v', { exact: true }),
  m: median('v'),
  top: topK('v', 2),
  list: collect('v', { limit: 40 }),
  mean: timeWeightedMean('v'),
  pages: distinct(text('page')),
};
/** All values, in order. */
const ALL = fold({ column: 'v', identity: () => '', lift: String, combine: (a, b) => a + b, lower: (all) => all });

const WINDOWS: Record<string, Spec['window']> = {
  tumbling: tumbling(50),
  hopping: hopping(60, 25),
  'many hops': hopping(60, 3),
  cumulative: cumulative(60, 20),
  'all time': everything(),
  sessions: session(4),
  'sessions of some length': session(4, { max: 40 }),
  'sessions of some rows': session(4, { max: rows(30) }),
  rows: tumbling(rows(40)),
  'rows that hop': hopping(rows(40), rows(15)),
  punctuated: punctuated(({ v }: { v: number }) => v % 50 === 7) as Window,
  frames: rolling(25),
  'frames of rows': rolling(rows(20)),
  'two grids': { a: hopping(40, 15), b: tumbling(25) },
  'all kinds': { a: hopping(40, 15), b: session(5), c: rolling(rows(7)), d: tumbling(rows(11)) },
};

const OPTIONS: Record<string, Partial<Spec>> = {
  plain: {},
  disorder: { outOfOrder: 40 },
  lateness: { outOfOrder: 10, allowedLateness: 30 },
  updates: { emit: 'updates', allowedLateness: 30 },
  early: { emit: { every: 7 }, outOfOrder: 20 },
  'only what is new': { emit: { every: 7 }, accumulate: false, allowedLateness: 20 },
};

/** n events about a time, of that many keys, some of whose values repeat. */
function eventsAt(next: () => number, at: number, n: number, keys: number): object[] {
  return Array.from({ length: n }, (_, i) => ({
    t: Math.floor(at + i / 20 - (next() < 0.2 ? next() * 60 : 0)),
    k: Math.floor(next() * keys),
    v: next() < 0.3 ? Math.floor(next() * 50) : next() * 1e6,
    page: `/${Math.floor(next() ** 3 * 100)}`,
  }));
}

/**
 * Runs a call of a stream while one of its accounts (0 its own, 1 its results, 2 its states) may grow by that many
 * bytes.
 *
 * @returns whether there was room
 */
function withOnly(bytes: number, which: number, run: () => void): boolean {
  const longWay = takeLongWay();
  const { atomically } = Core.prototype;
  const spy = vi.spyOn(Core.prototype, 'atomically').mockImplementation(function (this: Core, stream, _, call, adds) {
    const owners = [stream, ...new Uint32Array(this.buffer, stream + 20, 2)];
    const limitOf = () => new Float64Array(this.buffer, owners[which], 2);
    const [used, limit] = limitOf() as unknown as [number, number];
    limitOf()[1] = used + bytes;
    try {
      // As the call claims to need infinite room, it is made reversible.
      atomically.call(this, stream, Infinity, call, adds && which > 0);
    } finally {
      limitOf()[1] = limit;
    }
  });
  try {
    return fits(run);
  } finally {
    spy.mockRestore();
    longWay.mockRestore();
  }
}

describe.each(Object.keys(WINDOWS))('%s', (window) => {
  //   call      call ✗      call      call ✗        each ✗ traps at some allocation and is undone
  test.each(['disorder', 'updates', 'early'])('a refused call changes nothing: %s', (options) => {
    const spec = { time: 't', key: 'k', window: WINDOWS[window], aggregates: AGGREGATES, ...OPTIONS[options] } as Spec;
    using limited = windowed(spec) as unknown as WindowedStream;
    using twin = windowed(spec) as unknown as WindowedStream;
    const next = random(3);
    const outputs = () => {
      const { events, late, windows, watermark, liveKeys, liveSlices } = limited.stats();
      const answers = Array.from({ length: 4 }, (_, k) => limited.query(k as never));
      return { events, late, windows, watermark, liveKeys, liveSlices, answers };
    };
    let refusals = 0;
    for (let call = 0, at = 1000; call < 40; call++) {
      const events = eventsAt(next, at, 50, 4) as never[];
      const before = outputs();
      const some = 3e4 * next() ** 4;
      if (withOnly(some, call % 3, () => limited.pushRows(events))) {
        twin.pushRows(events);
        at += 15;
      } else {
        refusals++;
        expect(outputs()).toEqual(before);
      }
      if (withOnly(some, 1, () => limited.advance(at - 20))) twin.advance(at - 20);
      if (call % 4 === 0) expect(limited.take().toArray()).toEqual(twin.take().toArray());
    }
    expect(refusals).toBeGreaterThan(2);
    expect(refusals).toBeLessThan(38);
    expect(limited.close().toArray()).toEqual(twin.close().toArray());
  });

  //   events wait, windows are open, results are not taken, claims are not committed
  test('a stream that is disposed of at any point leaves no memory allocated', () => {
    const next = random(5);
    const live = (options: Partial<Spec>, calls: number) => {
      const aggregates = next() < 0.3 ? { ...AGGREGATES, all: ALL } : AGGREGATES;
      const key = next() < 0.7 ? { key: 'k' } : {};
      const stream = windowed({
        time: 't',
        ...key,
        window: WINDOWS[window],
        aggregates,
        ...options,
      } as Spec) as unknown as WindowedStream;
      for (let call = 0, at = 0; call < calls; call++, at += 20) {
        stream.pushRows(eventsAt(next, at, 60, 4) as never[]);
        if (next() < 0.2) stream.query((key.key ? 1 : undefined) as never);
        if (next() < 0.3) stream.take();
        if (next() < 0.2) stream.advance(at - 10);
      }
      if (next() < 0.2) stream.push(eventsAt(next, 300, 1, 4)[0] as never);
      if (next() < 0.2) stream.claim(3);
      if (next() < 0.2) stream.close();
      return stream;
    };
    const tops: number[] = [];
    using _held = windowed({ time: 't', window: tumbling(1), aggregates: { m: median('v') } });
    for (let round = 0; round < 4; round++) {
      // Several streams are open at a time and are disposed of in any order.
      const streams = Object.values(OPTIONS).flatMap((options) => [live(options, round), live(options, 3)]);
      while (streams.length) streams.splice(Math.floor(next() * streams.length), 1)[0]?.[Symbol.dispose]();
      tops.push(core().exports.top());
    }
    expect(tops).toHaveLength(4);
    expect(new Set(tops).size).toBe(1);
  });
});
