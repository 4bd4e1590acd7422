/**
 * A stream whose core runs in workers: the owner's side. It starts the workers, sends them calls, and shapes and merges
 * their results.
 */

import { areNumbers, joined, WindowBatch } from '../base/batch';
import { core } from '../base/core';
import { OrielError, only, reject, show } from '../base/errors';
import { setField } from '../base/record';
import { Engine, type Stats } from '../engine/engine';
import { GapFiller } from '../engine/gap-fill';
import { checkQuery, namedAnswers } from '../engine/query';
import { checkTime } from '../input/columns';
import { type RawResults, shapeAnswers, shapeResults, windowOf } from '../plan/results';
import { Indices } from '../shared/indices';
import type { AnyAggregate } from '../spec/aggregates';
import { type CheckedSpec, check, NO_MAXIMUM } from '../spec/check';
import type { Spec } from '../spec/spec';
import type { Answer, Claim, Columns, Event, Item, KeyOf, LateEvent, Row } from '../spec/types';
import { isOnGrid } from '../spec/windows';
import { CHECK_MS, type Outlet, type OverOptions, over, transform } from '../stream/over';
import type { Source } from '../stream/source';
import { WorkerClient } from './client';
import { Merger } from './merge';
import { workerOf } from './partition';
import { Producer } from './producer';
import type { Calls, Name, StringsByColumn } from './protocol';
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
import { startThread, type WorkerLike } from './start';
import { cancelStrings } from './string-sync';
import { type Carrier, GONE } from './transfer';

/** How events reach the workers: through shared memory, or as columns transferred in messages. */
export type Transport = 'shared' | 'transferred';

export interface WorkerOptions {
  /** Number of workers that the keys are spread over, from 1 (default) to 64. */
  readonly parallelism?: number;
  /**
   * Default: `'shared'` if memory can be shared between threads, as in Node and on pages that are cross-origin
   * isolated; otherwise `'transferred'`.
   */
  readonly transport?: Transport;
  /** Makes a worker that runs `oriel/worker`, for bundlers and servers where the package's own file cannot be found. */
  readonly worker?: () => WorkerLike;
}

/**
 * Counters summed over all workers, and how the workers are set up. If several workers share windows, as they do
 * without keys, `windows` counts the windows taken, and `liveSlices` counts a slice once in each worker that holds it.
 */
export interface WorkerStats extends Stats {
  /** Number of open producers, including the stream's own. */
  producers: number;
  transport: Transport;
  parallelism: number;
}

/**
 * A windowed stream in workers; `await windowedWorker(spec)` makes one. It accepts events from its own thread through
 * `push`, `pushRows` and `pushColumns`, and from other threads through `producer`. These return how many events went
 * in: fewer than were given if a ring is full. The other methods work as in `windowed`, but return promises.
 */
export class WindowedWorker<const S extends Spec = Spec> {
  readonly #engine: Engine;
  readonly #packed: PackedSpec;
  readonly #clients: readonly WorkerClient[];
  readonly #transport: Transport;
  readonly #kinds: ArrayBufferLike;
  readonly #bells: readonly ArrayBufferLike[];
  readonly #filler: GapFiller | undefined;
  /** Merges windows, if events have no key and are spread over several workers. */
  readonly #merger: Merger | undefined;
  /** Shared memory of all producers' rings, to tell producers when the stream is closed. */
  #controls: Pick<ProducerRingHandle, 'control' | 'definitions'>[] = [];
  #producer: Producer<S> | undefined;
  /** If memory is not shared: ports that tell producers when the stream is closed. */
  readonly #closePorts: MessagePort[] = [];
  /** Results of workers that have closed, kept while another could not close. */
  #closeAnswers: Calls['close']['back'][] = [];
  /** Results that a pipe took but nobody read; they come first in the next batch. */
  #kept: WindowBatch<Row<S>> | undefined;
  #isClosed = false;
  #hasProducers = false;

