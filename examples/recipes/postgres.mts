/**
 * PostgreSQL in and out, exactly once: visits and bytes of each page, minute by minute. Kill it at any time and restart
 * it, or run it again when there are more events: it continues where it stopped, and the table of windows is right.
 *
 *   npm install oriel pg pg-cursor tsx
 *   DATABASE_URL=postgres://localhost/shop npx tsx postgres.mts
 *
 * It reads the table events (at timestamptz, page text, bytes float8), best with an index on at, and creates the tables
 * visits and progress. The windows may be of any kind on a grid of time: tumbling, hopping or cumulative.
 */

import { count, sum, tumbling, windowed } from 'oriel';
import pg from 'pg';
import Cursor from 'pg-cursor';

const BATCH = Number(process.env.BATCH ?? 1000);
const SIZE = 60_000;

const stream = windowed({
  time: 'at',
  key: 'page',
  window: tumbling(SIZE),
  aggregates: { visits: count(), bytes: sum('bytes') },
  outOfOrder: '1m', // how far behind the newest event in the table one may still be put there
});

// Without a URL it goes by PGHOST, PGDATABASE and so on.
const settings = { connectionString: process.env.DATABASE_URL };
const [reader, writer] = [new pg.Client(settings), new pg.Client(settings)];
await Promise.all([reader.connect(), writer.connect()]);

// One at a time: a second run waits here for the first.
await writer.query(`select pg_advisory_lock(hashtext('visits'))`);
await writer.query(`
  create table if not exists visits (
    window_start timestamptz, window_end timestamptz, page text, visits float8, bytes float8,
    primary key (window_start, window_end, page));
  create table if not exists progress (name text primary key, watermark float8)`);

// The windows that end by the watermark are done. In the others no event is older than it by their length or more.
const { rows } = await writer.query(`select watermark from progress where name = 'visits'`);
const done: number = rows[0]?.watermark ?? Number.NEGATIVE_INFINITY;
if (rows.length > 0) stream.advance(done);

const events = reader.query(
  new Cursor<{ at: number; page: string; bytes: number | null }>(
    `select (extract(epoch from at) * 1000)::float8 as at, page, bytes from events
    where at > to_timestamp($1::float8 / 1000) order by at`,
    [done - SIZE],
  ),
);
let written = 0;
for (let batch = await events.read(BATCH); batch.length > 0; batch = await events.read(BATCH)) {
  stream.pushRows(batch);
  await write(stream.take(), stream.stats().watermark);
}
// Windows that are not over are written as they are now. The next run writes them again, with what has come by then.
const { watermark } = stream.stats();
await write(stream.close(), watermark);
await Promise.all([reader.end(), writer.end()]);
console.log(`${stream.stats().events} events read, ${written} windows written`);

/** Windows and how far they go, in one transaction: the table has both or neither. */
async function write({ length, columns }: ReturnType<typeof stream.take>, watermark: number) {
  if (length === 0) return;
  const { start, end, page, visits, bytes } = columns;
  await writer.query('begin');
  await writer.query(
    `insert into visits
    select to_timestamp(s / 1000), to_timestamp(e / 1000), p, v, b
    from unnest($1::float8[], $2::float8[], $3::text[], $4::float8[], $5::float8[]) as _ (s, e, p, v, b)
    on conflict (window_start, window_end, page) do update set visits = excluded.visits, bytes = excluded.bytes`,
    [[...start], [...end], page, [...visits], [...bytes]],
  );
  await writer.query(
    `insert into progress values ('visits', $1) on conflict (name) do update set watermark = excluded.watermark`,
    [watermark],
  );
  await writer.query('commit');
  written += length;
}
