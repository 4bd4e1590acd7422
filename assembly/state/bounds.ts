/**
 * How much memory states that own some can need: upper bounds, for every store and for the budget of a batch (budget.ts).
 */

import { PartPlan } from '../plan';
import * as box from '../sketch/shared/box';
import { Stream } from '../stream';

/** Into a large block go at least so many values; one that can leap keeps more of them in a small one. */
const FEW = 5;
const MORE = 17;
/** What one value can need where blocks are small, and what a large one can take beside itself. */
const SMALL = 384;
const ASIDE = 1024;

/**
 * What states that own memory can need for n values more. A block grows to no more than twice its size, and by what a value can make it
 * leap; and only so many can be large that were, or get enough of the values.
 */
export function demandOfStates(stream: Stream, n: f64): f64 {
  let bytes = 0.0;
  for (let i = 0, part = stream.parts; stream.owning && i < stream.partCount; i++, part += PartPlan.bytes) {
    const block = load<u32>(part, PartPlan.block);
    if (!block || !load<u32>(part, PartPlan.drop)) continue;
    const leap = <f64>load<u32>(part, PartPlan.leap);
    const large = min(n, box.largeOf(part) + n / (leap ? MORE : FEW));
    const most = large * (call_indirect<f64>(block, part) + ASIDE);
    bytes += n * SMALL + min(n ? most : 0, 2 * box.heldBy(part) + n * leap);
  }
  return bytes;
}

/** Bytes that a running state can have for each event that is in it. */
const RUNNING = 640;

/**
 * What running states can need for n events more, in trails of so many slots, a copy of one of them included: as they grow to about twice
 * their size a new block stands beside the old one.
 */
export function demandOfRunning(stream: Stream, n: f64, slots: f64): f64 {
  let bytes = 0.0;
  for (let i = 0, part = stream.parts; stream.owning && i < stream.partCount; i++, part += PartPlan.bytes) {
    if (load<u32>(part, PartPlan.enter)) bytes += n * SMALL + 4 * min(box.heldBy(part), slots * RUNNING) + ASIDE;
  }
  return bytes;
}

/**
 * What the states of so many rows can own that are made of others: no more than twice what those have, but for leaps. Those that
 * leap are large already, or have enough of the values that stand in small blocks, or alone in so many rows.
 */
export function demandOfMerges(stream: Stream, rows: f64, alone: f64): f64 {
  let bytes = 0.0;
  for (let i = 0, part = stream.parts; stream.owning && i < stream.partCount; i++, part += PartPlan.bytes) {
    const block = load<u32>(part, PartPlan.block);
    if (!rows || !block || !load<u32>(part, PartPlan.drop)) continue;
    const most = call_indirect<f64>(block, part) + ASIDE;
    const large = min(rows, box.largeOf(part) + (box.smallOf(part) / 8 + alone) / MORE + 1);
    const held = box.heldBy(part);
    bytes += load<u32>(part, PartPlan.leap) ? large * most + rows * SMALL : min(rows * most, 4 * held + rows * SMALL);
  }
  return bytes;
}
