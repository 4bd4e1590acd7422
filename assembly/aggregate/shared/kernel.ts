/**
 * The loops that aggregates share, over a class that says what happens to one state. `rows` is a list of n addresses of
 * rows (u32), and a part's state stands at its own offset in each. `at` is the byte offset of the first event in the
 * columns.
 *
 *     fold     state ⊕= lift(value) for n events, each into the row listed for it; missing values (NaN) are skipped
 *     combine  into = left ⊕ right for n rows; `into` may be either of them
 *     prefix   states[i + 1] = states[i] ⊕ lift(value i) for n events of one row; the caller has filled states[0]
 *     roll     rolling frames of many keys: back ⊕= lift(value), into = front ⊕ back; see rollRows in state/rows.ts
 *     lower    n states → n results
 *
 * Laws: identity ⊕ a = a; ⊕ is associative and commutative, both within rounding. If the result depends on the order of
 * events, the state carries their times.
 *
 * The classes have no fields: they are named by type, called at address 0 and inlined.
 */

import { Part } from '../../part';
import * as box from '../../sketch/shared/box';
import { copyState } from '../../stream';

/** Folds n events, each into its row: `lift(state, value)`. */
export function foldEach<State>(part: Part, rows: usize, at: usize, n: i32): void {
  const state = changetype<State>(0);
  const offset = part.state;
  const values = part.column + at;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    if (value == value) state.lift(<usize>load<u32>(rows + (i << 2)) + offset, value);
  }
}

/** As foldEach, for a lift that also takes the time of the event. */
export function foldTimed<State>(part: Part, rows: usize, at: usize, n: i32): void {
  const state = changetype<State>(0);
  const offset = part.state;
  const values = part.column + at;
  const times = part.times + at;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    if (value == value) state.lift(<usize>load<u32>(rows + (i << 2)) + offset, value, load<f64>(times + (i << 3)));
  }
}

/** Combines n pairs of rows: `combine(into, left, right)` of their states. */
export function combineEach<State>(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  const state = changetype<State>(0);
  const offset = part.state;
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4) {
    state.combine(
      <usize>load<u32>(into + i) + offset,
      <usize>load<u32>(left + i) + offset,
      <usize>load<u32>(right + i) + offset,
    );
  }
}

/** Fills states[1] to states[n] of one row from n values, where states[0] is given. */
export function prefixEach<State>(part: Part, states: usize, at: usize, n: i32): void {
  const state = changetype<State>(0);
  const size = part.size;
  const values = part.column + at;
  for (let i: usize = 0; i < (<usize>n) << 3; i += 8, states += size) {
    const value = load<f64>(values + i);
    copyState(states + size, states, size);
    if (value == value) state.lift(states + size, value);
  }
}

/** As prefixEach, for a lift that also takes the time of the event. */
export function prefixTimed<State>(part: Part, states: usize, at: usize, n: i32): void {
  const state = changetype<State>(0);
  const size = part.size;
  const values = part.column + at;
  const times = part.times + at;
  for (let i: usize = 0; i < (<usize>n) << 3; i += 8, states += size) {
    const value = load<f64>(values + i);
    copyState(states + size, states, size);
    if (value == value) state.lift(states + size, value, load<f64>(times + i));
  }
}

/**
 * Folds n events, each into the back listed for it, and writes the combination of its front and back into a row. The
 * rows follow each other from `into` on, `stride` bytes apart.
 */
export function rollEach<State>(
  part: Part,
  fronts: usize,
  backs: usize,
  into: usize,
  stride: usize,
  at: usize,
  n: i32,
): void {
  const state = changetype<State>(0);
  const offset = part.state;
  const values = part.column + at;
  into += offset;
  for (let i: usize = 0; i < <usize>n; i++, into += stride) {
    const back = <usize>load<u32>(backs + (i << 2)) + offset;
    const value = load<f64>(values + (i << 3));
    if (value == value) state.lift(back, value);
    state.combine(into, <usize>load<u32>(fronts + (i << 2)) + offset, back);
  }
}

/** Lowers n rows. `lower(row, part)` is given the row, so that it can read the states of others (`neededState`). */
export function lowerEach<State>(part: Part, rows: usize, out: usize, n: i32): void {
  const state = changetype<State>(0);
  for (let i: usize = 0; i < <usize>n; i++) {
    store<f64>(out + (i << 3), state.lower(<usize>load<u32>(rows + (i << 2)), part));
  }
}

/** Address of the part's own state in a row. */
export function stateOf(row: usize, part: Part): usize {
  return row + part.state;
}

/** Address, in a row, of the state of the aggregate at index i of the part's `needs`. */
export function neededState(row: usize, part: Part, i: i32): usize {
  return row + part.needed(i);
}

/** As foldEach, over two columns: `lift(state, value, other)` for events that have both values. */
export function foldPairs<State>(part: Part, rows: usize, at: usize, n: i32): void {
  const state = changetype<State>(0);
  const offset = part.state;
  const values = part.column + at;
  const others = part.secondColumn + at;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    const other = load<f64>(others + (i << 3));
    if (value == value && other == other) state.lift(<usize>load<u32>(rows + (i << 2)) + offset, value, other);
  }
}

/** As foldPairs, for a lift that also takes the time of the event. */
export function foldTimedPairs<State>(part: Part, rows: usize, at: usize, n: i32): void {
  const state = changetype<State>(0);
  const offset = part.state;
  const values = part.column + at;
  const others = part.secondColumn + at;
  const times = part.times + at;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    const other = load<f64>(others + (i << 3));
    if (value == value && other == other) {
      state.lift(<usize>load<u32>(rows + (i << 2)) + offset, value, other, load<f64>(times + (i << 3)));
    }
  }
}

/** As foldEach, for heap states: `lift(part, state, value)`. */
export function foldHeap<State>(part: Part, rows: usize, at: usize, n: i32): void {
  const state = changetype<State>(0);
  const offset = part.state;
  const values = part.column + at;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    if (value == value) state.lift(part, <usize>load<u32>(rows + (i << 2)) + offset, value);
  }
}

/** As combineEach, for heap states: `merge(part, into, from)`. Drops what `into` held unless it is left or right. */
export function combineHeap<State>(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  const state = changetype<State>(0);
  const offset = part.state;
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4) {
    const to = <usize>load<u32>(into + i) + offset;
    const a = <usize>load<u32>(left + i) + offset;
    const b = <usize>load<u32>(right + i) + offset;
    if (to == b) {
      state.merge(part, to, a);
      continue;
    }
    if (to != a) {
      box.drop(part, to);
      state.merge(part, to, a);
    }
    state.merge(part, to, b);
  }
}

/** Frees the block of a heap state. */
export function dropHeap(part: Part, row: usize): void {
  box.drop(part, stateOf(row, part));
}

/** Sets a heap state to the identity, without freeing a block. */
export function identityHeap(part: Part, row: usize): void {
  box.setNothing(stateOf(row, part));
}
