/** Rolling windows: a result for every event, over a fixed number of events or over units of time. */

import { count, max, rolling as roll, rows, type Spec, sum, windowed } from 'oriel';
import { BATCH, type Cell, type Contender, finish, inBatches, placed, pushed, take } from '../contest';
import { numberColumn, pairedTimes, randomIds, randomValues } from '../data';
import * as peers from '../peers/rolling';
import * as keyedPeers from '../peers/rolling-keyed';
import type { Sink } from '../sink';

type Output = 'max' | 'sum';
/** Unit of a window's size. There is one event a unit of time on average, so both extents hold as many events. */
type Extent = 'rows' | 'time';

const SIZES = { '1k': 1_000, '1m': 1_000_000 };
const EVENTS = 8_000_000;
/** Number of values that a producer cycles through: they fit into the cache, and the shorter window holds fewer. */
const POOL = 4096;

const windowOf = (extent: Extent, size: number) => roll(extent === 'rows' ? rows(size) : size);

const specOf = (output: Output, extent: Extent, size: number): Spec => ({
  time: 'at',
  window: windowOf(extent, size),
  aggregates: { [output]: output === 'max' ? max('value') : sum('value') },
});

/**
 * Makes one iteration of a tuned rival, over `columns` of the caller or else over what `produce` writes for each batch.
 */
type Tuned = (output: Output, size: number, columns?: Columns) => Contender['run'];
type Columns = { at: Float64Array; value: Float64Array };

const byRows =
  (fold: peers.Fold<peers.Rows>): Tuned =>
  (output, size, columns) =>
  (events, sink) => {
    const s = new peers.Rows(size, output);
    feed(events, sink, columns, (at, value, from, to) => {
      fold(s, at, value, from, to);
      sink.take(s.out.length, s.out.take());
    });
  };

const byTime =
  (fold: peers.Fold<peers.Frame>): Tuned =>
  (output, size, columns) =>
  (events, sink) => {
    const s = new peers.Frame(size, output);
    feed(events, sink, columns, (at, value, from, to) => {
      fold(s, at, value, from, to);
      sink.take(s.out.length, s.out.take());
    });
    peers.fireFrame(s, fold);
    sink.take(s.out.length, s.out.take());
  };

type Rival = readonly [name: string, side: Contender['side'], tuned: Tuned];

/** The sum that drifts counts as 'other', which keeps it out of the summary: its results get less and less exact. */
const RIVALS: Record<Output, Record<Extent, readonly Rival[]>> = {
  max: {
    rows: [['two stacks', 'tuned', byRows(peers.foldRowsMax)]],
    time: [['two stacks', 'tuned', byTime(peers.foldFrameMax)]],
  },
  sum: {
    rows: [
      ['two stacks', 'tuned', byRows(peers.foldRowsSum)],
      ['subtracting, compensated', 'tuned', byRows(peers.foldRowsRunning)],
      ['subtracting, drifts', 'other', byRows(peers.foldRowsDrifting)],
    ],
    time: [
      ['two stacks', 'tuned', byTime(peers.foldFrameSum)],
      ['subtracting, compensated', 'tuned', byTime(peers.foldFrameRunning)],
    ],
  },
};

const pool = randomValues(POOL);

function produce(at: Float64Array, value: Float64Array, from: number, n: number): void {
  for (let i = 0; i < n; i++) {
    at[i] = (from + i) & ~1;
    value[i] = pool[(from + i) & (POOL - 1)] as number;
  }
}

function feed(
  events: number,
  sink: Sink,
  columns: Columns | undefined,
  step: (at: Float64Array, value: Float64Array, from: number, to: number) => void,
): void {
  if (columns) {
    inBatches(events, sink, (from, to) => step(columns.at, columns.value, from, to));
    return;
  }
  const [at, value] = [new Float64Array(BATCH), new Float64Array(BATCH)];
  inBatches(events, sink, (from, to) => {
    produce(at, value, from, to - from);
    step(at, value, 0, to - from);
  });
}

/**
 * Number of events of a naive contender. The longer window is never full, which flatters it: one `shift` of an array
 * of a million takes a third of a millisecond.
 */
function naiveEvents(output: Output, size: number): number {
  if (output === 'sum') return 1_000_000;
  return size === 1_000_000 ? 40_000 : 200_000;
}

function naive(output: Output, extent: Extent, size: number, { at, value }: Columns): Contender {
  const fold = output === 'max' ? peers.naiveMax : peers.naiveSum;
  const anew = output === 'max' ? 'looked through anew' : 'running sum';
  const events = naiveEvents(output, size);
  return {
    name: `naive, push and shift, ${anew} (first ${events.toLocaleString('en')} only)`,
    side: 'naive',
    events,
    rounds: 3,
    run: (n, sink) => {
      const s = extent === 'rows' ? new peers.NaiveRows(size) : new peers.NaiveFrame(size);
      inBatches(n, sink, (from, to) => {
        fold(s, at, value, from, to);
        sink.takeRows(s.take());
      });
      if (s instanceof peers.NaiveRows) return;
      if (output === 'max') s.fireMax();
      else s.fireSum();
      sink.takeRows(s.take());
    },
  };
}

