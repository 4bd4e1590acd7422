/**
 * The load of a web server, minute by minute: requests, bytes, failures and the most requested paths. It reads access
 * logs in the common or combined format, which Apache, nginx, Caddy and many others write.
 *
 *   npm install oriel tsx
 *   npx tsx access-log.mts access.log
 *   tail -F access.log | npx tsx access-log.mts
 *   zcat $(ls -tr access.log.*.gz) | npx tsx access-log.mts      # oldest first
 */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { col, count, sum, text, topK, tumbling, windowed } from 'oriel';

const [file] = process.argv.slice(2);

// The host, who asked, [when], "what was asked", status and bytes; what else there may be is not looked at.
const LINE = /^\S+ .*?\[(\d\d)\/(\w{3})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)/;

function parse(line: string) {
  const [, day, month, year, time, zone, request = '', status, bytes] = LINE.exec(line) ?? [];
  const at = Date.parse(`${day} ${month} ${year} ${time} ${zone}`);
  if (Number.isNaN(at)) return undefined;
  // Without what was asked of the path; some of what comes to a server is not HTTP.
  const path = /^[A-Z]+ ([^ ?]+)/.exec(request)?.[1] ?? '-';
  return { at, path, status: Number(status), bytes: bytes === '-' ? 0 : Number(bytes) };
}

const traffic = windowed({
  time: 'at',
  window: tumbling('1m'),
  aggregates: {
    requests: count(),
    bytes: sum('bytes'),
    failed: count().where(col('status').gte(500)),
    // More than are shown, as counts are exact for up to eight times as many paths in a minute, and bounds beyond.
    paths: topK(text('path'), 100),
  },
  outOfOrder: '10s', // servers write a line when a request is done, and some put down when it came
  idle: '10s', // of `tail -F`: when nobody comes, time goes on
});

let bad = 0;

async function* requests() {
  const lines = createInterface({ input: file ? createReadStream(file) : process.stdin });
  // No more lines then: what is open is shown as it is.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => lines.close());
  for await (const line of lines) {
    const request = parse(line);
    if (request) yield request;
    else bad++;
  }
}

for await (const batch of traffic.over(requests())) {
  for (const { start, requests, bytes, failed, paths } of batch) {
    const most = paths.slice(0, 5).map(({ value, count, error }) => `${value} ${error ? '≤ ' : ''}${count}`);
    const minute = new Date(start).toISOString().slice(0, 16);
    console.log(`${minute}  ${requests} requests  ${bytes} bytes  ${failed} failed  ${most.join('  ')}`);
  }
}

const { events, late } = traffic.stats();
console.error(`${events} requests, ${late} of them too late for their windows; ${bad} bad lines`);
