/**
 * The plan: the compiled spec, a table in linear memory. The bindings write it once; the core reads it and fills in
 * only the fields that say so.
 *
 * This file is compiled by both compilers and lays the table out: each member is an offset in bytes. `PLAN_U32` and the
 * constants after it say which fields are `f64` and which are `u32`. Kernels are indices of the function table, 0 where
 * there is none.
 *
 *     Plan ──┬─▶ WindowPlan × windowCount     one window each, those on a grid of time first
 *            ├─▶ PartPlan × partCount         one aggregate of its columns: its state in a row, its kernels
 *            └─▶ Instruction × programLength  the expressions to compute for every batch
 */

export enum Plan {
  outOfOrder = 0,
  /**
   * Time from the end of a window to its on-time result: the allowed lateness if only final results are emitted, else
   * 0.
   */
  delay = 8,
  allowedLateness = 16,
  maxFutureSkew = 24,
  memoryLimit = 32,
  /** Windows fire early when the watermark passes a multiple of this; Infinity: never. */
  early = 40,
  /** The seed of the stream's hash tables, a secret whole number below 2^53: see assembly/base/hash.ts. */
  seed = 48,
  /** How keys are written: see Keys. */
  keys = 56,
  /** Number of columns of a key. */
  keyWidth = 60,
  measureCount = 64,
  windowCount = 68,
  /** Number of stores: windows on a grid of time, which come first, share one; each other window has its own. */
  storeCount = 72,
  partCount = 76,
  /** Bytes of a row, and of its head before the states of the parts: see assembly/stream.ts. */
  stride = 80,
  head = 84,
  /** Number of events for which the ring has room, a power of two. */
  capacity = 88,
  /** Whether a firing emits only what is new since the last. */
  discard = 92,
  /** 1 + the measure that is not 0 for events that make the windows of their key fire early; 0: there is none. */
  when = 96,
  /** Whether results have to be put in order: see assembly/result/order.ts. */
  ordered = 100,
  /** Offset of the program from the beginning of the plan, in bytes. */
  program = 104,
  /** Number of instructions of the program, and number of registers it needs. */
  programLength = 108,
  registers = 112,
  /** 1 + the measure that holds the condition of the filter; 0: all events are taken. */
  filter = 116,
  /** Whether late events are handed back, with all their columns. */
  givesLate = 120,
  /** Whether results are packed rows, to be merged with those of other streams: see assembly/result/pack.ts. */
  partial = 124,
  /** The windows begin here. */
  windows = 128,
}

/** How a producer writes the keys of events. */
export enum Keys {
  /** There are no keys: all events are one group. */
  none,
  /** The producer writes dense ids. */
  ids,
  /** The producer writes a word of 8 bytes for each column of the key; the dictionary maps words to ids. */
  words,
  /** Like words, for a key of one column of numbers: -0 is 0, and all NaN are one key. */
  numbers,
}

/** What is certain of a batch before it is taken: see assembly/forecast.ts. */
export enum Forecast {
  unknown,
  /** Each event only changes rows that there are: no memory is needed. */
  fits,
  /** There is no room for it. */
  fails,
}

export enum WindowPlan {
  size = 0,
  every = 8,
  offset = 16,
  /** Greatest length of a session, in time and in events; Infinity: there is none. */
  maxLength = 24,
  maxEvents = 32,
  /** Where windows on a grid begin and end: see assembly/window/window-registry.ts. */
  start = 40,
  end = 44,
  newest = 48,
  oldest = 52,
  /** The functions of the window's store: see assembly/window/window-registry.ts. */
  create = 56,
  destroy = 60,
  take = 64,
  advance = 68,
  query = 72,
  demand = 76,
  live = 80,
  /**
   * 1 + the measure that the window reads: the gap of a session, or the ends of a punctuated window; 0: there is none.
   */
  column = 84,
  /** Which ends of a frame belong to it, or whether sessions may touch: see Closed. */
  closed = 88,
  /** Place of the window in the spec, which orders results. */
  place = 92,
  /** Number of its store. Windows of one store are neighbours. */
  store = 96,
  /** Filled in by the core: the list of the windows of a calendar, see assembly/window/grid/calendar-list.ts. */
  edges = 100,
  /** The function of the debug build that verifies the store: see assembly/check.ts. */
  verify = 104,
  /** A function of the store, 0 if it has none. */
  absorbs = 108,
  bytes = 112,
}

/**
 * Which ends of a frame belong to it. For sessions, `both` says that two events exactly one gap apart are in one
 * session.
 */
