/** A thread that produces, and then posts its error, or an empty string. */

import { producer, ring } from 'oriel';
import { type Job, produce } from './program.js';
import { nodeThreads } from './threads.js';

const answer = (job: Job, say: (word: string) => void) =>
  produce({ producer, ring }, job).then(
    () => say(''),
    (error) => say(String(error)),
  );

if (typeof addEventListener === 'function' && typeof postMessage === 'function') {
  addEventListener('message', ({ data }) => answer(data, (word) => postMessage(word)));
} else {
  nodeThreads().then(({ parentPort }) => {
    parentPort?.on('message', (job) => answer(job, (word) => parentPort.postMessage(word)));
  });
}
