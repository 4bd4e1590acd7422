/**
 * Lines of JSON in, lines of JSON out: requests, failures and the 99th percentile of each page over five minutes, every
 * minute.
 *
 *   npm install oriel tsx
 *   npx tsx ndjson.mts < requests.ndjson > windows.ndjson
 *   tail -F requests.ndjson | npx tsx ndjson.mts
 *
 * A line is {"at": "2025-01-31T12:00:00.250Z", "page": "/", "status": 200, "ms": 12.5}. `at` may also be milliseconds
 * since the epoch.
 */

import { pipeline } from 'node:stream/promises';
import { col, count, hopping, quantile, windowed } from 'oriel';

const requests = windowed({
  time: 'at',
  key: 'page',
  window: hopping('5m', '1m'),
  aggregates: {
    requests: count(),
    failed: count().where(col('status').gte(500)),
    p99: quantile('ms', 0.99),
  },
  outOfOrder: '10s', // how far behind the newest line before it a line may be
});

// Ctrl-C is for `tail`, too. When that has ended, so has the input, and what is open is written.
process.once('SIGINT', () => {});

let bad = 0;

await pipeline(process.stdin.setEncoding('utf8'), windows, process.stdout);

const { events: read, late } = requests.stats();
console.error(`${read} events read, ${late} of them too late for their windows; ${bad} bad lines`);

async function* windows(text: AsyncIterable<string>) {
  for await (const batch of requests.over(events(text))) {
    for (const { start, end, ...rest } of batch) {
      yield `${JSON.stringify({ start: new Date(start), end: new Date(end), ...rest })}\n`;
    }
  }
}

/** All events of the lines that came at once. */
async function* events(text: AsyncIterable<string>) {
  let rest = '';
  for await (const piece of text) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield lines.flatMap(eventsOf);
  }
  yield eventsOf(rest);
}

/** The event of a line, if it is one; yours will be made of something else. */
function eventsOf(line: string) {
  if (line.trim() === '') return [];
  try {
    const { at, page, status, ms } = JSON.parse(line);
    const time = typeof at === 'number' ? at : Date.parse(at);
    if (![time, status, ms].every(Number.isFinite) || typeof page !== 'string') throw new TypeError('not a request');
    return [{ at: time, page, status, ms }];
  } catch {
    bad++;
    return [];
  }
}
