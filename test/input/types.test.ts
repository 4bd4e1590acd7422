/**
 * The types that the compiler infers from a spec. `tsc` checks this file, and running it checks that values have these
 * types. This suite catches types that are too wide, too narrow or not what comes out.
 */

import { expect, expectTypeOf, test } from 'vitest';
import {
  type Aggregate,
  argmin,
  type Candle,
  col,
  correlation,
  count,
  everything,
  ewma,
  first,
  hopping,
  increase,
  type Key,
  type Line,
  lit,
  type Measure,
  max,
  ohlc,
  type Row,
  rate,
  regression,
  rolling,
  rows,
  type Spec,
  session,
  sum,
  text,
  tumbling,
  type WindowBatch,
  weightedMean,
  windowed,
} from '../../bindings';

const visits = () =>
  windowed({
    time: 'at',
    key: 'user',
    window: hopping('1m', '10s'),
    aggregates: { visits: count(), bytes: sum('bytes'), most: max('bytes'), timed: count('ms') },
    outOfOrder: '2s',
  });

test('a row has start, end, the keys and the aggregates', () => {
  using stream = visits();
  expectTypeOf(stream.take).returns.toEqualTypeOf<ReturnType<typeof stream.close>>();
  stream.push({ at: 1, user: 'ada', bytes: 512, ms: 3 });
  const rows = stream.close().toArray();
  expect(rows).toHaveLength(6);
  for (const row of rows) {
    expectTypeOf(row).toEqualTypeOf<{
      start: number;
      end: number;
      user: Key;
      visits: number;
      bytes: number;
      most: number;
      timed: number;
    }>();
    // @ts-expect-error: there is one window only, without a name
    expect(row.window).toBeUndefined();
    // @ts-expect-error: final results have no pane
    expect(row.pane).toBeUndefined();
    // @ts-expect-error: no such aggregate
    expect(row.clicks).toBeUndefined();
  }
  expect(stream.stats().events).toBe(1);
});

test('an event has the time, the keys and the measures, which may be missing', () => {
  using stream = visits();
  expectTypeOf(stream.push<{ at: number; user: string; bytes: number; ms: null }>).toBeCallableWith({
    at: 1,
    user: 'ada',
    bytes: 1,
    ms: null,
  });
  stream.push({ at: 1, user: 'ada', bytes: 512, ms: undefined });
  stream.pushRows([{ at: 1, user: 'ada', bytes: 512n, ms: 3 }]);
  // Fields that the spec does not name are ignored.
  stream.push({ at: 1, user: 'ada', bytes: 512, ms: 3, agent: 'x' });
  const refused = () => {
    // @ts-expect-error: no key
    stream.push({ at: 1, bytes: 512, ms: 3 });
    // @ts-expect-error: no measure
    stream.push({ at: 1, user: 'ada', ms: 3 });
    // @ts-expect-error: a measure that is a string
    stream.push({ at: 1, user: 'ada', bytes: '512', ms: 3 });
    // @ts-expect-error: a key that is a boolean
    stream.push({ at: 1, user: true, bytes: 512, ms: 3 });
    // @ts-expect-error: a time that is a date
    stream.push({ at: new Date(), user: 'ada', bytes: 512, ms: 3 });
    // @ts-expect-error: rows without a time
    stream.pushRows([{ user: 'ada', bytes: 512, ms: 3 }]);
  };
  expect(refused).toThrow();
  expect(stream.stats().events).toBe(3);
});

test('pushColumns wants every column of the spec, as an array or typed array', () => {
  using stream = visits();
  stream.pushColumns({ at: new Float64Array(1), user: ['ada'], bytes: new BigInt64Array(1), ms: [null] });
  stream.pushColumns({ at: [1], user: ['ada'], bytes: new Uint8Array(1), ms: [undefined] });
  const refused = () => {
    // @ts-expect-error: no column of keys
    stream.pushColumns({ at: [1], bytes: [1], ms: [1] });
  };
  const refusedKind = () => {
    // @ts-expect-error: measures that are strings
    stream.pushColumns({ at: [1], user: ['ada'], bytes: ['1'], ms: [1] });
  };
  expect(refused).toThrow('user');
  expect(refusedKind).toThrow('bytes');
});

