/** Catches windows that differ from those that SQL has by other names: gaps and islands, running totals and frames. */

import { test } from 'vitest';
import { expectDaySoFar, expectFramesOfRows, expectFramesOfTime, expectIslands, HOUR } from './windows-duckdb';

test('sessions of flights with pauses up to an hour are the islands of SQL', () => expectIslands(HOUR));

test('the day so far, every six hours, is what SQL joins with the hours of the day', expectDaySoFar);

test('frames of three hours, closed right, are those of RANGE', () => expectFramesOfTime('right'));

test('frames of a hundred rows, closed right, are those of ROWS', () => expectFramesOfRows('right'));
