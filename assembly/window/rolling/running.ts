/**
 * States that own memory, of frames of which events also leave: they are not combined, but run along. An event of a trail enters when it is
 * added and leaves when it is evicted.
 *
 * Law: what they give is what the events from head to tail give, folded anew. Which events enter and leave in which order depends on the
 * key's events alone, not on where batches are cut.
 */

import { enterRow, leaveRow } from '../../state/rows';
import { Stream } from '../../stream';
import { backOf, measuresOf, slotAt, Trail, Trails } from './history';

/** Event i enters the running states of a row. */
export function enter(stream: Stream, trails: Trails, trail: Trail, row: usize, i: u32): void {
  enterRow(stream, row, measuresOf(stream, trails, trail, i), load<f64>(slotAt(stream, trails, trail, i)));
}

/** Events from a position up to another, the first that a row has of the trail, leave it. */
export function leave(stream: Stream, trails: Trails, trail: Trail, row: usize, from: u32, to: u32): void {
  for (let i = from; i != to; i++) {
    leaveRow(stream, row, measuresOf(stream, trails, trail, i), load<f64>(slotAt(stream, trails, trail, i)));
  }
}