test('a claim is views by name, in which keys are numbers or ids', () => {
  using stream = visits();
  const batch = stream.claim(1);
  expectTypeOf<keyof typeof batch>().toEqualTypeOf<'at' | 'user' | 'bytes' | 'ms'>();
  expectTypeOf(batch.at).toEqualTypeOf<Float64Array>();
  expectTypeOf(batch.user).toEqualTypeOf<Float64Array | Uint32Array>();
  expect(batch.user.length).toBe(1);
  // @ts-expect-error: no such column
  expect(batch.agent).toBeUndefined();
});

test('columns of results are Float64Arrays, and those of keys and names plain arrays', () => {
  using stream = windowed({
    time: 't',
    key: ['a', 'b'],
    window: { fast: tumbling(5), slow: tumbling(10) },
    aggregates: { n: count() },
    emit: 'updates',
  });
  const { columns } = stream.take();
  expectTypeOf(columns.start).toEqualTypeOf<Float64Array<ArrayBuffer>>();
  expectTypeOf(columns.n).toEqualTypeOf<Float64Array<ArrayBuffer>>();
  expectTypeOf(columns.a).toEqualTypeOf<Key[]>();
  expectTypeOf(columns.window).toEqualTypeOf<('fast' | 'slow')[]>();
  expectTypeOf(columns.pane).toEqualTypeOf<('on-time' | 'late')[]>();
  expect(Object.keys(columns).sort()).toEqual(['a', 'b', 'end', 'final', 'index', 'n', 'pane', 'start', 'window']);
});

test('a row also has the name of its window, its pane and every part of its key', () => {
  using stream = windowed({
    time: 't',
    key: ['a', 'b'],
    window: { fast: tumbling(5), slow: tumbling(10) },
    aggregates: { n: count() },
    emit: 'updates',
  });
  stream.push({ t: 1, a: 'x', b: 2n });
  const [row] = stream.close().toArray();
  expectTypeOf(row).toEqualTypeOf<
    | {
        start: number;
        end: number;
        a: Key;
        b: Key;
        n: number;
        window: 'fast' | 'slow';
        pane: 'on-time' | 'late';
        index: number;
        final: boolean;
      }
    | undefined
  >();
  expect(row).toEqual({
    start: 0,
    end: 5,
    a: 'x',
    b: 2n,
    n: 1,
    window: 'fast',
    pane: 'on-time',
    index: 0,
    final: true,
  });
});

test('an event of a stream with neither keys nor measures has only its time', () => {
  using stream = windowed({ time: 't', window: tumbling(5), aggregates: { n: count() } });
  stream.push({ t: 1 });
  expectTypeOf(stream.close().toArray()).toEqualTypeOf<{ start: number; end: number; n: number }[]>();
  const refused = () => {
    // @ts-expect-error: no time
    stream.push({});
  };
  expect(refused).toThrow();
});

test('a column that is measure and time or key has the type of the time or key', () => {
  using stream = windowed({ time: 't', key: 'k', window: tumbling(5), aggregates: { m: max('t') } });
  stream.push({ t: 1, k: 'a' });
  expect(stream.close().toArray()).toEqual([{ start: 0, end: 5, k: 'a', m: 1 }]);
  type S = { time: 't'; key: 'k'; window: ReturnType<typeof tumbling>; aggregates: { m: ReturnType<typeof max<'t'>> } };
  type Pushed = Parameters<ReturnType<typeof windowed<S>>['push']>[0];
  expectTypeOf<Pushed>().toExtend<{ t: number; k: Key }>();
  expectTypeOf<Row<S>>().toEqualTypeOf<{ start: number; end: number; k: Key; m: number }>();
  expectTypeOf<Measure>().toEqualTypeOf<number | bigint | null | undefined>();
});

test('a gap that names a column is a measure of events, and one that is a duration is not', () => {
  using named = windowed({ time: 't', key: 'k', window: session('gap'), aggregates: { n: count() } });
  expectTypeOf(named.pushRows<{ t: number; k: Key; gap: number }>).toBeCallableWith([{ t: 1, k: 'a', gap: 5 }]);
  expectTypeOf<keyof ReturnType<typeof named.claim>>().toEqualTypeOf<'t' | 'k' | 'gap'>();
  expectTypeOf(named.close().toArray()).toEqualTypeOf<{ start: number; end: number; k: Key; n: number }[]>();
  const refused = () => {
    // @ts-expect-error: no gap
    named.push({ t: 1, k: 'a' });
  };
  expect(refused).toThrow();
  using both = windowed({ time: 't', window: { a: session('pause'), b: session('5s') }, aggregates: { s: sum('v') } });
  expectTypeOf<keyof ReturnType<typeof both.claim>>().toEqualTypeOf<'t' | 'pause' | 'v'>();
  for (const gap of [5, '30m', '1.5h', { minutes: 5 }] as const) {
    using fixed = windowed({ time: 't', window: session(gap, { max: rows(9) }), aggregates: { n: count() } });
    expectTypeOf<keyof ReturnType<typeof fixed.claim>>().toEqualTypeOf<'t'>();
    fixed.push({ t: 1 });
  }
});

