/**
 * Catches single queries with a wrong answer, queries that accept a wrong key or time, and queries that change the
 * stream. Random queries are in query.test.ts.
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
  windowed,
} from '../../bindings';
import { refused } from '../support/helpers';
import { windowed as loosely, type Row } from '../support/scenarios';
import { stepped } from '../support/steps';

const WINDOWS = {
  ten: tumbling(10),
  hop: hopping(10, 5),
  apart: hopping(2, 10),
  grow: cumulative(10, 5),
  all: everything(),
  visit: session(5),
  short: session(5, { max: 7 }),
  frame: rolling(5),
  three: rolling(rows(3)),
  pair: tumbling(rows(2)),
  pairs: hopping(rows(2), rows(3)),
  until: punctuated(() => false),
};

//   a   1   4   12   13      at 13:  [10, 20)  [5, 15)  none  [10, 15) …
test('each window answers with what it holds of the key at the newest time', () => {
  const { stream } = stepped(WINDOWS);
  for (const [t, v] of [
    [1, 1],
    [4, 2],
    [12, 4],
    [13, 8],
  ])
    stream.push({ t, k: 'a', v });
  expect(stream.query('a')).toEqual({
    ten: { start: 10, end: 20, s: 12 },
    hop: { start: 5, end: 15, s: 12 },
    apart: { start: NaN, end: NaN, s: NaN },
    grow: { start: 10, end: 15, s: 12 },
    all: { start: -Infinity, end: Infinity, s: 15 },
    visit: { start: 12, end: 18, s: 12 },
    short: { start: 12, end: 17, s: 4 },
    frame: { start: 8, end: 13, s: 12 },
    three: { start: NaN, end: 13, s: 14 },
    pair: { start: NaN, end: NaN, s: NaN },
    pairs: { start: 13, end: 13, s: 8 },
    until: { start: 1, end: 13, s: 15 },
  });
  expect(Object.keys(stream.query('a'))).toEqual(Object.keys(WINDOWS));
});

test('a query for a later time answers as if no event came until then, one for an earlier time as now', () => {
  const { stream } = stepped({ ten: tumbling(10), visit: session(5), frame: rolling(5) });
  stream.push({ t: 12, k: 'a', v: 1 });
  stream.push({ t: 14, k: 'a', v: 2 });
  const { milliseconds, ...before } = stream.stats();
  expect(stream.query('a', 18)).toEqual({
    ten: { start: 10, end: 20, s: 3 },
    visit: { start: 12, end: 19, s: 3 },
    frame: { start: 13, end: 18, s: 2 },
  });
  expect(stream.query('a', 19)).toMatchObject({ ten: { s: 3 }, visit: { start: NaN, s: NaN }, frame: { s: NaN } });
  expect(stream.query('a', 20)).toMatchObject({ ten: { start: 20, end: 30, s: NaN } });
  expect(stream.query('a', 3)).toEqual(stream.query('a'));
  expect(stream.stats()).toMatchObject(before);
});

test('a query for an unknown key, or before any event, answers counts of 0', () => {
  using stream = loosely({
    time: 't',
    key: 'k',
    window: WINDOWS,
    aggregates: { n: count(), c: count('v'), s: sum('v') },
  });
  const answers = Object.values(stream.query('a')) as Row[];
  expect(answers).toHaveLength(Object.keys(WINDOWS).length);
  for (const answer of answers) expect(answer).toEqual({ start: NaN, end: NaN, n: 0, c: 0, s: NaN });
  stream.push({ t: 1, k: 'b', v: 1 });
  const { liveKeys, bytes } = stream.stats();
  for (let i = 0; i < 1000; i++) {
    const others = Object.values(stream.query(`key ${i}`)) as Row[];
    expect(others).toHaveLength(answers.length);
    for (const answer of others) {
      expect(answer).toMatchObject({ n: 0, c: 0, s: NaN });
    }
  }
  expect(stream.stats()).toMatchObject({ liveKeys, bytes });
});

describe('a query by key', () => {
  test.each<[kind: string, key: unknown, other: unknown, ...never: unknown[]]>([
    ['strings', 'a', 'b', 'c', '', 1, 1n],
    ['numbers', 1, -0.5, 2, '1', 1n],
    ['bigints', 1n, -(2n ** 63n), 2n, 1, '1'],
  ])('finds keys that are %s, and no others', (_, key, other, ...never) => {
    const { stream } = stepped(tumbling(10));
    stream.push({ t: 1, k: key, v: 1 });
    stream.push({ t: 2, k: other, v: 2 });
    expect(stream.query(key).s).toBe(1);
    expect(stream.query(other).s).toBe(2);
    for (const one of never) {
      let s: unknown = NaN;
      try {
        s = stream.query(one).s;
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_ORIEL_COLUMN' });
      }
      expect([one, s]).toEqual([one, NaN]);
    }
    stream.push({ t: 3, k: key, v: 4 });
    expect(stream.query(key).s).toBe(5);
  });

  test('takes -0 for 0 and all NaN for one key', () => {
    const { stream } = stepped(tumbling(10));
    stream.push({ t: 1, k: 0, v: 1 });
    stream.push({ t: 1, k: NaN, v: 2 });
    expect([stream.query(-0).s, stream.query(NaN).s]).toEqual([1, 2]);
  });

  test('finds a compound key by all its columns', () => {
    const { stream } = stepped(tumbling(10), { key: ['k', 'l', 'm'] });
    stream.push({ t: 1, k: 'a', l: 1, m: 5n, v: 1 });
    stream.push({ t: 1, k: 'a', l: 2, m: 5n, v: 2 });
    stream.push({ t: 1, k: 'b', l: 1, m: 6n, v: 4 });
    expect(stream.query(['a', 1, 5n]).s).toBe(1);
    expect(stream.query(['a', 2, 5n]).s).toBe(2);
    expect(stream.query(['b', 1, 6n]).s).toBe(4);
    for (const parts of [
      ['b', 1, 5n],
      ['b', 2, 6n],
      ['c', 1, 5n],
    ])
      expect(stream.query(parts).s).toBe(NaN);
  });

  test('refuses a key that does not fit the spec, and changes nothing', () => {
    using none = windowed({ time: 't', window: tumbling(10), aggregates: { n: count() } });
    refused('ERR_ORIEL_COLUMN', () => none.query('a' as never), 'query', '"a"', 'no key');
    using one = windowed({ time: 't', key: 'k', window: tumbling(10), aggregates: { n: count() } });
    for (const key of [undefined, null, true, {}, ['a']]) refused('ERR_ORIEL_COLUMN', () => one.query(key as never));
    one.push({ t: 1, k: 'a' });
    expect(one.close().length).toBe(1);
    using two = windowed({ time: 't', key: ['a', 'b'], window: tumbling(10), aggregates: { n: count() } });
    for (const key of ['a', ['a'], ['a', 'b', 'c'], undefined]) {
      refused('ERR_ORIEL_COLUMN', () => two.query(key as never), '"a"', '"b"');
    }
  });
});

test('a query is refused if its time is not a time or the stream is closed', () => {
  const { stream } = stepped(tumbling(10));
  for (const at of [NaN, Infinity, '5', 2 ** 54])
    refused('ERR_ORIEL_TIME', () => stream.query('a', at as number), String(at));
  stream.close();
  refused('ERR_ORIEL_CLOSED', () => stream.query('a'));
  stream[Symbol.dispose]();
  refused('ERR_ORIEL_CLOSED', () => stream.query('a'));
});

test('an answer includes single events that were gathered, and onLate hears of late ones', () => {
  const { stream, late } = stepped(tumbling(10));
  stream.push({ t: 25, k: 'a', v: 1 });
  stream.push({ t: 26, k: 'a', v: 2 });
  stream.push({ t: 3, k: 'a', v: 4 });
  expect(stream.query('a').s).toBe(3);
  expect(late).toEqual(['a 3']);
});

//   the work for an answer grows with the logarithm of the frame
test('queries about a frame of thousands of events are fast, right and change no row', () => {
  const given = [false, true].map((asks) => {
    const { stream } = stepped(rolling(4000), { outOfOrder: 20 });
    for (let t = 0; t < 20_000; t++) {
      stream.push({ t: t - (t % 3), k: 'a', v: t % 10 });
      if (asks && t % 7 === 0) {
        const s = stream.query('a').s as number;
        if (t > 5000 && !(s > 17_500 && s < 18_500)) expect({ t, s }).toEqual({ t });
      }
    }
    const all = [...stream.close()];
    return all;
  });
  expect(given[0]).toHaveLength(20_000);
  expect(given[1]).toEqual(given[0]);
});
