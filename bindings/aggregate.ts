/** The figures of a window: which there are, of which columns, with which parameters. */

import { OrielError, show } from './errors';
import { type ColumnIn, conditionOf, Expression, type TextIn } from './expression';
import type { Texts } from './measures';

/** How a figure that is a list of numbers comes out of the core, and what is made of it. */
export interface ListOf<Result> {
  /** How many numbers there can be at the most. */
  readonly most: number;
  /** @param meaning what a number that the aggregate was given stands for: itself, or a string of the column */
  read(values: Float64Array, meaning: (number: number) => number | string): Result;
}

/** What an aggregate is of: a column by its name, or an expression; `AnyOf` where strings will do. */
export type Of = string | Expression<string, number, string>;
export type AnyOf = string | Expression;

/** A value of what was given: NaN where a number is missing, null where a string is. */
export type ValueIn<Given> = Given extends Expression<string, infer Value> ? Value : number;

/** Any aggregate. */
export type AnyAggregate = Aggregate<string, unknown, string>;

/** One figure of a window, as the functions below make it; a plain value that several streams may share. */
export class Aggregate<Column extends string = string, Result = number, Text extends string = never> {
  /** Only there for inference. */
  declare readonly result?: Result;
  declare readonly column?: readonly Column[];
  declare readonly text?: readonly Text[];

  constructor(
    /** The aggregate of the core that it is; or `'record'`, of others. */
    readonly kind: string,
    /** What it is of: none, one or two columns. */
    readonly columns: readonly (string | Expression)[] = [],
    /** Numbers that belong to its definition. Of an aggregate that reads the state of another only the first is its own. */
    readonly parameters: readonly number[] = [],
    readonly list?: ListOf<Result>,
    readonly fields?: Readonly<Record<string, AnyAggregate>>,
    /** What it does with strings in each of the columns; of those that are not there it takes none. */
    readonly texts: readonly Texts[] = [],
    /** Which events it is of; none: all of them. */
    readonly condition?: Expression,
  ) {}

  /**
   * The same over those events alone for which a condition holds. Of several all have to hold.
   * @throws {OrielError} ERR_ORIEL_SPEC
   *
   * @example count().where(col('status').gte(500))
   */
  where<O extends Expression<string, number, string>>(
    condition: O,
  ): Aggregate<Column | ColumnIn<O>, Result, Text | TextIn<O>> {
    const given = conditionOf('where', condition);
    const both = this.condition ? new Expression('and', [this.condition, given]) : given;
    return new Aggregate(this.kind, this.columns, this.parameters, this.list, this.fields, this.texts, both);
  }
}

/** An aggregate of the core by its name: what the functions below are made of. */
export function aggregate<O extends Of>(kind: string, ...columns: O[]): Aggregate<ColumnIn<O>, number, TextIn<O>> {
  return new Aggregate(
    kind,
    columns.map((column) => columnOf(kind, column)),
  );
}

/** An aggregate of one column, which may hold strings. */
function ofAny<Result>(kind: string, column: unknown, texts: Texts): Aggregate<never, Result, never> {
  return new Aggregate(kind, [columnOf(kind, column, texts)], [], undefined, undefined, [texts]);
}

/** A column as an aggregate was given it. @throws {OrielError} ERR_ORIEL_SPEC */
export function columnOf(kind: string, column: unknown, texts: Texts = 'none'): string | Expression {
  if (typeof column === 'string' && column !== '') return column;
  if (column instanceof Expression && (column.op !== 'text' || texts !== 'none')) return column;
  const accepted = "the name of a column or an expression, such as col('a').mul(col('b'))";
  const instead =
    column instanceof Expression ? `text(${show(column.operands[0])}): it has no use for strings` : show(column);
  throw new OrielError('ERR_ORIEL_SPEC', `${kind}: expected ${accepted}, got ${instead}`);
}

/** Number of events, or, of a column, of its values: of events where it is not missing. */
export function count(): Aggregate<never, number, never>;
export function count<O extends AnyOf>(column: O): Aggregate<ColumnIn<O>, number, TextIn<O>>;
export function count(column?: unknown): Aggregate<never, number, never> {
  return column === undefined ? new Aggregate('events') : ofAny('count', column, 'present');
}

/** Sum of the values, compensated: within an ulp of the exact sum for ordinary data. */
export const sum = <O extends Of>(column: O) => aggregate('sum', column);

/** Arithmetic mean of the values. */
export const mean = <O extends Of>(column: O) => aggregate('mean', column);

/** Least value. */
export const min = <O extends Of>(column: O) => aggregate('min', column);

/** Greatest value. */
export const max = <O extends Of>(column: O) => aggregate('max', column);

/** Greatest less least value. */
export const range = <O extends Of>(column: O) => aggregate('range', column);

/** Product of the values. */
export const product = <O extends Of>(column: O) => aggregate('product', column);

/** Value of the earliest event in event time that has one; of several at that time the first to arrive. */
export const first = <O extends AnyOf>(column: O): Aggregate<ColumnIn<O>, ValueIn<O>, TextIn<O>> =>
  ofAny('first', column, 'kept');

/** Value of the latest event in event time that has one; of several at that time the last to arrive. */
export const last = <O extends AnyOf>(column: O): Aggregate<ColumnIn<O>, ValueIn<O>, TextIn<O>> =>
  ofAny('last', column, 'kept');

/** Sample variance (over n - 1); NaN below two values. */
export const variance = <O extends Of>(column: O) => aggregate('variance', column);

/** Sample standard deviation (over n - 1); NaN below two values. */
export const stddev = <O extends Of>(column: O) => aggregate('stddev', column);
