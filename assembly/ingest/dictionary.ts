/**
 * The dictionary: keys ↔ dense ids. A key is `width` words of 8 bytes (the bits of a number or bigint, or the number
 * that the producer gave a string). Where the producer writes ids itself, there are no words and no table; only the
 * order and the use of ids are kept.
 *
 *     table    slots of 16 bytes: 0 tag: u64 │ 8 id + 1: u32, 0 if the slot is empty. Open addressing, linear probing
 *              The tag of a key of one word is that word; of others it is a hash, and the words decide
 *     small    u32 for each whole number below its length: id + 1 if the table found that key lately, else 0
 *              Spares the search in the table
 *     words    the key of each id
 *     live     u32 for each id: number of rows of windows on a grid that hold it (in slices, panes, retained windows)
 *     pins     u32 for each id: number of things that other stores keep of it, and of remembered samples. Only there if
 *              there can be any
 *     order    ids in the order in which they came alive (NONE: died since); `place` is the position of each id in it
 *
 * Law: an id with live = 0 and pins = 0 is in no row. Such ids are swept together, once the ids in use have doubled
 * since the last sweep, and only at the start of a batch, when no event is under way. So a key costs amortized constant
 * time, and ids take memory for about twice those that were live at the last sweep. A sweep never shows in the results:
 * their order follows from when rows come and go, which depends on the events alone.
 */

import { allocate, release, resize } from '../base/allocator';
import { countProbe } from '../base/hash';
import { lengthFor, resizeTable } from '../base/id-table';
import { Keys } from '../plan';
import { Stream, tableHash } from '../stream';

/** In place of an id, where there is none. */
export const NO_ID: u32 = 0xffffffff;

@unmanaged
export class Dictionary {
  /** Words of a key, 0 if the producer writes ids or the stream has no keys. */
  width: i32;
  /** Every id is below this. */
  limit: u32;
  /** A stack of the ids below `limit` that no key has. */
  free: usize;
  freeCount: u32;
  /** Number of ids in use at which to sweep. */
  sweepAt: u32;
  table: usize;
  tableMask: u32;
  /** 64 less the number of bits of a slot: a hash shifted by this is its home slot. */
  tableShift: u64;
  small: usize;
  smallLength: u32;
  words: usize;
  live: usize;
  pins: usize;
  /** Number of ids that are live or pinned. */
  aliveCount: u32;
  place: usize;
  /** Number of ids that the columns have room for. */
  capacity: u32;
  order: usize;
  orderLength: u32;
  orderCapacity: u32;
  /** Number of ids with live > 0. */
  liveCount: u32;
}

const INITIAL_SLOTS: u32 = 64;
/** Up to this many slots, 1 MiB, a table fits the cache and is kept at most a quarter full; a larger one, half. */
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

/** Creates the column of pins, unless there is one. Whoever is going to pin ids calls it before the first id. */
export function usePins(stream: Stream, keys: Dictionary): void {
  if (keys.pins) return;
  keys.pins = allocate(stream, (<usize>keys.capacity) << 2);
  memory.fill(keys.pins, 0, (<usize>keys.capacity) << 2);
}

/** Releases words and table: from now on the producer keeps the keys and writes ids. */
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

/** Makes room for ids below n; no row holds the new ones. */
export function growTo(stream: Stream, keys: Dictionary, n: u32): void {
  if (n > keys.capacity) setCapacity(stream, keys, lengthFor(keys.capacity, n));
}

function setCapacity(stream: Stream, keys: Dictionary, capacity: u32): void {
  keys.free = resize(stream, keys.free, (<usize>capacity) << 2);
  keys.place = resize(stream, keys.place, (<usize>capacity) << 2);
  keys.live = resizeTable<u32>(stream, keys.live, keys.capacity, capacity, 0);
  if (keys.width) keys.words = resize(stream, keys.words, (<usize>capacity * <usize>keys.width) << 3);
  if (keys.pins) keys.pins = resizeTable<u32>(stream, keys.pins, keys.capacity, capacity, 0);
  keys.capacity = capacity;
  if (keys.width != 1) return;
  const length = keys.smallLength;
  keys.smallLength = capacity * 2;
  keys.small = resizeTable<u32>(stream, keys.small, length, keys.smallLength, 0);
}

/**
 * Writes the ids of n keys to `ids`; a new key gets an id. The words of the keys stand in columns from `words` on,
 * `columnBytes` apart. `numbers` says that keys are single numbers: -0 is 0, and all NaN are one key.
 */
export function mapKeys(
  stream: Stream,
  keys: Dictionary,
  words: usize,
  columnBytes: usize,
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
    store<u32>(ids + (i << 2), mapTuple(stream, keys, words + (i << 3), columnBytes));
  }
}

