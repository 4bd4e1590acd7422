/**
 * Sessions: events of one key no more than a gap apart. Each event is an interval [t, t + gap), with a fixed gap or its
 * own. Intervals that overlap form one session, and with `touching` also those that only touch. An event that reaches
 * two sessions merges them.
 *
 * Law: with `emit: 'final'` the results of a key do not overlap, unless a session is bounded in events.
 *
 * A late event, one behind the watermark, goes the following way. L is the allowed lateness; all sessions are those of
 * its key.
 *
 *     t is before the end of a session that fired for the last time (closed.ts)    dropped as late
 *     it reaches no session, and the watermark has passed t + gap + L              dropped as late
 *     it would become the start of its session, and t is before the horizon        dropped as late
 *     it reaches open sessions only                                                joins them
 *     it reaches a retained one, whose end stays behind the watermark              joins; amends its result at once
 *     it reaches a retained one, whose end is now ahead of the watermark           joins; that is open again
 *     it reaches none                                                              begins one; retained if it has ended
 *
 * A session is retained only where results are updated: it has fired and takes late events until the watermark has
 * passed its end by L. With `emit: 'final'` a session does not fire before that.
 *
 * When a session has fired for the last time, it is remembered until the watermark has passed its end by L and the
 * longest gap so far: until then an event that is not late by itself could reach into it. After that it is forgotten.
 * All forgotten sessions end by `horizon`; as they could have reached an event from before it, no such event may extend
 * a session at its start.
 *
 * Open sessions wait in a timing wheel, and those due soon in a heap or a sorted list. An event that extends a session
 * moves its end but not its entry: an entry that comes up too early is put off. So such an event costs constant time,
 * and a move of the watermark costs what comes up.
 *
 * With `touching` a session fires only when the watermark is beyond its end: an event at that very time may still
 * arrive.
 */

import { allocate } from '../../base/allocator';
import {
  countUpTo,
  createHeap,
  destroyHeap,
  Heap,
  heapBytes,
  isBefore,
  isHeapSound,
  moveTop,
  popItem,
  pushItem,
  topItem,
  topKey,
  topTie,
} from '../../base/priority-queue';
import { byClock, byEvent } from '../../cause';
import { Census } from '../../census';
import { isFuture, noteMiss } from '../../ingest/admission';
import { Dictionary } from '../../ingest/dictionary';
import { Ring, windowColumn } from '../../ingest/ring';
import { Law } from '../../law';
import { Closed, Firing } from '../../plan';
import { demandOfRows } from '../../state/bounds';
import { combineRows, listRow } from '../../state/rows';
import { Bound, Bounds } from '../../store';
import { EMITTED, FIRINGS, firesAgain, Stream, windowAt } from '../../stream';
import { areChainsWhole, chain, indexBytes, nextAfter, takeChain, unchain } from '../keyed/chain';
import {
  answer,
  begin,
  createSpan,
  dropPointer,
  dropSpan,
  dueOf,
  endSpans,
  fireChanged,
  fireKey,
  flush,
  foldTo,
  headOf,
  initSpans,
  listEvent,
  listNone,
  markChanged,
  moreOf,
  put,
  retire,
  rowOf,
  Span,
  SpanState,
  Spans,
  spanBytes,
} from '../keyed/span';
import {
  barrierOf,
  ClosedSessions,
  closedBytes,
  countClosed,
  createClosed,
  destroyClosed,
  firstEnd,
  forgetFirst,
  remember,
} from './closed';
import { extendInOrder, extendRun, PREFETCH_ABOVE_SPANS, PREFETCH_EVENTS, prefetch } from './extend';
import {
  countComing,
  covers,
  createWheel,
  destroyWheel,
  isWheelSound,
  nextTurnTime,
  place,
  shiftReady,
  turnWheel,
  Wheel,
  wheelBytes,
  widen as widenWheel,
} from './timing-wheel';

