/**
 * The thread that aggregates. It takes what producers have written, wherever they are, and answers the calls of the stream's owner.
 *
 * Each producer has a watermark of its own, and the stream's is the least of those that are not idle. While there is one producer alone, time
 * goes on with every event, as on one thread; from the second on, with what each has given by then.
 */

import { Stat } from '../../assembly/plan';
import { core, RING_EVENTS } from '../base/core';
import { OrielError } from '../base/errors';
import { nextTurn } from '../base/next-turn';
import { Engine } from '../engine/engine';
import { numbersIn, type RawResults } from '../plan/results';
import { isShared, Signal } from '../shared/signal';
import { ConsumerRing, createColumns } from './consumer-ring';
import type { Calls, Name, Reply, Request, StringsByColumn } from './protocol';
import { RING_CAPACITY } from './ring-layout';
import { unpackSpec } from './spec-message';
import type { Acknowledgement, EventsMessage } from './transfer';

/** How long calls may have to wait for events. */
const MAX_WAIT_MS = 2;

/** What messages come and go through. */
export interface Port {
  post(message: Reply, transfer?: Transferable[]): void;
  receive(handler: (message: Request) => void): void;
}

/** One producer as the thread knows it. */
interface Source {
  readonly consumer: ConsumerRing;
  /** Whether time waits for it before its first event. */
  counts: boolean;
  isStalled: boolean;
  readonly report: ((receipt: Acknowledgement) => void) | undefined;
  unreported: number;
}

export class WorkerLoop {
  #engine: Engine | undefined;
  #kinds: Int32Array = new Int32Array();
  #bell: Signal | undefined;
  #sources: Source[] = [];
  /** The owner of the stream, where its events come as messages. */
  #owner: Source | undefined;
  #isAlone = true;
  /** How many events are taken at once: all that a segment holds until there was no room for so many. */
  #most = RING_EVENTS;
  #isOver = false;

  /** Requests that wait for what producers had sent before. */
  #requests: Request[] = [];
  #hasPorts = false;

