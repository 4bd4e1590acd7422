/** Recipes as processes of their own, as they are run by hand. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** A recipe that runs, until the test is over. */
export interface Program extends ChildProcessWithoutNullStreams {
  /** The next line that it prints. */
  line(): Promise<string | undefined>;
  /** What it complains of, when it has ended. */
  readonly complaints: Promise<string>;
  /** Waits for its end, having asked for it by a signal where one is given: lines that were not read, and the exit code. */
  end(signal?: 'SIGTERM' | 'SIGINT'): Promise<{ code: number; rest: string[] }>;
}

export function run(recipe: string, args: unknown[] = [], env: Record<string, string> = {}): Program {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const script = ['--import', 'tsx', `examples/recipes/${recipe}`, ...args.map(String)];
  const child = spawn(process.execPath, script, { cwd, env: { ...process.env, ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = once(child, 'exit');
  return Object.assign(child, {
    line: async () => (await lines.next()).value,
    complaints: text(child.stderr),
    async end(signal?: 'SIGTERM' | 'SIGINT') {
      if (signal) child.kill(signal);
      const rest: string[] = [];
      for await (const line of { [Symbol.asyncIterator]: () => lines }) rest.push(line);
      const [code] = await exited;
      return { code: code as number, rest };
    },
  });
}

/** A recipe that is a server, and says where it is. */
export async function serve(recipe: string, ...args: unknown[]): Promise<Program & { url: string }> {
  const program = run(recipe, [0, ...args]);
  return Object.assign(program, { url: (await program.line()) as string });
}

/** A server of the test's own. */
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
