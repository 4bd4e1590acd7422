/**
 * A queue of panes for each key: panes are added at one end and evicted at the other, and their combination is at hand
 * at any time. It is kept by two stacks (see grid/two-stacks.ts).
 *
 *     head … split    front    the row of each pane is that pane combined with all panes of the front after it
 *     split … tail    back     the rows are those of the panes; one row of the queue, `back`, combines them
 *
 * Law: front ⊕ back, the row at head combined with `back`, is the combination of all panes in the queue. When head
 * reaches split, the next eviction flips: the panes of the back become the front, and `back` is empty.
 *
 * Why this layout: each key has its own edges, so panes of different keys cannot be packed together, as those of a grid
 * are. A pane is a slot with a row that exists anyway (an `Event` of keyed/reorder.ts), and a flip overwrites that row
 * in place. So a queue adds only a ring of addresses, 4 bytes a pane, and one row. Each pane is combined at most three
 * times: when it is added, when it is flipped, and for a result.
 *
 *     bounds   `time` and `note` of a pane are its least and greatest event time; a flip combines them like the row
 *
 * States that own memory are not combined ahead, as each row of the front would have to own what the rows after it own
 * already. They stay with their panes and are combined for each result.
 *
 * Combinations are listed, in order, and run many at a time (`runListed`). Evicted panes are freed once the results
 * that may read their rows are in the outbox (`freeEvicted`).
 */

import { allocate, release } from '../../base/allocator';
import { lengthFor, resizeTable, tableBytes } from '../../base/id-table';
import { RingQueue } from '../../base/ring-queue';
import { Dictionary, pin, unpin, usePins } from '../../ingest/dictionary';
import { Firing } from '../../plan';
import { areSame } from '../../result/compare';
import { putOutputs } from '../../result/lower';
import { openResults, putHead } from '../../result/outbox';
import { CHUNK_ROWS } from '../../scratch';
import { addHeap, combineRows, dropTemporaries, listRow, resetRow } from '../../state/rows';
import { copyRow, Stream } from '../../stream';
import { createReorder, destroyReorder, Event, freeEvent, Reorder, reorderBytes, rowOf } from '../keyed/reorder';

/** The ring has the addresses of its panes. */
@unmanaged
export class Queue extends RingQueue<u32> {
  split: u32;
  /** Whether the back has panes, and their least and greatest event time. */
  hasBack: bool;
  least: f64;
  greatest: f64;
  /** For the store: the pane that is not full yet and in no queue, 0 if none. */
  openPane: u32;
  id: u32;
  /** For the store: the key's events so far, skipped ones included, and its panes so far. */
  count: f64;
  panes: f64;
  /** For the store, at the end of the stream: the number of the window that fires next. */
  nextWindow: f64;
}

/** The queues of one store, the combinations and results that are listed, and the panes to free after those. */
@unmanaged
export class PaneQueues {
  w: i32;
  /** Allocates the panes; nothing waits in it. */
  reorder: Reorder;
  /** Table by id, u32: the queue of the id, 0 if none; and the length of the table. */
  queues: usize;
  queueCount: u32;
  /** How many queues there are. */
  live: u32;
  /** Combinations listed. */
  listed: i32;
  /** First of the evicted panes, linked by `next`; 0 if none. */
  evicted: u32;
  /** Results listed: their rows, ids and causes are in the scratch of the stream, their bounds here. */
  results: i32;
  starts: usize;
  ends: usize;
}

const INITIAL_PANES: u32 = 4;
/** The ring of a queue does not shrink below this capacity. */
const KEPT_PANES: u32 = 64;

/** Initializes a store without queues. */
export function initQueues(stream: Stream, queues: PaneQueues, w: i32): void {
  stream.isScheduled = false;
  usePins(stream, changetype<Dictionary>(stream.dictionary));
  queues.w = w;
  queues.reorder = createReorder(stream);
  queues.starts = allocate(stream, <usize>CHUNK_ROWS * 16);
  queues.ends = queues.starts + ((<usize>CHUNK_ROWS) << 3);
}

/** Frees all queues and the store itself. */
export function endQueues(stream: Stream, queues: PaneQueues): void {
  clear(stream, queues);
  destroyReorder(stream, queues.reorder);
  if (queues.queues) release(stream, queues.queues);
  release(stream, queues.starts);
  release(stream, changetype<usize>(queues));
}

/** Drops all queues and frees their panes. Nothing may be listed. */
export function clear(stream: Stream, queues: PaneQueues): void {
  for (let id: u32 = 0; id < queues.queueCount; id++) if (queueOf(queues, id)) dropQueue(stream, queues, id);
}

