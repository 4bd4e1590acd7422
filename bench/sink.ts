/** Receives the results of a contender: counts them, and sums them up if contenders are to be compared. */

type Column = ArrayLike<number | string>;

export class Sink {
  rows = 0;
  /** The longest step so far, in milliseconds, if steps are timed. */
  longest = 0;
  #last = 0;
  /** For each column its sum, and a sum weighted by key and window, which differs if a value is in the wrong row. */
  readonly sums: Record<string, number> = {};

  constructor(
    /** Whether results are summed up; timed runs only count them. */
    readonly checking = false,
    readonly timesSteps = false,
  ) {}

  startSteps(): void {
    this.#last = performance.now();
  }

  endStep(): void {
    const now = performance.now();
    this.longest = Math.max(this.longest, now - this.#last);
    this.#last = now;
  }

  /** Takes n results in columns, as oriel's `take` gives them. */
  take(n: number, columns: Readonly<Record<string, Column>>): void {
    this.rows += n;
    if (!this.checking || n === 0) return;
    // Results of rolling windows have the event's time instead of an end.
    const end = columns.end ?? columns.at;
    const key = columns.key ?? [];
    for (const [name, values] of Object.entries(columns)) {
      let sum = this.sums[name] ?? 0;
      let placed = this.sums[`${name} in place`] ?? 0;
      for (let i = 0; i < n; i++) {
        const value = numberOf(values[i]);
        sum += value;
        placed += value * (1 + ((numberOf(key[i]) * 31 + numberOf(end?.[i]) / 1000) % 97));
      }
      this.sums[name] = sum;
      this.sums[`${name} in place`] = placed;
    }
  }

  /** Takes results as objects. */
  takeRows(rows: readonly object[]): void {
    if (!this.checking || rows.length === 0) {
      this.rows += rows.length;
      return;
    }
    const columns: Record<string, Column> = {};
    for (const name of Object.keys(rows[0] as object)) {
      columns[name] = rows.map((row) => (row as Record<string, number>)[name] as number);
    }
    this.take(rows.length, columns);
  }
}

/** @throws if two contenders have different results */
export function compare(name: string, given: Sink, expectedName: string, expected: Sink): void {
  if (given.rows !== expected.rows) {
    throw new Error(`${name} gave ${given.rows} results, ${expectedName} ${expected.rows}`);
  }
  for (const [column, sum] of Object.entries(expected.sums)) {
    const other = given.sums[column];
    if (other !== undefined && Math.abs(other - sum) <= 1e-9 * Math.max(Math.abs(sum), Math.abs(other))) continue;
    throw new Error(`${name} gave ${other} as checksum of column ${column}, ${expectedName} ${sum}`);
  }
}

/** The number at the end of a key's name. */
function numberOf(value: number | string | undefined): number {
  return typeof value === 'string' ? Number(value.slice(value.lastIndexOf('-') + 1)) : (value ?? 0);
}
