/**
 * Compiles expressions to a program: instructions that the core runs over whole columns
 * (assembly/ingest/expression.ts).
 *
 *     expressions ──▶ nodes without duplicates ──▶ instructions in order ──▶ registers, reused when dead
 *
 * A node is identified by its operation and the numbers of its operands, so an expression that occurs in several
 * aggregates is computed once. Law: operands have lower numbers than the nodes that use them, so nodes in order of
 * their numbers can be computed one by one.
 */

import { Instruction, Op, Place } from '../../assembly/plan';
import { leafOf, type Measures } from '../input/measures';
import { Expression } from '../spec/expression';

type Node =
  | { readonly column: number }
  | { readonly constant: number }
  | { readonly op: Op; readonly operands: readonly number[]; readonly list: readonly number[]; result?: number };

/** Commutative operations: their operands are sorted, so that `a + b` and `b + a` are one node. */
const SYMMETRIC: readonly Op[] = [Op.add, Op.mul, Op.min, Op.max, Op.eq, Op.ne, Op.and, Op.or];

export class Program {
  readonly #nodes: Node[] = [];
  /** Numbers of nodes by name: see `nameOf`. */
  readonly #known = new Map<string, number>();
  /** Numbers of nodes by expression. */
  readonly #of = new Map<Expression, number>();
  #columns = 0;

  /** @param first index of the first column of the ring that is free for results */
  constructor(
    readonly measures: Measures,
    readonly first: number,
  ) {}

  /** Number of the ring's columns that the program fills or that are reserved. */
  get columns(): number {
    return this.#columns;
  }

  /** Reserves a column of the ring that something else fills and returns its index. */
  reserve(): number {
    return this.first + this.#columns++;
  }

  /** Index of the ring's column that will hold an expression. */
  column(expression: Expression): number {
    return this.#result(this.#node(expression));
  }

  /** Index of the column that holds a measure where a condition is true and NaN elsewhere. */
  selected(condition: Expression, measure: number | Expression): number {
    const value = typeof measure === 'number' ? this.#add({ column: measure }) : this.#node(measure);
    return this.#result(this.#operation(Op.select, [this.#node(condition), value]));
  }

  /** Number of an expression's node; adds the nodes that are missing. */
  #node(expression: Expression): number {
    const known = this.#of.get(expression);
    if (known !== undefined) return known;
    const { op, operands } = expression;
    const name = leafOf(expression);
    let node: number;
    if (name !== undefined) node = this.#add({ column: this.measures.placeOf(name) });
    else if (op === 'lit') node = this.#add({ constant: operands[0] as number });
    else {
      const [first] = operands as [Expression];
      const number = (given: string | number) =>
        typeof given === 'number' ? given : this.measures.literal(leafOf(first) as string, given);
      if (op === 'isIn')
        node = this.#operation(Op.isIn, [this.#node(first)], (operands.slice(1) as number[]).map(number));
      else {
        const numbers = operands.map((one) =>
          one instanceof Expression ? this.#node(one) : this.#add({ constant: number(one) }),
        );
        node = this.#operation(Op[op as 'add'], numbers);
      }
    }
    this.#of.set(expression, node);
    return node;
  }

  #operation(op: Op, operands: readonly number[], list: readonly number[] = []): number {
    return this.#add({
      op,
      operands: SYMMETRIC.includes(op) ? operands.toSorted((a, b) => a - b) : operands,
      list: [...new Set(list)].sort((a, b) => a - b),
    });
  }

  #add(node: Node): number {
    const name = nameOf(node);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    this.#known.set(name, this.#nodes.push(node) - 1);
    return this.#nodes.length - 1;
  }

  /**
   * Index of the column that holds a node's values; gives the node one if it has none. A constant is stored as max(c,
   * c).
   */
  #result(number: number): number {
    const node = this.#nodes[number] as Node;
    if ('column' in node) return node.column;
    if ('constant' in node) return this.#result(this.#operation(Op.max, [number, number]));
    node.result ??= this.first + this.#columns++;
    return node.result;
  }

  /** Orders the instructions and assigns registers. */
  assemble(): Assembled {
    const lastUse = new Map<number, number>();
    this.#nodes.forEach((node, i) => {
      if ('op' in node) for (const operand of node.operands) lastUse.set(operand, i);
    });
    const constants: number[] = [];
    const constant = (...numbers: number[]) => constants.push(...numbers) - numbers.length;
    const steps: Step[] = [];
    const registerOf = new Map<number, number>();
    const free: number[] = [];
    let registers = 0;

    const place = (number: number): Operand => {
      const node = this.#nodes[number] as Node;
      if ('column' in node) return [Place.column, node.column];
      if ('constant' in node) return [Place.constant, constant(node.constant)];
      return node.result === undefined ? [Place.register, registerOf.get(number) ?? 0] : [Place.column, node.result];
    };
    this.#nodes.forEach((node, i) => {
      if (!('op' in node)) return;
      const [left, right = left] = node.operands.map(place) as [Operand, Operand?];
      for (const operand of new Set(node.operands)) {
        const register = registerOf.get(operand);
        if (register !== undefined && lastUse.get(operand) === i) free.push(register);
      }
      if (node.result === undefined) registerOf.set(i, free.pop() ?? registers++);
      const isList = node.op === Op.isIn;
      steps.push({
        op: node.op,
        into: place(i),
        left,
        right: isList ? [Place.constant, constant(...node.list)] : right,
        count: node.list.length,
      });
    });
    return { steps, constants, registers };
  }
}

type Operand = readonly [place: Place, number: number];

interface Step {
  op: Op;
  into: Operand;
  left: Operand;
  right: Operand;
  count: number;
}

export interface Assembled {
  steps: readonly Step[];
  constants: readonly number[];
  registers: number;
}

/** Size of a program in the plan, in bytes. A constant takes 16: it is stored in both lanes of a vector. */
export function programBytes({ steps, constants }: Assembled): number {
  return steps.length * Instruction.bytes + constants.length * 16;
}

/** Writes a program to byte `at` of the view, which is `offset` bytes after the start of the plan. */
export function writeProgram({ steps, constants }: Assembled, view: DataView, at: number, offset: number): void {
  const pool = steps.length * Instruction.bytes;
  const operand = (where: number, [place, number]: Operand) => {
    view.setUint32(where, place === Place.constant ? offset + pool + number * 16 : number, true);
    view.setUint32(where + 4, place, true);
  };
  steps.forEach(({ op, into, left, right, count }, i) => {
    const step = at + i * Instruction.bytes;
    view.setUint32(step + Instruction.op, op, true);
    operand(step + Instruction.into, into);
    operand(step + Instruction.left, left);
    operand(step + Instruction.right, right);
    view.setUint32(step + Instruction.count, count, true);
  });
  constants.forEach((constant, i) => {
    view.setFloat64(at + pool + i * 16, constant, true);
    view.setFloat64(at + pool + i * 16 + 8, constant, true);
  });
}

/** A string that is equal for equal nodes. */
function nameOf(node: Node): string {
  if ('column' in node) return `column ${node.column}`;
  if ('constant' in node) return `constant ${Object.is(node.constant, -0) ? '-0' : node.constant}`;
  return [Op[node.op], ...node.operands, 'of', ...node.list].join(' ');
}
