/**
 * Items in order, in memory that the caller owns. An item is a number, or a pair of numbers ordered by the first, then
 * by the second.
 *
 *     0 n: u32 │ 4 leaves: u32 │ 8 maxLeaves: u32 │ 12 leafCapacity: u32
 *     16 leaf: u32, items: u32 × maxLeaves         leaves in order, then free ones, which have no items
 *     items × leafCapacity × maxLeaves             a leaf's items stand at its beginning
 *
 * Law: every leaf in order has at least one item, and their items, one leaf after the other, are in order. Equal items
 * may occur any number of times. To insert or remove an item moves about half a leaf, and to find the item at a rank
 * adds up the leaves before it; so a leaf has room for about 2 √n items.
 *
 * `shift` is log2 of an item's bytes: 3 for numbers, 4 for pairs.
 */

const LEAF_COUNT: usize = 4;
const MAX_LEAVES: usize = 8;
const LEAF_CAPACITY: usize = 12;
const ENTRIES: usize = 16;

/** Up to this many items stand in a single leaf. */
const MAX_SINGLE_LEAF_ITEMS: u32 = 64;

/** Items that a leaf has room for, of n items in all. */
function leafCapacityFor(n: u32): u32 {
  return n <= MAX_SINGLE_LEAF_ITEMS ? n * 2 : max(MAX_SINGLE_LEAF_ITEMS, (<u32>2) << ((32 - clz(n)) >> 1));
}

/** The bytes needed for n items and about as many more. */
export function bytesFor(n: u32, shift: usize): usize {
  const leafCapacity = leafCapacityFor(n);
  const maxLeaves: u32 = n <= MAX_SINGLE_LEAF_ITEMS ? 1 : (n * 2) / leafCapacity + 2;
  return ENTRIES + <usize>maxLeaves * (8 + ((<usize>leafCapacity) << shift));
}

/** Lays out `bytes` of memory without items, with room for n and as many more as fit. */
export function create(at: usize, bytes: usize, n: u32, shift: usize): void {
  const leafCapacity = n <= MAX_SINGLE_LEAF_ITEMS ? <u32>((bytes - ENTRIES - 8) >> shift) : leafCapacityFor(n);
  const maxLeaves: u32 =
    n <= MAX_SINGLE_LEAF_ITEMS ? 1 : <u32>((bytes - ENTRIES) / (8 + ((<usize>leafCapacity) << shift)));
  store<u64>(at, 0);
  store<u32>(at, maxLeaves, MAX_LEAVES);
  store<u32>(at, leafCapacity, LEAF_CAPACITY);
  for (let i: u32 = 0; i < maxLeaves; i++) store<u64>(at + ((<usize>i) << 3), i, ENTRIES);
}

export function lengthOf(at: usize): u32 {
  return load<u32>(at);
}

/** Address of leaf i in order. */
function leafAt(at: usize, shift: usize, i: u32): usize {
  const leaf = <usize>load<u32>(at + ((<usize>i) << 3), ENTRIES) * <usize>load<u32>(at, LEAF_CAPACITY);
  return at + ENTRIES + ((<usize>load<u32>(at, MAX_LEAVES)) << 3) + (leaf << shift);
}

function countOf(at: usize, i: u32): u32 {
  return load<u32>(at + ((<usize>i) << 3), ENTRIES + 4);
}

function setCount(at: usize, i: u32, count: u32): void {
  store<u32>(at + ((<usize>i) << 3), count, ENTRIES + 4);
}

function isBefore(item: usize, shift: usize, a: f64, b: f64): bool {
  const x = load<f64>(item);
  return x < a || (x == a && shift == 4 && load<f64>(item, 8) < b);
}

function isAfter(item: usize, shift: usize, a: f64, b: f64): bool {
  const x = load<f64>(item);
  return x > a || (x == a && shift == 4 && load<f64>(item, 8) > b);
}

/** The last leaf whose first item is not after (a, b), or the first leaf. */
function leafOf(at: usize, shift: usize, a: f64, b: f64): u32 {
  let low: u32 = 0;
  for (let high = load<u32>(at, LEAF_COUNT); high - low > 1; ) {
    const middle = (low + high) >> 1;
    if (isAfter(leafAt(at, shift, middle), shift, a, b)) high = middle;
    else low = middle;
  }
  return low;
}