export enum Closed {
  none = 0,
  left = 1,
  right = 2,
  both = 3,
}

/** One aggregate of its columns. */
export enum PartPlan {
  /** Offset of the state in a row. */
  state = 0,
  /** The measure; for an aggregate of two columns, the first. */
  measure = 4,
  identity = 8,
  fold = 12,
  foldRun = 16,
  combine = 20,
  lower = 24,
  /** Whether `lower` fills a column of the results. */
  output = 28,
  /** Offsets, in a row, of the states of other aggregates that `lower` reads. */
  needs = 32,
  /** Filled in by the core: addresses of the measure's column and of the column of times. */
  column = 48,
  times = 52,
  /** Bytes of the state. */
  size = 56,
  prefix = 60,
  suffix = 64,
  /** Present only if no other part reads the state. */
  lowerPairs = 68,
  /** For a heap state: releases its block. See assembly/sketch/shared/box.ts. */
  drop = 72,
  /** The second measure of an aggregate of two columns, and the address of its column, filled in by the core. */
  second = 76,
  secondColumn = 80,
  /** Address of the parameters of the aggregate, f64 each. */
  parameters = 84,
  parameterCount = 88,
  /**
   * For an output that is a list: the maximum number of its numbers, or NO_BOUND. For an output that is a number: 0.
   */
  listLimit = 92,
  /** Filled in by the core: the stream. */
  stream = 96,
  roll = 100,
  /** Fills the second measure before windows take events: see assembly/ingest/counter-steps.ts. */
  prepare = 104,
  /**
   * Filled in by the core: address of the samples that `prepare` remembers, and the number of ids they have room for.
   */
  samples = 108,
  sampleCapacity = 112,
  /**
   * For a heap state: the kernel that returns the bytes of its largest possible block, and the bytes by which one value
   * can make the block grow beyond twice its size.
   */
  maxBlockBytes = 116,
  maxLeapBytes = 120,
  /**
   * For a heap state: address of the counts of its blocks, see assembly/sketch/shared/box.ts: 0 bytes of all: f64 │ 8
   * number of large blocks: u32 │ 12 bytes of the small ones: u32.
   */
  counts = 124,
  /** For a heap state in a frame that evicts: kernels that insert and retract one value. */
  insert = 128,
  retract = 132,
  bytes = 136,
}

/** The first field of each record that is `u32`. The fields before it are `f64`, it and those after it `u32`. */
export const PLAN_U32: u32 = Plan.keys;
export const WINDOW_U32: u32 = WindowPlan.start;
export const PART_U32: u32 = PartPlan.state;

/** In place of an upper bound, where there is none. */
export const NO_BOUND: u32 = 0xffffffff;

/**
 * One instruction of a program: into = op(left, right), for all events of a batch. All fields are u32. See
 * assembly/ingest/expression.ts.
 */
export enum Instruction {
  op = 0,
  into = 4,
  intoPlace = 8,
  left = 12,
  leftPlace = 16,
  right = 20,
  rightPlace = 24,
  /** For an operation on a list: the number of its constants, which stand from `right` on. */
  count = 28,
  bytes = 32,
}

/** What the number of an operand means. */
export enum Place {
  /** The number of a register. */
  register,
  /** The number of a measure. */
  column,
  /** The offset in the plan, in bytes, of a constant that stands there twice, once for each SIMD lane. */
  constant,
}

/**
 * Operations of a program. Unless an operation says otherwise, its result is missing (NaN) if an operand is. A
 * condition is 1, 0 or missing; a number used as a condition is false if it is 0, else true.
 */
export enum Op {
  add,
  sub,
  mul,
  div,
  mod,
  neg,
  abs,
  log,
  sqrt,
  min,
  max,
  eq,
  ne,
  lt,
  lte,
  /** 0 if either operand is false, else missing if either is missing, else 1. */
  and,
  /** 1 if either operand is true, else missing if either is missing, else 0. */
  or,
  not,
  /** Whether the left operand is one of a list of constants. */
  isIn,
  /** 1 if the left operand is missing, else 0. */
  isMissing,
  /** The right operand where the left one is true, else missing. */
  select,
}

/** Kind of a firing. `pane` of a result is a kind, plus `final` if its window cannot fire again. */
export enum Firing {
  onTime = 0,
  late = 1,
  early = 2,
  /** Mask of the kind. */
  kind = 3,
  final = 4,
}

/** Counters of a stream, which `stat` reads. */
export enum Stat {
  events,
  late,
  skipped,
  future,
  windows,
  watermark,
  liveKeys,
  liveSlices,
  bytes,
  filtered,
}
