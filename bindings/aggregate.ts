/** The figures of a window: which there are, of which columns, with which parameters. */

import { OrielError, show } from './errors';

/** How a figure that is a list of numbers comes out of the core, and what is made of it. */
export interface ListOf<Result> {
  /** How many numbers there can be at the most. */
  readonly most: number;
  read(values: Float64Array): Result;
}

/** One figure of a window, as the functions below make it; a plain value that several streams may share. */
export class Aggregate<Column extends string = string, Result = number> {
  /** Only there for inference. */
  declare readonly result?: Result;

  constructor(
    /** The aggregate of the core that it is; or `'record'`, of others. */
    readonly kind: string,
    /** What it is of: none, one or two columns. */
    readonly columns: readonly Column[] = [],
    /** Numbers that belong to its definition. Of an aggregate that reads the state of another only the first is its own. */
    readonly parameters: readonly number[] = [],
    readonly list?: ListOf<Result>,
    readonly fields?: Readonly<Record<string, Aggregate<Column>>>,
  ) {}
}

/** An aggregate of the core by its name: what the functions below are made of. */
export function aggregate<Column extends string>(kind: string, ...columns: Column[]): Aggregate<Column> {
  return new Aggregate(
    kind,
    columns.map((column) => checked(kind, column)),
  );
}

function checked<Column extends string>(kind: string, column: Column): Column {
  if (typeof column === 'string' && column !== '') return column;
  throw new OrielError('ERR_ORIEL_SPEC', `${kind}: expected the name of a column, got ${show(column)}`);
}

/** Number of events, or, of a column, of its values: of events where it is not missing. */
export function count(): Aggregate<never>;
export function count<Column extends string>(column: Column): Aggregate<Column>;
export function count(column?: string): Aggregate {
  return column === undefined ? new Aggregate('events') : aggregate('count', column);
}

/** Sum of the values, compensated: within an ulp of the exact sum for ordinary data. */
export const sum = <Column extends string>(column: Column) => aggregate('sum', column);

/** Arithmetic mean of the values. */
export const mean = <Column extends string>(column: Column) => aggregate('mean', column);

/** Least value. */
export const min = <Column extends string>(column: Column) => aggregate('min', column);

/** Greatest value. */
export const max = <Column extends string>(column: Column) => aggregate('max', column);

/** Greatest less least value. */
export const range = <Column extends string>(column: Column) => aggregate('range', column);

/** Product of the values. */
export const product = <Column extends string>(column: Column) => aggregate('product', column);

/** Value of the earliest event in event time that has one; of several at that time the first to arrive. */
export const first = <Column extends string>(column: Column) => aggregate('first', column);

/** Value of the latest event in event time that has one; of several at that time the last to arrive. */
export const last = <Column extends string>(column: Column) => aggregate('last', column);

/** Sample variance (over n - 1); NaN below two values. */
export const variance = <Column extends string>(column: Column) => aggregate('variance', column);

/** Sample standard deviation (over n - 1); NaN below two values. */
export const stddev = <Column extends string>(column: Column) => aggregate('stddev', column);
