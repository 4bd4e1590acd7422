/**
 * The allocator: divides one linear memory among all streams, by a two-level segregated fit (Masmano, Ripoll, Crespo,
 * Real, "TLSF", 2004).
 *
 * Law: memory from HEAP to the end mark is a gapless row of blocks. No two neighbours are both free, every free block
 * is in the list of its size, and `used` of an owner is the sum of the sizes of its blocks. Unless memory has to grow,
 * `allocate` and `release` take constant time.
 *
 * The size of a block is a multiple of 64 bytes. Its header of 16 bytes ends on a cache line, so the payload begins on
 * one:
 *
 *     … 48        64                                       48
 *       │ size    │ payload: size - 16 bytes …             │ next header
 *       │ before  │ if free: next and previous of its list │
 *       │ owner   │                                        │
 *
 * The low bits of `size` carry two flags: FREE, this block is free, and LEFT_FREE, the block before it is free.
 * `before` is the address of that block and is valid only with LEFT_FREE. `owner` is valid unless the block is free.
 *
 * The state of a stream is ids, numbers and addresses of its own blocks; nothing in it points into another stream. So a
 * copy of its blocks, headers included, is a copy of all its state. An allocation that does not fit traps before it
 * changes anything, and the caller who kept a copy puts it back: `withdraw` frees what the stream has now, then
 * `reclaim` takes the places where its blocks lay, which nothing but the stream can have used meanwhile.
 */

const FREE: u32 = 1;
const LEFT_FREE: u32 = 2;
const FLAGS: u32 = 63;
/** Offset of the owner in a header. */
const OWNER: usize = 8;

/** Every power of two of sizes, a class, is split into this many lists. */
const LISTS_PER_CLASS: u32 = 16;
/** Number of lists: sizes below 4 GiB are of 24 classes. */
const LISTS: u32 = 24 * LISTS_PER_CLASS;

// The root, at the bottom of memory: a bitmap of the classes that have free blocks, for each class a bitmap of its
// lists that have some, the address of the end mark, and the first block of each list.
const ROOT_CLASSES: usize = 64;
const ROOT_LISTS: usize = 68;
const ROOT_END: usize = 168;
const ROOT_HEADS: usize = 192;
const HEAP: usize = 2048 - 16;

/**
 * Counts the bytes of the blocks allocated for it, and bounds them. Blocks allocated for nobody (0) are not counted.
 */
@unmanaged
export class Owner {
  /** Bytes in use, headers included. */
  used: f64;
  /** Upper bound on `used`. */
  limit: f64;
  /** The stream, the same for all owners of one stream. */
  stream: usize;
}

/** Initializes an owner that has nothing, without a limit. */
export function initOwner(owner: Owner, stream: usize): void {
  owner.used = 0;
  owner.limit = Infinity;
  owner.stream = stream;
}

/**
 * Allocates a block of at least `bytes` and returns its address; its content is undefined. Traps if the limit of the
 * owner is exceeded or linear memory cannot grow.
 */
export function allocate(owner: Owner, bytes: usize): usize {
  const size = blockSize(bytes);
  if (changetype<usize>(owner) && owner.used + <f64>size > owner.limit) unreachable();
  let block = take(size);
  if (!block) {
    if (!grow(size)) unreachable();
    block = take(size);
  }
  if (changetype<usize>(owner)) owner.used += <f64>size;
  store<u32>(block, <u32>changetype<usize>(owner), OWNER);
  return block + 16;
}

/** Frees a block and merges it with neighbours that are free. */
export function release(owner: Owner, address: usize): void {
  const block = address - 16;
  assert(!(load<u32>(block) & FREE));
  if (changetype<usize>(owner)) {
    owner.used -= <f64>(load<u32>(block) & ~FLAGS);
    assert(owner.used >= 0);
  }
  free(block);
}

/** Frees a block and merges it with its free neighbours. Returns the end of the merged block. */
function free(block: usize): usize {
  let size = load<u32>(block) & ~FLAGS;
  if (load<u32>(block) & LEFT_FREE) {
    const left = <usize>load<u32>(block, 4);
    unlink(left);
    size += load<u32>(left) & ~FLAGS;
    block = left;
  }
  const right = block + size;
  if (load<u32>(right) & FREE) {
    unlink(right);
    size += load<u32>(right) & ~FLAGS;
  }
  link(block, size);
  return block + size;
}

