/**
 * Curves of growth: shapes of events that make an algorithm quadratic if it looks at all that is held for each event.
 * Each shape runs with n, 2 n and 4 n events; what an event takes may grow with the logarithm of n at most.
 */

import {
  calendar,
  count,
  everything,
  hopping,
  last,
  median,
  rolling,
  type Spec,
  session,
  sum,
  tumbling,
  windowed,
} from 'oriel';
import type { Cell, Fact } from '../contest';
import { uniform } from '../data';

type Columns = Readonly<Record<string, Float64Array>>;

interface Shape {
  name: string;
  title: string;
  /** The least number of events, or of what else grows. */
  n: number;
  /** What is counted. */
  unit: string;
  /** Prepares a run with size n. The run is timed; it returns by how many its time is divided. */
  prepare(n: number): () => number;
}

const DAY = 864e5;

/** Pushes columns in one call and closes the stream. */
function run(spec: Spec, columns: Columns): () => number {
  return () => {
    using stream = windowed(spec);
    stream.pushColumns(columns as never);
    stream.close();
    return columns.at?.length as number;
  };
}

/** Times from a function of the index. */
const times = (n: number, at: (i: number) => number) => Float64Array.from({ length: n }, (_, i) => at(i));

/** The numbers below n in random order. */
function shuffled(n: number): Float64Array {
  const random = uniform(7);
  const order = times(n, (i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

const sessions: Spec = {
  time: 'at',
  key: 'key',
  window: session(1),
  aggregates: { n: count() },
  outOfOrder: 1e9,
};

const slices: Spec = { time: 'at', window: tumbling(10), aggregates: { n: count() }, outOfOrder: 1e9 };

const allDays: Spec = {
  time: 'at',
  window: tumbling(calendar(1, 'day', 'UTC')),
  aggregates: { n: count() },
  outOfOrder: 1e15,
};

/** Times on random days of 500 years. */
function randomDays(n: number): Float64Array {
  const random = uniform(11);
  return times(n, () => Math.floor(random() * 500 * 365) * DAY);
}

/** A key that has events in many sessions, all of them open. */
function openSessions(keys: number, at: (n: number) => Float64Array, more: object = {}): Shape['prepare'] {
  return (n) => run({ ...sessions, ...more } as Spec, { at: at(n), key: times(n, (i) => i % keys) });
}

/** Many marks of `every`, at each of which nearly all keys have nothing new. */
function idleKeys(window: Spec['window']): Shape['prepare'] {
  return (n) => {
    const MARKS = 500;
    const stream = windowed({ time: 'at', key: 'key', window, aggregates: { n: count() }, emit: { every: 1 } });
    stream.pushColumns({ at: new Float64Array(n), key: times(n, (i) => i) });
    stream.take();
    return () => {
      stream.pushColumns({ at: times(MARKS, (i) => i + 1), key: new Float64Array(MARKS) });
      stream.close();
      stream[Symbol.dispose]();
      return MARKS;
    };
  };
}

/** Whether a call found room. */
function fits(call: () => void): boolean {
  try {
    call();
    return true;
  } catch {
    return false;
  }
}

/**
 * One event more for a stream of n MB whose memory is full, one push at a time: of keys that are there and of new keys,
 * which are refused.
 */
function pushWhenFull(window: Spec['window'], aggregates: Spec['aggregates']): Shape['prepare'] {
  return (n) => {
    const stream = windowed({ time: 'at', key: 'key', window, aggregates, memory: { maximum: n * 2 ** 20 } } as Spec);
    let key = 0;
    const push = (from: number, length: number) => {
      const columns = {
        at: new Float64Array(length),
        key: times(length, (i) => from + i),
        v: new Float64Array(length),
      };
      return fits(() => stream.pushColumns(columns as never));
    };
    for (let step = 4096; step >= 1; ) {
      if (push(key, step)) key += step;
      else step /= 2;
    }
    // The first calls of a program at the limit make what undoes them.
    for (let i = 0; i < 10; i++) push(key + i, 1);
    return () => {
      const PUSHES = 100;
      for (let i = 0; i < PUSHES; i += 2) for (const one of [i, key + i]) push(one, 1);
      stream[Symbol.dispose]();
      return PUSHES;
    };
  };
}

const SHAPES: Shape[] = [
  {
    name: 'sessions',
    title: 'one key, all its sessions open, in random order',
    n: 20_000,
    unit: 'an event',
    prepare: openSessions(1, (n) => shuffled(n).map((t) => t * 3)),
  },
  {
    name: 'sessions-50',
    title: '50 keys, all their sessions open, in random order',
    n: 50_000,
    unit: 'an event',
    prepare: openSessions(50, (n) => shuffled(n).map((t) => t * 3)),
  },
  {
    name: 'sessions-descending',
    title: 'one key, sessions that begin ever earlier',
    n: 20_000,
    unit: 'an event',
    prepare: openSessions(1, (n) => times(n, (i) => (n - i) * 3)),
  },
  {
    name: 'sessions-in-order',
    title: 'one key, sessions in order, all open',
    n: 20_000,
    unit: 'an event',
    prepare: openSessions(1, (n) => times(n, (i) => i * 3)),
  },
  {
    name: 'slices-descending',
    title: 'tumbling windows that begin ever earlier',
    n: 50_000,
    unit: 'an event',
    prepare: (n) => run(slices, { at: times(n, (i) => (n - i) * 10) }),
  },
  {
    name: 'slices-random',
    title: 'tumbling windows in random order, all open',
    n: 50_000,
    unit: 'an event',
    prepare: (n) => run(slices, { at: shuffled(n).map((t) => t * 10) }),
  },
  {
    name: 'retained',
    title: 'hopping(1000, 1), old events after one far ahead',
    n: 250,
    unit: 'an event',
    prepare: (n) =>
      run(
        {
          time: 'at',
          window: hopping(1000, 1),
          aggregates: { n: count() },
          emit: 'updates',
          allowedLateness: 1e9,
        },
        { at: times(n, (i) => (i ? (n - i) * 1000 : 1e7)) },
      ),
  },
  {
    name: 'marks',
    title: 'everything(), a mark at each event, n keys without news',
    n: 10_000,
    unit: 'a mark',
    prepare: idleKeys(everything()),
  },
  {
    name: 'marks-tumbling',
    title: 'tumbling(1e6), a mark at each event, n keys without news',
    n: 10_000,
    unit: 'a mark',
    prepare: idleKeys(tumbling(1e6)),
  },
  {
    name: 'fill-linear',
    title: "fill: 'linear', n windows in one take: all wait for a key that is silent",
    n: 10_000,
    unit: 'a window',
    prepare: (n) =>
      run(
        {
          time: 'at',
          key: 'key',
          window: tumbling(1),
          aggregates: { v: last('v') },
          empty: 'fill',
          fill: 'linear',
        } as Spec,
        { at: times(n, (i) => i), key: times(n, (i) => (i === 1 || i === n - 1 ? 1 : 0)), v: times(n, (i) => i) },
      ),
  },
  {
    name: 'fill-keys',
    title: 'fill, a new key in each window: n² results',
    n: 500,
    unit: 'a result',
    prepare: (n) => {
      const spec = { time: 'at', key: 'key', window: tumbling(1), aggregates: { n: count() }, empty: 'fill' } as Spec;
      return () => {
        using stream = windowed(spec);
        stream.pushColumns({ at: times(n, (i) => i), key: times(n, (i) => i) } as never);
        return stream.close().length;
      };
    },
  },
  {
    name: 'windows',
    title: 'n tumbling windows on one stream',
    n: 63,
    unit: 'an event and window',
    prepare: (n) => {
      const EVENTS = 20_000;
      const windows = Object.fromEntries(Array.from({ length: n }, (_, i) => [`w${i}`, tumbling(1000 + i)]));
      const spec = { time: 'at', key: 'key', window: windows, aggregates: { n: count(), v: sum('v') } };
      const columns = {
        at: times(EVENTS, (i) => i),
        key: times(EVENTS, (i) => i % 10),
        v: times(EVENTS, (i) => i),
      };
      const pushed = run(spec as unknown as Spec, columns);
      return () => pushed() * n;
    },
  },
  {
    name: 'full',
    title: 'a push when n MB of memory are full',
    n: 32,
    unit: 'a push',
    prepare: pushWhenFull(tumbling(1e9), { n: count() }),
  },
  {
    name: 'full-medians',
    title: 'a push when n MB of memory are full of medians',
    n: 32,
    unit: 'a push',
    prepare: pushWhenFull(tumbling(1e9), { m: median('v') }),
  },
  {
    name: 'full-sessions',
    title: 'a push when n MB of memory are full of sessions',
    n: 32,
    unit: 'a push',
    prepare: pushWhenFull(session(1e9), { m: median('v') }),
  },
  {
    name: 'full-rolling',
    title: 'a push when n MB of memory are full of rolling frames',
    n: 32,
    unit: 'a push',
    prepare: pushWhenFull(rolling(1e9), { s: sum('v') }),
  },
  {
    name: 'calendar',
    title: 'calendar days, random over 500 years',
    n: 20_000,
    unit: 'an event',
    prepare: (n) => run(allDays, { at: randomDays(n) }),
  },
  {
    name: 'calendar-single',
    title: 'calendar days, random over 500 years, one event a call',
    n: 20_000,
    unit: 'an event',
    prepare: (n) => {
      const at = randomDays(n);
      return () => {
        using stream = windowed(allDays);
        for (const t of at) stream.push({ at: t } as never);
        stream.close();
        return n;
      };
    },
  },
];

/** The curve of a shape: after a run that is not measured, one of each size. */
function curve({ n, unit, prepare }: Shape): Fact[] {
  prepare(n)();
  return [n, 2 * n, 4 * n].map((size) => {
    const timed = prepare(size);
    const before = process.cpuUsage();
    const units = timed();
    const { user, system } = process.cpuUsage(before);
    return { name: `n = ${size}`, value: ((user + system) * 1000) / units, unit: `ns ${unit}` };
  });
}

export const growth: Cell[] = SHAPES.map((shape) => ({
  name: `growth-${shape.name}`,
  title: shape.title,
  facts: () => curve(shape),
}));
