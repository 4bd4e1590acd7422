/**
 * The parts of a plan: the core's aggregates over columns of the ring. Aggregates of the spec that need the same part
 * share it. `layOut` orders the parts and gives the state of each its place in a row:
 *
 *     head │ inline states │ heap states: each the address of a block
 */

import { PartPlan } from '../../assembly/plan';
import type { Kernels } from '../base/core';
import type { Program } from './program';

/** Maximum length of a part's `needs`: PartPlan has room for this many. */
const MAX_NEEDS = (PartPlan.column - PartPlan.needs) / 4;

export interface Part {
  readonly kernels: Kernels;
  readonly kind: string;
  /** The places of its columns in the ring. */
  readonly measures: readonly number[];
  readonly parameters: readonly number[];
  /** Its columns and parameters as a string: equal for parts whose states may contain each other. */
  readonly inputs: string;
  /** The parts whose states `lower` reads. */
  readonly needs: readonly Part[];
  /** Whether another part needs this one. */
  isRead: boolean;
  /** Whether its results are a column of the outbox. */
  output: boolean;
  /** Maximum length of an output that is a list; 0 for a number. */
  most: number;
  /** Offset of the state in a row, set by `layOut`. */
  state: number;
  /** Whether it has a state of its own, rather than none or one inside another part's state. Settled by `layOut`. */
  folds: boolean;
}

export class Parts {
  readonly #known = new Map<string, Part>();

  /** @param program reserves the columns that parts prepare */
  constructor(
    readonly kinds: Record<string, Kernels>,
    readonly program: Program,
  ) {}

  /** Returns the part of a kind over some columns. Adds it, after the parts that it needs, if there is none yet. */
  add(kind: string, columns: readonly number[], parameters: readonly number[]): Part {
    const inputs = [columns, parameters].join(' ');
    const name = `${kind} ${inputs}`;
    const known = this.#known.get(name);
    if (known) return known;
    const kernels = this.kinds[kind] as Kernels;
    if (kernels.needs.length > MAX_NEEDS) throw new RangeError(`${kind} needs more than ${MAX_NEEDS} others`);
    // The parts that it needs are over the column that it prepares, if it prepares one, else over its own.
    const prepared = kernels.prepare ? [this.program.reserve()] : [];
    const read = kernels.prepare ? prepared : columns;
    const needs = kernels.needs.map((need) => this.add(need, read, parameters.slice(1)));
    for (const need of needs) need.isRead = true;
    const measures = [...columns, ...prepared];
    const own = { isRead: false, output: false, most: 0, state: 0, folds: kernels.size > 0 };
    const part = { kernels, kind, measures, parameters, inputs, needs, ...own };
    this.#known.set(name, part);
    return part;
  }

  /** The parts in order, and the size of a row whose head has `head` bytes. Call it once, when all parts are added. */
  layOut(head: number): { parts: readonly Part[]; stride: number } {
    const known = [...this.#known.values()];
    const parts = [...known.filter((part) => !ownsMemory(part)), ...known.filter(ownsMemory)];
    // The part whose state includes that of another.
    const holderOf = ({ kind, inputs }: Part) =>
      parts.find((other) => other.inputs === inputs && kind in other.kernels.includes);
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
    return { parts, stride };
  }
}

/** Whether the state of a part is a heap state. */
export function ownsMemory({ kernels }: Part): boolean {
  return kernels.drop > 0;
}

/** Bytes of a part's state. */
export function sizeOf({ kernels, parameters }: Part): number {
  return kernels.size + kernels.parameterBytes * parameters.length;
}
