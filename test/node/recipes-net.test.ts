/** Recipes of the network, run as they are, with real clients and servers at their other ends. */

import { on, once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { serve } from './recipe-run';

/** The values of lists that come one after another, at least n of them or all there are. */
async function first<T>(n: number, lists: AsyncIterator<T[]>): Promise<T[]> {
  const values: T[] = [];
  while (values.length < n) {
    const { done, value } = await lists.next();
    if (done) break;
    values.push(...value);
  }
  return values;
}

const T0 = Date.UTC(2024, 0, 31, 23, 59);
const HOUR = 3_600_000;

/** A connection, with the messages that come, to be read one after another. */
async function connect(url: string) {
  const socket = new WebSocket(url);
  onTestFinished(() => socket.terminate());
  const closed = once(socket, 'close') as Promise<[code: number]>;
  const received = on(socket, 'message', { close: ['close'] });
  async function* messages() {
    for await (const [data] of received) yield JSON.parse(String(data));
  }
  await once(socket, 'open');
  const send = (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  return { socket, closed, send, messages: messages() };
}

test('WebSocket: trades of several clients become candles for every subscriber', async () => {
  const program = await serve('websocket.ts');
  const [one, other] = [await connect(`${program.url}/windows`), await connect(`${program.url}/windows`)];
  const [ada, bob] = [await connect(`${program.url}/events`), await connect(`${program.url}/events`)];
  ada.send([
    { at: T0 + 7000, symbol: 'ACME', price: 12, size: 100 },
    { at: T0 + 6000, symbol: 'ACME', price: 15, size: 300 },
    { at: T0 + 7000, symbol: 'INIT', price: 2, size: 10 },
    { at: T0 + 7000, symbol: 'ACME', price: 9 },
  ]);
  // What was sent before a ping has been taken when its pong is there.
  ada.socket.ping();
  await once(ada.socket, 'pong');
  bob.send({ at: T0 + HOUR, symbol: 'ACME', price: 20, size: 5 });
  bob.send({ at: T0, symbol: 'ACME', price: 1, size: 1 });
  const candle = (open: number, high: number, low: number, close: number) => ({ open, high, low, close });
  const candles = [
    { symbol: 'ACME', price: candle(15, 15, 9, 9), vwap: 14.25, volume: 400, trades: 3 },
    { symbol: 'INIT', price: candle(2, 2, 2, 2), vwap: 2, volume: 10, trades: 1 },
  ].map((row) => ({ start: T0, end: T0 + 10_000, ...row }));
  expect(await first(2, one.messages)).toEqual(candles);
  expect(await first(2, other.messages)).toEqual(candles);

  bob.socket.ping();
  await once(bob.socket, 'pong');
  expect(await program.end('SIGTERM')).toEqual({ code: 0, rest: ['6 trades, 1 of them late'] });
  const last = { symbol: 'ACME', price: candle(20, 20, 20, 20), vwap: 20, volume: 5, trades: 1 };
  for (const { messages, closed } of [one, other]) {
    expect(await first(9, messages)).toEqual([{ start: T0 + HOUR, end: T0 + HOUR + 10_000, ...last }]);
    expect((await closed)[0]).toBe(1001);
  }
});

test('WebSocket: a message that is wrong is refused whole, and nobody else is troubled', async () => {
  const program = await serve('websocket.ts');
  const { send, messages } = await connect(`${program.url}/events`);
  const good = { at: T0, symbol: 'ACME', price: 1, size: 1 };
  for (const [wrong, reason] of [
    ['{"at": ', 'JSON'],
    ['null', 'symbol'],
    [[good, { ...good, symbol: 5 }], 'symbol'],
    [[good, { ...good, price: 'much' }], 'price'],
    [[good, { ...good, at: 'today' }], 'at'],
    [[good, { ...good, at: Date.now() + HOUR }], 'ahead of the clock'],
  ] as const) {
    send(wrong);
    expect((await messages.next()).value.error).toContain(reason);
  }
  const lost = await connect(`${program.url}/elsewhere`);
  expect((await lost.closed)[0]).toBe(1008);
  // More than a message may be: the client is at fault, and is let go alone.
  const glutton = await connect(`${program.url}/events`);
  glutton.send('x'.repeat(2 << 20));
  expect((await glutton.closed)[0]).toBe(1009);
  send(good);
  expect(await program.end('SIGTERM')).toEqual({ code: 0, rest: ['1 trades, 0 of them late'] });
});

test('WebSocket: when everybody is silent windows fire all the same', async () => {
  const program = await serve('websocket.ts', '1s');
  const subscriber = await connect(`${program.url}/windows`);
  const { send } = await connect(`${program.url}/events`);
  send({ at: T0, symbol: 'ACME', price: 1, size: 1 });
  expect(await first(1, subscriber.messages)).toMatchObject([{ start: T0, end: T0 + 1000, trades: 1 }]);
});

test('WebSocket: who does not read is let go, and who does has everything', async () => {
  const program = await serve('websocket.ts');
  const [reader, sleeper] = [await connect(`${program.url}/windows`), await connect(`${program.url}/windows`)];
  const { send } = await connect(`${program.url}/events`);
  sleeper.socket.pause();
  const symbols = Array.from({ length: 4 }, (_, i) => String(i).repeat(250_000));
  // In all, three times what may wait here and, in the systems' buffers, on the way.
  for (let i = 0; i < 40; i++) {
    send(symbols.map((symbol) => ({ at: T0 + i * HOUR, symbol, price: 1, size: 1 })));
    if (i > 0) expect(await first(4, reader.messages)).toMatchObject(symbols.map((symbol) => ({ symbol, trades: 1 })));
  }
  sleeper.socket.resume();
  expect((await sleeper.closed)[0]).toBe(1006);
  await program.end('SIGTERM');
  expect(await first(9, reader.messages)).toHaveLength(4);
});
