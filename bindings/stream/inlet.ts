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
import { badTime, checkTimes, flagsOf, ownNumbers } from '../input/columns';
import type { CheckedColumns, EventFields, GivenColumns } from '../input/event-fields';
import type { EventRing } from '../input/event-ring';
import type { TextMeasure } from '../input/measures';
import { maxStringBytes, type StringLedger } from '../input/strings';
import type { CheckedSpec } from '../spec/check';
import { CodedStrings, type Numbers } from '../spec/column-input';

/** Single events are gathered in the ring up to this many before the core is called. */
const GATHERED_EVENTS = 1024;
/** How many new strings `keyId` numbers while there is a claim. */
const MAX_ASKED = 1 << 20;

export class Inlet {
  readonly #engine: Engine;
  readonly #core: Core;
  readonly #spec: CheckedSpec;
  readonly #handle: number;
  readonly #fields: EventFields;
  readonly #ring: EventRing;
  readonly #claims: Claims;
  readonly #strings: StringLedger;
  /** Number of events that `push` has written to the ring, from place 0 on, and that are not committed yet. */
  #gathered = 0;
  /** How often `flush` was called. */
  #flushes = 0;
  /** Whether the three numbers below are those of the stream as it is now. They are worked out when `push` asks. */
  #isBudgeted = false;
  /** How many events `push` may gather: as many as are certain to fit into memory if nothing fires. */
  #allowance = 0;
  /** How many bytes all strings may take meanwhile. */
  #stringAllowance = 0;
  /** The earliest event time that can make something fire. */
  #fireAt = Number.NEGATIVE_INFINITY;
  /** `sweeps` of the engine at the last claim. */
  #sweepsBefore = 0;
  /** Whether the clock is to be noted, or calendar edges are to be found, before events are written. */
  readonly #needsPrepare: boolean;
  /** Whether an event may be written while it is read. */
  readonly #isSimple: boolean;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#core = engine.core;
    this.#spec = engine.spec;
    this.#handle = engine.handle;
    this.#fields = engine.fields;
    this.#ring = engine.ring;
    this.#claims = engine.ring.claims;
    this.#strings = engine.strings;
    const { windows, idle } = engine.spec;
    const hasCalendar = windows.some(({ calendar }) => calendar);
    const isTimed = idle < Number.POSITIVE_INFINITY;
    this.#needsPrepare = hasCalendar || isTimed;
    this.#isSimple = this.#fields.isSimple && !this.#needsPrepare;
  }

  /** Takes one event. It may wait in the ring for others. @throws {OrielError} as `WindowedStream.push` */
  push(event: unknown): void {
    const mark = this.#strings.count;
    try {
      this.#pushOne(event);
    } catch (error) {
      this.#strings.takeBack(mark);
      throw error;
    }
  }

  #pushOne(event: unknown): void {
    if (this.#claims.open) this.#claims.open = undefined;
    const t = this.#fields.timeOf(event);
    if (!this.#isBudgeted) this.#budget();
    if (!this.#isSimple || t >= this.#fireAt || this.#gathered >= this.#allowance) {
      this.#pushRead(event as Record<string, unknown>, t);
      return;
    }
    const flushes = this.#flushes;
    const isIn = this.#ring.writeSimple(event as Record<string, unknown>, t, this.#place());
    // If a getter has asked the stream something, the event's place is another one now.
    if (!isIn || flushes !== this.#flushes) {
      this.#pushRead(event as Record<string, unknown>, t);
      return;
    }
    this.#gathered++;
    if (this.#strings.bytes > this.#stringAllowance) this.#takeWithLast();
  }

  /** Takes one event that is read before its place is chosen. @throws {OrielError} as `WindowedStream.push` */
  #pushRead(event: Record<string, unknown>, t: number): void {
    const { clock, edges } = this.#engine;
    this.#ring.readEvent(event);
    if (this.#needsPrepare) clock.note(clock.arrival());
    let alone = t >= this.#fireAt || this.#allowance === 0;
    if (alone || this.#gathered >= this.#allowance) {
      this.flush();
      if (!this.#isBudgeted) this.#budget();
      alone ||= this.#allowance === 0;
    }
    if (this.#needsPrepare) edges.cover([t]);
    this.#ring.writeRead(t, this.#place());
    this.#gathered++;
    if (alone || this.#strings.bytes > this.#stringAllowance) this.#takeWithLast();
  }

  /** The place of the next event. */
  #place(): number {
    if (this.#gathered === 0) this.#ring.claimPlaces(GATHERED_EVENTS);
    return this.#gathered;
  }

  /** Processes the gathered events; drops the last one if that fails. */
  #takeWithLast(): void {
    const before = this.#gathered - 1;
    try {
      this.flush();
    } catch (error) {
      this.#gathered = Math.min(this.#gathered, before);
      throw error;
    }
  }

  /** Takes rows, all or none. @throws {OrielError} as `WindowedStream.pushRows` */
  pushRows(rows: unknown): void {
    this.#takeColumns(this.#fields.columnsOf(rows));
  }

  /** Takes columns, all or none. @throws {OrielError} as `WindowedStream.pushColumns` */
  pushColumns(columns: unknown): void {
    const n = this.#isSimple ? this.#fields.readSettled(columns, RING_EVENTS) : 0;
    if (n > 0) this.#takeSettled(n);
    else this.#takeColumns(this.#fields.count(columns));
  }

  /** Takes the n events that `EventFields.readSettled` has read. */
  #takeSettled(n: number): void {
    this.flush();
    this.#claims.open = undefined;
    this.#ring.writeSettled(n);
    if (!this.#engine.takeSurely(n)) this.#engine.takeWritten(n, this.#checkWritten(0, n));
    this.settle();
  }

  #takeColumns(given: GivenColumns): void {
    const times = this.#timesOf(given);
    const flags = this.#flagsOf(given, times);
    const now = this.#engine.clock.arrival();
    // From here on no function of the user runs, and nothing that is to be valid can change any more.
    const columns = this.#fields.check({ ...given, flags }, times);
    if (this.#needsPrepare) {
      checkTimes(this.#spec.time, times, this.#spec.timeLimit);
      this.#engine.clock.note(now);
    }
    this.flush();
    this.#claims.open = undefined;
    if (given.n === 0) return;
    this.#engine.edges.cover(times);
    this.#takeAll(columns);
  }

  /**
   * The times of columns, which another thread cannot change once they are checked. If they are only copied to the
   * ring, the core checks them there.
   */
  #timesOf(given: GivenColumns): Numbers {
    const times = this.#fields.timesOf(given);
    return this.#needsPrepare || given.n > RING_EVENTS ? ownNumbers(times) : times;
  }

  /** What the spec's functions say of columns. They are only asked about valid times. */
  #flagsOf({ columns, n, flags }: GivenColumns, times: Numbers): readonly Float64Array[] {
    if (flags || this.#fields.flags.length === 0) return flags ?? [];
    const { time, timeLimit } = this.#spec;
    checkTimes(time, times, timeLimit);
    return flagsOf(this.#fields.flags, { ...columns, [time]: times }, n);
  }

  /** Takes checked columns and settles their kinds; restores the kinds if that fails. */
  #takeAll(columns: CheckedColumns): void {
    const before = this.#fields.kinds;
    const mark = this.#strings.count;
    this.#fields.settle(columns.kinds);
    try {
      if (columns.n <= RING_EVENTS) this.#takeChunk(columns);
      else
        this.#engine.orSweep(
          () => this.#takeChunks(columns),
          () => this.#engine.makeRoom(mark),
        );
    } catch (error) {
      this.#fields.restore(before);
      this.#strings.takeBack(mark);
      throw error;
    }
    this.settle();
  }

  /** Takes columns that fit into the ring. The core checks their times. */
  #takeChunk(columns: CheckedColumns): void {
    this.#ring.write(this.#numbered(columns), 0, columns.n);
    if (!this.#engine.takeSurely(columns.n)) this.#engine.takeWritten(columns.n, this.#checkWritten(0, columns.n));
  }

  /** Takes columns in chunks, all or none of them. */
  #takeChunks(columns: CheckedColumns): void {
    const { n, times } = columns;
    const { first, last } = checkTimes(this.#spec.time, times, this.#spec.timeLimit);
    this.#engine.open();
    const take = (sure: boolean) => {
      const numbered = this.#numbered(columns);
      for (let from = 0; from < n; from += RING_EVENTS) {
        const length = Math.min(RING_EVENTS, n - from);
        this.#ring.write(numbered, from, length);
        this.#engine.commit(length);
        if (sure) this.#engine.keys.sweep(false);
      }
    };
    this.#engine.atomically(n, first, last, take, this.#maxStringBytes(columns));
  }

  /** The columns with numbers in place of the strings of measures that are dictionary-encoded. */
  #numbered(columns: CheckedColumns): CheckedColumns {
    const texts = columns.texts.map((values, i) => {
      const { column, form } = this.#fields.texts[i] as TextMeasure;
      return values instanceof CodedStrings ? column.numbersOf(values, form) : values;
    });
    return { ...columns, texts };
  }

  /** Upper bound on the bytes that the strings of columns take, if the stream has a maximum. */
  #maxStringBytes({ keys, texts }: CheckedColumns): number {
    if (!this.#engine.hasMaximum) return 0;
    return [...keys, ...texts].reduce((bytes, column) => bytes + maxStringBytes(column), 0);
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
    this.#engine.settle();
    this.#sweepsBefore = this.#engine.sweeps;
    return this.#ring.claim(n);
  }

  /** @throws {OrielError} as `WindowedStream.keyId` */
  keyId(key: string | number, column: string | undefined): number {
    // While there is a claim, its strings keep their numbers.
    if (!this.#claims.open && this.#engine.isFull) {
      this.flush();
      this.#engine.settle();
    }
    const mark = this.#strings.count;
    const number = this.#claims.numberOf(key, column) as number;
    if (this.#strings.count > mark && !this.#hasRoomForStrings()) {
      this.#strings.takeBack(mark);
      throw new OrielError('ERR_ORIEL_MEMORY', 'keyId: there is no room for another string before the claim is over');
    }
    return number;
  }

  /** Whether the strings that `keyId` numbered are not too many, and leave room to fire what is open. */
  #hasRoomForStrings(): boolean {
    if (this.#strings.newCount > MAX_ASKED) return false;
    if (!this.#engine.hasMaximum) return true;
    this.#engine.limitMemory();
    return this.#core.exports.closing(this.#handle) <= this.#core.exports.headroom(this.#handle);
  }

  /**
   * Takes the first n events of the claim, all or none.
   * @throws {OrielError} as `WindowedStream.commit`
   */
  commit(n: number): void {
    const { at } = this.#claimOf(n);
    if (n === 0) return;
    const fields = this.#fields;
    const now = this.#engine.clock.arrival();
    if (!fields.hasTime) this.#ring.times.fill(fields.now(), at, at + n);
    const kinds = fields.kinds;
    try {
      this.#claims.complete(n);
      if (!this.#isSimple || !this.#engine.takeSurely(n)) this.#takeClaimed(at, n, now);
    } catch (error) {
      fields.restore(kinds);
      throw error;
    }
    this.#claims.open = undefined;
    this.settle();
  }

  /** Takes the n events of a completed claim. */
  #takeClaimed(at: number, n: number, now: number): void {
    const { clock, edges } = this.#engine;
    let scan = this.#checkWritten(at, n);
    if (this.#fields.flags.length > 0) scan = this.#flagClaimed(at, n);
    edges.cover(this.#ring.times.subarray(at, at + n));
    clock.note(now);
    this.#engine.takeWritten(n, scan);
  }

  /** Asks the spec's functions about claimed events, and checks these again: the functions may write to them. */
  #flagClaimed(at: number, n: number): TimeScan {
    const flags = this.#ring.flagsOfClaimed(at, n);
    this.#claims.moveTo(this.#ring.views);
    const scan = this.#checkWritten(at, n);
    this.#claims.complete(n);
    this.#ring.writeFlags(flags, at);
    return scan;
  }

  /** Checks that n events of the open claim can be committed, and returns it. @throws {OrielError} ERR_ORIEL_CLAIM */
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
    if (this.#sweepsBefore !== this.#engine.sweeps) {
      this.#claims.open = undefined;
      const problem = 'strings were forgotten since the claim, so its numbers may be those of others; claim again';
      throw new OrielError('ERR_ORIEL_CLAIM', `commit: ${problem}`);
    }
    this.#claims.checkCount(n);
    return open;
  }

  /** Processes the gathered events. @throws {OrielError} ERR_ORIEL_MEMORY */
  flush(): void {
    this.#flushes++;
    this.#core.assertWhole(this.#handle);
    const n = this.#gathered;
    if (n === 0) return;
    try {
      this.#engine.takeWritten(n, this.#engine.scanTimes(0, n));
      this.#gathered = 0;
    } finally {
      if (this.#core.isBroken(this.#handle)) this.#gathered = 0;
    }
    this.settle();
  }

  /** Called after the core has taken events or moved time: forgets strings. */
  settle(): void {
    // The strings of gathered events are in no state yet.
    if (this.#gathered === 0) this.#engine.settle();
    this.#isBudgeted = false;
  }

  /** Works out how many events may be gathered. */
  #budget(): void {
    const { exports } = this.#core;
    this.#engine.limitMemory();
    this.#fireAt = exports.fireAt(this.#handle);
    const newest = this.#engine.stat(Stat.watermark) + this.#spec.outOfOrder;
    const room =
      exports.headroom(this.#handle) -
      this.#engine.demand(GATHERED_EVENTS, -this.#spec.timeLimit, newest, Number.POSITIVE_INFINITY);
    this.#allowance = Number.isFinite(newest) && room >= 0 ? GATHERED_EVENTS : 0;
    this.#stringAllowance = this.#engine.hasMaximum ? this.#strings.bytes + room : Number.POSITIVE_INFINITY;
    this.#isBudgeted = true;
  }
}
