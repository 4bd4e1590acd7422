/** spec → plan: which states a row has and where, and the table the core reads (assembly/plan.ts). */

import { Keys, PartPlan, Plan, WindowPlan } from '../assembly/plan';
import { type Core, type Kernels, ROLES } from './core';
import { type CheckedSpec, isRolling } from './spec';
import { GRIDS, type Window } from './windows';

/** Events a stream's ring holds: a batch and its scratch stay in the second-level cache. */
export const RING_EVENTS = 4096;
/** A count of events; where rows fire more than once, how many were given out, and how often. */
const ROW_HEAD_BYTES = 8;
const LONG_HEAD_BYTES = 24;
/** Room in the table for the `needs` of a part. */
const MAX_NEEDS = 4;

/** One aggregate of one column. */
interface Part {
  kernels: Kernels;
  kind: string;
  measure: number;
  output: boolean;
  /** Offset of the state in a row. */
  state: number;
  /** Whether it keeps that state itself, or finds it inside another part's. */
  folds: boolean;
}

export interface CompiledPlan {
  /** Columns that the ring has for measures, and after them for what functions say of events: 1 where true. */
  measures: readonly string[];
  flags: readonly ((event: never) => boolean)[];
  /** For each aggregate of the spec, in order: which column of the core's results. */
  outputs: readonly number[];
  outputCount: number;
  byteLength: number;
  write(view: DataView, address: number): void;
}

export function compile(spec: CheckedSpec, core: Core): CompiledPlan {
  const columns = [...spec.aggregates.map(([, { column }]) => column), ...spec.windows.map(({ column }) => column)];
  const measures = [...new Set(columns.filter((column) => column !== undefined))];
  const flags = [spec.when, ...spec.windows.map(({ ends }) => ends)].filter((flag) => flag !== undefined);
  // 1 + the measure that a function fills, or a window reads; 0: none.
  const flagOf = (flag: (typeof flags)[number] | undefined) => (flag ? measures.length + flags.indexOf(flag) + 1 : 0);
  const columnOf = ({ column, ends }: Window) => (column ? measures.indexOf(column) + 1 : flagOf(ends));
  const eager = spec.discard || spec.every < Number.POSITIVE_INFINITY || spec.when !== undefined;
  const head = spec.updates ? LONG_HEAD_BYTES : ROW_HEAD_BYTES;
  const parts = new Map<string, Part>();

  function add(kind: string, measure: number): Part {
    const name = `${kind} ${measure}`;
    const known = parts.get(name);
    if (known) return known;
    const kernels = core.aggregates[kind] as Kernels;
    if (kernels.needs.length > MAX_NEEDS) throw new RangeError(`${kind} needs more than ${MAX_NEEDS} others`);
    for (const need of kernels.needs) add(need, measure);
    const part = { kernels, kind, measure, output: false, state: 0, folds: kernels.size > 0 };
    parts.set(name, part);
    return part;
  }

  const wanted = spec.aggregates.map(([, { kind, column }]) => {
    const part = add(kind, column === undefined ? 0 : measures.indexOf(column));
    part.output = true;
    return part;
  });
  const stride = layOut([...parts.values()], head);
  const results = [...parts.values()].filter((part) => part.output);

  const { windows } = spec;
  return {
    measures,
    flags,
    outputCount: results.length,
    outputs: wanted.map((part) => results.indexOf(part)),
    byteLength: Plan.windows + windows.length * WindowPlan.bytes + parts.size * PartPlan.bytes,
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
      u32(address + Plan.measureCount, measures.length + flags.length);
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
      let at = address + Plan.windows;
      for (const [w, window] of windows.entries()) {
        f64(at + WindowPlan.size, window.size);
        f64(at + WindowPlan.every, window.every);
        f64(at + WindowPlan.offset, window.offset);
        f64(at + WindowPlan.most, window.most);
        f64(at + WindowPlan.mostRows, window.mostRows);
        const kind = kindOf(window, spec);
        for (const role of ROLES) u32(at + WindowPlan[role], core.windows[kind]?.[role] ?? 0);
        u32(at + WindowPlan.column, columnOf(window));
        u32(at + WindowPlan.closed, window.closed);
        u32(at + WindowPlan.place, spec.places[w] ?? 0);
        u32(at + WindowPlan.edges, 0);
        u32(at + WindowPlan.edgeCount, 0);
        at += WindowPlan.bytes;
      }
      for (const part of parts.values()) {
        u32(at + PartPlan.state, part.state);
        u32(at + PartPlan.measure, part.measure);
        for (const kernel of ['identity', 'fold', 'reduce', 'combine', 'slide', 'roll'] as const) {
          u32(at + PartPlan[kernel], part.folds ? part.kernels[kernel] : 0);
        }
        u32(at + PartPlan.lower, part.kernels.lower);
        u32(at + PartPlan.output, part.output ? 1 : 0);
        part.kernels.needs.forEach((need, i) => {
          u32(at + PartPlan.needs + 4 * i, parts.get(`${need} ${part.measure}`)?.state ?? 0);
        });
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

/** The kind of a window in the core, which has one apart for rolling windows whose events come in order. */
function kindOf({ kind, every }: Window, { keys, outOfOrder, allowedLateness }: CheckedSpec): string {
  const inOrder = keys.length === 0 && (every === 1 || outOfOrder + allowedLateness === 0);
  return kind === 'rolling' && inOrder ? 'sliding' : kind;
}

/** Gives every part its place in the row, the states that another part's includes inside of that; the bytes of a row. */
function layOut(parts: Part[], head: number): number {
  const holderOf = (part: Part) =>
    parts.find(({ measure, kernels }) => measure === part.measure && part.kind in kernels.includes);
  let stride = head;
  for (const part of parts) {
    part.folds &&= holderOf(part) === undefined;
    if (!part.folds) continue;
    part.state = stride;
    stride += part.kernels.size;
  }
  for (const part of parts) {
    const holder = holderOf(part);
    if (holder) part.state = holder.state + (holder.kernels.includes[part.kind] ?? 0);
  }
  return stride;
}
