/** What --window, --where and --agg mean: windows, conditions and aggregates of oriel. */

import type { Aggregate, Expression, Window } from 'oriel';
import * as oriel from 'oriel';
import { list, show, UsageError } from '../usage-error';
import { Column, evaluate, expressionOf, isExpression, own, refused, type Use, type Uses } from './expressions';
import { type Node, parse, print } from './syntax';

export type AnyAggregate = Aggregate<string, unknown, string>;

/** Aggregates: what each takes, columns of numbers, columns of any kind and others; and its options by name. */
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
  distinct: [['any'], ['precision', 'exact']],
  topK: [['any', 'value']],
  histogram: [['number', 'value']],
  collect: [['any'], ['limit']],
  timeWeightedMean: [['number']],
};

/** Windows: how many lengths each takes, and its options by name. */
const WINDOWS: Record<string, readonly [lengths: number, options: readonly string[]]> = {
  tumbling: [1, ['offset']],
  hopping: [2, ['offset']],
  cumulative: [2, ['offset']],
  session: [1, ['max', 'touching']],
  rolling: [1, ['closed']],
  everything: [0, []],
};

/** Figures by name: `visits = count(), p99 = quantile(ms, 0.99)`. One without a name has that of its function. */
export function readAggregates(texts: readonly string[], uses: Uses): Record<string, AnyAggregate> {
  return within('--agg', () => aggregatesOf(texts, uses));
}

function aggregatesOf(texts: readonly string[], uses: Uses): Record<string, AnyAggregate> {
  const figures: Record<string, AnyAggregate> = {};
  for (const { name, node } of texts.flatMap((text) => parse(text)).map(named)) {
    const figure = aggregateOf(node, uses);
    const called = name ?? nameOf(node);
    if (Object.hasOwn(figures, called)) {
      throw new UsageError(`two figures are called ${called}: expected a name for each, as in total = sum(bytes)`);
    }
    figures[called] = figure;
  }
  return figures;
}

/** A window, or several by name: `1m`, `1m/10s`, `session(5m)`, `fast = 10s, slow = 1h/1m`. */
export function readWindow(text: string, uses: Uses): Window | Record<string, Window> {
  return within('--window', () => windowsOf(text, uses));
}

function windowsOf(text: string, uses: Uses): Window | Record<string, Window> {
  const windows = parse(text).map(named);
  const [first] = windows;
  if (windows.length === 1 && first?.name === undefined) return windowOf((first as Named).node, uses);
  const record: Record<string, Window> = {};
  for (const { name, node } of windows) {
    if (name === undefined || Object.hasOwn(record, name)) {
      throw refused('windows', 'a name of its own for each of several, as in fast = 10s, slow = 1h/1m', node);
    }
    record[name] = windowOf(node, uses);
  }
  return record;
}

/** A condition: `status >= 500 && path != "/health"`. */
export function readCondition(text: string, uses: Uses): Expression {
  return within('--where', () => {
    const [node, more] = parse(text) as [Node, Node?];
    if (more) throw refused('condition', 'one alone', more);
    return expressionOf(evaluate(node, 'condition', uses), 'condition', uses);
  });
}

/** Says of every refusal which option it is about. */
function within<T>(option: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
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
  if (node.type !== 'CallExpression') throw refused('figures', accepted, node);
  const callee = node.callee as Node;
  const given = node.arguments as Node[];
  if (callee.type === 'MemberExpression' && print(callee.property as Node) === 'where') {
    const [condition, ...more] = given;
    if (!condition || more.length > 0) throw refused('where', 'one condition', node);
    const figure = aggregateOf(callee.object as Node, uses);
    return figure.where(expressionOf(evaluate(condition, 'where', uses), 'where', uses) as never) as AnyAggregate;
  }
  const kind = print(callee);
  const [takes, names = []] = own(AGGREGATES, kind) ?? [];
  if (!takes) throw refused('figures', accepted, node);
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

/** A length of a window, or another of its parameters. */
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

/** The arguments of a call: those by place, and the others by name, as `name = value` or in an object. */
function argumentsOf<T>(
  kind: string,
  nodes: readonly Node[],
  most: number,
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
    } else if (values.push(read(node)) > most) {
      throw refused(kind, most === 1 ? 'one argument' : `${most || 'no'} arguments`, node);
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

/** What a function of oriel makes of its arguments. */
function call(kind: string, values: readonly unknown[], places: number, options?: object): unknown {
  const given = [...values];
  if (options) given[places] = options;
  return (oriel as unknown as Record<string, (...values: unknown[]) => unknown>)[kind]?.(...given);
}
