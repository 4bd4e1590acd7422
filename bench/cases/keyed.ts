/** Tumbling windows with keys, count and sum. Keys are dense ids, whole numbers below 2^53, or strings. */

import { count, type Spec, sum, tumbling } from 'oriel';
import { BATCH, type Cell, type Contender, inBatches, placed, pushed } from '../contest';
import { column, names, numberColumn, randomIds, randomValues, type Skew, steadyTimes, wideKeys } from '../data';
import { type Key, NaiveKeyed, naiveKeyed } from '../peers/naive';
import { fireKeyed, foldKeyed, foldKeyedPlain, Keyed, mapToIds } from '../peers/tuned';

const SIZES = { '1k': 1_000, '100k': 100_000, '1m': 1_000_000 };
/** Number of values that a producer cycles through; they fit into the first-level cache. */
const POOL = 1024;

/** Number of events, and events in a window: at least four for each key on average. */
const scaleOf = (keys: number) => ({
  events: keys === 1_000_000 ? 8_000_000 : 4_000_000,
  naiveEvents: keys === 1_000_000 ? 4_000_000 : 2_000_000,
  window: Math.max(1_000_000, 4 * keys),
});

const specOf = (window: number): Spec => ({
  time: 'at',
  key: 'key',
  window: tumbling(window),
  aggregates: { count: count(), sum: sum('value') },
});

interface Data {
  keys: number;
  window: number;
  times: Float64Array;
  ids: Uint32Array;
  values: Float64Array;
}

function dataOf(keys: number, skew: Skew): Data {
  const { events, window } = scaleOf(keys);
  const ids = randomIds(events, keys, skew);
  return { keys, window, ids, times: steadyTimes(events), values: randomValues(events) };
}

type Fold = (
  s: Keyed,
  t: Float64Array,
  ids: Uint32Array,
  v: Float64Array,
  from: number,
  to: number,
  base: number,
) => void;

const byIds =
  ({ keys, window, times, ids, values }: Data, fold: Fold): Contender['run'] =>
  (events, sink) => {
    const s = new Keyed(window, keys);
    inBatches(events, sink, (from, to) => {
      fold(s, times, ids, values, from, to, 0);
      sink.take(s.out.length, s.out.take());
    });
    fireKeyed(s, 0);
    sink.take(s.out.length, s.out.take());
  };

const byMapOfNumbers =
  ({ window, times, values }: Data, keys: Float64Array): Contender['run'] =>
  (events, sink) => {
    const known = new Map<number, number>();
    const keyOf: number[] = [];
    const s = new Keyed(window, 0, keyOf);
    const ids = new Uint32Array(BATCH);
    inBatches(events, sink, (from, to) => {
      mapToIds(known, keyOf, keys, from, to, ids);
      s.widen(keyOf.length);
      foldKeyed(s, times, ids, values, from, to, from);
      sink.take(s.out.length, s.out.take());
    });
    fireKeyed(s, 0);
    sink.take(s.out.length, s.out.take());
  };

const byMapOfStrings =
  ({ window, times, values }: Data, keys: readonly string[]): Contender['run'] =>
  (events, sink) => {
    const known = new Map<string, number>();
    const nameOf: string[] = [];
    const s = new Keyed(window, 0);
    const ids = new Uint32Array(BATCH);
    const take = () => {
      const n = s.out.length;
      const taken = s.out.take();
      const named = new Array<string>(n);
      for (let i = 0; i < n; i++) named[i] = nameOf[taken.key?.[i] as number] as string;
      sink.take(n, { ...taken, key: named });
    };
    inBatches(events, sink, (from, to) => {
      mapToIds(known, nameOf, keys, from, to, ids);
      s.widen(nameOf.length);
      foldKeyed(s, times, ids, values, from, to, from);
      take();
    });
    fireKeyed(s, 0);
    take();
  };

const byObjects =
  ({ window, times, values }: Data, keys: ArrayLike<Key>): Contender['run'] =>
  (events, sink) => {
    const s = new NaiveKeyed(window);
    inBatches(events, sink, (from, to) => {
      naiveKeyed(s, times, keys, values, from, to);
      sink.takeRows(s.take());
    });
    s.fire();
    sink.takeRows(s.take());
  };

const naive = (data: Data, keys: ArrayLike<Key>): Contender => ({
  name: 'naive, Map of objects',
  side: 'naive',
  events: scaleOf(data.keys).naiveEvents,
  rounds: 3,
  run: byObjects(data, keys),
});

function fromMemory(keys: number, skew: Skew): Contender[] {
  const data = dataOf(keys, skew);
  const { times, ids, values } = data;
  const events = times.length;
  const numbers = numberColumn(ids);
  const strings = column(ids, names(keys));
  const spec = specOf(data.window);
  return [
    {
      name: 'oriel, number keys',
      side: 'oriel',
      events,
      run: pushed(spec, { at: times, key: numbers, value: values }),
    },
    {
      name: 'oriel, string keys',
      side: 'oriel',
      events,
      rounds: 3,
      run: pushed(spec, { at: times, key: strings, value: values }),
    },
    { name: 'tuned, dense ids given', side: 'tuned', events, run: byIds(data, foldKeyed) },
    { name: 'tuned, dense ids, plain sum, no checks', side: 'other', events, run: byIds(data, foldKeyedPlain) },
    { name: 'tuned, Map of numbers to ids', side: 'other', events, rounds: 3, run: byMapOfNumbers(data, numbers) },
    naive(data, numbers),
  ];
}

