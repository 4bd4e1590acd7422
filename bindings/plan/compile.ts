/** spec → plan: which states a row has and where, and the table the core reads (assembly/plan.ts). */

import { Keys, NO_BOUND, PartPlan, Plan, WindowPlan } from '../../assembly/plan';
import { type Core, type Kernels, RING_EVENTS, ROLES } from '../base/core';
import { leafOf, Measures, type TextColumn } from '../input/measures';
import type { AnyAggregate, ListOf } from '../spec/aggregates';
import { type CheckedSpec, isRolling } from '../spec/check';
import { Expression } from '../spec/expression';
import { GRIDS, type Window } from '../spec/windows';
import { Program, programBytes, writeProgram } from './program';
import type { Output } from './results';

/** A count of events; where rows fire more than once, how many were given out, and how often. */
const ROW_HEAD_BYTES = 8;
const LONG_HEAD_BYTES = 24;
/** Room in the table for the `needs` of a part. */
const MAX_NEEDS = 4;
/** What is 0 where there are no events. */
const COUNTS = ['events', 'count', 'distinct'];
/** What a part that folds has, if its kind has it. */
const KERNELS = [
  ...(['identity', 'fold', 'foldRun', 'combine', 'prefix', 'suffix', 'roll'] as const),
  ...(['drop', 'block', 'insert', 'retract'] as const),
] as const;

/** One aggregate of its columns. */
interface Part {
  kernels: Kernels;
  kind: string;
  measures: readonly number[];
  parameters: readonly number[];
  /** What tells its column and parameters from those of others of its kind. */
  of: string;
  output: boolean;
  /** How many numbers an output that is a list can have. */
  most: number;
  /** Offset of the state in a row. */
  state: number;
  /** Whether it keeps that state itself, or finds it inside another part's. */
  folds: boolean;
}

/** An aggregate of the spec: one part, or several with names. */
interface Wanted {
  part?: Part;
  list?: ListOf<unknown> | undefined;
  texts?: TextColumn | undefined;
  fields?: (readonly [name: string, Wanted])[];
}

export interface CompiledPlan {
  /** Columns that the ring has for measures, after them for what functions say of events (1 where true), and then for what is computed. */
  measures: Measures;
  flags: readonly ((event: never) => boolean)[];
  /** For each aggregate of the spec, in order: where it is found among the core's results. */
  outputs: readonly Output[];
  outputCount: number;
  byteLength: number;
  write(view: DataView, address: number): void;
}

