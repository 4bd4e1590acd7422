/**
 * Expressions over columns: values computed for every event, and conditions.
 *
 *     col('price').mul(col('qty'))     Expression { op: 'mul', operands: [ { 'col', ['price'] }, { 'col', ['qty'] } ] }
 *
 * Expressions are immutable, and several streams may share them. bindings/plan/program.ts compiles them for the core.
 */

import { OrielError, show } from '../base/errors';

/** The core's operations, and the leaves: a column of numbers, a column of strings, and a number. */
type Operation = Exclude<keyof typeof import('../../assembly/plan').Op, number> | 'col' | 'text' | 'lit';

type Operand = number | Expression<string, number, string>;
/** The names of the columns of numbers (`ColumnIn`) and of strings (`TextIn`) that an input reads. */
export type ColumnIn<Given> = Given extends string
  ? Given
  : Given extends Expression<infer Column, unknown, string>
    ? Column
    : never;
export type TextIn<Given> = Given extends Expression<string, unknown, infer Text> ? Text : never;

/**
 * A number computed for each event from its columns. A condition is 1 if true and 0 if false. As in SQL, an expression
 * over a missing value is missing, and a missing condition counts as not true.
 *
 * The methods throw {@link OrielError} ERR_ORIEL_SPEC for operands that they do not accept.
 */
export class Expression<Column extends string = string, Value = unknown, Text extends string = string> {
  /** These exist only for type inference: columns of numbers, the type of a value, and columns of strings. */
  declare readonly column?: readonly Column[];
  declare readonly value?: Value;
  declare readonly text?: readonly Text[];

  /** @internal */
  constructor(
    readonly op: Operation,
    readonly operands: readonly (Expression | string | number)[],
  ) {
    Object.freeze(operands);
    Object.freeze(this);
  }

