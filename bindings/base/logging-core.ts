/**
 * Rewrites the core's binary so that it logs what it overwrites. Each instruction that writes to memory becomes a call
 * of a function of assembly/base/write-log.ts, which notes the old content and then writes. Everything else stays, so
 * that addresses, tables and results are the same. The memory is imported from another instance.
 *
 * It knows the instructions that the core consists of, and throws at any other.
 */

/** The functions that stand for instructions, by opcode. Those of vectors and of whole ranges have a prefix. */
const WRITES: Readonly<Record<number, string>> = {
  54: 'loggedI32',
  55: 'loggedI64',
  57: 'loggedF64',
  58: 'loggedI8',
  59: 'loggedI16',
};
const LANES = ['loggedLane0', 'loggedLane1'];

/** How many numbers follow an opcode without a prefix; 255 if it is not known here. */
const NUMBERS = new Uint8Array(256).fill(255);
// Unreachable, no operation, else, end, return, drop, select; arithmetic.
for (const opcode of [0, 1, 5, 11, 15, 26, 27]) NUMBERS[opcode] = 0;
NUMBERS.fill(0, 69, 197);
// Blocks, branches, calls, variables, sizes of memory, whole constants.
for (const opcode of [2, 3, 4, 12, 13, 16, 32, 33, 34, 35, 36, 63, 64, 65, 66]) NUMBERS[opcode] = 1;
// Indirect calls and loads.
NUMBERS.fill(2, 40, 54)[17] = 2;

/** Sections of a binary, by number. */
const IMPORTS = 2;
const FUNCTIONS = 3;
const MEMORY = 5;
const EXPORTS = 7;
const CODE = 10;

/** Opcodes of the instructions that are inserted. */
const CALL = 0x10;
const I32_CONST = 0x41;

/** Reads a binary. */
class Reader {
  at = 0;

  constructor(readonly bytes: Uint8Array) {}

  byte(): number {
    return this.bytes[this.at++] as number;
  }

  /** An unsigned number of up to 32 bits, in groups of seven. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  /** Passes over n numbers of any size. */
  pass(n: number): void {
    for (; n > 0; n--) while (this.byte() >= 128);
  }

  name(): string {
    const length = this.number();
    this.at += length;
    return String.fromCharCode(...this.bytes.subarray(this.at - length, this.at));
  }

  /** The next n bytes. */
  take(n: number): Uint8Array {
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }
}

/** Writes a binary. */
class Writer {
  #bytes = new Uint8Array(256);
  length = 0;

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }

  byte(byte: number): void {
    this.#makeRoom(1);
    this.#bytes[this.length++] = byte;
  }

  append(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  #makeRoom(n: number): void {
    if (this.length + n <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.length + n));
    larger.set(this.bytes);
    this.#bytes = larger;
  }

  number(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128);
    this.byte(rest);
  }

  /** A number that is not negative, as a signed one. */
  signed(value: number): void {
    let rest = value;
    for (; rest > 63; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128);
    this.byte(rest);
  }

  /** Bytes after their number. */
  counted(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.append(bytes);
  }
}

/** The binary of a core that logs what it overwrites. @throws {Error} if it has instructions that are not known here */
export function loggingCore(core: Uint8Array): Uint8Array<ArrayBuffer> {
  const reader = new Reader(core);
  const sections = new Map<number, Uint8Array>();
  const head = reader.take(8);
  while (reader.at < core.length) sections.set(reader.byte(), reader.take(reader.number()));
  const logged = functionsOf(sections.get(EXPORTS) as Uint8Array);
  const memory = sections.get(MEMORY);
  const written = new Writer();
  written.append(head);
  for (const [section, content] of sections) {
    // Custom sections are not needed, and the first one has the number 0 as have all others.
    if (section === 0 || section === MEMORY) continue;
    if (section === FUNCTIONS && memory) put(written, IMPORTS, importOf(memory));
    put(written, section, section === CODE ? rewritten(content, logged) : content);
  }
  return written.bytes;
}

function put(into: Writer, section: number, content: Uint8Array): void {
  into.byte(section);
  into.counted(content);
}

/** The indices of the exported functions, by name. */
function functionsOf(exports: Uint8Array): Map<string, number> {
  const reader = new Reader(exports);
  const functions = new Map<string, number>();
  for (let n = reader.number(); n > 0; n--) {
    const name = reader.name();
    const isFunction = reader.byte() === 0;
    const index = reader.number();
    if (isFunction) functions.set(name, index);
  }
  return functions;
}

