/** Catches the return of faults that the campaigns found: each test is the smallest input that showed it. */

import { describe, expect, test } from 'vitest';
import { collect, count, increase, rate, tumbling, windowed } from '../../bindings';
import { refused } from '../support/helpers';

describe('a question takes the gathered events before the clock moves time', () => {
  test('to where the silence after them implies', () => {
    let now = 0;
    const clock = () => now;
    using stream = windowed({ time: 't', window: tumbling(100), aggregates: { n: count() }, idle: 10, clock });
    stream.push({ t: 0 });
    stream.flush();
    stream.push({ t: 5 });
    now = 50;
    stream.query();
    expect(stream.stats()).toMatchObject({ late: 0, watermark: 55 });
    expect(stream.close().toArray()).toEqual([{ start: 0, end: 100, n: 2 }]);
  });

  test('when events have the time of the clock', () => {
    let now = 0;
    using stream = windowed({ window: tumbling(10), aggregates: { n: count() }, clock: () => now });
    stream.push({});
    stream.flush();
    now = 5;
    stream.push({});
    now = 25;
    stream.query();
    expect(stream.stats().late).toBe(0);
    expect(stream.close().toArray()).toEqual([{ start: 0, end: 10, n: 2 }]);
  });
});

// What the streams before have left free decides where a stream opens.
test.each([4097, 5000, 6000, 8000])('a stream whose first call, of %i events, was refused reads later ones', (n) => {
  const aggregates = { n: count(), c: collect('v', { limit: 9 }) };
  const spec = { time: 't', key: 'k', window: tumbling(10), aggregates, memory: { maximum: 300_000 } } as const;
  using stream = windowed(spec);
  const t = Array.from({ length: n }, (_, i) => i);
  refused('ERR_ORIEL_MEMORY', () => stream.pushColumns({ t, k: t.map((i) => `key ${i % 3}`), v: t }));
  using other = windowed(spec);
  other.push({ t: 5, k: 'x', v: 1 });
  other.flush();
  stream.push({ t: 100, k: 'a', v: 7 });
  expect(stream.close().toArray()).toEqual([{ start: 100, end: 110, k: 'a', n: 1, c: [7] }]);
  expect(other.close().toArray()).toEqual([{ start: 0, end: 10, k: 'x', n: 1, c: [1] }]);
});

test.each([
  ['a window', () => ({ window: { ...tumbling(10), calendar: () => 1 } as never }), 'window'],
  ['a named window', () => ({ window: { w: { ...tumbling(10), size: 20 } } }), 'window.w'],
  [
    'an aggregate',
    () => ({ aggregates: { s: Object.setPrototypeOf({ ...count() }, Object.getPrototypeOf(count())) } }),
    'aggregates.s',
  ],
])('a copy of %s with other fields is refused', (_, forged, field) => {
  const spec = { time: 't', window: tumbling(10), aggregates: { n: count() } };
  refused('ERR_ORIEL_SPEC', () => windowed({ ...spec, ...forged() } as never), `${field}: expected`, 'got an object');
});

test('options of rate and increase that are no object are refused', () => {
  refused('ERR_ORIEL_SPEC', () => rate('v', null as never), 'rate: options');
  refused('ERR_ORIEL_SPEC', () => increase('v', null as never), 'increase: options');
});
