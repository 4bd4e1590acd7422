/** Catches what worker-failures.test.ts catches, by the other transport, with more workers and with more strings. */

import { describe, test, vi } from 'vitest';
import { TRANSPORTS } from './built-worker';
import {
  expectFullCloseLosesNothing,
  expectFullTold,
  expectFullUntilTaken,
  expectKeysSpread,
  expectProcessEnds,
  expectStringsKeptApart,
  KEY_COLUMNS,
  PROGRAMS,
} from './worker-failures';

vi.setConfig({ testTimeout: 60_000 });

test.each(PROGRAMS.slice(0, -1))('a process ends by itself with a stream %s, transferred', (_, statements) =>
  expectProcessEnds('transferred', statements),
);

describe('full memory', () => {
  test('events are refused until results are taken, and none is lost or counted twice, transferred', () =>
    expectFullUntilTaken('transferred'));

  test('threads that wait for room are told, shared', () => expectFullTold('shared'));

  test('close() loses no event of the other workers when one is full, transferred', () =>
    expectFullCloseLosesNothing('transferred'));
});

test.each(TRANSPORTS)('more different strings than there are numbers for are kept apart, %s', (transport) =>
  expectStringsKeptApart(transport, 300_000),
);

describe.each([
  ['transferred', 2],
  ['shared', 5],
  ['transferred', 5],
] as const)('keys spread over workers, %s, %d of them', (transport, parallelism) => {
  test.each(KEY_COLUMNS)('each is known to one worker alone: %s', (_, key, columns) =>
    expectKeysSpread(transport, parallelism, key, columns),
  );
});
