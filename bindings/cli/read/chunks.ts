/** Feeds the pieces of a file to a decoder, each after the bytes that it left of the piece before. */

import { UsageError } from '../usage-error';
import type { Decoder, Step } from './decoder';
import type { Piece } from './files';

/** Initial and maximum size of the buffer. */
const INITIAL_BYTES = 2 ** 21;
const MAX_BYTES = 2 ** 26;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Decodes a file piece by piece. After each step the batch has the rows that were complete. */
export async function* decodeAll(
  file: string,
  pieces: AsyncIterable<Piece>,
  decoderOf: () => Decoder,
): AsyncGenerator<Step> {
  let buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  let held = 0;
  let decoder = decoderOf();
  let isFirst = true;
  const decode = (isLast: boolean): number => {
    const before = decoder.lines;
    if (isFirst && (held >= BYTE_ORDER_MARK.length || isLast)) {
      isFirst = false;
      const marks = buffer.subarray(0, held).indexOf(BYTE_ORDER_MARK) === 0 ? BYTE_ORDER_MARK.length : 0;
      held = buffer.copy(buffer, 0, marks, held);
    }
    const used = isFirst ? 0 : decoder.decode(buffer.subarray(0, held), isLast);
    held = buffer.copy(buffer, 0, used, held);
    return decoder.lines - before;
  };
  for await (const piece of pieces) {
    if (piece === 'idle') {
      yield { bytes: 0, lines: 0 };
    } else if (piece === 'restart') {
      yield { bytes: 0, lines: decode(true) };
      decoder = decoderOf();
      isFirst = true;
    } else {
      while (held + piece.length > buffer.length) {
        if (buffer.length >= MAX_BYTES)
          throw new UsageError(`${file}:${decoder.lines + 1}: expected lines of at most 64 MB`, 1);
        buffer = Buffer.concat([buffer.subarray(0, held)], 2 * buffer.length);
      }
      held += piece.copy(buffer, held);
      yield { bytes: piece.length, lines: decode(false) };
    }
  }
  yield { bytes: 0, lines: decode(true) };
}
