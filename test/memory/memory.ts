/** Helpers of the suites on bounded streams. */

import { expect } from 'vitest';
import { count, hopping, type Spec, sum, tumbling, type WindowedStream, windowed } from '../../bindings';
import { type Door, put } from '../support/doors';
import { fits, random } from '../support/helpers';

export type Key = string | number;

export const aggregates = { n: count(), s: sum('v') };

/** The doors, each with the number of events of its calls. */
export const BATCHES: Record<string, { door: Door; length: number }> = {
  push: { door: 'push', length: 1 },
  pushRows: { door: 'rows', length: 100 },
  'short columns': { door: 'typed', length: 1000 },
  'long columns': { door: 'columns', length: 9000 },
  claim: { door: 'claim', length: 500 },
};

/**
 * Makes random calls on a stream with a maximum, and those of them that it did not refuse on a twin without a maximum.
 * Expects the same results, late events and counters of both.
 *
 * @returns the number of calls that the stream refused
 */
export function compareWithUnbounded(seed: number): number {
  const next = random(seed);
  const batches = Object.values(BATCHES);
  const maximum = 1_300_000 + Math.floor(next() * 600_000);
  const late: [unknown[], unknown[]] = [[], []];
  const spec = (i: 0 | 1) =>
    ({
      time: 't',
      key: 'k',
      window: seed % 2 ? { a: hopping(40, 15), b: tumbling(25) } : hopping(40, 15),
      aggregates,
      outOfOrder: 5,
      allowedLateness: seed % 3 ? 0 : 20,
      emit: seed % 4 ? 'final' : 'updates',
      onLate: (batch) => late[i].push(...batch),
    }) satisfies Spec;
  using limited = windowed({ ...spec(0), memory: { maximum } }) as unknown as WindowedStream;
  using twin = windowed(spec(1)) as unknown as WindowedStream;
  const rows: unknown[] = [];
  let refusals = 0;
  let t = 0;
  for (let i = 0; i < 120; i++) {
    const { door, length } = batches[Math.floor(next() * batches.length)] as (typeof batches)[number];
    const n = 1 + Math.floor(next() * length);
    const spread = next() < 0.2 ? 20_000 : 50;
    t += next() < 0.1 ? 200 : 4;
    const events = Array.from({ length: n }, () => ({
      t: t - Math.floor(next() * (next() < 0.1 ? 100 : 8)),
      k: seed % 2 ? `s${Math.floor(next() * spread)}` : Math.floor(next() * spread),
      v: Math.floor(next() * 10),
    }));
    if (fits(() => put(limited, events, door))) put(twin, events, door);
    else refusals++;
    const { bytes, events: count } = limited.stats();
    expect([seed, i, count]).toEqual([seed, i, twin.stats().events]);
    expect(bytes).toBeLessThanOrEqual(maximum);
    if (next() < 0.3) rows.push(...limited.take());
    if (next() < 0.1 && fits(() => limited.advance(t))) twin.advance(t);
  }
  // Two thirds of the seeds close window by window, the others at once, with results not taken yet.
  for (let mark = t - 120; seed % 3 && mark < t + 80; mark += 1 + (seed % 5)) {
    if (!fits(() => limited.advance(mark))) break;
    rows.push(...limited.take());
    twin.advance(mark);
  }
  const closed = fits(() => rows.push(...limited.close()));
  expect([seed, closed]).toEqual([seed, true]);
  const all = twin.close().toArray();
  expect(all.length).toBeGreaterThan(0);
  expect(rows).toEqual(all);
  expect(late[0]).toEqual(late[1]);
  const { events, late: lateCount, windows } = twin.stats();
  expect(limited.stats()).toMatchObject({ events, late: lateCount, windows });
  return refusals;
}
