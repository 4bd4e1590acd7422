/**
 * The events of one key in its frame, added at one end and evicted at the other, and their combination at any time: two stacks (see
 * window/sliding.ts) in one ring, a block of memory for each key.
 *
 *     head … split     front    of each event the states of it and all after it up to split
 *     split … tail     rest     of each event its measures; together they are the row `back`
 *     block            Trail │ back │ slot │ slot │ …
 *     slot             time: f64, of the front only where the store asks for it │ states, or measures: f64 each
 *
 * States that own memory are in no front, which would own what all events after it own already. Of them `back` has running ones, of all events
 * from head to tail (running.ts); a slot keeps its time, and its measures behind the other states, until its event is evicted.
 *
 * head, split and tail are positions that grow modulo 2^32. To evict is to move head; where it has passed split, neither front nor back is of
 * use, and the rest is turned into a new front before an event is added. When that is depends on the key's events alone. An event costs
 * two folds and two combinations in all, and lines of cache that lie close together.
 */

import { allocate, release, resize } from '../../base/allocator';
import { Dictionary, pin, unpin } from '../../ingest/dictionary';
import { Ring } from '../../ingest/ring';
import { PartPlan } from '../../plan';
import { combineInlineStates, dropRow, foldInlineRows } from '../../state/rows';
import { CHUNK_ROWS, copyRow, copyState, Stream } from '../../stream';

@unmanaged
export class History {
  head: u32;
  split: u32;
  tail: u32;
  mask: u32;
  /** The work in which it is listed last, and its head when it first was. */
  mark: u32;
  first: u32;
  /** Number of its last result. */
  place: u32;
  /** Events it has room for: some slots stay free, so that those evicted can still be read for a while. */
  room: u32;
}

/** All of one store, and columns of its own, in which events that do not stand in the ring are worked on. */
@unmanaged
export class Histories {
  window: usize;
  w: i32;
  /** For each id:  0 its history: u32 │ 4 what the window keeps: u32; both 0 if none. */
  keys: usize;
  keyCount: u32;
  /** Ids that have either. */
  live: u32;
  slotBytes: usize;
  /** Where measures begin in a slot, and states that own memory, which come last, in a row; its stride if there are none. */
  measuresAt: usize;
  owned: usize;
  /** From the beginning of a row to that of its slot. */
  lead: usize;
  /** Slots in all, and the most a history had. */
  slots: f64;
  largest: u32;
  /** Columns of `room` events: times, measures, ids, why their results are given. The first CHUNK places are for turning. */
  columns: usize;
  room: u32;
  measures: i32;
  /** The parts of the plan, over these columns. */
  parts: usize;
}

const INITIAL_SLOTS: u32 = 4;

/** `timed`: whether the times of all events are kept. */
export function initHistories(stream: Stream, histories: Histories, window: usize, w: i32, timed: bool): void {
  histories.window = window;
  histories.w = w;
  histories.measures = changetype<Ring>(stream.ring).measureCount;
  histories.lead = stream.head - (timed || stream.hasHeapStates ? 8 : 0);
  histories.owned = heapStatesFrom(stream);
  histories.measuresAt = stream.hasHeapStates ? histories.owned - histories.lead : 8;
  histories.slotBytes = max(
    histories.owned - histories.lead,
    histories.measuresAt + ((<usize>histories.measures) << 3),
  );
  histories.parts = allocate(stream, <usize>stream.partCount * PartPlan.bytes);
  memory.copy(histories.parts, stream.parts, <usize>stream.partCount * PartPlan.bytes);
  setColumns(stream, histories, 2 * CHUNK_ROWS);
}

function heapStatesFrom(stream: Stream): usize {
  let first = stream.stride;
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    if (load<u32>(part, PartPlan.drop)) first = min(first, <usize>load<u32>(part, PartPlan.state));
  }
  return first;
}

/** All histories, and the store they are of. */
export function endHistories(stream: Stream, histories: Histories): void {
  clear(stream, histories);
  if (histories.keys) release(stream, histories.keys);
  release(stream, histories.columns);
  release(stream, histories.parts);
  release(stream, changetype<usize>(histories));
}

/** Drops all histories. */
export function clear(stream: Stream, histories: Histories): void {
  for (let id: u32 = 0; id < histories.keyCount; id++) {
    if (historyOf(histories, id)) dropHistory(stream, histories, id);
  }
  histories.largest = 0;
}

