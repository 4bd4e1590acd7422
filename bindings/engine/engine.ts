/**
 * A stream of the core together with everything the bindings keep beside it: keys, ring, calendar edges, results and
 * clock. Streams on this thread and in workers are both built on it.
 */

import { Forecast, type Keys, Stat } from '../../assembly/plan';
import type { Core } from '../base/core';
import { noRoom, RING_EVENTS } from '../base/core';
import { OrielError } from '../base/errors';
import { drawSeed } from '../base/seed';
import { EventFields } from '../input/event-fields';
import { EventRing } from '../input/event-ring';
import { KeyEncoder } from '../input/keys';
import type { HashedStrings, StringLedger } from '../input/strings';
import { type CompiledPlan, compile } from '../plan/compile';
import { Results } from '../plan/results';
import { type CheckedSpec, NO_MAXIMUM } from '../spec/check';
import { Edges } from './calendar-edges';
import { WallClock } from './wall-clock';

/** Counters and sizes of a stream; `WindowedStream.stats` returns them. */
export interface Stats {
  /** Number of events pushed, including late, skipped, future and filtered ones. */
  events: number;
  /** Number of events that were late for every window they lie in. */
  late: number;
  /** Number of events that lie in no window (`every` greater than `size`). */
  skipped: number;
  /** Number of events that were more than `maxFutureSkew` ahead of the newest. */
  future: number;
  /** Number of events for which `where` is not true. */
  filtered: number;
  /** Number of windows that fired, each counted once. A window on a grid of time counts once for all its keys. */
  windows: number;
  /** The watermark: the time before which no event is expected. -Infinity before the first event. */
  watermark: number;
  /** Number of keys that a window, or the last sample of a counter, holds. */
  liveKeys: number;
  /**
   * Number of slices of time that hold events, plus open sessions and windows of rows, plus keys of rolling windows.
   */
  liveSlices: number;
  /**
   * Memory in use by this stream, in bytes: its linear memory, and an estimate of what the strings take that it keeps
   * for keys and measures (two bytes for each UTF-16 unit, and about a hundred for each string).
   */
  bytes: number;
  /** Time spent in the core, in milliseconds. */
  milliseconds: number;
}

/** What a scan of times finds: the index of the first that is none, -1 if all are; the least and the greatest. */
export interface TimeScan {
  readonly bad: number;
  readonly first: number;
  readonly last: number;
}

/** A full stream waits one call for each of these bytes before it searches for strings to forget again. */
const BYTES_PER_PAUSE = 1 << 19;

export class Engine {
  readonly plan: CompiledPlan;
  readonly handle: number;
  readonly keys: KeyEncoder;
  /** The columns of its events. */
  readonly fields: EventFields;
  readonly ring: EventRing;
  readonly edges: Edges;
  readonly results: Results;
  readonly clock: WallClock;
  /** The strings of its keys and measures. */
  readonly strings: StringLedger;
  /** How often strings were forgotten. */
  sweeps = 0;
  /** What was there after the last search for strings for want of memory, and how many more times it is left out. */
  #searched = { windows: Number.NaN, results: 0, pause: 0 };
  /** `strings.bytes` when the core was last told how much memory is left for it. */
  #stringBytes = 0;
  /** The form of keys that the core was last told. */
  #mode: Keys;
  /** The columns of late events that `takeLate` has not returned, by name. */
  #late: Map<string, unknown[]> | undefined;
  #milliseconds = 0;
  #isTimeByHand = false;

