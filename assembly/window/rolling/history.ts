/**
 * The history of a key: the events in its frame, added at one end and evicted at the other, with their combination at
 * hand at any time. It is kept by two stacks (see grid/two-stacks.ts) of single events, in one block of memory for each
 * key.
 *
 *     head … split     front    each slot: the states of its event combined with all after it up to split
 *     split … tail     back     each slot: the measures of its event; the row `back` combines them all
 *
 *     block            History │ row `back` │ slot │ slot │ …        the slots are a ring
 *     slot             time: f64, in the front only if the store asks for it │ states, or measures: f64 each
 *
 * Law: the slot at head combined with `back` is the combination of all events from head to tail. head, split and tail
 * are positions that grow modulo 2^32. To evict is to move head. Once head has passed split, front and back are of no
 * use, and the history flips before an event is added: all events become the front, `back` is empty. When it flips
 * depends on the events of the key alone.
 *
 * Why this layout: every event is a pane of its own, so a row and an allocation for each would cost more than its
 * states. The states of the front replace the measures in the slots, and all memory that an event of a key touches lies
 * close together. An event costs two folds and two combinations in all.
 *
 * States that own memory are in no front: each slot of the front would have to own what all events after it own
 * already. Instead `back` has running ones, of all events from head to tail (running.ts). With them a slot keeps its
 * time, and its measures behind the other states, until its event is evicted.
 */

import { allocate, release } from '../../base/allocator';
import { lengthFor, resizeTable, tableBytes } from '../../base/id-table';
import { Dictionary, pin, unpin, usePins } from '../../ingest/dictionary';
import { Ring } from '../../ingest/ring';
import { copyParts, Parts, pointParts } from '../../part';
import { CHUNK_ROWS } from '../../scratch';
import { combineStates, dropRow, foldRows } from '../../state/rows';
import { copyRow, copyState, Stream } from '../../stream';

@unmanaged
export class History {
  head: u32;
  split: u32;
  tail: u32;
  mask: u32;
  /** The pass (frames.ts) that last listed it, and its head when that pass first did. */
  listedIn: u32;
  listedHead: u32;
  /** Number of its last result. */
  lastResult: u32;
  /**
   * How many events it may hold: fewer than slots, so that fronts of evicted events stay readable until a pass ends.
   */
  maxEvents: u32;
}

/** The histories of one store, and columns of its own for events that are not in the ring. */
@unmanaged
export class Histories {
  w: i32;
  /**
   * Table by id, and its length: 0 the history of the id: u32 │ 4 for the store, the last of its waiting events: u32;
   * each 0 if there is none.
   */
  keys: usize;
  keyCount: u32;
  /** Ids that have a history or waiting events. */
  live: u32;
  slotBytes: usize;
  /** Offset of the measures in a slot. */
  measuresAt: usize;
  /** Offset in a row of the states that own memory, which come last; the stride of the row if there are none. */
  heapStatesAt: usize;
  /** Offset of a slot in the row that it is part of: that row would begin this many bytes before it. */
  lead: usize;
  /** Slots of all histories, and the most that one has had. */
  slots: f64;
  largest: u32;
  /** Columns of `columnCapacity` events: see `columnAt`. The first CHUNK_ROWS places are for `gather`. */
  columns: usize;
  columnCapacity: u32;
  measures: i32;
  /** The parts with inline states, over these columns. */
  parts: Parts;
}

const INITIAL_SLOTS: u32 = 4;

/** Initializes a store without histories. `timed`: whether the times of the front are kept. */
export function initHistories(stream: Stream, histories: Histories, w: i32, timed: bool): void {
  stream.isScheduled = false;
  usePins(stream, changetype<Dictionary>(stream.dictionary));
  histories.w = w;
  histories.measures = changetype<Ring>(stream.ring).measureCount;
  histories.lead = stream.head - (timed || stream.hasHeapStates ? 8 : 0);
  histories.heapStatesAt = heapStatesOffset(stream);
  histories.measuresAt = stream.hasHeapStates ? histories.heapStatesAt - histories.lead : 8;
  histories.slotBytes = max(
    histories.heapStatesAt - histories.lead,
    histories.measuresAt + ((<usize>histories.measures) << 3),
  );
  histories.parts = copyParts(stream, stream.inlineParts);
  setColumns(stream, histories, 2 * CHUNK_ROWS);
}

