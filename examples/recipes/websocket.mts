/**
 * Windows over WebSocket: clients send trades, and subscribers get a candle of each symbol every ten seconds.
 *
 *   npm install oriel ws tsx
 *   npx tsx websocket.mts 8080 10s      # the port, and the size of the windows
 *   npx wscat -c ws://localhost:8080/windows
 *   npx wscat -c ws://localhost:8080/events -x '{"at": 1738324800000, "symbol": "ACME", "price": 12.5, "size": 100}'
 *
 * /windows sends results, a list of windows in each message. /events takes events, one or a list in each message.
 */

import type { AddressInfo } from 'node:net';
import { count, ohlc, sum, tumbling, weightedMean, windowed } from 'oriel';
import { type WebSocket, WebSocketServer } from 'ws';

const [port = '8080', size = '10s'] = process.argv.slice(2);
const MINUTE_MS = 60_000;
/** Who leaves more than this unread is let go. */
const MOST_UNREAD_BYTES = 4 << 20;

const trades = windowed({
  time: 'at',
  key: 'symbol',
  window: tumbling(size),
  aggregates: { price: ohlc('price'), vwap: weightedMean('price', 'size'), volume: sum('size'), trades: count() },
  outOfOrder: '2s', // some clients are slower than others
  idle: '2s', // and when all are silent, time goes on
  memory: { maximum: '256mb' },
});

const subscribers = new Set<WebSocket>();
const server = new WebSocketServer({ port: Number(port), maxPayload: 1 << 20 });

server.on('listening', () => console.log(`ws://localhost:${(server.address() as AddressInfo).port}`));
server.on('connection', (socket, { url }) => {
  socket.on('error', console.error);
  if (url === '/windows') {
    subscribers.add(socket);
    socket.on('close', () => subscribers.delete(socket));
  } else if (url === '/events') {
    socket.on('message', (data) => {
      try {
        take([JSON.parse(String(data))].flat());
      } catch (error) {
        socket.send(JSON.stringify({ error: (error as Error).message }));
      }
    });
  } else socket.close(1008, 'expected /events or /windows');
});

/** Takes all events of a message, or none of them. What one client gets wrong must not concern the others. */
function take(events: { at: number; symbol: string; price: number; size: number }[]): void {
  for (const event of events) {
    if (typeof event?.symbol !== 'string') throw new Error('symbol: expected a string');
    if (event.at > Date.now() + MINUTE_MS) throw new Error('at: it is more than a minute ahead of the clock');
  }
  trades.pushRows(events);
}

function publish(batch: ReturnType<typeof trades.take>): void {
  if (batch.length === 0) return;
  const message = JSON.stringify(batch.toArray());
  for (const subscriber of subscribers) {
    if (subscriber.bufferedAmount > MOST_UNREAD_BYTES) subscriber.terminate();
    else subscriber.send(message);
  }
}

const timer = setInterval(() => publish(trades.take()), 100);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    clearInterval(timer);
    publish(trades.close());
    const { events, late } = trades.stats();
    console.log(`${events} trades, ${late} of them late`);
    for (const client of server.clients) client.close(1001);
    server.close();
  });
}
