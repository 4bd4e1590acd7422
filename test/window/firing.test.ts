/**
 * Catches windows that fire at the wrong moment, in the wrong order, over wrong events or with a wrong pane, by event
 * time and by a clock.
 */

import { describe, expect, test } from 'vitest';
import {
  count,
  cumulative,
  everything,
  hopping,
  punctuated,
  rolling,
  rows,
  session,
  sum,
  tumbling,
  type WindowedStream,
  windowed,
} from '../../bindings';
import { checkLaws } from '../support/check-laws';
import { DOORS, put } from '../support/doors';
import { windowed as loosely, type Row } from '../support/scenarios';
import { lines, type Step, stepped } from '../support/steps';

checkLaws();

describe('emit: { every }', () => {
  //   clock       1    2   3   5          7        10       12
  //   marks                   ↑ 5                  ↑ 10
  //   [0, 10)     1    3   7   early 7    15       on time 31… of [10, 20) at 12 nothing yet
  test('open windows with fresh events fire when the watermark passes a multiple of every', () => {
    const { step, close } = stepped(tumbling(10), { emit: { every: 5 } });
    expect(step(['a', 1, 1], ['a', 2, 2], ['a', 3, 4])).toEqual([]);
    expect(step(['b', 5, 100])).toEqual(['a [0, 10) 7 early 0']);
    expect(step(['a', 7, 8])).toEqual([]);
    expect(step(['a', 10, 16])).toEqual(['a [0, 10) 15 on-time 1!', 'b [0, 10) 100 on-time 0!']);
    expect(step(['a', 12, 32])).toEqual([]);
    expect(close()).toEqual(['a [10, 20) 48 on-time 0!']);
  });

  //   a multiple without fresh events of b: no row          a jump over many multiples: one row
  test('only windows with fresh events fire, and a jump over many multiples fires them once', () => {
    const { step, close } = stepped(tumbling(100), { emit: { every: 5 } });
    expect(step(['a', 1, 1], ['b', 2, 2], 6)).toEqual(['a [0, 100) 1 early 0', 'b [0, 100) 2 early 0']);
    expect(step(11)).toEqual([]);
    expect(step(['a', 12, 4], 63)).toEqual(['a [0, 100) 5 early 1']);
    expect(step(64.9, 99)).toEqual([]);
    expect(close()).toEqual(['a [0, 100) 5 on-time 2!', 'b [0, 100) 2 on-time 1!']);
  });

  //   accumulate: false           1, 2 │ 4 │ nothing │ 8        each firing has the events since the one before
  test('without accumulating each row holds fresh events only, and without any nothing fires on time either', () => {
    const { step, close } = stepped(tumbling(100), { emit: { every: 5 }, accumulate: false });
    expect(step(['a', 1, 1], ['b', 2, 2], 6)).toEqual(['a [0, 100) 1 early 0', 'b [0, 100) 2 early 0']);
    expect(step(['a', 7, 4], 11)).toEqual(['a [0, 100) 4 early 1']);
    expect(step(16, ['a', 17, 8])).toEqual([]);
    expect(close()).toEqual(['a [0, 100) 8 on-time 2!']);
  });

  //   the event at 10 moves the clock to 10: [0, 10) is complete and fires before anything fires early
  test('complete windows fire on time before others fire early by the same event', () => {
    const { step } = stepped(hopping(10, 5), { emit: { every: 10 } });
    expect(step(['a', 6, 1], ['a', 10, 2])).toEqual(['a [0, 10) 1 on-time 0!', 'a [5, 15) 1 early 0']);
  });

  test('the multiples of every go on below 0', () => {
    const { step } = stepped(tumbling(100), { emit: { every: 10 } });
    expect(step(['a', -25, 1], ['a', -21, 2])).toEqual([]);
    expect(step(['a', -20, 4])).toEqual(['a [-100, 0) 3 early 0']);
    expect(step(['a', -1, 8])).toEqual(['a [-100, 0) 7 early 1']);
  });

  //   lateness 20, [0, 10):   early at 5, on time at 10, late at once
  test('the rows of a window are early, on time and late, counted from 0, and the last possible one is final', () => {
    for (const accumulate of [true, false]) {
      const { step, close } = stepped(tumbling(10), { emit: { every: 5 }, allowedLateness: 20, accumulate });
      const total = (all: number, fresh: number) => (accumulate ? all : fresh);
      expect(step(['a', 1, 1], ['a', 6, 2])).toEqual(['a [0, 10) 1 early 0']);
      expect(step(['a', 10, 64])).toEqual([`a [0, 10) ${total(3, 2)} on-time 1`]);
      expect(step(['a', 3, 4])).toEqual([`a [0, 10) ${total(7, 4)} late 2`]);
      expect(step(['b', 3, 8])).toEqual(['b [0, 10) 8 late 0']);
      expect(step(29)).toEqual([`a [10, 20) 64 on-time 0`]);
      expect(step(30)).toEqual([]);
      expect(close()).toEqual([]);
    }
  });
});