  constructor(readonly port: Port) {
    port.receive((request) => this.#receive(request));
  }

  /** Of messages that came through several ports, those of the owner are not always the last to be seen that are the last to have been sent. */
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
    if (call === 'parcel') {
      if (this.#owner) this.#accept(this.#owner, given as EventsMessage);
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
    this.#giveLate();
    this.port.post(reply, transfer);
  }

  #call<N extends Name>(call: N, given: Calls[N]['given'], transfer: Transferable[]): Calls[N]['back'] {
    const calls: { [Each in Name]: (given: Calls[Each]['given']) => Calls[Each]['back'] } = {
      start: (options) => this.#start(options),
      attach: (given) => this.#attach(given),
      parcel: () => undefined,
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
    if (!isAlone) this.#engine.timeByHand();
    // Where memory is not shared nobody rings: events come as messages.
    if (isShared(bell)) this.#run(this.#bell).catch(fail);
  }

  #attach({ control, definitions, port, counts, isShared }: Calls['attach']['given']): Calls['attach']['back'] {
    const engine = this.#stream;
    const columns = createColumns(engine);
    const ring = { ...columns, control, definitions, bell: new ArrayBuffer(8) };
    const answer = port
      ? (receipt: Acknowledgement) => port.postMessage(receipt)
      : (receipt: Acknowledgement) => this.port.post({ receipt });
    const consumer = new ConsumerRing(engine, ring, this.#kinds);
    const source: Source = { consumer, counts, isStalled: false, report: isShared ? undefined : answer, unreported: 0 };
    this.#sources.push(source);
    if (counts) this.#countIn(source);
    if (isShared) return columns;
    if (!port) this.#owner = source;
    else {
      this.#hasPorts = true;
      port.onmessage = ({ data }: MessageEvent<EventsMessage>) => this.#accept(source, data);
      port.addEventListener('close', () => this.#giveUp(source));
    }
    return undefined;
  }

  /** Takes events as they come, for as long as there is memory that producers share. */
  async #run(bell: Signal): Promise<void> {
    let last = performance.now();
    while (!this.#isOver) {
      const isBusy = this.#drain(false);
      this.#giveLate();
      if (!isBusy) {
        await bell.ready(() => this.#isOver || this.#sources.some((source) => this.#isWanted(source)));
        last = performance.now();
      } else if (performance.now() - last > MAX_WAIT_MS) {
        await nextTurn();
        last = performance.now();
      }
    }
  }

  #isWanted({ consumer, isStalled }: Source): boolean {
    return (!isStalled && consumer.isFilled) || consumer.hasNews;
  }

  /** Takes what is there; whether that was anything. @param again whether to try what there was no room for */
  #drain(again: boolean): boolean {
    let any = false;
    if (again) this.#most = RING_EVENTS;
    for (const source of this.#sources) {
      if (source.isStalled && !again) continue;
      let left = source.consumer.indices.available(RING_CAPACITY);
      for (let n = this.#takeFrom(source, left); ; n = this.#takeFrom(source, left)) {
        left -= n;
        any ||= n > 0;
        if (n === 0 || left === 0) break;
      }
    }
    this.#moveOn();
    return any;
  }

  #takeFrom(source: Source, left: number): number {
    const { consumer } = source;
    // Also where its events went to other workers, and only their time came here.
    if (left > 0 || consumer.hasNews) this.#countIn(source);
    for (let wanted = Math.min(left, this.#most); ; wanted = this.#most) {
      try {
        const n = consumer.take(wanted);
        if (source.isStalled) consumer.indices.resume();
        source.isStalled = false;
        source.unreported += n;
        if (n > 0) this.#moveOn();
        return n;
      } catch (error) {
        if (!(error instanceof OrielError && error.code === 'ERR_ORIEL_MEMORY')) throw error;
        // Fewer may have room, and move time on, so that there is something to give out.
        this.#most = wanted >> 1;
        if (this.#most > 0) continue;
        this.#most = 1;
        source.isStalled = true;
        consumer.indices.stall();
        return 0;
      }
    }
  }

  /** Time waits for a source from now on. From the second such source on it does not go on with every event. */
  #countIn(source: Source): void {
    source.counts = true;
    if (!this.#isAlone || this.#sources.filter(({ counts }) => counts).length < 2) return;
    this.#isAlone = false;
    this.#stream.timeByHand();
  }

  /** The watermark goes on as far as all producers let it. */
  #moveOn(): void {
    const engine = this.#stream;
    this.#sources = this.#sources.filter(({ consumer }) => {
      if (!consumer.isOver) return true;
      consumer.end();
      return false;
    });
    const now = performance.now();
    const awake = this.#sources.filter(({ counts, consumer }) => counts && now - consumer.cameAt < engine.spec.idle);
    const least = Math.min(...awake.map(({ consumer }) => consumer.watermark));
    if (!Number.isFinite(least) || least <= engine.stat(Stat.watermark)) return;
    this.#orWait(() => engine.moveTo(least));
  }

  /** What there is no room for now is done when there is. */
  #orWait(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof OrielError && error.code === 'ERR_ORIEL_MEMORY')) throw error;
    }
  }

  /** Before a call is answered: all that was there when it was made. */
  #catchUp(): Engine {
    const engine = this.#stream;
    this.#drain(true);
    const now = performance.now();
    const isSilent = this.#sources.every(({ consumer }) => now - consumer.cameAt >= engine.spec.idle);
    if (!engine.spec.hasTime || isSilent) this.#orWait(() => void engine.tick());
    for (const source of this.#sources) this.#report(source);
    return engine;
  }

  #take(transfer: Transferable[]): Calls['take']['back'] {
    const engine = this.#catchUp();
    const raw = engine.results.gather();
    const lists = raw.lists.slice();
    const texts = this.#textsOf(raw, lists);
    engine.core.exports.emptyResults(engine.handle);
    for (const column of [raw.windows, raw.starts, raw.ends, raw.panes, raw.firings, lists, ...raw.figures]) {
      transfer.push(column.buffer as ArrayBuffer);
    }
    // There may be room now.
    this.#drain(true);
    for (const source of this.#sources) this.#report(source);
    return { raw: { ...raw, lists }, texts, watermark: engine.stat(Stat.watermark) };
  }

  /** Strings that numbers among the figures stand for. */
  #textsOf({ figures }: Pick<RawResults, 'figures'>, lists: Float64Array, from = 0): StringsByColumn {
    const { measures, ...plan } = this.#stream.plan;
    return measures.columns.map((column) => {
      const { kind, isText, kept } = column;
      if (!isText || !kept) return { kind, strings: [] };
      const numbers = numbersIn(column, plan, (place) => figures[place + from] as Float64Array, lists);
      const strings = [...numbers].flatMap((number): [number, string][] => {
        const value = column.strings.stringOf(number);
        return value === undefined ? [] : [[number, value]];
      });
      return { kind, strings };
    });
  }

  #query(key: readonly unknown[], at: number | undefined, transfer: Transferable[]): Calls['query']['back'] {
    const engine = this.#catchUp();
    engine.goHome();
    const id = engine.spec.keys.length ? engine.keys.find(key) : 0;
    const now = engine.spec.hasTime ? engine.newest : engine.clock.now();
    const t = Math.max(at ?? now, now);
    if (Number.isFinite(t)) engine.edges.cover([t]);
    const { figures, lists: view } = engine.results.ask(id, t);
    const lists = view.slice();
    const columns = figures.length ? (figures[0]?.length ?? 0) : 0;
    const turned = Array.from({ length: columns }, (_, i) =>
      Float64Array.from(figures, (numbers) => numbers[i] as number),
    );
    const texts = this.#textsOf({ figures: turned }, lists, 2);
    transfer.push(lists.buffer);
    return { raw: { figures, lists }, texts, at: t };
  }

  #advance(time: number): undefined {
    const engine = this.#catchUp();
    engine.moveTo(time);
  }

  #stats(): Calls['stats']['back'] {
    const stats = this.#catchUp().stats();
    return { ...stats, producers: this.#sources.length };
  }

  /** Ends the stream; of events for which there is no room nothing is lost: results have to be taken first. */
  #close(transfer: Transferable[]): Calls['close']['back'] {
    const engine = this.#catchUp();
    if (this.#sources.some(({ isStalled }) => isStalled)) {
      throw new OrielError(
        'ERR_ORIEL_MEMORY',
        'close: the stream has no room for the events that are there: take its results first',
      );
    }
    engine.moveTo(Number.POSITIVE_INFINITY);
    for (const source of this.#sources) {
      source.consumer.indices.endConsuming();
      this.#report(source, 'gone');
    }
    this.#isOver = true;
    this.#bell?.ring();
    const back = this.#take(transfer);
    this.#sources = [];
    return back;
  }

  /** Events that came as a message. */
  #accept(source: Source, parcel: EventsMessage): void {
    if (source.consumer.indices.isProducerGone) return;
    try {
      source.consumer.accept(parcel);
      this.#drain(false);
      this.#report(source);
    } catch (error) {
      const { code, message } = error as OrielError;
      this.#report(source, 'gone', { code, message });
      this.#giveUp(source);
    }
    this.#giveLate();
  }

  /** No more comes from there, and time does not wait for it. */
  #giveUp({ consumer }: Source): void {
    if (this.#isOver) return;
    consumer.indices.endProducing();
    this.#drain(false);
    this.#giveLate();
  }

  #report(
    source: Source,
    state: Acknowledgement['state'] = source.isStalled ? 'stalled' : 'open',
    error?: Acknowledgement['error'],
  ): void {
    const released = source.unreported;
    source.unreported = 0;
    source.report?.({ released, kinds: this.#kinds.slice(), state, ...(error && { error }) });
  }

  #giveLate(): void {
    const late = this.#engine?.takeLate();
    if (late) this.port.post({ late });
  }
}

/** Ends the thread, or on the web lets its maker know: what goes wrong in a promise stays there. */
function fail(error: unknown): void {
  setTimeout(() => {
    throw error;
  });
}
