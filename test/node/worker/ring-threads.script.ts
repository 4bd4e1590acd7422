/** A thread that runs one side of a ring after another, and answers each with the number of events it has counted. */

import { parentPort } from 'node:worker_threads';
import { ring } from '../../../bindings/shared/ring';
import { type Job, run } from '../../support/ring-sides';

parentPort?.on('message', async (job: Job | 'die') => {
  // The thread dies without ending the ring.
  if (job === 'die') process.exit(1);
  parentPort?.postMessage(await run(ring(job.handle), job));
});
parentPort?.postMessage('ready');