/**
 * Returns a block of at least `bytes` with as much of the old content as fits. It is the old block if that holds
 * between one and two times `bytes`; otherwise the old one is released. Address 0 is no block.
 */
export function resize(owner: Owner, address: usize, bytes: usize): usize {
  if (!address) return allocate(owner, bytes);
  const kept = capacity(address);
  if (kept >= bytes && kept <= bytes * 2) return address;
  const moved = allocate(owner, bytes);
  memory.copy(moved, address, min(kept, bytes));
  release(owner, address);
  return moved;
}

/** Bytes that a block can hold: at least as many as were requested. */
export function capacity(address: usize): usize {
  return (load<u32>(address - 16) & ~FLAGS) - 16;
}

/**
 * Makes sure that blocks of `bytes` in total, however divided, can be allocated without growing linear memory; false if
 * memory cannot grow that far. `bytes` includes headers and rounding.
 */
export function reserve(bytes: usize): bool {
  const last = <usize>load<u32>(ROOT_END);
  const free = load<u32>(last) & LEFT_FREE ? <usize>(load<u32>(load<u32>(last, 4)) & ~FLAGS) : 0;
  // `take` rounds a size up by as much as a sixteenth, so it skips some blocks that would fit.
  const wanted = bytes + (bytes >> 3) + 1024;
  return free >= wanted || grow(wanted - free);
}

/** End of the memory in use. */
export function top(): usize {
  const end = <usize>load<u32>(ROOT_END);
  return load<u32>(end) & LEFT_FREE ? <usize>load<u32>(end, 4) : end;
}

/** Makes a block that was allocated for nobody one of a stream, whose owners do not count it. */
export function adopt(owner: Owner, address: usize): void {
  store<u32>(address - 16, <u32>changetype<usize>(owner), OWNER);
}

/**
 * The first block of a stream from the block `from` on, 0 if there is none. `from` is 0, or an end that `endOfRun`
 * returned.
 */
export function nextRun(stream: usize, from: usize): usize {
  const end = <usize>load<u32>(ROOT_END);
  let block = max(from, HEAP);
  while (block < end && !isOf(stream, block)) block = rightOf(block);
  return block < end ? block : 0;
}

/** The end of the blocks of a stream that follow each other from one of them on. */
export function endOfRun(stream: usize, block: usize): usize {
  const end = <usize>load<u32>(ROOT_END);
  while (block < end && isOf(stream, block)) block = rightOf(block);
  return block;
}

/**
 * Frees all blocks of a stream, whose owners still count them. The owners are among these blocks: `isOf` reads a field
 * of theirs that freeing leaves alone.
 */
export function withdraw(stream: usize): void {
  for (let block = nextRun(stream, 0); block; block = nextRun(stream, block)) block = free(block);
}

/**
 * Takes the memory from `start` to `end`, where a run of blocks lay before `withdraw`. The caller then puts back what
 * lay there. Runs are taken in order of address; `from` is the end of the one before, or 0.
 */
export function reclaim(from: usize, start: usize, end: usize): void {
  let block = max(from, HEAP);
  while (rightOf(block) <= start) block = rightOf(block);
  const right = rightOf(block);
  assert(load<u32>(block) & FREE && block <= start && end <= right);
  unlink(block);
  if (block < start) link(block, <u32>(start - block));
  if (end < right) link(end, <u32>(right - end));
  else store<u32>(right, load<u32>(right) & ~LEFT_FREE);
}

function rightOf(block: usize): usize {
  return block + <usize>(load<u32>(block) & ~FLAGS);
}

/** Whether a block is in use by an owner of a stream. */
function isOf(stream: usize, block: usize): bool {
  const owner = <usize>load<u32>(block, OWNER);
  return !(load<u32>(block) & FREE) && owner != 0 && changetype<Owner>(owner).stream == stream;
}

function blockSize(bytes: usize): u32 {
  return (<u32>bytes + 16 + FLAGS) & ~FLAGS;
}

