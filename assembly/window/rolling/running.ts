/**
 * States that own memory, of frames of which events also leave: they are not combined, but run along. An event of a history enters when it is
 * added and leaves when it is evicted.
 *
 * Law: what they give is what the events from head to tail give, folded anew. Which events enter and leave in which order depends on the
 * key's events alone, not on where batches are cut.
 */

import { insertEvent, retractEvent } from '../../state/rows';
import { Stream } from '../../stream';
import { Histories, History, measuresOf, slotAt } from './history';

/** Event i enters the running states of a row. */
export function insert(stream: Stream, histories: Histories, history: History, row: usize, i: u32): void {
  insertEvent(stream, row, measuresOf(stream, histories, history, i), load<f64>(slotAt(stream, histories, history, i)));
}

/** Events from a position up to another, the first that a row has of the history, leave it. */
export function retract(stream: Stream, histories: Histories, history: History, row: usize, from: u32, to: u32): void {
  for (let i = from; i != to; i++) {
    retractEvent(
      stream,
      row,
      measuresOf(stream, histories, history, i),
      load<f64>(slotAt(stream, histories, history, i)),
    );
  }
}
