/** Where bytes come from: files, compressed or not, files that are still being written, and stdin. */

import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { addAbortSignal, pipeline, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { UsageError } from '../usage-error';

/** What a file has next: bytes, nothing for now, or the beginning of another file of the same name. */
export type Piece = Buffer | 'idle' | 'restart';

const PIECE_BYTES = 2 ** 20;
/** How often one looks whether a file has grown. */
const PAUSE_MS = 200;

/** A file from its beginning to its end, or until somebody wants no more. @throws {UsageError} */
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
  // What goes wrong shows where the stream is read.
  return pipeline(bytes, createGunzip({ chunkSize: PIECE_BYTES }), () => {});
}

/** A file as it grows, and after it whatever takes its name; cut short, it begins anew. @throws {UsageError} */
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

/** One file until another has its name, or it was cut short. */
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
    // What was written to this one until now is still to be read.
    isReplaced = named !== undefined && (named.ino !== ino || named.dev !== dev);
    if (!isReplaced) await sleep(PAUSE_MS, undefined, { signal });
  }
}

/** A source, and 'idle' whenever nothing has come for so long. */
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
