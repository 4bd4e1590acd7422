/** Rolling windows over the last 1,000 events, a result for every event, of aggregates that must keep the values. */

import { type Aggregate, distinct, median, quantile, rolling, rows, topK } from 'oriel';
import { type Cell, type Contender, inBatches, pushed } from '../contest';
import { randomIds, skewedValues, steadyTimes } from '../data';
import { DistinctCounts, Naive, type Output, type Rolling, SortedValues, TopCounts } from '../peers/rolling-values';

const SIZE = 1_000;
const EVENTS = 1_000_000;
const K = 10;
/** Number of values to draw from where distinct values are counted; a frame holds about 630 of them. */
const PAGES = 1_000;

const pages = () => Float64Array.from(randomIds(EVENTS, PAGES, 'uniform', 5));

interface Contest {
  title: string;
  aggregate: Aggregate<string, unknown>;
  values: () => Float64Array;
  tuned: readonly [name: string, create: () => Rolling];
  naive?: string;
  different?: boolean;
}

const CONTESTS: Record<Output, Contest> = {
  p99: {
    title: 'quantile 0.99 within 1 %',
    aggregate: quantile('value', 0.99),
    values: () => skewedValues(EVENTS),
    tuned: ['exact, in order, found by halving', () => new SortedValues(SIZE, 'p99')],
    naive: 'sorted anew',
    // A quantile within 1 % differs from the exact one.
    different: true,
  },
  median: {
    title: 'median',
    aggregate: median('value'),
    values: () => skewedValues(EVENTS),
    tuned: ['in order, found by halving', () => new SortedValues(SIZE, 'median')],
    naive: 'sorted anew',
  },
  distinct: {
    title: 'distinct values',
    aggregate: distinct('value'),
    values: pages,
    tuned: ['a Map of counts', () => new DistinctCounts(SIZE)],
    naive: 'a new Set',
  },
  top: {
    title: `the ${K} most frequent values`,
    aggregate: topK('value', K),
    values: pages,
    tuned: ['counts in order', () => new TopCounts(SIZE, K)],
    // Lists have no checksum to compare.
    different: true,
  },
};

function contenders(output: Output, { aggregate, values, tuned, naive }: Contest): Contender[] {
  const columns = { at: steadyTimes(EVENTS), value: values() };
  const run =
    (create: () => Rolling): Contender['run'] =>
    (events, sink) => {
      const s = create();
      inBatches(events, sink, (from, to) => {
        s.push(columns.at, columns.value, from, to);
        sink.take(s.length, s.take() as never);
      });
    };
  const spec = { time: 'at', window: rolling(rows(SIZE)), aggregates: { [output]: aggregate } };
  const sides: Contender[] = [
    { name: 'oriel, pushColumns', side: 'oriel', events: EVENTS, run: pushed(spec, columns) },
    { name: `tuned, ${tuned[0]}`, side: 'tuned', events: EVENTS, run: run(tuned[1]) },
  ];
  if (naive) {
    const [name, anew] = [`naive, push and shift, ${naive}`, run(() => new Naive(SIZE, output))];
    sides.push({ name, side: 'naive', events: 20_000, rounds: 3, run: anew });
  }
  return sides;
}

export const rollingValues: Cell[] = Object.entries(CONTESTS).map(([output, contest]) => ({
  name: `rolling-${output}-1k-rows`,
  title: `rolling ${contest.title} over 1,000 rows, data in memory`,
  ...(contest.different ? { different: true } : {}),
  contenders: () => contenders(output as Output, contest),
}));
