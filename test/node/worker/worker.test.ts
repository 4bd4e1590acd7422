/**
 * Catches a stream in workers whose results differ from those of the same stream on one thread, which the oracle has
 * checked. The cases that take long are in worker.large.test.ts.
 */

import { describe, expect, test } from 'vitest';
import * as oriel from '../../../bindings';
import type { Row } from '../../support/scenarios';
import { later } from '../../support/waiting';
import { TRANSPORTS, worker } from './built-worker';
import {
  expectEveryEventOnce,
  expectKeylessMerged,
  expectProducersMerged,
  expectResultsOfOneThread,
  sorted,
  windowed,
  windowedWorker,
} from './worker-laws';

const { calendar, count, cumulative, mean, tumbling } = oriel;

describe.each(TRANSPORTS)('a stream in a worker, %s', (transport) => {
  test('one producer gets the results of one thread', () => expectResultsOfOneThread('all', transport));
});

describe('producers side by side', () => {
  test.each([
    ['shared', 2],
    ['transferred', 1],
  ] as const)(
    '%s, %s workers: events that are late for no producer give the results of one thread',
    (transport, parallelism) => expectProducersMerged(transport, parallelism),
  );
});

test.each([
  ['shared', 2],
  ['transferred', 3],
] as const)('%s, %s workers merge their parts of each window when events have no keys', (transport, parallelism) =>
  expectKeylessMerged(transport, parallelism),
);

test.each([
  ['shared', 2],
  ['transferred', 1],
] as const)('%s, %s workers get every event once from threads that produce', (transport, parallelism) =>
  expectEveryEventOnce(transport, parallelism, 20_000),
);

test('a worker knows the days and hours of a time zone', async () => {
  const window = {
    days: tumbling(calendar(1, 'day', 'Europe/Berlin')),
    hours: cumulative(calendar(1, 'day', 'Europe/Berlin'), calendar(6, 'hour', 'Europe/Berlin')),
  };
  const spec = { time: 't', window, aggregates: { n: count() } };
  // Clocks in Berlin skip an hour on 2025-03-30.
  const t = Float64Array.from({ length: 60 }, (_, i) => Date.UTC(2025, 2, 29, i));
  using here = windowed(spec);
  here.pushColumns({ t } as never);
  const wanted = [...here.close()];
  await using stream = await windowedWorker(spec, { worker });
  await stream.pushColumns({ t } as never);
  expect(wanted.length).toBeGreaterThan(8);
  expect([...(await stream.close())]).toEqual(wanted);
});

test('time waits for the producers if the owner pushes nothing, and an idle producer is passed over', async () => {
  const spec = { time: 't', window: tumbling(10), aggregates: { n: count() }, idle: 500 };
  await using stream = await windowedWorker(spec, { worker });
  const [quick, silent] = (await Promise.all([stream.producer(), stream.producer()])).map(
    (handle) => oriel.producer(handle) as oriel.Producer<never>,
  );
  quick?.pushRows([{ t: 1 }, { t: 25 }] as never[]);
  expect((await stream.take()).length).toBe(0);
  silent?.push({ t: 12 } as never);
  expect((await stream.take()).toArray()).toEqual([{ start: 0, end: 10, n: 1 }]);
  await later(700);
  quick?.push({ t: 31 } as never);
  expect((await stream.take()).toArray()).toEqual([
    { start: 10, end: 20, n: 1 },
    { start: 20, end: 30, n: 1 },
  ]);
  expect((await stream.close()).toArray()).toEqual([{ start: 30, end: 40, n: 1 }]);
});

test.each(['previous', 'linear', 'zero'] as const)(
  'empty windows are filled with %s, as on one thread',
  async (fill) => {
    const spec = {
      time: 't',
      key: 'k',
      window: tumbling(10),
      aggregates: { n: count(), m: mean('v') },
      empty: 'fill',
      fill,
    };
    const events = [1, 35, 38, 90, 91].map((t, i) => ({ t, k: i % 2 ? 'a' : 'b', v: i }));
    using here = windowed(spec);
    here.pushRows(events);
    const wanted = [...here.take(), ...here.close()];
    expect(wanted.length).toBeGreaterThan(10);
    for (const parallelism of [1, 2]) {
      await using there = await windowedWorker(spec, { worker, parallelism });
      there.pushRows(events as never[]);
      const rows = [...(await there.take()), ...(await there.close())] as Row[];
      expect(sorted(rows)).toEqual(sorted(wanted));
    }
  },
);
