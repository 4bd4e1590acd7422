/**
 * Expressions of columns: what is computed of every event, and conditions.
 *
 *     col('price').mul(col('qty'))     Expression { op: 'mul', operands: [ { 'col', ['price'] }, { 'col', ['qty'] } ] }
 *
 * Plain values that never change and that several streams may share. bindings/program.ts makes of them what the core runs.
 */

import { OrielError, show } from '../base/errors';

/** The operations, as the core has them; a column, a column of strings and a number are the leaves. */
type Operation = Exclude<keyof typeof import('../../assembly/plan').Op, number> | 'col' | 'text' | 'lit';

/** What an operation takes: a number or an expression. */
type Operand = number | Expression<string, number, string>;
/** Columns of numbers, and of strings, that what was given is of. */
export type ColumnIn<Given> = Given extends string
  ? Given
  : Given extends Expression<infer Column, unknown, string>
    ? Column
    : never;
export type TextIn<Given> = Given extends Expression<string, unknown, infer Text> ? Text : never;

/**
 * A number for each event, made of its columns; of a condition 1 where it holds, 0 where not. What is made of a missing value is missing,
 * and a missing condition does not hold.
 */
export class Expression<Column extends string = string, Value = unknown, Text extends string = string> {
  /** Only there for inference: columns of numbers, what a value is, and columns of strings. */
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

  /** By 0 it is an infinity; 0 by 0 is missing. */
  div<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('div', other);
  }

  /** What division leaves, with the sign of the dividend, as JavaScript's `%`. */
  mod<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('mod', other);
  }

  neg(): Expression<Column, number, Text> {
    return this.#with('neg');
  }

  abs(): Expression<Column, number, Text> {
    return this.#with('abs');
  }

  /** Natural logarithm; of what is negative it is missing. */
  log(): Expression<Column, number, Text> {
    return this.#with('log');
  }

  /** Square root; of what is negative it is missing. */
  sqrt(): Expression<Column, number, Text> {
    return this.#with('sqrt');
  }

  /** The lesser of the two, missing where either is. */
  min<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('min', other);
  }

  /** The greater of the two, missing where either is. */
  max<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('max', other);
  }

  /** Whether it is that number or, of a column by itself, that string. */
  eq(other: string): Expression<never, number, Column | Text>;
  eq<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>>;
  eq(other: unknown): Expression<never, number, never> {
    return this.#compared('eq', other);
  }

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

  /** False where either is false; else missing where either is. */
  and<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('and', other);
  }

  /** True where either holds; else missing where either is. */
  or<O extends Operand>(other: O): Expression<Column | ColumnIn<O>, number, Text | TextIn<O>> {
    return this.#with('or', other);
  }

  not(): Expression<Column, number, Text> {
    return this.#with('not');
  }

  /** Whether it is one of those numbers or, of a column by itself, of those strings. */
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

  /** Whether there is no value: never missing itself. */
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

  /** Itself, where it is no column of strings. */
  #number(op: string): Expression {
    if (this.op === 'text')
      refuse(op, 'a column of numbers: strings know eq, ne, in and isMissing', `text(${this.operands[0]})`);
    return this;
  }

  /** Itself as a column of strings. */
  #text(op: string, given: unknown): Expression {
    if (this.op === 'text') return this;
    if (this.op !== 'col') refuse(op, 'numbers: only a column by itself is compared with strings', given);
    return new Expression('text', this.operands);
  }
}

/** What an operation is given, as an expression. */
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
 * A column of numbers: the beginning of an expression.
 * @throws {OrielError} ERR_ORIEL_SPEC; so does every operation that is given what it cannot take
 *
 * @example sum(col('price').mul(col('qty')))
 * @example count().where(col('status').gte(500).and(col('path').eq('/login')))
 */
export function col<Name extends string>(name: Name): Expression<Name, number, never> {
  return leaf('col', name);
}

/** A column of strings: `first(text('status'))` gives a string, or null where there is none. */
export function text<Name extends string>(name: Name): Expression<never, string | null, Name> {
  return leaf('text', name);
}

/** A number, where an expression begins with one: `lit(1).div(col('a'))`. */
export function lit(number: number): Expression<never, number, never> {
  if (typeof number !== 'number') refuse('lit', 'a number', number);
  return new Expression('lit', [number]);
}

/** A condition as it was given. @throws {OrielError} ERR_ORIEL_SPEC where it is none, saying what is */
export function conditionOf(field: string, given: unknown): Expression {
  if (given instanceof Expression && given.op !== 'text') return given;
  const accepted = "a condition, such as col('status').gte(500)";
  const instead =
    typeof given === 'function' ? ', which is asked of whole columns in the core and not event by event' : '';
  refuse(field, accepted + instead, given);
}
