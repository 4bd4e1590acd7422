/**
 * Functions of the user that call the stream while it calls them, or that change what it is reading. This suite catches
 * events that are counted twice or lost, values written to memory that has moved, and a stream that is freed while it
 * is at work.
 */

import { describe, expect, test } from 'vitest';
import {
  calendar,
  count,
  everything,
  fold,
  last,
  type OrielError,
  punctuated,
  rolling,
  session,
  sum,
  text,
  tumbling,
  windowed,
} from '../../bindings/index';

const aggregates = { n: count(), s: sum('x') };

/** Every call that would change a stream. */
const CHANGES: Record<string, (stream: never) => unknown> = {
  push: (stream: Any) => stream.push({ t: 3, k: 'b', x: 100 }),
  pushRows: (stream: Any) => stream.pushRows([{ t: 3, k: 'b', x: 100 }]),
  pushColumns: (stream: Any) => stream.pushColumns({ t: [3], k: ['b'], x: [100] }),
  claim: (stream: Any) => stream.claim(1),
  commit: (stream: Any) => stream.commit(0),
  keyId: (stream: Any) => stream.keyId('new'),
  take: (stream: Any) => stream.take(),
  flush: (stream: Any) => stream.flush(),
  advance: (stream: Any) => stream.advance(1e6),
  close: (stream: Any) => stream.close(),
  dispose: (stream: Any) => stream[Symbol.dispose](),
};

// biome-ignore lint/suspicious/noExplicitAny: streams of all specs take part.
type Any = any;

/** The ways of the same events into a stream; `event` makes one, with getters if it likes. */
const DOORS: Record<string, (stream: Any, events: object[]) => void> = {
  push: (stream, events) => {
    for (const event of events) stream.push(event);
  },
  pushRows: (stream, events) => stream.pushRows(events),
  pushColumns: (stream, events) => {
    const rows = events as Record<string, unknown>[];
    stream.pushColumns({ t: rows.map(({ t }) => t), k: rows.map(({ k }) => k), x: rows.map(({ x }) => x) });
  },
  commit: (stream, events) => {
    const { t, k, x } = stream.claim(events.length);
    (events as Record<string, number>[]).forEach((event, i) => {
      t[i] = event.t;
      k[i] = stream.keyId(event.k);
      x[i] = event.x;
    });
    stream.commit(events.length);
  },
};

const events = Array.from({ length: 10 }, (_, i) => ({ t: i, k: 'a', x: i + 1 }));

/** The code of the error that a call throws; undefined if it throws none. */
function codeOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as OrielError).code;
  }
}

/** Makes the memory grow, so that every view of it is detached. */
function grow(): void {
  const big = windowed({ time: 't', key: 'k', window: tumbling(1), aggregates: { n: count() } });
  const n = 100_000;
  big.pushColumns({ t: new Float64Array(n), k: Float64Array.from({ length: n }, (_, i) => i) });
  growing.push(big);
}

/** Streams that `grow` filled: they are kept, or memory would be free again and not grow. */
const growing: unknown[] = [];

for (const [door, put] of Object.entries(DOORS)) {
  describe(`functions of the spec, called in ${door}`, () => {
    test('may ask the stream', () => {
      const seen: number[] = [];
      const stream: Any = windowed({
        time: 't',
        key: 'k',
        window: tumbling(1000),
        aggregates,
        emit: { when: () => seen.push(stream.query('a').n + stream.stats().events) < 0 },
      });
      put(stream, events);
      expect(stream.stats().events).toBe(10);
      expect([...stream.close()]).toMatchObject([{ n: 10, s: 55 }]);
      expect(seen).toEqual(events.map((_, i) => (door === 'push' ? 2 * i : 0)));
    });

    test('are refused what would change the stream, and change nothing', () => {
      const codes = new Set<string | undefined>();
      const stream: Any = windowed({
        time: 't',
        key: 'k',
        window: punctuated(({ x }) => {
          for (const change of Object.values(CHANGES)) codes.add(codeOf(() => change(stream as never)));
          return x === 5;
        }),
        aggregates,
      });
      put(stream, events);
      expect([...codes]).toEqual(['ERR_ORIEL_BUSY']);
      expect([...stream.close()]).toMatchObject([
        { n: 5, s: 15 },
        { n: 5, s: 40 },
      ]);
    });

    test('may make the memory grow', () => {
      const stream: Any = windowed({
        time: 't',
        key: 'k',
        window: tumbling(1000),
        aggregates: { ...aggregates, l: last(text('k')) },
        emit: {
          when: ({ t }: { t: number }) => {
            if (t % 4 === 0) grow();
            return false;
          },
        },
      });
      put(stream, events);
      expect([...stream.close()]).toMatchObject([{ n: 10, s: 55, l: 'a' }]);
    });
  });
}