@unmanaged
class Sessions extends Spans {
  gap: f64;
  /** The column of each event's own gap, 0 if the gap is fixed. */
  gaps: usize;
  /** Whether events exactly a gap apart are one session. */
  touching: bool;
  /** A session fires when it has this many events; Infinity: no bound. */
  maxEvents: f64;
  /** Longest gap so far, 0 before the first event with a gap of its own. */
  longest: f64;
  /** The horizon when `longest` last grew; see `horizonOf`. */
  horizon: f64;
  wheel: Wheel;
  heap: Heap;
  closed: ClosedSessions;
  /** The least watermark that may fire something or has to turn the wheel. */
  dueAt: f64;
}

/** Up to this many sessions stay in the heap: it is then as good as the wheel, which has to be turned. */
const WHEEL_ABOVE_SPANS: i32 = 64;

export function create(stream: Stream, w: i32, _count: i32): usize {
  const sessions = changetype<Sessions>(allocate(stream, offsetof<Sessions>()));
  memory.fill(changetype<usize>(sessions), 0, offsetof<Sessions>());
  const window = windowAt(stream, w);
  const column = window.column;
  sessions.maxEvents = window.maxEvents;
  initSpans(stream, sessions, w, firesAgain(stream) || sessions.maxEvents != Infinity);
  sessions.gap = window.size;
  sessions.gaps = windowColumn(stream, w);
  sessions.longest = column ? 0 : sessions.gap;
  sessions.touching = window.closed == Closed.both;
  sessions.wheel = createWheel(stream);
  sessions.heap = createHeap(stream);
  sessions.closed = createClosed(stream);
  sessions.dueAt = sessions.markAt;
  sessions.horizon = -Infinity;
  return changetype<usize>(sessions);
}

export function destroy(stream: Stream, sessions: Sessions): void {
  // Sessions that were merged into others keep their slots until their entries come up.
  for (; sessions.heap.length; popItem(stream, sessions.heap)) {
    const span = changetype<Span>(topItem(sessions.heap));
    if (span.state == SpanState.dropped) dropPointer(stream, sessions, span);
  }
  destroyWheel(stream, sessions.wheel, sessions);
  destroyHeap(stream, sessions.heap);
  destroyClosed(stream, sessions.closed);
  endSpans(stream, sessions);
}

export function take(stream: Stream, sessions: Sessions, at: i32, n: i32): void {
  const ring = changetype<Ring>(stream.ring);
  const times = ring.times + ((<usize>at) << 3);
  const ids = ring.ids + ((<usize>at) << 2);
  if (sessions.gaps) sessions.gaps = windowColumn(stream, sessions.w);
  const gaps = sessions.gaps ? sessions.gaps + ((<usize>at) << 3) : 0;
  const flags = stream.when ? stream.when + ((<usize>at) << 3) : 0;
  // An event in an open session then only changes its row and its end.
  const plain = !sessions.moreAt && !gaps;
  // No event in order reaches a session that is due. So due sessions can fire at the end of the batch, unless results
  // of other stores have to come between them.
  const lazy = plain && stream.storeCount == 1;
  const touching = sessions.touching;
  const skew = stream.maxFutureSkew;
  const outOfOrder = stream.outOfOrder;
  let newest = stream.newest;
  let gap = sessions.gap;
  begin(stream, sessions, at);
  let fetched = sessions.live > PREFETCH_ABOVE_SPANS ? 0 : n;
  for (let i = 0; i < n; i++) {
    if (i >= fetched) {
      prefetch(stream, sessions, ids + ((<usize>i) << 2), min(PREFETCH_EVENTS, n - i));
      fetched = i + PREFETCH_EVENTS;
    }
    if (plain) {
      i = extendInOrder(stream, sessions, gap, touching, times, ids, i, n, lazy ? Infinity : sessions.dueAt);
      if (i == n) break;
      newest = stream.newest;
    }
    const t = load<f64>(times + ((<usize>i) << 3));
    if (t > newest) {
      if (t > newest + skew && isFuture(stream, t, i)) {
        listNone(stream, i);
        continue;
      }
      newest = t;
      stream.newest = t;
      if (t - outOfOrder > stream.watermark) stream.watermark = t - outOfOrder;
    }
    const inOrder = t == newest && t >= stream.watermark;
    if (stream.watermark >= sessions.dueAt && !(lazy && inOrder)) fireDue(stream, sessions, i);
    if (gaps) gap = load<f64>(gaps + ((<usize>i) << 3));
    const id = load<u32>(ids + ((<usize>i) << 2));
    let span = headOf(sessions, id);
    if (span && span.state == SpanState.open && t >= span.start && (t < span.end || (t == span.end && touching))) {
      span.end = max(span.end, t + gap);
    } else {
      if (span && lazy && inOrder) supersede(stream, sessions, span);
      span = join(stream, sessions, id, t, gap, i);
      if (!span) {
        if (gap > sessions.longest) noteLongerGap(stream, sessions, gap);
        listNone(stream, i);
        noteMiss(stream, i, true);
        continue;
      }
    }
    if (plain) {
      if (i + 1 < n && inOrder && load<u32>(ids + ((<usize>i) << 2), 4) == id) {
        i = extendRun(stream, sessions, span, gap, touching, times, ids, i, n, lazy ? Infinity : sessions.dueAt) - 1;
        newest = stream.newest;
        continue;
      }
      const row = rowOf(span);
      store<f64>(row, load<f64>(row) + 1);
      store<u32>(stream.scratch.rows + ((<usize>i) << 2), <u32>row);
      continue;
    }
    if (gap > sessions.longest) noteLongerGap(stream, sessions, gap);
    listEvent(stream, sessions, span, i, t);
    if (sessions.maxEvents != Infinity && moreOf(sessions, span).count >= sessions.maxEvents)
      fireFull(stream, sessions, span, i);
    else if (span.state == SpanState.retained) amend(stream, sessions, span, i);
    if (flags && load<f64>(flags + ((<usize>i) << 3)) != 0) fireKey(stream, sessions, id, i);
  }
  if (lazy && stream.watermark >= sessions.dueAt) fireDue(stream, sessions, n);
  flush(stream, sessions, n);
  foldTo(stream, sessions, n);
  forgetClosed(stream, sessions);
}

