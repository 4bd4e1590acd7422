/**
 * A stream: its plan, its clock, its counters, and the stores that hold its events. All memory of a stream is reached
 * from here.
 *
 *     Stream ─┬─ Ring             events that are not yet consumed
 *             ├─ Dictionary       keys ↔ ids
 *             ├─ Store × n        rows: one for all windows on a grid, one for each other window (store.ts)
 *             └─ Outbox           results, until they are taken
 *
 * A row holds the states of all aggregates of one key in one window, slice or span. `emitted` and `firings` are part of
 * its head only where windows fire more than once:
 *
 *     0 events: f64 │ 8 emitted: f64 │ 16 firings: f64 │ state of part 0 │ … │ state of part n-1        stride bytes
 *
 * `events` is the number of events in the row, 0 if it is empty; `emitted` is that number at the last firing.
 */

import { Owner } from './base/allocator';
import { factorOf, hashBy } from './base/hash';
import { Part, Parts } from './part';
import { WindowPlan } from './plan';
import { Scratch } from './scratch';
import { Window } from './window';

@unmanaged
export class Stream extends Owner {
  /**
   * Counts the memory of results not yet taken. It has no limit of its own: a full stream can always fire what it
   * accepted.
   */
  results: Owner;
  /** Counts the blocks of heap states. */
  states: Owner;
  hasHeapStates: bool;
  /**
   * The secret factors by which all hash tables of the stream place their words (base/hash.ts), set by `seedTables`.
   * Blocks with tables are only valid where these are the same; no result depends on them.
   */
  lowFactor: u64;
  highFactor: u64;
  lastFactor: u64;
  /** Bytes in use before the first event. */
  emptyBytes: f64;
  /** Whether samples of keys are remembered beyond their windows: see ingest/counter-steps.ts. */
  hasSamples: bool;
  plan: usize;
  windows: usize;
  windowCount: i32;
  /** The stores, in the order of their windows: see store.ts. */
  stores: usize;
  storeCount: i32;
  /** The parts of the plan, over the columns of the ring: all of them, and the two ranges that they consist of. */
  parts: Parts;
  /** Those with inline states and those without states of their own. */
  inlineParts: Parts;
  heapParts: Parts;
  outputCount: i32;
  /** Upper bounds on the numbers in the lists of one result: from inline states, and from heap states. */
  listLimit: f64;
  heapListLimit: f64;
  /** Number of outputs that are lists from heap states. */
  heapLists: f64;
  /** Bytes of a row and of its head. */
  stride: usize;
  head: usize;
  delay: f64;
  allowedLateness: f64;
  outOfOrder: f64;
  maxFutureSkew: f64;
  keys: i32;
  /** As in the plan. */
  discard: bool;
  ordered: bool;
  partial: bool;
  early: f64;
  /** Address of the column that says which events make windows fire early, 0 if there is none. */
  when: usize;
  /** The program that runs over every batch: see ingest/expression.ts. */
  program: usize;
  programLength: i32;
  registers: usize;
  /** The filter of events, 0 if all are taken: see ingest/filter.ts. */
  filter: usize;

  /** The greatest event time so far, and the watermark: no event before it is expected. */
  newest: f64;
  watermark: f64;
  /** The newest time that `advance` implied; with `newest` it bounds which event times are believed. */
  advancedTo: f64;
  /** The newest time from which on a window of a store that schedules its firings may fire, or be released. */
  fireAt: f64;
  /** Whether every store does so: until `fireAt`, moving the clock then does nothing else. */
  isScheduled: bool;

  /** Counters: see `Stat` in plan.ts. */
  events: f64;
  late: f64;
  skipped: f64;
  future: f64;
  filtered: f64;
  fired: f64;

  /**
   * Whether the stream has columns, scratch and stores. It has no events before, and `limit` is lower by `openBytes`,
   * which these take.
   */
  isOpen: bool;
  openBytes: f64;
  ring: usize;
  dictionary: usize;
  outbox: usize;

  /**
   * A row that nothing reads, into which events are folded that no window takes, and the empty row, with which every
   * row begins.
   */
  trash: usize;
  empty: usize;
  /** Lists and rows for whoever works at present: see scratch.ts. */
  scratch: Scratch;
  /** The places in the ring of the late events of the last batch: u32 each. */
  lateEvents: usize;
  lateCount: i32;
  /** u16 for each event of the batch: how many stores did not take it, and why. See ingest/admission.ts. */
  misses: usize;
  missed: bool;
  /** The range of the times that the bindings had scanned last: see `scanTimes` in index.ts. */
  scanned: usize;
  /** The bound that stores add up: see budget.ts. */
  bound: usize;
  /** The answer to the last query: see query.ts. */
  answers: usize;
}

/** Offsets of `emitted` and `firings` in the head of a row. */
export const EMITTED: usize = 8;
export const FIRINGS: usize = 16;

/** Sets the factors that follow from a seed. Call it before the first word is put into a table. */
export function seedTables(stream: Stream, seed: f64): void {
  stream.lowFactor = factorOf(seed, 0);
  stream.highFactor = factorOf(seed, 1);
  stream.lastFactor = factorOf(seed, 2);
}

/** Hashes a word for a table of the stream; home slots are taken from the top bits. */
export function tableHash(stream: Stream, word: u64): u64 {
  return hashBy(word, stream.lowFactor, stream.highFactor, stream.lastFactor);
}

export function copyRow(stream: Stream, to: usize, from: usize): void {
  copyState(to, from, stream.stride);
}

export function copyState(to: usize, from: usize, size: usize): void {
  for (let i: usize = 0; i < size; i += 8) store<u64>(to + i, load<u64>(from + i));
}

/** Whether rows can fire more than once; their heads then hold `emitted` and `firings`. */
export function firesAgain(stream: Stream): bool {
  return stream.head > EMITTED;
}

/** The stream that a part belongs to. */
export function streamOf(part: Part): Stream {
  return changetype<Stream>(part.stream);
}

/** Window w of the plan. */
export function windowAt(stream: Stream, w: i32): Window {
  return changetype<Window>(stream.windows + <usize>w * WindowPlan.bytes);
}

/** Bytes that the stream has allocated, results included. */
export function usedBytes(stream: Stream): f64 {
  return stream.used + stream.results.used + stream.states.used;
}

/** Bytes that the stream may still allocate; negative if results exceed its limit. */
export function headroom(stream: Stream): f64 {
  return stream.limit - usedBytes(stream);
}
