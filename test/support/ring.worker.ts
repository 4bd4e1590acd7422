/** The same as test/node/ring-threads.script.ts, for a page. */

import { ring } from '../../bindings/shared/ring';
import { type Job, run } from './ring-sides';

addEventListener('message', async ({ data }: MessageEvent<Job>) => {
  postMessage(await run(ring(data.handle), data));
});