  add<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('add', other);
  }

  sub<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('sub', other);
  }

  mul<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('mul', other);
  }

  /** Division. A number divided by 0 is an infinity; 0 divided by 0 is missing. */
  div<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('div', other);
  }

  /** Remainder of the division, with the sign of the dividend, as JavaScript's `%`. */
  mod<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('mod', other);
  }

  neg(): Expression<Column, number, Text> {
    return this.#with('neg');
  }

  abs(): Expression<Column, number, Text> {
    return this.#with('abs');
  }

  /** Natural logarithm; missing for a negative number. */
  log(): Expression<Column, number, Text> {
    return this.#with('log');
  }

  /** Square root; missing for a negative number. */
  sqrt(): Expression<Column, number, Text> {
    return this.#with('sqrt');
  }

  /** The lesser of the two; missing if either is missing. */
  min<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('min', other);
  }

  /** The greater of the two; missing if either is missing. */
  max<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('max', other);
  }

  /** Whether the value equals a number or an expression. A bare column may also be compared with a string. */
  eq(other: string): Expression<never, number, Column | Text>;
  eq<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>>;
  eq(other: unknown): Expression<never, number, never> {
    return this.#compared('eq', other);
  }

  /** Whether the value differs from a number or an expression. A bare column may also be compared with a string. */
  ne(other: string): Expression<never, number, Column | Text>;
  ne<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>>;
  ne(other: unknown): Expression<never, number, never> {
    return this.#compared('ne', other);
  }

  lt<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('lt', other);
  }

  lte<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('lte', other);
  }

  gt<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return new Expression('lt', [operand('gt', other), this.#number('gt')]);
  }

  gte<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return new Expression('lte', [operand('gte', other), this.#number('gte')]);
  }

  /** False if either is false, otherwise missing if either is missing. */
  and<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('and', other);
  }

  /** True if either is true, otherwise missing if either is missing. */
  or<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('or', other);
  }

  not(): Expression<Column, number, Text> {
    return this.#with('not');
  }

  /** Whether the value is one of a list of numbers. A bare column may also be looked up in a list of strings. */
  in(list: readonly string[]): Expression<never, number, Column | Text>;
  in(list: readonly number[]): Expression<Column, number, Text>;
  in(list: readonly (string | number)[]): Expression<never, number, never> {
    const accepted = 'a list of numbers, or of strings';
    if (!Array.isArray(list) || list.length === 0) refuse('in', accepted, list);
    const kind = typeof list[0];
    for (const one of list) {
      if ((typeof one !== 'string' && typeof one !== 'number') || typeof one !== kind) refuse('in', accepted, one);
      if (Number.isNaN(one)) refuse('in', `${accepted}; isMissing() tells what is missing`, one);
    }
    return new Expression('isIn', [kind === 'string' ? this.#text('in', list[0]) : this.#number('in'), ...list]);
  }

  /** Whether the value is missing. The result itself is never missing. */
  isMissing(): Expression<Column, number, Text> {
    return new Expression('isMissing', [this]);
  }

  #with(op: Exclude<Operation, 'col' | 'text' | 'lit'>, ...others: unknown[]): Expression<never, number, never> {
    return new Expression(op, [this.#number(op), ...others.map((other) => operand(op, other))]);
  }

  #compared(op: 'eq' | 'ne', other: unknown): Expression<never, number, never> {
    if (typeof other !== 'string') return this.#with(op, other);
    return new Expression(op, [this.#text(op, other), other]);
  }

  /** Returns this expression. @throws {OrielError} ERR_ORIEL_SPEC if it is a column of strings */
  #number(op: string): Expression {
    if (this.op === 'text')
      refuse(op, 'a column of numbers: strings know eq, ne, in and isMissing', `text(${this.operands[0]})`);
    return this;
  }

  /** Returns this column as a column of strings. @throws {OrielError} ERR_ORIEL_SPEC if it is no bare column */
  #text(op: string, given: unknown): Expression {
    if (this.op === 'text') return this;
    if (this.op !== 'col') refuse(op, 'numbers: only a column by itself is compared with strings', given);
    return new Expression('text', this.operands);
  }
}

/** Turns the operand of `op` into an expression. @throws {OrielError} ERR_ORIEL_SPEC */
function operand(op: string, given: unknown): Expression {
  if (typeof given === 'number') return new Expression('lit', [given]);
  if (given instanceof Expression && given.op !== 'text') return given;
  const accepted = "a number or an expression, such as col('a')";
  if (typeof given === 'string') refuse(op, `${accepted}; a column is col(${show(given)})`, given);
  refuse(op, accepted, given);
}

function refuse(op: string, accepted: string, given: unknown): never {
  throw new OrielError('ERR_ORIEL_SPEC', `${op}: expected ${accepted}, got ${show(given)}`);
}

function leaf(op: 'col' | 'text', name: unknown): Expression<never, never, never> {
  if (typeof name !== 'string' || name === '') refuse(op, 'the name of a column', name);
  return new Expression(op, [name]);
}

/**
 * Starts an expression with a column of numbers. Compared with a string (`eq`, `ne`, `in`) it is a column of strings.
 * @throws {OrielError} ERR_ORIEL_SPEC if `name` is not the name of a column
 *
 * @example sum(col('price').mul(col('qty')))
 * @example count().where(col('status').gte(500).and(col('path').eq('/login')))
 */
export function col<Name extends string>(name: Name): Expression<Name, number, never> {
  return leaf('col', name);
}

/**
 * Names a column of strings, for aggregates and comparisons. Numbers in that column are then refused.
 * @throws {OrielError} ERR_ORIEL_SPEC if `name` is not the name of a column
 *
 * @example first(text('status'))   // a string, or null if there is none
 */
export function text<Name extends string>(name: Name): Expression<never, string | null, Name> {
  return leaf('text', name);
}

/**
 * Starts an expression with a number.
 * @throws {OrielError} ERR_ORIEL_SPEC if it is not a number
 *
 * @example lit(1).div(col('a'))
 */
export function lit(number: number): Expression<never, number, never> {
  if (typeof number !== 'number') refuse('lit', 'a number', number);
  return new Expression('lit', [number]);
}

/** Checks a condition and returns it. @throws {OrielError} ERR_ORIEL_SPEC, naming the field */
export function conditionOf(field: string, given: unknown): Expression {
  if (given instanceof Expression && given.op !== 'text') return given;
  const accepted = "a condition, such as col('status').gte(500)";
  const instead =
    typeof given === 'function' ? ', which is asked of whole columns in the core and not event by event' : '';
  refuse(field, accepted + instead, given);
}
