/** Columns that are no arrays: what readers of tables of other kinds hand to `pushColumns`. */

import type { Given, Numbers } from '../input/columns';

/** Strings as places in a list of them, all of which may be asked for again; -1 where one is missing, and so is what is null in the list. */
export class Coded {
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
export abstract class ForeignColumn<Value = unknown> {
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
  abstract values(): Given | Coded;
}
