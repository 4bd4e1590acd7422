/** Parses --window, --where and --agg: JavaScript expressions, plus durations, `and`, `or`, `in` and `name = …`. */

import objects, { type ObjectExpression } from '@jsep-plugin/object';
import jsep from 'jsep';
import { UsageError } from '../usage-error';

export type Node = jsep.CoreExpression | ObjectExpression;

jsep.plugins.register(objects, {
  name: 'durations',
  init() {
    jsep.hooks.add('gobble-token', function (env) {
      const [text, duration] =
        /^(\d+(?:\.\d+)?(?:ms|[smhdw]))(?![\w$])|^\d[\d.]*(?!e[-+\d])[a-z]\w*/i.exec(this.expr.slice(this.index)) ?? [];
      if (text === undefined) return;
      if (!duration) this.throwError(`expected a duration such as 250ms, 10s, 5m, 1h, 1d or 1w, got ${text}`);
      this.index += text.length;
      env.node = { type: 'Literal', value: duration, raw: duration };
    });
  },
});
jsep.addBinaryOp('=', 0.5);
jsep.addBinaryOp('or', 1);
jsep.addBinaryOp('and', 2);
jsep.addBinaryOp('in', 7);

/**
 * What is wrong if reading an expression throws a RangeError: the stack is full, as each level of parentheses and
 * operators takes a few calls.
 */
export const TOO_DEEP = 'expected fewer parentheses and operators inside each other';

/** Parses the expressions in a text. @throws {UsageError} showing the place in the text; {RangeError} see TOO_DEEP */
export function parse(text: string): Node[] {
  try {
    const node = jsep(text) as Node;
    const nodes = node.type === 'Compound' ? (node.body as Node[]) : [node];
    if (nodes.length > 0) return nodes;
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const { index, description } = error as { index: number; description: string };
    const reason = description.charAt(0).toLowerCase() + description.slice(1);
    throw new UsageError(`${reason}\n  ${text}\n  ${' '.repeat(index)}^`);
  }
  throw new UsageError('expected an expression, got nothing');
}

/** Prints an expression as text. */
export function print(node: Node): string {
  switch (node.type) {
    case 'Literal':
      return node.raw;
    case 'Identifier':
      return node.name;
    case 'MemberExpression':
      return `${print(node.object as Node)}.${print(node.property as Node)}`;
    case 'CallExpression':
      return `${print(node.callee as Node)}(${printAll(node.arguments)})`;
    case 'UnaryExpression':
      return `${node.operator}${print(node.argument as Node)}`;
    case 'BinaryExpression':
      return `(${print(node.left as Node)} ${node.operator} ${print(node.right as Node)})`;
    case 'ArrayExpression':
      return `[${printAll(node.elements)}]`;
    case 'ObjectExpression':
      return `{${printAll(node.properties.flatMap(({ value }) => value ?? []))}}`;
    default:
      return node.type === 'ThisExpression' ? 'this' : `a ${node.type}`;
  }
}

function printAll(nodes: readonly (jsep.Expression | null)[]): string {
  return nodes.map((node) => (node ? print(node as Node) : '')).join(', ');
}
