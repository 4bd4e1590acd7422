/** Translates --window, --where and --agg to windows, conditions and aggregates of oriel. */

import type { Aggregate, Expression, Window } from 'oriel';
import * as oriel from 'oriel';
import { list, show, UsageError } from '../usage-error';
import { Column, evaluate, expressionOf, isExpression, own, refused, type Use, type Uses } from './expressions';
import { type Node, parse, print, TOO_DEEP } from './syntax';

export type AnyAggregate = Aggregate<string, unknown, string>;

/**
 * Aggregates: their arguments (a column of numbers, a column of any kind, or another value), and their named options.
 */
const AGGREGATES: Record<
  string,
  readonly [takes: readonly ('number' | 'any' | 'value')[], options?: readonly string[]]
> = {
  count: [['any']],
  sum: [['number']],
  mean: [['number']],
  min: [['number']],
  max: [['number']],
  range: [['number']],
  product: [['number']],
  first: [['any']],
  last: [['any']],
  variance: [['number']],
  stddev: [['number']],
  skewness: [['number']],
  kurtosis: [['number']],
  covariance: [['number', 'number']],
  correlation: [['number', 'number']],
  regression: [['number', 'number']],
  weightedMean: [['number', 'number']],
  any: [['number']],
  all: [['number']],
  bitAnd: [['number']],
  bitOr: [['number']],
  argmin: [['number', 'any']],
  argmax: [['number', 'any']],
  ohlc: [['number']],
  delta: [['number']],
  rate: [['number'], ['per']],
  increase: [['number'], ['within']],
  ewma: [['number', 'value']],
  quantile: [
    ['number', 'value'],
    ['accuracy', 'exact'],
  ],
  median: [['number']],
  distinct: [['any'], ['precision', 'seed', 'exact']],
  topK: [['any', 'value']],
  histogram: [['number', 'value']],
  collect: [['any'], ['limit']],
  timeWeightedMean: [['number']],
};

/** Windows: the number of their lengths, and their named options. */
const WINDOWS: Record<string, readonly [lengths: number, options: readonly string[]]> = {
  tumbling: [1, ['offset']],
  hopping: [2, ['offset']],
  cumulative: [2, ['offset']],
  session: [1, ['max', 'touching']],
  rolling: [1, ['closed']],
  everything: [0, []],
};

/**
 * Reads aggregates by name: `visits = count(), p99 = quantile(ms, 0.99)`. Without a name an aggregate gets that of its
 * function.
 */
export function readAggregates(texts: readonly string[], uses: Uses): Record<string, AnyAggregate> {
  return within('--agg', () => aggregatesOf(texts, uses));
}

function aggregatesOf(texts: readonly string[], uses: Uses): Record<string, AnyAggregate> {
  const aggregates: Record<string, AnyAggregate> = Object.create(null);
  for (const { name, node } of texts.flatMap((text) => parse(text)).map(named)) {
    const aggregate = aggregateOf(node, uses);
    const title = name ?? nameOf(node);
    if (Object.hasOwn(aggregates, title)) {
      throw new UsageError(`two aggregates are called ${title}: expected a name for each, as in total = sum(bytes)`);
    }
    aggregates[title] = aggregate;
  }
  return aggregates;
}

/** Reads one window, or several by name: `1m`, `1m/10s`, `session(5m)`, `fast = 10s, slow = 1h/1m`. */
export function readWindow(text: string, uses: Uses): Window | Record<string, Window> {
  return within('--window', () => windowsOf(text, uses));
}

function windowsOf(text: string, uses: Uses): Window | Record<string, Window> {
  const windows = parse(text).map(named);
  const [first] = windows;
  if (windows.length === 1 && first?.name === undefined) return windowOf((first as Named).node, uses);
  const record: Record<string, Window> = Object.create(null);
  for (const { name, node } of windows) {
    if (name === undefined || Object.hasOwn(record, name)) {
      throw refused('windows', 'a name of its own for each of several, as in fast = 10s, slow = 1h/1m', node);
    }
    record[name] = windowOf(node, uses);
  }
  return record;
}

/** Reads a condition: `status >= 500 && path != "/health"`. */
export function readCondition(text: string, uses: Uses): Expression {
  return within('--where', () => {
    const [node, more] = parse(text) as [Node, Node?];
    if (more) throw refused('condition', 'a single condition', more);
    return expressionOf(evaluate(node, 'condition', uses), 'condition', uses);
  });
}

