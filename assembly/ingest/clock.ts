/** The clock of a stream, which every event moves before it is taken. */

import { Stream } from '../stream';
import { isFuture } from './admission';

/** Event i has time t: the newest and the watermark move; false where it is too far ahead to be believed, and noted so. */
export function moveClock(stream: Stream, t: f64, i: i32): bool {
  if (t > stream.newest) {
    if (isFuture(stream, t, i)) return false;
    stream.newest = t;
  }
  const watermark = stream.newest - stream.outOfOrder;
  if (watermark > stream.watermark) stream.watermark = watermark;
  return true;
}
