/**
 * Caches strings by their bytes, so that a repeated string is not decoded again. It is a hash table with open
 * addressing that is emptied when full; the strings it has returned stay valid.
 */

/** Maximum number of strings in the cache, and of their bytes. */
const MAX_STRINGS = 2 ** 18;
const MAX_BYTES = 2 ** 24;

export class StringCache {
  /** Numbers of strings, by hash; -1 in an empty slot. */
  #table = new Int32Array(2048).fill(-1);
  #hashes = new Int32Array(1024);
  /** Where the bytes of each string end; they begin where those of the one before end. */
  #ends = new Int32Array(1024);
  #bytes = Buffer.allocUnsafe(2 ** 16);
  #strings: string[] = [];

  /** The string of UTF-8 bytes. */
  at(bytes: Buffer, from: number, to: number): string {
    let hash = 0x811c9dc5;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
    hash ^= hash >>> 15;
    const table = this.#table;
    const mask = table.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = table[slot] as number;
      if (number < 0) return this.#add(bytes, from, to, hash);
      if (this.#hashes[number] === hash && this.#holds(number, bytes, from, to)) return this.#strings[number] as string;
    }
  }

  /** Whether string `number` has these bytes. */
  #holds(number: number, bytes: Buffer, from: number, to: number): boolean {
    const own = this.#bytes;
    let at = number ? (this.#ends[number - 1] as number) : 0;
    if ((this.#ends[number] as number) - at !== to - from) return false;
    for (let i = from; i < to; i++) if (bytes[i] !== own[at++]) return false;
    return true;
  }

  #add(bytes: Buffer, from: number, to: number, hash: number): string {
    const value = bytes.toString('utf8', from, to);
    if (to - from > MAX_BYTES >> 6) return value;
    let number = this.#strings.length;
    let used = number ? (this.#ends[number - 1] as number) : 0;
    if (number === MAX_STRINGS || used + to - from > MAX_BYTES) {
      this.#strings = [];
      this.#table.fill(-1);
      number = used = 0;
    }
    if (number === this.#hashes.length) this.#grow();
    if (used + to - from > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes], 2 * this.#bytes.length + to - from);
    bytes.copy(this.#bytes, used, from, to);
    this.#hashes[number] = hash;
    this.#ends[number] = used + to - from;
    this.#strings.push(value);
    this.#put(number, hash);
    return value;
  }

  #put(number: number, hash: number): void {
    const mask = this.#table.length - 1;
    let slot = hash & mask;
    while ((this.#table[slot] as number) >= 0) slot = (slot + 1) & mask;
    this.#table[slot] = number;
  }

  #grow(): void {
    const twice = (column: Int32Array) => {
      const wider = new Int32Array(2 * column.length);
      wider.set(column);
      return wider;
    };
    this.#hashes = twice(this.#hashes);
    this.#ends = twice(this.#ends);
    this.#table = new Int32Array(2 * this.#table.length).fill(-1);
    for (let number = 0; number < this.#strings.length; number++) this.#put(number, this.#hashes[number] as number);
  }
}