/** See window-registry.ts. With a row alone, an event of an open session changes that and the end of the session. */
export function absorbs(stream: Stream, sessions: Sessions, at: i32, n: i32): bool {
  const ring = changetype<Ring>(stream.ring);
  const isWide = sessions.headCount >= changetype<Dictionary>(stream.dictionary).limit;
  if (sessions.moreAt || sessions.gaps || !isWide) return false;
  let newest = stream.newest;
  for (let i = <usize>at; i < <usize>(at + n); i++) {
    const t = load<f64>(ring.times + (i << 3));
    newest = max(newest, t);
    if (max(stream.watermark, newest - stream.outOfOrder) >= sessions.dueAt) return false;
    const span = headOf(sessions, load<u32>(ring.ids + (i << 2)));
    if (!span || span.state != SpanState.open || !(t >= span.start && t < span.end)) return false;
  }
  return true;
}

/**
 * Handles the last session of a key that is about to be followed by another: if it is due, it and all before it leave
 * the chain of the key now and fire at the end of the batch.
 */
function supersede(stream: Stream, sessions: Sessions, span: Span): void {
  if (!isPast(stream, sessions, dueOf(stream, span))) return;
  takeChain(stream, sessions, span.id);
  for (; span; span = changetype<Span>(<usize>span.older)) span.state = <u8>SpanState.superseded;
}

/** Raises the longest gap, after noting the horizon by the old one: sessions forgotten by that stay forgotten. */
function noteLongerGap(stream: Stream, sessions: Sessions, gap: f64): void {
  sessions.horizon = horizonOf(stream, sessions);
  sessions.longest = gap;
}

/** The horizon: every forgotten session has ended by this time. */
function horizonOf(stream: Stream, sessions: Sessions): f64 {
  if (sessions.longest == 0) return -Infinity;
  return max(sessions.horizon, stream.watermark - stream.allowedLateness - sessions.longest);
}

/** Whether the watermark has passed the end t of a session so far that no event can extend it any more. */
function isPast(stream: Stream, sessions: Sessions, t: f64): bool {
  return sessions.touching ? t < stream.watermark : t <= stream.watermark;
}