describe('emit: { when }', () => {
  //   v   1   2   5!  4   9!  1       ! fires its key
  test('an event for which when is true fires the windows of its key that took it, and no others', () => {
    const { step, close } = stepped(hopping(10, 5), { emit: { when: ({ v }: Row) => (v as number) >= 5 } });
    expect(step(['a', 6, 1], ['b', 6, 2])).toEqual([]);
    expect(step(['a', 7, 5])).toEqual(['a [0, 10) 6 early 0', 'a [5, 15) 6 early 0']);
    expect(step(['a', 8, 4])).toEqual([]);
    expect(step(['b', 11, 9])).toEqual([
      'a [0, 10) 10 on-time 1!',
      'b [0, 10) 2 on-time 0!',
      'b [5, 15) 11 early 0',
      'b [10, 20) 9 early 0',
    ]);
    expect(close()).toEqual(['a [5, 15) 10 on-time 1!', 'b [5, 15) 11 on-time 1!', 'b [10, 20) 9 on-time 1!']);
  });

  //   late, skipped and future events fire nothing
  test('an event that no window takes fires nothing', () => {
    const { step, late } = stepped(hopping(5, 10), { emit: { when: () => true }, maxFutureSkew: 50 });
    expect(step(['a', 22, 1])).toEqual(['a [20, 25) 1 early 0']);
    expect(step(['a', 3, 2], ['a', 17, 4], ['a', 100, 8])).toEqual([]);
    expect(late).toEqual(['a 3']);
  });

  test('when receives the event itself from push and pushRows, and one made of the columns from pushColumns', () => {
    const seen: unknown[] = [];
    const spec = {
      time: 't',
      key: 'k',
      window: everything(),
      aggregates: { s: sum('v') },
      emit: {
        when: (event: Row) => {
          seen.push({ ...event });
          return event.note === 'now';
        },
      },
    };
    using stream = loosely(spec);
    stream.push({ t: 1, k: 'a', v: 1, note: 'now' });
    stream.pushRows([
      { t: 2, k: 'a', v: 2, note: 'later' },
      { t: 3, k: 'b', v: 4, note: 'now' },
    ]);
    stream.pushColumns({ t: [4, 5], k: ['a', 'b'], v: [8, null], note: ['now', 'later'] });
    expect(lines(stream.take())).toEqual([
      'a [-Infinity, Infinity) 1 early 0',
      'b [-Infinity, Infinity) 4 early 0',
      'a [-Infinity, Infinity) 11 early 1',
    ]);
    expect(seen.slice(0, 3)).toEqual([
      { t: 1, k: 'a', v: 1, note: 'now' },
      { t: 2, k: 'a', v: 2, note: 'later' },
      { t: 3, k: 'b', v: 4, note: 'now' },
    ]);
    expect(seen.slice(3)).toMatchObject([
      { t: 4, k: 'a', v: 8, note: 'now' },
      { t: 5, k: 'b', note: 'later' },
    ]);
  });

  test('every and when together fire on both occasions', () => {
    const { step } = stepped(tumbling(100), { emit: { every: 10, when: ({ v }: Row) => v === 9 } });
    expect(step(['a', 1, 1], ['a', 2, 9])).toEqual(['a [0, 100) 10 early 0']);
    expect(step(['a', 3, 1], ['b', 10, 9])).toEqual(['a [0, 100) 11 early 1', 'b [0, 100) 9 early 0']);
  });

  //   the third of four events throws: every door refuses its call whole
  test('an error that when throws leaves the call, and the stream takes nothing of that call', () => {
    const make = () =>
      loosely({
        time: 't',
        key: 'k',
        window: { all: everything(), last: punctuated(throwing) },
        aggregates: { s: sum('v') },
        emit: { when: throwing },
      });
    const throwing = ({ v }: Row) => {
      if (v === 13) throw new RangeError('unlucky');
      return false;
    };
    using stream = make();
    stream.push({ t: 1, k: 1, v: 1 });
    const events = [2, 3, 4, 5].map((t) => ({ t, k: 1, v: t === 4 ? 13 : 2 }));
    for (const door of DOORS) {
      // Single events are separate calls, of which the first would be taken.
      const pushed = door === 'push' ? [{ t: 2, k: 1, v: 13 }] : events;
      expect(() => put(stream, pushed, door)).toThrow(RangeError);
    }
    expect(stream.stats()).toMatchObject({ events: 1, watermark: 1 });
    stream.push({ t: 2, k: 1, v: 4 });
    expect(stream.query(1)).toMatchObject({ all: { s: 5 }, last: { s: 5, start: 1, end: 2 } });
    expect([...stream.close()].map(({ s }) => s)).toEqual([5, 5]);
  });
});

