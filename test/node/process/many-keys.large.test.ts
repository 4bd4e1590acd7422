/** Catches what many-keys.test.ts catches, with so many keys that a few bytes left of each would show. */

import { test } from 'vitest';
import { expectNumberKeysPass, expectStringKeysPass } from './many-keys';

test('fifty million number keys pass through a stream that holds a thousand', () => expectNumberKeysPass(50_000_000));

test.each([
  ['string keys', 'k'],
  ['keys of two columns, one of strings', ['k', 'l']],
] as const)('two million %s pass through a stream that holds a thousand', (_, key) =>
  expectStringKeysPass(key, 2_000_000),
);
