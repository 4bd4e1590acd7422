/**
 * A priority queue: a heap with four children a node, which share a cache line (LaMarca, Ladner, "The influence of
 * caches on the performance of heaps", 1996). `pushItem` and `popItem` take logarithmic time.
 *
 * Law: no entry comes before its parent. The entry with the least key is first; of equal keys, the one with the least
 * tie. Ties are serial numbers that wrap at 2^32, so they are compared by their difference.
 *
 *     entry i, at entries + 48 + 16 i      0 key: f64 │ 8 tie: u32 │ 12 item: u32
 *     its children                         entries 4 i + 1 to 4 i + 4
 */

import { allocate, Owner, release, resize } from './allocator';

@unmanaged
export class Heap {
  entries: usize;
  length: i32;
  capacity: i32;
}

export const ENTRY_BYTES: usize = 16;
const FIRST_ENTRY: usize = 48;
const INITIAL_ENTRIES: i32 = 16;

export function createHeap(owner: Owner): Heap {
  const heap = changetype<Heap>(allocate(owner, offsetof<Heap>()));
  heap.length = 0;
  heap.capacity = INITIAL_ENTRIES;
  heap.entries = allocate(owner, FIRST_ENTRY + ((<usize>INITIAL_ENTRIES) << 4));
  return heap;
}

export function destroyHeap(owner: Owner, heap: Heap): void {
  release(owner, heap.entries);
  release(owner, changetype<usize>(heap));
}

/**
 * Upper bound on the bytes needed for n more entries: those of the block that replaces the present one when the heap
 * grows or shrinks.
 */
export function heapBytes(heap: Heap, n: f64): f64 {
  const needed = <f64>heap.length + n;
  return needed > <f64>heap.capacity ? 48 * needed + 512 : 8 * <f64>heap.capacity + 256;
}

function entryAt(heap: Heap, i: i32): usize {
  return heap.entries + FIRST_ENTRY + ((<usize>i) << 4);
}

/** Key of the first entry; Infinity if the heap is empty. */
export function topKey(heap: Heap): f64 {
  return heap.length ? load<f64>(entryAt(heap, 0)) : Infinity;
}

export function topTie(heap: Heap): u32 {
  return load<u32>(entryAt(heap, 0), 8);
}

export function topItem(heap: Heap): usize {
  return load<u32>(entryAt(heap, 0), 12);
}

/** Number of entries whose key is at most `key`; visits only those and their children. */
export function countUpTo(heap: Heap, key: f64): i32 {
  return heap.length ? countFrom(heap, 0, key) : 0;
}

function countFrom(heap: Heap, i: i32, key: f64): i32 {
  if (load<f64>(entryAt(heap, i)) > key) return 0;
  let count = 1;
  const end = min(4 * i + 5, heap.length);
  for (let child = 4 * i + 1; child < end; child++) count += countFrom(heap, child, key);
  return count;
}

/** Whether an entry with `key` and `tie` comes before another. */
export function isBefore(key: f64, tie: u32, entry: usize): bool {
  const other = load<f64>(entry);
  return key < other || (key == other && <i32>(tie - load<u32>(entry, 8)) < 0);
}

export function setEntry(entry: usize, key: f64, tie: u32, item: usize): void {
  store<f64>(entry, key);
  store<u32>(entry, tie, 8);
  store<u32>(entry, <u32>item, 12);
}

export function pushItem(owner: Owner, heap: Heap, key: f64, tie: u32, item: usize): void {
  if (heap.length == heap.capacity) {
    heap.capacity *= 2;
    heap.entries = resize(owner, heap.entries, FIRST_ENTRY + ((<usize>heap.capacity) << 4));
  }
  let i = heap.length++;
  while (i > 0) {
    const parent = (i - 1) >> 2;
    const above = entryAt(heap, parent);
    if (!isBefore(key, tie, above)) break;
    v128.store(entryAt(heap, i), v128.load(above));
    i = parent;
  }
  setEntry(entryAt(heap, i), key, tie, item);
}

/** Removes the first entry. Halves the capacity when less than an eighth of it is used. */
export function popItem(owner: Owner, heap: Heap): void {
  const last = entryAt(heap, --heap.length);
  if (heap.length) sink(heap, load<f64>(last), load<u32>(last, 8), load<u32>(last, 12));
  if (heap.capacity > INITIAL_ENTRIES * 4 && heap.length < heap.capacity >> 3) {
    heap.capacity >>= 1;
    heap.entries = resize(owner, heap.entries, FIRST_ENTRY + ((<usize>heap.capacity) << 4));
  }
}

/** Gives the first entry a new key, which is not less than its old one, and moves it to its place. */
export function moveTop(heap: Heap, key: f64): void {
  sink(heap, key, topTie(heap), topItem(heap));
}

/** Moves children up from the first place until the entry fits, and puts it there. */
function sink(heap: Heap, key: f64, tie: u32, item: usize): void {
  let i = 0;
  for (;;) {
    let least = 4 * i + 1;
    if (least >= heap.length) break;
    const end = min(least + 4, heap.length);
    for (let child = least + 1; child < end; child++) {
      const entry = entryAt(heap, child);
      if (isBefore(load<f64>(entry), load<u32>(entry, 8), entryAt(heap, least))) least = child;
    }
    const below = entryAt(heap, least);
    if (isBefore(key, tie, below)) break;
    v128.store(entryAt(heap, i), v128.load(below));
    i = least;
  }
  setEntry(entryAt(heap, i), key, tie, item);
}

/** The item of entry i. */
export function itemAt(heap: Heap, i: i32): usize {
  return load<u32>(entryAt(heap, i), 12);
}

/** Whether no entry comes before its parent. */
export function isHeapSound(heap: Heap): bool {
  for (let i = 1; i < heap.length; i++) {
    const entry = entryAt(heap, i);
    if (isBefore(load<f64>(entry), load<u32>(entry, 8), entryAt(heap, (i - 1) >> 2))) return false;
  }
  return true;
}
