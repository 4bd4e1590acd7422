/**
 * `over` and `transform`, from every kind of source and for every way to end. This suite catches events that are lost
 * or taken twice, sources that are not ended, items requested too early, and errors thrown in place of others.
 */

import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  collect,
  count,
  type Item,
  OrielError,
  type OrielErrorCode,
  rolling,
  type Spec,
  sum,
  tumbling,
  type WindowBatch,
  type WindowedStream,
  windowed,
} from '../../bindings';
import { Intake } from '../../bindings/stream/intake';
import { runs } from '../support/helpers';
import { eventsOf, FAMILIES, isBare, KEYS, made, named, type Row, scenarioOf, settled } from '../support/scenarios';
import { type Cut, itemsOf, rowsOf, SOURCES, sourceOf } from '../support/sources';

function open<const S extends Spec>(spec: S): WindowedStream<S> {
  const stream = windowed(spec);
  onTestFinished(() => stream[Symbol.dispose]());
  return stream;
}

const TENS = { time: 't', window: tumbling(10), aggregates: { n: count() } } as const;
const tens = () => open(TENS);
const later = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
const at = (...times: number[]) => times.map((t) => ({ t }));

/** The error that the promise rejects with. The test fails if it resolves. */
async function refusal(run: Promise<unknown>): Promise<unknown> {
  return run.then(
    (value) => expect.unreachable(`it gave ${String(value)}`),
    (error: unknown) => error,
  );
}

/** Expects that the promise rejects with an OrielError with that code, in a message that has all the parts. */
async function refused(code: OrielErrorCode, run: Promise<unknown>, ...parts: string[]): Promise<void> {
  const error = await refusal(run);
  expect(error).toBeInstanceOf(OrielError);
  expect((error as OrielError).code).toBe(code);
  for (const part of parts) expect((error as Error).message).toContain(part);
}

/** An asynchronous source that gives the items that the test tells it to give, and counts requests. */
function told<T>() {
  const waiting: ((result: IteratorResult<T>) => void)[] = [];
  const given: T[] = [];
  const source = {
    asked: 0,
    isEnded: false,
    give(value: T) {
      const wake = waiting.shift();
      if (wake) wake({ done: false, value });
      else given.push(value);
    },
    [Symbol.asyncIterator]: () => ({
      next: () => {
        source.asked++;
        if (given.length > 0) return Promise.resolve({ done: false as const, value: given.shift() as T });
        return new Promise<IteratorResult<T>>((resolve) => waiting.push(resolve));
      },
      return: async () => {
        source.isEnded = true;
        return { done: true as const, value: undefined };
      },
    }),
  };
  return source;
}

const cuts = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 30 }), fc.constantFrom<Cut[1]>('events', 'array', 'columns')),
  { minLength: 1, maxLength: 6 },
);

