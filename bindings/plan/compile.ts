/**
 * Compiles a spec to a plan: lays out the states in a row and writes the table that the core reads (assembly/plan.ts).
 */

import { Keys, NO_BOUND, PartPlan, Plan, WindowPlan } from '../../assembly/plan';
import { type Core, type Kernels, RING_EVENTS, ROLES } from '../base/core';
import { leafOf, Measures, type TextColumn } from '../input/measures';
import type { AnyAggregate, ListOf } from '../spec/aggregates';
import { type CheckedSpec, isRolling } from '../spec/check';
import { Expression } from '../spec/expression';
import { GRIDS, type Window } from '../spec/windows';
import { Program, programBytes, writeProgram } from './program';
import type { Output } from './results';

/**
 * The head of a row is its count of events; if rows fire more than once, also how many of these were emitted and how
 * often it fired.
 */
const HEAD_BYTES = 8;
const REFIRING_HEAD_BYTES = 24;
/** Maximum length of a part's `needs`: PartPlan has room for this many. */
const MAX_NEEDS = 4;
/** Aggregates that are 0 if there are no events; all others are NaN. */
const ZERO_IF_EMPTY = ['events', 'count', 'distinct'];
/** Kernels that only a part with a state of its own gets, if its kind has them. */
const STATE_KERNELS = [
  ...(['identity', 'fold', 'foldRun', 'combine', 'prefix', 'suffix', 'roll'] as const),
  ...(['drop', 'maxBlockBytes', 'insert', 'retract'] as const),
] as const;

/** One of the core's aggregates over its columns. Aggregates of the spec that need the same part share it. */
interface Part {
  kernels: Kernels;
  kind: string;
  measures: readonly number[];
  parameters: readonly number[];
  /** Its columns and parameters as a string: equal for parts whose states may contain each other. */
  inputs: string;
  /** Whether its results are a column of the outbox. */
  output: boolean;
  /** Maximum length of an output that is a list; 0 for a number. */
  most: number;
  /** Offset of the state in a row. */
  state: number;
  /** Whether it has a state of its own, rather than none or one inside another part's state. */
  folds: boolean;
}

/** An aggregate of the spec: one part, or a record of several. */
interface Wanted {
  part?: Part;
  list?: ListOf<unknown> | undefined;
  texts?: TextColumn | undefined;
  fields?: (readonly [name: string, Wanted])[];
}

export interface CompiledPlan {
  /**
   * The ring's columns in order: measures, then answers of the spec's functions (1 if true), then results of
   * expressions.
   */
  measures: Measures;
  flags: readonly ((event: never) => boolean)[];
  /** For each aggregate of the spec, in order: where to find it among the core's results. */
  outputs: readonly Output[];
  /** Number of output columns in the core's outbox. */
  outputCount: number;
  /** Size of the plan in bytes. */
  byteLength: number;
  /** Writes the plan to `address`, where there must be `byteLength` bytes. */
  write(view: DataView, address: number): void;
}

