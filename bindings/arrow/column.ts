/**
 * Adapts a column of an Arrow table to the columns of a stream. The values are converted only when asked for, as
 * numbers or as values.
 */

import {
  type Data,
  type DataType,
  type Date_,
  DateUnit,
  type Decimal,
  type Dictionary,
  type Float,
  type Int,
  Precision,
  type Timestamp,
  Type,
  Vector,
} from 'apache-arrow';
import { OrielError, show } from '../base/errors';
import { badMeasure, decodedColumn } from '../input/columns';
import { CodedStrings, ColumnInput, type Given, type Numbers } from '../spec/column-input';
import { writeDecimals } from './decimals';
import { writeCodes } from './texts';
import { DAY, type Refuse, TICKS, UNITS, writeTimes, writeWholes } from './words';

/** Caches the decoded strings of dictionaries. */
const dictionaries = new WeakMap<Vector, readonly (string | null)[]>();

export class ArrowColumn<Value = unknown> extends ColumnInput<Value> {
  readonly length: number;
  readonly isText: boolean;
  readonly hasMissing: boolean;
  #numbers: Numbers | undefined;
  #values: Given | CodedStrings | undefined;
  #isChecked = false;

  constructor(
    readonly name: string,
    readonly type: DataType,
    readonly chunks: readonly Data[],
    /** The unit of the stream's times, in nanoseconds. */
    readonly unit: number,
  ) {
    super();
    this.length = chunks.reduce((length, chunk) => length + chunk.length, 0);
    this.isText = isText(isDictionary(type) ? type.dictionary : type);
    this.hasMissing = chunks.some(hasNulls);
  }

  numbers(refuse: (value: unknown, index: number) => Error): Numbers {
    this.#checkChunks();
    this.#numbers ??=
      this.#direct() ?? (isNumeric(this.type) ? this.#converted(refuse) : this.#numbersOfValues(refuse));
    return this.#numbers;
  }

  values(): Given | CodedStrings {
    this.#checkChunks();
    this.#values ??= this.#asValues();
    return this.#values;
  }

