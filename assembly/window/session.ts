/**
 * Sessions: the events of a key no more than a gap apart. Each event is an interval [t, t + gap), the gap fixed or its own; intervals that
 * overlap, or touch where that is enough, are one session, and an event that reaches two makes them one.
 *
 * Open sessions stand in a wheel, and those due soon in a heap, by the time they are due. Their ends move on with every event, the wheel does
 * not: what comes up too early is put off, so that an event costs no more than its session's row, and time no more than what ends.
 *
 * Where events that touch are one session, it ends when the watermark has passed its end: at that very time the next may come.
 *
 * A session that fired for good is remembered for one gap (the longest so far): until then an event that is not late by itself could reach into
 * it, and two results of a key would overlap. They stand in a queue, in order but for those that one move of the watermark closes; of each
 * key the last is what counts, its barrier. All forgotten ones end before `horizon`: no event from before it makes a session longer at its
 * beginning.
 */

import { tick } from '../clock';
import { Dictionary, unhold } from '../dictionary';
import {
  countUpTo,
  createHeap,
  destroyHeap,
  Heap,
  heapBytes,
  moveTop,
  popItem,
  pushItem,
  topItem,
  topKey,
  topTie,
} from '../heap';
import { allocate, release, resize } from '../memory';
import { miss } from '../misses';
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
  retire,
  rowOf,
  setHead,
  Span,
  spanBytes,
  Spans,
  State,
  unchain,
  unpin,
} from '../span';
import {
  countComing,
  createWheel,
  destroyWheel,
  emptyWheel,
  isWide,
  nextTurn,
  place,
  setWidth,
  turnTo,
  Wheel,
} from '../wheel';
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
  wheel: Wheel;
  heap: Heap;
  /** End of the last session remembered, f64 for each id; -Infinity if there is none. */
  barriers: usize;
  barrierCount: u32;
  /** Those remembered, in order: a ring of 0 end: f64 │ 8 id: u32, head and tail growing modulo 2^32. */
  closed: usize;
  closedMask: u32;
  closedHead: u32;
  closedTail: u32;
  /** A watermark that fires something, or turns the wheel; none sooner does. */
  dueAt: f64;
}

const FEW: u32 = 16;
/** A heap of so many is as good as a wheel, which has to be turned. */
const SMALL: i32 = 64;

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
  sessions.wheel = createWheel(stream);
  sessions.heap = createHeap(stream);
  sessions.closed = allocate(stream, (<usize>FEW) << 4);
  sessions.closedMask = FEW - 1;
  sessions.dueAt = sessions.markAt;
  sessions.horizon = -Infinity;
  return changetype<usize>(sessions);
}

export function destroy(stream: Stream, sessions: Sessions): void {
  // Those merged into others hold a slot until they come up.
  for (; sessions.heap.length; popItem(stream, sessions.heap))
    drop(stream, sessions, changetype<Span>(topItem(sessions.heap)));
  for (let span = emptyWheel(sessions.wheel); span; ) {
    const next = changetype<Span>(<usize>span.beside);
    drop(stream, sessions, span);
    span = next;
  }
  destroyWheel(stream, sessions.wheel);
  destroyHeap(stream, sessions.heap);
  release(stream, sessions.closed);
  if (sessions.barriers) release(stream, sessions.barriers);
  endSpans(stream, sessions);
}

function drop(stream: Stream, sessions: Sessions, span: Span): void {
  if (span.state == State.gone) unpin(stream, sessions, span);
}

/** Before a batch: room for every id there is. */
function widen(stream: Stream, sessions: Sessions): void {
  const old = sessions.barrierCount;
  if (sessions.headCount == old) return;
  sessions.barriers = resize(stream, sessions.barriers, (<usize>sessions.headCount) << 3);
  for (let id = old; id < sessions.headCount; id++) setBarrier(sessions, id, -Infinity);
  sessions.barrierCount = sessions.headCount;
}

function barrierOf(sessions: Sessions, id: u32): f64 {
  return load<f64>(sessions.barriers + ((<usize>id) << 3));
}

function setBarrier(sessions: Sessions, id: u32, end: f64): void {
  store<f64>(sessions.barriers + ((<usize>id) << 3), end);
}

