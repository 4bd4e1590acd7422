/**
 * Keys ↔ dense ids. A key is `width` words of eight bytes (a number's or bigint's bits, a string's number with the producer);
 * where the producer writes ids itself there are no words and no table, and only the order and the liveness of ids are kept.
 *
 *     table   open addressing, linear probing, at most a quarter full while it fits the cache, else half:  tag u64 │ id + 1 u32 │ –
 *             the tag is the key itself where it is one word, else its hash, and the words decide
 *     small   u32 for each whole number below its length: id + 1 where that key was met since the last sweep; a look at it
 *             spares the way through the table
 *     words   of each id                 live    rows on a grid of time that hold the id: slices, panes, windows that fired
 *                                        holds   what other windows have of it, and samples that are remembered, where there are such
 *     order   ids in the order in which they came alive (NONE: since died), and each id's place in it
 *
 * Law: an id with live = 0 and holds = 0 is in no row. Such ids are swept together once they are half of all, at the start of a batch, when no
 * event is under way: constant time a key, and memory for at most twice the live ones. What the sweep does never shows:
 * order follows from when rows come and go, which is a matter of events alone.
 */

import { allocate, release, resize } from '../base/allocator';
import { Keys } from '../plan';
import { Stream } from '../stream';

export const NONE: u32 = 0xffffffff;

@unmanaged
export class Dictionary {
  width: i32;
  /** Ids are below this. */
  limit: u32;
  /** Ids below the limit that are given to no key, a stack of them. */
  free: usize;
  freeCount: u32;
  /** At how many ids to sweep. */
  sweepAt: u32;
  table: usize;
  tableMask: u32;
  small: usize;
  smallLength: u32;
  words: usize;
  live: usize;
  pins: usize;
  /** Ids that are live or held. */
  aliveCount: u32;
  place: usize;
  capacity: u32;
  order: usize;
  orderLength: u32;
  orderCapacity: u32;
  liveCount: u32;
}

const INITIAL_SLOTS: u32 = 64;
/** Slots of a table that is kept sparse: a megabyte. */
const SPARSE_SLOTS: u32 = 1 << 16;

export function createDictionary(stream: Stream, width: i32): Dictionary {
  const keys = changetype<Dictionary>(allocate(stream, offsetof<Dictionary>()));
  memory.fill(changetype<usize>(keys), 0, offsetof<Dictionary>());
  keys.width = width;
  keys.sweepAt = INITIAL_SLOTS * 16;
  growTo(stream, keys, INITIAL_SLOTS);
  keys.orderCapacity = INITIAL_SLOTS;
  keys.order = allocate(stream, INITIAL_SLOTS << 2);
  if (width) newTable(stream, keys, INITIAL_SLOTS * 4);
  return keys;
}

export function destroyDictionary(stream: Stream, keys: Dictionary): void {
  release(stream, keys.free);
  release(stream, keys.live);
  if (keys.pins) release(stream, keys.pins);
  release(stream, keys.place);
  release(stream, keys.order);
  if (keys.words) release(stream, keys.words);
  if (keys.table) release(stream, keys.table);
  if (keys.small) release(stream, keys.small);
  release(stream, changetype<usize>(keys));
}

/** The producer keeps the keys and writes ids. */
export function dropWords(stream: Stream, keys: Dictionary): void {
  release(stream, keys.words);
  release(stream, keys.table);
  release(stream, keys.small);
  keys.words = 0;
  keys.table = 0;
  keys.small = 0;
  keys.smallLength = 0;
  keys.width = 0;
}

/** Room for ids below n; new ones are dead. */
export function growTo(stream: Stream, keys: Dictionary, n: u32): void {
  if (n > keys.capacity) setCapacity(stream, keys, max(n, keys.capacity * 2));
}

function setCapacity(stream: Stream, keys: Dictionary, capacity: u32): void {
  keys.free = resize(stream, keys.free, (<usize>capacity) << 2);
  keys.place = resize(stream, keys.place, (<usize>capacity) << 2);
  keys.live = resize(stream, keys.live, (<usize>capacity) << 2);
  if (keys.width) keys.words = resize(stream, keys.words, (<usize>capacity * <usize>keys.width) << 3);
  for (let id = keys.capacity; id < capacity; id++) store<u32>(keys.live + ((<usize>id) << 2), 0);
  if (stream.hasSamples || stream.gridCount < stream.windowCount) {
    keys.pins = resize(stream, keys.pins, (<usize>capacity) << 2);
    for (let id = keys.capacity; id < capacity; id++) store<u32>(keys.pins + ((<usize>id) << 2), 0);
  }
  keys.capacity = capacity;
  if (keys.width != 1) return;
  keys.smallLength = capacity * 2;
  keys.small = resize(stream, keys.small, (<usize>keys.smallLength) << 2);
  memory.fill(keys.small, 0, (<usize>keys.smallLength) << 2);
}

