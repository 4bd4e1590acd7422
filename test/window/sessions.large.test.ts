/** Catches sessions that cost more memory or time than the keys that they hold, with a million keys. */

import { expect, test } from 'vitest';
import { count, session, windowed } from '../../bindings';
import { scaled } from '../support/helpers';

//   idle   k0 … k999999: one event each, at time 0      busy   k7: 100,000 events more
test('a million open sessions cost less than 300 bytes each, and a busy key beside them costs nothing more', () => {
  const KEYS = scaled(1_000_000);
  using stream = windowed({ time: 't', key: 'k', window: session(1e9), aggregates: { n: count() } });
  const { bytes: before } = stream.stats();
  stream.pushColumns({ t: new Float64Array(KEYS), k: Float64Array.from({ length: KEYS }, (_, i) => i) });
  const idle = stream.stats();
  expect(idle).toMatchObject({ liveKeys: KEYS, liveSlices: KEYS });
  expect((idle.bytes - before) / KEYS).toBeLessThan(300);
  for (let call = 0; call < 100; call++) {
    const t = Float64Array.from({ length: 1000 }, (_, i) => call * 1000 + i);
    stream.pushColumns({ t, k: new Float64Array(1000).fill(7) });
  }
  expect(stream.stats()).toMatchObject({ liveKeys: KEYS, liveSlices: KEYS, bytes: idle.bytes });
  stream.advance(1.05e9);
  expect(stream.take().length).toBe(KEYS);
  stream.advance(2.1e9);
  const { bytes } = stream.stats();
  expect(stream.stats()).toMatchObject({ liveKeys: 0, liveSlices: 0 });
  expect(bytes).toBeLessThan(idle.bytes);
  expect(stream.close().length).toBe(0);
});
