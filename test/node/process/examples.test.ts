/** Catches examples that no longer run, or print something else than they promise. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

async function linesOf(example: string): Promise<string[]> {
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', `examples/${example}`], { cwd });
  return stdout.trimEnd().split('\n');
}

test('the rate limiter lets at most five requests through in any minute', async () => {
  const passed = (await linesOf('rate-limit.ts')).filter((line) => line.endsWith('let through'));
  const of = (user: string) => passed.filter((line) => line.includes(user)).map((line) => Number.parseInt(line, 10));
  expect(of('ada')).toEqual([0, 8, 16, 24, 32, 64, 72, 80, 88, 96]);
  expect(of('grace')).toEqual([0, 25, 50, 75, 100]);
});

test('the threads that read logs count every request, and the bad minute shows', async () => {
  const rows = (await linesOf('threads.ts')).map((line) => {
    const [, minute, requests, failed] = /^18:(\d\d) .* (\d+) requests +(\d+) failed +\d+ ms$/.exec(line) ?? [];
    return { minute: Number(minute), requests: Number(requests), failed: Number(failed) };
  });
  expect(rows).toHaveLength(40);
  expect(rows.map(({ minute }) => minute)).toEqual(Array.from({ length: 40 }, (_, i) => Math.floor(i / 4)));
  expect(rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(200_000);
  for (const { minute, requests, failed } of rows) expect(failed / requests > 0.05).toBe(minute === 3);
});