function mapNumbers(stream: Stream, keys: Dictionary, words: usize, ids: usize, n: i32): void {
  let i: usize = 0;
  for (; i + 4 <= <usize>n; i += 4) {
    if (mapKnown(keys, words + (i << 3), ids + (i << 2))) continue;
    for (let k = i; k < i + 4; k++) store<u32>(ids + (k << 2), mapNumber(stream, keys, load<f64>(words + (k << 3))));
  }
  for (; i < <usize>n; i++) store<u32>(ids + (i << 2), mapNumber(stream, keys, load<f64>(words + (i << 3))));
}

/** 2^52. Added to a number, it leaves a whole one below 2^32 in the low 32 bits of the sum. */
const SHIFT: f64 = 4503599627370496;

/** Writes the ids of four numbers if `small` has all of them; false if it has not. */
function mapKnown(keys: Dictionary, words: usize, ids: usize): bool {
  const shift = f64x2.splat(SHIFT);
  const a = v128.load(words);
  const b = v128.load(words, 16);
  const x = f64x2.add(a, shift);
  const y = f64x2.add(b, shift);
  const isWhole = v128.and(f64x2.eq(f64x2.sub(x, shift), a), f64x2.eq(f64x2.sub(y, shift), b));
  const isNatural = f64x2.ge(f64x2.pmin(a, b), f64x2.splat(0));
  const isSmall = f64x2.lt(f64x2.pmax(a, b), f64x2.splat(<f64>keys.smallLength));
  if (!i64x2.all_true(v128.and(isWhole, v128.and(isNatural, isSmall)))) return false;
  const small = keys.small;
  const id0 = load<u32>(small + ((<usize>i32x4.extract_lane(x, 0)) << 2));
  const id1 = load<u32>(small + ((<usize>i32x4.extract_lane(x, 2)) << 2));
  const id2 = load<u32>(small + ((<usize>i32x4.extract_lane(y, 0)) << 2));
  const id3 = load<u32>(small + ((<usize>i32x4.extract_lane(y, 2)) << 2));
  if (!id0 || !id1 || !id2 || !id3) return false;
  store<u32>(ids, id0 - 1);
  store<u32>(ids, id1 - 1, 4);
  store<u32>(ids, id2 - 1, 8);
  store<u32>(ids, id3 - 1, 12);
  return true;
}

function mapNumber(stream: Stream, keys: Dictionary, number: f64): u32 {
  const whole = <u32>reinterpret<u64>(number + SHIFT);
  if (<f64>whole == number && whole < keys.smallLength) {
    const idPlus = load<u32>(keys.small + ((<usize>whole) << 2));
    if (idPlus) return idPlus - 1;
  }
  const id = mapWord(stream, keys, reinterpret<u64>(number == number ? number + 0 : NaN));
  if (number >= 0 && number < <f64>keys.smallLength && floor(number) == number) {
    store<u32>(keys.small + ((<usize>(<u32>number)) << 2), id + 1);
  }
  return id;
}

function mapWord(stream: Stream, keys: Dictionary, word: u64): u32 {
  let slot = <u32>(tableHash(stream, word) >> keys.tableShift);
  for (;;) {
    const entry = keys.table + ((<usize>slot) << 4);
    const id = load<u32>(entry, 8);
    if (!id) break;
    if (load<u64>(entry) == word) return id - 1;
    countProbe();
    slot = (slot + 1) & keys.tableMask;
  }
  const id = newId(stream, keys);
  store<u64>(keys.words + ((<usize>id) << 3), word);
  addKey(stream, keys, slot, word, id);
  return id;
}

function mapTuple(stream: Stream, keys: Dictionary, words: usize, columnBytes: usize): u32 {
  let tag: u64 = 0;
  for (let c = 0; c < keys.width; c++) tag = tableHash(stream, tag ^ load<u64>(words + <usize>c * columnBytes));
  let slot = <u32>(tag >> keys.tableShift);
  for (;;) {
    const entry = keys.table + ((<usize>slot) << 4);
    const id = load<u32>(entry, 8);
    if (!id) break;
    if (load<u64>(entry) == tag && sameWords(keys, id - 1, words, columnBytes)) return id - 1;
    countProbe();
    slot = (slot + 1) & keys.tableMask;
  }
  const id = newId(stream, keys);
  for (let c = 0; c < keys.width; c++) {
    store<u64>(wordOf(keys, id, c), load<u64>(words + <usize>c * columnBytes));
  }
  addKey(stream, keys, slot, tag, id);
  return id;
}

