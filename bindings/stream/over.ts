/**
 * `over` and `transform`: push the items of a source and yield batches of results as windows fire. Used by streams on
 * this thread and in workers.
 */

import type { WindowBatch } from '../base/batch';
import { signalOf } from '../base/waiting';
import { Intake, isForRoom, type TakeEvents } from './intake';
import { SourceReader } from './source';

/** Interval at which results are taken while no events arrive, if windows can fire by the clock alone. */
export const CHECK_MS = 100;

/** Options of `over`. */
export interface OverOptions {
  /** If aborted, the source is ended and the iteration throws the signal's reason. The stream stays open. */
  readonly signal?: AbortSignal;
}

/** What `over` and `transform` need of a stream. */
export interface Outlet<Row> {
  /** The column that tells a batch of columns from an event. */
  readonly column: string | undefined;
  /** How long to wait for events before taking results, in milliseconds. May change from call to call. */
  readonly patienceMs: number;
  /** Results are taken after this many events at the latest, even if the source has more at hand. */
  readonly maxEventsBetweenTakes: number;
  readonly pushItem: TakeEvents;
  take(): WindowBatch<Row> | Promise<WindowBatch<Row>>;
  close(): WindowBatch<Row> | Promise<WindowBatch<Row>>;
  /** Returns a batch to the stream that was taken when its reader had already gone. */
  keep(batch: WindowBatch<Row>): void;
}

type Batches<Row> = AsyncGenerator<WindowBatch<Row>, void, undefined>;

/**
 * Yields the batches of a stream as the items of a source let windows fire; see `WindowedStream.over`.
 * @throws {OrielError} ERR_ORIEL_SPEC if an option is invalid; ERR_ORIEL_COLUMN if `source` is not a source
 */
export function over<Row>(outlet: Outlet<Row>, source: unknown, options: OverOptions): Batches<Row> {
  const signal = signalOf(options);
  return batchesOf(outlet, new SourceReader(source), signal);
}

async function* batchesOf<Row>(outlet: Outlet<Row>, source: SourceReader, signal?: AbortSignal): Batches<Row> {
  const intake = new Intake(outlet.pushItem, outlet.column);
  const stop = () => source.stop(signal?.reason);
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  let unseen = 0;
  let failed: { reason: unknown } | undefined;
  try {
    while (await source.read(intake, unseen ? 0 : outlet.patienceMs)) {
      const isMoreThere = intake.isFull;
      let failure: { error: unknown } | undefined;
      try {
        unseen += yield* withRoom(outlet, source, () => intake.enter());
      } catch (error) {
        failure = { error };
      }
      if (!failure && (source.isStopped || (isMoreThere && unseen < outlet.maxEventsBetweenTakes))) continue;
      unseen = 0;
      const batch = await outlet.take();
      if (batch.length > 0) yield batch;
      if (failure) throw failure.error;
    }
    const last = yield* withRoom(outlet, source, async () => outlet.close());
    if (last.length > 0) yield last;
  } catch (error) {
    failed = { reason: error };
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    const ended = source.end(failed?.reason);
    const isEnded = ended.catch(() => undefined);
    try {
      await intake.enter();
    } finally {
      await (failed ? isEnded : ended);
    }
  }
}

/** Runs an operation; while it fails because the stream is full, yields the stream's results and tries again. */
async function* withRoom<Row, Result>(
  outlet: Outlet<Row>,
  source: SourceReader,
  run: () => Promise<Result>,
): AsyncGenerator<WindowBatch<Row>, Result, undefined> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!isForRoom(error) || source.isStopped) throw error;
      const batch = await outlet.take();
      if (batch.length === 0) throw error;
      yield batch;
    }
  }
}

/**
 * The web-stream form of `over`: items are written to one side, batches are read from the other; see
 * `WindowedStream.transform`.
 */
export function transform<Item, Row>(
  outlet: Outlet<Row>,
  writableStrategy?: QueuingStrategy<Item>,
  readableStrategy: QueuingStrategy<WindowBatch<Row>> = { highWaterMark: 0 },
): TransformStream<Item, WindowBatch<Row>> {
  const { readable: items, writable } = new TransformStream<Item, Item>(undefined, writableStrategy);
  const source = new SourceReader(items);
  const batches = batchesOf(outlet, source);
  const readable = new ReadableStream<WindowBatch<Row>>(
    {
      async pull(controller) {
        const { done, value } = await batches.next();
        if (source.isStopped) {
          if (value) outlet.keep(value);
        } else if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel(reason) {
        source.stop(reason);
        await batches.return();
        await source.end(reason);
      },
    },
    readableStrategy,
  );
  return { readable, writable };
}
