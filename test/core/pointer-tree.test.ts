/**
 * assembly/base/pointer-tree.ts against a sorted array: this suite catches pointers that are lost or out of order, a
 * search that ends in the wrong place, a tree that gets too high, and a bound on memory that is too low.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../support/helpers';
import { Core } from './core';

const MOST = 30_000;
const STRUCT_BYTES = 16;

/** Where many pointers in a row are inserted or removed. Numbers decide among places that are left open. */
const step = fc.record({
  adds: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 2, arbitrary: fc.constant(false) }),
  where: fc.constantFrom('first', 'last', 'scattered', 'about one place', 'after one place'),
  count: fc.oneof(fc.nat(80), fc.nat(1500)),
  at: fc.nat(),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A tree of structs in order of a field, and what it should hold. */
class Modelled {
  readonly core = new Core();
  readonly owner = this.core.call.createOwner(Infinity);
  readonly tree = this.core.call.createTree(this.owner);
  readonly structs = this.core.call.allocate(0, MOST * STRUCT_BYTES);
  /** The values of the field, in order, and the pointers beside them. */
  values: number[] = [];
  pointers: number[] = [];
  #made = 0;

  constructor(readonly field: number) {}

  run({ adds, where, count, at }: Step): void {
    const { call } = this.core;
    call.setLimit(this.owner, call.usedOf(this.owner) + (adds ? call.treeBytes(this.tree, count) : 0));
    for (let j = 0; j < count && (adds ? this.#made < MOST : this.values.length > 0); j++) {
      const i = placeOf(where, at, j, this.values.length + (adds ? 1 : 0));
      if (adds) this.#insert(i);
      else this.#remove(i);
      if (j % 64 === 0) this.core.placeCanary(32);
    }
  }

  #insert(i: number): void {
    const { call, view } = this.core;
    const before = this.values[i - 1] ?? (this.values[0] ?? 0) - 2;
    const after = this.values[i] ?? before + 2;
    const struct = this.structs + STRUCT_BYTES * this.#made++;
    view.setFloat64(struct + this.field, (before + after) / 2, true);
    this.values.splice(i, 0, (before + after) / 2);
    this.pointers.splice(i, 0, struct);
    call.insertInTree(this.owner, this.tree, i, struct);
  }

  #remove(i: number): void {
    const [pointer] = this.pointers.splice(i, 1);
    this.values.splice(i, 1);
    expect(this.core.call.removeFromTree(this.owner, this.tree, i)).toBe(pointer);
  }

  verify(sought: readonly number[]): void {
    const { core, owner, tree, values, pointers } = this;
    const { call } = core;
    expect(call.isTreeSound(tree)).toBe(1);
    expect(pointers.map((_, i) => call.pointerIn(tree, i))).toEqual(pointers);
    for (const i of sought) {
      const x = values[i % (values.length + 1)] ?? 1;
      for (const y of [x, x - 1, x + 0.1]) {
        const lower = values.findIndex((value) => value >= y);
        const upper = values.findIndex((value) => value > y);
        expect(call.lowerBoundOf(tree, this.field, y)).toBe(lower < 0 ? values.length : lower);
        expect(call.upperBoundOf(tree, this.field, y)).toBe(upper < 0 ? values.length : upper);
      }
    }
    expect(call.usedOf(owner)).toBeLessThanOrEqual(64 + 512 * (1 + values.length / 16));
    // A leaf has 30 pointers on average, and a branch ten children.
    const leaves = Math.max(1, values.length / 30);
    expect(call.treeHeight(tree)).toBeLessThanOrEqual(1 + Math.log(leaves) / Math.log(10));
    expect(core.ownedBytes()).toBe(call.usedOf(owner) + 64 + Math.ceil((MOST * STRUCT_BYTES + 16) / 64) * 64);
  }

  destroy(): void {
    const { call } = this.core;
    call.destroyTree(this.owner, this.tree);
    call.release(0, this.structs);
    this.core.expectReleased(this.owner);
  }
}

/** The place of pointer j of a step, among n. */
function placeOf(where: Step['where'], at: number, j: number, n: number): number {
  switch (where) {
    case 'first':
      return 0;
    case 'last':
      return n - 1;
    case 'scattered':
      return (Math.imul(at + j, 0x9e3779b1) >>> 0) % n;
    case 'about one place':
      return at % n;
    default:
      return ((at % n) + j) % n;
  }
}

test('pointers stand in order, and are found by index and by field', () => {
  const property = fc.property(
    fc.array(step, { minLength: 1, maxLength: 25, size: 'max' }),
    fc.constantFrom(0, 8),
    fc.array(fc.nat(), { minLength: 5, maxLength: 5 }),
    (steps, field, sought) => {
      const modelled = new Modelled(field);
      for (const one of steps) {
        modelled.run(one);
        modelled.verify(sought);
      }
      modelled.destroy();
    },
  );
  fc.assert(property, { numRuns: runs(40) });
});

test('a tree of several levels becomes small again', () => {
  const modelled = new Modelled(0);
  const { call } = modelled.core;
  const add = (where: Step['where'], count: number) => modelled.run({ adds: true, where, count, at: 12345 });
  const remove = (where: Step['where'], count: number) => modelled.run({ adds: false, where, count, at: 54321 });
  add('first', 3000);
  add('last', 9000);
  add('scattered', 6000);
  modelled.verify([1, 700, 9000]);
  expect(call.treeHeight(modelled.tree)).toBeGreaterThanOrEqual(2);
  remove('scattered', 17_950);
  modelled.verify([1, 20]);
  expect(call.treeHeight(modelled.tree)).toBeLessThanOrEqual(1);
  remove('first', 50);
  modelled.verify([0]);
  expect(call.usedOf(modelled.owner)).toBeLessThanOrEqual(64 + 512);
  modelled.destroy();
});

//   branches    40 leaves of 122 … 20 │ 20 … 40 leaves of 122      and then      5 leaves … 20 │ 20 … 15 leaves
test('when two branches are merged, so are the leaves that become neighbours', () => {
  const modelled = new Modelled(0);
  const { call } = modelled.core;
  const run = (adds: boolean, where: Step['where'], count: number, at = 0) => modelled.run({ adds, where, count, at });
  const branch = 40 * 122;
  run(true, 'last', 2 * branch);
  expect(call.treeHeight(modelled.tree)).toBe(2);
  run(false, 'about one place', 102, branch - 122);
  run(false, 'about one place', 102, branch - 102);
  for (let i = 0; i < 35; i++) run(false, 'first', 122);
  for (let i = 0; i < 25; i++) run(false, 'last', 122);
  expect(call.treeHeight(modelled.tree)).toBe(1);
  modelled.verify([0, 700]);
  modelled.destroy();
});
