/**
 * assembly/base/id-table.ts against an array: this suite catches entries that are lost or not empty at first, tables
 * that are too short, and a bound on memory that is too low.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../support/helpers';
import { Core } from './core';

/** The numbers of ids that one call needs, one after the other, and which entries are then written. */
const step = fc.record({
  ids: fc.array(fc.oneof(fc.nat(40), fc.nat(3000)), { minLength: 1, maxLength: 4 }),
  writes: fc.array(fc.nat(), { maxLength: 20 }),
});

test('a table keeps its entries when it gets longer, and new ones are empty', () => {
  const property = fc.property(
    fc.boolean(),
    fc.array(step, { minLength: 1, maxLength: 10, size: 'max' }),
    (wide, steps) => {
      const core = new Core();
      const { call } = core;
      const owner = call.createOwner(Infinity);
      const empty = wide ? -1 : 0xffffffff;
      const entries: number[] = [];
      let table = 0;
      let count = 0;
      const entryAt = (id: number) =>
        wide ? core.view.getFloat64(table + 8 * id, true) : core.view.getUint32(table + 4 * id, true);
      for (const { ids, writes } of steps) {
        call.setLimit(owner, call.usedOf(owner) + call.idTableBytes(Number(wide), entries.length, Math.max(...ids)));
        for (const needed of ids) {
          const length = entries.length;
          const longer = call.lengthFor(length, needed);
          expect(longer).toBe(needed > length ? Math.max(needed, 2 * length) : length);
          if (longer === length) continue;
          table = call.resizeIdTable(owner, table, Number(wide), length, longer);
          while (entries.length < longer) entries.push(empty);
          core.placeCanary(64);
        }
        for (const write of writes) {
          if (entries.length === 0) break;
          const id = write % entries.length;
          entries[id] = ++count;
          if (wide) core.view.setFloat64(table + 8 * id, count, true);
          else core.view.setUint32(table + 4 * id, count, true);
        }
        expect(core.ownedBytes()).toBe(call.usedOf(owner) + 64);
        expect(entries.map((_, id) => entryAt(id))).toEqual(entries);
      }
      if (table) call.release(owner, table);
      core.expectReleased(owner);
    },
  );
  fc.assert(property, { numRuns: runs(80) });
});
