/** A stream of events in, of windows out: the thin layer that checks, writes columns and asks the core. */

import { Stat } from '../../assembly/plan';
import { joined, WindowBatch } from '../base/batch';
import { type Core, RING_EVENTS, core as theCore } from '../base/core';
import { OrielError, show } from '../base/errors';
import type { Edges } from '../engine/calendar-edges';
import { Engine, type Kinds, type Stats } from '../engine/engine';
import { GapFiller } from '../engine/gap-fill';
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

/** Single events are gathered up to this many before the core is called. */
const GATHERED_EVENTS = 1024;

/** Columns of keys. */
type Keys = readonly (Given | CodedStrings)[];

/** Frees the memory of streams that nobody disposed of: a net, not a plan. Some platforms have none. */
const streams =
  typeof FinalizationRegistry === 'undefined'
    ? undefined
    : new FinalizationRegistry<{ core: Core; handle: number }>(({ core, handle }) => core.exports.destroy(handle));

/** A windowed stream; `windowed(spec)` makes one. */
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
  /** Events written and not yet committed, from place 0 of the ring on. */
  #gathered = 0;
  /** How many single events surely fit without asking, as long as nothing fires. */
  #allowance = 0;
  #fireAt = Number.NEGATIVE_INFINITY;
  /** Places claimed: from `at`, of which `n` may be committed; `ids` where the key column is that of ids itself. */
  #claim: { at: number; n: number; buffer: ArrayBufferLike; ids: boolean } | undefined;
  /** Taken, and given back by a pipe that nobody reads any more. */
  #kept: WindowBatch<Row<S>> | undefined;
  #state: 'open' | 'closed' | 'disposed' = 'open';
  /** Whether events need more than to be written: gaps checked, functions asked, edges found, the clock read. */
  readonly #special: boolean;

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
    this.#special = hasCalendar || isTimed || engine.gaps.length + this.#plan.flags.length > 0;
    streams?.register(this, { core, handle }, this);
  }

  /**
   * Takes one event. Its result, if it completes a window, is there at the next `take`.
   * @throws {OrielError} ERR_ORIEL_TIME, ERR_ORIEL_COLUMN, ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED
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
    if (this.#special) this.#prepare(fields, t);
    if (alone || this.#gathered >= this.#allowance) this.#flush();
    const at = this.#gathered;
    if (at === 0) this.#core.exports.claim(this.#handle, GATHERED_EVENTS);
    this.#ring.writeEvent(fields, t, at);
    this.#gathered = at + 1;
    if (alone) this.#takeLast();
  }

  /** Takes an array or iterable of events, all or none of them. @throws as `push` */
  pushRows<E extends Event<S>>(rows: Iterable<E>): void {
    this.#open();
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

  /** What else is to be done for one event, where the spec has anything of it: see `#special`. */
  #prepare(fields: Record<string, unknown>, t: number): void {
    for (const name of this.#engine.gaps) checkGaps(name, numberOf(name, fields[name]));
    this.#edges.cover([t]);
    this.#clock.note();
  }

  /** Time goes on without events, where the clock says so. */
  #tick(): void {
    if (this.#state !== 'open') return;
    if (this.#engine.tick()) this.#settleDown();
  }

  /**
   * Takes events as columns of one length, all or none of them: typed arrays of any kind, or plain arrays. Columns the spec
   * does not name are passed over.
   * @throws as `push`, naming column and index
   */
  pushColumns<C extends Columns<S>>(columns: C): void {
    this.#open();
    if (typeof columns !== 'object' || columns === null) {
      throw new OrielError('ERR_ORIEL_COLUMN', `pushColumns: expected a record of columns, got ${show(columns)}`);
    }
    this.#takeColumns(columns as unknown as Record<string, Given>);
    this.#deliver();
  }

  /**
   * Takes the events of a source and gives the windows that they let fire, as they do, batches of at least one row; and at the end closes the
   * stream, and gives what fires then. Who leaves the loop before ends the source, and the stream goes on with what it has taken. The next item is
   * asked for when the batch before it has been dealt with.
   *
   * An item is an event, an array of events, or a record of columns, which is known by the column that the spec names first: of times, else of keys,
   * else of measures. Each is taken whole or not at all, and in between they may come in any mixture.
   * @throws {OrielError} as `push`, naming the item; what the source throws, or `signal` was aborted with. Everything before that is in, and
   *   nothing after it; the stream is open
   *
   * @example for await (const batch of visits.over(source)) for (const { user, visits } of batch) console.log(user, visits);
   */
  over<I extends Item<S>>(
    source: Source<I>,
    options: OverOptions = {},
  ): AsyncGenerator<WindowBatch<Row<S>>, void, undefined> {
    return over(this.#outlet(), source, options);
  }

  /**
   * The same as a pair of streams, for `source.pipeThrough(visits.transform())`: what is written are items, what comes out are batches.
   * Both are told when one is cancelled, aborted or fails; the stream then goes on with what it has taken.
   */
  transform(
    writableStrategy?: QueuingStrategy<Item<S>>,
    readableStrategy?: QueuingStrategy<WindowBatch<Row<S>>>,
  ): TransformStream<Item<S>, WindowBatch<Row<S>>> {
    return transform(this.#outlet(), writableStrategy, readableStrategy);
  }

  #outlet(): Outlet<Row<S>> {
    this.#open();
    const { hasTime, idle } = this.#spec;
    return {
      column: this.#engine.firstColumn,
      patienceMs: hasTime && idle === Number.POSITIVE_INFINITY ? idle : CHECK_MS,
      most: 0,
      enter: (events) => {
        this.#open();
        if (!Array.isArray(events)) this.#takeColumns(events as Record<string, Given>);
        else if (events.length === 1) this.#takeOne(events[0]);
        else this.#takeRows(events);
        return undefined;
      },
      take: () => this.take(),
      close: () => this.close(),
      keep: (batch) => {
        this.#kept = joined(this.#kept, batch);
      },
    };
  }

  /**
   * Room for up to n events in the ring itself: live views, n long, to be written and then taken with `commit`. Every column
   * that the spec names must be written. A column of number keys holds the numbers; one of string keys the numbers that
   * `keyId` gives. Views are good until the next call on any stream.
   * @param n from 1 to 4096
   * @throws {OrielError} ERR_ORIEL_CLAIM, ERR_ORIEL_COLUMN, ERR_ORIEL_CLOSED
   */
  claim(n: number): Claim<S> {
    this.#open();
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
    // What onLate may push is flushed as well.
    this.flush();
    this.#flush();
    const { exports, buffer } = this.#core;
    const at = exports.claim(this.#handle, n);
    const { direct } = this.#keys;
    this.#claim = { at, n, buffer, ids: direct };
    return this.#ring.claimed(at, n) as Claim<S>;
  }

  /**
   * What stands for a key, or for a string that is a measure, in a claimed column: a number for itself, a string's number for a string. Good
   * until the claim is committed.
   * @param column which, where it is not the only column of the key
   */
  keyId(key: string | number, column?: string): number {
    this.#open();
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

  /** Takes the first n events of the claim. @throws {OrielError} ERR_ORIEL_CLAIM, ERR_ORIEL_TIME, ERR_ORIEL_COLUMN, ERR_ORIEL_MEMORY */
  commit(n: number): void {
    this.#open();
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
    const bad = exports.badTime(this.#handle, at, n, this.#spec.timeLimit);
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
    this.#settleDown();
    this.#deliver();
  }

  /** The windows that have fired since the last take, in order. */
  take(): WindowBatch<Row<S>> {
    if (this.#state === 'disposed') this.#refuse();
    this.#flushIfRoom();
    // Before anything is taken out: what it is given to may throw.
    this.#deliver();
    const { exports } = this.#core;
    const raw = this.#engine.results.gather();
    const columns = shapeResults(raw, this.#spec, this.#plan);
    const filled = this.#filler?.apply(columns, raw.windows, this.#engine.stat(Stat.watermark)) ?? columns;
    exports.emptyResults(this.#handle);
    const n = filled === columns ? raw.windows.length : (filled.start?.length ?? 0);
    const batch = joined(this.#kept, new WindowBatch<Row<S>>(n, filled));
    this.#kept = undefined;
    return batch;
  }

  /**
   * The present value of a key, without firing anything: over the window that holds the newest event, of several the one that reaches back
   * furthest; for sessions the one that goes on, for `rolling` the frame up to now. A key of which there is nothing gives what no events give.
   * @param key nothing where there is none; one value for each column where there are several
   * @param at a later time up to which to ask; by default that of the newest event, or the clock where events have no time
   * @throws {OrielError} ERR_ORIEL_COLUMN, ERR_ORIEL_TIME, ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED
   *
   * @example if (visits.query('ada', Date.now()).visits >= 100) refuse();
   */
  query(key?: KeyOf<S>, at?: number): Answer<S> {
    this.#open();
    const { keys, windowNames, places, timeLimit, hasTime } = this.#spec;
    const parts = keys.length === 0 ? [] : keys.length === 1 ? [key] : (key as readonly unknown[] | undefined);
    if (!Array.isArray(parts) || parts.length !== keys.length || (keys.length === 0 && key !== undefined)) {
      const accepted = keys.length
        ? `a value for each of ${keys.map(show).join(', ')}`
        : 'nothing: the stream has no key';
      throw new OrielError('ERR_ORIEL_COLUMN', `query: expected ${accepted}, got ${show(key)}`);
    }
    if (at !== undefined && !(typeof at === 'number' && Math.abs(at) <= timeLimit)) {
      throw badTime('query', at, timeLimit);
    }
    this.#tick();
    this.#flush();
    const id = keys.length ? this.#keys.find(parts) : 0;
    const now = hasTime ? this.#engine.newest : this.#clock.now();
    const t = Math.max(at ?? now, now);
    if (Number.isFinite(t)) this.#edges.cover([t]);
    const answers = shapeAnswers(this.#engine.results.ask(id, t), this.#spec, this.#plan);
    this.#deliver();
    if (!windowNames) return answers[0] as Answer<S>;
    const named = [...places.keys()].sort((a, b) => (places[a] as number) - (places[b] as number));
    return Object.fromEntries(named.map((w) => [windowNames[w], answers[w]])) as Answer<S>;
  }

  /**
   * Moves the watermark on by hand: no event before `time` is expected any more. It never moves back.
   * @throws {OrielError} ERR_ORIEL_TIME, ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED
   */
  advance(time: number): void {
    this.#open();
    const limit = this.#spec.timeLimit;
    if (typeof time !== 'number' || !(Math.abs(time) <= limit)) throw badTime('advance', time, limit);
    this.#flush();
    this.#moveTo(time);
    this.#deliver();
  }

  #moveTo(time: number): void {
    this.#engine.moveTo(time);
    this.#settleDown();
  }

  /** Ends the stream: everything still open fires. What has not been taken is in the batch; no more events are. */
  close(): WindowBatch<Row<S>> {
    this.#open();
    this.#flush();
    this.#engine.moveTo(Number.POSITIVE_INFINITY);
    this.#state = 'closed';
    return this.take();
  }

  /** Counters and sizes, as of now. */
  stats(): Stats {
    if (this.#state === 'disposed') this.#refuse();
    this.#flushIfRoom();
    const stats = this.#engine.stats();
    this.#deliver();
    return stats;
  }

  /** Hands the events gathered by `push` to the core. Every other call does it first. @throws as `push` */
  flush(): void {
    if (this.#state === 'disposed') this.#refuse();
    this.#flush();
    this.#deliver();
  }

  #flush(): void {
    const n = this.#gathered;
    if (n === 0) return;
    this.#core.exports.badTime(this.#handle, 0, n, this.#spec.timeLimit);
    this.#engine.takeWritten(n);
    this.#gathered = 0;
    this.#settleDown();
  }

  /** Frees the stream's memory. Any later call throws ERR_ORIEL_CLOSED. */
  [Symbol.dispose](): void {
    if (this.#state === 'disposed') return;
    this.#state = 'disposed';
    streams?.unregister(this);
    this.#core.exports.destroy(this.#handle);
  }

  /** Gathered events for which there is no room wait until there is: taking results makes some. */
  #flushIfRoom(): void {
    try {
      this.#flush();
      this.#tick();
    } catch (error) {
      if (!(error instanceof OrielError && error.code === 'ERR_ORIEL_MEMORY')) throw error;
    }
  }

  /** Takes the gathered event, the only one, or none. */
  #takeLast(): void {
    try {
      this.#flush();
    } catch (error) {
      this.#gathered = 0;
      throw error;
    }
  }

  #open(): void {
    if (this.#state !== 'open') this.#refuse();
  }

  #refuse(): never {
    throw new OrielError('ERR_ORIEL_CLOSED', `the stream is ${this.#state}: it takes no more calls`);
  }

  /** `count` and `flags` where they are known. */
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
    if (this.#special) {
      checkTimes(spec.time, times, spec.timeLimit);
      flagged = flags ?? flagsOf(this.#plan.flags, { ...columns, [spec.time]: times }, n);
      this.#edges.cover(times);
      this.#clock.note();
    }
    this.#flush();
    this.#claim = undefined;
    // Not before: what is gathered may let go of strings.
    measures.push(...texts.map(({ column, form }, i) => column.numbersOf(given[i] as Given, form)), ...flagged);
    if (n > 0) this.#takeAll(times, measures, keys, kinds);
  }

  /** Events in columns that have no time: of the first column that the spec names. */
  #lengthOf(columns: Record<string, Given>): number {
    const name = this.#engine.firstColumn ?? Object.keys(columns)[0] ?? 'time';
    return lengthOf(columns, name);
  }

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
    this.#settleDown();
  }

  #takeChunk(times: Numbers, measures: Numbers[], keys: Keys): void {
    const n = times.length;
    this.#ring.write(times, measures, keys, 0, n);
    const limit = this.#spec.timeLimit;
    const bad = this.#core.exports.badTime(this.#handle, 0, n, limit);
    if (bad >= 0) throw badTime(this.#spec.time, times[bad], limit, bad);
    this.#engine.takeWritten(n);
  }

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

  /** After events were taken: what may be gathered next. */
  #settleDown(): void {
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

  /** The last thing a call does: the late events go to whom they concern, who may well push some of them again. */
  #deliver(): void {
    const columns = this.#engine.takeLate();
    if (!columns) return;
    this.#spec.onLate?.(new WindowBatch<LateEvent<Spec>>(columns[this.#spec.time]?.length ?? 0, columns));
  }
}
