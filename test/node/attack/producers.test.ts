/** Catches events that the producer of a stream in a worker loses, doubles, or gives in another order. */

import { expect, test } from 'vitest';
import { col, count, type OrielError, sum, tumbling } from '../../../bindings';
import { runRounds } from '../../attack/campaign';
import { open, TRANSPORTS } from '../worker/built-worker';
import { producers } from './producers';

test('producers', () => runRounds('producers', producers, 40));

test.each(TRANSPORTS)('events that wait for room are filtered once: %s', async (transport) => {
  const aggregates = { n: count(), s: sum('v') };
  const where = col('v').mod(3).ne(0);
  const spec = { time: 't', key: 'k', window: tumbling(1), aggregates, where, memory: { maximum: '1mb' } } as const;
  await using stream = await open(spec, { transport });
  const n = 60_000;
  const t = Float64Array.from({ length: n }, (_, i) => i >> 1);
  const k = t.map((_, i) => i % 7);
  const v = t.map((_, i) => i);
  const rows: { n: number; s: number }[] = [];
  let stalls = 0;
  /** Makes a call until it is not refused, and takes results before each next time. */
  const insist = async <T>(call: () => T | Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        expect((error as OrielError).code).toBe('ERR_ORIEL_MEMORY');
        stalls++;
        rows.push(...(await stream.take()));
      }
    }
  };
  for (let i = 0; i < n; ) {
    i += await insist(() => stream.pushColumns({ t, k, v }, i));
    if (i < n) await insist(() => stream.ready());
  }
  rows.push(...(await insist(() => stream.close())));
  expect(stalls).toBeGreaterThan(0);
  const taken = v.filter((value) => value % 3 !== 0);
  expect(rows.reduce((total, row) => total + row.n, 0)).toBe(taken.length);
  expect(rows.reduce((total, row) => total + row.s, 0)).toBe(taken.reduce((a, b) => a + b, 0));
});
