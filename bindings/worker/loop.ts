/**
 * The worker's side of a stream: takes the events that producers have written, and answers the calls of the stream's
 * owner.
 *
 * Each producer has its own watermark; the stream's is the minimum over the producers that are not idle. With a single
 * producer and a single worker the watermark advances with every event, as on one thread. From the second producer on
 * it advances after each batch, as far as all of them allow.
 */

import { Stat } from '../../assembly/plan';
import { core, RING_EVENTS } from '../base/core';
import { OrielError } from '../base/errors';
import { nextTurn } from '../base/next-turn';
import { isShared } from '../base/shared-memory';
import { Engine } from '../engine/engine';
import { numbersIn, type RawResults } from '../plan/results';
import { Signal } from '../shared/signal';
import { ConsumerRing, createColumns } from './consumer-ring';
import type { Calls, Name, Reply, Request, StringsByColumn } from './protocol';
import { RING_CAPACITY } from './ring-layout';
import { unpackSpec } from './spec-message';
import type { Acknowledgement, EventsMessage } from './transfer';

/** The loop yields after this long without a pause, so that calls are answered. */
const MAX_BUSY_MS = 2;

/** The connection to the owner's thread. */
export interface Port {
  post(message: Reply, transfer?: Transferable[]): void;
  receive(handler: (message: Request) => void): void;
}

/** A producer as the worker sees it. */
interface AttachedProducer {
  readonly consumer: ConsumerRing;
  /** Whether the watermark waits for this producer. The owner's own holds it only from its first event on. */
  holdsWatermark: boolean;
  /** Whether the stream has no room for its next event. */
  isStalled: boolean;
  /** Sends an acknowledgement, if memory is not shared. */
  readonly report: ((acknowledgement: Acknowledgement) => void) | undefined;
  /** Number of events that it had written when the loop last looked, and that are not yet taken. */
  unread: number;
  /** Number of events taken and not yet acknowledged. */
  unreported: number;
}

export class WorkerLoop {
  #engine: Engine | undefined;
  #kinds: Int32Array = new Int32Array();
  #bell: Signal | undefined;
  #producers: AttachedProducer[] = [];
  /** The producer of the stream's owner, if its events come as messages. */
  #ownerProducer: AttachedProducer | undefined;
  /** Whether every event moves the watermark: one worker, and at most one producer that holds it. */
  #isAlone = true;
  /** Maximum number of events taken at once: a whole segment, or less after a batch did not fit into memory. */
  #batchLimit = RING_EVENTS;
  #isOver = false;
  /** Requests that wait for events sent before them through other ports. */
  #requests: Request[] = [];
  #hasPorts = false;

  constructor(readonly port: Port) {
    port.receive((request) => this.#receive(request));
  }

  /**
   * Answers a request. Messages from different ports are not ordered: a request can overtake events that were sent
   * before it. So if there are ports, requests are answered on the next turn of the event loop.
   */
  #receive(request: Request): void {
    if (!this.#hasPorts) {
      this.#answer(request);
      return;
    }
    this.#requests.push(request);
    if (this.#requests.length > 1) return;
    nextTurn()
      .then(() => {
        for (const one of this.#requests.splice(0)) this.#answer(one);
      })
      .catch(fail);
  }

  #answer({ id, call, given }: Request): void {
    if (call === 'events') {
      if (this.#ownerProducer) this.#accept(this.#ownerProducer, given as EventsMessage);
      return;
    }
    const transfer: Transferable[] = [];
    let reply: Reply;
    try {
      reply = { id, value: this.#call(call, given as never, transfer) };
    } catch (error) {
      const { message } = error as Error;
      reply = { id, error: { code: error instanceof OrielError ? error.code : undefined, message } };
    }
    this.#postLate();
    this.port.post(reply, transfer);
  }

  #call<N extends Name>(call: N, given: Calls[N]['given'], transfer: Transferable[]): Calls[N]['back'] {
    const calls: { [Each in Name]: (given: Calls[Each]['given']) => Calls[Each]['back'] } = {
      start: (options) => this.#start(options),
      attach: (given) => this.#attach(given),
      events: () => undefined,
      take: () => this.#take(transfer),
      query: ({ key, at }) => this.#query(key, at, transfer),
      advance: (time) => this.#advance(time),
      stats: () => this.#stats(),
      close: () => this.#close(transfer),
    };
    return calls[call](given as never) as Calls[N]['back'];
  }

  get #stream(): Engine {
    return this.#engine as Engine;
  }

  #start({ spec, kinds, bell, isAlone }: Calls['start']['given']): undefined {
    this.#engine = new Engine(unpackSpec(spec), core());
    this.#kinds = new Int32Array(kinds);
    this.#bell = new Signal(new Int32Array(bell), 0);
    this.#isAlone = isAlone;
    if (!isAlone) this.#engine.stopEventTime();
    // If memory is not shared, events come as messages and the bell never rings.
    if (isShared(bell)) this.#run(this.#bell).catch(fail);
  }

