/** Recipes as they are run: programs of their own, in a directory of their own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Recipe {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Runs a recipe, which is killed with the tests if it has not ended. */
export function start(recipe: string, args: readonly string[] = [], env: Record<string, string> = {}): Recipe {
  const file = join(root, 'examples/recipes', recipe);
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
  });
  running.add(child);
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const ended = once(child, 'close').then(async ([code, signal]) => {
    running.delete(child);
    const [stdout, stderr] = await output;
    return { code, signal, stdout, stderr };
  });
  return { process: child, ended };
}

/** Runs a recipe to its end. @throws what it complained of */
export async function run(
  recipe: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Ended> {
  const ended = await start(recipe, args, env).ended;
  if (ended.code !== 0) throw new Error(`${recipe} ended with ${ended.code ?? ended.signal}: ${ended.stderr}`);
  return ended;
}

/** Comes back when the condition holds. @throws what a recipe that ends before that complained of */
export async function until(recipe: Recipe, condition: () => Promise<boolean>): Promise<void> {
  let ended: Ended | undefined;
  recipe.ended.then((how) => {
    ended = how;
  });
  while (!(await condition())) {
    if (ended) throw new Error(`the recipe ended with ${ended.code ?? ended.signal}: ${ended.stderr}`);
    await sleep(20);
  }
}

/** A directory that is gone when the tests are done. */
export function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'oriel-'));
  directories.push(path);
  return path;
}

/** DuckDB, to make data and to say what comes of them. */
export async function duckdb(): Promise<(sql: string) => Promise<Record<string, unknown>[]>> {
  const connection = await (await DuckDBInstance.create()).connect();
  return async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
}

const running = new Set<ChildProcess>();
const directories: string[] = [];

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  for (const path of directories) rmSync(path, { recursive: true, force: true });
});
