/**
 * Sessions: the events of a key no more than a gap apart. Each event is an interval [t, t + gap), the gap fixed or its own; intervals that
 * overlap, or touch where that is enough, are one session, and an event that reaches two makes them one.
 *
 * Open sessions stand in a heap by the time they are due. Their ends move on with every event, the heap does not: an entry that comes up
 * too early is put back to where it belongs, so that an event costs no more than its session's row, and time no more than what ends.
 *
 * Where events that touch are one session, it ends when the watermark has passed its end: at that very time the next may come.
 *
 * A session that fired for good is remembered for one gap (the longest so far): until then an event that is not late by itself could reach into
 * it, and two results of a key would overlap. Ends of fired sessions never go back, so that these stand in a queue. All forgotten
 * ones end before `horizon`: no event from before it makes a session longer at its beginning.
 */

import { Dictionary } from '../dictionary';
import { countUpTo, createHeap, destroyHeap, Heap, heapBytes, moveTop, popItem, pushItem, topItem, topKey, topTie } from '../heap';
import { allocate } from '../memory';
import { isFuture, miss } from '../misses';
import { Closed, Pane, WindowPlan } from '../plan';
import { measureColumn, Ring } from '../ring';
import { combineRows, list } from '../rows';
import {
  answer,
  begin,
  change,
  createSpan,
  endSpans,
  fireChanged,
  fireKey,
  flush,
  foldTo,
  headOf,
  initSpans,
  letGo,
  listEvent,
  listNone,
  put,
  rowOf,
  setHead,
  Span,
  spanBytes,
  Spans,
  State,
  unchain,
  unpin,
} from '../span';
import { clockAt, takenAt, FIRINGS, GIVEN, refires, Stream, windowAt } from '../stream';

@unmanaged
class Sessions extends Spans {
  gap: f64;
  /** The measure that holds each event's gap, 0 if it is fixed. */
  gaps: usize;
  /** Whether two that touch are one. */
  touching: bool;
  mostRows: f64;
  /** Longest gap so far, 0 before the first. */
  longest: f64;
  /** Every session forgotten has ended before this time. */
  horizon: f64;
  heap: Heap;
  /** Sessions remembered, in order of their ends. */
  first: usize;
  last: usize;
  /** A watermark that fires or forgets something; none sooner does. */
  dueAt: f64;
}

export function create(stream: Stream, w: i32): usize {
  const sessions = changetype<Sessions>(allocate(stream, offsetof<Sessions>()));
  memory.fill(changetype<usize>(sessions), 0, offsetof<Sessions>());
  const window = windowAt(stream, w);
  const column = load<u32>(window, WindowPlan.column);
  initSpans(stream, sessions, window, w);
  sessions.gap = load<f64>(window, WindowPlan.size);
  sessions.gaps = column ? measureColumn(changetype<Ring>(stream.ring), column - 1) : 0;
  sessions.longest = column ? 0 : sessions.gap;
  sessions.touching = load<u32>(window, WindowPlan.closed) == Closed.both;
  sessions.mostRows = load<f64>(window, WindowPlan.mostRows);
  sessions.heap = createHeap(stream);
  sessions.dueAt = sessions.markAt;
  sessions.horizon = -Infinity;
  return changetype<usize>(sessions);
}

export function destroy(stream: Stream, sessions: Sessions): void {
  // Those merged into others hold a slot until their entry comes up.
  for (; sessions.heap.length; popItem(stream, sessions.heap)) {
    const span = changetype<Span>(topItem(sessions.heap));
    if (span.state == State.gone) unpin(stream, sessions, span);
  }
  destroyHeap(stream, sessions.heap);
  endSpans(stream, sessions);
}

