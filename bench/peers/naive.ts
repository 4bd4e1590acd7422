/** The first version of a window one would write: arrays and a Map of objects, plain sums, results as objects. */

export type Key = string | number;

/** Keeps the values of the open window and reduces them when it ends. */
export class NaiveUnkeyed {
  start = 0;
  values: number[] = [];
  rows: object[] = [];

  constructor(readonly size: number) {}

  push(at: number, value: number): void {
    if (at >= this.start + this.size) {
      this.fire();
      this.start = Math.floor(at / this.size) * this.size;
    }
    this.values.push(value);
  }

  fire(): void {
    if (this.values.length === 0) return;
    this.rows.push({
      start: this.start,
      end: this.start + this.size,
      count: this.values.length,
      sum: this.values.reduce((a, b) => a + b, 0),
      min: this.values.reduce((a, b) => Math.min(a, b)),
      max: this.values.reduce((a, b) => Math.max(a, b)),
    });
    this.values = [];
  }

  take(): object[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }
}

export function naiveUnkeyed(
  s: NaiveUnkeyed,
  times: Float64Array,
  values: Float64Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) s.push(times[i] as number, values[i] as number);
}

export class NaiveKeyed {
  start = 0;
  groups = new Map<Key, { count: number; sum: number }>();
  rows: object[] = [];

  constructor(readonly size: number) {}

  push(at: number, key: Key, value: number): void {
    if (at >= this.start + this.size) {
      this.fire();
      this.start = Math.floor(at / this.size) * this.size;
    }
    const group = this.groups.get(key);
    if (group) {
      group.count++;
      group.sum += value;
    } else {
      this.groups.set(key, { count: 1, sum: value });
    }
  }

  fire(): void {
    for (const [key, { count, sum }] of this.groups) {
      this.rows.push({ start: this.start, end: this.start + this.size, key, count, sum });
    }
    this.groups = new Map();
  }

  take(): object[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }
}

export function naiveKeyed(
  s: NaiveKeyed,
  times: Float64Array,
  keys: ArrayLike<Key>,
  values: Float64Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) s.push(times[i] as number, keys[i] as Key, values[i] as number);
}

/** Keeps the events of each key as long as a window needs them, and reduces them anew for each window. */
export class NaiveHopping {
  next: number;
  groups = new Map<Key, { at: number; value: number }[]>();
  rows: object[] = [];

  constructor(
    readonly size: number,
    readonly every: number,
  ) {
    this.next = every;
  }

  push(at: number, key: Key, value: number): void {
    while (at >= this.next) this.fire();
    const events = this.groups.get(key);
    if (events) events.push({ at, value });
    else this.groups.set(key, [{ at, value }]);
  }

  fire(): void {
    const end = this.next;
    const start = end - this.size;
    for (const [key, events] of this.groups) {
      const kept = events.filter(({ at }) => at >= start);
      this.groups.set(key, kept);
      if (kept.length === 0) continue;
      this.rows.push({
        start,
        end,
        key,
        count: kept.length,
        sum: kept.reduce((a, { value }) => a + value, 0),
        max: kept.reduce((a, { value }) => Math.max(a, value), Number.NEGATIVE_INFINITY),
      });
    }
    this.next = end + this.every;
  }

  take(): object[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }
}

export function naiveHopping(
  s: NaiveHopping,
  times: Float64Array,
  keys: ArrayLike<Key>,
  values: Float64Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) s.push(times[i] as number, keys[i] as Key, values[i] as number);
}
