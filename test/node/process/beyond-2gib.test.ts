/** Catches addresses treated as signed: beyond 2 GiB of linear memory they no longer fit a signed 32-bit number. */

import { expect, test } from 'vitest';
import {
  collect,
  count,
  first,
  hopping,
  quantile,
  rolling,
  type Spec,
  session,
  text,
  windowed,
} from '../../../bindings';
import { core } from '../../../bindings/base/core';

const run = () => {
  const late: unknown[] = [];
  using stream = windowed({
    time: 't',
    key: 'k',
    window: { hops: hopping(40, 20), sessions: session(5), frames: rolling(10) },
    aggregates: { n: count(), q: quantile('v', 0.5), page: first(text('page')), list: collect('v', { limit: 3 }) },
    emit: 'updates',
    outOfOrder: 5,
    onLate: (batch) => late.push(...batch),
  } as Spec);
  const events = Array.from({ length: 3000 }, (_, i) => ({
    t: i % 7 ? i / 10 : i / 10 - 80,
    k: `k${i % 5}`,
    v: (i * 7919) % 1000,
    page: `/${i % 30}`,
  }));
  stream.pushRows(events.slice(0, 1000) as never[]);
  const answer = stream.query('k1' as never);
  for (const event of events.slice(1000)) stream.push(event as never);
  const rows = stream.close().toArray();
  return { answer, rows, late };
};

test('a stream beyond 2 GiB gives the results of one below', () => {
  const wanted = run();
  expect(wanted.rows.length).toBeGreaterThan(1000);
  const before = core().exports.create(2 ** 31);
  expect(before).toBeGreaterThan(0);
  expect(run()).toEqual(wanted);
  expect(core().exports.create(1000)).toBeGreaterThan(2 ** 31);
  expect(wanted.late.length).toBeGreaterThan(10);
});