describe('getters', () => {
  for (const door of ['push', 'pushRows']) {
    for (const name of ['t', 'k', 'k2', 'x', 'y', 'z', 'w', 'v', 'txt']) {
      test(`of ${name} may ask the stream and make the memory grow, in ${door}`, () => {
        const stream: Any = windowed({
          time: 't',
          key: ['k', 'k2'],
          window: tumbling(1000),
          aggregates: {
            n: count(),
            x: sum('x'),
            y: sum('y'),
            z: sum('z'),
            w: sum('w'),
            v: sum('v'),
            l: last(text('txt')),
          },
        });
        const codes = new Set<string | undefined>();
        const list = events.map((event, i) => {
          const all: Record<string, unknown> = { ...event, k2: 'c', y: 1, z: 2, w: 3, v: 4, txt: `text ${i}` };
          const value = all[name];
          return Object.defineProperty(all, name, {
            get() {
              for (const change of Object.values(CHANGES)) codes.add(codeOf(() => change(stream as never)));
              stream.query(['a', 'c']);
              if (i % 4 === 0) grow();
              stream.stats();
              return value;
            },
          });
        });
        DOORS[door]?.(stream, list);
        expect([...codes]).toEqual(['ERR_ORIEL_BUSY']);
        expect(stream.stats().events).toBe(10);
        expect([...stream.close()]).toMatchObject([
          { k: 'a', k2: 'c', n: 10, x: 55, y: 10, z: 20, w: 30, v: 40, l: 'text 9' },
        ]);
      });
    }
  }

  test('of events are called once', () => {
    const stream: Any = windowed({
      time: 't',
      key: 'k',
      window: session('gap'),
      aggregates: { l: last(text('txt')), s: sum('gap') },
    });
    const calls: string[] = [];
    const event = (values: object) =>
      new Proxy(values, {
        get: (target, name) => {
          calls.push(name as string);
          return Reflect.get(target, name);
        },
      });
    stream.push(event({ t: 1, k: 'a', txt: 'x', gap: 5 }));
    expect(calls.sort()).toEqual(['gap', 'k', 't', 'txt']);
  });

  test('that throw leave the stream as it was', () => {
    const stream: Any = windowed({ time: 't', key: 'k', window: tumbling(1000), aggregates });
    stream.push(events[0]);
    const bad = {
      t: 1,
      k: 'a',
      get x() {
        throw new Error(`at ${stream.query('a').n}`);
      },
    };
    expect(() => stream.push(bad)).toThrow('at 1');
    expect(() => stream.pushRows([events[0], bad])).toThrow('at 1');
    stream.push(events[1]);
    expect([...stream.close()]).toMatchObject([{ n: 2, s: 3 }]);
  });

  test('of rows may shorten the array they are in', () => {
    const stream: Any = windowed({ time: 't', window: tumbling(1000), aggregates });
    const rows: object[] = events.map(({ t, x }) => ({
      get t() {
        rows.length = 1;
        return t;
      },
      x,
    }));
    stream.pushRows(rows);
    expect([...stream.close()]).toMatchObject([{ n: 10, s: 55 }]);
  });
});

