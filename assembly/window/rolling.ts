/**
 * A result for every event: over the events of its key up to a length of time before it, or up to so many.
 *
 * By time, events wait until none at their time can come any more, are put in order, and those of one time are taken together: what is
 * given out is what sorted input would give, peers included (SQL's RANGE frame). All events in a frame stand in one list as well,
 * oldest first, so that those of a key that has gone silent leave like any other. By number there is no waiting (SQL's ROWS).
 */

import { tick } from '../clock';
import { allocate, release } from '../memory';
import { miss } from '../misses';
import { createEvent, enqueue, Event, nextTime, rowOf, shift, waiting } from '../pending';
import { Closed, WindowPlan } from '../plan';
import {
  add,
  backOf,
  clear,
  dropIdle,
  endWork,
  eventAt,
  evict,
  initWork,
  isEmpty,
  nextRow,
  noteIdle,
  openQueue,
  putLater,
  putListed,
  Queue,
  queueOf,
  turnAll,
  valueOf,
  widenQueues,
  Work,
  workBytes,
} from '../queue';
import { Ring } from '../ring';
import { combineRows, foldRows, list } from '../rows';
import { clockAt, copyRow, takenAt, Stream, windowAt } from '../stream';

@unmanaged
class Rolling extends Work {
  size: f64;
  byRows: bool;
  /** Whether the event itself, and one exactly a size before it, is in the frame. */
  right: bool;
  left: bool;
  /** By time: all events in frames, in order. */
  oldest: Event;
  youngest: Event;
  /** Where results of several stores are put in order: the watermark after each event of the batch. */
  watermarks: usize;
}

export function create(stream: Stream, w: i32): usize {
  const rolling = changetype<Rolling>(allocate(stream, offsetof<Rolling>()));
  memory.fill(changetype<usize>(rolling), 0, offsetof<Rolling>());
  const window = windowAt(stream, w);
  const closed = load<u32>(window, WindowPlan.closed);
  initWork(stream, rolling, window, w);
  rolling.size = load<f64>(window, WindowPlan.size);
  rolling.byRows = load<f64>(window, WindowPlan.every) == 1;
  rolling.right = (closed & Closed.right) != 0;
  rolling.left = (closed & Closed.left) != 0;
  // By number a frame that is open on the left, or closed on the right, has one event less, or more, before the event.
  if (rolling.byRows) rolling.size += (rolling.left ? 1 : 0) - (rolling.right ? 0 : 1);
  const capacity = changetype<Ring>(stream.ring).mask + 1;
  rolling.watermarks = stream.storeCount > 1 ? allocate(stream, (<usize>capacity) << 3) : 0;
  return changetype<usize>(rolling);
}

export function destroy(stream: Stream, rolling: Rolling): void {
  if (rolling.watermarks) release(stream, rolling.watermarks);
  endWork(stream, rolling);
}

export function take(stream: Stream, rolling: Rolling, at: i32, n: i32): void {
  const ring = changetype<Ring>(stream.ring);
  const times = ring.times + ((<usize>at) << 3);
  const ids = ring.ids + ((<usize>at) << 2);
  const before = stream.watermark;
  widenQueues(stream, rolling);
  for (let i = 0; i < n; i++) {
    const t = load<f64>(times + ((<usize>i) << 3));
    let row = stream.trash;
    if (tick(stream, t, i)) {
      if (!rolling.byRows && t + stream.allowedLateness < stream.watermark) {
        miss(stream, i, true);
      } else {
        const id = load<u32>(ids + ((<usize>i) << 2));
        const event = createEvent(stream, rolling.pending, id, t);
        const queue = openQueue(stream, rolling, id);
        if (!rolling.byRows) wait(stream, rolling, queue, event);
        row = rowOf(event);
      }
    }
    store<u32>(stream.rows + ((<usize>i) << 2), <u32>row);
    if (rolling.watermarks) store<f64>(rolling.watermarks + ((<usize>i) << 3), stream.watermark);
  }
  foldRows(stream, stream.rows, at, n);
  if (rolling.byRows) {
    for (let i = 0; i < n; i++) {
      const row = <usize>load<u32>(stream.rows + ((<usize>i) << 2));
      stream.at = takenAt(i);
      if (row != stream.trash) giveByRows(stream, rolling, changetype<Event>(row - offsetof<Event>()));
    }
  } else if (stream.watermark > before) {
    drain(stream, rolling, n);
  }
  putListed(stream, rolling);
  dropIdle(stream, rolling);
}

