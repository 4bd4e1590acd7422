/**
 * Since when something is held: no state holds anything of an event from before this time. Who remembers what events brought, as the
 * bindings do strings, may forget what came before.
 */

import { WindowPlan } from './plan';
import { Stream, storeAt, windowAt } from './stream';
import { paneAt } from './window/grid/panes';
import { Slices, sliceAt } from './window/grid/slices';
import { triggeredAt } from './window/grid/triggered';
import { earliest, stacksAt } from './window/grid/two-stacks';

/** Infinity where nothing is held. */
export function earliestHeld(stream: Stream): f64 {
  let first = Infinity;
  for (let w = 0; w < stream.gridCount; w++) {
    const stacks = stacksAt(stream, w);
    const frames = triggeredAt(stream, w).list;
    first = min(first, earliest(stacks));
    if (stacks.retained.count) first = min(first, paneAt(stacks.retained, 0).start);
    if (frames.length) first = min(first, sliceAt(frames, 0).start);
  }
  const slices = changetype<Slices>(stream.slices);
  if (slices.length) first = min(first, sliceAt(slices, 0).start);
  for (let w = stream.gridCount; w < stream.windowCount; w++) {
    const role = load<u32>(windowAt(stream, w), WindowPlan.earliest);
    first = min(first, call_indirect<f64>(role, stream, storeAt(stream, w)));
  }
  return first;
}
