/**
 * Catches loops that never end, at edges beyond exact times and in calls within calls. Each case runs in a process,
 * which can be killed.
 */

import { expect, test } from 'vitest';
import { hopping, rows } from '../../../bindings';
import { windowsAt } from '../../support/helpers';
import { type Counted, expectEnd, expectLatePushed, type FarCase, far, run } from './terminates';

//   2^53 - 1   2^53   2^53 + 2      2^53 + 1 has no double, so an edge there cannot move on by 1
test.concurrent.each<FarCase>([
  ['at -2^53 and 2^53, size 1', ['tumbling', 1], [-far, far], 0],
  ['at -2^53 with a disorder of 2^53', ['hopping', 7, 5], [-far], far],
  ['at 2^53 with a gap of 2^53', ['session', far], [-far, 0, far], 0],
  ['at -2^53 and 2^53, a frame of 2^53', ['rolling', far, { closed: 'both' }], [-far, 0, far], far],
  ['at -2^53 and 2^53, windows of rows', ['tumbling', rows(2)], [-far, far, 0], 0],
])('a stream with an event %s ends and counts the event', (_, window, times, outOfOrder) =>
  expectEnd(window, times, outOfOrder),
);

test.concurrent('a disorder of 2^53 changes no result', async () => {
  const times = [-20, 0, 3.25, 1, 100];
  const results = (await run('windows', ['hopping', 7.5, 2.5], times, far, 'final')) as Counted[];
  const wanted = times.flatMap((t) => windowsAt(hopping(7.5, 2.5), t)).length;
  expect(results.reduce((total, [, , n]) => total + n, 0)).toBe(wanted);
});

test.concurrent.each(['pushColumns', 'close'])(
  'an event that onLate pushes into its own stream is never lost when %s brought the late event',
  (input) => expectLatePushed(input),
);
