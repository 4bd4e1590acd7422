/** Sessions of 7 events on average, count and sum: without keys, and with 1, 1,000, 100,000 and 1,000,000 keys. */

import { count, type Spec, session, sum, windowed } from 'oriel';
import { BATCH, type Cell, type Contender, finish, inBatches, placed, pushed, take } from '../contest';
import { numberColumn, pausingTimes, randomIds, randomValues, type Skew, steadyTimes } from '../data';
import {
  fireSession,
  fireSessions,
  foldSession,
  foldSessions,
  naiveSessions,
  OrderedSessions,
  Session,
  Sessions,
  SweptSessions,
} from '../peers/session';
import { mapToIds } from '../peers/tuned';

const SIZES = { '1': 1, '1k': 1_000, '100k': 100_000, '1m': 1_000_000 };
/** Number of values that a producer cycles through; they fit into the first-level cache. */
const POOL = 1024;

/**
 * Times are even and gaps odd, so no two events are exactly a gap apart. With many keys, each key has two events in a
 * gap's length on average, and sessions have 7 events on average. With one key, a pause follows one event in seven.
 */
const gapOf = (keys: number) => (keys === 1 ? 5 : 4 * keys + 1);
const timesOf = (events: number, keys: number) =>
  keys === 1 ? pausingTimes(events, 2, 10, 1 / 7) : steadyTimes(events, 2);

/** With more keys it takes more events until sessions end as fast as new ones begin. */
const eventsOf = (keys: number) => (keys === 1_000_000 ? 12_000_000 : 4_000_000);
const naiveEventsOf = (keys: number) => (keys === 1_000_000 ? 6_000_000 : 2_000_000);

const specOf = (gap: number, keyed = true): Spec => ({
  time: 'at',
  ...(keyed ? { key: 'key' } : {}),
  window: session(gap),
  aggregates: { count: count(), sum: sum('value') },
});

function dataOf(keys: number, skew: Skew) {
  const events = eventsOf(keys);
  const ids = randomIds(events, keys, skew);
  return { events, gap: gapOf(keys), times: timesOf(events, keys), ids, values: randomValues(events) };
}

function fromMemory(keys: number, skew: Skew): Contender[] {
  const { events, gap, times, ids, values } = dataOf(keys, skew);
  const numbers = numberColumn(ids);
  const naive = (make: (gap: number) => SweptSessions): Pick<Contender, 'side' | 'events' | 'rounds' | 'run'> => ({
    side: 'naive',
    events: naiveEventsOf(keys),
    rounds: 3,
    run: (n, sink) => {
      const s = make(gap);
      inBatches(n, sink, (from, to) => {
        naiveSessions(s, times, numbers, values, from, to);
        sink.takeRows(s.take());
      });
      s.fire(Number.POSITIVE_INFINITY);
      sink.takeRows(s.take());
    },
  });
  const contenders: Contender[] = [
    {
      name: 'oriel, pushColumns',
      side: 'oriel',
      events,
      run: pushed(specOf(gap), { at: times, key: numbers, value: values }),
    },
    {
      name: 'tuned, dense ids given',
      side: 'tuned',
      events,
      run: (n, sink) => {
        const s = new Sessions(gap, keys);
        inBatches(n, sink, (from, to) => {
          foldSessions(s, times, ids, values, from, to);
          sink.take(s.out.length, s.out.take());
        });
        fireSessions(s, Number.POSITIVE_INFINITY);
        sink.take(s.out.length, s.out.take());
      },
    },
    { name: 'naive, Map in order of last events', ...naive((gap) => new OrderedSessions(gap)) },
  ];
  // With more keys no one would scan all of them after each batch.
  if (keys <= 100_000) {
    const rounds = keys === 100_000 ? 1 : 3;
    contenders.push({ name: 'naive, Map swept', ...naive((gap) => new SweptSessions(gap)), rounds });
  }
  return contenders;
}

function inPlace(keys: number): Contender[] {
  const { events, gap, times, ids } = dataOf(keys, 'uniform');
  const pool = randomValues(POOL);
  const write = ({ at, key, value }: Record<string, Float64Array>, from: number, n: number) => {
    produce(at as Float64Array, key as Float64Array, value as Float64Array, times, ids, pool, from, n);
  };
  return [
    { name: 'oriel, claim and commit', side: 'oriel', events, run: placed(specOf(gap), write) },
    {
      name: 'tuned, its own arrays, dense ids',
      side: 'tuned',
      events,
      run: (n, sink) => {
        const s = new Sessions(gap, keys);
        const [at, key, value] = [new Float64Array(BATCH), new Uint32Array(BATCH), new Float64Array(BATCH)];
        inBatches(n, sink, (from, to) => {
          produce(at, key, value, times, ids, pool, from, to - from);
          foldSessions(s, at, key, value, 0, to - from);
          sink.take(s.out.length, s.out.take());
        });
        fireSessions(s, Number.POSITIVE_INFINITY);
        sink.take(s.out.length, s.out.take());
      },
    },
    {
      name: 'writing alone',
      side: 'other',
      events,
      silent: true,
      run: (n, sink) => {
        const [at, key, value] = [new Float64Array(BATCH), new Float64Array(BATCH), new Float64Array(BATCH)];
        inBatches(n, sink, (from, to) => produce(at, key, value, times, ids, pool, from, to - from));
      },
    },
  ];
}

function produce(
  at: Float64Array,
  key: Float64Array | Uint32Array,
  value: Float64Array,
  times: Float64Array,
  ids: Uint32Array,
  pool: Float64Array,
  from: number,
  n: number,
): void {
  for (let i = 0; i < n; i++) {
    at[i] = times[from + i] as number;
    key[i] = ids[from + i] as number;
    value[i] = pool[(from + i) & (POOL - 1)] as number;
  }
}

