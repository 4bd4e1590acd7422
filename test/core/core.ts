/**
 * Parts of the core by themselves: compiles entry.as.ts with asserts, and opens instances of it whose memory can be
 * checked.
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { expect } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ENTRY = 'test/core/entry.as.ts';
/** As for the debug build, which has asserts. */
const OPTIONS = ['--runtime', 'stub', '--enable', 'simd', '--initialMemory', '4', '--use', 'abort=', '--debug'].concat(
  // There is a configuration for the whole core.
  ['--config', 'none'],
);

/** The binary is kept in a file for other suites, under a name that depends on all sources. */
async function compile(): Promise<WebAssembly.Module> {
  const file = join(tmpdir(), `oriel-core-parts-${await hashOfSources()}.wasm`);
  if (!existsSync(file)) {
    const own = `${file}.${process.pid}.wasm`;
    const { error, stderr } = await asc.main([ENTRY, '--baseDir', ROOT, '--outFile', relative(ROOT, own), ...OPTIONS]);
    if (error) throw new Error(`the parts of the core do not compile: ${error.message} ${stderr}`);
    await rename(own, file);
  }
  return new WebAssembly.Module(await readFile(file));
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256').update(OPTIONS.join());
  const sources = await readdir(join(ROOT, 'assembly'), { recursive: true });
  for (const name of [ENTRY, ...sources.filter((of) => of.endsWith('.ts')).map((of) => join('assembly', of))].sort()) {
    hash.update(name).update(await readFile(join(ROOT, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

const module = await compile();

/** What entry.as.ts exports: all take and return numbers. */
type CoreFunction =
  | 'addPointer'
  | 'countRow'
  | 'aliveIds'
  | 'allocate'
  | 'capacity'
  | 'countComing'
  | 'countUpTo'
  | 'covers'
  | 'createDictionary'
  | 'createHeap'
  | 'createList'
  | 'createOwner'
  | 'createQueue'
  | 'createSlab'
  | 'createSpans'
  | 'createStream'
  | 'createTree'
  | 'usePins'
  | 'createWheel'
  | 'destroyDictionary'
  | 'destroyHeap'
  | 'destroyList'
  | 'destroyQueue'
  | 'destroySlab'
  | 'destroyTree'
  | 'destroyWheel'
  | 'dictionaryLimit'
  | 'dropPointer'
  | 'dueOf'
  | 'endOfRun'
  | 'freeIds'
  | 'freeSlot'
  | 'heapBytes'
  | 'heapLength'
  | 'idAt'
  | 'idTableBytes'
  | 'insertInTree'
  | 'isGone'
  | 'isTreeSound'
  | 'lengthFor'
  | 'listBytes'
  | 'listLength'
  | 'liveIds'
  | 'loseSpan'
  | 'lowerBoundF64'
  | 'lowerBoundU32'
  | 'mapKeys'
  | 'moveTop'
  | 'newSpan'
  | 'nextRun'
  | 'nextTurnTime'
  | 'orderLength'
  | 'orderOf'
  | 'pin'
  | 'place'
  | 'pointerAt'
  | 'pointerIn'
  | 'popItem'
  | 'pushItem'
  | 'pushPointer'
  | 'pushToQueue'
  | 'queueBytes'
  | 'queueCapacity'
  | 'queueEntry'
  | 'queueLength'
  | 'readyEntry'
  | 'removeFromTree'
  | 'release'
  | 'uncountRow'
  | 'reserve'
  | 'reclaim'
  | 'resize'
  | 'resizeIdTable'
  | 'setDelay'
  | 'setEnd'
  | 'setLimit'
  | 'setUsed'
  | 'setWatermark'
  | 'shiftQueue'
  | 'shiftReady'
  | 'slabBytes'
  | 'slabOf'
  | 'slotBytesOf'
  | 'slotCount'
  | 'slotsOf'
  | 'start'
  | 'swapRemove'
  | 'sweep'
  | 'takeSlot'
  | 'topItem'
  | 'topKey'
  | 'topTie'
  | 'treeBytes'
  | 'treeHeight'
  | 'turnWheel'
  | 'unpin'
  | 'upperBoundF64'
  | 'lowerBoundOf'
  | 'upperBoundOf'
  | 'usedOf'
  | 'wheelBytes'
  | 'wheelCount'
  | 'widen'
  | 'withdraw'
  | 'wordOf';

type Exports = Readonly<Record<CoreFunction, (...given: number[]) => number>>;

/** Addresses of the allocator, as allocator.ts draws them. */
const HEAP = 2048 - 16;
const ROOT_CLASSES = 64;
const ROOT_SPLITS = 68;
const ROOT_END = 168;
const ROOT_HEADS = 192;
const FREE = 1;
const LEFT_FREE = 2;
const FLAGS = 63;
const SPLITS = 16;

/** A block of nobody, full of a number that nothing else writes. */
interface Canary {
  address: number;
  bytes: number;
  value: number;
}

export class Core {
  readonly #exports = new WebAssembly.Instance(module).exports;
  readonly #canaries: Canary[] = [];

  constructor() {
    this.call.start();
  }

  /** Functions of the core. */
  get call(): Exports {
    return this.#exports as unknown as Exports;
  }

  get memory(): WebAssembly.Memory {
    return this.#exports.memory as WebAssembly.Memory;
  }

  get view(): DataView {
    return new DataView(this.memory.buffer);
  }

  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, length);
  }

  isFull(address: number, length: number, value: number): boolean {
    return Buffer.alloc(length, value).equals(this.bytes(address, length));
  }

  u32(address: number): number {
    return this.view.getUint32(address, true);
  }

  /** Puts a block that nobody may touch where the next block would have been. */
  placeCanary(bytes: number): void {
    const address = this.call.allocate(0, bytes);
    const value = 1 + (this.#canaries.length % 255);
    this.bytes(address, bytes).fill(value);
    this.#canaries.push({ address, bytes, value });
  }

  /** Expects that an owner has no memory left, and that without it and the canaries all memory is one free block. */
  expectReleased(owner: number): void {
    expect(this.call.usedOf(owner)).toBe(0);
    this.removeCanaries();
    this.call.release(0, owner);
    const { used, freeCount } = this.check();
    expect([used.size, freeCount]).toEqual([0, 1]);
  }

  /** Gives the blocks back that nobody may touch. */
  removeCanaries(): void {
    for (const { address } of this.#canaries.splice(0)) this.call.release(0, address);
  }

  /**
   * Checks the law of the allocator, and that no canary has been touched.
   * @returns the blocks in use with their sizes, by the addresses handed out, and the number of free blocks
   */
  check(): { used: Map<number, number>; freeCount: number } {
    const end = this.u32(ROOT_END);
    const used = new Map<number, number>();
    const free = new Map<number, number>();
    let isLeftFree = false;
    let left = 0;
    let block = HEAP;
    while (block < end) {
      const word = this.u32(block);
      const size = word - (word & FLAGS);
      if (size < 64) throw new Error(`block ${block} has ${size} bytes`);
      if (((word & LEFT_FREE) !== 0) !== isLeftFree) throw new Error(`block ${block} is wrong about the one before`);
      if (isLeftFree && this.u32(block + 4) !== left) throw new Error(`block ${block} does not find the one before`);
      const isFree = (word & FREE) !== 0;
      if (isFree && isLeftFree) throw new Error(`blocks ${left} and ${block} are free neighbours`);
      if (isFree) free.set(block, size);
      else used.set(block + 16, size);
      isLeftFree = isFree;
      left = block;
      block += size;
    }
    if (block !== end) throw new Error(`the blocks end at ${block}, not at ${end}`);
    if (end !== this.memory.buffer.byteLength - 16) throw new Error(`the blocks end before the memory, at ${end}`);
    const endWord = this.u32(end);
    if (endWord !== (isLeftFree ? LEFT_FREE : 0)) throw new Error('the end mark is wrong about the block before');
    if (isLeftFree && this.u32(end + 4) !== left) throw new Error('the end mark does not find the block before');
    this.#checkLists(free);
    for (const { address, bytes, value } of this.#canaries) {
      if (!this.isFull(address, bytes, value)) throw new Error(`something wrote to ${address}`);
    }
    return { used, freeCount: free.size };
  }

  /** Every free block is in the list of its size, and the bits say which lists have blocks. */
  #checkLists(free: ReadonlyMap<number, number>): void {
    let listed = 0;
    for (let list = 0; list < 460; list++) {
      let previous = 0;
      const first = this.u32(ROOT_HEADS + 4 * list);
      for (let block = first; block !== 0; block = this.u32(block + 16)) {
        if (listOf((free.get(block) ?? 0) / 64) !== list) throw new Error(`block ${block} is in list ${list}`);
        if (this.u32(block + 20) !== previous)
          throw new Error(`block ${block} does not find the one before in its list`);
        previous = block;
        listed++;
      }
      const row = Math.floor(list / SPLITS);
      const bit = list % SPLITS;
      if (row > 24) continue;
      if (((this.u32(ROOT_SPLITS + 4 * row) >>> bit) & 1) !== (first ? 1 : 0))
        throw new Error(`the bit of list ${list}`);
    }
    if (listed !== free.size) throw new Error(`${listed} of ${free.size} free blocks are in lists`);
    for (let row = 0; row < 25; row++) {
      const hasBlocks = this.u32(ROOT_SPLITS + 4 * row) !== 0;
      if (((this.u32(ROOT_CLASSES) >>> row) & 1) !== (hasBlocks ? 1 : 0)) throw new Error(`the bit of class ${row}`);
    }
  }

  /** Bytes of all blocks that are not canaries. */
  ownedBytes(): number {
    const { used } = this.check();
    for (const { address } of this.#canaries) used.delete(address);
    return [...used.values()].reduce((sum, size) => sum + size, 0);
  }
}

/** Sizes below 16 grains have a list each; above, each power of two is split into 16. */
function listOf(grains: number): number {
  if (grains < SPLITS) return grains;
  const power = Math.floor(Math.log2(grains));
  return (power - 3) * SPLITS + Math.floor((grains / 2 ** power - 1) * SPLITS);
}

/** Runs what must trap. */
export function traps(run: () => unknown): void {
  expect(run).toThrow(WebAssembly.RuntimeError);
}

/** Whether an order of keys and ties, which grow modulo 2^32, puts a before b. */
export function isBefore(a: { key: number; tie: number }, b: { key: number; tie: number }): boolean {
  return a.key < b.key || (a.key === b.key && ((a.tie - b.tie) | 0) < 0);
}
