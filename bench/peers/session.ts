/**
 * Session windows: the best JavaScript we could write, and the first version one would write. After each batch every
 * contender has emitted all sessions that have ended by then. Events arrive in order; the tuned ones drop late events.
 *
 * The tuned one keeps five numbers a key and finds ended sessions by a lazy timing wheel: a ring of buckets, one for
 * each interval of end times. The id of a key is filed once, when its session begins. Later events do not move it; when
 * its bucket is due, an id whose session is still open is filed anew. With few keys it scans all of them instead, which
 * takes half the time.
 */

import type { Key } from './naive';
import { Outbox } from './outbox';

type Column = Float64Array;

const COLUMNS = ['start', 'end', 'key', 'count', 'sum'];
const STRIDE = 5;
/** Up to this number of keys all of them are scanned after each batch; with more, the wheel is used. */
const MAX_SCANNED_KEYS = 4096;
const BUCKETS = 256;
/** The time of the last event of a key without an open session. */
const NEVER = Number.NEGATIVE_INFINITY;

/** For each key: start, time of the last event (`NEVER` if no session is open), count, sum, and error of the sum. */
export class Sessions {
  newest = NEVER;
  readonly states: Float64Array;
  /** The ids filed in each bucket. An id is in one bucket if its session is open, otherwise in none. */
  readonly buckets: Uint32Array[] = [];
  /** Number of ids in each bucket. */
  readonly filed = new Uint32Array(BUCKETS);
  /** Buckets per unit of time. All buckets together span a little more than the gap. */
  readonly rate: number;
  /** Number of the last bucket that was scanned; bucket b is at index b mod BUCKETS. */
  bucket = NEVER;
  readonly out = new Outbox(COLUMNS);

  constructor(
    readonly gap: number,
    readonly keys: number,
  ) {
    this.states = new Float64Array(keys * STRIDE);
    for (let id = 0; id < keys; id++) this.states[id * STRIDE + 1] = NEVER;
    this.rate = (BUCKETS - 2) / gap;
    if (keys > MAX_SCANNED_KEYS) this.buckets = Array.from({ length: BUCKETS }, () => new Uint32Array(16));
  }
}

export function foldSessions(
  s: Sessions,
  times: Float64Array,
  ids: Uint32Array,
  values: Float64Array,
  from: number,
  to: number,
): void {
  const { states, gap, out } = s;
  const wheel = s.buckets.length > 0;
  let newest = s.newest;
  out.reserve(to - from);
  for (let i = from; i < to; i++) {
    const t = times[i] as number;
    if (!(t >= newest)) continue;
    newest = t;
    const id = ids[i] as number;
    const state = id * STRIDE;
    const value = values[i] as number;
    const last = states[state + 1] as number;
    states[state + 1] = t;
    if (t - last > gap) {
      if (last !== NEVER) emit(s, id, last);
      else if (wheel) file(s, id, t + gap);
      states[state] = t;
      states[state + 2] = 1;
      // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
      states[state + 3] = value !== value ? 0 : value;
      states[state + 4] = 0;
      continue;
    }
    (states[state + 2] as number)++;
    // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
    if (value !== value) continue;
    const sum = states[state + 3] as number;
    const total = sum + value;
    const shift = total - sum;
    states[state + 3] = total;
    states[state + 4] = (states[state + 4] as number) + (sum - (total - shift) + (value - shift));
  }
  s.newest = newest;
  if (wheel) advanceWheel(s);
  else fireSessions(s, newest);
}

/** Emits the session of a key whose last event was at `last`. */
function emit(s: Sessions, id: number, last: number): void {
  const { states, out, gap } = s;
  const [starts, ends, ids, counts, sums] = out.columns as [Column, Column, Column, Column, Column];
  const n = out.length++;
  const state = id * STRIDE;
  starts[n] = states[state] as number;
  ends[n] = last + gap;
  ids[n] = id;
  counts[n] = states[state + 2] as number;
  sums[n] = (states[state + 3] as number) + (states[state + 4] as number);
}

/** Adds an id to the bucket of its session's end. */
function file(s: Sessions, id: number, end: number): void {
  const number = Math.floor(end * s.rate);
  const at = number - Math.floor(number / BUCKETS) * BUCKETS;
  const n = s.filed[at] as number;
  let bucket = s.buckets[at] as Uint32Array;
  if (n === bucket.length) {
    bucket = new Uint32Array(n * 2);
    bucket.set(s.buckets[at] as Uint32Array);
    s.buckets[at] = bucket;
  }
  bucket[n] = id;
  s.filed[at] = n + 1;
}

