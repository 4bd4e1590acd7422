/** The types of columns that `pushColumns` accepts: arrays, and readers of other formats (`ColumnInput`). */

/** The typed arrays that a column of numbers may be. */
export type TypedNumbers =
  | Float64Array
  | Float32Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;
/** Typed arrays whose elements are numbers, not bigints. */
export type Numbers = Exclude<TypedNumbers, BigInt64Array | BigUint64Array>;
/** A column that a caller passed as an array or typed array, not yet checked. */
export type Given = TypedNumbers | readonly unknown[];

/**
 * A dictionary-encoded column of strings: value i is `list[codes[i]]`. A code of -1, or an entry that is null, means
 * that the value is missing.
 */
export class CodedStrings {
  constructor(
    readonly codes: Int32Array,
    readonly list: readonly (string | null)[],
  ) {}

  get length(): number {
    return this.codes.length;
  }

  at(i: number): string | null {
    return this.list[this.codes[i] as number] ?? null;
  }

  /** The values one by one, null where missing. */
  decoded(): (string | null)[] {
    return Array.from(this.codes, (code) => this.list[code] ?? null);
  }
}

/** A column of another format. It converts its values when they are asked for, to the form that is asked for. */
export abstract class ColumnInput<Value = unknown> {
  /** Only there for inference. */
  declare readonly value?: Value;
  abstract readonly length: number;
  /** Whether its values are strings. */
  abstract readonly isText: boolean;
  /** Whether some values are missing. */
  abstract readonly hasMissing: boolean;

  /** The values as numbers, NaN where missing. @throws what `refuse` returns for a value that cannot be a number */
  abstract numbers(refuse: (value: unknown, index: number) => Error): Numbers;

  /** The values in their own type, null where missing. */
  abstract values(): Given | CodedStrings;
}
