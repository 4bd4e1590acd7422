/**
 * assembly/base/allocator.ts against a list of blocks: this suite catches blocks that overlap, lose their content, or
 * are lost, and owners that count wrong. The whole memory is walked after each step.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../support/helpers';
import { Core, traps } from './core';

interface Block {
  address: number;
  bytes: number;
  value: number;
  owner: number;
}

/** Small sizes, sizes about the edges of lists, and large ones. */
const size = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 400 }) },
  { weight: 2, arbitrary: fc.tuple(fc.integer({ min: 6, max: 17 }), fc.integer({ min: -20, max: 20 })).map(near) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 300_000 }) },
);

function near([power, offset]: [number, number]): number {
  return Math.max(0, 2 ** power + offset);
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('allocate' as const), at: fc.nat(1), bytes: size }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('release' as const), at: fc.nat(), bytes: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('resize' as const), at: fc.nat(), bytes: size }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reserve' as const), at: fc.constant(0), bytes: size }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('save' as const), at: fc.nat(1), bytes: fc.constant(0) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restore' as const), at: fc.nat(), bytes: fc.constant(0) }) },
);

/** A copy of the blocks of one owner. */
interface Saved {
  owner: number;
  used: number;
  blocks: Block[];
  runs: { from: number; to: number; copy: Uint8Array }[];
}

function save(core: Core, address: number, owner: number, blocks: Block[]): Saved {
  const { call } = core;
  const runs = [];
  for (let from = call.nextRun(address, 0); from; ) {
    const to = call.endOfRun(address, from);
    runs.push({ from, to, copy: core.bytes(from, to - from).slice() });
    from = call.nextRun(address, to);
  }
  const own = blocks.filter((of) => of.owner === owner).map((of) => ({ ...of }));
  return { owner, used: call.usedOf(address), blocks: own, runs };
}

/** Puts a copy back. */
function restore(core: Core, address: number, { used, runs }: Saved): void {
  const { call } = core;
  call.withdraw(address);
  let before = 0;
  for (const { from, to, copy } of runs) {
    call.reclaim(before, from, to);
    core.bytes(from, copy.length).set(copy);
    before = to;
  }
  call.setUsed(address, used);
}

test('blocks are apart, aligned and keep their content, and owners count what they hold', () => {
  const property = fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
    const core = new Core();
    const { call } = core;
    const owners = [call.createOwner(Infinity), call.createOwner(Infinity)];
    let blocks: Block[] = [];
    let saved: Saved | undefined;
    let lastValue = 0;
    const fill = (block: Block) => core.bytes(block.address, call.capacity(block.address)).fill(block.value);
    const verify = () => {
      const { used } = core.check();
      const bytesOf = owners.map(() => 0);
      for (const { address, bytes, value, owner } of blocks) {
        const held = call.capacity(address);
        expect(address % 64).toBe(0);
        expect(held).toBeGreaterThanOrEqual(bytes);
        expect(used.get(address)).toBe(held + 16);
        expect(core.isFull(address, held, value)).toBe(true);
        bytesOf[owner] = (bytesOf[owner] as number) + held + 16;
      }
      expect(used.size).toBe(blocks.length + owners.length);
      expect(owners.map((owner) => call.usedOf(owner))).toEqual(bytesOf);
    };
    for (const { kind, at, bytes } of steps) {
      lastValue = 1 + (lastValue % 255);
      const value = lastValue;
      const block = blocks[at % Math.max(1, blocks.length)];
      // What a copy is put back over may have been used by its owner alone.
      const touched = kind === 'allocate' ? at : kind === 'release' || kind === 'resize' ? block?.owner : saved?.owner;
      if (touched !== saved?.owner) saved = undefined;
      if (kind === 'allocate') {
        const added = { address: call.allocate(owners[at]!, bytes), bytes, value, owner: at };
        blocks.push(added);
        fill(added);
      } else if (kind === 'release' && block) {
        call.release(owners[block.owner]!, block.address);
        blocks.splice(blocks.indexOf(block), 1);
      } else if (kind === 'resize' && block) {
        const before = call.capacity(block.address);
        // A third of them about the bytes that the block has.
        const wanted = at % 3 === 0 ? before - 2 + (at % 5) : bytes;
        block.address = call.resize(owners[block.owner]!, block.address, wanted);
        block.bytes = wanted;
        const after = call.capacity(block.address);
        expect(core.isFull(block.address, Math.min(before, after, wanted), block.value)).toBe(true);
        fill(block);
      } else if (kind === 'reserve') {
        expect(call.reserve(bytes)).toBe(1);
        const pages = core.memory.buffer.byteLength;
        // Cut in pieces that with their headers and rounding are `bytes` in all.
        const pieces: number[] = [];
        for (let left = bytes; left >= 64; ) {
          const piece = Math.min(left - (left % 64), 64 * (1 + ((at + pieces.length * 7) % 40)));
          pieces.push(call.allocate(owners[0]!, piece - 16));
          left -= piece;
        }
        expect(core.memory.buffer.byteLength).toBe(pages);
        for (const piece of pieces) call.release(owners[0]!, piece);
      } else if (kind === 'save') {
        saved = save(core, owners[at] as number, at, blocks);
      } else if (kind === 'restore' && saved) {
        restore(core, owners[saved.owner] as number, saved);
        blocks = [...blocks.filter((of) => of.owner !== saved?.owner), ...saved.blocks.map((of) => ({ ...of }))];
      }
      verify();
    }
    for (const { address, owner } of blocks) call.release(owners[owner]!, address);
    for (const owner of owners) expect(call.usedOf(owner)).toBe(0);
    for (const owner of owners) call.release(0, owner);
    const { used, freeCount } = core.check();
    expect([used.size, freeCount]).toEqual([0, 1]);
  });
  fc.assert(property, { numRuns: runs(100) });
});

test('an owner that has no room left traps, and nothing changes', () => {
  const core = new Core();
  const { call } = core;
  const owner = call.createOwner(1024);
  const first = call.allocate(owner, 500);
  traps(() => call.allocate(owner, 512 - 15));
  expect(call.usedOf(owner)).toBe(576);
  core.check();
  const second = call.allocate(owner, 448 - 16);
  expect(call.usedOf(owner)).toBe(1024);
  traps(() => call.allocate(owner, 0));
  call.release(owner, first);
  call.release(owner, second);
  expect(call.usedOf(owner)).toBe(0);
});

test('a block that is released twice is noticed', () => {
  const { call } = new Core();
  const owner = call.createOwner(Infinity);
  const block = call.allocate(owner, 100);
  call.allocate(owner, 100);
  call.release(owner, block);
  traps(() => call.release(owner, block));
});