/**
 * The id of the key whose words stand at `words`, one in each column, the columns `columnBytes` apart; NONE if it has
 * no id. In a stream without keys every key has id 0.
 */
export function idAt(stream: Stream, keys: Dictionary, words: usize, columnBytes: usize): u32 {
  if (stream.keys == Keys.none) return 0;
  let tag: u64 = 0;
  if (keys.width == 1) {
    const number = load<f64>(words);
    const isNumber = stream.keys == Keys.numbers;
    tag = isNumber ? reinterpret<u64>(number == number ? number + 0 : NaN) : load<u64>(words);
  } else {
    for (let c = 0; c < keys.width; c++) tag = tableHash(stream, tag ^ load<u64>(words + <usize>c * columnBytes));
  }
  let slot = <u32>((keys.width == 1 ? tableHash(stream, tag) : tag) >> keys.tableShift);
  for (;;) {
    const entry = keys.table + ((<usize>slot) << 4);
    const id = load<u32>(entry, 8);
    if (!id) return NO_ID;
    if (load<u64>(entry) == tag && (keys.width == 1 || sameWords(keys, id - 1, words, columnBytes))) return id - 1;
    countProbe();
    slot = (slot + 1) & keys.tableMask;
  }
  return NO_ID;
}

function sameWords(keys: Dictionary, id: u32, words: usize, columnBytes: usize): bool {
  for (let c = 0; c < keys.width; c++) {
    if (load<u64>(wordOf(keys, id, c)) != load<u64>(words + <usize>c * columnBytes)) return false;
  }
  return true;
}

/** Address of word c of the key of an id. */
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
  if (<f64>used > maxKeysIn(<f64>(keys.tableMask + 1))) rehash(stream, keys, (keys.tableMask + 1) * 2);
}

/** Maximum number of keys in a table of `slots` slots. */
export function maxKeysIn(slots: f64): f64 {
  return slots <= <f64>SPARSE_SLOTS ? slots / 4 : slots / 2;
}

function newTable(stream: Stream, keys: Dictionary, slots: u32): void {
  keys.table = allocate(stream, (<usize>slots) << 4);
  keys.tableMask = slots - 1;
  keys.tableShift = 64 - ctz(slots);
  memory.fill(keys.table, 0, (<usize>slots) << 4);
}

function rehash(stream: Stream, keys: Dictionary, slots: u32): void {
  const old = keys.table;
  const oldSlots = keys.tableMask + 1;
  newTable(stream, keys, slots);
  for (let entry = old; entry < old + ((<usize>oldSlots) << 4); entry += 16) {
    if (load<u32>(entry, 8)) setSlot(stream, keys, load<u64>(entry), load<u32>(entry, 8));
  }
  release(stream, old);
}

function setSlot(stream: Stream, keys: Dictionary, tag: u64, idPlus: u32): void {
  const mixed = keys.width == 1 ? tableHash(stream, tag) : tag;
  let slot = <u32>(mixed >> keys.tableShift);
  while (load<u32>(keys.table + ((<usize>slot) << 4), 8)) slot = (slot + 1) & keys.tableMask;
  store<u64>(keys.table + ((<usize>slot) << 4), tag);
  store<u32>(keys.table + ((<usize>slot) << 4), idPlus, 8);
}

/** Position of a live id in the order in which ids came alive. */
export function placeOf(keys: Dictionary, id: u32): u32 {
  return load<u32>(keys.place + ((<usize>id) << 2));
}

/** Notes that one more row of a window on a grid holds the id. */
export function countRow(stream: Stream, keys: Dictionary, id: u32): void {
  const live = keys.live + ((<usize>id) << 2);
  const count = load<u32>(live);
  store<u32>(live, count + 1);
  if (!count) comeAlive(stream, keys, id);
}

/** Notes that a store off the grid keeps one more thing of the id, or that a sample of it is remembered. */
export function pin(keys: Dictionary, id: u32): void {
  const pins = keys.pins + ((<usize>id) << 2);
  const count = load<u32>(pins);
  store<u32>(pins, count + 1);
  if (!count && !load<u32>(keys.live + ((<usize>id) << 2))) keys.aliveCount++;
}

/** Undoes one `pin`. */
export function unpin(keys: Dictionary, id: u32): void {
  const pins = keys.pins + ((<usize>id) << 2);
  const count = load<u32>(pins) - 1;
  assert(<i32>count >= 0);
  store<u32>(pins, count);
  if (!count && !load<u32>(keys.live + ((<usize>id) << 2))) keys.aliveCount--;
}

function isPinned(keys: Dictionary, id: u32): bool {
  return keys.pins != 0 && load<u32>(keys.pins + ((<usize>id) << 2)) != 0;
}

