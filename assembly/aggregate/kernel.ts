/**
 * The loops that every aggregate shares, over a class that says what happens to one state. `rows` is a list of n row
 * addresses (u32); a part's state lies at its own offset in the row; `at` is the byte offset of the first event in the columns.
 *
 *     fold     state ⊕= lift(value) for n events, each in a row of its own choice; missing values (NaN) are passed over
 *     combine  into = left ⊕ right for n rows; `into` may be either
 *     slide    a frame that slides over events in order, see slideRows in rows.ts
 *     roll     frames of many keys that slide, see rollRows there
 *     lower    n states → n results
 *
 * Laws: identity ⊕ a = a; ⊕ is associative and commutative (what depends on order carries its time), both within rounding.
 * The classes have no fields: they are named by type, called at address 0 and inlined.
 */

import { PartPlan } from '../plan';

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

export function slideEach<State>(
  part: usize,
  fronts: usize,
  ends: usize,
  back: usize,
  into: usize,
  stride: usize,
  at: usize,
  n: i32,
): void {
  const state = changetype<State>(0);
  const offset = <usize>load<u32>(part, PartPlan.state);
  const values = <usize>load<u32>(part, PartPlan.column) + at;
  let i: usize = 0;
  for (let j: usize = 0; j < (<usize>n) << 2; j += 4, into += stride) {
    for (const end = (<usize>load<u32>(ends + j)) << 3; i < end; i += 8) {
      const value = load<f64>(values + i);
      if (value == value) state.lift(back + offset, value);
    }
    state.combine(into + offset, <usize>load<u32>(fronts + j) + offset, back + offset);
  }
}

/** As slideEach, where a lift also wants the time of its event. */
export function slideTimed<State>(
  part: usize,
  fronts: usize,
  ends: usize,
  back: usize,
  into: usize,
  stride: usize,
  at: usize,
  n: i32,
): void {
  const state = changetype<State>(0);
  const offset = <usize>load<u32>(part, PartPlan.state);
  const values = <usize>load<u32>(part, PartPlan.column) + at;
  const times = <usize>load<u32>(part, PartPlan.times) + at;
  let i: usize = 0;
  for (let j: usize = 0; j < (<usize>n) << 2; j += 4, into += stride) {
    for (const end = (<usize>load<u32>(ends + j)) << 3; i < end; i += 8) {
      const value = load<f64>(values + i);
      if (value == value) state.lift(back + offset, value, load<f64>(times + i));
    }
    state.combine(into + offset, <usize>load<u32>(fronts + j) + offset, back + offset);
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
export function own(row: usize, part: usize): usize {
  return row + load<u32>(part, PartPlan.state);
}

/** The state of the aggregate that the part's `needs` lists in place i. */
export function need(row: usize, part: usize, i: i32): usize {
  return row + load<u32>(part + ((<usize>i) << 2), PartPlan.needs);
}