function withoutKeys(): Contender[] {
  const { events, gap, times, values } = dataOf(1, 'uniform');
  return [
    {
      name: 'oriel, pushColumns',
      side: 'oriel',
      events,
      run: pushed(specOf(gap, false), { at: times, value: values }),
    },
    {
      name: 'tuned, in the caller’s arrays',
      side: 'tuned',
      events,
      run: (n, sink) => {
        const s = new Session(gap);
        inBatches(n, sink, (from, to) => {
          foldSession(s, times, values, from, to);
          sink.take(s.out.length, s.out.take());
        });
        fireSession(s);
        sink.take(s.out.length, s.out.take());
      },
    },
  ];
}

interface Visit {
  at: number;
  key: number;
  value: number;
}

/** Collects events into columns of one batch; a Map gives each key a dense id. */
class Collected {
  readonly known = new Map<number, number>();
  readonly keyOf: number[] = [];
  readonly times = new Float64Array(BATCH);
  readonly keys = new Float64Array(BATCH);
  readonly values = new Float64Array(BATCH);
  readonly ids = new Uint32Array(BATCH);
  length = 0;

  push({ at, key, value }: Visit): void {
    const i = this.length++;
    this.times[i] = at;
    this.keys[i] = key;
    this.values[i] = value;
  }
}

function single(keys: number): Contender[] {
  const events = 1_000_000;
  const gap = gapOf(keys);
  const times = timesOf(events, keys);
  const ids = randomIds(events, keys, 'uniform');
  const values = randomValues(events);
  // Every contender gets a new object for each event, as a parser makes them.
  const visit = (i: number): Visit => ({
    at: times[i] as number,
    key: ids[i] as number,
    value: values[i] as number,
  });
  const objects =
    (make: () => SweptSessions): Contender['run'] =>
    (n, sink) => {
      const s = make();
      inBatches(n, sink, (from, to) => {
        for (let i = from; i < to; i++) {
          const { at, key, value } = visit(i);
          s.push(at, key, value);
        }
        sink.takeRows(s.take());
      });
      s.fire(Number.POSITIVE_INFINITY);
      sink.takeRows(s.take());
    };
  return [
    {
      name: 'oriel, push',
      side: 'oriel',
      events,
      run: (n, sink) => {
        const stream = windowed(specOf(gap));
        inBatches(n, sink, (from, to) => {
          for (let i = from; i < to; i++) stream.push(visit(i) as never);
          take(stream, sink);
        });
        finish(stream, sink, true);
      },
    },
    {
      name: 'oriel, pushRows',
      side: 'oriel',
      events,
      run: (n, sink) => {
        const stream = windowed(specOf(gap));
        inBatches(n, sink, (from, to) => {
          const rows: Visit[] = [];
          for (let i = from; i < to; i++) rows.push(visit(i));
          stream.pushRows(rows as never);
          take(stream, sink);
        });
        finish(stream, sink, true);
      },
    },
    {
      name: 'tuned, collected into arrays, Map to ids',
      side: 'tuned',
      events,
      run: (n, sink) => {
        const c = new Collected();
        const s = new Sessions(gap, keys);
        const emit = () => {
          const length = s.out.length;
          const taken = s.out.take();
          const named = taken.key as Float64Array;
          for (let i = 0; i < length; i++) named[i] = c.keyOf[named[i] as number] as number;
          sink.take(length, taken);
        };
        inBatches(n, sink, (from, to) => {
          for (let i = from; i < to; i++) c.push(visit(i));
          mapToIds(c.known, c.keyOf, c.keys, 0, c.length, c.ids);
          foldSessions(s, c.times, c.ids, c.values, 0, c.length);
          c.length = 0;
          emit();
        });
        fireSessions(s, Number.POSITIVE_INFINITY);
        emit();
      },
    },
    { name: 'naive, Map swept', side: 'naive', events, run: objects(() => new SweptSessions(gap)) },
    {
      name: 'naive, Map in order of last events',
      side: 'naive',
      events,
      run: objects(() => new OrderedSessions(gap)),
    },
    {
      name: 'making the objects alone',
      side: 'other',
      events,
      silent: true,
      run: (n, sink) => {
        inBatches(n, sink, (from, to) => {
          const rows: Visit[] = [];
          for (let i = from; i < to; i++) rows.push(visit(i));
        });
      },
    },
  ];
}

const many = (keys: number) => (keys === 1 ? '1 key' : `${keys.toLocaleString('en')} keys`);

export const sessions: Cell[] = [
  { name: 'session-unkeyed', title: 'sessions without keys, count + sum', contenders: withoutKeys },
  ...Object.entries(SIZES).flatMap(([size, keys]): Cell[] => [
    {
      name: `session-${size}-uniform-ram`,
      title: `sessions, count + sum, ${many(keys)}, data in memory`,
      contenders: () => fromMemory(keys, 'uniform'),
    },
    {
      name: `session-${size}-uniform-place`,
      title: `sessions, count + sum, ${many(keys)}, written in place`,
      contenders: () => inPlace(keys),
    },
  ]),
  {
    name: 'session-100k-zipf-ram',
    title: 'sessions, count + sum, 100,000 keys (zipf), data in memory',
    contenders: () => fromMemory(100_000, 'zipf'),
  },
  {
    name: 'session-push',
    title: 'sessions, single events as objects, number keys, count + sum, 1,000 keys',
    contenders: () => single(1000),
  },
];