/** By number: an event's result, at once. */
function giveByRows(stream: Stream, rolling: Rolling, event: Event): void {
  const queue = queueOf(rolling, event.id);
  if (rolling.right) add(stream, rolling, queue, event);
  while (<f64>(queue.tail - queue.head) > rolling.size) evict(stream, rolling, queue);
  const row = valueOf(stream, rolling, queue, nextRow(stream, rolling));
  const id = event.id;
  const t = event.time;
  if (!rolling.right) add(stream, rolling, queue, event);
  putLater(stream, rolling, row, id, t, t);
}

/** By time: an event waits, listed with those of its key that do. */
function wait(stream: Stream, rolling: Rolling, queue: Queue, event: Event): void {
  event.next = queue.waiting;
  if (queue.waiting) changetype<Event>(<usize>queue.waiting).previous = <u32>changetype<usize>(event);
  queue.waiting = <u32>changetype<usize>(event);
  enqueue(stream, rolling.pending, event);
}

/** Gives out every event whose time the watermark has passed, because of one of the n events of the batch. */
function drain(stream: Stream, rolling: Rolling, n: i32): void {
  const watermark = stream.watermark;
  const pending = rolling.pending;
  let at = 0;
  while (waiting(pending) && nextTime(pending) + stream.allowedLateness < watermark) {
    const t = nextTime(pending);
    if (rolling.watermarks) {
      while (at < n && load<f64>(rolling.watermarks + ((<usize>at) << 3)) <= t + stream.allowedLateness) at++;
      stream.at = clockAt(at);
    }
    const first = shiftPeers(stream, rolling, t);
    evictBefore(stream, rolling, t - rolling.size);
    if (rolling.right) addPeers(stream, rolling, first);
    for (let event = first; event; event = changetype<Event>(<usize>event.next)) {
      const queue = queueOf(rolling, event.id);
      const row = valueOf(stream, rolling, queue, nextRow(stream, rolling));
      putLater(stream, rolling, row, event.id, t, t);
    }
    if (!rolling.right) addPeers(stream, rolling, first);
  }
  if (watermark == Infinity) {
    putListed(stream, rolling);
    clear(stream, rolling);
    rolling.oldest = changetype<Event>(0);
    rolling.youngest = changetype<Event>(0);
  } else {
    evictBefore(stream, rolling, watermark - stream.allowedLateness - rolling.size);
  }
}

/** Takes out all events of one time; they lead to each other by `next`. */
function shiftPeers(stream: Stream, rolling: Rolling, t: f64): Event {
  let first = changetype<Event>(0);
  let last = first;
  while (waiting(rolling.pending) && nextTime(rolling.pending) == t) {
    const event = shift(stream, rolling.pending);
    const next = changetype<Event>(<usize>event.next);
    const previous = changetype<Event>(<usize>event.previous);
    if (next) next.previous = event.previous;
    if (previous) previous.next = event.next;
    else queueOf(rolling, event.id).waiting = event.next;
    event.next = 0;
    event.previous = 0;
    if (last) last.next = <u32>changetype<usize>(event);
    else first = event;
    last = event;
  }
  return first;
}

