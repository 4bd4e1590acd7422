/**
 * Windows as OpenTelemetry metrics: it reads requests as lines of JSON, and sends requests, failures and the 99th
 * percentile of each route by OTLP over HTTP, each data point with the times of its own window.
 *
 *   npm install oriel @opentelemetry/api @opentelemetry/resources @opentelemetry/sdk-metrics \
 *     @opentelemetry/exporter-metrics-otlp-http tsx
 *   tail -F requests.ndjson | npx tsx opentelemetry.mts 10s      # the size of the windows
 *
 * A line is {"at": 1738324800000, "route": "/hello", "status": 200, "ms": 12.5}, with `at` in milliseconds since the
 * epoch. OTEL_EXPORTER_OTLP_ENDPOINT is where to send, http://localhost:4318 by default; OTEL_SERVICE_NAME is the
 * service that answered the requests. A program that has a MeterProvider can give its reader
 * `metricsOf(requests.take())` as a MetricProducer instead.
 */

import { createInterface } from 'node:readline';
import { type HrTime, ValueType } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { col, count, quantile, tumbling, windowed } from 'oriel';

const [size = '10s'] = process.argv.slice(2);
const { OTEL_SERVICE_NAME = 'requests' } = process.env;

const requests = windowed({
  time: 'at',
  key: 'route',
  window: tumbling(size),
  aggregates: { requests: count(), failures: count().where(col('status').gte(500)), p99: quantile('ms', 0.99) },
  outOfOrder: '2s',
  idle: '2s',
});
type Windows = ReturnType<typeof requests.take>;

function metricsOf(windows: Windows): MetricData[] {
  const metric = (figure: 'requests' | 'failures' | 'p99', unit: string, valueType: ValueType) => ({
    descriptor: { name: `http.server.${figure}`, description: '', unit, valueType },
    // A sum of nothing but what lies between its two times: that is what a window is.
    aggregationTemporality: AggregationTemporality.DELTA,
    dataPoints: windows.toArray().map(({ start, end, route, [figure]: value }) => {
      return { startTime: timeOf(start), endTime: timeOf(end), attributes: { 'http.route': String(route) }, value };
    }),
  });
  const sum = { dataPointType: DataPointType.SUM as const, isMonotonic: true };
  return [
    { ...sum, ...metric('requests', '{request}', ValueType.INT) },
    { ...sum, ...metric('failures', '{request}', ValueType.INT) },
    { dataPointType: DataPointType.GAUGE, ...metric('p99', 'ms', ValueType.DOUBLE) },
  ];
}

function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - 1000 * seconds) * 1e6)];
}

const exporter = new OTLPMetricExporter();
const resource = resourceFromAttributes({ 'service.name': OTEL_SERVICE_NAME });

/** Is done when the windows are delivered; the exporter tries several times. */
function deliver(windows: Windows): Promise<void> {
  const scopeMetrics = [{ scope: { name: 'oriel' }, metrics: metricsOf(windows) }];
  return new Promise((resolve, reject) => {
    exporter.export({ resource, scopeMetrics }, ({ error }) => (error ? reject(error) : resolve()));
  });
}

let bad = 0;

async function* read() {
  const lines = createInterface({ input: process.stdin });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => lines.close());
  for await (const line of lines) {
    try {
      const { at, route, status, ms } = JSON.parse(line);
      if (![at, status, ms].every(Number.isFinite) || typeof route !== 'string') throw new TypeError('not a request');
      yield { at, route, status, ms };
    } catch {
      bad++;
    }
  }
}

let undelivered = 0;

for await (const windows of requests.over(read())) {
  try {
    await deliver(windows);
  } catch (error) {
    undelivered += windows.length;
    console.error(error);
  }
}
await exporter.shutdown();

const { events, late } = requests.stats();
console.error(`${events} requests, ${late} of them late; ${bad} bad lines; ${undelivered} windows not delivered`);
