/** Strings ↔ small numbers; those of strings that nobody can name any more are given again. */
export class Strings {
  readonly values: string[] = [];
  readonly #ids = new Map<string, number>();
  readonly #free: number[] = [];
  #sweepAt = 1024;
  /** How often some were forgotten: the number of a string is good until then. */
  sweeps = 0;

  idOf(value: string): number {
    return this.#ids.get(value) ?? this.#add(value);
  }

  has(value: string): boolean {
    return this.#ids.has(value);
  }

  /** Whether it is time to forget some. */
  get full(): boolean {
    return this.#ids.size >= this.#sweepAt;
  }

  #add(value: string): number {
    const id = this.#free.pop() ?? this.values.length;
    this.values[id] = value;
    this.#ids.set(value, id);
    return id;
  }

  /** Forgets the strings whose byte in `used` is 0 or not there. */
  keep(used: Uint8Array): void {
    this.sweeps++;
    let length = 0;
    for (const [value, id] of this.#ids) {
      if (used[id]) length = Math.max(length, id + 1);
      else this.#ids.delete(value);
    }
    this.values.length = length;
    this.#free.length = 0;
    for (let id = length - 1; id >= 0; id--) if (!used[id]) this.#free.push(id);
    this.#sweepAt = Math.max(1024, 2 * this.#ids.size, length >> 2);
  }
}

/**
 * Strings that states and results of a stream may name, by their hashes: which number a string has does not depend on what came before. When
 * nothing holds what came with an event any more, its string is forgotten: of every string it is known up to which time it came, as of
 * the last sweep.
 */
export class HashedStrings {
  readonly #numbers = new Map<string, number>();
  readonly #strings = new Map<number, { readonly value: string; until: number }>();
  #sweepAt = 1024;

  get size(): number {
    return this.#strings.size;
  }

  numberOf(value: string): number {
    const known = this.#numbers.get(value);
    const number = known ?? hashOf(value);
    const entry = this.#strings.get(number);
    if (known !== undefined && entry) {
      entry.until = Number.POSITIVE_INFINITY;
      return number;
    }
    this.#numbers.set(value, number);
    this.#strings.set(number, { value, until: Number.POSITIVE_INFINITY });
    return number;
  }

  /** The string of a number, undefined where it is none. */
  stringOf(number: number): string | undefined {
    return this.#strings.get(number)?.value;
  }

  /** Whether it is time to forget some. */
  get full(): boolean {
    return this.#strings.size >= this.#sweepAt;
  }

  clear(): void {
    this.#numbers.clear();
    this.#strings.clear();
  }

  /** Forgets what came only before a time, but for those that `named` has; `newest` is the time of the newest event. */
  forget(since: number, newest: number, named: ReadonlySet<number>): void {
    for (const [number, entry] of this.#strings) {
      if (entry.until < since && !named.has(number)) {
        this.#strings.delete(number);
        this.#numbers.delete(entry.value);
      } else if (entry.until === Number.POSITIVE_INFINITY) {
        entry.until = newest;
      }
    }
    this.#sweepAt = Math.max(1024, 2 * this.#strings.size);
  }
}

/** 53 bits of a string: two lanes of 32, mixed as MurmurHash3 does. Different strings share one by chance in 2^53. */
export function hashOf(value: string): number {
  let a = 0x9e3779b9 ^ value.length;
  let b = 0x85ebca6b;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    a = Math.imul(a ^ unit, 0xcc9e2d51);
    a = (a << 15) | (a >>> 17);
    b = Math.imul(b ^ unit, 0x1b873593);
    b = (b << 13) | (b >>> 19);
  }
  a = mixed(a ^ (b >>> 7));
  b = mixed(b ^ a);
  return (a >>> 0) + (b & 0x1fffff) * 2 ** 32;
}

function mixed(x: number): number {
  let y = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  y = Math.imul(y ^ (y >>> 13), 0xc2b2ae35);
  return y ^ (y >>> 16);
}
