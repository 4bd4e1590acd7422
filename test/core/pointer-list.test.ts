/**
 * assembly/base/pointer-list.ts against an array: this suite catches pointers that are lost, and a bound on memory that
 * is too low.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../support/helpers';
import { Core } from './core';

const step = fc.record({
  kind: fc.constantFrom('push' as const, 'swapRemove' as const),
  count: fc.oneof(fc.nat(40), fc.nat(400)),
  at: fc.nat(),
});

test('pointers stand in the order in which they were put', () => {
  const property = fc.property(fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }), (steps) => {
    const core = new Core();
    const { call } = core;
    const owner = call.createOwner(Infinity);
    const list = call.createList(owner);
    const pointers: number[] = [];
    let last = 0xfffffff0;
    for (const { kind, count, at } of steps) {
      const adds = kind === 'push';
      call.setLimit(owner, call.usedOf(owner) + (adds ? call.listBytes(list, count) : 0));
      for (let j = 0; j < count && (adds || pointers.length > 0); j++) {
        const i = (at + j * 7) % (pointers.length + (adds ? 1 : 0));
        last = (last + 16) >>> 0;
        if (adds) {
          pointers.push(last);
          call.pushPointer(owner, list, last);
        } else {
          const moved = pointers.pop() as number;
          if (i < pointers.length) pointers[i] = moved;
          expect(call.swapRemove(list, i) >>> 0).toBe(moved);
        }
        if (last % 256 === 0) core.placeCanary(32);
      }
      expect(core.ownedBytes()).toBe(call.usedOf(owner) + 64);
      expect(call.listLength(list)).toBe(pointers.length);
      expect(pointers.map((_, i) => call.pointerAt(list, i) >>> 0)).toEqual(pointers);
    }
    call.destroyList(owner, list);
    core.expectReleased(owner);
  });
  fc.assert(property, { numRuns: runs(80) });
});
