/**
 * The compiled spec: a table in linear memory that the bindings write once and the core only reads. Offsets in bytes.
 *
 * This file is compiled by both compilers and says how the table is laid out. `f64` unless marked `u32`; kernels are
 * indices of the function table, 0 where there is none.
 *
 *     Plan ──┬─▶ WindowPlan × windowCount     edges of one window kind
 *            └─▶ PartPlan × partCount         one aggregate of one column: its state in a row, its kernels
 */

export enum Plan {
  outOfOrder = 0,
  /** How long after its end a window is given out: the allowed lateness where only final results are. */
  delay = 8,
  allowedLateness = 16,
  maxFutureSkew = 24,
  memoryLimit = 32,
  /** u32 from here on. How keys come: see Keys. */
  keys = 40,
  /** Columns of a key. */
  keyWidth = 44,
  measureCount = 48,
  windowCount = 52,
  partCount = 56,
  /** Bytes of a row: eight for the count of its events, then the states of all parts. */
  stride = 60,
  /** Events the ring holds, a power of two. */
  capacity = 64,
  windows = 72,
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
  /** u32: see assembly/window/registry.ts. */
  start = 24,
  end = 28,
  newest = 32,
  oldest = 36,
  bytes = 40,
}

/** All u32. */
export enum PartPlan {
  /** Offset of the state in a row. */
  state = 0,
  /** Which measure. */
  measure = 4,
  identity = 8,
  fold = 12,
  reduce = 16,
  combine = 20,
  lower = 24,
  /** Whether `lower` fills a column of the results. */
  output = 28,
  /** Offsets, in a row, of the states of other aggregates that `lower` reads. */
  needs = 32,
  /** Addresses, filled in by the core: the measure's column and the time column. */
  column = 48,
  times = 52,
  bytes = 56,
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
}
