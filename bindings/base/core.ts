/**
 * Instantiates the core and gives its exports types. A core is one linear memory that holds any number of streams; a
 * stream is an address in it.
 */

import { instantiateSync } from '@assemblyscript/loader';
import { type Forecast, type Keys, Stat } from '../../assembly/plan';
import { OrielError } from './errors';
import { loggingCore } from './logging-core';

/**
 * Capacity of a stream's ring, in events. A batch of this size and its scratch memory fit in the second-level cache.
 */
export const RING_EVENTS = 4096;

/** The exports of assembly/index.ts, except the kernels of aggregates and windows. */
interface Exports {
  memory: WebAssembly.Memory;
  table: WebAssembly.Table;
  start(): void;
  reserve(bytes: number): number;
  top(): number;
  nextRun(stream: number, from: number): number;
  endOfRun(stream: number, block: number): number;
  withdraw(stream: number): void;
  reclaim(from: number, start: number, end: number): void;
  openLog(bytes: number): number;
  rollBack(): number;
  closeLog(): void;
  create(planBytes: number): number;
  plan(stream: number): number;
  build(stream: number): number;
  destroy(stream: number): void;
  open(stream: number): number;
  claim(stream: number, n: number): number;
  timesColumn(stream: number): number;
  idsColumn(stream: number): number;
  wordsColumns(stream: number): number;
  scanTimes(stream: number, at: number, n: number, limit: number): number;
  firstTime(stream: number): number;
  lastTime(stream: number): number;
  badId(stream: number, at: number, n: number, limit: number): number;
  demand(stream: number, n: number, first: number, last: number, beyond: number, idLimit: number): number;
  setLimit(stream: number, bytes: number): void;
  forecast(stream: number, n: number, idLimit: number): Forecast;
  closing(stream: number): number;
  headroom(stream: number): number;
  affords(stream: number, bytes: number): number;
  commit(stream: number, n: number, idLimit: number): number;
  takeSurely(stream: number, n: number, timeLimit: number, idLimit: number): number;
  lateEvents(stream: number): number;
  advance(stream: number, watermark: number): void;
  newest(stream: number): number;
  openMarks(n: number): number;
  markHeld(stream: number, marks: number, n: number, salt: number, withRing: boolean): number;
  closeMarks(marks: number): void;
  query(stream: number, id: number, t: number): number;
  idOfKey(stream: number): number;
  isListed(stream: number, w: number, k: number): number;
  reserveEntries(stream: number, w: number, n: number): number;
  listWindow(stream: number, w: number, k: number, start: number, end: number): void;
  removeClosed(stream: number, w: number): number;
  windowStart(stream: number, w: number, k: number): number;
  windowEnd(stream: number, w: number, k: number): number;
  oldestOpen(stream: number, w: number, t: number, slack: number): number;
  fireAt(stream: number): number;
  resultCount(stream: number): number;
  startsColumn(stream: number): number;
  endsColumn(stream: number): number;
  resultIds(stream: number): number;
  resultWindows(stream: number): number;
  resultPanes(stream: number): number;
  resultFirings(stream: number): number;
  resultColumn(stream: number, i: number): number;
  resultLists(stream: number): number;
  listCapacity(stream: number): number;
  emptyResults(stream: number): void;
  keyWords(stream: number, id: number): number;
  forgetSamples(stream: number): void;
  liveColumn(stream: number): number;
  pinsColumn(stream: number): number;
  idLimit(stream: number): number;
  setKeys(stream: number, keys: Keys): void;
  openPacked(bytes: number): number;
  closePacked(address: number): void;
  putMerged(stream: number, packed: number, n: number, start: number, end: number, window: number): void;
  createSegments(stream: number, n: number): number;
  segmentBytes(stream: number): number;
  destroySegments(address: number): void;
  useOwnColumns(stream: number): void;
  useSegment(stream: number, address: number, at: number): void;
  setDisorder(stream: number, outOfOrder: number): void;
  canonicalize(column: number, n: number): void;
  stat(stream: number, which: Stat): number;
  /** The debug build alone: the number of a law that does not hold, 0 if all hold; see assembly/check.ts. */
  check?(stream: number): number;
  /** The debug build alone: number of slots that searches in hash tables passed over; see assembly/base/hash.ts. */
  probeCount?(): number;
}

