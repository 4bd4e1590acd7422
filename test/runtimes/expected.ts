/** The results that the oracle expects of the programs. */

import { Oracle, type OracleRow } from '../oracle';
import { COUNT, EVERY, type Event, eventOf, OUT_OF_ORDER, SIZE } from './programs/events';

const events = Array.from({ length: COUNT }, (_, i) => eventOf(i));

const oracle = new Oracle({
  windows: { w: { kind: 'hopping', size: SIZE, every: EVERY, offset: 0 } },
  outOfOrder: OUT_OF_ORDER,
  allowedLateness: 0,
  maxFutureSkew: Infinity,
  emit: 'final',
});
for (const { at, user, price, qty } of events) oracle.push({ t: at, key: user, v: price, w: qty ?? Number.NaN });
oracle.close();

const isDear = ({ price, qty }: Event) => qty !== null && price * qty >= 2000 && qty !== 3;

function rowOf({ start, end, key, events }: OracleRow) {
  const own = events.map(({ t, v, w }) => ({
    at: t,
    user: key,
    price: v,
    qty: Number.isNaN(w) ? null : (w as number),
  }));
  const worths = own.flatMap(({ price, qty }) => (qty === null ? [] : [price * qty]));
  return {
    start,
    end,
    user: key,
    n: own.length,
    quantities: worths.length,
    high: Math.max(...own.map(({ price }) => price)),
    // JSON has no NaN.
    worth: worths.length ? worths.reduce((a, b) => a + b) : null,
    dear: own.filter(isDear).length,
  };
}

const rows = oracle.rows.map(rowOf);
const late = oracle.lateEvents.length;

export const here = {
  inputs: ['push', 'pushRows', 'pushColumns', 'claim'].map((input) => ({ input, late, rows })),
  days: [24, 23, 24, 24].map((hours, i, all) => {
    const before = all.slice(0, i).reduce((a, b) => a + b, 0);
    const start = Date.UTC(2025, 2, 28, 23 + before);
    return { start, end: start + hours * 3_600_000, hours };
  }),
  refused: 'ERR_ORIEL_SPEC',
};

export const arrow = { late, rows };

const ring = {
  at: events.reduce((sum, { at }) => sum + at, 0),
  n: (COUNT * (COUNT - 1)) / 2,
  events: COUNT,
};

const workers = (transport: string, ways: string[]) => ({
  transport,
  results: ways.flatMap((way) => ['owner', 'thread'].map((from) => ({ way, from, late, rows }))),
});

/** Results with threads that share memory, with threads that do not, and without threads. */
export const sharing = { here, ring, workers: workers('shared', ['shared', 'transferred']) };
export const apart = { here, ring: 'ERR_ORIEL_THREAD', workers: workers('transferred', ['transferred']) };
export const alone = { here, ring: 'none', workers: 'ERR_ORIEL_THREAD' };