/** Number of the list for a size in grains of 64 bytes: class * LISTS_PER_CLASS + list within the class. */
function listOf(grains: u32): u32 {
  if (grains < LISTS_PER_CLASS) return grains;
  const top = 31 - clz(grains);
  return (top - 3) * LISTS_PER_CLASS + ((grains >> (top - 4)) & (LISTS_PER_CLASS - 1));
}

function link(block: usize, size: u32): void {
  const list = listOf(size >> 6);
  const head = ROOT_HEADS + ((<usize>list) << 2);
  const next = load<u32>(head);
  store<u32>(block, size | FREE);
  store<u32>(block, next, 16);
  store<u32>(block, 0, 20);
  if (next) store<u32>(next, <u32>block, 20);
  store<u32>(head, <u32>block);
  const right = block + size;
  store<u32>(right, load<u32>(right) | LEFT_FREE);
  store<u32>(right, <u32>block, 4);
  const sizeClass = list / LISTS_PER_CLASS;
  store<u32>(ROOT_CLASSES, load<u32>(ROOT_CLASSES) | (1 << sizeClass));
  const bitmap = ROOT_LISTS + ((<usize>sizeClass) << 2);
  store<u32>(bitmap, load<u32>(bitmap) | (1 << (list % LISTS_PER_CLASS)));
}

function unlink(block: usize): void {
  const size = load<u32>(block) & ~FLAGS;
  const next = <usize>load<u32>(block, 16);
  const previous = <usize>load<u32>(block, 20);
  if (next) store<u32>(next, <u32>previous, 20);
  if (previous) {
    store<u32>(previous, <u32>next, 16);
    return;
  }
  const list = listOf(size >> 6);
  store<u32>(ROOT_HEADS + ((<usize>list) << 2), <u32>next);
  if (next) return;
  const sizeClass = list / LISTS_PER_CLASS;
  const bitmap = ROOT_LISTS + ((<usize>sizeClass) << 2);
  const left = load<u32>(bitmap) & ~(1 << (list % LISTS_PER_CLASS));
  store<u32>(bitmap, left);
  if (!left) store<u32>(ROOT_CLASSES, load<u32>(ROOT_CLASSES) & ~(1 << sizeClass));
}

/**
 * Takes a block of exactly `size` bytes from the first list in which every block is large enough; 0 if there is none.
 */
function take(size: u32): usize {
  let grains = size >> 6;
  if (grains >= LISTS_PER_CLASS) grains += (1 << (31 - clz(grains) - 4)) - 1;
  const list = listOf(grains);
  let sizeClass = list / LISTS_PER_CLASS;
  let bits = load<u32>(ROOT_LISTS + ((<usize>sizeClass) << 2)) & ((<u32>-1) << (list % LISTS_PER_CLASS));
  if (!bits) {
    const classes = load<u32>(ROOT_CLASSES) & ((<u32>-1) << (sizeClass + 1));
    if (!classes) return 0;
    sizeClass = ctz(classes);
    bits = load<u32>(ROOT_LISTS + ((<usize>sizeClass) << 2));
  }
  const block = <usize>load<u32>(ROOT_HEADS + ((<usize>(sizeClass * LISTS_PER_CLASS + ctz(bits))) << 2));
  const whole = load<u32>(block) & ~FLAGS;
  assert(whole >= size);
  unlink(block);
  const right = block + whole;
  if (whole > size) {
    link(block + size, whole - size);
  } else {
    store<u32>(right, load<u32>(right) & ~LEFT_FREE);
  }
  store<u32>(block, size);
  return block;
}

/**
 * Initializes the allocator; called once, before anything else. The first block is all the memory there is, up to the
 * end mark, which is a used block of size 0.
 */
export function start(): void {
  const end = ((<usize>memory.size()) << 16) - 16;
  store<u32>(ROOT_END, <u32>end);
  store<u32>(end, 0);
  link(HEAP, <u32>(end - HEAP));
}

/**
 * Grows linear memory by at least `bytes`, and if possible by an eighth of its size, so that growing stays rare; false
 * if it cannot.
 */
function grow(bytes: usize): bool {
  const pages = <i32>((<u64>bytes + bytes / 8 + 0x1ffff) >> 16);
  const pagesLeft = 65535 - memory.size();
  const wanted = min(max(pages, memory.size() >> 3), pagesLeft);
  if (pages > pagesLeft || memory.grow(wanted) < 0) return false;
  extend();
  return true;
}

