/**
 * How much memory states that own some can need: upper bounds, for every store and for the budget of a batch (budget.ts).
 */

import { PartPlan } from '../plan';
import * as box from '../sketch/shared/box';
import { Stream } from '../stream';

/** Into a large block go at least so many values; one that can leap keeps more of them in a small one. */
const MIN_VALUES_OF_LARGE = 5;
const MIN_VALUES_OF_LEAPING = 17;
/** What one value can need where blocks are small, and what a large one can take beside itself. */
const SMALL_BYTES = 384;
const SPARE_BYTES = 1024;

/**
 * What states that own memory can need for n values more. A block grows to no more than twice its size, and by what a value can make it
 * leap; and only so many can be large that were, or get enough of the values.
 */
export function demandOfStates(stream: Stream, n: f64): f64 {
  let bytes = 0.0;
  for (let i = 0, part = stream.parts; stream.hasHeapStates && i < stream.partCount; i++, part += PartPlan.bytes) {
    const block = load<u32>(part, PartPlan.block);
    if (!block || !load<u32>(part, PartPlan.drop)) continue;
    const leap = <f64>load<u32>(part, PartPlan.leap);
    const large = min(n, box.largeCount(part) + n / (leap ? MIN_VALUES_OF_LEAPING : MIN_VALUES_OF_LARGE));
    const most = large * (call_indirect<f64>(block, part) + SPARE_BYTES);
    bytes += n * SMALL_BYTES + min(n ? most : 0, 2 * box.bytesOf(part) + n * leap);
  }
  return bytes;
}

/** Bytes that a running state can have for each event that is in it. */
const RUNNING_BYTES = 640;

/**
 * What running states can need for n events more, in trails of so many slots, a copy of one of them included: as they grow to about twice
 * their size a new block stands beside the old one.
 */
export function demandOfEvicting(stream: Stream, n: f64, slots: f64): f64 {
  let bytes = 0.0;
  for (let i = 0, part = stream.parts; stream.hasHeapStates && i < stream.partCount; i++, part += PartPlan.bytes) {
    if (load<u32>(part, PartPlan.insert))
      bytes += n * SMALL_BYTES + 4 * min(box.bytesOf(part), slots * RUNNING_BYTES) + SPARE_BYTES;
  }
  return bytes;
}

/**
 * What the states of so many rows can own that are made of others: no more than twice what those have, but for leaps. Those that
 * leap are large already, or have enough of the values that stand in small blocks, or alone in so many rows.
 */
export function demandOfMerges(stream: Stream, rows: f64, alone: f64): f64 {
  let bytes = 0.0;
  for (let i = 0, part = stream.parts; stream.hasHeapStates && i < stream.partCount; i++, part += PartPlan.bytes) {
    const block = load<u32>(part, PartPlan.block);
    if (!rows || !block || !load<u32>(part, PartPlan.drop)) continue;
    const most = call_indirect<f64>(block, part) + SPARE_BYTES;
    const large = min(rows, box.largeCount(part) + (box.smallBytes(part) / 8 + alone) / MIN_VALUES_OF_LEAPING + 1);
    const held = box.bytesOf(part);
    bytes += load<u32>(part, PartPlan.leap)
      ? large * most + rows * SMALL_BYTES
      : min(rows * most, 4 * held + rows * SMALL_BYTES);
  }
  return bytes;
}