describe('columns', () => {
  test('that are Proxies may ask the stream and make the memory grow', () => {
    const stream: Any = windowed({ time: 't', key: 'k', window: tumbling(1000), aggregates });
    const n = 50;
    let reads = 0;
    const keys = new Proxy(
      Array.from({ length: n }, (_, i) => (i % 2 ? 'a' : 'b')),
      {
        get(target, name) {
          if (reads++ % 20 === 0) grow();
          stream.query('a');
          return Reflect.get(target, name);
        },
      },
    );
    stream.pushColumns({ t: new Float64Array(n), k: keys, x: new Float64Array(n).fill(1) });
    expect([...stream.close()]).toMatchObject([
      { k: 'b', n: 25, s: 25 },
      { k: 'a', n: 25, s: 25 },
    ]);
  });

  test('that give other values, or another length, when they are read again do no harm', () => {
    for (const name of ['t', 'k', 'x', 'txt']) {
      const stream: Any = windowed({
        time: 't',
        key: 'k',
        window: tumbling(1000),
        aggregates: { ...aggregates, l: last(text('txt')) },
      });
      let lengths = 0;
      const columns: Record<string, unknown[]> = { t: [1, 2], k: ['a', 'a'], x: [1, 2], txt: ['u', 'v'] };
      const seen = new Set<unknown>();
      columns[name] = new Proxy(columns[name] as unknown[], {
        get(target, index) {
          if (index === 'length') return 2 + (lengths++ > 1 ? 1 : 0);
          if (typeof index !== 'string' || !/^\d+$/.test(index)) return Reflect.get(target, index);
          if (seen.has(index)) return { not: 'a value' };
          seen.add(index);
          return Reflect.get(target, index);
        },
      });
      const code = codeOf(() => stream.pushColumns(columns));
      expect([undefined, 'ERR_ORIEL_COLUMN', 'ERR_ORIEL_TIME']).toContain(code);
      stream.pushColumns({ t: [3], k: ['a'], x: [5], txt: ['w'] });
      const before = code ? { n: 1, s: 5 } : { n: 3, s: 8 };
      expect([...stream.close()]).toMatchObject([{ k: 'a', ...before, l: 'w' }]);
    }
  });

  test('that a function of the spec writes to are checked as they are taken', () => {
    for (const n of [10, 10_000]) {
      for (const bad of [Number.NaN, 0, Number.POSITIVE_INFINITY]) {
        const gap = new Float64Array(n).fill(5);
        const stream = windowed({
          time: 't',
          window: session('gap'),
          aggregates: { n: count() },
          emit: { when: () => gap.fill(bad).length < 0 },
        });
        const t = Float64Array.from({ length: n }, (_, i) => i);
        expect(codeOf(() => stream.pushColumns({ t, gap }))).toBe('ERR_ORIEL_COLUMN');
        expect(stream.stats().events).toBe(0);
        let view: Float64Array = new Float64Array();
        const claimed = windowed({
          time: 't',
          window: session('gap'),
          aggregates: { n: count() },
          emit: { when: () => view.fill(bad).length < 0 },
        });
        const claim = claimed.claim(2);
        view = claim.gap;
        claim.t.set([1, 2]);
        view.fill(5);
        expect(codeOf(() => claimed.commit(2))).toBe('ERR_ORIEL_COLUMN');
        expect(claimed.stats().events).toBe(0);
      }
    }
  });
});

describe('functions of a fold', () => {
  /** A fold that sums, and calls `ask` at each step. */
  const sumAsking = (ask: () => void) =>
    fold({
      column: 'x',
      identity: () => 0,
      lift: (x) => x,
      combine: (a, b) => {
        ask();
        return a + b;
      },
      lower: (s) => s,
    });

  test('may ask the stream and make the memory grow; what would change it is refused', () => {
    const codes = new Set<string | undefined>();
    const asked: number[] = [];
    let isInside = false;
    let isClosing = false;
    const ask = () => {
      for (const change of Object.values(CHANGES)) codes.add(codeOf(() => change(stream as never)));
      grow();
      if (isInside || isClosing) return;
      isInside = true;
      asked.push(stream.query('b').f as number);
      stream.stats();
      isInside = false;
    };
    const stream: Any = windowed({
      time: 't',
      key: 'k',
      window: tumbling(10),
      aggregates: { f: sumAsking(ask), g: sumAsking(() => undefined) },
      empty: 'fill',
    });
    stream.pushRows([...events, { t: 11, k: 'b', x: 7 }]);
    expect(stream.query('b')).toMatchObject({ f: 7, g: 7 });
    expect([...stream.take()]).toMatchObject([{ k: 'a', f: 55, g: 55 }]);
    stream.push({ t: 11, k: 'b', x: 1 });
    isClosing = true;
    expect([...stream.close()]).toMatchObject([
      { k: 'a', f: 0 },
      { k: 'b', f: 8, g: 8 },
    ]);
    expect(asked[0]).toBe(7);
    expect([...codes]).toEqual(['ERR_ORIEL_BUSY', 'ERR_ORIEL_CLOSED']);
  });

  test('that throw leave the results where they were', () => {
    let fails = true;
    const stream: Any = windowed({
      time: 't',
      window: tumbling(10),
      aggregates: {
        f: sumAsking(() => {
          if (fails) throw new Error('not yet');
        }),
      },
    });
    stream.pushRows([
      { t: 1, x: 5 },
      { t: 20, x: 6 },
    ]);
    expect(() => stream.take()).toThrow('not yet');
    fails = false;
    stream.push({ t: 21, x: 1 });
    expect([...stream.close()]).toMatchObject([{ f: 5 }, { f: 7 }]);
  });
});

