/**
 * Attacks by strings: of keys and of measures, in calls that are refused, asked for by `keyId` and never used, chosen
 * so that their hashes are equal, or simply ever new. This suite catches numbers that are lost or given twice, strings
 * that are forgotten too early or never, memory beyond the maximum, and a trap of the core that spreads.
 */

import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  argmax,
  collect,
  count,
  distinct,
  everything,
  first,
  last,
  rolling,
  rows,
  session,
  sum,
  text,
  topK,
  tumbling,
  type Window,
  windowed,
} from '../../bindings';
import { core } from '../../bindings/base/core';
import { drawSeed } from '../../bindings/base/seed';
import { HashedStrings, hashOf, Strings } from '../../bindings/input/strings';
import { DOORS, put } from '../support/doors';
import { refused } from '../support/helpers';

vi.mock('../../bindings/base/seed', async (original) => {
  const { drawSeed } = await original<typeof import('../../bindings/base/seed')>();
  return { drawSeed: vi.fn(drawSeed) };
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Two strings whose hashes without a seed are equal. */
const TWINS = ['user-arzQM', 'user-clWSX'] as const;

describe('a refused call gives back the numbers of its strings', () => {
  const key = (i: number, q: number) => `refused ${i}-${q}`;

  test.each(['256kb', '1mb'])('and %s are enough for the next event, however many were refused', (maximum) => {
    using stream = windowed({
      time: 't',
      key: 'k',
      window: tumbling(10),
      aggregates: { n: count() },
      memory: { maximum },
    });
    stream.push({ t: 1, k: 'x' });
    const before = stream.stats().bytes;
    for (let i = 0; i < 200; i++) {
      const t = Float64Array.from({ length: 1000 }, (_, q) => (q === 999 ? Number.NaN : 1));
      refused('ERR_ORIEL_TIME', () => stream.pushColumns({ t, k: Array.from(t, (_, q) => key(i, q)) }));
    }
    expect(stream.stats().bytes).toBe(before);
    stream.push({ t: 2, k: 'x' });
    stream.flush();
    expect(stream.close().toArray()).toEqual([{ start: 0, end: 10, k: 'x', n: 2 }]);
  });

  test.each([
    ['a key', ['k'], count()],
    ['keys of two columns', ['k', 'l'], count()],
    ['a measure', [], last(text('v'))],
  ] as const)('%s, by every way in', (_, key, value) => {
    const event = (q: number, t = 1) => ({ t, k: `k${q}`, l: `l${q}`, v: `v${q}` });
    for (const door of ['push', 'rows', 'columns', 'large'] as const) {
      using stream = windowed({ time: 't', ...(key.length && { key }), window: tumbling(10), aggregates: { value } });
      stream.push(event(0) as never);
      const before = stream.stats().bytes;
      const n = door === 'large' ? 10_000 : 100;
      const events = Array.from({ length: n }, (_, q) => event(q + 1, q === n - 1 ? Number.NaN : 1));
      const columns = Object.fromEntries(['t', 'k', 'l', 'v'].map((name) => [name, events.map((e) => e[name as 't'])]));
      for (let i = 0; i < 3; i++) {
        // Its measures and its first key are read and numbered before what is wrong with it is seen.
        const bad = key.length > 1 ? { ...event(1), l: {} } : { ...event(1), t: Number.NaN };
        if (door === 'push')
          refused(key.length > 1 ? 'ERR_ORIEL_COLUMN' : 'ERR_ORIEL_TIME', () => stream.push(bad as never));
        else if (door === 'rows') refused('ERR_ORIEL_TIME', () => stream.pushRows(events as never));
        else refused('ERR_ORIEL_TIME', () => stream.pushColumns(columns as never));
      }
      expect(stream.stats().bytes).toBe(before);
      stream.push(event(5) as never);
      const close = stream.close().toArray();
      expect(close).toHaveLength(key.length ? 2 : 1);
      if (!key.length) expect(close[0]?.value).toBe('v5');
    }
  });

  test('numbers that were given back in part are given again to others', () => {
    const table = new Strings();
    const numbers = ['a', 'b', 'c', 'd'].map((value) => table.numberOf(value));
    table.ledger.settle();
    table.keep(Uint8Array.of(1, 0, 0, 1));
    const mark = table.ledger.count;
    const fresh = ['e', 'f', 'g'].map((value) => table.numberOf(value));
    expect(fresh).toEqual([1, 2, 4]);
    table.ledger.takeBack(mark + 1);
    expect(['e', 'f'].map((value) => table.knows(value))).toEqual([true, false]);
    table.ledger.takeBack(mark);
    expect(['h', 'i', 'j'].map((value) => table.numberOf(value))).toEqual(fresh);
    expect(numbers.map((number) => table.stringOf(number))).toEqual(['a', 'h', 'i', 'd']);
  });
});

describe('strings that keyId is asked for and that never come', () => {
  test('take no memory for good', () => {
    using stream = windowed({
      time: 't',
      key: 'k',
      window: tumbling(10),
      aggregates: { l: last(text('v')) },
      memory: { maximum: '1mb' },
    });
    stream.push({ t: 0, k: 'held', v: 'held' });
    for (let i = 0; i < 200_000; i++) {
      stream.keyId(`asked ${i}`);
      stream.keyId(`asked ${i}`, 'v');
    }
    expect(stream.stats().bytes).toBeLessThan(1 << 20);
    stream.push({ t: 1, k: 'x', v: 'y' });
    expect(stream.close().toArray()).toMatchObject([
      { k: 'held', l: 'held' },
      { k: 'x', l: 'y' },
    ]);
  });

  test('keep their numbers while there is a claim, until memory is full', () => {
    using stream = windowed({
      time: 't',
      key: 'k',
      window: tumbling(10),
      aggregates: { n: count() },
      memory: { maximum: '1mb' },
    });
    const claim = stream.claim(3);
    const asked: number[] = [];
    refused('ERR_ORIEL_MEMORY', () => {
      for (let i = 0; i < 200_000; i++) asked.push(stream.keyId(`asked ${i}`));
    });
    expect(asked.length).toBeGreaterThan(2000);
    expect(new Set(asked).size).toBe(asked.length);
    claim.t.set([0, 1, 2]);
    claim.k.set([asked[0], asked[2000], asked[0]] as number[]);
    // The core's tables have to grow to the greatest number that was given.
    try {
      stream.commit(3);
    } catch (error) {
      expect((error as { code: string }).code).toBe('ERR_ORIEL_MEMORY');
      stream.pushRows([0, 1, 2].map((t, i) => ({ t, k: `asked ${i === 1 ? 2000 : 0}` })));
    }
    expect(stream.close().toArray()).toMatchObject([
      { k: 'asked 0', n: 2 },
      { k: 'asked 2000', n: 1 },
    ]);
  });

  test('a number that stands for no string any more is refused', () => {
    using stream = windowed({ time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } });
    stream.pushRows([{ t: 0, k: 'a' }, ...Array.from({ length: 2000 }, (_, i) => ({ t: 0, k: `k${i}` }))]);
    const old = stream.keyId('k5');
    stream.advance(20);
    stream.take();
    // All of them are forgotten but for the last, which has the greatest number.
    stream.pushRows(Array.from({ length: 3000 }, (_, i) => ({ t: 20 + i * 20, k: `l${i}` })));
    const claim = stream.claim(1);
    claim.t[0] = 100_000;
    claim.k[0] = old;
    refused('ERR_ORIEL_COLUMN', () => stream.commit(1), 'keyId');
  });
});

describe('strings count', () => {
  const ENDLESS: Record<string, Window> = {
    everything: everything(),
    'a long window': tumbling('1d'),
    'a session that goes on': session(1000),
    'rows without end': tumbling(rows(10_000_000)),
  };

  test.each(Object.keys(ENDLESS))('%s keeps the string that its state names, and forgets the others', (name) => {
    using stream = windowed({
      time: 't',
      window: ENDLESS[name] as Window,
      aggregates: { f: first(text('x')), l: last(text('x')), a: argmax('v', text('x')) },
      memory: { maximum: '1mb' },
    });
    for (let i = 0; i < 200_000; i += 500) {
      stream.pushRows(
        Array.from({ length: 500 }, (_, j) => ({ t: i + j, x: `string ${i + j}`, v: i + j === 777 ? 1 : 0 })),
      );
    }
    expect(stream.stats().bytes).toBeLessThan(1 << 20);
    const all = { f: 'string 0', l: 'string 199999', a: 'string 777' };
    expect(stream.query()).toMatchObject(all);
    expect(stream.close().toArray()).toMatchObject([all]);
  });

  test('in stats().bytes, with their characters', () => {
    using stream = windowed({ time: 't', key: 'k', window: everything(), aggregates: { l: last(text('x')) } });
    stream.push({ t: 0, k: 'a', x: 'b' });
    const before = stream.stats().bytes;
    stream.push({ t: 1, k: 'a', x: 'x'.repeat(1_000_000) });
    expect(stream.stats().bytes - before).toBeGreaterThan(2_000_000);
    expect(stream.stats().bytes - before).toBeLessThan(2_001_000);
  });

  test.each(DOORS)('toward the maximum: what does not fit is refused, and nothing of it is there, by %s', (door) => {
    const LENGTH = 500;
    using stream = windowed({
      time: 't',
      key: 'k',
      window: everything(),
      aggregates: { all: collect(text('x'), { limit: 10_000 }), n: count() },
      memory: { maximum: '1mb' },
    });
    const event = (i: number) => ({ t: i, k: `key ${i % 7}`, x: `${i} `.padEnd(LENGTH, 'x') });
    let taken = 0;
    const fill = () => {
      for (;;) {
        put(stream, [event(taken), event(taken + 1)], door);
        if (door === 'push') stream.flush();
        taken += 2;
        expect(stream.stats().bytes).toBeLessThanOrEqual(1 << 20);
      }
    };
    if (door === 'push') {
      // Of two events pushed one by one the first may be in.
      refused('ERR_ORIEL_MEMORY', fill);
      taken = stream.stats().events;
    } else {
      refused('ERR_ORIEL_MEMORY', fill);
    }
    expect(taken).toBeGreaterThan(400);
    expect(taken).toBeLessThan(1000);
    expect(stream.stats().events).toBe(taken);
    const results = stream.close().toArray();
    const all = results.flatMap((row) => row.all).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    expect(all).toEqual(Array.from({ length: taken }, (_, i) => event(i).x));
  });

  test('a string longer than the maximum is refused, and the next event is taken', () => {
    for (const n of [1, 3, 5000]) {
      using stream = windowed({
        time: 't',
        key: 'k',
        window: tumbling(10),
        aggregates: { l: last(text('x')) },
        memory: { maximum: '2mb' },
      });
      stream.push({ t: 0, k: 'a', x: 'a' });
      const before = stream.stats().bytes;
      const long = 'x'.repeat(2 << 20);
      const events = Array.from({ length: n }, (_, i) => ({ t: 1, k: i ? 'b' : long, x: 'c' }));
      refused('ERR_ORIEL_MEMORY', () => (n === 1 ? stream.push(events[0] as never) : stream.pushRows(events)));
      refused('ERR_ORIEL_MEMORY', () => stream.pushColumns({ t: [1], k: ['a'], x: [long] }));
      expect(stream.stats()).toMatchObject({ bytes: before, events: 1 });
      stream.push({ t: 2, k: 'a', x: 'd' });
      expect(stream.close().toArray()).toMatchObject([{ k: 'a', l: 'd' }]);
    }
  });

  test('events that push has gathered are all taken, however long their strings are', () => {
    using stream = windowed({
      time: 't',
      window: tumbling(1000),
      aggregates: { all: collect(text('x'), { limit: 10_000 }) },
      memory: { maximum: '1mb' },
    });
    const taken: string[] = [];
    for (let i = 0; i < 100; i++) {
      const x = `${i} `.padEnd(30_000, 'x');
      try {
        stream.push({ t: i, x });
        taken.push(x);
      } catch (error) {
        expect((error as { code: string }).code).toBe('ERR_ORIEL_MEMORY');
      }
    }
    expect(taken.length).toBeGreaterThan(8);
    expect(taken.length).toBeLessThan(18);
    expect(stream.close().toArray()).toMatchObject([{ all: taken }]);
  });
});

describe('swept after every call, no string is forgotten too early', () => {
  const WINDOWS: Record<string, Window> = {
    tumbling: tumbling(50),
    everything: everything(),
    session: session(3, { max: 40 }),
    'session rows': session(3, { max: rows(30) }),
    'tumbling rows': tumbling(rows(40)),
    rolling: rolling(30),
    'rolling rows': rolling(rows(25)),
  };
  const OPTIONS: Record<string, object> = {
    plain: {},
    keyed: { key: 'k' },
    disorder: { key: 'k', outOfOrder: 20 },
    updates: { emit: 'updates', allowedLateness: 15 },
  };

  test.each(Object.keys(WINDOWS).flatMap((window) => Object.keys(OPTIONS).map((option) => [window, option] as const)))(
    '%s, %s',
    (window, option) => {
      const aggregates = {
        first: first(text('x')),
        last: last(text('x')),
        top: argmax('v', text('x')),
        most: topK(text('x'), 3),
        all: collect(text('x'), { limit: 10_000 }),
        d: distinct(text('x'), { exact: true }),
      };
      const spec = { time: 't', window: WINDOWS[window] as Window, aggregates, ...OPTIONS[option] };
      const run = (n: number) => {
        using stream = windowed(spec as never);
        const results: unknown[] = [];
        for (let i = 0; i < 600; i += n) {
          const events = Array.from({ length: n }, (_, j) => {
            const at = i + j;
            return { t: at + (at % 5) * 2, k: `k${at % 3}`, x: `x${(at * 7) % 211}`, v: at % 11 };
          });
          stream.pushRows(events as never);
          if (i % 120 === 0) results.push(...stream.take());
        }
        results.push(...stream.close());
        return results;
      };
      const wanted = run(60);
      vi.spyOn(HashedStrings.prototype, 'full', 'get').mockReturnValue(true);
      vi.spyOn(Strings.prototype, 'full', 'get').mockReturnValue(true);
      const keep = vi.spyOn(HashedStrings.prototype, 'keep');
      expect(run(4)).toEqual(wanted);
      expect(keep).toHaveBeenCalled();
    },
  );
});

describe('two strings are never taken for one', () => {
  const [a, b] = TWINS;
  const aggregates = {
    first: first(text('u')),
    last: last(text('u')),
    top: topK(text('u'), 3),
    all: collect(text('u'), { limit: 9 }),
    exact: distinct(text('u'), { exact: true }),
    about: distinct(text('u')),
    isA: count().where(text('u').eq(a)),
    isB: count().where(text('u').eq(b)),
  };
  const wanted = { first: a, last: b, all: [a, b, b], exact: 2, isA: 1, isB: 2 };

  test('these two have one hash', () => {
    expect(hashOf(a)).toBe(hashOf(b));
    expect(hashOf(a, 1)).not.toBe(hashOf(b, 1));
  });

  test('each aggregate alone, and all of one column', () => {
    for (const names of [...Object.keys(wanted).map((name) => [name]), Object.keys(aggregates)]) {
      const chosen = Object.fromEntries(names.map((name) => [name, aggregates[name as 'first']]));
      using stream = windowed({ time: 't', key: 'k', window: tumbling(10), aggregates: chosen });
      stream.pushRows([a, b, b].map((u, t) => ({ t, k: 'k', u })) as never);
      const expected = Object.fromEntries(
        names.flatMap((name) => (name in wanted ? [[name, wanted[name as 'first']]] : [])),
      );
      expect(stream.close().toArray()).toMatchObject([expected]);
    }
  });

  test('topK counts them apart', () => {
    using stream = windowed({ time: 't', window: tumbling(10), aggregates: { top: aggregates.top } });
    stream.pushRows([a, b, b].map((u, t) => ({ t, u })));
    expect(stream.close().toArray()[0]?.top).toEqual([
      { value: b, count: 2, error: 0 },
      { value: a, count: 1, error: 0 },
    ]);
  });

  test('not even where the seed is known and the column keeps its strings', () => {
    vi.mocked(drawSeed).mockReturnValue(0);
    const { first: one, last: other, all, exact, isA, isB } = aggregates;
    using stream = windowed({
      time: 't',
      window: tumbling(10),
      aggregates: { first: one, last: other, all, exact, isA, isB },
    });
    stream.pushRows([a, b, b].map((u, t) => ({ t, u })));
    expect(stream.close().toArray()).toMatchObject([wanted]);
  });
});

test('no result depends on the seed', () => {
  const spec = {
    time: 't',
    key: 'k',
    window: { w: tumbling(100), r: rolling(30), s: session(4) },
    aggregates: {
      first: first(text('x')),
      last: last(text('x')),
      top: topK(text('x'), 5),
      all: collect(text('x'), { limit: 10_000 }),
      exact: distinct(text('x'), { exact: true }),
      about: distinct(text('x'), { precision: 4 }),
      most: topK(text('y'), 3),
      only: distinct(text('z'), { exact: true }),
      home: sum('v').where(text('z').eq('z3')),
      known: count().where(text('q').eq('q1')),
    },
  } as const;
  const run = (seed: number | undefined) => {
    if (seed !== undefined) vi.mocked(drawSeed).mockReturnValue(seed);
    using stream = windowed(spec);
    const events = Array.from({ length: 3000 }, (_, i) => ({
      t: i + (i % 7 === 0 ? 5 : 0),
      k: `k${(i * 31) % 5}`,
      x: `x${(i * 7919) % 997}`,
      y: `y${i % 4}`,
      z: `z${i % 6}`,
      q: `q${i % 2}`,
      v: i,
    }));
    stream.pushRows(events.slice(0, 2000));
    stream.pushRows(events.slice(2000));
    return { rows: stream.close().toArray(), stats: { ...stream.stats(), milliseconds: 0 } };
  };
  const results = [undefined, 0, 1, 2 ** 53 - 1, 0x1234_5678_9abc].map(run);
  expect(results[0]?.rows.length).toBeGreaterThan(1000);
  for (const result of results) expect(result).toEqual(results[0]);
});

describe('a trap of the core', () => {
  const spec = { time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } } as const;

  /** A stream whose memory is destroyed, so that the core traps in it. */
  function broken() {
    const spy = vi.spyOn(core().exports, 'create');
    const stream = windowed(spec);
    stream.push({ t: 0, k: 'a' });
    stream.flush();
    const handle = (spy.mock.results[0]?.value ?? 0) as number;
    spy.mockRestore();
    new Uint32Array(core().buffer, handle + 64, 64).fill(0xfffffff0);
    return { stream, handle };
  }

  test('breaks that stream alone, which says so ever after', () => {
    using before = windowed(spec);
    before.push({ t: 1, k: 'a' });
    const { stream, handle } = broken();
    refused('ERR_ORIEL_CORE', () => {
      stream.push({ t: 1, k: 'b' });
      stream.flush();
    });
    const calls: (() => unknown)[] = [
      () => stream.push({ t: 2, k: 'b' }),
      () => stream.pushRows([]),
      () => stream.pushColumns({ t: [1], k: ['a'] }),
      () => stream.claim(1),
      () => stream.keyId('a'),
      () => stream.commit(0),
      () => stream.take(),
      () => stream.query('a'),
      () => stream.advance(5),
      () => stream.stats(),
      () => stream.flush(),
      () => stream.over([]),
      () => stream.close(),
    ];
    for (const call of [...calls, ...calls]) refused('ERR_ORIEL_CORE', call);
    stream[Symbol.dispose]();
    refused('ERR_ORIEL_CLOSED', () => stream.stats());
    expect(core().isBroken(handle)).toBe(true);
    using after = windowed(spec);
    for (const one of [before, after]) {
      one.push({ t: 2, k: 'b' });
      expect(one.close().length).toBe(one === before ? 2 : 1);
    }
  });

  test('breaks no stream where it only says that memory is short', () => {
    using stream = windowed({ ...spec, memory: { maximum: '256kb' } });
    const events = Array.from({ length: 100_000 }, (_, i) => ({ t: 1, k: `k${i}` }));
    refused('ERR_ORIEL_MEMORY', () => stream.pushRows(events));
    stream.push({ t: 1, k: 'a' });
    expect(stream.close().toArray()).toMatchObject([{ k: 'a', n: 1 }]);
  });
});
