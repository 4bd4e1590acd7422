/**
 * The columns of a stream's ring besides times and keys, in order:
 *
 *     measures │ answers of the spec's functions, 1 if true │ results of expressions
 *
 * A place is the index of a column.
 */

import { leafOf, Measures } from '../input/measures';
import type { AnyAggregate } from '../spec/aggregates';
import type { CheckedSpec } from '../spec/check';
import { Expression } from '../spec/expression';
import type { Window } from '../spec/windows';
import { Program } from './program';

/** The column of ones that a conditional `count()` counts. */
const ONE = new Expression('lit', [1]);

export class PlanColumns {
  readonly measures: Measures;
  readonly flags: readonly ((event: never) => boolean)[];
  /** Computes the results of expressions. */
  readonly program: Program;

  /** @throws {OrielError} ERR_ORIEL_SPEC if the spec needs both numbers and strings in one column */
  constructor(spec: CheckedSpec) {
    this.flags = [spec.when, ...spec.windows.map(({ ends }) => ends)].filter((flag) => flag !== undefined);
    this.measures = measuresOf(spec, this.flags.length > 0 || spec.onLate !== undefined);
    this.program = new Program(this.measures, this.measures.count + this.flags.length);
  }

  /** Number of columns, those included that the program fills so far. */
  get count(): number {
    return this.program.first + this.program.columns;
  }

  /** The place of a measure or an expression. */
  placeOf(column: string | Expression): number {
    const name = leafOf(column);
    return name === undefined ? this.program.column(column as Expression) : this.measures.placeOf(name);
  }

  /**
   * The places of the columns that an aggregate reads. With a condition the first one is missing where the condition is
   * not true; if the aggregate reads no column, it is a column of ones.
   */
  placesOf(columns: readonly (string | Expression)[], condition: Expression | undefined): number[] {
    const places = columns.map((column) => this.placeOf(column));
    if (condition) places[0] = this.program.selected(condition, places[0] ?? ONE);
    return places;
  }

  /** 1 + the place of the answers of a function, or 0 if there is no function. */
  flagOf(flag: ((event: never) => boolean) | undefined): number {
    return flag ? this.measures.count + this.flags.indexOf(flag) + 1 : 0;
  }

  /** 1 + the place of the column that a window reads, or 0 if it reads none. */
  columnOf({ column, ends }: Window): number {
    return column ? this.measures.placeOf(column) + 1 : this.flagOf(ends);
  }
}

/** The measures that a spec reads. @param remembers see `Measures.settle` */
function measuresOf({ aggregates, windows, where, seed }: CheckedSpec, remembers: boolean): Measures {
  const measures = new Measures();
  for (const [name, one] of aggregates) gather(measures, one, `aggregates.${name}`);
  for (const { column } of windows) if (column !== undefined) measures.addNumbers(column, 'a gap');
  if (where) measures.addExpression(where);
  measures.settle(remembers, seed);
  return measures;
}

/** Reports the columns that an aggregate reads to `measures`. */
function gather(measures: Measures, { columns, fields, texts, condition }: AnyAggregate, by: string): void {
  columns.forEach((column, i) => {
    measures.addColumn(column, texts[i] ?? 'none', by);
  });
  if (condition) measures.addExpression(condition);
  for (const [name, field] of Object.entries(fields ?? {})) gather(measures, field, `${by}.${name}`);
}
