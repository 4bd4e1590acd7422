/**
 * assembly/base/priority-queue.ts against a sorted list: this suite catches entries that come out in the wrong order or
 * are lost, wrong counts, and a bound on memory that is too low.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../support/helpers';
import { Core, isBefore } from './core';

const key = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 3, arbitrary: fc.double({ noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, -0, 0, Number.MAX_VALUE) },
);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('push' as const), keys: fc.array(key, { maxLength: 60, size: 'max' }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pop' as const), keys: fc.array(key, { maxLength: 60, size: 'max' }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('move' as const), keys: fc.array(key, { maxLength: 5, size: 'max' }) }),
  },
);

interface Entry {
  key: number;
  tie: number;
  item: number;
}

test('entries come out by their keys, those of equal keys by their ties, which grow modulo 2^32', () => {
  const firstTie = fc.constantFrom(0, 2 ** 32 - 30, 2 ** 31 - 30);
  const property = fc.property(
    firstTie,
    fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }),
    (first, steps) => {
      const core = new Core();
      const { call } = core;
      const owner = call.createOwner(Infinity);
      const heap = call.createHeap(owner);
      const entries: Entry[] = [];
      let count = 0;
      const least = () => entries.reduce((a, b) => (isBefore(b, a) ? b : a));
      const verify = () => {
        expect(call.heapLength(heap)).toBe(entries.length);
        expect(core.ownedBytes()).toBe(call.usedOf(owner) + 64);
        if (entries.length === 0) {
          expect(call.topKey(heap)).toBe(Infinity);
          return;
        }
        const { key, tie, item } = least();
        expect(call.topKey(heap)).toBe(key);
        expect([call.topTie(heap) >>> 0, call.topItem(heap) >>> 0]).toEqual([tie, item]);
      };
      for (const { kind, keys } of steps) {
        if (kind === 'push') {
          const bound = call.heapBytes(heap, keys.length);
          call.setLimit(owner, call.usedOf(owner) + bound);
        }
        for (const key of keys) {
          if (kind === 'push') {
            const tie = (first + count) >>> 0;
            const item = (0xfffffff0 + 16 * count) >>> 0;
            count++;
            entries.push({ key, tie, item });
            call.pushItem(owner, heap, key, tie, item);
          } else if (entries.length > 0) {
            const top = least();
            if (kind === 'pop') {
              entries.splice(entries.indexOf(top), 1);
              call.popItem(owner, heap);
            } else {
              top.key = Math.max(top.key, key);
              call.moveTop(heap, top.key);
            }
          }
          if (count % 16 === 0) core.placeCanary(64);
          verify();
        }
        for (const limit of [-Infinity, -1, 0, 2.5, Infinity, ...keys.slice(0, 2)]) {
          expect(call.countUpTo(heap, limit)).toBe(entries.filter(({ key }) => key <= limit).length);
        }
      }
      while (entries.length > 0) {
        verify();
        entries.splice(entries.indexOf(least()), 1);
        call.popItem(owner, heap);
      }
      verify();
      call.destroyHeap(owner, heap);
      expect(call.usedOf(owner)).toBe(0);
    },
  );
  fc.assert(property, { numRuns: runs(25) });
});

test('a heap that has been large gives memory back', () => {
  const { call } = new Core();
  const owner = call.createOwner(Infinity);
  const heap = call.createHeap(owner);
  const count = 10_000;
  for (let i = 0; i < count; i++) call.pushItem(owner, heap, (i * 7919) % count, i, i);
  expect(call.usedOf(owner)).toBeGreaterThan(16 * count);
  for (let i = 0; i < count; i++) {
    expect(call.topKey(heap)).toBe(i);
    call.popItem(owner, heap);
  }
  expect(call.usedOf(owner)).toBeLessThan(3000);
});