/** Whether the interval [t, end) of an event reaches a session. */
function reaches(sessions: Sessions, span: Span, t: f64, end: f64): bool {
  return sessions.touching ? t <= span.end && end >= span.start : t < span.end && end > span.start;
}

/**
 * Finds the session that event i joins: merges those that it reaches if there are several, creates one if there is
 * none. Returns null if the event is late; the table in the header has the rules.
 */
function join(stream: Stream, sessions: Sessions, id: u32, t: f64, gap: f64, i: i32): Span {
  const end = t + gap;
  if (t < stream.watermark) {
    const barrier = barrierOf(stream, sessions.closed, id, sessions.headCount);
    if (t < barrier || (t == barrier && sessions.touching)) return changetype<Span>(0);
  }
  // The sessions that the event reaches are neighbours in the chain, after those that begin beyond its reach.
  const newer = nextAfter(sessions, id, end, !sessions.touching);
  let joined = newer ? changetype<Span>(<usize>newer.older) : headOf(sessions, id);
  let earliest = Infinity;
  for (let span = joined; span && reaches(sessions, span, t, end); span = changetype<Span>(<usize>span.older)) {
    earliest = span.start;
  }
  if (t < earliest && t < horizonOf(stream, sessions)) return changetype<Span>(0);
  if (earliest == Infinity) {
    const longest = sessions.longest > 0 ? sessions.longest : gap;
    const isLate = isPast(stream, sessions, t + min(gap, longest) + stream.allowedLateness);
    return isLate ? changetype<Span>(0) : beginSession(stream, sessions, id, t, end, newer);
  }
  for (;;) {
    const older = changetype<Span>(<usize>joined.older);
    if (!older || !reaches(sessions, older, t, end)) break;
    merge(stream, sessions, older, joined, i);
    joined = older;
  }
  if (joined.state == SpanState.retained) flush(stream, sessions, i);
  joined.end = max(joined.end, end);
  joined.start = min(joined.start, t);
  if (joined.state == SpanState.retained && !isPast(stream, sessions, joined.end)) {
    joined.state = <u8>SpanState.open;
    pushDue(stream, sessions, joined);
  }
  return joined;
}

/** Begins a session of an event that reaches none, before the session `newer`. */
function beginSession(stream: Stream, sessions: Sessions, id: u32, t: f64, end: f64, newer: Span | null): Span {
  const span = createSpan(stream, sessions, id);
  span.start = t;
  span.end = end;
  chain(stream, sessions, span, newer);
  if (isPast(stream, sessions, end + stream.delay)) span.state = <u8>SpanState.retained;
  schedule(stream, sessions, span);
  return span;
}

/** Merges the session `newer` into `span`, which begins earlier; event i reached both. */
function merge(stream: Stream, sessions: Sessions, span: Span, newer: Span, i: i32): void {
  flush(stream, sessions, i);
  foldTo(stream, sessions, i);
  const row = rowOf(span);
  const other = rowOf(newer);
  listRow(stream, 0, row, row, other);
  combineRows(stream, stream.parts, 1);
  if (firesAgain(stream)) {
    store<f64>(row, load<f64>(row, EMITTED) + load<f64>(other, EMITTED), EMITTED);
    store<f64>(row, max(load<f64>(row, FIRINGS), load<f64>(other, FIRINGS)), FIRINGS);
    if (moreOf(sessions, newer).changedAt) markChanged(stream, sessions, span);
  }
  span.end = max(span.end, newer.end);
  if (sessions.moreAt) {
    const more = moreOf(sessions, span);
    const others = moreOf(sessions, newer);
    more.last = max(more.last, others.last);
    more.count += others.count;
  }
  const isOlder = <i32>(newer.serial - span.serial) < 0;
  if (isOlder) span.serial = newer.serial;
  unchain(stream, sessions, newer);
  dropSpan(stream, sessions, newer);
  if (isOlder) pushDue(stream, sessions, span);
}

/**
 * Enters a session into the wheel by its due time; into the heap instead if there are few sessions, if it is due too
 * soon or too late for the wheel, or if the wheel already has it at another time.
 */
