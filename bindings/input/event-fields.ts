/**
 * The columns of a stream's events, and the check of events given as rows or columns. A stream has one `EventFields`,
 * and so has each of its producers.
 *
 * Law: a check settles no kind and writes nothing. Kinds are settled (`settle`) once all of a call is checked.
 */

import { OrielError, show } from '../base/errors';
import type { CheckedSpec } from '../spec/check';
import type { CodedStrings, Given, Numbers } from '../spec/column-input';
import {
  asItIs,
  badLength,
  badTime,
  checkGaps,
  columnsOfRows,
  lengthOf,
  listOf,
  measuresOf,
  ownNumbers,
  textsOf,
  timesOf,
  valuesOf,
} from './columns';
import type { KeyColumn, KeyKind } from './keys';
import type { TextKind, TextMeasure } from './measures';

/** The kinds of the columns whose first value decides their kind: keys, and measures that may hold strings. */
export interface Kinds {
  readonly keys: readonly (KeyKind | undefined)[];
  readonly texts: readonly (TextKind | undefined)[];
}

/** Columns of n events as a caller gave them. */
export interface GivenColumns {
  readonly columns: Record<string, Given>;
  readonly n: number;
  /** What the spec's functions say of the events, if they came as rows. */
  readonly flags?: readonly Float64Array[];
}

/** Columns of n events that have been checked, in the order of the ring's columns. */
export interface CheckedColumns {
  readonly n: number;
  readonly times: Numbers;
  readonly keys: readonly (Given | CodedStrings)[];
  readonly numbers: readonly Numbers[];
  readonly texts: (Given | CodedStrings)[];
  /** What the spec's functions say of the events. */
  flags: readonly Float64Array[];
  readonly kinds: Kinds;
}

/** The columns of a spec, as far as they are checked and written. */
interface Named extends Pick<CheckedSpec, 'time' | 'hasTime' | 'timeLimit'> {
  readonly plain: readonly string[];
  readonly texts: readonly TextMeasure[];
}

export class EventFields {
  readonly time: string;
  readonly hasTime: boolean;
  readonly timeLimit: number;
  /** Names of the measures that are always numbers. */
  readonly plain: readonly string[];
  /** The measures that may be strings. */
  readonly texts: readonly TextMeasure[];
  /** Whether events have nothing but a time, numbers without conditions, and keys, and no function is asked. */
  readonly isSimple: boolean;
  /** The columns that `readSettled` has read: times, keys, measures. */
  readonly settled: Float64Array[] = [];
  readonly #names: readonly string[];

  /**
   * @param gaps names of the columns that hold session gaps
   * @param now the time of events that have none of their own
   * @param flags the spec's functions of an event
   */
  constructor(
    { time, hasTime, timeLimit, plain, texts }: Named,
    readonly keys: readonly KeyColumn[],
    readonly gaps: readonly string[],
    readonly now: () => number,
    readonly flags: readonly ((event: never) => boolean)[] = [],
  ) {
    this.time = time;
    this.hasTime = hasTime;
    this.timeLimit = timeLimit;
    this.plain = plain;
    this.texts = texts;
    this.isSimple = texts.length + gaps.length + flags.length === 0;
    this.#names = [time, ...keys.map(({ name }) => name), ...plain];
  }

  /**
   * The time column, or if events have no time the first column that the spec names, if any. Every batch of columns has
   * it.
   */
  get first(): string | undefined {
    return this.hasTime ? this.time : (this.keys[0]?.name ?? this.plain[0] ?? this.texts[0]?.column.name);
  }

  get kinds(): Kinds {
    return { keys: this.keys.map(({ kind }) => kind), texts: this.texts.map(({ column }) => column.kind) };
  }

  /** Sets the kind of every column that has none yet. */
  settle({ keys, texts }: Partial<Kinds>): void {
    keys?.forEach((kind, c) => {
      (this.keys[c] as KeyColumn).kind ??= kind;
    });
    texts?.forEach((kind, i) => {
      (this.texts[i] as TextMeasure).column.kind ??= kind;
    });
  }

  /** Sets the kind of the i-th measure that may be strings, if it has none yet. */
  settleText(i: number, kind: TextKind | undefined): void {
    if (kind === undefined || this.texts[i]?.column.kind !== undefined) return;
    this.settle({ texts: this.texts.map((_, other) => (other === i ? kind : undefined)) });
  }

  /** Restores kinds after a call that failed. */
  restore({ keys, texts }: Kinds): void {
    this.keys.forEach((column, c) => {
      column.kind = keys[c];
    });
    this.texts.forEach(({ column }, i) => {
      column.kind = texts[i];
    });
  }