describe('windows by number of events', () => {
  //   a   1   2   3!  │ 4   5!  │ 6       ! is the last of its window
  //   b     1   2           3
  test('a punctuated window ends with the event that its predicate selects', () => {
    const { step, close } = stepped(punctuated(({ v }: Row) => v === 9));
    expect(step(['a', 1], ['b', 2], ['a', 3], ['b', 4], ['a', 2, 9])).toEqual(['a [1, 3) 11']);
    expect(step(['a', 7, 9])).toEqual(['a [7, 7) 9']);
    expect(step(['a', 5], ['b', 1])).toEqual([]);
    expect(close()).toEqual(['b [1, 4) 3', 'a [5, 5) 1']);
  });

  test('a punctuated window fires early, and on time when it ends', () => {
    const { step, close } = stepped(
      punctuated(({ v }: Row) => v === 9),
      { emit: { every: 10 } },
    );
    expect(step(['a', 1], ['a', 2], 10)).toEqual(['a [1, 2) 2 early 0']);
    expect(step(['a', 11, 9])).toEqual(['a [1, 11) 11 on-time 1!']);
    expect(step(['a', 12])).toEqual([]);
    expect(close()).toEqual(['a [12, 12) 1 on-time 0!']);
  });

  //   a   5 1 3 │ 9 2 7 │ 4        bounds are the least and the greatest time, and no event is late
  test('a window of rows(n) ends with its last event, in order of arrival', () => {
    const { step, close, late } = stepped(tumbling(rows(3)));
    expect(step(['a', 5, 1], ['a', 1, 2], ['b', 0, 99], ['a', 3, 4])).toEqual(['a [1, 5) 7']);
    expect(step(['a', 9, 8], ['a', 2, 16], ['a', 7, 32])).toEqual(['a [2, 9) 56']);
    step(['a', 4, 64]);
    expect(close()).toEqual(['b [0, 0) 99', 'a [4, 4) 64']);
    expect(late).toEqual([]);
  });

  //   number   0 1 2 3 4 5 6       size 3 every 2:  012  234  456,  and 6 at the end
  //                               size 2 every 3:  01  34  6, and 2 and 5 skipped
  test('hopping windows of rows overlap or leave gaps', () => {
    const seven = Array.from({ length: 7 }, (_, i): Step => ['a', i, 2 ** i]);
    const over = stepped(hopping(rows(3), rows(2)));
    expect(over.step(...seven)).toEqual(['a [0, 2) 7', 'a [2, 4) 28', 'a [4, 6) 112']);
    expect(over.close()).toEqual(['a [6, 6) 64']);
    const apart = stepped(hopping(rows(2), rows(3)));
    expect(apart.step(...seven)).toEqual(['a [0, 1) 3', 'a [3, 4) 24']);
    expect(apart.stream.stats()).toMatchObject({ late: 0, skipped: 2 });
    expect(apart.close()).toEqual(['a [6, 6) 64']);
  });

  test('everything() fires early, and on time when the stream ends', () => {
    const { step, close, late } = stepped(everything(), { emit: { every: 10 } });
    expect(step(['a', 5, 1], ['a', 25, 2])).toEqual(['a [-Infinity, Infinity) 1 early 0']);
    expect(step(['a', -1000, 4], 30)).toEqual(['a [-Infinity, Infinity) 7 early 1']);
    expect(close()).toEqual(['a [-Infinity, Infinity) 7 on-time 2!']);
    expect(late).toEqual([]);
  });
});

