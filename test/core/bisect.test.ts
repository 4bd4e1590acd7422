/**
 * assembly/base/bisect.ts against a search from the beginning: this suite catches wrong results at the ends of a
 * column, among equal entries, and where the bytes about the entries hold other numbers.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../support/helpers';
import { Core } from './core';

const number = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -5, max: 5 }) },
  { weight: 1, arbitrary: fc.double({ noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(-Infinity, Infinity) },
);
const id = fc.oneof(fc.nat(5), fc.integer({ min: 2 ** 31 - 2, max: 2 ** 32 - 1 }));

/** The index of the first number for which a condition holds; how many there are if there is none. */
function firstIndex(numbers: readonly number[], holds: (number: number) => boolean): number {
  const i = numbers.findIndex(holds);
  return i < 0 ? numbers.length : i;
}

const ascending = (numbers: readonly number[]) => [...numbers].sort((a, b) => (a < b ? -1 : Number(a > b)));

/** Entries of `stride` bytes, in a block full of bytes that would be NaN or a large number. */
function blockOf(core: Core, n: number, stride: number): number {
  const block = core.call.allocate(0, (n + 2) * stride);
  core.bytes(block, (n + 2) * stride).fill(0xff);
  return block + stride;
}

test('the bounds of x in a column of times are its first entry, and the first after it', () => {
  const property = fc.property(
    fc.array(number, { maxLength: 40, size: 'max' }),
    fc.constantFrom(8, 16, 24),
    fc.array(number, { minLength: 1, maxLength: 5 }),
    (unsorted, stride, sought) => {
      const core = new Core();
      const { call } = core;
      const times = ascending(unsorted);
      const column = blockOf(core, times.length, stride);
      for (const [i, time] of times.entries()) core.view.setFloat64(column + i * stride, time, true);
      for (const x of [...sought, ...times.slice(0, 3)]) {
        expect(call.lowerBoundF64(column, stride, times.length, x)).toBe(firstIndex(times, (time) => time >= x));
        expect(call.upperBoundF64(column, stride, times.length, x)).toBe(firstIndex(times, (time) => time > x));
      }
    },
  );
  fc.assert(property, { numRuns: runs(200) });
});

test('ids are compared without a sign', () => {
  const property = fc.property(fc.array(id, { maxLength: 40, size: 'max' }), id, (unsorted, x) => {
    const core = new Core();
    const ids = ascending(unsorted);
    const column = blockOf(core, ids.length, 16);
    for (const [i, id] of ids.entries()) core.view.setUint32(column + 16 * i, id, true);
    expect(core.call.lowerBoundU32(column, 16, ids.length, x)).toBe(firstIndex(ids, (id) => id >= x));
  });
  fc.assert(property, { numRuns: runs(200) });
});