  /** @internal */
  constructor(spec: S, { parallelism, transport }: Required<Pick<WorkerOptions, 'parallelism' | 'transport'>>) {
    const checked = check(spec, core().aggregates);
    checked.isShared = true;
    const isSpread = parallelism > 1 && checked.keys.length === 0;
    if (isSpread) checkMergeable(checked, parallelism);
    // The workers limit memory. Here only their parts are merged.
    this.#engine = new Engine(isSpread ? { ...checked, memoryLimit: NO_MAXIMUM } : checked, core());
    this.#packed = { ...packSpec(checked), isPartial: isSpread };
    this.#merger = isSpread ? new Merger(this.#engine) : undefined;
    this.#transport = transport;
    const make = memoryOf(transport);
    this.#kinds = make(4 * (checked.keys.length + this.#engine.plan.measures.texts.length) + 8);
    const late = (columns: Record<string, ArrayLike<unknown>>) =>
      checked.onLate?.(new WindowBatch<LateEvent<Spec>>(columns[checked.time]?.length ?? 0, columns));
    this.#clients = Array.from({ length: parallelism }, () => new WorkerClient(late, () => this.#cutOffProducers()));
    this.#bells = this.#clients.map(() => make(8));
    const { core: own, handle, edges, plan } = this.#engine;
    this.#filler = checked.fill ? new GapFiller(own, handle, checked, edges, plan.outputs) : undefined;
  }

