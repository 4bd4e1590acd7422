/** Catches results that depend on the build: debug, release and shared agree to the last bit. */

import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { random } from '../../support/helpers';

async function resultsOf(build: string): Promise<unknown[]> {
  vi.resetModules();
  const { provideCore: provide } = await import('../../../bindings/base/core');
  const bytes = readFileSync(new URL(`../../../build/${build}.wasm`, import.meta.url));
  provide(() => new WebAssembly.Module(bytes));
  const { count, first, hopping, last, mean, product, range, stddev, sum, windowed } = await import(
    '../../../bindings'
  );
  using stream = windowed({
    time: 't',
    key: 'k',
    window: { fast: hopping(7, 5), slow: hopping(300, 10) },
    aggregates: {
      n: count('v'),
      sum: sum('v'),
      mean: mean('v'),
      range: range('v'),
      product: product('v'),
      first: first('v'),
      last: last('v'),
      stddev: stddev('v'),
    },
    outOfOrder: 20,
    allowedLateness: 30,
    emit: 'updates',
  });
  const draw = random(1);
  const rows: unknown[] = [];
  for (let batch = 0; batch < 40; batch++) {
    const n = 500;
    const t = Float64Array.from({ length: n }, (_, i) => batch * 50 + i / 10 - (draw() < 0.2 ? draw() * 100 : 0));
    const k = Float64Array.from({ length: n }, () => Math.floor(draw() * 200));
    const v = Float64Array.from({ length: n }, () => (draw() < 0.1 ? Number.NaN : (draw() - 0.5) * 10 ** (draw() * 8)));
    stream.pushColumns({ t, k, v });
    rows.push(...stream.take());
  }
  rows.push(...stream.close(), { ...stream.stats(), milliseconds: 0 });
  return rows;
}

test('the debug, release and shared builds give the same results', async () => {
  const release = await resultsOf('release');
  expect(release.length).toBeGreaterThan(50_000);
  expect(await resultsOf('debug')).toEqual(release);
  expect(await resultsOf('shared')).toEqual(release);
});