/** What the core exports for one kind of aggregate: see assembly/aggregate/aggregate-registry.ts. */
export interface Kernels {
  /** Bytes of the state, `size + parameterBytes * parameters`; 0 if the aggregate only reads states of others. */
  size: number;
  parameterBytes: number;
  /** From here to `retract`: indices into the function table, 0 if the aggregate has no such kernel. */
  identity: number;
  fold: number;
  foldRun: number;
  combine: number;
  prefix: number;
  suffix: number;
  lowerPairs: number;
  roll: number;
  lower: number;
  drop: number;
  prepare: number;
  maxBlockBytes: number;
  insert: number;
  retract: number;
  /** How many bytes one value can add to a block beyond doubling it. */
  maxLeapBytes: number;
  /**
   * Kinds of the aggregates whose states `lower` reads, and kinds whose states lie inside this one, with their offsets.
   */
  needs: string[];
  includes: Record<string, number>;
}

/** What an aggregate without a state of its own has. */
export const NO_KERNELS: Kernels = {
  size: 0,
  parameterBytes: 0,
  identity: 0,
  fold: 0,
  foldRun: 0,
  combine: 0,
  prefix: 0,
  suffix: 0,
  lowerPairs: 0,
  roll: 0,
  lower: 0,
  drop: 0,
  prepare: 0,
  maxBlockBytes: 0,
  insert: 0,
  retract: 0,
  maxLeapBytes: 0,
  needs: [],
  includes: {},
};

/** The functions that a kind of window may export: see assembly/window/window-registry.ts. */
export const ROLES = [
  ...(['start', 'end', 'newest', 'oldest'] as const),
  ...(['create', 'destroy', 'take', 'advance', 'query', 'demand', 'absorbs', 'live', 'verify'] as const),
] as const;

/** What the core exports for one kind of window: indices into the function table. */
export type WindowKernels = Partial<Record<(typeof ROLES)[number], number>>;

/**
 * Exports that return an address. WebAssembly returns a signed i32, so addresses from 2 GiB on would arrive negative.
 */
const ADDRESSES = [
  ...([
    'create',
    'plan',
    'top',
    'nextRun',
    'endOfRun',
    'timesColumn',
    'idsColumn',
    'wordsColumns',
    'lateEvents',
  ] as const),
  ...(['startsColumn', 'endsColumn', 'resultIds', 'resultWindows', 'resultPanes', 'resultFirings'] as const),
  ...(['resultColumn', 'resultLists', 'query', 'keyWords', 'liveColumn', 'pinsColumn'] as const),
  ...(['createSegments', 'openPacked', 'openMarks'] as const),
] as const;

/** Exports that are not about one stream. The first parameter of all others is a stream. */
const GENERAL = [
  ...(['start', 'reserve', 'top', 'reclaim', 'create', 'openPacked', 'closePacked'] as const),
  ...(['destroySegments', 'canonicalize', 'openMarks', 'closeMarks', 'openLog', 'rollBack', 'closeLog'] as const),
];

function unsigned(address: (...given: never[]) => number): (...given: never[]) => number {
  return (...given) => address(...given) >>> 0;
}

/** Up to this many numbers of a column are copied one by one: a view to copy from would take longer to make. */
const MAX_LOOPED = 16;
/** From this many numbers on columns are copied to one buffer: it takes longer to make one for each. */
const MIN_JOINED = 32;

/** A copy of the memory from one address to another. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly copy: Uint8Array;
}

/** What undoes a call that cannot be finished. */
interface Undo {
  /** Undoes the call. False if it was not memory that was short, but room to note what the call changes. */
  putBack(): boolean;
  /** Called when the call is over, undone or not. */
  end(): void;
}

/** A log of writes takes this share of the memory of its stream; what is more is better copied. */
const LOG_SHARE = 1 / 8;
const MIN_LOG_BYTES = 1 << 18;

/** The error of a call that was refused for want of memory. */
export function noRoom(options?: ErrorOptions): OrielError {
  return new OrielError('ERR_ORIEL_MEMORY', 'the stream has no room for this: nothing of it was taken', options);
}