/** Scans the buckets from the last one scanned to that of the newest event, and fires the sessions that have ended. */
function advanceWheel(s: Sessions): void {
  const { newest, gap, states, out } = s;
  const last = Math.floor(newest * s.rate);
  for (let number = Math.max(s.bucket, last - BUCKETS + 1); number <= last; number++) {
    const at = number - Math.floor(number / BUCKETS) * BUCKETS;
    const bucket = s.buckets[at] as Uint32Array;
    const n = s.filed[at] as number;
    if (n === 0) continue;
    out.reserve(n);
    // An id that stays in this bucket is written to a place already read.
    s.filed[at] = 0;
    for (let k = 0; k < n; k++) {
      const id = bucket[k] as number;
      const time = states[id * STRIDE + 1] as number;
      if (time + gap > newest) {
        file(s, id, time + gap);
      } else {
        emit(s, id, time);
        states[id * STRIDE + 1] = NEVER;
      }
    }
  }
  s.bucket = last;
}

/** Fires the sessions that end by the watermark, found by scanning all keys. */
export function fireSessions(s: Sessions, watermark: number): void {
  const { states, gap, keys } = s;
  s.out.reserve(keys);
  for (let id = 0; id < keys; id++) {
    const last = states[id * STRIDE + 1] as number;
    if (last === NEVER || last + gap > watermark) continue;
    emit(s, id, last);
    states[id * STRIDE + 1] = NEVER;
  }
}

/** The open session of a stream without keys. */
export class Session {
  start = 0;
  last = NEVER;
  count = 0;
  sum = 0;
  error = 0;
  readonly out = new Outbox(['start', 'end', 'count', 'sum']);

  constructor(readonly gap: number) {}
}

export function foldSession(s: Session, times: Float64Array, values: Float64Array, from: number, to: number): void {
  const { gap, out } = s;
  let { start, last, count, sum, error } = s;
  out.reserve(to - from + 1);
  const [starts, ends, counts, sums] = out.columns as [Column, Column, Column, Column];
  let n = out.length;
  for (let i = from; i < to; i++) {
    const t = times[i] as number;
    if (!(t >= last)) continue;
    if (t - last > gap) {
      if (count) {
        starts[n] = start;
        ends[n] = last + gap;
        counts[n] = count;
        sums[n++] = sum + error;
      }
      start = t;
      count = 0;
      sum = 0;
      error = 0;
    }
    last = t;
    count++;
    const value = values[i] as number;
    // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN
    if (value !== value) continue;
    const total = sum + value;
    const shift = total - sum;
    error += sum - (total - shift) + (value - shift);
    sum = total;
  }
  out.length = n;
  s.start = start;
  s.last = last;
  s.count = count;
  s.sum = sum;
  s.error = error;
}

/** Fires the open session at the end of the stream. */
export function fireSession(s: Session): void {
  const { out } = s;
  if (s.count === 0) return;
  out.reserve(1);
  const [starts, ends, counts, sums] = out.columns as [Column, Column, Column, Column];
  const n = out.length++;
  starts[n] = s.start;
  ends[n] = s.last + s.gap;
  counts[n] = s.count;
  sums[n] = s.sum + s.error;
  s.count = 0;
}

interface Open {
  start: number;
  last: number;
  count: number;
  sum: number;
}

/** A Map of objects; each `take` scans all of them for sessions that have ended. */
export class SweptSessions {
  newest = NEVER;
  open = new Map<Key, Open>();
  rows: object[] = [];

  constructor(readonly gap: number) {}

  push(at: number, key: Key, value: number): void {
    this.newest = at;
    const session = this.open.get(key);
    if (session && at - session.last <= this.gap) {
      session.last = at;
      session.count++;
      session.sum += value;
      return;
    }
    if (session) this.emit(key, session);
    this.open.set(key, { start: at, last: at, count: 1, sum: value });
  }

  emit(key: Key, { start, last, count, sum }: Open): void {
    this.rows.push({ start, end: last + this.gap, key, count, sum });
  }

  fire(watermark: number): void {
    for (const [key, session] of this.open) {
      if (session.last + this.gap > watermark) continue;
      this.emit(key, session);
      this.open.delete(key);
    }
  }

  take(): object[] {
    this.fire(this.newest);
    const { rows } = this;
    this.rows = [];
    return rows;
  }
}

/** A Map ordered by last event: each event moves its key to the end, so `fire` can stop at the first open session. */
export class OrderedSessions extends SweptSessions {
  override push(at: number, key: Key, value: number): void {
    this.newest = at;
    const session = this.open.get(key);
    if (session) this.open.delete(key);
    if (session && at - session.last <= this.gap) {
      session.last = at;
      session.count++;
      session.sum += value;
      this.open.set(key, session);
      return;
    }
    if (session) this.emit(key, session);
    this.open.set(key, { start: at, last: at, count: 1, sum: value });
  }

  override fire(watermark: number): void {
    for (const [key, session] of this.open) {
      if (session.last + this.gap > watermark) return;
      this.emit(key, session);
      this.open.delete(key);
    }
  }
}

export function naiveSessions(
  s: SweptSessions,
  times: Float64Array,
  keys: ArrayLike<Key>,
  values: Float64Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) s.push(times[i] as number, keys[i] as Key, values[i] as number);
}
