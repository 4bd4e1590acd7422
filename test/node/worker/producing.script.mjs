/** A thread that pushes events with string keys, in order and in batches of random sizes, to a stream in a worker. */

import { workerData } from 'node:worker_threads';
import { producer } from '../../../dist/index.js';

const { handle, events, seed } = workerData;
const out = producer(handle);
let state = seed + 1;
const random = (n) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state % n;
};
for (let i = 0; i < events; ) {
  const n = Math.min(1 + random(20_000), events - i);
  const t = Float64Array.from({ length: n }, (_, j) => i + j);
  const v = t;
  const k = Array.from(t, (at) => `key ${at % 101}`);
  for (let sent = 0; sent < n; ) {
    sent += out.pushColumns({ t, k, v }, sent);
    if (sent < n) await out.ready(1 + random(1000));
  }
  i += n;
}
out.close();
