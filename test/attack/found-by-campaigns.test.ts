/** Catches the return of faults that the campaigns found: each test is the smallest input that showed it. */

import { describe, expect, test } from 'vitest';
import { count, tumbling, windowed } from '../../bindings';

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
