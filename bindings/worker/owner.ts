/** A stream whose core runs in workers: the side of who owns it. */

import { joined, WindowBatch } from '../base/batch';
import { core } from '../base/core';
import { OrielError, only, reject, show } from '../base/errors';
import { Engine, type Stats } from '../engine/engine';
import { GapFiller } from '../engine/gap-fill';
import { badTime } from '../input/columns';
import { type RawResults, shapeAnswers, shapeResults } from '../plan/results';
import { Indices } from '../shared/indices';
import type { AnyAggregate } from '../spec/aggregates';
import { type CheckedSpec, check } from '../spec/check';
import type { Spec } from '../spec/spec';
import type { Answer, Claim, Columns, Event, Item, KeyOf, LateEvent, Row } from '../spec/types';
import { GRIDS } from '../spec/windows';
import { CHECK_MS, type Outlet, type OverOptions, over, transform } from '../stream/over';
import type { Source } from '../stream/source';
import { Merger } from './merge';
import { workerOf } from './partition';
import { Producer } from './producer';
import type { Calls, Name, Reply, StringsByColumn } from './protocol';
import {
  CONTROL,
  createControl,
  layoutOf,
  type ProducerHandle,
  type ProducerRingHandle,
  RING_CAPACITY,
  SEGMENTS,
  segmentBytesOf,
} from './ring-layout';
import { type PackedSpec, packSpec } from './spec-message';
import { startThread, type Thread, type WorkerLike } from './start';
import { cancelStrings } from './string-sync';
import { type Carrier, type EventsMessage, GONE } from './transfer';

/** How events reach the worker: through memory that both share, or as columns that change hands. */
export type Transport = 'shared' | 'transferred';

export interface WorkerOptions {
  /** How many workers the keys are spread over, from 1, the default, to 64. */
  readonly parallelism?: number;
  /** By default `'shared'` where memory can be shared between threads, as it can on pages that are cross-origin isolated. */
  readonly transport?: Transport;
  /** Makes a worker that runs `oriel/worker`, where the one that comes with the package cannot be found by itself. */
  readonly worker?: () => WorkerLike;
}

/**
 * Counters of all workers together, and how they are had. Where they share windows, as they do without keys, `windows` counts those that were
 * taken, and a span of time is live in each of them.
 */
export interface WorkerStats extends Stats {
  /** Producers that may give events, that of the stream itself among them. */
  producers: number;
  transport: Transport;
  parallelism: number;
}

/** One worker, and the calls it has not answered. */
class WorkerClient {
  readonly calls = new Map<number, { resolve(value: never): void; reject(error: unknown): void }>();
  thread: Thread | undefined;
  error: OrielError | undefined;
  #next = 0;

  constructor(
    readonly onLate: (late: Record<string, ArrayLike<unknown>>) => void,
    readonly onDeath: () => void,
  ) {}

  ask<N extends Name>(call: N, given: Calls[N]['given'], transfer: Transferable[] = []): Promise<Calls[N]['back']> {
    if (this.error) return Promise.reject(this.error);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.calls.set(id, { resolve, reject });
      this.thread?.hold(true);
      try {
        this.thread?.post({ id, call, given }, transfer);
      } catch (error) {
        this.calls.delete(id);
        reject(error);
      }
    });
  }

  /** Takes the events of the stream's owner, where memory is not shared: between the calls, in order. */
  readonly carrier: Carrier = {
    onmessage: null,
    postMessage: (parcel, transfer) => {
      if (!this.error) this.thread?.post({ id: -1, call: 'parcel', given: parcel as EventsMessage }, transfer);
    },
  };

  readonly reply = ({ id, value, error, late, receipt }: Reply): void => {
    if (receipt) this.carrier.onmessage?.({ data: receipt } as MessageEvent);
    if (late) this.onLate(late);
    if (id === undefined) return;
    const call = this.calls.get(id);
    this.calls.delete(id);
    if (this.calls.size === 0) this.thread?.hold(false);
    if (error) call?.reject(new OrielError(error.code ?? 'ERR_ORIEL_THREAD', error.message));
    else call?.resolve(value as never);
  };

  readonly died = (cause: unknown): void => {
    if (this.error) return;
    const message = `a worker of the stream has died: what it had taken and not given out is lost: ${cause}`;
    this.error = new OrielError('ERR_ORIEL_THREAD', message, { cause });
    this.#refuse(this.error);
    this.onDeath();
  };

  /** Nobody waits for the worker any more. */
  #refuse(error: OrielError): void {
    for (const call of this.calls.values()) call.reject(error);
    this.calls.clear();
    this.carrier.onmessage?.({ data: GONE } as MessageEvent);
  }

  async end(): Promise<void> {
    this.error ??= new OrielError('ERR_ORIEL_CLOSED', 'the stream is closed: it takes no more calls');
    this.#refuse(this.error);
    await this.thread?.end();
  }
}