function fromMemory(output: Output, extent: Extent, size: number): Contender[] {
  const columns = { at: pairedTimes(EVENTS), value: randomValues(EVENTS) };
  return [
    { name: 'oriel, pushColumns', side: 'oriel', events: EVENTS, run: pushed(specOf(output, extent, size), columns) },
    ...RIVALS[output][extent].map(
      ([name, side, tuned]): Contender => ({
        name: `tuned, ${name}`,
        side,
        events: EVENTS,
        run: tuned(output, size, columns),
      }),
    ),
    naive(output, extent, size, columns),
  ];
}

/** Batches that stay in the cache: written in place, or into arrays of the caller that are then copied. */
function inCache(output: Output, extent: Extent, size: number): Contender[] {
  const spec = specOf(output, extent, size);
  return [
    {
      name: 'oriel, claim and commit',
      side: 'oriel',
      events: EVENTS,
      run: placed(spec, ({ at, value }, from, n) => produce(at as Float64Array, value as Float64Array, from, n)),
    },
    {
      name: 'oriel, its own arrays through pushColumns',
      side: 'oriel',
      events: EVENTS,
      run: (events, sink) => {
        const stream = windowed(spec);
        feed(events, sink, undefined, (at, value, from, to) => {
          stream.pushColumns({ at: at.subarray(from, to), value: value.subarray(from, to) } as never);
          take(stream, sink);
        });
        finish(stream, sink, true);
      },
    },
    ...RIVALS[output][extent].map(
      ([name, side, tuned]): Contender => ({
        name: `tuned, its own arrays, ${name}`,
        side,
        events: EVENTS,
        run: tuned(output, size),
      }),
    ),
    {
      name: 'writing alone',
      side: 'other',
      events: EVENTS,
      silent: true,
      run: (events, sink) => feed(events, sink, undefined, () => {}),
    },
  ];
}

/** Single events as objects, over the last `size` events; results are taken after each batch. */
function single(output: Output, size: number): Contender[] {
  const events = 2_000_000;
  const times = pairedTimes(events);
  const values = randomValues(events);
  const reading = (i: number) => ({ at: times[i] as number, value: values[i] as number });
  const run = (events: number, sink: Sink, push: (event: ReturnType<typeof reading>) => void, flush: () => void) =>
    inBatches(events, sink, (from, to) => {
      for (let i = from; i < to; i++) push(reading(i));
      flush();
    });
  const fold = output === 'max' ? peers.foldRowsMax : peers.foldRowsSum;
  return [
    {
      name: 'oriel, push',
      side: 'oriel',
      events,
      run: (n, sink) => {
        const stream = windowed(specOf(output, 'rows', size));
        inBatches(n, sink, (from, to) => {
          for (let i = from; i < to; i++) stream.push(reading(i) as never);
          take(stream, sink);
        });
        finish(stream, sink, true);
      },
    },
    {
      name: 'tuned, collected into arrays, two stacks',
      side: 'tuned',
      events,
      run: (n, sink) => {
        const s = new peers.Rows(size, output);
        const [at, value] = [new Float64Array(BATCH), new Float64Array(BATCH)];
        inBatches(n, sink, (from, to) => {
          for (let i = from; i < to; i++) {
            const event = reading(i);
            at[i - from] = event.at;
            value[i - from] = event.value;
          }
          fold(s, at, value, 0, to - from);
          sink.take(s.out.length, s.out.take());
        });
      },
    },
    {
      name: 'naive, push and shift',
      side: 'naive',
      events: naiveEvents(output, size),
      rounds: 3,
      run: (n, sink) => {
        const s = new peers.NaiveRows(size);
        const flush = () => sink.takeRows(s.take());
        if (output === 'max') run(n, sink, ({ at, value }) => s.pushMax(at, value), flush);
        else run(n, sink, ({ at, value }) => s.pushSum(at, value), flush);
      },
    },
  ];
}

/** Number of keys, and events of one key in a window: about as many by time as by rows. */
const KEYED = { '1k': { keys: 1_000, size: 100 }, '100k': { keys: 100_000, size: 20 } };

const keyedSpec = (extent: Extent, keys: number, size: number): Spec => ({
  time: 'at',
  key: 'key',
  window: windowOf(extent, extent === 'rows' ? size : size * keys),
  aggregates: { count: count(), sum: sum('value') },
});

type FoldKeyed<S> = (s: S, at: Float64Array, ids: Uint32Array, value: Float64Array, from: number, to: number) => void;
/** Calls `fold` for each batch, over data in memory or over arrays that it has just written. */
type FeedKeyed = <S extends keyedPeers.KeyedRows | keyedPeers.KeyedFrame>(
  s: S,
  fold: FoldKeyed<S>,
  events: number,
  sink: Sink,
) => void;