/** Before a batch: room for every id there is. */
export function widen(stream: Stream, histories: Histories): void {
  const ids = changetype<Dictionary>(stream.dictionary).limit;
  if (ids <= histories.keyCount) return;
  const room = max(ids, histories.keyCount * 2);
  histories.keys = resize(stream, histories.keys, (<usize>room) << 3);
  memory.fill(keyAt(histories, histories.keyCount), 0, (<usize>(room - histories.keyCount)) << 3);
  histories.keyCount = room;
}

export function keyAt(histories: Histories, id: u32): usize {
  return histories.keys + ((<usize>id) << 3);
}

/** The history of an id, null if there is none. */
export function historyOf(histories: Histories, id: u32): History {
  return changetype<History>(<usize>load<u32>(keyAt(histories, id)));
}

/** An id comes to have something. */
export function pinId(stream: Stream, histories: Histories, id: u32): void {
  if (load<u64>(keyAt(histories, id))) return;
  histories.live++;
  pin(changetype<Dictionary>(stream.dictionary), id);
}

/** An id may have nothing any more. */
export function unpinId(stream: Stream, histories: Histories, id: u32): void {
  if (load<u64>(keyAt(histories, id))) return;
  histories.live--;
  unpin(changetype<Dictionary>(stream.dictionary), id);
}

export function openHistory(stream: Stream, histories: Histories, id: u32): History {
  pinId(stream, histories, id);
  const history = createHistory(stream, histories, id, INITIAL_SLOTS);
  copyRow(stream, backOf(history), stream.empty);
  return history;
}

function createHistory(stream: Stream, histories: Histories, id: u32, slots: u32): History {
  const history = changetype<History>(
    allocate(stream, offsetof<History>() + stream.stride + <usize>slots * histories.slotBytes),
  );
  memory.fill(changetype<usize>(history), 0, offsetof<History>());
  history.mask = slots - 1;
  history.room = slots - min(<u32>16, slots >> 3);
  store<u32>(keyAt(histories, id), <u32>changetype<usize>(history));
  histories.slots += slots;
  histories.largest = max(histories.largest, slots);
  return history;
}

export function dropHistory(stream: Stream, histories: Histories, id: u32): void {
  const history = historyOf(histories, id);
  histories.slots -= history.mask + 1;
  dropRow(stream, backOf(history));
  release(stream, changetype<usize>(history));
  store<u32>(keyAt(histories, id), 0);
  unpinId(stream, histories, id);
}

/** The history of an id comes to have so many slots, elsewhere; it is in no list. */
function setSlots(stream: Stream, histories: Histories, id: u32, slots: u32): History {
  const history = historyOf(histories, id);
  const moved = createHistory(stream, histories, id, slots);
  moved.head = history.head;
  moved.split = history.split;
  moved.tail = history.tail;
  moved.place = history.place;
  copyRow(stream, backOf(moved), backOf(history));
  for (let i = history.head; i != history.tail; i++) {
    memory.copy(slotAt(stream, histories, moved, i), slotAt(stream, histories, history, i), histories.slotBytes);
  }
  histories.slots -= history.mask + 1;
  release(stream, changetype<usize>(history));
  return moved;
}

/** The same history with room for more. */
export function widenHistory(stream: Stream, histories: Histories, id: u32): History {
  const slots = historyOf(histories, id).mask + 1;
  return setSlots(stream, histories, id, slots == INITIAL_SLOTS ? slots * 4 : slots * 2);
}

/** A history gives back room for many more events than it has; it is in no list. */
export function shrink(stream: Stream, histories: Histories, id: u32): void {
  const history = historyOf(histories, id);
  const count = history.tail - history.head;
  if (history.mask < 64 || count > history.mask >> 3) return;
  let slots = INITIAL_SLOTS;
  while (slots < count * 2) slots *= 2;
  setSlots(stream, histories, id, slots);
}

/** Bytes that the histories of so many events can need. */
export function historyBytes(stream: Stream, histories: Histories, n: f64): f64 {
  const ids = <f64>changetype<Dictionary>(stream.dictionary).limit + n;
  const longer = ids > <f64>histories.keyCount ? 8 * max(ids, 2 * <f64>histories.keyCount) : 0;
  // A history that grows is full but for an eighth; beside it may stand the one it was, or one that shrinks.
  const slots = min(histories.slots, n * <f64>histories.largest) + n;
  const before = <f64>histories.largest + 2 * n;
  const own = <f64>(offsetof<History>() + stream.stride) + 160;
  return (3 * slots + before + 8 * n) * <f64>histories.slotBytes + (2 * n + 2) * own + longer + 512;
}