export function take(stream: Stream, sessions: Sessions, at: i32, n: i32): void {
  const ring = changetype<Ring>(stream.ring);
  const times = ring.times + ((<usize>at) << 3);
  const ids = ring.ids + ((<usize>at) << 2);
  const gaps = sessions.gaps ? sessions.gaps + ((<usize>at) << 3) : 0;
  const flags = stream.when ? stream.when + ((<usize>at) << 3) : 0;
  let gap = sessions.gap;
  begin(stream, sessions, at);
  for (let i = 0; i < n; i++) {
    const t = load<f64>(times + ((<usize>i) << 3));
    if (t > stream.newest) {
      if (isFuture(stream, t, i)) {
        listNone(stream, i);
        continue;
      }
      stream.newest = t;
    }
    const watermark = stream.newest - stream.outOfOrder;
    if (watermark > stream.watermark) {
      stream.watermark = watermark;
      if (watermark >= sessions.dueAt) fireDue(stream, sessions, i);
      else lookBack(stream, sessions);
    }
    if (gaps) gap = load<f64>(gaps + ((<usize>i) << 3));
    const id = load<u32>(ids + ((<usize>i) << 2));
    let span = headOf(sessions, id);
    if (span && span.state == State.open && t >= span.start && (t < span.end || (t == span.end && sessions.touching))) {
      span.end = max(span.end, t + gap);
    } else {
      span = join(stream, sessions, id, t, gap, i);
      if (sessions.longest == 0) {
        sessions.longest = gap;
        lookBack(stream, sessions);
      }
      if (!span) {
        sessions.longest = max(sessions.longest, gap);
        listNone(stream, i);
        miss(stream, i, true);
        continue;
      }
    }
    if (gaps) sessions.longest = max(sessions.longest, gap);
    listEvent(stream, sessions, span, i, t);
    stream.at = takenAt(i);
    if (span.count >= sessions.mostRows) fill(stream, sessions, span, i);
    else if (span.state == State.held) amend(stream, sessions, span, i);
    if (flags && load<f64>(flags + ((<usize>i) << 3)) != 0) fireKey(stream, sessions, id, i);
  }
  flush(stream, sessions, n);
  foldTo(stream, sessions, n);
}

/** The watermark has moved: what ended a gap before it is forgotten. */
function lookBack(stream: Stream, sessions: Sessions): void {
  if (sessions.longest == 0) return;
  sessions.horizon = max(sessions.horizon, stream.watermark - stream.allowedLateness - sessions.longest);
}

/** Whether a time has passed, at which a session would go on. */
function isPast(stream: Stream, sessions: Sessions, t: f64): bool {
  return sessions.touching ? t < stream.watermark : t <= stream.watermark;
}

/** Whether an event's interval reaches a session. */
function reaches(sessions: Sessions, span: Span, t: f64, end: f64): bool {
  return sessions.touching ? t <= span.end && end >= span.start : t < span.end && end > span.start;
}

/** The session that takes an event, made, or of several made one, where need be; null where the event is late. */
function join(stream: Stream, sessions: Sessions, id: u32, t: f64, gap: f64, i: i32): Span {
  const end = t + gap;
  let joined = changetype<Span>(0);
  let newer = changetype<Span>(0);
  let any = false;
  let earliest = Infinity;
  for (let span = headOf(sessions, id); span; span = changetype<Span>(<usize>span.older)) {
    if (reaches(sessions, span, t, end)) {
      if (span.state == State.closed) return changetype<Span>(0);
      any = true;
      earliest = span.start;
    }
  }
  if (t < sessions.horizon && t < earliest) return changetype<Span>(0);
  const known = sessions.longest > 0 ? sessions.longest : gap;
  if (!any && isPast(stream, sessions, t + min(gap, known) + stream.allowedLateness)) return changetype<Span>(0);
  let span = headOf(sessions, id);
  while (span) {
    const older = changetype<Span>(<usize>span.older);
    if (reaches(sessions, span, t, end)) {
      if (joined) merge(stream, sessions, span, joined, i);
      joined = span;
    } else if (span.start > t) {
      newer = span;
    }
    span = older;
  }
  if (!joined) {
    joined = createSpan(stream, sessions, id);
    joined.start = t;
    joined.end = end;
    if (newer) {
      joined.older = newer.older;
      newer.older = <u32>changetype<usize>(joined);
    } else {
      joined.older = <u32>changetype<usize>(headOf(sessions, id));
      setHead(sessions, id, joined);
    }
    if (isPast(stream, sessions, end + stream.delay)) joined.state = State.held;
    enter(stream, sessions, joined);
    return joined;
  }
  if (joined.state == State.held) flush(stream, sessions, i);
  joined.end = max(joined.end, end);
  joined.start = min(joined.start, t);
  if (joined.state == State.held && !isPast(stream, sessions, joined.end)) {
    joined.state = State.open;
    enter(stream, sessions, joined);
  }
  return joined;
}

/** An event reached both: the older takes in the newer. */
function merge(stream: Stream, sessions: Sessions, span: Span, newer: Span, i: i32): void {
  flush(stream, sessions, i);
  foldTo(stream, sessions, i);
  const row = rowOf(span);
  const other = rowOf(newer);
  list(stream, 0, row, row, other);
  combineRows(stream, 1);
  if (refires(stream)) {
    store<f64>(row, load<f64>(row, GIVEN) + load<f64>(other, GIVEN), GIVEN);
    store<f64>(row, max(load<f64>(row, FIRINGS), load<f64>(other, FIRINGS)), FIRINGS);
    if (newer.changedAt) change(stream, sessions, span);
  }
  span.end = max(span.end, newer.end);
  span.last = max(span.last, newer.last);
  span.count += newer.count;
  const isOlder = <i32>(newer.serial - span.serial) < 0;
  if (isOlder) span.serial = newer.serial;
  unchain(sessions, newer);
  letGo(stream, sessions, newer);
  if (isOlder) enter(stream, sessions, span);
}