  /** @throws {OrielError} ERR_ORIEL_COLUMN if a chunk has less than it says: its bytes came damaged */
  #checkChunks(): void {
    if (this.#isChecked || this.chunks.every(isWhole)) {
      this.#isChecked = true;
      return;
    }
    const problem = 'expected as many values as the record batch says; its bytes are damaged';
    throw new OrielError('ERR_ORIEL_COLUMN', `column ${show(this.name)}: ${problem}`);
  }

  /** The array itself, without a copy, if it is one chunk of numbers without nulls. */
  #direct(): Numbers | undefined {
    const [chunk] = this.chunks;
    if (!chunk || this.chunks.length > 1 || this.hasMissing || !isDirect(this.type)) return undefined;
    return chunk.values.subarray(0, chunk.length);
  }

  /** Converts all chunks to one array of numbers; null becomes NaN. */
  #converted(refuse: (value: unknown, index: number) => Error): Numbers {
    const numbers = new Float64Array(this.length);
    let at = 0;
    for (const chunk of this.chunks) {
      const part = numbers.subarray(at, at + chunk.length);
      write(chunk, part, this.unit, (i) => {
        if (isValid(chunk, i)) throw refuse(chunk.values[i], at + i);
      });
      eachNull(chunk, (i) => {
        part[i] = Number.NaN;
      });
      at += chunk.length;
    }
    return numbers;
  }

  /** Converts values one by one to numbers; null becomes NaN. */
  #numbersOfValues(refuse: (value: unknown, index: number) => Error): Numbers {
    return Float64Array.from(decodedColumn(this.values()) as ArrayLike<unknown>, (value, i) => {
      if (value === null) return Number.NaN;
      const number = typeof value === 'bigint' ? Number(value) : value;
      if (typeof number !== 'number' || (number !== value && !Number.isSafeInteger(number))) throw refuse(value, i);
      return number;
    });
  }

  #asValues(): Given | CodedStrings {
    const { type, chunks } = this;
    if (this.isText && isDictionary(type)) return this.#dictionaryStrings();
    if (type.typeId === Type.Utf8 || type.typeId === Type.LargeUtf8) return this.#plainStrings();
    if (isDictionary(type)) return this.#dictionaryValues();
    if (!isNumeric(type)) return chunks.length ? [...new Vector(chunks)] : [];
    const values = isWide(type) ? this.#wideIntegers() : this.numbers((value, i) => badMeasure(this.name, value, i));
    return this.hasMissing ? this.#withNulls(values) : values;
  }

  /** All chunks as one array of 64-bit integers; of nulls it has any value. */
  #wideIntegers(): BigInt64Array | BigUint64Array {
    const [first] = this.chunks;
    if (first && this.chunks.length === 1) return first.values.subarray(0, first.length);
    const values = (this.type as Int).isSigned ? new BigInt64Array(this.length) : new BigUint64Array(this.length);
    let at = 0;
    for (const chunk of this.chunks) {
      values.set(chunk.values.subarray(0, chunk.length), at);
      at += chunk.length;
    }
    return values;
  }

  /** Copies values into a list, with null where the bitmap says so. */
  #withNulls(values: ArrayLike<unknown>): unknown[] {
    const list = Array.from(values);
    let at = 0;
    for (const chunk of this.chunks) {
      eachNull(chunk, (i) => {
        list[at + i] = null;
      });
      at += chunk.length;
    }
    return list;
  }

  /** Strings of dictionaries. If chunks have different dictionaries, the codes refer to their concatenation. */
  #dictionaryStrings(): CodedStrings {
    const { chunks } = this;
    const [first] = chunks;
    if (first && chunks.length === 1 && !this.hasMissing && first.values instanceof Int32Array) {
      return new CodedStrings(first.values.subarray(0, first.length), this.#listOf(first));
    }
    const codes = new Int32Array(this.length);
    const bases = new Map<Vector | undefined, number>();
    const lists: (readonly (string | null)[])[] = [];
    let base = 0;
    let at = 0;
    for (const chunk of chunks) {
      let start = bases.get(chunk.dictionary);
      if (start === undefined) {
        start = base;
        bases.set(chunk.dictionary, start);
        const list = this.#listOf(chunk);
        lists.push(list);
        base += list.length;
      }
      for (let i = 0; i < chunk.length; i++) codes[at + i] = start + Number(chunk.values[i]);
      eachNull(chunk, (i) => {
        codes[at + i] = -1;
      });
      at += chunk.length;
    }
    return new CodedStrings(codes, lists.length === 1 ? (lists[0] as []) : lists.flat());
  }

  /** The decoded strings of a chunk's dictionary. */
  #listOf({ dictionary }: Data): readonly (string | null)[] {
    if (!dictionary) return [];
    let list = dictionaries.get(dictionary);
    if (!list) {
      list = decodedColumn(this.#dictionary(dictionary).values()) as (string | null)[];
      dictionaries.set(dictionary, list);
    }
    return list;
  }

  /** A dictionary as a column of its own. */
  #dictionary(dictionary: Vector): ArrowColumn {
    return new ArrowColumn(this.name, (this.type as Dictionary).dictionary, dictionary.data, this.unit);
  }

  /** Encodes strings that have no dictionary. */
  #plainStrings(): CodedStrings {
    const codes = new Int32Array(this.length);
    const list: string[] = [];
    let at = 0;
    for (const chunk of this.chunks) {
      const part = codes.subarray(at, at + chunk.length);
      writeCodes(chunk, part, list);
      eachNull(chunk, (i) => {
        part[i] = -1;
      });
      at += chunk.length;
    }
    return new CodedStrings(codes, list);
  }

  /** Looks up the values of dictionaries that do not hold strings. */
  #dictionaryValues(): unknown[] {
    const values = this.chunks.flatMap((chunk) => {
      const list = chunk.dictionary ? this.#dictionary(chunk.dictionary).values() : [];
      return Array.from({ length: chunk.length }, (_, i) => (list as Given)[Number(chunk.values[i])] ?? null);
    });
    return this.#withNulls(values);
  }
}