function keyedRivals(extent: Extent, keys: number, size: number, events: number, feed: FeedKeyed): Contender[] {
  if (extent === 'rows') {
    const folds = {
      'two stacks': keyedPeers.foldKeyedRows,
      'subtracting, compensated': keyedPeers.foldKeyedRowsRunning,
    };
    return Object.entries(folds).map(
      ([name, fold]): Contender => ({
        name: `tuned, dense ids, ${name}`,
        side: 'tuned',
        events,
        run: (n, sink) => feed(new keyedPeers.KeyedRows(size, keys), fold, n, sink),
      }),
    );
  }
  return [
    {
      name: 'tuned, dense ids, subtracting, compensated',
      side: 'tuned',
      events,
      run: (n, sink) => {
        const s = new keyedPeers.KeyedFrame(size * keys, keys);
        feed(s, keyedPeers.foldKeyedFrame, n, sink);
        keyedPeers.fireKeyedFrame(s);
        sink.take(s.out.length, s.out.take());
      },
    },
  ];
}

function keyedFromMemory(extent: Extent, keys: number, size: number): Contender[] {
  const at = pairedTimes(EVENTS);
  const ids = randomIds(EVENTS, keys, 'uniform');
  const key = numberColumn(ids);
  const value = randomValues(EVENTS);
  return [
    {
      name: 'oriel, pushColumns',
      side: 'oriel',
      events: EVENTS,
      run: pushed(keyedSpec(extent, keys, size), { at, key, value }),
    },
    ...keyedRivals(extent, keys, size, EVENTS, (s, fold, events, sink) => {
      inBatches(events, sink, (from, to) => {
        fold(s, at, ids, value, from, to);
        sink.take(s.out.length, s.out.take());
      });
    }),
    {
      name: 'naive, Map of arrays, push and shift, added up anew',
      side: 'naive',
      events: 1_000_000,
      rounds: 3,
      run: (events, sink) => {
        const s = extent === 'rows' ? new keyedPeers.NaiveKeyedRows(size) : new keyedPeers.NaiveKeyedFrame(size * keys);
        inBatches(events, sink, (from, to) => {
          keyedPeers.naiveKeyedRolling(s, at, key, value, from, to);
          sink.takeRows(s.take());
        });
        s.fire();
        sink.takeRows(s.take());
      },
    },
  ];
}

function keyedInPlace(extent: Extent, keys: number, size: number): Contender[] {
  const ids = randomIds(EVENTS, keys, 'uniform');
  const write = (at: Float64Array, key: Float64Array | Uint32Array, value: Float64Array, from: number, n: number) => {
    produce(at, value, from, n);
    for (let i = 0; i < n; i++) key[i] = ids[from + i] as number;
  };
  return [
    {
      name: 'oriel, claim and commit',
      side: 'oriel',
      events: EVENTS,
      run: placed(keyedSpec(extent, keys, size), ({ at, key, value }, from, n) => {
        write(at as Float64Array, key as Float64Array, value as Float64Array, from, n);
      }),
    },
    ...keyedRivals(extent, keys, size, EVENTS, (s, fold, events, sink) => {
      const [at, key, value] = [new Float64Array(BATCH), new Uint32Array(BATCH), new Float64Array(BATCH)];
      inBatches(events, sink, (from, to) => {
        write(at, key, value, from, to - from);
        fold(s, at, key, value, 0, to - from);
        sink.take(s.out.length, s.out.take());
      });
    }),
  ];
}

const many = (n: number) => n.toLocaleString('en');
const over = (extent: Extent, size: number) =>
  extent === 'rows' ? `${many(size)} rows` : `${many(size)} units of time`;
const extents = ['rows', 'time'] as const;

export const rolling: Cell[] = [
  ...(['max', 'sum'] as const).flatMap((output) =>
    Object.entries(SIZES).flatMap(([name, size]) => [
      ...extents.flatMap((extent): Cell[] => [
        {
          name: `rolling-${output}-${name}-${extent}-ram`,
          title: `rolling ${output} over ${over(extent, size)}, data in memory`,
          contenders: () => fromMemory(output, extent, size),
        },
        {
          name: `rolling-${output}-${name}-${extent}-cache`,
          title: `rolling ${output} over ${over(extent, size)}, a batch in the cache, writing included`,
          contenders: () => inCache(output, extent, size),
        },
      ]),
      {
        name: `rolling-${output}-${name}-push`,
        title: `rolling ${output} over ${over('rows', size)}, single events as objects`,
        contenders: () => single(output, size),
      },
    ]),
  ),
  ...Object.entries(KEYED).flatMap(([name, { keys, size }]) =>
    extents.flatMap((extent): Cell[] => [
      {
        name: `rolling-keyed-${name}-${extent}-ram`,
        title: `rolling count + sum of ${many(keys)} keys, ${size} events of each by ${extent}, data in memory`,
        contenders: () => keyedFromMemory(extent, keys, size),
      },
      {
        name: `rolling-keyed-${name}-${extent}-place`,
        title: `rolling count + sum of ${many(keys)} keys, ${size} events of each by ${extent}, written in place`,
        contenders: () => keyedInPlace(extent, keys, size),
      },
    ]),
  ),
];
