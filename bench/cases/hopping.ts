/** Hopping windows of one minute every second, 100,000 events a second: count, sum and max of each key. */

import { count, hopping as hop, max, type Spec, sum } from 'oriel';
import { type Cell, type Contender, inBatches, pushed } from '../contest';
import { numberColumn, randomIds, randomValues, steadyTimes } from '../data';
import { NaiveHopping, naiveHopping } from '../peers/naive';
import { foldHopping, TwoStacks } from '../peers/two-stacks';

const EVENTS = 10_000_000;
const SLICES = 60;
/** Times are in microseconds. */
const SECOND = 1_000_000;

const spec: Spec = {
  time: 'at',
  key: 'key',
  window: hop(SLICES * SECOND, SECOND),
  aggregates: { count: count(), sum: sum('value'), max: max('value') },
};

/** No contender fires the windows open at the end: sixty at once would be a large share of all the work. */
function contenders(keys: number): Contender[] {
  const times = steadyTimes(EVENTS, SECOND / 100_000);
  const ids = randomIds(EVENTS, keys, 'uniform');
  const values = randomValues(EVENTS);
  const numbers = numberColumn(ids);
  const naiveEvents = keys === 1000 ? 3_000_000 : 1_500_000;
  return [
    {
      name: 'oriel, pushColumns',
      side: 'oriel',
      events: EVENTS,
      run: pushed(spec, { at: times, key: numbers, value: values }, false),
    },
    {
      name: 'tuned, two stacks, dense ids given',
      side: 'tuned',
      events: EVENTS,
      run: (events, sink) => {
        const s = new TwoStacks(SECOND, SLICES, keys);
        inBatches(events, sink, (from, to) => {
          foldHopping(s, times, ids, values, from, to);
          sink.take(s.out.length, s.out.take());
        });
      },
    },
    {
      // Its windows are never full, which flatters it: the run is shorter than a minute.
      name: `naive, recomputing (first ${naiveEvents / 100_000} s only)`,
      side: 'naive',
      events: naiveEvents,
      rounds: 2,
      run: (events, sink) => {
        const s = new NaiveHopping(SLICES * SECOND, SECOND);
        inBatches(events, sink, (from, to) => {
          naiveHopping(s, times, numbers, values, from, to);
          sink.takeRows(s.take());
        });
      },
    },
  ];
}

export const hopping: Cell[] = [['1k', 1000] as const, ['100k', 100_000] as const].map(([size, keys]) => ({
  name: `hopping-${size}`,
  title: `keyed hopping 60 s / 1 s, count + sum + max, ${keys.toLocaleString('en')} keys`,
  pauses: true,
  contenders: () => contenders(keys),
}));