/** Undoes one `countRow`. */
export function uncountRow(keys: Dictionary, id: u32): void {
  const live = keys.live + ((<usize>id) << 2);
  const count = load<u32>(live) - 1;
  assert(<i32>count >= 0);
  store<u32>(live, count);
  if (!count) {
    store<u32>(keys.order + ((<usize>load<u32>(keys.place + ((<usize>id) << 2))) << 2), NO_ID);
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

/** Removes dead ids from the order. */
function compactOrder(keys: Dictionary): void {
  let length: u32 = 0;
  for (let i: u32 = 0; i < keys.orderLength; i++) {
    const id = load<u32>(keys.order + ((<usize>i) << 2));
    if (id == NO_ID) continue;
    store<u32>(keys.order + ((<usize>length) << 2), id);
    store<u32>(keys.place + ((<usize>id) << 2), length);
    length++;
  }
  keys.orderLength = length;
}

/** Whether the ids in use have doubled since the last sweep. Then the next batch with new keys starts with a sweep. */
export function isSweepDue(keys: Dictionary): bool {
  return keys.limit - keys.freeCount >= keys.sweepAt;
}

/** Bytes that a sweep can need: for a mark on each id, and for columns half as long beside those that they replace. */
export function sweepBytes(keys: Dictionary): f64 {
  return <f64>keys.limit + <f64>keys.capacity * 4 * <f64>max(1, keys.width) + 160;
}

/** Bytes by which the columns grow when there are `ids` ids, and no less. */
export function growthBytes(keys: Dictionary, ids: u32): f64 {
  const more = <f64>(lengthFor(keys.capacity, ids) - keys.capacity);
  // The sizes of blocks are rounded.
  const rounding = 64.0 * 6;
  return max(0, more * <f64>(12 + 8 * keys.width + (keys.pins ? 4 : 0) + (keys.width == 1 ? 8 : 0)) - rounding);
}

/**
 * Frees every id that is neither live nor pinned nor in the list `results` of n ids. Shrinks the table and the columns
 * where they are far too large.
 */
export function sweep(stream: Stream, keys: Dictionary, results: usize, n: u32): void {
  const marks = allocate(stream, <usize>keys.limit + 1);
  mark(keys, marks, results, n);
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
    if (load<u8>(marks + id)) setSlot(stream, keys, tagOf(stream, keys, id), id + 1);
  }
  release(stream, marks);
  memory.fill(keys.small, 0, (<usize>keys.smallLength) << 2);
  // A sweep visits every id below `limit`, so the next one waits until at least a quarter of them are in use.
  keys.sweepAt = max(INITIAL_SLOTS * 16, max(used * 2, top >> 2));
  if (keys.capacity > INITIAL_SLOTS * 16 && top < keys.capacity >> 2) setCapacity(stream, keys, keys.capacity >> 1);
}

function tagOf(stream: Stream, keys: Dictionary, id: u32): u64 {
  const words = wordOf(keys, id, 0);
  if (keys.width == 1) return load<u64>(words);
  let tag: u64 = 0;
  for (let c = 0; c < keys.width; c++) tag = tableHash(stream, tag ^ load<u64>(words + ((<usize>c) << 3)));
  return tag;
}

/** Writes a byte for each id below `limit`: 1 if it is live, pinned or in the list `results`, else 0. */
function mark(keys: Dictionary, marks: usize, results: usize, n: u32): void {
  for (let id: u32 = 0; id < keys.limit; id++) {
    store<u8>(marks + id, load<u32>(keys.live + ((<usize>id) << 2)) || isPinned(keys, id) ? 1 : 0);
  }
  for (let i: u32 = 0; i < n; i++) store<u8>(marks + load<u32>(results + ((<usize>i) << 2)), 1);
}

/** Entry of an id in a column of counts, `live` or `pins`. */
export function countOf(column: usize, id: u32): u32 {
  return load<u32>(column + ((<usize>id) << 2));
}

/** Whether the order lists every live id once, at its place, and the counts of ids are right. */
export function isOrderSound(keys: Dictionary): bool {
  let live: u32 = 0;
  let alive: u32 = 0;
  for (let id: u32 = 0; id < keys.limit; id++) {
    const isLive = countOf(keys.live, id) != 0;
    if (isLive) live++;
    if (isLive || isPinned(keys, id)) alive++;
    const place = countOf(keys.place, id);
    if (isLive && (place >= keys.orderLength || countOf(keys.order, place) != id)) return false;
  }
  let listed: u32 = 0;
  for (let i: u32 = 0; i < keys.orderLength; i++) if (countOf(keys.order, i) != NO_ID) listed++;
  return live == listed && live == keys.liveCount && alive == keys.aliveCount;
}