/** The section that imports the memory which a section of memories declares. */
function importOf(memory: Uint8Array): Uint8Array {
  const imported = new Writer();
  const name = (text: string) => imported.counted(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  imported.number(1);
  name('env');
  name('memory');
  imported.byte(2);
  imported.append(memory.subarray(1));
  return imported.bytes;
}

/** The section of code with calls of the functions `logged`, which themselves stay as they are. */
function rewritten(code: Uint8Array, logged: ReadonlyMap<string, number>): Uint8Array {
  const reader = new Reader(code);
  const written = new Writer();
  const kept = new Set([...logged].flatMap(([name, index]) => (name.startsWith('logged') ? index : [])));
  const n = reader.number();
  written.number(n);
  for (let i = 0; i < n; i++) {
    const body = reader.take(reader.number());
    written.counted(kept.has(i) ? body : new Body(body, logged).rewrite());
  }
  return written.bytes;
}

/** The body of a function. */
class Body {
  readonly #reader: Reader;
  readonly #written = new Writer();
  /** What comes before this is written. */
  #from = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly logged: ReadonlyMap<string, number>,
  ) {
    this.#reader = new Reader(bytes);
  }

  rewrite(): Uint8Array {
    const reader = this.#reader;
    for (let n = reader.number(); n > 0; n--) reader.pass(2);
    while (reader.at < this.bytes.length) this.#instruction();
    this.#written.append(this.bytes.subarray(this.#from));
    return this.#written.bytes;
  }

  #instruction(): void {
    const reader = this.#reader;
    const at = reader.at;
    const opcode = reader.byte();
    const numbers = NUMBERS[opcode] as number;
    if (numbers < 255) reader.pass(numbers);
    else if (opcode in WRITES) this.#writes(at, WRITES[opcode] as string);
    else if (opcode === 0xfc) this.#range(at);
    else if (opcode === 0xfd) this.#vector(at);
    // A branch by a table of labels; constants.
    else if (opcode === 0x0e) reader.pass(reader.number() + 1);
    else if (opcode === 0x43) reader.at += 4;
    else if (opcode === 0x44) reader.at += 8;
    else throw unknown(opcode);
  }

  /** Saturating conversions, and the instructions that write a range of memory. */
  #range(at: number): void {
    const opcode = this.#reader.number();
    if (opcode < 8) return;
    if (opcode !== 10 && opcode !== 11) throw unknown(0xfc00 + opcode);
    this.#reader.pass(opcode === 10 ? 2 : 1);
    this.#call(at, opcode === 10 ? 'loggedCopy' : 'loggedFill');
  }

  #vector(at: number): void {
    const reader = this.#reader;
    const opcode = reader.number();
    if (opcode === 11) this.#writes(at, 'loggedV128');
    else if (opcode < 11 || opcode === 92 || opcode === 93) reader.pass(2);
    else if (opcode < 14) reader.at += 16;
    else if (opcode >= 21 && opcode < 35) reader.at++;
    else if (opcode >= 84 && opcode < 88) reader.pass(3);
    else if (opcode === 91) this.#lane(at);
    else if (opcode >= 88 && opcode < 91) throw unknown(0xfd00 + opcode);
  }

  /** Replaces an instruction whose address has an offset, which becomes the last argument. */
  #writes(at: number, name: string): void {
    this.#reader.pass(1);
    this.#call(at, name, this.#reader.number());
  }

  #lane(at: number): void {
    this.#reader.pass(1);
    const offset = this.#reader.number();
    this.#call(at, LANES[this.#reader.byte()] as string, offset);
  }

  /** Replaces the instruction from `at` up to here by a call. */
  #call(at: number, name: string, offset?: number): void {
    const index = this.logged.get(name);
    if (index === undefined) throw new Error(`the core has no function ${name}`);
    const written = this.#written;
    written.append(this.bytes.subarray(this.#from, at));
    if (offset !== undefined) {
      written.byte(I32_CONST);
      written.signed(offset);
    }
    written.byte(CALL);
    written.number(index);
    this.#from = this.#reader.at;
  }
}

function unknown(opcode: number): Error {
  return new Error(`the core has an instruction that is not known here: ${opcode}`);
}