/** Moves the end mark to the end of linear memory, and frees what lies before it. */
export function extend(): void {
  const old = <usize>load<u32>(ROOT_END);
  const end = ((<usize>memory.size()) << 16) - 16;
  if (end == old) return;
  store<u32>(ROOT_END, <u32>end);
  store<u32>(end, 0);
  let block = old;
  if (load<u32>(old) & LEFT_FREE) {
    block = load<u32>(old, 4);
    unlink(block);
  }
  link(block, <u32>(end - block));
}

/** Bytes at the start of a free block that the allocator reads: its header, and its neighbours in the list. */
const FREE_HEAD: usize = 24;

/**
 * Sets the entries, a byte each, of all pages of 2^bits bytes that lie in free blocks, apart from what the allocator
 * reads of these.
 */
export function markFree(map: usize, bits: usize): void {
  for (let list = listOf(<u32>(((<usize>1) << bits) >> 6)); list < LISTS; list++) {
    for (let block = headOfList(list); block; block = <usize>load<u32>(block, 16)) {
      const first = (block + FREE_HEAD + ((<usize>1) << bits) - 1) >> bits;
      const end = rightOf(block) >> bits;
      if (end > first) memory.fill(map + first, 1, end - first);
    }
  }
}

/** Address of the first block of all owners; 0 if there is none. */
export function firstBlock(): usize {
  return blockFrom(HEAP);
}

/** Address of the block that follows in memory; 0 if there is none. */
export function nextBlock(address: usize): usize {
  return blockFrom(rightOf(address - 16));
}

/** The first block in use from `block` on. */
function blockFrom(block: usize): usize {
  const end = <usize>load<u32>(ROOT_END);
  while (block < end && load<u32>(block) & FREE) block = rightOf(block);
  return block < end ? block + 16 : 0;
}

/** The owner of a block. */
export function ownerOf(address: usize): Owner {
  return changetype<Owner>(<usize>load<u32>(address - 16 + OWNER));
}

/** Whether blocks are gapless up to the end mark, their flags are right, and no two neighbours are both free. */
export function areBlocksSound(): bool {
  const end = <usize>load<u32>(ROOT_END);
  let before: usize = 0;
  let block = HEAP;
  let isLeftFree = false;
  for (; block < end; before = block, block += <usize>(load<u32>(block) & ~FLAGS)) {
    const header = load<u32>(block);
    if ((header & ~FLAGS) == 0 || ((header & LEFT_FREE) != 0) != isLeftFree) return false;
    if (isLeftFree && (header & FREE || <usize>load<u32>(block, 4) != before)) return false;
    isLeftFree = (header & FREE) != 0;
  }
  const mark = load<u32>(end);
  if (block != end || ((mark & LEFT_FREE) != 0) != isLeftFree) return false;
  return (mark & FREE) == 0 && (!isLeftFree || <usize>load<u32>(end, 4) == before);
}

/** Whether every free block is in the list of its size, and the lists contain nothing else. */
export function areListsSound(): bool {
  let free = 0;
  const end = <usize>load<u32>(ROOT_END);
  for (let block = HEAP; block < end; block += <usize>(load<u32>(block) & ~FLAGS)) {
    if (load<u32>(block) & FREE) free++;
  }
  for (let list: u32 = 0; list < LISTS; list++) {
    let before: usize = 0;
    for (let block = headOfList(list); block; before = block, block = <usize>load<u32>(block, 16)) {
      const header = load<u32>(block);
      if (!(header & FREE) || listOf(header >> 6) != list || <usize>load<u32>(block, 20) != before || --free < 0)
        return false;
    }
    const sizeClass = list / LISTS_PER_CLASS;
    const lists = load<u32>(ROOT_LISTS + ((<usize>sizeClass) << 2));
    const isMarked = ((lists >> (list % LISTS_PER_CLASS)) & 1) != 0;
    if (isMarked != (headOfList(list) != 0)) return false;
    if (((load<u32>(ROOT_CLASSES) >> sizeClass) & 1) != <u32>(lists != 0)) return false;
  }
  return free == 0;
}

function headOfList(list: u32): usize {
  return load<u32>(ROOT_HEADS + ((<usize>list) << 2));
}
