/**
 * Catches an early firing that looks at what has changed since the last mark, and misses a key, gives one twice, or
 * gives them in another order: that in which keys came alive.
 */

import { describe, expect, test } from 'vitest';
import {
  count,
  everything,
  hopping,
  type Spec,
  sum,
  tumbling,
  type Window,
  type WindowedStream,
  windowed,
} from '../../bindings';
import { checkLaws } from '../support/check-laws';

checkLaws();

const KEYS = 200;

interface Event {
  t: number;
  k: string;
  v: number;
}

/** The results that events give, as keys and counts, at each mark: a list for each. */
function marksOf(window: Window, emit: object, events: Event[], accumulate: boolean): string[][] {
  const aggregates = { n: count(), s: sum('v') };
  using stream = windowed({
    time: 't',
    key: 'k',
    window,
    aggregates,
    emit,
    accumulate,
  } as never as Spec) as unknown as WindowedStream;
  return events.map((event) => {
    stream.push(event as never);
    return (stream.take().toArray() as unknown as { k: string; n: number }[]).map(({ k, n }) => `${k}: ${n}`);
  });
}

/** All keys in descending order, then those of `changed` each once, then one event behind the next mark. */
function eventsOf(changed: number[]): Event[] {
  const first = Array.from({ length: KEYS }, (_, i) => ({ t: 1, k: `k${KEYS - 1 - i}`, v: 1 }));
  const second = changed.map((i) => ({ t: 11, k: `k${i}`, v: 1 }));
  return [...first, { t: 11, k: 'k0', v: 1 }, ...second, { t: 21, k: 'k0', v: 1 }];
}

const WINDOWS: [string, Window][] = [
  ['tumbling windows', tumbling(1000)],
  ['everything()', everything()],
];

//   t        1                11                 21
//   events   all keys, down   k0, some keys up   k0
//   mark                      all                k0 and some, down
describe.each(WINDOWS)('%s', (_, window) => {
  test.each([
    ['few', [3, 5, 9]],
    ['as many as are listed', Array.from({ length: 30 }, (_, i) => i * 3 + 1)],
    ['half of all', Array.from({ length: 100 }, (_, i) => i * 2 + 1)],
    ['one, often', [7, 7, 7]],
  ])('a mark gives the keys that have changed: %s', (_what, changed) => {
    for (const accumulate of [true, false]) {
      const results = marksOf(window, { every: 10 }, eventsOf(changed), accumulate);
      expect(results.flat()).toHaveLength(KEYS + 1 + new Set(changed).size);
      const down = [...new Set(changed)].sort((a, b) => b - a);
      const n = (i: number) => changed.filter((other) => other === i).length + (accumulate ? 1 : 0);
      const last = results.at(-1);
      expect(last).toEqual([...down.map((i) => `k${i}: ${n(i)}`), `k0: ${accumulate ? 2 : 1}`]);
    }
  });
});

//   k4 fires by itself where v is 1, so the mark finds it twice among the keys that have changed
test('a key that has fired since the last mark and changed again is given once', () => {
  const changed = [4, 4, 4, 8, 8];
  const events = eventsOf(changed);
  const when = ({ t, k, v }: Event) => t === 11 && k === 'k4' && v === 1;
  const third = events[KEYS + 3] as Event;
  expect(third.k).toBe('k4');
  third.v = 2;
  const results = marksOf(tumbling(1000), { every: 10, when }, events, true);
  expect(results.slice(KEYS + 1, -1)).toEqual([['k4: 2'], ['k4: 3'], [], [], []]);
  expect(results.at(-1)).toEqual(['k8: 3', 'k4: 4', 'k0: 2']);
});

//   windows of 20 every 10: each event lies in two, and each window has changes of its own
test('each of several open windows gives what has changed in it', () => {
  const events = [
    { t: 12, k: 'a', v: 1 },
    { t: 13, k: 'b', v: 1 },
    { t: 16, k: 'b', v: 1 },
    { t: 21, k: 'c', v: 1 },
  ];
  const results = marksOf(hopping(20, 10), { every: 5 }, events, true);
  expect(results).toEqual([[], [], ['a: 1', 'b: 1', 'a: 1', 'b: 1'], ['a: 1', 'b: 2', 'b: 2']]);
});