describe.each(SOURCES)('from %s', (kind) => {
  test('items that are events, arrays or columns give the same results as the events', async () => {
    await fc.assert(
      fc.asyncProperty(scenarioOf(FAMILIES.all), cuts, fc.boolean(), async (s, cuts, isPiped) => {
        const key = KEYS[s.keys] as (typeof KEYS)[string];
        const hasGaps = s.windows.some((window) => window.kind === 'session' && window.gap === 'gap');
        const events = eventsOf(s).map(({ t, v, gap, key: k }) => ({
          t,
          v,
          ...(hasGaps ? { gap } : {}),
          ...key.of(k),
        }));
        const late: Row[][] = [[], []];
        const [one, other] = late.map((rows) =>
          windowed({
            time: 't',
            ...(key.spec ? { key: key.spec } : {}),
            window: (isBare(s) ? made(s.windows[0] as never) : named(s.windows.map(made))) as never,
            aggregates: { n: count(), s: sum('v'), all: collect('v', { limit: 200 }) },
            outOfOrder: s.outOfOrder,
            allowedLateness: s.allowedLateness,
            emit: s.emit,
            onLate: (batch: Iterable<Row>) => rows.push(...batch),
          }),
        ) as unknown as [WindowedStream, WindowedStream];
        using wanted = one;
        using actual = other;
        wanted.pushRows(events as never[]);
        const rows = [...wanted.close()] as Row[];
        const source = sourceOf(kind, itemsOf(events, cuts));
        const given = isPiped ? rowsOf(piped(source, actual)) : rowsOf(actual.over(source as never));
        expect(await given).toEqual(settled(rows, await given));
        expect(late[1]).toEqual(late[0]);
        const { milliseconds, bytes, ...stats } = wanted.stats();
        expect(actual.stats()).toMatchObject(stats);
      }),
      { numRuns: runs(30), endOnFailure: true },
    );
  });

  test('no batch is empty, batches come in order, and the end of the source closes the stream', async () => {
    const stream = tens();
    const ends: number[][] = [];
    for await (const batch of stream.over(sourceOf(kind, [...at(1, 12), at(13, 25, 31), { t: [40] }]))) {
      expect(batch.length).toBeGreaterThan(0);
      ends.push([...batch.columns.end]);
    }
    expect(ends.flat()).toEqual([10, 20, 30, 40, 50]);
    expect(() => stream.push({ t: 50 })).toThrow('closed');
    expect(stream.take().length).toBe(0);
  });

  test('a source without events closes the stream', async () => {
    const stream = tens();
    stream.push({ t: 5 });
    expect(await rowsOf(stream.over(sourceOf(kind, [])))).toEqual([{ start: 0, end: 10, n: 1 }]);
    expect(() => stream.push({ t: 50 })).toThrow('closed');
  });

  test('leaving the loop ends the source, and the stream keeps what it has taken', async () => {
    const stream = tens();
    const ended: unknown[] = [];
    // The items are too many for one read.
    const items = Array.from({ length: 10_000 }, (_, i) => ({ t: i }));
    const source = sourceOf(kind, items, (reason) => ended.push(reason));
    let n = 0;
    for await (const batch of stream.over(source)) {
      n += sumOf(batch);
      break;
    }
    expect(ended).toEqual([undefined]);
    if (source instanceof ReadableStream) expect(source.locked).toBe(false);
    const { events } = stream.stats();
    expect(events).toBeLessThan(10_000);
    n += sumOf(stream.take());
    stream.push({ t: 10_000 });
    expect(n + sumOf(stream.close())).toBe(events + 1);
  });

  test('an error of the source is thrown after the fired windows, and the stream stays open', async () => {
    const stream = tens();
    const failure = new Error('no more');
    const source = sourceOf(kind, at(1, 12, 25), undefined, failure);
    const rows: Row[] = [];
    const run = async () => {
      for await (const batch of stream.over(source)) rows.push(...batch);
    };
    expect(await refusal(run())).toBe(failure);
    expect(rows.map(({ end }) => end)).toEqual([10, 20]);
    stream.push({ t: 31 });
    expect([...stream.take()]).toEqual([{ start: 20, end: 30, n: 1 }]);
  });

  test('an invalid item is named by its index, and only the items before it are taken', async () => {
    const cases: [item: unknown, code: OrielErrorCode, ...parts: string[]][] = [
      [{ t: 'x' }, 'ERR_ORIEL_TIME', 'got "x"'],
      [{}, 'ERR_ORIEL_TIME', 'got undefined'],
      [5, 'ERR_ORIEL_COLUMN', 'expected an event', 'got 5'],
      [null, 'ERR_ORIEL_COLUMN', 'expected an event', 'got null'],
      [[{ t: 40 }, { t: Number.NaN }], 'ERR_ORIEL_TIME', 'at index 1', 'got NaN'],
      [[{ t: 40 }, 7], 'ERR_ORIEL_COLUMN', 'at index 1', 'got 7'],
      [{ t: [40, Number.POSITIVE_INFINITY] }, 'ERR_ORIEL_TIME', 'at index 1'],
    ];
    for (const [item, code, ...parts] of cases) {
      const stream = tens();
      const ended: unknown[] = [];
      const items = [{ t: 1 }, at(2, 3), ...at(14, 15, 26), item, ...Array.from({ length: 9000 }, () => ({ t: 57 }))];
      const rows: Row[] = [];
      const source = sourceOf(kind, items, (reason) => ended.push(reason));
      const run = async () => {
        for await (const batch of stream.over(source as Iterable<Item<typeof TENS>>)) rows.push(...batch);
      };
      await refused(code, run(), 'item 5 of the source', ...parts);
      expect(ended).toHaveLength(1);
      expect(rows).toEqual([
        { start: 0, end: 10, n: 3 },
        { start: 10, end: 20, n: 2 },
      ]);
      expect(stream.stats().events).toBe(6);
      expect([...stream.close()]).toEqual([{ start: 20, end: 30, n: 1 }]);
    }
  });

  test('the error names the index of one invalid event among many', async () => {
    for (const place of [0, 1, 4094, 4095, 4096, 7000]) {
      const stream = tens();
      const items: { t: unknown }[] = Array.from({ length: 9000 }, (_, t) => ({ t }));
      items[place] = { t: undefined };
      const source = sourceOf(kind, items) as Iterable<{ t: number }>;
      await refused('ERR_ORIEL_TIME', rowsOf(stream.over(source)), `item ${place} of`);
      expect(stream.stats().events).toBe(place);
    }
  });

  test('an aborted loop throws the reason of its signal and loses nothing', async () => {
    const gone = new Error('gone');
    for (const when of [0, 1, 3]) {
      const stream = tens();
      const stop = new AbortController();
      const ended: unknown[] = [];
      const items = Array.from({ length: 40_000 }, (_, i) => ({ t: i }));
      const source = sourceOf(kind, items, (reason) => ended.push(reason));
      if (when === 0) stop.abort(gone);
      let n = 0;
      let batches = 0;
      const run = async () => {
        for await (const batch of stream.over(source, { signal: stop.signal })) {
          n += sumOf(batch);
          if (++batches === when) stop.abort(gone);
        }
      };
      expect(await refusal(run())).toBe(gone);
      expect([batches, ended.length]).toEqual([when, 1]);
      const { events } = stream.stats();
      expect(events > 0).toBe(when > 0);
      expect(n + sumOf(stream.close())).toBe(events);
    }
  });

  test('results that leave no room for events are given first', async () => {
    const spec = { time: 't', key: 'k', window: rolling(1000), aggregates: { n: count(), all: sum('v') } } as const;
    const events = Array.from({ length: 30_000 }, (_, t) => ({ t, k: t % 3, v: t }));
    const free = open(spec);
    free.pushRows(events);
    const wanted = [...free.close()];
    const stream = open({ ...spec, memory: { maximum: '500kb' } });
    expect(() => stream.pushRows(events)).toThrow('no room');
    const rows = await rowsOf(stream.over(sourceOf(kind, events)));
    expect(wanted).toHaveLength(30_000);
    expect(rows).toHaveLength(wanted.length);
    expect(rows).toEqual(wanted);
  });
});