/** How many of a leaf's items are before (a, b). */
function placeIn(leaf: usize, count: u32, shift: usize, a: f64, b: f64): u32 {
  let low: u32 = 0;
  for (let high = count; low < high; ) {
    const middle = (low + high) >> 1;
    if (isBefore(leaf + ((<usize>middle) << shift), shift, a, b)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Inserts an item. Returns false, and changes nothing, if there is no room for it. */
export function insert(at: usize, shift: usize, a: f64, b: f64): bool {
  const leaves = load<u32>(at, LEAF_COUNT);
  let i: u32 = 0;
  if (leaves) i = leafOf(at, shift, a, b);
  else store<u32>(at, 1, LEAF_COUNT);
  if (countOf(at, i) == load<u32>(at, LEAF_CAPACITY)) {
    if (leaves == load<u32>(at, MAX_LEAVES)) return false;
    split(at, shift, i, leaves);
    if (!isAfter(leafAt(at, shift, i + 1), shift, a, b)) i++;
  }
  const leaf = leafAt(at, shift, i);
  const count = countOf(at, i);
  const place = placeIn(leaf, count, shift, a, b);
  const item = leaf + ((<usize>place) << shift);
  memory.copy(item + ((<usize>1) << shift), item, (<usize>(count - place)) << shift);
  store<f64>(item, a);
  if (shift == 4) store<f64>(item, b, 8);
  setCount(at, i, count + 1);
  store<u32>(at, load<u32>(at) + 1);
  return true;
}

/** Splits leaf i: its later half moves to a free leaf, which becomes leaf i + 1. */
function split(at: usize, shift: usize, i: u32, leaves: u32): void {
  const free = load<u32>(at + ((<usize>leaves) << 3), ENTRIES);
  const next = at + ENTRIES + ((<usize>(i + 1)) << 3);
  memory.copy(next + 8, next, (<usize>(leaves - i - 1)) << 3);
  store<u32>(next, free);
  store<u32>(at, leaves + 1, LEAF_COUNT);
  const count = countOf(at, i);
  const half = count >> 1;
  const from = leafAt(at, shift, i) + ((<usize>(count - half)) << shift);
  memory.copy(leafAt(at, shift, i + 1), from, (<usize>half) << shift);
  setCount(at, i, count - half);
  setCount(at, i + 1, half);
}

/** Removes an item, which must be there. */
export function remove(at: usize, shift: usize, a: f64, b: f64): void {
  const i = leafOf(at, shift, a, b);
  const leaf = leafAt(at, shift, i);
  const count = countOf(at, i);
  const place = placeIn(leaf, count, shift, a, b);
  assert(place < count && !isAfter(leaf + ((<usize>place) << shift), shift, a, b));
  const item = leaf + ((<usize>place) << shift);
  memory.copy(item, item + ((<usize>1) << shift), (<usize>(count - place - 1)) << shift);
  setCount(at, i, count - 1);
  store<u32>(at, load<u32>(at) - 1);
  if (count > 1) return;
  const leaves = load<u32>(at, LEAF_COUNT) - 1;
  const entry = at + ENTRIES + ((<usize>i) << 3);
  const free = load<u64>(entry);
  memory.copy(entry, entry + 8, (<usize>(leaves - i)) << 3);
  store<u64>(at + ((<usize>leaves) << 3), free, ENTRIES);
  store<u32>(at, leaves, LEAF_COUNT);
}

/** Address of the item at rank k, counted from 0. */
export function itemAt(at: usize, shift: usize, k: u32): usize {
  let i: u32 = 0;
  for (let count = countOf(at, 0); k >= count; count = countOf(at, i)) {
    k -= count;
    i++;
  }
  return leafAt(at, shift, i) + ((<usize>k) << shift);
}

/**
 * Copies all items to a layout without items that has room for them. Its leaves are filled to three quarters, so that
 * each has some room left; a single leaf may be filled.
 */
export function copyAll(to: usize, from: usize, shift: usize): void {
  const leafCapacity = load<u32>(to, LEAF_CAPACITY);
  const full = load<u32>(to, MAX_LEAVES) == 1 ? leafCapacity : (leafCapacity * 3) >> 2;
  let i: u32 = 0;
  let count: u32 = 0;
  for (let leaf: u32 = 0; leaf < load<u32>(from, LEAF_COUNT); leaf++) {
    let item = leafAt(from, shift, leaf);
    for (let left = countOf(from, leaf); left; ) {
      if (count == full) {
        i++;
        count = 0;
      }
      const n = min(left, full - count);
      memory.copy(leafAt(to, shift, i) + ((<usize>count) << shift), item, (<usize>n) << shift);
      count += n;
      left -= n;
      item += (<usize>n) << shift;
      setCount(to, i, count);
    }
  }
  store<u32>(to, load<u32>(from));
  store<u32>(to, i + (count ? 1 : 0), LEAF_COUNT);
}
