/** Catches memory that grows with the number of keys ever seen, rather than with the keys that are live. */

import { expect, test } from 'vitest';
import { count, tumbling, windowed } from '../../../bindings';
import { AT_A_TIME, expectNumberKeysPass, expectStringKeysPass } from './many-keys';

test('a million number keys pass through a stream that holds a thousand', () => expectNumberKeysPass(1_000_000));

test.each([
  ['string keys', 'k'],
  ['keys of two columns, one of strings', ['k', 'l']],
] as const)('four hundred thousand %s pass through a stream that holds a thousand', (_, key) =>
  expectStringKeysPass(key, 400_000),
);

test('two hundred thousand string keys pass by each of the other inputs', () => {
  const keys = 200_000;
  for (const input of ['push', 'claim', 'rows']) {
    using stream = windowed({ time: 't', key: 'k', window: tumbling(AT_A_TIME), aggregates: { n: count() } });
    const bytes: number[] = [];
    let rows = 0;
    for (let from = 0; from < keys; from += 1000) {
      if (input === 'push') for (let i = 0; i < 1000; i++) stream.push({ t: from + i, k: `user-${from + i}` });
      if (input === 'rows')
        stream.pushRows(Array.from({ length: 1000 }, (_, i) => ({ t: from + i, k: `user-${from + i}` })));
      if (input === 'claim') {
        const { t, k } = stream.claim(1000);
        for (let i = 0; i < 1000; i++) {
          t[i] = from + i;
          k[i] = stream.keyId(`user-${from + i}`);
        }
        stream.commit(1000);
      }
      for (const { start, k, n } of stream.take()) {
        const at = Number((k as string).slice(5));
        if (n === 1 && at >= start && at < start + AT_A_TIME) rows++;
      }
      bytes.push(stream.stats().bytes);
    }
    rows += stream.close().length;
    expect([input, rows]).toEqual([input, keys]);
    expect(bytes.at(-1)).toBeLessThanOrEqual(1.1 * Math.max(...bytes.slice(0, 20)));
  }
});
