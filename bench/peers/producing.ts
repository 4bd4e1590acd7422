/**
 * A thread that produces events and passes them to a stream in workers or, as transferred columns, to its owner. Events
 * are always the same: times are 0, 1, 2 …, and keys and values are computed from them.
 */

import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { type Producer, type ProducerHandle, producer, type Spec } from 'oriel';

/** Events in a batch. */
const BATCH = 4096;
export const KEYS = 1000;
/** Maximum number of batches in flight where columns are transferred. */
const MAX_IN_FLIGHT = 8;

export interface Task {
  method: 'claim' | 'pushColumns' | 'transfer';
  keys: 'number' | 'string';
  handle?: ProducerHandle;
}

export interface Batch {
  at: Float64Array<ArrayBuffer>;
  key: Float64Array<ArrayBuffer>;
  value: Float64Array<ArrayBuffer>;
}

/** A message to the thread: a request for the events with times in [from, to), or columns that come back. */
export type Request = { from: number; to: number } | { back: Batch };
/** A message from the thread: all requested events were produced, or a batch of n events. */
export type Reply = { done: true } | { n: number; batch: Batch };

/** Writes n events from time `from` on; key k is written as `ids[k]`. */
export function produce(
  at: Float64Array,
  key: Float64Array | Uint32Array,
  value: Float64Array,
  ids: Uint32Array,
  from: number,
  n: number,
): void {
  for (let i = 0; i < n; i++) {
    at[i] = from + i;
    key[i] = ids[(Math.imul(from + i, 0x9e3779b1) >>> 0) % KEYS] as number;
    value[i] = (from + i) & 1023;
  }
}

export function numbers(): Uint32Array {
  return Uint32Array.from({ length: KEYS }, (_, id) => id);
}

export function nameOf(id: number): string {
  return `user-${id}`;
}

function emptyBatch(): Batch {
  return { at: new Float64Array(BATCH), key: new Float64Array(BATCH), value: new Float64Array(BATCH) };
}

interface Columns {
  at: Float64Array;
  key: Float64Array;
  value: Float64Array;
}

async function claimEvents(events: Producer, ids: Uint32Array, from: number, to: number): Promise<void> {
  for (let i = from; i < to; ) {
    const { at, key, value } = events.claim(Math.min(BATCH, to - i)) as unknown as Columns;
    const n = at.length;
    if (n === 0) {
      await events.ready(BATCH);
      continue;
    }
    produce(at, key, value, ids, i, n);
    events.commit(n);
    i += n;
  }
}

async function pushEvents(events: Producer, task: Task, from: number, to: number): Promise<void> {
  const ids = numbers();
  const names = Array.from(ids, nameOf);
  const { at, key, value } = emptyBatch();
  for (let i = from; i < to; i += BATCH) {
    const n = Math.min(BATCH, to - i);
    produce(at, key, value, ids, i, n);
    const columns = {
      at: at.subarray(0, n),
      key: task.keys === 'string' ? Array.from(key.subarray(0, n), (id) => names[id] as string) : key.subarray(0, n),
      value: value.subarray(0, n),
    };
    for (let accepted = 0; accepted < n; ) {
      accepted += events.pushColumns(columns as never, accepted);
      if (accepted < n) await events.ready(BATCH);
    }
  }
}

function start(task: Task): void {
  const port = parentPort as NonNullable<typeof parentPort>;
  const reply = (message: Reply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  const free: Batch[] = task.method === 'transfer' ? Array.from({ length: MAX_IN_FLIGHT }, emptyBatch) : [];
  const events = task.handle && producer<Spec>(task.handle);
  let next = 0;
  let end = 0;
  const ids = numbers();
  if (events && task.method === 'claim' && task.keys === 'string') {
    for (let id = 0; id < KEYS; id++) ids[id] = events.keyId(nameOf(id));
  }
  const produceMore = () => {
    while (next < end && free.length > 0) {
      const batch = free.pop() as Batch;
      const n = Math.min(BATCH, end - next);
      produce(batch.at, batch.key, batch.value, ids, next, n);
      next += n;
      reply({ n, batch }, [batch.at.buffer, batch.key.buffer, batch.value.buffer]);
      if (next === end) reply({ done: true });
    }
  };
  port.on('message', async (request: Request) => {
    if ('back' in request) {
      free.push(request.back);
      produceMore();
      return;
    }
    const { from, to } = request;
    if (events) {
      if (task.method === 'claim') await claimEvents(events, ids, from, to);
      else await pushEvents(events, task, from, to);
      reply({ done: true });
      return;
    }
    next = from;
    end = to;
    produceMore();
  });
}

if (!isMainThread && (workerData as { task?: Task } | null)?.task) start((workerData as { task: Task }).task);
