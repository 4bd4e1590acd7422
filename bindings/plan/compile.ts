/**
 * Compiles a spec to a plan, the table that the core reads:
 *
 *     spec ──▶ columns of the ring ──▶ parts, each with its place in a row ──┬─▶ outputs: where results are
 *                                                                            └─▶ records: the bytes of the plan
 */

import { NO_BOUND } from '../../assembly/plan';
import type { Core } from '../base/core';
import type { Measures, TextColumn } from '../input/measures';
import type { CheckedSpec } from '../spec/check';
import { outputOf, want } from './outputs';
import { Parts } from './parts';
import { PlanColumns } from './plan-columns';
import { planBytes, writePlan } from './records';
import type { Output } from './results';

/**
 * The head of a row is its count of events; if rows fire more than once, also how many of these were emitted and how
 * often it fired.
 */
const HEAD_BYTES = 8;
const REFIRING_HEAD_BYTES = 24;

export interface CompiledPlan {
  /** The measures, and the functions of the spec that fill the columns after them: see plan-columns.ts. */
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
  const columns = new PlanColumns(spec);
  const { measures, flags, program } = columns;
  const filter = spec.where ? program.column(spec.where) + 1 : 0;
  const all = new Parts(core.aggregates, program);
  const wanted = spec.aggregates.map(([, one]) => want(one, columns, all));
  const head = spec.updates ? REFIRING_HEAD_BYTES : HEAD_BYTES;
  const { parts, stride } = all.layOut(head);
  const results = parts.filter(({ output }) => output);
  const draft = { spec, core, columns, filter, stride, head, parts, program: program.assemble() };
  return {
    measures,
    flags,
    outputs: spec.isPartial ? measures.columns.map(packedOf) : wanted.map((one) => outputOf(one, results)),
    outputCount: spec.isPartial ? 1 : results.length,
    byteLength: planBytes(draft),
    write: (view, address) => writePlan(draft, view, address),
  };
}

/** The output for a packed row (a result to be merged elsewhere), which may contain any string of the column. */
function packedOf(texts: TextColumn): Output {
  return { place: 0, list: { maxLength: NO_BOUND, read: () => undefined }, texts };
}
