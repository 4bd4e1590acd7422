/**
 * Admission: which events of a batch the stores did not take, and why. While a batch is under way each event has a
 * mark:
 *
 *     u16     bit 15 late for a store │ bit 14 too far in the future │ number of stores that did not take it
 *
 * Law: an event that no store took is late if it was late for one of them, otherwise skipped, as it lies in no window.
 * No event is dropped without being counted.
 */

import { Stream } from '../stream';

const LATE: u32 = 0x8000;
const FUTURE: u32 = 0x4000;
const COUNT: u32 = 0x3fff;

/**
 * Notes that a store does not take event i of the batch: it is late there, or it lies in none of the store's windows.
 */
export function noteMiss(stream: Stream, i: i32, late: bool): void {
  const mark = stream.misses + ((<usize>i) << 1);
  store<u16>(mark, <u16>((load<u16>(mark) + 1) | (late ? LATE : 0)));
  stream.missed = true;
}

/**
 * Whether an event at time t is believed: there was no event before it, or t is at most `maxFutureSkew` ahead of
 * `newest`, the newest time so far, or of the time that `advance` implied.
 */
export function isPlausible(stream: Stream, t: f64, newest: f64): bool {
  return t <= max(newest, stream.advancedTo) + stream.maxFutureSkew || newest == -Infinity;
}

/** Whether event i of the batch, at time t, is too far in the future to be believed; if so, notes it. */
export function isFuture(stream: Stream, t: f64, i: i32): bool {
  if (isPlausible(stream, t, stream.newest)) return false;
  store<u16>(stream.misses + ((<usize>i) << 1), <u16>FUTURE);
  stream.missed = true;
  return true;
}

/**
 * Counts the events of a batch that were not taken as future, late or skipped, lists the places of the late ones in
 * `lateEvents`, and clears the marks. The batch is the n events from ring place `at`.
 */
export function settleMisses(stream: Stream, at: i32, n: i32): void {
  if (!stream.missed) return;
  for (let i = 0; i < n; i++) {
    const mark = <u32>load<u16>(stream.misses + ((<usize>i) << 1));
    if (mark & FUTURE) {
      stream.future += 1;
    } else if (mark && (mark & COUNT) == <u32>stream.storeCount) {
      if (mark & LATE) {
        stream.late += 1;
        store<u32>(stream.lateEvents + ((<usize>stream.lateCount) << 2), at + i);
        stream.lateCount++;
      } else {
        stream.skipped += 1;
      }
    }
  }
  memory.fill(stream.misses, 0, (<usize>n) << 1);
  stream.missed = false;
}
