/**
 * CSV in, CSV out: visits and bytes of each user, minute by minute. Files may have any length: they are never held in
 * memory whole.
 *
 *   npm install oriel csv-parse csv-stringify tsx
 *   npx tsx csv.mts events.csv windows.csv
 *
 * It reads the columns `at`, `user` and `bytes`, by the names in the first line. `at` is milliseconds since the epoch,
 * or a date and time, which is local unless it names a zone.
 */

import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify';
import { count, sum, tumbling, windowed } from 'oriel';

const [input = 'events.csv', output = 'windows.csv'] = process.argv.slice(2);

const visits = windowed({
  time: 'at',
  key: 'user',
  window: tumbling('1m'),
  aggregates: { visits: count(), bytes: sum('bytes') },
  outOfOrder: '10s', // how far behind the newest line before it a line may be
});

await pipeline(
  createReadStream(input),
  parse({ columns: true, bom: true }),
  windows,
  stringify({ header: true, columns: ['start', 'end', 'user', 'visits', 'bytes'] }),
  createWriteStream(output),
);

const { events: read, late } = visits.stats();
console.log(`${read} events read, ${late} of them too late for their windows`);

async function* windows(lines: AsyncIterable<Record<string, string>>) {
  for await (const batch of visits.over(events(lines))) {
    for (const { start, end, ...rest } of batch) {
      yield { start: new Date(start).toISOString(), end: new Date(end).toISOString(), ...rest };
    }
  }
}

async function* events(lines: AsyncIterable<Record<string, string>>) {
  for await (const { at = '', user = '', bytes } of lines) {
    const time = /^\d+$/.test(at) ? Number(at) : Date.parse(at);
    yield { at: time, user, bytes: bytes ? Number(bytes) : null }; // what is not there is missing, and not 0
  }
}
