/**
 * A list of pointers in an order that its user decides, as a counted B+ tree (Bayer, McCreight, "Organization and
 * maintenance of large ordered indexes", 1972). Finding by index or by a field, inserting and removing take logarithmic
 * time. Up to 122 pointers are one array.
 *
 *     leaf       0 length: u32 │ 8 pointers: u32 …
 *     branch     0 length: u32 │ 8 entries …
 *     entry      0 child: u32 │ 4 the number of pointers below it: u32 │ 8 the first of them: u32
 *
 * Law: all leaves are equally deep, the counts and first pointers of entries are right, no node but an empty root is
 * empty, and two neighbours below one branch together have more than half of a node's entries.
 */

import { allocate, Owner, release } from './allocator';

@unmanaged
export class PointerTree {
  /** The topmost node, 0 before the first pointer. */
  root: usize;
  /** Levels of branches above the leaves. */
  height: i32;
  length: i32;
}

/** A node fills a block of 512 bytes. */
const NODE_BYTES: usize = 496;
const NODE_HEAD: usize = 8;
const BLOCK_BYTES: f64 = 512;
const LEAF_POINTERS: i32 = 122;
const BRANCH_ENTRIES: i32 = 40;
const ENTRY_BYTES: usize = 12;
/** Lower bound on the pointers for each node of a tree with branches. By its law leaves have 30 on average. */
const MIN_NODE_POINTERS: f64 = 16;

export function createTree(owner: Owner): PointerTree {
  const tree = changetype<PointerTree>(allocate(owner, offsetof<PointerTree>()));
  tree.root = 0;
  tree.height = 0;
  tree.length = 0;
  return tree;
}

/** Releases a tree. What its pointers lead to belongs to the caller. */
export function destroyTree(owner: Owner, tree: PointerTree): void {
  if (tree.root) destroyNode(owner, tree.root, tree.height);
  release(owner, changetype<usize>(tree));
}

function destroyNode(owner: Owner, node: usize, height: i32): void {
  for (let c = 0; height && c < lengthOf(node); c++) destroyNode(owner, childOf(node, c), height - 1);
  release(owner, node);
}

/** Upper bound on the bytes needed for n more pointers: each may split a node of every level. */
export function treeBytes(tree: PointerTree, n: f64): f64 {
  const needed = <f64>tree.length + n;
  if (needed <= <f64>LEAF_POINTERS) return tree.root || !n ? 0 : BLOCK_BYTES;
  const levels = <f64>(tree.height + 2);
  return BLOCK_BYTES * (levels + min(n * levels, needed / MIN_NODE_POINTERS));
}

/** The pointer at index i. */
export function pointerIn(tree: PointerTree, i: i32): usize {
  return tree.height ? pointerBelow(tree, i) : load<u32>(entryAt(tree.root, 0, i));
}

function pointerBelow(tree: PointerTree, i: i32): usize {
  let node = tree.root;
  for (let height = tree.height; height; height--) {
    let c = 0;
    for (; i >= countOf(node, c); c++) i -= countOf(node, c);
    node = childOf(node, c);
  }
  return load<u32>(entryAt(node, 0, i));
}

/**
 * Index of the first pointer to a struct whose f64 at offset `field` is not less than x; the length if there is none.
 * The field must never decrease along the list.
 */
export function lowerBoundOf(tree: PointerTree, field: usize, x: f64): i32 {
  return Bisection.of(tree, field, x, false);
}

/** Index of the first pointer to a struct whose f64 at offset `field` is greater than x. See `lowerBoundOf`. */
export function upperBoundOf(tree: PointerTree, field: usize, x: f64): i32 {
  return Bisection.of(tree, field, x, true);
}

/** The two searches, made for each of `lowerBoundOf` and `upperBoundOf`. */
// biome-ignore lint/complexity/noStaticOnlyClass: a decorator needs a method, and the search must be inlined.
class Bisection {
  @inline
  static of(tree: PointerTree, field: usize, x: f64, above: bool): i32 {
    if (!tree.length) return 0;
    let node = tree.root;
    let before = 0;
    for (let height = tree.height; height; height--) {
      // The bound lies in the last child that begins before it, or at its end.
      const child = Bisection.within(node + 8, ENTRY_BYTES, 1, lengthOf(node), field, x, above) - 1;
      for (let c = 0; c < child; c++) before += countOf(node, c);
      node = childOf(node, child);
    }
    return before + Bisection.within(node, 4, 0, lengthOf(node), field, x, above);
  }

