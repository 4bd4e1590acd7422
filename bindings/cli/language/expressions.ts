/** Evaluates parsed expressions to oriel's expressions of columns, and notes which columns they read. */

import { col, type Expression, lit, text } from 'oriel';
import { list, show, UsageError } from '../usage-error';
import { type Node, print } from './syntax';

/** How a command uses a column, which decides what values it may have: numbers, strings, or either. */
export type Use = 'number' | 'text' | 'any';

/** The columns that a command reads, with the strictest use of each. */
export class Uses extends Map<string, Use> {
  note(column: string, use: Use): void {
    const before = this.get(column);
    if (before === undefined || before === 'any' || use === 'number') this.set(column, use);
  }
}

/** A bare column whose use is not yet known. */
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

/** Operators and the methods of oriel's expressions for them. Each method can also be called by name. */
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
/** Functions by name, and how many operands each takes, including the one before the dot. */
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

/**
 * Evaluates an expression to a constant, a column, or an oriel expression of columns.
 * @param subject what messages name as the place of an error
 */
export function evaluate(node: Node, subject: string, uses: Uses): Value {
  const value = (inner: unknown) => evaluate(inner as Node, subject, uses);
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
      if (node.operator === '=')
        throw refused(subject, `${print(node.left as Node)} == ${print(node.right as Node)}`, node);
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
  throw refused(
    subject,
    `columns, numbers, strings, operators such as * and >=, and ${list(Object.keys(FUNCTIONS))}`,
    node,
  );
}

/** Applies an operation by its method of oriel's expressions. Constants are folded; `== null` means isMissing. */
function compute(op: string, operands: Value[], node: Node, uses: Uses): Value {
  const operandCount = own(FUNCTIONS, op);
  if (operandCount === undefined) throw refused(op, `one of ${list(Object.keys(FUNCTIONS))}`, node);
  const isExtreme = op === 'min' || op === 'max';
  if (operands.length !== operandCount && !(isExtreme && operands.length > 2)) {
    throw refused(op, operandCount === 1 ? 'one operand' : 'two operands', node);
  }
  if (operands.length > 2) return operands.reduce((left, right) => compute(op, [left, right], node, uses));
  const isEquality = op === 'eq' || op === 'ne';
  const [left, right] = isEquality && isConstant(operands[0]) ? [operands[1], operands[0]] : operands;
  if (isEquality && right === null) {
    const missing = compute('isMissing', [left], node, uses);
    return op === 'eq' ? missing : compute('not', [missing], node, uses);
  }
  if (typeof left === 'number' && (op === 'neg' || typeof right === 'number')) {
    const constant = foldConstants(op, left, right as number);
    if (constant !== undefined) return constant;
  }
  if (op === 'isMissing') return apply(op, bareColumn(left, 'any', uses) ?? expressionOf(left, op, uses));
  if (typeof (Array.isArray(right) ? right[0] : right) === 'string') {
    return apply(op, bareColumn(left, 'text', uses) ?? expressionOf(left, op, uses), right);
  }
  const receiver = expressionOf(left, op, uses);
  if (operandCount === 1) return apply(op, receiver);
  return apply(op, receiver, Array.isArray(right) ? right : operandOf(right, op, uses));
}

function apply(op: string, receiver: Expression, ...others: unknown[]): Expression {
  return (receiver as unknown as Record<string, (...others: unknown[]) => Expression>)[op]?.(...others) as Expression;
}

/** The oriel column of a bare column; undefined for any other value. */
function bareColumn(value: Value, use: Use, uses: Uses): Expression | undefined {
  if (!(value instanceof Column)) return undefined;
  uses.note(value.name, use);
  return col(value.name) as unknown as Expression;
}

function foldConstants(op: string, a: number, b: number): number | undefined {
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

/** Converts a value to a numeric expression. */
export function expressionOf(value: Value, subject: string, uses: Uses): Expression {
  const column = bareColumn(value, 'number', uses);
  if (column) return column;
  const operand = operandOf(value, subject, uses);
  return typeof operand === 'number' ? (lit(operand) as unknown as Expression) : operand;
}

/** Converts a value to a number or a numeric expression. */
function operandOf(value: Value, subject: string, uses: Uses): number | Expression {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Column) return expressionOf(value, subject, uses);
  if (isExpression(value)) return value;
  throw new UsageError(`${subject}: expected a column, a number or an expression of them, got ${show(value)}`);
}

/** Looks up an own property, not one that every object inherits. */
export function own<T>(table: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The error for a node that is not accepted. */
export function refused(subject: string, accepted: string, node: Node): UsageError {
  return new UsageError(`${subject}: expected ${accepted}; got ${print(node)}`);
}
