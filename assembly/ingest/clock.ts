/** The clock of a stream: its newest time and its watermark. Every event moves it before a store takes the event. */

import { Stream } from '../stream';
import { isFuture } from './admission';

/**
 * Moves the clock to event i of the batch, at time t. If t is too far in the future, notes the event and returns false.
 */
export function moveClock(stream: Stream, t: f64, i: i32): bool {
  if (t > stream.newest) {
    if (isFuture(stream, t, i)) return false;
    stream.newest = t;
  }
  const watermark = stream.newest - stream.outOfOrder;
  if (watermark > stream.watermark) stream.watermark = watermark;
  return true;
}
