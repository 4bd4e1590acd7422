/**
 * Writes the plan (assembly/plan.ts), record by record:
 *
 *     Plan │ WindowPlan … │ PartPlan … │ counts of blocks … │ parameters … │ program
 *
 * Law: every byte is written. A record that lacks a field of its enum, or has a field that the enum lacks, does not
 * compile. Fields that the core fills in are written as 0.
 *
 * A record has offsets as keys, not names, so that the package contains neither the names nor the enums.
 */

import { Keys, NO_BOUND, PART_U32, PartPlan, PLAN_U32, Plan, WINDOW_U32, WindowPlan } from '../../assembly/plan';
import { type Core, NO_KERNELS, RING_EVENTS, ROLES, type WindowKernels } from '../base/core';
import { drawSeed } from '../base/seed';
import { type CheckedSpec, isRolling } from '../spec/check';
import { isOnGrid, type Window } from '../spec/windows';
import { ownsMemory, type Part, sizeOf } from './parts';
import type { PlanColumns } from './plan-columns';
import { type Assembled, programBytes, writeProgram } from './program';

/** Bytes of the counts that the core keeps of a part's blocks: see PartPlan.counts. */
const COUNTS_BYTES = 16;

/** What a window without functions has. */
const NO_ROLES = Object.fromEntries(ROLES.map((role) => [role, 0])) as Required<WindowKernels>;

/** What a plan is written from. */
export interface Draft {
  readonly spec: CheckedSpec;
  readonly core: Core;
  readonly columns: PlanColumns;
  /** 1 + the place of the filter's condition, or 0 if there is no filter. */
  readonly filter: number;
  /** Bytes of a row and of its head. */
  readonly stride: number;
  readonly head: number;
  readonly parts: readonly Part[];
  readonly program: Assembled;
}

/** Size of a plan in bytes. */
export function planBytes(draft: Draft): number {
  return programOffset(draft) + programBytes(draft.program);
}

/** Writes a plan to `address`, where there must be `planBytes` bytes. */
export function writePlan(draft: Draft, view: DataView, address: number): void {
  const { spec, parts, program } = draft;
  put(view, address, planRecord(draft), PLAN_U32, Plan.windows);
  let at = address + Plan.windows;
  for (const [w, window] of spec.windows.entries()) {
    put(view, at, windowRecord(draft, window, w), WINDOW_U32, WindowPlan.bytes);
    at += WindowPlan.bytes;
  }
  let counts = at + parts.length * PartPlan.bytes;
  let parameters = counts + parts.length * COUNTS_BYTES;
  for (const part of parts) {
    put(view, at, partRecord(part, counts, parameters), PART_U32, PartPlan.bytes);
    for (const [i, need] of part.needs.entries()) view.setUint32(at + PartPlan.needs + 4 * i, need.state, true);
    for (let i = 0; i < COUNTS_BYTES; i++) view.setUint8(counts + i, 0);
    for (const [i, parameter] of part.parameters.entries()) view.setFloat64(parameters + 8 * i, parameter, true);
    at += PartPlan.bytes;
    counts += COUNTS_BYTES;
    parameters += 8 * part.parameters.length;
  }
  writeProgram(program, view, parameters, programOffset(draft));
}

/** Offset of the program from the beginning of the plan, in bytes: it follows the parameters. */
function programOffset({ spec, parts }: Draft): number {
  const windows = spec.windows.length * WindowPlan.bytes;
  return parts.reduce(
    (offset, { parameters }) => offset + PartPlan.bytes + COUNTS_BYTES + 8 * parameters.length,
    Plan.windows + windows,
  );
}

/** Writes a record to byte `at` of the view: numbers are f64 up to the offset `firstU32`, and u32 from there on. */
function put(
  view: DataView,
  at: number,
  record: Readonly<Record<number, number>>,
  firstU32: number,
  bytes: number,
): void {
  for (let field = 0; field < firstU32; field += 8) view.setFloat64(at + field, record[field] ?? 0, true);
  for (let field = firstU32; field < bytes; field += 4) view.setUint32(at + field, record[field] ?? 0, true);
}

function planRecord(draft: Draft) {
  const { spec, columns, parts, program } = draft;
  const { windows } = spec;
  return {
    [Plan.outOfOrder]: spec.outOfOrder,
    [Plan.delay]: spec.updates ? 0 : spec.allowedLateness,
    [Plan.allowedLateness]: spec.allowedLateness,
    [Plan.maxFutureSkew]: spec.maxFutureSkew,
    [Plan.memoryLimit]: spec.memoryLimit,
    [Plan.early]: spec.every,
    [Plan.seed]: drawSeed(),
    [Plan.keys]: spec.keys.length ? Keys.words : Keys.none,
    [Plan.keyWidth]: spec.keys.length,
    [Plan.measureCount]: columns.count,
    [Plan.windowCount]: windows.length,
    [Plan.storeCount]: storeOf(windows, windows.length - 1) + 1,
    [Plan.partCount]: parts.length,
    [Plan.stride]: draft.stride,
    [Plan.head]: draft.head,
    [Plan.capacity]: RING_EVENTS,
    [Plan.discard]: Number(spec.discard),
    [Plan.when]: columns.flagOf(spec.when),
    [Plan.ordered]: Number(isOrdered(spec)),
    [Plan.program]: programOffset(draft),
    [Plan.programLength]: program.steps.length,
    [Plan.registers]: program.registers,
    [Plan.filter]: draft.filter,
    [Plan.givesLate]: spec.onLate ? 1 : 0,
    [Plan.partial]: Number(spec.isPartial),
  } satisfies Record<Exclude<Plan, Plan.windows>, number>;
}

