/** Catches the full streams that cannot be closed in the cases that full-streams.test.ts leaves out. */

import { test } from 'vitest';
import { CASES, expectClosesFull, isQuick } from './full-streams';

//   events of ever new keys, or of 50, until no more fit; then the end
test.each(CASES.filter((one) => !isQuick(one)))(
  'a full stream of $what with $how, $states and $keys keys can be closed, and gives all that it took',
  expectClosesFull,
);
