/** Expressions of columns, as oriel computes them: what they read, and what they come to. */

import { col, type Expression, lit, text } from 'oriel';
import { list, show, UsageError } from '../usage-error';
import { type Node, print } from './syntax';

/** What a command makes of a column: which values it may have follows from it. */
export type Use = 'number' | 'text' | 'any';

/** The columns that a command reads, with the narrowest use of each. */
export class Uses extends Map<string, Use> {
  note(column: string, use: Use): void {
    const before = this.get(column);
    if (before === undefined || before === 'any' || use === 'number') this.set(column, use);
  }
}

/** A column by itself, of which nothing is known yet. */
export class Column {
  constructor(readonly name: string) {}
}

export type Value =
  | number
  | string
  | boolean
  | null
  | undefined
  | Column
  | Expression
  | Value[]
  | { [name: string]: Value };

/** What there is to compute, by operator; of names each is a function and a method as well. */
const OPERATORS: Record<string, string> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '%': 'mod',
  '==': 'eq',
  '===': 'eq',
  '!=': 'ne',
  '!==': 'ne',
  '<': 'lt',
  '<=': 'lte',
  '>': 'gt',
  '>=': 'gte',
  '&&': 'and',
  and: 'and',
  '||': 'or',
  or: 'or',
  in: 'in',
};
const FUNCTIONS: Record<string, number> = {
  abs: 1,
  sqrt: 1,
  log: 1,
  neg: 1,
  not: 1,
  isMissing: 1,
  min: 2,
  max: 2,
  in: 2,
};
for (const name of Object.values(OPERATORS)) FUNCTIONS[name] = 2;

/** The value of an expression: a constant, a column, or an oriel expression of columns. */
export function evaluate(node: Node, by: string, uses: Uses): Value {
  const value = (inner: unknown) => evaluate(inner as Node, by, uses);
  switch (node.type) {
    case 'Literal':
      return node.value as Value;
    case 'Identifier':
      return new Column(node.name);
    case 'ArrayExpression':
      return node.elements.map(value);
    case 'MemberExpression':
      if (!node.computed) return new Column(print(node));
      break;
    case 'UnaryExpression':
      if (node.operator === '+') return expressionOf(value(node.argument), '+', uses);
      if (node.operator === '-' || node.operator === '!') {
        return compute(node.operator === '-' ? 'neg' : 'not', [value(node.argument)], node, uses);
      }
      break;
    case 'BinaryExpression': {
      const op = own(OPERATORS, node.operator);
      if (op) return compute(op, [value(node.left), value(node.right)], node, uses);
      if (node.operator === '=') throw refused(by, `${print(node.left as Node)} == ${print(node.right as Node)}`, node);
      break;
    }
    case 'CallExpression': {
      const callee = node.callee as Node;
      const given = node.arguments.map(value);
      if (callee.type === 'MemberExpression') {
        return compute(print(callee.property as Node), [value(callee.object), ...given], node, uses);
      }
      const name = print(callee);
      const [only] = given;
      if (name !== 'col' && name !== 'text') return compute(name, given, node, uses);
      if (given.length !== 1 || typeof only !== 'string') throw refused(name, 'the name of a column in quotes', node);
      if (name === 'col') return new Column(only);
      uses.note(only, 'text');
      return text(only) as unknown as Expression;
    }
  }
  throw refused(by, `columns, numbers, strings, operators such as * and >=, and ${list(Object.keys(FUNCTIONS))}`, node);
}

/** An operation, by the method that it is of oriel's expressions. */
function compute(op: string, operands: Value[], node: Node, uses: Uses): Value {
  const places = own(FUNCTIONS, op);
  if (places === undefined) throw refused(op, `one of ${list(Object.keys(FUNCTIONS))}`, node);
  const isExtreme = op === 'min' || op === 'max';
  if (operands.length !== places && !(isExtreme && operands.length > 2)) {
    throw refused(op, places === 1 ? 'one operand' : 'two operands', node);
  }
  if (operands.length > 2) return operands.reduce((left, right) => compute(op, [left, right], node, uses));
  const isEquality = op === 'eq' || op === 'ne';
  const [left, right] = isEquality && isConstant(operands[0]) ? [operands[1], operands[0]] : operands;
  if (isEquality && right === null) {
    const missing = compute('isMissing', [left], node, uses);
    return op === 'eq' ? missing : compute('not', [missing], node, uses);
  }
  if (typeof left === 'number' && (op === 'neg' || typeof right === 'number')) {
    const constant = folded(op, left, right as number);
    if (constant !== undefined) return constant;
  }
  if (op === 'isMissing') return apply(op, plainly(left, 'any', uses) ?? expressionOf(left, op, uses));
  if (typeof (Array.isArray(right) ? right[0] : right) === 'string') {
    return apply(op, plainly(left, 'text', uses) ?? expressionOf(left, op, uses), right);
  }
  const receiver = expressionOf(left, op, uses);
  if (places === 1) return apply(op, receiver);
  return apply(op, receiver, Array.isArray(right) ? right : operandOf(right, op, uses));
}

function apply(op: string, receiver: Expression, ...others: unknown[]): Expression {
  return (receiver as unknown as Record<string, (...others: unknown[]) => Expression>)[op]?.(...others) as Expression;
}

/** A column by itself, where that is what it is. */
function plainly(value: Value, use: Use, uses: Uses): Expression | undefined {
  if (!(value instanceof Column)) return undefined;
  uses.note(value.name, use);
  return col(value.name) as unknown as Expression;
}

function folded(op: string, a: number, b: number): number | undefined {
  switch (op) {
    case 'neg':
      return -a;
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return a * b;
    case 'div':
      return a / b;
    default:
      return undefined;
  }
}

function isConstant(value: Value): boolean {
  return value === null || typeof value !== 'object';
}

export function isExpression(value: Value): value is Expression {
  return typeof value === 'object' && value !== null && 'op' in value;
}

/** A value as an expression of numbers. */
export function expressionOf(value: Value, by: string, uses: Uses): Expression {
  const column = plainly(value, 'number', uses);
  if (column) return column;
  const operand = operandOf(value, by, uses);
  return typeof operand === 'number' ? (lit(operand) as unknown as Expression) : operand;
}

/** The same, but that a number may be one. */
function operandOf(value: Value, by: string, uses: Uses): number | Expression {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Column) return expressionOf(value, by, uses);
  if (isExpression(value)) return value;
  throw new UsageError(`${by}: expected a column, a number or an expression of them, got ${show(value)}`);
}

/** What a table has under a name, and not what every object has. */
export function own<T>(table: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

export function refused(by: string, accepted: string, node: Node): UsageError {
  return new UsageError(`${by}: expected ${accepted}; got ${print(node)}`);
}
