/**
 * A Redis stream in, another out, exactly once: visits and bytes of each page over a minute, every ten seconds, as they
 * come. Kill it at any time and restart it: events are acknowledged in the transaction that writes their windows, and
 * events that were not acknowledged are read again.
 *
 *   npm install oriel @redis/client tsx
 *   REDIS_URL=redis://localhost npx tsx redis.mts
 *   redis-cli XADD events '*' at 1738324800000 page / bytes 512      # at is in milliseconds since the epoch
 *   redis-cli XREAD BLOCK 0 STREAMS visits '$'
 *
 * Run only one at a time, and trim the stream of events only as far as it is acknowledged: XPENDING events visits says
 * how far that is.
 */

import { createClient } from '@redis/client';
import { count, hopping, sum, windowed } from 'oriel';

const SIZE = 60_000;
const EVERY = 10_000;

const stream = windowed({
  time: 'at',
  key: 'page',
  window: hopping(SIZE, EVERY),
  aggregates: { visits: count(), bytes: sum('bytes') },
  outOfOrder: '10s', // how far behind the newest event one may come
  onLate: (late) => console.error(`${late.length} events came too late for their windows`),
});

const redis = await createClient({ url: process.env.REDIS_URL }).connect();
await redis.xGroupCreate('events', 'visits', '0', { MKSTREAM: true }).catch((error: Error) => {
  if (!error.message.startsWith('BUSYGROUP')) throw error; // it is there from the last time
});

// The windows that end by the watermark are out, and stay as they are.
const watermark = await redis.get('visits:watermark');
if (watermark !== null) stream.advance(Number(watermark));

// Entries that are not acknowledged, by the end of the last window that holds them.
const held = new Map<number, string[]>();

// At first, from 0 on, what was read before and not acknowledged; then what is new.
for (let from = '0'; ; ) {
  const reply = await redis.xReadGroup('visits', 'one', { key: 'events', id: from }, { COUNT: 1000, BLOCK: 10_000 });
  const entries: { id: string; message: Record<string, string> }[] = reply?.[0]?.messages ?? [];
  if (from !== '>') from = entries.at(-1)?.id ?? '>';
  for (const { id, message } of entries) {
    const { at = '', page, bytes } = message;
    if (!/^\d{1,15}$/.test(at) || page === undefined) {
      console.error(`entry ${id} is no event`);
      await redis.xAck('events', 'visits', id);
      continue;
    }
    const time = Number(at);
    stream.push({ at: time, page, bytes: bytes ? Number(bytes) : null });
    const end = Math.floor(time / EVERY) * EVERY + SIZE;
    if (!held.get(end)?.push(id)) held.set(end, [id]);
  }
  await write();
}

/** Windows, how far they go and what need not come again, in one transaction. */
async function write() {
  const { watermark } = stream.stats();
  const ends = [...held.keys()].filter((end) => end <= watermark);
  const windows = stream.take();
  if (windows.length + ends.length === 0) return;
  const transaction = redis.multi().set('visits:watermark', `${watermark}`);
  for (const { start, end, page, visits, bytes } of windows) {
    transaction.xAdd('visits', '*', {
      start: `${start}`,
      end: `${end}`,
      page: `${page}`,
      visits: `${visits}`,
      bytes: `${bytes}`,
    });
  }
  for (const end of ends) {
    const ids = held.get(end) ?? [];
    for (let i = 0; i < ids.length; i += 1000) transaction.xAck('events', 'visits', ids.slice(i, i + 1000));
    held.delete(end);
  }
  await transaction.exec();
}
