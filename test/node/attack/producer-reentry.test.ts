/** Catches events that are lost or written over because a getter of an event calls the producer that reads it. */

import { expect, test } from 'vitest';
import { count, type Producer, producer, sum, tumbling } from '../../../bindings';
import { refused } from '../../support/helpers';
import { open, TRANSPORTS } from '../worker/built-worker';

const spec = { time: 't', key: 'k', window: tumbling(10), aggregates: { n: count(), s: sum('x') } } as const;

const CALLS: Record<string, (events: Producer<typeof spec>) => unknown> = {
  push: (events) => events.push({ t: 1, k: 'inner', x: 100 }),
  pushRows: (events) => events.pushRows([{ t: 1, k: 'inner', x: 100 }]),
  pushColumns: (events) => events.pushColumns({ t: [1], k: ['inner'], x: [100] } as never),
  claim: (events) => events.claim(1),
  commit: (events) => events.commit(0),
  keyId: (events) => events.keyId('inner'),
  advance: (events) => events.advance(5),
  close: (events) => events.close(),
};

test.each(TRANSPORTS)('a getter cannot call the producer that reads its event: %s', async (transport) => {
  const stream = await open(spec, { transport });
  const events = producer<typeof spec>(await stream.producer());
  for (const call of Object.values(CALLS)) {
    const event = {
      t: 1,
      k: 'a',
      get x() {
        refused('ERR_ORIEL_BUSY', () => call(events));
        return 1;
      },
    };
    expect(events.push(event)).toBe(1);
    expect(events.pushRows([event])).toBe(1);
  }
  const n = 2 * Object.keys(CALLS).length;
  events.close();
  await expect.poll(async () => (await stream.stats()).events).toBe(n);
  expect([...(await stream.close())]).toMatchObject([{ k: 'a', n, s: n }]);
});
