/**
 * Columns of measures, and what strings become in those that may hold some. What a spec makes of a column decides:
 *
 *     numbers    sum, arithmetic, comparison with numbers           strings are refused
 *     strings    text(…), comparison with strings                   numbers are refused
 *     either     count, first, distinct and the like, isMissing     what its first value is, it stays
 *
 * The core sees numbers. A string is its hash, which those that are to be given back have in a table of the column (`kept`), while nothing
 * is remembered of those that have only to be told from others (`hashed`); where only strings of the spec are asked for, they have the
 * numbers from 0 on and all others the next (`known`).
 */

import { OrielError, show } from '../base/errors';
import type { AnyAggregate, StringUse } from '../spec/aggregates';
import { CodedStrings, type Given, type Numbers } from '../spec/column-input';
import { Expression } from '../spec/expression';
import { isBigInts, numbersOf, placeOf } from './columns';
import { HashedStrings, hashOf } from './strings';

type Kind = 'string' | 'number';
type Form = 'kept' | 'hashed' | 'known';

/** A column that may hold strings. */
export class TextColumn {
  /** That of its first value. */
  kind: Kind | undefined;
  readonly strings = new HashedStrings();

  constructor(
    readonly name: string,
    readonly accepted: 'strings' | 'either',
    readonly literals: readonly string[],
    /** Whether states and results of aggregates hold its numbers. */
    readonly kept: boolean,
  ) {}

  /** The kind of a value, undefined of a missing one. @throws {OrielError} ERR_ORIEL_COLUMN where it is none, or not the column's */
  kindOf(value: unknown, index?: number): Kind | undefined {
    if (value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value))) return undefined;
    const kind = typeof value === 'bigint' ? 'number' : typeof value;
    const wanted = this.accepted === 'strings' ? 'string' : this.kind;
    if ((kind === 'string' || kind === 'number') && (wanted === undefined || kind === wanted)) return kind;
    const before = this.accepted === 'strings' ? '' : ', as the values before';
    const accepted = wanted ? `a ${wanted}${before}, or nothing` : 'a string, a number or nothing';
    throw new OrielError('ERR_ORIEL_COLUMN', `${placeOf(this.name, index)}: expected ${accepted}, got ${show(value)}`);
  }

  /** The kind of a whole column. @throws as `kindOf`, naming the index */
  kindOfColumn(column: Given | CodedStrings): Kind | undefined {
    const before = this.kind;
    try {
      if (column instanceof CodedStrings) {
        // All of them are strings, or missing.
        const first = column.codes.findIndex((code) => typeof column.list[code] === 'string');
        return first < 0 ? before : this.kindOf(column.at(first), first);
      }
      if (!Array.isArray(column)) {
        const first = isBigInts(column)
          ? column.length - 1
          : (column as Numbers).findIndex((value) => !Number.isNaN(value));
        return first < 0 ? before : this.kindOf(column[first], first);
      }
      for (let i = 0; i < column.length; i++) this.kind = this.kindOf(column[i], i) ?? this.kind;
      return this.kind;
    } finally {
      this.kind = before;
    }
  }

  /** What stands for a value of the right kind in the ring. */
  numberOf(value: unknown, form: Form): number {
    if (typeof value === 'number') return value;
    if (value === null || value === undefined) return Number.NaN;
    if (typeof value !== 'string') return Number(value);
    if (form === 'kept') return this.strings.numberOf(value);
    if (form === 'hashed') return hashOf(value);
    const known = this.literals.indexOf(value);
    return known < 0 ? this.literals.length : known;
  }

  /** Whether what it holds are strings. */
  get isText(): boolean {
    return this.kind === undefined ? this.accepted === 'strings' : this.kind === 'string';
  }

  /** The value that a number stands for; null of strings where it is missing. */
  readonly read = (number: number): string | number | null => {
    if (!this.isText) return number;
    return Number.isNaN(number) ? null : (this.strings.stringOf(number) as string);
  };

  /** A whole column of them. */
  readAll(numbers: Float64Array<ArrayBuffer>): ArrayLike<unknown> {
    return this.isText ? Array.from(numbers, this.read) : numbers;
  }

  /** A column of values of the right kind as the ring has it. */
  numbersOf(values: Given | CodedStrings, form: Form): Numbers {
    if (values instanceof CodedStrings) return this.#numbersOfCoded(values, form);
    if (!Array.isArray(values)) return numbersOf(this.name, values);
    const numbers = new Float64Array(values.length);
    for (let i = 0; i < values.length; i++) numbers[i] = this.numberOf(values[i], form);
    return numbers;
  }

  /** Each string that comes is looked at once. */
  #numbersOfCoded({ codes, list }: CodedStrings, form: Form): Numbers {
    const known = new Float64Array(list.length).fill(Number.NaN);
    const numbers = new Float64Array(codes.length).fill(Number.NaN);
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i] as number;
      const value = list[code];
      if (typeof value !== 'string') continue;
      if (Number.isNaN(known[code])) known[code] = this.numberOf(value, form);
      numbers[i] = known[code] as number;
    }
    return numbers;
  }

  /** The first of n numbers, written into the ring in place of strings, that stands for none; -1. */
  badNumber(numbers: Float64Array, form: Form): number {
    if (form === 'hashed') return -1;
    const { strings, literals } = this;
    const isOne = (number: number) =>
      form === 'kept'
        ? strings.stringOf(number) !== undefined
        : literals[number] !== undefined || number === literals.length;
    return numbers.findIndex((number) => !Number.isNaN(number) && !isOne(number));
  }
}