function addPeers(stream: Stream, rolling: Rolling, first: Event): void {
  for (let event = first; event; event = changetype<Event>(<usize>event.next)) {
    add(stream, rolling, queueOf(rolling, event.id), event);
    if (rolling.youngest) rolling.youngest.previous = <u32>changetype<usize>(event);
    else rolling.oldest = event;
    rolling.youngest = event;
  }
}

/** Events up to a time, or before it, are in no frame any more. */
function evictBefore(stream: Stream, rolling: Rolling, t: f64): void {
  while (rolling.oldest && (rolling.oldest.time < t || (rolling.oldest.time == t && !rolling.left))) {
    const event = rolling.oldest;
    const id = event.id;
    rolling.oldest = changetype<Event>(<usize>event.previous);
    if (!rolling.oldest) rolling.youngest = rolling.oldest;
    const queue = queueOf(rolling, id);
    evict(stream, rolling, queue);
    if (isEmpty(queue) && !queue.waiting) noteIdle(rolling, queue);
  }
}

export function advance(stream: Stream, rolling: Rolling, watermark: f64): void {
  if (watermark > stream.watermark) stream.watermark = watermark;
  widenQueues(stream, rolling);
  if (!rolling.byRows) drain(stream, rolling, 0);
  else if (watermark == Infinity) clear(stream, rolling);
  putListed(stream, rolling);
  dropIdle(stream, rolling);
}

export function demand(stream: Stream, rolling: Rolling, n: f64): f64 {
  return workBytes(stream, rolling, n);
}

/** Results that n events can give, with the watermark moving up to `watermark`. */
export function due(stream: Stream, rolling: Rolling, n: f64, watermark: f64): f64 {
  return n + (rolling.byRows ? 0 : waiting(rolling.pending));
}

export function live(stream: Stream, rolling: Rolling): f64 {
  return rolling.live;
}

/** Over the events of a key in the frame that ends at time t, waiting ones among them; by number over the last ones. */
export function query(stream: Stream, rolling: Rolling, id: u32, t: f64): usize {
  const queue = id < rolling.queueCount ? queueOf(rolling, id) : changetype<Queue>(0);
  stream.askedEnd = t;
  stream.askedStart = rolling.byRows ? NaN : t - rolling.size;
  const value = stream.temporary;
  copyRow(stream, value, stream.empty);
  if (!queue) return value;
  const from = t - rolling.size;
  let i = queue.head;
  const most = <u32>min(rolling.size, <f64>u32.MAX_VALUE);
  if (rolling.byRows && queue.tail - i > most) i = queue.tail - most;
  if (!rolling.byRows && i != queue.tail) {
    if (queue.head == queue.split) turnAll(stream, rolling, queue);
    // The first event in the frame.
    let low: u32 = 0;
    let high = queue.tail - queue.head;
    while (low < high) {
      const middle = (low + high) >> 1;
      const time = eventAt(queue, queue.head + middle).time;
      if (time > from || (time == from && rolling.left)) high = middle;
      else low = middle + 1;
    }
    i = queue.head + low;
  }
  if (i - queue.head < queue.split - queue.head) {
    join(stream, value, rowOf(eventAt(queue, i)), value);
    if (queue.filled) join(stream, value, value, backOf(queue));
  } else if (i == queue.split && queue.filled) {
    join(stream, value, value, backOf(queue));
  } else {
    for (; i != queue.tail; i++) join(stream, value, value, rowOf(eventAt(queue, i)));
  }
  const late = stream.temporary + stream.stride;
  copyRow(stream, late, stream.empty);
  for (let event = changetype<Event>(<usize>queue.waiting); event; event = changetype<Event>(<usize>event.next)) {
    const inside = event.time > from || (event.time == from && rolling.left);
    if (inside && event.time <= t) join(stream, late, rowOf(event), late);
  }
  join(stream, value, value, late);
  return value;
}

/** into = left ⊕ right, at once. */
function join(stream: Stream, into: usize, left: usize, right: usize): void {
  list(stream, 0, into, left, right);
  combineRows(stream, 1);
}
