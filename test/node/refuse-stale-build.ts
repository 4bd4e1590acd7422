/** Before each suite that runs the built package: refuses one that was built from other sources. */

import { expect } from 'vitest';
import { isFresh } from './build-stamp';

/** The suites that run dist/, in threads and processes or as the package that they import. */
const BUILT = /\/test\/node\/(worker|cli|recipes|process\/(package|streams|examples)|attack\/(names|bytes))/;

if (BUILT.test(expect.getState().testPath ?? '') && !isFresh()) {
  throw new Error('this suite runs the package in dist/, which was built from other sources: npm run build');
}
