/** Sources of every kind that yield the same items. */

import type { WindowBatch } from '../../bindings';

/** A number of events and the form in which they become items. */
export type Cut = [length: number, as: 'events' | 'array' | 'columns'];

/** The events as items, cut by the cuts in turn until the events end. */
export function itemsOf(events: readonly Record<string, unknown>[], cuts: readonly Cut[]): unknown[] {
  const items: unknown[] = [];
  for (let i = 0, cut = 0; i < events.length; ) {
    const [length, as] = cuts[cut++ % cuts.length] as Cut;
    const part = events.slice(i, i + length);
    if (as === 'events') items.push(...part);
    else if (as === 'array') items.push(part);
    else {
      const names = Object.keys(part[0] as object);
      items.push(Object.fromEntries(names.map((name) => [name, part.map((event) => event[name])])));
    }
    i += length;
  }
  return items;
}

export const SOURCES = [
  'an array',
  'a generator',
  'an asynchronous generator',
  'an asynchronous generator that waits',
  'a ReadableStream',
] as const;

/**
 * @param ended is called once if the reader leaves the source before its end
 * @param failure what the source throws after its items
 */
export function sourceOf<T>(
  kind: (typeof SOURCES)[number],
  items: readonly T[],
  ended: (reason: unknown) => void = () => undefined,
  failure?: unknown,
): Iterable<T> | AsyncIterable<T> | ReadableStream<T> {
  if (kind === 'a ReadableStream') {
    let i = 0;
    const pull = (controller: ReadableStreamDefaultController<T>) => {
      if (i < items.length) controller.enqueue(items[i++] as T);
      else if (failure) controller.error(failure);
      else controller.close();
    };
    return new ReadableStream({ pull, cancel: ended }, { highWaterMark: 0 });
  }
  let next = 0;
  let isOver = false;
  const step = (): IteratorResult<T> => {
    if (next < items.length) return { done: false, value: items[next++] as T };
    isOver = true;
    if (failure) throw failure;
    return { done: true, value: undefined };
  };
  const leave = () => {
    if (!isOver) ended(undefined);
    isOver = true;
    return { done: true as const, value: undefined };
  };
  // Nobody tells an array that it was left, and an array cannot fail.
  if (kind === 'an array' || kind === 'a generator') {
    return { [Symbol.iterator]: () => ({ next: step, return: leave }) };
  }
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        if (kind.endsWith('waits') && next % 31 === 3) await new Promise((resolve) => setTimeout(resolve));
        return step();
      },
      return: async () => leave(),
    }),
  };
}

/** All rows of the batches, in order. */
export async function rowsOf<Row>(batches: AsyncIterable<WindowBatch<Row>>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of batches) rows.push(...batch);
  return rows;
}
