/** Catches recipes of metrics that report wrong numbers to a real scraper or collector. */

import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { listen, serve, start } from './recipes';

const T0 = Date.UTC(2024, 0, 31, 23, 59);
const HOUR = 3_600_000;

/** Reads the samples of an endpoint, by name and labels. */
async function scrape(url: string): Promise<Map<string, number>> {
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const samples = (await response.text()).split('\n').filter((line) => line && !line.startsWith('#'));
  return new Map(samples.map((line) => [line.split(' ')[0] as string, Number(line.split(' ')[1])]));
}

test('Prometheus: samples tell the requests, failures and durations of each route', async () => {
  const { url, end } = await serve('prometheus.mts', 3600);
  expect((await scrape(url)).size).toBe(0);
  const ask = async (path: string) => {
    const response = await fetch(url + path);
    await response.text();
    return response.status;
  };
  for (const [path, status] of [
    ['/hello', 200],
    ['/hello?again', 200],
    ['/fail', 500],
    ['/none', 404],
    ['/none/at/all', 404],
  ] as const) {
    expect(await ask(path)).toBe(status);
  }
  const begun = performance.now();
  await Promise.all(Array.from({ length: 20 }, () => ask('/wait?ms=100')));
  const samples = await scrape(url);
  const mostSeconds = (performance.now() - begun) / 1000;

  const p99s = ['/hello', '/wait', '/fail', 'other'].map(
    (route) => `http_request_duration_p99_seconds{route="${route}"}`,
  );
  const [, waited = 0] = p99s.map((name) => samples.get(name));
  // A timer may be a millisecond early; the quantile is within 1 % of the measurement.
  expect(waited).toBeGreaterThan(0.99 * 0.099);
  expect(waited).toBeLessThan(1.01 * mostSeconds);
  for (const name of p99s) {
    expect(samples.get(name)).toBeGreaterThan(0);
    samples.delete(name);
  }
  expect(Object.fromEntries(samples)).toEqual({
    'http_requests_per_second{route="/hello"}': 2 / 3600,
    'http_requests_per_second{route="/wait"}': 20 / 3600,
    'http_requests_per_second{route="/fail"}': 1 / 3600,
    'http_requests_per_second{route="other"}': 2 / 3600,
    'http_failures_per_second{route="/hello"}': 0,
    'http_failures_per_second{route="/wait"}': 0,
    'http_failures_per_second{route="/fail"}': 1 / 3600,
    'http_failures_per_second{route="other"}': 0,
  });
  expect(await end('SIGTERM')).toEqual({ code: 0, rest: [] });
});

test('Prometheus: requests that have left the window disappear without another request', async () => {
  const { url } = await serve('prometheus.mts', 2);
  const askAndScrape = async () => {
    await fetch(`${url}/hello`).then((response) => response.text());
    return (await scrape(url)).size;
  };
  await expect.poll(askAndScrape, { timeout: 30_000 }).toBe(3);
  await expect.poll(() => scrape(url), { timeout: 30_000 }).toEqual(new Map());
});

/** A result of a window, as a collector gets it. */
type Point = [start: number, end: number, route: string, name: string, value: number];

/** Reads the data points in a request of OTLP. */
function pointsOf(body: string): Point[] {
  const [{ resource, scopeMetrics }] = JSON.parse(body).resourceMetrics;
  expect(resource.attributes).toEqual([{ key: 'service.name', value: { stringValue: 'shop' } }]);
  // biome-ignore lint/suspicious/noExplicitAny: the test checks what the JSON contains
  return scopeMetrics[0].metrics.flatMap(({ name, unit, sum, gauge }: any) => {
    const { dataPoints, ...kind } = sum ?? gauge;
    const counted = { unit: '{request}', aggregationTemporality: 1, isMonotonic: true };
    expect({ unit, ...kind }).toEqual(name === 'http.server.p99' ? { unit: 'ms' } : counted);
    // biome-ignore lint/suspicious/noExplicitAny: the test checks what the JSON contains
    return dataPoints.map(({ attributes: [{ key, value }], startTimeUnixNano, timeUnixNano, asInt, asDouble }: any) => {
      expect(key).toBe('http.route');
      const [start, end] = [startTimeUnixNano, timeUnixNano].map((nanos) => Number(BigInt(nanos) / 1_000_000n));
      return [start, end, value.stringValue, name, Number(asInt ?? asDouble)];
    });
  });
}

