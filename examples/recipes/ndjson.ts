/**
 * Lines of JSON in, lines of JSON out: requests, failures and the slowest percent of each page, over five minutes, every minute.
 *
 *     npm install oriel
 *     npx tsx ndjson.ts < requests.ndjson > windows.ndjson
 *
 * A line is {"at": "2025-01-31T12:00:00.250Z", "page": "/", "status": 200, "ms": 12.5}; `at` may be milliseconds as well. So a log can be
 * followed as it grows: tail -f requests.ndjson | npx tsx ndjson.ts
 */

import { pipeline } from 'node:stream/promises';
import { col, count, hopping, quantile, windowed } from 'oriel';

interface Request {
  at: string | number;
  page: string;
  status: number;
  ms: number;
}

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

await pipeline(
  process.stdin.setEncoding('utf8'),
  async function* (text: AsyncIterable<string>) {
    for await (const batch of requests.over(events(text))) {
      for (const { start, end, ...rest } of batch) {
        yield `${JSON.stringify({ start: new Date(start), end: new Date(end), ...rest })}\n`;
      }
    }
  },
  process.stdout,
);

const { events: read, late } = requests.stats();
console.error(`${read} events read, ${late} of them too late for their windows`);

/** All events of the lines that came at once. */
async function* events(text: AsyncIterable<string>) {
  let rest = '';
  for await (const piece of text) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() as string;
    yield lines.filter(isEvent).map(eventOf);
  }
  if (isEvent(rest)) yield [eventOf(rest)];
}

function isEvent(line: string): boolean {
  return line.trim() !== '';
}

function eventOf(line: string): Request & { at: number } {
  const request: Request = JSON.parse(line);
  return { ...request, at: new Date(request.at).getTime() };
}
