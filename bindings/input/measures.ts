/**
 * The columns of measures, and how strings are represented in them. How a spec uses a column decides which values it
 * may hold:
 *
 *     numbers    sum, arithmetic, comparison with numbers           strings are refused
 *     strings    text(…), comparison with strings                   numbers are refused
 *     either     count, first, distinct and the like, isMissing     the kind of its first value
 *
 * The core sees only numbers. A string has one of three forms:
 *
 *     kept       its hash; a table of the column maps hashes back to strings, for results and functions of the spec
 *     hashed     its hash alone; strings only have to be told apart
 *     known      its index among the column's literals in the spec; all other strings have the next index
 *
 * Hashes have a seed of the stream, so that nobody can find two strings with one hash. Where results depend on the
 * hashes themselves (the estimate of `distinct`, the order of equal counts in `topK`) they have none: such results are
 * the same in all streams. If such a column also has to tell strings apart exactly, its strings are kept: in a table
 * strings are compared themselves.
 */

import { OrielError, show } from '../base/errors';
import { isInherited } from '../base/record';
import type { AnyAggregate, StringUse } from '../spec/aggregates';
import { CodedStrings, type Given, type Numbers } from '../spec/column-input';
import { Expression } from '../spec/expression';
import { isBigInts, numbersOf, placeOf } from './columns';
import { FIXED_SEED, HashedStrings, hashOf, StringLedger, type StringTable } from './strings';

export type TextKind = 'string' | 'number';
type Form = 'kept' | 'hashed' | 'known';

/** A column that may hold strings. */
export class TextColumn {
  /** The kind of its first value; undefined before that. */
  kind: TextKind | undefined;
  readonly strings: HashedStrings;

  /** @param seed of the hashes */
  constructor(
    readonly name: string,
    readonly accepted: 'strings' | 'either',
    readonly literals: readonly string[],
    /** Whether strings are needed as long as states or results hold their hashes. */
    readonly kept: boolean,
    seed: number,
    ledger = new StringLedger(),
  ) {
    this.strings = new HashedStrings(seed, ledger, literals);
  }

