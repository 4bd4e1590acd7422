/**
 * A part: one aggregate over its columns, as the plan has it (PartPlan in plan.ts, which the bindings write). Kernels
 * are called through the methods here alone, so that nobody else has to know their signatures; what they do stands in
 * aggregate/aggregate-registry.ts.
 *
 * In a table of parts those without heap states come first, so that either kind is a range of it.
 *
 * Law: every field lies where PartPlan says, which tells what it means; a field that does not fails the build.
 */

import { allocate, Owner } from './base/allocator';
import { PartPlan } from './plan';

@unmanaged
export class Part {
  state: usize;
  measure: i32;
  identity: u32;
  fold: u32;
  foldRun: u32;
  combine: u32;
  lower: u32;
  output: i32;
  needs: usize;
  /** The second to fourth of the `needs`. */
  secondNeed: usize;
  thirdNeed: usize;
  fourthNeed: usize;
  column: usize;
  times: usize;
  size: usize;
  prefix: u32;
  suffix: u32;
  lowerPairs: u32;
  drop: u32;
  second: i32;
  secondColumn: usize;
  parameters: usize;
  parameterCount: u32;
  listLimit: u32;
  stream: usize;
  roll: u32;
  prepare: u32;
  samples: usize;
  sampleCapacity: u32;
  maxBlockBytes: u32;
  maxLeapBytes: u32;
  counts: usize;
  insert: u32;
  retract: u32;

  /** The part after this one in its table. */
  @inline
  get next(): Part {
    return changetype<Part>(changetype<usize>(this) + PartPlan.bytes);
  }

  /** Offset, in a row, of the state of the aggregate at index i of the `needs`. */
  @inline
  needed(i: i32): usize {
    return load<usize>(changetype<usize>(this) + ((<usize>i) << 2), PartPlan.needs);
  }

  /** Parameter i of the aggregate. */
  @inline
  parameter(i: i32): f64 {
    return load<f64>(this.parameters + ((<usize>i) << 3));
  }

  /** Calls `identity`, if there is one: sets the state in a row to that of no events. */
  @inline
  setIdentity(row: usize): void {
    const identity = this.identity;
    if (identity) call_indirect<void>(identity, this, row);
  }

  /** Calls `fold`, if there is one: folds n events from byte `at` of the columns, each into its row in the list. */
  @inline
  foldRows(rows: usize, at: usize, n: i32): void {
    const fold = this.fold;
    if (fold) call_indirect<void>(fold, this, rows, at, n);
  }

  /** Calls `foldRun`: folds n events from byte `at` of the columns into one row. */
  @inline
  foldInto(row: usize, at: usize, n: i32): void {
    call_indirect<void>(this.foldRun, this, row, at, n);
  }

  /** Calls `combine`, if there is one: into = left ⊕ right for n rows in three lists. */
  @inline
  combineRows(into: usize, left: usize, right: usize, n: i32): void {
    const combine = this.combine;
    if (combine) call_indirect<void>(combine, this, into, left, right, n);
  }

  /** Calls `lower`: writes the results of n listed rows to a column. */
  @inline
  lowerRows(rows: usize, out: usize, n: i32): void {
    call_indirect<void>(this.lower, this, rows, out, n);
  }

  /** Calls `lowerPairs`: writes the results of n pairs of states, left ⊕ right, to a column. */
  @inline
  lowerStates(left: usize, right: usize, out: usize, n: i32): void {
    call_indirect<void>(this.lowerPairs, this, left, right, out, n);
  }

  /** Calls `prefix`: fills states[1] to states[n] from n events, where states[0] is given. */
  @inline
  fillPrefixes(states: usize, at: usize, n: i32): void {
    call_indirect<void>(this.prefix, this, states, at, n);
  }

  /** Calls `suffix`: fills states[n - 1] to states[0] from n events, where states[n] is given. */
  @inline
  fillSuffixes(states: usize, at: usize, n: i32): void {
    call_indirect<void>(this.suffix, this, states, at, n);
  }

  /** Calls `roll`: folds n events into their backs; the rows from `into` on become front ⊕ back. */
  @inline
  rollRows(fronts: usize, backs: usize, into: usize, stride: usize, at: usize, n: i32): void {
    call_indirect<void>(this.roll, this, fronts, backs, into, stride, at, n);
  }

  /** Calls `prepare`, if there is one: fills the second column for n events from ring place `at`. */
  @inline
  fillSecond(at: i32, n: i32): void {
    const prepare = this.prepare;
    if (prepare) call_indirect<void>(prepare, this, at, n);
  }

  /** Calls `drop`, if there is one: frees the block of the state in a row. */
  @inline
  dropState(row: usize): void {
    const drop = this.drop;
    if (drop) call_indirect<void>(drop, this, row);
  }

  /** Calls `maxBlockBytes`: the bytes of the largest possible block, Infinity if there is no bound. */
  @inline
  blockLimit(): f64 {
    return call_indirect<f64>(this.maxBlockBytes, this);
  }

