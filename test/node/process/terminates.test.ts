/** What could go on for ever, in a process of its own that can be ended: edges beyond exact times, calls within calls. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { hopping, rows } from '../../../bindings';
import { windowsAt } from '../../support/helpers';
import type { Made } from './terminates.script';

const PATIENCE_MS = 15_000;
const SCRIPT = fileURLToPath(new URL('./terminates.script.ts', import.meta.url));

async function run(name: 'windows' | 'pushAgain', ...args: unknown[]): Promise<unknown> {
  const options = { timeout: PATIENCE_MS, killSignal: 'SIGKILL' } as const;
  const script = ['--import', 'tsx', SCRIPT, name, JSON.stringify(args)];
  const { stdout } = await promisify(execFile)(process.execPath, script, options);
  return JSON.parse(stdout);
}

const far = 2 ** 53;

//   2^53 - 1   2^53   2^53 + 2      the next whole number after 2^53 has no double: the edge cannot move on by 1
test.concurrent.each<[what: string, window: Made, times: number[], outOfOrder: number]>([
  ['at 2^53, size 1', ['tumbling', 1], [far], 0],
  ['at -2^53, size 1', ['tumbling', 1], [-far], 0],
  ['at -2^53 and 2^53, size 1', ['tumbling', 1], [-far, far], 0],
  ['at 2^53, size 1.5', ['tumbling', 1.5], [far], 0],
  ['at -2^53, hops of 3 every 1', ['hopping', 3, 1], [-far], 0],
  ['at 2^53, hops of 3 every 1', ['hopping', 3, 1], [far], 0],
  ['at 2^53 with a size of 2^53', ['tumbling', far], [-far, 0, far], 0],
  ['at 2^53 with an offset', ['tumbling', 3, { offset: 0.5 }], [far], 0],
  ['at -1 with a disorder of 2^53', ['tumbling', 1], [-1], far],
  ['at 0.5 with a disorder of 2^53 and a fractional size', ['tumbling', 0.5], [0.5], far],
  ['at -2^53 with a disorder of 2^53', ['hopping', 7, 5], [-far], far],
  ['at -2^53 and 2^53, three growing by 1', ['cumulative', 3, 1], [-far, far], 0],
  ['at -2^53 and 2^53, all time', ['everything'], [-far, far], 0],
  ['at -2^53 and 2^53, sessions', ['session', 1], [-far, far], 0],
  ['at 2^53 with a gap of 2^53', ['session', far], [-far, 0, far], 0],
  ['at -2^53 and 2^53, sessions of 5 at most', ['session', 1, { max: 5 }], [-far, far, far], 0],
  ['at -2^53 and 2^53, sessions of two rows at most', ['session', 1, { max: rows(2) }], [-far, far, far], 0],
  ['at -2^53 and 2^53, a frame of 2', ['rolling', 2], [-far, far], 0],
  ['at -2^53 and 2^53, a frame of 2^53', ['rolling', far, { closed: 'both' }], [-far, 0, far], far],
  ['at -2^53 and 2^53, frames of rows', ['rolling', rows(1)], [-far, far], 0],
  ['at -2^53 and 2^53, windows of rows', ['tumbling', rows(2)], [-far, far, 0], 0],
])('a stream with an event %s comes to its end and counts the event', async (_, window, times, outOfOrder) => {
  for (const emit of ['final', 'updates', { every: 1 }]) {
    const results = (await run('windows', window, times, outOfOrder, emit)) as [number, number, number][];
    const counted = results.reduce((total, [, , n]) => total + n, 0);
    expect(counted).toBeGreaterThanOrEqual(times.length);
    // What is infinite is null in JSON.
    expect(results.every(([start, end, n]) => (start === null || start <= end) && n > 0)).toBe(true);
  }
});

test.concurrent('hops with time between them count an event that lies in one', async () => {
  for (const emit of ['final', 'updates', { every: 1 }]) {
    const results = (await run('windows', ['hopping', 1, 3], [-far], 0, emit)) as [number, number, number][];
    expect(results.every(([start, end, n]) => start <= end && n > 0)).toBe(true);
  }
});

test.concurrent('a disorder of 2^53 changes no result', async () => {
  const times = [-20, 0, 3.25, 1, 100];
  const results = (await run('windows', ['hopping', 7.5, 2.5], times, far, 'final')) as [number, number, number][];
  const wanted = times.flatMap((t) => windowsAt(hopping(7.5, 2.5), t)).length;
  expect(results.reduce((total, [, , n]) => total + n, 0)).toBe(wanted);
});

test.concurrent.each(['push', 'pushRows', 'pushColumns', 'claim', 'advance', 'take', 'stats', 'close'])(
  'what onLate pushes into its own stream is taken or refused, never lost, where %s brought the late event',
  async (door) => {
    const brings = ['push', 'pushRows', 'pushColumns', 'claim'];
    expect(await run('pushAgain', door)).toEqual({ counted: brings.includes(door) ? 3 : 2, late: 1 });
  },
);