  /**
   * Returns the kind of a value, undefined if it is missing.
   * @throws {OrielError} ERR_ORIEL_COLUMN if it is neither a string nor a number, or not of the column's kind
   */
  kindOf(value: unknown, index?: number): TextKind | undefined {
    if (value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value))) return undefined;
    if (isInherited(this.name, value)) return undefined;
    const kind = typeof value === 'bigint' ? 'number' : typeof value;
    const wanted = this.accepted === 'strings' ? 'string' : this.kind;
    if ((kind === 'string' || kind === 'number') && (wanted === undefined || kind === wanted)) return kind;
    const before = this.accepted === 'strings' ? '' : ', as the values before';
    const accepted = wanted ? `a ${wanted}${before}, or nothing` : 'a string, a number or nothing';
    throw new OrielError('ERR_ORIEL_COLUMN', `${placeOf(this.name, index)}: expected ${accepted}, got ${show(value)}`);
  }

  /**
   * Checks a whole column and returns its kind; if all values are missing, the kind that is settled so far. Settles
   * nothing.
   * @throws as `kindOf`, naming the index
   */
  kindOfColumn(column: Given | CodedStrings): TextKind | undefined {
    const before = this.kind;
    try {
      if (column instanceof CodedStrings) {
        // Its values are strings or missing, so the first string decides.
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

  /** Returns the number that represents a value in the ring. The value must have been checked. */
  numberOf(value: unknown, form: Form): number {
    if (typeof value === 'number') return value;
    if (value === null || value === undefined) return Number.NaN;
    if (typeof value !== 'string') return isInherited(this.name, value) ? Number.NaN : Number(value);
    if (form === 'kept') return this.strings.numberOf(value);
    if (form === 'hashed') return this.#hashOf(value);
    const known = this.literals.indexOf(value);
    return known < 0 ? this.literals.length : known;
  }

  /** The hash of a string; another number if a literal has that hash. */
  #hashOf(value: string): number {
    const hash = hashOf(value, this.strings.seed);
    if (this.literals.length === 0) return hash;
    const literal = this.strings.stringOf(hash);
    if (literal === undefined || literal === value) return hash;
    return this.literals.includes(value) ? this.strings.numberOf(value) : -hash;
  }

  /** Whether the column holds strings. */
  get isText(): boolean {
    return this.kind === undefined ? this.accepted === 'strings' : this.kind === 'string';
  }

  /** Returns the value that a number represents: the number itself, or a string, null if it is missing. */
  readonly read = (number: number): string | number | null => {
    if (!this.isText) return number;
    return Number.isNaN(number) ? null : (this.strings.stringOf(number) as string);
  };

  /** Returns the values that the numbers of a whole column represent. */
  readAll(numbers: Float64Array<ArrayBuffer>): ArrayLike<unknown> {
    return this.isText ? Array.from(numbers, this.read) : numbers;
  }

  /** Converts a checked column to the numbers that represent it in the ring. */
  numbersOf(values: Given | CodedStrings, form: Form): Numbers {
    if (values instanceof CodedStrings) return this.#numbersOfCoded(values, form);
    if (!Array.isArray(values)) return numbersOf(this.name, values);
    const numbers = new Float64Array(values.length);
    for (let i = 0; i < values.length; i++) numbers[i] = this.numberOf(values[i], form);
    return numbers;
  }

  /** Converts a dictionary-encoded column, hashing each string that occurs once. */
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

  /**
   * Index of the first number, of those written to the ring in place of strings, that represents no string; -1 if there
   * is none.
   */
  badNumber(numbers: Float64Array, form: Form, table: StringTable): number {
    if (form === 'hashed') return -1;
    const { literals } = this;
    const isOne = (number: number) =>
      form === 'kept' ? table.has(number) : literals[number] !== undefined || number === literals.length;
    return numbers.findIndex((number) => !Number.isNaN(number) && !isOne(number));
  }
}

/** A column of the ring that may hold strings. */
export interface TextMeasure {
  readonly column: TextColumn;
  readonly form: Form;
}

/** How a spec uses a column. `numbers` and `strings` name the first use that needs this kind of values. */
interface Use {
  numbers?: string;
  strings?: string;
  literals: Set<string>;
  kept: boolean;
  hashed: boolean;
  /** Whether results depend on the hashes themselves. */
  fixed: boolean;
}

/**
 * The columns of measures that a spec reads, with their places in the ring. Report every use of a column with the
 * `add…` methods, then call `settle`.
 */
export class Measures {
  readonly #uses = new Map<string, Use>();
  /** Names of the columns of numbers. Column i of the ring's measures is `plain[i]`. */
  readonly plain: string[] = [];
  /** The columns that may hold strings; they follow the columns of numbers. */
  readonly texts: TextMeasure[] = [];
  /** What the strings of the stream take. */
  readonly ledger = new StringLedger();

  #use(name: string): Use {
    let use = this.#uses.get(name);
    if (!use) {
      use = { literals: new Set(), kept: false, hashed: false, fixed: false };
      this.#uses.set(name, use);
    }
    return use;
  }

  /** Reports that `by` reads a column as numbers. */
  addNumbers(name: string, by: string): void {
    this.#use(name).numbers ??= by;
  }

  /** Reports the input of an aggregate: a column, or an expression. `by` names the aggregate in messages. */
  addColumn(of: string | Expression, texts: StringUse, by: string): void {
    const leaf = leafOf(of);
    if (leaf === undefined) {
      this.addExpression(of as Expression);
      return;
    }
    if (texts === 'none') this.addNumbers(leaf, by);
    const use = this.#use(leaf);
    if (of instanceof Expression && of.op === 'text') use.strings ??= by;
    if (texts === 'kept' || texts === 'ranked') use.kept = true;
    if (texts === 'hashed') use.hashed = true;
    if (texts === 'estimated' || texts === 'ranked') use.fixed = true;
  }

  /** Reports the columns that an expression reads. */
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
   * Gives every column its place in the ring.
   * @param remembers whether events are passed back to functions of the spec, so that strings must be kept until the
   *   end of a call
   * @param seed the stream's seed of hashes
   * @throws {OrielError} ERR_ORIEL_SPEC if the spec needs both numbers and strings in one column
   */
  settle(remembers: boolean, seed: number): void {
    for (const [name, { numbers, strings, literals, kept: isReturned, hashed, fixed }] of this.#uses) {
      if (numbers !== undefined && strings !== undefined) {
        const got = `numbers for ${numbers} and strings for ${strings}`;
        const message = `column ${show(name)}: expected one kind of values, got ${got}`;
        throw new OrielError('ERR_ORIEL_SPEC', message);
      }
      if (numbers !== undefined) {
        this.plain.push(name);
        continue;
      }
      const accepted = strings === undefined ? 'either' : 'strings';
      const kept = isReturned || (fixed && hashed);
      const column = new TextColumn(name, accepted, [...literals], kept, fixed ? FIXED_SEED : seed, this.ledger);
      this.texts.push({ column, form: kept || remembers ? 'kept' : hashed || fixed ? 'hashed' : 'known' });
    }
    this.ledger.settle();
  }

  /** Number of the ring's columns that hold measures. */
  get count(): number {
    return this.plain.length + this.texts.length;
  }

  /** The columns that may hold strings. */
  get columns(): readonly TextColumn[] {
    return this.texts.map(({ column }) => column);
  }

  /** The place of each column, by name. */
  places(): Map<string, number> {
    const places = new Map<string, number>();
    for (const [i, name] of [...this.plain, ...this.texts.map(({ column }) => column.name)].entries()) {
      if (!places.has(name)) places.set(name, i);
    }
    return places;
  }

  /** The column at a place of the ring; undefined if it holds only numbers. */
  textAt(place: number): TextMeasure | undefined {
    return this.texts[place - this.plain.length];
  }

  /**
   * Forgets strings of columns whose tables are full, or of all if `isShort`. If states and results need none of a
   * column, all of them are forgotten; otherwise `forget` decides which.
   * @param isBetween whether this is between two calls, so that no event needs its strings
   * @returns whether any string was forgotten
   */
  sweep(isShort: boolean, isBetween: boolean, forget: (strings: HashedStrings) => void): boolean {
    const before = this.ledger.bytes;
    for (const { column, form } of this.texts) {
      const { strings, kept } = column;
      if (form !== 'kept' || !(isShort || strings.full)) continue;
      if (kept || !isBetween) forget(strings);
      else strings.clear();
    }
    return this.ledger.bytes < before;
  }

  /** The place of a column in the ring. */
  placeOf(name: string): number {
    const plain = this.plain.indexOf(name);
    return plain >= 0 ? plain : this.plain.length + this.texts.findIndex(({ column }) => column.name === name);
  }

  /** The number that represents a literal string of the spec in a column. */
  literal(name: string, value: string): number {
    const text = this.texts.find(({ column }) => column.name === name);
    if (!text || text.form === 'known') return text?.column.literals.indexOf(value) ?? -1;
    return text.column.strings.numberOf(value);
  }

  /** The column whose values an aggregate returns; undefined if it returns none. */
  columnOf({ columns, texts }: AnyAggregate): TextColumn | undefined {
    const kept = columns[texts.findIndex((use) => use === 'kept' || use === 'ranked')];
    const name = kept === undefined ? undefined : leafOf(kept);
    return name === undefined ? undefined : this.texts.find(({ column }) => column.name === name)?.column;
  }
}

/** The name of a bare column; undefined for any other expression. */
export function leafOf(of: string | Expression): string | undefined {
  if (typeof of === 'string') return of;
  return of.op === 'col' || of.op === 'text' ? (of.operands[0] as string) : undefined;
}
