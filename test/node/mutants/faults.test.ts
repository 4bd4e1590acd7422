/** Catches a planted fault whose place in the sources is gone, so that `npm run mutants` would stop. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { edited } from '../../support/edit';
import { FAULTS } from './faults';

test('every fault matches its file once', () => {
  for (const fault of FAULTS) {
    const source = readFileSync(new URL(`../../../${fault.file}`, import.meta.url), 'utf8');
    expect(edited(source, fault)).not.toBe(source);
  }
});
