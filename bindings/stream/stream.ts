/**
 * WindowedStream, the stream on the caller's thread: checks what callers push, writes it to the ring, and calls the
 * core once for each batch. The Engine keeps everything else.
 */

import { Stat } from '../../assembly/plan';
import { joined, WindowBatch } from '../base/batch';
import { type Core, RING_EVENTS, core as theCore } from '../base/core';
import { OrielError, show } from '../base/errors';
import type { Edges } from '../engine/calendar-edges';
import { Engine, type Kinds, type Stats } from '../engine/engine';
import { GapFiller } from '../engine/gap-fill';
import { checkQuery, namedAnswers } from '../engine/query';
import type { WallClock } from '../engine/wall-clock';
import {
  badTime,
  checkGaps,
  checkTimes,
  columnsOfRows,
  flagsOf,
  lengthOf,
  listOf,
  measuresOf,
  numberOf,
  textsOf,
  timesOf,
  valuesOf,
} from '../input/columns';
import type { EventRing } from '../input/event-ring';
import type { KeyEncoder } from '../input/keys';
import type { CompiledPlan } from '../plan/compile';
import { shapeAnswers, shapeResults } from '../plan/results';
import { type CheckedSpec, check } from '../spec/check';
import type { CodedStrings, Given, Numbers } from '../spec/column-input';
import type { Spec } from '../spec/spec';
import type { Answer, Claim, Columns, Event, Item, KeyOf, LateEvent, Row } from '../spec/types';
import { CHECK_MS, type Outlet, type OverOptions, over, transform } from './over';
import type { Source } from './source';

/** Single events are gathered in the ring up to this many before the core is called. */
const GATHERED_EVENTS = 1024;

/** Columns of keys. */
type Keys = readonly (Given | CodedStrings)[];

/**
 * Frees the memory of streams that were garbage-collected without being disposed. Some platforms have no
 * FinalizationRegistry.
 */
const streams =
  typeof FinalizationRegistry === 'undefined'
    ? undefined
    : new FinalizationRegistry<{ core: Core; handle: number }>(({ core, handle }) => core.exports.destroy(handle));

/**
 * A windowed stream on the caller's thread; `windowed(spec)` makes one. Push events, then `take` the rows of the
 * windows that have fired. Results do not depend on how events are cut into calls.
 */
export class WindowedStream<const S extends Spec = Spec> {
  readonly #engine: Engine;
  readonly #spec: CheckedSpec;
  readonly #core: Core;
  readonly #plan: CompiledPlan;
  readonly #handle: number;
  readonly #keys: KeyEncoder;
  readonly #ring: EventRing;
  readonly #edges: Edges;
  readonly #filler: GapFiller | undefined;
  readonly #clock: WallClock;
  /** Number of events that `push` has written to the ring, from place 0 on, and that are not committed yet. */
  #gathered = 0;
  /** How many events `push` may gather: as many as are certain to fit into memory if nothing fires. */
  #allowance = 0;
  /** The earliest event time that can make something fire. */
  #fireAt = Number.NEGATIVE_INFINITY;
  /**
   * The claimed places: `n` from place `at` on. `buffer` is the memory then; `ids`: the key column is that of ids, not
   * of words.
   */
  #claim: { at: number; n: number; buffer: ArrayBufferLike; ids: boolean } | undefined;
  /** Results that `transform` took and returned because its reader had gone; the next `take` has them. */
  #returned: WindowBatch<Row<S>> | undefined;
  #state: 'open' | 'closed' | 'disposed' = 'open';
  /**
   * Whether events need more than being written: gaps to check, functions to call, calendar edges to find, the clock to
   * note.
   */
  readonly #needsPrepare: boolean;

