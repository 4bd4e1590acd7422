/** Tumbling windows without keys: count, sum, min and max. */

import { count, max, min, type Spec, sum, tumbling } from 'oriel';
import { BATCH, type Cell, type Contender, inBatches, placed, pushed } from '../contest';
import { randomValues, steadyTimes } from '../data';
import { NaiveUnkeyed, naiveUnkeyed } from '../peers/naive';
import { fireUnkeyed, foldUnkeyed, foldUnkeyedPlain, Unkeyed } from '../peers/tuned';

const EVENTS = 10_000_000;
/** Number of values that a producer cycles through; they fit into the first-level cache. */
const POOL = 1024;

const spec = (size: number): Spec => ({
  time: 'at',
  window: tumbling(size),
  aggregates: { count: count(), sum: sum('value'), min: min('value'), max: max('value') },
});

const title = (size: number) =>
  `un-keyed tumbling, count + sum + min + max, ${size.toLocaleString('en')} events a window`;

function fromMemory(size: number): Contender[] {
  const times = steadyTimes(EVENTS);
  const values = randomValues(EVENTS);
  const tuned =
    (fold: typeof foldUnkeyed): Contender['run'] =>
    (events, sink) => {
      const s = new Unkeyed(size);
      inBatches(events, sink, (from, to) => {
        fold(s, times, values, from, to);
        sink.take(s.out.length, s.out.take());
      });
      fireUnkeyed(s, 0);
      sink.take(s.out.length, s.out.take());
    };
  return [
    {
      name: 'oriel, pushColumns',
      side: 'oriel',
      events: EVENTS,
      run: pushed(spec(size), { at: times, value: values }),
    },
    { name: 'tuned, in the caller’s arrays', side: 'tuned', events: EVENTS, run: tuned(foldUnkeyed) },
    { name: 'tuned, plain sum, no checks', side: 'other', events: EVENTS, run: tuned(foldUnkeyedPlain) },
    {
      name: 'naive, array and reduce',
      side: 'naive',
      events: 2_000_000,
      run: (events, sink) => {
        const s = new NaiveUnkeyed(size);
        inBatches(events, sink, (from, to) => {
          naiveUnkeyed(s, times, values, from, to);
          sink.takeRows(s.take());
        });
        s.fire();
        sink.takeRows(s.take());
      },
    },
  ];
}

function inPlace(size: number): Contender[] {
  const pool = randomValues(POOL);
  const tuned =
    (fold: typeof foldUnkeyed): Contender['run'] =>
    (events, sink) => {
      const s = new Unkeyed(size);
      const times = new Float64Array(BATCH);
      const values = new Float64Array(BATCH);
      inBatches(events, sink, (from, to) => {
        produce(times, values, pool, from, to - from);
        fold(s, times, values, 0, to - from);
        sink.take(s.out.length, s.out.take());
      });
      fireUnkeyed(s, 0);
      sink.take(s.out.length, s.out.take());
    };
  const write = (views: Record<string, Float64Array>, from: number, n: number) => {
    produce(views.at as Float64Array, views.value as Float64Array, pool, from, n);
  };
  return [
    { name: 'oriel, claim and commit', side: 'oriel', events: EVENTS, run: placed(spec(size), write) },
    { name: 'tuned, its own arrays', side: 'tuned', events: EVENTS, run: tuned(foldUnkeyed) },
    { name: 'tuned, plain sum, no checks', side: 'other', events: EVENTS, run: tuned(foldUnkeyedPlain) },
    {
      name: 'writing alone',
      side: 'other',
      events: EVENTS,
      silent: true,
      run: (events, sink) => {
        const times = new Float64Array(BATCH);
        const values = new Float64Array(BATCH);
        inBatches(events, sink, (from, to) => produce(times, values, pool, from, to - from));
      },
    },
  ];
}

function produce(times: Float64Array, values: Float64Array, pool: Float64Array, from: number, n: number): void {
  for (let i = 0; i < n; i++) {
    times[i] = from + i;
    values[i] = pool[(from + i) & (POOL - 1)] as number;
  }
}

export const unkeyed: Cell[] = [1000, 10].flatMap((size) => [
  { name: `unkeyed-${size}-ram`, title: `${title(size)}, data in memory`, contenders: () => fromMemory(size) },
  { name: `unkeyed-${size}-place`, title: `${title(size)}, written in place`, contenders: () => inPlace(size) },
]);