/** Ids for n keys; `words` holds a column of `lanes` bytes for each word. */
export function mapKeys(
  stream: Stream,
  keys: Dictionary,
  words: usize,
  lanes: usize,
  ids: usize,
  n: i32,
  numbers: bool,
): void {
  if (numbers) {
    mapNumbers(stream, keys, words, ids, n);
    return;
  }
  if (keys.width == 1) {
    for (let i: usize = 0; i < <usize>n; i++) {
      store<u32>(ids + (i << 2), mapWord(stream, keys, load<u64>(words + (i << 3))));
    }
    return;
  }
  for (let i: usize = 0; i < <usize>n; i++) {
    store<u32>(ids + (i << 2), mapTuple(stream, keys, words + (i << 3), lanes));
  }
}

function mapNumbers(stream: Stream, keys: Dictionary, words: usize, ids: usize, n: i32): void {
  let small = keys.small;
  let smallLength = keys.smallLength;
  for (let i: usize = 0; i < <usize>n; i++) {
    const number = load<f64>(words + (i << 3));
    // The low bits of the sum are the number itself where that is whole and below 2^32.
    const whole = <u32>reinterpret<u64>(number + 4503599627370496);
    let idPlus: u32 = 0;
    if (<f64>whole == number && whole < smallLength) idPlus = load<u32>(small + ((<usize>whole) << 2));
    if (!idPlus) {
      idPlus = mapNumber(stream, keys, number) + 1;
      small = keys.small;
      smallLength = keys.smallLength;
    }
    store<u32>(ids + (i << 2), idPlus - 1);
  }
}

function mapNumber(stream: Stream, keys: Dictionary, number: f64): u32 {
  const id = mapWord(stream, keys, reinterpret<u64>(number == number ? number + 0 : NaN));
  if (number >= 0 && number < <f64>keys.smallLength && floor(number) == number) {
    store<u32>(keys.small + ((<usize>(<u32>number)) << 2), id + 1);
  }
  return id;
}

function mapWord(stream: Stream, keys: Dictionary, word: u64): u32 {
  let slot = <u32>(hash(word) >> 32) & keys.tableMask;
  for (;;) {
    const entry = keys.table + ((<usize>slot) << 4);
    const id = load<u32>(entry, 8);
    if (!id) break;
    if (load<u64>(entry) == word) return id - 1;
    slot = (slot + 1) & keys.tableMask;
  }
  const id = newId(stream, keys);
  store<u64>(keys.words + ((<usize>id) << 3), word);
  addKey(stream, keys, slot, word, id);
  return id;
}

function mapTuple(stream: Stream, keys: Dictionary, words: usize, lanes: usize): u32 {
  let tag: u64 = 0;
  for (let c = 0; c < keys.width; c++) tag = hash(tag ^ load<u64>(words + <usize>c * lanes));
  let slot = <u32>(tag >> 32) & keys.tableMask;
  for (;;) {
    const entry = keys.table + ((<usize>slot) << 4);
    const id = load<u32>(entry, 8);
    if (!id) break;
    if (load<u64>(entry) == tag && sameWords(keys, id - 1, words, lanes)) return id - 1;
    slot = (slot + 1) & keys.tableMask;
  }
  const id = newId(stream, keys);
  for (let c = 0; c < keys.width; c++) {
    store<u64>(wordOf(keys, id, c), load<u64>(words + <usize>c * lanes));
  }
  addKey(stream, keys, slot, tag, id);
  return id;
}

