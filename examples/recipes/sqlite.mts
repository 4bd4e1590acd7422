/**
 * SQLite in and out, exactly once: visits and bytes of each page, minute by minute. Kill it at any time and restart it,
 * or run it again when there are more events: it continues where it stopped, and the table of windows is right. Events
 * may be added while it runs.
 *
 *   npm install oriel libsql tsx
 *   npx tsx sqlite.mts shop.db
 *
 * From Node 22.13 on you need no package: import { DatabaseSync as Database } from 'node:sqlite'. better-sqlite3 works
 * as well.
 *
 * It reads the table events (at integer, in milliseconds since the epoch, page text, bytes real), best with an index on
 * at, and creates the tables visits and progress. The windows may be of any kind on a grid of time: tumbling, hopping
 * or cumulative.
 */

import Database from 'libsql';
import { count, sum, tumbling, windowed } from 'oriel';

const [file = 'events.db'] = process.argv.slice(2);
const BATCH = Number(process.env.BATCH ?? 1000);
const SIZE = 60_000;

interface Event {
  id: number;
  at: number;
  page: string;
  bytes: number | null;
}

interface Progress {
  watermark: number;
}

const stream = windowed({
  time: 'at',
  key: 'page',
  window: tumbling(SIZE),
  aggregates: { visits: count(), bytes: sum('bytes') },
  outOfOrder: '1m', // how far behind the newest event in the table one may still be put there
});

const db = new Database(file);
db.exec(`
  pragma busy_timeout = 10000;
  create table if not exists visits (
    start integer, "end" integer, page text, visits integer, bytes real, primary key (start, "end", page));
  create table if not exists progress (name text primary key, watermark real)`);

// The windows that end by the watermark are done. In the others no event is older than it by their length or more.
const progress = db.prepare(`select watermark from progress where name = 'visits'`).get() as Progress | undefined;
const done = progress?.watermark ?? Number.NEGATIVE_INFINITY;
if (progress) stream.advance(done);

// What comes while this runs is for the next run: it may be behind what has been read.
const { newest } = db.prepare('select max(at) as newest from events').get() as { newest: number | null };
const events = db.prepare(`
  select rowid as id, at, page, bytes from events where (at, rowid) > (?, ?) and at <= ? order by at, rowid limit ?`);
let written = 0;
let last: Pick<Event, 'at' | 'id'> | undefined = { at: done - SIZE, id: 0 };
while (last) {
  const batch = events.all(last.at, last.id, newest, BATCH) as Event[];
  stream.pushRows(batch);
  write(stream.take(), stream.stats().watermark);
  last = batch.at(-1);
}
// Windows that are not over are written as they are now. The next run writes them again, with what has come by then.
const { watermark } = stream.stats();
write(stream.close(), watermark);
db.close();
console.log(`${stream.stats().events} events read, ${written} windows written`);

/** Windows and how far they go, in one transaction: the file has both or neither. */
function write(windows: ReturnType<typeof stream.take>, watermark: number) {
  if (windows.length === 0) return;
  const put = db.prepare('insert or replace into visits values (?, ?, ?, ?, ?)');
  db.exec('begin immediate');
  for (const { start, end, page, visits, bytes } of windows) put.run(start, end, page, visits, bytes);
  db.prepare(`insert or replace into progress values ('visits', ?)`).run(watermark);
  db.exec('commit');
  written += windows.length;
}