/** Puts the name of the option before the message of every error. */
function within<T>(option: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${option}: ${TOO_DEEP}`);
    if (!(error instanceof UsageError || error instanceof oriel.OrielError)) throw error;
    throw new UsageError(`${option}: ${error.message}`);
  }
}

interface Named {
  name: string | undefined;
  node: Node;
}

function named(node: Node): Named {
  if (node.type !== 'BinaryExpression' || node.operator !== '=') return { name: undefined, node };
  const left = node.left as Node;
  const name = left.type === 'Literal' ? left.value : left.type === 'Identifier' ? left.name : undefined;
  if (typeof name !== 'string') throw refused('=', 'a name before it', left);
  return { name, node: node.right as Node };
}

function nameOf(node: Node): string {
  const callee = (node.type === 'CallExpression' ? node.callee : node) as Node;
  return callee.type === 'MemberExpression' ? nameOf(callee.object as Node) : print(callee);
}

function aggregateOf(node: Node, uses: Uses): AnyAggregate {
  const accepted = `one of ${list(Object.keys(AGGREGATES))}, as in count() or sum(bytes)`;
  if (node.type !== 'CallExpression') throw refused('aggregates', accepted, node);
  const callee = node.callee as Node;
  const given = node.arguments as Node[];
  if (callee.type === 'MemberExpression' && print(callee.property as Node) === 'where') {
    const [condition, ...more] = given;
    if (!condition || more.length > 0) throw refused('where', 'one condition', node);
    const aggregate = aggregateOf(callee.object as Node, uses);
    return aggregate.where(expressionOf(evaluate(condition, 'where', uses), 'where', uses) as never) as AnyAggregate;
  }
  const kind = print(callee);
  const [takes, names = []] = own(AGGREGATES, kind) ?? [];
  if (!takes) throw refused('aggregates', accepted, node);
  const read = (argument: Node) => evaluate(argument, kind, uses);
  const { values, options } = argumentsOf(kind, given, takes.length, names, read);
  const inputs = values.map((value, i) => {
    if (takes[i] === 'value') return value;
    if (typeof value === 'string') value = new Column(value);
    if (!(value instanceof Column)) return isExpression(value) ? value : expressionOf(value, kind, uses);
    uses.note(value.name, takes[i] as Use);
    return value.name;
  });
  return call(kind, inputs, takes.length, options) as AnyAggregate;
}

function windowOf(node: Node, uses: Uses): Window {
  const accepted = `a length such as 1m, 1m/10s for hops, or one of ${list(Object.keys(WINDOWS))}, as in session(5m)`;
  if (node.type === 'BinaryExpression' && node.operator === '/') {
    return call('hopping', [lengthOf(node.left as Node), lengthOf(node.right as Node)], 2) as Window;
  }
  if (node.type !== 'CallExpression') {
    const length = node.type === 'Identifier' ? undefined : lengthOf(node);
    if (length === undefined) throw refused('windows', accepted, node);
    return call('tumbling', [length], 1) as Window;
  }
  const kind = print(node.callee as Node);
  const [lengths, names = []] = own(WINDOWS, kind) ?? [];
  if (lengths === undefined) throw refused('windows', accepted, node);
  const { values, options } = argumentsOf(kind, node.arguments as Node[], lengths, names, lengthOf);
  const window = call(kind, values, lengths, options) as Window & { column?: string };
  if (window.column !== undefined) uses.note(window.column, 'number');
  return window;
}

/** Reads a length or another argument of a window. */
function lengthOf(node: Node): unknown {
  if (node.type === 'Literal') return node.value;
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'UnaryExpression' && node.operator === '-') {
    const length = lengthOf(node.argument as Node);
    return typeof length === 'number' ? -length : `-${length}`;
  }
  const kind = node.type === 'CallExpression' ? print(node.callee as Node) : '';
  const given = (node.type === 'CallExpression' ? node.arguments : []) as Node[];
  if (kind === 'rows') return call(kind, argumentsOf(kind, given, 1, [], lengthOf).values, 1);
  if (kind !== 'calendar')
    throw refused('windows', "a length such as 10s, rows(100) or calendar(1, month, 'Europe/Berlin')", node);
  const { values, options } = argumentsOf(kind, given, 3, ['weekStart'], lengthOf);
  return call(kind, values, 3, options);
}

/** Splits the arguments of a call into positional ones and named ones, written as `name = value` or in an object. */
function argumentsOf<T>(
  kind: string,
  nodes: readonly Node[],
  maxValues: number,
  names: readonly string[],
  read: (node: Node) => T,
): { values: T[]; options: Record<string, T> | undefined } {
  const values: T[] = [];
  const options: [string, Node][] = [];
  for (const node of nodes) {
    if (node.type === 'ObjectExpression') {
      for (const { key, value } of node.properties) options.push([nameIn(key as Node), (value ?? key) as Node]);
    } else if (named(node).name !== undefined) {
      options.push([named(node).name as string, named(node).node]);
    } else if (values.push(read(node)) > maxValues) {
      throw refused(kind, maxValues === 1 ? 'one argument' : `${maxValues || 'no'} arguments`, node);
    }
  }
  for (const [name] of options) {
    if (!names.includes(name)) throw new UsageError(`${kind}: no option ${show(name)}; there are ${list(names)}`);
  }
  return {
    values,
    options: options.length ? Object.fromEntries(options.map(([name, node]) => [name, read(node)])) : undefined,
  };
}

function nameIn(key: Node): string {
  return key.type === 'Literal' ? String(key.value) : print(key);
}

/** Calls a function of oriel, with the options as argument number `places`. */
function call(kind: string, values: readonly unknown[], places: number, options?: object): unknown {
  const given = [...values];
  if (options) given[places] = options;
  return (oriel as unknown as Record<string, (...values: unknown[]) => unknown>)[kind]?.(...given);
}