  #attach({ control, definitions, port, holdsWatermark, isShared }: Calls['attach']['given']): Calls['attach']['back'] {
    const engine = this.#stream;
    const columns = createColumns(engine);
    const ring = { ...columns, control, definitions, bell: new ArrayBuffer(8) };
    const answer = port
      ? (acknowledgement: Acknowledgement) => port.postMessage(acknowledgement)
      : (acknowledgement: Acknowledgement) => this.port.post({ acknowledgement });
    const consumer = new ConsumerRing(engine, ring, this.#kinds);
    const producer: AttachedProducer = {
      consumer,
      holdsWatermark,
      isStalled: false,
      report: isShared ? undefined : answer,
      unread: 0,
      unreported: 0,
    };
    this.#producers.push(producer);
    if (holdsWatermark) this.#holdWatermark(producer);
    if (isShared) return columns;
    if (!port) this.#ownerProducer = producer;
    else {
      this.#hasPorts = true;
      port.onmessage = ({ data }: MessageEvent<EventsMessage>) => this.#accept(producer, data);
      port.addEventListener('close', () => this.#detach(producer));
    }
    return undefined;
  }

  /** Takes events from shared memory until the stream is closed. */
  async #run(bell: Signal): Promise<void> {
    let last = performance.now();
    while (!this.#isOver) {
      const isBusy = this.#drain(false);
      this.#postLate();
      if (!isBusy) {
        await bell.ready(() => this.#isOver || this.#producers.some((producer) => this.#hasWork(producer)));
        last = performance.now();
      } else if (performance.now() - last > MAX_BUSY_MS) {
        await nextTurn();
        last = performance.now();
      }
    }
  }

  #hasWork({ consumer, isStalled }: AttachedProducer): boolean {
    return (!isStalled && consumer.hasInput) || consumer.hasNews;
  }