function sumOf(batch: WindowBatch<{ start: number; end: number; n: number }>): number {
  return batch.columns.n.reduce((a, b) => a + b, 0);
}

/** The batches of a `transform` into which the source is written. */
async function* piped(source: unknown, stream: WindowedStream): AsyncGenerator<WindowBatch<Row>> {
  const { readable, writable } = stream.transform();
  const writer = writable.getWriter();
  const writing = (async () => {
    for await (const item of source as AsyncIterable<never>) await writer.write(item);
    await writer.close();
  })();
  const reader = readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    yield value as WindowBatch<Row>;
  }
  await writing;
}

test('fired windows are given while the source waits for its next item', async () => {
  const stream = tens();
  const source = told<Item<typeof TENS>>();
  const batches = stream.over(source as AsyncIterable<{ t: number }>);
  for (const [items, end] of [
    [at(1, 5, 12), 10],
    [[at(13), at(14, 26)], 20],
    [[{ t: [27, 31] }], 30],
  ] as const) {
    const batch = batches.next();
    for (const item of items) {
      await later();
      source.give(item as never);
    }
    // The source gives nothing more until this batch has come.
    expect((await batch).value?.toArray()).toMatchObject([{ end }]);
  }
  await batches.return();
  expect(source.isEnded).toBe(true);
});

