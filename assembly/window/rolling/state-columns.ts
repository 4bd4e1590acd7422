/**
 * States in columns: for each part of the plan the states of consecutive events, one after the other, so that kernels
 * go over them without a list of addresses.
 *
 *     part 0: count states │ part 1: count states │ …        count × (stride - head) bytes
 *
 * Each result of a chunk reads one state of every part, at the place that `places` lists for it. With `dense` the
 * places are consecutive and only the first is listed.
 */

import { allocate, release } from '../../base/allocator';
import { Part, Parts } from '../../part';
import { Outbox, outputColumn } from '../../result/outbox';
import { CHUNK_ROWS } from '../../scratch';
import { copyState, Stream } from '../../stream';

@unmanaged
export class StateColumns {
  /** Position in the history that place 0 stands for. */
  from: u32;
  /** States of each part. */
  count: u32;
  states: usize;
  /** For each result of a chunk the place that it reads: u32 each. */
  places: usize;
  /** Scratch: the states of one part at those places. */
  gathered: usize;
}

export function createColumns(stream: Stream): StateColumns {
  const columns = changetype<StateColumns>(allocate(stream, offsetof<StateColumns>()));
  memory.fill(changetype<usize>(columns), 0, offsetof<StateColumns>());
  columns.places = allocate(stream, (<usize>CHUNK_ROWS) << 2);
  columns.gathered = allocate(stream, <usize>CHUNK_ROWS * stream.stride);
  return columns;
}

export function destroyColumns(stream: Stream, columns: StateColumns): void {
  if (columns.states) release(stream, columns.states);
  release(stream, columns.places);
  release(stream, columns.gathered);
  release(stream, changetype<usize>(columns));
}

/** Bytes of `count` states of each part. */
export function columnBytes(stream: Stream, count: u32): usize {
  return <usize>count * (stream.stride - stream.head);
}

/** Address of the state of a part at a place. */
export function stateAt(stream: Stream, columns: StateColumns, part: Part, place: u32): usize {
  const column = columns.states + (part.state - stream.head) * <usize>columns.count;
  return column + <usize>place * part.size;
}

/** Sets the states at a place to those of no events. */
export function clearState(stream: Stream, columns: StateColumns, place: u32): void {
  const parts = stream.parts;
  for (let part = parts.first; part != parts.end; part = part.next) {
    const identity = stream.empty + part.state;
    copyState(stateAt(stream, columns, part, place), identity, part.size);
  }
}

/** Moves the states at a place to place 0, and `from` with them. */
export function moveState(stream: Stream, columns: StateColumns, place: u32): void {
  const parts = stream.parts;
  for (let part = parts.first; part != parts.end; part = part.next) {
    const size = part.size;
    copyState(stateAt(stream, columns, part, 0), stateAt(stream, columns, part, place), size);
  }
  columns.from += place;
}

/**
 * Fills the states at places 1 to n: the one before it with one more event folded in. State 0 is given; the events
 * begin at byte `at` of the columns that `parts` point to.
 */
export function prefixes(stream: Stream, parts: Parts, columns: StateColumns, at: usize, n: i32): void {
  for (let part = parts.first; part != parts.end; part = part.next) {
    let state = stateAt(stream, columns, part, 0);
    if (part.prefix) {
      part.fillPrefixes(state, at, n);
    } else if (part.fold) {
      const size = part.size;
      for (let j: usize = 0; j < (<usize>n) << 3; j += 8, state += size) {
        copyState(state + size, state, size);
        store<u32>(stream.scratch.into, <u32>(state + size - part.state));
        part.foldRows(stream.scratch.into, at + j, 1);
      }
    }
  }
}

/**
 * Fills the states at places n - 1 to 0: each combines its event with the state after it. State n is given; the events
 * begin at byte `at` of the columns that `parts` point to.
 */
export function suffixes(stream: Stream, parts: Parts, columns: StateColumns, at: usize, n: i32): void {
  for (let part = parts.first; part != parts.end; part = part.next) {
    if (part.suffix) part.fillSuffixes(stateAt(stream, columns, part, 0), at, n);
    else if (part.fold) suffixSlow(stream, columns, part, at, n);
  }
}

/**
 * Does what `suffixes` does for a part without a `suffix` kernel: folds each event by itself, then combines them from
 * the last on.
 */
function suffixSlow(stream: Stream, columns: StateColumns, part: Part, at: usize, n: i32): void {
  const size = part.size;
  const offset = part.state;
  const rows = stream.scratch.left;
  for (let end = n; end > 0; end -= CHUNK_ROWS - 1) {
    const count = <usize>min(end, CHUNK_ROWS - 1);
    let row = stateAt(stream, columns, part, end) - offset;
    store<u32>(rows, <u32>row);
    for (let j: usize = 1; j <= count; j++) {
      row -= size;
      copyState(row + offset, stream.empty + offset, size);
      store<u32>(rows + (j << 2), <u32>row);
      store<u32>(stream.scratch.into + ((count - j) << 2), <u32>row);
    }
    const first = at + ((<usize>end - count) << 3);
    part.foldRows(stream.scratch.into, first, <i32>count);
    part.combineRows(rows + 4, rows + 4, rows, <i32>count);
  }
}

