/** Results of a tuned rival that were not taken yet, in columns that grow. As in oriel, `take` returns copies. */

const EMPTY = new Float64Array(0);

export class Outbox {
  length = 0;
  columns: Float64Array[];
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names;
    this.columns = names.map(() => new Float64Array(1024));
  }

  /** Makes room for n more results. */
  reserve(n: number): void {
    const needed = this.length + n;
    if (needed <= (this.columns[0] as Float64Array).length) return;
    const capacity = Math.max(needed, this.length * 2);
    this.columns = this.columns.map((old) => {
      const grown = new Float64Array(capacity);
      grown.set(old.subarray(0, this.length));
      return grown;
    });
  }

  take(): Record<string, Float64Array> {
    const n = this.length;
    const taken: Record<string, Float64Array> = {};
    this.#names.forEach((name, c) => {
      taken[name] = n ? (this.columns[c] as Float64Array).slice(0, n) : EMPTY;
    });
    this.length = 0;
    return taken;
  }
}
