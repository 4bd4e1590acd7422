/**
 * A Prometheus endpoint that reports what counters and buckets cannot: for each route the 99th percentile of the last
 * minute, within 1 %, beside the requests and failures of that minute, at the time of the scrape.
 *
 *   npm install oriel prom-client tsx
 *   npx tsx prometheus.mts 8080 60      # the port, and the window in seconds
 *   curl 'localhost:8080/hello' 'localhost:8080/wait?ms=50' 'localhost:8080/metrics'
 */

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { col, count, hopping, quantile, windowed } from 'oriel';
import { Gauge, Registry } from 'prom-client';

const [port = '8080', given = '60'] = process.argv.slice(2);
const seconds = Number(given);

const requests = windowed({
  // Without `time`: a request is of the moment at which it is done.
  key: 'route',
  window: hopping(1000 * seconds, (1000 * seconds) / 60),
  aggregates: { done: count(), failed: count().where(col('status').gte(500)), p99: quantile('ms', 0.99) },
});

/** Others share a name: one for every path that clients can think of would be keys and labels without end. */
const ROUTES = ['/hello', '/wait', '/fail'];
const OTHER = 'other';

/** The application; yours goes here. */
async function answer(path: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
  if (path === '/wait') await sleep(Number(query.get('ms') ?? 20));
  if (path === '/fail') response.statusCode = 500;
  else if (!ROUTES.includes(path)) response.statusCode = 404;
  response.end(`${response.statusCode}\n`);
}

const register = new Registry();

function gauge(name: string, help: string, value: (now: ReturnType<typeof requests.query>) => number): void {
  new Gauge({
    name,
    help,
    labelNames: ['route'],
    registers: [register],
    collect() {
      this.reset();
      for (const route of [...ROUTES, OTHER]) {
        const now = requests.query(route);
        if (now.done > 0) this.set({ route }, value(now));
      }
    },
  });
}

gauge('http_requests_per_second', `Requests in ${seconds} s`, ({ done }) => done / seconds);
gauge('http_failures_per_second', `Answers of 500 and above in ${seconds} s`, ({ failed }) => failed / seconds);
gauge('http_request_duration_p99_seconds', `99th percentile in ${seconds} s`, ({ p99 }) => p99 / 1000);

const server = createServer(async ({ url = '/' }, response) => {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  if (pathname === '/metrics') {
    response.setHeader('content-type', register.contentType).end(await register.metrics());
    return;
  }
  const begun = performance.now();
  const route = ROUTES.includes(pathname) ? pathname : OTHER;
  response.once('close', () => {
    requests.push({ route, status: response.statusCode, ms: performance.now() - begun });
    requests.take(); // nobody waits for windows here, but they would pile up
  });
  await answer(pathname, searchParams, response);
});
server.listen(Number(port), () => console.log(`http://localhost:${(server.address() as AddressInfo).port}`));

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close());
