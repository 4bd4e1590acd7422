/**
 * assembly/base/ring-queue.ts against an array: this suite catches entries that are lost, overwritten or moved to
 * another position, and a bound on memory that is too low.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../support/helpers';
import { Core } from './core';

const step = fc.record({ pushes: fc.nat(70), shifts: fc.nat(70) });

test('entries come out in the order in which they were added, and keep their positions', () => {
  const property = fc.property(
    fc.boolean(),
    fc.constantFrom(0, 2 ** 32 - 30, 2 ** 31 - 30),
    fc.constantFrom(1, 4, 16),
    fc.constantFrom(1, 4, 64),
    fc.array(step, { minLength: 1, maxLength: 15, size: 'max' }),
    (wide, first, capacity, kept, steps) => {
      const core = new Core();
      const { call } = core;
      const owner = call.createOwner(Infinity);
      const queue = call.createQueue(owner, Number(wide), capacity, first);
      const entryBytes = wide ? 16 : 4;
      const entries: number[] = [];
      let head = first;
      let count = 0;
      const addressOf = (i: number) => call.queueEntry(queue, Number(wide), (head + i) >>> 0);
      const verify = () => {
        expect(core.ownedBytes()).toBe(call.usedOf(owner) + 64);
        expect(call.queueLength(queue)).toBe(entries.length);
        for (const [i, value] of entries.entries()) {
          if (!core.isFull(addressOf(i), entryBytes, value)) expect.fail(`entry ${i} of ${entries.length}`);
        }
        const places = new Set(entries.map((_, i) => addressOf(i)));
        expect(places.size).toBe(entries.length);
      };
      for (const { pushes, shifts } of steps) {
        call.setLimit(owner, call.usedOf(owner) + call.queueBytes(queue, Number(wide), pushes));
        for (let i = 0; i < pushes; i++) {
          const value = 1 + (count++ % 255);
          entries.push(value);
          core.bytes(call.pushToQueue(owner, queue, Number(wide)), entryBytes).fill(value);
          if (count % 16 === 0) core.placeCanary(64);
        }
        verify();
        call.setLimit(owner, call.usedOf(owner) + call.queueBytes(queue, Number(wide), 0));
        for (let i = 0; i < shifts && entries.length > 0; i++) {
          entries.shift();
          head = (head + 1) >>> 0;
          call.shiftQueue(owner, queue, Number(wide), kept);
        }
        verify();
        expect(call.queueCapacity(queue)).toBeGreaterThanOrEqual(Math.min(capacity, kept));
      }
      call.destroyQueue(owner, queue);
      core.expectReleased(owner);
    },
  );
  fc.assert(property, { numRuns: runs(80) });
});

test('a queue that has been long gives memory back, down to what it keeps', () => {
  const { call } = new Core();
  const owner = call.createOwner(Infinity);
  const queue = call.createQueue(owner, 1, 16, 0);
  for (let i = 0; i < 10_000; i++) call.pushToQueue(owner, queue, 1);
  expect(call.usedOf(owner)).toBeGreaterThan(160_000);
  for (let i = 0; i < 10_000; i++) call.shiftQueue(owner, queue, 1, 64);
  expect(call.queueCapacity(queue)).toBe(64);
  expect(call.usedOf(owner)).toBeLessThan(1300);
});
