/** Runs the cases of terminates.script.ts in processes that can be killed, for the suites of what might not end. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { Made } from './terminates.script';

/** A process that has not ended by then is killed. On a busy machine a start alone takes seconds. */
const PATIENCE_MS = 40_000;
const SCRIPT = fileURLToPath(new URL('./terminates.script.ts', import.meta.url));

/** Runs a case, and gives what it prints. */
export async function run(name: 'windows' | 'pushAgain', ...args: unknown[]): Promise<unknown> {
  const options = { timeout: PATIENCE_MS, killSignal: 'SIGKILL' } as const;
  const script = ['--import', 'tsx', SCRIPT, name, JSON.stringify(args)];
  const { stdout } = await promisify(execFile)(process.execPath, script, options);
  return JSON.parse(stdout);
}

export const far = 2 ** 53;

export type Counted = [start: number | null, end: number | null, n: number];

/** Expects rows, each of at least one event. JSON has null for infinite bounds. */
export function expectRowsWithEvents(rows: readonly Counted[]): void {
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.every(([start, end, n]) => (start === null || start <= (end as number)) && n > 0)).toBe(true);
}

export type FarCase = [what: string, window: Made, times: number[], outOfOrder: number];

/** Expects that a stream ends whenever it fires, and that its windows count every event. */
export async function expectEnd(window: Made, times: number[], outOfOrder: number): Promise<void> {
  for (const emit of ['final', 'updates', { every: 1 }]) {
    const rows = (await run('windows', window, times, outOfOrder, emit)) as Counted[];
    expect(rows.reduce((total, [, , n]) => total + n, 0)).toBeGreaterThanOrEqual(times.length);
    expectRowsWithEvents(rows);
  }
}

/** Expects that events that onLate pushes into its own stream are taken or refused, and never lost. */
export async function expectLatePushed(input: string): Promise<void> {
  const brings = ['push', 'pushRows', 'pushColumns', 'claim'];
  expect(await run('pushAgain', input)).toEqual({ counted: brings.includes(input) ? 3 : 2, late: 1 });
}