export class Core {
  readonly exports: Exports;
  readonly aggregates: Record<string, Kernels> = Object.create(null);
  readonly windows: Record<string, WindowKernels> = Object.create(null);
  #bytes: Uint8Array;
  /** The names of the kernels, in the order in which they stand in the function table. */
  readonly #kernels: string[] = [];
  /** The exports of the instance that logs what it writes, null if there can be none; made when first needed. */
  #logging: Exports | null | undefined;
  /** What runs in place of `exports` at present. */
  #instead: Exports | undefined;
  /** The whole memory as numbers, valid until something allocates. */
  #numbers: Float64Array;
  /** Streams in which the core has trapped. Their memory may be in any state, so it is never touched again. */
  readonly #broken = new Set<number>();
  /** Whether a trap means that memory is short, and will be undone. */
  #undoesTraps = false;
  /** Events of a segment that are being consumed: `n` of them from place `at`. An undo restores these, too. */
  batchInUse: readonly [stream: number, at: number, n: number] | undefined;

  /** @param binary the binary of the module, if it is at hand */
  constructor(
    module: WebAssembly.Module,
    readonly binary?: () => Uint8Array,
  ) {
    const shared = WebAssembly.Module.imports(module).some((entry) => entry.kind === 'memory');
    const memory = shared ? new WebAssembly.Memory({ initial: 4, maximum: 65536, shared: true }) : undefined;
    const { instance } = instantiateSync(module, memory ? { env: { memory } } : {});
    this.exports = this.#guarded(exportsOf({ ...instance.exports, memory: memory ?? instance.exports.memory }));
    this.exports.start();
    this.#register(instance.exports as Record<string, unknown>);
    this.#bytes = new Uint8Array(this.exports.memory.buffer);
    this.#numbers = new Float64Array(this.exports.memory.buffer);
  }