test('a row of a rolling window has the time of its event in place of bounds', () => {
  const spec = { time: 'at', key: 'k', aggregates: { n: count() } } as const;
  using stream = windowed({ ...spec, window: rolling('5m') });
  expectTypeOf(stream.close().toArray()).toEqualTypeOf<{ at: number; k: Key; n: number }[]>();
  using two = windowed({ ...spec, window: { time: rolling('5m'), rows: rolling(rows(5), { closed: 'left' }) } });
  expectTypeOf(two.close().toArray()).toEqualTypeOf<{ at: number; k: Key; n: number; window: 'time' | 'rows' }[]>();
});

test('rows of a stream with rolling and other windows have both time and bounds', () => {
  using stream = windowed({
    time: 'at',
    window: { frame: rolling(5), day: tumbling('1d'), visit: session('gap') },
    aggregates: { n: count() },
  });
  stream.push({ at: 1, gap: 5 });
  const batch = stream.close();
  expectTypeOf(batch.toArray()).toEqualTypeOf<
    { at: number; start: number; end: number; n: number; window: 'frame' | 'day' | 'visit' }[]
  >();
  expect(Object.keys(batch.columns).sort()).toEqual(['at', 'end', 'n', 'start', 'window']);
});

test('the type of panes follows from emit', () => {
  type Pane<S extends Spec> = Row<S> extends { pane: infer P; index: number; final: boolean } ? P : 'none';
  type Base = { time: 't'; window: ReturnType<typeof tumbling>; aggregates: { n: ReturnType<typeof count> } };
  expectTypeOf<Pane<Base>>().toEqualTypeOf<'none'>();
  expectTypeOf<Pane<Base & { emit: 'final' }>>().toEqualTypeOf<'none'>();
  expectTypeOf<Pane<Base & { emit: 'updates' }>>().toEqualTypeOf<'on-time' | 'late'>();
  expectTypeOf<Pane<Base & { emit: { every: '1s' } }>>().toEqualTypeOf<'early' | 'on-time' | 'late'>();
  expectTypeOf<Pane<Base & { emit: { when: () => boolean } }>>().toEqualTypeOf<'early' | 'on-time' | 'late'>();
  using stream = windowed({
    time: 't',
    window: everything(),
    aggregates: { n: count() },
    emit: { every: '1s', when: ({ t }: { t: number }) => t > 5 },
  });
  const { columns } = stream.take();
  expectTypeOf(columns.pane).toEqualTypeOf<('early' | 'on-time' | 'late')[]>();
  expectTypeOf(columns.index).toEqualTypeOf<Float64Array<ArrayBuffer>>();
  expectTypeOf(columns.final).toEqualTypeOf<boolean[]>();
  expect([columns.pane, columns.index, columns.final]).toEqual([[], new Float64Array(), []]);
});

test('query takes keys and gives bounds and aggregates, of several windows by name', () => {
  using none = windowed({ time: 't', window: tumbling(5), aggregates: { n: count() } });
  expectTypeOf(none.query).parameters.toEqualTypeOf<[key?: undefined, at?: number]>();
  expectTypeOf(none.query()).toEqualTypeOf<{ start: number; end: number; n: number }>();
  using one = windowed({ time: 't', key: 'k', window: rolling(5), aggregates: { n: count(), s: sum('v') } });
  expectTypeOf(one.query).parameters.toEqualTypeOf<[key?: Key, at?: number]>();
  expectTypeOf(one.query('a')).toEqualTypeOf<{ start: number; end: number; n: number; s: number }>();
  using two = windowed({
    time: 't',
    key: ['a', 'b'],
    window: { day: tumbling('1d'), visit: session('30m') },
    aggregates: { n: count() },
  });
  expectTypeOf(two.query).parameters.toEqualTypeOf<[key?: readonly Key[], at?: number]>();
  type Answered = { start: number; end: number; n: number };
  const answer = two.query(['x', 5n], 9);
  expectTypeOf<keyof typeof answer>().toEqualTypeOf<'day' | 'visit'>();
  expectTypeOf(answer.day).toEqualTypeOf<Answered>();
  expectTypeOf(answer.visit).toEqualTypeOf<Answered>();
  expect(answer).toMatchObject({ day: { n: 0 }, visit: { n: 0 } });
});

