/**
 * Running states: the states that own memory in rolling windows. They are never combined. There is one for the frame of
 * each key, in the `back` row of its history: an event is inserted when it is added to the history and retracted when
 * it is evicted.
 *
 * Law: a running state gives what folding the events from head to tail anew would give. The order in which events are
 * inserted and retracted depends on the events of the key alone, not on where batches are cut.
 */

import { insertEvent, retractEvent } from '../../state/rows';
import { Stream } from '../../stream';
import { Histories, History, measuresOf, slotAt } from './history';

/** Inserts the event at position i into the running states of a row. */
export function insert(stream: Stream, histories: Histories, history: History, row: usize, i: u32): void {
  insertEvent(stream, row, measuresOf(stream, histories, history, i), load<f64>(slotAt(stream, histories, history, i)));
}

/** Retracts the events in [from, to) from the running states of a row: they are the oldest that it holds. */
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
