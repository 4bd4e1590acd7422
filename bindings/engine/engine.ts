/** A stream of the core with all that the bindings keep beside it: what every door, on whatever thread, goes through. */

import { type Keys, Stat } from '../../assembly/plan';
import type { Core } from '../base/core';
import { RING_EVENTS } from '../base/core';
import { OrielError } from '../base/errors';
import { EventRing } from '../input/event-ring';
import { KeyEncoder } from '../input/keys';
import type { TextColumn } from '../input/measures';
import { type CompiledPlan, compile } from '../plan/compile';
import { Results } from '../plan/results';
import type { CheckedSpec } from '../spec/check';
import { Edges } from './calendar-edges';
import { WallClock } from './wall-clock';

/** What a stream has seen and holds; see `WindowedStream.stats`. */
export interface Stats {
  /** Events that came, the late, skipped, future and filtered ones among them. */
  events: number;
  /** Events that came too late for every window they lie in. */
  late: number;
  /** Events that lie in no window (`every` greater than `size`). */
  skipped: number;
  /** Events further ahead of the newest than `maxFutureSkew`. */
  future: number;
  /** Events for which `where` does not hold. */
  filtered: number;
  /** Windows that fired, each counted once: those of one key for it, those of a grid of time for all their keys. */
  windows: number;
  /** Time before which no event is expected; -Infinity before the first event. */
  watermark: number;
  /** Keys that some window has something of. */
  liveKeys: number;
  /** Spans of time that have something in them, sessions that are open, keys of rolling windows. */
  liveSlices: number;
  /** Linear memory in use by this stream. */
  bytes: number;
  /** Milliseconds spent in the core. */
  milliseconds: number;
}

/** Kinds of all columns whose values say what they are. */
export interface Kinds {
  keys: ReturnType<KeyEncoder['kindsOf']>;
  measures: CompiledPlan['measures']['kinds'];
}

export class Engine {
  readonly plan: CompiledPlan;
  readonly handle: number;
  readonly keys: KeyEncoder;
  readonly ring: EventRing;
  readonly edges: Edges;
  readonly results: Results;
  readonly clock: WallClock;
  /** Measures that are gaps of sessions. */
  readonly gaps: readonly string[];
  /** How the core was told that keys come. */
  #mode: Keys;
  #late: Record<string, unknown[]> | undefined;
  #milliseconds = 0;
  #isByHand = false;
  /** Where its own columns stand. */
  readonly #home: number;

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
    this.#home = core.exports.timesColumn(handle);
    this.keys = new KeyEncoder(core, handle, spec.keys, RING_EVENTS);
    // Until the first key says otherwise.
    this.#mode = this.keys.mode;
    this.ring = new EventRing(core, handle, spec, this.plan.measures, this.plan.flags, this.keys);
    this.edges = new Edges(core, handle, spec);
    this.results = new Results(core, handle, spec, this.plan, this.keys);
    this.clock = new WallClock(spec);
    this.gaps = spec.windows.flatMap(({ column }) => column ?? []);
  }

  /** The stream's columns are its own again, where they were those of a producer: see assembly/segment.ts. */
  goHome(): void {
    this.core.exports.useSegment(this.handle, this.#home, 0);
  }

  get kinds(): Kinds {
    return { keys: this.keys.kinds, measures: this.plan.measures.kinds };
  }

  /** The column that every batch of columns has, if the spec names any: that of times, or the first. */
  get firstColumn(): string | undefined {
    const { time, hasTime, keys } = this.spec;
    const { plain, columns: texts } = this.plan.measures;
    return hasTime ? time : (keys[0] ?? plain[0] ?? texts[0]?.name);
  }

  /** Puts kinds back, after a call that came to nothing. */
  restore({ keys, measures }: Kinds): void {
    this.keys.restore(keys);
    this.plan.measures.kinds = measures;
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
      bytes: this.stat(Stat.bytes),
      milliseconds: this.#milliseconds,
    };
  }

  /** Time of the newest event, as far as the watermark tells. */
  get newest(): number {
    return this.core.exports.newest(this.handle);
  }

  /** Runs what takes n events with times from `first` to `last`, whole or not at all. @throws {OrielError} ERR_ORIEL_MEMORY */
  atomically(n: number, first: number, last: number, run: (sure: boolean) => void): void {
    const demand = this.core.exports.demand(this.handle, n, first, last, last);
    const mode = this.#mode;
    const before = performance.now();
    try {
      this.core.atomically(this.handle, demand, run, n > 0);
    } catch (error) {
      this.#late = undefined;
      this.#mode = mode;
      throw error;
    } finally {
      this.#milliseconds += performance.now() - before;
    }
  }

  /** Takes n events that are written. */
  commit(n: number): void {
    const { exports } = this.core;
    if (this.keys.mode !== this.#mode) {
      this.#mode = this.keys.mode;
      exports.setKeys(this.handle, this.#mode);
    }
    const late = exports.commit(this.handle, n, this.keys.idLimit);
    if (!late || !this.spec.onLate) return;
    this.#late ??= {};
    this.ring.readLate(late, this.#late);
  }

  /** Commits n events whose times have just been checked, whole or not at all. */
  takeWritten(n: number): void {
    const { exports } = this.core;
    this.atomically(n, exports.firstTime(this.handle), exports.lastTime(this.handle), () => this.commit(n));
  }

  /** Moves the watermark. */
  moveTo(time: number): void {
    const { exports } = this.core;
    if (Number.isFinite(time)) this.edges.cover([time]);
    // What is held back by more than any length of time cannot be reckoned with.
    if (this.#isByHand) exports.setDisorder(this.handle, this.spec.outOfOrder);
    try {
      this.atomically(0, 0, time + this.spec.outOfOrder, () => exports.advance(this.handle, time));
    } finally {
      if (this.#isByHand) exports.setDisorder(this.handle, Number.POSITIVE_INFINITY);
    }
  }

  /** From now on events do not move the watermark. */
  timeByHand(): void {
    this.#isByHand = true;
    this.core.exports.setDisorder(this.handle, Number.POSITIVE_INFINITY);
  }

  /** Time goes on without events, where the clock says so; whether it did. */
  tick(): boolean {
    const watermark = this.clock.watermark(this.newest);
    if (!(watermark > this.stat(Stat.watermark))) return false;
    this.moveTo(watermark);
    return true;
  }

  /** Between calls: lets go of strings that nobody can name any more. */
  sweep(): void {
    this.keys.sweep();
    // Which strings live states and results hold, the core cannot say yet.
    this.plan.measures.sweep((column) => this.#forget(column));
  }

  #forget(column: TextColumn): void {
    const named = this.results.numbersOf(column);
    column.strings.forget(this.core.exports.earliestHeld(this.handle), this.newest, named);
  }

  /** Whether there are late events that nobody has been told of. */
  get hasLate(): boolean {
    return this.#late !== undefined;
  }

  /** The late events since the last time, as columns. */
  takeLate(): Record<string, ArrayLike<unknown>> | undefined {
    const late = this.#late;
    if (!late) return undefined;
    this.#late = undefined;
    const columns: Record<string, ArrayLike<unknown>> = {};
    for (const [name, values] of Object.entries(late)) {
      const isText = this.spec.keys.includes(name) || values.some((value) => typeof value !== 'number');
      columns[name] = isText ? values : Float64Array.from(values as number[]);
    }
    return columns;
  }
}