/** When something happens to a session if no event comes. */
function dueOf(stream: Stream, span: Span): f64 {
  return span.end + (span.state == State.open ? stream.delay : stream.allowedLateness);
}

function enter(stream: Stream, sessions: Sessions, span: Span): void {
  span.due = dueOf(stream, span);
  span.pins++;
  pushItem(stream, sessions.heap, span.due, span.serial, changetype<usize>(span));
  sessions.dueAt = min(sessions.dueAt, span.due);
}

/** A late event changed a session that has fired. */
function amend(stream: Stream, sessions: Sessions, span: Span, i: i32): void {
  put(stream, sessions, span, Pane.late, i);
  flush(stream, sessions, i + 1);
}

/** A session has as many events as it may: it fires, and is not remembered. */
function fill(stream: Stream, sessions: Sessions, span: Span, i: i32): void {
  span.end = span.last;
  put(stream, sessions, span, Pane.onTime | Pane.final, i);
  unchain(sessions, span);
  letGo(stream, sessions, span);
}

/** The watermark has moved, with event i: sessions fire, and are forgotten. */
function fireDue(stream: Stream, sessions: Sessions, i: i32): void {
  const heap = sessions.heap;
  stream.at = clockAt(i);
  const watermark = stream.watermark;
  while (heap.length && isPast(stream, sessions, topKey(heap))) {
    const span = changetype<Span>(topItem(heap));
    const current = span.state <= State.held && topKey(heap) == span.due && topTie(heap) == span.serial;
    if (current && dueOf(stream, span) > span.due) {
      span.due = dueOf(stream, span);
      moveTop(heap, span.due);
      continue;
    }
    popItem(stream, heap);
    if (current) fire(stream, sessions, span, i);
    unpin(stream, sessions, span);
  }
  if (watermark >= sessions.markAt) fireChanged(stream, sessions, i);
  while (sessions.first && isPast(stream, sessions, forgetAt(stream, sessions))) forget(stream, sessions);
  lookBack(stream, sessions);
  sessions.dueAt = min(min(topKey(heap), sessions.markAt), sessions.first ? forgetAt(stream, sessions) : Infinity);
}

/** A session's end has passed, or the time for which it was held. */
function fire(stream: Stream, sessions: Sessions, span: Span, i: i32): void {
  const isFinal = isPast(stream, sessions, span.end + stream.allowedLateness);
  if (span.state == State.open) {
    put(stream, sessions, span, isFinal ? Pane.onTime | Pane.final : Pane.onTime, i);
    if (!isFinal) {
      span.state = State.held;
      enter(stream, sessions, span);
      return;
    }
  }
  span.state = State.closed;
  sessions.live--;
  if (sessions.last) changetype<Span>(sessions.last).next = <u32>changetype<usize>(span);
  else sessions.first = changetype<usize>(span);
  sessions.last = changetype<usize>(span);
}

function forgetAt(stream: Stream, sessions: Sessions): f64 {
  return changetype<Span>(sessions.first).end + stream.allowedLateness + sessions.longest;
}

function forget(stream: Stream, sessions: Sessions): void {
  const span = changetype<Span>(sessions.first);
  sessions.first = span.next;
  if (!span.next) sessions.last = 0;
  unchain(sessions, span);
  letGo(stream, sessions, span);
}

export function advance(stream: Stream, sessions: Sessions, watermark: f64): void {
  begin(stream, sessions, 0);
  if (watermark > stream.watermark) stream.watermark = watermark;
  fireDue(stream, sessions, 0);
  flush(stream, sessions, 0);
}

/** Bytes that n events can need, with the watermark moving up to `watermark`. */
export function demand(stream: Stream, sessions: Sessions, n: f64): f64 {
  return spanBytes(stream, sessions, n) + heapBytes(sessions.heap, 2 * n);
}

/** Results that n events can give. */
export function due(stream: Stream, sessions: Sessions, n: f64, watermark: f64): f64 {
  const early = stream.early != Infinity || stream.when ? <f64>sessions.live + n : 0;
  const ending = watermark == Infinity ? sessions.heap.length : countUpTo(sessions.heap, watermark);
  return 2 * n + <f64>ending + early;
}

export function live(stream: Stream, sessions: Sessions): f64 {
  return sessions.live;
}

/** The session of a key that goes on at time t. */
export function query(stream: Stream, sessions: Sessions, id: u32, t: f64): usize {
  const span = id < sessions.headCount ? headOf(sessions, id) : changetype<Span>(0);
  return answer(stream, span && span.state <= State.held && span.end > t ? span : null);
}
