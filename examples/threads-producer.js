/** Reads the log of one server, made up here, and gives what is in it to the stream: a thread of threads.ts. */

import { parentPort } from 'node:worker_threads';
import { producer } from 'oriel';

const PAGES = ['/', '/search', '/cart', '/login'];
const MINUTES = 10;
const REQUESTS = 10_000;

parentPort?.once('message', async ({ handle, server }) => {
  const requests = producer(handle);
  for (let minute = 0; minute < MINUTES; minute++) {
    const events = Array.from(log(server, minute), parse);
    for (let n = 0; n < events.length; ) {
      n += requests.pushRows(events, n);
      if (n < events.length) await requests.ready();
    }
  }
  requests.close();
});

function parse(line) {
  const [at, page, status, ms] = line.split(' ');
  return { at: Date.parse(at), page, status: Number(status), ms: Number(ms) };
}

/** The lines of one minute: at 18:03 the second server has a bad time. */
function* log(server, minute) {
  let seed = 1 + server + 2 * minute;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  const isBad = server === 1 && minute === 3;
  for (let i = 0; i < REQUESTS; i++) {
    const at = new Date(Date.UTC(2026, 0, 1, 18, minute) + (i * 60_000) / REQUESTS);
    const page = PAGES[Math.floor(random() ** 2 * PAGES.length)];
    const status = random() < (isBad ? 0.2 : 0.001) ? 503 : 200;
    const ms = (isBad ? 80 : 20) / (0.01 + random());
    yield `${at.toISOString()} ${page} ${status} ${ms.toFixed(1)}`;
  }
}