test('items are requested one by one, and none while nobody waits for windows', async () => {
  const stream = tens();
  const source = told<{ t: number }>();
  const batches = stream.over(source);
  await later(5);
  expect(source.asked).toBe(0);
  const first = batches.next();
  for (const t of [1, 5, 12]) {
    const asked = Math.floor(t / 5) + 1;
    while (source.asked < asked) await later();
    await later();
    expect(source.asked).toBe(asked);
    source.give({ t });
  }
  expect((await first).value?.toArray()).toEqual([{ start: 0, end: 10, n: 2 }]);
  // One item had been requested before the windows fired, and is taken now.
  source.give({ t: 25 });
  await later(5);
  expect(source.asked).toBe(4);
  expect((await batches.next()).value?.toArray()).toEqual([{ start: 10, end: 20, n: 1 }]);
  await batches.return();
});

test('a requested item that comes after the loop has ended is still taken', async () => {
  for (const isAborted of [false, true]) {
    const stream = tens();
    const source = told<{ t: number }>();
    const stop = new AbortController();
    const batches = stream.over(source, { signal: stop.signal });
    const first = batches.next();
    await later();
    source.give({ t: 1 });
    await later();
    source.give({ t: 12 });
    expect((await first).value?.length).toBe(1);
    await later();
    if (isAborted) {
      const second = batches.next();
      stop.abort('enough');
      expect(await refusal(second)).toBe('enough');
    } else await batches.return();
    expect([source.isEnded, source.asked, stream.stats().events]).toEqual([true, 3, 2]);
    source.give({ t: 13 });
    await later();
    expect(stream.stats().events).toBe(3);
    expect([...stream.close()]).toEqual([{ start: 10, end: 20, n: 2 }]);
  }
});

test('leaving the loop does not wait for a generator that awaits something', async () => {
  const stream = tens();
  let isLeft = false;
  const source = async function* () {
    try {
      yield* at(1, 12);
      await new Promise(() => undefined);
    } finally {
      isLeft = true;
    }
  };
  for await (const batch of stream.over(source())) {
    expect(sumOf(batch)).toBe(1);
    break;
  }
  expect(isLeft).toBe(false);
  expect([...stream.close()]).toEqual([{ start: 10, end: 20, n: 1 }]);
});

test('leaving the loop takes every item read, or throws the index of the first that had no room', async () => {
  const ways = new Set<string>();
  for (let maximum = 350_000; maximum < 600_000; maximum += 25_000) {
    const aggregates = { n: count(), s: sum('v') };
    const stream = open({ time: 't', key: 'k', window: rolling(1000), aggregates, memory: { maximum } });
    let read = 0;
    const source = function* () {
      for (;;) yield { t: read++, k: read % 3, v: 1 };
    };
    const error = await (async () => {
      for await (const batch of stream.over(source())) if (batch.length > 0) break;
    })().catch((thrown: OrielError) => thrown);
    const { events } = stream.stats();
    if (error) {
      expect(error.code).toBe('ERR_ORIEL_MEMORY');
      expect(error.message).toContain(`item ${events} of the source`);
      expect(events).toBeLessThan(read);
    } else expect(events).toBe(read);
    ways.add(String(error?.code));
  }
  expect([...ways].sort()).toEqual(['ERR_ORIEL_MEMORY', 'undefined']);
});

test('items that come while earlier ones are being taken are taken after them', async () => {
  const done: (() => void)[] = [];
  const given: unknown[] = [];
  const enter = (events: unknown) => {
    given.push(events);
    return () => new Promise<boolean>((resolve) => done.push(() => resolve(true)));
  };
  const intake = new Intake(enter, undefined);
  intake.add({ t: 1 });
  const entering = intake.enter();
  intake.addLast({ t: 2 });
  await later();
  expect(given).toEqual([[{ t: 1 }]]);
  done.shift()?.();
  await later();
  expect(given).toEqual([[{ t: 1 }], [{ t: 2 }]]);
  done.shift()?.();
  await entering;
  expect(intake.isEmpty).toBe(true);
});

