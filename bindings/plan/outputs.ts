/** Finds the parts that the aggregates of a spec need, and where each result is among the core's output columns. */

import type { TextColumn } from '../input/measures';
import type { AnyAggregate, ListOf } from '../spec/aggregates';
import { Expression } from '../spec/expression';
import type { Part, Parts } from './parts';
import type { PlanColumns } from './plan-columns';
import type { Output } from './results';

/** Aggregates that are 0 if there are no events; all others are NaN. */
const ZERO_IF_EMPTY = ['events', 'count', 'distinct'];

/** An aggregate of the spec: one part, or a record of several. */
export interface Wanted {
  part?: Part;
  list?: ListOf<unknown> | undefined;
  texts?: TextColumn | undefined;
  fields?: readonly (readonly [name: string, Wanted])[];
}

/** Adds the parts of an aggregate, or of its fields, to which a record's condition `given` also applies. */
export function want(one: AnyAggregate, columns: PlanColumns, parts: Parts, given?: Expression): Wanted {
  const { kind, parameters, list, fields, condition: own } = one;
  const condition = given && own ? new Expression('and', [given, own]) : (own ?? given);
  if (fields) {
    return { fields: Object.entries(fields).map(([name, field]) => [name, want(field, columns, parts, condition)]) };
  }
  // Events for which a condition is true are counted like the values of a column.
  const counted = kind === 'events' && condition ? 'count' : kind;
  const part = parts.add(counted, columns.placesOf(one.columns, condition), parameters);
  part.output = true;
  if (list) part.most = Math.max(part.most, list.maxLength);
  return { part, list, texts: columns.measures.columnOf(one) };
}

/** Where to find an aggregate, given the parts that fill the output columns, in order. */
export function outputOf({ part, list, fields, texts }: Wanted, results: readonly Part[]): Output {
  if (!part) return { fields: (fields ?? []).map(([name, one]) => [name, outputOf(one, results)]) };
  return { place: results.indexOf(part), empty: ZERO_IF_EMPTY.includes(part.kind) ? 0 : Number.NaN, list, texts };
}
