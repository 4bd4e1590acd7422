/** A thread of a page that produces events for a stream: those of `eventsOf`, in batches of any size. */

import { OrielError } from '../../bindings/base/errors';
import { type Producer, producer } from '../../bindings/worker/producer';
import type { ProducerHandle } from '../../bindings/worker/ring-layout';
import { type Events, eventsOf } from './events';

export interface Job {
  handle: ProducerHandle;
  events: Events;
  /** How it waits where a ring is full. */
  waits: 'await' | 'block';
  /** Goes on for ever without a word after its events, or ends what it gives. */
  closes: boolean;
}

/** What it says when it is done: how many events went in, or the code of what it was refused with. */
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
    // Lets messages in.
    await new Promise((resolve) => setTimeout(resolve));
  }
  if (closes) out.close();
  return sent;
}
