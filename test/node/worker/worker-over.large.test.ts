/** Catches what worker-over.test.ts catches, with other numbers of workers and with more events. */

import { test } from 'vitest';
import { TRANSPORTS } from './built-worker';
import { expectEventsWait, expectResultsFirst, expectSourcesAsOnOneThread, KEYLESS, SPEC } from './worker-over-laws';

test.each([
  ['shared', 2, 'with', SPEC],
  ['shared', 2, 'without', KEYLESS],
  ['transferred', 1, 'with', SPEC],
] as const)(
  'events, arrays and columns give the results of one thread, %s, %d workers, %s keys',
  (transport, parallelism, _, spec) => expectSourcesAsOnOneThread(transport, parallelism, spec),
);

test.each(TRANSPORTS)('more events than the ring holds wait for room, %s', (transport) =>
  expectEventsWait(transport, 200_000),
);

test('results that leave no memory for events are given first, transferred', () => expectResultsFirst('transferred'));
