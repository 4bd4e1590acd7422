/** A thread of a page that pushes the events of `eventsOf` to a stream, in batches of many sizes. */

import { OrielError } from '../../bindings/base/errors';
import { type Producer, producer } from '../../bindings/worker/producer';
import type { ProducerHandle } from '../../bindings/worker/ring-layout';
import { type Events, eventsOf } from './events';

export interface Job {
  handle: ProducerHandle;
  events: Events;
  /** How it waits while the ring is full. */
  waits: 'await' | 'block';
  /** Whether it closes its producer after its events, or stays silent for ever. */
  closes: boolean;
}

/** Its last message: the number of events that went in, or the code of the error. */
export type Done = number | string;

addEventListener('message', async ({ data }: MessageEvent<Job>) => {
  try {
    postMessage((await give(producer(data.handle), data)) satisfies Done);
  } catch (error) {
    postMessage((error instanceof OrielError ? error.code : String(error)) satisfies Done);
  }
});

async function give(out: Producer, { events, waits, closes }: Job): Promise<number> {
  const columns = eventsOf(events);
  const { length } = columns.t;
  let sent = 0;
  for (let batch = 1; sent < length; batch = 1 + ((batch * 7919) % 5000)) {
    const end = Math.min(sent + batch, length);
    const part = { t: columns.t.subarray(0, end), v: columns.v.subarray(0, end), k: columns.k.slice(0, end) };
    while (sent < end) {
      sent += out.pushColumns(part as never, sent);
      if (sent === end) break;
      if (waits === 'block') out.waitReady();
      else await out.ready();
    }
    // Messages are heard only between two tasks.
    await new Promise((resolve) => setTimeout(resolve));
  }
  if (closes) out.close();
  return sent;
}
