/** Columns as callers give them: arrays, or what a reader of another format hands to `pushColumns` in their place. */

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
/** Numbers that need no conversion from 64-bit integers. */
export type Numbers = Exclude<TypedNumbers, BigInt64Array | BigUint64Array>;
/** A column as a caller gave it. */
export type Given = TypedNumbers | readonly unknown[];

/** Strings as places in a list of them, all of which may be asked for again; -1 where one is missing, and so is what is null in the list. */
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

  /** The strings themselves. */
  decoded(): (string | null)[] {
    return Array.from(this.codes, (code) => this.list[code] ?? null);
  }
}

/** A column that gives what it holds in the form in which it is wanted, and only then. */
export abstract class ColumnInput<Value = unknown> {
  /** Only there for inference. */
  declare readonly value?: Value;
  abstract readonly length: number;
  /** Whether its values are strings. */
  abstract readonly isText: boolean;
  /** Whether some are missing. */
  abstract readonly hasMissing: boolean;

  /** As numbers, NaN where missing. @throws what `refuse` makes of a value that no number can be */
  abstract numbers(refuse: (value: unknown, index: number) => Error): Numbers;

  /** As they are, null where missing. */
  abstract values(): Given | CodedStrings;
}
