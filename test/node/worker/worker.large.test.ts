/**
 * Catches what worker.test.ts catches, in windows of one family at a time, with other numbers of workers, and with
 * more events than the rings hold.
 */

import { describe, test } from 'vitest';
import { TRANSPORTS } from './built-worker';
import { expectEveryEventOnce, expectProducersMerged, expectResultsOfOneThread } from './worker-laws';

describe.each(TRANSPORTS)('a stream in a worker, %s', (transport) => {
  test.each(['grid', 'sessions', 'byRows', 'rollings'] as const)(
    'one producer gets the results of one thread from windows of the family %s',
    (family) => expectResultsOfOneThread(family, transport),
  );
});

describe('producers side by side', () => {
  test.each([
    ['shared', 1],
    ['transferred', 3],
  ] as const)(
    '%s, %s workers: events that are late for no producer give the results of one thread',
    (transport, parallelism) => expectProducersMerged(transport, parallelism),
  );
});

test.each([
  ['shared', 1],
  ['shared', 2],
  ['transferred', 1],
] as const)('%s, %s workers get every event once from threads that produce', (transport, parallelism) =>
  expectEveryEventOnce(transport, parallelism, 200_000),
);
