/**
 * Windows on a grid of time that fire before their end, or give only what is new: each keeps rows of its own, and an event is folded into
 * every window that holds it. That is more work than slices shared by all, but what was given out differs from window to window.
 *
 *     frames    of one window of the plan, in order of number: those that have fired, then those that have not
 *
 * Law: a frame lives from its first event until the watermark passes its end and the allowed lateness; a row that has had an event, given
 * out or not, holds its id.
 */

import { Dictionary, NONE, retain } from '../../ingest/dictionary';
import { allocate } from '../../base/allocator';
import { isFuture, miss } from '../../ingest/admission';
import { putResults } from '../../result/lower';
import { Pane } from '../../plan';
import { Ring } from '../../ingest/ring';
import { countFiring, foldRow, foldRows, resetRow } from '../../state/rows';
import {
  createSlices,
  destroySlice,
  destroySlices,
  insertSlice,
  isPresent,
  rowFor,
  shiftSlice,
  Slice,
  sliceAt,
  Slices,
  widen,
} from './slices';
import { CHUNK, clockAt, takenAt, FIRINGS, flagAt, GIVEN, Stream } from '../../stream';
import * as time from './edges';

@unmanaged
class Frame extends Slice {
  k: f64;
}

@unmanaged
export class Frames {
  window: usize;
  list: Slices;
  /** How many of the list have fired: the first ones. */
  fired: i32;
}

export function framesAt(stream: Stream, w: i32): Frames {
  return changetype<Frames>(stream.frames + <usize>w * offsetof<Frames>());
}

export function createFrames(stream: Stream, frames: Frames, window: usize): void {
  frames.window = window;
  frames.list = createSlices(stream);
  frames.fired = 0;
}

export function destroyFrames(stream: Stream, frames: Frames): void {
  destroySlices(stream, frames.list);
}

function frameAt(frames: Frames, i: i32): Frame {
  return changetype<Frame>(changetype<usize>(sliceAt(frames.list, i)));
}

/** Window number k, made where there is none. */
function frameFor(stream: Stream, frames: Frames, k: f64): Frame {
  const list = frames.list;
  let i = list.length;
  while (i > 0 && frameAt(frames, i - 1).k > k) i--;
  if (i > 0 && frameAt(frames, i - 1).k == k) return frameAt(frames, i - 1);
  const frame = changetype<Frame>(allocate(stream, offsetof<Frame>()));
  frame.start = time.start(frames.window, k);
  frame.end = time.end(frames.window, k);
  frame.table = 0;
  frame.blocks = 0;
  frame.behind = false;
  frame.k = k;
  insertSlice(stream, list, i, frame);
  if (i < frames.fired || frame.end <= stream.watermark) frames.fired++;
  planFrames(stream);
  return frame;
}

/** Takes n events that stand in a row in the ring, from place `at` on. */
export function takeFrames(stream: Stream, ring: Ring, at: i32, n: i32): void {
  const times = ring.times + ((<usize>at) << 3);
  const ids = ring.ids + ((<usize>at) << 2);
  let folded = 0;
  for (let i = 0; i < n; i++) {
    const t = load<f64>(times + ((<usize>i) << 3));
    const id = load<u32>(ids + ((<usize>i) << 2));
    store<u32>(stream.rows + ((<usize>i) << 2), <u32>stream.trash);
    stream.at = clockAt(i);
    if (t > stream.newest) {
      if (isFuture(stream, t, i)) continue;
      stream.newest = t;
      if (t >= stream.fireAt) {
        foldListed(stream, at, folded, i);
        folded = i;
        advanceFrames(stream, t - stream.outOfOrder);
      }
    }
    const watermark = stream.newest - stream.outOfOrder;
    if (watermark > stream.watermark) stream.watermark = watermark;
    if (isAlone(stream, t)) {
      const frame = frameFor(stream, framesAt(stream, 0), time.oldest(framesAt(stream, 0).window, t));
      store<u32>(stream.rows + ((<usize>i) << 2), <u32>touch(stream, frame, id));
    } else {
      foldListed(stream, at, folded, i);
      folded = i + 1;
      stream.at = takenAt(i);
      if (!foldEverywhere(stream, t, id, at + i, i)) continue;
    }
    if (stream.when && load<f64>(stream.when + ((<usize>(at + i)) << 3)) != 0) {
      foldListed(stream, at, folded, i + 1);
      folded = i + 1;
      stream.at = flagAt(i);
      for (let w = 0; w < stream.gridCount; w++) fireKey(stream, w, id);
    }
  }
  foldListed(stream, at, folded, n);
}