export function compile(spec: CheckedSpec, core: Core): CompiledPlan {
  const flags = [spec.when, ...spec.windows.map(({ ends }) => ends)].filter((flag) => flag !== undefined);
  const measures = new Measures();
  for (const [name, one] of spec.aggregates) gather(measures, one, `aggregates.${name}`);
  for (const { column } of spec.windows) if (column !== undefined) measures.addNumbers(column, 'a gap');
  if (spec.where) measures.addExpression(spec.where);
  measures.settle(flags.length > 0 || spec.onLate !== undefined);
  const measureCount = measures.count;
  const program = new Program(measures, measureCount + flags.length);
  const filter = spec.where ? program.column(spec.where) + 1 : 0;
  // 1 + the measure that a function fills, or a window reads; 0: none.
  const flagOf = (flag: (typeof flags)[number] | undefined) => (flag ? measureCount + flags.indexOf(flag) + 1 : 0);
  const columnOf = ({ column, ends }: Window) => (column ? measures.placeOf(column) + 1 : flagOf(ends));
  const eager = spec.discard || spec.every < Number.POSITIVE_INFINITY || spec.when !== undefined;
  const head = spec.updates ? LONG_HEAD_BYTES : ROW_HEAD_BYTES;
  const parts = new Map<string, Part>();

  function add(kind: string, columns: readonly number[], parameters: readonly number[]): Part {
    const of = [columns, parameters].join(' ');
    const name = `${kind} ${of}`;
    const known = parts.get(name);
    if (known) return known;
    const kernels = core.aggregates[kind] as Kernels;
    if (kernels.needs.length > MAX_NEEDS) throw new RangeError(`${kind} needs more than ${MAX_NEEDS} others`);
    const own = kernels.prepare ? [...columns, program.reserve()] : columns;
    for (const need of kernels.needs) add(need, ofNeeds(kernels, own), parameters.slice(1));
    const folds = kernels.size > 0;
    const part = { kernels, kind, measures: own, parameters, of, output: false, most: 0, state: 0, folds };
    parts.set(name, part);
    return part;
  }

  /** Whether another part reads the state. */
  const isRead = ({ kind, measures }: Part) =>
    [...parts.values()].some(
      (other) => other.kernels.needs.includes(kind) && `${ofNeeds(other.kernels, other.measures)}` === `${measures}`,
    );

  function want(one: AnyAggregate, given?: Expression): Wanted {
    const { kind, columns, parameters, list, fields } = one;
    const own = one.condition;
    const condition = given && own ? new Expression('and', [given, own]) : (own ?? given);
    if (fields) return { fields: Object.entries(fields).map(([name, field]) => [name, want(field, condition)]) };
    const places = columns.map(placeOf);
    // A condition leaves the first column only where it holds; the events of a condition are those that have a 1 there.
    if (condition) places[0] = program.selected(condition, places[0] ?? ONE);
    const part = add(kind === 'events' && condition ? 'count' : kind, places, parameters);
    part.output = true;
    if (list) part.most = Math.max(part.most, list.most);
    return { part, list, texts: measures.columnOf(one) };
  }

  function placeOf(column: string | Expression): number {
    const name = leafOf(column);
    return name === undefined ? program.column(column as Expression) : measures.placeOf(name);
  }

  const wanted = spec.aggregates.map(([, one]) => want(one));
  const stride = layOut([...parts.values()], head);
  const results = [...parts.values()].filter((part) => part.output);
  const outputOf = ({ part, list, fields, texts }: Wanted): Output => {
    if (!part) return { fields: (fields ?? []).map(([name, one]) => [name, outputOf(one)]) };
    return { place: results.indexOf(part), empty: COUNTS.includes(part.kind) ? 0 : Number.NaN, list, texts };
  };

  const owning = [...parts.values()].some(({ kernels }) => kernels.drop > 0);
  const numbers = [...parts.values()].flatMap(({ parameters }) => parameters);
  const { windows } = spec;
  const assembled = program.assemble();
  const programAt =
    Plan.windows + windows.length * WindowPlan.bytes + parts.size * (PartPlan.bytes + 16) + numbers.length * 8;
  return {
    measures,
    flags,
    outputCount: spec.isPartial ? 1 : results.length,
    outputs: spec.isPartial ? measures.columns.map(packedOf) : wanted.map(outputOf),
    byteLength: programAt + programBytes(assembled),
    write(view, address) {
      const u32 = (offset: number, value: number) => view.setUint32(offset, value, true);
      const f64 = (offset: number, value: number) => view.setFloat64(offset, value, true);
      f64(address + Plan.outOfOrder, spec.outOfOrder);
      f64(address + Plan.delay, spec.updates ? 0 : spec.allowedLateness);
      f64(address + Plan.allowedLateness, spec.allowedLateness);
      f64(address + Plan.maxFutureSkew, spec.maxFutureSkew);
      f64(address + Plan.memoryLimit, spec.memoryLimit);
      f64(address + Plan.early, spec.every);
      u32(address + Plan.keys, spec.keys.length ? Keys.words : Keys.none);
      u32(address + Plan.keyWidth, spec.keys.length);
      u32(address + Plan.measureCount, measureCount + flags.length + program.columns);
      u32(address + Plan.windowCount, windows.length);
      u32(address + Plan.gridCount, windows.filter(({ kind }) => GRIDS.includes(kind)).length);
      u32(address + Plan.partCount, parts.size);
      u32(address + Plan.stride, stride);
      u32(address + Plan.head, head);
      u32(address + Plan.capacity, RING_EVENTS);
      u32(address + Plan.eager, eager ? 1 : 0);
      u32(address + Plan.discard, spec.discard ? 1 : 0);
      u32(address + Plan.ordered, isOrdered(spec, eager) ? 1 : 0);
      u32(address + Plan.when, flagOf(spec.when));
      u32(address + Plan.program, programAt);
      u32(address + Plan.programLength, assembled.steps.length);
      u32(address + Plan.registers, assembled.registers);
      u32(address + Plan.filter, filter);
      u32(address + Plan.givesLate, spec.onLate ? 1 : 0);
      u32(address + Plan.tracksEarliest, measures.isKept ? 1 : 0);
      u32(address + Plan.partial, spec.isPartial ? 1 : 0);
      writeProgram(assembled, view, address + programAt, programAt);
      let at = address + Plan.windows;
      for (const [w, window] of windows.entries()) {
        f64(at + WindowPlan.size, window.size);
        f64(at + WindowPlan.every, window.every);
        f64(at + WindowPlan.offset, window.offset);
        f64(at + WindowPlan.most, window.most);
        f64(at + WindowPlan.mostRows, window.mostRows);
        const kind = kindOf(window, spec, owning);
        for (const role of ROLES) u32(at + WindowPlan[role], core.windows[kind]?.[role] ?? 0);
        u32(at + WindowPlan.column, columnOf(window));
        u32(at + WindowPlan.closed, window.closed);
        u32(at + WindowPlan.place, spec.places[w] ?? 0);
        u32(at + WindowPlan.edges, 0);
        u32(at + WindowPlan.edgeCount, 0);
        u32(at + WindowPlan.evicts, 0);
        at += WindowPlan.bytes;
      }
      let counts = at + parts.size * PartPlan.bytes;
      let parameters = counts + parts.size * 16;
      for (const part of parts.values()) {
        u32(at + PartPlan.state, part.state);
        u32(at + PartPlan.measure, part.measures[0] ?? 0);
        u32(at + PartPlan.second, part.measures[1] ?? 0);
        for (const kernel of KERNELS) u32(at + PartPlan[kernel], part.folds ? part.kernels[kernel] : 0);
        u32(at + PartPlan.size, part.folds ? sizeOf(part) : 0);
        u32(at + PartPlan.lowerPairs, part.folds && part.output && !isRead(part) ? part.kernels.lowerPairs : 0);
        u32(at + PartPlan.lower, part.kernels.lower);
        u32(at + PartPlan.prepare, part.kernels.prepare);
        u32(at + PartPlan.output, part.output ? 1 : 0);
        part.kernels.needs.forEach((need, i) => {
          const needed = add(need, ofNeeds(part.kernels, part.measures), part.parameters.slice(1));
          u32(at + PartPlan.needs + 4 * i, needed.state);
        });
        u32(at + PartPlan.leap, part.kernels.leap);
        u32(at + PartPlan.counts, counts);
        f64(counts, 0);
        u32(counts + 8, 0);
        counts += 16;
        u32(at + PartPlan.listLimit, Math.min(part.most, NO_BOUND));
        u32(at + PartPlan.parameters, parameters);
        u32(at + PartPlan.parameterCount, part.parameters.length);
        for (const parameter of part.parameters) {
          f64(parameters, parameter);
          parameters += 8;
        }
        at += PartPlan.bytes;
      }
    },
  };
}

