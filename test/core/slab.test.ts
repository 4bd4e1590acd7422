/**
 * assembly/base/slab.ts against a list of slots: this suite catches slots that overlap or are handed out twice, chunks
 * that are kept though they are empty, and a bound that is too low.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../support/helpers';
import { Core, traps } from './core';

const step = fc.record({ takes: fc.nat(60), frees: fc.nat(60), from: fc.nat() });

/** Slots of a few bytes up to such that a chunk has two of them. */
const slotSize = fc.oneof(fc.integer({ min: 8, max: 300 }), fc.integer({ min: 8, max: 4000 }), fc.constant(5000));

test('slots are apart and keep their content, and a chunk that is empty is given back', () => {
  const property = fc.property(
    slotSize,
    fc.array(step, { minLength: 1, maxLength: 15, size: 'max' }),
    (size, steps) => {
      const core = new Core();
      const { call } = core;
      const owner = call.createOwner(Infinity);
      const slab = call.createSlab(owner, size);
      const slotBytes = call.slotBytesOf(slab);
      const perChunk = call.slotsOf(slab);
      const empty = call.usedOf(owner);
      expect(slotBytes).toBeGreaterThanOrEqual(size);
      const slots: { address: number; value: number }[] = [];
      let lastValue = 0;
      const chunkOf = (slot: number) => slot - 64 - core.bytes(slot, 1)[0]! * slotBytes;
      const content = (slot: number) => core.bytes(slot + 1, size - 1);
      const verify = () => {
        const { used } = core.check();
        expect(call.slotCount(slab)).toBe(slots.length);
        const places = new Set<number>();
        const chunks = new Set<number>();
        for (const { address, value } of slots) {
          const chunk = chunkOf(address);
          const place = (address - chunk - 64) / slotBytes;
          const isInChunk = Number.isInteger(place) && place >= 0 && place < perChunk;
          const isLargeEnough = (used.get(chunk) ?? 0) >= 64 + perChunk * slotBytes + 16;
          const isWhole = core.isFull(address + 1, size - 1, value);
          if (address % 8 !== 0 || !isInChunk || !isLargeEnough || !isWhole) {
            expect.fail(`slot ${address}: ${[address % 8, place, isLargeEnough, isWhole]}`);
          }
          places.add(address);
          chunks.add(chunk);
        }
        expect(places.size).toBe(slots.length);
        const chunkSize = used.get([...chunks][0] ?? 0) ?? Infinity;
        const kept = (call.usedOf(owner) - empty) / chunkSize - chunks.size;
        // One that is empty may be kept.
        if (slots.length > 0) expect([0, 1]).toContain(kept);
      };
      for (const { takes, frees, from } of steps) {
        call.setLimit(owner, call.usedOf(owner) + call.slabBytes(slab, takes));
        for (let i = 0; i < takes; i++) {
          lastValue = 1 + (lastValue % 255);
          const value = lastValue;
          const address = call.takeSlot(owner, slab);
          content(address).fill(value);
          slots.push({ address, value });
          if (i % 10 === 0) core.placeCanary(64);
        }
        verify();
        for (let i = 0; i < frees && slots.length > 0; i++) {
          const [slot] = slots.splice((from + i * 7) % slots.length, 1);
          call.freeSlot(owner, slab, slot!.address);
        }
        verify();
      }
      for (const { address } of slots.splice(0)) call.freeSlot(owner, slab, address);
      const chunks = [...core.check().used.values()].length;
      expect(chunks).toBeGreaterThan(0);
      expect(call.usedOf(owner) - empty).toBeLessThanOrEqual(Math.max(9000, 64 + slotBytes + 80));
      call.destroySlab(owner, slab);
      core.expectReleased(owner);
    },
  );
  fc.assert(property, { numRuns: runs(80) });
});

test('a slab is not destroyed while slots are in use', () => {
  const { call } = new Core();
  const owner = call.createOwner(Infinity);
  const slab = call.createSlab(owner, 40);
  call.takeSlot(owner, slab);
  traps(() => call.destroySlab(owner, slab));
});
