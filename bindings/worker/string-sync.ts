/**
 * Sends strings to another thread. A producer numbers the strings of each column, and sends the definition of a number
 * before the first event that uses it. There are no locks, and neither thread reads a table of the other.
 *
 *     definition    column │ number: 2 units │ length: 2 units │ the string, in UTF-16 units
 *
 * Numbers are reused by generations: first those in [0, GENERATION_SIZE), then those in [GENERATION_SIZE, 2 ·
 * GENERATION_SIZE), then the first ones again. A generation may begin only when all events with the numbers that it
 * reuses, those of the last but one, have been released. Until then there are no new numbers.
 */

import type { StringTable } from '../input/strings';
import { Ring } from '../shared/ring';

/** Number of strings of a column in one generation. */
export const GENERATION_SIZE = 1 << 16;
/** Capacity of the ring of definitions, in UTF-16 units. */
const RING_UNITS = 1 << 16;
/** Units of a definition before the string. */
const HEADER_UNITS = 5;

/** Size in bytes of the memory for the ring of definitions. */
export function definitionBytes(): number {
  return 1024 + 2 * RING_UNITS;
}

function ringOn(buffer: ArrayBufferLike): Ring<{ unit: 'u16' }> {
  return new Ring({ schema: { unit: 'u16' }, capacity: RING_UNITS, buffer: buffer as SharedArrayBuffer });
}

/** Says that no definitions are read any more, so that the producer stops waiting for room. */
export function cancelStrings(buffer: ArrayBufferLike): void {
  ringOn(buffer).cancel();
}

/** The strings that one producer sends. */
export class OutgoingStrings {
  readonly #ring: Ring<{ unit: 'u16' }>;
  /** For each column, the numbers of its strings. */
  readonly tables: readonly StringTable[];
  /** A definition that did not fit into the ring as a whole, and how many of its units have been sent. */
  #unsent: Uint16Array | undefined;
  #sentUnits = 0;

  constructor(
    buffer: ArrayBufferLike,
    columns: number,
    readonly isReleased: (event: number) => boolean,
    readonly tail: () => number,
  ) {
    this.#ring = ringOn(buffer);
    this.tables = Array.from({ length: columns }, (_, column) => new OutgoingTable(this, column));
  }

  /** Resolves when there is room to send more. */
  ready(signal?: AbortSignal): Promise<boolean> {
    return this.#ring.ready(1, signal ? { signal } : {});
  }

  /** Blocks until there is room to send more; false if time ran out. */
  waitReady(timeoutMs: number): boolean {
    return this.#ring.waitReady(1, timeoutMs);
  }

  /** Tries to send the rest of a definition; true if it still does not fit. */
  get isStuck(): boolean {
    return this.#unsent !== undefined && !this.#flush(this.#unsent);
  }

  /** Sends the definition of a string, after those before it; returns whether all of it is sent. */
  send(column: number, number: number, value: string): boolean {
    const units = new Uint16Array(HEADER_UNITS + value.length);
    units.set([column, number & 0xffff, number >>> 16, value.length & 0xffff, value.length >>> 16]);
    for (let i = 0; i < value.length; i++) units[HEADER_UNITS + i] = value.charCodeAt(i);
    this.#unsent = units;
    this.#sentUnits = 0;
    return this.#flush(units);
  }

  /** Sends the rest of a definition; returns whether all of it is sent. */
  #flush(unsent: Uint16Array): boolean {
    this.#sentUnits += this.#ring.push({ unit: unsent }, this.#sentUnits);
    if (this.#sentUnits < unsent.length) return false;
    this.#unsent = undefined;
    return true;
  }
}

/** The numbers of the strings of one column. */
class OutgoingTable implements StringTable {
  readonly #numbers = new Map<string, number>();
  /** The first number of the current generation. */
  #base = 0;
  /** The sequence number that the next event had when the current generation began. */
  #end: number;

  constructor(
    readonly strings: OutgoingStrings,
    readonly column: number,
  ) {
    this.#end = strings.tail();
  }

  /** The number of a string; -1 if it cannot be sent until the other side has read more. */
  numberOf(value: string): number {
    if (this.strings.isStuck) return -1;
    return this.#numbers.get(value) ?? this.#define(value);
  }

  /** Whether a number of the current generation is in use. */
  has(number: number): boolean {
    const from = number - this.#base;
    return Number.isInteger(number) && from >= 0 && from < this.#numbers.size;
  }

  /** Numbers a new string and sends its definition; -1 if there is no number or not enough room. */
  #define(value: string): number {
    const numbers = this.#numbers;
    if (numbers.size === GENERATION_SIZE) {
      if (!this.strings.isReleased(this.#end)) return -1;
      numbers.clear();
      this.#end = this.strings.tail();
      this.#base = GENERATION_SIZE - this.#base;
    }
    const number = this.#base + numbers.size;
    numbers.set(value, number);
    return this.strings.send(this.column, number, value) ? number : -1;
  }
}

/** The strings that come from one producer. */
export class IncomingStrings {
  readonly #ring: Ring<{ unit: 'u16' }>;
  /** For each column: the strings by number, and the stream's own numbers for them, NaN if not yet known. */
  readonly values: string[][];
  readonly translations: Float64Array[];
  #header: number[] = [];
  #units: number[] = [];

  constructor(buffer: ArrayBufferLike, columns: number) {
    this.#ring = ringOn(buffer);
    this.values = Array.from({ length: columns }, () => []);
    this.translations = Array.from({ length: columns }, () => new Float64Array(2 * GENERATION_SIZE).fill(Number.NaN));
  }

  /** Whether there are definitions to read. */
  get hasInput(): boolean {
    return this.#ring.peek(1) > 0;
  }

  /** Reads all definitions that have come through the ring. */
  read(): void {
    for (let n = this.#ring.peek(RING_UNITS); n > 0; n = this.#ring.peek(RING_UNITS)) {
      const from = this.#ring.readAt;
      this.feed(this.#ring.columns.unit.subarray(from, from + n));
      this.#ring.release(n);
    }
  }

  /** Reads units that came through the ring or in a message. A definition may be split between two calls. */
  feed(units: Uint16Array): void {
    for (let i = 0; i < units.length; i++) {
      if (this.#header.length < HEADER_UNITS) this.#header.push(units[i] as number);
      else this.#units.push(units[i] as number);
      const [column = 0, low = 0, high = 0, short = 0, long = 0] = this.#header;
      if (this.#header.length < HEADER_UNITS || this.#units.length < short + long * 65536) continue;
      const number = low + high * 65536;
      (this.values[column] as string[])[number] = textOf(this.#units);
      (this.translations[column] as Float64Array)[number] = Number.NaN;
      this.#header = [];
      this.#units = [];
    }
  }

  /** Forgets the stream's numbers for the strings of a column. */
  forget(column: number): void {
    this.translations[column]?.fill(Number.NaN);
  }
}

function textOf(units: number[]): string {
  let text = '';
  for (let i = 0; i < units.length; i += 8192) text += String.fromCharCode(...units.slice(i, i + 8192));
  return text;
}