/** Makes room for every id, before a batch. */
export function widenQueues(stream: Stream, queues: PaneQueues): void {
  const length = lengthFor(queues.queueCount, changetype<Dictionary>(stream.dictionary).limit);
  if (length == queues.queueCount) return;
  queues.queues = resizeTable<u32>(stream, queues.queues, queues.queueCount, length, 0);
  queues.queueCount = length;
}

/** The queue of an id, null if it has none. */
export function queueOf(queues: PaneQueues, id: u32): Queue {
  return changetype<Queue>(<usize>load<u32>(queues.queues + ((<usize>id) << 2)));
}

/** The queue of an id; creates it and pins the id if there is none. */
export function openQueue(stream: Stream, queues: PaneQueues, id: u32): Queue {
  let queue = queueOf(queues, id);
  if (queue) return queue;
  queue = createQueue(stream);
  queue.id = id;
  queues.live++;
  pin(changetype<Dictionary>(stream.dictionary), id);
  store<u32>(queues.queues + ((<usize>id) << 2), <u32>changetype<usize>(queue));
  return queue;
}

function dropQueue(stream: Stream, queues: PaneQueues, id: u32): void {
  const queue = queueOf(queues, id);
  for (let i = queue.head; i != queue.tail; i++) freeEvent(stream, queues.reorder, paneAt(queue, i));
  queue.releaseRing(stream);
  release(stream, changetype<usize>(queue));
  store<u32>(queues.queues + ((<usize>id) << 2), 0);
  unpin(changetype<Dictionary>(stream.dictionary), id);
  queues.live--;
}

/** Upper bound on the bytes that n more events need, all ids then being below `ids`. */
export function queuesBytes(stream: Stream, queues: PaneQueues, n: f64, ids: f64): f64 {
  const queue = <f64>(offsetof<Queue>() + stream.stride) + 256;
  // A ring that doubles stands beside its old self for a moment. The rings that n events make grow hold no more panes
  // than there are.
  const rings = 12 * (<f64>queues.reorder.slab.count + n) + 256 * n;
  return reorderBytes(queues.reorder, n) + n * queue + rings + tableBytes<u32>(queues.queueCount, ids) + 512;
}

/** The temporary row for the next result. */
export function nextRow(stream: Stream, queues: PaneQueues): usize {
  return stream.scratch.temporary + <usize>queues.results * stream.stride;
}

/**
 * Lists a result. Its row need only be complete when the listed combinations have run.
 */
export function listResult(
  stream: Stream,
  queues: PaneQueues,
  row: usize,
  id: u32,
  start: f64,
  end: f64,
  cause: i32,
): void {
  const i = <usize>queues.results;
  queues.results++;
  store<u32>(stream.scratch.chunkRows + (i << 2), <u32>row);
  store<u32>(stream.scratch.chunkIds + (i << 2), id);
  store<f64>(queues.starts + (i << 3), start);
  store<f64>(queues.ends + (i << 3), end);
  store<u32>(stream.scratch.chunkCauses + (i << 2), cause);
  if (queues.results == CHUNK_ROWS) putListed(stream, queues);
}

/** Runs the listed combinations, moves the listed results into the outbox, and frees the evicted panes. */
export function putListed(stream: Stream, queues: PaneQueues): void {
  runListed(stream, queues);
  const n = queues.results;
  if (n) {
    const from = openResults(stream, n);
    for (let i: usize = 0; i < <usize>n; i++) {
      const id = load<u32>(stream.scratch.chunkIds + (i << 2));
      const cause = load<u32>(stream.scratch.chunkCauses + (i << 2));
      const start = load<f64>(queues.starts + (i << 3));
      const end = load<f64>(queues.ends + (i << 3));
      putHead(stream, from + <i32>i, start, end, id, queues.w, Firing.onTime | Firing.final, cause, stream.empty);
    }
    putOutputs(stream, stream.scratch.chunkRows, from, n);
    dropTemporaries(stream, n);
    stream.fired += n;
    queues.results = 0;
  }
  freeEvicted(stream, queues);
}

function createQueue(stream: Stream): Queue {
  const queue = changetype<Queue>(allocate(stream, offsetof<Queue>() + stream.stride));
  memory.fill(changetype<usize>(queue), 0, offsetof<Queue>());
  copyRow(stream, backOf(queue), stream.empty);
  queue.initRing(stream, INITIAL_PANES);
  return queue;
}

/** The row of a queue that combines the panes of its back; undefined if the back is empty. */
export function backOf(queue: Queue): usize {
  return changetype<usize>(queue) + offsetof<Queue>();
}

export function paneAt(queue: Queue, i: u32): Event {
  return changetype<Event>(<usize>load<u32>(queue.entryAt(i)));
}

export function isEmpty(queue: Queue): bool {
  return queue.head == queue.tail;
}

