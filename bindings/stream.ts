/** A stream of events in, of windows out: the thin layer that checks, writes columns and asks the core. */

import { type Keys, Stat } from '../assembly/plan';
import { WindowBatch } from './batch';
import {
  badMeasure,
  badTime,
  checkTimes,
  columnOf,
  type Given,
  type Numbers,
  numberOf,
  numbersOf,
  timesOf,
} from './columns';
import { type Core, core as theCore } from './core';
import { OrielError, show } from './errors';
import { KeyEncoder } from './keys';
import { type CompiledPlan, compile, RING_EVENTS } from './plan';
import { type CheckedSpec, check, type Spec } from './spec';
import type { Claim, Columns, Event, Key, LateEvent, Row } from './types';

/** Single events are gathered up to this many before the core is called. */
const GATHERED_EVENTS = 1024;

/** What a stream has seen and holds; see `WindowedStream.stats`. */
export interface Stats {
  /** Events taken, the late, skipped and future ones among them. */
  events: number;
  /** Events that came too late for every window they lie in. */
  late: number;
  /** Events that lie in no window (`every` greater than `size`). */
  skipped: number;
  /** Events further ahead of the newest than `maxFutureSkew`. */
  future: number;
  /** Windows that fired, each counted once for all its keys. */
  windows: number;
  /** Time before which no event is expected; -Infinity before the first event. */
  watermark: number;
  liveKeys: number;
  liveSlices: number;
  /** Linear memory in use by this stream. */
  bytes: number;
  /** Milliseconds spent in the core. */
  milliseconds: number;
}

const streams = new FinalizationRegistry<{ core: Core; handle: number }>(({ core, handle }) =>
  core.exports.destroy(handle),
);

/** The live views of one stream's ring. */
interface Views {
  times: Float64Array;
  ids: Uint32Array;
  words: Float64Array[];
  measures: Float64Array[];
}

/** A windowed stream; `windowed(spec)` makes one. */
export class WindowedStream<const S extends Spec = Spec> {
  readonly #spec: CheckedSpec;
  readonly #core: Core;
  readonly #plan: CompiledPlan;
  readonly #handle: number;
  readonly #keys: KeyEncoder;
  #views: Views;
  /** Events written and not yet committed, from place 0 of the ring on. */
  #gathered = 0;
  /** How many single events surely fit without asking, as long as nothing fires. */
  #allowance = 0;
  #fireAt = Number.NEGATIVE_INFINITY;
  /** Places claimed: from `at`, of which `n` may be committed; `ids` where the key column is that of ids itself. */
  #claim: { at: number; n: number; buffer: ArrayBufferLike; ids: boolean } | undefined;
  #late: Record<string, unknown[]> | undefined;
  #state: 'open' | 'closed' | 'disposed' = 'open';
  /** How the core was told that keys come. */
  #mode: Keys;
  #milliseconds = 0;