  /** A view of the whole memory, valid until something allocates. */
  get bytes(): Uint8Array {
    if (this.#bytes.buffer !== this.exports.memory.buffer) this.#bytes = new Uint8Array(this.exports.memory.buffer);
    return this.#bytes;
  }

  get buffer(): ArrayBufferLike {
    return this.exports.memory.buffer;
  }

  /** Copies n numbers from an address. */
  float64s(address: number, n: number): Float64Array<ArrayBuffer> {
    return new Float64Array(new Float64Array(this.buffer, address, n));
  }

  /** Copies columns of n numbers from some addresses. Those of many numbers come as views of one buffer. */
  columns(addresses: readonly number[], n: number): Float64Array<ArrayBuffer>[] {
    const { buffer } = this;
    if (this.#numbers.buffer !== buffer) this.#numbers = new Float64Array(buffer);
    if (n <= MAX_LOOPED) return addresses.map((address) => copied(this.#numbers, address / 8, n));
    if (n < MIN_JOINED) return addresses.map((address) => new Float64Array(new Float64Array(buffer, address, n)));
    const joined = new ArrayBuffer(8 * n * addresses.length);
    return addresses.map((address, i) => {
      const column = new Float64Array(joined, 8 * n * i, n);
      column.set(new Float64Array(buffer, address, n));
      return column;
    });
  }

  /** Whether the core has trapped in a stream. */
  isBroken(stream: number): boolean {
    return this.#broken.has(stream);
  }

  /** @throws {OrielError} ERR_ORIEL_CORE if the core has trapped in the stream */
  assertWhole(stream: number): void {
    if (this.#broken.has(stream)) throw broken();
  }

  /**
   * The exports, with a guard around all that are about one stream: if the core traps there, that stream is broken, and
   * every later call throws ERR_ORIEL_CORE. To destroy it then does nothing.
   */
  #guarded(exported: Exports): Exports {
    const guarded = { ...exported };
    for (const [name, call] of Object.entries(exported)) {
      // The kernels of aggregates and windows have names with an underscore; nobody calls them here.
      if (typeof call !== 'function' || name.includes('_') || GENERAL.includes(name as 'top')) continue;
      guarded[name as 'demand'] = this.#guard(name as 'demand', call, name === 'destroy') as never;
    }
    return guarded;
  }

  #guard(name: 'demand', call: (...given: number[]) => unknown, isQuiet: boolean) {
    return (stream: number, a: number, b: number, c: number, d: number, e: number): unknown => {
      try {
        if (!this.#broken.has(stream)) return (this.#instead ? this.#instead[name] : call)(stream, a, b, c, d, e);
      } catch (cause) {
        if (this.#undoesTraps && cause instanceof WebAssembly.RuntimeError) throw cause;
        this.#broken.add(stream);
        if (!isQuiet) throw broken(cause);
      }
      if (!isQuiet) throw broken();
      return undefined;
    };
  }

  /** Registers kernels by the names of their exports: `sum_fold`, `mean_needs.count`, `hopping_start`. */
  #register(exports: Record<string, unknown>): void {
    for (const [name, value] of Object.entries(exports)) {
      const [, owner, role, of] = /^([a-zA-Z0-9]+)_(\w+)(?:\.(\w+))?$/.exec(name) ?? [];
      if (!owner || !role) continue;
      if (ROLES.includes(role as 'start')) {
        this.windows[owner] ??= {};
        this.windows[owner][role as 'start'] = this.#indexOf(name, value);
        continue;
      }
      this.aggregates[owner] ??= { ...NO_KERNELS, needs: [], includes: {} };
      const kernels = this.aggregates[owner];
      if (role === 'needs' && of) kernels.needs[(value as WebAssembly.Global).value] = of;
      else if (role === 'includes' && of) kernels.includes[of] = (value as WebAssembly.Global).value;
      else if (role === 'size' || role === 'parameterBytes' || role === 'maxLeapBytes')
        kernels[role] = (value as WebAssembly.Global).value;
      else kernels[role as 'fold'] = this.#indexOf(name, value);
    }
  }

  #indexOf(name: string, kernel: unknown): number {
    this.#kernels.push(name);
    return addTo(this.exports.table, kernel);
  }

  /**
   * Runs an operation that needs at most `demand` bytes of a stream's memory, entirely or not at all. If that much is
   * certain to be there, `run` gets `sure = true`. Otherwise the operation is undone if it fails: from a log of what it
   * writes, or from a copy of the stream's blocks.
   *
   * An operation that adds events (`adds`) is also undone if it leaves too little memory to fire everything open, so
   * that a full stream can still fire and close.
   *
   * @param isLogged whether a log can tell what `run` changes: the core alone writes, and `run` may be called twice
   * @throws {OrielError} ERR_ORIEL_MEMORY
   */
  atomically(stream: number, demand: number, run: (sure: boolean) => void, adds = true, isLogged = false): void {
    const { exports } = this;
    if (exports.affords(stream, demand)) {
      run(true);
      return;
    }
    const undo = (isLogged && this.#logOf(stream)) || this.#copyOf(stream);
    try {
      this.#undoesTraps = true;
      run(false);
      if (!adds || exports.closing(stream) <= exports.headroom(stream)) return;
      throw new WebAssembly.RuntimeError('no room is left to give it out');
    } catch (cause) {
      if (!(cause instanceof WebAssembly.RuntimeError)) throw cause;
      if (undo.putBack()) throw noRoom({ cause });
    } finally {
      this.#undoesTraps = false;
      undo.end();
    }
    // The log was full.
    this.atomically(stream, demand, run, adds);
  }

  /** Logs what the core writes from now on; undefined if it cannot. */
  #logOf(stream: number): Undo | undefined {
    const { exports } = this;
    if (this.#logging === undefined) this.#logging = this.#makeLogging();
    const bytes = Math.max(MIN_LOG_BYTES, exports.stat(stream, Stat.bytes) * LOG_SHARE);
    if (!this.#logging || !exports.openLog(bytes)) return undefined;
    this.#instead = this.#logging;
    return {
      putBack: () => exports.rollBack() !== 0,
      end: () => {
        this.#instead = undefined;
        exports.closeLog();
      },
    };
  }

  /**
   * Makes the instance that logs what it writes: assembly/base/write-log.ts. Its functions have the same places in its
   * table as those of the first instance. Null if there is no binary to make it from, or no code may be made here.
   */
  #makeLogging(): Exports | null {
    if (!this.binary) return null;
    try {
      const module = new WebAssembly.Module(loggingCore(this.binary()));
      const instance = new WebAssembly.Instance(module, { env: { memory: this.exports.memory } });
      const exported = exportsOf(instance.exports);
      for (const name of this.#kernels) addTo(exported.table, instance.exports[name]);
      return exported;
    } catch {
      return null;
    }
  }

  /** Copies what an operation of a stream can change: the blocks of the stream, and the events it consumes. */
  #copyOf(stream: number): Undo {
    const { exports, bytes } = this;
    const blocks: Piece[] = [];
    for (let from = exports.nextRun(stream, 0); from; ) {
      const to = exports.endOfRun(stream, from);
      blocks.push({ from, to, copy: bytes.slice(from, to) });
      from = exports.nextRun(stream, to);
    }
    const events = this.#copyOfBatch();
    return {
      putBack: () => {
        this.#putBack(stream, blocks, events);
        return true;
      },
      end: () => {},
    };
  }

  /**
   * Copies the events of `batchInUse`, which the consumer owns in every column of the segment. The rest of the segment
   * is the producer's, who may be writing to it.
   */
  #copyOfBatch(): Piece[] {
    if (!this.batchInUse) return [];
    const { exports, bytes } = this;
    const [stream, at, n] = this.batchInUse;
    const begin = exports.timesColumn(stream);
    const lane = exports.idsColumn(stream) - begin;
    const events: Piece[] = [];
    for (let column = begin; column < begin + exports.segmentBytes(stream); column += lane) {
      // The column of ids has entries of 4 bytes and fills half its lane.
      const entryBytes = column === begin + lane ? 4 : 8;
      const from = column + entryBytes * at;
      const to = from + entryBytes * n;
      events.push({ from, to, copy: bytes.slice(from, to) });
    }
    return events;
  }

  /**
   * Puts back the blocks of a stream, copied in order of address, and events of a segment: see
   * assembly/base/allocator.ts.
   */
  #putBack(stream: number, blocks: readonly Piece[], events: readonly Piece[]): void {
    const { exports, bytes } = this;
    exports.withdraw(stream);
    let before = 0;
    for (const { from, to, copy } of blocks) {
      exports.reclaim(before, from, to);
      bytes.set(copy, from);
      before = to;
    }
    for (const { from, copy } of events) bytes.set(copy, from);
  }
}

function copied(numbers: Float64Array, from: number, n: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(n);
  for (let i = 0; i < n; i++) copy[i] = numbers[from + i] as number;
  return copy;
}

function broken(cause?: unknown): OrielError {
  return new OrielError('ERR_ORIEL_CORE', 'the core has failed in this stream, which can do nothing any more', {
    cause,
  });
}

let current: Core | undefined;
let source: (() => Core) | undefined;

/**
 * Sets where the module comes from. It is called when the core is first needed; only the first call of this has an
 * effect.
 * @param binary the binary of the module; without it calls at the very limit of memory are slower
 */
export function provideCore(module: () => WebAssembly.Module, binary?: () => Uint8Array): void {
  source ??= () => new Core(module(), binary);
}

/** Sets that the core comes from its base64, the form in which the package carries it. */
export function provideBase64(base64: string): void {
  provideCore(
    () => new WebAssembly.Module(decode(base64)),
    () => decode(base64),
  );
}

/** The core of this thread, instantiated on first use. @throws {OrielError} ERR_ORIEL_CORE */
export function core(): Core {
  if (current) return current;
  if (!source) throw new OrielError('ERR_ORIEL_CORE', 'the core is not there yet: await init(module) first');
  try {
    current = source();
  } catch (cause) {
    throw new OrielError('ERR_ORIEL_CORE', `the WebAssembly core cannot be compiled here: ${cause}`, { cause });
  }
  return current;
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const characters = atob(base64);
  // A loop: Uint8Array.from takes twenty times as long.
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** The exports of an instance, with types. */
function exportsOf(exports: object): Exports {
  const exported = { ...exports } as Exports;
  for (const name of ADDRESSES) exported[name] = unsigned(exported[name]) as never;
  return exported;
}

/** Adds a function to a table; returns its place. */
function addTo(table: WebAssembly.Table, kernel: unknown): number {
  const index = table.grow(1);
  table.set(index, kernel);
  return index;
}