  /** @throws {OrielError} ERR_ORIEL_SPEC, ERR_ORIEL_MEMORY */
  constructor(
    readonly spec: CheckedSpec,
    readonly core: Core,
  ) {
    this.plan = compile(spec, core);
    const handle = core.exports.create(this.plan.byteLength);
    if (handle) this.plan.write(new DataView(core.buffer), core.exports.plan(handle));
    if (!handle || !core.exports.build(handle)) {
      if (handle) core.exports.destroy(handle);
      throw new OrielError('ERR_ORIEL_MEMORY', 'memory: there is no room for a stream of this spec');
    }
    this.handle = handle;
    this.strings = this.plan.measures.ledger;
    this.keys = new KeyEncoder(core, handle, spec.keys, RING_EVENTS, this.strings);
    // May change with the first key: see `commit`.
    this.#mode = this.keys.mode;
    this.clock = new WallClock(spec);
    const { measures, flags } = this.plan;
    const { plain, texts } = measures;
    const gaps = spec.windows.flatMap(({ column }) => column ?? []);
    this.fields = new EventFields({ ...spec, plain, texts }, this.keys.columns, gaps, () => this.clock.now(), flags);
    this.ring = new EventRing(core, handle, spec, measures, this.keys, this.fields);
    this.edges = new Edges(core, handle, spec);
    this.results = new Results(core, handle, spec, this.plan, this.keys);
  }

  /**
   * Gives the stream in the core what it needs for events and queries, unless it has it: one without any takes little
   * memory.
   * @throws {OrielError} ERR_ORIEL_MEMORY
   */
  open(): void {
    if (!this.core.exports.open(this.handle)) throw noRoom();
  }

  /** Makes the core read the stream's own columns again, after those of a producer: see assembly/ingest/segments.ts. */
  useOwnColumns(): void {
    this.core.exports.useOwnColumns(this.handle);
  }

  stat(which: Stat): number {
    return this.core.exports.stat(this.handle, which);
  }

  stats(): Stats {
    return {
      events: this.stat(Stat.events),
      late: this.stat(Stat.late),
      skipped: this.stat(Stat.skipped),
      future: this.stat(Stat.future),
      filtered: this.stat(Stat.filtered),
      windows: this.stat(Stat.windows),
      watermark: this.stat(Stat.watermark),
      liveKeys: this.stat(Stat.liveKeys),
      liveSlices: this.stat(Stat.liveSlices),
      bytes: this.stat(Stat.bytes) + this.strings.bytes,
      milliseconds: this.#milliseconds,
    };
  }

  /** Time of the newest event, as far as the watermark tells. */
  get newest(): number {
    return this.core.exports.newest(this.handle);
  }

  /** Demand in bytes of n events: see assembly/budget.ts. */
  demand(n: number, first: number, last: number, moveTo: number): number {
    return this.core.exports.demand(this.handle, n, first, last, moveTo, this.keys.idLimit);
  }

  /** Whether the spec gives a maximum. Without one strings are bounded by the heap of JavaScript alone. */
  get hasMaximum(): boolean {
    return this.spec.memoryLimit !== NO_MAXIMUM;
  }