/** Offset in a row of the first state that owns memory, or the stride. */
function heapStatesOffset(stream: Stream): usize {
  return stream.hasHeapStates ? stream.heapParts.first.state : stream.stride;
}

/** Frees all histories and the store itself. */
export function endHistories(stream: Stream, histories: Histories): void {
  clear(stream, histories);
  if (histories.keys) release(stream, histories.keys);
  release(stream, histories.columns);
  release(stream, changetype<usize>(histories.parts));
  release(stream, changetype<usize>(histories));
}

/** Drops all histories. Events that wait stay. */
export function clear(stream: Stream, histories: Histories): void {
  for (let id: u32 = 0; id < histories.keyCount; id++) {
    if (historyOf(histories, id)) dropHistory(stream, histories, id);
  }
  histories.largest = 0;
}

/** Makes room for every id, before a batch. */
export function widenKeys(stream: Stream, histories: Histories): void {
  const length = lengthFor(histories.keyCount, changetype<Dictionary>(stream.dictionary).limit);
  if (length == histories.keyCount) return;
  histories.keys = resizeTable<u64>(stream, histories.keys, histories.keyCount, length, 0);
  histories.keyCount = length;
}

/** Address of what the store keeps for an id. */
export function keyAt(histories: Histories, id: u32): usize {
  return histories.keys + ((<usize>id) << 3);
}

/** The history of an id, null if it has none. */
export function historyOf(histories: Histories, id: u32): History {
  return changetype<History>(<usize>load<u32>(keyAt(histories, id)));
}

/** Pins an id that is about to have a history or a waiting event, unless it already has either. */
export function pinId(stream: Stream, histories: Histories, id: u32): void {
  if (load<u64>(keyAt(histories, id))) return;
  histories.live++;
  pin(changetype<Dictionary>(stream.dictionary), id);
}

/** Unpins an id if it has neither a history nor a waiting event any more. */
export function unpinId(stream: Stream, histories: Histories, id: u32): void {
  if (load<u64>(keyAt(histories, id))) return;
  histories.live--;
  unpin(changetype<Dictionary>(stream.dictionary), id);
}

/** Creates the history of an id, without events, and pins the id. */
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
  history.maxEvents = slots - min(<u32>16, slots >> 3);
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

/** Moves the history of an id, which is not listed, to a block with the given number of slots. */
function setSlots(stream: Stream, histories: Histories, id: u32, slots: u32): History {
  const history = historyOf(histories, id);
  const moved = createHistory(stream, histories, id, slots);
  moved.head = history.head;
  moved.split = history.split;
  moved.tail = history.tail;
  moved.lastResult = history.lastResult;
  copyRow(stream, backOf(moved), backOf(history));
  for (let i = history.head; i != history.tail; i++) {
    memory.copy(slotAt(stream, histories, moved, i), slotAt(stream, histories, history, i), histories.slotBytes);
  }
  histories.slots -= history.mask + 1;
  release(stream, changetype<usize>(history));
  return moved;
}

/** Moves the history of an id, which is not listed, to a block with twice the slots, or four times the initial ones. */
export function growHistory(stream: Stream, histories: Histories, id: u32): History {
  const slots = historyOf(histories, id).mask + 1;
  return setSlots(stream, histories, id, slots == INITIAL_SLOTS ? slots * 4 : slots * 2);
}

/** Shrinks the history of an id, which is not listed, if no more than an eighth of its slots is in use. */
export function shrink(stream: Stream, histories: Histories, id: u32): void {
  const history = historyOf(histories, id);
  const count = history.tail - history.head;
  if (history.mask < 64 || count > history.mask >> 3) return;
  let slots = INITIAL_SLOTS;
  while (slots < count * 2) slots *= 2;
  setSlots(stream, histories, id, slots);
}

/** Upper bound on the bytes that histories need for n more events, all ids then being below `ids`. */
export function historyBytes(stream: Stream, histories: Histories, n: f64, ids: f64): f64 {
  const longer = tableBytes<u64>(histories.keyCount, ids);
  // A history grows only when at most an eighth of its slots is free. While one grows or shrinks, its old block stands
  // beside the new.
  const slots = min(histories.slots, n * <f64>histories.largest) + n;
  const before = <f64>histories.largest + 2 * n;
  const own = <f64>(offsetof<History>() + stream.stride) + 160;
  return (3 * slots + before + 8 * n) * <f64>histories.slotBytes + (2 * n + 2) * own + longer + 512;
}

