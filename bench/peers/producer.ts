/** A thread that produces the events of each job it is sent. */

import { parentPort } from 'node:worker_threads';
import { type Job, produce } from './threads';

parentPort?.on('message', (job: Job | number) => {
  if (typeof job === 'object' && parentPort) produce(job, parentPort);
});
parentPort?.postMessage('up');