function schedule(stream: Stream, sessions: Sessions, span: Span): void {
  const wheel = sessions.wheel;
  const isWheeled = sessions.moreAt && moreOf(sessions, span).wheeled;
  if (isWheeled || (sessions.heap.length < WHEEL_ABOVE_SPANS && !wheel.count)) {
    pushDue(stream, sessions, span);
    return;
  }
  const due = dueOf(stream, span);
  const behind = stream.outOfOrder == Infinity ? 0 : stream.outOfOrder;
  const ahead = max(due - stream.watermark, sessions.longest + behind + stream.allowedLateness);
  if (ahead == Infinity) {
    pushDue(stream, sessions, span);
    return;
  }
  if (!covers(wheel, ahead)) widenWheel(stream, wheel, sessions, sessions.heap, ahead);
  if (!place(stream, wheel, sessions, span, due)) {
    pushDue(stream, sessions, span);
    return;
  }
  span.pointers++;
  sessions.dueAt = min(sessions.dueAt, nextTurnTime(wheel));
}

/** Enters a session into the heap by its due time. Where spans have `SpanMore`, its other entries become stale. */
function pushDue(stream: Stream, sessions: Sessions, span: Span): void {
  const due = dueOf(stream, span);
  if (sessions.moreAt) moreOf(sessions, span).due = due;
  span.pointers++;
  pushItem(stream, sessions.heap, due, span.serial, changetype<usize>(span));
  sessions.dueAt = min(sessions.dueAt, due);
}

/** Amends a retained session: fires it again at once, with late event i, already listed, in it. */
function amend(stream: Stream, sessions: Sessions, span: Span, i: i32): void {
  put(stream, sessions, span, Firing.late, byEvent(i), i);
  flush(stream, sessions, i + 1);
}

/**
 * Fires a session that has reached `maxEvents`, with its last event as its end. It is not remembered: the next may
 * overlap.
 */
function fireFull(stream: Stream, sessions: Sessions, span: Span, i: i32): void {
  span.end = moreOf(sessions, span).last;
  put(stream, sessions, span, Firing.onTime | Firing.final, byEvent(i), i);
  unchain(stream, sessions, span);
  dropSpan(stream, sessions, span);
}

/** Fires what the watermark, which has moved at event i, has made due, and turns the wheel. */
function fireDue(stream: Stream, sessions: Sessions, i: i32): void {
  const wheel = sessions.wheel;
  const next = nextTurnTime(wheel);
  if (next <= stream.watermark) {
    fireUpTo(stream, sessions, next, true, i);
    turnWheel(stream, wheel, sessions, sessions.heap);
  }
  fireUpTo(stream, sessions, stream.watermark, sessions.touching, i);
  if (stream.watermark >= sessions.markAt) fireChanged(stream, sessions, i);
  const ready = wheel.ready ? load<f64>(wheel.first) : Infinity;
  sessions.dueAt = min(min(min(topKey(sessions.heap), ready), nextTurnTime(wheel)), sessions.markAt);
}

/**
 * Fires in order the sessions that are ready or in the heap and due by `time`; with `before` only those due before it.
 */
function fireUpTo(stream: Stream, sessions: Sessions, time: f64, before: bool, i: i32): void {
  const heap = sessions.heap;
  const wheel = sessions.wheel;
  for (;;) {
    let key = topKey(heap);
    let tie: u32 = 0;
    let item: usize = 0;
    const isReady = wheel.ready && !(heap.length && isBefore(key, topTie(heap), wheel.first));
    if (isReady) {
      key = load<f64>(wheel.first);
      tie = load<u32>(wheel.first, 8);
      item = load<u32>(wheel.first, 12);
    } else if (heap.length) {
      tie = topTie(heap);
      item = topItem(heap);
    }
    if (!item || (before ? key >= time : key > time)) return;
    const span = changetype<Span>(item);
    const current =
      span.state != SpanState.dropped && tie == span.serial && (!sessions.moreAt || moreOf(sessions, span).due == key);
    const due = dueOf(stream, span);
    if (isReady) {
      shiftReady(stream, wheel);
      if (current && due > key) {
        schedule(stream, sessions, span);
        dropPointer(stream, sessions, span);
        continue;
      }
    } else if (current && due > key) {
      if (sessions.moreAt) moreOf(sessions, span).due = due;
      moveTop(heap, due);
      continue;
    } else {
      popItem(stream, heap);
    }
    if (current) fire(stream, sessions, span, i);
    dropPointer(stream, sessions, span);
  }
}

