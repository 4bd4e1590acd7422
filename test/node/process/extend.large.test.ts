/**
 * Catches an aggregate contract that needs more than one file and one line in the registry: the suite adds an
 * aggregate to a copy of the core, and uses it in every window.
 */

import { appendFile, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { expect, test, vi } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const FILE = `/** Sum of the squares of the values. */

import { Part } from '../part';
import { combineEach, foldEach, lowerEach, stateOf } from './shared/kernel';

export const size: i32 = 8;

class SumOfSquares {
  lift(state: usize, value: f64): void {
    store<f64>(state, load<f64>(state) + value * value);
  }
  combine(into: usize, left: usize, right: usize): void {
    store<f64>(into, load<f64>(left) + load<f64>(right));
  }
  lower(row: usize, part: Part): f64 {
    return load<f64>(stateOf(row, part));
  }
}

export function fold(part: Part, rows: usize, at: usize, n: i32): void {
  foldEach<SumOfSquares>(part, rows, at, n);
}

export function combine(part: Part, into: usize, left: usize, right: usize, n: i32): void {
  combineEach<SumOfSquares>(part, into, left, right, n);
}

export function lower(part: Part, rows: usize, out: usize, n: i32): void {
  lowerEach<SumOfSquares>(part, rows, out, n);
}
`;

const LINE =
  'export { size as sumOfSquares_size, fold as sumOfSquares_fold, combine as sumOfSquares_combine, ' +
  "lower as sumOfSquares_lower } from './sumOfSquares';\n";

async function compileWithSumOfSquares(): Promise<WebAssembly.Module> {
  const folder = await mkdtemp(join(tmpdir(), 'oriel-'));
  try {
    await cp(join(ROOT, 'assembly'), join(folder, 'assembly'), { recursive: true });
    await cp(join(ROOT, 'asconfig.json'), join(folder, 'asconfig.json'));
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'assembly/aggregate/sumOfSquares.ts'), FILE);
    await appendFile(join(folder, 'assembly/aggregate/aggregate-registry.ts'), LINE);
    const options = ['--config', 'asconfig.json', '--target', 'release', '--baseDir', folder, '--outFile', 'out.wasm'];
    const { error, stderr } = await asc.main(options);
    expect(error?.message ?? '', stderr.toString()).toBe('');
    return new WebAssembly.Module(await readFile(join(folder, 'out.wasm')));
  } finally {
    await rm(folder, { recursive: true });
  }
}

// The compiler takes seconds, and on a busy machine a minute.
vi.setConfig({ testTimeout: 180_000 });

//   v         1   2   -   3 │ 4   5
//   squares              14 │    41
test('an aggregate of one file and one line works in every window, keyed or not', async () => {
  const module = await compileWithSumOfSquares();
  vi.resetModules();
  const { core, provideCore: provide } = await import('../../../bindings/base/core');
  provide(() => module);
  const { windowed } = await import('../../../bindings/stream/windowed');
  const { aggregate, sum } = await import('../../../bindings/spec/aggregates');
  const { cumulative, everything, hopping, rolling, session, tumbling } = await import(
    '../../../bindings/spec/windows'
  );
  expect(core().aggregates.sumOfSquares).toMatchObject({ size: 8, needs: [], includes: {} });
  const t = Array.from({ length: 500 }, (_, i) => i);
  const v = t.map((i) => (i % 7 === 3 ? Number.NaN : (i % 11) - 5));
  const squares = (from: number, to: number, of: (i: number) => boolean = () => true) =>
    t.reduce(
      (total, i) => total + (i >= from && i < to && of(i) && !Number.isNaN(v[i]) ? (v[i] as number) ** 2 : 0),
      0,
    );
  const aggregates = { s: sum('v'), squares: aggregate('sumOfSquares', 'v'), again: aggregate('sumOfSquares', 't') };
  const grids = [tumbling(40), hopping(50, 20), hopping(33, 7), hopping(10, 25), cumulative(40, 10)];
  for (const window of [...grids, everything(), session(2), session(2, { max: 30 })]) {
    using one = windowed({ time: 't', window, aggregates });
    one.pushColumns({ t, v });
    const rows = one.close().toArray();
    expect(rows.length).toBeGreaterThan(grids.includes(window) ? 12 : 0);
    for (const { start, end, squares: actual, again } of rows) {
      expect([start, actual]).toEqual([start, squares(start, end)]);
      expect(again).toBe(t.filter((i) => i >= start && i < end).reduce((total, i) => total + i * i, 0));
    }
    using keyed = windowed({ time: 't', key: 'k', window, aggregates });
    keyed.pushColumns({ t, v, k: t.map((i) => i % 3) });
    const keyedRows = keyed.close().toArray();
    // Every window of one stream holds events of several keys.
    expect(keyedRows.length).toBeGreaterThan(rows.length);
    for (const { start, end, k, squares: actual } of keyedRows) {
      expect([start, k, actual]).toEqual([start, k, squares(start, end, (i) => i % 3 === k)]);
    }
  }
  using frames = windowed({ time: 't', window: rolling(40), aggregates });
  frames.pushColumns({ t, v });
  const framed = frames.close();
  expect(framed).toHaveLength(t.length);
  for (const { t: at, squares: actual } of framed) expect([at, actual]).toEqual([at, squares(at - 39, at + 1)]);
});
