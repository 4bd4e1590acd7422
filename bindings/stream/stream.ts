/**
 * WindowedStream, the stream on the caller's thread: events go in through its Inlet, results come out of its Engine. It
 * knows whether it is open, and passes on late events.
 */

import { Stat } from '../../assembly/plan';
import { joined, WindowBatch } from '../base/batch';
import { type Core, core as theCore } from '../base/core';
import { OrielError } from '../base/errors';
import { Engine, type Stats } from '../engine/engine';
import { GapFiller } from '../engine/gap-fill';
import { checkQuery, namedAnswers } from '../engine/query';
import { checkTime } from '../input/columns';
import { shapeAnswers, shapeResults } from '../plan/results';
import { type CheckedSpec, check } from '../spec/check';
import type { Spec } from '../spec/spec';
import type { Answer, Claim, Columns, Event, Item, KeyOf, LateEvent, Row } from '../spec/types';
import { Inlet } from './inlet';
import { CHECK_MS, type Outlet, type OverOptions, over, transform } from './over';
import type { Source } from './source';

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
  readonly #handle: number;
  readonly #inlet: Inlet;
  readonly #filler: GapFiller | undefined;
  /** Results that `transform` took and returned because its reader had gone; the next `take` has them. */
  #returned: WindowBatch<Row<S>> | undefined;
  /** The batch without rows, which is given each time there are none; not if `fill` may add some. */
  #nothing: WindowBatch<Row<S>> | undefined;
  #state: 'open' | 'closed' | 'disposed' = 'open';
  /**
   * Set while functions of the user may run. The stream then reads events, and has taken none of them, or it shapes
   * results, which are still in the core. Calls that would change the stream are refused.
   */
  #busy: 'taking events' | 'giving results' | undefined;

  /** @throws {OrielError} ERR_ORIEL_SPEC, ERR_ORIEL_MEMORY */
  constructor(spec: S) {
    const core = theCore();
    const engine = new Engine(check(spec, core.aggregates), core);
    this.#engine = engine;
    this.#core = core;
    this.#spec = engine.spec;
    this.#inlet = new Inlet(engine);
    const { handle, edges, plan } = engine;
    this.#handle = handle;
    this.#filler = this.#spec.fill ? new GapFiller(core, handle, this.#spec, edges, plan.outputs) : undefined;
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
    if (this.#state !== 'open' || this.#busy) this.#assertFree();
    // As `#during`; `finally` would cost a quarter of a push.
    this.#busy = 'taking events';
    try {
      this.#inlet.push(event);
    } catch (error) {
      this.#busy = undefined;
      throw error;
    }
    this.#busy = undefined;
    if (this.#engine.hasLate) this.#deliver();
  }

  /**
   * Pushes an array or iterable of events, all or none of them.
   * @throws {OrielError} as `push`, naming column and index
   *
   * @example visits.pushRows([{ at: 0, user: 'ada', bytes: 512 }, { at: 5, user: 'bob', bytes: 64 }]);
   */
  pushRows<E extends Event<S>>(rows: Iterable<E>): void {
    this.#assertFree();
    this.#during('taking events', () => this.#inlet.pushRows(rows));
    this.#deliver();
  }

  /** Moves the watermark if the clock has moved event time on without events. */
  #tick(): void {
    if (!this.#engine.clock.runs || this.#state !== 'open' || this.#busy === 'giving results') return;
    this.#during('taking events', () => {
      if (this.#engine.tick()) this.#inlet.settle();
    });
  }

  /**
   * Pushes events as columns of equal length, all or none of them. A column is a typed array of any kind, a plain
   * array, or a column of `oriel/arrow`; it is copied. Columns that the spec does not name are ignored.
   * @throws {OrielError} as `push`, naming column and index
   *
   * @example visits.pushColumns({ at: Float64Array.of(0, 5), user: ['ada', 'bob'], bytes: Float64Array.of(512, 64) });
   */
  pushColumns<C extends Columns<S>>(columns: C): void {
    if (this.#state !== 'open' || this.#busy) this.#assertFree();
    // As in `push`.
    this.#busy = 'taking events';
    try {
      this.#inlet.pushColumns(columns);
    } finally {
      this.#busy = undefined;
    }
    if (this.#engine.hasLate) this.#deliver();
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
      column: this.#engine.fields.first,
      patienceMs: hasTime && idle === Number.POSITIVE_INFINITY ? idle : CHECK_MS,
      maxEventsBetweenTakes: 0,
      pushItem: (events) => {
        this.#assertFree();
        this.#during('taking events', () => {
          if (!Array.isArray(events)) this.#inlet.pushColumns(events);
          else if (events.length === 1) this.#inlet.push(events[0]);
          else this.#inlet.pushRows(events);
        });
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
    this.#assertFree();
    this.#inlet.checkClaim(n);
    this.flush();
    // flush() called onLate, which may have pushed events, or closed the stream.
    this.#assertFree();
    this.#inlet.flush();
    return this.#inlet.claim(n) as Claim<S>;
  }

  /**
   * Returns the number to write to a claimed column for a key, or for a string in a measure: a string's number in the
   * stream, or a number itself. It is valid until the claim is committed, or given up for another call.
   *
   * @param column the column's name; may be left out for the only key column
   * @throws {OrielError} ERR_ORIEL_COLUMN if there is no such column or the value does not fit it; ERR_ORIEL_MEMORY;
   *   ERR_ORIEL_CLOSED
   */
  keyId(key: string | number, column?: string): number {
    this.#assertFree();
    return this.#inlet.keyId(key, column);
  }

  /**
   * Pushes the first n events that were written to the claim, all or none of them.
   *
   * @throws {OrielError} ERR_ORIEL_CLAIM if there is no claim, its views have become invalid, or n exceeds it;
   *   otherwise as `pushColumns`
   */
  commit(n: number): void {
    this.#assertFree();
    this.#during('taking events', () => this.#inlet.commit(n));
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
    this.#assertKept();
    this.#flushIfRoom();
    // Before results are taken from the core, because onLate may throw, or dispose of the stream.
    this.#deliver();
    this.#assertKept();
    const { results } = this.#engine;
    if (this.#nothing && results.count === 0 && !this.#returned) return this.#nothing;
    const raw = results.gather();
    const { n, filled } = this.#during('giving results', () => {
      const columns = shapeResults(raw, this.#spec, this.#engine.plan);
      const filled = this.#filler?.apply(columns, raw, this.#engine.stat(Stat.watermark)) ?? columns;
      return { n: filled === columns ? raw.n : (filled.start?.length ?? 0), filled };
    });
    this.#core.exports.emptyResults(this.#handle);
    const batch = joined(this.#returned, new WindowBatch<Row<S>>(n, filled));
    this.#returned = undefined;
    // Before the first event the kinds of columns may not be known.
    if (batch.length === 0 && !this.#filler && this.#engine.stat(Stat.events) > 0) this.#nothing = batch;
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
    if (this.#busy !== 'giving results') this.#inlet.flush();
    this.#tick();
    const now = this.#spec.hasTime
      ? this.#engine.newest
      : this.#during('taking events', () => this.#engine.clock.now());
    const id = parts.length ? this.#engine.ring.find(parts) : 0;
    const t = Math.max(at ?? now, now);
    if (Number.isFinite(t)) this.#engine.edges.coverMoment(t);
    const raw = this.#engine.results.ask(id, t);
    const answers = this.#during('giving results', () => shapeAnswers(raw, this.#spec, this.#engine.plan));
    this.#deliver();
    return namedAnswers(this.#spec, answers) as Answer<S>;
  }

  /**
   * Moves the watermark to `time`, in the unit of event times: no event before it is expected any more. The watermark
   * never moves back.
   * @throws {OrielError} ERR_ORIEL_TIME, ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED
   */
  advance(time: number): void {
    this.#assertFree();
    checkTime('advance', time, this.#spec.timeLimit);
    this.#inlet.flush();
    this.#moveTo(time);
    this.#deliver();
  }

  #moveTo(time: number): void {
    this.#engine.moveTo(time);
    this.#inlet.settle();
  }

  /**
   * Ends the stream: fires everything that is open and returns all rows that have not been taken. Afterwards no events
   * are accepted.
   * @throws {OrielError} ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED
   */
  close(): WindowBatch<Row<S>> {
    this.#assertFree();
    this.#inlet.flush();
    try {
      // While the stream takes events: onLate may push some.
      this.#deliver();
    } finally {
      this.#end();
    }
    return this.take();
  }

  #end(): void {
    // onLate may have closed it.
    if (this.#state !== 'open') return;
    this.#inlet.flush();
    this.#engine.moveTo(Number.POSITIVE_INFINITY);
    this.#state = 'closed';
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
    this.#assertKept();
    this.#inlet.flush();
    this.#deliver();
  }

  /**
   * Frees the stream's memory. Later calls throw ERR_ORIEL_CLOSED. `using stream = windowed(…)` calls it at the end of
   * the scope.
   */
  [Symbol.dispose](): void {
    if (this.#state === 'disposed') return;
    if (this.#busy) this.#refuseBusy();
    this.#state = 'disposed';
    streams?.unregister(this);
    this.#core.exports.destroy(this.#handle);
  }

  /** Processes gathered events; if there is no room for them, they wait until taking results has made some. */
  #flushIfRoom(): void {
    if (this.#busy === 'giving results') return;
    try {
      this.#inlet.flush();
      this.#tick();
    } catch (error) {
      if (!(error instanceof OrielError && error.code === 'ERR_ORIEL_MEMORY')) throw error;
    }
  }

  /** Throws unless the stream is open and whole. */
  #assertOpen(): void {
    if (this.#state !== 'open') this.#refuse();
    this.#core.assertWhole(this.#handle);
  }

  /** Throws unless the stream is open and not busy. */
  #assertFree(): void {
    this.#assertOpen();
    if (this.#busy) this.#refuseBusy();
  }

  /** Throws if the stream is disposed or busy. */
  #assertKept(): void {
    if (this.#state === 'disposed') this.#refuse();
    if (this.#busy) this.#refuseBusy();
  }

  /** Runs something in which functions of the user may be called: see `#busy`. */
  #during<Result>(busy: 'taking events' | 'giving results', run: () => Result): Result {
    const before = this.#busy;
    this.#busy = busy;
    try {
      return run();
    } finally {
      this.#busy = before;
    }
  }

  #refuseBusy(): never {
    const problem = 'a function or getter that it calls may only call query() and stats()';
    throw new OrielError('ERR_ORIEL_BUSY', `the stream is ${this.#busy}: ${problem}`);
  }

  #refuse(): never {
    throw new OrielError('ERR_ORIEL_CLOSED', `the stream is ${this.#state}: it takes no more calls`);
  }

  /**
   * Passes late events to `onLate`. It must be the last thing a call does, since `onLate` may push events. If the call
   * came from inside another, that one does so.
   */
  #deliver(): void {
    if (this.#busy) return;
    const columns = this.#engine.takeLate();
    if (!columns) return;
    this.#spec.onLate?.(new WindowBatch<LateEvent<Spec>>(columns[this.#spec.time]?.length ?? 0, columns));
  }
}
