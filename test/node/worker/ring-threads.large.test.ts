/** Catches what ring-threads.test.ts catches, over millions of events. */

import { afterAll, expect, test } from 'vitest';
import { countsOf, type Waits, worker } from './ring-threads';

const [first, second] = await Promise.all([worker(), worker()]);
afterAll(() => Promise.all([first.terminate(), second.terminate()]));

test.each<[capacity: number, events: number, producer: Waits, consumer: Waits]>([
  [4096, 2_000_000, 'block', 'block'],
  [65_536, 2_000_000, 'block', 'await'],
])('%i slots, %i events: all arrive in order if the producer waits by %s and the consumer by %s', async (...given) => {
  expect(await countsOf([first, second], ...given)).toEqual([given[1], given[1]]);
});