/**
 * The row that combines the events of the back; its heap states run over all events. Its count of events means nothing.
 */
export function backOf(history: History): usize {
  return changetype<usize>(history) + offsetof<History>();
}

export function slotAt(stream: Stream, histories: Histories, history: History, i: u32): usize {
  return backOf(history) + stream.stride + <usize>(i & history.mask) * histories.slotBytes;
}

/** The row of the event at position i of the front. Only its inline states are there, no head. */
export function rowAt(stream: Stream, histories: Histories, history: History, i: u32): usize {
  return slotAt(stream, histories, history, i) - histories.lead;
}

/** Whether head has passed split, so that the history has to flip before it is used. */
export function needsFlip(history: History): bool {
  return <i32>(history.head - history.split) > 0;
}

/** Flips: makes all events the front and empties the back. All events hold their measures. */
export function flip(stream: Stream, histories: Histories, history: History): void {
  const parts = histories.parts;
  const into = stream.scratch.into;
  const down = stream.scratch.left;
  const empty = stream.empty;
  const heapStatesAt = histories.heapStatesAt;
  const head = stream.head;
  let after: usize = 0;
  for (let end = history.tail; end != history.head; ) {
    const count = <usize>min(end - history.head, <u32>CHUNK_ROWS);
    const begin = end - <u32>count;
    gather(stream, histories, history, begin, count);
    // `into` lists the rows in order, to fold into. `down` lists them from the last on: each is combined with its
    // predecessor there.
    store<u32>(down, <u32>after);
    for (let i: usize = 0; i < count; i++) {
      const row = rowAt(stream, histories, history, begin + <u32>i);
      for (let j = head; j < heapStatesAt; j += 8) store<u64>(row + j, load<u64>(empty + j));
      store<u32>(into + (i << 2), <u32>row);
      store<u32>(down + ((count - i) << 2), <u32>row);
    }
    foldRows(parts, into, 0, <i32>count);
    const first: usize = after ? 0 : 1;
    const before = down + (first << 2);
    combineStates(parts, before + 4, before + 4, before, <i32>(count - first));
    after = rowAt(stream, histories, history, begin);
    end = begin;
  }
  history.split = history.tail;
  copyState(backOf(history), empty, heapStatesAt);
}

/** Address of the measures of the event at position i, unless states of the front have replaced them. */
export function measuresOf(stream: Stream, histories: Histories, history: History, i: u32): usize {
  return slotAt(stream, histories, history, i) + histories.measuresAt;
}

/** Copies time and measures of n events from position `from` on to the beginning of the columns. */
export function gather(stream: Stream, histories: Histories, history: History, from: u32, n: usize): void {
  const columns = histories.columns;
  const lane = (<usize>histories.columnCapacity) << 3;
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

/** Address of column i: 0 is the times, then come the measures, the ids (u32) and the causes (u32). */
export function columnAt(histories: Histories, i: i32): usize {
  return histories.columns + ((<usize>i * <usize>histories.columnCapacity) << 3);
}

/** Moves the columns to a block for `capacity` events, with what they hold, and points the parts to them. */
export function setColumns(stream: Stream, histories: Histories, capacity: u32): void {
  const old = histories.columns;
  const lane = (<usize>histories.columnCapacity) << 3;
  const kept = (<usize>min(capacity, histories.columnCapacity)) << 3;
  histories.columns = allocate(stream, ((<usize>capacity) << 3) * <usize>(3 + histories.measures));
  histories.columnCapacity = capacity;
  for (let i = 0; old && i < 3 + histories.measures; i++) {
    memory.copy(columnAt(histories, i), old + <usize>i * lane, kept);
  }
  if (old) release(stream, old);
  pointParts(histories.parts, histories.columns, columnAt(histories, 1), (<usize>capacity) << 3);
}

/** Upper bound on the bytes that the columns need for n events beside the places for `gather`. */
export function columnBytes(histories: Histories, n: f64): f64 {
  const needed = n + <f64>(2 * CHUNK_ROWS);
  return (needed > <f64>histories.columnCapacity ? 3 : 1) * needed * <f64>(8 * (3 + histories.measures)) + 512;
}
