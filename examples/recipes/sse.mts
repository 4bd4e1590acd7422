/**
 * Server-sent events, in and out: it reads the changes to all Wikimedia wikis as they are made, and sends every
 * listener the results for each wiki, every ten seconds.
 *
 *   npm install oriel eventsource-parser tsx
 *   npx tsx sse.mts 8080      # the port, and optionally another source
 *   curl -N http://localhost:8080
 *
 * A page listens with new EventSource('http://localhost:8080').
 */

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { col, count, distinct, sum, text, tumbling, windowed } from 'oriel';

const [port = '8080', source = 'https://stream.wikimedia.org/v2/stream/recentchange'] = process.argv.slice(2);
/** Who leaves more than this unread is let go. */
const MOST_UNREAD_BYTES = 4 << 20;

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

const changes = windowed({
  time: 'at',
  key: 'wiki',
  window: tumbling('10s'),
  aggregates: {
    changes: count(),
    byBots: count().where(col('bot').eq(1)),
    users: distinct(text('user')),
    grownBytes: sum('grownBytes'),
  },
  outOfOrder: '5s',
  idle: '5s',
});

let bad = 0;

/** The events of a message; yours will be made of something else. */
function eventsOf(message: string) {
  try {
    const { meta, wiki, user, bot, length } = JSON.parse(message);
    if (meta.domain === 'canary') return []; // sent for the sake of sending something
    const at = Date.parse(meta.dt);
    if (Number.isNaN(at) || typeof wiki !== 'string') throw new TypeError('not a change');
    return [{ at, wiki, user: String(user), bot: Number(bot), grownBytes: length?.new - (length?.old ?? 0) }];
  } catch {
    bad++;
    return [];
  }
}

/** Reads on where it was, whenever the source breaks off. */
async function* read() {
  const { signal } = stop;
  const headers: Record<string, string> = { accept: 'text/event-stream', 'user-agent': 'oriel-recipe' };
  let pauseMs = 3000;
  while (!signal.aborted) {
    try {
      const response = await fetch(source, { headers, signal });
      if (response.status === 204) return; // which is to say that there will be no more
      if (!response.ok || !response.body) throw new Error(`${source}: ${response.status} ${response.statusText}`);
      const parser = new EventSourceParserStream({ onRetry: (ms) => (pauseMs = ms) });
      const messages = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(parser);
      for await (const { id, data } of messages) {
        if (id !== undefined) headers['last-event-id'] = id;
        yield* eventsOf(data);
      }
    } catch (error) {
      if (!signal.aborted) console.error(String((error as Error).cause ?? error));
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

const listeners = new Set<ServerResponse>();
const server = createServer((_, response) => {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'access-control-allow-origin': '*',
    connection: 'close',
  });
  response.flushHeaders();
  listeners.add(response);
  response.on('close', () => listeners.delete(response));
});
server.listen(Number(port), () => console.log(`http://localhost:${(server.address() as AddressInfo).port}`));

for await (const batch of changes.over(read())) {
  const messages = batch.toArray().map((row) => `data: ${JSON.stringify(row)}\n\n`);
  for (const listener of listeners) {
    if (listener.writableLength > MOST_UNREAD_BYTES) listener.destroy();
    else listener.write(messages.join(''));
  }
}

server.close();
await Promise.all([...listeners].map((listener) => finished(listener.end()))).catch(console.error);
server.closeAllConnections(); // of those who have asked for nothing yet
const { events, late } = changes.stats();
console.log(`${events} changes, ${late} of them late; ${bad} bad messages`);
