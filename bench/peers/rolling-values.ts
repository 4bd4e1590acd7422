/**
 * Rolling windows over a fixed number of events, without keys, of aggregates that must keep the values: the best
 * JavaScript we could write, and the first version one would write.
 */

import { Outbox } from './outbox';

export type Output = 'p99' | 'median' | 'distinct' | 'top';
export interface Frequent {
  value: number;
  count: number;
  error: number;
}

/** An aggregate of the last `size` values, emitted for every event. */
export interface Rolling {
  push(times: Float64Array, values: Float64Array, from: number, to: number): void;
  readonly length: number;
  take(): Record<string, ArrayLike<number> | Frequent[][]>;
}

/** Numbers in ascending order, found by binary search and moved by `copyWithin`. */
class Sorted {
  n = 0;
  readonly values: Float64Array;

  constructor(size: number) {
    this.values = new Float64Array(size + 1);
  }

  add(value: number): void {
    const place = this.#placeOf(value);
    this.values.copyWithin(place + 1, place, this.n++);
    this.values[place] = value;
  }

  remove(value: number): void {
    const place = this.#placeOf(value);
    this.values.copyWithin(place, place + 1, this.n--);
  }

  at(place: number): number {
    return this.values[place] as number;
  }

  #placeOf(value: number): number {
    let low = 0;
    for (let high = this.n; low < high; ) {
      const middle = (low + high) >> 1;
      if ((this.values[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A ring of the last `size` values; a subclass keeps a state that can insert and retract a value. */
abstract class RingOfValues implements Rolling {
  readonly out: Outbox;
  readonly #ring: Float64Array;
  #count = 0;

  constructor(
    readonly size: number,
    output: Output,
  ) {
    this.out = new Outbox(['at', output]);
    this.#ring = new Float64Array(size);
  }

  protected abstract insert(value: number): void;
  protected abstract retract(value: number): void;
  protected abstract lower(): number;

  push(times: Float64Array, values: Float64Array, from: number, to: number): void {
    const { out, size } = this;
    out.reserve(to - from);
    const [at, results] = out.columns as [Float64Array, Float64Array];
    for (let i = from; i < to; i++) {
      const value = values[i] as number;
      const place = this.#count % size;
      if (this.#count++ >= size) this.retract(this.#ring[place] as number);
      this.#ring[place] = value;
      this.insert(value);
      at[out.length] = times[i] as number;
      results[out.length++] = this.lower();
    }
  }

  get length(): number {
    return this.out.length;
  }

  take(): Record<string, Float64Array> {
    return this.out.take();
  }
}

/** The median, or the value at index ⌊0.99 (n - 1)⌋. */
export class SortedValues extends RingOfValues {
  readonly #sorted = new Sorted(this.size);
  readonly #isMedian: boolean;

  constructor(size: number, output: 'p99' | 'median') {
    super(size, output);
    this.#isMedian = output === 'median';
  }

  protected insert(value: number): void {
    this.#sorted.add(value);
  }

  protected retract(value: number): void {
    this.#sorted.remove(value);
  }

  protected lower(): number {
    const { n } = this.#sorted;
    if (!this.#isMedian) return this.#sorted.at(Math.floor(0.99 * (n - 1)));
    const upper = this.#sorted.at(n >> 1);
    return n & 1 ? upper : (this.#sorted.at((n >> 1) - 1) + upper) / 2;
  }
}

export class DistinctCounts extends RingOfValues {
  readonly #counts = new Map<number, number>();

  constructor(size: number) {
    super(size, 'distinct');
  }

  protected insert(value: number): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  protected retract(value: number): void {
    const count = this.#counts.get(value) as number;
    if (count === 1) this.#counts.delete(value);
    else this.#counts.set(value, count - 1);
  }

  protected lower(): number {
    return this.#counts.size;
  }
}

/**
 * The k most frequent whole numbers below 2^20. Count and value are packed into one number, (count + 1) 2^20 - value,
 * and kept in ascending order: the greatest count is last, and among equal counts the least value.
 */
export class TopCounts implements Rolling {
  readonly #ring: Float64Array;
  readonly #counts = new Uint32Array(1 << 20);
  readonly #sorted: Sorted;
  #count = 0;
  #at: number[] = [];
  #top: Frequent[][] = [];

  constructor(
    readonly size: number,
    readonly k: number,
  ) {
    this.#ring = new Float64Array(size);
    this.#sorted = new Sorted(size);
  }

  #change(value: number, by: number): void {
    const before = this.#counts[value] as number;
    const after = before + by;
    this.#counts[value] = after;
    if (before) this.#sorted.remove((before + 1) * 2 ** 20 - value);
    if (after) this.#sorted.add((after + 1) * 2 ** 20 - value);
  }

  push(times: Float64Array, values: Float64Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const place = this.#count % this.size;
      if (this.#count++ >= this.size) this.#change(this.#ring[place] as number, -1);
      this.#ring[place] = values[i] as number;
      this.#change(values[i] as number, 1);
      const top: Frequent[] = [];
      for (let j = this.#sorted.n - 1; j >= 0 && top.length < this.k; j--) {
        const count = Math.ceil(this.#sorted.at(j) / 2 ** 20) - 1;
        top.push({ value: (count + 1) * 2 ** 20 - this.#sorted.at(j), count, error: 0 });
      }
      this.#at.push(times[i] as number);
      this.#top.push(top);
    }
  }

  get length(): number {
    return this.#at.length;
  }

  take(): Record<string, ArrayLike<number> | Frequent[][]> {
    const taken = { at: Float64Array.from(this.#at), top: this.#top };
    this.#at = [];
    this.#top = [];
    return taken;
  }
}

/** An array: each event is pushed, the oldest is shifted, and the aggregate is computed anew. */
export class Naive implements Rolling {
  #frame: number[] = [];
  #at: number[] = [];
  #results: number[] = [];

  constructor(
    readonly size: number,
    readonly output: Output,
  ) {}

  push(times: Float64Array, values: Float64Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      this.#frame.push(values[i] as number);
      if (this.#frame.length > this.size) this.#frame.shift();
      this.#at.push(times[i] as number);
      this.#results.push(this.#lower());
    }
  }

  #lower(): number {
    if (this.output === 'distinct') return new Set(this.#frame).size;
    const sorted = [...this.#frame].sort((a, b) => a - b);
    const n = sorted.length;
    if (this.output === 'p99') return sorted[Math.floor(0.99 * (n - 1))] as number;
    return ((sorted[(n - 1) >> 1] as number) + (sorted[n >> 1] as number)) / 2;
  }

  get length(): number {
    return this.#at.length;
  }

  take(): Record<string, ArrayLike<number>> {
    const taken = { at: Float64Array.from(this.#at), [this.output]: Float64Array.from(this.#results) };
    this.#at = [];
    this.#results = [];
    return taken;
  }
}