/** A column of the ring that may hold strings. */
export interface TextMeasure {
  readonly column: TextColumn;
  readonly form: Form;
}

/** What is known of a column from all that the spec makes of it. */
interface Use {
  numbers?: string;
  strings?: string;
  literals: Set<string>;
  kept: boolean;
  hashed: boolean;
}

/** The columns that a spec reads, gathered one use after the other and then settled: their places in the ring. */
export class Measures {
  readonly #uses = new Map<string, Use>();
  /** Of numbers, by name; their places are the first. */
  readonly plain: string[] = [];
  /** And after them those that may hold strings. */
  readonly texts: TextMeasure[] = [];

  #use(name: string): Use {
    let use = this.#uses.get(name);
    if (!use) {
      use = { literals: new Set(), kept: false, hashed: false };
      this.#uses.set(name, use);
    }
    return use;
  }

  /** A column of numbers. */
  addNumbers(name: string, by: string): void {
    this.#use(name).numbers ??= by;
  }

  /** A column of an aggregate, or an expression in its place. */
  addColumn(of: string | Expression, texts: StringUse, by: string): void {
    const leaf = leafOf(of);
    if (leaf === undefined) {
      this.addExpression(of as Expression);
      return;
    }
    if (texts === 'none') this.addNumbers(leaf, by);
    const use = this.#use(leaf);
    if (of instanceof Expression && of.op === 'text') use.strings ??= by;
    if (texts === 'kept') use.kept = true;
    if (texts === 'hashed') use.hashed = true;
  }

  addExpression(expression: Expression): void {
    const seen = new Set<Expression>();
    const walk = (one: Expression): void => {
      if (seen.has(one)) return;
      seen.add(one);
      const [first, ...rest] = one.operands;
      for (const operand of one.operands) {
        if (!(operand instanceof Expression)) continue;
        const name = leafOf(operand);
        if (name === undefined) walk(operand);
        else if (operand.op === 'text') this.#use(name).strings ??= one.op;
        else if (one.op !== 'isMissing') this.addNumbers(name, one.op);
        else this.#use(name);
      }
      if (!(first instanceof Expression) || first.op !== 'text') return;
      for (const literal of rest) this.#use(first.operands[0] as string).literals.add(literal as string);
    };
    const name = leafOf(expression);
    if (name === undefined) walk(expression);
    else this.addNumbers(name, 'where');
  }

  /**
   * Gives every column its place. @param remembers whether events are given back, to functions of the spec: no string is forgotten before
   * @throws {OrielError} ERR_ORIEL_SPEC where a column is to hold both numbers and strings
   */
  settle(remembers: boolean): void {
    for (const [name, { numbers, strings, literals, kept, hashed }] of this.#uses) {
      if (numbers !== undefined && strings !== undefined) {
        const message = `column ${show(name)}: expected one kind of values, got numbers for ${numbers} and strings for ${strings}`;
        throw new OrielError('ERR_ORIEL_SPEC', message);
      }
      if (numbers !== undefined) {
        this.plain.push(name);
        continue;
      }
      const accepted = strings === undefined ? 'either' : 'strings';
      const column = new TextColumn(name, accepted, [...literals], kept);
      this.texts.push({ column, form: kept || remembers ? 'kept' : hashed ? 'hashed' : 'known' });
    }
  }

  /** How many columns of the ring there are. */
  get count(): number {
    return this.plain.length + this.texts.length;
  }

  /** Columns that may hold strings. */
  get columns(): readonly TextColumn[] {
    return this.texts.map(({ column }) => column);
  }

  /** Kinds of the columns that may hold strings; to be settled when all else is right, and put back after a call that came to nothing. */
  get kinds(): readonly (Kind | undefined)[] {
    return this.columns.map(({ kind }) => kind);
  }

  set kinds(kinds: readonly (Kind | undefined)[]) {
    this.columns.forEach((column, i) => {
      column.kind = kinds[i];
    });
  }

  /** Names of all columns, with their places; of those that stand there in several forms the first. */
  places(): Map<string, number> {
    const places = new Map<string, number>();
    for (const [i, name] of [...this.plain, ...this.texts.map(({ column }) => column.name)].entries()) {
      if (!places.has(name)) places.set(name, i);
    }
    return places;
  }

  /** What stands at that place of the ring, where it may be strings. */
  textAt(place: number): TextMeasure | undefined {
    return this.texts[place - this.plain.length];
  }

  /**
   * Forgets strings where it is time to, between calls. Of a column whose strings no aggregate gives back only those of events at hand are known;
   * of others `forget` says what to keep.
   */
  sweep(forget: (column: TextColumn) => void): void {
    for (const { column, form } of this.texts) {
      if (form !== 'kept' || !column.strings.full) continue;
      if (column.kept) forget(column);
      else column.strings.clear();
    }
  }

  /** Whether some states hold strings that are to be given back. */
  get isKept(): boolean {
    return this.texts.some(({ column }) => column.kept);
  }

  /** Place in the ring of a column. */
  placeOf(name: string): number {
    const plain = this.plain.indexOf(name);
    return plain >= 0 ? plain : this.plain.length + this.texts.findIndex(({ column }) => column.name === name);
  }

  /** What stands for a string of the spec. */
  literal(name: string, value: string): number {
    const text = this.texts.find(({ column }) => column.name === name);
    return text?.form === 'known' ? text.column.literals.indexOf(value) : hashOf(value);
  }

  /** The column whose strings an aggregate gives back. */
  columnOf({ columns, texts }: AnyAggregate): TextColumn | undefined {
    const kept = columns[texts.indexOf('kept')];
    const name = kept === undefined ? undefined : leafOf(kept);
    return name === undefined ? undefined : this.texts.find(({ column }) => column.name === name)?.column;
  }
}

/** The name of a column that stands by itself. */
export function leafOf(of: string | Expression): string | undefined {
  if (typeof of === 'string') return of;
  return of.op === 'col' || of.op === 'text' ? (of.operands[0] as string) : undefined;
}
