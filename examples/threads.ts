/**
 * The logs of two servers, each read on a thread of its own: requests, failures and the 99th percentile of each page,
 * minute by minute.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { col, count, quantile, type Row, type Spec, tumbling, type WindowBatch, windowedWorker } from 'oriel';

const spec = {
  time: 'at',
  key: 'page',
  window: tumbling('1m'),
  aggregates: {
    requests: count(),
    failed: count().where(col('status').gte(500)),
    p99: quantile('ms', 0.99),
  },
} as const satisfies Spec;

const stream = await windowedWorker(spec);

// Both before the first thread starts: time then waits for the slower one.
const handles = [await stream.producer(), await stream.producer()];
for (const [server, handle] of handles.entries()) {
  // Plain JavaScript: on other threads Node 20 runs nothing else by itself.
  const thread = new Worker(new URL('./threads-producer.js', import.meta.url));
  thread.postMessage({ handle, server }, handle.transfer);
}

// Until both have closed; the stream itself is the third.
while ((await stream.stats()).producers > 1) {
  show(await stream.take());
  await sleep(10);
}
show(await stream.close());

function show(batch: WindowBatch<Row<typeof spec>>): void {
  for (const { start, page, requests, failed, p99 } of batch) {
    const time = new Date(start).toISOString().slice(11, 16);
    const counts = `${String(requests).padStart(7)} requests ${String(failed).padStart(5)} failed`;
    console.log(`${time}  ${String(page).padEnd(8)} ${counts} ${p99.toFixed().padStart(5)} ms`);
  }
}
