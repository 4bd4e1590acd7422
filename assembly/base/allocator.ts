/**
 * One linear memory for every stream: a two-level segregated fit (Masmano, Ripoll, Crespo, Real, "TLSF", 2004).
 *
 * Law: memory from HEAP to the last block is a gapless row of blocks, no two neighbours both free, every free block in the
 * list of its size, and a stream's `used` is the sum of the blocks it owns. Allocate and release take constant time.
 *
 * A block is a multiple of 64 bytes. Its 16-byte header ends on a cache line, so that what is handed out starts on one:
 *
 *     … 48        64                                   48
 *       │ size    │ payload (size - 16 bytes) …         │ next header
 *       │ before  │ free: next, previous of its list    │
 *
 * `size` carries two flags, FREE (this block) and LEFT_FREE (the block before, whose header `before` then names).
 *
 * All state of the allocator is in the memory itself, so that a copy of the memory is a copy of everything: what does not
 * fit traps, and the caller who kept a copy puts it back. State inside a stream is ids, numbers and addresses of its own
 * blocks; nothing points into another stream.
 */

const FREE: u32 = 1;
const LEFT_FREE: u32 = 2;
const FLAGS: u32 = 63;

const SPLITS: u32 = 16;

// Root, at the bottom of memory.
const ROOT_CLASSES: usize = 64;
const ROOT_SPLITS: usize = 68;
const ROOT_END: usize = 168;
const ROOT_HEADS: usize = 192;
const HEAP: usize = 2048 - 16;

/** Whoever blocks are counted for: bytes in use, and how many they may be. Blocks of nobody (0) are not counted. */
@unmanaged
export class Owner {
  used: f64;
  limit: f64;
}

/** A block of at least `bytes`, its content undefined. Traps where the owner or the engine has no room. */
export function allocate(owner: Owner, bytes: usize): usize {
  const size = blockSize(bytes);
  if (changetype<usize>(owner) && owner.used + <f64>size > owner.limit) unreachable();
  let block = take(size);
  if (!block) {
    if (!grow(size)) unreachable();
    block = take(size);
  }
  if (changetype<usize>(owner)) owner.used += <f64>size;
  return block + 16;
}

export function release(owner: Owner, address: usize): void {
  let block = address - 16;
  let size = load<u32>(block) & ~FLAGS;
  assert(!(load<u32>(block) & FREE));
  if (changetype<usize>(owner)) {
    owner.used -= <f64>size;
    assert(owner.used >= 0);
  }
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
}

/** A block of `bytes` with what fits of the old one, which is released. */
export function resize(owner: Owner, address: usize, bytes: usize): usize {
  if (!address) return allocate(owner, bytes);
  const kept = capacity(address);
  if (kept >= bytes && kept <= bytes * 2) return address;
  const moved = allocate(owner, bytes);
  memory.copy(moved, address, min(kept, bytes));
  release(owner, address);
  return moved;
}

/** Bytes that a block holds: at least what was asked for. */
export function capacity(address: usize): usize {
  return (load<u32>(address - 16) & ~FLAGS) - 16;
}

/** Makes sure that allocations of `bytes` in all, however cut, cannot fail for want of linear memory. */
export function reserve(bytes: usize): bool {
  const last = <usize>load<u32>(ROOT_END);
  const free = load<u32>(last) & LEFT_FREE ? <usize>(load<u32>(load<u32>(last, 4)) & ~FLAGS) : 0;
  // A search for a block passes over lists whose blocks may be too small by a sixteenth.
  const wanted = bytes + (bytes >> 3) + 1024;
  return free >= wanted || grow(wanted - free);
}

/** End of what is in use: all state lies below, and a copy up to 64 bytes beyond is a copy of it all. */
export function top(): usize {
  const end = <usize>load<u32>(ROOT_END);
  return load<u32>(end) & LEFT_FREE ? <usize>load<u32>(end, 4) : end;
}

/** After a copy was put back whose `top` this was: memory may have grown since, and all beyond is free. */
export function resetEnd(top: usize): void {
  const end = ((<usize>memory.size()) << 16) - 16;
  if (load<u32>(top) & FREE) unlink(top);
  store<u32>(ROOT_END, <u32>end);
  store<u32>(end, 0);
  if (end > top) link(top, <u32>(end - top));
}

function blockSize(bytes: usize): u32 {
  return (<u32>bytes + 16 + FLAGS) & ~FLAGS;
}

/** The class and split of a size in 64-byte grains, as one number. */
function listOf(grains: u32): u32 {
  if (grains < SPLITS) return grains;
  const top = 31 - clz(grains);
  return (top - 3) * SPLITS + ((grains >> (top - 4)) & (SPLITS - 1));
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
  const row = list / SPLITS;
  store<u32>(ROOT_CLASSES, load<u32>(ROOT_CLASSES) | (1 << row));
  const splits = ROOT_SPLITS + ((<usize>row) << 2);
  store<u32>(splits, load<u32>(splits) | (1 << (list % SPLITS)));
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
  const row = list / SPLITS;
  const splits = ROOT_SPLITS + ((<usize>row) << 2);
  const left = load<u32>(splits) & ~(1 << (list % SPLITS));
  store<u32>(splits, left);
  if (!left) store<u32>(ROOT_CLASSES, load<u32>(ROOT_CLASSES) & ~(1 << row));
}

/** A block of exactly `size` bytes out of the first list whose every block is large enough, or 0. */
function take(size: u32): usize {
  let grains = size >> 6;
  if (grains >= SPLITS) grains += (1 << (31 - clz(grains) - 4)) - 1;
  const list = listOf(grains);
  let row = list / SPLITS;
  let splits = load<u32>(ROOT_SPLITS + ((<usize>row) << 2)) & ((<u32>-1) << (list % SPLITS));
  if (!splits) {
    const classes = load<u32>(ROOT_CLASSES) & ((<u32>-1) << (row + 1));
    if (!classes) return 0;
    row = ctz(classes);
    splits = load<u32>(ROOT_SPLITS + ((<usize>row) << 2));
  }
  const block = <usize>load<u32>(ROOT_HEADS + ((<usize>(row * SPLITS + ctz(splits))) << 2));
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

/** Once, before anything else: the first block is what the engine gave us, up to the end mark, a used block of no size. */
export function start(): void {
  const end = ((<usize>memory.size()) << 16) - 16;
  store<u32>(ROOT_END, <u32>end);
  store<u32>(end, 0);
  link(HEAP, <u32>(end - HEAP));
}

/** More linear memory, by at least an eighth of what there is, so that growing stays rare. */
function grow(bytes: usize): bool {
  const pages = <i32>((<u64>bytes + bytes / 8 + 0x1ffff) >> 16);
  const most = 65535 - memory.size();
  const wanted = min(max(pages, memory.size() >> 3), most);
  if (pages > most || memory.grow(wanted) < 0) return false;
  const old = <usize>load<u32>(ROOT_END);
  const end = ((<usize>memory.size()) << 16) - 16;
  store<u32>(ROOT_END, <u32>end);
  store<u32>(end, 0);
  let block = old;
  if (load<u32>(old) & LEFT_FREE) {
    block = load<u32>(old, 4);
    unlink(block);
  }
  link(block, <u32>(end - block));
  return true;
}
