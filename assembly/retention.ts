/**
 * Retention: finds the earliest event time that the stream still holds. The bindings may forget what only earlier
 * events brought, such as their strings.
 */

import { WindowPlan } from './plan';
import { Stream, storeAt, windowAt } from './stream';
import { paneAt } from './window/grid/panes';
import { Slices, sliceAt } from './window/grid/slices';
import { triggeredAt } from './window/grid/triggered';
import { earliest, stacksAt } from './window/grid/two-stacks';

/** No state contains an event before this time; Infinity if the stream holds none. */
export function earliestHeld(stream: Stream): f64 {
  let first = Infinity;
  for (let w = 0; w < stream.gridCount; w++) {
    const stacks = stacksAt(stream, w);
    const triggered = triggeredAt(stream, w).list;
    first = min(first, earliest(stacks));
    if (stacks.retained.count) first = min(first, paneAt(stacks.retained, 0).start);
    if (triggered.length) first = min(first, sliceAt(triggered, 0).start);
  }
  const slices = changetype<Slices>(stream.slices);
  if (slices.length) first = min(first, sliceAt(slices, 0).start);
  for (let w = stream.gridCount; w < stream.windowCount; w++) {
    const kernel = load<u32>(windowAt(stream, w), WindowPlan.earliest);
    first = min(first, call_indirect<f64>(kernel, stream, storeAt(stream, w)));
  }
  return first;
}
