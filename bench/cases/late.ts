/** The same events in order and out of order. Late ones fall into windows still open, so all results are equal. */

import { count, type Spec, sum, tumbling } from 'oriel';
import { type Cell, type Contender, inBatches, pushed } from '../contest';
import { arrivals, randomIds, randomValues } from '../data';
import { Disordered, fireDisordered, foldDisordered } from '../peers/tuned';

const EVENTS = 4_000_000;
const KEYS = 1000;
/** Greatest lateness. A window is half as long, so most late events fall into a window before the newest one. */
const BOUND = 200_000;
const WINDOW = BOUND / 2;

const spec: Spec = {
  time: 'at',
  key: 'key',
  window: tumbling(WINDOW),
  aggregates: { count: count(), sum: sum('value') },
  outOfOrder: BOUND,
};

function contenders(): Contender[] {
  const ids = randomIds(EVENTS, KEYS, 'uniform');
  const values = randomValues(EVENTS);
  const all = [0, 0.01, 0.1].map((share) => {
    const order = arrivals(EVENTS, share, BOUND);
    const of = (column: ArrayLike<number>) => Float64Array.from(order, (event) => column[event] as number);
    return {
      share: share ? `${share * 100} % late` : 'in order',
      at: Float64Array.from(order),
      key: of(ids),
      id: order.map((event) => ids[event] as number),
      value: of(values),
    };
  });
  return [
    ...all.map(
      ({ share, at, key, value }): Contender => ({
        name: `oriel, ${share}`,
        side: 'oriel',
        events: EVENTS,
        run: pushed(spec, { at, key, value }),
      }),
    ),
    ...all.map(
      ({ share, at, id, value }, i): Contender => ({
        name: `tuned, dense ids given, ${share}`,
        side: i ? 'other' : 'tuned',
        events: EVENTS,
        run: (events, sink) => {
          const s = new Disordered(WINDOW, BOUND, KEYS);
          inBatches(events, sink, (from, to) => {
            foldDisordered(s, at, id, value, from, to);
            sink.take(s.out.length, s.out.take());
          });
          fireDisordered(s, Number.POSITIVE_INFINITY);
          sink.take(s.out.length, s.out.take());
        },
      }),
    ),
  ];
}

export const late: Cell[] = [
  { name: 'late', title: 'events late within the bound, keyed tumbling, count + sum, 1,000 keys', contenders },
];
