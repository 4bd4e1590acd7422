/** Catches what terminates.test.ts catches, in every window and with every input. */

import { test } from 'vitest';
import { rows } from '../../../bindings';
import { type Counted, expectEnd, expectLatePushed, expectRowsWithEvents, type FarCase, far, run } from './terminates';

//   2^53 - 1   2^53   2^53 + 2      2^53 + 1 has no double, so an edge there cannot move on by 1
test.concurrent.each<FarCase>([
  ['at 2^53, size 1', ['tumbling', 1], [far], 0],
  ['at -2^53, size 1', ['tumbling', 1], [-far], 0],
  ['at 2^53, size 1.5', ['tumbling', 1.5], [far], 0],
  ['at -2^53, hops of 3 every 1', ['hopping', 3, 1], [-far], 0],
  ['at 2^53, hops of 3 every 1', ['hopping', 3, 1], [far], 0],
  ['at 2^53 with a size of 2^53', ['tumbling', far], [-far, 0, far], 0],
  ['at 2^53 with an offset', ['tumbling', 3, { offset: 0.5 }], [far], 0],
  ['at -1 with a disorder of 2^53', ['tumbling', 1], [-1], far],
  ['at 0.5 with a disorder of 2^53 and a fractional size', ['tumbling', 0.5], [0.5], far],
  ['at -2^53 and 2^53, three growing by 1', ['cumulative', 3, 1], [-far, far], 0],
  ['at -2^53 and 2^53, all time', ['everything'], [-far, far], 0],
  ['at -2^53 and 2^53, sessions', ['session', 1], [-far, far], 0],
  ['at -2^53 and 2^53, sessions of 5 at most', ['session', 1, { max: 5 }], [-far, far, far], 0],
  ['at -2^53 and 2^53, sessions of two rows at most', ['session', 1, { max: rows(2) }], [-far, far, far], 0],
  ['at -2^53 and 2^53, a frame of 2', ['rolling', 2], [-far, far], 0],
  ['at -2^53 and 2^53, frames of rows', ['rolling', rows(1)], [-far, far], 0],
])('a stream with an event %s ends and counts the event', (_, window, times, outOfOrder) =>
  expectEnd(window, times, outOfOrder),
);

// The start of the hop before -2^53 has no double and is rounded to it.
test.concurrent('hops with time between them give no window without events at -2^53', async () => {
  for (const emit of ['final', 'updates', { every: 1 }]) {
    expectRowsWithEvents((await run('windows', ['hopping', 1, 3], [-far], 0, emit)) as Counted[]);
  }
});

test.concurrent.each(['push', 'pushRows', 'claim', 'advance', 'take', 'stats'])(
  'an event that onLate pushes into its own stream is never lost when %s brought the late event',
  (input) => expectLatePushed(input),
);