  /**
   * The time of an event. Checks that it is an object.
   * @throws {OrielError} ERR_ORIEL_COLUMN if it is none; ERR_ORIEL_TIME
   */
  timeOf(event: unknown): number {
    if (typeof event !== 'object' || event === null) {
      throw new OrielError('ERR_ORIEL_COLUMN', `push: expected an event, got ${show(event)}`);
    }
    const t = this.hasTime ? (event as Record<string, unknown>)[this.time] : this.now();
    // As checkTime: a call costs a twentieth of a push.
    if (typeof t !== 'number' || !(Math.abs(t) <= this.timeLimit)) throw badTime(this.time, t, this.timeLimit);
    return t;
  }

  /** Turns rows into columns, and asks the spec's functions. @throws {OrielError} ERR_ORIEL_COLUMN */
  columnsOf(rows: unknown): GivenColumns {
    const list = listOf(rows);
    const others = [...this.keys.map(({ name }) => name), ...this.texts.map(({ column }) => column.name)];
    const columns = columnsOfRows(list, this.plain, this.hasTime ? [this.time, ...others] : others);
    const flags = this.flags.map((flag) => Float64Array.from(list, (event) => (flag(event as never) ? 1 : 0)));
    return { columns, n: list.length, flags };
  }

  /**
   * Reads columns from a record and counts their events. Keys and strings are copied if they are in an array.
   * @throws {OrielError} ERR_ORIEL_COLUMN if it is not a record of columns
   */
  count(columns: unknown): GivenColumns {
    if (typeof columns !== 'object' || columns === null) {
      throw new OrielError('ERR_ORIEL_COLUMN', `pushColumns: expected a record of columns, got ${show(columns)}`);
    }
    const name = this.first ?? Object.keys(columns)[0] ?? 'time';
    const given = columns as Record<string, Given>;
    // The spec's functions see all columns, whatever the spec names.
    const own: Record<string, Given> = Object.assign(Object.create(null), this.flags.length > 0 ? given : undefined);
    const copied = [...this.keys.map((key) => key.name), ...this.texts.map(({ column }) => column.name)];
    for (const one of [name, ...this.plain]) own[one] ??= given[one] as Given;
    for (const one of copied) own[one] = asItIs(own[one] ?? given[one]) as Given;
    return { columns: own, n: lengthOf(own, name) };
  }

  /**
   * Reads columns of f64 whose kinds are settled, which need no check but that of times, into `settled`. Returns their
   * length, or 0 if they are no such columns or have more than `most` values: then `count` has to look at them. Fields
   * must be simple.
   */
  readSettled(columns: unknown, most: number): number {
    const n = this.#readSettled(columns);
    if (n > 0 && n <= most) return n;
    // Keeps no column of the caller alive.
    this.settled.length = 0;
    return 0;
  }

  #readSettled(columns: unknown): number {
    if (typeof columns !== 'object' || columns === null || !this.hasTime) return 0;
    for (let c = 0; c < this.keys.length; c++) if (this.keys[c]?.kind !== 'number') return 0;
    let n = 0;
    for (let i = 0; i < this.#names.length; i++) {
      const column = (columns as Record<string, unknown>)[this.#names[i] as string];
      if (!(column instanceof Float64Array) || (i > 0 && column.length !== n)) return 0;
      n = column.length;
      this.settled[i] = column;
    }
    return n;
  }

  /** The times of events as numbers, whose range is not checked. @throws as `timesOf` */
  timesOf({ columns, n }: GivenColumns): Numbers {
    if (!this.hasTime) return new Float64Array(n).fill(this.now());
    const times = timesOf(columns, this.time, this.timeLimit);
    if (times.length !== n) throw badLength(this.time, times.length, n);
    return times;
  }

  /**
   * Checks all columns but that of times, and passes on what the spec's functions have said so far. What it returns
   * holds what was checked: gaps that another thread could write to are copied first.
   * @throws {OrielError} ERR_ORIEL_COLUMN, naming column and index
   */
  check({ columns, n, flags = [] }: GivenColumns, times: Numbers): CheckedColumns {
    const numbers = this.plain.map((name) => measuresOf(columns, name, n));
    const keys = this.keys.map(({ name }) => valuesOf(columns, name, n));
    const texts = this.texts.map(({ column }) => textsOf(columns, column.name, n));
    const kinds = {
      keys: this.keys.map((column, c) => column.kindOfColumn(keys[c] as Given)),
      texts: this.texts.map(({ column }, i) => column.kindOfColumn(texts[i] as Given)),
    };
    for (const name of this.gaps) {
      const i = this.plain.indexOf(name);
      const gaps = ownNumbers(numbers[i] as Numbers);
      checkGaps(name, gaps);
      numbers[i] = gaps;
    }
    return { n, times, keys, numbers, texts, flags, kinds };
  }
}