/** The id of the key whose first words stand in columns of one place each after `words`, NONE where it has none. */
export function idAt(stream: Stream, keys: Dictionary, words: usize, lanes: usize): u32 {
  if (stream.keys == Keys.none) return 0;
  let tag: u64 = 0;
  if (keys.width == 1) {
    const number = load<f64>(words);
    const isNumber = stream.keys == Keys.numbers;
    tag = isNumber ? reinterpret<u64>(number == number ? number + 0 : NaN) : load<u64>(words);
  } else {
    for (let c = 0; c < keys.width; c++) tag = hash(tag ^ load<u64>(words + <usize>c * lanes));
  }
  let slot = <u32>((keys.width == 1 ? hash(tag) : tag) >> 32) & keys.tableMask;
  for (;;) {
    const entry = keys.table + ((<usize>slot) << 4);
    const id = load<u32>(entry, 8);
    if (!id) return NONE;
    if (load<u64>(entry) == tag && (keys.width == 1 || sameWords(keys, id - 1, words, lanes))) return id - 1;
    slot = (slot + 1) & keys.tableMask;
  }
  return NONE;
}

function sameWords(keys: Dictionary, id: u32, words: usize, lanes: usize): bool {
  for (let c = 0; c < keys.width; c++) {
    if (load<u64>(wordOf(keys, id, c)) != load<u64>(words + <usize>c * lanes)) return false;
  }
  return true;
}

/** Address of column c of an id's key. */
export function wordOf(keys: Dictionary, id: u32, c: i32): usize {
  return keys.words + ((<usize>id * <usize>keys.width + <usize>c) << 3);
}

function newId(stream: Stream, keys: Dictionary): u32 {
  if (keys.freeCount) {
    keys.freeCount--;
    return load<u32>(keys.free + ((<usize>keys.freeCount) << 2));
  }
  const id = keys.limit;
  growTo(stream, keys, id + 1);
  keys.limit = id + 1;
  return id;
}

function addKey(stream: Stream, keys: Dictionary, slot: u32, tag: u64, id: u32): void {
  const entry = keys.table + ((<usize>slot) << 4);
  store<u64>(entry, tag);
  store<u32>(entry, id + 1, 8);
  const used = keys.limit - keys.freeCount;
  if (<f64>used > roomIn(<f64>(keys.tableMask + 1))) rehash(stream, keys, (keys.tableMask + 1) * 2);
}

/** How many keys a table of so many slots takes. */
export function roomIn(slots: f64): f64 {
  return slots <= <f64>SPARSE_SLOTS ? slots / 4 : slots / 2;
}

function newTable(stream: Stream, keys: Dictionary, slots: u32): void {
  keys.table = allocate(stream, (<usize>slots) << 4);
  keys.tableMask = slots - 1;
  memory.fill(keys.table, 0, (<usize>slots) << 4);
}

function rehash(stream: Stream, keys: Dictionary, slots: u32): void {
  const old = keys.table;
  const oldSlots = keys.tableMask + 1;
  newTable(stream, keys, slots);
  for (let entry = old; entry < old + ((<usize>oldSlots) << 4); entry += 16) {
    if (load<u32>(entry, 8)) setSlot(keys, load<u64>(entry), load<u32>(entry, 8));
  }
  release(stream, old);
}

function setSlot(keys: Dictionary, tag: u64, idPlus: u32): void {
  const mixed = keys.width == 1 ? hash(tag) : tag;
  let slot = <u32>(mixed >> 32) & keys.tableMask;
  while (load<u32>(keys.table + ((<usize>slot) << 4), 8)) slot = (slot + 1) & keys.tableMask;
  store<u64>(keys.table + ((<usize>slot) << 4), tag);
  store<u32>(keys.table + ((<usize>slot) << 4), idPlus, 8);
}

/** A finalizer of 64 bits (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014, variant 13). */
function hash(word: u64): u64 {
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
  word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
  return word ^ (word >> 31);
}

/** One more row holds the id. */
export function addRow(stream: Stream, keys: Dictionary, id: u32): void {
  const live = keys.live + ((<usize>id) << 2);
  const count = load<u32>(live);
  store<u32>(live, count + 1);
  if (!count) comeAlive(stream, keys, id);
}

/** A window that is not on a grid has something of the id, or a sample of it is remembered. */
export function pin(keys: Dictionary, id: u32): void {
  const holds = keys.pins + ((<usize>id) << 2);
  const count = load<u32>(holds);
  store<u32>(holds, count + 1);
  if (!count && !load<u32>(keys.live + ((<usize>id) << 2))) keys.aliveCount++;
}