export function take(stream: Stream, sessions: Sessions, at: i32, n: i32): void {
  const ring = changetype<Ring>(stream.ring);
  const times = ring.times + ((<usize>at) << 3);
  const ids = ring.ids + ((<usize>at) << 2);
  const gaps = sessions.gaps ? sessions.gaps + ((<usize>at) << 3) : 0;
  const flags = stream.when ? stream.when + ((<usize>at) << 3) : 0;
  let gap = sessions.gap;
  begin(stream, sessions, at);
  widen(stream, sessions);
  for (let i = 0; i < n; i++) {
    const t = load<f64>(times + ((<usize>i) << 3));
    if (!tick(stream, t, i)) {
      listNone(stream, i);
      continue;
    }
    if (stream.watermark >= sessions.dueAt) fireDue(stream, sessions, i);
    if (gaps) gap = load<f64>(gaps + ((<usize>i) << 3));
    const id = load<u32>(ids + ((<usize>i) << 2));
    let span = headOf(sessions, id);
    if (span && span.state == State.open && t >= span.start && (t < span.end || (t == span.end && sessions.touching))) {
      span.end = max(span.end, t + gap);
    } else {
      span = join(stream, sessions, id, t, gap, i);
      if (!span) {
        if (gap > sessions.longest) lengthen(stream, sessions, gap);
        listNone(stream, i);
        miss(stream, i, true);
        continue;
      }
    }
    if (gap > sessions.longest) lengthen(stream, sessions, gap);
    listEvent(stream, sessions, span, i, t);
    stream.at = takenAt(i);
    if (span.count >= sessions.mostRows) fill(stream, sessions, span, i);
    else if (span.state == State.held) amend(stream, sessions, span, i);
    if (flags && load<f64>(flags + ((<usize>i) << 3)) != 0) fireKey(stream, sessions, id, i);
  }
  flush(stream, sessions, n);
  foldTo(stream, sessions, n);
  forget(stream, sessions);
}

/** A gap longer than all before. What was forgotten by the last of those stays so. */
function lengthen(stream: Stream, sessions: Sessions, gap: f64): void {
  sessions.horizon = horizonOf(stream, sessions);
  sessions.longest = gap;
}