  /**
   * Takes all events that are available; returns whether there were any. Of several producers the one whose watermark
   * is least comes first, as windows wait for it: else those ahead of it could fill the memory, and no window would
   * ever fire.
   * @param retryStalled also try producers that are stalled
   */
  #drain(retryStalled: boolean): boolean {
    if (retryStalled) this.#batchLimit = RING_EVENTS;
    const waiting = this.#producers.filter(({ isStalled }) => retryStalled || !isStalled);
    for (const producer of waiting) producer.unread = producer.consumer.indices.available(RING_CAPACITY);
    let any = false;
    while (waiting.length > 0) {
      const producer = waiting.reduce((a, b) => (b.consumer.watermark < a.consumer.watermark ? b : a));
      const n = this.#takeFrom(producer);
      any ||= n > 0;
      if (n === 0 || producer.unread === 0) waiting.splice(waiting.indexOf(producer), 1);
    }
    this.#advanceWatermark();
    return any;
  }

  /** Takes a batch of unread events, a smaller one if memory is short; returns its size, 0 if the producer stalls. */
  #takeFrom(producer: AttachedProducer): number {
    const { consumer } = producer;
    // A promise counts as well: the producer's events may all have gone to other workers.
    if (producer.unread > 0 || consumer.hasNews) this.#holdWatermark(producer);
    for (let wanted = Math.min(producer.unread, this.#batchLimit); ; wanted = this.#batchLimit) {
      try {
        const n = consumer.take(wanted);
        if (producer.isStalled) consumer.indices.resume();
        producer.isStalled = false;
        producer.unread -= n;
        producer.unreported += n;
        if (n > 0) this.#advanceWatermark();
        return n;
      } catch (error) {
        if (!(error instanceof OrielError && error.code === 'ERR_ORIEL_MEMORY')) throw error;
        // A smaller batch may fit. It moves the watermark, so that windows fire and can be taken. A quarter of one that
        // does not fit leaves room for the producers that are behind.
        this.#batchLimit = Math.ceil(wanted / 4);
        if (wanted > 1) continue;
        producer.isStalled = true;
        consumer.indices.stall();
        return 0;
      }
    }
  }

  /** Makes the watermark wait for a producer. From the second such producer on, single events no longer move it. */
  #holdWatermark(producer: AttachedProducer): void {
    producer.holdsWatermark = true;
    if (!this.#isAlone || this.#producers.filter(({ holdsWatermark }) => holdsWatermark).length < 2) return;
    this.#isAlone = false;
    this.#stream.stopEventTime();
  }

  /** Detaches producers that have ended, and moves the watermark as far as the others allow. */
  #advanceWatermark(): void {
    const engine = this.#stream;
    this.#producers = this.#producers.filter(({ consumer }) => {
      if (!consumer.isOver) return true;
      consumer.destroy();
      return false;
    });
    const now = performance.now();
    const awake = this.#producers.filter(
      ({ holdsWatermark, consumer }) => holdsWatermark && now - consumer.lastEventMs < engine.spec.idle,
    );
    const least = Math.min(...awake.map(({ consumer }) => consumer.watermark));
    if (!Number.isFinite(least) || least <= engine.stat(Stat.watermark)) return;
    this.#unlessFull(() => engine.moveTo(least));
  }

  /** Runs `run`, ignoring a lack of memory: it is tried again later. */
  #unlessFull(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof OrielError && error.code === 'ERR_ORIEL_MEMORY')) throw error;
    }
  }

  /** Takes all available events before a call is answered, and moves the clock if nothing else does. */
  #catchUp(): Engine {
    const engine = this.#stream;
    this.#drain(true);
    const now = performance.now();
    const isSilent = this.#producers.every(({ consumer }) => now - consumer.lastEventMs >= engine.spec.idle);
    if (!engine.spec.hasTime || isSilent) this.#unlessFull(() => void engine.tick());
    for (const producer of this.#producers) this.#report(producer);
    return engine;
  }

  /** Hands over all results that have fired. */
  #take(transfer: Transferable[]): Calls['take']['back'] {
    const engine = this.#catchUp();
    const raw = engine.results.gather();
    const texts = this.#textsOf(raw, raw.lists);
    engine.core.exports.emptyResults(engine.handle);
    const columns = [raw.windows, raw.starts, raw.ends, raw.panes, raw.firings, raw.lists, ...raw.outputs];
    // Several columns may share a buffer.
    transfer.push(...new Set(columns.map(({ buffer }) => buffer as ArrayBuffer)));
    // Taking the results may have made room.
    this.#drain(true);
    for (const producer of this.#producers) this.#report(producer);
    return { raw, texts, watermark: engine.stat(Stat.watermark) };
  }

  /** The strings that numbers in the results stand for. @param from index of the first output column in `outputs` */
  #textsOf({ outputs }: Pick<RawResults, 'outputs'>, lists: Float64Array, from = 0): StringsByColumn {
    const { measures, ...plan } = this.#stream.plan;
    return measures.columns.map((column) => {
      const { kind, isText, kept } = column;
      if (!isText || !kept) return { kind, strings: [] };
      const numbers = numbersIn(column, plan, (place) => outputs[place + from] as Float64Array, lists);
      const strings = [...numbers].flatMap((number): [number, string][] => {
        const value = column.strings.stringOf(number);
        return value === undefined ? [] : [[number, value]];
      });
      return { kind, strings };
    });
  }

  #query(key: readonly unknown[], at: number | undefined, transfer: Transferable[]): Calls['query']['back'] {
    const engine = this.#catchUp();
    engine.useOwnColumns();
    const id = engine.spec.keys.length ? engine.ring.find(key) : 0;
    const now = engine.spec.hasTime ? engine.newest : engine.clock.now();
    const t = Math.max(at ?? now, now);
    if (Number.isFinite(t)) engine.edges.cover([t]);
    const { rows, lists } = engine.results.ask(id, t);
    const columns = rows.length ? (rows[0]?.length ?? 0) : 0;
    const turned = Array.from({ length: columns }, (_, i) =>
      Float64Array.from(rows, (numbers) => numbers[i] as number),
    );
    const texts = this.#textsOf({ outputs: turned }, lists, 2);
    transfer.push(lists.buffer);
    return { raw: { rows, lists }, texts, at: t };
  }

  #advance(time: number): undefined {
    const engine = this.#catchUp();
    engine.moveTo(time);
  }

  #stats(): Calls['stats']['back'] {
    const stats = this.#catchUp().stats();
    return { ...stats, producers: this.#producers.length };
  }

  /**
   * Fires everything open and ends the stream.
   * @throws {OrielError} ERR_ORIEL_MEMORY if events are waiting for room; then nothing is lost
   */
  #close(transfer: Transferable[]): Calls['close']['back'] {
    const engine = this.#catchUp();
    if (this.#producers.some(({ isStalled }) => isStalled)) {
      throw new OrielError(
        'ERR_ORIEL_MEMORY',
        'close: the stream has no room for the events that are there: take its results first',
      );
    }
    engine.moveTo(Number.POSITIVE_INFINITY);
    for (const producer of this.#producers) {
      producer.consumer.indices.endConsuming();
      this.#report(producer, 'gone');
    }
    this.#isOver = true;
    this.#bell?.ring();
    const back = this.#take(transfer);
    this.#producers = [];
    return back;
  }

  /** Takes events that came as a message. After an error the producer is detached. */
  #accept(producer: AttachedProducer, message: EventsMessage): void {
    if (producer.consumer.indices.isProducerGone) return;
    try {
      producer.consumer.accept(message);
      this.#drain(false);
      this.#report(producer);
    } catch (error) {
      const { code, message } = error as OrielError;
      this.#report(producer, 'gone', { code, message });
      this.#detach(producer);
    }
    this.#postLate();
  }

  /** Ends a producer, so that the watermark no longer waits for it. */
  #detach({ consumer }: AttachedProducer): void {
    if (this.#isOver) return;
    consumer.indices.endProducing();
    this.#drain(false);
    this.#postLate();
  }

  /** Acknowledges the events taken since the last report, if memory is not shared. */
  #report(
    producer: AttachedProducer,
    state: Acknowledgement['state'] = producer.isStalled ? 'stalled' : 'open',
    error?: Acknowledgement['error'],
  ): void {
    const released = producer.unreported;
    producer.unreported = 0;
    producer.report?.({ released, kinds: this.#kinds.slice(), state, ...(error && { error }) });
  }

  /** Sends late events to the owner. */
  #postLate(): void {
    const late = this.#engine?.takeLate();
    if (late) this.port.post({ late });
  }
}

/** Rethrows an error outside of any promise: on Node it ends the thread, on the web it fires the owner's `onerror`. */
function fail(error: unknown): void {
  setTimeout(() => {
    throw error;
  });
}