/** Whether results come in an order that has to be made: slices make it themselves, and so does a rolling window that is alone. */
function isOrdered({ windows, updates, allowedLateness }: CheckedSpec, eager: boolean): boolean {
  const grids = windows.filter(({ kind }) => GRIDS.includes(kind)).length;
  if (grids === windows.length) return eager || (updates && allowedLateness > 0 && grids > 1);
  return windows.length > 1 || !windows.some(isRolling);
}

/**
 * The kind of a window in the core, which has one apart for rolling windows whose events come in order, and whose states stand in
 * columns: they own no memory.
 */
function kindOf(
  { kind, every }: Window,
  { keys, outOfOrder, allowedLateness, isShared }: CheckedSpec,
  owning: boolean,
): string {
  const inOrder = !isShared && !owning && keys.length === 0 && (every === 1 || outOfOrder + allowedLateness === 0);
  return kind === 'rolling' && inOrder ? 'unkeyed' : kind;
}

/**
 * Gives every part its place in the row, states that own memory last, the states that another part's includes inside of that; the bytes of
 * a row.
 */
function layOut(parts: Part[], head: number): number {
  const owns = ({ kernels }: Part) => kernels.drop > 0;
  const holderOf = (part: Part) => parts.find(({ of, kernels }) => of === part.of && part.kind in kernels.includes);
  let stride = head;
  for (const part of [...parts.filter((part) => !owns(part)), ...parts.filter(owns)]) {
    part.folds &&= holderOf(part) === undefined;
    if (!part.folds) continue;
    part.state = stride;
    stride += sizeOf(part);
  }
  for (const part of parts) {
    const holder = holderOf(part);
    if (holder) part.state = holder.state + (holder.kernels.includes[part.kind] ?? 0);
  }
  return stride;
}

/** Bytes of a part's state. */
function sizeOf({ kernels, parameters }: Part): number {
  return kernels.size + kernels.unit * parameters.length;
}

/** The columns of the aggregates that one reads: its own, or the one that it fills. */
function ofNeeds({ prepare }: Kernels, columns: readonly number[]): readonly number[] {
  return prepare ? columns.slice(-1) : columns;
}

/** A result that is a part may name any string of a column. */
function packedOf(texts: TextColumn): Output {
  return { place: 0, list: { most: NO_BOUND, read: () => undefined }, texts };
}

/** What a condition selects where an aggregate has no column of its own. */
const ONE = new Expression('lit', [1]);

/** The columns that an aggregate reads. */
function gather(measures: Measures, { columns, fields, texts, condition }: AnyAggregate, by: string): void {
  columns.forEach((column, i) => {
    measures.addColumn(column, texts[i] ?? 'none', by);
  });
  if (condition) measures.addExpression(condition);
  for (const [name, field] of Object.entries(fields ?? {})) gather(measures, field, `${by}.${name}`);
}