  /** @internal */
  async start(worker: WorkerOptions['worker']): Promise<this> {
    const spec = this.#packed;
    try {
      await Promise.all(
        this.#clients.map(async (client, i) => {
          client.thread = await startThread(worker, client);
          const isAlone = this.#clients.length === 1;
          await client.ask('start', { spec, kinds: this.#kinds, bell: this.#bells[i] as ArrayBufferLike, isAlone });
        }),
      );
      this.#producer = new Producer<S>(await this.#attach(false));
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
    return this;
  }

  /**
   * Creates a handle with which another thread can push events: send it with `postMessage(handle, handle.transfer)`,
   * and call `producer(handle)` there. From now on the watermark waits for this producer until it is closed, or idle
   * for as long as the spec says. If its thread dies and memory is shared, call `producer(handle).close()` on this
   * thread.
   * @throws {OrielError} ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED, ERR_ORIEL_THREAD
   */
  async producer(): Promise<ProducerHandle> {
    this.#checkOpen();
    this.#hasProducers = true;
    return (await this.#attach(true)) as ProducerHandle;
  }

  /** Creates the rings of a producer, one into each worker. @param isRemote whether it is for another thread */
  async #attach(isRemote: boolean): Promise<Omit<ProducerHandle, 'transfer'> & { transfer: Carrier[] }> {
    const make = memoryOf(this.#transport);
    const layout = layoutOf(this.#engine);
    const isShared = this.#transport === 'shared';
    const transfer: Carrier[] = [];
    this.#controls = this.#controls.filter(({ control }) => !indicesOf(control).isProducerGone);
    const rings = await Promise.all(
      this.#clients.map(async (client, i): Promise<ProducerRingHandle> => {
        const mine = createControl(make);
        const channel = isShared || !isRemote ? undefined : new MessageChannel();
        if (!isShared) transfer[i] = channel?.port1 ?? client.carrier;
        const theirs = isShared ? mine : createControl(make);
        const given = { ...theirs, port: channel?.port2, holdsWatermark: isRemote, isShared };
        const back = await client.ask('attach', given, channel ? [channel.port2] : []);
        if (isShared) this.#controls.push(mine);
        const bytes = segmentBytesOf(layout);
        const columns = back ?? { buffer: new ArrayBuffer(bytes * SEGMENTS), address: 0, bytes };
        return { ...columns, ...mine, bell: this.#bells[i] as ArrayBufferLike };
      }),
    );
    if (!isShared && isRemote) {
      const { port1, port2 } = new MessageChannel();
      transfer.push(port1);
      this.#closePorts.push(port2);
    }
    return { layout, rings, kinds: this.#kinds, transfer };
  }

  /** Like `Producer.push`. @throws as it does */
  push<E extends Event<S>>(event: E): number {
    return this.#openProducer.push(event);
  }

  /** Like `Producer.pushRows`. */
  pushRows<E extends Event<S>>(rows: Iterable<E>, from = 0): number {
    return this.#openProducer.pushRows(rows, from);
  }

  /** Like `Producer.pushColumns`. */
  pushColumns<C extends Columns<S>>(columns: C, from = 0): number {
    return this.#openProducer.pushColumns(columns, from);
  }

  /** Like `Producer.claim`. */
  claim(n: number): Claim<S> {
    return this.#openProducer.claim(n);
  }

  /** Like `Producer.commit`. */
  commit(n: number): void {
    this.#openProducer.commit(n);
  }

  /** Like `Producer.keyId`. */
  keyId(key: string | number, column?: string): number {
    return this.#openProducer.keyId(key, column);
  }

  /** Like `Producer.ready`. */
  ready(n = 1, options: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#openProducer.ready(n, options);
  }

  /**
   * Like `WindowedStream.over`. If the ring is full, events wait for room. The stream is closed at the end of the
   * source, even if it has other producers.
   */
  over<I extends Item<S>>(
    source: Source<I>,
    options: OverOptions = {},
  ): AsyncGenerator<WindowBatch<Row<S>>, void, undefined> {
    return over(this.#outlet(), source, options);
  }

  /** Like `WindowedStream.transform`. */
  transform(
    writableStrategy?: QueuingStrategy<Item<S>>,
    readableStrategy?: QueuingStrategy<WindowBatch<Row<S>>>,
  ): TransformStream<Item<S>, WindowBatch<Row<S>>> {
    return transform(this.#outlet(), writableStrategy, readableStrategy);
  }

  /** The stream as `over` and `transform` see it. */
  #outlet(): Outlet<Row<S>> {
    this.#checkOpen();
    const { hasTime, idle } = this.#engine.spec;
    const isAlone = () => !this.#hasProducers && hasTime && idle === Number.POSITIVE_INFINITY;
    return {
      column: this.#engine.fields.first,
      // Events of other threads and the clock may fire windows as well, so then `over` has to look for them.
      get patienceMs() {
        return isAlone() ? Number.POSITIVE_INFINITY : CHECK_MS;
      },
      maxEventsBetweenTakes: RING_CAPACITY / 2,
      pushItem: (events) => this.#openProducer.enter(events),
      take: () => this.take(),
      close: () => this.close(),
      keep: (batch) => {
        this.#kept = joined(this.#kept, batch);
      },
    };
  }

  /**
   * Returns the windows that have fired since the last take, in order; with several workers by end, then start, then
   * worker.
   */
  async take(): Promise<WindowBatch<Row<S>>> {
    this.#checkOpen();
    return this.#batch(await this.#askAll('take', undefined));
  }

  /** Like `WindowedStream.query`: the present results of a key. */
  async query(key?: KeyOf<S>, at?: number): Promise<Answer<S>> {
    this.#checkOpen();
    const { spec, plan, keys } = this.#engine;
    const parts = checkQuery(spec, key, at);
    // The worker checks the kind of its keys; a value that is no key at all may not even fit a message.
    keys.columns.forEach((column, c) => void column.kindOf(parts[c]));
    this.#producer?.flush();
    const client = this.#clients[workerOf(parts, this.#clients.length)] as WorkerClient;
    const { raw, texts } = this.#merger
      ? await this.#askSpread(this.#merger, at)
      : await client.ask('query', { key: parts, at });
    const answers = this.#withStrings(texts, () => shapeAnswers(raw, spec, plan));
    return namedAnswers(spec, answers) as Answer<S>;
  }

  /**
   * Asks all workers for the same time: if their answers are for different times, asks again for the latest of them.
   */
  async #askSpread(merger: Merger, at: number | undefined): Promise<Calls['query']['back']> {
    for (let time = at, round = 0; ; round++) {
      const answers = await this.#askAll('query', { key: [], at: time });
      const times = answers.map((answer) => answer.at);
      time = Math.max(...times);
      // With events still coming, one of the workers may move on in every round.
      if (round === MAX_ROUNDS || times.every((one) => one === time)) return merger.answer(answers);
    }
  }

  /**
   * Moves the stream's watermark to `time`, even if its producers are behind.
   * @throws {OrielError} ERR_ORIEL_TIME, ERR_ORIEL_MEMORY, ERR_ORIEL_CLOSED
   */
  async advance(time: number): Promise<void> {
    this.#checkOpen();
    const { timeLimit } = this.#engine.spec;
    checkTime('advance', time, timeLimit);
    await this.#askAll('advance', time);
  }

  /** Current counters and sizes, summed over all workers; the watermark is their minimum. */
  async stats(): Promise<WorkerStats> {
    this.#checkOpen();
    const all = await this.#askAll('stats', undefined);
    const { producers, ...total } = all[0] as Calls['stats']['back'];
    for (const one of all.slice(1)) {
      for (const name of Object.keys(total) as (keyof Stats)[]) {
        total[name] = name === 'watermark' ? Math.min(total[name], one[name]) : total[name] + one[name];
      }
    }
    if (this.#merger) total.windows = this.#merger.emittedCount;
    return { ...total, producers, transport: this.#transport, parallelism: this.#clients.length };
  }

  /**
   * Ends the stream and its workers: all open windows fire. Returns the results that were not yet taken. No more events
   * are accepted.
   */
  async close(): Promise<WindowBatch<Row<S>>> {
    this.#checkOpen();
    this.#producer?.flush();
    const answers = await Promise.allSettled(this.#clients.map((client) => client.ask('close', undefined)));
    for (const answer of answers) if (answer.status === 'fulfilled') this.#closeAnswers.push(answer.value);
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
    const batch = this.#batch(this.#closeAnswers);
    await this[Symbol.asyncDispose]();
    return batch;
  }

  /** Ends the workers. Results that were not taken are lost, and pending calls are rejected. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cutOffProducers();
    this.#engine.core.exports.destroy(this.#engine.handle);
    await Promise.all(this.#clients.map((client) => client.end()));
  }

  /** The stream's own producer. @throws {OrielError} as `#checkOpen` */
  get #openProducer(): Producer<S> {
    this.#checkOpen();
    return this.#producer as Producer<S>;
  }

  /** @throws {OrielError} ERR_ORIEL_CLOSED; ERR_ORIEL_THREAD if a worker has died */
  #checkOpen(): void {
    if (this.#isClosed) throw new OrielError('ERR_ORIEL_CLOSED', 'the stream is closed: it takes no more calls');
    for (const { error } of this.#clients) if (error) throw error;
  }

  /** Tells all producers, on any thread, that the stream is closed, so that none waits any more. */
  #cutOffProducers(): void {
    for (const { control, definitions } of this.#controls) {
      indicesOf(control).endConsuming();
      cancelStrings(definitions);
    }
    for (const closePort of this.#closePorts) closePort.postMessage(GONE);
  }

  /** Calls all workers, after sending the events that the stream's own producer still holds. */
  #askAll<N extends Name>(call: N, given: Calls[N]['given']): Promise<Calls[N]['back'][]> {
    this.#producer?.flush();
    return Promise.all(this.#clients.map((client) => client.ask(call, given)));
  }

  /** Runs `run` while the engine knows the strings that numbers in the results stand for. */
  #withStrings<Result>(texts: StringsByColumn, run: () => Result, kinds = texts.map(({ kind }) => kind)): Result {
    const { columns } = this.#engine.plan.measures;
    columns.forEach((column, i) => {
      column.kind = kinds[i];
      for (const [number, value] of texts[i]?.strings ?? []) {
        if (!column.strings.has(number)) column.strings.set(number, value);
      }
    });
    const result = run();
    for (const { strings } of columns) strings.clear();
    this.#engine.strings.settle();
    return result;
  }

  /** Shapes and merges the results of the workers into one batch. */
  #batch(taken: readonly Calls['take']['back'][]): WindowBatch<Row<S>> {
    const parts = this.#merger ? [this.#merger.take(taken)] : taken;
    const { spec, plan } = this.#engine;
    const kinds = plan.measures.columns.map((_, i) => parts.find(({ texts }) => texts[i]?.kind)?.texts[i]?.kind);
    const shaped = parts.map(({ raw, texts }) => this.#withStrings(texts, () => shapeResults(raw, spec, plan), kinds));
    const raws = parts.map(({ raw }) => raw);
    const one = parts.length === 1 ? raws[0] : undefined;
    const { columns, ...raw } = one ? { ...one, columns: shaped[0] as Shaped } : interleaved(shaped, raws);
    const watermark = Math.min(...parts.map((part) => part.watermark));
    const filled = this.#filler?.apply(columns, raw, watermark) ?? columns;
    const n = filled === columns ? raw.n : (filled.start?.length ?? 0);
    const batch = joined(this.#kept, new WindowBatch<Row<S>>(n, filled));
    this.#kept = undefined;
    return batch;
  }
}

/** How often all workers are asked again before the answers of those that are behind are ignored. */
const MAX_ROUNDS = 8;

/**
 * @throws {OrielError} ERR_ORIEL_SPEC if the parts that several workers hold of a window without keys cannot be merged
 */
function checkMergeable({ windows, updates, aggregates }: CheckedSpec, parallelism: number): void {
  const accepted = '1 where events have no key to be spread by';
  if (!windows.every(isOnGrid)) {
    reject('parallelism', `${accepted} and make windows, such as sessions and rolling ones`, parallelism);
  }
  if (updates) reject('parallelism', `${accepted} and windows fire more than once`, parallelism);
  const needsPrevious = ({ kind, fields }: AnyAggregate): boolean =>
    Object.values(fields ?? {}).some(needsPrevious) || (core().aggregates[kind]?.prepare ?? 0) > 0;
  const found = aggregates.find(([, one]) => needsPrevious(one));
  if (found) reject('parallelism', `${accepted} and ${show(found[0])} goes on from one event to the next`, parallelism);
}

type Shaped = Record<string, ArrayLike<unknown>>;

/** Interleaves the rows of several workers: by end, then start, then worker. */
function interleaved(
  shaped: readonly Shaped[],
  raws: readonly RawResults[],
): Pick<RawResults, 'n' | 'windows'> & { columns: Shaped } {
  const order = raws.flatMap(({ n }, part) => Array.from({ length: n }, (_, i): [number, number] => [part, i]));
  const end = ([part, i]: [number, number]) => raws[part]?.ends[i] as number;
  const start = ([part, i]: [number, number]) => raws[part]?.starts[i] ?? 0;
  order.sort((a, b) => end(a) - end(b) || start(a) - start(b) || a[0] - b[0] || a[1] - b[1]);
  const columns: Shaped = {};
  for (const name of Object.keys(shaped[0] ?? {})) {
    const values = order.map(([part, i]) => shaped[part]?.[name]?.[i]);
    setField(
      columns,
      name,
      areNumbers(shaped.map((part) => part[name])) ? Float64Array.from(values as number[]) : values,
    );
  }
  const windows = Uint8Array.from(order, ([part, i]) => windowOf(raws[part] as RawResults, i));
  return { n: order.length, windows, columns };
}

function indicesOf(control: ArrayBufferLike): Indices {
  return new Indices(new Int32Array(control, 0, CONTROL.promise * 2), RING_CAPACITY);
}

/** Allocates memory for a transport. */
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