export function backOf(history: History): usize {
  return changetype<usize>(history) + offsetof<History>();
}

export function slotAt(stream: Stream, histories: Histories, history: History, i: u32): usize {
  return backOf(history) + stream.stride + <usize>(i & history.mask) * histories.slotBytes;
}

/** The row of an event of the front, without a head. */
export function rowAt(stream: Stream, histories: Histories, history: History, i: u32): usize {
  return slotAt(stream, histories, history, i) - histories.lead;
}

/** Whether the rest has to be turned. */
export function isFrontEmpty(history: History): bool {
  return <i32>(history.head - history.split) > 0;
}

/** Makes all events the front. */
export function flip(stream: Stream, histories: Histories, history: History): void {
  const parts = stream.parts;
  stream.parts = histories.parts;
  const into = stream.into;
  const down = stream.left;
  const empty = stream.empty;
  const owned = histories.owned;
  const head = stream.head;
  let after: usize = 0;
  for (let end = history.tail; end != history.head; ) {
    const count = <usize>min(end - history.head, <u32>CHUNK_ROWS);
    const begin = end - <u32>count;
    gather(stream, histories, history, begin, count);
    // Rows in order to fold into, and then from the last on, each to be combined with the one before it in the list.
    store<u32>(down, <u32>after);
    for (let i: usize = 0; i < count; i++) {
      const row = rowAt(stream, histories, history, begin + <u32>i);
      for (let j = head; j < owned; j += 8) store<u64>(row + j, load<u64>(empty + j));
      store<u32>(into + (i << 2), <u32>row);
      store<u32>(down + ((count - i) << 2), <u32>row);
    }
    foldInlineRows(stream, into, 0, <i32>count);
    const first: usize = after ? 0 : 1;
    const before = down + (first << 2);
    combineInlineStates(stream, before + 4, before + 4, before, <i32>(count - first));
    after = rowAt(stream, histories, history, begin);
    end = begin;
  }
  stream.parts = parts;
  history.split = history.tail;
  copyState(backOf(history), empty, owned);
}

/** Where the measures of an event stand that has no states of the front in their place. */
export function measuresOf(stream: Stream, histories: Histories, history: History, i: u32): usize {
  return slotAt(stream, histories, history, i) + histories.measuresAt;
}

/** Events of the rest come to stand at the beginning of the columns. */
export function gather(stream: Stream, histories: Histories, history: History, from: u32, n: usize): void {
  const columns = histories.columns;
  const lane = (<usize>histories.room) << 3;
  const end = columns + lane * <usize>(1 + histories.measures);
  const measuresAt = histories.measuresAt;
  for (let i: usize = 0; i < n; i++) {
    let slot = slotAt(stream, histories, history, from + <u32>i);
    let to = columns + (i << 3);
    store<u64>(to, load<u64>(slot));
    slot += measuresAt;
    for (to += lane; to < end; to += lane, slot += 8) store<u64>(to, load<u64>(slot));
  }
}

/** Column i: times, the measures, ids (u32), reasons (u32). */
export function columnAt(histories: Histories, i: i32): usize {
  return histories.columns + ((<usize>i * <usize>histories.room) << 3);
}

/** Room for so many events in the columns, which keep what they have. */
export function setColumns(stream: Stream, histories: Histories, room: u32): void {
  const old = histories.columns;
  const lane = (<usize>histories.room) << 3;
  const kept = (<usize>min(room, histories.room)) << 3;
  histories.columns = allocate(stream, ((<usize>room) << 3) * <usize>(3 + histories.measures));
  histories.room = room;
  for (let i = 0; old && i < 3 + histories.measures; i++) {
    memory.copy(columnAt(histories, i), old + <usize>i * lane, kept);
  }
  if (old) release(stream, old);
  for (let i = 0, part = histories.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    store<u32>(part, <u32>columnAt(histories, 1 + load<i32>(part, PartPlan.measure)), PartPlan.column);
    store<u32>(part, <u32>columnAt(histories, 1 + load<i32>(part, PartPlan.second)), PartPlan.secondColumn);
    store<u32>(part, <u32>histories.columns, PartPlan.times);
  }
}

/** Bytes that the columns can need with so many events beside those for turning. */
export function columnBytes(histories: Histories, n: f64): f64 {
  const needed = n + <f64>(2 * CHUNK_ROWS);
  return (needed > <f64>histories.room ? 3 : 1) * needed * <f64>(8 * (3 + histories.measures)) + 512;
}
