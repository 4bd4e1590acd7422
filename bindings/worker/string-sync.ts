/**
 * Strings on their way to another thread: a producer has a number for each that it has seen, and tells the other side what a number stands for
 * before the first event that has it. Nobody locks, and no thread sees a table of another.
 *
 *     definition    column │ number: 2 units │ length: 2 units │ the string, in units of UTF-16
 *
 * Numbers are given again: those from 0 up to GENERATION, then as many above, then the first once more. That is right as long as no event of
 * the time before last is still on its way; where one is, there is no number to be had until it has been consumed.
 */

import { Ring } from '../shared/ring';

export const GENERATION = 1 << 16;
/** Units that may be on their way. */
const RING_UNITS = 1 << 16;
const HEAD = 5;

/** The memory of definitions on their way. */
export function definitionBytes(): number {
  return 1024 + 2 * RING_UNITS;
}

function ringOn(buffer: ArrayBufferLike): Ring<{ unit: 'u16' }> {
  return new Ring({ schema: { unit: 'u16' }, capacity: RING_UNITS, buffer: buffer as SharedArrayBuffer });
}

/** Nobody reads definitions any more, and nobody waits to send them. */
export function cancelStrings(buffer: ArrayBufferLike): void {
  ringOn(buffer).cancel();
}

/** Strings that one producer sends. */
export class OutgoingStrings {
  readonly #ring: Ring<{ unit: 'u16' }>;
  readonly #numbers: readonly Map<string, number>[];
  /** Of every column the first number of the generation at hand, and the event that came after the last of the one before. */
  readonly #bases: number[];
  readonly #ends: number[];
  /** A definition that did not fit, and how far it has been sent. */
  #rest: Uint16Array | undefined;
  #sent = 0;

  constructor(
    buffer: ArrayBufferLike,
    columns: number,
    readonly isReleased: (event: number) => boolean,
    readonly tail: () => number,
  ) {
    this.#ring = ringOn(buffer);
    this.#numbers = Array.from({ length: columns }, () => new Map());
    this.#bases = new Array(columns).fill(0);
    this.#ends = new Array(columns).fill(tail());
  }

  /** The number of a string; -1 where it cannot be sent until the other side has read more. */
  numberOf(column: number, value: string): number {
    if (this.#rest && !this.#flush()) return -1;
    return this.#numbers[column]?.get(value) ?? this.#define(column, value);
  }

  /** Whether a number was given out. */
  has(column: number, number: number): boolean {
    const from = number - (this.#bases[column] as number);
    return Number.isInteger(number) && from >= 0 && from < (this.#numbers[column]?.size ?? 0);
  }

  /** Is done when more can be sent. */
  ready(signal?: AbortSignal): Promise<boolean> {
    return this.#ring.ready(1, signal ? { signal } : {});
  }

  /** The same, standing still; false where time ran out. */
  waitReady(timeoutMs: number): boolean {
    return this.#ring.waitReady(1, timeoutMs);
  }

  /** Whether something waits for room. */
  get isStuck(): boolean {
    return !this.#flush();
  }

  #define(column: number, value: string): number {
    const numbers = this.#numbers[column] as Map<string, number>;
    if (numbers.size === GENERATION) {
      if (!this.isReleased(this.#ends[column] as number)) return -1;
      numbers.clear();
      this.#ends[column] = this.tail();
      this.#bases[column] = GENERATION - (this.#bases[column] as number);
    }
    const number = (this.#bases[column] as number) + numbers.size;
    const units = new Uint16Array(HEAD + value.length);
    units.set([column, number & 0xffff, number >>> 16, value.length & 0xffff, value.length >>> 16]);
    for (let i = 0; i < value.length; i++) units[HEAD + i] = value.charCodeAt(i);
    this.#rest = units;
    this.#sent = 0;
    numbers.set(value, number);
    return this.#flush() ? number : -1;
  }

  /** Sends what is left of a definition; whether all of it is sent. */
  #flush(): boolean {
    const rest = this.#rest;
    if (!rest) return true;
    this.#sent += this.#ring.push({ unit: rest }, this.#sent);
    if (this.#sent < rest.length) return false;
    this.#rest = undefined;
    return true;
  }
}

/** Strings of one producer as they come in. */
export class IncomingStrings {
  readonly #ring: Ring<{ unit: 'u16' }>;
  /** Of every column the strings by number, and what the stream makes of them, NaN where that is not known. */
  readonly values: string[][];
  readonly meanings: Float64Array[];
  #head: number[] = [];
  #units: number[] = [];

  constructor(buffer: ArrayBufferLike, columns: number) {
    this.#ring = ringOn(buffer);
    this.values = Array.from({ length: columns }, () => []);
    this.meanings = Array.from({ length: columns }, () => new Float64Array(2 * GENERATION).fill(Number.NaN));
  }

  /** Whether any have come. */
  get areThere(): boolean {
    return this.#ring.peek(1) > 0;
  }

  /** Reads what has come. */
  read(): void {
    for (let n = this.#ring.peek(RING_UNITS); n > 0; n = this.#ring.peek(RING_UNITS)) {
      const from = this.#ring.readAt;
      this.feed(this.#ring.columns.unit.subarray(from, from + n));
      this.#ring.release(n);
    }
  }

  /** The same of units that came another way. */
  feed(units: Uint16Array): void {
    for (let i = 0; i < units.length; i++) {
      if (this.#head.length < HEAD) this.#head.push(units[i] as number);
      else this.#units.push(units[i] as number);
      const [column = 0, low = 0, high = 0, short = 0, long = 0] = this.#head;
      if (this.#head.length < HEAD || this.#units.length < short + long * 65536) continue;
      const number = low + high * 65536;
      (this.values[column] as string[])[number] = textOf(this.#units);
      (this.meanings[column] as Float64Array)[number] = Number.NaN;
      this.#head = [];
      this.#units = [];
    }
  }

  /** What the numbers of a column mean is not known any more. */
  forget(column: number): void {
    this.meanings[column]?.fill(Number.NaN);
  }
}

function textOf(units: number[]): string {
  let text = '';
  for (let i = 0; i < units.length; i += 8192) text += String.fromCharCode(...units.slice(i, i + 8192));
  return text;
}
