/** Catches recipes of the network that lose, double or hold back windows between real clients and servers. */

import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { appendFile, rename, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { directory, listen, serve, start } from './recipes';

/** Collects the values of lists that come one after another: at least n of them, or all there are. */
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

/** Opens a connection whose messages are read one after another. */
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

test('WebSocket: every subscriber gets candles of the trades of all clients', async () => {
  const program = await serve('websocket.mts');
  const [one, other] = [await connect(`${program.url}/windows`), await connect(`${program.url}/windows`)];
  const [ada, bob] = [await connect(`${program.url}/events`), await connect(`${program.url}/events`)];
  ada.send([
    { at: T0 + 7000, symbol: 'ACME', price: 12, size: 100 },
    { at: T0 + 6000, symbol: 'ACME', price: 15, size: 300 },
    { at: T0 + 7000, symbol: 'INIT', price: 2, size: 10 },
    { at: T0 + 7000, symbol: 'ACME', price: 9 },
  ]);
  // When the pong comes, all that was sent before the ping has been taken.
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

test('WebSocket: a wrong message is refused whole, and other clients go on', async () => {
  const program = await serve('websocket.mts');
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
  // The message is longer than allowed, so its client alone is disconnected.
  const glutton = await connect(`${program.url}/events`);
  glutton.send('x'.repeat(2 << 20));
  expect((await glutton.closed)[0]).toBe(1009);
  send(good);
  expect(await program.end('SIGTERM')).toEqual({ code: 0, rest: ['1 trades, 0 of them late'] });
});

test('WebSocket: windows fire while all clients are silent', async () => {
  const program = await serve('websocket.mts', '1s');
  const subscriber = await connect(`${program.url}/windows`);
  const { send } = await connect(`${program.url}/events`);
  send({ at: T0, symbol: 'ACME', price: 1, size: 1 });
  expect(await first(1, subscriber.messages)).toMatchObject([{ start: T0, end: T0 + 1000, trades: 1 }]);
});

test('WebSocket: a subscriber that does not read is disconnected, and one that reads gets everything', async () => {
  const program = await serve('websocket.mts');
  const [reader, sleeper] = [await connect(`${program.url}/windows`), await connect(`${program.url}/windows`)];
  const { send } = await connect(`${program.url}/events`);
  sleeper.socket.pause();
  const symbols = Array.from({ length: 4 }, (_, i) => String(i).repeat(250_000));
  // All messages are three times as long as what may wait here and in the buffers of the system.
  for (let i = 0; i < 40; i++) {
    send(symbols.map((symbol) => ({ at: T0 + i * HOUR, symbol, price: 1, size: 1 })));
    if (i > 0) expect(await first(4, reader.messages)).toMatchObject(symbols.map((symbol) => ({ symbol, trades: 1 })));
  }
  sleeper.socket.resume();
  expect((await sleeper.closed)[0]).toBe(1006);
  await program.end('SIGTERM');
  expect(await first(9, reader.messages)).toHaveLength(4);
});

/** A line of an access log in the common format. */
function logged(clock: string, request = 'GET / HTTP/1.1', status = 200, bytes: number | '-' = 100): string {
  return `203.0.113.9 - - [31/Jan/2024:${clock} +0000] "${request}" ${status} ${bytes}\n`;
}

/** Writes a log in a directory of its own. */
async function fileOf(content: string): Promise<string> {
  const file = join(directory(), 'access.log');
  await writeFile(file, content);
  return file;
}

test('access log: minutes count the lines of any server, and lines that are none are counted apart', async () => {
  const file = await fileOf(
    [
      '2001:db8::1 - - [31/Jan/2024:23:58:00 +0000] "GET /shop?item=1 HTTP/2.0" 200 2326 ' +
        '"https://example.com/" "Mozilla/5.0"\n',
      '203.0.113.9 - john doe [01/Feb/2024:00:58:59 +0100] "GET /shop HTTP/1.1" 304 -\n',
      '198.51.100.7 - - [31/Jan/2024:23:58:30 +0000] "GET /shop HTTP/1.1" 200 5000000000 ' +
        '"-" "a \\"browser\\" [of] sorts"\n',
      logged('23:58:55', 'GET /quo\\"ted HTTP/1.1', 503, 10),
      logged('23:58:55', 'GET /quo\\"ted HTTP/1.1', 500, 10),
      'not a line of a log\n\n',
      logged('23:58:56', '\\x16\\x03\\x01', 400, 226).replace('Jan', 'Jam'),
      logged('23:59:01', '\\x16\\x03\\x01', 400, 226),
      logged('23:58:51', 'POST /form HTTP/1.1', 499, 0),
      logged('23:59:11', 'GET / HTTP/1.1', 200, 0),
      logged('23:58:59', 'GET /late HTTP/1.1', 500, 1),
      logged('23:59:12'),
    ].join(''),
  );
  const program = start('access-log.mts', [file]);
  expect(await program.end()).toEqual({
    code: 0,
    rest: [
      '2024-01-31T23:58  6 requests  5000002346 bytes  2 failed  /shop 3  /quo\\"ted 2  /form 1',
      '2024-01-31T23:59  3 requests  326 bytes  0 failed  / 2  - 1',
    ],
  });
  expect(await program.complaints).toBe('10 requests, 1 of them too late for their windows; 3 bad lines\n');
});

test('access log: a log is followed through its rotation, up to a signal', async () => {
  const file = await fileOf(logged('10:00:00'));
  const tail = spawn('tail', ['-n', '+1', '-F', file], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void tail.kill());
  const program = start('access-log.mts');
  tail.stdout.pipe(program.stdin);
  await appendFile(file, logged('10:00:59') + logged('10:01:30'));
  expect(await program.line()).toBe('2024-01-31T10:00  2 requests  200 bytes  0 failed  / 2');
  await rename(file, `${file}.1`);
  await writeFile(file, logged('10:01:59') + logged('10:05:00', 'GET /new HTTP/1.1', 502, 7));
  expect(await program.line()).toBe('2024-01-31T10:01  2 requests  200 bytes  0 failed  / 2');
  const rest = ['2024-01-31T10:05  1 requests  7 bytes  1 failed  /new 1'];
  expect(await program.end('SIGTERM')).toEqual({ code: 0, rest });
  expect(await program.complaints).toBe('5 requests, 0 of them too late for their windows; 0 bad lines\n');
});

const WIKIS = ['enwiki', 'frwiki'];

/** The message of Wikimedia of the nth second. */
function change(n: number): string {
  const change = {
    meta: { dt: new Date(T0 + n * 1000).toISOString(), domain: 'wiki.example' },
    wiki: WIKIS[n % 2],
    user: `user ${n % 3}`,
    bot: n % 5 === 0,
    ...(n % 4 !== 0 && { length: { new: 100 + n, ...(n % 7 !== 0 && { old: 100 }) } }),
  };
  return `id: [${n}]\nevent: message\ndata: ${JSON.stringify(change)}\n\n`;
}

/** The windows that hold the changes of these seconds. */
function windowsOf(seconds: number[]) {
  const starts = [...new Set(seconds.map((n) => n - (n % 10)))];
  return starts.flatMap((from) =>
    [...new Set(seconds.map((n) => n % 2))].flatMap((parity) => {
      const held = seconds.filter((n) => n - (n % 10) === from && n % 2 === parity);
      const grown = held.filter((n) => n % 4 !== 0).map((n) => (n % 7 !== 0 ? n : 100 + n));
      const row = {
        start: T0 + from * 1000,
        end: T0 + from * 1000 + 10_000,
        wiki: WIKIS[parity],
        changes: held.length,
        byBots: held.filter((n) => n % 5 === 0).length,
        users: new Set(held.map((n) => n % 3)).size,
        grownBytes: grown.length > 0 ? grown.reduce((sum, n) => sum + n, 0) : null,
      };
      return held.length > 0 ? [row] : [];
    }),
  );
}

/** Listens to the messages that come from now on, each as a list of one. */
async function hear(url: string) {
  const { body, headers } = await fetch(url);
  expect(headers.get('content-type')).toBe('text/event-stream');
  const received = body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  async function* messages() {
    for await (const { data } of received ?? []) yield [JSON.parse(data)];
  }
  return messages();
}

/** Starts a source of changes that is asked once, and gives its URL and the response to write to. */
async function sourceOfChanges(): Promise<{ url: string; answer: Promise<ServerResponse> }> {
  let begin = (_: ServerResponse) => {};
  const answer = new Promise<ServerResponse>((resolve) => (begin = resolve));
  return { url: await listen((_, response) => begin(response.writeHead(200))), answer };
}

test('server-sent events: a recipe reads on after every break, and every listener gets all windows', async () => {
  const changes = Array.from({ length: 40 }, (_, n) => change(n));
  const ids: (string | undefined)[] = [];
  let begin = () => {};
  const isHeard = new Promise<void>((resolve) => (begin = resolve));
  const source = await listen(async ({ headers }, response) => {
    const id = headers['last-event-id'] as string | undefined;
    const from = id ? JSON.parse(id)[0] + 1 : 0;
    ids.push(id);
    if (ids.length === 1) {
      await isHeard;
      response.write('retry: 1\n: a comment\n\n');
      response.write('data: {"meta": {"domain": "canary"}}\n\ndata: {"meta": {"dt": "today"}}\n\ndata: nothing\n\n');
      response.end(changes.slice(0, 20).join(''));
    } else if (ids.length === 2) response.writeHead(503).end();
    else if (ids.length === 3) {
      response.write(changes.slice(from, 35).join(''));
      response.write(change(35).slice(0, 40), () => response.destroy());
    } else if (from < 40) response.end(changes.slice(from).join(''));
    else response.writeHead(204).end();
  });
  const program = await serve('sse.mts', source);
  const listeners = [await hear(program.url), await hear(program.url)];
  begin();
  const wanted = windowsOf(Array.from(changes.keys()));
  expect(wanted).toHaveLength(8);
  for (const messages of listeners) expect(await first(99, messages)).toEqual(wanted);
  // The part before a cut may have been read in full or in part.
  expect(ids).toEqual([undefined, '[19]', '[19]', expect.stringMatching(/^\[(19|2.|3[0-4])\]$/), '[39]']);
  expect(await program.end()).toEqual({ code: 0, rest: ['40 changes, 0 of them late; 2 bad messages'] });
  expect(await program.complaints).toContain('503');
});

test('server-sent events: a signal ends the recipe, and open windows fire', async () => {
  const { url, answer } = await sourceOfChanges();
  const program = await serve('sse.mts', url);
  const messages = await hear(program.url);
  for (const n of [1, 2, 120]) (await answer).write(change(n));
  expect(await first(2, messages)).toEqual(windowsOf([1, 2]));
  const ended = program.end('SIGTERM');
  expect(await first(9, messages)).toEqual(windowsOf([120]));
  expect(await ended).toEqual({ code: 0, rest: ['3 changes, 0 of them late; 0 bad messages'] });
});

test('server-sent events: a listener that does not read is disconnected, and others get everything', async () => {
  const { url, answer } = await sourceOfChanges();
  const program = await serve('sse.mts', url);
  const messages = await hear(program.url);
  const [sleeper] = (await once(get(program.url), 'response')) as [IncomingMessage];
  const wiki = 'w'.repeat(1_000_000);
  // All events are three times as long as what may wait, as in the test of WebSocket.
  for (let i = 0; i < 40; i++) {
    const event = { meta: { dt: new Date(T0 + i * HOUR) }, wiki };
    (await answer).write(`data: ${JSON.stringify(event)}\n\n`);
    if (i > 0) expect(await first(1, messages)).toMatchObject([{ wiki, changes: 1 }]);
  }
  await expect(text(sleeper)).rejects.toThrow('aborted');
  const ended = program.end('SIGTERM');
  expect(await first(9, messages)).toHaveLength(1);
  expect((await ended).code).toBe(0);
});