/**
 * A windowed stream in workers; `await windowedWorker(spec)` makes one. It takes events of its own thread through `push` and the like, and of others
 * through `producer`; how many went in is what those give back, fewer than there were where a ring is full. All else is as with `windowed`, and gives a
 * promise.
 */
export class WindowedWorker<const S extends Spec = Spec> {
  readonly #engine: Engine;
  readonly #packed: PackedSpec;
  readonly #partners: readonly WorkerClient[];
  readonly #transport: Transport;
  readonly #kinds: ArrayBufferLike;
  readonly #bells: readonly ArrayBufferLike[];
  readonly #filler: GapFiller | undefined;
  /** Where events are spread over the workers whatever they are. */
  readonly #merger: Merger | undefined;
  /** What is shared with all producers, to tell them when it is over. */
  #shared: Pick<ProducerRingHandle, 'control' | 'definitions'>[] = [];
  #own: Producer<S> | undefined;
  /** And where memory is not shared, what says so. */
  readonly #lines: MessagePort[] = [];
  /** What workers gave out that have closed already, while others could not. */
  #closed: Calls['close']['back'][] = [];
  /** Taken, and given back by a pipe that nobody reads any more. */
  #kept: WindowBatch<Row<S>> | undefined;
  #isClosed = false;
  #hasProducers = false;

  /** @internal */
  constructor(spec: S, { parallelism, transport }: Required<Pick<WorkerOptions, 'parallelism' | 'transport'>>) {
    const checked = check(spec, core().aggregates);
    checked.isShared = true;
    const isSpread = parallelism > 1 && checked.keys.length === 0;
    if (isSpread) checkSpread(checked, parallelism);
    // What is merged here is the workers' memory.
    this.#engine = new Engine(isSpread ? { ...checked, memoryLimit: 2 ** 32 } : checked, core());
    this.#packed = { ...packSpec(checked), isPartial: isSpread };
    this.#merger = isSpread ? new Merger(this.#engine) : undefined;
    this.#transport = transport;
    const make = memoryOf(transport);
    this.#kinds = make(4 * (checked.keys.length + this.#engine.plan.measures.texts.length) + 8);
    const late = (columns: Record<string, ArrayLike<unknown>>) =>
      checked.onLate?.(new WindowBatch<LateEvent<Spec>>(columns[checked.time]?.length ?? 0, columns));
    this.#partners = Array.from({ length: parallelism }, () => new WorkerClient(late, () => this.#cutOff()));
    this.#bells = this.#partners.map(() => make(8));
    const { core: own, handle, edges, plan } = this.#engine;
    this.#filler = checked.fill ? new GapFiller(own, handle, checked, edges, plan.outputs) : undefined;
  }