test('events that were taken in part before memory ran out are not checked and taken again', async () => {
  const given: unknown[] = [];
  let isFull = true;
  const intake = new Intake((events) => {
    given.push(events);
    return async () => {
      if (isFull) throw new OrielError('ERR_ORIEL_MEMORY', 'full');
      return true;
    };
  }, undefined);
  intake.add({ t: 1 });
  intake.add({ t: 2 });
  await refused('ERR_ORIEL_MEMORY', intake.enter(), 'item 0 of the source: full');
  isFull = false;
  await intake.enter();
  expect([given, intake.isEmpty]).toEqual([[[{ t: 1 }, { t: 2 }]], true]);
});

test('an error on ending the source is thrown unless there is another error', async () => {
  const failure = new Error('cannot end');
  const source = () => ({
    i: 0,
    [Symbol.iterator]() {
      return this;
    },
    next() {
      return { done: false as const, value: { t: this.i++ } };
    },
    return() {
      throw failure;
    },
  });
  const leaving = async () => {
    for await (const _ of tens().over(source())) break;
  };
  expect(await refusal(leaving())).toBe(failure);
  const failing = async () => {
    for await (const _ of tens().over(source())) throw new Error('mine');
  };
  expect(await refusal(failing())).toEqual(new Error('mine'));
  const stop = new AbortController();
  const aborting = async () => {
    for await (const _ of tens().over(source(), { signal: stop.signal })) stop.abort('enough');
  };
  expect(await refusal(aborting())).toBe('enough');
});

test.each([
  [
    'a generator',
    function* () {
      for (let t = 0; ; t++) yield { t };
    },
  ],
  [
    'an asynchronous generator',
    async function* () {
      for (let t = 0; ; t++) yield { t };
    },
  ],
])('%s that never waits does not starve timers and messages', async (_, source) => {
  const stream = open({ time: 't', window: tumbling(1e9), aggregates: { n: count() } });
  // No window fires, so that only the signal ends the loop.
  const run = rowsOf(stream.over(source(), { signal: AbortSignal.timeout(20) }));
  expect(await refusal(run)).toMatchObject({ name: 'TimeoutError' });
  expect(stream.stats().events % 4096).toBe(0);
});

test('windows that fire by the clock are given while the source waits', async () => {
  // The first of the streams has no time in its events, the second is idle.
  let now = 1000;
  const spec = { window: tumbling(10), aggregates: { n: count() }, clock: () => now };
  for (const stream of [open(spec), open({ ...spec, time: 't', idle: 5 })]) {
    const source = told<{ t: number }>();
    const batches = stream.over(source as AsyncIterable<never>);
    const first = batches.next();
    await later();
    source.give({ t: now });
    while (stream.stats().events === 0) await later();
    expect(stream.stats().windows).toBe(0);
    now += 10;
    expect((await first).value?.toArray()).toEqual([{ start: now - 10, end: now, n: 1 }]);
    await batches.return();
  }
});

test('an item is a batch of columns if the time, or else the first column of the spec, is an array', async () => {
  const clock = () => 5;
  const window = tumbling(10);
  const keyed = open({ key: 'k', window, aggregates: { s: sum('v') }, clock });
  const columns = { k: ['a', 'b'], v: new Float32Array([1, 2]) };
  expect(await rowsOf(keyed.over([columns, { k: 'a', v: 5 }, [{ k: 'b', v: 7 }]]))).toEqual([
    { start: 0, end: 10, k: 'a', s: 6 },
    { start: 0, end: 10, k: 'b', s: 9 },
  ]);
  const measured = open({ window, aggregates: { s: sum('v') }, clock });
  expect(await rowsOf(measured.over([{ v: new Uint8Array([1, 2]) }, { v: 5 }]))).toEqual([{ start: 0, end: 10, s: 8 }]);
  // This spec names no column, so that every record is an event.
  const counted = open({ window, aggregates: { n: count() }, clock });
  expect(await rowsOf(counted.over([{ tags: ['a', 'b'] }, {}]))).toEqual([{ start: 0, end: 10, n: 2 }]);
  // Arrays in other fields do not make it a batch.
  const timed = open({ time: 't', window, aggregates: { n: count() } });
  expect(await rowsOf(timed.over([{ t: 5, tags: ['a', 'b'] }]))).toEqual([{ start: 0, end: 10, n: 1 }]);
});