  /** Calls `insert`: adds a value, not NaN, to an evictable state. */
  @inline
  insertValue(state: usize, value: f64, time: f64): void {
    call_indirect<void>(this.insert, this, state, value, time);
  }

  /** Calls `retract`: takes a value out of an evictable state, of equal ones the first inserted. */
  @inline
  retractValue(state: usize, value: f64, time: f64): void {
    call_indirect<void>(this.retract, this, state, value, time);
  }
}

/** A range of a table: the parts from `first` up to `end`, which is no part of it. */
@unmanaged
export class Parts {
  first: Part;
  end: Part;
}

/** Creates the record of a range. */
export function createParts(owner: Owner, first: Part, end: Part): Parts {
  const parts = changetype<Parts>(allocate(owner, offsetof<Parts>()));
  parts.first = first;
  parts.end = end;
  return parts;
}

/** Copies the parts of a range, so that the copies can read other columns. They and their record are one block. */
export function copyParts(owner: Owner, parts: Parts): Parts {
  const bytes = changetype<usize>(parts.end) - changetype<usize>(parts.first);
  const copy = changetype<Parts>(allocate(owner, offsetof<Parts>() + bytes));
  const first = changetype<usize>(copy) + offsetof<Parts>();
  memory.copy(first, changetype<usize>(parts.first), bytes);
  copy.first = changetype<Part>(first);
  copy.end = changetype<Part>(first + bytes);
  return copy;
}

/** Points parts to the columns that they read: the times, and the measures, whose columns lie `lane` bytes apart. */
export function pointParts(parts: Parts, times: usize, measures: usize, lane: usize): void {
  for (let part = parts.first; part != parts.end; part = part.next) {
    part.column = measures + <usize>part.measure * lane;
    part.secondColumn = measures + <usize>part.second * lane;
    part.times = times;
  }
}

// Compiles to nothing; a field out of its place fails the build.
if (offsetof<Part>('state') != PartPlan.state) ERROR('Part.state');
if (offsetof<Part>('measure') != PartPlan.measure) ERROR('Part.measure');
if (offsetof<Part>('identity') != PartPlan.identity) ERROR('Part.identity');
if (offsetof<Part>('fold') != PartPlan.fold) ERROR('Part.fold');
if (offsetof<Part>('foldRun') != PartPlan.foldRun) ERROR('Part.foldRun');
if (offsetof<Part>('combine') != PartPlan.combine) ERROR('Part.combine');
if (offsetof<Part>('lower') != PartPlan.lower) ERROR('Part.lower');
if (offsetof<Part>('output') != PartPlan.output) ERROR('Part.output');
if (offsetof<Part>('needs') != PartPlan.needs) ERROR('Part.needs');
if (offsetof<Part>('column') != PartPlan.column) ERROR('Part.column');
if (offsetof<Part>('times') != PartPlan.times) ERROR('Part.times');
if (offsetof<Part>('size') != PartPlan.size) ERROR('Part.size');
if (offsetof<Part>('prefix') != PartPlan.prefix) ERROR('Part.prefix');
if (offsetof<Part>('suffix') != PartPlan.suffix) ERROR('Part.suffix');
if (offsetof<Part>('lowerPairs') != PartPlan.lowerPairs) ERROR('Part.lowerPairs');
if (offsetof<Part>('drop') != PartPlan.drop) ERROR('Part.drop');
if (offsetof<Part>('second') != PartPlan.second) ERROR('Part.second');
if (offsetof<Part>('secondColumn') != PartPlan.secondColumn) ERROR('Part.secondColumn');
if (offsetof<Part>('parameters') != PartPlan.parameters) ERROR('Part.parameters');
if (offsetof<Part>('parameterCount') != PartPlan.parameterCount) ERROR('Part.parameterCount');
if (offsetof<Part>('listLimit') != PartPlan.listLimit) ERROR('Part.listLimit');
if (offsetof<Part>('stream') != PartPlan.stream) ERROR('Part.stream');
if (offsetof<Part>('roll') != PartPlan.roll) ERROR('Part.roll');
if (offsetof<Part>('prepare') != PartPlan.prepare) ERROR('Part.prepare');
if (offsetof<Part>('samples') != PartPlan.samples) ERROR('Part.samples');
if (offsetof<Part>('sampleCapacity') != PartPlan.sampleCapacity) ERROR('Part.sampleCapacity');
if (offsetof<Part>('maxBlockBytes') != PartPlan.maxBlockBytes) ERROR('Part.maxBlockBytes');
if (offsetof<Part>('maxLeapBytes') != PartPlan.maxLeapBytes) ERROR('Part.maxLeapBytes');
if (offsetof<Part>('counts') != PartPlan.counts) ERROR('Part.counts');
if (offsetof<Part>('insert') != PartPlan.insert) ERROR('Part.insert');
if (offsetof<Part>('retract') != PartPlan.retract) ERROR('Part.retract');
if (offsetof<Part>() != PartPlan.bytes) ERROR('Part');