describe('cumulative windows', () => {
  //   [0, 3)  [0, 6)  [0, 9)   [9, 12)  [9, 15)  [9, 18)
  test('they end one step after the other', () => {
    const { step, close } = stepped(cumulative(9, 3));
    expect(step(['a', 1, 1], ['a', 4, 2])).toEqual(['a [0, 3) 1']);
    expect(step(['a', 8, 4])).toEqual(['a [0, 6) 3']);
    expect(step(['a', 9, 8])).toEqual(['a [0, 9) 7']);
    expect(close()).toEqual(['a [9, 12) 8', 'a [9, 15) 8', 'a [9, 18) 8']);
  });

  test('an offset moves their periods', () => {
    const { step, close } = stepped(cumulative(4, 2, { offset: 1 }));
    step(['a', 0, 1], ['a', 1, 2]);
    expect(close()).toEqual(['a [1, 3) 2', 'a [1, 5) 2']);
  });
});

//   phases of one push:   on time by the watermark │ early by `every` │ windows the event fills or amends │ by `when`
test('the rows of several windows come in phases, and within a phase by end, start, place and key', () => {
  const { step } = stepped(
    { roll: rolling(rows(2)), ten: tumbling(10), visit: session(4), pair: tumbling(rows(2)), hop: hopping(10, 5) },
    { emit: { every: 10, when: ({ v }: Row) => v === 9 } },
  );
  const firings = (given: string[]) => given.map((line) => line.replace(/ [\d.]+ (early|on-time)/, ' $1'));
  expect(firings(step(['b', 1], ['a', 2]))).toEqual(['roll b at 1 on-time 0!', 'roll a at 2 on-time 0!']);
  expect(firings(step(['b', 11, 9]))).toEqual([
    'hop b [-5, 5) on-time 0!',
    'hop a [-5, 5) on-time 0!',
    'visit b [1, 5) on-time 0!',
    'visit a [2, 6) on-time 0!',
    'ten b [0, 10) on-time 0!',
    'ten a [0, 10) on-time 0!',
    'hop b [0, 10) on-time 0!',
    'hop a [0, 10) on-time 0!',
    'pair b [1, 1) early 0',
    'pair a [2, 2) early 0',
    'pair b [1, 11) on-time 1!',
    'roll b at 11 on-time 0!',
    'hop b [5, 15) early 0',
    'visit b [11, 15) early 0',
    'ten b [10, 20) early 0',
    'hop b [10, 20) early 0',
  ]);
});