function inPlace(keys: number, skew: Skew): Contender[] {
  const data = dataOf(keys, skew);
  const { window, ids } = data;
  const events = ids.length;
  const pool = randomValues(POOL);
  const users = names(keys);
  const spec = specOf(window);
  const write = (views: Record<string, Float64Array>, from: number, n: number) => {
    produce(views.at as Float64Array, views.key as Float64Array, views.value as Float64Array, ids, pool, from, n);
  };
  const contenders: Contender[] = [
    { name: 'oriel, claim and commit, number keys', side: 'oriel', events, run: placed(spec, write) },
    {
      name: 'oriel, claim, string keys, keyId for each event',
      side: 'oriel',
      events,
      rounds: 3,
      run: placed(spec, (views, from, n, stream) => {
        const { at, key, value } = views as { at: Float64Array; key: Float64Array; value: Float64Array };
        for (let i = 0; i < n; i++) {
          at[i] = from + i;
          key[i] = stream.keyId(users[ids[from + i] as number] as string);
          value[i] = pool[(from + i) & (POOL - 1)] as number;
        }
      }),
    },
    {
      name: 'tuned, its own arrays, dense ids',
      side: 'tuned',
      events,
      run: (n, sink) => {
        const s = new Keyed(window, keys);
        const [at, key, value] = [new Float64Array(BATCH), new Uint32Array(BATCH), new Float64Array(BATCH)];
        inBatches(n, sink, (from, to) => {
          produce(at, key, value, ids, pool, from, to - from);
          foldKeyed(s, at, key, value, 0, to - from, 0);
          sink.take(s.out.length, s.out.take());
        });
        fireKeyed(s, 0);
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
        inBatches(n, sink, (from, to) => produce(at, key, value, ids, pool, from, to - from));
      },
    },
  ];
  // The number that `keyId` returns is valid only while its key is live. Up to 1,000 keys are never swept, so there one
  // request for each is enough.
  if (keys > 1000) return contenders;
  const idOf = new Uint32Array(keys);
  contenders.splice(2, 0, {
    name: 'oriel, claim, string keys, ids asked for before',
    side: 'oriel',
    events,
    run: placed(
      spec,
      (views, from, n) => {
        const { at, key, value } = views as { at: Float64Array; key: Float64Array; value: Float64Array };
        for (let i = 0; i < n; i++) {
          at[i] = from + i;
          key[i] = idOf[ids[from + i] as number] as number;
          value[i] = pool[(from + i) & (POOL - 1)] as number;
        }
      },
      (stream) => {
        for (let id = 0; id < keys; id++) idOf[id] = stream.keyId(users[id] as string);
      },
    ),
  });
  return contenders;
}

function produce(
  at: Float64Array,
  key: Float64Array | Uint32Array,
  value: Float64Array,
  ids: Uint32Array,
  pool: Float64Array,
  from: number,
  n: number,
): void {
  for (let i = 0; i < n; i++) {
    at[i] = from + i;
    key[i] = ids[from + i] as number;
    value[i] = pool[(from + i) & (POOL - 1)] as number;
  }
}

function wideNumbers(keys: number): Contender[] {
  const data = dataOf(keys, 'uniform');
  const wide = numberColumn(data.ids, wideKeys(keys));
  const events = wide.length;
  const columns = { at: data.times, key: wide, value: data.values };
  return [
    { name: 'oriel, pushColumns', side: 'oriel', events, run: pushed(specOf(data.window), columns) },
    { name: 'tuned, Map of numbers to ids', side: 'tuned', events, run: byMapOfNumbers(data, wide) },
    naive(data, wide),
  ];
}

function strings(keys: number, copies: boolean): Contender[] {
  const data = dataOf(keys, 'uniform');
  const known = names(keys);
  // V8 must hash each copy and compare it character by character, as it must with strings just parsed.
  const list = copies
    ? Array.from(data.ids, (id) => Buffer.from(known[id] as string, 'latin1').toString('latin1'))
    : column(data.ids, known);
  const events = list.length;
  const columns = { at: data.times, key: list, value: data.values };
  return [
    { name: 'oriel, pushColumns', side: 'oriel', events, run: pushed(specOf(data.window), columns) },
    { name: 'tuned, Map of strings to ids', side: 'tuned', events, run: byMapOfStrings(data, list) },
    naive(data, list),
  ];
}

const sizes = Object.entries(SIZES);
const many = (keys: number) => `${keys.toLocaleString('en')} keys`;

export const keyed: Cell[] = [
  ...sizes.flatMap(([size, keys]) =>
    (['uniform', 'zipf'] as const).flatMap((skew): Cell[] => [
      {
        name: `keyed-${size}-${skew}-ram`,
        title: `keyed tumbling, count + sum, ${many(keys)} (${skew}), data in memory`,
        contenders: () => fromMemory(keys, skew),
      },
      {
        name: `keyed-${size}-${skew}-place`,
        title: `keyed tumbling, count + sum, ${many(keys)} (${skew}), written in place`,
        contenders: () => inPlace(keys, skew),
      },
    ]),
  ),
  ...sizes.map(([size, keys]) => ({
    name: `integers-${size}`,
    title: `whole numbers below 2^53 as keys, ${many(keys)}`,
    contenders: () => wideNumbers(keys),
  })),
  ...sizes.map(([size, keys]) => ({
    name: `strings-${size}`,
    title: `strings as keys, ${many(keys)}`,
    contenders: () => strings(keys, false),
  })),
  {
    name: 'strings-copies-1k',
    title: 'strings as keys, 1,000 keys, every event with a string of its own',
    contenders: () => strings(1000, true),
  },
];