  /** @throws {OrielError} ERR_ORIEL_SPEC, ERR_ORIEL_MEMORY */
  constructor(spec: S) {
    const core = theCore();
    this.#core = core;
    this.#spec = check(spec, core.aggregates);
    this.#plan = compile(this.#spec, core);
    const handle = core.exports.create(this.#plan.byteLength);
    if (handle) this.#plan.write(new DataView(core.buffer), core.exports.plan(handle));
    if (!handle || !core.exports.build(handle)) {
      if (handle) core.exports.destroy(handle);
      throw new OrielError('ERR_ORIEL_MEMORY', 'memory: there is no room for a stream of this spec');
    }
    this.#handle = handle;
    this.#keys = new KeyEncoder(core, handle, this.#spec.keys, RING_EVENTS);
    // Until the first key says otherwise.
    this.#mode = this.#keys.mode;
    this.#views = this.#look();
    streams.register(this, { core, handle }, this);
  }

  /**
   * Takes one event. Its result, if it completes a window, is there at the next `take`.
   * @throws {OrielError} ERR_ORIEL_TIME, ERR_ORIEL_COLUMN, ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED
   */
  push<E extends Event<S>>(event: E): void {
    if (this.#state !== 'open') this.#refuse();
    if (typeof event !== 'object' || event === null) {
      throw new OrielError('ERR_ORIEL_COLUMN', `push: expected an event, got ${show(event)}`);
    }
    if (this.#claim) this.#claim = undefined;
    const spec = this.#spec;
    const fields = event as Record<string, unknown>;
    const t = fields[spec.time];
    if (typeof t !== 'number' || !(Math.abs(t) <= spec.timeLimit)) throw badTime(spec.time, t, spec.timeLimit);
    const alone = t >= this.#fireAt || this.#allowance === 0;
    if (alone || this.#gathered >= this.#allowance) this.#flush();
    const at = this.#gathered;
    if (at === 0) this.#core.exports.claim(this.#handle, GATHERED_EVENTS);
    // Views of plain memory that has grown are empty; those of shared memory stay good.
    const { times, measures } = this.#views.times.length === 0 ? this.#look() : this.#views;
    writeMeasures(this.#plan.measures, measures, fields, at);
    times[at] = t;
    this.#writeKey(fields, at);
    this.#gathered = at + 1;
    if (alone) this.#takeLast();
    if (this.#late) this.#deliver();
  }

  /** Takes an array or iterable of events, all or none of them. @throws as `push` */
  pushRows<E extends Event<S>>(rows: Iterable<E>): void {
    this.#open();
    if (typeof rows?.[Symbol.iterator] !== 'function') {
      throw new OrielError('ERR_ORIEL_COLUMN', `pushRows: expected an array or iterable of events, got ${show(rows)}`);
    }
    const list = (Array.isArray(rows) ? rows : [...rows]) as Record<string, unknown>[];
    const n = list.length;
    for (let i = 0; i < n; i++) {
      const row = list[i];
      if (typeof row === 'object' && row !== null) continue;
      throw new OrielError('ERR_ORIEL_COLUMN', `pushRows at index ${i}: expected an event, got ${show(row)}`);
    }
    const columns: Record<string, unknown[] | Float64Array> = {};
    for (const name of this.#plan.measures) {
      const column = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        const value = (list[i] as Record<string, unknown>)[name];
        column[i] = typeof value === 'number' ? value : numberOf(name, value, i);
      }
      columns[name] = column;
    }
    for (const name of [this.#spec.time, ...this.#spec.keys]) {
      const column = new Array<unknown>(n);
      for (let i = 0; i < n; i++) column[i] = (list[i] as Record<string, unknown>)[name];
      columns[name] = column;
    }
    this.#takeColumns(columns);
  }

  /**
   * Takes events as columns of one length, all or none of them: typed arrays of any kind, or plain arrays. Columns the spec
   * does not name are passed over.
   * @throws as `push`, naming column and index
   */
  pushColumns(columns: Columns<S>): void {
    this.#open();
    if (typeof columns !== 'object' || columns === null) {
      throw new OrielError('ERR_ORIEL_COLUMN', `pushColumns: expected a record of columns, got ${show(columns)}`);
    }
    this.#takeColumns(columns);
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
    const { times, measures, words, ids } = this.#look();
    const views: Record<string, Float64Array | Uint32Array> = {};
    this.#plan.measures.forEach((name, i) => {
      views[name] = (measures[i] as Float64Array).subarray(at, at + n);
    });
    this.#spec.keys.forEach((name, c) => {
      views[name] = (direct ? ids : (words[c] as Float64Array)).subarray(at, at + n);
    });
    views[this.#spec.time] = times.subarray(at, at + n);
    return views as Claim<S>;
  }

  /**
   * What stands for a key in a claimed column: a number for itself, a string's number for a string. Good until the claim is
   * committed.
   * @param column which, where the key has several
   */
  keyId(key: string | number, column?: string): number {
    this.#open();
    const found = column === undefined ? this.#keys.columns[0] : this.#keys.columns.find(({ name }) => name === column);
    if (!found || (column === undefined && this.#keys.columns.length > 1)) {
      const names = this.#spec.keys.map(show).join(', ') || 'none';
      throw new OrielError('ERR_ORIEL_COLUMN', `keyId: expected a key column (${names}), got ${show(column)}`);
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
    const bad = exports.badTime(this.#handle, at, n, this.#spec.timeLimit);
    if (bad >= 0) throw badTime(this.#spec.time, this.#look().times[at + bad], this.#spec.timeLimit, bad);
    const kinds = this.#keys.kinds;
    this.#keys.settle(this.#spec.keys.map(() => 'number'));
    try {
      this.#checkClaimedKeys(claim, n);
      this.#copyClaimed(at, n);
      this.#takeWritten(n);
    } catch (error) {
      this.#keys.restore(kinds);
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
    const { exports, buffer } = this.#core;
    const n = exports.resultCount(this.#handle);
    const ids = new Uint32Array(buffer, exports.resultIds(this.#handle), n);
    const columns: Record<string, ArrayLike<unknown>> = {
      start: this.#core.float64s(exports.startsColumn(this.#handle), n),
      end: this.#core.float64s(exports.endsColumn(this.#handle), n),
    };
    const { windowNames, updates } = this.#spec;
    if (windowNames) {
      const which = new Uint8Array(buffer, exports.resultWindows(this.#handle), n);
      columns.window = Array.from(which, (w) => windowNames[w]);
    }
    const keys = this.#keys.ofIds(ids);
    this.#spec.keys.forEach((name, c) => {
      columns[name] = keys[c] as Key[];
    });
    this.#spec.aggregates.forEach(([name], i) => {
      const address = exports.resultColumn(this.#handle, this.#plan.outputs[i] as number);
      columns[name] = this.#core.float64s(address, n);
    });
    if (updates) {
      const late = new Uint8Array(buffer, exports.resultLates(this.#handle), n);
      columns.pane = Array.from(late, (flag) => (flag ? 'late' : 'on-time'));
    }
    exports.emptyResults(this.#handle);
    this.#deliver();
    return new WindowBatch(n, columns);
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
    this.#atomically(0, 0, time + this.#spec.outOfOrder, () => this.#core.exports.advance(this.#handle, time));
    this.#settleDown();
    this.#deliver();
  }

  /** Ends the stream: everything still open fires. What has not been taken is in the batch; no more events are. */
  close(): WindowBatch<Row<S>> {
    this.#open();
    this.#flush();
    this.#atomically(0, 0, Number.POSITIVE_INFINITY, () => this.#core.exports.finish(this.#handle));
    this.#state = 'closed';
    return this.take();
  }

  /** Counters and sizes, as of now. */
  stats(): Stats {
    if (this.#state === 'disposed') this.#refuse();
    this.#flushIfRoom();
    const stat = (which: Stat) => this.#core.exports.stat(this.#handle, which);
    const stats = {
      events: stat(Stat.events),
      late: stat(Stat.late),
      skipped: stat(Stat.skipped),
      future: stat(Stat.future),
      windows: stat(Stat.windows),
      watermark: stat(Stat.watermark),
      liveKeys: stat(Stat.liveKeys),
      liveSlices: stat(Stat.liveSlices),
      bytes: stat(Stat.bytes),
      milliseconds: this.#milliseconds,
    };
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
    this.#takeWritten(n);
    this.#gathered = 0;
    this.#settleDown();
  }

  /** Frees the stream's memory. Any later call throws ERR_ORIEL_CLOSED. */
  [Symbol.dispose](): void {
    if (this.#state === 'disposed') return;
    this.#state = 'disposed';
    streams.unregister(this);
    this.#core.exports.destroy(this.#handle);
  }

  /** Gathered events for which there is no room wait until there is: taking results makes some. */
  #flushIfRoom(): void {
    try {
      this.#flush();
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

  /** The ring's columns; looked up anew where the memory has grown. */
  #look(): Views {
    const { exports, buffer } = this.#core;
    if (this.#views?.times.buffer === buffer) return this.#views;
    const measures = exports.measureColumns(this.#handle);
    const words = exports.wordsColumns(this.#handle);
    this.#views = {
      times: new Float64Array(buffer, exports.timesColumn(this.#handle), RING_EVENTS),
      ids: new Uint32Array(buffer, exports.idsColumn(this.#handle), RING_EVENTS),
      words: this.#spec.keys.map((_, c) => new Float64Array(buffer, words + c * RING_EVENTS * 8, RING_EVENTS)),
      measures: this.#plan.measures.map(
        (_, i) => new Float64Array(buffer, measures + i * RING_EVENTS * 8, RING_EVENTS),
      ),
    };
    return this.#views;
  }

  #writeKey(fields: Record<string, unknown>, at: number): void {
    const { columns, direct } = this.#keys;
    for (let c = 0; c < columns.length; c++) {
      const { name, kind, strings } = columns[c] as (typeof columns)[number];
      const key = fields[name];
      if (kind === 'string' && typeof key === 'string') {
        if (direct) this.#views.ids[at] = strings.idOf(key);
        else (this.#views.words[c] as Float64Array)[at] = strings.idOf(key);
      } else if (kind === 'number' && typeof key === 'number') {
        (this.#views.words[c] as Float64Array)[at] = key + 0;
      } else {
        this.#writeKeySlow(fields, at);
        return;
      }
    }
  }

  /** A key of bigints, of a kind not yet settled, or of the wrong one. */
  #writeKeySlow(fields: Record<string, unknown>, at: number): void {
    const keys = this.#keys.columns.map(({ name }) => [fields[name]]);
    this.#keys.settle(this.#keys.columns.map((column, c) => column.kindOf(keys[c]?.[0])));
    this.#keys.write(keys, 0, 1, at);
  }

  #takeColumns(columns: object): void {
    const spec = this.#spec;
    const times = timesOf(spec.time, columnOf(columns, spec.time), spec.timeLimit);
    const n = times.length;
    const measures = this.#plan.measures.map((name) => numbersOf(name, columnOf(columns, name, n)));
    const keys = spec.keys.map((name) => columnOf(columns, name, n));
    const kinds = this.#keys.kindsOf(keys);
    this.#flush();
    this.#claim = undefined;
    if (n > 0) this.#takeAll(times, measures, keys, kinds);
    this.#deliver();
  }

  #takeAll(times: Numbers, measures: Numbers[], keys: Given[], kinds: ReturnType<KeyEncoder['kindsOf']>): void {
    const before = this.#keys.kinds;
    this.#keys.settle(kinds);
    try {
      if (times.length <= RING_EVENTS) this.#takeChunk(times, measures, keys);
      else this.#takeChunks(times, measures, keys);
    } catch (error) {
      this.#keys.restore(before);
      throw error;
    }
    this.#settleDown();
  }

  #takeChunk(times: Numbers, measures: Numbers[], keys: Given[]): void {
    const n = times.length;
    this.#write(times, measures, keys, 0, n);
    const limit = this.#spec.timeLimit;
    const bad = this.#core.exports.badTime(this.#handle, 0, n, limit);
    if (bad >= 0) throw badTime(this.#spec.time, times[bad], limit, bad);
    this.#takeWritten(n);
  }

  #takeChunks(times: Numbers, measures: Numbers[], keys: Given[]): void {
    const n = times.length;
    const { first, last } = checkTimes(this.#spec.time, times, this.#spec.timeLimit);
    this.#atomically(n, first, last, (sure) => {
      for (let from = 0; from < n; from += RING_EVENTS) {
        const length = Math.min(RING_EVENTS, n - from);
        this.#write(times, measures, keys, from, length);
        this.#commit(length);
        if (sure) this.#keys.sweep();
      }
    });
  }

  /** Writes the events [from, from + n) into the ring, which is empty. */
  #write(times: Numbers, measures: Numbers[], keys: Given[], from: number, n: number): void {
    this.#core.exports.claim(this.#handle, n);
    const views = this.#look();
    const part = (column: Numbers) => (n === column.length ? column : column.subarray(from, from + n));
    views.times.set(part(times));
    for (let i = 0; i < measures.length; i++) views.measures[i]?.set(part(measures[i] as Numbers));
    this.#keys.write(keys, from, n, 0);
  }

  #checkClaimedKeys({ at, ids }: { at: number; ids: boolean }, n: number): void {
    const { exports } = this.#core;
    if (this.#keys.direct) {
      if (!ids) exports.idsOfWords(this.#handle, at, n);
      const bad = exports.badId(this.#handle, at, n, this.#keys.idLimit);
      if (bad < 0) return;
      const message = `column ${show(this.#spec.keys[0])} at index ${bad}: expected a number that keyId gave`;
      throw new OrielError('ERR_ORIEL_COLUMN', message);
    }
    const words = exports.wordsColumns(this.#handle) + 8 * at;
    this.#keys.columns.forEach(({ name, kind, strings }, c) => {
      const column = words + c * RING_EVENTS * 8;
      if (kind === 'number' && this.#keys.columns.length > 1) exports.settleNumbers(column, n);
      if (kind !== 'string') return;
      const bad = new Float64Array(this.#core.buffer, column, n).findIndex((id) => !(id in strings.values));
      if (bad < 0) return;
      throw new OrielError(
        'ERR_ORIEL_COLUMN',
        `column ${show(name)} at index ${bad}: expected a number that keyId gave`,
      );
    });
  }

  /** A time or key that is a measure too was written once. */
  #copyClaimed(at: number, n: number): void {
    const { times, words, measures } = this.#look();
    this.#plan.measures.forEach((name, i) => {
      const c = this.#spec.keys.indexOf(name);
      if (c >= 0 && this.#keys.columns[c]?.kind !== 'number') throw badMeasure(name);
      const column = name === this.#spec.time ? times : words[c];
      if (column) measures[i]?.set(column.subarray(at, at + n), at);
    });
  }

  /** Commits n events whose times have just been checked, whole or not at all. */
  #takeWritten(n: number): void {
    const { exports } = this.#core;
    this.#atomically(n, exports.firstTime(this.#handle), exports.lastTime(this.#handle), () => this.#commit(n));
  }

  #atomically(n: number, first: number, last: number, run: (sure: boolean) => void): void {
    const demand = this.#core.exports.demand(this.#handle, n, first, last);
    const mode = this.#mode;
    const before = performance.now();
    try {
      this.#core.atomically(this.#handle, demand, run, n > 0);
    } catch (error) {
      this.#late = undefined;
      this.#mode = mode;
      throw error;
    } finally {
      this.#milliseconds += performance.now() - before;
    }
  }

  #commit(n: number): void {
    const { exports } = this.#core;
    if (this.#keys.mode !== this.#mode) {
      this.#mode = this.#keys.mode;
      exports.setKeys(this.#handle, this.#mode);
    }
    const late = exports.commit(this.#handle, n, this.#keys.idLimit);
    if (late && this.#spec.onLate) this.#noteLate(late);
  }

  /** Copies the events that came late out of the ring, before it is written again. */
  #noteLate(n: number): void {
    const { exports, buffer } = this.#core;
    const places = new Uint32Array(buffer, exports.lateEvents(this.#handle), n).slice();
    const { times, measures } = this.#look();
    const spec = this.#spec;
    this.#late ??= Object.fromEntries([spec.time, ...spec.keys, ...this.#plan.measures].map((name) => [name, []]));
    const add = (name: string, values: Iterable<unknown>) => {
      for (const value of values) this.#late?.[name]?.push(value);
    };
    this.#plan.measures.forEach((name, i) => {
      if (name !== spec.time && !spec.keys.includes(name))
        add(
          name,
          Array.from(places, (place) => measures[i]?.[place]),
        );
    });
    const keys = this.#keys.ofPlaces(places);
    spec.keys.forEach((name, c) => {
      add(name, keys[c] as Key[]);
    });
    add(
      spec.time,
      Array.from(places, (place) => times[place]),
    );
  }

  /** After events were taken: what may be gathered next. */
  #settleDown(): void {
    const { exports } = this.#core;
    this.#keys.sweep();
    this.#fireAt = exports.fireAt(this.#handle);
    const newest = exports.stat(this.#handle, Stat.watermark) + this.#spec.outOfOrder;
    const enough =
      Number.isFinite(newest) &&
      exports.demand(this.#handle, GATHERED_EVENTS, -this.#spec.timeLimit, newest) <= exports.headroom(this.#handle);
    this.#allowance = enough ? GATHERED_EVENTS : 0;
  }

  /** The last thing a call does: the late events go to whom they concern, who may well push some of them again. */
  #deliver(): void {
    const late = this.#late;
    if (!late) return;
    this.#late = undefined;
    const columns: Record<string, ArrayLike<unknown>> = {};
    for (const [name, values] of Object.entries(late)) {
      columns[name] = this.#spec.keys.includes(name) ? values : Float64Array.from(values as number[]);
    }
    this.#spec.onLate?.(new WindowBatch<LateEvent<Spec>>(columns[this.#spec.time]?.length ?? 0, columns));
  }
}

/**
 * The measures of one event. The first four are read at places of their own in the code: an engine remembers for each place
 * which property is read there, as long as it is always the same, and reads it many times faster.
 */
function writeMeasures(names: readonly string[], columns: Float64Array[], fields: Record<string, unknown>, at: number) {
  const n = names.length;
  if (n > 0) (columns[0] as Float64Array)[at] = measure(names[0] as string, fields[names[0] as string]);
  if (n > 1) (columns[1] as Float64Array)[at] = measure(names[1] as string, fields[names[1] as string]);
  if (n > 2) (columns[2] as Float64Array)[at] = measure(names[2] as string, fields[names[2] as string]);
  if (n > 3) (columns[3] as Float64Array)[at] = measure(names[3] as string, fields[names[3] as string]);
  for (let i = 4; i < n; i++)
    (columns[i] as Float64Array)[at] = measure(names[i] as string, fields[names[i] as string]);
}

function measure(name: string, value: unknown): number {
  return typeof value === 'number' ? value : numberOf(name, value);
}
