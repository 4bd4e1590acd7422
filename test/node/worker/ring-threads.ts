/** Threads of Node that each take one side of a ring. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ring } from '../../../bindings';
import { type Job, SCHEMA } from '../../support/ring-sides';

/** A thread loads no TypeScript unless its script registers a loader. */
const SCRIPT = `import('tsx/esm/api').then(({ register }) => {
  register();
  return import(${JSON.stringify(new URL('./ring-threads.script.ts', import.meta.url).href)});
})`;

/** Starts a thread and waits until it runs, because it cannot start while this thread blocks. */
export async function worker(): Promise<Worker> {
  const made = new Worker(SCRIPT, { eval: true });
  await once(made, 'message');
  return made;
}

/** Runs a side of a ring on a thread, and gives how many events it has written or read. */
export async function runOn(thread: Worker, job: Job): Promise<number> {
  const done = once(thread, 'message');
  thread.postMessage(job);
  return (await done)[0];
}

export type Waits = Job['waits'];

/** Runs both sides of a ring of its own, each on a thread, and gives how many events each has counted. */
export function countsOf(
  [first, second]: [Worker, Worker],
  capacity: number,
  events: number,
  producerWaits: Waits,
  consumerWaits: Waits,
): Promise<number[]> {
  const { handle } = ring(SCHEMA, capacity);
  const job = { handle, events, seed: capacity };
  return Promise.all([
    runOn(first, { ...job, side: 'producer', waits: producerWaits }),
    runOn(second, { ...job, side: 'consumer', waits: consumerWaits }),
  ]);
}
