/**
 * The loops that every aggregate shares, over a class that says what happens to one state. `rows` is a list of n row
 * addresses (u32); a part's state lies at its own offset in the row; `at` is the byte offset of the first event in the columns.
 *
 *     fold     state ⊕= lift(value) for n events, each in a row of its own choice; missing values (NaN) are passed over
 *     combine  into = left ⊕ right for n rows; `into` may be either
 *     prefix   states[i + 1] = states[i] ⊕ lift(value i) for n events of one row; states[0] is given: see columns.ts
 *     roll     frames of many keys that slide, see rollRows in rows.ts
 *     lower    n states → n results
 *
 * Laws: identity ⊕ a = a; ⊕ is associative and commutative (what depends on order carries its time), both within rounding.
 * The classes have no fields: they are named by type, called at address 0 and inlined.
 */

import { PartPlan } from '../../plan';
import * as box from '../../sketch/shared/box';
import { copyState } from '../../stream';

export function foldEach<State>(part: usize, rows: usize, at: usize, n: i32): void {
  const state = changetype<State>(0);
  const offset = <usize>load<u32>(part, PartPlan.state);
  const values = <usize>load<u32>(part, PartPlan.column) + at;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    if (value == value) state.lift(<usize>load<u32>(rows + (i << 2)) + offset, value);
  }
}

/** As foldEach, where a lift also wants the time of its event. */
export function foldTimed<State>(part: usize, rows: usize, at: usize, n: i32): void {
  const state = changetype<State>(0);
  const offset = <usize>load<u32>(part, PartPlan.state);
  const values = <usize>load<u32>(part, PartPlan.column) + at;
  const times = <usize>load<u32>(part, PartPlan.times) + at;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    if (value == value) state.lift(<usize>load<u32>(rows + (i << 2)) + offset, value, load<f64>(times + (i << 3)));
  }
}

export function combineEach<State>(part: usize, into: usize, left: usize, right: usize, n: i32): void {
  const state = changetype<State>(0);
  const offset = <usize>load<u32>(part, PartPlan.state);
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4) {
    state.combine(
      <usize>load<u32>(into + i) + offset,
      <usize>load<u32>(left + i) + offset,
      <usize>load<u32>(right + i) + offset,
    );
  }
}

/** As many states of one row as there are values and one more, the first of which is there. */
export function prefixEach<State>(part: usize, states: usize, at: usize, n: i32): void {
  const state = changetype<State>(0);
  const size = <usize>load<u32>(part, PartPlan.size);
  const values = <usize>load<u32>(part, PartPlan.column) + at;
  for (let i: usize = 0; i < (<usize>n) << 3; i += 8, states += size) {
    const value = load<f64>(values + i);
    copyState(states + size, states, size);
    if (value == value) state.lift(states + size, value);
  }
}

/** As prefixEach, where a lift also wants the time of its event. */
export function prefixTimed<State>(part: usize, states: usize, at: usize, n: i32): void {
  const state = changetype<State>(0);
  const size = <usize>load<u32>(part, PartPlan.size);
  const values = <usize>load<u32>(part, PartPlan.column) + at;
  const times = <usize>load<u32>(part, PartPlan.times) + at;
  for (let i: usize = 0; i < (<usize>n) << 3; i += 8, states += size) {
    const value = load<f64>(values + i);
    copyState(states + size, states, size);
    if (value == value) state.lift(states + size, value, load<f64>(times + i));
  }
}

export function rollEach<State>(
  part: usize,
  fronts: usize,
  backs: usize,
  into: usize,
  stride: usize,
  at: usize,
  n: i32,
): void {
  const state = changetype<State>(0);
  const offset = <usize>load<u32>(part, PartPlan.state);
  const values = <usize>load<u32>(part, PartPlan.column) + at;
  into += offset;
  for (let i: usize = 0; i < <usize>n; i++, into += stride) {
    const back = <usize>load<u32>(backs + (i << 2)) + offset;
    const value = load<f64>(values + (i << 3));
    if (value == value) state.lift(back, value);
    state.combine(into, <usize>load<u32>(fronts + (i << 2)) + offset, back);
  }
}

/** `lower(row, part)` sees the whole row, for aggregates that read the states of others (see `need`). */
export function lowerEach<State>(part: usize, rows: usize, out: usize, n: i32): void {
  const state = changetype<State>(0);
  for (let i: usize = 0; i < <usize>n; i++) {
    store<f64>(out + (i << 3), state.lower(<usize>load<u32>(rows + (i << 2)), part));
  }
}

/** The part's own state in a row. */
export function stateOf(row: usize, part: usize): usize {
  return row + load<u32>(part, PartPlan.state);
}

/** The state of the aggregate that the part's `needs` lists in place i. */
export function neededState(row: usize, part: usize, i: i32): usize {
  return row + load<u32>(part + ((<usize>i) << 2), PartPlan.needs);
}

/** As foldEach, of two columns: events where both have a value. */
export function foldPairs<State>(part: usize, rows: usize, at: usize, n: i32): void {
  const state = changetype<State>(0);
  const offset = <usize>load<u32>(part, PartPlan.state);
  const values = <usize>load<u32>(part, PartPlan.column) + at;
  const others = <usize>load<u32>(part, PartPlan.secondColumn) + at;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    const other = load<f64>(others + (i << 3));
    if (value == value && other == other) state.lift(<usize>load<u32>(rows + (i << 2)) + offset, value, other);
  }
}

/** As foldPairs, where a lift also wants the time of its event. */
export function foldTimedPairs<State>(part: usize, rows: usize, at: usize, n: i32): void {
  const state = changetype<State>(0);
  const offset = <usize>load<u32>(part, PartPlan.state);
  const values = <usize>load<u32>(part, PartPlan.column) + at;
  const others = <usize>load<u32>(part, PartPlan.secondColumn) + at;
  const times = <usize>load<u32>(part, PartPlan.times) + at;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    const other = load<f64>(others + (i << 3));
    if (value == value && other == other) {
      state.lift(<usize>load<u32>(rows + (i << 2)) + offset, value, other, load<f64>(times + (i << 3)));
    }
  }
}

/** As foldEach, for states that own memory. */
export function foldHeap<State>(part: usize, rows: usize, at: usize, n: i32): void {
  const state = changetype<State>(0);
  const offset = <usize>load<u32>(part, PartPlan.state);
  const values = <usize>load<u32>(part, PartPlan.column) + at;
  for (let i: usize = 0; i < <usize>n; i++) {
    const value = load<f64>(values + (i << 3));
    if (value == value) state.lift(part, <usize>load<u32>(rows + (i << 2)) + offset, value);
  }
}

/** As combineEach, for states that own memory: what `into` held is dropped, unless it is one of the two. */
export function combineHeap<State>(part: usize, into: usize, left: usize, right: usize, n: i32): void {
  const state = changetype<State>(0);
  const offset = <usize>load<u32>(part, PartPlan.state);
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

export function dropHeap(part: usize, row: usize): void {
  box.drop(part, stateOf(row, part));
}

/** The identity of states that own memory. */
export function identityHeap(part: usize, row: usize): void {
  box.setNothing(stateOf(row, part));
}
