/** Catches what windows-duckdb.test.ts catches, with other gaps and with frames closed otherwise. */

import { describe, test } from 'vitest';
import { expectFramesOfRows, expectFramesOfTime, expectIslands, HOUR, MINUTE } from './windows-duckdb';

test.each([5 * MINUTE, 6 * HOUR])('sessions of flights with pauses up to %d ms are the islands of SQL', expectIslands);

describe.each(['both', 'left', 'none'] as const)('frames closed %s', (closed) => {
  test('frames of three hours are those of RANGE', () => expectFramesOfTime(closed));

  test('frames of a hundred rows are those of ROWS', () => expectFramesOfRows(closed));
});
