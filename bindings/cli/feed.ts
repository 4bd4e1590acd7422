/** Pushes batches into the stream. */

import { OrielError, type Spec, type WindowedStream } from 'oriel';
import type { BadLines } from './read/bad-lines';
import type { Batch } from './read/column-batch';
import { UsageError } from './usage-error';

export type Stream = WindowedStream<Spec>;
export type Results = ReturnType<Stream['take']>;

/** Rows in one push: as many as a stream takes in one batch. */
const PUSH_ROWS = 4096;

/**
 * Pushes a batch and yields the results that fire.
 * @throws {UsageError} if there is no memory for even one row
 */
export function* feed(stream: Stream, batch: Batch, file: string, badLines: BadLines): Generator<Results> {
  for (let from = 0; from < batch.length; from += PUSH_ROWS) {
    yield* push(stream, batch, file, badLines, from, Math.min(from + PUSH_ROWS, batch.length));
  }
  // Without rows the clock may still have fired windows.
  if (batch.length === 0) yield stream.take();
}

/** Pushes rows. The stream refuses a batch as a whole; so then each half is tried, down to the rows at fault. */
function* push(
  stream: Stream,
  batch: Batch,
  file: string,
  badLines: BadLines,
  from: number,
  to: number,
): Generator<Results> {
  try {
    stream.pushColumns(batch.columns(from, to) as never);
  } catch (error) {
    if (!(error instanceof OrielError)) throw error;
    if (to - from > 1) {
      const middle = (from + to) >> 1;
      yield* push(stream, batch, file, badLines, from, middle);
      yield* push(stream, batch, file, badLines, middle, to);
      return;
    }
    const line = batch.lines[from] as number;
    if (error.code === 'ERR_ORIEL_MEMORY') {
      throw new UsageError(`${file}:${line}: no memory left for the windows`, 1);
    }
    badLines.add(file, line, error.message.replace(/ at index \d+/, ''));
  }
  yield stream.take();
}