function foldListed(stream: Stream, at: i32, from: i32, to: i32): void {
  if (to > from) foldRows(stream, stream.rows + ((<usize>from) << 2), at + from, to - from);
}

/** Whether an event lies in one window only, and that is not complete. */
function isAlone(stream: Stream, t: f64): bool {
  if (stream.gridCount > 1) return false;
  const window = framesAt(stream, 0).window;
  const k = time.oldest(window, t);
  return k == time.newest(window, t) && time.end(window, k) > stream.watermark;
}

/** The row of an id that has one event more. */
function touch(stream: Stream, frame: Frame, id: u32): usize {
  const keys = changetype<Dictionary>(stream.dictionary);
  widen(stream, frame, keys.limit);
  const row = rowFor(stream, frame, id);
  if (!isPresent(stream, row)) retain(stream, keys, id);
  store<f64>(row, load<f64>(row) + 1);
  return row;
}

/** Folds an event into each of its windows, those that are complete give it out again; whether there was one to take it. */
function foldEverywhere(stream: Stream, t: f64, id: u32, at: i32, i: i32): bool {
  let covered = false;
  let taken = false;
  for (let w = 0; w < stream.gridCount; w++) {
    const frames = framesAt(stream, w);
    const newest = time.newest(frames.window, t);
    let k = time.oldest(frames.window, t);
    if (k > newest) continue;
    covered = true;
    k = max(k, time.oldestOpen(frames.window, stream.watermark, stream.allowedLateness));
    for (; k <= newest; k = time.later(k + 1, k)) {
      taken = true;
      if (time.repeats(frames.window, k)) continue;
      const frame = frameFor(stream, frames, k);
      const row = touch(stream, frame, id);
      store<f64>(row, load<f64>(row) - 1);
      foldRow(stream, row, at);
      if (frame.end > stream.watermark) continue;
      store<u32>(stream.chunkRows, <u32>row);
      store<u32>(stream.chunkIds, id);
      putRows(stream, frame, w, Pane.late, 1);
    }
  }
  if (!taken) miss(stream, i, covered);
  return taken;
}

/** Moves the watermark, never back, and fires what it passes. */
export function advanceFrames(stream: Stream, watermark: f64): void {
  const before = stream.watermark;
  if (watermark > before) stream.watermark = watermark;
  for (let w = 0; w < stream.gridCount; w++) {
    const frames = framesAt(stream, w);
    while (frames.fired < frames.list.length && frameAt(frames, frames.fired).end <= stream.watermark) {
      if (putFrame(stream, frameAt(frames, frames.fired), w, Pane.onTime)) stream.fired += 1;
      frames.fired++;
    }
    while (frames.fired && frameAt(frames, 0).end + stream.allowedLateness <= stream.watermark) {
      destroySlice(stream, shiftSlice(frames.list));
      frames.fired--;
    }
  }
  if (floor(before / stream.early) < floor(stream.watermark / stream.early) && stream.watermark != Infinity) {
    stream.at |= 1;
    for (let w = 0; w < stream.gridCount; w++) {
      const frames = framesAt(stream, w);
      for (let i = frames.fired; i < frames.list.length; i++) putFrame(stream, frameAt(frames, i), w, Pane.early);
    }
  }
  planFrames(stream);
}