test('an error of onLate is thrown, and no event is taken twice and no window lost', async () => {
  for (const error of [new Error('mine'), new OrielError('ERR_ORIEL_COLUMN', 'of another stream')]) {
    const stream = open({
      time: 't',
      window: tumbling(10),
      aggregates: { n: count() },
      onLate: () => {
        throw error;
      },
    });
    expect(await refusal(rowsOf(stream.over(at(1, 12, 5, 23))))).toBe(error);
    expect(stream.stats()).toMatchObject({ events: 4, late: 1 });
    expect([...stream.close()]).toEqual([
      { start: 0, end: 10, n: 1 },
      { start: 10, end: 20, n: 1 },
      { start: 20, end: 30, n: 1 },
    ]);
  }
});

test('over refuses what is no source and invalid options at once', () => {
  const stream = tens();
  for (const source of [undefined, null, 5, 'rows', { t: 5 }, () => undefined]) {
    expect(() => stream.over(source as never)).toThrow(
      'expected an iterable, an async iterable or a ReadableStream of events, got',
    );
  }
  expect(() => stream.over([], { signal: 5 } as never)).toThrow('options.signal: expected an AbortSignal, got 5');
  expect(() => stream.over([], { close: true } as never)).toThrow('no option "close"');
  expect(() => stream.over([], null as never)).toThrow('options');
  stream.close();
  expect(() => stream.over([])).toThrow('closed');
  expect(() => stream.transform()).toThrow('closed');
});

test('a loop whose stream is closed meanwhile throws ERR_ORIEL_CLOSED', async () => {
  const stream = tens();
  const run = async () => {
    for await (const _ of stream.over([...Array(5000).keys()].map((t) => ({ t })))) stream.close();
  };
  await refused('ERR_ORIEL_CLOSED', run(), 'item 4096 of the source', 'closed');
});

