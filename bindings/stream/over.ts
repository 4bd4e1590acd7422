/** Windows as they fire, out of events as a source gives them: `over` and `transform`, of streams here and in workers. */

import type { WindowBatch } from '../base/batch';
import { only, reject } from '../base/errors';
import { Intake, isForRoom, type TakeEvents } from './intake';
import { SourceReader } from './source';

/** How often it is looked for windows that time alone may have let fire, while no event comes. */
export const CHECK_MS = 100;

export interface OverOptions {
  /** Lets go of the source; the iteration then throws its reason. */
  readonly signal?: AbortSignal;
}

/** A stream, as far as it matters here. */
export interface Outlet<Row> {
  /** The column by which a batch of columns is told from an event. */
  readonly column: string | undefined;
  /** For how long to wait for events without looking for windows, as of now. */
  readonly patienceMs: number;
  /** After so many events windows are looked for, however quickly more come. */
  readonly most: number;
  readonly enter: TakeEvents;
  take(): WindowBatch<Row> | Promise<WindowBatch<Row>>;
  close(): WindowBatch<Row> | Promise<WindowBatch<Row>>;
  /** Takes back what was taken when nobody was there any more to have it. */
  keep(batch: WindowBatch<Row>): void;
}

type Batches<Row> = AsyncGenerator<WindowBatch<Row>, void, undefined>;

/** @throws {OrielError} ERR_ORIEL_SPEC, ERR_ORIEL_COLUMN where there is no source */
export function over<Row>(outlet: Outlet<Row>, source: unknown, options: OverOptions): Batches<Row> {
  if (typeof options !== 'object' || options === null) reject('options', '{ signal }', options);
  only(options, ['signal'], 'options');
  const { signal } = options;
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function') {
    reject('options.signal', 'an AbortSignal', signal);
  }
  return batchesOf(outlet, new SourceReader(source), signal);
}

async function* batchesOf<Row>(outlet: Outlet<Row>, source: SourceReader, signal?: AbortSignal): Batches<Row> {
  const intake = new Intake(outlet.enter, outlet.column);
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
      if (!failure && (source.isStopped || (isMoreThere && unseen < outlet.most))) continue;
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

/** Runs what may find no room until results have been taken, and gives those. */
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

/** The same as a pair of streams: what is written to one comes out of the other. */
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
