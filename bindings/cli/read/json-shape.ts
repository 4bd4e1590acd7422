/**
 * Reads lines of JSON that differ only in their values, like the lines that one program writes. A shape is the text
 * between the values:
 *
 *     {"at":1767225600004,"user":"ada","ms":9.23}
 *     ~~~~~~             ~~~~~~~~     ~~~~~~    ~
 *
 * A line with the same text between its values is valid if its values are, so only the values are read. JSON.parse
 * reads all other lines, and new shapes are learned from them.
 */

import type { RowBuilder } from './row-builder';
import { Cursor, closingQuote, readNumber } from './scan';

const QUOTE = 34;
const COMMA = 44;
const NEWLINE = 10;
const RETURN = 13;
const BACKSLASH = 92;

/** Maximum nesting of objects and lists in a shape. */
const MAX_DEPTH = 16;

/** The place of a value in a line. */
interface Slot {
  /** The text before it: as 32-bit words, then up to three bytes. */
  readonly words: Int32Array;
  readonly rest: Buffer;
  /** The field whose value it is; -1 if it is not read. */
  readonly field: number;
}

/** A field that lines of the shape do not have, and its converted value. */
interface AbsentField {
  readonly field: number;
  readonly value: unknown;
}

export class JsonShape {
  readonly #builder: RowBuilder;
  readonly #slots: readonly Slot[];
  readonly #after: Buffer;
  readonly #absent: readonly AbsentField[];
  readonly #cursor = new Cursor();

  private constructor(builder: RowBuilder, slots: readonly Slot[], after: Buffer, absent: readonly AbsentField[]) {
    this.#builder = builder;
    this.#slots = slots;
    this.#after = after;
    this.#absent = absent;
  }

  /** The shape of a line that JSON.parse accepted; undefined if it cannot be used for other lines. */
  static of(
    line: Buffer,
    event: unknown,
    getters: readonly ((event: never) => unknown)[],
    builder: RowBuilder,
  ): JsonShape | undefined {
    const values = valuesIn(line);
    if (!values) return undefined;
    const places = new Map<number, number>();
    const absent: AbsentField[] = [];
    for (const [f, { name }] of builder.fields.entries()) {
      const value = getters[f]?.(event as never);
      const place = values.findIndex(({ path }) => path === name);
      if (values.findLastIndex(({ path }) => path === name) > place) return undefined;
      if (place >= 0 && Object.is(JSON.parse(values[place]?.text as string), value)) places.set(place, f);
      else if (place < 0 && value === undefined) absent.push({ field: f, value: builder.converts[f]?.(undefined) });
      else return undefined;
    }
    const slots = values.map(({ from }, i) => {
      const before = Buffer.from(line.subarray(values[i - 1]?.to ?? 0, from));
      const whole = before.length & ~3;
      const words = Int32Array.from({ length: whole / 4 }, (_, i) => before.readInt32LE(4 * i));
      return { words, rest: before.subarray(whole), field: places.get(i) ?? -1 };
    });
    return new JsonShape(builder, slots, Buffer.from(line.subarray(values.at(-1)?.to ?? 0)), absent);
  }

  /**
   * Reads a line, which ends with a newline, into the row after the last one of the batch.
   * @returns where the next line begins; -1 if the line has another shape
   * @throws {BadValue}
   */
  read(bytes: Buffer, view: DataView, from: number): number {
    const builder = this.#builder;
    const slots = this.#slots;
    const cursor = this.#cursor;
    let at = from;
    for (let s = 0; s < slots.length; s++) {
      const { words, rest, field } = slots[s] as Slot;
      if (at + 4 * words.length > bytes.length) return -1;
      for (let i = 0; i < words.length; i++, at += 4) if (view.getInt32(at, true) !== words[i]) return -1;
      for (let i = 0; i < rest.length; i++) if (bytes[at++] !== rest[i]) return -1;
      const c = bytes[at] as number;
      if (c === QUOTE) {
        const to = closingQuote(bytes, at + 1);
        if (to >= 0) {
          if (field >= 0) builder.putString(field, bytes, at + 1, to);
          at = to + 1;
        } else {
          at = field < 0 ? skipString(bytes, at + 1) : -1;
          if (at < 0) return -1;
        }
      } else if (c === 45 || (c >= 48 && c <= 57)) {
        cursor.at = at;
        const number = readNumber(bytes, cursor);
        if (Number.isNaN(number)) return -1;
        at = cursor.at;
        if (field >= 0) builder.putNumber(field, number);
      } else {
        const word = c === 116 ? TRUE : c === 102 ? FALSE : NULL;
        for (let i = 0; i < word.length; i++) if (bytes[at++] !== word[i]) return -1;
        if (field >= 0) builder.put(field, word === NULL ? null : word === TRUE);
      }
    }
    const after = this.#after;
    for (let i = 0; i < after.length; i++) if (bytes[at++] !== after[i]) return -1;
    if (bytes[at] === RETURN) at++;
    if (bytes[at] !== NEWLINE) return -1;
    const absent = this.#absent;
    for (let i = 0; i < absent.length; i++) {
      const { field, value } = absent[i] as AbsentField;
      builder.putConverted(field, value);
    }
    return at + 1;
  }
}

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

/** Skips a string with simple escapes; -1 if it has others. @returns the place after its closing quote */
function skipString(bytes: Buffer, from: number): number {
  let at = from;
  for (let c = bytes[at] as number; c !== QUOTE; c = bytes[++at] as number) {
    if (c < 32) return -1;
    if (c === BACKSLASH && !'"\\/bfnrt'.includes(String.fromCharCode(bytes[++at] as number))) return -1;
  }
  return at + 1;
}

/** A value that is neither an object nor a list with values in it. */
interface Found {
  /** Its name, after the names of the objects around it. */
  readonly path: string;
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/**
 * The values in a line of valid JSON; undefined if a name occurs twice or has escapes, which is too rare to support.
 */
function valuesIn(line: Buffer): Found[] | undefined {
  const found: Found[] = [];
  let at = 0;
  const skipSpace = () => {
    while (line[at] === 32 || line[at] === 9 || line[at] === RETURN) at++;
  };
  const walk = (path: string, depth: number): boolean => {
    skipSpace();
    const open = line[at];
    if (open !== 123 && open !== 91) {
      const from = at;
      if (open === QUOTE) at = skipString(line, at + 1);
      else while (at < line.length && !', \t\r]}'.includes(String.fromCharCode(line[at] as number))) at++;
      if (at < 0) return false;
      found.push({ path, text: line.toString('utf8', from, at), from, to: at });
      return true;
    }
    const names = new Set<string>();
    for (let i = 0; ; i++) {
      at++;
      skipSpace();
      if (line[at] === 125 || line[at] === 93) break;
      let name = String(i);
      if (open === 123) {
        const to = closingQuote(line, at + 1);
        name = line.toString('utf8', at + 1, to);
        if (to < 0 || names.has(name)) return false;
        names.add(name);
        at = to + 1;
        skipSpace();
        at++;
      }
      if (depth === MAX_DEPTH || !walk(path ? `${path}.${name}` : name, depth + 1)) return false;
      skipSpace();
      if (line[at] !== COMMA) break;
    }
    at++;
    return true;
  };
  return walk('', 0) && found.length > 0 ? found : undefined;
}