describe('transform', () => {
  const written = async (...items: Item<typeof TENS>[]) => {
    const stream = tens();
    const { readable, writable } = stream.transform();
    const writer = writable.getWriter();
    const reader = readable.getReader();
    for (const item of items) writer.write(item as never).catch(() => undefined);
    return { stream, writer, reader };
  };

  test('a transform connects a ReadableStream with a WritableStream', async () => {
    const stream = tens();
    const rows: Row[] = [];
    const sink = new WritableStream<WindowBatch<Row>>({ write: (batch) => void rows.push(...batch) });
    const source = sourceOf('a ReadableStream', [...at(1, 12), at(13, 25)]) as ReadableStream<{ t: number }>;
    await source.pipeThrough(stream.transform()).pipeTo(sink);
    expect(rows.map(({ end, n }) => [end, n])).toEqual([
      [10, 1],
      [20, 2],
      [30, 1],
    ]);
    expect(() => stream.push({ t: 50 })).toThrow('closed');
  });

  test('written items wait until somebody reads windows', async () => {
    for (const [strategy, room] of [
      [undefined, 0],
      [{ highWaterMark: 3 }, 2],
    ] as const) {
      const stream = tens();
      const { writable, readable } = stream.transform(strategy);
      const writer = writable.getWriter();
      expect(writer.desiredSize).toBe(room + 1);
      writer.write({ t: 5 });
      await later();
      expect([writer.desiredSize, stream.stats().events]).toEqual([room, 0]);
      const first = readable.getReader().read();
      await writer.ready;
      await writer.write({ t: 17 });
      expect((await first).value?.toArray()).toEqual([{ start: 0, end: 10, n: 1 }]);
    }
  });

  test('a readable highWaterMark lets windows queue before they are read', async () => {
    const stream = tens();
    const { writable, readable } = stream.transform(undefined, { highWaterMark: 2 });
    const writer = writable.getWriter();
    for (const [i, t] of [1, 12, 25].entries()) {
      await writer.write({ t });
      while (stream.stats().events <= i) await later();
    }
    expect(stream.stats().windows).toBe(2);
    expect((await readable.getReader().read()).value?.toArray()).toMatchObject([{ end: 10 }]);
  });

  test('an invalid event fails both ends, and the stream stays open', async () => {
    const { stream, writer, reader } = await written({ t: 1 }, { t: 12 }, { t: 'x' as never }, { t: 23 });
    expect((await reader.read()).value?.toArray()).toMatchObject([{ end: 10 }]);
    await refused('ERR_ORIEL_TIME', reader.read(), 'item 2 of the source');
    await refused('ERR_ORIEL_TIME', writer.write({ t: 24 }), 'item 2 of the source');
    expect([...stream.close()]).toMatchObject([{ end: 20, n: 1 }]);
  });

  test('aborting the writable fails the reader, and no event taken is lost', async () => {
    const { stream, writer, reader } = await written({ t: 1 }, { t: 12 });
    expect((await reader.read()).value?.toArray()).toMatchObject([{ end: 10 }]);
    const second = reader.read();
    await later();
    await writer.abort('enough');
    expect(await refusal(second)).toBe('enough');
    expect([...stream.close()]).toEqual([{ start: 10, end: 20, n: 1 }]);
  });

  test('cancelling the readable fails the writer, and no event taken is lost', async () => {
    const goes = [() => 1, () => 0] as const;
    for (const isWaiting of [true, false]) {
      const { stream, writer, reader } = await written({ t: 1 }, { t: 12 });
      expect((await reader.read()).value?.toArray()).toMatchObject([{ end: 10 }]);
      const second = isWaiting ? reader.read() : undefined;
      await later();
      const last = isWaiting ? writer.write({ t: 23 }).then(...goes) : 0;
      await reader.cancel('enough');
      expect((await second)?.done).not.toBe(false);
      expect(await refusal(writer.write({ t: 24 }))).toBe('enough');
      expect(sumOf(stream.close())).toBe(1 + (await last));
    }
  });

  test('windows on their way when the readable is cancelled are there at the next take', async () => {
    const stream = open({ ...TENS, key: 'k', aggregates: { n: count(), s: sum('v') } });
    const { readable, writable } = stream.transform();
    const reader = readable.getReader();
    const take = vi.spyOn(stream, 'take');
    const cancelled = new Promise((resolve) => {
      take.mockImplementationOnce(() => {
        take.mockRestore();
        const batch = stream.take();
        resolve(reader.cancel('enough'));
        return batch;
      });
    });
    const read = reader.read();
    writable.getWriter().write([1, 12].map((t) => ({ t, k: 'a', v: t })));
    await cancelled;
    expect((await read).done).toBe(true);
    stream.push({ t: 23, k: 'b', v: 23 });
    const batch = stream.take();
    expect([...batch]).toEqual([
      { start: 0, end: 10, k: 'a', n: 1, s: 1 },
      { start: 10, end: 20, k: 'a', n: 1, s: 12 },
    ]);
    expect(batch.columns.s).toEqual(Float64Array.of(1, 12));
    expect([...stream.close()]).toEqual([{ start: 20, end: 30, k: 'b', n: 1, s: 23 }]);
  });

  test('a readable that nobody ever read from can be cancelled', async () => {
    const stream = tens();
    const { readable, writable } = stream.transform();
    await readable.cancel('enough');
    expect(await refusal(writable.getWriter().closed)).toBe('enough');
    stream.push({ t: 1 });
    expect(sumOf(stream.close())).toBe(1);
  });
});