test('events have the columns of expressions and conditions, as numbers or strings', () => {
  using stream = windowed({
    time: 't',
    key: 'k',
    window: tumbling(5),
    where: col('status').gte(500).and(col('path').ne('/x')),
    aggregates: {
      revenue: sum(col('price').mul(col('qty')).div(lit(2))),
      some: count().where(
        col('ms')
          .gt(5)
          .or(col('agent').in(['a', 'b'])),
      ),
      path: first(text('path')),
      price: first('price'),
    },
  });
  type Pushed = {
    t: number;
    k: Key;
    status: Measure;
    price: Measure;
    qty: Measure;
    ms: Measure;
    path: string | null | undefined;
    agent: string | null | undefined;
  };
  expectTypeOf(stream.push<Pushed>)
    .parameter(0)
    .toEqualTypeOf<Pushed>();
  const event = { t: 1, k: 'a', status: 500, price: 2, qty: 3, ms: 1, path: '/y', agent: null };
  stream.push(event);
  const refusedKind = () => {
    // @ts-expect-error: a path that is a number
    stream.push({ ...event, path: 5 });
  };
  expect(refusedKind).toThrow('path');
  // @ts-expect-error: no agent
  stream.push({ t: 1, k: 'a', status: 1, price: 2, qty: 3, ms: 1, path: '/y' });
  const rows = stream.close().toArray();
  expectTypeOf(rows).toEqualTypeOf<
    { start: number; end: number; k: Key; revenue: number; some: number; path: string | null; price: number }[]
  >();
  expect(rows).toEqual([{ start: 0, end: 5, k: 'a', revenue: 3, some: 0, path: '/y', price: 2 }]);
});

test('the type of an aggregate has its columns, and only some aggregates accept strings', () => {
  expectTypeOf(sum('a')).toEqualTypeOf<Aggregate<'a', number, never>>();
  expectTypeOf(sum(col('a').add(col('b')))).toEqualTypeOf<Aggregate<'a' | 'b', number, never>>();
  expectTypeOf(count().where(col('a').eq('x'))).toEqualTypeOf<Aggregate<never, number, 'a'>>();
  const refusedText = [
    // @ts-expect-error: a sum of strings
    () => sum(text('a')),
    // @ts-expect-error: arithmetic with a string
    () => col('a').add('b'),
    // @ts-expect-error: a condition that is a function
    () => count().where(() => true),
  ];
  for (const make of refusedText) expect(make).toThrow();
});

test('without a time in the spec events have none, and rolling rows have a time', () => {
  using stream = windowed({ key: 'k', window: rolling(5), aggregates: { s: sum('v') }, clock: () => 7 });
  expectTypeOf(stream.push<{ k: Key; v: Measure }>).toBeCallableWith({ k: 'a', v: 1 });
  expectTypeOf<keyof ReturnType<typeof stream.claim>>().toEqualTypeOf<'k' | 'v'>();
  stream.push({ k: 'a', v: 1 });
  const rows = stream.close().toArray();
  expectTypeOf(rows).toEqualTypeOf<{ time: number; k: Key; s: number }[]>();
  expect(rows).toEqual([{ time: 7, k: 'a', s: 1 }]);
  using bounded = windowed({ window: tumbling(5), aggregates: { n: count() }, clock: () => 7 });
  expectTypeOf(bounded.close().toArray()).toEqualTypeOf<{ start: number; end: number; n: number }[]>();
});

test('the compiler refuses a spec with a wrong field', () => {
  const wrong = [
    // @ts-expect-error: no window
    () => windowed({ time: 't', aggregates: { n: count() } }),
    // @ts-expect-error: a time that is a number
    () => windowed({ time: 5, window: tumbling(5), aggregates: { n: count() } }),
    // @ts-expect-error: no such emit
    () => windowed({ time: 't', window: tumbling(5), aggregates: { n: count() }, emit: 'sometimes' }),
    // @ts-expect-error: a window that is a string
    () => windowed({ time: 't', window: '5s', aggregates: { n: count() } }),
    // @ts-expect-error: an aggregate that is a number
    () => windowed({ time: 't', window: tumbling(5), aggregates: { n: 5 } }),
  ];
  for (const make of wrong) expect(make).toThrow();
});