export function unpin(keys: Dictionary, id: u32): void {
  const holds = keys.pins + ((<usize>id) << 2);
  const count = load<u32>(holds) - 1;
  assert(<i32>count >= 0);
  store<u32>(holds, count);
  if (!count && !load<u32>(keys.live + ((<usize>id) << 2))) keys.aliveCount--;
}

function isPinned(keys: Dictionary, id: u32): bool {
  return keys.pins != 0 && load<u32>(keys.pins + ((<usize>id) << 2)) != 0;
}

/** One row less. */
export function removeRow(keys: Dictionary, id: u32): void {
  const live = keys.live + ((<usize>id) << 2);
  const count = load<u32>(live) - 1;
  assert(<i32>count >= 0);
  store<u32>(live, count);
  if (!count) {
    store<u32>(keys.order + ((<usize>load<u32>(keys.place + ((<usize>id) << 2))) << 2), NONE);
    keys.liveCount--;
    if (!isPinned(keys, id)) keys.aliveCount--;
  }
}

function comeAlive(stream: Stream, keys: Dictionary, id: u32): void {
  if (keys.orderLength == keys.orderCapacity) {
    compactOrder(keys);
    keys.orderCapacity = max(INITIAL_SLOTS, keys.liveCount * 2);
    keys.order = resize(stream, keys.order, (<usize>keys.orderCapacity) << 2);
  }
  store<u32>(keys.order + ((<usize>keys.orderLength) << 2), id);
  store<u32>(keys.place + ((<usize>id) << 2), keys.orderLength);
  keys.orderLength++;
  keys.liveCount++;
  if (!isPinned(keys, id)) keys.aliveCount++;
}

/** The order without the dead. */
function compactOrder(keys: Dictionary): void {
  let length: u32 = 0;
  for (let i: u32 = 0; i < keys.orderLength; i++) {
    const id = load<u32>(keys.order + ((<usize>i) << 2));
    if (id == NONE) continue;
    store<u32>(keys.order + ((<usize>length) << 2), id);
    store<u32>(keys.place + ((<usize>id) << 2), length);
    length++;
  }
  keys.orderLength = length;
}

/** Frees every id that is neither live nor in `pinned`, a list of n ids (NONE ones are passed over). */
export function sweep(stream: Stream, keys: Dictionary, pinned: usize, n: u32): void {
  const marks = allocate(stream, <usize>keys.limit + 1);
  mark(keys, marks, pinned, n);
  keys.freeCount = 0;
  let top: u32 = 0;
  for (let id = keys.limit; id > 0; id--) {
    if (load<u8>(marks + id - 1)) {
      top = max(top, id);
    } else if (top) {
      store<u32>(keys.free + ((<usize>keys.freeCount) << 2), id - 1);
      keys.freeCount++;
    }
  }
  keys.limit = top;
  let slots = keys.tableMask + 1;
  const used = top - keys.freeCount;
  while (slots > INITIAL_SLOTS * 4 && used * 16 < slots) slots >>= 1;
  release(stream, keys.table);
  newTable(stream, keys, slots);
  for (let id: u32 = 0; id < top; id++) {
    if (load<u8>(marks + id)) setSlot(keys, tagOf(keys, id), id + 1);
  }
  release(stream, marks);
  memory.fill(keys.small, 0, (<usize>keys.smallLength) << 2);
  // A sweep looks at every id: not before a fair part of them has been given again.
  keys.sweepAt = max(INITIAL_SLOTS * 16, max(used * 2, top >> 2));
  if (keys.capacity > INITIAL_SLOTS * 16 && top < keys.capacity >> 2) setCapacity(stream, keys, keys.capacity >> 1);
}

function tagOf(keys: Dictionary, id: u32): u64 {
  const words = wordOf(keys, id, 0);
  if (keys.width == 1) return load<u64>(words);
  let tag: u64 = 0;
  for (let c = 0; c < keys.width; c++) tag = hash(tag ^ load<u64>(words + ((<usize>c) << 3)));
  return tag;
}

/** A byte for each id below the limit: 1 where it is live or pinned. */
function mark(keys: Dictionary, marks: usize, pinned: usize, n: u32): void {
  for (let id: u32 = 0; id < keys.limit; id++) {
    store<u8>(marks + id, load<u32>(keys.live + ((<usize>id) << 2)) || isPinned(keys, id) ? 1 : 0);
  }
  for (let i: u32 = 0; i < n; i++) store<u8>(marks + load<u32>(pinned + ((<usize>i) << 2)), 1);
}
