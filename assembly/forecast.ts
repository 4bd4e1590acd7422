/**
 * Forecast: what is certain of a batch before it is taken. It is asked of streams that are nearly full, where demand
 * (budget.ts), which knows nothing of the events but their times, cannot tell: it looks at each event, and most events
 * of a full stream either need nothing or, for want of room for new keys, cannot be taken.
 */

import { reserve } from './base/allocator';
import { closing } from './budget';
import { Dictionary, growthBytes, idAt, isSweepDue, maxKeysIn, NO_ID, sweepBytes } from './ingest/dictionary';
import { Ring } from './ingest/ring';
import { Forecast, Keys } from './plan';
import { forgetKeys } from './retention';
import { storeAt } from './store';
import { headroom, Stream } from './stream';

/**
 * The forecast for the n events that were written to the ring last and are not yet committed; ids that the producer
 * wrote are below `limit`. Changes nothing that shows: it may forget keys, which taking the events would do as well,
 * and writes ids to the ring, which taking the events writes again.
 */
export function forecast(stream: Stream, n: i32, limit: u32): Forecast {
  const ring = changetype<Ring>(stream.ring);
  const keys = changetype<Dictionary>(stream.dictionary);
  const at = <i32>(ring.tail & ring.mask);
  if (stream.keys == Keys.ids) {
    if (limit > keys.limit) return hasRoomForKey(stream, at, n, limit, 0) ? Forecast.unknown : Forecast.fails;
  } else if (stream.keys != Keys.none) {
    // What is undone with a batch that does not fit would be done again with the next.
    if (isSweepDue(keys) && !sweepAhead(stream, keys)) return Forecast.unknown;
    if (!findIds(stream, ring, at, n)) {
      const ids = keys.limit + (keys.freeCount ? 0 : 1);
      const slots = <f64>(keys.tableMask + 1);
      const isTableFull = <f64>(keys.limit - keys.freeCount + 1) > maxKeysIn(slots);
      return stream.filter || hasRoomForKey(stream, at, n, ids, isTableFull ? slots : 0)
        ? Forecast.unknown
        : Forecast.fails;
    }
  }
  if (stream.hasHeapStates || stream.hasSamples || stream.when) return Forecast.unknown;
  for (let s = 0; s < stream.storeCount; s++) if (!storeAt(stream, s).absorbs(stream, at, n)) return Forecast.unknown;
  return Forecast.fits;
}

/** Writes the ids of n events to the ring, from place `at` on; false if one of them has a new key. */
function findIds(stream: Stream, ring: Ring, at: i32, n: i32): bool {
  const keys = changetype<Dictionary>(stream.dictionary);
  const columnBytes = (<usize>ring.mask + 1) << 3;
  for (let i = <usize>at; i < <usize>(at + n); i++) {
    const id = idAt(stream, keys, ring.words + (i << 3), columnBytes);
    if (id == NO_ID) return false;
    store<u32>(ring.ids + (i << 2), id);
  }
  return true;
}

/** Forgets keys if there is room for it; false if not. */
function sweepAhead(stream: Stream, keys: Dictionary): bool {
  const bytes = sweepBytes(keys);
  const tableBytes = (<usize>keys.tableMask + 1) << 4;
  if (bytes > headroom(stream) || !reserve(<usize>bytes + tableBytes)) return false;
  forgetKeys(stream);
  return true;
}

/**
 * Whether the stream may have room for n events, one of which has a new key. They need columns of `ids` ids, a table
 * that doubles from `slots` slots (0 if it does not grow), and what it takes to fire the open windows afterwards.
 */
function hasRoomForKey(stream: Stream, at: i32, n: i32, ids: u32, slots: f64): bool {
  if (slots && stream.used + slots * 32 > stream.limit) return false;
  const bytes = growthBytes(changetype<Dictionary>(stream.dictionary), ids) + slots * 16;
  // What fires makes room.
  return !bytes || n > 1 || mayFire(stream, at) || bytes + closing(stream) <= headroom(stream);
}

/** Whether the event at place `at` of the ring may fire or release more than it adds. */
function mayFire(stream: Stream, at: i32): bool {
  const t = load<f64>(changetype<Ring>(stream.ring).times + ((<usize>at) << 3));
  return stream.when != 0 || (t > stream.newest && (!stream.isScheduled || t >= stream.fireAt));
}
