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

import { Dictionary, hold, unhold } from '../../ingest/dictionary';
import { allocate, release, resize } from '../../base/allocator';
import { PartPlan } from '../../plan';
import { Ring } from '../../ingest/ring';
import { combineLightStates, dropRow, foldLightRows } from '../../state/rows';
import { CHUNK, copyRow, copyState, Stream } from '../../stream';

@unmanaged
export class Trail {
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
export class Trails {
  window: usize;
  w: i32;
  /** For each id:  0 its trail: u32 │ 4 what the window keeps: u32; both 0 if none. */
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
  /** Slots in all, and the most a trail had. */
  slots: f64;
  largest: u32;
  /** Columns of `room` events: times, measures, ids, why their results are given. The first CHUNK places are for turning. */
  columns: usize;
  room: u32;
  measures: i32;
  /** The parts of the plan, over these columns. */
  parts: usize;
}

const FEW: u32 = 4;

/** `timed`: whether the times of all events are kept. */
export function initTrails(stream: Stream, trails: Trails, window: usize, w: i32, timed: bool): void {
  trails.window = window;
  trails.w = w;
  trails.measures = changetype<Ring>(stream.ring).measureCount;
  trails.lead = stream.head - (timed || stream.owning ? 8 : 0);
  trails.owned = ownedFrom(stream);
  trails.measuresAt = stream.owning ? trails.owned - trails.lead : 8;
  trails.slotBytes = max(trails.owned - trails.lead, trails.measuresAt + ((<usize>trails.measures) << 3));
  trails.parts = allocate(stream, <usize>stream.partCount * PartPlan.bytes);
  memory.copy(trails.parts, stream.parts, <usize>stream.partCount * PartPlan.bytes);
  setColumns(stream, trails, 2 * CHUNK);
}

function ownedFrom(stream: Stream): usize {
  let first = stream.stride;
  for (let i = 0, part = stream.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    if (load<u32>(part, PartPlan.drop)) first = min(first, <usize>load<u32>(part, PartPlan.state));
  }
  return first;
}

/** All trails, and the store they are of. */
export function endTrails(stream: Stream, trails: Trails): void {
  clear(stream, trails);
  if (trails.keys) release(stream, trails.keys);
  release(stream, trails.columns);
  release(stream, trails.parts);
  release(stream, changetype<usize>(trails));
}

/** Drops all trails. */
export function clear(stream: Stream, trails: Trails): void {
  for (let id: u32 = 0; id < trails.keyCount; id++) {
    if (trailOf(trails, id)) dropTrail(stream, trails, id);
  }
  trails.largest = 0;
}

/** Before a batch: room for every id there is. */
export function widen(stream: Stream, trails: Trails): void {
  const ids = changetype<Dictionary>(stream.dictionary).limit;
  if (ids <= trails.keyCount) return;
  const room = max(ids, trails.keyCount * 2);
  trails.keys = resize(stream, trails.keys, (<usize>room) << 3);
  memory.fill(keyAt(trails, trails.keyCount), 0, (<usize>(room - trails.keyCount)) << 3);
  trails.keyCount = room;
}

export function keyAt(trails: Trails, id: u32): usize {
  return trails.keys + ((<usize>id) << 3);
}

/** The trail of an id, null if there is none. */
export function trailOf(trails: Trails, id: u32): Trail {
  return changetype<Trail>(<usize>load<u32>(keyAt(trails, id)));
}

/** An id comes to have something. */
export function keep(stream: Stream, trails: Trails, id: u32): void {
  if (load<u64>(keyAt(trails, id))) return;
  trails.live++;
  hold(changetype<Dictionary>(stream.dictionary), id);
}

/** An id may have nothing any more. */
export function letGo(stream: Stream, trails: Trails, id: u32): void {
  if (load<u64>(keyAt(trails, id))) return;
  trails.live--;
  unhold(changetype<Dictionary>(stream.dictionary), id);
}

export function openTrail(stream: Stream, trails: Trails, id: u32): Trail {
  keep(stream, trails, id);
  const trail = createTrail(stream, trails, id, FEW);
  copyRow(stream, backOf(trail), stream.empty);
  return trail;
}

function createTrail(stream: Stream, trails: Trails, id: u32, slots: u32): Trail {
  const trail = changetype<Trail>(
    allocate(stream, offsetof<Trail>() + stream.stride + <usize>slots * trails.slotBytes),
  );
  memory.fill(changetype<usize>(trail), 0, offsetof<Trail>());
  trail.mask = slots - 1;
  trail.room = slots - min(<u32>16, slots >> 3);
  store<u32>(keyAt(trails, id), <u32>changetype<usize>(trail));
  trails.slots += slots;
  trails.largest = max(trails.largest, slots);
  return trail;
}

export function dropTrail(stream: Stream, trails: Trails, id: u32): void {
  const trail = trailOf(trails, id);
  trails.slots -= trail.mask + 1;
  dropRow(stream, backOf(trail));
  release(stream, changetype<usize>(trail));
  store<u32>(keyAt(trails, id), 0);
  letGo(stream, trails, id);
}

/** The trail of an id comes to have so many slots, elsewhere; it is in no list. */
function setSlots(stream: Stream, trails: Trails, id: u32, slots: u32): Trail {
  const trail = trailOf(trails, id);
  const moved = createTrail(stream, trails, id, slots);
  moved.head = trail.head;
  moved.split = trail.split;
  moved.tail = trail.tail;
  moved.place = trail.place;
  copyRow(stream, backOf(moved), backOf(trail));
  for (let i = trail.head; i != trail.tail; i++) {
    memory.copy(slotAt(stream, trails, moved, i), slotAt(stream, trails, trail, i), trails.slotBytes);
  }
  trails.slots -= trail.mask + 1;
  release(stream, changetype<usize>(trail));
  return moved;
}

/** The same trail with room for more. */
export function widenTrail(stream: Stream, trails: Trails, id: u32): Trail {
  const slots = trailOf(trails, id).mask + 1;
  return setSlots(stream, trails, id, slots == FEW ? slots * 4 : slots * 2);
}

/** A trail gives back room for many more events than it has; it is in no list. */
export function shrink(stream: Stream, trails: Trails, id: u32): void {
  const trail = trailOf(trails, id);
  const count = trail.tail - trail.head;
  if (trail.mask < 64 || count > trail.mask >> 3) return;
  let slots = FEW;
  while (slots < count * 2) slots *= 2;
  setSlots(stream, trails, id, slots);
}

/** Bytes that the trails of so many events can need. */
export function trailBytes(stream: Stream, trails: Trails, n: f64): f64 {
  const ids = <f64>changetype<Dictionary>(stream.dictionary).limit + n;
  const longer = ids > <f64>trails.keyCount ? 8 * max(ids, 2 * <f64>trails.keyCount) : 0;
  // A trail that grows is full but for an eighth; beside it may stand the one it was, or one that shrinks.
  const slots = min(trails.slots, n * <f64>trails.largest) + n;
  const before = <f64>trails.largest + 2 * n;
  const own = <f64>(offsetof<Trail>() + stream.stride) + 160;
  return (3 * slots + before + 8 * n) * <f64>trails.slotBytes + (2 * n + 2) * own + longer + 512;
}

export function backOf(trail: Trail): usize {
  return changetype<usize>(trail) + offsetof<Trail>();
}

export function slotAt(stream: Stream, trails: Trails, trail: Trail, i: u32): usize {
  return backOf(trail) + stream.stride + <usize>(i & trail.mask) * trails.slotBytes;
}

/** The row of an event of the front, without a head. */
export function rowAt(stream: Stream, trails: Trails, trail: Trail, i: u32): usize {
  return slotAt(stream, trails, trail, i) - trails.lead;
}

/** Whether the rest has to be turned. */
export function isSpent(trail: Trail): bool {
  return <i32>(trail.head - trail.split) > 0;
}

/** Makes all events the front. */
export function turn(stream: Stream, trails: Trails, trail: Trail): void {
  const parts = stream.parts;
  stream.parts = trails.parts;
  const into = stream.into;
  const down = stream.left;
  const empty = stream.empty;
  const owned = trails.owned;
  const head = stream.head;
  let after: usize = 0;
  for (let end = trail.tail; end != trail.head; ) {
    const count = <usize>min(end - trail.head, <u32>CHUNK);
    const begin = end - <u32>count;
    gather(stream, trails, trail, begin, count);
    // Rows in order to fold into, and then from the last on, each to be combined with the one before it in the list.
    store<u32>(down, <u32>after);
    for (let i: usize = 0; i < count; i++) {
      const row = rowAt(stream, trails, trail, begin + <u32>i);
      for (let j = head; j < owned; j += 8) store<u64>(row + j, load<u64>(empty + j));
      store<u32>(into + (i << 2), <u32>row);
      store<u32>(down + ((count - i) << 2), <u32>row);
    }
    foldLightRows(stream, into, 0, <i32>count);
    const first: usize = after ? 0 : 1;
    const before = down + (first << 2);
    combineLightStates(stream, before + 4, before + 4, before, <i32>(count - first));
    after = rowAt(stream, trails, trail, begin);
    end = begin;
  }
  stream.parts = parts;
  trail.split = trail.tail;
  copyState(backOf(trail), empty, owned);
}

/** Where the measures of an event stand that has no states of the front in their place. */
export function measuresOf(stream: Stream, trails: Trails, trail: Trail, i: u32): usize {
  return slotAt(stream, trails, trail, i) + trails.measuresAt;
}

/** Events of the rest come to stand at the beginning of the columns. */
export function gather(stream: Stream, trails: Trails, trail: Trail, from: u32, n: usize): void {
  const columns = trails.columns;
  const lane = (<usize>trails.room) << 3;
  const end = columns + lane * <usize>(1 + trails.measures);
  const measuresAt = trails.measuresAt;
  for (let i: usize = 0; i < n; i++) {
    let slot = slotAt(stream, trails, trail, from + <u32>i);
    let to = columns + (i << 3);
    store<u64>(to, load<u64>(slot));
    slot += measuresAt;
    for (to += lane; to < end; to += lane, slot += 8) store<u64>(to, load<u64>(slot));
  }
}

/** Column i: times, the measures, ids (u32), reasons (u32). */
export function columnAt(trails: Trails, i: i32): usize {
  return trails.columns + ((<usize>i * <usize>trails.room) << 3);
}

/** Room for so many events in the columns, which keep what they have. */
export function setColumns(stream: Stream, trails: Trails, room: u32): void {
  const old = trails.columns;
  const lane = (<usize>trails.room) << 3;
  const kept = (<usize>min(room, trails.room)) << 3;
  trails.columns = allocate(stream, ((<usize>room) << 3) * <usize>(3 + trails.measures));
  trails.room = room;
  for (let i = 0; old && i < 3 + trails.measures; i++) {
    memory.copy(columnAt(trails, i), old + <usize>i * lane, kept);
  }
  if (old) release(stream, old);
  for (let i = 0, part = trails.parts; i < stream.partCount; i++, part += PartPlan.bytes) {
    store<u32>(part, <u32>columnAt(trails, 1 + load<i32>(part, PartPlan.measure)), PartPlan.column);
    store<u32>(part, <u32>columnAt(trails, 1 + load<i32>(part, PartPlan.second)), PartPlan.secondColumn);
    store<u32>(part, <u32>trails.columns, PartPlan.times);
  }
}

/** Bytes that the columns can need with so many events beside those for turning. */
export function columnBytes(trails: Trails, n: f64): f64 {
  const needed = n + <f64>(2 * CHUNK);
  return (needed > <f64>trails.room ? 3 : 1) * needed * <f64>(8 * (3 + trails.measures)) + 512;
}