test('a spec of the general type Spec gives rows with start and end', () => {
  const spec: Spec = {
    time: 't',
    window: tumbling(5),
    aggregates: { n: count() },
    onLate: (batch: WindowBatch<unknown>) => batch,
  };
  using stream = windowed(spec);
  stream.push({ t: 1 } as never);
  const rows = stream.close().toArray();
  expectTypeOf(rows[0]!.start).toEqualTypeOf<number>();
  expect(rows).toEqual([{ start: 0, end: 5, n: 1 }]);
});

test('aggregates of two columns want both, and aggregates of several values give records', () => {
  using stream = windowed({
    time: 't',
    window: tumbling(5),
    aggregates: {
      line: regression('y', 'x'),
      candle: ohlc('price'),
      r: correlation('x', 'y'),
      cheapest: argmin('price', 'shop'),
      weighed: weightedMean('price', 'size'),
      fading: ewma('x', '5s'),
      speed: rate('x', { per: '1m' }),
      up: increase('total', { within: '5m' }),
    },
  });
  const batch = stream.claim(1);
  expectTypeOf<keyof typeof batch>().toEqualTypeOf<'t' | 'x' | 'y' | 'price' | 'shop' | 'size' | 'total'>();
  const { columns } = stream.take();
  expectTypeOf(columns.line).toEqualTypeOf<Line[]>();
  expectTypeOf(columns.r).toEqualTypeOf<Float64Array<ArrayBuffer>>();
  stream.push({ t: 1, x: 1, y: 2, price: 3, shop: 4, size: 5, total: 6 });
  const rows = stream.close().toArray();
  expect(rows).toHaveLength(1);
  for (const row of rows) {
    expectTypeOf(row).toEqualTypeOf<{
      start: number;
      end: number;
      line: Line;
      candle: Candle;
      r: number;
      cheapest: number;
      weighed: number;
      fading: number;
      speed: number;
      up: number;
    }>();
    expect(row.candle).toEqual({ open: 3, high: 3, low: 3, close: 3 });
    expect([row.cheapest, row.weighed, row.fading, row.up]).toEqual([4, 3, 1, 0]);
  }
  const refused = () => {
    // @ts-expect-error: no column of shops
    stream.push({ t: 1, x: 1, y: 2, price: 3, size: 5, total: 6 });
  };
  expect(refused).toThrow();
});

test('over takes sources of events, arrays of events and columns, and gives batches of rows', async () => {
  using stream = visits();
  type Batch = ReturnType<typeof stream.take>;
  const event = { at: 1, user: 'ada', bytes: 512, ms: 3.2 };
  const columns = { at: new Float64Array(1), user: ['ada'], bytes: [1n], ms: [null] };
  async function* events() {
    yield event;
    yield [event, event];
    yield columns;
  }
  let batches = 0;
  for await (const batch of stream.over(events(), { signal: new AbortController().signal })) {
    batches++;
    expectTypeOf(batch).toEqualTypeOf<Batch>();
    expect([...batch.columns.user, ...batch.columns.visits]).toEqual([...Array(6).fill('ada'), ...Array(6).fill(4)]);
  }
  expect(batches).toBe(1);
  const refused = [
    // @ts-expect-error: no source
    () => visits().over(event),
    // @ts-expect-error: no source of events
    () => visits().over('events'),
    // @ts-expect-error: no such option
    () => visits().over([event], { close: false }),
  ];
  for (const run of refused) expect(run).toThrow();
  const refusedEvents = [
    // @ts-expect-error: no time
    () => visits().over([{ user: 'ada', bytes: 512, ms: 3 }]),
    // @ts-expect-error: measures that are strings
    () => visits().over([{ at: [1], user: ['ada'], bytes: ['1'], ms: [1] }]),
    // @ts-expect-error: an array of events one of which has no key
    () => visits().over([[event, { at: 1, bytes: 512, ms: 3 }]]),
  ];
  for (const run of refusedEvents) await expect(run().next()).rejects.toThrow('of the source');
});

test('a transform fits between a stream of events and one of batches', async () => {
  using stream = visits();
  const events = new ReadableStream<{ at: number; user: string; bytes: number; ms: number }>({
    start(controller) {
      controller.enqueue({ at: 1, user: 'ada', bytes: 512, ms: 3.2 });
      controller.close();
    },
  });
  const piped = events.pipeThrough(stream.transform());
  expectTypeOf(piped).toEqualTypeOf<ReadableStream<ReturnType<typeof stream.take>>>();
  const { value } = await piped.getReader().read();
  expect(value?.toArray()[0]).toMatchObject({ user: 'ada', visits: 1, bytes: 512 });
});