/**
 * Fires a session that is due. If no late event can change it any more, it is dropped and remembered; else it is
 * retained.
 */
function fire(stream: Stream, sessions: Sessions, span: Span, i: i32): void {
  const isFinal = isPast(stream, sessions, span.end + stream.allowedLateness);
  if (span.state != SpanState.retained) {
    put(stream, sessions, span, isFinal ? Firing.onTime | Firing.final : Firing.onTime, byClock(i), i);
    if (!isFinal) {
      span.state = <u8>SpanState.retained;
      schedule(stream, sessions, span);
      return;
    }
  }
  remember(stream, sessions.closed, span.id, span.end);
  if (span.state != SpanState.superseded) unchain(stream, sessions, span);
  retire(stream, sessions, span);
}

/**
 * Forgets closed sessions that no acceptable event can reach any more. Results do not depend on when, so once a batch
 * is enough.
 */
function forgetClosed(stream: Stream, sessions: Sessions): void {
  const closed = sessions.closed;
  while (
    closed.head != closed.tail &&
    isPast(stream, sessions, firstEnd(closed) + stream.allowedLateness + sessions.longest)
  )
    forgetFirst(stream, closed);
}

export function advance(stream: Stream, sessions: Sessions, watermark: f64): void {
  begin(stream, sessions, 0);
  if (watermark > stream.watermark) stream.watermark = watermark;
  fireDue(stream, sessions, 0);
  flush(stream, sessions, 0);
  forgetClosed(stream, sessions);
}

export function demand(
  stream: Stream,
  sessions: Sessions,
  n: f64,
  _first: f64,
  _last: f64,
  moveTo: f64,
  bound: Bound,
): void {
  const ids = max(bound.ids, <f64>sessions.headCount);
  const spans = <f64>sessions.live + n;
  const planned = heapBytes(sessions.heap, 2 * spans) + wheelBytes(sessions.wheel, 2 * spans);
  bound.bytes += spanBytes(stream, sessions, n, bound.ids, false) + indexBytes(sessions, n, bound.ids);
  bound.bytes += planned + closedBytes(sessions.closed, spans, ids);
  bound.bytes += demandOfRows(stream, n) + 1024;
  const watermark = moveTo - stream.outOfOrder;
  const ending = <f64>countUpTo(sessions.heap, watermark) + <f64>countComing(sessions.wheel, watermark);
  const early = stream.early != Infinity || stream.when ? <f64>sessions.live + n : 0;
  const results = 2 * n + min(ending, <f64>sessions.live) + early;
  bound.results += results;
  bound.firings += firesAgain(stream) ? results : min(results, 1);
}

export function live(_stream: Stream, sessions: Sessions): f64 {
  return sessions.live;
}

/** The last session of a key, if it has not ended at time t. */
export function query(stream: Stream, sessions: Sessions, _w: i32, id: u32, t: f64, bounds: Bounds): usize {
  const span = id < sessions.headCount ? headOf(sessions, id) : changetype<Span>(0);
  return answer(stream, span && span.state != SpanState.dropped && span.end > t ? span : null, bounds);
}

/** The first law that the store breaks, Law.none if it breaks none. Counts what it holds of each id. */
export function verify(stream: Stream, sessions: Sessions, census: Census): Law {
  if (!isHeapSound(sessions.heap)) return Law.heap;
  if (!isWheelSound(stream, sessions.wheel)) return Law.wheel;
  countClosed(sessions.closed, census);
  if (!areChainsWhole(sessions, census)) return Law.chains;
  // What nothing points to would never fire.
  for (let id: u32 = 0; id < sessions.headCount; id++) {
    for (let span = headOf(sessions, id); span; span = changetype<Span>(<usize>span.older)) {
      if (!span.pointers) return Law.chains;
    }
  }
  return Law.none;
}
