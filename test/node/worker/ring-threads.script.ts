/** A thread that does one side of a ring after another and says how far it came. */

import { parentPort } from 'node:worker_threads';
import { ring } from '../../../bindings/shared/ring';
import { type Job, run } from '../../support/ring-sides';

parentPort?.on('message', async (job: Job | 'die') => {
  // Anything but an end of the ring: what it was asked to do comes to nothing.
  if (job === 'die') process.exit(1);
  parentPort?.postMessage(await run(ring(job.handle), job));
});
parentPort?.postMessage('ready');