  /** Tells the core how much of the maximum strings leave for it. */
  limitMemory(): void {
    if (!this.hasMaximum || this.strings.bytes === this.#stringBytes) return;
    this.#stringBytes = this.strings.bytes;
    this.core.exports.setLimit(this.handle, this.spec.memoryLimit - this.strings.bytes);
  }

  /**
   * Runs an operation that consumes n events with times from `first` to `last`, entirely or not at all. `run` gets true
   * if the memory is certain to suffice, so that there will be no undo.
   * @param stringBytes upper bound on what the strings take that get their numbers in `run`
   * @throws {OrielError} ERR_ORIEL_MEMORY
   */
  atomically(n: number, first: number, last: number, run: (sure: boolean) => void, stringBytes = 0): void {
    this.limitMemory();
    this.#atomically(n, this.demand(n, first, last, last) + stringBytes, run, false);
  }

  /** @param isLogged as of `Core.atomically` */
  #atomically(n: number, demand: number, run: (sure: boolean) => void, isLogged: boolean): void {
    const mode = this.#mode;
    const before = performance.now();
    const start = (sure: boolean) => {
      // An attempt before this one is undone, with what it told the core.
      if (!sure) [this.#mode, this.#stringBytes] = [mode, Number.NaN];
      run(sure);
    };
    try {
      this.core.atomically(this.handle, demand, start, n > 0, isLogged);
      if (n > 0) this.edges.taken();
    } catch (error) {
      this.#late = undefined;
      // The limit may have been put back as well.
      this.#stringBytes = Number.NaN;
      this.#mode = mode;
      throw error;
    } finally {
      this.#milliseconds += performance.now() - before;
    }
  }

  /** Commits n events that are written to the ring. Call it inside `atomically`. */
  commit(n: number): void {
    const { exports } = this.core;
    this.limitMemory();
    if (this.keys.mode !== this.#mode) {
      this.#mode = this.keys.mode;
      exports.setKeys(this.handle, this.#mode);
    }
    this.#noteLate(exports.commit(this.handle, n, this.keys.idLimit));
  }

  #noteLate(n: number): void {
    if (n === 0 || !this.spec.onLate) return;
    this.#late ??= new Map();
    this.ring.readLate(n, this.#late);
  }

  /**
   * Takes n events that are written to the ring if their times are right and the memory is certain to suffice, as
   * nearly always. Returns false if it has done nothing.
   */
  takeSurely(n: number): boolean {
    if (this.keys.mode !== this.#mode) return false;
    this.limitMemory();
    const before = performance.now();
    const late = this.core.exports.takeSurely(this.handle, n, this.spec.timeLimit, this.keys.idLimit);
    this.#milliseconds += performance.now() - before;
    if (late < 0) return false;
    this.edges.taken();
    this.#noteLate(late);
    return true;
  }

  /** Scans the times of n events in the ring, from place `at` on. */
  scanTimes(at: number, n: number): TimeScan {
    const { exports } = this.core;
    const bad = exports.scanTimes(this.handle, at, n, this.spec.timeLimit);
    return { bad, first: exports.firstTime(this.handle), last: exports.lastTime(this.handle) };
  }

  /** Commits n events that are written to the ring, all or none. @throws {OrielError} ERR_ORIEL_MEMORY */
  takeWritten(n: number, { first, last }: TimeScan): void {
    const take = () => {
      this.limitMemory();
      const demand = this.demand(n, first, last, last);
      const enough = demand <= this.core.exports.headroom(this.handle);
      this.#atomically(n, enough ? demand : this.#forecast(n, demand), () => this.commit(n), true);
    };
    this.orSweep(take, () => this.#forget(true, false));
  }

  /**
   * The demand of n events that are written to the ring, from a look at each; `demand` is the bound without it.
   * @throws {OrielError} ERR_ORIEL_MEMORY
   */
  #forecast(n: number, demand: number): number {
    const { exports } = this.core;
    if (this.keys.mode !== this.#mode) return demand;
    const forecast = exports.forecast(this.handle, n, this.keys.idLimit);
    if (forecast === Forecast.unknown) return demand;
    if (forecast === Forecast.fails || exports.closing(this.handle) > exports.headroom(this.handle)) throw noRoom();
    return 0;
  }

  /**
   * Runs an operation; if memory is short, and `sweep` forgets any strings, once more.
   * @throws {OrielError} ERR_ORIEL_MEMORY
   */
  orSweep(run: () => void, sweep: () => boolean): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof OrielError && error.code === 'ERR_ORIEL_MEMORY' && sweep())) throw error;
      run();
    }
  }

