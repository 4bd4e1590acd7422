/**
 * The way of events into a stream on the caller's thread. An inlet checks what callers push, writes it to the stream's
 * ring, and calls the core once for each batch. It decides when the core is called: at the latest when the ring is
 * full.
 *
 * Law: events are taken in the order in which they were pushed, and those of one call all or none.
 */

import { Stat } from '../../assembly/plan';
import { type Core, RING_EVENTS } from '../base/core';
import { OrielError } from '../base/errors';
import type { Engine, TimeScan } from '../engine/engine';
import type { Claims } from '../input/claims';
import { badTime, checkTimes, flagsOf } from '../input/columns';
import type { CheckedColumns, EventFields, GivenColumns } from '../input/event-fields';
import type { EventRing } from '../input/event-ring';
import type { CheckedSpec } from '../spec/check';
import { CodedStrings } from '../spec/column-input';

/** Single events are gathered in the ring up to this many before the core is called. */
const GATHERED_EVENTS = 1024;

export class Inlet {
  readonly #engine: Engine;
  readonly #core: Core;
  readonly #spec: CheckedSpec;
  readonly #handle: number;
  readonly #fields: EventFields;
  readonly #ring: EventRing;
  readonly #claims: Claims;
  /** Number of events that `push` has written to the ring, from place 0 on, and that are not committed yet. */
  #gathered = 0;
  /** How many events `push` may gather: as many as are certain to fit into memory if nothing fires. */
  #allowance = 0;
  /** The earliest event time that can make something fire. */
  #fireAt = Number.NEGATIVE_INFINITY;
  /**
   * Whether events need more than being written: gaps to check, functions to call, calendar edges to find, the clock to
   * note.
   */
  readonly #needsPrepare: boolean;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#core = engine.core;
    this.#spec = engine.spec;
    this.#handle = engine.handle;
    this.#fields = engine.fields;
    this.#ring = engine.ring;
    this.#claims = engine.ring.claims;
    const { windows, idle } = engine.spec;
    const hasCalendar = windows.some(({ calendar }) => calendar);
    const isTimed = idle < Number.POSITIVE_INFINITY;
    const { gaps, flags } = engine.fields;
    this.#needsPrepare = hasCalendar || isTimed || gaps.length + flags.length > 0;
  }

  /** Takes one event. It may wait in the ring for others. @throws {OrielError} as `WindowedStream.push` */
  push(event: unknown): void {
    if (this.#claims.open) this.#claims.open = undefined;
    const t = this.#fields.timeOf(event);
    const values = event as Record<string, unknown>;
    const alone = t >= this.#fireAt || this.#allowance === 0;
    if (alone || this.#gathered >= this.#allowance) this.flush();
    if (this.#needsPrepare) this.#prepare(values, t);
    const at = this.#gathered;
    if (at === 0) this.#core.exports.claim(this.#handle, GATHERED_EVENTS);
    this.#ring.writeEvent(values, t, at);
    this.#gathered = at + 1;
    if (alone) this.#takeSingle();
  }

  /** Does what a single event needs besides being written: see `#needsPrepare`. */
  #prepare(event: Record<string, unknown>, t: number): void {
    this.#fields.checkGapsOf(event);
    this.#engine.edges.cover([t]);
    this.#engine.clock.note();
  }

  /** Processes the one gathered event, or drops it if that fails. */
  #takeSingle(): void {
    try {
      this.flush();
    } catch (error) {
      this.#gathered = 0;
      throw error;
    }
  }

  /** Takes rows, all or none. @throws {OrielError} as `WindowedStream.pushRows` */
  pushRows(rows: unknown): void {
    this.#takeColumns(this.#fields.columnsOf(rows));
  }

  /** Takes columns, all or none. @throws {OrielError} as `WindowedStream.pushColumns` */
  pushColumns(columns: unknown): void {
    this.#takeColumns(this.#fields.count(columns));
  }

  #takeColumns(given: GivenColumns): void {
    const { time, timeLimit, flags, texts } = this.#fields;
    const times = this.#fields.timesOf(given);
    const columns = this.#fields.check(given, times);
    if (this.#needsPrepare) {
      checkTimes(time, times, timeLimit);
      if (!given.flags) columns.flags = flagsOf(flags, { ...given.columns, [time]: times }, given.n);
      this.#engine.clock.note();
    }
    this.flush();
    this.#claims.open = undefined;
    if (given.n === 0) return;
    this.#engine.edges.cover(times);
    // Only now: flushing the gathered events may have made the stream forget strings.
    texts.forEach(({ column, form }, i) => {
      const values = columns.texts[i];
      if (values instanceof CodedStrings) columns.texts[i] = column.numbersOf(values, form);
    });
    this.#takeAll(columns);
  }

  /** Takes checked columns and settles their kinds; restores the kinds if that fails. */
  #takeAll(columns: CheckedColumns): void {
    const before = this.#fields.kinds;
    this.#fields.settle(columns.kinds);
    try {
      if (columns.n <= RING_EVENTS) this.#takeChunk(columns);
      else this.#takeChunks(columns);
    } catch (error) {
      this.#fields.restore(before);
      throw error;
    }
    this.sweepAndBudget();
  }

  /** Takes columns that fit into the ring. The core checks their times. */
  #takeChunk(columns: CheckedColumns): void {
    this.#ring.write(columns, 0, columns.n);
    this.#engine.takeWritten(columns.n, this.#checkWritten(0, columns.n));
  }

  /** Takes columns in chunks, all or none of them. */
  #takeChunks(columns: CheckedColumns): void {
    const { n, times } = columns;
    const { first, last } = checkTimes(this.#spec.time, times, this.#spec.timeLimit);
    this.#engine.atomically(n, first, last, (sure) => {
      for (let from = 0; from < n; from += RING_EVENTS) {
        const length = Math.min(RING_EVENTS, n - from);
        this.#ring.write(columns, from, length);
        this.#engine.commit(length);
        if (sure) this.#engine.keys.sweep();
      }
    });
  }

  /** Checks n times in the ring, from place `at` on. @throws {OrielError} ERR_ORIEL_TIME, naming the index */
  #checkWritten(at: number, n: number): TimeScan {
    const { time, timeLimit } = this.#spec;
    const scan = this.#engine.scanTimes(at, n);
    if (scan.bad >= 0) throw badTime(time, this.#ring.times[at + scan.bad], timeLimit, scan.bad);
    return scan;
  }

  /** Checks that n places may be claimed. @throws {OrielError} as `WindowedStream.claim` */
  checkClaim(n: number): void {
    this.#claims.check(n, RING_EVENTS);
  }

  /** Claims n places. No events may be gathered. */
  claim(n: number): Record<string, Float64Array | Uint32Array> {
    return this.#ring.claim(n);
  }

  keyId(key: string | number, column: string | undefined): number {
    return this.#claims.numberOf(key, column) as number;
  }

  /**
   * Takes the first n events of the claim, all or none.
   * @throws {OrielError} as `WindowedStream.commit`
   */
  commit(n: number): void {
    const { at } = this.#claimOf(n);
    if (n === 0) return;
    const fields = this.#fields;
    if (!fields.hasTime) this.#ring.times.fill(fields.now(), at, at + n);
    const scan = this.#checkWritten(at, n);
    const kinds = fields.kinds;
    try {
      this.#claims.complete(n);
      this.#ring.flagClaimed(at, n);
      this.#engine.edges.cover(this.#ring.times.subarray(at, at + n));
      this.#engine.clock.note();
      this.#engine.takeWritten(n, scan);
    } catch (error) {
      fields.restore(kinds);
      throw error;
    }
    this.#claims.open = undefined;
    this.sweepAndBudget();
  }

  /** Returns the open claim, n events of which are to be committed. @throws {OrielError} ERR_ORIEL_CLAIM */
  #claimOf(n: number): { at: number } {
    const { open } = this.#claims;
    if (!open) {
      throw new OrielError('ERR_ORIEL_CLAIM', 'commit: there is no claim; a claim is good until the next call');
    }
    if (open.views.times.buffer !== this.#core.buffer) {
      this.#claims.open = undefined;
      const problem = 'memory grew since the claim and its views were detached; claim again';
      throw new OrielError('ERR_ORIEL_CLAIM', `commit: ${problem}`);
    }
    this.#claims.checkCount(n);
    return open;
  }

  /** Processes the gathered events. @throws {OrielError} ERR_ORIEL_MEMORY */
  flush(): void {
    const n = this.#gathered;
    if (n === 0) return;
    this.#engine.takeWritten(n, this.#engine.scanTimes(0, n));
    this.#gathered = 0;
    this.sweepAndBudget();
  }

  /**
   * Called after the core has taken events or moved time: forgets strings and sets how many events may be gathered
   * next.
   */
  sweepAndBudget(): void {
    const { exports } = this.#core;
    this.#engine.sweep();
    this.#fireAt = exports.fireAt(this.#handle);
    const newest = this.#engine.stat(Stat.watermark) + this.#spec.outOfOrder;
    const enough =
      Number.isFinite(newest) &&
      exports.demand(this.#handle, GATHERED_EVENTS, -this.#spec.timeLimit, newest, Number.POSITIVE_INFINITY) <=
        exports.headroom(this.#handle);
    this.#allowance = enough ? GATHERED_EVENTS : 0;
  }
}
