/**
 * Events that a store did not take, noted while a batch is under way:
 *
 *     u16 for each event     bit 15 late for some window │ bit 14 too far in the future │ how many stores did not take it
 *
 * An event that no store took is late if it was late for one of them, and skipped if it lies in no window at all. Nothing is
 * dropped without a count.
 */

import { Stream } from '../stream';

const LATE: u32 = 0x8000;
const FUTURE: u32 = 0x4000;
const COUNT: u32 = 0x3fff;

/** A store does not take event i: it is late there, or lies in none of its windows. */
export function miss(stream: Stream, i: i32, late: bool): void {
  const mark = stream.misses + ((<usize>i) << 1);
  store<u16>(mark, <u16>((load<u16>(mark) + 1) | (late ? LATE : 0)));
  stream.missed = true;
}

/** Whether a time is not too far ahead, where `newest` is the newest so far. */
export function isPlausible(stream: Stream, t: f64, newest: f64): bool {
  return t <= max(newest, stream.advancedTo) + stream.maxFutureSkew || newest == -Infinity;
}

/** Whether an event is too far ahead to be believed; if so it is noted. */
export function isFuture(stream: Stream, t: f64, i: i32): bool {
  if (isPlausible(stream, t, stream.newest)) return false;
  store<u16>(stream.misses + ((<usize>i) << 1), <u16>FUTURE);
  stream.missed = true;
  return true;
}

/** Counts what n events from place `at` of the ring on came to, lists the late ones, and begins anew. */
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
