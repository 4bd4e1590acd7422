/**
 * Catches a stream that is full and cannot be closed any more, or loses results when it is.
 * full-streams.large.test.ts has the cases of other firings and of few keys.
 */

import { expect, test } from 'vitest';
import { CASES, expectClosesFull, isQuick } from './full-streams';

test('the quick cases have every kind of window and state', () => {
  expect(CASES).toHaveLength(144);
  expect(CASES.filter(isQuick)).toHaveLength(24);
});

//   events of ever new keys until no more fit; then the end
test.each(CASES.filter(isQuick))(
  'a full stream of $what with $how, $states and ever new keys can be closed, and gives all that it took',
  expectClosesFull,
);
