/** Reads bytes: from files, compressed or not, from files that are still being written, and from stdin. */

import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { addAbortSignal, pipeline, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { UsageError } from '../usage-error';

/** What a file yields: bytes, 'idle' if there is nothing for now, or 'restart' if it begins anew. */
export type Piece = Buffer | 'idle' | 'restart';

const PIECE_BYTES = 2 ** 20;
/** Interval of checking whether a file has grown. */
const POLL_MS = 200;

/** Reads a file to its end, or until `signal` is aborted. @throws {UsageError} */
export async function* piecesOf(file: string, signal: AbortSignal): AsyncGenerator<Piece> {
  try {
    yield* streamOf(file, signal) as AsyncIterable<Buffer>;
  } catch (error) {
    if (!signal.aborted) throw unreadable(file, error);
  }
}

function streamOf(file: string, signal: AbortSignal): Readable {
  if (file === '-') return addAbortSignal(signal, process.stdin);
  const bytes = createReadStream(file, { highWaterMark: PIECE_BYTES, signal });
  if (!file.endsWith('.gz')) return bytes;
  // The reader of the stream sees any error.
  return pipeline(bytes, createGunzip({ chunkSize: PIECE_BYTES }), () => {});
}

/**
 * Reads a file as it grows. If it is truncated, or another file takes its name, reading restarts.
 * @throws {UsageError}
 */
export async function* followed(file: string, signal: AbortSignal): AsyncGenerator<Piece> {
  const buffer = Buffer.allocUnsafe(PIECE_BYTES);
  try {
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      if (!isFirst) yield 'restart';
      const handle = await open(file);
      try {
        yield* grown(file, handle, buffer, signal);
      } finally {
        await handle.close();
      }
    }
  } catch (error) {
    if (!signal.aborted) throw unreadable(file, error);
  }
}

/** Reads one file until it is truncated or another takes its name. */
async function* grown(file: string, handle: FileHandle, buffer: Buffer, signal: AbortSignal): AsyncGenerator<Piece> {
  let isReplaced = false;
  for (let at = 0; !signal.aborted; ) {
    const { bytesRead } = await handle.read(buffer, 0, PIECE_BYTES, at);
    at += bytesRead;
    if (bytesRead > 0) {
      yield buffer.subarray(0, bytesRead);
      continue;
    }
    const { size, ino, dev } = await handle.stat();
    if (isReplaced || size < at) return;
    yield 'idle';
    const named = await stat(file).catch(() => undefined);
    // If it was replaced, read once more what was written to it before.
    isReplaced = named !== undefined && (named.ino !== ino || named.dev !== dev);
    if (!isReplaced) await sleep(POLL_MS, undefined, { signal });
  }
}

/** Passes pieces on, and adds 'idle' whenever nothing has come for `pauseMs`. */
export async function* withPauses(pieces: AsyncGenerator<Piece>, pauseMs: number): AsyncGenerator<Piece> {
  for (;;) {
    const next = pieces.next();
    for (;;) {
      const timer = new AbortController();
      const pause = sleep(pauseMs, undefined, { signal: timer.signal }).catch(() => undefined);
      const result = await Promise.race([next, pause]);
      timer.abort();
      if (result?.done) return;
      yield result ? result.value : 'idle';
      if (result) break;
    }
  }
}

/** The error for a file that cannot be read. */
export function unreadable(file: string, error: unknown): UsageError {
  if (error instanceof UsageError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file',
    EISDIR: 'expected a file, got a directory',
    EACCES: 'not allowed to read it',
  };
  return new UsageError(`${file}: ${reasons[code ?? ''] ?? message}`, 1);
}