/** Compiles a checked spec. @throws {OrielError} ERR_ORIEL_SPEC if it needs both numbers and strings in one column */
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
  // Both return 1 + the index of a measure, or 0 for none: the one that a function fills, the one that a window reads.
  const flagOf = (flag: (typeof flags)[number] | undefined) => (flag ? measureCount + flags.indexOf(flag) + 1 : 0);
  const columnOf = ({ column, ends }: Window) => (column ? measures.placeOf(column) + 1 : flagOf(ends));
  const eager = spec.discard || spec.every < Number.POSITIVE_INFINITY || spec.when !== undefined;
  const head = spec.updates ? REFIRING_HEAD_BYTES : HEAD_BYTES;
  const parts = new Map<string, Part>();

  /** Returns the part of a kind over some columns. Adds it, after the parts that it needs, if there is none yet. */
  function add(kind: string, columns: readonly number[], parameters: readonly number[]): Part {
    const inputs = [columns, parameters].join(' ');
    const name = `${kind} ${inputs}`;
    const known = parts.get(name);
    if (known) return known;
    const kernels = core.aggregates[kind] as Kernels;
    if (kernels.needs.length > MAX_NEEDS) throw new RangeError(`${kind} needs more than ${MAX_NEEDS} others`);
    const own = kernels.prepare ? [...columns, program.reserve()] : columns;
    for (const need of kernels.needs) add(need, columnsOfNeeds(kernels, own), parameters.slice(1));
    const folds = kernels.size > 0;
    const part = { kernels, kind, measures: own, parameters, inputs, output: false, most: 0, state: 0, folds };
    parts.set(name, part);
    return part;
  }

  /** Whether another part reads the state of this one. */
  const isRead = ({ kind, measures }: Part) =>
    [...parts.values()].some(
      (other) =>
        other.kernels.needs.includes(kind) && `${columnsOfNeeds(other.kernels, other.measures)}` === `${measures}`,
    );

  /** Adds the parts of an aggregate, or of its fields, to which a record's condition `given` also applies. */
  function want(one: AnyAggregate, given?: Expression): Wanted {
    const { kind, columns, parameters, list, fields } = one;
    const own = one.condition;
    const condition = given && own ? new Expression('and', [given, own]) : (own ?? given);
    if (fields) return { fields: Object.entries(fields).map(([name, field]) => [name, want(field, condition)]) };
    const places = columns.map(placeOf);
    // A conditional aggregate reads a column that is missing where the condition is not true. Without a column of its
    // own
    // it counts the values of a column of ones.
    if (condition) places[0] = program.selected(condition, places[0] ?? ONE);
    const part = add(kind === 'events' && condition ? 'count' : kind, places, parameters);
    part.output = true;
    if (list) part.most = Math.max(part.most, list.maxLength);
    return { part, list, texts: measures.columnOf(one) };
  }

  function placeOf(column: string | Expression): number {
    const name = leafOf(column);
    return name === undefined ? program.column(column as Expression) : measures.placeOf(name);
  }

  const wanted = spec.aggregates.map(([, one]) => want(one));
  const ordered = inlineFirst([...parts.values()]);
  const stride = layOut(ordered, head);
  const results = ordered.filter((part) => part.output);
  const outputOf = ({ part, list, fields, texts }: Wanted): Output => {
    if (!part) return { fields: (fields ?? []).map(([name, one]) => [name, outputOf(one)]) };
    return { place: results.indexOf(part), empty: ZERO_IF_EMPTY.includes(part.kind) ? 0 : Number.NaN, list, texts };
  };

  const owning = ordered.some(ownsMemory);
  const numbers = ordered.flatMap(({ parameters }) => parameters);
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
      u32(address + Plan.storeCount, storeOf(windows, windows.length - 1) + 1);
      u32(address + Plan.partCount, parts.size);
      u32(address + Plan.stride, stride);
      u32(address + Plan.head, head);
      u32(address + Plan.capacity, RING_EVENTS);
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
        f64(at + WindowPlan.maxLength, window.most);
        f64(at + WindowPlan.maxEvents, window.mostRows);
        const kernels = { ...core.windows[window.kind], ...core.windows[storeKindOf(window, spec, owning, eager)] };
        for (const role of ROLES) u32(at + WindowPlan[role], kernels[role] ?? 0);
        u32(at + WindowPlan.store, storeOf(windows, w));
        u32(at + WindowPlan.column, columnOf(window));
        u32(at + WindowPlan.closed, window.closed);
        u32(at + WindowPlan.place, spec.places[w] ?? 0);
        u32(at + WindowPlan.edges, 0);
        u32(at + WindowPlan.edgeCount, 0);
        at += WindowPlan.bytes;
      }
      let counts = at + parts.size * PartPlan.bytes;
      let parameters = counts + parts.size * 16;
      for (const part of ordered) {
        u32(at + PartPlan.state, part.state);
        u32(at + PartPlan.measure, part.measures[0] ?? 0);
        u32(at + PartPlan.second, part.measures[1] ?? 0);
        for (const kernel of STATE_KERNELS) u32(at + PartPlan[kernel], part.folds ? part.kernels[kernel] : 0);
        u32(at + PartPlan.size, part.folds ? sizeOf(part) : 0);
        u32(at + PartPlan.lowerPairs, part.folds && part.output && !isRead(part) ? part.kernels.lowerPairs : 0);
        u32(at + PartPlan.lower, part.kernels.lower);
        u32(at + PartPlan.prepare, part.kernels.prepare);
        u32(at + PartPlan.output, part.output ? 1 : 0);
        part.kernels.needs.forEach((need, i) => {
          const needed = add(need, columnsOfNeeds(part.kernels, part.measures), part.parameters.slice(1));
          u32(at + PartPlan.needs + 4 * i, needed.state);
        });
        u32(at + PartPlan.maxLeapBytes, part.kernels.maxLeapBytes);
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

/**
 * Whether results must be sorted. Windows on a grid emit in order, unless they fire early or several of them fire again
 * for late events. A single rolling window emits in order too.
 */
function isOrdered({ windows, updates, allowedLateness }: CheckedSpec, eager: boolean): boolean {
  const grids = windows.filter(({ kind }) => GRIDS.includes(kind)).length;
  if (grids === windows.length) return eager || (updates && allowedLateness > 0 && grids > 1);
  return windows.length > 1 || !windows.some(isRolling);
}

/** The number of the store of window w: windows on a grid, which come first, share store 0. */
function storeOf(windows: readonly Window[], w: number): number {
  const grids = windows.filter(({ kind }) => GRIDS.includes(kind)).length;
  return w < grids ? 0 : w - Math.max(grids - 1, 0);
}

/**
 * The kind of the store that holds a window. Windows on a grid share slices, unless they fire early or give only what
 * is new. Rolling windows without keys keep their states in columns (`unkeyed`) if their events are taken in order and
 * no state owns memory.
 */
function storeKindOf(
  { kind, every }: Window,
  { keys, outOfOrder, allowedLateness, isShared }: CheckedSpec,
  owning: boolean,
  eager: boolean,
): string {
  if (GRIDS.includes(kind)) return eager ? 'triggered' : 'slicing';
  const inOrder = !isShared && !owning && keys.length === 0 && (every === 1 || outOfOrder + allowedLateness === 0);
  return kind === 'rolling' && inOrder ? 'unkeyed' : kind;
}

/** Whether the state of a part is a heap state. */
function ownsMemory({ kernels }: Part): boolean {
  return kernels.drop > 0;
}

/** The parts with those first whose states are inline: the core goes over either kind as a range. */
function inlineFirst(parts: readonly Part[]): Part[] {
  return [...parts.filter((part) => !ownsMemory(part)), ...parts.filter(ownsMemory)];
}

/**
 * Sets the offset of every part's state, in the order of the parts, and returns the size of a row in bytes. If the
 * state of one part is included in another's, it lies there.
 */
function layOut(parts: readonly Part[], head: number): number {
  const holderOf = (part: Part) =>
    parts.find(({ inputs, kernels }) => inputs === part.inputs && part.kind in kernels.includes);
  let stride = head;
  for (const part of parts) {
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
  return kernels.size + kernels.parameterBytes * parameters.length;
}

/** The columns of the parts that an aggregate reads: the column that it prepares, if it does, else its own. */
function columnsOfNeeds({ prepare }: Kernels, columns: readonly number[]): readonly number[] {
  return prepare ? columns.slice(-1) : columns;
}

/** The output for a packed row (a result to be merged elsewhere), which may contain any string of the column. */
function packedOf(texts: TextColumn): Output {
  return { place: 0, list: { maxLength: NO_BOUND, read: () => undefined }, texts };
}

/** The column of ones that a conditional `count()` counts. */
const ONE = new Expression('lit', [1]);

/** Reports the columns that an aggregate reads to `measures`. */
function gather(measures: Measures, { columns, fields, texts, condition }: AnyAggregate, by: string): void {
  columns.forEach((column, i) => {
    measures.addColumn(column, texts[i] ?? 'none', by);
  });
  if (condition) measures.addExpression(condition);
  for (const [name, field] of Object.entries(fields ?? {})) gather(measures, field, `${by}.${name}`);
}
