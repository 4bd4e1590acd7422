/**
 * Forecast: what is certain of a batch before it is taken. It is asked of streams that are nearly full, where demand
 * (budget.ts), which knows nothing of the events but their times, cannot tell: it looks at each event, and most events
 * of a full stream either need nothing or, for want of room for new keys, cannot be taken.
 */

import { Dictionary, idAt, maxKeysIn, NO_ID } from './ingest/dictionary';
import { Ring } from './ingest/ring';
import { Forecast, Keys } from './plan';
import { storeAt } from './store';
import { Stream } from './stream';

/**
 * The forecast for the n events that were written to the ring last and are not yet committed; ids that the producer
 * wrote are below `limit`. Changes nothing but the ids in the ring, which taking the events writes again.
 */
export function forecast(stream: Stream, n: i32, limit: u32): Forecast {
  const ring = changetype<Ring>(stream.ring);
  const keys = changetype<Dictionary>(stream.dictionary);
  const at = <i32>(ring.tail & ring.mask);
  if (stream.keys == Keys.ids) {
    if (limit != keys.limit) return Forecast.unknown;
  } else if (stream.keys != Keys.none) {
    // Before it takes events the core may forget keys, which needs memory for a while.
    if (keys.limit - keys.freeCount >= keys.sweepAt) return Forecast.unknown;
    if (!findIds(stream, ring, at, n)) {
      return stream.filter || hasRoomForKey(stream, keys) ? Forecast.unknown : Forecast.fails;
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

/** Whether the table has a slot for one more key, or the stream has room for a table of twice the slots. */
function hasRoomForKey(stream: Stream, keys: Dictionary): bool {
  const slots = <f64>(keys.tableMask + 1);
  return <f64>(keys.limit - keys.freeCount + 1) <= maxKeysIn(slots) || stream.used + slots * 32 <= stream.limit;
}