/** Starts a collector of metrics that answers with these codes, and then with 200. */
async function collector(...answers: number[]) {
  const posts: { status: number; points: Point[] }[] = [];
  let wake = () => {};
  const isTold = new Promise<void>((resolve) => (wake = resolve));
  const url = await listen(async (request, response) => {
    expect([request.method, request.url]).toEqual(['POST', '/v1/metrics']);
    const status = answers.shift() ?? 200;
    posts.push({ status, points: pointsOf(await text(request)) });
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    wake();
  });
  return {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SERVICE_NAME: 'shop' },
    isTold,
    told: (of: number) => posts.flatMap(({ status, points }) => (status === of ? points : [])).sort(),
  };
}

function request(at: number, route: string, status: number, ms: number): string {
  return `${JSON.stringify({ at: T0 + at, route, status, ms })}\n`;
}

/** Lines for two windows of ten seconds, and a last line for a window an hour later. */
const REQUESTS = [
  request(9999, '/hello', 200, 1),
  request(0, '/hello', 599, 2),
  'no request\n',
  '{"at": 1, "route": "/hello", "status": 200}\n',
  '{"at": 1, "route": 5, "status": 200, "ms": 1}\n',
  request(5000, '/pay', 499, 0.75),
  request(5000, '/hello', 204, 3),
  request(HOUR, '/pay', 500, 0),
];
const EARLY: Point[] = [
  [T0, T0 + 10_000, '/hello', 'http.server.failures', 1],
  [T0, T0 + 10_000, '/hello', 'http.server.p99', expect.closeTo(2, 1)],
  [T0, T0 + 10_000, '/hello', 'http.server.requests', 3],
  [T0, T0 + 10_000, '/pay', 'http.server.failures', 0],
  [T0, T0 + 10_000, '/pay', 'http.server.p99', expect.closeTo(0.75, 1)],
  [T0, T0 + 10_000, '/pay', 'http.server.requests', 1],
];
const LAST: Point[] = [
  [T0 + HOUR, T0 + HOUR + 10_000, '/pay', 'http.server.failures', 1],
  [T0 + HOUR, T0 + HOUR + 10_000, '/pay', 'http.server.p99', 0],
  [T0 + HOUR, T0 + HOUR + 10_000, '/pay', 'http.server.requests', 1],
];

test('OpenTelemetry: the results of windows have the times of the windows', async () => {
  const { env, told } = await collector();
  const program = start('opentelemetry.mts', [], env);
  program.stdin.end(REQUESTS.join(''));
  expect(await program.end()).toEqual({ code: 0, rest: [] });
  expect(told(200)).toEqual([...EARLY, ...LAST]);
  expect(await program.complaints).toBe('5 requests, 0 of them late; 3 bad lines; 0 windows not delivered\n');
});

test('OpenTelemetry: a signal ends the recipe, and open windows are delivered', async () => {
  const { env, isTold, told } = await collector();
  const program = start('opentelemetry.mts', [], env);
  program.stdin.write(REQUESTS.join(''));
  await isTold;
  expect((await program.end('SIGTERM')).code).toBe(0);
  expect(told(200)).toEqual([...EARLY, ...LAST]);
});

test('OpenTelemetry: windows that the collector refuses are counted, and later ones are delivered', async () => {
  const { env, isTold, told } = await collector(400);
  const program = start('opentelemetry.mts', ['10s'], env);
  program.stdin.write(REQUESTS.slice(0, -1).join(''));
  program.stdin.write(REQUESTS.at(-1));
  await isTold;
  program.stdin.end(request(2 * HOUR, '/pay', 200, 0));
  expect((await program.end()).code).toBe(0);
  expect(told(400)).toEqual(EARLY);
  expect(told(200).slice(0, 3)).toEqual(LAST);
  expect(told(200)).toHaveLength(6);
  expect(await program.complaints).toMatch(/6 requests, 0 of them late; 3 bad lines; 2 windows not delivered\n$/);
});
