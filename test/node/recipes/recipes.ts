/** Runs recipes as programs, as users run them. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A recipe that runs until it ends or the test has finished. */
export interface Program extends ChildProcessWithoutNullStreams {
  /** Gives the next line that it prints. */
  line(): Promise<string | undefined>;
  /** All that it has written to stderr, once it has ended. */
  readonly complaints: Promise<string>;
  /** Sends a signal, if given, and waits for the end: the lines that were not read, and the exit code unless killed. */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; rest: string[] }>;
}

export function start(recipe: string, args: readonly unknown[] = [], env: Record<string, string> = {}): Program {
  const script = ['--import', 'tsx', join(root, 'examples/recipes', recipe), ...args.map(String)];
  const child = spawn(process.execPath, script, { cwd: root, env: { ...process.env, ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = once(child, 'exit');
  return Object.assign(child, {
    line: async () => (await lines.next()).value,
    complaints: text(child.stderr),
    async end(signal?: NodeJS.Signals) {
      if (signal) child.kill(signal);
      const rest: string[] = [];
      for await (const line of { [Symbol.asyncIterator]: () => lines }) rest.push(line);
      const [code] = await exited;
      return { code, rest };
    },
  });
}

/** Starts a recipe that is a server, and gives the URL that it prints. */
export async function serve(recipe: string, ...args: unknown[]): Promise<Program & { url: string }> {
  const program = start(recipe, [0, ...args]);
  return Object.assign(program, { url: (await program.line()) as string });
}

/** Runs a recipe to its end, and gives what it printed. @throws what it wrote to stderr, if it fails */
export async function run(...[recipe, args, env]: Parameters<typeof start>): Promise<string[]> {
  const program = start(recipe, args, env);
  const { code, rest } = await program.end();
  if (code !== 0) throw new Error(`${recipe} has ended with ${code}: ${await program.complaints}`);
  return rest;
}

/** Waits until the condition holds. @throws what the recipe wrote to stderr, if it ends before */
export async function until(program: Program, condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    if (program.exitCode !== null) throw new Error(`the recipe has ended: ${await program.complaints}`);
    await sleep(20);
  }
}

/** Starts a server for the test. */
export async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0);
  await once(server, 'listening');
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

const directories: string[] = [];

/** Makes a directory that is removed after the tests of the file. */
export function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'oriel-'));
  directories.push(path);
  return path;
}

afterAll(() => {
  for (const path of directories) rmSync(path, { recursive: true, force: true });
});