function windowRecord({ spec, core, columns, parts }: Draft, window: Window, w: number) {
  const store = storeKindOf(window, spec, parts);
  const kernels = { ...NO_ROLES, ...core.windows[window.kind], ...core.windows[store] };
  return {
    [WindowPlan.size]: window.size,
    [WindowPlan.every]: window.every,
    [WindowPlan.offset]: window.offset,
    [WindowPlan.maxLength]: window.most,
    [WindowPlan.maxEvents]: window.mostRows,
    [WindowPlan.start]: kernels.start,
    [WindowPlan.end]: kernels.end,
    [WindowPlan.newest]: kernels.newest,
    [WindowPlan.oldest]: kernels.oldest,
    [WindowPlan.create]: kernels.create,
    [WindowPlan.destroy]: kernels.destroy,
    [WindowPlan.take]: kernels.take,
    [WindowPlan.advance]: kernels.advance,
    [WindowPlan.query]: kernels.query,
    [WindowPlan.demand]: kernels.demand,
    [WindowPlan.live]: kernels.live,
    [WindowPlan.verify]: kernels.verify,
    [WindowPlan.absorbs]: kernels.absorbs,
    [WindowPlan.column]: columns.columnOf(window),
    [WindowPlan.closed]: window.closed,
    [WindowPlan.place]: spec.places[w] ?? 0,
    [WindowPlan.store]: storeOf(spec.windows, w),
    [WindowPlan.edges]: 0,
  } satisfies Record<Exclude<WindowPlan, WindowPlan.bytes>, number>;
}

/** @param counts address of its counts of blocks @param parameters address of its parameters */
function partRecord(part: Part, counts: number, parameters: number) {
  const { kernels, folds, output } = part;
  const own = folds ? kernels : NO_KERNELS;
  return {
    [PartPlan.state]: part.state,
    [PartPlan.measure]: part.measures[0] ?? 0,
    [PartPlan.identity]: own.identity,
    [PartPlan.fold]: own.fold,
    [PartPlan.foldRun]: own.foldRun,
    [PartPlan.combine]: own.combine,
    [PartPlan.lower]: kernels.lower,
    [PartPlan.output]: Number(output),
    [PartPlan.column]: 0,
    [PartPlan.times]: 0,
    [PartPlan.size]: folds ? sizeOf(part) : 0,
    [PartPlan.prefix]: own.prefix,
    [PartPlan.suffix]: own.suffix,
    [PartPlan.lowerPairs]: output && !part.isRead ? own.lowerPairs : 0,
    [PartPlan.drop]: own.drop,
    [PartPlan.second]: part.measures[1] ?? 0,
    [PartPlan.secondColumn]: 0,
    [PartPlan.parameters]: parameters,
    [PartPlan.parameterCount]: part.parameters.length,
    [PartPlan.listLimit]: Math.min(part.most, NO_BOUND),
    [PartPlan.stream]: 0,
    [PartPlan.roll]: own.roll,
    [PartPlan.prepare]: kernels.prepare,
    [PartPlan.samples]: 0,
    [PartPlan.sampleCapacity]: 0,
    [PartPlan.maxBlockBytes]: own.maxBlockBytes,
    [PartPlan.maxLeapBytes]: kernels.maxLeapBytes,
    [PartPlan.counts]: counts,
    [PartPlan.insert]: own.insert,
    [PartPlan.retract]: own.retract,
  } satisfies Record<Exclude<PartPlan, PartPlan.needs | PartPlan.bytes>, number>;
}

/** Whether windows on a grid fire before their end or discard what they emitted. */
function isEager({ discard, every, when }: CheckedSpec): boolean {
  return discard || every < Number.POSITIVE_INFINITY || when !== undefined;
}

/**
 * Whether results must be sorted. Windows on a grid emit in order, unless they fire early or several of them fire again
 * for late events. A single rolling window emits in order too.
 */
function isOrdered(spec: CheckedSpec): boolean {
  const { windows, updates, allowedLateness } = spec;
  const grids = windows.filter(isOnGrid).length;
  if (grids === windows.length) return isEager(spec) || (updates && allowedLateness > 0 && grids > 1);
  return windows.length > 1 || !windows.some(isRolling);
}

/** The number of the store of window w: windows on a grid, which come first, share store 0. */
function storeOf(windows: readonly Window[], w: number): number {
  const grids = windows.filter(isOnGrid).length;
  return w < grids ? 0 : w - Math.max(grids - 1, 0);
}

/**
 * The kind of the store that holds a window. Windows on a grid share slices, unless they fire early or give only what
 * is new. Rolling windows without keys keep their states in columns (`unkeyed`) if their events are taken in order and
 * no state owns memory.
 */
function storeKindOf(window: Window, spec: CheckedSpec, parts: readonly Part[]): string {
  const { kind, every } = window;
  if (isOnGrid(window)) return isEager(spec) ? 'triggered' : 'slicing';
  const isPlain = !spec.isShared && spec.keys.length === 0 && !parts.some(ownsMemory);
  const inOrder = every === 1 || spec.outOfOrder + spec.allowedLateness === 0;
  return kind === 'rolling' && isPlain && inOrder ? 'unkeyed' : kind;
}
