import { expect, test } from 'vitest';
import { count, hopping, max, mean, stddev, sum, tumbling, windowed } from '../bindings';

test('smoke', () => {
  const s = windowed({ time: 't', key: 'k', window: tumbling(10), aggregates: { n: count(), s: sum('v'), m: mean('v'), d: stddev('v') } });
  s.push({ t: 1, k: 'a', v: 1 });
  s.push({ t: 2, k: 'b', v: 2 });
  s.push({ t: 3, k: 'a', v: 4 });
  s.push({ t: 11, k: 'a', v: 5 });
  expect(s.take().toArray()).toEqual([
    { start: 0, end: 10, k: 'a', n: 2, s: 5, m: 2.5, d: Math.sqrt(4.5) },
    { start: 0, end: 10, k: 'b', n: 1, s: 2, m: 2, d: NaN },
  ]);
  expect(s.close().toArray()).toEqual([{ start: 10, end: 20, k: 'a', n: 1, s: 5, m: 5, d: NaN }]);
  console.log(1);
});
test('hop', () => {
  const s = windowed({ time: 't', key: 'k', window: hopping(60, 1), aggregates: { n: count(), s: sum('v'), x: max('v') } });
  const n = 100000;
  const t = Float64Array.from({ length: n }, (_, i) => Math.floor(i / 100));
  const k = Float64Array.from({ length: n }, (_, i) => (i * 7919) % 1000);
  const v = Float64Array.from({ length: n }, (_, i) => i % 17);
  s.pushColumns({ t, k, v });
  const b = s.close();
  console.log(b.length, s.stats());
  let total = 0; for (const c of b.columns.n) total += c;
  expect(total).toBe(n * 60);
});