function isDictionary(type: DataType): type is Dictionary {
  return type.typeId === Type.Dictionary;
}

function isText({ typeId }: DataType): boolean {
  return typeId === Type.Utf8 || typeId === Type.LargeUtf8 || typeId === Type.Utf8View;
}

function isWide(type: DataType): boolean {
  return type.typeId === Type.Int && (type as Int).bitWidth === 64;
}

/** Whether arrays of the type hold plain JavaScript numbers. */
function isDirect(type: DataType): boolean {
  if (type.typeId === Type.Float) return (type as Float).precision !== Precision.HALF;
  return type.typeId === Type.Int && !isWide(type);
}

/** Whether `write` can convert the type. */
function isNumeric(type: DataType): boolean {
  switch (type.typeId) {
    case Type.Float:
      return isDirect(type);
    case Type.Int:
    case Type.Bool:
    case Type.Decimal:
    case Type.Date:
    case Type.Timestamp:
    case Type.Time:
    case Type.Duration:
    case Type.Null:
      return true;
    default:
      return false;
  }
}

/** Writes the values of a chunk as numbers. For nulls it may write anything. */
function write(chunk: Data, into: Float64Array, unit: number, refuse: Refuse): void {
  const { type, values } = chunk;
  switch (type.typeId) {
    case Type.Bool:
      writeBits(chunk, into);
      break;
    case Type.Decimal:
      writeDecimals(chunk as Data<Decimal>, into);
      break;
    case Type.Date:
      writeTimes(values, (type as Date_).unit === DateUnit.DAY ? DAY : UNITS.ms, unit, into, refuse);
      break;
    case Type.Timestamp:
    case Type.Time:
    case Type.Duration:
      writeTimes(values, TICKS[(type as Timestamp).unit] as number, unit, into, refuse);
      break;
    case Type.Null:
      break;
    default:
      if (isWide(type)) writeWholes(values, into, refuse);
      else into.set(values.subarray(0, into.length));
  }
}

function writeBits({ values, offset }: Data, into: Float64Array): void {
  for (let i = 0; i < into.length; i++) {
    const at = offset + i;
    into[i] = ((values[at >> 3] as number) >> (at & 7)) & 1;
  }
}

/** Whether the arrays of a chunk have all its values, and strings lie within their bytes. */
function isWhole({ type, length, offset, values, valueOffsets, nullBitmap, nullCount }: Data): boolean {
  if (type.typeId === Type.Null) return true;
  if (nullCount > 0 && nullBitmap && nullBitmap.length * 8 < offset + length) return false;
  if (type.typeId === Type.Utf8 || type.typeId === Type.LargeUtf8) {
    let before = 0;
    for (let i = 0; i <= length; i++) {
      const at = Number(valueOffsets[i]);
      if (!(at >= before && at <= values.length)) return false;
      before = at;
    }
    return true;
  }
  if (type.typeId === Type.Bool) return values.length * 8 >= offset + length;
  if (type.typeId === Type.Decimal) return values.length >= (length * (type as Decimal).bitWidth) / 32;
  return !(isDictionary(type) || isNumeric(type)) || values.length >= length;
}

function hasNulls(chunk: Data): boolean {
  return chunk.type.typeId === Type.Null ? chunk.length > 0 : chunk.nullCount > 0;
}

function isValid({ nullBitmap, offset }: Data, i: number): boolean {
  if (!nullBitmap?.length) return true;
  const at = offset + i;
  return (((nullBitmap[at >> 3] as number) >> (at & 7)) & 1) === 1;
}

/** Calls `see` with the index of every null. */
function eachNull(chunk: Data, see: (i: number) => void): void {
  if (!hasNulls(chunk)) return;
  const isAllNull = chunk.type.typeId === Type.Null;
  for (let i = 0; i < chunk.length; i++) if (isAllNull || !isValid(chunk, i)) see(i);
}