describe('onLate and clocks', () => {
  test('onLate may dispose of the stream that called it', () => {
    for (const call of ['take', 'claim', 'stats', 'query', 'flush']) {
      const stream: Any = windowed({
        time: 't',
        window: tumbling(10),
        aggregates: { s: sum('x') },
        onLate: () => stream[Symbol.dispose](),
      });
      stream.push({ t: 100, x: 1 });
      stream.push({ t: 1, x: 5 });
      const code = codeOf(() => (call === 'query' ? stream.query() : stream[call](1)));
      expect(code).toBe(call === 'take' || call === 'claim' ? 'ERR_ORIEL_CLOSED' : undefined);
      expect(codeOf(() => stream.push({ t: 1, x: 1 }))).toBe('ERR_ORIEL_CLOSED');
    }
  });

  test('a late event that a question finds reaches onLate when the call is over, which may push it again', () => {
    const late: number[] = [];
    const stream: Any = windowed({
      time: 't',
      window: tumbling(10),
      aggregates: { s: sum('x') },
      emit: { when: () => stream.query().s < 0 },
      onLate: (batch) => {
        late.push(...[...(batch as Iterable<{ x: number }>)].map(({ x }) => x));
        stream.push({ t: 100, x: 0 });
      },
    });
    stream.push({ t: 100, x: 1 });
    stream.push({ t: 1, x: 5 });
    stream.push({ t: 101, x: 2 });
    expect(late).toEqual([5]);
    expect(stream.stats()).toMatchObject({ events: 4, late: 1 });
  });

  test('a clock that calls its stream is refused, and the stream goes on', () => {
    let now = 0;
    const codes = new Set<string | undefined>();
    const calls = {
      ...CHANGES,
      query: (stream: Any) => stream.query('a'),
      push: (stream: Any) => stream.push({ k: 'a', x: 1 }),
    };
    let isOn = false;
    const stream: Any = windowed({
      key: 'k',
      window: tumbling(10),
      aggregates,
      clock: () => {
        if (isOn) for (const call of Object.values(calls)) codes.add(codeOf(() => call(stream as never)));
        return now++;
      },
    });
    isOn = true;
    for (const { k, x } of events) stream.push({ k, x });
    stream.query('a');
    isOn = false;
    expect([...codes]).toEqual(['ERR_ORIEL_BUSY']);
    expect(stream.stats().events).toBe(10);
  });

  test('a calendar knows the days that a question inside a getter moved on to', () => {
    const day = 864e5;
    const stream: Any = windowed({
      time: 't',
      window: tumbling(calendar(1, 'day', 'UTC')),
      aggregates: { s: sum('x') },
      emit: { when: ({ t }: { t: number }) => stream.query(undefined, t + 30 * day).s < 0 },
    });
    for (let i = 0; i < 20; i++) stream.push({ t: i * day, x: 1 });
    expect(stream.close().length).toBe(20);
  });
});

test('a rolling window and one over everything count each event once', () => {
  for (const window of [rolling(20), everything()]) {
    const stream: Any = windowed({
      time: 't',
      window,
      aggregates: { s: sum('x') },
      emit: window.kind === 'rolling' ? 'final' : { when: () => stream.stats().events < 0 },
    } as Any);
    for (const event of events) {
      stream.push({
        t: event.t,
        get x() {
          stream.stats();
          return event.x;
        },
      });
    }
    expect([...stream.close()].at(-1)).toMatchObject({ s: 55 });
  }
});
