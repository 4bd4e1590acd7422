/** The laws of sums and variances over many values: this suite catches errors that grow with the number of values. */

import { test } from 'vitest';
import { expectExactHoppingSums, expectExactSums, expectExactVariance } from './numbers';

test('sum and mean of a million values of mixed sign and magnitude are within an ulp of the exact ones', () => {
  expectExactSums(1_000_000);
});

test('sum and mean of hopping windows over a million values are within an ulp of the exact ones', () => {
  expectExactHoppingSums(1_000_000);
});

test('variance of 100,000 values agrees with two passes to 1e-9, even if the mean is 1e9 times the deviation', () => {
  expectExactVariance(100_000);
});
