/** Runs one side of a ring in a page's worker, as test/node/worker/ring-threads.script.ts does in a Node thread. */

import { ring } from '../../bindings/shared/ring';
import { type Job, run } from './ring-sides';

addEventListener('message', async ({ data }: MessageEvent<Job>) => {
  postMessage(await run(ring(data.handle), data));
});
