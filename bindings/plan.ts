/** spec → plan: which states a row has and where, and the table the core reads (assembly/plan.ts). */

import { Keys, PartPlan, Plan, WindowPlan } from '../assembly/plan';
import type { Core, Kernels } from './core';
import type { CheckedSpec } from './spec';

/** Events a stream's ring holds: a batch and its scratch stay in the second-level cache. */
export const RING_EVENTS = 4096;
const ROW_HEAD_BYTES = 8;
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
  /** Columns that the ring has for measures. */
  measures: readonly string[];
  /** For each aggregate of the spec, in order: which column of the core's results. */
  outputs: readonly number[];
  byteLength: number;
  write(view: DataView, address: number): void;
}

export function compile(spec: CheckedSpec, core: Core): CompiledPlan {
  const measures = [...new Set(spec.aggregates.flatMap(([, { column }]) => column ?? []))];
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
  const stride = layOut([...parts.values()]);
  const results = [...parts.values()].filter((part) => part.output);

  const { windows } = spec;
  return {
    measures,
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
      u32(address + Plan.keys, spec.keys.length ? Keys.words : Keys.none);
      u32(address + Plan.keyWidth, spec.keys.length);
      u32(address + Plan.measureCount, measures.length);
      u32(address + Plan.windowCount, windows.length);
      u32(address + Plan.partCount, parts.size);
      u32(address + Plan.stride, stride);
      u32(address + Plan.capacity, RING_EVENTS);
      let at = address + Plan.windows;
      for (const window of windows) {
        f64(at + WindowPlan.size, window.size);
        f64(at + WindowPlan.every, window.every);
        f64(at + WindowPlan.offset, window.offset);
        for (const edge of ['start', 'end', 'newest', 'oldest'] as const) {
          u32(at + WindowPlan[edge], core.windows[window.kind]?.[edge] ?? 0);
        }
        at += WindowPlan.bytes;
      }
      for (const part of parts.values()) {
        u32(at + PartPlan.state, part.state);
        u32(at + PartPlan.measure, part.measure);
        for (const kernel of ['identity', 'fold', 'reduce', 'combine'] as const) {
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

/** Gives every part its place in the row, the states that another part's includes inside of that; the bytes of a row. */
function layOut(parts: Part[]): number {
  const holderOf = (part: Part) =>
    parts.find(({ measure, kernels }) => measure === part.measure && part.kind in kernels.includes);
  let stride = ROW_HEAD_BYTES;
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