/** Every session forgotten has ended before this time. */
function horizonOf(stream: Stream, sessions: Sessions): f64 {
  if (sessions.longest == 0) return -Infinity;
  return max(sessions.horizon, stream.watermark - stream.allowedLateness - sessions.longest);
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
  const barrier = barrierOf(sessions, id);
  if (t < barrier || (t == barrier && sessions.touching)) return changetype<Span>(0);
  for (let span = headOf(sessions, id); span; span = changetype<Span>(<usize>span.older)) {
    if (!reaches(sessions, span, t, end)) continue;
    any = true;
    earliest = span.start;
  }
  if (t < earliest && t < horizonOf(stream, sessions)) return changetype<Span>(0);
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
    schedule(stream, sessions, joined);
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

/** A session joins the wheel; the heap where that is small, or it is due soon, or stands in the wheel by another time. */
function schedule(stream: Stream, sessions: Sessions, span: Span): void {
  if (span.wheeled || sessions.heap.length < SMALL) {
    enter(stream, sessions, span);
    return;
  }
  const due = dueOf(stream, span);
  const ahead = max(due - stream.watermark, sessions.longest + stream.outOfOrder + stream.allowedLateness);
  if (!isWide(sessions.wheel, ahead)) fillAnew(stream, sessions, ahead);
  span.pins++;
  if (place(sessions.wheel, span, due)) {
    sessions.dueAt = min(sessions.dueAt, nextTurn(sessions.wheel));
    return;
  }
  span.pins--;
  enter(stream, sessions, span);
}

/** A session joins the heap, whatever else points to it. */
function enter(stream: Stream, sessions: Sessions, span: Span): void {
  span.due = dueOf(stream, span);
  span.pins++;
  pushItem(stream, sessions.heap, span.due, span.serial, changetype<usize>(span));
  sessions.dueAt = min(sessions.dueAt, span.due);
}

/** The wheel again, for spans that are due so much later than any before. */
function fillAnew(stream: Stream, sessions: Sessions, ahead: f64): void {
  let span = emptyWheel(sessions.wheel);
  setWidth(sessions.wheel, ahead, stream.watermark);
  while (span) {
    const next = changetype<Span>(<usize>span.beside);
    putOff(stream, sessions, span);
    span = next;
  }
}

/** A span that came up in the wheel goes on to a later bucket, or is due soon, or is not there any more. */
function putOff(stream: Stream, sessions: Sessions, span: Span): void {
  span.wheeled = false;
  if (span.state != State.gone) {
    if (stream.watermark != Infinity && place(sessions.wheel, span, dueOf(stream, span))) return;
    enter(stream, sessions, span);
  }
  unpin(stream, sessions, span);
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
  let span = watermark == Infinity ? emptyWheel(sessions.wheel) : turnTo(sessions.wheel, watermark);
  while (span) {
    const next = changetype<Span>(<usize>span.beside);
    putOff(stream, sessions, span);
    span = next ? next : turnTo(sessions.wheel, watermark);
  }
  while (heap.length && isPast(stream, sessions, topKey(heap))) {
    span = changetype<Span>(topItem(heap));
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
  sessions.dueAt = min(min(topKey(heap), nextTurn(sessions.wheel)), sessions.markAt);
}

/** A session's end has passed, or the time for which it was held. */
function fire(stream: Stream, sessions: Sessions, span: Span, i: i32): void {
  const isFinal = isPast(stream, sessions, span.end + stream.allowedLateness);
  if (span.state == State.open) {
    put(stream, sessions, span, isFinal ? Pane.onTime | Pane.final : Pane.onTime, i);
    if (!isFinal) {
      span.state = State.held;
      schedule(stream, sessions, span);
      return;
    }
  }
  remember(stream, sessions, span);
  unchain(sessions, span);
  retire(stream, sessions, span);
}

/** The closed session of a key; the hold on its id goes over to the queue. */
function remember(stream: Stream, sessions: Sessions, span: Span): void {
  if (sessions.closedTail - sessions.closedHead > sessions.closedMask)
    setRoom(stream, sessions, (sessions.closedMask + 1) * 2);
  const entry = closedAt(sessions, sessions.closedTail++);
  store<f64>(entry, span.end);
  store<u32>(entry, span.id, 8);
  setBarrier(sessions, span.id, max(barrierOf(sessions, span.id), span.end));
}

function closedAt(sessions: Sessions, i: u32): usize {
  return sessions.closed + ((<usize>(i & sessions.closedMask)) << 4);
}

function setRoom(stream: Stream, sessions: Sessions, room: u32): void {
  const closed = allocate(stream, (<usize>room) << 4);
  for (let i = sessions.closedHead; i != sessions.closedTail; i++) {
    v128.store(closed + ((<usize>(i & (room - 1))) << 4), v128.load(closedAt(sessions, i)));
  }
  release(stream, sessions.closed);
  sessions.closed = closed;
  sessions.closedMask = room - 1;
}

function forgetAt(stream: Stream, sessions: Sessions): f64 {
  return load<f64>(closedAt(sessions, sessions.closedHead)) + stream.allowedLateness + sessions.longest;
}

/** Forgets what no event can reach that is not before the horizon. It does not show when: once a batch will do. */
function forget(stream: Stream, sessions: Sessions): void {
  const keys = changetype<Dictionary>(stream.dictionary);
  while (sessions.closedHead != sessions.closedTail && isPast(stream, sessions, forgetAt(stream, sessions))) {
    const entry = closedAt(sessions, sessions.closedHead++);
    const id = load<u32>(entry, 8);
    if (barrierOf(sessions, id) == load<f64>(entry)) setBarrier(sessions, id, -Infinity);
    unhold(keys, id);
  }
  const room = sessions.closedMask + 1;
  if (room > FEW * 4 && sessions.closedTail - sessions.closedHead < room >> 3) setRoom(stream, sessions, room >> 1);
}

export function advance(stream: Stream, sessions: Sessions, watermark: f64): void {
  begin(stream, sessions, 0);
  widen(stream, sessions);
  if (watermark > stream.watermark) stream.watermark = watermark;
  fireDue(stream, sessions, 0);
  flush(stream, sessions, 0);
  forget(stream, sessions);
}

/** Bytes that n events can need. */
export function demand(stream: Stream, sessions: Sessions, n: f64): f64 {
  const ids = <f64>changetype<Dictionary>(stream.dictionary).limit + n;
  const barriers = ids > <f64>sessions.barrierCount ? 16 * max(ids, 2 * <f64>sessions.barrierCount) : 0;
  const spans = <f64>sessions.live + n;
  const closed = <f64>(sessions.closedTail - sessions.closedHead) + spans;
  const longer = closed > <f64>sessions.closedMask ? 32 * closed : 8 * <f64>sessions.closedMask;
  return spanBytes(stream, sessions, n, false) + heapBytes(sessions.heap, 2 * spans) + barriers + longer + 1024;
}

/** Results that n events can give, with the watermark moving up to `watermark`. */
export function due(stream: Stream, sessions: Sessions, n: f64, watermark: f64): f64 {
  const early = stream.early != Infinity || stream.when ? <f64>sessions.live + n : 0;
  const ending = <f64>countUpTo(sessions.heap, watermark) + <f64>countComing(sessions.wheel, watermark);
  return 2 * n + min(ending, <f64>sessions.live) + early;
}

export function live(stream: Stream, sessions: Sessions): f64 {
  return sessions.live;
}

/** The session of a key that goes on at time t. */
export function query(stream: Stream, sessions: Sessions, id: u32, t: f64): usize {
  const span = id < sessions.headCount ? headOf(sessions, id) : changetype<Span>(0);
  return answer(stream, span && span.state <= State.held && span.end > t ? span : null);
}
