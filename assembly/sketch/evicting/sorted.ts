/**
 * Items in order, in a stretch of memory that is somebody else's: numbers, or pairs of them of which the first goes before the second.
 *
 *     0 n: u32 │ 4 leaves: u32 │ 8 room: u32 │ 12 most: u32
 *     16 leaf: u32, items: u32 × room          leaves in order, then those that are free, which have no items
 *     items × most × room                      a leaf's stand at the beginning of it
 *
 * Law: leaves in order have an item each at least, and their items, one leaf after the other, are in order; of equal ones there may be
 * many. To add or remove one moves half a leaf, to find the k-th adds up leaves: a leaf has room for about 2 √n.
 *
 * `shift` is 3 for numbers, 4 for pairs.
 */

const LEAVES: usize = 4;
const CAPACITY: usize = 8;
const MAX_ITEMS: usize = 12;
const LIST: usize = 16;

/** So many items are in one leaf. */
const SINGLE_LEAF: u32 = 64;

function mostFor(n: u32): u32 {
  return n <= SINGLE_LEAF ? n * 2 : max(SINGLE_LEAF, (<u32>2) << ((32 - clz(n)) >> 1));
}

/** Bytes for n items and about as many more. */
export function bytesFor(n: u32, shift: usize): usize {
  const most = mostFor(n);
  const room: u32 = n <= SINGLE_LEAF ? 1 : (n * 2) / most + 2;
  return LIST + <usize>room * (8 + ((<usize>most) << shift));
}

/** Nothing, with room for n items and as many more as there are bytes for. */
export function create(at: usize, bytes: usize, n: u32, shift: usize): void {
  const most = n <= SINGLE_LEAF ? <u32>((bytes - LIST - 8) >> shift) : mostFor(n);
  const room: u32 = n <= SINGLE_LEAF ? 1 : <u32>((bytes - LIST) / (8 + ((<usize>most) << shift)));
  store<u64>(at, 0);
  store<u32>(at, room, CAPACITY);
  store<u32>(at, most, MAX_ITEMS);
  for (let i: u32 = 0; i < room; i++) store<u64>(at + ((<usize>i) << 3), i, LIST);
}

export function lengthOf(at: usize): u32 {
  return load<u32>(at);
}

/** Leaf i in order. */
function leafAt(at: usize, shift: usize, i: u32): usize {
  const leaf = <usize>load<u32>(at + ((<usize>i) << 3), LIST) * <usize>load<u32>(at, MAX_ITEMS);
  return at + LIST + ((<usize>load<u32>(at, CAPACITY)) << 3) + (leaf << shift);
}

function countOf(at: usize, i: u32): u32 {
  return load<u32>(at + ((<usize>i) << 3), LIST + 4);
}

function setCount(at: usize, i: u32, count: u32): void {
  store<u32>(at + ((<usize>i) << 3), count, LIST + 4);
}

function isBefore(item: usize, shift: usize, a: f64, b: f64): bool {
  const x = load<f64>(item);
  return x < a || (x == a && shift == 4 && load<f64>(item, 8) < b);
}

function isAfter(item: usize, shift: usize, a: f64, b: f64): bool {
  const x = load<f64>(item);
  return x > a || (x == a && shift == 4 && load<f64>(item, 8) > b);
}

/** The last leaf that begins no later than with an item, or the first. */
function leafOf(at: usize, shift: usize, a: f64, b: f64): u32 {
  let low: u32 = 0;
  for (let high = load<u32>(at, LEAVES); high - low > 1; ) {
    const middle = (low + high) >> 1;
    if (isAfter(leafAt(at, shift, middle), shift, a, b)) high = middle;
    else low = middle;
  }
  return low;
}

/** How many of a leaf's items are before one. */
function placeIn(leaf: usize, count: u32, shift: usize, a: f64, b: f64): u32 {
  let low: u32 = 0;
  for (let high = count; low < high; ) {
    const middle = (low + high) >> 1;
    if (isBefore(leaf + ((<usize>middle) << shift), shift, a, b)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One item more; false, and nothing changed, where there is no room for it. */
export function insert(at: usize, shift: usize, a: f64, b: f64): bool {
  const leaves = load<u32>(at, LEAVES);
  let i: u32 = 0;
  if (leaves) i = leafOf(at, shift, a, b);
  else store<u32>(at, 1, LEAVES);
  if (countOf(at, i) == load<u32>(at, MAX_ITEMS)) {
    if (leaves == load<u32>(at, CAPACITY)) return false;
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

/** The later half of a leaf comes to be one of its own, which is free. */
function split(at: usize, shift: usize, i: u32, leaves: u32): void {
  const free = load<u32>(at + ((<usize>leaves) << 3), LIST);
  const next = at + LIST + ((<usize>(i + 1)) << 3);
  memory.copy(next + 8, next, (<usize>(leaves - i - 1)) << 3);
  store<u32>(next, free);
  store<u32>(at, leaves + 1, LEAVES);
  const count = countOf(at, i);
  const half = count >> 1;
  const from = leafAt(at, shift, i) + ((<usize>(count - half)) << shift);
  memory.copy(leafAt(at, shift, i + 1), from, (<usize>half) << shift);
  setCount(at, i, count - half);
  setCount(at, i + 1, half);
}

/** One item less, of those that are there. */
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
  const leaves = load<u32>(at, LEAVES) - 1;
  const entry = at + LIST + ((<usize>i) << 3);
  const free = load<u64>(entry);
  memory.copy(entry, entry + 8, (<usize>(leaves - i)) << 3);
  store<u64>(at + ((<usize>leaves) << 3), free, LIST);
  store<u32>(at, leaves, LEAVES);
}

/** Address of the item that k others stand before. */
export function itemAt(at: usize, shift: usize, k: u32): usize {
  let i: u32 = 0;
  for (let count = countOf(at, 0); k >= count; count = countOf(at, i)) {
    k -= count;
    i++;
  }
  return leafAt(at, shift, i) + ((<usize>k) << shift);
}

/** Copies all items to a place that has none, and has room for them: each leaf there with some of its own left. */
export function copyAll(to: usize, from: usize, shift: usize): void {
  const most = load<u32>(to, MAX_ITEMS);
  const full = load<u32>(to, CAPACITY) == 1 ? most : (most * 3) >> 2;
  let i: u32 = 0;
  let count: u32 = 0;
  for (let leaf: u32 = 0; leaf < load<u32>(from, LEAVES); leaf++) {
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
  store<u32>(to, i + (count ? 1 : 0), LEAVES);
}