/**
 * Writes the outputs of n results to the outbox, from result `from` on. Each lowers the combination of a state of
 * `left` with a state of `right`, at the places that these list for it.
 */
export function putPairs(
  stream: Stream,
  left: StateColumns,
  right: StateColumns,
  dense: bool,
  from: i32,
  n: i32,
): void {
  const outbox = changetype<Outbox>(stream.outbox);
  const parts = stream.parts;
  let output = 0;
  let hasSlow = false;
  for (let part = parts.first; part != parts.end; part = part.next) {
    if (part.lowerPairs) {
      const out = outputColumn(outbox, output) + ((<usize>from) << 3);
      const a = gatherStates(stream, left, part, dense, n);
      const b = gatherStates(stream, right, part, dense, n);
      part.lowerStates(a, b, out, n);
    } else {
      hasSlow = true;
    }
    output += part.output;
  }
  if (hasSlow) putPairsSlow(stream, left, right, dense, from, n);
}

/** Address of n consecutive states of a part: those at the listed places, copied together unless they already are. */
function gatherStates(stream: Stream, columns: StateColumns, part: Part, dense: bool, n: i32): usize {
  const column = stateAt(stream, columns, part, 0);
  const size = part.size;
  if (dense) return column + <usize>load<u32>(columns.places) * size;
  const end = (<usize>n) << 2;
  let to = columns.gathered;
  if (size == 8) {
    for (let i: usize = 0; i < end; i += 4, to += 8) {
      store<u64>(to, load<u64>(column + ((<usize>load<u32>(columns.places + i)) << 3)));
    }
    return columns.gathered;
  }
  for (let i: usize = 0; i < end; i += 4, to += size) {
    copyState(to, column + <usize>load<u32>(columns.places + i) * size, size);
  }
  return columns.gathered;
}

/**
 * Does what `putPairs` does for parts without a `lowerPairs` kernel, among them those whose states other parts read:
 * combines the states into temporary rows and lowers those.
 */
function putPairsSlow(stream: Stream, left: StateColumns, right: StateColumns, dense: bool, from: i32, n: i32): void {
  const parts = stream.parts;
  let row = stream.scratch.temporary;
  const before = right.from - left.from;
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4, row += stream.stride) {
    // With `dense` all frames have the same number of events.
    const place: usize = dense ? 0 : i;
    store<f64>(row, <f64>(before + load<u32>(right.places + place) - load<u32>(left.places + place)));
    store<u32>(stream.scratch.into + i, <u32>row);
  }
  for (let part = parts.first; part != parts.end; part = part.next) {
    if (!part.combine || part.lowerPairs) continue;
    listStates(stream, stream.scratch.left, left, part, dense, n);
    listStates(stream, stream.scratch.right, right, part, dense, n);
    part.combineRows(stream.scratch.into, stream.scratch.left, stream.scratch.right, n);
  }
  const outbox = changetype<Outbox>(stream.outbox);
  let output = 0;
  for (let part = parts.first; part != parts.end; part = part.next) {
    if (!part.output) continue;
    const column = outputColumn(outbox, output++) + ((<usize>from) << 3);
    if (part.lowerPairs) continue;
    part.lowerRows(stream.scratch.into, column, n);
  }
}

/** Sets the states of a row to those at place i of `left` combined with those at place j of `right`. */
export function combineAt(stream: Stream, row: usize, left: StateColumns, i: u32, right: StateColumns, j: u32): void {
  const parts = stream.parts;
  for (let part = parts.first; part != parts.end; part = part.next) {
    if (!part.combine) continue;
    const offset = part.state;
    store<u32>(stream.scratch.into, <u32>row);
    store<u32>(stream.scratch.left, <u32>(stateAt(stream, left, part, i) - offset));
    store<u32>(stream.scratch.right, <u32>(stateAt(stream, right, part, j) - offset));
    part.combineRows(stream.scratch.into, stream.scratch.left, stream.scratch.right, 1);
  }
}

/** Lists for a kernel of the part, which takes rows, the addresses at which rows with the states wanted would begin. */
function listStates(stream: Stream, list: usize, columns: StateColumns, part: Part, dense: bool, n: i32): void {
  const size = part.size;
  const end = list + ((<usize>n) << 2);
  let first = stateAt(stream, columns, part, 0) - part.state;
  if (dense) {
    first += <usize>load<u32>(columns.places) * size;
    for (; list < end; list += 4, first += size) store<u32>(list, <u32>first);
    return;
  }
  for (let places = columns.places; list < end; list += 4, places += 4) {
    store<u32>(list, <u32>(first + <usize>load<u32>(places) * size));
  }
}