describe('processing time and idle streams', () => {
  const WINDOWS = { ten: tumbling(10), visit: session(5) };

  //   clock   3   4   12         events have no time of their own
  test('events without a time happen when they are pushed, by every door', () => {
    let now = 3;
    using stream = windowed({
      key: 'k',
      window: tumbling(10),
      aggregates: { s: sum('v') },
      clock: () => now,
    }) as unknown as WindowedStream & { push(event: object): void };
    const take = () => lines(stream.take() as Iterable<Row>);
    stream.push({ k: 1, v: 1 });
    stream.pushRows([{ k: 1, v: 2 }] as never);
    now = 4;
    put(
      stream,
      [
        { k: 1, v: 4 },
        { k: 1, v: 8 },
      ],
      'columns',
    );
    put(
      stream,
      [
        { k: 1, v: 16 },
        { k: 1, v: 32 },
      ],
      'claim',
    );
    put(
      stream,
      [
        { k: 1, v: 128 },
        { k: 1, v: 256 },
      ],
      'typed',
    );
    expect(take()).toEqual([]);
    expect(stream.stats()).toMatchObject({ events: 8, watermark: 4 });
    now = 9.5;
    expect(take()).toEqual([]);
    now = 10;
    expect(take()).toEqual(['1 [0, 10) 447']);
    now = 12;
    stream.push({ k: 1, v: 64 });
    now = 13;
    expect(stream.query(1 as never)).toEqual({ start: 10, end: 20, s: 64 });
    now = 20;
    expect(stream.query(1 as never)).toEqual({ start: 20, end: 30, s: NaN });
    expect(stream.stats().watermark).toBe(20);
    expect(take()).toEqual(['1 [10, 20) 64']);
    stream.close();
  });

  test('a clock that goes back counts as standing still, so no event is late', () => {
    let now = 25;
    using stream = windowed({ window: tumbling(10), aggregates: { n: count() }, clock: () => now });
    stream.push({});
    now = 5;
    stream.push({});
    expect(stream.stats()).toMatchObject({ watermark: 25, late: 0 });
    now = NaN;
    expect(() => stream.push({})).toThrow('clock');
    expect(() => stream.take()).toThrow('clock');
    now = 26;
    expect(stream.close().toArray()).toEqual([{ start: 20, end: 30, n: 2 }]);
  });

  //   event time 100 at clock 5000;  at clock 5060 as much as 60 has gone by in silence: watermark 160 - 10
  test('take, stats and query move an idle stream on by the clock', () => {
    for (const ask of ['take', 'stats', 'query'] as const) {
      let now = 5000;
      const { stream, step } = stepped(WINDOWS, { idle: 50, outOfOrder: 10, clock: () => now });
      expect(step(['a', 100])).toEqual([]);
      now = 5049;
      expect(stream.stats().watermark).toBe(90);
      now = 5060;
      if (ask === 'take') expect(lines(stream.take())).toHaveLength(2);
      if (ask === 'stats') expect(stream.stats().watermark).toBe(150);
      if (ask === 'query') expect(stream.query('a')).toMatchObject({ ten: { s: NaN }, visit: { s: NaN } });
      expect(stream.stats().watermark).toBe(150);
      now = 5030;
      expect(stream.stats().watermark).toBe(150);
    }
  });

  test.each(DOORS)('silence counts from the last event that came by %s', (door) => {
    let now = 0;
    const { stream } = stepped(tumbling(10), { idle: 50, clock: () => now });
    const watermark = () => stream.stats().watermark;
    expect(watermark()).toBe(-Infinity);
    for (let i = 0; i < 3; i++) {
      now = i * 1000;
      put(stream, [{ t: i * 100, k: 1, v: 1 }], door);
      now += 49;
      expect([i, watermark()]).toEqual([i, i * 100]);
      now += 3;
      expect([i, watermark()]).toEqual([i, i * 100 + 52]);
    }
  });

  test('a claim has no column of times if the spec has no time', () => {
    using stream = loosely({ key: 'k', window: tumbling(10), aggregates: { s: sum('v') } });
    expect(Object.keys(stream.claim(2)).sort()).toEqual(['k', 'v']);
  });
});