  /** @internal */
  async start(worker: WorkerOptions['worker']): Promise<this> {
    const spec = this.#packed;
    try {
      await Promise.all(
        this.#partners.map(async (partner, i) => {
          partner.thread = await startThread(worker, partner);
          const isAlone = this.#partners.length === 1;
          await partner.ask('start', { spec, kinds: this.#kinds, bell: this.#bells[i] as ArrayBufferLike, isAlone });
        }),
      );
      this.#own = new Producer<S>(await this.#attach(false));
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
    return this;
  }

  /**
   * A handle by which another thread gives events: `postMessage(handle, handle.transfer)`, and there `producer(handle)`. Time waits for it from now on,
   * until it is closed, or idle for as long as the spec says. For a thread that has died `producer(handle).close()` can be called here, where
   * memory is shared.
   * @throws {OrielError} ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED, ERR_ORIEL_THREAD
   */
  async producer(): Promise<ProducerHandle> {
    this.#open();
    this.#hasProducers = true;
    return (await this.#attach(true)) as ProducerHandle;
  }

  async #attach(counts: boolean): Promise<Omit<ProducerHandle, 'transfer'> & { transfer: Carrier[] }> {
    const make = memoryOf(this.#transport);
    const layout = layoutOf(this.#engine);
    const isShared = this.#transport === 'shared';
    const transfer: Carrier[] = [];
    this.#shared = this.#shared.filter(({ control }) => !indicesOf(control).isProducerGone);
    const rings = await Promise.all(
      this.#partners.map(async (partner, i): Promise<ProducerRingHandle> => {
        const mine = createControl(make);
        const channel = isShared || !counts ? undefined : new MessageChannel();
        if (!isShared) transfer[i] = channel?.port1 ?? partner.carrier;
        const theirs = isShared ? mine : createControl(make);
        const given = { ...theirs, port: channel?.port2, counts, isShared };
        const back = await partner.ask('attach', given, channel ? [channel.port2] : []);
        if (isShared) this.#shared.push(mine);
        const bytes = segmentBytesOf(layout);
        const columns = back ?? { buffer: new ArrayBuffer(bytes * SEGMENTS), address: 0, bytes };
        return { ...columns, ...mine, bell: this.#bells[i] as ArrayBufferLike };
      }),
    );
    if (!isShared && counts) {
      const { port1, port2 } = new MessageChannel();
      transfer.push(port1);
      this.#lines.push(port2);
    }
    return { layout, rings, kinds: this.#kinds, transfer };
  }

  /** As `Producer.push`. @throws as it does */
  push<E extends Event<S>>(event: E): number {
    return this.#mine.push(event);
  }

  /** As `Producer.pushRows`. */
  pushRows<E extends Event<S>>(rows: Iterable<E>, from = 0): number {
    return this.#mine.pushRows(rows, from);
  }

  /** As `Producer.pushColumns`. */
  pushColumns<C extends Columns<S>>(columns: C, from = 0): number {
    return this.#mine.pushColumns(columns, from);
  }

  /** As `Producer.claim`. */
  claim(n: number): Claim<S> {
    return this.#mine.claim(n);
  }

  /** As `Producer.commit`. */
  commit(n: number): void {
    this.#mine.commit(n);
  }

  /** As `Producer.keyId`. */
  keyId(key: string | number, column?: string): number {
    return this.#mine.keyId(key, column);
  }

  /** As `Producer.ready`. */
  ready(n = 1, options: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#mine.ready(n, options);
  }

  /**
   * As `WindowedStream.over`. Events wait for room where the ring is full. At the end of the source the stream is closed, whatever other producers
   * it has.
   */
  over<I extends Item<S>>(
    source: Source<I>,
    options: OverOptions = {},
  ): AsyncGenerator<WindowBatch<Row<S>>, void, undefined> {
    return over(this.#outlet(), source, options);
  }

  /** As `WindowedStream.transform`. */
  transform(
    writableStrategy?: QueuingStrategy<Item<S>>,
    readableStrategy?: QueuingStrategy<WindowBatch<Row<S>>>,
  ): TransformStream<Item<S>, WindowBatch<Row<S>>> {
    return transform(this.#outlet(), writableStrategy, readableStrategy);
  }

  #outlet(): Outlet<Row<S>> {
    this.#open();
    const { hasTime, idle } = this.#engine.spec;
    const isAlone = () => !this.#hasProducers && hasTime && idle === Number.POSITIVE_INFINITY;
    return {
      column: this.#engine.firstColumn,
      // Events of other threads may let windows fire as well.
      get patienceMs() {
        return isAlone() ? Number.POSITIVE_INFINITY : CHECK_MS;
      },
      most: RING_CAPACITY / 2,
      enter: (events) => this.#mine.enter(events),
      take: () => this.take(),
      close: () => this.close(),
      keep: (batch) => {
        this.#kept = joined(this.#kept, batch);
      },
    };
  }

  /** The windows that have fired since the last take, in order; of several workers by end, then start, then worker. */
  async take(): Promise<WindowBatch<Row<S>>> {
    this.#open();
    return this.#batch(await this.#askAll('take', undefined));
  }

  /** As `WindowedStream.query`: the present value of a key. */
  async query(key?: KeyOf<S>, at?: number): Promise<Answer<S>> {
    this.#open();
    const { spec, plan } = this.#engine;
    const { keys, windowNames, places, timeLimit } = spec;
    const parts = keys.length === 0 ? [] : keys.length === 1 ? [key] : (key as readonly unknown[] | undefined);
    if (!Array.isArray(parts) || parts.length !== keys.length || (keys.length === 0 && key !== undefined)) {
      const accepted = keys.length
        ? `a value for each of ${keys.map(show).join(', ')}`
        : 'nothing: the stream has no key';
      throw new OrielError('ERR_ORIEL_COLUMN', `query: expected ${accepted}, got ${show(key)}`);
    }
    if (at !== undefined && !(typeof at === 'number' && Math.abs(at) <= timeLimit))
      throw badTime('query', at, timeLimit);
    this.#own?.flush();
    const partner = this.#partners[workerOf(parts, this.#partners.length)] as WorkerClient;
    const { raw, texts } = this.#merger
      ? await this.#askSpread(this.#merger, at)
      : await partner.ask('query', { key: parts, at });
    const answers = this.#with(texts, () => shapeAnswers(raw, spec, plan));
    if (!windowNames) return answers[0] as Answer<S>;
    const named = [...places.keys()].sort((a, b) => (places[a] as number) - (places[b] as number));
    return Object.fromEntries(named.map((w) => [windowNames[w], answers[w]])) as Answer<S>;
  }

  /** The answer of all workers, as of one time: where they are not at the same they are asked again. */
  async #askSpread(merger: Merger, at: number | undefined): Promise<Calls['query']['back']> {
    for (let time = at, turn = 0; ; turn++) {
      const answers = await this.#askAll('query', { key: [], at: time });
      const times = answers.map((answer) => answer.at);
      time = Math.max(...times);
      // Events that keep coming may move one of them on every time.
      if (turn === MAX_ROUNDS || times.every((one) => one === time)) return merger.ask(answers);
    }
  }

  /** Moves the watermark of the stream on by hand, whatever its producers say. @throws {OrielError} ERR_ORIEL_TIME, ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED */
  async advance(time: number): Promise<void> {
    this.#open();
    const { timeLimit } = this.#engine.spec;
    if (typeof time !== 'number' || !(Math.abs(time) <= timeLimit)) throw badTime('advance', time, timeLimit);
    await this.#askAll('advance', time);
  }

  /** Counters and sizes, as of now, of all workers together; the watermark is the least of theirs. */
  async stats(): Promise<WorkerStats> {
    this.#open();
    const all = await this.#askAll('stats', undefined);
    const { producers, ...total } = all[0] as Calls['stats']['back'];
    for (const one of all.slice(1)) {
      for (const name of Object.keys(total) as (keyof Stats)[]) {
        total[name] = name === 'watermark' ? Math.min(total[name], one[name]) : total[name] + one[name];
      }
    }
    if (this.#merger) total.windows = this.#merger.windows;
    return { ...total, producers, transport: this.#transport, parallelism: this.#partners.length };
  }

  /** Ends the stream and its workers: everything still open fires. What has not been taken is in the batch; no more events are. */
  async close(): Promise<WindowBatch<Row<S>>> {
    this.#open();
    this.#own?.flush();
    const answers = await Promise.allSettled(this.#partners.map((partner) => partner.ask('close', undefined)));
    for (const answer of answers) if (answer.status === 'fulfilled') this.#closed.push(answer.value);
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
    const batch = this.#batch(this.#closed);
    await this[Symbol.asyncDispose]();
    return batch;
  }

  /** Ends the workers; what has not been taken is gone. Calls that wait are refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cutOff();
    this.#engine.core.exports.destroy(this.#engine.handle);
    await Promise.all(this.#partners.map((partner) => partner.end()));
  }

  get #mine(): Producer<S> {
    this.#open();
    return this.#own as Producer<S>;
  }

  #open(): void {
    if (this.#isClosed) throw new OrielError('ERR_ORIEL_CLOSED', 'the stream is closed: it takes no more calls');
    for (const { error } of this.#partners) if (error) throw error;
  }

  /** Producers, wherever they are, wait for nobody any more. */
  #cutOff(): void {
    for (const { control, definitions } of this.#shared) {
      indicesOf(control).endConsuming();
      cancelStrings(definitions);
    }
    for (const line of this.#lines) line.postMessage(GONE);
  }

  #askAll<N extends Name>(call: N, given: Calls[N]['given']): Promise<Calls[N]['back'][]> {
    this.#own?.flush();
    return Promise.all(this.#partners.map((partner) => partner.ask(call, given)));
  }

  /** Runs what reads figures that stand for strings. */
  #with<Result>(texts: StringsByColumn, run: () => Result, kinds = texts.map(({ kind }) => kind)): Result {
    const { columns } = this.#engine.plan.measures;
    columns.forEach((column, i) => {
      column.kind = kinds[i];
      for (const [, value] of texts[i]?.strings ?? []) column.strings.numberOf(value);
    });
    const result = run();
    for (const { strings } of columns) strings.clear();
    return result;
  }

  #batch(taken: readonly Calls['take']['back'][]): WindowBatch<Row<S>> {
    const parts = this.#merger ? [this.#merger.take(taken)] : taken;
    const { spec, plan } = this.#engine;
    const kinds = plan.measures.columns.map((_, i) => parts.find(({ texts }) => texts[i]?.kind)?.texts[i]?.kind);
    const shaped = parts.map(({ raw, texts }) => this.#with(texts, () => shapeResults(raw, spec, plan), kinds));
    const windows = parts.map(({ raw }) => raw.windows);
    const { columns, order } =
      parts.length === 1
        ? { columns: shaped[0] as Shaped, order: undefined }
        : merged(
            shaped,
            parts.map(({ raw }) => raw),
          );
    const which = order
      ? Uint8Array.from(order, ([part, i]) => windows[part]?.[i] as number)
      : (windows[0] as Uint8Array);
    const watermark = Math.min(...parts.map((part) => part.watermark));
    const filled = this.#filler?.apply(columns, which, watermark) ?? columns;
    const n = filled === columns ? which.length : (filled.start?.length ?? 0);
    const batch = joined(this.#kept, new WindowBatch<Row<S>>(n, filled));
    this.#kept = undefined;
    return batch;
  }
}

/** How often all workers are asked for an answer before that of one that is behind the others is left out. */
const MAX_ROUNDS = 8;

/** @throws {OrielError} ERR_ORIEL_SPEC where what several workers have of events without keys cannot be merged */
function checkSpread({ windows, updates, aggregates }: CheckedSpec, parallelism: number): void {
  const accepted = '1 where events have no key to be spread by';
  if (windows.some(({ kind }) => !GRIDS.includes(kind))) {
    reject('parallelism', `${accepted} and make windows, such as sessions and rolling ones`, parallelism);
  }
  if (updates) reject('parallelism', `${accepted} and windows fire more than once`, parallelism);
  const goesOn = ({ kind, fields }: AnyAggregate): boolean =>
    Object.values(fields ?? {}).some(goesOn) || (core().aggregates[kind]?.prepare ?? 0) > 0;
  const found = aggregates.find(([, one]) => goesOn(one));
  if (found) reject('parallelism', `${accepted} and ${show(found[0])} goes on from one event to the next`, parallelism);
}

type Shaped = Record<string, ArrayLike<unknown>>;

/** The rows of several workers as those of one: by end, then start, then worker. */
function merged(
  shaped: readonly Shaped[],
  raws: readonly RawResults[],
): { columns: Shaped; order: [part: number, i: number][] } {
  const order = raws.flatMap(({ windows }, part) => Array.from(windows, (_, i): [number, number] => [part, i]));
  const end = ([part, i]: [number, number]) => raws[part]?.ends[i] as number;
  const start = ([part, i]: [number, number]) => raws[part]?.starts[i] ?? 0;
  order.sort((a, b) => end(a) - end(b) || start(a) - start(b) || a[0] - b[0] || a[1] - b[1]);
  const columns: Shaped = {};
  for (const name of Object.keys(shaped[0] ?? {})) {
    const values = order.map(([part, i]) => shaped[part]?.[name]?.[i]);
    columns[name] = shaped[0]?.[name] instanceof Float64Array ? Float64Array.from(values as number[]) : values;
  }
  return { columns, order };
}

function indicesOf(control: ArrayBufferLike): Indices {
  return new Indices(new Int32Array(control, 0, CONTROL.promise * 2), RING_CAPACITY);
}

/** What memory between the threads is made of. */
function memoryOf(transport: Transport): (bytes: number) => ArrayBufferLike {
  return (bytes) => (transport === 'shared' ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
}

/** Whether memory can be shared with other threads. */
function canShare(): boolean {
  return (
    typeof SharedArrayBuffer === 'function' &&
    (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false
  );
}

/** @internal */
export async function startWorkers<const S extends Spec>(
  spec: S,
  options: WorkerOptions = {},
): Promise<WindowedWorker<S>> {
  if (typeof options !== 'object' || options === null) reject('options', '{ parallelism, transport, worker }', options);
  only(options, ['parallelism', 'transport', 'worker'], 'options');
  const { parallelism = 1, transport = canShare() ? 'shared' : 'transferred', worker } = options;
  if (!Number.isInteger(parallelism) || parallelism < 1 || parallelism > 64) {
    reject('parallelism', 'a whole number from 1 to 64', parallelism);
  }
  if (transport !== 'transferred' && !(transport === 'shared' && canShare())) {
    const accepted = canShare()
      ? "'shared' or 'transferred'"
      : "'transferred': memory cannot be shared between threads here";
    reject('transport', accepted, transport);
  }
  if (worker !== undefined && typeof worker !== 'function') reject('worker', 'a function that makes a worker', worker);
  return new WindowedWorker<S>(spec, { parallelism, transport }).start(worker);
}