/** What a key has that is new, in all windows that are not complete. */
function fireKey(stream: Stream, w: i32, id: u32): void {
  const frames = framesAt(stream, w);
  for (let i = frames.fired; i < frames.list.length; i++) {
    const frame = frameAt(frames, i);
    const row = rowIn(stream, frame, id);
    if (!row || !isDue(stream, row, Pane.early)) continue;
    store<u32>(stream.chunkRows, <u32>row);
    store<u32>(stream.chunkIds, id);
    putRows(stream, frame, w, Pane.early, 1);
  }
}

/** The row of an id, 0 if it has none. */
function rowIn(stream: Stream, frame: Frame, id: u32): usize {
  const b = id >> 6;
  const block = b < frame.blocks ? <usize>load<u32>(frame.table + ((<usize>b) << 2)) : 0;
  const row = block + <usize>(id & 63) * stream.stride;
  return block && isPresent(stream, row) ? row : 0;
}

/** Whether a row has what a firing gives. */
function isDue(stream: Stream, row: usize, pane: i32): bool {
  const events = load<f64>(row);
  return stream.discard ? events != 0 : pane != Pane.early || events != load<f64>(row, GIVEN);
}

/** Puts the rows of a window that are due, in the order in which their keys came alive; whether there were any. */
function putFrame(stream: Stream, frame: Frame, w: i32, pane: i32): bool {
  const keys = changetype<Dictionary>(stream.dictionary);
  let any = false;
  let n: usize = 0;
  for (let i: usize = 0; i < <usize>keys.orderLength; i++) {
    const id = load<u32>(keys.order + (i << 2));
    const row = id == NONE ? <usize>0 : rowIn(stream, frame, id);
    if (!row || !isDue(stream, row, pane)) continue;
    store<u32>(stream.chunkRows + (n << 2), <u32>row);
    store<u32>(stream.chunkIds + (n << 2), id);
    any = true;
    if (++n < <usize>CHUNK) continue;
    putRows(stream, frame, w, pane, CHUNK);
    n = 0;
  }
  if (n) putRows(stream, frame, w, pane, <i32>n);
  return any;
}

/** Puts n rows of the stream's chunk, and notes that they were given out. */
function putRows(stream: Stream, frame: Frame, w: i32, pane: i32, n: i32): void {
  putResults(stream, stream.chunkRows, stream.chunkIds, n, frame.start, frame.end, w, pane);
  for (let i: usize = 0; i < <usize>n; i++) {
    const row = <usize>load<u32>(stream.chunkRows + (i << 2));
    const firings = load<f64>(row, FIRINGS);
    if (stream.discard) resetRow(stream, row);
    store<f64>(row, load<f64>(row), GIVEN);
    store<f64>(row, firings, FIRINGS);
    countFiring(stream, row);
  }
}

/** Before which newest time nothing fires and nothing is let go. A little early, for what addition may round: looking is free. */
function planFrames(stream: Stream): void {
  let due = Infinity;
  for (let w = 0; w < stream.gridCount; w++) {
    const frames = framesAt(stream, w);
    if (frames.fired) due = min(due, frameAt(frames, 0).end + stream.allowedLateness);
    if (frames.fired == frames.list.length) continue;
    due = min(due, frameAt(frames, frames.fired).end);
    if (stream.early != Infinity) due = min(due, (floor(stream.watermark / stream.early) + 1) * stream.early);
  }
  due += stream.outOfOrder;
  stream.fireAt = due == Infinity ? due : due - abs(due) * f64.EPSILON * 4;
}

/** The present value of a key in window k. */
export function frameRow(stream: Stream, w: i32, k: f64, id: u32): usize {
  const frames = framesAt(stream, w);
  for (let i = 0; i < frames.list.length; i++) {
    if (frameAt(frames, i).k == k) return rowIn(stream, frameAt(frames, i), id);
  }
  return 0;
}
