/**
 * Retention: finds the earliest event time that the stream still holds. The bindings may forget what only earlier
 * events brought, such as their strings.
 */

import { storeAt } from './store';
import { Stream } from './stream';

/** No state contains an event before this time; Infinity if the stream holds none. */
export function earliestHeld(stream: Stream): f64 {
  let first = Infinity;
  for (let s = 0; s < stream.storeCount; s++) first = min(first, storeAt(stream, s).earliest(stream));
  return first;
}