/** Runs the listed combinations, except of states that own memory. */
export function runListed(stream: Stream, queues: PaneQueues): void {
  combineRows(stream, stream.inlineParts, queues.listed);
  queues.listed = 0;
}

/** Frees the evicted panes. */
function freeEvicted(stream: Stream, queues: PaneQueues): void {
  while (queues.evicted) {
    const pane = changetype<Event>(<usize>queues.evicted);
    queues.evicted = pane.next;
    freeEvent(stream, queues.reorder, pane);
  }
}

/** Lists the combination into = left ⊕ right; runs all that are listed first if the list is full. */
export function listCombination(stream: Stream, queues: PaneQueues, into: usize, left: usize, right: usize): void {
  if (queues.listed == CHUNK_ROWS) runListed(stream, queues);
  listRow(stream, queues.listed++, into, left, right);
}

/** Adds a pane at the end of a queue. */
export function add(stream: Stream, queues: PaneQueues, queue: Queue, pane: Event): void {
  store<u32>(queue.pushEntry(stream), <u32>changetype<usize>(pane));
  const back = backOf(queue);
  listCombination(stream, queues, back, queue.hasBack ? back : stream.empty, rowOf(pane));
  queue.least = queue.hasBack ? min(queue.least, pane.time) : pane.time;
  queue.greatest = queue.hasBack ? max(queue.greatest, pane.note) : pane.note;
  queue.hasBack = true;
}

/** Evicts the oldest pane. If the front is empty, the queue flips first. */
export function evict(stream: Stream, queues: PaneQueues, queue: Queue): void {
  // The pane to be evicted need not be flipped.
  if (queue.head == queue.split) flip(stream, queues, queue, queue.head + 1);
  const pane = paneAt(queue, queue.head);
  queue.shiftEntry(stream, KEPT_PANES);
  pane.next = queues.evicted;
  queues.evicted = <u32>changetype<usize>(pane);
  if (queue.head == queue.tail) {
    queue.split = queue.head;
    queue.hasBack = false;
  }
}

/** Flips: makes the panes from position `from` on the front, and empties the back. */
function flip(stream: Stream, queues: PaneQueues, queue: Queue, from: u32): void {
  let after = paneAt(queue, queue.tail - 1);
  for (let i = queue.tail - 1; <i32>(i - from) > 0; ) {
    const pane = paneAt(queue, --i);
    listCombination(stream, queues, rowOf(pane), rowOf(pane), rowOf(after));
    pane.time = min(pane.time, after.time);
    pane.note = max(pane.note, after.note);
    after = pane;
  }
  queue.split = queue.tail;
  queue.hasBack = false;
}

/**
 * The row that combines all panes of a queue: an existing one, or `temporary`, which is complete when the listed
 * combinations have run. `temporary` then owns its own blocks; an existing row must not be changed.
 */
export function combinationOf(stream: Stream, queues: PaneQueues, queue: Queue, temporary: usize): usize {
  if (stream.hasHeapStates) {
    const hasFront = queue.head != queue.split;
    const front = hasFront ? rowOf(paneAt(queue, queue.head)) : stream.empty;
    listCombination(stream, queues, temporary, front, queue.hasBack ? backOf(queue) : stream.empty);
    for (let i = queue.head; i != queue.tail; i++) addHeap(stream, temporary, rowOf(paneAt(queue, i)));
    return temporary;
  }
  if (queue.head == queue.split) {
    if (!queue.hasBack) return stream.empty;
    listCombination(stream, queues, temporary, stream.empty, backOf(queue));
    return temporary;
  }
  const front = rowOf(paneAt(queue, queue.head));
  if (!queue.hasBack) return front;
  listCombination(stream, queues, temporary, front, backOf(queue));
  return temporary;
}

/**
 * Whether each pane of the front holds more events than the next, in bounds that enclose those of the next, and the
 * back of the queue is the combination of its panes from `split` on, heap states apart.
 */
export function isCombined(stream: Stream, queue: Queue): bool {
  if (queue.hasBack != (queue.split != queue.tail)) return false;
  for (let i = queue.head; <i32>(queue.split - i) > 1; i++) {
    const pane = paneAt(queue, i);
    const after = paneAt(queue, i + 1);
    if (load<f64>(rowOf(pane)) <= load<f64>(rowOf(after))) return false;
    if (pane.time > after.time || pane.note < after.note) return false;
  }
  if (stream.partial || !queue.hasBack) return true;
  const sum = stream.scratch.temporary;
  resetRow(stream, sum);
  for (let i = queue.split; i != queue.tail; i++) {
    const pane = paneAt(queue, i);
    if (pane.time < queue.least || pane.note > queue.greatest) return false;
    listRow(stream, 0, sum, sum, rowOf(pane));
    combineRows(stream, stream.inlineParts, 1);
  }
  return areSame(stream, sum, backOf(queue));
}