  /** Moves the watermark to `time`; Infinity ends the stream. @throws {OrielError} ERR_ORIEL_MEMORY */
  moveTo(time: number): void {
    const { exports } = this.core;
    if (Number.isFinite(time)) this.edges.coverMoment(time);
    // The core computes with a finite disorder here; stopEventTime() has set it to Infinity.
    if (this.#isTimeByHand) exports.setDisorder(this.handle, this.spec.outOfOrder);
    try {
      const move = () => {
        this.limitMemory();
        const demand = this.demand(0, 0, time + this.spec.outOfOrder, time + this.spec.outOfOrder);
        this.#atomically(0, demand, () => exports.advance(this.handle, time), true);
      };
      this.orSweep(move, () => this.#forget(true, false));
    } finally {
      if (this.#isTimeByHand) exports.setDisorder(this.handle, Number.POSITIVE_INFINITY);
    }
  }

  /** From now on only `moveTo` moves the watermark, and events do not. */
  stopEventTime(): void {
    this.#isTimeByHand = true;
    this.core.exports.setDisorder(this.handle, Number.POSITIVE_INFINITY);
  }

  /** Moves the watermark if the clock has moved event time on without events. Returns whether it did. */
  tick(): boolean {
    const watermark = this.clock.watermark(this.newest);
    if (!(watermark > this.stat(Stat.watermark))) return false;
    this.moveTo(watermark);
    return true;
  }

  /** Whether a table of strings is full, so that `settle` forgets some. */
  get isFull(): boolean {
    return this.keys.columns.some(isFull) || this.plan.measures.columns.some(isFull);
  }

  /**
   * Called between calls, when the last one was taken. Forgets strings that no state or result holds, if a table is
   * full.
   */
  settle(): void {
    this.strings.settle();
    this.#forget(false, true);
  }

  /** Takes back the numbers given since a mark, and forgets strings. Returns whether that made room. */
  makeRoom(mark: number): boolean {
    this.strings.takeBack(mark);
    return this.#forget(true, true);
  }

  /**
   * Forgets strings that no state or result holds.
   * @param isShort of all tables, not of full ones alone
   * @param isBetween whether this is between two calls; else what stands in the ring is kept
   */
  #forget(isShort: boolean, isBetween: boolean): boolean {
    if (isShort && !this.#isWorthSearching()) return false;
    const keys = this.keys.sweep(isShort, isBetween ? undefined : this.ring.columns);
    const forget = (strings: HashedStrings) => this.#keepHeld(strings, isBetween);
    const any = this.plan.measures.sweep(isShort, isBetween, forget) || keys;
    if (any) this.sweeps++;
    return any;
  }

  /**
   * Whether to search for strings to forget for want of memory: if windows have fired or results were taken since the
   * last time, or after many calls. A stream that is full may refuse any number of calls, and a search takes long.
   */
  #isWorthSearching(): boolean {
    const { windows, results, pause } = this.#searched;
    const now = { windows: this.stat(Stat.windows), results: this.core.exports.resultCount(this.handle) };
    const isSame = now.windows === windows && now.results === results;
    const isLeftOut = isSame && pause > 0;
    this.#searched = { ...now, pause: isLeftOut ? pause - 1 : Math.floor(this.stat(Stat.bytes) / BYTES_PER_PAUSE) };
    return !isLeftOut;
  }

  /** Forgets the strings of a table that no state or result holds, unless memory is too short to find them. */
  #keepHeld(strings: HashedStrings, isBetween: boolean): void {
    const { core, handle } = this;
    const { exports } = core;
    const marks = exports.openMarks(strings.size);
    if (!marks) return;
    const numbers = new Float64Array(core.buffer, marks, strings.size);
    numbers.set(strings.allNumbers());
    const cost = exports.markHeld(handle, marks, strings.size, drawSeed(), !isBetween);
    strings.keep(numbers, cost);
    exports.closeMarks(marks);
  }

  /** Whether there are late events that `takeLate` has not returned. */
  get hasLate(): boolean {
    return this.#late !== undefined;
  }

  /** Returns the late events since the last call as columns, or undefined if there are none. */
  takeLate(): Record<string, ArrayLike<unknown>> | undefined {
    const late = this.#late;
    if (!late) return undefined;
    this.#late = undefined;
    const columns = Array.from(late, ([name, values]) => {
      const isText = this.spec.keys.includes(name) || values.some((value) => typeof value !== 'number');
      return [name, isText ? values : Float64Array.from(values as number[])] as const;
    });
    return Object.fromEntries(columns);
  }
}

function isFull({ strings }: { readonly strings: { readonly full: boolean } }): boolean {
  return strings.full;
}
