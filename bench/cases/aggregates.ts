/** Every aggregate that the package exports, alone, and eight of them together. A missing one fails the run. */

import * as oriel from 'oriel';
import { type Cell, type Contender, pushed } from '../contest';
import { numberColumn, randomIds, randomValues, steadyTimes } from '../data';

const EVENTS = 2_000_000;

/** An aggregate for each exported function, by its name. */
const AGGREGATES = {
  count: oriel.count('value'),
  sum: oriel.sum('value'),
  mean: oriel.mean('value'),
  min: oriel.min('value'),
  max: oriel.max('value'),
  range: oriel.range('value'),
  product: oriel.product('value'),
  first: oriel.first('value'),
  last: oriel.last('value'),
  variance: oriel.variance('value'),
  stddev: oriel.stddev('value'),
  skewness: oriel.skewness('value'),
  kurtosis: oriel.kurtosis('value'),
  covariance: oriel.covariance('value', 'other'),
  correlation: oriel.correlation('value', 'other'),
  regression: oriel.regression('value', 'other'),
  weightedMean: oriel.weightedMean('value', 'other'),
  any: oriel.any('value'),
  all: oriel.all('value'),
  bitAnd: oriel.bitAnd('value'),
  bitOr: oriel.bitOr('value'),
  argmin: oriel.argmin('value', 'other'),
  argmax: oriel.argmax('value', 'other'),
  ohlc: oriel.ohlc('value'),
  delta: oriel.delta('value'),
  rate: oriel.rate('value'),
  increase: oriel.increase('value'),
  ewma: oriel.ewma('value', 1000),
  timeWeightedMean: oriel.timeWeightedMean('value'),
  quantile: oriel.quantile('value', 0.99),
  median: oriel.median('value'),
  distinct: oriel.distinct('value'),
  topK: oriel.topK('value', 10),
  histogram: oriel.histogram('value', [10, 20, 30, 40, 50, 60, 70, 80, 90]),
  collect: oriel.collect('value', { limit: 10 }),
  fold: oriel.fold({
    column: 'value',
    identity: () => 0,
    lift: (v) => v,
    combine: (a, b) => a + b,
    lower: (s) => s,
  }),
};

const EIGHT = {
  count: oriel.count('value'),
  sum: oriel.sum('value'),
  mean: oriel.mean('value'),
  min: oriel.min('value'),
  max: oriel.max('value'),
  stddev: oriel.stddev('value'),
  first: oriel.first('value'),
  last: oriel.last('value'),
};

/** Exported functions that make no aggregate. */
const OTHERS = new Set(
  (
    'calendar col lit text rows tumbling hopping cumulative session ' +
    'rolling everything punctuated windowed windowedWorker producer ring'
  ).split(' '),
);

function contenders(keys: number): Contender[] {
  for (const name of Object.keys(oriel)) {
    if (/^[a-z]/.test(name) && !OTHERS.has(name) && !(name in AGGREGATES)) throw new Error(`${name} is not measured`);
  }
  const columns = {
    at: steadyTimes(EVENTS),
    value: randomValues(EVENTS),
    other: randomValues(EVENTS),
    ...(keys > 1 ? { key: numberColumn(randomIds(EVENTS, keys, 'uniform')) } : {}),
  };
  const window = oriel.tumbling(keys > 1 ? EVENTS / 2 : 1000);
  const run = (aggregates: oriel.Spec['aggregates']) =>
    pushed({ time: 'at', ...(keys > 1 ? { key: 'key' } : {}), window, aggregates }, columns);
  const alone = Object.entries(AGGREGATES).map(
    ([name, result]): Contender => ({ name, side: 'oriel', events: EVENTS, run: run({ result }) }),
  );
  const nothing: Contender = { name: 'count()', side: 'oriel', events: EVENTS, run: run({ result: oriel.count() }) };
  return [nothing, ...alone, { name: 'eight together', side: 'oriel', events: EVENTS, run: run(EIGHT) }];
}

const cell = (name: string, title: string, keys: number): Cell => ({
  name: `aggregates-${name}`,
  title:
    'each aggregate alone, and count, sum, mean, min, max, stddev, first, last together, ' +
    `${title} (ratio: to count())`,
  different: true,
  contenders: () => contenders(keys),
});

export const aggregateCells: Cell[] = [
  cell('unkeyed', 'no keys, 1,000 events a window', 1),
  cell('1k', '1,000 keys', 1000),
  cell('100k', '100,000 keys', 100_000),
];
