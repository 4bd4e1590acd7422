/** Quantiles and counts of distinct values of each key, in tumbling windows. */

import { type Aggregate, distinct, quantile, tumbling } from 'oriel';
import { type Cell, type Contender, inBatches, pushed, type Side } from '../contest';
import { numberColumn, randomIds, skewedValues, steadyTimes } from '../data';
import { datadog, digest, histogram, PerKey, type State, set } from '../peers/sketches';

const SIZES = { '1k': 1_000, '100k': 100_000 };
/** Number of values to draw from where distinct values are counted. */
const PAGES = 100_000;

interface Data {
  keys: number;
  window: number;
  times: Float64Array;
  ids: Uint32Array;
  values: Float64Array;
}

function dataOf(keys: number, values: (n: number) => Float64Array): Data {
  const events = 2_000_000;
  const ids = randomIds(events, keys, 'uniform');
  return { keys, window: events / 2, times: steadyTimes(events), ids, values: values(events) };
}

const oriel = (name: string, data: Data, result: Aggregate<string>): Contender => ({
  name: `oriel, ${name}`,
  side: 'oriel',
  events: data.times.length,
  run: pushed(
    { time: 'at', key: 'key', window: tumbling(data.window), aggregates: { result } },
    { at: data.times, key: numberColumn(data.ids), value: data.values },
  ),
});

function peer(name: string, data: Data, create: () => State, side: Side, share = 1): Contender {
  const { keys, window, times, ids, values } = data;
  return {
    name,
    side,
    events: times.length * share,
    rounds: 2,
    run: (events, sink) => {
      const s = new PerKey(window, keys, create);
      inBatches(events, sink, (from, to) => {
        s.push(times, ids, values, from, to);
        sink.take(s.out.length, s.out.take());
      });
      s.fire();
      sink.take(s.out.length, s.out.take());
    },
  };
}

function quantiles(keys: number): Contender[] {
  const data = dataOf(keys, skewedValues);
  return [
    oriel('quantile 0.99, within 1 %', data, quantile('value', 0.99)),
    peer('@datadog/sketches-js, within 1 %', data, datadog(0.99), 'tuned'),
    peer('hdr-histogram-js, 2 digits, whole numbers', data, histogram(0.99), 'other'),
    peer('tdigest', data, digest(0.99), 'other', 0.1),
    oriel('quantile 0.99, exact', data, quantile('value', 0.99, { exact: true })),
  ];
}

const pages = (n: number) => Float64Array.from(randomIds(n, PAGES, 'uniform', 5));

function counts(keys: number): Contender[] {
  const data = dataOf(keys, pages);
  return [
    oriel('distinct, exact', data, distinct('value', { exact: true })),
    peer('a Set for each key', data, set, 'naive'),
  ];
}

function estimates(keys: number): Contender[] {
  const data = dataOf(keys, pages);
  return [oriel('distinct, within 1.6 %', data, distinct('value')), peer('a Set for each key', data, set, 'naive')];
}

export const sketches: Cell[] = Object.entries(SIZES).flatMap(([size, keys]) => [
  {
    name: `quantile-${size}`,
    title: `keyed tumbling, a quantile, ${keys.toLocaleString('en')} keys`,
    different: true,
    contenders: () => quantiles(keys),
  },
  {
    name: `distinct-${size}`,
    title: `keyed tumbling, distinct values, ${keys.toLocaleString('en')} keys`,
    different: true,
    contenders: () => estimates(keys),
  },
  {
    name: `distinct-exact-${size}`,
    title: `keyed tumbling, distinct values, exactly, ${keys.toLocaleString('en')} keys`,
    contenders: () => counts(keys),
  },
]);