  /** The bound among the pointers `low` up to `high` of a node, which stand `stride` bytes apart. */
  @inline
  static within(node: usize, stride: usize, low: i32, high: i32, field: usize, x: f64, above: bool): i32 {
    while (low < high) {
      const middle = (low + high) >> 1;
      const value = load<f64>(<usize>load<u32>(node + <usize>middle * stride, NODE_HEAD) + field);
      if (above ? value > x : value >= x) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Inserts a pointer before the one at index i. */
export function insertInTree(owner: Owner, tree: PointerTree, i: i32, pointer: usize): void {
  if (!tree.root) tree.root = createNode(owner);
  if (!tree.height && tree.length < LEAF_POINTERS) {
    store<u32>(openEntry(tree.root, 0, i), <u32>pointer);
    tree.length++;
    return;
  }
  const split = insertBelow(owner, tree.root, tree.height, i, pointer, i == tree.length);
  tree.length++;
  if (!split) return;
  const root = createNode(owner);
  store<u32>(root, 2);
  setChild(root, 0, tree.root, tree.height);
  setChild(root, 1, split, tree.height);
  tree.root = root;
  tree.height++;
}

/**
 * Inserts a pointer below a node. Returns the new node after it if the node was split, else 0. `isLast`: the pointer
 * goes to the end of the tree, where full nodes are left behind instead of halves.
 */
function insertBelow(owner: Owner, node: usize, height: i32, i: i32, pointer: usize, isLast: bool): usize {
  let at = i;
  let split: usize = 0;
  if (height) {
    let c = 0;
    for (; c + 1 < lengthOf(node) && at >= countOf(node, c); c++) at -= countOf(node, c);
    const child = childOf(node, c);
    split = insertBelow(owner, child, height - 1, at, pointer, isLast);
    setChild(node, c, child, height - 1);
    if (!split) return 0;
    at = c + 1;
  }
  const right = splitFull(owner, node, height, isLast);
  let into = node;
  if (right && (isLast || at > lengthOf(node))) {
    into = right;
    at -= lengthOf(node);
  }
  const place = openEntry(into, height, at);
  if (height) setChild(into, at, split, height - 1);
  else store<u32>(place, <u32>pointer);
  return right;
}

/** Moves the second half of a full node, or none of it, into a new node after it, which it returns; else 0. */
function splitFull(owner: Owner, node: usize, height: i32, isLast: bool): usize {
  const length = lengthOf(node);
  if (length < capacityAt(height)) return 0;
  const right = createNode(owner);
  const kept = isLast ? length : length >> 1;
  appendEntries(right, node, height, kept);
  store<u32>(node, kept);
  return right;
}

/** Removes the pointer at index i and returns it. */
export function removeFromTree(owner: Owner, tree: PointerTree, i: i32): usize {
  const removed = removeBelow(owner, tree.root, tree.height, i);
  tree.length--;
  while (tree.height && lengthOf(tree.root) == 1) {
    const root = tree.root;
    tree.root = childOf(root, 0);
    tree.height--;
    release(owner, root);
  }
  return removed;
}

function removeBelow(owner: Owner, node: usize, height: i32, i: i32): usize {
  if (!height) {
    const removed = load<u32>(entryAt(node, 0, i));
    closeEntry(node, 0, i);
    return removed;
  }
  let c = 0;
  for (; i >= countOf(node, c); c++) i -= countOf(node, c);
  const child = childOf(node, c);
  const removed = removeBelow(owner, child, height - 1, i);
  if (!lengthOf(child)) {
    release(owner, child);
    closeEntry(node, height, c);
    return removed;
  }
  setChild(node, c, child, height - 1);
  joinNext(owner, node, height, c);
  if (c) joinNext(owner, node, height, c - 1);
  return removed;
}

/** Moves all of the child after child c into c, if half a node is enough for both. */
function joinNext(owner: Owner, node: usize, height: i32, c: i32): void {
  if (c + 1 >= lengthOf(node)) return;
  const left = childOf(node, c);
  const right = childOf(node, c + 1);
  const length = lengthOf(left);
  if (length + lengthOf(right) > capacityAt(height - 1) >> 1) return;
  appendEntries(left, right, height - 1, 0);
  release(owner, right);
  closeEntry(node, height, c + 1);
  // Two of the grandchildren have become neighbours.
  if (height > 1) joinNext(owner, left, height - 1, length - 1);
  setChild(node, c, left, height - 1);
}

function createNode(owner: Owner): usize {
  const node = allocate(owner, NODE_BYTES);
  store<u32>(node, 0);
  return node;
}

function lengthOf(node: usize): i32 {
  return load<u32>(node);
}

function capacityAt(height: i32): i32 {
  return height ? BRANCH_ENTRIES : LEAF_POINTERS;
}

/** Entry i of a branch, or the place of pointer i in a leaf. */
function entryAt(node: usize, height: i32, i: i32): usize {
  return node + NODE_HEAD + <usize>i * (height ? ENTRY_BYTES : 4);
}

function childOf(branch: usize, c: i32): usize {
  return load<u32>(entryAt(branch, 1, c));
}

function countOf(branch: usize, c: i32): i32 {
  return load<u32>(entryAt(branch, 1, c), 4);
}

/** Writes entry c of a branch. */
function setChild(branch: usize, c: i32, child: usize, height: i32): void {
  const entry = entryAt(branch, 1, c);
  store<u32>(entry, <u32>child);
  store<u32>(entry, countBelow(child, height), 4);
  store<u32>(entry, firstBelow(child, height), 8);
}

/** The number of pointers below a node. */
function countBelow(node: usize, height: i32): i32 {
  if (!height) return lengthOf(node);
  let count = 0;
  for (let c = 0; c < lengthOf(node); c++) count += countOf(node, c);
  return count;
}

/** The first pointer below a node that is not empty. */
function firstBelow(node: usize, height: i32): u32 {
  return height ? load<u32>(node, NODE_HEAD + 8) : load<u32>(node, NODE_HEAD);
}

/** Makes room for an entry before entry i, and returns its place. */
function openEntry(node: usize, height: i32, i: i32): usize {
  const place = entryAt(node, height, i);
  const bytes = entryAt(node, height, lengthOf(node)) - place;
  if (bytes) memory.copy(entryAt(node, height, i + 1), place, bytes);
  store<u32>(node, lengthOf(node) + 1);
  return place;
}

/** Removes entry i. */
function closeEntry(node: usize, height: i32, i: i32): void {
  const next = entryAt(node, height, i + 1);
  const bytes = entryAt(node, height, lengthOf(node)) - next;
  if (bytes) memory.copy(entryAt(node, height, i), next, bytes);
  store<u32>(node, lengthOf(node) - 1);
}

/** Appends the entries of a node from entry `first` on to those of another. */
function appendEntries(to: usize, from: usize, height: i32, first: i32): void {
  const start = entryAt(from, height, first);
  memory.copy(entryAt(to, height, lengthOf(to)), start, entryAt(from, height, lengthOf(from)) - start);
  store<u32>(to, lengthOf(to) + lengthOf(from) - first);
}

/** Whether the law of a tree holds. */
export function isTreeSound(tree: PointerTree): bool {
  if (!tree.root) return !tree.length;
  return countBelow(tree.root, tree.height) == tree.length && isNodeSound(tree.root, tree.height);
}

function isNodeSound(node: usize, height: i32): bool {
  for (let c = 0; height && c < lengthOf(node); c++) {
    const child = childOf(node, c);
    if (!lengthOf(child) || countBelow(child, height - 1) != countOf(node, c)) return false;
    if (firstBelow(child, height - 1) != load<u32>(entryAt(node, 1, c), 8)) return false;
    const together = c ? lengthOf(childOf(node, c - 1)) + lengthOf(child) : LEAF_POINTERS;
    if (together <= capacityAt(height - 1) >> 1 || !isNodeSound(child, height - 1)) return false;
  }
  return lengthOf(node) <= capacityAt(height);
}
