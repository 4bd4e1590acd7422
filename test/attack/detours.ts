/** Ways of events into a stream that lead through something else: a ring of columns, or a pair of web streams. */

import { OrielError, ring } from '../../bindings';
import { columnsOf } from '../support/doors';
import type { Row, Stream } from '../support/scenarios';

export type Columns = Record<string, ArrayLike<unknown>>;

/**
 * Passes events, all of which have the fields of the first, through a ring that has room for a few of them.
 * @returns the columns of each piece that the consumer finds: views of the ring, until the next piece is asked for
 */
export function* throughRing(events: readonly Row[], capacity: number): Generator<Columns> {
  const columns = columnsOf(events);
  const strings = [...new Set(events.flatMap((event) => Object.values(event)))];
  const types = Object.entries(events[0] as Row).map(([name, value]) => [name, typeOf(value)] as const);
  const coded = types.map(([name, type]) => {
    const values = columns[name] as unknown[];
    return [name, type === 'u32' ? values.map((value) => strings.indexOf(value)) : values.map(present)] as const;
  });
  const into = ring(Object.fromEntries(types), capacity);
  const out = ring(into.handle);
  for (let sent = 0; sent < events.length; ) {
    sent += into.push(Object.fromEntries(coded) as never, sent);
    for (let n = out.peek(); n > 0; n = out.peek()) {
      const pieces = types.map(([name, type]) => {
        const views = (out.columns[name] as Float64Array).subarray(out.readAt, out.readAt + n);
        return [name, type === 'u32' ? Array.from(views, (code) => strings[code]) : views];
      });
      yield Object.fromEntries(pieces) as Columns;
      out.release(n);
    }
  }
}

/** Strings go through a ring as their indices in a list. */
function typeOf(value: unknown): 'f64' | 'i64' | 'u32' {
  if (typeof value === 'bigint') return 'i64';
  return typeof value === 'string' ? 'u32' : 'f64';
}

/** A ring has no missing values. */
const present = (value: unknown) => value ?? Number.NaN;

/** How a pipe ends: the reader leaves, the writer fails, or there are no more items, which closes the stream. */
export type PipeEnd = 'cancel' | 'abort' | 'close';

/** The error of a writer that gives up. */
class Aborted extends Error {}

/**
 * Writes items to the pipe of a stream.
 * @param take gets each batch that comes out
 * @throws nothing if the stream has no room for an item
 */
export async function throughPipe(
  stream: Stream,
  items: readonly unknown[],
  end: PipeEnd,
  take: (batch: Iterable<Row>) => void,
): Promise<void> {
  const { readable, writable } = stream.transform();
  const reader = readable.getReader();
  const writer = writable.getWriter();
  const read = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      take(value);
    }
  };
  const write = async () => {
    for (const item of items) await writer.write(item);
    if (end === 'close') await writer.close();
    else if (end === 'abort') await writer.abort(new Aborted());
    else await reader.cancel();
  };
  for (const side of await Promise.allSettled([read(), write()])) {
    if (side.status === 'rejected' && !isExpected(side.reason)) throw side.reason;
  }
}

function isExpected(error: unknown): boolean {
  return error instanceof Aborted || (error instanceof OrielError && error.code === 'ERR_ORIEL_MEMORY');
}
