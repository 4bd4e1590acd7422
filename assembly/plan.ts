/**
 * The compiled spec: a table in linear memory that the bindings write once and the core only reads. Offsets in bytes.
 *
 * This file is compiled by both compilers and says how the table is laid out. `f64` unless marked `u32`; kernels are
 * indices of the function table, 0 where there is none.
 *
 *     Plan ──┬─▶ WindowPlan × windowCount     one window each, those on a grid of time first
 *            ├─▶ PartPlan × partCount         one aggregate of one column: its state in a row, its kernels
 *            └─▶ Instruction × programLength  what is computed of every batch: expressions
 */

export enum Plan {
  outOfOrder = 0,
  /** How long after its end a window is given out: the allowed lateness where only final results are. */
  delay = 8,
  allowedLateness = 16,
  maxFutureSkew = 24,
  memoryLimit = 32,
  /** Early firings whenever the watermark passes a multiple of this; Infinity: none. */
  early = 40,
  /** u32 from here on. How keys come: see Keys. */
  keys = 48,
  /** Columns of a key. */
  keyWidth = 52,
  measureCount = 56,
  windowCount = 60,
  /** How many of the windows lie on a grid of time: the first ones. */
  gridCount = 64,
  partCount = 68,
  /** Bytes of a row, and of its head before the states of the parts: see assembly/stream.ts. */
  stride = 72,
  head = 76,
  /** Events the ring holds, a power of two. */
  capacity = 80,
  /** Whether windows fire before their end, or give only what is new: every window then has rows of its own. */
  eager = 84,
  /** Whether a firing gives only what is new since the last. */
  discard = 88,
  /** 1 + the measure that says, by a number other than 0, which events make the windows of their key fire early; 0: none. */
  when = 92,
  /** Whether results have to be put in order: see assembly/order.ts. */
  ordered = 96,
  /** The program, in bytes from the beginning of the plan: how many instructions, and how many registers they need. */
  program = 100,
  programLength = 104,
  registers = 108,
  /** 1 + the measure that says, by a number other than 0, which events are taken; 0: all are. */
  filter = 112,
  /** Whether events that came late are given back, all that is known of them. */
  givesLate = 116,
  /** Whether it is to be told since when something is held: see assembly/since.ts. */
  tracksEarliest = 120,
  /** Whether results are rows that are merged with those of others: see assembly/partial.ts. */
  partial = 124,
  windows = 128,
}

export enum Keys {
  /** One group for all events. */
  none,
  /** The producer writes dense ids. */
  ids,
  /** The producer writes eight bytes for each column of the key; the dictionary maps them. */
  words,
  /** The same for one column of numbers: -0 is 0, and every NaN is the same. */
  numbers,
}

export enum WindowPlan {
  size = 0,
  every = 8,
  offset = 16,
  /** A session's greatest length, in time and in events; Infinity: none. */
  most = 24,
  mostRows = 32,
  /** u32 from here on. Of a grid, see assembly/window/registry.ts. */
  start = 40,
  end = 44,
  newest = 48,
  oldest = 52,
  /** Of a window that has a store of its own, see there. */
  create = 56,
  destroy = 60,
  take = 64,
  advance = 68,
  query = 72,
  demand = 76,
  due = 80,
  live = 84,
  /** 1 + the measure that the window reads: the gap of a session, the ends of a punctuated window; 0: none. */
  column = 88,
  /** See Closed. */
  closed = 92,
  /** Place of the window in the spec: orders results. */
  place = 96,
  /** Filled in by the core: a table of edges that the bindings hand over, see assembly/window/calendar.ts. */
  edges = 100,
  edgeCount = 104,
  /** Of a window that has a store of its own. */
  earliest = 108,
  copies = 112,
  /** Filled in by the core: whether states that own memory run, see assembly/running.ts. */
  evicts = 116,
  bytes = 120,
}

/** Which ends of a frame or an interval belong to it. */
export enum Closed {
  none = 0,
  left = 1,
  right = 2,
  both = 3,
}

/** All u32. */
export enum PartPlan {
  /** Offset of the state in a row. */
  state = 0,
  /** Which measure; for aggregates of two columns the first. */
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
  /** Addresses, filled in by the core: the measure's column and the time column. */
  column = 48,
  times = 52,
  /** Bytes of the state. */
  size = 56,
  prefix = 60,
  suffix = 64,
  /** Only where nothing else reads the state. */
  lowerPairs = 68,
  /** Of a state that owns blocks of memory: gives them back. See assembly/sketch/box.ts. */
  drop = 72,
  /** The second measure of an aggregate of two columns, and, filled in by the core, its column. */
  second = 76,
  secondColumn = 80,
  /** Address of the aggregate's parameters: f64 each. */
  parameters = 84,
  parameterCount = 88,
  /** Of an output that is a list of numbers: how many it can have at the most, or NO_BOUND; 0 of one that is a number. */
  listLimit = 92,
  /** Filled in by the core: the stream. */
  stream = 96,
  roll = 100,
  /** Fills the second measure before windows take events: see assembly/steps.ts. */
  prepare = 104,
  /** Filled in by the core: the samples that this remembers, and for how many ids there is room. */
  samples = 108,
  sampleCapacity = 112,
  /** Of a state that owns memory: how large its block can be, and by how much one value can make it grow beyond twice its size. */
  block = 116,
  leap = 120,
  /** Where the core counts what its blocks take: 0 bytes: f64 │ 8 how many are large: u32 │ 12 bytes of the others: u32. See assembly/sketch/box.ts. */
  counts = 124,
  /** Of such a state in frames of which values also leave. */
  insert = 128,
  retract = 132,
  bytes = 136,
}

/** In place of the greatest number of something that has none. */
export const NO_BOUND: u32 = 0xffffffff;

/** One step of a program: into = op(left, right), for all events of a batch. All u32. See assembly/expression.ts. */
export enum Instruction {
  op = 0,
  into = 4,
  intoPlace = 8,
  left = 12,
  leftPlace = 16,
  right = 20,
  rightPlace = 24,
  /** How many constants there are from `right` on, where the operation is of a list. */
  count = 28,
  bytes = 32,
}

/** Where the numbers of an operand stand: its own number is that of a register, a measure, or a byte of the plan. */
export enum Place {
  register,
  column,
  /** A number in both lanes. */
  constant,
}

/**
 * Operations of a program. What is missing (NaN) gives what is missing. Conditions are 1, 0 or missing; of any number 0 is false and all
 * else true.
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
  and,
  or,
  not,
  /** Whether the left is one of a list of constants. */
  isIn,
  isMissing,
  /** The right where the left holds, else missing. */
  select,
}

/** What a firing is; a result's `pane` is one of these, plus `final` where nothing more can come of its window. */
export enum Firing {
  onTime = 0,
  late = 1,
  early = 2,
  kind = 3,
  final = 4,
}

/** Counters that `stat` reads, in this order. */
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