  /** @throws {OrielError} ERR_ORIEL_SPEC, ERR_ORIEL_MEMORY */
  constructor(spec: S) {
    const core = theCore();
    const engine = new Engine(check(spec, core.aggregates), core);
    this.#engine = engine;
    this.#core = core;
    this.#spec = engine.spec;
    this.#plan = engine.plan;
    this.#handle = engine.handle;
    this.#keys = engine.keys;
    this.#ring = engine.ring;
    this.#edges = engine.edges;
    this.#clock = engine.clock;
    const { handle } = engine;
    this.#filler = this.#spec.fill
      ? new GapFiller(core, handle, this.#spec, this.#edges, this.#plan.outputs)
      : undefined;
    const { windows, idle } = this.#spec;
    const hasCalendar = windows.some(({ calendar }) => calendar);
    const isTimed = idle < Number.POSITIVE_INFINITY;
    this.#needsPrepare = hasCalendar || isTimed || engine.gaps.length + this.#plan.flags.length > 0;
    streams?.register(this, { core, handle }, this);
  }

  /**
   * Pushes one event. Events are gathered, up to 1,024 of them, and processed together. If this one completes windows,
   * the next `take` returns their rows.
   *
   * @throws {OrielError} ERR_ORIEL_TIME if its time is invalid; ERR_ORIEL_COLUMN if another field is; ERR_ORIEL_MEMORY
   *   if there is no room; ERR_ORIEL_CLOSED
   *
   * @example visits.push({ at: Date.now(), user: 'ada', bytes: 512 });
   */
  push<E extends Event<S>>(event: E): void {
    this.#takeOne(event);
    if (this.#engine.hasLate) this.#deliver();
  }

  #takeOne(event: unknown): void {
    if (this.#state !== 'open') this.#refuse();
    if (typeof event !== 'object' || event === null) {
      throw new OrielError('ERR_ORIEL_COLUMN', `push: expected an event, got ${show(event)}`);
    }
    if (this.#claim) this.#claim = undefined;
    const spec = this.#spec;
    const fields = event as Record<string, unknown>;
    const t = spec.hasTime ? fields[spec.time] : this.#clock.now();
    if (typeof t !== 'number' || !(Math.abs(t) <= spec.timeLimit)) throw badTime(spec.time, t, spec.timeLimit);
    const alone = t >= this.#fireAt || this.#allowance === 0;
    if (this.#needsPrepare) this.#prepare(fields, t);
    if (alone || this.#gathered >= this.#allowance) this.#flush();
    const at = this.#gathered;
    if (at === 0) this.#core.exports.claim(this.#handle, GATHERED_EVENTS);
    this.#ring.writeEvent(fields, t, at);
    this.#gathered = at + 1;
    if (alone) this.#takeSingle();
  }

  /**
   * Pushes an array or iterable of events, all or none of them.
   * @throws {OrielError} as `push`, naming column and index
   *
   * @example visits.pushRows([{ at: 0, user: 'ada', bytes: 512 }, { at: 5, user: 'bob', bytes: 64 }]);
   */
  pushRows<E extends Event<S>>(rows: Iterable<E>): void {
    this.#assertOpen();
    this.#takeRows(rows);
    this.#deliver();
  }

  #takeRows(rows: unknown): void {
    const { time, hasTime, keys } = this.#spec;
    const list = listOf(rows);
    const { plain, columns: texts } = this.#plan.measures;
    const others = [...keys, ...texts.map(({ name }) => name)];
    const columns = columnsOfRows(list, plain, hasTime ? [time, ...others] : others);
    const flags = this.#plan.flags.map((flag) => Float64Array.from(list, (event) => (flag(event as never) ? 1 : 0)));
    this.#takeColumns(columns, list.length, flags);
  }

  /** Does what a single event needs besides being written: see `#needsPrepare`. */
  #prepare(fields: Record<string, unknown>, t: number): void {
    for (const name of this.#engine.gaps) checkGaps(name, numberOf(name, fields[name]));
    this.#edges.cover([t]);
    this.#clock.note();
  }

  /** Moves the watermark if the clock has moved event time on without events. */
  #tick(): void {
    if (this.#state !== 'open') return;
    if (this.#engine.tick()) this.#sweepAndBudget();
  }

  /**
   * Pushes events as columns of equal length, all or none of them. A column is a typed array of any kind, a plain
   * array, or a column of `oriel/arrow`; it is copied. Columns that the spec does not name are ignored.
   * @throws {OrielError} as `push`, naming column and index
   *
   * @example visits.pushColumns({ at: Float64Array.of(0, 5), user: ['ada', 'bob'], bytes: Float64Array.of(512, 64) });
   */
  pushColumns<C extends Columns<S>>(columns: C): void {
    this.#assertOpen();
    if (typeof columns !== 'object' || columns === null) {
      throw new OrielError('ERR_ORIEL_COLUMN', `pushColumns: expected a record of columns, got ${show(columns)}`);
    }
    this.#takeColumns(columns as unknown as Record<string, Given>);
    this.#deliver();
  }

  /**
   * Pushes the items of a source and yields batches of results (at least one row each) as windows fire. When the source
   * is over, closes the stream and yields what fires then. Leaving the loop early ends the source and leaves the stream
   * open with everything it has taken.
   *
   * An item is an event, an array of events, or a record of columns; a source may mix them. Each item is taken entirely
   * or not at all. A record is taken as columns if its value for the time column (without `time` the first key, else
   * the first measure) is an array or typed array. The source is not read further while the loop handles a batch,
   * except that one item may already be requested.
   *
   * @param options.signal ends the source when aborted
   * @throws {OrielError} as `push`, naming the item; also whatever the source throws or `signal` was aborted with.
   *   Everything before the failing item is in, nothing after it, and the stream stays open
   *
   * @example
   * for await (const batch of visits.over(source)) {
   *   for (const { user, visits } of batch) console.log(user, visits);
   * }
   */
  over<I extends Item<S>>(
    source: Source<I>,
    options: OverOptions = {},
  ): AsyncGenerator<WindowBatch<Row<S>>, void, undefined> {
    return over(this.#outlet(), source, options);
  }

  /**
   * Returns `over` as a pair of web streams, for `pipeThrough`: write items (see `over`) to one, read batches from the
   * other. Closing the writable closes this stream. If one side is cancelled, aborted or fails, so does the other, and
   * this stream stays open with everything it has taken.
   *
   * @param writableStrategy as for a `TransformStream`; by default one item may wait
   * @param readableStrategy as for a `TransformStream`; by default no batch is made before it is read
   *
   * @example await source.pipeThrough(visits.transform()).pipeTo(sink);
   */
  transform(
    writableStrategy?: QueuingStrategy<Item<S>>,
    readableStrategy?: QueuingStrategy<WindowBatch<Row<S>>>,
  ): TransformStream<Item<S>, WindowBatch<Row<S>>> {
    return transform(this.#outlet(), writableStrategy, readableStrategy);
  }

  #outlet(): Outlet<Row<S>> {
    this.#assertOpen();
    const { hasTime, idle } = this.#spec;
    return {
      column: this.#engine.firstColumn,
      patienceMs: hasTime && idle === Number.POSITIVE_INFINITY ? idle : CHECK_MS,
      maxEventsBetweenTakes: 0,
      pushItem: (events) => {
        this.#assertOpen();
        if (!Array.isArray(events)) this.#takeColumns(events as Record<string, Given>);
        else if (events.length === 1) this.#takeOne(events[0]);
        else this.#takeRows(events);
        return undefined;
      },
      take: () => this.take(),
      close: () => this.close(),
      keep: (batch) => {
        this.#returned = joined(this.#returned, batch);
      },
    };
  }

  /**
   * Claims room for n events in the ring and returns views of it, n long, for the caller to write before `commit`. The
   * core reads the events where they were written. Write every column that the spec names; for a string, write the
   * number that `keyId` returns.
   *
   * The views belong to the stream; they are valid until the next call on any stream, except `keyId`, which leaves them
   * valid.
   *
   * @param n from 1 to 4,096
   * @throws {OrielError} ERR_ORIEL_CLAIM if n is out of range; ERR_ORIEL_COLUMN if keys are bigints; ERR_ORIEL_MEMORY;
   *   ERR_ORIEL_CLOSED
   *
   * @example
   * const { at, user, bytes } = visits.claim(1);
   * at[0] = 0;
   * user[0] = visits.keyId('ada');
   * bytes[0] = 512;
   * visits.commit(1);
   */
  claim(n: number): Claim<S> {
    this.#assertOpen();
    if (!Number.isInteger(n) || n < 1 || n > RING_EVENTS) {
      throw new OrielError(
        'ERR_ORIEL_CLAIM',
        `claim: expected a whole number from 1 to ${RING_EVENTS}, got ${show(n)}`,
      );
    }
    for (const { kind, name } of this.#keys.columns) {
      if (kind === 'int64' || kind === 'uint64') {
        throw new OrielError('ERR_ORIEL_COLUMN', `claim: column ${show(name)} holds bigints, which pushColumns takes`);
      }
    }
    // flush() calls onLate, which may push events: they are flushed by the second call.
    this.flush();
    this.#flush();
    const { exports, buffer } = this.#core;
    const at = exports.claim(this.#handle, n);
    const { direct } = this.#keys;
    this.#claim = { at, n, buffer, ids: direct };
    return this.#ring.claimed(at, n) as Claim<S>;
  }

  /**
   * Returns the number to write to a claimed column for a key, or for a string in a measure: a string's number in the
   * stream, or a number itself. It is valid until the claim is committed.
   *
   * @param column the column's name; may be left out for the only key column
   * @throws {OrielError} ERR_ORIEL_COLUMN if there is no such column or the value does not fit it; ERR_ORIEL_CLOSED
   */
  keyId(key: string | number, column?: string): number {
    this.#assertOpen();
    const found = column === undefined ? this.#keys.columns[0] : this.#keys.columns.find(({ name }) => name === column);
    const texts = this.#plan.measures.texts;
    if (!found || (column === undefined && this.#keys.columns.length > 1)) {
      const measure = texts.find((text) => text.column.name === column);
      if (measure) {
        measure.column.kind ??= measure.column.kindOf(key);
        measure.column.kindOf(key);
        return measure.column.numberOf(key, measure.form);
      }
      const names = [...this.#spec.keys, ...texts.map((text) => text.column.name)].map(show).join(', ') || 'none';
      throw new OrielError(
        'ERR_ORIEL_COLUMN',
        `keyId: expected a column of keys or strings (${names}), got ${show(column)}`,
      );
    }
    const kind = found.kindOf(key);
    if (kind !== 'string') return key as number;
    this.#keys.settle(this.#keys.columns.map((other) => (other === found ? kind : undefined)));
    return found.strings.idOf(key as string);
  }

  /**
   * Pushes the first n events that were written to the claim, all or none of them.
   *
   * @throws {OrielError} ERR_ORIEL_CLAIM if there is no claim, its views have become invalid, or n exceeds it;
   *   otherwise as `pushColumns`
   */
  commit(n: number): void {
    this.#assertOpen();
    const claim = this.#claim;
    if (!claim)
      throw new OrielError('ERR_ORIEL_CLAIM', 'commit: there is no claim; a claim is good until the next call');
    if (claim.buffer !== this.#core.buffer) {
      this.#claim = undefined;
      throw new OrielError(
        'ERR_ORIEL_CLAIM',
        'commit: memory grew since the claim and its views were detached; claim again',
      );
    }
    if (!Number.isInteger(n) || n < 0 || n > claim.n) {
      throw new OrielError(
        'ERR_ORIEL_CLAIM',
        `commit: expected a whole number from 0 to the ${claim.n} claimed, got ${show(n)}`,
      );
    }
    if (n === 0) return;
    const { exports } = this.#core;
    const { at } = claim;
    if (!this.#spec.hasTime) this.#ring.times.fill(this.#clock.now(), at, at + n);
    const bad = exports.scanTimes(this.#handle, at, n, this.#spec.timeLimit);
    if (bad >= 0) throw badTime(this.#spec.time, this.#ring.times[at + bad], this.#spec.timeLimit, bad);
    const kinds = this.#engine.kinds;
    this.#keys.settle(this.#spec.keys.map(() => 'number'));
    try {
      this.#ring.checkClaimed(claim, n);
      this.#ring.copyClaimed(at, n);
      this.#ring.flagClaimed(at, n);
      for (const name of this.#engine.gaps) checkGaps(name, this.#ring.measure(name).subarray(at, at + n));
      this.#edges.cover(this.#ring.times.subarray(at, at + n));
      this.#clock.note();
      this.#engine.takeWritten(n);
    } catch (error) {
      this.#engine.restore(kinds);
      throw error;
    }
    this.#claim = undefined;
    this.#sweepAndBudget();
    this.#deliver();
  }

  /**
   * Returns the rows of all windows that have fired since the last call, in the order in which they fired; an empty
   * batch if none has. Also works on a closed stream.
   *
   * @throws {OrielError} ERR_ORIEL_CLOSED after the stream was disposed
   *
   * @example for (const { start, user, visits } of stream.take()) console.log(start, user, visits);
   */
  take(): WindowBatch<Row<S>> {
    if (this.#state === 'disposed') this.#refuse();
    this.#flushIfRoom();
    // Before results are taken from the core, because onLate may throw.
    this.#deliver();
    const { exports } = this.#core;
    const raw = this.#engine.results.gather();
    const columns = shapeResults(raw, this.#spec, this.#plan);
    const filled = this.#filler?.apply(columns, raw.windows, this.#engine.stat(Stat.watermark)) ?? columns;
    exports.emptyResults(this.#handle);
    const n = filled === columns ? raw.windows.length : (filled.start?.length ?? 0);
    const batch = joined(this.#returned, new WindowBatch<Row<S>>(n, filled));
    this.#returned = undefined;
    return batch;
  }

  /**
   * Returns the current values of a key without firing anything. On a grid they are those of the oldest window that
   * contains the time `at`; for sessions of the session that is open at it; for `rolling` of the frame that ends at it;
   * for windows of rows of the first that is not full. A key that holds nothing there gives the values of an empty
   * window, with NaN as bounds if there is no window.
   *
   * @param key the key; an array with a value for each column if there are several; nothing if the spec has no key
   * @param at the time to query at. Default, and lower bound: the newest event time, or the clock if events have no
   *   time
   * @returns the aggregates by name with `start` and `end`; if windows are named, a record of these by window name
   * @throws {OrielError} ERR_ORIEL_COLUMN if the key is invalid; ERR_ORIEL_TIME if `at` is; ERR_ORIEL_MEMORY;
   *   ERR_ORIEL_CLOSED
   *
   * @example if (visits.query('ada', Date.now()).visits >= 100) refuse();
   */
  query(key?: KeyOf<S>, at?: number): Answer<S> {
    this.#assertOpen();
    const parts = checkQuery(this.#spec, key, at);
    this.#tick();
    this.#flush();
    const id = parts.length ? this.#keys.find(parts) : 0;
    const now = this.#spec.hasTime ? this.#engine.newest : this.#clock.now();
    const t = Math.max(at ?? now, now);
    if (Number.isFinite(t)) this.#edges.cover([t]);
    const answers = shapeAnswers(this.#engine.results.ask(id, t), this.#spec, this.#plan);
    this.#deliver();
    return namedAnswers(this.#spec, answers) as Answer<S>;
  }

  /**
   * Moves the watermark to `time`, in the unit of event times: no event before it is expected any more. The watermark
   * never moves back.
   * @throws {OrielError} ERR_ORIEL_TIME, ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED
   */
  advance(time: number): void {
    this.#assertOpen();
    const limit = this.#spec.timeLimit;
    if (typeof time !== 'number' || !(Math.abs(time) <= limit)) throw badTime('advance', time, limit);
    this.#flush();
    this.#moveTo(time);
    this.#deliver();
  }

  #moveTo(time: number): void {
    this.#engine.moveTo(time);
    this.#sweepAndBudget();
  }

  /**
   * Ends the stream: fires everything that is open and returns all rows that have not been taken. Afterwards no events
   * are accepted.
   * @throws {OrielError} ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED
   */
  close(): WindowBatch<Row<S>> {
    this.#assertOpen();
    this.#flush();
    this.#engine.moveTo(Number.POSITIVE_INFINITY);
    this.#state = 'closed';
    return this.take();
  }

  /**
   * Returns the stream's current counters and sizes.
   * @throws {OrielError} ERR_ORIEL_CLOSED after the stream was disposed
   */
  stats(): Stats {
    if (this.#state === 'disposed') this.#refuse();
    this.#flushIfRoom();
    const stats = this.#engine.stats();
    this.#deliver();
    return stats;
  }

  /**
   * Processes the events that `push` has gathered. Other calls do this first, so it is rarely needed.
   * @throws {OrielError} ERR_ORIEL_MEMORY; ERR_ORIEL_CLOSED after the stream was disposed
   */
  flush(): void {
    if (this.#state === 'disposed') this.#refuse();
    this.#flush();
    this.#deliver();
  }

  #flush(): void {
    const n = this.#gathered;
    if (n === 0) return;
    // The times are known to be valid; this notes the least and the greatest for takeWritten.
    this.#core.exports.scanTimes(this.#handle, 0, n, this.#spec.timeLimit);
    this.#engine.takeWritten(n);
    this.#gathered = 0;
    this.#sweepAndBudget();
  }

  /**
   * Frees the stream's memory. Later calls throw ERR_ORIEL_CLOSED. `using stream = windowed(…)` calls it at the end of
   * the scope.
   */
  [Symbol.dispose](): void {
    if (this.#state === 'disposed') return;
    this.#state = 'disposed';
    streams?.unregister(this);
    this.#core.exports.destroy(this.#handle);
  }

  /** Processes gathered events; if there is no room for them, they wait until taking results has made some. */
  #flushIfRoom(): void {
    try {
      this.#flush();
      this.#tick();
    } catch (error) {
      if (!(error instanceof OrielError && error.code === 'ERR_ORIEL_MEMORY')) throw error;
    }
  }

  /** Processes the one gathered event, or drops it if that fails. */
  #takeSingle(): void {
    try {
      this.#flush();
    } catch (error) {
      this.#gathered = 0;
      throw error;
    }
  }

  /** Throws ERR_ORIEL_CLOSED unless the stream is open. */
  #assertOpen(): void {
    if (this.#state !== 'open') this.#refuse();
  }

  #refuse(): never {
    throw new OrielError('ERR_ORIEL_CLOSED', `the stream is ${this.#state}: it takes no more calls`);
  }

  /**
   * Checks columns and pushes them.
   * @param count the number of events, if it is known
   * @param flags the answers of the spec's functions, if they are known
   */
  #takeColumns(columns: Record<string, Given>, count?: number, flags?: Float64Array[]): void {
    const spec = this.#spec;
    const times = spec.hasTime
      ? timesOf(columns, spec.time, spec.timeLimit)
      : new Float64Array(count ?? this.#lengthOf(columns)).fill(this.#clock.now());
    const n = times.length;
    const { plain, texts } = this.#plan.measures;
    const measures = plain.map((name) => measuresOf(columns, name, n));
    const keys = spec.keys.map((name) => valuesOf(columns, name, n));
    const given = texts.map(({ column }) => textsOf(columns, column.name, n));
    const kinds = {
      keys: this.#keys.kindsOf(keys),
      measures: texts.map(({ column }, i) => column.kindOfColumn(given[i] as Given)),
    };
    for (const name of this.#engine.gaps) checkGaps(name, measures[plain.indexOf(name)] as Numbers);
    let flagged: Float64Array[] = [];
    if (this.#needsPrepare) {
      checkTimes(spec.time, times, spec.timeLimit);
      flagged = flags ?? flagsOf(this.#plan.flags, { ...columns, [spec.time]: times }, n);
      this.#edges.cover(times);
      this.#clock.note();
    }
    this.#flush();
    this.#claim = undefined;
    // Only now: flushing the gathered events may have made the stream forget strings.
    measures.push(...texts.map(({ column, form }, i) => column.numbersOf(given[i] as Given, form)), ...flagged);
    if (n > 0) this.#takeAll(times, measures, keys, kinds);
  }

  /** Number of events in columns without times: the length of the first column that the spec names. */
  #lengthOf(columns: Record<string, Given>): number {
    const name = this.#engine.firstColumn ?? Object.keys(columns)[0] ?? 'time';
    return lengthOf(columns, name);
  }

  /** Pushes checked columns and settles their kinds; restores the kinds if that fails. */
  #takeAll(times: Numbers, measures: Numbers[], keys: Keys, kinds: Kinds): void {
    const before = this.#engine.kinds;
    this.#keys.settle(kinds.keys);
    this.#plan.measures.kinds = kinds.measures;
    try {
      if (times.length <= RING_EVENTS) this.#takeChunk(times, measures, keys);
      else this.#takeChunks(times, measures, keys);
    } catch (error) {
      this.#engine.restore(before);
      throw error;
    }
    this.#sweepAndBudget();
  }

  /** Pushes columns that fit into the ring. The core checks their times. */
  #takeChunk(times: Numbers, measures: Numbers[], keys: Keys): void {
    const n = times.length;
    this.#ring.write(times, measures, keys, 0, n);
    const limit = this.#spec.timeLimit;
    const bad = this.#core.exports.scanTimes(this.#handle, 0, n, limit);
    if (bad >= 0) throw badTime(this.#spec.time, times[bad], limit, bad);
    this.#engine.takeWritten(n);
  }

  /** Pushes columns in chunks, all or none of them. */
  #takeChunks(times: Numbers, measures: Numbers[], keys: Keys): void {
    const n = times.length;
    const { first, last } = checkTimes(this.#spec.time, times, this.#spec.timeLimit);
    this.#engine.atomically(n, first, last, (sure) => {
      for (let from = 0; from < n; from += RING_EVENTS) {
        const length = Math.min(RING_EVENTS, n - from);
        this.#ring.write(times, measures, keys, from, length);
        this.#engine.commit(length);
        if (sure) this.#keys.sweep();
      }
    });
  }

  /**
   * Called after the core has taken events or moved time: forgets strings and sets how many events may be gathered
   * next.
   */
  #sweepAndBudget(): void {
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

  /** Passes late events to `onLate`. It must be the last thing a call does, since `onLate` may push events. */
  #deliver(): void {
    const columns = this.#engine.takeLate();
    if (!columns) return;
    this.#spec.onLate?.(new WindowBatch<LateEvent<Spec>>(columns[this.#spec.time]?.length ?? 0, columns));
  }
}
